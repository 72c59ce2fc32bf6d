/*
 * The first octets of a connection: what is meant for another kind of port is told apart, by as few octets as come.
 */
#include "support.h"

#include "http/greeting.h"

struct row {
	const char *name;
	struct text octets;
	const char *clear; /* what is wrong with it on a port for HTTP without TLS; NULL: nothing */
	const char *tls;   /* on one with TLS */
};

#define HAS_PROXY "PROXY header"
#define IS_TLS    "speaks TLS"
#define IS_HTTP   "speaks HTTP without TLS"
#define NOT_HTTP  "does not speak HTTP"
#define NOT_TLS   "does not speak TLS"

static const struct row rows[] = {
	{"a request", OCTETS("GET / HTTP/1.1\r\n"), NULL, IS_HTTP},
	{"its first octet", OCTETS("G"), NULL, IS_HTTP},
	{"a method that is like PROXY", OCTETS("PROPFIND / HTTP/"), NULL, IS_HTTP},
	{"a method in lower case", OCTETS("get / HTTP/1.1\r\n"), NULL, IS_HTTP},
	{"empty lines before a request", OCTETS("\r\n\r\nGET / HTTP/"), NULL, NOT_TLS},
	{"empty lines", OCTETS("\r\n\r\n"), NULL, NOT_TLS},
	{"bare line feeds", OCTETS("\n\nGET / HTTP/1.0"), NULL, NOT_TLS},
	{"a hello", OCTETS("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), IS_TLS, NULL},
	{"its first octet", OCTETS("\x16"), IS_TLS, NULL},
	{"a hello of SSL 2.0", OCTETS("\x80\x2e\x01\x03\x01"), IS_TLS, NULL},
	{"its first octets", OCTETS("\x80\x2e"), NOT_HTTP, NULL},
	{"an alert", OCTETS("\x15\x03\x01\x00\x02\x02\x28"), NOT_HTTP, NOT_TLS},
	{"a PROXY header", OCTETS("PROXY TCP4 192.0."), HAS_PROXY, HAS_PROXY},
	{"a PROXY header of version 2", OCTETS("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"), HAS_PROXY, HAS_PROXY},
	{"its first octets", OCTETS("\r\n\r\n\0"), HAS_PROXY, HAS_PROXY},
	{"DNS over TCP", OCTETS("\x00\x1d\x12\x34\x01\x00\x00\x01"), NOT_HTTP, NOT_TLS},
	{"Telnet", OCTETS("\xff\xfb\x1f"), NOT_HTTP, NULL},
	{"SSH", OCTETS("SSH-2.0-OpenSSH"), NULL, IS_HTTP},
};

static void assert_said(const char *name, const char *said, const char *wanted)
{
	assert_row(name, wanted ? said && strstr(said, wanted) : !said);
}

static void what_is_meant_for_another_port_is_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_said(rows[i].name, greeting_fault(rows[i].octets, false), rows[i].clear);
		assert_said(rows[i].name, greeting_fault(rows[i].octets, true), rows[i].tls);
	}
}

static void any_first_octet_can_be_looked_at(void **state)
{
	(void)state;
	for (unsigned octet = 0; octet < 256; octet++) {
		char *alone = malloc(1);

		assert_non_null(alone);
		*alone = (char)octet;
		for (int tls = 0; tls < 2; tls++)
			(void)greeting_fault((struct text){alone, 1}, tls);
		free(alone);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_meant_for_another_port_is_told_apart),
		cmocka_unit_test(any_first_octet_can_be_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
