#include "name.h"

/* Length octets are at most 63 and 'A' is 65, so a whole wire name may be folded octet by octet, lengths included. */
static uint8_t fold(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet - 'A' + 'a') : octet;
}

static bool is_digit(char octet)
{
	return octet >= '0' && octet <= '9';
}

/* Reads \DDD, which begins at text.octets[0]. Returns false if it is not one, or beyond 255. */
static bool read_decimal_escape(struct tsig_text text, uint8_t *octet)
{
	unsigned value = 0;

	if (text.len < 4)
		return false;
	for (size_t i = 1; i < 4; i++) {
		if (!is_digit(text.octets[i]))
			return false;
		value = value * 10 + (unsigned)(text.octets[i] - '0');
	}
	*octet = (uint8_t)value;
	return value <= UINT8_MAX;
}

static bool is_graphic(char octet)
{
	return octet > ' ' && octet <= '~';
}

/* Reads one octet of a label, escaped or not. Returns the number of characters it took, 0 if there is none. */
static size_t read_octet(struct tsig_text text, uint8_t *octet)
{
	if (!is_graphic(text.octets[0]))
		return 0;
	*octet = (uint8_t)text.octets[0];
	if (text.octets[0] != '\\')
		return 1;
	if (text.len < 2)
		return 0;
	if (is_digit(text.octets[1]))
		return read_decimal_escape(text, octet) ? 4 : 0;
	*octet = (uint8_t)text.octets[1];
	return is_graphic(text.octets[1]) ? 2 : 0;
}

/* Closes the label that begins at *label and opens the next one; an empty label cannot be closed. */
static bool next_label(struct tsig_name *name, size_t *label)
{
	if (name->wire[*label] == 0)
		return false;
	*label = name->len;
	name->wire[name->len++] = 0;
	return true;
}

/* One octet is kept free for the root label. */
static bool add_octet(struct tsig_name *name, size_t label, uint8_t octet)
{
	if (name->wire[label] == TSIG_LABEL_MAX || name->len >= TSIG_NAME_MAX - 1)
		return false;
	name->wire[name->len++] = fold(octet);
	name->wire[label]++;
	return true;
}

bool tsig_name_from_text(struct tsig_text text, struct tsig_name *out)
{
	size_t label = 0;

	*out = (struct tsig_name){.len = 1};
	if (text.len == 1 && text.octets[0] == '.')
		return true;
	if (text.len == 0)
		return false;
	while (text.len) {
		uint8_t octet;
		size_t taken = 1;

		if (text.octets[0] == '.') {
			if (!next_label(out, &label))
				return false;
		} else {
			taken = read_octet(text, &octet);
			if (taken == 0 || !add_octet(out, label, octet))
				return false;
		}
		text.octets += taken;
		text.len -= taken;
	}
	/* After a trailing dot the label that is open is the root label already. */
	return out->wire[label] == 0 || next_label(out, &label);
}

static size_t write_octet(char *text, uint8_t octet)
{
	if (!is_graphic((char)octet)) {
		text[0] = '\\';
		text[1] = (char)('0' + octet / 100);
		text[2] = (char)('0' + octet / 10 % 10);
		text[3] = (char)('0' + octet % 10);
		return 4;
	}
	if (strchr("\\.\"();@$", octet)) {
		text[0] = '\\';
		text[1] = (char)octet;
		return 2;
	}
	text[0] = (char)octet;
	return 1;
}

void tsig_name_to_text(const struct tsig_name *name, char text[static TSIG_NAME_TEXT_SIZE])
{
	size_t written = 0;

	for (size_t label = 0; name->wire[label] != 0; label += 1U + name->wire[label]) {
		if (label != 0)
			text[written++] = '.';
		for (size_t i = 1; i <= name->wire[label]; i++)
			written += write_octet(text + written, name->wire[label + i]);
	}
	if (written == 0)
		text[written++] = '.';
	text[written] = '\0';
}

bool tsig_name_equal(const struct tsig_name *a, const struct tsig_name *b)
{
	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++) {
		if (fold(a->wire[i]) != fold(b->wire[i]))
			return false;
	}
	return true;
}
