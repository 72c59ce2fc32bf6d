/*
 * tls: what the TLS sessions of one listener have in common: certificates, versions, and the key of session tickets.
 * Private to the room; the handshakes themselves are libmicrohttpd's.
 *
 * Immutable and counted: a session keeps what it began with, whatever is configured meanwhile.
 */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include <gnutls/gnutls.h>

#include "base/status.h"
#include "cert/cert.h"

struct tls;

/*
 * With one holder. `before`, which may be NULL, is what the listener had until now: its ticket key is taken over, so
 * that clients can resume their sessions (RFC 5077, RFC 8446 section 2.2). `certificates` gets one holder more.
 */
MUST_USE enum status tls_new(struct cert_set *certificates, const char *priorities, const struct tls *before,
			     struct tls **out);

/* One holder more; returns it. NULL is allowed. */
struct tls *tls_hold(struct tls *tls);

/* One holder less, the last one frees it and wipes the key. Sets *tls to NULL; NULL is allowed there. */
void tls_release(struct tls **tls);

/* Makes a session that has not begun one of these. The session must end before `tls` is released. */
void tls_prepare(const struct tls *tls, gnutls_session_t session);

#endif
