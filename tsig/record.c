#include "record.h"

#include "message.h"

enum {
	/* Time Signed, Fudge, MAC Size, Original ID, Error, Other Len */
	RDATA_FIXED_LEN = 6 + 2 + 2 + 2 + 2 + 2,
};

bool tsig_record_read(const uint8_t *wire, size_t len, size_t at, struct tsig_record *out)
{
	struct tsig_reader reader = {.wire = wire, .len = len, .at = at};
	uint16_t type, class, rdlength;
	uint32_t ttl;
	size_t rdata;

	*out = (struct tsig_record){0};
	tsig_read_name(&reader, &out->key_name);
	type = tsig_read_u16(&reader);
	class = tsig_read_u16(&reader);
	ttl = tsig_read_u32(&reader);
	rdlength = tsig_read_u16(&reader);
	rdata = reader.at;

	tsig_read_plain_name(&reader, &out->algorithm);
	out->time_s = tsig_read_u48(&reader);
	out->fudge_s = tsig_read_u16(&reader);
	out->mac_len = tsig_read_u16(&reader);
	out->mac = tsig_read_octets(&reader, out->mac_len);
	out->original_id = tsig_read_u16(&reader);
	out->error = tsig_read_u16(&reader);
	out->other_len = tsig_read_u16(&reader);
	out->other = tsig_read_octets(&reader, out->other_len);
	return !reader.failed && type == TSIG_TYPE && class == TSIG_CLASS_ANY && ttl == 0 &&
	       reader.at - rdata == rdlength;
}

void tsig_record_write(struct tsig_writer *writer, const struct tsig_record *record)
{
	size_t rdlength = record->algorithm.len + RDATA_FIXED_LEN + record->mac_len + record->other_len;

	tsig_write_name(writer, &record->key_name);
	tsig_write_u16(writer, TSIG_TYPE);
	tsig_write_u16(writer, TSIG_CLASS_ANY);
	tsig_write_u32(writer, 0); /* TTL */
	tsig_write_u16(writer, (uint16_t)rdlength);
	tsig_write_name(writer, &record->algorithm);
	tsig_write_u48(writer, record->time_s);
	tsig_write_u16(writer, record->fudge_s);
	tsig_write_u16(writer, record->mac_len);
	tsig_write_octets(writer, record->mac, record->mac_len);
	tsig_write_u16(writer, record->original_id);
	tsig_write_u16(writer, record->error);
	tsig_write_u16(writer, record->other_len);
	tsig_write_octets(writer, record->other, record->other_len);
}
