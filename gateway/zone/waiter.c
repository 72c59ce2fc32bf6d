/*
 * Who waits for an answer. Each has a deadline, and is counted in the share of its account.
 */
#include <stdlib.h>

#include "zone/queue_parts.h"

static struct share *find_share(const struct queue *queue, uint64_t account)
{
	struct table_node *node = table_find(&queue->shares, account);

	return node ? TABLE_OWNER(node, struct share, by_account) : NULL;
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

static void share_put_back(struct queue *queue, struct share *share)
{
	if (--share->count)
		return;
	table_remove(&queue->shares, &share->by_account);
	free(share);
}

bool waiters_are_full(const struct queue *queue, uint64_t account)
{
	const struct share *share = find_share(queue, account);

	return queue->waiters_by_ctx.count >= queue->limits.waiters_max ||
	       (share && share->count >= queue->limits.share_max);
}

static uint64_t hash_of_waiter(const void *ctx)
{
	uintptr_t value = (uintptr_t)ctx;

	return table_hash(0, (struct text){(const char *)&value, sizeof value});
}

/* Of what a request may take. */
static uint64_t time_left_ms(const struct queue *queue, const struct change_set *set)
{
	return set->waited_ms < queue->limits.deadline_ms ? queue->limits.deadline_ms - set->waited_ms : 0;
}

struct waiter *waiter_new(struct queue *queue, const struct queue_event *event, uint64_t now_ms)
{
	struct waiter *waiter = calloc(1, sizeof *waiter);

	if (!waiter)
		return NULL;
	waiter->ctx = event->waiter;
	waiter->deadline_ms = now_ms + time_left_ms(queue, event->set);
	waiter->share = take_share(queue, event->set->account);
	if (!waiter->share) {
		free(waiter);
		return NULL;
	}
	return waiter;
}

/* Behind all but those with more time left, who came while its request was looked up, or before the limits changed. */
static void join_deadlines(struct queue *queue, struct waiter *waiter)
{
	struct waiter *before = TAILQ_LAST(&queue->deadlines, waiters);

	while (before && before->deadline_ms > waiter->deadline_ms)
		before = TAILQ_PREV(before, waiters, in_deadlines);
	if (before)
		TAILQ_INSERT_AFTER(&queue->deadlines, before, waiter, in_deadlines);
	else
		TAILQ_INSERT_HEAD(&queue->deadlines, waiter, in_deadlines);
}

void waiter_join(struct queue *queue, struct waiter *waiter, struct queue_entry *entry)
{
	waiter->entry = entry;
	TAILQ_INSERT_TAIL(&entry->waiters, waiter, in_entry);
	join_deadlines(queue, waiter);
	table_add(&queue->waiters_by_ctx, &waiter->by_ctx, hash_of_waiter(waiter->ctx));
}

void waiter_discard(struct queue *queue, struct waiter *waiter)
{
	share_put_back(queue, waiter->share);
	free(waiter);
}

struct waiter *waiter_find(const struct queue *queue, const void *ctx)
{
	struct table_node *node = table_find(&queue->waiters_by_ctx, hash_of_waiter(ctx));

	while (node && TABLE_OWNER(node, struct waiter, by_ctx)->ctx != ctx)
		node = table_find_next(node);
	return node ? TABLE_OWNER(node, struct waiter, by_ctx) : NULL;
}

void waiter_forget(struct queue *queue, struct waiter *waiter)
{
	TAILQ_REMOVE(&queue->deadlines, waiter, in_deadlines);
	TAILQ_REMOVE(&waiter->entry->waiters, waiter, in_entry);
	table_remove(&queue->waiters_by_ctx, &waiter->by_ctx);
	waiter_discard(queue, waiter);
}

void waiter_answer(struct queue *queue, struct waiter *waiter, struct outcome outcome)
{
	action_answer(queue, waiter->ctx, outcome);
	waiter_forget(queue, waiter);
}
