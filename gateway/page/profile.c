#include "page/profile.h"

#include <inttypes.h>

#include "base/outcome.h"
#include "page/chart.h"
#include "page/when.h"

/* ---- Words ---- */

static struct text words_of(struct text outcome)
{
	static const struct {
		enum outcome_code code;
		const char *words;
	} rows[] = {
		{OUTCOME_CHANGED, "address changed"},
		{OUTCOME_UNCHANGED, "address confirmed"},
		{OUTCOME_BAD_HOST, "not a host name"},
		{OUTCOME_NOT_YOURS, "not your host"},
		{OUTCOME_ZONE_INACTIVE, "zone not active"},
		{OUTCOME_BAD_ADDRESS, "not an address that may be set"},
		{OUTCOME_NO_RECORD, "no such record"},
		{OUTCOME_REFUSED, "refused by the name server"},
		{OUTCOME_REFUSED_UNSIGNED, "refused by the name server, unsigned; not known what has become of it"},
		{OUTCOME_UNREACHABLE, "name server not reached"},
		{OUTCOME_UNKNOWN, "no answer of the name server"},
		{OUTCOME_GIVEN_UP, "given up by the client"},
		{OUTCOME_OVERTAKEN, "overtaken by a later one"},
		{OUTCOME_BUSY, "too busy"},
		{OUTCOME_FAILED, "failed here"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (text_equal(outcome, text_of(outcome_text(rows[i].code))))
			return text_of(rows[i].words);
	}
	return outcome;
}

static void show_time(struct view *view, const char *name, const char *ago_name, uint64_t at_s, uint64_t now_s)
{
	char text[WHEN_MAX];

	view_text(view, name, text_of(when_time(at_s, text)));
	view_text(view, ago_name, text_of(when_ago(at_s, now_s, text)));
}

/* What stands in a text with separators between, or one behind each, becomes a list. */
static void show_each(struct view *view, const char *name, char separator, struct text rest)
{
	struct text part;

	for (size_t count = 0; rest.len && count < PROFILE_HOSTS_MAX; count++) {
		text_split(rest, separator, &part, &rest);
		view_text(view_item(view, name), "part", part);
	}
	if (rest.len)
		view_text(view_item(view, name), "part", text_of("and more"));
}

/* ---- Hosts ---- */

/* The host of that name, added if it is not there yet; NULL if there is no place for it. */
static struct profile_host *host_of(struct profile *profile, const struct name *name)
{
	struct profile_host *host = profile->hosts;

	for (size_t i = 0; i < profile->host_count; i++, host++) {
		if (name_equal(&host->name, name))
			return host;
	}
	if (profile->host_count == PROFILE_HOSTS_MAX) {
		profile->hidden++;
		return NULL;
	}
	profile->host_count++;
	host->name = *name;
	host->view = view_item(profile->view, "host");
	view_text(host->view, "host", name_text(name));
	view_format(host->view, "number", "%zu", profile->host_count);
	return host;
}

/* A host by name is one of the list; what stands for many names is said besides. */
static void add_hosts_pattern(struct profile *profile, const struct host_pattern *pattern)
{
	static const char *const phrases[] = {[HOST_BELOW] = "any name below", [HOST_ZONE] = "any name in the zone"};
	struct view *view;

	if (pattern->kind == HOST_EXACT || pattern->kind == HOST_OWNER) {
		host_of(profile, &pattern->name);
		return;
	}
	if (profile->pattern_count++ >= PROFILE_HOSTS_MAX) {
		profile->hidden++;
		return;
	}
	view = view_item(profile->view, "pattern");
	view_text(view, "phrase", text_of(phrases[pattern->kind]));
	view_text(view, "domain", name_text(&pattern->name));
}

static void on_host(void *ctx, const struct database_host *row)
{
	struct profile *profile = ctx;
	struct profile_host *host;
	struct name name;

	if (name_parse_owner(row->host, &name) != STATUS_OK)
		return;
	host = host_of(profile, &name);
	if (!host)
		return;
	show_time(host->view, "updated", "updated_ago", row->last.last_s, profile->now_s);
	view_text(host->view, "outcome", words_of(row->last.outcome));
	view_text(host->view, "source", row->last.source);
}

struct history {
	const struct profile *profile;
	struct view *view;
	struct chart chart;
	size_t shown;
};

static void on_event(void *ctx, const struct database_event *event)
{
	struct history *history = ctx;
	struct view *view;

	chart_add(&history->chart, event, history->profile->now_s);
	if (history->shown++ >= PROFILE_EVENTS_MAX)
		return;
	view = view_item(history->view, "event");
	show_time(view, "time", "ago", event->last_s, history->profile->now_s);
	view_text(view, "what", words_of(event->outcome));
	show_each(view, "at", ',', event->addresses);
	view_text(view, "source", event->source);
	if (event->times > 1)
		view_format(view, "times", "%" PRIu64, event->times);
}

static enum status read_history(struct profile *profile, struct database *database, struct text login,
				struct profile_host *host)
{
	struct history history = {.profile = profile, .view = host->view};
	enum status status = database_history(database, login, name_text(&host->name), on_event, &history);

	if (history.shown)
		chart_show(&history.chart, profile->now_s, host->view);
	return status;
}

static enum status profile_read_hosts(struct profile *profile, struct database *database, struct text login)
{
	struct host_list *hosts = NULL;
	struct host_pattern pattern;
	enum status status = database_user_hosts(database, login, &hosts);

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < host_list_count(hosts); i++) {
		host_list_get(hosts, i, &pattern);
		add_hosts_pattern(profile, &pattern);
	}
	host_list_free(&hosts);
	status = database_hosts(database, login, on_host, profile);
	for (size_t i = 0; i < profile->host_count && status == STATUS_OK; i++)
		status = read_history(profile, database, login, &profile->hosts[i]);
	if (profile->hidden)
		view_format(profile->view, "hidden", "%zu", profile->hidden);
	return status;
}

/* ---- Keys ---- */

static void on_key(void *ctx, const struct database_key *key)
{
	struct profile *profile = ctx;
	struct view *view = view_item(profile->view, "key");
	char date[ACCOUNT_DATE_MAX];

	view_text(view, "name", key->name);
	show_time(view, "created", "created_ago", key->created_s, profile->now_s);
	if (key->used_s)
		show_time(view, "used", "used_ago", key->used_s, profile->now_s);
	show_each(view, "host_limit", '\n', key->hosts);
	show_each(view, "source_limit", '\n', key->sources);
	if (key->expires_s == 0)
		return;
	view_text(view, "expires", text_of(account_expiry_format(key->expires_s, date)));
	if (key->expires_s <= profile->now_s)
		view_text(view, "expired", text_of("yes"));
}

enum status profile_read(struct profile *profile, struct database *database, struct text login)
{
	enum status status = profile_read_hosts(profile, database, login);

	return status == STATUS_OK ? database_keys(database, login, on_key, profile) : status;
}
