/*
 * job: a request for the account page on its way. Private to the room, whose files call downwards only:
 *
 *   page       routes; may the request be served, and does its form come from here
 *   passwd     changing the login password
 *   keys       making and revoking keys
 *   home       the profile: what the store and the primary know
 *   settings   what to put into routers and programs
 *   login      logging in and out
 *   job        what all of them ask of a request
 *   answer     from templates to answers
 *
 * A job has one owner at a time, and its end is always an answer_*().
 */
#ifndef PAGE_JOB_H
#define PAGE_JOB_H

#include "account/key.h"
#include "account/password.h"
#include "base/rr.h"
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
	/* Logins, and changes of a password, that wait to be checked: fewer than jobs, so that others can see pages. */
	LOGINS_MAX = 32,
	CHANGES_MAX = 16,
	/* Of each, from one source: it can neither keep all others out, nor guess much before it is locked. */
	WAITING_OF_A_SOURCE_MAX = 4,
};

struct page {
	struct page_parts parts;
	size_t jobs; /* under way */
	/* Where those come from that wait for a password to be checked; ADDR_NONE: free. */
	struct addr logins[LOGINS_MAX]; /* which anybody can make */
	struct addr changes[CHANGES_MAX];
};

struct page_job;

struct page_route {
	const char *path; /* below PAGE_PATH */
	unsigned methods;
	bool for_users; /* only with a session; forms also only with the token of one of its pages */
	bool counts;    /* only if job_may_change(), whatever comes of it */
	void (*begin)(struct page_job *job);
	/* On the worker, before the profile is read. NULL: nothing. */
	enum status (*act)(struct page_job *job, struct database *database);
	/* The profile is there, and job->act_status tells of act(). */
	void (*show)(struct page_job *job);
};

/* Somebody waits for the addresses of a host. */
struct page_look {
	struct page_job *job;
	struct view *view;
	enum rr_type type;
};

/* A request on its way. The request lives until the exchange is answered. */
struct page_job {
	struct page *page;
	struct http_exchange *exchange;
	const struct http_request *request;
	const struct page_route *route;
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
	struct page_look looks[2 * PROFILE_HOSTS_MAX];

	struct http_header headers[JOB_HEADERS_MAX + 1];
	size_t header_count;
	char cookies[JOB_COOKIES_MAX][JOB_COOKIE_TEXT_MAX];
	size_t cookie_count;
};

/* An operand of the request; the empty text if it has none of that name. */
struct text job_operand(const struct page_job *job, const char *name);

/* Whether the form carries the token that belongs to the cookie. */
bool job_is_form_from_here(const struct page_job *job, struct text cookie);

/* Puts that token into the view, for the forms of the page. */
void job_show_token(struct page_job *job, struct text cookie);

/*
 * Counts a change by the form of the route. False when the user has sent it too often; the job is answered then. Each
 * form is counted by itself: who makes keys without end, in a session that is not theirs, keeps the owner neither from
 * revoking them nor from changing the password.
 */
bool job_may_change(struct page_job *job);

uint64_t job_now_ms(const struct page_job *job);

/* Who makes the request, for log lines. */
const char *job_source(const struct page_job *job, char buffer[static ADDR_TEXT_MAX]);

#endif
