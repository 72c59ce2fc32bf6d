#include "daemon/generations.h"

enum { SWEEP_MS = 500 }; /* between looks at generations that are not in force any more */

static void sweep_in(struct generations *generations, uint64_t ms)
{
	generations->env->timer_set(generations->sweep, env_now_ms(generations->env) + ms);
}

/* The first one of those that have ended. */
static struct generation *find_idle(const struct generations *generations)
{
	struct generation *generation;

	LIST_FOREACH(generation, &generations->retired, link)
		if (generation_is_idle(generation))
			break;
	return generation;
}

/* One that is idle is freed step by step, so that others have their turns in between. */
static void on_sweep(void *ctx)
{
	struct generations *generations = ctx;
	struct generation *generation = find_idle(generations);

	if (!generation) {
		if (!LIST_EMPTY(&generations->retired))
			sweep_in(generations, SWEEP_MS);
		return;
	}
	LIST_REMOVE(generation, link);
	if (generation_retire(&generation, generations->env))
		generations->over(generations->ctx);
	else
		LIST_INSERT_HEAD(&generations->retired, generation, link);
	sweep_in(generations, 0);
}

enum status generations_init(struct generations *generations, const struct env *env, void (*over)(void *ctx), void *ctx)
{
	*generations = (struct generations){.env = env, .over = over, .ctx = ctx};
	LIST_INIT(&generations->retired);
	generations->sweep = env->timer_new(env->ctx, on_sweep, generations);
	return generations->sweep ? STATUS_OK : STATUS_NO_MEMORY;
}

void generations_succeed(struct generations *generations, struct generation *generation)
{
	if (generations->current) {
		zones_take_over(generation->zones);
		LIST_INSERT_HEAD(&generations->retired, generations->current, link);
		sweep_in(generations, SWEEP_MS);
	}
	generations->current = generation;
}

void generations_discard(struct generations *generations, struct generation *generation)
{
	LIST_INSERT_HEAD(&generations->retired, generation, link);
	sweep_in(generations, 0);
}

size_t generations_primaries(const struct generations *generations)
{
	const struct generation *generation;
	size_t count = generations->current ? generation_primaries(generations->current) : 0;

	LIST_FOREACH(generation, &generations->retired, link)
		count += generation_primaries(generation);
	return count;
}

void generations_fini(struct generations *generations)
{
	while (!LIST_EMPTY(&generations->retired)) {
		struct generation *generation = LIST_FIRST(&generations->retired);

		LIST_REMOVE(generation, link);
		generation_free(&generation);
	}
	generation_free(&generations->current);
	if (generations->sweep)
		generations->env->timer_free(&generations->sweep);
}
