/*
 * passwd: changing the login password.
 * Private to the room. What takes a job has it from then on, unless it says otherwise.
 */
#ifndef PAGE_PASSWD_H
#define PAGE_PASSWD_H

#include "page/job.h"

void passwd_begin(struct page_job *job);
enum status passwd_change(struct page_job *job, struct database *database);
void passwd_show(struct page_job *job);

#endif
