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
	UTF8_ILL_FORMED = 0xfffd, /* stands for octets that are not UTF-8; it is also a code point by itself */
	UTF8_LEN_MAX = 4,
};

/*
 * The first code point of a text that is not empty; returns how many octets it takes. UTF8_ILL_FORMED stands for octets
 * that cannot begin or continue a code point, for surrogates (RFC 3629 section 3), overlong forms and what lies beyond
 * U+10FFFF. It takes as many octets at once as could have begun a code point, at least one.
 */
size_t utf8_next(struct text text, uint32_t *code);

/*
 * Whether the code point is invisible itself and moves or reorders the text around it: control characters and marks of
 * direction.
 */
bool utf8_is_control(uint32_t code);

#endif
