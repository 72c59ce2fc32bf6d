#include "loop/systemd.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A number from the environment; 0 if it is not there, or is none. */
static uint64_t number_of(const char *name)
{
	const char *text = getenv(name);
	char *end;
	uint64_t number;

	if (!text || *text < '0' || *text > '9')
		return 0;
	number = strtoull(text, &end, 10);
	return *end ? 0 : number;
}

/* What is meant for a process that has started us, is not meant for us. */
static bool is_for_us(const char *name)
{
	return !getenv(name) || number_of(name) == (uint64_t)getpid();
}

/* A socket in the file system, or an abstract one, which is written with '@' for its first octet. */
static void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (len < 2 || len >= sizeof address.sun_path || (*path != '/' && *path != '@'))
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	memcpy(address.sun_path, path, len);
	if (*path == '@')
		address.sun_path[0] = '\0';
	/* A manager that does not listen finds out by itself that nothing came. */
	(void)!sendto(fd, state, strlen(state), MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

int systemd_sockets(void)
{
	uint64_t count = number_of("LISTEN_FDS");

	if (!getenv("LISTEN_PID") || !is_for_us("LISTEN_PID"))
		return 0;
	return count < 1024 ? (int)count : 0;
}

void systemd_ready(void)
{
	notify("READY=1");
}

void systemd_reloading(void)
{
	struct timespec now;
	char state[64];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		 (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	notify(state);
}

void systemd_stopping(void)
{
	notify("STOPPING=1");
}

uint64_t systemd_watchdog_ms(void)
{
	uint64_t limit_us = number_of("WATCHDOG_USEC");

	if (!is_for_us("WATCHDOG_PID"))
		return 0;
	return limit_us && limit_us < 2000 ? 1 : limit_us / 2000;
}

void systemd_alive(void)
{
	notify("WATCHDOG=1");
}
