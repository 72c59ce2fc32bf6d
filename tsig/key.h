/*
 * key: the inside of a TSIG key, for the files of this library only.
 */
#ifndef TSIG_KEY_H
#define TSIG_KEY_H

#include "algorithm.h"
#include "name.h"
#include "tsig.h"

struct tsig_key {
	const struct tsig_algorithm *algorithm;
	struct tsig_name name; /* canonical: lower case */
	char name_text[TSIG_NAME_TEXT_SIZE];
	size_t secret_len;
	uint8_t secret[TSIG_SECRET_MAX]; /* inside, so that there is one piece of memory to zero */
};

/* tsig_key_new_base64() for text that is not terminated, such as a token of a key file. */
enum tsig_status tsig_key_from_text(struct tsig_text name, struct tsig_text algorithm, struct tsig_text secret,
				    struct tsig_key **out);

#endif
