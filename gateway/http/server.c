#include "http/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/arrival.h"
#include "http/engine.h"
#include "http/events.h"
#include "http/exchange.h"
#include "http/linger.h"
#include "http/listeners.h"

enum {
	TICK_MS = 500,
	DRAIN_GRACE_MS = 2000, /* for clients to read answers that are written */
};

/* ---- In the loop ---- */

static void run_engines(struct http_server *server)
{
	struct engine *engine;

	SLIST_FOREACH(engine, &server->engines, link)
		engine_run(engine);
}

/* Stops those that get no more connections, and have none. */
static void look_after_engines(struct http_server *server)
{
	struct engine *engine, *next;

	for (engine = SLIST_FIRST(&server->engines); engine; engine = next) {
		next = SLIST_NEXT(engine, link);
		engine_tell_refusals(engine);
		if (engine != server->current[engine->kind] && engine->open == 0)
			engine_stop(engine);
	}
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct http_server *server = prepare->data;

	arrivals_step(server);
	engines_run_woken(server);
}

static void check_drained(struct http_server *server);

static void on_tick(uv_timer_t *tick)
{
	struct http_server *server = tick->data;
	uint64_t now_ms = uv_now(server->loop);
	struct http_exchange *exchange, *next;

	for (exchange = TAILQ_FIRST(&server->waiting); exchange && exchange->deadline_ms <= now_ms; exchange = next) {
		next = TAILQ_NEXT(exchange, waiting);
		exchange_abandon(exchange);
	}
	listeners_retry(server);
	exchanges_tell_gone(server);
	arrivals_cut_slow(server, now_ms);
	exchanges_cut_slow(server, now_ms);
	lingerers_end(server, now_ms);
	look_after_engines(server);
	if (server->draining)
		check_drained(server);
}

/* ---- Beginning ---- */

static void start_handles(struct http_server *server)
{
	uv_prepare_init(server->loop, &server->prepare);
	uv_timer_init(server->loop, &server->tick);
	uv_idle_init(server->loop, &server->busy);
	server->handles += 3;
	server->prepare.data = server;
	server->tick.data = server;
	server->busy.data = server;
	uv_prepare_start(&server->prepare, on_prepare);
	uv_timer_start(&server->tick, on_tick, TICK_MS, TICK_MS);
}

enum status http_server_new(uv_loop_t *loop, const struct http_options *options, struct http_server **out)
{
	struct http_server *server = calloc(1, sizeof *server);
	enum status status;

	if (!server)
		return STATUS_NO_MEMORY;
	server->loop = loop;
	server->options = *options;
	server->events = &events_of_engines;
	SLIST_INIT(&server->engines);
	SLIST_INIT(&server->listeners);
	TAILQ_INIT(&server->connections);
	TAILQ_INIT(&server->waiting);
	TAILQ_INIT(&server->arriving);
	TAILQ_INIT(&server->ready);
	TAILQ_INIT(&server->stepping);
	TAILQ_INIT(&server->lingering);
	status = uv_random(NULL, NULL, &server->seed, sizeof server->seed, 0, NULL) == 0 ? STATUS_OK : STATUS_CRYPTO;
	if (status == STATUS_OK)
		status = table_init(&server->sources);
	if (status == STATUS_OK)
		status = engine_start(server, 0); /* a system on which libmicrohttpd does not work is told at once */
	if (status != STATUS_OK) {
		table_fini(&server->sources);
		free(server);
		return status;
	}
	start_handles(server);
	*out = server;
	return STATUS_OK;
}

void http_server_hand_to(struct http_server *server, http_handler_fn *handler, void *ctx)
{
	server->handler = handler;
	server->handler_ctx = ctx;
}

/* Of connections that are to end, those that wait for a request end now. */
static void end_idle(struct http_server *server)
{
	struct connection *connection;

	TAILQ_FOREACH(connection, &server->connections, link) {
		if (!connection->exchange && !connection->arrival && connection_is_last(connection))
			connection_end_input(connection);
	}
}

/* With another idle timeout new connections get new engines. */
static enum status renew_engines(struct http_server *server)
{
	enum status status = STATUS_OK;

	for (unsigned kind = 0; kind < ENGINE_KINDS && status == STATUS_OK; kind++) {
		const struct engine *engine = server->current[kind];

		if (engine && engine->idle_timeout_s != server->options.idle_timeout_s)
			status = engine_start(server, kind);
	}
	return status;
}

enum status http_server_configure(struct http_server *server, const struct http_options *options,
				  const struct http_listen_options *listeners, size_t count, char *error,
				  size_t error_size)
{
	struct http_options options_before = server->options;
	struct engine *current_before[ENGINE_KINDS];
	enum status status;

	memcpy(current_before, server->current, sizeof current_before);

	server->options = *options;
	status = renew_engines(server);
	snprintf(error, error_size, "%s", status_text(status));
	if (status == STATUS_OK)
		status = listeners_prepare(server, listeners, count, error, error_size);
	else
		listeners_decline(listeners, count);
	if (status != STATUS_OK) {
		server->options = options_before;
		memcpy(server->current, current_before, sizeof current_before);
		listeners_abandon(server);
		return status;
	}
	listeners_commit(server);
	arrivals_end_silent(server);
	run_engines(server); /* they read what has been sent */
	end_idle(server);
	return STATUS_OK;
}

void http_server_bound(struct http_server *server, unsigned max_connections, unsigned max_connections_in_all)
{
	server->options.max_connections = max_connections;
	server->options.max_connections_in_all = max_connections_in_all;
	listeners_note(server);
	listeners_retry(server);
}

/* ---- Draining ---- */

/* From here on no request comes in any more: MHD must not be stopped with one that waits. */
static void stop_running(struct http_server *server)
{
	struct engine *engine;

	uv_prepare_stop(&server->prepare);
	uv_timer_stop(&server->tick);
	uv_idle_stop(&server->busy);
	SLIST_FOREACH(engine, &server->engines, link)
		engine_halt(engine);
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

void http_server_drain(struct http_server *server, http_drained_fn *drained, void *ctx)
{
	server->draining = true;
	server->drained = drained;
	server->drained_ctx = ctx;
	listeners_close(server);
	arrivals_end(server);
	run_engines(server); /* they read what has been sent */
	end_idle(server);
	run_engines(server);
	uv_timer_start(&server->tick, on_tick, 10, 20);
}

/* ---- End ---- */

static void on_server_closed(uv_handle_t *handle)
{
	state_handle_closed(handle->data);
}

void http_server_free(struct http_server **server_pointer)
{
	struct http_server *server = *server_pointer;

	*server_pointer = NULL;
	if (!server)
		return;
	server->freed = true;
	listeners_close(server);
	arrivals_end(server);
	while (!SLIST_EMPTY(&server->engines))
		engine_stop(SLIST_FIRST(&server->engines));
	lingerers_end(server, UINT64_MAX);
	uv_close((uv_handle_t *)&server->busy, on_server_closed);
	uv_close((uv_handle_t *)&server->prepare, on_server_closed);
	uv_close((uv_handle_t *)&server->tick, on_server_closed);
}

const struct http_stats *http_server_stats(const struct http_server *server)
{
	return &server->stats;
}
