/*
 * control: what signals and the service manager tell the daemon, and what it tells them.
 *
 *   SIGTERM, SIGINT   an orderly end; once it has begun, further signals say nothing
 *   SIGHUP            a reload
 *   SIGUSR1, SIGUSR2  the log says more, or less
 *
 * To the service manager: that it is ready, and then from time to time that the loop runs, if it asks for that.
 */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include <stdbool.h>
#include <uv.h>

#include "base/status.h"

struct control_hooks {
	void (*caught)(void *ctx); /* called first, for each signal */
	void (*reload)(void *ctx);
	void (*stop)(void *ctx);
	void *ctx;
};

struct control {
	struct control_hooks hooks;
	uv_signal_t signals[5];
	uv_timer_t watchdog;
	bool stopping;
};

/* Makes it, at rest. The loop must run once more after control_fini(), as long as the struct is there. */
void control_init(struct control *control, uv_loop_t *loop, const struct control_hooks *hooks);

/* From now on signals, which main() holds, come to the hooks. STATUS_IO. */
MUST_USE enum status control_listen(struct control *control);

/* Everything is in place. */
void control_ready(struct control *control);

/* Holds the signals back again. */
void control_fini(struct control *control);

#endif
