#include "zone/waiter.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWERS_AT_START = 16 };

/* ---- Answers ---- */

/* Of each waiter at most one answer waits to be taken. */
static enum status reserve_answer(struct waiters *waiters)
{
	size_t waiting = waiters->answer_count - waiters->answer_next;
	size_t wanted = waiting + waiters->by_ctx.count + 1;
	size_t cap = waiters->answer_cap;
	struct answer *answers;

	if (wanted <= cap)
		return STATUS_OK;
	while (cap < wanted)
		cap *= 2;
	answers = realloc(waiters->answers, cap * sizeof *answers);
	if (!answers)
		return STATUS_NO_MEMORY;
	waiters->answers = answers;
	waiters->answer_cap = cap;
	return STATUS_OK;
}

void waiters_answer(struct waiters *waiters, void *ctx, struct outcome outcome)
{
	if (waiters->answer_count == waiters->answer_cap) {
		/* The room at the front, of answers that were taken, is the room that was reserved. */
		waiters->answer_count -= waiters->answer_next;
		memmove(waiters->answers, waiters->answers + waiters->answer_next,
			waiters->answer_count * sizeof *waiters->answers);
		waiters->answer_next = 0;
	}
	waiters->answers[waiters->answer_count++] = (struct answer){.ctx = ctx, .outcome = outcome};
}

bool waiters_next_answer(struct waiters *waiters, struct answer *out)
{
	if (waiters->answer_next == waiters->answer_count)
		return false;
	*out = waiters->answers[waiters->answer_next++];
	if (waiters->answer_next == waiters->answer_count)
		waiters->answer_next = waiters->answer_count = 0;
	return true;
}

void waiters_take_back(struct waiters *waiters, const void *ctx)
{
	for (size_t i = waiters->answer_next; i < waiters->answer_count; i++) {
		struct answer *answer = &waiters->answers[i];

		if (answer->ctx != ctx)
			continue;
		memmove(answer, answer + 1, (waiters->answer_count - i - 1) * sizeof *answer);
		waiters->answer_count--;
		return;
	}
}

/* ---- Waiters ---- */

static struct share *share_find(const struct waiters *waiters, uint64_t account)
{
	struct table_node *node = table_find(&waiters->shares, account);

	return node ? TABLE_OWNER(node, struct share, by_account) : NULL;
}

static struct share *share_take(struct waiters *waiters, uint64_t account)
{
	struct share *share = share_find(waiters, account);

	if (!share) {
		share = calloc(1, sizeof *share);
		if (!share)
			return NULL;
		share->account = account;
		table_add(&waiters->shares, &share->by_account, account);
	}
	share->count++;
	return share;
}

static void share_put_back(struct waiters *waiters, struct share *share)
{
	if (--share->count)
		return;
	table_remove(&waiters->shares, &share->by_account);
	free(share);
}

enum status waiters_init(struct waiters *waiters, const struct queue_limits *limits)
{
	*waiters = (struct waiters){.limits = limits, .answer_cap = ANSWERS_AT_START};
	TAILQ_INIT(&waiters->deadlines);
	waiters->answers = calloc(ANSWERS_AT_START, sizeof *waiters->answers);
	if (!waiters->answers || table_init(&waiters->by_ctx) != STATUS_OK || table_init(&waiters->shares) != STATUS_OK)
		return STATUS_NO_MEMORY;
	return STATUS_OK;
}

void waiters_fini(struct waiters *waiters)
{
	while (!TAILQ_EMPTY(&waiters->deadlines))
		waiter_forget(waiters, TAILQ_FIRST(&waiters->deadlines));
	table_fini(&waiters->by_ctx);
	table_fini(&waiters->shares);
	free(waiters->answers);
}

bool waiters_are_full(const struct waiters *waiters, uint64_t account)
{
	const struct share *share = share_find(waiters, account);

	return waiters->by_ctx.count >= waiters->limits->waiters_max ||
	       (share && share->count >= waiters->limits->share_max);
}

static uint64_t waiter_hash(const void *ctx)
{
	uintptr_t value = (uintptr_t)ctx;

	return table_hash(0, (struct text){(const char *)&value, sizeof value});
}

/* Of what a request may take. */
static uint64_t time_left_ms(const struct waiters *waiters, const struct change_set *set)
{
	return set->waited_ms < waiters->limits->deadline_ms ? waiters->limits->deadline_ms - set->waited_ms : 0;
}

struct waiter *waiter_new(struct waiters *waiters, void *ctx, const struct change_set *set, uint64_t now_ms)
{
	struct waiter *waiter = reserve_answer(waiters) == STATUS_OK ? calloc(1, sizeof *waiter) : NULL;

	if (!waiter)
		return NULL;
	waiter->ctx = ctx;
	waiter->deadline_ms = now_ms + time_left_ms(waiters, set);
	waiter->share = share_take(waiters, set->account);
	if (!waiter->share) {
		free(waiter);
		return NULL;
	}
	return waiter;
}

/* Behind all but those with more time left, who came while its request was looked up, or before the limits changed. */
static void join_deadlines(struct waiters *waiters, struct waiter *waiter)
{
	struct waiter *before = TAILQ_LAST(&waiters->deadlines, waiter_list);

	while (before && before->deadline_ms > waiter->deadline_ms)
		before = TAILQ_PREV(before, waiter_list, in_deadlines);
	if (before)
		TAILQ_INSERT_AFTER(&waiters->deadlines, before, waiter, in_deadlines);
	else
		TAILQ_INSERT_HEAD(&waiters->deadlines, waiter, in_deadlines);
}

void waiter_join(struct waiters *waiters, struct waiter *waiter, struct queue_entry *entry, struct waiter_list *list)
{
	waiter->entry = entry;
	waiter->list = list;
	TAILQ_INSERT_TAIL(list, waiter, in_entry);
	join_deadlines(waiters, waiter);
	table_add(&waiters->by_ctx, &waiter->by_ctx, waiter_hash(waiter->ctx));
}

void waiter_discard(struct waiters *waiters, struct waiter *waiter)
{
	share_put_back(waiters, waiter->share);
	free(waiter);
}

struct waiter *waiter_find(const struct waiters *waiters, const void *ctx)
{
	struct table_node *node = table_find(&waiters->by_ctx, waiter_hash(ctx));

	while (node && TABLE_OWNER(node, struct waiter, by_ctx)->ctx != ctx)
		node = table_find_next(node);
	return node ? TABLE_OWNER(node, struct waiter, by_ctx) : NULL;
}

void waiter_forget(struct waiters *waiters, struct waiter *waiter)
{
	TAILQ_REMOVE(&waiters->deadlines, waiter, in_deadlines);
	TAILQ_REMOVE(waiter->list, waiter, in_entry);
	table_remove(&waiters->by_ctx, &waiter->by_ctx);
	waiter_discard(waiters, waiter);
}

void waiter_answer(struct waiters *waiters, struct waiter *waiter, struct outcome outcome)
{
	waiters_answer(waiters, waiter->ctx, outcome);
	waiter_forget(waiters, waiter);
}
