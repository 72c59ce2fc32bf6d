/*
 * Names, addresses, endpoints and host patterns: what is read is in its normal form, within its bounds, and reads as
 * the same again.
 */
#include <string.h>

#include "base/addr.h"
#include "base/name.h"
#include "require.h"
#include "update/grant.h"

static bool is_label_octet(char octet, const char *extra)
{
	return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '-' ||
	       (octet && strchr(extra, octet));
}

/* The wire form holds the same labels, each with its length before it, and ends with the root. */
static void check_wire(const struct name *name)
{
	uint8_t wire[NAME_WIRE_MAX];
	size_t len = name_to_wire(name, wire), at = 0;

	require(len == (size_t)name->len + 2 && len <= NAME_WIRE_MAX);
	while (wire[at]) {
		require(wire[at] <= NAME_LABEL_MAX && at + 1 + wire[at] < len);
		require(memcmp(wire + at + 1, name->text + at, wire[at]) == 0);
		at += 1 + (size_t)wire[at];
	}
	require(at == len - 1);
}

static void check_name(const struct name *name, const char *extra)
{
	require(name->len > 0 && name->len <= NAME_TEXT_MAX && name->text[name->len] == '\0');
	for (size_t i = 0; i < name->len; i++)
		require(name->text[i] == '.' || is_label_octet(name->text[i], extra));
	require(name_is_in(name, name) && name_equal(name, name));
	check_wire(name);
}

static void fuzz_names(struct text input)
{
	struct name host, zone, again;
	enum status as_host = name_parse(input, &host), as_zone = name_parse_zone(input, &zone);

	require(as_host == STATUS_OK || as_host == STATUS_INVALID || as_host == STATUS_TOO_LONG);
	if (as_host == STATUS_OK) {
		struct addr addr;

		check_name(&host, "");
		require(name_parse(name_text(&host), &again) == STATUS_OK && name_equal(&host, &again));
		require(as_zone == STATUS_OK && name_equal(&host, &zone));
		require(addr_parse(input, &addr) != STATUS_OK); /* never both */
	}
	if (name_parse_owner(input, &again) == STATUS_OK) {
		check_name(&again, "*");
		require(name_is_wildcard(&again) == (as_host != STATUS_OK));
	}
	if (as_zone == STATUS_OK) {
		check_name(&zone, "_/");
		require(name_parse_zone(name_text(&zone), &again) == STATUS_OK && name_equal(&zone, &again));
	}
}

/* What a prefix reaches is what its addresses are: the first of them and the last. */
static void fuzz_prefix(struct text input)
{
	struct addr prefix, first, last;
	unsigned len;

	if (addr_parse_prefix(input, &prefix, &len) != STATUS_OK)
		return;
	require(len >= 1 && len <= 8 * addr_len(&prefix));
	first = last = (struct addr){.family = prefix.family};
	memset(last.octets, 0xff, addr_len(&last));
	first = addr_with_prefix(&first, &prefix, len);
	last = addr_with_prefix(&last, &prefix, len);
	require(addr_has_host_bits(&prefix, len) == !addr_equal(&prefix, &first));
	if (prefix.family == ADDR_V6 && len < 23)
		return; /* shorter than a block within 2000::/3 */
	require(addr_scope(&first) == ADDR_SCOPE_GLOBAL || addr_prefix_has_scope(&prefix, len, addr_scope(&first)));
	require(addr_scope(&last) == ADDR_SCOPE_GLOBAL || addr_prefix_has_scope(&prefix, len, addr_scope(&last)));
}

static void fuzz_addr(struct text input)
{
	char buffer[ADDR_TEXT_MAX];
	struct addr addr, again;

	if (addr_parse(input, &addr) != STATUS_OK)
		return;
	require(addr.family == ADDR_V4 || addr.family == ADDR_V6);
	require(addr_parse(text_of(addr_format(&addr, buffer)), &again) == STATUS_OK);
	require(addr_equal(&addr, &again));
	require(addr_scope(&addr) <= ADDR_SCOPE_UNUSABLE);
}

static void fuzz_endpoint(struct text input)
{
	char buffer[ENDPOINT_TEXT_MAX];
	struct endpoint endpoint, again;
	struct sockaddr_storage storage;

	if (endpoint_parse(input, 53, &endpoint) != STATUS_OK)
		return;
	require(endpoint.port != 0);
	require(endpoint_parse(text_of(endpoint_format(&endpoint, buffer)), 1, &again) == STATUS_OK);
	require(endpoint_equal(&endpoint, &again));
	require(endpoint_to_sockaddr(&endpoint, &storage) <= sizeof storage);
}

static void check_pattern(struct host_pattern pattern, const struct grant *granted)
{
	struct grant grant = *granted;
	struct name below;
	char text[NAME_TEXT_MAX + 3] = "x.";

	if (pattern.kind == HOST_OWNER) {
		check_name(&pattern.name, "*");
		require(name_is_wildcard(&pattern.name) && grant_has_wildcard(&grant, &pattern.name));
		require(grant_right(&grant, &pattern.name, &pattern.name) == GRANT_UPDATE);
		return;
	}
	check_name(&pattern.name, pattern.kind == HOST_EXACT ? "" : "_/");
	require((grant_right(&grant, &pattern.name, &pattern.name) == GRANT_UPDATE) == (pattern.kind != HOST_BELOW));
	strcat(text, pattern.name.text);
	if (name_parse(text_of(text), &below) == STATUS_OK)
		require((grant_right(&grant, &below, &pattern.name) == GRANT_UPDATE) == (pattern.kind != HOST_EXACT));
}

static void fuzz_pattern(struct text input)
{
	struct host_list *list = NULL;
	struct host_pattern pattern;

	if (host_pattern_parse(input, &pattern) != STATUS_OK)
		return;
	require(host_list_new(&pattern, 1, &list) == STATUS_OK);
	check_pattern(pattern, &(struct grant){.hosts = list});
	host_list_free(&list);
}

/* Each pattern of a list is found in it by its name, and nothing is granted by what is left out. */
static void fuzz_list(struct text input)
{
	struct host_list *list = NULL;

	require(host_list_read(input, &list) == STATUS_OK);
	for (size_t i = 0; i < host_list_count(list); i++) {
		struct host_pattern pattern;
		bool may_create = false;
		struct text label, rest;
		size_t first;

		host_list_get(list, i, &pattern);
		require(host_list_find(list, pattern.kind, name_text(&pattern.name), &may_create) && !may_create);
		text_split(name_text(&pattern.name), '.', &label, &rest);
		first = host_list_find_label(list, label);
		require(first <= i || pattern.kind == HOST_BELOW || pattern.kind == HOST_ZONE);
		require(host_list_find_domain(list) <= i || pattern.kind == HOST_EXACT || pattern.kind == HOST_OWNER);
	}
	host_list_free(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input = {(const char *)data, size};

	fuzz_names(input);
	fuzz_addr(input);
	fuzz_prefix(input);
	fuzz_endpoint(input);
	fuzz_pattern(input);
	fuzz_list(input);
	return 0;
}
