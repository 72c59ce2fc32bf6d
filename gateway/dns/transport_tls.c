/*
 * OpenSSL between two memory BIOs: what the lower transport receives goes into `in`, what OpenSSL puts into `out` is
 * sent by the lower transport. Nothing here blocks or waits.
 *
 *   lower opened --> handshaking --finished and verified--> open
 *
 * The user may close from within an event; what is then still at work on the connection sees that at its next step,
 * and the last one to leave frees it.
 */
#include "dns/transport_tls.h"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/repeat.h"

enum { PIECE = 16 * 1024 }; /* octets of a TLS record, RFC 8446 section 5.1 */

struct transport_tls_trust {
	struct transport_maker lower;
	SSL_CTX *context;
	struct pin *pins;
	size_t pin_count;
	bool by_authority;
	char *name; /* NULL: the peer's */
};

/* This file's own; `lower` is of another transport's. */
struct transport {
	struct transport_tls_trust *tls;
	struct transport *lower;
	const struct transport_events *events;
	void *ctx; /* NULL after close() */
	SSL *ssl;
	BIO *in, *out; /* the SSL's */
	bool open;
	bool closed_told;
	unsigned at_work; /* calls that still need the transport */
	char label[PEER_TEXT_MAX];
	char name[NAME_TEXT_MAX + 1];
};

/* ---- The end ---- */

static void leave(struct transport *transport)
{
	if (--transport->at_work || transport->ctx)
		return;
	SSL_free(transport->ssl);
	free(transport);
}

static void tls_close(struct transport **transport_pointer)
{
	struct transport *transport = *transport_pointer;

	*transport_pointer = NULL;
	transport->at_work++;
	transport->ctx = NULL;
	if (transport->lower)
		transport->tls->lower.ops->close(&transport->lower);
	leave(transport);
}

static void tell_tls_closed(struct transport *transport, const char *why)
{
	if (!transport->ctx || transport->closed_told)
		return;
	transport->closed_told = true;
	transport->events->closed(transport->ctx, why);
}

/* ---- Octets ---- */

/* Gives to the lower transport what OpenSSL wants to send. */
static enum status flush(struct transport *transport)
{
	uint8_t piece[PIECE];
	int len;

	while ((len = BIO_read(transport->out, piece, sizeof piece)) > 0) {
		enum status status = transport->tls->lower.ops->send(transport->lower, piece, (size_t)len);

		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

/* Why OpenSSL has failed: what is wrong with the certificate, or the first error in its queue. Constants both. */
static const char *reason(const struct transport *transport)
{
	long verified = SSL_get_verify_result(transport->ssl);
	const char *text = ERR_reason_error_string(ERR_get_error());

	ERR_clear_error();
	if (verified == X509_V_ERR_APPLICATION_VERIFICATION)
		return "TLS: the primary's public key is none of tls_pins";
	if (verified != X509_V_OK)
		return X509_verify_cert_error_string(verified);
	return text ? text : "TLS failed";
}

static void fail(struct transport *transport)
{
	const char *why = reason(transport);

	/* The alert, for the log of the other side; that it may not get there does not matter any more. */
	if (flush(transport) != STATUS_OK)
		LOG(LOG_DEBUG, "tls-alert-lost", log_text("primary", transport->label));
	tell_tls_closed(transport, why);
}

static void tls_read_all(struct transport *transport)
{
	uint8_t piece[PIECE];
	int len = 0;

	ERR_clear_error(); /* or another's error would be taken for one of this call */
	while (transport->ctx && !transport->closed_told && (len = SSL_read(transport->ssl, piece, sizeof piece)) > 0)
		transport->events->received(transport->ctx, piece, (size_t)len);
	if (!transport->ctx || transport->closed_told)
		return;
	switch (SSL_get_error(transport->ssl, len)) {
	case SSL_ERROR_WANT_READ:
		if (flush(transport) != STATUS_OK)
			tell_tls_closed(transport, "sending failed");
		break;
	case SSL_ERROR_ZERO_RETURN:
		tell_tls_closed(transport, "closed by the primary");
		break;
	default:
		fail(transport);
		break;
	}
}

static void shake_hands(struct transport *transport)
{
	int done;

	ERR_clear_error();
	done = SSL_do_handshake(transport->ssl);
	if (done != 1 && SSL_get_error(transport->ssl, done) != SSL_ERROR_WANT_READ) {
		fail(transport);
		return;
	}
	if (flush(transport) != STATUS_OK) {
		tell_tls_closed(transport, "sending failed");
		return;
	}
	if (done != 1)
		return;
	transport->open = true;
	LOG(LOG_DEBUG, "tls-open", log_text("primary", transport->label),
	    log_text("version", SSL_get_version(transport->ssl)), log_text("cipher", SSL_get_cipher(transport->ssl)));
	transport->events->opened(transport->ctx);
}

/* ---- What the lower transport tells ---- */

static void on_tls_opened(void *ctx)
{
	struct transport *transport = ctx;

	transport->at_work++;
	shake_hands(transport);
	leave(transport);
}

static void on_tls_received(void *ctx, const uint8_t *octets, size_t len)
{
	struct transport *transport = ctx;

	if (transport->closed_told)
		return;
	transport->at_work++;
	if (BIO_write(transport->in, octets, (int)len) != (int)len) {
		tell_tls_closed(transport, status_text(STATUS_NO_MEMORY));
	} else {
		if (!transport->open)
			shake_hands(transport);
		if (transport->open)
			tls_read_all(transport);
	}
	leave(transport);
}

static void on_tls_closed(void *ctx, const char *why)
{
	struct transport *transport = ctx;

	transport->at_work++;
	tell_tls_closed(transport, why);
	leave(transport);
}

static const struct transport_events lower_events = {
	.opened = on_tls_opened, .received = on_tls_received, .closed = on_tls_closed};

/* ---- Who it is ---- */

static bool is_pinned(const struct transport_tls_trust *tls, const struct pin *pin)
{
	for (size_t i = 0; i < tls->pin_count; i++) {
		if (memcmp(tls->pins[i].digest, pin->digest, PIN_LEN) == 0)
			return true;
	}
	return false;
}

static bool pin_of(X509 *certificate, struct pin *out)
{
	unsigned char *octets = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &octets);

	if (len <= 0)
		return false;
	SHA256(octets, (size_t)len, out->digest);
	OPENSSL_free(octets);
	return true;
}

static bool check_pin(X509_STORE_CTX *store, const struct transport *transport)
{
	X509 *certificate = X509_STORE_CTX_get0_cert(store);
	char text[PIN_TEXT_MAX];
	struct pin pin;

	if (certificate && pin_of(certificate, &pin)) {
		if (is_pinned(transport->tls, &pin))
			return true;
		LOG_REPEATED(LOG_WARNING, "tls-not-pinned", log_text("primary", transport->label),
			     log_text("pin", pin_format(&pin, text)),
			     log_text("text", "the primary has another public key than those in tls_pins"));
	}
	X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return false;
}

/* Called within the handshake, so that a wrong server gets an alert and nothing else. */
static int verify(X509_STORE_CTX *store, void *arg)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	const struct transport *transport = SSL_get_app_data(ssl);

	(void)arg;
	if (transport->tls->pin_count && !check_pin(store, transport))
		return 0;
	return transport->tls->by_authority ? X509_verify_cert(store) : 1;
}

/* The name that the certificate must have, which also tells the server whom we want; an address it is not told. */
static bool expect_name(struct transport *transport)
{
	struct addr addr;

	if (addr_parse(text_of(transport->name), &addr) == STATUS_OK)
		return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(transport->ssl), addr.octets, addr_len(&addr)) == 1;
	SSL_set_hostflags(transport->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(transport->ssl, transport->name) == 1 &&
	       SSL_set_tlsext_host_name(transport->ssl, transport->name) == 1;
}

/* ---- Opening and sending ---- */

static void choose_name(struct transport *transport, const struct peer *peer)
{
	char address[ADDR_TEXT_MAX];
	const char *name = transport->tls->name;

	if (!name)
		name = peer->host.len ? peer->host.text : addr_format(&peer->endpoint.addr, address);
	snprintf(transport->name, sizeof transport->name, "%s", name);
	peer_format(peer, transport->label);
}

static enum status make_ssl(struct transport *transport)
{
	transport->ssl = SSL_new(transport->tls->context);
	transport->in = BIO_new(BIO_s_mem());
	transport->out = BIO_new(BIO_s_mem());
	if (!transport->ssl || !transport->in || !transport->out) {
		BIO_free(transport->in);
		BIO_free(transport->out);
		return STATUS_NO_MEMORY;
	}
	BIO_set_mem_eof_return(transport->in, -1); /* empty means: wait for more */
	BIO_set_mem_eof_return(transport->out, -1);
	SSL_set_bio(transport->ssl, transport->in, transport->out);
	SSL_set_connect_state(transport->ssl);
	SSL_set_app_data(transport->ssl, transport);
	return expect_name(transport) ? STATUS_OK : STATUS_CRYPTO;
}

static enum status tls_open(void *maker, const struct peer *peer, unsigned turn, const struct transport_events *events,
			    void *ctx, struct transport **out, const char **why)
{
	struct transport_tls_trust *tls = maker;
	struct transport *transport = calloc(1, sizeof *transport);
	enum status status;

	*why = status_text(STATUS_NO_MEMORY);
	if (!transport)
		return STATUS_NO_MEMORY;
	transport->tls = tls;
	transport->events = events;
	transport->ctx = ctx;
	choose_name(transport, peer);
	status = make_ssl(transport);
	if (status == STATUS_OK)
		status = tls->lower.ops->open(tls->lower.ctx, peer, turn, &lower_events, transport, &transport->lower,
					      why);
	else
		*why = status_text(status);
	if (status != STATUS_OK) {
		tls_close(&transport);
		return status;
	}
	*out = transport;
	return STATUS_OK;
}

static enum status tls_send(struct transport *transport, const uint8_t *octets, size_t len)
{
	size_t written;

	ERR_clear_error();
	if (transport->closed_told || SSL_write_ex(transport->ssl, octets, len, &written) != 1)
		return STATUS_IO;
	return flush(transport);
}

const struct transport_ops transport_tls = {.open = tls_open, .send = tls_send, .close = tls_close};

/* ---- What connections share ---- */

static enum status trust(struct transport_tls_trust *tls, const char *ca, char *error, size_t error_size)
{
	bool system = strcmp(ca, "system") == 0;
	int loaded =
		system ? SSL_CTX_set_default_verify_paths(tls->context) : SSL_CTX_load_verify_file(tls->context, ca);
	const char *text;

	tls->by_authority = true;
	if (loaded == 1)
		return STATUS_OK;
	text = ERR_reason_error_string(ERR_peek_last_error());
	snprintf(error, error_size, "cannot read certificates from %s: %s", ca, text ? text : "no certificate in it");
	ERR_clear_error();
	return STATUS_IO;
}

static enum status copy_options(struct transport_tls_trust *tls, const struct transport_tls_options *options)
{
	tls->pins = calloc(options->pin_count + 1, sizeof *tls->pins);
	tls->name = options->name ? strdup(options->name) : NULL;
	if (!tls->pins || (options->name && !tls->name))
		return STATUS_NO_MEMORY;
	if (options->pin_count)
		memcpy(tls->pins, options->pins, options->pin_count * sizeof *tls->pins);
	tls->pin_count = options->pin_count;
	return STATUS_OK;
}

static enum status make_context(struct transport_tls_trust *tls)
{
	static const unsigned char alpn[] = "\3dot"; /* RFC 7858 section 3.1 has none, but RFC 9103 section 7.1 does */

	tls->context = SSL_CTX_new(TLS_client_method());
	if (!tls->context)
		return STATUS_NO_MEMORY;
	SSL_CTX_set_options(tls->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(tls->context, verify, NULL);
	if (SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_alpn_protos(tls->context, alpn, sizeof alpn - 1) != 0)
		return STATUS_CRYPTO;
	return STATUS_OK;
}

enum status transport_tls_new(const struct transport_maker *lower, const struct transport_tls_options *options,
			      char *error, size_t error_size, struct transport_tls_trust **out)
{
	struct transport_tls_trust *tls = calloc(1, sizeof *tls);
	enum status status;

	if (!tls)
		return STATUS_NO_MEMORY;
	tls->lower = *lower;
	status = make_context(tls);
	if (status == STATUS_OK)
		status = copy_options(tls, options);
	if (status == STATUS_OK && !options->ca && options->pin_count == 0) {
		snprintf(error, error_size, "there is neither a pin nor an authority");
		status = STATUS_INVALID;
	}
	if (status == STATUS_OK && options->ca)
		status = trust(tls, options->ca, error, error_size);
	if (status != STATUS_OK)
		transport_tls_free(&tls);
	else
		*out = tls;
	return status;
}

void transport_tls_free(struct transport_tls_trust **tls_pointer)
{
	struct transport_tls_trust *tls = *tls_pointer;

	*tls_pointer = NULL;
	if (!tls)
		return;
	SSL_CTX_free(tls->context);
	free(tls->pins);
	free(tls->name);
	free(tls);
}

struct transport_maker transport_tls_maker(struct transport_tls_trust *tls)
{
	return (struct transport_maker){&transport_tls, tls};
}
