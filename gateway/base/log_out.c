#include "base/log_out.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const char syslog_path[] = "/dev/log";
static int syslog_fd = -1; /* -1: lines go to standard error */
static struct sockaddr_un syslog_address;
static bool has_priorities; /* lines on standard error begin with them */

static const int priorities[] = {
	[LOG_ERROR] = 3, /* severities of RFC 5424 section 6.2.1 */
	[LOG_WARNING] = 4,
	[LOG_INFO] = 6,
	[LOG_DEBUG] = 7,
};

/* ---- Standard error ---- */

/* Whether standard error leads to the journal: systemd names its device and inode in $JOURNAL_STREAM. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat info;
	char own[64];

	if (!stream || fstat(STDERR_FILENO, &info) != 0)
		return false;
	snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
	return strcmp(own, stream) == 0;
}

/*
 * Standard error is not made non-blocking, because others may share it. A pipe that is ready takes PIPE_BUF octets
 * without waiting, which is more than a line; and one write keeps the line whole.
 */
static bool write_stderr(enum log_level level, const char *line, size_t len)
{
	struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
	char prefix[sizeof "<7>"] = "";
	struct iovec pieces[3];

	if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT))
		return false;
	if (has_priorities)
		snprintf(prefix, sizeof prefix, "<%d>", priorities[level] & 7);
	pieces[0] = (struct iovec){prefix, strlen(prefix)};
	pieces[1] = (struct iovec){(void *)(uintptr_t)line, len};
	pieces[2] = (struct iovec){(void *)(uintptr_t) "\n", 1};
	return writev(STDERR_FILENO, pieces, 3) > 0;
}

/* ---- Syslog ---- */

/* Syslog has its own place for the time, so the time at the beginning of a text line is left out. */
static void skip_time(const char **line, size_t *len)
{
	const char *space = **line == '{' ? NULL : memchr(*line, ' ', *len);

	if (!space)
		return;
	*len -= (size_t)(space + 1 - *line);
	*line = space + 1;
}

static bool write_syslog(enum log_level level, const char *line, size_t len)
{
	enum { FACILITY_DAEMON = 3 << 3 };
	char head[96], stamp[sizeof "Jan 01 12:00:00"];
	time_t now = time(NULL);
	struct tm local;
	struct iovec pieces[2];
	struct msghdr message = {
		.msg_name = &syslog_address, .msg_namelen = sizeof syslog_address, .msg_iov = pieces, .msg_iovlen = 2};

	skip_time(&line, &len);
	if (!strftime(stamp, sizeof stamp, "%b %e %H:%M:%S", localtime_r(&now, &local)))
		return false;
	pieces[0] = (struct iovec){head, (size_t)snprintf(head, sizeof head, "<%d>%s ddnsgate[%ld]: ",
							  FACILITY_DAEMON | priorities[level], stamp, (long)getpid())};
	pieces[1] = (struct iovec){(void *)(uintptr_t)line, len};
	return sendmsg(syslog_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

bool log_out_write(enum log_level level, const char *line, size_t len)
{
	return syslog_fd >= 0 ? write_syslog(level, line, len) : write_stderr(level, line, len);
}

/* ---- Choosing one of them ---- */

/* The path of syslog's socket in "syslog" or "syslog:PATH"; empty if it is neither. */
static struct text path_in(struct text to)
{
	struct text head, tail;
	bool has_path = text_split(to, ':', &head, &tail);

	if (!text_equal(head, text_of("syslog")))
		return text_of(NULL);
	return has_path ? tail : text_of(syslog_path);
}

bool log_out_is_known(struct text to)
{
	struct text path = path_in(to);

	return text_equal(to, text_of("stderr")) || (path.len > 0 && path.len < sizeof syslog_address.sun_path);
}

enum status log_out_open(struct text to)
{
	struct text path = path_in(to);
	int fd = -1;

	if (!log_out_is_known(to))
		return path.len ? STATUS_TOO_LONG : STATUS_INVALID;
	if (path.len) {
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			return STATUS_IO;
		syslog_address = (struct sockaddr_un){.sun_family = AF_UNIX};
		memcpy(syslog_address.sun_path, path.octets, path.len);
	}
	if (syslog_fd >= 0)
		close(syslog_fd);
	syslog_fd = fd;
	has_priorities = is_journal();
	return STATUS_OK;
}
