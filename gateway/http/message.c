#include "http/message.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct http_param *http_param_find(const struct http_params *params, const char *name)
{
	for (size_t i = 0; i < params->count; i++) {
		if (text_equal(params->items[i].name, text_of(name)))
			return &params->items[i];
	}
	return NULL;
}

struct text http_param_value(const struct http_params *params, const char *name)
{
	const struct http_param *param = http_param_find(params, name);

	return param ? param->value : (struct text){"", 0};
}

size_t http_param_count(const struct http_params *params, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < params->count; i++)
		count += text_equal(params->items[i].name, text_of(name));
	return count;
}

void http_response_init(struct http_response *response)
{
	memset(response, 0, offsetof(struct http_response, body));
}

void http_response_add(struct http_response *response, const char *format, ...)
{
	size_t room = sizeof response->body - response->body_len;
	va_list args;
	int wanted;

	va_start(args, format);
	wanted = vsnprintf(response->body + response->body_len, room, format, args);
	va_end(args);
	if (wanted > 0)
		response->body_len += (size_t)wanted < room ? (size_t)wanted : room - 1;
}

void http_response_plain(struct http_response *response, int status, const char *text)
{
	response->status = status;
	response->content_type = "text/plain; charset=utf-8";
	response->body_len = 0;
	http_response_add(response, "%s\n", text);
}

int http_status_of(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

void http_response_json(struct http_response *response, int status, const char *name, struct text value)
{
	json_t *object = json_pack("{s:s%}", name, value.octets, value.len);
	char text[sizeof response->body];
	size_t len = object ? json_dumpb(object, text, sizeof text, 0) : 0;

	response->status = status;
	response->content_type = "application/json";
	response->body_len = 0;
	if (len <= sizeof text)
		http_response_add(response, "%.*s\n", (int)len, text);
	json_decref(object);
}

void http_response_options(struct http_response *response, unsigned allow)
{
	response->status = 204;
	response->content_type = NULL;
	response->body_len = 0;
	response->allow = allow | HTTP_OPTIONS;
}
