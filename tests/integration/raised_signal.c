/*
 * A signal in the moments when the daemon's loop does not run, for LD_PRELOAD: $RAISED_SIGNAL arrives when the
 * configuration is opened for the first time, or, with $RAISED_AT_END set, when the loop has been closed.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static void raise_at(bool at_end)
{
	static bool done;
	const char *number = getenv("RAISED_SIGNAL");

	if (done || !number || at_end != (getenv("RAISED_AT_END") != NULL))
		return;
	done = true;
	raise(atoi(number));
}

FILE *fopen(const char *path, const char *mode)
{
	FILE *(*next)(const char *, const char *) = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen");
	size_t len = strlen(path);

	if (len > 12 && strcmp(path + len - 12, "ddnsgate.cfg") == 0)
		raise_at(false);
	return next(path, mode);
}

int uv_loop_close(uv_loop_t *loop)
{
	int (*next)(uv_loop_t *) = (int (*)(uv_loop_t *))dlsym(RTLD_NEXT, "uv_loop_close");

	raise_at(true);
	return next(loop);
}
