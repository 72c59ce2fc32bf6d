#include "wire.h"

#include <string.h>

/* The two high bits of a label's first octet say what it is, RFC 1035 section 4.1.4; 01 and 10 are not in use. */
enum {
	LABEL_TYPE = 0xc0,
	LABEL_POINTER = 0xc0,
	LABEL_PLAIN = 0x00,
};

const uint8_t *tsig_read_octets(struct tsig_reader *reader, size_t count)
{
	const uint8_t *octets;

	if (reader->failed || count > reader->len - reader->at) {
		reader->failed = true;
		return NULL;
	}
	octets = reader->wire + reader->at;
	reader->at += count;
	return octets;
}

static uint64_t read_number(struct tsig_reader *reader, size_t count)
{
	const uint8_t *octets = tsig_read_octets(reader, count);
	uint64_t value = 0;

	for (size_t i = 0; octets && i < count; i++)
		value = value << 8 | octets[i];
	return value;
}

uint8_t tsig_read_u8(struct tsig_reader *reader)
{
	return (uint8_t)read_number(reader, 1);
}

uint16_t tsig_read_u16(struct tsig_reader *reader)
{
	return (uint16_t)read_number(reader, 2);
}

uint32_t tsig_read_u32(struct tsig_reader *reader)
{
	return (uint32_t)read_number(reader, 4);
}

uint64_t tsig_read_u48(struct tsig_reader *reader)
{
	return read_number(reader, 6);
}

void tsig_skip_name(struct tsig_reader *reader)
{
	size_t start = reader->at;

	while (!reader->failed) {
		uint8_t octet = tsig_read_u8(reader);

		if ((octet & LABEL_TYPE) == LABEL_POINTER) {
			tsig_read_octets(reader, 1);
			return;
		}
		if ((octet & LABEL_TYPE) != LABEL_PLAIN || reader->at - start + octet > TSIG_NAME_MAX)
			reader->failed = true;
		if (octet == 0)
			return;
		tsig_read_octets(reader, octet);
	}
}

/* Appends labels from the reader's place up to the root label (returns false: done) or to a pointer, whose target goes
 * to *target (returns true). */
static bool read_labels(struct tsig_reader *reader, struct tsig_name *name, size_t *target)
{
	while (!reader->failed) {
		uint8_t octet = tsig_read_u8(reader);
		const uint8_t *label;

		if ((octet & LABEL_TYPE) == LABEL_POINTER) {
			*target = (size_t)(octet & ~LABEL_TYPE) << 8 | tsig_read_u8(reader);
			return !reader->failed;
		}
		if ((octet & LABEL_TYPE) != LABEL_PLAIN || name->len + 1 + octet > TSIG_NAME_MAX) {
			reader->failed = true;
			break;
		}
		label = tsig_read_octets(reader, octet);
		if (!label)
			break;
		name->wire[name->len++] = octet;
		memcpy(name->wire + name->len, label, octet);
		name->len += octet;
		if (octet == 0)
			break;
	}
	return false;
}

void tsig_read_name(struct tsig_reader *reader, struct tsig_name *name)
{
	struct tsig_reader pointed;
	size_t start = reader->at;
	size_t target;
	bool more;

	*name = (struct tsig_name){0};
	more = read_labels(reader, name, &target);
	pointed = *reader;
	while (more) {
		if (target >= start) {
			pointed.failed = true;
			break;
		}
		start = target;
		pointed.at = target;
		more = read_labels(&pointed, name, &target);
	}
	reader->failed = pointed.failed;
}

void tsig_read_plain_name(struct tsig_reader *reader, struct tsig_name *name)
{
	size_t target;

	*name = (struct tsig_name){0};
	if (read_labels(reader, name, &target))
		reader->failed = true;
}

static uint8_t *reserve(struct tsig_writer *writer, size_t count)
{
	uint8_t *place;

	if (writer->failed || count > writer->cap - writer->len) {
		writer->failed = true;
		return NULL;
	}
	place = writer->wire + writer->len;
	writer->len += count;
	return place;
}

static void write_number(struct tsig_writer *writer, uint64_t value, size_t count)
{
	uint8_t *place = reserve(writer, count);

	for (size_t i = count; place && i > 0; i--) {
		place[i - 1] = (uint8_t)value;
		value >>= 8;
	}
}

void tsig_write_u16(struct tsig_writer *writer, uint16_t value)
{
	write_number(writer, value, 2);
}

void tsig_write_u32(struct tsig_writer *writer, uint32_t value)
{
	write_number(writer, value, 4);
}

void tsig_write_u48(struct tsig_writer *writer, uint64_t value)
{
	write_number(writer, value, 6);
}

void tsig_write_octets(struct tsig_writer *writer, const uint8_t *octets, size_t count)
{
	uint8_t *place = reserve(writer, count);

	if (place && count)
		memcpy(place, octets, count);
}

void tsig_write_name(struct tsig_writer *writer, const struct tsig_name *name)
{
	tsig_write_octets(writer, name->wire, name->len);
}
