#include "page/session.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/secret.h"
#include "base/table.h"

struct session_entry {
	struct table_node by_digest;
	TAILQ_ENTRY(session_entry) link; /* idle longest first */
	uint8_t digest[KEY_DIGEST_LEN];
	uint64_t idle_until_ms;
	uint64_t ends_at_ms;
	struct session session;
};

struct sessions {
	const struct env *env;
	struct session_limits limits;
	uint8_t secret[SESSION_SECRET_LEN];
	struct table table;
	TAILQ_HEAD(entries, session_entry) entries;
};

/* A digest is as good as random, so its first octets are a hash. */
static uint64_t hash_of_session(const uint8_t digest[static KEY_DIGEST_LEN])
{
	uint64_t hash;

	memcpy(&hash, digest, sizeof hash);
	return hash;
}

static void session_drop(struct sessions *sessions, struct session_entry *entry)
{
	table_remove(&sessions->table, &entry->by_digest);
	TAILQ_REMOVE(&sessions->entries, entry, link);
	secret_wipe(entry, sizeof *entry);
	free(entry);
}

static struct session_entry *session_find(const struct sessions *sessions, struct text token)
{
	uint8_t digest[KEY_DIGEST_LEN];
	struct table_node *node;

	if (token.len != SESSION_TOKEN_LEN || key_digest(token, digest) != STATUS_OK)
		return NULL;
	for (node = table_find(&sessions->table, hash_of_session(digest)); node; node = table_find_next(node)) {
		struct session_entry *entry = TABLE_OWNER(node, struct session_entry, by_digest);

		if (secret_equal(entry->digest, digest, sizeof digest))
			return entry;
	}
	return NULL;
}

static void touch(struct sessions *sessions, struct session_entry *entry, uint64_t now_ms)
{
	entry->idle_until_ms = now_ms + (uint64_t)sessions->limits.idle_s * 1000;
	TAILQ_REMOVE(&sessions->entries, entry, link);
	TAILQ_INSERT_TAIL(&sessions->entries, entry, link);
}

/* Those that have expired by being idle, and of the login the longest idle one beyond the bound; then of all. */
static void session_make_room(struct sessions *sessions, struct text login, uint64_t now_ms)
{
	struct session_entry *entry, *oldest = NULL;
	size_t count = 0;

	while ((entry = TAILQ_FIRST(&sessions->entries)) && entry->idle_until_ms <= now_ms)
		session_drop(sessions, entry);
	TAILQ_FOREACH(entry, &sessions->entries, link) {
		if (!text_equal(session_login(&entry->session), login))
			continue;
		oldest = oldest ? oldest : entry;
		count++;
	}
	if (count >= SESSION_PER_LOGIN_MAX)
		session_drop(sessions, oldest);
	if (sessions->table.count >= sessions->limits.max)
		session_drop(sessions, TAILQ_FIRST(&sessions->entries));
}

enum status sessions_begin(struct sessions *sessions, struct text login, const uint8_t mark[static KEY_DIGEST_LEN],
			   char token[static SESSION_TOKEN_LEN + 1])
{
	uint64_t now_ms = env_now_ms(sessions->env);
	struct session_entry *entry;

	if (login.len > ACCOUNT_LOGIN_MAX)
		return STATUS_TOO_LONG;
	entry = calloc(1, sizeof *entry);
	if (!entry)
		return STATUS_NO_MEMORY;
	key_generate(sessions->env, token);
	if (key_digest(text_of(token), entry->digest) != STATUS_OK) {
		free(entry);
		return STATUS_CRYPTO;
	}
	memcpy(entry->session.login, login.octets, login.len);
	entry->session.login_len = login.len;
	memcpy(entry->session.mark, mark, KEY_DIGEST_LEN);
	entry->ends_at_ms = now_ms + (uint64_t)sessions->limits.age_s * 1000;
	session_make_room(sessions, login, now_ms);
	table_add(&sessions->table, &entry->by_digest, hash_of_session(entry->digest));
	TAILQ_INSERT_TAIL(&sessions->entries, entry, link);
	touch(sessions, entry, now_ms);
	return STATUS_OK;
}

const struct session *sessions_find(struct sessions *sessions, struct text token)
{
	uint64_t now_ms = env_now_ms(sessions->env);
	struct session_entry *entry = session_find(sessions, token);

	if (!entry)
		return NULL;
	if (now_ms >= entry->idle_until_ms || now_ms >= entry->ends_at_ms) {
		session_drop(sessions, entry);
		return NULL;
	}
	touch(sessions, entry, now_ms);
	return &entry->session;
}

void sessions_end(struct sessions *sessions, struct text token)
{
	struct session_entry *entry = session_find(sessions, token);

	if (entry)
		session_drop(sessions, entry);
}

void sessions_set_limits(struct sessions *sessions, const struct session_limits *limits)
{
	sessions->limits = *limits;
}

const uint8_t *sessions_secret(const struct sessions *sessions)
{
	return sessions->secret;
}

size_t sessions_count(const struct sessions *sessions)
{
	return sessions->table.count;
}

enum status sessions_new(const struct env *env, const struct session_limits *limits, struct sessions **out)
{
	struct sessions *sessions = calloc(1, sizeof *sessions);

	if (!sessions || table_init(&sessions->table) != STATUS_OK) {
		free(sessions);
		return STATUS_NO_MEMORY;
	}
	sessions->env = env;
	sessions->limits = *limits;
	env->random(env->ctx, sessions->secret, sizeof sessions->secret);
	TAILQ_INIT(&sessions->entries);
	*out = sessions;
	return STATUS_OK;
}

void sessions_free(struct sessions **sessions_pointer)
{
	struct sessions *sessions = *sessions_pointer;

	*sessions_pointer = NULL;
	if (!sessions)
		return;
	while (!TAILQ_EMPTY(&sessions->entries))
		session_drop(sessions, TAILQ_FIRST(&sessions->entries));
	table_fini(&sessions->table);
	secret_wipe(sessions->secret, sizeof sessions->secret);
	free(sessions);
}
