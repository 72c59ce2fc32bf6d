/*
 * What the primary rejected. The sets of a message are taken apart until the culprits are found; what is wrong with
 * one of them may take a probe.
 */
#include "zone/queue_parts.h"

/* Links `count` entries from *from into a part, and leaves *from behind them. */
static void make_part(struct queue *queue, struct queue_entry **from, size_t count)
{
	struct queue_entry *first = *from, *last = first;

	if (count == 0)
		return;
	for (size_t i = 1; i < count; i++)
		last = last->next_in_message;
	*from = last->next_in_message;
	last->next_in_message = NULL;
	first->message = (struct queue_message){.kind = DNS_UPDATE, .first = first};
	STAILQ_INSERT_TAIL(&queue->parts, &first->message, link);
}

/*
 * A message with several sets was rejected because of at least one of them. If that was a prerequisite, those that were
 * sent on memory's word are looked at; the others are halved. They go without what was known of their records, but for
 * those that rewrite them: what they become was made of it.
 */
static void take_apart(struct queue *queue, struct queue_message *message, unsigned rcode, uint64_t now_ms)
{
	struct queue_entry *entry = message->first, *next, *suspects = NULL, **end_of_suspects = &suspects;
	bool hint_failed = false;
	size_t count = 0;

	if (!message->first->halved)
		queue->part_committed = false;
	for (; entry; entry = next) {
		bool look = dns_is_about_records(rcode) && entry_may_look(entry);

		next = entry->next_in_message;
		hint_failed = hint_failed || look;
		if (look || !set_rewrites(&entry->set))
			hints_drop(queue, entry);
		if (!entry_is_wanted(entry)) {
			entry_end(queue, entry, entry_undone(entry, OUTCOME_UNREACHABLE), now_ms);
			continue;
		}
		if (look) {
			entry_route(queue, entry, now_ms);
			continue;
		}
		entry_move_to(queue, entry, SUSPECT);
		entry->halved = true;
		*end_of_suspects = entry;
		end_of_suspects = &entry->next_in_message;
		count++;
	}
	*end_of_suspects = NULL;
	if (hint_failed)
		hints_doubt(queue);
	make_part(queue, &suspects, (count + 1) / 2);
	make_part(queue, &suspects, count / 2);
}

/*
 * The record was not what was known of it. If it was just looked at, that look cannot be relied on, and the UPDATE
 * goes whatever the record is; only what rewrites a record has to be sure of it, and tries a few times more. It asks
 * first whether the record is there at all: the look may have found a wildcard's.
 */
static void look_again(struct queue *queue, struct queue_entry *entry, uint64_t now_ms)
{
	bool sure = set_rewrites(&entry->set);

	entry->plain = entry->looked && !sure;
	entry->maybe_wildcard = entry->looked && sure;
	entry->looked = false;
	entry->attempts += sure;
	if (entry->attempts >= queue->limits.attempts_max)
		entry_end(queue, entry, entry_undone(entry, OUTCOME_REFUSED), now_ms);
	else if (entry->maybe_wildcard)
		entry_move_to(queue, entry, PROBE_READY);
	else
		entry_route(queue, entry, now_ms);
}

/*
 * Whether another look can tell if something was changed: the first copy of a message of which the second one was
 * rejected may have been carried out.
 */
static bool may_settle(const struct queue_entry *entry)
{
	return entry->maybe_copied && !entry->maybe_done && !entry->plain && !set_rewrites(&entry->set) &&
	       entry_is_wanted(entry);
}

static void look_plainly(struct queue *queue, struct queue_entry *entry, uint64_t now_ms)
{
	entry->plain = true;
	entry->looked = false;
	entry_route(queue, entry, now_ms);
}

static void reject_one(struct queue *queue, struct queue_entry *entry, const struct dns_result *result, uint64_t now_ms)
{
	bool expected = set_is_known_in_part(&entry->set);
	unsigned rcode = result->rcode;

	if (dns_is_about_records(rcode) && expected && !entry->looked)
		hints_doubt(queue);
	hints_drop(queue, entry);
	if (dns_is_about_records(rcode) && expected && entry_is_wanted(entry)) {
		look_again(queue, entry, now_ms);
		return;
	}
	if (entry->halved && queue->part_committed)
		memory_mark_poison(queue->memory, entry_owner(entry), now_ms);
	if (rcode == DNS_YXRRSET && set_prerequisites(&entry->set) == 0)
		entry_end_missing(queue, entry, entry->set.changes[0].addr.family, now_ms); /* the owner is an alias */
	else if (rcode != DNS_NXRRSET && may_settle(entry))
		look_plainly(queue, entry, now_ms);
	else if (rcode != DNS_NXRRSET)
		entry_end(queue, entry, entry_refused(entry, result), now_ms);
	else if (set_prerequisites(&entry->set) < 2)
		entry_end_missing(queue, entry, set_prerequisite(&entry->set, 0), now_ms);
	else if (entry_is_wanted(entry))
		entry_move_to(queue, entry, PROBE_READY);
	else
		entry_end_missing(queue, entry, ADDR_NONE, now_ms);
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

void rejection_take(struct queue *queue, struct queue_message *message, const struct dns_result *result,
		    uint64_t now_ms)
{
	bool copy = may_be_copy(message, result);

	for (struct queue_entry *entry = message->first; entry; entry = entry->next_in_message) {
		entry->maybe_done = entry->maybe_done || result->verdict == DNS_UNSIGNED;
		entry->maybe_copied = entry->maybe_copied || copy;
	}
	if (message->count == 1)
		reject_one(queue, message->first, result, now_ms);
	else
		take_apart(queue, message, result->rcode, now_ms);
}

/*
 * If there is no record of a name, although one was seen, it was a wildcard's, and the name has none of any type (RFC
 * 4592 section 2.2.1). What need not exist is then left as it is.
 */
static void settle_wildcard(struct queue *queue, struct queue_entry *entry, bool absent, uint64_t now_ms)
{
	struct change *change = &entry->set.changes[set_to_probe(&entry->set)];

	entry->maybe_wildcard = false;
	if (absent && change->must_exist) {
		entry_end_missing(queue, entry, change->addr.family, now_ms);
		return;
	}
	if (absent)
		change->was = (struct rrset){.known = true};
	entry->looked = absent;
	if (entry_is_wanted(entry))
		entry_route(queue, entry, now_ms);
	else
		entry_end(queue, entry, OUTCOME_UNREACHABLE, now_ms);
}

void rejection_probed(struct queue *queue, struct queue_entry *entry, const struct dns_result *result, uint64_t now_ms)
{
	bool absent = result->verdict == DNS_VERIFIED && result->rcode == DNS_NXRRSET;
	bool exists = result->verdict == DNS_VERIFIED && result->rcode == DNS_NOERROR;

	if (entry->maybe_wildcard)
		settle_wildcard(queue, entry, absent, now_ms);
	else if (absent || exists)
		entry_end_missing(queue, entry, set_prerequisite(&entry->set, exists ? 1 : 0), now_ms);
	else
		entry_end_missing(queue, entry, ADDR_NONE, now_ms);
}
