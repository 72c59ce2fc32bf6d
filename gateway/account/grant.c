#include "account/grant.h"

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
	if (strip_prefix(&text, "zone:")) {
		out->kind = HOST_ZONE;
		return name_parse_zone(text, &out->name);
	}
	if (strip_prefix(&text, "*.")) {
		out->kind = HOST_BELOW;
		return name_parse_zone(text, &out->name);
	}
	out->kind = HOST_EXACT;
	return name_parse(text, &out->name);
}

const char *host_pattern_format(const struct host_pattern *pattern, char buffer[static HOST_PATTERN_TEXT_MAX])
{
	static const char *const prefixes[] = {[HOST_EXACT] = "", [HOST_BELOW] = "*.", [HOST_ZONE] = "zone:"};

	snprintf(buffer, HOST_PATTERN_TEXT_MAX, "%s%s", prefixes[pattern->kind], pattern->name.text);
	return buffer;
}

static bool covers(const struct host_pattern *pattern, const struct name *host, const struct name *zone)
{
	switch (pattern->kind) {
	case HOST_EXACT:
		return name_equal(host, &pattern->name);
	case HOST_BELOW:
		return host->len > pattern->name.len && name_is_in(host, &pattern->name);
	case HOST_ZONE:
		return name_equal(zone, &pattern->name);
	}
	return false;
}

static bool one_covers(const struct host_pattern *patterns, size_t count, const struct name *host,
		       const struct name *zone)
{
	for (size_t i = 0; i < count; i++) {
		if (covers(&patterns[i], host, zone))
			return true;
	}
	return false;
}

bool grant_covers(const struct grant *grant, const struct name *host, const struct name *zone)
{
	if (grant->key_count && !one_covers(grant->key_patterns, grant->key_count, host, zone))
		return false;
	return one_covers(grant->patterns, grant->count, host, zone);
}
