/*
 * profile: what the state store knows of a user, as the page shows it. Reads the disk, so it runs on a worker.
 */
#ifndef PAGE_PROFILE_H
#define PAGE_PROFILE_H

#include <stdint.h>

#include "base/name.h"
#include "base/status.h"
#include "page/view.h"
#include "store/database.h"

enum {
	PROFILE_HOSTS_MAX = 20,  /* that are shown, of each sort; that there are more is said */
	PROFILE_EVENTS_MAX = 10, /* of the history of each, the newest */
};

struct profile_host {
	struct name name;
	struct view *view; /* its item `host`, part of the profile's view */
};

/* Begins with `view` and `now_s` set and the rest zeroed. */
struct profile {
	struct view *view; /* is added to: `host`, `pattern`, `key` and what stands in their templates; borrowed */
	uint64_t now_s;
	size_t host_count;
	struct profile_host hosts[PROFILE_HOSTS_MAX]; /* by name, then those that only the history has */
	size_t pattern_count;
	size_t hidden; /* hosts and patterns that have no place in it */
};

/* Reads all of it. STATUS_NOT_FOUND for an unknown login, STATUS_IO, STATUS_NO_MEMORY. */
MUST_USE enum status profile_read(struct profile *profile, struct database *database, struct text login);

#endif
