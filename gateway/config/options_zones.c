/*
 * Options of a zone.
 */
#include "config/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PORT_TO_COME = 0 }; /* the port of a primary until the whole zone was read */

static void take_zone_name(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config_zone *zone = into;

	if (name_parse_zone(text_of(text), &zone->name) != STATUS_OK)
		reader_error(reader, at, "\"%s\" is not a domain name", text);
}

static void take_primary(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct peer peer, *added;

	(void)into;
	if (peer_parse(text_of(text), PORT_TO_COME, &peer) != STATUS_OK) {
		reader_refuse_address(
			reader, at, text,
			"an address or a host name with an optional port: 192.0.2.53, [2001:db8::53]:5353, ns1.example.com:5353");
		return;
	}
	if (endpoint_lacks_scope(&peer.endpoint)) {
		reader_error(reader, at, "\"%s\" is a link-local address, which needs its interface: %s%%eth0", text,
			     text);
		return;
	}
	added = reader_append(reader, &reader->primaries, &reader->primary_count, sizeof peer);
	if (added)
		*added = peer;
}

static void take_tls_pin(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct pin pin, *added;

	(void)into;
	if (pin_parse(text_of(text), &pin) != STATUS_OK) {
		reader_error(reader, at, "\"%s\" is not \"sha256:\" and 64 hexadecimal digits", text);
		return;
	}
	added = reader_append(reader, &reader->tls_pins, &reader->tls_pin_count, sizeof pin);
	if (added)
		*added = pin;
}

static void take_zone_key(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	(void)at;
	((struct config_zone *)into)->key_name = reader_share_string(reader, text);
}

static void take_tls_ca(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config_zone *zone = into;
	char *path = strcmp(text, "system") == 0 ? strdup(text) : reader_beside(reader, text);

	if (!path)
		reader->no_memory = true;
	else if (strcmp(text, "system") != 0 && access(path, R_OK) != 0)
		reader_error(reader, at, "cannot read the certificates in %s: %s", path, strerror(errno));
	else
		zone->tls_ca = reader_share_string(reader, path);
	free(path);
}

static void take_tls_name(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config_zone *zone = into;
	struct name name;
	struct addr addr;

	if (name_parse(text_of(text), &name) != STATUS_OK && addr_parse(text_of(text), &addr) != STATUS_OK)
		reader_error(reader, at, "\"%s\" is neither a host name nor an IP address", text);
	zone->tls_name = reader_share_string(reader, text);
}

/* The primaries and pins that were read become those of the zone, which likely has them in common with others. */
static void share_lists(struct reader *reader, struct config_zone *zone)
{
	zone->primaries = reader_share(reader, reader->primaries, reader->primary_count * sizeof *reader->primaries);
	zone->primary_count = zone->primaries ? reader->primary_count : 0;
	if (reader->tls_pin_count)
		zone->tls_pins =
			reader_share(reader, reader->tls_pins, reader->tls_pin_count * sizeof *reader->tls_pins);
	zone->tls_pin_count = zone->tls_pins ? reader->tls_pin_count : 0;
}

static void finish_zone(struct reader *reader, const config_setting_t *at, void *into)
{
	struct config_zone *zone = into;
	bool tls = zone->tls_ca || config_setting_get_member(at, "tls_pins");

	if (zone->tls_name && !zone->tls_ca)
		reader_error(reader, config_setting_get_member(at, "tls_name"),
			     "`tls_name` is the name in a certificate, which only `tls_ca` makes good");
	for (size_t i = 0; i < reader->primary_count; i++) {
		if (reader->primaries[i].endpoint.port == PORT_TO_COME)
			reader->primaries[i].endpoint.port = tls ? 853 : 53;
	}
	share_lists(reader, zone);
	reader->primary_count = reader->tls_pin_count = 0;
}

static void refer_to_zone(struct reader *reader, const config_setting_t *at, void *into)
{
	struct config_zone *zone = into;
	struct directory *directory = &reader->directory;
	bool all_keys_there = directory->keys.count && !directory->has_key_missing;

	zone->key = zone->key_name ? directory_find_key(directory, zone->key_name) : NULL;
	if (zone->key_name && !zone->key && all_keys_there)
		reader_error(reader, config_setting_get_member(at, "key"),
			     "zone %s: there is no TSIG key \"%s\" in `tsig_keys`", zone->name.text, zone->key_name);
	if (zone->name.len == 0)
		directory->has_zone_without_name = true;
	else if (!reader_add_name(reader, &directory->zones, name_text(&zone->name), zone))
		reader_error(reader, at, "zone %s is there twice", zone->name.text);
}

static const struct option zone_options[] = {
	{.name = "name",
	 .type = OPTION_TEXT,
	 .required = true,
	 .take = take_zone_name,
	 .help = "the zone's domain name"},
	{.name = "primaries",
	 .type = OPTION_TEXTS,
	 .required = true,
	 .take = take_primary,
	 .help = "the zone's primary servers by address or name, in the order in which they are tried; port 53 unless one is given, with TLS 853"},
	{.name = "key",
	 .type = OPTION_TEXT,
	 .required = true,
	 .take = take_zone_key,
	 .help = "the name of the TSIG key that signs updates of this zone"},
	{.name = "ttl",
	 .type = OPTION_NUMBER,
	 FIELD(config_zone, ttl_s),
	 .fallback = 180,
	 .min = 0,
	 .max = 604800,
	 .help = "the TTL in seconds of the records that are written"},
	{.name = "commit_pause_ms",
	 .type = OPTION_NUMBER,
	 FIELD(config_zone, commit_pause_ms),
	 .fallback = 0,
	 .min = 0,
	 .max = 100,
	 .help = "how long its primary pauses after each transaction, so that updates gather meanwhile: 12 for Knot, 0 for BIND"},
	{.name = "active",
	 .type = OPTION_BOOL,
	 FIELD(config_zone, active),
	 .fallback = true,
	 .help = "false: updates of the zone are answered with IA_ACCT"},
	{.name = "tls_pins",
	 .type = OPTION_TEXTS,
	 .take = take_tls_pin,
	 .help = "TLS to the primaries, which are known by these public keys: \"sha256:\" and the SHA-256 of one in hexadecimal"},
	{.name = "tls_ca",
	 .type = OPTION_TEXT,
	 .take = take_tls_ca,
	 .help = "TLS to the primaries, whose certificates these authorities have signed: a file (PEM) beside the configuration, or \"system\""},
	{.name = "tls_name",
	 .type = OPTION_TEXT,
	 .take = take_tls_name,
	 .help = "the name or address in their certificate; that of the primary unless given"},
	{.name = NULL},
};

const struct option_group options_zones = {
	.name = "zones",
	.options = zone_options,
	.size = sizeof(struct config_zone),
	.finish = finish_zone,
	.refer = refer_to_zone,
};
