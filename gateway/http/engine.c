/*
 * libmicrohttpd inside the loop. Its epoll descriptor is watched by libuv; a timer follows MHD_get_timeout(); a wake
 * runs it before the loop next waits.
 *
 * It is given connections, instead of accepting them itself: limits, addresses and what comes before HTTP are ours.
 * When it tells that it has one, differs: 0.9 does so within MHD_add_connection(); 1.0 puts the connection into a queue
 * and tells in the next MHD_run(), unless it is told that there is one thread only. One that fails in between is closed
 * without a word. So a connection is entering() until MHD tells of its descriptor, however many are, and those that
 * the next run has told nothing of have failed.
 */
#include "http/engine.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "http/head.h"

#if MHD_VERSION >= 0x00097707
#define SINGLE_THREADED MHD_USE_NO_THREAD_SAFETY /* no locks, and connections enter at once */
/* What 0.9 takes: bare LFs, blanks in targets, no Host. What else 1.0 takes at this level, head.h refuses. */
#define LENIENCY_OPTION MHD_OPTION_CLIENT_DISCIPLINE_LVL
#define LENIENCY        (-3)
#else
#define SINGLE_THREADED 0
#define LENIENCY_OPTION MHD_OPTION_STRICT_FOR_CLIENT
#define LENIENCY        0
#endif

enum {
	CONNECTIONS_MAX = 1 << 30, /* never met: listeners have their limits */
	HEADS_SEARCHED_MAX = 1024, /* for the one that MHD has just refused */
	RESTLESS_MAX = 100,        /* runs; beyond it the next one has to wait, and others get their turn */
	PAUSE_MS = 1,
	HTTP_HEAD_COST_MAX = 10 * 1024, /* of a request's head, where a field counts HEAD_FIELD_COST more than it has */
	HTTP_HEAD_COST_MAX_LARGE = 18 * 1024,
	FIRST_LINE = 80,          /* octets of a first line that fits beside them */
	RESPONSE_HEAD = 480,      /* that, and MHD's list of our one cookie, are put into the same memory */
	MEMORY_LARGE = 33 * 1024, /* head_max and 2 KiB at least, and see connection_memory() */
};

/* ---- What MHD refuses by itself ---- */

/* What it says of an answer of its own, and its status; 0 if that is not what it says. */
static int refused_status(const char *text)
{
	static const char mark[] = "HTTP response code is ";
	const char *at = strstr(text, mark);

	return at ? http_status_of(at + sizeof mark - 1) : 0;
}

static const char *refusal_text(int status)
{
	switch (status) {
	case MHD_HTTP_BAD_REQUEST:
		return "400 this is not HTTP as RFC 9112 has it";
	case MHD_HTTP_CONTENT_TOO_LARGE:
		return "413 the request body is longer than 4096 octets";
	case MHD_HTTP_URI_TOO_LONG:
		return "414 the request target is longer than 4096 octets";
	case MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE:
		return "431 the headers are too large";
	case MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED:
		return "505 the version of HTTP is none of 1.0 and 1.1";
	default:
		return "500 libmicrohttpd could not read the request";
	}
}

/*
 * Whether the head has come to its end. MHD tells of one that has not, too, once it has refused the request, but then
 * without a length.
 */
static bool is_head_whole(const struct connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	return info && info->header_size > 0;
}

/* Of those that are in a request's head the one where it is whole: MHD is just reading it. The newest come first. */
static struct connection *connection_being_read(const struct engine *engine)
{
	struct connection *connection;
	unsigned searched = 0;

	TAILQ_FOREACH(connection, &engine->heads, heads) {
		if (is_head_whole(connection))
			return connection;
		if (++searched == HEADS_SEARCHED_MAX)
			break;
	}
	return NULL;
}

/*
 * MHD is about to answer a request by itself. It does not say which, but tells who has ended with its next breath; when
 * that is one alone, the two belong together.
 *
 * If it does not like the header fields, though (a Content-Length), 0.9 forgets in its next state that it has answered
 * and answers again, so that the first answer's body is the second one's head. There we answer ourselves, before it,
 * and leave nobody to hear what it says.
 */
static void on_refusal(struct engine *engine, int status)
{
	struct connection *connection = connection_being_read(engine);

	if (!connection) {
		engine->refused++;
		engine->refusal = refusal_text(status);
		return;
	}
	engine->server->events->refused(connection, status == MHD_HTTP_BAD_REQUEST ? head_fault_text(HEAD_UNFRAMED)
										   : refusal_text(status));
}

void engine_note_end(const struct connection *connection)
{
	struct engine *engine = connection->engine;
	char buffer[ADDR_TEXT_MAX];

	engine->ended++;
	snprintf(engine->ended_source, sizeof engine->ended_source, "%s", connection_source(connection, buffer));
}

void engine_tell_refusals(struct engine *engine)
{
	const char *source = engine->refused == 1 && engine->ended == 1 ? engine->ended_source : "-";

	for (; engine->refused; engine->refused--)
		state_note_refusal(engine->server, http_status_of(engine->refusal), source, engine->refusal);
	engine->ended = 0;
}

/* ---- In the loop ---- */

static void on_engine_timer(uv_timer_t *timer);

/* MHD has closed their sockets. */
static void free_entering(struct engine *engine)
{
	struct connection *connection;

	while ((connection = TAILQ_FIRST(&engine->entering))) {
		TAILQ_REMOVE(&engine->entering, connection, link);
		engine->server->events->lost(connection);
	}
}

/*
 * When MHD is to be run again. It may want to be at once for ever: 0.9 has no room for the line before a chunk that is
 * as long as its memory, and wants it until the connection's time is over. A timer of libuv that starts itself anew
 * without a delay, though, lets nothing else happen (before 1.46).
 */
static uint64_t delay_ms(struct engine *engine, uint64_t wanted_ms)
{
	engine->restless = wanted_ms ? 0 : engine->restless + 1;
	if (engine->restless <= RESTLESS_MAX)
		return wanted_ms;
	engine->restless = RESTLESS_MAX;
	return PAUSE_MS;
}

void engine_run(struct engine *engine)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	do {
		engine->needs_run = false;
		MHD_run(engine->daemon);
		free_entering(engine);
		if (engine->ended)
			engine_tell_refusals(engine);
	} while (engine->needs_run);
	if (engine->server->stack_is_dirty)
		secret_wipe_stack();
	engine->server->stack_is_dirty = false;
	if (MHD_get_timeout(engine->daemon, &timeout_ms) == MHD_YES)
		uv_timer_start(&engine->timer, on_engine_timer, delay_ms(engine, timeout_ms), 0);
	else
		uv_timer_stop(&engine->timer);
}

void engine_wake(struct engine *engine)
{
	engine->needs_run = true;
}

void engines_run_woken(struct http_server *server)
{
	struct engine *engine;

	SLIST_FOREACH(engine, &server->engines, link) {
		if (engine->needs_run)
			engine_run(engine);
	}
}

static void on_engine_timer(uv_timer_t *timer)
{
	engine_run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	engine_run(poll->data);
}

/* ---- What MHD calls ---- */

/* MHD tells in the order in which it was given them, but for those that failed: so it is one of the first. */
static struct connection *take_entering(struct engine *engine, int fd)
{
	struct connection *connection;

	TAILQ_FOREACH(connection, &engine->entering, link) {
		if (connection->fd != fd)
			continue;
		TAILQ_REMOVE(&engine->entering, connection, link);
		if (engine->adding == connection)
			engine->adding = NULL;
		return connection;
	}
	return NULL;
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct engine *engine = cls;
	struct connection *connection = *context;
	int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

	if (fd == engine->probe_fd) {
		engine->probed = true;
	} else if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = connection = take_entering(engine, fd);
		engine->open += connection != NULL;
		if (connection)
			engine->server->events->opened(connection, mhd);
		else
			shutdown(fd, SHUT_RDWR); /* it was given up for lost */
	} else if (connection) {
		*context = NULL;
		engine->open--;
		engine->server->events->closed(connection);
	}
}

static void *on_target(void *cls, const char *target, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	const struct engine *engine = cls;

	return info->socket_context ? engine->server->events->begun(info->socket_context, target) : NULL;
}

/* MHD must not decode: decode.h does. */
static size_t keep_escapes(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls;
	(void)mhd;
	return strlen(text);
}

static enum MHD_Result on_mhd_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
				      const char *version, const char *data, size_t *len, void **context)
{
	const struct engine *engine = cls;

	(void)mhd;
	(void)url;
	return *context ? engine->server->events->went_on(*context, method, version, data, len) : MHD_NO;
}

static void on_completed(void *cls, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code)
{
	const struct engine *engine = cls;

	(void)mhd;
	(void)code;
	if (*context)
		engine->server->events->ended(*context);
	*context = NULL;
}

__attribute__((format(printf, 2, 0))) static void on_mhd_log(void *cls, const char *format, va_list args)
{
	struct engine *engine = cls;
	char text[256];
	int len = vsnprintf(text, sizeof text, format, args);

	engine->server->events->failed(engine->server);
	while (len > 0 && (size_t)len < sizeof text && text[len - 1] == '\n')
		text[--len] = '\0';
	LOG(LOG_DEBUG, "http", log_text("text", text));
	if (refused_status(text))
		on_refusal(cls, refused_status(text));
}

/* ---- Beginning and end ---- */

static enum MHD_Result add_to_mhd(struct engine *engine, int fd)
{
	struct sockaddr nobody = {.sa_family = AF_UNSPEC}; /* MHD need not know */

	return MHD_add_connection(engine->daemon, fd, &nobody, sizeof nobody);
}

struct engine *engine_current(const struct connection *connection)
{
	return connection->listener->server->current[connection->engine_kind];
}

void engine_add(struct connection *connection)
{
	struct engine *engine = engine_current(connection);
	bool is_taken;

	connection->engine = engine;
	engine->adding = connection;
	TAILQ_INSERT_TAIL(&engine->entering, connection, link);
	is_taken = add_to_mhd(engine, connection->fd) == MHD_YES;
	/* If MHD has told of the connection, it may be gone already. */
	if (!engine->adding)
		return;
	engine->adding = NULL;
	if (is_taken) {
		engine_wake(engine);
		return;
	}
	/* MHD has closed the socket without having said so. */
	TAILQ_REMOVE(&engine->entering, connection, link);
	engine->server->events->lost(connection);
}

/* Never called: tls_prepare() gives each session its certificates. MHD wants to have some way to them, too. */
static int no_certificate(gnutls_session_t session, const struct gnutls_cert_retr_st *info, gnutls_pcert_st **pcert,
			  unsigned *pcert_len, gnutls_ocsp_data_st **ocsp, unsigned *ocsp_len, gnutls_privkey_t *key,
			  unsigned *flags)
{
	(void)session;
	(void)info;
	(void)pcert;
	(void)pcert_len;
	(void)ocsp;
	(void)ocsp_len;
	(void)key;
	(void)flags;
	return -1;
}

/*
 * What MHD writes of an answer's head, cookies included, is still in the memory of a connection that ends with it, and
 * MHD frees that as it is. Beyond 32 KiB it has it from the system, and gives it back; so those of the account page
 * have as much. On the other engines no secret is written there.
 */
static size_t connection_memory(const struct engine *engine)
{
	return engine->kind & ENGINE_LARGE ? MEMORY_LARGE : engine->head_max + RESPONSE_HEAD;
}

static struct MHD_Daemon *start_daemon(struct engine *engine)
{
	bool with_tls = engine->kind & ENGINE_TLS;
	unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
			 SINGLE_THREADED;

	return MHD_start_daemon(
		flags | (with_tls ? MHD_USE_TLS : 0), 0, NULL, NULL, on_mhd_request, engine, MHD_OPTION_EXTERNAL_LOGGER,
		on_mhd_log, engine, MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory(engine), LENIENCY_OPTION,
		LENIENCY, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		engine->server->options.idle_timeout_s, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, engine, MHD_OPTION_NOTIFY_CONNECTION, on_connection, engine,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, engine,
		with_tls ? MHD_OPTION_HTTPS_CERT_CALLBACK2 : MHD_OPTION_END, no_certificate, MHD_OPTION_END);
}

/* Watches the daemon's own epoll descriptor, which becomes readable when one of its connections needs work. */
static enum status engine_watch(struct engine *engine)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(engine->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	if (!info || uv_poll_init(engine->server->loop, &engine->poll, info->epoll_fd) != 0)
		return STATUS_IO;
	uv_timer_init(engine->server->loop, &engine->timer);
	engine->handles = 2;
	engine->server->handles += 2;
	engine->poll.data = engine;
	engine->timer.data = engine;
	uv_poll_start(&engine->poll, UV_READABLE, on_poll);
	return STATUS_OK;
}

/*
 * Whether this libmicrohttpd tells of a connection by its descriptor, at the latest in its next run. Another one, which
 * a later release may be, would lose connections or take one for the other; so it is found out before there is any.
 */
static enum status probe(struct engine *engine)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
		return STATUS_IO;
	engine->probe_fd = ends[0];
	close(ends[1]); /* so the first thing that MHD reads is the end */
	if (add_to_mhd(engine, ends[0]) == MHD_YES)
		MHD_run(engine->daemon);
	engine->probe_fd = -1;
	if (engine->probed)
		return STATUS_OK;
	LOG(LOG_ERROR, "libmicrohttpd-unknown",
	    log_text("text", "libmicrohttpd does not tell of new connections as those do that ddnsgate knows"),
	    log_text("version", MHD_get_version()));
	errno = ENOTSUP;
	return STATUS_IO;
}

enum status engine_start(struct http_server *server, unsigned kind)
{
	struct engine *engine = calloc(1, sizeof *engine);

	if (!engine)
		return STATUS_NO_MEMORY;
	engine->server = server;
	engine->idle_timeout_s = server->options.idle_timeout_s;
	engine->kind = kind;
	engine->head_max = FIRST_LINE + (kind & ENGINE_LARGE ? HTTP_HEAD_COST_MAX_LARGE : HTTP_HEAD_COST_MAX);
	engine->probe_fd = -1;
	TAILQ_INIT(&engine->entering);
	TAILQ_INIT(&engine->heads);
	engine->daemon = start_daemon(engine);
	if (!engine->daemon) {
		free(engine);
		return STATUS_IO;
	}
	if (probe(engine) != STATUS_OK || engine_watch(engine) != STATUS_OK) {
		MHD_stop_daemon(engine->daemon);
		free(engine);
		return STATUS_IO;
	}
	SLIST_INSERT_HEAD(&server->engines, engine, link);
	server->current[kind] = engine;
	return STATUS_OK;
}

void engine_halt(struct engine *engine)
{
	uv_poll_stop(&engine->poll);
	uv_timer_stop(&engine->timer);
}

static void on_engine_closed(uv_handle_t *handle)
{
	struct engine *engine = handle->data;
	struct http_server *server = engine->server;

	if (--engine->handles == 0)
		free(engine);
	state_handle_closed(server);
}

void engine_stop(struct engine *engine)
{
	engine_halt(engine);
	SLIST_REMOVE(&engine->server->engines, engine, engine, link);
	MHD_stop_daemon(engine->daemon);
	free_entering(engine);
	uv_close((uv_handle_t *)&engine->poll, on_engine_closed);
	uv_close((uv_handle_t *)&engine->timer, on_engine_closed);
}
