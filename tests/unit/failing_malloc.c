#include "failing_malloc.h"

#include "support.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "fake_env.h"

#if defined(__GLIBC__) && !defined(TESTS_SANITIZED)
#define CAN_FAIL true

enum { LIVE_MAX = 16384, LIBRARIES_MAX = 4 };

static struct {
	bool counting; /* blocks of ours are counted */
	bool failing;  /* those from `fail_at` on, or only that one */
	bool only_one;
	unsigned long fail_at; /* counted from 1 */
	unsigned long asked;   /* allocations since failing began */
	unsigned long failed;
	pthread_t thread; /* that is under test */
	struct {
		const char *name;
		enum failing_malloc_treatment treatment;
	} libraries[LIBRARIES_MAX];
	/* Blocks of ours that were not freed. By address, because a library's tail calls hide who frees. */
	size_t live_count;
	void *live[LIVE_MAX];
} allocator;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void __libc_free(void *memory);

static bool is_under_test(void)
{
	return allocator.counting && !fake_env_outside && pthread_equal(pthread_self(), allocator.thread);
}

/* This program holds all of our code. */
static enum failing_malloc_treatment treatment_of(const void *caller)
{
	Dl_info module, self;

	if (!is_under_test() || !dladdr(caller, &module) || !dladdr(&allocator, &self))
		return MALLOC_SPARED;
	if (module.dli_fbase == self.dli_fbase)
		return MALLOC_FAILED;
	for (size_t i = 0; i < LIBRARIES_MAX && allocator.libraries[i].name; i++) {
		if (strstr(module.dli_fname, allocator.libraries[i].name))
			return allocator.libraries[i].treatment;
	}
	return MALLOC_SPARED;
}

static bool must_fail(enum failing_malloc_treatment treatment)
{
	if (!allocator.failing || treatment != MALLOC_FAILED)
		return false;
	allocator.asked++;
	if (allocator.asked < allocator.fail_at || (allocator.only_one && allocator.asked > allocator.fail_at))
		return false;
	allocator.failed++;
	errno = ENOMEM;
	return true;
}

static void *note_new(void *memory, enum failing_malloc_treatment treatment)
{
	if (treatment == MALLOC_SPARED || treatment == MALLOC_GROWTH || !memory)
		return memory;
	if (allocator.live_count == LIVE_MAX)
		abort();
	allocator.live[allocator.live_count++] = memory;
	return memory;
}

/* Whether it was one of ours. */
static bool note_gone(const void *memory)
{
	if (!allocator.counting || !pthread_equal(pthread_self(), allocator.thread))
		return false;
	for (size_t i = allocator.live_count; memory && i > 0; i--) {
		if (allocator.live[i - 1] == memory) {
			allocator.live[i - 1] = allocator.live[--allocator.live_count];
			return true;
		}
	}
	return false;
}

static void *allocate(size_t size, const void *caller)
{
	enum failing_malloc_treatment treatment = treatment_of(caller);

	return note_new(must_fail(treatment) ? NULL : __libc_malloc(size), treatment);
}

void *malloc(size_t size)
{
	return allocate(size, __builtin_return_address(0));
}

void *calloc(size_t count, size_t size)
{
	enum failing_malloc_treatment treatment = treatment_of(__builtin_return_address(0));

	return note_new(must_fail(treatment) ? NULL : __libc_calloc(count, size), treatment);
}

void *realloc(void *memory, size_t size)
{
	enum failing_malloc_treatment treatment = treatment_of(__builtin_return_address(0));
	void *grown =
		must_fail(treatment == MALLOC_GROWTH ? MALLOC_FAILED : treatment) ? NULL : __libc_realloc(memory, size);

	if (!grown && size > 0)
		return NULL;
	return note_gone(memory) || !memory ? note_new(grown, treatment) : grown;
}

void free(void *memory)
{
	note_gone(memory);
	__libc_free(memory);
}

char *strndup(const char *string, size_t len)
{
	size_t actual_len = strnlen(string, len);
	char *copy = allocate(actual_len + 1, __builtin_return_address(0));

	if (!copy)
		return NULL;
	memcpy(copy, string, actual_len);
	copy[actual_len] = '\0';
	return copy;
}

char *strdup(const char *string)
{
	size_t size = strlen(string) + 1;
	char *copy = allocate(size, __builtin_return_address(0));

	return copy ? memcpy(copy, string, size) : NULL;
}

static void count_blocks(bool on)
{
	allocator.counting = on;
	allocator.live_count = 0;
	allocator.thread = pthread_self();
}

void fail_from(unsigned long n, bool only_one)
{
	allocator.asked = allocator.failed = 0;
	allocator.fail_at = n;
	allocator.only_one = only_one;
	allocator.failing = true;
}

bool fail_no_more(void)
{
	allocator.failing = false;
	return allocator.failed > 0;
}

static size_t blocks_left(void)
{
	return allocator.live_count;
}

bool function_fails(void)
{
	return is_under_test() && must_fail(MALLOC_FAILED);
}

void failing_malloc_treat(const char *library, enum failing_malloc_treatment treatment)
{
	size_t i = 0;

	while (i < LIBRARIES_MAX && allocator.libraries[i].name && strcmp(allocator.libraries[i].name, library) != 0)
		i++;
	assert_true(i < LIBRARIES_MAX);
	allocator.libraries[i].name = library;
	allocator.libraries[i].treatment = treatment;
}

void failing_malloc_reset(void)
{
	fake_env_outside = 0;
	fail_no_more();
	count_blocks(false);
	memset(allocator.libraries, 0, sizeof allocator.libraries);
}

#else
#define CAN_FAIL false

static void count_blocks(bool on)
{
	(void)on;
}

static size_t blocks_left(void)
{
	return 0;
}

void fail_from(unsigned long n, bool only_one)
{
	(void)n;
	(void)only_one;
}

bool fail_no_more(void)
{
	return false;
}

bool function_fails(void)
{
	return false;
}

void failing_malloc_treat(const char *library, enum failing_malloc_treatment treatment)
{
	(void)library;
	(void)treatment;
}

void failing_malloc_reset(void)
{
	fake_env_outside = 0;
}
#endif

enum { REPETITIONS_MAX = 20000 };

void failing_malloc_repeat(void *ctx, failing_malloc_case *run)
{
	if (!CAN_FAIL) {
		print_message("skipped: a sanitizer, or a libc other than glibc, has the allocator\n");
		skip();
	}
	/* Once without failures, so that what libraries make once and keep is there already. */
	assert_false(run(ctx, REPETITIONS_MAX, true));
	for (int only_one = 0; only_one < 2; only_one++) {
		unsigned long n = 1;
		bool failed;

		do {
			count_blocks(true);
			failed = run(ctx, n, only_one);
			if (blocks_left() != 0)
				fail_msg("%zu blocks leaked when allocation %lu failed", blocks_left(), n);
			count_blocks(false);
		} while (failed && ++n < REPETITIONS_MAX);
		assert_false(failed);
		assert_true(n > 1);
	}
}
