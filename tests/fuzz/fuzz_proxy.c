/*
 * PROXY headers: whatever the octets are, the end that is found lies within them, nothing changes when more follow, and
 * no part of a complete header is complete or malformed.
 */
#include <string.h>

#include "http/proxy.h"
#include "require.h"

/* A copy of exactly that length: AddressSanitizer sees every octet read too far. */
static enum proxy_result parse(const uint8_t *data, size_t size, struct proxy_header *header)
{
	char *copy = malloc(size ? size : 1);
	enum proxy_result result;

	require(copy);
	memcpy(copy, data, size);
	result = proxy_parse((struct text){copy, size}, header);
	free(copy);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_header header = {0}, again = {0};
	enum proxy_result result;

	if (size == 0)
		return 0;
	result = parse(data, size, &header);
	require(result != PROXY_INCOMPLETE || size < PROXY_HEADER_MAX);
	if (result != PROXY_COMPLETE)
		return 0;
	require(header.len > 0 && header.len <= size && header.len <= PROXY_HEADER_MAX);
	require(parse(data, header.len, &again) == PROXY_COMPLETE && again.len == header.len);
	require(addr_equal(&again.source, &header.source));
	for (size_t part = 0; part < header.len; part++)
		require(parse(data, part, &again) == PROXY_INCOMPLETE);
	return 0;
}
