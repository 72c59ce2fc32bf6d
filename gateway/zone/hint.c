#include "zone/hint.h"

#include <assert.h>

#include "base/table.h"
#include "zone/set.h"

enum {
	DOUBTS_EACH = 64, /* for each hint that was wrong */
	DOUBTS_MAX = 1024,
	LENGTH_AND_RDATA = 2 + MEMORY_RDATA_MAX,
};

void hints_init(struct hints *hints, struct memory *memory)
{
	*hints = (struct hints){.memory = memory, .seed = memory_seed(memory)};
}

void hint_recall(const struct hints *hints, uint64_t owner, struct change *change)
{
	if (change_is_whole(change) && !change->was.known)
		memory_recall(hints->memory, owner, change->type, change->room_was, &change->was);
}

void hint_keep(struct hints *hints, uint64_t owner, const struct rrset *rrset)
{
	memory_keep(hints->memory, owner, rrset);
}

static uint32_t record_hash(const struct hints *hints, struct rdata rdata)
{
	uint32_t hash = (uint32_t)table_hash(hints->seed, (struct text){(const char *)rdata.octets, rdata.len});

	return hash ? hash : 1;
}

/* Once the last record is gone that was put there, nobody knows which is the last one now. */
static void note_dropped(struct hints *hints, uint64_t owner, const struct change *change)
{
	struct memory_added known;

	memory_recall_added(hints->memory, owner, change->type, &known);
	if (known.count && known.hashes[0] == record_hash(hints, change_record(change)))
		memory_keep_added(hints->memory, owner, change->type, &(struct memory_added){0});
}

void hints_keep(struct hints *hints, uint64_t owner, const struct change_set *set, const struct memory_added *added)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct change *change = &set->changes[i];

		if (change_is_remembered(change))
			memory_keep(hints->memory, owner, &change->becomes);
		else if (change->kind == CHANGE_DROP)
			note_dropped(hints, owner, change);
		else
			memory_keep_added(hints->memory, owner, change->type, added);
	}
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

void hint_judge(struct hints *hints, uint64_t owner, const struct rrset *found)
{
	uint8_t room[LENGTH_AND_RDATA];
	struct rrset hint;

	if (hints->doubts == 0 || !memory_recall(hints->memory, owner, found->type, room, &hint))
		return;
	hint.ttl_s = found->ttl_s; /* which no prerequisite is about */
	if (rrset_equal(&hint, found))
		hints->doubts--;
	else
		hints_doubt(hints);
}

/* What single records a rotation has go, and in which order they were put there, is no guess about what is there. */
void hints_drop(struct hints *hints, uint64_t owner, struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!change_is_whole(&set->changes[i]))
			continue;
		memory_drop(hints->memory, owner, set->changes[i].type);
		set->changes[i].was.known = false;
	}
}

static bool added_contain(const struct memory_added *added, uint32_t hash)
{
	for (size_t i = 0; i < added->count; i++) {
		if (added->hashes[i] == hash)
			return true;
	}
	return false;
}

static void added_append(struct memory_added *added, uint32_t hash)
{
	if (added->count < MEMORY_ADDED_MAX && !added_contain(added, hash))
		added->hashes[added->count++] = hash;
}

/*
 * Whether a record that is there goes: two newer ones take its place, `added` and the first of those that are known. If
 * nothing is known, because the gateway or its memory of the owner is new, all stay but for those that are too many.
 */
static bool record_goes(const struct memory_added *known, uint32_t added, uint32_t hash, size_t too_many)
{
	if (hash == added)
		return false;
	if (known->count == 0)
		return too_many > 0;
	return known->hashes[0] != added && known->hashes[0] != hash && added_contain(known, hash);
}

void hint_note_added(const struct hints *hints, uint64_t owner, struct change *change, bool maybe_done,
		     const struct dns_answer *found, struct memory_added *after)
{
	size_t too_many = found && found->rrset.count == RRSET_MAX;
	struct memory_added known, gone = {0};
	uint32_t added = change->becomes.count ? record_hash(hints, rrset_first(&change->becomes)) : 0;
	struct rdata at = {NULL, 0};

	*after = (struct memory_added){0};
	if (added)
		added_append(after, added);
	if (change_is_whole(change))
		return;
	memory_recall_added(hints->memory, owner, change->type, &known);
	change->was = rrset_of_none(change->type, 0, change->room_was);
	change->was.known = found;
	while (found && rrset_next(&found->rrset, &at)) {
		uint32_t hash = record_hash(hints, at);

		if (change->kind == CHANGE_ROTATE && record_goes(&known, added, hash, too_many)) {
			bool has_room = rrset_add(&change->was, at, change->room_was, rrset_room(change->type));

			assert(has_room); /* as much as for all that was found */
			(void)has_room;
			added_append(&gone, hash);
			too_many -= too_many > 0;
		} else if (!maybe_done) {
			added_append(after, hash); /* else it may be newer than what an earlier attempt has put there */
		}
	}
	for (size_t i = 0; i < known.count; i++) {
		if (!added_contain(&gone, known.hashes[i]))
			added_append(after, known.hashes[i]);
	}
}
