#include "dns/message.h"

#include <ldns/ldns.h>
#include <string.h>

static ldns_rdf *owner_rdf(const struct name *name)
{
	uint8_t wire[NAME_WIRE_MAX];
	size_t len = name_to_wire(name, wire);

	return ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, len, wire);
}

/* An RR without RDATA, as prerequisites and deletions are. */
static ldns_rr *bare_rr(const struct name *owner, ldns_rr_type type, ldns_rr_class class)
{
	ldns_rr *rr = ldns_rr_new();
	ldns_rdf *rdf = owner_rdf(owner);

	if (!rr || !rdf) {
		ldns_rr_free(rr);
		ldns_rdf_deep_free(rdf);
		return NULL;
	}
	ldns_rr_set_owner(rr, rdf);
	ldns_rr_set_type(rr, type);
	ldns_rr_set_class(rr, class);
	ldns_rr_set_ttl(rr, 0);
	return rr;
}

static ldns_rr_type type_of(const struct change *change)
{
	return change->addr.family == ADDR_V4 ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA;
}

static ldns_rr *address_rr(const struct name *owner, const struct change *change)
{
	bool v4 = change->addr.family == ADDR_V4;
	ldns_rr *rr = bare_rr(owner, type_of(change), LDNS_RR_CLASS_IN);
	ldns_rdf *rdf =
		ldns_rdf_new_frm_data(v4 ? LDNS_RDF_TYPE_A : LDNS_RDF_TYPE_AAAA, v4 ? 4 : 16, change->addr.octets);

	if (!rr || !rdf || !ldns_rr_push_rdf(rr, rdf)) {
		ldns_rr_free(rr);
		ldns_rdf_deep_free(rdf);
		return NULL;
	}
	ldns_rr_set_ttl(rr, change->ttl_s);
	return rr;
}

/* The packet owns the RR afterwards, also when there is no memory for it. */
static bool push(ldns_pkt *packet, ldns_pkt_section section, ldns_rr *rr)
{
	if (!rr)
		return false;
	if (ldns_pkt_push_rr(packet, section, rr))
		return true;
	ldns_rr_free(rr);
	return false;
}

/* RFC 2136 section 2 names the sections anew: zone, prerequisite, update, additional. */
#define SECTION_ZONE         LDNS_SECTION_QUESTION
#define SECTION_PREREQUISITE LDNS_SECTION_ANSWER
#define SECTION_UPDATE       LDNS_SECTION_AUTHORITY

static bool push_change(ldns_pkt *packet, const struct name *owner, const struct change *change, bool only_prerequisite)
{
	if (change->must_exist &&
	    !push(packet, SECTION_PREREQUISITE, bare_rr(owner, type_of(change), LDNS_RR_CLASS_ANY)))
		return false;
	if (only_prerequisite)
		return true;
	return push(packet, SECTION_UPDATE, bare_rr(owner, type_of(change), LDNS_RR_CLASS_ANY)) &&
	       push(packet, SECTION_UPDATE, address_rr(owner, change));
}

static bool push_zone(ldns_pkt *packet, const struct name *zone)
{
	ldns_rr *rr = bare_rr(zone, LDNS_RR_TYPE_SOA, LDNS_RR_CLASS_IN);

	if (!rr)
		return false;
	ldns_rr_set_question(rr, true);
	return push(packet, SECTION_ZONE, rr);
}

static bool push_all(ldns_pkt *packet, const struct dns_update *update)
{
	if (!push_zone(packet, update->zone))
		return false;
	for (size_t i = 0; i < update->set_count; i++) {
		const struct change_set *set = update->sets[i];

		for (size_t k = 0; k < set->count; k++) {
			if (!push_change(packet, &set->owner, &set->changes[k], update->only_prerequisites))
				return false;
		}
	}
	return true;
}

enum status dns_update_write(const struct dns_update *update, uint16_t id, uint8_t *wire, size_t cap, size_t *len)
{
	ldns_pkt *packet = ldns_pkt_new();
	uint8_t *built = NULL;
	size_t built_len = 0;
	enum status status = STATUS_NO_MEMORY;

	if (!packet || !push_all(packet, update))
		goto out;
	ldns_pkt_set_id(packet, id);
	ldns_pkt_set_opcode(packet, LDNS_PACKET_UPDATE);
	ldns_pkt_set_rd(packet, false);
	if (ldns_pkt2wire(&built, packet, &built_len) != LDNS_STATUS_OK)
		goto out;
	status = STATUS_TOO_LONG;
	if (built_len > cap)
		goto out;
	memcpy(wire, built, built_len);
	*len = built_len;
	status = STATUS_OK;
out:
	LDNS_FREE(built);
	ldns_pkt_free(packet);
	return status;
}

const char *dns_rcode_text(unsigned rcode)
{
	static const char *const texts[] = {
		[DNS_NOERROR] = "NOERROR",   [DNS_FORMERR] = "FORMERR", [DNS_SERVFAIL] = "SERVFAIL",
		[DNS_NXDOMAIN] = "NXDOMAIN", [DNS_NOTIMP] = "NOTIMP",   [DNS_REFUSED] = "REFUSED",
		[DNS_YXDOMAIN] = "YXDOMAIN", [DNS_YXRRSET] = "YXRRSET", [DNS_NXRRSET] = "NXRRSET",
		[DNS_NOTAUTH] = "NOTAUTH",   [DNS_NOTZONE] = "NOTZONE",
	};
	return rcode < sizeof texts / sizeof *texts ? texts[rcode] : "reserved";
}

uint16_t dns_message_id(const uint8_t *wire)
{
	return (uint16_t)(wire[0] << 8 | wire[1]);
}

/* Whether the zone section, if there is one, is the one that was asked. */
static bool names_zone(const ldns_pkt *packet, const struct name *zone)
{
	const ldns_rr_list *section = ldns_pkt_question(packet);
	ldns_rdf *wanted;
	bool same;

	if (ldns_rr_list_rr_count(section) == 0)
		return true;
	wanted = owner_rdf(zone);
	same = wanted && ldns_rr_list_rr_count(section) == 1 &&
	       ldns_rr_get_type(ldns_rr_list_rr(section, 0)) == LDNS_RR_TYPE_SOA &&
	       ldns_rr_get_class(ldns_rr_list_rr(section, 0)) == LDNS_RR_CLASS_IN &&
	       ldns_dname_compare(ldns_rr_owner(ldns_rr_list_rr(section, 0)), wanted) == 0;
	ldns_rdf_deep_free(wanted);
	return same;
}

enum status dns_reply_read(const uint8_t *wire, size_t len, const struct name *zone, struct dns_reply *out)
{
	ldns_pkt *packet = NULL;
	enum status status = STATUS_INVALID;

	if (len < DNS_HEADER_LEN || ldns_wire2pkt(&packet, wire, len) != LDNS_STATUS_OK)
		goto out;
	if (!ldns_pkt_qr(packet) || ldns_pkt_tc(packet) || ldns_pkt_get_opcode(packet) != LDNS_PACKET_UPDATE ||
	    !names_zone(packet, zone))
		goto out;
	out->id = ldns_pkt_id(packet);
	out->rcode = (unsigned)ldns_pkt_get_rcode(packet);
	status = STATUS_OK;
out:
	ldns_pkt_free(packet);
	return status;
}
