/*
 * A request's way, top to bottom:
 *
 *   pipeline_handle       finds the dialect
 *   job_begin             lets it parse
 *   job_look_up_account   asks the account store for the login or token
 *   on_account            unless it has failed too often, has the account authorised by the key that was shown
 *   on_authorised         goes on with it; or tries the next reading of the credentials, or gives up
 *   job_carry_out         plans the changes and submits one change set per host
 *   pipeline_done         gathers the outcomes
 *   job_finish            lets the dialect word the answer, and gives it to the client
 *
 * Whatever fails on the way goes to job_finish() at once, as one outcome for the whole request. So does a request whose
 * client goes away, or whose time is over, while its account or its key is looked up; what it waits for is given up.
 */
#include "pipeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "dialect/dialect.h"

TAILQ_HEAD(jobs, job);

struct pipeline {
	struct pipeline_parts parts;
	uint32_t id_prefix; /* random, so that the numbers of two runs differ */
	uint32_t requests;
	size_t job_count;        /* under way, those that are over included */
	struct jobs early;       /* whose account or key is looked up, in the order of arrival */
	struct jobs over;        /* that have their answer, while a store still owes them one */
	struct env_timer *timer; /* for the deadline of the first early one */
};

/* One host of a job; the waiter of its change set. */
struct job_host {
	struct job *job;
	size_t index;
	bool waiting;
	size_t zone;
	char *owner; /* for the history; NULL: it has none */
};

/* A request on its way. The request and all that the intent borrows from it live until the exchange is answered. */
struct job {
	struct pipeline *pipeline;
	struct http_exchange *exchange;
	const struct http_request *request;
	const struct dialect *dialect;
	struct intent intent;
	uint64_t began_ms;
	struct order_place place;       /* held while it is early */
	TAILQ_ENTRY(job) link;          /* in `early` or `over` */
	bool is_watched;                /* it could not be answered at once */
	bool is_asking;                 /* the store for its account */
	bool is_over;                   /* it has its answer; then nothing else is valid but `is_asking` and `link` */
	struct trial *trial;            /* of its key, under way */
	char *login;                    /* of the account that was granted it; NULL before */
	size_t reading;                 /* of the credentials, the one being tried */
	uint64_t stamp;                 /* of the account that is being tried at; 0: none */
	enum outcome_code auth_failure; /* the most telling one so far */
	struct text operand;            /* of the plan */
	bool planned;                   /* there is a change set, or a failure, for each host */
	int64_t key_id;
	size_t addr_count; /* that were asked for; they hold for all hosts */
	struct addr addrs[CHANGE_SET_MAX];
	size_t outcomes_missing;
	size_t outcome_count;
	struct outcome outcomes[INTENT_HOSTS_MAX];
	struct job_host hosts[INTENT_HOSTS_MAX];
};

/* ---- The steps, and the ends that each of them may come to ---- */

static void job_begin(struct job *job);
static void job_look_up_account(struct job *job);
static void on_account(void *ctx, enum status status, const struct account *account);
static void on_authorised(void *ctx, enum outcome_code code, const struct grant *grant);
static void job_carry_out(struct job *job, const struct grant *grant);

static void one_outcome_less_missing(struct job *job);
static void finish_with(struct job *job, struct outcome outcome);
static void finish_as(struct job *job, enum outcome_code code);
static void finish_throttled(struct job *job, unsigned wait_s);
static void job_finish(struct job *job);
static void job_answer(struct pipeline *pipeline, struct http_exchange **exchange, struct pipeline_report *report,
		       struct http_response *response);
static void job_end(struct job *job);

static void is_early_no_more(struct job *job);
static void job_free(struct job *job);
static void job_watch(struct job *job);
static void on_job_deadline(void *ctx);

/* ---- A request comes in ---- */

static void answer_options(struct pipeline *pipeline, struct http_exchange *exchange,
			   const struct http_request *request)
{
	struct pipeline_report report = {.request = request};
	struct http_response response;

	http_response_init(&response);
	http_response_options(&response, dialects_methods(request));
	job_answer(pipeline, &exchange, &report, &response);
}

static void answer_words(struct pipeline *pipeline, struct http_exchange *exchange, const struct http_request *request,
			 int status, const char *text, unsigned allow)
{
	struct pipeline_report report = {.request = request};
	struct http_response response;

	http_response_init(&response);
	if (dialects_speak_json(request))
		http_response_json(&response, status, "error", text_of(text));
	else
		http_response_plain(&response, status, text);
	response.allow = allow;
	job_answer(pipeline, &exchange, &report, &response);
}

static struct job *job_new(struct pipeline *pipeline, struct http_exchange *exchange,
			   const struct http_request *request, const struct dialect *dialect)
{
	struct job *job = malloc(sizeof *job);

	if (!job)
		return NULL;
	pipeline->job_count++;
	job->pipeline = pipeline;
	job->exchange = exchange;
	job->request = request;
	job->dialect = dialect;
	job->intent = (struct intent){0};
	job->began_ms = env_now_ms(pipeline->parts.env);
	job->reading = 0;
	job->stamp = 0;
	job->auth_failure = OUTCOME_GRANTED;
	job->place = (struct order_place){0};
	job->is_watched = job->is_asking = job->is_over = false;
	job->trial = NULL;
	job->login = NULL;
	job->operand = (struct text){NULL, 0};
	job->planned = false;
	job->addr_count = 0;
	return job;
}

static void set_timer(const struct pipeline *pipeline)
{
	const struct job *first = TAILQ_FIRST(&pipeline->early);

	if (first)
		pipeline->parts.env->timer_set(pipeline->timer, first->began_ms + pipeline->parts.deadline_ms);
}

/* Has the request that came last waited for, if it is still being looked up. */
static void await_last(struct pipeline *pipeline)
{
	struct job *last = TAILQ_LAST(&pipeline->early, jobs);

	if (!last || last->is_watched)
		return;
	job_watch(last);
	if (last == TAILQ_FIRST(&pipeline->early))
		set_timer(pipeline);
}

void pipeline_handle(void *ctx, struct http_exchange *exchange, const struct http_request *request)
{
	struct pipeline *pipeline = ctx;
	const struct dialect *dialect;
	struct job *job;
	unsigned allowed;

	if (request->method == HTTP_OPTIONS) {
		answer_options(pipeline, exchange, request);
		return;
	}
	dialect = dialects_find(request, &allowed);
	if (!dialect) {
		answer_words(pipeline, exchange, request, allowed ? 405 : 404,
			     allowed ? "405 this method is not allowed here" : "404 no such page", allowed);
		return;
	}
	job = job_new(pipeline, exchange, request, dialect);
	if (!job)
		answer_words(pipeline, exchange, request, 503, "503 out of memory", 0);
	else
		job_begin(job);
	await_last(pipeline);
}

/* From here on it counts, before all that come after it. */
static void arrive(struct job *job)
{
	order_arrive(job->pipeline->parts.order, &job->place);
	TAILQ_INSERT_TAIL(&job->pipeline->early, job, link);
	job_look_up_account(job);
}

static void job_begin(struct job *job)
{
	enum outcome_code code = job->dialect->parse(job->request, &job->intent);

	if (code != OUTCOME_GRANTED)
		finish_as(job, code);
	else if (job->intent.kind == INTENT_SHOW_ADDRESS)
		finish_as(job, job->request->source.family == ADDR_NONE ? OUTCOME_NO_ADDRESS : OUTCOME_ADDRESS);
	else
		arrive(job);
}

/* ---- Whose it is ---- */

/*
 * A token is guessed at the keys of all users at once, so a key that somebody has thought up is none: those that are
 * generated have 160 bits and more.
 */
enum { TOKEN_LEN_MIN = 16 };

static void job_look_up_account(struct job *job)
{
	struct account_store *store = job->pipeline->parts.store;
	const struct credentials *credentials = &job->intent.readings[job->reading];

	job->is_asking = true;
	if (job->intent.by_token && credentials->key.len < TOKEN_LEN_MIN)
		on_account(job, STATUS_NOT_FOUND, NULL);
	else if (job->intent.by_token)
		account_store_lookup_token(store, credentials->key, on_account, job);
	else
		account_store_lookup(store, credentials->login, on_account, job);
}

/*
 * Whose attempts are counted together: a token is all that is known of its user. By the last reading, which is the same
 * however the octets were written in the URL, so that nobody gets more attempts by writing "%61lice" for "alice".
 */
static struct text attempted(const struct job *job)
{
	const struct credentials *decoded = &job->intent.readings[job->intent.reading_count - 1];

	return job->intent.by_token ? decoded->key : decoded->login;
}

/* With two logins to try there is none that the lock could be of: whoever has one must not open that of the other. */
static uint64_t stamp_of(const struct job *job, const struct account *account)
{
	const struct credentials *readings = job->intent.readings;
	bool is_one = text_equal(readings[0].login, readings[job->intent.reading_count - 1].login);

	return account && is_one ? account_stamp(account) : 0;
}

/*
 * The soft lock: too many failures of this login or token from this source, and not even the right key helps for a
 * while, unless what opens the account is another one by now.
 */
static unsigned locked_s(const struct job *job)
{
	const struct pipeline_parts *parts = &job->pipeline->parts;

	return throttle_wait_s(parts->throttle, attempted(job), job->stamp, &job->request->source,
			       env_now_ms(parts->env));
}

static void on_account(void *ctx, enum status status, const struct account *account)
{
	struct job *job = ctx;
	const struct pipeline_parts *parts = &job->pipeline->parts;
	struct presented presented;
	unsigned wait_s;

	job->is_asking = false;
	if (job->is_over) {
		job_free(job);
		return;
	}
	presented = (struct presented){
		.login = job->intent.readings[job->reading].login,
		.key = job->intent.readings[job->reading].key,
		.source = job->request->source,
		.suspicion = throttle_suspicion(parts->throttle, attempted(job), &job->request->source,
						env_now_ms(parts->env)),
	};
	if (status == STATUS_DUPLICATE && job->intent.by_token)
		status = STATUS_NOT_FOUND; /* what several have names nobody */
	job->stamp = stamp_of(job, account);
	wait_s = locked_s(job);
	if (wait_s)
		finish_throttled(job, wait_s);
	else if (status == STATUS_OK || status == STATUS_NOT_FOUND)
		authorise(&parts->authoriser, account, &presented, on_authorised, job, &job->trial);
	else
		on_authorised(job, OUTCOME_FAILED, NULL);
}

/* How much a failure tells of an account; a guess may have been right in another reading of the credentials. */
static unsigned how_telling(enum outcome_code code)
{
	switch (code) {
	case OUTCOME_GRANTED: /* none has failed yet */
		return 0;
	case OUTCOME_NO_SUCH_LOGIN:
		return 1;
	case OUTCOME_NO_KEY:
		return 2;
	case OUTCOME_WRONG_KEY:
		return 3;
	default:
		return 4;
	}
}

/* A failure that may come from guessing. */
static bool is_guess(enum outcome_code code)
{
	return how_telling(code) > how_telling(OUTCOME_GRANTED) && how_telling(code) <= how_telling(OUTCOME_WRONG_KEY);
}

/* All readings of the credentials have failed: one failed attempt. */
static void job_refuse(struct job *job)
{
	const struct pipeline_parts *parts = &job->pipeline->parts;
	unsigned wait_s = 0;

	if (is_guess(job->auth_failure))
		wait_s = throttle_failed(parts->throttle, attempted(job), job->stamp, &job->request->source,
					 env_now_ms(parts->env));
	if (wait_s)
		finish_throttled(job, wait_s);
	else
		finish_as(job, job->auth_failure);
}

/* Changes are bounded before they are planned; what is under way meanwhile is owed. */
static void job_admit(struct job *job, const struct grant *grant)
{
	const struct pipeline_parts *parts = &job->pipeline->parts;
	unsigned wait_s =
		throttle_change_wait_s(parts->throttle, grant->login, &job->request->source, env_now_ms(parts->env));

	job->login = text_duplicate(grant->login);
	if (!job->login)
		finish_as(job, OUTCOME_FAILED);
	else if (job->is_watched && parts->is_gone(job->exchange))
		finish_as(job, OUTCOME_GIVEN_UP);
	else if (wait_s)
		finish_throttled(job, wait_s);
	else
		job_carry_out(job, grant);
}

static void on_authorised(void *ctx, enum outcome_code code, const struct grant *grant)
{
	struct job *job = ctx;

	if (code == OUTCOME_GRANTED) {
		job_admit(job, grant);
		return;
	}
	if (how_telling(code) > how_telling(job->auth_failure))
		job->auth_failure = code;
	if (job->reading + 1 < job->intent.reading_count && is_guess(code)) {
		job->reading++;
		job_look_up_account(job);
	} else {
		job_refuse(job);
	}
}

/* ---- What is to be done ---- */

/* What was asked for, for the history; without memory there is a gap in it. */
static void note_wish(struct job *job, size_t index, const struct change_set *set)
{
	if (!job->pipeline->parts.record)
		return;
	job->hosts[index].owner = strdup(set->owner.text);
	job->addr_count = 0;
	for (size_t i = 0; i < set->count; i++) {
		const struct rrset *becomes = &set->changes[i].becomes;

		if (becomes->count && rr_type_family(becomes->type) != ADDR_NONE)
			job->addrs[job->addr_count++] = rdata_addr(becomes->type, rrset_first(becomes));
	}
}

static void submit_host(struct job *job, size_t index, struct plan_host *host)
{
	job->hosts[index] = (struct job_host){job, index, host->planned, host->set.zone, NULL};
	if (!host->planned) {
		job->outcomes[index] = (struct outcome){.code = host->failure};
		return;
	}
	note_wish(job, index, &host->set);
	host->set.place = &job->place;
	host->set.waited_ms = env_now_ms(job->pipeline->parts.env) - job->began_ms;
	job->outcomes_missing++;
	job->pipeline->parts.submit(job->pipeline->parts.submit_ctx, &host->set, &job->hosts[index]);
}

static void job_carry_out(struct job *job, const struct grant *grant)
{
	struct plan plan;

	job->key_id = grant->key_id;
	plan_make(job->pipeline->parts.policy, &job->intent, grant, &job->request->source, &plan);
	job->operand = plan.operand;
	job->outcome_count = plan.count;
	job->planned = true;
	/*
	 * One more than there are, so that outcomes that come at once do not finish the job before all are submitted.
	 */
	job->outcomes_missing = 1;
	for (size_t i = 0; i < plan.count; i++)
		submit_host(job, i, &plan.hosts[i]);
	is_early_no_more(job);
	if (job->outcomes_missing > 1)
		job_watch(job);
	one_outcome_less_missing(job);
}

/* ---- What has become of it ---- */

static void one_outcome_less_missing(struct job *job)
{
	if (--job->outcomes_missing == 0)
		job_finish(job);
}

void pipeline_done(void *waiter, const struct outcome *outcome)
{
	struct job_host *host = waiter;

	host->waiting = false;
	host->job->outcomes[host->index] = *outcome;
	one_outcome_less_missing(host->job);
}

/* One outcome for the whole request. */
static void finish_with(struct job *job, struct outcome outcome)
{
	job->outcome_count = 1;
	job->outcomes[0] = outcome;
	job_finish(job);
}

static void finish_as(struct job *job, enum outcome_code code)
{
	finish_with(job, (struct outcome){.code = code});
}

static void finish_throttled(struct job *job, unsigned wait_s)
{
	finish_with(job, (struct outcome){.code = OUTCOME_THROTTLED, .retry_after_s = wait_s});
}

/* ---- The answer ---- */

/* Whose credentials they were; a token is not shown. */
static struct text login_of(const struct job *job)
{
	if (job->intent.by_token)
		return text_of(job->login ? job->login : "-");
	return job->intent.reading_count ? job->intent.readings[job->reading].login : text_of("-");
}

/* What the host has now, or what was asked for. */
static void record_addresses(const struct job *job, const struct outcome *outcome, struct record *record)
{
	const struct addr *addrs = outcome->addr_count ? outcome->addrs : job->addrs;

	record->addr_count = outcome->addr_count ? outcome->addr_count : job->addr_count;
	for (size_t i = 0; i < record->addr_count && i < RECORD_ADDRS_MAX; i++)
		record->addrs[i] = addrs[i];
}

/* For the history, and for the bound on changes. */
static void record_outcome(const struct job *job, size_t n)
{
	const struct pipeline_parts *parts = &job->pipeline->parts;
	struct record record = {
		.login = text_of(job->login),
		.host = text_of(job->hosts[n].owner),
		.key_id = job->key_id,
		.at_s = env_wall_s(parts->env),
		.source = job->request->source,
		.code = job->outcomes[n].code,
	};

	record_addresses(job, &job->outcomes[n], &record);
	if (record.code == OUTCOME_CHANGED)
		throttle_changed(parts->throttle, record.login, &record.source, env_now_ms(parts->env));
	if (job->hosts[n].owner)
		parts->record(parts->record_ctx, &record);
	free(job->hosts[n].owner);
}

static void job_finish(struct job *job)
{
	struct dialect_answer worded = {
		.request = job->request,
		.intent = &job->intent,
		.outcomes = job->outcomes,
		.outcome_count = job->outcome_count,
	};
	struct pipeline_report report = {
		.request = job->request,
		.dialect = job->dialect,
		.intent = &job->intent,
		.login = login_of(job),
		.operand = job->operand,
		.outcomes = job->outcomes,
		.outcome_count = job->outcome_count,
		.took_ms = env_now_ms(job->pipeline->parts.env) - job->began_ms,
	};
	struct http_response response;

	for (size_t i = 0; job->planned && i < job->outcome_count; i++)
		record_outcome(job, i);
	http_response_init(&response);
	dialect_render(job->dialect, &worded, &response);
	job_answer(job->pipeline, &job->exchange, &report, &response);
	job_end(job);
}

/* Gives the answer to the client, with a request ID, and reports it. */
static void job_answer(struct pipeline *pipeline, struct http_exchange **exchange, struct pipeline_report *report,
		       struct http_response *response)
{
	const struct pipeline_parts *parts = &pipeline->parts;

	snprintf(response->request_id, sizeof response->request_id, "%08" PRIx32 "%08" PRIx32, pipeline->id_prefix,
		 ++pipeline->requests);
	report->id = response->request_id;
	report->status = response->status;
	if (parts->report)
		parts->report(parts->report_ctx, report);
	parts->answer(exchange, response);
}

/* A look-up in a store cannot be given up. */
static void job_end(struct job *job)
{
	is_early_no_more(job);
	authorise_give_up(&job->trial);
	free(job->login);
	if (!job->is_asking) {
		job_free(job);
		return;
	}
	job->is_over = true;
	TAILQ_INSERT_TAIL(&job->pipeline->over, job, link);
}

/* Its sets have gone to their queues, or none will. */
static void is_early_no_more(struct job *job)
{
	struct pipeline *pipeline = job->pipeline;

	if (!job->place.is_held)
		return;
	order_leave(pipeline->parts.order, &job->place);
	TAILQ_REMOVE(&pipeline->early, job, link);
	if (job->is_watched && TAILQ_EMPTY(&pipeline->early))
		pipeline->parts.env->timer_stop(pipeline->timer);
}

static void job_free(struct job *job)
{
	if (job->is_over)
		TAILQ_REMOVE(&job->pipeline->over, job, link);
	job->pipeline->job_count--;
	free(job);
}

/* ---- Who does not wait for it, and what takes too long ---- */

/* The client has closed: what has not left yet need not leave. */
static void on_gone(void *ctx)
{
	struct job *job = ctx;
	const struct pipeline_parts *parts = &job->pipeline->parts;

	if (!job->planned) {
		finish_as(job, OUTCOME_GIVEN_UP);
		return;
	}
	for (size_t i = 0; i < job->outcome_count; i++) {
		if (!job->hosts[i].waiting)
			continue;
		parts->cancel(parts->submit_ctx, job->hosts[i].zone, &job->hosts[i]);
		job->outcomes[i] = (struct outcome){.code = OUTCOME_GIVEN_UP};
	}
	job_finish(job);
}

/* It may be long until the answer: whoever wants it may go away meanwhile. */
static void job_watch(struct job *job)
{
	if (!job->is_watched)
		job->pipeline->parts.watch(job->exchange, on_gone, job);
	job->is_watched = true;
}

/* A timer's function. */
static void on_job_deadline(void *ctx)
{
	struct pipeline *pipeline = ctx;
	uint64_t now_ms = env_now_ms(pipeline->parts.env);
	struct job *first;

	while ((first = TAILQ_FIRST(&pipeline->early)) && first->began_ms + pipeline->parts.deadline_ms <= now_ms)
		finish_as(first, OUTCOME_LATE);
	set_timer(pipeline);
}

/* ---- Beginning and end ---- */

enum status pipeline_new(const struct pipeline_parts *parts, struct pipeline **out)
{
	struct pipeline *pipeline = malloc(sizeof *pipeline);

	if (!pipeline)
		return STATUS_NO_MEMORY;
	pipeline->parts = *parts;
	pipeline->requests = 0;
	TAILQ_INIT(&pipeline->early);
	TAILQ_INIT(&pipeline->over);
	pipeline->timer = parts->env->timer_new(parts->env->ctx, on_job_deadline, pipeline);
	if (!pipeline->timer) {
		free(pipeline);
		return STATUS_NO_MEMORY;
	}
	parts->env->random(parts->env->ctx, &pipeline->id_prefix, sizeof pipeline->id_prefix);
	pipeline->job_count = 0;
	*out = pipeline;
	return STATUS_OK;
}

bool pipeline_is_idle(const struct pipeline *pipeline)
{
	return pipeline->job_count == 0;
}

void pipeline_free(struct pipeline **pipeline_pointer)
{
	struct pipeline *pipeline = *pipeline_pointer;

	*pipeline_pointer = NULL;
	while (!TAILQ_EMPTY(&pipeline->over))
		job_free(TAILQ_FIRST(&pipeline->over));
	pipeline->parts.env->timer_free(&pipeline->timer);
	free(pipeline);
}
