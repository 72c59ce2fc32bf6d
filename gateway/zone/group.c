/*
 * The sets of one request, which are to go in one message: those that are ready wait for the others.
 */
#include <stdlib.h>

#include "zone/queue_parts.h"

void group_open(struct queue *queue)
{
	queue->open = calloc(1, sizeof *queue->open);
	if (queue->open)
		queue->open->awaited = 1;
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
			entry_move_to(queue, entry, READY);
	}
}

void group_close(struct queue *queue)
{
	struct group *group = queue->open;

	queue->open = NULL;
	await_one_less(queue, group);
	if (group->members == 0)
		free(group);
}

void group_await(struct queue_entry *entry)
{
	if (!entry->group || entry->awaited)
		return;
	entry->awaited = true;
	entry->group->awaited++;
}

void group_settle(struct queue *queue, struct queue_entry *settled)
{
	if (!settled->awaited)
		return;
	settled->awaited = false;
	await_one_less(queue, settled->group);
}

void group_leave(struct queue *queue, struct queue_entry *entry)
{
	if (!entry->group)
		return;
	group_settle(queue, entry);
	if (--entry->group->members == 0 && entry->group != queue->open)
		free(entry->group);
}
