/*
 * The counters of all modules as Prometheus reads them, to the octet; and what else the admin listener answers.
 */
#include "support.h"

#include <stdlib.h>

#include "admin/admin.h"
#include "base/histogram.h"
#include "base/log.h"
#include "fake_env.h"
#include "scripted_primary.h"

/* ---- Histograms ---- */

static void a_bound_belongs_to_its_bucket(void **state)
{
	static const uint32_t bounds[] = {1, 10};
	struct histogram histogram;

	(void)state;
	histogram_init(&histogram, bounds, 2);
	for (uint64_t value = 0; value <= 12; value++)
		histogram_add(&histogram, value);
	assert_int_equal(histogram.counts[0], 2);
	assert_int_equal(histogram.counts[1], 9);
	assert_int_equal(histogram.counts[2], 2);
	assert_int_equal(histogram.sum, 78);
}

/* ---- The listener ---- */

struct http_exchange {
	int status;
	unsigned retry_after_s;
	unsigned allow;
	char text[64 * 1024];
};

struct world {
	struct fake_env *fake;
	struct network *network;
	struct tsig_key *key;
	struct name name;
	struct peer peer;
	struct zone_setup setup;
	struct zone_model *model;
	struct order *order;
	struct memory *memory;
	struct zones *zones;
	struct requests *requests;
	struct turns turns;
	bool draining;
	struct admin *admin;
	struct http_exchange exchange;
};

static void done(void *waiter, const struct outcome *outcome)
{
	*(struct outcome *)waiter = *outcome;
}

static void answer(struct http_exchange **exchange, const struct http_response *response)
{
	struct text content = http_response_content(response);

	assert_true(content.len < sizeof(*exchange)->text);
	memcpy((*exchange)->text, content.octets, content.len);
	(*exchange)->text[content.len] = '\0';
	(*exchange)->status = response->status;
	(*exchange)->retry_after_s = response->retry_after_s;
	(*exchange)->allow = response->allow;
	*exchange = NULL;
}

static const struct dns_client_options options = {.connect_timeout_ms = 2000, .reply_timeout_ms = 4000, .fudge_s = 300};
static const struct queue_limits limits = {.waiters_max = 10,
					   .share_max = 10,
					   .octets_max = DNS_MESSAGE_MAX,
					   .updates_max = 1,
					   .overlap_min = 1,
					   .half_min = 100,
					   .confirms_max = 1,
					   .queries_max = 1,
					   .attempts_max = 2,
					   .retry_pause_ms = 100,
					   .deadline_ms = 5000};

static int setup(void **state)
{
	static const struct record_stats history = {.written = 70, .dropped = 8, .failed = 1, .waiting = 5};
	struct world *world = calloc(1, sizeof *world);
	static const struct http_listener_stats second = {.address = "/run/http", .open = 1},
						first = {&second, "192.0.2.1:443", 12};
	static const struct http_stats http = {
		.listeners = &first,
		.listener_max = 16000,
		.all_max = 17000,
		.refused = {[HTTP_REFUSED_400] = 7, [HTTP_REFUSED_OTHER] = 1},
		.handshakes = {[HTTP_HANDSHAKE_TIMEOUT] = 3},
	};
	struct admin_parts parts = {.answer = answer};
	struct transport_maker maker;

	assert_non_null(world);
	*state = world;
	world->fake = fake_env_new(1);
	world->network = network_new(world->fake);
	maker = network_maker(world->network);
	world->model = zone_model_new("dyn.example.com");
	world->name = name_of("dyn.example.com");
	assert_int_equal(peer_parse(text_of("192.0.2.53"), 53, &world->peer), STATUS_OK);
	assert_int_equal(tsig_key_new_base64("gw", "hmac-sha256", "c2VjcmV0", &world->key), TSIG_OK);
	primary_set_door(scripted_new(world->network, "192.0.2.53:53", world->model, world->key), DOOR_REFUSES);
	world->setup = (struct zone_setup){&world->name, &world->peer, 1, world->key, NULL, 0};
	assert_int_equal(order_new(1, &world->order), STATUS_OK);
	assert_int_equal(memory_new(16, 1, &world->memory), STATUS_OK);
	assert_int_equal(zones_new(fake_env_of(world->fake), world->order, world->memory, &maker, &options, &limits,
				   &world->setup, 1, done, &world->zones),
			 STATUS_OK);
	assert_int_equal(requests_new(&world->requests), STATUS_OK);
	parts.sources = (struct metrics_sources){.version = "1.2.3",
						 .started_s = 1767225600,
						 .requests = world->requests,
						 .history = &history,
						 .http = &http,
						 .zones = world->zones,
						 .zone_count = 1,
						 .zones_max = 1,
						 .turns = &world->turns,
						 .env = fake_env_of(world->fake)};
	turns_init(&world->turns);
	parts.draining = &world->draining;
	parts.hosts.own = addr_of("127.0.0.1");
	assert_int_equal(admin_new(&parts, &world->admin), STATUS_OK);
	log_set_level(LOG_ERROR);
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	admin_free(&world->admin);
	requests_free(&world->requests);
	zones_free(&world->zones);
	order_free(&world->order);
	memory_free(&world->memory);
	tsig_key_free(&world->key);
	network_free(&world->network);
	zone_model_free(&world->model);
	fake_env_free(&world->fake);
	free(world);
	log_set_level(LOG_INFO);
	return 0;
}

static int ask_host(struct world *world, const char *host, enum http_method method, const char *path, const char *level)
{
	struct http_request request = {.method = method, .path = text_of(path), .host = text_of(host)};

	if (level) {
		request.params.count = 1;
		request.params.items[0] = (struct http_param){text_of("level"), text_of(level), text_of(level)};
	}
	memset(&world->exchange, 0, sizeof world->exchange);
	admin_handle(world->admin, &world->exchange, &request);
	return world->exchange.status;
}

static int ask(struct world *world, enum http_method method, const char *path, const char *level)
{
	return ask_host(world, "127.0.0.1:9153", method, path, level);
}

static void assert_has(const struct world *world, const char *lines)
{
	if (!strstr(world->exchange.text, lines))
		fail_msg("not there:\n%s\nin:\n%s", lines, world->exchange.text);
}

static void metrics_are_what_was_counted(void **state)
{
	static const struct outcome outcomes[] = {{.code = OUTCOME_CHANGED}, {.code = OUTCOME_NOT_YOURS}};
	struct world *world = *state;
	struct http_request request = {.method = HTTP_GET};
	struct intent intent = {.kind = INTENT_UPDATE};
	struct pipeline_report report = {.id = "1",
					 .request = &request,
					 .dialect = &dialect_rexx,
					 .intent = &intent,
					 .login = text_of("-"),
					 .outcomes = outcomes,
					 .outcome_count = 2,
					 .took_ms = 1500};

	requests_report(world->requests, &report);
	report.took_ms = 0;
	requests_report(world->requests, &report);
	assert_int_equal(ask(world, HTTP_GET, "/metrics", NULL), 200);
	assert_has(world, "# HELP ddnsgate_build_info The version that runs.\n# TYPE ddnsgate_build_info gauge\n"
			  "ddnsgate_build_info{version=\"1.2.3\"} 1\n");
	assert_has(world, "\nddnsgate_start_time_seconds 1767225600\n");
	assert_has(world, "\nddnsgate_requests_total{dialect=\"rexx\"} 2\n");
	assert_has(world, "\nddnsgate_requests_total{dialect=\"dyndns2\"} 0\n");
	assert_has(world, "\nddnsgate_outcomes_total{dialect=\"rexx\",outcome=\"changed\"} 2\n");
	assert_has(world, "\nddnsgate_outcomes_total{dialect=\"rexx\",outcome=\"not-yours\"} 2\n");
	assert_has(world, "\nddnsgate_outcomes_total{dialect=\"rexx\",outcome=\"throttled\"} 0\n");
	assert_has(world, "# TYPE ddnsgate_request_seconds histogram\n"
			  "ddnsgate_request_seconds_bucket{le=\"0.001\"} 1\n");
	assert_has(world, "\nddnsgate_request_seconds_bucket{le=\"1.000\"} 1\n"
			  "ddnsgate_request_seconds_bucket{le=\"2.000\"} 2\n");
	assert_has(world, "\nddnsgate_request_seconds_bucket{le=\"+Inf\"} 2\n"
			  "ddnsgate_request_seconds_sum 1.500\nddnsgate_request_seconds_count 2\n");
	assert_has(world,
		   "# TYPE ddnsgate_http_refused_total counter\nddnsgate_http_refused_total{status=\"400\"} 7\n");
	assert_has(world, "\nddnsgate_history_records_total{result=\"written\"} 70\n"
			  "ddnsgate_history_records_total{result=\"dropped\"} 8\n"
			  "ddnsgate_history_records_total{result=\"failed\"} 1\n");
	assert_has(world, "\nddnsgate_history_waiting 5\n");
	assert_has(world, "\nddnsgate_http_listener_connections{listener=\"192.0.2.1:443\"} 12\n"
			  "ddnsgate_http_listener_connections{listener=\"/run/http\"} 1\n");
	assert_has(world, "\nddnsgate_http_listener_connections_max 16000\n");
	assert_has(world, "\nddnsgate_http_connections_max 17000\n");
	assert_has(world, "\nddnsgate_http_refused_total{status=\"other\"} 1\n");
	assert_has(world, "\nddnsgate_http_handshakes_failed_total{reason=\"timeout\"} 3\n");
	assert_has(world, "\nddnsgate_http_connections_refused_total{reason=\"protocol\"} 0\n");
	assert_has(world, "\nddnsgate_zone_waiting{zone=\"dyn.example.com\"} 0\n");
	assert_has(world, "\nddnsgate_zone_up{zone=\"dyn.example.com\"} 1\n");
	assert_has(world, "\nddnsgate_primary_up{primary=\"192.0.2.53:53\"} 1\n");
	assert_has(world, "\nddnsgate_primary_tsig_errors_total{primary=\"192.0.2.53:53\",error=\"BADSIG\"} 0\n");
	assert_has(world, "\nddnsgate_primary_round_trip_seconds_bucket{primary=\"192.0.2.53:53\",le=\"+Inf\"} 0\n"
			  "ddnsgate_primary_round_trip_seconds_sum{primary=\"192.0.2.53:53\"} 0.000\n"
			  "ddnsgate_primary_round_trip_seconds_count{primary=\"192.0.2.53:53\"} 0\n");
}

static size_t times_said(const struct world *world, const char *words)
{
	size_t times = 0;

	for (const char *at = world->exchange.text; (at = strstr(at, words)); at++)
		times++;
	return times;
}

/* Of three thousand zones only some are told one by one: where there is trouble, or most work. */
static void of_many_zones_those_are_shown_that_need_a_look(void **state)
{
	enum { MANY = 3000, SHOWN = 10 };
	static const unsigned busy[] = {7, 1234, 2999};
	static struct name names[MANY];
	static struct zone_setup setups[MANY];
	struct world *world = *state;
	struct outcome outcomes[LENGTH(busy)] = {{.code = OUTCOME_GRANTED}};
	struct zones *zones;

	for (unsigned i = 0; i < MANY; i++) {
		char text[64];

		snprintf(text, sizeof text, "z%u.example", i);
		names[i] = name_of(text);
		setups[i] = world->setup;
		setups[i].name = &names[i];
	}
	assert_int_equal(zones_succeed(world->zones, &options, &limits, setups, MANY, &zones), STATUS_OK);
	zones_take_over(zones);
	for (size_t i = 0; i < LENGTH(busy); i++) {
		struct change_set set = {
			.zone = busy[i], .count = 1, .changes = {change_to_addr(addr_of("192.0.2.1"), 180, true)}};
		char text[64];

		snprintf(text, sizeof text, "www.z%u.example", busy[i]);
		set.owner = name_of(text);
		zones_submit(zones, &set, &outcomes[i]);
	}
	admin_set_zones(world->admin, zones, MANY, SHOWN);
	assert_int_equal(ask(world, HTTP_GET, "/metrics", NULL), 200);
	assert_int_equal(times_said(world, "\nddnsgate_zone_waiting{"), SHOWN);
	assert_int_equal(times_said(world, "\nddnsgate_zone_up{"), SHOWN);
	assert_has(world, "\nddnsgate_zone_waiting{zone=\"z7.example\"} 1\n");
	assert_has(world, "\nddnsgate_zone_waiting{zone=\"z1234.example\"} 1\n");
	assert_has(world, "\nddnsgate_zone_waiting{zone=\"z2999.example\"} 1\n");
	assert_has(world, "\nddnsgate_zones 3000\n");
	assert_has(world, "\nddnsgate_zones_active 3\n");
	assert_has(world, "\nddnsgate_zones_waiting 3\n");
	fake_env_advance(world->fake, 20000);
	assert_int_equal(ask(world, HTTP_GET, "/metrics", NULL), 200);
	assert_has(world, "\nddnsgate_zones_waiting 0\n");
	assert_has(world, "\nddnsgate_zones_down 3000\n");
	admin_set_zones(world->admin, zones, MANY, 0);
	assert_int_equal(ask(world, HTTP_GET, "/metrics", NULL), 200);
	assert_int_equal(times_said(world, "{zone="), 0);
	zones_free(&zones);
	admin_set_zones(world->admin, world->zones, 1, 1);
}

static void readiness_is_that_updates_can_be_taken(void **state)
{
	struct world *world = *state;
	struct change_set set = {.owner = name_of("www.dyn.example.com"),
				 .count = 1,
				 .changes = {change_to_addr(addr_of("192.0.2.1"), 180, true)}};
	struct outcome outcome = {.code = OUTCOME_GRANTED};

	assert_int_equal(ask(world, HTTP_GET, "/readyz", NULL), 200);
	zones_submit(world->zones, &set, &outcome);
	fake_env_advance(world->fake, 20000);
	assert_int_equal(outcome.code, OUTCOME_UNREACHABLE);
	assert_int_equal(ask(world, HTTP_GET, "/readyz", NULL), 503);
	assert_string_equal(world->exchange.text, "no primary of any zone is well\n");
	assert_int_not_equal(world->exchange.retry_after_s, 0);
	world->draining = true;
	assert_int_equal(ask(world, HTTP_GET, "/readyz", NULL), 503);
	assert_string_equal(world->exchange.text, "draining\n");
	assert_int_equal(ask(world, HTTP_HEAD, "/healthz", NULL), 200);
}

static void the_level_of_the_log_can_be_changed_by_put_alone(void **state)
{
	struct world *world = *state;

	assert_int_equal(ask(world, HTTP_GET, "/log", "debug"), 200);
	assert_string_equal(world->exchange.text, "error\n");
	assert_int_equal(ask(world, HTTP_POST, "/log", "debug"), 405);
	assert_int_equal(world->exchange.allow, HTTP_GET | HTTP_HEAD | HTTP_PUT | HTTP_OPTIONS);
	assert_int_equal(ask(world, HTTP_PUT, "/log", "loud"), 400);
	assert_int_equal(ask(world, HTTP_PUT, "/log", NULL), 400);
	assert_int_equal(ask(world, HTTP_PUT, "/metrics", "debug"), 405);
	assert_int_equal(world->exchange.allow, HTTP_GET | HTTP_HEAD | HTTP_OPTIONS);
	assert_int_equal(log_level(), LOG_ERROR);
	assert_int_equal(ask(world, HTTP_PUT, "/log", "warning"), 200);
	assert_int_equal(log_level(), LOG_WARNING);
	assert_int_equal(ask(world, HTTP_GET, "/dynamic.cgi", NULL), 404);
}

static void a_change_wants_the_name_of_the_listener(void **state)
{
	static const struct {
		const char *own;
		const char *host;
		int status;
	} rows[] = {
		{"127.0.0.1", "127.0.0.1:9153", 200},
		{"127.0.0.1", "127.0.0.1", 200},
		{"127.0.0.1", "127.0.0.1:19153", 200}, /* a port that is forwarded */
		{"127.0.0.1", "localhost:9153", 200},
		{"127.0.0.1", "LocalHost", 200},
		{"127.0.0.1", "gw-admin.example.com:443", 200},
		{"127.0.0.1", "GW-admin.Example.com", 200},
		{"127.0.0.1", "10.0.0.1:9153", 200},
		{"127.0.0.1", "10.0.0.2:9153", 403},
		{"127.0.0.1", "attacker.example:9153", 403},
		{"127.0.0.1", "127.0.0.1.attacker.example", 403},
		{"127.0.0.1", "localhost.attacker.example", 403},
		{"127.0.0.1", "127.0.0.1:9153@attacker.example", 403},
		{"127.0.0.1", "[::1]:9153", 403},
		{"127.0.0.1", "", 403},
		{"::1", "[::1]:9153", 200},
		{"::1", "localhost", 200},
		{"192.0.2.5", "192.0.2.5:9153", 200},
		{"192.0.2.5", "localhost:9153", 403},
		{"0.0.0.0", "192.0.2.5:9153", 200},
		{"::", "[2001:db8::5]:9153", 200},
		{"::", "localhost:9153", 200},
		{"::", "attacker.example", 403},
	};
	struct world *world = *state;
	struct peer others[2];
	struct admin_hosts hosts = {.others = others, .count = LENGTH(others)};

	assert_int_equal(peer_parse(text_of("gw-admin.example.com"), 1, &others[0]), STATUS_OK);
	assert_int_equal(peer_parse(text_of("10.0.0.1"), 1, &others[1]), STATUS_OK);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		hosts.own = addr_of(rows[i].own);
		admin_set_hosts(world->admin, &hosts);
		assert_row(rows[i].host, ask_host(world, rows[i].host, HTTP_PUT, "/log", "error") == rows[i].status);
		assert_row(rows[i].host, ask_host(world, rows[i].host, HTTP_GET, "/metrics", NULL) == 200);
		assert_row(rows[i].host, ask_host(world, rows[i].host, HTTP_GET, "/log", NULL) == 200);
	}
}

static void options_tell_the_methods(void **state)
{
	struct world *world = *state;

	assert_int_equal(ask_host(world, "", HTTP_OPTIONS, "/metrics", NULL), 204);
	assert_int_equal(world->exchange.allow, HTTP_GET | HTTP_HEAD | HTTP_OPTIONS);
	assert_int_equal(ask(world, HTTP_OPTIONS, "/log", "debug"), 204);
	assert_int_equal(world->exchange.allow, HTTP_GET | HTTP_HEAD | HTTP_PUT | HTTP_OPTIONS);
	assert_int_equal(log_level(), LOG_ERROR);
	assert_int_equal(ask(world, HTTP_OPTIONS, "*", NULL), 204);
	assert_int_equal(world->exchange.allow, HTTP_GET | HTTP_HEAD | HTTP_PUT | HTTP_OPTIONS);
	assert_int_equal(ask(world, HTTP_OPTIONS, "/", NULL), 204);
	assert_int_equal(world->exchange.allow, HTTP_OPTIONS);
	assert_string_equal(world->exchange.text, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void turns_of_the_loop_are_told_in_seconds(void **state)
{
	struct world *world = *state;
	uint64_t now_ms = env_now_ms(fake_env_of(world->fake));

	turns_add(&world->turns, 150, now_ms);
	turns_add(&world->turns, 12003, now_ms);
	assert_int_equal(ask(world, HTTP_GET, "/metrics", NULL), 200);
	assert_has(world, "# TYPE ddnsgate_loop_turn_seconds histogram\n"
			  "ddnsgate_loop_turn_seconds_bucket{le=\"0.000100\"} 0\n"
			  "ddnsgate_loop_turn_seconds_bucket{le=\"0.000200\"} 1\n");
	assert_has(world, "\nddnsgate_loop_turn_seconds_bucket{le=\"+Inf\"} 2\n"
			  "ddnsgate_loop_turn_seconds_sum 0.012153\nddnsgate_loop_turn_seconds_count 2\n");
	assert_has(world, "\nddnsgate_loop_turn_max_seconds 0.012003\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bound_belongs_to_its_bucket), TEST(metrics_are_what_was_counted),
		TEST(turns_of_the_loop_are_told_in_seconds),     TEST(of_many_zones_those_are_shown_that_need_a_look),
		TEST(readiness_is_that_updates_can_be_taken),    TEST(the_level_of_the_log_can_be_changed_by_put_alone),
		TEST(a_change_wants_the_name_of_the_listener),   TEST(options_tell_the_methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
