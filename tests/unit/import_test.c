/*
 * CSV files, and users from them.
 */
#include "state_folder.h"
#include "support.h"

#include "store/import.h"

#include <stdio.h>
#include <stdlib.h>

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HASH   "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/"

/* ---- CSV ---- */

/* A text that is given in small pieces. */
struct source {
	struct text text;
	size_t at, step;
	bool fails;
	unsigned complaints;
	unsigned long line; /* of the last complaint */
	char said[256];
};

static long read_source(void *ctx, char *to, size_t size)
{
	struct source *source = ctx;
	size_t len = source->text.len - source->at;

	if (len > source->step)
		len = source->step;
	assert_true(len <= size);
	if (len == 0)
		return source->fails ? -1 : 0;
	memcpy(to, source->text.octets + source->at, len);
	source->at += len;
	return (long)len;
}

/* All records of a text, with `|` between fields and `;` behind records; `!` for a faulty one. */
static void flatten(struct text text, size_t step, char out[static 256])
{
	struct source source = {.text = text, .step = step};
	struct csv_record record;
	struct csv *csv = NULL;
	enum status status;
	size_t len = 0;

	assert_int_equal(csv_new(read_source, &source, &csv), STATUS_OK);
	while ((status = csv_next(csv, &record)) != STATUS_NOT_FOUND) {
		for (size_t i = 0; i < record.count; i++)
			len += (size_t)snprintf(out + len, 256 - len, "%s%.*s", i ? "|" : "", (int)record.fields[i].len,
						record.fields[i].octets);
		len += (size_t)snprintf(out + len, 256 - len, "%s", status == STATUS_OK ? ";" : "!;");
	}
	out[len] = '\0';
	csv_free(&csv);
	assert_null(csv);
}

static void reads_records_whatever_the_pieces(void **state)
{
	static const struct {
		struct text text;
		const char *records;
	} rows[] = {
		{OCTETS(""), ""},
		{OCTETS("\n\r\n\n"), ""},
		{OCTETS("a"), "a;"},
		{OCTETS("a,b\nc,d\n"), "a|b;c|d;"},
		{OCTETS("a,b\r\nc,d"), "a|b;c|d;"},
		{OCTETS("a,,\n,\n"), "a||;|;"},
		{OCTETS("\"a,b\",\"c\"\"d\"\n"), "a,b|c\"d;"},
		{OCTETS("\"a\nb\",c\n"), "a\nb|c;"},
		{OCTETS("\"\",x\n"), "|x;"},
		{OCTETS("a\rb\n"), "a\rb;"},
		{OCTETS("a\"b\nc\n"), "!;c;"},
		{OCTETS("\"a\"b\nc\n"), "!;c;"},
		{OCTETS("\"a\nb"), "!;"},
		{OCTETS("a\0b\nc\n"), "!;c;"},
		{OCTETS("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16\n"), "1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16;"},
		{OCTETS("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\nc\n"), "!;c;"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		for (size_t step = 1; step < 9; step++) {
			char records[256];

			flatten(rows[i].text, step, records);
			assert_string_equal(records, rows[i].records);
		}
	}
}

static void tells_on_which_line_a_record_begins(void **state)
{
	struct source source = {.text = text_of("\na\n\"b\nb\"\r\n\nc\n"), .step = 3};
	static const unsigned long lines[] = {2, 3, 6};
	struct csv_record record;
	struct csv *csv = NULL;

	(void)state;
	assert_int_equal(csv_new(read_source, &source, &csv), STATUS_OK);
	for (size_t i = 0; i < LENGTH(lines); i++) {
		assert_int_equal(csv_next(csv, &record), STATUS_OK);
		assert_int_equal(record.line, lines[i]);
	}
	csv_free(&csv);
}

static void a_record_beyond_its_bound_is_refused_and_the_next_is_read(void **state)
{
	char *text = malloc(CSV_RECORD_MAX + 16);
	struct source source = {.step = 65536};
	struct csv_record record;
	struct csv *csv = NULL;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', CSV_RECORD_MAX + 16);
	text[CSV_RECORD_MAX + 1] = '\n';
	source.text = (struct text){text, CSV_RECORD_MAX + 16};
	assert_int_equal(csv_new(read_source, &source, &csv), STATUS_OK);
	assert_int_equal(csv_next(csv, &record), STATUS_TOO_LONG);
	assert_int_equal(csv_next(csv, &record), STATUS_OK);
	assert_int_equal(record.fields[0].len, 14);
	csv_free(&csv);
	free(text);
}

/* ---- Users ---- */

struct world {
	char folder[128];
	struct database *database;
	uint64_t users;
	struct source source;
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	snprintf(world->folder, sizeof world->folder, "%s", state_folder_new());
	world->database = state_folder_open(world->folder);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	database_free(&world->database);
	state_folder_remove(world->folder);
	free(world);
	return 0;
}

static void complain(void *ctx, unsigned long line, const char *text)
{
	struct source *source = ctx;

	assert_null(strstr(text, "secret"));
	source->complaints++;
	source->line = line;
	snprintf(source->said, sizeof source->said, "%s", text);
}

static void progress(void *ctx, uint64_t users)
{
	(void)ctx;
	assert_true(users > 0);
}

static enum status import(struct world *world, const char *text)
{
	const struct import_hooks hooks = {read_source, complain, progress, &world->source};

	world->source = (struct source){.text = text_of(text), .step = 100, .fails = world->source.fails};
	return import_users(world->database, &hooks, &world->users);
}

static struct account account_of(struct world *world, const char *login)
{
	struct account account;

	assert_int_equal(database_account(world->database, text_of(login), &account), STATUS_OK);
	return account;
}

static void imports_users_with_what_the_columns_say(void **state)
{
	struct world *world = *state;
	char hash[PASSWORD_HASH_MAX];
	struct account account;

	assert_int_equal(import(world, "\xef\xbb\xbfhosts,login,key,active,may_create,password\r\n"
				       "a.example.com *.b.example.com,alice,sha256:" DIGEST ",,true," HASH "\r\n"
				       ",bob,a plain key,false,,\r\n"
				       "zone:example.com,\"c, d\",,true,,\r\n"),
			 STATUS_OK);
	assert_int_equal(world->users, 3);
	account = account_of(world, "alice");
	assert_true(account.active && account.may_update && account.may_create && !account.may_set_txt);
	assert_string_equal(account.hosts.lines, "a.example.com\n*.b.example.com\n");
	assert_int_equal(account.key_count, 1);
	assert_int_equal(account.keys[0].key.digest[0], 0x01);
	account_fini(&account);
	assert_int_equal(database_password(world->database, text_of("alice"), hash), STATUS_OK);
	account = account_of(world, "bob");
	assert_false(account.active);
	assert_int_equal(account.key_count, 1);
	account_fini(&account);
	account = account_of(world, "c, d");
	assert_string_equal(account.hosts.lines, "zone:example.com\n");
	assert_int_equal(account.key_count, 0);
	account_fini(&account);
}

/* As many as a user may have, and one more. */
static void a_user_may_be_imported_with_thousands_of_hosts(void **state)
{
	struct world *world = *state;
	size_t room = (DATABASE_PATTERNS_MAX + 1) * (size_t)32, len;
	char *text = malloc(room + 64);
	struct host_list *hosts = NULL;

	assert_non_null(text);
	len = (size_t)sprintf(text, "login,hosts\nalice,");
	for (unsigned i = 0; i < DATABASE_PATTERNS_MAX; i++)
		len += (size_t)sprintf(text + len, "host-number-%u.example.com ", i);
	assert_int_equal(import(world, text), STATUS_OK);
	assert_int_equal(database_user_hosts(world->database, text_of("alice"), &hosts), STATUS_OK);
	assert_int_equal(host_list_count(hosts), DATABASE_PATTERNS_MAX);
	host_list_free(&hosts);
	sprintf(text + len, "one-more.example.com");
	memcpy(strstr(text, "alice"), "bobby", 5);
	assert_int_equal(import(world, text), STATUS_INVALID);
	assert_string_equal(world->source.said, "`hosts`: a user may have 16384 at most");
	free(text);
}

static void takes_all_or_none_and_tells_why(void **state)
{
	static const struct {
		const char *text;
		unsigned long line;
		const char *said;
	} rows[] = {
		{"", 0, "empty"},
		{"key\n", 1, "\"login\" among them"},
		{"login,color\n", 1, "no column \"color\""},
		{"login,login\n", 1, "twice"},
		{"login\nalice\nalice\n", 3, "there already"},
		{"login,hosts\nalice,not a host!\n", 2, "none of"},
		{"login,active\nalice,yes\n", 2, "true or false"},
		{"login,key\nalice,sha256:secret\n", 2, "malformed hash"},
		{"login,password\nalice,secret\n", 2, "crypt(3) hash"},
		{"login\nalice\nbob,x\n", 3, "2 fields"},
		{"login\nalice\n\"bob\n", 3, "quotes"},
		{"login,key\n,x\n", 2, "empty"},
	};
	struct world *world = *state;
	struct account account;

	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_row(rows[i].text, import(world, rows[i].text) == STATUS_INVALID);
		assert_row(rows[i].text, world->source.complaints == 1);
		assert_row(rows[i].text, world->source.line == rows[i].line);
		assert_row(rows[i].text, strstr(world->source.said, rows[i].said));
		assert_row(rows[i].text,
			   database_account(world->database, text_of("alice"), &account) == STATUS_NOT_FOUND);
	}
}

static void gives_up_after_many_faults(void **state)
{
	struct world *world = *state;
	char text[4096] = "login,active\n";

	for (unsigned i = 0; i < 100; i++)
		strcat(text, "alice,maybe\n");
	assert_int_equal(import(world, text), STATUS_INVALID);
	assert_int_equal(world->source.complaints, IMPORT_FAULTS_MAX);
}

static void a_file_that_cannot_be_read_to_its_end_is_not_taken(void **state)
{
	struct world *world = *state;
	struct account account;

	world->source.fails = true;
	assert_int_equal(import(world, "login\nalice\n"), STATUS_IO);
	assert_int_equal(world->source.complaints, 1);
	assert_int_equal(database_account(world->database, text_of("alice"), &account), STATUS_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_records_whatever_the_pieces),
		cmocka_unit_test(tells_on_which_line_a_record_begins),
		cmocka_unit_test(a_record_beyond_its_bound_is_refused_and_the_next_is_read),
		TEST(imports_users_with_what_the_columns_say),
		TEST(a_user_may_be_imported_with_thousands_of_hosts),
		TEST(takes_all_or_none_and_tells_why),
		TEST(gives_up_after_many_faults),
		TEST(a_file_that_cannot_be_read_to_its_end_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
