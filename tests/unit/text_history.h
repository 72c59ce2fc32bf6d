/*
 * text_history: what the TXT record of one owner went through in a test, and by whose doing. Strings are numbers.
 */
#ifndef TESTS_TEXT_HISTORY_H
#define TESTS_TEXT_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rrset.h"

enum {
	TEXT_DEEDS_MAX = 1500,
	TEXT_NONE = -1,
	TEXT_BY_OTHERS = -1, /* than the gateways, which have numbers from 0 on */
};

/* In this order: all went, some went, one came. */
struct text_deed {
	unsigned long moment;
	int by;
	int change; /* for which it was done, if that is certain; else TEXT_NONE */
	bool cleared;
	size_t taken_count;
	int taken[RRSET_MAX];
	int put; /* or TEXT_NONE */
};

struct text_history {
	size_t count;
	size_t most; /* strings that were there at a time */
	struct text_deed deeds[TEXT_DEEDS_MAX];
};

void text_history_note(struct text_history *history, const struct text_deed *deed);

/* Whether the string is there in the end. */
bool text_history_holds(const struct text_history *history, int string);

/* Whether others have put it there, or have it taken out, since that moment. */
bool text_history_others_put(const struct text_history *history, int string, unsigned long since);
bool text_history_others_took(const struct text_history *history, int string, unsigned long since);

/*
 * Whether the gateway may have it go to make room for `added`: it has put one more there, which is neither, when this
 * one had been there already. If it did so again for the same change, the first time counts.
 */
bool text_history_is_old(const struct text_history *history, int string, int gateway, int added);

/* Calls for each string that is there in the end. */
typedef void text_history_fn(void *ctx, int string);
void text_history_each(const struct text_history *history, text_history_fn *fn, void *ctx);

#endif
