#include "update/grant.h"

#include <stdio.h>
#include <string.h>

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

static bool covers(const struct host_pattern *pattern, const struct name *host, const struct name *zone)
{
	switch (pattern->kind) {
	case HOST_EXACT:
	case HOST_OWNER:
		return name_equal(host, &pattern->name);
	case HOST_BELOW:
		return host->len > pattern->name.len && name_is_in(host, &pattern->name);
	case HOST_ZONE:
		return name_equal(zone, &pattern->name);
	}
	return false;
}

/* Whether the key that was shown is for that host. */
static bool key_covers(const struct grant *grant, const struct name *host, const struct name *zone)
{
	for (size_t i = 0; i < grant->key_count; i++) {
		if (covers(&grant->key_patterns[i], host, zone))
			return true;
	}
	return grant->key_count == 0;
}

enum grant_right grant_right(const struct grant *grant, const struct name *host, const struct name *zone)
{
	enum grant_right right = GRANT_NOTHING;

	if (!key_covers(grant, host, zone))
		return GRANT_NOTHING;
	for (size_t i = 0; i < grant->count; i++) {
		if (name_is_wildcard(host) != (grant->patterns[i].kind == HOST_OWNER) ||
		    !covers(&grant->patterns[i], host, zone))
			continue;
		if (grant->patterns[i].may_create)
			return GRANT_CREATE;
		right = GRANT_UPDATE;
	}
	return right;
}

bool grant_has_wildcard(const struct grant *grant, const struct name *wildcard)
{
	for (size_t i = 0; i < grant->count; i++) {
		if (grant->patterns[i].kind == HOST_OWNER && name_equal(&grant->patterns[i].name, wildcard))
			return true;
	}
	return false;
}

/* Whether it is for one name. */
static bool is_one(const struct host_pattern *pattern)
{
	return pattern->kind == HOST_EXACT || pattern->kind == HOST_OWNER;
}

/* Where hosts that the client left unsaid are looked for: a key that is limited says more than its account. */
struct patterns {
	const struct host_pattern *items;
	size_t count;
};

static struct patterns narrowest(const struct grant *grant)
{
	if (grant->key_count)
		return (struct patterns){grant->key_patterns, grant->key_count};
	return (struct patterns){grant->patterns, grant->count};
}

const struct name *grant_only_host(const struct grant *grant)
{
	struct patterns patterns = narrowest(grant);

	for (size_t i = 0; i < patterns.count; i++) {
		if (!is_one(&patterns.items[i]) || !name_equal(&patterns.items[i].name, &patterns.items[0].name))
			return NULL;
	}
	return patterns.count ? &patterns.items[0].name : NULL;
}

static bool grant_begins_with(const struct name *name, struct text label)
{
	struct text first, rest;

	text_split(name_text(name), '.', &first, &rest);
	return text_equal_ignoring_case(first, label);
}

static enum status prepend(struct text label, const struct name *to, struct name *out)
{
	char text[NAME_LABEL_MAX + 1 + NAME_TEXT_MAX + 1];

	if (label.len > NAME_LABEL_MAX || memchr(label.octets, '\0', label.len))
		return STATUS_INVALID;
	snprintf(text, sizeof text, "%.*s.%s", (int)label.len, label.octets, to->text);
	return name_parse(text_of(text), out);
}

enum status grant_complete(const struct grant *grant, struct text label, struct name *out)
{
	struct patterns patterns = narrowest(grant);

	for (size_t i = 0; i < patterns.count; i++) {
		if (is_one(&patterns.items[i]) && grant_begins_with(&patterns.items[i].name, label)) {
			*out = patterns.items[i].name;
			return STATUS_OK;
		}
	}
	for (size_t i = 0; i < patterns.count; i++) {
		if (!is_one(&patterns.items[i]))
			return prepend(label, &patterns.items[i].name, out);
	}
	return STATUS_NOT_FOUND;
}
