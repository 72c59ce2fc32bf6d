#include "base/names.h"

#include <stdlib.h>

#include "base/table.h"

enum { SLOTS_AT_START = 16 };

void names_fini(struct names *names)
{
	free(names->slots);
	*names = (struct names){0};
}

/* The slot of that name, or the free one where it belongs. Who writes a configuration has no reason to attack it. */
static struct names_slot *slot_of(const struct names *names, struct text name)
{
	size_t at = (size_t)table_hash(0, name) & names->mask;

	while (names->slots[at].what && !text_equal(names->slots[at].name, name))
		at = (at + 1) & names->mask;
	return &names->slots[at];
}

static enum status names_grow(struct names *names)
{
	size_t old = names->slots ? names->mask + 1 : 0, slots = old ? 2 * old : SLOTS_AT_START;
	struct names grown = {names->count, slots - 1, NULL};

	if (2 * names->count < old)
		return STATUS_OK;
	grown.slots = calloc(slots, sizeof *grown.slots);
	if (!grown.slots)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < old; i++) {
		if (names->slots[i].what)
			*slot_of(&grown, names->slots[i].name) = names->slots[i];
	}
	free(names->slots);
	*names = grown;
	return STATUS_OK;
}

enum status names_add(struct names *names, struct text name, const void *what)
{
	enum status status = names_grow(names);
	struct names_slot *slot;

	if (status != STATUS_OK)
		return status;
	slot = slot_of(names, name);
	if (slot->what)
		return STATUS_DUPLICATE;
	*slot = (struct names_slot){name, what};
	names->count++;
	return STATUS_OK;
}

const void *names_find(const struct names *names, struct text name)
{
	return names->slots ? slot_of(names, name)->what : NULL;
}
