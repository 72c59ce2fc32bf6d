#include "admin/path.h"

#include <stdbool.h>
#include <string.h>

enum {
	KEY_LEN_MIN = 10,     /* the shortest mixture of letters and digits that may be a key */
	LETTERS_LEN_MIN = 16, /* the shortest mixture of small and large letters that may be one */
	SEGMENT_MAX = 64,
};

/* What a segment is made of. */
struct mixture {
	bool has_digit, has_small, has_large, has_dot, has_mark;
};

static struct mixture mixture_of(struct text segment)
{
	struct mixture mixture = {.has_digit = false};

	for (size_t i = 0; i < segment.len; i++) {
		char octet = segment.octets[i];

		mixture.has_digit |= octet >= '0' && octet <= '9';
		mixture.has_small |= octet >= 'a' && octet <= 'z';
		mixture.has_large |= octet >= 'A' && octet <= 'Z';
		mixture.has_dot |= octet == '.';
		mixture.has_mark |= octet == '@' || octet == ':';
	}
	return mixture;
}

/*
 * Whether it may be a key, or LOGIN:PASSWORD. Names of hosts and files have dots, and ordinary words are all small or
 * all large letters.
 */
static bool may_be_secret(struct text segment)
{
	struct mixture mixture = mixture_of(segment);

	if (segment.len > SEGMENT_MAX || mixture.has_mark)
		return true;
	if (mixture.has_dot)
		return false;
	if (segment.len >= KEY_LEN_MIN && mixture.has_digit)
		return true;
	return segment.len >= LETTERS_LEN_MIN && mixture.has_small && mixture.has_large;
}

static size_t length_of_segment(struct text path)
{
	const char *slash = path.len ? memchr(path.octets, '/', path.len) : NULL;

	return slash ? (size_t)(slash - path.octets) : path.len;
}

/* A '%' that is left after decoding was escaped twice, or did not begin an escape. */
static size_t length_before_operands(struct text path)
{
	size_t len = 0;

	while (len < path.len && path.octets[len] && !strchr("?;&=#%", path.octets[len]))
		len++;
	return len;
}

struct text path_show(struct text path, char buffer[static PATH_SHOWN_MAX])
{
	size_t len = 0;

	path.len = length_before_operands(path);
	while (path.len) {
		struct text segment = {path.octets, length_of_segment(path)}, shown = segment;
		size_t step = segment.len + (segment.len < path.len);

		if (may_be_secret(segment))
			shown = text_of("*");
		if (shown.len + 1 > PATH_SHOWN_MAX - len)
			break;
		if (shown.len)
			memcpy(buffer + len, shown.octets, shown.len);
		len += shown.len;
		if (segment.len < path.len)
			buffer[len++] = '/';
		path.octets += step;
		path.len -= step;
	}
	return (struct text){buffer, len};
}
