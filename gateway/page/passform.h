/*
 * passform: the form that asks for another login password. Pure.
 */
#ifndef PAGE_PASSFORM_H
#define PAGE_PASSFORM_H

#include "base/text.h"
#include "http/message.h"

struct passform {
	struct text current; /* not looked at here; borrowed from the operands, like the new one */
	struct text fresh;
	const char *error; /* one sentence for the user; NULL: the new one may be a password */
};

/* Reads the operands `current`, `password` and `again`. What may be a password is what `ddnsgate user passwd` takes. */
void passform_read(const struct http_params *params, struct passform *out);

#endif
