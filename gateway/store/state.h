/*
 * state: the daemon's side of the state file (database.h): all that is written to it, and whatever else would block,
 * off the loop, on one worker at a time.
 *
 * History is gathered and written in batches, out of the way of the updates that it tells of: when it comes faster than
 * it is written, or the disk is full or broken, what does not fit is dropped and counted, the log says so, and updates
 * go on. A file that could not
 * be opened is tried again. A record that fails by itself is dropped, so that it holds up no other, and
 * the log says so.
 */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include <stddef.h>

#include "account/record.h"
#include "base/env.h"
#include "base/status.h"
#include "store/database.h"

struct state;

/* Does a job's work with the database, on a worker. What it returns goes to state_done_fn. */
typedef enum status state_work_fn(void *job, struct database *database);

/*
 * From the loop. STATUS_IO also if the database could not be opened; STATUS_FULL if those before it took so long that
 * work() was not called.
 */
typedef void state_done_fn(void *job, enum status status);

/*
 * `folder` is copied; the env is borrowed, and so is `stats`, which is counted up, by other states as well. Does not
 * touch the disk.
 */
MUST_USE enum status state_new(const struct env *env, const char *folder, struct record_stats *stats,
			       struct state **out);

/*
 * One more holder: a generation that goes on with the folder of the one before. To open the file anew would keep a
 * descriptor each time: SQLite postpones closing while another connection of the process has locks (POSIX takes all of
 * a process away when one descriptor of the file is closed). Each holder calls state_free().
 */
struct state *state_hold(struct state *state);

/*
 * The last of the holders has this done: what was recorded is written, jobs that wait are done, and then it is freed,
 * on the loop, which has to run until then. state_done_fn comes for every job, also after this. Sets *state to NULL;
 * *state == NULL is allowed.
 */
void state_free(struct state **state);

/* Takes a record (copied) for the history. */
void state_record(struct state *state, const struct record *record);

/*
 * Has work(job, database) called on a worker, then done(job, status) from the loop, never from within this call. Jobs
 * are done one after the other in their order. STATUS_FULL when too many wait: neither is called.
 */
MUST_USE enum status state_do(struct state *state, state_work_fn *work, state_done_fn *done, void *job);

#endif
