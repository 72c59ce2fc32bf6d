#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "config/checks.h"
#include "config/include.h"
#include "config/options.h"

/* ---- Reading ---- */

/* The folder from which relative paths start: that of the file. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static void parse_stream(struct reader *reader, config_t *file, FILE *stream)
{
	struct stat info;

	if (fstat(fileno(stream), &info) == 0 && S_ISREG(info.st_mode))
		include_check(reader, stream);
	if (reader->errors)
		return;
	if (config_read(file, stream) != CONFIG_TRUE)
		reader_error_at(reader, config_error_file(file), (unsigned)config_error_line(file), "%s",
				config_error_text(file));
}

/*
 * Included files are looked for beside the file. libconfig's own option for that, an include folder, is also put in
 * front of absolute paths; so the process changes its current folder while it reads. It may be unable to return to the
 * folder where it was started (for example a daemon's user in an administrator's home); then it stays, which does no
 * harm.
 */
static void parse_in_folder(struct reader *reader, config_t *file, FILE *stream)
{
	char *folder = folder_of(reader->path);
	int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (!folder)
		reader->no_memory = true;
	else if (chdir(folder) != 0)
		reader_error(reader, NULL, "cannot go to the folder %s: %s", folder, strerror(errno));
	else
		parse_stream(reader, file, stream);
	if (back >= 0) {
		if (fchdir(back) != 0)
			LOG(LOG_DEBUG, "folder-left", log_text("text", strerror(errno)));
		close(back);
	}
	free(folder);
}

static void parse(struct reader *reader, config_t *file)
{
	FILE *stream = fopen(reader->path, "re");
	struct stat info;

	if (!stream)
		reader_error(reader, NULL, "cannot read the configuration: %s", strerror(errno));
	else if (fstat(fileno(stream), &info) != 0 || S_ISDIR(info.st_mode))
		reader_error(reader, NULL,
			     "cannot read the configuration: it is a folder"); /* libconfig would end the process */
	else
		parse_in_folder(reader, file, stream);
	if (stream)
		fclose(stream);
}

static void read_all(struct reader *reader, config_t *file, struct config *config)
{
	options_read(reader, &options_top, config_root_setting(file), config);
	if (reader->no_memory)
		return;
	checks_do(reader, file, config);
}

enum status config_load(const char *path, config_complain_fn *complain, void *ctx, struct config **out)
{
	struct reader reader = {.complain = complain, .ctx = ctx, .path = path};
	struct config *config = calloc(1, sizeof *config);
	config_t file;

	if (!config || shared_new(&config->shared) != STATUS_OK) {
		free(config);
		return STATUS_NO_MEMORY;
	}
	reader.shared = config->shared;
	config_init(&file);
	parse(&reader, &file);
	if (!reader.errors && !reader.no_memory)
		read_all(&reader, &file, config);
	config_destroy(&file);
	free(reader.advised);
	directory_fini(&reader.directory);
	free(reader.primaries);
	free(reader.tls_pins);
	if (!reader.errors && !reader.no_memory) {
		*out = config;
		return STATUS_OK;
	}
	config_release(&config);
	return reader.errors ? STATUS_INVALID : STATUS_NO_MEMORY;
}

/* ---- Freeing ---- */

void config_release(struct config **config)
{
	if (!config || !*config)
		return;
	options_release(&options_top, *config);
	shared_free(&(*config)->shared);
	free(*config);
	*config = NULL;
}
