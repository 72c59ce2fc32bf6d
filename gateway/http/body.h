/*
 * body: what the body of a request is, by what its headers say of it and by how it begins. Pure.
 *
 * Operands in a body that is not read would silently not count, and the client's own address, say, be set instead of
 * the one that was meant. So what is there is read, or refused.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include "base/text.h"

enum body_kind {
	BODY_EMPTY,      /* nothing but white space, whatever it is said to be */
	BODY_FORM,       /* application/x-www-form-urlencoded, or nothing is said: scripts seldom say it */
	BODY_JSON,       /* begins like a JSON object, whatever type is said: scripts often say that of a form */
	BODY_NO_OBJECT,  /* said to be JSON, but not an object */
	BODY_UNREADABLE, /* any other type, such as multipart/form-data, or a content coding */
};

/* The body without the UTF-8 byte order mark that it may begin with, which says nothing (RFC 8259 section 8.1). */
struct text body_unmarked(struct text body);

/* By the values of Content-Type and Content-Encoding (RFC 9110 sections 8.3 and 8.4), empty if there are none. */
enum body_kind body_kind_of(struct text type, struct text coding, struct text body);

#endif
