/*
 * hint: between the sets of a queue and its memory, which knows owners by their hash. What memory says of a record is
 * relied on until a hint proves wrong: then so many others have to prove right first.
 */
#ifndef ZONE_HINT_H
#define ZONE_HINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rr.h"
#include "base/status.h"
#include "dns/message.h"
#include "update/change.h"
#include "zone/memory.h"

struct hints {
	struct memory *memory;
	uint64_t seed; /* of the memory: for hashes of owners and of records */
	/* So many hints have to prove right before the next one is relied on: where one is wrong, others may be. */
	unsigned doubts;
};

/* The memory is borrowed. */
void hints_init(struct hints *hints, struct memory *memory);

/* Takes what memory knows of a record of the owner, unless more is known already. */
void hint_recall(const struct hints *hints, uint64_t owner, struct change *change);
/* The primary has said what a record is. */
void hint_keep(struct hints *hints, uint64_t owner, const struct rrset *rrset);
/* A hint was wrong: a message that relied on it was rejected, with all that was in it. */
void hints_doubt(struct hints *hints);
/* A look told nothing, so one less is to come: else they would never end where the primary tells nobody. */
void hints_trust(struct hints *hints);
/* Compares what was found with the hint that was not relied on. */
void hint_judge(struct hints *hints, uint64_t owner, const struct rrset *found);
/* The set was carried out. `added` is what hint_note_added() has worked out, if that was asked. */
void hints_keep(struct hints *hints, uint64_t owner, const struct change_set *set, const struct memory_added *added);
/* What was known of the records is not to be relied on. */
void hints_drop(struct hints *hints, uint64_t owner, struct change_set *set);
/*
 * The primary has said, or not (NULL), which records are there: works out into *after what memory is to keep once the
 * change is carried out, and which records CHANGE_ROTATE has go. `maybe_done`: an earlier attempt may have been carried
 * out.
 *
 * A rotation has a record go only if this gateway has put two newer ones there since it saw it, of which this one is
 * one. Whatever else is there may be another gateway's, put there a moment ago: the order of the records is nowhere in
 * the DNS. So of several gateways each leaves its own last two and what it has not seen before, whether or not what it
 * reads lags behind what is written; and what was read need not be a prerequisite.
 */
void hint_note_added(const struct hints *hints, uint64_t owner, struct change *change, bool maybe_done,
		     const struct dns_answer *found, struct memory_added *after);

#endif
