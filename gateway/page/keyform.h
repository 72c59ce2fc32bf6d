/*
 * keyform: the form that asks for a new key. Pure.
 */
#ifndef PAGE_KEYFORM_H
#define PAGE_KEYFORM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "http/message.h"

enum {
	KEYFORM_LINES_MAX = 4096, /* octets of limits of one sort, as struct database_key has them */
	KEYFORM_ERROR_MAX = 160,
};

struct keyform {
	struct text name;              /* borrowed from the operands */
	struct text hosts;             /* patterns, each ended by a newline; borrowed from `host_lines` */
	struct text sources;           /* networks, likewise */
	uint64_t expires_s;            /* 0: never */
	char error[KEYFORM_ERROR_MAX]; /* one sentence for the user if it could not be read */
	char host_lines[KEYFORM_LINES_MAX];
	char source_lines[KEYFORM_LINES_MAX];
};

/*
 * Reads the operands `name`, `hosts` and `sources` (to which the key is limited: words with white space or commas
 * between) and `expires` (a date). Only the name has to be there. False with an `error` if one of them cannot be read.
 */
bool keyform_read(const struct http_params *params, struct keyform *out);

#endif
