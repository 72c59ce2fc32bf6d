/*
 * reader: a load under way: where complaints go, and what options are read with. Private to the room.
 */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "config/shared.h"

struct reader {
	config_complain_fn *complain;
	void *ctx;
	const char *path;
	unsigned errors;
	bool no_memory;
	char *advised;         /* the file that was last found to hold secrets, so that each is told once; heap */
	bool advised_plain;    /* that keys stand there in plain */
	struct shared *shared; /* of the configuration */
	/* What was read of the zone so far. */
	struct peer *primaries;
	size_t primary_count;
	struct pin *tls_pins;
	size_t tls_pin_count;
};

/* An error in a file (as libconfig names it; NULL: the configuration itself) and a line of it. */
__attribute__((format(printf, 4, 5))) void reader_error_at(struct reader *reader, const char *file, unsigned line,
							   const char *format, ...);
/* The same at a setting, or at none (NULL). */
__attribute__((format(printf, 3, 4))) void reader_error(struct reader *reader, const config_setting_t *at,
							const char *format, ...);
/* What is no error. */
__attribute__((format(printf, 3, 4))) void reader_advise(struct reader *reader, const config_setting_t *at,
							 const char *format, ...);

/* A secret stands there in plain: advises if others on this machine can read that file. */
void reader_note_secret(struct reader *reader, const config_setting_t *at);

/* The same of a user's key, which need not stand there in plain: advises that, once. */
void reader_note_plain_key(struct reader *reader, const config_setting_t *at);

/* ---- What take() is made of ---- */

/* Adds one zeroed element to an array at `array_pointer`; NULL without memory. */
void *reader_append(struct reader *reader, void *array_pointer, size_t *count, size_t size);

/* Shared copies; NULL without memory. */
const void *reader_share(struct reader *reader, const void *octets, size_t len);
const char *reader_share_string(struct reader *reader, const char *string);

/* Files that are named stand beside the configuration unless their path is absolute: heap. NULL without memory. */
char *reader_beside(const struct reader *reader, const char *file);

/* Says that a text is not what was `wanted`; or, if an interface is named, that it is that which was not understood. */
void reader_refuse_address(struct reader *reader, const config_setting_t *at, const char *text, const char *wanted);

/* Adds a network, of a trusted proxy, to an array. */
void reader_add_network(struct reader *reader, const config_setting_t *at, const char *text, struct network **array,
			size_t *count);

#endif
