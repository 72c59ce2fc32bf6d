/*
 * DNS on the wire, UPDATE (RFC 2136) and queries: the octets of requests, how much room sets need, and which replies
 * are whole and to the point.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "dns/message.h"
#include "records.h"
#include "tsig.h"

enum {
	OFFSET_FLAGS = 2,
	OFFSET_ZOCOUNT = 4,
	OFFSET_PRCOUNT = 6,
	OFFSET_UPCOUNT = 8,
	OFFSET_ADCOUNT = 10,
	FLAGS_UPDATE = 5 << 11,
	ID = 0x1234,
};

/* ---- Octets ---- */

static size_t from_hex(const char *hex, uint8_t *octets, size_t cap)
{
	size_t len = 0;

	while (*hex) {
		unsigned octet;
		int used;

		assert_int_equal(sscanf(hex, " %2x%n", &octet, &used), 1);
		assert_true(len < cap);
		octets[len++] = (uint8_t)octet;
		hex += used;
		hex += strspn(hex, " ");
	}
	return len;
}

static unsigned number_at(const uint8_t *wire, size_t at)
{
	return (unsigned)(wire[at] << 8 | wire[at + 1]);
}

/* ---- Requests ---- */

static struct change change_to(const char *address, bool must_exist)
{
	return change_to_addr(addr_of(address), 180, must_exist);
}

static struct rrset one_address(const char *address)
{
	return rrset_of_addr(180, addr_of(address));
}

#define QUERY "1234 0000 0001 0000 0000 0000 03 777777 03 64796e 07 6578616d706c65 03 636f6d 00 "

/* What each piece of a message for www.dyn.example.com in dyn.example.com looks like. */
#define HEADER(prerequisites, updates) "1234 2800 0001 " prerequisites " " updates " 0000 "
#define ZONE                           "03 64796e 07 6578616d706c65 03 636f6d 00 0006 0001 "
#define OWNER_FIRST                    "03 777777 c00c " /* at octet 33 */
#define OWNER                          "c021 "
#define EXISTS_A                       "0001 00ff 00000000 0000 "
#define EXISTS_AAAA                    "001c 00ff 00000000 0000 "
#define DELETE_A                       EXISTS_A
#define DELETE_AAAA                    EXISTS_AAAA
#define ADD_A                          "0001 0001 000000b4 0004 c000024d "
#define ADD_AAAA                       "001c 0001 000000b4 0010 20010db8000000000000000000000001 "
#define IS_NOT_A                       "0001 00fe 00000000 0000 "
#define REHEARSE_A                     "0001 00fe 00000000 0004 c000024d "
#define REHEARSE_AAAA                  "001c 00fe 00000000 0010 20010db8000000000000000000000001 "
#define IS_NO_ALIAS                    "0005 00fe 00000000 0000 "
#define IS_A                           "0001 0001 00000000 0004 c000024d "
#define IS_AAAA                        "001c 0001 00000000 0010 20010db8000000000000000000000001 "

static void writes_exactly_these_octets(void **state)
{
	static const struct {
		const char *row;
		const char *addresses[CHANGE_SET_MAX]; /* NULL: to be removed */
		size_t count;
		bool must_exist;
		enum dns_request_kind kind;
		const char *hex;
	} rows[] = {
		{"A",
		 {"192.0.2.77"},
		 1,
		 true,
		 DNS_UPDATE,
		 HEADER("0001", "0002") ZONE OWNER_FIRST EXISTS_A OWNER_FIRST DELETE_A "c031" ADD_A},
		{"AAAA",
		 {"2001:db8::1"},
		 1,
		 true,
		 DNS_UPDATE,
		 HEADER("0001", "0002") ZONE OWNER_FIRST EXISTS_AAAA OWNER_FIRST DELETE_AAAA "c031" ADD_AAAA},
		{"both",
		 {"192.0.2.77", "2001:db8::1"},
		 2,
		 true,
		 DNS_UPDATE,
		 HEADER("0002", "0004") ZONE OWNER_FIRST EXISTS_A OWNER EXISTS_AAAA OWNER_FIRST DELETE_A
		 "c03d" ADD_A "c03d" DELETE_AAAA "c03d" ADD_AAAA},
		{"creation",
		 {"192.0.2.77"},
		 1,
		 false,
		 DNS_UPDATE,
		 HEADER("0001", "0002") ZONE OWNER_FIRST IS_NO_ALIAS OWNER_FIRST DELETE_A "c031" ADD_A},
		{"removal and creation",
		 {NULL, "2001:db8::1"},
		 2,
		 false,
		 DNS_UPDATE,
		 HEADER("0001", "0003") ZONE OWNER_FIRST IS_NO_ALIAS OWNER_FIRST DELETE_A "c031" DELETE_AAAA
											  "c031" ADD_AAAA},
		{"removal", {NULL}, 1, false, DNS_UPDATE, HEADER("0000", "0001") ZONE OWNER_FIRST DELETE_A},
		{"confirming a removal",
		 {NULL, "2001:db8::1"},
		 2,
		 false,
		 DNS_CONFIRM,
		 HEADER("0002", "0000") ZONE OWNER_FIRST IS_NOT_A OWNER IS_AAAA},
		{"a probe",
		 {"192.0.2.77", "2001:db8::1"},
		 2,
		 true,
		 DNS_PROBE,
		 HEADER("0001", "0000") ZONE OWNER_FIRST EXISTS_A},
		{"a confirmation",
		 {"192.0.2.77", "2001:db8::1"},
		 2,
		 true,
		 DNS_CONFIRM,
		 HEADER("0002", "0000") ZONE OWNER_FIRST IS_A OWNER IS_AAAA},
		{"a confirmation of what may be created",
		 {"192.0.2.77"},
		 1,
		 false,
		 DNS_CONFIRM,
		 HEADER("0001", "0000") ZONE OWNER_FIRST IS_A},
		{"a rehearsal",
		 {"192.0.2.77", "2001:db8::1"},
		 2,
		 true,
		 DNS_REHEARSE,
		 HEADER("0000", "0002") ZONE OWNER_FIRST REHEARSE_A OWNER REHEARSE_AAAA},
		{"a query for the SOA", {NULL}, 0, false, DNS_SOA, "1234 0000 0001 0000 0000 0000 " ZONE},
		{"a query", {"192.0.2.77"}, 1, true, DNS_QUERY, QUERY "0001 0001"},
		{"a query for AAAA", {"2001:db8::1"}, 1, true, DNS_QUERY, QUERY "001c 0001"},
	};
	struct name zone = name_of("dyn.example.com");

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct change_set set = {.owner = name_of("www.dyn.example.com"), .count = rows[i].count};
		struct dns_request request = {.kind = rows[i].kind, .zone = &zone, .sets = &set};
		uint8_t wire[512], expected[512];
		size_t len, expected_len = from_hex(rows[i].hex, expected, sizeof expected);

		for (size_t k = 0; k < set.count; k++)
			set.changes[k] = rows[i].addresses[k] ? change_to(rows[i].addresses[k], rows[i].must_exist)
							      : change_removing(RR_A);
		assert_row(rows[i].row, dns_request_write(&request, ID, wire, sizeof wire, &len) == STATUS_OK);
		assert_int_equal(len, expected_len);
		assert_memory_equal(wire, expected, len);
	}
}

static void what_is_known_to_be_there_is_the_prerequisite(void **state)
{
	struct name zone = name_of("dyn.example.com");
	struct change_set set = {.owner = name_of("www.dyn.example.com"),
				 .count = 2,
				 .changes = {change_to("192.0.2.77", true), change_to("2001:db8::1", true)}};
	struct dns_request request = {.kind = DNS_UPDATE, .zone = &zone, .sets = &set};
	uint8_t wire[512], expected[512];
	size_t len, expected_len = from_hex(HEADER("0002", "0004") ZONE OWNER_FIRST
					    "0001 0001 00000000 0004 c0000201" OWNER EXISTS_AAAA OWNER_FIRST DELETE_A
					    "c041" ADD_A "c041" DELETE_AAAA "c041" ADD_AAAA,
					    expected, sizeof expected);

	(void)state;
	set.changes[0].was = one_address("192.0.2.1");
	assert_int_equal(dns_request_write(&request, ID, wire, sizeof wire, &len), STATUS_OK);
	assert_int_equal(len, expected_len);
	assert_memory_equal(wire, expected, len);
}

/* Several addresses are rewritten; the A is known not to be there. */
static void a_whole_rrset_is_prerequisite_and_replacement(void **state)
{
	struct name zone = name_of("dyn.example.com");
	struct change_set set = {
		.owner = name_of("www.dyn.example.com"),
		.count = 2,
		.changes = {change_to("192.0.2.77", false), change_prefix(addr_of("2001:db8:ff::"), 64, 180, false)}};
	const struct addr was[] = {addr_of("2001:db8::1"), addr_of("2001:db8::2")};
	struct dns_request request = {.kind = DNS_UPDATE, .zone = &zone, .sets = &set};
	uint8_t wire[512], expected[512];
	size_t len,
		expected_len = from_hex(HEADER("0003", "0005") ZONE OWNER_FIRST IS_NOT_A OWNER
					"001c 0001 00000000 0010 20010db800000000 0000000000000001" OWNER
					"001c 0001 00000000 0010 20010db800000000 0000000000000002" OWNER_FIRST DELETE_A
					"c069" ADD_A "c069" DELETE_AAAA
					"c069 001c 0001 000000b4 0010 20010db800ff0000 0000000000000001"
					"c069 001c 0001 000000b4 0010 20010db800ff0000 0000000000000002",
					expected, sizeof expected);

	(void)state;
	set.changes[0].was = rrset_empty(RR_A, 0);
	set.changes[1].was = rrset_of_addrs(60, was, 2);
	change_resolve(&set.changes[1]);
	assert_int_equal(dns_request_write(&request, ID, wire, sizeof wire, &len), STATUS_OK);
	assert_int_equal(len, expected_len);
	assert_memory_equal(wire, expected, len);
}

/* Sees how a primary is, and needs no name for that. */
static void a_probe_may_ask_for_nothing(void **state)
{
	struct name zone = name_of("dyn.example.com");
	struct dns_request request = {.kind = DNS_PROBE, .zone = &zone};
	uint8_t wire[512], expected[512];
	size_t len, expected_len = from_hex(HEADER("0000", "0000") ZONE, expected, sizeof expected);

	(void)state;
	assert_int_equal(dns_request_write(&request, ID, wire, sizeof wire, &len), STATUS_OK);
	assert_int_equal(len, expected_len);
	assert_memory_equal(wire, expected, len);
}

/* The second change of a set has a query of its own. */
static void a_query_is_for_the_change_it_names(void **state)
{
	struct name zone = name_of("dyn.example.com");
	struct change_set set = {.owner = name_of("www.dyn.example.com"),
				 .count = 2,
				 .changes = {change_to("192.0.2.77", true), change_to("2001:db8::1", true)}};
	struct dns_request request = {.kind = DNS_QUERY, .zone = &zone, .sets = &set, .change = 1};
	uint8_t wire[512], expected[512];
	size_t len, expected_len = from_hex(QUERY "001c 0001", expected, sizeof expected);

	(void)state;
	assert_int_equal(dns_request_write(&request, ID, wire, sizeof wire, &len), STATUS_OK);
	assert_int_equal(len, expected_len);
	assert_memory_equal(wire, expected, len);
}

static void the_ttl_is_the_zone_s(void **state)
{
	static const uint32_t ttls[] = {0, 1, 180, 0x7fffffff};
	struct name zone = name_of("dyn.example.com");
	struct change_set set = {.owner = name_of("www.dyn.example.com"), .count = 1};
	struct dns_request request = {.kind = DNS_UPDATE, .zone = &zone, .sets = &set};

	(void)state;
	for (size_t i = 0; i < LENGTH(ttls); i++) {
		uint8_t wire[512];
		size_t len, at;

		set.changes[0] = change_to("192.0.2.77", true);
		set.changes[0].becomes.ttl_s = ttls[i];
		assert_int_equal(dns_request_write(&request, ID, wire, sizeof wire, &len), STATUS_OK);
		at = len - 4 - 2 - 4; /* before RDATA and its length */
		assert_int_equal((uint32_t)number_at(wire, at) << 16 | number_at(wire, at + 2), ttls[i]);
	}
}

/* `count` change sets of both families, linked. */
static struct change_set *make_sets(size_t count, const char *format)
{
	struct change_set *sets = calloc(count, sizeof *sets);

	assert_non_null(sets);
	for (size_t i = 0; i < count; i++) {
		char owner[300];

		snprintf(owner, sizeof owner, "host-%zu.%s", i, format);
		sets[i] = (struct change_set){.owner = name_of(owner), .count = 2};
		sets[i].changes[0] = change_to("192.0.2.77", true);
		sets[i].changes[1] = change_to("2001:db8::1", true);
		sets[i].changes[0].was = one_address("192.0.2.1");
		sets[i].changes[1].was = one_address("2001:db8::2");
		sets[i].next = i + 1 < count ? &sets[i + 1] : NULL;
	}
	return sets;
}

static enum status write_many(size_t count, uint8_t *wire, size_t cap, size_t *len)
{
	struct name zone = name_of("dyn.example.com");
	struct change_set *sets = make_sets(count, "dyn.example.com");
	struct dns_request request = {.kind = DNS_UPDATE, .zone = &zone, .sets = sets};
	enum status status = dns_request_write(&request, ID, wire, cap, len);

	free(sets);
	return status;
}

/* ---- TXT records ---- */

#define PROOF      "05 70726f6f66 "
#define OLD        "03 6f6c64 "
#define DELETE_TXT "0010 00ff 00000000 0000 "
#define ADD_PROOF  "0010 0001 000000b4 0006 " PROOF
#define ADD_OLD    "0010 0001 000000b4 0004 " OLD
#define DROP_PROOF "0010 00fe 00000000 0006 " PROOF
#define DROP_OLD   "0010 00fe 00000000 0004 " OLD
#define IS_OLD     "0010 0001 00000000 0004 " OLD
#define NO_TXT     "0010 00fe 00000000 0000 "

static struct change_set txt_set(enum change_kind kind, const char *txt, const char *there, bool known)
{
	const char *const strings[] = {*there ? there : NULL, NULL};
	struct change_set set = {
		.owner = name_of("www.dyn.example.com"), .count = 1, .changes = {change_of_string(kind, txt, 180)}};

	if (kind != CHANGE_DROP) {
		set.changes[0].was = rrset_of_strings(0, strings);
		set.changes[0].was.known = known;
	}
	return set;
}

/* RFC 2136 section 2.5: an RRset is deleted, a string added to it, or one taken out. */
static void writes_texts(void **state)
{
	static const struct {
		const char *row;
		enum change_kind kind;
		const char *txt, *there; /* what it was, or what goes of that */
		bool known;
		enum dns_request_kind request;
		const char *hex;
	} rows[] = {
		{"set", CHANGE_REPLACE, "proof", "", false, DNS_UPDATE,
		 HEADER("0001", "0002") ZONE OWNER_FIRST IS_NO_ALIAS OWNER_FIRST DELETE_TXT "c031" ADD_PROOF},
		{"set what is known to be so", CHANGE_REPLACE, "proof", "old", true, DNS_UPDATE,
		 HEADER("0001", "0002") ZONE OWNER_FIRST IS_OLD OWNER_FIRST DELETE_TXT "c035" ADD_PROOF},
		{"set where nothing is known to be", CHANGE_REPLACE, "proof", "", true, DNS_UPDATE,
		 HEADER("0002", "0002") ZONE OWNER_FIRST IS_NO_ALIAS "c021" NO_TXT OWNER_FIRST DELETE_TXT
								     "c03d" ADD_PROOF},
		{"clear", CHANGE_REPLACE, "", "", false, DNS_UPDATE,
		 HEADER("0000", "0001") ZONE OWNER_FIRST DELETE_TXT},
		{"clear what is known to be so", CHANGE_REPLACE, "", "old", true, DNS_UPDATE,
		 HEADER("0001", "0001") ZONE OWNER_FIRST IS_OLD OWNER_FIRST DELETE_TXT},
		{"add", CHANGE_ADD, "proof", "", false, DNS_UPDATE,
		 HEADER("0001", "0001") ZONE OWNER_FIRST IS_NO_ALIAS OWNER_FIRST ADD_PROOF},
		{"drop", CHANGE_DROP, "proof", "", false, DNS_UPDATE,
		 HEADER("0000", "0001") ZONE OWNER_FIRST DROP_PROOF},
		{"rotate", CHANGE_ROTATE, "proof", "old", false, DNS_UPDATE,
		 HEADER("0001", "0002") ZONE OWNER_FIRST IS_NO_ALIAS OWNER_FIRST DROP_OLD "c031" ADD_PROOF},
		{"rotate, with nothing to go", CHANGE_ROTATE, "proof", "", false, DNS_UPDATE,
		 HEADER("0001", "0001") ZONE OWNER_FIRST IS_NO_ALIAS OWNER_FIRST ADD_PROOF},
		{"a query", CHANGE_ROTATE, "proof", "", false, DNS_QUERY, QUERY "0010 0001"},
	};
	struct name zone = name_of("dyn.example.com");

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct change_set set = txt_set(rows[i].kind, rows[i].txt, rows[i].there, rows[i].known);
		struct dns_request request = {.kind = rows[i].request, .zone = &zone, .sets = &set};
		uint8_t wire[512], expected[512];
		size_t len, expected_len = from_hex(rows[i].hex, expected, sizeof expected);

		assert_row(rows[i].row, dns_request_write(&request, ID, wire, sizeof wire, &len) == STATUS_OK);
		assert_row(rows[i].row, len == expected_len);
		assert_memory_equal(wire, expected, len);
	}
}

#define LONGEST_LABEL "a23456789b123456789c123456789d123456789e123456789f123456789g123"

/* What the queue fills messages by: with less it would build messages that cannot be written. */
static void the_space_of_sets_is_an_upper_bound(void **state)
{
	static const char *const zone_texts[] = {"dyn.example.com", "com", "0-63.2.0.192.in-addr.arpa"};
	static const char *const prefixes[] = {"", "a.b.c.d.e.f.g.h.", LONGEST_LABEL "." LONGEST_LABEL "."};
	static const enum dns_request_kind kinds[] = {DNS_UPDATE, DNS_CONFIRM, DNS_PROBE, DNS_REHEARSE};
	static uint8_t wire[DNS_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < LENGTH(zone_texts) * LENGTH(prefixes) * LENGTH(kinds); i++) {
		struct name zone = name_of(zone_texts[i % LENGTH(zone_texts)]);
		const char *prefix = prefixes[i / LENGTH(zone_texts) % LENGTH(prefixes)];
		struct dns_request request = {.kind = kinds[i / LENGTH(zone_texts) / LENGTH(prefixes)], .zone = &zone};
		size_t fits = 0, space = dns_message_space(&zone), len;
		struct change_set *sets;
		char parent[300];

		snprintf(parent, sizeof parent, "%s%s", prefix, zone.text);
		sets = make_sets(1000, parent);
		while (fits < 1000 && space + dns_set_space(&sets[fits], &zone) <= DNS_MESSAGE_MAX)
			space += dns_set_space(&sets[fits++], &zone);
		sets[fits - 1].next = NULL;
		request.sets = sets;
		assert_int_equal(dns_request_write(&request, ID, wire, DNS_MESSAGE_MAX - TSIG_RECORD_MAX, &len),
				 STATUS_OK);
		assert_true(len + TSIG_RECORD_MAX <= space);
		/* And not by much: only in the first 16 KiB names are pointed to. */
		if (request.kind == DNS_UPDATE)
			assert_true(len > DNS_MESSAGE_MAX * 2 / 3);
		free(sets);
	}
}

static struct rrset full_rrset(enum rr_type type)
{
	struct rrset rrset = rrset_empty(type, 180);
	size_t len = rr_rdata_len(type) ? rr_rdata_len(type) : RDATA_MAX;

	for (uint8_t i = 0; i < RRSET_MAX; i++) {
		uint8_t octets[RDATA_MAX] = {UINT8_MAX, i};

		rrset_put(&rrset, (struct rdata){octets, len});
	}
	return rrset;
}

/* Sets as large as can be: many texts of the greatest length, or RRsets of which every address is rewritten. */
static struct change_set large_set(const char *owner, bool is_txt)
{
	static const enum rr_type types[] = {RR_A, RR_AAAA};
	struct change_set set = {.owner = name_of(owner), .count = is_txt ? 1 : 2};

	if (is_txt) {
		set.changes[0] = (struct change){.kind = CHANGE_ROTATE, .type = RR_TXT};
		set.changes[0].was = full_rrset(RR_TXT);
		set.changes[0].becomes =
			rrset_of_one(RR_TXT, 180, rrset_at(&set.changes[0].was, 0), records_room(RDATA_ROOM));
		return set;
	}
	for (size_t i = 0; i < set.count; i++)
		set.changes[i] =
			(struct change){.type = types[i], .was = full_rrset(types[i]), .becomes = full_rrset(types[i])};
	return set;
}

static void the_space_of_large_sets_is_an_upper_bound(void **state)
{
	enum { COUNT = 200 };
	static struct change_set sets[COUNT];
	static uint8_t wire[DNS_MESSAGE_MAX];
	struct name zone = name_of("dyn.example.com");
	struct dns_request request = {.kind = DNS_UPDATE, .zone = &zone, .sets = sets};

	(void)state;
	for (unsigned is_txt = 0; is_txt < 2; is_txt++) {
		size_t fits = 0, space = dns_message_space(&zone), len;

		for (size_t i = 0; i < COUNT; i++)
			sets[i] = large_set("a.b.c.d.dyn.example.com", is_txt);
		while (fits < COUNT && space + dns_set_space(&sets[fits], &zone) <= DNS_MESSAGE_MAX) {
			space += dns_set_space(&sets[fits], &zone);
			sets[fits].next = &sets[fits + 1];
			fits++;
		}
		assert_true(fits > 1 && fits < COUNT);
		sets[fits - 1].next = NULL;
		assert_int_equal(dns_request_write(&request, ID, wire, sizeof wire, &len), STATUS_OK);
		assert_true(len + TSIG_RECORD_MAX <= space);
	}
}

static void several_change_sets_share_a_message(void **state)
{
	static uint8_t wire[DNS_MESSAGE_MAX];
	size_t len;

	(void)state;
	assert_int_equal(write_many(400, wire, sizeof wire, &len), STATUS_OK);
	assert_int_equal(dns_message_id(wire), ID);
	assert_int_equal(number_at(wire, OFFSET_FLAGS), FLAGS_UPDATE);
	assert_int_equal(number_at(wire, OFFSET_ZOCOUNT), 1);
	assert_int_equal(number_at(wire, OFFSET_PRCOUNT), 800);
	assert_int_equal(number_at(wire, OFFSET_UPCOUNT), 1600);
	assert_int_equal(number_at(wire, OFFSET_ADCOUNT), 0);
}

static void a_message_that_does_not_fit_is_refused(void **state)
{
	static uint8_t wire[DNS_MESSAGE_MAX];
	struct name zone = name_of("dyn.example.com");
	struct change_set set = {
		.owner = name_of("www.dyn.example.com"), .count = 1, .changes = {change_to("192.0.2.1", true)}};
	struct dns_request request = {.kind = DNS_UPDATE, .zone = &zone, .sets = &set};
	size_t whole, len;

	(void)state;
	assert_int_equal(dns_request_write(&request, ID, wire, sizeof wire, &whole), STATUS_OK);
	for (size_t cap = 0; cap <= whole; cap++) {
		uint8_t *small = malloc(cap ? cap : 1);

		assert_non_null(small);
		assert_int_equal(dns_request_write(&request, ID, small, cap, &len),
				 cap < whole ? STATUS_TOO_LONG : STATUS_OK);
		free(small);
	}
	assert_int_equal(write_many(3000, wire, sizeof wire, &len), STATUS_TOO_LONG);
}

/* ---- Replies ---- */

static enum status read_reply_to(const struct dns_request *request, const uint8_t *wire, size_t len,
				 struct dns_reply *reply)
{
	static uint8_t room[RRSET_ROOM];
	uint8_t *copy = malloc(len ? len : 1);
	enum status status;

	assert_non_null(copy);
	if (len)
		memcpy(copy, wire, len);
	status = dns_reply_read(copy, len, request, room, reply);
	free(copy);
	return status;
}

static enum status read_reply(const uint8_t *wire, size_t len, struct dns_reply *reply)
{
	struct name zone = name_of("dyn.example.com");
	struct dns_request request = {.kind = DNS_UPDATE, .zone = &zone};

	return read_reply_to(&request, wire, len, reply);
}

/* To a query for www.dyn.example.com. */
static enum status read_answer(const char *hex, enum addr_family family, struct dns_reply *reply)
{
	struct name zone = name_of("dyn.example.com");
	struct change_set set = {.owner = name_of("www.dyn.example.com"),
				 .count = 2,
				 .changes = {change_to("192.0.2.77", true), change_to("2001:db8::1", true)}};
	struct dns_request request = {
		.kind = DNS_QUERY, .zone = &zone, .sets = &set, .change = family == ADDR_V4 ? 0 : 1};
	uint8_t wire[512];
	size_t len = from_hex(hex, wire, sizeof wire);

	return read_reply_to(&request, wire, len, reply);
}

static void reads_id_and_rcode(void **state)
{
	static const struct {
		const char *hex;
		unsigned rcode;
	} rows[] = {
		{"1234 a800 0001 0000 0000 0000 " ZONE, DNS_NOERROR},
		{"1234 a808 0001 0000 0000 0000 " ZONE, DNS_NXRRSET},
		{"1234 a80a 0001 0000 0000 0000 " ZONE, DNS_NOTZONE},
		{"1234 a80f 0001 0000 0000 0000 " ZONE, 15},
		{"1234 a800 0000 0000 0000 0000", DNS_NOERROR}, /* RFC 2136 section 3.8: without its sections */
		{"1234 a805 0000 0000 0000 0000", DNS_REFUSED},
		{"1234 a800 0001 0000 0000 0000 03 44594e 07 4558616d706c65 03 434f4d 00 0006 0001", DNS_NOERROR},
		{"1234 a800 0001 0001 0002 0000 " ZONE OWNER_FIRST EXISTS_A OWNER DELETE_A OWNER ADD_A, DNS_NOERROR},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct dns_reply reply;
		uint8_t wire[512];
		size_t len = from_hex(rows[i].hex, wire, sizeof wire);

		assert_row(rows[i].hex, read_reply(wire, len, &reply) == STATUS_OK);
		assert_int_equal(reply.id, ID);
		assert_int_equal(reply.rcode, rows[i].rcode);
	}
}

#define OPT "00 0029 04d0 " /* the root's, up to its TTL: extended RCODE, version, flags */

/* RFC 6891 section 6.1.3: a NOERROR may be the lower half of another code. */
static void the_upper_bits_of_the_rcode_count(void **state)
{
	static const struct {
		const char *hex;
		unsigned rcode;
	} rows[] = {
		{"1234 a800 0001 0000 0000 0001 " ZONE OPT "00000000 0000", DNS_NOERROR},
		{"1234 a808 0001 0000 0000 0001 " ZONE OPT "00008000 0000", DNS_NXRRSET},
		{"1234 a800 0001 0000 0000 0001 " ZONE OPT "01000000 0000", DNS_BADVERS},
		{"1234 a808 0001 0000 0000 0001 " ZONE OPT "01000000 0000", 16 + 8},
		{"1234 a80f 0001 0000 0000 0001 " ZONE OPT "ff000000 0000", 4095},
		{"1234 a807 0000 0000 0000 0001 " OPT "01000000 0004 000a0000", DNS_BADCOOKIE}, /* with an option */
		{"1234 a800 0001 0000 0000 0002 " ZONE OWNER_FIRST ADD_A OPT "02000000 0000", 32},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct dns_reply reply;
		uint8_t wire[512];
		size_t len = from_hex(rows[i].hex, wire, sizeof wire);

		assert_row(rows[i].hex, read_reply(wire, len, &reply) == STATUS_OK);
		assert_int_equal(reply.rcode, rows[i].rcode);
	}
}

static void assert_no_reply(const char *row, const char *hex)
{
	struct dns_reply reply;
	uint8_t wire[512];
	size_t len = from_hex(hex, wire, sizeof wire);

	assert_row(row, read_reply(wire, len, &reply) == STATUS_INVALID);
}

static void refuses_what_is_no_reply_to_an_update_of_the_zone(void **state)
{
	static const struct {
		const char *row, *hex;
	} rows[] = {
		{"a request", "1234 2800 0001 0000 0000 0000 " ZONE},
		{"truncated (TC)", "1234 aa00 0001 0000 0000 0000 " ZONE},
		{"opcode QUERY", "1234 8000 0001 0000 0000 0000 " ZONE},
		{"opcode NOTIFY", "1234 a000 0001 0000 0000 0000 " ZONE},
		{"opcode 6", "1234 b000 0001 0000 0000 0000 " ZONE},
		{"another zone", "1234 a800 0001 0000 0000 0000 03 64796f 07 6578616d706c65 03 636f6d 00 0006 0001"},
		{"the zone above", "1234 a800 0001 0000 0000 0000 07 6578616d706c65 03 636f6d 00 0006 0001"},
		{"the root", "1234 a800 0001 0000 0000 0000 00 0006 0001"},
		{"not SOA", "1234 a800 0001 0000 0000 0000 03 64796e 07 6578616d706c65 03 636f6d 00 0001 0001"},
		{"two zones", "1234 a800 0002 0000 0000 0000 " ZONE ZONE},
		{"two OPT records", "1234 a800 0001 0000 0000 0002 " ZONE OPT "00000000 0000" OPT "00000000 0000"},
		{"an error in the first",
		 "1234 a800 0001 0000 0000 0002 " ZONE OPT "01000000 0000" OPT "00000000 0000"},
		{"an OPT record of another version", "1234 a800 0001 0000 0000 0001 " ZONE OPT "00010000 0000"},
		{"an OPT record among the prerequisites", "1234 a800 0001 0001 0000 0000 " ZONE OPT "00000000 0000"},
		{"an OPT record among the updates", "1234 a800 0001 0000 0001 0000 " ZONE OPT "01000000 0000"},
		{"an OPT record instead of a zone", "1234 a800 0001 0000 0000 0000 00 0029 0001"},
		{"an OPT record of another owner",
		 "1234 a800 0001 0000 0000 0001 " ZONE "c00c 0029 04d0 00000000 0000"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_no_reply(rows[i].row, rows[i].hex);
}

static void refuses_a_zone_of_another_class(void **state)
{
	(void)state;
	assert_no_reply("class CH", "1234 a800 0001 0000 0000 0000 03 64796e 07 6578616d706c65 03 636f6d 00 0006 0003");
}

static void refuses_a_malformed_reply(void **state)
{
	static const struct {
		const char *row, *hex;
	} rows[] = {
		{"a record that is not there", "1234 a800 0001 0001 0000 0000 " ZONE},
		{"a name that points at itself", "1234 a800 0001 0000 0000 0000 c00c 0006 0001"},
		{"a name that points beyond the end", "1234 a800 0001 0000 0000 0000 c0ff 0006 0001"},
		{"a label of 64 octets", "1234 a800 0001 0000 0000 0000 40 00 0006 0001"},
		{"RDATA beyond the end", "1234 a800 0001 0000 0001 0000 " ZONE "c00c 0001 0001 000000b4 0004 c0"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_no_reply(rows[i].row, rows[i].hex);
}

static void refuses_a_reply_cut_short_at_any_octet(void **state)
{
	struct dns_reply reply;
	uint8_t wire[512];
	size_t len = from_hex("1234 a808 0001 0001 0002 0001 " ZONE OWNER_FIRST EXISTS_A OWNER DELETE_A OWNER ADD_A
			      "00 0029 04d0 00000000 0000",
			      wire, sizeof wire);

	(void)state;
	assert_int_equal(read_reply(wire, len, &reply), STATUS_OK);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(read_reply(wire, cut, &reply), STATUS_INVALID);
}

#define REPLY(flags, answers)                                                                                          \
	"1234 " flags " 0001 " answers " 0000 0000 03 777777 03 64796e 07 6578616d706c65 03 636f6d 00 "
#define IN_A    "c00c 0001 0001 0000003c 0004 "
#define IN_AAAA "c00c 001c 0001 0000003c 0010 "

static void reads_what_a_query_found(void **state)
{
	static const struct {
		const char *row, *hex;
		enum addr_family family;
		unsigned rcode;
		bool authoritative;
		size_t count;
		const char *addr;
	} rows[] = {
		{"A", REPLY("8400", "0001") "0001 0001 " IN_A "c0000201", ADDR_V4, DNS_NOERROR, true, 1, "192.0.2.1"},
		{"AAAA", REPLY("8400", "0001") "001c 0001 " IN_AAAA "20010db8000000000000000000000005", ADDR_V6,
		 DNS_NOERROR, true, 1, "2001:db8::5"},
		{"not authoritative", REPLY("8000", "0001") "0001 0001 " IN_A "c0000201", ADDR_V4, DNS_NOERROR, false,
		 1, "192.0.2.1"},
		{"two of them", REPLY("8400", "0002") "0001 0001 " IN_A "c0000201 " IN_A "c0000202", ADDR_V4,
		 DNS_NOERROR, true, 2, NULL},
		{"nothing", REPLY("8400", "0000") "0001 0001", ADDR_V4, DNS_NOERROR, true, 0, NULL},
		{"no such name", REPLY("8403", "0000") "0001 0001", ADDR_V4, DNS_NXDOMAIN, true, 0, NULL},
		{"refused", REPLY("8005", "0000") "0001 0001", ADDR_V4, DNS_REFUSED, false, 0, NULL},
		{"another type", REPLY("8400", "0001") "0001 0001 " IN_AAAA "20010db8000000000000000000000005", ADDR_V4,
		 DNS_NOERROR, true, 0, NULL},
		{"another owner", REPLY("8400", "0001") "0001 0001 c010 0001 0001 0000003c 0004 c0000201", ADDR_V4,
		 DNS_NOERROR, true, 0, NULL},
		{"an alias and where it leads",
		 REPLY("8400", "0002") "0001 0001 c00c 0005 0001 0000003c 0002 c010 "
				       "c010 0001 0001 0000003c 0004 c0000201",
		 ADDR_V4, DNS_NOERROR, true, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct dns_reply reply;

		assert_row(rows[i].row, read_answer(rows[i].hex, rows[i].family, &reply) == STATUS_OK);
		assert_row(rows[i].row, reply.rcode == rows[i].rcode);
		assert_row(rows[i].row, reply.answer.authoritative == rows[i].authoritative);
		assert_row(rows[i].row, reply.answer.count == rows[i].count);
		assert_row(rows[i].row, reply.answer.rrset.known && reply.answer.rrset.count == rows[i].count);
		if (rows[i].addr) {
			struct addr expected = addr_of(rows[i].addr), addr = rrset_addr(&reply.answer.rrset, 0);

			assert_row(rows[i].row, addr_equal(&addr, &expected));
			assert_row(rows[i].row, reply.answer.rrset.ttl_s == 60);
		}
	}
}

/* The question is www.dyn.example.com; c010 is dyn.example.com, c014 example.com. */
static void knows_a_name_that_is_hidden(void **state)
{
	static const struct {
		const char *row, *hex;
		bool hidden;
	} rows[] = {
#define SECTIONS(flags, answers, authorities)                                                                          \
	"1234 " flags " 0001 " answers " " authorities                                                                 \
	" 0000 03 777777 03 64796e 07 6578616d706c65 03 636f6d 00 0001 0001 "
		{"a referral", SECTIONS("8000", "0000", "0001") "c00c 0002 0001 0000003c 0002 c014", true},
		{"a referral to the zone", SECTIONS("8000", "0000", "0001") "c010 0002 0001 0000003c 0002 c014", false},
		{"a referral to the zone's parent",
		 SECTIONS("8000", "0000", "0001") "c014 0002 0001 0000003c 0002 c014", false},
		{"name servers of its own", SECTIONS("8400", "0000", "0001") "c00c 0002 0001 0000003c 0002 c014",
		 false},
		{"an SOA",
		 SECTIONS("8000", "0000", "0001") "c00c 0006 0001 0000003c 0018 c010 c010 "
						  "0000000000000000000000000000000000000000",
		 false},
		{"a DNAME above it", SECTIONS("8400", "0001", "0000") "c010 0027 0001 0000003c 0002 c014", true},
		{"a DNAME of its own", SECTIONS("8400", "0001", "0000") "c00c 0027 0001 0000003c 0002 c014", false},
		{"nothing", SECTIONS("8400", "0000", "0000"), false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct dns_reply reply;

		assert_row(rows[i].row, read_answer(rows[i].hex, ADDR_V4, &reply) == STATUS_OK);
		assert_row(rows[i].row, reply.answer.hidden == rows[i].hidden);
	}
}

#define SOA_FIXED "00000e10 00000258 00093a80 0000003c"
#define SOA_RR(owner, serial)                                                                                          \
	owner " 0006 0001 0000012c 0026 02 6e73 c00c 0a 686f73746d6173746572 c00c " serial SOA_FIXED

static void reads_the_serial_of_the_zone(void **state)
{
	static const struct {
		const char *row;
		const char *hex;
		bool authoritative;
		size_t count;
		uint32_t serial;
	} rows[] = {
		{"a primary's", "1234 8400 0001 0001 0000 0000 " ZONE SOA_RR("c00c", "ffff0102"), true, 1, 0xffff0102},
		{"a resolver's", "1234 8000 0001 0001 0000 0000 " ZONE SOA_RR("c00c", "00000001"), false, 1, 1},
		{"of the zone above", "1234 8400 0001 0001 0000 0000 " ZONE SOA_RR("c010", "00000001"), true, 0, 0},
		{"none", "1234 8400 0001 0000 0000 0000 " ZONE, true, 0, 0},
		{"an address", "1234 8400 0001 0001 0000 0000 " ZONE "c00c 0001 0001 0000012c 0004 c0000201", true, 0,
		 0},
	};
	struct name zone = name_of("dyn.example.com");
	struct dns_request request = {.kind = DNS_SOA, .zone = &zone};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint8_t wire[512];
		size_t len = from_hex(rows[i].hex, wire, sizeof wire);
		struct dns_reply reply;

		assert_row(rows[i].row, read_reply_to(&request, wire, len, &reply) == STATUS_OK);
		assert_row(rows[i].row, reply.answer.authoritative == rows[i].authoritative);
		assert_row(rows[i].row, reply.answer.count == rows[i].count);
		assert_row(rows[i].row, reply.answer.serial == rows[i].serial);
	}
}

static void refuses_what_is_no_reply_to_the_query(void **state)
{
	static const struct {
		const char *row, *hex;
	} rows[] = {
		{"opcode UPDATE", REPLY("ac00", "0000") "0001 0001"},
		{"truncated (TC)", REPLY("8600", "0000") "0001 0001"},
		{"a request", REPLY("0400", "0000") "0001 0001"},
		{"a question of another type", REPLY("8400", "0000") "001c 0001"},
		{"a question of another class", REPLY("8400", "0000") "0001 0003"},
		{"a question for another name", "1234 8400 0001 0000 0000 0000 " ZONE},
		{"no question", "1234 8400 0000 0000 0000 0000"},
		{"an answer cut short", REPLY("8400", "0001") "0001 0001 " IN_A "c00002"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct dns_reply reply;

		assert_row(rows[i].row, read_answer(rows[i].hex, ADDR_V4, &reply) == STATUS_INVALID);
	}
}

/* A host that has an address is never taken for one that has none. */
static void an_address_of_another_length_is_malformed(void **state)
{
	static const char *const rows[] = {
		REPLY("8400", "0001") "0001 0001 c00c 0001 0001 0000003c 0000 ",
		REPLY("8400", "0001") "0001 0001 c00c 0001 0001 0000003c 0003 c00002",
		REPLY("8400", "0001") "0001 0001 c00c 0001 0001 0000003c 0005 c000020101",
		REPLY("8400", "0001") "0001 0001 c00c 0001 0001 0000003c 0008 c0000201c0000202",
		REPLY("8400", "0002") "0001 0001 " IN_A "c0000201 c00c 0001 0001 0000003c 0000",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct dns_reply reply;

		assert_row(rows[i], read_answer(rows[i], ADDR_V4, &reply) == STATUS_INVALID);
	}
}

static void a_header_that_counts_wrongly_is_malformed(void **state)
{
	static const struct {
		const char *row, *hex;
	} rows[] = {
		{"an answer that is not counted", REPLY("8400", "0000") "0001 0001 " IN_A "c0000201"},
		{"a second one that is not counted",
		 REPLY("8400", "0001") "0001 0001 " IN_A "c0000201 " IN_A "c0000202"},
		{"one more than there are", REPLY("8400", "0002") "0001 0001 " IN_A "c0000201"},
		{"a question that is not counted",
		 "1234 8400 0000 0000 0000 0000 03 777777 03 64796e 07 6578616d706c65 "
		 "03 636f6d 00 0001 0001"},
		{"octets behind the end", REPLY("8400", "0001") "0001 0001 " IN_A "c0000201 00"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct dns_reply reply;

		assert_row(rows[i].row, read_answer(rows[i].hex, ADDR_V4, &reply) == STATUS_INVALID);
	}
}

#define IN_TXT "c00c 0010 0001 0000003c "
#define IN_OLD IN_TXT "0004 " OLD

/* Records of one string are read; others only count. */
static void reads_texts(void **state)
{
	static const struct {
		const char *row, *hex;
		size_t count;
		const char *texts[2]; /* up to NULL */
	} rows[] = {
		{"nothing", REPLY("8400", "0000") "0010 0001", 0, {NULL}},
		{"one", REPLY("8400", "0001") "0010 0001 " IN_OLD, 1, {"old"}},
		{"two", REPLY("8400", "0002") "0010 0001 " IN_OLD IN_TXT "0006 " PROOF, 2, {"old", "proof"}},
		{"of two strings", REPLY("8400", "0001") "0010 0001 " IN_TXT "0008 " OLD OLD, 1, {NULL}},
		{"an empty one", REPLY("8400", "0001") "0010 0001 " IN_TXT "0001 00", 1, {""}},
		{"another type", REPLY("8400", "0001") "0010 0001 " IN_A "c0000201", 0, {NULL}},
	};
	struct name zone = name_of("dyn.example.com");
	struct change_set set = txt_set(CHANGE_ROTATE, "proof", "", false);
	struct dns_request request = {.kind = DNS_QUERY, .zone = &zone, .sets = &set};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct dns_reply reply;
		uint8_t wire[512];
		size_t len = from_hex(rows[i].hex, wire, sizeof wire), wanted = 0;

		assert_row(rows[i].row, read_reply_to(&request, wire, len, &reply) == STATUS_OK);
		assert_row(rows[i].row, reply.answer.count == rows[i].count);
		for (; wanted < LENGTH(rows[i].texts) && rows[i].texts[wanted]; wanted++) {
			assert_row(rows[i].row, wanted < reply.answer.rrset.count);
			assert_row(rows[i].row,
				   rdata_is_string(rrset_at(&reply.answer.rrset, wanted), rows[i].texts[wanted]));
		}
		assert_row(rows[i].row, reply.answer.rrset.count == wanted);
		assert_row(rows[i].row, reply.answer.rrset.known == (rows[i].count == wanted));
	}
}

static void texts_of_another_length_are_malformed(void **state)
{
	static const char *const rows[] = {
		REPLY("8400", "0001") "0010 0001 " IN_TXT "0000",
		REPLY("8400", "0001") "0010 0001 " IN_TXT "0003 036f6c",
		REPLY("8400", "0001") "0010 0001 " IN_TXT "0005 036f6c6401",
	};
	struct name zone = name_of("dyn.example.com");
	struct change_set set = txt_set(CHANGE_ROTATE, "proof", "", false);
	struct dns_request request = {.kind = DNS_QUERY, .zone = &zone, .sets = &set};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct dns_reply reply;
		uint8_t wire[512];
		size_t len = from_hex(rows[i], wire, sizeof wire);

		assert_row(rows[i], read_reply_to(&request, wire, len, &reply) == STATUS_INVALID);
	}
}

/* Names are compared without regard to case, and by whole labels. */
static void knows_a_dname_by_its_labels(void **state)
{
	static const struct {
		const char *owner;
		bool hidden;
	} rows[] = {
		{"03 44594e 07 4558414d504c45 03 434f4d 00 ", true},
		{"03 636f6d 00 ", true},
		{"00 ", true},
		{"02 796e 07 6578616d706c65 03 636f6d 00 ", false},
		{"01 61 03 777777 03 64796e 07 6578616d706c65 03 636f6d 00 ", false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct dns_reply reply;
		char hex[512];

		snprintf(hex, sizeof hex, "%s%s%s", REPLY("8400", "0001") "0001 0001 ", rows[i].owner,
			 "0027 0001 0000003c 0002 c014");
		assert_row(rows[i].owner, read_answer(hex, ADDR_V4, &reply) == STATUS_OK);
		assert_row(rows[i].owner, reply.answer.hidden == rows[i].hidden);
	}
}

static void reads_as_many_texts_as_there_is_room_for(void **state)
{
	enum { MORE = RRSET_MAX + 3 };
	struct name zone = name_of("dyn.example.com");
	struct change_set set = txt_set(CHANGE_ROTATE, "proof", "", false);
	struct dns_request request = {.kind = DNS_QUERY, .zone = &zone, .sets = &set};
	char hex[1024] = REPLY("8400", "000b") "0010 0001 ";
	struct dns_reply reply;
	uint8_t wire[512];

	(void)state;
	for (size_t i = 0; i < MORE; i++)
		strcat(hex, IN_OLD);
	assert_int_equal(read_reply_to(&request, wire, from_hex(hex, wire, sizeof wire), &reply), STATUS_OK);
	assert_int_equal(reply.answer.count, MORE);
	assert_int_equal(reply.answer.rrset.count, RRSET_MAX);
}

static void the_id_is_read_in_network_order(void **state)
{
	(void)state;
	assert_int_equal(dns_message_id((const uint8_t[DNS_HEADER_LEN]){0xfe, 0xdc}), 0xfedc);
}

static void rcodes_have_names(void **state)
{
	static const struct {
		unsigned rcode;
		const char *name;
	} rows[] = {
		{0, "NOERROR"},    {1, "FORMERR"},   {2, "SERVFAIL"},    {3, "NXDOMAIN"},          {4, "NOTIMP"},
		{5, "REFUSED"},    {6, "YXDOMAIN"},  {7, "YXRRSET"},     {8, "NXRRSET"},           {9, "NOTAUTH"},
		{10, "NOTZONE"},   {11, "reserved"}, {15, "reserved"},   {16, "BADVERS"},          {22, "reserved"},
		{23, "BADCOOKIE"}, {24, "reserved"}, {4095, "reserved"}, {UINT32_MAX, "reserved"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_string_equal(dns_rcode_text(rows[i].rcode), rows[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_exactly_these_octets),
		cmocka_unit_test(what_is_known_to_be_there_is_the_prerequisite),
		cmocka_unit_test(a_whole_rrset_is_prerequisite_and_replacement),
		cmocka_unit_test(a_probe_may_ask_for_nothing),
		cmocka_unit_test(a_query_is_for_the_change_it_names),
		cmocka_unit_test(the_ttl_is_the_zone_s),
		cmocka_unit_test(writes_texts),
		cmocka_unit_test(several_change_sets_share_a_message),
		cmocka_unit_test(a_message_that_does_not_fit_is_refused),
		cmocka_unit_test(the_space_of_sets_is_an_upper_bound),
		cmocka_unit_test(the_space_of_large_sets_is_an_upper_bound),
		cmocka_unit_test(reads_id_and_rcode),
		cmocka_unit_test(the_upper_bits_of_the_rcode_count),
		cmocka_unit_test(refuses_what_is_no_reply_to_an_update_of_the_zone),
		cmocka_unit_test(refuses_a_zone_of_another_class),
		cmocka_unit_test(refuses_a_malformed_reply),
		cmocka_unit_test(refuses_a_reply_cut_short_at_any_octet),
		cmocka_unit_test(reads_what_a_query_found),
		cmocka_unit_test(knows_a_name_that_is_hidden),
		cmocka_unit_test(reads_the_serial_of_the_zone),
		cmocka_unit_test(refuses_what_is_no_reply_to_the_query),
		cmocka_unit_test(an_address_of_another_length_is_malformed),
		cmocka_unit_test(a_header_that_counts_wrongly_is_malformed),
		cmocka_unit_test(texts_of_another_length_are_malformed),
		cmocka_unit_test(reads_texts),
		cmocka_unit_test(knows_a_dname_by_its_labels),
		cmocka_unit_test(reads_as_many_texts_as_there_is_room_for),
		cmocka_unit_test(the_id_is_read_in_network_order),
		cmocka_unit_test(rcodes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
