#include "dialect/operands.h"

#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/name.h"

static bool operand_begins_with(struct text text, const char *start)
{
	size_t len = strlen(start);

	return text.len >= len && strncasecmp(text.octets, start, len) == 0;
}

struct text operand_cut(struct text text)
{
	struct text head, tail;

	text_split(text, ' ', &head, &tail);
	return operand_begins_with(tail, "http:/") || operand_begins_with(tail, "https:/") ? head : text;
}

static bool ends_with(struct text text, const char *end)
{
	size_t len = strlen(end);

	return text.len >= len && memcmp(text.octets + text.len - len, end, len) == 0;
}

struct text operand_path(const struct http_request *request)
{
	struct text path = operand_cut(request->path);

	if (path.len > 1 && path.octets[path.len - 1] == '/')
		path.len--;
	return ends_with(path, "/nic/update") ? text_of("/nic/update") : path;
}

/* ---- Names ---- */

static struct text name_of(const struct http_param *param)
{
	static const size_t semicolon =
		sizeof "amp" - 1; /* few names have a `;` at this place, so that most need no further look */
	struct text name = param->name;

	while (name.len > semicolon && name.octets[semicolon] == ';' && operand_begins_with(name, "amp;")) {
		name.octets += strlen("amp;");
		name.len -= strlen("amp;");
	}
	return name;
}

static bool is_one_of(struct text name, const char *const *names)
{
	for (; *names; names++) {
		if (text_equal_ignoring_case(name, text_of(*names)))
			return true;
	}
	return false;
}

const struct http_param *operand_find(const struct http_request *request, const char *name)
{
	const char *const names[] = {name, NULL};

	return operand_find_any(request, names);
}

struct text operand_of(const struct http_request *request, const char *name)
{
	const struct http_param *param = operand_find(request, name);

	return param ? param->value : (struct text){"", 0};
}

bool operand_is_given(const struct http_request *request, const char *name)
{
	return operand_find(request, name);
}

const struct http_param *operand_find_any(const struct http_request *request, const char *const *names)
{
	for (size_t i = 0; i < request->params.count; i++) {
		if (is_one_of(name_of(&request->params.items[i]), names))
			return &request->params.items[i];
	}
	return NULL;
}

size_t operand_count_any(const struct http_request *request, const char *const *names)
{
	size_t count = 0;

	for (size_t i = 0; i < request->params.count; i++)
		count += is_one_of(name_of(&request->params.items[i]), names);
	return count;
}

/* ---- What operands are for ---- */

enum role {
	ROLE_UNKNOWN,
	ROLE_ADDRESS,
	ROLE_PREFIX,
	ROLE_OTHER, /* one of the dialect's own, or one that is ignored */
};

static const struct meaning {
	const char *name;
	enum role role;
	enum addr_family family; /* ADDR_NONE: of either family */
} meanings[] = {
	{"myip", ROLE_ADDRESS, ADDR_NONE},      {"ip", ROLE_ADDRESS, ADDR_NONE},
	{"ip4", ROLE_ADDRESS, ADDR_V4},         {"ipv4", ROLE_ADDRESS, ADDR_V4},
	{"myip4", ROLE_ADDRESS, ADDR_V4},       {"myipv4", ROLE_ADDRESS, ADDR_V4},
	{"ip6", ROLE_ADDRESS, ADDR_V6},         {"ipv6", ROLE_ADDRESS, ADDR_V6},
	{"myip6", ROLE_ADDRESS, ADDR_V6},       {"myipv6", ROLE_ADDRESS, ADDR_V6},
	{"ip6lanprefix", ROLE_PREFIX, ADDR_V6}, {"ipv6prefix", ROLE_PREFIX, ADDR_V6},
	{"ip6prefix", ROLE_PREFIX, ADDR_V6},    {"lanprefix", ROLE_PREFIX, ADDR_V6},
	{"system", ROLE_OTHER, ADDR_NONE},      {"wildcard", ROLE_OTHER, ADDR_NONE},
	{"mx", ROLE_OTHER, ADDR_NONE},          {"backmx", ROLE_OTHER, ADDR_NONE},
	{"url", ROLE_OTHER, ADDR_NONE},
};

static struct meaning meaning_of(struct text name, const char *const *own)
{
	if (is_one_of(name, own))
		return (struct meaning){.role = ROLE_OTHER};
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		if (text_equal_ignoring_case(name, text_of(meanings[i].name)))
			return meanings[i];
	}
	return (struct meaning){.role = ROLE_UNKNOWN};
}

bool operand_has_address(const struct http_request *request)
{
	static const char *const none[] = {NULL};

	for (size_t i = 0; i < request->params.count; i++) {
		enum role role = meaning_of(name_of(&request->params.items[i]), none).role;

		if (role == ROLE_ADDRESS || role == ROLE_PREFIX)
			return true;
	}
	return false;
}

/* ---- Hosts ---- */

const char *const operand_hosts[] = {"hostname", "host", "domain", "domains", "fqdn", NULL};

static bool take_hosts(struct text list, struct intent *intent)
{
	struct text item;

	for (bool more = true; more;) {
		more = text_split(list, ',', &item, &list);
		item = text_trimmed(item, " "); /* people type spaces after commas */
		if (item.len == 0)
			continue;
		if (intent->host_count == INTENT_HOSTS_MAX)
			return false;
		intent->hosts[intent->host_count++] = item;
	}
	return true;
}

bool operand_take_hosts(const struct http_request *request, const char *const *names, struct intent *intent)
{
	for (size_t i = 0; i < request->params.count; i++) {
		const struct http_param *param = &request->params.items[i];

		if (is_one_of(name_of(param), names) && !take_hosts(operand_cut(param->value), intent))
			return false;
	}
	return true;
}

/* ---- Addresses ---- */

/* If there are too many, one is replaced by a text that is no address, so that the request is refused. */
static void add_operand(struct text texts[static INTENT_ADDRESSES_MAX], size_t *count, struct text text)
{
	static const char too_many[] = "?";

	if (*count == INTENT_ADDRESSES_MAX)
		texts[0] = text_of(too_many);
	else
		texts[(*count)++] = text;
}

static bool is_to_stay(struct text value)
{
	value = text_trimmed(value, " ");
	return text_equal_ignoring_case(value, text_of("preserve")) || text_equal_ignoring_case(value, text_of("no"));
}

/* An empty item at the beginning says that there is no IPv4 address; an operand for IPv6 cannot say that. */
static struct text without_empty_items(struct text list)
{
	while (list.len && list.octets[0] == ',') {
		list.octets++;
		list.len--;
	}
	return list;
}

static void take_operand_address(struct text value, enum addr_family family, bool or_none, struct intent *intent)
{
	bool says_no_ipv4 = or_none && family != ADDR_V6;

	if (intent->lenient && !says_no_ipv4)
		value = without_empty_items(value);
	intent->keeps_ipv4 = intent->keeps_ipv4 || (family == ADDR_V4 && is_to_stay(value));
	intent->keeps_ipv6 = intent->keeps_ipv6 || (family == ADDR_V6 && is_to_stay(value));
	if (value.len == 0) {
		intent->ipv4_is_gone = intent->ipv4_is_gone || says_no_ipv4;
		return;
	}
	if (intent->address_count < INTENT_ADDRESSES_MAX)
		intent->says_no_ipv4[intent->address_count] = says_no_ipv4;
	add_operand(intent->addresses, &intent->address_count, value);
}

static void take_operand_prefix(struct text value, struct intent *intent)
{
	value = text_trimmed(value, " ,");
	intent->prefix_is_given = true;
	if (value.len && !is_to_stay(value))
		add_operand(intent->prefixes, &intent->prefix_count, value);
}

/* ---- What unknown operands hint at ---- */

/* Whether it looks like an address, in any notation and with anything behind it: a length, a zone, a port. */
static bool is_like_an_address(struct text text)
{
	struct endpoint endpoint;
	struct text head, rest;

	text_split(text, '/', &head, &rest);
	text_split(head, '%', &head, &rest);
	return endpoint_parse(head, 1, &endpoint) == STATUS_OK;
}

static bool operand_contains(struct text text, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= text.len; i++) {
		if (strncasecmp(text.octets + i, word, len) == 0)
			return true;
	}
	return false;
}

static bool is_about_addresses(struct text name)
{
	return operand_contains(name, "ip") || operand_contains(name, "addr") || operand_contains(name, "prefix");
}

/* Whether the text, or an item of it if it is a list, is accepted. Any of these separators may be in use. */
static bool has_item(struct text list, bool (*is)(struct text item))
{
	static const char separators[] = ",; ";
	size_t start = 0;

	for (size_t i = 0; i <= list.len; i++) {
		if (i < list.len && !memchr(separators, list.octets[i], strlen(separators)))
			continue;
		if (i > start && is((struct text){list.octets + start, i - start}))
			return true;
		start = i + 1;
	}
	return false;
}

static bool has_letter(struct text text)
{
	for (size_t i = 0; i < text.len; i++) {
		char octet = text.octets[i] | ' ';

		if (octet >= 'a' && octet <= 'z')
			return true;
	}
	return false;
}

/* Whether it looks like the name of a host: with a dot, perhaps a wildcard. The plan knows whose host it is. */
static bool is_like_a_host(struct text text)
{
	struct name name;

	if (operand_begins_with(text, "*.")) {
		text.octets += strlen("*.");
		text.len -= strlen("*.");
	}
	return has_letter(text) && memchr(text.octets, '.', text.len) && name_parse_zone(text, &name) == STATUS_OK;
}

static void note_hint(struct text name, struct text value, struct intent *intent)
{
	bool hints = has_item(value, is_like_an_address) || has_item(name, is_like_an_address) ||
		     (text_trimmed(value, " ").len && is_about_addresses(name));

	if (hints && intent->hint.len == 0)
		intent->hint = name.len ? name : value;
}

static void note_stranger(struct text name, struct text value, struct intent *intent)
{
	if (intent->stranger_count == INTENT_STRANGERS_MAX)
		intent->is_unread = true;
	else
		intent->strangers[intent->stranger_count++] = (struct intent_operand){name, value};
}

/* An unknown operand; it may also stand in the request as `name` alone. */
static void note_unknown(struct text name, struct text value, struct intent *intent)
{
	note_hint(name, value, intent);
	if (has_item(value, is_like_a_host))
		note_stranger(name, value, intent);
	else if (has_item(name, is_like_a_host))
		note_stranger(name, name, intent);
}

/*
 * Notes the first operand of a second URL. It is not obeyed, but nothing may be put in the place of what it says
 * either.
 */
static void note_cut(struct text value, struct intent *intent)
{
	static const char *const none[] = {NULL};
	size_t kept = operand_cut(value).len;
	struct text before, query, name, text;

	if (kept == value.len ||
	    !text_split((struct text){value.octets + kept, value.len - kept}, '?', &before, &query))
		return;
	text_split(query, '=', &name, &text);
	if (meaning_of(name, none).role != ROLE_OTHER)
		note_unknown(name, text, intent);
}

static void take_addresses(const struct http_request *request, const char *const *own, bool or_none,
			   struct intent *intent)
{
	for (size_t i = 0; i < request->params.count; i++) {
		const struct http_param *param = &request->params.items[i];
		struct text name = name_of(param), value = operand_cut(param->value);
		struct meaning meaning = meaning_of(name, own);

		if (meaning.role == ROLE_ADDRESS)
			take_operand_address(value, meaning.family, or_none, intent);
		else if (meaning.role == ROLE_PREFIX)
			take_operand_prefix(value, intent);
		else if (meaning.role == ROLE_UNKNOWN)
			note_unknown(name, value, intent);
		note_cut(param->value, intent);
	}
	intent->is_unread = intent->is_unread || request->params.is_unread;
}

void operand_take_addresses(const struct http_request *request, const char *const *own, struct intent *intent)
{
	take_addresses(request, own, false, intent);
}

void operand_take_addresses_or_none(const struct http_request *request, const char *const *own, struct intent *intent)
{
	take_addresses(request, own, true, intent);
}

/* ---- Credentials ---- */

static enum outcome_code check_credentials(const struct intent *intent)
{
	if (!intent->by_token && intent->readings[0].login.len == 0)
		return OUTCOME_MISSING_LOGIN;
	return intent->readings[0].key.len ? OUTCOME_GRANTED : OUTCOME_MISSING_KEY;
}

enum outcome_code operand_take_credentials(const struct http_param *login, const struct http_param *key,
					   struct intent *intent)
{
	static const struct http_param none;
	const struct http_param *user = login ? login : &none, *secret = key ? key : &none;

	intent->by_token = !login;
	intent->readings[0] = (struct credentials){user->literal, secret->literal};
	intent->readings[1] = (struct credentials){user->value, secret->value};
	intent->reading_count =
		user->literal.octets == user->value.octets && secret->literal.octets == secret->value.octets ? 1 : 2;
	return check_credentials(intent);
}

enum outcome_code operand_take_literally(struct text login, struct text key, struct intent *intent)
{
	intent->readings[0] = (struct credentials){login, key};
	intent->reading_count = 1;
	return check_credentials(intent);
}

enum outcome_code operand_take_basic(const struct http_request *request, struct intent *intent)
{
	return operand_take_literally(request->basic_user, request->basic_password, intent);
}
