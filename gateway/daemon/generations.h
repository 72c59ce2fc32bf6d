/*
 * generations: the one in force, and those before it in which requests are still under way. Such a one is freed when
 * the last of them is over.
 */
#ifndef DAEMON_GENERATIONS_H
#define DAEMON_GENERATIONS_H

#include <stddef.h>

#include "base/env.h"
#include "base/status.h"
#include "daemon/generation.h"

struct generations {
	const struct env *env;
	struct generation *current;
	LIST_HEAD(, generation) retired;
	struct env_timer *sweep;
	void (*over)(void *ctx);
	void *ctx;
};

/*
 * Makes it, empty. over(ctx) is called, from the loop, whenever some were freed. `env` is borrowed. STATUS_NO_MEMORY.
 */
MUST_USE enum status generations_init(struct generations *generations, const struct env *env, void (*over)(void *ctx),
				      void *ctx);

/* Puts one into force, which is taken; what was in force is so no more. */
void generations_succeed(struct generations *generations, struct generation *generation);

/* Frees one that did not come into force, which is taken, as if it had been. */
void generations_discard(struct generations *generations, struct generation *generation);

/* Primaries of all of them: those of generations that are not over yet may each still have their connection. */
size_t generations_primaries(const struct generations *generations);

/* Frees all of them, whatever is under way. Allowed on a zeroed struct. */
void generations_fini(struct generations *generations);

#endif
