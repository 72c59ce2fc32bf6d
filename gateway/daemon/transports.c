#include "daemon/transports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/transport_tls.h"

struct way {
	size_t like; /* the first zone with these settings: its own index, or an earlier one */
	struct transport_tls_trust *tls;
	struct transport_maker maker;
};

struct transports {
	const struct config *config;
	struct transport_maker tcp;
	size_t count;
	struct way ways[]; /* one for each zone */
};

static bool uses_tls(const struct config_zone *zone)
{
	return zone->tls_pin_count || zone->tls_ca;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_settings(const struct config_zone *a, const struct config_zone *b)
{
	return a->tls_pin_count == b->tls_pin_count &&
	       (a->tls_pin_count == 0 ||
		memcmp(a->tls_pins, b->tls_pins, a->tls_pin_count * sizeof *a->tls_pins) == 0) &&
	       same_text(a->tls_ca, b->tls_ca) && same_text(a->tls_name, b->tls_name);
}

static size_t first_like(const struct config *config, size_t zone)
{
	size_t first = 0;

	while (!same_settings(&config->zones[first], &config->zones[zone]))
		first++;
	return first;
}

static enum status make_way(struct transports *transports, size_t index, char *error, size_t error_size)
{
	const struct config_zone *zone = &transports->config->zones[index];
	struct transport_tls_options options = {
		.pins = zone->tls_pins, .pin_count = zone->tls_pin_count, .ca = zone->tls_ca, .name = zone->tls_name};
	struct way *way = &transports->ways[index];
	enum status status;

	way->like = first_like(transports->config, index);
	way->maker = transports->tcp;
	if (way->like != index || !uses_tls(zone))
		return STATUS_OK;
	status = transport_tls_new(&transports->tcp, &options, error, error_size, &way->tls);
	if (status == STATUS_OK)
		way->maker = transport_tls_maker(way->tls);
	return status;
}

enum status transports_new(uv_loop_t *loop, const struct config *config, char *error, size_t error_size,
			   struct transports **out)
{
	struct transports *transports = calloc(1, sizeof *transports + config->zone_count * sizeof transports->ways[0]);
	enum status status = STATUS_OK;

	snprintf(error, error_size, "%s", status_text(STATUS_NO_MEMORY));
	if (!transports)
		return STATUS_NO_MEMORY;
	transports->config = config;
	transports->tcp = (struct transport_maker){&transport_tcp, loop};
	for (; transports->count < config->zone_count && status == STATUS_OK; transports->count++)
		status = make_way(transports, transports->count, error, error_size);
	if (status == STATUS_OK)
		*out = transports;
	else
		transports_free(&transports);
	return status;
}

void transports_free(struct transports **transports_pointer)
{
	struct transports *transports = *transports_pointer;

	*transports_pointer = NULL;
	if (!transports)
		return;
	for (size_t i = 0; i < transports->count; i++)
		transport_tls_free(&transports->ways[i].tls);
	free(transports);
}

const struct transport_maker *transports_of(const struct transports *transports, size_t zone)
{
	return &transports->ways[transports->ways[zone].like].maker;
}
