/*
 * head: judges the head of a request by what libmicrohttpd has made of it. Pure.
 *
 * libmicrohttpd takes a head apart where it lies in its buffer: the octets behind each name and value become NUL. What
 * RFC 9112 forbids it repairs, cuts or skips, each release in its own way, and says nothing: a line that is folded
 * (section 5.2), a NUL in a value (RFC 9110 section 5.5), a line without a colon. A proxy before us that has read the
 * same octets in another way then sees another request, or other headers, than we do. But a sound head has nothing
 * between its pieces but what ends or separates them, so that what was repaired shows: a piece does not lie where the
 * last one ends, or something lies between them.
 *
 * Where the request ends must be beyond doubt (RFC 9112 section 6.3): one Content-Length of plain digits, or
 * `Transfer-Encoding: chunked`, or neither.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/text.h"

/* Fields that we read; of several with one name the first. */
enum head_field {
	HEAD_AUTHORIZATION,
	HEAD_CONTENT_ENCODING,
	HEAD_CONTENT_LENGTH,
	HEAD_CONTENT_TYPE,
	HEAD_COOKIE,
	HEAD_HOST,
	HEAD_TRANSFER_ENCODING,
	HEAD_API_KEY,  /* X-Api-Key */
	HEAD_API_USER, /* X-Api-User */
	HEAD_FIELDS,
};

enum head_fault {
	HEAD_SOUND,
	HEAD_TORN,     /* a fold, a NUL, or something that was skipped */
	HEAD_NO_FIELD, /* a name that is no token (RFC 9110 section 5.6.2), or a control character in a value */
	HEAD_UNFRAMED, /* the headers leave open where the request ends */
	HEAD_NO_HOST,  /* a Host that is none, or several (RFC 9112 section 3.2) */
};

enum { HEAD_FIELD_COST = 64 }; /* octets of libmicrohttpd's memory that a field takes besides its own */

struct head {
	const char *at; /* where the last piece ends */
	struct text values[HEAD_FIELDS];
	unsigned counts[HEAD_FIELDS];
	size_t count;          /* of all fields */
	enum head_fault fault; /* the first one */
};

/* Begins with what was read of the first line, the version. */
void head_begin(struct head *head, struct text version);

/* Takes the next field, in the order in which they came. Borrows its octets. */
void head_add(struct head *head, struct text name, struct text value);

/*
 * Judges the whole. `end` is where the head ends, behind its empty line; NULL if libmicrohttpd may have put something
 * else there meanwhile, as 1.0 does.
 */
MUST_USE enum head_fault head_end(struct head *head, const char *end);

/* What is wrong, in words. */
const char *head_fault_text(enum head_fault fault);

#endif
