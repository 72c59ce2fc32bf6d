/*
 * reader: one reading of a configuration that is under way: where complaints go, and functions that read options.
 * Private to the room.
 */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "config/directory.h"
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
	struct directory directory;
	/* What was read of the zone so far. */
	struct peer *primaries;
	size_t primary_count;
	struct pin *tls_pins;
	size_t tls_pin_count;
};

/* Tells of an error in a file (as libconfig names it; NULL: the configuration itself) and in a line of it. */
__attribute__((format(printf, 4, 5))) void reader_error_at(struct reader *reader, const char *file, unsigned line,
							   const char *format, ...);
/* The same at a setting; NULL: at no setting. */
__attribute__((format(printf, 3, 4))) void reader_error(struct reader *reader, const config_setting_t *at,
							const char *format, ...);
/* Gives advice, which is no error. */
__attribute__((format(printf, 3, 4))) void reader_advise(struct reader *reader, const config_setting_t *at,
							 const char *format, ...);

/* A secret stands in the file in plain: warns if other users of this machine can read that file. */
void reader_note_secret(struct reader *reader, const config_setting_t *at);

/* The same for a user's key. As such a key need not be there in plain, it also advises that, once. */
void reader_note_plain_key(struct reader *reader, const config_setting_t *at);

/* ---- For take() functions ---- */

/*
 * Adds one zeroed element to an array on the heap; returns the element, NULL without memory. `array_pointer` points to
 * the pointer to the array.
 */
void *reader_append(struct reader *reader, void *array_pointer, size_t *count, size_t size);

/* Adds to names of the directory. False: that name is there twice. */
bool reader_add_name(struct reader *reader, struct names *names, struct text name, const void *what);

/* Shared copies; NULL without memory. */
const void *reader_share(struct reader *reader, const void *octets, size_t len);
const char *reader_share_string(struct reader *reader, const char *string);

/* Files that are named stand beside the configuration unless their path is absolute: heap. NULL without memory. */
char *reader_beside(const struct reader *reader, const char *file);

/* Says that a text is not what was `wanted`; or, if it names an interface, that this was not understood. */
void reader_refuse_address(struct reader *reader, const config_setting_t *at, const char *text, const char *wanted);

/* Adds a network, of a trusted proxy, to an array. */
void reader_add_network(struct reader *reader, const config_setting_t *at, const char *text, struct network **array,
			size_t *count);

#endif
