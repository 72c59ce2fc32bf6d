#include "config/reader.h"

#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/secret.h"

/*
 * `file` is what libconfig calls it: an included file relative to the folder of the configuration; NULL: the
 * configuration itself.
 */
static void path_of(const struct reader *reader, const char *file, char path[static PATH_MAX])
{
	const char *slash = strrchr(reader->path, '/');
	int folder_len = slash && file && *file != '/' ? (int)(slash + 1 - reader->path) : 0;

	snprintf(path, PATH_MAX, "%.*s%s", folder_len, reader->path, file ? file : reader->path);
}

/* A value in a message must not break its line in two, nor control a terminal. */
static void make_plain(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
	}
}

__attribute__((format(printf, 5, 0))) static void complain(struct reader *reader, bool is_error, const char *file,
							   unsigned line, const char *format, va_list args)
{
	char text[512], path[PATH_MAX];

	vsnprintf(text, sizeof text, format, args);
	make_plain(text);
	path_of(reader, file, path);
	reader->complain(reader->ctx, is_error, path, line, text);
}

void reader_error_at(struct reader *reader, const char *file, unsigned line, const char *format, ...)
{
	va_list args;

	reader->errors++;
	va_start(args, format);
	complain(reader, true, file, line, format, args);
	va_end(args);
}

void reader_error(struct reader *reader, const config_setting_t *at, const char *format, ...)
{
	va_list args;

	reader->errors++;
	va_start(args, format);
	complain(reader, true, at ? config_setting_source_file(at) : NULL, at ? config_setting_source_line(at) : 0,
		 format, args);
	va_end(args);
}

void reader_advise(struct reader *reader, const config_setting_t *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(reader, false, at ? config_setting_source_file(at) : NULL, at ? config_setting_source_line(at) : 0,
		 format, args);
	va_end(args);
}

void reader_note_secret(struct reader *reader, const config_setting_t *at)
{
	const char *file = config_setting_source_file(at);
	char path[PATH_MAX];
	struct stat info;

	path_of(reader, file, path);
	if (reader->advised && strcmp(reader->advised, path) == 0)
		return;
	free(reader->advised);
	reader->advised = strdup(path);
	if (!reader->advised)
		reader->no_memory = true;
	if (stat(path, &info) != 0 || !(info.st_mode & S_IROTH))
		return;
	reader_advise(reader, at, "this file holds keys and every user of this machine can read it: chmod o-rwx it");
}

void reader_note_plain_key(struct reader *reader, const config_setting_t *at)
{
	reader_note_secret(reader, at);
	if (!reader->advised_plain)
		reader_advise(reader, at,
			      "keys stand here in plain, for whoever gets to see this file: `ddnsgate key hash` makes "
			      "hashes of them");
	reader->advised_plain = true;
}

/* ---- For take() functions ---- */

void *reader_append(struct reader *reader, void *array_pointer, size_t *count, size_t size)
{
	void *array, *grown;

	memcpy(&array, array_pointer, sizeof array);
	/* It is full at each power of two, and grows to the next one. */
	if ((*count & (*count - 1)) == 0) {
		grown = realloc(array, (*count ? 2 * *count : 1) * size);
		if (!grown) {
			reader->no_memory = true;
			return NULL;
		}
		memcpy(array_pointer, &grown, sizeof grown);
		array = grown;
	}
	return memset((char *)array + size * (*count)++, 0, size);
}

bool reader_add_name(struct reader *reader, struct names *names, struct text name, const void *what)
{
	enum status status = names_add(names, name, what);

	reader->no_memory |= status == STATUS_NO_MEMORY;
	return status != STATUS_DUPLICATE;
}

const void *reader_share(struct reader *reader, const void *octets, size_t len)
{
	const void *shared = shared_octets(reader->shared, octets, len);

	reader->no_memory |= !shared;
	return shared;
}

const char *reader_share_string(struct reader *reader, const char *string)
{
	return reader_share(reader, string, strlen(string) + 1);
}

char *reader_beside(const struct reader *reader, const char *file)
{
	const char *slash = strrchr(reader->path, '/');
	char *path = NULL;

	if (*file == '/' || !slash)
		return strdup(file);
	if (asprintf(&path, "%.*s/%s", (int)(slash - reader->path), reader->path, file) < 0)
		return NULL;
	return path;
}

void reader_refuse_address(struct reader *reader, const config_setting_t *at, const char *text, const char *wanted)
{
	if (strchr(text, '%'))
		reader_error(reader, at,
			     "\"%s\": what stands behind the %% is to be an interface of this machine, and what stands "
			     "before a link-local address",
			     text);
	else
		reader_error(reader, at, "\"%s\" is not %s", text, wanted);
}

void reader_add_network(struct reader *reader, const config_setting_t *at, const char *text, struct network **array,
			size_t *count)
{
	struct network network, *added;

	if (network_parse(text_of(text), &network) != STATUS_OK) {
		reader_error(reader, at,
			     "\"%s\" is not a network: 192.0.2.0/24, 2001:db8::/32, 192.0.2.1; the bits behind the "
			     "prefix must be zero",
			     text);
		return;
	}
	added = reader_append(reader, array, count, sizeof network);
	if (added)
		*added = network;
}
