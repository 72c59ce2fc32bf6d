#include "admin/requests.h"

#include <stdlib.h>
#include <string.h>

#include "admin/path.h"
#include "base/repeat.h"

enum { LIST_LEN_MAX = 1024 }; /* more than the log keeps of a value */

enum status requests_new(struct requests **out)
{
	struct requests *requests;
	size_t count = 0;

	while (dialects[count])
		count++;
	requests = calloc(1, sizeof *requests + count * sizeof requests->dialects[0]);
	if (!requests)
		return STATUS_NO_MEMORY;
	histogram_init_ms(&requests->took_ms);
	requests->dialect_count = count;
	for (size_t i = 0; i < count; i++)
		requests->dialects[i].dialect = dialects[i];
	*out = requests;
	return STATUS_OK;
}

void requests_free(struct requests **requests)
{
	free(*requests);
	*requests = NULL;
}

/* ---- Counting ---- */

static void count_request(struct requests *requests, const struct pipeline_report *report)
{
	struct dialect_counts *counts = requests->dialects;

	histogram_add(&requests->took_ms, report->took_ms);
	if (!report->dialect) {
		requests->unrouted += report->status >= 400;
		return;
	}
	while (counts->dialect != report->dialect)
		counts++;
	counts->requests++;
	for (size_t i = 0; i < report->outcome_count; i++) {
		size_t code = report->outcomes[i].code;

		if (code < OUTCOME_COUNT)
			counts->outcomes[code]++;
	}
}

/* ---- Logging ---- */

/* Texts with commas in between; what does not fit is left out. */
struct request_list {
	size_t len;
	char octets[LIST_LEN_MAX];
};

static void list_add(struct request_list *list, struct text item)
{
	if (list->len + 1 + item.len > sizeof list->octets)
		return;
	if (list->len)
		list->octets[list->len++] = ',';
	if (item.len)
		memcpy(list->octets + list->len, item.octets, item.len);
	list->len += item.len;
}

static struct text text_in(const struct request_list *list)
{
	return list->len ? (struct text){list->octets, list->len} : text_of("-");
}

/* The outcome of each host, or one outcome if it is the same for all. */
static void add_outcomes(struct request_list *list, const struct pipeline_report *report)
{
	bool same = true;

	for (size_t i = 1; i < report->outcome_count; i++)
		same &= report->outcomes[i].code == report->outcomes[0].code;
	for (size_t i = 0; i < (same ? 1 : report->outcome_count); i++)
		list_add(list, text_of(outcome_text(report->outcomes[i].code)));
}

/*
 * The path is in the line, so that one sees which address the client thinks is ours. OPTIONS, by which load balancers
 * look whether we are there, is no fault.
 */
static void log_unrouted(const struct pipeline_report *report, const char *source)
{
	char path[PATH_SHOWN_MAX];

	if (report->status < 400)
		LOG(LOG_DEBUG, "request", log_text("id", report->id), log_text("source", source),
		    log_number("status", report->status));
	else
		LOG_REPEATED_EACH(LOG_INFO, "request", log_detail(log_text("id", report->id)),
				  log_text("source", source), log_slice("path", path_show(report->request->path, path)),
				  log_number("status", report->status));
}

/* Whether a primary, or the gateway itself, is in trouble: then further requests with the same end tell nothing new. */
static bool is_in_trouble(const struct pipeline_report *report)
{
	for (size_t i = 0; i < report->outcome_count; i++) {
		switch (report->outcomes[i].code) {
		case OUTCOME_REFUSED:
		case OUTCOME_REFUSED_UNSIGNED:
		case OUTCOME_UNREACHABLE:
		case OUTCOME_UNKNOWN:
		case OUTCOME_BUSY:
		case OUTCOME_FAILED:
			return true;
		default:
			break;
		}
	}
	return false;
}

/*
 * Logs the operand that was not understood, and because of which neither the client's address nor the account's only
 * host was used in place of what the request does not say.
 */
static void log_operand(const struct pipeline_report *report, const char *source)
{
	if (report->operand.len)
		LOG_REPEATED(
			LOG_INFO, "operand-unknown", log_detail(log_text("id", report->id)), log_text("source", source),
			log_slice("operand", report->operand),
			log_text("text",
				 "it may hold the address or the host that is meant, so nothing stands in for it"));
}

/* Logs that a trusted proxy does not say whose request it is; the administrator should know. */
static void log_unknown_source(const struct pipeline_report *report)
{
	const struct addr *proxy = &report->request->proxy;
	char text[ADDR_TEXT_MAX];

	if (report->request->source_unknown && report->outcomes[0].code == OUTCOME_NO_ADDRESS)
		LOG_REPEATED(LOG_WARNING, "client-unknown", log_detail(log_text("id", report->id)),
			     log_text("proxy", proxy->family == ADDR_NONE ? "a Unix socket" : addr_format(proxy, text)),
			     log_text("text", report->request->source_unknown));
}

static void write_request(const struct pipeline_report *report, const char *source, enum log_level level)
{
	struct request_list outcomes = {.len = 0}, hosts = {.len = 0}, addresses = {.len = 0};

	add_outcomes(&outcomes, report);
	for (size_t i = 0; i < report->intent->host_count; i++)
		list_add(&hosts, report->intent->hosts[i]);
	for (size_t i = 0; i < report->intent->address_count; i++)
		list_add(&addresses, report->intent->addresses[i]);

	const struct log_field fields[] = {
		log_detail(log_text("id", report->id)),
		log_text("source", source),
		log_text("dialect", report->dialect->name),
		log_slice("user", report->login),
		log_slice("host", text_in(&hosts)),
		log_detail(log_slice("ip", text_in(&addresses))),
		log_slice("outcome", text_in(&outcomes)),
		log_number("status", report->status),
		log_detail(log_number("ms", (int64_t)report->took_ms)),
		{.kind = LOG_FIELD_END},
	};
	if (is_in_trouble(report))
		repeat_log(level, "request", false, fields);
	else
		log_write(level, "request", fields);
}

static void log_request(const struct pipeline_report *report, const char *source)
{
	bool shown = report->intent->kind == INTENT_SHOW_ADDRESS && report->outcomes[0].code == OUTCOME_ADDRESS;
	enum log_level level = shown ? LOG_DEBUG : LOG_INFO;

	log_operand(report, source);
	log_unknown_source(report);
	if (log_enabled(level))
		write_request(report, source, level);
}

void requests_report(void *ctx, const struct pipeline_report *report)
{
	char source[ADDR_TEXT_MAX];

	count_request(ctx, report);
	addr_format(&report->request->source, source);
	if (report->dialect)
		log_request(report, source);
	else
		log_unrouted(report, source);
}
