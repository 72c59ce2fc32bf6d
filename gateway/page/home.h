/*
 * home: the profile, what the store and the primary know.
 * Private to the room. What takes a job has it from then on, unless it says otherwise.
 */
#ifndef PAGE_HOME_H
#define PAGE_HOME_H

#include "page/job.h"

/* The profile if somebody is logged in, else the form to log in. */
void home_begin(struct page_job *job);
void home_show(struct page_job *job);

/*
 * On the worker: whether the user is still there, active, and has the password with which the session was begun; its
 * hash goes to job->password_hash. STATUS_NOT_FOUND: the session is over.
 */
MUST_USE enum status home_check_session(struct page_job *job, struct database *database);

/* Answers when the worker had no success; a session that is over ends. */
void home_fail(struct page_job *job, enum status status);

/* Has the worker act and read the profile; then the route's show() comes, unless the session has ended. */
void home_read(struct page_job *job);

/* Answers with the profile, under a status by job->act_status, once the primary has told the addresses of its hosts. */
void home_show_with_addresses(struct page_job *job);

#endif
