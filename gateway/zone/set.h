/*
 * set: what a change set alone says of itself, whatever becomes of it in the queue.
 */
#ifndef ZONE_SET_H
#define ZONE_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rr.h"
#include "update/change.h"

static inline bool set_is_txt(const struct change_set *set)
{
	return set->count && change_is_txt(&set->changes[0]);
}

/* Whether it is known of every record what it was; of one. */
bool set_is_known(const struct change_set *set);
bool set_is_known_in_part(const struct change_set *set);
/* Whether it puts a string into a TXT record. */
bool set_adds_text(const struct change_set *set);
/* Whether everything seems to be as it is to become. */
bool set_is_so_already(const struct change_set *set);
/* Whether what is there has to be read before it can be changed. */
bool set_rewrites(const struct change_set *set);
/* Whether that could not be read. */
bool set_rewrites_unread(const struct change_set *set);
/* Whether the later set is for all the records of the earlier one, on the same conditions. */
bool set_replaces(const struct change_set *later, const struct change_set *earlier);
/*
 * Whether it does away with its own conditions, so that a second copy of its UPDATE is rejected after the first was
 * carried out.
 */
bool set_ends_its_conditions(const struct change_set *set);
/* How many of its records must exist, and the type of the prerequisite of that number. */
size_t set_prerequisites(const struct change_set *set);
enum rr_type set_prerequisite(const struct change_set *set, size_t number);
/* Which change a probe is about: the first one whose record must exist, else the one that rewrites its record. */
size_t set_to_probe(const struct change_set *set);

#endif
