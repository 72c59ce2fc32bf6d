/*
 * Many zones at one primary: when connections are opened and closed, which zone goes over which, and that nobody has
 * to wait, or fails, for what another zone does.
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
#include "records.h"
#include "scripted_primary.h"
#include "zone/primary.h"
#include "zone/zones.h"

enum {
	CONNECT_TIMEOUT_MS = 2000,
	REPLY_TIMEOUT_MS = 4000,
	DEADLINE_MS = 10000,
	LATER_MS = 60000,
	ZONES = 20,
	CROWDED_AT = 4,
	CONNECTIONS_MAX = 5,
	DELAY_MS = 20,
	SOON_MS = 4 * DELAY_MS, /* a look and an UPDATE, and what is in front of them */
	HOSTS = 200,
	REQUESTS_MAX = 5000,
};

#define SECRET "0123456789abcdef"

/* What a primary was told to do with the messages of one zone. */
struct habit {
	bool is_other; /* than DELAY_MS, and all well */
	struct primary_script script;
};

/* Messages of a zone that are with the primary, by when their replies leave. */
struct zone_traffic {
	unsigned connection;
	uint64_t until_ms;
};

struct world {
	struct fake_env *fake;
	struct network *network;
	struct zone_model *models[ZONES];
	struct tsig_key *key;
	struct primary *first, *second;
	struct peer peers[2];
	struct name names[ZONES];
	struct zone_setup setups[ZONES];
	struct order *order;
	struct memory *memory;
	struct dns_client_options options;
	struct dns_budget budget;
	struct zones *zones;
	struct habit habits[ZONES];
	struct zone_traffic traffic[ZONES];
	unsigned updates, updates_most; /* with the primary; at a time */
	unsigned strayed;               /* messages of a zone over a connection while others were over another */
	unsigned lines;                 /* logged as warnings */
};

struct waiter {
	struct world *world;
	unsigned answers;
	struct outcome outcome;
	uint64_t begun_ms, after_ms;
};

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
	waiter->after_ms = fake_env_now_ms(waiter->world->fake) - waiter->begun_ms;
}

static size_t zone_of(const char *owner)
{
	return strtoul(strrchr(owner, 'z') + 1, NULL, 10);
}

static void one_update_less(void *ctx)
{
	struct world *world = ctx;

	world->updates--;
}

/* Honest, after a while; and it notes which zone comes over which connection. */
static void decide(void *ctx, const struct primary_request *request, struct primary_script *script)
{
	struct world *world = ctx;
	size_t zone = *request->owner ? zone_of(request->owner) : ZONES;
	uint64_t now_ms = fake_env_now_ms(world->fake);
	struct zone_traffic *traffic;

	script->delay_ms = DELAY_MS;
	if (zone >= ZONES || *request->owner == 'z') /* an UPDATE of nothing; a query for the SOA */
		return;
	if (world->habits[zone].is_other)
		*script = world->habits[zone].script;
	if (request->kind != DNS_QUERY) {
		world->updates++;
		if (world->updates > world->updates_most)
			world->updates_most = world->updates;
		fake_env_call_at(world->fake, now_ms + script->delay_ms, one_update_less, world);
	}
	traffic = &world->traffic[zone];
	if (traffic->until_ms > now_ms && traffic->connection != request->connection)
		world->strayed++;
	traffic->connection = request->connection;
	traffic->until_ms = now_ms + script->delay_ms;
}

static void open_zones(struct world *world)
{
	struct transport_maker maker = network_maker(world->network);

	assert_int_equal(zones_new(fake_env_of(world->fake), world->order, world->memory, &maker, &world->options,
				   &limits, world->setups, ZONES, on_done, &world->zones),
			 STATUS_OK);
}

/* As a restart has it: nothing is remembered. */
static void reopen_zones(struct world *world)
{
	zones_free(&world->zones);
	memory_free(&world->memory);
	assert_int_equal(memory_new(1000, 1, &world->memory), STATUS_OK);
	open_zones(world);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	char text[64];

	assert_non_null(world);
	*state = world;
	log_set_sink(count_line, world);
	world->fake = fake_env_new(1);
	world->network = network_new(world->fake);
	assert_int_equal(order_new(1, &world->order), STATUS_OK);
	assert_int_equal(memory_new(1000, 1, &world->memory), STATUS_OK);
	assert_int_equal(tsig_key_new("gw", "hmac-sha256", (const uint8_t *)SECRET, strlen(SECRET), &world->key),
			 TSIG_OK);
	for (size_t i = 0; i < ZONES; i++) {
		snprintf(text, sizeof text, "z%zu.example", i);
		world->models[i] = zone_model_new(text);
		assert_int_equal(name_parse(text_of(text), &world->names[i]), STATUS_OK);
		snprintf(text, sizeof text, "h0.z%zu.example", i);
		zone_model_put(world->models[i], text, "192.0.2.1");
	}
	world->first = scripted_new(world->network, "192.0.2.53:53", world->models[0], world->key);
	world->second = scripted_new(world->network, "192.0.2.54:53", world->models[0], world->key);
	for (size_t i = 1; i < ZONES; i++) {
		primary_serve(world->first, world->models[i]);
		primary_serve(world->second, world->models[i]);
	}
	primary_set_decide(world->first, decide, world);
	world->peers[0] = *primary_peer(world->first);
	world->peers[1] = *primary_peer(world->second);
	for (size_t i = 0; i < ZONES; i++)
		world->setups[i] = (struct zone_setup){&world->names[i], world->peers, 1, world->key, NULL, 0};
	world->budget.allowed = 100;
	world->options = (struct dns_client_options){.connect_timeout_ms = CONNECT_TIMEOUT_MS,
						     .reply_timeout_ms = REPLY_TIMEOUT_MS,
						     .fudge_s = 300,
						     .connections_max = CONNECTIONS_MAX,
						     .crowded_at = CROWDED_AT,
						     .budget = &world->budget};
	open_zones(world);
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	zones_free(&world->zones);
	assert_int_equal(world->budget.taken, 0);
	order_free(&world->order);
	memory_free(&world->memory);
	network_free(&world->network);
	fake_env_free(&world->fake);
	for (size_t i = 0; i < ZONES; i++)
		zone_model_free(&world->models[i]);
	tsig_key_free(&world->key);
	log_set_sink(NULL, NULL);
	assert_int_equal(world->strayed, 0);
	free(world);
	return 0;
}

/* A new address for a host of the zone, the first one of which exists. */
static void submit(struct world *world, size_t zone, unsigned host, struct waiter *waiter)
{
	static unsigned fresh;
	struct change_set set = {.zone = zone, .count = 1};
	struct addr addr;
	char text[64];

	snprintf(text, sizeof text, "h%u.z%zu.example", host, zone);
	assert_int_equal(name_parse(text_of(text), &set.owner), STATUS_OK);
	fresh++;
	snprintf(text, sizeof text, "10.%u.%u.%u", fresh >> 16 & 255, fresh >> 8 & 255, fresh & 255);
	assert_int_equal(addr_parse(text_of(text), &addr), STATUS_OK);
	set.changes[0] = change_to_addr(addr, 180, host == 0);
	*waiter = (struct waiter){.world = world, .begun_ms = fake_env_now_ms(world->fake)};
	zones_submit(world->zones, &set, waiter);
}

static void submit_to_all(struct world *world, struct waiter waiters[static ZONES])
{
	for (size_t i = 0; i < ZONES; i++)
		submit(world, i, 0, &waiters[i]);
}

static void assert_changed(const struct waiter *waiter, uint64_t within_ms)
{
	assert_int_equal(waiter->answers, 1);
	assert_string_equal(outcome_text(waiter->outcome.code), outcome_text(OUTCOME_CHANGED));
	if (waiter->after_ms > within_ms)
		fail_msg("answered after %u ms", (unsigned)waiter->after_ms);
}

static void assert_all_changed(const struct waiter waiters[static ZONES], uint64_t within_ms)
{
	for (size_t i = 0; i < ZONES; i++)
		assert_changed(&waiters[i], within_ms);
}

static void change_all(struct world *world, uint64_t within_ms)
{
	struct waiter waiters[ZONES];

	submit_to_all(world, waiters);
	fake_env_advance(world->fake, within_ms);
	assert_all_changed(waiters, within_ms);
}

static const struct dns_client *client_of(const struct world *world)
{
	return primary_client(zones_primary(world->zones, 0));
}

/* All zones but the first ones are updated for so long, each as soon as it can be; none waits longer than that. */
static void keep_changing(struct world *world, size_t from, uint64_t for_ms, uint64_t within_ms)
{
	static struct waiter waiters[ZONES];
	uint64_t end_ms = fake_env_now_ms(world->fake) + for_ms;

	for (size_t i = from; i < ZONES; i++)
		submit(world, i, 0, &waiters[i]);
	while (fake_env_now_ms(world->fake) < end_ms) {
		fake_env_advance(world->fake, 5);
		for (size_t i = from; i < ZONES; i++) {
			if (!waiters[i].answers)
				continue;
			assert_changed(&waiters[i], within_ms);
			submit(world, i, 0, &waiters[i]);
		}
	}
	fake_env_advance(world->fake, DEADLINE_MS);
	for (size_t i = from; i < ZONES; i++)
		assert_changed(&waiters[i], within_ms);
}

static void set_habit(struct world *world, size_t zone, struct primary_script script)
{
	world->habits[zone] = (struct habit){true, script};
}

/* What was with the primary is so no more. */
static void forget_traffic(struct world *world)
{
	memset(world->traffic, 0, sizeof world->traffic);
}

/* ---- Opening and closing ---- */

static void one_zone_has_one_connection_whatever_it_has_to_do(void **state)
{
	static struct waiter waiters[HOSTS];
	struct world *world = *state;

	for (unsigned i = 0; i < HOSTS; i++)
		submit(world, 0, i, &waiters[i]);
	fake_env_advance(world->fake, LATER_MS);
	for (unsigned i = 0; i < HOSTS; i++)
		assert_changed(&waiters[i], 20 * DELAY_MS);
	assert_int_equal(primary_connections(world->first), 1);
}

static void many_zones_open_what_they_need_and_no_more(void **state)
{
	struct world *world = *state;

	primary_set_at_a_time(world->first, CROWDED_AT);
	keep_changing(world, 0, 2000, 2 * ZONES * DELAY_MS);
	assert_int_equal(primary_connections(world->first), CONNECTIONS_MAX);
	assert_int_equal(dns_client_connections(client_of(world)), CONNECTIONS_MAX);
	/* With as many as it takes, nobody waits for anybody. */
	change_all(world, SOON_MS);
	assert_int_equal(primary_connections(world->first), CONNECTIONS_MAX);
}

static void zones_that_take_turns_share_one(void **state)
{
	struct world *world = *state;
	struct waiter waiter;

	for (size_t i = 0; i < 10 * ZONES; i++) {
		submit(world, i % ZONES, 0, &waiter);
		fake_env_advance(world->fake, SOON_MS);
		assert_changed(&waiter, SOON_MS);
	}
	assert_int_equal(primary_connections(world->first), 1);
}

static void those_that_are_idle_are_closed_but_for_one(void **state)
{
	struct world *world = *state;

	keep_changing(world, 0, 1000, LATER_MS);
	fake_env_advance(world->fake, LATER_MS);
	assert_int_equal(primary_open_connections(world->first), 1);
	assert_int_equal(world->budget.taken, 0);
	keep_changing(world, 0, 1000, LATER_MS);
	assert_int_equal(primary_connections(world->first), 2 * CONNECTIONS_MAX - 1);
}

/* Whoever could do with fewer does: the others become idle although there is always something to do. */
static void those_that_are_not_needed_any_more_become_idle(void **state)
{
	struct world *world = *state;

	keep_changing(world, 0, 1000, LATER_MS);
	for (unsigned i = 0; i < 200; i++) {
		struct waiter waiter;

		submit(world, i % ZONES, 0, &waiter);
		fake_env_advance(world->fake, 200);
		assert_changed(&waiter, SOON_MS);
	}
	assert_int_equal(primary_open_connections(world->first), 1);
}

static void with_one_allowed_there_is_one(void **state)
{
	struct world *world = *state;

	world->options.connections_max = 1;
	reopen_zones(world);
	set_habit(world, 3, (struct primary_script){.rcode = PRIMARY_DECIDES, .delay_ms = 2000});
	keep_changing(world, 0, 5000, DEADLINE_MS);
	assert_int_equal(primary_connections(world->first), 1);
}

static void all_primaries_share_what_may_be_spared(void **state)
{
	struct world *world = *state;

	world->budget.allowed = 2;
	keep_changing(world, 0, 1000, LATER_MS);
	assert_int_equal(primary_open_connections(world->first), 3);
	world->budget.allowed = 0;
	fake_env_advance(world->fake, LATER_MS);
	keep_changing(world, 0, 1000, LATER_MS);
	assert_int_equal(primary_open_connections(world->first), 1);
}

static void a_reload_that_allows_fewer_closes_the_others(void **state)
{
	struct world *world = *state;
	struct zones *before = world->zones;
	static struct waiter waiters[ZONES];

	keep_changing(world, 0, 1000, LATER_MS);
	submit_to_all(world, waiters);
	fake_env_advance(world->fake, DELAY_MS / 2);
	world->options.connections_max = 2;
	assert_int_equal(zones_succeed(before, &world->options, &limits, world->setups, ZONES, &world->zones),
			 STATUS_OK);
	zones_take_over(world->zones);
	fake_env_advance(world->fake, LATER_MS / 2);
	assert_all_changed(waiters, 2 * SOON_MS);
	assert_true(zones_are_idle(before));
	zones_free(&before);
	keep_changing(world, 0, 1000, LATER_MS);
	assert_int_equal(primary_open_connections(world->first), 2);
}

static void zones_are_freed_with_all_connections_at_work(void **state)
{
	static struct waiter waiters[ZONES];
	struct world *world = *state;

	primary_set_connections_max(world->first, 3, DOOR_SILENT);
	keep_changing(world, 0, 1000, LATER_MS);
	submit_to_all(world, waiters);
	fake_env_advance(world->fake, DELAY_MS / 2);
	zones_free(&world->zones);
	for (size_t i = 0; i < ZONES; i++)
		assert_int_equal(waiters[i].answers, 0);
}

/* ---- A primary that serves no more of them ---- */

static void who_serves_no_more_connections_fails_nobody(void **state)
{
	static const enum door doors[] = {DOOR_REFUSES, DOOR_BLACK_HOLE, DOOR_SILENT, DOOR_FAILS};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
		unsigned before = primary_connections(world->first);

		primary_set_connections_max(world->first, 2, doors[i]);
		reopen_zones(world);
		keep_changing(world, 0, LATER_MS, 2 * SOON_MS);
		assert_int_equal(dns_client_connections(client_of(world)), 2);
		/* It is tried again, less and less often. */
		assert_in_range(primary_connections(world->first) - before, 4, 12);
		assert_int_equal(dns_client_stats(client_of(world))->unknown, 0);
		assert_int_equal(dns_client_stats(client_of(world))->unreachable, 0);
		assert_true(primary_is_well(zones_primary(world->zones, 0)));
	}
	assert_int_equal(world->lines, 0);
	/* And when it has some again, they are used. */
	primary_set_connections_max(world->first, 0, DOOR_OPEN);
	fake_env_advance(world->fake, 2 * LATER_MS);
	keep_changing(world, 0, 1000, 2 * SOON_MS);
	assert_int_equal(dns_client_connections(client_of(world)), CONNECTIONS_MAX);
}

/* The one that is on trial when the only other one ends has to do. */
static void whoever_is_left_is_used(void **state)
{
	static struct waiter waiters[ZONES];
	struct world *world = *state;

	submit_to_all(world, waiters);
	fake_env_advance(world->fake, 1);
	primary_drop_connections(world->first);
	fake_env_advance(world->fake, DEADLINE_MS);
	assert_all_changed(waiters, 500);
}

/* ---- One zone's affair ---- */

/* Its replies take as long as they may; the primary works on one message of a connection after the other. */
static void a_slow_zone_holds_up_nobody(void **state)
{
	struct world *world = *state;
	struct waiter slow;

	set_habit(world, 0, (struct primary_script){.rcode = PRIMARY_DECIDES, .delay_ms = 3000});
	for (unsigned at_a_time = 0; at_a_time < 2; at_a_time++) {
		primary_set_at_a_time(world->first, at_a_time);
		world->options.crowded_at = at_a_time ? at_a_time : CROWDED_AT;
		world->options.connections_max = ZONES + 2;
		reopen_zones(world);
		/* Until there are as many as are needed, and it is known which one is slow. */
		submit(world, 0, 0, &slow);
		keep_changing(world, 1, 1000, LATER_MS);
		for (unsigned i = 0; i < 4; i++) {
			submit(world, 0, 0, &slow);
			keep_changing(world, 1, 4000, ZONES * DELAY_MS);
			fake_env_advance(world->fake, DEADLINE_MS);
			assert_changed(&slow, DEADLINE_MS);
		}
	}
}

/* Nothing else is under way when it begins, so all have come over the same connection until then. */
static void who_comes_while_a_zone_is_slow_has_a_connection_without_it(void **state)
{
	struct world *world = *state;
	struct waiter slow;

	primary_set_at_a_time(world->first, 1);
	set_habit(world, 0, (struct primary_script){.rcode = PRIMARY_DECIDES, .delay_ms = 3000});
	submit(world, 0, 0, &slow);
	fake_env_advance(world->fake, 700);
	for (size_t i = 1; i < ZONES; i++) {
		struct waiter waiter;

		submit(world, i, 0, &waiter);
		fake_env_advance(world->fake, SOON_MS);
		assert_changed(&waiter, SOON_MS);
	}
	assert_int_equal(primary_connections(world->first), 2);
}

/* As of a zone that is frozen in a way that swallows its updates. */
static void a_zone_without_replies_makes_the_primary_rest_for_no_other(void **state)
{
	struct world *world = *state;
	struct waiter waiter;

	for (size_t i = 0; i < ZONES; i++)
		world->setups[i].primary_count = 2;
	set_habit(world, 0, (struct primary_script){.reply = REPLY_NONE, .rcode = DNS_REFUSED});
	reopen_zones(world);
	for (unsigned i = 0; i < 5; i++) {
		submit(world, 0, 0, &waiter);
		keep_changing(world, 1, REPLY_TIMEOUT_MS + 500, SOON_MS);
		/* It has the second one. */
		assert_changed(&waiter, REPLY_TIMEOUT_MS + 500);
		assert_true(primary_is_well(zones_primary(world->zones, 0)));
	}
	for (size_t i = 0; i < primary_requests(world->second); i++) {
		const char *owner = primary_request(world->second, i)->owner;

		if (*owner && zone_of(owner) != 0)
			fail_msg("%s went to the second one", owner);
	}
}

/* Whatever its reply is like: the connection breaks, and others that were on it have to begin anew. */
static void a_zone_whose_replies_cannot_be_believed_is_kept_apart(void **state)
{
	struct world *world = *state;
	size_t failed = 0;

	primary_set_at_a_time(world->first, 1);
	for (unsigned round = 0; round < 20; round++) {
		struct waiter wrong, waiters[ZONES];

		set_habit(world, 0, (struct primary_script){.reply = REPLY_WRONG_SECRET, .rcode = PRIMARY_DECIDES});
		submit(world, 0, 0, &wrong);
		for (size_t i = 1; i < ZONES; i++)
			submit(world, i, 0, &waiters[i]);
		fake_env_advance(world->fake, DEADLINE_MS);
		assert_int_equal(wrong.answers, 1);
		assert_true(wrong.outcome.code == OUTCOME_UNKNOWN || wrong.outcome.code == OUTCOME_UNREACHABLE);
		for (size_t i = 1; i < ZONES; i++) {
			assert_changed(&waiters[i], DEADLINE_MS);
			failed += waiters[i].after_ms > 2 * ZONES * DELAY_MS;
		}
	}
	assert_true(failed <= ZONES);
}

/* A connection ends with many zones on it: each settles its own, and those on the other ones do not notice. */
static void a_connection_that_ends_with_many_zones_on_it_loses_nothing(void **state)
{
	static struct waiter waiters[ZONES], ends;
	struct world *world = *state;

	keep_changing(world, 0, 1000, LATER_MS);
	for (unsigned round = 0; round < 4; round++) {
		unsigned before[ZONES], again = 0;

		for (size_t i = 0; i < ZONES; i++)
			before[i] = zone_model_commits(world->models[i]);
		submit_to_all(world, waiters);
		fake_env_advance(world->fake, DELAY_MS + DELAY_MS / 2);
		/* After its first reply one of them closes, whatever was carried out. */
		set_habit(world, round, (struct primary_script){.rcode = PRIMARY_DECIDES, .close_instead = true});
		submit(world, round, 1, &ends);
		fake_env_advance(world->fake, DELAY_MS);
		world->habits[round].is_other = false;
		forget_traffic(world);
		fake_env_advance(world->fake, DEADLINE_MS);
		assert_all_changed(waiters, 1000);
		assert_changed(&ends, 1000);
		for (size_t i = 0; i < ZONES; i++)
			again += zone_model_commits(world->models[i]) - before[i] > 2;
		assert_int_equal(again, 0);
		assert_true(primary_is_well(zones_primary(world->zones, 0)));
	}
}

/* All connections end at once, as in a restart, and once more when they were opened anew. */
static void a_restart_ends_all_of_them_and_is_no_reason_to_rest(void **state)
{
	static struct waiter waiters[ZONES];
	struct world *world = *state;

	for (size_t i = 0; i < ZONES; i++)
		world->setups[i].primary_count = 2;
	reopen_zones(world);
	for (unsigned round = 0; round < 3; round++) {
		keep_changing(world, 0, 1000, LATER_MS);
		submit_to_all(world, waiters);
		fake_env_advance(world->fake, DELAY_MS / 2);
		primary_drop_connections(world->first);
		forget_traffic(world);
		fake_env_advance(world->fake, DEADLINE_MS);
		assert_all_changed(waiters, 500);
		assert_int_equal(primary_connections(world->second), 0);
	}
}

/* ---- Not more at a time than the primary takes ---- */

static void no_more_updates_are_under_way_than_may_be(void **state)
{
	struct world *world = *state;

	world->options.updates_max = 6;
	reopen_zones(world);
	keep_changing(world, 0, 3000, 8 * SOON_MS);
	assert_int_equal(world->updates_most, 6);
}

/* Its client has left before it was its turn: that says nothing of the primary. */
static void what_was_withdrawn_before_its_turn_is_not_logged_as_a_failure(void **state)
{
	struct world *world = *state;
	struct waiter first, second;

	world->options.updates_max = 1;
	reopen_zones(world);
	submit(world, 0, 0, &first);
	submit(world, 1, 0, &second);
	fake_env_advance(world->fake, SOON_MS);
	set_habit(world, 0, (struct primary_script){.rcode = PRIMARY_DECIDES, .delay_ms = 300});
	submit(world, 0, 0, &first);
	submit(world, 1, 0, &second);
	fake_env_advance(world->fake, 50);
	assert_int_equal(second.answers, 0);
	zones_cancel(world->zones, 1, &second);
	fake_env_advance(world->fake, LATER_MS);
	assert_changed(&first, LATER_MS);
	assert_int_equal(second.answers, 0);
	assert_int_equal(world->lines, 0);
}

/* The more so as their updates never come back: what has stalled does not count. */
static void slow_zones_do_not_keep_the_others_from_being_sent(void **state)
{
	struct world *world = *state;
	struct waiter slow[6];

	world->options.updates_max = 6;
	reopen_zones(world);
	keep_changing(world, 6, 1000, LATER_MS);
	for (size_t i = 0; i < 6; i++)
		submit(world, i, 0, &slow[i]);
	fake_env_advance(world->fake, DELAY_MS);
	for (size_t i = 0; i < 6; i++)
		set_habit(world, i, (struct primary_script){.reply = REPLY_NONE, .rcode = DNS_REFUSED});
	keep_changing(world, 6, 2 * REPLY_TIMEOUT_MS, 500 + 8 * SOON_MS);
	assert_true(primary_is_well(zones_primary(world->zones, 0)));
}

/* Whoever waits for its turn hears with the others that there is nobody. */
static void what_waits_for_its_turn_moves_on_with_the_others(void **state)
{
	static struct waiter waiters[ZONES];
	struct world *world = *state;

	world->options.updates_max = 2;
	for (size_t i = 0; i < ZONES; i++)
		world->setups[i].primary_count = 2;
	reopen_zones(world);
	submit_to_all(world, waiters);
	fake_env_advance(world->fake, DELAY_MS + DELAY_MS / 2);
	primary_set_door(world->first, DOOR_REFUSES);
	primary_drop_connections(world->first);
	forget_traffic(world);
	fake_env_advance(world->fake, DEADLINE_MS);
	assert_all_changed(waiters, 200);
}

/* ---- Fairness ---- */

/* A zone with hundreds of messages under way is on one connection; the others go over those beside it. */
static void a_busy_zone_leaves_room_for_the_others(void **state)
{
	static struct waiter busy[HOSTS];
	struct world *world = *state;

	primary_set_at_a_time(world->first, CROWDED_AT);
	keep_changing(world, 1, 1000, LATER_MS);
	for (unsigned i = 0; i < HOSTS; i++)
		submit(world, 0, i, &busy[i]);
	fake_env_advance(world->fake, 1);
	for (unsigned round = 0; round < 10; round++) {
		struct waiter waiters[10];

		for (size_t i = 0; i < 10; i++)
			submit(world, i + 1, 0, &waiters[i]);
		fake_env_advance(world->fake, SOON_MS);
		for (size_t i = 0; i < 10; i++)
			assert_changed(&waiters[i], SOON_MS);
	}
	fake_env_advance(world->fake, DEADLINE_MS);
	for (unsigned i = 0; i < HOSTS; i++)
		assert_changed(&busy[i], DEADLINE_MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(one_zone_has_one_connection_whatever_it_has_to_do),
		TEST(many_zones_open_what_they_need_and_no_more),
		TEST(zones_that_take_turns_share_one),
		TEST(those_that_are_idle_are_closed_but_for_one),
		TEST(those_that_are_not_needed_any_more_become_idle),
		TEST(with_one_allowed_there_is_one),
		TEST(all_primaries_share_what_may_be_spared),
		TEST(a_reload_that_allows_fewer_closes_the_others),
		TEST(zones_are_freed_with_all_connections_at_work),
		TEST(who_serves_no_more_connections_fails_nobody),
		TEST(whoever_is_left_is_used),
		TEST(a_slow_zone_holds_up_nobody),
		TEST(who_comes_while_a_zone_is_slow_has_a_connection_without_it),
		TEST(a_zone_without_replies_makes_the_primary_rest_for_no_other),
		TEST(a_zone_whose_replies_cannot_be_believed_is_kept_apart),
		TEST(a_connection_that_ends_with_many_zones_on_it_loses_nothing),
		TEST(a_restart_ends_all_of_them_and_is_no_reason_to_rest),
		TEST(no_more_updates_are_under_way_than_may_be),
		TEST(what_was_withdrawn_before_its_turn_is_not_logged_as_a_failure),
		TEST(slow_zones_do_not_keep_the_others_from_being_sent),
		TEST(what_waits_for_its_turn_moves_on_with_the_others),
		TEST(a_busy_zone_leaves_room_for_the_others),
	};

	return cmocka_run_group_tests_name("connections", tests, NULL, NULL);
}
