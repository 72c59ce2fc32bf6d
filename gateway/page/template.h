/*
 * template: HTML with gaps, filled in from a view. Pure.
 *
 *      {{name}}              the text of that name, escaped; nothing if there is none
 *      {{#name}} ... {{/name}}   what stands between, once for each item of the list of that name; if there is no list,
 *                            once if there is a text of that name that is not empty
 *      {{^name}} ... {{/name}}   what stands between, if the above would give nothing
 *      {{>name}}             the template of that name
 *
 * Names are looked for in the item, then in what it is an item of. There is no way to put in a text without escaping
 * it; so gaps stand between tags, or in attributes with quotation marks that are not code or addresses.
 */
#ifndef PAGE_TEMPLATE_H
#define PAGE_TEMPLATE_H

#include "base/status.h"
#include "base/text.h"
#include "page/buffer.h"
#include "page/view.h"

/* Gives the source of a template; one without octets (NULL) if there is none of that name. */
typedef struct text template_source_fn(struct text name);

/*
 * Appends the template of that name. STATUS_INVALID if it, or one that it includes, is malformed or missing;
 * STATUS_NO_MEMORY if the buffer or the view lack something.
 */
MUST_USE enum status template_render(template_source_fn *source, const char *name, const struct view *view,
				     struct buffer *out);

#endif
