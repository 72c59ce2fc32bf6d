#include "message.h"

#include "wire.h"

static void skip_questions(struct tsig_reader *reader, size_t count)
{
	for (; count && !reader->failed; count--) {
		tsig_skip_name(reader);
		tsig_read_u32(reader); /* QTYPE and QCLASS */
	}
}

/* Steps over one resource record and returns its type. */
static uint16_t skip_record(struct tsig_reader *reader)
{
	uint16_t type;

	tsig_skip_name(reader);
	type = tsig_read_u16(reader);
	tsig_read_u16(reader); /* CLASS */
	tsig_read_u32(reader); /* TTL */
	tsig_read_octets(reader, tsig_read_u16(reader));
	return type;
}

bool tsig_message_outline(const uint8_t *wire, size_t len, struct tsig_outline *out)
{
	struct tsig_reader reader = {.wire = wire, .len = len};
	size_t qdcount, records;
	uint16_t arcount;

	*out = (struct tsig_outline){.body_len = len};
	if (len < TSIG_HEADER_LEN || len > TSIG_MESSAGE_MAX)
		return false;
	tsig_read_u32(&reader); /* ID and flags */
	qdcount = tsig_read_u16(&reader);
	records = tsig_read_u16(&reader);
	records += tsig_read_u16(&reader);
	arcount = tsig_read_u16(&reader);
	records += arcount;
	out->body_arcount = arcount;

	skip_questions(&reader, qdcount);
	for (; records && !reader.failed; records--) {
		size_t start = reader.at;

		if (skip_record(&reader) != TSIG_TYPE)
			continue;
		if (records != 1 || arcount == 0)
			return false;
		out->has_tsig = true;
		out->body_len = start;
		out->body_arcount = (uint16_t)(arcount - 1);
	}
	return !reader.failed && reader.at == len;
}

void tsig_message_set_u16(uint8_t *wire, size_t offset, uint16_t value)
{
	wire[offset] = (uint8_t)(value >> 8);
	wire[offset + 1] = (uint8_t)value;
}
