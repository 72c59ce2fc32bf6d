#include "admin/admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/repeat.h"

struct admin {
	struct admin_parts parts;
};

/*
 * A stream that writes into memory. open_memstream() of glibc 2.36 does not set ferror() when it has left something out
 * for lack of memory, so that half of the counters would be taken for all of them.
 */
struct admin_sheet {
	char *octets;
	size_t len;
	size_t cap;
	bool failed;
};

/* A cookie_write_function_t. */
static ssize_t write_to_sheet(void *cookie, const char *octets, size_t len)
{
	enum { CAP_MIN = 16 * 1024 };
	struct admin_sheet *sheet = cookie;
	size_t cap = sheet->cap ? sheet->cap : CAP_MIN;
	char *grown;

	if (sheet->failed)
		return 0;
	while (cap - sheet->len < len)
		cap *= 2;
	grown = cap > sheet->cap ? realloc(sheet->octets, cap) : sheet->octets;
	sheet->failed = !grown;
	if (!grown)
		return 0;
	sheet->octets = grown;
	sheet->cap = cap;
	memcpy(sheet->octets + sheet->len, octets, len);
	sheet->len += len;
	return (ssize_t)len;
}

static void answer_metrics(const struct admin *admin, struct http_exchange *exchange,
			   const struct http_request *request)
{
	struct http_response response;
	struct admin_sheet sheet = {.len = 0};
	FILE *to = fopencookie(&sheet, "w", (cookie_io_functions_t){.write = write_to_sheet});
	bool whole = false;

	(void)request;
	http_response_init(&response);
	if (to) {
		metrics_write(to, &admin->parts.sources);
		whole = fclose(to) == 0 && !sheet.failed;
	}
	if (whole) {
		response.status = 200;
		response.content_type = METRICS_CONTENT_TYPE;
		response.document = sheet.octets;
		response.document_len = sheet.len;
	} else {
		http_response_plain(&response, 503, status_text(STATUS_NO_MEMORY));
	}
	admin->parts.answer(&exchange, &response);
	free(sheet.octets);
}

static void answer_plain(const struct admin *admin, struct http_exchange *exchange, int status, const char *text)
{
	struct http_response response;

	http_response_init(&response);
	http_response_plain(&response, status, text);
	response.retry_after_s = status == 503 ? 5 : 0;
	admin->parts.answer(&exchange, &response);
}

/* Answers OPTIONS, and methods that are not allowed here. */
static void answer_methods(const struct admin *admin, struct http_exchange *exchange, enum http_method asked,
			   unsigned allow)
{
	struct http_response response;

	http_response_init(&response);
	if (asked == HTTP_OPTIONS)
		http_response_options(&response, allow);
	else
		http_response_plain(&response, 405, "405 this method is not allowed here");
	response.allow = allow | HTTP_OPTIONS;
	admin->parts.answer(&exchange, &response);
}

static void answer_health(const struct admin *admin, struct http_exchange *exchange, const struct http_request *request)
{
	(void)request;
	answer_plain(admin, exchange, 200, "ok");
}

static void answer_readiness(const struct admin *admin, struct http_exchange *exchange,
			     const struct http_request *request)
{
	const struct metrics_sources *sources = &admin->parts.sources;
	bool well = false;

	(void)request;
	for (size_t i = 0; i < sources->zone_count && !well; i++)
		well = zones_is_well(sources->zones, i);
	if (*admin->parts.draining)
		answer_plain(admin, exchange, 503, "draining");
	else if (!well)
		answer_plain(admin, exchange, 503, "no primary of any zone is well");
	else
		answer_plain(admin, exchange, 200, "ready");
}

/* ---- What may be changed, and from where ---- */

static bool is_own(const struct addr *own, const struct peer *peer)
{
	static const struct addr any[] = {{.family = ADDR_V4}, {.family = ADDR_V6}};
	bool is_any = addr_equal(own, &any[0]) || addr_equal(own, &any[1]);

	if (peer->host.len)
		return text_equal(name_text(&peer->host), text_of("localhost")) &&
		       (is_any || addr_scope(own) == ADDR_SCOPE_LOOPBACK);
	return is_any || addr_equal(own, &peer->endpoint.addr);
}

static bool is_same_host(const struct peer *a, const struct peer *b)
{
	return a->host.len ? name_equal(&a->host, &b->host)
			   : b->host.len == 0 && addr_equal(&a->endpoint.addr, &b->endpoint.addr);
}

static bool is_our_host(const struct admin_hosts *hosts, struct text header)
{
	struct peer peer;

	if (peer_parse(header, 80, &peer) != STATUS_OK)
		return false;
	for (size_t i = 0; i < hosts->count; i++) {
		if (is_same_host(&peer, &hosts->others[i]))
			return true;
	}
	return is_own(&hosts->own, &peer);
}

static void set_level(const struct admin *admin, struct http_exchange *exchange, const struct http_request *request)
{
	const struct http_param *wanted = http_param_find(&request->params, "level");
	enum log_level level;

	if (!is_our_host(&admin->parts.hosts, request->host)) {
		LOG_REPEATED(LOG_WARNING, "admin-refused", log_slice("host", request->host),
			     log_text("text", "the request is for another host; see admin_names in the configuration"));
		answer_plain(admin, exchange, 403,
			     "403 Host is neither the address of this listener nor in admin_names");
		return;
	}
	if (!wanted || !log_level_parse(wanted->value, &level)) {
		answer_plain(admin, exchange, 400, "level= is error, warning, info or debug");
		return;
	}
	log_set_level(level);
	LOG(LOG_WARNING, "log-level", log_text("level", log_level_name(level)), log_text("by", "admin"));
	answer_plain(admin, exchange, 200, log_level_name(level));
}

/* ---- Pages ---- */

static void answer_level(const struct admin *admin, struct http_exchange *exchange, const struct http_request *request)
{
	if (request->method == HTTP_PUT)
		set_level(admin, exchange, request);
	else
		answer_plain(admin, exchange, 200, log_level_name(log_level()));
}

static const struct admin_page {
	const char *path;
	unsigned methods;
	void (*answer)(const struct admin *admin, struct http_exchange *exchange, const struct http_request *request);
} pages[] = {
	{"/metrics", HTTP_GET | HTTP_HEAD, answer_metrics},
	{"/healthz", HTTP_GET | HTTP_HEAD, answer_health},
	{"/readyz", HTTP_GET | HTTP_HEAD, answer_readiness},
	{"/log", HTTP_GET | HTTP_HEAD | HTTP_PUT, answer_level},
};

static const struct admin_page *find_page(struct text path)
{
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		if (text_equal(path, text_of(pages[i].path)))
			return &pages[i];
	}
	return NULL;
}

/* Methods for a path that is no page: for the target `*` those of all pages together, else none. */
static unsigned methods_without_page(struct text path)
{
	unsigned methods = 0;

	for (size_t i = 0; text_equal(path, text_of("*")) && i < sizeof pages / sizeof *pages; i++)
		methods |= pages[i].methods;
	return methods;
}

void admin_handle(void *ctx, struct http_exchange *exchange, const struct http_request *request)
{
	const struct admin *admin = ctx;
	const struct admin_page *page = find_page(request->path);

	if (page && page->methods & request->method)
		page->answer(admin, exchange, request);
	else if (page || request->method == HTTP_OPTIONS)
		answer_methods(admin, exchange, request->method,
			       page ? page->methods : methods_without_page(request->path));
	else
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

void admin_set_zones(struct admin *admin, const struct zones *zones, size_t count, size_t shown_max)
{
	admin->parts.sources.zones = zones;
	admin->parts.sources.zone_count = count;
	admin->parts.sources.zones_max = shown_max;
}

void admin_set_hosts(struct admin *admin, const struct admin_hosts *hosts)
{
	admin->parts.hosts = *hosts;
}

void admin_free(struct admin **admin)
{
	free(*admin);
	*admin = NULL;
}
