/*
 * guard: what the page reads of a request before it believes anything of it: cookies, and the tokens of forms that only
 * our own pages have (against cross-site request forgery). Pure.
 *
 * A form's token is derived from a cookie of the same browser and a secret of this process. So it needs no memory, the
 * form to log in has one before there is a session, and another site can neither read nor guess it.
 */
#ifndef PAGE_GUARD_H
#define PAGE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum {
	GUARD_SECRET_LEN = 32,    /* octets */
	GUARD_COOKIE_MAX = 64,    /* octets of a cookie's value */
	GUARD_TOKEN_MAX = 64 + 1, /* room for a form's token, with the NUL */
};

/*
 * The value of the first cookie of that name in a Cookie header (RFC 6265 section 4.2.1); it borrows from the header.
 * Empty if there is none, or if it is one that was not set here: longer than GUARD_COOKIE_MAX, or with other octets
 * than [A-Za-z0-9_-].
 */
struct text guard_cookie(struct text header, const char *name);

/* The token of the forms that go with a cookie. STATUS_INVALID for an empty or too long one; STATUS_CRYPTO. */
MUST_USE enum status guard_token(const uint8_t secret[static GUARD_SECRET_LEN], struct text cookie,
				 char out[static GUARD_TOKEN_MAX]);

/* Whether that is the token. */
bool guard_admits(const uint8_t secret[static GUARD_SECRET_LEN], struct text cookie, struct text token);

/*
 * What a Host header (RFC 9110 section 7.2) may be: a name or an address, with or without a port. Else the page does
 * not repeat it.
 */
bool guard_is_host(struct text header);

#endif
