#include "live/rights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct zone_rights {
	const struct name *zone;
	struct right *items;
	size_t count, cap;
};

struct rights {
	size_t count;
	struct zone_rights zones[];
};

enum status rights_new(const struct name *const *zones, size_t count, struct rights **out)
{
	struct rights *rights = calloc(1, sizeof *rights + count * sizeof rights->zones[0]);

	if (!rights)
		return STATUS_NO_MEMORY;
	rights->count = count;
	for (size_t i = 0; i < count; i++)
		rights->zones[i].zone = zones[i];
	*out = rights;
	return STATUS_OK;
}

void rights_free(struct rights **rights_pointer)
{
	struct rights *rights = *rights_pointer;

	*rights_pointer = NULL;
	if (!rights)
		return;
	for (size_t i = 0; i < rights->count; i++)
		free(rights->zones[i].items);
	free(rights);
}

static enum status add(struct zone_rights *zone, enum right_kind kind, const struct name *name, unsigned types)
{
	if (zone->count == zone->cap) {
		size_t cap = zone->cap ? 2 * zone->cap : 8;
		struct right *items = realloc(zone->items, cap * sizeof *items);

		if (!items)
			return STATUS_NO_MEMORY;
		zone->items = items;
		zone->cap = cap;
	}
	zone->items[zone->count++] = (struct right){.kind = kind, .name = *name, .types = types};
	return STATUS_OK;
}

/* The closest zone that encloses a name; NULL if none does. */
static struct zone_rights *closest(struct rights *rights, const struct name *name)
{
	struct zone_rights *best = NULL;

	for (size_t i = 0; i < rights->count; i++) {
		struct zone_rights *zone = &rights->zones[i];

		if (name_is_in(name, zone->zone) && (!best || zone->zone->len > best->zone->len))
			best = zone;
	}
	return best;
}

/* Zones that begin below the name are covered as a whole. */
static enum status add_below(struct rights *rights, const struct name *name, unsigned types)
{
	struct zone_rights *home = closest(rights, name);
	enum status status = home ? add(home, RIGHT_BELOW, name, types) : STATUS_OK;

	for (size_t i = 0; i < rights->count && status == STATUS_OK; i++) {
		struct zone_rights *zone = &rights->zones[i];

		if (zone->zone->len > name->len && name_is_in(zone->zone, name))
			status = add(zone, RIGHT_ZONE, zone->zone, types);
	}
	return status;
}

/* A host that TXT may be set for has its challenges one label below, where only TXT is needed. */
static enum status add_name(struct rights *rights, const struct name *name, unsigned types)
{
	struct zone_rights *zone = closest(rights, name);
	struct name challenge;
	enum status status = zone ? add(zone, RIGHT_NAME, name, types) : STATUS_OK;
	char text[sizeof "_acme-challenge." + NAME_TEXT_MAX];

	if (!(types & RIGHT_TXT) || status != STATUS_OK)
		return status;
	snprintf(text, sizeof text, "_acme-challenge.%s", name->text);
	if (name_parse_zone(text_of(text), &challenge) != STATUS_OK)
		return STATUS_OK; /* too long to exist */
	zone = closest(rights, &challenge);
	return zone ? add(zone, RIGHT_NAME, &challenge, RIGHT_TXT) : STATUS_OK;
}

enum status rights_add(struct rights *rights, const struct host_pattern *pattern, bool with_txt)
{
	unsigned types = RIGHT_ADDRESSES | (with_txt ? RIGHT_TXT : 0);
	struct zone_rights *zone = closest(rights, &pattern->name);

	switch (pattern->kind) {
	case HOST_EXACT:
		return add_name(rights, &pattern->name, types);
	case HOST_BELOW:
		return add_below(rights, &pattern->name, types);
	case HOST_ZONE:
		return zone && name_equal(zone->zone, &pattern->name) ? add(zone, RIGHT_ZONE, zone->zone, types)
								      : STATUS_OK;
	}
	return STATUS_OK;
}

static unsigned depth(const struct name *name)
{
	unsigned dots = 0;

	for (size_t i = 0; i < name->len; i++)
		dots += name->text[i] == '.';
	return dots;
}

/* What covers others stands before them. */
static int compare(const void *a, const void *b)
{
	const struct right *left = a, *right = b;
	unsigned left_depth = depth(&left->name), right_depth = depth(&right->name);

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	if (left_depth != right_depth)
		return left_depth < right_depth ? -1 : 1;
	return strcmp(left->name.text, right->name.text);
}

/* Whether the right is among the first `count` of the zone, which are sorted, with all its types. */
static bool has(const struct zone_rights *zone, size_t count, const struct right *right)
{
	const struct right *found = count ? bsearch(right, zone->items, count, sizeof *right, compare) : NULL;

	return found && (right->types & ~found->types) == 0;
}

/* The name without its first label; says if there is one. */
static bool to_parent(struct name *name)
{
	struct name child = *name;
	struct text head, tail;

	if (!text_split(name_text(&child), '.', &head, &tail))
		return false;
	*name = (struct name){.len = (uint8_t)tail.len};
	memcpy(name->text, tail.octets, tail.len);
	return true;
}

static bool is_covered(const struct zone_rights *zone, size_t count, const struct right *right)
{
	struct right above = {.kind = RIGHT_BELOW, .name = right->name, .types = right->types};
	struct right all = {.kind = RIGHT_ZONE, .name = *zone->zone, .types = right->types};

	if (has(zone, count, right) || has(zone, count, &all))
		return true;
	while (to_parent(&above.name)) {
		if (has(zone, count, &above))
			return true;
	}
	return false;
}

static void settle(struct zone_rights *zone)
{
	size_t kept = 0;

	if (zone->count)
		qsort(zone->items, zone->count, sizeof *zone->items, compare);
	for (size_t i = 0; i < zone->count; i++) {
		struct right right = zone->items[i];

		if (kept && compare(&zone->items[kept - 1], &right) == 0)
			zone->items[kept - 1].types |= right.types;
		else if (!is_covered(zone, kept, &right))
			zone->items[kept++] = right;
	}
	zone->count = kept;
}

void rights_settle(struct rights *rights)
{
	for (size_t i = 0; i < rights->count; i++)
		settle(&rights->zones[i]);
}

const struct right *rights_of(const struct rights *rights, size_t zone, size_t *count)
{
	*count = rights->zones[zone].count;
	return rights->zones[zone].items;
}

const char *right_format(const struct right *right, char buffer[static RIGHT_TEXT_MAX])
{
	static const char *const prefixes[] = {[RIGHT_ZONE] = "zone:", [RIGHT_BELOW] = "*.", [RIGHT_NAME] = ""};

	snprintf(buffer, RIGHT_TEXT_MAX, "%s%s", prefixes[right->kind], right->name.text);
	return buffer;
}

const char *right_types_text(unsigned types, const char *separator, char buffer[static RIGHT_TYPES_MAX])
{
	bool addresses = types & RIGHT_ADDRESSES, txt = types & RIGHT_TXT;

	snprintf(buffer, RIGHT_TYPES_MAX, "%s%s%s%s%s", addresses ? "A" : "", addresses ? separator : "",
		 addresses ? "AAAA" : "", addresses && txt ? separator : "", txt ? "TXT" : "");
	return buffer;
}
