/*
 * Look-ups in the state store: `lookup FOLDER USERS`, where user-0, user-1, ... are in it.
 *
 * The last line on standard output is one JSON object: how long opening took, how long look-ups of random users and of
 * logins that are not there, and what memory the process has then.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/stores.h"

enum { LOOKUPS = 200000 };

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t env_now(void *ctx)
{
	(void)ctx;
	return now_ns() / 1000000;
}

/* The store opens its file by a timer or at the first look-up; here there is no loop, so it is the latter. */
static struct env_timer *timer_new(void *ctx, env_timer_fn *fn, void *fn_ctx)
{
	(void)ctx;
	(void)fn;
	(void)fn_ctx;
	return malloc(1);
}

static void timer_set(struct env_timer *timer, uint64_t at_ms)
{
	(void)timer;
	(void)at_ms;
}

static void timer_free(struct env_timer **timer)
{
	free(*timer);
	*timer = NULL;
}

static void on_found(void *ctx, enum status status, const struct account *account)
{
	(void)account;
	*(size_t *)ctx += status == STATUS_OK;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* The median and the 99th percentile, in nanoseconds, of look-ups of random logins; how many were found. */
static size_t measure(struct account_store *store, const char *format, unsigned users, uint64_t *median, uint64_t *p99)
{
	static uint64_t took[LOOKUPS];
	size_t found = 0;

	for (size_t i = 0; i < LOOKUPS; i++) {
		char login[32];
		uint64_t start;

		snprintf(login, sizeof login, "%s%u", format, (unsigned)rand() % users);
		start = now_ns();
		account_store_lookup(store, text_of(login), on_found, &found);
		took[i] = now_ns() - start;
	}
	qsort(took, LOOKUPS, sizeof *took, compare);
	*median = took[LOOKUPS / 2];
	*p99 = took[LOOKUPS / 100 * 99];
	return found;
}

static double resident_mib(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	double kib = 0;

	while (file && fgets(line, sizeof line, file)) {
		if (strncmp(line, "VmRSS:", 6) == 0)
			kib = atof(line + 6);
	}
	if (file)
		fclose(file);
	return kib / 1024;
}

int main(int argc, char **argv)
{
	const struct env env = {
		.now_ms = env_now, .timer_new = timer_new, .timer_set = timer_set, .timer_free = timer_free};
	size_t found = 0;
	struct account_store *store = NULL;
	uint64_t start = now_ns(), opened, median, p99, absent_median, absent_p99;
	unsigned users = argc == 3 ? (unsigned)atoi(argv[2]) : 0;

	if (!users || store_sqlite_new(&env, argv[1], &store) != STATUS_OK)
		return 2;
	account_store_lookup(store, text_of("user-0"), on_found, &found);
	opened = now_ns() - start;
	if (measure(store, "user-", users, &median, &p99) != LOOKUPS ||
	    measure(store, "nobody-", users, &absent_median, &absent_p99) != 0) {
		fprintf(stderr, "lookup: user-0 to user-%u, and nobody else, should be in the store\n", users - 1);
		return 1;
	}
	printf("{\"open_ms\": %.2f, \"median_us\": %.2f, \"p99_us\": %.2f, \"absent_median_us\": %.2f, "
	       "\"absent_p99_us\": %.2f, \"resident_mib\": %.1f}\n",
	       (double)opened / 1e6, (double)median / 1e3, (double)p99 / 1e3, (double)absent_median / 1e3,
	       (double)absent_p99 / 1e3, resident_mib());
	account_store_free(&store);
	return 0;
}
