/*
 * asked: requests for dialects as the HTTP side makes them, what a dialect understood, and what holds of every answer.
 */
#ifndef UNIT_ASKED_H
#define UNIT_ASKED_H

#include <stdio.h>
#include <strings.h>

#include "dialect/dialect.h"
#include "http/decode.h"
#include "support.h"

static const enum outcome_code all_outcomes[] = {
#define X(name, text) name,
	OUTCOME_LIST(X)
#undef X
};

/* ---- Requests ---- */

/* A request with the memory that it borrows from. */
struct asked {
	struct http_request request;
	struct decode_space space;
	char octets[4096];
};

/* Makes it of a target, a form body and Basic credentials (`user:password`), of which the last two may be NULL. */
static inline void ask(struct asked *asked, const char *target, const char *form, const char *basic)
{
	struct http_request *request = &asked->request;
	struct text query;

	memset(asked, 0, sizeof *asked);
	asked->space = (struct decode_space){.octets = asked->octets, .cap = sizeof asked->octets};
	request->method = form ? HTTP_POST : HTTP_GET;
	request->source = addr_of("203.0.113.9");
	assert_int_equal(decode_target(text_of(target), &asked->space, &request->path, &query, &request->has_query),
			 STATUS_OK);
	assert_int_equal(decode_params(query, &asked->space, &request->params), STATUS_OK);
	assert_int_equal(decode_params(text_of(form), &asked->space, &request->params), STATUS_OK);
	if (basic)
		request->has_basic = text_split(text_of(basic), ':', &request->basic_user, &request->basic_password);
}

/* Which dialect serves it, "" if none does. */
static inline const char *served_by(const struct asked *asked)
{
	unsigned allowed;
	const struct dialect *dialect = dialects_find(&asked->request, &allowed);

	return dialect ? dialect->name : "";
}

static inline const struct dialect *dialect_for(const struct asked *asked)
{
	unsigned allowed;
	const struct dialect *dialect = dialects_find(&asked->request, &allowed);

	assert_non_null(dialect);
	return dialect;
}

/* ---- What was understood ---- */

struct words {
	size_t len;
	char text[512];
};

__attribute__((format(printf, 2, 3))) static inline void say(struct words *words, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	words->len += (size_t)vsnprintf(words->text + words->len, sizeof words->text - words->len, format, args);
	va_end(args);
	assert_true(words->len < sizeof words->text);
}

static inline void say_text(struct words *words, const char *before, struct text text)
{
	say(words, "%s%.*s", before, (int)text.len, text.len ? text.octets : "");
}

static inline void say_intent(struct words *words, const struct intent *intent)
{
	for (size_t i = 0; i < intent->reading_count; i++) {
		say_text(words, i ? "|" : "", intent->readings[i].login);
		say_text(words, ":", intent->readings[i].key);
	}
	for (size_t i = 0; i < intent->host_count && intent->host_form != HOSTS_OWN; i++)
		say_text(words, i ? "," : " ", intent->hosts[i]);
	if (intent->host_form != HOSTS_FULL)
		say(words, intent->host_form == HOSTS_OWN ? " own" : " labels");
	for (size_t i = 0; i < intent->address_count; i++)
		say_text(words, i ? ";" : " =", intent->addresses[i]);
	for (size_t i = 0; i < intent->prefix_count; i++)
		say_text(words, i ? ";" : " prefix=", intent->prefixes[i]);
	if (intent->prefix_is_given && !intent->prefix_count)
		say(words, " no-prefix");
	if (intent->ipv4_is_gone)
		say(words, " no-ipv4");
	if (intent->keeps_ipv4 || intent->keeps_ipv6)
		say(words, " keeps%s%s", intent->keeps_ipv4 ? "-ipv4" : "", intent->keeps_ipv6 ? "-ipv6" : "");
	if (intent->kind == INTENT_OFFLINE)
		say(words, " offline");
	if (intent->kind == INTENT_SET)
		say_text(words, " txt=", intent->data);
	if (intent->hint.len)
		say_text(words, " hint=", intent->hint);
	for (size_t i = 0; i < intent->stranger_count; i++) {
		say_text(words, " stranger=", intent->strangers[i].name);
		say_text(words, ":", intent->strangers[i].value);
	}
	if (intent->is_unread)
		say(words, " unread");
	assert_true(intent->lenient && intent->kind != INTENT_SHOW_ADDRESS);
	for (size_t i = 0; i < intent->reading_count; i++)
		assert_true(intent->by_token ? intent->readings[i].login.len == 0 : intent->readings[i].login.len > 0);
}

/*
 * What a dialect for routers makes of the request, in words: `LOGIN:KEY HOST,HOST =ADDRESSES;ADDRESSES` and what else
 * there is, with `|` between two readings of the credentials; or the outcome that ends it.
 */
static inline const char *understood(const struct asked *asked, struct intent *intent)
{
	static struct words words;
	enum outcome_code code;

	*intent = (struct intent){0};
	code = dialect_for(asked)->parse(&asked->request, intent);
	words.len = 0;
	if (code == OUTCOME_GRANTED)
		say_intent(&words, intent);
	else
		say(&words, "%s", outcome_text(code));
	return words.text;
}

/* That the dialect serves the request, for this target, and what it makes of it. */
static inline void assert_one_understood(const struct asked *asked, struct intent *intent, const char *dialect,
					 const char *target, const char *expected)
{
	const char *words;

	if (strcmp(served_by(asked), dialect) != 0)
		fail_msg("%s: served by \"%s\"", target, served_by(asked));
	words = understood(asked, intent);
	if (strcmp(words, expected) != 0)
		fail_msg("%s: expected %s, got %s", target, expected, words);
}

/* ---- Answers ---- */

static inline struct text body_of(const struct http_response *response)
{
	return (struct text){response->body, response->body_len};
}

/* The answer to those outcomes, written over octets that are no answer. */
static inline void render_all(const struct asked *asked, const struct intent *intent, const struct outcome *outcomes,
			      size_t count, struct http_response *response)
{
	struct dialect_answer answer = {
		.request = &asked->request, .intent = intent, .outcomes = outcomes, .outcome_count = count};

	memset(response, 'x', sizeof *response);
	http_response_init(response);
	dialect_render(dialect_for(asked), &answer, response);
	assert_in_range(response->body_len, 1, sizeof response->body - 1);
}

/* An outcome with what the host has now; NULL: no address of that family. */
static inline struct outcome outcome_with(enum outcome_code code, const char *v4, const char *v6)
{
	struct outcome outcome = {.code = code};

	if (v4)
		outcome.addrs[outcome.addr_count++] = addr_of(v4);
	if (v6)
		outcome.addrs[outcome.addr_count++] = addr_of(v6);
	return outcome;
}

static inline bool is_success(enum outcome_code code)
{
	return code == OUTCOME_CHANGED || code == OUTCOME_UNCHANGED;
}

static inline bool contains_word(struct text body, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= body.len; i++) {
		if (strncasecmp(body.octets + i, word, len) == 0)
			return true;
	}
	return false;
}

/* Rule 7: inadyn looks for these anywhere in the body, in whatever case. */
static inline bool reads_like_success(struct text body)
{
	static const char *const words[] = {"OK", "good", "true", "updated", "nochg"};

	for (size_t i = 0; i < LENGTH(words); i++) {
		if (contains_word(body, words[i]))
			return true;
	}
	return false;
}

#endif
