/*
 * reload: reading the configuration anew while the daemon works: off the loop, because files may be slow and many.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include <uv.h>

#include "config/config.h"

struct reload;

/* `*config` is the callee's to take; NULL if there is none, and what is wrong has been logged. */
typedef void reload_done_fn(void *ctx, struct config **config);

/*
 * Reads the file; done(ctx, config) comes once, from the loop, and the struct is then gone. `path` must stay valid
 * until then.
 */
MUST_USE enum status reload_begin(uv_loop_t *loop, const char *path, reload_done_fn *done, void *ctx,
				  struct reload **out);

/* The path that names the same file whatever the current folder will be; heap. NULL without memory. */
char *reload_path(const char *path);

#endif
