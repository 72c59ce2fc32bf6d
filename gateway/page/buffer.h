/*
 * buffer: octets that grow on the heap, and the one way in which text from outside gets into HTML. A key may be among
 * them, so that whatever is let go is wiped.
 */
#ifndef PAGE_BUFFER_H
#define PAGE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum { BUFFER_MAX = 1024 * 1024 };

/* Begins zeroed. */
struct buffer {
	char *octets;
	size_t len;
	size_t cap;
	bool failed; /* something is missing: no memory, or beyond BUFFER_MAX */
};

/* Appends octets as they are. */
void buffer_add(struct buffer *buffer, struct text octets);

/*
 * Appends text so that it means itself between tags and in attributes with quotation marks: & < > " ' become character
 * references, a NUL becomes U+FFFD.
 */
void buffer_add_escaped(struct buffer *buffer, struct text text);

/* Wipes and frees what it holds; it is as at the beginning then. */
void buffer_fini(struct buffer *buffer);

#endif
