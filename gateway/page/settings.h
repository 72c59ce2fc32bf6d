/*
 * settings: what to put into routers and programs.
 * Private to the room. What takes a job has it from then on, unless it says otherwise.
 */
#ifndef PAGE_SETTINGS_H
#define PAGE_SETTINGS_H

#include "page/job.h"

void settings_show(struct page_job *job);

/* Puts into the view what settings are filled in with: the host if it is one of the profile, else the first one. */
void settings_fill_in(struct page_job *job, struct text host, struct text key);

#endif
