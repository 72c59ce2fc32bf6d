/*
 * `ddnsgate serve`: the daemon. This file puts the parts together, lets them run, and takes them apart again.
 *
 * On SIGTERM or SIGINT it drains: no new connections, every request that has arrived gets its answer, then the end.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "account/state.h"
#include "account/store.h"
#include "account/throttle.h"
#include "base/log.h"
#include "cli/cli.h"
#include "dns/transport.h"
#include "http/server.h"
#include "loop/env_uv.h"
#include "page/page.h"
#include "pipeline.h"
#include "zone/zones.h"

enum {
	BACKSTOP_MS =
		8000, /* beyond an update's deadline, when HTTP gives up on the answer; keys may have to be hashed */
	REQUEST_TIMEOUT_S = 60, /* for a request to arrive whole */
	OVERLAP_MIN = 32,       /* sets that make another message worth while when several may be with a primary */
	CONFIRMS_MAX = 2,
	QUERIES_MAX = 128,
	RECORDS_MAX = 65536, /* hints of a zone, 32 octets each */
	ATTEMPTS_MAX = 5,
	RETRY_PAUSE_MS = 100,
	LOOK_PATIENCE_MS = 2000, /* of the account page, with a primary */
	DESCRIPTORS_SPARE = 32,  /* for what is not an HTTP connection */
};

struct daemon {
	struct config *config;
	uv_loop_t loop;
	struct env env;
	struct plan_zone *plan_zones;
	struct zone_setup *zone_setups;
	struct plan_policy policy;
	struct account_store *store;
	struct state *state; /* NULL: there is no state store */
	struct throttle *throttle;
	struct verifier *verifier;
	struct zones *zones;
	struct pipeline *pipeline;
	struct throttle *page_throttle; /* NULL like the page */
	struct sessions *sessions;      /* the same */
	struct page *page;              /* NULL: no listener serves the account page */
	struct http_server *http;
	uv_signal_t signals[2];
	bool stopping;
};

static void submit(void *ctx, const struct change_set *set, void *waiter)
{
	zones_submit(ctx, set, waiter);
}

static void cancel(void *ctx, size_t zone, void *waiter)
{
	zones_cancel(ctx, zone, waiter);
}

static enum status build_tables(struct daemon *daemon)
{
	const struct config *config = daemon->config;

	daemon->plan_zones = calloc(config->zone_count, sizeof *daemon->plan_zones);
	daemon->zone_setups = calloc(config->zone_count, sizeof *daemon->zone_setups);
	if (!daemon->plan_zones || !daemon->zone_setups)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < config->zone_count; i++) {
		const struct config_zone *zone = &config->zones[i];

		daemon->plan_zones[i] = (struct plan_zone){zone->name, zone->ttl_s, zone->active};
		daemon->zone_setups[i] =
			(struct zone_setup){&zone->name, zone->primaries, zone->primary_count, zone->key};
	}
	daemon->policy = (struct plan_policy){
		.zones = daemon->plan_zones,
		.zone_count = config->zone_count,
		.allow_private = config->allow_private,
		.allow_loopback = config->allow_loopback,
	};
	return STATUS_OK;
}

static enum status build_zones(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	struct transport_maker maker = {&transport_tcp, &daemon->loop};
	struct dns_client_options client_options = {
		.connect_timeout_ms = config->connect_timeout_ms,
		.reply_timeout_ms = config->reply_timeout_ms,
		.fudge_s = (uint16_t)config->fudge_s,
	};
	struct queue_limits limits = {
		.waiters_max = config->queue_max,
		.share_max = config->queue_share_max,
		.octets_max = DNS_MESSAGE_MAX,
		.updates_max = config->updates_in_flight,
		.overlap_min = OVERLAP_MIN,
		.confirms_max = CONFIRMS_MAX,
		.queries_max = QUERIES_MAX,
		.records_max = RECORDS_MAX,
		.attempts_max = ATTEMPTS_MAX,
		.retry_pause_ms = RETRY_PAUSE_MS,
		.deadline_ms = config->request_timeout_ms,
	};

	daemon->env.random(daemon->env.ctx, &limits.seed, sizeof limits.seed);
	return zones_new(&daemon->env, &maker, &client_options, &limits, daemon->zone_setups, config->zone_count,
			 pipeline_done, &daemon->zones);
}

/* The users of the configuration, and behind them those of the state store, if there is one. */
static enum status build_store(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	struct account_store *map = NULL, *sqlite = NULL;
	enum status status = store_map_new(config->users, config->user_count, &map);

	if (status == STATUS_OK && !config->state_dir) {
		daemon->store = map;
		return STATUS_OK;
	}
	if (status == STATUS_OK)
		status = state_new(&daemon->env, config->state_dir, &daemon->state);
	if (status == STATUS_OK)
		status = store_sqlite_new(&daemon->env, config->state_dir, &sqlite);
	if (status == STATUS_OK)
		status = store_chain_new(&map, &sqlite, &daemon->store);
	account_store_free(&map);
	account_store_free(&sqlite);
	return status;
}

static void record(void *ctx, const struct record *record)
{
	state_record(ctx, record);
}

static enum status build_throttle(struct daemon *daemon)
{
	struct throttle_limits limits = {
		.failures_max = daemon->config->failed_logins_max,
		.recovery_s = daemon->config->failed_logins_window_s,
		.changes_max = daemon->config->changes_max,
		.source_changes_max = daemon->config->changes_per_source_max,
		.changes_window_s = daemon->config->changes_window_s,
	};

	daemon->env.random(daemon->env.ctx, &limits.seed, sizeof limits.seed);
	return throttle_new(&limits, &daemon->throttle);
}

static enum status build_pipeline(struct daemon *daemon)
{
	struct pipeline_parts parts = {
		.env = &daemon->env,
		.store = daemon->store,
		.throttle = daemon->throttle,
		.authoriser = {&daemon->env, daemon->verifier, daemon->config->uniform_auth_errors},
		.policy = &daemon->policy,
		.record = daemon->state ? record : NULL,
		.record_ctx = daemon->state,
		.submit = submit,
		.cancel = cancel,
		.submit_ctx = daemon->zones,
		.answer = http_exchange_answer,
		.watch = http_exchange_watch,
	};

	return pipeline_new(&parts, &daemon->pipeline);
}

/* Asks a primary for the address of a host on the account page. */
static void look(void *ctx, const struct name *host, enum addr_family family, page_seen_fn *seen, void *seen_ctx)
{
	struct daemon *daemon = ctx;
	const struct plan_zone *zone = plan_find_zone(&daemon->policy, host);

	if (zone)
		zones_look(daemon->zones, (size_t)(zone - daemon->policy.zones), host, family, LOOK_PATIENCE_MS, seen,
			   seen_ctx);
	else
		seen(seen_ctx, false, NULL, 0);
}

static bool wants_page(const struct config *config)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		if (config->listeners[i].account_page)
			return true;
	}
	return false;
}

/* A mistyped login password is not to hold up a router's key, so the page has a throttle of its own. */
static enum status build_page(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	struct throttle_limits limits = {
		.failures_max = config->failed_logins_max,
		.recovery_s = config->failed_logins_window_s,
		.changes_window_s = config->changes_window_s,
	};
	struct session_limits session_limits = {SESSIONS_MAX, SESSION_AGE_S, config->account_page_idle_s};
	struct page_parts parts = {
		.env = &daemon->env,
		.state = daemon->state,
		.verifier = daemon->verifier,
		.allow_http = config->account_page_over_http,
		.server_name = config->account_page_server,
		.look = look,
		.look_ctx = daemon,
		.answer = http_exchange_answer,
	};
	enum status status;

	if (!wants_page(config))
		return STATUS_OK;
	daemon->env.random(daemon->env.ctx, &limits.seed, sizeof limits.seed);
	status = throttle_new(&limits, &daemon->page_throttle);
	if (status == STATUS_OK)
		status = sessions_new(&daemon->env, &session_limits, &daemon->sessions);
	if (status != STATUS_OK)
		return status;
	parts.throttle = daemon->page_throttle;
	parts.sessions = daemon->sessions;
	return page_new(&parts, &daemon->page);
}

static void handle(void *ctx, struct http_exchange *exchange, const struct http_request *request)
{
	struct daemon *daemon = ctx;

	if (daemon->page && page_serves(request))
		page_handle(daemon->page, exchange, request);
	else
		pipeline_handle(daemon->pipeline, exchange, request);
}

/*
 * As many open files as the connections need, or as the system allows; then there are fewer connections, so that
 * clients never take the descriptors that the way to the primaries needs. Returns the connections of a listener.
 */
static unsigned fit_connections(const struct config *config)
{
	rlim_t listeners = (rlim_t)config->listener_count;
	rlim_t wanted = config->max_connections * listeners + DESCRIPTORS_SPARE;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return config->max_connections;
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) != 0)
			return config->max_connections;
	}
	if (limit.rlim_cur >= wanted)
		return config->max_connections;
	LOG(LOG_WARNING, "few-descriptors", log_number("allowed", (int64_t)limit.rlim_cur),
	    log_number("wanted", (int64_t)wanted),
	    log_text("text",
		     "there will be fewer connections; raise the limit of open files, or lower max_connections"));
	if (limit.rlim_cur <= DESCRIPTORS_SPARE + listeners)
		return 1;
	return (unsigned)((limit.rlim_cur - DESCRIPTORS_SPARE) / listeners);
}

static enum status build_http(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	struct http_options options = {
		.idle_timeout_s = config->idle_timeout_s,
		.request_timeout_s = REQUEST_TIMEOUT_S,
		.exchange_timeout_ms = config->request_timeout_ms + BACKSTOP_MS,
		.max_connections = fit_connections(config),
		.max_connections_per_source = config->max_connections_per_source,
		.realm = "ddnsgate",
	};

	return http_server_new(&daemon->loop, &options, handle, daemon, &daemon->http);
}

static enum status build(struct daemon *daemon)
{
	enum status status = build_tables(daemon);

	if (status == STATUS_OK)
		status = build_store(daemon);
	if (status == STATUS_OK)
		status = build_throttle(daemon);
	if (status == STATUS_OK)
		status = verifier_new(&daemon->env, &daemon->verifier);
	if (status == STATUS_OK)
		status = build_zones(daemon);
	if (status == STATUS_OK)
		status = build_pipeline(daemon);
	if (status == STATUS_OK)
		status = build_page(daemon);
	if (status == STATUS_OK)
		status = build_http(daemon);
	if (status != STATUS_OK)
		LOG(LOG_ERROR, "start-failed", log_text("text", status_text(status)));
	return status;
}

/*
 * "::" takes IPv4 clients too, unless the configuration has an IPv4 listener of its own on that port: the two cannot
 * share it.
 */
static bool wants_v6_only(const struct config *config, const struct config_listener *listener)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		if (config->listeners[i].port == listener->port && config->listeners[i].address.family == ADDR_V4)
			return true;
	}
	return false;
}

static enum status listen_on(struct daemon *daemon, const struct config_listener *listener)
{
	struct http_listen_options options = {
		.endpoint = {listener->address, (uint16_t)listener->port},
		.v6_only = wants_v6_only(daemon->config, listener),
		.path = listener->path,
		.mode = listener->mode,
		.trusted = config_trusted(daemon->config, listener),
		.proxy_protocol = listener->proxy_protocol,
		.certificates = listener->cert_set,
		.tls_priorities = listener->tls_priorities,
		.errors_as_200 = listener->errors_as_200,
		.account_page = listener->account_page,
	};
	char text[ENDPOINT_TEXT_MAX], error[256];
	enum status status = http_server_listen(daemon->http, &options, error, sizeof error);

	if (status == STATUS_OK)
		LOG(LOG_INFO, "listening",
		    log_text("address", options.path ? options.path : endpoint_format(&options.endpoint, text)),
		    log_text("scheme", options.certificates ? "https" : "http"));
	else
		LOG(LOG_ERROR, "listen-failed", log_text("text", error));
	return status;
}

static enum status listen_on_all(struct daemon *daemon)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < daemon->config->listener_count && status == STATUS_OK; i++)
		status = listen_on(daemon, &daemon->config->listeners[i]);
	return status;
}

static void on_drained(void *ctx, size_t cut)
{
	struct daemon *daemon = ctx;

	LOG(LOG_INFO, "drained", log_number("unfinished", (int64_t)cut),
	    log_text("text", "every request that had arrived was answered"));
	uv_stop(&daemon->loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;

	if (daemon->stopping)
		return;
	daemon->stopping = true;
	LOG(LOG_INFO, "draining", log_text("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"));
	http_server_drain(daemon->http, on_drained, daemon);
}

static enum status watch_signals(struct daemon *daemon)
{
	static const int numbers[] = {SIGTERM, SIGINT};

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		uv_signal_init(&daemon->loop, &daemon->signals[i]);
		daemon->signals[i].data = daemon;
	}
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (uv_signal_start(&daemon->signals[i], on_signal, numbers[i]) != 0)
			return STATUS_IO;
	}
	return STATUS_OK;
}

static void take_apart(struct daemon *daemon)
{
	for (size_t i = 0; i < sizeof daemon->signals / sizeof *daemon->signals; i++)
		uv_close((uv_handle_t *)&daemon->signals[i], NULL);
	http_server_free(&daemon->http);
	if (daemon->pipeline)
		pipeline_free(&daemon->pipeline);
	page_free(&daemon->page);
	sessions_free(&daemon->sessions);
	zones_free(&daemon->zones);
	account_store_free(&daemon->store);
	state_free(&daemon->state);
	throttle_free(&daemon->throttle);
	throttle_free(&daemon->page_throttle);
	verifier_free(&daemon->verifier);
	/* The loop ends by itself once every handle is closed. */
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
	uv_loop_close(&daemon->loop);
	free(daemon->plan_zones);
	free(daemon->zone_setups);
	config_release(&daemon->config);
}

/*
 * Has memory overwritten when it is freed: libraries free what they have read of requests as it is, keys and cookies
 * included. Small blocks are an exception in glibc, but libmicrohttpd's are large.
 */
static void wipe_freed_memory(void)
{
#ifdef M_PERTURB
	mallopt(M_PERTURB, 0xff);
#endif
}

static int serve(const char *config_path)
{
	struct daemon daemon = {.config = cli_load_config(config_path)};
	int exit_status = CLI_FAILURE;

	if (!daemon.config)
		return CLI_FAILURE;
	wipe_freed_memory();
	log_set_level(daemon.config->log_level);
	if (uv_loop_init(&daemon.loop) != 0) {
		LOG(LOG_ERROR, "start-failed", log_text("text", "the event loop cannot be made"));
		config_release(&daemon.config);
		return CLI_FAILURE;
	}
	daemon.env = env_uv(&daemon.loop);
	if (watch_signals(&daemon) == STATUS_OK && build(&daemon) == STATUS_OK && listen_on_all(&daemon) == STATUS_OK) {
		LOG(LOG_INFO, "ready", log_number("zones", (int64_t)daemon.config->zone_count),
		    log_number("users", (int64_t)daemon.config->user_count));
		uv_run(&daemon.loop, UV_RUN_DEFAULT);
		exit_status = CLI_SUCCESS;
	}
	take_apart(&daemon);
	return exit_status;
}

const struct cli_command cli_serve = {
	.name = "serve",
	.summary = "runs the gateway in the foreground",
	.usage = "-c FILE",
	.help = "Serves HTTP as the configuration says, in the foreground, and logs to standard error. SIGTERM or\n"
		"SIGINT end it: no new requests, but every request that has arrived gets its answer.\n\n"
		"  -c, --config FILE   the configuration\n\n"
		"Exit status: 0 after a signal, 1 if it could not start, 2 for a wrong command line.",
	.wants_config = true,
	.run = serve,
};
