/*
 * arrival: connections on their way from accept() to their first request. Private to the room.
 */
#ifndef HTTP_ARRIVAL_H
#define HTTP_ARRIVAL_H

#include "http/connection.h"

/* Takes a connection that was accepted on its way. */
void arrival_begin(struct connection *connection);

/* MHD has been given the connection, and its handshake comes next. */
void arrival_entered(struct connection *connection);

/* It has arrived, or ended. */
void arrival_end(struct arrival *arrival);

/* MHD has closed the connection before it had arrived. */
void arrival_failed(const struct arrival *arrival);

/* MHD has met an error, perhaps in one of the steps: looks for alerts while there are sessions that know of them. */
void arrivals_note_alerts(struct http_server *server);

/* Lets some of the handshakes go on that can. */
void arrivals_step(struct http_server *server);

/* Cuts those off who take too long. */
void arrivals_cut_slow(struct http_server *server, uint64_t now_ms);

/* Of those without TLS, cuts off who may have one more request and has not begun with it. */
void arrivals_end_silent(struct http_server *server);

/* Cuts all of them off, but for requests without TLS, which enter. */
void arrivals_end(struct http_server *server);

#endif
