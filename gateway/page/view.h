/*
 * view: what a page shows, as a tree: named texts, and lists of named items that hold such again. Templates
 * (template.h) are filled in from it.
 *
 * Everything is copied, and wiped when it is freed, because a new key may be in it. Adding never fails at once:
 * view_failed() tells at the end whether something is missing.
 */
#ifndef PAGE_VIEW_H
#define PAGE_VIEW_H

#include <stdbool.h>

#include "base/text.h"

struct view;

/* Makes an empty view. NULL without memory. */
struct view *view_new(void);

/* Frees it with all its items and sets *view to NULL; *view == NULL is allowed. */
void view_free(struct view **view);

/* Sets a text; one that is set twice keeps its first value. `name` is a constant. */
void view_text(struct view *view, const char *name, struct text text);
__attribute__((format(printf, 3, 4))) void view_format(struct view *view, const char *name, const char *format, ...);

/* Appends an item to a list, and returns it; it belongs to the view. Never NULL. `name` is a constant. */
struct view *view_item(struct view *view, const char *name);

/* Whether memory was short for something in the whole tree. */
bool view_failed(const struct view *view);

/* The text of that name, here or else in what this is an item of; NULL if there is none. */
const struct text *view_find_text(const struct view *view, struct text name);

/* The first item of that list, here or further out, and the next one; NULL behind the last. */
const struct view *view_first_item(const struct view *view, struct text name);
const struct view *view_next_item(const struct view *item);

#endif
