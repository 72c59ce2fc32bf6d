/*
 * database: the state file: users that are not in the configuration, their keys and login passwords, and of every host
 * the last update and a bounded history. SQLite in WAL mode, so that readers wait for nobody.
 *
 * Every verb may block on the disk. A database belongs to one thread at a time; several may be open on the same file,
 * in several processes: what one commits the next look of another sees.
 *
 * Verbs return STATUS_IO when SQLite fails; database_error() then says what it is in words.
 */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account/account.h"
#include "account/password.h"
#include "account/record.h"
#include "base/status.h"
#include "base/text.h"

struct database;

enum {
	DATABASE_ERROR_MAX = 256,
	DATABASE_PATTERNS_MAX = 16384, /* hosts of one user, or that one key is limited to */
	DATABASE_FEW_LEN = 1000,       /* octets up to which they are read with the account; see database_list() */
	DATABASE_KEYS_MAX = 32,        /* keys of one user */
	DATABASE_KEY_NAME_MAX = 64,    /* octets of a key's name */
	DATABASE_HISTORY_MAX = 50,     /* entries of one host; the oldest give way */
	DATABASE_HOSTS_MAX = 1000,     /* hosts of one login that have a history; those idle longest give way */
	DATABASE_LEFT_OUT_MAX = 32,    /* records that one database_record() leaves out */
};

/*
 * Opens `ddnsgate.db` in the folder, makes it if it is not there (readable by its owner alone), and brings its schema
 * up to date. Verbs wait for `patience_ms` while somebody else writes. STATUS_NO_MEMORY, or STATUS_IO with the reason
 * in `error`: no such folder, no permission, not a database, of a later version of ddnsgate, ...
 */
MUST_USE enum status database_open(const char *folder, unsigned patience_ms, struct database **out,
				   char error[static DATABASE_ERROR_MAX]);

/*
 * Opens it to be read alone: nothing is made or brought up to date, so that a daemon of an earlier version, or another
 * user's, can go on with it. STATUS_NOT_FOUND if there is no such file, else as above.
 */
MUST_USE enum status database_open_to_read(const char *folder, unsigned patience_ms, struct database **out,
					   char error[static DATABASE_ERROR_MAX]);

/* Closes it and sets *database to NULL; NULL and *database == NULL are allowed. */
void database_free(struct database **database);

/* Lets it use much memory (256 MiB), for a process that changes a lot and ends. */
void database_be_generous(struct database *database);

/* What went wrong last, in words. */
const char *database_error(const struct database *database);

/* Whether nothing but opening the file anew could help: it is corrupt, or not a database any more. */
bool database_is_broken(const struct database *database);

/*
 * Whether another file stands in the place of this one, or none, as when a copy was put back: what is read here is then
 * of no use any more. Costs a stat(2).
 */
bool database_has_moved(struct database *database);

/* One change of many verbs, all or nothing, and much faster. */
MUST_USE enum status database_begin(struct database *database);
MUST_USE enum status database_commit(struct database *database);
void database_rollback(struct database *database);

/* ---- Accounts, as account stores want them ---- */

/*
 * The account of a login, with its keys. What has many hosts comes with the number of a list, and without a reader.
 * STATUS_NOT_FOUND, STATUS_NO_MEMORY. The caller calls account_fini().
 */
MUST_USE enum status database_account(struct database *database, struct text login, struct account *out);

/*
 * The account that alone has the key with that SHA-256; no other key of it is told. STATUS_DUPLICATE if several have
 * it, else as above.
 */
MUST_USE enum status database_account_by_key(struct database *database, const uint8_t digest[static KEY_DIGEST_LEN],
					     struct account *out);

/* An account that has keys under crypt(3), as account_store_draw() has it. As above. */
MUST_USE enum status database_account_by_lot(struct database *database, uint64_t lot, struct account *out);

/*
 * The hosts of that number, which never become others. STATUS_NOT_FOUND if nobody has them any more. The caller frees
 * them.
 */
MUST_USE enum status database_list(struct database *database, int64_t number, struct host_list **out);

/* ---- Users ---- */

struct database_user {
	struct text login;
	struct text hosts;         /* patterns as host_pattern_parse() reads them, each ended by a newline */
	struct text password_hash; /* crypt(3) of the login password; empty: nobody can log in */
	bool active;
	bool may_update;
	bool may_create; /* all of `hosts` */
	bool may_set_txt;
	size_t key_count;   /* told by database_users(), not read by database_user_add() */
	uint64_t created_s; /* the same */
};

/*
 * STATUS_DUPLICATE for a login that is there; STATUS_INVALID for one that is empty, too long or holds a NUL;
 * STATUS_TOO_LONG for more than DATABASE_PATTERNS_MAX hosts.
 */
MUST_USE enum status database_user_add(struct database *database, const struct database_user *user);

/* Each of these: STATUS_NOT_FOUND for an unknown login; of hosts, STATUS_TOO_LONG as above. */
MUST_USE enum status database_user_set_active(struct database *database, struct text login, bool active);
MUST_USE enum status database_user_set_hosts(struct database *database, struct text login, struct text hosts);
MUST_USE enum status database_user_set_password(struct database *database, struct text login, struct text hash);

/* The same for who is active and whose hash is still `from`; STATUS_NOT_FOUND for all others. */
MUST_USE enum status database_user_change_password(struct database *database, struct text login, struct text from,
						   struct text to);

/* The user's hosts, for the caller to free. */
MUST_USE enum status database_user_hosts(struct database *database, struct text login, struct host_list **out);

/* Calls visit() for every user in the order of their logins; what it is given is valid until it returns. */
typedef void database_user_fn(void *ctx, const struct database_user *user);
MUST_USE enum status database_users(struct database *database, database_user_fn *visit, void *ctx);

/* What users are granted. Calls visit() for every user who may update, in no order, until it returns anything else. */
struct database_grant {
	struct text hosts; /* as in struct database_user */
	bool may_create, may_set_txt;
};
typedef enum status database_grant_fn(void *ctx, const struct database_grant *grant);
MUST_USE enum status database_grants(struct database *database, database_grant_fn *visit, void *ctx);

/*
 * The hash of a login password, for verifier_check(), into `hash`. STATUS_NOT_FOUND for an unknown login, one without a
 * password, and one that is not active.
 */
MUST_USE enum status database_password(struct database *database, struct text login,
				       char hash[static PASSWORD_HASH_MAX]);

/* The same of any user who has a password, by lot, whether active or not. STATUS_NOT_FOUND if none has. */
MUST_USE enum status database_password_by_lot(struct database *database, uint64_t lot,
					      char hash[static PASSWORD_HASH_MAX]);

/* ---- Keys ---- */

struct database_key {
	/* No other key ever had it. Told by database_keys(), not read by database_key_add(), like what stands last. */
	int64_t id;
	struct text name;
	const uint8_t *digest; /* KEY_DIGEST_LEN octets, or NULL: `crypt` is there instead; not told */
	struct text crypt;     /* not told */
	struct text hosts;     /* patterns as in struct database_user; empty: no limit */
	struct text sources;   /* networks as network_parse() reads them, each ended by a newline; empty: no limit */
	uint64_t expires_s;    /* 0: never */
	uint64_t created_s;
	uint64_t used_s; /* when it was last used, to the minute or so; 0: never */
};

/*
 * STATUS_NOT_FOUND for an unknown login, STATUS_DUPLICATE for a name that is there, STATUS_INVALID for a bad name,
 * STATUS_FULL when the user has as many keys as there may be, STATUS_TOO_LONG beyond DATABASE_PATTERNS_MAX hosts.
 */
MUST_USE enum status database_key_add(struct database *database, struct text login, const struct database_key *key);

/* Calls visit() for every key of the login, the oldest first. STATUS_NOT_FOUND for an unknown login. */
typedef void database_key_fn(void *ctx, const struct database_key *key);
MUST_USE enum status database_keys(struct database *database, struct text login, database_key_fn *visit, void *ctx);

/* Forgets a key by name. From then on it opens nothing. STATUS_NOT_FOUND. */
MUST_USE enum status database_key_revoke(struct database *database, struct text login, struct text name);

/* ---- History ---- */

/*
 * Notes what became of updates, in one transaction, and when their keys were used. A record that cannot be written
 * because of itself (a constraint, a damaged page where it belongs) is left out, so that it holds up no other: its
 * place becomes NULL, whatever is returned, and database_error() tells of the last one. After STATUS_OK all others are
 * written; after anything else none, and they may be tried again: the file or the disk failed, or more than
 * DATABASE_LEFT_OUT_MAX records.
 */
MUST_USE enum status database_record(struct database *database, const struct record **records, size_t count);

/* Something that was so one or more times in a row: same source, same addresses, same outcome. */
struct database_event {
	uint64_t first_s, last_s;
	uint64_t times;
	struct text source;
	struct text addresses; /* comma between them */
	struct text outcome;   /* as outcome_text() has it: "changed", "unchanged", "no-record", ... */
};

struct database_host {
	struct text host;
	struct database_event last;
	uint64_t changed_s; /* when its address last changed; 0: not seen */
};

/* Calls visit() for every host of the login that has a history, in the order of their names. */
typedef void database_host_fn(void *ctx, const struct database_host *host);
MUST_USE enum status database_hosts(struct database *database, struct text login, database_host_fn *visit, void *ctx);

/* Calls visit() for every entry of the host's history, the newest first. */
typedef void database_event_fn(void *ctx, const struct database_event *event);
MUST_USE enum status database_history(struct database *database, struct text login, struct text host,
				      database_event_fn *visit, void *ctx);

#endif
