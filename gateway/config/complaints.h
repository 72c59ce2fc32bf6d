/*
 * complaints: what config_load() says about a configuration. It is kept until it is known where to say it: in the log
 * that the configuration itself names, if it is good enough to be used, else on standard error.
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
	bool no_memory; /* for the configuration, or for keeping a complaint */
};

/*
 * Loads the configuration; NULL on errors. `path` is borrowed. The complaints have to be passed to one of the functions
 * below, on any thread.
 */
struct config *complaints_load(const char *path, struct complaints *out);

/* Logs them, as events `configuration`, and forgets them. If there are very many, only the first ones are logged. */
void complaints_log(struct complaints *complaints);

/* Prints them to standard error, as FILE:LINE: text, and forgets them. */
void complaints_print(struct complaints *complaints);

#endif
