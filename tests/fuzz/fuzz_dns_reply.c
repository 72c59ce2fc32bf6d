/*
 * Replies to an UPDATE: whatever the octets, reading gives a status, and what is taken for a reply is one by its
 * header.
 */
#include <string.h>

#include "dns/message.h"
#include "require.h"

enum {
	FLAG_QR = 0x80,
	FLAG_TC = 0x02,
	OPCODE_MASK = 0x78,
	OPCODE_UPDATE = 5 << 3,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_reply reply;
	struct name zone;
	enum status status;

	require(name_parse_zone(text_of("dyn.example.com"), &zone) == STATUS_OK);
	status = dns_reply_read(data, size, &zone, &reply);
	require(status == STATUS_OK || status == STATUS_INVALID || status == STATUS_NO_MEMORY);
	if (status != STATUS_OK)
		return 0;
	require(size >= DNS_HEADER_LEN);
	require((data[2] & FLAG_QR) && !(data[2] & FLAG_TC) && (data[2] & OPCODE_MASK) == OPCODE_UPDATE);
	require(reply.id == dns_message_id(data));
	require(reply.rcode == (data[3] & 0xfu));
	require(data[4] == 0 && data[5] <= 1);
	require(dns_rcode_text(reply.rcode));
	return 0;
}
