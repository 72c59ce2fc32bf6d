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

static uint32_t hash_of_text(const struct queue *queue, const struct txt *txt)
{
	uint32_t hash = (uint32_t)table_hash(queue->limits.seed, (struct text){txt->octets, txt->len});

	return hash ? hash : 1;
}

/* Once the last string is gone that was put there, nobody knows which is the last one now. */
static void note_taken_out(struct queue *queue, const struct queue_entry *entry)
{
	struct memory_texts known;

	memory_recall_texts(queue->memory, entry_owner(entry), &known);
	if (known.count && known.hashes[0] == hash_of_text(queue, &entry->set.txt))
		memory_keep_texts(queue->memory, entry_owner(entry), &(struct memory_texts){0});
}

void hints_keep(struct queue *queue, const struct queue_entry *entry)
{
	if (entry->texts) {
		memory_keep_texts(queue->memory, entry_owner(entry), &entry->texts->after);
		return;
	}
	if (set_is_txt(&entry->set)) {
		note_taken_out(queue, entry);
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
		/* What is remembered of strings is in which order they were put there, which is no guess. */
		if (!change_is_txt(&entry->set.changes[i]))
			memory_drop(queue->memory, entry_owner(entry), entry->set.changes[i].addr.family);
		entry->set.changes[i].was.known = false;
	}
}

static bool contains(const struct memory_texts *texts, uint32_t hash)
{
	for (size_t i = 0; i < texts->count; i++) {
		if (texts->hashes[i] == hash)
			return true;
	}
	return false;
}

static void add_hash(struct memory_texts *texts, uint32_t hash)
{
	if (texts->count < MEMORY_TEXTS_MAX && !contains(texts, hash))
		texts->hashes[texts->count++] = hash;
}

/*
 * Whether a string that is there goes: two newer ones take its place, `added` and the first of those that are known. If
 * nothing is known, because the gateway or its memory of the owner is new, all stay but for those that are too many.
 */
static bool goes(const struct memory_texts *known, uint32_t added, uint32_t hash, size_t too_many)
{
	if (hash == added)
		return false;
	if (known->count == 0)
		return too_many > 0;
	return known->hashes[0] != added && known->hashes[0] != hash && contains(known, hash);
}

void hint_note_texts(const struct queue *queue, struct queue_entry *entry, const struct dns_answer *found)
{
	struct change *change = &entry->set.changes[0];
	struct texts *texts = &entry->texts->texts;
	struct memory_texts known, gone = {0}, *after = &entry->texts->after;
	uint32_t added = hash_of_text(queue, &entry->set.txt);
	size_t count = found ? found->texts.count : 0;
	size_t too_many = count == TEXTS_MAX;

	memory_recall_texts(queue->memory, entry_owner(entry), &known);
	*texts = (struct texts){0};
	*after = (struct memory_texts){0};
	if (entry->set.txt.len)
		add_hash(after, added);
	if (change->kind == CHANGE_TXT_SET) {
		change->was = (struct rrset){.known = found && found->count == count, .count = count};
		if (found)
			*texts = found->texts;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t hash = hash_of_text(queue, &found->texts.items[i]);

		if (change->kind == CHANGE_TXT_ROTATE && goes(&known, added, hash, too_many)) {
			texts->items[texts->count++] = found->texts.items[i];
			add_hash(&gone, hash);
			too_many -= too_many > 0;
		} else if (!entry->maybe_done) {
			add_hash(after, hash); /* else it may be newer than what an earlier attempt has put there */
		}
	}
	for (size_t i = 0; i < known.count; i++) {
		if (!contains(&gone, known.hashes[i]))
			add_hash(after, known.hashes[i]);
	}
}
