/*
 * order: which change comes too late. A request counts from its arrival, however long its account or its key took to
 * be looked up; so once a record was changed for one, none that arrived before it may change that record any more.
 * There is one order in the process, for all zones and over all reloads.
 *
 * A request takes its place when it arrives and leaves it when its change sets are in their queues, which keep the
 * order from there on, or when it has ended. While any is in its place, what is carried out for later ones is marked;
 * a mark is dropped once all that still have a place came after it was made. So where nothing takes long to be looked
 * up there are no marks, and otherwise at most one for each record that was changed since the oldest request came.
 * All takes the same time however many there are.
 *
 * RRsets are told apart by owner and type, and single records by their RDATA, too: what adds or removes one record is
 * overtaken by what adds or removes the same one, and by what changes the whole RRset. What changes that is overtaken
 * by anything done to it. A record that is to be one of the two newest (CHANGE_ROTATE) also is by two newer ones.
 * A change set is one host, and is overtaken as a whole if one of its records is: its A and AAAA records change
 * together or not at all. The other sets of its request are judged by themselves.
 *
 * Pure.
 */
#ifndef UPDATE_ORDER_H
#define UPDATE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/status.h"
#include "update/change.h"

struct order;
struct order_mark;

/* A place, which its holder keeps where it is until it has left it. Zeroed: none. */
struct order_place {
	uint64_t number; /* greater than that of whoever came before; stays when the place is left */
	bool is_held;
	TAILQ_ENTRY(order_place) link;
};

/* Marks that are not made yet: a change set's, so that making them cannot fail. Zeroed: none. */
struct order_marks {
	size_t count;
	struct order_mark *each[CHANGE_SET_MAX];
};

/* `seed` is random, for hashes. STATUS_NO_MEMORY. */
MUST_USE enum status order_new(uint64_t seed, struct order **out);

/* Sets *order to NULL; *order == NULL is allowed. Places that are still held are their holders' affair. */
void order_free(struct order **order);

/* A request arrives, behind all others. */
void order_arrive(struct order *order, struct order_place *place);

/* One more place for the same request, which still holds its own: for a set of it that has to let others go first. */
void order_stay(struct order_place *place, struct order_place *another);

/* The number of a set's request. One without a place comes after all that have one. */
static inline uint64_t set_arrival(const struct change_set *set)
{
	return set->place ? set->place->number : UINT64_MAX;
}

/* Allowed for a place that is not held. */
void order_leave(struct order *order, struct order_place *place);

/* Whether a set of the request with that number must not be carried out, because later ones were. */
bool order_is_overtaken(const struct order *order, const struct change_set *set, uint64_t number);

/*
 * Gets ready to mark what that set changes, if earlier requests still have their places: none
 * can come that is earlier than those that are there now.
 * *marks is filled, and has to be made or discarded. STATUS_NO_MEMORY.
 */
MUST_USE enum status order_prepare(const struct order *order, const struct change_set *set, uint64_t number,
				   struct order_marks *marks);

/* The set was carried out, or nobody can say that it was not. Takes the marks. */
void order_make(struct order *order, const struct change_set *set, uint64_t number, struct order_marks *marks);
void order_discard(struct order_marks *marks);

/* Marks that there are. */
size_t order_mark_count(const struct order *order);

#endif
