#include "http/json.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

/* Stands before each piece of memory that jansson gets. */
union piece {
	size_t len; /* of the whole */
	max_align_t alignment;
};

/* Since reading began. jansson often does not say that this was why it failed, and the body would get the blame. */
static bool is_short_of_memory;

static void *piece_new(size_t size)
{
	union piece *piece = size <= SIZE_MAX - sizeof *piece ? malloc(sizeof *piece + size) : NULL;

	if (!piece) {
		is_short_of_memory = true;
		return NULL;
	}
	piece->len = sizeof *piece + size;
	return piece + 1;
}

/* Keys may be among what jansson has copied. */
static void piece_free(void *memory)
{
	union piece *piece = memory ? (union piece *)memory - 1 : NULL;

	if (piece)
		secret_wipe(piece, piece->len);
	free(piece);
}

static enum status json_keep(struct text text, struct decode_space *space, struct text *out)
{
	if (text.len > space->cap - space->len)
		return STATUS_TOO_LONG;
	if (text.len)
		memcpy(space->octets + space->len, text.octets, text.len);
	*out = (struct text){space->octets + space->len, text.len};
	space->len += text.len;
	return STATUS_OK;
}

static enum status add_member(const char *name, const json_t *value, struct decode_space *space,
			      struct http_params *params)
{
	struct http_param *param;
	enum status status;

	if (params->count == HTTP_PARAMS_MAX)
		return STATUS_TOO_LONG;
	param = &params->items[params->count];
	status = json_keep(text_of(name), space, &param->name);
	if (status == STATUS_OK)
		status = json_keep((struct text){json_string_value(value), json_string_length(value)}, space,
				   &param->value);
	if (status != STATUS_OK)
		return status;
	param->literal = param->value;
	params->count++;
	return STATUS_OK;
}

enum status json_params(struct text json, struct decode_space *space, struct http_params *params)
{
	enum status status = STATUS_OK;
	json_error_t error;
	const char *name;
	json_t *object, *value;

	is_short_of_memory = false;
	json_set_alloc_funcs(piece_new, piece_free);
	object = json_loadb(json.octets, json.len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(object))
		status = !object && is_short_of_memory ? STATUS_NO_MEMORY : STATUS_INVALID;
	json_object_foreach(object, name, value)
	{
		if (status == STATUS_OK && json_is_string(value))
			status = add_member(name, value, space, params);
		params->is_unread =
			params->is_unread || json_is_number(value) || json_is_array(value) || json_is_object(value);
	}
	json_decref(object);
	secret_wipe(&error, sizeof error); /* it repeats what was wrong */
	return status;
}
