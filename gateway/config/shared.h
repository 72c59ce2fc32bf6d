/*
 * shared: what many zones have in common, each thing kept once: their primaries, say. What is in it lives as long as
 * the configuration. Private to the room.
 */
#ifndef CONFIG_SHARED_H
#define CONFIG_SHARED_H

#include <stddef.h>

#include "base/status.h"

struct shared;

MUST_USE enum status shared_new(struct shared **out);

/* Sets *shared to NULL, which is allowed there. */
void shared_free(struct shared **shared);

/* Octets that are the same as these, and aligned as those of malloc() are; NULL without memory. */
const void *shared_octets(struct shared *shared, const void *octets, size_t len);

#endif
