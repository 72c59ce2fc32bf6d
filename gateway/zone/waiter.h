/*
 * waiter: who waits for an answer, each one's deadline, each account's share, and the answers until they are taken.
 */
#ifndef ZONE_WAITER_H
#define ZONE_WAITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/outcome.h"
#include "base/status.h"
#include "base/table.h"
#include "update/change.h"
#include "zone/limits.h"

struct queue_entry;

TAILQ_HEAD(waiter_list, waiter);

/* Somebody who wants to know how it ended. */
struct waiter {
	void *ctx;
	uint64_t deadline_ms;
	struct queue_entry *entry; /* what it waits for, and the list of those who do */
	struct waiter_list *list;
	struct share *share;
	struct table_node by_ctx;
	TAILQ_ENTRY(waiter) in_deadlines;
	TAILQ_ENTRY(waiter) in_entry;
};

/* How many waiters an account has. */
struct share {
	struct table_node by_account;
	uint64_t account;
	size_t count;
};

/* What a waiter is to be told. */
struct answer {
	void *ctx;
	struct outcome outcome;
};

struct waiters {
	const struct queue_limits *limits;
	struct table by_ctx, shares;
	struct waiter_list deadlines; /* earliest first */
	struct answer *answers;       /* of which those before `answer_next` were taken */
	size_t answer_next, answer_count, answer_cap;
};

/* The limits are borrowed. Whatever comes of it, waiters_fini() is due; it forgets all that are left. */
MUST_USE enum status waiters_init(struct waiters *waiters, const struct queue_limits *limits);
void waiters_fini(struct waiters *waiters);

/* Whether there is no room for one more, of that account or of any. */
bool waiters_are_full(const struct waiters *waiters, uint64_t account);
/*
 * One that waits for a set, counted in its account's share, with room for its answer; NULL without memory. It has to
 * join an entry or be discarded.
 */
struct waiter *waiter_new(struct waiters *waiters, void *ctx, const struct change_set *set, uint64_t now_ms);
void waiter_join(struct waiters *waiters, struct waiter *waiter, struct queue_entry *entry, struct waiter_list *list);
void waiter_discard(struct waiters *waiters, struct waiter *waiter);
/* NULL if there is none, or it was answered. */
struct waiter *waiter_find(const struct waiters *waiters, const void *ctx);
/* Both end a waiter that has joined. */
void waiter_forget(struct waiters *waiters, struct waiter *waiter);
void waiter_answer(struct waiters *waiters, struct waiter *waiter, struct outcome outcome);

/* Of a waiter that was just forgotten. */
void waiters_answer(struct waiters *waiters, void *ctx, struct outcome outcome);
/* The next answer to be given, in the order in which they were decided on; false if there is none. */
bool waiters_next_answer(struct waiters *waiters, struct answer *out);
/* The answer may have been decided on already, and wait to be taken. */
void waiters_take_back(struct waiters *waiters, const void *ctx);

#endif
