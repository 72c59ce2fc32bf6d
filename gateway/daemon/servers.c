#include "daemon/servers.h"

#include <stdlib.h>

#include "base/log.h"
#include "daemon/descriptors.h"
#include "daemon/listeners.h"
#include "dialect/dialect.h"

enum {
	BACKSTOP_MS = 8000, /* beyond an update's deadline, when HTTP gives up; the account page may hash passwords */
	REQUEST_TIMEOUT_S = 60, /* for a request to arrive whole */
};

/* ---- What the configuration says of them ---- */

static struct http_options options_of_clients(const struct config *config, struct descriptors_share share)
{
	return (struct http_options){
		.idle_timeout_s = config->idle_timeout_s,
		.request_timeout_s = REQUEST_TIMEOUT_S,
		.exchange_timeout_ms = config->request_timeout_ms + BACKSTOP_MS,
		.max_connections = share.each,
		.max_connections_in_all = share.all,
		.max_connections_per_source = config->max_connections_per_source,
		.realm = "ddnsgate",
		.speaks_json = dialects_speak_json,
	};
}

static struct http_options options_of_administrators(const struct config *config)
{
	return (struct http_options){
		.idle_timeout_s = config->idle_timeout_s,
		.request_timeout_s = REQUEST_TIMEOUT_S,
		.exchange_timeout_ms = BACKSTOP_MS,
		.max_connections = ADMIN_CONNECTIONS_MAX,
		.realm = "ddnsgate",
	};
}

static struct admin_hosts admin_hosts(const struct config *config)
{
	return (struct admin_hosts){config->admin.addr, config->admin_names, config->admin_name_count};
}

/* ---- Listeners ---- */

static enum status configure_clients(struct servers *servers, const struct config *config, bool is_start,
				     size_t primaries)
{
	struct descriptors_share share = descriptors_allow(config, primaries);
	struct http_options options = options_of_clients(config, share);
	struct http_listen_options *listeners = NULL;
	char error[512] = "out of memory";
	size_t count = 0;
	enum status status = listeners_of(config, &listeners, &count);

	if (listeners && is_start)
		listeners_inherit(listeners, count);
	if (status == STATUS_OK)
		status = http_server_configure(servers->clients, &options, listeners, count, error, sizeof error);
	if (status == STATUS_OK) {
		servers->spare_connections->allowed = share.spare;
		listeners_log(listeners, count);
	} else {
		LOG(LOG_ERROR, "listen-failed", log_text("text", error));
	}
	free(listeners);
	return status;
}

/* One listener, or none. */
static enum status configure_administrators(struct http_server *server, const struct config *config)
{
	struct http_options options = options_of_administrators(config);
	struct http_listen_options listener = {.endpoint = config->admin, .v6_only = true};
	char text[ENDPOINT_TEXT_MAX], error[512] = "out of memory";
	enum status status = http_server_configure(server, &options, &listener, config->has_admin, error, sizeof error);

	if (status != STATUS_OK)
		LOG(LOG_ERROR, "listen-failed", log_text("text", error));
	else if (config->has_admin)
		LOG(LOG_INFO, "admin-listening", log_text("address", endpoint_format(&config->admin, text)));
	return status;
}

enum status servers_configure(struct servers *servers, const struct config *config, const struct config *before,
			      size_t primaries)
{
	enum status status = configure_administrators(servers->administrators, config);

	if (status != STATUS_OK)
		return status;
	status = configure_clients(servers, config, before == NULL, primaries);
	if (status != STATUS_OK && before && configure_administrators(servers->administrators, before) != STATUS_OK)
		LOG(LOG_ERROR, "admin-lost", log_text("text", "the admin listener could not be opened again"));
	return status;
}

void servers_bound(struct servers *servers, const struct config *config, size_t primaries)
{
	struct descriptors_share share = descriptors_allow(config, primaries);

	servers->spare_connections->allowed = share.spare;
	http_server_bound(servers->clients, share.each, share.all);
}

/* ---- Beginning, change, end ---- */

static enum status make_admin(struct servers *servers, const struct servers_parts *parts,
			      const struct generation *generation)
{
	struct admin_parts admin = {
		.sources = {.version = parts->version,
			    .started_s = env_wall_s(parts->env),
			    .requests = parts->requests,
			    .history = parts->history,
			    .http = http_server_stats(servers->clients),
			    .zones = generation->zones,
			    .zone_count = generation->config->zone_count,
			    .zones_max = generation->config->metrics_zones_max,
			    .turns = parts->turns,
			    .env = parts->env},
		.draining = parts->draining,
		.hosts = admin_hosts(generation->config),
		.answer = http_exchange_answer,
	};

	return admin_new(&admin, &servers->admin);
}

enum status servers_init(struct servers *servers, const struct servers_parts *parts,
			 const struct generation *generation)
{
	const struct config *config = generation->config;
	struct http_options clients = options_of_clients(config, (struct descriptors_share){1, 1, 0});
	struct http_options administrators = options_of_administrators(config);
	enum status status = http_server_new(parts->loop, &clients, &servers->clients);

	servers->spare_connections = parts->spare_connections;
	if (status == STATUS_OK)
		status = make_admin(servers, parts, generation);
	if (status == STATUS_OK)
		status = http_server_new(parts->loop, &administrators, &servers->administrators);
	if (status != STATUS_OK)
		return status;
	http_server_hand_to(servers->administrators, admin_handle, servers->admin);
	return STATUS_OK;
}

void servers_turn_to(struct servers *servers, struct generation *generation)
{
	struct admin_hosts hosts = admin_hosts(generation->config);

	generation_serve(generation, servers->clients);
	admin_set_zones(servers->admin, generation->zones, generation->config->zone_count,
			generation->config->metrics_zones_max);
	admin_set_hosts(servers->admin, &hosts);
}

void servers_fini(struct servers *servers)
{
	http_server_free(&servers->clients);
	http_server_free(&servers->administrators);
	admin_free(&servers->admin);
}
