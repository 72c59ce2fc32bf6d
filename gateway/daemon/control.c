#include "daemon/control.h"

#include <signal.h>

#include "base/log.h"
#include "base/signals.h"
#include "loop/systemd.h"

/* SIGUSR1 makes the log say more, SIGUSR2 less. */
static void on_level_signal(uv_signal_t *handle, int number)
{
	const struct control *control = handle->data;
	enum log_level level = log_level();

	control->hooks.caught(control->hooks.ctx);
	if (number == SIGUSR1 && level < LOG_DEBUG)
		level++;
	else if (number == SIGUSR2 && level > LOG_ERROR)
		level--;
	log_set_level(LOG_WARNING > level ? LOG_WARNING : level);
	LOG(LOG_WARNING, "log-level", log_text("level", log_level_name(level)),
	    log_text("by", number == SIGUSR1 ? "SIGUSR1" : "SIGUSR2"));
	log_set_level(level);
}

static void on_reload_signal(uv_signal_t *handle, int number)
{
	const struct control *control = handle->data;

	(void)number;
	control->hooks.caught(control->hooks.ctx);
	if (!control->stopping)
		control->hooks.reload(control->hooks.ctx);
}

static void on_stop_signal(uv_signal_t *handle, int number)
{
	struct control *control = handle->data;

	control->hooks.caught(control->hooks.ctx);
	if (control->stopping)
		return;
	control->stopping = true;
	systemd_stopping();
	LOG(LOG_INFO, "draining", log_text("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"));
	control->hooks.stop(control->hooks.ctx);
}

static const struct {
	int number;
	uv_signal_cb act;
} watched[] = {{SIGTERM, on_stop_signal},
	       {SIGINT, on_stop_signal},
	       {SIGHUP, on_reload_signal},
	       {SIGUSR1, on_level_signal},
	       {SIGUSR2, on_level_signal}};

enum { WATCHED = sizeof watched / sizeof *watched };

_Static_assert(WATCHED == sizeof((struct control *)NULL)->signals / sizeof(uv_signal_t), "one handle for each signal");

void control_init(struct control *control, uv_loop_t *loop, const struct control_hooks *hooks)
{
	*control = (struct control){.hooks = *hooks};
	for (size_t i = 0; i < WATCHED; i++) {
		uv_signal_init(loop, &control->signals[i]);
		control->signals[i].data = control;
	}
	uv_timer_init(loop, &control->watchdog);
}

enum status control_listen(struct control *control)
{
	for (size_t i = 0; i < WATCHED; i++) {
		if (uv_signal_start(&control->signals[i], watched[i].act, watched[i].number) != 0)
			return STATUS_IO;
	}
	signals_let_go();
	return STATUS_OK;
}

static void on_watchdog(uv_timer_t *timer)
{
	(void)timer;
	systemd_alive();
}

void control_ready(struct control *control)
{
	uint64_t watchdog_ms = systemd_watchdog_ms();

	systemd_ready();
	if (watchdog_ms)
		uv_timer_start(&control->watchdog, on_watchdog, 0, watchdog_ms);
}

void control_fini(struct control *control)
{
	signals_hold();
	for (size_t i = 0; i < WATCHED; i++)
		uv_close((uv_handle_t *)&control->signals[i], NULL);
	uv_close((uv_handle_t *)&control->watchdog, NULL);
}
