#include "config/include.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/secret.h"

enum { DEPTH_MAX = 16 }; /* libconfig has a bound of 10, and says so; this one ends circles */

/*
 * Finds the path of an `@include "..."` at the beginning of a line; says if there is one. It also finds one inside a
 * comment of several lines, which does no harm.
 */
static bool find_path(const char *line, char path[static PATH_MAX])
{
	size_t len = 0;

	line += strspn(line, " \t");
	if (strncmp(line, "@include", 8) != 0)
		return false;
	line += 8;
	if (*line != ' ' && *line != '\t')
		return false;
	line += strspn(line, " \t");
	if (*line++ != '"')
		return false;
	for (; *line && *line != '"' && len < PATH_MAX - 1; line++) {
		if (*line == '\\' && (line[1] == '\\' || line[1] == '"'))
			line++;
		path[len++] = *line;
	}
	path[len] = '\0';
	return *line == '"';
}

static void check_stream(struct reader *reader, FILE *stream, const char *file, unsigned depth);

/* `file` and `line`: where the file is included. */
static void check_path(struct reader *reader, const char *path, const char *file, unsigned line, unsigned depth)
{
	struct stat info;
	FILE *stream;

	if (stat(path, &info) != 0)
		return;
	if (!S_ISREG(info.st_mode)) {
		reader_error_at(reader, file, line, "cannot include \"%s\": it is %s", path,
				S_ISDIR(info.st_mode) ? "a folder" : "not a file");
		return;
	}
	stream = fopen(path, "re");
	if (!stream)
		return;
	check_stream(reader, stream, path, depth + 1);
	fclose(stream);
}

static void check_stream(struct reader *reader, FILE *stream, const char *file, unsigned depth)
{
	char *line = NULL, path[PATH_MAX];
	unsigned number = 0;
	size_t cap = 0;

	while (!reader->errors && getline(&line, &cap, stream) >= 0) {
		number++;
		if (!find_path(line, path))
			continue;
		if (depth == DEPTH_MAX)
			reader_error_at(reader, file, number, "files include each other in a circle");
		else
			check_path(reader, path, file, number, depth);
	}
	/* The file may hold keys. */
	if (line)
		secret_wipe(line, cap);
	free(line);
}

void include_check(struct reader *reader, FILE *stream)
{
	check_stream(reader, stream, NULL, 0);
	rewind(stream);
}
