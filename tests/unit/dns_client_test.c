/*
 * The client of one primary, against a scripted one: what a reply is worth, deadlines, the connection, and that
 * done() comes exactly once.
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

#include "dns/client.h"
#include "fake_env.h"
#include "scripted_primary.h"

enum {
	CONNECT_TIMEOUT_MS = 2000,
	REPLY_TIMEOUT_MS = 4000,
	FUDGE_S = 300,
	LATER_MS = 60000, /* when everything has come to its end */
};

#define ZONE  "dyn.example.com"
#define OWNER "www.dyn.example.com"

struct world {
	struct fake_env *fake;
	struct network *network;
	struct zone_model *model;
	struct tsig_key *key;
	struct primary *primary;
	struct name zone;
	struct dns_client *client;
};

/* A request, an UPDATE unless the test says otherwise, and what became of it. */
struct question {
	struct world *world;
	enum dns_request_kind kind;
	struct change_set set;
	struct dns_request request;
	struct dns_ticket ticket;
	bool sending; /* dns_client_send() is on the stack */
	unsigned answers;
	struct dns_result result; /* the last one */
	char why[128];
	uint64_t at_ms;
	struct question *next; /* asked from within done() */
};

static struct name name_of(const char *text)
{
	struct name name;

	assert_int_equal(name_parse(text_of(text), &name), STATUS_OK);
	return name;
}

static struct world *world_new(void)
{
	struct world *world = calloc(1, sizeof *world);
	struct dns_client_options options = {
		.connect_timeout_ms = CONNECT_TIMEOUT_MS, .reply_timeout_ms = REPLY_TIMEOUT_MS, .fudge_s = FUDGE_S};
	struct transport_maker maker;

	assert_non_null(world);
	world->fake = fake_env_new(1);
	world->network = network_new(world->fake);
	world->model = zone_model_new(ZONE);
	zone_model_put(world->model, OWNER, "192.0.2.1");
	assert_int_equal(tsig_key_new("gw", "hmac-sha256", (const uint8_t *)"0123456789abcdef", 16, &world->key),
			 TSIG_OK);
	world->primary = scripted_new(world->network, "192.0.2.53", world->model, world->key);
	world->zone = name_of(ZONE);
	maker = network_maker(world->network);
	assert_int_equal(dns_client_new(fake_env_of(world->fake), &maker, primary_peer(world->primary), &options,
					&world->client),
			 STATUS_OK);
	return world;
}

static void world_free(struct world *world)
{
	dns_client_free(&world->client);
	assert_null(world->client);
	network_free(&world->network);
	fake_env_free(&world->fake);
	zone_model_free(&world->model);
	tsig_key_free(&world->key);
	free(world);
}

static int setup(void **state)
{
	*state = world_new();
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

static void ask(struct world *world, struct question *question);

static void on_done(void *ctx, const struct dns_result *result)
{
	struct question *question = ctx;

	assert_false(question->sending);
	question->answers++;
	question->result = *result;
	question->at_ms = fake_env_now_ms(question->world->fake);
	question->why[0] = '\0';
	if (result->verdict == DNS_UNREACHABLE || result->verdict == DNS_UNKNOWN) {
		assert_non_null(result->why);
		snprintf(question->why, sizeof question->why, "%s", result->why);
	}
	if (question->next)
		ask(question->world, question->next);
}

static void ask(struct world *world, struct question *question)
{
	enum status status;
	struct addr addr;

	if (question->set.count == 0) {
		question->set.owner = name_of(OWNER);
		question->set.count = 1;
		assert_int_equal(addr_parse(text_of("192.0.2.80"), &addr), STATUS_OK);
		question->set.changes[0] = change_to_addr(addr, 180, true);
	}
	question->world = world;
	question->request = (struct dns_request){.kind = question->kind, .zone = &world->zone, .sets = &question->set};
	question->sending = true;
	status = dns_client_send(world->client, &question->request, world->key, &question->ticket, on_done, question);
	question->sending = false;
	assert_int_equal(status, STATUS_OK);
}

/* Asks and waits until nothing can come any more. */
static void ask_and_wait(struct world *world, struct question *question)
{
	ask(world, question);
	fake_env_advance(world->fake, LATER_MS);
	assert_int_equal(question->answers, 1);
}

static void script(struct world *world, enum reply_kind reply, unsigned rcode)
{
	primary_set_script(world->primary, (struct primary_script){.reply = reply, .rcode = rcode});
}

static void assert_committed(const struct question *question)
{
	assert_int_equal(question->answers, 1);
	assert_int_equal(question->result.verdict, DNS_VERIFIED);
	assert_int_equal(question->result.rcode, DNS_NOERROR);
}

static void assert_verdict(const struct question *question, enum dns_verdict verdict)
{
	assert_int_equal(question->answers, 1);
	assert_int_equal(question->result.verdict, verdict);
}

static void assert_address(const struct addr *addr, const char *expected)
{
	char text[ADDR_TEXT_MAX];

	assert_string_equal(addr_format(addr, text), expected);
}

/* ---- What a reply is worth ---- */

static void an_update_is_committed(void **state)
{
	struct world *world = *state;
	struct question question = {0};

	ask_and_wait(world, &question);
	assert_committed(&question);
	assert_string_equal(zone_model_get(world->model, OWNER, ADDR_V4), "192.0.2.80");
	assert_int_equal(primary_request(world->primary, 0)->verified, TSIG_OK);
}

static void a_signed_rcode_is_the_primarys_word(void **state)
{
	struct world *world = *state;

	for (unsigned rcode = 0; rcode < 16; rcode++) {
		struct question question = {0};

		script(world, REPLY_SIGNED, rcode);
		ask_and_wait(world, &question);
		assert_verdict(&question, DNS_VERIFIED);
		assert_int_equal(question.result.rcode, rcode);
	}
	assert_int_equal(primary_connections(world->primary), 1);
}

static bool is_signed_rightly(enum reply_kind kind)
{
	return kind == REPLY_SIGNED || kind == REPLY_OTHER_ORIGINAL_ID;
}

/* RFC 8945 section 4.2: the signature is over the original ID. A forwarder has IDs of its own. */
static void an_id_that_was_changed_on_the_way_is_no_fault(void **state)
{
	struct world *world = *state;
	struct question question = {0};

	script(world, REPLY_SIGNED, PRIMARY_DECIDES);
	ask_and_wait(world, &question);
	assert_committed(&question);
	assert_false(question.result.id_was_changed);
	question = (struct question){0};
	script(world, REPLY_OTHER_ORIGINAL_ID, PRIMARY_DECIDES);
	ask_and_wait(world, &question);
	assert_committed(&question);
	assert_true(question.result.id_was_changed);
}

/* Whatever is wrong with a reply, and whatever rcode is in it, it is never taken for the primary's word. */
static void no_wrong_reply_is_believed(void **state)
{
	struct world *world = *state;

	for (enum reply_kind kind = 0; kind < REPLY_KIND_COUNT; kind++) {
		for (unsigned rcode = 0; rcode < 16 && !is_signed_rightly(kind); rcode++) {
			struct question question = {0};

			script(world, kind, rcode);
			ask_and_wait(world, &question);
			if (question.result.verdict == DNS_VERIFIED)
				fail_msg("a reply of kind %d with rcode %u was believed", kind, rcode);
		}
	}
}

/*
 * What says NOERROR and cannot be believed leaves the outcome unknown, at once or, if it answers nothing that was
 * asked, at the deadline.
 */
static void a_noerror_that_cannot_be_believed_leaves_the_outcome_unknown(void **state)
{
	struct world *world = *state;

	for (enum reply_kind kind = 0; kind < REPLY_KIND_COUNT; kind++) {
		bool ignored = kind == REPLY_NONE || kind >= REPLY_OTHER_ID;
		struct question question = {0};
		uint64_t asked_ms = fake_env_now_ms(world->fake);

		if (is_signed_rightly(kind))
			continue;
		script(world, kind, DNS_NOERROR);
		ask_and_wait(world, &question);
		if (question.result.verdict != DNS_UNKNOWN || question.why[0] == '\0')
			fail_msg("a reply of kind %d gave verdict %d", kind, question.result.verdict);
		assert_int_equal(question.at_ms - asked_ms, ignored ? REPLY_TIMEOUT_MS : 0);
		assert_int_equal(network_connections(world->network), 0);
	}
}

static void the_client_works_again_after_each_wrong_reply(void **state)
{
	struct world *world = *state;

	for (enum reply_kind kind = 0; kind < REPLY_KIND_COUNT; kind++) {
		struct question wrong = {0}, right = {0};

		script(world, kind, DNS_NOERROR);
		ask_and_wait(world, &wrong);
		script(world, REPLY_SIGNED, PRIMARY_DECIDES);
		ask_and_wait(world, &right);
		assert_committed(&right);
	}
}

static void errors_that_cannot_be_signed_are_refusals_that_prove_nothing(void **state)
{
	static const unsigned believed[] = {DNS_FORMERR, DNS_NOTIMP, DNS_REFUSED, DNS_NOTAUTH};
	struct world *world = *state;

	for (unsigned rcode = 0; rcode < 16; rcode++) {
		struct question question = {0};
		bool rejected = false;

		for (size_t i = 0; i < sizeof believed / sizeof *believed; i++)
			rejected = rejected || believed[i] == rcode;
		script(world, REPLY_UNSIGNED, rcode);
		ask_and_wait(world, &question);
		assert_verdict(&question, rejected ? DNS_UNSIGNED : DNS_UNKNOWN);
		if (rejected)
			assert_int_equal(question.result.rcode, rcode);
		assert_int_equal(question.result.tsig_error, 0);
	}
}

static void an_unsigned_tsig_error_names_itself(void **state)
{
	static const struct {
		enum reply_kind reply;
		unsigned tsig_error;
	} rows[] = {{REPLY_UNSIGNED_BADKEY, TSIG_RCODE_BADKEY}, {REPLY_UNSIGNED_BADSIG, TSIG_RCODE_BADSIG}};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct question question = {0};

		script(world, rows[i].reply, DNS_NOTAUTH);
		ask_and_wait(world, &question);
		assert_verdict(&question, DNS_UNSIGNED);
		assert_int_equal(question.result.rcode, DNS_NOTAUTH);
		assert_int_equal(question.result.tsig_error, rows[i].tsig_error);
		assert_false(question.result.has_clock_offset);
	}
}

static void badtime_tells_how_far_the_clocks_are_apart(void **state)
{
	static const int64_t offsets_s[] = {-100000, -301, 301, 86400};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof offsets_s / sizeof *offsets_s; i++) {
		struct question question = {0};

		primary_set_clock_offset_s(world->primary, offsets_s[i]);
		ask_and_wait(world, &question);
		assert_verdict(&question, DNS_REJECTED);
		assert_int_equal(question.result.tsig_error, TSIG_RCODE_BADTIME);
		assert_true(question.result.has_clock_offset);
		assert_true(question.result.clock_offset_s == offsets_s[i]);
	}
	assert_int_equal(zone_model_commits(world->model), 0);
}

static void a_signed_badtrunc_is_a_rejection(void **state)
{
	struct world *world = *state;
	struct question question = {0};

	primary_set_script(world->primary,
			   (struct primary_script){.rcode = DNS_NOTAUTH, .tsig_error = TSIG_RCODE_BADTRUNC});
	ask_and_wait(world, &question);
	assert_verdict(&question, DNS_REJECTED);
	assert_int_equal(question.result.tsig_error, TSIG_RCODE_BADTRUNC);
	assert_false(question.result.has_clock_offset);
}

static void a_small_clock_offset_does_no_harm(void **state)
{
	struct world *world = *state;
	struct question slow = {0}, fast = {0};

	primary_set_clock_offset_s(world->primary, -FUDGE_S);
	ask_and_wait(world, &slow);
	assert_committed(&slow);
	primary_set_clock_offset_s(world->primary, FUDGE_S);
	ask_and_wait(world, &fast);
	assert_committed(&fast);
}

/* As PowerDNS signs; a clock that is just so far behind cannot be told from it. */
static void a_reply_may_be_signed_with_the_time_of_the_question(void **state)
{
	static const struct dns_client_options aged = {.connect_timeout_ms = CONNECT_TIMEOUT_MS,
						       .reply_timeout_ms = REPLY_TIMEOUT_MS,
						       .fudge_s = FUDGE_S,
						       .aged_s = 2};
	struct world *world = *state;
	struct question plain = {0}, echo = {0}, honest = {0};

	ask_and_wait(world, &plain);
	assert_false(plain.result.echoes_time);
	dns_client_set_options(world->client, &aged);
	primary_set_clock_offset_s(world->primary, -2);
	ask_and_wait(world, &echo);
	assert_true(echo.result.echoes_time);
	primary_set_clock_offset_s(world->primary, -1);
	ask_and_wait(world, &honest);
	assert_committed(&honest);
	assert_false(honest.result.echoes_time);
	assert_int_equal(honest.result.clock_offset_s, -1);
}

static void a_replayed_reply_is_not_believed(void **state)
{
	struct world *world = *state;
	struct question first = {0}, second = {0};
	static const uint8_t id[] = {0x12, 0x34};

	/* The primary's first reply is late, and the second request happens to have the same ID. */
	fake_env_foretell(world->fake, id, sizeof id);
	primary_set_script(world->primary, (struct primary_script){.rcode = DNS_NOERROR, .hold = true});
	ask(world, &first);
	fake_env_advance(world->fake, REPLY_TIMEOUT_MS);
	assert_verdict(&first, DNS_UNKNOWN);
	fake_env_foretell(world->fake, id, sizeof id);
	ask(world, &second);
	fake_env_settle(world->fake);
	assert_int_equal(primary_request(world->primary, 1)->id, primary_request(world->primary, 0)->id);
	scripted_release(world->primary, false); /* on a connection that is gone, and then the right one */
	fake_env_settle(world->fake);
	assert_committed(&second);
}

/* ---- Other requests than UPDATEs ---- */

static void a_query_tells_what_is_there(void **state)
{
	struct world *world = *state;
	struct question question = {.kind = DNS_QUERY};
	struct addr found;

	zone_model_set_ttl(world->model, OWNER, ADDR_V4, 77);
	ask_and_wait(world, &question);
	assert_committed(&question);
	assert_true(question.result.answer.authoritative);
	assert_int_equal(question.result.answer.count, 1);
	assert_int_equal(question.result.answer.rrset.ttl_s, 77);
	found = rrset_addr(&question.result.answer.rrset, 0);
	assert_address(&found, "192.0.2.1");
	assert_int_equal(zone_model_commits(world->model), 0);
}

static void a_query_tells_that_nothing_is_there(void **state)
{
	struct world *world = *state;
	struct question no_data = {.kind = DNS_QUERY}, no_name = {.kind = DNS_QUERY};

	zone_model_remove(world->model, OWNER, ADDR_V4);
	zone_model_put(world->model, OWNER, "2001:db8::1");
	ask_and_wait(world, &no_data);
	assert_committed(&no_data);
	assert_int_equal(no_data.result.answer.count, 0);
	zone_model_remove(world->model, OWNER, ADDR_V6);
	ask_and_wait(world, &no_name);
	assert_verdict(&no_name, DNS_VERIFIED);
	assert_int_equal(no_name.result.rcode, DNS_NXDOMAIN);
	assert_int_equal(no_name.result.answer.count, 0);
}

static void a_reply_without_authority_says_so(void **state)
{
	struct world *world = *state;
	struct question question = {.kind = DNS_QUERY};

	primary_set_script(world->primary, (struct primary_script){.rcode = PRIMARY_DECIDES, .lame = true});
	ask_and_wait(world, &question);
	assert_committed(&question);
	assert_false(question.result.answer.authoritative);
}

static void a_confirmation_asks_for_the_very_address(void **state)
{
	struct world *world = *state;
	struct question differs = {.kind = DNS_CONFIRM}, same = {.kind = DNS_CONFIRM}, more = {.kind = DNS_CONFIRM};

	ask_and_wait(world, &differs);
	assert_verdict(&differs, DNS_VERIFIED);
	assert_int_equal(differs.result.rcode, DNS_NXRRSET);
	zone_model_put(world->model, OWNER, "192.0.2.80");
	ask_and_wait(world, &same);
	assert_committed(&same);
	zone_model_add(world->model, OWNER, "192.0.2.81");
	ask_and_wait(world, &more);
	assert_verdict(&more, DNS_VERIFIED);
	assert_int_equal(more.result.rcode, DNS_NXRRSET);
	assert_int_equal(zone_model_commits(world->model), 0);
}

static void a_probe_asks_for_the_record_alone(void **state)
{
	struct world *world = *state;
	struct question there = {.kind = DNS_PROBE}, gone = {.kind = DNS_PROBE};

	ask_and_wait(world, &there);
	assert_committed(&there);
	zone_model_remove(world->model, OWNER, ADDR_V4);
	ask_and_wait(world, &gone);
	assert_int_equal(gone.result.rcode, DNS_NXRRSET);
	assert_int_equal(zone_model_commits(world->model), 0);
}

/* A forged "it is so already" would be as bad as a forged "it is done". */
static void no_wrong_reply_to_a_query_or_confirmation_is_believed(void **state)
{
	static const enum dns_request_kind kinds[] = {DNS_QUERY, DNS_CONFIRM, DNS_PROBE};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		for (enum reply_kind kind = REPLY_NONE; kind < REPLY_KIND_COUNT; kind++) {
			struct question question = {.kind = kinds[i]};

			script(world, kind, DNS_NOERROR);
			ask_and_wait(world, &question);
			if (question.result.verdict != DNS_UNKNOWN)
				fail_msg("a reply of kind %d gave verdict %d", kind, question.result.verdict);
		}
	}
}

static void requests_of_all_kinds_share_the_connection(void **state)
{
	struct world *world = *state;
	struct question questions[40] = {0};

	primary_set_script(world->primary, (struct primary_script){.rcode = PRIMARY_DECIDES, .hold = true});
	for (size_t i = 0; i < 40; i++) {
		questions[i].kind = (enum dns_request_kind)(i % (DNS_QUERY + 1));
		ask(world, &questions[i]);
	}
	fake_env_settle(world->fake);
	scripted_release(world->primary, true);
	fake_env_settle(world->fake);
	for (size_t i = 0; i < 40; i++) {
		assert_committed(&questions[i]);
		assert_int_equal(questions[i].result.answer.count, questions[i].kind == DNS_QUERY);
	}
	assert_int_equal(primary_connections(world->primary), 1);
}

/* ---- Tickets ---- */

static void what_was_withdrawn_is_not_sent(void **state)
{
	struct world *world = *state;
	struct question withdrawn = {0}, other = {0};

	ask(world, &withdrawn);
	ask(world, &other);
	assert_false(withdrawn.ticket.sent);
	withdrawn.ticket.withdrawn = true;
	fake_env_settle(world->fake);
	assert_verdict(&withdrawn, DNS_UNREACHABLE);
	assert_false(withdrawn.ticket.sent);
	assert_committed(&other);
	assert_true(other.ticket.sent);
	assert_int_equal(primary_requests(world->primary), 1);
}

/* ---- Deadlines ---- */

static void a_black_hole_is_given_up_at_the_connect_deadline(void **state)
{
	struct world *world = *state;
	struct question question = {0};

	primary_set_door(world->primary, DOOR_BLACK_HOLE);
	ask(world, &question);
	fake_env_advance(world->fake, CONNECT_TIMEOUT_MS - 1);
	assert_int_equal(question.answers, 0);
	fake_env_advance(world->fake, 1);
	assert_verdict(&question, DNS_UNREACHABLE);
	assert_int_equal(network_connections(world->network), 0);
}

static void a_silent_primary_is_given_up_at_the_reply_deadline(void **state)
{
	struct world *world = *state;
	struct question question = {0};

	script(world, REPLY_NONE, PRIMARY_DECIDES);
	ask(world, &question);
	fake_env_advance(world->fake, REPLY_TIMEOUT_MS - 1);
	assert_int_equal(question.answers, 0);
	fake_env_advance(world->fake, 1);
	assert_verdict(&question, DNS_UNKNOWN);
	assert_int_equal(network_connections(world->network), 0);
}

static void a_reply_just_before_the_deadline_counts(void **state)
{
	struct world *world = *state;
	struct question question = {0};

	primary_set_script(world->primary,
			   (struct primary_script){.rcode = PRIMARY_DECIDES, .delay_ms = REPLY_TIMEOUT_MS - 1});
	ask_and_wait(world, &question);
	assert_committed(&question);
}

static void a_later_request_has_a_deadline_of_its_own(void **state)
{
	struct world *world = *state;
	struct question first = {0}, second = {0};

	script(world, REPLY_NONE, PRIMARY_DECIDES);
	ask(world, &first);
	fake_env_advance(world->fake, REPLY_TIMEOUT_MS - 10);
	script(world, REPLY_SIGNED, PRIMARY_DECIDES);
	ask(world, &second);
	fake_env_advance(world->fake, 5);
	assert_committed(&second);
	assert_int_equal(first.answers, 0);
	fake_env_advance(world->fake, 5);
	assert_verdict(&first, DNS_UNKNOWN);
	/* The primary had answered in between, so the connection is not to blame. */
	assert_int_equal(network_connections(world->network), 1);
}

static void octets_that_drip_do_not_move_the_deadline(void **state)
{
	struct world *world = *state;
	struct question question = {0};
	static const uint8_t head[] = {0xff};

	script(world, REPLY_NONE, PRIMARY_DECIDES);
	ask(world, &question);
	for (unsigned i = 0; i < 10; i++) {
		fake_env_advance(world->fake, REPLY_TIMEOUT_MS / 10);
		if (i < 9)
			primary_say(world->primary, head, sizeof head);
	}
	assert_verdict(&question, DNS_UNKNOWN);
	assert_int_equal(fake_env_next_ms(world->fake), ENV_NEVER_MS);
}

static void wall_clock_jumps_move_no_deadline(void **state)
{
	struct world *world = *state;
	struct question question = {0};

	script(world, REPLY_NONE, PRIMARY_DECIDES);
	ask(world, &question);
	fake_env_advance(world->fake, 10);
	fake_env_set_wall_s(world->fake, fake_env_wall_s(world->fake) + 86400);
	fake_env_advance(world->fake, REPLY_TIMEOUT_MS - 11);
	assert_int_equal(question.answers, 0);
	fake_env_advance(world->fake, 1);
	assert_verdict(&question, DNS_UNKNOWN);
}

/* ---- The connection ---- */

static void nothing_connects_before_there_is_something_to_send(void **state)
{
	struct world *world = *state;

	fake_env_advance(world->fake, LATER_MS);
	assert_int_equal(primary_connections(world->primary), 0);
}

static void the_connection_is_kept_and_shared(void **state)
{
	struct world *world = *state;
	struct question questions[8] = {0};

	for (size_t i = 0; i < 4; i++)
		ask(world, &questions[i]);
	fake_env_settle(world->fake);
	fake_env_advance(world->fake, LATER_MS);
	for (size_t i = 4; i < 8; i++)
		ask(world, &questions[i]);
	fake_env_settle(world->fake);
	for (size_t i = 0; i < 8; i++)
		assert_committed(&questions[i]);
	assert_int_equal(primary_connections(world->primary), 1);
}

static void an_idle_client_waits_for_nothing(void **state)
{
	struct world *world = *state;
	struct question question = {0};

	ask_and_wait(world, &question);
	assert_int_equal(fake_env_next_ms(world->fake), ENV_NEVER_MS);
}

static void requests_are_pipelined(void **state)
{
	struct world *world = *state;
	struct question questions[50] = {0};

	primary_set_script(world->primary, (struct primary_script){.rcode = PRIMARY_DECIDES, .hold = true});
	for (size_t i = 0; i < 50; i++)
		ask(world, &questions[i]);
	fake_env_settle(world->fake);
	assert_int_equal(primary_requests(world->primary), 50);
	scripted_release(world->primary, false);
	fake_env_settle(world->fake);
	for (size_t i = 0; i < 50; i++)
		assert_committed(&questions[i]);
}

static void replies_may_come_in_any_order(void **state)
{
	struct world *world = *state;
	struct question questions[50] = {0};

	primary_set_script(world->primary, (struct primary_script){.rcode = PRIMARY_DECIDES, .hold = true});
	for (size_t i = 0; i < 50; i++)
		ask(world, &questions[i]);
	fake_env_settle(world->fake);
	scripted_release(world->primary, true);
	fake_env_settle(world->fake);
	for (size_t i = 0; i < 50; i++)
		assert_committed(&questions[i]);
}

static void a_reply_in_pieces_of_any_size_is_put_together(void **state)
{
	struct world *world = *state;

	for (size_t piece_len = 1; piece_len < 150; piece_len++) {
		struct question questions[3] = {0};

		primary_set_script(world->primary,
				   (struct primary_script){.rcode = PRIMARY_DECIDES, .piece_len = piece_len});
		for (size_t i = 0; i < 3; i++)
			ask(world, &questions[i]);
		fake_env_settle(world->fake);
		for (size_t i = 0; i < 3; i++)
			assert_committed(&questions[i]);
	}
	assert_int_equal(primary_connections(world->primary), 1);
}

/* A message that says `len` octets of nothing. */
static void say_nothing(struct world *world, size_t len)
{
	static uint8_t octets[2 + 65535];

	octets[0] = (uint8_t)(len >> 8);
	octets[1] = (uint8_t)len;
	primary_say(world->primary, octets, 2 + len);
}

static void what_answers_no_request_is_passed_over(void **state)
{
	static const size_t lens[] = {0, 1, 11, 12, 512, 65534, 65535};
	struct world *world = *state;
	struct question questions[2] = {0};

	primary_set_script(world->primary, (struct primary_script){.rcode = PRIMARY_DECIDES, .hold = true});
	ask(world, &questions[0]);
	fake_env_settle(world->fake);
	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++)
		say_nothing(world, lens[i]);
	scripted_release(world->primary, false);
	say_nothing(world, 0);
	fake_env_settle(world->fake);
	assert_committed(&questions[0]);
	/* Also when nothing is asked. */
	say_nothing(world, 65535);
	fake_env_settle(world->fake);
	script(world, REPLY_SIGNED, PRIMARY_DECIDES);
	ask_and_wait(world, &questions[1]);
	assert_committed(&questions[1]);
	assert_int_equal(primary_connections(world->primary), 1);
}

static void a_refused_connection_leaves_all_unreachable(void **state)
{
	struct world *world = *state;
	struct question questions[3] = {0};

	primary_set_door(world->primary, DOOR_REFUSES);
	for (size_t i = 0; i < 3; i++)
		ask(world, &questions[i]);
	fake_env_settle(world->fake);
	for (size_t i = 0; i < 3; i++)
		assert_verdict(&questions[i], DNS_UNREACHABLE);
	assert_int_equal(primary_connections(world->primary), 1);
}

static void a_transport_that_fails_at_once_is_told_later(void **state)
{
	struct world *world = *state;
	struct question questions[2] = {0};

	primary_set_door(world->primary, DOOR_FAILS);
	for (size_t i = 0; i < 2; i++)
		ask(world, &questions[i]);
	fake_env_settle(world->fake);
	for (size_t i = 0; i < 2; i++)
		assert_verdict(&questions[i], DNS_UNREACHABLE);
	primary_set_door(world->primary, DOOR_OPEN);
	questions[0] = (struct question){0};
	ask_and_wait(world, &questions[0]);
	assert_committed(&questions[0]);
}

static void a_closed_connection_leaves_what_was_sent_unknown(void **state)
{
	struct world *world = *state;
	struct question sent[3] = {0}, later = {0};

	script(world, REPLY_NONE, PRIMARY_DECIDES);
	for (size_t i = 0; i < 3; i++)
		ask(world, &sent[i]);
	fake_env_settle(world->fake);
	primary_drop_connections(world->primary);
	fake_env_settle(world->fake);
	for (size_t i = 0; i < 3; i++)
		assert_verdict(&sent[i], DNS_UNKNOWN);
	script(world, REPLY_SIGNED, PRIMARY_DECIDES);
	ask_and_wait(world, &later);
	assert_committed(&later);
	assert_int_equal(primary_connections(world->primary), 2);
}

static void a_close_tells_what_was_sent_from_what_was_not(void **state)
{
	enum { IN_FLIGHT_MAX = 1024 };
	struct world *world = *state;
	static struct question questions[IN_FLIGHT_MAX + 1];

	memset(questions, 0, sizeof questions);
	script(world, REPLY_NONE, PRIMARY_DECIDES);
	for (size_t i = 0; i <= IN_FLIGHT_MAX; i++)
		ask(world, &questions[i]);
	fake_env_settle(world->fake);
	primary_drop_connections(world->primary);
	fake_env_settle(world->fake);
	for (size_t i = 0; i < IN_FLIGHT_MAX; i++)
		assert_verdict(&questions[i], DNS_UNKNOWN);
	assert_verdict(&questions[IN_FLIGHT_MAX], DNS_UNREACHABLE);
	assert_int_equal(primary_requests(world->primary), IN_FLIGHT_MAX);
}

/* Of a primary with several addresses the next one is due, until one leads to somebody who can be believed. */
static void a_connection_that_was_good_for_nothing_is_another_address_s_turn(void **state)
{
	static const enum door doors[] = {DOOR_REFUSES, DOOR_FAILS, DOOR_OPEN};
	struct world *world = *state;

	script(world, REPLY_UNSIGNED, DNS_NOERROR);
	for (unsigned i = 0; i < 3; i++) {
		struct question question = {0};

		primary_set_door(world->primary, doors[i]);
		ask_and_wait(world, &question);
		assert_int_equal(primary_turn(world->primary), i);
	}
	script(world, REPLY_SIGNED, PRIMARY_DECIDES);
	for (unsigned i = 0; i < 3; i++) {
		struct question question = {0};

		ask_and_wait(world, &question);
		assert_committed(&question);
		assert_int_equal(primary_turn(world->primary), 3);
		primary_drop_connections(world->primary);
		fake_env_settle(world->fake);
	}
}

static void a_close_while_idle_costs_nothing(void **state)
{
	struct world *world = *state;
	struct question questions[2] = {0};

	ask_and_wait(world, &questions[0]);
	primary_drop_connections(world->primary);
	fake_env_advance(world->fake, LATER_MS);
	assert_int_equal(network_connections(world->network), 0);
	ask_and_wait(world, &questions[1]);
	assert_committed(&questions[1]);
}

static void a_close_amid_a_reply_leaves_the_outcome_unknown(void **state)
{
	struct world *world = *state;

	for (size_t len = 1; len < 40; len++) {
		struct question question = {0};

		primary_set_script(world->primary,
				   (struct primary_script){.rcode = PRIMARY_DECIDES, .close_after = len});
		ask_and_wait(world, &question);
		assert_verdict(&question, DNS_UNKNOWN);
	}
	/* The rest of a reply is never put before the next connection's. */
	struct question last = {0};

	script(world, REPLY_SIGNED, PRIMARY_DECIDES);
	ask_and_wait(world, &last);
	assert_committed(&last);
}

/* The loop's next turn may be a while from now. */
static void what_can_be_sent_is_sent_at_once(void **state)
{
	struct world *world = *state;
	struct question questions[2] = {0};

	ask(world, &questions[0]);
	assert_false(questions[0].ticket.sent); /* there is no connection yet */
	fake_env_settle(world->fake);
	assert_committed(&questions[0]);
	ask(world, &questions[1]);
	assert_true(questions[1].ticket.sent);
	fake_env_settle(world->fake);
	assert_committed(&questions[1]);
}

static void an_open_connection_that_fails_to_send_leaves_the_outcome_unknown(void **state)
{
	struct world *world = *state;
	struct question questions[3] = {0};

	ask(world, &questions[0]);
	fake_env_settle(world->fake);
	primary_set_sends_fail(world->primary, true);
	for (size_t i = 1; i < 3; i++)
		ask(world, &questions[i]);
	fake_env_settle(world->fake);
	assert_verdict(&questions[1], DNS_UNKNOWN);
	assert_verdict(&questions[2], DNS_UNREACHABLE);
	assert_int_equal(network_connections(world->network), 0);
}

static void a_failing_send_leaves_the_outcome_unknown(void **state)
{
	struct world *world = *state;
	struct question questions[2] = {0};

	primary_set_sends_fail(world->primary, true);
	for (size_t i = 0; i < 2; i++)
		ask(world, &questions[i]);
	fake_env_settle(world->fake);
	assert_verdict(&questions[0], DNS_UNKNOWN);
	assert_verdict(&questions[1], DNS_UNREACHABLE);
	assert_int_equal(network_connections(world->network), 0);
}

static void a_forged_reply_breaks_the_connection_for_all(void **state)
{
	struct world *world = *state;
	struct question questions[3] = {0};

	primary_set_script(world->primary,
			   (struct primary_script){.reply = REPLY_WRONG_SECRET, .rcode = DNS_NOERROR, .hold = true});
	for (size_t i = 0; i < 3; i++)
		ask(world, &questions[i]);
	fake_env_settle(world->fake);
	scripted_release(world->primary, false);
	fake_env_settle(world->fake);
	for (size_t i = 0; i < 3; i++)
		assert_verdict(&questions[i], DNS_UNKNOWN);
	assert_int_equal(network_connections(world->network), 0);
}

/* ---- Each attempt is a message of its own ---- */

static void ids_in_flight_differ(void **state)
{
	static const uint8_t same[] = {1, 2, 1, 2, 1, 2, 3, 4};
	struct world *world = *state;
	struct question questions[2] = {0};

	fake_env_foretell(world->fake, same, sizeof same);
	primary_set_script(world->primary, (struct primary_script){.rcode = PRIMARY_DECIDES, .hold = true});
	for (size_t i = 0; i < 2; i++)
		ask(world, &questions[i]);
	fake_env_settle(world->fake);
	assert_int_not_equal(primary_request(world->primary, 0)->id, primary_request(world->primary, 1)->id);
	scripted_release(world->primary, true);
	fake_env_settle(world->fake);
	for (size_t i = 0; i < 2; i++)
		assert_committed(&questions[i]);
}

static void each_attempt_has_an_id_time_and_signature_of_its_own(void **state)
{
	struct world *world = *state;
	const struct primary_request *a, *b;
	struct question questions[2] = {0};

	ask_and_wait(world, &questions[0]);
	ask_and_wait(world, &questions[1]);
	a = primary_request(world->primary, 0);
	b = primary_request(world->primary, 1);
	assert_int_not_equal(a->id, b->id);
	assert_int_equal(b->time_s - a->time_s, LATER_MS / 1000);
	assert_memory_not_equal(a->mac.octets, b->mac.octets, a->mac.len);
	assert_int_equal(b->verified, TSIG_OK);
}

static void the_time_signed_is_that_of_sending(void **state)
{
	struct world *world = *state;
	struct question question = {0};

	ask(world, &question);
	fake_env_set_wall_s(world->fake, fake_env_wall_s(world->fake) + 5000);
	fake_env_settle(world->fake);
	assert_committed(&question);
	assert_int_equal(primary_request(world->primary, 0)->time_s, fake_env_wall_s(world->fake));
}

/* ---- done() ---- */

static void done_may_send(void **state)
{
	struct world *world = *state;
	struct question questions[4] = {0};

	for (size_t i = 0; i < 3; i++)
		questions[i].next = &questions[i + 1];
	ask_and_wait(world, &questions[0]);
	for (size_t i = 0; i < 4; i++)
		assert_committed(&questions[i]);
	assert_int_equal(primary_connections(world->primary), 1);
}

static void done_may_send_when_the_connection_broke(void **state)
{
	struct world *world = *state;
	struct question questions[4] = {0};

	questions[0].next = &questions[2];
	questions[1].next = &questions[3];
	script(world, REPLY_NONE, PRIMARY_DECIDES);
	ask(world, &questions[0]);
	ask(world, &questions[1]);
	fake_env_settle(world->fake);
	script(world, REPLY_SIGNED, PRIMARY_DECIDES);
	primary_drop_connections(world->primary);
	fake_env_advance(world->fake, LATER_MS);
	assert_verdict(&questions[0], DNS_UNKNOWN);
	assert_verdict(&questions[1], DNS_UNKNOWN);
	assert_committed(&questions[2]);
	assert_committed(&questions[3]);
	assert_int_equal(primary_connections(world->primary), 2);
}

static void done_may_send_to_a_transport_that_fails_at_once(void **state)
{
	struct world *world = *state;
	struct question questions[3] = {0};

	questions[0].next = &questions[1];
	questions[1].next = &questions[2];
	primary_set_door(world->primary, DOOR_FAILS);
	ask_and_wait(world, &questions[0]);
	for (size_t i = 0; i < 3; i++)
		assert_verdict(&questions[i], DNS_UNREACHABLE);
}

static void done_may_send_while_forged_octets_are_still_coming(void **state)
{
	struct world *world = *state;
	struct question questions[3] = {0};

	questions[0].next = &questions[2];
	primary_set_script(world->primary,
			   (struct primary_script){.reply = REPLY_WRONG_SECRET, .rcode = DNS_NOERROR, .hold = true});
	ask(world, &questions[0]);
	ask(world, &questions[1]);
	fake_env_settle(world->fake);
	script(world, REPLY_SIGNED, PRIMARY_DECIDES);
	scripted_release(world->primary, false);
	fake_env_advance(world->fake, LATER_MS);
	assert_verdict(&questions[0], DNS_UNKNOWN);
	assert_verdict(&questions[1], DNS_UNKNOWN);
	assert_committed(&questions[2]);
}

static void a_client_is_freed_with_requests_under_way(void **state)
{
	struct world *world = *state;
	struct question sent = {0}, waiting = {0};

	script(world, REPLY_NONE, PRIMARY_DECIDES);
	ask(world, &sent);
	fake_env_settle(world->fake);
	ask(world, &waiting);
	dns_client_free(&world->client);
	fake_env_advance(world->fake, LATER_MS);
	assert_int_equal(sent.answers + waiting.answers, 0);
	assert_int_equal(network_connections(world->network), 0);
}

static void a_client_is_freed_while_it_connects(void **state)
{
	struct world *world = *state;
	struct question question = {0};

	primary_set_door(world->primary, DOOR_BLACK_HOLE);
	ask(world, &question);
	dns_client_free(&world->client);
	dns_client_free(&world->client); /* NULL by now */
	fake_env_advance(world->fake, LATER_MS);
	assert_int_equal(question.answers, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(an_update_is_committed),
		TEST(a_signed_rcode_is_the_primarys_word),
		TEST(an_id_that_was_changed_on_the_way_is_no_fault),
		TEST(no_wrong_reply_is_believed),
		TEST(a_noerror_that_cannot_be_believed_leaves_the_outcome_unknown),
		TEST(the_client_works_again_after_each_wrong_reply),
		TEST(errors_that_cannot_be_signed_are_refusals_that_prove_nothing),
		TEST(an_unsigned_tsig_error_names_itself),
		TEST(badtime_tells_how_far_the_clocks_are_apart),
		TEST(a_signed_badtrunc_is_a_rejection),
		TEST(a_small_clock_offset_does_no_harm),
		TEST(a_query_tells_what_is_there),
		TEST(a_query_tells_that_nothing_is_there),
		TEST(a_reply_without_authority_says_so),
		TEST(a_confirmation_asks_for_the_very_address),
		TEST(a_probe_asks_for_the_record_alone),
		TEST(no_wrong_reply_to_a_query_or_confirmation_is_believed),
		TEST(requests_of_all_kinds_share_the_connection),
		TEST(what_was_withdrawn_is_not_sent),
		TEST(a_reply_may_be_signed_with_the_time_of_the_question),
		TEST(a_replayed_reply_is_not_believed),
		TEST(a_black_hole_is_given_up_at_the_connect_deadline),
		TEST(a_silent_primary_is_given_up_at_the_reply_deadline),
		TEST(a_reply_just_before_the_deadline_counts),
		TEST(a_later_request_has_a_deadline_of_its_own),
		TEST(octets_that_drip_do_not_move_the_deadline),
		TEST(wall_clock_jumps_move_no_deadline),
		TEST(nothing_connects_before_there_is_something_to_send),
		TEST(the_connection_is_kept_and_shared),
		TEST(an_idle_client_waits_for_nothing),
		TEST(requests_are_pipelined),
		TEST(replies_may_come_in_any_order),
		TEST(a_reply_in_pieces_of_any_size_is_put_together),
		TEST(what_answers_no_request_is_passed_over),
		TEST(a_refused_connection_leaves_all_unreachable),
		TEST(a_transport_that_fails_at_once_is_told_later),
		TEST(a_closed_connection_leaves_what_was_sent_unknown),
		TEST(a_close_tells_what_was_sent_from_what_was_not),
		TEST(a_connection_that_was_good_for_nothing_is_another_address_s_turn),
		TEST(a_close_while_idle_costs_nothing),
		TEST(a_close_amid_a_reply_leaves_the_outcome_unknown),
		TEST(what_can_be_sent_is_sent_at_once),
		TEST(an_open_connection_that_fails_to_send_leaves_the_outcome_unknown),
		TEST(a_failing_send_leaves_the_outcome_unknown),
		TEST(a_forged_reply_breaks_the_connection_for_all),
		TEST(ids_in_flight_differ),
		TEST(each_attempt_has_an_id_time_and_signature_of_its_own),
		TEST(the_time_signed_is_that_of_sending),
		TEST(done_may_send),
		TEST(done_may_send_when_the_connection_broke),
		TEST(done_may_send_to_a_transport_that_fails_at_once),
		TEST(done_may_send_while_forged_octets_are_still_coming),
		TEST(a_client_is_freed_with_requests_under_way),
		TEST(a_client_is_freed_while_it_connects),
	};

	return cmocka_run_group_tests_name("dns client", tests, NULL, NULL);
}
