/*
 * directory: what options refer to each other by: the names of TSIG keys, zones and users that were read so far. Keys
 * are read first, then zones, then users, in whatever order they stand in the file. Private to the room.
 */
#ifndef CONFIG_DIRECTORY_H
#define CONFIG_DIRECTORY_H

#include <stdbool.h>

#include "base/names.h"
#include "tsig.h"
#include "update/grant.h"

/* A zeroed one is empty. */
struct directory {
	struct names keys;          /* to TSIG keys */
	struct names zones;         /* to zones */
	struct names logins;        /* to users */
	bool has_zone_without_name; /* which could not be read, and anything may lie in it */
	bool has_key_missing;       /* one that could not be read; zones that want it are not to blame */
};

void directory_fini(struct directory *directory);

/* The key of that name, in whatever case, with a dot at its end or without; NULL: there is none. */
const struct tsig_key *directory_find_key(const struct directory *directory, const char *name);

/* Whether hosts of the pattern may lie in a zone that is configured. */
bool directory_has_zone_of(const struct directory *directory, const struct host_pattern *pattern);

#endif
