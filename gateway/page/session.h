/*
 * session: who is logged in. Kept here and not in the browser, which has a random token and nothing else; of that only
 * the SHA-256 is kept. A session ends when it was idle for too long, at a certain age whatever happens, when it is
 * ended, and when it has to give way: the one idle longest, first of its login, then of all.
 */
#ifndef PAGE_SESSION_H
#define PAGE_SESSION_H

#include <stdint.h>

#include "account/account.h"
#include "account/key.h"
#include "base/env.h"
#include "base/status.h"
#include "base/text.h"

struct sessions;

enum {
	SESSIONS_MAX = 4096,
	SESSION_AGE_S = 12 * 3600,
	SESSION_SECRET_LEN = 32,
	SESSION_TOKEN_LEN = KEY_TEXT_LEN, /* characters; 192 random bits */
	SESSION_PER_LOGIN_MAX = 8,
};

struct session_limits {
	size_t max;      /* of all logins together: SESSIONS_MAX but in tests */
	unsigned age_s;  /* at which a session ends: SESSION_AGE_S but in tests */
	unsigned idle_s; /* after which it ends */
};

struct session {
	size_t login_len;
	char login[ACCOUNT_LOGIN_MAX];
	uint8_t mark[KEY_DIGEST_LEN]; /* of the password that it was begun with: another one ends it */
};

static inline struct text session_login(const struct session *session)
{
	return (struct text){session->login, session->login_len};
}

/* The env is borrowed. STATUS_NO_MEMORY. */
MUST_USE enum status sessions_new(const struct env *env, const struct session_limits *limits, struct sessions **out);

/* Frees it and sets *sessions to NULL; *sessions == NULL is allowed. */
void sessions_free(struct sessions **sessions);

/*
 * Begins a session, and writes its token, SESSION_TOKEN_LEN characters out of [A-Za-z0-9_-] and a NUL. STATUS_TOO_LONG
 * for a login beyond ACCOUNT_LOGIN_MAX, STATUS_NO_MEMORY, STATUS_CRYPTO.
 */
MUST_USE enum status sessions_begin(struct sessions *sessions, struct text login,
				    const uint8_t mark[static KEY_DIGEST_LEN],
				    char token[static SESSION_TOKEN_LEN + 1]);

/* The session with that token, which is not idle any more; valid until the next call. NULL: there is none. */
const struct session *sessions_find(struct sessions *sessions, struct text token);

/* Ends the session with that token, if there is one. */
void sessions_end(struct sessions *sessions, struct text token);

/* Limits for what comes from now on; sessions that are there keep their ends until they are next used. */
void sessions_set_limits(struct sessions *sessions, const struct session_limits *limits);

/* Random octets of SESSION_SECRET_LEN, the same as long as the sessions live; see guard.h. */
const uint8_t *sessions_secret(const struct sessions *sessions);

/* How many there are; some of them may have expired. */
size_t sessions_count(const struct sessions *sessions);

#endif
