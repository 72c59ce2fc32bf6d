/*
 * text: a borrowed run of octets with its length. What comes from outside is handled in this form, so that a NUL
 * octet in it cannot cut it short and nothing has to be copied to be looked at.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct text {
	const char *octets; /* borrowed, not terminated; may be NULL if len is 0 */
	size_t len;
};

/* The text of a C string, which must outlive it. NULL gives the empty text. */
static inline struct text text_of(const char *string)
{
	return (struct text){string, string ? strlen(string) : 0};
}

/* Octet by octet; not for secrets: see secret_equal(). */
static inline bool text_equal(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.octets, b.octets, a.len) == 0);
}

/* The same, but ASCII letters in whatever case. */
static inline bool text_equal_ignoring_case(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.octets, b.octets, a.len) == 0);
}

/*
 * The part before the first `octet` goes to *head and what follows it to *tail; without it, all is head, tail is
 * empty; says if it was there.
 */
static inline bool text_split(struct text whole, char octet, struct text *head, struct text *tail)
{
	const char *at = whole.len ? memchr(whole.octets, octet, whole.len) : NULL;
	size_t before = at ? (size_t)(at - whole.octets) : whole.len;

	*head = (struct text){whole.octets, before};
	*tail = at ? (struct text){at + 1, whole.len - before - 1} : (struct text){NULL, 0};
	return at != NULL;
}

/* The text without those of `octets` that it begins and ends with. */
static inline struct text text_trimmed(struct text text, const char *octets)
{
	size_t count = strlen(octets);

	while (text.len && memchr(octets, text.octets[0], count)) {
		text.octets++;
		text.len--;
	}
	while (text.len && memchr(octets, text.octets[text.len - 1], count))
		text.len--;
	return text;
}

/*
 * A C string with the octets of the text, to be freed by the caller; NULL without memory. Not strndup(), which strict
 * sanitizers take for one that reads up to a NUL octet.
 */
static inline char *text_duplicate(struct text text)
{
	char *copy = malloc(text.len + 1);

	if (!copy)
		return NULL;
	if (text.len)
		memcpy(copy, text.octets, text.len);
	copy[text.len] = '\0';
	return copy;
}

/* What a hexadecimal digit stands for, in either case; -1 if it is none. */
static inline int text_hex_value(char octet)
{
	if (octet >= '0' && octet <= '9')
		return octet - '0';
	if (octet >= 'a' && octet <= 'f')
		return octet - 'a' + 10;
	return octet >= 'A' && octet <= 'F' ? octet - 'A' + 10 : -1;
}

#endif
