#include "daemon/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/process.h"
#include "base/secret.h"
#include "config/complaints.h"
#include "loop/systemd.h"

struct reload {
	const struct world *world;
	const char *path;
	struct reload_hooks hooks;
	struct env_timer *timer; /* between steps on the loop; NULL: it was stopped */
	bool is_busy, is_aside;  /* it is under way; on another thread */
	bool again;              /* the file may have changed since it was read */
	/* Of a reload that is under way; the worker's while it is aside. */
	struct complaints complaints;
	bool is_good; /* the file: if there is no generation, `error` says why */
	struct generation *generation;
	char error[GENERATION_ERROR_MAX];
};

/* An env_work_fn. */
static void reload_prepare(void *job)
{
	struct reload *reload = job;
	struct config *config = complaints_load(reload->path, &reload->complaints);

	secret_wipe_stack(); /* keys were read */
	reload->is_good = config != NULL;
	reload->generation = NULL;
	if (config && generation_prepare(reload->world, &config, &reload->generation, reload->error) != STATUS_OK)
		reload->generation = NULL;
	process_give_back(); /* what the file was while it was read */
}

static void reload_end(struct reload *reload, bool is_in_force)
{
	reload->is_busy = false;
	if (!is_in_force)
		LOG(LOG_ERROR, "reload-failed", log_text("text", "the configuration that was in force stays so"));
	systemd_ready();
	if (reload->again)
		reload_begin(reload);
}

static void reload_fail(struct reload *reload, const char *why)
{
	struct generation *generation = reload->generation;

	reload->generation = NULL;
	LOG(LOG_ERROR, "reload-failed", log_text("text", why));
	if (generation)
		reload->hooks.discard(reload->hooks.ctx, generation);
	reload_end(reload, false);
}

static void next_step(struct reload *reload)
{
	const struct env *env = reload->world->env;

	env->timer_set(reload->timer, env_now_ms(env));
}

/* One step, so that others have their turns in between. */
static void on_step(void *ctx)
{
	struct reload *reload = ctx;
	struct generation *generation = reload->generation;
	bool is_done;
	enum status status = generation_go_on(generation, reload->world, &is_done);

	if (status != STATUS_OK) {
		reload_fail(reload, status_text(status));
	} else if (!is_done) {
		next_step(reload);
	} else {
		reload->generation = NULL;
		reload_end(reload, reload->hooks.apply(reload->hooks.ctx, generation));
	}
}

/* An env_work_fn. */
static void on_prepared(void *job)
{
	struct reload *reload = job;
	enum status status;

	reload->is_aside = false;
	complaints_log(&reload->complaints);
	if (!reload->timer) {
		generation_free(&reload->generation);
		return;
	}
	if (!reload->is_good) {
		reload_end(reload, false);
		return;
	}
	if (!reload->generation) {
		reload_fail(reload, reload->error);
		return;
	}
	status = reload->hooks.begin(reload->hooks.ctx, reload->generation);
	if (status == STATUS_OK)
		next_step(reload);
	else
		reload_fail(reload, status_text(status));
}

void reload_begin(struct reload *reload)
{
	const struct env *env = reload->world->env;

	reload->again = reload->is_busy;
	if (reload->is_busy)
		return;
	systemd_reloading();
	LOG(LOG_INFO, "reloading", log_text("file", reload->path));
	reload->is_busy = true;
	reload->is_aside = env_work(env, reload_prepare, on_prepared, reload) == STATUS_OK;
	if (!reload->is_aside)
		reload_end(reload, false);
}

void reload_stop(struct reload *reload)
{
	const struct env *env = reload->world->env;

	if (reload->timer)
		env->timer_free(&reload->timer);
	if (!reload->is_aside)
		generation_free(&reload->generation);
}

enum status reload_new(const struct world *world, const char *path, const struct reload_hooks *hooks,
		       struct reload **out)
{
	struct reload *reload = calloc(1, sizeof *reload);

	if (!reload)
		return STATUS_NO_MEMORY;
	*reload = (struct reload){.world = world, .path = path, .hooks = *hooks};
	reload->timer = world->env->timer_new(world->env->ctx, on_step, reload);
	if (!reload->timer) {
		free(reload);
		return STATUS_NO_MEMORY;
	}
	*out = reload;
	return STATUS_OK;
}

void reload_free(struct reload **reload)
{
	free(*reload);
	*reload = NULL;
}

char *reload_path(const char *path)
{
	char *folder = *path == '/' ? NULL : getcwd(NULL, 0), *whole = NULL;

	if (!folder)
		return strdup(path);
	if (asprintf(&whole, "%s/%s", folder, path) < 0)
		whole = NULL;
	free(folder);
	return whole;
}
