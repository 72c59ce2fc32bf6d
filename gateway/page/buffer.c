#include "page/buffer.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

/* realloc() would leave a copy behind. */
static bool buffer_grow(struct buffer *buffer, size_t wanted)
{
	size_t cap = buffer->cap ? buffer->cap : 4096;
	char *octets;

	while (cap < wanted)
		cap *= 2;
	octets = cap <= BUFFER_MAX ? malloc(cap) : NULL;
	if (!octets)
		return false;
	if (buffer->len)
		memcpy(octets, buffer->octets, buffer->len);
	secret_wipe(buffer->octets, buffer->len);
	free(buffer->octets);
	buffer->octets = octets;
	buffer->cap = cap;
	return true;
}

void buffer_add(struct buffer *buffer, struct text octets)
{
	if (buffer->failed || octets.len == 0)
		return;
	if (octets.len > BUFFER_MAX - buffer->len ||
	    (buffer->len + octets.len > buffer->cap && !buffer_grow(buffer, buffer->len + octets.len))) {
		buffer->failed = true;
		return;
	}
	memcpy(buffer->octets + buffer->len, octets.octets, octets.len);
	buffer->len += octets.len;
}

/* What stands for the octet in HTML; NULL: itself. */
static const char *reference(char octet)
{
	switch (octet) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '\0':
		return "\xef\xbf\xbd";
	default:
		return NULL;
	}
}

void buffer_add_escaped(struct buffer *buffer, struct text text)
{
	size_t start = 0;

	for (size_t i = 0; i < text.len; i++) {
		const char *instead = reference(text.octets[i]);

		if (!instead)
			continue;
		buffer_add(buffer, (struct text){text.octets + start, i - start});
		buffer_add(buffer, text_of(instead));
		start = i + 1;
	}
	if (start < text.len)
		buffer_add(buffer, (struct text){text.octets + start, text.len - start});
}

void buffer_fini(struct buffer *buffer)
{
	secret_wipe(buffer->octets, buffer->len);
	free(buffer->octets);
	*buffer = (struct buffer){0};
}
