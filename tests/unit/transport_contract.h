/*
 * transport_contract: what dns/transport.h promises, as tests that any transport can be put under, against a server on
 * the loopback.
 */
#ifndef UNIT_TRANSPORT_CONTRACT_H
#define UNIT_TRANSPORT_CONTRACT_H

#include <stddef.h>
#include <uv.h>

#include "dns/transport.h"

/* How to get at a transport of one kind, and how a server speaks to it. */
struct transport_under_test {
	const char *name;
	/* Makes what open() needs, on this loop. */
	struct transport_maker (*make)(uv_loop_t *loop);
	void (*unmake)(void);
	/*
	 * The server's side of a connection, in a thread of its own and blocking: what stands for the connection once
	 * it is accepted, NULL if it never gets that far. Reading and writing return less than 1 at the end.
	 */
	void *(*accept)(int fd);
	long (*read)(void *connection, void *octets, size_t len);
	long (*write)(void *connection, const void *octets, size_t len);
	void (*end)(void *connection);
};

/* Runs the contract's tests; returns how many have failed, as cmocka does. */
int transport_contract_run(const struct transport_under_test *transport);

/* A server in a thread of its own that takes one connection after the other. */
struct contract_server;

enum contract_manner {
	SERVER_ECHOES,       /* sends back what comes, until the other side ends */
	SERVER_ENDS,         /* says "bye", and ends */
	SERVER_ONLY_LISTENS, /* accepts, and speaks no word of whatever protocol */
};

struct contract_server *contract_server_new(const struct transport_under_test *transport, enum contract_manner manner);

/* Ends it and sets *server to NULL. Returns how many octets it has read that were meant for it. */
size_t contract_server_free(struct contract_server **server);

struct peer contract_server_peer(const struct contract_server *server);

/* What a connection has told its user. */
struct contract_user {
	uv_loop_t *loop;
	struct transport_maker maker;
	unsigned turn; /* of the next open() */
	struct transport *transport;
	unsigned opened, closed;
	char why[128];
	size_t received_len;
	uint8_t *received; /* of `room` octets */
	size_t room;
	enum contract_reaction { KEEP, CLOSE_WHEN_OPENED, CLOSE_WHEN_RECEIVED, CLOSE_WHEN_CLOSED } reaction;
};

/* Opens a connection; the status is that of open(). */
enum status contract_open(struct contract_user *user, const struct peer *peer);

/* Runs the loop until the condition holds; fails the test if it does not within five seconds. */
void contract_wait(struct contract_user *user, bool (*condition)(const struct contract_user *user));

bool contract_is_open(const struct contract_user *user);
bool contract_is_closed(const struct contract_user *user);

/* Closes what is open, and runs the loop until nothing is left of it. */
void contract_finish(struct contract_user *user);

#endif
