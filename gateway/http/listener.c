#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
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
	if (listener->path || addr_from_sockaddr((struct sockaddr *)&address, &peer) != STATUS_OK)
		peer = (struct addr){.family = ADDR_NONE};
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

/* ---- Sockets ---- */

static int open_inet(const struct http_listen_options *options)
{
	bool v6 = options->endpoint.addr.family == ADDR_V6;
	struct sockaddr_storage address;
	socklen_t address_len = endpoint_to_sockaddr(&options->endpoint, &address);
	int fd, on = 1, only = options->v6_only, saved;

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

static struct sockaddr_un unix_address(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	return address;
}

/* A file that nobody listens on any more was left by a process that was killed. */
static void remove_if_left(const char *path)
{
	struct sockaddr_un address = unix_address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED)
		unlink(path);
	close(fd);
}

/* Nobody can connect before the file has its mode, for until then nobody listens. */
static int open_unix(const char *path, unsigned mode)
{
	struct sockaddr_un address = unix_address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), saved;

	if (fd < 0)
		return -1;
	remove_if_left(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && chmod(path, mode) == 0 &&
	    listen(fd, SOMAXCONN) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* ---- Beginning and end ---- */

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
	free((struct network *)(uintptr_t)listener->trusted.items);
	free(listener->path);
	free(listener);
}

static enum status copy_networks(struct networks from, struct networks *out)
{
	struct network *items = calloc(from.count + 1, sizeof *items);

	if (!items)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < from.count; i++)
		items[i] = from.items[i];
	*out = (struct networks){items, from.count};
	return STATUS_OK;
}

static enum status prepare(struct listener *listener, const struct http_listen_options *options)
{
	struct http_server *server = listener->server;
	enum status status = copy_networks(options->trusted, &listener->trusted);

	listener->proxy_protocol = options->proxy_protocol;
	listener->errors_as_200 = options->errors_as_200;
	listener->account_page = options->account_page;
	if (status == STATUS_OK && options->path) {
		listener->path = strdup(options->path);
		if (!listener->path)
			status = STATUS_NO_MEMORY;
	}
	if (status == STATUS_OK && options->certificates)
		status = tls_new(options->certificates, options->tls_priorities, NULL, &listener->tls);
	if (status == STATUS_OK && options->certificates && !server->tls)
		status = engine_start(server, true, &server->tls);
	return status;
}

enum status listener_open(struct http_server *server, const struct http_listen_options *options, char *error,
			  size_t error_size)
{
	struct listener *listener = calloc(1, sizeof *listener);
	char text[ENDPOINT_TEXT_MAX];
	const char *where = options->path ? options->path : endpoint_format(&options->endpoint, text);
	enum status status;

	if (!listener) {
		snprintf(error, error_size, "out of memory");
		return STATUS_NO_MEMORY;
	}
	listener->server = server;
	listener->fd = -1;
	status = prepare(listener, options);
	if (status == STATUS_OK) {
		listener->fd = options->path ? open_unix(options->path, options->mode) : open_inet(options);
		status = listener->fd >= 0 ? watch(listener) : STATUS_IO;
	}
	if (status != STATUS_OK) {
		snprintf(error, error_size, "cannot listen on %s: %s", where,
			 listener->fd < 0 && status == STATUS_IO ? strerror(errno) : status_text(status));
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
	if (listener->path)
		unlink(listener->path);
	uv_close((uv_handle_t *)&listener->poll, on_closed);
}

void listener_release(struct listener *listener)
{
	if (listener->poll_closed && listener->open == 0)
		listener_free(listener);
	else
		listener_retry(listener);
}
