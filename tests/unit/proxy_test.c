/*
 * PROXY headers, versions 1 and 2: whose connection it is, where the header ends, and what is refused.
 */
#include "support.h"

#include "http/proxy.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4_ADDRS  "\xc0\x00\x02\x01\xc6\x33\x64\x01\x12\x34\x01\xbb"
#define V6_ADDR   "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
#define MAPPED    "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x07"
#define PORTS     "\x12\x34\x01\xbb"

struct row {
	const char *name;
	struct text octets;
	const char *source; /* NULL: not told */
};

static void assert_read(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		static const char request[] = "GET / HTTP/1.1\r\n\r\n";
		struct addr source = {.family = ADDR_NONE};
		char octets[2048];
		struct proxy_header header;
		size_t len = rows[i].octets.len;

		if (rows[i].source)
			source = addr_of(rows[i].source);
		memcpy(octets, rows[i].octets.octets, len);
		memcpy(octets + len, request, sizeof request);
		assert_row(rows[i].name,
			   proxy_parse((struct text){octets, len + sizeof request}, &header) == PROXY_COMPLETE);
		assert_row(rows[i].name, header.len == len);
		assert_row(rows[i].name, addr_equal(&header.source, &source));
		for (size_t part = 0; part < len; part++)
			assert_row(rows[i].name, proxy_parse((struct text){octets, part}, &header) == PROXY_INCOMPLETE);
	}
}

static void assert_refused(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct proxy_header header;

		assert_row(rows[i].name, proxy_parse(rows[i].octets, &header) == PROXY_MALFORMED);
	}
}

static void reads_version_1(void **state)
{
	static const struct row rows[] = {
		{"IPv4", OCTETS("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n"), "192.0.2.1"},
		{"IPv6", OCTETS("PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n"), "2001:db8::1"},
		{"IPv4 in IPv6", OCTETS("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n"), "192.0.2.7"},
		{"ports of 0", OCTETS("PROXY TCP4 192.0.2.1 198.51.100.1 0 0\r\n"), "192.0.2.1"},
		{"ports at their end", OCTETS("PROXY TCP6 2001:db8::1 2001:db8::2 65535 1\r\n"), "2001:db8::1"},
		{"unknown", OCTETS("PROXY UNKNOWN\r\n"), NULL},
		{"unknown, with addresses", OCTETS("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"),
		 NULL},
		{"the longest",
		 OCTETS("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};

	(void)state;
	assert_read(rows, LENGTH(rows));
}

static void refuses_a_version_1_that_is_malformed(void **state)
{
	static const struct row rows[] = {
		{"HTTP", OCTETS("GET / HTTP/1.1\r\n"), NULL},
		{"lower case", OCTETS("proxy TCP4 192.0.2.1 198.51.100.1 56324 443\r\n"), NULL},
		{"no protocol", OCTETS("PROXY \r\n"), NULL},
		{"other protocol", OCTETS("PROXY UDP4 192.0.2.1 198.51.100.1 56324 443\r\n"), NULL},
		{"other family", OCTETS("PROXY TCP6 192.0.2.1 198.51.100.1 56324 443\r\n"), NULL},
		{"destination of another family", OCTETS("PROXY TCP4 192.0.2.1 ::1 56324 443\r\n"), NULL},
		{"no address", OCTETS("PROXY TCP4 192.0.2.256 198.51.100.1 56324 443\r\n"), NULL},
		{"no ports", OCTETS("PROXY TCP4 192.0.2.1 198.51.100.1\r\n"), NULL},
		{"no port", OCTETS("PROXY TCP4 192.0.2.1 198.51.100.1 70000 443\r\n"), NULL},
		{"a leading zero", OCTETS("PROXY TCP4 192.0.2.1 198.51.100.1 0443 443\r\n"), NULL},
		{"two zeros", OCTETS("PROXY TCP4 192.0.2.1 198.51.100.1 443 00\r\n"), NULL},
		{"a negative port", OCTETS("PROXY TCP4 192.0.2.1 198.51.100.1 -1 443\r\n"), NULL},
		{"an empty port", OCTETS("PROXY TCP4 192.0.2.1 198.51.100.1  443\r\n"), NULL},
		{"two spaces", OCTETS("PROXY TCP4  192.0.2.1 198.51.100.1 56324 443\r\n"), NULL},
		{"something behind", OCTETS("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 1\r\n"), NULL},
		{"bare line feed", OCTETS("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\n"), NULL},
		{"too long",
		 OCTETS("PROXY UNKNOWN ................................................................................................."),
		 NULL},
	};

	(void)state;
	assert_refused(rows, LENGTH(rows));
}

static void reads_version_2(void **state)
{
	static const struct row rows[] = {
		{"IPv4", OCTETS(SIGNATURE "\x21\x11\x00\x0c" V4_ADDRS), "192.0.2.1"},
		{"IPv6", OCTETS(SIGNATURE "\x21\x21\x00\x24" V6_ADDR V6_ADDR PORTS), "2001:db8::1"},
		{"IPv4 over UDP", OCTETS(SIGNATURE "\x21\x12\x00\x0c" V4_ADDRS), "192.0.2.1"},
		{"IPv6 over UDP", OCTETS(SIGNATURE "\x21\x22\x00\x24" V6_ADDR V6_ADDR PORTS), "2001:db8::1"},
		{"IPv4, ports of 0", OCTETS(SIGNATURE "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x01\0\0\0\0"),
		 "192.0.2.1"},
		{"the proxy itself, of a family that there is not", OCTETS(SIGNATURE "\x20\xff\x00\x01?"), NULL},
		{"IPv4 in IPv6", OCTETS(SIGNATURE "\x21\x21\x00\x24" MAPPED MAPPED PORTS), "192.0.2.7"},
		{"IPv4 and more", OCTETS(SIGNATURE "\x21\x11\x00\x13" V4_ADDRS "\x04\x00\x04\0\0\0\0"), "192.0.2.1"},
		{"the proxy itself", OCTETS(SIGNATURE "\x20\x00\x00\x00"), NULL},
		{"the proxy itself, with addresses", OCTETS(SIGNATURE "\x20\x11\x00\x0c" V4_ADDRS), NULL},
		{"not told", OCTETS(SIGNATURE "\x21\x00\x00\x00"), NULL},
		{"not told, and more", OCTETS(SIGNATURE "\x21\x00\x00\x03\x01\x02\x03"), NULL},
	};

	(void)state;
	assert_read(rows, LENGTH(rows));
}

static void reads_a_unix_socket_as_not_told(void **state)
{
	char octets[16 + 216] = SIGNATURE "\x21\x31\x00\xd8/run/a";
	const struct row row = {"Unix", {octets, sizeof octets}, NULL};

	(void)state;
	assert_read(&row, 1);
	octets[13] = 0x32;
	assert_read(&row, 1);
}

static void refuses_a_version_2_that_is_malformed(void **state)
{
	static const struct row rows[] = {
		{"version 1", OCTETS(SIGNATURE "\x11\x11\x00\x0c" V4_ADDRS), NULL},
		{"version 3", OCTETS(SIGNATURE "\x31\x11\x00\x0c" V4_ADDRS), NULL},
		{"other command", OCTETS(SIGNATURE "\x22\x11\x00\x0c" V4_ADDRS), NULL},
		{"neither TCP nor UDP", OCTETS(SIGNATURE "\x21\x13\x00\x0c" V4_ADDRS), NULL},
		{"too short for IPv4 over UDP", OCTETS(SIGNATURE "\x21\x12\x00\x0b" V4_ADDRS), NULL},
		{"other family", OCTETS(SIGNATURE "\x21\x41\x00\x0c" V4_ADDRS), NULL},
		{"too short for IPv4", OCTETS(SIGNATURE "\x21\x11\x00\x0b" V4_ADDRS), NULL},
		{"too short for IPv6", OCTETS(SIGNATURE "\x21\x21\x00\x0c" V4_ADDRS), NULL},
		{"too long", OCTETS(SIGNATURE "\x21\x11\x04\x00" V4_ADDRS), NULL},
		{"other signature", OCTETS("\r\n\r\n\0\r\nQUIT\r\x21\x11\x00\x0c" V4_ADDRS), NULL},
	};

	(void)state;
	assert_refused(rows, LENGTH(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_version_1),
		cmocka_unit_test(refuses_a_version_1_that_is_malformed),
		cmocka_unit_test(reads_version_2),
		cmocka_unit_test(reads_a_unix_socket_as_not_told),
		cmocka_unit_test(refuses_a_version_2_that_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
