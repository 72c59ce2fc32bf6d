/*
 * json: the body of a request as a JSON object (RFC 8259). Pure, and fuzzed.
 */
#ifndef HTTP_JSON_H
#define HTTP_JSON_H

#include "base/status.h"
#include "base/text.h"
#include "http/decode.h"
#include "http/message.h"

/*
 * Appends the members of the object that are strings to `params`, each with its name; of other members, unless they
 * are null, true or false, it is noted that they were not read.
 * Octets go to `space`, at most as many as `json` has. STATUS_INVALID if it is not one JSON object, or a string in it
 * holds a NUL; STATUS_TOO_LONG with more than HTTP_PARAMS_MAX operands, or when the space is too small;
 * STATUS_NO_MEMORY. What was copied meanwhile is wiped; the space is the caller's to wipe.
 */
MUST_USE enum status json_params(struct text json, struct decode_space *space, struct http_params *params);

#endif
