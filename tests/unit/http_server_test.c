/*
 * The HTTP server with libmicrohttpd: whatever comes gets one answer, nothing that libmicrohttpd cannot frame becomes a
 * second request, and what a connection holds is given back however it ends. Releases of libmicrohttpd differ in what
 * they repair (0.9 cuts, 1.0 replaces by blanks), but none lets anything through.
 */
#include "base/log.h"
#include "http_room.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/head.h"

#define HOST "Host: a.example\r\n"
#define GET  "GET / HTTP/1.1\r\n"
#define POST "POST / HTTP/1.1\r\n" HOST

/* A second request, which a proxy before us might take for the first one's body. */
#define HIDDEN "GET /hidden HTTP/1.1\r\n" HOST "\r\n"

static const struct http_listen_options plain = {.mode = 0};

static int open_room(void **state)
{
	static struct http_room room;

	*state = &room;
	return http_room_open(&room, &plain) == STATUS_OK ? 0 : -1;
}

static int close_room(void **state)
{
	http_room_close(*state);
	return 0;
}

struct reply {
	unsigned answers;
	int status; /* of the first */
	bool closed;
	char octets[2 * HTTP_ROOM_READ_MAX]; /* two reads of that */
};

enum {
	PATIENCE_MS = 3000, /* for what has to come */
	QUIET_MS = 40,      /* in which nothing comes that must not */
};

static unsigned answers_in(const struct reply *reply)
{
	return http_room_count(reply->octets, "HTTP/1.1 ");
}

/* Reads what has come within that time. */
static void read_on(struct http_room *room, int fd, struct reply *reply, size_t wanted, unsigned patience_ms)
{
	size_t begun = strlen(reply->octets);

	http_room_read(room, fd, reply->octets + begun, wanted, patience_ms, &reply->closed);
}

/* Waits for as many answers as are expected, and for the end where one says that it is the last; then for quiet. */
static struct reply ask_in_pieces(struct http_room *room, const char *octets, size_t len, size_t piece,
				  unsigned expected)
{
	struct reply reply = {.octets = ""};
	int fd = http_room_connect(room, 2);

	for (size_t at = 0; at < len; at += piece) {
		http_room_send(room, fd, octets + at, len - at < piece ? len - at : piece);
		if (piece < len)
			http_room_turn(room, 1);
	}
	for (unsigned waited_ms = 0; waited_ms < PATIENCE_MS && !reply.closed; waited_ms += QUIET_MS) {
		size_t before = strlen(reply.octets);

		read_on(room, fd, &reply, HTTP_ROOM_READ_MAX / 2, QUIET_MS);
		if (strlen(reply.octets) == before && answers_in(&reply) >= expected &&
		    !strstr(reply.octets, "Connection: close"))
			break;
	}
	close(fd);
	reply.answers = answers_in(&reply);
	reply.status = reply.answers ? atoi(reply.octets + sizeof "HTTP/1.1 " - 1) : 0;
	return reply;
}

static struct reply ask_for(struct http_room *room, const char *octets, size_t len, unsigned expected)
{
	return ask_in_pieces(room, octets, len, len, expected);
}

static struct reply ask(struct http_room *room, const char *octets, size_t len)
{
	return ask_for(room, octets, len, 1);
}

/* ---- One answer ---- */

static bool is_release_1(void)
{
	return *MHD_get_version() != '0';
}

enum { CLOSED = -1 };

static const struct {
	const char *name;
	struct text octets;
	int status;
	int status_1; /* with libmicrohttpd 1.0, 0: the same; CLOSED: it closes without an answer */
} rows[] = {
	{"plain", OCTETS(GET HOST "\r\n"), 200, 0},
	{"bare LF", OCTETS("GET / HTTP/1.1\nHost: a\n\n"), 200, 0},
	{"a blank in the target", OCTETS("GET /?a=b c HTTP/1.1\r\n" HOST "\r\n"), 200, 0},
	{"no Host", OCTETS(GET "\r\n"), 200, 0},
	{"an empty Host", OCTETS(GET "Host:\r\n\r\n"), 200, 0},
	{"two Hosts", OCTETS(GET HOST HOST "\r\n"), 400, 0},
	{"a Host that is none", OCTETS(GET "Host: a/b\r\n\r\n"), 400, 0},
	{"a length with a sign", OCTETS(POST "Content-Length: +5\r\n\r\n" HIDDEN), 400, 0},
	{"a list of lengths", OCTETS(POST "Content-Length: 1,1\r\n\r\n" HIDDEN), 400, 0},
	{"a negative length", OCTETS(POST "Content-Length: -1\r\n\r\n" HIDDEN), 400, 0},
	{"a hexadecimal length", OCTETS(POST "Content-Length: 0x10\r\n\r\n" HIDDEN), 400, 0},
	{"a length of twenty nines", OCTETS(POST "Content-Length: 99999999999999999999\r\n\r\n" HIDDEN), 413, 0},
	{"an empty length", OCTETS(POST "Content-Length:\r\n\r\n" HIDDEN), 400, 0},
	{"two lengths", OCTETS(POST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n" HIDDEN), 400, 0},
	{"a NUL in a length", OCTETS(POST "Content-Length: 0\000054\r\n\r\n" HIDDEN), 400, 0},
	{"two NULs in a length", OCTETS(POST "Content-Length: 0\0\000054\r\n\r\n" HIDDEN), 400, 0},
	{"a coding that is not ours", OCTETS(POST "Transfer-Encoding: gzip\r\n\r\n" HIDDEN), 400, 0},
	{"two codings", OCTETS(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" HIDDEN), 400, 0},
	{"a NUL in a coding", OCTETS(POST "Transfer-Encoding: chunked\0x\r\n\r\n0\r\n\r\n" HIDDEN), 400, 0},
	{"a coding and a length",
	 OCTETS(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" HIDDEN), 400, 0},
	{"a chunk's line that ends in LF",
	 OCTETS(POST "Transfer-Encoding: chunked\r\n\r\n5\na=b&c\r\n0\r\n\r\n" HIDDEN), 400, 0},
	{"the second chunk's line, too",
	 OCTETS(POST "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\n=b\r\n0\r\n\r\n" HIDDEN), 400, 0},
	{"no number before a chunk", OCTETS(POST "Transfer-Encoding: chunked\r\n\r\nx\r\na=b\r\n" HIDDEN), 400, 0},
	{"a fold", OCTETS(GET HOST "X: a\r\n b\r\n\r\n"), 400, 200},
	{"a fold before the first", OCTETS(GET " X: a\r\n" HOST "\r\n"), 400, 0},
	{"a NUL in a header", OCTETS(GET HOST "X: a\0b\r\nY: c\r\n\r\n"), 400, 200},
	{"a bare CR in a header", OCTETS(GET HOST "X: a\rY: b\r\n\r\n"), 400, 0},
	{"a blank before a colon", OCTETS(GET "Host : a\r\n\r\n"), 400, 0},
	{"a line without a colon", OCTETS(GET HOST "foo\r\nX: y\r\n\r\n"), 400, 0},
	{"a NUL in the target", OCTETS("GET /\0x HTTP/1.1\r\n" HOST "\r\n"), 400, CLOSED},
	{"a version to come", OCTETS("GET / HTTP/2.0\r\n" HOST "\r\n"), 505, 0},
	{"no version", OCTETS("GET /\r\n\r\n"), 400, 0},
};

static void whatever_comes_gets_one_answer(void **state)
{
	struct http_room *room = *state;

	for (size_t i = 0; i < LENGTH(rows); i++) {
		int status = is_release_1() && rows[i].status_1 ? rows[i].status_1 : rows[i].status;
		struct reply reply = ask(room, rows[i].octets.octets, rows[i].octets.len);

		assert_row(rows[i].name, reply.answers == (status != CLOSED));
		assert_row(rows[i].name, status == CLOSED || reply.status == status);
		assert_row(rows[i].name, status == 200 || reply.closed);
	}
}

/* Who sends it octet by octet finds no other way in. */
static void nor_does_it_matter_in_what_pieces_it_comes(void **state)
{
	struct http_room *room = *state;

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct reply reply = ask_in_pieces(room, rows[i].octets.octets, rows[i].octets.len, 3, 0);

		assert_row(rows[i].name, reply.answers <= 1);
		assert_row(rows[i].name, !strstr(reply.octets, "hidden"));
	}
}

/* A body that is folded into the length's line: with 0.9 it became a request. */
static void a_folded_length_hides_no_request(void **state)
{
	static const char octets[] = POST "Content-Length:\r\n 54\r\n\r\n" HIDDEN HIDDEN HIDDEN;
	struct http_room *room = *state;
	struct reply reply = ask(room, octets, sizeof octets - 1);

	/* 1.0 reads the length for what it is. */
	assert_true(is_release_1() ? reply.status != 400 : reply.answers == 1 && reply.status == 400);
}

/* With 1.0 what ended the head in LFs still lies before the chunk. */
static void the_end_of_a_head_is_no_chunks_line(void **state)
{
	static const char head[] = "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n", line[] = "3\r\n",
			  rest[] = "a=b\r\n0\r\n\r\n";
	struct http_room *room = *state;
	struct reply reply = {.octets = ""};
	int fd = http_room_connect(room, 2);

	http_room_send(room, fd, head, sizeof head - 1);
	http_room_turn(room, 5);
	http_room_send(room, fd, line, sizeof line - 1);
	http_room_turn(room, 5);
	http_room_send(room, fd, rest, sizeof rest - 1);
	read_on(room, fd, &reply, 20, PATIENCE_MS);
	close(fd);
	assert_memory_equal(reply.octets, "HTTP/1.1 200 ", 13);
}

/* ---- Sizes ---- */

enum {
	REQUEST_MAX = 64 * 1024,
	HEAD_COST_MAX = 10 * 1024 + 80, /* as server.h tells it */
};

/* Fields of `octets` in all; each costs HEAD_FIELD_COST more. Says what the whole head costs. */
static size_t ask_with_fields(struct http_room *room, unsigned count, size_t octets, struct reply *reply)
{
	char *request = malloc(REQUEST_MAX);
	size_t len = (size_t)snprintf(request, REQUEST_MAX, GET HOST);

	for (unsigned i = 0; i < count; i++) {
		size_t end = len + octets / count;

		assert_true(end + 2 < REQUEST_MAX);
		len += (size_t)snprintf(request + len, REQUEST_MAX - len, "X%u: ", i);
		memset(request + len, 'a', end - len);
		memcpy(request + end - 2, "\r\n", 2);
		len = end;
	}
	memcpy(request + len, "\r\n", 2);
	len += 2;
	*reply = ask(room, request, len);
	free(request);
	return len + (count + 1) * HEAD_FIELD_COST;
}

static void headers_as_browsers_send_them_are_fine(void **state)
{
	struct http_room *room = *state;
	struct reply reply;

	ask_with_fields(room, 31, 8192 - (sizeof HOST - 1), &reply);
	assert_int_equal(reply.status, 200);
	ask_with_fields(room, 1, 8000, &reply);
	assert_int_equal(reply.status, 200);
	ask_with_fields(room, 100, 1000, &reply);
	assert_int_equal(reply.status, 200);
}

/* The bound is ours: where libmicrohttpd's memory ends, does not matter. */
static void too_many_are_refused_with_one_answer(void **state)
{
	static const unsigned counts[] = {1, 4, 16, 64, 128};
	struct http_room *room = *state;

	for (size_t i = 0; i < LENGTH(counts); i++) {
		for (size_t octets = 1600; octets < 24000; octets += 97) {
			struct reply reply;
			size_t cost = ask_with_fields(room, counts[i], octets, &reply);

			assert_int_equal(reply.answers, 1);
			assert_int_equal(reply.status, cost <= HEAD_COST_MAX ? 200 : 431);
			if (cost > HEAD_COST_MAX + 2000)
				octets += 4000;
		}
	}
}

static void a_listener_of_the_page_takes_twice_as_much(void **state)
{
	static const struct http_listen_options page = {.account_page = true};
	struct http_room room;
	struct reply reply;

	(void)state;
	assert_int_equal(http_room_open(&room, &page), STATUS_OK);
	ask_with_fields(&room, 31, 16384 - (sizeof HOST - 1), &reply);
	assert_int_equal(reply.status, 200);
	ask_with_fields(&room, 31, 20000, &reply);
	assert_int_equal(reply.answers, 1);
	assert_int_equal(reply.status, 431);
	http_room_close(&room);
}

static void cookies_cost_no_more_than_other_headers(void **state)
{
	struct http_room *room = *state;
	char request[REQUEST_MAX];
	size_t len = (size_t)snprintf(request, sizeof request, GET HOST "Cookie: a=b");
	struct reply reply;

	while (len < 8000)
		len += (size_t)snprintf(request + len, sizeof request - len, "; name=%zu", len);
	len += (size_t)snprintf(request + len, sizeof request - len, "\r\n\r\n");
	reply = ask(room, request, len);
	assert_int_equal(reply.status, 200);
	assert_true(room->last_cookies_len > 7900);
}

/* libmicrohttpd makes a list of them in its own memory, and is at a loss when that runs out. */
static void any_number_of_operands_gets_an_answer(void **state)
{
	struct http_room *room = *state;

	for (unsigned count = 1; count <= 1000; count += count < 80 ? 21 : 7) {
		char request[8192];
		size_t len = (size_t)snprintf(request, sizeof request, "GET /?");
		struct reply reply;

		for (unsigned i = 0; i < count; i++)
			len += (size_t)snprintf(request + len, sizeof request - len, "%sa=b", i ? "&" : "");
		len += (size_t)snprintf(request + len, sizeof request - len, " HTTP/1.1\r\n" HOST "\r\n");
		reply = ask(room, request, len);
		assert_int_equal(reply.answers, 1);
		assert_int_equal(reply.status, count <= HTTP_PARAMS_MAX ? 200 : 400);
	}
}

static void long_targets_get_an_answer(void **state)
{
	struct http_room *room = *state;

	for (size_t size = 4000; size < 16000; size += 500) {
		char request[16 * 1024];
		size_t len = (size_t)snprintf(request, sizeof request, "GET /%0*d HTTP/1.1\r\n" HOST "\r\n",
					      (int)size - 1, 0);
		struct reply reply = ask(room, request, len);

		assert_int_equal(reply.answers, 1);
		assert_int_equal(reply.status, size <= HTTP_TARGET_MAX ? 200 : 414);
	}
}

/* Where there is no header at all, libmicrohttpd 1.0 puts what follows behind the last thing that it knows of. */
static void a_request_without_headers_may_be_followed_by_another(void **state)
{
	struct http_room *room = *state;

	for (size_t size = 3000; size < 11000; size += 61) {
		char request[16 * 1024];
		size_t len = (size_t)snprintf(request, sizeof request,
					      "GET /%0*d HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", (int)size - 1, 0);
		struct reply reply = ask_for(room, request, len, size <= HTTP_TARGET_MAX ? 2 : 1);

		assert_true(size <= HTTP_TARGET_MAX ? reply.status == 200 : reply.status == 414 || reply.status == 431);
		assert_int_equal(reply.answers, size <= HTTP_TARGET_MAX ? 2 : 1);
	}
}

/* Its chunks are read for a while, in the hope that they end soon. */
static void a_body_that_does_not_end_gets_an_answer(void **state)
{
	static const char head[] = POST "Transfer-Encoding: chunked\r\n\r\n";
	enum { CHUNK = 4096, CHUNKS = 40 };
	size_t len = sizeof head - 1;
	char *request = malloc(len + CHUNKS * (CHUNK + 8));
	struct reply reply;

	assert_non_null(request);
	memcpy(request, head, len);
	for (unsigned i = 0; i < CHUNKS; i++) {
		memcpy(request + len, "1000\r\n", 6);
		memset(request + len + 6, 'a', CHUNK);
		memcpy(request + len + 6 + CHUNK, "\r\n", 2);
		len += CHUNK + 8;
	}
	reply = ask(*state, request, len);
	free(request);
	assert_int_equal(reply.answers, 1);
	assert_int_equal(reply.status, 413);
	assert_true(reply.closed);
}

/* ---- How connections end ---- */

/* AddressSanitizer tells what was not given back; without it this is a test that nothing is touched afterwards. */
static void what_a_connection_holds_is_given_back_however_it_ends(void **state)
{
	static const char request[] = "GET /late?key=secret HTTP/1.1\r\n" HOST "\r\n";
	struct http_room *room = *state;

	for (size_t len = 1; len < sizeof request; len++) {
		int fd = http_room_connect(room, 3);

		http_room_send(room, fd, request, len);
		http_room_turn(room, 1);
		close(fd);
		http_room_turn(room, 1);
	}
	assert_int_equal(ask(room, request, sizeof request - 1).status, 200);
}

static void several_requests_in_one_packet_get_their_answers_in_turn(void **state)
{
	static const char three[] = GET HOST "\r\n" GET HOST "X: y\r\n\r\n" GET HOST "\r\n";
	struct http_room *room = *state;
	struct reply reply = ask_for(room, three, sizeof three - 1, 3);

	assert_int_equal(reply.answers, 3);
	assert_false(reply.closed);
}

/* It has gone on before it was told to, and with another request at that. */
static void who_asks_whether_to_go_on_gets_an_answer_all_the_same(void **state)
{
	static const char *const firsts[] = {GET HOST "Expect: 100-continue\r\n\r\n",
					     POST "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n",
					     POST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\na=b"};
	struct http_room *room = *state;

	for (size_t i = 0; i < LENGTH(firsts); i++) {
		unsigned requests = room->requests;
		char octets[512], out[HTTP_ROOM_READ_MAX];
		int len = snprintf(octets, sizeof octets, "%s" GET HOST "Connection: close\r\n\r\n", firsts[i]);
		int fd = http_room_connect(room, 2);
		bool closed;

		http_room_send(room, fd, octets, (size_t)len);
		http_room_read(room, fd, out, sizeof out - 1, 10000, &closed);
		close(fd);
		assert_row(firsts[i], http_room_count(out, "HTTP/1.1 200") == 2);
		assert_row(firsts[i], room->requests == requests + 2);
	}
}

/* libmicrohttpd refuses them by itself, and does not say which. */
static void many_that_are_refused_at_once_get_one_answer_each(void **state)
{
	enum { CLIENTS = 8, TOO_LONG = 20000 };
	struct http_room *room = *state;
	char *request = malloc(TOO_LONG), out[HTTP_ROOM_READ_MAX];
	int len = snprintf(request, TOO_LONG, GET HOST "X: "), fds[CLIENTS];

	memset(request + len, 'a', (size_t)(TOO_LONG - len));
	for (uint8_t i = 0; i < CLIENTS; i++) {
		fds[i] = http_room_connect(room, (uint8_t)(i + 2));
		http_room_send(room, fds[i], request, TOO_LONG);
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		bool closed;

		http_room_read(room, fds[i], out, sizeof out - 1, 10000, &closed);
		assert_int_equal(http_room_count(out, "HTTP/1.1 "), 1);
		assert_int_equal(http_room_count(out, "HTTP/1.1 431"), 1);
		close(fds[i]);
	}
	free(request);
}

/* libmicrohttpd 0.9 has no room for it, and wants to be run again and again until the connection's time is over. */
static void a_line_before_a_chunk_that_is_too_long_stops_nobody_else(void **state)
{
	enum { TOO_LONG = 20000 };
	struct http_room *room = *state;
	char *request = malloc(TOO_LONG);
	int len = snprintf(request, TOO_LONG, POST "Transfer-Encoding: chunked\r\n\r\n3;"), fd;
	const struct linger reset = {.l_onoff = 1}; /* libmicrohttpd would not see a mere end of file */
	uint64_t began_ms = uv_hrtime() / 1000000;

	memset(request + len, 'a', (size_t)(TOO_LONG - len));
	fd = http_room_connect(room, 3);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
	http_room_send(room, fd, request, TOO_LONG);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(ask(room, GET HOST "\r\n", sizeof GET HOST "\r\n" - 1).status, 200);
	assert_true(uv_hrtime() / 1000000 - began_ms < (uint64_t)room->options.idle_timeout_s * 1000);
	close(fd);
	free(request);
}

/* ---- Whose request ---- */

static struct network loopback(void)
{
	struct network network;

	assert_int_equal(network_parse(text_of("127.0.0.0/8"), &network), STATUS_OK);
	return network;
}

/* What a proxy says of its client must not vanish or be cut. */
static void what_a_proxy_says_is_whole_or_refused(void **state)
{
	static const struct {
		const char *name;
		struct text octets;
	} said[] = {
		{"whole", OCTETS(GET HOST "X-Forwarded-For: 198.51.100.7\r\n\r\n")},
		{"a fold", OCTETS(GET HOST "X-Forwarded-For: 203.0.113.9,\r\n 198.51.100.7\r\n\r\n")},
		{"a fold at once", OCTETS(GET HOST "X-Forwarded-For:\r\n 198.51.100.7\r\n\r\n")},
		{"a fold in the header before", OCTETS(GET HOST "X: y\r\n z\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n")},
		{"a NUL", OCTETS(GET HOST "X-Forwarded-For: 203.0.113.9\0, 198.51.100.7\r\n\r\n")},
		{"a NUL at once", OCTETS(GET HOST "X-Forwarded-For: \000198.51.100.7\r\n\r\n")},
		{"a NUL in the name", OCTETS(GET HOST "X-Forwarded-For\0: 198.51.100.7\r\n\r\n")},
		{"a bare CR", OCTETS(GET HOST "X: y\rX-Forwarded-For: 203.0.113.9\r\n"
					      "X-Forwarded-For: 198.51.100.7\r\n\r\n")},
	};
	struct network trusted = loopback();
	struct http_listen_options proxied = {.trusted = {&trusted, 1}};
	struct http_room room;

	(void)state;
	assert_int_equal(http_room_open(&room, &proxied), STATUS_OK);
	for (size_t i = 0; i < LENGTH(said); i++) {
		struct reply reply = ask(&room, said[i].octets.octets, said[i].octets.len);

		assert_row(said[i].name, reply.answers == 1);
		assert_row(said[i].name,
			   reply.status == 400 || (reply.status == 200 && strstr(reply.octets, "\n198.51.100.7\n")));
		assert_row(said[i].name, i > 0 || reply.status == 200);
	}
	http_room_close(&room);
}

/* A proxy behind another one may name that in two ways; then whom it says is its client counts. */
static void trusted_addresses_that_differ_give_way_to_a_client(void **state)
{
	static const char differ[] = GET HOST "X-Forwarded-For: 127.0.0.5\r\nForwarded: for=127.0.0.6\r\n";
	static const char *const said[] = {"X-Real-IP: 198.51.100.7\r\n\r\n", "\r\n"};
	static const int statuses[] = {200, 400};
	struct network trusted = loopback();
	struct http_listen_options proxied = {.trusted = {&trusted, 1}, .x_real_ip = true};
	struct http_room room;

	(void)state;
	assert_int_equal(http_room_open(&room, &proxied), STATUS_OK);
	for (size_t i = 0; i < LENGTH(said); i++) {
		char octets[512];
		int len = snprintf(octets, sizeof octets, "%s%s", differ, said[i]);
		struct reply reply = ask(&room, octets, (size_t)len);

		assert_int_equal(reply.status, statuses[i]);
		assert_true(reply.status != 200 || strstr(reply.octets, "\n198.51.100.7\n"));
	}
	http_room_close(&room);
}

/* Else clients who are refused and stay would take the descriptors that are set aside. */
static void whoever_lingers_counts_among_all_connections(void **state)
{
	static const char refused[] = GET "Host: a\r\nHost: b\r\n\r\n", fine[] = GET HOST "\r\n";
	static char answers[HTTP_ROOM_READ_MAX];
	struct http_room *room = *state;
	int lingering, other;
	bool closed;

	room->options.max_connections_in_all = 1;
	room->listen.inherited_fd = 0;
	assert_int_equal(
		http_server_configure(room->server, &room->options, &room->listen, 1, room->error, sizeof room->error),
		STATUS_OK);
	lingering = http_room_connect(room, 2);
	http_room_send(room, lingering, refused, sizeof refused - 1);
	http_room_read(room, lingering, answers, HTTP_ROOM_READ_MAX - 1, 3000, &closed);
	assert_true(closed && http_room_count(answers, "HTTP/1.1 400 ") == 1);
	other = http_room_connect(room, 3);
	http_room_send(room, other, fine, sizeof fine - 1);
	assert_int_equal(http_room_read(room, other, answers, 1, 100, &closed), 0);
	close(lingering);
	assert_true(http_room_read(room, other, answers, 1, 5000, &closed) > 0);
	close(other);
}

struct lines {
	unsigned full;
	char last[512];
};

static void keep_full(void *ctx, const char *line, size_t len)
{
	struct lines *lines = ctx;
	char text[512];

	snprintf(text, sizeof text, "%.*s", (int)len, line);
	if (!strstr(text, "event=listener-full"))
		return;
	lines->full++;
	snprintf(lines->last, sizeof lines->last, "%s", text);
}

/* Whoever comes then waits in the kernel, and would wait without anybody knowing why. */
static void a_full_listener_is_told_once_and_counted(void **state)
{
	static const char fine[] = GET HOST "\r\n";
	static char answers[HTTP_ROOM_READ_MAX];
	struct http_room *room = *state;
	const struct http_stats *stats = http_server_stats(room->server);
	struct lines lines = {0};
	int clients[3];
	bool closed;

	room->options.max_connections = 2;
	room->listen.inherited_fd = 0;
	assert_int_equal(
		http_server_configure(room->server, &room->options, &room->listen, 1, room->error, sizeof room->error),
		STATUS_OK);
	assert_int_equal(stats->listener_max, 2);
	assert_non_null(stats->listeners);
	assert_null(stats->listeners->next);
	assert_int_equal(stats->listeners->open, 0);
	log_set_sink(keep_full, &lines);
	for (size_t i = 0; i < LENGTH(clients); i++) {
		clients[i] = http_room_connect(room, (uint8_t)(2 + i));
		http_room_send(room, clients[i], fine, sizeof fine - 1);
		assert_int_equal(http_room_read(room, clients[i], answers, 1, i < 2 ? 3000 : 600, &closed) > 0, i < 2);
	}
	assert_int_equal(stats->listeners->open, 2);
	assert_int_equal(lines.full, 1);
	assert_non_null(strstr(lines.last, stats->listeners->address));
	assert_non_null(strstr(lines.last, "bound=max_connections connections=2"));
	close(clients[0]);
	assert_true(http_room_read(room, clients[2], answers, 1, 5000, &closed) > 0);
	assert_int_equal(lines.full, 1); /* full again, within the minute */
	log_set_sink(NULL, NULL);
	close(clients[1]);
	close(clients[2]);
	assert_int_equal(http_server_configure(room->server, &room->options, NULL, 0, room->error, sizeof room->error),
			 STATUS_OK);
	assert_null(stats->listeners);
}

/* Whether or not a listener came of it: beside one that is there, behind one that cannot be opened. */
static void sockets_that_are_given_are_taken(void **state)
{
	struct http_room *room = *state;
	struct http_listen_options listeners[3] = {room->listen, room->listen, room->listen};
	int given[LENGTH(listeners)];

	for (size_t i = 0; i < LENGTH(listeners); i++) {
		given[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_true(given[i] >= 0);
		listeners[i].inherited_fd = given[i];
	}
	listeners[2].endpoint.port = 1;
	assert_int_equal(http_server_configure(room->server, &room->options, listeners, LENGTH(listeners), room->error,
					       sizeof room->error),
			 STATUS_DUPLICATE);
	for (size_t i = 0; i < LENGTH(given); i++)
		assert_int_equal(fcntl(given[i], F_GETFD), -1);
}

int main(void)
{
#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, open_room, close_room)
	const struct CMUnitTest tests[] = {
		IN_ROOM(whatever_comes_gets_one_answer),
		IN_ROOM(nor_does_it_matter_in_what_pieces_it_comes),
		IN_ROOM(a_folded_length_hides_no_request),
		IN_ROOM(the_end_of_a_head_is_no_chunks_line),
		IN_ROOM(headers_as_browsers_send_them_are_fine),
		IN_ROOM(too_many_are_refused_with_one_answer),
		cmocka_unit_test(a_listener_of_the_page_takes_twice_as_much),
		IN_ROOM(cookies_cost_no_more_than_other_headers),
		IN_ROOM(any_number_of_operands_gets_an_answer),
		IN_ROOM(long_targets_get_an_answer),
		IN_ROOM(a_request_without_headers_may_be_followed_by_another),
		IN_ROOM(a_body_that_does_not_end_gets_an_answer),
		IN_ROOM(what_a_connection_holds_is_given_back_however_it_ends),
		IN_ROOM(several_requests_in_one_packet_get_their_answers_in_turn),
		IN_ROOM(who_asks_whether_to_go_on_gets_an_answer_all_the_same),
		IN_ROOM(many_that_are_refused_at_once_get_one_answer_each),
		IN_ROOM(a_line_before_a_chunk_that_is_too_long_stops_nobody_else),
		cmocka_unit_test(what_a_proxy_says_is_whole_or_refused),
		cmocka_unit_test(trusted_addresses_that_differ_give_way_to_a_client),
		IN_ROOM(a_full_listener_is_told_once_and_counted),
		IN_ROOM(whoever_lingers_counts_among_all_connections),
		IN_ROOM(sockets_that_are_given_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
