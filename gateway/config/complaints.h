/*
 * complaints: what config_load() tells of a configuration, kept until it is known where to say it: in the log that this
 * configuration wants, if it is good enough to be taken, else on standard error.
 */
#ifndef CONFIG_COMPLAINTS_H
#define CONFIG_COMPLAINTS_H

#include <stdbool.h>
#include <sys/queue.h>

#include "config/config.h"

struct complaint;

struct complaints {
	const char *path;
	STAILQ_HEAD(, complaint) list;
	bool no_memory; /* for the configuration, or for one of them */
};

/*
 * Loads the configuration; NULL on errors. `path` is borrowed. The complaints are to be given to one of the verbs
 * below, on whichever thread.
 */
struct config *complaints_load(const char *path, struct complaints *out);

/* Logs them, as events `configuration`, and forgets them. Of very many only the first ones. */
void complaints_log(struct complaints *complaints);

/* Prints them to standard error, as FILE:LINE: text, and forgets them. */
void complaints_print(struct complaints *complaints);

#endif
