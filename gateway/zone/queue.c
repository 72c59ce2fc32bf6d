/*
 * Every entry hangs in its owner's chain; the head of a chain is on its way, all behind it are BLOCKED. An entry's
 * state says in which list it is; what is with the primary is in no list, but linked to the others of its message.
 *
 * An entry whose waiters are all gone is never sent any more. It is dropped at once, or, if it is with the primary,
 * when its message ends.
 */
#include "zone/queue.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/env.h"
#include "base/table.h"
#include "zone/memory.h"

struct queue_message {
	enum dns_request_kind kind;
	bool lone;                        /* of an owner that is kept apart from others */
	struct queue_entry *first, *last; /* the others by next_in_message */
	size_t count;
	size_t change; /* DNS_QUERY, DNS_PROBE: which of the entry's changes */
	struct dns_ticket ticket;
	STAILQ_ENTRY(queue_message) in_parts;
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
	PROBE_READY,   /* one of its records is missing, but which? */
	GATHERED,      /* the same, as soon as the others of its request are there and have been looked at */
	READY,         /* to be committed, together with others */
	LONE_READY,    /* to be committed alone */
	SUSPECT,       /* in a part of a rejected message, listed by the part's first entry */
	PAUSED,        /* to be tried again later; earliest first */
	WITH_PRIMARY,  /* in no list */
	STATE_COUNT,
};

/* The sets of one request: they are to go in one message. */
struct group {
	size_t members;
	size_t awaited; /* of them, those that are still looked at; and one more while it is open */
};

struct queue_entry {
	struct change_set set;
	struct group *group; /* or NULL */
	bool awaited;        /* counted in group->awaited */
	enum entry_state state;
	struct chain *chain;
	struct waiters waiters;
	unsigned attempts;
	uint64_t retry_at_ms;
	bool looked;         /* the primary was asked what is there */
	bool confirm_failed; /* it is not as memory has it, whatever memory says */
	bool alone;          /* to be confirmed alone, because a message with others failed */
	bool halved;         /* was in a message that was taken apart */
	bool plain;          /* to be sent whatever the records were: what was known turned out wrong */
	bool maybe_done;     /* an UPDATE with it may have been carried out */
	/* While it is looked at: */
	size_t looks_missing;
	bool look_failed;
	bool look_told_nothing;  /* of a record: the primary does not say, or not with authority */
	enum addr_family absent; /* the first record that must exist and does not */

	struct queue_entry *next_in_message;
	struct queue_message *in_message; /* WITH_PRIMARY: the one that it is in */
	struct queue_message message;     /* of which it is the first */
	struct queue_message looks[CHANGE_SET_MAX];
	TAILQ_ENTRY(queue_entry) in_state;
	TAILQ_ENTRY(queue_entry) in_chain;
};

TAILQ_HEAD(entries, queue_entry);

/* All entries of one owner, in the order of arrival. */
struct chain {
	struct table_node by_owner;
	struct entries entries;
};

struct queue {
	const struct name *zone;
	struct queue_limits limits;
	struct memory *memory;
	struct table chains, waiters_by_ctx, shares;
	struct waiters deadlines; /* earliest first: the time allowed is the same for all */
	struct entries lists[STATE_COUNT];
	struct group *open;                 /* of a request of which more sets follow, or NULL */
	STAILQ_HEAD(, queue_message) parts; /* of messages that were taken apart */
	/*
	 * The primary, which has just committed, begins nothing before that time; so what comes until then may as well
	 * gather here, up to as many sets as may be expected.
	 */
	uint64_t pause_until_ms;
	size_t expected;
	/* So many hints have to prove right before the next one is relied on: where one is wrong, others may be. */
	unsigned doubts;
	bool part_committed; /* one of them has, so that those that do not are culprits, and not the primary */
	size_t entry_count, ready_count;
	size_t updates, lone_updates, confirms, queries; /* with the primary */
	uint64_t jitter;
	/* Actions to be done: those from `action_next` to `action_count` are still to be taken. */
	struct queue_action *actions;
	size_t action_next, action_count, action_cap;
};

enum {
	ACTIONS_AT_START = 16,
	DOUBTS_EACH = 64, /* for each hint that was wrong */
	DOUBTS_MAX = 1024,
};

/* ---- Actions ---- */

/*
 * Makes room for what one more set can ask for. Waiting to be done at any time are, of each waiter, at most its
 * answer, and of each entry at most the messages that it can have with the primary at a time: what was sent is
 * followed by another only after it was taken and replied to.
 */
static enum status reserve_actions(struct queue *queue)
{
	size_t waiting = queue->action_count - queue->action_next;
	size_t wanted = waiting + queue->waiters_by_ctx.count + 1 + CHANGE_SET_MAX * (queue->entry_count + 1);
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

/* ---- States ---- */

static bool is_listed(enum entry_state state)
{
	return state != BLOCKED && state != WITH_PRIMARY && state != SUSPECT;
}

static void move_to(struct queue *queue, struct queue_entry *entry, enum entry_state state)
{
	if (is_listed(entry->state))
		TAILQ_REMOVE(&queue->lists[entry->state], entry, in_state);
	queue->ready_count -= entry->state == READY;
	entry->state = state;
	queue->ready_count += state == READY;
	if (is_listed(state))
		TAILQ_INSERT_TAIL(&queue->lists[state], entry, in_state);
}

static uint64_t owner_of(const struct queue_entry *entry)
{
	return entry->chain->by_owner.hash;
}

static bool is_txt(const struct change_set *set)
{
	return set->count && change_is_txt(&set->changes[0]);
}

/* Takes what memory knows of the records, unless more is known already, and works out what is to become of them. */
static void learn(const struct queue *queue, struct queue_entry *entry)
{
	for (size_t i = 0; i < entry->set.count; i++) {
		struct change *change = &entry->set.changes[i];

		if (entry->plain)
			change->was.known = false;
		else if (!change->was.known && !change_is_txt(change) && (queue->doubts == 0 || entry->looked))
			memory_recall(queue->memory, owner_of(entry), change->addr.family, &change->was);
		change_resolve(change);
	}
}

static void keep_hint(struct queue *queue, const struct queue_entry *entry, enum addr_family family,
		      const struct rrset *rrset)
{
	if (rrset->known && rrset->count == 1)
		memory_keep(queue->memory, owner_of(entry), &rrset->addrs[0], rrset->ttl_s);
	else
		memory_drop(queue->memory, owner_of(entry), family);
}

static uint64_t hash_of_text(const struct queue *queue, const struct txt *txt)
{
	return table_hash(queue->limits.seed, (struct text){txt->octets, txt->len});
}

static void keep_hints(struct queue *queue, const struct queue_entry *entry)
{
	if (is_txt(&entry->set)) {
		/* What was taken out was not set last, and what was before it may still be there. */
		if (entry->set.changes[0].kind != CHANGE_TXT_DROP)
			memory_keep_text(queue->memory, owner_of(entry), hash_of_text(queue, &entry->set.txt));
		return;
	}
	for (size_t i = 0; i < entry->set.count; i++)
		keep_hint(queue, entry, entry->set.changes[i].addr.family, &entry->set.changes[i].becomes);
}

/* A hint was wrong: a batch that relied on it was rejected, with all that was in it. */
static void doubt(struct queue *queue)
{
	queue->doubts += DOUBTS_EACH;
	if (queue->doubts > DOUBTS_MAX)
		queue->doubts = DOUBTS_MAX;
}

/* Compares what was found with the hint that was not relied on. */
static void judge_hint(struct queue *queue, const struct queue_entry *entry, enum addr_family family,
		       const struct rrset *found)
{
	struct rrset hint;

	if (queue->doubts == 0 || !memory_recall(queue->memory, owner_of(entry), family, &hint))
		return;
	if (rrset_equal(&hint, found))
		queue->doubts--;
	else
		doubt(queue);
}

/* What was known of the records is not to be relied on. */
static void unlearn(struct queue *queue, struct queue_entry *entry)
{
	for (size_t i = 0; i < entry->set.count; i++) {
		memory_drop(queue->memory, owner_of(entry), entry->set.changes[i].addr.family);
		entry->set.changes[i].was.known = false;
	}
}

/* Whether it is known of every record what it was. */
static bool is_known(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!set->changes[i].was.known)
			return false;
	}
	return true;
}

static bool is_known_in_part(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->changes[i].was.known)
			return true;
	}
	return false;
}

/* Whether everything seems to be as it is to become. */
static bool is_so_already(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!rrset_equal(&set->changes[i].was, &set->changes[i].becomes))
			return false;
	}
	return true;
}

/* Whether what is there has to be read before it can be changed. */
static bool rewrites(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->changes[i].kind == CHANGE_PREFIX)
			return true;
	}
	return false;
}

/* Once nothing of the group is awaited, all of it that has gathered may go. */
static void await_one_less(struct queue *queue, struct group *group)
{
	struct queue_entry *entry, *next;

	if (--group->awaited)
		return;
	for (entry = TAILQ_FIRST(&queue->lists[GATHERED]); entry; entry = next) {
		next = TAILQ_NEXT(entry, in_state);
		if (entry->group == group)
			move_to(queue, entry, READY);
	}
}

/* The others of its request need not wait for it any more. */
static void settle(struct queue *queue, struct queue_entry *settled)
{
	if (!settled->awaited)
		return;
	settled->awaited = false;
	await_one_less(queue, settled->group);
}

static void await(struct queue_entry *entry)
{
	if (!entry->group || entry->awaited)
		return;
	entry->awaited = true;
	entry->group->awaited++;
}

/* Whether the primary may still be asked what is there. Of TXT records only those that rotate need it. */
static bool may_look(const struct queue_entry *entry)
{
	return !entry->looked && (!is_txt(&entry->set) || entry->set.changes[0].kind == CHANGE_TXT_ROTATE);
}

/* Whether it has to be asked before anything is done. */
static bool has_to_look(const struct queue_entry *entry)
{
	return may_look(entry) && (is_txt(&entry->set) || !is_known(&entry->set));
}

/* The next thing to do with an entry at the head of its chain. */
static void route(struct queue *queue, struct queue_entry *entry, uint64_t now_ms)
{
	learn(queue, entry);
	if (has_to_look(entry)) {
		await(entry);
		move_to(queue, entry, LOOK_READY);
		return;
	}
	if (!entry->confirm_failed && is_so_already(&entry->set))
		move_to(queue, entry, CONFIRM_READY);
	else if (memory_is_poison(queue->memory, owner_of(entry), now_ms))
		move_to(queue, entry, LONE_READY);
	else if (entry->group && entry->group->awaited > (entry->awaited ? 1 : 0))
		move_to(queue, entry, GATHERED);
	else
		move_to(queue, entry, READY);
	settle(queue, entry);
}

static void leave_group(struct queue *queue, struct queue_entry *entry)
{
	if (!entry->group)
		return;
	settle(queue, entry);
	if (--entry->group->members == 0 && entry->group != queue->open)
		free(entry->group);
}

/* ---- Answers and ends ---- */

static struct share *find_share(const struct queue *queue, uint64_t account)
{
	struct table_node *node = table_find(&queue->shares, account);

	return node ? TABLE_OWNER(node, struct share, by_account) : NULL;
}

static void share_put_back(struct queue *queue, struct share *share)
{
	if (--share->count)
		return;
	table_remove(&queue->shares, &share->by_account);
	free(share);
}

static void forget_waiter(struct queue *queue, struct waiter *waiter)
{
	TAILQ_REMOVE(&queue->deadlines, waiter, in_deadlines);
	TAILQ_REMOVE(&waiter->entry->waiters, waiter, in_entry);
	table_remove(&queue->waiters_by_ctx, &waiter->by_ctx);
	share_put_back(queue, waiter->share);
	free(waiter);
}

static void answer(struct queue *queue, struct waiter *waiter, struct outcome outcome)
{
	act(queue, (struct queue_action){.kind = QUEUE_ANSWER, .waiter = waiter->ctx, .outcome = outcome});
	forget_waiter(queue, waiter);
}

static void leave_chain(struct queue *queue, struct queue_entry *entry, uint64_t now_ms)
{
	struct chain *chain = entry->chain;
	bool was_head = TAILQ_FIRST(&chain->entries) == entry;

	TAILQ_REMOVE(&chain->entries, entry, in_chain);
	if (TAILQ_EMPTY(&chain->entries)) {
		table_remove(&queue->chains, &chain->by_owner);
		free(chain);
	} else if (was_head) {
		route(queue, TAILQ_FIRST(&chain->entries), now_ms);
	}
}

/* The entry's end: whoever still waits for it gets the outcome, and the next of its owner may go. */
static void end(struct queue *queue, struct queue_entry *entry, struct outcome outcome, uint64_t now_ms)
{
	struct waiter *waiter;

	for (size_t i = 0; i < entry->set.count; i++) {
		if (entry->set.changes[i].becomes.count)
			outcome.addrs[outcome.addr_count++] = entry->set.changes[i].becomes.addrs[0];
	}
	while ((waiter = TAILQ_FIRST(&entry->waiters)))
		answer(queue, waiter, outcome);
	move_to(queue, entry, BLOCKED);
	leave_group(queue, entry);
	leave_chain(queue, entry, now_ms);
	queue->entry_count--;
	free(entry);
}

static void end_as(struct queue *queue, struct queue_entry *entry, enum outcome_code code, uint64_t now_ms)
{
	end(queue, entry, (struct outcome){.code = code}, now_ms);
}

static struct outcome no_record(enum addr_family missing)
{
	return (struct outcome){.code = OUTCOME_NO_RECORD, .missing = missing};
}

/* What an entry's story amounts to, if it ends without the primary having carried it out for certain. */
static enum outcome_code undone(const struct queue_entry *entry, enum outcome_code certainly)
{
	return entry->maybe_done ? OUTCOME_UNKNOWN : certainly;
}

static bool is_wanted(const struct queue_entry *entry)
{
	return !TAILQ_EMPTY(&entry->waiters);
}

/* ---- Sending ---- */

/* How many messages of that kind are with the primary. */
static size_t *counter_of(struct queue *queue, const struct queue_message *message)
{
	if (message->kind == DNS_QUERY)
		return &queue->queries;
	if (message->kind != DNS_UPDATE)
		return &queue->confirms;
	return message->lone ? &queue->lone_updates : &queue->updates;
}

static void send_message(struct queue *queue, struct queue_message *message)
{
	message->ticket = (struct dns_ticket){0};
	++*counter_of(queue, message);
	act(queue, (struct queue_action){
			   .kind = QUEUE_SEND,
			   .message = message,
			   .ticket = &message->ticket,
			   .request = {.kind = message->kind,
				       .zone = queue->zone,
				       .sets = &message->first->set,
				       .change = message->change},
		   });
}

/* Begins a message with this entry as its first. */
static struct queue_message *begin_message(struct queue *queue, struct queue_entry *first, enum dns_request_kind kind)
{
	move_to(queue, first, WITH_PRIMARY);
	first->message = (struct queue_message){.kind = kind, .first = first, .last = first, .count = 1};
	first->in_message = &first->message;
	first->set.next = NULL;
	first->next_in_message = NULL;
	return &first->message;
}

static void add_to_message(struct queue *queue, struct queue_message *message, struct queue_entry *entry)
{
	move_to(queue, entry, WITH_PRIMARY);
	entry->in_message = message;
	entry->set.next = NULL;
	entry->next_in_message = NULL;
	message->last->set.next = &entry->set;
	message->last->next_in_message = entry;
	message->last = entry;
	message->count++;
}

/* What the first entry of a request takes in a message, with those behind it that are of the same request. */
static size_t space_of_group(const struct queue *queue, const struct queue_entry *entry)
{
	const struct group *group = entry->group;
	size_t octets = 0;

	for (; entry && entry->group == group; entry = TAILQ_NEXT(entry, in_state))
		octets += dns_set_space(&entry->set, queue->zone);
	return octets;
}

/* One message with everything in that list that fits, the first first, without tearing a request apart. */
static void send_together(struct queue *queue, enum entry_state list, enum dns_request_kind kind)
{
	struct queue_entry *entry = TAILQ_FIRST(&queue->lists[list]);
	size_t octets = dns_message_space(queue->zone) + dns_set_space(&entry->set, queue->zone);
	struct queue_message *message = begin_message(queue, entry, kind);

	while (!message->first->alone && (entry = TAILQ_FIRST(&queue->lists[list])) && !entry->alone) {
		bool begins_group = entry->group && entry->group != message->last->group;
		size_t own = dns_set_space(&entry->set, queue->zone);

		if (octets + (begins_group ? space_of_group(queue, entry) : own) > queue->limits.octets_max)
			break;
		octets += own;
		add_to_message(queue, message, entry);
	}
	send_message(queue, message);
}

static void send_alone(struct queue *queue)
{
	struct queue_message *message = begin_message(queue, TAILQ_FIRST(&queue->lists[LONE_READY]), DNS_UPDATE);

	message->lone = true;
	send_message(queue, message);
}

static void send_probe(struct queue *queue)
{
	struct queue_message *message = begin_message(queue, TAILQ_FIRST(&queue->lists[PROBE_READY]), DNS_PROBE);

	send_message(queue, message);
}

/*
 * A part of a message that was taken apart. It is what is left of it: who has given up waiting meanwhile is dropped.
 */
static void send_suspects(struct queue *queue, uint64_t now_ms)
{
	struct queue_entry *entry = STAILQ_FIRST(&queue->parts)->first, *next;
	struct queue_message *message = NULL;

	STAILQ_REMOVE_HEAD(&queue->parts, in_parts);
	for (; entry; entry = next) {
		next = entry->next_in_message;
		if (!is_wanted(entry))
			end_as(queue, entry, OUTCOME_UNREACHABLE, now_ms);
		else if (message)
			add_to_message(queue, message, entry);
		else
			message = begin_message(queue, entry, DNS_UPDATE);
	}
	if (message)
		send_message(queue, message);
}

static void send_looks(struct queue *queue)
{
	struct queue_entry *entry = TAILQ_FIRST(&queue->lists[LOOK_READY]);

	move_to(queue, entry, WITH_PRIMARY);
	entry->in_message = &entry->looks[0];
	entry->next_in_message = NULL;
	entry->looks_missing = entry->set.count;
	entry->look_failed = false;
	entry->look_told_nothing = false;
	entry->absent = ADDR_NONE;
	for (size_t i = 0; i < entry->set.count; i++) {
		entry->looks[i] = (struct queue_message){
			.kind = DNS_QUERY, .first = entry, .last = entry, .count = 1, .change = i};
		send_message(queue, &entry->looks[i]);
	}
}

/* Whether what is ready gathers until the primary's pause is over. */
static bool is_gathering(const struct queue *queue, uint64_t now_ms)
{
	return queue->updates == 0 && queue->ready_count < queue->expected && now_ms < queue->pause_until_ms;
}

/* Whether one more message with many sets may go. A second one beside another must be worth its transaction. */
static bool may_send_together(const struct queue *queue, uint64_t now_ms)
{
	if (queue->ready_count == 0 || queue->updates >= queue->limits.updates_max || is_gathering(queue, now_ms))
		return false;
	return queue->updates == 0 || queue->ready_count >= queue->limits.overlap_min;
}

static void send_what_may_go(struct queue *queue, uint64_t now_ms)
{
	while (!STAILQ_EMPTY(&queue->parts) && queue->updates < queue->limits.updates_max)
		send_suspects(queue, now_ms);
	while (!TAILQ_EMPTY(&queue->lists[LONE_READY]) && queue->lone_updates == 0)
		send_alone(queue);
	while (may_send_together(queue, now_ms))
		send_together(queue, READY, DNS_UPDATE);
	while (!TAILQ_EMPTY(&queue->lists[PROBE_READY]) && queue->confirms < queue->limits.confirms_max)
		send_probe(queue);
	while (!TAILQ_EMPTY(&queue->lists[CONFIRM_READY]) && queue->confirms < queue->limits.confirms_max)
		send_together(queue, CONFIRM_READY, DNS_CONFIRM);
	while (!TAILQ_EMPTY(&queue->lists[LOOK_READY]) && queue->queries < queue->limits.queries_max)
		send_looks(queue);
}

/* ---- SUBMIT ---- */

static struct chain *find_chain(const struct queue *queue, uint64_t hash, const struct name *owner)
{
	for (struct table_node *node = table_find(&queue->chains, hash); node; node = table_find_next(node)) {
		struct chain *chain = TABLE_OWNER(node, struct chain, by_owner);

		if (name_equal(&TAILQ_FIRST(&chain->entries)->set.owner, owner))
			return chain;
	}
	return NULL;
}

/* Whether the one makes the other needless. */
static bool replaces_change(const struct change *later, const struct change *earlier)
{
	if (change_is_txt(later) || change_is_txt(earlier))
		return later->kind == CHANGE_TXT_SET && earlier->kind == CHANGE_TXT_SET;
	if (later->addr.family != earlier->addr.family || later->must_exist != earlier->must_exist)
		return false;
	return later->kind != CHANGE_PREFIX ||
	       (earlier->kind == CHANGE_PREFIX && later->prefix_len == earlier->prefix_len);
}

/* Whether the later set is for all the records of the earlier one, on the same conditions. */
static bool replaces(const struct change_set *later, const struct change_set *earlier)
{
	if (later->count != earlier->count)
		return false;
	for (size_t i = 0; i < earlier->count; i++) {
		bool found = false;

		for (size_t k = 0; k < later->count; k++)
			found = found || replaces_change(&later->changes[k], &earlier->changes[i]);
		if (!found)
			return false;
	}
	return true;
}

/* The last entry of a chain, if it still waits and the set can take its place. */
static struct queue_entry *replaceable(const struct chain *chain, const struct change_set *set)
{
	struct queue_entry *last = chain ? TAILQ_LAST(&chain->entries, entries) : NULL;

	if (!last || last->state == WITH_PRIMARY || last->state == SUSPECT || last->state == PROBE_READY)
		return NULL;
	return replaces(set, &last->set) ? last : NULL;
}

static void replace(struct queue *queue, struct queue_entry *entry, const struct change_set *set, uint64_t now_ms)
{
	entry->set = *set;
	entry->confirm_failed = false;
	entry->plain = false;
	entry->halved = false;
	entry->alone = false;
	entry->looked = false;
	entry->attempts = 0;
	if (entry->state != BLOCKED && entry->state != PAUSED)
		route(queue, entry, now_ms);
}

/* An entry at the end of its owner's chain; `chain` is NULL if there is none yet. `hash` is the owner's. */
static struct queue_entry *new_entry(struct queue *queue, struct chain *chain, uint64_t hash,
				     const struct change_set *set, uint64_t now_ms)
{
	struct queue_entry *entry = calloc(1, sizeof *entry);

	if (!entry)
		return NULL;
	if (!chain) {
		chain = malloc(sizeof *chain);
		if (!chain) {
			free(entry);
			return NULL;
		}
		TAILQ_INIT(&chain->entries);
		table_add(&queue->chains, &chain->by_owner, hash);
	}
	entry->set = *set;
	entry->state = BLOCKED;
	entry->group = queue->open;
	if (entry->group)
		entry->group->members++;
	entry->chain = chain;
	TAILQ_INIT(&entry->waiters);
	TAILQ_INSERT_TAIL(&chain->entries, entry, in_chain);
	queue->entry_count++;
	if (TAILQ_FIRST(&chain->entries) == entry)
		route(queue, entry, now_ms);
	return entry;
}

static struct share *take_share(struct queue *queue, uint64_t account)
{
	struct share *share = find_share(queue, account);

	if (!share) {
		share = calloc(1, sizeof *share);
		if (!share)
			return NULL;
		share->account = account;
		table_add(&queue->shares, &share->by_account, account);
	}
	share->count++;
	return share;
}

static uint64_t hash_of_waiter(const void *ctx)
{
	uintptr_t value = (uintptr_t)ctx;

	return table_hash(0, (struct text){(const char *)&value, sizeof value});
}

static struct waiter *new_waiter(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	struct waiter *waiter = calloc(1, sizeof *waiter);

	if (!waiter)
		return NULL;
	waiter->ctx = event->waiter;
	waiter->deadline_ms = now_ms + queue->limits.deadline_ms;
	waiter->share = take_share(queue, event->set->account);
	if (!waiter->share) {
		free(waiter);
		return NULL;
	}
	return waiter;
}

static bool is_full(const struct queue *queue, uint64_t account)
{
	const struct share *share = find_share(queue, account);

	return queue->waiters_by_ctx.count >= queue->limits.waiters_max ||
	       (share && share->count >= queue->limits.share_max);
}

static enum status submit(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	uint64_t hash = table_hash(queue->limits.seed, name_text(&event->set->owner));
	struct chain *chain = find_chain(queue, hash, &event->set->owner);
	struct queue_entry *entry = replaceable(chain, event->set);
	struct waiter *waiter;

	if (is_full(queue, event->set->account))
		return STATUS_FULL;
	waiter = reserve_actions(queue) == STATUS_OK ? new_waiter(queue, event, now_ms) : NULL;
	if (!waiter)
		return STATUS_NO_MEMORY;
	if (entry)
		replace(queue, entry, event->set, now_ms);
	else
		entry = new_entry(queue, chain, hash, event->set, now_ms);
	if (!entry) {
		share_put_back(queue, waiter->share);
		free(waiter);
		return STATUS_NO_MEMORY;
	}
	waiter->entry = entry;
	TAILQ_INSERT_TAIL(&entry->waiters, waiter, in_entry);
	TAILQ_INSERT_TAIL(&queue->deadlines, waiter, in_deadlines);
	table_add(&queue->waiters_by_ctx, &waiter->by_ctx, hash_of_waiter(event->waiter));
	return STATUS_OK;
}

/* Of a group that is open more members are to come. Without memory for it, the sets go each for itself. */
static void open_group(struct queue *queue)
{
	queue->open = calloc(1, sizeof *queue->open);
	if (queue->open)
		queue->open->awaited = 1;
}

static void close_group(struct queue *queue)
{
	struct group *group = queue->open;

	queue->open = NULL;
	await_one_less(queue, group);
	if (group->members == 0)
		free(group);
}

/* While a group is open nothing is sent. */
static enum status on_submit(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	enum status status;

	if (event->set->more && !queue->open)
		open_group(queue);
	status = submit(queue, event, now_ms);
	if (!event->set->more && queue->open)
		close_group(queue);
	return status;
}

/* ---- REPLIED ---- */

static uint64_t next_jitter(struct queue *queue)
{
	/* xorshift64 (Marsaglia 2003): chance enough to keep retries of many gateways apart. */
	queue->jitter ^= queue->jitter << 13;
	queue->jitter ^= queue->jitter >> 7;
	queue->jitter ^= queue->jitter << 17;
	return queue->jitter;
}

static uint64_t pause_ms(struct queue *queue, unsigned attempts)
{
	uint64_t pause = (uint64_t)queue->limits.retry_pause_ms << (attempts > 16 ? 16 : attempts - 1);

	return pause + next_jitter(queue) % (pause / 2 + 1);
}

static void pause_entry(struct queue *queue, struct queue_entry *entry, uint64_t retry_at_ms)
{
	struct queue_entry *before;

	move_to(queue, entry, PAUSED);
	settle(queue, entry);
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

/* Nothing was sent, or nothing believable came back. */
static void retry_all(struct queue *queue, struct queue_message *message, uint64_t now_ms)
{
	uint64_t pause = pause_ms(queue, message->first->attempts + 1);
	struct queue_entry *entry = message->first, *next;

	for (; entry; entry = next) {
		next = entry->next_in_message;
		entry->attempts++;
		if (!is_wanted(entry) || entry->attempts >= queue->limits.attempts_max)
			end_as(queue, entry, undone(entry, OUTCOME_UNREACHABLE), now_ms);
		else
			pause_entry(queue, entry, now_ms + pause);
	}
}

/* What an outcome of a message is for this entry. */
static enum outcome_code outcome_for(const struct queue_entry *entry, enum outcome_code code)
{
	if (code == OUTCOME_REFUSED)
		return undone(entry, code);
	/* It is so already, and it may well have been an earlier attempt that made it so. */
	return code == OUTCOME_UNCHANGED && entry->maybe_done ? OUTCOME_CHANGED : code;
}

static void end_all(struct queue *queue, struct queue_message *message, enum outcome_code code, uint64_t now_ms)
{
	struct queue_entry *entry = message->first, *next;

	for (; entry; entry = next) {
		next = entry->next_in_message;
		end_as(queue, entry, outcome_for(entry, code), now_ms);
	}
}

/* Asks again what to do with each; who is not wanted any more ends here. */
static void route_all(struct queue *queue, struct queue_message *message, uint64_t now_ms)
{
	struct queue_entry *entry = message->first, *next;

	for (; entry; entry = next) {
		next = entry->next_in_message;
		if (is_wanted(entry))
			route(queue, entry, now_ms);
		else
			end_as(queue, entry, OUTCOME_UNREACHABLE, now_ms);
	}
}

/* Links `count` entries from *from into a part, and leaves *from behind them. */
static void make_part(struct queue *queue, struct queue_entry **from, size_t count)
{
	struct queue_entry *first = *from, *last = first;

	if (count == 0)
		return;
	for (size_t i = 1; i < count; i++)
		last = last->next_in_message;
	*from = last->next_in_message;
	last->next_in_message = NULL;
	first->message = (struct queue_message){.kind = DNS_UPDATE, .first = first};
	STAILQ_INSERT_TAIL(&queue->parts, &first->message, in_parts);
}

/*
 * A message with several sets was rejected because of at least one of them. If that was a prerequisite, those that were
 * sent on memory's word are looked at; the others are halved. They go without what was known of their records, but for
 * those that rewrite them: what they become was made of it.
 */
static void take_apart(struct queue *queue, struct queue_message *message, unsigned rcode, uint64_t now_ms)
{
	struct queue_entry *entry = message->first, *next, *suspects = NULL, **end_of_suspects = &suspects;
	bool hint_failed = false;
	size_t count = 0;

	if (!message->first->halved)
		queue->part_committed = false;
	for (; entry; entry = next) {
		bool look = dns_is_about_records(rcode) && may_look(entry);

		next = entry->next_in_message;
		hint_failed = hint_failed || look;
		if (look || !rewrites(&entry->set))
			unlearn(queue, entry);
		if (!is_wanted(entry)) {
			end_as(queue, entry, undone(entry, OUTCOME_UNREACHABLE), now_ms);
			continue;
		}
		if (look) {
			route(queue, entry, now_ms);
			continue;
		}
		move_to(queue, entry, SUSPECT);
		entry->halved = true;
		*end_of_suspects = entry;
		end_of_suspects = &entry->next_in_message;
		count++;
	}
	*end_of_suspects = NULL;
	if (hint_failed)
		doubt(queue);
	make_part(queue, &suspects, (count + 1) / 2);
	make_part(queue, &suspects, count / 2);
}

static size_t prerequisites(const struct change_set *set)
{
	size_t count = 0;

	for (size_t i = 0; i < set->count; i++)
		count += set->changes[i].must_exist;
	return count;
}

/* The type of the prerequisite of that number. */
static enum addr_family prerequisite(const struct change_set *set, size_t number)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->changes[i].must_exist && number-- == 0)
			return set->changes[i].addr.family;
	}
	return ADDR_NONE;
}

/*
 * The record was not what was known of it. If it was just looked at, that look cannot be relied on, and the UPDATE
 * goes whatever the record is; only what rewrites a record has to be sure of it, and tries a few times more.
 */
static void look_again(struct queue *queue, struct queue_entry *entry, uint64_t now_ms)
{
	bool sure = rewrites(&entry->set);

	entry->plain = entry->looked && !sure;
	entry->looked = false;
	entry->attempts += sure;
	if (entry->attempts >= queue->limits.attempts_max)
		end_as(queue, entry, undone(entry, OUTCOME_REFUSED), now_ms);
	else
		route(queue, entry, now_ms);
}

static void reject_one(struct queue *queue, struct queue_entry *entry, unsigned rcode, uint64_t now_ms)
{
	bool expected = is_known_in_part(&entry->set);

	if (dns_is_about_records(rcode) && expected && !entry->looked)
		doubt(queue);
	unlearn(queue, entry);
	if (dns_is_about_records(rcode) && expected && is_wanted(entry)) {
		look_again(queue, entry, now_ms);
		return;
	}
	if (entry->halved && queue->part_committed)
		memory_mark_poison(queue->memory, owner_of(entry), now_ms);
	if (rcode == DNS_YXRRSET && prerequisites(&entry->set) == 0)
		end(queue, entry, no_record(entry->set.changes[0].addr.family), now_ms); /* the owner is an alias */
	else if (rcode != DNS_NXRRSET)
		end_as(queue, entry, undone(entry, OUTCOME_REFUSED), now_ms);
	else if (prerequisites(&entry->set) < 2)
		end(queue, entry, no_record(prerequisite(&entry->set, 0)), now_ms);
	else if (is_wanted(entry))
		move_to(queue, entry, PROBE_READY);
	else
		end(queue, entry, no_record(ADDR_NONE), now_ms);
}

static void reject(struct queue *queue, struct queue_message *message, unsigned rcode, uint64_t now_ms)
{
	if (message->count == 1)
		reject_one(queue, message->first, rcode, now_ms);
	else
		take_apart(queue, message, rcode, now_ms);
}

/* What the records have now is not known: before the sets are sent again, they are looked at. */
static void mark_maybe_done(struct queue *queue, struct queue_message *message)
{
	for (struct queue_entry *entry = message->first; entry; entry = entry->next_in_message) {
		entry->maybe_done = true;
		entry->looked = false;
		unlearn(queue, entry);
	}
}

static void note_committed(struct queue *queue, const struct queue_entry *entry)
{
	queue->part_committed = queue->part_committed || entry->halved;
	keep_hints(queue, entry);
	memory_clear_poison(queue->memory, owner_of(entry));
}

/*
 * What was answered may come again, from clients that always want something, and joins what waits already. Once all
 * that is there, there is nothing more to wait for.
 */
static void begin_pause(struct queue *queue, size_t answered, uint64_t now_ms)
{
	queue->pause_until_ms = now_ms + queue->limits.commit_pause_ms;
	queue->expected = answered + queue->ready_count;
}

static void on_update_verified(struct queue *queue, struct queue_message *message, unsigned rcode, uint64_t now_ms)
{
	switch (rcode) {
	case DNS_NOERROR:
		for (struct queue_entry *entry = message->first; entry; entry = entry->next_in_message)
			note_committed(queue, entry);
		begin_pause(queue, message->count, now_ms);
		end_all(queue, message, OUTCOME_CHANGED, now_ms);
		break;
	case DNS_NOTIMP:
		end_all(queue, message, OUTCOME_REFUSED, now_ms);
		break;
	default:
		reject(queue, message, rcode, now_ms);
		break;
	}
}

static void on_updated(struct queue *queue, struct queue_message *message, const struct dns_result *result,
		       uint64_t now_ms)
{
	switch (result->verdict) {
	case DNS_VERIFIED:
		on_update_verified(queue, message, result->rcode, now_ms);
		break;
	case DNS_REJECTED:
		/* Knot says BADKEY when its policy is against one of the sets. */
		if (result->rcode == DNS_NOTAUTH &&
		    (result->tsig_error == TSIG_RCODE_NOERROR || result->tsig_error == TSIG_RCODE_BADKEY))
			reject(queue, message, result->rcode, now_ms);
		else
			end_all(queue, message, OUTCOME_REFUSED, now_ms);
		break;
	case DNS_UNKNOWN:
		mark_maybe_done(queue, message);
		retry_all(queue, message, now_ms);
		break;
	case DNS_UNREACHABLE:
		retry_all(queue, message, now_ms);
		break;
	}
}

/*
 * Not all is as memory has it, or the primary does not tell: the records are looked at, or else the UPDATE decides.
 */
static void on_not_confirmed(struct queue *queue, struct queue_message *message, bool by_difference, uint64_t now_ms)
{
	bool hint_failed = false;

	for (struct queue_entry *entry = message->first; entry; entry = entry->next_in_message) {
		hint_failed = hint_failed || (by_difference && !entry->looked);
		entry->alone = by_difference && message->count > 1 && entry->looked;
		entry->confirm_failed = !entry->alone && (!by_difference || entry->looked || message->count == 1);
		if (!entry->alone)
			unlearn(queue, entry);
		if (!entry->alone && rewrites(&entry->set))
			entry->looked = false;
	}
	if (hint_failed)
		doubt(queue);
	route_all(queue, message, now_ms);
}

static void on_confirmed(struct queue *queue, struct queue_message *message, const struct dns_result *result,
			 uint64_t now_ms)
{
	if (!dns_is_answered(result))
		retry_all(queue, message, now_ms);
	else if (result->verdict == DNS_VERIFIED && result->rcode == DNS_NOERROR)
		end_all(queue, message, OUTCOME_UNCHANGED, now_ms);
	else
		on_not_confirmed(queue, message, result->verdict == DNS_VERIFIED && dns_is_about_records(result->rcode),
				 now_ms);
}

/* The first of two records exists or does not; nothing was changed either way. */
static void on_probed(struct queue *queue, struct queue_entry *entry, const struct dns_result *result, uint64_t now_ms)
{
	enum addr_family missing = ADDR_NONE;

	if (result->verdict == DNS_VERIFIED && result->rcode == DNS_NXRRSET)
		missing = prerequisite(&entry->set, 0);
	else if (result->verdict == DNS_VERIFIED && result->rcode == DNS_NOERROR)
		missing = prerequisite(&entry->set, 1);
	end(queue, entry, no_record(missing), now_ms);
}

/* Of what is there stays the one that was set last, as far as that is known, else any. */
static void keep_one_text(const struct queue *queue, struct queue_entry *entry, const struct dns_answer *found)
{
	struct change_set *set = &entry->set;

	set->kept.len = 0;
	for (size_t i = 0; i < found->text_count; i++) {
		const struct txt *txt = &found->texts[i];

		if (txt->len == set->txt.len && memcmp(txt->octets, set->txt.octets, txt->len) == 0)
			continue;
		if (set->kept.len == 0 || memory_is_text(queue->memory, owner_of(entry), hash_of_text(queue, txt)))
			set->kept = *txt;
	}
}

static void note_look(struct queue *queue, struct queue_entry *entry, struct change *change,
		      const struct dns_answer *found)
{
	if (found->count == 0 && change->must_exist && entry->absent == ADDR_NONE)
		entry->absent = change->addr.family;
	if (change_is_txt(change)) {
		keep_one_text(queue, entry, found);
		return;
	}
	change->was = found->rrset;
	judge_hint(queue, entry, change->addr.family, &found->rrset);
	keep_hint(queue, entry, change->addr.family, &found->rrset);
}

/*
 * A rewrite of what could not be read: the primary does not tell, or there is too much of it. (Of TXT records only
 * those that rotate are looked at; of too many strings any is kept.)
 */
static bool is_blind(const struct queue_entry *entry)
{
	if (is_txt(&entry->set))
		return entry->look_told_nothing;
	return rewrites(&entry->set) && !is_known(&entry->set);
}

static void finish_look(struct queue *queue, struct queue_entry *entry, uint64_t now_ms)
{
	/* That settles it, even if the look at the other record has failed. */
	if (entry->absent != ADDR_NONE) {
		end(queue, entry, no_record(entry->absent), now_ms);
		return;
	}
	if (entry->look_failed) {
		entry->next_in_message = NULL;
		retry_all(queue, &entry->looks[0], now_ms);
		return;
	}
	entry->looked = true;
	if (is_blind(entry))
		end_as(queue, entry, undone(entry, OUTCOME_REFUSED), now_ms);
	else if (is_wanted(entry))
		route(queue, entry, now_ms);
	else
		end_as(queue, entry, OUTCOME_UNREACHABLE, now_ms);
}

/*
 * Only what the primary says with authority about the record counts; if it says nothing of use, the UPDATE decides,
 * unless that is made of what is there.
 */
static void on_looked(struct queue *queue, struct queue_message *message, const struct dns_result *result,
		      uint64_t now_ms)
{
	struct queue_entry *entry = message->first;
	struct change *change = &entry->set.changes[message->change];
	bool told = result->verdict == DNS_VERIFIED && result->answer.authoritative &&
		    (result->rcode == DNS_NOERROR || result->rcode == DNS_NXDOMAIN);

	/* Nothing is made where it would be hidden; what is there may change, such as a delegated server's address. */
	if (result->verdict == DNS_VERIFIED && result->answer.hidden && change->kind == CHANGE_REPLACE)
		change->must_exist = true;
	if (told)
		note_look(queue, entry, change, &result->answer);
	else if (!dns_is_answered(result))
		entry->look_failed = true;
	entry->look_told_nothing = entry->look_told_nothing || !told;
	if (--entry->looks_missing == 0)
		finish_look(queue, entry, now_ms);
}

static void on_replied(struct queue *queue, struct queue_message *message, const struct dns_result *result,
		       uint64_t now_ms)
{
	--*counter_of(queue, message);
	switch (message->kind) {
	case DNS_UPDATE:
		on_updated(queue, message, result, now_ms);
		break;
	case DNS_CONFIRM:
		on_confirmed(queue, message, result, now_ms);
		break;
	case DNS_PROBE:
		on_probed(queue, message->first, result, now_ms);
		break;
	case DNS_QUERY:
		on_looked(queue, message, result, now_ms);
		break;
	case DNS_SOA:
	case DNS_REHEARSE:
		break; /* a queue sends no such message */
	}
}

/* ---- TICK and CANCEL ---- */

/* A message that has not left is taken back once nobody in it waits any more. */
static void withdraw_if_unwanted(struct queue_message *message)
{
	for (const struct queue_entry *entry = message->first; entry; entry = entry->next_in_message) {
		if (is_wanted(entry))
			return;
	}
	if (message->kind != DNS_QUERY) {
		message->ticket.withdrawn = !message->ticket.sent;
		return;
	}
	for (size_t i = 0; i < message->first->set.count; i++)
		message->first->looks[i].ticket.withdrawn = !message->first->looks[i].ticket.sent;
}

/* Nobody waits for the entry any more. */
static void abandon(struct queue *queue, struct queue_entry *entry, uint64_t now_ms)
{
	if (entry->state == WITH_PRIMARY)
		withdraw_if_unwanted(entry->in_message);
	else if (entry->state != SUSPECT)
		end_as(queue, entry, OUTCOME_UNREACHABLE, now_ms);
}

/* How it stands with an entry at a waiter's deadline. */
static enum outcome_code late(const struct queue_entry *entry)
{
	bool may_be_sent = entry->state == WITH_PRIMARY && entry->in_message->kind == DNS_UPDATE;

	if (entry->state == PROBE_READY || (entry->state == WITH_PRIMARY && entry->in_message->kind == DNS_PROBE))
		return OUTCOME_NO_RECORD;
	if (may_be_sent && entry->in_message->ticket.withdrawn)
		may_be_sent = false;
	return may_be_sent || entry->maybe_done ? OUTCOME_UNKNOWN : OUTCOME_UNREACHABLE;
}

static void on_late(struct queue *queue, struct waiter *waiter, uint64_t now_ms)
{
	struct queue_entry *entry = waiter->entry;
	bool last = TAILQ_FIRST(&entry->waiters) == waiter && !TAILQ_NEXT(waiter, in_entry);
	void *ctx = waiter->ctx;
	enum outcome_code code;

	forget_waiter(queue, waiter);
	if (last && entry->state == WITH_PRIMARY)
		withdraw_if_unwanted(entry->in_message);
	code = late(entry);
	if (last)
		abandon(queue, entry, now_ms);
	act(queue, (struct queue_action){.kind = QUEUE_ANSWER, .waiter = ctx, .outcome = {.code = code}});
}

static void on_tick(struct queue *queue, uint64_t now_ms)
{
	struct queue_entry *entry;
	struct waiter *waiter;

	while ((waiter = TAILQ_FIRST(&queue->deadlines)) && waiter->deadline_ms <= now_ms)
		on_late(queue, waiter, now_ms);
	while ((entry = TAILQ_FIRST(&queue->lists[PAUSED])) && entry->retry_at_ms <= now_ms)
		route(queue, entry, now_ms);
}

static struct waiter *find_waiter(const struct queue *queue, const void *ctx)
{
	struct table_node *node = table_find(&queue->waiters_by_ctx, hash_of_waiter(ctx));

	while (node && TABLE_OWNER(node, struct waiter, by_ctx)->ctx != ctx)
		node = table_find_next(node);
	return node ? TABLE_OWNER(node, struct waiter, by_ctx) : NULL;
}

/* The answer may have been decided on already, and wait to be taken. */
static void take_back_answer(struct queue *queue, const void *ctx)
{
	for (size_t i = queue->action_next; i < queue->action_count; i++) {
		struct queue_action *action = &queue->actions[i];

		if (action->kind != QUEUE_ANSWER || action->waiter != ctx)
			continue;
		memmove(action, action + 1, (queue->action_count - i - 1) * sizeof *action);
		queue->action_count--;
		return;
	}
}

static void on_cancel(struct queue *queue, const void *ctx, uint64_t now_ms)
{
	struct waiter *waiter = find_waiter(queue, ctx);
	struct queue_entry *entry;

	if (!waiter)
		take_back_answer(queue, ctx);
	if (!waiter)
		return;
	entry = waiter->entry;
	forget_waiter(queue, waiter);
	if (!is_wanted(entry))
		abandon(queue, entry, now_ms);
}

/* ---- The verbs ---- */

enum status queue_step(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	enum status status = STATUS_OK;

	/* Whatever was announced comes at once or not at all. */
	if (event->kind != QUEUE_SUBMIT && queue->open)
		close_group(queue);
	switch (event->kind) {
	case QUEUE_SUBMIT:
		status = on_submit(queue, event, now_ms);
		break;
	case QUEUE_CANCEL:
		on_cancel(queue, event->waiter, now_ms);
		break;
	case QUEUE_REPLIED:
		on_replied(queue, event->message, event->result, now_ms);
		break;
	case QUEUE_TICK:
		on_tick(queue, now_ms);
		break;
	}
	if (!queue->open)
		send_what_may_go(queue, now_ms);
	return status;
}

uint64_t queue_wake_at_ms(const struct queue *queue)
{
	const struct waiter *first = TAILQ_FIRST(&queue->deadlines);
	const struct queue_entry *retry = TAILQ_FIRST(&queue->lists[PAUSED]);
	uint64_t at_ms = first ? first->deadline_ms : ENV_NEVER_MS;

	if (queue->ready_count && queue->updates == 0 && queue->pause_until_ms < at_ms)
		at_ms = queue->pause_until_ms;
	return retry && retry->retry_at_ms < at_ms ? retry->retry_at_ms : at_ms;
}

size_t queue_waiting(const struct queue *queue)
{
	return queue->waiters_by_ctx.count;
}

static enum status allocate(struct queue *queue)
{
	queue->action_cap = ACTIONS_AT_START;
	queue->actions = calloc(ACTIONS_AT_START, sizeof *queue->actions);
	if (!queue->actions || table_init(&queue->chains) != STATUS_OK ||
	    table_init(&queue->waiters_by_ctx) != STATUS_OK || table_init(&queue->shares) != STATUS_OK)
		return STATUS_NO_MEMORY;
	return memory_new(queue->limits.records_max, &queue->memory);
}

enum status queue_new(const struct name *zone, const struct queue_limits *limits, struct queue **out)
{
	struct queue *queue = calloc(1, sizeof *queue);

	if (!queue)
		return STATUS_NO_MEMORY;
	queue->zone = zone;
	queue->limits = *limits;
	queue->jitter = limits->seed | 1;
	TAILQ_INIT(&queue->deadlines);
	STAILQ_INIT(&queue->parts);
	for (size_t i = 0; i < STATE_COUNT; i++)
		TAILQ_INIT(&queue->lists[i]);
	if (allocate(queue) != STATUS_OK) {
		queue_free(&queue);
		return STATUS_NO_MEMORY;
	}
	*out = queue;
	return STATUS_OK;
}

void queue_set_limits(struct queue *queue, const struct queue_limits *limits)
{
	uint64_t seed = queue->limits.seed;
	size_t records_max = queue->limits.records_max;

	queue->limits = *limits;
	queue->limits.seed = seed;
	queue->limits.records_max = records_max;
}

static void free_chain(struct queue *queue, struct chain *chain)
{
	struct queue_entry *entry;

	table_remove(&queue->chains, &chain->by_owner);
	while ((entry = TAILQ_FIRST(&chain->entries))) {
		TAILQ_REMOVE(&chain->entries, entry, in_chain);
		leave_group(queue, entry);
		free(entry);
	}
	free(chain);
}

void queue_free(struct queue **queue_pointer)
{
	struct queue *queue = *queue_pointer;
	struct table_node *node;
	struct waiter *waiter;

	*queue_pointer = NULL;
	if (!queue)
		return;
	while ((waiter = TAILQ_FIRST(&queue->deadlines)))
		forget_waiter(queue, waiter);
	while ((node = table_any(&queue->chains)))
		free_chain(queue, TABLE_OWNER(node, struct chain, by_owner));
	table_fini(&queue->chains);
	table_fini(&queue->waiters_by_ctx);
	table_fini(&queue->shares);
	memory_free(&queue->memory);
	free(queue->actions);
	free(queue);
}
