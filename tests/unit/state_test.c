/*
 * What is written to the state file off the loop: batches, jobs, and failures that nobody has to wait for.
 */
#include "fake_env.h"
#include "state_folder.h"
#include "support.h"

#include "base/log.h"
#include "store/state.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { NOW_S = 1800000000, LOG_LEN = 4096, RECORDS_MAX = 30000, JOBS_MAX = 64 };

struct world {
	struct fake_env *fake;
	char folder[128];
	struct record_stats stats;
	struct state *state;
	size_t log_len;
	char log[LOG_LEN];
};

static void keep_line(void *ctx, const char *line, size_t len)
{
	struct world *world = ctx;

	assert_true(world->log_len + len + 2 < LOG_LEN);
	memcpy(world->log + world->log_len, line, len);
	world->log_len += len;
	world->log[world->log_len++] = '\n';
	world->log[world->log_len] = '\0';
}

static int setup(void **state)
{
	struct world *world = fake_env_calloc(1, sizeof *world);

	world->fake = fake_env_new(1);
	snprintf(world->folder, sizeof world->folder, "%s", state_folder_new());
	assert_int_equal(state_new(fake_env_of(world->fake), world->folder, &world->stats, &world->state), STATUS_OK);
	log_set_sink(keep_line, world);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	state_free(&world->state);
	assert_null(world->state);
	fake_env_settle(world->fake);
	log_set_sink(NULL, NULL);
	fake_env_free(&world->fake);
	state_folder_remove(world->folder);
	free(world);
	return 0;
}

/* Records a success of a host of its own; the texts are gone afterwards. */
static void record(struct world *world, unsigned n)
{
	char host[32], login[] = "alice";
	struct record one = {.login = text_of(login), .at_s = NOW_S, .code = OUTCOME_CHANGED};

	snprintf(host, sizeof host, "h%u.example.com", n);
	one.host = text_of(host);
	one.source = addr_of("192.0.2.1");
	state_record(world->state, &one);
	memset(host, 'x', sizeof host);
	memset(login, 'x', sizeof login);
}

static void count_host(void *ctx, const struct database_host *host)
{
	assert_true(host->host.octets[0] == 'h');
	++*(size_t *)ctx;
}

static size_t hosts_written(struct world *world)
{
	struct database *database = state_folder_open(world->folder);
	size_t count = 0;

	assert_int_equal(database_hosts(database, text_of("alice"), count_host, &count), STATUS_OK);
	database_free(&database);
	return count;
}

static void records_are_written_together_a_little_later(void **state)
{
	struct world *world = *state;

	for (unsigned i = 0; i < 20; i++)
		record(world, i);
	fake_env_advance(world->fake, 500);
	assert_int_equal(hosts_written(world), 0);
	fake_env_advance(world->fake, 600);
	assert_int_equal(hosts_written(world), 20);
	assert_string_equal(world->log, "");
}

static void what_was_recorded_is_written_before_the_end(void **state)
{
	struct world *world = *state;

	for (unsigned i = 0; i < 20; i++)
		record(world, i);
	state_free(&world->state);
	fake_env_settle(world->fake);
	assert_int_equal(hosts_written(world), 20);
}

/* A file in the place of the folder: nothing can be opened there. */
static void break_folder(struct world *world, bool broken)
{
	assert_int_equal(chmod(world->folder, broken ? 0777 : 0700), 0);
}

static void what_cannot_be_written_is_told_once_and_tried_again(void **state)
{
	struct world *world = *state;

	break_folder(world, true);
	for (unsigned i = 0; i < 5; i++) {
		record(world, i);
		fake_env_advance(world->fake, 10000);
	}
	assert_non_null(strstr(world->log, "level=error event=history-failed"));
	assert_null(strstr(strstr(world->log, "history-failed") + 1, "history-failed"));
	break_folder(world, false);
	fake_env_advance(world->fake, 10000);
	assert_int_equal(hosts_written(world), 5);
	assert_non_null(strstr(world->log, "event=history-resumed"));
}

static void what_does_not_fit_is_dropped_and_counted(void **state)
{
	struct world *world = *state;

	break_folder(world, true);
	for (unsigned i = 0; i < RECORDS_MAX + 7; i++)
		record(world, i % 900);
	fake_env_advance(world->fake, 10000);
	break_folder(world, false);
	fake_env_advance(world->fake, 60000);
	assert_non_null(strstr(world->log, "event=history-resumed"));
	assert_non_null(strstr(world->log, "dropped=7"));
	assert_null(strstr(world->log, "history-overload"));
	assert_int_equal(world->stats.dropped, 7);
	assert_int_equal(world->stats.written, RECORDS_MAX);
	assert_int_equal(world->stats.waiting, 0);
	assert_int_equal(hosts_written(world), 900);
}

/* Nothing has failed: there is more than can be written. */
static void what_comes_faster_than_it_is_written_is_told_as_overload(void **state)
{
	struct world *world = *state;

	for (unsigned i = 0; i < RECORDS_MAX + 7; i++)
		record(world, i % 900);
	assert_int_equal(world->stats.waiting, RECORDS_MAX);
	fake_env_advance(world->fake, 10000);
	assert_non_null(strstr(world->log, "level=warning event=history-overload"));
	assert_non_null(strstr(world->log, "dropped=7"));
	assert_null(strstr(world->log, "history-resumed"));
	assert_int_equal(world->stats.dropped, 7);
	assert_int_equal(world->stats.written, RECORDS_MAX);
}

/* What is left when a batch was written does not wait for others as long as it is a batch by itself. */
static void full_batches_go_one_after_the_other(void **state)
{
	struct world *world = *state;

	for (unsigned i = 0; i < 9500; i++)
		record(world, i % 900);
	fake_env_advance(world->fake, 100);
	assert_int_equal(world->stats.written + world->stats.waiting, 9500);
	assert_in_range(world->stats.waiting, 0, 1500);
	fake_env_advance(world->fake, 1000);
	assert_int_equal(world->stats.written, 9500);
	assert_string_equal(world->log, "");
}

static void at_the_end_nothing_is_tried_for_ever(void **state)
{
	struct world *world = *state;

	break_folder(world, true);
	record(world, 1);
	state_free(&world->state);
	fake_env_settle(world->fake);
	assert_non_null(strstr(world->log, "event=history-lost"));
	break_folder(world, false);
}

/* From now on hosts that fit the pattern cannot be written. */
static void forbid_hosts(struct world *world, const char *pattern)
{
	struct database *database = state_folder_open(world->folder);
	sqlite3 *file = NULL;
	char path[160], sql[256];

	database_free(&database);
	snprintf(path, sizeof path, "%s/ddnsgate.db", world->folder);
	snprintf(sql, sizeof sql,
		 "CREATE TRIGGER forbidden BEFORE INSERT ON hosts WHEN NEW.host LIKE '%s'"
		 " BEGIN SELECT RAISE(ABORT, 'this host is forbidden'); END",
		 pattern);
	assert_int_equal(sqlite3_open(path, &file), SQLITE_OK);
	assert_int_equal(sqlite3_exec(file, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(file), SQLITE_OK);
}

static size_t count_in_log(const struct world *world, const char *text)
{
	size_t count = 0;

	for (const char *at = world->log; (at = strstr(at, text)); at++)
		count++;
	return count;
}

static void a_record_that_fails_by_itself_holds_up_no_other(void **state)
{
	struct world *world = *state;

	forbid_hosts(world, "h7.%");
	for (unsigned i = 0; i < 20; i++)
		record(world, i);
	fake_env_advance(world->fake, 2000);
	assert_int_equal(hosts_written(world), 19);
	assert_non_null(strstr(world->log, "level=error event=history-left-out"));
	assert_non_null(
		strstr(world->log, "user=alice host=h7.example.com records=1 error=\"this host is forbidden\""));
	assert_null(strstr(world->log, "history-failed"));
	/* It comes again and again, and the log tells of it once a minute. */
	for (unsigned i = 20; i < 80; i++) {
		record(world, 7);
		record(world, i);
		fake_env_advance(world->fake, 1000);
	}
	fake_env_advance(world->fake, 2000);
	assert_int_equal(hosts_written(world), 79);
	assert_int_equal(count_in_log(world, "history-left-out"), 2);
}

static void what_the_log_has_not_told_of_yet_it_tells_at_the_end(void **state)
{
	struct world *world = *state;

	forbid_hosts(world, "h7.%");
	for (unsigned i = 0; i < 3; i++) {
		record(world, 7);
		fake_env_advance(world->fake, 2000);
	}
	record(world, 7);
	state_free(&world->state);
	fake_env_settle(world->fake);
	assert_int_equal(count_in_log(world, "history-left-out"), 1);
	assert_non_null(strstr(world->log, "event=history-lost"));
	assert_non_null(strstr(world->log, "dropped=3"));
}

/* Many of them take their time, but not for ever. */
static void many_records_that_fail_by_themselves_hold_up_no_other_for_long(void **state)
{
	struct world *world = *state;

	forbid_hosts(world, "h1__.%");
	for (unsigned i = 99; i <= 200; i++)
		record(world, i);
	fake_env_advance(world->fake, 2000);
	assert_int_equal(hosts_written(world), 0);
	fake_env_advance(world->fake, 30000);
	assert_int_equal(hosts_written(world), 2);
}

static void a_full_disk_is_no_fault_of_a_record(void **state)
{
	struct world *world = *state;
	struct rlimit before, none;
	struct database *database = state_folder_open(world->folder);

	database_free(&database);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){16384, before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	for (unsigned i = 0; i < 900; i++)
		record(world, i);
	fake_env_advance(world->fake, 10000);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(strstr(world->log, "history-failed"));
	assert_null(strstr(world->log, "history-left-out"));
	fake_env_advance(world->fake, 10000);
	assert_int_equal(hosts_written(world), 900);
}

/* ---- Jobs ---- */

struct job {
	unsigned worked, done, order;
	unsigned *orders;
	enum status status;
};

static enum status work(void *ctx, struct database *database)
{
	struct job *job = ctx;
	struct database_user user = {.login = text_of("bob"), .active = true};

	job->worked++;
	job->order = ++*job->orders;
	return database_user_add(database, &user);
}

static void on_done(void *ctx, enum status status)
{
	struct job *job = ctx;

	job->done++;
	job->status = status;
}

static void jobs_are_done_in_their_order(void **state)
{
	struct world *world = *state;
	unsigned orders = 0;
	struct job jobs[3] = {{.orders = &orders}, {.orders = &orders}, {.orders = &orders}};

	record(world, 1);
	for (size_t i = 0; i < LENGTH(jobs); i++) {
		assert_int_equal(state_do(world->state, work, on_done, &jobs[i]), STATUS_OK);
		record(world, 2);
		assert_int_equal(jobs[i].done, 0);
	}
	fake_env_settle(world->fake);
	for (size_t i = 0; i < LENGTH(jobs); i++) {
		assert_int_equal(jobs[i].done, 1);
		assert_int_equal(jobs[i].order, i + 1);
		assert_int_equal(jobs[i].status, i == 0 ? STATUS_OK : STATUS_DUPLICATE);
	}
}

static void a_job_without_a_file_fails(void **state)
{
	struct world *world = *state;
	unsigned orders = 0;
	struct job job = {.orders = &orders};

	break_folder(world, true);
	assert_int_equal(state_do(world->state, work, on_done, &job), STATUS_OK);
	fake_env_settle(world->fake);
	assert_int_equal(job.worked, 0);
	assert_int_equal(job.done, 1);
	assert_int_equal(job.status, STATUS_IO);
	break_folder(world, false);
}

static void beyond_the_bound_jobs_are_refused_at_once(void **state)
{
	struct world *world = *state;
	unsigned orders = 0;
	struct job jobs[JOBS_MAX + 1];

	for (size_t i = 0; i < LENGTH(jobs); i++) {
		jobs[i] = (struct job){.orders = &orders};
		assert_int_equal(state_do(world->state, work, on_done, &jobs[i]),
				 i < JOBS_MAX ? STATUS_OK : STATUS_FULL);
	}
	/* Those that were taken are done even so, and after the end, too. */
	state_free(&world->state);
	fake_env_settle(world->fake);
	for (size_t i = 0; i < LENGTH(jobs); i++)
		assert_int_equal(jobs[i].done, i < JOBS_MAX);
}

/* Whoever waits for a page has gone by then, and no key is made that nobody gets to see. */
static void a_job_that_has_waited_too_long_is_not_begun(void **state)
{
	struct world *world = *state;
	unsigned orders = 0;
	struct job jobs[4] = {{.orders = &orders}, {.orders = &orders}, {.orders = &orders}, {.orders = &orders}};

	fake_env_set_work_ms(world->fake, 2000);
	for (size_t i = 0; i < LENGTH(jobs); i++)
		assert_int_equal(state_do(world->state, work, on_done, &jobs[i]), STATUS_OK);
	fake_env_advance(world->fake, 5000);
	for (size_t i = 0; i < LENGTH(jobs); i++) {
		assert_int_equal(jobs[i].done, 1);
		assert_int_equal(jobs[i].worked, i < 2);
		assert_true((jobs[i].status == STATUS_FULL) == (i >= 2));
	}
	fake_env_set_work_ms(world->fake, 0);
}

/* As a reload does: what is recorded on both sides goes through one open file, and the end comes with the last one. */
static void whoever_holds_it_goes_on_when_another_lets_go(void **state)
{
	struct world *world = *state;
	struct state *before = world->state;

	world->state = state_hold(before);
	record(world, 0);
	state_free(&before);
	record(world, 1);
	fake_env_advance(world->fake, 2000);
	assert_int_equal(hosts_written(world), 2);
	record(world, 2);
	state_free(&world->state);
	fake_env_settle(world->fake);
	assert_int_equal(hosts_written(world), 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(records_are_written_together_a_little_later),
		TEST(what_was_recorded_is_written_before_the_end),
		TEST(what_cannot_be_written_is_told_once_and_tried_again),
		TEST(what_does_not_fit_is_dropped_and_counted),
		TEST(what_comes_faster_than_it_is_written_is_told_as_overload),
		TEST(full_batches_go_one_after_the_other),
		TEST(at_the_end_nothing_is_tried_for_ever),
		TEST(a_record_that_fails_by_itself_holds_up_no_other),
		TEST(what_the_log_has_not_told_of_yet_it_tells_at_the_end),
		TEST(many_records_that_fail_by_themselves_hold_up_no_other_for_long),
		TEST(a_full_disk_is_no_fault_of_a_record),
		TEST(whoever_holds_it_goes_on_when_another_lets_go),
		TEST(jobs_are_done_in_their_order),
		TEST(a_job_without_a_file_fails),
		TEST(beyond_the_bound_jobs_are_refused_at_once),
		TEST(a_job_that_has_waited_too_long_is_not_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
