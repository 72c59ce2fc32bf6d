#include "http/listeners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/repeat.h"
#include "http/arrival.h"
#include "http/engine.h"
#include "http/socket.h"
#include "http/tls.h"

enum {
	ACCEPT_MAX = 64,      /* connections of one listener in a turn of the loop, so that others get theirs */
	FULL_TOLD_MS = 60000, /* between lines of the log about one that is full */
};

/* ---- Accepting ---- */

/* Those that linger have left their listener, but not their descriptors. */
static bool is_full(const struct listener *listener)
{
	const struct http_server *server = listener->server;
	unsigned most = server->options.max_connections_in_all;

	return listener->stats.open >= server->options.max_connections ||
	       (most && server->open + server->lingering_count >= most);
}

/* While it is, clients wait in the kernel without a word, and in the end for nothing. */
static void tell_if_full(struct listener *listener)
{
	const struct http_server *server = listener->server;
	uint64_t now_ms = uv_now(server->loop);
	bool by_itself = listener->stats.open >= server->options.max_connections;

	if (listener->fd < 0 || !is_full(listener) || now_ms < listener->full_until_ms)
		return;
	listener->full_until_ms = now_ms + FULL_TOLD_MS;
	LOG_REPEATED(LOG_WARNING, "listener-full", log_text("address", listener->stats.address),
		     log_text("bound", by_itself ? "max_connections" : "open files"),
		     log_detail(log_number("connections", (int64_t)listener->stats.open)),
		     log_text("text", "it has as many connections as it may; others wait until one ends"));
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

static void on_client(uv_poll_t *poll, int status, int events)
{
	struct listener *listener = poll->data;

	(void)events;
	/* libuv has stopped watching; the next tick tries again. */
	if (status < 0)
		stop_accepting(listener);
	for (unsigned i = 0; i < ACCEPT_MAX && !is_full(listener); i++) {
		if (!accept_one(listener))
			return;
	}
	if (is_full(listener)) {
		tell_if_full(listener);
		stop_accepting(listener);
	}
}

static void listener_retry(struct listener *listener)
{
	if (listener->accepting || listener->fd < 0 || is_full(listener))
		return;
	listener->accepting = uv_poll_start(&listener->poll, UV_READABLE, on_client) == 0;
}

/* ---- What may change while the socket stays open ---- */

static void settings_fini(struct settings *settings)
{
	tls_release(&settings->tls);
	free((struct network *)(uintptr_t)settings->trusted.items);
	*settings = (struct settings){0};
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

/* `before` is what the listener had until now. */
static enum status settings_init(struct settings *settings, struct http_server *server,
				 const struct http_listen_options *options, const struct settings *before)
{
	enum status status;

	*settings = (struct settings){
		.mode = options->mode,
		.proxy_protocol = options->proxy_protocol,
		.errors_as_200 = options->errors_as_200,
		.x_real_ip = options->x_real_ip,
		.account_page = options->account_page,
		.engine_kind = (options->certificates ? ENGINE_TLS : 0) | (options->account_page ? ENGINE_LARGE : 0),
	};
	status = copy_networks(options->trusted, &settings->trusted);
	if (status == STATUS_OK && options->certificates)
		status = tls_new(options->certificates, options->tls_priorities, before->tls, &settings->tls);
	if (status == STATUS_OK && !server->current[settings->engine_kind])
		status = engine_start(server, settings->engine_kind);
	if (status != STATUS_OK)
		settings_fini(settings);
	return status;
}

/* ---- Beginning and end ---- */

static void listener_free(struct listener *listener)
{
	if (listener->fd >= 0)
		close(listener->fd);
	settings_fini(&listener->settings);
	settings_fini(&listener->next);
	free(listener->path);
	free(listener);
}

/* One of its handles or connections has ended: it is free for others, or freed with the last of a closed one. */
static void listener_release(struct listener *listener)
{
	if (listener->poll_closed && listener->stats.open == 0)
		listener_free(listener);
	else
		listener_retry(listener);
}

static enum status listener_watch(struct listener *listener)
{
	if (uv_poll_init(listener->server->loop, &listener->poll, listener->fd) != 0)
		return STATUS_IO;
	listener->server->handles++;
	listener->poll.data = listener;
	return STATUS_OK;
}

/* As a label of metrics, too, where quotes and backslashes would have to be escaped. */
static void name_it(struct listener *listener)
{
	char text[ENDPOINT_TEXT_MAX], *at = listener->stats.address;

	snprintf(at, sizeof listener->stats.address, "%s",
		 listener->path ? listener->path : endpoint_format(&listener->endpoint, text));
	for (; *at; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f || *at == '"' || *at == '\\')
			*at = '?';
	}
}

static enum status open_it(struct listener *listener, const struct http_listen_options *options)
{
	listener->endpoint = options->endpoint;
	listener->v6_only = options->v6_only;
	if (options->path) {
		listener->path = strdup(options->path);
		if (!listener->path)
			return STATUS_NO_MEMORY;
	}
	name_it(listener);
	if (!listener->is_inherited)
		listener->fd = socket_open(options);
	return listener->fd < 0 ? STATUS_IO : listener_watch(listener);
}

void listeners_decline(const struct http_listen_options *options, size_t count)
{
	int error = errno;

	for (size_t i = 0; i < count; i++) {
		if (options[i].inherited_fd > 0)
			close(options[i].inherited_fd);
	}
	errno = error;
}

/* A new listener, which does not accept yet. errno tells more of STATUS_IO. */
static enum status listener_open(struct http_server *server, const struct http_listen_options *options)
{
	struct listener *listener = calloc(1, sizeof *listener);
	enum status status;

	if (!listener) {
		listeners_decline(options, 1);
		return STATUS_NO_MEMORY;
	}
	listener->server = server;
	listener->on_left = listener_release;
	listener->is_inherited = options->inherited_fd > 0;
	listener->fd = listener->is_inherited ? options->inherited_fd : -1;
	listener->is_new = true;
	listener->is_wanted = true;
	status = settings_init(&listener->next, server, options, &listener->settings);
	if (status == STATUS_OK)
		status = open_it(listener, options);
	if (status == STATUS_OK)
		SLIST_INSERT_HEAD(&server->listeners, listener, link);
	else
		listener_free(listener);
	return status;
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct listener *listener = handle->data;
	struct http_server *server = listener->server;

	listener->poll_closed = true;
	listener_release(listener);
	state_handle_closed(server);
}

static void listener_close(struct listener *listener)
{
	while (!listener->is_new && !is_full(listener) && accept_one(listener))
		;
	stop_accepting(listener);
	SLIST_REMOVE(&listener->server->listeners, listener, listener, link);
	close(listener->fd);
	listener->fd = -1;
	if (listener->path && !listener->is_inherited)
		unlink(listener->path);
	uv_close((uv_handle_t *)&listener->poll, on_listener_closed);
}

/* ---- All of them ---- */

static bool listens_at(const struct listener *listener, const struct http_listen_options *options)
{
	if (listener->path || options->path)
		return listener->path && options->path && strcmp(listener->path, options->path) == 0;
	return endpoint_equal(&listener->endpoint, &options->endpoint) && listener->v6_only == options->v6_only;
}

static struct listener *listener_find(struct http_server *server, const struct http_listen_options *options)
{
	struct listener *listener;

	SLIST_FOREACH(listener, &server->listeners, link) {
		if (listens_at(listener, options))
			return listener;
	}
	return NULL;
}

static enum status want(struct http_server *server, const struct http_listen_options *options)
{
	struct listener *listener = listener_find(server, options);
	enum status status;

	if (!listener)
		return listener_open(server, options);
	listeners_decline(options, 1);
	if (listener->is_wanted)
		return STATUS_DUPLICATE;
	status = settings_init(&listener->next, server, options, &listener->settings);
	listener->is_wanted = status == STATUS_OK;
	return status;
}

static void explain_listener(const struct http_listen_options *options, enum status status, char *error,
			     size_t error_size)
{
	char text[ENDPOINT_TEXT_MAX];
	const char *why = status == STATUS_IO ? strerror(errno) : status_text(status);

	snprintf(error, error_size, "cannot listen on %s: %s",
		 options->path ? options->path : endpoint_format(&options->endpoint, text), why);
}

enum status listeners_prepare(struct http_server *server, const struct http_listen_options *options, size_t count,
			      char *error, size_t error_size)
{
	enum status status = STATUS_OK;
	size_t tried = 0;

	while (tried < count && status == STATUS_OK)
		status = want(server, &options[tried++]);
	if (status != STATUS_OK) {
		explain_listener(&options[tried - 1], status, error, error_size);
		listeners_decline(options + tried, count - tried);
	}
	return status;
}

void listeners_abandon(struct http_server *server)
{
	struct listener *listener, *next;

	for (listener = SLIST_FIRST(&server->listeners); listener; listener = next) {
		next = SLIST_NEXT(listener, link);
		settings_fini(&listener->next);
		listener->is_wanted = false;
		if (listener->is_new)
			listener_close(listener);
	}
	listeners_note(server);
}

static void change_mode(const struct listener *listener)
{
	if (!listener->path || listener->is_inherited || listener->settings.mode == listener->next.mode)
		return;
	if (chmod(listener->path, listener->next.mode) != 0)
		LOG(LOG_WARNING, "mode-unchanged", log_text("path", listener->path), log_text("text", strerror(errno)));
}

void listeners_commit(struct http_server *server)
{
	struct listener *listener, *next;

	for (listener = SLIST_FIRST(&server->listeners); listener; listener = next) {
		next = SLIST_NEXT(listener, link);
		if (!listener->is_wanted) {
			listener_close(listener);
			continue;
		}
		if (!listener->is_new)
			change_mode(listener);
		settings_fini(&listener->settings);
		listener->settings = listener->next;
		listener->next = (struct settings){0};
		listener->is_wanted = false;
		listener->is_new = false;
		listener_retry(listener);
	}
	listeners_note(server);
}

void listeners_note(struct http_server *server)
{
	const struct http_listener_stats **last = &server->stats.listeners;
	struct listener *listener;

	SLIST_FOREACH(listener, &server->listeners, link) {
		*last = &listener->stats;
		last = &listener->stats.next;
	}
	*last = NULL;
	server->stats.listener_max = server->options.max_connections;
	server->stats.all_max = server->options.max_connections_in_all;
}

void listeners_close(struct http_server *server)
{
	while (!SLIST_EMPTY(&server->listeners))
		listener_close(SLIST_FIRST(&server->listeners));
	listeners_note(server);
}

void listeners_retry(struct http_server *server)
{
	struct listener *listener;

	SLIST_FOREACH(listener, &server->listeners, link) {
		listener_retry(listener);
		tell_if_full(listener);
	}
}
