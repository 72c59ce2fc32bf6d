#include "base/signals.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static const int ending[] = {SIGTERM, SIGINT};
static const int waiting[] = {SIGHUP, SIGUSR1, SIGUSR2};

enum { ENDING = sizeof ending / sizeof *ending, WAITING = sizeof waiting / sizeof *waiting };

static void mask(int how, const int *numbers, size_t count)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < count; i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(how, &set, NULL);
}

void signals_hold(void)
{
	signal(SIGPIPE, SIG_IGN);
	mask(SIG_BLOCK, ending, ENDING);
	mask(SIG_BLOCK, waiting, WAITING);
}

static void end_by_default(int number)
{
	(void)number;
	_exit(0);
}

void signals_end_at_once(void)
{
	const struct sigaction action = {.sa_handler = end_by_default};

	for (size_t i = 0; i < ENDING; i++)
		sigaction(ending[i], &action, NULL);
	mask(SIG_UNBLOCK, ending, ENDING);
}

void signals_let_go(void)
{
	mask(SIG_UNBLOCK, ending, ENDING);
	mask(SIG_UNBLOCK, waiting, WAITING);
}
