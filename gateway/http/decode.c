#include "http/decode.h"

#include <string.h>
#include <strings.h>

static bool decode_put(struct decode_space *space, char octet)
{
	if (space->len == space->cap)
		return false;
	space->octets[space->len++] = octet;
	return true;
}

/* The same for those in front of *from that stand for themselves: nearly all, so they are copied at once. */
static bool put_plain(struct decode_space *space, struct text *from)
{
	size_t count = 0;

	while (count < from->len && from->octets[count] != '%' && from->octets[count] != '+')
		count++;
	if (count > space->cap - space->len)
		return false;
	memcpy(space->octets + space->len, from->octets, count);
	space->len += count;
	from->octets += count;
	from->len -= count;
	return true;
}

/* Takes one octet, escaped or not, off the front of *from. */
static char take_operand(struct text *from)
{
	char octet = from->octets[0];
	size_t used = 1;

	if (octet == '%' && from->len >= 3) {
		int high = text_hex_value(from->octets[1]), low = text_hex_value(from->octets[2]);

		if (high >= 0 && low >= 0) {
			octet = (char)(high * 16 + low);
			used = 3;
		}
	}
	from->octets += used;
	from->len -= used;
	return octet;
}

/* Decodes `encoded`, with `plus` in the place of each unescaped '+'. */
static enum status decode_text(struct text encoded, char plus, struct decode_space *space, struct text *out)
{
	size_t start = space->len;

	while (encoded.len) {
		bool is_plus;
		char octet;

		if (!put_plain(space, &encoded))
			return STATUS_TOO_LONG;
		if (encoded.len == 0)
			break;
		is_plus = encoded.octets[0] == '+';
		octet = take_operand(&encoded);
		if (!decode_put(space, is_plus ? plus : octet))
			return STATUS_TOO_LONG;
	}
	*out = (struct text){space->octets + start, space->len - start};
	return STATUS_OK;
}

/* `http://host:port/path` becomes `/path`; anything that does not begin like that stays as it is. */
static struct text strip_authority(struct text target)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		size_t len = strlen(schemes[i]);

		if (target.len < len || strncasecmp(target.octets, schemes[i], len) != 0)
			continue;
		while (len < target.len && target.octets[len] != '/' && target.octets[len] != '?')
			len++;
		return (struct text){target.octets + len, target.len - len};
	}
	return target;
}

enum status decode_target(struct text target, struct decode_space *space, struct text *path, struct text *query,
			  bool *has_query)
{
	size_t start = space->len;
	struct text raw_path;

	*has_query = text_split(strip_authority(target), '?', &raw_path, query);
	if (raw_path.len == 0)
		raw_path = text_of("/");
	while (raw_path.len) {
		char octet = take_operand(&raw_path);
		bool repeated = octet == '/' && space->len > start && space->octets[space->len - 1] == '/';

		if (!repeated && !decode_put(space, octet))
			return STATUS_TOO_LONG;
	}
	*path = (struct text){space->octets + start, space->len - start};
	return STATUS_OK;
}

static enum status decode_param(struct text piece, struct decode_space *space, struct http_param *out)
{
	struct text name, value;
	enum status status;

	text_split(piece, '=', &name, &value);
	status = decode_text(name, ' ', space, &out->name);
	if (status == STATUS_OK)
		status = decode_text(value, ' ', space, &out->value);
	if (status != STATUS_OK)
		return status;
	if (value.len == 0 || !memchr(value.octets, '+', value.len)) {
		out->literal = out->value;
		return STATUS_OK;
	}
	return decode_text(value, '+', space, &out->literal);
}

enum status decode_params(struct text encoded, struct decode_space *space, struct http_params *params)
{
	struct text piece;

	for (bool more = true; more;) {
		enum status status;

		more = text_split(encoded, '&', &piece, &encoded);
		if (piece.len == 0)
			continue;
		if (params->count == HTTP_PARAMS_MAX)
			return STATUS_TOO_LONG;
		status = decode_param(piece, space, &params->items[params->count]);
		if (status != STATUS_OK)
			return status;
		params->count++;
	}
	return STATUS_OK;
}

static int base64_value(char octet)
{
	if (octet >= 'A' && octet <= 'Z')
		return octet - 'A';
	if (octet >= 'a' && octet <= 'z')
		return octet - 'a' + 26;
	if (octet >= '0' && octet <= '9')
		return octet - '0' + 52;
	return octet == '+' ? 62 : octet == '/' ? 63 : -1;
}

static enum status decode_base64(struct text encoded, struct decode_space *space, struct text *out)
{
	size_t start = space->len;
	unsigned bits = 0, held = 0;

	while (encoded.len && encoded.octets[encoded.len - 1] == '=')
		encoded.len--;
	if (encoded.len % 4 == 1)
		return STATUS_INVALID;
	for (size_t i = 0; i < encoded.len; i++) {
		int value = base64_value(encoded.octets[i]);

		if (value < 0)
			return STATUS_INVALID;
		bits = (bits << 6 | (unsigned)value) & 0xfffff;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		if (!decode_put(space, (char)(bits >> held & 0xff)))
			return STATUS_TOO_LONG;
	}
	*out = (struct text){space->octets + start, space->len - start};
	return STATUS_OK;
}

enum status decode_basic(struct text header, struct decode_space *space, struct text *user, struct text *password)
{
	static const char scheme[] = "basic";
	size_t len = sizeof scheme - 1;
	struct text decoded;
	enum status status;

	if (header.len < len || strncasecmp(header.octets, scheme, len) != 0)
		return STATUS_NOT_FOUND;
	if (header.len == len)
		return STATUS_INVALID;
	if (header.octets[len] != ' ')
		return STATUS_NOT_FOUND;
	for (; len < header.len && header.octets[len] == ' '; len++)
		;
	while (header.len > len && (header.octets[header.len - 1] == ' ' || header.octets[header.len - 1] == '\t'))
		header.len--;
	status = decode_base64((struct text){header.octets + len, header.len - len}, space, &decoded);
	if (status != STATUS_OK)
		return status;
	return text_split(decoded, ':', user, password) ? STATUS_OK : STATUS_INVALID;
}
