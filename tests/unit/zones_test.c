/*
 * The driver of the queues with real clients and scripted primaries: sharing, failover, restarts, and that no guess
 * is ever called a change.
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

#include "base/log.h"
#include "fake_env.h"
#include "scripted_primary.h"
#include "zone/zones.h"

enum {
	CONNECT_TIMEOUT_MS = 2000,
	REPLY_TIMEOUT_MS = 4000,
	DEADLINE_MS = 10000,
	PAUSE_MS = 100,
	ENTRIES_MAX = 100,
	IN_FLIGHT_MAX = 8,
	ATTEMPTS_MAX = 5,
	LATER_MS = 60000,
	LOG_MAX = 64 * 1024,
};

#define ZONE_A  "a.example.com"
#define ZONE_B  "b.example.com"
#define OWNER_A "www.a.example.com"
#define OWNER_B "www.b.example.com"
#define FIRST   "192.0.2.53:53"
#define SECOND  "192.0.2.54:53"
#define SECRET  "0123456789abcdef"

/* Zone a has two primaries, zone b the first of them. */
struct world {
	struct fake_env *fake;
	struct network *network;
	struct zone_model *a, *b;
	struct tsig_key *key;
	struct primary *first, *second;
	struct name names[2];
	struct endpoint primaries[2];
	struct zone_setup setups[2];
	struct zones *zones;
	size_t log_len;
	char log[LOG_MAX];
};

struct waiter {
	struct world *world;
	unsigned answers;
	struct outcome outcome;
	uint64_t at_ms;
	struct waiter *next; /* submitted from within done() */
};

static void keep_line(void *ctx, const char *line, size_t len)
{
	struct world *world = ctx;

	if (len + 2 > sizeof world->log - world->log_len)
		return;
	memcpy(world->log + world->log_len, line, len);
	world->log_len += len;
	world->log[world->log_len++] = '\n';
	world->log[world->log_len] = '\0';
}

static void assert_logged(const struct world *world, const char *part)
{
	if (!strstr(world->log, part))
		fail_msg("the log does not say %s:\n%s", part, world->log);
}

static void assert_not_logged(const struct world *world, const char *part)
{
	if (strstr(world->log, part))
		fail_msg("the log says %s:\n%s", part, world->log);
}

static void submit(struct world *world, const char *owner, const char *addr, struct waiter *waiter);

static void on_done(void *ctx, const struct outcome *outcome)
{
	struct waiter *waiter = ctx;

	waiter->answers++;
	waiter->outcome = *outcome;
	waiter->at_ms = fake_env_now_ms(waiter->world->fake);
	if (waiter->next)
		submit(waiter->world, OWNER_A, "192.0.2.99", waiter->next);
}

static void open_zones(struct world *world)
{
	struct transport_maker maker = network_maker(world->network);
	struct dns_client_options options = {
		.connect_timeout_ms = CONNECT_TIMEOUT_MS, .reply_timeout_ms = REPLY_TIMEOUT_MS, .fudge_s = 300};
	struct queue_limits limits = {
		.entries_max = ENTRIES_MAX,
		.in_flight_max = IN_FLIGHT_MAX,
		.attempts_max = ATTEMPTS_MAX,
		.retry_pause_ms = PAUSE_MS,
		.deadline_ms = DEADLINE_MS,
	};

	assert_int_equal(zones_new(fake_env_of(world->fake), &maker, &options, &limits, world->setups, 2, on_done,
				   &world->zones),
			 STATUS_OK);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	*state = world;
	log_set_sink(keep_line, world);
	log_set_level(LOG_DEBUG);
	world->fake = fake_env_new(1);
	world->network = network_new(world->fake);
	world->a = zone_model_new(ZONE_A);
	world->b = zone_model_new(ZONE_B);
	zone_model_put(world->a, OWNER_A, "192.0.2.1");
	zone_model_put(world->b, OWNER_B, "192.0.2.2");
	assert_int_equal(tsig_key_new("gw", "hmac-sha256", (const uint8_t *)SECRET, strlen(SECRET), &world->key),
			 TSIG_OK);
	world->first = primary_new(world->network, FIRST, world->a, world->key);
	primary_serve(world->first, world->b);
	world->second = primary_new(world->network, SECOND, world->a, world->key);
	world->primaries[0] = *primary_endpoint(world->first);
	world->primaries[1] = *primary_endpoint(world->second);
	assert_int_equal(name_parse(text_of(ZONE_A), &world->names[0]), STATUS_OK);
	assert_int_equal(name_parse(text_of(ZONE_B), &world->names[1]), STATUS_OK);
	world->setups[0] = (struct zone_setup){&world->names[0], world->primaries, 2, world->key};
	world->setups[1] = (struct zone_setup){&world->names[1], world->primaries, 1, world->key};
	open_zones(world);
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	zones_free(&world->zones);
	assert_null(world->zones);
	network_free(&world->network);
	fake_env_free(&world->fake);
	zone_model_free(&world->a);
	zone_model_free(&world->b);
	tsig_key_free(&world->key);
	log_set_sink(NULL, NULL);
	log_set_level(LOG_INFO);
	assert_not_logged(world, SECRET);
	free(world);
	return 0;
}

static void submit_set(struct world *world, const char *owner, const char *const *addrs, size_t count,
		       struct waiter *waiter)
{
	struct change_set set = {.count = count};

	assert_int_equal(name_parse(text_of(owner), &set.owner), STATUS_OK);
	set.zone = name_is_in(&set.owner, &world->names[0]) ? 0 : 1;
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(addr_parse(text_of(addrs[i]), &set.changes[i].addr), STATUS_OK);
		set.changes[i].ttl_s = 180;
		set.changes[i].must_exist = true;
	}
	waiter->world = world;
	zones_submit(world->zones, &set, waiter);
}

static void submit(struct world *world, const char *owner, const char *addr, struct waiter *waiter)
{
	submit_set(world, owner, &addr, 1, waiter);
}

static void submit_and_wait(struct world *world, const char *owner, const char *addr, struct waiter *waiter)
{
	submit(world, owner, addr, waiter);
	fake_env_advance(world->fake, LATER_MS);
	assert_int_equal(waiter->answers, 1);
}

static void assert_outcome(const struct waiter *waiter, enum outcome_code code)
{
	assert_int_equal(waiter->answers, 1);
	assert_string_equal(outcome_text(waiter->outcome.code), outcome_text(code));
}

static void assert_a(const struct world *world, const char *addr)
{
	assert_string_equal(zone_model_get(world->a, OWNER_A, ADDR_V4), addr);
}

/* ---- When all goes well ---- */

static void a_change_is_committed_before_it_is_answered(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};

	submit(world, OWNER_A, "192.0.2.80", &waiter);
	assert_int_equal(waiter.answers, 0);
	fake_env_settle(world->fake);
	assert_outcome(&waiter, OUTCOME_CHANGED);
	assert_a(world, "192.0.2.80");
	assert_not_logged(world, "update-failed");
}

static void both_families_are_one_message(void **state)
{
	static const char *const addrs[] = {"192.0.2.80", "2001:db8::80"};
	struct world *world = *state;
	struct waiter waiter = {0};

	zone_model_put(world->a, OWNER_A, "2001:db8::1");
	submit_set(world, OWNER_A, addrs, 2, &waiter);
	fake_env_settle(world->fake);
	assert_outcome(&waiter, OUTCOME_CHANGED);
	assert_int_equal(primary_requests(world->first), 1);
	assert_a(world, "192.0.2.80");
	assert_string_equal(zone_model_get(world->a, OWNER_A, ADDR_V6), "2001:db8::80");
}

static void a_missing_record_is_named_and_nothing_changed(void **state)
{
	static const char *const addrs[] = {"192.0.2.80", "2001:db8::80"};
	struct world *world = *state;
	struct waiter waiter = {0};

	submit_set(world, OWNER_A, addrs, 2, &waiter);
	fake_env_settle(world->fake);
	assert_outcome(&waiter, OUTCOME_NO_RECORD);
	assert_int_equal(waiter.outcome.missing, ADDR_V6);
	assert_int_equal(primary_requests(world->first), 2);
	assert_true(primary_request(world->first, 1)->only_prerequisites);
	assert_int_equal(zone_model_commits(world->a), 0);
	assert_a(world, "192.0.2.1");
	/* It is the asker's affair. */
	assert_not_logged(world, "level=warning");
}

static void zones_with_the_same_primary_share_its_connection(void **state)
{
	struct world *world = *state;
	struct waiter a = {0}, b = {0};

	submit(world, OWNER_A, "192.0.2.80", &a);
	submit(world, OWNER_B, "192.0.2.81", &b);
	fake_env_settle(world->fake);
	assert_outcome(&a, OUTCOME_CHANGED);
	assert_outcome(&b, OUTCOME_CHANGED);
	assert_string_equal(zone_model_get(world->b, OWNER_B, ADDR_V4), "192.0.2.81");
	assert_int_equal(primary_connections(world->first), 1);
	assert_int_equal(primary_connections(world->second), 0);
}

static void done_may_submit(void **state)
{
	struct world *world = *state;
	struct waiter waiters[3] = {{.next = &waiters[1]}, {.next = &waiters[2]}};

	submit_and_wait(world, OWNER_A, "192.0.2.80", &waiters[0]);
	for (size_t i = 0; i < 3; i++)
		assert_outcome(&waiters[i], OUTCOME_CHANGED);
	assert_a(world, "192.0.2.99");
}

static void the_changes_of_one_host_keep_their_order(void **state)
{
	struct world *world = *state;
	struct waiter waiters[20] = {0};
	char addr[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < 20; i++) {
		snprintf(addr, sizeof addr, "192.0.2.%u", 100 + i);
		submit(world, OWNER_A, addr, &waiters[i]);
	}
	fake_env_settle(world->fake);
	for (size_t i = 0; i < 20; i++)
		assert_outcome(&waiters[i], OUTCOME_CHANGED);
	assert_a(world, "192.0.2.119");
}

/* ---- Failover ---- */

static void a_refused_connection_moves_on_to_the_second_primary(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};

	primary_set_door(world->first, DOOR_REFUSES);
	submit_and_wait(world, OWNER_A, "192.0.2.80", &waiter);
	assert_outcome(&waiter, OUTCOME_CHANGED);
	assert_int_equal(primary_requests(world->second), 1);
	assert_a(world, "192.0.2.80");
	assert_logged(world, "level=warning");
	assert_logged(world, "zone=" ZONE_A);
	assert_logged(world, "primary=" FIRST);
	assert_logged(world, "connection refused");
}

static void a_black_hole_moves_on_to_the_second_primary(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};

	primary_set_door(world->first, DOOR_BLACK_HOLE);
	submit_and_wait(world, OWNER_A, "192.0.2.80", &waiter);
	assert_outcome(&waiter, OUTCOME_CHANGED);
	assert_int_equal(primary_requests(world->second), 1);
	assert_logged(world, "no connection in time");
}

static void a_silent_primary_moves_on_with_a_fresh_message(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};
	const struct primary_request *a, *b;

	primary_set_script(world->first, (struct primary_script){.reply = REPLY_NONE, .rcode = PRIMARY_DECIDES});
	submit_and_wait(world, OWNER_A, "192.0.2.80", &waiter);
	assert_outcome(&waiter, OUTCOME_CHANGED);
	a = primary_request(world->first, 0);
	b = primary_request(world->second, 0);
	assert_int_not_equal(a->id, b->id);
	assert_true(b->time_s > a->time_s);
	assert_int_equal(b->verified, TSIG_OK);
	assert_logged(world, "no reply in time");
}

static void the_second_primary_stays_in_use_while_the_first_is_down(void **state)
{
	struct world *world = *state;
	struct waiter waiters[2] = {0};
	unsigned connections;

	primary_set_door(world->first, DOOR_REFUSES);
	submit_and_wait(world, OWNER_A, "192.0.2.80", &waiters[0]);
	connections = primary_connections(world->first);
	submit_and_wait(world, OWNER_A, "192.0.2.81", &waiters[1]);
	assert_outcome(&waiters[1], OUTCOME_CHANGED);
	assert_int_equal(primary_connections(world->first), connections);
}

static void an_authoritative_answer_does_not_move_on(void **state)
{
	static const unsigned rcodes[] = {DNS_SERVFAIL, DNS_REFUSED, DNS_NOTAUTH, DNS_FORMERR, DNS_NXRRSET};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof rcodes / sizeof *rcodes; i++) {
		struct waiter waiter = {0};

		primary_set_script(world->first, (struct primary_script){.rcode = rcodes[i]});
		submit_and_wait(world, OWNER_A, "192.0.2.80", &waiter);
		assert_outcome(&waiter, rcodes[i] == DNS_NXRRSET ? OUTCOME_NO_RECORD : OUTCOME_REFUSED);
	}
	assert_int_equal(primary_connections(world->second), 0);
	assert_int_equal(zone_model_commits(world->a), 0);
}

static void all_primaries_refusing_is_unreachable(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};

	primary_set_door(world->first, DOOR_REFUSES);
	primary_set_door(world->second, DOOR_FAILS);
	submit_and_wait(world, OWNER_A, "192.0.2.80", &waiter);
	assert_outcome(&waiter, OUTCOME_UNREACHABLE);
	assert_true(primary_connections(world->first) > 1);
	assert_true(primary_connections(world->second) > 1);
}

/*
 * Nothing was ever sent, so nothing can be unknown, however the attempts to connect lie with regard to the deadline.
 */
static void a_black_hole_is_unreachable_and_not_unknown(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};

	primary_set_door(world->first, DOOR_BLACK_HOLE);
	primary_set_door(world->second, DOOR_BLACK_HOLE);
	submit_and_wait(world, OWNER_A, "192.0.2.80", &waiter);
	assert_int_equal(primary_requests(world->first) + primary_requests(world->second), 0);
	assert_outcome(&waiter, OUTCOME_UNREACHABLE);
}

/* ---- Restarts ---- */

static void an_idle_connection_that_was_closed_loses_no_change(void **state)
{
	struct world *world = *state;
	struct waiter waiters[2] = {0};

	submit_and_wait(world, OWNER_B, "192.0.2.80", &waiters[0]);
	primary_drop_connections(world->first);
	fake_env_advance(world->fake, LATER_MS);
	submit_and_wait(world, OWNER_B, "192.0.2.81", &waiters[1]);
	assert_outcome(&waiters[1], OUTCOME_CHANGED);
	assert_int_equal(primary_connections(world->first), 2);
}

static void a_close_that_crosses_a_change_loses_it_not(void **state)
{
	struct world *world = *state;
	struct waiter waiters[2] = {0};

	submit_and_wait(world, OWNER_B, "192.0.2.80", &waiters[0]);
	submit(world, OWNER_B, "192.0.2.81", &waiters[1]);
	primary_drop_connections(world->first);
	fake_env_advance(world->fake, LATER_MS);
	assert_outcome(&waiters[1], OUTCOME_CHANGED);
	assert_string_equal(zone_model_get(world->b, OWNER_B, ADDR_V4), "192.0.2.81");
}

static void a_restart_of_the_primary_loses_no_change(void **state)
{
	struct world *world = *state;
	struct waiter waiters[20] = {0};
	char owner[64], addr[ADDR_TEXT_MAX];

	/* Accepts, commits half, and goes down without a word; is back after a second. */
	for (unsigned i = 0; i < 20; i++) {
		snprintf(owner, sizeof owner, "host%u." ZONE_B, i);
		zone_model_put(world->b, owner, "192.0.2.1");
	}
	primary_set_script(world->first, (struct primary_script){.reply = REPLY_NONE, .rcode = PRIMARY_DECIDES});
	for (unsigned i = 0; i < 20; i++) {
		snprintf(owner, sizeof owner, "host%u." ZONE_B, i);
		snprintf(addr, sizeof addr, "192.0.2.%u", 100 + i);
		submit(world, owner, addr, &waiters[i]);
	}
	fake_env_advance(world->fake, 10);
	primary_set_door(world->first, DOOR_REFUSES);
	primary_drop_connections(world->first);
	fake_env_advance(world->fake, 1000);
	primary_set_door(world->first, DOOR_OPEN);
	primary_set_script(world->first, (struct primary_script){.rcode = PRIMARY_DECIDES});
	fake_env_advance(world->fake, LATER_MS);
	for (unsigned i = 0; i < 20; i++) {
		snprintf(owner, sizeof owner, "host%u." ZONE_B, i);
		snprintf(addr, sizeof addr, "192.0.2.%u", 100 + i);
		assert_outcome(&waiters[i], OUTCOME_CHANGED);
		assert_string_equal(zone_model_get(world->b, owner, ADDR_V4), addr);
	}
}

/* ---- Never by guess ---- */

static void no_wrong_reply_is_a_change(void **state)
{
	struct world *world = *state;

	for (enum reply_kind kind = REPLY_SIGNED + 1; kind < REPLY_KIND_COUNT; kind++) {
		struct waiter waiter = {0};
		uint64_t submitted_ms = fake_env_now_ms(world->fake);

		/* The primary says NOERROR and did nothing. */
		primary_set_script(world->first, (struct primary_script){.reply = kind, .rcode = DNS_NOERROR});
		submit_and_wait(world, OWNER_B, "192.0.2.80", &waiter);
		if (waiter.outcome.code != OUTCOME_UNKNOWN)
			fail_msg("a reply of kind %d ends as %s", kind, outcome_text(waiter.outcome.code));
		assert_true(waiter.at_ms - submitted_ms <= DEADLINE_MS);
	}
	assert_int_equal(zone_model_commits(world->b), 0);
}

static void an_unknown_outcome_is_never_changed(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};

	/* It does commit, but never says so in a way that could be believed. */
	primary_set_script(world->first, (struct primary_script){.rcode = PRIMARY_DECIDES, .close_instead = true});
	submit_and_wait(world, OWNER_B, "192.0.2.80", &waiter);
	assert_outcome(&waiter, OUTCOME_UNKNOWN);
	assert_int_equal(primary_requests(world->first), ATTEMPTS_MAX);
}

static void a_refusal_after_an_unknown_attempt_stays_unknown(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};

	primary_set_script(world->first, (struct primary_script){.rcode = PRIMARY_DECIDES, .close_instead = true});
	submit(world, OWNER_B, "192.0.2.80", &waiter);
	fake_env_settle(world->fake);
	primary_set_script(world->first, (struct primary_script){.rcode = DNS_REFUSED});
	fake_env_advance(world->fake, LATER_MS);
	assert_outcome(&waiter, OUTCOME_UNKNOWN);
}

static void a_wrong_secret_is_refused_and_explained(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};
	struct tsig_key *other;

	zones_free(&world->zones);
	assert_int_equal(tsig_key_new("gw", "hmac-sha256", (const uint8_t *)"fedcba9876543210", 16, &other), TSIG_OK);
	world->setups[1].key = other;
	open_zones(world);
	submit_and_wait(world, OWNER_B, "192.0.2.80", &waiter);
	assert_outcome(&waiter, OUTCOME_REFUSED);
	assert_logged(world, "BADSIG");
	assert_logged(world, "key=gw");
	assert_int_equal(zone_model_commits(world->b), 0);
	zones_free(&world->zones);
	tsig_key_free(&other);
	world->setups[1].key = world->key;
	open_zones(world);
}

static void clocks_that_differ_are_refused_and_explained(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};

	primary_set_clock_offset_s(world->first, -4000);
	submit_and_wait(world, OWNER_B, "192.0.2.80", &waiter);
	assert_outcome(&waiter, OUTCOME_REFUSED);
	assert_logged(world, "4000 s behind");
}

/* ---- Bounds ---- */

static void a_full_queue_is_busy_at_once(void **state)
{
	struct world *world = *state;
	struct waiter waiters[ENTRIES_MAX + 1] = {0}, elsewhere = {0};

	for (size_t i = 0; i < ENTRIES_MAX; i++)
		submit(world, OWNER_A, "192.0.2.80", &waiters[i]);
	submit(world, OWNER_A, "192.0.2.81", &waiters[ENTRIES_MAX]);
	assert_outcome(&waiters[ENTRIES_MAX], OUTCOME_BUSY);
	submit(world, OWNER_B, "192.0.2.82", &elsewhere);
	fake_env_advance(world->fake, LATER_MS);
	for (size_t i = 0; i < ENTRIES_MAX; i++)
		assert_outcome(&waiters[i], OUTCOME_CHANGED);
	assert_outcome(&elsewhere, OUTCOME_CHANGED);
	assert_a(world, "192.0.2.80");
}

static void the_deadline_holds_whatever_the_primary_does(void **state)
{
	struct world *world = *state;
	struct waiter waiters[30] = {0};
	uint64_t submitted_ms = fake_env_now_ms(world->fake);

	primary_set_script(world->first, (struct primary_script){.reply = REPLY_NONE, .rcode = PRIMARY_DECIDES});
	for (size_t i = 0; i < 30; i++)
		submit(world, OWNER_B, "192.0.2.80", &waiters[i]);
	fake_env_advance(world->fake, LATER_MS);
	for (size_t i = 0; i < 30; i++) {
		assert_int_equal(waiters[i].answers, 1);
		assert_true(waiters[i].at_ms - submitted_ms <= DEADLINE_MS);
		assert_int_not_equal(waiters[i].outcome.code, OUTCOME_CHANGED);
	}
}

static void zones_are_freed_with_changes_under_way(void **state)
{
	struct world *world = *state;
	struct waiter waiters[20] = {0};

	primary_set_script(world->first, (struct primary_script){.reply = REPLY_NONE, .rcode = PRIMARY_DECIDES});
	for (size_t i = 0; i < 20; i++)
		submit(world, i % 2 ? OWNER_A : OWNER_B, "192.0.2.80", &waiters[i]);
	fake_env_advance(world->fake, 10);
	zones_free(&world->zones);
	fake_env_advance(world->fake, LATER_MS);
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(waiters[i].answers, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_change_is_committed_before_it_is_answered),
		TEST(both_families_are_one_message),
		TEST(a_missing_record_is_named_and_nothing_changed),
		TEST(zones_with_the_same_primary_share_its_connection),
		TEST(done_may_submit),
		TEST(the_changes_of_one_host_keep_their_order),
		TEST(a_refused_connection_moves_on_to_the_second_primary),
		TEST(a_black_hole_moves_on_to_the_second_primary),
		TEST(a_silent_primary_moves_on_with_a_fresh_message),
		TEST(the_second_primary_stays_in_use_while_the_first_is_down),
		TEST(an_authoritative_answer_does_not_move_on),
		TEST(all_primaries_refusing_is_unreachable),
		TEST(a_black_hole_is_unreachable_and_not_unknown),
		TEST(an_idle_connection_that_was_closed_loses_no_change),
		TEST(a_close_that_crosses_a_change_loses_it_not),
		TEST(a_restart_of_the_primary_loses_no_change),
		TEST(no_wrong_reply_is_a_change),
		TEST(an_unknown_outcome_is_never_changed),
		TEST(a_refusal_after_an_unknown_attempt_stays_unknown),
		TEST(a_wrong_secret_is_refused_and_explained),
		TEST(clocks_that_differ_are_refused_and_explained),
		TEST(a_full_queue_is_busy_at_once),
		TEST(the_deadline_holds_whatever_the_primary_does),
		TEST(zones_are_freed_with_changes_under_way),
	};

	return cmocka_run_group_tests_name("zones", tests, NULL, NULL);
}
