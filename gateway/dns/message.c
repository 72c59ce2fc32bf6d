#include "dns/message.h"

#include <assert.h>
#include <ldns/ldns.h>
#include <string.h>

#include "tsig.h"

static_assert((int)RR_A == LDNS_RR_TYPE_A && (int)RR_TXT == LDNS_RR_TYPE_TXT && (int)RR_AAAA == LDNS_RR_TYPE_AAAA,
	      "types have their numbers in the DNS");

static ldns_pkt_opcode opcode_of(const struct dns_request *request)
{
	return dns_is_query(request->kind) ? LDNS_PACKET_QUERY : LDNS_PACKET_UPDATE;
}

/*
 * What a message asks about, which its reply repeats: the question of a query, or the zone section of an UPDATE (RFC
 * 2136 section 2.3).
 */
static const struct name *asked_name(const struct dns_request *request)
{
	return request->kind == DNS_QUERY ? &request->sets->owner : request->zone;
}

static unsigned asked_type(const struct dns_request *request)
{
	return request->kind == DNS_QUERY ? (unsigned)request->sets->changes[request->change].type : LDNS_RR_TYPE_SOA;
}

/* ---- Writing ---- */

/* Remembers if something did not fit, and writes nothing after that. */
struct writer {
	uint8_t *wire; /* NULL: it only counts */
	size_t cap;
	size_t len;
	bool failed;
};

/* Takes the next `count` octets; NULL if they do not fit, or if nothing is written. */
static uint8_t *claim(struct writer *writer, size_t count)
{
	size_t at = writer->len;

	writer->failed = writer->failed || count > writer->cap - writer->len;
	if (writer->failed)
		return NULL;
	writer->len += count;
	return writer->wire ? writer->wire + at : NULL;
}

static void put_u16(struct writer *writer, unsigned value)
{
	uint8_t *at = claim(writer, 2);

	if (at) {
		at[0] = (uint8_t)(value >> 8);
		at[1] = (uint8_t)value;
	}
}

static void put_octets(struct writer *writer, const uint8_t *octets, size_t count)
{
	uint8_t *at = claim(writer, count);

	if (at)
		memcpy(at, octets, count);
}

enum {
	POINTER = 0xc000, /* RFC 1035 section 4.1.4 */
	POINTER_MAX = 0x3fff,
};

/* The owner of the records of one set: written out once; later records point to it. */
struct owner {
	uint8_t labels[NAME_WIRE_MAX]; /* the labels in front of the zone */
	size_t labels_len;
	size_t at; /* offset at which the name was written; 0: not yet, or too far away for a pointer */
};

static struct owner owner_of(const struct name *name, const struct name *zone)
{
	struct owner owner = {.at = 0};

	assert(name->len >= zone->len);
	/* On the wire a name takes two octets more than as text: the first length and the root. */
	name_to_wire(name, owner.labels);
	owner.labels_len = (size_t)(name->len - zone->len);
	return owner;
}

static void put_owner(struct writer *writer, struct owner *owner)
{
	if (owner->at) {
		put_u16(writer, POINTER | (unsigned)owner->at);
		return;
	}
	owner->at = writer->len <= POINTER_MAX ? writer->len : 0;
	put_octets(writer, owner->labels, owner->labels_len);
	put_u16(writer, POINTER | DNS_HEADER_LEN);
}

/* A record up to its RDATA and the length of that. */
static void put_record_head(struct writer *writer, struct owner *owner, unsigned type, ldns_rr_class class,
			    uint32_t ttl_s)
{
	put_owner(writer, owner);
	put_u16(writer, type);
	put_u16(writer, class);
	put_u16(writer, ttl_s >> 16);
	put_u16(writer, ttl_s & 0xffff);
}

/* A record without RDATA, as in prerequisites and deletions. */
static unsigned put_bare(struct writer *writer, struct owner *owner, unsigned type, ldns_rr_class class)
{
	put_record_head(writer, owner, type, class, 0);
	put_u16(writer, 0);
	return 1;
}

static unsigned put_records(struct writer *writer, struct owner *owner, const struct rrset *rrset, ldns_rr_class class,
			    uint32_t ttl_s)
{
	struct rdata rdata = {NULL, 0};

	while (rrset_next(rrset, &rdata)) {
		put_record_head(writer, owner, rrset->type, class, ttl_s);
		put_u16(writer, (unsigned)rdata.len);
		put_octets(writer, rdata.octets, rdata.len);
	}
	return (unsigned)rrset->count;
}

/* The prerequisite that the RRset is just so; returns its records. */
static unsigned put_is_so(struct writer *writer, struct owner *owner, const struct rrset *rrset)
{
	if (rrset->count)
		return put_records(writer, owner, rrset, LDNS_RR_CLASS_IN, 0);
	return put_bare(writer, owner, rrset->type, LDNS_RR_CLASS_NONE);
}

/* Writes the record or records of one change into one section; returns how many. */
typedef unsigned put_change_fn(struct writer *writer, enum dns_request_kind kind, struct owner *owner,
			       const struct change_set *set, const struct change *change);

/*
 * Whether the set may create the first record of its owner. If a record is known to exist, or is required to, there can
 * be no CNAME, because nothing else can stand beside one.
 */
static bool may_create(const struct change_set *set)
{
	bool some = false;

	for (size_t i = 0; i < set->count; i++) {
		const struct change *change = &set->changes[i];

		if (change_expects(change) ? change->was.count : change->must_exist)
			return false;
		some = some || change->becomes.count;
	}
	return some;
}

/*
 * Writes the prerequisite that the owner is no alias. A primary silently ignores what is added beside a CNAME (RFC 2136
 * section 3.4.2.2), and its NOERROR would be taken for success.
 */
static unsigned put_no_alias(struct writer *writer, enum dns_request_kind kind, struct owner *owner,
			     const struct change_set *set)
{
	if (kind != DNS_UPDATE || !may_create(set))
		return 0;
	return put_bare(writer, owner, LDNS_RR_TYPE_CNAME, LDNS_RR_CLASS_NONE);
}

static unsigned put_condition(struct writer *writer, enum dns_request_kind kind, struct owner *owner,
			      const struct change *change)
{
	if (kind == DNS_REHEARSE || !change_is_whole(change))
		return 0;
	if (kind == DNS_PROBE)
		return put_bare(writer, owner, change->type, LDNS_RR_CLASS_ANY);
	if (kind == DNS_CONFIRM)
		return put_is_so(writer, owner, &change->becomes);
	if (change->was.known)
		return put_is_so(writer, owner, &change->was);
	return change->must_exist ? put_bare(writer, owner, change->type, LDNS_RR_CLASS_ANY) : 0;
}

static unsigned put_prerequisite(struct writer *writer, enum dns_request_kind kind, struct owner *owner,
				 const struct change_set *set, const struct change *change)
{
	unsigned count = change == &set->changes[0] ? put_no_alias(writer, kind, owner, set) : 0;

	return count + put_condition(writer, kind, owner, change);
}

/* RFC 2136 section 2.5: add to an RRset, delete an RRset, delete an RR from an RRset. */
static unsigned put_update(struct writer *writer, enum dns_request_kind kind, struct owner *owner,
			   const struct change_set *set, const struct change *change)
{
	bool whole = change_is_whole(change);
	unsigned count;

	(void)set;
	if (kind == DNS_REHEARSE)
		return put_records(writer, owner, change->kind == CHANGE_DROP ? &change->was : &change->becomes,
				   LDNS_RR_CLASS_NONE, 0);
	if (kind != DNS_UPDATE)
		return 0;
	assert(change->becomes.known); /* else all of it would be deleted */
	if (whole)
		count = put_bare(writer, owner, change->type, LDNS_RR_CLASS_ANY);
	else
		count = put_records(writer, owner, &change->was, LDNS_RR_CLASS_NONE, 0);
	return count + put_records(writer, owner, &change->becomes, LDNS_RR_CLASS_IN, change->becomes.ttl_s);
}

/* Writes one section for all sets; returns the number of its records. */
static unsigned put_section(struct writer *writer, const struct dns_request *request, put_change_fn *put_change)
{
	unsigned count = 0;

	for (const struct change_set *set = request->sets; set; set = set->next) {
		struct owner owner = owner_of(&set->owner, request->zone);

		for (size_t i = 0; i < set->count; i++) {
			if (request->kind != DNS_PROBE || i == request->change)
				count += put_change(writer, request->kind, &owner, set, &set->changes[i]);
		}
	}
	return count;
}

static void put_question(struct writer *writer, const struct dns_request *request)
{
	uint8_t name[NAME_WIRE_MAX];

	put_octets(writer, name, name_to_wire(asked_name(request), name));
	put_u16(writer, asked_type(request));
	put_u16(writer, LDNS_RR_CLASS_IN);
}

enum status dns_request_write(const struct dns_request *request, uint16_t id, uint8_t *wire, size_t cap, size_t *len)
{
	struct writer writer = {.wire = wire, .cap = cap}, header = {.wire = wire, .cap = DNS_HEADER_LEN};
	unsigned prerequisites = 0, updates = 0;

	claim(&writer, DNS_HEADER_LEN);
	if (writer.failed)
		return STATUS_TOO_LONG;
	put_question(&writer, request);
	if (!dns_is_query(request->kind)) {
		prerequisites = put_section(&writer, request, put_prerequisite);
		updates = put_section(&writer, request, put_update);
	}
	if (writer.failed)
		return STATUS_TOO_LONG;
	put_u16(&header, id);
	put_u16(&header, (unsigned)opcode_of(request) << 11);
	put_u16(&header, 1);
	put_u16(&header, prerequisites);
	put_u16(&header, updates);
	put_u16(&header, 0);
	*len = writer.len;
	return STATUS_OK;
}

/*
 * A set takes most space beyond the reach of pointers, where each record has its owner written out. So that is assumed.
 */
size_t dns_set_space(const struct change_set *set, const struct name *zone)
{
	struct writer writer = {.len = POINTER_MAX + 1, .cap = SIZE_MAX};
	struct owner owner = owner_of(&set->owner, zone);

	for (size_t i = 0; i < set->count; i++) {
		put_prerequisite(&writer, DNS_UPDATE, &owner, set, &set->changes[i]);
		put_update(&writer, DNS_UPDATE, &owner, set, &set->changes[i]);
	}
	return writer.len - (size_t)(POINTER_MAX + 1);
}

size_t dns_message_space(const struct name *zone)
{
	return DNS_HEADER_LEN + zone->len + 2 + 4 + TSIG_RECORD_MAX;
}

const char *dns_rcode_text(unsigned rcode)
{
	static const char *const texts[] = {
		[DNS_NOERROR] = "NOERROR",     [DNS_FORMERR] = "FORMERR", [DNS_SERVFAIL] = "SERVFAIL",
		[DNS_NXDOMAIN] = "NXDOMAIN",   [DNS_NOTIMP] = "NOTIMP",   [DNS_REFUSED] = "REFUSED",
		[DNS_YXDOMAIN] = "YXDOMAIN",   [DNS_YXRRSET] = "YXRRSET", [DNS_NXRRSET] = "NXRRSET",
		[DNS_NOTAUTH] = "NOTAUTH",     [DNS_NOTZONE] = "NOTZONE", [DNS_BADVERS] = "BADVERS",
		[DNS_BADCOOKIE] = "BADCOOKIE",
	};
	return rcode < sizeof texts / sizeof *texts && texts[rcode] ? texts[rcode] : "reserved";
}

uint16_t dns_message_id(const uint8_t *wire)
{
	return (uint16_t)(wire[0] << 8 | wire[1]);
}

/* ---- Reading ---- */

/* An uncompressed name in wire form. Borrowed. */
struct dname {
	const uint8_t *octets;
	size_t len;
};

static struct dname dname_of(const struct name *name, uint8_t wire[static NAME_WIRE_MAX])
{
	return (struct dname){wire, name_to_wire(name, wire)};
}

static struct dname owner_dname(const ldns_rr *rr)
{
	return (struct dname){ldns_rdf_data(ldns_rr_owner(rr)), ldns_rdf_size(ldns_rr_owner(rr))};
}

static uint8_t to_lower(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet - 'A' + 'a') : octet;
}

/*
 * Compares ignoring case (RFC 4343). The octets with the lengths of labels are smaller than any letter, so they are
 * safe.
 */
static bool is_same(struct dname a, struct dname b)
{
	for (size_t i = 0; a.len == b.len && i < a.len; i++) {
		if (to_lower(a.octets[i]) != to_lower(b.octets[i]))
			return false;
	}
	return a.len == b.len;
}

/*
 * Whether the name is the other one or lies below it. libldns would copy both names for that, and memory may be short.
 */
static bool is_in(struct dname name, struct dname ancestor)
{
	while (name.len > ancestor.len) {
		size_t step = 1 + (size_t)name.octets[0];

		if (step >= name.len)
			return false;
		name.octets += step;
		name.len -= step;
	}
	return is_same(name, ancestor);
}

static bool is_below(struct dname name, struct dname ancestor)
{
	return name.len > ancestor.len && is_in(name, ancestor);
}

/*
 * If libldns has no memory for a record's RDATA, it leaves it out without a word. If RDATA is longer than its type
 * allows, it goes on reading at a wrong place. In both cases an address that is in the reply would be missing. So the
 * message is walked through once more by its lengths alone, and the result of libldns has to agree with that.
 */
struct walk {
	const uint8_t *wire;
	size_t len;
	size_t at;
};

struct outline {
	bool is_of_root;
	unsigned type;
	unsigned class;
	uint32_t ttl;
	size_t rdata_len;
};

static unsigned u16_at(const uint8_t *octets)
{
	return (unsigned)(octets[0] << 8 | octets[1]);
}

static bool step(struct walk *walk, size_t octets)
{
	if (octets > walk->len - walk->at)
		return false;
	walk->at += octets;
	return true;
}

static bool step_over_name(struct walk *walk)
{
	while (walk->at < walk->len) {
		unsigned octet = walk->wire[walk->at];

		if (octet >= POINTER >> 8)
			return step(walk, 2);
		if (!step(walk, 1 + (size_t)octet))
			return false;
		if (octet == 0)
			return true;
	}
	return false;
}

/* RFC 1035 sections 4.1.2 and 4.1.3. */
static bool step_over_record(struct walk *walk, bool is_question, struct outline *out)
{
	enum { QUESTION_LEN = 4, RECORD_LEN = 10 };
	const uint8_t *owner = walk->wire + walk->at, *fixed;

	if (!step_over_name(walk))
		return false;
	fixed = walk->wire + walk->at;
	if (!step(walk, is_question ? QUESTION_LEN : RECORD_LEN))
		return false;
	*out = (struct outline){.is_of_root = *owner == 0, .type = u16_at(fixed), .class = u16_at(fixed + 2)};
	if (is_question)
		return true;
	out->ttl = (uint32_t)u16_at(fixed + 4) << 16 | u16_at(fixed + 6);
	out->rdata_len = u16_at(fixed + RECORD_LEN - 2);
	return step(walk, out->rdata_len);
}

/* Of the types that are looked into, in which no name is compressed. RDATA may be empty, as in an UPDATE's sections. */
static bool is_whole(const ldns_rr *rr, const struct outline *outline)
{
	enum { SOA_FIELDS = 7 };
	size_t sum = 0;

	switch (outline->type) {
	case LDNS_RR_TYPE_SOA:
		return ldns_rr_rd_count(rr) == (outline->rdata_len ? SOA_FIELDS : 0);
	case LDNS_RR_TYPE_OPT:
		return false; /* an OPT record may stand among the additional records only, RFC 6891 section 6.1.1 */
	default:
		if (!rr_type_is_ours(outline->type))
			return true;
		for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
			sum += ldns_rdf_size(ldns_rr_rdf(rr, i));
		return sum == outline->rdata_len;
	}
}

static bool agrees(const ldns_rr *rr, bool is_question, const struct outline *outline)
{
	return ldns_rr_get_type(rr) == outline->type && ldns_rr_get_class(rr) == outline->class &&
	       (is_question || is_whole(rr, outline));
}

/* Walks over a section that has `count` records, as the header says. */
static bool is_read_whole(struct walk *walk, unsigned count, bool is_question, const ldns_rr_list *section)
{
	struct outline outline;

	if (ldns_rr_list_rr_count(section) != count)
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (!step_over_record(walk, is_question, &outline) ||
		    !agrees(ldns_rr_list_rr(section, i), is_question, &outline))
			return false;
	}
	return true;
}

/*
 * Takes the upper eight of the RCODE's twelve bits from an OPT record's TTL (RFC 6891 section 6.1.3). The record must
 * belong to the root and have version 0: we do not know what another version means.
 */
static bool take_opt(const struct outline *opt, unsigned *rcode)
{
	*rcode |= opt->ttl >> 24 << 4;
	return opt->is_of_root && (opt->ttl >> 16 & 0xff) == 0;
}

/*
 * The additional section, which libldns splits into several places. It only has to be complete; the OPT record, of
 * which there may be one at most (section 6.1.1), gives bits of the RCODE.
 */
static bool take_additional(struct walk *walk, unsigned count, unsigned *rcode)
{
	struct outline outline;
	unsigned opts = 0;

	for (unsigned i = 0; i < count; i++) {
		if (!step_over_record(walk, false, &outline))
			return false;
		if (outline.type == LDNS_RR_TYPE_OPT && (opts++ || !take_opt(&outline, rcode)))
			return false;
	}
	return true;
}

/* Whether libldns has read the whole message; *rcode gets all bits of the RCODE. */
static bool packet_is_whole(const ldns_pkt *packet, const uint8_t *wire, size_t len, unsigned *rcode)
{
	enum { COUNTS = 4 };
	struct walk walk = {.wire = wire, .len = len, .at = DNS_HEADER_LEN};

	*rcode = (unsigned)ldns_pkt_get_rcode(packet);
	return is_read_whole(&walk, u16_at(wire + COUNTS), true, ldns_pkt_question(packet)) &&
	       is_read_whole(&walk, u16_at(wire + COUNTS + 2), false, ldns_pkt_answer(packet)) &&
	       is_read_whole(&walk, u16_at(wire + COUNTS + 4), false, ldns_pkt_authority(packet)) &&
	       take_additional(&walk, u16_at(wire + COUNTS + 6), rcode) && walk.at == len;
}

/* Whether the reply's question or zone section is the same as the request's. */
static bool repeats_question(const ldns_pkt *packet, const struct dns_request *request)
{
	const ldns_rr_list *section = ldns_pkt_question(packet);
	const ldns_rr *question = ldns_rr_list_rr(section, 0);
	uint8_t wanted[NAME_WIRE_MAX];

	if (!question)
		return !dns_is_query(request->kind);
	return ldns_rr_list_rr_count(section) == 1 && ldns_rr_get_type(question) == asked_type(request) &&
	       ldns_rr_get_class(question) == LDNS_RR_CLASS_IN &&
	       is_same(owner_dname(question), dname_of(asked_name(request), wanted));
}

/* A record's RDATA put together again, into `octets`; says if it has room there. */
static bool rdata_of(const ldns_rr *rr, uint8_t octets[static RDATA_MAX], size_t *len)
{
	*len = 0;
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);

		if (ldns_rdf_size(rdf) > RDATA_MAX - *len)
			return false;
		memcpy(octets + *len, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
		*len += ldns_rdf_size(rdf);
	}
	return true;
}

/* Takes a record, if it is of our form and there is room. Says whether it is a record of its type. */
static bool take_record(const ldns_rr *rr, uint8_t room[static RRSET_ROOM], struct dns_answer *out)
{
	enum rr_type type = out->rrset.type;
	uint8_t octets[RDATA_MAX];
	size_t len;
	bool fits = rdata_of(rr, octets, &len);

	if (ldns_rr_rd_count(rr) == 0 || (rr_rdata_len(type) && len != rr_rdata_len(type)))
		return false;
	out->count++;
	out->rrset.ttl_s = ldns_rr_ttl(rr);
	if (!fits || !rr_rdata_is_ours(type, (struct rdata){octets, len}) ||
	    !rrset_add(&out->rrset, (struct rdata){octets, len}, room, RRSET_ROOM))
		out->rrset.known = false;
	return true;
}

/* Whether a DNAME above the owner hides it (RFC 6672 section 2.3). */
static bool is_below_dname(const ldns_pkt *packet, struct dname owner)
{
	const ldns_rr_list *section = ldns_pkt_answer(packet);

	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_DNAME && is_below(owner, owner_dname(rr)))
			return true;
	}
	return false;
}

/*
 * Whether the reply is a referral to a delegated zone that contains the owner (RFC 1034 section 4.3.2, step 3b). A
 * server that does not have our zone may refer to it, or to a zone above it; that does not count.
 */
static bool is_delegated(const ldns_pkt *packet, const struct dns_request *request, struct dname owner)
{
	const ldns_rr_list *section = ldns_pkt_authority(packet);
	uint8_t wire[NAME_WIRE_MAX];
	struct dname zone = dname_of(request->zone, wire);

	for (size_t i = 0; !ldns_pkt_aa(packet) && i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_NS && is_below(owner_dname(rr), zone) &&
		    is_in(owner, owner_dname(rr)))
			return true;
	}
	return false;
}

/*
 * Takes the records of the owner itself and of the type that was asked for. Others, such as a CNAME and the records
 * that it leads to, do not count.
 */
static enum status read_answer(const ldns_pkt *packet, const struct dns_request *request,
			       uint8_t room[static RRSET_ROOM], struct dns_answer *out)
{
	enum rr_type type = request->sets->changes[request->change].type;
	const ldns_rr_list *section = ldns_pkt_answer(packet);
	uint8_t wire[NAME_WIRE_MAX];
	struct dname owner = dname_of(&request->sets->owner, wire);

	*out = (struct dns_answer){
		.authoritative = ldns_pkt_aa(packet),
		.hidden = is_below_dname(packet, owner) || is_delegated(packet, request, owner),
		.rrset = rrset_of_none(type, 0, room),
	};
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);

		if ((unsigned)ldns_rr_get_type(rr) == (unsigned)type && is_same(owner_dname(rr), owner) &&
		    !take_record(rr, room, out))
			return STATUS_INVALID;
	}
	return STATUS_OK;
}

/* Takes the zone's own SOA record (RFC 1035 section 3.3.13: the serial is the third field). */
static enum status read_soa(const ldns_pkt *packet, const struct dns_request *request, struct dns_answer *out)
{
	enum { SERIAL_FIELD = 2 };
	const ldns_rr_list *section = ldns_pkt_answer(packet);
	uint8_t wire[NAME_WIRE_MAX];
	struct dname zone = dname_of(request->zone, wire);

	*out = (struct dns_answer){.authoritative = ldns_pkt_aa(packet)};
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);

		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SOA || !is_same(owner_dname(rr), zone))
			continue;
		if (ldns_rr_rd_count(rr) <= SERIAL_FIELD)
			return STATUS_INVALID;
		out->count++;
		out->serial = ldns_rdf2native_int32(ldns_rr_rdf(rr, SERIAL_FIELD));
	}
	return STATUS_OK;
}

enum status dns_reply_read(const uint8_t *wire, size_t len, const struct dns_request *request,
			   uint8_t room[static RRSET_ROOM], struct dns_reply *out)
{
	ldns_pkt *packet = NULL;
	enum status status = STATUS_INVALID;
	unsigned rcode;

	if (len < DNS_HEADER_LEN || ldns_wire2pkt(&packet, wire, len) != LDNS_STATUS_OK)
		goto out;
	if (!packet_is_whole(packet, wire, len, &rcode))
		goto out;
	if (!ldns_pkt_qr(packet) || ldns_pkt_tc(packet) || ldns_pkt_get_opcode(packet) != opcode_of(request) ||
	    !repeats_question(packet, request))
		goto out;
	*out = (struct dns_reply){.id = ldns_pkt_id(packet), .rcode = rcode};
	status = STATUS_OK;
	if (request->kind == DNS_QUERY)
		status = read_answer(packet, request, room, &out->answer);
	else if (request->kind == DNS_SOA)
		status = read_soa(packet, request, &out->answer);
out:
	ldns_pkt_free(packet);
	return status;
}
