/*
 * names: finds things by their names, as fast among a hundred thousand as among ten.
 */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include <stddef.h>

#include "base/status.h"
#include "base/text.h"

struct names {
	size_t count, mask; /* slots - 1; their number is a power of two, and at most half of them are taken */
	struct names_slot {
		struct text name; /* borrowed */
		const void *what; /* NULL: the slot is free */
	} * slots;
};

/* A zeroed struct is empty. */
void names_fini(struct names *names);

/*
 * Adds something, not NULL, by a name that is borrowed. STATUS_DUPLICATE: that name is there already, and stays what it
 * is; STATUS_NO_MEMORY.
 */
MUST_USE enum status names_add(struct names *names, struct text name, const void *what);

/* NULL: there is none of that name, octet by octet. */
const void *names_find(const struct names *names, struct text name);

#endif
