/*
 * Servers by address and by name.
 */
#include "support.h"

#include "base/peer.h"

static void reads_addresses_and_names_and_writes_them_with_their_port(void **state)
{
	static const struct {
		const char *text, *written;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1:53"},
		{"192.0.2.1:5353", "192.0.2.1:5353"},
		{"2001:db8::1", "[2001:db8::1]:53"},
		{"[2001:db8::1]:5353", "[2001:db8::1]:5353"},
		{"ns1.example.com", "ns1.example.com:53"},
		{"NS1.Example.COM.:5353", "ns1.example.com:5353"},
		{"localhost", "localhost:53"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[PEER_TEXT_MAX];
		struct peer peer;

		assert_int_equal(peer_parse(text_of(rows[i].text), 53, &peer), STATUS_OK);
		assert_string_equal(peer_format(&peer, text), rows[i].written);
	}
}

static void refuses_what_is_neither(void **state)
{
	static const char *const rows[] = {
		"",
		":",
		":53",
		"ns1 example",
		"ns1.example.com:",
		"ns1.example.com:0",
		"ns1.example.com:65536",
		"1.2.3.4.5",
		"192.0.2.1:0",
		"[::1",
		"-a.example",
		"a..b",
		"ns1.example.com:dns",
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct peer peer;

		assert_int_not_equal(peer_parse(text_of(rows[i]), 53, &peer), STATUS_OK);
	}
}

static struct peer peer_of(const char *text)
{
	struct peer peer;

	assert_int_equal(peer_parse(text_of(text), 53, &peer), STATUS_OK);
	return peer;
}

static void tells_peers_apart(void **state)
{
	struct peer address = peer_of("192.0.2.1"), name = peer_of("ns1.example.com"),
		    again = peer_of("NS1.example.com:53");
	struct peer port = peer_of("ns1.example.com:54"), other = peer_of("192.0.2.2");

	(void)state;
	assert_true(peer_equal(&name, &again));
	assert_true(peer_equal(&address, &address));
	assert_false(peer_equal(&name, &port));
	assert_false(peer_equal(&name, &address));
	assert_false(peer_equal(&address, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_addresses_and_names_and_writes_them_with_their_port),
		cmocka_unit_test(refuses_what_is_neither),
		cmocka_unit_test(tells_peers_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
