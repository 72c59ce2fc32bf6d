/*
 * Signing (RFC 8945 sections 4.3 and 5.1) and checking (5.2 to 5.4), each on one page.
 */
#include "tsig.h"

#include <string.h>

#include "digest.h"
#include "hmac.h"

#define TIME_MASK ((UINT64_C(1) << 48) - 1) /* Time Signed is a 48-bit number */

/*
 * These answers go out without a MAC: there is no key to sign with that the client is known to hold, section 5.3.2.
 */
static bool is_sent_unsigned(uint16_t error)
{
	return error == TSIG_RCODE_BADKEY || error == TSIG_RCODE_BADSIG;
}

/* ---- Signing ---- */

/* Sets *mac_len to the octets of MAC that will travel. */
static enum tsig_status choose_mac_len(const struct tsig_key *key, const struct tsig_signing *how, size_t *mac_len)
{
	if (is_sent_unsigned(how->error))
		*mac_len = 0;
	else if (how->mac_len == 0)
		*mac_len = key->algorithm->mac_len;
	else if (how->mac_len >= tsig_algorithm_mac_len_min(key->algorithm) && how->mac_len <= key->algorithm->mac_len)
		*mac_len = how->mac_len;
	else
		return TSIG_BADTRUNC;
	return TSIG_OK;
}

/* Everything but the MAC. `server_time` holds Other Data for as long as the record lives. */
static void fill_record(const uint8_t *wire, const struct tsig_key *key, const struct tsig_signing *how,
			uint8_t server_time[static TSIG_SERVER_TIME_LEN], struct tsig_record *record)
{
	struct tsig_reader id = {.wire = wire, .len = TSIG_HEADER_LEN, .at = TSIG_HEADER_ID};
	struct tsig_writer other = {.wire = server_time, .cap = TSIG_SERVER_TIME_LEN};

	if (how->error == TSIG_RCODE_BADTIME)
		tsig_write_u48(&other, how->server_time_s & TIME_MASK);
	*record = (struct tsig_record){
		.key_name = key->name,
		.algorithm = key->algorithm->wire,
		.time_s = how->time_s & TIME_MASK,
		.fudge_s = how->fudge_s ? how->fudge_s : TSIG_FUDGE_DEFAULT_S,
		.original_id = tsig_read_u16(&id),
		.error = how->error,
		.other_len = (uint16_t)other.len,
		.other = server_time,
	};
}

/* Appends the finished record and counts it (ARCOUNT has room: 64 KiB hold fewer than 6,000 records). On error, neither
 * *len nor what it covers has changed. */
static enum tsig_status append_record(uint8_t *wire, size_t *len, size_t cap, const struct tsig_outline *outline,
				      const struct tsig_record *record)
{
	struct tsig_writer writer = {
		.wire = wire,
		.cap = cap < TSIG_MESSAGE_MAX ? cap : TSIG_MESSAGE_MAX,
		.len = *len,
	};

	tsig_record_write(&writer, record);
	if (writer.failed)
		return TSIG_NO_SPACE;
	tsig_message_set_u16(wire, TSIG_HEADER_ARCOUNT, (uint16_t)(outline->body_arcount + 1));
	*len = writer.len;
	return TSIG_OK;
}

enum tsig_status tsig_sign(uint8_t *wire, size_t *len, size_t cap, const struct tsig_key *key,
			   const struct tsig_signing *how, struct tsig_mac *mac)
{
	uint8_t server_time[TSIG_SERVER_TIME_LEN];
	struct tsig_mac computed = {0};
	struct tsig_outline outline;
	struct tsig_record record;
	enum tsig_status status;
	size_t mac_len;

	if (*len > cap)
		return TSIG_NO_SPACE;
	if (!tsig_message_outline(wire, *len, &outline) || outline.has_tsig)
		return TSIG_MALFORMED;
	status = choose_mac_len(key, how, &mac_len);
	if (status != TSIG_OK)
		return status;
	fill_record(wire, key, how, server_time, &record);
	if (mac_len)
		status = tsig_digest(key, how->request_mac, wire, &outline, &record, &computed);
	if (status != TSIG_OK)
		return status;
	computed.len = mac_len;
	record.mac = computed.octets;
	record.mac_len = (uint16_t)mac_len;
	status = append_record(wire, len, cap, &outline, &record);
	if (status == TSIG_OK && mac)
		*mac = computed;
	return status;
}

/* ---- Checking ---- */

static void fill_report(const struct tsig_record *record, struct tsig_report *report)
{
	report->error = record->error;
	report->original_id = record->original_id;
	report->time_s = record->time_s;
	report->fudge_s = record->fudge_s;
	report->has_server_time = record->error == TSIG_RCODE_BADTIME && record->other_len == TSIG_SERVER_TIME_LEN;
	if (report->has_server_time) {
		struct tsig_reader other = {.wire = record->other, .len = record->other_len};

		report->server_time_s = tsig_read_u48(&other);
	}
	tsig_name_to_text(&record->key_name, report->key_name);
	if (record->mac_len <= sizeof(report->mac.octets)) {
		memcpy(report->mac.octets, record->mac, record->mac_len);
		report->mac.len = record->mac_len;
	}
}

static bool is_by_key(const struct tsig_record *record, const struct tsig_key *key)
{
	return tsig_name_equal(&record->key_name, &key->name) &&
	       tsig_name_equal(&record->algorithm, &key->algorithm->wire);
}

static enum tsig_status check_mac(const uint8_t *wire, const struct tsig_outline *outline, const struct tsig_key *key,
				  const struct tsig_mac *request_mac, const struct tsig_record *record)
{
	struct tsig_mac computed;
	enum tsig_status status;

	status = tsig_digest(key, request_mac, wire, outline, record, &computed);
	if (status == TSIG_OK && !tsig_octets_equal(computed.octets, record->mac, record->mac_len))
		status = TSIG_BADSIG;
	/* The right MAC of a forged message is all that its forger lacks: do not leave it behind. */
	explicit_bzero(&computed, sizeof(computed));
	return status;
}

static bool is_in_time(const struct tsig_record *record, uint64_t now_s)
{
	uint64_t apart = now_s > record->time_s ? now_s - record->time_s : record->time_s - now_s;

	return apart <= record->fudge_s;
}

/* Local policy, section 5.2.4: 0 asks for full MACs, and more than a full MAC cannot be asked for. */
static bool is_long_enough(const struct tsig_record *record, const struct tsig_key *key, size_t mac_len_min)
{
	if (mac_len_min == 0 || mac_len_min > key->algorithm->mac_len)
		mac_len_min = key->algorithm->mac_len;
	return record->mac_len >= mac_len_min;
}

/* The order of the checks is that of section 5.2, and what they reveal depends on it. */
static enum tsig_status check(const uint8_t *wire, const struct tsig_outline *outline, const struct tsig_key *key,
			      const struct tsig_checking *how, const struct tsig_record *record)
{
	enum tsig_status status;

	if (record->mac_len == 0)
		return is_sent_unsigned(record->error) ? TSIG_UNSIGNED_ERROR : TSIG_MALFORMED;
	if (!is_by_key(record, key))
		return TSIG_BADKEY;
	if (record->mac_len < tsig_algorithm_mac_len_min(key->algorithm) || record->mac_len > key->algorithm->mac_len)
		return TSIG_MALFORMED;
	status = check_mac(wire, outline, key, how->request_mac, record);
	if (status != TSIG_OK)
		return status;
	if (!is_in_time(record, how->now_s))
		return TSIG_BADTIME;
	return is_long_enough(record, key, how->mac_len_min) ? TSIG_OK : TSIG_BADTRUNC;
}

/* Makes the message what it was before it was signed. */
static void remove_record(uint8_t *wire, size_t *len, const struct tsig_outline *outline, uint16_t original_id)
{
	tsig_message_set_u16(wire, TSIG_HEADER_ID, original_id);
	tsig_message_set_u16(wire, TSIG_HEADER_ARCOUNT, outline->body_arcount);
	*len = outline->body_len;
}

enum tsig_status tsig_verify(uint8_t *wire, size_t *len, const struct tsig_key *key, const struct tsig_checking *how,
			     struct tsig_report *report)
{
	struct tsig_outline outline;
	struct tsig_record record;
	enum tsig_status status;

	if (report)
		*report = (struct tsig_report){0};
	if (!tsig_message_outline(wire, *len, &outline))
		return TSIG_MALFORMED;
	if (!outline.has_tsig)
		return TSIG_UNSIGNED;
	if (!tsig_record_read(wire, *len, outline.body_len, &record))
		return TSIG_MALFORMED;
	if (report)
		fill_report(&record, report);
	status = check(wire, &outline, key, how, &record);
	if (status == TSIG_OK || status == TSIG_BADTIME)
		remove_record(wire, len, &outline, record.original_id);
	return status;
}
