/*
 * host_list: the hosts of an account, or those that a key is limited to: patterns in the order in which they were
 * written, and an index, so that what is granted for a name is looked up and not searched. Immutable and counted, so
 * that copies of an account share it. About 40 octets a pattern; a list of one is one small allocation.
 *
 * Where a list is taken, NULL is the empty one.
 */
#ifndef UPDATE_HOST_LIST_H
#define UPDATE_HOST_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/name.h"
#include "base/status.h"
#include "base/text.h"

/* One entry of a user's `hosts`. */
struct host_pattern {
	enum host_kind {
		HOST_EXACT, /* www.dyn.example.com: that name */
		HOST_BELOW, /* *.home.dyn.example.com: every name below that, at any depth, but not that name itself */
		HOST_ZONE,  /* zone:dyn.example.com: every name of that zone, its apex too */
		HOST_OWNER, /* owner:*.home.dyn.example.com: the wildcard itself, which no other pattern gives */
	} kind;
	struct name name;
	bool may_create; /* the user may also make and remove the records of these hosts */
};

/* Reads a pattern in the forms above; it may not create. STATUS_INVALID or STATUS_TOO_LONG otherwise. */
MUST_USE enum status host_pattern_parse(struct text text, struct host_pattern *out);

/* Writes a pattern in those forms into `buffer`, which is returned. */
enum { HOST_PATTERN_TEXT_MAX = NAME_TEXT_MAX + sizeof "owner:" };
const char *host_pattern_format(const struct host_pattern *pattern, char buffer[static HOST_PATTERN_TEXT_MAX]);

struct host_list;

/* A list of these patterns, with one holder. STATUS_NO_MEMORY; STATUS_TOO_LONG beyond 4 GiB. */
MUST_USE enum status host_list_new(const struct host_pattern *patterns, size_t count, struct host_list **out);

/*
 * The same of patterns in their forms, each ended by a newline. A line that is no pattern is left out: see
 * host_list_is_whole().
 */
MUST_USE enum status host_list_read(struct text lines, struct host_list **out);

/* Whether nothing was left out. */
bool host_list_is_whole(const struct host_list *list);

/* One more holder of the list, which is returned. Holders may be on different threads. */
struct host_list *host_list_hold(struct host_list *list);

/* Takes a holder away, frees the list with the last one, and sets *list to NULL; *list == NULL is allowed. */
void host_list_free(struct host_list **list);

size_t host_list_count(const struct host_list *list);

/* Octets of memory that it takes. */
size_t host_list_size(const struct host_list *list);

/* The n-th pattern, in the order of writing. */
void host_list_get(const struct host_list *list, size_t n, struct host_pattern *out);

/* ---- By name ---- */

/* Whether a pattern of that kind has that name; *may_create becomes true if one of them may, and is else left. */
bool host_list_find(const struct host_list *list, enum host_kind kind, struct text name, bool *may_create);

/* The same for HOST_BELOW and the domains that the name lies below. */
bool host_list_find_above(const struct host_list *list, struct text name, bool *may_create);

/*
 * The place of the first pattern for one name (HOST_EXACT, HOST_OWNER) that begins with the label, in whatever case;
 * host_list_count() if there is none.
 */
size_t host_list_find_label(const struct host_list *list, struct text label);

/* The place of the first pattern that is for many names (HOST_BELOW, HOST_ZONE); as above. */
size_t host_list_find_domain(const struct host_list *list);

/* Whether all patterns are for one and the same name, and there is one. */
bool host_list_is_one_name(const struct host_list *list);

#endif
