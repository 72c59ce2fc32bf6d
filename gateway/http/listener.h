/*
 * listener: a socket that connections come in by, and what it says of them. Private to the room; what is done with
 * listeners, see listeners.h.
 */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include "http/state.h"

struct tls;

/* What may change while a listener stays. */
struct settings {
	unsigned mode;           /* of a Unix socket */
	struct networks trusted; /* owned */
	bool proxy_protocol;
	bool errors_as_200;
	bool x_real_ip;
	bool account_page;
	unsigned engine_kind; /* the kind that connections with these need */
	struct tls *tls;      /* NULL: plain HTTP */
};

struct listener {
	struct http_server *server;
	struct endpoint endpoint;
	bool v6_only;
	char *path; /* of a Unix socket, NULL: none */
	int fd;     /* -1: closed */
	bool is_inherited;
	struct settings settings;
	/* Between listeners_prepare() and what follows it: */
	struct settings next;
	bool is_wanted;
	bool is_new;
	uv_poll_t poll;
	bool poll_closed; /* libuv is done with it */
	bool accepting;
	struct http_listener_stats stats;
	uint64_t full_until_ms;                     /* the log does not tell of it again before */
	void (*on_left)(struct listener *listener); /* one of them has ended; may free the listener */
	SLIST_ENTRY(listener) link;
};

#endif
