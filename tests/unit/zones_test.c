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
	WAITERS_MAX = 100,
	UPDATES_MAX = 2,
	OVERLAP_MIN = 50,
	QUERIES_MAX = 64,
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
	struct peer primaries[2];
	struct zone_setup setups[2];
	struct order *order;
	struct memory *memory;
	struct zones *zones;
	struct primary_script updates; /* of script_updates() */
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

static const struct dns_client_options options = {
	.connect_timeout_ms = CONNECT_TIMEOUT_MS, .reply_timeout_ms = REPLY_TIMEOUT_MS, .fudge_s = 300};
static const struct queue_limits limits = {
	.waiters_max = WAITERS_MAX,
	.share_max = WAITERS_MAX,
	.octets_max = DNS_MESSAGE_MAX,
	.updates_max = UPDATES_MAX,
	.overlap_min = OVERLAP_MIN,
	.half_min = 100,
	.half_min_with_pause = 100,
	.confirms_max = 2,
	.queries_max = QUERIES_MAX,
	.attempts_max = ATTEMPTS_MAX,
	.retry_pause_ms = PAUSE_MS,
	.deadline_ms = DEADLINE_MS,
};

static void open_zones(struct world *world)
{
	struct transport_maker maker = network_maker(world->network);

	assert_int_equal(zones_new(fake_env_of(world->fake), world->order, world->memory, &maker, &options, &limits,
				   world->setups, 2, on_done, &world->zones),
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
	world->first = scripted_new(world->network, FIRST, world->a, world->key);
	primary_serve(world->first, world->b);
	world->second = scripted_new(world->network, SECOND, world->a, world->key);
	world->primaries[0] = *primary_peer(world->first);
	world->primaries[1] = *primary_peer(world->second);
	assert_int_equal(name_parse(text_of(ZONE_A), &world->names[0]), STATUS_OK);
	assert_int_equal(name_parse(text_of(ZONE_B), &world->names[1]), STATUS_OK);
	world->setups[0] = (struct zone_setup){&world->names[0], world->primaries, 2, world->key, NULL, 0};
	world->setups[1] = (struct zone_setup){&world->names[1], world->primaries, 1, world->key, NULL, 0};
	assert_int_equal(order_new(1, &world->order), STATUS_OK);
	assert_int_equal(memory_new(1000, 1, &world->memory), STATUS_OK);
	open_zones(world);
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	zones_free(&world->zones);
	assert_null(world->zones);
	order_free(&world->order);
	memory_free(&world->memory);
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

static void script_update(void *ctx, const struct primary_request *request, struct primary_script *script)
{
	const struct world *world = ctx;

	if (request->kind == DNS_UPDATE)
		*script = world->updates;
}

/* How the primary treats UPDATEs that are to change something; with all else it is honest. */
static void script_updates(struct world *world, struct primary *primary, struct primary_script script)
{
	world->updates = script;
	primary_set_decide(primary, script_update, world);
}

static size_t requests_of(const struct primary *primary, enum dns_request_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < primary_requests(primary); i++)
		count += primary_request(primary, i)->kind == kind;
	return count;
}

static void submit_set(struct world *world, const char *owner, const char *const *addrs, size_t count,
		       struct waiter *waiter)
{
	struct change_set set = {.count = count};

	assert_int_equal(name_parse(text_of(owner), &set.owner), STATUS_OK);
	set.zone = name_is_in(&set.owner, &world->names[0]) ? 0 : 1;
	for (size_t i = 0; i < count; i++) {
		struct addr addr;

		assert_int_equal(addr_parse(text_of(addrs[i]), &addr), STATUS_OK);
		set.changes[i] = change_to_addr(addr, 180, true);
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
	assert_int_equal(requests_of(world->first, DNS_UPDATE), 1);
	assert_int_equal(zone_model_commits(world->a), 1);
	assert_a(world, "192.0.2.80");
	assert_string_equal(zone_model_get(world->a, OWNER_A, ADDR_V6), "2001:db8::80");
}

static void a_missing_record_is_named_and_nothing_changed(void **state)
{
	static const char *const addrs[] = {"192.0.2.80", "2001:db8::80"};
	struct world *world = *state;
	struct waiter first = {0}, waiter = {0};

	submit(world, OWNER_A, "192.0.2.79", &first); /* shows that nothing stands between */
	fake_env_settle(world->fake);
	submit_set(world, OWNER_A, addrs, 2, &waiter);
	fake_env_settle(world->fake);
	assert_outcome(&waiter, OUTCOME_NO_RECORD);
	assert_int_equal(waiter.outcome.missing, RR_AAAA);
	assert_int_equal(requests_of(world->first, DNS_UPDATE), 1);
	assert_int_equal(zone_model_commits(world->a), 1);
	assert_a(world, "192.0.2.79");
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
	assert_outcome(&waiters[0], OUTCOME_CHANGED);
	assert_outcome(&waiters[1], OUTCOME_CHANGED);
	assert_outcome(&waiters[2], OUTCOME_UNCHANGED); /* the same address again */
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

/* ---- Group commit ---- */

enum { HOSTS = 20 };

static const char *host_in_a(unsigned i)
{
	static char owner[64];

	snprintf(owner, sizeof owner, "host%u." ZONE_A, i);
	return owner;
}

/* Each host to an address of its own that ends in `first` + its number. */
static void submit_hosts(struct world *world, unsigned first, struct waiter *waiters)
{
	char addr[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < HOSTS; i++) {
		snprintf(addr, sizeof addr, "192.0.2.%u", first + i);
		submit(world, host_in_a(i), addr, &waiters[i]);
	}
}

static void put_hosts(struct world *world)
{
	for (unsigned i = 0; i < HOSTS; i++)
		zone_model_put(world->a, host_in_a(i), "192.0.2.1");
}

static void concurrent_changes_share_a_transaction(void **state)
{
	struct world *world = *state;
	struct waiter waiters[HOSTS] = {0};

	put_hosts(world);
	submit_hosts(world, 100, waiters);
	fake_env_settle(world->fake);
	for (size_t i = 0; i < HOSTS; i++)
		assert_outcome(&waiters[i], OUTCOME_CHANGED);
	/* The first one goes at once, all others while it is under way. */
	assert_in_range(zone_model_commits(world->a), 1, 3);
}

static void an_unchanged_address_costs_no_transaction(void **state)
{
	struct world *world = *state;
	struct waiter before = {0}, again = {0}, other = {0};
	size_t queries;

	submit_and_wait(world, OWNER_A, "192.0.2.1", &before);
	assert_outcome(&before, OUTCOME_UNCHANGED); /* though it was never seen before */
	queries = requests_of(world->first, DNS_QUERY);
	submit_and_wait(world, OWNER_A, "192.0.2.1", &again);
	assert_outcome(&again, OUTCOME_UNCHANGED);
	assert_int_equal(requests_of(world->first, DNS_QUERY), queries);
	assert_int_equal(requests_of(world->first, DNS_CONFIRM), 2);
	assert_int_equal(requests_of(world->first, DNS_UPDATE), 0);
	assert_int_equal(zone_model_serial(world->a), 0);
	submit_and_wait(world, OWNER_A, "192.0.2.2", &other);
	assert_outcome(&other, OUTCOME_CHANGED);
	assert_int_equal(zone_model_serial(world->a), 1);
}

static void what_others_changed_is_found_out(void **state)
{
	struct world *world = *state;
	struct waiter waiters[3] = {0};

	submit_and_wait(world, OWNER_A, "192.0.2.80", &waiters[0]);
	zone_model_put(world->a, OWNER_A, "192.0.2.7");
	submit_and_wait(world, OWNER_A, "192.0.2.80", &waiters[1]);
	assert_outcome(&waiters[1], OUTCOME_CHANGED);
	assert_a(world, "192.0.2.80");
	zone_model_remove(world->a, OWNER_A, ADDR_V4);
	submit_and_wait(world, OWNER_A, "192.0.2.80", &waiters[2]);
	assert_outcome(&waiters[2], OUTCOME_NO_RECORD);
	assert_a(world, "");
}

static void a_wildcard_is_no_record(void **state)
{
	struct world *world = *state;
	struct waiter same = {0}, other = {0};

	zone_model_set_wildcard(world->a, "192.0.2.80");
	submit_and_wait(world, host_in_a(0), "192.0.2.80", &same);
	assert_outcome(&same, OUTCOME_NO_RECORD);
	submit_and_wait(world, host_in_a(1), "192.0.2.81", &other);
	assert_outcome(&other, OUTCOME_NO_RECORD);
	assert_int_equal(zone_model_commits(world->a), 0);
}

static void without_queries_the_update_decides(void **state)
{
	struct world *world = *state;
	struct waiter there = {0}, gone = {0};

	zone_model_refuse_queries(world->a, true);
	submit_and_wait(world, OWNER_A, "192.0.2.80", &there);
	assert_outcome(&there, OUTCOME_CHANGED);
	submit_and_wait(world, host_in_a(0), "192.0.2.80", &gone);
	assert_outcome(&gone, OUTCOME_NO_RECORD);
}

static void culprits_do_not_fail_their_neighbours(void **state)
{
	static const unsigned rcodes[] = {DNS_REFUSED, DNS_SERVFAIL, DNS_NOTZONE, DNS_FORMERR, DNS_YXDOMAIN};
	struct world *world = *state;

	put_hosts(world);
	for (unsigned i = 0; i < sizeof rcodes / sizeof *rcodes; i++) {
		struct waiter waiters[HOSTS] = {0};

		zone_model_reject(world->a, host_in_a(7), rcodes[i]);
		submit_hosts(world, 100 + 20 * i, waiters);
		fake_env_settle(world->fake);
		for (size_t k = 0; k < HOSTS; k++)
			assert_outcome(&waiters[k], k == 7 ? OUTCOME_REFUSED : OUTCOME_CHANGED);
	}
	assert_string_equal(zone_model_get(world->a, host_in_a(7), ADDR_V4), "192.0.2.1");
}

/* What memory has of it is wrong: the batch finds out. */
static void a_record_that_vanished_does_not_fail_its_neighbours(void **state)
{
	struct world *world = *state;
	struct waiter before[HOSTS] = {0}, waiters[HOSTS] = {0};

	put_hosts(world);
	submit_hosts(world, 100, before);
	fake_env_settle(world->fake);
	zone_model_remove(world->a, host_in_a(3), ADDR_V4);
	zone_model_remove(world->a, host_in_a(17), ADDR_V4);
	submit_hosts(world, 200, waiters);
	fake_env_settle(world->fake);
	for (size_t i = 0; i < HOSTS; i++)
		assert_outcome(&waiters[i], i == 3 || i == 17 ? OUTCOME_NO_RECORD : OUTCOME_CHANGED);
}

/* ---- Cancellation ---- */

static void what_was_cancelled_before_it_left_is_never_sent(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};

	primary_set_door(world->first, DOOR_BLACK_HOLE);
	submit(world, OWNER_B, "192.0.2.80", &waiter);
	fake_env_advance(world->fake, 10);
	zones_cancel(world->zones, 1, &waiter);
	primary_set_door(world->first, DOOR_OPEN);
	fake_env_advance(world->fake, LATER_MS);
	assert_int_equal(waiter.answers, 0);
	assert_int_equal(requests_of(world->first, DNS_UPDATE), 0);
}

static void what_was_cancelled_in_flight_keeps_its_place(void **state)
{
	struct world *world = *state;
	struct waiter cancelled = {0}, next = {0};

	script_updates(world, world->first, (struct primary_script){.rcode = PRIMARY_DECIDES, .delay_ms = 1000});
	submit(world, OWNER_B, "192.0.2.80", &cancelled);
	fake_env_advance(world->fake, 10);
	assert_int_equal(requests_of(world->first, DNS_UPDATE), 1);
	zones_cancel(world->zones, 1, &cancelled);
	submit(world, OWNER_B, "192.0.2.81", &next);
	fake_env_advance(world->fake, 10);
	assert_int_equal(requests_of(world->first, DNS_UPDATE), 1);
	fake_env_advance(world->fake, LATER_MS);
	assert_int_equal(cancelled.answers, 0);
	assert_outcome(&next, OUTCOME_CHANGED);
	assert_string_equal(zone_model_get(world->b, OWNER_B, ADDR_V4), "192.0.2.81");
}

/* ---- Failover ---- */

static void a_refused_connection_moves_on_to_the_second_primary(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};

	primary_set_door(world->first, DOOR_REFUSES);
	submit_and_wait(world, OWNER_A, "192.0.2.80", &waiter);
	assert_outcome(&waiter, OUTCOME_CHANGED);
	assert_int_equal(requests_of(world->second, DNS_UPDATE), 1);
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
	assert_int_equal(requests_of(world->second, DNS_UPDATE), 1);
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

static void the_second_primary_stays_in_use_while_the_first_one_rests(void **state)
{
	struct world *world = *state;
	struct waiter waiters[5] = {0};
	unsigned connections;

	primary_set_door(world->first, DOOR_REFUSES);
	submit(world, OWNER_A, "192.0.2.80", &waiters[0]);
	fake_env_advance(world->fake, 2 * PAUSE_MS);
	assert_outcome(&waiters[0], OUTCOME_CHANGED);
	connections = primary_connections(world->first);
	for (size_t i = 1; i < 5; i++) {
		submit(world, OWNER_A, i % 2 ? "192.0.2.81" : "192.0.2.82", &waiters[i]);
		fake_env_settle(world->fake);
		assert_outcome(&waiters[i], OUTCOME_CHANGED);
	}
	assert_int_equal(primary_connections(world->first), connections);
}

/* It is tried with something that cannot be lost: a client's change is not what finds out. */
static void a_primary_that_comes_back_is_used_again(void **state)
{
	struct world *world = *state;
	struct waiter waiters[3] = {0};

	primary_set_door(world->first, DOOR_REFUSES);
	submit_and_wait(world, OWNER_A, "192.0.2.80", &waiters[0]);
	primary_set_door(world->first, DOOR_OPEN);
	submit(world, OWNER_A, "192.0.2.81", &waiters[1]);
	fake_env_settle(world->fake);
	assert_outcome(&waiters[1], OUTCOME_CHANGED);
	assert_int_equal(requests_of(world->first, DNS_UPDATE), 0);
	submit(world, OWNER_A, "192.0.2.82", &waiters[2]);
	fake_env_settle(world->fake);
	assert_outcome(&waiters[2], OUTCOME_CHANGED);
	assert_int_equal(requests_of(world->first, DNS_UPDATE), 1);
}

static void an_authoritative_answer_does_not_move_on(void **state)
{
	static const unsigned rcodes[] = {DNS_REFUSED, DNS_NOTAUTH, DNS_FORMERR, DNS_NXRRSET};
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

	for (enum reply_kind kind = REPLY_NONE; kind < REPLY_KIND_COUNT; kind++) {
		struct waiter waiter = {0};
		uint64_t submitted_ms = fake_env_now_ms(world->fake);

		/* The primary says NOERROR and did nothing. */
		script_updates(world, world->first, (struct primary_script){.reply = kind, .rcode = DNS_NOERROR});
		submit_and_wait(world, OWNER_B, "192.0.2.80", &waiter);
		if (waiter.outcome.code != OUTCOME_UNKNOWN)
			fail_msg("a reply of kind %d ends as %s", kind, outcome_text(waiter.outcome.code));
		assert_true(waiter.at_ms - submitted_ms <= DEADLINE_MS);
	}
	assert_int_equal(zone_model_commits(world->b), 0);
}

/* Neither a forged "there is none" nor a forged "it is so already" is passed on. */
static void no_wrong_reply_to_a_question_is_an_answer(void **state)
{
	struct world *world = *state;

	primary_set_door(world->second, DOOR_REFUSES);
	for (enum reply_kind kind = REPLY_NONE; kind < REPLY_KIND_COUNT; kind++) {
		struct waiter waiters[2] = {0};

		/* The first one is looked at; the second one is known, and is to be confirmed. */
		primary_set_script(world->first, (struct primary_script){.reply = kind, .rcode = DNS_NOERROR});
		submit_and_wait(world, OWNER_B, "192.0.2.80", &waiters[0]);
		assert_outcome(&waiters[0], OUTCOME_UNREACHABLE);
		primary_set_script(world->first, (struct primary_script){.rcode = PRIMARY_DECIDES});
		submit_and_wait(world, OWNER_A, "192.0.2.80", &(struct waiter){0});
		primary_set_script(world->first, (struct primary_script){.reply = kind, .rcode = DNS_NOERROR});
		submit_and_wait(world, OWNER_A, "192.0.2.80", &waiters[1]);
		assert_outcome(&waiters[1], OUTCOME_UNREACHABLE);
	}
	assert_int_equal(zone_model_commits(world->b), 0);
}

static void what_was_committed_without_a_word_is_found_out(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};

	script_updates(world, world->first, (struct primary_script){.rcode = PRIMARY_DECIDES, .close_instead = true});
	submit_and_wait(world, OWNER_B, "192.0.2.80", &waiter);
	assert_outcome(&waiter, OUTCOME_CHANGED);
	assert_int_equal(zone_model_commits(world->b), 1);
	assert_string_equal(zone_model_get(world->b, OWNER_B, ADDR_V4), "192.0.2.80");
}

/* It was given up for lost, repeated, and followed by another; then the primary finds it in a buffer. */
static void an_update_that_was_delayed_does_not_undo_a_later_one(void **state)
{
	struct world *world = *state;
	struct waiter first = {0}, second = {0};

	primary_set_lag_ms(world->first, 2 * DEADLINE_MS);
	submit(world, OWNER_B, "192.0.2.80", &first);
	fake_env_advance(world->fake, REPLY_TIMEOUT_MS);
	primary_set_lag_ms(world->first, 0);
	fake_env_advance(world->fake, 2 * PAUSE_MS);
	assert_outcome(&first, OUTCOME_CHANGED);
	submit(world, OWNER_B, "192.0.2.81", &second);
	fake_env_settle(world->fake);
	assert_outcome(&second, OUTCOME_CHANGED);
	fake_env_advance(world->fake, LATER_MS);
	assert_int_equal(requests_of(world->first, DNS_UPDATE), 3);
	assert_string_equal(zone_model_get(world->b, OWNER_B, ADDR_V4), "192.0.2.81");
}

/* As far as anybody here can know. */
static const struct primary_script says_nothing = {.rcode = DNS_SERVFAIL, .close_instead = true};

static void an_unknown_outcome_is_never_changed(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};

	script_updates(world, world->first, says_nothing);
	submit_and_wait(world, OWNER_B, "192.0.2.80", &waiter);
	assert_outcome(&waiter, OUTCOME_UNKNOWN);
	assert_int_equal(requests_of(world->first, DNS_UPDATE), ATTEMPTS_MAX);
}

static void a_refusal_after_an_unknown_attempt_stays_unknown(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};

	script_updates(world, world->first, says_nothing);
	submit(world, OWNER_B, "192.0.2.80", &waiter);
	fake_env_settle(world->fake);
	script_updates(world, world->first, (struct primary_script){.rcode = DNS_REFUSED});
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
	assert_outcome(&waiter, OUTCOME_REFUSED_UNSIGNED);
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
	struct waiter waiters[WAITERS_MAX + 1] = {0}, elsewhere = {0};
	char addr[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < WAITERS_MAX; i++) {
		snprintf(addr, sizeof addr, "192.0.2.%u", 100 + i);
		submit(world, OWNER_A, addr, &waiters[i]);
	}
	submit(world, OWNER_A, "192.0.2.81", &waiters[WAITERS_MAX]);
	assert_outcome(&waiters[WAITERS_MAX], OUTCOME_BUSY);
	submit(world, OWNER_B, "192.0.2.82", &elsewhere);
	fake_env_advance(world->fake, LATER_MS);
	for (size_t i = 0; i < WAITERS_MAX; i++)
		assert_outcome(&waiters[i], OUTCOME_CHANGED);
	assert_outcome(&elsewhere, OUTCOME_CHANGED);
	assert_a(world, addr);
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

/* ---- What is counted ---- */

static void batches_and_messages_are_counted(void **state)
{
	struct world *world = *state;
	struct waiter waiters[HOSTS] = {0};
	struct zone_stats stats;
	const struct dns_client_stats *client = NULL;
	const struct primary *primary;

	put_hosts(world);
	submit_hosts(world, 100, waiters);
	zones_stats(world->zones, 0, &stats);
	assert_int_equal(stats.waiting, HOSTS);
	assert_true(stats.in_flight > 0);
	fake_env_settle(world->fake);
	zones_stats(world->zones, 0, &stats);
	assert_int_equal(stats.waiting, 0);
	assert_int_equal(stats.in_flight, 0);
	assert_int_equal(stats.batch.sum, HOSTS);
	assert_true(stats.queries > 0);
	zones_stats(world->zones, 1, &stats);
	assert_int_equal(stats.batch.sum + stats.queries, 0);
	for (size_t i = 0; (primary = zones_primary(world->zones, i)); i++) {
		if (dns_client_stats(primary_client(primary))->sent)
			client = dns_client_stats(primary_client(primary));
	}
	assert_non_null(client);
	assert_int_equal(client->connections, 1);
	assert_int_equal(client->sent, primary_requests(world->first));
	assert_int_equal(client->unknown + client->unreachable, 0);
}

static void a_zone_is_well_as_long_as_one_primary_is(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {.world = world};

	assert_true(zones_is_well(world->zones, 0));
	primary_set_door(world->first, DOOR_REFUSES);
	submit_and_wait(world, OWNER_A, "192.0.2.1", &waiter);
	assert_true(zones_is_well(world->zones, 0));
	assert_false(zones_is_well(world->zones, 1));
}

static void tsig_errors_are_counted_by_their_kind(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {.world = world};
	const struct primary *primary;
	uint64_t count = 0;

	primary_set_clock_offset_s(world->first, 4000);
	submit_and_wait(world, OWNER_B, "192.0.2.1", &waiter);
	for (size_t i = 0; (primary = zones_primary(world->zones, i)); i++)
		count += dns_client_stats(primary_client(primary))->tsig_badtime;
	assert_true(count > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* A connection that had worked ends with two messages on it: one end, and no reason to leave the primary. */
static void one_end_with_several_messages_counts_once(void **state)
{
	struct world *world = *state;
	struct waiter warm = {0}, first = {0}, second = {0};

	zone_model_put(world->a, "x.a.example.com", "192.0.2.1");
	zone_model_put(world->a, "y.a.example.com", "192.0.2.1");
	submit_and_wait(world, OWNER_A, "192.0.2.80", &warm);
	primary_set_script(world->first, (struct primary_script){.rcode = PRIMARY_DECIDES, .hold = true});
	submit(world, "x.a.example.com", "192.0.2.5", &first);
	submit(world, "y.a.example.com", "192.0.2.6", &second);
	fake_env_settle(world->fake);
	primary_drop_connections(world->first);
	primary_set_script(world->first, (struct primary_script){.rcode = PRIMARY_DECIDES});
	fake_env_advance(world->fake, LATER_MS);
	assert_outcome(&first, OUTCOME_CHANGED);
	assert_outcome(&second, OUTCOME_CHANGED);
	assert_int_equal(primary_connections(world->second), 0);
}

/* Changes of 40 hosts; returns how many UPDATEs they took. */
static size_t change_forty(struct world *world, const char *address, struct waiter waiters[static 40])
{
	size_t before = requests_of(world->first, DNS_UPDATE);
	char owner[64];

	for (int i = 0; i < 40; i++) {
		snprintf(owner, sizeof owner, "h%d." ZONE_B, i);
		if (*zone_model_get(world->b, owner, ADDR_V4) == '\0')
			zone_model_put(world->b, owner, "192.0.2.1");
		submit(world, owner, address, &waiters[i]);
	}
	fake_env_advance(world->fake, LATER_MS);
	return requests_of(world->first, DNS_UPDATE) - before;
}

static void a_fault_of_the_primary_makes_nobody_a_culprit(void **state)
{
	struct world *world = *state;
	static struct waiter warm[40], failed[40], healthy[40];
	size_t together = change_forty(world, "192.0.2.2", warm);

	script_updates(world, world->first, (struct primary_script){.rcode = DNS_SERVFAIL});
	change_forty(world, "192.0.2.3", failed);
	for (int i = 0; i < 40; i++)
		assert_outcome(&failed[i], OUTCOME_REFUSED);
	script_updates(world, world->first, (struct primary_script){.rcode = PRIMARY_DECIDES});
	assert_in_range(change_forty(world, "192.0.2.4", healthy), 1, together + 1);
	for (int i = 0; i < 40; i++)
		assert_outcome(&healthy[i], OUTCOME_CHANGED);
}

/* ---- One configuration after another ---- */

/* Puts the setups of the world, `count` of them, in the place of those in force, which are returned. */
static struct zones *reconfigure(struct world *world, size_t count)
{
	struct zones *before = world->zones;

	assert_int_equal(zones_succeed(before, &options, &limits, world->setups, count, &world->zones), STATUS_OK);
	zones_take_over(world->zones);
	return before;
}

static void a_zone_that_stays_keeps_its_memory_and_its_connection(void **state)
{
	struct world *world = *state;
	struct waiter first = {0}, same = {0};
	struct zones *before;
	size_t requests;

	submit_and_wait(world, OWNER_A, "192.0.2.80", &first);
	requests = primary_requests(world->first);
	before = reconfigure(world, 2);
	assert_true(zones_are_idle(before));
	zones_free(&before);
	submit_and_wait(world, OWNER_A, "192.0.2.80", &same);
	assert_outcome(&same, OUTCOME_UNCHANGED);
	assert_int_equal(primary_requests(world->first), requests + 1);
	assert_int_equal(primary_connections(world->first), 1);
}

static void changes_under_way_are_answered_after_a_reconfiguration(void **state)
{
	struct world *world = *state;
	struct waiter early = {0}, late = {0};
	struct zones *before;

	primary_set_script(world->first, (struct primary_script){.rcode = PRIMARY_DECIDES, .hold = true});
	submit(world, OWNER_A, "192.0.2.80", &early);
	fake_env_advance(world->fake, 10);
	before = reconfigure(world, 2);
	assert_false(zones_are_idle(before));
	submit(world, OWNER_A, "192.0.2.81", &late);
	fake_env_advance(world->fake, 10);
	primary_set_script(world->first, (struct primary_script){.rcode = PRIMARY_DECIDES});
	scripted_release(world->first, false);
	fake_env_advance(world->fake, LATER_MS);
	assert_int_equal(early.answers, 1);
	assert_outcome(&late, OUTCOME_CHANGED);
	assert_a(world, "192.0.2.81");
	assert_true(zones_are_idle(before));
	zones_free(&before);
}

static void a_zone_that_goes_finishes_what_it_has(void **state)
{
	struct world *world = *state;
	struct waiter a = {0}, b = {0}, later = {0};
	struct zones *before;

	primary_set_script(world->first, (struct primary_script){.rcode = PRIMARY_DECIDES, .hold = true});
	submit(world, OWNER_A, "192.0.2.80", &a);
	submit(world, OWNER_B, "192.0.2.81", &b);
	fake_env_advance(world->fake, 10);
	before = reconfigure(world, 1);
	primary_set_script(world->first, (struct primary_script){.rcode = PRIMARY_DECIDES});
	scripted_release(world->first, false);
	fake_env_advance(world->fake, LATER_MS);
	assert_outcome(&a, OUTCOME_CHANGED);
	assert_outcome(&b, OUTCOME_CHANGED);
	assert_true(zones_are_idle(before));
	zones_free(&before);
	submit_and_wait(world, OWNER_A, "192.0.2.82", &later);
	assert_a(world, "192.0.2.82");
}

static void another_primary_is_used_from_then_on(void **state)
{
	struct world *world = *state;
	struct waiter first = {0}, second = {0};
	struct zones *before;

	submit_and_wait(world, OWNER_A, "192.0.2.80", &first);
	world->setups[0].primaries = &world->primaries[1];
	world->setups[0].primary_count = 1;
	before = reconfigure(world, 1);
	zones_free(&before);
	submit_and_wait(world, OWNER_A, "192.0.2.81", &second);
	assert_outcome(&second, OUTCOME_CHANGED);
	assert_int_equal(primary_connections(world->second), 1);
}

static void a_successor_that_never_takes_over_changes_nothing(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};
	struct zones *never;

	submit(world, OWNER_A, "192.0.2.80", &waiter);
	assert_int_equal(zones_succeed(world->zones, &options, &limits, world->setups, 2, &never), STATUS_OK);
	zones_free(&never);
	fake_env_advance(world->fake, LATER_MS);
	assert_outcome(&waiter, OUTCOME_CHANGED);
}

static void submit_at(struct zones *zones, struct order_place *place, const char *addr, struct waiter *waiter)
{
	struct change_set set = {.count = 1, .place = place};
	struct addr parsed;

	assert_int_equal(name_parse(text_of(OWNER_A), &set.owner), STATUS_OK);
	assert_int_equal(addr_parse(text_of(addr), &parsed), STATUS_OK);
	set.changes[0] = change_to_addr(parsed, 180, true);
	zones_submit(zones, &set, waiter);
}

/*
 * A request whose account is still looked up in the configuration before, and a later one in the next; also if the zone
 * was away in between, so that the two have different queues for it.
 */
static void the_order_of_arrival_holds_over_reconfigurations(void **state)
{
	struct world *world = *state;

	for (size_t away = 0; away < 2; away++) {
		struct waiter earlier = {.world = world}, later = {.world = world};
		struct zones *first = world->zones, *second = NULL;
		struct order_place early, late;

		order_arrive(world->order, &early);
		if (away) {
			world->setups[0].name = &world->names[1];
			second = reconfigure(world, 1) == first ? world->zones : NULL;
			world->setups[0].name = &world->names[0];
		}
		reconfigure(world, 1);
		order_arrive(world->order, &late);
		submit_at(world->zones, &late, "192.0.2.42", &later);
		order_leave(world->order, &late);
		fake_env_advance(world->fake, LATER_MS);
		assert_int_equal(later.answers, 1);
		submit_at(first, &early, "192.0.2.41", &earlier);
		order_leave(world->order, &early);
		fake_env_advance(world->fake, LATER_MS);
		assert_outcome(&earlier, OUTCOME_OVERTAKEN);
		assert_a(world, "192.0.2.42");
		zones_free(&first);
		zones_free(&second);
	}
}

static void all_generations_are_freed_with_changes_under_way(void **state)
{
	struct world *world = *state;
	struct waiter early = {0}, late = {0};
	struct zones *before;

	primary_set_script(world->first, (struct primary_script){.reply = REPLY_NONE, .rcode = PRIMARY_DECIDES});
	submit(world, OWNER_A, "192.0.2.80", &early);
	fake_env_advance(world->fake, 10);
	before = reconfigure(world, 2);
	submit(world, OWNER_B, "192.0.2.81", &late);
	fake_env_advance(world->fake, 10);
	zones_free(&before);
	zones_free(&world->zones);
	fake_env_advance(world->fake, LATER_MS);
	assert_int_equal(early.answers + late.answers, 0);
}

/* ---- Looking ---- */

enum { LOOK_PATIENCE_MS = 1000 };

struct sight {
	unsigned answers;
	bool known;
	size_t count;
	char addr[ADDR_TEXT_MAX]; /* the first one */
	const struct world *world;
	uint64_t at_ms;
};

static void on_seen(void *ctx, bool known, const struct addr *addrs, size_t count)
{
	struct sight *sight = ctx;

	sight->answers++;
	sight->known = known;
	sight->count = count;
	sight->at_ms = fake_env_now_ms(sight->world->fake);
	if (count)
		addr_format(&addrs[0], sight->addr);
}

static void look(struct world *world, const char *owner, enum rr_type type, struct sight *sight)
{
	struct name name;

	*sight = (struct sight){.world = world};
	assert_int_equal(name_parse(text_of(owner), &name), STATUS_OK);
	zones_look(world->zones, name_is_in(&name, &world->names[0]) ? 0 : 1, &name, type, LOOK_PATIENCE_MS, on_seen,
		   sight);
}

static void look_and_wait(struct world *world, const char *owner, enum rr_type type, struct sight *sight)
{
	look(world, owner, type, sight);
	fake_env_advance(world->fake, LATER_MS);
	assert_int_equal(sight->answers, 1);
}

static void a_look_tells_what_is_there_and_changes_nothing(void **state)
{
	struct world *world = *state;
	struct sight sight;

	look_and_wait(world, OWNER_A, RR_A, &sight);
	assert_true(sight.known && sight.count == 1);
	assert_string_equal(sight.addr, "192.0.2.1");
	zone_model_add(world->a, OWNER_A, "192.0.2.9");
	look_and_wait(world, OWNER_A, RR_A, &sight);
	assert_true(sight.known && sight.count == 2);
	look_and_wait(world, OWNER_A, RR_AAAA, &sight);
	assert_true(sight.known && sight.count == 0);
	look_and_wait(world, "none.b.example.com", RR_A, &sight);
	assert_true(sight.known && sight.count == 0);
	assert_int_equal(requests_of(world->first, DNS_QUERY), 4);
	assert_int_equal(primary_requests(world->first), 4);
}

static void a_look_does_not_outlast_its_patience(void **state)
{
	struct world *world = *state;
	struct sight sight;
	uint64_t begun_ms = fake_env_now_ms(world->fake);

	primary_set_script(world->first, (struct primary_script){.reply = REPLY_NONE, .rcode = PRIMARY_DECIDES});
	look_and_wait(world, OWNER_A, RR_A, &sight);
	assert_false(sight.known);
	assert_int_equal(sight.at_ms - begun_ms, LOOK_PATIENCE_MS);
	begun_ms = fake_env_now_ms(world->fake);
	primary_set_script(world->first, (struct primary_script){.rcode = PRIMARY_DECIDES, .delay_ms = 2000});
	look_and_wait(world, OWNER_A, RR_A, &sight);
	assert_false(sight.known);
	assert_int_equal(sight.at_ms - begun_ms, LOOK_PATIENCE_MS);
}

static void a_look_believes_no_wrong_reply_and_no_refusal(void **state)
{
	struct world *world = *state;
	struct sight sight;

	for (enum reply_kind kind = REPLY_NONE; kind < REPLY_KIND_COUNT; kind++) {
		primary_set_script(world->first, (struct primary_script){.reply = kind, .rcode = PRIMARY_DECIDES});
		look_and_wait(world, OWNER_A, RR_A, &sight);
		if (sight.known)
			fail_msg("a reply of kind %d is believed", kind);
	}
	primary_set_script(world->first, (struct primary_script){.rcode = DNS_REFUSED});
	look_and_wait(world, OWNER_A, RR_A, &sight);
	assert_false(sight.known);
	primary_set_script(world->first, (struct primary_script){.rcode = PRIMARY_DECIDES, .lame = true});
	look_and_wait(world, OWNER_A, RR_A, &sight);
	assert_false(sight.known);
}

static void a_failed_look_does_not_make_a_primary_rest(void **state)
{
	struct world *world = *state;
	struct waiter waiter = {0};
	struct sight sight;

	primary_set_script(world->first, (struct primary_script){.reply = REPLY_NONE, .rcode = PRIMARY_DECIDES});
	look_and_wait(world, OWNER_A, RR_A, &sight);
	primary_set_script(world->first, (struct primary_script){.rcode = PRIMARY_DECIDES});
	submit_and_wait(world, OWNER_A, "192.0.2.80", &waiter);
	assert_outcome(&waiter, OUTCOME_CHANGED);
	assert_int_equal(primary_connections(world->second), 0);
}

static void zones_are_freed_with_looks_under_way(void **state)
{
	struct world *world = *state;
	struct sight sights[3];

	primary_set_script(world->first, (struct primary_script){.reply = REPLY_NONE, .rcode = PRIMARY_DECIDES});
	look(world, OWNER_A, RR_A, &sights[0]);
	fake_env_advance(world->fake, LOOK_PATIENCE_MS + 1);
	look(world, OWNER_B, RR_A, &sights[1]);
	fake_env_advance(world->fake, 10);
	look(world, OWNER_B, RR_AAAA, &sights[2]);
	zones_free(&world->zones);
	fake_env_advance(world->fake, LATER_MS);
	assert_int_equal(sights[0].answers, 1);
	assert_int_equal(sights[1].answers, 0);
	assert_int_equal(sights[2].answers, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(batches_and_messages_are_counted),
		TEST(a_zone_is_well_as_long_as_one_primary_is),
		TEST(tsig_errors_are_counted_by_their_kind),
		TEST(a_change_is_committed_before_it_is_answered),
		TEST(both_families_are_one_message),
		TEST(a_missing_record_is_named_and_nothing_changed),
		TEST(zones_with_the_same_primary_share_its_connection),
		TEST(done_may_submit),
		TEST(the_changes_of_one_host_keep_their_order),
		TEST(concurrent_changes_share_a_transaction),
		TEST(an_unchanged_address_costs_no_transaction),
		TEST(what_others_changed_is_found_out),
		TEST(a_wildcard_is_no_record),
		TEST(without_queries_the_update_decides),
		TEST(culprits_do_not_fail_their_neighbours),
		TEST(a_record_that_vanished_does_not_fail_its_neighbours),
		TEST(what_was_cancelled_before_it_left_is_never_sent),
		TEST(what_was_cancelled_in_flight_keeps_its_place),
		TEST(a_refused_connection_moves_on_to_the_second_primary),
		TEST(a_black_hole_moves_on_to_the_second_primary),
		TEST(a_silent_primary_moves_on_with_a_fresh_message),
		TEST(the_second_primary_stays_in_use_while_the_first_one_rests),
		TEST(a_primary_that_comes_back_is_used_again),
		TEST(an_authoritative_answer_does_not_move_on),
		TEST(all_primaries_refusing_is_unreachable),
		TEST(a_black_hole_is_unreachable_and_not_unknown),
		TEST(an_idle_connection_that_was_closed_loses_no_change),
		TEST(a_close_that_crosses_a_change_loses_it_not),
		TEST(a_restart_of_the_primary_loses_no_change),
		TEST(no_wrong_reply_is_a_change),
		TEST(no_wrong_reply_to_a_question_is_an_answer),
		TEST(what_was_committed_without_a_word_is_found_out),
		TEST(an_update_that_was_delayed_does_not_undo_a_later_one),
		TEST(an_unknown_outcome_is_never_changed),
		TEST(a_refusal_after_an_unknown_attempt_stays_unknown),
		TEST(a_wrong_secret_is_refused_and_explained),
		TEST(clocks_that_differ_are_refused_and_explained),
		TEST(a_full_queue_is_busy_at_once),
		TEST(the_deadline_holds_whatever_the_primary_does),
		TEST(zones_are_freed_with_changes_under_way),
		TEST(one_end_with_several_messages_counts_once),
		TEST(a_fault_of_the_primary_makes_nobody_a_culprit),
		TEST(a_zone_that_stays_keeps_its_memory_and_its_connection),
		TEST(changes_under_way_are_answered_after_a_reconfiguration),
		TEST(a_zone_that_goes_finishes_what_it_has),
		TEST(another_primary_is_used_from_then_on),
		TEST(a_successor_that_never_takes_over_changes_nothing),
		TEST(the_order_of_arrival_holds_over_reconfigurations),
		TEST(all_generations_are_freed_with_changes_under_way),
		TEST(a_look_tells_what_is_there_and_changes_nothing),
		TEST(a_look_does_not_outlast_its_patience),
		TEST(a_look_believes_no_wrong_reply_and_no_refusal),
		TEST(a_failed_look_does_not_make_a_primary_rest),
		TEST(zones_are_freed_with_looks_under_way),
	};

	return cmocka_run_group_tests_name("zones", tests, NULL, NULL);
}
