#include "page/template.h"

enum { DEPTH_MAX = 16 }; /* of sections and templates in each other */

struct renderer {
	template_source_fn *source;
	struct buffer *out;
};

/* A tag: `{{`, a sign or none, a name, `}}`. */
struct tag {
	char sign; /* one of # ^ / >, or 0 */
	struct text name;
	const char *begin, *end; /* in the source */
};

static const char *template_find(const char *begin, const char *end, const char *what)
{
	return end > begin ? memmem(begin, (size_t)(end - begin), what, strlen(what)) : NULL;
}

/* STATUS_NOT_FOUND behind the last tag. */
static enum status next_tag(struct text source, struct tag *out)
{
	const char *end = source.octets + source.len;
	const char *open = template_find(source.octets, end, "{{");
	const char *close = open ? template_find(open + 2, end, "}}") : NULL;

	if (!open)
		return STATUS_NOT_FOUND;
	if (!close || close == open + 2)
		return STATUS_INVALID;
	*out = (struct tag){0, {open + 2, (size_t)(close - open) - 2}, open, close + 2};
	if (*out->name.octets && strchr("#^/>", *out->name.octets)) {
		out->sign = *out->name.octets;
		out->name.octets++;
		out->name.len--;
	}
	return out->name.len ? STATUS_OK : STATUS_INVALID;
}

static struct text after(struct text source, const struct tag *tag)
{
	return (struct text){tag->end, (size_t)(source.octets + source.len - tag->end)};
}

/* Splits what follows an opening tag at its closing one. STATUS_INVALID without one. */
static enum status section(struct text rest, struct text name, struct text *inside, struct text *behind)
{
	struct text left = rest;
	struct tag tag;
	unsigned open = 1;

	while (next_tag(left, &tag) == STATUS_OK) {
		left = after(left, &tag);
		if (tag.sign == '#' || tag.sign == '^')
			open++;
		if (tag.sign != '/' || --open)
			continue;
		*inside = (struct text){rest.octets, (size_t)(tag.begin - rest.octets)};
		*behind = left;
		return text_equal(tag.name, name) ? STATUS_OK : STATUS_INVALID;
	}
	return STATUS_INVALID;
}

static enum status render(const struct renderer *renderer, struct text source, const struct view *view, unsigned depth);

static bool template_has(const struct view *view, struct text name)
{
	const struct text *text = view_find_text(view, name);

	return view_first_item(view, name) || (text && text->len);
}

static enum status render_section(const struct renderer *renderer, const struct tag *tag, struct text inside,
				  const struct view *view, unsigned depth)
{
	const struct view *item = view_first_item(view, tag->name);
	enum status status = STATUS_OK;

	if (tag->sign == '^' || !item)
		return template_has(view, tag->name) == (tag->sign == '#') ? render(renderer, inside, view, depth)
									   : STATUS_OK;
	for (; item && status == STATUS_OK; item = view_next_item(item))
		status = render(renderer, inside, item, depth);
	return status;
}

static enum status include(const struct renderer *renderer, struct text name, const struct view *view, unsigned depth)
{
	struct text source = renderer->source(name);

	return source.octets ? render(renderer, source, view, depth) : STATUS_INVALID;
}

/* Does what a tag says; *rest is what follows, or what follows the end of its section. */
static enum status obey(const struct renderer *renderer, const struct tag *tag, struct text *rest,
			const struct view *view, unsigned depth)
{
	const struct text *text;
	struct text inside;
	enum status status;

	switch (tag->sign) {
	case '#':
	case '^':
		status = section(*rest, tag->name, &inside, rest);
		return status == STATUS_OK ? render_section(renderer, tag, inside, view, depth + 1) : status;
	case '>':
		return include(renderer, tag->name, view, depth + 1);
	case '/':
		return STATUS_INVALID;
	default:
		text = view_find_text(view, tag->name);
		if (text)
			buffer_add_escaped(renderer->out, *text);
		return STATUS_OK;
	}
}

static enum status render(const struct renderer *renderer, struct text source, const struct view *view, unsigned depth)
{
	enum status status = depth < DEPTH_MAX ? STATUS_OK : STATUS_INVALID;
	struct tag tag;

	while (status == STATUS_OK && (status = next_tag(source, &tag)) == STATUS_OK) {
		buffer_add(renderer->out, (struct text){source.octets, (size_t)(tag.begin - source.octets)});
		source = after(source, &tag);
		status = obey(renderer, &tag, &source, view, depth);
	}
	if (status != STATUS_NOT_FOUND)
		return status;
	buffer_add(renderer->out, source);
	return STATUS_OK;
}

enum status template_render(template_source_fn *source, const char *name, const struct view *view, struct buffer *out)
{
	struct renderer renderer = {source, out};
	enum status status = include(&renderer, text_of(name), view, 0);

	return status == STATUS_OK && (out->failed || view_failed(view)) ? STATUS_NO_MEMORY : status;
}
