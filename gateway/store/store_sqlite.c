/*
 * The state file as an account store. It is read on the loop: a look-up takes some microseconds (docs/BENCHMARKS.md),
 * and a reader of a WAL waits for nobody. Whatever else is done with the file is done elsewhere, see state.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/repeat.h"
#include "base/secret.h"
#include "base/table.h"
#include "store/database.h"
#include "store/lists.h"
#include "store/stores.h"

enum {
	PATIENCE_MS = 50, /* only while another process recovers the file after a crash */
	REOPEN_MS = 5000,
	LISTS_SIZE_MAX = 32 * 1024 * 1024, /* 80 users of 10,000 hosts each */
	LOOK_MS = 1000,                    /* between looks whether it is still the file at this place */
};

struct store_sqlite {
	struct account_store base; /* first, so that the store is this one */
	struct account_reader reader;
	struct lists *lists; /* of the file that is open */
	uint64_t epoch;      /* counts the files that were opened */
	unsigned holders;
	const struct env *env;
	struct database *database; /* NULL: it could not be opened, or was broken */
	uint64_t reopen_at_ms;
	uint64_t look_at_ms;
	struct env_timer *timer; /* for the first opening */
	bool failing;            /* and the log says so */
	char *folder;
};

/* One line when it begins, one when it ends. */
static void note_failure(struct store_sqlite *store, const char *text)
{
	if (!store->failing)
		LOG_REPEATED(
			LOG_ERROR, "state-unreadable", log_text("folder", store->folder), log_text("error", text),
			log_text("text",
				 "users of the state store get a temporary failure; those of the configuration go on"));
	store->failing = true;
}

static void note_success(struct store_sqlite *store)
{
	if (store->failing)
		LOG_REPEATED(LOG_INFO, "state-readable", log_text("folder", store->folder));
	store->failing = false;
}

/* A file that is gone would be read for ever, and keys that are revoked in its successor would open. */
static void let_go_if_moved(struct store_sqlite *store, uint64_t now_ms)
{
	if (!store->database || now_ms < store->look_at_ms)
		return;
	store->look_at_ms = now_ms + LOOK_MS;
	if (!database_has_moved(store->database))
		return;
	LOG_REPEATED(LOG_WARNING, "state-replaced", log_text("folder", store->folder),
		     log_text("text", "the state file is another one now, or was removed; it is opened anew"));
	database_free(&store->database);
	store->reopen_at_ms = now_ms;
}

static bool ensure_open(struct store_sqlite *store)
{
	uint64_t now_ms = env_now_ms(store->env);
	char error[DATABASE_ERROR_MAX];

	let_go_if_moved(store, now_ms);
	if (store->database)
		return true;
	if (now_ms < store->reopen_at_ms)
		return false;
	store->reopen_at_ms = now_ms + REOPEN_MS;
	lists_clear(store->lists);
	store->epoch++;
	if (database_open(store->folder, PATIENCE_MS, &store->database, error) == STATUS_OK)
		return true;
	note_failure(store, error);
	return false;
}

static void note_read(struct store_sqlite *store, enum status status)
{
	if (status != STATUS_IO) {
		note_success(store);
		return;
	}
	note_failure(store, database_error(store->database));
	if (database_is_broken(store->database))
		database_free(&store->database);
}

static void sqlite_tell(struct store_sqlite *store, enum status status, struct account *account,
			account_found_fn *found, void *ctx)
{
	note_read(store, status);
	account->reader = &store->reader;
	account->epoch = store->epoch;
	found(ctx, status, status == STATUS_OK ? account : NULL);
	account_fini(account);
}

static void sqlite_lookup(struct account_store *base, struct text login, account_found_fn *found, void *ctx)
{
	struct store_sqlite *store = (struct store_sqlite *)base;
	struct account account;

	if (ensure_open(store))
		sqlite_tell(store, database_account(store->database, login, &account), &account, found, ctx);
	else
		found(ctx, STATUS_IO, NULL);
}

static void sqlite_lookup_token(struct account_store *base, struct text token, account_found_fn *found, void *ctx)
{
	struct store_sqlite *store = (struct store_sqlite *)base;
	uint8_t digest[KEY_DIGEST_LEN];
	struct account account;

	if (key_digest(token, digest) != STATUS_OK)
		found(ctx, STATUS_CRYPTO, NULL);
	else if (ensure_open(store))
		sqlite_tell(store, database_account_by_key(store->database, digest, &account), &account, found, ctx);
	else
		found(ctx, STATUS_IO, NULL);
	secret_wipe(digest, sizeof digest);
}

static void sqlite_draw(struct account_store *base, uint64_t lot, account_found_fn *found, void *ctx)
{
	struct store_sqlite *store = (struct store_sqlite *)base;
	struct account account;

	if (ensure_open(store))
		sqlite_tell(store, database_account_by_lot(store->database, lot, &account), &account, found, ctx);
	else
		found(ctx, STATUS_IO, NULL);
}

/* For an account whose key was right. */
static enum status sqlite_read(struct account_reader *reader, uint64_t epoch, int64_t number, struct host_list **out)
{
	struct store_sqlite *store = TABLE_OWNER(reader, struct store_sqlite, reader);
	enum status status;

	if (!store->database || epoch != store->epoch)
		return STATUS_NOT_FOUND;
	*out = lists_find(store->lists, number);
	if (*out)
		return STATUS_OK;
	status = database_list(store->database, number, out);
	note_read(store, status);
	if (status == STATUS_OK)
		lists_keep(store->lists, number, *out);
	return status;
}

static void sqlite_free(struct account_store *base)
{
	struct store_sqlite *store = (struct store_sqlite *)base;

	if (--store->holders)
		return;
	if (store->timer)
		store->env->timer_free(&store->timer);
	database_free(&store->database);
	lists_free(&store->lists);
	free(store->folder);
	free(store);
}

static const struct account_store_ops sqlite_ops = {
	.lookup = sqlite_lookup, .lookup_token = sqlite_lookup_token, .draw = sqlite_draw, .free = sqlite_free};

/* Before the first look-up, and with each holder, so that the log says at once what is wrong. */
static void on_sqlite_timer(void *ctx)
{
	(void)ensure_open(ctx);
}

enum status store_sqlite_new(const struct env *env, const char *folder, struct account_store **out)
{
	struct store_sqlite *store = calloc(1, sizeof *store);

	if (!store)
		return STATUS_NO_MEMORY;
	store->base.ops = &sqlite_ops;
	store->reader.read = sqlite_read;
	store->holders = 1;
	store->env = env;
	store->folder = strdup(folder);
	store->timer = env->timer_new(env->ctx, on_sqlite_timer, store);
	if (!store->folder || !store->timer || lists_new(LISTS_SIZE_MAX, &store->lists) != STATUS_OK) {
		sqlite_free(&store->base);
		return STATUS_NO_MEMORY;
	}
	env->timer_set(store->timer, env_now_ms(env));
	*out = &store->base;
	return STATUS_OK;
}

struct account_store *store_sqlite_hold(struct account_store *base)
{
	struct store_sqlite *store = (struct store_sqlite *)base;

	store->holders++;
	store->failing = false;
	store->reopen_at_ms = store->look_at_ms = env_now_ms(store->env);
	store->env->timer_set(store->timer, store->reopen_at_ms);
	return base;
}
