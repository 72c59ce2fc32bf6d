#include "update/grant.h"

#include <stdio.h>
#include <string.h>

/* Whether the key that was shown is for that host. */
static bool key_covers(const struct grant *grant, struct text host, struct text zone)
{
	const struct host_list *limit = grant->key_hosts;
	bool may_create = false;

	return host_list_count(limit) == 0 || host_list_find(limit, HOST_EXACT, host, &may_create) ||
	       host_list_find(limit, HOST_OWNER, host, &may_create) || host_list_find_above(limit, host, &may_create) ||
	       host_list_find(limit, HOST_ZONE, zone, &may_create);
}

enum grant_right grant_right(const struct grant *grant, const struct name *host, const struct name *zone)
{
	const struct host_list *hosts = grant->hosts;
	struct text name = name_text(host);
	bool may_create = grant->may_create, is_covered;

	if (!key_covers(grant, name, name_text(zone)))
		return GRANT_NOTHING;
	if (name_is_wildcard(host)) {
		is_covered = host_list_find(hosts, HOST_OWNER, name, &may_create);
	} else {
		/* All of them: one may create where another one may not. */
		is_covered = host_list_find(hosts, HOST_EXACT, name, &may_create);
		is_covered = host_list_find_above(hosts, name, &may_create) || is_covered;
		is_covered = host_list_find(hosts, HOST_ZONE, name_text(zone), &may_create) || is_covered;
	}
	if (!is_covered)
		return GRANT_NOTHING;
	return may_create ? GRANT_CREATE : GRANT_UPDATE;
}

bool grant_has_wildcard(const struct grant *grant, const struct name *wildcard)
{
	bool may_create = false;

	return host_list_find(grant->hosts, HOST_OWNER, name_text(wildcard), &may_create);
}

/* Where hosts that the client left unsaid are looked for: a key that is limited says more than its account. */
static const struct host_list *narrowest(const struct grant *grant)
{
	return host_list_count(grant->key_hosts) ? grant->key_hosts : grant->hosts;
}

bool grant_only_host(const struct grant *grant, struct name *out)
{
	const struct host_list *hosts = narrowest(grant);
	struct host_pattern pattern;

	if (!host_list_is_one_name(hosts))
		return false;
	host_list_get(hosts, 0, &pattern);
	*out = pattern.name;
	return true;
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
	const struct host_list *hosts = narrowest(grant);
	size_t count = host_list_count(hosts), n = host_list_find_label(hosts, label);
	struct host_pattern pattern;

	if (n < count) {
		host_list_get(hosts, n, &pattern);
		*out = pattern.name;
		return STATUS_OK;
	}
	n = host_list_find_domain(hosts);
	if (n == count)
		return STATUS_NOT_FOUND;
	host_list_get(hosts, n, &pattern);
	return prepend(label, &pattern.name, out);
}
