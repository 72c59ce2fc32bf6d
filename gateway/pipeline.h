/*
 * pipeline: the way of a request through the gateway, from HTTP to the primary and back.
 */
#ifndef PIPELINE_H
#define PIPELINE_H

#include <stdbool.h>

#include "account/authorise.h"
#include "account/record.h"
#include "account/store.h"
#include "account/throttle.h"
#include "base/env.h"
#include "base/outcome.h"
#include "base/status.h"
#include "http/message.h"
#include "update/change.h"
#include "update/order.h"
#include "update/plan.h"

struct pipeline;
struct dialect;
struct http_exchange;

/* A request that has its answer. All is borrowed. */
struct pipeline_report {
	const char *id; /* as the client got it in X-Request-Id */
	const struct http_request *request;
	const struct dialect
		*dialect; /* NULL: no dialect has that path and method; then nothing follows but the status */
	const struct intent *intent;
	struct text login;   /* "-" if there was none */
	struct text operand; /* that kept something from standing in, see struct plan; empty if there is none */
	const struct outcome *outcomes; /* one per host, or one for all */
	size_t outcome_count;
	int status; /* of HTTP */
	uint64_t took_ms;
};

/* What it is put together from. All is borrowed and must outlive it. */
struct pipeline_parts {
	const struct env *env;
	struct account_store *store;
	struct throttle *throttle;
	struct authoriser authoriser;
	const struct plan_policy *policy;
	/* Takes what became of a host of an update that was granted (copied), for the history. NULL: nobody does. */
	void (*record)(void *ctx, const struct record *record);
	void *record_ctx;
	/*
	 * Takes a change set (copied) to its zone; pipeline_done(waiter, outcome) comes exactly once, from within the
	 * call or later.
	 */
	void (*submit)(void *ctx, const struct change_set *set, void *waiter);
	/* Takes a waiter back; pipeline_done() does not come for it any more. */
	void (*cancel)(void *ctx, size_t zone, void *waiter);
	void *submit_ctx;
	/* Gives an answer to a client, as http_exchange_answer() does. */
	void (*answer)(struct http_exchange **exchange, const struct http_response *response);
	/* Is told each request, when it has got its answer. May be NULL. */
	void (*report)(void *ctx, const struct pipeline_report *report);
	void *report_ctx;
	/* Has gone(gone_ctx) called if the client gives up, as http_exchange_watch() does. */
	void (*watch)(struct http_exchange *exchange, void (*gone)(void *gone_ctx), void *gone_ctx);
	/* Whether it has given up, as http_exchange_is_gone() says. */
	bool (*is_gone)(const struct http_exchange *exchange);
	struct order *order;
	unsigned deadline_ms; /* from a request's arrival to its answer */
};

MUST_USE enum status pipeline_new(const struct pipeline_parts *parts, struct pipeline **out);

/* Whether no request is under way, and no store owes an answer to one that was. */
bool pipeline_is_idle(const struct pipeline *pipeline);

/* No request may be under way; a store that owes answers may not give them any more. Sets *pipeline to NULL. */
void pipeline_free(struct pipeline **pipeline);

/*
 * Takes a request; the exchange is answered exactly once, from within the call or later. An http_handler_fn; `ctx` is
 * the pipeline.
 */
void pipeline_handle(void *ctx, struct http_exchange *exchange, const struct http_request *request);

/* Reports the outcome of a submitted change set. A zones_done_fn. */
void pipeline_done(void *waiter, const struct outcome *outcome);

#endif
