/*
 * keys: making and revoking keys.
 * Private to the room. What takes a job has it from then on, unless it says otherwise.
 */
#ifndef PAGE_KEYS_H
#define PAGE_KEYS_H

#include "page/job.h"

void keys_begin(struct page_job *job);
enum status keys_add(struct page_job *job, struct database *database);
void keys_show_added(struct page_job *job);
enum status keys_revoke(struct page_job *job, struct database *database);
void keys_show_revoked(struct page_job *job);

#endif
