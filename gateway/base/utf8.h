/*
 * utf8: code points out of octets that may be anything (Unicode 15, section 3.9; RFC 3629).
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum {
	UTF8_ILL_FORMED = 0xfffd, /* what stands for octets that are no UTF-8; also a code point by itself */
	UTF8_LEN_MAX = 4,
};

/*
 * The first code point of a text that is not empty; returns how many octets it takes. Octets that can begin or go on
 * with nothing, surrogates (RFC 3629 section 3), overlong forms and what lies beyond U+10FFFF give UTF8_ILL_FORMED: as
 * many octets at once as could have begun a code point, at least one.
 */
size_t utf8_next(struct text text, uint32_t *code);

/* Whether it is nothing to be seen, and moves or reorders what stands around it: controls, and marks of direction. */
bool utf8_is_control(uint32_t code);

#endif
