/*
 * TLS under the transports' contract, and what is its own: whom it trusts, and that nothing is sent to others.
 */
#include "transport_contract.h"

#include "support.h"

#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dns/transport_tls.h"

/* A key and a certificate for 127.0.0.1 and ns1.example.com, signed by itself, which is in the file, too. */
static struct {
	EVP_PKEY *key;
	X509 *certificate;
	struct pin pin;
	char file[sizeof "/tmp/transport_tls.XXXXXX"];
	SSL_CTX *context;
} identity;

static struct {
	struct transport_maker tcp;
	struct transport_tls_trust *tls;
	struct transport_tls_options options;
} maker;

static X509 *self_signed(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);
	X509_EXTENSION *names;

	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"a test", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:ns1.example.com,DNS:localhost,IP:127.0.0.1");
	X509_add_ext(certificate, names, -1);
	X509_EXTENSION_free(names);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	return certificate;
}

static void write_certificate(void)
{
	FILE *file;

	snprintf(identity.file, sizeof identity.file, "/tmp/transport_tls.XXXXXX");
	file = fdopen(mkstemp(identity.file), "w");
	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, identity.certificate), 1);
	assert_int_equal(fclose(file), 0);
}

static int make_identity(void **state)
{
	unsigned char *octets = NULL;
	int len;

	(void)state;
	identity.key = EVP_EC_gen("P-256");
	identity.certificate = self_signed(identity.key);
	len = i2d_PUBKEY(identity.key, &octets);
	SHA256(octets, (size_t)len, identity.pin.digest);
	OPENSSL_free(octets);
	write_certificate();
	identity.context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(identity.context, identity.certificate);
	SSL_CTX_use_PrivateKey(identity.context, identity.key);
	maker.options = (struct transport_tls_options){.pins = &identity.pin, .pin_count = 1};
	return 0;
}

static int free_identity(void **state)
{
	(void)state;
	SSL_CTX_free(identity.context);
	X509_free(identity.certificate);
	EVP_PKEY_free(identity.key);
	unlink(identity.file);
	return 0;
}

static struct transport_maker make(uv_loop_t *loop)
{
	char error[256] = "";

	maker.tcp = (struct transport_maker){&transport_tcp, loop};
	assert_int_equal(transport_tls_new(&maker.tcp, &maker.options, error, sizeof error, &maker.tls), STATUS_OK);
	assert_string_equal(error, "");
	return transport_tls_maker(maker.tls);
}

static void unmake(void)
{
	transport_tls_free(&maker.tls);
}

/* ---- The server ---- */

static void *accept_tls(int fd)
{
	SSL *ssl = SSL_new(identity.context);

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

static long read_tls(void *connection, void *octets, size_t len)
{
	return SSL_read(connection, octets, (int)len);
}

static long write_tls(void *connection, const void *octets, size_t len)
{
	return SSL_write(connection, octets, (int)len);
}

static void end_tls(void *connection)
{
	SSL_shutdown(connection);
	SSL_free(connection);
}

static const struct transport_under_test tls = {.name = "transport_tls",
						.make = make,
						.unmake = unmake,
						.accept = accept_tls,
						.read = read_tls,
						.write = write_tls,
						.end = end_tls};

/* ---- Whom it trusts ---- */

/* Connects; says what open() or the events have told: NULL if it is open. Nobody else may have got an octet. */
static const char *connect_with(const struct transport_tls_options *options, const char *host)
{
	static char why[128];
	struct contract_server *server = contract_server_new(&tls, SERVER_ECHOES);
	struct peer peer = contract_server_peer(server);
	struct contract_user user = {.room = 5};
	uint8_t received[5];
	uv_loop_t loop;
	size_t got;

	maker.options = *options;
	assert_int_equal(uv_loop_init(&loop), 0);
	user.loop = &loop;
	user.maker = make(&loop);
	user.received = received;
	if (host)
		peer.host = name_of(host);
	assert_int_equal(contract_open(&user, &peer), STATUS_OK);
	while (!user.opened && !user.closed)
		uv_run(&loop, UV_RUN_ONCE);
	if (user.opened) {
		assert_int_equal(user.maker.ops->send(user.transport, (const uint8_t *)"hello", 5), STATUS_OK);
		while (user.received_len < 5 && !user.closed)
			uv_run(&loop, UV_RUN_ONCE);
		assert_int_equal(user.received_len, 5);
	}
	contract_finish(&user);
	unmake();
	assert_int_equal(uv_loop_close(&loop), 0);
	got = contract_server_free(&server);
	assert_int_equal(got, user.opened ? 5 : 0);
	snprintf(why, sizeof why, "%s", user.why);
	return user.opened ? NULL : why;
}

static void only_who_proves_it_is_talked_to(void **state)
{
	static const struct pin others[] = {{{1}}, {{2}}};
	struct pin both[] = {{{1}}, identity.pin};
	const struct {
		const char *row;
		struct transport_tls_options options;
		const char *host;
		const char *why; /* NULL: open */
	} rows[] = {
		{"pin", {.pins = both, .pin_count = 2}, NULL, NULL},
		{"pin, whatever the name", {.pins = both, .pin_count = 2, .name = "other.example.com"}, NULL, NULL},
		{"wrong pin",
		 {.pins = others, .pin_count = 2},
		 NULL,
		 "TLS: the primary's public key is none of tls_pins"},
		{"authority and address", {.ca = identity.file}, NULL, NULL},
		{"authority and name", {.ca = identity.file, .name = "ns1.example.com"}, NULL, NULL},
		{"authority and the peer's name", {.ca = identity.file}, "ns1.example.com", NULL},
		{"wrong name", {.ca = identity.file, .name = "ns2.example.com"}, NULL, "hostname mismatch"},
		{"wrong name of the peer", {.ca = identity.file}, "ns2.example.com", "hostname mismatch"},
		{"wrong address", {.ca = identity.file, .name = "127.0.0.2"}, NULL, "IP address mismatch"},
		{"other authorities", {.ca = "system"}, NULL, "self-signed certificate"},
		{"both", {.pins = both, .pin_count = 2, .ca = identity.file}, NULL, NULL},
		{"both, wrong pin",
		 {.pins = others, .pin_count = 2, .ca = identity.file},
		 NULL,
		 "TLS: the primary's public key is none of tls_pins"},
		{"both, wrong name",
		 {.pins = both, .pin_count = 2, .ca = identity.file, .name = "ns2.example.com"},
		 NULL,
		 "hostname mismatch"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *why = connect_with(&rows[i].options, rows[i].host);

		if (!rows[i].why)
			assert_row(rows[i].row, !why);
		else if (!why || strcmp(why, rows[i].why) != 0)
			fail_msg("%s: %s", rows[i].row, why ? why : "open");
	}
}

static void old_versions_are_refused(void **state)
{
	const struct transport_tls_options options = {.pins = &identity.pin, .pin_count = 1};

	(void)state;
	SSL_CTX_set_security_level(identity.context, 0);
	SSL_CTX_set_min_proto_version(identity.context, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(identity.context, TLS1_1_VERSION);
	assert_non_null(connect_with(&options, NULL));
	SSL_CTX_set_max_proto_version(identity.context, TLS1_2_VERSION);
	assert_null(connect_with(&options, NULL));
	SSL_CTX_set_max_proto_version(identity.context, 0);
}

static void authorities_that_cannot_be_read_are_told(void **state)
{
	struct transport_maker tcp = {&transport_tcp, NULL};
	struct transport_tls_options none = {.pin_count = 0}, missing = {.ca = "/nowhere/ca.pem"},
				     empty = {.ca = "/dev/null"};
	char error[256] = "";
	struct transport_tls_trust *made = NULL;

	(void)state;
	assert_int_equal(transport_tls_new(&tcp, &none, error, sizeof error, &made), STATUS_INVALID);
	assert_int_equal(transport_tls_new(&tcp, &missing, error, sizeof error, &made), STATUS_IO);
	assert_non_null(strstr(error, "/nowhere/ca.pem: "));
	assert_int_equal(transport_tls_new(&tcp, &empty, error, sizeof error, &made), STATUS_IO);
	assert_non_null(strstr(error, "/dev/null: "));
	assert_null(made);
}

static void pins_are_read_and_written(void **state)
{
	static const char text[] = "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
	static const char *const wrong[] = {"",
					    "sha256:",
					    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
					    "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
					    "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
					    "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g"};
	char again[PIN_TEXT_MAX];
	struct pin pin;

	(void)state;
	assert_int_equal(pin_parse(text_of(text), &pin), STATUS_OK);
	for (uint8_t i = 0; i < PIN_LEN; i++)
		assert_int_equal(pin.digest[i], i);
	assert_string_equal(pin_format(&pin, again), text);
	for (size_t i = 0; i < LENGTH(wrong); i++)
		assert_row(wrong[i], pin_parse(text_of(wrong[i]), &pin) == STATUS_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_who_proves_it_is_talked_to),
		cmocka_unit_test(old_versions_are_refused),
		cmocka_unit_test(authorities_that_cannot_be_read_are_told),
		cmocka_unit_test(pins_are_read_and_written),
	};
	int failed;

	signal(SIGPIPE, SIG_IGN);
	make_identity(NULL);
	failed = transport_contract_run(&tls);
	failed += cmocka_run_group_tests_name("whom TLS trusts", tests, NULL, NULL);
	free_identity(NULL);
	return failed;
}
