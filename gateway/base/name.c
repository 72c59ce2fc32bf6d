#include "base/name.h"

#include <string.h>

static bool is_name_digit(char octet)
{
	return octet >= '0' && octet <= '9';
}

static bool is_letter(char octet)
{
	return octet >= 'a' && octet <= 'z';
}

static char lower(char octet)
{
	return octet >= 'A' && octet <= 'Z' ? (char)(octet - 'A' + 'a') : octet;
}

/*
 * Checks one label of the normalised name. `extra` holds what may stand in it besides letters, digits and inner
 * hyphens.
 */
static enum status check_label(struct text label, const char *extra)
{
	if (label.len == 0)
		return STATUS_INVALID;
	if (label.len > NAME_LABEL_MAX)
		return STATUS_TOO_LONG;
	if (label.octets[0] == '-' || label.octets[label.len - 1] == '-')
		return STATUS_INVALID;
	for (size_t i = 0; i < label.len; i++) {
		char octet = label.octets[i];

		if (!is_letter(octet) && !is_name_digit(octet) && octet != '-' &&
		    (octet == '\0' || !strchr(extra, octet)))
			return STATUS_INVALID;
	}
	return STATUS_OK;
}

static bool all_digits(struct text label)
{
	for (size_t i = 0; i < label.len; i++) {
		if (!is_name_digit(label.octets[i]))
			return false;
	}
	return true;
}

static enum status normalise(struct text text, const char *extra, struct name *out, struct text *last_label)
{
	struct text rest;

	if (text.len && text.octets[text.len - 1] == '.')
		text.len--;
	if (text.len == 0)
		return STATUS_INVALID;
	if (text.len > NAME_TEXT_MAX)
		return STATUS_TOO_LONG;
	for (size_t i = 0; i < text.len; i++)
		out->text[i] = lower(text.octets[i]);
	out->text[text.len] = '\0';
	out->len = (uint8_t)text.len;

	rest = name_text(out);
	for (bool more = true; more;) {
		enum status status;

		more = text_split(rest, '.', last_label, &rest);
		status = check_label(*last_label, extra);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

enum status name_parse(struct text text, struct name *out)
{
	struct name name;
	struct text last_label;
	enum status status = normalise(text, "", &name, &last_label);

	if (status == STATUS_OK && all_digits(last_label))
		status = STATUS_INVALID;
	if (status == STATUS_OK)
		*out = name;
	return status;
}

enum status name_parse_zone(struct text text, struct name *out)
{
	struct name name;
	struct text last_label;
	enum status status = normalise(text, "_/", &name, &last_label);

	if (status == STATUS_OK)
		*out = name;
	return status;
}

enum status name_parse_owner(struct text text, struct name *out)
{
	struct text label, rest;
	struct name below;
	enum status status;

	if (!text_split(text, '.', &label, &rest) || !text_equal(label, text_of("*")))
		return name_parse(text, out);
	status = name_parse(rest, &below);
	if (status != STATUS_OK)
		return status;
	if (below.len + strlen("*.") > NAME_TEXT_MAX)
		return STATUS_TOO_LONG;
	out->len = (uint8_t)(below.len + strlen("*."));
	memcpy(out->text, "*.", strlen("*."));
	memcpy(out->text + strlen("*."), below.text, below.len + 1u);
	return STATUS_OK;
}

bool name_is_in(const struct name *name, const struct name *ancestor)
{
	size_t start;

	if (name->len < ancestor->len)
		return false;
	start = (size_t)(name->len - ancestor->len);
	if (memcmp(name->text + start, ancestor->text, ancestor->len) != 0)
		return false;
	return start == 0 || name->text[start - 1] == '.';
}

size_t name_to_wire(const struct name *name, uint8_t wire[static NAME_WIRE_MAX])
{
	struct text rest = name_text(name), label;
	size_t len = 0;

	for (bool more = true; more;) {
		more = text_split(rest, '.', &label, &rest);
		wire[len++] = (uint8_t)label.len;
		memcpy(wire + len, label.octets, label.len);
		len += label.len;
	}
	wire[len++] = 0;
	return len;
}
