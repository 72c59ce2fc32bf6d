/*
 * reload: making a generation of the configuration, as it is in the file now, while the daemon works. What takes long
 * is done on another thread: reading, checking, and all of a generation that needs nothing else. It comes into force as
 * a whole, or all stays as it was.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "daemon/generation.h"

struct reload;

/*
 * What is done with a generation, all from the loop and with `ctx`: begin() says what it follows, see
 * generation_begin(); when it is made, apply() puts it into force, or explains why that cannot be; and discard() frees
 * one that was not.
 * All but begin() take the generation.
 */
struct reload_hooks {
	enum status (*begin)(void *ctx, struct generation *generation);
	bool (*apply)(void *ctx, struct generation *generation);
	void (*discard)(void *ctx, struct generation *generation);
	void *ctx;
};

/* `path` and `world` must stay valid. STATUS_NO_MEMORY. */
MUST_USE enum status reload_new(const struct world *world, const char *path, const struct reload_hooks *hooks,
				struct reload **out);

/*
 * Reads the file, and makes a generation of it if it is good. If a reload is under way, another one follows it,
 * for the file may have changed since it was read.
 */
void reload_begin(struct reload *reload);

/*
 * Nothing comes into force any more; for good. A file that is being read is read to its end, for which the loop must
 * run.
 */
void reload_stop(struct reload *reload);

/* It must have been stopped, and nothing be under way. Sets *reload to NULL, which is allowed there. */
void reload_free(struct reload **reload);

/* An absolute path for the same file, which stays right when the current folder changes; heap. NULL without memory. */
char *reload_path(const char *path);

#endif
