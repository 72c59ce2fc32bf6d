#include "live/rights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"

/* The labels of a name from the last to the first, so that what lies below a name stands right behind it. */
struct place {
	size_t zone;
	char key[NAME_TEXT_MAX + 1];
};

/* Of each name once; of too many those whose hashes end in `level` zeros, whatever came first or twice. */
struct list {
	struct right *items;
	size_t count, cap;
	size_t sampled; /* that were added with a bound; some may be there twice until they are settled */
	unsigned level;
	unsigned left_out; /* types of those that were left out */
};

struct zone_rights {
	const struct name *zone;
	unsigned whole; /* types that are set all over the zone */
	struct list rights, hosts;
};

struct rights {
	size_t count;
	size_t bound;         /* of what is added to a list; 0: none */
	struct place *places; /* sorted by their keys */
	struct zone_rights zones[];
};

/* ---- Finding zones ---- */

enum { BETWEEN = 1 }; /* between labels: before all that may stand in one */

static void reverse_labels(const struct name *name, char key[static NAME_TEXT_MAX + 1])
{
	size_t end = name->len, len = 0;

	while (end > 0) {
		size_t at = end;

		while (at > 0 && name->text[at - 1] != '.')
			at--;
		if (len)
			key[len++] = BETWEEN;
		memcpy(key + len, name->text + at, end - at);
		len += end - at;
		end = at ? at - 1 : 0;
	}
	key[len] = '\0';
}

static int compare_places(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->key, ((const struct place *)b)->key);
}

/* The first place whose key is not less. */
static size_t lower_bound(const struct rights *rights, const char *key)
{
	size_t from = 0, to = rights->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (strcmp(rights->places[middle].key, key) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* The closest zone that encloses a name; NULL if none does. */
static struct zone_rights *closest(struct rights *rights, const struct name *name)
{
	char key[NAME_TEXT_MAX + 1];
	char *end;

	for (reverse_labels(name, key);; *end = '\0') {
		size_t at = lower_bound(rights, key);

		if (at < rights->count && strcmp(rights->places[at].key, key) == 0)
			return &rights->zones[rights->places[at].zone];
		end = strrchr(key, BETWEEN);
		if (!end)
			return NULL;
	}
}

/* ---- Making and freeing ---- */

enum status rights_new(const struct name *const *zones, size_t count, struct rights **out)
{
	struct rights *rights = calloc(1, sizeof *rights + count * sizeof rights->zones[0]);

	if (rights)
		rights->places = calloc(count + 1, sizeof *rights->places);
	if (!rights || !rights->places) {
		free(rights);
		return STATUS_NO_MEMORY;
	}
	rights->count = count;
	for (size_t i = 0; i < count; i++) {
		rights->zones[i].zone = zones[i];
		rights->places[i].zone = i;
		reverse_labels(zones[i], rights->places[i].key);
	}
	qsort(rights->places, count, sizeof *rights->places, compare_places);
	*out = rights;
	return STATUS_OK;
}

void rights_free(struct rights **rights_pointer)
{
	struct rights *rights = *rights_pointer;

	*rights_pointer = NULL;
	if (!rights)
		return;
	for (size_t i = 0; i < rights->count; i++) {
		free(rights->zones[i].rights.items);
		free(rights->zones[i].hosts.items);
	}
	free(rights->places);
	free(rights);
}

void rights_set_bound(struct rights *rights, size_t bound)
{
	rights->bound = bound;
}

/* ---- Adding ---- */

static void settle(struct zone_rights *zone);
static void settle_hosts(struct list *hosts);

static bool is_drawn(const struct list *list, const struct right *right)
{
	uint64_t mask = ((uint64_t)1 << list->level) - 1;

	return (table_hash(right->kind, name_text(&right->name)) & mask) == 0;
}

/* Draws again, among half as many. Whole zones, and what was added without a bound, always stay. */
static void thin(struct list *list)
{
	size_t kept = 0;

	list->level++;
	list->sampled = 0;
	for (size_t i = 0; i < list->count; i++) {
		struct right right = list->items[i];

		if (right.sampled && right.kind != RIGHT_ZONE && !is_drawn(list, &right)) {
			list->left_out |= right.types;
		} else {
			list->sampled += right.sampled;
			list->items[kept++] = right;
		}
	}
	list->count = kept;
}

static enum status append(struct list *list, const struct right *right)
{
	if (list->count == list->cap) {
		size_t cap = list->cap ? 2 * list->cap : 8;
		struct right *items = realloc(list->items, cap * sizeof *items);

		if (!items)
			return STATUS_NO_MEMORY;
		list->items = items;
		list->cap = cap;
	}
	list->items[list->count++] = *right;
	return STATUS_OK;
}

static enum status add_to(struct rights *rights, struct zone_rights *zone, struct list *list, const struct right *right)
{
	enum status status;

	if (rights->bound && right->kind != RIGHT_ZONE && !is_drawn(list, right)) {
		list->left_out |= right->types;
		return STATUS_OK;
	}
	status = append(list, right);
	if (status != STATUS_OK || !rights->bound || ++list->sampled <= 2 * rights->bound)
		return status;
	if (list == &zone->rights)
		settle(zone);
	else
		settle_hosts(list);
	list->sampled = 0;
	for (size_t i = 0; i < list->count; i++)
		list->sampled += list->items[i].sampled;
	while (list->sampled > rights->bound && list->level < 63)
		thin(list);
	return STATUS_OK;
}

static enum status add(struct rights *rights, struct zone_rights *zone, enum right_kind kind, const struct name *name,
		       unsigned types)
{
	struct right right = {.kind = kind, .name = *name, .types = types, .sampled = rights->bound > 0};

	if ((types & ~zone->whole) == 0)
		return STATUS_OK;
	if (kind == RIGHT_ZONE)
		zone->whole |= types;
	return add_to(rights, zone, &zone->rights, &right);
}

/* Zones that begin below the name are covered as a whole. */
static enum status add_below(struct rights *rights, const struct name *name, unsigned types)
{
	struct zone_rights *home = closest(rights, name);
	enum status status = home ? add(rights, home, RIGHT_BELOW, name, types) : STATUS_OK;
	char key[NAME_TEXT_MAX + 2];
	size_t len;

	reverse_labels(name, key);
	len = strlen(key);
	key[len++] = BETWEEN;
	key[len] = '\0';
	for (size_t i = lower_bound(rights, key); i < rights->count && status == STATUS_OK; i++) {
		struct zone_rights *zone = &rights->zones[rights->places[i].zone];

		if (strncmp(rights->places[i].key, key, len) != 0)
			break;
		status = add(rights, zone, RIGHT_ZONE, zone->zone, types);
	}
	return status;
}

/* A host that TXT may be set for has its challenges one label below, where only TXT is needed. */
static enum status add_name(struct rights *rights, const struct name *name, unsigned types)
{
	struct zone_rights *zone = closest(rights, name);
	struct name challenge;
	enum status status = zone ? add(rights, zone, RIGHT_NAME, name, types) : STATUS_OK;
	char text[sizeof "_acme-challenge." + NAME_TEXT_MAX];

	if (!(types & RIGHT_TXT) || status != STATUS_OK)
		return status;
	snprintf(text, sizeof text, "_acme-challenge.%s", name->text);
	if (name_parse_zone(text_of(text), &challenge) != STATUS_OK)
		return STATUS_OK; /* too long to exist */
	zone = closest(rights, &challenge);
	return zone ? add(rights, zone, RIGHT_NAME, &challenge, RIGHT_TXT) : STATUS_OK;
}

/* Where the hosts of the pattern are to be found. */
static enum status add_host(struct rights *rights, const struct host_pattern *pattern)
{
	struct zone_rights *zone = closest(rights, &pattern->name);
	struct right host = {
		.kind = pattern->kind == HOST_BELOW ? RIGHT_BELOW : RIGHT_NAME,
		.name = pattern->name,
		.types = RIGHT_ADDRESSES,
		.must_exist = !pattern->may_create && pattern->kind != HOST_BELOW,
		.sampled = rights->bound > 0,
	};

	return zone && pattern->kind != HOST_ZONE ? add_to(rights, zone, &zone->hosts, &host) : STATUS_OK;
}

static enum status add_rights(struct rights *rights, const struct host_pattern *pattern, bool with_txt)
{
	unsigned types = RIGHT_ADDRESSES | (with_txt ? RIGHT_TXT : 0);
	struct zone_rights *zone = closest(rights, &pattern->name);

	switch (pattern->kind) {
	case HOST_EXACT:
		return add_name(rights, &pattern->name, types);
	case HOST_OWNER: /* whose texts nobody may set, see grant_right() */
		return add_name(rights, &pattern->name, RIGHT_ADDRESSES);
	case HOST_BELOW:
		return add_below(rights, &pattern->name, types);
	case HOST_ZONE:
		return zone && name_equal(zone->zone, &pattern->name) ? add(rights, zone, RIGHT_ZONE, zone->zone, types)
								      : STATUS_OK;
	}
	return STATUS_OK;
}

enum status rights_add(struct rights *rights, const struct host_pattern *pattern, bool with_txt)
{
	enum status status = add_rights(rights, pattern, with_txt);

	return status == STATUS_OK ? add_host(rights, pattern) : status;
}

/* ---- Settling ---- */

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

/* Whether the right is among the first `count`, which are sorted, with all its types. */
static bool has(const struct list *list, size_t count, const struct right *right)
{
	const struct right *found = count ? bsearch(right, list->items, count, sizeof *right, compare) : NULL;

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

	if (has(&zone->rights, count, right) || has(&zone->rights, count, &all))
		return true;
	while (to_parent(&above.name)) {
		if (has(&zone->rights, count, &above))
			return true;
	}
	return false;
}

static void sort(struct list *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof *list->items, compare);
}

/* What is there twice is one that may do what both may; each of them has to find its record. */
static void merge(struct right *into, const struct right *right)
{
	into->types |= right->types;
	into->must_exist |= right->must_exist;
	into->sampled &= right->sampled;
}

static void settle(struct zone_rights *zone)
{
	struct list *list = &zone->rights;
	size_t kept = 0;

	sort(list);
	for (size_t i = 0; i < list->count; i++) {
		struct right right = list->items[i];

		if (kept && compare(&list->items[kept - 1], &right) == 0)
			merge(&list->items[kept - 1], &right);
		else if (!is_covered(zone, kept, &right))
			list->items[kept++] = right;
	}
	list->count = kept;
}

static void settle_hosts(struct list *hosts)
{
	size_t kept = 0;

	sort(hosts);
	for (size_t i = 0; i < hosts->count; i++) {
		struct right host = hosts->items[i];

		if (kept && compare(&hosts->items[kept - 1], &host) == 0)
			merge(&hosts->items[kept - 1], &host);
		else
			hosts->items[kept++] = host;
	}
	hosts->count = kept;
}

void rights_settle(struct rights *rights)
{
	for (size_t i = 0; i < rights->count; i++) {
		settle(&rights->zones[i]);
		settle_hosts(&rights->zones[i].hosts);
	}
}

static enum status widen(struct zone_rights *zone, unsigned types)
{
	struct right whole = {.kind = RIGHT_ZONE, .name = *zone->zone, .types = types};

	if ((types & ~zone->whole) == 0)
		return STATUS_OK;
	zone->whole |= types;
	return append(&zone->rights, &whole);
}

enum status rights_widen(struct rights *rights, unsigned types)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < rights->count && status == STATUS_OK; i++) {
		struct zone_rights *zone = &rights->zones[i];

		status = widen(zone, types | zone->rights.left_out);
		zone->rights.left_out = 0;
	}
	return status;
}

const struct right *rights_of(const struct rights *rights, size_t zone, size_t *count)
{
	*count = rights->zones[zone].rights.count;
	return rights->zones[zone].rights.items;
}

const struct right *rights_hosts(const struct rights *rights, size_t zone, size_t *count)
{
	*count = rights->zones[zone].hosts.count;
	return rights->zones[zone].hosts.items;
}

bool rights_are_sample(const struct rights *rights, size_t zone)
{
	return rights->zones[zone].rights.left_out != 0;
}

const char *right_format(const struct right *right, char buffer[static RIGHT_TEXT_MAX])
{
	static const char *const prefixes[] = {[RIGHT_ZONE] = "zone:", [RIGHT_BELOW] = "*.", [RIGHT_NAME] = ""};

	bool is_wildcard = right->kind == RIGHT_NAME && name_is_wildcard(&right->name);

	snprintf(buffer, RIGHT_TEXT_MAX, "%s%s", is_wildcard ? "owner:" : prefixes[right->kind], right->name.text);
	return buffer;
}

const char *right_types_text(unsigned types, const char *separator, char buffer[static RIGHT_TYPES_MAX])
{
	bool addresses = types & RIGHT_ADDRESSES, txt = types & RIGHT_TXT;

	snprintf(buffer, RIGHT_TYPES_MAX, "%s%s%s%s%s", addresses ? "A" : "", addresses ? separator : "",
		 addresses ? "AAAA" : "", addresses && txt ? separator : "", txt ? "TXT" : "");
	return buffer;
}
