/*
 * exchange: one request and its answer, from its first line to the last octet. Private to the room; the handler's side
 * of it is in server.h.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <microhttpd.h>

#include "http/connection.h"
#include "http/decode.h"
#include "http/head.h"

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
	bool is_unframed; /* nobody can tell where it ends, so nothing can come after it */
	struct MHD_Response *response;
	int response_status;
	uint64_t deadline_ms;
	http_gone_fn *gone; /* NULL: nobody wants to know, or was told */
	void *gone_ctx;
	bool is_gone;
	TAILQ_ENTRY(http_exchange) waiting; /* linked while EXCHANGE_HANDLED */
	struct head head;                   /* once it has been read; borrows from MHD's buffer */
	size_t head_len;                    /* octets, its first line among them */
	const char *head_end;               /* where it ended in MHD's buffer */

	char *target; /* raw, NULL if it was too long or memory was short */
	size_t target_len;
	const char *target_end; /* where it ended in MHD's buffer */
	const char *no_cookies; /* the value of a header that no client has sent */
	char *body;
	size_t body_len; /* octets that came, also those that were not kept */
	struct decode_space space;
	struct http_request request;
};

/* These three are for an engine, see struct engine_events. */
struct http_exchange *exchange_begin(struct connection *connection, const char *target);
enum MHD_Result exchange_go_on(struct http_exchange *exchange, const char *method, const char *version,
			       const char *data, size_t *len);
void exchange_end(struct http_exchange *exchange);

/*
 * Refuses what MHD is about to refuse as well: the client gets our answer, and nothing of what MHD writes then. `text`
 * begins with the status and outlives the call. The connection has an exchange.
 */
void exchange_refuse_unheard(struct connection *connection, const char *text);

/* The connection ends, and MHD may not have said that its request has ended. */
void exchange_drop(struct connection *connection);

/* The backstop: the client gets its answer, the handler keeps the exchange until it gives it back. */
void exchange_abandon(struct http_exchange *exchange);

/* Tells those whose client is gone, as http_exchange_watch() has it. */
void exchanges_tell_gone(struct http_server *server);

/* A client that drips its request for ever, or none, would otherwise hold a connection for ever. */
void exchanges_cut_slow(struct http_server *server, uint64_t now_ms);

#endif
