/*
 * Memory that runs out, see failing_malloc.h. Nothing may be called a change that is not in the zone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account/authorise.h"
#include "admin/admin.h"
#include "base/log.h"
#include "config/config.h"
#include "dns/message.h"
#include "failing_malloc.h"
#include "fake_env.h"
#include "hosts.h"
#include "live/survey.h"
#include "page/page.h"
#include "pipeline.h"
#include "scripted_primary.h"
#include "state_folder.h"
#include "store/import.h"
#include "store/state.h"
#include "store/stores.h"
#include "zone/zones.h"

/* ---- libldns ---- */

/*
 * libldns 1.8 does not look at what its malloc() gives it everywhere (for the lists of a packet, for instance) and
 * crashes when memory runs out just there. So its functions are not failed from within but as a whole: the linker leads
 * our calls of them here.
 */

#define FAILING_FUNCTION(type, name, failure, parameters, arguments)                                                   \
	type __real_##name parameters;                                                                                 \
	type __wrap_##name parameters;                                                                                 \
	type __wrap_##name parameters                                                                                  \
	{                                                                                                              \
		return function_fails() ? failure : __real_##name arguments;                                           \
	}

FAILING_FUNCTION(ldns_status, ldns_wire2pkt, LDNS_STATUS_MEM_ERR, (ldns_pkt * *packet, const uint8_t *wire, size_t len),
		 (packet, wire, len))

/* ---- The world ---- */

enum { WAITERS = 4, DEADLINE_MS = 10000, LATER_MS = 60000 };

#define ZONE "dyn.example.com"

struct waiter {
	unsigned answers;
	struct outcome outcome;
};

struct world {
	struct fake_env *fake;
	struct network *network;
	struct zone_model *model;
	struct tsig_key *key;
	struct order *order;
	struct memory *memory;
	struct name zone_name;
	struct peer peers[2];
	struct zone_setup setups[2];
	struct waiter waiters[WAITERS];
};

static void drop_line(void *ctx, const char *line, size_t len)
{
	(void)ctx;
	(void)line;
	(void)len;
}

static int setup(void **state)
{
	static struct world the_world;
	struct world *world = &the_world;

	/* As they may be left by a case that failed. */
	failing_malloc_reset();
	failing_malloc_treat("libldns", MALLOC_COUNTED);
	*world = (struct world){0};
	*state = world;
	log_set_sink(drop_line, NULL);
	assert_int_equal(name_parse(text_of(ZONE), &world->zone_name), STATUS_OK);
	assert_int_equal(tsig_key_new("gw", "hmac-sha256", (const uint8_t *)"0123456789abcdef", 16, &world->key),
			 TSIG_OK);
	assert_int_equal(peer_parse(text_of("192.0.2.53"), 53, &world->peers[0]), STATUS_OK);
	assert_int_equal(peer_parse(text_of("192.0.2.54"), 53, &world->peers[1]), STATUS_OK);
	for (size_t i = 0; i < 2; i++)
		world->setups[i] = (struct zone_setup){&world->zone_name, world->peers, 2, world->key, NULL, 0};
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	tsig_key_free(&world->key);
	log_set_sink(NULL, NULL);
	return 0;
}

static void open_network(struct world *world)
{
	fake_env_outside++;
	world->fake = fake_env_new(1);
	world->network = network_new(world->fake);
	world->model = zone_model_new(ZONE);
	assert_int_equal(order_new(1, &world->order), STATUS_OK);
	assert_int_equal(memory_new(100, 1, &world->memory), STATUS_OK);
	zone_model_put(world->model, "h0." ZONE, "192.0.2.1");
	zone_model_put(world->model, "h1." ZONE, "192.0.2.1");
	scripted_new(world->network, "192.0.2.53", world->model, world->key);
	scripted_new(world->network, "192.0.2.54", world->model, world->key);
	fake_env_outside--;
}

static void close_network(struct world *world)
{
	fake_env_outside++;
	network_free(&world->network);
	fake_env_free(&world->fake);
	zone_model_free(&world->model);
	order_free(&world->order);
	memory_free(&world->memory);
	fake_env_outside--;
}

static void on_done(void *ctx, const struct outcome *outcome)
{
	struct waiter *waiter = ctx;

	waiter->answers++;
	waiter->outcome = *outcome;
}

static enum status open_zones_for(struct world *world, zones_done_fn *done, struct zones **out)
{
	struct transport_maker maker = network_maker(world->network);
	struct dns_client_options options = {.connect_timeout_ms = 2000, .reply_timeout_ms = 4000, .fudge_s = 300};
	struct queue_limits limits = {
		.waiters_max = 100,
		.share_max = 100,
		.octets_max = DNS_MESSAGE_MAX,
		.updates_max = 2,
		.overlap_min = 2,
		.half_min = 100,
		.half_min_with_pause = 100,
		.confirms_max = 2,
		.queries_max = 8,
		.attempts_max = 5,
		.retry_pause_ms = 100,
		.deadline_ms = DEADLINE_MS,
	};

	return zones_new(fake_env_of(world->fake), world->order, world->memory, &maker, &options, &limits,
			 world->setups, 2, done, out);
}

static enum status open_zones(struct world *world, struct zones **out)
{
	return open_zones_for(world, on_done, out);
}

/* ---- Zones ---- */

static bool make_zones(void *ctx, unsigned long n, bool only_one)
{
	struct world *world = ctx;
	struct zones *zones = NULL;
	enum status status;
	bool failed;

	open_network(world);
	fail_from(n, only_one);
	status = open_zones(world, &zones);
	failed = fail_no_more();
	assert_int_equal(status, failed ? STATUS_NO_MEMORY : STATUS_OK);
	assert_int_equal(zones != NULL, status == STATUS_OK);
	zones_free(&zones);
	close_network(world);
	return failed;
}

static void zones_are_made_or_not(void **state)
{
	failing_malloc_repeat(*state, make_zones);
}

/* What is in force does not suffer from a successor that cannot be made. */
static bool succeed_zones(void *ctx, unsigned long n, bool only_one)
{
	struct world *world = ctx;
	struct queue_limits limits = {.waiters_max = 8, .share_max = 8, .octets_max = 4096, .updates_max = 1};
	struct dns_client_options options = {.connect_timeout_ms = 100, .reply_timeout_ms = 100, .fudge_s = 300};
	struct zones *zones, *next = NULL;
	enum status status;
	bool failed;

	open_network(world);
	assert_int_equal(open_zones(world, &zones), STATUS_OK);
	fail_from(n, only_one);
	status = zones_succeed(zones, &options, &limits, world->setups, 2, &next);
	failed = fail_no_more();
	assert_int_equal(status, failed ? STATUS_NO_MEMORY : STATUS_OK);
	zones_free(&next);
	zones_free(&zones);
	close_network(world);
	return failed;
}

static void successors_are_made_or_not(void **state)
{
	failing_malloc_repeat(*state, succeed_zones);
}

/* At its request's place in the order of arrival, or behind all others. */
static void submit_at(struct zones *zones, struct order_place *place, const char *owner, unsigned number, bool both,
		      struct waiter *waiter)
{
	struct change_set set = {.count = both ? 2 : 1, .place = place};

	*waiter = (struct waiter){0};
	assert_int_equal(name_parse(text_of(owner), &set.owner), STATUS_OK);
	set.changes[0] = change_to_addr((struct addr){ADDR_V4, {10, 0, 0, (uint8_t)number}}, 180, true);
	set.changes[1] = change_to_addr((struct addr){ADDR_V6, {0x20, 1}}, 180, true);
	zones_submit(zones, &set, waiter);
}

static void submit(struct zones *zones, const char *owner, unsigned number, bool both, struct waiter *waiter)
{
	submit_at(zones, NULL, owner, number, both, waiter);
}

static bool may_be_committed(const struct waiter *waiter)
{
	return waiter->outcome.code == OUTCOME_CHANGED || waiter->outcome.code == OUTCOME_UNKNOWN;
}

/* Each is answered once, and the zone is as the answers say. */
static void check_answers(const struct world *world)
{
	const struct waiter *waiters = world->waiters;
	const char *addr = zone_model_get(world->model, "h0." ZONE, ADDR_V4);

	for (size_t i = 0; i < WAITERS; i++)
		assert_int_equal(waiters[i].answers, 1);
	if (waiters[1].outcome.code == OUTCOME_CHANGED)
		assert_string_equal(addr, "10.0.0.2");
	else if (waiters[0].outcome.code == OUTCOME_CHANGED)
		assert_string_not_equal(addr, "192.0.2.1");
	if (strcmp(addr, "10.0.0.2") == 0)
		assert_true(may_be_committed(&waiters[1]));
	if (strcmp(addr, "10.0.0.1") == 0)
		assert_true(may_be_committed(&waiters[0]));
	assert_int_not_equal(waiters[2].outcome.code, OUTCOME_CHANGED);
	assert_int_not_equal(waiters[3].outcome.code, OUTCOME_CHANGED);
}

/*
 * Two changes of one host, one of a host without AAAA record, which is probed, and one of a host that does not exist.
 */
static bool round_trip(void *ctx, unsigned long n, bool only_one)
{
	struct world *world = ctx;
	struct zones *zones;
	bool failed;

	open_network(world);
	assert_int_equal(open_zones(world, &zones), STATUS_OK);
	fail_from(n, only_one);
	submit(zones, "h0." ZONE, 1, false, &world->waiters[0]);
	submit(zones, "h0." ZONE, 2, false, &world->waiters[1]);
	submit(zones, "h1." ZONE, 3, true, &world->waiters[2]);
	submit(zones, "h2." ZONE, 4, false, &world->waiters[3]);
	fake_env_advance(world->fake, LATER_MS);
	failed = fail_no_more();
	check_answers(world);
	if (!failed)
		assert_int_equal(world->waiters[1].outcome.code, OUTCOME_CHANGED);
	/* When there is memory again, all is well again. */
	submit(zones, "h0." ZONE, 5, false, &world->waiters[0]);
	fake_env_advance(world->fake, LATER_MS);
	assert_int_equal(world->waiters[0].outcome.code, OUTCOME_CHANGED);
	zones_free(&zones);
	close_network(world);
	return failed;
}

static void changes_are_committed_or_not_called_so(void **state)
{
	failing_malloc_repeat(*state, round_trip);
}

/* A request whose account takes long to be looked up, and a later one of the same host, which needs memory for that. */
static bool overtake(void *ctx, unsigned long n, bool only_one)
{
	struct world *world = ctx;
	struct waiter *earlier = &world->waiters[0], *later = &world->waiters[1];
	struct order_place early, late;
	struct zones *zones;
	bool failed;

	open_network(world);
	assert_int_equal(open_zones(world, &zones), STATUS_OK);
	order_arrive(world->order, &early);
	order_arrive(world->order, &late);
	fail_from(n, only_one);
	submit_at(zones, &late, "h0." ZONE, 2, false, later);
	order_leave(world->order, &late);
	submit_at(zones, &early, "h0." ZONE, 1, false, earlier);
	order_leave(world->order, &early);
	fake_env_advance(world->fake, LATER_MS);
	failed = fail_no_more();
	assert_int_equal(earlier->answers, 1);
	assert_int_equal(later->answers, 1);
	if (!failed)
		assert_int_equal(earlier->outcome.code, OUTCOME_OVERTAKEN);
	if (later->outcome.code == OUTCOME_CHANGED)
		assert_string_equal(zone_model_get(world->model, "h0." ZONE, ADDR_V4), "10.0.0.2");
	assert_int_equal(order_mark_count(world->order), 0);
	zones_free(&zones);
	close_network(world);
	return failed;
}

static void the_order_is_kept_without_memory(void **state)
{
	failing_malloc_repeat(*state, overtake);
}

static bool make_order(void *ctx, unsigned long n, bool only_one)
{
	struct world *world = ctx;
	struct order *order = NULL;
	enum status status;
	bool failed;

	(void)world;
	fail_from(n, only_one);
	status = order_new(1, &order);
	failed = fail_no_more();
	assert_int_equal(status, failed ? STATUS_NO_MEMORY : STATUS_OK);
	assert_int_equal(order != NULL, status == STATUS_OK);
	order_free(&order);
	return failed;
}

static void orders_are_made_or_not(void **state)
{
	failing_malloc_repeat(*state, make_order);
}

/* ---- The rest ---- */

/* The answer to a query about h0, of the records whose octets from the type on are given. */
static size_t write_answer(const struct dns_request *request, uint8_t *reply, unsigned count, const uint8_t *records,
			   size_t record_len)
{
	static const uint8_t pointer[] = {0xc0, DNS_HEADER_LEN};
	size_t len = 0;

	assert_int_equal(dns_request_write(request, 1, reply, DNS_MESSAGE_MAX, &len), STATUS_OK);
	reply[2] |= 0x84; /* QR, AA */
	reply[7] = (uint8_t)count;
	for (unsigned i = 0; i < count; i++) {
		memcpy(reply + len, pointer, sizeof pointer);
		memcpy(reply + len + sizeof pointer, records + i * record_len, record_len);
		len += sizeof pointer + record_len;
	}
	return len;
}

static bool read_whole_or_not(struct world *world, unsigned long n, bool only_one, enum rr_type type, unsigned count,
			      const uint8_t *records, size_t record_len)
{
	static uint8_t reply[DNS_MESSAGE_MAX], room[RRSET_ROOM];
	struct change_set set = {.count = 1, .changes = {{.type = type}}};
	struct dns_request request = {.kind = DNS_QUERY, .zone = &world->zone_name, .sets = &set};
	struct dns_reply read;
	enum status status;
	size_t len;
	bool failed;

	assert_int_equal(name_parse(text_of("h0." ZONE), &set.owner), STATUS_OK);
	len = write_answer(&request, reply, count, records, record_len);
	fail_from(n, only_one);
	status = dns_reply_read(reply, len, &request, room, &read);
	failed = fail_no_more();
	assert_int_equal(status == STATUS_OK, !failed);
	if (status == STATUS_OK)
		assert_true(read.answer.count == count && read.answer.rrset.count == (type == RR_TXT ? 0 : count));
	return failed;
}

static bool read_reply(void *ctx, unsigned long n, bool only_one)
{
	struct world *world = ctx;
	static const uint8_t records[2][14] = {{0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 1},
					       {0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 2}};

	return read_whole_or_not(world, n, only_one, RR_A, 2, records[0], sizeof *records);
}

/* If one string of two were lost, the other would be taken for the whole record. */
static bool read_texts(void *ctx, unsigned long n, bool only_one)
{
	struct world *world = ctx;
	static const uint8_t record[] = {0, 16, 0, 1, 0, 0, 0, 60, 0, 5, 1, 'a', 2, 'b', 'c'};

	return read_whole_or_not(world, n, only_one, RR_TXT, 1, record, sizeof record);
}

static void replies_are_read_or_not_taken(void **state)
{
	failing_malloc_repeat(*state, read_reply);
}

static void no_record_is_missed_in_a_reply(void **state)
{
	/* What libldns has no memory for it leaves out without a word, and leaks. */
	failing_malloc_treat("libldns", MALLOC_GROWTH);
	failing_malloc_repeat(*state, read_reply);
	failing_malloc_repeat(*state, read_texts);
}

static bool make_store(void *ctx, unsigned long n, bool only_one)
{
	struct world *world = ctx;
	static char logins[100][16];
	static struct account accounts[100];
	struct account_store *store = NULL;
	enum status status;
	bool failed;

	(void)world;
	for (size_t i = 0; i < 100; i++) {
		snprintf(logins[i], sizeof logins[i], "user%zu", i);
		accounts[i].login = logins[i];
	}
	fail_from(n, only_one);
	status = store_map_new(accounts, 100, &store);
	failed = fail_no_more();
	assert_int_equal(status, failed ? STATUS_NO_MEMORY : STATUS_OK);
	assert_int_equal(store != NULL, status == STATUS_OK);
	account_store_free(&store);
	return failed;
}

static void stores_are_made_or_not(void **state)
{
	failing_malloc_repeat(*state, make_store);
}

/* ---- Accounts ---- */

/* The password "correct horse"; by openssl-passwd(1). */
static char password_hash_text[] = "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/";

struct authorised {
	unsigned calls;
	enum outcome_code code;
};

static void on_authorised(void *ctx, enum outcome_code code, const struct grant *grant)
{
	struct authorised *authorised = ctx;

	authorised->calls++;
	authorised->code = code;
	assert_int_equal(grant != NULL, code == OUTCOME_GRANTED);
}

static bool check_password(void *ctx, unsigned long n, bool only_one)
{
	struct world *world = ctx;
	static char login[] = "alice", name[] = "key";
	char line[] = "a.example.com\n";
	struct network source = {.addr = {.family = ADDR_V4}};
	struct account_key key = {.name = name,
				  .key = {.crypt = password_hash_text},
				  .hosts.lines = line,
				  .sources = &source,
				  .source_count = 1};
	struct account account = {.login = login, .active = true, .may_update = true, .keys = &key, .key_count = 1};
	struct authoriser authoriser = {0};
	struct presented presented = {.key = text_of("correct horse"), .source = {.family = ADDR_V4}};
	struct authorised authorised = {0};
	struct trial *trial;
	bool failed;

	open_network(world);
	authoriser.env = fake_env_of(world->fake);
	fail_from(n, only_one);
	if (verifier_new(authoriser.env, &authoriser.verifier) == STATUS_OK) {
		authorise(&authoriser, &account, &presented, on_authorised, &authorised, &trial);
		fake_env_settle(world->fake);
	}
	failed = fail_no_more();
	assert_int_equal(authorised.calls, authoriser.verifier ? 1 : 0);
	if (!failed)
		assert_int_equal(authorised.code, OUTCOME_GRANTED);
	/* A password that could not be checked is not called right; nor wrong, but for the hash itself. */
	if (failed && authorised.calls)
		assert_int_not_equal(authorised.code, OUTCOME_GRANTED);
	verifier_free(&authoriser.verifier);
	close_network(world);
	return failed;
}

static void passwords_are_checked_or_not_called_right(void **state)
{
	failing_malloc_repeat(*state, check_password);
}

static char state_folder[128];

enum { MANY_HOSTS = 200 };

static void add_many(struct database *database)
{
	char lines[MANY_HOSTS * 24];
	struct database_user user = {.login = text_of("many"), .active = true, .may_update = true};
	size_t len = 0;

	for (unsigned i = 0; i < MANY_HOSTS; i++)
		len += (size_t)snprintf(lines + len, sizeof lines - len, "h%u.example.com\n", i);
	user.hosts = (struct text){lines, len};
	assert_int_equal(database_user_add(database, &user), STATUS_OK);
}

static int make_state(void **state)
{
	struct host_list *hosts = hosts_of("a.example.com\n");
	struct account_key keys[] = {{.key = {.digest = {1}}}, {.key = {.crypt = password_hash_text}}};
	char login[] = "alice";
	struct account account = {.login = login, .active = true, .keys = keys, .key_count = 2, .hosts.list = hosts};
	struct database *database;

	snprintf(state_folder, sizeof state_folder, "%s", state_folder_new());
	database = state_folder_open(state_folder);
	state_folder_add(database, &account, 1);
	add_many(database);
	host_list_free(&hosts);
	assert_int_equal(database_user_set_password(database, text_of(login), text_of(password_hash_text)), STATUS_OK);
	database_free(&database);
	return setup(state);
}

static int remove_state(void **state)
{
	state_folder_remove(state_folder);
	return teardown(state);
}

struct found {
	unsigned calls;
	enum status status;
};

static void on_found(void *ctx, enum status status, const struct account *account)
{
	struct found *found = ctx;

	found->calls++;
	found->status = status;
	if (account)
		assert_true(account->key_count == 2 && account->keys[1].key.crypt && account->hosts.lines);
}

static struct account *many_account;

static void on_many(void *ctx, enum status status, const struct account *account)
{
	((struct found *)ctx)->status = status;
	if (account)
		assert_int_equal(account_copy(account, &many_account), STATUS_OK);
}

static bool look_up_in_state(void *ctx, unsigned long n, bool only_one)
{
	struct world *world = ctx;
	static const struct account nobody;
	struct account_store *map = NULL, *sqlite = NULL, *chain = NULL;
	struct found found = {0};
	bool failed;

	open_network(world);
	fail_from(n, only_one);
	if (store_map_new(&nobody, 0, &map) == STATUS_OK &&
	    store_sqlite_new(fake_env_of(world->fake), state_folder, &sqlite) == STATUS_OK &&
	    store_chain_new(&map, &sqlite, &chain) == STATUS_OK)
		account_store_lookup(chain, text_of("alice"), on_found, &found);
	failed = fail_no_more();
	account_store_free(&map);
	account_store_free(&sqlite);
	assert_int_equal(found.calls, chain ? 1 : 0);
	if (chain)
		assert_int_equal(found.status == STATUS_OK, !failed);
	assert_int_not_equal(found.status, STATUS_NOT_FOUND);
	account_store_free(&chain);
	close_network(world);
	return failed;
}

static void accounts_are_found_whole_or_not_known(void **state)
{
	failing_malloc_repeat(*state, look_up_in_state);
}

/* Hosts that are read once the key was proved: all of them, or none are granted. */
static bool read_many_hosts(void *ctx, unsigned long n, bool only_one)
{
	struct world *world = ctx;
	struct account_store *sqlite = NULL;
	struct found found = {0};
	struct host_list *hosts = NULL;
	bool failed;

	open_network(world);
	assert_int_equal(store_sqlite_new(fake_env_of(world->fake), state_folder, &sqlite), STATUS_OK);
	account_store_lookup(sqlite, text_of("many"), on_many, &found);
	assert_int_equal(found.status, STATUS_OK);
	fail_from(n, only_one);
	found.status = account_read_hosts(many_account, &many_account->hosts, &hosts);
	failed = fail_no_more();
	assert_int_not_equal(found.status, STATUS_NOT_FOUND);
	assert_true(found.status == STATUS_OK || failed);
	assert_int_equal(host_list_count(hosts), found.status == STATUS_OK ? MANY_HOSTS : 0);
	host_list_free(&hosts);
	account_free(&many_account);
	account_store_free(&sqlite);
	close_network(world);
	return failed;
}

static void many_hosts_are_read_whole_or_not_granted(void **state)
{
	failing_malloc_repeat(*state, read_many_hosts);
}

static void count_done(void *ctx, enum status status)
{
	(void)status;
	++*(unsigned *)ctx;
}

static enum status no_work(void *ctx, struct database *database)
{
	(void)ctx;
	(void)database;
	return STATUS_OK;
}

static bool write_state(void *ctx, unsigned long n, bool only_one)
{
	struct world *world = ctx;
	struct record record = {.login = text_of("alice"), .host = text_of("a.example.com"), .code = OUTCOME_CHANGED};
	struct record_stats stats = {0};
	struct state *under_test = NULL;
	unsigned done = 0;
	bool failed, taken = false;

	open_network(world);
	fail_from(n, only_one);
	if (state_new(fake_env_of(world->fake), state_folder, &stats, &under_test) == STATUS_OK) {
		state_record(under_test, &record);
		taken = state_do(under_test, no_work, count_done, &done) == STATUS_OK;
		fake_env_advance(world->fake, LATER_MS);
	}
	failed = fail_no_more();
	state_free(&under_test);
	fake_env_settle(world->fake);
	assert_int_equal(done, taken);
	close_network(world);
	return failed;
}

static void history_is_written_or_dropped(void **state)
{
	failing_malloc_repeat(*state, write_state);
}

/* ---- The account page ---- */

struct page_answer {
	unsigned count;
	int status;
	bool whole; /* a page with all that it should show */
};

/* An exchange is what its answer goes to. */
static void on_page_answer(struct http_exchange **exchange, const struct http_response *response)
{
	struct page_answer *answer = (struct page_answer *)(void *)*exchange;

	*exchange = NULL;
	answer->count++;
	answer->status = response->status;
	answer->whole = response->document && memmem(response->document, response->document_len, "</html>", 7) &&
			memmem(response->document, response->document_len, "a.example.com", 13) &&
			memmem(response->document, response->document_len, "192.0.2.7", 9);
}

static void look(void *ctx, const struct name *host, enum rr_type type, page_seen_fn *seen, void *seen_ctx)
{
	struct addr addr = {.family = ADDR_V4, .octets = {192, 0, 2, 7}};

	(void)ctx;
	(void)host;
	seen(seen_ctx, true, &addr, type == RR_A ? 1 : 0);
}

static struct sessions *page_sessions(const struct env *env, char token[static SESSION_TOKEN_LEN + 1])
{
	struct session_limits limits = {SESSIONS_MAX, SESSION_AGE_S, 600};
	struct sessions *sessions = NULL;
	uint8_t mark[KEY_DIGEST_LEN];

	assert_int_equal(key_digest(text_of(password_hash_text), mark), STATUS_OK);
	if (sessions_new(env, &limits, &sessions) == STATUS_OK &&
	    sessions_begin(sessions, text_of("alice"), mark, token) != STATUS_OK)
		sessions_free(&sessions);
	return sessions;
}

static void ask_for_page(struct world *world, struct page *page, const char *token, struct page_answer *answer)
{
	static struct http_request request;
	char cookies[64];

	snprintf(cookies, sizeof cookies, "ddnsgate_session=%s", token);
	request = (struct http_request){.method = HTTP_GET, .path = text_of(PAGE_PATH), .cookies = text_of(cookies)};
	request.account_page = true;
	request.source = (struct addr){.family = ADDR_V4, .octets = {127, 0, 0, 1}};
	page_handle(page, (struct http_exchange *)(void *)answer, &request);
	fake_env_settle(world->fake);
}

static bool show_page(void *ctx, unsigned long n, bool only_one)
{
	struct record_stats stats = {0};
	struct world *world = ctx;
	struct page_parts parts = {.look = look, .answer = on_page_answer};
	char token[SESSION_TOKEN_LEN + 1];
	struct page_answer answer = {0};
	struct page *page = NULL;
	bool failed;

	open_network(world);
	parts.env = fake_env_of(world->fake);
	fail_from(n, only_one);
	parts.sessions = page_sessions(parts.env, token);
	if (parts.sessions && state_new(parts.env, state_folder, &stats, &parts.state) == STATUS_OK &&
	    page_new(&parts, &page) == STATUS_OK)
		ask_for_page(world, page, token, &answer);
	failed = fail_no_more();
	assert_int_equal(answer.count, page ? 1 : 0);
	if (page && (!page_is_idle(page) || answer.whole != (answer.status == 200) || answer.whole == failed))
		fail_msg("allocation %lu failed: status %d, %s", n, answer.status,
			 answer.whole ? "whole" : "not whole");
	page_free(&page);
	sessions_free(&parts.sessions);
	state_free(&parts.state);
	fake_env_settle(world->fake);
	close_network(world);
	return failed;
}

static void pages_are_whole_or_not_shown(void **state)
{
	failing_malloc_repeat(*state, show_page);
}

struct csv_text {
	const char *text;
	size_t at;
};

static long read_csv(void *ctx, char *to, size_t size)
{
	struct csv_text *csv = ctx;
	size_t len = strnlen(csv->text + csv->at, size);

	memcpy(to, csv->text + csv->at, len);
	csv->at += len;
	return (long)len;
}

static void on_import_complaint(void *ctx, unsigned long line, const char *text)
{
	(void)ctx;
	(void)line;
	(void)text;
}

static void on_import_progress(void *ctx, uint64_t users)
{
	(void)ctx;
	(void)users;
}

static bool import(void *ctx, unsigned long n, bool only_one)
{
	struct world *world = ctx;
	struct csv_text csv = {.text = "login,key\nbob,$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/\n"};
	const struct import_hooks hooks = {read_csv, on_import_complaint, on_import_progress, &csv};
	struct database *database = state_folder_open(state_folder);
	uint64_t users;
	struct account account;
	enum status status;
	bool failed;

	(void)world;
	fail_from(n, only_one);
	status = import_users(database, &hooks, &users);
	failed = fail_no_more();
	assert_int_equal(status == STATUS_OK, !failed);
	assert_int_equal(database_account(database, text_of("bob"), &account), failed ? STATUS_NOT_FOUND : STATUS_OK);
	if (!failed)
		account_fini(&account);
	database_free(&database);
	if (!failed) { /* for the next time */
		state_folder_remove(state_folder);
		assert_int_equal(mkdir(state_folder, 0700), 0);
	}
	return failed;
}

static void imports_take_all_or_none(void **state)
{
	failing_malloc_repeat(*state, import);
}

static const char config_text[] =
	"listen = ( { address = \"127.0.0.1\"; port = 8080; }, { address = \"::1\"; port = 8080; } );\n"
	"tsig_keys = ( { name = \"gw\"; algorithm = \"hmac-sha256\"; secret = \"MDEyMzQ1Njc4OWFiY2RlZg==\"; } );\n"
	"zones = ( { name = \"dyn.example.com\"; primaries = ( \"127.0.0.1:5353\", \"[::1]:5353\" ); key = \"gw\"; } );\n"
	"users = ( { login = \"myLogin\"; key = \"ER2T229DF4GBNM\"; keys = ( { name = \"n\"; key = \"$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/\"; from = \"::1\"; } ); hosts = ( \"www.dyn.example.com\", \"zone:dyn.example.com\" ); },\n"
	"          { login = \"other\"; key = \"ER2T229DF4GBNN\"; hosts = ( \"*.home.dyn.example.com\" ); } );\n";

static char config_path[64];

static int write_config(void **state)
{
	const char *folder = getenv("TMPDIR");
	int file;

	snprintf(config_path, sizeof config_path, "%.40s/alloc_failure.XXXXXX", folder && *folder ? folder : "/tmp");
	file = mkstemp(config_path);
	assert_true(file >= 0);
	assert_int_equal(write(file, config_text, sizeof config_text - 1), sizeof config_text - 1);
	assert_int_equal(close(file), 0);
	return setup(state);
}

static int remove_config(void **state)
{
	assert_int_equal(unlink(config_path), 0);
	return teardown(state);
}

struct complaint {
	unsigned errors;
	char text[256];
};

static void on_complaint(void *ctx, bool is_error, const char *file, unsigned line, const char *text)
{
	struct complaint *complaint = ctx;

	(void)file;
	(void)line;
	complaint->errors += is_error;
	if (is_error)
		snprintf(complaint->text, sizeof complaint->text, "%s", text);
}

static bool load_config(void *ctx, unsigned long n, bool only_one)
{
	struct config *config = NULL;
	struct complaint complaint = {0};
	enum status status;
	bool failed;

	(void)ctx;
	fail_from(n, only_one);
	status = config_load(config_path, on_complaint, &complaint, &config);
	failed = fail_no_more();
	/* The file is good, so nothing may be said against it. */
	if (complaint.errors)
		fail_msg("allocation %lu failed, and the file is blamed: %s", n, complaint.text);
	assert_int_equal(status, failed ? STATUS_NO_MEMORY : STATUS_OK);
	assert_int_equal(config != NULL, status == STATUS_OK);
	config_release(&config);
	return failed;
}

static void configurations_are_loaded_or_not(void **state)
{
	failing_malloc_repeat(*state, load_config);
}

/* ---- The way of a request, and the admin listener ---- */

#define API_KEY "ER2T229DF4GBNM77"

struct request_answer {
	unsigned count;
	int status;
	struct text content;
	char octets[HTTP_BODY_MAX];
	bool is_whole_metrics;
};

/* Here, too, an exchange is what its answer goes to. */
static void on_request_answer(struct http_exchange **exchange, const struct http_response *response)
{
	static const char last_metric[] = "\nddnsgate_log_dropped_total 0\n";
	struct request_answer *answer = (struct request_answer *)(void *)*exchange;
	struct text content = http_response_content(response);

	*exchange = NULL;
	answer->count++;
	answer->status = response->status;
	answer->is_whole_metrics =
		content.len > sizeof last_metric &&
		memcmp(content.octets + content.len - strlen(last_metric), last_metric, strlen(last_metric)) == 0;
	answer->content = (struct text){answer->octets, content.len < HTTP_BODY_MAX ? content.len : HTTP_BODY_MAX};
	memcpy(answer->octets, content.octets, answer->content.len);
}

static void submit_to_zones(void *ctx, const struct change_set *set, void *waiter)
{
	zones_submit(ctx, set, waiter);
}

static void cancel_in_zones(void *ctx, size_t zone, void *waiter)
{
	zones_cancel(ctx, zone, waiter);
}

static void watch_nobody(struct http_exchange *exchange, void (*gone)(void *gone_ctx), void *gone_ctx)
{
	(void)exchange;
	(void)gone;
	(void)gone_ctx;
}

static bool is_never_gone(const struct http_exchange *exchange)
{
	(void)exchange;
	return false;
}

static void drop_record(void *ctx, const struct record *record)
{
	(void)ctx;
	(void)record;
}

/* All that a request goes through. */
struct gateway {
	struct plan_zone plan_zone;
	struct plan_policy policy;
	struct account_key key;
	struct host_list *hosts;
	char login[8];
	struct account account;
	struct account_store *store;
	struct throttle *throttle;
	struct verifier *verifier;
	struct requests *requests;
	struct zones *zones;
	struct pipeline *pipeline;
};

static void describe(const struct world *world, struct gateway *gateway)
{
	bool was_plain;

	*gateway = (struct gateway){.plan_zone = {&world->zone_name, 180, true}, .login = "alice"};
	gateway->policy = (struct plan_policy){.zones = &gateway->plan_zone, .zone_count = 1, .allow_private = true};
	assert_int_equal(key_parse(text_of(API_KEY), &gateway->key.key, &was_plain), STATUS_OK);
	gateway->hosts = hosts_of("*." ZONE "\n");
	gateway->account = (struct account){.login = gateway->login,
					    .active = true,
					    .may_update = true,
					    .keys = &gateway->key,
					    .key_count = 1,
					    .hosts.list = gateway->hosts};
}

static enum status build(struct world *world, struct gateway *gateway)
{
	const struct env *env = fake_env_of(world->fake);
	struct throttle_limits limits = {.failures_max = 5, .recovery_s = 60, .changes_max = 5, .changes_window_s = 60};
	struct pipeline_parts parts = {
		.env = env,
		.order = world->order,
		.policy = &gateway->policy,
		.record = drop_record,
		.submit = submit_to_zones,
		.cancel = cancel_in_zones,
		.report = requests_report,
		.answer = on_request_answer,
		.watch = watch_nobody,
		.is_gone = is_never_gone,
		.deadline_ms = DEADLINE_MS,
	};
	enum status status = store_map_new(&gateway->account, 1, &gateway->store);

	if (status == STATUS_OK)
		status = plan_policy_index(&gateway->policy);
	if (status == STATUS_OK)
		status = throttle_new(&limits, &gateway->throttle);
	if (status == STATUS_OK)
		status = verifier_new(env, &gateway->verifier);
	if (status == STATUS_OK)
		status = requests_new(&gateway->requests);
	if (status == STATUS_OK)
		status = open_zones_for(world, pipeline_done, &gateway->zones);
	parts.store = gateway->store;
	parts.throttle = gateway->throttle;
	parts.authoriser = (struct authoriser){.env = env, .verifier = gateway->verifier, .store = gateway->store};
	parts.submit_ctx = gateway->zones;
	parts.report_ctx = gateway->requests;
	return status == STATUS_OK ? pipeline_new(&parts, &gateway->pipeline) : status;
}

static void take_down(struct gateway *gateway)
{
	host_list_free(&gateway->hosts);
	if (gateway->pipeline)
		pipeline_free(&gateway->pipeline);
	zones_free(&gateway->zones);
	requests_free(&gateway->requests);
	verifier_free(&gateway->verifier);
	throttle_free(&gateway->throttle);
	account_store_free(&gateway->store);
	plan_policy_fini(&gateway->policy);
}

static void ask_for_update(struct world *world, struct gateway *gateway, const char *path, const char *const *operands,
			   struct request_answer *answer)
{
	static struct http_request request;

	*answer = (struct request_answer){0};
	request = (struct http_request){.method = HTTP_GET, .path = text_of(path), .source = {ADDR_V4, {192, 0, 2, 9}}};
	for (; *operands; operands += 2) {
		struct text value = text_of(operands[1]);

		request.params.items[request.params.count++] = (struct http_param){text_of(operands[0]), value, value};
	}
	pipeline_handle(gateway->pipeline, (struct http_exchange *)(void *)answer, &request);
	fake_env_advance(world->fake, LATER_MS);
	assert_int_equal(answer->count, 1);
	assert_true(pipeline_is_idle(gateway->pipeline));
}

static bool begins_with(struct text text, const char *word)
{
	return text.len >= strlen(word) && memcmp(text.octets, word, strlen(word)) == 0;
}

/*
 * What is right is called right only if it is so. Nobody's key, host or address gets the blame when memory was out, and
 * then there is memory again and all is well.
 */
static bool request_update(void *ctx, unsigned long n, bool only_one)
{
	static const char *const rexx[] = {"host",  "h0." ZONE, "ip",    "10.0.0.1", "user",
					   "alice", "password", API_KEY, NULL};
	static const char *const nic[] = {
		"hostname", "h0." ZONE ",h1." ZONE, "myip", "10.0.0.2", "username", "alice", "password", API_KEY, NULL};
	struct world *world = ctx;
	struct request_answer first, second = {0};
	struct gateway gateway;
	enum status status;
	bool failed;

	open_network(world);
	describe(world, &gateway);
	fail_from(n, only_one);
	status = build(world, &gateway);
	if (status == STATUS_OK) {
		ask_for_update(world, &gateway, "/dynamic.cgi", rexx, &first);
		if (first.status == 200)
			assert_string_equal(zone_model_get(world->model, "h0." ZONE, ADDR_V4), "10.0.0.1");
		ask_for_update(world, &gateway, "/nic/update", nic, &second);
	}
	failed = fail_no_more();
	assert_int_equal(gateway.pipeline != NULL, status == STATUS_OK);
	if (status == STATUS_OK) {
		assert_true(first.status == 200 ? begins_with(first.content, "OK")
						: failed && (first.status == 502 || first.status == 503));
		assert_true(begins_with(second.content, "good 10.0.0.2\ngood 10.0.0.2") || failed);
		assert_true(begins_with(second.content, "good") || begins_with(second.content, "nochg") ||
			    begins_with(second.content, "dnserr") || begins_with(second.content, "911") ||
			    begins_with(second.content, "503"));
		if (begins_with(second.content, "good"))
			assert_string_equal(zone_model_get(world->model, "h0." ZONE, ADDR_V4), "10.0.0.2");
		ask_for_update(world, &gateway, "/dynamic.cgi", rexx, &first);
		assert_int_equal(first.status, 200);
		assert_string_equal(zone_model_get(world->model, "h0." ZONE, ADDR_V4), "10.0.0.1");
	}
	take_down(&gateway);
	close_network(world);
	return failed;
}

static void requests_are_carried_out_or_not_called_so(void **state)
{
	failing_malloc_repeat(*state, request_update);
}

/* What is shown of the counters is all of them, or nothing. */
static bool show_metrics(void *ctx, unsigned long n, bool only_one)
{
	struct http_request request = {.method = HTTP_GET, .path = text_of("/metrics")};
	struct admin_parts parts = {.answer = on_request_answer};
	static const bool draining;
	struct world *world = ctx;
	struct request_answer answer = {0};
	struct admin *admin = NULL;
	struct gateway gateway;
	bool failed;

	open_network(world);
	describe(world, &gateway);
	assert_int_equal(build(world, &gateway), STATUS_OK);
	parts.sources = (struct metrics_sources){
		.version = "1.2.3", .requests = gateway.requests, .zones = gateway.zones, .zone_count = 1};
	parts.draining = &draining;
	fail_from(n, only_one);
	if (admin_new(&parts, &admin) == STATUS_OK)
		admin_handle(admin, (struct http_exchange *)(void *)&answer, &request);
	failed = fail_no_more();
	if (admin) {
		assert_int_equal(answer.count, 1);
		if (answer.status == 200 ? !answer.is_whole_metrics : !failed || answer.status != 503)
			fail_msg("allocation %lu failed: status %d, %s", n, answer.status,
				 answer.is_whole_metrics ? "whole" : "not whole");
	}
	admin_free(&admin);
	take_down(&gateway);
	close_network(world);
	return failed;
}

static void metrics_are_whole_or_not_shown(void **state)
{
	failing_malloc_treat("libc.so", MALLOC_FAILED); /* the stream that they are written into grows there */
	failing_malloc_repeat(*state, show_metrics);
}

/* ---- A survey of the primary ---- */

struct survey_end {
	unsigned found, failures, done;
};

static void on_finding(void *ctx, const struct finding *finding)
{
	struct survey_end *end = ctx;

	end->found++;
	end->failures += finding_level(finding) == FINDING_FAIL;
}

static void on_survey_done(void *ctx)
{
	((struct survey_end *)ctx)->done++;
}

static enum status make_rights(const struct world *world, struct rights **out)
{
	const struct name *zones[] = {&world->zone_name};
	struct host_pattern pattern;
	enum status status = rights_new(zones, 1, out);

	assert_int_equal(host_pattern_parse(text_of("*." ZONE), &pattern), STATUS_OK);
	return status == STATUS_OK ? rights_add(*out, &pattern, true) : status;
}

/* The primary of the tests does not know such messages, so that even then it fails; but it comes to an end. */
static bool survey_zone(void *ctx, unsigned long n, bool only_one)
{
	struct world *world = ctx;
	struct survey_options options = {
		.client = {.connect_timeout_ms = 2000, .reply_timeout_ms = 4000, .fudge_s = 300}, .primary = "ns1"};
	struct rights_zone zone = {.name = &world->zone_name, .key = world->key};
	struct survey_end end = {0};
	struct survey *survey = NULL;
	struct rights *rights = NULL;
	struct transport_maker maker;
	enum status status;
	bool failed;

	open_network(world);
	maker = network_maker(world->network);
	fail_from(n, only_one);
	status = make_rights(world, &rights);
	if (status == STATUS_OK) {
		rights_settle(rights);
		zone.rights = rights_of(rights, 0, &zone.right_count);
		status = survey_new(fake_env_of(world->fake), &maker, &world->peers[0], &options, &zone, 1, on_finding,
				    on_survey_done, &end, &survey);
	}
	fake_env_advance(world->fake, LATER_MS);
	failed = fail_no_more();
	assert_int_equal(survey != NULL, status == STATUS_OK);
	assert_int_equal(end.done, status == STATUS_OK);
	assert_true(failed || end.found > 1);
	if (status == STATUS_OK && failed)
		assert_true(end.failures > 0);
	survey_free(&survey);
	rights_free(&rights);
	close_network(world);
	return failed;
}

static void surveys_end_or_are_not_begun(void **state)
{
	failing_malloc_repeat(*state, survey_zone);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(replies_are_read_or_not_taken),
		TEST(no_record_is_missed_in_a_reply),
		TEST(stores_are_made_or_not),
		TEST(zones_are_made_or_not),
		TEST(successors_are_made_or_not),
		TEST(changes_are_committed_or_not_called_so),
		TEST(the_order_is_kept_without_memory),
		TEST(orders_are_made_or_not),
		TEST(requests_are_carried_out_or_not_called_so),
		TEST(metrics_are_whole_or_not_shown),
		TEST(surveys_end_or_are_not_begun),
		TEST(passwords_are_checked_or_not_called_right),
		cmocka_unit_test_setup_teardown(accounts_are_found_whole_or_not_known, make_state, remove_state),
		cmocka_unit_test_setup_teardown(many_hosts_are_read_whole_or_not_granted, make_state, remove_state),
		cmocka_unit_test_setup_teardown(history_is_written_or_dropped, make_state, remove_state),
		cmocka_unit_test_setup_teardown(pages_are_whole_or_not_shown, make_state, remove_state),
		cmocka_unit_test_setup_teardown(imports_take_all_or_none, make_state, remove_state),
		cmocka_unit_test_setup_teardown(configurations_are_loaded_or_not, write_config, remove_config),
	};

	return cmocka_run_group_tests_name("failing allocations", tests, NULL, NULL);
}
