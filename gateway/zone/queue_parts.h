/*
 * queue_parts: what the files of the queue share. Private to the room. Each calls only those that stand before it:
 *
 *   action.c      what is to be done, until the driver takes it
 *   waiter.c      who waits for an answer, each one's deadline, each account's share
 *   set.c         what a change set alone says of itself
 *   hint.c        what memory knows of its records
 *   group.c       the sets of one request, which go together
 *   entry.c       a change set in the queue: its chain, its next state, its end
 *   backoff.c     how long the primary is left alone after it has failed
 *   message.c     what goes into a message, and when that goes
 *   turn.c        what Knot needs at the turn of a second
 *   rejection.c   sets that the primary rejected: whose fault it is
 *   reply.c       what a reply means for the sets of its message
 *   queue.c       the verbs; sets that arrive, waiters that leave, time that passes
 *
 * Every entry hangs in its owner's chain; the head of a chain is on its way, all behind it are BLOCKED. An entry's
 * state says in which list it is; what is with the primary is in no list, but linked to the others of its message.
 *
 * An entry whose waiters are all gone is never sent any more. It is dropped at once, or, if it is with the primary,
 * when its message ends.
 */
#ifndef ZONE_QUEUE_PARTS_H
#define ZONE_QUEUE_PARTS_H

#include <sys/queue.h>

#include "base/table.h"
#include "zone/memory.h"
#include "zone/queue.h"

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

/* What a waiter is to be told. */
struct answer {
	void *ctx;
	struct outcome outcome;
};

/* Somebody who wants to know how it ended. */
struct waiter {
	void *ctx;
	uint64_t deadline_ms;
	struct queue_entry *entry;
	struct share *share;
	struct table_node by_ctx;
	TAILQ_ENTRY(waiter) in_deadlines;
	TAILQ_ENTRY(waiter) in_entry;
};

TAILQ_HEAD(waiters, waiter);

/* How many waiters an account has. */
struct share {
	struct table_node by_account;
	uint64_t account;
	size_t count;
};

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

/* What an entry that sets or adds a string has to know of the TXT RRset. */
struct text_work {
	struct texts texts;        /* `texts` of its set */
	struct memory_texts after; /* what memory is to keep once the primary has committed */
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
	struct waiters waiters;
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

TAILQ_HEAD(entries, queue_entry);

/* All entries of one owner, in the order of arrival; but the first one may have come after others. */
struct chain {
	struct table_node by_owner;
	struct entries entries;
};

struct queue {
	const struct name *zone;
	struct order *order;
	struct queue_limits limits;
	struct memory *memory;
	struct table chains, waiters_by_ctx, shares;
	struct waiters deadlines; /* earliest first */
	struct entries lists[STATE_COUNT];
	struct group *open; /* of a request of which more sets follow, or NULL */
	/* Of messages that were taken apart, or that go once more; and those that wait for a moment before they do. */
	STAILQ_HEAD(parts, queue_message) parts, parts_later;
	/*
	 * Sets that may be expected since the last commit: those that were with the primary or waited then, and those
	 * that were answered, from clients that always want something. If the primary pauses, it begins nothing before
	 * that time, so what comes until then may as well gather here, up to so many.
	 */
	size_t expected;
	uint64_t pause_until_ms;
	/* Shortly before the next turn of a second by the wall clock, when the primary is to have something to do. */
	uint64_t turn_at_ms;
	struct queue_message hold; /* of nothing, for that; in use while `holds` is 1 */
	/* So many hints have to prove right before the next one is relied on: where one is wrong, others may be. */
	unsigned doubts;
	bool is_forwarded; /* somebody between us and the primary gives UPDATEs IDs of its own: most likely a secondary */
	bool part_committed; /* one of them has, so that those that do not are culprits, and not the primary */
	/* UPDATEs that the primary failed with, in a row; and when no new one goes before, if it seems to be sick. */
	unsigned failures;
	uint64_t failed_at_ms, back_off_until_ms;
	size_t entry_count, ready_count;
	size_t updates, lone_updates, confirms, queries, holds; /* with the primary */
	size_t sets_sent, parts_sent;                           /* in `updates`; of these */
	uint64_t jitter;
	/* To be done: messages to be sent, and answers to be given, of which those before `answer_next` were. */
	STAILQ_HEAD(, queue_message) sends;
	struct answer *answers;
	size_t answer_next, answer_count, answer_cap;
};

static inline uint64_t earlier_ms(uint64_t a_ms, uint64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

/* ---- action.c ---- */

/* Makes room for one more waiter's answer, so that action_answer() always finds some. */
MUST_USE enum status action_reserve(struct queue *queue);
void action_answer(struct queue *queue, void *ctx, struct outcome outcome);
void action_send(struct queue *queue, struct queue_message *message);
/* The answer may have been decided on already, and wait to be taken. */
void action_take_back_answer(struct queue *queue, const void *ctx);

/* ---- waiter.c ---- */

/* Whether there is no room for one more, of that account or of any. */
bool waiters_are_full(const struct queue *queue, uint64_t account);
/*
 * The one that a QUEUE_SUBMIT brings, counted in its account's share; NULL without memory. It has to join an entry or
 * be discarded.
 */
struct waiter *waiter_new(struct queue *queue, const struct queue_event *event, uint64_t now_ms);
void waiter_join(struct queue *queue, struct waiter *waiter, struct queue_entry *entry);
void waiter_discard(struct queue *queue, struct waiter *waiter);
/* NULL if there is none, or it was answered. */
struct waiter *waiter_find(const struct queue *queue, const void *ctx);
/* Both end a waiter that has joined. */
void waiter_forget(struct queue *queue, struct waiter *waiter);
void waiter_answer(struct queue *queue, struct waiter *waiter, struct outcome outcome);

/* ---- set.c ---- */

static inline bool set_is_txt(const struct change_set *set)
{
	return set->count && change_is_txt(&set->changes[0]);
}

/* Whether it is known of every record what it was; of one. */
bool set_is_known(const struct change_set *set);
bool set_is_known_in_part(const struct change_set *set);
/* Whether it puts a string into a TXT record. */
bool set_adds_text(const struct change_set *set);
/* Whether everything seems to be as it is to become. */
bool set_is_so_already(const struct change_set *set);
/* Whether what is there has to be read before it can be changed. */
bool set_rewrites(const struct change_set *set);
/* Whether the later set is for all the records of the earlier one, on the same conditions. */
bool set_replaces(const struct change_set *later, const struct change_set *earlier);
/*
 * Whether it does away with its own conditions, so that a second copy of its UPDATE is rejected after the first was
 * carried out.
 */
bool set_ends_its_conditions(const struct change_set *set);
/* How many of its records must exist, and the type of the prerequisite of that number. */
size_t set_prerequisites(const struct change_set *set);
enum addr_family set_prerequisite(const struct change_set *set, size_t number);
/* Which change a probe is about: the first one whose record must exist, else the one that rewrites its record. */
size_t set_to_probe(const struct change_set *set);

/* ---- hint.c ---- */

/* Takes what memory knows of the records, unless more is known already, and works out what is to become of them. */
void hints_recall(const struct queue *queue, struct queue_entry *entry);
/* The primary has said what a record is. */
void hint_keep(struct queue *queue, const struct queue_entry *entry, enum addr_family family,
	       const struct rrset *rrset);
/* A hint was wrong: a message that relied on it was rejected, with all that was in it. */
void hints_doubt(struct queue *queue);
/* A look told nothing, so one less is to come: else they would never end where the primary tells nobody. */
void hints_trust(struct queue *queue);
/* Compares what was found with the hint that was not relied on. */
void hint_judge(struct queue *queue, const struct queue_entry *entry, enum addr_family family,
		const struct rrset *found);
/* The set was carried out. */
void hints_keep(struct queue *queue, const struct queue_entry *entry);
/* What was known of the records is not to be relied on. */
void hints_drop(struct queue *queue, struct queue_entry *entry);
/*
 * The primary has said, or not (NULL), which strings are there: works out what becomes of them.
 *
 * A rotation has a string go only if this gateway has put two newer ones there since it saw it, of which this set's is
 * one. Whatever else is there may be another gateway's, put there a moment ago: the order of the strings is nowhere in
 * the DNS. So of several gateways each leaves its own last two and what it has not seen before, whether or not what it
 * reads lags behind what is written; and what was read need not be a prerequisite.
 */
void hint_note_texts(const struct queue *queue, struct queue_entry *entry, const struct dns_answer *found);

/* ---- group.c ---- */

/* Of a group that is open more members are to come. Without memory for it, the sets go each for itself. */
void group_open(struct queue *queue);
void group_close(struct queue *queue);
/* The others of its request wait for the entry, or need not any more. */
void group_await(struct queue_entry *entry);
void group_settle(struct queue *queue, struct queue_entry *settled);
/* The entry ends. */
void group_leave(struct queue *queue, struct queue_entry *entry);

/* ---- entry.c ---- */

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

static inline void entry_move_to(struct queue *queue, struct queue_entry *entry, enum entry_state state)
{
	if (entry_is_listed(entry))
		TAILQ_REMOVE(&queue->lists[entry->state], entry, in_state);
	queue->ready_count -= entry->state == READY;
	entry->state = state;
	queue->ready_count += state == READY;
	if (entry_is_listed(entry))
		TAILQ_INSERT_TAIL(&queue->lists[state], entry, in_state);
}

/* NULL if nothing of that owner is in the queue. `hash` is the owner's. */
struct chain *chain_find(const struct queue *queue, uint64_t hash, const struct name *owner);
/*
 * The entry behind which a set belongs that arrived then; NULL in an empty chain, and only there, because the first
 * entry is on its way and keeps its place. `chain` may be NULL.
 */
struct queue_entry *chain_predecessor(const struct chain *chain, uint64_t arrival);
/* Whether it still waits, so that it need not be carried out if it is replaced, or may stand for an earlier one. */
bool entry_is_idle(const struct queue_entry *entry);
/* Takes the marks, as entry_new() does. */
void entry_replace(struct queue *queue, struct queue_entry *entry, const struct change_set *set,
		   struct order_marks *marks, uint64_t now_ms);
/*
 * An entry behind another one of its owner's chain, or in a new one if `before` is NULL. `hash` is the owner's. Takes
 * the marks. NULL without memory.
 */
struct queue_entry *entry_new(struct queue *queue, struct queue_entry *before, uint64_t hash,
			      const struct change_set *set, struct order_marks *marks, uint64_t now_ms);
/* Whether the primary may still be asked what is there. */
bool entry_may_look(const struct queue_entry *entry);
/* The next thing to do with an entry at the head of its chain. */
void entry_route(struct queue *queue, struct queue_entry *entry, uint64_t now_ms);
void entry_pause(struct queue *queue, struct queue_entry *entry, uint64_t retry_at_ms);
/* The entry's end: whoever still waits for it gets the outcome, and the next of its owner may go. */
void entry_end(struct queue *queue, struct queue_entry *entry, enum outcome_code code, uint64_t now_ms);
/* OUTCOME_NO_RECORD for want of the record of that type; ADDR_NONE: which one is not known. */
void entry_end_missing(struct queue *queue, struct queue_entry *entry, enum addr_family missing, uint64_t now_ms);
/* Whether it must go where it may have been carried out already, because nothing tells of it elsewhere. */
bool entry_is_bound(const struct queue_entry *entry);
/* What an entry's story amounts to, if it ends without the primary having carried it out for certain. */
enum outcome_code entry_undone(const struct queue_entry *entry, enum outcome_code certainly);
/* The same if it ends because the primary wants nothing of it, as that result says. */
enum outcome_code entry_refused(const struct queue_entry *entry, const struct dns_result *result);
/* Frees all entries, whose waiters are gone. */
void entries_free(struct queue *queue);

/* ---- backoff.c ---- */

/* By chance, less than `bound`. */
uint64_t backoff_draw(struct queue *queue, uint64_t bound);
/* Before that attempt, of which the second is number 1. */
uint64_t backoff_pause_ms(struct queue *queue, unsigned attempt);
/*
 * The primary failed with an UPDATE, for a reason that may be one of its sets. If it does so again and again, and
 * carries out nothing, it is taken for sick.
 */
void backoff_note_failure(struct queue *queue, uint64_t now_ms);
void backoff_note_commit(struct queue *queue);
bool backoff_is_doubtful(const struct queue *queue); /* it may be sick: a few sets are to tell, before more are sent */
bool backoff_is_sick(const struct queue *queue);
/* No other primary is well, so this one is left alone for a while. */
void backoff_begin(struct queue *queue, uint64_t now_ms);

/* ---- message.c ---- */

/* Sends all that may go now. */
void messages_send(struct queue *queue, uint64_t now_ms);
/* When time alone makes some of them go; ENV_NEVER_MS: never. */
uint64_t messages_wake_at_ms(const struct queue *queue);
/*
 * The primary has committed. What went alone begins no pause: many such, one after the other, would keep the others
 * waiting for as long.
 */
void messages_note_commit(struct queue *queue, const struct queue_message *committed, uint64_t now_ms);
/* One that the queue has made itself. */
void message_send(struct queue *queue, struct queue_message *message);
/* A message that has not left is taken back once nobody in it waits any more. */
void message_withdraw_if_unwanted(struct queue_message *message);
/* It is not with the primary any more. */
void message_came_back(struct queue *queue, const struct queue_message *message);

/* ---- turn.c ---- */

/*
 * Knot plans by whole seconds: its NOTIFY for the second after a commit; and an UPDATE that comes in that second while
 * the zone is at rest is not begun before the NOTIFY is, which is up to a second later (3.2 to 3.4: what is to be next
 * is taken to be planned already, because it is for the same second). So while it is busy, it is kept from resting over
 * the turn of the second: it has a message of nothing, which it holds until its pause is over.
 */

/* Sends that message if it is time for it. */
void turn_hold(struct queue *queue, uint64_t now_ms);
/* When that is; ENV_NEVER_MS: not as things stand. */
uint64_t turn_wake_at_ms(const struct queue *queue);
/* Both clocks, of the same moment. */
void turn_note_time(struct queue *queue, uint64_t now_ms, uint64_t wall_ms);

/* ---- rejection.c ---- */

/* The primary rejected an UPDATE: whose fault it is, and what becomes of the others. */
void rejection_take(struct queue *queue, struct queue_message *message, const struct dns_result *result,
		    uint64_t now_ms);
/* The primary failed with an UPDATE (SERVFAIL): whether that is its own fault, is to be seen. */
void rejection_failed(struct queue *queue, struct queue_message *message, const struct dns_result *result,
		      bool has_well, uint64_t now_ms);
/* What was held back behind a sample, now that the sample's message has ended with that result. */
void rejection_sampled(struct queue *queue, struct queue_entry *held_back, const struct dns_result *result,
		       bool has_well, uint64_t now_ms);
/* A probe of an entry has come back: the record exists or does not; nothing was changed either way. */
void rejection_probed(struct queue *queue, struct queue_entry *entry, const struct dns_result *result, uint64_t now_ms);

/* ---- reply.c ---- */

/* A message has come to its end: what that means for its sets. */
void reply_take(struct queue *queue, const struct queue_event *event, uint64_t now_ms);

#endif
