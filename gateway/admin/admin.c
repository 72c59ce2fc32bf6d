#include "admin/admin.h"

#include <stdlib.h>

#include "base/log.h"

struct admin {
	struct admin_parts parts;
};

static void answer_metrics(const struct admin *admin, struct http_exchange *exchange)
{
	struct http_response response;
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	bool whole = false;

	http_response_init(&response);
	if (to) {
		metrics_write(to, &admin->parts.sources);
		whole = !ferror(to);
		whole &= fclose(to) == 0;
	}
	if (whole) {
		response.status = 200;
		response.content_type = METRICS_CONTENT_TYPE;
		response.document = text;
		response.document_len = len;
	} else {
		http_response_plain(&response, 503, status_text(STATUS_NO_MEMORY));
	}
	admin->parts.answer(&exchange, &response);
	free(text);
}

static void answer_plain(const struct admin *admin, struct http_exchange *exchange, int status, const char *text)
{
	struct http_response response;

	http_response_init(&response);
	http_response_plain(&response, status, text);
	response.allow = status == 405 ? HTTP_GET | HTTP_HEAD : 0;
	response.retry_after_s = status == 503 ? 5 : 0;
	admin->parts.answer(&exchange, &response);
}

static void answer_health(const struct admin *admin, struct http_exchange *exchange)
{
	answer_plain(admin, exchange, 200, "ok");
}

static void answer_readiness(const struct admin *admin, struct http_exchange *exchange)
{
	const struct metrics_sources *sources = &admin->parts.sources;
	bool well = false;

	for (size_t i = 0; i < sources->zone_count && !well; i++)
		well = zones_is_well(sources->zones, i);
	if (*admin->parts.draining)
		answer_plain(admin, exchange, 503, "draining");
	else if (!well)
		answer_plain(admin, exchange, 503, "no primary of any zone is well");
	else
		answer_plain(admin, exchange, 200, "ready");
}

static void answer_level(const struct admin *admin, struct http_exchange *exchange)
{
	answer_plain(admin, exchange, 200, log_level_name(log_level()));
}

static void set_level(const struct admin *admin, struct http_exchange *exchange, const struct http_request *request)
{
	const struct http_param *wanted = http_param_find(&request->params, "level");
	enum log_level level;

	if (!wanted || !log_level_parse(wanted->value, &level)) {
		answer_plain(admin, exchange, 400, "level= is error, warning, info or debug");
		return;
	}
	log_set_level(level);
	LOG(LOG_WARNING, "log-level", log_text("level", log_level_name(level)), log_text("by", "admin"));
	answer_level(admin, exchange);
}

static const struct {
	const char *path;
	void (*answer)(const struct admin *admin, struct http_exchange *exchange);
} pages[] = {
	{"/metrics", answer_metrics},
	{"/healthz", answer_health},
	{"/readyz", answer_readiness},
	{"/log", answer_level},
};

void admin_handle(void *ctx, struct http_exchange *exchange, const struct http_request *request)
{
	const struct admin *admin = ctx;

	if (request->method == HTTP_PUT && text_equal(request->path, text_of("/log"))) {
		set_level(admin, exchange, request);
		return;
	}
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		if (!text_equal(request->path, text_of(pages[i].path)))
			continue;
		if (request->method & (HTTP_GET | HTTP_HEAD))
			pages[i].answer(admin, exchange);
		else
			answer_plain(admin, exchange, 405, "405 this method is not allowed here");
		return;
	}
	answer_plain(admin, exchange, 404, "404 no such page: /metrics, /healthz, /readyz, /log");
}

enum status admin_new(const struct admin_parts *parts, struct admin **out)
{
	struct admin *admin = malloc(sizeof *admin);

	if (!admin)
		return STATUS_NO_MEMORY;
	admin->parts = *parts;
	*out = admin;
	return STATUS_OK;
}

void admin_set_zones(struct admin *admin, const struct zones *zones, size_t count)
{
	admin->parts.sources.zones = zones;
	admin->parts.sources.zone_count = count;
}

void admin_free(struct admin **admin)
{
	free(*admin);
	*admin = NULL;
}
