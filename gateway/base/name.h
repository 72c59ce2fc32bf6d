/*
 * name: domain names of hosts and zones, in one normal form: lower case, no trailing dot, A-labels only.
 *
 * Only letters, digits and hyphens pass (RFC 1123 section 2.1; in zones underscore and slash too; an asterisk as the
 * first label of wildcards), so that a name can be put into a message, a log line or an answer without escaping, and
 * two names are the same if and only if their texts are.
 */
#ifndef BASE_NAME_H
#define BASE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum {
	NAME_TEXT_MAX = 253, /* characters of the longest name without its trailing dot */
	NAME_WIRE_MAX = 255, /* octets of the longest name on the wire, RFC 1035 section 3.1 */
	NAME_LABEL_MAX = 63,
};

struct name {
	uint8_t len;
	char text[NAME_TEXT_MAX + 1]; /* NUL-terminated */
};

/*
 * Reads and normalises the name of a host: labels of letters, digits and inner hyphens, one trailing dot allowed, the
 * last label not all digits (that would be an address). STATUS_INVALID for anything else, STATUS_TOO_LONG beyond RFC
 * 1035's limits; *out is then as it was.
 */
MUST_USE enum status name_parse(struct text text, struct name *out);

/*
 * The same for names that are not hosts, such as zones (RFC 2317 has `0-63.2.0.192.in-addr.arpa`, others use `_`):
 * underscore and slash pass too.
 */
MUST_USE enum status name_parse_zone(struct text text, struct name *out);

/*
 * The same as name_parse() for the owner of records, which may also be a wildcard, `*.` and the name of a host (RFC
 * 4592 section 2.1.1).
 */
MUST_USE enum status name_parse_owner(struct text text, struct name *out);

static inline bool name_is_wildcard(const struct name *name)
{
	return name->text[0] == '*';
}

static inline struct text name_text(const struct name *name)
{
	return (struct text){name->text, name->len};
}

static inline bool name_equal(const struct name *a, const struct name *b)
{
	return text_equal(name_text(a), name_text(b));
}

/* Whether `name` is `ancestor` or lies below it. */
bool name_is_in(const struct name *name, const struct name *ancestor);

/* Wire form, uncompressed (RFC 1035 section 3.1), into `wire`; returns its length in octets. */
size_t name_to_wire(const struct name *name, uint8_t wire[static NAME_WIRE_MAX]);

#endif
