/*
 * process: what this process may do and who it is. These are the first things that a daemon does which holds secrets
 * and faces the Internet.
 *
 * All of it concerns the whole process and is for its one thread; all but process_measure() comes before the first
 * request. Errors come as a sentence for the log.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/*
 * Keeps the memory away from other processes of the same user and from the disk: no core dumps, no debugger can attach,
 * and no program that is started from here gets more rights than this process has. STATUS_IO if the system refuses.
 */
MUST_USE enum status process_protect(void);

/*
 * Allows `wanted` open files, or as many as the system lets this process have: root may raise the hard limit, others
 * may not. Never lowers a limit. Returns how many are allowed.
 */
uint64_t process_allow_files(uint64_t wanted);

/*
 * Lets memory go back to the system that is not needed any more: big pieces as soon as they are freed, which glibc
 * would rather keep once it has seen the first one of a size; small ones when process_give_back() is called, which may
 * take some milliseconds for each 100 MiB, on any thread.
 */
void process_be_modest(void);
void process_give_back(void);

/* How much of the machine it uses. */
struct process_usage {
	uint64_t open_files;      /* 0: not known */
	uint64_t files_allowed;   /* as process_allow_files() says */
	uint64_t resident_octets; /* of memory; 0: not known */
	uint64_t cpu_ms;          /* user and system time since the start */
};

/* Reads proc(5), also where others may not look into this process. The time grows with the number of open files. */
void process_measure(struct process_usage *out);

/*
 * Becomes that user for good: group, supplementary groups, user. It tries to get back, which must fail. `group` NULL:
 * the user's own. If the process already runs as exactly that user and group, nothing is left to do. Everything that
 * only root may do, such as binding a low port, has to come before.
 *
 * STATUS_NOT_FOUND: no such user or group. STATUS_INVALID: the user is root. STATUS_IO: the system refuses; the process
 * may then be half-way, and must end. `error` (`error_size` octets) has a sentence for each.
 */
MUST_USE enum status process_become(const char *user, const char *group, char *error, size_t error_size);

#endif
