/* outcome: how a request, or one host of it, ended. Neutral: each dialect puts it into its own words. */
#ifndef BASE_OUTCOME_H
#define BASE_OUTCOME_H

#include <stddef.h>

#include "base/addr.h"
#include "base/rr.h"

/* The texts are for log lines. */
#define OUTCOME_LIST(X)                                                                                                \
	X(OUTCOME_GRANTED, "granted")           /* an intermediate result, never the end of a request */               \
	X(OUTCOME_CHANGED, "changed")           /* committed by the primary */                                         \
	X(OUTCOME_UNCHANGED, "unchanged")       /* it was so already; the primary has confirmed it */                  \
	X(OUTCOME_ADDRESS, "address")           /* the client asked for its own address and gets it */                 \
	X(OUTCOME_ALIVE, "alive")               /* the client asked whether the service is there */                    \
	X(OUTCOME_MISSING_HOST, "missing-host") /* an operand is missing */                                            \
	X(OUTCOME_MISSING_LOGIN, "missing-login")                                                                      \
	X(OUTCOME_MISSING_KEY, "missing-key")                                                                          \
	X(OUTCOME_THROTTLED, "throttled")         /* too many failed attempts; see retry_after_s */                    \
	X(OUTCOME_NO_SUCH_LOGIN, "no-such-login") /* authentication */                                                 \
	X(OUTCOME_NO_KEY, "no-key")                                                                                    \
	X(OUTCOME_WRONG_KEY, "wrong-key")                                                                              \
	X(OUTCOME_ACCOUNT_INACTIVE, "account-inactive") /* authorisation */                                            \
	X(OUTCOME_MAY_NOT_UPDATE, "may-not-update")                                                                    \
	X(OUTCOME_BAD_HOST, "bad-host") /* operands that are malformed, or not for this account */                     \
	X(OUTCOME_TOO_MANY_HOSTS, "too-many-hosts")                                                                    \
	X(OUTCOME_NOT_ALLOWED, "not-allowed") /* the account may not do that with the host */                          \
	X(OUTCOME_NOT_YOURS, "not-yours")                                                                              \
	X(OUTCOME_ZONE_INACTIVE, "zone-inactive")                                                                      \
	X(OUTCOME_BAD_ADDRESS, "bad-address")                                                                          \
	X(OUTCOME_NO_ADDRESS, "no-address") /* the request has none, and the client's own is unknown or not meant */   \
	X(OUTCOME_BAD_TEXT, "bad-text")     /* not a string for a TXT record */                                        \
	X(OUTCOME_NO_RECORD, "no-record")   /* the primary has no such RRset, which had to exist */                    \
	X(OUTCOME_REFUSED, "refused")       /* the primary refused or failed, signed: nothing was changed */           \
	X(OUTCOME_REFUSED_UNSIGNED, "refused-unsigned") /* refused, but unsigned: nobody knows */                      \
	X(OUTCOME_UNREACHABLE, "unreachable")           /* no primary in time; nothing was changed */                  \
	X(OUTCOME_UNKNOWN, "unknown")                   /* it was sent, and nobody knows what became of it */          \
	X(OUTCOME_GIVEN_UP, "given-up")                 /* the client closed before it was known */                    \
	X(OUTCOME_OVERTAKEN, "overtaken") /* a later request was carried out, or may have been, so this one was not */ \
	X(OUTCOME_LATE, "late")           /* its time was over before its account and key were checked */              \
	X(OUTCOME_BUSY, "busy")           /* more is waiting than the bounds allow */                                  \
	X(OUTCOME_FAILED, "failed")       /* the gateway itself could not: memory, account store */

enum outcome_code {
#define X(name, text) name,
	OUTCOME_LIST(X)
#undef X
};

const char *outcome_text(enum outcome_code code);

struct outcome {
	enum outcome_code code;
	enum rr_type missing;   /* OUTCOME_NO_RECORD: which RRset was looked for; RR_NONE if that is not known */
	unsigned retry_after_s; /* OUTCOME_THROTTLED */
	/* OUTCOME_CHANGED, OUTCOME_UNCHANGED: what the host has now, one address of each RRset that was asked for. */
	size_t addr_count;
	struct addr addrs[2];
};

#endif
