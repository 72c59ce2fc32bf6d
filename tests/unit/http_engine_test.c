/*
 * How connections come into libmicrohttpd. Releases differ: some tell of a connection from within
 * MHD_add_connection(), others in the next MHD_run(), and one that fails then is closed without a word. Here
 * libmicrohttpd is made to do each of it.
 */
#include "http_room.h"

#include <microhttpd.h>
#include <stdio.h>
#include <unistd.h>

enum MHD_Result __real_MHD_add_connection(struct MHD_Daemon *daemon, MHD_socket fd, const struct sockaddr *address,
					  socklen_t len);
enum MHD_Result __real_MHD_run(struct MHD_Daemon *daemon);
void __real_MHD_stop_daemon(struct MHD_Daemon *daemon);
enum MHD_Result __wrap_MHD_add_connection(struct MHD_Daemon *daemon, MHD_socket fd, const struct sockaddr *address,
					  socklen_t len);
enum MHD_Result __wrap_MHD_run(struct MHD_Daemon *daemon);
void __wrap_MHD_stop_daemon(struct MHD_Daemon *daemon);

enum { QUEUE_MAX = 128 };

static enum telling {
	AT_ONCE,
	QUEUED,
	QUEUED_AND_SOME_FAIL, /* each third of them, after the call has returned */
	REFUSED_AND_SOME_NOT, /* each third of them, within the call */
	NEVER_TOLD,
} mode;
static struct {
	struct MHD_Daemon *daemon;
	int fd;
} queue[QUEUE_MAX];
static size_t queued, most_queued;
static unsigned added;
static bool is_adding;

enum MHD_Result __wrap_MHD_add_connection(struct MHD_Daemon *daemon, MHD_socket fd, const struct sockaddr *address,
					  socklen_t len)
{
	if (mode == AT_ONCE || is_adding)
		return __real_MHD_add_connection(daemon, fd, address, len);
	if (mode == REFUSED_AND_SOME_NOT) {
		if (added++ % 3 != 2)
			return __real_MHD_add_connection(daemon, fd, address, len);
		close(fd);
		return MHD_NO;
	}
	assert_true(queued < QUEUE_MAX);
	queue[queued].daemon = daemon;
	queue[queued++].fd = fd;
	most_queued = queued > most_queued ? queued : most_queued;
	return MHD_YES;
}

enum MHD_Result __wrap_MHD_run(struct MHD_Daemon *daemon)
{
	struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	size_t kept = 0;

	is_adding = true;
	for (size_t i = 0; i < queued; i++) {
		if (queue[i].daemon != daemon)
			queue[kept++] = queue[i];
		else if (mode == NEVER_TOLD || (mode == QUEUED_AND_SOME_FAIL && added++ % 3 == 2))
			close(queue[i].fd);
		else
			__real_MHD_add_connection(daemon, queue[i].fd, &nobody, sizeof nobody);
	}
	is_adding = false;
	queued = kept;
	return __real_MHD_run(daemon);
}

/* As libmicrohttpd does with what it has queued and told nobody of. */
void __wrap_MHD_stop_daemon(struct MHD_Daemon *daemon)
{
	size_t kept = 0;

	for (size_t i = 0; i < queued; i++) {
		if (queue[i].daemon == daemon)
			close(queue[i].fd);
		else
			queue[kept++] = queue[i];
	}
	queued = kept;
	__real_MHD_stop_daemon(daemon);
}

static int setup(void **state)
{
	(void)state;
	mode = AT_ONCE;
	queued = most_queued = added = 0;
	return 0;
}

/* ---- Tests ---- */

enum { CLIENTS = 60 };

/* How many of many clients that come at once are answered, each by its own source. The others are closed. */
static unsigned ask_at_once(struct http_room *room)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	unsigned answered = 0;
	int fds[CLIENTS];

	for (uint8_t i = 0; i < CLIENTS; i++) {
		fds[i] = http_room_connect(room, (uint8_t)(i + 2));
		http_room_send(room, fds[i], request, sizeof request - 1);
	}
	for (uint8_t i = 0; i < CLIENTS; i++) {
		char out[HTTP_ROOM_READ_MAX], source[32];
		bool closed;

		snprintf(source, sizeof source, "\r\n\r\n127.0.0.%u\n", i + 2U);
		if (http_room_read(room, fds[i], out, 1, 10000, &closed)) {
			assert_non_null(strstr(out, source));
			answered++;
		} else {
			assert_true(closed);
		}
		close(fds[i]);
	}
	return answered;
}

/* All at once: the room is not turned while they connect. */
static unsigned answered_by(enum telling with_mode)
{
	static const struct http_listen_options plain = {.mode = 0};
	struct http_room room;
	unsigned answered;

	assert_int_equal(http_room_open(&room, &plain), STATUS_OK);
	mode = with_mode;
	answered = ask_at_once(&room);
	http_room_close(&room);
	return answered;
}

static void connections_may_enter_at_once(void **state)
{
	(void)state;
	assert_int_equal(answered_by(AT_ONCE), CLIENTS);
}

static void many_may_be_added_before_any_is_told_of(void **state)
{
	(void)state;
	assert_int_equal(answered_by(QUEUED), CLIENTS);
	assert_true(most_queued > 1);
}

static void one_that_fails_after_the_call_has_returned_harms_no_other(void **state)
{
	(void)state;
	assert_int_equal(answered_by(QUEUED_AND_SOME_FAIL), CLIENTS - CLIENTS / 3);
}

static void one_that_fails_within_the_call_harms_no_other(void **state)
{
	(void)state;
	assert_int_equal(answered_by(REFUSED_AND_SOME_NOT), CLIENTS - CLIENTS / 3);
}

static void connections_that_were_not_told_of_end_with_the_server(void **state)
{
	static const struct http_listen_options plain = {.mode = 0};
	struct http_room room;
	int fd;

	(void)state;
	assert_int_equal(http_room_open(&room, &plain), STATUS_OK);
	mode = QUEUED;
	fd = http_room_connect(&room, 2);
	http_room_close(&room);
	close(fd);
}

/* Whatever a later release may do: what is not understood ends the start, not the requests. */
static void a_library_that_never_tells_is_refused_at_the_start(void **state)
{
	static const struct http_listen_options plain = {.mode = 0};
	struct http_room room;

	(void)state;
	mode = NEVER_TOLD;
	assert_int_equal(http_room_open(&room, &plain), STATUS_IO);
}

static void a_library_that_tells_later_is_not(void **state)
{
	static const struct http_listen_options plain = {.mode = 0};
	struct http_room room;

	(void)state;
	mode = QUEUED;
	assert_int_equal(http_room_open(&room, &plain), STATUS_OK);
	http_room_close(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(connections_may_enter_at_once, setup),
		cmocka_unit_test_setup(many_may_be_added_before_any_is_told_of, setup),
		cmocka_unit_test_setup(one_that_fails_after_the_call_has_returned_harms_no_other, setup),
		cmocka_unit_test_setup(one_that_fails_within_the_call_harms_no_other, setup),
		cmocka_unit_test_setup(connections_that_were_not_told_of_end_with_the_server, setup),
		cmocka_unit_test_setup(a_library_that_never_tells_is_refused_at_the_start, setup),
		cmocka_unit_test_setup(a_library_that_tells_later_is_not, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
