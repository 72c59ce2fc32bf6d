/*
 * A wall clock that is wrong by $CLOCK_SKEW_S seconds, for LD_PRELOAD: a name server whose administrator forgot NTP.
 *
 * libfaketime cannot do this for BIND: jemalloc, which named links, reads the clock before libfaketime is ready.
 * Asking the kernel directly needs no preparation. Only the real-time clocks are moved; timers keep running as they
 * should.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t skew_s(void)
{
	const char *text = getenv("CLOCK_SKEW_S");

	return text ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	long rc = syscall(SYS_clock_gettime, clock, now);

	if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += skew_s();
	return (int)rc;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return 0;
}
