/*
 * listeners: opens sockets, accepts connections within limits, and closes what is wanted no more. Private to the room.
 */
#ifndef HTTP_LISTENERS_H
#define HTTP_LISTENERS_H

#include "http/listener.h"

/* Closes the sockets that were given to these, of which no listener comes. errno stays as it is. */
void listeners_decline(const struct http_listen_options *options, size_t count);

/*
 * Gets ready to have just these listeners, and takes the sockets that were given to them. Either listeners_commit() or
 * listeners_abandon() has to follow, at once; the latter after errors.
 */
MUST_USE enum status listeners_prepare(struct http_server *server, const struct http_listen_options *options,
				       size_t count, char *error, size_t error_size);
void listeners_commit(struct http_server *server);
void listeners_abandon(struct http_server *server);

/* Takes in who has connected, and nobody any more. */
void listeners_close(struct http_server *server);

/* Tells the server's stats which listeners there are, and their bounds. */
void listeners_note(struct http_server *server);

/* Accepts again where that was stopped, at a limit or for want of descriptors; the log says what is full. */
void listeners_retry(struct http_server *server);

#endif
