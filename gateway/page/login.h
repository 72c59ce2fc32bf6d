/*
 * login: logging in and out.
 * Private to the room. What takes a job has it from then on, unless it says otherwise.
 */
#ifndef PAGE_LOGIN_H
#define PAGE_LOGIN_H

#include "page/job.h"

/* Answers with the form to log in; an `error` that is empty is none. */
void login_show(struct page_job *job, int status, unsigned retry_after_s, const char *error);

/* What became of an attempt of job->login with a password, for the log. */
void login_log(const struct page_job *job, const char *event, const char *outcome);

/* The same for one that has failed, which may repeat. */
void login_log_failure(const struct page_job *job, const char *event, const char *outcome);

/* Seconds that job->login, whose password was read, has to wait at this source; 0 if it may try. */
unsigned login_wait_s(const struct page_job *job);
/* Counts a failed attempt, as throttle_failed() does. */
unsigned login_failed(const struct page_job *job);

/* Has the verifier check the password against job->password_hash; job->login says how suspicious that is. */
void login_verify(struct page_job *job, struct text password, verified_fn *done);

/* Begins a session of job->login under job->password_hash, and sets its cookie. */
MUST_USE enum status login_begin_session(struct page_job *job);

/* Takes one of the places for the job, if one is free and its source has not too many; answer_*() gives it back. */
bool login_may_wait(struct page_job *job, struct addr *places, size_t count);

void login_begin(struct page_job *job);
void logout_begin(struct page_job *job);

#endif
