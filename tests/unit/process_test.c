/*
 * The process: its limits, its memory, its user. Each test acts in a child, for what it does cannot be undone.
 */
#include "support.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"

/* A child that holds what is said of it exits with 0, else with the line that does not hold. */
#define HOLDS(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			_exit(__LINE__ % 255 + 1);                                                                     \
	} while (0)

static void assert_in_child(void (*act)(void))
{
	int status = -1;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		act();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void require_root(void)
{
	if (geteuid() != 0)
		skip();
}

/* ---- What it takes ---- */

static void measure_while_protected(void)
{
	struct process_usage before, after;

	HOLDS(process_protect() == STATUS_OK);
	process_measure(&before);
	HOLDS(dup(0) >= 0 && dup(0) >= 0);
	process_measure(&after);
	HOLDS(before.open_files >= 1 && after.open_files == before.open_files + 2);
	HOLDS(after.files_allowed > after.open_files);
	HOLDS(after.resident_octets > 100 * 1024 && after.cpu_ms >= before.cpu_ms);
}

static void knows_what_it_takes_of_the_machine(void **state)
{
	(void)state;
	assert_in_child(measure_while_protected);
}

/* ---- Memory ---- */

static void protect(void)
{
	struct rlimit core;

	HOLDS(process_protect() == STATUS_OK);
	HOLDS(prctl(PR_GET_DUMPABLE) == 0);
	HOLDS(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	HOLDS(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0);
}

static void keeps_memory_from_dumps_and_debuggers(void **state)
{
	(void)state;
	assert_in_child(protect);
}

/* ---- Open files ---- */

static void limit_files(rlim_t soft, rlim_t hard)
{
	HOLDS(setrlimit(RLIMIT_NOFILE, &(struct rlimit){soft, hard}) == 0);
}

static bool allows_files(rlim_t soft, rlim_t hard)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == soft && limit.rlim_max == hard;
}

static void raise_soft(void)
{
	limit_files(100, 200);
	HOLDS(process_allow_files(150) == 150);
	HOLDS(allows_files(150, 200));
}

static void never_lower(void)
{
	limit_files(100, 200);
	HOLDS(process_allow_files(50) == 100);
	HOLDS(allows_files(100, 200));
}

static void ask_for_too_much(void)
{
	limit_files(100, 200);
	if (geteuid() == 0)
		HOLDS(setresuid(65534, 65534, 65534) == 0);
	HOLDS(process_allow_files(300) == 200);
	HOLDS(allows_files(200, 200));
}

static void ask_for_more_than_the_kernel_has(void)
{
	limit_files(100, 200);
	HOLDS(process_allow_files(UINT32_MAX) == 200);
	HOLDS(allows_files(200, 200));
}

static void raise_hard(void)
{
	limit_files(100, 200);
	HOLDS(process_allow_files(300) == 300);
	HOLDS(allows_files(300, 300));
}

static void raises_the_limit_of_open_files_as_far_as_wanted(void **state)
{
	(void)state;
	assert_in_child(raise_soft);
	assert_in_child(never_lower);
}

static void takes_what_it_can_get_of_open_files(void **state)
{
	(void)state;
	assert_in_child(ask_for_too_much);
	assert_in_child(ask_for_more_than_the_kernel_has);
}

static void root_raises_the_hard_limit_too(void **state)
{
	(void)state;
	/* In a container root may lack it. */
	if (geteuid() != 0 || prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE) != 1)
		skip();
	assert_in_child(raise_hard);
}

/* ---- Another user ---- */

static enum status become(const char *user, const char *group, const char *complaint)
{
	char error[256] = "";
	enum status status = process_become(user, group, error, sizeof error);

	HOLDS(status == STATUS_OK || strstr(error, complaint));
	return status;
}

static bool is_nobody(gid_t group)
{
	uid_t uid, effective_uid, saved_uid;
	gid_t gid, effective_gid, saved_gid, groups[64];
	int count = getgroups(64, groups);

	for (int i = 0; i < count; i++) {
		if (groups[i] == 0)
			return false;
	}
	return getresuid(&uid, &effective_uid, &saved_uid) == 0 && getresgid(&gid, &effective_gid, &saved_gid) == 0 &&
	       uid == 65534 && effective_uid == 65534 && saved_uid == 65534 && gid == group && effective_gid == group &&
	       saved_gid == group && count >= 0;
}

static void become_nobody(void)
{
	HOLDS(setgroups(1, &(gid_t){0}) == 0);
	HOLDS(become("nobody", NULL, "") == STATUS_OK);
	HOLDS(is_nobody(65534));
	HOLDS(setuid(0) != 0 && setgid(0) != 0);
	HOLDS(prctl(PR_GET_DUMPABLE) == 0);
	HOLDS(become("nobody", NULL, "") == STATUS_OK);
	HOLDS(become("daemon", NULL, "start as root or as that user") == STATUS_IO);
}

static void become_nobody_of_another_group(void)
{
	const struct group *group = getgrnam("daemon");

	HOLDS(group);
	HOLDS(become("nobody", "daemon", "") == STATUS_OK);
	HOLDS(is_nobody(group->gr_gid));
}

static void become_what_is_not_there(void)
{
	HOLDS(become("no-such-user", NULL, "there is no user no-such-user") == STATUS_NOT_FOUND);
	HOLDS(become("nobody", "no-such-group", "there is no group no-such-group") == STATUS_NOT_FOUND);
}

static void become_root(void)
{
	HOLDS(become("root", NULL, "rights of root") == STATUS_INVALID);
	HOLDS(become("nobody", "root", "rights of root") == STATUS_INVALID);
}

static void root_becomes_another_user_for_good(void **state)
{
	(void)state;
	require_root();
	assert_in_child(become_nobody);
	assert_in_child(become_nobody_of_another_group);
}

static void refuses_who_is_not_there_and_who_is_root(void **state)
{
	(void)state;
	assert_in_child(become_what_is_not_there);
	assert_in_child(become_root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_what_it_takes_of_the_machine),
		cmocka_unit_test(keeps_memory_from_dumps_and_debuggers),
		cmocka_unit_test(raises_the_limit_of_open_files_as_far_as_wanted),
		cmocka_unit_test(takes_what_it_can_get_of_open_files),
		cmocka_unit_test(root_raises_the_hard_limit_too),
		cmocka_unit_test(root_becomes_another_user_for_good),
		cmocka_unit_test(refuses_who_is_not_there_and_who_is_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
