#include "dialect/words.h"

#include <stdio.h>

static const struct word words[] = {
	[OUTCOME_CHANGED] = {"good", 200, false, 0},
	[OUTCOME_UNCHANGED] = {"nochg", 200, false, 0},
	[OUTCOME_MISSING_HOST] = {"notfqdn", 400, false, 0},
	[OUTCOME_MISSING_LOGIN] = {"badauth", 401, true, 0},
	[OUTCOME_MISSING_KEY] = {"badauth", 401, true, 0},
	[OUTCOME_THROTTLED] = {"abuse", 403, false, 60},
	[OUTCOME_NO_SUCH_LOGIN] = {"badauth", 401, true, 0},
	[OUTCOME_NO_KEY] = {"badauth", 401, true, 0},
	[OUTCOME_WRONG_KEY] = {"badauth", 401, true, 0},
	[OUTCOME_ACCOUNT_INACTIVE] = {"badauth", 401, true, 0},
	[OUTCOME_MAY_NOT_UPDATE] = {"!donator", 403, false, 0},
	[OUTCOME_BAD_HOST] = {"notfqdn", 400, false, 0},
	[OUTCOME_TOO_MANY_HOSTS] = {"numhost", 400, false, 0},
	[OUTCOME_NOT_ALLOWED] = {"!donator", 403, false, 0},
	[OUTCOME_NOT_YOURS] = {"!yours", 403, false, 0},
	[OUTCOME_ZONE_INACTIVE] = {"!yours", 403, false, 0},
	[OUTCOME_BAD_ADDRESS] = {"notfqdn", 400, false, 0},
	[OUTCOME_NO_ADDRESS] = {"notfqdn", 400, false, 0},
	[OUTCOME_BAD_TEXT] = {"badtxt", 400, false, 0},
	[OUTCOME_NO_RECORD] = {"nohost", 404, false, 0},
	[OUTCOME_REFUSED] = {"dnserr", 503, false, 60},
	[OUTCOME_REFUSED_UNSIGNED] = {"dnserr", 503, false, 60},
	[OUTCOME_UNREACHABLE] = {"911", 503, false, 60},
	[OUTCOME_UNKNOWN] = {"911", 503, false, 60},
	[OUTCOME_GIVEN_UP] = {"911", 503, false, 60},
	[OUTCOME_OVERTAKEN] = {"911", 503, false, 60},
	[OUTCOME_LATE] = {"911", 503, false, 60},
	[OUTCOME_BUSY] = {"911", 503, false, 10},
	[OUTCOME_FAILED] = {"911", 503, false, 60},
};

const struct word *word_for(enum outcome_code code)
{
	bool known = (unsigned)code < sizeof words / sizeof *words && words[code].text;

	return &words[known ? code : OUTCOME_FAILED];
}

/*
 * The outcome that decides about the status: a success if there is one, else a failure that may pass, else the first.
 */
static const struct outcome *foremost(const struct dialect_answer *answer)
{
	const struct outcome *best = &answer->outcomes[0];

	for (size_t i = 0; i < answer->outcome_count; i++) {
		const struct outcome *outcome = &answer->outcomes[i];
		int status = word_for(outcome->code)->status;

		if (status == 200)
			return outcome;
		if (status >= 500 && word_for(best->code)->status < 500)
			best = outcome;
	}
	return best;
}

void words_set_status(const struct dialect_answer *answer, struct http_response *response)
{
	const struct outcome *outcome = foremost(answer);
	const struct word *word = word_for(outcome->code);

	response->status = word->status;
	response->challenge = word->challenge;
	response->content_type = "text/plain; charset=utf-8";
	response->retry_after_s = outcome->retry_after_s ? outcome->retry_after_s : word->retry_after_s;
}

/* The addresses that the host has now, `ipv4,ipv6`. Routers expect one even if the host has none left. */
static void add_addresses(const struct outcome *outcome, struct http_response *response)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < outcome->addr_count; i++)
		http_response_add(response, "%s%s", i ? "," : " ", addr_format(&outcome->addrs[i], text));
	if (outcome->addr_count == 0)
		http_response_add(response, " 0.0.0.0");
}

void words_render(const struct dialect_answer *answer, struct http_response *response)
{
	words_set_status(answer, response);
	for (size_t i = 0; i < answer->outcome_count; i++) {
		const struct outcome *outcome = &answer->outcomes[i];
		const struct word *word = word_for(outcome->code);

		http_response_add(response, "%s", word->text);
		if (word->status == 200)
			add_addresses(outcome, response);
		http_response_add(response, "\n");
	}
}

/* An explanation for people who set a client up; clients show it to them. */
static void explain_in_json(const struct dialect_answer *answer, const struct json_members *members,
			    const struct word *word, struct http_response *response)
{
	enum outcome_code code = answer->outcomes[0].code;
	bool lacks_host = code == OUTCOME_MISSING_HOST;
	char text[160];

	if (lacks_host || (code == OUTCOME_BAD_TEXT && answer->intent->data.len == 0))
		snprintf(text, sizeof text,
			 "there is no \"%s\": the body is to be a JSON object with the strings \"%s\" and \"%s\"",
			 lacks_host ? members->host : members->text, members->host, members->text);
	else if (code == OUTCOME_BAD_HOST)
		snprintf(text, sizeof text, "\"%s\" is no name of a host", members->host);
	else if (code == OUTCOME_BAD_TEXT)
		snprintf(text, sizeof text, "\"%s\" is not 1 to 255 printable ASCII characters", members->text);
	else
		snprintf(text, sizeof text, "%s", word->text);
	http_response_json(response, word->status, "error", text_of(text));
}

void words_render_json(const struct dialect_answer *answer, const struct json_members *members, const char *name,
		       struct http_response *response)
{
	const struct word *word = word_for(answer->outcomes[0].code);

	words_set_status(answer, response);
	if (word->status == 200)
		http_response_json(response, word->status, name, answer->intent->data);
	else
		explain_in_json(answer, members, word, response);
}
