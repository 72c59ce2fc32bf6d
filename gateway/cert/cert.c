#include "cert/cert.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/secret.h"

enum { FILE_MAX = 1024 * 1024 }; /* octets of a certificate's or key's file */

struct cert_set {
	unsigned holders;
	gnutls_certificate_credentials_t credentials;
};

/* A certificate, with the intermediate certificates that lead to its issuer. */
struct cert_chain {
	gnutls_x509_crt_t *items;
	unsigned count;
};

static enum status cert_complain(struct cert_error *error, bool in_key, const char *path, const char *text)
{
	error->in_key = in_key;
	snprintf(error->text, sizeof error->text, "%s %s: %s", in_key ? "key file" : "certificate", path, text);
	return STATUS_INVALID;
}

/* ---- Files ---- */

static enum status read_stream(FILE *stream, gnutls_datum_t *out)
{
	struct stat info;

	if (fstat(fileno(stream), &info) != 0)
		return STATUS_IO;
	if (!S_ISREG(info.st_mode)) {
		errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
		return STATUS_IO;
	}
	if (info.st_size > FILE_MAX) {
		errno = EFBIG;
		return STATUS_IO;
	}
	out->data = malloc((size_t)info.st_size + 1);
	if (!out->data)
		return STATUS_NO_MEMORY;
	out->size = (unsigned)fread(out->data, 1, (size_t)info.st_size, stream);
	return ferror(stream) ? STATUS_IO : STATUS_OK;
}

static void forget(gnutls_datum_t *octets)
{
	if (octets->data)
		secret_wipe(octets->data, octets->size);
	free(octets->data);
	octets->data = NULL;
}

/* stdio is not used: the key would stay in its buffer. */
static enum status cert_read_file(const char *path, bool is_key, gnutls_datum_t *out, struct cert_error *error)
{
	FILE *stream = fopen(path, "re");
	enum status status = STATUS_IO;

	*out = (gnutls_datum_t){0};
	if (stream) {
		setvbuf(stream, NULL, _IONBF, 0);
		status = read_stream(stream, out);
	}
	if (status == STATUS_IO)
		status = cert_complain(error, is_key, path, strerror(errno));
	if (stream)
		fclose(stream);
	if (status != STATUS_OK)
		forget(out);
	return status;
}

/* ---- What is in them ---- */

static enum status read_chain(const char *path, struct cert_chain *out, struct cert_error *error)
{
	gnutls_datum_t octets;
	enum status status = cert_read_file(path, false, &octets, error);
	int result;

	if (status != STATUS_OK)
		return status;
	result = gnutls_x509_crt_list_import2(&out->items, &out->count, &octets, GNUTLS_X509_FMT_PEM,
					      GNUTLS_X509_CRT_LIST_SORT);
	forget(&octets);
	if (result == GNUTLS_E_MEMORY_ERROR)
		return STATUS_NO_MEMORY;
	if (result == GNUTLS_E_NO_CERTIFICATE_FOUND || result == GNUTLS_E_BASE64_UNEXPECTED_HEADER_ERROR)
		return cert_complain(error, false, path, "it holds no certificate in PEM form");
	return result < 0 ? cert_complain(error, false, path, gnutls_strerror(result)) : STATUS_OK;
}

static enum status import_key(const char *path, const gnutls_datum_t *octets, gnutls_x509_privkey_t key,
			      struct cert_error *error)
{
	int result = gnutls_x509_privkey_import2(key, octets, GNUTLS_X509_FMT_PEM, NULL, 0);

	switch (result) {
	case GNUTLS_E_MEMORY_ERROR:
		return STATUS_NO_MEMORY;
	case GNUTLS_E_DECRYPTION_FAILED:
		return cert_complain(error, true, path, "it is encrypted; ddnsgate cannot ask for a passphrase");
	case GNUTLS_E_BASE64_DECODING_ERROR:
	case GNUTLS_E_BASE64_UNEXPECTED_HEADER_ERROR:
	case GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE:
		return cert_complain(error, true, path, "it holds no private key in PEM form");
	default:
		return result < 0 ? cert_complain(error, true, path, gnutls_strerror(result)) : STATUS_OK;
	}
}

static enum status cert_read_key(const char *path, gnutls_x509_privkey_t *out, struct cert_error *error)
{
	gnutls_datum_t octets;
	enum status status = cert_read_file(path, true, &octets, error);

	if (status != STATUS_OK)
		return status;
	if (gnutls_x509_privkey_init(out) < 0)
		status = STATUS_NO_MEMORY;
	else
		status = import_key(path, &octets, *out, error);
	forget(&octets);
	return status;
}

static void free_chain(struct cert_chain *chain)
{
	for (unsigned i = 0; i < chain->count; i++)
		gnutls_x509_crt_deinit(chain->items[i]);
	gnutls_free(chain->items);
}

/* ---- The verbs ---- */

enum status cert_set_new(struct cert_set **out)
{
	struct cert_set *set = calloc(1, sizeof *set);

	if (!set)
		return STATUS_NO_MEMORY;
	if (gnutls_certificate_allocate_credentials(&set->credentials) < 0) {
		free(set);
		return STATUS_NO_MEMORY;
	}
	set->holders = 1;
	*out = set;
	return STATUS_OK;
}

enum status cert_set_add(struct cert_set *set, const char *certificate_path, const char *key_path,
			 struct cert_validity *validity, struct cert_error *error)
{
	struct cert_chain chain = {0};
	gnutls_x509_privkey_t key = NULL;
	enum status status = read_chain(certificate_path, &chain, error);
	int result;

	if (status == STATUS_OK)
		status = cert_read_key(key_path, &key, error);
	if (status != STATUS_OK)
		goto out;
	result = gnutls_certificate_set_x509_key(set->credentials, chain.items, (int)chain.count, key);
	if (result == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		status = cert_complain(error, true, key_path, "it is not the key of the certificate");
	else if (result == GNUTLS_E_MEMORY_ERROR)
		status = STATUS_NO_MEMORY;
	else if (result < 0)
		status = cert_complain(error, false, certificate_path, gnutls_strerror(result));
	else
		*validity = (struct cert_validity){gnutls_x509_crt_get_activation_time(chain.items[0]),
						   gnutls_x509_crt_get_expiration_time(chain.items[0])};
out:
	free_chain(&chain);
	if (key)
		gnutls_x509_privkey_deinit(key);
	return status;
}

struct cert_set *cert_set_hold(struct cert_set *set)
{
	if (set)
		set->holders++;
	return set;
}

void cert_set_release(struct cert_set **set_pointer)
{
	struct cert_set *set = *set_pointer;

	*set_pointer = NULL;
	if (!set || --set->holders)
		return;
	gnutls_certificate_free_credentials(set->credentials);
	free(set);
}

const char *cert_priorities(const char *oldest_version)
{
	static const struct {
		const char *oldest;
		const char *priorities;
	} rows[] = {
		{"1.0", "NORMAL:+VERS-TLS1.0:+VERS-TLS1.1"},
		{"1.1", "NORMAL:-VERS-TLS1.0:+VERS-TLS1.1"},
		{"1.2", "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1:-RSA"},
		{"1.3", "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1:-VERS-TLS1.2:-RSA"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (strcmp(rows[i].oldest, oldest_version) == 0)
			return rows[i].priorities;
	}
	return NULL;
}

struct gnutls_certificate_credentials_st *cert_set_credentials(const struct cert_set *set)
{
	return set->credentials;
}
