/*
 * Connections that the server has closed, and whose client may still be sending. Were the socket just closed, the
 * kernel would answer what comes then by a reset, and the client would lose the answer that it has not read yet (RFC
 * 9112 section 9.6). So the sending side is closed, and what comes is read and thrown away, until the client closes,
 * too.
 *
 * libmicrohttpd closes its descriptor all the same; ours is a duplicate.
 */
#include "http/linger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LINGERING_MAX = 128, /* beyond it the oldest has to go */
	LINGER_MS = 2000,
	READ_SIZE = 16 * 1024,
	READ_MAX = 256 * 1024, /* octets that one may still send */
};

struct lingerer {
	struct http_server *server;
	int fd;
	size_t read;
	uint64_t deadline_ms;
	uv_poll_t poll;
	TAILQ_ENTRY(lingerer) link;
};

static void on_linger_closed(uv_handle_t *handle)
{
	struct lingerer *lingerer = handle->data;
	struct http_server *server = lingerer->server;

	close(lingerer->fd);
	free(lingerer);
	state_handle_closed(server);
}

static void linger_end(struct lingerer *lingerer)
{
	TAILQ_REMOVE(&lingerer->server->lingering, lingerer, link);
	lingerer->server->lingering_count--;
	uv_close((uv_handle_t *)&lingerer->poll, on_linger_closed);
}

static void on_linger_readable(uv_poll_t *poll, int status, int events)
{
	struct lingerer *lingerer = poll->data;
	char octets[READ_SIZE];
	ssize_t got = status < 0 ? 0 : recv(lingerer->fd, octets, sizeof octets, 0);

	(void)events;
	if (got > 0)
		lingerer->read += (size_t)got;
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR) || lingerer->read > READ_MAX)
		linger_end(lingerer);
}

void linger_begin(struct http_server *server, int fd)
{
	struct lingerer *lingerer = calloc(1, sizeof *lingerer);

	if (lingerer)
		lingerer->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (!lingerer || lingerer->fd < 0) {
		free(lingerer);
		return;
	}
	shutdown(lingerer->fd, SHUT_WR);
	if (uv_poll_init(server->loop, &lingerer->poll, lingerer->fd) != 0) {
		close(lingerer->fd);
		free(lingerer);
		return;
	}
	lingerer->server = server;
	lingerer->deadline_ms = uv_now(server->loop) + LINGER_MS;
	lingerer->poll.data = lingerer;
	server->handles++;
	if (server->lingering_count == LINGERING_MAX)
		linger_end(TAILQ_FIRST(&server->lingering));
	server->lingering_count++;
	TAILQ_INSERT_TAIL(&server->lingering, lingerer, link);
	uv_poll_start(&lingerer->poll, UV_READABLE, on_linger_readable);
}

void lingerers_end(struct http_server *server, uint64_t until_ms)
{
	struct lingerer *lingerer;

	while ((lingerer = TAILQ_FIRST(&server->lingering)) && lingerer->deadline_ms <= until_ms)
		linger_end(lingerer);
}
