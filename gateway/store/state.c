/*
 * At most one task is with a worker: a job, or a batch of records. Between the task's start and its end the database is
 * the worker's; all else is the loop's.
 */
#include "store/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/repeat.h"

enum {
	BATCH_FULL = 1000,       /* records that need not wait for others */
	BATCH_MAX = 4000,        /* in one transaction: 0.15 s, in which others wait who write */
	BATCH_PAUSE_MS = 1000,   /* that the first of them may wait for others */
	RETRY_PAUSE_MS = 5000,   /* after a failure */
	LEFT_OUT_LOG_MS = 60000, /* between lines about records that failed by themselves */
	RECORDS_MAX = 30000,     /* that wait: 2 s of the most that is written; 12 MiB at most */
	JOBS_MAX = 64,           /* that wait */
	JOB_WAIT_MAX_MS = 3000,  /* then whoever asked for it has nothing of it any more */
	PATIENCE_MS = 5000,      /* with another process that writes */
};

struct item {
	STAILQ_ENTRY(item) link;
	struct record record; /* its texts stand behind the struct */
	char octets[];
};

struct state_job {
	STAILQ_ENTRY(state_job) link;
	state_work_fn *work;
	state_done_fn *done;
	void *job;
	uint64_t at_ms;
};

struct state {
	const struct env *env;
	char *folder;
	struct env_timer *timer;
	struct record_stats *stats;
	unsigned holders;
	bool freed;

	STAILQ_HEAD(, item) items;
	size_t item_count;
	uint64_t batch_at_ms;      /* when the next batch may go */
	uint64_t dropped;          /* records, since the last batch that was written */
	bool failing;              /* and the log says so */
	uint64_t left_out;         /* records that failed by themselves, since the log told of one */
	uint64_t left_out_told_ms; /* when the log may tell of the next one */

	STAILQ_HEAD(, state_job) jobs;
	size_t job_count;

	/* The task that is with a worker. */
	bool under_way;
	struct state_job *job;                 /* NULL: it is a batch */
	const struct record *batch[BATCH_MAX]; /* NULL, once it was tried: failed by itself */
	size_t batch_count;
	enum status status;
	bool opened;
	struct database *database;
	char error[DATABASE_ERROR_MAX];
};

/* ---- On the worker ---- */

static enum status state_carry_out(struct state *state)
{
	enum status status;

	if (state->database && database_has_moved(state->database))
		database_free(&state->database);
	if (!state->database)
		status = database_open(state->folder, PATIENCE_MS, &state->database, state->error);
	else
		status = STATUS_OK;
	state->opened = status == STATUS_OK;
	if (status != STATUS_OK)
		return status;
	status = state->job ? state->job->work(state->job->job, state->database)
			    : database_record(state->database, state->batch, state->batch_count);
	snprintf(state->error, sizeof state->error, "%s", database_error(state->database));
	if (database_is_broken(state->database))
		database_free(&state->database);
	return status;
}

static void state_work(void *ctx)
{
	struct state *state = ctx;

	state->status = state_carry_out(state);
}

/* ---- On the loop ---- */

static void state_drop(struct state *state, struct item *item)
{
	STAILQ_REMOVE(&state->items, item, item, link);
	state->item_count--;
	state->stats->waiting--;
	free(item);
}

/* Told once a minute at most: the next updates of the same host will fail in the same way. */
static void note_left_out(struct state *state)
{
	const struct item *item = STAILQ_FIRST(&state->items);
	const struct record *last = NULL;

	for (size_t i = 0; i < state->batch_count; i++, item = STAILQ_NEXT(item, link)) {
		if (state->batch[i])
			continue;
		last = &item->record;
		state->left_out++;
		state->stats->failed++;
	}
	if (!last || env_now_ms(state->env) < state->left_out_told_ms)
		return;
	LOG(LOG_ERROR, "history-left-out", log_text("folder", state->folder), log_slice("user", last->login),
	    log_slice("host", last->host), log_number("records", (int64_t)state->left_out),
	    log_text("error", state->error),
	    log_text("text", "what could not be written by itself is dropped; all other history is written"));
	state->left_out = 0;
	state->left_out_told_ms = env_now_ms(state->env) + LEFT_OUT_LOG_MS;
}

/* More came than could be written, though nothing failed: a slow disk, or another process that writes. */
static void note_overload(struct state *state)
{
	LOG_REPEATED(LOG_WARNING, "history-overload", log_text("folder", state->folder),
		     log_detail(log_number("dropped", (int64_t)state->dropped)),
		     log_text("text", "updates come faster than their history can be written; they go on without it"));
	state->dropped = 0;
}

/* One line when writing begins to fail, one when it works again; updates do not care. */
static void note_batch(struct state *state)
{
	bool failed = state->status != STATUS_OK;

	if (failed && !state->failing)
		LOG_REPEATED(LOG_ERROR, "history-failed", log_text("folder", state->folder),
			     log_text("error", state->error),
			     log_text("text", "updates go on without their history being written; it is tried again"));
	if (!failed && !state->failing && state->dropped)
		note_overload(state);
	if (!failed && state->failing)
		LOG_REPEATED(LOG_WARNING, "history-resumed", log_text("folder", state->folder),
			     log_detail(log_number("dropped", (int64_t)state->dropped)));
	if (!failed)
		state->dropped = 0;
	state->failing = failed;
}

/* A full batch need not wait, unless there was a failure. */
static void hurry_full_batch(struct state *state)
{
	if (state->item_count >= BATCH_FULL && !state->failing)
		state->batch_at_ms = env_now_ms(state->env);
}

/* Its items are the first ones in the queue still. */
static void end_batch(struct state *state)
{
	struct item *item = STAILQ_FIRST(&state->items), *next;

	note_batch(state);
	note_left_out(state);
	for (size_t i = 0; i < state->batch_count; i++, item = next) {
		next = STAILQ_NEXT(item, link);
		if (state->status == STATUS_OK && state->batch[i])
			state->stats->written++;
		if (state->status == STATUS_OK || !state->batch[i])
			state_drop(state, item);
	}
	state->batch_count = 0;
	state->batch_at_ms = env_now_ms(state->env) + (state->status == STATUS_OK ? BATCH_PAUSE_MS : RETRY_PAUSE_MS);
	hurry_full_batch(state);
}

static void end_job(struct state *state)
{
	struct state_job job = *state->job;

	free(state->job);
	state->job = NULL;
	if (!state->opened)
		LOG_REPEATED(LOG_ERROR, "state-unreadable", log_text("folder", state->folder),
			     log_text("error", state->error));
	job.done(job.job, state->status);
}

static void state_go_on(struct state *state);

static void state_work_done(void *ctx)
{
	struct state *state = ctx;

	state->under_way = false;
	if (state->job)
		end_job(state);
	else
		end_batch(state);
	state_go_on(state);
}

static void state_begin(struct state *state)
{
	if (env_work(state->env, state_work, state_work_done, state) == STATUS_OK) {
		state->under_way = true;
		return;
	}
	/* Without memory a job fails, and a batch waits. */
	state->status = STATUS_NO_MEMORY;
	snprintf(state->error, sizeof state->error, "%s", status_text(STATUS_NO_MEMORY));
	if (state->job)
		end_job(state);
	else
		end_batch(state);
}

/* Somebody else may hold the file for long, and each of the jobs would then wait for it anew. */
static void begin_job(struct state *state)
{
	state->job = STAILQ_FIRST(&state->jobs);
	STAILQ_REMOVE_HEAD(&state->jobs, link);
	state->job_count--;
	if (env_now_ms(state->env) - state->job->at_ms <= JOB_WAIT_MAX_MS) {
		state_begin(state);
		return;
	}
	state->status = STATUS_FULL;
	state->opened = true; /* nothing is known against the file */
	end_job(state);
}

/* The items stay in their queue until they are written. */
static void begin_batch(struct state *state)
{
	struct item *item;

	state->batch_count = 0;
	STAILQ_FOREACH(item, &state->items, link) {
		if (state->batch_count == BATCH_MAX)
			break;
		state->batch[state->batch_count++] = &item->record;
	}
	state_begin(state);
}

static void release(struct state *state)
{
	uint64_t lost = state->item_count + state->left_out; /* of the latter, those that the log has not told of */

	if (lost)
		LOG(LOG_WARNING, "history-lost", log_text("folder", state->folder),
		    log_number("dropped", (int64_t)(lost + state->dropped)));
	while (state->item_count)
		state_drop(state, STAILQ_FIRST(&state->items));
	database_free(&state->database);
	free(state->folder);
	free(state);
}

/* A batch goes when its time has come; at the end at once, but not once more when writing fails. */
static bool batch_is_due(const struct state *state)
{
	if (state->item_count == 0)
		return false;
	return state->freed ? !state->failing : env_now_ms(state->env) >= state->batch_at_ms;
}

static void state_go_on(struct state *state)
{
	while (!state->under_way && state->job_count)
		begin_job(state);
	if (!state->under_way && batch_is_due(state))
		begin_batch(state);
	if (state->under_way)
		return;
	if (state->freed)
		release(state);
	else if (state->item_count)
		state->env->timer_set(state->timer, state->batch_at_ms);
}

static void on_state_timer(void *ctx)
{
	state_go_on(ctx);
}

/* Jobs go at once, but from the loop, so that done() never comes from within the call that gave the job. */
static void state_arm(struct state *state)
{
	if (!state->under_way)
		state->env->timer_set(state->timer, state->job_count ? env_now_ms(state->env) : state->batch_at_ms);
}

/* ---- What others call ---- */

enum status state_new(const struct env *env, const char *folder, struct record_stats *stats, struct state **out)
{
	struct state *state = calloc(1, sizeof *state);

	if (!state)
		return STATUS_NO_MEMORY;
	state->env = env;
	state->stats = stats;
	state->holders = 1;
	STAILQ_INIT(&state->items);
	STAILQ_INIT(&state->jobs);
	state->folder = strdup(folder);
	state->timer = env->timer_new(env->ctx, on_state_timer, state);
	if (state->folder && state->timer) {
		*out = state;
		return STATUS_OK;
	}
	env->timer_free(&state->timer);
	free(state->folder);
	free(state);
	return STATUS_NO_MEMORY;
}

struct state *state_hold(struct state *state)
{
	state->holders++;
	return state;
}

void state_free(struct state **state_pointer)
{
	struct state *state = *state_pointer;

	*state_pointer = NULL;
	if (!state || --state->holders)
		return;
	state->freed = true;
	state->env->timer_free(&state->timer);
	state_go_on(state);
}

static struct item *item_new(const struct record *record)
{
	struct item *item = malloc(sizeof *item + record->login.len + record->host.len);

	if (!item)
		return NULL;
	item->record = *record;
	memcpy(item->octets, record->login.octets, record->login.len);
	memcpy(item->octets + record->login.len, record->host.octets, record->host.len);
	item->record.login.octets = item->octets;
	item->record.host.octets = item->octets + record->login.len;
	return item;
}

void state_record(struct state *state, const struct record *record)
{
	struct item *item = state->item_count < RECORDS_MAX ? item_new(record) : NULL;

	if (!item) {
		state->dropped++;
		state->stats->dropped++;
		return;
	}
	if (state->item_count++ == 0 && state->batch_at_ms < env_now_ms(state->env))
		state->batch_at_ms = env_now_ms(state->env) + BATCH_PAUSE_MS;
	STAILQ_INSERT_TAIL(&state->items, item, link);
	state->stats->waiting++;
	hurry_full_batch(state);
	state_arm(state);
}

enum status state_do(struct state *state, state_work_fn *work_fn, state_done_fn *done, void *job)
{
	struct state_job *waiting = state->job_count < JOBS_MAX ? malloc(sizeof *waiting) : NULL;

	if (!waiting)
		return STATUS_FULL;
	*waiting = (struct state_job){.work = work_fn, .done = done, .job = job, .at_ms = env_now_ms(state->env)};
	STAILQ_INSERT_TAIL(&state->jobs, waiting, link);
	state->job_count++;
	state_arm(state);
	return STATUS_OK;
}
