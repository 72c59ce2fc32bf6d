#include "base/histogram.h"

#include <assert.h>

void histogram_init(struct histogram *histogram, const uint32_t *bounds, size_t bound_count)
{
	assert(bound_count <= HISTOGRAM_BOUNDS_MAX);
	*histogram = (struct histogram){.bounds = bounds, .bound_count = bound_count};
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
	size_t bucket = 0;

	while (bucket < histogram->bound_count && value > histogram->bounds[bucket])
		bucket++;
	histogram->counts[bucket]++;
	histogram->sum += value;
}

void histogram_init_ms(struct histogram *histogram)
{
	static const uint32_t bounds[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000};

	histogram_init(histogram, bounds, sizeof bounds / sizeof *bounds);
}

void histogram_init_size(struct histogram *histogram)
{
	static const uint32_t bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};

	histogram_init(histogram, bounds, sizeof bounds / sizeof *bounds);
}
