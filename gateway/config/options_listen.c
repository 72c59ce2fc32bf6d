/*
 * Options of a listener, and of its certificates.
 */
#include "config/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

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
	char *certificate = reader_beside(reader, pair->certificate), *key = reader_beside(reader, pair->key);
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

struct networks config_trusted(const struct config *config, const struct config_listener *listener)
{
	if (listener->trusts_its_own)
		return (struct networks){listener->trusted, listener->trusted_count};
	return (struct networks){config->trusted, config->trusted_count};
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

const struct option_group options_certificates = {
	.name = "certificates",
	.options = certificate_options,
	.size = sizeof(struct config_certificate),
};

/* ---- listen ---- */

static void take_listen_address(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config_listener *listener = into;
	struct endpoint endpoint = {.port = 0};

	if (endpoint_parse_host(text_of(text), &endpoint) != STATUS_OK)
		reader_refuse_address(reader, at, text, "an IP address; \"::\" and \"0.0.0.0\" stand for all");
	else if (endpoint_lacks_scope(&endpoint))
		reader_error(reader, at, "\"%s\" is a link-local address, which needs its interface: %s%%eth0", text,
			     text);
	listener->address = endpoint.addr;
	listener->scope = endpoint.scope;
}

static void take_listen_path(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct config_listener *listener = into;

	listener->path = reader_beside(reader, text);
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

	reader_add_network(reader, at, text, &listener->trusted, &listener->trusted_count);
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

static void release_listener(void *into)
{
	cert_set_release(&((struct config_listener *)into)->cert_set);
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
	 FIELD(config_listener, path),
	 .heap = true,
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
	 FIELD(config_listener, trusted),
	 .heap = true,
	 .take = take_listen_proxy,
	 .help = "instead of those at the top level"},
	{.name = "certificates",
	 .type = OPTION_GROUPS,
	 FIELD(config_listener, certificates),
	 .count_offset = offsetof(struct config_listener, certificate_count),
	 .group = &options_certificates,
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

const struct option_group options_listen = {
	.name = "listen",
	.options = listen_options,
	.size = sizeof(struct config_listener),
	.finish = finish_listener,
	.release = release_listener,
};
