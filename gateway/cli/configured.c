#include "cli/configured.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/database.h"

enum {
	PATIENCE_MS = 5000,
	/*
	 * How many names of users of the store are kept: at most and at least for one zone, and for all zones together.
	 */
	NAMES_MAX = 1000,
	NAMES_MIN = 16,
	NAMES_OF_ALL = 200000,
};

static enum status add_user(struct rights *rights, const struct account *user)
{
	const struct host_list *hosts = user->hosts.list;
	enum status status = STATUS_OK;
	struct host_pattern pattern;

	for (size_t i = 0; i < host_list_count(hosts) && status == STATUS_OK; i++) {
		host_list_get(hosts, i, &pattern);
		status = rights_add(rights, &pattern, user->may_set_txt);
	}
	return status;
}

static size_t bound_of(const struct config *config)
{
	size_t bound = NAMES_OF_ALL / (config->zone_count + 1);

	return bound < NAMES_MIN ? NAMES_MIN : bound > NAMES_MAX ? NAMES_MAX : bound;
}

/* ---- The state store ---- */

/* What was written to the file was checked then; a line that cannot be read any more grants nothing. */
static enum status on_grant(void *ctx, const struct database_grant *grant)
{
	struct rights *rights = ctx;
	struct text lines = grant->hosts, line;
	enum status status = STATUS_OK;
	struct host_pattern pattern;

	while (status == STATUS_OK && text_split(lines, '\n', &line, &lines)) {
		if (host_pattern_parse(line, &pattern) != STATUS_OK)
			continue;
		pattern.may_create = grant->may_create;
		status = rights_add(rights, &pattern, grant->may_set_txt);
	}
	return status;
}

/* A store that does not exist yet has no users. */
static enum status add_store(const struct config *config, struct configured *out)
{
	char error[DATABASE_ERROR_MAX];
	struct database *database = NULL;
	enum status status = database_open_to_read(config->state_dir, PATIENCE_MS, &database, error);

	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status == STATUS_OK) {
		rights_set_bound(out->rights, bound_of(config));
		status = database_grants(database, on_grant, out->rights);
		rights_set_bound(out->rights, 0);
		snprintf(error, sizeof error, "%s", database_error(database));
	}
	database_free(&database);
	if (status == STATUS_OK || status == STATUS_NO_MEMORY)
		return status;
	out->store_unread = true;
	snprintf(out->why, sizeof out->why, "%s", error);
	return STATUS_OK;
}

/* ---- All users ---- */

enum status configured_rights(const struct config *config, struct configured *out)
{
	const struct name **zones = calloc(config->zone_count + 1, sizeof(*zones));
	enum status status;

	*out = (struct configured){0};
	if (!zones)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < config->zone_count; i++)
		zones[i] = &config->zones[i].name;
	status = rights_new(zones, config->zone_count, &out->rights);
	for (size_t i = 0; i < config->user_count && status == STATUS_OK; i++)
		status = add_user(out->rights, &config->users[i]);
	if (status == STATUS_OK && config->state_dir)
		status = add_store(config, out);
	free(zones);
	if (status != STATUS_OK)
		rights_free(&out->rights);
	else
		rights_settle(out->rights);
	return status;
}

struct rights_zone configured_zone(const struct config *config, const struct rights *rights, size_t n)
{
	struct rights_zone zone = {
		.name = &config->zones[n].name, .key = config->zones[n].key, .is_sample = rights_are_sample(rights, n)};

	zone.rights = rights_of(rights, n, &zone.right_count);
	zone.hosts = rights_hosts(rights, n, &zone.host_count);
	return zone;
}
