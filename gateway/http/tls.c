#include "http/tls.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

struct tls {
	unsigned holders;
	struct cert_set *certificates;
	gnutls_priority_t priorities;
	gnutls_datum_t ticket_key;
};

static enum status copy_ticket_key(const struct tls *before, gnutls_datum_t *out)
{
	out->data = gnutls_malloc(before->ticket_key.size);
	if (!out->data)
		return STATUS_NO_MEMORY;
	out->size = before->ticket_key.size;
	memcpy(out->data, before->ticket_key.data, out->size);
	return STATUS_OK;
}

static enum status tls_make(struct tls *tls, const char *priorities, const struct tls *before)
{
	if (gnutls_priority_init(&tls->priorities, priorities, NULL) < 0)
		return STATUS_CRYPTO;
	if (before)
		return copy_ticket_key(before, &tls->ticket_key);
	return gnutls_session_ticket_key_generate(&tls->ticket_key) < 0 ? STATUS_CRYPTO : STATUS_OK;
}

enum status tls_new(struct cert_set *certificates, const char *priorities, const struct tls *before, struct tls **out)
{
	struct tls *tls = calloc(1, sizeof *tls);
	enum status status;

	if (!tls)
		return STATUS_NO_MEMORY;
	tls->holders = 1;
	tls->certificates = cert_set_hold(certificates);
	status = tls_make(tls, priorities, before);
	if (status == STATUS_OK)
		*out = tls;
	else
		tls_release(&tls);
	return status;
}

struct tls *tls_hold(struct tls *tls)
{
	if (tls)
		tls->holders++;
	return tls;
}

void tls_release(struct tls **tls_pointer)
{
	struct tls *tls = *tls_pointer;

	*tls_pointer = NULL;
	if (!tls || --tls->holders)
		return;
	if (tls->ticket_key.data)
		secret_wipe(tls->ticket_key.data, tls->ticket_key.size);
	gnutls_free(tls->ticket_key.data);
	if (tls->priorities)
		gnutls_priority_deinit(tls->priorities);
	cert_set_release(&tls->certificates);
	free(tls);
}

void tls_prepare(const struct tls *tls, gnutls_session_t session)
{
	/* Without these a session has no certificate, and its handshake fails; so their results need no look. */
	gnutls_priority_set(session, tls->priorities);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, cert_set_credentials(tls->certificates));
	gnutls_session_ticket_enable_server(session, &tls->ticket_key);
}
