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
	uv_loop_t *loop;
	const struct env *env;
	const char *path;
	reload_apply_fn *apply;
	void *ctx;
	bool is_working; /* then all below is the worker's, but for `again` and `is_stopped` */
	bool again;      /* the file may have changed since it was read */
	bool is_stopped;
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
	if (config && generation_prepare(reload->loop, &config, &reload->generation, reload->error) != STATUS_OK)
		reload->generation = NULL;
	process_give_back(); /* what the file was while it was read */
}

static void reload_end(struct reload *reload)
{
	struct generation *generation = reload->generation;

	reload->generation = NULL;
	if (!generation || reload->apply(reload->ctx, generation) != STATUS_OK)
		LOG(LOG_ERROR, "reload-failed", log_text("text", "the configuration that was in force stays so"));
	systemd_ready();
	if (reload->again)
		reload_begin(reload);
}

/* An env_work_fn. */
static void on_prepared(void *job)
{
	struct reload *reload = job;

	reload->is_working = false;
	complaints_log(&reload->complaints);
	if (reload->is_stopped) {
		generation_free(&reload->generation);
		return;
	}
	if (reload->is_good && !reload->generation)
		LOG(LOG_ERROR, "reload-failed", log_text("text", reload->error));
	reload_end(reload);
}

void reload_begin(struct reload *reload)
{
	reload->again = reload->is_working;
	if (reload->is_working)
		return;
	systemd_reloading();
	LOG(LOG_INFO, "reloading", log_text("file", reload->path));
	reload->is_working = env_work(reload->env, reload_prepare, on_prepared, reload) == STATUS_OK;
	if (!reload->is_working)
		reload_end(reload);
}

void reload_stop(struct reload *reload)
{
	reload->is_stopped = true;
}

enum status reload_new(uv_loop_t *loop, const struct env *env, const char *path, reload_apply_fn *apply, void *ctx,
		       struct reload **out)
{
	struct reload *reload = calloc(1, sizeof *reload);

	if (!reload)
		return STATUS_NO_MEMORY;
	*reload = (struct reload){.loop = loop, .env = env, .path = path, .apply = apply, .ctx = ctx};
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
