#include "live/statements.h"

#include <stdbool.h>

#include "base/secret.h"

/* Whether an earlier zone has the key, too. */
static bool key_was_there(const struct rights_zone *zones, size_t before)
{
	for (size_t i = 0; i < before; i++) {
		if (zones[i].key == zones[before].key)
			return true;
	}
	return false;
}

/* ---- BIND ---- */

void statements_bind_key(FILE *to, const struct tsig_key *key)
{
	char secret[TSIG_SECRET_TEXT_SIZE];

	fprintf(to, "key \"%s\" {\n\talgorithm %s;\n\tsecret \"%s\";\n};\n", tsig_key_name(key),
		tsig_key_algorithm(key), tsig_key_secret(key, secret));
	secret_wipe(secret, sizeof secret);
}

void statements_bind_keys(FILE *to, const struct rights_zone *zones, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!key_was_there(zones, i))
			statements_bind_key(to, zones[i].key);
	}
}

/*
 * `wildcard` matches names below at any depth, but not the name itself: just what `*.` means here. `zonesub` is every
 * name of the zone.
 */
const char *statement_bind_grant(const struct tsig_key *key, const struct right *right,
				 char buffer[static STATEMENT_MAX])
{
	const char *name = tsig_key_name(key);
	char types[RIGHT_TYPES_MAX];

	right_types_text(right->types, " ", types);
	switch (right->kind) {
	case RIGHT_ZONE:
		snprintf(buffer, STATEMENT_MAX, "grant \"%s\" zonesub %s;", name, types);
		break;
	case RIGHT_BELOW:
		snprintf(buffer, STATEMENT_MAX, "grant \"%s\" wildcard *.%s. %s;", name, right->name.text, types);
		break;
	case RIGHT_NAME:
		snprintf(buffer, STATEMENT_MAX, "grant \"%s\" name %s. %s;", name, right->name.text, types);
		break;
	}
	return buffer;
}

void statements_bind_zone(FILE *to, const struct rights_zone *zone)
{
	char grant[STATEMENT_MAX];

	fprintf(to, "update-policy {\n");
	for (size_t i = 0; i < zone->right_count; i++)
		fprintf(to, "\t%s\n", statement_bind_grant(zone->key, &zone->rights[i], grant));
	fprintf(to, "};\n");
}

/* ---- Knot ---- */

static const struct {
	const char *suffix; /* of the rule's name */
	const char *match;  /* NULL: whatever the owner is */
} knot_kinds[] = {
	[RIGHT_ZONE] = {"all", NULL},
	[RIGHT_BELOW] = {"below", "sub"},
	[RIGHT_NAME] = {"names", "equal"},
};

const char *statement_knot_rule(const struct tsig_key *key, const struct right *right,
				char buffer[static STATEMENT_MAX])
{
	const char *match = knot_kinds[right->kind].match;
	char types[RIGHT_TYPES_MAX];
	int len = snprintf(buffer, STATEMENT_MAX, "key: %s, action: update, update-type: [%s]", tsig_key_name(key),
			   right_types_text(right->types, ", ", types));

	if (match)
		snprintf(buffer + len, STATEMENT_MAX - (size_t)len,
			 ", update-owner: name, update-owner-match: %s, update-owner-name: [%s.]", match,
			 right->name.text);
	return buffer;
}

static void knot_key(FILE *to, const struct tsig_key *key)
{
	char secret[TSIG_SECRET_TEXT_SIZE];

	fprintf(to, "  - id: %s\n    algorithm: %s\n    secret: %s\n", tsig_key_name(key), tsig_key_algorithm(key),
		tsig_key_secret(key, secret));
	secret_wipe(secret, sizeof secret);
}

/* Rights of one kind and of the same types share a rule. */
struct knot_rule {
	enum right_kind kind;
	unsigned types;
};

enum { KNOT_RULES = 9 };

static struct knot_rule nth_rule(size_t n)
{
	static const unsigned types[] = {RIGHT_ADDRESSES, RIGHT_ADDRESSES | RIGHT_TXT, RIGHT_TXT};

	return (struct knot_rule){(enum right_kind)(n / 3), types[n % 3]};
}

static bool belongs(const struct right *right, const struct knot_rule *rule)
{
	return right->kind == rule->kind && right->types == rule->types;
}

static bool is_needed(const struct rights_zone *zone, const struct knot_rule *rule)
{
	for (size_t i = 0; i < zone->right_count; i++) {
		if (belongs(&zone->rights[i], rule))
			return true;
	}
	return false;
}

static void knot_rule_id(FILE *to, const struct rights_zone *zone, const struct knot_rule *rule)
{
	static const char *const suffixes[] = {
		[RIGHT_ADDRESSES] = "", [RIGHT_TXT] = "-txt", [RIGHT_ADDRESSES | RIGHT_TXT] = "-all-types"};

	fprintf(to, "ddnsgate.%s.%s%s", zone->name->text, knot_kinds[rule->kind].suffix, suffixes[rule->types]);
}

static void knot_acl(FILE *to, const struct rights_zone *zone, const struct knot_rule *rule)
{
	const char *separator = "";
	char types[RIGHT_TYPES_MAX];

	fprintf(to, "  - id: ");
	knot_rule_id(to, zone, rule);
	fprintf(to, "\n    key: %s\n    action: update\n    update-type: [%s]\n", tsig_key_name(zone->key),
		right_types_text(rule->types, ", ", types));
	if (!knot_kinds[rule->kind].match)
		return;
	fprintf(to, "    update-owner: name\n    update-owner-match: %s\n    update-owner-name: [",
		knot_kinds[rule->kind].match);
	for (size_t i = 0; i < zone->right_count; i++) {
		if (!belongs(&zone->rights[i], rule))
			continue;
		fprintf(to, "%s%s.", separator, zone->rights[i].name.text);
		separator = ", ";
	}
	fprintf(to, "]\n");
}

static void knot_acls(FILE *to, const struct rights_zone *zone)
{
	for (size_t n = 0; n < KNOT_RULES; n++) {
		struct knot_rule rule = nth_rule(n);

		if (is_needed(zone, &rule))
			knot_acl(to, zone, &rule);
	}
}

static void knot_zone(FILE *to, const struct rights_zone *zone)
{
	const char *separator = "";

	fprintf(to, "  - domain: %s\n    acl: [", zone->name->text);
	for (size_t n = 0; n < KNOT_RULES; n++) {
		struct knot_rule rule = nth_rule(n);

		if (!is_needed(zone, &rule))
			continue;
		fprintf(to, "%s", separator);
		knot_rule_id(to, zone, &rule);
		separator = ", ";
	}
	fprintf(to, "]\n");
}

void statements_knot(FILE *to, const struct rights_zone *zones, size_t count)
{
	fprintf(to, "key:\n");
	for (size_t i = 0; i < count; i++) {
		if (!key_was_there(zones, i))
			knot_key(to, zones[i].key);
	}
	fprintf(to, "\nacl:\n");
	for (size_t i = 0; i < count; i++)
		knot_acls(to, &zones[i]);
	fprintf(to, "\nzone:\n");
	for (size_t i = 0; i < count; i++) {
		if (zones[i].right_count)
			knot_zone(to, &zones[i]);
	}
}
