#include "late_store.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum verb { BY_LOGIN, BY_TOKEN, BY_LOT };

struct question {
	struct late_store *store;
	struct env_timer *timer;
	enum verb verb;
	char *text; /* a copy: the asker's is borrowed until lookup() returns only */
	size_t len;
	uint64_t lot;
	account_found_fn *found;
	void *ctx;
	LIST_ENTRY(question) link;
};

struct late_store {
	struct account_store base;
	const struct env *env;
	unsigned delay_max_ms;
	struct account_store *inner;
	LIST_HEAD(, question) questions;
};

static void question_free(struct question *question)
{
	LIST_REMOVE(question, link);
	if (question->timer)
		question->store->env->timer_free(&question->timer);
	free(question->text);
	free(question);
}

/* The question is over before the answer is given, for whoever gets that may free the store. */
static void on_time(void *ctx)
{
	struct question question = *(struct question *)ctx;
	struct account_store *inner = question.store->inner;
	char *text = question.text;

	((struct question *)ctx)->text = NULL;
	question_free(ctx);
	if (question.verb == BY_LOGIN)
		account_store_lookup(inner, (struct text){text, question.len}, question.found, question.ctx);
	else if (question.verb == BY_TOKEN)
		account_store_lookup_token(inner, (struct text){text, question.len}, question.found, question.ctx);
	else
		account_store_draw(inner, question.lot, question.found, question.ctx);
	free(text);
}

static void ask(struct account_store *base, enum verb verb, struct text text, uint64_t lot, account_found_fn *found,
		void *ctx)
{
	struct late_store *store = (struct late_store *)base;
	struct question *question = calloc(1, sizeof *question);
	uint32_t draw;

	if (!question) {
		found(ctx, STATUS_NO_MEMORY, NULL);
		return;
	}
	*question = (struct question){
		.store = store, .verb = verb, .len = text.len, .lot = lot, .found = found, .ctx = ctx};
	LIST_INSERT_HEAD(&store->questions, question, link);
	question->text = text_duplicate(text);
	question->timer = store->env->timer_new(store->env->ctx, on_time, question);
	if (!question->text || !question->timer) {
		question_free(question);
		found(ctx, STATUS_NO_MEMORY, NULL);
		return;
	}
	store->env->random(store->env->ctx, &draw, sizeof draw);
	store->env->timer_set(question->timer, env_now_ms(store->env) + 1 + draw % store->delay_max_ms);
}

static void late_lookup(struct account_store *store, struct text login, account_found_fn *found, void *ctx)
{
	ask(store, BY_LOGIN, login, 0, found, ctx);
}

static void late_lookup_token(struct account_store *store, struct text token, account_found_fn *found, void *ctx)
{
	ask(store, BY_TOKEN, token, 0, found, ctx);
}

static void late_draw(struct account_store *store, uint64_t lot, account_found_fn *found, void *ctx)
{
	ask(store, BY_LOT, (struct text){"", 0}, lot, found, ctx);
}

static void late_free(struct account_store *base)
{
	struct late_store *store = (struct late_store *)base;

	while (!LIST_EMPTY(&store->questions))
		question_free(LIST_FIRST(&store->questions));
	account_store_free(&store->inner);
	free(store);
}

enum status late_store_new(const struct env *env, unsigned delay_max_ms, struct account_store **inner,
			   struct account_store **out)
{
	static const struct account_store_ops ops = {
		.lookup = late_lookup,
		.lookup_token = late_lookup_token,
		.draw = late_draw,
		.free = late_free,
	};
	struct late_store *store = calloc(1, sizeof *store);

	if (!store)
		return STATUS_NO_MEMORY;
	store->base.ops = &ops;
	store->env = env;
	store->delay_max_ms = delay_max_ms;
	store->inner = *inner;
	*inner = NULL;
	LIST_INIT(&store->questions);
	*out = &store->base;
	return STATUS_OK;
}
