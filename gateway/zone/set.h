/*
 * set: what a change set alone says of itself, whatever becomes of it in the queue.
 */
#ifndef ZONE_SET_H
#define ZONE_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rr.h"
#include "update/change.h"

/* Whether nothing about its records need be asked any more; whether one of its prerequisites is what was known. */
bool set_is_known(const struct change_set *set);
bool set_expects(const struct change_set *set);
/* Whether it matters what is there, so that the primary may be asked: not to take a single record out. */
bool set_may_look(const struct change_set *set);
/* Whether everything seems to be as it is to become, of what is confirmed. */
bool set_is_so_already(const struct change_set *set);
/* Whether what it was shows that it was not carried out. */
bool set_is_undone(const struct change_set *set);
/* Whether what is there has to be read before it can be changed. */
bool set_rewrites(const struct change_set *set);
/* Whether what it becomes, or which records go, depends on what could not be read. */
bool set_is_blind(const struct change_set *set);
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
