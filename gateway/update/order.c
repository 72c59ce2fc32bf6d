#include "update/order.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"

/* What a mark is about. A set has one for each change; where that is of one record, one of the record as well. */
enum part {
	PART_RRSET,
	PART_RECORD,
};

enum { KEY_MAX = 3 + NAME_TEXT_MAX + 1 + RDATA_MAX };

/* The two latest requests that added different records to an RRset. */
struct addition {
	uint64_t number;
	uint64_t record; /* by the hash of its RDATA */
};

struct order_mark {
	struct table_node by_key;
	TAILQ_ENTRY(order_mark) link;
	uint64_t made_at; /* the last number that was given to a request by then */
	enum part part;
	uint64_t newest; /* request that was carried out */
	/* PART_RRSET: */
	uint64_t whole;               /* that set all of it */
	struct addition additions[2]; /* the latest first */
	size_t key_len;
	char key[];
};

TAILQ_HEAD(places, order_place);
TAILQ_HEAD(marks, order_mark);

struct order {
	uint64_t seed;
	uint64_t last;        /* number that was given */
	struct places places; /* the earliest first */
	struct table by_key;
	struct marks marks; /* by `made_at` */
};

/* ---- What a set is about ---- */

static size_t part_count(const struct change_set *set)
{
	return set->count && !change_is_whole(&set->changes[0]) ? 2 : set->count;
}

static enum part part_at(const struct change_set *set, size_t n)
{
	return n < set->count ? PART_RRSET : PART_RECORD;
}

static struct text text_of_record(struct rdata rdata)
{
	return (struct text){(const char *)rdata.octets, rdata.len};
}

static size_t order_append(char *key, size_t len, const char *octets, size_t count)
{
	if (count)
		memcpy(key + len, octets, count);
	return len + count;
}

/* Tells it from all others. A name holds no NUL, so that the record begins at one place only. */
static struct text order_key_of(const struct change_set *set, size_t n, char key[static KEY_MAX])
{
	enum part part = part_at(set, n);
	const struct change *change = &set->changes[part == PART_RRSET ? n : 0];
	struct text owner = name_text(&set->owner);
	size_t len = 0;

	key[len++] = (char)part;
	key[len++] = (char)((unsigned)change->type >> 8);
	key[len++] = (char)change->type;
	len = order_append(key, len, owner.octets, owner.len);
	key[len++] = '\0';
	if (part == PART_RECORD) {
		struct text record = text_of_record(change_record(change));

		len = order_append(key, len, record.octets, record.len);
	}
	return (struct text){key, len};
}

static struct order_mark *order_find(const struct order *order, struct text key)
{
	struct table_node *node = table_find(&order->by_key, table_hash(order->seed, key));

	for (; node; node = table_find_next(node)) {
		struct order_mark *mark = TABLE_OWNER(node, struct order_mark, by_key);

		if (text_equal((struct text){mark->key, mark->key_len}, key))
			return mark;
	}
	return NULL;
}

/* ---- Places ---- */

static void order_drop(struct order *order, struct order_mark *mark)
{
	TAILQ_REMOVE(&order->marks, mark, link);
	table_remove(&order->by_key, &mark->by_key);
	free(mark);
}

/* What only concerned requests that are not in their places any more. */
static void drop_old_marks(struct order *order)
{
	const struct order_place *first = TAILQ_FIRST(&order->places);
	struct order_mark *mark;

	while ((mark = TAILQ_FIRST(&order->marks)) && (!first || mark->made_at < first->number))
		order_drop(order, mark);
}

void order_arrive(struct order *order, struct order_place *place)
{
	place->number = ++order->last;
	place->is_held = true;
	TAILQ_INSERT_TAIL(&order->places, place, link);
}

void order_stay(struct order_place *place, struct order_place *another)
{
	assert(place->is_held);
	another->number = place->number;
	another->is_held = true;
	TAILQ_INSERT_BEFORE(place, another, link);
}

void order_leave(struct order *order, struct order_place *place)
{
	if (!place->is_held)
		return;
	place->is_held = false;
	TAILQ_REMOVE(&order->places, place, link);
	drop_old_marks(order);
}

/* ---- Marks ---- */

static bool overtakes(const struct order_mark *mark, const struct change_set *set, uint64_t number)
{
	if (mark->part == PART_RECORD || change_is_whole(&set->changes[0]))
		return mark->newest > number;
	if (set->changes[0].kind == CHANGE_ROTATE && mark->additions[1].number > number)
		return true;
	return mark->whole > number;
}

bool order_is_overtaken(const struct order *order, const struct change_set *set, uint64_t number)
{
	char key[KEY_MAX];

	for (size_t n = 0; order->by_key.count && n < part_count(set); n++) {
		const struct order_mark *mark = order_find(order, order_key_of(set, n, key));

		if (mark && overtakes(mark, set, number))
			return true;
	}
	return false;
}

static struct order_mark *mark_new(enum part part, struct text key)
{
	struct order_mark *mark = calloc(1, sizeof *mark + key.len);

	if (!mark)
		return NULL;
	mark->part = part;
	mark->key_len = key.len;
	memcpy(mark->key, key.octets, key.len);
	return mark;
}

enum status order_prepare(const struct order *order, const struct change_set *set, uint64_t number,
			  struct order_marks *marks)
{
	const struct order_place *first = TAILQ_FIRST(&order->places);
	char key[KEY_MAX];

	*marks = (struct order_marks){0};
	for (size_t n = 0; first && first->number < number && n < part_count(set); n++) {
		marks->each[n] = mark_new(part_at(set, n), order_key_of(set, n, key));
		if (!marks->each[n]) {
			order_discard(marks);
			return STATUS_NO_MEMORY;
		}
		marks->count++;
	}
	return STATUS_OK;
}

static void note(uint64_t *latest, uint64_t number)
{
	if (*latest < number)
		*latest = number;
}

static void note_addition(struct addition additions[static 2], struct addition added)
{
	if (additions[0].record == added.record) {
		note(&additions[0].number, added.number);
	} else if (additions[0].number < added.number) {
		additions[1] = additions[0];
		additions[0] = added;
	} else if (additions[1].number < added.number) {
		additions[1] = added;
	}
}

static void note_change(const struct order *order, struct order_mark *mark, const struct change *change,
			uint64_t number)
{
	if (change_is_whole(change))
		note(&mark->whole, number);
	if (change->becomes.count == 1)
		note_addition(mark->additions,
			      (struct addition){
				      number, table_hash(order->seed, text_of_record(rrset_first(&change->becomes)))});
}

/* The mark of that record: the one that there is, or else this new one. */
static struct order_mark *order_put(struct order *order, struct order_mark *mark)
{
	struct text key = {mark->key, mark->key_len};
	struct order_mark *known = order_find(order, key);

	if (known) {
		free(mark);
		TAILQ_REMOVE(&order->marks, known, link);
	} else {
		known = mark;
		table_add(&order->by_key, &known->by_key, table_hash(order->seed, key));
	}
	known->made_at = order->last;
	TAILQ_INSERT_TAIL(&order->marks, known, link);
	return known;
}

void order_make(struct order *order, const struct change_set *set, uint64_t number, struct order_marks *marks)
{
	for (size_t n = 0; n < marks->count; n++) {
		struct order_mark *mark = order_put(order, marks->each[n]);

		note(&mark->newest, number);
		if (mark->part == PART_RRSET)
			note_change(order, mark, &set->changes[n], number);
	}
	if (marks->count)
		drop_old_marks(order);
	*marks = (struct order_marks){0};
}

void order_discard(struct order_marks *marks)
{
	for (size_t n = 0; n < marks->count; n++)
		free(marks->each[n]);
	*marks = (struct order_marks){0};
}

size_t order_mark_count(const struct order *order)
{
	return order->by_key.count;
}

/* ---- Making and freeing ---- */

enum status order_new(uint64_t seed, struct order **out)
{
	struct order *order = calloc(1, sizeof *order);

	if (!order)
		return STATUS_NO_MEMORY;
	order->seed = seed;
	TAILQ_INIT(&order->places);
	TAILQ_INIT(&order->marks);
	if (table_init(&order->by_key) != STATUS_OK) {
		free(order);
		return STATUS_NO_MEMORY;
	}
	*out = order;
	return STATUS_OK;
}

void order_free(struct order **order_pointer)
{
	struct order *order = *order_pointer;

	*order_pointer = NULL;
	if (!order)
		return;
	while (!TAILQ_EMPTY(&order->marks))
		order_drop(order, TAILQ_FIRST(&order->marks));
	table_fini(&order->by_key);
	free(order);
}
