/*
 * X-Forwarded-For and Forwarded: the first octet of an input chooses, 'x' the former, anything else the latter. A
 * source outside is none of the trusted networks, one inside is; and a trusted proxy that is appended changes nothing.
 */
#include <string.h>

#include "http/forwarded.h"
#include "require.h"

static const struct network items[] = {
	{{ADDR_V4, {10}}, 8},
	{{ADDR_V6, {0xfd}}, 8},
};
static const struct networks trusted = {items, 2};

static enum status add(uint8_t kind, struct forwarded *forwarded, struct text value)
{
	return kind == 'x' ? forwarded_add_for(forwarded, trusted, value) : forwarded_add(forwarded, trusted, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct forwarded forwarded = {0}, more;
	enum status status;
	char *copy;

	if (size < 1)
		return 0;
	copy = malloc(size);
	require(copy);
	memcpy(copy, data, size);
	status = add(data[0], &forwarded, (struct text){copy + 1, size - 1});
	free(copy);
	require(status == STATUS_OK || status == STATUS_INVALID);
	require(forwarded.hops < size);
	if (status != STATUS_OK || forwarded.hops == 0)
		return 0;
	require(networks_have(trusted, &forwarded.source) != forwarded.is_outside);
	more = forwarded;
	require(add(data[0], &more, text_of(data[0] == 'x' ? "10.0.0.1" : "for=10.0.0.1")) == STATUS_OK);
	require(more.hops == forwarded.hops + 1 && addr_equal(&more.source, &forwarded.source));
	return 0;
}
