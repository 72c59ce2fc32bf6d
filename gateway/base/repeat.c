#include "base/repeat.h"

#include <string.h>

#include "base/table.h"

enum {
	FIELDS_MAX =
		12, /* of a cause. Further fields still tell causes apart, but are missing in the line with the count */
	OCTETS_MAX = 1024, /* of all values of a cause; further octets likewise */
};

/* A cause that occurred within the last REPEAT_TELL_MS, or whose count was not logged yet. */
struct cause {
	const char *event; /* NULL: free */
	enum log_level level;
	uint64_t count;   /* since its last line */
	uint64_t last_ms; /* when it came last */
	uint64_t tell_ms; /* when the count is told, or the cause forgotten */
	size_t field_count;
	struct log_field fields[FIELDS_MAX];
	size_t octets_len;
	char octets[OCTETS_MAX];
};

/* The lines that an event has used up in its current ten seconds. */
struct budget {
	const char *event; /* NULL: free */
	enum log_level level;
	unsigned lines;
	uint64_t others; /* causes, or occurrences of them, beyond the bound of lines */
	uint64_t ends_ms;
};

/* The process has one log, so this is for the process, too. */
static const struct env *env;
static struct env_timer *timer;
static uint64_t seed;
static struct cause causes[REPEAT_CAUSES_MAX];
static uint64_t hashes[REPEAT_CAUSES_MAX]; /* of the causes; apart from them, to be searched fast */
static struct budget budgets[REPEAT_EVENTS_MAX];

/* ---- Telling ---- */

static void repeat_tell(struct cause *cause)
{
	struct log_field fields[FIELDS_MAX + 2] = {{.kind = LOG_FIELD_END}};

	if (cause->count && log_enabled(cause->level)) {
		memcpy(fields, cause->fields, cause->field_count * sizeof *fields);
		fields[cause->field_count] = log_number("repeated", (int64_t)cause->count);
		fields[cause->field_count + 1] = (struct log_field){.kind = LOG_FIELD_END};
		log_write(cause->level, cause->event, fields);
	}
	cause->count = 0;
}

static void tell_others(struct budget *budget)
{
	if (budget->others)
		LOG(budget->level, budget->event, log_number("others", (int64_t)budget->others),
		    log_text("text", "further ones, which are too many to tell one by one"));
	budget->others = 0;
}

/* Sets the timer to the time of the next line. */
static void repeat_arm(void)
{
	uint64_t at_ms = ENV_NEVER_MS;

	for (size_t i = 0; i < REPEAT_CAUSES_MAX; i++) {
		if (causes[i].count && causes[i].tell_ms < at_ms)
			at_ms = causes[i].tell_ms;
	}
	for (size_t i = 0; i < REPEAT_EVENTS_MAX; i++) {
		if (budgets[i].others && budgets[i].ends_ms < at_ms)
			at_ms = budgets[i].ends_ms;
	}
	if (at_ms == ENV_NEVER_MS)
		env->timer_stop(timer);
	else
		env->timer_set(timer, at_ms);
}

static void on_repeat_timer(void *ctx)
{
	uint64_t now_ms = env_now_ms(env);

	(void)ctx;
	for (size_t i = 0; i < REPEAT_CAUSES_MAX; i++) {
		if (!causes[i].count || causes[i].tell_ms > now_ms)
			continue;
		repeat_tell(&causes[i]);
		causes[i].tell_ms = now_ms + REPEAT_TELL_MS;
	}
	for (size_t i = 0; i < REPEAT_EVENTS_MAX; i++) {
		if (budgets[i].ends_ms <= now_ms)
			tell_others(&budgets[i]);
	}
	repeat_arm();
}

/* ---- Causes ---- */

static uint64_t hash_octets(uint64_t hash, const void *octets, size_t len)
{
	return table_hash(hash, (struct text){octets, len});
}

static uint64_t hash_of(enum log_level level, const char *event, const struct log_field *fields)
{
	uint64_t hash = hash_octets(seed + level, event, strlen(event));

	for (const struct log_field *field = fields; field->kind != LOG_FIELD_END; field++) {
		if (field->is_detail)
			continue;
		hash = hash_octets(hash, field->name, strlen(field->name));
		if (field->kind == LOG_FIELD_NUMBER)
			hash = hash_octets(hash, &field->number, sizeof field->number);
		else
			hash = hash_octets(hash, field->text.octets, field->text.len);
	}
	return hash;
}

/* Whether its place can be used again without losing a count. */
static bool is_repeat_over(const struct cause *cause, uint64_t now_ms)
{
	return !cause->event || (!cause->count && cause->tell_ms <= now_ms);
}

static struct cause *repeat_find(uint64_t hash, uint64_t now_ms)
{
	for (size_t i = 0; i < REPEAT_CAUSES_MAX; i++) {
		if (hashes[i] == hash && !is_repeat_over(&causes[i], now_ms))
			return &causes[i];
	}
	return NULL;
}

/* A place for a new cause: one that is over, or else that of the cause that has not occurred for longest. */
static struct cause *repeat_make_room(uint64_t now_ms)
{
	struct cause *oldest = &causes[0];

	for (size_t i = 0; i < REPEAT_CAUSES_MAX; i++) {
		if (is_repeat_over(&causes[i], now_ms))
			return &causes[i];
		if (causes[i].last_ms < oldest->last_ms)
			oldest = &causes[i];
	}
	repeat_tell(oldest);
	return oldest;
}

static void keep_field(struct cause *cause, const struct log_field *field)
{
	size_t room = OCTETS_MAX - cause->octets_len;
	size_t len = field->text.len < room ? field->text.len : room;
	struct log_field *kept = &cause->fields[cause->field_count++];

	*kept = *field;
	if (field->kind != LOG_FIELD_TEXT)
		return;
	kept->text = (struct text){cause->octets + cause->octets_len, len};
	if (len)
		memcpy(cause->octets + cause->octets_len, field->text.octets, len);
	cause->octets_len += len;
}

static void repeat_keep(enum log_level level, const char *event, const struct log_field *fields, uint64_t hash,
			uint64_t now_ms)
{
	struct cause *cause = repeat_make_room(now_ms);

	cause->event = event;
	hashes[cause - causes] = hash;
	cause->level = level;
	cause->count = 0;
	cause->last_ms = now_ms;
	cause->tell_ms = now_ms + REPEAT_TELL_MS;
	cause->field_count = cause->octets_len = 0;
	for (; fields->kind != LOG_FIELD_END && cause->field_count < FIELDS_MAX; fields++) {
		if (!fields->is_detail)
			keep_field(cause, fields);
	}
}

/* ---- The bound of an event ---- */

static struct budget *budget_of(const char *event)
{
	for (size_t i = 0; i < REPEAT_EVENTS_MAX; i++) {
		if (!budgets[i].event)
			budgets[i].event = event;
		if (strcmp(budgets[i].event, event) == 0)
			return &budgets[i];
	}
	return NULL;
}

/* Whether one more new cause of the event may have a line; if not, it is counted. */
static bool may_tell(enum log_level level, const char *event, uint64_t now_ms)
{
	struct budget *budget = budget_of(event);

	if (!budget)
		return true;
	if (budget->ends_ms <= now_ms) {
		tell_others(budget);
		budget->ends_ms = now_ms + REPEAT_TELL_MS;
		budget->lines = 0;
	}
	if (budget->lines < REPEAT_EVENT_LINES_MAX) {
		budget->lines++;
		return true;
	}
	budget->level = level;
	if (++budget->others == 1)
		repeat_arm();
	return false;
}

/* ---- What others call ---- */

static void repeat(struct cause *cause, uint64_t now_ms)
{
	cause->last_ms = now_ms;
	if (++cause->count == 1)
		repeat_arm();
}

static void repeat_open(enum log_level level, const char *event, const struct log_field *fields, uint64_t hash,
			uint64_t now_ms)
{
	repeat_keep(level, event, fields, hash, now_ms);
	log_write(level, event, fields);
}

void repeat_log(enum log_level level, const char *event, bool is_bounded, const struct log_field *fields)
{
	uint64_t now_ms, hash;
	struct cause *cause;

	if (!env) {
		log_write(level, event, fields);
		return;
	}
	now_ms = env_now_ms(env);
	hash = hash_of(level, event, fields);
	cause = repeat_find(hash, now_ms);
	if (cause)
		repeat(cause, now_ms);
	else if (!is_bounded || may_tell(level, event, now_ms))
		repeat_open(level, event, fields, hash, now_ms);
}

enum status repeat_begin(const struct env *new_env)
{
	timer = new_env->timer_new(new_env->ctx, on_repeat_timer, NULL);
	if (!timer)
		return STATUS_NO_MEMORY;
	env = new_env;
	env->random(env->ctx, &seed, sizeof seed);
	return STATUS_OK;
}

void repeat_end(void)
{
	if (!env)
		return;
	for (size_t i = 0; i < REPEAT_CAUSES_MAX; i++)
		repeat_tell(&causes[i]);
	for (size_t i = 0; i < REPEAT_EVENTS_MAX; i++)
		tell_others(&budgets[i]);
	memset(causes, 0, sizeof causes);
	memset(budgets, 0, sizeof budgets);
	env->timer_free(&timer);
	env = NULL;
}
