/*
 * reload: making a generation of the configuration, as it is in the file now, while the daemon works. What takes long
 * is done on another thread: reading, checking, and all of a generation that needs nothing else. It comes into force as
 * a whole, or all stays as it was.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include <uv.h>

#include "base/env.h"
#include "daemon/generation.h"

struct reload;

/* Completes a generation and puts it into force. It is taken, with or without success. */
typedef enum status reload_apply_fn(void *ctx, struct generation *generation);

/* `path` must stay valid; `loop` and `env`, too. STATUS_NO_MEMORY. */
MUST_USE enum status reload_new(uv_loop_t *loop, const struct env *env, const char *path, reload_apply_fn *apply,
				void *ctx, struct reload **out);

/*
 * Reads the file, and has apply() called from the loop if it is good. If a reload is under way, another one follows it,
 * for the file may have changed since it was read.
 */
void reload_begin(struct reload *reload);

/* Nothing comes into force any more. A file that is being read is read to its end, for which the loop must run. */
void reload_stop(struct reload *reload);

/* It must have been stopped, and nothing be under way. Sets *reload to NULL, which is allowed there. */
void reload_free(struct reload **reload);

/* An absolute path for the same file, which stays right when the current folder changes; heap. NULL without memory. */
char *reload_path(const char *path);

#endif
