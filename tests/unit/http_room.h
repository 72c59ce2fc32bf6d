/*
 * http_room: the HTTP server as it is, with libmicrohttpd and a libuv loop of its own, and clients beside it in the
 * same thread. It listens on the loopback. Every complete request is answered by 200 and its source, unless its path is
 * `/late` (then when the room is turned next) or `/never`.
 */
#ifndef UNIT_HTTP_ROOM_H
#define UNIT_HTTP_ROOM_H

#include "support.h"

#include <uv.h>

#include "http/server.h"

enum { HTTP_ROOM_LATE_MAX = 64, HTTP_ROOM_READ_MAX = 64 * 1024 };

struct http_room {
	uv_loop_t loop;
	struct http_server *server;
	struct http_options options;
	struct http_listen_options listen;
	char error[256];
	uint16_t port;
	unsigned requests; /* that the handler got */
	struct http_request last;
	char last_host[512]; /* its header Host, which would not outlive it */
	size_t last_cookies_len;
	struct http_exchange *late[HTTP_ROOM_LATE_MAX];
	size_t late_count;
};

/* `listen` gives the settings of the one listener but for its address. Returns what the server says. */
MUST_USE enum status http_room_open(struct http_room *room, const struct http_listen_options *listen);
/* Drains, and asserts that this ends. */
void http_room_close(struct http_room *room);

/* One turn of the loop without waiting, or with waiting up to that long. Answers what is late. */
void http_room_turn(struct http_room *room, unsigned wait_ms);

/* A client's socket, non-blocking, from 127.0.0.`host`. */
int http_room_connect(struct http_room *room, uint8_t host);
void http_room_send(struct http_room *room, int fd, const void *octets, size_t len);

/*
 * Turns the room until so many octets of answers have come, or the server has closed, or `patience_ms` are over. The
 * answers are ended by NUL; returns their length.
 */
size_t http_room_read(struct http_room *room, int fd, char out[static HTTP_ROOM_READ_MAX], size_t wanted,
		      unsigned patience_ms, bool *closed);

/* How many responses begin in what was read. */
unsigned http_room_count(const char *answers, const char *status_line);

#endif
