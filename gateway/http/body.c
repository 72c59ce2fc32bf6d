#include "http/body.h"

#include <string.h>

static const char blanks[] = " \t\r\n";

/* Without its parameters. */
static struct text media_type(struct text type)
{
	struct text parameters;

	text_split(type, ';', &type, &parameters);
	return text_trimmed(type, blanks);
}

static bool is_json(struct text type)
{
	static const char suffix[] = "+json"; /* RFC 6839 section 3.1 */
	size_t len = sizeof suffix - 1;

	return text_equal_ignoring_case(type, text_of("application/json")) ||
	       (type.len > len &&
		text_equal_ignoring_case((struct text){type.octets + type.len - len, len}, text_of(suffix)));
}

struct text body_unmarked(struct text body)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t len = sizeof mark - 1;

	if (body.len < len || memcmp(body.octets, mark, len) != 0)
		return body;
	return (struct text){body.octets + len, body.len - len};
}

enum body_kind body_kind_of(struct text type, struct text coding, struct text body)
{
	body = text_trimmed(body, blanks);
	coding = text_trimmed(coding, blanks);
	type = media_type(type);
	if (body.len == 0)
		return BODY_EMPTY;
	if (coding.len && !text_equal_ignoring_case(coding, text_of("identity")))
		return BODY_UNREADABLE;
	if (body.octets[0] == '{')
		return BODY_JSON;
	if (type.len == 0 || text_equal_ignoring_case(type, text_of("application/x-www-form-urlencoded")))
		return BODY_FORM;
	return is_json(type) ? BODY_NO_OBJECT : BODY_UNREADABLE;
}
