/*
 * From a view and a template to HTML, in which text from outside means itself.
 */
#include "support.h"

#include "page/assets.h"
#include "page/buffer.h"
#include "page/template.h"
#include "page/view.h"

/* ---- Escaping ---- */

static void what_means_something_in_html_is_escaped(void **state)
{
	static const struct {
		struct text text;
		const char *escaped;
	} rows[] = {
		{OCTETS(""), ""},
		{OCTETS("plain"), "plain"},
		{OCTETS("<script>alert(1)</script>"), "&lt;script&gt;alert(1)&lt;/script&gt;"},
		{OCTETS("\" onfocus=\"x"), "&quot; onfocus=&quot;x"},
		{OCTETS("it's"), "it&#39;s"},
		{OCTETS("a&amp;b"), "a&amp;amp;b"},
		{OCTETS("&&"), "&amp;&amp;"},
		{OCTETS("a\0b"), "a\xef\xbf\xbd"
				 "b"},
		{OCTETS("{{name}}"), "{{name}}"},
		{OCTETS("Gr\xc3\xbc\xc3\x9f"), "Gr\xc3\xbc\xc3\x9f"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buffer buffer = {0};

		buffer_add_escaped(&buffer, rows[i].text);
		assert_false(buffer.failed);
		assert_text((struct text){buffer.octets, buffer.len}, rows[i].escaped);
		buffer_fini(&buffer);
	}
}

static void no_octet_escapes_its_attribute_or_element(void **state)
{
	(void)state;
	for (int octet = 0; octet < 256; octet++) {
		char text = (char)octet;
		struct buffer buffer = {0};

		buffer_add_escaped(&buffer, (struct text){&text, 1});
		assert_true(buffer.len > 0);
		for (size_t i = 0; i < buffer.len; i++)
			assert_null(memchr("<>\"'", buffer.octets[i], 4));
		assert_int_equal(buffer.octets[0] == '&', strchr("<>\"'&", octet) && octet);
		buffer_fini(&buffer);
	}
}

static void a_buffer_grows_up_to_its_bound_and_no_further(void **state)
{
	static const char block[64 * 1024];
	struct buffer buffer = {0};

	(void)state;
	for (size_t i = 0; i < BUFFER_MAX / sizeof block; i++)
		buffer_add(&buffer, (struct text){block, sizeof block});
	assert_false(buffer.failed);
	assert_int_equal(buffer.len, BUFFER_MAX);
	buffer_add(&buffer, text_of("x"));
	assert_true(buffer.failed);
	assert_int_equal(buffer.len, BUFFER_MAX);
	buffer_fini(&buffer);
}

/* ---- Templates ---- */

static const char *source_of_test;

static struct text find_source(struct text name)
{
	if (text_equal(name, text_of("loop")))
		return text_of("{{>loop}}");
	if (text_equal(name, text_of("part")))
		return text_of("[{{a}}]");
	return text_equal(name, text_of("test")) ? text_of(source_of_test) : (struct text){NULL, 0};
}

/* Texts a = "<1>", empty = ""; a list `item` of three with n = 1 to 3, the second of which has a = "own". */
static struct view *example(void)
{
	struct view *view = view_new();

	view_text(view, "a", text_of("<1>"));
	view_text(view, "empty", text_of(""));
	for (unsigned n = 1; n <= 3; n++) {
		struct view *item = view_item(view, "item");

		view_format(item, "n", "%u", n);
		if (n == 2)
			view_text(item, "a", text_of("own"));
	}
	assert_false(view_failed(view));
	return view;
}

static enum status fill_in(const char *source, struct buffer *buffer)
{
	struct view *view = example();
	enum status status;

	source_of_test = source;
	status = template_render(find_source, "test", view, buffer);
	view_free(&view);
	assert_null(view);
	return status;
}

static void templates_are_filled_in(void **state)
{
	static const struct {
		const char *source, *expected;
	} rows[] = {
		{"", ""},
		{"plain } { }} text", "plain } { }} text"},
		{"<p title=\"{{a}}\">{{a}}</p>", "<p title=\"&lt;1&gt;\">&lt;1&gt;</p>"},
		{"{{unknown}}{{empty}}.", "."},
		{"{{#item}}{{n}}={{a}};{{/item}}", "1=&lt;1&gt;;2=own;3=&lt;1&gt;;"},
		{"{{^item}}none{{/item}}.", "."},
		{"{{#nothing}}x{{/nothing}}{{^nothing}}none{{/nothing}}", "none"},
		{"{{#a}}yes{{/a}}{{^a}}no{{/a}}", "yes"},
		{"{{#empty}}yes{{/empty}}{{^empty}}no{{/empty}}", "no"},
		{"{{#item}}{{#a}}({{n}}{{#item}}.{{/item}}){{/a}}{{/item}}", "(1...)(2...)(3...)"},
		{"a{{>part}}b", "a[&lt;1&gt;]b"},
		{"{{#item}}{{>part}}{{/item}}", "[&lt;1&gt;][own][&lt;1&gt;]"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buffer buffer = {0};

		assert_row(rows[i].source, fill_in(rows[i].source, &buffer) == STATUS_OK);
		assert_text((struct text){buffer.octets, buffer.len}, rows[i].expected);
		buffer_fini(&buffer);
	}
}

static void malformed_templates_are_refused(void **state)
{
	static const char *const sources[] = {
		"{{",        "{{}}",         "{{#}}",
		"{{a",       "{{#a}}",       "{{/a}}",
		"{{^a}}",    "{{#a}}{{/b}}", "{{#a}}{{#b}}{{/a}}{{/b}}",
		"{{>none}}", "{{>loop}}",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(sources); i++) {
		struct buffer buffer = {0};

		assert_row(sources[i], fill_in(sources[i], &buffer) == STATUS_INVALID);
		buffer_fini(&buffer);
	}
}

static void every_template_of_the_program_can_be_filled_in(void **state)
{
	static const char *const names[] = {"login.html", "profile.html", "key.html", "settings.html", "error.html"};

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++) {
		struct buffer buffer = {0};
		struct view *view = example();

		view_text(view_item(view, "host"), "host", text_of("www.example.com"));
		view_text(view_item(view, "key"), "name", text_of("router"));
		assert_row(names[i], template_render(assets_find, names[i], view, &buffer) == STATUS_OK);
		assert_row(names[i], memmem(buffer.octets, buffer.len, "</html>", 7));
		assert_row(names[i], !memmem(buffer.octets, buffer.len, "{{", 2));
		buffer_fini(&buffer);
		view_free(&view);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_means_something_in_html_is_escaped),
		cmocka_unit_test(no_octet_escapes_its_attribute_or_element),
		cmocka_unit_test(a_buffer_grows_up_to_its_bound_and_no_further),
		cmocka_unit_test(templates_are_filled_in),
		cmocka_unit_test(malformed_templates_are_refused),
		cmocka_unit_test(every_template_of_the_program_can_be_filled_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
