/*
 * Several primaries of one zone, some of which are down, silent or sick: who is asked, how often, and how soon
 * everybody is answered.
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
#include "zone/primary.h"
#include "zone/zones.h"

enum {
	CONNECT_TIMEOUT_MS = 2000,
	REPLY_TIMEOUT_MS = 4000,
	DEADLINE_MS = 10000,
	LATER_MS = 60000,
	AT_ONCE_MS = 50,
	ROW = 6, /* primaries of the zone */
	HOSTS = 300,
};

#define ZONE   "example.com"
#define OTHER  "example.net"
#define WWW    "www.example.com"
#define OTHERS "www.example.net"
#define NEW    "192.0.2.80"
#define SECRET "0123456789abcdef"

struct world {
	struct fake_env *fake;
	struct network *network;
	struct zone_model *models[2];
	struct tsig_key *key;
	struct primary *row[ROW];
	struct peer peers[ROW];
	struct name names[2];
	struct zone_setup setups[2];
	struct order *order;
	struct memory *memory;
	struct zones *zones;
	unsigned lines; /* logged as warnings */
};

struct waiter {
	struct world *world;
	unsigned answers;
	struct outcome outcome;
	uint64_t after_ms; /* the submission */
};

static const struct dns_client_options options = {
	.connect_timeout_ms = CONNECT_TIMEOUT_MS, .reply_timeout_ms = REPLY_TIMEOUT_MS, .fudge_s = 300};
static const struct queue_limits limits = {
	.waiters_max = HOSTS,
	.share_max = HOSTS,
	.octets_max = DNS_MESSAGE_MAX,
	.updates_max = 1,
	.overlap_min = 32,
	.half_min = 100,
	.half_min_with_pause = 250,
	.confirms_max = 2,
	.queries_max = 128,
	.attempts_max = 5,
	.retry_pause_ms = 100,
	.deadline_ms = DEADLINE_MS,
};

static void count_line(void *ctx, const char *line, size_t len)
{
	struct world *world = ctx;

	(void)len;
	world->lines += strstr(line, "level=warning") != NULL;
}

static void on_done(void *ctx, const struct outcome *outcome)
{
	struct waiter *waiter = ctx;

	waiter->answers++;
	waiter->outcome = *outcome;
	waiter->after_ms = fake_env_now_ms(waiter->world->fake) - waiter->after_ms;
}

static void open_zones(struct world *world)
{
	struct transport_maker maker = network_maker(world->network);

	assert_int_equal(zones_new(fake_env_of(world->fake), world->order, world->memory, &maker, &options, &limits,
				   world->setups, 2, on_done, &world->zones),
			 STATUS_OK);
}

/* The zone with its first `count` primaries alone; the other zone has the first two. */
static void use_primaries(struct world *world, size_t count)
{
	zones_free(&world->zones);
	world->setups[0].primary_count = count;
	open_zones(world);
}

static int setup(void **state)
{
	static const char *const zones[2] = {ZONE, OTHER};
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	*state = world;
	log_set_sink(count_line, world);
	world->fake = fake_env_new(1);
	world->network = network_new(world->fake);
	assert_int_equal(order_new(1, &world->order), STATUS_OK);
	assert_int_equal(memory_new(1000, 1, &world->memory), STATUS_OK);
	assert_int_equal(tsig_key_new("gw", "hmac-sha256", (const uint8_t *)SECRET, strlen(SECRET), &world->key),
			 TSIG_OK);
	for (size_t i = 0; i < 2; i++) {
		world->models[i] = zone_model_new(zones[i]);
		assert_int_equal(name_parse(text_of(zones[i]), &world->names[i]), STATUS_OK);
	}
	zone_model_put(world->models[0], WWW, "192.0.2.1");
	zone_model_put(world->models[1], OTHERS, "192.0.2.1");
	for (size_t i = 0; i < ROW; i++) {
		char peer[PEER_TEXT_MAX];

		snprintf(peer, sizeof peer, "192.0.2.%zu:53", 51 + i);
		world->row[i] = scripted_new(world->network, peer, world->models[0], world->key);
		primary_serve(world->row[i], world->models[1]);
		world->peers[i] = *primary_peer(world->row[i]);
	}
	for (size_t i = 0; i < 2; i++)
		world->setups[i] =
			(struct zone_setup){&world->names[i], world->peers, i ? 2 : ROW, world->key, NULL, 0};
	open_zones(world);
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	zones_free(&world->zones);
	order_free(&world->order);
	memory_free(&world->memory);
	network_free(&world->network);
	fake_env_free(&world->fake);
	for (size_t i = 0; i < 2; i++)
		zone_model_free(&world->models[i]);
	tsig_key_free(&world->key);
	log_set_sink(NULL, NULL);
	free(world);
	return 0;
}

static size_t requests_of(const struct primary *primary, enum dns_request_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < primary_requests(primary); i++)
		count += primary_request(primary, i)->kind == kind;
	return count;
}

static void submit_change(struct world *world, const char *owner, struct change change, struct waiter *waiter)
{
	struct change_set set = {.count = 1, .changes = {change}};

	assert_int_equal(name_parse(text_of(owner), &set.owner), STATUS_OK);
	set.zone = name_is_in(&set.owner, &world->names[0]) ? 0 : 1;
	*waiter = (struct waiter){.world = world, .after_ms = fake_env_now_ms(world->fake)};
	zones_submit(world->zones, &set, waiter);
}

static void submit(struct world *world, const char *owner, const char *addr, struct waiter *waiter)
{
	struct addr parsed;

	assert_int_equal(addr_parse(text_of(addr), &parsed), STATUS_OK);
	submit_change(world, owner, change_to_addr(parsed, 180, true), waiter);
}

static void assert_answered(const struct waiter *waiter, enum outcome_code code, uint64_t within_ms)
{
	assert_int_equal(waiter->answers, 1);
	assert_string_equal(outcome_text(waiter->outcome.code), outcome_text(code));
	if (waiter->after_ms > within_ms)
		fail_msg("answered after %u ms", (unsigned)waiter->after_ms);
}

/* Submits, and lets pass no more time than until the answer. */
static void change(struct world *world, const char *owner, const char *addr, enum outcome_code code, uint64_t within_ms)
{
	struct waiter waiter;

	submit(world, owner, addr, &waiter);
	for (uint64_t ms = 0; ms <= within_ms && waiter.answers == 0; ms += 10)
		fake_env_advance(world->fake, 10);
	assert_answered(&waiter, code, within_ms);
}

static void set_doors(struct world *world, size_t count, enum door door)
{
	for (size_t i = 0; i < count; i++)
		primary_set_door(world->row[i], door);
}

static void set_scripts(struct world *world, size_t count, struct primary_script script)
{
	for (size_t i = 0; i < count; i++)
		primary_set_script(world->row[i], script);
}

/* What the script of a primary does with UPDATEs alone, or with queries alone. */
struct for_one_kind {
	bool queries;
	struct primary_script script;
};

static void decide_for_one_kind(void *ctx, const struct primary_request *request, struct primary_script *script)
{
	const struct for_one_kind *what = ctx;

	if (request->kind == DNS_QUERY ? what->queries : !what->queries && request->changes)
		*script = what->script;
}

static unsigned connections(const struct world *world, size_t count)
{
	unsigned sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += primary_connections(world->row[i]);
	return sum;
}

/* ---- Who is not there ---- */

static void dead_primaries_cost_no_time(void **state)
{
	static const enum door doors[] = {DOOR_REFUSES, DOOR_FAILS};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
		use_primaries(world, ROW);
		set_doors(world, ROW - 1, doors[i]);
		change(world, WWW, i ? "192.0.2.81" : NEW, OUTCOME_CHANGED, AT_ONCE_MS);
	}
}

static void all_that_come_at_once_are_served_by_the_one_that_is_there(void **state)
{
	struct world *world = *state;
	static struct waiter waiters[100];
	char owner[64];

	set_doors(world, ROW - 1, DOOR_REFUSES);
	for (size_t i = 0; i < 100; i++) {
		snprintf(owner, sizeof owner, "h%zu." ZONE, i);
		zone_model_put(world->models[0], owner, "192.0.2.1");
		submit(world, owner, NEW, &waiters[i]);
	}
	fake_env_advance(world->fake, AT_ONCE_MS);
	for (size_t i = 0; i < 100; i++)
		assert_answered(&waiters[i], OUTCOME_CHANGED, AT_ONCE_MS);
	assert_true(connections(world, ROW - 1) <= ROW);
}

static void silent_primaries_cost_one_connect_time_together(void **state)
{
	struct world *world = *state;

	set_doors(world, ROW - 1, DOOR_BLACK_HOLE);
	change(world, WWW, NEW, OUTCOME_CHANGED, CONNECT_TIMEOUT_MS + AT_ONCE_MS);
	/* The others are still tried, and nobody waits for that. */
	change(world, WWW, "192.0.2.81", OUTCOME_CHANGED, AT_ONCE_MS);
	fake_env_advance(world->fake, LATER_MS);
	change(world, WWW, "192.0.2.82", OUTCOME_CHANGED, AT_ONCE_MS);
}

static void primaries_that_accept_and_say_nothing_cost_one_reply_time_together(void **state)
{
	struct world *world = *state;

	set_scripts(world, ROW - 1, (struct primary_script){.reply = REPLY_NONE, .rcode = DNS_REFUSED});
	change(world, WWW, NEW, OUTCOME_CHANGED, REPLY_TIMEOUT_MS + AT_ONCE_MS);
	change(world, WWW, "192.0.2.81", OUTCOME_CHANGED, AT_ONCE_MS);
}

static void what_is_down_stays_known(void **state)
{
	struct world *world = *state;
	unsigned tried;

	set_doors(world, ROW - 1, DOOR_REFUSES);
	change(world, WWW, NEW, OUTCOME_CHANGED, AT_ONCE_MS);
	tried = connections(world, ROW - 1);
	change(world, WWW, "192.0.2.81", OUTCOME_CHANGED, AT_ONCE_MS);
	assert_int_equal(connections(world, ROW - 1), tried);
}

static void what_is_known_outlasts_a_reconfiguration(void **state)
{
	struct world *world = *state;
	struct zones *before;
	unsigned tried;
	size_t updates;

	set_doors(world, 2, DOOR_REFUSES);
	primary_set_script(world->row[2], (struct primary_script){.rcode = DNS_SERVFAIL});
	change(world, WWW, NEW, OUTCOME_CHANGED, AT_ONCE_MS);
	tried = connections(world, 2);
	updates = primary_requests(world->row[2]);
	before = world->zones;
	assert_int_equal(zones_succeed(before, &options, &limits, world->setups, 2, &world->zones), STATUS_OK);
	zones_take_over(world->zones);
	zones_free(&before);
	change(world, WWW, "192.0.2.81", OUTCOME_CHANGED, AT_ONCE_MS);
	assert_int_equal(connections(world, 2), tried);
	assert_int_equal(primary_requests(world->row[2]), updates);
}

static void a_primary_that_is_back_is_used_again(void **state)
{
	struct world *world = *state;

	set_doors(world, 1, DOOR_BLACK_HOLE);
	change(world, WWW, NEW, OUTCOME_CHANGED, CONNECT_TIMEOUT_MS + AT_ONCE_MS);
	set_doors(world, 1, DOOR_OPEN);
	fake_env_advance(world->fake, 2 * REST_FIRST_MS);
	change(world, WWW, "192.0.2.81", OUTCOME_CHANGED, AT_ONCE_MS);
	change(world, WWW, "192.0.2.82", OUTCOME_CHANGED, AT_ONCE_MS);
	assert_int_equal(requests_of(world->row[0], DNS_UPDATE), 1);
}

static void all_are_down_and_one_comes_back(void **state)
{
	struct world *world = *state;

	set_doors(world, ROW, DOOR_REFUSES);
	change(world, WWW, NEW, OUTCOME_UNREACHABLE, DEADLINE_MS);
	set_doors(world, ROW, DOOR_BLACK_HOLE);
	change(world, WWW, NEW, OUTCOME_UNREACHABLE, DEADLINE_MS);
	primary_set_door(world->row[3], DOOR_OPEN);
	fake_env_advance(world->fake, REST_MAX_MS + REST_MAX_MS / 4);
	change(world, WWW, NEW, OUTCOME_CHANGED, 2 * CONNECT_TIMEOUT_MS);
}

/* Nobody who is there is asked on behalf of those who are not, as long as the first one speaks. */
static void others_are_left_in_peace_while_the_first_one_speaks(void **state)
{
	struct world *world = *state;

	for (unsigned i = 0; i < 20; i++) {
		change(world, WWW, i % 2 ? NEW : "192.0.2.81", OUTCOME_CHANGED, AT_ONCE_MS);
		fake_env_advance(world->fake, 500);
	}
	assert_int_equal(connections(world, ROW), 1);
}

/* ---- Who is there and fails ---- */

static void a_primary_that_fails_is_left_for_the_next_one(void **state)
{
	static const struct primary_script scripts[] = {
		{.rcode = DNS_SERVFAIL}, {.rcode = DNS_NOTIMP}, {.rcode = DNS_NOTIMP, .reply = REPLY_UNSIGNED}};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		struct for_one_kind updates = {.script = scripts[i]};
		size_t before = requests_of(world->row[0], DNS_UPDATE);

		use_primaries(world, 2);
		primary_set_decide(world->row[0], decide_for_one_kind, &updates);
		change(world, WWW, i % 2 ? NEW : "192.0.2.81", OUTCOME_CHANGED, AT_ONCE_MS);
		change(world, WWW, "192.0.2.82", OUTCOME_CHANGED, AT_ONCE_MS);
		assert_int_equal(requests_of(world->row[0], DNS_UPDATE), before + 1);
		/* It is tried again, with an update that then goes to the next one, and more and more seldom. */
		for (unsigned k = 0; k < 60; k++) {
			fake_env_advance(world->fake, 1000);
			change(world, WWW, k % 2 ? NEW : "192.0.2.81", OUTCOME_CHANGED, AT_ONCE_MS);
		}
		assert_in_range(requests_of(world->row[0], DNS_UPDATE) - before, 3, 7);
		primary_set_decide(world->row[0], NULL, NULL);
		fake_env_advance(world->fake, REST_MAX_MS + REST_MAX_MS / 4);
		before = requests_of(world->row[0], DNS_UPDATE);
		change(world, WWW, "192.0.2.83", OUTCOME_CHANGED, AT_ONCE_MS);
		assert_int_equal(requests_of(world->row[0], DNS_UPDATE), before + 1);
	}
}

/* It answers queries, and UPDATEs that change nothing; so its connection works, and every now and then it is tried. */
static void who_never_answers_a_change_is_found_out_again_and_again(void **state)
{
	struct for_one_kind updates = {.script = {.reply = REPLY_NONE, .rcode = DNS_REFUSED}};
	struct world *world = *state;
	unsigned slow = 0;

	use_primaries(world, 2);
	primary_set_decide(world->row[0], decide_for_one_kind, &updates);
	for (unsigned i = 0; i < 100; i++) {
		uint64_t begin_ms = fake_env_now_ms(world->fake);

		change(world, WWW, i % 2 ? NEW : "192.0.2.81", OUTCOME_CHANGED, REPLY_TIMEOUT_MS + AT_ONCE_MS);
		slow += fake_env_now_ms(world->fake) - begin_ms > AT_ONCE_MS;
		fake_env_advance(world->fake, 1000);
	}
	assert_in_range(slow, 2, 8);
}

/* A spare one is asked how it is although nobody needs it. */
static void a_spare_primary_that_is_back_is_known_to_be(void **state)
{
	struct world *world = *state;

	use_primaries(world, 2);
	set_doors(world, 2, DOOR_REFUSES);
	change(world, WWW, NEW, OUTCOME_UNREACHABLE, DEADLINE_MS);
	set_doors(world, 2, DOOR_OPEN);
	for (unsigned i = 0; i < 20; i++) {
		fake_env_advance(world->fake, 1000);
		change(world, WWW, i % 2 ? NEW : "192.0.2.81", OUTCOME_CHANGED, AT_ONCE_MS);
	}
	for (size_t i = 0; i < 2; i++)
		assert_true(primary_is_well(zones_primary(world->zones, i)));
	assert_int_equal(requests_of(world->row[1], DNS_UPDATE), 0);
}

static void five_that_fail_before_one_that_does_not(void **state)
{
	struct world *world = *state;

	set_scripts(world, ROW - 1, (struct primary_script){.rcode = DNS_SERVFAIL});
	change(world, WWW, NEW, OUTCOME_CHANGED, AT_ONCE_MS);
	for (size_t i = 0; i < ROW - 1; i++)
		assert_true(requests_of(world->row[i], DNS_UPDATE) <= 1);
}

static void when_all_fail_that_is_said_soon(void **state)
{
	struct world *world = *state;

	set_scripts(world, ROW, (struct primary_script){.rcode = DNS_SERVFAIL});
	change(world, WWW, NEW, OUTCOME_REFUSED, 1000);
	use_primaries(world, 1);
	change(world, WWW, NEW, OUTCOME_REFUSED, 1000);
}

/* As of a zone that has expired, or could not be loaded. */
static void who_fails_with_one_zone_keeps_the_others(void **state)
{
	struct world *world = *state;

	zone_model_reject(world->models[0], WWW, DNS_SERVFAIL);
	change(world, WWW, NEW, OUTCOME_REFUSED, 1000);
	change(world, OTHERS, NEW, OUTCOME_CHANGED, AT_ONCE_MS);
	assert_string_equal(zone_model_get(world->models[1], OTHERS, ADDR_V4), NEW);
	for (size_t i = 0; i < primary_requests(world->row[1]); i++)
		assert_string_not_equal(primary_request(world->row[1], i)->owner, OTHERS);
}

/* What cannot be read there is read elsewhere; what is written still goes to the first one. */
static void who_fails_with_queries_alone_is_written_to(void **state)
{
	struct for_one_kind queries = {.queries = true, .script = {.rcode = DNS_SERVFAIL}};
	struct addr prefix;
	struct world *world = *state;
	struct waiter waiter;

	zone_model_put(world->models[0], WWW, "2001:db8:1:2::7");
	assert_int_equal(addr_parse(text_of("2001:db8:5:600::"), &prefix), STATUS_OK);
	primary_set_decide(world->row[0], decide_for_one_kind, &queries);
	submit_change(world, WWW, change_prefix(prefix, 56, 180, true), &waiter);
	fake_env_settle(world->fake);
	assert_answered(&waiter, OUTCOME_CHANGED, AT_ONCE_MS);
	assert_string_equal(zone_model_get(world->models[0], WWW, ADDR_V6), "2001:db8:5:602::7");
	assert_int_equal(requests_of(world->row[0], DNS_UPDATE), 1);
	assert_int_equal(requests_of(world->row[1], DNS_UPDATE), 0);
}

static void a_refusal_does_not_move_on(void **state)
{
	static const unsigned rcodes[] = {DNS_REFUSED, DNS_NOTAUTH, DNS_NOTZONE, DNS_FORMERR};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof rcodes / sizeof *rcodes; i++) {
		set_scripts(world, 1, (struct primary_script){.rcode = rcodes[i]});
		change(world, WWW, NEW, OUTCOME_REFUSED, AT_ONCE_MS);
	}
	assert_int_equal(connections(world, ROW), 1);
}

static void many_hosts_are_few_messages_to_a_sick_primary(void **state)
{
	static struct waiter waiters[HOSTS];
	struct for_one_kind updates = {.script = {.rcode = DNS_SERVFAIL}};
	struct world *world = *state;
	char owner[64];

	use_primaries(world, 1);
	primary_set_decide(world->row[0], decide_for_one_kind, &updates);
	for (size_t i = 0; i < HOSTS; i++) {
		snprintf(owner, sizeof owner, "h%zu." ZONE, i);
		zone_model_put(world->models[0], owner, "192.0.2.1");
		submit(world, owner, NEW, &waiters[i]);
		fake_env_advance(world->fake, 2);
	}
	fake_env_advance(world->fake, LATER_MS);
	for (size_t i = 0; i < HOSTS; i++)
		assert_answered(&waiters[i], OUTCOME_REFUSED, 3000);
	if (requests_of(world->row[0], DNS_UPDATE) > 20)
		fail_msg("%zu messages", requests_of(world->row[0], DNS_UPDATE));
	assert_true(world->lines <= 20);
}

static void one_that_makes_a_primary_fail_does_not_fail_the_others(void **state)
{
	static struct waiter waiters[HOSTS];
	struct world *world = *state;
	char owner[64];

	use_primaries(world, 2);
	for (size_t i = 0; i < HOSTS; i++) {
		snprintf(owner, sizeof owner, "h%zu." ZONE, i);
		zone_model_put(world->models[0], owner, "192.0.2.1");
	}
	zone_model_reject(world->models[0], "h77." ZONE, DNS_SERVFAIL);
	for (size_t i = 0; i < HOSTS; i++) {
		snprintf(owner, sizeof owner, "h%zu." ZONE, i);
		submit(world, owner, NEW, &waiters[i]);
	}
	fake_env_advance(world->fake, LATER_MS);
	for (size_t i = 0; i < HOSTS; i++)
		assert_answered(&waiters[i], i == 77 ? OUTCOME_REFUSED : OUTCOME_CHANGED, 3000);
	if (requests_of(world->row[0], DNS_UPDATE) + requests_of(world->row[1], DNS_UPDATE) > 60)
		fail_msg("%zu messages",
			 requests_of(world->row[0], DNS_UPDATE) + requests_of(world->row[1], DNS_UPDATE));
}

/* ---- Who dies with a message in its hands ---- */

static void shut(struct world *world)
{
	primary_set_door(world->row[0], DOOR_REFUSES);
	primary_drop_connections(world->row[0]);
}

/* Both have the same zone: what was carried out is found there, and not carried out again. */
static void what_the_first_one_carried_out_is_found_at_the_second(void **state)
{
	struct world *world = *state;
	struct waiter waiter;

	change(world, WWW, "192.0.2.81", OUTCOME_CHANGED, AT_ONCE_MS);
	primary_set_script(world->row[0], (struct primary_script){.reply = REPLY_NONE, .rcode = PRIMARY_DECIDES});
	submit(world, WWW, NEW, &waiter);
	fake_env_settle(world->fake);
	assert_string_equal(zone_model_get(world->models[0], WWW, ADDR_V4), NEW);
	shut(world);
	fake_env_advance(world->fake, AT_ONCE_MS);
	assert_answered(&waiter, OUTCOME_CHANGED, AT_ONCE_MS);
	assert_int_equal(zone_model_commits(world->models[0]), 2);
	assert_int_equal(requests_of(world->row[1], DNS_UPDATE), 0);
}

static void what_the_first_one_did_not_carry_out_is_by_the_second(void **state)
{
	struct world *world = *state;
	struct waiter waiter;

	primary_set_script(world->row[0], (struct primary_script){.reply = REPLY_NONE, .rcode = DNS_SERVFAIL});
	submit(world, WWW, NEW, &waiter);
	fake_env_settle(world->fake);
	shut(world);
	fake_env_advance(world->fake, AT_ONCE_MS);
	assert_answered(&waiter, OUTCOME_CHANGED, AT_ONCE_MS);
	assert_string_equal(zone_model_get(world->models[0], WWW, ADDR_V4), NEW);
}

/* It lies in a buffer of the first one until another change is through, and then does not undo it. */
static void what_comes_late_at_the_first_one_undoes_nothing(void **state)
{
	struct world *world = *state;
	struct waiter waiter;

	change(world, WWW, "192.0.2.81", OUTCOME_CHANGED, AT_ONCE_MS);
	primary_set_lag_ms(world->row[0], 3 * REPLY_TIMEOUT_MS);
	submit(world, WWW, NEW, &waiter);
	fake_env_settle(world->fake);
	shut(world);
	fake_env_advance(world->fake, AT_ONCE_MS);
	assert_answered(&waiter, OUTCOME_CHANGED, AT_ONCE_MS);
	change(world, WWW, "192.0.2.83", OUTCOME_CHANGED, AT_ONCE_MS);
	fake_env_advance(world->fake, LATER_MS);
	assert_string_equal(zone_model_get(world->models[0], WWW, ADDR_V4), "192.0.2.83");
}

/* Nobody tells what there is: it is not carried out elsewhere on the chance that it was not. */
static void what_cannot_be_settled_stays_unknown(void **state)
{
	struct world *world = *state;
	struct waiter waiter;

	zone_model_refuse_queries(world->models[0], true);
	primary_set_lag_ms(world->row[0], 2 * DEADLINE_MS);
	submit(world, WWW, NEW, &waiter);
	fake_env_settle(world->fake);
	shut(world);
	fake_env_advance(world->fake, LATER_MS);
	assert_answered(&waiter, OUTCOME_UNKNOWN, DEADLINE_MS);
	for (size_t i = 1; i < ROW; i++)
		assert_int_equal(requests_of(world->row[i], DNS_UPDATE), 0);
}

/* The first one is there again in time, so that it is settled by itself. */
static void who_is_restarted_settles_it(void **state)
{
	struct world *world = *state;
	struct waiter waiter;

	zone_model_refuse_queries(world->models[0], true);
	primary_set_script(world->row[0], (struct primary_script){.reply = REPLY_NONE, .rcode = PRIMARY_DECIDES});
	submit(world, WWW, NEW, &waiter);
	fake_env_settle(world->fake);
	shut(world);
	fake_env_advance(world->fake, 200);
	primary_set_door(world->row[0], DOOR_OPEN);
	primary_set_script(world->row[0], (struct primary_script){.rcode = PRIMARY_DECIDES});
	fake_env_advance(world->fake, DEADLINE_MS);
	assert_answered(&waiter, OUTCOME_CHANGED, DEADLINE_MS / 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(dead_primaries_cost_no_time),
		TEST(all_that_come_at_once_are_served_by_the_one_that_is_there),
		TEST(silent_primaries_cost_one_connect_time_together),
		TEST(primaries_that_accept_and_say_nothing_cost_one_reply_time_together),
		TEST(what_is_down_stays_known),
		TEST(what_is_known_outlasts_a_reconfiguration),
		TEST(a_primary_that_is_back_is_used_again),
		TEST(all_are_down_and_one_comes_back),
		TEST(others_are_left_in_peace_while_the_first_one_speaks),
		TEST(a_primary_that_fails_is_left_for_the_next_one),
		TEST(who_never_answers_a_change_is_found_out_again_and_again),
		TEST(a_spare_primary_that_is_back_is_known_to_be),
		TEST(five_that_fail_before_one_that_does_not),
		TEST(when_all_fail_that_is_said_soon),
		TEST(who_fails_with_one_zone_keeps_the_others),
		TEST(who_fails_with_queries_alone_is_written_to),
		TEST(a_refusal_does_not_move_on),
		TEST(many_hosts_are_few_messages_to_a_sick_primary),
		TEST(one_that_makes_a_primary_fail_does_not_fail_the_others),
		TEST(what_the_first_one_carried_out_is_found_at_the_second),
		TEST(what_the_first_one_did_not_carry_out_is_by_the_second),
		TEST(what_comes_late_at_the_first_one_undoes_nothing),
		TEST(what_cannot_be_settled_stays_unknown),
		TEST(who_is_restarted_settles_it),
	};

	return cmocka_run_group_tests_name("failover", tests, NULL, NULL);
}
