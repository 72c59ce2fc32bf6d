/*
 * support: what unit tests share: cmocka, and values from literals.
 */
#ifndef UNIT_SUPPORT_H
#define UNIT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/addr.h"
#include "base/name.h"
#include "base/text.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Initialises a struct text with a literal, NUL octets in it included. */
#define OCTETS(literal)                                                                                                \
	{                                                                                                              \
		literal, sizeof(literal) - 1                                                                           \
	}

/* An assertion about one row of a table, which names the row when it fails. */
#define assert_row(row, condition)                                                                                     \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			fail_msg("%s: %s", row, #condition);                                                           \
	} while (0)

static inline void assert_text(struct text actual, const char *expected)
{
	assert_int_equal(actual.len, strlen(expected));
	assert_memory_equal(actual.octets ? actual.octets : "", expected, actual.len);
}

static inline struct name name_of(const char *text)
{
	struct name name;

	assert_row(text, name_parse_zone(text_of(text), &name) == STATUS_OK);
	return name;
}

static inline struct addr addr_of(const char *text)
{
	struct addr addr;

	assert_row(text, addr_parse(text_of(text), &addr) == STATUS_OK);
	return addr;
}

#endif
