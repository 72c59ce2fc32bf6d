/*
 * `ddnsgate serve`: the daemon. This file puts the parts together, lets them run, and takes them apart again.
 *
 * On SIGTERM or SIGINT it drains: no new connections, every request that has arrived gets its answer, then the end.
 *
 * On SIGHUP it reads the configuration anew, off the loop, for files may be slow. If it is good, and every listener can
 * be opened, it comes into force at once and as a whole: a new generation for the requests that come, and for the
 * listeners http_server_configure(). Else all stays as it was.
 */
#include "daemon/serve.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "admin/admin.h"
#include "admin/requests.h"
#include "base/log.h"
#include "base/log_out.h"
#include "base/process.h"
#include "base/repeat.h"
#include "base/secret.h"
#include "base/signals.h"
#include "config/complaints.h"
#include "daemon/descriptors.h"
#include "daemon/generation.h"
#include "daemon/listeners.h"
#include "daemon/reload.h"
#include "dialect/dialect.h"
#include "http/server.h"
#include "loop/env_uv.h"
#include "loop/systemd.h"

enum {
	BACKSTOP_MS = 8000, /* beyond an update's deadline, when HTTP gives up; the account page may hash passwords */
	REQUEST_TIMEOUT_S = 60, /* for a request to arrive whole */
	SWEEP_MS = 500,         /* between looks at generations that are not in force any more */
};

struct daemon {
	const char *version;
	char *config_path;
	uv_loop_t loop;
	struct env env;
	struct order *order;
	struct throttle *throttle;
	struct throttle *page_throttle;
	struct sessions *sessions;
	struct requests *requests;
	struct admin *admin;
	struct verifier *verifier;
	struct generation *current;
	LIST_HEAD(, generation) retired; /* requests that began in them are under way */
	struct http_server *http;
	struct http_server *admin_http;
	struct reload *reload; /* under way, else NULL */
	bool reload_again;     /* the file may have changed since it was read */
	uv_signal_t signals[5];
	uv_timer_t sweep;
	uv_timer_t watchdog;
	bool stopping;
};

static enum status set_log(const struct config *config)
{
	log_set_level(config->log_level);
	log_set_format(config->log_format);
	return log_out_open(text_of(config->log_to));
}

/* ---- Options of the parts ---- */

static struct throttle_limits throttle_limits(const struct daemon *daemon, const struct config *config)
{
	struct throttle_limits limits = {
		.failures_max = config->failed_logins_max,
		.recovery_s = config->failed_logins_window_s,
		.changes_max = config->changes_max,
		.source_changes_max = config->changes_per_source_max,
		.changes_window_s = config->changes_window_s,
	};

	daemon->env.random(daemon->env.ctx, &limits.seed, sizeof limits.seed);
	return limits;
}

/* Of the account page, where a change is something else, and the bounds of updates say nothing. */
static struct throttle_limits page_limits(const struct daemon *daemon, const struct config *config)
{
	struct throttle_limits limits = throttle_limits(daemon, config);

	limits.changes_max = PAGE_CHANGES_MAX;
	limits.source_changes_max = 0;
	limits.changes_window_s = PAGE_CHANGES_WINDOW_S;
	return limits;
}

static struct session_limits session_limits(const struct config *config)
{
	return (struct session_limits){SESSIONS_MAX, SESSION_AGE_S, config->account_page_idle_s};
}

static size_t count_primaries(const struct generation *generation)
{
	size_t count = 0;

	while (generation && zones_primary(generation->zones, count))
		count++;
	return count;
}

static bool looks_up_names(const struct config *config)
{
	for (size_t i = 0; i < config->zone_count; i++) {
		for (size_t j = 0; j < config->zones[i].primary_count; j++) {
			if (config->zones[i].primaries[j].host.len)
				return true;
		}
	}
	return false;
}

/* Those of generations that are not over yet may each still have their connection. */
static size_t count_all_primaries(const struct daemon *daemon)
{
	const struct generation *generation;
	size_t count = count_primaries(daemon->current);

	LIST_FOREACH(generation, &daemon->retired, link)
		count += count_primaries(generation);
	return count;
}

/* Allows as many open files as are wanted, or as the system lets us; then there are fewer connections. */
static struct descriptors_share fit_connections(const struct daemon *daemon, const struct generation *generation)
{
	const struct config *config = generation->config;
	struct descriptors_need need = {
		.listeners = config->listener_count,
		.connections = config->max_connections,
		.primaries = count_all_primaries(daemon),
		.has_admin = config->has_admin,
		.has_state = config->state_dir != NULL,
		.has_names = looks_up_names(config),
	};
	struct descriptors_share share;
	uint64_t wanted, allowed;

	if (generation != daemon->current)
		need.primaries += count_primaries(generation);
	wanted = descriptors_wanted(&need);
	allowed = process_allow_files(wanted);
	share = descriptors_share(&need, allowed);
	if (allowed < wanted)
		LOG(LOG_WARNING, "few-descriptors", log_number("allowed", (int64_t)allowed),
		    log_number("wanted", (int64_t)wanted), log_number("connections", (int64_t)share.all),
		    log_text("text", "there will be fewer connections of clients, so that primaries get theirs; raise "
				     "the limit of open files, or lower max_connections"));
	return share;
}

static struct http_options http_options(const struct config *config)
{
	return (struct http_options){
		.idle_timeout_s = config->idle_timeout_s,
		.request_timeout_s = REQUEST_TIMEOUT_S,
		.exchange_timeout_ms = config->request_timeout_ms + BACKSTOP_MS,
		.max_connections_per_source = config->max_connections_per_source,
		.realm = "ddnsgate",
		.speaks_json = dialects_speak_json,
	};
}

static struct http_options admin_options(const struct config *config)
{
	return (struct http_options){
		.idle_timeout_s = config->idle_timeout_s,
		.request_timeout_s = REQUEST_TIMEOUT_S,
		.exchange_timeout_ms = BACKSTOP_MS,
		.max_connections = ADMIN_CONNECTIONS_MAX,
		.realm = "ddnsgate",
	};
}

/* After the last thing that wants the rights of root: the listeners on low ports. */
static enum status drop_privileges(const struct config *config)
{
	char error[256];
	enum status status;

	if (!config->user) {
		if (geteuid() == 0)
			LOG(LOG_WARNING, "runs-as-root",
			    log_text("text", "nothing here needs that; name a `user` in the configuration"));
		return STATUS_OK;
	}
	status = process_become(config->user, config->group, error, sizeof error);
	if (status == STATUS_OK)
		LOG(LOG_INFO, "privileges-dropped", log_text("user", config->user));
	else
		LOG(LOG_ERROR, "start-failed", log_text("text", error));
	return status;
}

/* ---- Listeners ---- */

/* What the configuration says of them; `is_start`: systemd's sockets are there to be used. */
static enum status configure_http(struct daemon *daemon, const struct generation *generation, bool is_start)
{
	const struct config *config = generation->config;
	struct descriptors_share share = fit_connections(daemon, generation);
	struct http_options options = http_options(config);
	struct http_listen_options *listeners = NULL;
	char error[512] = "out of memory";
	size_t count = 0;
	enum status status = listeners_of(config, &listeners, &count);

	options.max_connections = share.each;
	options.max_connections_in_all = share.all;
	if (listeners && is_start)
		listeners_inherit(listeners, count);
	if (status == STATUS_OK)
		status = http_server_configure(daemon->http, &options, listeners, count, error, sizeof error);
	if (status == STATUS_OK)
		listeners_log(listeners, count);
	else
		LOG(LOG_ERROR, "listen-failed", log_text("text", error));
	free(listeners);
	return status;
}

/* The one of the administrators, or none. */
static enum status configure_admin(struct daemon *daemon, const struct config *config)
{
	struct http_options options = admin_options(config);
	struct http_listen_options listener = {.endpoint = config->admin, .v6_only = true};
	char text[ENDPOINT_TEXT_MAX], error[512] = "out of memory";
	enum status status =
		http_server_configure(daemon->admin_http, &options, &listener, config->has_admin, error, sizeof error);

	if (status != STATUS_OK)
		LOG(LOG_ERROR, "listen-failed", log_text("text", error));
	else if (config->has_admin)
		LOG(LOG_INFO, "admin-listening", log_text("address", endpoint_format(&config->admin, text)));
	return status;
}

/* Both; after a failure those of `before` are as they were. */
static enum status configure_all(struct daemon *daemon, const struct generation *generation,
				 const struct generation *before)
{
	enum status status = configure_admin(daemon, generation->config);

	if (status != STATUS_OK)
		return status;
	status = configure_http(daemon, generation, before == NULL);
	if (status != STATUS_OK && before && configure_admin(daemon, before->config) != STATUS_OK)
		LOG(LOG_ERROR, "admin-lost", log_text("text", "the admin listener could not be opened again"));
	return status;
}

/* An http_handler_fn: a request belongs to the generation in which it comes. */
static void on_request(void *ctx, struct http_exchange *exchange, const struct http_request *request)
{
	const struct daemon *daemon = ctx;

	generation_handle(daemon->current, exchange, request);
}

/* ---- Reloading ---- */

static struct generation_world world_of(struct daemon *daemon)
{
	return (struct generation_world){
		.loop = &daemon->loop,
		.env = &daemon->env,
		.order = daemon->order,
		.throttle = daemon->throttle,
		.page_throttle = daemon->page_throttle,
		.sessions = daemon->sessions,
		.requests = daemon->requests,
		.verifier = daemon->verifier,
	};
}

/* What was set aside for the primaries of one that is over is for clients again. */
static void raise_connections(const struct daemon *daemon)
{
	struct descriptors_share share = fit_connections(daemon, daemon->current);

	http_server_bound(daemon->http, share.each, share.all);
}

static void on_sweep(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	struct generation *generation, *next;
	bool is_over = false;

	for (generation = LIST_FIRST(&daemon->retired); generation; generation = next) {
		next = LIST_NEXT(generation, link);
		if (!generation_is_idle(generation))
			continue;
		LIST_REMOVE(generation, link);
		generation_free(&generation);
		is_over = true;
	}
	if (is_over)
		raise_connections(daemon);
	if (LIST_EMPTY(&daemon->retired))
		uv_timer_stop(&daemon->sweep);
}

static struct admin_hosts admin_hosts(const struct config *config)
{
	return (struct admin_hosts){config->admin.addr, config->admin_names, config->admin_name_count};
}

/* From here on nothing can fail. */
static void put_into_force(struct daemon *daemon, struct generation *generation)
{
	struct throttle_limits limits = throttle_limits(daemon, generation->config);
	struct throttle_limits of_page = page_limits(daemon, generation->config);
	struct session_limits sessions = session_limits(generation->config);
	struct admin_hosts hosts = admin_hosts(generation->config);

	zones_take_over(generation->zones);
	throttle_set_limits(daemon->throttle, &limits);
	throttle_set_limits(daemon->page_throttle, &of_page);
	sessions_set_limits(daemon->sessions, &sessions);
	LIST_INSERT_HEAD(&daemon->retired, daemon->current, link);
	daemon->current = generation;
	uv_timer_start(&daemon->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
	admin_set_zones(daemon->admin, generation->zones, generation->config->zone_count);
	admin_set_hosts(daemon->admin, &hosts);
	if (set_log(generation->config) != STATUS_OK)
		LOG(LOG_ERROR, "log-failed", log_text("text", "there is no socket for the log"));
	LOG(LOG_INFO, "reloaded", log_number("zones", (int64_t)generation->config->zone_count),
	    log_number("users", (int64_t)generation->config->user_count));
}

static enum status apply(struct daemon *daemon, struct config **config)
{
	struct generation_world world = world_of(daemon);
	struct generation *generation;
	enum status status = generation_new(&world, config, daemon->current, &generation);

	if (status != STATUS_OK) {
		LOG(LOG_ERROR, "reload-failed", log_text("text", status_text(status)));
		return status;
	}
	status = configure_all(daemon, generation, daemon->current);
	if (status == STATUS_OK)
		put_into_force(daemon, generation);
	else
		generation_free(&generation);
	return status;
}

static void begin_reload(struct daemon *daemon);

/* A reload_done_fn. */
static void on_loaded(void *ctx, struct config **config)
{
	struct daemon *daemon = ctx;

	daemon->reload = NULL;
	if (daemon->stopping) {
		config_release(config);
		return;
	}
	if (!*config || apply(daemon, config) != STATUS_OK)
		LOG(LOG_ERROR, "reload-failed", log_text("text", "the configuration that was in force stays so"));
	systemd_ready();
	if (daemon->reload_again)
		begin_reload(daemon);
}

static void begin_reload(struct daemon *daemon)
{
	daemon->reload_again = daemon->reload != NULL;
	if (daemon->reload)
		return;
	systemd_reloading();
	LOG(LOG_INFO, "reloading", log_text("file", daemon->config_path));
	if (reload_begin(&daemon->loop, daemon->config_path, on_loaded, daemon, &daemon->reload) != STATUS_OK)
		on_loaded(daemon, &(struct config *){NULL});
}

/* ---- Signals ---- */

static void on_drained(void *ctx, size_t cut)
{
	struct daemon *daemon = ctx;

	LOG(LOG_INFO, "drained", log_number("unfinished", (int64_t)cut),
	    log_text("text", "every request that had arrived was answered"));
	uv_stop(&daemon->loop);
}

/* SIGUSR1 makes the log say more, SIGUSR2 less. */
static void on_level_signal(uv_signal_t *handle, int number)
{
	enum log_level level = log_level();

	(void)handle;
	if (number == SIGUSR1 && level < LOG_DEBUG)
		level++;
	else if (number == SIGUSR2 && level > LOG_ERROR)
		level--;
	log_set_level(LOG_WARNING > level ? LOG_WARNING : level);
	LOG(LOG_WARNING, "log-level", log_text("level", log_level_name(level)),
	    log_text("by", number == SIGUSR1 ? "SIGUSR1" : "SIGUSR2"));
	log_set_level(level);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;

	if (daemon->stopping)
		return;
	if (number == SIGHUP) {
		begin_reload(daemon);
		return;
	}
	daemon->stopping = true;
	systemd_stopping();
	LOG(LOG_INFO, "draining", log_text("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"));
	http_server_drain(daemon->http, on_drained, daemon);
}

static enum status watch_signals(struct daemon *daemon)
{
	static const struct {
		int number;
		uv_signal_cb act;
	} watched[] = {{SIGTERM, on_signal},
		       {SIGINT, on_signal},
		       {SIGHUP, on_signal},
		       {SIGUSR1, on_level_signal},
		       {SIGUSR2, on_level_signal}};

	for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
		if (uv_signal_start(&daemon->signals[i], watched[i].act, watched[i].number) != 0)
			return STATUS_IO;
	}
	signals_let_go();
	return STATUS_OK;
}

/* ---- Beginning and end ---- */

static void on_watchdog(uv_timer_t *timer)
{
	(void)timer;
	systemd_alive();
}

static void init_handles(struct daemon *daemon)
{
	for (size_t i = 0; i < sizeof daemon->signals / sizeof *daemon->signals; i++) {
		uv_signal_init(&daemon->loop, &daemon->signals[i]);
		daemon->signals[i].data = daemon;
	}
	uv_timer_init(&daemon->loop, &daemon->sweep);
	uv_timer_init(&daemon->loop, &daemon->watchdog);
	daemon->sweep.data = daemon;
}

static void close_handles(struct daemon *daemon)
{
	for (size_t i = 0; i < sizeof daemon->signals / sizeof *daemon->signals; i++)
		uv_close((uv_handle_t *)&daemon->signals[i], NULL);
	uv_close((uv_handle_t *)&daemon->sweep, NULL);
	uv_close((uv_handle_t *)&daemon->watchdog, NULL);
}

static enum status build_admin(struct daemon *daemon)
{
	const struct config *config = daemon->current->config;
	struct http_options options = admin_options(config);
	struct admin_parts parts = {
		.sources = {.version = daemon->version,
			    .started_s = env_wall_s(&daemon->env),
			    .requests = daemon->requests,
			    .http = http_server_stats(daemon->http),
			    .zones = daemon->current->zones,
			    .zone_count = config->zone_count},
		.draining = &daemon->stopping,
		.hosts = admin_hosts(config),
		.answer = http_exchange_answer,
	};
	enum status status = admin_new(&parts, &daemon->admin);

	if (status != STATUS_OK)
		return status;
	return http_server_new(&daemon->loop, &options, admin_handle, daemon->admin, &daemon->admin_http);
}

static enum status build(struct daemon *daemon, struct config **config)
{
	struct throttle_limits limits = throttle_limits(daemon, *config);
	struct throttle_limits of_page = page_limits(daemon, *config);
	struct session_limits sessions = session_limits(*config);
	struct http_options options = http_options(*config);
	enum status status = throttle_new(&limits, &daemon->throttle);
	struct generation_world world;
	uint64_t seed;

	daemon->env.random(daemon->env.ctx, &seed, sizeof seed);
	if (status == STATUS_OK)
		status = order_new(seed, &daemon->order);
	if (status == STATUS_OK)
		status = throttle_new(&of_page, &daemon->page_throttle);
	if (status == STATUS_OK)
		status = sessions_new(&daemon->env, &sessions, &daemon->sessions);
	if (status == STATUS_OK)
		status = requests_new(&daemon->requests);
	if (status == STATUS_OK)
		status = verifier_new(&daemon->env, &daemon->verifier);
	world = world_of(daemon);
	if (status == STATUS_OK)
		status = generation_new(&world, config, NULL, &daemon->current);
	if (status == STATUS_OK)
		status = http_server_new(&daemon->loop, &options, on_request, daemon, &daemon->http);
	if (status == STATUS_OK)
		status = build_admin(daemon);
	if (status != STATUS_OK)
		LOG(LOG_ERROR, "start-failed", log_text("text", status_text(status)));
	config_release(config);
	return status;
}

static enum status start(struct daemon *daemon, struct config **config)
{
	enum status status = watch_signals(daemon);

	if (status == STATUS_OK)
		status = repeat_begin(&daemon->env);
	if (status == STATUS_OK)
		status = build(daemon, config);
	if (status == STATUS_OK)
		status = configure_all(daemon, daemon->current, NULL);
	if (status == STATUS_OK)
		status = drop_privileges(daemon->current->config);
	config_release(config);
	return status;
}

static void run(struct daemon *daemon)
{
	uint64_t watchdog_ms = systemd_watchdog_ms();

	LOG(LOG_INFO, "ready", log_number("zones", (int64_t)daemon->current->config->zone_count),
	    log_number("users", (int64_t)daemon->current->config->user_count));
	systemd_ready();
	if (watchdog_ms)
		uv_timer_start(&daemon->watchdog, on_watchdog, 0, watchdog_ms);
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
}

static void take_apart(struct daemon *daemon)
{
	daemon->stopping = true;
	signals_hold();
	close_handles(daemon);
	http_server_free(&daemon->http);
	http_server_free(&daemon->admin_http);
	admin_free(&daemon->admin);
	while (!LIST_EMPTY(&daemon->retired)) {
		struct generation *generation = LIST_FIRST(&daemon->retired);

		LIST_REMOVE(generation, link);
		generation_free(&generation);
	}
	generation_free(&daemon->current);
	order_free(&daemon->order);
	throttle_free(&daemon->throttle);
	throttle_free(&daemon->page_throttle);
	sessions_free(&daemon->sessions);
	requests_free(&daemon->requests);
	verifier_free(&daemon->verifier);
	repeat_end();
	/* The loop ends by itself once every handle is closed, and a reload that is under way is over. */
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
	uv_loop_close(&daemon->loop);
	free(daemon->config_path);
}

/* Sets up the log, too, so that what there is to say of the configuration goes where it wants it. */
static struct config *load_first(const char *path)
{
	struct complaints complaints;
	struct config *config = complaints_load(path, &complaints);

	secret_wipe_stack(); /* keys were read */
	if (!config) {
		complaints_print(&complaints);
		return NULL;
	}
	if (set_log(config) != STATUS_OK)
		LOG(LOG_ERROR, "log-failed",
		    log_text("text", "there is no socket for the log; it goes to standard error"));
	complaints_log(&complaints);
	return config;
}

bool serve(const char *config_path, const char *version)
{
	struct daemon daemon = {.version = version, .config_path = reload_path(config_path)};
	struct config *config = NULL;
	bool served = false;

	/* Before anything that may be slow; main() holds the others. */
	signals_end_at_once();
	/* Before the first secret is read. */
	if (process_protect() != STATUS_OK)
		LOG(LOG_WARNING, "unprotected", log_text("text", "memory cannot be kept from core dumps"));
	if (daemon.config_path)
		config = load_first(daemon.config_path);
	if (config && uv_loop_init(&daemon.loop) != 0) {
		LOG(LOG_ERROR, "start-failed", log_text("text", "the event loop cannot be made"));
		config_release(&config);
	}
	if (!config) {
		free(daemon.config_path);
		return false;
	}
	daemon.env = env_uv(&daemon.loop);
	init_handles(&daemon);
	if (start(&daemon, &config) == STATUS_OK) {
		run(&daemon);
		served = true;
	}
	take_apart(&daemon);
	return served;
}
