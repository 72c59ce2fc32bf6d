/*
 * A survey of one server on a fake clock: what comes of servers that are silent, gone, or fail in the middle. What real
 * ones answer is in the integration tests.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "fake_env.h"
#include "live/survey.h"
#include "scripted_primary.h"

enum { CONNECT_TIMEOUT_MS = 2000, REPLY_TIMEOUT_MS = 4000, ZONES = 2, TOLD_MAX = 4 * FINDING_LINE_MAX };

struct world {
	struct fake_env *fake;
	struct network *network;
	struct zone_model *models[ZONES];
	struct primary *primary;
	struct tsig_key *key;
	struct name names[ZONES];
	struct right rights[ZONES];
	struct rights_zone zones[ZONES];
	struct survey *survey;
	unsigned done;
	unsigned fail_at; /* the message, counted from 1, that gets `script` */
	struct primary_script script;
	const unsigned
		*bare; /* rcodes that come without a TSIG record; all is well again after them, as after DNS_NOERROR */
	unsigned bare_from; /* the message that gets the first */
	unsigned messages;
	bool serials_only;
	size_t told_len;
	char told[TOLD_MAX]; /* level, zone and what, in lines */
};

static void on_found(void *ctx, const struct finding *finding)
{
	struct world *world = ctx;
	char line[FINDING_LINE_MAX];

	assert_int_equal(world->done, 0);
	finding_format(finding, line);
	assert_true(world->told_len + strlen(line) + 2 < TOLD_MAX);
	world->told_len += (size_t)sprintf(world->told + world->told_len, "%s\n", line);
}

static void on_done(void *ctx)
{
	struct world *world = ctx;

	world->done++;
}

/* Says NOERROR to whatever it is asked, but for the one message that gets another script. */
static void decide(void *ctx, const struct primary_request *request, struct primary_script *script)
{
	struct world *world = ctx;

	(void)request;
	script->rcode = DNS_NOERROR;
	if (++world->messages == world->fail_at)
		*script = world->script;
	if (world->bare && world->messages >= world->bare_from && *world->bare != DNS_NOERROR)
		*script = (struct primary_script){.reply = REPLY_UNSIGNED, .rcode = *world->bare++};
}

static int setup(void **state)
{
	static const char *const names[] = {"a.example.com", "b.example.com"};
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	*state = world;
	world->fake = fake_env_new(1);
	world->network = network_new(world->fake);
	assert_int_equal(tsig_key_new_base64("gw", "hmac-sha256", "c2VjcmV0", &world->key), TSIG_OK);
	for (size_t i = 0; i < ZONES; i++) {
		world->models[i] = zone_model_new(names[i]);
		world->names[i] = name_of(names[i]);
		world->rights[i] =
			(struct right){.kind = RIGHT_BELOW, .name = world->names[i], .types = RIGHT_ADDRESSES};
		world->zones[i] = (struct rights_zone){
			.name = &world->names[i], .key = world->key, .rights = &world->rights[i], .right_count = 1};
	}
	world->primary = scripted_new(world->network, "192.0.2.53:53", world->models[0], world->key);
	primary_serve(world->primary, world->models[1]);
	primary_set_decide(world->primary, decide, world);
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	survey_free(&world->survey);
	assert_null(world->survey);
	tsig_key_free(&world->key);
	network_free(&world->network);
	for (size_t i = 0; i < ZONES; i++)
		zone_model_free(&world->models[i]);
	fake_env_free(&world->fake);
	free(world);
	return 0;
}

static void begin(struct world *world)
{
	struct transport_maker maker = network_maker(world->network);
	struct survey_options options = {.client = {.connect_timeout_ms = CONNECT_TIMEOUT_MS,
						    .reply_timeout_ms = REPLY_TIMEOUT_MS,
						    .fudge_s = 300},
					 .primary = "ns1",
					 .serials_only = world->serials_only};

	assert_int_equal(survey_new(fake_env_of(world->fake), &maker, primary_peer(world->primary), &options,
				    world->zones, ZONES, on_found, on_done, world, &world->survey),
			 STATUS_OK);
	assert_int_equal(world->told_len, 0);
}

static size_t count_in(const char *text, const char *part)
{
	size_t count = 0;

	while ((text = strstr(text, part))) {
		count++;
		text += strlen(part);
	}
	return count;
}

static void all_zones_are_looked_at_one_after_the_other(void **state)
{
	struct world *world = *state;

	begin(world);
	fake_env_advance(world->fake, 1000);
	assert_int_equal(world->done, 1);
	assert_string_equal(
		world->told,
		"OK   a.example.com ns1: answers\n"
		"OK   a.example.com ns1: takes TSIG key gw (hmac-sha256)\n"
		"OK   a.example.com ns1: its clock agrees with this machine's\n"
		"OK   a.example.com ns1: takes updates of the zone\n"
		"OK   a.example.com ns1: key gw may change A and AAAA of all names that are configured (1)\n"
		"OK   b.example.com ns1: answers\n"
		"OK   b.example.com ns1: takes TSIG key gw (hmac-sha256)\n"
		"OK   b.example.com ns1: its clock agrees with this machine's\n"
		"OK   b.example.com ns1: takes updates of the zone\n"
		"OK   b.example.com ns1: key gw may change A and AAAA of all names that are configured (1)\n");
	assert_int_equal(primary_connections(world->primary), 1);
	assert_int_equal(zone_model_commits(world->models[0]) + zone_model_commits(world->models[1]), 0);
}

/* One wait for all zones, not one for each. */
static void a_server_that_cannot_be_reached_is_tried_once(void **state)
{
	static const struct {
		enum door door;
		const char *why;
		uint64_t within_ms;
	} rows[] = {{DOOR_REFUSES, "(connection refused)", 100},
		    {DOOR_FAILS, "", 100},
		    {DOOR_BLACK_HOLE, "(no connection in time)", CONNECT_TIMEOUT_MS + 100}};
	struct world *world = *state;

	for (size_t i = 0; i < LENGTH(rows); i++) {
		world->done = 0;
		world->told_len = 0;
		primary_set_door(world->primary, rows[i].door);
		begin(world);
		fake_env_advance(world->fake, rows[i].within_ms);
		assert_int_equal(world->done, 1);
		assert_int_equal(count_in(world->told, "FAIL"), ZONES);
		assert_int_equal(count_in(world->told, "\n"), ZONES);
		assert_int_equal(count_in(world->told, "cannot be reached"), ZONES);
		assert_non_null(strstr(world->told, rows[i].why));
		survey_free(&world->survey);
	}
}

/* It takes updates all the same, as something may that passes them on. */
static void a_server_without_authority_is_told_of(void **state)
{
	struct world *world = *state;

	primary_set_script(world->primary, (struct primary_script){.lame = true, .rcode = DNS_NOERROR});
	begin(world);
	fake_env_advance(world->fake, 1000);
	assert_int_equal(world->done, 1);
	assert_int_equal(count_in(world->told, "WARN"), ZONES);
	assert_int_equal(count_in(world->told, "without authority (no AA)"), ZONES);
	assert_int_equal(count_in(world->told, "takes updates of the zone"), ZONES);
}

/* An answer that anybody may have made says nothing of who answers. */
static void an_unsigned_answer_without_authority_is_not_told_of(void **state)
{
	struct world *world = *state;

	primary_set_script(world->primary,
			   (struct primary_script){.reply = REPLY_UNSIGNED, .lame = true, .rcode = DNS_NOERROR});
	begin(world);
	fake_env_advance(world->fake, 1000);
	assert_int_equal(count_in(world->told, "no AA"), 0);
}

static void serials_take_a_query_of_each_zone(void **state)
{
	struct world *world = *state;

	world->serials_only = true;
	begin(world);
	fake_env_advance(world->fake, 1000);
	assert_int_equal(world->done, 1);
	assert_int_equal(world->messages, ZONES);
	assert_int_equal(primary_request(world->primary, 1)->kind, DNS_QUERY);
	assert_int_equal(count_in(world->told, "takes updates"), 0);
}

static void a_server_that_has_never_answered_is_not_waited_for_again(void **state)
{
	struct world *world = *state;

	world->fail_at = 1;
	world->script = (struct primary_script){.reply = REPLY_NONE, .rcode = PRIMARY_DECIDES};
	begin(world);
	fake_env_advance(world->fake, REPLY_TIMEOUT_MS + 100);
	assert_int_equal(world->done, 1);
	assert_int_equal(count_in(world->told, "(no reply in time)"), ZONES);
	assert_int_equal(world->messages, 1);
}

static void a_zone_without_an_answer_does_not_hide_the_next(void **state)
{
	struct world *world = *state;

	world->fail_at = 2;
	world->script = (struct primary_script){.reply = REPLY_WRONG_SECRET, .rcode = DNS_NOERROR};
	begin(world);
	fake_env_advance(world->fake, 1000);
	assert_int_equal(world->done, 1);
	assert_int_equal(count_in(world->told, "FAIL a.example.com ns1: sent nothing that can be believed"), 1);
	assert_int_equal(count_in(world->told, "OK   b.example.com"), 5);
}

static void a_connection_that_ends_in_the_middle_costs_nothing(void **state)
{
	struct world *world = *state;

	for (unsigned at = 2; at <= 6; at++) {
		world->done = world->messages = 0;
		world->told_len = 0;
		world->fail_at = at;
		world->script = (struct primary_script){.close_instead = true, .rcode = DNS_NOERROR};
		begin(world);
		fake_env_advance(world->fake, 1000);
		assert_int_equal(world->done, 1);
		assert_int_equal(count_in(world->told, "OK  "), 10);
		assert_int_equal(count_in(world->told, "\n"), 10);
		survey_free(&world->survey);
	}
}

static void a_failure_of_the_server_is_told_as_such(void **state)
{
	struct world *world = *state;

	world->fail_at = 3;
	world->script = (struct primary_script){.rcode = DNS_SERVFAIL};
	begin(world);
	fake_env_advance(world->fake, 1000);
	assert_int_equal(count_in(world->told, "FAIL a.example.com ns1: failed with SERVFAIL (2): its log says why\n"),
			 1);
	assert_int_equal(count_in(world->told, "OK   b.example.com"), 5);
}

static void what_gives_messages_other_ids_is_told_of(void **state)
{
	struct world *world = *state;

	world->fail_at = 2;
	world->script = (struct primary_script){.reply = REPLY_OTHER_ORIGINAL_ID, .rcode = DNS_NOERROR};
	begin(world);
	fake_env_advance(world->fake, 1000);
	assert_int_equal(count_in(world->told, "WARN a.example.com ns1: updates reach the primary under other"), 1);
	assert_int_equal(count_in(world->told, "WARN"), 1);
	assert_int_equal(count_in(world->told, "FAIL"), 0);
}

/* Knot 3.4 says NOTAUTH without a TSIG record for everything that its acl does not allow. */
static void not_served_is_told_from_not_allowed(void **state)
{
	static const struct {
		unsigned rcodes[3];
		const char *start;
	} rows[] = {
		{{DNS_REFUSED, DNS_NOTAUTH}, "FAIL a.example.com ns1: does not serve the zone as its primary: "},
		{{DNS_NOTAUTH, DNS_NOTAUTH},
		 "FAIL a.example.com ns1: does not know TSIG key gw with algorithm hmac-sha256, or "},
		/* As PowerDNS says of a wrong key, secret or clock. */
		{{DNS_NOTAUTH, DNS_REFUSED}, "FAIL a.example.com ns1: answers REFUSED, and the refusal is not signed"},
	};
	struct world *world = *state;

	for (size_t i = 0; i < LENGTH(rows); i++) {
		world->done = world->messages = 0;
		world->told_len = 0;
		world->bare = rows[i].rcodes;
		begin(world);
		fake_env_advance(world->fake, 1000);
		assert_int_equal(world->done, 1);
		assert_row(world->told, count_in(world->told, rows[i].start) == 1);
		assert_int_equal(count_in(world->told, "FAIL"), 1);
		assert_int_equal(count_in(world->told, "OK   b.example.com"), 5);
		survey_free(&world->survey);
	}
}

static void a_right_that_is_missing_may_be_told_without_a_signature(void **state)
{
	static const unsigned rcodes[][4] = {{DNS_REFUSED, DNS_REFUSED, DNS_REFUSED},
					     {DNS_NOTAUTH, DNS_NOTAUTH, DNS_NOTAUTH}};
	struct world *world = *state;

	for (size_t i = 0; i < LENGTH(rcodes); i++) {
		world->done = world->messages = 0;
		world->told_len = 0;
		world->bare = rcodes[i];
		world->bare_from = 3;
		begin(world);
		fake_env_advance(world->fake, 1000);
		assert_int_equal(world->done, 1);
		assert_int_equal(
			count_in(world->told,
				 "FAIL a.example.com ns1: key gw may not change A and AAAA of *.a.example.com: "),
			1);
		assert_int_equal(count_in(world->told, "FAIL"), 1);
		survey_free(&world->survey);
	}
}

static void who_gives_up_is_told_what_is_missing(void **state)
{
	struct world *world = *state;

	world->fail_at = 2;
	world->script = (struct primary_script){.reply = REPLY_NONE, .rcode = PRIMARY_DECIDES};
	begin(world);
	fake_env_advance(world->fake, 1000);
	survey_give_up(world->survey);
	assert_int_equal(count_in(world->told, "FAIL a.example.com ns1: the check was not done in time"), 1);
	assert_int_equal(count_in(world->told, "FAIL b.example.com ns1: the check was not done in time"), 1);
	survey_give_up(world->survey);
	assert_int_equal(count_in(world->told, "FAIL"), ZONES);
	fake_env_advance(world->fake, 20000);
	assert_int_equal(world->done, 0);
}

static void it_may_be_freed_at_any_time(void **state)
{
	struct world *world = *state;

	for (unsigned at = 1; at <= 6; at++) {
		world->messages = 0;
		world->told_len = 0;
		world->fail_at = at;
		world->script = (struct primary_script){.reply = REPLY_NONE, .rcode = PRIMARY_DECIDES};
		begin(world);
		fake_env_advance(world->fake, 100);
		survey_free(&world->survey);
	}
	assert_int_equal(world->done, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_zones_are_looked_at_one_after_the_other),
		TEST(a_server_that_cannot_be_reached_is_tried_once),
		TEST(a_server_without_authority_is_told_of),
		TEST(an_unsigned_answer_without_authority_is_not_told_of),
		TEST(serials_take_a_query_of_each_zone),
		TEST(a_server_that_has_never_answered_is_not_waited_for_again),
		TEST(a_zone_without_an_answer_does_not_hide_the_next),
		TEST(a_connection_that_ends_in_the_middle_costs_nothing),
		TEST(a_failure_of_the_server_is_told_as_such),
		TEST(what_gives_messages_other_ids_is_told_of),
		TEST(not_served_is_told_from_not_allowed),
		TEST(a_right_that_is_missing_may_be_told_without_a_signature),
		TEST(who_gives_up_is_told_what_is_missing),
		TEST(it_may_be_freed_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
