/*
 * The zones are turned round: for each primary, whichever zones have it, a list of these zones. Its name is looked
 * up, and each of its addresses gets a survey; all at the same time, and all within the deadline.
 */
#include "cli/check_live.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <uv.h>

#include "cli/configured.h"
#include "daemon/transports.h"
#include "dns/transport.h"
#include "live/finding.h"
#include "live/survey.h"
#include "loop/env_uv.h"

enum { DEADLINE_MS = 60 * 1000 };

/* One address of a primary. */
struct server {
	SLIST_ENTRY(server) link;
	struct live *live;
	struct survey *survey;
	char label[PEER_TEXT_MAX + ADDR_TEXT_MAX + sizeof " []"];
};

struct target {
	SLIST_ENTRY(target) link;
	struct live *live;
	const struct peer *peer;
	const struct transport_maker *maker;
	struct rights_zone *zones;
	size_t zone_count;
	uv_getaddrinfo_t look_up;
	bool looking_up;
	char label[PEER_TEXT_MAX];
};

struct live {
	const struct config *config;
	struct configured configured;
	struct transports *transports;
	uv_loop_t loop;
	struct env env;
	uv_timer_t deadline;
	SLIST_HEAD(, target) targets;
	SLIST_HEAD(, server) servers;
	size_t under_way; /* look-ups and surveys */
	bool failed;
};

/* ---- Findings ---- */

static void print_finding(struct live *live, const struct finding *finding)
{
	char line[FINDING_LINE_MAX];

	live->failed |= finding_level(finding) == FINDING_FAIL;
	puts(finding_format(finding, line));
	fflush(stdout);
}

static void on_found(void *ctx, const struct finding *finding)
{
	struct server *server = ctx;

	print_finding(server->live, finding);
}

/* About a primary as a whole, for each of its zones. */
static void print_for_all(const struct target *target, enum finding_kind kind, const char *why)
{
	for (size_t i = 0; i < target->zone_count; i++) {
		struct finding finding = {
			.kind = kind,
			.zone = target->zones[i].name->text,
			.primary = target->label,
			.key = target->zones[i].key,
			.why = why,
		};

		print_finding(target->live, &finding);
	}
}

static void one_less_under_way(struct live *live)
{
	if (--live->under_way == 0)
		uv_stop(&live->loop);
}

static void on_done(void *ctx)
{
	struct server *server = ctx;

	one_less_under_way(server->live);
}

/* ---- Surveys ---- */

static void survey_at(struct target *target, const struct peer *at, const char *label)
{
	struct live *live = target->live;
	struct server *server = calloc(1, sizeof *server);
	struct survey_options options = {
		.client = {.connect_timeout_ms = live->config->connect_timeout_ms,
			   .reply_timeout_ms = live->config->reply_timeout_ms,
			   .fudge_s = (uint16_t)live->config->fudge_s},
	};

	if (server) {
		server->live = live;
		snprintf(server->label, sizeof server->label, "%s", label);
		options.primary = server->label;
		options.users_missing = live->configured.store_unread;
		live->under_way++;
		if (survey_new(&live->env, target->maker, at, &options, target->zones, target->zone_count, on_found,
			       on_done, server, &server->survey) == STATUS_OK) {
			SLIST_INSERT_HEAD(&live->servers, server, link);
			return;
		}
		live->under_way--;
		free(server);
	}
	print_for_all(target, FINDING_UNREACHABLE, status_text(STATUS_NO_MEMORY));
}

static void survey_address(struct target *target, const struct addrinfo *address)
{
	struct peer at = *target->peer;
	char label[PEER_TEXT_MAX + ADDR_TEXT_MAX + sizeof " []"], text[ADDR_TEXT_MAX];

	if (addr_from_sockaddr(address->ai_addr, &at.endpoint.addr) != STATUS_OK)
		return;
	snprintf(label, sizeof label, "%s [%s]", target->label, addr_format(&at.endpoint.addr, text));
	survey_at(target, &at, label);
}

static void on_looked_up(uv_getaddrinfo_t *look_up, int status, struct addrinfo *found)
{
	struct target *target = look_up->data;

	if (target->looking_up && status != 0)
		print_for_all(target, FINDING_UNRESOLVED, uv_strerror(status));
	for (const struct addrinfo *address = found; address && target->looking_up; address = address->ai_next)
		survey_address(target, address);
	uv_freeaddrinfo(found);
	if (target->looking_up)
		one_less_under_way(target->live);
	target->looking_up = false;
}

static void begin(struct target *target)
{
	static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	int error;

	peer_format(target->peer, target->label);
	if (target->peer->endpoint.addr.family != ADDR_NONE) {
		survey_at(target, target->peer, target->label);
		return;
	}
	target->look_up.data = target;
	error = uv_getaddrinfo(&target->live->loop, &target->look_up, on_looked_up, target->peer->host.text, NULL,
			       &hints);
	target->looking_up = error == 0;
	target->live->under_way += target->looking_up;
	if (error)
		print_for_all(target, FINDING_UNRESOLVED, uv_strerror(error));
}

/* ---- From zones to targets ---- */

static struct target *target_at(struct live *live, const struct peer *peer, const struct transport_maker *maker)
{
	struct target *target;

	SLIST_FOREACH(target, &live->targets, link) {
		if (peer_equal(target->peer, peer) && target->maker == maker)
			return target;
	}
	target = calloc(1, sizeof *target);
	if (!target)
		return NULL;
	target->live = live;
	target->peer = peer;
	target->maker = maker;
	SLIST_INSERT_HEAD(&live->targets, target, link);
	return target;
}

static enum status add_zone(struct live *live, size_t index, const struct peer *peer)
{
	struct target *target = target_at(live, peer, transports_of(live->transports, index));
	struct rights_zone *zones;

	if (!target)
		return STATUS_NO_MEMORY;
	zones = realloc(target->zones, (target->zone_count + 1) * sizeof *zones);
	if (!zones)
		return STATUS_NO_MEMORY;
	zones[target->zone_count++] = configured_zone(live->config, live->configured.rights, index);
	target->zones = zones;
	return STATUS_OK;
}

static enum status find_targets(struct live *live)
{
	const struct config *config = live->config;
	enum status status = configured_rights(config, &live->configured);

	if (live->configured.store_unread)
		print_finding(live, &(struct finding){
					    .kind = FINDING_STORE_UNREAD, .zone = "-", .why = live->configured.why});
	for (size_t i = 0; i < config->zone_count && status == STATUS_OK; i++) {
		if (!config->zones[i].active)
			print_finding(live, &(struct finding){.kind = FINDING_INACTIVE,
							      .zone = config->zones[i].name.text,
							      .key = config->zones[i].key});
		for (size_t k = 0; config->zones[i].active && k < config->zones[i].primary_count; k++) {
			if (status == STATUS_OK)
				status = add_zone(live, i, &config->zones[i].primaries[k]);
		}
	}
	return status;
}

/* ---- The run ---- */

static void on_deadline(uv_timer_t *timer)
{
	struct live *live = timer->data;
	struct target *target;
	struct server *server;

	SLIST_FOREACH(target, &live->targets, link) {
		if (target->looking_up)
			print_for_all(target, FINDING_LATE, NULL);
		target->looking_up = false;
	}
	SLIST_FOREACH(server, &live->servers, link)
		survey_give_up(server->survey);
	uv_stop(&live->loop);
}

static void run(struct live *live)
{
	struct target *target;

	uv_timer_start(&live->deadline, on_deadline, DEADLINE_MS, 0);
	SLIST_FOREACH(target, &live->targets, link)
		begin(target);
	if (live->under_way)
		uv_run(&live->loop, UV_RUN_DEFAULT);
}

static void take_apart(struct live *live)
{
	struct server *server;
	struct target *target;

	uv_close((uv_handle_t *)&live->deadline, NULL);
	while ((server = SLIST_FIRST(&live->servers))) {
		SLIST_REMOVE_HEAD(&live->servers, link);
		survey_free(&server->survey);
		free(server);
	}
	uv_run(&live->loop, UV_RUN_DEFAULT); /* until every handle is closed */
	uv_loop_close(&live->loop);
	while ((target = SLIST_FIRST(&live->targets))) {
		SLIST_REMOVE_HEAD(&live->targets, link);
		free(target->zones);
		free(target);
	}
	transports_free(&live->transports);
	rights_free(&live->configured.rights);
}

bool check_live(const struct config *config)
{
	struct live live = {.config = config};
	char error[256];
	enum status status;

	if (uv_loop_init(&live.loop) != 0) {
		fprintf(stderr, "ddnsgate: the event loop cannot be made\n");
		return false;
	}
	live.env = env_uv(&live.loop);
	uv_timer_init(&live.loop, &live.deadline);
	live.deadline.data = &live;
	status = transports_new(&live.loop, config, error, sizeof error, &live.transports);
	if (status == STATUS_OK) {
		status = find_targets(&live);
		snprintf(error, sizeof error, "%s", status_text(status));
	}
	if (status == STATUS_OK)
		run(&live);
	else
		fprintf(stderr, "ddnsgate: %s\n", error);
	take_apart(&live);
	return status == STATUS_OK && !live.failed;
}
