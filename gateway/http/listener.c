#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/parts.h"

enum { ACCEPT_MAX = 64 }; /* connections of one listener in a turn of the loop, so that others get theirs */

/* ---- Accepting ---- */

static bool is_full(const struct listener *listener)
{
	return listener->open >= listener->server->options.max_connections;
}

static void stop_accepting(struct listener *listener)
{
	listener->accepting = false;
	uv_poll_stop(&listener->poll);
}

/* Takes in one connection; says whether it is worth trying once more. */
static bool accept_one(struct listener *listener)
{
	struct sockaddr_storage address;
	socklen_t address_len = sizeof address;
	int fd = accept4(listener->fd, (struct sockaddr *)&address, &address_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct connection *connection;
	struct addr peer;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			stop_accepting(listener);
		return errno == ECONNABORTED || errno == EINTR;
	}
	if (addr_from_sockaddr((struct sockaddr *)&address, &peer) != STATUS_OK) {
		close(fd);
		return true;
	}
	connection = connection_new(listener, fd, &peer);
	if (connection)
		arrival_begin(connection);
	return true;
}

static void on_connect(uv_poll_t *poll, int status, int events)
{
	struct listener *listener = poll->data;

	(void)status;
	(void)events;
	for (unsigned i = 0; i < ACCEPT_MAX && !is_full(listener); i++) {
		if (!accept_one(listener))
			return;
	}
	if (is_full(listener))
		stop_accepting(listener);
}

void listener_retry(struct listener *listener)
{
	if (listener->accepting || listener->fd < 0 || is_full(listener))
		return;
	listener->accepting = uv_poll_start(&listener->poll, UV_READABLE, on_connect) == 0;
}

/* ---- Beginning and end ---- */

static int open_socket(const struct endpoint *endpoint, bool v6_only)
{
	bool v6 = endpoint->addr.family == ADDR_V6;
	struct sockaddr_storage address;
	socklen_t address_len = endpoint_to_sockaddr(endpoint, &address);
	int fd, on = 1, only = v6_only, saved;

	fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
	    (!v6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) == 0) &&
	    bind(fd, (struct sockaddr *)&address, address_len) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static enum status watch(struct listener *listener)
{
	if (uv_poll_init(listener->server->loop, &listener->poll, listener->fd) != 0)
		return STATUS_IO;
	listener->server->handles++;
	listener->poll.data = listener;
	listener_retry(listener);
	return STATUS_OK;
}

static void listener_free(struct listener *listener)
{
	if (listener->fd >= 0)
		close(listener->fd);
	tls_release(&listener->tls);
	free(listener);
}

static enum status prepare_tls(struct listener *listener, const struct http_listen_options *how)
{
	struct http_server *server = listener->server;
	enum status status = tls_new(how->certificates, how->tls_priorities, NULL, &listener->tls);

	if (status == STATUS_OK && !server->tls)
		status = engine_start(server, true, &server->tls);
	return status;
}

enum status listener_open(struct http_server *server, const struct http_listen_options *how, char *error,
			  size_t error_size)
{
	struct listener *listener = calloc(1, sizeof *listener);
	enum status status = STATUS_OK;
	char text[ENDPOINT_TEXT_MAX];

	if (!listener)
		return STATUS_NO_MEMORY;
	listener->server = server;
	listener->endpoint = how->endpoint;
	listener->errors_as_200 = how->errors_as_200;
	endpoint_format(&how->endpoint, text);
	listener->fd = open_socket(&how->endpoint, how->v6_only);
	if (listener->fd < 0) {
		snprintf(error, error_size, "cannot listen on %s: %s", text, strerror(errno));
		status = STATUS_IO;
	}
	if (status == STATUS_OK && how->certificates) {
		status = prepare_tls(listener, how);
		snprintf(error, error_size, "cannot listen on %s: TLS cannot be set up", text);
	}
	if (status == STATUS_OK) {
		status = watch(listener);
		snprintf(error, error_size, "cannot listen on %s: the event loop refuses the socket", text);
	}
	if (status != STATUS_OK) {
		listener_free(listener);
		return status;
	}
	SLIST_INSERT_HEAD(&server->listeners, listener, link);
	return STATUS_OK;
}

static void on_closed(uv_handle_t *handle)
{
	struct listener *listener = handle->data;
	struct http_server *server = listener->server;

	listener->poll_closed = true;
	listener_release(listener);
	server_handle_closed(server);
}

void listener_close(struct listener *listener)
{
	while (!is_full(listener) && accept_one(listener))
		;
	stop_accepting(listener);
	SLIST_REMOVE(&listener->server->listeners, listener, listener, link);
	close(listener->fd);
	listener->fd = -1;
	uv_close((uv_handle_t *)&listener->poll, on_closed);
}

void listener_release(struct listener *listener)
{
	if (listener->poll_closed && listener->open == 0)
		listener_free(listener);
	else
		listener_retry(listener);
}
