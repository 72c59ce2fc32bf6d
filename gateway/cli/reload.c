#include "cli/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/log.h"

enum { COMPLAINTS_MAX = 100 }; /* that are logged */

/* Something that is wrong with the file; logged from the loop. */
struct complaint {
	STAILQ_ENTRY(complaint) link;
	bool is_error;
	char *file;
	unsigned line;
	char *text;
};

struct reload {
	uv_work_t work;
	const char *path;
	reload_done_fn *done;
	void *ctx;
	struct config *config;
	enum status status;
	unsigned count;
	STAILQ_HEAD(, complaint) complaints;
};

static void complaint_free(struct complaint *complaint)
{
	free(complaint->file);
	free(complaint->text);
	free(complaint);
}

/* A config_complain_fn, off the loop. Without memory for one, the next may tell enough. */
static void on_complaint(void *ctx, bool is_error, const char *file, unsigned line, const char *text)
{
	struct reload *reload = ctx;
	struct complaint *complaint = reload->count++ < COMPLAINTS_MAX ? calloc(1, sizeof *complaint) : NULL;

	if (!complaint)
		return;
	complaint->is_error = is_error;
	complaint->file = strdup(file);
	complaint->line = line;
	complaint->text = strdup(text);
	if (complaint->file && complaint->text)
		STAILQ_INSERT_TAIL(&reload->complaints, complaint, link);
	else
		complaint_free(complaint);
}

static void on_work(uv_work_t *work)
{
	struct reload *reload = work->data;

	reload->status = config_load(reload->path, on_complaint, reload, &reload->config);
}

static void log_complaints(struct reload *reload)
{
	struct complaint *complaint;

	while ((complaint = STAILQ_FIRST(&reload->complaints))) {
		STAILQ_REMOVE_HEAD(&reload->complaints, link);
		LOG(complaint->is_error ? LOG_ERROR : LOG_WARNING, "configuration", log_text("file", complaint->file),
		    log_number("line", complaint->line), log_text("text", complaint->text));
		complaint_free(complaint);
	}
	if (reload->status == STATUS_NO_MEMORY)
		LOG(LOG_ERROR, "configuration", log_text("file", reload->path),
		    log_text("text", status_text(reload->status)));
}

static void on_after_work(uv_work_t *work, int status)
{
	struct reload *reload = work->data;
	reload_done_fn *done = reload->done;
	struct config *config = reload->config;
	void *ctx = reload->ctx;

	(void)status;
	log_complaints(reload);
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
	STAILQ_INIT(&reload->complaints);
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
