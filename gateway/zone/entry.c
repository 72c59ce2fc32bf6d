/*
 * A change set in the queue: its place in its owner's chain, what comes next for it, and its end.
 */
#include <stdlib.h>

#include "zone/queue_parts.h"

/* ---- What comes next ---- */

bool entry_may_look(const struct queue_entry *entry)
{
	return !entry->looked && (!set_is_txt(&entry->set) || entry->texts);
}

/* Whether it has to be asked before anything is done. */
static bool has_to_look(const struct queue_entry *entry)
{
	return entry_may_look(entry) && (set_is_txt(&entry->set) || !set_is_known(&entry->set));
}

/*
 * What an UPDATE changes that has the old value for its prerequisite may be changed twice, or late. What is sent
 * without one to a second primary, after nobody knows what became of it at the first one, is a guess.
 */
bool entry_is_bound(const struct queue_entry *entry)
{
	return entry->maybe_at && entry->looked && entry->look_told_nothing;
}

void entry_route(struct queue *queue, struct queue_entry *entry, uint64_t now_ms)
{
	hints_recall(queue, entry);
	if (has_to_look(entry)) {
		group_await(entry);
		entry_move_to(queue, entry, LOOK_READY);
		return;
	}
	if (!entry->confirm_failed && set_is_so_already(&entry->set))
		entry_move_to(queue, entry, CONFIRM_READY);
	else if (entry_is_bound(entry) || memory_is_poison(queue->memory, entry_owner(entry), now_ms))
		entry_move_to(queue, entry, LONE_READY);
	else if (entry->group && entry->group->awaited > (entry->awaited ? 1 : 0))
		entry_move_to(queue, entry, GATHERED);
	else
		entry_move_to(queue, entry, READY);
	group_settle(queue, entry);
}

void entry_pause(struct queue *queue, struct queue_entry *entry, uint64_t retry_at_ms)
{
	struct queue_entry *before;

	entry_move_to(queue, entry, PAUSED);
	group_settle(queue, entry);
	entry->retry_at_ms = retry_at_ms;
	TAILQ_REMOVE(&queue->lists[PAUSED], entry, in_state);
	TAILQ_FOREACH_REVERSE(before, &queue->lists[PAUSED], entries, in_state) {
		if (before->retry_at_ms <= retry_at_ms) {
			TAILQ_INSERT_AFTER(&queue->lists[PAUSED], before, entry, in_state);
			return;
		}
	}
	TAILQ_INSERT_HEAD(&queue->lists[PAUSED], entry, in_state);
}

/* ---- Chains ---- */

struct chain *chain_find(const struct queue *queue, uint64_t hash, const struct name *owner)
{
	for (struct table_node *node = table_find(&queue->chains, hash); node; node = table_find_next(node)) {
		struct chain *chain = TABLE_OWNER(node, struct chain, by_owner);

		if (name_equal(&TAILQ_FIRST(&chain->entries)->set.owner, owner))
			return chain;
	}
	return NULL;
}

struct queue_entry *chain_replaceable(const struct chain *chain, const struct change_set *set)
{
	struct queue_entry *last = chain ? TAILQ_LAST(&chain->entries, entries) : NULL;

	if (!last || last->state == WITH_PRIMARY || last->state == SUSPECT || last->state == PROBE_READY)
		return NULL;
	return set_replaces(set, &last->set) ? last : NULL;
}

void entry_replace(struct queue *queue, struct queue_entry *entry, const struct change_set *set, uint64_t now_ms)
{
	entry->set = *set;
	entry->set.texts = entry->texts ? &entry->texts->texts : NULL;
	entry->confirm_failed = false;
	entry->plain = false;
	entry->halved = false;
	entry->alone = false;
	entry->looked = false;
	entry->attempts = 0;
	entry->moves = 0;
	entry->failures = 0;
	if (entry->state != BLOCKED && entry->state != PAUSED)
		entry_route(queue, entry, now_ms);
}

static void free_entry(struct queue_entry *entry)
{
	if (entry)
		free(entry->texts);
	free(entry);
}

/* With all memory that it may ever need; NULL without. */
static struct queue_entry *allocate(const struct change_set *set)
{
	struct queue_entry *entry = calloc(1, sizeof *entry);
	bool has_texts = set_is_txt(set) && set->changes[0].kind != CHANGE_TXT_DROP;

	if (entry && has_texts)
		entry->texts = calloc(1, sizeof *entry->texts);
	if (!entry || (has_texts && !entry->texts)) {
		free_entry(entry);
		return NULL;
	}
	entry->set = *set;
	entry->set.texts = has_texts ? &entry->texts->texts : NULL;
	return entry;
}

struct queue_entry *entry_new(struct queue *queue, struct chain *chain, uint64_t hash, const struct change_set *set,
			      uint64_t now_ms)
{
	struct queue_entry *entry = allocate(set);

	if (!entry)
		return NULL;
	if (!chain) {
		chain = malloc(sizeof *chain);
		if (!chain) {
			free_entry(entry);
			return NULL;
		}
		TAILQ_INIT(&chain->entries);
		table_add(&queue->chains, &chain->by_owner, hash);
	}
	entry->state = BLOCKED;
	entry->group = queue->open;
	if (entry->group)
		entry->group->members++;
	entry->chain = chain;
	TAILQ_INIT(&entry->waiters);
	TAILQ_INSERT_TAIL(&chain->entries, entry, in_chain);
	queue->entry_count++;
	if (TAILQ_FIRST(&chain->entries) == entry)
		entry_route(queue, entry, now_ms);
	return entry;
}

/* ---- The end ---- */

static void leave_chain(struct queue *queue, struct queue_entry *entry, uint64_t now_ms)
{
	struct chain *chain = entry->chain;
	bool was_head = TAILQ_FIRST(&chain->entries) == entry;

	TAILQ_REMOVE(&chain->entries, entry, in_chain);
	if (TAILQ_EMPTY(&chain->entries)) {
		table_remove(&queue->chains, &chain->by_owner);
		free(chain);
	} else if (was_head) {
		entry_route(queue, TAILQ_FIRST(&chain->entries), now_ms);
	}
}

static void end_with(struct queue *queue, struct queue_entry *entry, struct outcome outcome, uint64_t now_ms)
{
	struct waiter *waiter;

	for (size_t i = 0; i < entry->set.count; i++) {
		if (entry->set.changes[i].becomes.count)
			outcome.addrs[outcome.addr_count++] = entry->set.changes[i].becomes.addrs[0];
	}
	while ((waiter = TAILQ_FIRST(&entry->waiters)))
		waiter_answer(queue, waiter, outcome);
	entry_move_to(queue, entry, BLOCKED);
	group_leave(queue, entry);
	leave_chain(queue, entry, now_ms);
	queue->entry_count--;
	free_entry(entry);
}

void entry_end(struct queue *queue, struct queue_entry *entry, enum outcome_code code, uint64_t now_ms)
{
	end_with(queue, entry, (struct outcome){.code = code}, now_ms);
}

void entry_end_missing(struct queue *queue, struct queue_entry *entry, enum addr_family missing, uint64_t now_ms)
{
	end_with(queue, entry, (struct outcome){.code = OUTCOME_NO_RECORD, .missing = missing}, now_ms);
}

enum outcome_code entry_undone(const struct queue_entry *entry, enum outcome_code certainly)
{
	return entry->maybe_done || entry->maybe_copied ? OUTCOME_UNKNOWN : certainly;
}

enum outcome_code entry_refused(const struct queue_entry *entry, const struct dns_result *result)
{
	return result->verdict == DNS_UNSIGNED ? OUTCOME_REFUSED_UNSIGNED : entry_undone(entry, OUTCOME_REFUSED);
}

static void free_chain(struct queue *queue, struct chain *chain)
{
	struct queue_entry *entry;

	table_remove(&queue->chains, &chain->by_owner);
	while ((entry = TAILQ_FIRST(&chain->entries))) {
		TAILQ_REMOVE(&chain->entries, entry, in_chain);
		group_leave(queue, entry);
		free_entry(entry);
	}
	free(chain);
}

void entries_free(struct queue *queue)
{
	struct table_node *node;

	while ((node = table_any(&queue->chains)))
		free_chain(queue, TABLE_OWNER(node, struct chain, by_owner));
}
