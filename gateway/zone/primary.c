#include "zone/primary.h"

#include <stdlib.h>

#include "base/repeat.h"

enum { DOUBLINGS_MAX = 5 };

struct primary {
	unsigned holders;
	const struct env *env;
	struct transport_maker maker;
	struct dns_client *client;
	struct rest rest;
	/* Of those that were begun until it closed one that had worked, the ends are excused; 0: it has carried out
	   something since. */
	uint64_t excused_until;
	/* The UPDATE of nothing that is on its way to it; NULL: there is none. */
	primary_pinged_fn *pinged;
	void *pinged_ctx;
	struct dns_ticket ticket;
	struct dns_request ping;
};

/* ---- Rest ---- */

static bool rest_lasts(const struct rest *rest, uint64_t now_ms)
{
	return rest->until_ms > now_ms;
}

/* Another failure, now. While a rest lasts, failures do not make it longer: they have the same cause. */
static void rest_fail(struct rest *rest, const struct env *env)
{
	uint64_t now_ms = env_now_ms(env), duration_ms;
	uint16_t chance;

	rest->failed_at_ms = now_ms;
	if (rest_lasts(rest, now_ms))
		return;
	duration_ms = (uint64_t)REST_FIRST_MS << (rest->failures < DOUBLINGS_MAX ? rest->failures : DOUBLINGS_MAX);
	if (duration_ms > REST_MAX_MS)
		duration_ms = REST_MAX_MS;
	env->random(env->ctx, &chance, sizeof chance);
	rest->failures++;
	rest->until_ms = now_ms + duration_ms + duration_ms / 4 * chance / UINT16_MAX;
}

/* ---- How it is ---- */

static void primary_note_well(struct primary *primary)
{
	char text[PEER_TEXT_MAX];

	if (primary->rest.failures)
		LOG_REPEATED(LOG_INFO, "primary-well",
			     log_text("primary", peer_format(dns_client_primary(primary->client), text)));
	primary->rest = (struct rest){0};
	primary->excused_until = 0;
}

/*
 * The end of connections that had worked is excused once: a restart ends all that there are, one after the other, with
 * everything that was on them.
 */
static bool primary_excuses(struct primary *primary, const struct dns_result *result)
{
	if (!result->had_worked)
		return false;
	if (!primary->excused_until && primary_is_well(primary))
		primary->excused_until = dns_client_stats(primary->client)->connections;
	return result->connection <= primary->excused_until;
}

static void service_rest(struct service *service)
{
	rest_fail(&service->updates, service->primary->env);
	rest_fail(&service->queries, service->primary->env);
}

/* If the next one ends as well, it may be for what the zone sends, and there may be more of them. */
static void service_note_end(struct service *service, unsigned connection)
{
	if (service->ended && service->ended != connection)
		service_rest(service);
	service->ended = connection;
}

/* While it answers others, it is with that zone that something is wrong. */
static void primary_note_failure(struct primary *primary, struct service *service, const struct dns_result *result)
{
	if (result->local || result->bystander)
		return;
	if (primary_excuses(primary, result)) {
		if (service)
			service_note_end(service, result->connection);
	} else if (service && result->others_answered) {
		service_rest(service);
	} else {
		rest_fail(&primary->rest, primary->env);
	}
}

/*
 * That an UPDATE of nothing is answered proves nothing: one whose disk is full, say, fails with what it has to write.
 */
static void service_note(struct service *service, const struct dns_request *request, const struct dns_result *result)
{
	struct rest *rest = request->kind == DNS_QUERY ? &service->queries : &service->updates;

	service->ended = 0;
	if (dns_is_failure(result->rcode))
		rest_fail(rest, service->primary->env);
	else if (request->kind == DNS_QUERY || request->kind == DNS_UPDATE)
		*rest = (struct rest){0};
}

void primary_note(struct primary *primary, struct service *service, const struct dns_request *request,
		  const struct dns_result *result)
{
	if (service && !result->bystander && result->verdict != DNS_UNREACHABLE)
		service->in_trouble = result->slow || !dns_is_answered(result);
	if (!dns_is_answered(result)) {
		primary_note_failure(primary, service, result);
		return;
	}
	if (service)
		service_note(service, request, result);
	if (request->kind == DNS_NOTHING)
		primary->rest.until_ms = 0;
	else if (request->kind != DNS_QUERY)
		primary_note_well(primary);
}

static void primary_on_pinged(void *ctx, const struct dns_result *result)
{
	struct primary *primary = ctx;
	primary_pinged_fn *pinged = primary->pinged;

	primary->pinged = NULL;
	if (primary->rest.until_ms)
		primary->rest.until_ms =
			result->local || result->bystander ? env_now_ms(primary->env) + REST_FIRST_MS : 0;
	pinged(primary->pinged_ctx, primary, &primary->ping, result);
}

bool primary_ping(struct primary *primary, const struct name *zone, const struct tsig_key *key, primary_pinged_fn *done,
		  void *ctx)
{
	if (primary->pinged)
		return false;
	primary->ping = (struct dns_request){.kind = DNS_NOTHING, .zone = zone};
	primary->ticket = (struct dns_ticket){0};
	if (dns_client_send(primary->client, &primary->ping, key, &primary->ticket, primary_on_pinged, primary) !=
	    STATUS_OK)
		return false;
	primary->pinged = done;
	primary->pinged_ctx = ctx;
	return true;
}

bool primary_is_well(const struct primary *primary)
{
	return primary->rest.until_ms == 0;
}

bool primary_has_rested(const struct primary *primary)
{
	return primary->rest.until_ms && !rest_lasts(&primary->rest, env_now_ms(primary->env));
}

/* ---- Which one ---- */

/*
 * How much speaks for sending something there: the first one is well; of the second it is just being asked how it is;
 * the third has rested; of the fourth, which is for queries only, the UPDATE that comes after would go elsewhere.
 */
enum fitness { FIT, FIT_PERHAPS, FIT_RESTED, FIT_TO_READ, UNFIT };

static enum fitness service_fitness(const struct service *service, enum dns_request_kind kind, uint64_t now_ms)
{
	const struct primary *primary = service->primary;

	if (rest_lasts(&primary->rest, now_ms) || (kind == DNS_QUERY && rest_lasts(&service->queries, now_ms)))
		return UNFIT;
	if (rest_lasts(&service->updates, now_ms))
		return kind == DNS_QUERY ? FIT_TO_READ : UNFIT;
	if (primary->rest.until_ms)
		return FIT_RESTED;
	return primary->pinged ? FIT_PERHAPS : FIT;
}

struct service *services_find_fit(struct service *services, size_t count, enum dns_request_kind kind, uint64_t now_ms)
{
	enum fitness best = UNFIT;
	struct service *found = NULL;

	for (size_t i = 0; i < count && best != FIT; i++) {
		enum fitness its = service_fitness(&services[i], kind, now_ms);

		if (its < best) {
			best = its;
			found = &services[i];
		}
	}
	return found;
}

static uint64_t service_failed_at_ms(const struct service *service)
{
	uint64_t primary_ms = service->primary->rest.failed_at_ms, updates_ms = service->updates.failed_at_ms;

	return primary_ms > updates_ms ? primary_ms : updates_ms;
}

struct service *services_find_rested(struct service *services, size_t count)
{
	struct service *best = &services[0];

	for (size_t i = 1; i < count; i++) {
		if (service_failed_at_ms(&services[i]) < service_failed_at_ms(best))
			best = &services[i];
	}
	return best;
}

struct service *services_find(struct service *services, size_t count, const struct primary *primary)
{
	for (size_t i = 0; i < count; i++) {
		if (services[i].primary == primary)
			return &services[i];
	}
	return NULL;
}

/* ---- Who has it ---- */

enum status primary_new(const struct env *env, const struct transport_maker *maker, const struct peer *peer,
			const struct dns_client_options *options, struct primary **out)
{
	struct primary *primary = calloc(1, sizeof *primary);

	if (!primary)
		return STATUS_NO_MEMORY;
	if (dns_client_new(env, maker, peer, options, &primary->client) != STATUS_OK) {
		free(primary);
		return STATUS_NO_MEMORY;
	}
	primary->holders = 1;
	primary->env = env;
	primary->maker = *maker;
	*out = primary;
	return STATUS_OK;
}

void primary_hold(struct primary *primary)
{
	primary->holders++;
}

void primary_free(struct primary **primary_pointer)
{
	struct primary *primary = *primary_pointer;

	*primary_pointer = NULL;
	if (!primary || --primary->holders)
		return;
	dns_client_free(&primary->client);
	free(primary);
}

bool primary_is_at(const struct primary *primary, const struct peer *peer, const struct transport_maker *maker)
{
	return peer_equal(dns_client_primary(primary->client), peer) && primary->maker.ops == maker->ops &&
	       primary->maker.ctx == maker->ctx;
}

void primary_recall_health(struct primary *primary, const struct primary *before)
{
	if (before->rest.until_ms == 0)
		return;
	primary->rest = before->rest;
	primary->rest.until_ms = env_now_ms(primary->env);
}

struct dns_client *primary_client(const struct primary *primary)
{
	return primary->client;
}
