/*
 * words: the answers of the dyndns2 protocol, which several dialects use. Private to the room.
 *
 * `good` and `nochg` with what the host has now, one line per host in the order asked; else one word and nothing that
 * a client could take for success, under a status of 400 and more.
 */
#ifndef DIALECT_WORDS_H
#define DIALECT_WORDS_H

#include "dialect/dialect.h"

/* What an outcome is in this protocol. */
struct word {
	const char *text;
	int status;             /* RFC 9110 section 15 */
	bool challenge;         /* asks for Basic credentials */
	unsigned retry_after_s; /* 0: not said */
};

const struct word *word_for(enum outcome_code code);

/* Sets status, content type and headers from the outcomes: success if one of them is. */
void words_set_status(const struct dialect_answer *answer, struct http_response *response);

/* The whole answer. A dialect's render(). */
void words_render(const struct dialect_answer *answer, struct http_response *response);

/* What a dialect calls the members of the JSON object in a request. */
struct json_members {
	const char *host;
	const char *text;
};

/*
 * The whole answer to an intent about one text, which the plan has found to be printable ASCII: a JSON object with the
 * text as its member `name`; or with the member `error`, which is the word, but says of the members of the request what
 * is wrong with them. For clients that read the status, so that it is never softened.
 */
void words_render_json(const struct dialect_answer *answer, const struct json_members *members, const char *name,
		       struct http_response *response);

#endif
