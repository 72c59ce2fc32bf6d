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
	struct dns_client **clients; /* of its primaries, in their order; shared with other zones */
	size_t current;
	bool acting; /* actions are being done: further steps only add to them */
};

/* A message with a primary. */
struct flight {
	LIST_ENTRY(flight) link;
	struct zone *zone;
	struct dns_client *client;
	struct queue_message *message;
	struct dns_request request;
};

struct zones {
	const struct env *env;
	struct transport_maker maker;
	struct dns_client_options client_options;
	zones_done_fn *done;
	size_t count;
	struct zone *items;
	size_t client_count;
	struct dns_client **clients; /* one per primary */
	LIST_HEAD(, flight) flights;
};

static enum status step(struct zone *zone, const struct queue_event *event);

/* ---- What comes back ---- */

/* What an administrator need not know: successes, and what is the asker's affair, such as a host that does not exist. */
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
	char primary[ENDPOINT_TEXT_MAX], text[DNS_EXPLAIN_MAX];

	if (is_expected(&flight->request, result))
		return;
	LOG(LOG_WARNING, "primary-failed", log_text("zone", context.zone),
	    log_text("primary", endpoint_format(dns_client_primary(flight->client), primary)),
	    log_text("key", context.key), log_text("asked", kinds[flight->request.kind]),
	    log_text("owner", flight->request.sets->owner.text), log_text("text", dns_explain(result, &context, text)));
}

/* When a primary cannot be reached or not be believed, the next one gets the next message. */
static void move_on(struct zone *zone, const struct dns_client *failed, const struct dns_result *result)
{
	bool answered = result->verdict == DNS_VERIFIED || result->verdict == DNS_REJECTED;

	if (!answered && zone->clients[zone->current] == failed)
		zone->current = (zone->current + 1) % zone->setup.primary_count;
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
	move_on(flight.zone, flight.client, result);
	step_on(flight.zone, &event);
}

/* ---- What goes out ---- */

static enum status send_message(struct zone *zone, const struct queue_action *action)
{
	struct flight *flight = malloc(sizeof *flight);

	if (!flight)
		return STATUS_NO_MEMORY;
	flight->zone = zone;
	flight->client = zone->clients[zone->current];
	flight->message = action->message;
	flight->request = action->request;
	LIST_INSERT_HEAD(&zone->zones->flights, flight, link);
	if (dns_client_send(flight->client, &flight->request, zone->setup.key, action->ticket, on_done, flight) ==
	    STATUS_OK)
		return STATUS_OK;
	LIST_REMOVE(flight, link);
	free(flight);
	return STATUS_NO_MEMORY;
}

static void carry_out(struct zone *zone, const struct queue_action *action)
{
	static const struct dns_result no_memory = {.verdict = DNS_UNREACHABLE, .why = "out of memory"};

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

/* ---- The verbs ---- */

/* The client of that primary, made if no zone before had it. */
static enum status client_for(struct zones *zones, const struct endpoint *primary, struct dns_client **out)
{
	struct dns_client **grown;
	enum status status;

	for (size_t i = 0; i < zones->client_count; i++) {
		*out = zones->clients[i];
		if (endpoint_equal(dns_client_primary(*out), primary))
			return STATUS_OK;
	}
	grown = realloc(zones->clients, (zones->client_count + 1) * sizeof(*zones->clients));
	if (!grown)
		return STATUS_NO_MEMORY;
	zones->clients = grown;
	status = dns_client_new(zones->env, &zones->maker, primary, &zones->client_options, out);
	if (status == STATUS_OK)
		zones->clients[zones->client_count++] = *out;
	return status;
}

static enum status zone_init(struct zones *zones, struct zone *zone, const struct queue_limits *limits)
{
	enum status status = queue_new(zone->setup.name, limits, &zone->queue);

	if (status != STATUS_OK)
		return status;
	zone->timer = zones->env->timer_new(zones->env->ctx, on_timer, zone);
	zone->clients = calloc(zone->setup.primary_count, sizeof(*zone->clients));
	if (!zone->timer || !zone->clients)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < zone->setup.primary_count && status == STATUS_OK; i++)
		status = client_for(zones, &zone->setup.primaries[i], &zone->clients[i]);
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
	LIST_INIT(&zones->flights);
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
	free(zone->clients);
}

void zones_free(struct zones **zones_pointer)
{
	struct zones *zones = *zones_pointer;

	*zones_pointer = NULL;
	if (!zones)
		return;
	for (size_t i = 0; i < zones->client_count; i++)
		dns_client_free(&zones->clients[i]);
	free(zones->clients);
	while (!LIST_EMPTY(&zones->flights)) {
		struct flight *flight = LIST_FIRST(&zones->flights);

		LIST_REMOVE(flight, link);
		free(flight);
	}
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
