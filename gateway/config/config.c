#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "config/include.h"
#include "config/options.h"

/* ---- What several options have to do with each other ---- */

static const config_setting_t *element(const config_t *file, const char *list, size_t index)
{
	return config_setting_get_elem(config_lookup(file, list), (unsigned)index);
}

static bool same_key_name(const char *name, const char *wanted)
{
	size_t len = strlen(wanted);

	if (len && wanted[len - 1] == '.')
		len--;
	return strlen(name) == len && strncasecmp(name, wanted, len) == 0;
}

static const struct tsig_key *find_key(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->tsig_count; i++) {
		for (size_t k = 0; k < config->tsig[i].key_count; k++) {
			if (same_key_name(tsig_key_name(config->tsig[i].keys[k]), name))
				return config->tsig[i].keys[k];
		}
	}
	return NULL;
}

static void check_tsig(struct reader *reader, const config_t *file, const struct config *config)
{
	for (size_t i = 0; i < config->tsig_count; i++) {
		for (size_t k = 0; k < config->tsig[i].key_count; k++) {
			const struct tsig_key *key = config->tsig[i].keys[k];

			if (find_key(config, tsig_key_name(key)) != key)
				reader_error(reader, element(file, "tsig_keys", i), "TSIG key \"%s\" is there twice",
					     tsig_key_name(key));
		}
	}
}

/* A key that could not be read has been told; zones that want it are not to blame. */
static bool all_keys_there(const struct config *config)
{
	for (size_t i = 0; i < config->tsig_count; i++) {
		if (config->tsig[i].key_count == 0)
			return false;
	}
	return config->tsig_count > 0;
}

static void check_zones(struct reader *reader, const config_t *file, struct config *config)
{
	for (size_t i = 0; i < config->zone_count; i++) {
		struct config_zone *zone = &config->zones[i];

		zone->key = zone->key_name ? find_key(config, zone->key_name) : NULL;
		if (zone->key_name && !zone->key && all_keys_there(config))
			reader_error(reader, config_setting_get_member(element(file, "zones", i), "key"),
				     "zone %s: there is no TSIG key \"%s\" in `tsig_keys`", zone->name.text,
				     zone->key_name);
		for (size_t k = 0; k < i; k++) {
			if (zone->name.len && name_equal(&zone->name, &config->zones[k].name))
				reader_error(reader, element(file, "zones", i), "zone %s is there twice",
					     zone->name.text);
		}
	}
}

struct networks config_trusted(const struct config *config, const struct config_listener *listener)
{
	if (listener->trusts_its_own)
		return (struct networks){listener->trusted, listener->trusted_count};
	return (struct networks){config->trusted, config->trusted_count};
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

static bool lies_in_a_zone(const struct config *config, const struct host_pattern *pattern)
{
	for (size_t i = 0; i < config->zone_count; i++) {
		const struct name *zone = &config->zones[i].name;

		if (zone->len == 0)
			return true; /* that zone's name could not be read, and this may lie in it */
		if (pattern->kind == HOST_ZONE ? name_equal(&pattern->name, zone) : name_is_in(&pattern->name, zone))
			return true;
	}
	return false;
}

static void check_host(struct reader *reader, const config_setting_t *at, const struct config *config,
		       const struct account *user)
{
	const char *text = config_setting_get_string(at);
	struct host_pattern pattern;

	if (!text || host_pattern_parse(text_of(text), &pattern) != STATUS_OK)
		return; /* which has been told */
	if (!lies_in_a_zone(config, &pattern))
		reader_error(reader, at, "user \"%s\": \"%s\" lies in none of the zones",
			     user->login ? user->login : "?", text);
}

static void check_hosts(struct reader *reader, const config_setting_t *hosts, const struct config *config,
			const struct account *user)
{
	if (!hosts)
		return;
	if (!config_setting_is_aggregate(hosts)) {
		check_host(reader, hosts, config, user);
		return;
	}
	for (int i = 0; i < config_setting_length(hosts); i++)
		check_host(reader, config_setting_get_elem(hosts, (unsigned)i), config, user);
}

static void check_key_hosts(struct reader *reader, const config_setting_t *keys, const struct config *config,
			    const struct account *user)
{
	for (int i = 0; keys && config_setting_is_list(keys) && i < config_setting_length(keys); i++) {
		config_setting_t *key = config_setting_get_elem(keys, (unsigned)i);

		check_hosts(reader, config_setting_get_member(key, "hosts"), config, user);
	}
}

/* Sorts users by login, so that two of the same stand side by side, however many there are. */
static int compare_logins(const void *a, const void *b)
{
	const struct account *const *left = a, *const *right = b;
	int order = strcmp((*left)->login, (*right)->login);

	return order ? order : (*left > *right) - (*left < *right);
}

static void check_logins(struct reader *reader, const config_t *file, const struct config *config)
{
	const struct account **sorted = calloc(config->user_count + 1, sizeof(*sorted));
	size_t count = 0;

	if (!sorted) {
		reader->no_memory = true;
		return;
	}
	for (size_t i = 0; i < config->user_count; i++) {
		if (config->users[i].login)
			sorted[count++] = &config->users[i];
	}
	qsort(sorted, count, sizeof(*sorted), compare_logins);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(sorted[i - 1]->login, sorted[i]->login) == 0)
			reader_error(reader, element(file, "users", (size_t)(sorted[i] - config->users)),
				     "login \"%s\" is there twice", sorted[i]->login);
	}
	free(sorted);
}

static void check_users(struct reader *reader, const config_t *file, const struct config *config)
{
	for (size_t i = 0; i < config->user_count; i++) {
		const config_setting_t *user = element(file, "users", i);

		check_hosts(reader, config_setting_get_member(user, "hosts"), config, &config->users[i]);
		check_hosts(reader, config_setting_get_member(user, "create_hosts"), config, &config->users[i]);
		check_key_hosts(reader, config_setting_get_member(user, "keys"), config, &config->users[i]);
	}
	check_logins(reader, file, config);
}

/* ---- Reading ---- */

/* The folder that relative paths start from: that of the file. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static void parse_stream(struct reader *reader, config_t *file, FILE *stream)
{
	struct stat info;

	if (fstat(fileno(stream), &info) == 0 && S_ISREG(info.st_mode))
		include_check(reader, stream);
	if (reader->errors)
		return;
	if (config_read(file, stream) != CONFIG_TRUE)
		reader_error_at(reader, config_error_file(file), (unsigned)config_error_line(file), "%s",
				config_error_text(file));
}

/*
 * Included files are looked for beside the file. libconfig's own way to say so, an include folder, is put before
 * absolute paths too, so the process goes there for the time of reading. Where it was started may be closed to it (a
 * daemon's user in an administrator's home): then there is no way back, and none is needed.
 */
static void parse_in_folder(struct reader *reader, config_t *file, FILE *stream)
{
	char *folder = folder_of(reader->path);
	int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (!folder)
		reader->no_memory = true;
	else if (chdir(folder) != 0)
		reader_error(reader, NULL, "cannot go to the folder %s: %s", folder, strerror(errno));
	else
		parse_stream(reader, file, stream);
	if (back >= 0) {
		if (fchdir(back) != 0)
			LOG(LOG_DEBUG, "folder-left", log_text("text", strerror(errno)));
		close(back);
	}
	free(folder);
}

static void parse(struct reader *reader, config_t *file)
{
	FILE *stream = fopen(reader->path, "re");
	struct stat info;

	if (!stream)
		reader_error(reader, NULL, "cannot read the configuration: %s", strerror(errno));
	else if (fstat(fileno(stream), &info) != 0 || S_ISDIR(info.st_mode))
		reader_error(reader, NULL,
			     "cannot read the configuration: it is a folder"); /* libconfig would end the process */
	else
		parse_in_folder(reader, file, stream);
	if (stream)
		fclose(stream);
}

static void read_all(struct reader *reader, config_t *file, struct config *config)
{
	options_read(reader, &options_top, config_root_setting(file), config);
	if (reader->no_memory)
		return;
	check_listeners(reader, file, config);
	check_account_page(reader, file, config);
	check_tsig(reader, file, config);
	check_zones(reader, file, config);
	check_users(reader, file, config);
}

enum status config_load(const char *path, config_complain_fn *complain, void *ctx, struct config **out)
{
	struct reader reader = {.complain = complain, .ctx = ctx, .path = path};
	struct config *config = calloc(1, sizeof *config);
	config_t file;

	if (!config)
		return STATUS_NO_MEMORY;
	config_init(&file);
	parse(&reader, &file);
	if (!reader.errors && !reader.no_memory)
		read_all(&reader, &file, config);
	config_destroy(&file);
	free(reader.advised);
	if (!reader.errors && !reader.no_memory) {
		*out = config;
		return STATUS_OK;
	}
	config_release(&config);
	return reader.errors ? STATUS_INVALID : STATUS_NO_MEMORY;
}

/* ---- Freeing ---- */

void config_release(struct config **config)
{
	if (!config || !*config)
		return;
	options_release(&options_top, *config);
	free(*config);
	*config = NULL;
}
