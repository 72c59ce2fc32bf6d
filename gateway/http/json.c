#include "http/json.h"

#include <jansson.h>
#include <string.h>

static enum status keep(struct text text, struct decode_space *space, struct text *out)
{
	if (text.len > space->cap - space->len)
		return STATUS_TOO_LONG;
	if (text.len)
		memcpy(space->octets + space->len, text.octets, text.len);
	*out = (struct text){space->octets + space->len, text.len};
	space->len += text.len;
	return STATUS_OK;
}

static enum status add(const char *name, const json_t *value, struct decode_space *space, struct http_params *params)
{
	struct http_param *param;
	enum status status;

	if (params->count == HTTP_PARAMS_MAX)
		return STATUS_TOO_LONG;
	param = &params->items[params->count];
	status = keep(text_of(name), space, &param->name);
	if (status == STATUS_OK)
		status = keep((struct text){json_string_value(value), json_string_length(value)}, space, &param->value);
	if (status != STATUS_OK)
		return status;
	param->literal = param->value;
	params->count++;
	return STATUS_OK;
}

enum status json_params(struct text json, struct decode_space *space, struct http_params *params)
{
	json_t *object = json_loadb(json.octets, json.len, JSON_REJECT_DUPLICATES, NULL);
	enum status status = json_is_object(object) ? STATUS_OK : STATUS_INVALID;
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		if (status == STATUS_OK && json_is_string(value))
			status = add(name, value, space, params);
	}
	json_decref(object);
	return status;
}
