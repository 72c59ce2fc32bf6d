/*
 * Which request goes over which connection.
 *
 * As long as anything of a lane is under way, it keeps to its connection. Else it goes over the one that has least
 * under way, of several such the first, so that those behind it become idle and are closed. Lanes in trouble come
 * together on as few connections as can hold them, and at most on half of all.
 *
 * A further connection is on trial until a query of ours has been answered on it: a primary that has no more of them
 * to give may accept it, or leave it in its backlog, and be silent. Meanwhile, and if it fails, all goes over those
 * that are there; only who would have to stand behind something slow waits for it, and not for long. So a trial fails
 * nobody.
 */
#include "dns/client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/repeat.h"
#include "base/table.h"
#include "dns/connection.h"

enum {
	IDLE_MS = 10 * 1000,
	SWEEP_MS = 5 * 1000,
	TRIAL_PATIENCE_MS = 500, /* of who waits for it */
	TRIAL_AGAIN_MS = 1000,   /* after one that failed; doubled for each further one */
	DOUBLINGS_MAX = 6,
};

/* Of which something is under way. */
struct dns_lane {
	struct table_node by_key;
	const void *key;
	struct dns_connection *connection; /* that it keeps to; NULL: nothing of it is on one */
	unsigned pin;                      /* grows each time that this becomes another one */
	size_t placed;                     /* exchanges that have been given to that connection since */
	size_t under_way;                  /* all exchanges, those that are held included */
};

/* A further connection, and the query that is to show that it is served. */
struct spare {
	struct dns_connection *connection; /* NULL: there is none, or it was taken into use before the query's end */
	struct tsig_key *key;              /* NULL: no query is under way */
	struct name zone;
	struct dns_ticket ticket;
	uint64_t begun_ms;
	unsigned failures; /* in a row */
	uint64_t not_before_ms;
};

struct dns_client {
	struct dns_line line;
	struct dns_connection **connections; /* there is room for `room` */
	size_t count, room;
	struct table lanes;
	struct dns_exchanges held; /* UPDATEs, while as many as may be are under way */
	struct spare spare;
	struct env_timer *timer; /* runs while there are several connections */
};

/* ---- Connections ---- */

static size_t connections_max(const struct dns_client *client)
{
	return client->line.options.connections_max ? client->line.options.connections_max : 1;
}

static size_t crowded_at(const struct dns_client *client)
{
	return client->line.options.crowded_at ? client->line.options.crowded_at : DNS_CROWDED_AT;
}

static void client_arm(struct dns_client *client, uint64_t in_ms)
{
	const struct env *env = client->line.env;

	if (client->count > 1)
		env->timer_set(client->timer, env_now_ms(env) + in_ms);
	else
		env->timer_stop(client->timer);
}

static bool client_has_room(struct dns_client *client)
{
	size_t room = client->room ? 2 * client->room : 1;
	struct dns_connection **connections;

	if (client->count < client->room)
		return true;
	connections = realloc(client->connections, room * sizeof(struct dns_connection *));
	if (!connections)
		return false;
	client->connections = connections;
	client->room = room;
	return true;
}

/* One more; the first one is free, the others are out of the budget. NULL: it, or memory, does not allow that. */
static struct dns_connection *client_add(struct dns_client *client)
{
	struct dns_budget *budget = client->count ? client->line.options.budget : NULL;
	struct dns_connection *connection;

	if ((budget && budget->taken >= budget->allowed) || !client_has_room(client))
		return NULL;
	connection = dns_connection_new(&client->line);
	if (!connection)
		return NULL;
	if (budget)
		budget->taken++;
	client->connections[client->count++] = connection;
	if (client->count > 1)
		client_arm(client, SWEEP_MS);
	return connection;
}

static void client_drop(struct dns_client *client, size_t at)
{
	struct dns_budget *budget = client->count > 1 ? client->line.options.budget : NULL;

	dns_connection_free(&client->connections[at]);
	client->count--;
	memmove(&client->connections[at], &client->connections[at + 1],
		(client->count - at) * sizeof(struct dns_connection *));
	if (budget)
		budget->taken--;
}

/* Those that may be chosen, and how many of them are slow. */
struct standing {
	size_t count, slow;
};

static bool is_in_use(const struct dns_client *client, const struct dns_connection *connection)
{
	return connection != client->spare.connection && dns_connection_stands(connection);
}

static struct standing client_count(const struct dns_client *client)
{
	struct standing standing = {0};

	for (size_t i = 0; i < client->count; i++) {
		if (!is_in_use(client, client->connections[i]))
			continue;
		standing.count++;
		standing.slow += dns_connection_is_slow(client->connections[i]);
	}
	return standing;
}

/* ---- Which one ---- */

/* How little speaks for that connection: what comes first outweighs all behind it. */
enum cost { COST_CROWDED = 1 << 16, COST_ELSEWHERE = 1 << 17, COST_UNLIKE = 1 << 18, COST_NOT_OPEN = 1 << 19 };

static size_t cost_of(const struct dns_client *client, const struct dns_connection *connection, bool in_trouble,
		      const struct standing *standing)
{
	bool slow = dns_connection_is_slow(connection);
	size_t load = dns_connection_load(connection), cost = load < COST_CROWDED ? load : COST_CROWDED - 1;

	if (!dns_connection_is_open(connection))
		cost += COST_NOT_OPEN;
	if (!in_trouble)
		return cost + (slow ? COST_UNLIKE : 0);
	if (!slow)
		return cost + (standing->slow * 2 < standing->count ? COST_CROWDED : COST_UNLIKE);
	return cost + (load < crowded_at(client) ? 0 : COST_ELSEWHERE);
}

/* The best of those that stand, or NULL. */
static struct dns_connection *client_find(const struct dns_client *client, const struct dns_connection *besides,
					  bool in_trouble)
{
	size_t count = client->count < connections_max(client) ? client->count : connections_max(client);
	struct standing standing = {0};
	struct dns_connection *best = NULL;
	size_t best_cost = 0;

	if (in_trouble)
		standing = client_count(client);
	for (size_t i = 0; i < count; i++) {
		struct dns_connection *connection = client->connections[i];
		size_t cost;

		if (connection == besides || !is_in_use(client, connection))
			continue;
		cost = cost_of(client, connection, in_trouble, &standing);
		if (!best || cost < best_cost) {
			best = connection;
			best_cost = cost;
		}
	}
	return best;
}

/* It is as good as the others from now on. */
static struct dns_connection *spare_take_over(struct dns_client *client)
{
	struct dns_connection *connection = client->spare.connection;

	client->spare.connection = NULL;
	if (connection)
		dns_connection_set_on_trial(connection, false);
	return connection;
}

/* Where nothing stands, the one on trial has to do, or else one is made. NULL without memory. */
static struct dns_connection *client_choose(struct dns_client *client, bool in_trouble)
{
	struct dns_connection *connection = client_find(client, NULL, in_trouble);

	if (connection)
		return connection;
	if (client->spare.connection)
		return spare_take_over(client);
	return client->count ? client->connections[0] : client_add(client);
}

/* ---- A further connection ---- */

static void spare_fail(struct dns_client *client, const char *why)
{
	const struct env *env = client->line.env;
	struct spare *spare = &client->spare;
	unsigned doublings = spare->failures < DOUBLINGS_MAX ? spare->failures : DOUBLINGS_MAX;
	uint64_t pause_ms = (uint64_t)TRIAL_AGAIN_MS << doublings;
	char primary[PEER_TEXT_MAX];
	uint16_t chance;

	env->random(env->ctx, &chance, sizeof chance);
	spare->failures++;
	spare->not_before_ms = env_now_ms(env) + pause_ms + pause_ms / 4 * chance / UINT16_MAX;
	LOG_REPEATED(LOG_INFO, "primary-connections", log_text("primary", peer_format(&client->line.primary, primary)),
		     log_text("text", "it serves no further connection; those that there are have to do"),
		     log_text("why", why));
}

static void spare_on_reply(void *ctx, const struct dns_result *result)
{
	struct dns_client *client = ctx;
	struct spare *spare = &client->spare;

	tsig_key_free(&spare->key);
	if (dns_is_answered(result))
		spare->failures = 0;
	else if (spare->connection)
		spare_fail(client, result->why);
	spare_take_over(client);
}

static struct dns_connection *client_find_dead(const struct dns_client *client)
{
	for (size_t i = 0; i < client->count && i < connections_max(client); i++) {
		if (!dns_connection_stands(client->connections[i]) && dns_connection_is_free(client->connections[i]))
			return client->connections[i];
	}
	return NULL;
}

/* Asks for the SOA of that exchange's zone, with its key, neither of which may live until the reply. */
static struct dns_exchange *spare_exchange(struct dns_client *client, const struct dns_exchange *like)
{
	struct dns_exchange *exchange = calloc(1, sizeof *exchange);
	struct spare *spare = &client->spare;

	if (!exchange || tsig_key_copy(like->key, &spare->key) != TSIG_OK) {
		free(exchange);
		return NULL;
	}
	spare->zone = *like->request.zone;
	spare->ticket = (struct dns_ticket){.lane = spare};
	*exchange = (struct dns_exchange){.request = {.kind = DNS_SOA, .zone = &spare->zone},
					  .key = spare->key,
					  .ticket = &spare->ticket,
					  .done = spare_on_reply,
					  .ctx = client};
	return exchange;
}

/* Begins a trial, unless there is one, or another connection is not allowed. */
static void client_grow(struct dns_client *client, const struct dns_exchange *like)
{
	struct spare *spare = &client->spare;
	struct dns_connection *connection;
	struct dns_exchange *exchange;

	if (spare->key || client_count(client).count >= connections_max(client) ||
	    env_now_ms(client->line.env) < spare->not_before_ms)
		return;
	connection = client_find_dead(client);
	if (!connection && client->count < connections_max(client))
		connection = client_add(client);
	if (!connection)
		return;
	exchange = spare_exchange(client, like);
	if (!exchange)
		return;
	spare->connection = connection;
	spare->begun_ms = env_now_ms(client->line.env);
	dns_connection_set_on_trial(connection, true);
	dns_connection_take(connection, exchange);
	client_arm(client, TRIAL_PATIENCE_MS);
}

/* Whether it is no good for such a lane: those in trouble and the others are to be apart. */
static bool is_unlike(const struct dns_client *client, const struct dns_connection *best, bool in_trouble)
{
	if (dns_connection_load(best) == 0)
		return false;
	return in_trouble ? client_count(client).count == 1 && !dns_connection_is_slow(best)
			  : dns_connection_is_slow(best);
}

/* Whether another connection would be better than the best that there is. */
static bool is_to_grow(const struct dns_client *client, const struct dns_connection *best, bool in_trouble)
{
	return connections_max(client) > 1 && dns_connection_is_open(best) &&
	       (dns_connection_load(best) >= crowded_at(client) || is_unlike(client, best, in_trouble));
}

/* The one for a lane of which nothing is under way; NULL without memory. */
static struct dns_connection *client_assign(struct dns_client *client, const struct dns_exchange *exchange)
{
	bool in_trouble = exchange->ticket->in_trouble;
	struct dns_connection *best = client_choose(client, in_trouble);
	struct spare *spare = &client->spare;

	if (!best || !is_to_grow(client, best, in_trouble))
		return best;
	client_grow(client, exchange);
	if (spare->connection && is_unlike(client, best, in_trouble) &&
	    env_now_ms(client->line.env) < spare->begun_ms + TRIAL_PATIENCE_MS)
		return spare->connection;
	return best;
}

/* What has gathered while it was connecting. */
static void client_on_opened(void *ctx, struct dns_connection *connection, const struct dns_exchange *first)
{
	struct dns_client *client = ctx;

	if (connection != client->spare.connection && client->lanes.count > 1 && is_to_grow(client, connection, false))
		client_grow(client, first);
}

/* ---- Lanes ---- */

static uint64_t hash_of_lane(const void *key)
{
	/* The finalizer of MurmurHash3: addresses differ in their middle. */
	uint64_t hash = (uintptr_t)key;

	hash ^= hash >> 33;
	hash *= 0xff51afd7ed558ccdU;
	return hash ^ hash >> 33;
}

static struct dns_lane *lane_find(const struct dns_client *client, const void *key)
{
	struct table_node *node = table_find(&client->lanes, hash_of_lane(key));

	while (node && TABLE_OWNER(node, struct dns_lane, by_key)->key != key)
		node = table_find_next(node);
	return node ? TABLE_OWNER(node, struct dns_lane, by_key) : NULL;
}

/* NULL without memory. */
static struct dns_lane *lane_new(struct dns_client *client, const void *key)
{
	struct dns_lane *lane = calloc(1, sizeof *lane);

	if (!lane)
		return NULL;
	lane->key = key;
	table_add(&client->lanes, &lane->by_key, hash_of_lane(key));
	return lane;
}

/* The exchange is on that connection, to which its lane keeps from now on. */
static void lane_place(struct dns_exchange *exchange, struct dns_connection *connection)
{
	struct dns_lane *lane = exchange->lane;

	if (!lane)
		return;
	if (lane->connection != connection) {
		lane->connection = connection;
		lane->placed = 0;
		lane->pin++;
	}
	lane->placed += exchange->pin != lane->pin;
	exchange->pin = lane->pin;
}

/* A connection on which the lane has nothing may be freed at any time. */
static void lane_leave(struct dns_client *client, const struct dns_exchange *exchange)
{
	struct dns_lane *lane = exchange->lane;

	if (!lane)
		return;
	if (lane->connection && exchange->pin == lane->pin && --lane->placed == 0)
		lane->connection = NULL;
	if (--lane->under_way)
		return;
	table_remove(&client->lanes, &lane->by_key);
	free(lane);
}

/* ---- What connections tell ---- */

static void client_count_end(struct dns_client *client, const struct dns_exchange *exchange,
			     const struct dns_result *result)
{
	if (result->local || exchange->done == spare_on_reply)
		return;
	client->line.stats.unknown += result->verdict == DNS_UNKNOWN;
	client->line.stats.unreachable += result->verdict == DNS_UNREACHABLE;
}

/* It goes over the connection of its lane, or else a new one. Without memory for that it stays whose it was. */
static enum status client_dispatch(struct dns_client *client, struct dns_exchange *exchange)
{
	struct dns_connection *connection = exchange->lane ? exchange->lane->connection : NULL;

	if (!connection || !dns_connection_stands(connection))
		connection = client_assign(client, exchange);
	if (!connection)
		return STATUS_NO_MEMORY;
	lane_place(exchange, connection);
	dns_connection_take(connection, exchange);
	return STATUS_OK;
}

static bool client_is_full(const struct dns_client *client)
{
	return client->line.options.updates_max && client->line.under_way >= client->line.options.updates_max;
}

/* Those that waited until fewer were under way. */
static void client_release(struct dns_client *client)
{
	while (!TAILQ_EMPTY(&client->held) && !client_is_full(client)) {
		struct dns_exchange *exchange = TAILQ_FIRST(&client->held);

		TAILQ_REMOVE(&client->held, exchange, link);
		if (client_dispatch(client, exchange) == STATUS_OK)
			continue;
		TAILQ_INSERT_HEAD(&client->held, exchange, link);
		return;
	}
}

/* A spare one, so that who comes next need not stand behind what takes so long. */
static void client_on_stalled(void *ctx, const struct dns_exchange *exchange)
{
	struct dns_client *client = ctx;
	struct dns_connection *best = client_find(client, NULL, false);

	if (best && is_to_grow(client, best, false))
		client_grow(client, exchange);
	client_release(client);
}

static void client_on_given_up(void *ctx, const struct dns_exchange *exchange, const struct dns_result *result)
{
	struct dns_client *client = ctx;
	dns_done_fn *done = exchange->done;
	void *done_ctx = exchange->ctx;

	client_count_end(client, exchange, result);
	client_release(client);
	done(done_ctx, result);
}

static void client_on_forgotten(void *ctx, struct dns_exchange *exchange)
{
	lane_leave(ctx, exchange);
	free(exchange);
}

static void client_on_over(void *ctx, struct dns_exchange *exchange, const struct dns_result *result)
{
	struct dns_client *client = ctx;
	dns_done_fn *done = exchange->done;
	void *done_ctx = exchange->ctx;

	client_count_end(client, exchange, result);
	lane_leave(client, exchange);
	free(exchange);
	client_release(client);
	done(done_ctx, result);
}

/* What has not left goes over another connection, if one is open; else it stays in the list. */
static void client_move(struct dns_client *client, struct dns_connection *connection, struct dns_exchanges *unsent)
{
	struct dns_exchange *exchange, *next;

	for (exchange = TAILQ_FIRST(unsent); exchange; exchange = next) {
		struct dns_connection *other = client_find(client, connection, exchange->ticket->in_trouble);

		next = TAILQ_NEXT(exchange, link);
		if (exchange->done == spare_on_reply || !other || !dns_connection_is_open(other))
			continue;
		TAILQ_REMOVE(unsent, exchange, link);
		lane_place(exchange, other);
		dns_connection_take(other, exchange);
	}
}

static void client_on_ended(void *ctx, struct dns_connection *connection, struct dns_exchanges *unsent)
{
	struct dns_client *client = ctx;

	client_arm(client, 0);
	client_move(client, connection, unsent);
	/* Who waits for its turn is not to find out one after the other. */
	if (!client_find(client, connection, false))
		TAILQ_CONCAT(unsent, &client->held, link);
}

/* Who waits for it has waited long enough. */
static void spare_send_away(struct dns_client *client)
{
	struct dns_exchanges waiting = TAILQ_HEAD_INITIALIZER(waiting);
	struct dns_connection *connection = client->spare.connection;
	struct dns_exchange *exchange;

	if (!connection || env_now_ms(client->line.env) < client->spare.begun_ms + TRIAL_PATIENCE_MS)
		return;
	dns_connection_take_back(connection, &waiting);
	client_move(client, connection, &waiting);
	while ((exchange = TAILQ_FIRST(&waiting))) {
		TAILQ_REMOVE(&waiting, exchange, link);
		dns_connection_take(connection, exchange);
	}
}

/* Until the timer is to go next. */
static uint64_t client_pause_ms(const struct dns_client *client)
{
	uint64_t waited_ms = env_now_ms(client->line.env) - client->spare.begun_ms;

	return client->spare.connection && waited_ms < TRIAL_PATIENCE_MS ? TRIAL_PATIENCE_MS - waited_ms : SWEEP_MS;
}

/* Those that are not needed any more: they have ended, are too many, or had nothing to do for a while. */
static void client_on_timer(void *ctx)
{
	struct dns_client *client = ctx;
	uint64_t now_ms = env_now_ms(client->line.env);
	size_t standing = client_count(client).count;

	spare_send_away(client);
	for (size_t i = client->count; i-- > 0 && client->count > 1;) {
		struct dns_connection *connection = client->connections[i];
		bool stands = dns_connection_stands(connection);
		bool is_idle = now_ms - dns_connection_used_ms(connection) >= IDLE_MS;

		if (connection == client->spare.connection || !dns_connection_is_free(connection) ||
		    (stands && standing == 1) || (stands && !is_idle && i < connections_max(client)))
			continue;
		standing -= stands;
		client_drop(client, i);
	}
	client_arm(client, client_pause_ms(client));
}

/* ---- The verbs ---- */

enum status dns_client_new(const struct env *env, const struct transport_maker *maker, const struct peer *primary,
			   const struct dns_client_options *options, struct dns_client **out)
{
	struct dns_client *client = calloc(1, sizeof *client);

	if (!client)
		return STATUS_NO_MEMORY;
	client->line.env = env;
	client->line.maker = *maker;
	client->line.primary = *primary;
	client->line.options = *options;
	client->line.over = client_on_over;
	client->line.given_up = client_on_given_up;
	client->line.forgotten = client_on_forgotten;
	client->line.opened = client_on_opened;
	client->line.ended = client_on_ended;
	client->line.stalled = client_on_stalled;
	client->line.ctx = client;
	TAILQ_INIT(&client->held);
	histogram_init_ms(&client->line.stats.round_trip_ms);
	client->timer = env->timer_new(env->ctx, client_on_timer, client);
	if (client->timer && table_init(&client->lanes) == STATUS_OK) {
		*out = client;
		return STATUS_OK;
	}
	dns_client_free(&client);
	return STATUS_NO_MEMORY;
}

void dns_client_free(struct dns_client **client_pointer)
{
	struct dns_client *client = *client_pointer;
	struct dns_exchange *exchange;
	struct table_node *node;

	*client_pointer = NULL;
	if (!client)
		return;
	while (client->count)
		client_drop(client, client->count - 1);
	free(client->connections);
	while ((exchange = TAILQ_FIRST(&client->held))) {
		TAILQ_REMOVE(&client->held, exchange, link);
		free(exchange);
	}
	while ((node = table_any(&client->lanes))) {
		table_remove(&client->lanes, node);
		free(TABLE_OWNER(node, struct dns_lane, by_key));
	}
	table_fini(&client->lanes);
	tsig_key_free(&client->spare.key);
	if (client->timer)
		client->line.env->timer_free(&client->timer);
	free(client);
}

const struct dns_client_stats *dns_client_stats(const struct dns_client *client)
{
	return &client->line.stats;
}

size_t dns_client_connections(const struct dns_client *client)
{
	size_t open = 0;

	for (size_t i = 0; i < client->count; i++)
		open += dns_connection_is_open(client->connections[i]);
	return open;
}

void dns_client_set_options(struct dns_client *client, const struct dns_client_options *options)
{
	client->line.options = *options;
	client_arm(client, 0);
}

const struct peer *dns_client_primary(const struct dns_client *client)
{
	return &client->line.primary;
}

bool dns_client_is_connected(const struct dns_client *client)
{
	return dns_client_connections(client) > 0;
}

static struct dns_exchange *exchange_new(const struct dns_request *request, const struct tsig_key *key,
					 struct dns_ticket *ticket, dns_done_fn *done, void *ctx)
{
	struct dns_exchange *exchange = calloc(1, sizeof *exchange);

	if (!exchange)
		return NULL;
	exchange->request = *request;
	exchange->key = key;
	exchange->ticket = ticket;
	exchange->done = done;
	exchange->ctx = ctx;
	return exchange;
}

/* Puts the exchange on its lane, which has a connection then. False without memory. */
static bool client_enter_lane(struct dns_client *client, struct dns_exchange *exchange)
{
	struct dns_lane *lane = lane_find(client, exchange->ticket->lane);

	if (!lane)
		lane = lane_new(client, exchange->ticket->lane);
	if (!lane)
		return false;
	exchange->lane = lane;
	lane->under_way++;
	return true;
}

enum status dns_client_send(struct dns_client *client, const struct dns_request *request, const struct tsig_key *key,
			    struct dns_ticket *ticket, dns_done_fn *done, void *ctx)
{
	struct dns_exchange *exchange = exchange_new(request, key, ticket, done, ctx);
	enum status status = STATUS_OK;

	if (!exchange)
		return STATUS_NO_MEMORY;
	if (ticket->lane && !client_enter_lane(client, exchange)) {
		free(exchange);
		return STATUS_NO_MEMORY;
	}
	if (!dns_is_query(request->kind) && client_is_full(client))
		TAILQ_INSERT_TAIL(&client->held, exchange, link);
	else
		status = client_dispatch(client, exchange);
	if (status != STATUS_OK) {
		lane_leave(client, exchange);
		free(exchange);
	}
	return status;
}
