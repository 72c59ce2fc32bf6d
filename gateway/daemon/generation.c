#include "daemon/generation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/process.h"
#include "dns/transport.h"
#include "store/stores.h"

enum {
	OVERLAP_MIN = 32, /* so many sets are worth another message while one is with the primary */
	/* So many sets keep a primary busy several times as long as an empty transaction: BIND 0.5 ms, Knot 12 ms. */
	HALF_MIN = 100,
	HALF_MIN_WITH_PAUSE = 250,
	CONFIRMS_MAX = 2,
	QUERIES_MAX = 128,
	ATTEMPTS_MAX = 5,
	ZONES_EACH = 5000, /* that a step of making or freeing one deals with: a few milliseconds */
	RETRY_PAUSE_MS = 100,
	/* BIND drops UPDATEs beyond its update-quota, 100 by default, without a reply; half is for another gateway. */
	UPDATES_AT_PRIMARY = 48,
	LOOK_PATIENCE_MS = 2000, /* of the account page, for the primary's answer */
};

static void submit(void *ctx, const struct change_set *set, void *waiter)
{
	zones_submit(ctx, set, waiter);
}

static void cancel(void *ctx, size_t zone, void *waiter)
{
	zones_cancel(ctx, zone, waiter);
}

/* What planning and the zones have to know. */
static enum status build_tables(const struct world *world, struct generation *generation)
{
	const struct config *config = generation->config;
	struct zone_setup *setups = calloc(config->zone_count, sizeof *setups);
	enum status status = STATUS_NO_MEMORY;

	generation->plan_zones = calloc(config->zone_count, sizeof *generation->plan_zones);
	for (size_t i = 0; generation->plan_zones && setups && i < config->zone_count; i++) {
		const struct config_zone *zone = &config->zones[i];

		generation->plan_zones[i] = (struct plan_zone){&zone->name, zone->ttl_s, zone->active};
		setups[i] = (struct zone_setup){
			.name = &zone->name,
			.primaries = zone->primaries,
			.primary_count = zone->primary_count,
			.key = zone->key,
			.maker = transports_of(generation->transports, i),
			.commit_pause_ms = zone->commit_pause_ms,
		};
	}
	generation->policy = (struct plan_policy){
		.zones = generation->plan_zones,
		.zone_count = config->zone_count,
		.allow_private = config->allow_private,
		.allow_loopback = config->allow_loopback,
	};
	if (generation->plan_zones && setups)
		status = plan_policy_index(&generation->policy);
	if (status == STATUS_OK)
		status = zones_prepare(world->seed, setups, config->zone_count, &generation->zones);
	free(setups);
	return status;
}

/* The state store in that folder: that of the generation before, if it is the same one. */
static enum status open_state(struct world *world, const struct generation *before, struct generation *generation,
			      struct account_store **sqlite)
{
	const char *folder = generation->config->state_dir;
	enum status status;

	if (before && before->state && strcmp(before->config->state_dir, folder) == 0) {
		generation->state = state_hold(before->state);
		*sqlite = store_sqlite_hold(before->sqlite);
		return STATUS_OK;
	}
	status = state_new(world->env, folder, &world->history, &generation->state);
	return status == STATUS_OK ? store_sqlite_new(world->env, folder, sqlite) : status;
}

/* The users of the configuration, and behind them those of the state store, if there is one. */
static enum status build_store(struct world *world, const struct generation *before, struct generation *generation)
{
	struct account_store *map = generation->store, *sqlite = NULL;
	enum status status;

	if (!generation->config->state_dir)
		return STATUS_OK;
	generation->store = NULL;
	status = open_state(world, before, generation, &sqlite);
	generation->sqlite = sqlite;
	if (status == STATUS_OK)
		status = store_chain_new(&map, &sqlite, &generation->store);
	account_store_free(&map);
	account_store_free(&sqlite);
	return status;
}

static void record(void *ctx, const struct record *record)
{
	state_record(ctx, record);
}

static void begin_zones(const struct world *world, const struct generation *before, struct generation *generation)
{
	const struct config *config = generation->config;
	struct transport_maker maker = {&transport_tcp, world->loop};
	struct dns_client_options client_options = {
		.connect_timeout_ms = config->connect_timeout_ms,
		.reply_timeout_ms = config->reply_timeout_ms,
		.fudge_s = (uint16_t)config->fudge_s,
		.connections_max = config->connections_max,
		.updates_max = UPDATES_AT_PRIMARY,
		.budget = world->spare_connections,
	};
	struct queue_limits limits = {
		.waiters_max = config->queue_max,
		.share_max = config->queue_share_max,
		.octets_max = DNS_MESSAGE_MAX,
		.updates_max = config->updates_in_flight,
		.overlap_min = OVERLAP_MIN,
		.half_min = HALF_MIN,
		.half_min_with_pause = HALF_MIN_WITH_PAUSE,
		.confirms_max = CONFIRMS_MAX,
		.queries_max = QUERIES_MAX,
		.attempts_max = ATTEMPTS_MAX,
		.retry_pause_ms = RETRY_PAUSE_MS,
		.deadline_ms = config->request_timeout_ms,
	};

	world->env->random(world->env->ctx, &limits.seed, sizeof limits.seed);
	if (before)
		zones_follow(generation->zones, before->zones, &client_options, &limits);
	else
		zones_begin(generation->zones, world->env, world->order, world->memory, &maker, &client_options,
			    &limits, pipeline_done);
}

static enum status build_pipeline(const struct world *world, struct generation *generation)
{
	struct pipeline_parts parts = {
		.env = world->env,
		.store = generation->store,
		.throttle = world->throttle,
		.authoriser = {world->env, world->verifier, generation->store, generation->config->uniform_auth_errors},
		.policy = &generation->policy,
		.record = generation->state ? record : NULL,
		.record_ctx = generation->state,
		.submit = submit,
		.cancel = cancel,
		.submit_ctx = generation->zones,
		.report = requests_report,
		.report_ctx = world->requests,
		.answer = http_exchange_answer,
		.watch = http_exchange_watch,
		.is_gone = http_exchange_is_gone,
		.order = world->order,
		.deadline_ms = generation->config->request_timeout_ms,
	};

	return pipeline_new(&parts, &generation->pipeline);
}

/* Asks a primary for the addresses of a host on the account page. */
static void look(void *ctx, const struct name *host, enum rr_type type, page_seen_fn *seen, void *seen_ctx)
{
	struct generation *generation = ctx;
	const struct plan_zone *zone = plan_find_zone(&generation->policy, host);

	if (zone)
		zones_look(generation->zones, (size_t)(zone - generation->plan_zones), host, type, LOOK_PATIENCE_MS,
			   seen, seen_ctx);
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

static enum status build_page(const struct world *world, struct generation *generation)
{
	struct page_parts parts = {
		.env = world->env,
		.state = generation->state,
		.verifier = world->verifier,
		.throttle = world->page_throttle,
		.sessions = world->sessions,
		.allow_http = generation->config->account_page_over_http,
		.server_name = generation->config->account_page_server,
		.look = look,
		.look_ctx = generation,
		.answer = http_exchange_answer,
	};

	return wants_page(generation->config) ? page_new(&parts, &generation->page) : STATUS_OK;
}

enum status generation_prepare(const struct world *world, struct config **config, struct generation **out,
			       char error[static GENERATION_ERROR_MAX])
{
	struct generation *generation = calloc(1, sizeof *generation);
	enum status status;

	snprintf(error, GENERATION_ERROR_MAX, "%s", status_text(STATUS_NO_MEMORY));
	if (!generation) {
		config_release(config);
		return STATUS_NO_MEMORY;
	}
	generation->config = *config;
	*config = NULL;
	status = transports_new(world->loop, generation->config, error, GENERATION_ERROR_MAX, &generation->transports);
	if (status == STATUS_OK)
		status = build_tables(world, generation);
	if (status == STATUS_OK)
		status = store_map_new(generation->config->users, generation->config->user_count, &generation->store);
	if (status == STATUS_OK)
		*out = generation;
	else
		generation_free(&generation);
	return status;
}

enum status generation_begin(struct generation *generation, struct world *world, const struct generation *before)
{
	enum status status = build_store(world, before, generation);

	if (status == STATUS_OK)
		begin_zones(world, before, generation);
	return status;
}

enum status generation_go_on(struct generation *generation, const struct world *world, bool *is_done)
{
	enum status status = zones_adopt(generation->zones, ZONES_EACH, is_done);

	if (status == STATUS_OK && *is_done)
		status = build_pipeline(world, generation);
	if (status == STATUS_OK && *is_done)
		status = build_page(world, generation);
	return status;
}

enum status generation_complete(struct generation *generation, struct world *world, const struct generation *before)
{
	enum status status = generation_begin(generation, world, before);
	bool is_done = false;

	while (status == STATUS_OK && !is_done)
		status = generation_go_on(generation, world, &is_done);
	return status;
}

/* An http_handler_fn. */
static void handle_with_page(void *ctx, struct http_exchange *exchange, const struct http_request *request)
{
	struct generation *generation = ctx;

	if (page_serves(request))
		page_handle(generation->page, exchange, request);
	else
		pipeline_handle(generation->pipeline, exchange, request);
}

void generation_serve(struct generation *generation, struct http_server *server)
{
	if (generation->page)
		http_server_hand_to(server, handle_with_page, generation);
	else
		http_server_hand_to(server, pipeline_handle, generation->pipeline);
}

size_t generation_primaries(const struct generation *generation)
{
	size_t count = 0;

	while (zones_primary(generation->zones, count))
		count++;
	return count;
}

bool generation_is_idle(const struct generation *generation)
{
	return (!generation->pipeline || pipeline_is_idle(generation->pipeline)) &&
	       (!generation->page || page_is_idle(generation->page)) && zones_are_idle(generation->zones);
}

/* What others have a part in, or what hangs on the loop. */
static void free_on_the_loop(struct generation *generation)
{
	if (generation->pipeline)
		pipeline_free(&generation->pipeline);
	page_free(&generation->page);
	zones_free(&generation->zones);
	transports_free(&generation->transports);
	account_store_free(&generation->store);
	state_free(&generation->state);
}

/* The rest. An env_work_fn. */
static void free_anywhere(void *job)
{
	struct generation *generation = job;

	plan_policy_fini(&generation->policy);
	free(generation->plan_zones);
	config_release(&generation->config);
	free(generation);
}

void generation_free(struct generation **generation)
{
	if (!*generation)
		return;
	free_on_the_loop(*generation);
	free_anywhere(*generation);
	*generation = NULL;
}

/* An env_work_fn. */
static void free_and_give_back(void *job)
{
	free_anywhere(job);
	process_give_back();
}

/* An env_work_fn. */
static void on_freed(void *job)
{
	(void)job;
}

bool generation_retire(struct generation **generation, const struct env *env)
{
	if (!zones_release((*generation)->zones, ZONES_EACH))
		return false;
	free_on_the_loop(*generation);
	if (env_work(env, free_and_give_back, on_freed, *generation) != STATUS_OK)
		free_anywhere(*generation);
	*generation = NULL;
	return true;
}
