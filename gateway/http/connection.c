#include "http/connection.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/repeat.h"
#include "http/tls.h"

/* ---- How many come from where ---- */

struct source {
	struct table_node node;
	struct addr addr;
	unsigned count;
};

static uint64_t hash_of_source(const struct http_server *server, const struct addr *addr)
{
	return table_hash(server->seed, (struct text){(const char *)addr->octets, addr_len(addr)});
}

static struct source *find_source(const struct http_server *server, const struct addr *addr)
{
	struct table_node *node = table_find(&server->sources, hash_of_source(server, addr));

	for (; node; node = table_find_next(node)) {
		struct source *source = TABLE_OWNER(node, struct source, node);

		if (addr_equal(&source->addr, addr))
			return source;
	}
	return NULL;
}

static struct source *add_source(struct http_server *server, const struct addr *addr)
{
	struct source *source = calloc(1, sizeof *source);

	if (!source)
		return NULL;
	source->addr = *addr;
	table_add(&server->sources, &source->node, hash_of_source(server, addr));
	return source;
}

static void note_bound(const struct connection *connection)
{
	char source[ADDR_TEXT_MAX];

	connection->listener->server->stats.connections[HTTP_CONNECTION_SOURCE]++;
	LOG_REPEATED(LOG_INFO, "connection-refused", log_text("source", connection_source(connection, source)),
		     log_text("text", "there are as many connections from there as there may be"));
}

/* Says whether there may be one more. There is no bound for proxies: they bring many clients. */
static bool count_in(struct connection *connection)
{
	struct http_server *server = connection->listener->server;
	unsigned most = server->options.max_connections_per_source;
	struct source *source;

	if (most == 0 || connection_is_trusted(connection))
		return true;
	source = find_source(server, &connection->peer);
	if (source && source->count >= most) {
		note_bound(connection);
		return false;
	}
	if (!source)
		source = add_source(server, &connection->peer);
	if (!source)
		return false;
	source->count++;
	connection->counted = source;
	return true;
}

static void count_out(struct connection *connection)
{
	struct source *source = connection->counted;

	if (!source || --source->count)
		return;
	table_remove(&connection->listener->server->sources, &source->node);
	free(source);
}

/* ---- Peers ---- */

bool connection_is_trusted(const struct connection *connection)
{
	if (connection->is_proxys_own)
		return false;
	return connection->peer.family == ADDR_NONE
		       ? connection->listener->path != NULL
		       : networks_have(connection->listener->settings.trusted, &connection->peer);
}

bool connection_name_peer(struct connection *connection, const struct addr *peer)
{
	count_out(connection);
	connection->counted = NULL;
	connection->is_proxys_own = peer->family == ADDR_NONE;
	if (connection->is_proxys_own)
		connection->proxy = connection->peer;
	connection->peer = *peer;
	return connection->is_proxys_own || count_in(connection);
}

const char *connection_source(const struct connection *connection, char buffer[static ADDR_TEXT_MAX])
{
	if (connection->peer.family != ADDR_NONE)
		return addr_format(&connection->peer, buffer);
	if (connection->is_proxys_own)
		return "a proxy itself";
	return connection->listener->path ? "a Unix socket" : "-";
}

/* ---- Beginning and end ---- */

struct connection *connection_new(struct listener *listener, int fd, const struct addr *peer)
{
	struct connection *connection = calloc(1, sizeof *connection);

	if (!connection) {
		close(fd);
		return NULL;
	}
	connection->listener = listener;
	connection->fd = fd;
	connection->peer = *peer;
	connection->engine_kind = listener->settings.engine_kind;
	connection->tls = tls_hold(listener->settings.tls);
	listener->stats.open++;
	listener->server->open++;
	if (count_in(connection))
		return connection;
	close(fd);
	connection_free(connection);
	return NULL;
}

void connection_free(struct connection *connection)
{
	struct listener *listener = connection->listener;

	count_out(connection);
	tls_release(&connection->tls);
	free(connection);
	listener->stats.open--;
	listener->server->open--;
	listener->on_left(listener);
}

/* ---- Meanwhile ---- */

void connection_write_last(struct connection *connection, struct text octets)
{
	if (connection->tls) {
		gnutls_session_t session =
			MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;

		/* Who does not get it sees the connection close, as with MHD's own answers. */
		if (gnutls_record_send(session, octets.octets, octets.len) >= 0)
			gnutls_bye(session, GNUTLS_SHUT_WR);
	} else if (send(connection->fd, octets.octets, octets.len, MSG_NOSIGNAL) < 0) {
		LOG(LOG_DEBUG, "http", log_text("text", strerror(errno)));
	}
	shutdown(connection->fd, SHUT_WR);
}

bool connection_is_last(const struct connection *connection)
{
	return connection->listener->server->draining || connection->listener->fd < 0;
}

void connection_end_input(struct connection *connection)
{
	connection->input_ended = true;
	shutdown(connection->fd, SHUT_RD);
}

void connection_progressed(struct connection *connection)
{
	struct http_server *server = connection->listener->server;

	connection->is_answered = true;
	connection->progress_ms = uv_now(server->loop);
	TAILQ_REMOVE(&server->connections, connection, link);
	TAILQ_INSERT_TAIL(&server->connections, connection, link);
	if (connection_is_last(connection))
		connection_end_input(connection);
}

bool connection_is_gone(const struct connection *connection)
{
	struct pollfd polled = {.fd = connection->fd, .events = POLLRDHUP};
	char octet;
	ssize_t got;

	/* What TLS says at the end can be read before the end of file, and is not ours to read. */
	if (connection->tls)
		return poll(&polled, 1, 0) > 0 && !connection->input_ended;
	got = recv(connection->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);

	if (got == 0)
		return !connection->input_ended;
	return got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
}
