#include "dns/connection.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum {
	RECEIVE_MAX = FRAME_HEAD + DNS_MESSAGE_MAX,
	GIVEN_UP_MAX = 64,
	SLOW_MS = 500, /* and at least so many times what is usual */
	SLOW_TIMES = 4,
	USUAL_OF = 16, /* replies that the usual time is a mean of, the later ones counting more */
};

struct dns_connection {
	struct dns_line *line;
	struct env_timer *timer;

	struct transport *transport; /* NULL: no connection */
	bool open, on_trial;
	unsigned number; /* tells a connection from all others of the line */
	unsigned ends;   /* how often it has ended, to see whether it just did */
	uint64_t connect_deadline_ms;
	uint64_t believed;  /* replies of this connection that were believed */
	const char *broken; /* why the transport cannot be used any more, else NULL; the timer acts on it */
	uint64_t used_ms;

	struct dns_exchanges waiting;
	struct dns_exchanges sent;     /* earliest deadline first */
	struct dns_exchange *prompt;   /* the first in `sent` that has not stalled yet; NULL: there is none */
	struct dns_exchanges given_up; /* without a reply in time, the oldest first */
	size_t waiting_count, sent_count, given_up_count;
	size_t in_trouble; /* of lanes that are so */

	size_t received_len;
	uint8_t received[RECEIVE_MAX];
};

/* ---- What is usual ---- */

uint64_t dns_line_slow_ms(const struct dns_line *line)
{
	uint64_t slow_ms = SLOW_TIMES * line->usual_us16 / USUAL_OF / 1000,
		 half_ms = line->options.reply_timeout_ms / 2;

	if (slow_ms < SLOW_MS)
		slow_ms = SLOW_MS;
	return slow_ms < half_ms ? slow_ms : half_ms;
}

static void line_note_time(struct dns_line *line, uint64_t took_ms)
{
	line->usual_us16 += took_ms * 1000 - line->usual_us16 / USUAL_OF;
}

/* Others' queries say nothing of how it is with UPDATEs. */
static bool exchange_is_update(const struct dns_exchange *exchange)
{
	return !dns_is_query(exchange->request.kind) && exchange->request.kind != DNS_NOTHING;
}

static void heard_note(struct dns_heard *heard, const void *lane, uint64_t at)
{
	if (heard->lane != lane)
		*heard = (struct dns_heard){.lane = lane, .others_at = heard->at};
	heard->at = at;
}

static void line_note_reply(struct dns_line *line, const struct dns_exchange *exchange)
{
	line->heard++;
	heard_note(&line->any, exchange->ticket->lane, line->heard);
	if (exchange_is_update(exchange))
		heard_note(&line->updates, exchange->ticket->lane, line->heard);
}

/* Whether others than its lane have been answered since it was sent. */
static bool others_were_answered(const struct dns_line *line, const struct dns_exchange *exchange)
{
	const struct dns_heard *heard = exchange_is_update(exchange) ? &line->updates : &line->any;

	return (heard->lane == exchange->ticket->lane ? heard->others_at : heard->at) > exchange->heard_before;
}

/* ---- What was given up ---- */

static struct dns_exchange *find_in(const struct dns_exchanges *exchanges, uint16_t id)
{
	struct dns_exchange *exchange;

	TAILQ_FOREACH(exchange, exchanges, link) {
		if (exchange->id == id)
			return exchange;
	}
	return NULL;
}

static void forget_one(struct dns_connection *connection, struct dns_exchange *exchange)
{
	TAILQ_REMOVE(&connection->given_up, exchange, link);
	connection->given_up_count--;
	connection->line->forgotten(connection->line->ctx, exchange);
}

static void forget_all(struct dns_connection *connection)
{
	while (!TAILQ_EMPTY(&connection->given_up))
		forget_one(connection, TAILQ_FIRST(&connection->given_up));
}

/* ---- The timer ---- */

/* Whether more may be sent now. */
static bool may_send(const struct dns_connection *connection)
{
	size_t max = connection->on_trial ? 1 : SENT_MAX;

	return connection->open && !connection->broken && connection->sent_count < max;
}

static uint64_t oldest_due_ms(const struct dns_connection *connection)
{
	const struct dns_exchange *oldest = TAILQ_FIRST(&connection->sent);
	uint64_t stalls_ms = ENV_NEVER_MS;

	if (!oldest)
		return ENV_NEVER_MS;
	if (connection->prompt)
		stalls_ms = connection->prompt->sent_ms + dns_line_slow_ms(connection->line);
	return stalls_ms < oldest->deadline_ms ? stalls_ms : oldest->deadline_ms;
}

static void connection_arm(struct dns_connection *connection)
{
	const struct env *env = connection->line->env;
	uint64_t at_ms;

	if (connection->broken || (may_send(connection) && !TAILQ_EMPTY(&connection->waiting)))
		at_ms = env_now_ms(env);
	else if (connection->transport && !connection->open)
		at_ms = connection->connect_deadline_ms;
	else
		at_ms = oldest_due_ms(connection);
	if (at_ms == ENV_NEVER_MS)
		env->timer_stop(connection->timer);
	else
		env->timer_set(connection->timer, at_ms);
}

/* ---- What the line counts ---- */

static void line_count(struct dns_line *line, struct dns_exchange *exchange)
{
	exchange->counted = !dns_is_query(exchange->request.kind);
	line->under_way += exchange->counted;
}

static void line_discount(struct dns_line *line, struct dns_exchange *exchange)
{
	line->under_way -= exchange->counted;
	exchange->counted = false;
}

/* ---- Ends ---- */

static void take_out_sent(struct dns_connection *connection, struct dns_exchange *exchange)
{
	if (connection->prompt == exchange)
		connection->prompt = TAILQ_NEXT(exchange, link);
	TAILQ_REMOVE(&connection->sent, exchange, link);
	connection->sent_count--;
	connection->in_trouble -= exchange->ticket->in_trouble;
}

static void exchange_is_over(struct dns_line *line, struct dns_exchange *exchange, const struct dns_result *result)
{
	line_discount(line, exchange);
	line->over(line->ctx, exchange, result);
}

/* `culprit`: what the connection ended for; NULL: nothing that was on it. */
static void all_are_over(struct dns_line *line, struct dns_exchanges *exchanges, const struct dns_exchange *culprit,
			 struct dns_result result)
{
	struct dns_exchange *exchange;

	while ((exchange = TAILQ_FIRST(exchanges))) {
		TAILQ_REMOVE(exchanges, exchange, link);
		result.bystander = culprit && exchange != culprit;
		result.others_answered = result.verdict == DNS_UNKNOWN && others_were_answered(line, exchange);
		exchange_is_over(line, exchange, &result);
	}
}

/* The lists are moved away first, because done() may send again, on a new connection. */
static void disconnect(struct dns_connection *connection, const char *why, bool by_primary,
		       const struct dns_exchange *culprit)
{
	struct dns_exchanges sent = TAILQ_HEAD_INITIALIZER(sent), waiting = TAILQ_HEAD_INITIALIZER(waiting);
	struct dns_line *line = connection->line;
	struct dns_result unknown = {
		.verdict = DNS_UNKNOWN,
		.why = why,
		.had_worked = by_primary && connection->believed > 0,
		.connection = connection->number,
	};
	struct dns_result unreachable = unknown;
	struct dns_exchange *exchange;
	char primary[PEER_TEXT_MAX];

	unreachable.verdict = DNS_UNREACHABLE;
	LOG(LOG_DEBUG, "primary-disconnected", log_text("primary", peer_format(&line->primary, primary)),
	    log_text("why", why));
	if (connection->transport)
		line->maker.ops->close(&connection->transport);
	line->turn += connection->believed == 0;
	connection->open = connection->on_trial = false;
	connection->broken = NULL;
	connection->prompt = NULL;
	connection->received_len = 0;
	connection->ends++;
	connection->sent_count = connection->waiting_count = connection->in_trouble = 0;
	forget_all(connection);
	TAILQ_CONCAT(&sent, &connection->sent, link);
	TAILQ_CONCAT(&waiting, &connection->waiting, link);
	connection_arm(connection);
	TAILQ_FOREACH(exchange, &waiting, link)
		line_discount(line, exchange);
	line->ended(line->ctx, connection, &waiting);
	all_are_over(line, &sent, culprit, unknown);
	all_are_over(line, &waiting, culprit, unreachable);
}

/* ---- Sending ---- */

static struct dns_exchange *find_sent(const struct dns_connection *connection, uint16_t id)
{
	return find_in(&connection->sent, id);
}

static uint16_t fresh_id(const struct dns_connection *connection)
{
	const struct env *env = connection->line->env;
	uint16_t id;

	do
		env->random(env->ctx, &id, sizeof id);
	while (find_sent(connection, id) || find_in(&connection->given_up, id));
	return id;
}

/* Writes the signed message into line->message; returns its length including the frame's head, 0 on failure. */
static size_t write_message(struct dns_connection *connection, struct dns_exchange *exchange)
{
	struct dns_line *line = connection->line;
	struct tsig_signing how = {.time_s = env_wall_s(line->env) - line->options.aged_s,
				   .fudge_s = line->options.fudge_s};
	uint8_t *wire = line->message + FRAME_HEAD;
	size_t len;

	exchange->signed_s = how.time_s;
	exchange->id = fresh_id(connection);
	if (dns_request_write(&exchange->request, exchange->id, wire, DNS_MESSAGE_MAX, &len) != STATUS_OK ||
	    tsig_sign(wire, &len, DNS_MESSAGE_MAX, exchange->key, &how, &exchange->mac) != TSIG_OK)
		return 0;
	line->message[0] = (uint8_t)(len >> 8);
	line->message[1] = (uint8_t)len;
	return FRAME_HEAD + len;
}

/* Sends what waits. Returns NULL, or why that is impossible. */
static const char *transmit(struct dns_connection *connection, struct dns_exchange *exchange)
{
	struct dns_line *line = connection->line;
	size_t len;

	if (exchange->ticket->withdrawn)
		return "nobody waits for it any more";
	len = write_message(connection, exchange);
	if (len == 0)
		return "the message could not be built";
	exchange->sent_ms = env_now_ms(line->env);
	exchange->deadline_ms = exchange->sent_ms + line->options.reply_timeout_ms;
	exchange->believed_before = connection->believed;
	exchange->heard_before = line->heard;
	TAILQ_REMOVE(&connection->waiting, exchange, link);
	connection->waiting_count--;
	TAILQ_INSERT_TAIL(&connection->sent, exchange, link);
	connection->sent_count++;
	if (!connection->prompt)
		connection->prompt = exchange;
	line->stats.sent++;
	exchange->ticket->sent = true;
	if (line->maker.ops->send(connection->transport, line->message, len) != STATUS_OK)
		connection->broken = "sending failed";
	return NULL;
}

static void send_waiting(struct dns_connection *connection)
{
	struct dns_result unsent = {.verdict = DNS_UNREACHABLE, .local = true};

	while (may_send(connection) && !TAILQ_EMPTY(&connection->waiting)) {
		struct dns_exchange *exchange = TAILQ_FIRST(&connection->waiting);

		unsent.why = transmit(connection, exchange);
		if (!unsent.why)
			continue;
		TAILQ_REMOVE(&connection->waiting, exchange, link);
		connection->waiting_count--;
		connection->in_trouble -= exchange->ticket->in_trouble;
		exchange_is_over(connection->line, exchange, &unsent);
	}
	connection_arm(connection);
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

static struct dns_result judge_signed(const struct dns_line *line, const struct dns_exchange *exchange,
				      const struct dns_reply *reply, const struct tsig_report *report)
{
	struct dns_result result = {
		.verdict = DNS_VERIFIED,
		.rcode = reply->rcode,
		.answer = reply->answer,
		.has_clock_offset = true,
		.clock_offset_s = (int64_t)report->time_s - (int64_t)env_wall_s(line->env),
		.echoes_time = line->options.aged_s && report->time_s == exchange->signed_s,
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
		result.clock_offset_s = (int64_t)report->server_time_s - (int64_t)env_wall_s(line->env);
	return result;
}

/*
 * Decides what a reply to this request is worth. RFC 8945 section 5.4. Its header has the request's ID, or it would not
 * have been found. The ID that was signed may be another one: a forwarder gives messages IDs of its own, and primaries
 * sign their replies with those; section 4.2 has the original ID for that. What ties a reply to its request is the
 * request's MAC.
 */
static struct dns_result judge(struct dns_line *line, const struct dns_exchange *exchange, uint8_t *wire, size_t len)
{
	struct tsig_checking how = {
		.now_s = env_wall_s(line->env),
		.request_mac = &exchange->mac,
	};
	struct tsig_report report = {0};
	enum tsig_status status = tsig_verify(wire, &len, exchange->key, &how, &report);
	struct dns_reply reply;

	if (status != TSIG_OK && status != TSIG_UNSIGNED && status != TSIG_UNSIGNED_ERROR)
		return distrust(tsig_status_text(status));
	if (dns_reply_read(wire, len, &exchange->request, line->room, &reply) != STATUS_OK)
		return distrust("the reply is truncated or malformed, or answers something else");
	if (status == TSIG_OK)
		return judge_signed(line, exchange, &reply, &report);
	return judge_unsigned(&reply, status == TSIG_UNSIGNED_ERROR ? report.error : 0);
}

static void count_reply(struct dns_client_stats *stats, const struct dns_result *result, uint64_t took_ms)
{
	histogram_add(&stats->round_trip_ms, took_ms);
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

static void take_message(struct dns_connection *connection, uint8_t *wire, size_t len)
{
	struct dns_exchange *exchange = len >= DNS_HEADER_LEN ? find_sent(connection, dns_message_id(wire)) : NULL;
	struct dns_line *line = connection->line;
	struct dns_result result;
	uint64_t took_ms;

	if (!exchange) {
		LOG(LOG_DEBUG, "reply-ignored", log_text("text", "a message that answers no request of ours"));
		exchange = len >= DNS_HEADER_LEN ? find_in(&connection->given_up, dns_message_id(wire)) : NULL;
		if (exchange)
			forget_one(connection, exchange);
		return;
	}
	result = judge(line, exchange, wire, len);
	if (result.verdict == DNS_UNKNOWN) {
		disconnect(connection, result.why, false, exchange);
		return;
	}
	connection->used_ms = env_now_ms(line->env);
	took_ms = connection->used_ms - exchange->sent_ms;
	result.slow = took_ms >= dns_line_slow_ms(line);
	line_note_time(line, took_ms);
	count_reply(&line->stats, &result, took_ms);
	connection->believed++;
	line_note_reply(line, exchange);
	take_out_sent(connection, exchange);
	exchange_is_over(line, exchange, &result);
}

/* Octets of the first message in the buffer with its frame's head, 0 while it is not complete. */
static size_t complete_frame(const struct dns_connection *connection)
{
	size_t len;

	if (connection->received_len < FRAME_HEAD)
		return 0;
	len = FRAME_HEAD + (size_t)(connection->received[0] << 8 | connection->received[1]);
	return connection->received_len >= len ? len : 0;
}

/* Takes all complete messages out of the buffer. Returns whether the connection still stands. */
static bool take_complete(struct dns_connection *connection)
{
	unsigned ends = connection->ends;
	size_t len;

	while ((len = complete_frame(connection))) {
		take_message(connection, connection->received + FRAME_HEAD, len - FRAME_HEAD);
		if (connection->ends != ends)
			return false;
		connection->received_len -= len;
		memmove(connection->received, connection->received + len, connection->received_len);
	}
	return true;
}

static void on_received(void *ctx, const uint8_t *octets, size_t len)
{
	struct dns_connection *connection = ctx;

	while (len) {
		size_t room = sizeof connection->received - connection->received_len, piece = len < room ? len : room;

		/* There is room, because a full buffer holds a complete frame. */
		memcpy(connection->received + connection->received_len, octets, piece);
		connection->received_len += piece;
		octets += piece;
		len -= piece;
		if (!take_complete(connection))
			return;
	}
	connection_arm(connection);
}

/* ---- Connecting ---- */

static void on_opened(void *ctx)
{
	struct dns_connection *connection = ctx;

	struct dns_line *line = connection->line;

	connection->open = true;
	if (!TAILQ_EMPTY(&connection->waiting))
		line->opened(line->ctx, connection, TAILQ_FIRST(&connection->waiting));
	send_waiting(connection);
}

static void on_closed(void *ctx, const char *why)
{
	disconnect(ctx, why, true, NULL);
}

static const struct transport_events connection_events = {
	.opened = on_opened, .received = on_received, .closed = on_closed};

static void connect_now(struct dns_connection *connection)
{
	struct dns_line *line = connection->line;
	const char *why = "no connection possible";

	connection->believed = 0;
	line->stats.connections++;
	connection->number = (unsigned)line->stats.connections;
	connection->connect_deadline_ms = env_now_ms(line->env) + line->options.connect_timeout_ms;
	if (line->maker.ops->open(line->maker.ctx, &line->primary, line->turn, &connection_events, connection,
				  &connection->transport, &why) != STATUS_OK)
		connection->broken = why;
}

/* It stays known, because the primary has it. */
static void give_up(struct dns_connection *connection, struct dns_exchange *exchange)
{
	struct dns_line *line = connection->line;
	struct dns_result result = {.verdict = DNS_UNKNOWN,
				    .why = "no reply in time",
				    .others_answered = others_were_answered(line, exchange),
				    .connection = connection->number};

	take_out_sent(connection, exchange);
	line_discount(line, exchange);
	TAILQ_INSERT_TAIL(&connection->given_up, exchange, link);
	if (++connection->given_up_count > GIVEN_UP_MAX)
		forget_one(connection, TAILQ_FIRST(&connection->given_up));
	line->given_up(line->ctx, exchange, &result);
}

/*
 * Ends requests whose reply is overdue. If the connection has brought believable replies since a request was sent, the
 * primary is merely slow with this one; else the connection is treated as dead.
 */
static void expire_sent(struct dns_connection *connection, uint64_t now_ms)
{
	struct dns_exchange *exchange;

	while ((exchange = TAILQ_FIRST(&connection->sent)) && exchange->deadline_ms <= now_ms) {
		if (connection->believed == exchange->believed_before) {
			disconnect(connection, "no reply in time", false, exchange);
			return;
		}
		give_up(connection, exchange);
	}
	connection_arm(connection);
}

static void tell_of_stalls(struct dns_connection *connection, uint64_t now_ms)
{
	uint64_t slow_ms = dns_line_slow_ms(connection->line);
	struct dns_line *line = connection->line;
	struct dns_exchange *exchange;

	while ((exchange = connection->prompt) && now_ms - exchange->sent_ms >= slow_ms) {
		connection->prompt = TAILQ_NEXT(exchange, link);
		line_discount(line, exchange);
		line->stalled(line->ctx, exchange);
	}
}

static void connection_on_timer(void *ctx)
{
	struct dns_connection *connection = ctx;
	uint64_t now_ms = env_now_ms(connection->line->env);

	send_waiting(connection);
	if (connection->broken) {
		disconnect(connection, connection->broken, connection->open, NULL);
	} else if (connection->transport && !connection->open && connection->connect_deadline_ms <= now_ms) {
		disconnect(connection, "no connection in time", false, NULL);
	} else {
		tell_of_stalls(connection, now_ms);
		expire_sent(connection, now_ms);
	}
}

/* ---- The verbs ---- */

struct dns_connection *dns_connection_new(struct dns_line *line)
{
	struct dns_connection *connection = calloc(1, sizeof *connection);

	if (!connection)
		return NULL;
	connection->line = line;
	TAILQ_INIT(&connection->waiting);
	TAILQ_INIT(&connection->sent);
	TAILQ_INIT(&connection->given_up);
	connection->timer = line->env->timer_new(line->env->ctx, connection_on_timer, connection);
	if (!connection->timer) {
		free(connection);
		return NULL;
	}
	return connection;
}

static void free_all(struct dns_exchanges *exchanges)
{
	struct dns_exchange *exchange;

	while ((exchange = TAILQ_FIRST(exchanges))) {
		TAILQ_REMOVE(exchanges, exchange, link);
		free(exchange);
	}
}

void dns_connection_free(struct dns_connection **connection_pointer)
{
	struct dns_connection *connection = *connection_pointer;

	*connection_pointer = NULL;
	if (!connection)
		return;
	if (connection->transport)
		connection->line->maker.ops->close(&connection->transport);
	connection->line->env->timer_free(&connection->timer);
	free_all(&connection->waiting);
	free_all(&connection->sent);
	forget_all(connection);
	free(connection);
}

void dns_connection_take(struct dns_connection *connection, struct dns_exchange *exchange)
{
	connection->used_ms = env_now_ms(connection->line->env);
	line_count(connection->line, exchange);
	connection->in_trouble += exchange->ticket->in_trouble;
	connection->waiting_count++;
	TAILQ_INSERT_TAIL(&connection->waiting, exchange, link);
	if (!connection->transport && !connection->broken)
		connect_now(connection);
	/*
	 * Sends at once if possible: the next turn of the loop comes only after all answers of this turn are written.
	 */
	if (TAILQ_FIRST(&connection->waiting) == exchange && may_send(connection))
		(void)transmit(connection, exchange); /* a failure is told by the timer, not now */
	connection_arm(connection);
}

void dns_connection_set_on_trial(struct dns_connection *connection, bool on_trial)
{
	connection->on_trial = on_trial;
	connection_arm(connection);
}

void dns_connection_take_back(struct dns_connection *connection, struct dns_exchanges *unsent)
{
	struct dns_exchange *exchange;

	TAILQ_FOREACH(exchange, &connection->waiting, link) {
		connection->in_trouble -= exchange->ticket->in_trouble;
		line_discount(connection->line, exchange);
	}
	TAILQ_CONCAT(unsent, &connection->waiting, link);
	connection->waiting_count = 0;
	connection_arm(connection);
}

bool dns_connection_stands(const struct dns_connection *connection)
{
	return connection->transport && !connection->broken;
}

bool dns_connection_is_open(const struct dns_connection *connection)
{
	return connection->open && !connection->broken;
}

size_t dns_connection_load(const struct dns_connection *connection)
{
	return connection->waiting_count + connection->sent_count + connection->given_up_count;
}

bool dns_connection_is_free(const struct dns_connection *connection)
{
	return TAILQ_EMPTY(&connection->waiting) && TAILQ_EMPTY(&connection->sent);
}

bool dns_connection_is_slow(const struct dns_connection *connection)
{
	return connection->given_up_count || connection->in_trouble ||
	       connection->prompt != TAILQ_FIRST(&connection->sent);
}

uint64_t dns_connection_used_ms(const struct dns_connection *connection)
{
	return connection->used_ms;
}
