#include "config/complaints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { LOGGED_MAX = 100 };

struct complaint {
	STAILQ_ENTRY(complaint) link;
	bool is_error;
	char *file;
	unsigned line;
	char *text;
};

static void complaint_free(struct complaint *complaint)
{
	free(complaint->file);
	free(complaint->text);
	free(complaint);
}

/* A config_complain_fn. */
static void keep(void *ctx, bool is_error, const char *file, unsigned line, const char *text)
{
	struct complaints *complaints = ctx;
	struct complaint *complaint = calloc(1, sizeof *complaint);

	if (!complaint) {
		complaints->no_memory = true;
		return;
	}
	complaint->is_error = is_error;
	complaint->file = strdup(file);
	complaint->line = line;
	complaint->text = strdup(text);
	if (complaint->file && complaint->text) {
		STAILQ_INSERT_TAIL(&complaints->list, complaint, link);
	} else {
		complaints->no_memory = true;
		complaint_free(complaint);
	}
}

struct config *complaints_load(const char *path, struct complaints *out)
{
	struct config *config = NULL;

	*out = (struct complaints){.path = path};
	STAILQ_INIT(&out->list);
	if (config_load(path, keep, out, &config) == STATUS_NO_MEMORY)
		out->no_memory = true;
	return config;
}

static struct complaint *take_first(struct complaints *complaints)
{
	struct complaint *complaint = STAILQ_FIRST(&complaints->list);

	if (complaint)
		STAILQ_REMOVE_HEAD(&complaints->list, link);
	return complaint;
}

static void log_one(const struct complaint *complaint)
{
	LOG(complaint->is_error ? LOG_ERROR : LOG_WARNING, "configuration", log_text("file", complaint->file),
	    log_number("line", complaint->line), log_text("text", complaint->text));
}

void complaints_log(struct complaints *complaints)
{
	struct complaint *complaint;
	unsigned count = 0;

	while ((complaint = take_first(complaints))) {
		if (count++ < LOGGED_MAX)
			log_one(complaint);
		complaint_free(complaint);
	}
	if (count > LOGGED_MAX)
		LOG(LOG_WARNING, "configuration", log_text("file", complaints->path),
		    log_number("more", count - LOGGED_MAX), log_text("text", "`ddnsgate check` tells all"));
	if (complaints->no_memory)
		LOG(LOG_ERROR, "configuration", log_text("file", complaints->path),
		    log_text("text", status_text(STATUS_NO_MEMORY)));
}

void complaints_print(struct complaints *complaints)
{
	struct complaint *complaint;

	while ((complaint = take_first(complaints))) {
		fprintf(stderr, "%s:", complaint->file);
		if (complaint->line)
			fprintf(stderr, "%u:", complaint->line);
		fprintf(stderr, " %s%s\n", complaint->is_error ? "" : "warning: ", complaint->text);
		complaint_free(complaint);
	}
	if (complaints->no_memory)
		fprintf(stderr, "%s: %s\n", complaints->path, status_text(STATUS_NO_MEMORY));
}
