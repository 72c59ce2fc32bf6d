#include "page/keyform.h"

#include <stdio.h>
#include <string.h>

#include "account/account.h"
#include "base/network.h"
#include "store/database.h"
#include "update/grant.h"

static bool is_separator(char octet)
{
	return octet == ' ' || octet == ',' || octet == ';' || octet == '\t' || octet == '\r' || octet == '\n';
}

/* Takes the first word of *rest; an empty one behind the last. */
static struct text next_word(struct text *rest)
{
	struct text word;

	while (rest->len && is_separator(*rest->octets)) {
		rest->octets++;
		rest->len--;
	}
	word = (struct text){rest->octets, 0};
	while (word.len < rest->len && !is_separator(rest->octets[word.len]))
		word.len++;
	rest->octets += word.len;
	rest->len -= word.len;
	return word;
}

/* Writes a word in normal form, with a newline. Says whether it is one. */
typedef bool normalise_fn(struct text word, char *line, size_t size);

static bool normalise_host(struct text word, char *line, size_t size)
{
	char text[HOST_PATTERN_TEXT_MAX];
	struct host_pattern pattern;

	if (host_pattern_parse(word, &pattern) != STATUS_OK)
		return false;
	snprintf(line, size, "%s\n", host_pattern_format(&pattern, text));
	return true;
}

static bool normalise_source(struct text word, char *line, size_t size)
{
	struct network network;

	return network_parse(word, &network) == STATUS_OK &&
	       snprintf(line, size, "%.*s\n", (int)word.len, word.octets) < (int)size;
}

static bool keyform_fail(struct keyform *form, struct text word, const char *why)
{
	snprintf(form->error, sizeof form->error, "“%.*s” %s", word.len < 80 ? (int)word.len : 80, word.octets, why);
	return false;
}

static bool read_lines(struct keyform *form, struct text words, normalise_fn *normalise, char *lines, struct text *out,
		       const char *why)
{
	size_t len = 0;
	struct text word;

	while ((word = next_word(&words)).len) {
		char line[HOST_PATTERN_TEXT_MAX + 1];
		size_t line_len;

		if (!normalise(word, line, sizeof line))
			return keyform_fail(form, word, why);
		line_len = strlen(line);
		if (len + line_len > KEYFORM_LINES_MAX)
			return keyform_fail(form, word, "is one limit too many.");
		memcpy(lines + len, line, line_len);
		len += line_len;
	}
	*out = (struct text){lines, len};
	return true;
}

static bool read_expiry(struct keyform *form, struct text text)
{
	struct text date = next_word(&text);

	form->expires_s = 0;
	if (date.len == 0 || account_expiry_parse(date, &form->expires_s) == STATUS_OK)
		return true;
	return keyform_fail(form, date, "is not a date such as 2027-01-31.");
}

bool keyform_read(const struct http_params *params, struct keyform *out)
{
	*out->error = '\0';
	out->name = http_param_value(params, "name");
	if (out->name.len == 0 || out->name.len > DATABASE_KEY_NAME_MAX) {
		snprintf(out->error, sizeof out->error, "A key needs a name of at most %d characters.",
			 DATABASE_KEY_NAME_MAX);
		return false;
	}
	return read_lines(out, http_param_value(params, "hosts"), normalise_host, out->host_lines, &out->hosts,
			  "is not a host name.") &&
	       read_lines(out, http_param_value(params, "sources"), normalise_source, out->source_lines, &out->sources,
			  "is not a network such as 192.0.2.0/24, nor an address.") &&
	       read_expiry(out, http_param_value(params, "expires"));
}
