#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/signals.h"
#include "cli/cli.h"

/*
 * Started without standard streams, the first files that are opened would take their numbers, and log lines would go
 * into them.
 */
static void fill_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/*
 * Functions of libraries are bound when they are first called, unless LD_BIND_NOW is set; ld.so then puts the vector
 * registers on the stack, and with them whatever was copied last, which may have been a key. It looks at its
 * environment before main(), so the daemon starts itself once more. If that fails, it goes on as it is. An empty value
 * means nothing to ld.so.
 */
static void bind_now(char **argv)
{
	const char *set = getenv("LD_BIND_NOW");
	char path[PATH_MAX];
	ssize_t len;

	if ((set && *set) || setenv("LD_BIND_NOW", "1", 1) != 0)
		return;
	len = readlink("/proc/self/exe", path, sizeof path - 1);
	if (len <= 0)
		return;
	path[len] = '\0';
	execv(path, argv);
}

int main(int argc, char **argv)
{
	fill_standard_streams();
	if (argc > 1 && strcmp(argv[1], "serve") == 0) {
		signals_hold();
		bind_now(argv);
	}
	return cli_main(argc, argv);
}
