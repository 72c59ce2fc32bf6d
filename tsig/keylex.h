/*
 * keylex: the tokens of a BIND key file, cut out of its text in place.
 *
 * The lexical rules are named's: white space separates; { } ; stand alone; "..." is a string, which may go over
 * several lines, and a backslash keeps the character after it from ending it; comments begin with #, with // or with
 * slash-star, even in the middle of a word, so that an unquoted secret with // in it reads here as it does there.
 */
#ifndef TSIG_KEYLEX_H
#define TSIG_KEYLEX_H

#include "text.h"

enum tsig_token_kind {
	TSIG_TOKEN_END,
	TSIG_TOKEN_WORD,
	TSIG_TOKEN_STRING, /* text without the quotes, escapes untouched */
	TSIG_TOKEN_MARK,   /* one of { } ; */
	TSIG_TOKEN_BROKEN, /* text says what is wrong */
};

struct tsig_token {
	enum tsig_token_kind kind;
	struct tsig_text text;
	unsigned line; /* on which it begins, from 1 */
};

struct tsig_lexer {
	const char *at;
	const char *end;
	unsigned line;
};

/* After TSIG_TOKEN_END and TSIG_TOKEN_BROKEN there is only TSIG_TOKEN_END. */
struct tsig_token tsig_lexer_next(struct tsig_lexer *lexer);

#endif
