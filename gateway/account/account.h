/*
 * account: one user as a store knows them.
 */
#ifndef ACCOUNT_ACCOUNT_H
#define ACCOUNT_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "account/grant.h"
#include "account/key.h"

struct account {
	char *login; /* case-sensitive, any octets but NUL */
	bool active;
	bool may_update;
	bool may_set_txt;
	bool may_create; /* in the configuration: each of its patterns has it */
	bool has_key;
	struct key key; /* valid if has_key */
	struct host_pattern *patterns;
	size_t pattern_count;
};

#endif
