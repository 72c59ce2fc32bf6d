/*
 * names: finds things by their names, as fast among a hundred thousand as among ten. Private to the room.
 */
#ifndef CONFIG_NAMES_H
#define CONFIG_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct names {
	size_t mask; /* slots - 1; their number is a power of two, and at most half of them are taken */
	struct names_slot {
		struct text name; /* borrowed */
		const void *what; /* NULL: the slot is free */
	} * slots;
};

/* Makes it, with room for so many; false without memory. names_fini() is allowed after that, too. */
bool names_init(struct names *names, size_t count);
void names_fini(struct names *names);

/* Adds something, not NULL, by a name that is borrowed. False: that name is there already, and stays what it is. */
bool names_add(struct names *names, struct text name, const void *what);

/* NULL: there is none of that name, octet by octet. */
const void *names_find(const struct names *names, struct text name);

#endif
