#include "zone/zones.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/log.h"
#include "dns/explain.h"

struct zone {
	struct zones *zones;
	struct zone_setup setup;
	struct queue *queue;
	struct env_timer *timer;
	struct primary **primaries; /* in their order; shared with other zones */
	bool acting;                /* actions are being done: further steps only add to them */
};

/* A server, and how it is. */
struct primary {
	struct zones *zones;
	struct dns_client *client;
	unsigned failures;         /* in a row */
	unsigned ended_connection; /* the last one whose end was taken note of, + 1 */
	bool excused;              /* it closed a connection that had worked, and has carried out nothing since */
	uint64_t rest_until_ms;    /* not asked before, if there is another one; 0: it is well */
	bool pinged;               /* an UPDATE that does nothing is on its way to it */
	struct dns_ticket ticket;  /* of that */
	struct dns_request ping;
	LIST_ENTRY(primary) link;
};

/* A message with a primary. */
struct flight {
	LIST_ENTRY(flight) link;
	struct zone *zone;
	struct primary *primary;
	struct queue_message *message;
	struct dns_request request;
};

/* Somebody only wants to know what is there. */
struct look {
	LIST_ENTRY(look) link;
	const struct env *env;
	struct env_timer *timer;
	struct change_set set; /* to ask with */
	struct dns_request request;
	struct dns_ticket ticket;
	zones_seen_fn *seen; /* NULL: was told already that nobody knows */
	void *ctx;
};

struct zones {
	const struct env *env;
	struct transport_maker maker;
	struct dns_client_options client_options;
	zones_done_fn *done;
	size_t count;
	struct zone *items;
	LIST_HEAD(, primary) primaries;
	LIST_HEAD(, flight) flights;
	LIST_HEAD(, look) looks;
};

static enum status step(struct zone *zone, const struct queue_event *event);

/* ---- What comes back ---- */

/*
 * What an administrator need not know: successes, and what is the asker's affair, such as a host that does not exist.
 */
static bool is_expected(const struct dns_request *request, const struct dns_result *result)
{
	if (result->verdict == DNS_UNREACHABLE || result->verdict == DNS_UNKNOWN || result->verdict == DNS_REJECTED)
		return false;
	if (request->kind == DNS_QUERY)
		return result->rcode == DNS_NOERROR || result->rcode == DNS_NXDOMAIN;
	return result->rcode == DNS_NOERROR || result->rcode == DNS_NXRRSET;
}

static void log_result(const struct flight *flight, const struct dns_result *result)
{
	static const char *const kinds[] = {
		[DNS_UPDATE] = "update", [DNS_CONFIRM] = "confirm", [DNS_PROBE] = "probe", [DNS_QUERY] = "query"};
	const struct zone_setup *setup = &flight->zone->setup;
	struct dns_context context = {.zone = setup->name->text,
				      .key = tsig_key_name(setup->key),
				      .algorithm = tsig_key_algorithm(setup->key)};
	char primary[PEER_TEXT_MAX], text[DNS_EXPLAIN_MAX];

	if (is_expected(&flight->request, result))
		return;
	LOG(LOG_WARNING, "primary-failed", log_text("zone", context.zone),
	    log_text("primary", peer_format(dns_client_primary(flight->primary->client), primary)),
	    log_text("key", context.key), log_text("asked", kinds[flight->request.kind]),
	    log_text("owner", flight->request.sets->owner.text), log_text("text", dns_explain(result, &context, text)));
}

enum {
	REST_FIRST_MS = 1000,
	REST_MAX_MS = 30 * 1000,
};

/*
 * Doubled with each failure, up to a bound, and up to a quarter more by chance, so that many gateways do not return
 * together.
 */
static uint64_t rest_ms(const struct primary *primary)
{
	const struct env *env = primary->zones->env;
	unsigned doublings = primary->failures < 6 ? primary->failures - 1 : 5;
	uint64_t rest = (uint64_t)REST_FIRST_MS << doublings;
	uint16_t chance;

	if (rest > REST_MAX_MS)
		rest = REST_MAX_MS;
	env->random(env->ctx, &chance, sizeof chance);
	return rest + rest / 4 * chance / UINT16_MAX;
}

static void note_well(struct primary *primary)
{
	char text[PEER_TEXT_MAX];

	if (primary->failures)
		LOG(LOG_INFO, "primary-well",
		    log_text("primary", peer_format(dns_client_primary(primary->client), text)));
	primary->failures = 0;
	primary->excused = false;
	primary->rest_until_ms = 0;
}

/*
 * One connection's end fails everything that was on it; it counts once. That answers come to queries does not make a
 * primary well: it is there for UPDATEs.
 */
static void note_health(struct primary *primary, const struct dns_request *request, const struct dns_result *result)
{
	uint64_t now_ms = env_now_ms(primary->zones->env);

	if (dns_is_answered(result)) {
		if (request->kind != DNS_QUERY)
			note_well(primary);
		return;
	}
	if (result->local || primary->rest_until_ms > now_ms || primary->ended_connection == result->connection + 1)
		return;
	primary->ended_connection = result->connection + 1;
	if (result->had_worked && !primary->excused) {
		primary->excused = true;
		return;
	}
	primary->failures++;
	primary->rest_until_ms = now_ms + rest_ms(primary);
}

static void on_pinged(void *ctx, const struct dns_result *result)
{
	struct primary *primary = ctx;

	primary->pinged = false;
	primary->rest_until_ms = result->local ? env_now_ms(primary->zones->env) + REST_FIRST_MS : 0;
	note_health(primary, &primary->ping, result);
}

/* Sees how a primary is that has rested: with an UPDATE of the zone that asks for nothing and changes nothing. */
static void ping(struct zone *zone, struct primary *primary)
{
	if (primary->pinged)
		return;
	primary->ping = (struct dns_request){.kind = DNS_PROBE, .zone = zone->setup.name};
	primary->ticket = (struct dns_ticket){0};
	primary->pinged = dns_client_send(primary->client, &primary->ping, zone->setup.key, &primary->ticket, on_pinged,
					  primary) == STATUS_OK;
}

/* The first primary that is well; if none is, the one that has rested most. */
static struct primary *choose(struct zone *zone)
{
	uint64_t now_ms = env_now_ms(zone->zones->env);
	struct primary *best = zone->primaries[0];

	for (size_t i = 0; i < zone->setup.primary_count; i++) {
		struct primary *primary = zone->primaries[i];

		if (primary->rest_until_ms == 0)
			return primary;
		if (zone->setup.primary_count > 1 && primary->rest_until_ms <= now_ms)
			ping(zone, primary);
		if (primary->rest_until_ms < best->rest_until_ms)
			best = primary;
	}
	return best;
}

/* Steps that do not submit cannot fail. */
static void step_on(struct zone *zone, const struct queue_event *event)
{
	enum status status = step(zone, event);

	assert(status == STATUS_OK);
	(void)status;
}

static void on_done(void *ctx, const struct dns_result *result)
{
	struct flight flight = *(struct flight *)ctx;
	struct queue_event event = {.kind = QUEUE_REPLIED, .message = flight.message, .result = result};

	LIST_REMOVE((struct flight *)ctx, link);
	free(ctx);
	log_result(&flight, result);
	note_health(flight.primary, &flight.request, result);
	step_on(flight.zone, &event);
}

/* ---- What goes out ---- */

static enum status send_message(struct zone *zone, const struct queue_action *action)
{
	struct flight *flight = malloc(sizeof *flight);

	if (!flight)
		return STATUS_NO_MEMORY;
	flight->zone = zone;
	flight->primary = choose(zone);
	flight->message = action->message;
	flight->request = action->request;
	LIST_INSERT_HEAD(&zone->zones->flights, flight, link);
	if (dns_client_send(flight->primary->client, &flight->request, zone->setup.key, action->ticket, on_done,
			    flight) == STATUS_OK)
		return STATUS_OK;
	LIST_REMOVE(flight, link);
	free(flight);
	return STATUS_NO_MEMORY;
}

static void carry_out(struct zone *zone, const struct queue_action *action)
{
	static const struct dns_result no_memory = {.verdict = DNS_UNREACHABLE, .local = true, .why = "out of memory"};

	switch (action->kind) {
	case QUEUE_ANSWER:
		zone->zones->done(action->waiter, &action->outcome);
		break;
	case QUEUE_SEND:
		if (send_message(zone, action) != STATUS_OK)
			step_on(zone, &(struct queue_event){
					      .kind = QUEUE_REPLIED, .message = action->message, .result = &no_memory});
		break;
	}
}

static void arm(struct zone *zone)
{
	uint64_t at_ms = queue_wake_at_ms(zone->queue);

	if (at_ms == ENV_NEVER_MS)
		zone->zones->env->timer_stop(zone->timer);
	else
		zone->zones->env->timer_set(zone->timer, at_ms);
}

static enum status step(struct zone *zone, const struct queue_event *event)
{
	enum status status = queue_step(zone->queue, event, env_now_ms(zone->zones->env));
	struct queue_action action;

	if (zone->acting)
		return status;
	zone->acting = true;
	while (queue_next_action(zone->queue, &action))
		carry_out(zone, &action);
	zone->acting = false;
	arm(zone);
	return status;
}

static void on_timer(void *ctx)
{
	step_on(ctx, &(struct queue_event){.kind = QUEUE_TICK});
}

/* ---- Looking ---- */

static void tell(struct look *look, bool known, const struct addr *addrs, size_t count)
{
	zones_seen_fn *seen = look->seen;

	look->seen = NULL;
	if (seen)
		seen(look->ctx, known, addrs, count);
}

static void look_free(struct look *look)
{
	LIST_REMOVE(look, link);
	look->env->timer_free(&look->timer);
	free(look);
}

/* A query that has left is still the client's, so the look stays until its reply comes, or the end of the connection. */
static void on_look_late(void *ctx)
{
	struct look *look = ctx;

	look->ticket.withdrawn = true;
	tell(look, false, NULL, 0);
}

static void on_looked(void *ctx, const struct dns_result *result)
{
	struct look *look = ctx;
	bool is_there = result->verdict == DNS_VERIFIED && result->rcode == DNS_NOERROR && result->answer.authoritative;
	bool is_none = result->verdict == DNS_VERIFIED && result->rcode == DNS_NXDOMAIN;

	/* More records than are kept one by one are as good as not known. */
	if (is_there && !result->answer.rrset.known)
		is_there = false;
	tell(look, is_there || is_none, result->answer.rrset.addrs, is_there ? result->answer.rrset.count : 0);
	look_free(look);
}

/* NULL without memory. */
static struct look *look_new(struct zones *zones, const struct zone *zone, const struct name *owner,
			     enum addr_family family)
{
	struct look *look = calloc(1, sizeof *look);

	if (!look)
		return NULL;
	look->env = zones->env;
	look->timer = zones->env->timer_new(zones->env->ctx, on_look_late, look);
	if (!look->timer) {
		free(look);
		return NULL;
	}
	look->set.owner = *owner;
	look->set.count = 1;
	look->set.changes[0].addr.family = family;
	look->request = (struct dns_request){.kind = DNS_QUERY, .zone = zone->setup.name, .sets = &look->set};
	LIST_INSERT_HEAD(&zones->looks, look, link);
	return look;
}

void zones_look(struct zones *zones, size_t index, const struct name *owner, enum addr_family family,
		unsigned patience_ms, zones_seen_fn *seen, void *ctx)
{
	struct zone *zone = &zones->items[index];
	struct look *look = look_new(zones, zone, owner, family);

	if (look && dns_client_send(choose(zone)->client, &look->request, zone->setup.key, &look->ticket, on_looked,
				    look) == STATUS_OK) {
		look->seen = seen;
		look->ctx = ctx;
		zones->env->timer_set(look->timer, env_now_ms(zones->env) + patience_ms);
		return;
	}
	if (look)
		look_free(look);
	seen(ctx, false, NULL, 0);
}

/* ---- The verbs ---- */

/* The primary that is this peer, made if no zone before had it. */
static enum status primary_at(struct zones *zones, const struct peer *peer, struct primary **out)
{
	struct primary *primary;
	enum status status;

	LIST_FOREACH(primary, &zones->primaries, link) {
		*out = primary;
		if (peer_equal(dns_client_primary(primary->client), peer))
			return STATUS_OK;
	}
	primary = calloc(1, sizeof *primary);
	if (!primary)
		return STATUS_NO_MEMORY;
	status = dns_client_new(zones->env, &zones->maker, peer, &zones->client_options, &primary->client);
	if (status != STATUS_OK) {
		free(primary);
		return status;
	}
	primary->zones = zones;
	LIST_INSERT_HEAD(&zones->primaries, primary, link);
	*out = primary;
	return STATUS_OK;
}

static enum status zone_init(struct zones *zones, struct zone *zone, const struct queue_limits *limits)
{
	enum status status = queue_new(zone->setup.name, limits, &zone->queue);

	if (status != STATUS_OK)
		return status;
	zone->timer = zones->env->timer_new(zones->env->ctx, on_timer, zone);
	zone->primaries = calloc(zone->setup.primary_count, sizeof(struct primary *));
	if (!zone->timer || !zone->primaries)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < zone->setup.primary_count && status == STATUS_OK; i++)
		status = primary_at(zones, &zone->setup.primaries[i], &zone->primaries[i]);
	return status;
}

enum status zones_new(const struct env *env, const struct transport_maker *maker,
		      const struct dns_client_options *client_options, const struct queue_limits *limits,
		      const struct zone_setup *setups, size_t count, zones_done_fn *done, struct zones **out)
{
	struct zones *zones = calloc(1, sizeof *zones);
	enum status status = STATUS_OK;

	if (!zones)
		return STATUS_NO_MEMORY;
	zones->env = env;
	zones->maker = *maker;
	zones->client_options = *client_options;
	zones->done = done;
	LIST_INIT(&zones->primaries);
	LIST_INIT(&zones->flights);
	LIST_INIT(&zones->looks);
	zones->items = calloc(count, sizeof *zones->items);
	if (!zones->items)
		status = STATUS_NO_MEMORY;
	for (; zones->count < count && status == STATUS_OK; zones->count++) {
		struct zone *zone = &zones->items[zones->count];

		zone->zones = zones;
		zone->setup = setups[zones->count];
		status = zone_init(zones, zone, limits);
	}
	if (status == STATUS_OK)
		*out = zones;
	else
		zones_free(&zones);
	return status;
}

static void zone_fini(struct zones *zones, struct zone *zone)
{
	queue_free(&zone->queue);
	if (zone->timer)
		zones->env->timer_free(&zone->timer);
	free(zone->primaries);
}

void zones_free(struct zones **zones_pointer)
{
	struct zones *zones = *zones_pointer;

	*zones_pointer = NULL;
	if (!zones)
		return;
	while (!LIST_EMPTY(&zones->primaries)) {
		struct primary *primary = LIST_FIRST(&zones->primaries);

		LIST_REMOVE(primary, link);
		dns_client_free(&primary->client);
		free(primary);
	}
	while (!LIST_EMPTY(&zones->flights)) {
		struct flight *flight = LIST_FIRST(&zones->flights);

		LIST_REMOVE(flight, link);
		free(flight);
	}
	while (!LIST_EMPTY(&zones->looks))
		look_free(LIST_FIRST(&zones->looks));
	for (size_t i = 0; i < zones->count; i++)
		zone_fini(zones, &zones->items[i]);
	free(zones->items);
	free(zones);
}

void zones_submit(struct zones *zones, const struct change_set *set, void *waiter)
{
	struct queue_event event = {.kind = QUEUE_SUBMIT, .set = set, .waiter = waiter};

	if (step(&zones->items[set->zone], &event) != STATUS_OK)
		zones->done(waiter, &(struct outcome){.code = OUTCOME_BUSY});
}

void zones_cancel(struct zones *zones, size_t zone, void *waiter)
{
	step_on(&zones->items[zone], &(struct queue_event){.kind = QUEUE_CANCEL, .waiter = waiter});
}
