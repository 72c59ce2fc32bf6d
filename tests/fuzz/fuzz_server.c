/*
 * The HTTP server as a whole, with libmicrohttpd: octets come over a connection, in pieces whose size the first octet
 * tells. Whatever they are, what is answered is a row of whole responses, none follows one that says it is the last, no
 * request gets two, and another client with a sane request gets its answer afterwards.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/http_room.h"
#include "base/log.h"
#include "require.h"

enum { QUIET_TURNS = 3 };

static struct http_room room;

static void close_room(void)
{
	http_room_close(&room);
}

static void open_room(void)
{
	static struct network loopback;
	static struct http_listen_options listen = {.trusted = {&loopback, 1}, .account_page = false};
	static bool is_open;

	if (is_open)
		return;
	is_open = true;
	log_set_level(LOG_ERROR);
	require(network_parse(text_of("127.0.0.1/32"), &loopback) == STATUS_OK);
	require(http_room_open(&room, &listen) == STATUS_OK);
	atexit(close_room);
}

/* Reads what is there after a few turns, without waiting for more. */
static size_t read_answers(int fd, char out[static HTTP_ROOM_READ_MAX])
{
	size_t len = 0;

	for (unsigned quiet = 0; quiet < QUIET_TURNS;) {
		bool closed;
		size_t got = http_room_read(&room, fd, out + len, 1, 0, &closed);

		(void)closed;
		len += got;
		quiet = got ? 0 : quiet + 1;
		http_room_turn(&room, 0);
	}
	return len;
}

static unsigned count_line_ends(const uint8_t *data, size_t size)
{
	unsigned count = 0;

	for (size_t i = 0; i < size; i++)
		count += data[i] == '\n';
	return count;
}

/* Takes one response off the front; false if the last one said that it was. */
static bool take_response(const char **at, const char *end, bool *is_last)
{
	const char *body = strstr(*at, "\r\n\r\n"), *length;
	size_t body_len;

	require(strncmp(*at, "HTTP/1.1 ", 9) == 0);
	require(body && body + 4 <= end);
	if (strncmp(*at, "HTTP/1.1 100 ", 13) == 0) {
		*at = body + 4;
		return true;
	}
	require(!*is_last);
	length = strcasestr(*at, "\r\nContent-Length: ");
	body_len = length && length < body ? strtoul(length + 18, NULL, 10) : 0;
	length = strcasestr(*at, "\r\nConnection: close\r\n");
	*is_last = length && length <= body;
	*at = body + 4;
	if (strncmp(*at, "HTTP/1.1 ", 9) != 0 || body_len == 0) /* the response to HEAD has no body */
		*at += (size_t)(end - *at) < body_len ? (size_t)(end - *at) : body_len;
	return true;
}

static void ask_sanely(void)
{
	static const char request[] = "GET /sane HTTP/1.1\r\nHost: a\r\n\r\n";
	char out[HTTP_ROOM_READ_MAX];
	int fd = http_room_connect(&room, 9);
	bool closed;

	http_room_send(&room, fd, request, sizeof request - 1);
	require(http_room_read(&room, fd, out, 1, 10000, &closed) > 0);
	require(strncmp(out, "HTTP/1.1 200 ", 13) == 0 && strstr(out, "\r\n\r\n127.0.0.9\n"));
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char out[HTTP_ROOM_READ_MAX];
	size_t piece, len;
	unsigned answers = 0;
	bool is_last = false;
	const char *at = out;
	int fd;

	if (size < 2 || size > 40000)
		return 0;
	open_room();
	piece = data[0] ? (size_t)data[0] * 8 : size;
	data++;
	size--;
	fd = http_room_connect(&room, data[size - 1] % 2 ? 1 : 2);
	for (size_t from = 0; from < size; from += piece) {
		http_room_send(&room, fd, data + from, size - from < piece ? size - from : piece);
		if (piece < size)
			http_room_turn(&room, 0);
	}
	len = read_answers(fd, out);
	while (at < out + len && take_response(&at, out + len, &is_last))
		answers++;
	/* Each request has a line that ends. */
	require(answers <= 2 * count_line_ends(data, size) + 1);
	close(fd);
	ask_sanely();
	return 0;
}
