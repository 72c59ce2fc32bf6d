#include "base/process.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum status process_protect(void)
{
	static const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return STATUS_IO;
	return STATUS_OK;
}

/* ---- Memory ---- */

enum {
	BIG = 256 * 1024,        /* octets from which on a piece is mapped by itself */
	SPARE = 4 * 1024 * 1024, /* octets at the end of the heap that stay, lest they go and come with each request */
};

void process_be_modest(void)
{
	mallopt(M_MMAP_THRESHOLD, BIG);
	mallopt(M_TRIM_THRESHOLD, SPARE);
}

void process_give_back(void)
{
	malloc_trim(SPARE);
}

/* ---- Open files ---- */

static bool set_file_limit(rlim_t soft, rlim_t hard)
{
	return setrlimit(RLIMIT_NOFILE, &(struct rlimit){soft, hard}) == 0;
}

uint64_t process_allow_files(uint64_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return wanted;
	if (limit.rlim_cur >= wanted)
		return limit.rlim_cur;
	if (limit.rlim_max >= wanted ? set_file_limit(wanted, limit.rlim_max) : set_file_limit(wanted, wanted))
		return wanted;
	return set_file_limit(limit.rlim_max, limit.rlim_max) ? limit.rlim_max : limit.rlim_cur;
}

/* ---- Use of the machine ---- */

/* Counts open descriptors, but not the one that is opened for counting. */
static uint64_t count_open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	const struct dirent *entry;
	uint64_t count = 0;

	if (!folder)
		return 0;
	while ((entry = readdir(folder)))
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count ? count - 1 : 0;
}

static uint64_t count_resident_octets(void)
{
	FILE *from = fopen("/proc/self/statm", "re");
	char line[128] = "";
	const char *resident;

	if (!from)
		return 0;
	resident = fgets(line, sizeof line, from)
			   ? strchr(line, ' ')
			   : NULL; /* the second number; the first one is the size of all memory */
	fclose(from);
	return resident ? strtoull(resident, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static uint64_t to_ms(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_usec / 1000;
}

void process_measure(struct process_usage *out)
{
	struct rlimit limit = {0, 0};
	struct rusage usage;

	*out = (struct process_usage){count_open_files(), 0, count_resident_octets(), 0};
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		out->files_allowed = limit.rlim_cur;
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		out->cpu_ms = to_ms(usage.ru_utime) + to_ms(usage.ru_stime);
}

/* ---- Another user ---- */

struct identity {
	const char *user;
	uid_t uid;
	gid_t gid;
};

static enum status find(const char *user, const char *group, struct identity *out, char *error, size_t error_size)
{
	const struct passwd *found = getpwnam(user);
	const struct group *found_group;

	if (!found) {
		snprintf(error, error_size, "there is no user %s", user);
		return STATUS_NOT_FOUND;
	}
	*out = (struct identity){user, found->pw_uid, found->pw_gid};
	if (group) {
		found_group = getgrnam(group);
		if (!found_group) {
			snprintf(error, error_size, "there is no group %s", group);
			return STATUS_NOT_FOUND;
		}
		out->gid = found_group->gr_gid;
	}
	if (out->uid == 0 || out->gid == 0) {
		snprintf(error, error_size, "user %s has the rights of root: name one that has none", user);
		return STATUS_INVALID;
	}
	return STATUS_OK;
}

static bool is_already(const struct identity *wanted)
{
	uid_t uid, effective_uid, saved_uid;
	gid_t gid, effective_gid, saved_gid;

	return getresuid(&uid, &effective_uid, &saved_uid) == 0 && getresgid(&gid, &effective_gid, &saved_gid) == 0 &&
	       uid == wanted->uid && effective_uid == wanted->uid && saved_uid == wanted->uid && gid == wanted->gid &&
	       effective_gid == wanted->gid && saved_gid == wanted->gid;
}

/* The order matters: once the user has no rights of root any more, groups cannot be changed. */
static enum status change(const struct identity *wanted, char *error, size_t error_size)
{
	const char *failed = NULL;

	if (initgroups(wanted->user, wanted->gid) != 0)
		failed = "setgroups";
	else if (setresgid(wanted->gid, wanted->gid, wanted->gid) != 0)
		failed = "setgid";
	else if (setresuid(wanted->uid, wanted->uid, wanted->uid) != 0)
		failed = "setuid";
	if (!failed)
		return STATUS_OK;
	snprintf(error, error_size, "cannot become user %s: %s: %s%s", wanted->user, failed, strerror(errno),
		 geteuid() == 0 ? "" : "; start as root or as that user");
	return STATUS_IO;
}

enum status process_become(const char *user, const char *group, char *error, size_t error_size)
{
	struct identity wanted;
	enum status status = find(user, group, &wanted, error, error_size);

	if (status != STATUS_OK || is_already(&wanted))
		return status;
	status = change(&wanted, error, error_size);
	if (status != STATUS_OK)
		return status;
	if (!is_already(&wanted) || setuid(0) == 0 || setgid(0) == 0) {
		snprintf(error, error_size, "user %s could become root again", user);
		return STATUS_IO;
	}
	/* When the user changed, the kernel may have set "dumpable" to its own default (fs.suid_dumpable). */
	if (process_protect() != STATUS_OK) {
		snprintf(error, error_size, "memory cannot be kept from core dumps: %s", strerror(errno));
		return STATUS_IO;
	}
	return STATUS_OK;
}
