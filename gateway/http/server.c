/*
 * The life of a request, as libmicrohttpd calls us:
 *
 *   on_target      the request line has been read: an exchange begins and keeps the raw target
 *   on_request     headers are there: refuse what is too large, else wait for the body
 *   on_request     ... with pieces of the body
 *   on_request     all is there: decode and call the handler; unless it has answered already, suspend the connection
 *   http_exchange_answer   builds the response and resumes
 *   on_request     once more: hand the response over
 *   on_completed   sent, or the connection broke: the exchange ends
 *
 * Each listener is one MHD daemon without threads. Its epoll descriptor is watched by the loop; a timer follows
 * MHD_get_timeout(); a prepare handle runs the daemons whose connections were resumed since the last turn of the
 * loop.
 */
#include "http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "http/decode.h"
#include "http/json.h"

enum {
	CONNECTION_MEMORY = 6 * 1024, /* what MHD takes for each connection to read a request's head */
	DISCARD_MAX = 64 * 1024,      /* octets of a refused body that are read before the connection is cut */
	GONE_MAX = 256,               /* clients that are found gone in one tick */
	TICK_MS = 500,
	DRAIN_GRACE_MS = 2000, /* for clients to read answers that are written */
};

struct http_exchange {
	struct connection *connection;
	enum {
		EXCHANGE_NEW,
		EXCHANGE_BODY,
		EXCHANGE_HANDLED, /* the handler has it and the connection is suspended, or is about to be */
		EXCHANGE_ANSWERED,
		EXCHANGE_ABANDONED, /* answered by the backstop; the handler still holds it */
	} state;
	bool suspended;
	bool freed_by_mhd; /* MHD is done with an abandoned exchange */
	bool http_1_0;
	struct MHD_Response *response;
	int response_status;
	uint64_t deadline_ms;
	http_gone_fn *gone; /* NULL: nobody wants to know, or was told */
	void *gone_ctx;
	bool is_gone;
	TAILQ_ENTRY(http_exchange) waiting; /* linked while EXCHANGE_HANDLED */

	char *target; /* raw, NULL if it was too long or memory was short */
	size_t target_len;
	const char *target_end; /* where it ends in MHD's buffer */
	char *body;
	size_t body_len; /* octets that came, also those that were not kept */
	struct decode_space space;
	struct http_request request;
};

struct connection {
	struct listener *listener;
	struct MHD_Connection *mhd;
	int fd;
	struct http_exchange *exchange; /* NULL between requests */
	bool input_ended;               /* by ourselves: an end of file says nothing of the client */
	uint64_t progress_ms;           /* when it was accepted or last answered */
	TAILQ_ENTRY(connection) link;
};

struct listener {
	struct http_server *server;
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned handles; /* open libuv handles */
	unsigned open;    /* connections */
	bool needs_run;
	bool errors_as_200;
	SLIST_ENTRY(listener) link;
};

struct http_server {
	uv_loop_t *loop;
	struct http_options options;
	http_handler_fn *handler;
	void *handler_ctx;
	SLIST_HEAD(, listener) listeners;
	TAILQ_HEAD(connections, connection) connections; /* longest without progress first */
	TAILQ_HEAD(exchanges, http_exchange) waiting;    /* earliest deadline first */
	uv_prepare_t prepare;
	uv_timer_t tick;
	unsigned handles;
	bool freed;
	bool draining;
	uint64_t drain_until_ms; /* 0 until every exchange is answered */
	http_drained_fn *drained;
	void *drained_ctx;
};

/* ---- Running the daemons ---- */

static void on_timer(uv_timer_t *timer);

static void run(struct listener *listener)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	do {
		listener->needs_run = false;
		MHD_run(listener->daemon);
	} while (listener->needs_run);
	if (MHD_get_timeout(listener->daemon, &timeout_ms) == MHD_YES)
		uv_timer_start(&listener->timer, on_timer, timeout_ms, 0);
	else
		uv_timer_stop(&listener->timer);
}

static void on_timer(uv_timer_t *timer)
{
	run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	run(poll->data);
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct http_server *server = prepare->data;
	struct listener *listener;

	SLIST_FOREACH(listener, &server->listeners, link) {
		if (listener->needs_run)
			run(listener);
	}
}

/* ---- Exchanges ---- */

static struct http_exchange *exchange_new(struct connection *connection, const char *target)
{
	struct http_exchange *exchange = malloc(sizeof *exchange);

	if (!exchange)
		return NULL;
	memset(exchange, 0, offsetof(struct http_exchange, request));
	exchange->request.params.count = 0;
	exchange->connection = connection;
	exchange->target_len = strlen(target);
	exchange->target_end = target + exchange->target_len;
	if (exchange->target_len <= HTTP_TARGET_MAX)
		exchange->target = strdup(target);
	connection->exchange = exchange;
	return exchange;
}

/* Targets and bodies may hold keys, so they are wiped. */
static void free_wiped(char *octets, size_t len)
{
	if (octets)
		secret_wipe(octets, len);
	free(octets);
}

static void exchange_free(struct http_exchange *exchange)
{
	if (exchange->response)
		MHD_destroy_response(exchange->response);
	free_wiped(exchange->target, exchange->target_len);
	free_wiped(exchange->body,
		   exchange->body_len < HTTP_REQUEST_BODY_MAX ? exchange->body_len : HTTP_REQUEST_BODY_MAX);
	free_wiped(exchange->space.octets, exchange->space.len);
	free(exchange);
}

static void add_allow(struct MHD_Response *mhd, unsigned allow)
{
	static const struct {
		enum http_method method;
		const char *name;
	} names[] = {{HTTP_GET, "GET"}, {HTTP_HEAD, "HEAD"}, {HTTP_POST, "POST"}, {HTTP_PUT, "PUT"}};
	char value[32] = "";
	int len = 0;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (allow & names[i].method)
			len += snprintf(value + len, sizeof value - (size_t)len, "%s%s", len ? ", " : "",
					names[i].name);
	}
	MHD_add_response_header(mhd, MHD_HTTP_HEADER_ALLOW, value);
}

static struct MHD_Response *build(const struct http_server *server, const struct http_exchange *exchange,
				  const struct http_response *response)
{
	struct MHD_Response *mhd;
	char text[256];

	/* MHD copies the body, so the cast takes nothing away from it. */
	mhd = MHD_create_response_from_buffer(response->body_len, (void *)(uintptr_t)response->body,
					      MHD_RESPMEM_MUST_COPY);
	if (!mhd)
		return NULL;
	MHD_add_response_header(mhd, MHD_HTTP_HEADER_CONTENT_TYPE, response->content_type);
	MHD_add_response_header(mhd, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (response->challenge) {
		snprintf(text, sizeof text, "Basic realm=\"%s\", charset=\"UTF-8\"", server->options.realm);
		MHD_add_response_header(mhd, MHD_HTTP_HEADER_WWW_AUTHENTICATE, text);
	}
	if (response->retry_after_s) {
		snprintf(text, sizeof text, "%u", response->retry_after_s);
		MHD_add_response_header(mhd, MHD_HTTP_HEADER_RETRY_AFTER, text);
	}
	if (response->allow)
		add_allow(mhd, response->allow);
	/* An HTTP/1.0 client may read to the end of file, whatever it said about keep-alive. */
	if (exchange->http_1_0 || server->draining)
		MHD_add_response_header(mhd, MHD_HTTP_HEADER_CONNECTION, "close");
	return mhd;
}

static enum MHD_Result queue_response(struct http_exchange *exchange)
{
	return MHD_queue_response(exchange->connection->mhd, (unsigned)exchange->response_status, exchange->response);
}

/* Builds the response; without memory for it the connection is closed, which the client sees as a failure. */
static void keep_response(struct http_exchange *exchange, const struct http_response *response)
{
	exchange->response_status = response->status;
	exchange->response = build(exchange->connection->listener->server, exchange, response);
}

static void resume(struct http_exchange *exchange)
{
	struct http_server *server = exchange->connection->listener->server;

	TAILQ_REMOVE(&server->waiting, exchange, waiting);
	if (!exchange->suspended)
		return;
	exchange->suspended = false;
	MHD_resume_connection(exchange->connection->mhd);
	exchange->connection->listener->needs_run = true;
}

void http_exchange_watch(struct http_exchange *exchange, http_gone_fn *gone, void *ctx)
{
	exchange->gone = gone;
	exchange->gone_ctx = ctx;
}

void http_exchange_answer(struct http_exchange **exchange_pointer, const struct http_response *response)
{
	struct http_exchange *exchange = *exchange_pointer;

	*exchange_pointer = NULL;
	if (exchange->state == EXCHANGE_ABANDONED) {
		if (exchange->freed_by_mhd)
			exchange_free(exchange);
		else
			exchange->state = EXCHANGE_ANSWERED;
		return;
	}
	exchange->state = EXCHANGE_ANSWERED;
	keep_response(exchange, response);
	resume(exchange);
}

/* The backstop: the client gets its answer, the handler keeps the exchange until it gives it back. */
static void abandon(struct http_exchange *exchange)
{
	struct http_response response;

	LOG(LOG_ERROR, "request-abandoned",
	    log_text("text", "a request was not answered within its deadline; this is a defect of ddnsgate"));
	http_response_init(&response);
	http_response_plain(&response, MHD_HTTP_SERVICE_UNAVAILABLE, "no answer in time; the outcome is unknown");
	response.retry_after_s = 60;
	exchange->state = EXCHANGE_ABANDONED;
	keep_response(exchange, &response);
	resume(exchange);
}

/* ---- What MHD calls ---- */

static struct connection *connection_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void check_drained(struct http_server *server);

/*
 * Between two requests: MHD meets an end of file and closes the connection. During a request it must not, because MHD
 * would close it without sending the response.
 */
static void end_input(struct connection *connection)
{
	connection->input_ended = true;
	shutdown(connection->fd, SHUT_RD);
}

static void connection_opened(struct listener *listener, struct MHD_Connection *mhd, void **context)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct connection *connection = calloc(1, sizeof *connection);
	int on = 1;

	*context = connection;
	if (!connection)
		return; /* each request on it will be refused */
	connection->listener = listener;
	connection->mhd = mhd;
	connection->fd = info->connect_fd;
	connection->progress_ms = uv_now(listener->server->loop);
	TAILQ_INSERT_TAIL(&listener->server->connections, connection, link);
	listener->open++;
	setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void connection_closed(void **context)
{
	struct connection *connection = *context;

	*context = NULL;
	if (!connection)
		return;
	TAILQ_REMOVE(&connection->listener->server->connections, connection, link);
	/* At its limit MHD stops listening, and listens again only when it is run after one has gone. */
	if (connection->listener->open-- == connection->listener->server->options.max_connections)
		connection->listener->needs_run = true;
	free(connection);
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		connection_opened(cls, mhd, context);
	else
		connection_closed(context);
}

static void *on_target(void *cls, const char *target, struct MHD_Connection *mhd)
{
	struct connection *connection = connection_of(mhd);

	(void)cls;
	return connection ? exchange_new(connection, target) : NULL;
}

/* MHD must not decode: decode.h does. */
static size_t keep_escapes(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls;
	(void)mhd;
	return strlen(text);
}

static enum MHD_Result refuse(struct http_exchange *exchange, int status, const char *text)
{
	struct http_response response;

	http_response_init(&response);
	http_response_plain(&response, status, text);
	response.retry_after_s = status == MHD_HTTP_SERVICE_UNAVAILABLE ? 60 : 0;
	exchange->state = EXCHANGE_ANSWERED;
	keep_response(exchange, &response);
	return exchange->response ? queue_response(exchange) : MHD_NO;
}

static struct text header_text(struct MHD_Connection *mhd, const char *name)
{
	return text_of(MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, name));
}

/* The head of the request has arrived. */
static enum MHD_Result begin(struct http_exchange *exchange, const char *version)
{
	struct text length = header_text(exchange->connection->mhd, MHD_HTTP_HEADER_CONTENT_LENGTH);
	size_t digits_max = sizeof "4096" - 1;

	exchange->http_1_0 = strcmp(version, "HTTP/1.0") == 0;
	exchange->state = EXCHANGE_BODY;
	/*
	 * MHD puts a NUL between target and version. Any other cuts the target short, and what it asks for with it.
	 */
	if (version != exchange->target_end + 1)
		return refuse(exchange, MHD_HTTP_BAD_REQUEST, "400 the request target holds a NUL octet");
	if (exchange->target_len > HTTP_TARGET_MAX)
		return refuse(exchange, MHD_HTTP_URI_TOO_LONG, "414 the request target is longer than 4096 octets");
	if (!exchange->target)
		return refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "503 out of memory");
	while (length.len && length.octets[0] == '0') {
		length.octets++;
		length.len--;
	}
	if (length.len > digits_max || (length.len == digits_max && memcmp(length.octets, "4096", digits_max) > 0))
		return refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "413 the request body is longer than 4096 octets");
	return MHD_YES;
}

static enum MHD_Result add_body(struct http_exchange *exchange, const char *data, size_t *len)
{
	size_t piece = *len;

	*len = 0;
	if (exchange->body_len + piece > DISCARD_MAX)
		return MHD_NO;
	if (exchange->body_len + piece <= HTTP_REQUEST_BODY_MAX) {
		if (!exchange->body)
			exchange->body = malloc(HTTP_REQUEST_BODY_MAX);
		if (!exchange->body)
			return MHD_NO;
		memcpy(exchange->body + exchange->body_len, data, piece);
	}
	exchange->body_len += piece;
	return MHD_YES;
}

static enum http_method method_of(const char *name)
{
	if (strcmp(name, MHD_HTTP_METHOD_GET) == 0)
		return HTTP_GET;
	if (strcmp(name, MHD_HTTP_METHOD_POST) == 0)
		return HTTP_POST;
	if (strcmp(name, MHD_HTTP_METHOD_HEAD) == 0)
		return HTTP_HEAD;
	return strcmp(name, MHD_HTTP_METHOD_PUT) == 0 ? HTTP_PUT : HTTP_OTHER;
}

/* A body counts as a form unless its type says otherwise. */
static bool is_form(struct MHD_Connection *mhd)
{
	static const char form[] = "application/x-www-form-urlencoded";
	struct text type = header_text(mhd, MHD_HTTP_HEADER_CONTENT_TYPE);
	size_t len = sizeof form - 1;

	if (type.len == 0)
		return true;
	if (type.len < len || strncasecmp(type.octets, form, len) != 0)
		return false;
	return type.len == len || type.octets[len] == ';' || type.octets[len] == ' ';
}

/* A JSON object, whatever type the client has given it: programs in scripts often give none, or that of a form. */
static bool is_json(const struct http_exchange *exchange)
{
	size_t at = 0;

	while (at < exchange->body_len && strchr(" \t\r\n", exchange->body[at]))
		at++;
	return at < exchange->body_len && exchange->body[at] == '{';
}

static enum status decode_body(struct http_exchange *exchange)
{
	struct text body = {exchange->body, exchange->body_len};
	struct http_params *params = &exchange->request.params;

	if (is_json(exchange))
		return json_params(body, &exchange->space, params);
	return is_form(exchange->connection->mhd) ? decode_params(body, &exchange->space, params) : STATUS_OK;
}

static enum status decode(struct http_exchange *exchange)
{
	struct MHD_Connection *mhd = exchange->connection->mhd;
	struct http_request *request = &exchange->request;
	struct text authorization = header_text(mhd, MHD_HTTP_HEADER_AUTHORIZATION);
	struct text query;
	enum status status;

	exchange->space.cap = DECODE_SPACE(exchange->target_len + exchange->body_len) + authorization.len;
	exchange->space.octets = malloc(exchange->space.cap);
	if (!exchange->space.octets)
		return STATUS_NO_MEMORY;
	status = decode_target((struct text){exchange->target, exchange->target_len}, &exchange->space, &request->path,
			       &query, &request->has_query);
	if (status == STATUS_OK)
		status = decode_params(query, &exchange->space, &request->params);
	if (status == STATUS_OK)
		status = decode_body(exchange);
	request->has_basic = decode_basic(authorization, &exchange->space, &request->basic_user,
					  &request->basic_password) == STATUS_OK;
	request->api_user = header_text(mhd, "X-Api-User");
	request->api_key = header_text(mhd, "X-Api-Key");
	return status;
}

static enum status find_source(struct http_exchange *exchange)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(exchange->connection->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info ? addr_from_sockaddr(info->client_addr, &exchange->request.source) : STATUS_NOT_FOUND;
}

/* The whole request has arrived. */
static enum MHD_Result handle(struct http_exchange *exchange, const char *method)
{
	struct http_server *server = exchange->connection->listener->server;
	enum status status;

	if (exchange->body_len > HTTP_REQUEST_BODY_MAX)
		return refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "413 the request body is longer than 4096 octets");
	exchange->request.method = method_of(method);
	exchange->request.errors_as_200 = exchange->connection->listener->errors_as_200;
	status = decode(exchange);
	if (status == STATUS_OK)
		status = find_source(exchange);
	if (status == STATUS_TOO_LONG)
		return refuse(exchange, MHD_HTTP_BAD_REQUEST, "400 too many operands");
	if (status == STATUS_INVALID)
		return refuse(exchange, MHD_HTTP_BAD_REQUEST, "400 the body is not a JSON object");
	if (status != STATUS_OK)
		return refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "503 out of memory");

	exchange->state = EXCHANGE_HANDLED;
	exchange->deadline_ms = uv_now(server->loop) + server->options.exchange_timeout_ms;
	TAILQ_INSERT_TAIL(&server->waiting, exchange, waiting);
	server->handler(server->handler_ctx, exchange, &exchange->request);
	if (exchange->state == EXCHANGE_ANSWERED)
		return exchange->response ? queue_response(exchange) : MHD_NO;
	exchange->suspended = true;
	MHD_suspend_connection(exchange->connection->mhd);
	return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
				  const char *version, const char *data, size_t *len, void **context)
{
	struct http_exchange *exchange = *context;

	(void)cls;
	(void)mhd;
	(void)url;
	if (!exchange)
		return MHD_NO;
	switch (exchange->state) {
	case EXCHANGE_NEW:
		return begin(exchange, version);
	case EXCHANGE_BODY:
		return *len ? add_body(exchange, data, len) : handle(exchange, method);
	case EXCHANGE_ANSWERED:
	case EXCHANGE_ABANDONED:
		*len = 0;
		return exchange->response ? queue_response(exchange) : MHD_NO;
	case EXCHANGE_HANDLED:
		break;
	}
	return MHD_NO;
}

static void on_completed(void *cls, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code)
{
	struct http_exchange *exchange = *context;
	struct connection *connection;
	struct http_server *server;

	(void)cls;
	(void)mhd;
	(void)code;
	*context = NULL;
	if (!exchange)
		return;
	connection = exchange->connection;
	server = connection->listener->server;
	connection->exchange = NULL;
	connection->progress_ms = uv_now(server->loop);
	TAILQ_REMOVE(&server->connections, connection, link);
	TAILQ_INSERT_TAIL(&server->connections, connection, link);
	if (server->draining)
		end_input(connection);
	if (exchange->state == EXCHANGE_ABANDONED)
		exchange->freed_by_mhd = true;
	else
		exchange_free(exchange);
}

__attribute__((format(printf, 2, 0))) static void on_mhd_log(void *cls, const char *format, va_list args)
{
	char text[256];
	int len = vsnprintf(text, sizeof text, format, args);

	(void)cls;
	while (len > 0 && (size_t)len < sizeof text && text[len - 1] == '\n')
		text[--len] = '\0';
	LOG(LOG_DEBUG, "http", log_text("text", text));
}

/* ---- Deadlines ---- */

/* A client that drips its request for ever would otherwise hold a connection for ever. */
static void cut_slow_connections(struct http_server *server, uint64_t now_ms)
{
	uint64_t allowed_ms = ((uint64_t)server->options.idle_timeout_s + server->options.request_timeout_s) * 1000;
	struct connection *connection;

	TAILQ_FOREACH(connection, &server->connections, link) {
		if (now_ms - connection->progress_ms < allowed_ms)
			break;
		if (!connection->exchange || connection->exchange->state < EXCHANGE_HANDLED)
			shutdown(connection->fd, SHUT_RDWR);
	}
}

/*
 * MHD does not look at suspended connections. An end of file means that the client has closed, or has at least
 * nothing more to say.
 */
static bool is_gone(const struct connection *connection)
{
	char octet;
	ssize_t got = recv(connection->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);

	if (got == 0)
		return !connection->input_ended;
	return got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
}

/* The first exchange whose client is gone, among those that are to be told and were found so. */
static struct http_exchange *first_gone(const struct http_server *server)
{
	struct http_exchange *exchange;

	TAILQ_FOREACH(exchange, &server->waiting, waiting) {
		if (exchange->gone && exchange->is_gone)
			return exchange;
	}
	return NULL;
}

/* Finding comes before telling, because telling one may answer others. Many at a time wait for the next tick. */
static void tell_gone(struct http_server *server)
{
	struct http_exchange *exchange;
	unsigned found = 0;

	TAILQ_FOREACH(exchange, &server->waiting, waiting) {
		exchange->is_gone = exchange->gone && found < GONE_MAX && is_gone(exchange->connection);
		found += exchange->is_gone;
	}
	while (found && (exchange = first_gone(server))) {
		http_gone_fn *gone = exchange->gone;

		exchange->gone = NULL;
		gone(exchange->gone_ctx);
	}
}

static void on_tick(uv_timer_t *tick)
{
	struct http_server *server = tick->data;
	uint64_t now_ms = uv_now(server->loop);
	struct http_exchange *exchange, *next;
	struct listener *listener;

	for (exchange = TAILQ_FIRST(&server->waiting); exchange && exchange->deadline_ms <= now_ms; exchange = next) {
		next = TAILQ_NEXT(exchange, waiting);
		abandon(exchange);
	}
	/* MHD may have stopped listening for want of descriptors; only a run makes it try again. */
	SLIST_FOREACH(listener, &server->listeners, link)
		listener->needs_run = true;
	tell_gone(server);
	cut_slow_connections(server, now_ms);
	if (server->draining)
		check_drained(server);
}

/* ---- Listeners ---- */

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

static struct MHD_Daemon *start_daemon(struct listener *listener, int fd)
{
	const struct http_options *options = &listener->server->options;

	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, listener,
		MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT,
		options->max_connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT, options->max_connections_per_source,
		MHD_OPTION_CONNECTION_TIMEOUT, options->idle_timeout_s, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes,
		NULL, MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
		listener, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
}

static void server_closed(struct http_server *server)
{
	if (server->freed && server->handles == 0)
		free(server);
}

static void on_listener_handle_closed(uv_handle_t *handle)
{
	struct listener *listener = handle->data;
	struct http_server *server = listener->server;

	if (--listener->handles)
		return;
	free(listener);
	server->handles--;
	server_closed(server);
}

/* Watches the daemon's own epoll descriptor, which becomes readable when one of its connections needs work. */
static enum status watch(struct listener *listener)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	if (!info || uv_poll_init(listener->server->loop, &listener->poll, info->epoll_fd) != 0)
		return STATUS_IO;
	uv_timer_init(listener->server->loop, &listener->timer);
	listener->handles = 2;
	listener->poll.data = listener;
	listener->timer.data = listener;
	return uv_poll_start(&listener->poll, UV_READABLE, on_poll) == 0 ? STATUS_OK : STATUS_IO;
}

enum status http_server_listen(struct http_server *server, const struct http_listen_options *options, char *error,
			       size_t error_size)
{
	struct listener *listener = calloc(1, sizeof *listener);
	char text[ENDPOINT_TEXT_MAX];
	int fd;

	if (!listener)
		return STATUS_NO_MEMORY;
	listener->server = server;
	listener->errors_as_200 = options->errors_as_200;
	endpoint_format(&options->endpoint, text);
	fd = open_socket(&options->endpoint, options->v6_only);
	if (fd < 0) {
		snprintf(error, error_size, "cannot listen on %s: %s", text, strerror(errno));
		goto fail;
	}
	listener->daemon = start_daemon(listener, fd);
	if (!listener->daemon) {
		close(fd);
		snprintf(error, error_size, "cannot listen on %s: the HTTP library refuses to start", text);
		goto fail;
	}
	if (watch(listener) != STATUS_OK) {
		MHD_stop_daemon(listener->daemon);
		snprintf(error, error_size, "cannot listen on %s: the event loop refuses the HTTP library's descriptor",
			 text);
		goto fail;
	}
	server->handles++;
	SLIST_INSERT_HEAD(&server->listeners, listener, link);
	return STATUS_OK;
fail:
	free(listener);
	return STATUS_IO;
}

/* ---- Beginning and end ---- */

enum status http_server_new(uv_loop_t *loop, const struct http_options *options, http_handler_fn *handler, void *ctx,
			    struct http_server **out)
{
	struct http_server *server = calloc(1, sizeof *server);

	if (!server)
		return STATUS_NO_MEMORY;
	server->loop = loop;
	server->options = *options;
	server->handler = handler;
	server->handler_ctx = ctx;
	SLIST_INIT(&server->listeners);
	TAILQ_INIT(&server->connections);
	TAILQ_INIT(&server->waiting);
	uv_prepare_init(loop, &server->prepare);
	uv_timer_init(loop, &server->tick);
	server->handles = 2;
	server->prepare.data = server;
	server->tick.data = server;
	uv_prepare_start(&server->prepare, on_prepare);
	uv_timer_start(&server->tick, on_tick, TICK_MS, TICK_MS);
	*out = server;
	return STATUS_OK;
}

/* From here on no request comes in any more: MHD must not be stopped with one that waits. */
static void stop_running(struct http_server *server)
{
	struct listener *listener;

	uv_prepare_stop(&server->prepare);
	uv_timer_stop(&server->tick);
	SLIST_FOREACH(listener, &server->listeners, link) {
		uv_poll_stop(&listener->poll);
		uv_timer_stop(&listener->timer);
	}
}

static void check_drained(struct http_server *server)
{
	uint64_t now_ms = uv_now(server->loop);
	http_drained_fn *drained = server->drained;
	const struct connection *connection;
	size_t cut = 0;

	if (!drained || !TAILQ_EMPTY(&server->waiting))
		return;
	if (!server->drain_until_ms)
		server->drain_until_ms = now_ms + DRAIN_GRACE_MS;
	if (!TAILQ_EMPTY(&server->connections) && now_ms < server->drain_until_ms)
		return;
	TAILQ_FOREACH(connection, &server->connections, link)
		cut += connection->exchange != NULL;
	stop_running(server);
	server->drained = NULL;
	drained(server->drained_ctx, cut);
}

/* Who has connected is taken in, a few at a time, and what they have sent is read. */
static void take_in(struct listener *listener)
{
	unsigned before;

	do {
		before = listener->open;
		run(listener);
	} while (listener->open > before);
}

void http_server_drain(struct http_server *server, http_drained_fn *drained, void *ctx)
{
	struct connection *connection;
	struct listener *listener;

	server->draining = true;
	server->drained = drained;
	server->drained_ctx = ctx;
	SLIST_FOREACH(listener, &server->listeners, link) {
		int fd;

		take_in(listener);
		fd = MHD_quiesce_daemon(listener->daemon);
		if (fd >= 0)
			close(fd);
	}
	TAILQ_FOREACH(connection, &server->connections, link) {
		if (!connection->exchange)
			end_input(connection);
	}
	SLIST_FOREACH(listener, &server->listeners, link)
		listener->needs_run = true;
	uv_timer_start(&server->tick, on_tick, 10, 20);
}

static void on_server_handle_closed(uv_handle_t *handle)
{
	struct http_server *server = handle->data;

	server->handles--;
	server_closed(server);
}

static void close_listener(struct listener *listener)
{
	uv_poll_stop(&listener->poll);
	MHD_stop_daemon(listener->daemon);
	uv_close((uv_handle_t *)&listener->poll, on_listener_handle_closed);
	uv_close((uv_handle_t *)&listener->timer, on_listener_handle_closed);
}

void http_server_free(struct http_server **server_pointer)
{
	struct http_server *server = *server_pointer;

	*server_pointer = NULL;
	if (!server)
		return;
	while (!SLIST_EMPTY(&server->listeners)) {
		struct listener *listener = SLIST_FIRST(&server->listeners);

		SLIST_REMOVE_HEAD(&server->listeners, link);
		close_listener(listener);
	}
	server->freed = true;
	uv_close((uv_handle_t *)&server->prepare, on_server_handle_closed);
	uv_close((uv_handle_t *)&server->tick, on_server_handle_closed);
}
