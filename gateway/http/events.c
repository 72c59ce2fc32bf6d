#include "http/events.h"

#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "http/arrival.h"
#include "http/exchange.h"
#include "http/linger.h"

static void take_opened(struct connection *connection, struct MHD_Connection *mhd)
{
	struct http_server *server = connection->listener->server;
	int on = 1;

	connection->mhd = mhd;
	if (connection->tls)
		arrival_entered(connection);
	connection->progress_ms = uv_now(server->loop);
	TAILQ_INSERT_TAIL(&server->connections, connection, link);
	setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void take_lost(struct connection *connection)
{
	if (connection->arrival)
		arrival_end(connection->arrival);
	connection_free(connection);
}

/* MHD closes it now: has the client said something that nobody has read, or is it likely to go on? */
static bool is_unread(const struct connection *connection)
{
	int unread = 0;

	return connection->is_refused || (ioctl(connection->fd, FIONREAD, &unread) == 0 && unread > 0);
}

static void take_closed(struct connection *connection)
{
	if (is_unread(connection))
		linger_begin(connection->listener->server, connection->fd);
	if (!connection->is_answered)
		engine_note_end(connection);
	exchange_drop(connection);
	TAILQ_REMOVE(&connection->listener->server->connections, connection, link);
	if (connection->arrival)
		arrival_failed(connection->arrival);
	take_lost(connection);
}

const struct engine_events events_of_engines = {
	.opened = take_opened,
	.closed = take_closed,
	.lost = take_lost,
	.begun = exchange_begin,
	.went_on = exchange_go_on,
	.ended = exchange_end,
	.refused = exchange_refuse_unheard,
	.failed = arrivals_note_alerts,
};
