/*
 * Replies to an UPDATE and to queries: whatever the octets, reading gives a status, and what is taken for a reply is
 * one by its header.
 */

#include "dns/message.h"
#include "require.h"

enum {
	FLAG_QR = 0x80,
	FLAG_TC = 0x02,
	OPCODE_MASK = 0x78,
	OPCODE_QUERY = 0,
	OPCODE_UPDATE = 5 << 3,
};

static void read_as(const struct dns_request *request, const uint8_t *data, size_t size)
{
	bool query = dns_is_query(request->kind);
	static uint8_t room[RRSET_ROOM];
	struct rdata rdata = {NULL, 0};
	struct dns_reply reply;
	enum status status = dns_reply_read(data, size, request, room, &reply);

	require(status == STATUS_OK || status == STATUS_INVALID || status == STATUS_NO_MEMORY);
	if (status != STATUS_OK)
		return;
	require(size >= DNS_HEADER_LEN);
	require((data[2] & FLAG_QR) && !(data[2] & FLAG_TC));
	require((data[2] & OPCODE_MASK) == (query ? OPCODE_QUERY : OPCODE_UPDATE));
	require(reply.id == dns_message_id(data));
	require((reply.rcode & 0xf) == (data[3] & 0xfu) && reply.rcode < 4096);
	require(reply.rcode < 16 || data[10] || data[11]); /* the upper bits are in an additional record */
	require(data[4] == 0 && data[5] <= 1);
	require(dns_rcode_text(reply.rcode));
	if (!query)
		return;
	require(data[5] == 1);
	require(reply.answer.count <= (size_t)(data[6] << 8 | data[7]));
	if (request->kind == DNS_SOA)
		return;
	require(reply.answer.rrset.type == request->sets->changes[request->change].type);
	require(reply.answer.rrset.count <= RRSET_MAX && reply.answer.rrset.count <= reply.answer.count);
	require(reply.answer.rrset.known == (reply.answer.rrset.count == reply.answer.count));
	while (rrset_next(&reply.answer.rrset, &rdata))
		require(rr_rdata_is_ours(reply.answer.rrset.type, rdata));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct change_set set = {.count = 2, .changes = {{.type = RR_A}, {.type = RR_AAAA}}};
	struct change_set text = {.count = 1, .changes = {{.kind = CHANGE_ROTATE, .type = RR_TXT}}};
	struct name zone;

	require(name_parse_zone(text_of("dyn.example.com"), &zone) == STATUS_OK);
	require(name_parse(text_of("www.dyn.example.com"), &set.owner) == STATUS_OK);
	read_as(&(struct dns_request){.kind = DNS_UPDATE, .zone = &zone, .sets = &set}, data, size);
	read_as(&(struct dns_request){.kind = DNS_SOA, .zone = &zone}, data, size);
	for (size_t i = 0; i < set.count; i++)
		read_as(&(struct dns_request){.kind = DNS_QUERY, .zone = &zone, .sets = &set, .change = i}, data, size);
	text.owner = set.owner;
	read_as(&(struct dns_request){.kind = DNS_QUERY, .zone = &zone, .sets = &text}, data, size);
	return 0;
}
