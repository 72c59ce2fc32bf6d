#include "account/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/table.h"

/* ---- Copying and freeing ---- */

/* *to becomes a copy of `count` elements; NULL for none. Says if there was memory. */
static bool copy_array(void *to, const void *from, size_t count, size_t size)
{
	void *copy = count ? calloc(count, size) : NULL;

	if (copy)
		memcpy(copy, from, count * size);
	memcpy(to, &copy, sizeof copy);
	return copy || count == 0;
}

static bool copy_string(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return *to || !from;
}

static bool copy_hosts(struct account_hosts *to, const struct account_hosts *from)
{
	*to = (struct account_hosts){.list = host_list_hold(from->list), .number = from->number};
	return copy_string(&to->lines, from->lines);
}

/* Every pointer of *to is its own or NULL, also when memory runs out. */
static bool copy_key(struct account_key *to, const struct account_key *from)
{
	*to = *from;
	to->name = to->key.crypt = NULL;
	to->hosts = (struct account_hosts){0};
	to->patterns = NULL;
	to->pattern_count = 0;
	to->sources = NULL;
	return copy_string(&to->name, from->name) && copy_string(&to->key.crypt, from->key.crypt) &&
	       copy_hosts(&to->hosts, &from->hosts) &&
	       copy_array(&to->sources, from->sources, from->source_count, sizeof *from->sources);
}

static bool copy_keys(struct account *to, const struct account *from)
{
	to->keys = from->key_count ? calloc(from->key_count, sizeof *to->keys) : NULL;
	if (!to->keys)
		return from->key_count == 0;
	to->key_count = from->key_count;
	for (size_t i = 0; i < from->key_count; i++) {
		if (!copy_key(&to->keys[i], &from->keys[i]))
			return false;
	}
	return true;
}

enum status account_copy(const struct account *account, struct account **out)
{
	struct account *copy = malloc(sizeof *copy);

	if (!copy)
		return STATUS_NO_MEMORY;
	*copy = *account;
	copy->login = NULL;
	copy->keys = NULL;
	copy->key_count = 0;
	copy->hosts = (struct account_hosts){0};
	copy->patterns = NULL;
	copy->pattern_count = 0;
	if (copy_string(&copy->login, account->login) && copy_keys(copy, account) &&
	    copy_hosts(&copy->hosts, &account->hosts)) {
		*out = copy;
		return STATUS_OK;
	}
	account_free(&copy);
	return STATUS_NO_MEMORY;
}

void account_hosts_fini(struct account_hosts *hosts)
{
	host_list_free(&hosts->list);
	free(hosts->lines);
	*hosts = (struct account_hosts){0};
}

static void key_entry_fini(struct account_key *key)
{
	account_hosts_fini(&key->hosts);
	key_fini(&key->key);
	free(key->name);
	free(key->patterns);
	free(key->sources);
}

void account_fini(struct account *account)
{
	for (size_t i = 0; i < account->key_count; i++)
		key_entry_fini(&account->keys[i]);
	account_hosts_fini(&account->hosts);
	free(account->keys);
	free(account->login);
	free(account->patterns);
	*account = (struct account){0};
}

void account_free(struct account **account)
{
	if (!account || !*account)
		return;
	account_fini(*account);
	free(*account);
	*account = NULL;
}

/* ---- Hosts ---- */

enum status account_read_hosts(const struct account *account, const struct account_hosts *hosts, struct host_list **out)
{
	*out = host_list_hold(hosts->list);
	if (hosts->lines)
		return host_list_read(text_of(hosts->lines), out);
	if (hosts->number)
		return account->reader->read(account->reader, account->epoch, hosts->number, out);
	return STATUS_OK;
}

/* ---- The stamp of what opens it ---- */

static uint64_t stir(uint64_t stamp, uint64_t word)
{
	return (stamp ^ word) * 0x9e3779b97f4a7c15u; /* the factor is odd, so that no bit of the stamp is lost */
}

/* A digest is a hash already: hashing it once more at each request would gain nothing. */
static uint64_t add_to_stamp(uint64_t stamp, const struct account_key *key)
{
	uint64_t words[sizeof key->key.digest / sizeof(uint64_t)];

	if (key->key.crypt)
		return stir(table_hash(stamp, text_of(key->key.crypt)), key->expires_s);
	memcpy(words, key->key.digest, sizeof words);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		stamp = stir(stamp, words[i]);
	return stir(stamp, key->expires_s);
}

uint64_t account_stamp(const struct account *account)
{
	uint64_t stamp = 1;

	for (size_t i = 0; i < account->key_count; i++)
		stamp = add_to_stamp(stamp, &account->keys[i]);
	return stamp ? stamp : 1;
}

/* ---- Dates ---- */

enum { DAY_S = 86400, YEAR_ZERO = 1900 /* of struct tm */, YEAR_MIN = 1970 };

/* Decimal digits; a text of anything else gives false. */
static bool parse_digits(const char *at, size_t len, unsigned *out)
{
	*out = 0;
	for (size_t i = 0; i < len; i++) {
		if (at[i] < '0' || at[i] > '9')
			return false;
		*out = 10 * *out + (unsigned)(at[i] - '0');
	}
	return true;
}

enum status account_expiry_parse(struct text text, uint64_t *out_s)
{
	unsigned year, month, day;
	struct tm date, same;
	time_t begins;

	if (text.len != strlen("YYYY-MM-DD") || text.octets[4] != '-' || text.octets[7] != '-' ||
	    !parse_digits(text.octets, 4, &year) || !parse_digits(text.octets + 5, 2, &month) ||
	    !parse_digits(text.octets + 8, 2, &day))
		return STATUS_INVALID;
	date = (struct tm){.tm_year = (int)year - YEAR_ZERO, .tm_mon = (int)month - 1, .tm_mday = (int)day};
	same = date;
	begins = timegm(&same);
	/* timegm() turns a day that no calendar has, such as 30 February, into another one. */
	if (year < YEAR_MIN || same.tm_mon != date.tm_mon || same.tm_mday != date.tm_mday)
		return STATUS_INVALID;
	*out_s = (uint64_t)begins + DAY_S;
	return STATUS_OK;
}

const char *account_expiry_format(uint64_t expires_s, char buffer[static ACCOUNT_DATE_MAX])
{
	time_t last = (time_t)(expires_s ? expires_s - 1 : 0);
	struct tm date;

	if (!gmtime_r(&last, &date) || !strftime(buffer, ACCOUNT_DATE_MAX, "%Y-%m-%d", &date))
		snprintf(buffer, ACCOUNT_DATE_MAX, "never");
	return buffer;
}
