/*
 * request: a request from octets, and a world for it to be planned in, for fuzz targets that follow one to its answer.
 */
#ifndef FUZZ_REQUEST_H
#define FUZZ_REQUEST_H

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dialect/dialect.h"
#include "http/decode.h"
#include "http/json.h"
#include "require.h"
#include "update/plan.h"

/* ---- The world around it ---- */

static inline struct name name_of(const char *text)
{
	struct name name;

	require(name_parse(text_of(text), &name) == STATUS_OK);
	return name;
}

static inline struct addr addr_of(const char *text)
{
	struct addr addr;

	require(addr_parse(text_of(text), &addr) == STATUS_OK);
	return addr;
}

static inline const struct plan_policy *policy(void)
{
	static struct name names[3];
	static struct plan_zone zones[3] = {{&names[0], 180, true}, {&names[1], 60, true}, {&names[2], 60, false}};
	static struct plan_policy all = {.zones = zones, .zone_count = 3, .allow_private = true};

	if (names[0].len)
		return &all;
	names[0] = name_of("example.com");
	names[1] = name_of("sub.example.com");
	names[2] = name_of("off.example.com");
	require(plan_policy_index(&all) == STATUS_OK);
	return &all;
}

static inline const struct grant *grant(void)
{
	struct host_pattern patterns[5];
	static struct host_list *hosts;
	static struct grant some;

	if (hosts)
		return &some;
	some.login = text_of("www.example.com");
	some.may_set_txt = true;
	patterns[0] = (struct host_pattern){.kind = HOST_EXACT, .name = name_of("www.example.com")};
	patterns[1] = (struct host_pattern){.kind = HOST_BELOW, .name = name_of("sub.example.com")};
	patterns[2] = (struct host_pattern){.kind = HOST_ZONE, .name = name_of("off.example.com")};
	patterns[3] = (struct host_pattern){.kind = HOST_BELOW, .name = name_of("lab.example.com"), .may_create = true};
	require(host_pattern_parse(text_of("owner:*.wild.example.com"), &patterns[4]) == STATUS_OK);
	require(host_list_new(patterns, 5, &hosts) == STATUS_OK);
	some.hosts = hosts;
	return &some;
}

/* ---- What must hold of every plan ---- */

static inline void check_address(const struct addr *addr)
{
	enum addr_scope scope = addr_scope(addr);

	require(scope == ADDR_SCOPE_GLOBAL || scope == ADDR_SCOPE_PRIVATE);
}

static inline void check_change(const struct change *change, uint32_t ttl_s, enum grant_right right)
{
	bool is_address = rr_type_family(change->type) != ADDR_NONE;

	require(rr_type_is_ours(change->type));
	require(change->becomes.ttl_s == ttl_s);
	if (change->kind == CHANGE_PREFIX) {
		check_address(&change->prefix);
		require(change->type == RR_AAAA);
		require(change->prefix_len >= 1 && change->prefix_len <= 128);
	} else if (!is_address) {
		require(!change->must_exist);
	} else if (change->becomes.count) {
		struct addr addr = rdata_addr(change->type, rrset_first(&change->becomes));

		require(change->kind == CHANGE_REPLACE && change->becomes.count == 1);
		check_address(&addr);
		require(change->must_exist == (right == GRANT_UPDATE));
	} else {
		require(change->kind == CHANGE_REPLACE && right == GRANT_CREATE && !change->must_exist);
	}
}

static inline bool is_about_txt(const struct change_set *set)
{
	return set->changes[0].type == RR_TXT;
}

static inline void check_txt(const struct change_set *set)
{
	const struct change *change = &set->changes[0];
	struct rdata string;

	require(set->count == 1);
	if (change_is_whole(change) && change->becomes.count == 0)
		return;
	string = change_record(change);
	require(string.len >= 2 && string.len == 1 + (size_t)string.octets[0]);
	for (size_t i = 1; i < string.len; i++)
		require(string.octets[i] >= ' ' && string.octets[i] <= '~');
}

/* The host that the set is for: of a challenge, the one that is proved by it. */
static inline struct name host_of(const struct change_set *set)
{
	struct text owner = name_text(&set->owner), label, rest;
	struct name host;

	if (is_about_txt(set) && text_split(owner, '.', &label, &rest) && text_equal(label, text_of("_acme-challenge")))
		owner = rest;
	require(name_parse_owner(owner, &host) == STATUS_OK && text_equal(name_text(&host), owner));
	require(!name_is_wildcard(&host) || !is_about_txt(set));
	return host;
}

/* Nothing but the name of a host that was granted reaches a plan. */
static inline void check_set(const struct change_set *set)
{
	const struct plan_zone *zone;
	struct name host;
	enum grant_right right;

	require(set->count >= 1 && set->count <= CHANGE_SET_MAX);
	require(set->zone < policy()->zone_count);
	zone = &policy()->zones[set->zone];
	require(zone->active && plan_find_zone(policy(), &set->owner) == zone);
	host = host_of(set);
	right = grant_right(grant(), &host, zone->name);
	require(right != GRANT_NOTHING);
	if (is_about_txt(set))
		check_txt(set);
	for (size_t i = 0; i < set->count; i++)
		check_change(&set->changes[i], zone->ttl_s, right);
	require(set->count == 1 || set->changes[0].type != set->changes[1].type);
}

/* ---- Whose address ---- */

/* Read in another way than dialects do: as a word among others, in small letters, with a comma at either side. */
static inline bool is_among(struct text word, const char *words)
{
	char wanted[64];

	if (word.len == 0 || word.len > sizeof wanted - 3 || memchr(word.octets, '\0', word.len))
		return false;
	snprintf(wanted, sizeof wanted, ",%.*s,", (int)word.len, word.octets);
	return strcasestr(words, wanted);
}

static inline bool is_address(struct text text)
{
	struct text head, length;
	struct addr addr;

	text_split(text, '/', &head, &length);
	return addr_parse(head, &addr) == STATUS_OK;
}

static inline struct text bare_name(struct text name)
{
	while (name.len >= 4 && strncasecmp(name.octets, "amp;", 4) == 0)
		name = (struct text){name.octets + 4, name.len - 4};
	return name;
}

static inline bool name_hints(struct text name)
{
	static const char *const parts[] = {"ip", "addr", "prefix"};
	char copy[64];

	if (name.len >= sizeof copy || memchr(name.octets, '\0', name.len))
		return false;
	memcpy(copy, name.octets, name.len);
	copy[name.len] = '\0';
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (strcasestr(copy, parts[i]))
			return true;
	}
	return false;
}

/* Whether an operand says or hints at an address, whoever the request is for; the source is then never taken. */
static inline bool hints_at_an_address(const struct http_request *request)
{
	static const char neither[] = ",host,hostname,domain,domains,fqdn,user,username,password,pass,token,txt,clear,"
				      "verbose,offline,system,wildcard,mx,backmx,url,";

	for (size_t i = 0; i < request->params.count; i++) {
		struct text name = bare_name(request->params.items[i].name), value = request->params.items[i].value;

		if (value.len && !is_among(name, neither) && (is_address(value) || name_hints(name)) &&
		    text_trimmed(value, " ,").len)
			return true;
	}
	return false;
}

static inline void check_source(const struct http_request *request, const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct rrset *becomes = &set->changes[i].becomes;

		if (becomes->count && becomes->type == rr_type_of_family(request->source.family) &&
		    rdata_equal(rrset_first(becomes), rdata_of_addr(&request->source)))
			require(!hints_at_an_address(request));
	}
}

/* ---- The request ---- */

static inline bool decode_body(struct text body, struct decode_space *space, struct http_params *params)
{
	enum status status = body.len && body.octets[0] == '{' ? json_params(body, space, params)
							       : decode_params(body, space, params);

	return status == STATUS_OK;
}

/*
 * Target, Authorization header and body, a form or a JSON object, stand in the input in this order with newlines
 * between; Basic credentials are those of X-Api-User and X-Api-Key, too. False if no request comes of it.
 */
static inline bool decode_request(struct text input, struct decode_space *space, struct http_request *request)
{
	struct text target, authorization, body, rest, query;

	text_split(input, '\n', &target, &rest);
	text_split(rest, '\n', &authorization, &body);
	*request = (struct http_request){.method = body.len ? HTTP_POST : HTTP_GET, .source = addr_of("203.0.113.9")};
	if (decode_target(target, space, &request->path, &query, &request->has_query) != STATUS_OK ||
	    decode_params(query, space, &request->params) != STATUS_OK || !decode_body(body, space, &request->params))
		return false;
	request->has_basic =
		decode_basic(authorization, space, &request->basic_user, &request->basic_password) == STATUS_OK;
	if (request->has_basic) {
		request->api_user = request->basic_user;
		request->api_key = request->basic_password;
	}
	return true;
}

/* Calls handle() with the request, if one comes of the octets. */
static inline void with_request(const uint8_t *data, size_t size, void (*handle)(struct http_request *request))
{
	struct decode_space space = {.cap = DECODE_SPACE(size) + 1};
	static struct http_request request;

	space.octets = malloc(space.cap);
	require(space.octets);
	if (decode_request((struct text){(const char *)data, size}, &space, &request))
		handle(&request);
	free(space.octets);
}

#endif
