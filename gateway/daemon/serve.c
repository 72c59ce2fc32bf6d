/*
 * `ddnsgate serve`, from its start to its end:
 *
 *   serve          reads the configuration
 *   serve_start    makes the parts, opens the listeners, and gives up the rights of root
 *   serve_run      lets them run
 *   on_stop        SIGTERM, SIGINT: no new connections, every request that has arrived gets its answer, then the end
 *   take_apart     in the other direction
 *
 * On the way SIGHUP may bring another configuration (reload.h): put_into_force(), a new generation for the requests
 * that come, and listeners as they are wanted then. It is all or nothing.
 */
#include "daemon/serve.h"

#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "base/log_out.h"
#include "base/process.h"
#include "base/repeat.h"
#include "base/secret.h"
#include "base/signals.h"
#include "config/complaints.h"
#include "daemon/control.h"
#include "daemon/generations.h"
#include "daemon/reload.h"
#include "daemon/servers.h"
#include "daemon/world.h"
#include "loop/env_uv.h"
#include "loop/meter.h"

struct daemon {
	const char *version;
	char *config_path;
	uv_loop_t loop;
	struct env env;
	struct meter meter;
	struct control control;
	struct world world;
	struct generations generations;
	struct servers servers;
	struct reload *reload;
	bool stopping;
};

static enum status set_log(const struct config *config)
{
	log_set_level(config->log_level);
	log_set_format(config->log_format);
	return log_out_open(text_of(config->log_to));
}

static void log_in_force(const char *event, const struct config *config)
{
	LOG(LOG_INFO, event, log_number("zones", (int64_t)config->zone_count),
	    log_number("users", (int64_t)config->user_count));
}

/* ---- Another configuration ---- */

/* From here on nothing can fail. */
static void put_into_force(struct daemon *daemon, struct generation *generation)
{
	generations_succeed(&daemon->generations, generation);
	world_set_limits(&daemon->world, generation->config);
	servers_turn_to(&daemon->servers, generation);
	if (set_log(generation->config) != STATUS_OK)
		LOG(LOG_ERROR, "log-failed", log_text("text", "there is no socket for the log"));
	log_in_force("reloaded", generation->config);
}

static enum status begin(void *ctx, struct generation *generation)
{
	struct daemon *daemon = ctx;

	return generation_begin(generation, &daemon->world, daemon->generations.current);
}

static bool apply(void *ctx, struct generation *generation)
{
	struct daemon *daemon = ctx;
	struct generations *generations = &daemon->generations;
	size_t primaries = generations_primaries(generations) + generation_primaries(generation);
	enum status status =
		servers_configure(&daemon->servers, generation->config, generations->current->config, primaries);

	if (status == STATUS_OK)
		put_into_force(daemon, generation);
	else
		generations_discard(generations, generation);
	return status == STATUS_OK;
}

static void discard(void *ctx, struct generation *generation)
{
	struct daemon *daemon = ctx;

	generations_discard(&daemon->generations, generation);
}

/* What was set aside for the primaries of a generation that is over is for clients again. */
static void on_generation_over(void *ctx)
{
	struct daemon *daemon = ctx;

	servers_bound(&daemon->servers, daemon->generations.current->config,
		      generations_primaries(&daemon->generations));
}

/* ---- What signals want ---- */

static void on_caught(void *ctx)
{
	struct daemon *daemon = ctx;

	meter_restart(&daemon->meter);
}

static void on_reload(void *ctx)
{
	struct daemon *daemon = ctx;

	reload_begin(daemon->reload);
}

static void on_drained(void *ctx, size_t cut)
{
	struct daemon *daemon = ctx;

	LOG(LOG_INFO, "drained", log_number("unfinished", (int64_t)cut),
	    log_text("text", "every request that had arrived was answered"));
	uv_stop(&daemon->loop);
}

static void on_stop(void *ctx)
{
	struct daemon *daemon = ctx;

	daemon->stopping = true;
	reload_stop(daemon->reload);
	http_server_drain(daemon->servers.clients, on_drained, daemon);
}

/* ---- Beginning and end ---- */

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

/* The first one; the configuration is taken. */
static enum status make_generation(struct daemon *daemon, struct config **config)
{
	struct generation *generation;
	char error[GENERATION_ERROR_MAX];
	enum status status = generation_prepare(&daemon->world, config, &generation, error);

	if (status != STATUS_OK) {
		LOG(LOG_ERROR, "start-failed", log_text("text", error));
		return status;
	}
	status = generation_complete(generation, &daemon->world, NULL);
	if (status == STATUS_OK) {
		generations_succeed(&daemon->generations, generation);
		return STATUS_OK;
	}
	generation_free(&generation);
	LOG(LOG_ERROR, "start-failed", log_text("text", status_text(status)));
	return status;
}

/* What outlives configurations. */
static enum status build(struct daemon *daemon, const struct config *config)
{
	struct reload_hooks hooks = {.begin = begin, .apply = apply, .discard = discard, .ctx = daemon};
	enum status status = world_init(&daemon->world, &daemon->loop, &daemon->env, config);

	if (status == STATUS_OK)
		status = generations_init(&daemon->generations, &daemon->env, on_generation_over, daemon);
	if (status == STATUS_OK)
		status = reload_new(&daemon->world, daemon->config_path, &hooks, &daemon->reload);
	if (status != STATUS_OK)
		LOG(LOG_ERROR, "start-failed", log_text("text", status_text(status)));
	return status;
}

static enum status build_servers(struct daemon *daemon)
{
	struct servers_parts parts = {
		.loop = &daemon->loop,
		.env = &daemon->env,
		.requests = daemon->world.requests,
		.history = &daemon->world.history,
		.turns = &daemon->meter.turns,
		.version = daemon->version,
		.draining = &daemon->stopping,
		.spare_connections = daemon->world.spare_connections,
	};
	enum status status = servers_init(&daemon->servers, &parts, daemon->generations.current);

	if (status == STATUS_OK)
		servers_turn_to(&daemon->servers, daemon->generations.current);
	else
		LOG(LOG_ERROR, "start-failed", log_text("text", status_text(status)));
	return status;
}

static enum status serve_start(struct daemon *daemon, struct config **config)
{
	struct generations *generations = &daemon->generations;
	enum status status = control_listen(&daemon->control);

	if (status == STATUS_OK)
		status = repeat_begin(&daemon->env);
	if (status == STATUS_OK)
		status = build(daemon, *config);
	if (status == STATUS_OK)
		status = make_generation(daemon, config);
	if (status == STATUS_OK)
		status = build_servers(daemon);
	if (status == STATUS_OK)
		status = servers_configure(&daemon->servers, generations->current->config, NULL,
					   generations_primaries(generations));
	if (status == STATUS_OK)
		status = drop_privileges(generations->current->config);
	config_release(config);
	return status;
}

static void serve_run(struct daemon *daemon)
{
	log_in_force("ready", daemon->generations.current->config);
	control_ready(&daemon->control);
	meter_start(&daemon->meter);
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
}

static void take_apart(struct daemon *daemon)
{
	daemon->stopping = true;
	if (daemon->reload)
		reload_stop(daemon->reload);
	control_fini(&daemon->control);
	meter_fini(&daemon->meter);
	servers_fini(&daemon->servers);
	generations_fini(&daemon->generations);
	world_fini(&daemon->world);
	repeat_end();
	/* The loop ends by itself once every handle is closed, and a reload that is under way is over. */
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
	uv_loop_close(&daemon->loop);
	reload_free(&daemon->reload);
	free(daemon->config_path);
}

/* Sets up the log, too, so that messages about the configuration go where it says. */
static struct config *load_first(const char *path)
{
	struct complaints complaints;
	struct config *config = complaints_load(path, &complaints);

	secret_wipe_stack(); /* keys were read, and copies may be left on the stack */
	if (!config) {
		complaints_print(&complaints);
		return NULL;
	}
	if (set_log(config) != STATUS_OK)
		LOG(LOG_ERROR, "log-failed",
		    log_text("text", "there is no socket for the log; it goes to standard error"));
	complaints_log(&complaints);
	process_give_back(); /* what the file was while it was read */
	return config;
}

bool serve(const char *config_path, const char *version)
{
	struct daemon daemon = {.version = version, .config_path = reload_path(config_path)};
	struct control_hooks hooks = {.caught = on_caught, .reload = on_reload, .stop = on_stop, .ctx = &daemon};
	struct config *config = NULL;
	bool served = false;

	process_be_modest();
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
	meter_init(&daemon.meter, &daemon.loop);
	control_init(&daemon.control, &daemon.loop, &hooks);
	if (serve_start(&daemon, &config) == STATUS_OK) {
		serve_run(&daemon);
		served = true;
	}
	take_apart(&daemon);
	return served;
}
