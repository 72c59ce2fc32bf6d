/*
 * cert: certificates with their private keys, as a TLS server presents them. A set may hold several; GnuTLS chooses by
 * the name that the client asks for (SNI, RFC 6066 section 3) and by what kinds of keys it can use, else it takes the
 * first.
 *
 * A set is immutable once it is built, and counted: whoever holds it for a session keeps it alive, whatever the
 * configuration has become meanwhile.
 */
#ifndef CERT_CERT_H
#define CERT_CERT_H

#include <stdbool.h>
#include <time.h>

#include "base/status.h"

struct cert_set;
struct gnutls_certificate_credentials_st;

enum { CERT_ERROR_MAX = 512 }; /* octets of a sentence about what is wrong */

/* What was wrong with a pair of files. */
struct cert_error {
	bool in_key; /* the key's file is at fault, not the certificate's */
	char text[CERT_ERROR_MAX];
};

/* From when until when a certificate is valid. */
struct cert_validity {
	time_t from;
	time_t until;
};

/* An empty set with one holder. */
MUST_USE enum status cert_set_new(struct cert_set **out);

/*
 * Adds a certificate, with the intermediate ones that follow it in its file, and its key; both PEM files, the key not
 * encrypted. STATUS_INVALID with *error when a file cannot be read, or the two do not belong together. What was read of
 * the key is wiped.
 */
MUST_USE enum status cert_set_add(struct cert_set *set, const char *certificate_path, const char *key_path,
				  struct cert_validity *validity, struct cert_error *error);

/* One holder more; returns the set. NULL is allowed. */
struct cert_set *cert_set_hold(struct cert_set *set);

/* One holder less, the last one frees it. Sets *set to NULL; NULL is allowed there. */
void cert_set_release(struct cert_set **set);

/* What gnutls_credentials_set() takes; valid as long as the set is. */
struct gnutls_certificate_credentials_st *cert_set_credentials(const struct cert_set *set);

/*
 * Turns the oldest version of TLS that is spoken, "1.0", "1.1", "1.2" or "1.3", into a GnuTLS priority string, a
 * constant. NULL for anything else. From "1.2" on every key exchange is ephemeral: with RSA alone (RFC 5246 section
 * 7.4.7.1) somebody who later gets the certificate's key can read everything that was recorded before (RFC 9325 section
 * 4.1).
 */
const char *cert_priorities(const char *oldest_version);

#endif
