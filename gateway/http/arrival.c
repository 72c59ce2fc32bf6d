/*
 * Connections on their way from accept() to their first request. A PROXY header and a handshake may lie between:
 *
 *   arrival_begin --PROXY protocol--> waiting --its header has come--> as below
 *   arrival_begin --HTTP--> waiting --the client has said something--> an engine has it
 *   arrival_begin --TLS--> waiting --the client has said something--> ready --few at a time--> a step of the handshake
 *                             ^                                                                  |           |
 *                             +----------------------------- unfinished -------------------------+       finished
 *
 * Who speaks something else than the listener does is turned away at once, see greeting.h; and who says nothing needs
 * no memory of libmicrohttpd's.
 *
 * libmicrohttpd carries out the steps, but must not be left alone with an unfinished handshake: 0.9.75 tries it again
 * and again for as long as the client says nothing, and needs all of a core for that. So the connection is suspended
 * there between the steps and we wait for the client; until the first step it needs next to no memory, too.
 *
 * A step may cost half a millisecond. A thousand at once would make everybody else wait for half a second; so there are
 * a few in each turn of the loop.
 */
#include "http/arrival.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/repeat.h"
#include "http/engine.h"
#include "http/greeting.h"
#include "http/proxy.h"
#include "http/tls.h"

enum {
	STEPS_MAX = 4,    /* in one turn of the loop */
	FINISHED_ALL = 2, /* Finished messages of a handshake: one from each side */
};

struct arrival {
	struct http_server *server;
	struct connection *connection;
	bool entered;       /* MHD has it */
	unsigned finished;  /* Finished messages so far */
	bool is_answered;   /* the client's hello was taken */
	bool has_closed;    /* the client */
	bool alert_is_next; /* in what the client sends, in the clear */
	bool is_late;
	bool is_ending; /* by our own doing */
	int alert;      /* of the client; -1: none */
	uint64_t deadline_ms;
	uv_poll_t poll;
	TAILQ_ENTRY(arrival) link;
	struct arrivals *queue; /* NULL: it waits */
	TAILQ_ENTRY(arrival) queued;
	bool is_introduced; /* no PROXY header is to come, or no more */
	size_t header_len;
	char header[]; /* PROXY_HEADER_MAX octets, if one is to come */
};

/* ---- Beginning and end ---- */

static void leave_queue(struct arrival *arrival)
{
	if (arrival->queue)
		TAILQ_REMOVE(arrival->queue, arrival, queued);
	arrival->queue = NULL;
}

static void enter_queue(struct arrival *arrival, struct arrivals *queue)
{
	leave_queue(arrival);
	TAILQ_INSERT_TAIL(queue, arrival, queued);
	arrival->queue = queue;
}

static void on_arrival_closed(uv_handle_t *handle)
{
	struct arrival *arrival = handle->data;
	struct http_server *server = arrival->server;

	free(arrival);
	state_handle_closed(server);
}

void arrival_end(struct arrival *arrival)
{
	arrival->connection->arrival = NULL;
	leave_queue(arrival);
	TAILQ_REMOVE(&arrival->server->arriving, arrival, link);
	uv_close((uv_handle_t *)&arrival->poll, on_arrival_closed);
}

/* Closes one that MHD has not been given. */
static void arrival_turn_away(struct connection *connection)
{
	int fd = connection->fd;

	if (connection->arrival)
		arrival_end(connection->arrival);
	connection_free(connection);
	close(fd);
}

static void arrival_refuse(struct connection *connection, enum http_connection reason, const char *text)
{
	const char *event = reason == HTTP_CONNECTION_PROXY ? "proxy-refused" : "connection-refused";
	char source[ADDR_TEXT_MAX];

	connection->listener->server->stats.connections[reason]++;
	/* A trusted proxy that sends something else is for the administrator to mend. */
	LOG_REPEATED(reason == HTTP_CONNECTION_PROXY && connection_is_trusted(connection) ? LOG_WARNING : LOG_INFO,
		     event, log_text("source", connection_source(connection, source)), log_text("text", text));
	arrival_turn_away(connection);
}

/* ---- The first octets ---- */

enum greeting {
	GREETING_NOT_YET,
	GREETING_GOOD,
	GREETING_BAD, /* or none at all: the connection has ended */
};

static enum greeting greet(struct connection *connection)
{
	char octets[GREETING_MAX];
	ssize_t got = recv(connection->fd, octets, sizeof octets, MSG_PEEK);
	const char *fault = NULL;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return GREETING_NOT_YET;
	if (got > 0)
		fault = greeting_fault((struct text){octets, (size_t)got}, connection->tls != NULL);
	if (got > 0 && !fault)
		return GREETING_GOOD;
	if (fault)
		arrival_refuse(connection, HTTP_CONNECTION_PROTOCOL, fault);
	else
		arrival_turn_away(connection);
	return GREETING_BAD;
}

/* Without TLS a good one is all that is wanted. False if it is still to come. */
static bool enter(struct connection *connection)
{
	enum greeting greeting = greet(connection);

	if (greeting != GREETING_GOOD)
		return greeting != GREETING_NOT_YET;
	if (connection->arrival)
		arrival_end(connection->arrival);
	engine_add(connection);
	return true;
}

/* ---- PROXY headers ---- */

/* Takes from the socket what belongs to the header, and no octet more. */
static bool take_proxy_octets(struct arrival *arrival, size_t len)
{
	ssize_t got = recv(arrival->connection->fd, arrival->header + arrival->header_len, len, 0);

	arrival->header_len += len;
	return got == (ssize_t)len;
}

static void arrival_go_on(struct arrival *arrival, const struct addr *source)
{
	struct connection *connection = arrival->connection;

	arrival->is_introduced = true;
	if (!connection_name_peer(connection, source))
		arrival_turn_away(connection);
	else if (!connection->tls)
		enter(connection);
}

/* The client has sent something, or closed. */
static void introduce(struct arrival *arrival)
{
	char *end = arrival->header + arrival->header_len;
	size_t room = PROXY_HEADER_MAX - arrival->header_len;
	ssize_t got = recv(arrival->connection->fd, end, room, MSG_PEEK);
	struct proxy_header header;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		arrival_turn_away(arrival->connection);
		return;
	}
	switch (proxy_parse((struct text){arrival->header, arrival->header_len + (size_t)got}, &header)) {
	case PROXY_INCOMPLETE:
		if (!take_proxy_octets(arrival, (size_t)got))
			arrival_turn_away(arrival->connection);
		break;
	case PROXY_COMPLETE:
		if (take_proxy_octets(arrival, header.len - arrival->header_len))
			arrival_go_on(arrival, &header.source);
		else
			arrival_turn_away(arrival->connection);
		break;
	case PROXY_MALFORMED:
		arrival_refuse(arrival->connection, HTTP_CONNECTION_PROXY,
			       "the proxy sent something else than a PROXY header");
		break;
	}
}

/* ---- Steps ---- */

/* The client has sent something more, or has closed: either is worth a step. */
static void on_arrival_readable(uv_poll_t *poll, int status, int events)
{
	struct arrival *arrival = poll->data;

	(void)status;
	(void)events;
	if (!arrival->is_introduced)
		introduce(arrival);
	else if (!arrival->connection->tls)
		enter(arrival->connection);
	else if (arrival->entered || greet(arrival->connection) == GREETING_GOOD) {
		uv_poll_stop(poll);
		enter_queue(arrival, &arrival->server->ready);
	}
}

static void wait_for_client(struct arrival *arrival)
{
	leave_queue(arrival);
	uv_poll_start(&arrival->poll, UV_READABLE, on_arrival_readable);
}

/* The connection may end in here, and the arrival with it. */
static void begin_step(struct arrival *arrival)
{
	enter_queue(arrival, &arrival->server->stepping);
	if (arrival->entered) {
		MHD_resume_connection(arrival->connection->mhd);
		engine_wake(arrival->connection->engine);
	} else {
		arrival->entered = true;
		engine_wake(engine_current(arrival->connection));
		engine_add(arrival->connection);
	}
}

/*
 * In TLS 1.3 the client's Finished is the last word, and many clients send the request in a packet of its own, which
 * waits (Nagle's algorithm) until the first one is acknowledged. The kernel would delay that by 40 ms.
 */
static void acknowledge_finished(const struct connection *connection)
{
	int on = 1;

	setsockopt(connection->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static void end_step(struct arrival *arrival)
{
	if (arrival->finished >= FINISHED_ALL) {
		acknowledge_finished(arrival->connection);
		arrival_end(arrival);
		return;
	}
	MHD_suspend_connection(arrival->connection->mhd);
	wait_for_client(arrival);
}

/* An idle handle with nothing to do keeps the loop from waiting. */
static void on_idle(uv_idle_t *idle)
{
	(void)idle;
}

void arrivals_step(struct http_server *server)
{
	if (TAILQ_EMPTY(&server->ready)) {
		uv_idle_stop(&server->busy);
		return;
	}
	for (unsigned i = 0; i < STEPS_MAX && !TAILQ_EMPTY(&server->ready); i++)
		begin_step(TAILQ_FIRST(&server->ready));
	engines_run_woken(server);
	while (!TAILQ_EMPTY(&server->stepping))
		end_step(TAILQ_FIRST(&server->stepping));
	uv_idle_start(&server->busy, on_idle);
}

/* A gnutls_handshake_hook_func. */
static int on_message(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
		      const gnutls_datum_t *message)
{
	struct MHD_Connection *mhd = gnutls_session_get_ptr(session); /* by MHD */
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	const struct connection *connection = info->socket_context;
	struct arrival *arrival = connection->arrival;

	(void)when;
	(void)message;
	if (!arrival)
		return 0;
	arrival->is_answered |= !incoming;
	arrival->finished += type == GNUTLS_HANDSHAKE_FINISHED;
	return 0;
}

/*
 * OpenSSL's clients send an alert in the clear where TLS 1.3 has everything encrypted, which GnuTLS takes for a broken
 * record. It reads the head of a record first (RFC 8446 section 5.1), then what is in it: of an alert the level, and
 * what is wrong (section 6).
 */
static void look_for_alert(struct arrival *arrival, const uint8_t *octets, size_t len)
{
	enum { HEAD_LEN = 5, TYPE_ALERT = 21, ALERT_LEN = 2 };

	if (len == ALERT_LEN && arrival->alert_is_next && octets[0] == GNUTLS_AL_FATAL)
		arrival->alert = octets[1];
	arrival->alert_is_next = len == HEAD_LEN && octets[0] == TYPE_ALERT && octets[3] == 0 && octets[4] == ALERT_LEN;
}

/* A gnutls_pull_func, which sees if the client has closed without an answer: those who get an alert close, too. */
static ssize_t pull(gnutls_transport_ptr_t ptr, void *data, size_t len)
{
	struct connection *connection = ptr;
	struct arrival *arrival = connection->arrival;
	ssize_t got = recv(connection->fd, data, len, 0);

	if (arrival && got > 0)
		look_for_alert(arrival, data, (size_t)got);
	else if (arrival && (got == 0 || errno == ECONNRESET))
		arrival->has_closed = true;
	return got;
}

static gnutls_session_t session_of(const struct connection *connection)
{
	return MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
}

void arrival_entered(struct connection *connection)
{
	gnutls_session_t session = session_of(connection);

	tls_prepare(connection->tls, session);
	gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_POST, on_message);
	gnutls_transport_set_ptr2(session, connection, (gnutls_transport_ptr_t)(intptr_t)connection->fd);
	gnutls_transport_set_pull_function(session, pull);
}

/* ---- Connections that never arrive ---- */

/*
 * By the time that MHD tells that a connection has ended its session is gone, and what the client had against us with
 * it. But an error in a handshake is an error that MHD logs first.
 */
void arrivals_note_alerts(struct http_server *server)
{
	struct arrival *arrival;

	TAILQ_FOREACH(arrival, &server->stepping, queued) {
		if (arrival->connection->mhd && gnutls_alert_get(session_of(arrival->connection)) > 0)
			arrival->alert = (int)gnutls_alert_get(session_of(arrival->connection));
	}
}

static enum http_handshake reason_of(const struct arrival *arrival)
{
	if (arrival->alert >= 0)
		return HTTP_HANDSHAKE_ALERT;
	if (arrival->is_late)
		return HTTP_HANDSHAKE_TIMEOUT;
	if (arrival->has_closed)
		return HTTP_HANDSHAKE_CLOSED;
	return arrival->is_answered ? HTTP_HANDSHAKE_BROKEN : HTTP_HANDSHAKE_REJECTED;
}

static void explain_handshake(const struct arrival *arrival, enum http_handshake reason, char *text, size_t size)
{
	static const char *const texts[] = {
		[HTTP_HANDSHAKE_REJECTED] =
			"its hello has no TLS version or cipher suite in common with us, or is none",
		[HTTP_HANDSHAKE_BROKEN] = "what the client sent after its hello is no handshake",
		[HTTP_HANDSHAKE_CLOSED] = "the client closed in the middle of it",
		[HTTP_HANDSHAKE_TIMEOUT] = "the client did not go on in time",
	};
	const char *name;

	if (reason != HTTP_HANDSHAKE_ALERT) {
		snprintf(text, size, "%s", texts[reason]);
		return;
	}
	name = gnutls_alert_get_name((gnutls_alert_description_t)arrival->alert);
	snprintf(text, size, "the client refused: %s (alert %d)", name ? name : "unknown", arrival->alert);
}

void arrival_failed(const struct arrival *arrival)
{
	enum http_handshake reason;
	char source[ADDR_TEXT_MAX], text[128];

	if (arrival->is_ending)
		return;
	reason = reason_of(arrival);
	arrival->server->stats.handshakes[reason]++;
	explain_handshake(arrival, reason, text, sizeof text);
	LOG_REPEATED(LOG_INFO, "handshake-failed", log_text("source", connection_source(arrival->connection, source)),
		     log_text("text", text));
}

/* ---- The verbs ---- */

static struct arrival *arrival_new(struct connection *connection)
{
	struct http_server *server = connection->listener->server;
	bool is_introduced = !connection->listener->settings.proxy_protocol;
	struct arrival *arrival = calloc(1, sizeof *arrival + (is_introduced ? 0 : PROXY_HEADER_MAX));

	if (!arrival || uv_poll_init(server->loop, &arrival->poll, connection->fd) != 0) {
		free(arrival);
		return NULL;
	}
	server->handles++;
	arrival->server = server;
	arrival->connection = connection;
	arrival->is_introduced = is_introduced;
	arrival->deadline_ms = uv_now(server->loop) + (uint64_t)server->options.idle_timeout_s * 1000;
	arrival->poll.data = arrival;
	arrival->alert = -1;
	connection->arrival = arrival;
	TAILQ_INSERT_TAIL(&server->arriving, arrival, link);
	return arrival;
}

void arrival_begin(struct connection *connection)
{
	struct arrival *arrival;

	if (connection->listener->settings.proxy_protocol && !connection_is_trusted(connection)) {
		arrival_refuse(connection, HTTP_CONNECTION_PROXY, "this listener is for trusted proxies only");
		return;
	}
	if (!connection->tls && !connection->listener->settings.proxy_protocol && enter(connection))
		return;
	arrival = arrival_new(connection);
	if (arrival)
		wait_for_client(arrival);
	else
		arrival_turn_away(connection);
}

/* Only MHD may close what it has. It will, when it next looks. */
static void cut(struct arrival *arrival)
{
	if (!arrival->entered) {
		arrival_turn_away(arrival->connection);
		return;
	}
	shutdown(arrival->connection->fd, SHUT_RDWR);
	uv_poll_stop(&arrival->poll);
	enter_queue(arrival, &arrival->server->ready);
}

static void cut_slow(struct arrival *arrival)
{
	arrival->is_late = true;
	if (!arrival->is_introduced) {
		arrival_refuse(arrival->connection, HTTP_CONNECTION_PROXY, "there came no PROXY header in time");
		return;
	}
	if (!arrival->entered && arrival->connection->tls)
		arrival_failed(arrival);
	cut(arrival);
}

void arrivals_cut_slow(struct http_server *server, uint64_t now_ms)
{
	struct arrival *arrival, *next;

	for (arrival = TAILQ_FIRST(&server->arriving); arrival && arrival->deadline_ms <= now_ms; arrival = next) {
		next = TAILQ_NEXT(arrival, link);
		cut_slow(arrival);
	}
}

/* A request that has come all the same is to be answered. */
static void arrival_let_go(struct arrival *arrival)
{
	bool is_plain = arrival->is_introduced && !arrival->connection->tls;

	if (is_plain && enter(arrival->connection))
		return;
	arrival->is_ending = true;
	cut(arrival);
}

void arrivals_end_silent(struct http_server *server)
{
	struct arrival *arrival, *next;

	for (arrival = TAILQ_FIRST(&server->arriving); arrival; arrival = next) {
		next = TAILQ_NEXT(arrival, link);
		if (!arrival->connection->tls && connection_is_last(arrival->connection))
			arrival_let_go(arrival);
	}
}

void arrivals_end(struct http_server *server)
{
	struct arrival *arrival, *next;

	for (arrival = TAILQ_FIRST(&server->arriving); arrival; arrival = next) {
		next = TAILQ_NEXT(arrival, link);
		arrival_let_go(arrival);
	}
	while (!TAILQ_EMPTY(&server->ready))
		arrivals_step(server);
}
