#include "config/names.h"

#include <stdlib.h>

#include "base/table.h"

bool names_init(struct names *names, size_t count)
{
	size_t slots = 16;

	while (slots < 2 * count)
		slots *= 2;
	names->mask = slots - 1;
	names->slots = calloc(slots, sizeof *names->slots);
	return names->slots != NULL;
}

void names_fini(struct names *names)
{
	free(names->slots);
	names->slots = NULL;
}

/* The slot of that name, or the free one where it belongs. Who writes a configuration has no reason to attack it. */
static struct names_slot *slot_of(const struct names *names, struct text name)
{
	size_t at = (size_t)table_hash(0, name) & names->mask;

	while (names->slots[at].what && !text_equal(names->slots[at].name, name))
		at = (at + 1) & names->mask;
	return &names->slots[at];
}

bool names_add(struct names *names, struct text name, const void *what)
{
	struct names_slot *slot = slot_of(names, name);

	if (slot->what)
		return false;
	*slot = (struct names_slot){name, what};
	return true;
}

const void *names_find(const struct names *names, struct text name)
{
	return slot_of(names, name)->what;
}
