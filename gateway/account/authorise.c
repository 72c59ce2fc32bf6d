#include "account/authorise.h"

#include <stdlib.h>
#include <string.h>

#include "account/password.h"
#include "base/secret.h"
#include "base/table.h"

/* ---- A key that is right ---- */

static bool is_key_at(const struct account_key *key, uint64_t now_s)
{
	return !key->expires_s || now_s < key->expires_s;
}

static bool may_come_from(const struct account_key *key, const struct addr *source)
{
	return key->source_count == 0 || networks_have((struct networks){key->sources, key->source_count}, source);
}

/* Its lists are to be freed. */
static enum status read_grant(const struct account *account, const struct account_key *key, struct host_list **hosts,
			      struct host_list **key_hosts, struct grant *out)
{
	enum status status = account_read_hosts(account, &account->hosts, hosts);

	if (status == STATUS_OK)
		status = account_read_hosts(account, &key->hosts, key_hosts);
	/* A line that means nothing grants nothing; but a limit of which a line is lost must not become less of one. */
	if (status == STATUS_OK && !host_list_is_whole(*key_hosts))
		status = STATUS_INVALID;
	*out = (struct grant){
		.account = table_hash(0, text_of(account->login)),
		.login = text_of(account->login),
		.may_set_txt = account->may_set_txt,
		.may_create = account->may_create,
		.hosts = *hosts,
		.key_id = key->id,
		.key_hosts = *key_hosts,
	};
	return status;
}

static void grant_it(const struct account *account, const struct account_key *key, authorised_fn *done, void *ctx)
{
	struct host_list *hosts = NULL, *key_hosts = NULL;
	struct grant grant;

	switch (read_grant(account, key, &hosts, &key_hosts, &grant)) {
	case STATUS_OK:
		done(ctx, OUTCOME_GRANTED, &grant);
		break;
	case STATUS_INVALID:
		done(ctx, OUTCOME_WRONG_KEY, NULL);
		break;
	default:
		done(ctx, OUTCOME_FAILED, NULL);
		break;
	}
	host_list_free(&hosts);
	host_list_free(&key_hosts);
}

/* Turns a key that was proved into what it allows. */
static void admit(const struct account *account, const struct account_key *key, const struct addr *source,
		  authorised_fn *done, void *ctx)
{
	if (!account->active)
		done(ctx, OUTCOME_ACCOUNT_INACTIVE, NULL);
	else if (!account->may_update || !may_come_from(key, source))
		done(ctx, OUTCOME_MAY_NOT_UPDATE, NULL);
	else
		grant_it(account, key, done, ctx);
}

/* ---- Keys kept as SHA-256 ---- */

/*
 * All keys are compared, and at least one, whichever of them fits. A key may stand there twice, with different limits:
 * the first one counts.
 */
static const struct account_key *find_digest(const struct account *account, const uint8_t digest[static KEY_DIGEST_LEN],
					     uint64_t now_s)
{
	const struct account_key *found = NULL;
	bool compared = false;

	for (size_t i = 0; account && i < account->key_count; i++) {
		const struct account_key *key = &account->keys[i];

		if (key->key.crypt)
			continue;
		compared = true;
		if (key_matches(&key->key, digest) && is_key_at(key, now_s) && !found)
			found = key;
	}
	if (!compared)
		(void)key_matches(NULL, digest);
	return found;
}

/* ---- Keys kept as crypt(3) hashes: one after the other ---- */

/* Whoever waits for the answer, and may stop waiting for it. */
struct asker {
	authorised_fn *done;
	void *ctx;
	struct trial **trial;
};

/* A key that is being checked, from one hash to the next. */
struct trial {
	const struct authoriser *authoriser;
	struct account *account; /* our copy: the store's is gone by the time that a hash is computed */
	bool is_pretence;        /* another user's account, with hashes that no secret fits */
	uint8_t lot[VERIFIER_LOT_LEN];
	uint64_t now_s; /* keys that ended before this time have expired */
	struct addr source;
	unsigned suspicion;
	size_t at;           /* the key that is being tried */
	struct check *check; /* the check of that key */
	bool is_drawing;     /* the store was asked for the account of another user */
	bool is_given_up;
	struct asker asker;
	size_t secret_len;
	char secret[];
};

static void trial_free(struct trial *trial)
{
	account_free(&trial->account);
	secret_wipe(trial->secret, trial->secret_len);
	free(trial);
}

static size_t next_crypt(const struct account *account, size_t from, uint64_t now_s)
{
	while (from < account->key_count && (!account->keys[from].key.crypt || !is_key_at(&account->keys[from], now_s)))
		from++;
	return from;
}

static void trial_fail(struct trial *trial, enum outcome_code code)
{
	*trial->asker.trial = NULL;
	trial->asker.done(trial->asker.ctx, code, NULL);
	trial_free(trial);
}

static void trial_try_next(struct trial *trial);

static void on_trial_verified(void *ctx, enum status status, bool matches)
{
	struct trial *trial = ctx;

	if (status != STATUS_OK) {
		trial_fail(trial, status == STATUS_FULL ? OUTCOME_BUSY : OUTCOME_FAILED);
	} else if (matches && !trial->is_pretence) {
		*trial->asker.trial = NULL;
		admit(trial->account, &trial->account->keys[trial->at], &trial->source, trial->asker.done,
		      trial->asker.ctx);
		trial_free(trial);
	} else {
		trial->at++;
		trial_try_next(trial);
	}
}

static void trial_try_next(struct trial *trial)
{
	trial->at = next_crypt(trial->account, trial->at, trial->now_s);
	if (trial->at < trial->account->key_count) {
		verifier_check(trial->authoriser->verifier, trial->account->keys[trial->at].key.crypt,
			       (struct text){trial->secret, trial->secret_len}, trial->suspicion, on_trial_verified,
			       trial, &trial->check);
	} else {
		trial_fail(trial, OUTCOME_WRONG_KEY);
	}
}

/* A trial that has no account yet. NULL: out of memory, and the asker was told. */
static struct trial *trial_new(const struct authoriser *authoriser, const struct presented *presented, uint64_t now_s,
			       const struct asker *asker)
{
	struct trial *trial = malloc(sizeof *trial + presented->key.len);

	if (!trial) {
		asker->done(asker->ctx, OUTCOME_FAILED, NULL);
		return NULL;
	}
	*asker->trial = trial;
	*trial = (struct trial){
		.authoriser = authoriser,
		.now_s = now_s,
		.source = presented->source,
		.suspicion = presented->suspicion,
		.asker = *asker,
		.secret_len = presented->key.len,
	};
	if (presented->key.len)
		memcpy(trial->secret, presented->key.octets, presented->key.len);
	return trial;
}

static void try_crypt(const struct authoriser *authoriser, const struct account *account,
		      const struct presented *presented, uint64_t now_s, const struct asker *asker)
{
	struct trial *trial = trial_new(authoriser, presented, now_s, asker);

	if (trial && account_copy(account, &trial->account) != STATUS_OK)
		trial_fail(trial, OUTCOME_FAILED);
	else if (trial)
		trial_try_next(trial);
}

/* ---- Pretending to have such keys ---- */

/*
 * Replaces the end of each hash, so that no secret fits any more, and so that what the verifier remembers about the
 * real owner's keys, or about another login, has no influence.
 */
static void make_nobodys(struct trial *trial)
{
	for (size_t i = 0; i < trial->account->key_count; i++) {
		if (!trial->account->keys[i].key.crypt)
			continue;
		trial->lot[0]++;
		password_make_nobodys(trial->account->keys[i].key.crypt, trial->lot);
	}
}

/* If all keys of the drawn account have expired, they are all used, as if one were still valid. */
static void on_trial_drawn(void *ctx, enum status status, const struct account *account)
{
	struct trial *trial = ctx;

	trial->is_drawing = false;
	if (trial->is_given_up) {
		trial_free(trial);
		return;
	}
	if (status != STATUS_OK) {
		trial_fail(trial, status == STATUS_NO_MEMORY ? OUTCOME_FAILED : OUTCOME_WRONG_KEY);
		return;
	}
	if (account_copy(account, &trial->account) != STATUS_OK) {
		trial_fail(trial, OUTCOME_FAILED);
		return;
	}
	if (next_crypt(trial->account, 0, trial->now_s) == trial->account->key_count)
		trial->now_s = 0;
	make_nobodys(trial);
	trial_try_next(trial);
}

static void pretend(const struct authoriser *authoriser, const struct presented *presented, uint64_t now_s,
		    const struct asker *asker)
{
	struct trial *trial = trial_new(authoriser, presented, now_s, asker);
	uint64_t lot;

	if (!trial)
		return;
	trial->is_pretence = true;
	if (verifier_lot(authoriser->verifier, presented->login, trial->lot) != STATUS_OK) {
		trial_fail(trial, OUTCOME_FAILED);
		return;
	}
	memcpy(&lot, trial->lot + PASSWORD_LOT_LEN, sizeof lot);
	trial->is_drawing = true;
	account_store_draw(authoriser->store, lot, on_trial_drawn, trial);
}

/* Ends an attempt that has failed without any crypt(3) hash being computed. */
static void deny(const struct authoriser *authoriser, const struct presented *presented, uint64_t now_s,
		 enum outcome_code code, const struct asker *asker)
{
	if (!authoriser->uniform_errors)
		asker->done(asker->ctx, code, NULL);
	else if (presented->login.len == 0)
		asker->done(asker->ctx, OUTCOME_WRONG_KEY, NULL);
	else
		pretend(authoriser, presented, now_s, asker);
}

/* ---- Both kinds of keys ---- */

void authorise(const struct authoriser *authoriser, const struct account *account, const struct presented *presented,
	       authorised_fn *done, void *ctx, struct trial **trial)
{
	uint64_t now_s = env_wall_s(authoriser->env);
	uint8_t digest[KEY_DIGEST_LEN];
	struct asker asker = {done, ctx, trial};
	const struct account_key *key;

	*trial = NULL;
	if (key_digest(presented->key, digest) != STATUS_OK) {
		done(ctx, OUTCOME_FAILED, NULL);
		return;
	}
	key = find_digest(account, digest, now_s);
	secret_wipe(digest, sizeof digest);
	if (key)
		admit(account, key, &presented->source, done, ctx);
	else if (!account)
		deny(authoriser, presented, now_s, OUTCOME_NO_SUCH_LOGIN, &asker);
	else if (account->key_count == 0)
		deny(authoriser, presented, now_s, OUTCOME_NO_KEY, &asker);
	else if (next_crypt(account, 0, now_s) == account->key_count)
		deny(authoriser, presented, now_s, OUTCOME_WRONG_KEY, &asker);
	else
		try_crypt(authoriser, account, presented, now_s, &asker);
}

/* A look-up in a store cannot be stopped: its answer still comes, and is then ignored. */
void authorise_give_up(struct trial **handle)
{
	struct trial *trial = *handle;

	*handle = NULL;
	if (!trial)
		return;
	verifier_give_up(&trial->check);
	trial->is_given_up = true;
	if (!trial->is_drawing)
		trial_free(trial);
}
