#include "daemon/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "config/complaints.h"
#include "loop/systemd.h"

struct reload {
	const struct env *env;
	const char *path;
	reload_apply_fn *apply;
	void *ctx;
	bool is_reading; /* then `config` and `complaints` are the worker's */
	bool again;      /* the file may have changed since it was read */
	bool is_stopped;
	struct config *config;
	struct complaints complaints;
};

/* An env_work_fn. */
static void read_file_anew(void *job)
{
	struct reload *reload = job;

	reload->config = complaints_load(reload->path, &reload->complaints);
	secret_wipe_stack(); /* keys were read */
}

static void reload_end(struct reload *reload)
{
	if (!reload->config || reload->apply(reload->ctx, &reload->config) != STATUS_OK)
		LOG(LOG_ERROR, "reload-failed", log_text("text", "the configuration that was in force stays so"));
	systemd_ready();
	if (reload->again)
		reload_begin(reload);
}

/* An env_work_fn. */
static void on_read_anew(void *job)
{
	struct reload *reload = job;

	reload->is_reading = false;
	complaints_log(&reload->complaints);
	if (reload->is_stopped)
		config_release(&reload->config);
	else
		reload_end(reload);
}

void reload_begin(struct reload *reload)
{
	reload->again = reload->is_reading;
	if (reload->is_reading)
		return;
	systemd_reloading();
	LOG(LOG_INFO, "reloading", log_text("file", reload->path));
	reload->is_reading = env_work(reload->env, read_file_anew, on_read_anew, reload) == STATUS_OK;
	if (!reload->is_reading)
		reload_end(reload);
}

void reload_stop(struct reload *reload)
{
	reload->is_stopped = true;
}

enum status reload_new(const struct env *env, const char *path, reload_apply_fn *apply, void *ctx, struct reload **out)
{
	struct reload *reload = calloc(1, sizeof *reload);

	if (!reload)
		return STATUS_NO_MEMORY;
	*reload = (struct reload){.env = env, .path = path, .apply = apply, .ctx = ctx};
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
