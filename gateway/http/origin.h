/*
 * origin: where a request comes from. Private to the room.
 */
#ifndef HTTP_ORIGIN_H
#define HTTP_ORIGIN_H

#include "http/connection.h"

/*
 * Sets where the request comes from, and whether by TLS. NULL, or what is wrong with what a trusted proxy says of it.
 */
const char *origin_find(const struct connection *connection, struct http_request *request);

#endif
