/*
 * Bodies that are JSON: whatever the octets, reading gives a status, its operands lie in its space, and the space that
 * is promised, as many octets as there are of JSON, is enough. The number of those that stand before what is there
 * already, as a query's do, is the first octet; the second one makes the space smaller.
 */
#include <string.h>

#include "http/json.h"
#include "require.h"

/* A space of exactly `cap` octets on the heap: AddressSanitizer sees every octet written too far. */
static struct decode_space space_new(size_t cap)
{
	struct decode_space space = {.octets = malloc(cap ? cap : 1), .cap = cap};

	require(space.octets);
	return space;
}

/* A copy of just so many octets: the body of a request is not ended by a NUL. */
static char *copy_of(const uint8_t *octets, size_t len)
{
	char *copy = malloc(len ? len : 1);

	require(copy);
	if (len)
		memcpy(copy, octets, len);
	return copy;
}

static bool lies_in(const struct decode_space *space, struct text text)
{
	require(space->len <= space->cap);
	return text.octets >= space->octets && text.octets + text.len <= space->octets + space->len;
}

static void check_operands(const struct http_params *params, size_t before, const struct decode_space *space)
{
	require(params->count >= before && params->count <= HTTP_PARAMS_MAX);
	for (size_t i = before; i < params->count; i++) {
		const struct http_param *param = &params->items[i];

		require(lies_in(space, param->name) && lies_in(space, param->value));
		require(text_equal(param->value, param->literal));
		require(!memchr(param->name.octets, '\0', param->name.len));
		require(!memchr(param->value.octets, '\0', param->value.len));
		for (size_t k = before; k < i; k++)
			require(!text_equal(params->items[k].name, param->name));
	}
}

/* The first octet that is none of JSON's white space. */
static int first_octet(struct text json)
{
	for (size_t i = 0; i < json.len; i++) {
		if (!memchr(" \t\r\n", json.octets[i], 4))
			return json.octets[i];
	}
	return -1;
}

static void read_within(struct text json, size_t before, size_t cap)
{
	struct decode_space space = space_new(cap);
	struct http_params *params = calloc(1, sizeof *params);
	enum status status;

	require(params);
	params->count = before;
	status = json_params(json, &space, params);
	require(status == STATUS_OK || status == STATUS_INVALID || status == STATUS_TOO_LONG);
	check_operands(params, before, &space);
	if (first_octet(json) != '{')
		require(status == STATUS_INVALID);
	if (status == STATUS_INVALID)
		require(params->count == before && space.len == 0);
	/* The promised space is enough, so only the number of operands can be too large. */
	require(status != STATUS_TOO_LONG || params->count == HTTP_PARAMS_MAX || cap < json.len);
	free(params);
	free(space.octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy;
	struct text json;

	if (size < 2)
		return 0;
	copy = copy_of(data + 2, size - 2);
	json = (struct text){copy, size - 2};
	read_within(json, data[0] % (HTTP_PARAMS_MAX + 1), json.len);
	read_within(json, 0, json.len * data[1] / 256);
	free(copy);
	return 0;
}
