/*
 * failing_malloc: memory that runs out. A case is repeated with its first, second, third ... allocation failing, alone
 * and with all that follow, until none is left to fail. Nothing may crash or leak; what else may not be, the case says.
 *
 * The program's malloc() and its kin stand before those of libc. They fail what our own code asks for, and those
 * libraries that a test names; others, the tests' own world (fake_env_outside) and other threads are spared, since how
 * those take it is not the matter. Sanitizers have an allocator of their own, so that under them all is skipped.
 */
#ifndef UNIT_FAILING_MALLOC_H
#define UNIT_FAILING_MALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* How an allocation is dealt with, according to who asks for it. */
enum failing_malloc_treatment {
	MALLOC_SPARED,
	MALLOC_COUNTED, /* but never failed: what the library makes, we free */
	MALLOC_FAILED,  /* in its turn, and counted */
	MALLOC_GROWTH, /* spared, but for what is made larger, which fails in its turn: for a library that then leaks */
};

/* What to do with the blocks of a library ("libldns"), of which there may be a few, from now on. */
void failing_malloc_treat(const char *library, enum failing_malloc_treatment treatment);

/* Begins and ends failing within a case: from the n-th allocation on, or just that one. */
void fail_from(unsigned long n, bool only_one);
/* Says whether any allocation failed. */
bool fail_no_more(void);
/* The same for a function of a library that stands for one allocation: whether it fails now. */
bool function_fails(void);

/*
 * Does its work between fail_from(n, only_one) and fail_no_more(), gives back everything, and says whether an
 * allocation failed. Without failures it must do all that it is for.
 */
typedef bool failing_malloc_case(void *ctx, unsigned long n, bool only_one);

/* Fails the test if blocks are left, and skips it under a sanitizer. */
void failing_malloc_repeat(void *ctx, failing_malloc_case *run);

/* As before a test, whatever became of the one before. */
void failing_malloc_reset(void);

#endif
