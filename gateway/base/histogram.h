/*
 * histogram: how often values of which size occurred: counts in buckets, and the sum of all values. It is a member of
 * the struct of the module that counts.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS_MAX = 16 };

struct histogram {
	const uint32_t *bounds;                    /* ascending, each the largest value of its bucket; borrowed */
	size_t bound_count;                        /* at most HISTOGRAM_BOUNDS_MAX */
	uint64_t counts[HISTOGRAM_BOUNDS_MAX + 1]; /* the last one is of values beyond all bounds */
	uint64_t sum;
};

void histogram_init(struct histogram *histogram, const uint32_t *bounds, size_t bound_count);

void histogram_add(struct histogram *histogram, uint64_t value);

/* Times in milliseconds, and numbers of things. */
void histogram_init_ms(struct histogram *histogram);
void histogram_init_size(struct histogram *histogram);

#endif
