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
#include "base/status.h"
#include "base/table.h"
#include "dns/client.h"
#include "update/change.h"
#include "update/order.h"
#include "zone/hint.h"
#include "zone/waiter.h"

enum entry_state {
	BLOCKED,       /* behind another one of its owner; in no list */
	LOOK_READY,    /* to be looked at */
	CONFIRM_READY, /* probably so already */
	PROBE_READY,   /* to be asked whether one of its records exists: one is missing, or `maybe_wildcard` */
	GATHERED,      /* READY as soon as the others of its request are there and have been looked at */
	READY,         /* to be committed, together with others */
	LONE_READY,    /* to be committed alone */
	SUSPECT,       /* in a part of a rejected message, listed by the part's first entry, or held back behind one */
	PAUSED,        /* to be tried again later; earliest first */
	WITH_PRIMARY,  /* in no list */
	STATE_COUNT,
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
	struct text_work *texts;  /* its own; NULL: it is about something else */
	uint64_t arrival;         /* the number of its request, see set_arrival() */
	struct order_place place; /* held while it waits behind one that arrived later */
	struct order_marks marks; /* to be made when it is carried out */
	struct group *group;      /* or NULL */
	bool awaited;             /* counted in group->awaited */
	enum entry_state state;
	struct chain *chain;
	struct waiter_list waiters;
	unsigned attempts;
	unsigned moves;    /* how often it was at once sent to another primary, or there again */
	unsigned failures; /* messages with it that the primary failed with, and that went again as they were */
	uint64_t retry_at_ms;
	bool looked;         /* the primary was asked what is there */
	bool confirm_failed; /* it is not as memory has it, whatever memory says */
	bool alone;          /* to be confirmed alone, because a message with others failed */
	bool halved;         /* was in a message that was taken apart */
	bool plain;          /* to be sent whatever the records were: what was known turned out wrong */
	bool maybe_wildcard; /* what it rewrites was just seen, and is not so: it may not be there at all */
	/* What it may have led to although it has not ended: */
	bool maybe_done;      /* an UPDATE with it was carried out, or may yet be: nothing signed denies it */
	const void *maybe_at; /* by that primary, if the zone has several */
	bool maybe_copied;    /* the one that was rejected was a second copy, and the first carried out; a look tells */
	/* While it is looked at: */
	size_t looks_missing;
	bool look_failed;
	bool look_told_nothing;  /* of a record: the primary does not say, or not with authority */
	enum addr_family absent; /* the first record that must exist and does not */
	bool text_hidden;        /* nobody would find the string: the name lies behind a delegation or a DNAME */

	struct queue_entry *next_in_message;
	struct queue_message *in_message; /* WITH_PRIMARY: the one that it is in */
	struct queue_message message;     /* of which it is the first */
	struct queue_message looks[CHANGE_SET_MAX];
	TAILQ_ENTRY(queue_entry) in_state;
	TAILQ_ENTRY(queue_entry) in_chain;
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
	struct entry_list lists[STATE_COUNT];
	size_t ready_count;
	struct group *open; /* of a request of which more sets follow, or NULL */
};

/*
 * The limits and the order of requests are borrowed. Whatever comes of it, entries_fini() is due; it frees all that are
 * left, unanswered.
 */
MUST_USE enum status entries_init(struct entries *entries, struct order *order, const struct queue_limits *limits);
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

static inline bool entry_is_listed(const struct queue_entry *entry)
{
	return entry->state != BLOCKED && entry->state != WITH_PRIMARY && entry->state != SUSPECT;
}

static inline void entry_move_to(struct entries *entries, struct queue_entry *entry, enum entry_state state)
{
	if (entry_is_listed(entry))
		TAILQ_REMOVE(&entries->lists[entry->state], entry, in_state);
	entries->ready_count -= entry->state == READY;
	entry->state = state;
	entries->ready_count += state == READY;
	if (entry_is_listed(entry))
		TAILQ_INSERT_TAIL(&entries->lists[state], entry, in_state);
}

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
void entry_pause(struct entries *entries, struct queue_entry *entry, uint64_t retry_at_ms);
/* The entry's end: whoever still waits for it gets the outcome, and the next of its owner may go. */
void entry_end(struct entries *entries, struct queue_entry *entry, enum outcome_code code, uint64_t now_ms);
/* OUTCOME_NO_RECORD for want of the record of that type; ADDR_NONE: which one is not known. */
void entry_end_missing(struct entries *entries, struct queue_entry *entry, enum addr_family missing, uint64_t now_ms);
/* Whether it must go where it may have been carried out already, because nothing tells of it elsewhere. */
bool entry_is_bound(const struct queue_entry *entry);
/* What an entry's story amounts to, if it ends without the primary having carried it out for certain. */
enum outcome_code entry_undone(const struct queue_entry *entry, enum outcome_code certainly);
/* The same if it ends because the primary wants nothing of it, as that result says. */
enum outcome_code entry_refused(const struct queue_entry *entry, const struct dns_result *result);

#endif
