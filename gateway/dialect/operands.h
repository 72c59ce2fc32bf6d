/*
 * operands: what dialects for routers have in common when they read a request. Private to the room.
 *
 * Names of operands are read in any case of letters, and behind `amp;`, as they come from links that were copied out of
 * HTML. Those for addresses and prefixes are the same in all dialects, and so are those that mean nothing:
 *
 *   addresses   myip, ip, ip4, ipv4, myip4, myipv4, ip6, ipv6, myip6, myipv6
 *   prefixes    ip6lanprefix, ipv6prefix, ip6prefix, lanprefix
 *   ignored     system, wildcard, mx, backmx, url
 *
 * Each dialect adds its own, for hosts, credentials and the rest. An operand in neither list is unknown. If an address
 * was understood, it does not matter. If not, it may hold the address that the client means; and if no host is named,
 * it may name one. So the intent notes what unknown operands hint at.
 */
#ifndef DIALECT_OPERANDS_H
#define DIALECT_OPERANDS_H

#include <stdbool.h>

#include "base/outcome.h"
#include "http/message.h"
#include "update/intent.h"

/*
 * Some routers send two URLs, with a space between them, as one: what follows the space is not part of the operand or
 * path before it.
 */
struct text operand_cut(struct text text);

/*
 * The path that a request is for: cut as above, without a slash at its end, and only the last part if it ends in
 * `/nic/update`. Borrows from the request.
 */
struct text operand_path(const struct http_request *request);

/* The first operand of that name, or NULL. */
const struct http_param *operand_find(const struct http_request *request, const char *name);

/* Its value; the empty text if there is none. */
struct text operand_of(const struct http_request *request, const char *name);

/* Whether there is one of that name. */
bool operand_is_given(const struct http_request *request, const char *name);

/* The first one with one of those names, of which NULL is the last, and how many there are. */
const struct http_param *operand_find_any(const struct http_request *request, const char *const *names);
size_t operand_count_any(const struct http_request *request, const char *const *names);

/* The names that dyndns2 and its relatives have for hosts, ended by NULL. */
extern const char *const operand_hosts[];

/* Whether there is one for addresses or prefixes. */
bool operand_has_address(const struct http_request *request);

/*
 * Takes the hosts of every operand with one of those names, of which NULL is the last: lists with commas in between,
 * without empty items. False if they are too many.
 */
bool operand_take_hosts(const struct http_request *request, const char *const *names, struct intent *intent);

/*
 * Takes every operand for addresses and prefixes, and notes what unknown ones hint at. Unknown are those that are
 * neither in the lists above nor in `own`, which ends in NULL. intent->lenient has to be set before.
 */
void operand_take_addresses(const struct http_request *request, const char *const *own, struct intent *intent);

/* The same; an empty IPv4 address beside an IPv6 address says here that there is no IPv4 address. */
void operand_take_addresses_or_none(const struct http_request *request, const char *const *own, struct intent *intent);

/*
 * Takes a login (NULL: the intent is by token) and a key (NULL: there is none). As a '+' in them may stand for itself
 * or for a space, there may be two readings.
 */
enum outcome_code operand_take_credentials(const struct http_param *login, const struct http_param *key,
					   struct intent *intent);

/* Takes credentials that have one reading only. */
enum outcome_code operand_take_literally(struct text login, struct text key, struct intent *intent);

/* Takes the Basic credentials of a request that has them. */
enum outcome_code operand_take_basic(const struct http_request *request, struct intent *intent);

#endif
