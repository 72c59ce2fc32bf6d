/*
 * words: the answers of the dyndns2 protocol, which several dialects use. Private to the room.
 *
 * `good` or `nochg` and what the host has now, one line per host in the order asked. A failure is one word, which no
 * client could take for success, and if no host succeeds the status is 400 or more.
 */
#ifndef DIALECT_WORDS_H
#define DIALECT_WORDS_H

#include "dialect/dialect.h"

/* How an outcome is told in this protocol. */
struct word {
	const char *text;
	int status;             /* RFC 9110 section 15 */
	bool challenge;         /* asks for Basic credentials */
	unsigned retry_after_s; /* 0: not said */
};

const struct word *word_for(enum outcome_code code);

/* Sets status, content type and headers from the outcomes: a success if one of them is. */
void words_set_status(const struct dialect_answer *answer, struct http_response *response);

/* The whole answer. A dialect's render(). */
void words_render(const struct dialect_answer *answer, struct http_response *response);

/* What a dialect calls the members of the JSON object in a request. */
struct json_members {
	const char *host;
	const char *text;
};

/*
 * The whole answer to an intent about one text, which the plan has found to be printable ASCII: a JSON object whose
 * member `name` is the text. For a failure its member is `error` instead: the word, or, if something is wrong with the
 * members of the request, a sentence about that. Clients of this read the status, so failures never get status 200.
 */
void words_render_json(const struct dialect_answer *answer, const struct json_members *members, const char *name,
		       struct http_response *response);

#endif
