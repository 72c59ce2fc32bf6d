/*
 * job: what the files of the account page share. Private to the room.
 *
 *   page.c     routes; may the request be served, and does its form come from here
 *   login.c    logging in and out
 *   home.c     the profile: what the store and the primary know
 *   keys.c     generating and revoking keys
 *   passwd.c   changing the login password
 *   answer.c   from templates to answers
 *
 * A job has one owner at a time, and its end is always an answer_*().
 */
#ifndef PAGE_JOB_H
#define PAGE_JOB_H

#include "account/key.h"
#include "account/password.h"
#include "page/keyform.h"
#include "page/page.h"
#include "page/passform.h"
#include "page/profile.h"
#include "page/session.h"
#include "page/view.h"

enum page_cookie {
	COOKIE_SESSION,
	COOKIE_LOGIN, /* of those who are not logged in yet; it only guards the form */
};

enum {
	JOB_HEADERS_MAX = 12,
	JOB_COOKIES_MAX = 2,
	JOB_COOKIE_TEXT_MAX = 160,
	LOGINS_MAX = 32,             /* attempts that wait to be checked */
	CHANGES_MAX = 16,            /* of the password; with the former, that leaves room for who only looks */
	WAITING_OF_A_SOURCE_MAX = 4, /* of either, so that none keeps all others out, nor guesses before it is locked */
};

struct page {
	struct page_parts parts;
	size_t jobs; /* under way */
	/* Where those come from that wait for a password to be checked; ADDR_NONE: free. */
	struct addr logins[LOGINS_MAX]; /* which anybody can make */
	struct addr changes[CHANGES_MAX];
};

struct job;

struct route {
	const char *path; /* below PAGE_PATH */
	unsigned methods;
	bool for_users; /* only with a session; forms also only with the token of one of its pages */
	bool counts;    /* only if job_may_change(), whatever comes of it */
	void (*begin)(struct job *job);
	/* On the worker, before the profile is read. NULL: nothing. */
	enum status (*act)(struct job *job, struct database *database);
	/* The profile is there, and job->act_status tells of act(). */
	void (*show)(struct job *job);
};

/* Somebody waits for the addresses of a host. */
struct look {
	struct job *job;
	struct view *view;
	enum addr_family family;
};

/* A request on its way. The request lives until the exchange is answered. */
struct job {
	struct page *page;
	struct http_exchange *exchange;
	const struct http_request *request;
	const struct route *route;
	struct view *view;

	struct text cookie;     /* of the session; empty: nobody is logged in */
	struct session session; /* a copy, because it may end meanwhile */

	struct text login; /* of an attempt to log in, or of who changes the password; both are borrowed */
	struct text password;
	char password_hash[PASSWORD_HASH_MAX];
	struct addr *waits; /* its place among the page's logins or changes; NULL: it has none */
	bool is_known;
	uint8_t lot[VERIFIER_LOT_LEN]; /* of the login */

	struct keyform form;
	struct passform passform;
	char key[KEY_TEXT_LEN + 1];
	uint8_t key_digest[KEY_DIGEST_LEN];
	enum status act_status;
	struct profile profile;
	size_t looks_missing;
	struct look looks[2 * PROFILE_HOSTS_MAX];

	struct http_header headers[JOB_HEADERS_MAX + 1];
	size_t header_count;
	char cookies[JOB_COOKIES_MAX][JOB_COOKIE_TEXT_MAX];
	size_t cookie_count;
};

/* ---- page.c ---- */

/* An operand of the request; the empty text if it has none of that name. */
struct text job_operand(const struct job *job, const char *name);

/* Whether the form carries the token that belongs to the cookie. */
bool job_is_form_from_here(const struct job *job, struct text cookie);

/* Puts that token into the view, for the forms of the page. */
void job_show_token(struct job *job, struct text cookie);

/*
 * Counts a change by the form of the route. False when the user has sent it too often; the job is answered then. Each
 * form is counted by itself: who makes keys without end, in a session that is not theirs, keeps the owner neither from
 * revoking them nor from changing the password.
 */
bool job_may_change(struct job *job);

uint64_t job_now_ms(const struct job *job);

/* Who makes the request, for log lines. */
const char *job_source(const struct job *job, char buffer[static ADDR_TEXT_MAX]);

/* ---- login.c ---- */

/* Answers with the form to log in; an `error` that is empty is none. */
void login_show(struct job *job, int status, unsigned retry_after_s, const char *error);

/* What became of an attempt of job->login with a password, for the log. */
void login_log(const struct job *job, const char *event, const char *outcome);

/* The same for one that has failed, which may repeat. */
void login_log_failure(const struct job *job, const char *event, const char *outcome);

/* Has the verifier check the password against job->password_hash; job->login says how suspicious that is. */
void login_verify(struct job *job, struct text password, verified_fn *done);

/* Begins a session of job->login under job->password_hash, and sets its cookie. */
MUST_USE enum status login_begin_session(struct job *job);

/* Takes one of the places for the job, if one is free and its source has not too many; answer_*() gives it back. */
bool login_may_wait(struct job *job, struct addr *places, size_t count);

void login_begin(struct job *job);
void logout_begin(struct job *job);

/* ---- home.c ---- */

/* The profile if somebody is logged in, else the form to log in. */
void home_begin(struct job *job);
void home_show(struct job *job);

/*
 * On the worker: whether the user is still there, active, and has the password with which the session was begun; its
 * hash goes to job->password_hash. STATUS_NOT_FOUND: the session is over.
 */
MUST_USE enum status home_check_session(struct job *job, struct database *database);

/* Answers when the worker had no success; a session that is over ends. */
void home_fail(struct job *job, enum status status);

/* Has the worker act and read the profile; then the route's show() comes, unless the session has ended. */
void home_read(struct job *job);

/* Answers with the profile, under a status by job->act_status, once the primary has told the addresses of its hosts. */
void home_show_with_addresses(struct job *job);

/* ---- settings.c ---- */

void settings_show(struct job *job);

/* Puts into the view what settings are filled in with: the host if it is one of the profile, else the first one. */
void settings_fill_in(struct job *job, struct text host, struct text key);

/* ---- keys.c ---- */

void keys_begin(struct job *job);
enum status keys_add(struct job *job, struct database *database);
void keys_show_added(struct job *job);
enum status keys_revoke(struct job *job, struct database *database);
void keys_show_revoked(struct job *job);

/* ---- passwd.c ---- */

void passwd_begin(struct job *job);
enum status passwd_change(struct job *job, struct database *database);
void passwd_show(struct job *job);

/* ---- answer.c: each of those that take a job ends it ---- */

/* A template, and what the window is called that shows it. */
struct sheet {
	const char *template;
	const char *title;
};

extern const struct sheet sheet_login, sheet_profile, sheet_key, sheet_settings;

/* Sets a cookie with the answer; an empty value takes it away. Does not end the job. */
void answer_cookie(struct job *job, enum page_cookie cookie, const char *value);

/*
 * What a cookie is called. Over TLS it is one that nobody can set for us from a sibling of our name (RFC 6265bis
 * section 4.1.3.2): in a dynamic zone the siblings belong to customers.
 */
const char *cookie_name(bool over_tls, enum page_cookie cookie);

void answer_show(struct job *job, int status, unsigned retry_after_s, const struct sheet *sheet);
void answer_error(struct job *job, int status, unsigned retry_after_s, const char *text);
/* Something that passes is in the way. */
void answer_busy(struct job *job);
void answer_redirect(struct job *job, const char *location);

/* Without a job. */
void answer_plain(const struct page *page, struct http_exchange *exchange, int status, const char *text,
		  unsigned allow);
void answer_options(const struct page *page, struct http_exchange *exchange, unsigned allow);
void answer_see_home(const struct page *page, struct http_exchange *exchange);
/* Says whether the path, below PAGE_PATH, was that of a file that the browser loads for the page. */
bool answer_file(const struct page *page, struct http_exchange *exchange, struct text path);
/* Whether it would be. */
bool answer_has_file(struct text path);

#endif
