/*
 * Options at the top level.
 */
#include "config/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log_out.h"

enum { ADMIN_PORT = 9153 }; /* where Prometheus looks for DNS servers' metrics */

static void take_proxy(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config *config = into;

	reader_add_network(reader, at, text, &config->trusted, &config->trusted_count);
}

static void take_log_level(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	if (!log_level_parse(text_of(text), &((struct config *)into)->log_level))
		reader_error(reader, at,
			     "`log_level` must be \"error\", \"warning\", \"info\" or \"debug\", not \"%s\"", text);
}

static void take_log_format(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	if (!log_format_parse(text_of(text), &((struct config *)into)->log_format))
		reader_error(reader, at, "`log_format` must be \"text\" or \"json\", not \"%s\"", text);
}

static void take_log_to(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config *config = into;

	if (!log_out_is_known(text_of(text)))
		reader_error(
			reader, at,
			"`log_to` must be \"stderr\", \"syslog\" or \"syslog:\" and the path of a socket, not \"%s\"",
			text);
	config->log_to = strdup(text);
	reader->no_memory |= !config->log_to;
}

static void take_admin_listen(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config *config = into;

	config->has_admin = endpoint_parse(text_of(text), ADMIN_PORT, &config->admin) == STATUS_OK;
	if (!config->has_admin)
		reader_refuse_address(reader, at, text,
				      "an IP address with an optional port: \"127.0.0.1:9153\", \"[::1]:9153\"");
	else if (endpoint_lacks_scope(&config->admin))
		reader_error(reader, at,
			     "\"%s\" is a link-local address, which needs its interface: [fe80::1%%eth0]:9153", text);
}

static void take_admin_name(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config *config = into;
	struct peer peer, *added;

	if (peer_parse(text_of(text), ADMIN_PORT, &peer) != STATUS_OK) {
		reader_error(reader, at, "\"%s\" is neither a host name nor an IP address", text);
		return;
	}
	added = reader_append(reader, &config->admin_names, &config->admin_name_count, sizeof peer);
	if (added)
		*added = peer;
}

static void take_state_dir(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config *config = into;
	struct stat info;

	if (!*text) {
		reader_error(reader, at, "`state_dir` is empty; leave it out for a gateway without a state store");
		return;
	}
	config->state_dir = reader_beside(reader, text);
	if (!config->state_dir)
		reader->no_memory = true;
	else if (stat(config->state_dir, &info) != 0)
		reader_advise(reader, at, "`state_dir` %s: %s", config->state_dir, strerror(errno));
	else if (!S_ISDIR(info.st_mode))
		reader_error(reader, at, "`state_dir` %s is no folder", config->state_dir);
}

static void finish_top(struct reader *reader, const config_setting_t *at, void *into)
{
	const struct config *config = into;
	const config_setting_t *given = config_setting_get_member(at, "request_timeout_ms");

	if (!given)
		given = config_setting_get_member(at, "reply_timeout_ms");
	if (config->request_timeout_ms < config->reply_timeout_ms)
		reader_error(reader, given, "`request_timeout_ms` (%u) must not be less than `reply_timeout_ms` (%u)",
			     config->request_timeout_ms, config->reply_timeout_ms);
	if (config->group && !config->user)
		reader_error(reader, config_setting_get_member(at, "group"), "`group` needs a `user`");
	if (config->admin_name_count && !config->has_admin)
		reader_error(reader, config_setting_get_member(at, "admin_names"),
			     "`admin_names` needs an `admin_listen`");
}

#define GROUPS(member, counter, rows)                                                                                  \
	.type = OPTION_GROUPS, .offset = offsetof(struct config, member),                                              \
	.count_offset = offsetof(struct config, counter), .group = &(rows)

static const struct option top_options[] = {
	{.name = "listen",
	 GROUPS(listeners, listener_count, options_listen),
	 .required = true,
	 .help = "where HTTP is served"},
	{.name = "tsig_keys",
	 GROUPS(tsig, tsig_count, options_tsig),
	 .required = true,
	 .early = true,
	 .help = "the keys that sign updates"},
	{.name = "zones",
	 GROUPS(zones, zone_count, options_zones),
	 .required = true,
	 .early = true,
	 .help = "the zones that are updated"},
	{.name = "users", GROUPS(users, user_count, options_users), .help = "who may update which hosts"},
	{.name = "trusted_proxies",
	 .type = OPTION_TEXTS,
	 FIELD(config, trusted),
	 .heap = true,
	 .take = take_proxy,
	 .help = "networks of proxies, which are believed when they tell whose requests they bring"},
	{.name = "log_level",
	 .type = OPTION_TEXT,
	 .take = take_log_level,
	 .fallback_text = "info",
	 .help = "\"error\", \"warning\", \"info\" or \"debug\""},
	{.name = "log_format",
	 .type = OPTION_TEXT,
	 .take = take_log_format,
	 .fallback_text = "text",
	 .help = "\"text\" (key=value) or \"json\""},
	{.name = "log_to",
	 .type = OPTION_TEXT,
	 FIELD(config, log_to),
	 .heap = true,
	 .take = take_log_to,
	 .fallback_text = "stderr",
	 .help = "\"stderr\", \"syslog\", or \"syslog:\" and the path of a socket"},
	{.name = "admin_listen",
	 .type = OPTION_TEXT,
	 .take = take_admin_listen,
	 .help = "address and port of /metrics, /healthz, /readyz and /log, for administrators alone; none unless given"},
	{.name = "metrics_zones_max",
	 .type = OPTION_NUMBER,
	 FIELD(config, metrics_zones_max),
	 .fallback = 100,
	 .min = 0,
	 .max = 1000,
	 .help = "zones that /metrics shows one by one; of more, those with trouble or most work"},
	{.name = "admin_names",
	 .type = OPTION_TEXTS,
	 FIELD(config, admin_names),
	 .heap = true,
	 .take = take_admin_name,
	 .help = "by which names, beside its address, the log level may be changed there"},
	{.name = "uniform_auth_errors",
	 .type = OPTION_BOOL,
	 FIELD(config, uniform_auth_errors),
	 .fallback = false,
	 .help = "true: unknown login, no key and wrong key all get OD_KEY"},
	{.name = "allow_private",
	 .type = OPTION_BOOL,
	 FIELD(config, allow_private),
	 .fallback = true,
	 .help = "whether private addresses (RFC 1918, 100.64/10, fc00::/7) may be set"},
	{.name = "allow_loopback",
	 .type = OPTION_BOOL,
	 FIELD(config, allow_loopback),
	 .fallback = false,
	 .help = "whether 127/8 and ::1 may be set; for demonstrations on one machine"},
	{.name = "request_timeout_ms",
	 .type = OPTION_NUMBER,
	 FIELD(config, request_timeout_ms),
	 .fallback = 10000,
	 .min = 100,
	 .max = 60000,
	 .help = "an update is answered within this time of its arrival, with UA_DNS if need be"},
	{.name = "connect_timeout_ms",
	 .type = OPTION_NUMBER,
	 FIELD(config, connect_timeout_ms),
	 .fallback = 2000,
	 .min = 50,
	 .max = 60000,
	 .help = "for the TCP connection to a primary"},
	{.name = "reply_timeout_ms",
	 .type = OPTION_NUMBER,
	 FIELD(config, reply_timeout_ms),
	 .fallback = 4000,
	 .min = 50,
	 .max = 60000,
	 .help = "for a primary's reply to one message"},
	{.name = "fudge_s",
	 .type = OPTION_NUMBER,
	 FIELD(config, fudge_s),
	 .fallback = TSIG_FUDGE_DEFAULT_S,
	 .min = 1,
	 .max = 3600,
	 .help = "by how much the clocks of primary and gateway may differ, as TSIG tells the primary"},
	{.name = "updates_in_flight",
	 .type = OPTION_NUMBER,
	 FIELD(config, updates_in_flight),
	 .fallback = 1,
	 .min = 1,
	 .max = 64,
	 .help = "UPDATE messages of one zone that are with its primary at a time; more than one for a primary that is far away"},
	{.name = "connections_max",
	 .type = OPTION_NUMBER,
	 FIELD(config, connections_max),
	 .fallback = 16,
	 .min = 1,
	 .max = 256,
	 .help = "connections to each primary at a time, of which as many are open as its zones need"},
	{.name = "queue_max",
	 .type = OPTION_NUMBER,
	 FIELD(config, queue_max),
	 .fallback = 10000,
	 .min = 1,
	 .max = 1000000,
	 .help = "updates of one zone that may wait; beyond them UA_DNS at once"},
	{.name = "hints_max",
	 .type = OPTION_NUMBER,
	 FIELD(config, hints_max),
	 .fallback = 2097152,
	 .min = 1024,
	 .max = 268435456,
	 .help = "records of all zones that are remembered, so that their change needs no query first; 32 octets each, taken "
		 "as they are needed"},
	{.name = "queue_share_max",
	 .type = OPTION_NUMBER,
	 FIELD(config, queue_share_max),
	 .fallback = 2000,
	 .min = 1,
	 .max = 1000000,
	 .help = "updates of one user in one zone that may wait; beyond them UA_DNS at once"},
	{.name = "failed_logins_max",
	 .type = OPTION_NUMBER,
	 FIELD(config, failed_logins_max),
	 .fallback = 20,
	 .min = 0,
	 .max = 100000,
	 .help = "failed attempts in a row of one login from one source before it has to wait; 0: no bound"},
	{.name = "failed_logins_window_s",
	 .type = OPTION_NUMBER,
	 FIELD(config, failed_logins_window_s),
	 .fallback = 300,
	 .min = 1,
	 .max = 86400,
	 .help = "time in which that many attempts come back"},
	{.name = "changes_max",
	 .type = OPTION_NUMBER,
	 FIELD(config, changes_max),
	 .fallback = 0,
	 .min = 0,
	 .max = 1000000,
	 .help = "committed changes of one user in `changes_window_s`; beyond them TM_REQ; 0: no bound"},
	{.name = "changes_per_source_max",
	 .type = OPTION_NUMBER,
	 FIELD(config, changes_per_source_max),
	 .fallback = 0,
	 .min = 0,
	 .max = 1000000,
	 .help = "the same from one source (an IPv4 address, an IPv6 /64), whoever the users are; 0: no bound"},
	{.name = "changes_window_s",
	 .type = OPTION_NUMBER,
	 FIELD(config, changes_window_s),
	 .fallback = 3600,
	 .min = 1,
	 .max = 86400,
	 .help = "time in which that many changes come back"},
	{.name = "state_dir",
	 .type = OPTION_TEXT,
	 FIELD(config, state_dir),
	 .heap = true,
	 .take = take_state_dir,
	 .help = "the folder of the state store, beside the configuration unless absolute; left out: there is none"},
	{.name = "account_page_server",
	 .type = OPTION_TEXT,
	 FIELD(config, account_page_server),
	 .help = "this server's name, with a port if need be, in the settings that the account page shows; left out: as the browser calls it"},
	{.name = "account_page_over_http",
	 .type = OPTION_BOOL,
	 FIELD(config, account_page_over_http),
	 .fallback = false,
	 .help = "true: the account page is also shown without HTTPS to clients that are not on this machine"},
	{.name = "account_page_idle_s",
	 .type = OPTION_NUMBER,
	 FIELD(config, account_page_idle_s),
	 .fallback = 1800,
	 .min = 1,
	 .max = 86400,
	 .help = "after which a user who did nothing is logged out of the account page"},
	{.name = "idle_timeout_s",
	 .type = OPTION_NUMBER,
	 FIELD(config, idle_timeout_s),
	 .fallback = 30,
	 .min = 1,
	 .max = 3600,
	 .help = "after which an idle HTTP connection is closed"},
	{.name = "max_connections",
	 .type = OPTION_NUMBER,
	 FIELD(config, max_connections),
	 .fallback = 16000,
	 .min = 1,
	 .max = 1000000,
	 .help = "HTTP connections of one listener; as many open files must be allowed"},
	{.name = "max_connections_per_source",
	 .type = OPTION_NUMBER,
	 FIELD(config, max_connections_per_source),
	 .fallback = 2000,
	 .min = 0,
	 .max = 1000000,
	 .help = "HTTP connections from one address; 0: no bound"},
	{.name = "user",
	 .type = OPTION_TEXT,
	 FIELD(config, user),
	 .help = "the user to become once the listeners are open, if started as root"},
	{.name = "group",
	 .type = OPTION_TEXT,
	 FIELD(config, group),
	 .help = "the group to become; without it that of the user"},
	{.name = NULL},
};

const struct option_group options_top = {
	.name = "",
	.options = top_options,
	.size = sizeof(struct config),
	.finish = finish_top,
};
