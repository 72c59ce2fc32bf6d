/*
 * name: domain names, RFC 1035 section 3.1, as uncompressed wire octets and as presentation text.
 */
#ifndef TSIG_NAME_H
#define TSIG_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"
#include "tsig.h"

enum { TSIG_LABEL_MAX = 63 };

struct tsig_name {
	size_t len; /* root label included, so never 0 in a finished name */
	uint8_t wire[TSIG_NAME_MAX];
};

/*
 * Reads a name in presentation form (RFC 1035 section 5.1: \X and \DDD are escapes, the trailing dot is optional) and
 * folds it to lower case, the canonical form that goes into a digest. Returns whether it was a name: labels of 1 to
 * 63 octets, 255 in all, no raw white space, control character or octet above 126.
 */
bool tsig_name_from_text(struct tsig_text text, struct tsig_name *out);

/* Writes the presentation form without the trailing dot (the root is "."), case kept. */
void tsig_name_to_text(const struct tsig_name *name, char text[static TSIG_NAME_TEXT_SIZE]);

/* Whether two names are the same, ASCII case ignored (RFC 4343). */
bool tsig_name_equal(const struct tsig_name *a, const struct tsig_name *b);

#endif
