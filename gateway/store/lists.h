/*
 * lists: lists of hosts that were read of a state file lately, by their numbers, so that who updates often is not read
 * anew each time. Those that were wanted least lately give way.
 */
#ifndef STORE_LISTS_H
#define STORE_LISTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "update/host_list.h"

struct lists;

/* `size_max` is in octets, of the lists together; one that is larger by itself is not kept. STATUS_NO_MEMORY. */
MUST_USE enum status lists_new(size_t size_max, struct lists **out);

/* Frees it and sets *lists to NULL; *lists == NULL is allowed. */
void lists_free(struct lists **lists);

/* The list of that number, one holder more, or NULL. */
struct host_list *lists_find(struct lists *lists, int64_t number);

/* Keeps a list that is not there, as one more holder; without memory it does not. */
void lists_keep(struct lists *lists, int64_t number, struct host_list *list);

/* Forgets all of them: their numbers mean nothing any more. */
void lists_clear(struct lists *lists);

/* Octets of the lists that are kept. */
size_t lists_size(const struct lists *lists);

#endif
