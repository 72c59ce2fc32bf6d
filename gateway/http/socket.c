#include "http/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int open_inet(const struct http_listen_options *options)
{
	bool v6 = options->endpoint.addr.family == ADDR_V6;
	struct sockaddr_storage address;
	socklen_t address_len = endpoint_to_sockaddr(&options->endpoint, &address);
	int fd, on = 1, only = options->v6_only, saved;

	fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
	    (!v6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) == 0) &&
	    bind(fd, (struct sockaddr *)&address, address_len) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static struct sockaddr_un unix_address(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	return address;
}

/*
 * A socket that nobody listens on any more was left by a process that was killed. A file that is none is not ours to
 * remove.
 */
static void remove_if_left(const char *path)
{
	struct sockaddr_un address = unix_address(path);
	struct stat info;
	int fd;

	if (lstat(path, &info) != 0 || !S_ISSOCK(info.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED)
		unlink(path);
	close(fd);
}

/* Nobody can connect before the file has its mode, for until then nobody listens. */
static int open_unix(const char *path, unsigned mode)
{
	struct sockaddr_un address = unix_address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), saved;

	if (fd < 0)
		return -1;
	remove_if_left(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && chmod(path, mode) == 0 &&
	    listen(fd, SOMAXCONN) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

bool http_has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_missing = fd < 0 && errno == EAFNOSUPPORT;

	if (fd >= 0)
		close(fd);
	return !is_missing;
}

int socket_open(const struct http_listen_options *options)
{
	return options->path ? open_unix(options->path, options->mode) : open_inet(options);
}

/* ---- Those that others have opened ---- */

static bool is_unix_at(const struct sockaddr_un *address, socklen_t len, const char *path)
{
	size_t path_len = len - offsetof(struct sockaddr_un, sun_path);

	return len > offsetof(struct sockaddr_un, sun_path) && strnlen(address->sun_path, path_len) == strlen(path) &&
	       memcmp(address->sun_path, path, strlen(path)) == 0;
}

/*
 * A socket for datagrams may be at the same address and port. It would be readable for ever, but nothing could be
 * accepted from it.
 */
static bool listens(int fd)
{
	int type, accepts;
	socklen_t type_len = sizeof type, accepts_len = sizeof accepts;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 && type == SOCK_STREAM &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &accepts_len) == 0 && accepts;
}

bool http_socket_is_at(int fd, const struct http_listen_options *options)
{
	struct sockaddr_storage wanted = {0}, address = {0};
	socklen_t wanted_len, len = sizeof address;

	if (!listens(fd) || getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return false;
	if (options->path)
		return address.ss_family == AF_UNIX &&
		       is_unix_at((const struct sockaddr_un *)(const void *)&address, len, options->path);
	wanted_len = endpoint_to_sockaddr(&options->endpoint, &wanted);
	return len == wanted_len && memcmp(&address, &wanted, len) == 0;
}
