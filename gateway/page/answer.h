/*
 * answer: from templates to answers. Private to the room; each of those that take a job ends it.
 */
#ifndef PAGE_ANSWER_H
#define PAGE_ANSWER_H

#include "page/job.h"

/* A template, and what the window is called that shows it. */
struct sheet {
	const char *template;
	const char *title;
};

extern const struct sheet sheet_login, sheet_profile, sheet_key, sheet_settings;

/* Sets a cookie with the answer; an empty value takes it away. Does not end the job. */
void answer_cookie(struct page_job *job, enum page_cookie cookie, const char *value);

/*
 * What a cookie is called. Over TLS it is one that nobody can set for us from a sibling of our name (RFC 6265bis
 * section 4.1.3.2): in a dynamic zone the siblings belong to customers.
 */
const char *cookie_name(bool over_tls, enum page_cookie cookie);

void answer_show(struct page_job *job, int status, unsigned retry_after_s, const struct sheet *sheet);
void answer_error(struct page_job *job, int status, unsigned retry_after_s, const char *text);
/* Something that passes is in the way. */
void answer_busy(struct page_job *job);
void answer_redirect(struct page_job *job, const char *location);

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
