/*
 * Messages: whatever the octets, checking them gives a status and touches nothing else, and what was signed verifies.
 *
 * A mutated message has a wrong MAC, and checking would stop there. So its MAC is also put right, by the library's
 * inner functions, with keys of the name that the record claims, and it is checked again.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "tsig.h"

enum {
	NOW = 1700000000,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* A copy in memory of exactly its size: AddressSanitizer sees every octet read too far. */
static uint8_t *copy_of(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	require(copy != NULL);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

static bool is_unwrapped(enum tsig_status status)
{
	return status == TSIG_OK || status == TSIG_BADTIME;
}

/* Checks a copy: it is unwrapped into a whole unsigned message, or unchanged. */
static enum tsig_status verify(const uint8_t *data, size_t size, const struct tsig_key *key,
			       const struct tsig_checking *how, struct tsig_report *report)
{
	uint8_t *wire = copy_of(data, size);
	size_t len = size;
	enum tsig_status status = tsig_verify(wire, &len, key, how, report);

	if (is_unwrapped(status)) {
		require(len < size);
		require(tsig_verify(wire, &len, key, how, NULL) == TSIG_UNSIGNED);
	} else {
		require(len == size && memcmp(wire, data, size) == 0);
	}
	free(wire);
	return status;
}

static struct tsig_key *make_key(const char *name, const char *algorithm)
{
	struct tsig_key *key = NULL;

	require(tsig_key_new_base64(name, algorithm, "c2VjcmV0", &key) == TSIG_OK);
	return key;
}

/* The input as a message of ours: signed in several ways, it must verify and come out as it went in. */
static void sign_and_verify(const uint8_t *data, size_t size, const struct tsig_key *key,
			    const struct tsig_mac *request_mac)
{
	const struct tsig_signing signing = {.time_s = NOW, .mac_len = 20, .request_mac = request_mac};
	const struct tsig_checking checking = {.now_s = NOW, .mac_len_min = 20, .request_mac = request_mac};
	size_t len = size, cap = size + TSIG_RECORD_MAX;
	uint8_t *wire = malloc(cap);

	require(wire != NULL);
	if (size)
		memcpy(wire, data, size);
	if (tsig_sign(wire, &len, cap, key, &signing, NULL) == TSIG_OK) {
		require(verify(wire, len, key, &checking, NULL) == TSIG_OK);
		require(verify(wire, len, key, &(struct tsig_checking){.now_s = NOW, .mac_len_min = 20}, NULL) ==
			(request_mac ? TSIG_BADSIG : TSIG_OK));
		require(tsig_verify(wire, &len, key, &checking, NULL) == TSIG_OK);
	}
	require(len == size && (size == 0 || memcmp(wire, data, size) == 0));
	free(wire);
}

/* Overwrites the MAC of the message's TSIG record with the right one, if it has one; says if so. */
static bool put_mac_right(uint8_t *wire, size_t len, const struct tsig_key *key)
{
	struct tsig_outline outline;
	struct tsig_record record;
	struct tsig_mac mac;

	if (!tsig_message_outline(wire, len, &outline) || !outline.has_tsig ||
	    !tsig_record_read(wire, len, outline.body_len, &record))
		return false;
	require(tsig_digest(key, NULL, wire, &outline, &record, &mac) == TSIG_OK);
	if (record.mac_len == 0 || record.mac_len > mac.len)
		return false;
	memcpy(wire + (record.mac - wire), mac.octets, record.mac_len);
	return true;
}

/* With the right MAC, nothing is BADSIG any more, and the time decides. */
static void verify_with_right_mac(const uint8_t *data, size_t size, const struct tsig_report *report)
{
	static const char *const algorithms[] = {"hmac-md5", "hmac-sha1", "hmac-sha256", "hmac-sha512"};
	uint8_t *wire = copy_of(data, size);

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		struct tsig_key *key = make_key(report->key_name, algorithms[i]);
		struct tsig_checking how = {.now_s = report->time_s + report->fudge_s, .mac_len_min = 1};

		if (put_mac_right(wire, size, key)) {
			enum tsig_status status = verify(wire, size, key, &how, NULL);

			require(status == TSIG_OK || status == TSIG_BADKEY || status == TSIG_MALFORMED);
			how.now_s++;
			require(verify(wire, size, key, &how, NULL) == (status == TSIG_OK ? TSIG_BADTIME : status));
			how.now_s--;
			how.mac_len_min = 0;
			require(status != TSIG_OK ||
				verify(wire, size, key, &how, NULL) ==
					(report->mac.len == tsig_key_mac_len(key) ? TSIG_OK : TSIG_BADTRUNC));
		}
		tsig_key_free(&key);
	}
	free(wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tsig_mac request_mac = {.len = 32};
	const struct tsig_checking how = {.now_s = NOW, .request_mac = &request_mac, .mac_len_min = 1};
	struct tsig_key *key = make_key("gw", "hmac-sha256");
	struct tsig_report report;

	(void)verify(data, size, key, &how, &report);
	require(memchr(report.key_name, '\0', sizeof(report.key_name)) != NULL);
	if (report.key_name[0] != '\0')
		verify_with_right_mac(data, size, &report);
	sign_and_verify(data, size, key, NULL);
	sign_and_verify(data, size, key, &request_mac);
	tsig_key_free(&key);
	return 0;
}
