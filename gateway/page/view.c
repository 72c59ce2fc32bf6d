#include "page/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/secret.h"

/* A text with its name; it stands behind the struct. */
struct leaf {
	STAILQ_ENTRY(leaf) link;
	const char *name;
	struct text text;
	char octets[];
};

struct view {
	STAILQ_ENTRY(view) link; /* among the items of its parent */
	const char *name;
	struct view *parent;
	STAILQ_HEAD(, leaf) leaves;
	STAILQ_HEAD(, view) items;
	bool failed; /* of the root: something in the tree is missing */
};

static struct view *view_make(struct view *parent, const char *name)
{
	struct view *view = calloc(1, sizeof *view);

	if (!view)
		return NULL;
	view->name = name;
	view->parent = parent;
	STAILQ_INIT(&view->leaves);
	STAILQ_INIT(&view->items);
	return view;
}

struct view *view_new(void)
{
	return view_make(NULL, "");
}

/* Depth first: the first leaf or item goes until there is none. */
void view_free(struct view **view_pointer)
{
	struct view *view = *view_pointer;

	*view_pointer = NULL;
	if (!view)
		return;
	while (!STAILQ_EMPTY(&view->leaves)) {
		struct leaf *leaf = STAILQ_FIRST(&view->leaves);

		STAILQ_REMOVE_HEAD(&view->leaves, link);
		secret_wipe(leaf->octets, leaf->text.len);
		free(leaf);
	}
	while (!STAILQ_EMPTY(&view->items)) {
		struct view *item = STAILQ_FIRST(&view->items);

		STAILQ_REMOVE_HEAD(&view->items, link);
		view_free(&item);
	}
	free(view);
}

static void view_fail(struct view *view)
{
	while (view->parent)
		view = view->parent;
	view->failed = true;
}

bool view_failed(const struct view *view)
{
	while (view->parent)
		view = view->parent;
	return view->failed;
}

void view_text(struct view *view, const char *name, struct text text)
{
	struct leaf *leaf = malloc(sizeof *leaf + text.len);

	if (!leaf) {
		view_fail(view);
		return;
	}
	if (text.len)
		memcpy(leaf->octets, text.octets, text.len);
	leaf->name = name;
	leaf->text = (struct text){leaf->octets, text.len};
	STAILQ_INSERT_TAIL(&view->leaves, leaf, link);
}

void view_format(struct view *view, const char *name, const char *format, ...)
{
	char text[512];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof text)
		view_fail(view);
	else
		view_text(view, name, (struct text){text, (size_t)len});
}

struct view *view_item(struct view *view, const char *name)
{
	struct view *item = view_make(view, name);

	/* Without memory nothing of the tree is shown, so that it does not matter where the rest goes. */
	if (!item) {
		view_fail(view);
		return view;
	}
	STAILQ_INSERT_TAIL(&view->items, item, link);
	return item;
}

const struct text *view_find_text(const struct view *view, struct text name)
{
	const struct leaf *leaf;

	for (; view; view = view->parent) {
		STAILQ_FOREACH(leaf, &view->leaves, link) {
			if (text_equal(text_of(leaf->name), name))
				return &leaf->text;
		}
	}
	return NULL;
}

static const struct view *first_named(const struct view *item, struct text name)
{
	while (item && !text_equal(text_of(item->name), name))
		item = STAILQ_NEXT(item, link);
	return item;
}

const struct view *view_first_item(const struct view *view, struct text name)
{
	const struct view *item = NULL;

	for (; view && !item; view = view->parent)
		item = first_named(STAILQ_FIRST(&view->items), name);
	return item;
}

const struct view *view_next_item(const struct view *item)
{
	return first_named(STAILQ_NEXT(item, link), text_of(item->name));
}
