#include "text_history.h"

#include "support.h"

static bool takes(const struct text_deed *deed, int string)
{
	bool taken = deed->cleared;

	for (size_t i = 0; i < deed->taken_count; i++)
		taken = taken || deed->taken[i] == string;
	return taken;
}

/* Whether it is there after the first `count` deeds. */
static bool holds_after(const struct text_history *history, int string, size_t count)
{
	for (size_t i = count; i > 0; i--) {
		const struct text_deed *deed = &history->deeds[i - 1];

		if (deed->put == string)
			return true;
		if (takes(deed, string))
			return false;
	}
	return false;
}

/* Whether that deed is the last one that put its string there. */
static bool is_last_put(const struct text_history *history, size_t at)
{
	for (size_t i = at + 1; i < history->count; i++) {
		if (history->deeds[i].put == history->deeds[at].put)
			return false;
	}
	return history->deeds[at].put != TEXT_NONE;
}

static void count(void *ctx, int string)
{
	(void)string;
	++*(size_t *)ctx;
}

void text_history_note(struct text_history *history, const struct text_deed *deed)
{
	size_t there = 0;

	assert_true(history->count < TEXT_DEEDS_MAX);
	history->deeds[history->count++] = *deed;
	text_history_each(history, count, &there);
	history->most = there > history->most ? there : history->most;
}

bool text_history_holds(const struct text_history *history, int string)
{
	return holds_after(history, string, history->count);
}

static bool others_did(const struct text_history *history, int string, unsigned long since, bool put)
{
	for (size_t i = 0; i < history->count; i++) {
		const struct text_deed *deed = &history->deeds[i];

		if (deed->by == TEXT_BY_OTHERS && deed->moment > since &&
		    (put ? deed->put == string : takes(deed, string)))
			return true;
	}
	return false;
}

bool text_history_others_put(const struct text_history *history, int string, unsigned long since)
{
	return others_did(history, string, since, true);
}

bool text_history_others_took(const struct text_history *history, int string, unsigned long since)
{
	return others_did(history, string, since, false);
}

/* Whether the same was done for the same change before. */
static bool is_repeated(const struct text_history *history, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (history->deeds[at].change != TEXT_NONE && history->deeds[i].change == history->deeds[at].change)
			return true;
	}
	return false;
}

bool text_history_is_old(const struct text_history *history, int string, int gateway, int added)
{
	bool was_there = false;

	for (size_t i = 0; i < history->count; i++) {
		const struct text_deed *deed = &history->deeds[i];

		was_there = was_there || deed->put == string;
		if (was_there && deed->by == gateway && deed->put != TEXT_NONE && deed->put != string &&
		    deed->put != added && !is_repeated(history, i))
			return true;
	}
	return false;
}

void text_history_each(const struct text_history *history, text_history_fn *fn, void *ctx)
{
	for (size_t i = 0; i < history->count; i++) {
		if (is_last_put(history, i) && text_history_holds(history, history->deeds[i].put))
			fn(ctx, history->deeds[i].put);
	}
}
