#include "daemon/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "config/complaints.h"

struct reload {
	uv_work_t work;
	const char *path;
	reload_done_fn *done;
	void *ctx;
	struct config *config;
	struct complaints complaints;
};

static void on_work(uv_work_t *work)
{
	struct reload *reload = work->data;

	reload->config = complaints_load(reload->path, &reload->complaints);
	secret_wipe_stack(); /* keys were read */
}

static void on_after_work(uv_work_t *work, int status)
{
	struct reload *reload = work->data;
	reload_done_fn *done = reload->done;
	struct config *config = reload->config;
	void *ctx = reload->ctx;

	(void)status;
	complaints_log(&reload->complaints);
	free(reload);
	done(ctx, &config);
}

enum status reload_begin(uv_loop_t *loop, const char *path, reload_done_fn *done, void *ctx, struct reload **out)
{
	struct reload *reload = calloc(1, sizeof *reload);

	if (!reload)
		return STATUS_NO_MEMORY;
	reload->work.data = reload;
	reload->path = path;
	reload->done = done;
	reload->ctx = ctx;
	if (uv_queue_work(loop, &reload->work, on_work, on_after_work) != 0) {
		free(reload);
		return STATUS_IO;
	}
	*out = reload;
	return STATUS_OK;
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
