#include "zone/rejection.h"

#include <assert.h>

#include "zone/set.h"

static void suspects_halve(struct traffic *traffic, struct queue_entry *suspects)
{
	struct queue_entry *last = suspects, *rest, *ahead = suspects->next_in_message;

	for (; ahead && ahead->next_in_message; ahead = ahead->next_in_message->next_in_message)
		last = last->next_in_message;
	rest = last->next_in_message;
	last->next_in_message = NULL;
	message_make_part(traffic, suspects, NULL, 0);
	if (rest)
		message_make_part(traffic, rest, NULL, 0);
}

/*
 * One of them goes alone and the others are held back until it is known what becomes of it. Which one is left to
 * chance, so that nobody can put some that fail where the sample is taken.
 */
static void suspects_sample(struct traffic *traffic, struct queue_entry *suspects)
{
	struct queue_entry **link = &suspects, *sample;
	size_t count = 0, at;

	for (const struct queue_entry *entry = suspects; entry; entry = entry->next_in_message)
		count++;
	assert(count);
	for (at = retry_draw(&traffic->retry, count); at && (*link)->next_in_message; at--)
		link = &(*link)->next_in_message;
	sample = *link;
	*link = sample->next_in_message;
	sample->next_in_message = NULL;
	message_make_part(traffic, sample, suspects, 0);
}

/* Whether such a code may be the primary's fault rather than that of a set in the message. */
static bool rcode_blames_primary(unsigned rcode)
{
	return dns_is_failure(rcode) || rcode == DNS_NOTAUTH;
}

/*
 * A message with several sets was rejected because of at least one of them. If that was a prerequisite, those that were
 * sent on memory's word are looked at; the others are halved. They go without what was known of their records, but for
 * those that rewrite them: what they become was made of it.
 */
static void rejection_take_apart(struct traffic *traffic, struct queue_message *message, unsigned rcode,
				 uint64_t now_ms)
{
	struct queue_entry *entry = message->first, *next, *suspects = NULL, **end_of_suspects = &suspects;
	bool hint_failed = false;

	if (!message->first->tries.made[RETRY_HALVING])
		traffic->part_committed = false;
	for (; entry; entry = next) {
		bool look = dns_is_about_records(rcode) && entry_may_look(entry);

		next = entry->next_in_message;
		hint_failed = hint_failed || look;
		if (look || (dns_is_about_records(rcode) && !set_rewrites(&entry->set)))
			entry_doubt_records(&traffic->entries, entry);
		if (!entry_is_wanted(entry)) {
			entry_end(&traffic->entries, entry, entry_undone(entry, OUTCOME_UNREACHABLE), now_ms);
			continue;
		}
		if (look) {
			entry_route(&traffic->entries, entry, now_ms);
			continue;
		}
		entry_move_to(&traffic->entries, entry, ENTRY_SUSPECT);
		entry->tries.made[RETRY_HALVING]++;
		*end_of_suspects = entry;
		end_of_suspects = &entry->next_in_message;
	}
	*end_of_suspects = NULL;
	if (hint_failed)
		hints_doubt(&traffic->entries.hints);
	if (!suspects)
		return;
	if (rcode_blames_primary(rcode) && retry_doubts_primary(&traffic->retry))
		suspects_sample(traffic, suspects);
	else
		suspects_halve(traffic, suspects);
}

/*
 * The record was not what was known of it. If it was just looked at, that look cannot be relied on, and the UPDATE
 * goes whatever the record is; only what rewrites a record has to be sure of it, and tries a few times more. It asks
 * first whether the record is there at all: the look may have found a wildcard's.
 */
static void rejection_look_again(struct traffic *traffic, struct queue_entry *entry, uint64_t now_ms)
{
	bool sure = set_rewrites(&entry->set), seen = entry->sight != SIGHT_NONE;

	entry->tries.made[RETRY_ATTEMPT] += sure;
	if (!retry_is_left(&traffic->retry, &entry->tries, RETRY_ATTEMPT, false)) {
		entry_end(&traffic->entries, entry, entry_undone(entry, OUTCOME_REFUSED), now_ms);
		return;
	}
	if (seen && sure) {
		entry_move_to(&traffic->entries, entry, ENTRY_TO_PROBE_WILDCARD);
		return;
	}
	if (seen)
		entry->doubt = DOUBT_ALL;
	entry->sight = SIGHT_NONE;
	entry_route(&traffic->entries, entry, now_ms);
}

/*
 * Whether another look can tell if something was changed: the first copy of a message of which the second one was
 * rejected may have been carried out.
 */
static bool look_may_settle(const struct queue_entry *entry)
{
	return entry->effect == EFFECT_MAYBE_COPIED && entry->doubt != DOUBT_ALL && !set_rewrites(&entry->set) &&
	       entry_is_wanted(entry);
}

static void rejection_take_one(struct traffic *traffic, struct queue_entry *entry, const struct dns_result *result,
			       uint64_t now_ms)
{
	bool expected = set_expects(&entry->set);
	unsigned rcode = result->rcode;

	if (dns_is_about_records(rcode) && expected && !entry->sight)
		hints_doubt(&traffic->entries.hints);
	entry_doubt_records(&traffic->entries, entry);
	if (dns_is_about_records(rcode) && expected && entry_is_wanted(entry)) {
		rejection_look_again(traffic, entry, now_ms);
		return;
	}
	if (entry->tries.made[RETRY_HALVING] && traffic->part_committed)
		memory_mark_poison(traffic->entries.hints.memory, entry_owner(entry), now_ms);
	if (rcode == DNS_YXRRSET && set_prerequisites(&entry->set) == 0)
		entry_end_missing(&traffic->entries, entry, entry->set.changes[0].type,
				  now_ms); /* the owner is an alias */
	else if (rcode != DNS_NXRRSET && look_may_settle(entry)) {
		entry->doubt = DOUBT_ALL;
		entry->sight = SIGHT_NONE;
		entry_route(&traffic->entries, entry, now_ms);
	} else if (rcode != DNS_NXRRSET)
		entries_refuse(&traffic->entries, entry, result, now_ms);
	else if (set_prerequisites(&entry->set) < 2)
		entry_end_missing(&traffic->entries, entry, set_prerequisite(&entry->set, 0), now_ms);
	else if (entry_is_wanted(entry))
		entry_move_to(&traffic->entries, entry, ENTRY_TO_PROBE_MISSING);
	else
		entry_end_missing(&traffic->entries, entry, RR_NONE, now_ms);
}

/*
 * Whoever stands between us and the primary may have sent the message twice, and the reply to the first copy was lost:
 * then it is the second one of which the primary says that the prerequisites do not hold.
 */
static bool may_be_copy(const struct queue_message *message, const struct dns_result *result)
{
	for (const struct queue_entry *entry = message->first; entry; entry = entry->next_in_message) {
		if (dns_is_about_records(result->rcode) && set_ends_its_conditions(&entry->set))
			return true;
	}
	return false;
}

void rejection_take(struct traffic *traffic, struct queue_message *message, const struct dns_result *result,
		    uint64_t now_ms)
{
	bool copy = may_be_copy(message, result);

	for (struct queue_entry *entry = message->first; entry; entry = entry->next_in_message) {
		if (result->verdict == DNS_UNSIGNED)
			entry->effect = EFFECT_MAYBE_DONE;
		else if (copy && entry->effect == EFFECT_NONE)
			entry->effect = EFFECT_MAYBE_COPIED;
	}
	if (result->rcode == DNS_NOTAUTH && (message->count > 1 || message->part))
		retry_note_failure(&traffic->retry, now_ms);
	assert(message->first);
	if (message->count == 1)
		rejection_take_one(traffic, message->first, result, now_ms);
	else
		rejection_take_apart(traffic, message, result->rcode, now_ms);
}

/* Whether one of them has not been sent twice yet, or may be sent to one more primary. */
static bool failed_may_go_again(const struct traffic *traffic, const struct queue_message *message, bool has_well)
{
	for (const struct queue_entry *entry = message->first; entry; entry = entry->next_in_message) {
		if (retry_is_left(&traffic->retry, &entry->tries, RETRY_FAILURE, has_well))
			return true;
	}
	return false;
}

static void failed_go_again(struct traffic *traffic, struct queue_message *message, bool has_well, uint64_t now_ms)
{
	uint64_t not_before_ms = has_well ? now_ms : now_ms + retry_pause_ms(&traffic->retry, 1);

	for (struct queue_entry *entry = message->first; entry; entry = entry->next_in_message) {
		entry_move_to(&traffic->entries, entry, ENTRY_SUSPECT);
		entry->tries.made[RETRY_FAILURE]++;
	}
	if (message->lone)
		entry_pause(&traffic->entries, message->first, not_before_ms);
	else
		message_make_part(traffic, message->first, NULL, not_before_ms);
}

void rejection_failed(struct traffic *traffic, struct queue_message *message, const struct dns_result *result,
		      bool has_well, uint64_t now_ms)
{
	/* One that goes alone was found out to fail. */
	if (!message->lone)
		retry_note_failure(&traffic->retry, now_ms);
	if (!has_well && retry_doubts_primary(&traffic->retry))
		retry_back_off(&traffic->retry, now_ms);
	if (failed_may_go_again(traffic, message, has_well))
		failed_go_again(traffic, message, has_well, now_ms);
	else
		rejection_take(traffic, message, result, now_ms);
}

void rejection_sampled(struct traffic *traffic, struct queue_entry *held_back, const struct dns_result *result,
		       bool has_well, uint64_t now_ms)
{
	if (!dns_is_answered(result))
		message_make_part(traffic, held_back, NULL,
				  has_well ? now_ms : now_ms + retry_pause_ms(&traffic->retry, 1));
	else if (!rcode_blames_primary(result->rcode))
		suspects_halve(traffic, held_back);
	else if (has_well)
		message_make_part(traffic, held_back, NULL, 0);
	else if (retry_holds_primary_sick(&traffic->retry) || result->rcode == DNS_NOTIMP)
		entries_refuse(&traffic->entries, held_back, result, now_ms);
	else
		suspects_sample(traffic, held_back);
}

/*
 * If there is no record of a name, although one was seen, it was a wildcard's, and the name has none of any type (RFC
 * 4592 section 2.2.1). What need not exist is then left as it is.
 */
static void settle_wildcard(struct traffic *traffic, struct queue_entry *entry, bool absent, uint64_t now_ms)
{
	struct change *change = &entry->set.changes[set_to_probe(&entry->set)];

	if (absent && change->must_exist) {
		entry_end_missing(&traffic->entries, entry, change->type, now_ms);
		return;
	}
	if (absent)
		change->was = rrset_of_none(change->type, 0, change->room_was);
	else
		entry->sight = SIGHT_NONE;
	entry_go_on(&traffic->entries, entry, now_ms);
}

void rejection_probed(struct traffic *traffic, struct queue_entry *entry, const struct dns_result *result,
		      uint64_t now_ms)
{
	bool absent = result->verdict == DNS_VERIFIED && result->rcode == DNS_NXRRSET;
	bool exists = result->verdict == DNS_VERIFIED && result->rcode == DNS_NOERROR;

	if (entry->state == ENTRY_PROBING_WILDCARD)
		settle_wildcard(traffic, entry, absent, now_ms);
	else
		entry_end_missing(&traffic->entries, entry,
				  absent || exists ? set_prerequisite(&entry->set, exists ? 1 : 0) : RR_NONE, now_ms);
}
