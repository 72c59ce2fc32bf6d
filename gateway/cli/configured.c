#include "cli/configured.h"

#include <stdlib.h>

static enum status add_user(struct rights *rights, const struct account *user)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < user->pattern_count && status == STATUS_OK; i++)
		status = rights_add(rights, &user->patterns[i], user->may_set_txt);
	return status;
}

enum status configured_rights(const struct config *config, struct rights **out)
{
	const struct name **zones = calloc(config->zone_count, sizeof(*zones));
	struct rights *rights = NULL;
	enum status status;

	if (!zones)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < config->zone_count; i++)
		zones[i] = &config->zones[i].name;
	status = rights_new(zones, config->zone_count, &rights);
	for (size_t i = 0; i < config->user_count && status == STATUS_OK; i++)
		status = add_user(rights, &config->users[i]);
	free(zones);
	if (status != STATUS_OK) {
		rights_free(&rights);
		return status;
	}
	rights_settle(rights);
	*out = rights;
	return STATUS_OK;
}

struct rights_zone configured_zone(const struct config *config, const struct rights *rights, size_t n)
{
	struct rights_zone zone = {.name = &config->zones[n].name, .key = config->zones[n].key};

	zone.rights = rights_of(rights, n, &zone.right_count);
	return zone;
}
