#include "keylex.h"

#include <stdbool.h>

static bool is_space(char octet)
{
	return octet == ' ' || (octet >= '\t' && octet <= '\r');
}

static bool is_mark(char octet)
{
	return octet == '{' || octet == '}' || octet == ';';
}

static bool starts_with(const struct tsig_lexer *lexer, const char *prefix)
{
	size_t len = strlen(prefix);

	return (size_t)(lexer->end - lexer->at) >= len && memcmp(lexer->at, prefix, len) == 0;
}

static bool at_line_comment(const struct tsig_lexer *lexer)
{
	return starts_with(lexer, "#") || starts_with(lexer, "//");
}

static bool at_block_comment(const struct tsig_lexer *lexer)
{
	return starts_with(lexer, "/*");
}

/* Goes `count` octets on and counts the lines that end there. */
static void advance(struct tsig_lexer *lexer, size_t count)
{
	for (; count; count--) {
		if (*lexer->at++ == '\n')
			lexer->line++;
	}
}

static void skip_line_comment(struct tsig_lexer *lexer)
{
	while (lexer->at < lexer->end && *lexer->at != '\n')
		lexer->at++;
}

/* Returns false if the comment is not closed. */
static bool skip_block_comment(struct tsig_lexer *lexer)
{
	advance(lexer, 2);
	while (lexer->at < lexer->end) {
		if (starts_with(lexer, "*/")) {
			advance(lexer, 2);
			return true;
		}
		advance(lexer, 1);
	}
	return false;
}

static struct tsig_token token(enum tsig_token_kind kind, const char *text, size_t len, unsigned line)
{
	return (struct tsig_token){kind, {text, len}, line};
}

static struct tsig_token broken(struct tsig_lexer *lexer, unsigned line, const char *why)
{
	lexer->at = lexer->end;
	return token(TSIG_TOKEN_BROKEN, why, strlen(why), line);
}

static struct tsig_token read_string(struct tsig_lexer *lexer)
{
	unsigned line = lexer->line;
	const char *start = lexer->at + 1;

	advance(lexer, 1);
	while (lexer->at < lexer->end && *lexer->at != '"') {
		bool escapes = *lexer->at == '\\' && lexer->end - lexer->at > 1;

		advance(lexer, escapes ? 2 : 1);
	}
	if (lexer->at == lexer->end)
		return broken(lexer, line, "the string that begins here has no closing quote");
	advance(lexer, 1);
	return token(TSIG_TOKEN_STRING, start, (size_t)(lexer->at - 1 - start), line);
}

static struct tsig_token read_word(struct tsig_lexer *lexer)
{
	const char *start = lexer->at;

	while (lexer->at < lexer->end && !is_space(*lexer->at) && !is_mark(*lexer->at) && *lexer->at != '"' &&
	       !at_line_comment(lexer) && !at_block_comment(lexer))
		lexer->at++;
	return token(TSIG_TOKEN_WORD, start, (size_t)(lexer->at - start), lexer->line);
}

struct tsig_token tsig_lexer_next(struct tsig_lexer *lexer)
{
	while (lexer->at < lexer->end) {
		unsigned line = lexer->line;

		if (is_space(*lexer->at)) {
			advance(lexer, 1);
		} else if (at_line_comment(lexer)) {
			skip_line_comment(lexer);
		} else if (at_block_comment(lexer)) {
			if (!skip_block_comment(lexer))
				return broken(lexer, line, "the comment that begins here is not closed");
		} else if (is_mark(*lexer->at)) {
			advance(lexer, 1);
			return token(TSIG_TOKEN_MARK, lexer->at - 1, 1, line);
		} else {
			return *lexer->at == '"' ? read_string(lexer) : read_word(lexer);
		}
	}
	return token(TSIG_TOKEN_END, lexer->end, 0, lexer->line);
}
