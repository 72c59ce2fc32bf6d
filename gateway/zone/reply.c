#include "zone/reply.h"

#include "zone/rejection.h"
#include "zone/set.h"

static bool reply_may_move_on(const struct traffic *traffic, const struct queue_entry *first, bool has_well)
{
	return retry_is_left(&traffic->retry, &first->tries, RETRY_MOVE, has_well) && !entry_is_bound(first);
}

/* Nothing was sent, or nothing believable came back. Who closed a connection that had worked, has it next itself. */
static enum retry_way reply_way_after(const struct traffic *traffic, const struct reply *reply)
{
	if (!reply_may_move_on(traffic, reply->message->first, reply->has_well))
		return RETRY_LATER;
	return reply->result->verdict == DNS_UNKNOWN && reply->result->had_worked ? RETRY_NOW : RETRY_ELSEWHERE;
}

/* As far as there may be one more attempt; a move elsewhere is none. */
static void reply_retry_all(struct traffic *traffic, struct queue_message *message, enum retry_way way, uint64_t now_ms)
{
	enum retry_kind kind = way == RETRY_ELSEWHERE ? RETRY_MOVE : RETRY_ATTEMPT;
	unsigned attempt = message->first->tries.made[RETRY_ATTEMPT] + 1;
	uint64_t retry_at_ms = now_ms + (way == RETRY_LATER ? retry_pause_ms(&traffic->retry, attempt) : 0);
	struct queue_entry *entry = message->first, *next;

	for (; entry; entry = next) {
		next = entry->next_in_message;
		entry->tries.made[kind]++;
		if (kind == RETRY_MOVE)
			entry_go_on(&traffic->entries, entry, now_ms);
		else if (entry_is_wanted(entry) && retry_is_left(&traffic->retry, &entry->tries, RETRY_ATTEMPT, false))
			entry_pause(&traffic->entries, entry, retry_at_ms);
		else
			entry_end(&traffic->entries, entry, entry_undone(entry, OUTCOME_UNREACHABLE), now_ms);
	}
}

static void reply_end_all(struct traffic *traffic, struct queue_message *message, enum outcome_code code,
			  uint64_t now_ms)
{
	struct queue_entry *entry = message->first, *next;

	for (; entry; entry = next) {
		/* If it is so already, it may well have been an earlier attempt that made it so. */
		bool by_us = code == OUTCOME_UNCHANGED && entry->effect == EFFECT_MAYBE_DONE;

		next = entry->next_in_message;
		entry_end(&traffic->entries, entry, by_us ? OUTCOME_CHANGED : code, now_ms);
	}
}

/* What the records have now is not known: before the sets are sent again, they are looked at. */
static void reply_mark_maybe_done(struct traffic *traffic, struct queue_message *message, const void *primary)
{
	for (struct queue_entry *entry = message->first; entry; entry = entry->next_in_message) {
		entry->effect = EFFECT_MAYBE_DONE;
		entry->maybe_at = primary;
		entry->sight = SIGHT_NONE;
		entry_doubt_records(&traffic->entries, entry);
	}
}

/* If nobody signed it, it is not known what became of it. */
static void reply_on_not_implemented(struct traffic *traffic, const struct reply *reply, uint64_t now_ms)
{
	struct queue_message *message = reply->message;

	if (!reply_may_move_on(traffic, message->first, reply->has_well)) {
		entries_refuse(&traffic->entries, message->first, reply->result, now_ms);
		return;
	}
	if (reply->result->verdict != DNS_VERIFIED)
		reply_mark_maybe_done(traffic, message, reply->primary);
	reply_retry_all(traffic, message, RETRY_ELSEWHERE, now_ms);
}

static void reply_on_verified_update(struct traffic *traffic, const struct reply *reply, uint64_t now_ms)
{
	struct queue_message *message = reply->message;

	if (reply->result->rcode == DNS_NOERROR) {
		for (struct queue_entry *entry = message->first; entry; entry = entry->next_in_message) {
			traffic->part_committed = traffic->part_committed || entry->tries.made[RETRY_HALVING];
			hints_keep(&traffic->entries.hints, entry_owner(entry), &entry->set, &entry->added);
			memory_clear_poison(traffic->entries.hints.memory, entry_owner(entry));
		}
		retry_note_commit(&traffic->retry);
		messages_note_commit(traffic, message, now_ms, reply->wall_ms);
		reply_end_all(traffic, message, OUTCOME_CHANGED, now_ms);
	} else if (reply->result->rcode == DNS_NOTIMP) {
		reply_on_not_implemented(traffic, reply, now_ms);
	} else if (reply->result->rcode == DNS_SERVFAIL) {
		rejection_failed(traffic, message, reply->result, reply->has_well && !entry_is_bound(message->first),
				 now_ms);
	} else if (dns_is_about_message(reply->result->rcode)) {
		entries_refuse(&traffic->entries, message->first, reply->result, now_ms);
	} else {
		rejection_take(traffic, message, reply->result, now_ms);
	}
}

static void reply_on_update(struct traffic *traffic, const struct reply *reply, uint64_t now_ms)
{
	struct queue_message *message = reply->message;
	const struct dns_result *result = reply->result;
	struct queue_entry *held_back = message->held_back;

	switch (result->verdict) {
	case DNS_VERIFIED:
		reply_on_verified_update(traffic, reply, now_ms);
		break;
	case DNS_REJECTED:
	case DNS_UNSIGNED:
		/* Knot says BADKEY when its policy is against one of the sets. */
		if (result->rcode == DNS_NOTAUTH &&
		    (result->tsig_error == TSIG_RCODE_NOERROR || result->tsig_error == TSIG_RCODE_BADKEY))
			rejection_take(traffic, message, result, now_ms);
		else if (result->rcode == DNS_NOTIMP)
			reply_on_not_implemented(traffic, reply, now_ms);
		else
			entries_refuse(&traffic->entries, message->first, result, now_ms);
		break;
	case DNS_UNKNOWN:
		reply_mark_maybe_done(traffic, message, reply->primary);
		reply_retry_all(traffic, message, reply_way_after(traffic, reply), now_ms);
		break;
	case DNS_UNREACHABLE:
		reply_retry_all(traffic, message, reply_way_after(traffic, reply), now_ms);
		break;
	}
	if (held_back)
		rejection_sampled(traffic, held_back, result, reply->has_well, now_ms);
}

/*
 * Not all is as memory has it, or the primary does not tell: the records are looked at, or else the UPDATE decides.
 */
static void reply_on_difference(struct traffic *traffic, struct queue_message *message, bool by_difference,
				uint64_t now_ms)
{
	bool hint_failed = false;

	for (struct queue_entry *entry = message->first; entry; entry = entry->next_in_message) {
		bool seen = entry->sight != SIGHT_NONE;

		hint_failed = hint_failed || (by_difference && !seen);
		/* Seen, and so as it is wanted: another one of the message may be to blame. */
		if (by_difference && seen && message->count > 1) {
			entry->doubt = DOUBT_TOGETHER;
			continue;
		}
		if (!by_difference || seen || message->count == 1)
			entry->doubt = DOUBT_UNCONFIRMED;
		entry_doubt_records(&traffic->entries, entry);
		if (set_rewrites(&entry->set))
			entry->sight = SIGHT_NONE;
	}
	if (hint_failed)
		hints_doubt(&traffic->entries.hints);
	for (struct queue_entry *entry = message->first, *next; entry; entry = next) {
		next = entry->next_in_message;
		entry_go_on(&traffic->entries, entry, now_ms);
	}
}

static void reply_on_confirmation(struct traffic *traffic, const struct reply *reply, uint64_t now_ms)
{
	struct queue_message *message = reply->message;
	const struct dns_result *result = reply->result;

	if (!dns_is_answered(result))
		reply_retry_all(traffic, message, reply_way_after(traffic, reply), now_ms);
	else if (result->verdict == DNS_VERIFIED && result->rcode == DNS_NOERROR)
		reply_end_all(traffic, message, OUTCOME_UNCHANGED, now_ms);
	else
		reply_on_difference(traffic, message,
				    result->verdict == DNS_VERIFIED && dns_is_about_records(result->rcode), now_ms);
}

static void look_note_sight(struct queue_entry *entry, enum sight sight)
{
	if (entry->look.worst < sight)
		entry->look.worst = sight;
}

/* By way of a forwarder queries see a copy, which lags behind. Before the first UPDATE nobody knows. */
static bool look_may_be_late(const struct traffic *traffic, const void *primary)
{
	return !traffic->way_is_known || traffic->way != primary || traffic->is_forwarded;
}

/* What seems to be missing is left to an UPDATE, if that can decide, because UPDATEs always go to the primary. */
static void look_note_found(struct traffic *traffic, struct queue_entry *entry, struct change *change,
			    const struct dns_answer *found, const void *primary)
{
	if (found->count == 0 && change->must_exist && change->kind == CHANGE_REPLACE &&
	    look_may_be_late(traffic, primary)) {
		change->was.known = false;
		look_note_sight(entry, SIGHT_LATE);
		return;
	}
	if (found->count == 0 && change->must_exist) {
		look_note_sight(entry, SIGHT_NO_RECORD);
		if (entry->look.absent == RR_NONE)
			entry->look.absent = change->type;
	}
	change->was = rrset_copied(&found->rrset, change->room_was);
	hint_judge(&traffic->entries.hints, entry_owner(entry), &found->rrset);
	hint_keep(&traffic->entries.hints, entry_owner(entry), &found->rrset);
}

/*
 * If the zone does not hold what the set would have made, no copy of its message was carried out. What a forwarder
 * holds may just be late.
 */
static void look_note_copies(const struct traffic *traffic, struct queue_entry *entry, const void *primary)
{
	for (size_t i = 0; i < entry->set.count; i++)
		change_resolve(&entry->set.changes[i]);
	if (entry->effect == EFFECT_MAYBE_COPIED && !look_may_be_late(traffic, primary) &&
	    entry->sight == SIGHT_CLEAR && set_is_undone(&entry->set))
		entry->effect = EFFECT_NONE;
}

/* Several looks come back in whatever order; what the worst of them says counts. */
static void look_finish(struct traffic *traffic, struct queue_entry *entry, const void *primary, uint64_t now_ms)
{
	/* That settles it, even if the look at the other record has failed. */
	if (entry->look.worst == SIGHT_NO_RECORD) {
		entry_end_missing(&traffic->entries, entry, entry->look.absent, now_ms);
		return;
	}
	if (entry->look.worst == SIGHT_FAILED) {
		reply_retry_all(traffic, &entry->looks[0], entry->look.way, now_ms);
		return;
	}
	entry->sight = entry->look.worst;
	look_note_copies(traffic, entry, primary);
	/* A rewrite of what could not be read: the primary does not tell, or there is too much of it. */
	if (set_is_blind(&entry->set))
		entry_end(&traffic->entries, entry, entry_undone(entry, OUTCOME_REFUSED), now_ms);
	else
		entry_go_on(&traffic->entries, entry, now_ms);
}

/*
 * Only what the primary says with authority about the record counts; if it says nothing of use, the UPDATE decides,
 * unless that is made of what is there.
 */
static void reply_on_look(struct traffic *traffic, const struct reply *reply, uint64_t now_ms)
{
	struct queue_message *message = reply->message;
	const struct dns_result *result = reply->result;
	struct queue_entry *entry = message->first;
	struct change *change = &entry->set.changes[message->change];
	bool told = result->verdict == DNS_VERIFIED && result->answer.authoritative &&
		    (result->rcode == DNS_NOERROR || result->rcode == DNS_NXDOMAIN);
	bool hidden = result->verdict == DNS_VERIFIED && result->answer.hidden, failed;
	bool adds = change->kind != CHANGE_PREFIX && change->becomes.count;

	/* Nothing is made where it would be hidden; what is there may change, such as a delegated server's address. */
	if (hidden && adds && rr_type_family(change->type) == ADDR_NONE)
		look_note_sight(entry, SIGHT_NO_RECORD);
	else if (hidden && adds)
		change->must_exist = true;
	if (!change_is_remembered(change))
		hint_note_added(&traffic->entries.hints, entry_owner(entry), change, entry->effect == EFFECT_MAYBE_DONE,
				told ? &result->answer : NULL, &entry->added);
	if (told && change_is_whole(change))
		look_note_found(traffic, entry, change, &result->answer, reply->primary);
	failed = !dns_is_answered(result) || dns_is_failure(result->rcode);
	/* The last one that failed tells which primaries are well now. One that is answered tells nothing of them. */
	if (failed)
		entry->look.way = reply_way_after(traffic, reply);
	if (!dns_is_answered(result) || (failed && reply_may_move_on(traffic, entry, reply->has_well))) {
		look_note_sight(entry, SIGHT_FAILED);
	} else if (!told) {
		look_note_sight(entry, SIGHT_DIM);
		hints_trust(&traffic->entries.hints);
	}
	if (--entry->look.missing == 0)
		look_finish(traffic, entry, reply->primary, now_ms);
}

static void reply_note_way(struct traffic *traffic, const struct reply *reply)
{
	traffic->way_is_known = true;
	traffic->is_forwarded = reply->result->id_was_changed;
	traffic->way = reply->primary;
}

void reply_take(struct traffic *traffic, const struct reply *reply, uint64_t now_ms)
{
	struct queue_message *message = reply->message;

	message_came_back(traffic, message);
	if (!dns_is_query(message->kind) && reply->result->verdict == DNS_VERIFIED)
		reply_note_way(traffic, reply);
	switch (message->kind) {
	case DNS_UPDATE:
		reply_on_update(traffic, reply, now_ms);
		break;
	case DNS_CONFIRM:
		reply_on_confirmation(traffic, reply, now_ms);
		break;
	case DNS_PROBE:
		rejection_probed(traffic, message->first, reply->result, now_ms);
		break;
	case DNS_QUERY:
		reply_on_look(traffic, reply, now_ms);
		break;
	case DNS_NOTHING:
	case DNS_SOA:
	case DNS_REHEARSE:
		break; /* of no set */
	}
}
