#include "dialect/operands.h"

#include <string.h>
#include <strings.h>

static bool begins_with(struct text text, const char *start)
{
	size_t len = strlen(start);

	return text.len >= len && strncasecmp(text.octets, start, len) == 0;
}

struct text operand_cut(struct text text)
{
	struct text head, tail;

	text_split(text, ' ', &head, &tail);
	return begins_with(tail, "http:/") || begins_with(tail, "https:/") ? head : text;
}

struct text operand_of(const struct http_request *request, const char *name)
{
	return http_param_value(&request->params, name);
}

bool operand_is_given(const struct http_request *request, const char *name)
{
	return http_param_find(&request->params, name);
}

bool operand_take_hosts(struct text list, struct intent *intent)
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

static void take_address(struct text list, struct intent *intent)
{
	static const char too_many[] = "?"; /* not an address */

	if (intent->address_count == INTENT_ADDRESSES_MAX)
		intent->addresses[0] = text_of(too_many);
	else
		intent->addresses[intent->address_count++] = list;
}

/* An empty item in front would say that there is no IPv4 address, of which this operand says nothing. */
static struct text without_empty_items(struct text list)
{
	while (list.len && list.octets[0] == ',') {
		list.octets++;
		list.len--;
	}
	return list;
}

void operand_take_addresses(const struct http_request *request, const struct operand_address *names,
			    struct intent *intent)
{
	for (size_t i = 0; i < request->params.count; i++) {
		const struct http_param *param = &request->params.items[i];
		const struct operand_address *name = names;
		struct text value = operand_cut(param->value);

		while (name->name && !text_equal(param->name, text_of(name->name)))
			name++;
		if (!name->name)
			continue;
		if (!name->is_ipv4)
			value = without_empty_items(value);
		if (value.len)
			take_address(value, intent);
		else
			intent->ipv4_is_gone = intent->ipv4_is_gone || name->is_ipv4;
	}
}

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
	const struct http_param *user = login ? login : &none;

	intent->by_token = !login;
	intent->readings[0] = (struct credentials){user->literal, key->literal};
	intent->readings[1] = (struct credentials){user->value, key->value};
	intent->reading_count =
		user->literal.octets == user->value.octets && key->literal.octets == key->value.octets ? 1 : 2;
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
