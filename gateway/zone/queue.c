/*
 * Every entry hangs in its owner's chain: the head of a chain is READY, PAUSED or IN_FLIGHT, all behind it are
 * BLOCKED. That is what keeps the changes of one owner in order. Besides, an entry is in the list of its state, and
 * in `unanswered` until its waiter knows.
 */
#include "zone/queue.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/env.h"

struct queue_entry {
	struct change_set set;
	struct change_set probe; /* valid while `probing`: the first of two prerequisites */
	void *waiter;
	uint64_t deadline_ms;
	uint64_t retry_at_ms;
	unsigned attempts;
	bool probing;
	struct dns_ticket ticket; /* of the message that is in flight */
	bool maybe_done;          /* an earlier attempt has an unknown outcome */
	bool answered;
	enum {
		BLOCKED,
		READY,
		PAUSED,
		IN_FLIGHT,
	} state;
	struct chain *chain;
	TAILQ_ENTRY(queue_entry) in_unanswered;
	TAILQ_ENTRY(queue_entry) in_state; /* READY, PAUSED */
	STAILQ_ENTRY(queue_entry) in_chain;
};

TAILQ_HEAD(entries, queue_entry);

/* All entries of one owner, in the order of arrival. */
struct chain {
	uint64_t hash; /* of the owner */
	STAILQ_HEAD(, queue_entry) entries;
	SLIST_ENTRY(chain) in_bucket;
};

SLIST_HEAD(bucket, chain);

struct queue {
	struct queue_limits limits;
	struct entries unanswered; /* earliest deadline first: the deadline is the same for all */
	struct entries ready;      /* first come, first served */
	struct entries paused;     /* earliest first */
	size_t entry_count, waiting_count, in_flight_count, chain_count;
	size_t bucket_mask;
	struct bucket *buckets;
	/* Actions to be done: those from `action_next` to `action_count` are still to be taken. */
	struct queue_action *actions;
	size_t action_next, action_count, action_cap;
};

enum { BUCKETS_AT_START = 64, ACTIONS_AT_START = 16 };

/* ---- Chains ---- */

static uint64_t hash_owner(const struct queue *queue, const struct name *owner)
{
	uint64_t value = queue->limits.seed ^ 14695981039346656037u;

	for (size_t i = 0; i < owner->len; i++)
		value = (value ^ (unsigned char)owner->text[i]) * 1099511628211u;
	return value ^ value >> 32;
}

static struct bucket *bucket_of(const struct queue *queue, uint64_t hash)
{
	return &queue->buckets[hash & queue->bucket_mask];
}

static struct chain *find_chain(const struct queue *queue, uint64_t hash, const struct name *owner)
{
	struct chain *chain;

	SLIST_FOREACH(chain, bucket_of(queue, hash), in_bucket) {
		if (chain->hash == hash && name_equal(&STAILQ_FIRST(&chain->entries)->set.owner, owner))
			return chain;
	}
	return NULL;
}

/* Doubles the table; without memory it stays as it is, only slower. */
static void grow_table(struct queue *queue)
{
	size_t old_count = queue->bucket_mask + 1;
	struct bucket *old = queue->buckets, *grown = calloc(2 * old_count, sizeof *grown);

	if (!grown)
		return;
	queue->buckets = grown;
	queue->bucket_mask = 2 * old_count - 1;
	for (size_t i = 0; i < old_count; i++) {
		while (!SLIST_EMPTY(&old[i])) {
			struct chain *chain = SLIST_FIRST(&old[i]);

			SLIST_REMOVE_HEAD(&old[i], in_bucket);
			SLIST_INSERT_HEAD(bucket_of(queue, chain->hash), chain, in_bucket);
		}
	}
	free(old);
}

static struct chain *new_chain(struct queue *queue, uint64_t hash)
{
	struct chain *chain = malloc(sizeof *chain);

	if (!chain)
		return NULL;
	chain->hash = hash;
	STAILQ_INIT(&chain->entries);
	if (++queue->chain_count > queue->bucket_mask)
		grow_table(queue);
	SLIST_INSERT_HEAD(bucket_of(queue, hash), chain, in_bucket);
	return chain;
}

/* Puts the entry at the end of its owner's chain. */
static enum status join_chain(struct queue *queue, struct queue_entry *entry)
{
	uint64_t hash = hash_owner(queue, &entry->set.owner);

	entry->chain = find_chain(queue, hash, &entry->set.owner);
	if (!entry->chain)
		entry->chain = new_chain(queue, hash);
	if (!entry->chain)
		return STATUS_NO_MEMORY;
	STAILQ_INSERT_TAIL(&entry->chain->entries, entry, in_chain);
	return STATUS_OK;
}

static void make_ready(struct queue *queue, struct queue_entry *entry)
{
	entry->state = READY;
	TAILQ_INSERT_TAIL(&queue->ready, entry, in_state);
}

static void leave_chain(struct queue *queue, struct queue_entry *entry)
{
	struct chain *chain = entry->chain;
	bool was_head = STAILQ_FIRST(&chain->entries) == entry;

	STAILQ_REMOVE(&chain->entries, entry, queue_entry, in_chain);
	if (STAILQ_EMPTY(&chain->entries)) {
		SLIST_REMOVE(bucket_of(queue, chain->hash), chain, chain, in_bucket);
		free(chain);
		queue->chain_count--;
	} else if (was_head) {
		make_ready(queue, STAILQ_FIRST(&chain->entries));
	}
}

/* ---- Actions ---- */

/*
 * Makes room for what one more entry can ask for. Of each entry, at most one SEND and one ANSWER wait to be done: a
 * SEND is followed by another only after it was done and replied to.
 */
static enum status reserve_actions(struct queue *queue)
{
	size_t waiting = queue->action_count - queue->action_next, wanted = waiting + 2 * (queue->entry_count + 1);
	size_t cap = queue->action_cap;
	struct queue_action *actions;

	if (wanted <= cap)
		return STATUS_OK;
	while (cap < wanted)
		cap *= 2;
	actions = realloc(queue->actions, cap * sizeof *actions);
	if (!actions)
		return STATUS_NO_MEMORY;
	queue->actions = actions;
	queue->action_cap = cap;
	return STATUS_OK;
}

static void act(struct queue *queue, struct queue_action action)
{
	if (queue->action_count == queue->action_cap) {
		/* The room at the front, of actions that were taken, is the room that was reserved. */
		queue->action_count -= queue->action_next;
		memmove(queue->actions, queue->actions + queue->action_next,
			queue->action_count * sizeof *queue->actions);
		queue->action_next = 0;
	}
	queue->actions[queue->action_count++] = action;
}

bool queue_next_action(struct queue *queue, struct queue_action *out)
{
	if (queue->action_next == queue->action_count)
		return false;
	*out = queue->actions[queue->action_next++];
	if (queue->action_next == queue->action_count)
		queue->action_next = queue->action_count = 0;
	return true;
}

static void answer(struct queue *queue, struct queue_entry *entry, struct outcome outcome)
{
	if (entry->answered)
		return;
	entry->answered = true;
	TAILQ_REMOVE(&queue->unanswered, entry, in_unanswered);
	queue->waiting_count--;
	act(queue, (struct queue_action){.kind = QUEUE_ANSWER, .waiter = entry->waiter, .outcome = outcome});
}

/* The entry's end: whoever still waits for it gets the outcome, and the next of its owner may go. */
static void end(struct queue *queue, struct queue_entry *entry, struct outcome outcome)
{
	answer(queue, entry, outcome);
	leave_chain(queue, entry);
	queue->entry_count--;
	free(entry);
}

static void send_ready(struct queue *queue)
{
	struct queue_entry *entry;

	while (queue->in_flight_count < queue->limits.in_flight_max && (entry = TAILQ_FIRST(&queue->ready))) {
		TAILQ_REMOVE(&queue->ready, entry, in_state);
		entry->state = IN_FLIGHT;
		entry->ticket = (struct dns_ticket){0};
		queue->in_flight_count++;
		act(queue, (struct queue_action){.kind = QUEUE_SEND,
						 .message = entry,
						 .set = entry->probing ? &entry->probe : &entry->set,
						 .probe = entry->probing,
						 .ticket = &entry->ticket});
	}
}

/* ---- SUBMIT ---- */

static struct queue_entry *entry_new(const struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	struct queue_entry *entry = calloc(1, sizeof *entry);

	if (!entry)
		return NULL;
	entry->set = *event->set;
	entry->waiter = event->waiter;
	entry->deadline_ms = now_ms + queue->limits.deadline_ms;
	entry->state = BLOCKED;
	return entry;
}

static enum status on_submit(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	struct queue_entry *entry;

	if (queue->entry_count >= queue->limits.entries_max)
		return STATUS_FULL;
	if (reserve_actions(queue) != STATUS_OK)
		return STATUS_NO_MEMORY;
	entry = entry_new(queue, event, now_ms);
	if (!entry)
		return STATUS_NO_MEMORY;
	if (join_chain(queue, entry) != STATUS_OK) {
		free(entry);
		return STATUS_NO_MEMORY;
	}
	queue->entry_count++;
	queue->waiting_count++;
	TAILQ_INSERT_TAIL(&queue->unanswered, entry, in_unanswered);
	if (STAILQ_FIRST(&entry->chain->entries) == entry)
		make_ready(queue, entry);
	return STATUS_OK;
}

/* ---- REPLIED ---- */

static size_t prerequisites(const struct change_set *set)
{
	size_t count = 0;

	for (size_t i = 0; i < set->count; i++)
		count += set->changes[i].must_exist;
	return count;
}

static const struct change *prerequisite(const struct change_set *set, size_t number)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->changes[i].must_exist && number-- == 0)
			return &set->changes[i];
	}
	return NULL;
}

static struct outcome no_record(const struct change *missing)
{
	return (struct outcome){.code = OUTCOME_NO_RECORD, .missing = missing ? missing->addr.family : ADDR_NONE};
}

/* One of several records does not exist, so nothing was changed. Which one? The primary is asked about the first. */
static void begin_probe(struct queue *queue, struct queue_entry *entry)
{
	entry->probe = entry->set;
	entry->probe.count = 0;
	for (size_t i = 0; i < entry->set.count && entry->probe.count == 0; i++) {
		if (entry->set.changes[i].must_exist)
			entry->probe.changes[entry->probe.count++] = entry->set.changes[i];
	}
	entry->probing = true;
	entry->attempts = 0;
	make_ready(queue, entry);
}

static void on_missing(struct queue *queue, struct queue_entry *entry)
{
	if (entry->probing || prerequisites(&entry->set) < 2)
		end(queue, entry, no_record(prerequisite(&entry->set, 0)));
	else if (entry->answered)
		end(queue, entry, no_record(NULL));
	else
		begin_probe(queue, entry);
}

static void on_committed(struct queue *queue, struct queue_entry *entry)
{
	if (entry->probing)
		end(queue, entry, no_record(prerequisite(&entry->set, 1)));
	else
		end(queue, entry, (struct outcome){.code = OUTCOME_CHANGED});
}

/* What an entry's story amounts to, if it ends without the primary having carried it out for certain. */
static struct outcome undone(const struct queue_entry *entry, enum outcome_code certainly)
{
	if (entry->probing)
		return no_record(NULL);
	return (struct outcome){.code = entry->maybe_done ? OUTCOME_UNKNOWN : certainly};
}

static void pause_entry(struct queue *queue, struct queue_entry *entry, uint64_t now_ms)
{
	struct queue_entry *later;

	entry->state = PAUSED;
	entry->retry_at_ms = now_ms + ((uint64_t)queue->limits.retry_pause_ms << (entry->attempts - 1));
	TAILQ_FOREACH_REVERSE(later, &queue->paused, entries, in_state) {
		if (later->retry_at_ms <= entry->retry_at_ms) {
			TAILQ_INSERT_AFTER(&queue->paused, later, entry, in_state);
			return;
		}
	}
	TAILQ_INSERT_HEAD(&queue->paused, entry, in_state);
}

static void on_no_reply(struct queue *queue, struct queue_entry *entry, uint64_t now_ms)
{
	entry->attempts++;
	if (entry->answered || entry->attempts >= queue->limits.attempts_max)
		end(queue, entry, undone(entry, OUTCOME_UNREACHABLE));
	else
		pause_entry(queue, entry, now_ms);
}

static void on_replied(struct queue *queue, struct queue_entry *entry, const struct dns_result *result, uint64_t now_ms)
{
	queue->in_flight_count--;
	switch (result->verdict) {
	case DNS_VERIFIED:
		if (result->rcode == DNS_NOERROR)
			on_committed(queue, entry);
		else if (result->rcode == DNS_NXRRSET)
			on_missing(queue, entry);
		else
			end(queue, entry, undone(entry, OUTCOME_REFUSED));
		break;
	case DNS_REJECTED:
		end(queue, entry, undone(entry, OUTCOME_REFUSED));
		break;
	case DNS_UNKNOWN:
		entry->maybe_done = entry->maybe_done || !entry->probing;
		on_no_reply(queue, entry, now_ms);
		break;
	case DNS_UNREACHABLE:
		on_no_reply(queue, entry, now_ms);
		break;
	}
}

/* ---- TICK ---- */

static void expire(struct queue *queue, struct queue_entry *entry)
{
	if (entry->state == IN_FLIGHT) {
		/* It keeps its place in the chain until its message has ended: what follows must not overtake it. */
		entry->ticket.withdrawn = !entry->ticket.sent;
		entry->maybe_done = entry->maybe_done || (entry->ticket.sent && !entry->probing);
		answer(queue, entry, undone(entry, OUTCOME_UNREACHABLE));
		return;
	}
	if (entry->state == READY)
		TAILQ_REMOVE(&queue->ready, entry, in_state);
	else if (entry->state == PAUSED)
		TAILQ_REMOVE(&queue->paused, entry, in_state);
	end(queue, entry, undone(entry, OUTCOME_UNREACHABLE));
}

static void on_tick(struct queue *queue, uint64_t now_ms)
{
	struct queue_entry *entry;

	while ((entry = TAILQ_FIRST(&queue->unanswered)) && entry->deadline_ms <= now_ms)
		expire(queue, entry);
	while ((entry = TAILQ_FIRST(&queue->paused)) && entry->retry_at_ms <= now_ms) {
		TAILQ_REMOVE(&queue->paused, entry, in_state);
		make_ready(queue, entry);
	}
}

/* ---- The verbs ---- */

enum status queue_step(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	enum status status = STATUS_OK;

	switch (event->kind) {
	case QUEUE_SUBMIT:
		status = on_submit(queue, event, now_ms);
		break;
	case QUEUE_REPLIED:
		on_replied(queue, event->message, event->result, now_ms);
		break;
	case QUEUE_TICK:
		on_tick(queue, now_ms);
		break;
	}
	send_ready(queue);
	return status;
}

uint64_t queue_wake_at_ms(const struct queue *queue)
{
	const struct queue_entry *first = TAILQ_FIRST(&queue->unanswered), *retry = TAILQ_FIRST(&queue->paused);
	uint64_t at_ms = first ? first->deadline_ms : ENV_NEVER_MS;

	return retry && retry->retry_at_ms < at_ms ? retry->retry_at_ms : at_ms;
}

size_t queue_waiting(const struct queue *queue)
{
	return queue->waiting_count;
}

enum status queue_new(const struct queue_limits *limits, struct queue **out)
{
	struct queue *queue = calloc(1, sizeof *queue);

	if (!queue)
		return STATUS_NO_MEMORY;
	queue->limits = *limits;
	TAILQ_INIT(&queue->unanswered);
	TAILQ_INIT(&queue->ready);
	TAILQ_INIT(&queue->paused);
	queue->bucket_mask = BUCKETS_AT_START - 1;
	queue->action_cap = ACTIONS_AT_START;
	queue->buckets = calloc(BUCKETS_AT_START, sizeof *queue->buckets);
	queue->actions = calloc(ACTIONS_AT_START, sizeof *queue->actions);
	if (!queue->buckets || !queue->actions) {
		queue_free(&queue);
		return STATUS_NO_MEMORY;
	}
	*out = queue;
	return STATUS_OK;
}

static void free_chain(struct chain *chain)
{
	while (!STAILQ_EMPTY(&chain->entries)) {
		struct queue_entry *entry = STAILQ_FIRST(&chain->entries);

		STAILQ_REMOVE_HEAD(&chain->entries, in_chain);
		free(entry);
	}
	free(chain);
}

void queue_free(struct queue **queue_pointer)
{
	struct queue *queue = *queue_pointer;

	*queue_pointer = NULL;
	if (!queue)
		return;
	for (size_t i = 0; queue->buckets && i <= queue->bucket_mask; i++) {
		while (!SLIST_EMPTY(&queue->buckets[i])) {
			struct chain *chain = SLIST_FIRST(&queue->buckets[i]);

			SLIST_REMOVE_HEAD(&queue->buckets[i], in_bucket);
			free_chain(chain);
		}
	}
	free(queue->buckets);
	free(queue->actions);
	free(queue);
}
