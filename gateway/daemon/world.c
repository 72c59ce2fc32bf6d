#include "daemon/world.h"

#include <stdlib.h>

static struct throttle_limits throttle_limits(const struct world *world, const struct config *config)
{
	struct throttle_limits limits = {
		.failures_max = config->failed_logins_max,
		.recovery_s = config->failed_logins_window_s,
		.changes_max = config->changes_max,
		.source_changes_max = config->changes_per_source_max,
		.changes_window_s = config->changes_window_s,
	};

	world->env->random(world->env->ctx, &limits.seed, sizeof limits.seed);
	return limits;
}

/* Of the account page, where a change is something else, and the bounds of updates say nothing. */
static struct throttle_limits page_limits(const struct world *world, const struct config *config)
{
	struct throttle_limits limits = throttle_limits(world, config);

	limits.changes_max = PAGE_CHANGES_MAX;
	limits.source_changes_max = 0;
	limits.changes_window_s = PAGE_CHANGES_WINDOW_S;
	return limits;
}

static struct session_limits session_limits(const struct config *config)
{
	return (struct session_limits){SESSIONS_MAX, SESSION_AGE_S, config->account_page_idle_s};
}

enum status world_init(struct world *world, uv_loop_t *loop, const struct env *env, const struct config *config)
{
	struct throttle_limits limits, of_page;
	struct session_limits sessions = session_limits(config);
	enum status status;
	uint64_t seed;

	*world = (struct world){.loop = loop, .env = env};
	limits = throttle_limits(world, config);
	of_page = page_limits(world, config);
	env->random(env->ctx, &seed, sizeof seed);
	env->random(env->ctx, &world->seed, sizeof world->seed);
	status = throttle_new(&limits, &world->throttle);
	if (status == STATUS_OK)
		status = order_new(seed, &world->order);
	env->random(env->ctx, &seed, sizeof seed);
	if (status == STATUS_OK)
		status = memory_new(config->hints_max, seed, &world->memory);
	if (status == STATUS_OK)
		status = throttle_new(&of_page, &world->page_throttle);
	if (status == STATUS_OK)
		status = sessions_new(env, &sessions, &world->sessions);
	if (status == STATUS_OK)
		status = requests_new(&world->requests);
	if (status == STATUS_OK)
		status = verifier_new(env, &world->verifier);
	world->spare_connections = calloc(1, sizeof *world->spare_connections);
	if (!world->spare_connections)
		return STATUS_NO_MEMORY;
	return status;
}

void world_set_limits(struct world *world, const struct config *config)
{
	struct throttle_limits limits = throttle_limits(world, config);
	struct throttle_limits of_page = page_limits(world, config);
	struct session_limits sessions = session_limits(config);

	memory_set_max(world->memory, config->hints_max);
	throttle_set_limits(world->throttle, &limits);
	throttle_set_limits(world->page_throttle, &of_page);
	sessions_set_limits(world->sessions, &sessions);
}

void world_fini(struct world *world)
{
	order_free(&world->order);
	memory_free(&world->memory);
	throttle_free(&world->throttle);
	throttle_free(&world->page_throttle);
	sessions_free(&world->sessions);
	requests_free(&world->requests);
	verifier_free(&world->verifier);
	free(world->spare_connections);
	world->spare_connections = NULL;
}
