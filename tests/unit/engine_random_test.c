/*
 * Random schedules: queues, driver and clients together, with primaries that drop, delay, close, restart, forge and
 * lie, on a fake clock.
 *
 * Each change carries its own number as its address, so what the zone goes through tells which change was committed
 * when. Checked of every schedule:
 *   - "changed" was committed before it was said; "refused", "no record", "unreachable" and "busy" never are
 *     committed at all
 *   - the changes of one name are committed in the order in which they were submitted, repetitions included
 *   - each is answered exactly once and by its deadline
 *   - no more wait than allowed, and all timers and connections are given back (memory: by a sanitizer)
 *
 * DDNSGATE_TEST_SEED chooses the first schedule, DDNSGATE_TEST_SCHEDULES how many there are. The seed of a schedule
 * that fails is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "fake_env.h"
#include "scripted_primary.h"
#include "zone/zones.h"

enum {
#ifdef TESTS_SANITIZED
	SCHEDULES_DEFAULT = 300,
#else
	SCHEDULES_DEFAULT = 2000,
#endif
	STEPS = 20,
	CHANGES_MAX = 200,
	OWNERS = 8, /* of each zone; the last one has no records */
	ZONES = 2,
	LATER_MS = 120000,
	SECOND_LOW = 1800000000,
};

static const char *const zone_names[ZONES] = {"a.example.com", "b.example.com"};
static const char *const primary_names[] = {"192.0.2.53", "192.0.2.54"};

struct schedule;

/* A change that was submitted; its number is its place in the schedule. */
struct submitted {
	struct schedule *schedule;
	size_t zone;
	unsigned owner;
	unsigned families; /* bits of enum addr_family */
	unsigned committed;
	unsigned answers;
	enum outcome_code code;
	uint64_t at_ms, answered_ms;
};

struct schedule {
	uint64_t seed;
	struct fake_random random;
	struct fake_env *fake;
	struct network *network;
	struct tsig_key *key;
	struct zone_model *models[ZONES];
	struct primary *primaries[2];
	struct endpoint endpoints[2];
	struct name names[ZONES];
	struct zone_setup setups[ZONES];
	struct queue_limits limits;
	unsigned mischief_percent;
	struct zones *zones;
	size_t waiting[ZONES];
	size_t last_committed[ZONES][OWNERS][ADDR_V6 + 1];
	size_t count;
	struct submitted changes[CHANGES_MAX];
};

/* What was seen in a whole run, so that a test that tests nothing is noticed. */
static unsigned long seen[OUTCOME_FAILED + 1];

static void break_rule(const struct schedule *schedule, size_t number, const char *rule)
{
	const struct submitted *change = &schedule->changes[number];

	fail_msg("DDNSGATE_TEST_SEED=%" PRIu64 " DDNSGATE_TEST_SCHEDULES=1: change %zu of host %u in zone %zu, %s: %s",
		 schedule->seed, number, change->owner, change->zone,
		 change->answers ? outcome_text(change->code) : "unanswered", rule);
}

static unsigned draw(struct schedule *schedule, unsigned bound)
{
	return fake_random_below(&schedule->random, bound);
}

static bool chance(struct schedule *schedule, unsigned percent)
{
	return draw(schedule, 100) < percent;
}

/* ---- What the zones go through ---- */

static size_t number_of(const struct addr *addr)
{
	const uint8_t *end = addr->octets + (addr->family == ADDR_V4 ? 4 : 16);

	return (size_t)end[-2] << 8 | end[-1];
}

static void on_commit(void *ctx, const char *owner, const struct addr *addr)
{
	struct schedule *schedule = ctx;
	size_t number = number_of(addr);
	struct submitted *change = &schedule->changes[number];
	size_t *last = &schedule->last_committed[change->zone][change->owner][addr->family];
	char expected[64];

	snprintf(expected, sizeof expected, "h%u.%s", change->owner, zone_names[change->zone]);
	if (number >= schedule->count || strcmp(owner, expected) != 0)
		break_rule(schedule, number, "committed for a host that it is not of");
	if (number < *last)
		break_rule(schedule, number, "committed after a later change of that host");
	*last = number;
	change->committed |= 1u << addr->family;
}

static void on_done(void *ctx, const struct outcome *outcome)
{
	struct submitted *change = ctx;
	struct schedule *schedule = change->schedule;
	size_t number = (size_t)(change - schedule->changes);

	change->code = outcome->code;
	change->answered_ms = fake_env_now_ms(schedule->fake);
	seen[outcome->code]++;
	schedule->waiting[change->zone]--;
	if (change->answers++)
		break_rule(schedule, number, "answered twice");
	if (change->answered_ms > change->at_ms + schedule->limits.deadline_ms)
		break_rule(schedule, number, "answered after its deadline");
	if (outcome->code == OUTCOME_CHANGED && change->committed != change->families)
		break_rule(schedule, number, "it is not in the zone");
}

/* After the end, when nothing can be committed any more. */
static void check(const struct schedule *schedule)
{
	for (size_t i = 0; i < schedule->count; i++) {
		const struct submitted *change = &schedule->changes[i];

		if (change->answers != 1)
			break_rule(schedule, i, "not answered");
		if (change->committed && change->code != OUTCOME_CHANGED && change->code != OUTCOME_UNKNOWN)
			break_rule(schedule, i, "it is in the zone all the same");
		if (change->committed && change->committed != change->families)
			break_rule(schedule, i, "only half of it was committed");
	}
}

/* ---- Mischief ---- */

static enum reply_kind wrong_reply(struct schedule *schedule)
{
	return (enum reply_kind)(1 + draw(schedule, REPLY_KIND_COUNT - 1));
}

/* An honest primary's own failures: it says so, signed, and has done nothing. */
static unsigned failure(struct schedule *schedule)
{
	static const unsigned rcodes[] = {DNS_SERVFAIL, DNS_REFUSED, DNS_NOTAUTH, DNS_FORMERR};

	return rcodes[draw(schedule, sizeof rcodes / sizeof *rcodes)];
}

static void decide(void *ctx, const struct primary_request *request, struct primary_script *script)
{
	struct schedule *schedule = ctx;

	if (request->verified != TSIG_OK)
		fail_msg("a request does not verify: %s", tsig_status_text(request->verified));
	if (chance(schedule, 50))
		script->delay_ms = draw(schedule, 50);
	if (chance(schedule, 20))
		script->piece_len = 1 + draw(schedule, 80);
	if (!chance(schedule, schedule->mischief_percent))
		return;
	switch (draw(schedule, 7)) {
	case 0:
		script->rcode = failure(schedule);
		if (chance(schedule, 30))
			script->reply = REPLY_UNSIGNED;
		break;
	case 1: /* committed, and the reply is worth nothing */
		script->reply = wrong_reply(schedule);
		break;
	case 2: /* not committed, and the reply says it is */
		script->reply = wrong_reply(schedule);
		/*
		 * The clock may come to agree with a wrong time, and then nothing tells the reply from a right one.
		 */
		if (script->reply != REPLY_STALE && script->reply != REPLY_FROM_THE_FUTURE)
			script->rcode = DNS_NOERROR;
		break;
	case 3:
		script->delay_ms = draw(schedule, 3000);
		break;
	case 4:
		script->close_after = 1 + draw(schedule, 200);
		break;
	case 5:
		script->close_instead = true;
		break;
	case 6:
		script->reply = REPLY_NONE;
		break;
	}
}

static void meddle(struct schedule *schedule)
{
	struct primary *primary = schedule->primaries[draw(schedule, 2)];

	if (!chance(schedule, schedule->mischief_percent))
		return;
	switch (draw(schedule, 4)) {
	case 0:
		primary_drop_connections(primary);
		break;
	case 1: /* a restart, or its end */
		primary_set_door(primary, (enum door)draw(schedule, DOOR_FAILS + 1));
		if (chance(schedule, 50))
			primary_drop_connections(primary);
		break;
	case 2:
		primary_set_sends_fail(primary, chance(schedule, 30));
		break;
	default: /* The wall clock jumps, for both sides. */
		fake_env_set_wall_s(schedule->fake, SECOND_LOW + draw(schedule, 1000000));
		break;
	}
}

static void mend(struct schedule *schedule)
{
	schedule->mischief_percent = 0;
	for (size_t i = 0; i < 2; i++) {
		primary_set_door(schedule->primaries[i], DOOR_OPEN);
		primary_set_sends_fail(schedule->primaries[i], false);
	}
}

/* ---- A schedule ---- */

static struct change change_to(enum addr_family family, size_t number)
{
	static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8};
	static const uint8_t v4[16] = {10};
	struct change change = {.ttl_s = 180, .must_exist = true};
	size_t end = family == ADDR_V4 ? 4 : 16;

	change.addr.family = family;
	memcpy(change.addr.octets, family == ADDR_V4 ? v4 : v6, sizeof v6);
	change.addr.octets[end - 2] = (uint8_t)(number >> 8);
	change.addr.octets[end - 1] = (uint8_t)number;
	return change;
}

static void submit(struct schedule *schedule)
{
	size_t number = schedule->count++;
	struct submitted *change = &schedule->changes[number];
	struct change_set set = {0};
	char owner[64];

	change->schedule = schedule;
	change->zone = draw(schedule, ZONES);
	change->owner = draw(schedule, OWNERS);
	change->families = (1 + draw(schedule, 3)) << ADDR_V4;
	change->at_ms = fake_env_now_ms(schedule->fake);
	set.zone = change->zone;
	snprintf(owner, sizeof owner, "h%u.%s", change->owner, zone_names[change->zone]);
	assert_int_equal(name_parse(text_of(owner), &set.owner), STATUS_OK);
	for (enum addr_family family = ADDR_V4; family <= ADDR_V6; family++) {
		if (change->families & 1u << family)
			set.changes[set.count++] = change_to(family, number);
	}
	schedule->waiting[change->zone]++;
	zones_submit(schedule->zones, &set, change);
	if (schedule->waiting[change->zone] > schedule->limits.entries_max)
		break_rule(schedule, number, "more wait than allowed");
}

static void make_zone(struct schedule *schedule, size_t zone)
{
	char owner[64];

	schedule->models[zone] = zone_model_new(zone_names[zone]);
	zone_model_watch(schedule->models[zone], on_commit, schedule);
	for (unsigned i = 0; i + 1 < OWNERS; i++) {
		snprintf(owner, sizeof owner, "h%u.%s", i, zone_names[zone]);
		zone_model_put(schedule->models[zone], owner, "192.0.2.1");
		/* The last but one has no AAAA record. */
		if (i + 2 < OWNERS)
			zone_model_put(schedule->models[zone], owner, "2001:db8::1");
	}
}

static void make_world(struct schedule *schedule)
{
	schedule->fake = fake_env_new(fake_random_draw(&schedule->random));
	schedule->network = network_new(schedule->fake);
	assert_int_equal(tsig_key_new("gw", "hmac-sha256", (const uint8_t *)"0123456789abcdef", 16, &schedule->key),
			 TSIG_OK);
	for (size_t i = 0; i < ZONES; i++)
		make_zone(schedule, i);
	for (size_t i = 0; i < 2; i++) {
		schedule->primaries[i] =
			primary_new(schedule->network, primary_names[i], schedule->models[0], schedule->key);
		primary_serve(schedule->primaries[i], schedule->models[1]);
		primary_set_decide(schedule->primaries[i], decide, schedule);
		schedule->endpoints[i] = *primary_endpoint(schedule->primaries[i]);
	}
	for (size_t i = 0; i < ZONES; i++) {
		assert_int_equal(name_parse(text_of(zone_names[i]), &schedule->names[i]), STATUS_OK);
		schedule->setups[i] = (struct zone_setup){&schedule->names[i], schedule->endpoints,
							  1 + draw(schedule, 2), schedule->key};
	}
}

static void open_zones(struct schedule *schedule)
{
	struct transport_maker maker = network_maker(schedule->network);
	struct dns_client_options options = {
		.connect_timeout_ms = 1 + draw(schedule, 2000),
		.reply_timeout_ms = 1 + draw(schedule, 4000),
		.fudge_s = 300,
	};

	schedule->limits = (struct queue_limits){
		.entries_max = 1 + draw(schedule, 60),
		.in_flight_max = 1 + draw(schedule, 16),
		.attempts_max = 1 + draw(schedule, 6),
		.retry_pause_ms = draw(schedule, 300),
		.deadline_ms = 1 + draw(schedule, 12000),
		.seed = fake_random_draw(&schedule->random),
	};
	assert_int_equal(zones_new(fake_env_of(schedule->fake), &maker, &options, &schedule->limits, schedule->setups,
				   ZONES, on_done, &schedule->zones),
			 STATUS_OK);
}

static void take_apart(struct schedule *schedule)
{
	zones_free(&schedule->zones);
	network_free(&schedule->network);
	fake_env_free(&schedule->fake);
	for (size_t i = 0; i < ZONES; i++)
		zone_model_free(&schedule->models[i]);
	tsig_key_free(&schedule->key);
}

static void run(struct schedule *schedule)
{
	make_world(schedule);
	open_zones(schedule);
	schedule->mischief_percent = draw(schedule, 4) * 20;
	for (unsigned step = 0; step < STEPS; step++) {
		for (unsigned i = draw(schedule, 6); i > 0 && schedule->count < CHANGES_MAX; i--)
			submit(schedule);
		meddle(schedule);
		fake_env_advance(schedule->fake, chance(schedule, 20) ? draw(schedule, 5000) : draw(schedule, 100));
	}
	mend(schedule);
	fake_env_advance(schedule->fake, LATER_MS);
	check(schedule);
	take_apart(schedule);
}

static unsigned schedules_wanted(void)
{
	const char *given = getenv("DDNSGATE_TEST_SCHEDULES");

	return given ? (unsigned)strtoul(given, NULL, 10) : SCHEDULES_DEFAULT;
}

static void drop_line(void *ctx, const char *line, size_t len)
{
	(void)ctx;
	(void)line;
	(void)len;
}

static void every_schedule_keeps_the_rules(void **state)
{
	uint64_t seed = fake_random_seed();
	unsigned wanted = schedules_wanted();

	(void)state;
	log_set_sink(drop_line, NULL);
	for (unsigned i = 0; i < wanted; i++) {
		struct schedule *schedule = calloc(1, sizeof *schedule);

		assert_non_null(schedule);
		schedule->seed = seed + i;
		schedule->random.state = schedule->seed;
		run(schedule);
		free(schedule);
	}
	log_set_sink(NULL, NULL);
}

/* The rules say nothing if nothing happens. */
static void the_schedules_see_every_outcome(void **state)
{
	static const enum outcome_code expected[] = {OUTCOME_CHANGED,     OUTCOME_NO_RECORD, OUTCOME_REFUSED,
						     OUTCOME_UNREACHABLE, OUTCOME_UNKNOWN,   OUTCOME_BUSY};

	(void)state;
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		print_message("%12s %lu\n", outcome_text(expected[i]), seen[expected[i]]);
	if (schedules_wanted() < SCHEDULES_DEFAULT)
		skip();
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		assert_true(seen[expected[i]] > 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_schedule_keeps_the_rules),
		cmocka_unit_test(the_schedules_see_every_outcome),
	};

	return cmocka_run_group_tests_name("engine, at random", tests, NULL, NULL);
}
