#include "daemon/descriptors.h"

#include <limits.h>

#include "base/log.h"
#include "base/process.h"

enum {
	PROCESS = 32,      /* standard streams, log, loop, engines, files that are read, closing connections */
	STATE = 24,        /* three files, each opened for reading and for writing, for several generations */
	NAMES = 16,        /* look-ups of names, each on a thread of its own: files and sockets of the resolver */
	SPARE_PART = 8,    /* clients get that many times as much, where there is not enough */
	EACH_LISTENER = 2, /* its socket, and in a reload that of its successor */
};

static uint64_t reserved(const struct descriptors_need *need)
{
	/* If a name has several addresses, two may be tried at the same time (dns/transport_tcp.c). */
	uint64_t tries = need->primaries * (need->has_names ? (uint64_t)2 : 1);

	return PROCESS + EACH_LISTENER * (uint64_t)need->listeners + tries + (need->has_state ? STATE : 0) +
	       (need->has_names ? NAMES : 0) + (need->has_admin ? ADMIN_CONNECTIONS_MAX : 0);
}

static uint64_t spare_wanted(const struct descriptors_need *need)
{
	uint64_t wanted = need->connections_max > 1 ? need->primaries * (uint64_t)(need->connections_max - 1) : 0;

	return wanted < SPARE_CONNECTIONS_MAX ? wanted : SPARE_CONNECTIONS_MAX;
}

uint64_t descriptors_wanted(const struct descriptors_need *need)
{
	return reserved(need) + spare_wanted(need) + (uint64_t)need->connections * need->listeners;
}

struct descriptors_share descriptors_share(const struct descriptors_need *need, uint64_t allowed)
{
	uint64_t aside = reserved(need), spare = spare_wanted(need), listeners = need->listeners ? need->listeners : 1;
	uint64_t left = allowed > aside + listeners ? allowed - aside : listeners, all;

	if (allowed < descriptors_wanted(need) && spare > left / SPARE_PART)
		spare = left / SPARE_PART;
	all = left - spare;

	if (all > need->connections * listeners)
		all = need->connections * listeners;
	if (all > UINT_MAX)
		all = UINT_MAX;
	return (struct descriptors_share){(unsigned)(all / listeners), (unsigned)all, (unsigned)spare};
}

static bool looks_up_names(const struct config *config)
{
	for (size_t i = 0; i < config->zone_count; i++) {
		for (size_t j = 0; j < config->zones[i].primary_count; j++) {
			if (config->zones[i].primaries[j].host.len)
				return true;
		}
	}
	return false;
}

struct descriptors_share descriptors_allow(const struct config *config, size_t primaries)
{
	struct descriptors_need need = {
		.listeners = config->listener_count,
		.connections = config->max_connections,
		.primaries = primaries,
		.connections_max = config->connections_max,
		.has_admin = config->has_admin,
		.has_state = config->state_dir != NULL,
		.has_names = looks_up_names(config),
	};
	uint64_t wanted = descriptors_wanted(&need), allowed = process_allow_files(wanted);
	struct descriptors_share share = descriptors_share(&need, allowed);

	if (allowed < wanted)
		LOG(LOG_WARNING, "few-descriptors", log_number("allowed", (int64_t)allowed),
		    log_number("wanted", (int64_t)wanted), log_number("connections", (int64_t)share.all),
		    log_text("text", "there will be fewer connections of clients, so that primaries get theirs; raise "
				     "the limit of open files, or lower max_connections"));
	return share;
}
