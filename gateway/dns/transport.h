/*
 * transport: a connection to a primary as a stream of octets. A plug point: a transport is one file that ends in a
 * constant table of these functions (transport_tcp.c); the framing of messages (RFC 1035 section 4.2.2) is the
 * client's.
 */
#ifndef DNS_TRANSPORT_H
#define DNS_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/peer.h"
#include "base/status.h"

struct transport;

/*
 * What a connection tells its user, from the loop, never from within a call that the user makes. Nothing comes after
 * closed().
 */
struct transport_events {
	void (*opened)(void *ctx);
	void (*received)(void *ctx, const uint8_t *octets, size_t len);
	/*
	 * The connection has ended, or could not be made; `why` is a sentence fragment for the log. The user still has
	 * to call close().
	 */
	void (*closed)(void *ctx, const char *why);
};

struct transport_ops {
	/*
	 * Begins to connect. `maker` is what the transport needs besides the peer (for TCP: the loop). If that cannot
	 * even begin, *why is set to a sentence fragment, a constant. If the peer is a name with several addresses,
	 * `turn` says how many of them are to be tried last.
	 */
	enum status (*open)(void *maker, const struct peer *peer, unsigned turn, const struct transport_events *events,
			    void *ctx, struct transport **out, const char **why);
	/*
	 * Sends `len` octets, which are copied, after all that was sent before. Allowed as soon as opened() was
	 * called.
	 */
	enum status (*send)(struct transport *transport, const uint8_t *octets, size_t len);
	/*
	 * Drops the connection and sets *transport to NULL. No event comes afterwards. Allowed from within an event.
	 */
	void (*close)(struct transport **transport);
};

/* Which transport, and what it needs. */
struct transport_maker {
	const struct transport_ops *ops;
	void *ctx;
};

/* TCP on libuv; the maker's ctx is the uv_loop_t. */
extern const struct transport_ops transport_tcp;

#endif
