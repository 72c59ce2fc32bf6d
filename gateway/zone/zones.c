#include "zone/zones.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/repeat.h"
#include "base/table.h"
#include "dns/explain.h"
#include "zone/primary.h"

/*
 * A zone lives as long as one of the configurations that have it; so does a primary. Each configuration has a slot for
 * the zone, and that of the latest one is in force.
 */
struct zone {
	unsigned holders; /* configurations */
	struct name name;
	struct slot *slot;         /* in force */
	struct activity *activity; /* NULL: nothing was asked of it yet, as is so of most of very many zones */
};

/* What a zone has from its first change set on. */
struct activity {
	struct queue *queue;
	struct env_timer *timer;
	struct zone_stats stats; /* but for `waiting` */
	bool acting;             /* actions are being done: further steps only add to them */
	uint64_t doubt_at_ms;    /* if nothing was heard until then, the other primaries are seen to; or ENV_NEVER_MS */
};

/* What a configuration has to say of a zone. */
struct slot {
	struct zones *zones;
	struct zone *zone;
	struct table_node by_name;
	struct zone_setup setup;
	struct service *services; /* in the order of the primaries */
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

/* A primary that a configuration has. */
struct holding {
	struct table_node by_peer;
	struct primary *primary;
};

/* The zones of one configuration. */
struct zones {
	const struct env *env;
	struct order *order;
	struct memory *memory;
	struct transport_maker maker;
	struct dns_client_options client_options;
	struct queue_limits limits;
	uint64_t seed; /* of hashes; the same for all configurations */
	zones_done_fn *done;
	const struct zones *before; /* until all zones are adopted; NULL: there is none */
	size_t count, adopted;
	struct slot *slots;
	struct table slots_by_name;
	size_t holding_count;
	struct holding *holdings; /* each primary once */
	struct table holdings_by_peer;
	LIST_HEAD(, flight) flights;
	LIST_HEAD(, look) looks;
	unsigned pings; /* under way */
};

static enum status zone_step(struct zone *zone, const struct queue_event *event);

/* ---- What comes back ---- */

/*
 * What an administrator need not know: successes, and what is the asker's affair, such as a host that does not exist.
 */
static bool result_is_expected(const struct dns_request *request, const struct dns_result *result)
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

static void flight_log(const struct flight *flight, const struct dns_result *result)
{
	static const char *const kinds[] = {
		[DNS_SOA] = "soa",     [DNS_REHEARSE] = "rehearse", [DNS_UPDATE] = "update", [DNS_CONFIRM] = "confirm",
		[DNS_PROBE] = "probe", [DNS_NOTHING] = "nothing",   [DNS_QUERY] = "query"};
	const struct zone_setup *setup = &flight->slot->setup;
	struct dns_context context = {.zone = setup->name->text,
				      .key = tsig_key_name(setup->key),
				      .algorithm = tsig_key_algorithm(setup->key),
				      .queried = dns_is_query(flight->request.kind)};
	char primary[PEER_TEXT_MAX], text[DNS_EXPLAIN_MAX];

	/* What did not leave for a reason of our own, such as that nobody waits any more, is no fault of theirs. */
	if (result->local || result_is_expected(&flight->request, result))
		return;
	LOG_REPEATED(
		LOG_WARNING, "primary-failed", log_text("zone", context.zone),
		log_text("primary", peer_format(dns_client_primary(primary_client(flight->primary)), primary)),
		log_text("key", context.key), log_detail(log_text("asked", kinds[flight->request.kind])),
		log_detail(log_text("owner", flight->request.sets ? flight->request.sets->owner.text : context.zone)),
		cause_of(result, &context, text));
}

/* An update of it may be done all the same, and then is answered so: the administrator is the one to wonder. */
static void flight_log_hidden(const struct flight *flight, const struct dns_result *result)
{
	if (flight->request.kind != DNS_QUERY || result->verdict != DNS_VERIFIED || !result->answer.hidden)
		return;
	LOG_REPEATED(LOG_WARNING, "host-hidden", log_text("zone", flight->slot->setup.name->text),
		     log_text("owner", flight->request.sets->owner.text),
		     log_text("text",
			      "it lies behind a delegation or a DNAME in the zone: nobody finds what is set there, "
			      "unless it is the address of a delegated zone's server"));
}

/* As the configuration in force has it; NULL: it does not. */
static struct service *service_of(const struct zone *zone, const struct primary *primary)
{
	return services_find(zone->slot->services, zone->slot->setup.primary_count, primary);
}

static void zone_on_pinged(void *ctx, struct primary *primary, const struct dns_request *request,
			   const struct dns_result *result)
{
	struct slot *slot = ctx;

	slot->zones->pings--;
	primary_note(primary, service_of(slot->zone, primary), request, result);
}

static void zone_ping(struct zone *zone, struct primary *primary)
{
	struct slot *slot = zone->slot;

	if (primary_ping(primary, &zone->name, slot->setup.key, zone_on_pinged, slot))
		slot->zones->pings++;
}

static struct service *zone_find_fit(const struct zone *zone, enum dns_request_kind kind)
{
	return services_find_fit(zone->slot->services, zone->slot->setup.primary_count, kind,
				 env_now_ms(zone->slot->zones->env));
}

/* Besides, primaries whose rest is over are asked how they are. */
static struct primary *zone_choose_primary(struct zone *zone, enum dns_request_kind kind)
{
	const struct slot *slot = zone->slot;
	size_t count = slot->setup.primary_count;
	struct service *service = zone_find_fit(zone, kind);

	for (size_t i = 0; i < count && count > 1; i++) {
		if (primary_has_rested(slot->services[i].primary))
			zone_ping(zone, slot->services[i].primary);
	}
	return service ? service->primary : services_find_rested(slot->services, count)->primary;
}

/*
 * The first one that is well has said nothing for half of the time that it has. Before it has used up the other half
 * too, it is to be known which of the others are there, and those that are not are to be waited for side by side.
 */
static void zone_see_to_others(struct zone *zone)
{
	const struct slot *slot = zone->slot;
	const struct service *asked = zone_find_fit(zone, DNS_UPDATE);

	zone->activity->doubt_at_ms = ENV_NEVER_MS;
	for (size_t i = 0; i < slot->setup.primary_count; i++) {
		struct service *service = &slot->services[i];

		if (service != asked && primary_is_well(service->primary))
			zone_ping(zone, service->primary);
	}
}

static void zone_doubt_later(struct zone *zone, const struct primary *primary)
{
	const struct slot *slot = zone->slot;
	const struct dns_client_options *options = &slot->zones->client_options;
	unsigned patience_ms = options->reply_timeout_ms;

	if (slot->setup.primary_count == 1)
		return;
	/* It may be the connection that does not come about, or the reply, then. */
	if (!dns_client_is_connected(primary_client(primary)) && options->connect_timeout_ms < patience_ms)
		patience_ms = options->connect_timeout_ms;
	zone->activity->doubt_at_ms = env_now_ms(slot->zones->env) + patience_ms / 2;
}

/* Steps that do not submit cannot fail. */
static void zone_step_surely(struct zone *zone, const struct queue_event *event)
{
	enum status status = zone_step(zone, event);

	assert(status == STATUS_OK);
	(void)status;
}

static void flight_on_reply(void *ctx, const struct dns_result *result)
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
	zone->activity->stats.in_flight--;
	flight_log(&flight, result);
	flight_log_hidden(&flight, result);
	primary_note(flight.primary, service_of(zone, flight.primary), &flight.request, result);
	if (zone->activity->stats.in_flight == 0)
		zone->activity->doubt_at_ms = ENV_NEVER_MS;
	else if (dns_is_answered(result))
		zone_doubt_later(zone, flight.primary);
	if (!result->local && (!dns_is_answered(result) || dns_is_failure(result->rcode)))
		event.has_well = result->bystander || zone_find_fit(zone, flight.request.kind) != NULL;
	zone_step_surely(zone, &event);
}

/* ---- What goes out ---- */

static void flight_count(struct zone *zone, const struct dns_request *request)
{
	size_t sets = 0;

	zone->activity->stats.in_flight++;
	zone->activity->stats.queries += request->kind == DNS_QUERY;
	zone->activity->stats.confirms += request->kind == DNS_CONFIRM;
	for (const struct change_set *set = request->sets; set && request->kind == DNS_UPDATE; set = set->next)
		sets++;
	if (sets)
		histogram_add(&zone->activity->stats.batch, sets);
}

static struct primary *flight_destination(struct zone *zone, const struct queue_action *action)
{
	const struct service *only = action->only_to ? service_of(zone, action->only_to) : NULL;

	return only ? only->primary : zone_choose_primary(zone, action->request.kind);
}

/* What is slow with it, or gets no reply, is to hold up no other zone. */
static bool zone_is_in_trouble(const struct zone *zone, const struct primary *primary)
{
	const struct service *service = service_of(zone, primary);

	return service && service->in_trouble;
}

static enum status flight_send(struct zone *zone, const struct queue_action *action)
{
	struct flight *flight = malloc(sizeof *flight);

	if (!flight)
		return STATUS_NO_MEMORY;
	flight->slot = zone->slot;
	flight->primary = flight_destination(zone, action);
	flight->message = action->message;
	flight->request = action->request;
	action->ticket->lane = zone;
	action->ticket->in_trouble = zone_is_in_trouble(zone, flight->primary);
	LIST_INSERT_HEAD(&zone->slot->zones->flights, flight, link);
	if (dns_client_send(primary_client(flight->primary), &flight->request, zone->slot->setup.key, action->ticket,
			    flight_on_reply, flight) == STATUS_OK) {
		flight_count(zone, &flight->request);
		if (zone->activity->doubt_at_ms == ENV_NEVER_MS)
			zone_doubt_later(zone, flight->primary);
		return STATUS_OK;
	}
	LIST_REMOVE(flight, link);
	free(flight);
	return STATUS_NO_MEMORY;
}

static void zone_act(struct zone *zone, const struct queue_action *action)
{
	static const struct dns_result no_memory = {.verdict = DNS_UNREACHABLE, .local = true, .why = "out of memory"};

	switch (action->kind) {
	case QUEUE_ANSWER:
		zone->slot->zones->done(action->waiter, &action->outcome);
		break;
	case QUEUE_SEND:
		if (flight_send(zone, action) != STATUS_OK)
			zone_step_surely(zone, &(struct queue_event){.kind = QUEUE_REPLIED,
								     .message = action->message,
								     .result = &no_memory});
		break;
	}
}

static void zone_arm_timer(struct zone *zone)
{
	const struct env *env = zone->slot->zones->env;
	uint64_t at_ms = queue_wake_at_ms(zone->activity->queue);

	if (at_ms > zone->activity->doubt_at_ms)
		at_ms = zone->activity->doubt_at_ms;
	if (at_ms == ENV_NEVER_MS)
		env->timer_stop(zone->activity->timer);
	else
		env->timer_set(zone->activity->timer, at_ms);
}

static enum status zone_step(struct zone *zone, const struct queue_event *event)
{
	enum status status = queue_step(zone->activity->queue, event, env_now_ms(zone->slot->zones->env));
	struct queue_action action;

	if (zone->activity->acting)
		return status;
	zone->activity->acting = true;
	while (queue_next_action(zone->activity->queue, &action))
		zone_act(zone, &action);
	zone->activity->acting = false;
	zone_arm_timer(zone);
	return status;
}

static void zone_on_timer(void *ctx)
{
	struct zone *zone = ctx;

	if (zone->activity->doubt_at_ms <= env_now_ms(zone->slot->zones->env))
		zone_see_to_others(zone);
	zone_step_surely(zone, &(struct queue_event){.kind = QUEUE_TICK});
}

/* ---- Looking ---- */

static void look_tell(struct look *look, bool known, const struct addr *addrs, size_t count)
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
static void look_on_late(void *ctx)
{
	struct look *look = ctx;

	look->ticket.withdrawn = true;
	look_tell(look, false, NULL, 0);
}

static void look_on_reply(void *ctx, const struct dns_result *result)
{
	struct look *look = ctx;
	bool is_there = result->verdict == DNS_VERIFIED && result->rcode == DNS_NOERROR && result->answer.authoritative;
	bool is_none = result->verdict == DNS_VERIFIED && result->rcode == DNS_NXDOMAIN;

	const struct rrset *rrset = &result->answer.rrset;
	struct addr addrs[RRSET_MAX];
	struct rdata at = {NULL, 0};
	size_t count = 0;

	/* More records than are kept one by one are as good as not known. */
	if (is_there && !rrset->known)
		is_there = false;
	while (is_there && rrset_next(rrset, &at))
		addrs[count++] = rdata_addr(rrset->type, at);
	look_tell(look, is_there || is_none, addrs, count);
	look_free(look);
}

/* NULL without memory. */
static struct look *look_new(struct zones *zones, const struct slot *slot, const struct name *owner, enum rr_type type)
{
	struct look *look = calloc(1, sizeof *look);

	if (!look)
		return NULL;
	look->env = zones->env;
	look->timer = zones->env->timer_new(zones->env->ctx, look_on_late, look);
	if (!look->timer) {
		free(look);
		return NULL;
	}
	look->set.owner = *owner;
	look->set.count = 1;
	look->set.changes[0].type = type;
	look->request = (struct dns_request){.kind = DNS_QUERY, .zone = slot->setup.name, .sets = &look->set};
	LIST_INSERT_HEAD(&zones->looks, look, link);
	return look;
}

void zones_look(struct zones *zones, size_t index, const struct name *owner, enum rr_type type, unsigned patience_ms,
		zones_seen_fn *seen, void *ctx)
{
	struct slot *slot = &zones->slots[index];
	struct look *look = look_new(zones, slot, owner, type);

	if (look && dns_client_send(primary_client(zone_choose_primary(slot->zone, DNS_QUERY)), &look->request,
				    slot->setup.key, &look->ticket, look_on_reply, look) == STATUS_OK) {
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

static void activity_free(const struct env *env, struct activity **activity)
{
	if (!*activity)
		return;
	queue_free(&(*activity)->queue);
	if ((*activity)->timer)
		env->timer_free(&(*activity)->timer);
	free(*activity);
	*activity = NULL;
}

static void zone_release(const struct env *env, struct zone *zone)
{
	if (--zone->holders)
		return;
	activity_free(env, &zone->activity);
	free(zone);
}

static uint64_t hash_of_peer(const struct zones *zones, const struct peer *peer)
{
	char text[PEER_TEXT_MAX];

	return table_hash(zones->seed, text_of(peer_format(peer, text)));
}

static uint64_t hash_of_zone(const struct zones *zones, const struct name *name)
{
	return table_hash(zones->seed, name_text(name));
}

/* NULL if that configuration, which may be NULL, has none. */
static struct primary *find_primary(const struct zones *zones, const struct peer *peer,
				    const struct transport_maker *maker)
{
	struct table_node *node = zones ? table_find(&zones->holdings_by_peer, hash_of_peer(zones, peer)) : NULL;

	for (; node; node = table_find_next(node)) {
		struct primary *primary = TABLE_OWNER(node, struct holding, by_peer)->primary;

		if (primary_is_at(primary, peer, maker))
			return primary;
	}
	return NULL;
}

/* Of one that is new, though not the way to it, or not the server. */
static void recall_health(const struct zones *before, const struct peer *peer, struct primary *primary)
{
	struct table_node *node = before ? table_find(&before->holdings_by_peer, hash_of_peer(before, peer)) : NULL;

	for (; node; node = table_find_next(node)) {
		const struct primary *other = TABLE_OWNER(node, struct holding, by_peer)->primary;

		if (peer_equal(dns_client_primary(primary_client(other)), peer))
			primary_recall_health(primary, other);
	}
}

/* The primary that is this peer: that of another zone, that of the configuration before, or else a new one. */
static struct primary *primary_at(struct zones *zones, const struct zones *before, const struct peer *peer,
				  const struct transport_maker *maker)
{
	struct primary *primary = find_primary(zones, peer, maker);
	struct holding *holding = &zones->holdings[zones->holding_count];

	if (primary)
		return primary;
	primary = find_primary(before, peer, maker);
	if (primary)
		primary_hold(primary);
	else if (primary_new(zones->env, maker, peer, &zones->client_options, &primary) == STATUS_OK)
		recall_health(before, peer, primary);
	else
		return NULL;
	holding->primary = primary;
	table_add(&zones->holdings_by_peer, &holding->by_peer, hash_of_peer(zones, peer));
	zones->holding_count++;
	return primary;
}

static struct zone *find_zone(const struct zones *zones, const struct name *name, uint64_t hash)
{
	struct table_node *node = zones ? table_find(&zones->slots_by_name, hash) : NULL;

	while (node && !name_equal(&TABLE_OWNER(node, struct slot, by_name)->zone->name, name))
		node = table_find_next(node);
	return node ? TABLE_OWNER(node, struct slot, by_name)->zone : NULL;
}

static struct queue_limits limits_of(const struct slot *slot)
{
	struct queue_limits limits = slot->zones->limits;

	limits.commit_pause_ms = slot->setup.commit_pause_ms;
	return limits;
}

static struct zone *zone_new(struct slot *slot)
{
	struct zone *zone = malloc(sizeof *zone);

	if (zone)
		*zone = (struct zone){.holders = 1, .name = *slot->setup.name, .slot = slot};
	return zone;
}

static enum status activity_new(struct zone *zone, struct activity **out)
{
	const struct zones *zones = zone->slot->zones;
	struct queue_limits limits = limits_of(zone->slot);
	struct activity *activity = calloc(1, sizeof *activity);
	enum status status = STATUS_NO_MEMORY;

	if (!activity)
		return STATUS_NO_MEMORY;
	activity->doubt_at_ms = ENV_NEVER_MS;
	histogram_init_size(&activity->stats.batch);
	activity->timer = zones->env->timer_new(zones->env->ctx, zone_on_timer, zone);
	if (activity->timer)
		status = queue_new(&zone->name, zones->order, zones->memory, &limits, &activity->queue);
	if (status == STATUS_OK)
		*out = activity;
	else
		activity_free(zones->env, &activity);
	return status;
}

/* Of thousands of zones with the same primaries, those after the first one need not look for them. */
static bool has_primaries_of(const struct slot *slot, const struct slot *other)
{
	return slot->setup.primaries == other->setup.primaries &&
	       slot->setup.primary_count == other->setup.primary_count && slot->setup.maker == other->setup.maker;
}

static enum status slot_find_primaries(struct slot *slot, const struct zones *before)
{
	const struct transport_maker *maker = slot->setup.maker ? slot->setup.maker : &slot->zones->maker;
	const struct slot *like = slot > slot->zones->slots && has_primaries_of(slot, slot - 1) ? slot - 1 : NULL;

	slot->services = calloc(slot->setup.primary_count, sizeof *slot->services);
	if (!slot->services)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < slot->setup.primary_count; i++) {
		slot->services[i].primary = like ? like->services[i].primary
						 : primary_at(slot->zones, before, &slot->setup.primaries[i], maker);
		if (!slot->services[i].primary)
			return STATUS_NO_MEMORY;
	}
	return STATUS_OK;
}

static enum status slot_adopt(struct slot *slot, const struct zones *before)
{
	enum status status = slot_find_primaries(slot, before);

	if (status != STATUS_OK)
		return status;
	slot->zone = find_zone(before, slot->setup.name, slot->by_name.hash);
	if (slot->zone)
		slot->zone->holders++;
	else
		slot->zone = zone_new(slot);
	return slot->zone ? STATUS_OK : STATUS_NO_MEMORY;
}

/* ---- The verbs ---- */

static enum status zones_allocate(struct zones *zones, const struct zone_setup *setups, size_t count)
{
	size_t primaries = 0;

	for (size_t i = 0; i < count; i++)
		primaries += setups[i].primary_count;
	zones->slots = calloc(count + 1, sizeof *zones->slots);
	zones->holdings = calloc(primaries + 1, sizeof *zones->holdings);
	if (!zones->slots || !zones->holdings || table_init(&zones->slots_by_name) != STATUS_OK)
		return STATUS_NO_MEMORY;
	return table_init(&zones->holdings_by_peer);
}

enum status zones_prepare(uint64_t seed, const struct zone_setup *setups, size_t count, struct zones **out)
{
	struct zones *zones = calloc(1, sizeof *zones);

	if (!zones)
		return STATUS_NO_MEMORY;
	zones->seed = seed;
	LIST_INIT(&zones->flights);
	LIST_INIT(&zones->looks);
	if (zones_allocate(zones, setups, count) != STATUS_OK) {
		zones_free(&zones);
		return STATUS_NO_MEMORY;
	}
	for (; zones->count < count; zones->count++) {
		struct slot *slot = &zones->slots[zones->count];

		slot->zones = zones;
		slot->setup = setups[zones->count];
		table_add(&zones->slots_by_name, &slot->by_name, hash_of_zone(zones, slot->setup.name));
	}
	*out = zones;
	return STATUS_OK;
}

void zones_begin(struct zones *zones, const struct env *env, struct order *order, struct memory *memory,
		 const struct transport_maker *maker, const struct dns_client_options *client_options,
		 const struct queue_limits *limits, zones_done_fn *done)
{
	zones->env = env;
	zones->order = order;
	zones->memory = memory;
	zones->maker = *maker;
	zones->client_options = *client_options;
	zones->limits = *limits;
	zones->done = done;
}

void zones_follow(struct zones *zones, const struct zones *before, const struct dns_client_options *client_options,
		  const struct queue_limits *limits)
{
	assert(zones->seed == before->seed);
	zones_begin(zones, before->env, before->order, before->memory, &before->maker, client_options, limits,
		    before->done);
	zones->before = before;
}

enum status zones_adopt(struct zones *zones, size_t count, bool *is_all)
{
	enum status status = STATUS_OK;

	for (; count && zones->adopted < zones->count && status == STATUS_OK; count--)
		status = slot_adopt(&zones->slots[zones->adopted++], zones->before);
	*is_all = zones->adopted == zones->count;
	if (*is_all)
		zones->before = NULL;
	return status;
}

static enum status adopt_all(struct zones *zones, struct zones **out)
{
	bool is_all;
	enum status status = zones_adopt(zones, zones->count, &is_all);

	if (status == STATUS_OK)
		*out = zones;
	else
		zones_free(&zones);
	return status;
}

enum status zones_new(const struct env *env, struct order *order, struct memory *memory,
		      const struct transport_maker *maker, const struct dns_client_options *client_options,
		      const struct queue_limits *limits, const struct zone_setup *setups, size_t count,
		      zones_done_fn *done, struct zones **out)
{
	struct zones *zones;
	enum status status = zones_prepare(limits->seed, setups, count, &zones);

	if (status != STATUS_OK)
		return status;
	zones_begin(zones, env, order, memory, maker, client_options, limits, done);
	return adopt_all(zones, out);
}

enum status zones_succeed(const struct zones *before, const struct dns_client_options *client_options,
			  const struct queue_limits *limits, const struct zone_setup *setups, size_t count,
			  struct zones **out)
{
	struct zones *zones;
	enum status status = zones_prepare(before->seed, setups, count, &zones);

	if (status != STATUS_OK)
		return status;
	zones_follow(zones, before, client_options, limits);
	return adopt_all(zones, out);
}

/* What is known of a primary in a zone stays known. */
static void take_over_activity(struct slot *slot)
{
	struct queue_limits limits = limits_of(slot);

	queue_set_limits(slot->zone->activity->queue, &limits);
	for (size_t i = 0; i < slot->setup.primary_count; i++) {
		const struct service *before = service_of(slot->zone, slot->services[i].primary);

		if (before)
			slot->services[i] = *before;
	}
}

void zones_take_over(struct zones *zones)
{
	for (size_t i = 0; i < zones->holding_count; i++)
		dns_client_set_options(primary_client(zones->holdings[i].primary), &zones->client_options);
	for (size_t i = 0; i < zones->count; i++) {
		struct slot *slot = &zones->slots[i];

		if (slot->zone->activity)
			take_over_activity(slot);
		slot->zone->slot = slot;
		if (slot->zone->activity)
			zone_arm_timer(slot->zone);
	}
}

bool zones_are_idle(const struct zones *zones)
{
	return LIST_EMPTY(&zones->flights) && LIST_EMPTY(&zones->looks) && zones->pings == 0;
}

bool zones_release(struct zones *zones, size_t count)
{
	for (; count && zones->count; count--) {
		struct slot *slot = &zones->slots[--zones->count];

		if (slot->zone)
			zone_release(zones->env, slot->zone);
		free(slot->services);
	}
	return zones->count == 0;
}

void zones_free(struct zones **zones_pointer)
{
	struct zones *zones = *zones_pointer;

	*zones_pointer = NULL;
	if (!zones)
		return;
	for (size_t i = 0; i < zones->holding_count; i++)
		primary_free(&zones->holdings[i].primary);
	while (!LIST_EMPTY(&zones->flights)) {
		struct flight *flight = LIST_FIRST(&zones->flights);

		LIST_REMOVE(flight, link);
		free(flight);
	}
	while (!LIST_EMPTY(&zones->looks))
		look_free(LIST_FIRST(&zones->looks));
	zones_release(zones, zones->count);
	table_fini(&zones->slots_by_name);
	table_fini(&zones->holdings_by_peer);
	free(zones->holdings);
	free(zones->slots);
	free(zones);
}

void zones_submit(struct zones *zones, const struct change_set *set, void *waiter)
{
	struct queue_event event = {.kind = QUEUE_SUBMIT, .set = set, .waiter = waiter};
	struct zone *zone = zones->slots[set->zone].zone;
	enum status status = zone->activity ? STATUS_OK : activity_new(zone, &zone->activity);

	if (status == STATUS_OK)
		status = zone_step(zone, &event);
	if (status == STATUS_OVERTAKEN)
		zones->done(waiter, &(struct outcome){.code = OUTCOME_OVERTAKEN});
	else if (status != STATUS_OK)
		zones->done(waiter, &(struct outcome){.code = OUTCOME_BUSY});
}

void zones_cancel(struct zones *zones, size_t zone, void *waiter)
{
	zone_step_surely(zones->slots[zone].zone, &(struct queue_event){.kind = QUEUE_CANCEL, .waiter = waiter});
}

/* ---- How it goes ---- */

const struct name *zones_name(const struct zones *zones, size_t zone)
{
	return zones->slots[zone].setup.name;
}

void zones_stats(const struct zones *zones, size_t zone, struct zone_stats *out)
{
	const struct activity *activity = zones->slots[zone].zone->activity;

	if (activity) {
		*out = activity->stats;
		out->waiting = queue_waiting(activity->queue);
	} else {
		*out = (struct zone_stats){0};
		histogram_init_size(&out->batch);
	}
}

bool zones_is_active(const struct zones *zones, size_t zone)
{
	return zones->slots[zone].zone->activity != NULL;
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
	return n < zones->holding_count ? zones->holdings[n].primary : NULL;
}
