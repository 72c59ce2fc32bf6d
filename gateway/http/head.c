#include "http/head.h"

#include <string.h>
#include <strings.h>

/* ---- What lies between the pieces ---- */

static bool is_head_blank(char octet)
{
	return octet == ' ' || octet == '\t';
}

static bool head_take(const char **at, const char *limit, char octet)
{
	if (*at >= limit || **at != octet)
		return false;
	(*at)++;
	return true;
}

/*
 * Behind a piece the octet became NUL: of a CRLF the CR, a bare LF, or, with 1.0, the first of the blanks before them.
 * Of a CRLF 0.9 makes two NULs.
 */
static bool take_line_end(const char **at, const char *limit)
{
	if (!head_take(at, limit, '\0'))
		return false;
	while (*at < limit && is_head_blank(**at))
		(*at)++;
	if (head_take(at, limit, '\r'))
		return head_take(at, limit, '\n');
	if (!head_take(at, limit, '\n'))
		head_take(at, limit, '\0');
	return true;
}

/* Whether just that lies between them. */
static bool is_line_end(const char *at, const char *next)
{
	return at < next && take_line_end(&at, next) && at == next;
}

/* The same, and an empty line; 0.9 alone keeps it, and makes NULs of it, too. */
static bool is_head_end(const char *at, const char *end)
{
	if (at >= end || !take_line_end(&at, end))
		return false;
	if (at == end) /* two bare LFs look like a CRLF */
		return true;
	if (!head_take(&at, end, '\0'))
		return false;
	head_take(&at, end, '\0');
	return at == end;
}

/* Whether a value lies behind its name: behind a colon, which has become NUL, and blanks. */
static bool is_behind(const char *name_end, const char *value)
{
	if (value <= name_end)
		return false;
	for (name_end++; name_end < value; name_end++) {
		if (!is_head_blank(*name_end))
			return false;
	}
	return true;
}

static bool is_torn(const struct head *head, struct text name, struct text value)
{
	return !is_line_end(head->at, name.octets) || !is_behind(name.octets + name.len, value.octets);
}

/* ---- Fields ---- */

static bool is_control(char octet)
{
	return ((unsigned char)octet < ' ' && octet != '\t') || octet == 0x7f;
}

static bool is_token(struct text text)
{
	for (size_t i = 0; i < text.len; i++) {
		char octet = text.octets[i];

		if (octet <= ' ' || octet >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", octet))
			return false;
	}
	return text.len > 0;
}

static bool is_field_value(struct text value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (is_control(value.octets[i]))
			return false;
	}
	return true;
}

static enum head_field field_of(struct text name)
{
	static const struct text names[HEAD_FIELDS] = {
		[HEAD_AUTHORIZATION] = {"Authorization", 13},
		[HEAD_CONTENT_LENGTH] = {"Content-Length", 14},
		[HEAD_CONTENT_ENCODING] = {"Content-Encoding", 16},
		[HEAD_CONTENT_TYPE] = {"Content-Type", 12},
		[HEAD_COOKIE] = {"Cookie", 6},
		[HEAD_HOST] = {"Host", 4},
		[HEAD_TRANSFER_ENCODING] = {"Transfer-Encoding", 17},
		[HEAD_API_KEY] = {"X-Api-Key", 9},
		[HEAD_API_USER] = {"X-Api-User", 10},
	};
	enum head_field field = 0;

	while (field < HEAD_FIELDS && !text_equal_ignoring_case(name, names[field]))
		field++;
	return field;
}

/* ---- Framing ---- */

static bool is_digits(struct text text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.octets[i] < '0' || text.octets[i] > '9')
			return false;
	}
	return text.len > 0;
}

/* Here a blank at the end counts, because some libmicrohttpds do not take the value for what it is without it. */
static bool is_framing(enum head_field field)
{
	return field == HEAD_CONTENT_LENGTH || field == HEAD_TRANSFER_ENCODING;
}

static bool is_framed(const struct head *head)
{
	unsigned lengths = head->counts[HEAD_CONTENT_LENGTH], codings = head->counts[HEAD_TRANSFER_ENCODING];

	if (lengths + codings > 1)
		return false;
	if (lengths)
		return is_digits(head->values[HEAD_CONTENT_LENGTH]);
	return !codings || text_equal_ignoring_case(head->values[HEAD_TRANSFER_ENCODING], text_of("chunked"));
}

/* ---- Host = uri-host [ ":" port ], RFC 3986 section 3.2.2 ---- */

static bool is_host_octet(char octet)
{
	return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') || (octet >= '0' && octet <= '9') ||
	       (octet && strchr("-._~%!$&'()*+,;=", octet));
}

static bool is_host(struct text text)
{
	size_t at = 0;

	if (text.len == 0)
		return true; /* as clients without a name for us may send it */
	if (text.octets[0] == '[') {
		const char *end = memchr(text.octets, ']', text.len);

		if (!end)
			return false;
		for (at = 1; text.octets[at] != ']'; at++) {
			if (text.octets[at] != ':' && !is_host_octet(text.octets[at]))
				return false;
		}
		at++;
	} else {
		while (at < text.len && is_host_octet(text.octets[at]))
			at++;
	}
	if (at < text.len && text.octets[at++] != ':')
		return false;
	text = (struct text){text.octets + at, text.len - at};
	return text.len == 0 || is_digits(text);
}

/* ---- The verbs ---- */

void head_begin(struct head *head, struct text version)
{
	*head = (struct head){.at = version.octets + version.len};
}

static void find_fault(struct head *head, enum head_fault fault)
{
	if (head->fault == HEAD_SOUND)
		head->fault = fault;
}

void head_add(struct head *head, struct text name, struct text value)
{
	enum head_field field = field_of(name);

	if (is_torn(head, name, value))
		find_fault(head, HEAD_TORN);
	else if (!is_token(name) || !is_field_value(value))
		find_fault(head, HEAD_NO_FIELD);
	head->at = value.octets + value.len;
	head->count++;
	if (field < HEAD_FIELDS && head->counts[field]++ == 0)
		head->values[field] = is_framing(field) ? value : text_trimmed(value, " \t");
}

enum head_fault head_end(struct head *head, const char *end)
{
	if (end && !is_head_end(head->at, end))
		find_fault(head, HEAD_TORN);
	if (!is_framed(head))
		find_fault(head, HEAD_UNFRAMED);
	if (head->counts[HEAD_HOST] > 1 || !is_host(head->values[HEAD_HOST]))
		find_fault(head, HEAD_NO_HOST);
	return head->fault;
}

const char *head_fault_text(enum head_fault fault)
{
	switch (fault) {
	case HEAD_TORN:
		return "400 the headers hold a folded line, a NUL octet or a line that is no header";
	case HEAD_NO_FIELD:
		return "400 a header has no name or a control character";
	case HEAD_UNFRAMED:
		return "400 the headers leave open where the request ends";
	case HEAD_NO_HOST:
		return "400 the Host header is none, or not the only one";
	case HEAD_SOUND:
		break;
	}
	return "";
}
