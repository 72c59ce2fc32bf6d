#include "digest.h"

#include <assert.h>

#include "hmac.h"

enum {
	/* Two names, CLASS, TTL, Time Signed, Fudge, Error, Other Len; Other Data is hashed where it lies. */
	VARIABLES_MAX = 2 * TSIG_NAME_MAX + 2 + 4 + 6 + 2 + 2 + 2,
};

/* RFC 8945 section 4.3.3. */
static size_t write_variables(const struct tsig_key *key, const struct tsig_record *record,
			      uint8_t variables[static VARIABLES_MAX])
{
	struct tsig_writer writer = {.wire = variables, .cap = VARIABLES_MAX};

	tsig_write_name(&writer, &key->name);
	tsig_write_u16(&writer, TSIG_CLASS_ANY);
	tsig_write_u32(&writer, 0); /* TTL */
	tsig_write_name(&writer, &key->algorithm->wire);
	tsig_write_u48(&writer, record->time_s);
	tsig_write_u16(&writer, record->fudge_s);
	tsig_write_u16(&writer, record->error);
	tsig_write_u16(&writer, record->other_len);
	assert(!writer.failed);
	return writer.len;
}

/* The header as it was when the message was signed: with the original ID, and ARCOUNT without the TSIG record. */
static void write_header(const uint8_t *wire, uint16_t original_id, uint16_t arcount,
			 uint8_t header[static TSIG_HEADER_LEN])
{
	memcpy(header, wire, TSIG_HEADER_LEN);
	tsig_message_set_u16(header, TSIG_HEADER_ID, original_id);
	tsig_message_set_u16(header, TSIG_HEADER_ARCOUNT, arcount);
}

enum tsig_status tsig_digest(const struct tsig_key *key, const struct tsig_mac *request_mac, const uint8_t *wire,
			     const struct tsig_outline *outline, const struct tsig_record *record, struct tsig_mac *mac)
{
	uint8_t request_mac_len[2];
	uint8_t header[TSIG_HEADER_LEN];
	uint8_t variables[VARIABLES_MAX];
	struct tsig_part parts[6];
	size_t count = 0;

	if (request_mac && request_mac->len) {
		assert(request_mac->len <= TSIG_MAC_MAX);
		tsig_message_set_u16(request_mac_len, 0, (uint16_t)request_mac->len);
		parts[count++] = (struct tsig_part){request_mac_len, sizeof(request_mac_len)};
		parts[count++] = (struct tsig_part){request_mac->octets, request_mac->len};
	}
	write_header(wire, record->original_id, outline->body_arcount, header);
	parts[count++] = (struct tsig_part){header, sizeof(header)};
	parts[count++] = (struct tsig_part){wire + sizeof(header), outline->body_len - sizeof(header)};
	parts[count++] = (struct tsig_part){variables, write_variables(key, record, variables)};
	parts[count++] = (struct tsig_part){record->other, record->other_len};
	return tsig_hmac(key, parts, count, mac);
}
