/*
 * A primary by a name with many addresses, most of which lead nowhere: the one that answers is found in time. The
 * addresses of a name are those that a test wants, all on loopback: silent ones, whose queue of connections is full, so
 * that the kernel drops what knocks; dead ones; and that of a server.
 */
#include "support.h"
#include "transport_contract.h"

#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ADDRESSES_MAX = 40,
	KNOCKS = 4,
	HOLES = 0x7f4d0000, /* 127.77.0.0: addresses that nobody else on the machine is likely to use */
	AT_ONCE_MS = 200,
	SOON_MS = 1400,
};

static const struct transport_under_test tcp = {.name = "transport_race"};

/* ---- Names ---- */

static char addresses[ADDRESSES_MAX][16];
static size_t address_count;
static uv_getaddrinfo_cb asked_by;

int __real_uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *look_up, uv_getaddrinfo_cb done, const char *node,
			  const char *service, const struct addrinfo *hints);
int __wrap_uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *look_up, uv_getaddrinfo_cb done, const char *node,
			  const char *service, const struct addrinfo *hints);

/* In the place of what was found: the test's addresses, at the same port. */
static void on_looked_up(uv_getaddrinfo_t *look_up, int status, struct addrinfo *found)
{
	struct addrinfo *first = NULL, **end = &first;
	char port[sizeof "65535"];

	assert_int_equal(status, 0);
	snprintf(port, sizeof port, "%u", ntohs(((struct sockaddr_in *)found->ai_addr)->sin_port));
	uv_freeaddrinfo(found);
	for (size_t i = 0; i < address_count; i++) {
		static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};

		assert_int_equal(getaddrinfo(addresses[i], port, &hints, end), 0);
		end = &(*end)->ai_next;
	}
	asked_by(look_up, 0, first);
}

int __wrap_uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *look_up, uv_getaddrinfo_cb done, const char *node,
			  const char *service, const struct addrinfo *hints)
{
	(void)node;
	asked_by = done;
	return __real_uv_getaddrinfo(loop, look_up, on_looked_up, "127.0.0.1", service, hints);
}

/* ---- Where they lead ---- */

struct black_hole {
	int listener;
	int knocks[KNOCKS];
};

struct world {
	uv_loop_t loop;
	struct contract_user user;
	struct contract_server *server;
	struct peer peer;
	struct black_hole holes[ADDRESSES_MAX];
	size_t hole_count;
};

static void add_address(const char *text)
{
	assert_true(address_count < ADDRESSES_MAX);
	snprintf(addresses[address_count++], sizeof addresses[0], "%s", text);
}

static void add_silent(struct world *world, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct black_hole *hole = &world->holes[world->hole_count++];
		struct sockaddr_in at = {.sin_family = AF_INET,
					 .sin_port = htons(world->peer.endpoint.port),
					 .sin_addr.s_addr = htonl(HOLES + (uint32_t)world->hole_count)};
		char text[16];

		snprintf(text, sizeof text, "127.77.0.%zu", world->hole_count);
		hole->listener = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(bind(hole->listener, (struct sockaddr *)&at, sizeof at), 0);
		assert_int_equal(listen(hole->listener, 0), 0);
		for (size_t k = 0; k < KNOCKS; k++) {
			hole->knocks[k] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
			(void)connect(hole->knocks[k], (struct sockaddr *)&at, sizeof at);
		}
		add_address(text);
	}
}

static void add_dead(size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_address("127.77.1.1");
}

static void add_server(void)
{
	add_address("127.0.0.1");
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	assert_int_equal(uv_loop_init(&world->loop), 0);
	world->user.loop = &world->loop;
	world->user.maker = (struct transport_maker){&transport_tcp, &world->loop};
	world->server = contract_server_new(&tcp, SERVER_ONLY_LISTENS);
	world->peer = contract_server_peer(world->server);
	world->peer.endpoint.addr.family = ADDR_NONE;
	world->peer.host = name_of("primary.example");
	address_count = 0;
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	contract_finish(&world->user);
	assert_int_equal(uv_loop_close(&world->loop), 0);
	contract_server_free(&world->server);
	for (size_t i = 0; i < world->hole_count; i++) {
		for (size_t k = 0; k < KNOCKS; k++)
			close(world->holes[i].knocks[k]);
		close(world->holes[i].listener);
	}
	free(world);
	return 0;
}

static void assert_opened_within(struct world *world, uint64_t ms)
{
	uint64_t begin_ms;

	uv_update_time(&world->loop);
	begin_ms = uv_now(&world->loop);
	assert_int_equal(contract_open(&world->user, &world->peer), STATUS_OK);
	contract_wait(&world->user, contract_is_open);
	if (uv_now(&world->loop) - begin_ms > ms)
		fail_msg("opened after %u ms", (unsigned)(uv_now(&world->loop) - begin_ms));
	assert_int_equal(world->user.closed, 0);
	contract_finish(&world->user);
}

/* ---- The tests ---- */

static void the_first_address_is_used_if_it_answers(void **state)
{
	struct world *world = *state;

	add_server();
	add_silent(world, 3);
	assert_opened_within(world, AT_ONCE_MS);
}

static void dead_addresses_cost_no_time(void **state)
{
	struct world *world = *state;

	add_dead(20);
	add_server();
	assert_opened_within(world, AT_ONCE_MS);
}

static void silent_addresses_are_tried_side_by_side(void **state)
{
	struct world *world = *state;

	add_silent(world, 6);
	add_dead(2);
	add_server();
	assert_opened_within(world, SOON_MS);
}

static void so_are_more_than_are_tried_at_a_time(void **state)
{
	struct world *world = *state;

	add_silent(world, 30);
	add_server();
	assert_opened_within(world, SOON_MS);
}

/* As after a connection to each of those before it that was good for nothing. */
static void those_whose_turn_is_over_come_last(void **state)
{
	struct world *world = *state;

	add_silent(world, 2);
	add_server();
	for (world->user.turn = 2; world->user.turn < 10; world->user.turn += 3)
		assert_opened_within(world, AT_ONCE_MS);
	add_dead(1);
	world->user.turn = 3;
	assert_opened_within(world, SOON_MS);
}

static void that_all_are_dead_is_told_once(void **state)
{
	struct world *world = *state;

	add_dead(5);
	assert_int_equal(contract_open(&world->user, &world->peer), STATUS_OK);
	contract_wait(&world->user, contract_is_closed);
	assert_int_equal(world->user.opened, 0);
	assert_string_equal(world->user.why, "connection refused");
}

static void a_race_may_be_left(void **state)
{
	struct world *world = *state;

	add_silent(world, 5);
	assert_int_equal(contract_open(&world->user, &world->peer), STATUS_OK);
	for (unsigned i = 0; i < 3; i++)
		uv_run(&world->loop, UV_RUN_ONCE);
	contract_finish(&world->user);
	assert_int_equal(world->user.opened + world->user.closed, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_first_address_is_used_if_it_answers),
		TEST(dead_addresses_cost_no_time),
		TEST(silent_addresses_are_tried_side_by_side),
		TEST(so_are_more_than_are_tried_at_a_time),
		TEST(those_whose_turn_is_over_come_last),
		TEST(that_all_are_dead_is_told_once),
		TEST(a_race_may_be_left),
	};

	return cmocka_run_group_tests_name(tcp.name, tests, NULL, NULL);
}
