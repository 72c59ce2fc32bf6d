#include <fcntl.h>
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

int main(int argc, char **argv)
{
	fill_standard_streams();
	if (argc > 1 && strcmp(argv[1], "serve") == 0)
		signals_hold();
	return cli_main(cli_commands, argc, argv);
}
