#include "live/finding.h"

#include <inttypes.h>
#include <stdio.h>

#include "live/statements.h"

enum finding_level finding_level(const struct finding *finding)
{
	switch (finding->kind) {
	case FINDING_REACHED:
	case FINDING_KEY:
	case FINDING_CLOCK_UNSEEN:
	case FINDING_SERVED:
	case FINDING_SERIAL:
	case FINDING_RIGHTS:
	case FINDING_INACTIVE:
		return FINDING_OK;
	case FINDING_CLOCK:
		return imaxabs(finding->number) > FINDING_SKEW_WARN_S ? FINDING_WARN : FINDING_OK;
	case FINDING_NO_NAMES:
	case FINDING_NO_RECORD:
	case FINDING_HIDDEN:
	case FINDING_MORE_HOSTS:
	case FINDING_STORE_UNREAD:
	case FINDING_BEHIND:
	case FINDING_NO_AUTHORITY:
	case FINDING_FORWARDED:
		return FINDING_WARN;
	case FINDING_UNRESOLVED:
	case FINDING_UNREACHABLE:
	case FINDING_UNBELIEVABLE:
	case FINDING_KEY_UNKNOWN:
	case FINDING_KEY_WRONG:
	case FINDING_KEY_TRUNCATED:
	case FINDING_UNSIGNED:
	case FINDING_CLOCK_WRONG:
	case FINDING_NOT_SERVED:
	case FINDING_NO_UPDATES:
	case FINDING_NO_RIGHT:
	case FINDING_MORE:
	case FINDING_FAILED:
	case FINDING_LATE:
		break;
	}
	return FINDING_FAIL;
}

static void clock_text(const struct finding *finding, char *text)
{
	const char *side = finding->number < 0 ? "behind" : "ahead of";
	intmax_t apart_s = imaxabs(finding->number);

	if (finding->kind == FINDING_CLOCK_UNSEEN)
		snprintf(
			text, FINDING_TEXT_MAX,
			"its clock cannot be seen, because it signs with the time that it was asked with, as PowerDNS does; "
			"it is within the %u s allowed (fudge_s)",
			finding->fudge_s);
	else if (finding->kind == FINDING_CLOCK && apart_s <= 1)
		snprintf(text, FINDING_TEXT_MAX, "its clock agrees with this machine's");
	else if (finding->kind == FINDING_CLOCK)
		snprintf(text, FINDING_TEXT_MAX,
			 "its clock is %" PRIdMAX " s %s this machine's, of the %u s allowed (fudge_s)%s", apart_s,
			 side, finding->fudge_s,
			 apart_s > FINDING_SKEW_WARN_S ? ": synchronise both, with NTP for instance" : "");
	else if (finding->has_number)
		snprintf(text, FINDING_TEXT_MAX,
			 "its clock is %" PRIdMAX
			 " s %s this machine's, beyond the %u s allowed (BADTIME): synchronise both, with NTP for "
			 "instance",
			 apart_s, side, finding->fudge_s);
	else
		snprintf(text, FINDING_TEXT_MAX,
			 "its clock and this machine's are more than the %u s allowed apart (BADTIME): synchronise "
			 "both, with NTP for instance",
			 finding->fudge_s);
}

static void key_text(const struct finding *finding, char *text)
{
	const char *key = tsig_key_name(finding->key), *algorithm = tsig_key_algorithm(finding->key);

	switch (finding->kind) {
	case FINDING_KEY:
		snprintf(text, FINDING_TEXT_MAX, "takes TSIG key %s (%s)", key, algorithm);
		break;
	case FINDING_KEY_UNKNOWN:
		snprintf(
			text, FINDING_TEXT_MAX,
			"does not know TSIG key %s with algorithm %s, or no acl of Knot lets it update this zone (%s): in named.conf put "
			"key \"%s\" { algorithm %s; secret \"...\"; };, in knot.conf a key and an acl; `ddnsgate tsig` prints both",
			key, algorithm, finding->why, key, algorithm);
		break;
	case FINDING_UNSIGNED:
		snprintf(
			text, FINDING_TEXT_MAX,
			"answers %s, and the refusal is not signed, so the primary may not accept the key, its secret or the time: make TSIG key "
			"%s (%s) the same there and here, `ddnsgate tsig` prints it, and synchronise the clocks; PowerDNS says so, too, unless "
			"dnsupdate is on and allow-dnsupdate-from and the zone's TSIG-ALLOW-DNSUPDATE let this machine and the key in",
			dns_rcode_text(finding->rcode), key, algorithm);
		break;
	case FINDING_KEY_WRONG:
		snprintf(
			text, FINDING_TEXT_MAX,
			"has another secret for TSIG key %s (BADSIG): make the secret there and here the same; `ddnsgate tsig` prints the one "
			"that is configured here",
			key);
		break;
	default:
		snprintf(
			text, FINDING_TEXT_MAX,
			"wants a longer MAC than TSIG key %s gives (BADTRUNC): in named.conf write algorithm %s; without a number of bits",
			key, algorithm);
		break;
	}
}

static void right_text(const struct finding *finding, char *text)
{
	char right[RIGHT_TEXT_MAX], grant[STATEMENT_MAX], rule[STATEMENT_MAX];

	snprintf(text, FINDING_TEXT_MAX,
		 "key %s may not change %s of %s: in named.conf put %s into the zone's update-policy, in knot.conf "
		 "an acl of the zone with %s",
		 tsig_key_name(finding->key), finding->types, right_format(finding->right, right),
		 statement_bind_grant(finding->key, finding->right, grant),
		 statement_knot_rule(finding->key, finding->right, rule));
}

/* What stands between us and the primary, or is none. */
static void copy_text(const struct finding *finding, char *text)
{
	switch (finding->kind) {
	case FINDING_SERIAL:
		snprintf(text, FINDING_TEXT_MAX, "has the zone, serial %" PRId64, finding->number);
		break;
	case FINDING_BEHIND:
		snprintf(
			text, FINDING_TEXT_MAX,
			"has serial %" PRId64 " of the zone when %s has %" PRId64
			" already: it is a secondary that lags behind, or has a zone of its own; what is changed there is not changed here, so "
			"put into `primaries` only servers that share one zone",
			finding->number, finding->why, finding->newest);
		break;
	case FINDING_NO_AUTHORITY:
		snprintf(
			text, FINDING_TEXT_MAX,
			"answers for the zone without authority (no AA), so it has this from elsewhere, as a resolver or forwarder does: what it "
			"answers may be late, so put the primary itself into `primaries`");
		break;
	default:
		snprintf(
			text, FINDING_TEXT_MAX,
			"updates reach the primary under other message IDs: this is a secondary that forwards them, or a balancer stands between; "
			"that works, but what a secondary answers to queries may be late, so put the primary itself into `primaries` if it can be "
			"reached");
		break;
	}
}

static void zone_text(const struct finding *finding, char *text)
{
	const char *key = tsig_key_name(finding->key);

	switch (finding->kind) {
	case FINDING_SERVED:
		if (finding->has_number)
			snprintf(text, FINDING_TEXT_MAX, "takes updates of the zone, serial %" PRId64, finding->number);
		else
			snprintf(text, FINDING_TEXT_MAX, "takes updates of the zone");
		break;
	case FINDING_NOT_SERVED:
		snprintf(
			text, FINDING_TEXT_MAX,
			"does not serve the zone as its primary: correct the zone's `name` or `primaries` here, or put zone \"%s\" { type "
			"primary; ... }; into named.conf, a zone with domain: %s into knot.conf",
			finding->zone, finding->zone);
		break;
	case FINDING_NO_UPDATES:
		snprintf(
			text, FINDING_TEXT_MAX,
			"has the zone, but takes no updates of it with key %s (REFUSED): it is a secondary (then put the primary into "
			"`primaries`), or the zone in named.conf lacks its update-policy, which `ddnsgate tsig` prints, or it is frozen (rndc thaw, "
			"knotc zone-thaw), or PowerDNS lacks dnsupdate=yes, this machine in allow-dnsupdate-from, or the key in the zone's "
			"TSIG-ALLOW-DNSUPDATE",
			key);
		break;
	case FINDING_RIGHTS:
		snprintf(text, FINDING_TEXT_MAX,
			 finding->is_sample ? "key %s may change %s of the names that were tried (%" PRId64
					      "), a sample: users of the state store have more"
					    : "key %s may change %s of all names that are configured (%" PRId64 ")",
			 key, finding->types, finding->number);
		break;
	case FINDING_MORE:
		snprintf(text, FINDING_TEXT_MAX,
			 "so many names were refused that others (%" PRId64
			 ") were not tried: `ddnsgate tsig` prints the whole policy that key %s needs",
			 finding->number, key);
		break;
	case FINDING_NO_NAMES:
		snprintf(text, FINDING_TEXT_MAX, "no user%s may update a host of this zone: see `hosts`",
			 finding->users_missing ? " of the configuration" : "");
		break;
	default:
		snprintf(text, FINDING_TEXT_MAX, "the zone is not active, so it was not checked");
		break;
	}
}

static void host_text(const struct finding *finding, char *text)
{
	char host[RIGHT_TEXT_MAX] = "";

	if (finding->right)
		right_format(finding->right, host);
	switch (finding->kind) {
	case FINDING_NO_RECORD:
		snprintf(
			text, FINDING_TEXT_MAX,
			"%s has neither an A nor an AAAA record, and a user of it may not create them, so updates find nothing to change: add "
			"a record, or see may_create and create_hosts",
			host);
		break;
	case FINDING_HIDDEN:
		snprintf(
			text, FINDING_TEXT_MAX,
			"%s lies behind a delegation or a DNAME in this zone, so nobody finds what is set there: remove that, or put the zone "
			"that has the name into `zones`",
			host);
		break;
	case FINDING_MORE_HOSTS:
		snprintf(text, FINDING_TEXT_MAX,
			 "so many hosts have no record or are not to be found that the others were not looked at");
		break;
	default:
		snprintf(text, FINDING_TEXT_MAX,
			 "the users of the state store were not looked at (%s): nothing here is said of them",
			 finding->why);
		break;
	}
}

static void reach_text(const struct finding *finding, char *text)
{
	switch (finding->kind) {
	case FINDING_UNRESOLVED:
		snprintf(
			text, FINDING_TEXT_MAX,
			"the name cannot be looked up (%s): correct it in `primaries`, or this machine's /etc/resolv.conf",
			finding->why);
		break;
	case FINDING_UNREACHABLE:
		if (finding->tls)
			snprintf(
				text, FINDING_TEXT_MAX,
				"no TLS connection comes about (%s): see tls_pins, tls_ca and tls_name here, and whether it "
				"listens there (listen-on ... tls in named.conf)",
				finding->why);
		else
			snprintf(
				text, FINDING_TEXT_MAX,
				"cannot be reached over TCP (%s): is it running, does it listen on that address and port (listen-on in named.conf, "
				"listen in knot.conf), does a firewall stand between?",
				finding->why);
		break;
	case FINDING_REACHED:
		snprintf(text, FINDING_TEXT_MAX, "answers");
		break;
	case FINDING_UNBELIEVABLE:
		snprintf(text, FINDING_TEXT_MAX,
			 "sent nothing that can be believed (%s): is it a name server? Its log may say more",
			 finding->why);
		break;
	case FINDING_LATE:
		snprintf(text, FINDING_TEXT_MAX, "the check was not done in time: it answers slowly or not at all");
		break;
	default:
		snprintf(text, FINDING_TEXT_MAX, "failed with %s (%u): its log says why",
			 dns_rcode_text(finding->rcode), finding->rcode);
		break;
	}
}

static void describe(const struct finding *finding, char *text)
{
	switch (finding->kind) {
	case FINDING_CLOCK:
	case FINDING_CLOCK_UNSEEN:
	case FINDING_CLOCK_WRONG:
		clock_text(finding, text);
		break;
	case FINDING_KEY:
	case FINDING_KEY_UNKNOWN:
	case FINDING_KEY_WRONG:
	case FINDING_KEY_TRUNCATED:
	case FINDING_UNSIGNED:
		key_text(finding, text);
		break;
	case FINDING_NO_RIGHT:
		right_text(finding, text);
		break;
	case FINDING_SERIAL:
	case FINDING_BEHIND:
	case FINDING_NO_AUTHORITY:
	case FINDING_FORWARDED:
		copy_text(finding, text);
		break;
	case FINDING_SERVED:
	case FINDING_NOT_SERVED:
	case FINDING_NO_UPDATES:
	case FINDING_RIGHTS:
	case FINDING_MORE:
	case FINDING_NO_NAMES:
	case FINDING_INACTIVE:
		zone_text(finding, text);
		break;
	case FINDING_NO_RECORD:
	case FINDING_HIDDEN:
	case FINDING_MORE_HOSTS:
	case FINDING_STORE_UNREAD:
		host_text(finding, text);
		break;
	case FINDING_UNRESOLVED:
	case FINDING_UNREACHABLE:
	case FINDING_REACHED:
	case FINDING_UNBELIEVABLE:
	case FINDING_FAILED:
	case FINDING_LATE:
		reach_text(finding, text);
		break;
	}
}

const char *finding_format(const struct finding *finding, char buffer[static FINDING_LINE_MAX])
{
	static const char *const levels[] = {[FINDING_OK] = "OK", [FINDING_WARN] = "WARN", [FINDING_FAIL] = "FAIL"};
	char text[FINDING_TEXT_MAX];

	describe(finding, text);
	snprintf(buffer, FINDING_LINE_MAX, "%-4s %s %s: %s", levels[finding_level(finding)], finding->zone,
		 finding->primary ? finding->primary : "-", text);
	return buffer;
}
