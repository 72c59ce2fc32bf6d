/*
 * Key files: the part of named.conf's grammar that tsig-keygen writes, and the section of knot.conf that keymgr -t
 * writes.
 *
 *      file      = 1*statement
 *      statement = "key" name "{" *clause "}" ";"
 *      clause    = ("algorithm" name / "secret" base64) ";"
 *
 *      section   = "key:" line 1*item
 *      item      = "- " field line 2*(field line), indented
 *      field     = ("id" / "algorithm" / "secret") ":" value
 *
 * No message here quotes the file: where a key's name is expected, there may be a secret by mistake.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key.h"
#include "keylex.h"

struct parser {
	struct tsig_lexer lexer;
	struct tsig_token next; /* read, not taken yet */
	struct tsig_key **keys;
	size_t count;
	size_t cap;
	struct tsig_file_error *error;
};

/* What a statement said; a token of kind TSIG_TOKEN_END was not given. */
struct statement {
	struct tsig_token name;
	struct tsig_token algorithm;
	struct tsig_token secret;
};

static enum tsig_status refuse(struct tsig_file_error *error, unsigned line, enum tsig_status status, const char *text)
{
	error->line = line;
	(void)snprintf(error->text, sizeof(error->text), "%s", text);
	return status;
}

/* Refuses the token that comes next: it is not what was expected, unless the lexer knows better what is wrong. */
static enum tsig_status refuse_next(struct parser *parser, const char *expected)
{
	const char *text = parser->next.kind == TSIG_TOKEN_BROKEN ? parser->next.text.octets : expected;

	return refuse(parser->error, parser->next.line, TSIG_BAD_FILE, text);
}

static bool next_is_word(const struct parser *parser, const char *word)
{
	return parser->next.kind == TSIG_TOKEN_WORD && parser->next.text.len == strlen(word) &&
	       strncasecmp(parser->next.text.octets, word, parser->next.text.len) == 0;
}

static bool next_is_mark(const struct parser *parser, char mark)
{
	return parser->next.kind == TSIG_TOKEN_MARK && parser->next.text.octets[0] == mark;
}

static void step(struct parser *parser)
{
	parser->next = tsig_lexer_next(&parser->lexer);
}

static enum tsig_status take_word(struct parser *parser, const char *word, const char *expected)
{
	if (!next_is_word(parser, word))
		return refuse_next(parser, expected);
	step(parser);
	return TSIG_OK;
}

static enum tsig_status take_mark(struct parser *parser, char mark, const char *expected)
{
	if (!next_is_mark(parser, mark))
		return refuse_next(parser, expected);
	step(parser);
	return TSIG_OK;
}

/* A value may be quoted or not. */
static enum tsig_status take_value(struct parser *parser, struct tsig_token *value, const char *expected)
{
	if (parser->next.kind != TSIG_TOKEN_WORD && parser->next.kind != TSIG_TOKEN_STRING)
		return refuse_next(parser, expected);
	*value = parser->next;
	step(parser);
	return TSIG_OK;
}

static enum tsig_status parse_algorithm(struct parser *parser, struct statement *statement)
{
	enum tsig_status status;

	if (statement->algorithm.kind != TSIG_TOKEN_END)
		return refuse_next(parser, "\"algorithm\" is given a second time in this key");
	step(parser);
	status = take_value(parser, &statement->algorithm, "expected the algorithm's name after \"algorithm\"");
	return status ? status : take_mark(parser, ';', "expected \";\" after the algorithm's name");
}

static enum tsig_status parse_secret(struct parser *parser, struct statement *statement)
{
	enum tsig_status status;

	if (statement->secret.kind != TSIG_TOKEN_END)
		return refuse_next(parser, "\"secret\" is given a second time in this key");
	step(parser);
	status = take_value(parser, &statement->secret, "expected the secret in base64 after \"secret\"");
	return status ? status : take_mark(parser, ';', "expected \";\" after the secret");
}

static enum tsig_status parse_clause(struct parser *parser, struct statement *statement)
{
	if (next_is_word(parser, "algorithm"))
		return parse_algorithm(parser, statement);
	if (next_is_word(parser, "secret"))
		return parse_secret(parser, statement);
	return refuse_next(parser, "expected \"algorithm\", \"secret\" or \"}\" in this key");
}

static enum tsig_status parse_statement(struct parser *parser, struct statement *statement)
{
	enum tsig_status status;

	status = take_word(parser, "key", "expected a \"key\" statement");
	if (status == TSIG_OK)
		status = take_value(parser, &statement->name, "expected the key's name after \"key\"");
	if (status == TSIG_OK)
		status = take_mark(parser, '{', "expected \"{\" after the key's name");
	while (status == TSIG_OK && !next_is_mark(parser, '}'))
		status = parse_clause(parser, statement);
	if (status == TSIG_OK)
		status = take_mark(parser, '}', "expected \"}\"");
	if (status == TSIG_OK)
		status = take_mark(parser, ';', "expected \";\" after \"}\"");
	return status;
}

/* Says in the words of a key file why tsig_key_from_text() did not make the key. */
static enum tsig_status refuse_key(struct parser *parser, const struct statement *statement, enum tsig_status status)
{
	struct tsig_file_error *error = parser->error;

	if (status == TSIG_BAD_NAME)
		return refuse(error, statement->name.line, status, "expected a domain name as the key's name");
	if (status == TSIG_BAD_ALGORITHM)
		return refuse(error, statement->algorithm.line, status,
			      "expected hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384 or hmac-sha512");
	if (status == TSIG_BAD_SECRET)
		return refuse(error, statement->secret.line, status,
			      "expected a secret of 1 to 512 octets in base64, padded with \"=\"");
	return refuse(error, 0, status, tsig_status_text(status));
}

static enum tsig_status make_key(struct parser *parser, const struct statement *statement, struct tsig_key **key)
{
	enum tsig_status status;

	if (statement->name.kind == TSIG_TOKEN_END)
		return refuse(parser->error, statement->name.line, TSIG_BAD_FILE, "expected an \"id\" in this key");
	if (statement->algorithm.kind == TSIG_TOKEN_END)
		return refuse(parser->error, statement->name.line, TSIG_BAD_FILE,
			      "expected an \"algorithm\" in this key");
	if (statement->secret.kind == TSIG_TOKEN_END)
		return refuse(parser->error, statement->name.line, TSIG_BAD_FILE, "expected a \"secret\" in this key");
	status = tsig_key_from_text(statement->name.text, statement->algorithm.text, statement->secret.text, key);
	return status ? refuse_key(parser, statement, status) : TSIG_OK;
}

/* A key file has a handful of keys, at most 64 KiB of them, so that comparing each with all others is cheap. */
static bool holds_name(const struct parser *parser, const char *name)
{
	for (size_t i = 0; i < parser->count; i++) {
		if (strcmp(tsig_key_name(parser->keys[i]), name) == 0)
			return true;
	}
	return false;
}

static bool make_room(struct parser *parser)
{
	size_t cap = parser->cap ? parser->cap * 2 : 4;
	struct tsig_key **keys;

	if (parser->count < parser->cap)
		return true;
	keys = realloc(parser->keys, cap * sizeof(struct tsig_key *));
	if (!keys)
		return false;
	parser->keys = keys;
	parser->cap = cap;
	return true;
}

static enum tsig_status add_key(struct parser *parser, const struct statement *statement)
{
	struct tsig_key *key = NULL;
	enum tsig_status status = make_key(parser, statement, &key);

	if (status != TSIG_OK)
		return status;
	if (holds_name(parser, tsig_key_name(key)))
		status = refuse(parser->error, statement->name.line, TSIG_BAD_FILE,
				"a key of this name stands on an earlier line");
	else if (!make_room(parser))
		status = refuse(parser->error, 0, TSIG_NO_MEMORY, tsig_status_text(TSIG_NO_MEMORY));
	else
		parser->keys[parser->count++] = key;
	if (status != TSIG_OK)
		tsig_key_free(&key);
	return status;
}

/* ---- As knot.conf has them: lines of YAML ---- */

struct lines {
	const char *at, *end;
	unsigned line;
};

static bool is_blank(char octet)
{
	return octet == ' ' || octet == '\t' || octet == '\r';
}

static struct tsig_text trimmed(struct tsig_text text)
{
	while (text.len && is_blank(text.octets[0])) {
		text.octets++;
		text.len--;
	}
	while (text.len && is_blank(text.octets[text.len - 1]))
		text.len--;
	return text;
}

/* The next line that says something, without the blanks around it. */
static bool next_line(struct lines *lines, struct tsig_text *out)
{
	while (lines->at < lines->end) {
		const char *newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
		const char *end = newline ? newline : lines->end;

		*out = trimmed((struct tsig_text){lines->at, (size_t)(end - lines->at)});
		lines->at = newline ? newline + 1 : lines->end;
		lines->line++;
		if (out->len && out->octets[0] != '#')
			return true;
	}
	return false;
}

static bool begins_with(struct tsig_text text, const char *word)
{
	return text.len >= strlen(word) && memcmp(text.octets, word, strlen(word)) == 0;
}

/* Cuts off `count` octets and the blanks behind them. */
static struct tsig_text behind(struct tsig_text text, size_t count)
{
	return trimmed((struct tsig_text){text.octets + count, text.len - count});
}

/* Whether nothing but a comment is left of a line. */
static bool is_over(struct tsig_text rest)
{
	return rest.len == 0 || rest.octets[0] == '#';
}

/* A value, quoted or not, before the end of the line or a comment. */
static bool read_value(struct tsig_text text, struct tsig_text *value)
{
	bool is_quoted = text.len && (text.octets[0] == '"' || text.octets[0] == '\'');
	size_t len = is_quoted;

	while (len < text.len && (is_quoted ? text.octets[len] != text.octets[0] : !is_blank(text.octets[len])))
		len++;
	*value = (struct tsig_text){text.octets + is_quoted, len - is_quoted};
	if (is_quoted && len++ == text.len)
		return false;
	return value->len && is_over(behind(text, len));
}

static enum tsig_status read_field(struct parser *parser, struct statement *statement, struct tsig_text text,
				   unsigned line)
{
	static const char *const names[] = {"id:", "algorithm:", "secret:"};
	struct tsig_token *const tokens[] = {&statement->name, &statement->algorithm, &statement->secret};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!begins_with(text, names[i]))
			continue;
		if (tokens[i]->kind != TSIG_TOKEN_END)
			return refuse(parser->error, line, TSIG_BAD_FILE, "this is given a second time in this key");
		*tokens[i] = (struct tsig_token){.kind = TSIG_TOKEN_WORD, .line = line};
		if (!read_value(behind(text, strlen(names[i])), &tokens[i]->text))
			return refuse(parser->error, line, TSIG_BAD_FILE,
				      "expected one value, in quotes or without blanks");
		return TSIG_OK;
	}
	return refuse(parser->error, line, TSIG_BAD_FILE, "expected \"id:\", \"algorithm:\" or \"secret:\" of a key");
}

static enum tsig_status parse_section(struct parser *parser, const char *text, size_t len)
{
	struct lines lines = {text, text + len, 0};
	struct statement statement = {0};
	enum tsig_status status = TSIG_OK;
	bool is_in_key = false;
	struct tsig_text line;

	while (status == TSIG_OK && next_line(&lines, &line)) {
		if (begins_with(line, "key:") && is_over(behind(line, strlen("key:"))))
			continue;
		if (begins_with(line, "- ")) {
			status = is_in_key ? add_key(parser, &statement) : TSIG_OK;
			statement = (struct statement){.name.line = lines.line};
			is_in_key = true;
			line = behind(line, strlen("- "));
		}
		if (status == TSIG_OK && !is_in_key)
			status = refuse(parser->error, lines.line, TSIG_BAD_FILE, "expected \"- id:\" of a key");
		else if (status == TSIG_OK)
			status = read_field(parser, &statement, line, lines.line);
	}
	return status == TSIG_OK && is_in_key ? add_key(parser, &statement) : status;
}

/* ---- Both ---- */

static bool is_section(const char *text, size_t len)
{
	struct lines lines = {text, text + len, 0};
	struct tsig_text line;

	return next_line(&lines, &line) && begins_with(line, "key:") && is_over(behind(line, strlen("key:")));
}

static enum tsig_status parse_statements(struct parser *parser)
{
	enum tsig_status status = TSIG_OK;

	step(parser);
	while (status == TSIG_OK && parser->next.kind != TSIG_TOKEN_END) {
		struct statement statement = {0};

		status = parse_statement(parser, &statement);
		if (status == TSIG_OK)
			status = add_key(parser, &statement);
	}
	return status;
}

enum tsig_status tsig_keys_parse(const char *text, size_t len, struct tsig_key ***out, size_t *count,
				 struct tsig_file_error *error)
{
	static const char mark[] = "\xef\xbb\xbf"; /* that some programs put before UTF-8 */
	struct parser parser = {.error = error};
	enum tsig_status status;

	*error = (struct tsig_file_error){0};
	if (len > TSIG_KEY_FILE_MAX)
		return refuse(error, 0, TSIG_BAD_FILE, "expected at most 64 KiB");
	if (len >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0) {
		text += strlen(mark);
		len -= strlen(mark);
	}
	parser.lexer = (struct tsig_lexer){text, text + len, 1};
	status = is_section(text, len) ? parse_section(&parser, text, len) : parse_statements(&parser);
	if (status == TSIG_OK && parser.count == 0)
		status = refuse(error, 0, TSIG_BAD_FILE, "expected at least one \"key\" statement, found none");
	if (status != TSIG_OK) {
		tsig_keys_free(&parser.keys, parser.count);
		return status;
	}
	*out = parser.keys;
	*count = parser.count;
	return TSIG_OK;
}

static enum tsig_status refuse_errno(struct tsig_file_error *error, const char *what)
{
	char buffer[80];
	const char *why = strerror_r(errno, buffer, sizeof(buffer));

	error->line = 0;
	(void)snprintf(error->text, sizeof(error->text), "%s: %s", what, why);
	return TSIG_IO;
}

/* Reads up to `cap` octets; *len tells how many there were. Not by stdio, whose buffer would keep the secret. */
static enum tsig_status read_all(int file, char *text, size_t cap, size_t *len, struct tsig_file_error *error)
{
	*len = 0;
	while (*len < cap) {
		ssize_t got = read(file, text + *len, cap - *len);

		if (got == 0)
			break;
		if (got < 0 && errno != EINTR)
			return refuse_errno(error, "cannot read");
		if (got > 0)
			*len += (size_t)got;
	}
	return TSIG_OK;
}

/* O_NONBLOCK keeps a FIFO from stopping the program before it is refused; regular files do not know it. */
static enum tsig_status open_regular(const char *path, int *file, struct tsig_file_error *error)
{
	struct stat about;

	*file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (*file < 0)
		return refuse_errno(error, "cannot open");
	if (fstat(*file, &about) != 0)
		return refuse_errno(error, "cannot examine");
	if (!S_ISREG(about.st_mode))
		return refuse(error, 0, TSIG_IO, "not a regular file");
	return TSIG_OK;
}

enum tsig_status tsig_keys_read(const char *path, struct tsig_key ***out, size_t *count, struct tsig_file_error *error)
{
	const size_t cap = TSIG_KEY_FILE_MAX + 1; /* one more, to see that a file is too long */
	enum tsig_status status;
	char *text = NULL;
	size_t len = 0;
	int file;

	*error = (struct tsig_file_error){0};
	status = open_regular(path, &file, error);
	if (status != TSIG_OK)
		goto out;
	text = malloc(cap);
	if (!text) {
		status = refuse(error, 0, TSIG_NO_MEMORY, tsig_status_text(TSIG_NO_MEMORY));
		goto out;
	}
	status = read_all(file, text, cap, &len, error);
	if (status == TSIG_OK)
		status = tsig_keys_parse(text, len, out, count, error);
out:
	if (text)
		explicit_bzero(text, cap);
	free(text);
	if (file >= 0)
		close(file);
	return status;
}

void tsig_keys_free(struct tsig_key ***keys, size_t count)
{
	if (!keys || !*keys)
		return;
	for (size_t i = 0; i < count; i++)
		tsig_key_free(&(*keys)[i]);
	free(*keys);
	*keys = NULL;
}
