#include "dns/explain.h"

#include <inttypes.h>
#include <stdio.h>

static void explain_tsig_error(const struct dns_result *result, const struct dns_context *context, char *buffer)
{
	switch (result->tsig_error) {
	case TSIG_RCODE_BADKEY:
		snprintf(
			buffer, DNS_EXPLAIN_MAX,
			"the primary does not know TSIG key %s with algorithm %s (BADKEY): add the key there, or correct its name or algorithm here; Knot says so, too, when its acl does not allow the change",
			context->key, context->algorithm);
		break;
	case TSIG_RCODE_BADSIG:
		snprintf(buffer, DNS_EXPLAIN_MAX,
			 "the secret of TSIG key %s is not the one that the primary has (BADSIG)", context->key);
		break;
	case TSIG_RCODE_BADTRUNC:
		snprintf(buffer, DNS_EXPLAIN_MAX, "the primary wants a longer MAC for TSIG key %s (BADTRUNC)",
			 context->key);
		break;
	default:
		snprintf(buffer, DNS_EXPLAIN_MAX, "the primary reports TSIG error %u for key %s", result->tsig_error,
			 context->key);
		break;
	}
}

static void explain_clock(const struct dns_result *result, char *buffer)
{
	if (!result->has_clock_offset)
		snprintf(buffer, DNS_EXPLAIN_MAX,
			 "the clocks of the primary and of this machine differ too much (BADTIME): synchronise both");
	else
		snprintf(buffer, DNS_EXPLAIN_MAX,
			 "the primary's clock is %" PRId64 " s %s this machine's (BADTIME): synchronise both",
			 imaxabs(result->clock_offset_s), result->clock_offset_s < 0 ? "behind" : "ahead of");
}

/*
 * PowerDNS answers like this on principle; so does Knot from 3.4 on if no acl fits, and perhaps a proxy or another
 * server.
 */
static void explain_unsigned(const struct dns_result *result, const struct dns_context *context, char *buffer)
{
	snprintf(
		buffer, DNS_EXPLAIN_MAX,
		"%s: the refusal is not signed, so the primary may not accept the key, its secret or the time: see key %s and the clocks; or it "
		"is not open for zone %s: %s",
		dns_rcode_text(result->rcode), context->key, context->zone,
		context->queried ? "allow-query in BIND, acl in Knot"
				 : "acl in Knot, allow-dnsupdate-from and TSIG-ALLOW-DNSUPDATE in PowerDNS");
}

static void explain_refused(const struct dns_context *context, char *buffer)
{
	if (context->queried)
		snprintf(
			buffer, DNS_EXPLAIN_MAX,
			"the primary does not have zone %s, or does not let key %s query it (REFUSED): see `primaries`, and allow-query in BIND, acl "
			"in Knot",
			context->zone, context->key);
	else
		snprintf(
			buffer, DNS_EXPLAIN_MAX,
			"the primary refused an update of zone %s by key %s (REFUSED): see update-policy, allow-update and allow-query in BIND, acl in "
			"Knot, TSIG-ALLOW-DNSUPDATE and allow-dnsupdate-from in PowerDNS; or the zone is frozen (rndc freeze, knotc zone-freeze)",
			context->zone, context->key);
}

static void explain_rcode(const struct dns_result *result, const struct dns_context *context, char *buffer)
{
	const char *rcode = dns_rcode_text(result->rcode);

	switch (result->rcode) {
	case DNS_NXRRSET:
		snprintf(buffer, DNS_EXPLAIN_MAX, "a record that must exist is not in zone %s (NXRRSET)",
			 context->zone);
		break;
	case DNS_REFUSED:
		explain_refused(context, buffer);
		break;
	case DNS_NOTAUTH:
		snprintf(
			buffer, DNS_EXPLAIN_MAX,
			"the primary does not serve zone %s as its primary, or rejects key %s there (NOTAUTH): see the zone's name, the address in "
			"`primaries`, and the key's access; Knot says so, too, when it does not know the key or its acl does not allow the change",
			context->zone, context->key);
		break;
	case DNS_NOTZONE:
		snprintf(buffer, DNS_EXPLAIN_MAX, "the name does not lie in zone %s as the primary has it (NOTZONE)",
			 context->zone);
		break;
	case DNS_NOTIMP:
		snprintf(buffer, DNS_EXPLAIN_MAX, "the server does not do dynamic updates (NOTIMP)");
		break;
	case DNS_SERVFAIL:
		snprintf(buffer, DNS_EXPLAIN_MAX, "the primary failed with zone %s (SERVFAIL): its log says why",
			 context->zone);
		break;
	default:
		snprintf(buffer, DNS_EXPLAIN_MAX, "the primary answered %s (%u) for zone %s", rcode, result->rcode,
			 context->zone);
		break;
	}
}

static void explain_answer(const struct dns_result *result, const struct dns_context *context, char *buffer)
{
	if (result->tsig_error == TSIG_RCODE_BADTIME)
		explain_clock(result, buffer);
	else if (result->tsig_error != TSIG_RCODE_NOERROR)
		explain_tsig_error(result, context, buffer);
	else if (result->verdict == DNS_UNSIGNED && (result->rcode == DNS_REFUSED || result->rcode == DNS_NOTAUTH))
		explain_unsigned(result, context, buffer);
	else
		explain_rcode(result, context, buffer);
}

const char *dns_explain(const struct dns_result *result, const struct dns_context *context,
			char buffer[static DNS_EXPLAIN_MAX])
{
	switch (result->verdict) {
	case DNS_VERIFIED:
	case DNS_REJECTED:
	case DNS_UNSIGNED:
		explain_answer(result, context, buffer);
		break;
	case DNS_UNREACHABLE:
		snprintf(buffer, DNS_EXPLAIN_MAX, "nothing could be sent: %s", result->why);
		break;
	case DNS_UNKNOWN:
		snprintf(buffer, DNS_EXPLAIN_MAX, "no reply that can be believed: %s", result->why);
		break;
	}
	return buffer;
}
