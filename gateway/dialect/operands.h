/*
 * operands: what dialects for routers have in common when they read a request. Private to the room.
 */
#ifndef DIALECT_OPERANDS_H
#define DIALECT_OPERANDS_H

#include <stdbool.h>

#include "http/message.h"
#include "update/intent.h"
#include "update/outcome.h"

/*
 * Some routers send two URLs, with a space between them, as one: what follows the space is not part of the operand or
 * path before it.
 */
struct text operand_cut(struct text text);

/* The first operand of that name; the empty text if there is none. */
struct text operand_of(const struct http_request *request, const char *name);

/* Whether there is one of that name. */
bool operand_is_given(const struct http_request *request, const char *name);

/* Adds the items of a list with commas in between, without empty ones. False if they are too many. */
bool operand_take_hosts(struct text list, struct intent *intent);

/* The operands in which addresses come. */
struct operand_address {
	const char *name; /* NULL ends the list */
	bool is_ipv4;     /* an empty one says that there is no IPv4 address, if there is one of IPv6 */
};

/* Takes every operand of those names. */
void operand_take_addresses(const struct http_request *request, const struct operand_address *names,
			    struct intent *intent);

/* Takes a login (NULL: the intent is by token) and a key; a '+' in them may be itself or a space. */
enum outcome_code operand_take_credentials(const struct http_param *login, const struct http_param *key,
					   struct intent *intent);

/* Takes credentials that can be read in one way only. */
enum outcome_code operand_take_literally(struct text login, struct text key, struct intent *intent);

/* Takes the Basic credentials of a request that has them. */
enum outcome_code operand_take_basic(const struct http_request *request, struct intent *intent);

#endif
