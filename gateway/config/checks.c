#include "config/checks.h"

#include <string.h>

#include "config/names.h"

static const config_setting_t *element(const config_t *file, const char *list, size_t index)
{
	return config_setting_get_elem(config_lookup(file, list), (unsigned)index);
}

/* The names that options refer to each other by. */
struct directory {
	struct names keys;          /* to TSIG keys */
	struct names zones;         /* to zones */
	struct names logins;        /* to users */
	bool has_zone_without_name; /* which could not be read, and anything may lie in it */
	bool has_key_missing;       /* one that could not be read; zones that want it are not to blame */
};

/* As tsig_key_name() has it: in lower case, without a dot at the end. */
static const struct tsig_key *find_key(const struct directory *directory, const char *wanted)
{
	char name[TSIG_NAME_TEXT_SIZE];
	size_t len = strlen(wanted);

	if (len && wanted[len - 1] == '.')
		len--;
	if (len >= sizeof name)
		return NULL;
	for (size_t i = 0; i < len; i++)
		name[i] = (char)(wanted[i] >= 'A' && wanted[i] <= 'Z' ? wanted[i] + 'a' - 'A' : wanted[i]);
	return names_find(&directory->keys, (struct text){name, len});
}

static void check_tsig(struct reader *reader, const config_t *file, const struct config *config,
		       struct directory *directory)
{
	for (size_t i = 0; i < config->tsig_count; i++) {
		directory->has_key_missing |= config->tsig[i].key_count == 0;
		for (size_t k = 0; k < config->tsig[i].key_count; k++) {
			const struct tsig_key *key = config->tsig[i].keys[k];

			if (!names_add(&directory->keys, text_of(tsig_key_name(key)), key))
				reader_error(reader, element(file, "tsig_keys", i), "TSIG key \"%s\" is there twice",
					     tsig_key_name(key));
		}
	}
}

static void check_zones(struct reader *reader, const config_t *file, struct config *config, struct directory *directory)
{
	bool all_keys_there = config->tsig_count > 0 && !directory->has_key_missing;

	for (size_t i = 0; i < config->zone_count; i++) {
		struct config_zone *zone = &config->zones[i];

		zone->key = zone->key_name ? find_key(directory, zone->key_name) : NULL;
		if (zone->key_name && !zone->key && all_keys_there)
			reader_error(reader, config_setting_get_member(element(file, "zones", i), "key"),
				     "zone %s: there is no TSIG key \"%s\" in `tsig_keys`", zone->name.text,
				     zone->key_name);
		if (zone->name.len == 0)
			directory->has_zone_without_name = true;
		else if (!names_add(&directory->zones, name_text(&zone->name), zone))
			reader_error(reader, element(file, "zones", i), "zone %s is there twice", zone->name.text);
	}
}

/* Whoever connects to a Unix socket is trusted. */
static void check_listeners(struct reader *reader, const config_t *file, const struct config *config)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *listener = &config->listeners[i];

		if (listener->proxy_protocol && !listener->path && config_trusted(config, listener).count == 0)
			reader_error(reader, config_setting_get_member(element(file, "listen", i), "proxy_protocol"),
				     "`proxy_protocol` needs `trusted_proxies`: nobody else may send PROXY headers");
	}
}

/* The page has its users from the state store, and passwords are not to travel in the clear. */
static void check_account_page(struct reader *reader, const config_t *file, const struct config *config)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *listener = &config->listeners[i];
		const config_setting_t *given = config_setting_get_member(element(file, "listen", i), "account_page");
		bool is_near = listener->path || addr_scope(&listener->address) == ADDR_SCOPE_LOOPBACK;

		if (!listener->account_page)
			continue;
		if (!config->state_dir)
			reader_error(reader, given,
				     "`account_page` needs a `state_dir`: its users are in the state store");
		if (!listener->certificate_count && !is_near && !config_trusted(config, listener).count)
			reader_advise(
				reader, given,
				config->account_page_over_http
					? "the account page is served without HTTPS: passwords travel in the clear"
					: "the account page is served here to clients on this machine only: this "
					  "listener has no `certificates`");
	}
}

static bool lies_in_a_zone(const struct directory *directory, const struct host_pattern *pattern)
{
	struct text rest = name_text(&pattern->name);

	if (directory->has_zone_without_name)
		return true;
	while (!names_find(&directory->zones, rest)) {
		const char *dot = pattern->kind == HOST_ZONE ? NULL : memchr(rest.octets, '.', rest.len);

		if (!dot)
			return false;
		rest.len -= (size_t)(dot + 1 - rest.octets);
		rest.octets = dot + 1;
	}
	return true;
}

static void check_host(struct reader *reader, const config_setting_t *at, const struct directory *directory,
		       const struct account *user)
{
	const char *text = config_setting_get_string(at);
	struct host_pattern pattern;

	if (!text || host_pattern_parse(text_of(text), &pattern) != STATUS_OK)
		return; /* which has been told */
	if (!lies_in_a_zone(directory, &pattern))
		reader_error(reader, at, "user \"%s\": \"%s\" lies in none of the zones",
			     user->login ? user->login : "?", text);
}

static void check_hosts(struct reader *reader, const config_setting_t *hosts, const struct directory *directory,
			const struct account *user)
{
	if (!hosts)
		return;
	if (!config_setting_is_aggregate(hosts)) {
		check_host(reader, hosts, directory, user);
		return;
	}
	for (int i = 0; i < config_setting_length(hosts); i++)
		check_host(reader, config_setting_get_elem(hosts, (unsigned)i), directory, user);
}

static void check_key_hosts(struct reader *reader, const config_setting_t *keys, const struct directory *directory,
			    const struct account *user)
{
	for (int i = 0; keys && config_setting_is_list(keys) && i < config_setting_length(keys); i++) {
		config_setting_t *key = config_setting_get_elem(keys, (unsigned)i);

		check_hosts(reader, config_setting_get_member(key, "hosts"), directory, user);
	}
}

static void check_users(struct reader *reader, const config_t *file, const struct config *config,
			struct directory *directory)
{
	for (size_t i = 0; i < config->user_count; i++) {
		const config_setting_t *at = element(file, "users", i);
		const struct account *user = &config->users[i];

		check_hosts(reader, config_setting_get_member(at, "hosts"), directory, user);
		check_hosts(reader, config_setting_get_member(at, "create_hosts"), directory, user);
		check_key_hosts(reader, config_setting_get_member(at, "keys"), directory, user);
		if (user->login && !names_add(&directory->logins, text_of(user->login), user))
			reader_error(reader, at, "login \"%s\" is there twice", user->login);
	}
}

static bool directory_init(struct directory *directory, const struct config *config)
{
	size_t keys = 0;

	for (size_t i = 0; i < config->tsig_count; i++)
		keys += config->tsig[i].key_count;
	*directory = (struct directory){0};
	return names_init(&directory->keys, keys) && names_init(&directory->zones, config->zone_count) &&
	       names_init(&directory->logins, config->user_count);
}

static void directory_fini(struct directory *directory)
{
	names_fini(&directory->keys);
	names_fini(&directory->zones);
	names_fini(&directory->logins);
}

void checks_do(struct reader *reader, const config_t *file, struct config *config)
{
	struct directory directory;

	check_listeners(reader, file, config);
	check_account_page(reader, file, config);
	if (directory_init(&directory, config)) {
		check_tsig(reader, file, config, &directory);
		check_zones(reader, file, config, &directory);
		check_users(reader, file, config, &directory);
	} else {
		reader->no_memory = true;
	}
	directory_fini(&directory);
}
