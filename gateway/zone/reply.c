/*
 * What a reply means for the sets of its message.
 */
#include "zone/queue_parts.h"

enum { MOVES_MAX = 64 }; /* more primaries than that are not tried at once, one after the other */

/* Another attempt, as far as there may be one. */
static void try_again(struct queue *queue, struct queue_message *message, bool pauses, uint64_t now_ms)
{
	uint64_t pause = pauses ? backoff_pause_ms(queue, message->first->attempts + 1) : 0;
	struct queue_entry *entry = message->first, *next;

	for (; entry; entry = next) {
		next = entry->next_in_message;
		entry->attempts++;
		if (!entry_is_wanted(entry) || entry->attempts >= queue->limits.attempts_max)
			entry_end(queue, entry, entry_undone(entry, OUTCOME_UNREACHABLE), now_ms);
		else
			entry_pause(queue, entry, now_ms + pause);
	}
}

/* Asks again what to do with each; who is not wanted any more ends here. */
static void route_all(struct queue *queue, struct queue_message *message, uint64_t now_ms)
{
	struct queue_entry *entry = message->first, *next;

	for (; entry; entry = next) {
		next = entry->next_in_message;
		if (entry_is_wanted(entry))
			entry_route(queue, entry, now_ms);
		else
			entry_end(queue, entry, OUTCOME_UNREACHABLE, now_ms);
	}
}

static bool may_move_on(const struct queue_message *message, bool has_well)
{
	return has_well && message->first->moves < MOVES_MAX && !entry_is_bound(message->first);
}

/* A primary that is well has it next, at once; that is no attempt of its own. */
static void move_on(struct queue *queue, struct queue_message *message, uint64_t now_ms)
{
	for (struct queue_entry *entry = message->first; entry; entry = entry->next_in_message)
		entry->moves++;
	route_all(queue, message, now_ms);
}

/* The primary closed a connection that had worked, and has it next itself. */
static bool stays_there(const struct dns_result *result)
{
	return result->verdict == DNS_UNKNOWN && result->had_worked;
}

/* Nothing was sent, or nothing believable came back. */
static void retry_all(struct queue *queue, struct queue_message *message, const struct queue_event *event,
		      uint64_t now_ms)
{
	if (!may_move_on(message, event->has_well))
		try_again(queue, message, true, now_ms);
	else if (stays_there(event->result))
		try_again(queue, message, false, now_ms);
	else
		move_on(queue, message, now_ms);
}

/* What an outcome of a message is for this entry. */
static enum outcome_code outcome_for(const struct queue_entry *entry, enum outcome_code code)
{
	/* It is so already, and it may well have been an earlier attempt that made it so. */
	return code == OUTCOME_UNCHANGED && entry->maybe_done ? OUTCOME_CHANGED : code;
}

static void end_all(struct queue *queue, struct queue_message *message, enum outcome_code code, uint64_t now_ms)
{
	struct queue_entry *entry = message->first, *next;

	for (; entry; entry = next) {
		next = entry->next_in_message;
		entry_end(queue, entry, outcome_for(entry, code), now_ms);
	}
}

/* The primary wants nothing of all this. */
static void refuse_all(struct queue *queue, struct queue_message *message, const struct dns_result *result,
		       uint64_t now_ms)
{
	struct queue_entry *entry = message->first, *next;

	for (; entry; entry = next) {
		next = entry->next_in_message;
		entry_end(queue, entry, entry_refused(entry, result), now_ms);
	}
}

/* What the records have now is not known: before the sets are sent again, they are looked at. */
static void mark_maybe_done(struct queue *queue, struct queue_message *message, const void *primary)
{
	for (struct queue_entry *entry = message->first; entry; entry = entry->next_in_message) {
		entry->maybe_done = true;
		entry->maybe_at = primary;
		entry->looked = false;
		hints_drop(queue, entry);
	}
}

static void note_committed(struct queue *queue, const struct queue_entry *entry)
{
	queue->part_committed = queue->part_committed || entry->halved;
	hints_keep(queue, entry);
	memory_clear_poison(queue->memory, entry_owner(entry));
}

/* If nobody signed it, it is not known what became of it. */
static void on_not_implemented(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	struct queue_message *message = event->message;

	if (!may_move_on(message, event->has_well)) {
		refuse_all(queue, message, event->result, now_ms);
		return;
	}
	if (event->result->verdict != DNS_VERIFIED)
		mark_maybe_done(queue, message, event->primary);
	move_on(queue, message, now_ms);
}

static void on_update_verified(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	struct queue_message *message = event->message;

	if (event->result->rcode == DNS_NOERROR) {
		for (struct queue_entry *entry = message->first; entry; entry = entry->next_in_message)
			note_committed(queue, entry);
		backoff_note_commit(queue);
		messages_note_commit(queue, message, now_ms);
		turn_note_time(queue, now_ms, event->wall_ms);
		end_all(queue, message, OUTCOME_CHANGED, now_ms);
	} else if (event->result->rcode == DNS_NOTIMP) {
		on_not_implemented(queue, event, now_ms);
	} else if (event->result->rcode == DNS_SERVFAIL) {
		rejection_failed(queue, message, event->result, event->has_well && !entry_is_bound(message->first),
				 now_ms);
	} else if (dns_is_about_message(event->result->rcode)) {
		refuse_all(queue, message, event->result, now_ms);
	} else {
		rejection_take(queue, message, event->result, now_ms);
	}
}

static void on_updated(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	struct queue_message *message = event->message;
	const struct dns_result *result = event->result;
	struct queue_entry *held_back = message->held_back;

	switch (result->verdict) {
	case DNS_VERIFIED:
		on_update_verified(queue, event, now_ms);
		break;
	case DNS_REJECTED:
	case DNS_UNSIGNED:
		/* Knot says BADKEY when its policy is against one of the sets. */
		if (result->rcode == DNS_NOTAUTH &&
		    (result->tsig_error == TSIG_RCODE_NOERROR || result->tsig_error == TSIG_RCODE_BADKEY))
			rejection_take(queue, message, result, now_ms);
		else if (result->rcode == DNS_NOTIMP)
			on_not_implemented(queue, event, now_ms);
		else
			refuse_all(queue, message, result, now_ms);
		break;
	case DNS_UNKNOWN:
		mark_maybe_done(queue, message, event->primary);
		retry_all(queue, message, event, now_ms);
		break;
	case DNS_UNREACHABLE:
		retry_all(queue, message, event, now_ms);
		break;
	}
	if (held_back)
		rejection_sampled(queue, held_back, result, event->has_well, now_ms);
}

/*
 * Not all is as memory has it, or the primary does not tell: the records are looked at, or else the UPDATE decides.
 */
static void on_not_confirmed(struct queue *queue, struct queue_message *message, bool by_difference, uint64_t now_ms)
{
	bool hint_failed = false;

	for (struct queue_entry *entry = message->first; entry; entry = entry->next_in_message) {
		hint_failed = hint_failed || (by_difference && !entry->looked);
		entry->alone = by_difference && message->count > 1 && entry->looked;
		entry->confirm_failed = !entry->alone && (!by_difference || entry->looked || message->count == 1);
		if (!entry->alone)
			hints_drop(queue, entry);
		if (!entry->alone && set_rewrites(&entry->set))
			entry->looked = false;
	}
	if (hint_failed)
		hints_doubt(queue);
	route_all(queue, message, now_ms);
}

static void on_confirmed(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	struct queue_message *message = event->message;
	const struct dns_result *result = event->result;

	if (!dns_is_answered(result))
		retry_all(queue, message, event, now_ms);
	else if (result->verdict == DNS_VERIFIED && result->rcode == DNS_NOERROR)
		end_all(queue, message, OUTCOME_UNCHANGED, now_ms);
	else
		on_not_confirmed(queue, message, result->verdict == DNS_VERIFIED && dns_is_about_records(result->rcode),
				 now_ms);
}

static void note_look(struct queue *queue, struct queue_entry *entry, struct change *change,
		      const struct dns_answer *found)
{
	/* By way of a forwarder queries see a copy, and UPDATEs do not; so the UPDATE decides, if it can. */
	if (found->count == 0 && change->must_exist && queue->is_forwarded && change->kind == CHANGE_REPLACE) {
		change->was.known = false;
		return;
	}
	if (found->count == 0 && change->must_exist && entry->absent == ADDR_NONE)
		entry->absent = change->addr.family;
	change->was = found->rrset;
	hint_judge(queue, entry, change->addr.family, &found->rrset);
	hint_keep(queue, entry, change->addr.family, &found->rrset);
}

/* A rewrite of what could not be read: the primary does not tell, or there is too much of it. */
static bool is_blind(const struct queue_entry *entry)
{
	if (set_is_txt(&entry->set))
		return entry->look_told_nothing && entry->set.changes[0].kind == CHANGE_TXT_ROTATE;
	return set_rewrites(&entry->set) && !set_is_known(&entry->set);
}

/*
 * If the zone does not hold what the set would have made, no copy of its message was carried out. What a forwarder
 * holds may just be late.
 */
static void note_copies(const struct queue *queue, struct queue_entry *entry)
{
	for (size_t i = 0; i < entry->set.count; i++)
		change_resolve(&entry->set.changes[i]);
	if (!queue->is_forwarded && !entry->look_told_nothing && !set_is_txt(&entry->set) &&
	    !set_is_so_already(&entry->set))
		entry->maybe_copied = false;
}

static void finish_look(struct queue *queue, struct queue_entry *entry, const struct queue_event *event,
			uint64_t now_ms)
{
	/* That settles it, even if the look at the other record has failed. */
	if (entry->absent != ADDR_NONE || entry->text_hidden) {
		entry_end_missing(queue, entry, entry->absent, now_ms);
		return;
	}
	if (entry->look_failed) {
		entry->next_in_message = NULL;
		retry_all(queue, &entry->looks[0], event, now_ms);
		return;
	}
	entry->looked = true;
	note_copies(queue, entry);
	if (is_blind(entry))
		entry_end(queue, entry, entry_undone(entry, OUTCOME_REFUSED), now_ms);
	else if (entry_is_wanted(entry))
		entry_route(queue, entry, now_ms);
	else
		entry_end(queue, entry, OUTCOME_UNREACHABLE, now_ms);
}

/*
 * Only what the primary says with authority about the record counts; if it says nothing of use, the UPDATE decides,
 * unless that is made of what is there.
 */
static void on_looked(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	struct queue_message *message = event->message;
	const struct dns_result *result = event->result;
	struct queue_entry *entry = message->first;
	struct change *change = &entry->set.changes[message->change];
	bool told = result->verdict == DNS_VERIFIED && result->answer.authoritative &&
		    (result->rcode == DNS_NOERROR || result->rcode == DNS_NXDOMAIN);
	bool hidden = result->verdict == DNS_VERIFIED && result->answer.hidden;

	/* Nothing is made where it would be hidden; what is there may change, such as a delegated server's address. */
	if (hidden && change->kind == CHANGE_REPLACE)
		change->must_exist = true;
	entry->text_hidden = hidden && set_adds_text(&entry->set);
	if (entry->texts)
		hint_note_texts(queue, entry, told ? &result->answer : NULL);
	else if (told)
		note_look(queue, entry, change, &result->answer);
	if (!dns_is_answered(result) || (dns_is_failure(result->rcode) && may_move_on(message, event->has_well)))
		entry->look_failed = true;
	else if (!told)
		hints_trust(queue);
	entry->look_told_nothing = entry->look_told_nothing || !told;
	if (--entry->looks_missing == 0)
		finish_look(queue, entry, event, now_ms);
}

void reply_take(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	struct queue_message *message = event->message;

	message_came_back(queue, message);
	if (!dns_is_query(message->kind) && event->result->verdict == DNS_VERIFIED)
		queue->is_forwarded = event->result->id_was_changed;
	switch (message->kind) {
	case DNS_UPDATE:
		on_updated(queue, event, now_ms);
		break;
	case DNS_CONFIRM:
		on_confirmed(queue, event, now_ms);
		break;
	case DNS_PROBE:
		rejection_probed(queue, message->first, event->result, now_ms);
		break;
	case DNS_QUERY:
		on_looked(queue, event, now_ms);
		break;
	case DNS_NOTHING:
	case DNS_SOA:
	case DNS_REHEARSE:
		break; /* of no set */
	}
}
