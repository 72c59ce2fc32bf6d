/*
 * The life of a request, as libmicrohttpd calls us:
 *
 *   exchange_begin         the request line has been read: an exchange begins and keeps the raw target
 *   exchange_go_on         headers are there: refuse what is too large, else wait for the body
 *   exchange_go_on         ... with pieces of the body
 *   exchange_go_on         all is there: decode and call the handler; unless it has answered, suspend the connection
 *   http_exchange_answer   builds the response and resumes
 *   exchange_go_on         once more: hand the response over
 *   exchange_end           sent, or the connection broke
 */
#include "http/exchange.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "base/repeat.h"
#include "base/secret.h"
#include "http/body.h"
#include "http/engine.h"
#include "http/json.h"
#include "http/origin.h"

enum {
	DISCARD_MAX = 64 * 1024, /* octets of a refused body that are read before the connection is cut */
	GONE_MAX = 256,          /* clients that are found gone in one tick */
};

/* ---- Beginning and end ---- */

/*
 * libmicrohttpd frees its buffers as they are, and keys are in them. What was said to be const is so for those who
 * borrow it; the memory is the connection's and can be written to.
 */
static void wipe_borrowed(const char *octets, size_t len)
{
	secret_wipe((void *)(uintptr_t)octets, len);
}

/*
 * libmicrohttpd would make a copy and a list of the cookies: memory that we rather have for headers. It looks for the
 * first header of that name, so it gets an empty one before any other, known by the address of its value. That lies
 * where the first line ends, because 1.0 takes the end of the last header's value for a place in its buffer, and may
 * put other things behind it.
 */
static void hide_cookies(struct http_exchange *exchange)
{
	const char *version = exchange->target_end + 1;

	assert(exchange->target_end);
	exchange->no_cookies = version + strlen(version);
	MHD_set_connection_value(exchange->connection->mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_COOKIE,
				 exchange->no_cookies);
}

/*
 * Takes the target away from libmicrohttpd, which would make a list of its operands: memory for which it has none, when
 * there are many (0.9.75 then never answers, nor says that the request is over).
 */
struct http_exchange *exchange_begin(struct connection *connection, const char *target)
{
	struct http_exchange *exchange = malloc(sizeof *exchange);
	size_t len = target ? strlen(target) : 0;

	if (exchange) {
		memset(exchange, 0, offsetof(struct http_exchange, request));
		exchange->request.params.count = 0;
		exchange->request.params.is_unread = false;
		exchange->request.path = (struct text){NULL, 0};
		exchange->request.source.family = ADDR_NONE;
		exchange->request.method = HTTP_OTHER;
		exchange->connection = connection;
		exchange->target_len = len;
		exchange->target_end = target + len;
		if (len <= HTTP_TARGET_MAX)
			exchange->target = text_duplicate((struct text){target, len});
		connection->exchange = exchange;
		connection->is_in_head = true;
		TAILQ_INSERT_HEAD(&connection->engine->heads, connection, heads);
		hide_cookies(exchange);
	}
	wipe_borrowed(target, len);
	return exchange;
}

/* Targets and bodies may hold keys, so they are wiped. */
static void free_wiped(char *octets, size_t len)
{
	if (octets)
		secret_wipe(octets, len);
	free(octets);
}

static enum MHD_Result wipe_value(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)cls;
	(void)kind;
	(void)name;
	wipe_borrowed(value, strlen(value));
	return MHD_YES;
}

/* MHD has sent it, or never will. Cookies are secrets. */
static void free_response(struct MHD_Response *response)
{
	if (!response)
		return;
	MHD_get_response_headers(response, wipe_value, NULL);
	MHD_destroy_response(response);
}

static void exchange_free(struct http_exchange *exchange)
{
	free_response(exchange->response);
	free_wiped(exchange->target, exchange->target_len);
	free_wiped(exchange->body,
		   exchange->body_len < HTTP_REQUEST_BODY_MAX ? exchange->body_len : HTTP_REQUEST_BODY_MAX);
	free_wiped(exchange->space.octets, exchange->space.len);
	free(exchange);
}

static enum MHD_Result wipe_field(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len,
				  const char *value, size_t value_len)
{
	const struct http_exchange *exchange = cls;

	(void)kind;
	if (value == exchange->no_cookies)
		return MHD_YES;
	wipe_borrowed(name, name_len); /* what was folded has become part of it */
	wipe_borrowed(value, value_len);
	return MHD_YES;
}

/* The head is of no use to anybody any more. */
static void wipe_head(struct http_exchange *exchange)
{
	MHD_get_connection_values_n(exchange->connection->mhd, MHD_HEADER_KIND, wipe_field, exchange);
}

static void leave_head(struct connection *connection)
{
	if (!connection->is_in_head)
		return;
	connection->is_in_head = false;
	TAILQ_REMOVE(&connection->engine->heads, connection, heads);
}

/* The connection may be about to end, too, and then its exchange must not be left. */
static void leave_connection(struct http_exchange *exchange)
{
	leave_head(exchange->connection);
	exchange->connection->exchange = NULL;
	if (exchange->state == EXCHANGE_ABANDONED)
		exchange->freed_by_mhd = true;
	else
		exchange_free(exchange);
}

/* Not all of the request is there, and it was not refused. */
static bool is_arriving(const struct http_exchange *exchange)
{
	return exchange->state == EXCHANGE_NEW || exchange->state == EXCHANGE_BODY;
}

void exchange_end(struct http_exchange *exchange)
{
	struct connection *connection = exchange->connection;

	wipe_head(exchange);
	if (is_arriving(exchange))
		engine_note_end(connection);
	leave_connection(exchange);
	connection_progressed(connection);
}

void exchange_drop(struct connection *connection)
{
	if (connection->exchange)
		leave_connection(connection->exchange);
}

/* ---- Answers ---- */

static const struct {
	enum http_method method;
	const char *name;
} methods[] = {
	{HTTP_GET, "GET"}, {HTTP_HEAD, "HEAD"}, {HTTP_POST, "POST"}, {HTTP_PUT, "PUT"}, {HTTP_OPTIONS, "OPTIONS"},
};

static enum http_method method_of(const char *name)
{
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		if (strcmp(name, methods[i].name) == 0)
			return methods[i].method;
	}
	return HTTP_OTHER;
}

static void add_allow(struct MHD_Response *mhd, unsigned allow)
{
	char value[40] = "";
	int len = 0;

	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		if ((allow | HTTP_OPTIONS) & methods[i].method)
			len += snprintf(value + len, sizeof value - (size_t)len, "%s%s", len ? ", " : "",
					methods[i].name);
	}
	MHD_add_response_header(mhd, MHD_HTTP_HEADER_ALLOW, value);
}

/* What MHD takes for the end of a chunk or a trailer, a proxy may not; so nothing can follow. Few clients do it. */
static bool is_chunked(const struct http_exchange *exchange)
{
	return exchange->head.counts[HEAD_TRANSFER_ENCODING] > 0;
}

/* A body, which may show a new key, as MHD has it. */
struct content {
	size_t len;
	char octets[];
};

static void free_content(void *octets)
{
	struct content *content = (struct content *)((char *)octets - offsetof(struct content, octets));

	free_wiped((char *)content, sizeof *content + content->len);
}

/* A response with a copy of that body; NULL without memory. */
static struct MHD_Response *response_of(struct text body)
{
	struct content *content = malloc(sizeof *content + body.len);
	struct MHD_Response *mhd;

	if (!content)
		return NULL;
	content->len = body.len;
	if (body.len)
		memcpy(content->octets, body.octets, body.len);
	mhd = MHD_create_response_from_buffer_with_free_callback(body.len, content->octets, free_content);
	if (!mhd)
		free_content(content->octets);
	return mhd;
}

static struct MHD_Response *build_response(const struct http_server *server, const struct http_exchange *exchange,
					   const struct http_response *response)
{
	struct MHD_Response *mhd = response_of(http_response_content(response));
	char text[256];

	if (!mhd)
		return NULL;
	for (const struct http_header *header = response->headers; header && header->name; header++)
		MHD_add_response_header(mhd, header->name, header->value);
	if (response->content_type)
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
	if (*response->request_id)
		MHD_add_response_header(mhd, "X-Request-Id", response->request_id);
	if (response->allow)
		add_allow(mhd, response->allow);
	/* An HTTP/1.0 client may read to the end of file, whatever it said about keep-alive. */
	if (exchange->http_1_0 || exchange->is_unframed || is_chunked(exchange) ||
	    connection_is_last(exchange->connection))
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
	exchange->response = build_response(exchange->connection->listener->server, exchange, response);
}

static void resume(struct http_exchange *exchange)
{
	struct http_server *server = exchange->connection->listener->server;

	TAILQ_REMOVE(&server->waiting, exchange, waiting);
	if (!exchange->suspended)
		return;
	exchange->suspended = false;
	MHD_resume_connection(exchange->connection->mhd);
	engine_wake(exchange->connection->engine);
}

void http_exchange_watch(struct http_exchange *exchange, http_gone_fn *gone, void *ctx)
{
	exchange->gone = gone;
	exchange->gone_ctx = ctx;
}

bool http_exchange_is_gone(const struct http_exchange *exchange)
{
	return exchange->state != EXCHANGE_ABANDONED && connection_is_gone(exchange->connection);
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
	if (response->headers)
		exchange->connection->listener->server->stack_is_dirty = true;
	keep_response(exchange, response);
	resume(exchange);
}

/* Words for whoever asked, as JSON if that is what is spoken where the request was for. */
static void word(const struct http_exchange *exchange, int status, const char *text, struct http_response *response)
{
	const struct http_server *server = exchange->connection->listener->server;

	http_response_init(response);
	if (server->options.speaks_json && server->options.speaks_json(&exchange->request))
		http_response_json(response, status, "error", text_of(text));
	else
		http_response_plain(response, status, text);
}

void exchange_abandon(struct http_exchange *exchange)
{
	struct http_response response;

	LOG_REPEATED(LOG_ERROR, "request-abandoned",
		     log_text("text", "a request was not answered within its deadline; this is a defect of ddnsgate"));
	word(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "no answer in time; the outcome is unknown", &response);
	response.retry_after_s = 60;
	exchange->state = EXCHANGE_ABANDONED;
	keep_response(exchange, &response);
	resume(exchange);
}

/* ---- Requests ---- */

static void note_refused(const struct http_exchange *exchange, int status, const char *text)
{
	const struct addr *client = &exchange->request.source; /* once it is known */
	char buffer[ADDR_TEXT_MAX];
	const char *source = client->family == ADDR_NONE ? connection_source(exchange->connection, buffer)
							 : addr_format(client, buffer);

	state_note_refusal(exchange->connection->listener->server, status, source, text);
}

/* Takes the headers that are passed on as they are. Returns the octets that keep_headers() needs. */
static size_t find_headers(const struct head *head, struct http_request *request)
{
	request->host = head->values[HEAD_HOST];
	request->cookies = head->values[HEAD_COOKIE];
	request->api_user = head->values[HEAD_API_USER];
	request->api_key = head->values[HEAD_API_KEY];
	return request->host.len + request->cookies.len + request->api_user.len + request->api_key.len;
}

/* Where a refused request was for, if that was not known yet. Without memory nobody gets to know. */
static void find_request_path(struct http_exchange *exchange)
{
	struct http_request *request = &exchange->request;
	struct decode_space *space = &exchange->space;
	struct text query;

	if (request->path.len || !exchange->target)
		return;
	if (!space->octets) {
		space->cap = DECODE_SPACE(exchange->target_len);
		space->octets = malloc(space->cap);
	}
	if (!space->octets || decode_target((struct text){exchange->target, exchange->target_len}, space,
					    &request->path, &query, &request->has_query) != STATUS_OK)
		request->path = (struct text){NULL, 0};
}

static enum MHD_Result exchange_refuse(struct http_exchange *exchange, int status, const char *text)
{
	struct http_response response;

	note_refused(exchange, status, text);
	find_request_path(exchange);
	find_headers(&exchange->head, &exchange->request);
	word(exchange, status, text, &response);
	response.retry_after_s = status == MHD_HTTP_SERVICE_UNAVAILABLE ? 60 : 0;
	exchange->state = EXCHANGE_ANSWERED;
	keep_response(exchange, &response);
	return exchange->response ? queue_response(exchange) : MHD_NO;
}

enum { UNHEARD_MAX = 512 };

void exchange_refuse_unheard(struct connection *connection, const char *text)
{
	struct http_exchange *exchange = connection->exchange;
	bool is_head = exchange->request.method == HTTP_HEAD; /* RFC 9110 section 9.3.2: no content */
	char octets[UNHEARD_MAX], date[32];
	time_t now = time(NULL);
	struct tm utc;
	int len;

	note_refused(exchange, http_status_of(text), text);
	leave_head(connection);
	connection->is_refused = true;
	exchange->state = EXCHANGE_ANSWERED;
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &utc));
	len = snprintf(octets, sizeof octets,
		       "HTTP/1.1 %.3s %s\r\nDate: %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
		       "Content-Length: %zu\r\nConnection: close\r\n\r\n%s%s",
		       text, MHD_get_reason_phrase_for((unsigned)http_status_of(text)), date, strlen(text) + 1,
		       is_head ? "" : text, is_head ? "" : "\n");
	connection_write_last(connection, (struct text){octets, (size_t)len});
}

/* Where the request ends is in doubt, or what it says; so nothing can come after it. */
static enum MHD_Result refuse_last(struct http_exchange *exchange, int status, const char *text)
{
	exchange->is_unframed = true;
	exchange->connection->is_refused = true;
	return exchange_refuse(exchange, status, text);
}

/* MHD may have too little memory left for an answer of its own. */
static enum MHD_Result refuse_large(struct http_exchange *exchange, const char *text)
{
	exchange_refuse_unheard(exchange->connection, text);
	return MHD_NO;
}

static enum MHD_Result on_field(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len,
				const char *value, size_t value_len)
{
	struct http_exchange *exchange = cls;

	(void)kind;
	if (value != exchange->no_cookies)
		head_add(&exchange->head, (struct text){name, name_len}, (struct text){value, value_len});
	return MHD_YES;
}

/* Up to 1.0 nothing is put where the end of the head was. */
static bool is_end_kept(void)
{
	return *MHD_get_version() == '0';
}

/* What is wrong with the head as it lies in libmicrohttpd's buffer from its method on. */
static enum head_fault read_head(struct http_exchange *exchange, const char *method, const char *version)
{
	struct MHD_Connection *mhd = exchange->connection->mhd;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	head_begin(&exchange->head, text_of(version));
	MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, on_field, exchange);
	exchange->head_len = info ? info->header_size : 0;
	exchange->head_end = method + exchange->head_len;
	return head_end(&exchange->head, info && is_end_kept() ? method + info->header_size : NULL);
}

static bool is_head_too_large(const struct http_exchange *exchange)
{
	return exchange->head_len + exchange->head.count * HEAD_FIELD_COST > exchange->connection->engine->head_max;
}

/* Leading zeros are no digits of a length. */
static bool is_body_too_long(struct text length)
{
	size_t digits_max = sizeof "4096" - 1;

	while (length.len && length.octets[0] == '0') {
		length.octets++;
		length.len--;
	}
	return length.len > digits_max || (length.len == digits_max && memcmp(length.octets, "4096", digits_max) > 0);
}

/* The head of the request has arrived. */
static enum MHD_Result exchange_take_head(struct http_exchange *exchange, const char *method, const char *version)
{
	enum head_fault fault = read_head(exchange, method, version);

	leave_head(exchange->connection);
	exchange->http_1_0 = strcmp(version, "HTTP/1.0") == 0;
	exchange->state = EXCHANGE_BODY;
	exchange->request.method = method_of(method);
	/* For the log, if it is refused here; what is wrong with that comes later. */
	if (fault == HEAD_SOUND)
		(void)origin_find(exchange->connection, &exchange->request);
	if (exchange->target_len > HTTP_TARGET_MAX)
		return refuse_large(exchange, "414 the request target is longer than 4096 octets");
	if (is_head_too_large(exchange))
		return refuse_large(exchange, "431 the headers are too large");
	/*
	 * MHD puts a NUL between target and version. Any other cuts the target short, and what it asks for with it.
	 */
	if (version != exchange->target_end + 1)
		return refuse_last(exchange, MHD_HTTP_BAD_REQUEST, "400 the request target holds a NUL octet");
	if (fault != HEAD_SOUND)
		return refuse_last(exchange, MHD_HTTP_BAD_REQUEST, head_fault_text(fault));
	if (!exchange->target)
		return exchange_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "503 out of memory");
	if (is_body_too_long(exchange->head.values[HEAD_CONTENT_LENGTH]))
		return exchange_refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE,
				       "413 the request body is longer than 4096 octets");
	return MHD_YES;
}

/*
 * The line before a chunk ends in CRLF (RFC 9112 section 7.1). MHD takes a bare LF, too, where a proxy may see no end.
 * It shows if the chunk was read together with its line; else the end of the head lies there.
 */
static bool is_chunk_line_odd(const struct http_exchange *exchange, const char *data)
{
	return is_chunked(exchange) && data - 2 >= exchange->head_end && data[-1] == '\n' && data[-2] != '\r';
}

static enum MHD_Result add_body(struct http_exchange *exchange, const char *data, size_t *len)
{
	size_t piece = *len;

	*len = 0;
	if (is_chunk_line_odd(exchange, data))
		exchange->is_unframed = true;
	if (exchange->body_len + piece > DISCARD_MAX) {
		wipe_borrowed(data, piece);
		return refuse_large(exchange, "413 the request body is longer than 4096 octets");
	}
	if (piece && exchange->body_len + piece <= HTTP_REQUEST_BODY_MAX) {
		if (!exchange->body)
			exchange->body = malloc(HTTP_REQUEST_BODY_MAX);
		if (!exchange->body)
			return MHD_NO;
		memcpy(exchange->body + exchange->body_len, data, piece);
	}
	wipe_borrowed(data, piece);
	exchange->body_len += piece;
	return MHD_YES;
}

/* STATUS_NOT_FOUND: nothing here can read such a body. */
static enum status decode_body(struct http_exchange *exchange)
{
	const struct text *head = exchange->head.values;
	struct text body = body_unmarked((struct text){exchange->body, exchange->body_len});
	struct http_params *params = &exchange->request.params;

	switch (body_kind_of(head[HEAD_CONTENT_TYPE], head[HEAD_CONTENT_ENCODING], body)) {
	case BODY_EMPTY:
		return STATUS_OK;
	case BODY_FORM:
		return decode_params(body, &exchange->space, params);
	case BODY_JSON:
		return json_params(body, &exchange->space, params);
	case BODY_NO_OBJECT:
		return STATUS_INVALID;
	case BODY_UNREADABLE:
		break;
	}
	return STATUS_NOT_FOUND;
}

/* Moves the value of a header, for which there is room, to where it outlives the connection, as the exchange may. */
static void keep_value(struct decode_space *space, struct text *value)
{
	char *kept = space->octets + space->len;

	if (value->len == 0)
		return;
	memcpy(kept, value->octets, value->len);
	space->len += value->len;
	value->octets = kept;
}

static void keep_headers(struct decode_space *space, struct http_request *request)
{
	keep_value(space, &request->host);
	keep_value(space, &request->cookies);
	keep_value(space, &request->api_user);
	keep_value(space, &request->api_key);
}

static enum status decode(struct http_exchange *exchange)
{
	struct http_request *request = &exchange->request;
	struct text authorization = exchange->head.values[HEAD_AUTHORIZATION];
	size_t headers_len = find_headers(&exchange->head, request);
	struct text query;
	enum status status;

	exchange->space.cap = DECODE_SPACE(exchange->target_len + exchange->body_len) + authorization.len + headers_len;
	exchange->space.octets = malloc(exchange->space.cap);
	if (!exchange->space.octets)
		return STATUS_NO_MEMORY;
	keep_headers(&exchange->space, request);
	status = decode_target((struct text){exchange->target, exchange->target_len}, &exchange->space, &request->path,
			       &query, &request->has_query);
	if (status == STATUS_OK)
		status = decode_params(query, &exchange->space, &request->params);
	if (status == STATUS_OK)
		status = decode_body(exchange);
	request->has_basic = decode_basic(authorization, &exchange->space, &request->basic_user,
					  &request->basic_password) == STATUS_OK;
	return status;
}

/* The whole request has arrived. */
static enum MHD_Result handle(struct http_exchange *exchange)
{
	struct http_server *server = exchange->connection->listener->server;
	const char *wrong;
	enum status status;

	if (exchange->is_unframed)
		return refuse_last(exchange, MHD_HTTP_BAD_REQUEST, "400 a chunk's line does not end in CRLF");
	if (exchange->body_len > HTTP_REQUEST_BODY_MAX)
		return exchange_refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE,
				       "413 the request body is longer than 4096 octets");
	exchange->request.errors_as_200 = exchange->connection->listener->settings.errors_as_200;
	exchange->request.account_page = exchange->connection->listener->settings.account_page;
	wrong = origin_find(exchange->connection, &exchange->request);
	if (wrong)
		return exchange_refuse(exchange, MHD_HTTP_BAD_REQUEST, wrong);
	status = decode(exchange);
	if (status == STATUS_TOO_LONG)
		return exchange_refuse(exchange, MHD_HTTP_BAD_REQUEST, "400 too many operands");
	if (status == STATUS_INVALID)
		return exchange_refuse(exchange, MHD_HTTP_BAD_REQUEST, "400 the body is not a JSON object");
	if (status == STATUS_NOT_FOUND)
		return exchange_refuse(
			exchange, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
			"415 the body is neither a form (application/x-www-form-urlencoded) nor a JSON object");
	if (status != STATUS_OK)
		return exchange_refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "503 out of memory");

	exchange->state = EXCHANGE_HANDLED;
	exchange->deadline_ms = uv_now(server->loop) + server->options.exchange_timeout_ms;
	TAILQ_INSERT_TAIL(&server->waiting, exchange, waiting);
	server->stack_is_dirty = true;
	server->handler(server->handler_ctx, exchange, &exchange->request);
	if (exchange->state == EXCHANGE_ANSWERED)
		return exchange->response ? queue_response(exchange) : MHD_NO;
	exchange->suspended = true;
	MHD_suspend_connection(exchange->connection->mhd);
	return MHD_YES;
}

enum MHD_Result exchange_go_on(struct http_exchange *exchange, const char *method, const char *version,
			       const char *data, size_t *len)
{
	switch (exchange->state) {
	case EXCHANGE_NEW:
		return exchange_take_head(exchange, method, version);
	case EXCHANGE_BODY:
		/* There may be a piece without an octet, if MHD said that we go on and the next request has come. */
		return data ? add_body(exchange, data, len) : handle(exchange);
	case EXCHANGE_ANSWERED:
	case EXCHANGE_ABANDONED:
		*len = 0;
		return exchange->response ? queue_response(exchange) : MHD_NO;
	case EXCHANGE_HANDLED:
		break;
	}
	return MHD_NO;
}

/* ---- Clients that are gone ---- */

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
void exchanges_tell_gone(struct http_server *server)
{
	struct http_exchange *exchange;
	unsigned found = 0;

	TAILQ_FOREACH(exchange, &server->waiting, waiting) {
		exchange->is_gone = exchange->gone && found < GONE_MAX && connection_is_gone(exchange->connection);
		found += exchange->is_gone;
	}
	while (found && (exchange = first_gone(server))) {
		http_gone_fn *gone = exchange->gone;

		exchange->gone = NULL;
		gone(exchange->gone_ctx);
	}
}

/* ---- Clients that are slow ---- */

void exchanges_cut_slow(struct http_server *server, uint64_t now_ms)
{
	uint64_t allowed_ms = ((uint64_t)server->options.idle_timeout_s + server->options.request_timeout_s) * 1000;
	struct connection *connection;

	TAILQ_FOREACH(connection, &server->connections, link) {
		if (now_ms - connection->progress_ms < allowed_ms)
			break;
		if (!connection->exchange || is_arriving(connection->exchange))
			shutdown(connection->fd, SHUT_RDWR);
	}
}
