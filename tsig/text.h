/*
 * text: a borrowed run of octets with its length, as cut out of a key file or a C string.
 */
#ifndef TSIG_TEXT_H
#define TSIG_TEXT_H

#include <stddef.h>
#include <string.h>

struct tsig_text {
	const char *octets; /* borrowed, not terminated */
	size_t len;
};

static inline struct tsig_text tsig_text_of(const char *string)
{
	return (struct tsig_text){string, strlen(string)};
}

#endif
