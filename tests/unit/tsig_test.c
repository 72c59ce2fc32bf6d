/*
 * The tsig library: keys, signing, checking. The vectors are dnspython's, see vectors/make_tsig_vectors.py.
 *
 * The tests of failing allocations, of wiped memory and of a failing libcrypto need the linker's help, all of
 *      -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=EVP_MAC_init,--wrap=EVP_MAC_final
 * and skip themselves without it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tsig.h"
#include "vectors/tsig.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum {
	MESSAGE_MAX = 65535,
	HEADER_LEN = 12,
	OFFSET_QDCOUNT = 4,
	OFFSET_ANCOUNT = 6,
	OFFSET_NSCOUNT = 8,
	OFFSET_ARCOUNT = 10,
	NOW = 1700000000,
};

static const char *const algorithm_names[] = {
	"hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512",
};

/* ---- Messages ---- */

/* A message under construction; large, so tests keep it static. */
struct message {
	size_t len;
	uint8_t wire[MESSAGE_MAX + 1024];
};

static void put_octets(struct message *message, const void *octets, size_t len)
{
	assert_true(len <= sizeof(message->wire) - message->len);
	if (len)
		memcpy(message->wire + message->len, octets, len);
	message->len += len;
}

static void put_number(struct message *message, uint64_t value, size_t len)
{
	for (size_t i = len; i > 0; i--) {
		uint8_t octet = (uint8_t)(value >> (8 * (i - 1)));

		put_octets(message, &octet, 1);
	}
}

static unsigned get_u16(const struct message *message, size_t offset)
{
	return (unsigned)message->wire[offset] << 8 | message->wire[offset + 1];
}

static void set_u16(struct message *message, size_t offset, unsigned value)
{
	message->wire[offset] = (uint8_t)(value >> 8);
	message->wire[offset + 1] = (uint8_t)value;
}

static void put_header(struct message *message, unsigned id)
{
	message->len = 0;
	put_number(message, id, 2);
	put_number(message, 0x2800, 2); /* opcode UPDATE */
	put_number(message, 0, 8);
}

/* An UPDATE of www.example.com with compressed names and one record in the authority (update) section. */
static void put_update(struct message *message, unsigned id)
{
	put_header(message, id);
	set_u16(message, OFFSET_QDCOUNT, 1);
	set_u16(message, OFFSET_NSCOUNT, 1);
	put_octets(message, "\7example\3com\0\0\6\0\1", 17);
	put_octets(message, "\3www\300\014\0\1\0\1\0\0\0\264\0\4\300\0\2\1", 20);
}

/* What a raw TSIG record may be told to do wrong. */
struct raw_tsig {
	const void *owner;
	size_t owner_len;
	unsigned class;
	unsigned ttl;
	const void *algorithm;
	size_t algorithm_len;
	uint64_t time_s;
	unsigned mac_len;
	unsigned error;
	unsigned other_len;
	int rdlength_more; /* added to the right RDLENGTH */
	unsigned padding;  /* octets after Other Data, still inside RDATA */
};

static const struct raw_tsig raw_default = {
	.owner = "\x02gw\0",
	.owner_len = 4,
	.class = 255,
	.algorithm = "\x0bhmac-sha256",
	.algorithm_len = 13,
	.time_s = NOW,
	.mac_len = 32,
};

/* Appends a TSIG record whose MAC is zeros, and counts it. */
static void put_raw_tsig(struct message *message, const struct raw_tsig *raw)
{
	static const uint8_t zeros[MESSAGE_MAX];
	size_t rdlength = raw->algorithm_len + 16 + raw->mac_len + raw->other_len + raw->padding;

	put_octets(message, raw->owner, raw->owner_len);
	put_number(message, 250, 2);
	put_number(message, raw->class, 2);
	put_number(message, raw->ttl, 4);
	put_number(message, (uint64_t)((long)rdlength + raw->rdlength_more), 2);
	put_octets(message, raw->algorithm, raw->algorithm_len);
	put_number(message, raw->time_s, 6);
	put_number(message, TSIG_FUDGE_DEFAULT_S, 2);
	put_number(message, raw->mac_len, 2);
	put_octets(message, zeros, raw->mac_len);
	put_number(message, get_u16(message, 0), 2);
	put_number(message, raw->error, 2);
	put_number(message, raw->other_len, 2);
	put_octets(message, zeros, raw->other_len);
	put_octets(message, zeros, raw->padding);
	set_u16(message, OFFSET_ARCOUNT, get_u16(message, OFFSET_ARCOUNT) + 1);
}

static struct tsig_key *new_key(const char *name, const char *algorithm, const char *secret)
{
	struct tsig_key *key = NULL;

	assert_int_equal(tsig_key_new_base64(name, algorithm, secret, &key), TSIG_OK);
	return key;
}

static struct tsig_key *gw_key(const char *algorithm)
{
	return new_key("gw", algorithm, "c2VjcmV0IG9mIHRoZSBnYXRld2F5");
}

static void sign(struct message *message, const struct tsig_key *key, const struct tsig_signing *how,
		 struct tsig_mac *mac)
{
	assert_int_equal(tsig_sign(message->wire, &message->len, sizeof(message->wire), key, how, mac), TSIG_OK);
}

/*
 * Checks a copy of the message that lies in memory of exactly its size, so that AddressSanitizer sees every octet
 * read too far. After TSIG_OK and TSIG_BADTIME the message becomes what tsig_verify() left; else it has to be
 * unchanged.
 */
static enum tsig_status verify(struct message *message, const struct tsig_key *key, const struct tsig_checking *how,
			       struct tsig_report *report)
{
	uint8_t *copy = malloc(message->len ? message->len : 1);
	size_t len = message->len;
	enum tsig_status status;

	assert_non_null(copy);
	memcpy(copy, message->wire, len);
	status = tsig_verify(copy, &len, key, how, report);
	if (status == TSIG_OK || status == TSIG_BADTIME) {
		assert_true(len < message->len);
		memcpy(message->wire, copy, len);
		message->len = len;
	} else {
		assert_int_equal(len, message->len);
		assert_memory_equal(copy, message->wire, len);
	}
	free(copy);
	return status;
}

static enum tsig_status verify_now(struct message *message, const struct tsig_key *key)
{
	return verify(message, key, &(struct tsig_checking){.now_s = NOW}, NULL);
}

static const struct tsig_signing plain = {.time_s = NOW};

/* ---- Vectors of another implementation ---- */

static unsigned hex_value(char digit)
{
	return digit <= '9' ? (unsigned)(digit - '0') : (unsigned)(digit - 'a') + 10;
}

static void put_hex(struct message *message, const char *hex)
{
	for (; *hex; hex += 2)
		put_number(message, hex_value(hex[0]) << 4 | hex_value(hex[1]), 1);
}

static void from_hex(struct message *message, const char *hex)
{
	message->len = 0;
	put_hex(message, hex);
}

static void mac_from_hex(struct tsig_mac *mac, const char *hex)
{
	static struct message octets;

	from_hex(&octets, hex);
	assert_true(octets.len <= sizeof(mac->octets));
	memcpy(mac->octets, octets.wire, octets.len);
	mac->len = octets.len;
}

static void assert_same_message(const struct message *a, const struct message *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->wire, b->wire, b->len);
}

static void signs_octet_for_octet_as_dnspython_does(void **state)
{
	static struct message message, expected;

	(void)state;
	for (size_t i = 0; i < LENGTH(tsig_vectors); i++) {
		const struct tsig_vector *vector = &tsig_vectors[i];
		struct tsig_key *key = new_key(vector->key_name, vector->algorithm, vector->secret);
		struct tsig_mac request_mac, mac;

		mac_from_hex(&request_mac, vector->request_mac);
		from_hex(&message, vector->message);
		from_hex(&expected, vector->signed_message);
		sign(&message, key,
		     &(struct tsig_signing){
			     .time_s = TSIG_VECTOR_TIME_S,
			     .fudge_s = TSIG_VECTOR_FUDGE_S,
			     .mac_len = vector->mac_len,
			     .request_mac = &request_mac,
			     .error = vector->error,
			     .server_time_s = vector->server_time_s,
		     },
		     &mac);
		if (message.len != expected.len || memcmp(message.wire, expected.wire, expected.len) != 0)
			fail_msg("%s: another signature", vector->label);
		assert_int_equal(mac.len, vector->mac_len ? vector->mac_len : tsig_key_mac_len(key));
		tsig_key_free(&key);
	}
}

static void accepts_what_dnspython_signed(void **state)
{
	static struct message message, expected;

	(void)state;
	for (size_t i = 0; i < LENGTH(tsig_vectors); i++) {
		const struct tsig_vector *vector = &tsig_vectors[i];
		struct tsig_key *key = new_key(vector->key_name, vector->algorithm, vector->secret);
		struct tsig_mac request_mac;
		struct tsig_checking how = {
			.now_s = TSIG_VECTOR_TIME_S,
			.request_mac = &request_mac,
			.mac_len_min = vector->mac_len,
		};
		struct tsig_report report;

		mac_from_hex(&request_mac, vector->request_mac);
		from_hex(&message, vector->signed_message);
		from_hex(&expected, vector->message);
		if (verify(&message, key, &how, &report) != TSIG_OK)
			fail_msg("%s: refused", vector->label);
		assert_same_message(&message, &expected);
		assert_int_equal(report.error, vector->error);
		assert_int_equal(report.time_s, TSIG_VECTOR_TIME_S);
		assert_int_equal(report.fudge_s, TSIG_VECTOR_FUDGE_S);
		assert_int_equal(report.has_server_time, vector->server_time_s != 0);
		assert_int_equal(report.server_time_s, vector->server_time_s);
		assert_string_equal(report.key_name, vector->key_name);
		tsig_key_free(&key);
	}
}

static void accepts_capitals_and_a_compressed_key_name(void **state)
{
	static struct message message, expected;
	struct tsig_key *key = new_key("gw.dyn.example.com", "hmac-sha256", tsig_odd_secret);
	struct tsig_report report;

	(void)state;
	from_hex(&message, tsig_odd_signed_message);
	from_hex(&expected, tsig_odd_message);
	assert_int_equal(verify(&message, key, &(struct tsig_checking){.now_s = TSIG_VECTOR_TIME_S}, &report), TSIG_OK);
	assert_same_message(&message, &expected);
	assert_string_equal(report.key_name, "Gw.Dyn.Example.COM");
	tsig_key_free(&key);
}

/* ---- Signing ---- */

static void a_copy_of_a_key_outlives_it(void **state)
{
	static struct message message;

	(void)state;
	for (size_t i = 0; i < LENGTH(algorithm_names); i++) {
		struct tsig_key *key = gw_key(algorithm_names[i]), *copy;

		put_update(&message, 7);
		sign(&message, key, &plain, NULL);
		assert_int_equal(tsig_key_copy(key, &copy), TSIG_OK);
		tsig_key_free(&key);
		assert_int_equal(verify_now(&message, copy), TSIG_OK);
		assert_string_equal(tsig_key_algorithm(copy), algorithm_names[i]);
		tsig_key_free(&copy);
	}
}

static void signed_request_and_response_verify_with_every_algorithm(void **state)
{
	static struct message request, response, expected;

	(void)state;
	for (size_t i = 0; i < LENGTH(algorithm_names); i++) {
		struct tsig_key *key = gw_key(algorithm_names[i]);
		struct tsig_checking how = {.now_s = NOW};
		struct tsig_mac mac;

		put_update(&request, 7);
		put_update(&expected, 7);
		sign(&request, key, &plain, &mac);
		assert_int_equal(mac.len, tsig_key_mac_len(key));
		assert_int_equal(verify_now(&request, key), TSIG_OK);
		assert_same_message(&request, &expected);

		put_header(&response, 7);
		put_header(&expected, 7);
		sign(&response, key, &(struct tsig_signing){.time_s = NOW, .request_mac = &mac}, NULL);
		how.request_mac = &mac;
		assert_int_equal(verify(&response, key, &how, NULL), TSIG_OK);
		assert_same_message(&response, &expected);
		tsig_key_free(&key);
	}
}

static void assert_not_signed(struct message *message, size_t cap, const struct tsig_key *key,
			      const struct tsig_signing *how, enum tsig_status expected)
{
	static struct message before;
	struct tsig_mac mac;

	before.len = message->len;
	memcpy(before.wire, message->wire, message->len);
	assert_int_equal(tsig_sign(message->wire, &message->len, cap, key, how, &mac), expected);
	assert_same_message(message, &before);
}

static void only_whole_unsigned_messages_are_signed(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	size_t whole;

	(void)state;
	put_update(&message, 7);
	whole = message.len;
	for (message.len = 0; message.len < whole; message.len++)
		assert_not_signed(&message, sizeof(message.wire), key, &plain, TSIG_MALFORMED);
	message.len = whole + 1; /* trailing octet */
	assert_not_signed(&message, sizeof(message.wire), key, &plain, TSIG_MALFORMED);

	message.len = whole;
	sign(&message, key, &plain, NULL);
	assert_not_signed(&message, sizeof(message.wire), key, &plain, TSIG_MALFORMED);
	tsig_key_free(&key);
}

static void put_empty_records(struct message *message, size_t count)
{
	for (; count; count--)
		put_octets(message, "\0\0\x01\0\x01\0\0\0\0\0\0", 11);
}

static void a_full_arcount_is_not_signed(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");

	(void)state;
	/* 65,535 octets cannot hold 65,535 records, so a full ARCOUNT is a lie and never incremented. */
	put_header(&message, 7);
	set_u16(&message, OFFSET_ARCOUNT, 65535);
	put_empty_records(&message, 5000);
	assert_not_signed(&message, sizeof(message.wire), key, &plain, TSIG_MALFORMED);
	tsig_key_free(&key);
}

static void the_record_must_fit(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	const size_t record_len = 4 + 10 + 13 + 16 + 32;
	size_t len;

	(void)state;
	put_update(&message, 7);
	len = message.len;
	for (size_t cap = 0; cap < len + record_len; cap++)
		assert_not_signed(&message, cap, key, &plain, TSIG_NO_SPACE);
	assert_int_equal(tsig_sign(message.wire, &message.len, len + record_len, key, &plain, NULL), TSIG_OK);
	assert_int_equal(message.len, len + record_len);
	tsig_key_free(&key);
}

static void put_filler_record(struct message *message, size_t len)
{
	static const uint8_t zeros[MESSAGE_MAX];

	put_octets(message, "\0\0\x10\0\x01\0\0\0\0", 9);
	put_number(message, len - 11, 2);
	put_octets(message, zeros, len - 11);
	set_u16(message, OFFSET_ANCOUNT, get_u16(message, OFFSET_ANCOUNT) + 1);
}

static void messages_go_up_to_64_kib_with_their_signature(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha512");
	const size_t record_len = 4 + 10 + 13 + 16 + 64;

	(void)state;
	put_header(&message, 7);
	put_filler_record(&message, MESSAGE_MAX - HEADER_LEN - record_len);
	sign(&message, key, &plain, NULL);
	assert_int_equal(message.len, MESSAGE_MAX);
	assert_int_equal(verify_now(&message, key), TSIG_OK);

	put_header(&message, 7);
	put_filler_record(&message, MESSAGE_MAX - HEADER_LEN - record_len + 1);
	assert_not_signed(&message, sizeof(message.wire), key, &plain, TSIG_NO_SPACE);
	tsig_key_free(&key);
}

static void the_longest_record_fits_in_its_declared_size(void **state)
{
	static struct message message;
	char name[TSIG_NAME_MAX];
	struct tsig_key *key;
	size_t len;

	(void)state;
	/* 63 + 63 + 63 + 61 octets of labels: 255 on the wire */
	(void)snprintf(name, sizeof(name), "%063d.%063d.%063d.%061d", 1, 2, 3, 4);
	key = new_key(name, "hmac-sha512", "c2VjcmV0");
	put_update(&message, 7);
	len = message.len;
	sign(&message, key, &(struct tsig_signing){.time_s = NOW, .error = TSIG_RCODE_BADTIME}, NULL);
	assert_int_equal(message.len - len, 255 + 10 + 13 + 16 + 64 + 6);
	assert_true(message.len - len <= TSIG_RECORD_MAX);
	assert_int_equal(verify_now(&message, key), TSIG_OK);
	tsig_key_free(&key);
}

static void answers_badkey_and_badsig_are_sent_without_a_mac(void **state)
{
	static const uint16_t errors[] = {TSIG_RCODE_BADKEY, TSIG_RCODE_BADSIG};
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");

	(void)state;
	for (size_t i = 0; i < LENGTH(errors); i++) {
		struct tsig_mac mac = {.len = 1};
		struct tsig_report report;

		put_update(&message, 7);
		sign(&message, key, &(struct tsig_signing){.time_s = NOW, .error = errors[i]}, &mac);
		assert_int_equal(mac.len, 0);
		assert_int_equal(verify(&message, key, &(struct tsig_checking){.now_s = NOW}, &report),
				 TSIG_UNSIGNED_ERROR);
		assert_int_equal(report.error, errors[i]);
		assert_int_equal(report.mac.len, 0);
	}
	tsig_key_free(&key);
}

static void the_fudge_is_300_seconds_unless_told(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	struct tsig_report report;

	(void)state;
	put_update(&message, 7);
	sign(&message, key, &plain, NULL);
	assert_int_equal(verify(&message, key, &(struct tsig_checking){.now_s = NOW}, &report), TSIG_OK);
	assert_int_equal(report.fudge_s, 300);
	sign(&message, key, &(struct tsig_signing){.time_s = NOW, .fudge_s = 65535}, NULL);
	assert_int_equal(verify(&message, key, &(struct tsig_checking){.now_s = NOW}, &report), TSIG_OK);
	assert_int_equal(report.fudge_s, 65535);
	tsig_key_free(&key);
}

/* ---- Checking: MAC, key ---- */

static void a_response_verifies_only_with_the_mac_of_its_request(void **state)
{
	static struct message request, response;
	struct tsig_key *key = gw_key("hmac-sha256");
	struct tsig_mac mac, other_mac;
	struct tsig_checking how = {.now_s = NOW};

	(void)state;
	put_update(&request, 7);
	sign(&request, key, &plain, &mac);
	put_header(&response, 7);
	sign(&response, key, &(struct tsig_signing){.time_s = NOW, .request_mac = &mac}, NULL);

	assert_int_equal(verify(&response, key, &how, NULL), TSIG_BADSIG);
	other_mac = mac;
	other_mac.octets[31] ^= 1;
	how.request_mac = &other_mac;
	assert_int_equal(verify(&response, key, &how, NULL), TSIG_BADSIG);
	other_mac = mac;
	other_mac.len = 16;
	assert_int_equal(verify(&response, key, &how, NULL), TSIG_BADSIG);

	/* The request sent back as if it were the response */
	how.request_mac = &mac;
	assert_int_equal(verify(&request, key, &how, NULL), TSIG_BADSIG);
	assert_int_equal(verify(&response, key, &how, NULL), TSIG_OK);
	tsig_key_free(&key);
}

static void an_empty_request_mac_is_none(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha1");
	struct tsig_mac none = {0};

	(void)state;
	put_update(&message, 7);
	sign(&message, key, &(struct tsig_signing){.time_s = NOW, .request_mac = &none}, NULL);
	assert_int_equal(verify_now(&message, key), TSIG_OK);
	tsig_key_free(&key);
}

static bool is_letter(uint8_t octet)
{
	return (octet | 0x20) >= 'a' && (octet | 0x20) <= 'z';
}

/* The ID may change on the way, and case in the names of the TSIG record does not matter; all else is protected. */
static bool may_change(const struct message *message, size_t body_len, size_t at, unsigned bit)
{
	const size_t owner = body_len, algorithm = body_len + 4 + 10;

	if (at < 2)
		return true;
	if (bit != 5 || !is_letter(message->wire[at]))
		return false;
	return (at >= owner && at < owner + 4) || (at >= algorithm && at < algorithm + 13);
}

static void every_altered_bit_is_noticed(void **state)
{
	static struct message message, altered;
	struct tsig_key *key = gw_key("hmac-sha256");
	size_t body_len;

	(void)state;
	put_update(&message, 7);
	body_len = message.len;
	sign(&message, key, &plain, NULL);
	for (size_t at = 0; at < message.len; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			enum tsig_status status;

			altered.len = message.len;
			memcpy(altered.wire, message.wire, message.len);
			altered.wire[at] ^= (uint8_t)(1U << bit);
			status = verify_now(&altered, key);
			if ((status == TSIG_OK) != may_change(&message, body_len, at, bit))
				fail_msg("octet %zu, bit %u: %s", at, bit, tsig_status_text(status));
			assert_int_not_equal(status, TSIG_BADTIME);
		}
	}
	tsig_key_free(&key);
}

static void every_octet_set_to_every_value_is_survived(void **state)
{
	static struct message message, altered;
	struct tsig_key *key = gw_key("hmac-md5");

	(void)state;
	put_update(&message, 7);
	sign(&message, key, &plain, NULL);
	for (size_t at = 2; at < message.len; at++) {
		for (unsigned value = 0; value < 256; value++) {
			altered.len = message.len;
			memcpy(altered.wire, message.wire, message.len);
			altered.wire[at] = (uint8_t)value;
			(void)verify_now(&altered, key);
		}
	}
	tsig_key_free(&key);
}

static void every_cut_message_is_malformed(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	size_t whole;

	(void)state;
	put_update(&message, 7);
	sign(&message, key, &plain, NULL);
	whole = message.len;
	for (message.len = 0; message.len < whole; message.len++)
		assert_int_equal(verify_now(&message, key), TSIG_MALFORMED);
	message.len = whole + 1;
	assert_int_equal(verify_now(&message, key), TSIG_MALFORMED);
	tsig_key_free(&key);
}

static void an_id_changed_on_the_way_is_restored(void **state)
{
	static struct message message, expected;
	struct tsig_key *key = gw_key("hmac-sha256");
	struct tsig_report report;

	(void)state;
	put_update(&message, 0x1234);
	put_update(&expected, 0x1234);
	sign(&message, key, &plain, NULL);
	set_u16(&message, 0, 0xabcd);
	assert_int_equal(verify(&message, key, &(struct tsig_checking){.now_s = NOW}, &report), TSIG_OK);
	assert_int_equal(report.original_id, 0x1234);
	assert_same_message(&message, &expected);
	tsig_key_free(&key);
}

static void another_secret_is_badsig_another_name_or_algorithm_badkey(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	struct tsig_key *secret = new_key("gw", "hmac-sha256", "YW5vdGhlcg==");
	struct tsig_key *name = new_key("gw.example", "hmac-sha256", "c2VjcmV0IG9mIHRoZSBnYXRld2F5");
	struct tsig_key *algorithm = gw_key("hmac-sha384");

	(void)state;
	put_update(&message, 7);
	sign(&message, key, &plain, NULL);
	assert_int_equal(verify_now(&message, secret), TSIG_BADSIG);
	assert_int_equal(verify_now(&message, name), TSIG_BADKEY);
	assert_int_equal(verify_now(&message, algorithm), TSIG_BADKEY);
	assert_int_equal(verify_now(&message, key), TSIG_OK);
	tsig_key_free(&key);
	tsig_key_free(&secret);
	tsig_key_free(&name);
	tsig_key_free(&algorithm);
}

static void a_mac_of_a_foreign_algorithm_may_have_any_length(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	struct raw_tsig raw = raw_default;
	struct tsig_report report;

	(void)state;
	put_update(&message, 7);
	raw.algorithm = "\x08gss-tsig";
	raw.algorithm_len = 10;
	raw.mac_len = 4000;
	put_raw_tsig(&message, &raw);
	assert_int_equal(verify(&message, key, &(struct tsig_checking){.now_s = NOW}, &report), TSIG_BADKEY);
	assert_int_equal(report.mac.len, 0);
	tsig_key_free(&key);
}

static void checks_come_in_the_order_of_the_rfc(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	struct tsig_key *forger = new_key("gw", "hmac-sha256", "YW5vdGhlcg==");
	struct tsig_key *stranger = new_key("stranger", "hmac-sha256", "YW5vdGhlcg==");
	const struct tsig_signing late_and_short = {.time_s = NOW - 301, .mac_len = 16};

	(void)state;
	put_update(&message, 7);
	sign(&message, stranger, &late_and_short, NULL);
	assert_int_equal(verify_now(&message, key), TSIG_BADKEY);
	put_update(&message, 7);
	sign(&message, forger, &late_and_short, NULL);
	assert_int_equal(verify_now(&message, key), TSIG_BADSIG);
	put_update(&message, 7);
	sign(&message, key, &late_and_short, NULL);
	assert_int_equal(verify_now(&message, key), TSIG_BADTIME);
	put_update(&message, 7);
	sign(&message, key, &(struct tsig_signing){.time_s = NOW, .mac_len = 16}, NULL);
	assert_int_equal(verify_now(&message, key), TSIG_BADTRUNC);
	tsig_key_free(&key);
	tsig_key_free(&forger);
	tsig_key_free(&stranger);
}

/* ---- Checking: time ---- */

static void the_fudge_is_a_closed_interval(void **state)
{
	static const uint64_t end = UINT64_C(0xffffffffffff);       /* the last second that can be signed */
	static const uint64_t second_epoch = UINT64_C(0x100000000); /* 2106, when 32 bits are full */
	const struct {
		uint64_t time_s, now_s;
		uint16_t fudge_s;
		enum tsig_status expected;
	} cases[] = {
		{NOW, NOW, 300, TSIG_OK},
		{NOW, NOW + 300, 300, TSIG_OK},
		{NOW, NOW - 300, 300, TSIG_OK},
		{NOW, NOW + 301, 300, TSIG_BADTIME},
		{NOW, NOW - 301, 300, TSIG_BADTIME},
		{NOW, NOW + 1, 1, TSIG_OK},
		{NOW, NOW + 2, 1, TSIG_BADTIME},
		{NOW, NOW - 65535, 65535, TSIG_OK},
		{NOW, NOW - 65536, 65535, TSIG_BADTIME},
		{0, 300, 300, TSIG_OK},
		{300, 0, 300, TSIG_OK},
		{301, 0, 300, TSIG_BADTIME},
		{second_epoch, second_epoch - 1, 1, TSIG_OK},
		{second_epoch, 0, 65535, TSIG_BADTIME},
		{end, end, 1, TSIG_OK},
		{end, end + 1, 1, TSIG_OK},
		{end, 0, 65535, TSIG_BADTIME},
		{end + 6, end + 6, 65535, TSIG_BADTIME}, /* 48 bits travel */
		{end, UINT64_MAX, 65535, TSIG_BADTIME},
	};
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct tsig_signing how = {.time_s = cases[i].time_s, .fudge_s = cases[i].fudge_s};
		enum tsig_status status;

		put_update(&message, 7);
		sign(&message, key, &how, NULL);
		status = verify(&message, key, &(struct tsig_checking){.now_s = cases[i].now_s}, NULL);
		if (status != cases[i].expected)
			fail_msg("case %zu: %s", i, tsig_status_text(status));
	}
	tsig_key_free(&key);
}

static void a_late_message_is_told_and_its_record_removed(void **state)
{
	static struct message message, expected;
	struct tsig_key *key = gw_key("hmac-sha256");
	struct tsig_report report;

	(void)state;
	put_update(&message, 7);
	put_update(&expected, 7);
	sign(&message, key, &plain, NULL);
	assert_int_equal(verify(&message, key, &(struct tsig_checking){.now_s = NOW + 1000}, &report), TSIG_BADTIME);
	assert_same_message(&message, &expected);
	assert_int_equal(report.time_s, NOW);
	tsig_key_free(&key);
}

static void a_badtime_answer_verifies_and_tells_the_server_time(void **state)
{
	static struct message request, response;
	struct tsig_key *key = gw_key("hmac-sha256");
	const uint64_t server_time_s = UINT64_C(0x123456789abc);
	struct tsig_report report;
	struct tsig_mac mac;

	(void)state;
	put_update(&request, 7);
	sign(&request, key, &plain, &mac);
	put_header(&response, 7);
	sign(&response, key,
	     &(struct tsig_signing){
		     .time_s = NOW,
		     .request_mac = &mac,
		     .error = TSIG_RCODE_BADTIME,
		     .server_time_s = server_time_s,
	     },
	     NULL);
	assert_int_equal(verify(&response, key, &(struct tsig_checking){.now_s = NOW, .request_mac = &mac}, &report),
			 TSIG_OK);
	assert_int_equal(report.error, TSIG_RCODE_BADTIME);
	assert_true(report.has_server_time);
	assert_true(report.server_time_s == server_time_s);
	tsig_key_free(&key);
}

static void other_data_of_another_length_is_no_server_time(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	struct raw_tsig raw = raw_default;
	struct tsig_report report;

	(void)state;
	raw.error = TSIG_RCODE_BADTIME;
	for (raw.other_len = 0; raw.other_len < 9; raw.other_len++) {
		put_update(&message, 7);
		put_raw_tsig(&message, &raw);
		assert_int_equal(verify(&message, key, &(struct tsig_checking){.now_s = NOW}, &report), TSIG_BADSIG);
		assert_int_equal(report.has_server_time, raw.other_len == 6);
	}
	raw.error = TSIG_RCODE_NOERROR;
	raw.other_len = 6;
	put_update(&message, 7);
	put_raw_tsig(&message, &raw);
	assert_int_equal(verify(&message, key, &(struct tsig_checking){.now_s = NOW}, &report), TSIG_BADSIG);
	assert_false(report.has_server_time);
	tsig_key_free(&key);
}

/* ---- Checking: truncation ---- */

static const struct {
	const char *algorithm;
	size_t shortest, full;
} mac_lengths[] = {
	{"hmac-md5", 10, 16},    {"hmac-sha1", 10, 20},   {"hmac-sha224", 14, 28},
	{"hmac-sha256", 16, 32}, {"hmac-sha384", 24, 48}, {"hmac-sha512", 32, 64},
};

static void macs_are_sent_in_lengths_that_the_rfc_allows(void **state)
{
	static struct message message;

	(void)state;
	for (size_t i = 0; i < LENGTH(mac_lengths); i++) {
		struct tsig_key *key = gw_key(mac_lengths[i].algorithm);

		assert_int_equal(tsig_key_mac_len(key), mac_lengths[i].full);
		for (size_t mac_len = 1; mac_len <= mac_lengths[i].full + 2; mac_len++) {
			struct tsig_signing how = {.time_s = NOW, .mac_len = mac_len};
			struct tsig_mac mac;

			put_update(&message, 7);
			if (mac_len < mac_lengths[i].shortest || mac_len > mac_lengths[i].full) {
				assert_not_signed(&message, sizeof(message.wire), key, &how, TSIG_BADTRUNC);
				continue;
			}
			sign(&message, key, &how, &mac);
			assert_int_equal(mac.len, mac_len);
		}
		tsig_key_free(&key);
	}
}

static void macs_are_accepted_as_policy_says(void **state)
{
	static struct message message;

	(void)state;
	for (size_t i = 0; i < LENGTH(mac_lengths); i++) {
		const size_t full = mac_lengths[i].full;
		struct tsig_key *key = gw_key(mac_lengths[i].algorithm);

		for (size_t mac_len = mac_lengths[i].shortest; mac_len <= full; mac_len++) {
			for (size_t policy = 0; policy <= full + 2; policy++) {
				struct tsig_checking how = {.now_s = NOW, .mac_len_min = policy};
				bool accepted = mac_len == full || (policy != 0 && mac_len >= policy);

				put_update(&message, 7);
				sign(&message, key, &(struct tsig_signing){.time_s = NOW, .mac_len = mac_len}, NULL);
				assert_int_equal(verify(&message, key, &how, NULL), accepted ? TSIG_OK : TSIG_BADTRUNC);
			}
		}
		tsig_key_free(&key);
	}
}

static void macs_beyond_the_hash_or_below_the_minimum_are_malformed(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	const struct tsig_checking lenient = {.now_s = NOW, .mac_len_min = 1};

	(void)state;
	for (unsigned mac_len = 0; mac_len < 70; mac_len++) {
		struct raw_tsig raw = raw_default;

		raw.mac_len = mac_len;
		put_update(&message, 7);
		put_raw_tsig(&message, &raw);
		assert_int_equal(verify(&message, key, &lenient, NULL),
				 mac_len >= 16 && mac_len <= 32 ? TSIG_BADSIG : TSIG_MALFORMED);
	}
	tsig_key_free(&key);
}

static void a_truncated_mac_is_compared_in_all_that_came(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	const struct tsig_checking lenient = {.now_s = NOW, .mac_len_min = 16};

	(void)state;
	put_update(&message, 7);
	sign(&message, key, &(struct tsig_signing){.time_s = NOW, .mac_len = 17}, NULL);
	message.wire[message.len - 7] ^= 1; /* the last octet of the MAC */
	assert_int_equal(verify(&message, key, &lenient, NULL), TSIG_BADSIG);
	message.wire[message.len - 7] ^= 1;
	assert_int_equal(verify(&message, key, &lenient, NULL), TSIG_OK);
	tsig_key_free(&key);
}

/* ---- Checking: unsigned answers ---- */

static void a_message_without_a_record_is_unsigned(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	struct tsig_report report;

	(void)state;
	put_update(&message, 7);
	assert_int_equal(verify(&message, key, &(struct tsig_checking){.now_s = NOW}, &report), TSIG_UNSIGNED);
	assert_string_equal(report.key_name, "");
	put_header(&message, 7);
	assert_int_equal(verify_now(&message, key), TSIG_UNSIGNED);
	tsig_key_free(&key);
}

static void unsigned_errors_are_told_from_forgeries(void **state)
{
	static const struct {
		unsigned error, mac_len;
		enum tsig_status expected;
	} cases[] = {
		{TSIG_RCODE_BADKEY, 0, TSIG_UNSIGNED_ERROR}, {TSIG_RCODE_BADSIG, 0, TSIG_UNSIGNED_ERROR},
		{TSIG_RCODE_NOERROR, 0, TSIG_MALFORMED},     {TSIG_RCODE_BADTIME, 0, TSIG_MALFORMED},
		{TSIG_RCODE_BADTRUNC, 0, TSIG_MALFORMED},    {9, 0, TSIG_MALFORMED},
		{TSIG_RCODE_BADKEY, 32, TSIG_BADSIG},        {TSIG_RCODE_BADSIG, 32, TSIG_BADSIG},
		{TSIG_RCODE_BADTIME, 32, TSIG_BADSIG},       {TSIG_RCODE_NOERROR, 32, TSIG_BADSIG},
	};
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	struct tsig_mac request_mac = {.len = 32};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct raw_tsig raw = raw_default;
		struct tsig_report report;

		raw.error = cases[i].error;
		raw.mac_len = cases[i].mac_len;
		put_header(&message, 7);
		put_raw_tsig(&message, &raw);
		assert_int_equal(verify(&message, key,
					&(struct tsig_checking){.now_s = NOW, .request_mac = &request_mac}, &report),
				 cases[i].expected);
		assert_int_equal(report.error, cases[i].error);
		assert_string_equal(report.key_name, "gw");
	}
	tsig_key_free(&key);
}

static void an_unsigned_error_may_name_any_key(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	struct raw_tsig raw = raw_default;

	(void)state;
	raw.owner = "";
	raw.owner_len = 1; /* the root: the server would not repeat what it did not know */
	raw.error = TSIG_RCODE_BADKEY;
	raw.mac_len = 0;
	put_header(&message, 7);
	put_raw_tsig(&message, &raw);
	assert_int_equal(verify_now(&message, key), TSIG_UNSIGNED_ERROR);
	tsig_key_free(&key);
}

/* ---- Checking: structure ---- */

static void the_record_must_be_the_last_and_the_only_one(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	static const size_t counts[] = {OFFSET_ANCOUNT, OFFSET_NSCOUNT};

	(void)state;
	put_header(&message, 7);
	put_raw_tsig(&message, &raw_default);
	assert_int_equal(verify_now(&message, key), TSIG_BADSIG); /* well-formed so far */
	put_empty_records(&message, 1);
	set_u16(&message, OFFSET_ARCOUNT, 2);
	assert_int_equal(verify_now(&message, key), TSIG_MALFORMED);

	put_header(&message, 7);
	put_raw_tsig(&message, &raw_default);
	put_raw_tsig(&message, &raw_default);
	assert_int_equal(verify_now(&message, key), TSIG_MALFORMED);

	for (size_t i = 0; i < LENGTH(counts); i++) {
		put_header(&message, 7);
		put_raw_tsig(&message, &raw_default);
		set_u16(&message, OFFSET_ARCOUNT, 0);
		set_u16(&message, counts[i], 1);
		assert_int_equal(verify_now(&message, key), TSIG_MALFORMED);
		put_raw_tsig(&message, &raw_default);
		assert_int_equal(verify_now(&message, key), TSIG_MALFORMED);
	}
	tsig_key_free(&key);
}

static void a_question_for_type_tsig_is_not_a_record(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");

	(void)state;
	put_header(&message, 7);
	set_u16(&message, OFFSET_QDCOUNT, 1);
	put_octets(&message, "\0\0\xfa\0\x01", 5);
	assert_int_equal(verify_now(&message, key), TSIG_UNSIGNED);
	sign(&message, key, &plain, NULL);
	assert_int_equal(verify_now(&message, key), TSIG_OK);
	tsig_key_free(&key);
}

static void a_record_with_a_wrong_field_is_malformed(void **state)
{
	static const struct {
		const char *what;
		struct raw_tsig raw;
	} cases[] = {
		{"class IN", {"\x02gw\0", 4, 1, 0, "\x0bhmac-sha256", 13, NOW, 32, 0, 0, 0, 0}},
		{"TTL 1", {"\x02gw\0", 4, 255, 1, "\x0bhmac-sha256", 13, NOW, 32, 0, 0, 0, 0}},
		{"RDATA ends early", {"\x02gw\0", 4, 255, 0, "\x0bhmac-sha256", 13, NOW, 32, 0, 0, -1, 0}},
		{"RDATA ends late", {"\x02gw\0", 4, 255, 0, "\x0bhmac-sha256", 13, NOW, 32, 0, 0, 1, 0}},
		{"compressed algorithm", {"\x02gw\0", 4, 255, 0, "\xc0\x0c", 2, NOW, 32, 0, 0, 0, 0}},
		{"algorithm ends in a pointer", {"\x02gw\0", 4, 255, 0, "\x04hmac\xc0\x0c", 7, NOW, 32, 0, 0, 0, 0}},
		{"algorithm without an end", {"\x02gw\0", 4, 255, 0, "\x3fhmac", 5, NOW, 32, 0, 0, 0, 0}},
		{"label type 01", {"\x42gw\0", 4, 255, 0, "\x0bhmac-sha256", 13, NOW, 32, 0, 0, 0, 0}},
		{"label type 10", {"\x82gw\0", 4, 255, 0, "\x0bhmac-sha256", 13, NOW, 32, 0, 0, 0, 0}},
		{"RDATA not filled", {"\x02gw\0", 4, 255, 0, "\x0bhmac-sha256", 13, NOW, 32, 0, 0, 0, 1}},
	};
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		put_update(&message, 7);
		put_raw_tsig(&message, &cases[i].raw);
		if (verify_now(&message, key) != TSIG_MALFORMED)
			fail_msg("%s: not malformed", cases[i].what);
	}
	tsig_key_free(&key);
}

static enum tsig_status verify_owner(const void *owner, size_t owner_len)
{
	static struct message message;
	struct tsig_key *key = new_key("example.com", "hmac-sha256", "c2VjcmV0");
	struct raw_tsig raw = raw_default;
	enum tsig_status status;

	raw.owner = owner;
	raw.owner_len = owner_len;
	put_update(&message, 7);
	put_raw_tsig(&message, &raw);
	status = verify_now(&message, key);
	tsig_key_free(&key);
	return status;
}

static void compression_pointers_go_backwards_only(void **state)
{
	(void)state;
	/*
	 * In put_update() example.com is at 0x0c, www.example.com at 0x1d; it ends before 0x31: there is the owner.
	 */
	assert_int_equal(verify_owner("\xc0\x0c", 2), TSIG_BADSIG); /* found: it is the key's name */
	assert_int_equal(verify_owner("\xc0\x1d", 2), TSIG_BADKEY);
	assert_int_equal(verify_owner("\xc0\x21", 2), TSIG_BADSIG);         /* a pointer to a pointer */
	assert_int_equal(verify_owner("\xc0\x31", 2), TSIG_MALFORMED);      /* itself */
	assert_int_equal(verify_owner("\x01x\xc0\x31", 4), TSIG_MALFORMED); /* its own beginning */
	assert_int_equal(verify_owner("\x01x\xc0\x33", 4), TSIG_MALFORMED);
	assert_int_equal(verify_owner("\xc0\x40", 2), TSIG_MALFORMED); /* forward */
	assert_int_equal(verify_owner("\xff\xff", 2), TSIG_MALFORMED); /* beyond the message */
	assert_int_equal(verify_owner("\xc0\x01", 2), TSIG_MALFORMED); /* label type 01 in the header */
}

/* A record of the answer section whose RDATA may be pointed to, at offset 23. */
static void put_answer(struct message *message, const char *rdata, size_t len)
{
	put_header(message, 7);
	set_u16(message, OFFSET_ANCOUNT, 1);
	put_octets(message, "\0\0\20\0\1\0\0\0\0", 9);
	put_number(message, len, 2);
	put_octets(message, rdata, len);
}

static void pointers_that_aim_at_each_other_are_malformed(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	struct raw_tsig raw = raw_default;

	(void)state;
	put_answer(&message, "\300\031\300\027", 4);
	raw.owner = "\300\027";
	raw.owner_len = 2;
	put_raw_tsig(&message, &raw);
	assert_int_equal(verify_now(&message, key), TSIG_MALFORMED);
	tsig_key_free(&key);
}

static void names_longer_than_255_octets_are_malformed(void **state)
{
	uint8_t owner[300];

	(void)state;
	memset(owner, 'x', sizeof(owner));
	for (size_t i = 0; i < 5; i++)
		owner[i * 50] = 49;
	/* 250 octets of labels, a label of 3, the root */
	owner[250] = 3;
	owner[254] = 0;
	assert_int_equal(verify_owner(owner, 255), TSIG_BADKEY);
	owner[250] = 4;
	owner[255] = 0;
	assert_int_equal(verify_owner(owner, 256), TSIG_MALFORMED);
	/* too long only after the pointer to example.com has been followed */
	owner[242] = 0xc0;
	owner[243] = 0x0c;
	owner[200] = 41;
	assert_int_equal(verify_owner(owner, 244), TSIG_BADKEY);
	owner[200] = 42;
	owner[243] = 0xc0;
	owner[244] = 0x0c;
	assert_int_equal(verify_owner(owner, 245), TSIG_MALFORMED);
}

static void names_longer_than_255_octets_are_malformed_in_any_record(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");

	(void)state;
	for (size_t last = 61; last <= 62; last++) {
		put_header(&message, 7);
		set_u16(&message, OFFSET_QDCOUNT, 1);
		for (size_t label = 0; label < 4; label++) {
			size_t len = label == 3 ? last : 63;

			put_number(&message, len, 1);
			put_octets(&message, "0123456789012345678901234567890123456789012345678901234567890123", len);
		}
		put_octets(&message, "\0\0\1\0\1", 5);
		assert_int_equal(verify_now(&message, key), last == 61 ? TSIG_UNSIGNED : TSIG_MALFORMED);
	}
	tsig_key_free(&key);
}

static void a_long_chain_of_pointers_ends(void **state)
{
	const size_t pointers_len = 16000;
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	struct raw_tsig raw = raw_default;
	uint8_t last[2];

	(void)state;
	/* One record whose RDATA is pointers, each to the one before it and the first one to the header's zeros */
	put_header(&message, 7);
	set_u16(&message, OFFSET_ANCOUNT, 1);
	put_octets(&message, "\0\0\x10\0\x01\0\0\0\0", 9);
	put_number(&message, pointers_len, 2);
	put_number(&message, 0xc004, 2);
	while (message.len < HEADER_LEN + 11 + pointers_len)
		put_number(&message, 0xc000 | (message.len - 2), 2);
	last[0] = (uint8_t)(0xc0 | (message.len - 2) >> 8);
	last[1] = (uint8_t)(message.len - 2);
	raw.owner = last;
	raw.owner_len = 2;
	put_raw_tsig(&message, &raw);
	assert_int_equal(verify_now(&message, key), TSIG_BADKEY); /* the name is the root */
	tsig_key_free(&key);
}

static void counts_beyond_the_message_are_malformed(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");

	(void)state;
	for (size_t offset = OFFSET_QDCOUNT; offset <= OFFSET_ARCOUNT; offset += 2) {
		put_header(&message, 7);
		set_u16(&message, offset, 65535);
		assert_int_equal(verify_now(&message, key), TSIG_MALFORMED);
		put_raw_tsig(&message, &raw_default);
		assert_int_equal(verify_now(&message, key), TSIG_MALFORMED);
	}
	tsig_key_free(&key);
}

static void a_message_beyond_64_kib_is_malformed(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");

	(void)state;
	put_header(&message, 7);
	put_filler_record(&message, 40000);
	put_filler_record(&message, MESSAGE_MAX - message.len + 1);
	assert_int_equal(verify_now(&message, key), TSIG_MALFORMED);
	tsig_key_free(&key);
}

static void the_report_spells_any_key_name_in_ascii(void **state)
{
	static struct message message;
	struct tsig_key *key = gw_key("hmac-sha256");
	struct tsig_key *same = NULL;
	struct raw_tsig raw = raw_default;
	struct tsig_report report;

	(void)state;
	raw.owner = "\12A.\\\n\0\377 \"z@\1-";
	raw.owner_len = 14;
	put_update(&message, 7);
	put_raw_tsig(&message, &raw);
	assert_int_equal(verify(&message, key, &(struct tsig_checking){.now_s = NOW}, &report), TSIG_BADKEY);
	assert_string_equal(report.key_name, "A\\.\\\\\\010\\000\\255\\032\\\"z\\@.-");

	assert_int_equal(tsig_key_new_base64(report.key_name, "hmac-sha256", "c2VjcmV0", &same), TSIG_OK);
	assert_int_equal(verify_now(&message, same), TSIG_BADSIG);
	tsig_key_free(&same);
	tsig_key_free(&key);
}

static void every_status_and_rcode_has_a_text(void **state)
{
	(void)state;
	for (int status = TSIG_OK; status <= TSIG_IO; status++)
		assert_string_not_equal(tsig_status_text((enum tsig_status)status), "unknown status");
	assert_string_equal(tsig_status_text((enum tsig_status)(TSIG_IO + 1)), "unknown status");
	assert_string_equal(tsig_rcode_text(TSIG_RCODE_NOERROR), "NOERROR");
	assert_string_equal(tsig_rcode_text(TSIG_RCODE_BADSIG), "BADSIG");
	assert_string_equal(tsig_rcode_text(TSIG_RCODE_BADKEY), "BADKEY");
	assert_string_equal(tsig_rcode_text(TSIG_RCODE_BADTIME), "BADTIME");
	assert_string_equal(tsig_rcode_text(TSIG_RCODE_BADTRUNC), "BADTRUNC");
	assert_string_equal(tsig_rcode_text(65535), "unknown");
}

/* ---- Keys ---- */

static void key_names_are_normalised(void **state)
{
	static const struct {
		const char *given, *kept;
	} cases[] = {
		{"gw", "gw"},
		{"GW.Example.COM.", "gw.example.com"},
		{".", "."},
		{"a\\.b.c", "a\\.b.c"},
		{"a\\046b", "a\\.b"},
		{"a\\065", "aa"},
		{"\\000\\255", "\\000\\255"},
		{"_gw-1/2", "_gw-1/2"},
		{"a\\;b", "a\\;b"},
		{"a$", "a\\$"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct tsig_key *key = new_key(cases[i].given, "hmac-sha256", "c2VjcmV0");

		assert_string_equal(tsig_key_name(key), cases[i].kept);
		tsig_key_free(&key);
		assert_null(key);
	}
}

static void texts_that_are_no_domain_names_are_refused(void **state)
{
	static const char *const names[] = {
		"",    "..",    ".a",     "a..b",   "a..",    "a b",  "a\nb",        "a\tb",
		"a\\", "a\\25", "a\\2x5", "a\\256", "a\\999", "\x7f", "caf\xc3\xa9", "a\\\n",
	};
	char name[300];
	struct tsig_key *key = NULL;

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++)
		assert_int_equal(tsig_key_new_base64(names[i], "hmac-sha256", "c2VjcmV0", &key), TSIG_BAD_NAME);
	(void)snprintf(name, sizeof(name), "%064d", 0);
	assert_int_equal(tsig_key_new_base64(name, "hmac-sha256", "c2VjcmV0", &key), TSIG_BAD_NAME);
	(void)snprintf(name, sizeof(name), "%063d.%063d.%063d.%062d", 1, 2, 3, 4);
	assert_int_equal(tsig_key_new_base64(name, "hmac-sha256", "c2VjcmV0", &key), TSIG_BAD_NAME);
	(void)snprintf(name, sizeof(name), "%063d.%063d.%063d.%061d.x", 1, 2, 3, 4);
	assert_int_equal(tsig_key_new_base64(name, "hmac-sha256", "c2VjcmV0", &key), TSIG_BAD_NAME);
	assert_null(key);
	(void)snprintf(name, sizeof(name), "%063d.%063d.%063d.%061d.", 1, 2, 3, 4);
	assert_int_equal(tsig_key_new_base64(name, "hmac-sha256", "c2VjcmV0", &key), TSIG_OK);
	tsig_key_free(&key);
}

static void algorithms_are_known_by_both_their_names(void **state)
{
	static const struct {
		const char *given, *kept;
	} cases[] = {
		{"hmac-md5", "hmac-md5"},
		{"hmac-md5.sig-alg.reg.int", "hmac-md5"},
		{"HMAC-MD5.SIG-ALG.REG.INT.", "hmac-md5"},
		{"hmac-sha1", "hmac-sha1"},
		{"HMAC-SHA224", "hmac-sha224"},
		{"hmac-sha256.", "hmac-sha256"},
		{"hmac-sha384", "hmac-sha384"},
		{"Hmac-Sha512.", "hmac-sha512"},
	};
	static const char *const unknown[] = {
		"",
		".",
		"hmac",
		"hmac-sha",
		"hmac-sha2567",
		"hmac-sha256-128",
		"hmac-sha256..",
		"gss-tsig",
		"sha256",
		"hmac-md5.sig-alg",
		"hmac-shac384",
		"hmac-sha256 ",
	};
	struct tsig_key *key = NULL;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		key = gw_key(cases[i].given);
		assert_string_equal(tsig_key_algorithm(key), cases[i].kept);
		tsig_key_free(&key);
	}
	for (size_t i = 0; i < LENGTH(unknown); i++)
		assert_int_equal(tsig_key_new_base64("gw", unknown[i], "c2VjcmV0", &key), TSIG_BAD_ALGORITHM);
}

static void secrets_have_1_to_512_octets(void **state)
{
	uint8_t octets[TSIG_SECRET_MAX + 1] = {0};
	struct tsig_key *key = NULL;

	(void)state;
	assert_int_equal(tsig_key_new("gw", "hmac-sha256", octets, 0, &key), TSIG_BAD_SECRET);
	assert_int_equal(tsig_key_new("gw", "hmac-sha256", octets, sizeof(octets), &key), TSIG_BAD_SECRET);
	assert_null(key);
	assert_int_equal(tsig_key_new("gw", "hmac-sha256", octets, 1, &key), TSIG_OK);
	tsig_key_free(&key);
	assert_int_equal(tsig_key_new("gw", "hmac-sha256", octets, TSIG_SECRET_MAX, &key), TSIG_OK);
	tsig_key_free(&key);
}

/* Two keys have the same secret if and only if one accepts what the other signed. */
static bool same_secret(const struct tsig_key *a, const struct tsig_key *b)
{
	static struct message message;

	put_update(&message, 7);
	sign(&message, a, &plain, NULL);
	return verify_now(&message, b) == TSIG_OK;
}

static void base64_secrets_are_decoded(void **state)
{
	static const struct {
		const char *text;
		const char *octets;
		size_t len;
	} cases[] = {
		{"Zg==", "f", 1},
		{"Zm8=", "fo", 2},
		{"Zm9v", "foo", 3},
		{"Zm9vYg==", "foob", 4},
		{" Zm9v\tYmE=\r\n", "fooba", 5},
		{"Zm9vYmFy", "foobar", 6},
		{"AAAA", "\0\0\0", 3},
		{"+/+/", "\xfb\xff\xbf", 3},
		{"Zg= =", "f", 1},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct tsig_key *decoded = new_key("gw", "hmac-sha256", cases[i].text);
		struct tsig_key *raw = NULL;

		assert_int_equal(
			tsig_key_new("gw", "hmac-sha256", (const uint8_t *)cases[i].octets, cases[i].len, &raw),
			TSIG_OK);
		assert_true(same_secret(decoded, raw));
		tsig_key_free(&decoded);
		tsig_key_free(&raw);
	}
}

static void texts_that_are_no_base64_are_refused(void **state)
{
	static const char *const texts[] = {
		"",     " ",     "=",        "====",   "Z",        "Zg",       "Zg=",  "Zg===",
		"Zm9=", "Zh==",  "Zm8",      "Zm8==",  "Zm9v=",    "Zg==Zg==", "Zg=g", "Zm-v",
		"Zm_v", "Zm9v!", "Zm9v\x80", "Zm9v\"", "Zm9v====", "Zm9vA===",
	};
	char long_text[TSIG_SECRET_MAX * 2];
	struct tsig_key *key = NULL;

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++)
		assert_int_equal(tsig_key_new_base64("gw", "hmac-sha256", texts[i], &key), TSIG_BAD_SECRET);
	/* 684 digits are 513 octets */
	memset(long_text, 'A', sizeof(long_text));
	long_text[684] = '\0';
	assert_int_equal(tsig_key_new_base64("gw", "hmac-sha256", long_text, &key), TSIG_BAD_SECRET);
	assert_null(key);
	long_text[683] = '=';
	assert_int_equal(tsig_key_new_base64("gw", "hmac-sha256", long_text, &key), TSIG_OK);
	tsig_key_free(&key);
}

static void nothing_can_be_freed(void **state)
{
	struct tsig_key *key = NULL;
	struct tsig_key **keys = NULL;

	(void)state;
	tsig_key_free(NULL);
	tsig_key_free(&key);
	tsig_keys_free(NULL, 0);
	tsig_keys_free(&keys, 0);
}

/* ---- Memory and libcrypto, with the linker's help ---- */

/* NULL unless the linker wraps. It is the linker that names them.
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void *__real_malloc(size_t size) __attribute__((weak));
void *__real_calloc(size_t count, size_t size) __attribute__((weak));
void *__real_realloc(void *old, size_t size) __attribute__((weak));
void __real_free(void *memory) __attribute__((weak));
int __real_EVP_MAC_init(void *context, const uint8_t *key, size_t len, const void *params) __attribute__((weak));
int __real_EVP_MAC_final(void *context, uint8_t *out, size_t *len, size_t cap) __attribute__((weak));

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *memory);
int __wrap_EVP_MAC_init(void *context, const uint8_t *key, size_t len, const void *params);
int __wrap_EVP_MAC_final(void *context, uint8_t *out, size_t *len, size_t cap);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static struct {
	size_t allocations_left; /* the next one after these fails; SIZE_MAX: none fails */
	const char *secret;      /* searched for in memory that is freed */
	size_t freed_with_secret;
	size_t freed;
	bool init_fails;
	bool final_fails;
} hook = {.allocations_left = SIZE_MAX};

static bool allocation_fails(void)
{
	if (hook.allocations_left == SIZE_MAX)
		return false;
	if (hook.allocations_left == 0)
		return true;
	hook.allocations_left--;
	return false;
}

void *__wrap_malloc(size_t size)
{
	return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return allocation_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return allocation_fails() ? NULL : __real_realloc(old, size);
}

void __wrap_free(void *memory)
{
	if (memory && hook.secret) {
		hook.freed++;
		if (memmem(memory, malloc_usable_size(memory), hook.secret, strlen(hook.secret)))
			hook.freed_with_secret++;
	}
	__real_free(memory);
}

int __wrap_EVP_MAC_init(void *context, const uint8_t *key, size_t len, const void *params)
{
	return hook.init_fails ? 0 : __real_EVP_MAC_init(context, key, len, params);
}

int __wrap_EVP_MAC_final(void *context, uint8_t *out, size_t *len, size_t cap)
{
	return hook.final_fails ? 0 : __real_EVP_MAC_final(context, out, len, cap);
}

static bool is_wrapped(void)
{
	return __real_malloc && __real_calloc && __real_realloc && __real_free && __real_EVP_MAC_init &&
	       __real_EVP_MAC_final;
}

static int reset_hook(void **state)
{
	(void)state;
	hook.allocations_left = SIZE_MAX;
	hook.secret = NULL;
	hook.freed = hook.freed_with_secret = 0;
	hook.init_fails = hook.final_fails = false;
	return 0;
}

static const char two_keys[] = "key \"a\" { algorithm hmac-sha256; secret \"TUFSS0VSLU1BUktFUg==\"; };\n"
			       "key \"b\" { algorithm hmac-sha512; secret \"TUFSS0VSLU1BUktFUg==\"; };\n";

/* Writes a temporary file and returns its path, which the caller unlinks. */
static const char *temporary_key_file(void)
{
	static char path[PATH_MAX];
	const char *folder = getenv("TMPDIR");
	int file;

	(void)snprintf(path, sizeof(path), "%s/tsig_test.XXXXXX", folder ? folder : "/tmp");
	file = mkstemp(path);
	assert_true(file >= 0);
	assert_int_equal(write(file, two_keys, strlen(two_keys)), strlen(two_keys));
	close(file);
	return path;
}

static void a_secret_is_zeroed_before_its_memory_is_freed(void **state)
{
	static const char marker[] = "MARKER-MARKER";
	struct tsig_key *key = NULL;

	(void)state;
	if (!is_wrapped())
		skip();
	assert_int_equal(tsig_key_new("gw", "hmac-sha256", (const uint8_t *)marker, strlen(marker), &key), TSIG_OK);
	assert_non_null(memmem(key, malloc_usable_size(key), marker, strlen(marker)));
	hook.secret = marker;
	tsig_key_free(&key);
	assert_int_equal(hook.freed, 1);
	assert_int_equal(hook.freed_with_secret, 0);
}

static void the_text_of_a_key_file_is_zeroed_before_its_memory_is_freed(void **state)
{
	struct tsig_file_error error;
	struct tsig_key **keys = NULL;
	size_t count = 0;
	const char *path = temporary_key_file();
	enum tsig_status status;

	(void)state;
	hook.secret = "TUFSS0VSLU1BUktFUg==";
	status = tsig_keys_read(path, &keys, &count, &error);
	unlink(path);
	assert_int_equal(status, TSIG_OK);
	assert_int_equal(count, 2);
	tsig_keys_free(&keys, count);
	if (!is_wrapped())
		skip();
	assert_int_equal(hook.freed, 4); /* the text, two keys, their array */
	assert_int_equal(hook.freed_with_secret, 0);
}

static void every_failing_allocation_is_told_and_nothing_leaks(void **state)
{
	const char *path;
	enum tsig_status status = TSIG_NO_MEMORY;
	size_t allowed;

	(void)state;
	if (!is_wrapped())
		skip();
	path = temporary_key_file();
	for (allowed = 0; status == TSIG_NO_MEMORY && allowed < 100; allowed++) {
		struct tsig_file_error error;
		struct tsig_key **keys = NULL;
		size_t count = 0;

		hook.allocations_left = allowed;
		status = tsig_keys_read(path, &keys, &count, &error);
		hook.allocations_left = SIZE_MAX;
		assert_int_equal(count, status == TSIG_OK ? 2 : 0);
		assert_string_equal(error.text, status == TSIG_OK ? "" : tsig_status_text(TSIG_NO_MEMORY));
		tsig_keys_free(&keys, count);
	}
	unlink(path);
	assert_int_equal(status, TSIG_OK);
	assert_int_equal(allowed, 5); /* the text, the first key, the array, the second key: four that can fail */
}

static void a_failing_libcrypto_is_told_and_changes_nothing(void **state)
{
	static struct message unsigned_message, message;
	struct tsig_key *key = gw_key("hmac-sha256");

	(void)state;
	if (!is_wrapped()) {
		tsig_key_free(&key);
		skip();
	}
	put_update(&unsigned_message, 7);
	put_update(&message, 7);
	sign(&message, key, &plain, NULL);
	hook.init_fails = true;
	assert_not_signed(&unsigned_message, sizeof(unsigned_message.wire), key, &plain, TSIG_CRYPTO);
	assert_int_equal(verify_now(&message, key), TSIG_CRYPTO);
	hook.init_fails = false;
	hook.final_fails = true;
	assert_not_signed(&unsigned_message, sizeof(unsigned_message.wire), key, &plain, TSIG_CRYPTO);
	assert_int_equal(verify_now(&message, key), TSIG_CRYPTO);
	tsig_key_free(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_octet_for_octet_as_dnspython_does),
		cmocka_unit_test(accepts_what_dnspython_signed),
		cmocka_unit_test(accepts_capitals_and_a_compressed_key_name),
		cmocka_unit_test(a_copy_of_a_key_outlives_it),
		cmocka_unit_test(signed_request_and_response_verify_with_every_algorithm),
		cmocka_unit_test(only_whole_unsigned_messages_are_signed),
		cmocka_unit_test(a_full_arcount_is_not_signed),
		cmocka_unit_test(the_record_must_fit),
		cmocka_unit_test(messages_go_up_to_64_kib_with_their_signature),
		cmocka_unit_test(the_longest_record_fits_in_its_declared_size),
		cmocka_unit_test(answers_badkey_and_badsig_are_sent_without_a_mac),
		cmocka_unit_test(the_fudge_is_300_seconds_unless_told),
		cmocka_unit_test(a_response_verifies_only_with_the_mac_of_its_request),
		cmocka_unit_test(an_empty_request_mac_is_none),
		cmocka_unit_test(every_altered_bit_is_noticed),
		cmocka_unit_test(every_octet_set_to_every_value_is_survived),
		cmocka_unit_test(every_cut_message_is_malformed),
		cmocka_unit_test(an_id_changed_on_the_way_is_restored),
		cmocka_unit_test(another_secret_is_badsig_another_name_or_algorithm_badkey),
		cmocka_unit_test(a_mac_of_a_foreign_algorithm_may_have_any_length),
		cmocka_unit_test(checks_come_in_the_order_of_the_rfc),
		cmocka_unit_test(the_fudge_is_a_closed_interval),
		cmocka_unit_test(a_late_message_is_told_and_its_record_removed),
		cmocka_unit_test(a_badtime_answer_verifies_and_tells_the_server_time),
		cmocka_unit_test(other_data_of_another_length_is_no_server_time),
		cmocka_unit_test(macs_are_sent_in_lengths_that_the_rfc_allows),
		cmocka_unit_test(macs_are_accepted_as_policy_says),
		cmocka_unit_test(macs_beyond_the_hash_or_below_the_minimum_are_malformed),
		cmocka_unit_test(a_truncated_mac_is_compared_in_all_that_came),
		cmocka_unit_test(a_message_without_a_record_is_unsigned),
		cmocka_unit_test(unsigned_errors_are_told_from_forgeries),
		cmocka_unit_test(an_unsigned_error_may_name_any_key),
		cmocka_unit_test(the_record_must_be_the_last_and_the_only_one),
		cmocka_unit_test(a_question_for_type_tsig_is_not_a_record),
		cmocka_unit_test(a_record_with_a_wrong_field_is_malformed),
		cmocka_unit_test(compression_pointers_go_backwards_only),
		cmocka_unit_test(pointers_that_aim_at_each_other_are_malformed),
		cmocka_unit_test(names_longer_than_255_octets_are_malformed),
		cmocka_unit_test(names_longer_than_255_octets_are_malformed_in_any_record),
		cmocka_unit_test(a_long_chain_of_pointers_ends),
		cmocka_unit_test(counts_beyond_the_message_are_malformed),
		cmocka_unit_test(a_message_beyond_64_kib_is_malformed),
		cmocka_unit_test(the_report_spells_any_key_name_in_ascii),
		cmocka_unit_test(every_status_and_rcode_has_a_text),
		cmocka_unit_test(key_names_are_normalised),
		cmocka_unit_test(texts_that_are_no_domain_names_are_refused),
		cmocka_unit_test(algorithms_are_known_by_both_their_names),
		cmocka_unit_test(secrets_have_1_to_512_octets),
		cmocka_unit_test(base64_secrets_are_decoded),
		cmocka_unit_test(texts_that_are_no_base64_are_refused),
		cmocka_unit_test(nothing_can_be_freed),
		cmocka_unit_test_setup_teardown(a_secret_is_zeroed_before_its_memory_is_freed, reset_hook, reset_hook),
		cmocka_unit_test_setup_teardown(the_text_of_a_key_file_is_zeroed_before_its_memory_is_freed, reset_hook,
						reset_hook),
		cmocka_unit_test_setup_teardown(every_failing_allocation_is_told_and_nothing_leaks, reset_hook,
						reset_hook),
		cmocka_unit_test_setup_teardown(a_failing_libcrypto_is_told_and_changes_nothing, reset_hook,
						reset_hook),
	};

	return cmocka_run_group_tests_name("tsig", tests, NULL, NULL);
}
