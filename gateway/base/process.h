/*
 * process: what this process may do and who it is. The first things of a daemon that holds secrets and faces the
 * Internet.
 *
 * All of it concerns the whole process and is for its one thread; all but process_measure() before the first request.
 * Errors come as a sentence for the log.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/*
 * Keeps memory from others of the same user and from disk: no core dumps, no attaching of debuggers, and no program
 * that is started from here gets more rights than this process has. STATUS_IO if the system refuses.
 */
MUST_USE enum status process_protect(void);

/*
 * Allows `wanted` open files, or as many as the system lets this process have: root may raise the hard limit, others
 * may not. Never lowers a limit. Returns how many are allowed.
 */
uint64_t process_allow_files(uint64_t wanted);

/* What it takes of the machine. */
struct process_usage {
	uint64_t open_files;      /* 0: not known */
	uint64_t files_allowed;   /* as process_allow_files() says */
	uint64_t resident_octets; /* of memory; 0: not known */
	uint64_t cpu_ms;          /* user and system time since the start */
};

/* By proc(5), also where others may not look into this process; takes time in proportion to the open files. */
void process_measure(struct process_usage *out);

/*
 * Becomes that user for good: group, supplementary groups, user, and no way back, which is tried. `group` NULL: the
 * user's own. Where the process runs as exactly that user and group already, nothing is left to do. Everything that
 * only root may do, such as binding a low port, comes before.
 *
 * STATUS_NOT_FOUND: no such user or group. STATUS_INVALID: the user is root. STATUS_IO: the system refuses; the
 * process may then be half-way, and must end. `error` (`error_size` octets) has a sentence for each.
 */
MUST_USE enum status process_become(const char *user, const char *group, char *error, size_t error_size);

#endif
