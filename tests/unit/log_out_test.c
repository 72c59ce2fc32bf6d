/*
 * Where the log goes: never waiting, whatever the reader does.
 */
#include "support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/log_out.h"

enum { LINES_MAX = 100 * 1000 };

static struct {
	int saved; /* the real standard error */
	int reader;
} place;

/* Standard error is a pipe that is read only when the test says so. */
static int lead_away(void **state)
{
	int ends[2];

	(void)state;
	place.saved = dup(STDERR_FILENO);
	if (place.saved < 0 || pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) < 0)
		return -1;
	close(ends[1]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	place.reader = ends[0];
	log_set_level(LOG_INFO);
	log_set_format(LOG_FORMAT_TEXT);
	return log_out_open(text_of("stderr")) == STATUS_OK ? 0 : -1;
}

static int lead_back(void **state)
{
	(void)state;
	dup2(place.saved, STDERR_FILENO);
	close(place.saved);
	close(place.reader);
	log_set_format(LOG_FORMAT_TEXT);
	return log_out_open(text_of("stderr")) == STATUS_OK ? 0 : -1;
}

/* What there is to read, up to `size` - 1 octets. */
static const char *read_some(char *buffer, size_t size)
{
	ssize_t got = read(place.reader, buffer, size - 1);

	buffer[got > 0 ? got : 0] = '\0';
	return buffer;
}

static void a_line_ends_with_its_newline(void **state)
{
	char text[256];

	(void)state;
	LOG(LOG_INFO, "test", log_number("n", 1));
	assert_string_equal(strchr(read_some(text, sizeof text), ' '), " level=info event=test n=1\n");
}

/* A write to a full pipe would wait for ever, for nobody else is there to read. */
static void a_reader_that_sleeps_costs_lines_but_no_time(void **state)
{
	uint64_t before = log_dropped(), dropped;
	static char text[1 << 20];
	char told[64], *found;
	size_t len = 0;

	(void)state;
	for (unsigned i = 0; i < LINES_MAX; i++)
		LOG(LOG_INFO, "test", log_number("n", i));
	dropped = log_dropped() - before;
	assert_true(dropped > 0 && dropped < LINES_MAX);
	while (*read_some(text, sizeof text))
		;
	LOG(LOG_INFO, "test", log_text("v", "awake"));
	assert_int_equal(log_dropped() - before, dropped);
	read_some(text, sizeof text);
	snprintf(told, sizeof told, " level=warning event=log-dropped lines=%llu ", (unsigned long long)dropped);
	found = strstr(text, told);
	assert_non_null(found);
	assert_non_null(strstr(found, "\n"));
	assert_non_null(strstr(strchr(found, '\n'), "v=awake\n"));
	LOG(LOG_INFO, "test", log_number("n", 1));
	len = strlen(read_some(text, sizeof text));
	assert_true(len > 0);
	assert_null(strstr(text, "log-dropped"));
}

static void a_reader_that_is_gone_costs_lines_only(void **state)
{
	uint64_t before = log_dropped();

	(void)state;
	close(place.reader);
	LOG(LOG_INFO, "test", log_number("n", 1));
	assert_int_equal(log_dropped() - before, 1);
	place.reader = -1;
}

static void lines_go_whole_or_not_at_all(void **state)
{
	static char text[1 << 20], value[400];
	const char *line = text;

	(void)state;
	memset(value, 'a', sizeof value);
	for (unsigned i = 0; i < LINES_MAX / 100; i++)
		LOG(LOG_INFO, "test", log_slice("v", (struct text){value, sizeof value}), log_number("end", 1));
	read_some(text, sizeof text);
	while (*line) {
		const char *end = strchr(line, '\n');

		assert_non_null(end);
		assert_true(end - line > 20);
		assert_memory_equal(line + 4, "-", 1); /* of the date */
		line = end + 1;
	}
}

static void the_journal_gets_priorities(void **state)
{
	struct stat info;
	char stream[64], text[512];

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &info), 0);
	snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	assert_int_equal(log_out_open(text_of("stderr")), STATUS_OK);
	LOG(LOG_WARNING, "test", log_number("n", 1));
	LOG(LOG_ERROR, "test", log_number("n", 1));
	read_some(text, sizeof text);
	assert_memory_equal(text, "<4>20", 5);
	assert_non_null(strstr(text, "\n<3>20"));
	unsetenv("JOURNAL_STREAM");
}

static void syslog_gets_datagrams_without_waiting(void **state)
{
	char folder[] = "/tmp/log_out.XXXXXX", to[160], text[512];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	uint64_t before = log_dropped(), dropped;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ssize_t got;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(address.sun_path, sizeof address.sun_path, "%s/log", folder);
	snprintf(to, sizeof to, "syslog:%s", address.sun_path);
	assert_int_equal(log_out_open(text_of(to)), STATUS_OK);
	LOG(LOG_INFO, "test", log_number("n", 0)); /* nobody is there yet */
	assert_int_equal(log_dropped() - before, 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	LOG(LOG_WARNING, "test", log_number("n", 1));
	got = recv(fd, text, sizeof text - 1, 0);
	assert_true(got > 0);
	text[got] = '\0';
	assert_non_null(strstr(text, "event=log-dropped lines="));
	got = recv(fd, text, sizeof text - 1, 0);
	assert_true(got > 0);
	text[got] = '\0';
	assert_memory_equal(text, "<28>", 4);
	assert_non_null(strstr(text, " ddnsgate["));
	assert_non_null(strstr(text, "]: level=warning event=test n=1"));
	log_set_format(LOG_FORMAT_JSON);
	LOG(LOG_INFO, "test", log_number("n", 2));
	got = recv(fd, text, sizeof text - 1, 0);
	assert_true(got > 0);
	text[got] = '\0';
	assert_non_null(strstr(text, "]: {\"time\":"));
	for (unsigned i = 0; i < LINES_MAX; i++)
		LOG(LOG_INFO, "test", log_number("n", i));
	dropped = log_dropped() - before;
	assert_true(dropped > 1);
	close(fd);
	unlink(address.sun_path);
	rmdir(folder);
}

static void only_known_places_are_taken(void **state)
{
	static const char *const wrong[] = {"", "file", "syslog:", "stderr:", "Syslog", "syslog2"};
	static char longest[200] = "syslog:/";

	(void)state;
	memset(longest + 8, 'a', sizeof longest - 9);
	for (size_t i = 0; i < LENGTH(wrong); i++) {
		assert_row(wrong[i], !log_out_is_known(text_of(wrong[i])));
		assert_row(wrong[i], log_out_open(text_of(wrong[i])) == STATUS_INVALID);
	}
	assert_false(log_out_is_known(text_of(longest)));
	assert_int_equal(log_out_open(text_of(longest)), STATUS_TOO_LONG);
	assert_true(log_out_is_known(text_of("stderr")));
	assert_true(log_out_is_known(text_of("syslog")));
	assert_true(log_out_is_known(text_of("syslog:/dev/log")));
}

#define LED_AWAY(test) cmocka_unit_test_setup_teardown(test, lead_away, lead_back)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LED_AWAY(a_line_ends_with_its_newline),
		LED_AWAY(the_journal_gets_priorities),
		LED_AWAY(a_reader_that_sleeps_costs_lines_but_no_time),
		LED_AWAY(lines_go_whole_or_not_at_all),
		LED_AWAY(syslog_gets_datagrams_without_waiting),
		LED_AWAY(a_reader_that_is_gone_costs_lines_only),
		cmocka_unit_test(only_known_places_are_taken),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
