/*
 * The way of a request, with a fake store, fake zones and a fake HTTP side that answer at once, later, or not as
 * hoped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/throttle.h"
#include "admin/requests.h"
#include "base/repeat.h"
#include "fake_env.h"
#include "hosts.h"
#include "http/decode.h"
#include "pipeline.h"
#include "records.h"

#define KEY   "ER2T229DF4GBNM77"
#define GOOD  "/dynamic.cgi?host=www.dyn.example.com&ip=192.0.2.80&user=myLogin&password=" KEY
#define OWNER "www.dyn.example.com"

enum {
	RECOVERY_S = 60,
	DEADLINE_MS = 5000,
	SPACE = 8192,
	ACCOUNTS_MAX = 4,
	LOOKUPS_MAX = 8,
	SETS_MAX = 8,
	LOG_MAX = 16384,
	ZONES = 3
};

/*
 * A request with the memory that it borrows from, until it is answered; http_exchange is opaque to all but its fake.
 */
struct http_exchange {
	struct world *world;
	struct http_request request;
	char octets[SPACE];
	struct decode_space space;
	unsigned *answers;
};

struct fake_store {
	struct account_store base; /* first, so that the store is the fake */
	bool later;
	enum status failure; /* STATUS_OK: looks the login up */
	struct account accounts[ACCOUNTS_MAX];
	size_t account_count;
	unsigned lookups;
	struct {
		enum status status;
		const struct account *account;
		account_found_fn *found;
		void *ctx;
	} pending[LOOKUPS_MAX];
	size_t pending_count;
};

struct world {
	struct fake_env *fake;
	struct fake_store store;
	struct throttle *throttle;
	struct verifier *verifier;
	struct name zone_names[ZONES];
	struct plan_zone zones[ZONES];
	struct plan_policy policy;
	bool zones_later;
	struct outcome outcome; /* of sets that are answered at once */
	struct change_set sets[SETS_MAX];
	uint64_t arrivals[SETS_MAX];
	void *waiters[SETS_MAX];
	size_t set_count;
	struct pipeline *pipeline;
	struct requests *requests;
	struct order *order;
	bool is_gone;            /* all clients are */
	void (*gone)(void *ctx); /* of the last exchange that was watched */
	void *gone_ctx;
	void *cancelled[SETS_MAX];
	size_t cancelled_count;
	struct throttle_limits limits;
	unsigned record_count;
	struct record record; /* the last one; its texts: */
	char record_login[64], record_host[64];
	unsigned handled, answered;
	struct http_response response; /* the last one */
	size_t log_len;
	char log[LOG_MAX];
};

/* ---- The fakes ---- */

static const struct account *find_account(const struct fake_store *store, struct text login)
{
	for (size_t i = 0; i < store->account_count; i++) {
		if (text_equal(text_of(store->accounts[i].login), login))
			return &store->accounts[i];
	}
	return NULL;
}

static const struct account *find_by_token(const struct fake_store *store, struct text token)
{
	uint8_t digest[KEY_DIGEST_LEN];

	assert_int_equal(key_digest(token, digest), STATUS_OK);
	for (size_t i = 0; i < store->account_count; i++) {
		if (store->accounts[i].key_count && key_matches(&store->accounts[i].keys[0].key, digest))
			return &store->accounts[i];
	}
	return NULL;
}

/* Answers a look-up that came to this account, or to none. */
static void answer_or_keep(struct fake_store *store, const struct account *account, account_found_fn *found, void *ctx)
{
	enum status status = store->failure == STATUS_OK && !account ? STATUS_NOT_FOUND : store->failure;

	if (store->failure != STATUS_OK)
		account = NULL;
	store->lookups++;
	if (!store->later) {
		found(ctx, status, account);
		return;
	}
	assert_true(store->pending_count < LOOKUPS_MAX);
	store->pending[store->pending_count].status = status;
	store->pending[store->pending_count].account = account;
	store->pending[store->pending_count].found = found;
	store->pending[store->pending_count++].ctx = ctx;
}

/* The first look-up that waits is answered. */
static void answer_lookup(struct world *world)
{
	struct fake_store *store = &world->store;
	account_found_fn *found = store->pending[0].found;
	const struct account *account = store->pending[0].account;
	enum status status = store->pending[0].status;
	void *ctx = store->pending[0].ctx;

	assert_true(store->pending_count > 0);
	memmove(&store->pending[0], &store->pending[1], --store->pending_count * sizeof store->pending[0]);
	found(ctx, status, account);
}

static void store_lookup(struct account_store *base, struct text login, account_found_fn *found, void *ctx)
{
	struct fake_store *store = (struct fake_store *)base;

	answer_or_keep(store, find_account(store, login), found, ctx);
}

static void store_lookup_token(struct account_store *base, struct text token, account_found_fn *found, void *ctx)
{
	struct fake_store *store = (struct fake_store *)base;

	answer_or_keep(store, find_by_token(store, token), found, ctx);
}

static void store_draw(struct account_store *base, uint64_t lot, account_found_fn *found, void *ctx)
{
	struct fake_store *store = (struct fake_store *)base;
	const struct account *drawn = NULL;

	(void)lot;
	for (size_t i = 0; i < store->account_count && !drawn; i++) {
		if (store->accounts[i].key_count && store->accounts[i].keys[0].key.crypt)
			drawn = &store->accounts[i];
	}
	answer_or_keep(store, drawn, found, ctx);
}

static const struct account_store_ops store_ops = {
	.lookup = store_lookup, .lookup_token = store_lookup_token, .draw = store_draw};

static void submit(void *ctx, const struct change_set *set, void *waiter)
{
	struct world *world = ctx;

	assert_true(world->set_count < SETS_MAX);
	world->sets[world->set_count] = *set;
	world->arrivals[world->set_count] = set_arrival(set);
	world->sets[world->set_count].place = NULL;
	for (size_t i = 0; i < set->count; i++) {
		struct rrset *becomes = &world->sets[world->set_count].changes[i].becomes;

		*becomes = rrset_copied(becomes, records_room(becomes->len));
	}
	world->waiters[world->set_count++] = waiter;
	if (!world->zones_later)
		pipeline_done(waiter, &world->outcome);
}

static void cancel(void *ctx, size_t zone, void *waiter)
{
	struct world *world = ctx;

	assert_true(zone < sizeof world->zones / sizeof *world->zones);
	assert_true(world->cancelled_count < SETS_MAX);
	world->cancelled[world->cancelled_count++] = waiter;
}

static void watch(struct http_exchange *exchange, void (*gone)(void *ctx), void *ctx)
{
	exchange->world->gone = gone;
	exchange->world->gone_ctx = ctx;
}

static bool is_gone(const struct http_exchange *exchange)
{
	return exchange->world->is_gone;
}

/* Frees the request, too, so that a sanitizer sees who looks at it afterwards. */
static void answer(struct http_exchange **exchange_pointer, const struct http_response *response)
{
	struct http_exchange *exchange = *exchange_pointer;

	*exchange_pointer = NULL;
	exchange->world->answered++;
	exchange->world->response = *response;
	if (exchange->answers)
		++*exchange->answers;
	free(exchange);
}

static void keep_record(void *ctx, const struct record *record)
{
	struct world *world = ctx;

	world->record_count++;
	world->record = *record;
	snprintf(world->record_login, sizeof world->record_login, "%.*s", (int)record->login.len, record->login.octets);
	snprintf(world->record_host, sizeof world->record_host, "%.*s", (int)record->host.len, record->host.octets);
}

static void keep_line(void *ctx, const char *line, size_t len)
{
	struct world *world = ctx;

	assert_true(len + 2 <= sizeof world->log - world->log_len);
	memcpy(world->log + world->log_len, line, len);
	world->log_len += len;
	world->log[world->log_len++] = '\n';
}

/* ---- The world ---- */

static struct account *add_account(struct world *world, const char *login, const char *key)
{
	struct account *account = &world->store.accounts[world->store.account_count++];
	bool was_plain;

	account->login = strdup(login);
	assert_non_null(account->login);
	account->active = account->may_update = true;
	account->keys = calloc(1, sizeof *account->keys);
	assert_non_null(account->keys);
	account->key_count = key != NULL;
	if (key)
		assert_int_equal(key_parse(text_of(key), &account->keys[0].key, &was_plain), STATUS_OK);
	account->hosts.list = hosts_of("*.example.com\n");
	return account;
}

/* Failed attempts are without bound unless `failures_max` says otherwise. */
static void make_pipeline(struct world *world, bool uniform_auth_errors, unsigned failures_max)
{
	struct pipeline_parts parts = {
		.env = fake_env_of(world->fake),
		.store = &world->store.base,
		.policy = &world->policy,
		.record = keep_record,
		.record_ctx = world,
		.submit = submit,
		.cancel = cancel,
		.submit_ctx = world,
		.answer = answer,
		.watch = watch,
		.is_gone = is_gone,
		.deadline_ms = DEADLINE_MS,
		.report = requests_report,
	};

	world->limits.failures_max = failures_max;
	world->limits.recovery_s = RECOVERY_S;
	assert_int_equal(throttle_new(&world->limits, &world->throttle), STATUS_OK);
	assert_int_equal(requests_new(&world->requests), STATUS_OK);
	assert_int_equal(order_new(1, &world->order), STATUS_OK);
	parts.order = world->order;
	assert_int_equal(verifier_new(parts.env, &world->verifier), STATUS_OK);
	parts.throttle = world->throttle;
	parts.report_ctx = world->requests;
	parts.authoriser = (struct authoriser){parts.env, world->verifier, &world->store.base, uniform_auth_errors};
	assert_int_equal(pipeline_new(&parts, &world->pipeline), STATUS_OK);
}

static void free_pipeline(struct world *world)
{
	pipeline_free(&world->pipeline);
	assert_null(world->pipeline);
	throttle_free(&world->throttle);
	requests_free(&world->requests);
	assert_null(world->requests);
	verifier_free(&world->verifier);
	order_free(&world->order);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	*state = world;
	world->fake = fake_env_new(1);
	world->store.base.ops = &store_ops;
	add_account(world, "myLogin", KEY);
	assert_int_equal(name_parse(text_of("dyn.example.com"), &world->zone_names[0]), STATUS_OK);
	assert_int_equal(name_parse(text_of("off.example.com"), &world->zone_names[1]), STATUS_OK);
	assert_int_equal(name_parse(text_of("lab.example.com"), &world->zone_names[2]), STATUS_OK);
	for (size_t i = 0; i < ZONES; i++)
		world->zones[i] = (struct plan_zone){.name = &world->zone_names[i], .ttl_s = 180};
	world->zones[0].active = world->zones[2].active = true;
	world->policy = (struct plan_policy){.zones = world->zones, .zone_count = ZONES, .allow_private = true};
	assert_int_equal(plan_policy_index(&world->policy), STATUS_OK);
	world->outcome.code = OUTCOME_CHANGED;
	make_pipeline(world, false, 0);
	log_set_sink(keep_line, world);
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	log_set_sink(NULL, NULL);
	free_pipeline(world);
	plan_policy_fini(&world->policy);
	fake_env_free(&world->fake);
	for (size_t i = 0; i < world->store.account_count; i++)
		account_fini(&world->store.accounts[i]);
	assert_int_equal(world->answered, world->handled);
	assert_null(strstr(world->log, KEY));
	free(world);
	return 0;
}

static struct http_exchange *exchange_new(struct world *world, enum http_method method, const char *target)
{
	struct http_exchange *exchange = calloc(1, sizeof *exchange);
	struct http_request *request;
	struct text query;

	assert_non_null(exchange);
	exchange->world = world;
	exchange->space = (struct decode_space){exchange->octets, 0, sizeof exchange->octets};
	request = &exchange->request;
	request->method = method;
	assert_int_equal(decode_target(text_of(target), &exchange->space, &request->path, &query, &request->has_query),
			 STATUS_OK);
	assert_int_equal(decode_params(query, &exchange->space, &request->params), STATUS_OK);
	assert_int_equal(addr_parse(text_of("198.51.100.7"), &request->source), STATUS_OK);
	return exchange;
}

static void handle(struct world *world, enum http_method method, const char *target)
{
	struct http_exchange *exchange = exchange_new(world, method, target);

	world->handled++;
	pipeline_handle(world->pipeline, exchange, &exchange->request);
}

/* Handles a request that is answered at once. */
static void get(struct world *world, const char *target)
{
	unsigned answered = world->answered;

	handle(world, HTTP_GET, target);
	assert_int_equal(world->answered, answered + 1);
}

/* The answer begins with that word and has that status. */
static void assert_answer(struct world *world, int status, const char *word)
{
	struct http_response *response = &world->response;
	size_t len = strlen(word);

	assert_true(response->body_len < sizeof response->body);
	response->body[response->body_len] = '\0';
	if (response->status != status || strncmp(response->body, word, len) != 0 ||
	    !strchr(" \n", response->body[len]))
		fail_msg("expected %d %s, got %d %s", status, word, response->status, response->body);
}

static void assert_body(struct world *world, const char *body)
{
	struct http_response *response = &world->response;

	response->body[response->body_len] = '\0';
	assert_string_equal(response->body, body);
}

/* ---- Updates ---- */

static void an_update_is_answered_ok(void **state)
{
	struct world *world = *state;
	const struct change_set *set = &world->sets[0];
	char text[ADDR_TEXT_MAX];
	struct addr addr;

	get(world, GOOD);
	assert_answer(world, 200, "OK");
	assert_body(world, "OK\n");
	assert_int_equal(world->set_count, 1);
	assert_int_equal(set->zone, 0);
	assert_string_equal(set->owner.text, OWNER);
	assert_int_equal(set->count, 1);
	addr = rrset_addr(&set->changes[0].becomes, 0);
	assert_string_equal(addr_format(&addr, text), "192.0.2.80");
	assert_int_equal(set->changes[0].becomes.ttl_s, 180);
	assert_true(set->changes[0].must_exist);
}

static void nothing_is_answered_before_its_time(void **state)
{
	struct world *world = *state;

	world->store.later = world->zones_later = true;
	handle(world, HTTP_GET, GOOD);
	assert_int_equal(world->store.lookups, 1);
	assert_int_equal(world->set_count + world->answered, 0);
	answer_lookup(world);
	assert_int_equal(world->set_count, 1);
	assert_int_equal(world->answered, 0);
	pipeline_done(world->waiters[0], &(struct outcome){.code = OUTCOME_CHANGED});
	assert_int_equal(world->answered, 1);
	assert_answer(world, 200, "OK");
}

static void what_a_client_that_is_gone_waits_for_is_taken_back(void **state)
{
	struct world *world = *state;

	world->zones_later = true;
	handle(world, HTTP_GET, GOOD);
	assert_non_null(world->gone);
	assert_int_equal(world->answered, 0);
	world->gone(world->gone_ctx);
	assert_int_equal(world->cancelled_count, 1);
	assert_ptr_equal(world->cancelled[0], world->waiters[0]);
	assert_int_equal(world->answered, 1); /* the exchange is owed its answer all the same */
	assert_answer(world, 503, "UA_DNS");
}

static void who_is_answered_at_once_is_not_watched(void **state)
{
	struct world *world = *state;

	world->outcome = (struct outcome){.code = OUTCOME_CHANGED};
	handle(world, HTTP_GET, GOOD);
	assert_null(world->gone);
	assert_int_equal(world->answered, 1);
}

/* Whether no request holds a place in the order of arrival, so that nothing has to be remembered for it. */
static bool all_places_are_left(struct world *world)
{
	struct change_set set = {.count = 1};
	struct order_marks marks;
	bool none;

	assert_int_equal(order_prepare(world->order, &set, UINT64_MAX, &marks), STATUS_OK);
	none = marks.count == 0;
	order_discard(&marks);
	return none;
}

static void a_request_has_its_place_from_its_arrival_until_its_sets_are_submitted(void **state)
{
	struct world *world = *state;

	world->store.later = world->zones_later = true;
	handle(world, HTTP_GET, GOOD);
	handle(world, HTTP_GET, GOOD);
	fake_env_advance(world->fake, 100);
	answer_lookup(world);
	assert_int_equal(world->sets[0].waited_ms, 100);
	assert_false(all_places_are_left(world));
	answer_lookup(world);
	assert_true(world->arrivals[1] > world->arrivals[0]);
	assert_true(all_places_are_left(world));
	for (size_t i = 0; i < 2; i++)
		pipeline_done(world->waiters[i], &(struct outcome){.code = OUTCOME_CHANGED});
}

static void a_client_that_leaves_while_its_account_is_looked_up_wants_nothing_done(void **state)
{
	struct world *world = *state;

	world->store.later = true;
	handle(world, HTTP_GET, GOOD);
	assert_non_null(world->gone);
	world->gone(world->gone_ctx);
	assert_int_equal(world->answered, 1);
	assert_answer(world, 503, "UA_DNS");
	assert_true(all_places_are_left(world));
	assert_false(pipeline_is_idle(world->pipeline)); /* the store owes an answer */
	answer_lookup(world);
	assert_true(pipeline_is_idle(world->pipeline));
	assert_int_equal(world->set_count, 0);
	assert_int_equal(world->answered, 1);
}

/* Found out just before its changes would be submitted, whatever the HTTP side has told by then. */
static void a_client_that_has_left_is_not_carried_out(void **state)
{
	struct world *world = *state;

	world->store.later = true;
	handle(world, HTTP_GET, GOOD);
	world->is_gone = true;
	answer_lookup(world);
	assert_int_equal(world->set_count, 0);
	assert_int_equal(world->answered, 1);
}

static void add_account_under_crypt(struct world *world)
{
	/* The password is "correct horse"; by openssl-passwd(1). */
	add_account(world, "crypt", "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/");
}

#define CRYPT "/dynamic.cgi?host=" OWNER "&ip=192.0.2.80&user=crypt&password=correct%20horse"

static void a_client_that_leaves_while_its_key_is_checked_wants_nothing_done(void **state)
{
	struct world *world = *state;

	add_account_under_crypt(world);
	fake_env_set_work_ms(world->fake, 1000);
	handle(world, HTTP_GET, CRYPT);
	assert_non_null(world->gone);
	fake_env_advance(world->fake, 500);
	world->gone(world->gone_ctx);
	assert_int_equal(world->answered, 1);
	assert_true(pipeline_is_idle(world->pipeline));
	fake_env_advance(world->fake, 10000);
	assert_int_equal(world->set_count, 0);
	handle(world, HTTP_GET, CRYPT); /* what was computed for nobody is known now */
	assert_answer(world, 200, "OK");
}

static void the_deadline_includes_the_check_of_the_key(void **state)
{
	struct world *world = *state;

	add_account_under_crypt(world);
	fake_env_set_work_ms(world->fake, 2 * DEADLINE_MS);
	handle(world, HTTP_GET, CRYPT);
	fake_env_advance(world->fake, DEADLINE_MS - 1);
	assert_int_equal(world->answered, 0);
	fake_env_advance(world->fake, 1);
	assert_int_equal(world->answered, 1);
	assert_answer(world, 503, "UA_DNS");
	assert_true(all_places_are_left(world));
	fake_env_advance(world->fake, 2 * DEADLINE_MS);
	assert_int_equal(world->set_count, 0);
}

static void each_request_has_a_deadline_of_its_own(void **state)
{
	struct world *world = *state;

	world->store.later = true;
	handle(world, HTTP_GET, GOOD);
	fake_env_advance(world->fake, 10);
	handle(world, HTTP_GET, "/nic/update?hostname=" OWNER "&username=myLogin&password=" KEY);
	fake_env_advance(world->fake, DEADLINE_MS - 10);
	assert_int_equal(world->answered, 1);
	assert_answer(world, 503, "UA_DNS");
	fake_env_advance(world->fake, 9);
	assert_int_equal(world->answered, 1);
	fake_env_advance(world->fake, 1);
	assert_int_equal(world->answered, 2);
	assert_body(world, "911\n");
	answer_lookup(world);
	answer_lookup(world);
	assert_true(pipeline_is_idle(world->pipeline));
	assert_int_equal(world->set_count, 0);
	assert_true(fake_env_next_ms(world->fake) == ENV_NEVER_MS);
}

/* A store that never answers, at the end. */
static void requests_that_are_over_are_freed_with_the_pipeline(void **state)
{
	struct world *world = *state;

	world->store.later = true;
	handle(world, HTTP_GET, GOOD);
	fake_env_advance(world->fake, DEADLINE_MS);
	assert_int_equal(world->answered, 1);
	assert_false(pipeline_is_idle(world->pipeline));
}

/* Whatever comes of it. */
static void who_was_answered_holds_no_place(void **state)
{
	static const char *const targets[] = {
		GOOD,
		"/dynamic.cgi?host=" OWNER "&ip=192.0.2.80&user=nobody&password=" KEY,
		"/dynamic.cgi?host=" OWNER "&ip=192.0.2.80&user=myLogin&password=wrong",
		"/dynamic.cgi?host=www.example.org&ip=192.0.2.80&user=myLogin&password=" KEY,
		"/dynamic.cgi?ip=192.0.2.80&user=myLogin&password=" KEY,
		"/checkip.cgi",
	};
	struct world *world = *state;

	get(world, GOOD);
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		world->set_count = 1;
		get(world, targets[i]);
		assert_true(all_places_are_left(world));
	}
}

static void requests_do_not_mix(void **state)
{
	struct world *world = *state;
	unsigned answers[3] = {0};

	world->zones_later = true;
	for (size_t i = 0; i < 3; i++) {
		struct http_exchange *exchange = exchange_new(world, HTTP_POST, GOOD);

		exchange->answers = &answers[i];
		world->handled++;
		pipeline_handle(world->pipeline, exchange, &exchange->request);
	}
	pipeline_done(world->waiters[2], &(struct outcome){.code = OUTCOME_REFUSED});
	assert_answer(world, 502, "SF_DNS");
	assert_int_equal(answers[2], 1);
	pipeline_done(world->waiters[0], &(struct outcome){.code = OUTCOME_CHANGED});
	assert_answer(world, 200, "OK");
	assert_int_equal(answers[0], 1);
	assert_int_equal(answers[1], 0);
	pipeline_done(world->waiters[1], &(struct outcome){.code = OUTCOME_BUSY});
	assert_answer(world, 503, "UA_DNS");
	assert_int_equal(answers[1], 1);
}

static void the_source_stands_in_for_a_missing_address(void **state)
{
	struct world *world = *state;
	char text[ADDR_TEXT_MAX];
	struct addr addr;

	get(world, "/dynamic.cgi?host=" OWNER "&user=myLogin&password=" KEY);
	assert_answer(world, 200, "OK");
	addr = rrset_addr(&world->sets[0].changes[0].becomes, 0);
	assert_string_equal(addr_format(&addr, text), "198.51.100.7");
}

static void both_families_are_one_set(void **state)
{
	struct world *world = *state;

	get(world, "/dynamic.cgi?host=" OWNER "&ip=192.0.2.80,2001:db8::80&user=myLogin&password=" KEY);
	assert_answer(world, 200, "OK");
	assert_int_equal(world->set_count, 1);
	assert_int_equal(world->sets[0].count, 2);
}

static void each_outcome_has_its_code(void **state)
{
	static const struct {
		struct outcome outcome;
		int status;
		const char *word;
		const char *rest; /* is in the body, too */
	} rows[] = {
		{{.code = OUTCOME_CHANGED}, 200, "OK", ""},
		{{.code = OUTCOME_NO_RECORD, .missing = RR_A}, 404, "NF_HOST", "NF_HOST " OWNER " A\n"},
		{{.code = OUTCOME_NO_RECORD, .missing = RR_AAAA}, 404, "NF_HOST", "NF_HOST " OWNER " AAAA\n"},
		{{.code = OUTCOME_REFUSED}, 502, "SF_DNS", "nothing was changed"},
		{{.code = OUTCOME_REFUSED_UNSIGNED}, 502, "SF_DNS", "refused, unsigned; the outcome is unknown"},
		{{.code = OUTCOME_UNREACHABLE}, 503, "UA_DNS", ""},
		{{.code = OUTCOME_UNKNOWN}, 503, "UA_DNS", "unknown"},
		{{.code = OUTCOME_BUSY}, 503, "UA_DNS", ""},
		{{.code = OUTCOME_FAILED}, 503, "UA_DNS", ""},
		/* What no zone answers with is no success either. */
		{{.code = OUTCOME_GRANTED}, 503, "UA_DNS", ""},
		{{.code = OUTCOME_ADDRESS}, 503, "UA_DNS", ""},
		{{.code = (enum outcome_code)1000}, 503, "UA_DNS", ""},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world->outcome = rows[i].outcome;
		world->set_count = 0;
		get(world, GOOD);
		assert_answer(world, rows[i].status, rows[i].word);
		assert_non_null(strstr(world->response.body, rows[i].rest));
		assert_int_equal(world->response.retry_after_s > 0, rows[i].status == 503);
	}
}

static void only_an_unknown_outcome_says_unknown(void **state)
{
	static const enum outcome_code codes[] = {OUTCOME_REFUSED, OUTCOME_UNREACHABLE, OUTCOME_BUSY, OUTCOME_FAILED};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		world->outcome.code = codes[i];
		get(world, GOOD);
		world->response.body[world->response.body_len] = '\0';
		assert_null(strstr(world->response.body, "unknown"));
	}
}

static void what_cannot_be_planned_is_not_submitted(void **state)
{
	static const struct {
		const char *operands;
		int status;
		const char *word;
	} rows[] = {
		{"host=a_b.dyn.example.com&ip=192.0.2.80", 400, "IO_HOST"},
		{"host=www.example.com&ip=192.0.2.80", 403, "OS_DOMAIN"},
		{"host=www.off.example.com&ip=192.0.2.80", 403, "IA_ACCT"},
		{"host=" OWNER "&ip=224.0.0.1", 400, "IO_IP"},
		{"host=" OWNER "&ip=192.0.2.80,192.0.2.81", 400, "IO_IP"},
		{"host=" OWNER "&host=" OWNER, 400, "IO_HOST"},
		{"host=", 400, "MO_HOST"},
		{"ip=192.0.2.80", 400, "MO_HOST"},
	};
	struct world *world = *state;
	char target[512];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(target, sizeof target, "/dynamic.cgi?%s&user=myLogin&password=" KEY, rows[i].operands);
		get(world, target);
		assert_answer(world, rows[i].status, rows[i].word);
	}
	assert_int_equal(world->set_count, 0);
}

/* ---- Several hosts ---- */

#define SEVERAL                                                                                                        \
	"/nic/update?myip=192.0.2.80&username=myLogin&password=" KEY                                                   \
	"&hostname=a.dyn.example.com,x.lab.example.com,no%20name,b.dyn.example.com,www.off.example.com"

static struct outcome changed_to(const char *address)
{
	struct outcome outcome = {.code = OUTCOME_CHANGED, .addr_count = 1};

	assert_int_equal(addr_parse(text_of(address), &outcome.addrs[0]), STATUS_OK);
	return outcome;
}

static void each_host_has_its_set_and_its_line(void **state)
{
	static const struct {
		const char *owner;
		size_t zone;
		bool more;
	} rows[] = {{"a.dyn.example.com", 0, true}, {"x.lab.example.com", 2, false}, {"b.dyn.example.com", 0, false}};
	struct world *world = *state;

	world->outcome = changed_to("192.0.2.80");
	get(world, SEVERAL);
	assert_int_equal(world->set_count, sizeof rows / sizeof *rows);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_string_equal(world->sets[i].owner.text, rows[i].owner);
		assert_int_equal(world->sets[i].zone, rows[i].zone);
		assert_int_equal(world->sets[i].more, rows[i].more);
	}
	assert_int_equal(world->response.status, 200);
	assert_body(world, "good 192.0.2.80\ngood 192.0.2.80\nnotfqdn\ngood 192.0.2.80\n!yours\n");
}

static void the_answer_waits_for_the_last_host_and_keeps_the_order(void **state)
{
	struct world *world = *state;
	struct outcome changed = changed_to("192.0.2.80");

	world->zones_later = true;
	handle(world, HTTP_GET, SEVERAL);
	pipeline_done(world->waiters[2], &(struct outcome){.code = OUTCOME_NO_RECORD, .missing = RR_A});
	pipeline_done(world->waiters[0], &changed);
	assert_int_equal(world->answered, 0);
	pipeline_done(world->waiters[1], &(struct outcome){.code = OUTCOME_UNREACHABLE});
	assert_int_equal(world->answered, 1);
	assert_int_equal(world->response.status, 200);
	assert_body(world, "good 192.0.2.80\n911\nnotfqdn\nnohost\n!yours\n");
}

static void of_several_hosts_only_those_that_wait_are_taken_back(void **state)
{
	struct world *world = *state;
	struct outcome changed = changed_to("192.0.2.80");

	world->zones_later = true;
	handle(world, HTTP_GET, SEVERAL);
	pipeline_done(world->waiters[1], &changed);
	world->gone(world->gone_ctx);
	assert_int_equal(world->cancelled_count, 2);
	assert_ptr_equal(world->cancelled[0], world->waiters[0]);
	assert_ptr_equal(world->cancelled[1], world->waiters[2]);
	assert_int_equal(world->answered, 1);
	assert_body(world, "911\ngood 192.0.2.80\nnotfqdn\n911\n!yours\n");
}

static void a_failure_of_the_account_is_told_once_for_all_hosts(void **state)
{
	struct world *world = *state;

	get(world, "/nic/update?hostname=a.dyn.example.com,b.dyn.example.com&username=myLogin&password=wrong");
	assert_int_equal(world->response.status, 401);
	assert_body(world, "badauth\n");
	get(world, "/nic/update?hostname=a.dyn.example.com,b.dyn.example.com");
	assert_int_equal(world->response.status, 401);
	assert_true(world->response.challenge);
	assert_body(world, "badauth\n");
	assert_int_equal(world->set_count, 0);
}

/* The one line since `from`, without its time. */
static const char *line_since(const struct world *world, size_t from)
{
	const char *line = strstr(world->log + from, " level=");

	assert_non_null(line);
	assert_ptr_equal(strchr(line, '\n') + 1, world->log + world->log_len);
	return line + 1;
}

static void the_line_of_a_request_has_the_outcome_of_each_host(void **state)
{
	struct world *world = *state;

	world->outcome = changed_to("192.0.2.80");
	get(world, SEVERAL);
	assert_string_equal(
		strstr(line_since(world, 0), " host="),
		" host=\"a.dyn.example.com,x.lab.example.com,no name,b.dyn.example.com,www.off.example.com\" "
		"ip=192.0.2.80 outcome=changed,changed,bad-host,changed,zone-inactive status=200 ms=0\n");
}

/* ---- Tokens ---- */

#define TOKEN_URL "/update?domains=" OWNER "&ip=192.0.2.80&token="

static void a_token_is_its_user_s_key(void **state)
{
	struct world *world = *state;

	get(world, TOKEN_URL KEY);
	assert_answer(world, 200, "OK");
	assert_int_equal(world->store.lookups, 1);
	assert_int_equal(world->set_count, 1);
	assert_string_equal(world->sets[0].owner.text, OWNER);
	/* The log has the login, and never the token (see teardown). */
	assert_non_null(strstr(world->log, "dialect=duckdns user=myLogin host=" OWNER));
}

static void a_token_completes_labels_by_what_its_user_may_update(void **state)
{
	struct world *world = *state;

	host_list_free(&world->store.accounts[0].hosts.list);
	world->store.accounts[0].hosts.list = hosts_of("*.dyn.example.com\n");
	get(world, "/update?domains=nas,other.lab.example.com&token=" KEY);
	assert_answer(world, 403, "KO");
	assert_int_equal(world->set_count, 1);
	assert_string_equal(world->sets[0].owner.text, "nas.dyn.example.com");
}

static void a_token_that_is_nobody_s_is_refused_and_not_logged(void **state)
{
	struct world *world = *state;

	add_account(world, "idle", "idle-users-token")->active = false;
	get(world, TOKEN_URL "nobodys-own-token");
	assert_answer(world, 401, "KO");
	get(world, TOKEN_URL "nobodys+own+token");
	assert_answer(world, 401, "KO");
	get(world, TOKEN_URL "idle-users-token");
	assert_answer(world, 401, "KO");
	assert_int_equal(world->set_count, 0);
	assert_null(strstr(world->log, "token"));
	assert_non_null(strstr(world->log, "outcome=no-such-login"));
	assert_non_null(strstr(world->log, "outcome=account-inactive"));
}

static void a_plus_in_a_token_is_itself_or_a_space(void **state)
{
	struct world *world = *state;

	add_account(world, "space", "a token with spaces");
	get(world, TOKEN_URL "a+token+with+spaces");
	assert_answer(world, 200, "OK");
	assert_int_equal(world->store.lookups, 2);
	assert_non_null(strstr(world->log, "user=space"));
}

/* Else the weakest key of all users could be found without knowing whose it is. */
static void a_short_key_is_no_token(void **state)
{
	struct world *world = *state;

	add_account(world, "short", "fifteen-letters");
	get(world, TOKEN_URL "fifteen-letters");
	assert_answer(world, 401, "KO");
	assert_int_equal(world->store.lookups, 0);
}

static void a_store_that_fails_knows_no_token(void **state)
{
	struct world *world = *state;

	world->store.failure = STATUS_IO;
	get(world, TOKEN_URL KEY);
	assert_answer(world, 503, "KO");
	assert_int_equal(world->set_count, 0);
}

/* ---- Credentials ---- */

static void wrong_credentials_have_their_codes(void **state)
{
	static const struct {
		const char *credentials;
		int status;
		const char *word;
		const char *uniform;
	} rows[] = {
		{"", 401, "MO_USER", "MO_USER"},
		{"password=" KEY, 401, "MO_USER", "MO_USER"},
		{"user=myLogin", 401, "MO_PWD", "MO_PWD"},
		{"user=myLogin&password=", 401, "MO_PWD", "MO_PWD"},
		{"user=mylogin&password=" KEY, 401, "NF_USR", "OD_KEY"},
		{"user=keyless&password=" KEY, 401, "NF_KEY", "OD_KEY"},
		{"user=myLogin&password=wrong", 401, "OD_KEY", "OD_KEY"},
		{"user=idle&password=" KEY, 403, "IA_ACCT", "IA_ACCT"},
		{"user=reader&password=" KEY, 403, "NP_USR", "NP_USR"},
	};
	struct world *world = *state;
	char target[512];

	add_account(world, "keyless", NULL);
	add_account(world, "idle", KEY)->active = false;
	add_account(world, "reader", KEY)->may_update = false;
	for (int uniform = 0; uniform < 2; uniform++) {
		free_pipeline(world);
		make_pipeline(world, uniform, 0);
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			snprintf(target, sizeof target, "/dynamic.cgi?host=" OWNER "&%s", rows[i].credentials);
			get(world, target);
			assert_answer(world, rows[i].status, uniform ? rows[i].uniform : rows[i].word);
			assert_int_equal(world->response.challenge, rows[i].status == 401);
		}
	}
	assert_int_equal(world->set_count, 0);
}

static void basic_credentials_stand_in(void **state)
{
	struct world *world = *state;
	struct http_exchange *exchange = exchange_new(world, HTTP_GET, "/dynamic.cgi?host=" OWNER);

	exchange->request.has_basic = true;
	exchange->request.basic_user = text_of("myLogin");
	exchange->request.basic_password = text_of(KEY);
	world->handled++;
	pipeline_handle(world->pipeline, exchange, &exchange->request);
	assert_answer(world, 200, "OK");
}

static void try_plus(struct world *world, const char *login, const char *key, int status, const char *word,
		     unsigned lookups)
{
	char target[256];

	world->store.lookups = 0;
	snprintf(target, sizeof target, "/dynamic.cgi?host=" OWNER "&user=%s&password=%s", login, key);
	get(world, target);
	assert_answer(world, status, word);
	assert_int_equal(world->store.lookups, lookups);
}

static void a_plus_is_itself_or_a_space(void **state)
{
	struct world *world = *state;

	add_account(world, "plus", "a+b");
	add_account(world, "space", "a b");
	add_account(world, "two words", "k");
	try_plus(world, "plus", "a+b", 200, "OK", 1);
	try_plus(world, "plus", "a%2Bb", 200, "OK", 1);
	try_plus(world, "plus", "a%20b", 401, "OD_KEY", 1);
	try_plus(world, "space", "a+b", 200, "OK", 2);
	try_plus(world, "space", "a%20b", 200, "OK", 1);
	try_plus(world, "space", "a%2Bb", 401, "OD_KEY", 1);
	try_plus(world, "two+words", "k", 200, "OK", 2);
	try_plus(world, "two%20words", "k", 200, "OK", 1);
}

static void the_more_telling_of_two_readings_is_answered(void **state)
{
	struct world *world = *state;

	add_account(world, "one+word", "k");
	add_account(world, "two words", "k");
	try_plus(world, "two+words", "wrong", 401, "OD_KEY", 2); /* no such login, then a wrong key */
	try_plus(world, "one+word", "wrong", 401, "OD_KEY", 2);  /* the other way round */
	try_plus(world, "no+body", "k", 401, "NF_USR", 2);
}

static void a_key_that_was_proved_ends_the_search(void **state)
{
	struct world *world = *state;

	add_account(world, "idle", "a+b")->active = false;
	try_plus(world, "idle", "a+b", 403, "IA_ACCT", 1);
}

static void both_readings_may_be_looked_up_later(void **state)
{
	struct world *world = *state;

	add_account(world, "space", "a b");
	world->store.later = true;
	handle(world, HTTP_GET, "/dynamic.cgi?host=" OWNER "&user=space&password=a+b");
	answer_lookup(world);
	assert_int_equal(world->answered, 0);
	assert_int_equal(world->store.pending_count, 1);
	answer_lookup(world);
	assert_answer(world, 200, "OK");
}

static void a_store_that_fails_gives_no_ok(void **state)
{
	static const enum status failures[] = {STATUS_NO_MEMORY, STATUS_INVALID, STATUS_IO,
					       STATUS_FULL,      STATUS_CRYPTO,  STATUS_DUPLICATE};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		world->store.failure = failures[i];
		for (int later = 0; later < 2; later++) {
			world->store.later = later;
			handle(world, HTTP_GET, GOOD);
			if (later)
				answer_lookup(world);
			assert_answer(world, 503, "UA_DNS");
			assert_true(world->response.retry_after_s > 0);
		}
	}
	/* Nor is a second reading tried, which might find something else. */
	world->store.later = false;
	try_plus(world, "space", "a+b", 503, "UA_DNS", 1);
	assert_int_equal(world->set_count, 0);
}

/* ---- The soft lock ---- */

enum { FAILURES_MAX = 3 };

#define WRONG "/dynamic.cgi?host=" OWNER "&user=myLogin&password=wrong"

static void lock_softly(struct world *world)
{
	free_pipeline(world);
	make_pipeline(world, false, FAILURES_MAX);
	for (unsigned i = 0; i < FAILURES_MAX; i++) {
		get(world, WRONG);
		assert_answer(world, 401, "OD_KEY");
	}
}

static void after_too_many_failures_the_right_key_has_to_wait(void **state)
{
	struct world *world = *state;
	unsigned lookups;

	lock_softly(world);
	lookups = world->store.lookups;
	get(world, GOOD);
	assert_answer(world, 429, "TM_REQ");
	assert_int_equal(world->store.lookups, lookups + 1); /* which tells that it is the account that it was */
	assert_in_range(world->response.retry_after_s, 1, RECOVERY_S);
	fake_env_advance(world->fake, 1000 * (uint64_t)world->response.retry_after_s);
	get(world, GOOD);
	assert_answer(world, 200, "OK");
}

/* Each reload is a configuration of its own; the throttle outlives them. */
static void set_key(struct world *world, const char *key)
{
	bool was_plain;

	key_fini(&world->store.accounts[0].keys[0].key);
	assert_int_equal(key_parse(text_of(key), &world->store.accounts[0].keys[0].key, &was_plain), STATUS_OK);
}

static void what_failed_while_an_account_was_missing_locks_nobody(void **state)
{
	struct world *world = *state;
	size_t count = world->store.account_count;

	free_pipeline(world);
	make_pipeline(world, false, FAILURES_MAX);
	world->store.account_count = 0;
	for (unsigned i = 0; i < FAILURES_MAX; i++) {
		get(world, GOOD);
		assert_answer(world, 401, "NF_USR");
	}
	get(world, GOOD);
	assert_answer(world, 429, "TM_REQ");
	world->store.account_count = count;
	get(world, GOOD);
	assert_answer(world, 200, "OK");
}

static void what_failed_under_another_key_locks_nobody(void **state)
{
	struct world *world = *state;

	free_pipeline(world);
	make_pipeline(world, false, FAILURES_MAX);
	set_key(world, "mistyped");
	for (unsigned i = 0; i < FAILURES_MAX; i++)
		get(world, GOOD);
	get(world, GOOD);
	assert_answer(world, 429, "TM_REQ");
	set_key(world, KEY);
	get(world, GOOD);
	assert_answer(world, 200, "OK");
}

/* Nobody gets further guesses by a configuration that comes and goes. */
static void a_lock_is_there_again_with_the_account_that_it_is_of(void **state)
{
	struct world *world = *state;
	size_t count = world->store.account_count;

	lock_softly(world);
	world->store.account_count = 0;
	get(world, WRONG);
	assert_answer(world, 401, "NF_USR");
	world->store.account_count = count;
	get(world, GOOD);
	assert_answer(world, 429, "TM_REQ");
}

/* "a+b" may be read as "a b", whose owner changes keys at will. */
static void a_lock_is_not_opened_by_the_account_of_another_reading(void **state)
{
	struct world *world = *state;
	struct account *other = add_account(world, "a b", "one key");
	bool was_plain;

	add_account(world, "a+b", KEY);
	free_pipeline(world);
	make_pipeline(world, false, FAILURES_MAX);
	for (unsigned i = 0; i < FAILURES_MAX; i++)
		get(world, "/dynamic.cgi?host=" OWNER "&user=a+b&password=wrong");
	key_fini(&other->keys[0].key);
	assert_int_equal(key_parse(text_of("another"), &other->keys[0].key, &was_plain), STATUS_OK);
	get(world, "/dynamic.cgi?host=" OWNER "&user=a+b&password=" KEY);
	assert_answer(world, 429, "TM_REQ");
}

static void other_logins_and_sources_need_not_wait(void **state)
{
	struct world *world = *state;
	struct http_exchange *exchange;

	add_account(world, "other", KEY);
	lock_softly(world);
	get(world, "/dynamic.cgi?host=" OWNER "&user=other&password=" KEY);
	assert_answer(world, 200, "OK");
	exchange = exchange_new(world, HTTP_GET, GOOD);
	assert_int_equal(addr_parse(text_of("198.51.100.8"), &exchange->request.source), STATUS_OK);
	world->handled++;
	pipeline_handle(world->pipeline, exchange, &exchange->request);
	assert_answer(world, 200, "OK");
}

/* ---- Keys that take time, and what becomes of changes ---- */

/* Of the password "correct horse"; by openssl-passwd(1). */
#define HASH   "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/"
#define CHOSEN "/dynamic.cgi?host=" OWNER "&ip=192.0.2.80&user=chosen&password=correct%20horse"

static void a_hash_is_computed_off_the_loop(void **state)
{
	struct world *world = *state;

	add_account(world, "chosen", HASH);
	handle(world, HTTP_GET, CHOSEN);
	assert_int_equal(world->answered, 0);
	get(world, GOOD); /* others go on meanwhile */
	assert_answer(world, 200, "OK");
	fake_env_settle(world->fake);
	assert_int_equal(world->answered, 2);
	assert_answer(world, 200, "OK");
	get(world, CHOSEN); /* at once: it is remembered */
	assert_answer(world, 200, "OK");
}

static void committed_changes_are_bounded_and_others_are_not(void **state)
{
	struct world *world = *state;

	world->limits.changes_max = 2;
	world->limits.changes_window_s = 60;
	free_pipeline(world);
	make_pipeline(world, false, 0);
	world->outcome.code = OUTCOME_UNCHANGED;
	for (unsigned i = 0; i < 4; i++)
		get(world, GOOD);
	assert_answer(world, 200, "OK");
	world->outcome.code = OUTCOME_CHANGED;
	get(world, GOOD);
	get(world, GOOD);
	assert_answer(world, 200, "OK");
	get(world, GOOD);
	assert_answer(world, 429, "TM_REQ");
	assert_int_equal(world->response.retry_after_s, 30);
	assert_int_equal(world->set_count, 6);
}

static void what_was_granted_is_recorded_and_nothing_else(void **state)
{
	struct world *world = *state;

	get(world, WRONG);
	get(world, "/dynamic.cgi?host=www.example.org&user=myLogin&password=" KEY);
	assert_int_equal(world->record_count, 0);
	get(world, "/dynamic.cgi?host=WWW.dyn.example.com.&ip=192.0.2.80,2001:db8::1&user=myLogin&password=" KEY);
	assert_int_equal(world->record_count, 1);
	assert_string_equal(world->record_login, "myLogin");
	assert_string_equal(world->record_host, OWNER);
	assert_int_equal(world->record.code, OUTCOME_CHANGED);
	assert_int_equal(world->record.at_s, fake_env_wall_s(world->fake));
	assert_int_equal(world->record.addr_count, 2);
	assert_int_equal(world->record.addrs[1].family, ADDR_V6);
	assert_int_equal(world->record.source.octets[3], 7);
}

static void two_readings_are_one_failure(void **state)
{
	struct world *world = *state;

	free_pipeline(world);
	make_pipeline(world, false, FAILURES_MAX);
	for (unsigned i = 0; i < FAILURES_MAX; i++)
		try_plus(world, "myLogin", "wrong+key", 401, "OD_KEY", 2);
	try_plus(world, "myLogin", "wrong+key", 429, "TM_REQ", 1);
}

/* The login may be written in as many ways as it has subsets of letters. */
static void another_way_to_write_a_login_is_no_further_attempt(void **state)
{
	static const char *const logins[] = {"%6dyLogin", "m%79Login", "my%4Cogin", "my%4cogin", "%6d%79Login"};
	struct world *world = *state;
	char url[160];

	free_pipeline(world);
	make_pipeline(world, false, FAILURES_MAX);
	for (size_t i = 0; i < FAILURES_MAX; i++) {
		snprintf(url, sizeof url, "/dynamic.cgi?host=" OWNER "&ip=192.0.2.80&user=%s&password=wrong",
			 logins[i % (sizeof logins / sizeof *logins)]);
		get(world, url);
		assert_answer(world, 401, "OD_KEY");
	}
	get(world, "/dynamic.cgi?host=" OWNER "&ip=192.0.2.80&user=myLogin&password=" KEY);
	assert_answer(world, 429, "TM_REQ");
}

static void each_token_has_its_own_lock(void **state)
{
	struct world *world = *state;
	unsigned lookups;

	free_pipeline(world);
	make_pipeline(world, false, FAILURES_MAX);
	for (unsigned i = 0; i < FAILURES_MAX; i++) {
		get(world, TOKEN_URL "wrong");
		assert_answer(world, 401, "KO");
	}
	lookups = world->store.lookups;
	get(world, TOKEN_URL "wrong");
	assert_answer(world, 403, "KO");
	assert_in_range(world->response.retry_after_s, 1, RECOVERY_S);
	assert_int_equal(world->store.lookups, lookups);
	get(world, TOKEN_URL KEY);
	assert_answer(world, 200, "OK");
}

/* Rule 1: many clients send credentials only when they are asked for them. */
static void who_has_sent_no_credentials_is_not_counted(void **state)
{
	struct world *world = *state;

	free_pipeline(world);
	make_pipeline(world, false, FAILURES_MAX);
	for (unsigned i = 0; i < 2 * FAILURES_MAX; i++) {
		get(world, "/nic/update?hostname=" OWNER "&user=myLogin");
		assert_answer(world, 401, "badauth");
		assert_true(world->response.challenge);
	}
	get(world, "/nic/update?hostname=" OWNER "&user=myLogin&pass=" KEY);
	assert_answer(world, 200, "good");
}

/* Whoever has the key is no guesser, and a store that fails tells nothing about the asker. */
static void other_failures_are_not_counted(void **state)
{
	struct world *world = *state;

	free_pipeline(world);
	make_pipeline(world, false, FAILURES_MAX);
	for (unsigned i = 0; i < 2 * FAILURES_MAX; i++) {
		world->store.accounts[0].active = false;
		get(world, GOOD);
		assert_answer(world, 403, "IA_ACCT");
		world->store.accounts[0].active = true;
		world->store.failure = STATUS_IO;
		get(world, GOOD);
		assert_answer(world, 503, "UA_DNS");
		world->store.failure = STATUS_OK;
	}
	get(world, GOOD);
	assert_answer(world, 200, "OK");
}

/* ---- Pages ---- */

static void unknown_paths_are_404(void **state)
{
	static const char *const paths[] = {"/dynamic", "/dynamic.cgi/x", "/DYNAMIC.CGI", "/nic/nowhere",
					    "/checkip.cgi.bak"};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		get(world, paths[i]);
		assert_answer(world, 404, "404");
	}
	assert_int_equal(world->store.lookups, 0);
}

static void other_methods_are_405(void **state)
{
	static const struct {
		enum http_method method;
		const char *target;
		unsigned allow;
	} rows[] = {
		{HTTP_HEAD, GOOD, HTTP_GET | HTTP_POST},  {HTTP_PUT, GOOD, HTTP_GET | HTTP_POST},
		{HTTP_OTHER, GOOD, HTTP_GET | HTTP_POST}, {HTTP_POST, "/checkip.cgi", HTTP_GET | HTTP_HEAD},
		{HTTP_OTHER, "/", HTTP_GET | HTTP_HEAD},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		handle(world, rows[i].method, rows[i].target);
		assert_answer(world, 405, "405");
		assert_int_equal(world->response.allow, rows[i].allow);
	}
	assert_int_equal(world->set_count + world->store.lookups, 0);
}

static void options_tell_the_methods(void **state)
{
	enum { ANY = HTTP_GET | HTTP_HEAD | HTTP_POST | HTTP_PUT | HTTP_OPTIONS };
	static const struct {
		const char *target;
		unsigned allow;
	} rows[] = {
		{GOOD, HTTP_GET | HTTP_POST | HTTP_OPTIONS},
		{"/checkip.cgi", HTTP_GET | HTTP_HEAD | HTTP_OPTIONS},
		{"/", ANY},
		{"*", ANY},
		{"/update", HTTP_GET | HTTP_POST | HTTP_PUT | HTTP_OPTIONS},
		{"/nowhere", HTTP_OPTIONS},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		handle(world, HTTP_OPTIONS, rows[i].target);
		assert_answer(world, 204, "");
		assert_int_equal(world->response.allow, rows[i].allow);
	}
	assert_int_equal(world->set_count + world->store.lookups, 0);
}

static void the_address_page_tells_the_source(void **state)
{
	static const char page[] =
		"<html><head><title>Current IP Check</title></head><body>Current IP Address: 198.51.100.7</body></html>\n";
	static const char *const paths[] = {"/checkip.cgi", "/checkip", "/", "http://gw.example.com",
					    "/checkip.cgi?x=y"};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		get(world, paths[i]);
		assert_int_equal(world->response.status, 200);
		assert_non_null(strstr(world->response.content_type, "text/html"));
		assert_body(world, page);
	}
	get(world, "/myip");
	assert_body(world, "198.51.100.7\n");
	assert_int_equal(world->store.lookups, 0);
}

/* ---- The log and the counts ---- */

static void each_request_has_one_line_with_the_id_that_its_client_got(void **state)
{
	static const struct {
		const char *target;
		enum outcome_code outcome;
		const char *rest;
	} rows[] = {
		{GOOD, OUTCOME_CHANGED,
		 " source=198.51.100.7 dialect=rexx user=myLogin host=www.dyn.example.com ip=192.0.2.80 outcome=changed "
		 "status=200 ms=0\n"},
		{"/dynamic.cgi?host=www.dyn.example.com&user=myLogin&password=" KEY, OUTCOME_UNREACHABLE,
		 " source=198.51.100.7 dialect=rexx user=myLogin host=www.dyn.example.com ip=- outcome=unreachable status=503 "
		 "ms=0\n"},
		{"/dynamic.cgi?host=x&user=nobody&password=" KEY, OUTCOME_CHANGED,
		 " source=198.51.100.7 dialect=rexx user=nobody host=x ip=- outcome=no-such-login status=401 ms=0\n"},
		{"/nic/update?hostname=www.dyn.example.com,b.off.example.com&myip=192.0.2.80&username=myLogin&password=" KEY,
		 OUTCOME_CHANGED,
		 " source=198.51.100.7 dialect=dyndns2 user=myLogin host=www.dyn.example.com,b.off.example.com ip=192.0.2.80 "
		 "outcome=changed,zone-inactive status=200 ms=0\n"},
		{"/no/such/" KEY, OUTCOME_CHANGED, " source=198.51.100.7 path=/no/such/* status=404\n"},
	};
	struct world *world = *state;
	char last[HTTP_REQUEST_ID_SIZE] = "";

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t from = world->log_len;
		char start[64];

		world->outcome.code = rows[i].outcome;
		get(world, rows[i].target);
		snprintf(start, sizeof start, "level=info event=request id=%s", world->response.request_id);
		assert_memory_equal(line_since(world, from), start, strlen(start));
		assert_string_equal(line_since(world, from) + strlen(start), rows[i].rest);
		assert_int_equal(strlen(world->response.request_id), HTTP_REQUEST_ID_SIZE - 1);
		assert_string_not_equal(world->response.request_id, last);
		memcpy(last, world->response.request_id, sizeof last);
	}
}

static size_t count_lines(const struct world *world)
{
	size_t count = 0;

	for (size_t i = 0; i < world->log_len; i++)
		count += world->log[i] == '\n';
	return count;
}

/* What a primary that fails, or a page that is not there, has to say again is told once; all else is a line each. */
static void requests_that_repeat_a_cause_of_trouble_are_told_once(void **state)
{
	static const struct {
		const char *target;
		enum outcome_code outcome;
		bool is_told_once;
	} rows[] = {
		{GOOD, OUTCOME_CHANGED, false},
		{GOOD, OUTCOME_UNCHANGED, false},
		{GOOD, OUTCOME_NO_RECORD, false},
		{GOOD, OUTCOME_REFUSED, true},
		{GOOD, OUTCOME_UNREACHABLE, true},
		{GOOD, OUTCOME_UNKNOWN, true},
		{GOOD, OUTCOME_BUSY, true},
		{GOOD, OUTCOME_FAILED, true},
		{"/dynamic.cgi?host=x&user=nobody&password=" KEY, OUTCOME_CHANGED, false},
		{"/no/such/page", OUTCOME_CHANGED, true},
	};
	struct world *world = *state;

	assert_int_equal(repeat_begin(fake_env_of(world->fake)), STATUS_OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t before = count_lines(world), told;

		world->outcome.code = rows[i].outcome;
		for (unsigned k = 0; k < 4; k++) {
			world->set_count = 0;
			get(world, rows[i].target);
		}
		told = count_lines(world) - before;
		fake_env_advance(world->fake, REPEAT_TELL_MS);
		assert_int_equal(told, rows[i].is_told_once ? 1 : 4);
		assert_int_equal(count_lines(world) - before, rows[i].is_told_once ? 2 : 4);
		if (rows[i].is_told_once)
			assert_string_equal(world->log + world->log_len - strlen(" repeated=3\n"), " repeated=3\n");
	}
	repeat_end();
}

static void who_asks_for_the_address_is_logged_at_debug(void **state)
{
	struct world *world = *state;

	get(world, "/myip");
	assert_int_equal(world->log_len, 0);
	log_set_level(LOG_DEBUG);
	get(world, "/myip");
	log_set_level(LOG_INFO);
	assert_non_null(
		strstr(line_since(world, 0), " dialect=checkip user=- host=- ip=- outcome=address status=200 "));
}

static void requests_and_outcomes_are_counted(void **state)
{
	struct world *world = *state;
	const struct requests *requests = world->requests;

	get(world, GOOD);
	get(world, GOOD);
	world->outcome.code = OUTCOME_UNCHANGED;
	get(world, GOOD);
	get(world,
	    "/nic/update?hostname=www.dyn.example.com,b.off.example.com&myip=192.0.2.80&username=myLogin&password=" KEY);
	get(world, "/no/such");
	for (size_t i = 0; i < requests->dialect_count; i++) {
		const struct dialect_counts *counts = &requests->dialects[i];
		bool rexx = counts->dialect == &dialect_rexx, dyndns2 = counts->dialect == &dialect_dyndns2;

		assert_int_equal(counts->requests, rexx ? 3 : dyndns2 ? 1 : 0);
		assert_int_equal(counts->outcomes[OUTCOME_CHANGED], rexx ? 2 : 0);
		assert_int_equal(counts->outcomes[OUTCOME_UNCHANGED], rexx || dyndns2 ? 1 : 0);
		assert_int_equal(counts->outcomes[OUTCOME_ZONE_INACTIVE], dyndns2 ? 1 : 0);
	}
	assert_int_equal(requests->unrouted, 1);
	assert_int_equal(requests->took_ms.counts[0], 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(each_request_has_one_line_with_the_id_that_its_client_got),
		TEST(requests_that_repeat_a_cause_of_trouble_are_told_once),
		TEST(who_asks_for_the_address_is_logged_at_debug),
		TEST(requests_and_outcomes_are_counted),
		TEST(an_update_is_answered_ok),
		TEST(nothing_is_answered_before_its_time),
		TEST(what_a_client_that_is_gone_waits_for_is_taken_back),
		TEST(who_is_answered_at_once_is_not_watched),
		TEST(a_request_has_its_place_from_its_arrival_until_its_sets_are_submitted),
		TEST(a_client_that_leaves_while_its_account_is_looked_up_wants_nothing_done),
		TEST(a_client_that_has_left_is_not_carried_out),
		TEST(a_client_that_leaves_while_its_key_is_checked_wants_nothing_done),
		TEST(the_deadline_includes_the_check_of_the_key),
		TEST(each_request_has_a_deadline_of_its_own),
		TEST(requests_that_are_over_are_freed_with_the_pipeline),
		TEST(who_was_answered_holds_no_place),
		TEST(requests_do_not_mix),
		TEST(the_source_stands_in_for_a_missing_address),
		TEST(both_families_are_one_set),
		TEST(each_outcome_has_its_code),
		TEST(only_an_unknown_outcome_says_unknown),
		TEST(what_cannot_be_planned_is_not_submitted),
		TEST(wrong_credentials_have_their_codes),
		TEST(basic_credentials_stand_in),
		TEST(a_plus_is_itself_or_a_space),
		TEST(the_more_telling_of_two_readings_is_answered),
		TEST(a_key_that_was_proved_ends_the_search),
		TEST(both_readings_may_be_looked_up_later),
		TEST(a_store_that_fails_gives_no_ok),
		TEST(after_too_many_failures_the_right_key_has_to_wait),
		TEST(what_failed_while_an_account_was_missing_locks_nobody),
		TEST(what_failed_under_another_key_locks_nobody),
		TEST(a_lock_is_there_again_with_the_account_that_it_is_of),
		TEST(a_lock_is_not_opened_by_the_account_of_another_reading),
		TEST(other_logins_and_sources_need_not_wait),
		TEST(a_hash_is_computed_off_the_loop),
		TEST(committed_changes_are_bounded_and_others_are_not),
		TEST(what_was_granted_is_recorded_and_nothing_else),
		TEST(two_readings_are_one_failure),
		TEST(another_way_to_write_a_login_is_no_further_attempt),
		TEST(other_failures_are_not_counted),
		TEST(unknown_paths_are_404),
		TEST(other_methods_are_405),
		TEST(options_tell_the_methods),
		TEST(the_address_page_tells_the_source),
		TEST(each_host_has_its_set_and_its_line),
		TEST(the_answer_waits_for_the_last_host_and_keeps_the_order),
		TEST(of_several_hosts_only_those_that_wait_are_taken_back),
		TEST(a_failure_of_the_account_is_told_once_for_all_hosts),
		TEST(the_line_of_a_request_has_the_outcome_of_each_host),
		TEST(a_token_is_its_user_s_key),
		TEST(a_token_completes_labels_by_what_its_user_may_update),
		TEST(a_token_that_is_nobody_s_is_refused_and_not_logged),
		TEST(a_plus_in_a_token_is_itself_or_a_space),
		TEST(a_short_key_is_no_token),
		TEST(a_store_that_fails_knows_no_token),
		TEST(each_token_has_its_own_lock),
		TEST(who_has_sent_no_credentials_is_not_counted),
	};

	return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
