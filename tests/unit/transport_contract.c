#include "transport_contract.h"

#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 5000,
	A_WHILE_MS = 50,
	MUCH = 3 * 1000 * 1000,
};

static const struct transport_under_test *under_test;

/* ---- The server ---- */

struct contract_server {
	const struct transport_under_test *transport;
	enum contract_manner manner;
	int listener;
	int connection; /* -1: none */
	pthread_mutex_t lock;
	pthread_t thread;
	struct peer peer;
	size_t read_len;
};

static void echo(struct contract_server *server, void *connection)
{
	static _Thread_local uint8_t octets[64 * 1024];
	long len;

	while ((len = server->transport->read(connection, octets, sizeof octets)) > 0) {
		server->read_len += (size_t)len;
		if (server->transport->write(connection, octets, (size_t)len) != len)
			break;
	}
}

static void serve(struct contract_server *server, int fd)
{
	void *connection;
	char octet;

	if (server->manner == SERVER_ONLY_LISTENS) {
		while (read(fd, &octet, 1) > 0)
			;
		return;
	}
	connection = server->transport->accept(fd);
	if (!connection)
		return;
	if (server->manner == SERVER_ECHOES)
		echo(server, connection);
	else
		server->transport->write(connection, "bye", 3);
	server->transport->end(connection);
}

static void *run_server(void *arg)
{
	struct contract_server *server = arg;
	int fd;

	while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
		pthread_mutex_lock(&server->lock);
		server->connection = fd;
		pthread_mutex_unlock(&server->lock);
		serve(server, fd);
		pthread_mutex_lock(&server->lock);
		server->connection = -1;
		pthread_mutex_unlock(&server->lock);
		close(fd);
	}
	return NULL;
}

struct contract_server *contract_server_new(const struct transport_under_test *transport, enum contract_manner manner)
{
	struct contract_server *server = calloc(1, sizeof *server);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;

	assert_non_null(server);
	server->transport = transport;
	server->manner = manner;
	server->connection = -1;
	pthread_mutex_init(&server->lock, NULL);
	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(server->listener, 8), 0);
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
	server->peer.endpoint = (struct endpoint){addr_of("127.0.0.1"), ntohs(address.sin_port), 0};
	assert_int_equal(pthread_create(&server->thread, NULL, run_server, server), 0);
	return server;
}

size_t contract_server_free(struct contract_server **server_pointer)
{
	struct contract_server *server = *server_pointer;
	size_t read_len;

	*server_pointer = NULL;
	shutdown(server->listener, SHUT_RDWR);
	pthread_mutex_lock(&server->lock);
	if (server->connection >= 0)
		shutdown(server->connection, SHUT_RDWR);
	pthread_mutex_unlock(&server->lock);
	pthread_join(server->thread, NULL);
	close(server->listener);
	pthread_mutex_destroy(&server->lock);
	read_len = server->read_len;
	free(server);
	return read_len;
}

struct peer contract_server_peer(const struct contract_server *server)
{
	return server->peer;
}

/* ---- The user ---- */

static bool has_transport(const struct contract_user *user)
{
	return user->transport != NULL;
}

static void on_opened(void *ctx)
{
	struct contract_user *user = ctx;

	assert_true(has_transport(user)); /* never from within open() */
	assert_int_equal(user->closed, 0);
	user->opened++;
	if (user->reaction == CLOSE_WHEN_OPENED)
		user->maker.ops->close(&user->transport);
}

static void on_received(void *ctx, const uint8_t *octets, size_t len)
{
	struct contract_user *user = ctx;

	assert_true(has_transport(user) && user->opened == 1 && user->closed == 0 && len > 0);
	assert_true(user->received_len + len <= user->room);
	memcpy(user->received + user->received_len, octets, len);
	user->received_len += len;
	if (user->reaction == CLOSE_WHEN_RECEIVED)
		user->maker.ops->close(&user->transport);
}

static void on_closed(void *ctx, const char *why)
{
	struct contract_user *user = ctx;

	assert_true(has_transport(user));
	assert_int_equal(user->closed, 0);
	user->closed++;
	snprintf(user->why, sizeof user->why, "%s", why);
	if (user->reaction == CLOSE_WHEN_CLOSED)
		user->maker.ops->close(&user->transport);
}

static const struct transport_events events = {.opened = on_opened, .received = on_received, .closed = on_closed};

enum status contract_open(struct contract_user *user, const struct peer *peer)
{
	const char *why = NULL;

	user->opened = user->closed = 0;
	user->received_len = 0;
	return user->maker.ops->open(user->maker.ctx, peer, user->turn, &events, user, &user->transport, &why);
}

static void on_over(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

static void run_for(struct contract_user *user, unsigned ms, bool (*condition)(const struct contract_user *user))
{
	bool over = false;
	uv_timer_t timer;

	uv_timer_init(user->loop, &timer);
	timer.data = &over;
	uv_timer_start(&timer, on_over, ms, 0);
	while (!over && !(condition && condition(user)))
		uv_run(user->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(user->loop, UV_RUN_NOWAIT);
}

void contract_wait(struct contract_user *user, bool (*condition)(const struct contract_user *user))
{
	run_for(user, PATIENCE_MS, condition);
	assert_true(condition(user));
}

bool contract_is_open(const struct contract_user *user)
{
	return user->opened > 0;
}

bool contract_is_closed(const struct contract_user *user)
{
	return user->closed > 0;
}

static bool is_full(const struct contract_user *user)
{
	return user->received_len == user->room;
}

void contract_finish(struct contract_user *user)
{
	unsigned before;

	if (user->transport)
		user->maker.ops->close(&user->transport);
	assert_null(user->transport);
	before = user->opened + user->closed;
	uv_run(user->loop, UV_RUN_DEFAULT); /* ends by itself, for nothing is left */
	assert_int_equal(user->opened + user->closed, before);
}

/* ---- Each test ---- */

struct world {
	uv_loop_t loop;
	struct contract_user user;
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	assert_int_equal(uv_loop_init(&world->loop), 0);
	world->user.loop = &world->loop;
	world->user.maker = under_test->make(&world->loop);
	world->user.room = MUCH;
	world->user.received = malloc(MUCH);
	assert_non_null(world->user.received);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	contract_finish(&world->user);
	under_test->unmake();
	assert_int_equal(uv_loop_close(&world->loop), 0);
	free(world->user.received);
	free(world);
	return 0;
}

static void connect_to(struct world *world, const struct contract_server *server)
{
	struct peer peer = contract_server_peer(server);

	assert_int_equal(contract_open(&world->user, &peer), STATUS_OK);
	assert_int_equal(world->user.opened, 0);
	contract_wait(&world->user, contract_is_open);
}

static void say(struct contract_user *user, const void *octets, size_t len)
{
	assert_int_equal(user->maker.ops->send(user->transport, octets, len), STATUS_OK);
}

static void what_is_sent_arrives_in_its_order(void **state)
{
	struct world *world = *state;
	struct contract_server *server = contract_server_new(under_test, SERVER_ECHOES);
	char octets[] = "first second third";

	world->user.room = strlen(octets);
	connect_to(world, server);
	say(&world->user, octets, 6);
	say(&world->user, octets + 6, 7);
	say(&world->user, octets + 13, 5);
	memset(octets, 'x', 5); /* it was copied */
	contract_wait(&world->user, is_full);
	assert_memory_equal(world->user.received, "first second third", strlen("first second third"));
	contract_finish(&world->user);
	assert_int_equal(contract_server_free(&server), strlen("first second third"));
}

/* More than any buffer between the two takes. */
static void much_at_once_arrives_whole(void **state)
{
	struct world *world = *state;
	struct contract_server *server = contract_server_new(under_test, SERVER_ECHOES);
	uint8_t *octets = malloc(MUCH);

	assert_non_null(octets);
	for (size_t i = 0; i < MUCH; i++)
		octets[i] = (uint8_t)(i * 167 >> 3);
	connect_to(world, server);
	for (size_t at = 0; at < MUCH; at += MUCH / 50)
		say(&world->user, octets + at, MUCH / 50);
	contract_wait(&world->user, is_full);
	assert_memory_equal(world->user.received, octets, MUCH);
	contract_finish(&world->user);
	contract_server_free(&server);
	free(octets);
}

static void the_end_is_told_after_the_last_octets(void **state)
{
	struct world *world = *state;
	struct contract_server *server = contract_server_new(under_test, SERVER_ENDS);

	connect_to(world, server);
	contract_wait(&world->user, contract_is_closed);
	assert_int_equal(world->user.received_len, 3);
	assert_memory_equal(world->user.received, "bye", 3);
	assert_string_equal(world->user.why, "closed by the primary");
	contract_finish(&world->user);
	contract_server_free(&server);
}

static void a_refused_connection_is_told_from_the_loop(void **state)
{
	struct world *world = *state;
	struct contract_server *server = contract_server_new(under_test, SERVER_ECHOES);
	struct peer peer = contract_server_peer(server);

	contract_server_free(&server);
	assert_int_equal(contract_open(&world->user, &peer), STATUS_OK);
	assert_int_equal(world->user.closed, 0);
	contract_wait(&world->user, contract_is_closed);
	assert_int_equal(world->user.opened, 0);
	assert_string_equal(world->user.why, "connection refused");
}

static void a_name_is_looked_up(void **state)
{
	struct world *world = *state;
	struct contract_server *server = contract_server_new(under_test, SERVER_ECHOES);
	struct peer peer = contract_server_peer(server);

	peer.host = name_of("localhost");
	peer.endpoint.addr.family = ADDR_NONE;
	assert_int_equal(contract_open(&world->user, &peer), STATUS_OK);
	contract_wait(&world->user, contract_is_open);
	contract_finish(&world->user);
	contract_server_free(&server);
}

static void a_name_that_is_none_is_told_from_the_loop(void **state)
{
	struct world *world = *state;
	struct peer peer = {.host = name_of("nowhere.invalid"), .endpoint.port = 53};

	assert_int_equal(contract_open(&world->user, &peer), STATUS_OK);
	contract_wait(&world->user, contract_is_closed);
	assert_int_equal(world->user.opened, 0);
}

/* Nothing comes afterwards, and nothing is left. */
static void it_may_be_closed_at_any_time(void **state)
{
	static const enum contract_reaction reactions[] = {CLOSE_WHEN_OPENED, CLOSE_WHEN_RECEIVED, CLOSE_WHEN_CLOSED};
	struct world *world = *state;
	struct contract_server *server = contract_server_new(under_test, SERVER_ENDS);
	struct peer peer = contract_server_peer(server);

	for (size_t i = 0; i < LENGTH(reactions); i++) {
		world->user.reaction = reactions[i];
		assert_int_equal(contract_open(&world->user, &peer), STATUS_OK);
		uv_run(&world->loop, UV_RUN_DEFAULT);
		assert_null(world->user.transport);
		assert_int_equal(world->user.opened, 1);
		assert_int_equal(world->user.received_len, reactions[i] == CLOSE_WHEN_OPENED ? 0 : 3);
		assert_int_equal(world->user.closed, reactions[i] == CLOSE_WHEN_CLOSED);
	}
	assert_int_equal(contract_open(&world->user, &peer), STATUS_OK);
	contract_finish(&world->user); /* before anything came */
	assert_int_equal(contract_open(&world->user, &peer), STATUS_OK);
	run_for(&world->user, 1, NULL); /* in the middle */
	contract_finish(&world->user);
	contract_server_free(&server);
}

static void what_could_not_be_sent_yet_goes_with_the_connection(void **state)
{
	struct world *world = *state;
	struct contract_server *server = contract_server_new(under_test, SERVER_ENDS);
	uint8_t *octets = calloc(1, MUCH);

	assert_non_null(octets);
	connect_to(world, server);
	if (!contract_is_closed(&world->user))
		assert_in_range(world->user.maker.ops->send(world->user.transport, octets, MUCH), STATUS_OK,
				STATUS_CRYPTO);
	contract_finish(&world->user);
	contract_server_free(&server);
	free(octets);
}

/* A transport without a handshake of its own is open, one with is not. */
static void a_server_that_says_nothing_can_be_left(void **state)
{
	struct world *world = *state;
	struct contract_server *server = contract_server_new(under_test, SERVER_ONLY_LISTENS);
	struct peer peer = contract_server_peer(server);

	assert_int_equal(contract_open(&world->user, &peer), STATUS_OK);
	run_for(&world->user, A_WHILE_MS, NULL);
	assert_int_equal(world->user.closed, 0);
	contract_finish(&world->user);
	contract_server_free(&server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int transport_contract_run(const struct transport_under_test *transport)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_sent_arrives_in_its_order),
		TEST(much_at_once_arrives_whole),
		TEST(the_end_is_told_after_the_last_octets),
		TEST(a_refused_connection_is_told_from_the_loop),
		TEST(a_name_is_looked_up),
		TEST(a_name_that_is_none_is_told_from_the_loop),
		TEST(it_may_be_closed_at_any_time),
		TEST(what_could_not_be_sent_yet_goes_with_the_connection),
		TEST(a_server_that_says_nothing_can_be_left),
	};

	under_test = transport;
	return cmocka_run_group_tests_name(transport->name, tests, NULL, NULL);
}
