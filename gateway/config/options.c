/*
 * Every option of the configuration file, one row each.
 */
#include "config/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/log_out.h"
#include "base/secret.h"

enum {
	PORT_TO_COME = 0,  /* a primary's, until the whole zone was read */
	ADMIN_PORT = 9153, /* where Prometheus looks for DNS servers' metrics */
};

#define FIELD(type, member) .offset = offsetof(struct type, member)

/* Adds one zeroed element to an array; NULL without memory. */
static void *append(struct reader *reader, void *array_pointer, size_t *count, size_t size)
{
	void *array, *grown;

	memcpy(&array, array_pointer, sizeof array);
	grown = realloc(array, (*count + 1) * size);
	if (!grown) {
		reader->no_memory = true;
		return NULL;
	}
	memcpy(array_pointer, &grown, sizeof grown);
	return memset((char *)grown + size * (*count)++, 0, size);
}

/* Files that are named stand beside the configuration unless their path is absolute. NULL without memory. */
static char *beside(const struct reader *reader, const char *file)
{
	const char *slash = strrchr(reader->path, '/');
	char *path = NULL;

	if (*file == '/' || !slash)
		return strdup(file);
	if (asprintf(&path, "%.*s/%s", (int)(slash - reader->path), reader->path, file) < 0)
		return NULL;
	return path;
}

/* ---- Addresses ---- */

/* Unless an interface is named, for then it is that which was not understood. */
static void refuse_address(struct reader *reader, const config_setting_t *at, const char *text, const char *wanted)
{
	if (strchr(text, '%'))
		reader_error(reader, at,
			     "\"%s\": what stands behind the %% is to be an interface of this machine, and what stands "
			     "before a link-local address",
			     text);
	else
		reader_error(reader, at, "\"%s\" is not %s", text, wanted);
}

/* ---- Trusted proxies, of a listener and at the top level ---- */

static void add_network(struct reader *reader, const config_setting_t *at, const char *text, struct network **array,
			size_t *count)
{
	struct network network, *added;

	if (network_parse(text_of(text), &network) != STATUS_OK) {
		reader_error(reader, at,
			     "\"%s\" is not a network: 192.0.2.0/24, 2001:db8::/32, 192.0.2.1; the bits behind the "
			     "prefix must be zero",
			     text);
		return;
	}
	added = append(reader, array, count, sizeof network);
	if (added)
		*added = network;
}

/* ---- listen: certificates ---- */

enum { EXPIRY_WARNING_DAYS = 14 };

static void advise_on_validity(struct reader *reader, const config_setting_t *at, const char *path,
			       const struct cert_validity *validity)
{
	time_t now = time(NULL);
	long days = (long)(validity->until - now) / 86400;

	if (validity->from > now)
		reader_advise(reader, at, "certificate %s is not valid yet; is the clock right?", path);
	else if (validity->until <= now)
		reader_advise(reader, at, "certificate %s has expired; clients will refuse it", path);
	else if (days < EXPIRY_WARNING_DAYS)
		reader_advise(reader, at, "certificate %s expires in %ld days; renew it, then send SIGHUP", path, days);
}

static void advise_on_secrecy(struct reader *reader, const config_setting_t *at, const char *path)
{
	struct stat info;

	if (stat(path, &info) == 0 && info.st_mode & (S_IROTH | S_IWOTH))
		reader_advise(reader, at, "key file %s is open to every user of this machine: chmod o-rwx it", path);
}

static void add_certificate(struct reader *reader, const config_setting_t *at, const struct config_certificate *pair,
			    struct cert_set *set)
{
	const config_setting_t *certificate_at = config_setting_get_member(at, "certificate");
	const config_setting_t *key_at = config_setting_get_member(at, "key");
	char *certificate = beside(reader, pair->certificate), *key = beside(reader, pair->key);
	enum status status = STATUS_NO_MEMORY;
	struct cert_validity validity;
	struct cert_error error;

	if (certificate && key)
		status = cert_set_add(set, certificate, key, &validity, &error);
	if (status == STATUS_OK) {
		advise_on_validity(reader, certificate_at, certificate, &validity);
		advise_on_secrecy(reader, key_at, key);
	} else if (status == STATUS_INVALID) {
		reader_error(reader, error.in_key ? key_at : certificate_at, "%s", error.text);
	} else {
		reader->no_memory = true;
	}
	free(certificate);
	free(key);
}

static void add_certificates(struct reader *reader, const config_setting_t *at, struct config_listener *listener)
{
	if (cert_set_new(&listener->cert_set) != STATUS_OK) {
		reader->no_memory = true;
		return;
	}
	for (size_t i = 0; i < listener->certificate_count; i++)
		add_certificate(reader, config_setting_get_elem(at, (unsigned)i), &listener->certificates[i],
				listener->cert_set);
}

static const struct option certificate_options[] = {
	{.name = "certificate",
	 .type = OPTION_TEXT,
	 FIELD(config_certificate, certificate),
	 .required = true,
	 .help = "a PEM file with the certificate and the intermediate ones, beside the configuration unless absolute"},
	{.name = "key",
	 .type = OPTION_TEXT,
	 FIELD(config_certificate, key),
	 .required = true,
	 .help = "a PEM file with its private key, not encrypted, not readable by others"},
	{.name = NULL},
};

static const struct option_group certificate_group = {"certificates", certificate_options,
						      sizeof(struct config_certificate), NULL};

/* ---- listen ---- */

static void take_listen_address(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config_listener *listener = into;
	struct endpoint endpoint = {.port = 0};

	if (endpoint_parse_host(text_of(text), &endpoint) != STATUS_OK)
		refuse_address(reader, at, text, "an IP address; \"::\" and \"0.0.0.0\" stand for all");
	else if (endpoint_lacks_scope(&endpoint))
		reader_error(reader, at, "\"%s\" is a link-local address, which needs its interface: %s%%eth0", text,
			     text);
	listener->address = endpoint.addr;
	listener->scope = endpoint.scope;
}

static void take_listen_path(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config_listener *listener = into;

	listener->path = beside(reader, text);
	if (!listener->path)
		reader->no_memory = true;
	else if (!*text || strlen(listener->path) >= sizeof((struct sockaddr_un *)0)->sun_path)
		reader_error(reader, at, "`path` must have 1 to %zu octets",
			     sizeof((struct sockaddr_un *)0)->sun_path - 1);
}

static void take_mode(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config_listener *listener = into;
	char *end;

	listener->mode = (unsigned)strtoul(text, &end, 8);
	if (*text < '0' || *text > '7' || *end || listener->mode > 0777)
		reader_error(reader, at, "`mode` must be octal digits in quotes, such as \"0660\", not \"%s\"", text);
}

static void take_listen_proxy(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config_listener *listener = into;

	add_network(reader, at, text, &listener->trusted, &listener->trusted_count);
}

static void take_tls_min(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config_listener *listener = into;

	listener->tls_priorities = cert_priorities(text);
	if (!listener->tls_priorities)
		reader_error(reader, at, "`tls_min` must be \"1.0\", \"1.1\", \"1.2\" or \"1.3\", not \"%s\"", text);
}

static void finish_listener(struct reader *reader, const config_setting_t *at, void *into)
{
	struct config_listener *listener = into;
	const config_setting_t *port = config_setting_get_member(at, "port");
	const config_setting_t *mode = config_setting_get_member(at, "mode");

	listener->trusts_its_own = config_setting_get_member(at, "trusted_proxies") != NULL;
	if (!listener->path == (listener->address.family == ADDR_NONE))
		reader_error(reader, at, "a listener has an `address` (and a `port`) or a `path`");
	else if (listener->path && port)
		reader_error(reader, port, "a Unix socket, which `path` stands for, has no `port`");
	else if (!listener->path && mode)
		reader_error(reader, mode, "`mode` is for Unix sockets, which have a `path`");
	if (listener->certificate_count)
		add_certificates(reader, config_setting_get_member(at, "certificates"), listener);
	else if (config_setting_get_member(at, "tls_min"))
		reader_error(reader, config_setting_get_member(at, "tls_min"),
			     "`tls_min` says something of TLS, but this listener has no `certificates`");
}

static const struct option listen_options[] = {
	{.name = "address",
	 .type = OPTION_TEXT,
	 .take = take_listen_address,
	 .help = "the IP address to listen on; \"::\" is every IPv6 and IPv4 address of the machine"},
	{.name = "port",
	 .type = OPTION_NUMBER,
	 FIELD(config_listener, port),
	 .fallback = 8080,
	 .min = 1,
	 .max = 65535,
	 .help = "the TCP port"},
	{.name = "path",
	 .type = OPTION_TEXT,
	 .take = take_listen_path,
	 .help = "a Unix socket instead of address and port, beside the configuration unless absolute; for proxies"},
	{.name = "mode",
	 .type = OPTION_TEXT,
	 .take = take_mode,
	 .fallback_text = "0660",
	 .help = "of the Unix socket: who may connect"},
	{.name = "proxy_protocol",
	 .type = OPTION_BOOL,
	 FIELD(config_listener, proxy_protocol),
	 .fallback = false,
	 .help = "true: each connection comes from a trusted proxy and begins with a PROXY header, version 1 or 2"},
	{.name = "x_real_ip",
	 .type = OPTION_BOOL,
	 FIELD(config_listener, x_real_ip),
	 .fallback = false,
	 .help = "true: X-Real-IP of a trusted proxy counts like X-Forwarded-For"},
	{.name = "trusted_proxies",
	 .type = OPTION_TEXTS,
	 .take = take_listen_proxy,
	 .help = "instead of those at the top level"},
	{.name = "certificates",
	 .type = OPTION_GROUPS,
	 FIELD(config_listener, certificates),
	 .count_offset = offsetof(struct config_listener, certificate_count),
	 .group = &certificate_group,
	 .help = "makes it HTTPS; of several, the one for the name that the client asks for is taken, else the first"},
	{.name = "tls_min",
	 .type = OPTION_TEXT,
	 .take = take_tls_min,
	 .fallback_text = "1.2",
	 .help = "the oldest version of TLS that is spoken: \"1.0\", \"1.1\", \"1.2\" or \"1.3\""},
	{.name = "errors_as_200",
	 .type = OPTION_BOOL,
	 FIELD(config_listener, errors_as_200),
	 .fallback = false,
	 .help = "true: the dialects of routers answer failures under status 200, for clients that read words only then"},
	{.name = "account_page",
	 .type = OPTION_BOOL,
	 FIELD(config_listener, account_page),
	 .fallback = false,
	 .help = "true: serves the account page at /account/, too; needs a `state_dir`"},
	{.name = NULL},
};

static const struct option_group listen_group = {"listen", listen_options, sizeof(struct config_listener),
						 finish_listener};

/* ---- tsig_keys ---- */

static bool is_private(struct reader *reader, const config_setting_t *at, const char *path)
{
	struct stat info;

	if (stat(path, &info) != 0) {
		reader_error(reader, at, "cannot read key file %s: %s", path, strerror(errno));
		return false;
	}
	if (info.st_mode & (S_IROTH | S_IWOTH)) {
		reader_error(reader, at, "key file %s is open to every user of this machine: chmod o-rwx it", path);
		return false;
	}
	return true;
}

static void read_key_file(struct reader *reader, const config_setting_t *at, struct config_tsig *tsig)
{
	struct tsig_file_error error = {0};
	enum tsig_status status = TSIG_OK;
	char *path = beside(reader, tsig->file);

	if (path && is_private(reader, at, path))
		status = tsig_keys_read(path, &tsig->keys, &tsig->key_count, &error);
	if (!path || status == TSIG_NO_MEMORY)
		reader->no_memory = true;
	else if (status != TSIG_OK)
		reader_error(reader, at, error.line ? "key file %s, line %u: %s" : "key file %s%.0u: %s", path,
			     error.line, error.text);
	free(path);
}

static void make_key(struct reader *reader, const config_setting_t *at, struct config_tsig *tsig)
{
	enum tsig_status status;

	reader_note_secret(reader, at);
	tsig->keys = calloc(1, sizeof(*tsig->keys));
	if (!tsig->keys) {
		reader->no_memory = true;
		return;
	}
	status = tsig_key_new_base64(tsig->name, tsig->algorithm, tsig->secret, &tsig->keys[0]);
	if (status == TSIG_OK)
		tsig->key_count = 1;
	else if (status == TSIG_NO_MEMORY)
		reader->no_memory = true;
	else
		reader_error(reader, at, "TSIG key \"%s\": %s", tsig->name, tsig_status_text(status));
}

static void finish_tsig(struct reader *reader, const config_setting_t *at, void *into)
{
	struct config_tsig *tsig = into;
	bool by_parts = tsig->name || tsig->secret;

	if (tsig->file && by_parts)
		reader_error(reader, at, "a TSIG key comes from a `file` or from `name` and `secret`, not from both");
	else if (tsig->file)
		read_key_file(reader, config_setting_get_member(at, "file"), tsig);
	else if (!tsig->name || !tsig->secret)
		reader_error(reader, at, "a TSIG key needs a `file`, or a `name` and a `secret`");
	else
		make_key(reader, at, tsig);
	secret_free_string(&tsig->secret);
}

static const struct option tsig_options[] = {
	{.name = "file",
	 .type = OPTION_TEXT,
	 FIELD(config_tsig, file),
	 .help = "a key file as tsig-keygen writes it, beside the configuration unless absolute; not readable by others"},
	{.name = "name", .type = OPTION_TEXT, FIELD(config_tsig, name), .help = "the key's name, without a file"},
	{.name = "algorithm",
	 .type = OPTION_TEXT,
	 FIELD(config_tsig, algorithm),
	 .fallback_text = "hmac-sha256",
	 .help = "hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384 or hmac-sha512"},
	{.name = "secret",
	 .type = OPTION_TEXT,
	 FIELD(config_tsig, secret),
	 .secret = true,
	 .help = "the key's secret in base64"},
	{.name = NULL},
};

static const struct option_group tsig_group = {"tsig_keys", tsig_options, sizeof(struct config_tsig), finish_tsig};

/* ---- zones ---- */

static void take_zone_name(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config_zone *zone = into;

	if (name_parse_zone(text_of(text), &zone->name) != STATUS_OK)
		reader_error(reader, at, "\"%s\" is not a domain name", text);
}

static void take_primary(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config_zone *zone = into;
	struct peer peer, *added;

	if (peer_parse(text_of(text), PORT_TO_COME, &peer) != STATUS_OK) {
		refuse_address(
			reader, at, text,
			"an address or a host name with an optional port: 192.0.2.53, [2001:db8::53]:5353, ns1.example.com:5353");
		return;
	}
	if (endpoint_lacks_scope(&peer.endpoint)) {
		reader_error(reader, at, "\"%s\" is a link-local address, which needs its interface: %s%%eth0", text,
			     text);
		return;
	}
	added = append(reader, &zone->primaries, &zone->primary_count, sizeof peer);
	if (added)
		*added = peer;
}

static void take_tls_pin(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config_zone *zone = into;
	struct pin pin, *added;

	if (pin_parse(text_of(text), &pin) != STATUS_OK) {
		reader_error(reader, at, "\"%s\" is not \"sha256:\" and 64 hexadecimal digits", text);
		return;
	}
	added = append(reader, &zone->tls_pins, &zone->tls_pin_count, sizeof pin);
	if (added)
		*added = pin;
}

static void take_tls_ca(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config_zone *zone = into;

	zone->tls_ca = strcmp(text, "system") == 0 ? strdup(text) : beside(reader, text);
	if (!zone->tls_ca)
		reader->no_memory = true;
	else if (strcmp(text, "system") != 0 && access(zone->tls_ca, R_OK) != 0)
		reader_error(reader, at, "cannot read the certificates in %s: %s", zone->tls_ca, strerror(errno));
}

static void take_tls_name(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config_zone *zone = into;
	struct name name;
	struct addr addr;

	if (name_parse(text_of(text), &name) != STATUS_OK && addr_parse(text_of(text), &addr) != STATUS_OK)
		reader_error(reader, at, "\"%s\" is neither a host name nor an IP address", text);
	zone->tls_name = strdup(text);
	reader->no_memory |= !zone->tls_name;
}

static void finish_zone(struct reader *reader, const config_setting_t *at, void *into)
{
	struct config_zone *zone = into;
	bool tls = zone->tls_ca || config_setting_get_member(at, "tls_pins");

	if (zone->tls_name && !zone->tls_ca)
		reader_error(reader, config_setting_get_member(at, "tls_name"),
			     "`tls_name` is the name in a certificate, which only `tls_ca` makes good");
	for (size_t i = 0; i < zone->primary_count; i++) {
		if (zone->primaries[i].endpoint.port == PORT_TO_COME)
			zone->primaries[i].endpoint.port = tls ? 853 : 53;
	}
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
	 FIELD(config_zone, key_name),
	 .required = true,
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

static const struct option_group zone_group = {"zones", zone_options, sizeof(struct config_zone), finish_zone};

/* ---- users ---- */

static void read_key(struct reader *reader, const config_setting_t *at, const char *text, struct key *key)
{
	bool was_plain;

	switch (key_parse(text_of(text), key, &was_plain)) {
	case STATUS_OK:
		break;
	case STATUS_NO_MEMORY:
		reader->no_memory = true;
		break;
	default:
		reader_error(
			reader, at,
			"`key` is empty or a malformed hash: `sha256:` is followed by 64 hexadecimal digits, and what "
			"begins with `$` must be a hash that crypt(3) knows; leave `key` out for a user without one");
		break;
	}
	if (was_plain)
		reader_note_plain_key(reader, at);
}

/* The lone `key` of a user: without a name and without limits. */
static void take_key(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct account *account = into;
	struct account_key *key = append(reader, &account->keys, &account->key_count, sizeof *key);

	if (key)
		read_key(reader, at, text, &key->key);
}

static void take_login(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct account *account = into;

	if (!*text)
		reader_error(reader, at, "`login` is empty");
	account->login = strdup(text);
	if (!account->login)
		reader->no_memory = true;
}

static void add_pattern(struct reader *reader, const config_setting_t *at, const char *text, bool may_create,
			struct host_pattern **patterns, size_t *count)
{
	struct host_pattern pattern, *added;

	if (host_pattern_parse(text_of(text), &pattern) != STATUS_OK) {
		reader_error(reader, at,
			     "\"%s\" is none of: a host name, \"*.\" and a domain name, \"zone:\" and a zone's name, "
			     "\"owner:*.\" and a host name",
			     text);
		return;
	}
	added = append(reader, patterns, count, sizeof pattern);
	if (!added)
		return;
	*added = pattern;
	added->may_create = may_create;
}

static void take_host(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct account *account = into;

	add_pattern(reader, at, text, false, &account->patterns, &account->pattern_count);
}

static void take_create_host(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct account *account = into;

	add_pattern(reader, at, text, true, &account->patterns, &account->pattern_count);
}

static void finish_user(struct reader *reader, const config_setting_t *at, void *into)
{
	struct account *account = into;

	(void)reader;
	(void)at;
	for (size_t i = 0; i < account->pattern_count && account->may_create; i++)
		account->patterns[i].may_create = true;
}

static void take_keys_key(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	read_key(reader, at, text, &((struct account_key *)into)->key);
}

static void take_keys_host(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct account_key *key = into;

	add_pattern(reader, at, text, false, &key->patterns, &key->pattern_count);
}

static void take_keys_source(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct account_key *key = into;
	struct network network, *added;

	if (network_parse(text_of(text), &network) != STATUS_OK) {
		reader_error(
			reader, at,
			"\"%s\" is not a network such as 192.0.2.0/24 or 2001:db8::/32 (all bits behind the prefix "
			"zero), nor an address",
			text);
		return;
	}
	added = append(reader, &key->sources, &key->source_count, sizeof network);
	if (added)
		*added = network;
}

static void take_keys_expiry(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct account_key *key = into;

	if (account_expiry_parse(text_of(text), &key->expires_s) != STATUS_OK)
		reader_error(reader, at, "\"%s\" is not a date such as 2027-01-31", text);
}

static const struct option key_options[] = {
	{.name = "name",
	 .type = OPTION_TEXT,
	 FIELD(account_key, name),
	 .required = true,
	 .help = "what the key is called"},
	{.name = "key",
	 .type = OPTION_TEXT,
	 .required = true,
	 .secret = true,
	 .take = take_keys_key,
	 .help = "the key, in the forms of a user's `key`"},
	{.name = "hosts",
	 .type = OPTION_TEXTS,
	 .take = take_keys_host,
	 .help = "hosts that the key is limited to, among those of its user; left out: all of them"},
	{.name = "from",
	 .type = OPTION_TEXTS,
	 .take = take_keys_source,
	 .help = "networks that the key may be used from, such as \"192.0.2.0/24\"; left out: any"},
	{.name = "expires",
	 .type = OPTION_TEXT,
	 .take = take_keys_expiry,
	 .help = "the last day (UTC) on which the key works, such as \"2027-01-31\"; left out: no such day"},
	{.name = NULL},
};

static const struct option_group key_group = {"keys", key_options, sizeof(struct account_key), NULL};

static const struct option user_options[] = {
	{.name = "login",
	 .type = OPTION_TEXT,
	 .required = true,
	 .take = take_login,
	 .help = "the login ID; capitals matter"},
	{.name = "key",
	 .type = OPTION_TEXT,
	 .secret = true,
	 .take = take_key,
	 .help = "the API key: \"sha256:\" and the SHA-256 of the key in hexadecimal, or a crypt(3) hash, or the key itself"},
	{.name = "keys",
	 .type = OPTION_GROUPS,
	 .offset = offsetof(struct account, keys),
	 .count_offset = offsetof(struct account, key_count),
	 .group = &key_group,
	 .help = "more API keys, with names and limits; neither `key` nor `keys`: a user without a key"},
	{.name = "hosts",
	 .type = OPTION_TEXTS,
	 .take = take_host,
	 .help = "what the user may update: \"www.dyn.example.com\", \"*.home.dyn.example.com\" (all below), \"zone:dyn.example.com\" (all of the "
		 "zone), \"owner:*.home.dyn.example.com\" (the wildcard itself)"},
	{.name = "active",
	 .type = OPTION_BOOL,
	 FIELD(account, active),
	 .fallback = true,
	 .help = "false: answered with IA_ACCT"},
	{.name = "may_update",
	 .type = OPTION_BOOL,
	 FIELD(account, may_update),
	 .fallback = true,
	 .help = "false: answered with NP_USR"},
	{.name = "may_set_txt",
	 .type = OPTION_BOOL,
	 FIELD(account, may_set_txt),
	 .fallback = false,
	 .help = "true: the user may set TXT records of the hosts and of `_acme-challenge` below them, and so get certificates for them"},
	{.name = "create_hosts",
	 .type = OPTION_TEXTS,
	 .take = take_create_host,
	 .help = "hosts, in the same forms, whose records the user may also make and remove; elsewhere they must exist"},
	{.name = "may_create",
	 .type = OPTION_BOOL,
	 FIELD(account, may_create),
	 .fallback = false,
	 .help = "true: that goes for all of the user's hosts"},
	{.name = NULL},
};

static const struct option_group user_group = {"users", user_options, sizeof(struct account), finish_user};

/* ---- top level ---- */

static void take_proxy(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config *config = into;

	add_network(reader, at, text, &config->trusted, &config->trusted_count);
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
		refuse_address(reader, at, text,
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
	added = append(reader, &config->admin_names, &config->admin_name_count, sizeof peer);
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
	config->state_dir = beside(reader, text);
	if (!config->state_dir)
		reader->no_memory = true;
	else if (stat(config->state_dir, &info) != 0)
		reader_advise(reader, at, "`state_dir` %s: %s", config->state_dir, strerror(errno));
	else if (!S_ISDIR(info.st_mode))
		reader_error(reader, at, "`state_dir` %s is no folder", config->state_dir);
}

/* The page has its users from the state store, and passwords are not to travel in the clear. */
static void check_account_page(struct reader *reader, const config_setting_t *at, const struct config *config)
{
	const config_setting_t *listen = config_setting_get_member(at, "listen");

	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *listener = &config->listeners[i];
		const config_setting_t *given =
			config_setting_get_member(config_setting_get_elem(listen, (unsigned)i), "account_page");
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

static void finish_top(struct reader *reader, const config_setting_t *at, void *into)
{
	const struct config *config = into;
	const config_setting_t *given = config_setting_get_member(at, "request_timeout_ms");

	if (!given)
		given = config_setting_get_member(at, "reply_timeout_ms");
	if (config->request_timeout_ms < config->reply_timeout_ms)
		reader_error(reader, given, "`request_timeout_ms` (%u) must not be less than `reply_timeout_ms` (%u)",
			     config->request_timeout_ms, config->reply_timeout_ms);
	check_account_page(reader, at, config);
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
	 GROUPS(listeners, listener_count, listen_group),
	 .required = true,
	 .help = "where HTTP is served"},
	{.name = "tsig_keys",
	 GROUPS(tsig, tsig_count, tsig_group),
	 .required = true,
	 .help = "the keys that sign updates"},
	{.name = "zones",
	 GROUPS(zones, zone_count, zone_group),
	 .required = true,
	 .help = "the zones that are updated"},
	{.name = "users", GROUPS(users, user_count, user_group), .help = "who may update which hosts"},
	{.name = "trusted_proxies",
	 .type = OPTION_TEXTS,
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
	 .take = take_log_to,
	 .fallback_text = "stderr",
	 .help = "\"stderr\", \"syslog\", or \"syslog:\" and the path of a socket"},
	{.name = "admin_listen",
	 .type = OPTION_TEXT,
	 .take = take_admin_listen,
	 .help = "address and port of /metrics, /healthz, /readyz and /log, for administrators alone; none unless given"},
	{.name = "admin_names",
	 .type = OPTION_TEXTS,
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
	{.name = "queue_max",
	 .type = OPTION_NUMBER,
	 FIELD(config, queue_max),
	 .fallback = 10000,
	 .min = 1,
	 .max = 1000000,
	 .help = "updates of one zone that may wait; beyond them UA_DNS at once"},
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

const struct option_group options_top = {"", top_options, sizeof(struct config), finish_top};

/* ---- For sample and man page ---- */

static const char *type_text(const struct option *option)
{
	switch (option->type) {
	case OPTION_BOOL:
		return "true or false";
	case OPTION_NUMBER:
		return "number";
	case OPTION_TEXT:
		return "string";
	case OPTION_TEXTS:
		return "list of strings";
	case OPTION_GROUPS:
		return "list of groups";
	}
	return "";
}

bool config_option(size_t n, struct config_option_info *out)
{
	static const struct option_group *const groups[] = {
		&options_top, &listen_group, &certificate_group, &tsig_group, &zone_group, &user_group, &key_group};

	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
		for (const struct option *option = groups[i]->options; option->name; option++) {
			if (n-- == 0) {
				*out = (struct config_option_info){groups[i]->name, option->name, type_text(option),
								   option->help};
				return true;
			}
		}
	}
	return false;
}
