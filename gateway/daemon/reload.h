/*
 * reload: reading the configuration anew while the daemon works: off the loop, because files may be slow and many. What
 * is read comes into force as a whole, or all stays as it was.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "base/env.h"
#include "config/config.h"

struct reload;

/* Puts a configuration into force, which is taken, with or without success: *config becomes NULL. */
typedef enum status reload_apply_fn(void *ctx, struct config **config);

/* `path` must stay valid; `env`, too. STATUS_NO_MEMORY. */
MUST_USE enum status reload_new(const struct env *env, const char *path, reload_apply_fn *apply, void *ctx,
				struct reload **out);

/*
 * Reads the file, and has apply() called from the loop if it is good. If a reload is under way, another one follows it,
 * for the file may have changed since it was read.
 */
void reload_begin(struct reload *reload);

/* Nothing comes into force any more. A file that is being read is read to its end, for which the loop must run. */
void reload_stop(struct reload *reload);

/* It must have been stopped, and nothing be under way. Sets *reload to NULL, which is allowed there. */
void reload_free(struct reload **reload);

/* The path that names the same file whatever the current folder will be; heap. NULL without memory. */
char *reload_path(const char *path);

#endif
