/*
 * Decoding: the first octet of an input chooses what the others are, 't' a request target, 'b' an Authorization
 * header, anything else operands. Whatever they are, decoding stays within its space, of any size, and what it gives
 * lies there.
 */
#include <string.h>

#include "http/decode.h"
#include "require.h"

/* A space of exactly `cap` octets on the heap: AddressSanitizer sees every octet written too far. */
static struct decode_space space_new(size_t cap)
{
	struct decode_space space = {.octets = malloc(cap ? cap : 1), .cap = cap};

	require(space.octets);
	return space;
}

static bool lies_in(const struct decode_space *space, struct text text)
{
	require(space->len <= space->cap);
	return text.len == 0 || (text.octets >= space->octets && text.octets + text.len <= space->octets + space->len);
}

static enum status decode_as_target(struct text input, struct decode_space *space)
{
	struct text path, query;
	bool has_query;
	enum status status = decode_target(input, space, &path, &query, &has_query);

	if (status != STATUS_OK) {
		require(status == STATUS_TOO_LONG);
		return status;
	}
	require(path.len > 0 && lies_in(space, path));
	require(!memmem(path.octets, path.len, "//", 2));
	require(has_query == (memchr(input.octets, '?', input.len) != NULL));
	require(query.len == 0 || query.octets + query.len == input.octets + input.len);
	return status;
}

/* Both readings of an operand differ in spaces and plus signs only. */
static void check_readings(const struct http_param *param)
{
	require(param->value.len == param->literal.len);
	for (size_t i = 0; i < param->value.len; i++) {
		char value = param->value.octets[i], literal = param->literal.octets[i];

		require(value == literal || (value == ' ' && literal == '+'));
	}
}

static enum status decode_as_params(struct text input, struct decode_space *space)
{
	struct http_params params = {0};
	enum status status = decode_params(input, space, &params);

	require(status == STATUS_OK || status == STATUS_TOO_LONG);
	require(params.count <= HTTP_PARAMS_MAX);
	for (size_t i = 0; i < params.count; i++) {
		const struct http_param *param = &params.items[i];

		require(lies_in(space, param->name) && lies_in(space, param->value) && lies_in(space, param->literal));
		check_readings(param);
	}
	/* The promised space is enough, so only the number of operands can be too large. */
	require(status == STATUS_OK || params.count == HTTP_PARAMS_MAX || space->cap < DECODE_SPACE(input.len));
	return status;
}

static enum status decode_as_basic(struct text input, struct decode_space *space)
{
	struct text user, password;
	enum status status = decode_basic(input, space, &user, &password);

	require(status == STATUS_OK || status == STATUS_NOT_FOUND || status == STATUS_INVALID ||
		status == STATUS_TOO_LONG);
	if (status == STATUS_OK) {
		require(lies_in(space, user) && lies_in(space, password));
		require(!user.len || !memchr(user.octets, ':', user.len));
	}
	return status;
}

static enum status decode(char kind, struct text input, struct decode_space *space)
{
	switch (kind) {
	case 't':
		return decode_as_target(input, space);
	case 'b':
		return decode_as_basic(input, space);
	default:
		return decode_as_params(input, space);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input;
	struct decode_space space;
	enum status status;
	size_t used;

	if (size < 2)
		return 0;
	input = (struct text){(const char *)data + 1, size - 1};
	space = space_new(DECODE_SPACE(input.len));
	status = decode((char)data[0], input, &space);
	require(status != STATUS_TOO_LONG || (data[0] != 't' && data[0] != 'b'));
	used = space.len;
	free(space.octets);

	/* Exactly what it used is enough, and an octet less is not. */
	space = space_new(used);
	require(decode((char)data[0], input, &space) == status && space.len == used);
	free(space.octets);
	if (used == 0 || status != STATUS_OK)
		return 0;
	space = space_new(used - 1);
	require(decode((char)data[0], input, &space) == STATUS_TOO_LONG);
	free(space.octets);
	return 0;
}
