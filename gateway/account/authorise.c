#include "account/authorise.h"

#include "base/table.h"

static enum outcome_code authenticate(const struct account *account, struct text presented_key)
{
	bool has_key = account && account->has_key;
	bool matches = key_matches(has_key ? &account->key : NULL, presented_key);

	if (!account)
		return OUTCOME_NO_SUCH_LOGIN;
	if (!has_key)
		return OUTCOME_NO_KEY;
	return matches ? OUTCOME_GRANTED : OUTCOME_WRONG_KEY;
}

enum outcome_code authorise(const struct account *account, struct text presented_key, bool uniform_errors,
			    struct grant *grant)
{
	enum outcome_code code = authenticate(account, presented_key);

	if (code != OUTCOME_GRANTED)
		return uniform_errors ? OUTCOME_WRONG_KEY : code;
	if (!account->active)
		return OUTCOME_ACCOUNT_INACTIVE;
	if (!account->may_update)
		return OUTCOME_MAY_NOT_UPDATE;
	*grant = (struct grant){
		.account = table_hash(0, text_of(account->login)),
		.login = text_of(account->login),
		.may_set_txt = account->may_set_txt,
		.patterns = account->patterns,
		.count = account->pattern_count,
	};
	return OUTCOME_GRANTED;
}
