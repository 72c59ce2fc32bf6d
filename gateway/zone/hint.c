#include "zone/hint.h"

#include <string.h>

#include "base/table.h"
#include "zone/set.h"

enum {
	DOUBTS_EACH = 64, /* for each hint that was wrong */
	DOUBTS_MAX = 1024,
};

enum status hints_init(struct hints *hints, size_t records_max, uint64_t seed)
{
	*hints = (struct hints){.seed = seed};
	return memory_new(records_max, &hints->memory);
}

void hint_recall(const struct hints *hints, uint64_t owner, struct change *change)
{
	if (!change->was.known && !change_is_txt(change))
		memory_recall(hints->memory, owner, change_type(change), &change->was);
}

void hint_keep(struct hints *hints, uint64_t owner, enum rr_type type, const struct rrset *rrset)
{
	if (rrset->known && rrset->count == 1)
		memory_keep(hints->memory, owner, &rrset->addrs[0], rrset->ttl_s);
	else
		memory_drop(hints->memory, owner, type);
}

static uint32_t text_hash(const struct hints *hints, const struct txt *txt)
{
	uint32_t hash = (uint32_t)table_hash(hints->seed, (struct text){txt->octets, txt->len});

	return hash ? hash : 1;
}

/* Once the last string is gone that was put there, nobody knows which is the last one now. */
static void note_text_dropped(struct hints *hints, uint64_t owner, const struct change_set *set)
{
	struct memory_texts known;

	memory_recall_texts(hints->memory, owner, &known);
	if (known.count && known.hashes[0] == text_hash(hints, &set->txt))
		memory_keep_texts(hints->memory, owner, &(struct memory_texts){0});
}

void hints_keep(struct hints *hints, uint64_t owner, const struct change_set *set, const struct text_work *work)
{
	if (work) {
		memory_keep_texts(hints->memory, owner, &work->after);
		return;
	}
	if (set_is_txt(set)) {
		note_text_dropped(hints, owner, set);
		return;
	}
	for (size_t i = 0; i < set->count; i++)
		hint_keep(hints, owner, change_type(&set->changes[i]), &set->changes[i].becomes);
}

void hints_doubt(struct hints *hints)
{
	hints->doubts += DOUBTS_EACH;
	if (hints->doubts > DOUBTS_MAX)
		hints->doubts = DOUBTS_MAX;
}

void hints_trust(struct hints *hints)
{
	hints->doubts -= hints->doubts > 0;
}

void hint_judge(struct hints *hints, uint64_t owner, enum rr_type type, const struct rrset *found)
{
	struct rrset hint;

	if (hints->doubts == 0 || !memory_recall(hints->memory, owner, type, &hint))
		return;
	hint.ttl_s = found->ttl_s; /* which no prerequisite is about */
	if (rrset_equal(&hint, found))
		hints->doubts--;
	else
		hints_doubt(hints);
}

void hints_drop(struct hints *hints, uint64_t owner, struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		/* What is remembered of strings is in which order they were put there, which is no guess. */
		if (!change_is_txt(&set->changes[i]))
			memory_drop(hints->memory, owner, change_type(&set->changes[i]));
		set->changes[i].was.known = false;
	}
}

static bool texts_contain(const struct memory_texts *texts, uint32_t hash)
{
	for (size_t i = 0; i < texts->count; i++) {
		if (texts->hashes[i] == hash)
			return true;
	}
	return false;
}

static void texts_add(struct memory_texts *texts, uint32_t hash)
{
	if (texts->count < MEMORY_TEXTS_MAX && !texts_contain(texts, hash))
		texts->hashes[texts->count++] = hash;
}

/*
 * Whether a string that is there goes: two newer ones take its place, `added` and the first of those that are known. If
 * nothing is known, because the gateway or its memory of the owner is new, all stay but for those that are too many.
 */
static bool text_goes(const struct memory_texts *known, uint32_t added, uint32_t hash, size_t too_many)
{
	if (hash == added)
		return false;
	if (known->count == 0)
		return too_many > 0;
	return known->hashes[0] != added && known->hashes[0] != hash && texts_contain(known, hash);
}

void hint_note_texts(const struct hints *hints, uint64_t owner, struct change_set *set, struct text_work *work,
		     bool maybe_done, const struct dns_answer *found)
{
	struct change *change = &set->changes[0];
	struct texts *texts = &work->texts;
	struct memory_texts known, gone = {0}, *after = &work->after;
	uint32_t added = text_hash(hints, &set->txt);
	size_t count = found ? found->texts.count : 0;
	size_t too_many = count == TEXTS_MAX;

	memory_recall_texts(hints->memory, owner, &known);
	*texts = (struct texts){0};
	*after = (struct memory_texts){0};
	if (set->txt.len)
		texts_add(after, added);
	if (change->kind == CHANGE_TXT_SET) {
		change->was = (struct rrset){.known = found && found->count == count, .count = count};
		if (found)
			*texts = found->texts;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t hash = text_hash(hints, &found->texts.items[i]);

		if (change->kind == CHANGE_TXT_ROTATE && text_goes(&known, added, hash, too_many)) {
			texts->items[texts->count++] = found->texts.items[i];
			texts_add(&gone, hash);
			too_many -= too_many > 0;
		} else if (!maybe_done) {
			texts_add(after, hash); /* else it may be newer than what an earlier attempt has put there */
		}
	}
	for (size_t i = 0; i < known.count; i++) {
		if (!texts_contain(&gone, known.hashes[i]))
			texts_add(after, known.hashes[i]);
	}
}
