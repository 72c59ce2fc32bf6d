/*
 * page: the account page, on which users see their hosts, make and revoke their keys, and change their password. It
 * serves what lies below PAGE_PATH to a listener for which it is switched on.
 *
 * Its users are those of the state store that have a login password. What it needs of the disk is done by the state's
 * worker, passwords are checked by the verifier, and addresses asked from the primary: nothing holds up the loop.
 *
 * Whoever sends a form must have got it from here (guard.h), and all it can do is the affair of the session's login.
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "account/throttle.h"
#include "account/verifier.h"
#include "base/addr.h"
#include "base/env.h"
#include "base/name.h"
#include "base/rr.h"
#include "base/status.h"
#include "http/message.h"
#include "page/session.h"
#include "store/state.h"

#define PAGE_PATH "/account/"

enum {
	PAGE_CHANGES_MAX = 60, /* that a user may ask for in the window: keys generated, keys revoked, passwords */
	PAGE_CHANGES_WINDOW_S = 3600,
};

struct page;
struct http_exchange;

/* What a host's record is now. Not `known`: nobody could say so in time. `addrs` is valid until it returns. */
typedef void page_seen_fn(void *ctx, bool known, const struct addr *addrs, size_t count);

/* What it is put together from. All is borrowed and must outlive it. */
struct page_parts {
	const struct env *env;
	struct state *state;
	struct verifier *verifier;
	struct throttle *throttle; /* of failed logins and of changes here; another one than that of updates */
	struct sessions *sessions; /* may be shared with another page, such as that of an earlier configuration */
	bool allow_http;           /* also to clients that are neither on this machine nor over TLS */
	const char *server_name;   /* as clients are to write it, with a port if need be; NULL: as the browser does */
	/*
	 * Asks the primary for the addresses of a host. seen() comes exactly once, from within the call or later, at
	 * most some seconds; it does not when what look() asks is freed first.
	 */
	void (*look)(void *ctx, const struct name *host, enum rr_type type, page_seen_fn *seen, void *seen_ctx);
	void *look_ctx;
	/* Gives an answer to a client, as http_exchange_answer() does. */
	void (*answer)(struct http_exchange **exchange, const struct http_response *response);
};

/* STATUS_NO_MEMORY. */
MUST_USE enum status page_new(const struct page_parts *parts, struct page **out);

/* Whether no request is under way. */
bool page_is_idle(const struct page *page);

/* No request may be under way. Sets *page to NULL; *page == NULL is allowed. */
void page_free(struct page **page);

/* Whether the request is for the page. */
bool page_serves(const struct http_request *request);

/*
 * Takes such a request; the exchange is answered exactly once, from within the call or later. An http_handler_fn; `ctx`
 * is the page.
 */
void page_handle(void *ctx, struct http_exchange *exchange, const struct http_request *request);

#endif
