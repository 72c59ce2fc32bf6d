#include "zone/entry.h"

#include <stdlib.h>

#include "zone/set.h"

/* ---- The sets of one request ---- */

void group_open(struct entries *entries)
{
	entries->open = calloc(1, sizeof *entries->open);
	if (entries->open)
		entries->open->awaited = 1;
}

/* Once nothing of the group is awaited, all of it that has gathered may go. */
static void group_await_one_less(struct entries *entries, struct group *group)
{
	struct queue_entry *entry, *next;

	if (--group->awaited)
		return;
	for (entry = TAILQ_FIRST(&entries->lists[ENTRY_GATHERED]); entry; entry = next) {
		next = TAILQ_NEXT(entry, in_state);
		if (entry->group == group)
			entry_move_to(entries, entry, ENTRY_READY);
	}
}

void group_close(struct entries *entries)
{
	struct group *group = entries->open;

	entries->open = NULL;
	group_await_one_less(entries, group);
	if (group->members == 0)
		free(group);
}

static void group_leave(struct entries *entries, struct queue_entry *entry)
{
	if (!entry->group)
		return;
	if (--entry->group->members == 0 && entry->group != entries->open)
		free(entry->group);
}

/* ---- What comes next ---- */

static bool state_is_listed(enum entry_state state)
{
	return state > ENTRY_BLOCKED && state < ENTRY_LISTS;
}

/* Both kinds of probes take turns. */
static struct entry_list *list_of_state(struct entries *entries, enum entry_state state)
{
	return &entries->lists[state == ENTRY_TO_PROBE_WILDCARD ? ENTRY_TO_PROBE_MISSING : state];
}

static bool state_is_awaited(enum entry_state state)
{
	return state == ENTRY_TO_LOOK || state == ENTRY_LOOKING;
}

void entry_move_to(struct entries *entries, struct queue_entry *entry, enum entry_state state)
{
	bool was_awaited = state_is_awaited(entry->state);

	if (state_is_listed(entry->state))
		TAILQ_REMOVE(list_of_state(entries, entry->state), entry, in_state);
	if (state_is_listed(state))
		TAILQ_INSERT_TAIL(list_of_state(entries, state), entry, in_state);
	entries->ready_count -= entry->state == ENTRY_READY;
	entries->ready_count += state == ENTRY_READY;
	entry->state = state;
	if (!entry->group || state_is_awaited(state) == was_awaited)
		return;
	if (was_awaited)
		group_await_one_less(entries, entry->group);
	else
		entry->group->awaited++;
}

bool entry_may_look(const struct queue_entry *entry)
{
	return !entry->sight && set_may_look(&entry->set);
}

/*
 * What an UPDATE changes that has the old value for its prerequisite may be changed twice, or late. What is sent
 * without one to a second primary, after nobody knows what became of it at the first one, is a guess.
 */
bool entry_is_bound(const struct queue_entry *entry)
{
	return entry->maybe_at && entry->sight == SIGHT_DIM;
}

void entry_doubt_records(struct entries *entries, struct queue_entry *entry)
{
	hints_drop(&entries->hints, entry_owner(entry), &entry->set);
}

/* What is known of its records, and so what becomes of them. */
static void entry_recall_records(const struct entries *entries, struct queue_entry *entry)
{
	for (size_t i = 0; i < entry->set.count; i++) {
		struct change *change = &entry->set.changes[i];

		if (entry->doubt == DOUBT_ALL)
			change->was.known = false;
		else if (entries->hints.doubts == 0 || entry->sight)
			hint_recall(&entries->hints, entry_owner(entry), change);
		change_resolve(change);
	}
}

void entry_route(struct entries *entries, struct queue_entry *entry, uint64_t now_ms)
{
	entry_recall_records(entries, entry);
	if (entry_may_look(entry) && !set_is_known(&entry->set))
		entry_move_to(entries, entry, ENTRY_TO_LOOK);
	else if (entry->doubt < DOUBT_UNCONFIRMED && set_is_so_already(&entry->set))
		entry_move_to(entries, entry, ENTRY_TO_CONFIRM);
	else if (entry_is_bound(entry) || entry->sight == SIGHT_LATE ||
		 memory_is_poison(entries->hints.memory, entry_owner(entry), now_ms))
		entry_move_to(entries, entry, ENTRY_READY_ALONE);
	else if (entry->group && entry->group->awaited > (state_is_awaited(entry->state) ? 1 : 0))
		entry_move_to(entries, entry, ENTRY_GATHERED);
	else
		entry_move_to(entries, entry, ENTRY_READY);
}

void entry_pause(struct entries *entries, struct queue_entry *entry, uint64_t retry_at_ms)
{
	struct queue_entry *before;

	entry_move_to(entries, entry, ENTRY_PAUSED);
	entry->retry_at_ms = retry_at_ms;
	TAILQ_REMOVE(&entries->lists[ENTRY_PAUSED], entry, in_state);
	TAILQ_FOREACH_REVERSE(before, &entries->lists[ENTRY_PAUSED], entry_list, in_state) {
		if (before->retry_at_ms <= retry_at_ms) {
			TAILQ_INSERT_AFTER(&entries->lists[ENTRY_PAUSED], before, entry, in_state);
			return;
		}
	}
	TAILQ_INSERT_HEAD(&entries->lists[ENTRY_PAUSED], entry, in_state);
}

/* ---- Chains ---- */

struct chain *chain_find(const struct entries *entries, uint64_t hash, const struct name *owner)
{
	for (struct table_node *node = table_find(&entries->chains, hash); node; node = table_find_next(node)) {
		struct chain *chain = TABLE_OWNER(node, struct chain, by_owner);

		if (name_equal(&TAILQ_FIRST(&chain->entries)->set.owner, owner))
			return chain;
	}
	return NULL;
}

/* Only past those that have come while its request was looked up. */
struct queue_entry *chain_predecessor(const struct chain *chain, uint64_t arrival)
{
	struct queue_entry *entry = chain ? TAILQ_LAST(&chain->entries, entry_list) : NULL, *before;

	while (entry && entry->arrival > arrival && (before = TAILQ_PREV(entry, entry_list, in_chain)))
		entry = before;
	return entry;
}

bool entry_is_idle(const struct queue_entry *entry)
{
	return entry->state < ENTRY_LISTS && entry->state != ENTRY_TO_PROBE_MISSING &&
	       entry->state != ENTRY_TO_PROBE_WILDCARD;
}

/* From here on its RRsets lie with the entry. A set that replaces another one has the same types. */
static void entry_take_rooms(struct queue_entry *entry)
{
	uint8_t *room = entry->room;

	for (size_t i = 0; i < entry->set.count; i++) {
		struct change *change = &entry->set.changes[i];

		change->room_was = room;
		change->room_becomes = room + rrset_room(change->type);
		change->was = rrset_copied(&change->was, change->room_was);
		change->becomes = rrset_copied(&change->becomes, change->room_becomes);
		room += 2 * rrset_room(change->type);
	}
}

/* The set becomes the entry's. Behind one that arrived later it keeps its request's place until it is its turn. */
static void entry_take_set(struct entries *entries, struct queue_entry *entry, const struct change_set *set,
			   struct order_marks *marks)
{
	order_leave(entries->order, &entry->place);
	order_discard(&entry->marks);
	entry->marks = *marks;
	*marks = (struct order_marks){0};
	entry->set = *set;
	entry_take_rooms(entry);
	entry->set.place = NULL;
	entry->arrival = set_arrival(set);
	if (TAILQ_FIRST(&entry->chain->entries)->arrival > entry->arrival)
		order_stay(set->place, &entry->place);
}

void entry_replace(struct entries *entries, struct queue_entry *entry, const struct change_set *set,
		   struct order_marks *marks, uint64_t now_ms)
{
	entry_take_set(entries, entry, set, marks);
	entry->sight = SIGHT_NONE;
	entry->doubt = DOUBT_NONE;
	entry->tries = (struct tries){0};
	if (entry->state != ENTRY_BLOCKED && entry->state != ENTRY_PAUSED)
		entry_route(entries, entry, now_ms);
}

/* With all memory that it may ever need; NULL without. */
static struct queue_entry *entry_allocate(const struct change_set *set)
{
	size_t room = 0;

	for (size_t i = 0; i < set->count; i++)
		room += 2 * rrset_room(set->changes[i].type);
	return calloc(1, sizeof(struct queue_entry) + room);
}

/* NULL without memory. */
static struct chain *chain_new(struct entries *entries, uint64_t hash)
{
	struct chain *chain = malloc(sizeof *chain);

	if (!chain)
		return NULL;
	TAILQ_INIT(&chain->entries);
	table_add(&entries->chains, &chain->by_owner, hash);
	return chain;
}

struct queue_entry *entry_new(struct entries *entries, struct queue_entry *before, uint64_t hash,
			      const struct change_set *set, struct order_marks *marks, uint64_t now_ms)
{
	struct queue_entry *entry = entry_allocate(set);
	struct chain *chain = NULL;

	if (entry)
		chain = before ? before->chain : chain_new(entries, hash);
	if (!chain) {
		free(entry);
		return NULL;
	}
	entry->state = ENTRY_BLOCKED;
	entry->group = entries->open;
	if (entry->group)
		entry->group->members++;
	entry->chain = chain;
	TAILQ_INIT(&entry->waiters);
	if (before)
		TAILQ_INSERT_AFTER(&chain->entries, before, entry, in_chain);
	else
		TAILQ_INSERT_TAIL(&chain->entries, entry, in_chain);
	entry_take_set(entries, entry, set, marks);
	if (TAILQ_FIRST(&chain->entries) == entry)
		entry_route(entries, entry, now_ms);
	return entry;
}

/* ---- The end ---- */

/* Its last step of all. */
static void entry_free(struct entries *entries, struct queue_entry *entry)
{
	TAILQ_REMOVE(&entry->chain->entries, entry, in_chain);
	group_leave(entries, entry);
	order_leave(entries->order, &entry->place);
	order_discard(&entry->marks);
	free(entry);
}

static void entry_answer_all(struct entries *entries, struct queue_entry *entry, struct outcome outcome)
{
	struct waiter *waiter;

	while ((waiter = TAILQ_FIRST(&entry->waiters)))
		waiter_answer(&entries->waiters, waiter, outcome);
}

/* It is the next one's turn, but for those that what came before them, and had arrived later, has made too late. */
static void chain_go_on(struct entries *entries, struct chain *chain, uint64_t now_ms)
{
	struct queue_entry *first;

	while ((first = TAILQ_FIRST(&chain->entries))) {
		bool is_late = first->place.is_held && order_is_overtaken(entries->order, &first->set, first->arrival);

		order_leave(entries->order, &first->place);
		if (!is_late) {
			entry_route(entries, first, now_ms);
			return;
		}
		entry_answer_all(entries, first, (struct outcome){.code = OUTCOME_OVERTAKEN});
		entry_free(entries, first);
	}
	table_remove(&entries->chains, &chain->by_owner);
	free(chain);
}

static void entry_end_with(struct entries *entries, struct queue_entry *entry, struct outcome outcome, uint64_t now_ms)
{
	struct chain *chain = entry->chain;
	bool was_first = TAILQ_FIRST(&chain->entries) == entry;
	/* Whether the zone is as it wants it, or may be, or may yet become so. */
	bool may_have_happened = outcome.code == OUTCOME_CHANGED || outcome.code == OUTCOME_UNCHANGED ||
				 outcome.code == OUTCOME_UNKNOWN || outcome.code == OUTCOME_REFUSED_UNSIGNED ||
				 entry->effect != EFFECT_NONE;

	for (size_t i = 0; i < entry->set.count; i++) {
		const struct rrset *becomes = &entry->set.changes[i].becomes;

		if (becomes->count && rr_type_family(becomes->type) != ADDR_NONE)
			outcome.addrs[outcome.addr_count++] = rdata_addr(becomes->type, rrset_first(becomes));
	}
	if (may_have_happened)
		order_make(entries->order, &entry->set, entry->arrival, &entry->marks);
	entry_answer_all(entries, entry, outcome);
	entry_move_to(entries, entry, ENTRY_BLOCKED);
	entry_free(entries, entry);
	if (was_first)
		chain_go_on(entries, chain, now_ms);
}

void entry_end(struct entries *entries, struct queue_entry *entry, enum outcome_code code, uint64_t now_ms)
{
	entry_end_with(entries, entry, (struct outcome){.code = code}, now_ms);
}

void entry_end_missing(struct entries *entries, struct queue_entry *entry, enum rr_type missing, uint64_t now_ms)
{
	entry_end_with(entries, entry, (struct outcome){.code = OUTCOME_NO_RECORD, .missing = missing}, now_ms);
}

void entry_go_on(struct entries *entries, struct queue_entry *entry, uint64_t now_ms)
{
	if (entry_is_wanted(entry))
		entry_route(entries, entry, now_ms);
	else
		entry_end(entries, entry, OUTCOME_UNREACHABLE, now_ms);
}

enum outcome_code entry_undone(const struct queue_entry *entry, enum outcome_code certainly)
{
	return entry->effect != EFFECT_NONE ? OUTCOME_UNKNOWN : certainly;
}

void entries_refuse(struct entries *entries, struct queue_entry *first, const struct dns_result *result,
		    uint64_t now_ms)
{
	for (struct queue_entry *entry = first, *next; entry; entry = next) {
		enum outcome_code code = result->verdict == DNS_UNSIGNED ? OUTCOME_REFUSED_UNSIGNED
									 : entry_undone(entry, OUTCOME_REFUSED);

		next = entry->next_in_message;
		entry_end(entries, entry, code, now_ms);
	}
}

/* ---- All of them ---- */

enum status entries_init(struct entries *entries, struct order *order, struct memory *memory,
			 const struct queue_limits *limits)
{
	entries->order = order;
	hints_init(&entries->hints, memory);
	for (size_t i = 0; i < ENTRY_LISTS; i++)
		TAILQ_INIT(&entries->lists[i]);
	if (waiters_init(&entries->waiters, limits) != STATUS_OK || table_init(&entries->chains) != STATUS_OK)
		return STATUS_NO_MEMORY;
	return STATUS_OK;
}

void entries_fini(struct entries *entries)
{
	struct table_node *node;

	waiters_fini(&entries->waiters);
	while ((node = table_any(&entries->chains))) {
		struct chain *chain = TABLE_OWNER(node, struct chain, by_owner);

		table_remove(&entries->chains, node);
		while (!TAILQ_EMPTY(&chain->entries))
			entry_free(entries, TAILQ_FIRST(&chain->entries));
		free(chain);
	}
	table_fini(&entries->chains);
}
