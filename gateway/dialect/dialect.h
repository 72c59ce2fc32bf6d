/*
 * dialect: one way of asking for updates over HTTP. A plug point: a dialect is one file that ends in one descriptor,
 * and one row of the list below. It knows paths, operand names and answer words, and nothing of accounts or
 * the DNS.
 */
#ifndef DIALECT_DIALECT_H
#define DIALECT_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/outcome.h"
#include "http/message.h"
#include "update/intent.h"

struct dialect_route {
	const char *path;
	unsigned methods; /* of enum http_method, one bit each */
};

/* What a dialect needs to know to word an answer. */
struct dialect_answer {
	const struct http_request *request;
	const struct intent *intent; /* filled in as far as parse() got */
	const struct outcome
		*outcomes;    /* one per host of the intent in its order; or a single one for the whole request */
	size_t outcome_count; /* at least 1 */
};

struct dialect {
	const char *name;
	const struct dialect_route *routes; /* ended by a NULL path */
	bool speaks_json;    /* its answers are JSON, also those of requests that were refused before it saw them */
	bool is_for_routers; /* answers failures with status 200 if the listener has `errors_as_200` */
	/* Whether a request to one of the routes is meant for this dialect, where several have it. NULL: always. */
	bool (*claims)(const struct http_request *request);
	/*
	 * Understands a request whose path and method are in `routes`. Returns OUTCOME_GRANTED with *intent filled in
	 * (all of it; it borrows from the request), or the failure that ends the request.
	 */
	enum outcome_code (*parse)(const struct http_request *request, struct intent *intent);
	/*
	 * Words the answer: sets status and content type of *response, and writes its body. Call it by
	 * dialect_render().
	 */
	void (*render)(const struct dialect_answer *answer, struct http_response *response);
};

/* Has the dialect word the answer; *response is empty. */
void dialect_render(const struct dialect *dialect, const struct dialect_answer *answer, struct http_response *response);

/*
 * The dialect that serves the request: the first of the list that has a route for it and claims it. NULL if no dialect
 * has the path, or has it but not with this method: *allowed then holds the methods that it does have, 0 for an
 * unknown path.
 */
const struct dialect *dialects_find(const struct http_request *request, unsigned *allowed);

/*
 * Whether the request is for a dialect that speaks JSON, or would be if it had another method: then its client gets
 * only JSON answers, whoever refuses the request. If the request was not read whole, the part that was read decides.
 */
bool dialects_speak_json(const struct http_request *request);

/*
 * The methods that dialects have at the request's path; the rest of the request does not matter. For the target `*`
 * (RFC 9112 section 3.2.4) the methods of all paths. 0 for an unknown path.
 */
unsigned dialects_methods(const struct http_request *request);

/* Every dialect, a row each. Of two with the same path, the one that claims more special requests stands first. */
#define DIALECT_LIST(X)                                                                                                \
	X(rexx)    /* /dynamic.cgi */                                                                                  \
	X(acmedns) /* /update with X-Api-User or a subdomain */                                                        \
	X(httpreq) /* /present, /cleanup */                                                                            \
	X(duckdns) /* /update with a token */                                                                          \
	X(henet)   /* /nic/update without a user */                                                                    \
	X(dyndns2) /* /nic/update, / with operands, and others */                                                      \
	X(checkip) /* / without operands, /checkip */

#define DIALECT_DECLARE(name) extern const struct dialect dialect_##name;
DIALECT_LIST(DIALECT_DECLARE)
#undef DIALECT_DECLARE

/* All dialects, ended by NULL. */
extern const struct dialect *const dialects[];

#endif
