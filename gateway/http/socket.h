/*
 * socket: listening sockets, as the system gives them.
 */
#ifndef HTTP_SOCKET_H
#define HTTP_SOCKET_H

#include "http/server.h"

/*
 * Opens what the options name, an address and port or the path of a Unix socket, and listens there. Returns the
 * descriptor, or -1 with errno.
 */
int socket_open(const struct http_listen_options *options);

#endif
