/*
 * record: the TSIG resource record, RFC 8945 section 4.2.
 */
#ifndef TSIG_RECORD_H
#define TSIG_RECORD_H

#include "wire.h"

enum {
	TSIG_CLASS_ANY = 255,
	TSIG_SERVER_TIME_LEN = 6, /* octets of Other Data when the error is BADTIME */
};

/* MAC and Other Data are borrowed: from the message when read, from the caller when written. */
struct tsig_record {
	struct tsig_name key_name;
	struct tsig_name algorithm;
	uint64_t time_s;
	uint16_t fudge_s;
	uint16_t mac_len;
	const uint8_t *mac;
	uint16_t original_id;
	uint16_t error;
	uint16_t other_len;
	const uint8_t *other;
};

/* Reads the record that begins at `at`, where tsig_message_outline() found it. Returns whether it is well-formed: class
 * ANY, TTL 0, algorithm name uncompressed, RDATA filled exactly. */
bool tsig_record_read(const uint8_t *wire, size_t len, size_t at, struct tsig_record *out);

/* Appends the record, its names as they are and uncompressed. */
void tsig_record_write(struct tsig_writer *writer, const struct tsig_record *record);

#endif
