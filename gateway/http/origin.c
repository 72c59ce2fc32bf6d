/*
 * Where a request comes from: the peer of its connection, or whom a trusted proxy names; and by TLS or not.
 *
 * A proxy sets one of the headers that name the client, and may let pass what the client wrote into the others. So
 * those that name somebody who is none of the trusted must all name the same one. A proxy behind another one may have
 * that for its client in X-Real-IP, so what names one of the trusted gives way.
 *
 * A trusted proxy that names nobody has no address to give: its own is not the client's.
 */
#include "http/origin.h"

#include <microhttpd.h>

#include "base/repeat.h"
#include "http/forwarded.h"

enum {
	WARN_AGAIN_MS = 60 * 60 * 1000,
};

enum header {
	X_FORWARDED_FOR,
	FORWARDED,
	X_REAL_IP,
	HEADERS,
};

#define HEADER(name)                                                                                                   \
	{                                                                                                              \
		name, sizeof name - 1                                                                                  \
	}

static const struct text names[HEADERS] = {
	[X_FORWARDED_FOR] = HEADER("X-Forwarded-For"),
	[FORWARDED] = HEADER("Forwarded"),
	[X_REAL_IP] = HEADER("X-Real-IP"),
};

/* What the headers that are about it say of a request's source. */
struct trail {
	const struct settings *settings;
	struct forwarded by[HEADERS];
	bool is_there[HEADERS];
	bool malformed;
	bool over_tls; /* X-Forwarded-Proto */
};

static bool counts(const struct settings *settings, enum header header)
{
	return header != X_REAL_IP || settings->x_real_ip;
}

static void take_forwarding(struct trail *trail, enum header header, struct text value)
{
	struct networks trusted = trail->settings->trusted;
	enum status status = STATUS_OK;

	trail->is_there[header] = true;
	if (header == FORWARDED)
		status = forwarded_add(&trail->by[header], trusted, value);
	else if (counts(trail->settings, header))
		status = forwarded_add_for(&trail->by[header], trusted, value);
	trail->malformed = trail->malformed || status != STATUS_OK;
}

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len,
				 const char *value, size_t value_len)
{
	struct text of = {name, name_len}, is = {value, value_len};
	struct trail *trail = cls;

	(void)kind;
	for (enum header header = 0; header < HEADERS; header++) {
		if (text_equal_ignoring_case(of, names[header]))
			take_forwarding(trail, header, is);
	}
	if (text_equal_ignoring_case(of, text_of("X-Forwarded-Proto")))
		trail->over_tls = text_equal_ignoring_case(is, text_of("https"));
	return MHD_YES;
}

/* The one that tells most; NULL if none tells anything. Two that contradict each other set *contradict. */
static const struct forwarded *choose(const struct trail *trail, bool *contradict)
{
	const struct forwarded *best = NULL;

	*contradict = false;
	for (enum header header = 0; header < HEADERS; header++) {
		const struct forwarded *one = &trail->by[header];

		if (one->hops == 0 || (best && best->is_outside && !one->is_outside))
			continue;
		if (best && best->is_outside == one->is_outside) {
			*contradict = *contradict || !addr_equal(&best->source, &one->source);
		} else {
			best = one;
			*contradict = false;
		}
	}
	return best;
}

/* Why nobody knows the client of a request that a trusted proxy has brought. */
static const char *why_unknown(const struct trail *trail)
{
	if (trail->by[X_FORWARDED_FOR].hops || trail->by[FORWARDED].hops || trail->by[X_REAL_IP].hops)
		return "X-Forwarded-For or Forwarded is there, but names no client; the peer is one of `trusted_proxies`, so "
		       "its own address is not the client's";
	if (trail->is_there[X_REAL_IP] && !trail->settings->x_real_ip)
		return "the proxy sends X-Real-IP, which counts where the listener has `x_real_ip`, and neither X-Forwarded-For "
		       "nor Forwarded; it is one of `trusted_proxies`, so its own address is not the client's";
	return "the proxy sends neither X-Forwarded-For nor Forwarded (nor X-Real-IP, see `x_real_ip`); it is one of "
	       "`trusted_proxies`, so its own address is not the client's";
}

/* Says whether it is an hour since that peer was warned of; and if many are, it is not. */
static bool may_warn_of(struct http_server *server, const struct addr *peer)
{
	uint64_t now_ms = uv_now(server->loop);
	struct warned *free_place = NULL;

	for (size_t i = 0; i < WARNED_MAX; i++) {
		struct warned *place = &server->warned[i];

		if (place->until_ms <= now_ms)
			free_place = place;
		else if (addr_equal(&place->peer, peer))
			return false;
	}
	if (free_place)
		*free_place = (struct warned){*peer, now_ms + WARN_AGAIN_MS};
	return free_place;
}

/* Somebody who is not trusted says whose request it is: a client behind its own proxy, or one that was forgotten. */
static void warn_of_untrusted(const struct connection *connection, const struct trail *trail)
{
	char peer[ADDR_TEXT_MAX];

	for (enum header header = 0; header < HEADERS; header++) {
		if (!trail->is_there[header] || !may_warn_of(connection->listener->server, &connection->peer))
			continue;
		LOG(LOG_WARNING, "proxy-untrusted", log_text("source", addr_format(&connection->peer, peer)),
		    log_text("header", names[header].octets),
		    log_text(
			    "text",
			    "this header is not believed, and the peer's own address counts as its clients'; if it is a "
			    "proxy of yours, list it in `trusted_proxies`"));
		return;
	}
}

static void say_unknown(struct http_request *request, const struct addr *proxy, const char *why)
{
	request->source_unknown = why;
	request->proxy = *proxy;
}

const char *origin_find(const struct connection *connection, struct http_request *request)
{
	struct trail trail = {.settings = &connection->listener->settings};
	const struct forwarded *best;
	bool contradict;

	request->source = connection->peer;
	request->source_unknown = NULL;
	request->over_tls = connection->tls != NULL;
	MHD_get_connection_values_n(connection->mhd, MHD_HEADER_KIND, on_header, &trail);
	if (connection->is_proxys_own) {
		say_unknown(
			request, &connection->proxy,
			"the PROXY header names no client, so nothing in the connection does; see `proxy_protocol`");
		return NULL;
	}
	if (!connection_is_trusted(connection)) {
		warn_of_untrusted(connection, &trail);
		return NULL;
	}
	request->source = (struct addr){.family = ADDR_NONE};
	request->over_tls = request->over_tls || trail.over_tls;
	if (trail.malformed)
		return "400 the proxy sent a malformed X-Forwarded-For, Forwarded or X-Real-IP header";
	best = choose(&trail, &contradict);
	if (contradict)
		return "400 X-Forwarded-For and Forwarded or X-Real-IP name different clients";
	if (best)
		request->source = best->source;
	if (request->source.family == ADDR_NONE)
		say_unknown(request, &connection->peer, why_unknown(&trail));
	return NULL;
}
