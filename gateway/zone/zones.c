#include "zone/zones.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/repeat.h"
#include "dns/explain.h"

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
};

/* What a configuration has to say of a zone. */
struct slot {
	struct zones *zones;
	struct zone *zone;
	struct zone_setup setup;
	struct primary **primaries; /* in their order; shared with other zones */
};

/* A server, and how it is. */
struct primary {
	unsigned holders; /* configurations */
	const struct env *env;
	struct transport_maker maker;
	struct dns_client *client;
	unsigned failures;         /* in a row */
	unsigned ended_connection; /* the last one whose end was taken note of, + 1 */
	bool excused;              /* it closed a connection that had worked, and has carried out nothing since */
	uint64_t rest_until_ms;    /* not asked before, if there is another one; 0: it is well */
	struct zones *pinging;     /* whose UPDATE that does nothing is on its way to it; NULL: nobody's */
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
				      .algorithm = tsig_key_algorithm(setup->key)};
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
	unsigned doublings = primary->failures < 6 ? primary->failures - 1 : 5;
	uint64_t rest = (uint64_t)REST_FIRST_MS << doublings;
	uint16_t chance;

	if (rest > REST_MAX_MS)
		rest = REST_MAX_MS;
	primary->env->random(primary->env->ctx, &chance, sizeof chance);
	return rest + rest / 4 * chance / UINT16_MAX;
}

static void note_well(struct primary *primary)
{
	char text[PEER_TEXT_MAX];

	if (primary->failures)
		LOG_REPEATED(LOG_INFO, "primary-well",
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
	uint64_t now_ms = env_now_ms(primary->env);

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

	primary->pinging->pings--;
	primary->pinging = NULL;
	primary->rest_until_ms = result->local ? env_now_ms(primary->env) + REST_FIRST_MS : 0;
	note_health(primary, &primary->ping, result);
}

/* Sees how a primary is that has rested: with an UPDATE of the zone that asks for nothing and changes nothing. */
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
	primary->pinging = slot->zones;
	slot->zones->pings++;
}

/* The first primary that is well; if none is, the one that has rested most. */
static struct primary *choose(struct zone *zone)
{
	const struct slot *slot = zone->slot;
	uint64_t now_ms = env_now_ms(slot->zones->env);
	struct primary *best = slot->primaries[0];

	for (size_t i = 0; i < slot->setup.primary_count; i++) {
		struct primary *primary = slot->primaries[i];

		if (primary->rest_until_ms == 0)
			return primary;
		if (slot->setup.primary_count > 1 && primary->rest_until_ms <= now_ms)
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
	struct queue_event event = {.kind = QUEUE_REPLIED,
				    .message = flight.message,
				    .result = result,
				    .wall_ms = env_wall_ms(flight.slot->zones->env)};

	LIST_REMOVE((struct flight *)ctx, link);
	free(ctx);
	flight.slot->zone->stats.in_flight--;
	log_result(&flight, result);
	note_health(flight.primary, &flight.request, result);
	step_on(flight.slot->zone, &event);
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

static enum status send_message(struct zone *zone, const struct queue_action *action)
{
	struct flight *flight = malloc(sizeof *flight);

	if (!flight)
		return STATUS_NO_MEMORY;
	flight->slot = zone->slot;
	flight->primary = choose(zone);
	flight->message = action->message;
	flight->request = action->request;
	LIST_INSERT_HEAD(&zone->slot->zones->flights, flight, link);
	if (dns_client_send(flight->primary->client, &flight->request, zone->slot->setup.key, action->ticket, on_done,
			    flight) == STATUS_OK) {
		count_message(zone, &flight->request);
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

	if (look && dns_client_send(choose(slot->zone)->client, &look->request, slot->setup.key, &look->ticket,
				    on_looked, look) == STATUS_OK) {
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
	if (!primary)
		primary = primary_new(zones, peer, maker);
	if (!primary)
		return NULL;
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
	histogram_init_size(&zone->stats.batch);
	zone->timer = zones->env->timer_new(zones->env->ctx, on_timer, zone);
	if (zone->timer && queue_new(&zone->name, &limits, &zone->queue) == STATUS_OK)
		return zone;
	zone_release(zones->env, zone);
	return NULL;
}

static enum status slot_init(struct slot *slot, const struct zones *before)
{
	const struct transport_maker *maker = slot->setup.maker ? slot->setup.maker : &slot->zones->maker;

	slot->primaries = calloc(slot->setup.primary_count, sizeof(struct primary *));
	if (!slot->primaries)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < slot->setup.primary_count; i++) {
		slot->primaries[i] = primary_at(slot->zones, before, &slot->setup.primaries[i], maker);
		if (!slot->primaries[i])
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

enum status zones_new(const struct env *env, const struct transport_maker *maker,
		      const struct dns_client_options *client_options, const struct queue_limits *limits,
		      const struct zone_setup *setups, size_t count, zones_done_fn *done, struct zones **out)
{
	struct zones as_given = {
		.env = env, .maker = *maker, .client_options = *client_options, .limits = *limits, .done = done};

	return make(&as_given, NULL, setups, count, out);
}

enum status zones_succeed(const struct zones *before, const struct dns_client_options *client_options,
			  const struct queue_limits *limits, const struct zone_setup *setups, size_t count,
			  struct zones **out)
{
	struct zones as_given = {
		.env = before->env,
		.maker = before->maker,
		.client_options = *client_options,
		.limits = *limits,
		.done = before->done,
	};

	return make(&as_given, before, setups, count, out);
}

void zones_take_over(struct zones *zones)
{
	for (size_t i = 0; i < zones->primary_count; i++)
		dns_client_set_options(zones->primaries[i]->client, &zones->client_options);
	for (size_t i = 0; i < zones->count; i++) {
		struct slot *slot = &zones->slots[i];

		struct queue_limits limits = limits_of(slot);

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
		free(zones->slots[i].primaries);
	}
	free(zones->primaries);
	free(zones->slots);
	free(zones);
}

void zones_submit(struct zones *zones, const struct change_set *set, void *waiter)
{
	struct queue_event event = {.kind = QUEUE_SUBMIT, .set = set, .waiter = waiter};

	if (step(zones->slots[set->zone].zone, &event) != STATUS_OK)
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
		if (primary_is_well(slot->primaries[i]))
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
	return primary->failures == 0;
}
