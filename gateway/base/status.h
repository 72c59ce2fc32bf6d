/*
 * status: what a function of ddnsgate returns when it can fail. One enum, one list, texts with it.
 *
 * A status says whether a function could do its work. What the outside world answered (no such host, wrong key,
 * REFUSED) is not a status but an outcome: see base/outcome.h.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#define STATUS_LIST(X)                                                                                                 \
	X(STATUS_OK, "success")                                                                                        \
	X(STATUS_NO_MEMORY, "out of memory")                                                                           \
	X(STATUS_INVALID, "malformed input")                                                                           \
	X(STATUS_TOO_LONG, "input exceeds its bound")                                                                  \
	X(STATUS_NOT_FOUND, "not found")                                                                               \
	X(STATUS_DUPLICATE, "already there")                                                                           \
	X(STATUS_FULL, "no room left")                                                                                 \
	X(STATUS_OVERTAKEN, "a later one was carried out")                                                             \
	X(STATUS_IO, "input or output failed")                                                                         \
	X(STATUS_CRYPTO, "the cryptographic library failed")

enum status {
#define X(name, text) name,
	STATUS_LIST(X)
#undef X
};

/* One sentence fragment in lower case, a constant; never NULL. */
const char *status_text(enum status status);

/* A result that the caller must look at. */
#define MUST_USE __attribute__((warn_unused_result))

#endif
