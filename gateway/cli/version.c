/* `ddnsgate version`: its own version and those of the libraries that it was built with. */
#include <gnutls/gnutls.h>
#include <ldns/ldns.h>
#include <libconfig.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdio.h>
#include <uv.h>

#include "cli/cli.h"

static int version(const struct cli_arguments *arguments)
{
	(void)arguments;
	printf("ddnsgate %s\n", DDNSGATE_VERSION);
	printf("libmicrohttpd %s, GnuTLS %s, libuv %s, ldns %s, SQLite %s, libconfig %d.%d.%d, %s\n", MHD_get_version(),
	       gnutls_check_version(NULL), uv_version_string(), ldns_version(), sqlite3_libversion(),
	       LIBCONFIG_VER_MAJOR, LIBCONFIG_VER_MINOR, LIBCONFIG_VER_REVISION, OpenSSL_version(OPENSSL_VERSION));
	return CLI_SUCCESS;
}

static const struct cli_verb verbs[] = {
	{NULL, "", 0, 0, "Prints the version of ddnsgate and of its libraries.", version},
	{NULL, "", 0, 0, "", NULL},
};

const struct cli_command cli_version = {
	.name = "version",
	.summary = "prints the version",
	.help = "",
	.verbs = verbs,
};
