/*
 * log_out: where the lines of the log go: to standard error, or to a syslog daemon. Never waits. Private to the log
 * but for log_out_open().
 *
 * Standard error that is systemd's journal gets priorities, as sd-daemon(3) has them. Syslog is written as a datagram
 * to the local daemon (RFC 3164 without a host name, as syslog(3) does), because syslog(3) itself may wait for it.
 */
#ifndef BASE_LOG_OUT_H
#define BASE_LOG_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

/* Whether log_out_open() can make sense of it: "stderr", "syslog", or "syslog:" and the path of a socket. */
bool log_out_is_known(struct text to);

/*
 * From now on lines go there; at the start they go to standard error. STATUS_TOO_LONG if the path is, STATUS_INVALID
 * unless log_out_is_known(), STATUS_IO if there is no socket to be had. A syslog daemon that does not run is no error:
 * it may be started later.
 */
MUST_USE enum status log_out_open(struct text to);

/* Writes a line if that is possible without waiting; says if it was. (Syslog gets text lines without the time.) */
bool log_out_write(enum log_level level, const char *line, size_t len);

#endif
