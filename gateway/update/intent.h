/*
 * intent: what a client asked for, as its dialect understood it and before anything is checked. Everything in it is
 * borrowed from the request.
 */
#ifndef UPDATE_INTENT_H
#define UPDATE_INTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum {
	INTENT_HOSTS_MAX = 20,
	INTENT_READINGS_MAX = 2,
};

struct credentials {
	struct text login;
	struct text key;
};

struct intent {
	enum {
		INTENT_UPDATE,
		INTENT_SHOW_ADDRESS, /* the client wants to know the address it comes from */
	} kind;
	/*
	 * How the credentials may be read (see http_param); they are tried in this order until one is granted. At
	 * least one.
	 */
	struct credentials readings[INTENT_READINGS_MAX];
	size_t reading_count;
	/* Hosts as they were written. */
	struct text hosts[INTENT_HOSTS_MAX];
	size_t host_count;
	/*
	 * Addresses as they were written; empty means the source address. One address, or one of each family
	 * separated by a comma.
	 */
	struct text addresses;
};

#endif
