/* Reads settings by the tables of options. */
#include "config/options.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

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
		/*
		 * libconfig's copy is on the heap and nobody else reads it; without this the secret would stay there.
		 */
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

static void read_group(struct reader *reader, const struct option_group *group, config_setting_t *setting, void *into)
{
	options_read(reader, group, setting, into);
	if (group->refer && !reader->no_memory) /* without memory nothing is known about what it refers to */
		group->refer(reader, setting, into);
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
	/* Other options may have added elements to the array. */
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
			read_group(reader, option->group, element, (char *)array + (size_t)i * size);
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
 * How many letters have to be changed, added or removed to turn one name into the other (Levenshtein). Long names count
 * as very different.
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

/* ---- Reading, freeing, telling ---- */

static void read_early(struct reader *reader, const struct option_group *group, config_setting_t *setting, void *into)
{
	for (const struct option *option = group->options; option->name; option++) {
		config_setting_t *member = option->early ? config_setting_get_member(setting, option->name) : NULL;

		if (member)
			read_option(reader, option, member, into);
	}
}

void options_read(struct reader *reader, const struct option_group *group, config_setting_t *setting, void *into)
{
	unsigned errors = reader->errors;

	read_early(reader, group, setting, into);
	for (int i = 0; i < config_setting_length(setting); i++) {
		config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
		const struct option *option = find_option(group, config_setting_name(member));

		if (!option)
			unknown_option(reader, group, member);
		else if (!option->early)
			read_option(reader, option, member, into);
	}
	for (const struct option *option = group->options; option->name; option++) {
		if (!config_setting_get_member(setting, option->name))
			fall_back(reader, option, setting, into);
	}
	if (group->finish && reader->errors == errors && !reader->no_memory)
		group->finish(reader, setting, into);
}

static void release_groups(const struct option *option, void *into)
{
	char *array;

	memcpy(&array, field(into, option->offset), sizeof array);
	for (size_t i = 0; i < *(size_t *)field(into, option->count_offset); i++)
		options_release(option->group, array + i * option->group->size);
}

void options_release(const struct option_group *group, void *into)
{
	if (group->release)
		group->release(into);
	for (const struct option *option = group->options; option->name; option++) {
		bool is_pointer = option->type == OPTION_TEXT && !option->take;
		void *octets;

		if (option->type == OPTION_GROUPS)
			release_groups(option, into);
		else if (!is_pointer && !option->heap)
			continue;
		memcpy(&octets, field(into, option->offset), sizeof octets);
		free(octets);
	}
}

static const char *type_text(const struct option *option)
{
	switch (option->type) {
	case OPTION_BOOL:
		return "true or false";
	case OPTION_NUMBER:
		return "number";
	case OPTION_TEXT:
		return "string";
	case OPTION_TEXTS:
		return "list of strings";
	case OPTION_GROUPS:
		return "list of groups";
	}
	return "";
}

bool config_option(size_t n, struct config_option_info *out)
{
	static const struct option_group *const groups[] = {&options_top,  &options_listen, &options_certificates,
							    &options_tsig, &options_zones,  &options_users,
							    &options_keys};

	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
		for (const struct option *option = groups[i]->options; option->name; option++) {
			if (n-- == 0) {
				*out = (struct config_option_info){groups[i]->name, option->name, type_text(option),
								   option->help};
				return true;
			}
		}
	}
	return false;
}
