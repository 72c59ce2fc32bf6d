/*
 * message: an HTTP request and response as plain data, the way the rest of the gateway sees them.
 */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/text.h"

/* One bit each, so that a route can name several. */
enum http_method {
	HTTP_GET = 1 << 0,
	HTTP_HEAD = 1 << 1,
	HTTP_POST = 1 << 2,
	HTTP_PUT = 1 << 3,
	HTTP_OPTIONS = 1 << 4, /* answered everywhere, see http_response_options() */
	HTTP_OTHER = 1 << 5,   /* never allowed by a route */
};

enum {
	HTTP_PARAMS_MAX = 64, /* operands of one request */
	HTTP_BODY_MAX = 2048, /* octets of a response's body */
	HTTP_REQUEST_ID_SIZE = 17,
};

/*
 * One operand, percent-decoded. A '+' may have meant a space (a form's encoding) or itself (a client that does not
 * escape), so both readings are kept: `value` has spaces, `literal` has plus signs; they are the same run of octets
 * where there is no '+'.
 */
struct http_param {
	struct text name;
	struct text value;
	struct text literal;
};

struct http_params {
	bool is_unread; /* there were members of a JSON object that are no strings */
	size_t count;
	struct http_param items[HTTP_PARAMS_MAX];
};

struct http_request {
	enum http_method method;
	struct text path;          /* decoded, repeated slashes folded, scheme and host of an absolute target removed */
	bool has_query;            /* the target had a '?' */
	struct http_params params; /* of the query, then of the body, a form or a JSON object */
	bool has_basic;            /* a well-formed Basic credential came with it */
	struct text basic_user;    /* valid if has_basic */
	struct text basic_password; /* valid if has_basic */
	struct text api_user;       /* the header X-Api-User, if there is one */
	struct text api_key;        /* X-Api-Key */
	struct addr source;         /* of the client; of no family: nobody knows */
	const char *source_unknown; /* then a sentence on why; a constant */
	struct addr proxy;          /* then who has brought it; of no family: it came by a Unix socket */
	bool errors_as_200;         /* its listener serves clients that read words only under that status */
	struct text host;           /* the header Host, as it stands */
	struct text cookies;        /* the header Cookie (RFC 6265 section 4.2), as it stands */
	bool over_tls;     /* it came over TLS, to us or to a trusted proxy that says so by X-Forwarded-Proto */
	bool account_page; /* its listener serves the account page */
};

/* The first operand of that name, or NULL. */
const struct http_param *http_param_find(const struct http_params *params, const char *name);

/* Its decoded value; the empty text if there is none. Borrows from the operands. */
struct text http_param_value(const struct http_params *params, const char *name);

/* How often an operand of that name was given. */
size_t http_param_count(const struct http_params *params, const char *name);

struct http_header {
	const char *name;
	const char *value;
};

struct http_response {
	int status;                            /* RFC 9110 section 15 */
	const char *content_type;              /* a constant; NULL: there is no content */
	bool challenge;                        /* adds `WWW-Authenticate: Basic` */
	unsigned retry_after_s;                /* adds Retry-After if not 0 */
	unsigned allow;                        /* methods for an Allow header, OPTIONS is added; 0 for none */
	char request_id[HTTP_REQUEST_ID_SIZE]; /* adds X-Request-Id if not empty */
	/* More headers, ended by a NULL name, or NULL; borrowed until the response was given. */
	const struct http_header *headers;
	const char *document; /* if not NULL, the body instead of `body`; borrowed until the response was given */
	size_t document_len;
	size_t body_len;
	char body[HTTP_BODY_MAX];
};

/* Empties it; the body's octets are left as they are. */
void http_response_init(struct http_response *response);

/* Appends to the body; what does not fit is cut. */
__attribute__((format(printf, 2, 3))) void http_response_add(struct http_response *response, const char *format, ...);

/* What it holds: the document, or else the body. */
static inline struct text http_response_content(const struct http_response *response)
{
	if (response->document)
		return (struct text){response->document, response->document_len};
	return (struct text){response->body, response->body_len};
}

/* Makes it an answer of plain text in one line: `404 Not Found` and the like, for what no dialect answers. */
void http_response_plain(struct http_response *response, int status, const char *text);

/* The same as a JSON object (RFC 8259) with that one string, which is printable ASCII. */
void http_response_json(struct http_response *response, int status, const char *name, struct text value);

/* The status that a text such as "400 the body is no form" begins with. */
int http_status_of(const char *text);

/*
 * Makes it the answer to OPTIONS (RFC 9110 section 9.3.7): 204, and beside OPTIONS the methods of `allow`, of which
 * there are none at a path that nothing is at. Load balancers ask so whether a server is there.
 */
void http_response_options(struct http_response *response, unsigned allow);

#endif
