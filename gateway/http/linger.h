/*
 * linger: connections that are closed, and that the client does not know to be. Private to the room.
 */
#ifndef HTTP_LINGER_H
#define HTTP_LINGER_H

#include "http/state.h"

/* MHD is about to close the socket: lets the client read its answer and say to the end what it has begun. */
void linger_begin(struct http_server *server, int fd);

/* Ends those whose time is over then, in ms of the loop. */
void lingerers_end(struct http_server *server, uint64_t until_ms);

#endif
