/*
 * One check is computed at a time, because a hash may take a whole core and many MiB of memory, and the rest of the
 * daemon needs some of both. So the queues are short, and a check that has waited too long is answered as not done
 * rather than computed when nobody waits for it any more.
 */
#include "account/verifier.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "account/password.h"
#include "base/secret.h"

enum {
	MARK_KEY_LEN = 32,
	MARK_LEN = 32,     /* HMAC-SHA256 */
	WAYS = 4,          /* places where a mark may stand */
	RIGHT_SETS = 4096, /* 512 KiB: 16,384 secrets */
	WRONG_SETS = 1024,
	WAITING_MAX = 128, /* of each queue */
	WAIT_MAX_MS = 3000,
	SUSPECT_PAUSE = 3, /* times the duration of a suspect's check, after it: suspects get a quarter of a core */
};

/* Stands for a pair of hash and secret: equal marks mean equal pairs. Nobody can compute a mark without the key. */
struct mark {
	uint8_t octets[MARK_LEN];
};

struct set {
	unsigned next; /* which place of the set is overwritten next, in turn */
	struct mark ways[WAYS];
};

struct check {
	TAILQ_ENTRY(check) link;
	struct verifier *verifier;
	struct mark mark;
	unsigned suspicion;
	uint64_t at_ms;
	verified_fn *verified; /* NULL: nobody wants to know any more */
	void *ctx;
	struct check **handle; /* where the caller keeps its pointer to this check, to give it up; or NULL */
	enum status status;
	bool matches;
	char *hash; /* both behind the struct */
	char *secret;
	size_t secret_len, hash_len;
};

TAILQ_HEAD(checks, check);

struct verifier {
	const struct env *env;
	uint8_t mark_key[MARK_KEY_LEN];
	struct set *right, *wrong;
	struct checks waiting[2]; /* waiting[1] is for suspects, the least suspicious first */
	size_t waiting_count[2];
	struct check *under_way;
	uint64_t began_ms;      /* when the check that is being computed began */
	uint64_t suspect_at_ms; /* when the next one of a suspect may begin */
	struct env_timer *timer;
	bool freed;
};

/* ---- What is remembered ---- */

/* The NUL between the texts keeps pairs such as "ab", "c" and "a", "bc" apart. */
static bool make_mark(const struct verifier *verifier, const char *first, struct text second, struct mark *out)
{
	size_t first_len = strlen(first) + 1;
	uint8_t *pair = malloc(first_len + second.len);
	bool good;

	if (!pair)
		return false;
	memcpy(pair, first, first_len);
	if (second.len)
		memcpy(pair + first_len, second.octets, second.len);
	good = HMAC(EVP_sha256(), verifier->mark_key, sizeof verifier->mark_key, pair, first_len + second.len,
		    out->octets, NULL) != NULL;
	secret_wipe(pair, first_len + second.len);
	free(pair);
	return good;
}

/* A lot is the mark of an empty hash and the login. As no real hash is empty, it is never the mark of a pair. */
enum status verifier_lot(const struct verifier *verifier, struct text login, uint8_t out[static VERIFIER_LOT_LEN])
{
	struct mark mark;

	_Static_assert(sizeof mark.octets == VERIFIER_LOT_LEN, "a lot is a mark");
	if (!make_mark(verifier, "", login, &mark))
		return STATUS_NO_MEMORY;
	memcpy(out, mark.octets, sizeof mark.octets);
	return STATUS_OK;
}

static struct set *set_of(struct set *sets, size_t count, const struct mark *mark)
{
	uint32_t place;

	memcpy(&place, mark->octets, sizeof place);
	return &sets[place % count];
}

static bool set_has_mark(const struct set *set, const struct mark *mark)
{
	for (size_t i = 0; i < WAYS; i++) {
		if (memcmp(&set->ways[i], mark, sizeof *mark) == 0)
			return true;
	}
	return false;
}

static void verifier_put(struct set *set, const struct mark *mark)
{
	if (!set_has_mark(set, mark))
		set->ways[set->next++ % WAYS] = *mark;
}

static void remember(struct verifier *verifier, const struct mark *mark, bool matches)
{
	if (matches)
		verifier_put(set_of(verifier->right, RIGHT_SETS, mark), mark);
	else
		verifier_put(set_of(verifier->wrong, WRONG_SETS, mark), mark);
}

static bool recall(const struct verifier *verifier, const struct mark *mark, bool *matches)
{
	*matches = set_has_mark(set_of(verifier->right, RIGHT_SETS, mark), mark);
	return *matches || set_has_mark(set_of(verifier->wrong, WRONG_SETS, mark), mark);
}

/* ---- What is computed ---- */

static void check_free(struct check *check)
{
	secret_wipe(check->secret, check->secret_len);
	secret_wipe(check->hash, check->hash_len);
	free(check);
}

static void verifier_release(struct verifier *verifier)
{
	verifier->env->timer_free(&verifier->timer);
	secret_wipe(verifier->mark_key, sizeof verifier->mark_key);
	free(verifier->right);
	free(verifier->wrong);
	free(verifier);
}

static void verifier_answer(struct check *check, enum status status)
{
	verified_fn *verified = check->verified;
	void *ctx = check->ctx;
	bool matches = status == STATUS_OK && check->matches;

	if (check->handle)
		*check->handle = NULL;
	check_free(check);
	if (verified)
		verified(ctx, status, matches);
}

/* On another thread; touches nothing but the check. */
static void verifier_work(void *job)
{
	struct check *check = job;

	check->status = password_check(check->hash, (struct text){check->secret, check->secret_len}, &check->matches);
}

static void verifier_go_on(struct verifier *verifier);

static void verifier_work_done(void *job)
{
	struct check *check = job;
	struct verifier *verifier = check->verifier;

	verifier->under_way = NULL;
	if (check->suspicion) {
		uint64_t now_ms = env_now_ms(verifier->env);

		verifier->suspect_at_ms = now_ms + SUSPECT_PAUSE * (now_ms - verifier->began_ms);
	}
	if (verifier->freed) {
		check_free(check);
		verifier_release(verifier);
		return;
	}
	if (check->status == STATUS_OK)
		remember(verifier, &check->mark, check->matches);
	verifier_answer(check, check->status);
	verifier_go_on(verifier);
}

static void verifier_take(struct verifier *verifier, struct check *check)
{
	TAILQ_REMOVE(&verifier->waiting[check->suspicion > 0], check, link);
	verifier->waiting_count[check->suspicion > 0]--;
}

static struct check *verifier_take_first(struct verifier *verifier, bool suspect)
{
	struct check *check = TAILQ_FIRST(&verifier->waiting[suspect]);

	if (check)
		verifier_take(verifier, check);
	return check;
}

/* The next check to compute. A suspect's may have to wait for the end of the pause. */
static struct check *take_next(struct verifier *verifier)
{
	struct check *check = verifier_take_first(verifier, false);

	if (check || verifier->waiting_count[true] == 0)
		return check;
	if (env_now_ms(verifier->env) >= verifier->suspect_at_ms)
		return verifier_take_first(verifier, true);
	verifier->env->timer_set(verifier->timer, verifier->suspect_at_ms);
	return NULL;
}

static bool is_overdue(const struct check *check)
{
	return env_now_ms(check->verifier->env) - check->at_ms > WAIT_MAX_MS;
}

/*
 * Computes the check; or answers without computing, if it has waited too long, or if its result has become known in the
 * meantime.
 */
static void verifier_start(struct verifier *verifier, struct check *check)
{
	if (recall(verifier, &check->mark, &check->matches)) {
		verifier_answer(check, STATUS_OK);
	} else if (is_overdue(check)) {
		verifier_answer(check, STATUS_FULL);
	} else if (env_work(verifier->env, verifier_work, verifier_work_done, check) == STATUS_OK) {
		verifier->under_way = check;
		verifier->began_ms = env_now_ms(verifier->env);
	} else {
		verifier_answer(check, STATUS_NO_MEMORY);
	}
}

/* A suspect that has waited too long, because others always go first; they may keep coming without end. */
static struct check *first_overdue(const struct verifier *verifier)
{
	struct check *check;

	TAILQ_FOREACH(check, &verifier->waiting[true], link) {
		if (is_overdue(check))
			break;
	}
	return check;
}

static void verifier_go_on(struct verifier *verifier)
{
	struct check *check;

	while ((check = first_overdue(verifier))) {
		verifier_take(verifier, check);
		verifier_start(verifier, check);
	}
	while (!verifier->under_way && (check = take_next(verifier)))
		verifier_start(verifier, check);
}

/* Hash and secret stand behind the struct, so that there is one block to wipe. */
static struct check *check_new(struct verifier *verifier, const char *hash, struct text secret, unsigned suspicion)
{
	size_t hash_len = strlen(hash) + 1;
	struct check *check = malloc(sizeof *check + hash_len + secret.len);

	if (!check)
		return NULL;
	*check = (struct check){.verifier = verifier, .suspicion = suspicion, .at_ms = env_now_ms(verifier->env)};
	check->hash = (char *)(check + 1);
	check->hash_len = hash_len;
	check->secret = check->hash + hash_len;
	check->secret_len = secret.len;
	memcpy(check->hash, hash, hash_len);
	if (secret.len)
		memcpy(check->secret, secret.octets, secret.len);
	return check;
}

/* Puts it into its queue, which is sorted by suspicion and then by arrival. */
static void put_into_queue(struct verifier *verifier, struct check *check)
{
	struct checks *queue = &verifier->waiting[check->suspicion > 0];
	struct check *before = TAILQ_LAST(queue, checks);

	while (before && before->suspicion > check->suspicion)
		before = TAILQ_PREV(before, checks, link);
	if (before)
		TAILQ_INSERT_AFTER(queue, before, check, link);
	else
		TAILQ_INSERT_HEAD(queue, check, link);
	verifier->waiting_count[check->suspicion > 0]++;
}

/* If the queue is too long, its last entry is turned away. */
static void keep_bound(struct verifier *verifier, bool suspect)
{
	struct check *last = TAILQ_LAST(&verifier->waiting[suspect], checks);

	if (verifier->waiting_count[suspect] <= WAITING_MAX)
		return;
	verifier_take(verifier, last);
	verifier_answer(last, STATUS_FULL);
}

void verifier_check(struct verifier *verifier, const char *hash, struct text secret, unsigned suspicion,
		    verified_fn *verified, void *ctx, struct check **handle)
{
	struct check *check;
	struct mark mark;
	bool matches;

	if (handle)
		*handle = NULL;
	if (secret.len == 0 || secret.len > PASSWORD_MAX) {
		verified(ctx, STATUS_OK, false);
		return;
	}
	if (!make_mark(verifier, hash, secret, &mark)) {
		verified(ctx, STATUS_NO_MEMORY, false);
		return;
	}
	if (recall(verifier, &mark, &matches)) {
		verified(ctx, STATUS_OK, matches);
		return;
	}
	check = check_new(verifier, hash, secret, suspicion);
	if (!check) {
		verified(ctx, STATUS_NO_MEMORY, false);
		return;
	}
	check->mark = mark;
	check->verified = verified;
	check->ctx = ctx;
	check->handle = handle;
	if (handle)
		*handle = check;
	put_into_queue(verifier, check);
	keep_bound(verifier, suspicion > 0);
	verifier_go_on(verifier);
}

void verifier_give_up(struct check **handle)
{
	struct check *check = *handle;

	*handle = NULL;
	if (!check)
		return;
	if (check == check->verifier->under_way) {
		check->verified = NULL;
		check->handle = NULL;
		return;
	}
	verifier_take(check->verifier, check);
	check_free(check);
}

/* ---- Making and freeing ---- */

static void on_verifier_timer(void *ctx)
{
	verifier_go_on(ctx);
}

enum status verifier_new(const struct env *env, struct verifier **out)
{
	struct verifier *verifier = calloc(1, sizeof *verifier);

	if (!verifier)
		return STATUS_NO_MEMORY;
	verifier->env = env;
	verifier->right = calloc(RIGHT_SETS, sizeof *verifier->right);
	verifier->wrong = calloc(WRONG_SETS, sizeof *verifier->wrong);
	verifier->timer = env->timer_new(env->ctx, on_verifier_timer, verifier);
	if (!verifier->right || !verifier->wrong || !verifier->timer) {
		verifier_release(verifier);
		return STATUS_NO_MEMORY;
	}
	env->random(env->ctx, verifier->mark_key, sizeof verifier->mark_key);
	TAILQ_INIT(&verifier->waiting[0]);
	TAILQ_INIT(&verifier->waiting[1]);
	*out = verifier;
	return STATUS_OK;
}

void verifier_free(struct verifier **verifier_pointer)
{
	struct verifier *verifier = *verifier_pointer;
	struct check *check;

	*verifier_pointer = NULL;
	if (!verifier)
		return;
	while ((check = verifier_take_first(verifier, false)) || (check = verifier_take_first(verifier, true)))
		check_free(check);
	verifier->freed = true;
	verifier->env->timer_stop(verifier->timer);
	if (!verifier->under_way)
		verifier_release(verifier);
}
