/*
 * state_folder: a folder for a state file, for one test.
 */
#ifndef UNIT_STATE_FOLDER_H
#define UNIT_STATE_FOLDER_H

#include "store/database.h"

/* A new folder under TMPDIR; the text is kept until the next call. */
const char *state_folder_new(void);

/* Removes it with the state file in it. */
void state_folder_remove(const char *folder);

/* Opens the state file there, or fails the test. */
struct database *state_folder_open(const char *folder);

/* Adds accounts with all that they hold, in one transaction. */
void state_folder_add(struct database *database, const struct account *accounts, size_t count);

#endif
