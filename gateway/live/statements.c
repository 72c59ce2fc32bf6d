#include "live/statements.h"

#include <stdbool.h>

#include "base/secret.h"

/* ---- BIND ---- */

void statements_bind_key(FILE *to, const struct tsig_key *key)
{
	char secret[TSIG_SECRET_TEXT_SIZE];

	fprintf(to, "key \"%s\" {\n\talgorithm %s;\n\tsecret \"%s\";\n};\n", tsig_key_name(key),
		tsig_key_algorithm(key), tsig_key_secret(key, secret));
	secret_wipe(secret, sizeof secret);
}

/*
 * `wildcard` matches names below at any depth, but not the name itself: just what `*.` means here. `zonesub` is every
 * name of the zone.
 */
const char *statement_bind_grant(const struct tsig_key *key, const struct right *right,
				 char buffer[static STATEMENT_MAX])
{
	const char *name = tsig_key_name(key);

	switch (right->kind) {
	case RIGHT_ZONE:
		snprintf(buffer, STATEMENT_MAX, "grant \"%s\" zonesub A AAAA;", name);
		break;
	case RIGHT_BELOW:
		snprintf(buffer, STATEMENT_MAX, "grant \"%s\" wildcard *.%s. A AAAA;", name, right->name.text);
		break;
	case RIGHT_NAME:
		snprintf(buffer, STATEMENT_MAX, "grant \"%s\" name %s. A AAAA;", name, right->name.text);
		break;
	}
	return buffer;
}

void statements_bind_zone(FILE *to, const struct statement_zone *zone)
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
	int len =
		snprintf(buffer, STATEMENT_MAX, "key: %s, action: update, update-type: [A, AAAA]", tsig_key_name(key));

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

static size_t count_kind(const struct statement_zone *zone, enum right_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < zone->right_count; i++)
		count += zone->rights[i].kind == kind;
	return count;
}

/* The rule for all rights of one kind in a zone. */
static void knot_acl(FILE *to, const struct statement_zone *zone, enum right_kind kind)
{
	const char *separator = "";

	if (count_kind(zone, kind) == 0)
		return;
	fprintf(to, "  - id: ddnsgate.%s.%s\n    key: %s\n    action: update\n    update-type: [A, AAAA]\n",
		zone->name->text, knot_kinds[kind].suffix, tsig_key_name(zone->key));
	if (!knot_kinds[kind].match)
		return;
	fprintf(to, "    update-owner: name\n    update-owner-match: %s\n    update-owner-name: [",
		knot_kinds[kind].match);
	for (size_t i = 0; i < zone->right_count; i++) {
		if (zone->rights[i].kind != kind)
			continue;
		fprintf(to, "%s%s.", separator, zone->rights[i].name.text);
		separator = ", ";
	}
	fprintf(to, "]\n");
}

static void knot_zone(FILE *to, const struct statement_zone *zone)
{
	const char *separator = "";

	fprintf(to, "  - domain: %s\n    acl: [", zone->name->text);
	for (enum right_kind kind = RIGHT_ZONE; kind <= RIGHT_NAME; kind++) {
		if (count_kind(zone, kind) == 0)
			continue;
		fprintf(to, "%sddnsgate.%s.%s", separator, zone->name->text, knot_kinds[kind].suffix);
		separator = ", ";
	}
	fprintf(to, "]\n");
}

static bool key_was_there(const struct statement_zone *zones, size_t before)
{
	for (size_t i = 0; i < before; i++) {
		if (zones[i].key == zones[before].key)
			return true;
	}
	return false;
}

void statements_knot(FILE *to, const struct statement_zone *zones, size_t count)
{
	fprintf(to, "key:\n");
	for (size_t i = 0; i < count; i++) {
		if (!key_was_there(zones, i))
			knot_key(to, zones[i].key);
	}
	fprintf(to, "\nacl:\n");
	for (size_t i = 0; i < count; i++) {
		for (enum right_kind kind = RIGHT_ZONE; kind <= RIGHT_NAME; kind++)
			knot_acl(to, &zones[i], kind);
	}
	fprintf(to, "\nzone:\n");
	for (size_t i = 0; i < count; i++) {
		if (zones[i].right_count)
			knot_zone(to, &zones[i]);
	}
}
