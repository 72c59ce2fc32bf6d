/*
 * message: where the TSIG record stands in a DNS message, RFC 1035 section 4.1.
 */
#ifndef TSIG_MESSAGE_H
#define TSIG_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TSIG_MESSAGE_MAX = 65535, /* octets of the longest DNS message */
	TSIG_HEADER_LEN = 12,
	TSIG_HEADER_ID = 0,       /* offset of the ID */
	TSIG_HEADER_ARCOUNT = 10, /* offset of ARCOUNT */
	TSIG_TYPE = 250,          /* RR type TSIG, RFC 8945 section 4.1 */
};

/* A message seen as a body and, perhaps, one TSIG record behind it. */
struct tsig_outline {
	size_t body_len;       /* octets before the TSIG record: header and all other records */
	uint16_t body_arcount; /* ARCOUNT not counting the TSIG record */
	bool has_tsig;
};

/*
 * Walks all sections. Returns false unless the message is well-formed down to its records' lengths (the inside of
 * RDATA is not looked at), ends with its last record, and has at most one TSIG record, which is then the last record
 * of the additional section (RFC 8945 section 5.1).
 */
bool tsig_message_outline(const uint8_t *wire, size_t len, struct tsig_outline *out);

void tsig_message_set_u16(uint8_t *wire, size_t offset, uint16_t value);

#endif
