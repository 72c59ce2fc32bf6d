/*
 * The reader that goes along the option tables.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/secret.h"
#include "config/options.h"

/*
 * `file` is as libconfig names it: for an included file relative to the folder of the configuration; NULL: the
 * configuration.
 */
static void path_of(const struct reader *reader, const char *file, char path[static PATH_MAX])
{
	const char *slash = strrchr(reader->path, '/');
	int folder_len = slash && file && *file != '/' ? (int)(slash + 1 - reader->path) : 0;

	snprintf(path, PATH_MAX, "%.*s%s", folder_len, reader->path, file ? file : reader->path);
}

/* What a value holds must not make two lines of one, nor steer a terminal. */
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

static void *field(void *into, size_t offset)
{
	return (char *)into + offset;
}

static const char *type_name(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a number";
	case CONFIG_TYPE_FLOAT:
		return "a number with a fraction";
	case CONFIG_TYPE_STRING:
		return "a string";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_ARRAY:
		return "an array";
	case CONFIG_TYPE_LIST:
		return "a list";
	case CONFIG_TYPE_GROUP:
		return "a group";
	default:
		return "something else";
	}
}

static void wrong_type(struct reader *reader, const config_setting_t *at, const char *name, const char *wanted)
{
	reader_error(reader, at, "`%s` must be %s, not %s", name, wanted, type_name(at));
}

static void read_bool(struct reader *reader, const struct option *option, config_setting_t *setting, void *into)
{
	if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
		wrong_type(reader, setting, option->name, "true or false");
	else
		*(bool *)field(into, option->offset) = config_setting_get_bool(setting) != 0;
}

static void read_number(struct reader *reader, const struct option *option, config_setting_t *setting, void *into)
{
	int type = config_setting_type(setting);
	long long value = config_setting_get_int64(setting);

	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
		wrong_type(reader, setting, option->name, "a whole number");
	else if (value < option->min || value > option->max)
		reader_error(reader, setting, "`%s` must be from %ld to %ld, not %lld", option->name, option->min,
			     option->max, value);
	else
		*(unsigned *)field(into, option->offset) = (unsigned)value;
}

static void take_text(struct reader *reader, const struct option *option, const config_setting_t *at, const char *text,
		      void *into)
{
	if (option->take) {
		option->take(reader, at, text, into);
		return;
	}
	char **copy = field(into, option->offset);

	*copy = strdup(text);
	if (!*copy)
		reader->no_memory = true;
}

static void read_text(struct reader *reader, const struct option *option, config_setting_t *setting, void *into)
{
	const char *text = config_setting_get_string(setting);

	if (!text) {
		wrong_type(reader, setting, option->name, "a string");
		return;
	}
	take_text(reader, option, setting, text, into);
	if (option->secret) {
		/* libconfig's copy is on the heap and nobody else's; it would otherwise stay there in plain. */
		secret_wipe((char *)(uintptr_t)text, strlen(text));
	}
}

static void read_texts(struct reader *reader, const struct option *option, config_setting_t *setting, void *into)
{
	int count = config_setting_is_aggregate(setting) ? config_setting_length(setting) : 0;

	if (config_setting_type(setting) == CONFIG_TYPE_STRING) {
		read_text(reader, option, setting, into);
		return;
	}
	if (config_setting_is_group(setting) || !config_setting_is_aggregate(setting)) {
		wrong_type(reader, setting, option->name, "a list of strings");
		return;
	}
	if (count == 0 && option->required)
		reader_error(reader, setting, "`%s` is empty", option->name);
	for (int i = 0; i < count; i++)
		read_text(reader, option, config_setting_get_elem(setting, (unsigned)i), into);
}

static void read_groups(struct reader *reader, const struct option *option, config_setting_t *setting, void *into)
{
	size_t *count = field(into, option->count_offset), size = option->group->size;
	void *array, *grown;
	int length;

	if (!config_setting_is_list(setting)) {
		wrong_type(reader, setting, option->name, "a list of groups: ( { ... }, { ... } )");
		return;
	}
	length = config_setting_length(setting);
	if (length == 0 && option->required)
		reader_error(reader, setting, "`%s` is empty", option->name);
	/* Other options may have put elements into the array. */
	memcpy(&array, field(into, option->offset), sizeof array);
	grown = realloc(array, (*count + (size_t)length + 1) * size);
	if (!grown) {
		reader->no_memory = true;
		return;
	}
	memcpy(field(into, option->offset), &grown, sizeof grown);
	array = memset((char *)grown + *count * size, 0, ((size_t)length + 1) * size);
	*count += (size_t)length;
	for (int i = 0; i < length; i++) {
		config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);

		if (config_setting_is_group(element))
			options_read(reader, option->group, element, (char *)array + (size_t)i * size);
		else
			wrong_type(reader, element, option->name, "a list of groups: ( { ... }, { ... } )");
	}
}

static void read_option(struct reader *reader, const struct option *option, config_setting_t *setting, void *into)
{
	switch (option->type) {
	case OPTION_BOOL:
		read_bool(reader, option, setting, into);
		break;
	case OPTION_NUMBER:
		read_number(reader, option, setting, into);
		break;
	case OPTION_TEXT:
		read_text(reader, option, setting, into);
		break;
	case OPTION_TEXTS:
		read_texts(reader, option, setting, into);
		break;
	case OPTION_GROUPS:
		read_groups(reader, option, setting, into);
		break;
	}
}

static void fall_back(struct reader *reader, const struct option *option, const config_setting_t *at, void *into)
{
	if (option->required)
		reader_error(reader, config_setting_is_root(at) ? NULL : at, "`%s` is missing: %s", option->name,
			     option->help);
	else if (option->type == OPTION_BOOL)
		*(bool *)field(into, option->offset) = option->fallback != 0;
	else if (option->type == OPTION_NUMBER)
		*(unsigned *)field(into, option->offset) = (unsigned)option->fallback;
	else if (option->type == OPTION_TEXT && option->fallback_text)
		take_text(reader, option, at, option->fallback_text, into);
}

static const struct option *find_option(const struct option_group *group, const char *name)
{
	for (const struct option *option = group->options; option->name; option++) {
		if (strcmp(option->name, name) == 0)
			return option;
	}
	return NULL;
}

/*
 * How many letters have to be changed, added or left out to make one name of the other (Levenshtein); long names
 * count as far apart.
 */
static size_t distance(const char *a, const char *b)
{
	enum { LEN_MAX = 40 };
	size_t row[LEN_MAX + 1], a_len = strlen(a), b_len = strlen(b);

	if (a_len > LEN_MAX || b_len > LEN_MAX)
		return LEN_MAX;
	for (size_t k = 0; k <= b_len; k++)
		row[k] = k;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t k = 1; k <= b_len; k++) {
			size_t replaced = diagonal + (a[i - 1] != b[k - 1]),
			       least = row[k] < row[k - 1] ? row[k] : row[k - 1];

			diagonal = row[k];
			row[k] = replaced < least + 1 ? replaced : least + 1;
		}
	}
	return row[b_len];
}

static void unknown_option(struct reader *reader, const struct option_group *group, const config_setting_t *setting)
{
	const char *name = config_setting_name(setting), *best = NULL;
	size_t best_distance = 4;

	for (const struct option *option = group->options; option->name; option++) {
		size_t away = distance(name, option->name);

		if (away < best_distance) {
			best_distance = away;
			best = option->name;
		}
	}
	if (best)
		reader_error(reader, setting, "unknown option `%s`; did you mean `%s`?", name, best);
	else
		reader_error(reader, setting, "unknown option `%s`", name);
}

void options_read(struct reader *reader, const struct option_group *group, config_setting_t *setting, void *into)
{
	unsigned errors = reader->errors;

	for (int i = 0; i < config_setting_length(setting); i++) {
		config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
		const struct option *option = find_option(group, config_setting_name(member));

		if (option)
			read_option(reader, option, member, into);
		else
			unknown_option(reader, group, member);
	}
	for (const struct option *option = group->options; option->name; option++) {
		if (!config_setting_get_member(setting, option->name))
			fall_back(reader, option, setting, into);
	}
	if (group->finish && reader->errors == errors && !reader->no_memory)
		group->finish(reader, setting, into);
}
