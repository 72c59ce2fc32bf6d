/*
 * transport_tls: TLS 1.2 or 1.3 over another transport: DNS over TLS (RFC 7858), strict: the server must prove who it
 * is before anything is sent. It does so by the public key that it is pinned to, by a certificate of a trusted
 * authority for its name, or, if both are given, by both.
 */
#ifndef DNS_TRANSPORT_TLS_H
#define DNS_TRANSPORT_TLS_H

#include <stddef.h>

#include "base/pin.h"
#include "base/status.h"
#include "dns/transport.h"

struct transport_tls_trust;

struct transport_tls_options {
	const struct pin *pins; /* any of them is good; copied */
	size_t pin_count;
	/* A file of certificates (PEM), or "system" for those that the system trusts; NULL: pins alone count. */
	const char *ca;
	/* The name or address in the certificate; NULL: the peer's host name, or else its address. Copied. */
	const char *name;
};

/*
 * Makes what connections with these options share. `lower` carries them, and what it holds must outlive it.
 * STATUS_IO or STATUS_INVALID with a sentence in `error` (`error_size` octets) if the authorities cannot be read;
 * STATUS_INVALID if there is neither a pin nor an authority; STATUS_CRYPTO, STATUS_NO_MEMORY.
 */
MUST_USE enum status transport_tls_new(const struct transport_maker *lower, const struct transport_tls_options *options,
				       char *error, size_t error_size, struct transport_tls_trust **out);

/* Frees it and sets *tls to NULL, after all its connections are closed. */
void transport_tls_free(struct transport_tls_trust **tls);

/* The maker of connections, valid as long as `tls` is. */
struct transport_maker transport_tls_maker(struct transport_tls_trust *tls);

extern const struct transport_ops transport_tls;

#endif
