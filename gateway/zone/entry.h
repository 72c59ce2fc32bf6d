/*
 * entry: a change set in the queue: its place in its owner's chain, what comes next for it, and its end.
 *
 * Every entry hangs in its owner's chain; the head of a chain is on its way, all behind it are BLOCKED. An entry's
 * state says in which list it is; what is with the primary is in no list, but linked to the others of its message.
 *
 * An entry whose waiters are all gone is never sent any more. It is dropped at once, or, if it is with the primary,
 * when its message ends.
 *
 * The sets of one request are a group, which is to go in one message: those that are ready wait for the others.
 */
#ifndef ZONE_ENTRY_H
#define ZONE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/outcome.h"
#include "base/rr.h"
#include "base/status.h"
#include "base/table.h"
#include "dns/client.h"
#include "update/change.h"
#include "update/order.h"
#include "zone/hint.h"
#include "zone/retry.h"
#include "zone/waiter.h"

/*
 * Where an entry is and what it waits for; what is with the primary comes last. If all goes well:
 *
 *   TO_LOOK > LOOKING > READY > UPDATING > the end; without the first two if memory has a hint; and if nothing is to be
 *   changed TO_CONFIRM > CONFIRMING > the end
 *
 * All that moves it:
 *
 *   state            what happens                                      next
 *   BLOCKED          all before it in its chain have ended             entry_route()
 *   entry_route()    something has to be seen first                    TO_LOOK
 *                    what is there seems to be what it wants           TO_CONFIRM
 *                    bound to a primary, or its owner is poison, or    READY_ALONE
 *                    a record is missing in what may be a late copy
 *                    others of its request are looked at               GATHERED
 *                    else                                              READY
 *   TO_LOOK          it is its turn                                    LOOKING
 *   LOOKING          told, or the primary does not tell                entry_route()
 *                    a record is missing that must exist               the end: NO_RECORD
 *                    not told what is to be rewritten                  the end: REFUSED
 *                    no answer                                         entry_route() if another primary is well, else
 *                                                                      PAUSED; attempts used up: the end
 *   TO_CONFIRM       it is its turn                                    CONFIRMING
 *   CONFIRMING       it is so                                          the end: UNCHANGED
 *                    it is not, or the primary does not tell           entry_route(), with more doubt
 *                    no answer                                         as LOOKING
 *   GATHERED         nobody of its request is looked at any more       READY
 *   READY, _ALONE    it is its turn                                    UPDATING
 *   UPDATING         carried out                                       the end: CHANGED
 *                    rejected with others, its hint may be wrong       entry_route(), which has it looked at
 *                    rejected with others                              SUSPECT
 *                    rejected, not being what was known                entry_route(), with more doubt; or, if it
 *                                                                      rewrites what was just seen, TO_PROBE_WILDCARD
 *                    rejected, one of two records being missing        TO_PROBE_MISSING
 *                    rejected                                          the end: NO_RECORD, REFUSED
 *                    the primary failed with it                        SUSPECT, to go as it was, or PAUSED, if it went
 *                                                                      alone; when that is used up: as rejected
 *                    no answer                                         as LOOKING; it may have been carried out
 *   SUSPECT          it is its part's turn                             UPDATING
 *   TO_PROBE_...     it is its turn                                    PROBING_...
 *   PROBING_MISSING  whatever comes back                               the end: NO_RECORD
 *   PROBING_WILDCARD there is none, and it must exist                  the end: NO_RECORD
 *                    else                                              entry_route()
 *   PAUSED           time has passed                                   entry_route()
 *   any              nobody waits for it any more                      the end, once it is neither SUSPECT nor with the
 *                                                                      primary
 */
enum entry_state {
	ENTRY_BLOCKED,           /* behind another one of its owner; in no list */
	ENTRY_TO_LOOK,           /* to be looked at */
	ENTRY_TO_CONFIRM,        /* probably so already */
	ENTRY_TO_PROBE_MISSING,  /* to be asked which of its records is missing */
	ENTRY_TO_PROBE_WILDCARD, /* to be asked whether a record that a look saw is there: no wildcard answers that */
	ENTRY_GATHERED,          /* READY as soon as the others of its request are there and have been looked at */
	ENTRY_READY,             /* to be committed, together with others */
	ENTRY_READY_ALONE,       /* to be committed alone */
	ENTRY_PAUSED,            /* to be tried again later; earliest first */
	ENTRY_LISTS,   /* the states above, but for the first, have lists: both kinds of probes one, the others each */
	ENTRY_SUSPECT, /* in a part of a rejected message, listed by the part's first entry, or held back behind one */
	ENTRY_LOOKING, /* with the primary, as are all from here on */
	ENTRY_CONFIRMING,
	ENTRY_PROBING_MISSING,
	ENTRY_PROBING_WILDCARD,
	ENTRY_UPDATING,
};

/* What was seen of its records. The last two are of looks under way, or that came to nothing. */
enum sight {
	SIGHT_NONE,      /* the primary was not asked, or what it said is not relied on any more */
	SIGHT_CLEAR,     /* it told all */
	SIGHT_LATE,      /* a record that must exist is missing in what may be a late copy: an UPDATE alone tells */
	SIGHT_DIM,       /* of a record it does not say, or not with authority */
	SIGHT_FAILED,    /* no answer */
	SIGHT_NO_RECORD, /* a record is missing that must exist, or nobody would find what is made: settles it */
};

/* How far what is known of its records is doubted; grows only. */
enum doubt {
	DOUBT_NONE,
	DOUBT_TOGETHER,    /* a confirmation with others failed: to be confirmed alone */
	DOUBT_UNCONFIRMED, /* it is not as it seems to be, or nobody confirms it: no more of that */
	DOUBT_ALL,         /* what was seen turned out wrong: to be sent whatever the records are */
};

/* What it may have led to although it has not ended. */
enum effect {
	EFFECT_NONE,
	EFFECT_MAYBE_COPIED, /* the one that was rejected was a second copy, and the first carried out; a look tells */
	EFFECT_MAYBE_DONE,   /* an UPDATE with it was carried out, or may yet be: nothing signed denies it */
};

/* The sets of one request: they are to go in one message. */
struct group {
	size_t members;
	size_t awaited; /* of them, those that are still looked at; and one more while it is open */
};

/* Entries that are with the primary together. It lies in the first of them. */
struct queue_message {
	enum dns_request_kind kind;
	bool lone;                        /* of an owner that is kept apart from others */
	bool part;                        /* of a message that was taken apart, or one that goes again as it was */
	struct queue_entry *first, *last; /* the others by next_in_message; DNS_NOTHING: NULL */
	size_t count;
	size_t change; /* DNS_QUERY, DNS_PROBE: which of the entry's changes */
	struct dns_ticket ticket;
	const void *only_to;              /* as in struct queue_action */
	uint64_t not_before_ms;           /* while it is in `parts_later` */
	struct queue_entry *held_back;    /* SUSPECTs, of which this message is a sample; by next_in_message */
	STAILQ_ENTRY(queue_message) link; /* in one of the lists of parts or in `sends` */
};

struct queue_entry {
	struct change_set set;
	uint64_t arrival;         /* the number of its request, see set_arrival() */
	struct order_place place; /* held while it waits behind one that arrived later */
	struct order_marks marks; /* to be made when it is carried out */
	struct group *group;      /* or NULL */
	enum entry_state state;
	enum sight sight;
	enum doubt doubt;
	enum effect effect;
	const void *maybe_at; /* EFFECT_MAYBE_DONE: by that primary, if the zone has several */
	struct tries tries;
	uint64_t retry_at_ms; /* ENTRY_PAUSED */
	struct chain *chain;
	struct waiter_list waiters;
	struct {
		size_t missing;      /* so many are still under way */
		enum sight worst;    /* of those that have come back */
		enum rr_type absent; /* the first record that must exist and does not */
		enum retry_way way;  /* SIGHT_FAILED: of the last one that has */
	} look;                      /* ENTRY_LOOKING */

	struct queue_entry *next_in_message;
	struct queue_message *in_message; /* the one that it is with the primary in */
	struct queue_message message;     /* of which it is the first */
	struct queue_message looks[CHANGE_SET_MAX];
	TAILQ_ENTRY(queue_entry) in_state;
	TAILQ_ENTRY(queue_entry) in_chain;
	struct memory_added added; /* what memory is to keep of single records once it is carried out */
	uint8_t room[];            /* for the octets of its RRsets, all that they may ever take */
};

TAILQ_HEAD(entry_list, queue_entry);

/* All entries of one owner, in the order of arrival; but the first one may have come after others. */
struct chain {
	struct table_node by_owner;
	struct entry_list entries;
};

struct entries {
	struct order *order;
	struct waiters waiters;
	struct hints hints;
	struct table chains;
	struct entry_list lists[ENTRY_LISTS];
	size_t ready_count;
	struct group *open; /* of a request of which more sets follow, or NULL */
};

/*
 * The limits, the order of requests and the memory are borrowed. Whatever comes of it, entries_fini() is due; it frees
 * all that are left, unanswered.
 */
MUST_USE enum status entries_init(struct entries *entries, struct order *order, struct memory *memory,
				  const struct queue_limits *limits);
void entries_fini(struct entries *entries);

/* Of a group that is open more members are to come. Without memory for it, the sets go each for itself. */
void group_open(struct entries *entries);
void group_close(struct entries *entries);

static inline uint64_t entry_owner(const struct queue_entry *entry)
{
	return entry->chain->by_owner.hash;
}

static inline bool entry_is_wanted(const struct queue_entry *entry)
{
	return !TAILQ_EMPTY(&entry->waiters);
}

static inline bool entry_is_with_primary(const struct queue_entry *entry)
{
	return entry->state >= ENTRY_LOOKING;
}

/* Into another list, or none. Of its group it is awaited while it is looked at. */
void entry_move_to(struct entries *entries, struct queue_entry *entry, enum entry_state state);

/* NULL if nothing of that owner is in the queue. `hash` is the owner's. */
struct chain *chain_find(const struct entries *entries, uint64_t hash, const struct name *owner);
/*
 * The entry behind which a set belongs that arrived then; NULL in an empty chain, and only there, because the first
 * entry is on its way and keeps its place. `chain` may be NULL.
 */
struct queue_entry *chain_predecessor(const struct chain *chain, uint64_t arrival);
/* Whether it still waits, so that it need not be carried out if it is replaced, or may stand for an earlier one. */
bool entry_is_idle(const struct queue_entry *entry);
/* Takes the marks, as entry_new() does. */
void entry_replace(struct entries *entries, struct queue_entry *entry, const struct change_set *set,
		   struct order_marks *marks, uint64_t now_ms);
/*
 * An entry behind another one of its owner's chain, or in a new one if `before` is NULL. `hash` is the owner's. Takes
 * the marks. NULL without memory.
 */
struct queue_entry *entry_new(struct entries *entries, struct queue_entry *before, uint64_t hash,
			      const struct change_set *set, struct order_marks *marks, uint64_t now_ms);
/* Whether the primary may still be asked what is there. */
bool entry_may_look(const struct queue_entry *entry);
/* What was known of its records is not to be relied on. */
void entry_doubt_records(struct entries *entries, struct queue_entry *entry);
/* The next thing to do with an entry at the head of its chain. */
void entry_route(struct entries *entries, struct queue_entry *entry, uint64_t now_ms);
/* The same for one that comes back from the primary; who is not wanted any more ends here. */
void entry_go_on(struct entries *entries, struct queue_entry *entry, uint64_t now_ms);
void entry_pause(struct entries *entries, struct queue_entry *entry, uint64_t retry_at_ms);
/* The entry's end: whoever still waits for it gets the outcome, and the next of its owner may go. */
void entry_end(struct entries *entries, struct queue_entry *entry, enum outcome_code code, uint64_t now_ms);
/* OUTCOME_NO_RECORD for want of the record of that type; RR_NONE: which one is not known. */
void entry_end_missing(struct entries *entries, struct queue_entry *entry, enum rr_type missing, uint64_t now_ms);
/* Whether it must go where it may have been carried out already, because nothing tells of it elsewhere. */
bool entry_is_bound(const struct queue_entry *entry);
/* What an entry's story amounts to, if it ends without the primary having carried it out for certain. */
enum outcome_code entry_undone(const struct queue_entry *entry, enum outcome_code certainly);
/* The end of all from this one on, by next_in_message: the primary wants nothing of them, as that result says. */
void entries_refuse(struct entries *entries, struct queue_entry *first, const struct dns_result *result,
		    uint64_t now_ms);

#endif
