/*
 * config: the configuration file as one immutable struct. Nothing else of the gateway knows libconfig.
 *
 * Every option is one row of the tables in options_*.c: name, type, default, range, check, help text. A file is taken
 * as a whole or not at all; everything that is wrong with it is told, each with file and line.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "account/account.h"
#include "base/addr.h"
#include "base/log.h"
#include "base/name.h"
#include "base/network.h"
#include "base/peer.h"
#include "base/pin.h"
#include "base/status.h"
#include "cert/cert.h"
#include "tsig.h"

struct config_certificate {
	char *certificate;
	char *key;
};

struct config_listener {
	struct addr address;
	unsigned scope; /* as in struct endpoint */
	unsigned port;
	char *path; /* of a Unix socket, instead of address and port */
	unsigned mode;
	struct network *trusted; /* used instead of those at the top level, if trusts_its_own */
	size_t trusted_count;
	bool trusts_its_own;
	bool proxy_protocol;
	bool x_real_ip;
	struct config_certificate *certificates;
	size_t certificate_count;
	struct cert_set *cert_set;  /* NULL: HTTP without TLS */
	const char *tls_priorities; /* a constant, see cert_priorities() */
	bool errors_as_200;         /* for clients that read the words of an answer only under status 200 */
	bool account_page;
};

/* One entry of `tsig_keys`: a key file, which may hold several keys, or one key in three options. */
struct config_tsig {
	char *file;
	char *name;
	char *algorithm;
	char *secret; /* wiped once the key was made of it */
	struct tsig_key **keys;
	size_t key_count;
};

/* What zones have in common, each thing kept once. */
struct shared;

/* The pointers are into `shared` of the configuration: zones that say the same have the same. */
struct config_zone {
	struct name name;
	bool active;
	const struct peer *primaries;
	size_t primary_count;
	const char *key_name;
	const struct tsig_key *key; /* one of tsig_keys */
	unsigned ttl_s;
	unsigned commit_pause_ms;
	const struct pin *tls_pins; /* TLS to the primaries if there are any, or tls_ca */
	size_t tls_pin_count;
	const char *tls_ca; /* a path, or "system" */
	const char *tls_name;
};

struct config {
	struct config_listener *listeners;
	size_t listener_count;
	struct config_tsig *tsig;
	size_t tsig_count;
	struct config_zone *zones;
	size_t zone_count;
	struct shared *shared; /* by zones */
	struct account *users;
	size_t user_count;

	struct network *trusted;
	size_t trusted_count;
	enum log_level log_level;
	enum log_format log_format;
	char *log_to;
	bool has_admin; /* admin_listen is given */
	struct endpoint admin;
	struct peer *admin_names; /* their ports have no meaning */
	size_t admin_name_count;
	bool uniform_auth_errors;
	bool allow_private;
	bool allow_loopback;
	unsigned request_timeout_ms;
	unsigned connect_timeout_ms;
	unsigned reply_timeout_ms;
	unsigned fudge_s;
	unsigned updates_in_flight;
	unsigned connections_max;
	unsigned queue_max;
	unsigned hints_max;
	unsigned metrics_zones_max;
	unsigned queue_share_max;
	unsigned failed_logins_max;
	unsigned failed_logins_window_s;
	unsigned changes_max;
	unsigned changes_per_source_max;
	unsigned changes_window_s;
	char *state_dir; /* NULL: there is no state store */
	char *account_page_server;
	bool account_page_over_http;
	unsigned account_page_idle_s;
	unsigned idle_timeout_s;
	unsigned max_connections;
	unsigned max_connections_per_source;
	char *user;  /* the user to become once the listeners are open; NULL: no change */
	char *group; /* NULL: that user's own */
};

/*
 * Called for each thing that is wrong. `file` and `line` say where (0: no line is at fault); the text is one sentence
 * without a secret in it. `is_error` is false for advice, which does not keep the configuration from being used.
 */
typedef void config_complain_fn(void *ctx, bool is_error, const char *file, unsigned line, const char *text);

/* The proxies that a listener trusts. */
struct networks config_trusted(const struct config *config, const struct config_listener *listener);

/*
 * Reads the file and the key files that it names. STATUS_INVALID after at least one error was told, STATUS_NO_MEMORY,
 * else STATUS_OK with *out, which config_release() frees.
 */
MUST_USE enum status config_load(const char *path, config_complain_fn *complain, void *ctx, struct config **out);

/* Wipes the secrets, frees all and sets *config to NULL; NULL and *config == NULL are allowed. */
void config_release(struct config **config);

/* A row of the option tables, for tests that compare them with the sample and the man page. */
struct config_option_info {
	const char *group; /* "" for the top level, else the list that it stands in: "listen", "zones", ... */
	const char *name;
	const char *type;
	const char *help;
};

/* The n-th option of all tables; false behind the last. */
bool config_option(size_t n, struct config_option_info *out);

#endif
