/*
 * Heads of requests, as libmicrohttpd leaves them: what is sound, and what shows of that which was repaired.
 */
#include "support.h"

#include "http/head.h"

/*
 * What 0.9 makes of a head: colons, CRs and LFs become NUL, values begin behind blanks. Here fields are given by where
 * they lie in `octets`, which begins with the version.
 */
struct piece {
	size_t name, name_len, value, value_len;
};

static enum head_fault judge(struct head *head, const char *octets, size_t len, const struct piece *pieces,
			     size_t count)
{
	head_begin(head, (struct text){octets, sizeof "HTTP/1.1" - 1});
	for (size_t i = 0; i < count; i++)
		head_add(head, (struct text){octets + pieces[i].name, pieces[i].name_len},
			 (struct text){octets + pieces[i].value, pieces[i].value_len});
	return head_end(head, len ? octets + len : NULL);
}

/* As 0.9 takes apart what has no folds: `raw` in, its pieces out. */
static enum head_fault judge_raw(struct head *head, const char *raw, size_t len)
{
	struct piece pieces[16];
	char octets[1024];
	size_t count = 0, at = 0;
	bool is_first = true;

	memcpy(octets, raw, len);
	while (at < len) {
		char *line = octets + at, *end = memchr(line, '\n', len - at), *colon;
		size_t next = (size_t)(end - octets) + 1;

		*end = '\0';
		if (end > line && end[-1] == '\r')
			end[-1] = '\0';
		colon = strchr(line, ':');
		if (!is_first && colon) {
			char *value = colon + 1;

			*colon = '\0';
			value += strspn(value, " \t");
			pieces[count++] =
				(struct piece){at, (size_t)(colon - line), (size_t)(value - octets), strlen(value)};
		}
		is_first = false;
		at = next;
	}
	return judge(head, octets, len, pieces, count);
}

static const struct {
	const char *name;
	struct text raw;
	enum head_fault fault;
} rows[] = {
	{"no fields", OCTETS("HTTP/1.1\r\n\r\n"), HEAD_SOUND},
	{"no fields, bare LF", OCTETS("HTTP/1.1\n\n"), HEAD_SOUND},
	{"a field", OCTETS("HTTP/1.1\r\nHost: a\r\n\r\n"), HEAD_SOUND},
	{"bare LF", OCTETS("HTTP/1.1\nHost: a\nX: y\n\n"), HEAD_SOUND},
	{"no blank before the value", OCTETS("HTTP/1.1\r\nHost:a\r\n\r\n"), HEAD_SOUND},
	{"blanks around the value", OCTETS("HTTP/1.1\r\nHost: \t a \t\r\nX: y \r\n\r\n"), HEAD_SOUND},
	{"an empty value", OCTETS("HTTP/1.1\r\nX:\r\nY: \r\nZ:\n\r\n"), HEAD_SOUND},
	{"a port", OCTETS("HTTP/1.1\r\nHost: a.example:8080\r\n\r\n"), HEAD_SOUND},
	{"IPv6 and a port", OCTETS("HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n"), HEAD_SOUND},
	{"an empty Host", OCTETS("HTTP/1.1\r\nHost:\r\n\r\n"), HEAD_SOUND},
	{"an underscore in Host", OCTETS("HTTP/1.1\r\nHost: my_router\r\n\r\n"), HEAD_SOUND},
	{"a length", OCTETS("HTTP/1.1\r\nContent-Length: 0130\r\n\r\n"), HEAD_SOUND},
	{"chunks", OCTETS("HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n"), HEAD_SOUND},
	{"Latin-1 in a value", OCTETS("HTTP/1.1\r\nX: J\xfcrgen\r\n\r\n"), HEAD_SOUND},

	{"a NUL in a value", OCTETS("HTTP/1.1\r\nX: a\0b\r\nY: c\r\n\r\n"), HEAD_TORN},
	{"a NUL in the last value", OCTETS("HTTP/1.1\r\nX: a\0b\r\n\r\n"), HEAD_TORN},
	{"two NULs in the last value", OCTETS("HTTP/1.1\r\nX: a\0\0b\r\n\r\n"), HEAD_TORN},
	{"a NUL at the end of a value", OCTETS("HTTP/1.1\r\nX: a\0\r\nY: c\r\n\r\n"), HEAD_TORN},
	{"NULs at the end of the last value", OCTETS("HTTP/1.1\r\nX: a\0\0\0\r\n\r\n"), HEAD_TORN},
	{"a line that was skipped", OCTETS("HTTP/1.1\r\nfoo\r\nX: y\r\n\r\n"), HEAD_TORN},
	{"the last line was skipped", OCTETS("HTTP/1.1\r\nX: y\r\nfoo\r\n\r\n"), HEAD_TORN},
	{"an octet behind the version", OCTETS("HTTP/1.1 x\r\nX: y\r\n\r\n"), HEAD_TORN},

	{"a blank in a name", OCTETS("HTTP/1.1\r\nContent-Length : 5\r\n\r\n"), HEAD_NO_FIELD},
	{"no name", OCTETS("HTTP/1.1\r\n: 5\r\n\r\n"), HEAD_NO_FIELD},
	{"a blank before the first name", OCTETS("HTTP/1.1\r\n X: 5\r\n\r\n"), HEAD_NO_FIELD},
	{"a bare CR in a value", OCTETS("HTTP/1.1\r\nX: a\rY: b\r\n\r\n"), HEAD_NO_FIELD},
	{"a control character", OCTETS("HTTP/1.1\r\nX: a\033[1m\r\n\r\n"), HEAD_NO_FIELD},

	{"a length with a sign", OCTETS("HTTP/1.1\r\nContent-Length: +5\r\n\r\n"), HEAD_UNFRAMED},
	{"a list of lengths", OCTETS("HTTP/1.1\r\nContent-Length: 1,1\r\n\r\n"), HEAD_UNFRAMED},
	{"two lengths", OCTETS("HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"), HEAD_UNFRAMED},
	{"a hexadecimal length", OCTETS("HTTP/1.1\r\nContent-Length: 0x10\r\n\r\n"), HEAD_UNFRAMED},
	{"an empty length", OCTETS("HTTP/1.1\r\nContent-Length:\r\n\r\n"), HEAD_UNFRAMED},
	{"a blank behind a length", OCTETS("HTTP/1.1\r\nContent-Length: 5 \r\n\r\n"), HEAD_UNFRAMED},
	{"a length and chunks", OCTETS("HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
	 HEAD_UNFRAMED},
	{"another coding", OCTETS("HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), HEAD_UNFRAMED},
	{"chunks twice", OCTETS("HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
	 HEAD_UNFRAMED},

	{"two Hosts", OCTETS("HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), HEAD_NO_HOST},
	{"two Hosts, one of them empty", OCTETS("HTTP/1.1\r\nHost:\r\nhost: a\r\n\r\n"), HEAD_NO_HOST},
	{"a path as Host", OCTETS("HTTP/1.1\r\nHost: a/b\r\n\r\n"), HEAD_NO_HOST},
	{"a user in Host", OCTETS("HTTP/1.1\r\nHost: u@a\r\n\r\n"), HEAD_NO_HOST},
	{"a blank in Host", OCTETS("HTTP/1.1\r\nHost: a b\r\n\r\n"), HEAD_NO_HOST},
	{"no number as port", OCTETS("HTTP/1.1\r\nHost: a:http\r\n\r\n"), HEAD_NO_HOST},
	{"two ports", OCTETS("HTTP/1.1\r\nHost: a:1:2\r\n\r\n"), HEAD_NO_HOST},
	{"an open bracket", OCTETS("HTTP/1.1\r\nHost: [::1\r\n\r\n"), HEAD_NO_HOST},
};

static void judges_heads(void **state)
{
	struct head head;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_row(rows[i].name, judge_raw(&head, rows[i].raw.octets, rows[i].raw.len) == rows[i].fault);
}

/* 0.9 puts a name that was folded somewhere else, and leaves its value where it was. */
static void sees_a_fold_by_where_the_pieces_lie(void **state)
{
	static const char octets[] = "HTTP/1.1\0\0Content-Length\0\0\0 130\0\0\0\0Content-Length130";
	static const struct piece pieces[] = {{36, 17, 25, 0}};
	struct head head;

	(void)state;
	assert_int_equal(judge(&head, octets, 33, pieces, 1), HEAD_TORN);
}

/* 1.0 leaves line ends as they are, but for the octet behind a value, and folds become blanks. */
static void takes_what_lies_as_libmicrohttpd_1_0_leaves_it(void **state)
{
	static const char octets[] = "HTTP/1.1\0\nHost\0 a\0\nX\0 y   z\0 \t\r\n\r\n";
	static const struct piece pieces[] = {{10, 4, 16, 1}, {19, 1, 22, 5}};
	struct head head;

	(void)state;
	assert_int_equal(judge(&head, octets, 0, pieces, 2), HEAD_SOUND);
	assert_text(head.values[HEAD_HOST], "a");
	assert_int_equal(head.count, 2);
}

/* There blanks before a colon are allowed, at the level that we need. */
static void sees_a_colon_that_does_not_follow_its_name(void **state)
{
	static const char octets[] = "HTTP/1.1\0\nHost\0 : a\0\n\r\n";
	static const struct piece pieces[] = {{10, 4, 18, 1}};
	struct head head;

	(void)state;
	assert_int_equal(judge(&head, octets, sizeof octets - 1, pieces, 1), HEAD_TORN);
}

static void keeps_the_first_of_several(void **state)
{
	static const char raw[] = "HTTP/1.1\r\nX-Api-Key: first\r\nx-api-key: second\r\nCookie:  c \r\n\r\n";
	char copy[sizeof raw];
	struct head head;

	(void)state;
	memcpy(copy, raw, sizeof raw);
	assert_int_equal(judge_raw(&head, copy, sizeof raw - 1), HEAD_SOUND);
	assert_int_equal(head.counts[HEAD_API_KEY], 2);
	assert_int_equal(head.values[HEAD_API_KEY].len, 5);
	assert_int_equal(head.values[HEAD_COOKIE].len, 1);
	assert_int_equal(head.values[HEAD_API_USER].len, 0);
}

static void each_fault_has_a_text_that_begins_with_its_status(void **state)
{
	(void)state;
	for (int fault = HEAD_SOUND + 1; fault <= HEAD_NO_HOST; fault++)
		assert_memory_equal(head_fault_text((enum head_fault)fault), "400 ", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_heads),
		cmocka_unit_test(sees_a_fold_by_where_the_pieces_lie),
		cmocka_unit_test(takes_what_lies_as_libmicrohttpd_1_0_leaves_it),
		cmocka_unit_test(sees_a_colon_that_does_not_follow_its_name),
		cmocka_unit_test(keeps_the_first_of_several),
		cmocka_unit_test(each_fault_has_a_text_that_begins_with_its_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
