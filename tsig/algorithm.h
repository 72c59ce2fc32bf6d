/*
 * algorithm: the table of TSIG algorithms, RFC 8945 section 6. Adding one is a row.
 */
#ifndef TSIG_ALGORITHM_H
#define TSIG_ALGORITHM_H

#include "name.h"

struct tsig_algorithm {
	const char *name;      /* as configuration files spell it */
	struct tsig_name wire; /* canonical algorithm name */
	char digest[8];        /* OpenSSL's name of the hash function */
	size_t mac_len;        /* octets of the full MAC */
};

/* Finds the row by its name or by its algorithm name in presentation form; NULL if there is none. */
const struct tsig_algorithm *tsig_algorithm_find(struct tsig_text text);

/* Octets of the shortest MAC that RFC 8945 section 5.2.2.1 lets anyone send. */
size_t tsig_algorithm_mac_len_min(const struct tsig_algorithm *algorithm);

#endif
