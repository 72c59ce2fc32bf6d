/*
 * What runs on libuv without memory: a reload, which comes into force as a whole or leaves all as it was, and
 * connections to primaries, over which everything comes, or which are said to have ended.
 */
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "config/complaints.h"
#include "daemon/generation.h"
#include "failing_malloc.h"
#include "fake_env.h"
#include "loop/env_uv.h"
#include "transport_contract.h"

static void drop_line(void *ctx, const char *line, size_t len)
{
	(void)ctx;
	(void)line;
	(void)len;
}

static int setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	failing_malloc_reset();
	log_set_sink(drop_line, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	failing_malloc_reset();
	log_set_sink(NULL, NULL);
	return 0;
}

/* ---- Reload ---- */

#define ZEROS "00000000000000000000000000000000"

static const char config_text[] =
	"listen = ( { address = \"127.0.0.1\"; port = 8080; } );\n"
	"tsig_keys = ( { name = \"gw\"; algorithm = \"hmac-sha256\"; secret = \"MDEyMzQ1Njc4OWFiY2RlZg==\"; } );\n"
	"zones = ( { name = \"a.example.com\"; primaries = ( \"127.0.0.1:5353\", \"[::1]:5353\" ); key = \"gw\"; },\n"
	"          { name = \"b.example.com\"; primaries = ( \"127.0.0.1:8853\" ); key = \"gw\";\n"
	"            tls_pins = ( \"sha256:" ZEROS ZEROS "\" ); } );\n"
	"users = ( { login = \"myLogin\"; key = \"ER2T229DF4GBNM\"; hosts = ( \"www.a.example.com\" ); } );\n";

struct house {
	char path[64];
	uv_loop_t loop;
	struct env env;
	struct world world;
};

/* On the thread that is watched, so that it shows what is freed. */
static enum status work_at_once(void *ctx, env_work_fn *work, env_work_fn *done, void *job)
{
	void *request = malloc(1);

	(void)ctx;
	if (!request)
		return STATUS_NO_MEMORY;
	free(request);
	work(job);
	done(job);
	return STATUS_OK;
}

static void open_house(struct house *house)
{
	struct throttle_limits limits = {.failures_max = 5, .recovery_s = 60, .changes_max = 5, .changes_window_s = 60};

	assert_int_equal(uv_loop_init(&house->loop), 0);
	house->env = env_uv(&house->loop);
	house->env.work = work_at_once;
	house->world = (struct world){.loop = &house->loop, .env = &house->env};
	assert_int_equal(order_new(1, &house->world.order), STATUS_OK);
	assert_int_equal(memory_new(100, 1, &house->world.memory), STATUS_OK);
	assert_int_equal(throttle_new(&limits, &house->world.throttle), STATUS_OK);
	assert_int_equal(requests_new(&house->world.requests), STATUS_OK);
	assert_int_equal(verifier_new(&house->env, &house->world.verifier), STATUS_OK);
}

static void close_house(struct house *house)
{
	throttle_free(&house->world.throttle);
	requests_free(&house->world.requests);
	verifier_free(&house->world.verifier);
	order_free(&house->world.order);
	memory_free(&house->world.memory);
	uv_run(&house->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&house->loop), 0);
}

static enum status load(struct house *house, const struct generation *before, struct generation **out)
{
	struct complaints complaints;
	struct config *config = complaints_load(house->path, &complaints);
	char error[GENERATION_ERROR_MAX];
	enum status status = STATUS_NO_MEMORY;

	complaints_log(&complaints);
	if (config)
		status = generation_prepare(&house->world, &config, out, error);
	assert_null(config);
	if (status == STATUS_OK)
		status = generation_complete(*out, &house->world, before);
	while (status != STATUS_OK && *out)
		(void)generation_retire(out, &house->env);
	return status;
}

static bool reload(void *ctx, unsigned long n, bool only_one)
{
	struct house *house = ctx;
	struct generation *first = NULL, *second = NULL;
	enum status status;
	bool failed;

	open_house(house);
	assert_int_equal(load(house, NULL, &first), STATUS_OK);
	fail_from(n, only_one);
	status = load(house, first, &second);
	failed = fail_no_more();
	assert_int_equal(status == STATUS_OK, second != NULL);
	/* That a warning about the file is lost without memory does not keep it from coming into force. */
	assert_true(failed || status == STATUS_OK);
	if (second)
		zones_take_over(second->zones);
	assert_true(generation_is_idle(first));
	assert_true(zones_is_well(second ? second->zones : first->zones, 0));
	while (second && first)
		(void)generation_retire(&first, &house->env);
	generation_free(&first);
	generation_free(&second);
	close_house(house);
	return failed;
}

static bool begin(void *ctx, unsigned long n, bool only_one)
{
	struct house *house = ctx;
	struct generation *first = NULL;
	enum status status;
	bool failed;

	open_house(house);
	fail_from(n, only_one);
	status = load(house, NULL, &first);
	failed = fail_no_more();
	assert_int_equal(status == STATUS_OK, first != NULL);
	assert_true(failed || status == STATUS_OK);
	generation_free(&first);
	close_house(house);
	return failed;
}

static void with_config(failing_malloc_case *run)
{
	const char *folder = getenv("TMPDIR");
	static struct house house;
	int file;

	snprintf(house.path, sizeof house.path, "%.40s/loop_alloc.XXXXXX", folder && *folder ? folder : "/tmp");
	file = mkstemp(house.path);
	assert_true(file >= 0);
	assert_int_equal(write(file, config_text, sizeof config_text - 1), sizeof config_text - 1);
	assert_int_equal(close(file), 0);
	failing_malloc_repeat(&house, run);
	assert_int_equal(unlink(house.path), 0);
}

static void a_configuration_begins_or_does_not(void **state)
{
	(void)state;
	with_config(begin);
}

static void a_reload_comes_into_force_or_leaves_all_as_it_was(void **state)
{
	(void)state;
	with_config(reload);
}

/* ---- Connections to primaries ---- */

enum { MUCH = 2 * 1000 * 1000 }; /* does not go into the buffers of the system at once */

static struct transport_maker make_tcp(uv_loop_t *loop)
{
	return (struct transport_maker){&transport_tcp, loop};
}

static void unmake_tcp(void)
{
}

static void *accept_plain(int fd)
{
	static int connection;

	connection = fd;
	return &connection;
}

static long read_plain(void *connection, void *octets, size_t len)
{
	return read(*(int *)connection, octets, len);
}

static long write_plain(void *connection, const void *octets, size_t len)
{
	size_t done = 0;
	ssize_t step = 1;

	while (done < len && step > 0) {
		step = write(*(int *)connection, (const uint8_t *)octets + done, len - done);
		done += step > 0 ? (size_t)step : 0;
	}
	return (long)done;
}

static void end_plain(void *connection)
{
	shutdown(*(int *)connection, SHUT_WR);
}

static const struct transport_under_test tcp = {.name = "transport_tcp",
						.make = make_tcp,
						.unmake = unmake_tcp,
						.accept = accept_plain,
						.read = read_plain,
						.write = write_plain,
						.end = end_plain};

static struct {
	uv_loop_t loop;
	struct contract_server *server;
	unsigned opened, closed;
	size_t received;
	bool is_spoilt;
} line;

static uint8_t octet_at(size_t at)
{
	return (uint8_t)(at * 7 + at / 256);
}

static void on_opened(void *ctx)
{
	(void)ctx;
	line.opened++;
}

static void on_received(void *ctx, const uint8_t *octets, size_t len)
{
	(void)ctx;
	for (size_t i = 0; i < len; i++)
		line.is_spoilt |= octets[i] != octet_at(line.received + i);
	line.received += len;
}

static void on_closed(void *ctx, const char *why)
{
	(void)ctx;
	assert_non_null(why);
	line.closed++;
}

/* Says whether all came back that the transport has taken on. */
static bool talk(struct transport **transport, const struct peer *peer)
{
	static const struct transport_events events = {on_opened, on_received, on_closed};
	static uint8_t octets[MUCH];
	const char *why = NULL;

	for (size_t i = 0; i < MUCH; i++)
		octets[i] = octet_at(i);
	if (transport_tcp.open(&line.loop, peer, 0, &events, &line, transport, &why) != STATUS_OK) {
		assert_non_null(why);
		assert_null(*transport);
		return false;
	}
	while (!line.opened && !line.closed)
		uv_run(&line.loop, UV_RUN_ONCE);
	if (line.closed || transport_tcp.send(*transport, octets, MUCH) != STATUS_OK)
		return false;
	while (line.received < MUCH && !line.closed)
		uv_run(&line.loop, UV_RUN_ONCE);
	return line.received == MUCH;
}

static bool converse(void *ctx, unsigned long n, bool only_one)
{
	struct transport *transport = NULL;
	struct peer peer;
	bool failed, is_done;

	fake_env_outside++; /* the server is no part of what is under test */
	line.server = contract_server_new(&tcp, SERVER_ECHOES);
	peer = contract_server_peer(line.server);
	fake_env_outside--;
	if (ctx)
		assert_int_equal(name_parse_zone(text_of("localhost"), &peer.host), STATUS_OK);
	if (ctx)
		peer.endpoint.addr.family = ADDR_NONE;
	assert_int_equal(uv_loop_init(&line.loop), 0);
	line.opened = line.closed = 0;
	line.received = 0;
	line.is_spoilt = false;
	fail_from(n, only_one);
	is_done = talk(&transport, &peer);
	failed = fail_no_more();
	assert_true(is_done || failed);
	assert_true(line.opened <= 1 && line.closed <= 1 && !line.is_spoilt);
	if (transport)
		transport_tcp.close(&transport);
	uv_run(&line.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&line.loop), 0);
	fake_env_outside++;
	contract_server_free(&line.server);
	fake_env_outside--;
	return failed;
}

static void octets_reach_a_primary_or_are_said_to_be_lost(void **state)
{
	(void)state;
	failing_malloc_repeat(NULL, converse);
	failing_malloc_repeat(&line, converse); /* by its name */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_configuration_begins_or_does_not),
		TEST(a_reload_comes_into_force_or_leaves_all_as_it_was),
		TEST(octets_reach_a_primary_or_are_said_to_be_lost),
	};

	return cmocka_run_group_tests_name("what runs on libuv, without memory", tests, NULL, NULL);
}
