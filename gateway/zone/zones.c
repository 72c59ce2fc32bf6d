#include "zone/zones.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/repeat.h"
#include "dns/explain.h"
#include "zone/rest.h"

/*
 * A zone lives as long as one of the configurations that have it; so does a primary. Each configuration has a slot for
 * the zone, and that of the latest one is in force.
 */
struct zone {
	unsigned holders; /* configurations */
	struct name name;
	struct slot *slot; /* in force */
	struct queue *queue;
	struct env_timer *timer;
	struct zone_stats stats; /* but for `waiting` */
	bool acting;             /* actions are being done: further steps only add to them */
	uint64_t doubt_at_ms;    /* if nothing was heard until then, the other primaries are seen to; or ENV_NEVER_MS */
};

/*
 * A primary as one zone has it. It may fail with that zone alone (SERVFAIL, NOTIMP), and with UPDATEs but not with
 * queries, or the other way round.
 */
struct service {
	struct primary *primary; /* shared with other zones */
	struct rest updates, queries;
};

/* What a configuration has to say of a zone. */
struct slot {
	struct zones *zones;
	struct zone *zone;
	struct zone_setup setup;
	struct service *services; /* in the order of the primaries */
};

/* A server, and how it is. Once its rest is over it is asked how it is before it gets anything else. */
struct primary {
	unsigned holders; /* configurations */
	const struct env *env;
	struct transport_maker maker;
	struct dns_client *client;
	struct rest rest;
	unsigned ended_connection; /* the last one whose end was taken note of, + 1 */
	bool excused;              /* it closed a connection that had worked, and has carried out nothing since */
	struct slot *pinging;      /* whose UPDATE that does nothing is on its way to it; NULL: nobody's */
	struct dns_ticket ticket;  /* of that */
	struct dns_request ping;
};

/* A message with a primary. */
struct flight {
	LIST_ENTRY(flight) link;
	struct slot *slot;
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

/* The zones of one configuration. */
struct zones {
	const struct env *env;
	struct order *order;
	struct transport_maker maker;
	struct dns_client_options client_options;
	struct queue_limits limits;
	zones_done_fn *done;
	size_t count;
	struct slot *slots;
	size_t primary_count;
	struct primary **primaries; /* each one once */
	LIST_HEAD(, flight) flights;
	LIST_HEAD(, look) looks;
	unsigned pings; /* under way */
};

static enum status step(struct zone *zone, const struct queue_event *event);

/* ---- What comes back ---- */

/*
 * What an administrator need not know: successes, and what is the asker's affair, such as a host that does not exist.
 */
static bool is_expected(const struct dns_request *request, const struct dns_result *result)
{
	if (result->verdict != DNS_VERIFIED)
		return false;
	if (request->kind == DNS_QUERY)
		return result->rcode == DNS_NOERROR || result->rcode == DNS_NXDOMAIN;
	return result->rcode == DNS_NOERROR || dns_is_about_records(result->rcode);
}

/* What repeats is one cause, and so must not have a number of seconds in it. */
static struct log_field cause_of(const struct dns_result *result, const struct dns_context *context, char *buffer)
{
	struct log_field text = log_text("text", dns_explain(result, context, buffer));

	return result->tsig_error == TSIG_RCODE_BADTIME ? log_detail(text) : text;
}

static void log_result(const struct flight *flight, const struct dns_result *result)
{
	static const char *const kinds[] = {[DNS_UPDATE] = "update",
					    [DNS_CONFIRM] = "confirm",
					    [DNS_PROBE] = "probe",
					    [DNS_NOTHING] = "nothing",
					    [DNS_QUERY] = "query"};
	const struct zone_setup *setup = &flight->slot->setup;
	struct dns_context context = {.zone = setup->name->text,
				      .key = tsig_key_name(setup->key),
				      .algorithm = tsig_key_algorithm(setup->key),
				      .queried = dns_is_query(flight->request.kind)};
	char primary[PEER_TEXT_MAX], text[DNS_EXPLAIN_MAX];

	if (is_expected(&flight->request, result))
		return;
	LOG_REPEATED(
		LOG_WARNING, "primary-failed", log_text("zone", context.zone),
		log_text("primary", peer_format(dns_client_primary(flight->primary->client), primary)),
		log_text("key", context.key), log_detail(log_text("asked", kinds[flight->request.kind])),
		log_detail(log_text("owner", flight->request.sets ? flight->request.sets->owner.text : context.zone)),
		cause_of(result, &context, text));
}

/* An update of it may be done all the same, and then is answered so: the administrator is the one to wonder. */
static void hint_at_hidden(const struct flight *flight, const struct dns_result *result)
{
	if (flight->request.kind != DNS_QUERY || result->verdict != DNS_VERIFIED || !result->answer.hidden)
		return;
	LOG_REPEATED(LOG_WARNING, "host-hidden", log_text("zone", flight->slot->setup.name->text),
		     log_text("owner", flight->request.sets->owner.text),
		     log_text("text",
			      "it lies behind a delegation or a DNAME in the zone: nobody finds what is set there, "
			      "unless it is the address of a delegated zone's server"));
}

static void note_well(struct primary *primary)
{
	char text[PEER_TEXT_MAX];

	if (primary->rest.failures)
		LOG_REPEATED(LOG_INFO, "primary-well",
			     log_text("primary", peer_format(dns_client_primary(primary->client), text)));
	primary->rest = (struct rest){0};
	primary->excused = false;
}

/* The end of a connection that had worked is excused once. */
static bool is_excused(struct primary *primary)
{
	if (primary->excused || primary->rest.until_ms)
		return false;
	primary->excused = true;
	return true;
}

/* One connection's end fails everything that was on it; it counts once, as do all failures while a rest lasts. */
static void note_failure(struct primary *primary, const struct dns_result *result)
{
	if (result->local)
		return;
	if (result->had_worked) {
		if (primary->ended_connection == result->connection + 1)
			return;
		primary->ended_connection = result->connection + 1;
		if (is_excused(primary))
			return;
	}
	rest_fail(&primary->rest, primary->env);
}

/*
 * How a primary is with one zone. That an UPDATE of nothing is answered proves nothing: one whose disk is full, say,
 * fails with what it has to write.
 */
static void note_service(struct service *service, const struct dns_request *request, const struct dns_result *result)
{
	struct rest *rest = request->kind == DNS_QUERY ? &service->queries : &service->updates;

	if (dns_is_failure(result->rcode))
		rest_fail(rest, service->primary->env);
	else if (request->kind == DNS_QUERY || request->kind == DNS_UPDATE)
		*rest = (struct rest){0};
}

/* As the configuration in force has it; NULL: it does not. */
static struct service *service_of(const struct zone *zone, const struct primary *primary)
{
	const struct slot *slot = zone->slot;

	for (size_t i = 0; i < slot->setup.primary_count; i++) {
		if (slot->services[i].primary == primary)
			return &slot->services[i];
	}
	return NULL;
}

/*
 * What an end says of the primary. That answers come to queries does not make it well, as it is there for UPDATEs; nor
 * does one to an UPDATE of nothing, which only ends its rest: the next failure begins a longer one.
 */
static void note_health(const struct zone *zone, struct primary *primary, const struct dns_request *request,
			const struct dns_result *result)
{
	struct service *service = service_of(zone, primary);

	if (!dns_is_answered(result)) {
		note_failure(primary, result);
		return;
	}
	if (service)
		note_service(service, request, result);
	if (request->kind == DNS_NOTHING)
		primary->rest.until_ms = 0;
	else if (request->kind != DNS_QUERY)
		note_well(primary);
}

static void on_pinged(void *ctx, const struct dns_result *result)
{
	struct primary *primary = ctx;
	struct slot *slot = primary->pinging;

	slot->zones->pings--;
	primary->pinging = NULL;
	if (primary->rest.until_ms)
		primary->rest.until_ms = result->local ? env_now_ms(primary->env) + REST_FIRST_MS : 0;
	note_health(slot->zone, primary, &primary->ping, result);
}

/* Sees how a primary is, with an UPDATE of the zone that asks for nothing and changes nothing. */
static void ping(struct zone *zone, struct primary *primary)
{
	struct slot *slot = zone->slot;

	if (primary->pinging)
		return;
	primary->ping = (struct dns_request){.kind = DNS_NOTHING, .zone = &zone->name};
	primary->ticket = (struct dns_ticket){0};
	if (dns_client_send(primary->client, &primary->ping, slot->setup.key, &primary->ticket, on_pinged, primary) !=
	    STATUS_OK)
		return;
	primary->pinging = slot;
	slot->zones->pings++;
}

/*
 * How much speaks for sending something there: the first one is well; of the second it is just being asked how it is;
 * the third has rested; of the fourth, which is for queries only, the UPDATE that comes after would go elsewhere.
 */
enum fitness { FIT, FIT_PERHAPS, FIT_RESTED, FIT_TO_READ, UNFIT };

static enum fitness fitness(const struct service *service, enum dns_request_kind kind, uint64_t now_ms)
{
	const struct primary *primary = service->primary;

	if (rest_lasts(&primary->rest, now_ms) || (kind == DNS_QUERY && rest_lasts(&service->queries, now_ms)))
		return UNFIT;
	if (rest_lasts(&service->updates, now_ms))
		return kind == DNS_QUERY ? FIT_TO_READ : UNFIT;
	if (primary->rest.until_ms)
		return FIT_RESTED;
	return primary->pinging ? FIT_PERHAPS : FIT;
}

/* The first one of the fittest; NULL if none is fit. */
static struct service *find_fit(const struct slot *slot, enum dns_request_kind kind)
{
	uint64_t now_ms = env_now_ms(slot->zones->env);
	enum fitness best = UNFIT;
	struct service *found = NULL;

	for (size_t i = 0; i < slot->setup.primary_count && best != FIT; i++) {
		enum fitness its = fitness(&slot->services[i], kind, now_ms);

		if (its < best) {
			best = its;
			found = &slot->services[i];
		}
	}
	return found;
}

static uint64_t failed_at_ms(const struct service *service)
{
	uint64_t primary_ms = service->primary->rest.failed_at_ms, updates_ms = service->updates.failed_at_ms;

	return primary_ms > updates_ms ? primary_ms : updates_ms;
}

/* The one whose last failure is longest ago, so that all have their turn. */
static struct service *find_rested(const struct slot *slot)
{
	struct service *best = &slot->services[0];

	for (size_t i = 1; i < slot->setup.primary_count; i++) {
		if (failed_at_ms(&slot->services[i]) < failed_at_ms(best))
			best = &slot->services[i];
	}
	return best;
}

/* Primaries whose rest is over are asked how they are. */
static void ping_rested(struct zone *zone)
{
	const struct slot *slot = zone->slot;
	uint64_t now_ms = env_now_ms(slot->zones->env);

	for (size_t i = 0; i < slot->setup.primary_count && slot->setup.primary_count > 1; i++) {
		struct primary *primary = slot->services[i].primary;

		if (primary->rest.until_ms && !rest_lasts(&primary->rest, now_ms))
			ping(zone, primary);
	}
}

static struct primary *choose(struct zone *zone, enum dns_request_kind kind)
{
	const struct slot *slot = zone->slot;
	struct service *service = find_fit(slot, kind);

	ping_rested(zone);
	return service ? service->primary : find_rested(slot)->primary;
}

/*
 * The first one that is well has said nothing for half of the time that it has. Before it has used up the other half
 * too, it is to be known which of the others are there, and those that are not are to be waited for side by side.
 */
static void see_to_others(struct zone *zone)
{
	const struct slot *slot = zone->slot;
	const struct service *asked = find_fit(slot, DNS_UPDATE);

	zone->doubt_at_ms = ENV_NEVER_MS;
	for (size_t i = 0; i < slot->setup.primary_count; i++) {
		struct service *service = &slot->services[i];

		if (service != asked && service->primary->rest.until_ms == 0)
			ping(zone, service->primary);
	}
}

static void doubt_later(struct zone *zone, const struct primary *primary)
{
	const struct slot *slot = zone->slot;
	const struct dns_client_options *options = &slot->zones->client_options;
	unsigned patience_ms = options->reply_timeout_ms;

	if (slot->setup.primary_count == 1)
		return;
	/* It may be the connection that does not come about, or the reply, then. */
	if (!dns_client_is_connected(primary->client) && options->connect_timeout_ms < patience_ms)
		patience_ms = options->connect_timeout_ms;
	zone->doubt_at_ms = env_now_ms(slot->zones->env) + patience_ms / 2;
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
	struct zone *zone = flight.slot->zone;
	struct queue_event event = {.kind = QUEUE_REPLIED,
				    .message = flight.message,
				    .result = result,
				    .primary = flight.slot->setup.primary_count > 1 ? flight.primary : NULL,
				    .wall_ms = env_wall_ms(flight.slot->zones->env)};

	LIST_REMOVE((struct flight *)ctx, link);
	free(ctx);
	zone->stats.in_flight--;
	log_result(&flight, result);
	hint_at_hidden(&flight, result);
	note_health(zone, flight.primary, &flight.request, result);
	if (zone->stats.in_flight == 0)
		zone->doubt_at_ms = ENV_NEVER_MS;
	else if (dns_is_answered(result))
		doubt_later(zone, flight.primary);
	if (!result->local && (!dns_is_answered(result) || dns_is_failure(result->rcode)))
		event.has_well = find_fit(zone->slot, flight.request.kind) != NULL;
	step_on(zone, &event);
}

/* ---- What goes out ---- */

static void count_message(struct zone *zone, const struct dns_request *request)
{
	size_t sets = 0;

	zone->stats.in_flight++;
	zone->stats.queries += request->kind == DNS_QUERY;
	zone->stats.confirms += request->kind == DNS_CONFIRM;
	for (const struct change_set *set = request->sets; set && request->kind == DNS_UPDATE; set = set->next)
		sets++;
	if (sets)
		histogram_add(&zone->stats.batch, sets);
}

static struct primary *destination(struct zone *zone, const struct queue_action *action)
{
	const struct service *only = action->only_to ? service_of(zone, action->only_to) : NULL;

	return only ? only->primary : choose(zone, action->request.kind);
}

static enum status send_message(struct zone *zone, const struct queue_action *action)
{
	struct flight *flight = malloc(sizeof *flight);

	if (!flight)
		return STATUS_NO_MEMORY;
	flight->slot = zone->slot;
	flight->primary = destination(zone, action);
	flight->message = action->message;
	flight->request = action->request;
	LIST_INSERT_HEAD(&zone->slot->zones->flights, flight, link);
	if (dns_client_send(flight->primary->client, &flight->request, zone->slot->setup.key, action->ticket, on_done,
			    flight) == STATUS_OK) {
		count_message(zone, &flight->request);
		if (zone->doubt_at_ms == ENV_NEVER_MS)
			doubt_later(zone, flight->primary);
		return STATUS_OK;
	}
	LIST_REMOVE(flight, link);
	free(flight);
	return STATUS_NO_MEMORY;
}

static void carry_out(struct zone *zone, const struct queue_action *action)
{
	static const struct dns_result no_memory = {.verdict = DNS_UNREACHABLE, .local = true, .why = "out of memory"};

	switch (action->kind) {
	case QUEUE_ANSWER:
		zone->slot->zones->done(action->waiter, &action->outcome);
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
	const struct env *env = zone->slot->zones->env;
	uint64_t at_ms = queue_wake_at_ms(zone->queue);

	if (at_ms > zone->doubt_at_ms)
		at_ms = zone->doubt_at_ms;
	if (at_ms == ENV_NEVER_MS)
		env->timer_stop(zone->timer);
	else
		env->timer_set(zone->timer, at_ms);
}

static enum status step(struct zone *zone, const struct queue_event *event)
{
	enum status status = queue_step(zone->queue, event, env_now_ms(zone->slot->zones->env));
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
	struct zone *zone = ctx;

	if (zone->doubt_at_ms <= env_now_ms(zone->slot->zones->env))
		see_to_others(zone);
	step_on(zone, &(struct queue_event){.kind = QUEUE_TICK});
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

/* A query that has left is still the client's, so the look stays until its reply comes, or the connection ends. */
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
static struct look *look_new(struct zones *zones, const struct slot *slot, const struct name *owner,
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
	look->request = (struct dns_request){.kind = DNS_QUERY, .zone = slot->setup.name, .sets = &look->set};
	LIST_INSERT_HEAD(&zones->looks, look, link);
	return look;
}

void zones_look(struct zones *zones, size_t index, const struct name *owner, enum addr_family family,
		unsigned patience_ms, zones_seen_fn *seen, void *ctx)
{
	struct slot *slot = &zones->slots[index];
	struct look *look = look_new(zones, slot, owner, family);

	if (look && dns_client_send(choose(slot->zone, DNS_QUERY)->client, &look->request, slot->setup.key,
				    &look->ticket, on_looked, look) == STATUS_OK) {
		look->seen = seen;
		look->ctx = ctx;
		zones->env->timer_set(look->timer, env_now_ms(zones->env) + patience_ms);
		return;
	}
	if (look)
		look_free(look);
	seen(ctx, false, NULL, 0);
}

/* ---- Zones and primaries, and who has them ---- */

static void primary_release(struct primary *primary)
{
	if (--primary->holders)
		return;
	dns_client_free(&primary->client);
	free(primary);
}

static void zone_release(const struct env *env, struct zone *zone)
{
	if (--zone->holders)
		return;
	queue_free(&zone->queue);
	if (zone->timer)
		env->timer_free(&zone->timer);
	free(zone);
}

static bool is_primary_at(const struct primary *primary, const struct peer *peer, const struct transport_maker *maker)
{
	return peer_equal(dns_client_primary(primary->client), peer) && primary->maker.ops == maker->ops &&
	       primary->maker.ctx == maker->ctx;
}

static struct primary *find_primary(const struct zones *zones, const struct peer *peer,
				    const struct transport_maker *maker)
{
	for (size_t i = 0; zones && i < zones->primary_count; i++) {
		if (is_primary_at(zones->primaries[i], peer, maker))
			return zones->primaries[i];
	}
	return NULL;
}

/* Another way to the same server, such as TLS with other pins: what was down may be up, so that is asked first. */
static void recall_health(const struct zones *before, struct primary *primary)
{
	const struct peer *peer = dns_client_primary(primary->client);

	for (size_t i = 0; before && i < before->primary_count; i++) {
		const struct primary *other = before->primaries[i];

		if (other->rest.until_ms == 0 || !peer_equal(dns_client_primary(other->client), peer))
			continue;
		primary->rest = other->rest;
		primary->rest.until_ms = env_now_ms(primary->env);
	}
}

static struct primary *primary_new(const struct zones *zones, const struct peer *peer,
				   const struct transport_maker *maker)
{
	struct primary *primary = calloc(1, sizeof *primary);

	if (!primary)
		return NULL;
	if (dns_client_new(zones->env, maker, peer, &zones->client_options, &primary->client) != STATUS_OK) {
		free(primary);
		return NULL;
	}
	primary->env = zones->env;
	primary->maker = *maker;
	return primary;
}

/* The primary that is this peer: that of another zone, that of the configuration before, or else a new one. */
static struct primary *primary_at(struct zones *zones, const struct zones *before, const struct peer *peer,
				  const struct transport_maker *maker)
{
	struct primary *primary = find_primary(zones, peer, maker);

	if (primary)
		return primary;
	primary = find_primary(before, peer, maker);
	if (!primary) {
		primary = primary_new(zones, peer, maker);
		if (!primary)
			return NULL;
		recall_health(before, primary);
	}
	primary->holders++;
	zones->primaries[zones->primary_count++] = primary;
	return primary;
}

static struct zone *find_zone(const struct zones *zones, const struct name *name)
{
	for (size_t i = 0; zones && i < zones->count; i++) {
		if (name_equal(&zones->slots[i].zone->name, name))
			return zones->slots[i].zone;
	}
	return NULL;
}

static struct queue_limits limits_of(const struct slot *slot)
{
	struct queue_limits limits = slot->zones->limits;

	limits.commit_pause_ms = slot->setup.commit_pause_ms;
	return limits;
}

static struct zone *zone_new(struct slot *slot)
{
	struct queue_limits limits = limits_of(slot);
	struct zones *zones = slot->zones;
	struct zone *zone = calloc(1, sizeof *zone);

	if (!zone)
		return NULL;
	zone->holders = 1;
	zone->name = *slot->setup.name;
	zone->slot = slot;
	zone->doubt_at_ms = ENV_NEVER_MS;
	histogram_init_size(&zone->stats.batch);
	zone->timer = zones->env->timer_new(zones->env->ctx, on_timer, zone);
	if (zone->timer && queue_new(&zone->name, zones->order, &limits, &zone->queue) == STATUS_OK)
		return zone;
	zone_release(zones->env, zone);
	return NULL;
}

static enum status slot_init(struct slot *slot, const struct zones *before)
{
	const struct transport_maker *maker = slot->setup.maker ? slot->setup.maker : &slot->zones->maker;

	slot->services = calloc(slot->setup.primary_count, sizeof *slot->services);
	if (!slot->services)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < slot->setup.primary_count; i++) {
		slot->services[i].primary = primary_at(slot->zones, before, &slot->setup.primaries[i], maker);
		if (!slot->services[i].primary)
			return STATUS_NO_MEMORY;
	}
	slot->zone = find_zone(before, slot->setup.name);
	if (slot->zone)
		slot->zone->holders++;
	else
		slot->zone = zone_new(slot);
	return slot->zone ? STATUS_OK : STATUS_NO_MEMORY;
}

/* ---- The verbs ---- */

static enum status allocate(struct zones *zones, const struct zone_setup *setups, size_t count)
{
	size_t primaries = 0;

	for (size_t i = 0; i < count; i++)
		primaries += setups[i].primary_count;
	zones->slots = calloc(count, sizeof *zones->slots);
	zones->primaries = calloc(primaries + 1, sizeof(struct primary *));
	return zones->slots && zones->primaries ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status fill(struct zones *zones, const struct zones *before, const struct zone_setup *setups, size_t count)
{
	enum status status = allocate(zones, setups, count);

	for (; zones->count < count && status == STATUS_OK; zones->count++) {
		struct slot *slot = &zones->slots[zones->count];

		slot->zones = zones;
		slot->setup = setups[zones->count];
		status = slot_init(slot, before);
	}
	return status;
}

static enum status make(const struct zones *as_given, const struct zones *before, const struct zone_setup *setups,
			size_t count, struct zones **out)
{
	struct zones *zones = malloc(sizeof *zones);
	enum status status;

	if (!zones)
		return STATUS_NO_MEMORY;
	*zones = *as_given;
	LIST_INIT(&zones->flights);
	LIST_INIT(&zones->looks);
	status = fill(zones, before, setups, count);
	if (status == STATUS_OK)
		*out = zones;
	else
		zones_free(&zones);
	return status;
}

enum status zones_new(const struct env *env, struct order *order, const struct transport_maker *maker,
		      const struct dns_client_options *client_options, const struct queue_limits *limits,
		      const struct zone_setup *setups, size_t count, zones_done_fn *done, struct zones **out)
{
	struct zones as_given = {
		.env = env,
		.order = order,
		.maker = *maker,
		.client_options = *client_options,
		.limits = *limits,
		.done = done,
	};

	return make(&as_given, NULL, setups, count, out);
}

enum status zones_succeed(const struct zones *before, const struct dns_client_options *client_options,
			  const struct queue_limits *limits, const struct zone_setup *setups, size_t count,
			  struct zones **out)
{
	struct zones as_given = {
		.env = before->env,
		.order = before->order,
		.maker = before->maker,
		.client_options = *client_options,
		.limits = *limits,
		.done = before->done,
	};

	return make(&as_given, before, setups, count, out);
}

/* What is known of a primary in a zone stays known. */
static void take_over_services(struct slot *slot)
{
	for (size_t i = 0; i < slot->setup.primary_count; i++) {
		const struct service *before = service_of(slot->zone, slot->services[i].primary);

		if (before)
			slot->services[i] = *before;
	}
}

void zones_take_over(struct zones *zones)
{
	for (size_t i = 0; i < zones->primary_count; i++)
		dns_client_set_options(zones->primaries[i]->client, &zones->client_options);
	for (size_t i = 0; i < zones->count; i++) {
		struct slot *slot = &zones->slots[i];

		struct queue_limits limits = limits_of(slot);

		take_over_services(slot);
		slot->zone->slot = slot;
		queue_set_limits(slot->zone->queue, &limits);
		arm(slot->zone);
	}
}

bool zones_are_idle(const struct zones *zones)
{
	return LIST_EMPTY(&zones->flights) && LIST_EMPTY(&zones->looks) && zones->pings == 0;
}

void zones_free(struct zones **zones_pointer)
{
	struct zones *zones = *zones_pointer;

	*zones_pointer = NULL;
	if (!zones)
		return;
	for (size_t i = 0; i < zones->primary_count; i++)
		primary_release(zones->primaries[i]);
	while (!LIST_EMPTY(&zones->flights)) {
		struct flight *flight = LIST_FIRST(&zones->flights);

		LIST_REMOVE(flight, link);
		free(flight);
	}
	while (!LIST_EMPTY(&zones->looks))
		look_free(LIST_FIRST(&zones->looks));
	for (size_t i = 0; zones->slots && i < zones->count; i++) {
		if (zones->slots[i].zone)
			zone_release(zones->env, zones->slots[i].zone);
		free(zones->slots[i].services);
	}
	free(zones->primaries);
	free(zones->slots);
	free(zones);
}

void zones_submit(struct zones *zones, const struct change_set *set, void *waiter)
{
	struct queue_event event = {.kind = QUEUE_SUBMIT, .set = set, .waiter = waiter};

	enum status status = step(zones->slots[set->zone].zone, &event);

	if (status == STATUS_OVERTAKEN)
		zones->done(waiter, &(struct outcome){.code = OUTCOME_OVERTAKEN});
	else if (status != STATUS_OK)
		zones->done(waiter, &(struct outcome){.code = OUTCOME_BUSY});
}

void zones_cancel(struct zones *zones, size_t zone, void *waiter)
{
	step_on(zones->slots[zone].zone, &(struct queue_event){.kind = QUEUE_CANCEL, .waiter = waiter});
}

/* ---- How it goes ---- */

const struct name *zones_name(const struct zones *zones, size_t zone)
{
	return zones->slots[zone].setup.name;
}

void zones_stats(const struct zones *zones, size_t zone, struct zone_stats *out)
{
	*out = zones->slots[zone].zone->stats;
	out->waiting = queue_waiting(zones->slots[zone].zone->queue);
}

bool zones_is_well(const struct zones *zones, size_t zone)
{
	const struct slot *slot = &zones->slots[zone];

	for (size_t i = 0; i < slot->setup.primary_count; i++) {
		if (primary_is_well(slot->services[i].primary))
			return true;
	}
	return false;
}

const struct primary *zones_primary(const struct zones *zones, size_t n)
{
	return n < zones->primary_count ? zones->primaries[n] : NULL;
}

const struct dns_client *primary_client(const struct primary *primary)
{
	return primary->client;
}

bool primary_is_well(const struct primary *primary)
{
	return primary->rest.until_ms == 0;
}
