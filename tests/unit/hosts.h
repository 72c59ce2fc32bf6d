/*
 * hosts: lists of hosts from literals.
 */
#ifndef UNIT_HOSTS_H
#define UNIT_HOSTS_H

#include "support.h"
#include "update/host_list.h"

/* The list of patterns, each ended by a newline; the test frees it. */
static inline struct host_list *hosts_of(const char *lines)
{
	struct host_list *list = NULL;

	assert_int_equal(host_list_read(text_of(lines), &list), STATUS_OK);
	assert_row(lines, host_list_is_whole(list));
	return list;
}

static inline struct host_pattern host_of(const struct host_list *list, size_t n)
{
	struct host_pattern pattern;

	assert_true(n < host_list_count(list));
	host_list_get(list, n, &pattern);
	return pattern;
}

#endif
