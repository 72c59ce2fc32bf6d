/*
 * wire: a bounded reader and a bounded writer of DNS wire format, RFC 1035 section 4.1.
 *
 * Both remember their first failure (`failed`) and do nothing from then on, so that a caller reads or writes a whole
 * record and asks once. A failed read gives zeros.
 */
#ifndef TSIG_WIRE_H
#define TSIG_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "name.h"

struct tsig_reader {
	const uint8_t *wire; /* the whole message: compression pointers count from its start */
	size_t len;
	size_t at; /* <= len */
	bool failed;
};

uint8_t tsig_read_u8(struct tsig_reader *reader);
uint16_t tsig_read_u16(struct tsig_reader *reader);
uint32_t tsig_read_u32(struct tsig_reader *reader);
uint64_t tsig_read_u48(struct tsig_reader *reader);

/* Returns the place of the next `count` octets in the message and steps over them; NULL after a failure. */
const uint8_t *tsig_read_octets(struct tsig_reader *reader, size_t count);

/*
 * Steps over a name without following its compression pointer, if it ends in one: linear in the octets stepped over.
 */
void tsig_skip_name(struct tsig_reader *reader);

/* Reads a name that may be compressed. Every pointer must aim before the place where the labels before it began, so
 * that there are no loops and no forward references. */
void tsig_read_name(struct tsig_reader *reader, struct tsig_name *name);

/* Reads a name that must not be compressed, RFC 3597 section 4. */
void tsig_read_plain_name(struct tsig_reader *reader, struct tsig_name *name);

struct tsig_writer {
	uint8_t *wire;
	size_t cap;
	size_t len; /* <= cap */
	bool failed;
};

void tsig_write_u16(struct tsig_writer *writer, uint16_t value);
void tsig_write_u32(struct tsig_writer *writer, uint32_t value);
void tsig_write_u48(struct tsig_writer *writer, uint64_t value);
void tsig_write_octets(struct tsig_writer *writer, const uint8_t *octets, size_t count);
void tsig_write_name(struct tsig_writer *writer, const struct tsig_name *name);

#endif
