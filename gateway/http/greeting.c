#include "http/greeting.h"

#include "http/proxy.h"

/* A record with a handshake message (RFC 8446 section 5.1), or a hello in SSL 2.0's form (RFC 5246 appendix E.2). */
static bool is_tls(struct text octets)
{
	const unsigned char *at = (const unsigned char *)octets.octets;

	return at[0] == 0x16 || (at[0] & 0x80 && octets.len > 2 && at[2] == 1);
}

/* The beginning of a method (RFC 9110 section 9.1) as all of them are written. */
static bool is_http(struct text octets)
{
	char first = octets.octets[0];

	return (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z');
}

/* What cannot stand before or in a request line: controls but for line ends and tabs, and octets beyond ASCII. */
static bool is_binary(struct text octets)
{
	unsigned char first = (unsigned char)octets.octets[0];

	return (first < ' ' && first != '\r' && first != '\n' && first != '\t') || first >= 0x7f;
}

const char *greeting_fault(struct text octets, bool wants_tls)
{
	if (proxy_begins(octets))
		return "the peer sent a PROXY header, but this listener has no proxy_protocol";
	if (wants_tls && is_http(octets))
		return "the client speaks HTTP without TLS, but this listener has certificates";
	if (!wants_tls && is_tls(octets))
		return "the client speaks TLS, but this listener has no certificates";
	if (wants_tls ? !is_tls(octets) && !(octets.octets[0] & 0x80) : is_binary(octets))
		return wants_tls ? "the client does not speak TLS" : "the client does not speak HTTP";
	return NULL;
}
