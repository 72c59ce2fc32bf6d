#include "base/peer.h"

#include <stdio.h>

enum status peer_parse(struct text text, uint16_t default_port, struct peer *out)
{
	struct peer peer = {0};
	struct text host, port;
	enum status status;

	if (endpoint_parse(text, default_port, &peer.endpoint) == STATUS_OK) {
		*out = peer;
		return STATUS_OK;
	}
	peer.endpoint.port = default_port;
	if (text_split(text, ':', &host, &port)) {
		status = port_parse(port, &peer.endpoint.port);
		if (status != STATUS_OK)
			return status;
	}
	status = name_parse(host, &peer.host);
	if (status == STATUS_OK)
		*out = peer;
	return status;
}

const char *peer_format(const struct peer *peer, char buffer[static PEER_TEXT_MAX])
{
	if (peer->host.len == 0)
		return endpoint_format(&peer->endpoint, buffer);
	snprintf(buffer, PEER_TEXT_MAX, "%s:%u", peer->host.text, peer->endpoint.port);
	return buffer;
}

bool peer_equal(const struct peer *a, const struct peer *b)
{
	if (a->host.len || b->host.len)
		return name_equal(&a->host, &b->host) && a->endpoint.port == b->endpoint.port;
	return endpoint_equal(&a->endpoint, &b->endpoint);
}
