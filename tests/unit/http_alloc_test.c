/*
 * The HTTP server without memory, over real sockets: our own allocations fail and those of libmicrohttpd. A request
 * gets a right answer, or 503, or its connection is closed; never another answer, and never none at all. What one
 * connection has met does not harm the next, nothing leaks, and no descriptor stays open.
 */
#include "http_room.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "failing_malloc.h"

enum { PATIENCE_MS = 3000 };

static const struct http_listen_options plain;
static const struct network loopback = {{ADDR_V4, {127}}, 8};
static const struct networks trusted = {&loopback, 1};

static void drop_line(void *ctx, const char *line, size_t len)
{
	(void)ctx;
	(void)line;
	(void)len;
}

/* What libraries open once and keep is there already when descriptors are counted. */
static int setup(void **state)
{
	static struct http_room room;

	(void)state;
	assert_int_equal(http_room_open(&room, &plain), STATUS_OK);
	http_room_close(&room);
	signal(SIGPIPE, SIG_IGN);
	log_set_sink(drop_line, NULL);
	failing_malloc_reset();
	failing_malloc_treat("libmicrohttpd", MALLOC_FAILED);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	failing_malloc_reset();
	log_set_sink(NULL, NULL);
	return 0;
}

static size_t count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

/* ---- Requests ---- */

struct exchange {
	const char *request;
	const char *status; /* the line that begins the answer when there is memory */
	unsigned answers;
	bool ends; /* the client sends no more after it */
};

static char answers[HTTP_ROOM_READ_MAX];

/* One of 503 may come instead, or the end. */
static void check_answers(const struct exchange *exchange, size_t len, bool closed, bool failed)
{
	unsigned right = http_room_count(answers, exchange->status);
	unsigned out_of_memory = http_room_count(answers, "HTTP/1.1 503 ");
	unsigned all = http_room_count(answers, "HTTP/1.");

	if (failed) {
		if (right + out_of_memory != all || all > exchange->answers || (all < exchange->answers && !closed))
			fail_msg("%s\nis answered, and %s, by\n%s", exchange->request, closed ? "closed" : "not closed",
				 answers);
	} else {
		assert_int_equal(right, exchange->answers);
		assert_int_equal(all, right);
	}
	assert_true(len == 0 || memcmp(answers, "HTTP/1.1 ", 9) == 0);
}

static size_t ask(struct http_room *room, const struct exchange *exchange, bool *closed)
{
	static char piece[HTTP_ROOM_READ_MAX];
	int fd = http_room_connect(room, 1);
	size_t len = 0, before;

	*closed = false;
	http_room_send(room, fd, exchange->request, strlen(exchange->request));
	if (exchange->ends)
		shutdown(fd, SHUT_WR);
	do {
		before = len;
		len += http_room_read(room, fd, piece, 1, PATIENCE_MS, closed);
		assert_true(len < sizeof answers);
		memcpy(answers + before, piece, len - before + 1);
	} while (len > before && !*closed && http_room_count(answers, "HTTP/1.") < exchange->answers);
	close(fd);
	return len;
}

static void assert_well(struct http_room *room)
{
	static const struct exchange sane = {"GET /sane HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 ", 1, false};
	bool closed;
	size_t len = ask(room, &sane, &closed);

	check_answers(&sane, len, closed, false);
}

static bool serve(void *ctx, unsigned long n, bool only_one)
{
	const struct exchange *exchange = ctx;
	static struct http_room room;
	size_t descriptors = count_descriptors(), len;
	bool failed, closed;

	assert_int_equal(http_room_open(&room, &plain), STATUS_OK);
	fail_from(n, only_one);
	len = ask(&room, exchange, &closed);
	failed = fail_no_more();
	check_answers(exchange, len, closed, failed);
	assert_well(&room);
	http_room_close(&room);
	assert_int_equal(count_descriptors(), descriptors);
	return failed;
}

#define HEAD "Host: a\r\n"

static void requests_are_answered_rightly_or_not_at_all(void **state)
{
	static struct exchange exchanges[] = {
		{"GET /a?b=c&d=%65 HTTP/1.1\r\n" HEAD "\r\n", "HTTP/1.1 200 ", 1, false},
		{"GET /late HTTP/1.1\r\n" HEAD "Authorization: Basic bWU6a2V5\r\nCookie: a=b\r\n\r\n", "HTTP/1.1 200 ",
		 1, false},
		{"HEAD /a HTTP/1.1\r\n" HEAD "\r\n", "HTTP/1.1 200 ", 1, false},
		{"POST /a HTTP/1.1\r\n" HEAD "Content-Length: 7\r\n\r\nb=c&d=e", "HTTP/1.1 200 ", 1, false},
		{"POST /a HTTP/1.1\r\n" HEAD "Content-Length: 19\r\n\r\n{\"b\":\"c\",\"d\":\"e f\"}", "HTTP/1.1 200 ",
		 1, false},
		{"POST /a HTTP/1.1\r\n" HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nb=c\r\n0\r\n\r\n", "HTTP/1.1 200 ",
		 1, false},
		{"GET /a HTTP/1.1\r\n" HEAD "\r\nGET /b HTTP/1.1\r\n" HEAD "\r\n", "HTTP/1.1 200 ", 2, false},
		{"GET /a HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", 1, true},
		{"POST /a HTTP/1.1\r\n" HEAD "Content-Length: 5000\r\n\r\n", "HTTP/1.1 413 ", 1, false},
		{"POST /a HTTP/1.1\r\n" HEAD "Content-Length: 8\r\n\r\n{\"b\":\"c\"", "HTTP/1.1 400 ", 1, false},
		{"GET /a HTTP/1.1\r\n" HEAD "X Y: z\r\n\r\n", "HTTP/1.1 400 ", 1, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(exchanges); i++)
		failing_malloc_repeat(&exchanges[i], serve);
}

/* ---- Beginning, and a new configuration ---- */

static bool begin(void *ctx, unsigned long n, bool only_one)
{
	static struct http_room room;
	size_t descriptors = count_descriptors();
	enum status status;
	bool failed;

	(void)ctx;
	fail_from(n, only_one);
	status = http_room_open(&room, &plain);
	failed = fail_no_more();
	assert_int_equal(status != STATUS_OK, failed);
	if (status == STATUS_OK) {
		assert_well(&room);
		http_room_close(&room);
	}
	assert_int_equal(count_descriptors(), descriptors);
	return failed;
}

static void a_server_begins_or_does_not(void **state)
{
	(void)state;
	failing_malloc_repeat(NULL, begin);
}

/* What is in force stays so, and works, if there is no memory for what is to follow; new engines are part of it. */
static bool reconfigure(void *ctx, unsigned long n, bool only_one)
{
	static struct http_room room;
	size_t descriptors = count_descriptors();
	enum status status;
	bool failed;

	(void)ctx;
	assert_int_equal(http_room_open(&room, &plain), STATUS_OK);
	assert_well(&room);
	room.options.idle_timeout_s++;
	room.options.max_connections_per_source = 5;
	room.listen.inherited_fd = open("/dev/null", O_RDONLY | O_CLOEXEC); /* not wanted: the listener has one */
	room.listen.trusted = trusted;
	fail_from(n, only_one);
	status = http_server_configure(room.server, &room.options, &room.listen, 1, room.error, sizeof room.error);
	failed = fail_no_more();
	assert_int_equal(status != STATUS_OK, failed);
	assert_well(&room);
	assert_well(&room);
	http_room_close(&room);
	assert_int_equal(count_descriptors(), descriptors);
	return failed;
}

static void a_new_configuration_comes_into_force_or_does_not(void **state)
{
	(void)state;
	failing_malloc_repeat(NULL, reconfigure);
}

/* From proxies, and with a bound for each source, which is kept in a table. */
static bool serve_behind_a_proxy(void *ctx, unsigned long n, bool only_one)
{
	static const struct exchange exchange = {"PROXY TCP4 192.0.2.7 192.0.2.1 1024 80\r\n"
						 "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
						 "HTTP/1.1 200 ", 1, false};
	struct http_listen_options listen = {.proxy_protocol = true, .trusted = trusted};
	static struct http_room room;
	size_t descriptors = count_descriptors(), len;
	bool failed, closed;

	(void)ctx;
	assert_int_equal(http_room_open(&room, &listen), STATUS_OK);
	room.options.max_connections_per_source = 5;
	room.listen.inherited_fd = 0;
	assert_int_equal(
		http_server_configure(room.server, &room.options, &room.listen, 1, room.error, sizeof room.error),
		STATUS_OK);
	fail_from(n, only_one);
	len = ask(&room, &exchange, &closed);
	failed = fail_no_more();
	check_answers(&exchange, len, closed, failed);
	assert_true(http_room_count(answers, "HTTP/1.1 200 ") == 0 || strstr(answers, "192.0.2.7"));
	len = ask(&room, &exchange, &closed);
	check_answers(&exchange, len, closed, false);
	http_room_close(&room);
	assert_int_equal(count_descriptors(), descriptors);
	return failed;
}

static void a_proxy_s_client_is_known_or_not_served(void **state)
{
	(void)state;
	failing_malloc_repeat(NULL, serve_behind_a_proxy);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(requests_are_answered_rightly_or_not_at_all),
		TEST(a_server_begins_or_does_not),
		TEST(a_new_configuration_comes_into_force_or_does_not),
		TEST(a_proxy_s_client_is_known_or_not_served),
	};

	return cmocka_run_group_tests_name("the HTTP server without memory", tests, NULL, NULL);
}
