/*
 * The configuration lists primaries by zone; here it is the other way round: for each primary, a list of all zones that
 * name it. Its name is looked up, and each of its addresses gets a survey, or several where zones are many, each of a
 * part of them; all run at the same time, and all within the deadline.
 *
 * Servers of one zone should show the same serial. While the zone changes they may differ, because they are not asked
 * at the same moment. So where serials differ, all servers are asked once more after all have answered. A server that
 * then still has an older serial than another one had in the first round lags behind.
 */
#include "cli/check_live.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <uv.h>

#include "cli/configured.h"
#include "daemon/transports.h"
#include "dns/transport.h"
#include "live/finding.h"
#include "live/survey.h"
#include "loop/env_uv.h"

enum {
	DEADLINE_MS = 60 * 1000,
	/* Connections to one address, each for some of its zones; below so many zones there is one. */
	CONNECTIONS_MAX = 8,
	PART_MIN = 32,
};

/* The serial of one zone at one server, as in the first round and in the second. */
struct serial {
	bool has_first, has_second;
	uint32_t first, second;
};

/* One address of a primary, and the part of the zones that it is asked about over one connection. */
struct server {
	SLIST_ENTRY(server) link;
	struct live *live;
	const struct target *target;
	struct peer at;
	struct survey *survey;
	const struct rights_zone *zones; /* of the target's */
	size_t zone_count;
	struct serial *serials; /* one for each of them */
	size_t zone;            /* the zone of the last finding; findings come zone by zone */
	bool differs;           /* has another serial than another server of a zone */
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
	bool late;
	bool compares; /* the second round, for the serials, has begun */
	bool failed;
	bool is_brief;                      /* what is good is only counted */
	size_t counts[FINDING_FAIL + 1];    /* of findings, by their levels */
	const struct config_zone *the_zone; /* the only one that is asked about; NULL: all */
};

/* ---- Findings ---- */

static void print_finding(struct live *live, const struct finding *finding)
{
	char line[FINDING_LINE_MAX];

	live->failed |= finding_level(finding) == FINDING_FAIL;
	live->counts[finding_level(finding)]++;
	if (live->is_brief && finding_level(finding) == FINDING_OK)
		return;
	puts(finding_format(finding, line));
	fflush(stdout);
}

static struct serial *serial_told(struct server *server, const struct finding *finding)
{
	while (server->zones[server->zone].name->text != finding->zone)
		server->zone++;
	return &server->serials[server->zone];
}

static void note_first(struct server *server, const struct finding *finding)
{
	struct serial *serial = serial_told(server, finding);

	serial->has_first = finding->has_number;
	serial->first = (uint32_t)finding->number;
}

static void note_second(struct server *server, const struct finding *finding)
{
	struct serial *serial = serial_told(server, finding);

	serial->has_second = true;
	serial->second = (uint32_t)finding->number;
}

static void on_found(void *ctx, const struct finding *finding)
{
	struct server *server = ctx;

	if (finding->kind == FINDING_SERIAL)
		note_second(server, finding);
	else if (finding->kind == FINDING_SERVED)
		note_first(server, finding);
	if (!server->live->compares)
		print_finding(server->live, finding);
}

/* A finding about a primary as a whole is printed for each of its zones. */
static void print_for_each(const struct target *target, const struct rights_zone *zones, size_t count,
			   enum finding_kind kind, const char *why)
{
	for (size_t i = 0; i < count; i++) {
		struct finding finding = {
			.kind = kind,
			.zone = zones[i].name->text,
			.primary = target->label,
			.key = zones[i].key,
			.why = why,
		};

		print_finding(target->live, &finding);
	}
}

static void print_for_all(const struct target *target, enum finding_kind kind, const char *why)
{
	print_for_each(target, target->zones, target->zone_count, kind, why);
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

static enum status begin_survey(struct server *server)
{
	struct live *live = server->live;
	const struct target *target = server->target;
	struct survey_options options = {
		.client = {.connect_timeout_ms = live->config->connect_timeout_ms,
			   .reply_timeout_ms = live->config->reply_timeout_ms,
			   .fudge_s = (uint16_t)live->config->fudge_s},
		.primary = server->label,
		.users_missing = live->configured.store_unread,
		.serials_only = live->compares,
	};
	enum status status = survey_new(&live->env, target->maker, &server->at, &options, server->zones,
					server->zone_count, on_found, on_done, server, &server->survey);

	server->zone = 0;
	live->under_way += status == STATUS_OK;
	return status;
}

static void server_free(struct server *server)
{
	if (!server)
		return;
	if (server->survey)
		survey_free(&server->survey);
	free(server->serials);
	free(server);
}

/* NULL without memory. */
static struct server *server_new(const struct target *target, const struct peer *at, const char *label,
				 const struct rights_zone *zones, size_t count)
{
	struct server *server = calloc(1, sizeof *server);

	if (!server)
		return NULL;
	server->live = target->live;
	server->target = target;
	server->at = *at;
	snprintf(server->label, sizeof server->label, "%s", label);
	server->zones = zones;
	server->zone_count = count;
	server->serials = calloc(count, sizeof *server->serials);
	if (server->serials && begin_survey(server) == STATUS_OK)
		return server;
	server_free(server);
	return NULL;
}

static void survey_at(struct target *target, const struct peer *at, const char *label)
{
	size_t parts = (target->zone_count + PART_MIN - 1) / PART_MIN, from = 0;

	parts = parts < CONNECTIONS_MAX ? parts : CONNECTIONS_MAX;
	for (size_t part = 0; part < parts; part++) {
		size_t to = target->zone_count * (part + 1) / parts;
		struct server *server = server_new(target, at, label, target->zones + from, to - from);

		if (server)
			SLIST_INSERT_HEAD(&target->live->servers, server, link);
		else
			print_for_each(target, target->zones + from, to - from, FINDING_UNREACHABLE,
				       status_text(STATUS_NO_MEMORY));
		from = to;
	}
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
		if (live->the_zone && live->the_zone != &config->zones[i])
			continue;
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

/* ---- Serials ---- */

/* A zone at one of the servers that have told its serial. */
struct copy {
	struct server *server;
	size_t zone; /* of its target */
};

static const char *zone_of(const struct copy *copy)
{
	return copy->server->zones[copy->zone].name->text;
}

static const struct serial *serial_of(const struct copy *copy)
{
	return &copy->server->serials[copy->zone];
}

static int by_zone(const void *a, const void *b)
{
	return strcmp(zone_of(a), zone_of(b));
}

/* All copies, those of one zone side by side; NULL if there are none, or no memory. */
static struct copy *list_copies(const struct live *live, size_t *count)
{
	struct server *server;
	struct copy *copies;
	size_t most = 0;

	*count = 0;
	SLIST_FOREACH(server, &live->servers, link)
		most += server->zone_count;
	copies = most ? calloc(most, sizeof *copies) : NULL;
	SLIST_FOREACH(server, &live->servers, link) {
		for (size_t i = 0; copies && i < server->zone_count; i++) {
			if (server->serials[i].has_first)
				copies[(*count)++] = (struct copy){server, i};
		}
	}
	if (copies)
		qsort(copies, *count, sizeof *copies, by_zone);
	return copies;
}

/* RFC 1982 section 3.2. */
static bool is_older(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* The copy that had the newest serial in the first round, among `count` copies of one zone. */
static const struct copy *newest_of(const struct copy *copies, size_t count)
{
	const struct copy *newest = copies;

	for (size_t i = 1; i < count; i++) {
		if (is_older(serial_of(newest)->first, serial_of(&copies[i])->first))
			newest = &copies[i];
	}
	return newest;
}

static void note_difference(const struct copy *copies, size_t count)
{
	const struct copy *newest = newest_of(copies, count);

	for (size_t i = 0; i < count; i++)
		copies[i].server->differs |= serial_of(&copies[i])->first != serial_of(newest)->first;
}

static void tell_who_is_behind(const struct copy *copies, size_t count)
{
	const struct copy *newest = newest_of(copies, count);

	for (size_t i = 0; i < count; i++) {
		const struct serial *serial = serial_of(&copies[i]);
		struct finding finding = {
			.kind = FINDING_BEHIND,
			.zone = zone_of(&copies[i]),
			.primary = copies[i].server->label,
			.key = copies[i].server->zones[copies[i].zone].key,
			.number = serial->second,
			.why = newest->server->label,
			.newest = serial_of(newest)->first,
		};

		if (serial->has_second && is_older(serial->second, serial_of(newest)->first))
			print_finding(copies[i].server->live, &finding);
	}
}

typedef void copies_fn(const struct copy *copies, size_t count);

/* Calls the function once for each zone, with all copies of it. */
static void each_zone(const struct copy *copies, size_t count, copies_fn *fn)
{
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && by_zone(&copies[from], &copies[to]) == 0; to++)
			;
		fn(copies + from, to - from);
	}
}

/* Asks those servers once more that may lag behind, and tells which do. */
static void compare_serials(struct live *live)
{
	struct server *server;
	size_t count;
	struct copy *copies = list_copies(live, &count);

	live->compares = true;
	each_zone(copies, count, note_difference);
	SLIST_FOREACH(server, &live->servers, link) {
		if (!server->differs)
			continue;
		survey_free(&server->survey);
		if (begin_survey(server) != STATUS_OK)
			print_for_each(server->target, server->zones, server->zone_count, FINDING_UNREACHABLE,
				       status_text(STATUS_NO_MEMORY));
	}
	if (live->under_way)
		uv_run(&live->loop, UV_RUN_DEFAULT);
	each_zone(copies, count, tell_who_is_behind);
	free(copies);
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
	live->late = true;
	SLIST_FOREACH(server, &live->servers, link) {
		if (server->survey)
			survey_give_up(server->survey);
	}
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
	if (!live->late)
		compare_serials(live);
}

static void take_apart(struct live *live)
{
	struct server *server;
	struct target *target;

	uv_close((uv_handle_t *)&live->deadline, NULL);
	while ((server = SLIST_FIRST(&live->servers))) {
		SLIST_REMOVE_HEAD(&live->servers, link);
		server_free(server);
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

/* The zone of that name; NULL: there is none. */
static const struct config_zone *zone_named(const struct config *config, const char *text)
{
	struct name name;

	for (size_t i = 0; name_parse_zone(text_of(text), &name) == STATUS_OK && i < config->zone_count; i++) {
		if (name_equal(&config->zones[i].name, &name))
			return &config->zones[i];
	}
	fprintf(stderr, "ddnsgate: zone %s is not in the configuration\n", text);
	return NULL;
}

static void sum_up(const struct live *live)
{
	if (live->is_brief)
		printf("%zu zones: %zu OK, %zu WARN, %zu FAIL\n", live->config->zone_count, live->counts[FINDING_OK],
		       live->counts[FINDING_WARN], live->counts[FINDING_FAIL]);
}

bool check_live(const struct config *config, const char *zone)
{
	struct live live = {.config = config, .is_brief = !zone && config->zone_count > CHECK_LIVE_ZONES_MAX};
	char error[256];
	enum status status;

	live.the_zone = zone ? zone_named(config, zone) : NULL;
	if (zone && !live.the_zone)
		return false;
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
	if (status == STATUS_OK) {
		run(&live);
		sum_up(&live);
	} else {
		fprintf(stderr, "ddnsgate: %s\n", error);
	}
	take_apart(&live);
	return status == STATUS_OK && !live.failed;
}
