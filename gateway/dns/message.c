#include "dns/message.h"

#include <ldns/ldns.h>
#include <string.h>

#include "tsig.h"

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

static ldns_rr_type type_of(const struct addr *addr)
{
	return addr->family == ADDR_V4 ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA;
}

static ldns_rr *address_rr(const struct name *owner, const struct addr *addr, uint32_t ttl_s)
{
	bool v4 = addr->family == ADDR_V4;
	ldns_rr *rr = bare_rr(owner, type_of(addr), LDNS_RR_CLASS_IN);
	ldns_rdf *rdf = ldns_rdf_new_frm_data(v4 ? LDNS_RDF_TYPE_A : LDNS_RDF_TYPE_AAAA, v4 ? 4 : 16, addr->octets);

	if (!rr || !rdf || !ldns_rr_push_rdf(rr, rdf)) {
		ldns_rr_free(rr);
		ldns_rdf_deep_free(rdf);
		return NULL;
	}
	ldns_rr_set_ttl(rr, ttl_s);
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

/* "Delete an RR from an RRset". */
static ldns_rr *deletion_rr(const struct name *owner, const struct addr *addr)
{
	ldns_rr *rr = address_rr(owner, addr, 0);

	if (rr)
		ldns_rr_set_class(rr, LDNS_RR_CLASS_NONE);
	return rr;
}

static ldns_rr *existence_rr(const struct name *owner, const struct change *change)
{
	if (change->expected.family != ADDR_NONE)
		return address_rr(owner, &change->expected, 0);
	return bare_rr(owner, type_of(&change->addr), LDNS_RR_CLASS_ANY);
}

static bool push_change(ldns_pkt *packet, enum dns_request_kind kind, const struct name *owner,
			const struct change *change)
{
	ldns_rr_type type = type_of(&change->addr);

	if (kind == DNS_CONFIRM)
		return push(packet, SECTION_PREREQUISITE, address_rr(owner, &change->addr, 0));
	if (kind == DNS_PROBE)
		return push(packet, SECTION_PREREQUISITE, bare_rr(owner, type, LDNS_RR_CLASS_ANY));
	if (kind == DNS_REHEARSE)
		return push(packet, SECTION_UPDATE, deletion_rr(owner, &change->addr));
	if (change->must_exist && !push(packet, SECTION_PREREQUISITE, existence_rr(owner, change)))
		return false;
	return push(packet, SECTION_UPDATE, bare_rr(owner, type, LDNS_RR_CLASS_ANY)) &&
	       push(packet, SECTION_UPDATE, address_rr(owner, &change->addr, change->ttl_s));
}

/* The question of a query, or the zone section of an UPDATE. */
static bool push_question(ldns_pkt *packet, const struct name *name, ldns_rr_type type)
{
	ldns_rr *rr = bare_rr(name, type, LDNS_RR_CLASS_IN);

	if (!rr)
		return false;
	ldns_rr_set_question(rr, true);
	return push(packet, SECTION_ZONE, rr);
}

static bool push_sets(ldns_pkt *packet, const struct dns_request *request)
{
	for (const struct change_set *set = request->sets; set; set = set->next) {
		for (size_t i = 0; i < set->count; i++) {
			if (request->kind == DNS_PROBE && i != request->change)
				continue;
			if (!push_change(packet, request->kind, &set->owner, &set->changes[i]))
				return false;
		}
	}
	return true;
}

static bool push_all(ldns_pkt *packet, const struct dns_request *request)
{
	if (request->kind == DNS_QUERY)
		return push_question(packet, &request->sets->owner,
				     type_of(&request->sets->changes[request->change].addr));
	return push_question(packet, request->zone, LDNS_RR_TYPE_SOA) &&
	       (request->kind == DNS_SOA || push_sets(packet, request));
}

static ldns_pkt_opcode opcode_of(const struct dns_request *request)
{
	return dns_is_query(request->kind) ? LDNS_PACKET_QUERY : LDNS_PACKET_UPDATE;
}

enum status dns_request_write(const struct dns_request *request, uint16_t id, uint8_t *wire, size_t cap, size_t *len)
{
	ldns_pkt *packet = ldns_pkt_new();
	uint8_t *built = NULL;
	size_t built_len = 0;
	enum status status = STATUS_NO_MEMORY;

	if (!packet || !push_all(packet, request))
		goto out;
	ldns_pkt_set_id(packet, id);
	ldns_pkt_set_opcode(packet, opcode_of(request));
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

/*
 * Beyond 16 KiB names cannot be pointed to any more (RFC 1035 section 4.1.4), so each record is taken to spell out
 * its labels above the zone, behind which always stands a pointer to the zone section.
 */
size_t dns_set_space(const struct change_set *set, const struct name *zone)
{
	enum { FIXED = 2 + 2 + 4 + 2, POINTER = 2, RECORDS = 3, ADDRESS_MAX = 16 };
	size_t labels = set->owner.len > zone->len ? (size_t)(set->owner.len - zone->len) : 0;

	return set->count * (RECORDS * (labels + POINTER + FIXED) + 2 * (size_t)ADDRESS_MAX);
}

size_t dns_message_space(const struct name *zone)
{
	return DNS_HEADER_LEN + zone->len + 2 + 4 + TSIG_RECORD_MAX;
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

/* Whether the reply's question or zone section is the request's. */
static bool repeats_question(const ldns_pkt *packet, const struct dns_request *request)
{
	bool query = request->kind == DNS_QUERY;
	const ldns_rr_list *section = ldns_pkt_question(packet);
	ldns_rr_type type = query ? type_of(&request->sets->changes[request->change].addr) : LDNS_RR_TYPE_SOA;
	ldns_rdf *wanted;
	bool same;

	if (ldns_rr_list_rr_count(section) == 0)
		return !dns_is_query(request->kind);
	wanted = owner_rdf(query ? &request->sets->owner : request->zone);
	same = wanted && ldns_rr_list_rr_count(section) == 1 && ldns_rr_get_type(ldns_rr_list_rr(section, 0)) == type &&
	       ldns_rr_get_class(ldns_rr_list_rr(section, 0)) == LDNS_RR_CLASS_IN &&
	       ldns_dname_compare(ldns_rr_owner(ldns_rr_list_rr(section, 0)), wanted) == 0;
	ldns_rdf_deep_free(wanted);
	return same;
}

/*
 * Takes the records of the owner itself and of the type that was asked for; others, such as a CNAME and where it
 * leads, are not it.
 */
static enum status read_answer(const ldns_pkt *packet, const struct dns_request *request, struct dns_answer *out)
{
	const struct change *change = &request->sets->changes[request->change];
	const ldns_rr_list *section = ldns_pkt_answer(packet);
	ldns_rdf *owner = owner_rdf(&request->sets->owner);

	if (!owner)
		return STATUS_NO_MEMORY;
	*out = (struct dns_answer){.authoritative = ldns_pkt_aa(packet)};
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);
		const ldns_rdf *rdf = ldns_rr_rdf(rr, 0);

		if (ldns_rr_get_type(rr) != type_of(&change->addr) ||
		    ldns_dname_compare(ldns_rr_owner(rr), owner) != 0 || !rdf ||
		    ldns_rdf_size(rdf) != addr_len(&change->addr))
			continue;
		out->count++;
		out->ttl_s = ldns_rr_ttl(rr);
		out->addr = (struct addr){.family = change->addr.family};
		memcpy(out->addr.octets, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
	}
	ldns_rdf_deep_free(owner);
	return STATUS_OK;
}

/* Takes the zone's own SOA record (RFC 1035 section 3.3.13: the serial is the third field). */
static enum status read_soa(const ldns_pkt *packet, const struct dns_request *request, struct dns_answer *out)
{
	enum { SERIAL_FIELD = 2 };
	const ldns_rr_list *section = ldns_pkt_answer(packet);
	ldns_rdf *zone = owner_rdf(request->zone);

	if (!zone)
		return STATUS_NO_MEMORY;
	*out = (struct dns_answer){.authoritative = ldns_pkt_aa(packet)};
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);

		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SOA || ldns_dname_compare(ldns_rr_owner(rr), zone) != 0 ||
		    ldns_rr_rd_count(rr) <= SERIAL_FIELD)
			continue;
		out->count++;
		out->ttl_s = ldns_rr_ttl(rr);
		out->serial = ldns_rdf2native_int32(ldns_rr_rdf(rr, SERIAL_FIELD));
	}
	ldns_rdf_deep_free(zone);
	return STATUS_OK;
}

enum status dns_reply_read(const uint8_t *wire, size_t len, const struct dns_request *request, struct dns_reply *out)
{
	ldns_pkt *packet = NULL;
	enum status status = STATUS_INVALID;

	if (len < DNS_HEADER_LEN || ldns_wire2pkt(&packet, wire, len) != LDNS_STATUS_OK)
		goto out;
	if (!ldns_pkt_qr(packet) || ldns_pkt_tc(packet) || ldns_pkt_get_opcode(packet) != opcode_of(request) ||
	    !repeats_question(packet, request))
		goto out;
	*out = (struct dns_reply){.id = ldns_pkt_id(packet), .rcode = (unsigned)ldns_pkt_get_rcode(packet)};
	status = STATUS_OK;
	if (request->kind == DNS_QUERY)
		status = read_answer(packet, request, &out->answer);
	else if (request->kind == DNS_SOA)
		status = read_soa(packet, request, &out->answer);
out:
	ldns_pkt_free(packet);
	return status;
}
