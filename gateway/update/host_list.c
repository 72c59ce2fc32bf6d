/*
 * One block of memory: the struct, an item for each pattern, the index where there are more than a few, and the texts
 * of the names.
 */
#include "update/host_list.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 8 /* patterns up to which a walk costs no more than the index */ };

struct host_item {
	uint32_t at; /* of its name among the texts */
	uint8_t len;
	uint8_t kind;
	bool may_create;
};

struct host_list {
	atomic_uint holders; /* a configuration is freed on another thread than that of requests which have its lists */
	uint32_t count;
	uint32_t domain; /* the place of the first pattern for many names; `count`: there is none */
	bool is_one_name;
	bool is_whole;
	size_t size;
	const char *texts;
	/* The index: places of items. NULL: there are few. */
	uint32_t *by_name;  /* all, in order of name and kind; of equal ones those that may create come first */
	uint32_t *by_label; /* those for one name, the first of each label, in order of the labels */
	uint32_t label_count;
	struct host_item items[];
};

/* ---- Patterns ---- */

static bool strip_prefix(struct text *text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (text->len < len || memcmp(text->octets, prefix, len) != 0)
		return false;
	text->octets += len;
	text->len -= len;
	return true;
}

enum status host_pattern_parse(struct text text, struct host_pattern *out)
{
	out->may_create = false;
	if (strip_prefix(&text, "zone:")) {
		out->kind = HOST_ZONE;
		return name_parse_zone(text, &out->name);
	}
	if (strip_prefix(&text, "*.")) {
		out->kind = HOST_BELOW;
		return name_parse_zone(text, &out->name);
	}
	if (strip_prefix(&text, "owner:")) {
		struct name wildcard;
		enum status status = name_parse_owner(text, &wildcard);

		out->kind = HOST_OWNER;
		if (status == STATUS_OK && !name_is_wildcard(&wildcard))
			return STATUS_INVALID; /* it would be an exact one */
		if (status == STATUS_OK)
			out->name = wildcard;
		return status;
	}
	out->kind = HOST_EXACT;
	return name_parse(text, &out->name);
}

const char *host_pattern_format(const struct host_pattern *pattern, char buffer[static HOST_PATTERN_TEXT_MAX])
{
	static const char *const prefixes[] = {
		[HOST_EXACT] = "", [HOST_BELOW] = "*.", [HOST_ZONE] = "zone:", [HOST_OWNER] = "owner:"};

	snprintf(buffer, HOST_PATTERN_TEXT_MAX, "%s%s", prefixes[pattern->kind], pattern->name.text);
	return buffer;
}

/* ---- Items ---- */

static struct text item_name(const struct host_list *list, size_t n)
{
	return (struct text){list->texts + list->items[n].at, list->items[n].len};
}

static struct text item_label(const struct host_list *list, size_t n)
{
	struct text label, rest;

	text_split(item_name(list, n), '.', &label, &rest);
	return label;
}

static bool is_for_one(const struct host_list *list, size_t n)
{
	return list->items[n].kind == HOST_EXACT || list->items[n].kind == HOST_OWNER;
}

/* ---- Order ---- */

/* The dot comes before all else, so that names with the same first label stand together. */
static int weight(char octet)
{
	return octet == '.' ? 0 : (unsigned char)octet;
}

static int compare_texts(struct text a, struct text b)
{
	size_t len = a.len < b.len ? a.len : b.len, i = 0;

	while (i < len && a.octets[i] == b.octets[i])
		i++;
	if (i < len)
		return weight(a.octets[i]) - weight(b.octets[i]);
	return (a.len > b.len) - (a.len < b.len);
}

static int compare_items(const void *left, const void *right, void *ctx)
{
	const struct host_list *list = ctx;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const struct host_item *one = &list->items[a], *other = &list->items[b];
	int order = compare_texts(item_name(list, a), item_name(list, b));

	if (order == 0)
		order = one->kind - other->kind;
	if (order == 0)
		order = other->may_create - one->may_create;
	return order ? order : (a > b) - (a < b);
}

/* ---- Making one ---- */

static size_t index_size(size_t count)
{
	return count > FEW ? 2 * count * sizeof(uint32_t) : 0;
}

/* A list without items, with room for so many and for the texts of their names. */
static enum status list_new(size_t room, size_t text_len, struct host_list **out)
{
	size_t size = sizeof(struct host_list) + room * sizeof(struct host_item) + index_size(room);
	struct host_list *list;

	if (room >= UINT32_MAX / 32 || text_len >= UINT32_MAX)
		return STATUS_TOO_LONG;
	list = malloc(size + text_len);
	if (!list)
		return STATUS_NO_MEMORY;
	*list = (struct host_list){.holders = 1, .size = size + text_len, .texts = (char *)list + size};
	*out = list;
	return STATUS_OK;
}

/* *used is how much of the texts is taken. */
static void add_item(struct host_list *list, const struct host_pattern *pattern, size_t *used)
{
	list->items[list->count++] = (struct host_item){
		.at = (uint32_t)*used,
		.len = pattern->name.len,
		.kind = (uint8_t)pattern->kind,
		.may_create = pattern->may_create,
	};
	memcpy((char *)list + (list->texts - (char *)list) + *used, pattern->name.text, pattern->name.len);
	*used += pattern->name.len;
}

/* What is known of all patterns together. */
static void note_whole(struct host_list *list)
{
	list->domain = 0;
	while (list->domain < list->count && is_for_one(list, list->domain))
		list->domain++;
	list->is_one_name = list->count > 0 && list->domain == list->count;
	for (size_t i = 1; i < list->count && list->is_one_name; i++)
		list->is_one_name = text_equal(item_name(list, i), item_name(list, 0));
}

static void note_label(struct host_list *list, uint32_t n)
{
	uint32_t *last = list->label_count ? &list->by_label[list->label_count - 1] : NULL;

	if (!last || !text_equal(item_label(list, *last), item_label(list, n)))
		list->by_label[list->label_count++] = n;
	else if (n < *last)
		*last = n;
}

static struct host_list *settle_list(struct host_list *list)
{
	note_whole(list);
	if (list->count <= FEW)
		return list;
	list->by_name = (uint32_t *)(void *)&list->items[list->count];
	list->by_label = list->by_name + list->count;
	for (uint32_t i = 0; i < list->count; i++)
		list->by_name[i] = i;
	qsort_r(list->by_name, list->count, sizeof *list->by_name, compare_items, list);
	for (uint32_t i = 0; i < list->count; i++) {
		if (is_for_one(list, list->by_name[i]))
			note_label(list, list->by_name[i]);
	}
	return list;
}

enum status host_list_new(const struct host_pattern *patterns, size_t count, struct host_list **out)
{
	struct host_list *list;
	size_t text_len = 0, used = 0;
	enum status status;

	for (size_t i = 0; i < count; i++)
		text_len += patterns[i].name.len;
	status = list_new(count, text_len, &list);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < count; i++)
		add_item(list, &patterns[i], &used);
	list->is_whole = true;
	*out = settle_list(list);
	return STATUS_OK;
}

enum status host_list_read(struct text lines, struct host_list **out)
{
	struct host_pattern pattern;
	struct host_list *list;
	struct text line;
	size_t count = 0, used = 0;
	enum status status;

	for (const char *at = lines.octets; count < lines.len; at++) {
		at = memchr(at, '\n', lines.len - (size_t)(at - lines.octets));
		if (!at)
			break;
		count++;
	}
	status = list_new(count, lines.len, &list);
	if (status != STATUS_OK)
		return status;
	while (text_split(lines, '\n', &line, &lines)) {
		if (host_pattern_parse(line, &pattern) == STATUS_OK)
			add_item(list, &pattern, &used);
	}
	list->is_whole = list->count == count;
	*out = settle_list(list);
	return STATUS_OK;
}

struct host_list *host_list_hold(struct host_list *list)
{
	if (list)
		atomic_fetch_add_explicit(&list->holders, 1, memory_order_relaxed);
	return list;
}

void host_list_free(struct host_list **list_pointer)
{
	struct host_list *list = *list_pointer;

	*list_pointer = NULL;
	if (list && atomic_fetch_sub_explicit(&list->holders, 1, memory_order_acq_rel) == 1)
		free(list);
}

size_t host_list_count(const struct host_list *list)
{
	return list ? list->count : 0;
}

bool host_list_is_whole(const struct host_list *list)
{
	return !list || list->is_whole;
}

size_t host_list_size(const struct host_list *list)
{
	return list ? list->size : 0;
}

void host_list_get(const struct host_list *list, size_t n, struct host_pattern *out)
{
	struct text name = item_name(list, n);

	out->kind = (enum host_kind)list->items[n].kind;
	out->may_create = list->items[n].may_create;
	out->name.len = (uint8_t)name.len;
	memcpy(out->name.text, name.octets, name.len);
	out->name.text[name.len] = '\0';
}

/* ---- By name ---- */

static bool walk(const struct host_list *list, enum host_kind kind, struct text name, bool *may_create)
{
	bool found = false;

	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].kind != kind || !text_equal(item_name(list, i), name))
			continue;
		found = true;
		*may_create = *may_create || list->items[i].may_create;
	}
	return found;
}

static bool comes_before(const struct host_list *list, size_t n, enum host_kind kind, struct text name)
{
	int order = compare_texts(item_name(list, n), name);

	return order < 0 || (order == 0 && list->items[n].kind < kind);
}

bool host_list_find(const struct host_list *list, enum host_kind kind, struct text name, bool *may_create)
{
	size_t low = 0, high = host_list_count(list);
	const struct host_item *item;

	if (high == 0)
		return false;
	if (!list->by_name)
		return walk(list, kind, name, may_create);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (comes_before(list, list->by_name[middle], kind, name))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == list->count)
		return false;
	item = &list->items[list->by_name[low]];
	if (item->kind != kind || !text_equal(item_name(list, list->by_name[low]), name))
		return false;
	*may_create = *may_create || item->may_create;
	return true;
}

/* All of them are asked for: one further up may create where the first one may not. */
bool host_list_find_above(const struct host_list *list, struct text name, bool *may_create)
{
	struct text label;
	bool found = false;

	if (host_list_find_domain(list) == host_list_count(list))
		return false;
	while (text_split(name, '.', &label, &name))
		found = host_list_find(list, HOST_BELOW, name, may_create) || found;
	return found;
}

static size_t walk_labels(const struct host_list *list, struct text label)
{
	size_t n = 0;

	while (n < list->count && !(is_for_one(list, n) && text_equal(item_label(list, n), label)))
		n++;
	return n;
}

/* The label in lower case. */
static size_t find_lower(const struct host_list *list, struct text label)
{
	size_t low = 0, high = list->label_count;

	if (!list->by_name)
		return walk_labels(list, label);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_texts(item_label(list, list->by_label[middle]), label) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < list->label_count && text_equal(item_label(list, list->by_label[low]), label))
		return list->by_label[low];
	return list->count;
}

size_t host_list_find_label(const struct host_list *list, struct text label)
{
	char lower[NAME_LABEL_MAX];

	if (!list || label.len > sizeof lower)
		return host_list_count(list);
	for (size_t i = 0; i < label.len; i++)
		lower[i] = (char)(label.octets[i] >= 'A' && label.octets[i] <= 'Z' ? label.octets[i] - 'A' + 'a'
										   : label.octets[i]);
	return find_lower(list, (struct text){lower, label.len});
}

size_t host_list_find_domain(const struct host_list *list)
{
	return list ? list->domain : 0;
}

bool host_list_is_one_name(const struct host_list *list)
{
	return list && list->is_one_name;
}
