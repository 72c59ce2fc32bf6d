/*
 * Between an entry and memory, which knows owners by their hash.
 */
#include <string.h>

#include "zone/queue_parts.h"

enum {
	DOUBTS_EACH = 64, /* for each hint that was wrong */
	DOUBTS_MAX = 1024,
};

void hints_recall(const struct queue *queue, struct queue_entry *entry)
{
	for (size_t i = 0; i < entry->set.count; i++) {
		struct change *change = &entry->set.changes[i];

		if (entry->plain)
			change->was.known = false;
		else if (!change->was.known && !change_is_txt(change) && (queue->doubts == 0 || entry->looked))
			memory_recall(queue->memory, entry_owner(entry), change->addr.family, &change->was);
		change_resolve(change);
	}
}

void hint_keep(struct queue *queue, const struct queue_entry *entry, enum addr_family family, const struct rrset *rrset)
{
	if (rrset->known && rrset->count == 1)
		memory_keep(queue->memory, entry_owner(entry), &rrset->addrs[0], rrset->ttl_s);
	else
		memory_drop(queue->memory, entry_owner(entry), family);
}

static uint64_t hash_of_text(const struct queue *queue, const struct txt *txt)
{
	return table_hash(queue->limits.seed, (struct text){txt->octets, txt->len});
}

void hints_keep(struct queue *queue, const struct queue_entry *entry)
{
	if (set_is_txt(&entry->set)) {
		/* What was taken out was not set last, and what was before it may still be there. */
		if (entry->set.changes[0].kind != CHANGE_TXT_DROP)
			memory_keep_text(queue->memory, entry_owner(entry), hash_of_text(queue, &entry->set.txt));
		return;
	}
	for (size_t i = 0; i < entry->set.count; i++)
		hint_keep(queue, entry, entry->set.changes[i].addr.family, &entry->set.changes[i].becomes);
}

void hints_doubt(struct queue *queue)
{
	queue->doubts += DOUBTS_EACH;
	if (queue->doubts > DOUBTS_MAX)
		queue->doubts = DOUBTS_MAX;
}

void hints_trust(struct queue *queue)
{
	queue->doubts -= queue->doubts > 0;
}

void hint_judge(struct queue *queue, const struct queue_entry *entry, enum addr_family family,
		const struct rrset *found)
{
	struct rrset hint;

	if (queue->doubts == 0 || !memory_recall(queue->memory, entry_owner(entry), family, &hint))
		return;
	hint.ttl_s = found->ttl_s; /* which no prerequisite is about */
	if (rrset_equal(&hint, found))
		queue->doubts--;
	else
		hints_doubt(queue);
}

void hints_drop(struct queue *queue, struct queue_entry *entry)
{
	for (size_t i = 0; i < entry->set.count; i++) {
		memory_drop(queue->memory, entry_owner(entry), entry->set.changes[i].addr.family);
		entry->set.changes[i].was.known = false;
	}
}

void hint_choose_text(const struct queue *queue, struct queue_entry *entry, const struct dns_answer *found)
{
	struct change_set *set = &entry->set;

	set->kept.len = 0;
	for (size_t i = 0; i < found->text_count; i++) {
		const struct txt *txt = &found->texts[i];

		if (txt->len == set->txt.len && memcmp(txt->octets, set->txt.octets, txt->len) == 0)
			continue;
		if (set->kept.len == 0 || memory_is_text(queue->memory, entry_owner(entry), hash_of_text(queue, txt)))
			set->kept = *txt;
	}
}
