#include "daemon/transports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/table.h"
#include "dns/transport_tls.h"

/* Where zones with the same settings go. */
struct way {
	struct table_node by_settings;
	SLIST_ENTRY(way) link;
	const struct config_zone *zone; /* the first one */
	struct transport_tls_trust *tls;
	struct transport_maker maker;
};

struct transports {
	struct transport_maker tcp;
	struct table by_settings;
	SLIST_HEAD(, way) ways;
	size_t count;
	struct way *of_zones[];
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

static uint64_t hash_of_settings(const struct config_zone *zone)
{
	struct text pins = {(const char *)zone->tls_pins, zone->tls_pin_count * sizeof *zone->tls_pins};
	uint64_t hash = table_hash(0, pins);

	hash = table_hash(hash, text_of(zone->tls_ca ? zone->tls_ca : ""));
	return table_hash(hash, text_of(zone->tls_name ? zone->tls_name : ""));
}

static struct way *find_way(const struct transports *transports, const struct config_zone *zone, uint64_t hash)
{
	struct table_node *node = table_find(&transports->by_settings, hash);

	while (node && !same_settings(TABLE_OWNER(node, struct way, by_settings)->zone, zone))
		node = table_find_next(node);
	return node ? TABLE_OWNER(node, struct way, by_settings) : NULL;
}

static enum status make_way(const struct transports *transports, const struct config_zone *zone, char *error,
			    size_t error_size, struct way **out)
{
	struct transport_tls_options options = {
		.pins = zone->tls_pins, .pin_count = zone->tls_pin_count, .ca = zone->tls_ca, .name = zone->tls_name};
	struct way *way = calloc(1, sizeof *way);
	enum status status = STATUS_OK;

	if (!way)
		return STATUS_NO_MEMORY;
	way->zone = zone;
	way->maker = transports->tcp;
	if (uses_tls(zone))
		status = transport_tls_new(&transports->tcp, &options, error, error_size, &way->tls);
	if (status != STATUS_OK) {
		free(way);
		return status;
	}
	if (way->tls)
		way->maker = transport_tls_maker(way->tls);
	*out = way;
	return STATUS_OK;
}

static enum status note_way(struct transports *transports, const struct config_zone *zone, char *error,
			    size_t error_size)
{
	uint64_t hash = hash_of_settings(zone);
	struct way *way = find_way(transports, zone, hash);
	enum status status = way ? STATUS_OK : make_way(transports, zone, error, error_size, &way);

	if (status != STATUS_OK)
		return status;
	if (way->zone == zone) {
		table_add(&transports->by_settings, &way->by_settings, hash);
		SLIST_INSERT_HEAD(&transports->ways, way, link);
	}
	transports->of_zones[transports->count++] = way;
	return STATUS_OK;
}

enum status transports_new(uv_loop_t *loop, const struct config *config, char *error, size_t error_size,
			   struct transports **out)
{
	struct transports *transports =
		calloc(1, sizeof *transports + config->zone_count * sizeof transports->of_zones[0]);
	enum status status;

	snprintf(error, error_size, "%s", status_text(STATUS_NO_MEMORY));
	if (!transports)
		return STATUS_NO_MEMORY;
	transports->tcp = (struct transport_maker){&transport_tcp, loop};
	status = table_init(&transports->by_settings);
	for (size_t i = 0; i < config->zone_count && status == STATUS_OK; i++)
		status = note_way(transports, &config->zones[i], error, error_size);
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
	while (!SLIST_EMPTY(&transports->ways)) {
		struct way *way = SLIST_FIRST(&transports->ways);

		SLIST_REMOVE_HEAD(&transports->ways, link);
		transport_tls_free(&way->tls);
		free(way);
	}
	table_fini(&transports->by_settings);
	free(transports);
}

const struct transport_maker *transports_of(const struct transports *transports, size_t zone)
{
	return &transports->of_zones[zone]->maker;
}
