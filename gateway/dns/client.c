/*
 * A request is WAITING until there is a connection, then SENT until its reply, its deadline or the end of the
 * connection.
 *
 *   no connection  --send-->  connecting  --opened-->  open
 *
 * A failure in any of these states leads back to "no connection": closed, timed out, a reply that cannot be believed.
 *
 * When a connection ends, SENT requests end as DNS_UNKNOWN and WAITING ones as DNS_UNREACHABLE.
 */
#include "dns/client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"

struct exchange {
	TAILQ_ENTRY(exchange) link;
	struct dns_request request;
	const struct tsig_key *key;
	uint64_t signed_s; /* the time in its signature */
	struct dns_ticket *ticket;
	dns_done_fn *done;
	void *ctx;
	/* Valid once it was sent: */
	uint16_t id;
	struct tsig_mac mac;
	uint64_t sent_ms;
	uint64_t deadline_ms;
	uint64_t believed_before; /* how many replies of this connection had been believed when it was sent */
};

TAILQ_HEAD(exchanges, exchange);

enum {
	FRAME_HEAD = 2, /* octets of the length before each message, RFC 1035 section 4.2.2 */
	RECEIVE_MAX = FRAME_HEAD + DNS_MESSAGE_MAX,
	SENT_MAX = 1024, /* messages in flight at most; further ones wait, so that a free ID is found quickly */
};

struct dns_client {
	const struct env *env;
	struct transport_maker maker;
	struct peer primary;
	struct dns_client_options options;
	struct env_timer *timer;

	struct transport *transport; /* NULL: no connection */
	bool open;
	unsigned connection_number; /* tells connections apart */
	uint64_t connect_deadline_ms;
	uint64_t believed;  /* replies of this connection that were believed */
	unsigned turn;      /* see transport_ops; grows with each connection on which no reply came */
	const char *broken; /* why the transport cannot be used any more, else NULL; the timer acts on it */

	struct dns_client_stats stats;
	struct exchanges waiting;
	struct exchanges sent; /* earliest deadline first */
	size_t sent_count;

	size_t received_len;
	uint8_t received[RECEIVE_MAX];
	uint8_t message[FRAME_HEAD + DNS_MESSAGE_MAX]; /* the one being written */
	uint8_t room[RRSET_ROOM];                      /* of the RRset in the reply that is being told */
};

/* Whether more may be sent now. */
static bool may_send(const struct dns_client *client)
{
	return client->open && !client->broken && client->sent_count < SENT_MAX;
}

static void arm(struct dns_client *client)
{
	uint64_t at_ms = ENV_NEVER_MS;

	if (client->broken || (may_send(client) && !TAILQ_EMPTY(&client->waiting)))
		at_ms = env_now_ms(client->env);
	else if (client->transport && !client->open)
		at_ms = client->connect_deadline_ms;
	else if (!TAILQ_EMPTY(&client->sent))
		at_ms = TAILQ_FIRST(&client->sent)->deadline_ms;
	if (at_ms == ENV_NEVER_MS)
		client->env->timer_stop(client->timer);
	else
		client->env->timer_set(client->timer, at_ms);
}

/* Gives a request, which has left its list, its result. */
static void finish(struct exchange *exchange, const struct dns_result *result)
{
	dns_done_fn *done = exchange->done;
	void *ctx = exchange->ctx;

	free(exchange);
	done(ctx, result);
}

static void finish_all(struct exchanges *exchanges, const struct dns_result *result, uint64_t *counter)
{
	struct exchange *exchange;

	while ((exchange = TAILQ_FIRST(exchanges))) {
		TAILQ_REMOVE(exchanges, exchange, link);
		++*counter;
		finish(exchange, result);
	}
}

/* Drops the connection. The lists are moved away first, because done() may send again, on a new connection. */
static void disconnect(struct dns_client *client, const char *why, bool by_primary)
{
	struct exchanges sent = TAILQ_HEAD_INITIALIZER(sent), waiting = TAILQ_HEAD_INITIALIZER(waiting);
	struct dns_result unknown = {
		.verdict = DNS_UNKNOWN,
		.why = why,
		.had_worked = by_primary && client->believed > 0,
		.connection = client->connection_number,
	};
	struct dns_result unreachable = unknown;
	char primary[PEER_TEXT_MAX];

	unreachable.verdict = DNS_UNREACHABLE;
	LOG(LOG_DEBUG, "primary-disconnected", log_text("primary", peer_format(&client->primary, primary)),
	    log_text("why", why));
	if (client->transport)
		client->maker.ops->close(&client->transport);
	client->turn += client->believed == 0;
	client->open = false;
	client->broken = NULL;
	client->received_len = 0;
	client->connection_number++;
	client->sent_count = 0;
	TAILQ_CONCAT(&sent, &client->sent, link);
	TAILQ_CONCAT(&waiting, &client->waiting, link);
	arm(client);
	finish_all(&sent, &unknown, &client->stats.unknown);
	finish_all(&waiting, &unreachable, &client->stats.unreachable);
}

/* ---- Sending ---- */

static struct exchange *find_sent(const struct dns_client *client, uint16_t id)
{
	struct exchange *exchange;

	TAILQ_FOREACH(exchange, &client->sent, link) {
		if (exchange->id == id)
			return exchange;
	}
	return NULL;
}

static uint16_t fresh_id(const struct dns_client *client)
{
	uint16_t id;

	do
		client->env->random(client->env->ctx, &id, sizeof id);
	while (find_sent(client, id));
	return id;
}

/* Writes the signed message into client->message; returns its length including the frame's head, 0 on failure. */
static size_t write_message(struct dns_client *client, struct exchange *exchange)
{
	struct tsig_signing how = {.time_s = env_wall_s(client->env) - client->options.aged_s,
				   .fudge_s = client->options.fudge_s};
	uint8_t *wire = client->message + FRAME_HEAD;
	size_t len;

	exchange->signed_s = how.time_s;
	exchange->id = fresh_id(client);
	if (dns_request_write(&exchange->request, exchange->id, wire, DNS_MESSAGE_MAX, &len) != STATUS_OK ||
	    tsig_sign(wire, &len, DNS_MESSAGE_MAX, exchange->key, &how, &exchange->mac) != TSIG_OK)
		return 0;
	client->message[0] = (uint8_t)(len >> 8);
	client->message[1] = (uint8_t)len;
	return FRAME_HEAD + len;
}

/* Sends what waits. Returns NULL, or why that is impossible. */
static const char *transmit(struct dns_client *client, struct exchange *exchange)
{
	size_t len;

	if (exchange->ticket->withdrawn)
		return "nobody waits for it any more";
	len = write_message(client, exchange);
	if (len == 0)
		return "the message could not be built";
	exchange->sent_ms = env_now_ms(client->env);
	exchange->deadline_ms = exchange->sent_ms + client->options.reply_timeout_ms;
	exchange->believed_before = client->believed;
	TAILQ_REMOVE(&client->waiting, exchange, link);
	TAILQ_INSERT_TAIL(&client->sent, exchange, link);
	client->sent_count++;
	client->stats.sent++;
	exchange->ticket->sent = true;
	if (client->maker.ops->send(client->transport, client->message, len) != STATUS_OK)
		client->broken = "sending failed";
	return NULL;
}

static void send_waiting(struct dns_client *client)
{
	struct dns_result unsent = {.verdict = DNS_UNREACHABLE, .local = true};

	while (may_send(client) && !TAILQ_EMPTY(&client->waiting)) {
		struct exchange *exchange = TAILQ_FIRST(&client->waiting);

		unsent.why = transmit(client, exchange);
		if (!unsent.why)
			continue;
		TAILQ_REMOVE(&client->waiting, exchange, link);
		finish(exchange, &unsent);
	}
	arm(client);
}

/* ---- Replies ---- */

/*
 * Which RCODEs a server may send unsigned: it could not read or check the request, or does no updates at all. SERVFAIL
 * is not among them, because a server that could check our signature can sign its reply.
 */
static bool may_be_unsigned(unsigned rcode)
{
	return rcode == DNS_FORMERR || rcode == DNS_NOTIMP || rcode == DNS_REFUSED || rcode == DNS_NOTAUTH;
}

static struct dns_result distrust(const char *why)
{
	return (struct dns_result){.verdict = DNS_UNKNOWN, .why = why};
}

static struct dns_result judge_unsigned(const struct dns_reply *reply, uint16_t tsig_error)
{
	if (!may_be_unsigned(reply->rcode))
		return distrust("the reply is not signed");
	return (struct dns_result){.verdict = DNS_UNSIGNED, .rcode = reply->rcode, .tsig_error = tsig_error};
}

static struct dns_result judge_signed(const struct dns_client *client, const struct exchange *exchange,
				      const struct dns_reply *reply, const struct tsig_report *report)
{
	struct dns_result result = {
		.verdict = DNS_VERIFIED,
		.rcode = reply->rcode,
		.answer = reply->answer,
		.has_clock_offset = true,
		.clock_offset_s = (int64_t)report->time_s - (int64_t)env_wall_s(client->env),
		.echoes_time = client->options.aged_s && report->time_s == exchange->signed_s,
	};

	result.id_was_changed = report->original_id != exchange->id;
	if (report->error == TSIG_RCODE_NOERROR)
		return result;
	if (reply->rcode != DNS_NOTAUTH)
		return distrust("the reply contradicts itself: a TSIG error without NOTAUTH");
	result.verdict = DNS_REJECTED;
	result.tsig_error = report->error;
	result.has_clock_offset = report->has_server_time;
	if (report->has_server_time)
		result.clock_offset_s = (int64_t)report->server_time_s - (int64_t)env_wall_s(client->env);
	return result;
}

/*
 * Decides what a reply to this request is worth. RFC 8945 section 5.4. Its header has the request's ID, or it would not
 * have been found. The ID that was signed may be another one: a forwarder gives messages IDs of its own, and primaries
 * sign their replies with those; section 4.2 has the original ID for that. What ties a reply to its request is the
 * request's MAC.
 */
static struct dns_result judge(struct dns_client *client, const struct exchange *exchange, uint8_t *wire, size_t len)
{
	struct tsig_checking how = {
		.now_s = env_wall_s(client->env),
		.request_mac = &exchange->mac,
	};
	struct tsig_report report = {0};
	enum tsig_status status = tsig_verify(wire, &len, exchange->key, &how, &report);
	struct dns_reply reply;

	if (status != TSIG_OK && status != TSIG_UNSIGNED && status != TSIG_UNSIGNED_ERROR)
		return distrust(tsig_status_text(status));
	if (dns_reply_read(wire, len, &exchange->request, client->room, &reply) != STATUS_OK)
		return distrust("the reply is truncated or malformed, or answers something else");
	if (status == TSIG_OK)
		return judge_signed(client, exchange, &reply, &report);
	return judge_unsigned(&reply, status == TSIG_UNSIGNED_ERROR ? report.error : 0);
}

static void count_reply(struct dns_client *client, const struct exchange *exchange, const struct dns_result *result)
{
	struct dns_client_stats *stats = &client->stats;

	histogram_add(&stats->round_trip_ms, env_now_ms(client->env) - exchange->sent_ms);
	switch (result->tsig_error) {
	case TSIG_RCODE_NOERROR:
		break;
	case TSIG_RCODE_BADKEY:
		stats->tsig_badkey++;
		break;
	case TSIG_RCODE_BADSIG:
		stats->tsig_badsig++;
		break;
	case TSIG_RCODE_BADTIME:
		stats->tsig_badtime++;
		break;
	default:
		stats->tsig_other++;
		break;
	}
}

static void take_message(struct dns_client *client, uint8_t *wire, size_t len)
{
	struct exchange *exchange = len >= DNS_HEADER_LEN ? find_sent(client, dns_message_id(wire)) : NULL;
	struct dns_result result;

	if (!exchange) {
		LOG(LOG_DEBUG, "reply-ignored", log_text("text", "a message that answers no request of ours"));
		return;
	}
	result = judge(client, exchange, wire, len);
	if (result.verdict == DNS_UNKNOWN) {
		disconnect(client, result.why, false);
		return;
	}
	count_reply(client, exchange, &result);
	client->believed++;
	client->sent_count--;
	TAILQ_REMOVE(&client->sent, exchange, link);
	finish(exchange, &result);
}

/* Octets of the first message in the buffer with its frame's head, 0 while it is not complete. */
static size_t complete_frame(const struct dns_client *client)
{
	size_t len;

	if (client->received_len < FRAME_HEAD)
		return 0;
	len = FRAME_HEAD + (size_t)(client->received[0] << 8 | client->received[1]);
	return client->received_len >= len ? len : 0;
}

/* Takes all complete messages out of the buffer. Returns whether the connection still stands. */
static bool take_complete(struct dns_client *client)
{
	unsigned connection_number = client->connection_number;
	size_t len;

	while ((len = complete_frame(client))) {
		take_message(client, client->received + FRAME_HEAD, len - FRAME_HEAD);
		if (client->connection_number != connection_number)
			return false;
		client->received_len -= len;
		memmove(client->received, client->received + len, client->received_len);
	}
	return true;
}

static void on_received(void *ctx, const uint8_t *octets, size_t len)
{
	struct dns_client *client = ctx;

	while (len) {
		size_t room = sizeof client->received - client->received_len, piece = len < room ? len : room;

		/* There is room, because a full buffer holds a complete frame. */
		memcpy(client->received + client->received_len, octets, piece);
		client->received_len += piece;
		octets += piece;
		len -= piece;
		if (!take_complete(client))
			return;
	}
	arm(client);
}

/* ---- Connecting ---- */

static void on_opened(void *ctx)
{
	struct dns_client *client = ctx;

	client->open = true;
	send_waiting(client);
}

static void on_closed(void *ctx, const char *why)
{
	disconnect(ctx, why, true);
}

static const struct transport_events client_events = {
	.opened = on_opened, .received = on_received, .closed = on_closed};

static void connect_now(struct dns_client *client)
{
	const char *why = "no connection possible";

	client->believed = 0;
	client->stats.connections++;
	client->connect_deadline_ms = env_now_ms(client->env) + client->options.connect_timeout_ms;
	if (client->maker.ops->open(client->maker.ctx, &client->primary, client->turn, &client_events, client,
				    &client->transport, &why) != STATUS_OK)
		client->broken = why;
}

/*
 * Ends requests whose reply is overdue. If the connection has brought believable replies since a request was sent, the
 * primary is merely slow with this one; else the connection is treated as dead.
 */
static void expire_sent(struct dns_client *client, uint64_t now_ms)
{
	struct exchange *exchange;

	while ((exchange = TAILQ_FIRST(&client->sent)) && exchange->deadline_ms <= now_ms) {
		if (client->believed == exchange->believed_before) {
			disconnect(client, "no reply in time", false);
			return;
		}
		TAILQ_REMOVE(&client->sent, exchange, link);
		client->sent_count--;
		client->stats.unknown++;
		finish(exchange, &(struct dns_result){.verdict = DNS_UNKNOWN,
						      .why = "no reply in time",
						      .connection = client->connection_number});
	}
	arm(client);
}

static void on_timer(void *ctx)
{
	struct dns_client *client = ctx;
	uint64_t now_ms = env_now_ms(client->env);

	send_waiting(client);
	if (client->broken)
		disconnect(client, client->broken, client->open);
	else if (client->transport && !client->open && client->connect_deadline_ms <= now_ms)
		disconnect(client, "no connection in time", false);
	else
		expire_sent(client, now_ms);
}

/* ---- The verbs ---- */

enum status dns_client_new(const struct env *env, const struct transport_maker *maker, const struct peer *primary,
			   const struct dns_client_options *options, struct dns_client **out)
{
	struct dns_client *client = calloc(1, sizeof *client);

	if (!client)
		return STATUS_NO_MEMORY;
	client->env = env;
	client->maker = *maker;
	client->primary = *primary;
	client->options = *options;
	histogram_init_ms(&client->stats.round_trip_ms);
	TAILQ_INIT(&client->waiting);
	TAILQ_INIT(&client->sent);
	client->timer = env->timer_new(env->ctx, on_timer, client);
	if (!client->timer) {
		free(client);
		return STATUS_NO_MEMORY;
	}
	*out = client;
	return STATUS_OK;
}

static void free_all(struct exchanges *exchanges)
{
	struct exchange *exchange;

	while ((exchange = TAILQ_FIRST(exchanges))) {
		TAILQ_REMOVE(exchanges, exchange, link);
		free(exchange);
	}
}

void dns_client_free(struct dns_client **client_pointer)
{
	struct dns_client *client = *client_pointer;

	*client_pointer = NULL;
	if (!client)
		return;
	if (client->transport)
		client->maker.ops->close(&client->transport);
	client->env->timer_free(&client->timer);
	free_all(&client->waiting);
	free_all(&client->sent);
	free(client);
}

const struct dns_client_stats *dns_client_stats(const struct dns_client *client)
{
	return &client->stats;
}

void dns_client_set_options(struct dns_client *client, const struct dns_client_options *options)
{
	client->options = *options;
}

const struct peer *dns_client_primary(const struct dns_client *client)
{
	return &client->primary;
}

bool dns_client_is_connected(const struct dns_client *client)
{
	return client->open && !client->broken;
}

enum status dns_client_send(struct dns_client *client, const struct dns_request *request, const struct tsig_key *key,
			    struct dns_ticket *ticket, dns_done_fn *done, void *ctx)
{
	struct exchange *exchange = calloc(1, sizeof *exchange);

	if (!exchange)
		return STATUS_NO_MEMORY;
	exchange->request = *request;
	exchange->key = key;
	exchange->ticket = ticket;
	exchange->done = done;
	exchange->ctx = ctx;
	TAILQ_INSERT_TAIL(&client->waiting, exchange, link);
	if (!client->transport && !client->broken)
		connect_now(client);
	/*
	 * Sends at once if possible: the next turn of the loop comes only after all answers of this turn are written.
	 */
	if (TAILQ_FIRST(&client->waiting) == exchange && may_send(client))
		(void)transmit(client, exchange); /* a failure is told by the timer, not by done() now */
	arm(client);
	return STATUS_OK;
}
