#include "store/lists.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/table.h"

struct kept {
	struct table_node node;
	TAILQ_ENTRY(kept) link;
	struct host_list *list;
};

struct lists {
	struct table table;
	TAILQ_HEAD(order, kept) order; /* who was wanted last stands first */
	size_t size, size_max;
};

enum status lists_new(size_t size_max, struct lists **out)
{
	struct lists *lists = calloc(1, sizeof *lists);

	if (!lists || table_init(&lists->table) != STATUS_OK) {
		free(lists);
		return STATUS_NO_MEMORY;
	}
	lists->size_max = size_max;
	TAILQ_INIT(&lists->order);
	*out = lists;
	return STATUS_OK;
}

static void drop_list(struct lists *lists, struct kept *kept)
{
	table_remove(&lists->table, &kept->node);
	TAILQ_REMOVE(&lists->order, kept, link);
	lists->size -= host_list_size(kept->list);
	host_list_free(&kept->list);
	free(kept);
}

void lists_clear(struct lists *lists)
{
	while (!TAILQ_EMPTY(&lists->order))
		drop_list(lists, TAILQ_FIRST(&lists->order));
}

void lists_free(struct lists **lists)
{
	if (!*lists)
		return;
	lists_clear(*lists);
	table_fini(&(*lists)->table);
	free(*lists);
	*lists = NULL;
}

/* Numbers count up and nobody outside chooses one: they are a good hash as they are. */
struct host_list *lists_find(struct lists *lists, int64_t number)
{
	struct table_node *node = table_find(&lists->table, (uint64_t)number);
	struct kept *kept;

	if (!node)
		return NULL;
	kept = TABLE_OWNER(node, struct kept, node);
	TAILQ_REMOVE(&lists->order, kept, link);
	TAILQ_INSERT_HEAD(&lists->order, kept, link);
	return host_list_hold(kept->list);
}

void lists_keep(struct lists *lists, int64_t number, struct host_list *list)
{
	size_t size = host_list_size(list);
	struct kept *kept = size <= lists->size_max ? malloc(sizeof *kept) : NULL;

	if (!kept)
		return;
	while (lists->size + size > lists->size_max)
		drop_list(lists, TAILQ_LAST(&lists->order, order));
	*kept = (struct kept){.list = host_list_hold(list)};
	table_add(&lists->table, &kept->node, (uint64_t)number);
	TAILQ_INSERT_HEAD(&lists->order, kept, link);
	lists->size += size;
}

size_t lists_size(const struct lists *lists)
{
	return lists->size;
}
