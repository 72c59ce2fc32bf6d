/*
 * BIND key files: what tsig-keygen and people write, and what is refused with which line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tsig.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define SECRET        "c2VjcmV0IG9mIHRoZSBnYXRld2F5"

/* Parses a copy in memory of exactly its size, so that AddressSanitizer sees every octet read too far. */
static enum tsig_status parse_octets(const char *text, size_t len, struct tsig_key ***keys, size_t *count,
				     struct tsig_file_error *error)
{
	char *copy = malloc(len ? len : 1);
	enum tsig_status status;

	assert_non_null(copy);
	memcpy(copy, text, len);
	status = tsig_keys_parse(copy, len, keys, count, error);
	free(copy);
	return status;
}

static void assert_one_key(const char *text, const char *name, const char *algorithm)
{
	struct tsig_key **keys = NULL;
	size_t count = 0;
	struct tsig_file_error error;

	if (parse_octets(text, strlen(text), &keys, &count, &error) != TSIG_OK)
		fail_msg("%s: line %u: %s", text, error.line, error.text);
	assert_int_equal(count, 1);
	assert_string_equal(tsig_key_name(keys[0]), name);
	assert_string_equal(tsig_key_algorithm(keys[0]), algorithm);
	tsig_keys_free(&keys, count);
	assert_null(keys);
}

static void assert_refused(const char *text, enum tsig_status expected, unsigned line, const char *sentence)
{
	struct tsig_key **keys = NULL;
	size_t count = 0;
	struct tsig_file_error error;

	assert_int_equal(parse_octets(text, strlen(text), &keys, &count, &error), expected);
	assert_null(keys);
	assert_int_equal(count, 0);
	if (error.line != line || strcmp(error.text, sentence) != 0)
		fail_msg("%s\ngives line %u: %s", text, error.line, error.text);
}

static void reads_what_tsig_keygen_writes(void **state)
{
	(void)state;
	assert_one_key("key \"gw.example.com\" {\n\talgorithm hmac-sha256;\n\tsecret \"" SECRET "\";\n};\n",
		       "gw.example.com", "hmac-sha256");
}

static void reads_what_people_write(void **state)
{
	static const struct {
		const char *text, *name, *algorithm;
	} cases[] = {
		{"key gw{algorithm hmac-sha512;secret " SECRET ";};", "gw", "hmac-sha512"},
		{"key gw { secret \"" SECRET "\"; algorithm \"hmac-md5.sig-alg.reg.int.\"; };", "gw", "hmac-md5"},
		{"KEY GW. { Algorithm HMAC-SHA1; Secret " SECRET "; };", "gw", "hmac-sha1"},
		{"\r\nkey\f\"gw\"\v{\talgorithm\r\nhmac-sha384;secret\n\"" SECRET "\"\n;}\n;\r\n", "gw", "hmac-sha384"},
		{"# one\n// two\n/* three\n * four */key \"gw\" { # five\nalgorithm /**/ hmac-sha224; // six\n"
		 "secret \"" SECRET "\" /* // # \" */; } /***/; # no newline at the end",
		 "gw", "hmac-sha224"},
		{"key gw/*name*/{algorithm hmac-sha256# a comment needs no space\n;secret " SECRET "//\n;};", "gw",
		 "hmac-sha256"},
		{"key gw { algorithm hmac-sha256; secret \"c2Vj\n\tcmV0\"; };", "gw", "hmac-sha256"},
		{"key \"a\\\"b\" { algorithm hmac-sha256; secret \"" SECRET "\"; };", "a\\\"b", "hmac-sha256"},
		{"key \"x//y#z\" { algorithm hmac-sha256; secret \"ab//cQ==\"; };", "x//y#z", "hmac-sha256"},
		{"key a/b { algorithm hmac-sha256; secret ab/c; };", "a/b", "hmac-sha256"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_one_key(cases[i].text, cases[i].name, cases[i].algorithm);
}

static void reads_many_keys_in_their_order(void **state)
{
	char text[20 * 80] = "";
	struct tsig_key **keys = NULL;
	size_t count = 0, len = 0;
	struct tsig_file_error error;

	(void)state;
	for (int i = 0; i < 20; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"key \"k%d\" { algorithm hmac-sha256; secret \"c2VjcmV0\"; };\n", i);
	assert_int_equal(parse_octets(text, len, &keys, &count, &error), TSIG_OK);
	assert_int_equal(count, 20);
	for (int i = 0; i < 20; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "k%d", i);
		assert_string_equal(tsig_key_name(keys[i]), name);
	}
	tsig_keys_free(&keys, count);
}

static void the_secret_of_the_file_is_the_secret_of_the_key(void **state)
{
	static const char text[] = "key gw { algorithm hmac-sha256; secret \"" SECRET "\"; };";
	uint8_t wire[12 + TSIG_RECORD_MAX] = {0};
	size_t len = 12, count = 0;
	struct tsig_key **keys = NULL;
	struct tsig_key *same = NULL;
	struct tsig_file_error error;

	(void)state;
	assert_int_equal(parse_octets(text, strlen(text), &keys, &count, &error), TSIG_OK);
	assert_int_equal(tsig_key_new_base64("gw", "hmac-sha256", SECRET, &same), TSIG_OK);
	assert_int_equal(tsig_sign(wire, &len, sizeof(wire), keys[0], &(struct tsig_signing){0}, NULL), TSIG_OK);
	assert_int_equal(tsig_verify(wire, &len, same, &(struct tsig_checking){0}, NULL), TSIG_OK);
	tsig_keys_free(&keys, count);
	tsig_key_free(&same);
}

static void a_refusal_names_the_line_and_what_was_expected(void **state)
{
	static const struct {
		const char *text;
		enum tsig_status status;
		unsigned line;
		const char *sentence;
	} cases[] = {
		{"", TSIG_BAD_FILE, 0, "expected at least one \"key\" statement, found none"},
		{"# nothing\n\n", TSIG_BAD_FILE, 0, "expected at least one \"key\" statement, found none"},
		{"\n\noptions { };", TSIG_BAD_FILE, 3, "expected a \"key\" statement"},
		{"\"key\" gw { };", TSIG_BAD_FILE, 1, "expected a \"key\" statement"},
		{";", TSIG_BAD_FILE, 1, "expected a \"key\" statement"},
		{"key", TSIG_BAD_FILE, 1, "expected the key's name after \"key\""},
		{"key\n{", TSIG_BAD_FILE, 2, "expected the key's name after \"key\""},
		{"key gw\n;", TSIG_BAD_FILE, 2, "expected \"{\" after the key's name"},
		{"key gw " SECRET, TSIG_BAD_FILE, 1, "expected \"{\" after the key's name"},
		{"key gw {\n\n", TSIG_BAD_FILE, 3, "expected \"algorithm\", \"secret\" or \"}\" in this key"},
		{"key gw { " SECRET, TSIG_BAD_FILE, 1, "expected \"algorithm\", \"secret\" or \"}\" in this key"},
		{"key gw { algorithm;", TSIG_BAD_FILE, 1, "expected the algorithm's name after \"algorithm\""},
		{"key gw { algorithm hmac-sha1\nsecret", TSIG_BAD_FILE, 2, "expected \";\" after the algorithm's name"},
		{"key gw { secret };", TSIG_BAD_FILE, 1, "expected the secret in base64 after \"secret\""},
		{"key gw { secret " SECRET " " SECRET, TSIG_BAD_FILE, 1, "expected \";\" after the secret"},
		{"key gw { secret ab/*x*/" SECRET, TSIG_BAD_FILE, 1, "expected \";\" after the secret"},
		{"key gw { secret a;\nsecret a; };", TSIG_BAD_FILE, 2, "\"secret\" is given a second time in this key"},
		{"key gw { algorithm a;\nalgorithm a; };", TSIG_BAD_FILE, 2,
		 "\"algorithm\" is given a second time in this key"},
		{"key gw { algorithm hmac-sha1; secret " SECRET "; }\n", TSIG_BAD_FILE, 2,
		 "expected \";\" after \"}\""},
		{"key\ngw { algorithm hmac-sha1; };", TSIG_BAD_FILE, 2, "expected a \"secret\" in this key"},
		{"key\ngw { secret " SECRET "; };", TSIG_BAD_FILE, 2, "expected an \"algorithm\" in this key"},
		{"key gw { };", TSIG_BAD_FILE, 1, "expected an \"algorithm\" in this key"},
		{"key \"g w\" { algorithm hmac-sha1; secret " SECRET "; };", TSIG_BAD_NAME, 1,
		 "expected a domain name as the key's name"},
		{"key \"\" { algorithm hmac-sha1; secret " SECRET "; };", TSIG_BAD_NAME, 1,
		 "expected a domain name as the key's name"},
		{"key gw {\nalgorithm hmac-sha3; secret " SECRET "; };", TSIG_BAD_ALGORITHM, 2,
		 "expected hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384 or hmac-sha512"},
		{"key gw {\nalgorithm hmac-sha1;\nsecret \"" SECRET "=\"; };", TSIG_BAD_SECRET, 3,
		 "expected a secret of 1 to 512 octets in base64, padded with \"=\""},
		{"key gw { algorithm hmac-sha1;\nsecret \"\"; };", TSIG_BAD_SECRET, 2,
		 "expected a secret of 1 to 512 octets in base64, padded with \"=\""},
		{"key a { algorithm hmac-sha1; secret " SECRET "; };\nkey A. { algorithm hmac-sha1; secret " SECRET
		 "; };",
		 TSIG_BAD_FILE, 2, "a key of this name stands on an earlier line"},
		{"key gw {\nsecret \"" SECRET "; };\n\n", TSIG_BAD_FILE, 2,
		 "the string that begins here has no closing quote"},
		{"key gw { secret \"\\", TSIG_BAD_FILE, 1, "the string that begins here has no closing quote"},
		{"\n/* key gw {\n\n", TSIG_BAD_FILE, 2, "the comment that begins here is not closed"},
		{"/*/", TSIG_BAD_FILE, 1, "the comment that begins here is not closed"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		assert_refused(cases[i].text, cases[i].status, cases[i].line, cases[i].sentence);
		assert_null(strstr(cases[i].sentence, SECRET));
	}
}

static void every_beginning_of_a_file_is_refused_without_its_secret(void **state)
{
	static const char text[] = "key \"gw\" { algorithm hmac-sha256; secret \"" SECRET "\"; } ;";

	(void)state;
	for (size_t len = 0; len < strlen(text); len++) {
		struct tsig_key **keys = NULL;
		size_t count = 0;
		struct tsig_file_error error;

		assert_int_equal(parse_octets(text, len, &keys, &count, &error), TSIG_BAD_FILE);
		assert_null(keys);
		assert_null(strstr(error.text, "c2V"));
	}
}

static void nul_octets_do_not_end_a_token(void **state)
{
	static const char name[] = "key \"gw\0x\" { algorithm hmac-sha1; secret \"" SECRET "\"; };";
	static const char secret[] = "key gw { algorithm hmac-sha1; secret \"" SECRET "\0\"; };";
	static const char after[] = "key gw { algorithm hmac-sha1; secret \"" SECRET "\"; };\0";
	struct tsig_key **keys = NULL;
	size_t count = 0;
	struct tsig_file_error error;

	(void)state;
	assert_int_equal(parse_octets(name, sizeof(name) - 1, &keys, &count, &error), TSIG_BAD_NAME);
	assert_int_equal(parse_octets(secret, sizeof(secret) - 1, &keys, &count, &error), TSIG_BAD_SECRET);
	assert_int_equal(parse_octets(after, sizeof(after) - 1, &keys, &count, &error), TSIG_BAD_FILE);
}

/* ---- Files ---- */

struct place {
	char folder[PATH_MAX - 16];
	char file[PATH_MAX];
};

static int make_place(void **state)
{
	const char *root = getenv("TMPDIR");
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return -1;
	(void)snprintf(place->folder, sizeof(place->folder), "%s/tsig_keyfile_test.XXXXXX", root ? root : "/tmp");
	if (!mkdtemp(place->folder)) {
		free(place);
		return -1;
	}
	(void)snprintf(place->file, sizeof(place->file), "%s/gw.key", place->folder);
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;

	unlink(place->file);
	rmdir(place->folder);
	free(place);
	return 0;
}

static void write_file(const char *path, const char *text, size_t spaces)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	for (; spaces; spaces--)
		assert_int_equal(fputc(' ', file), ' ');
	assert_int_equal(fclose(file), 0);
}

static void assert_unreadable(const char *path, enum tsig_status expected, const char *sentence)
{
	struct tsig_key **keys = NULL;
	size_t count = 0;
	struct tsig_file_error error;

	assert_int_equal(tsig_keys_read(path, &keys, &count, &error), expected);
	assert_null(keys);
	assert_int_equal(error.line, 0);
	assert_string_equal(error.text, sentence);
}

static void reads_a_file_of_up_to_64_kib(void **state)
{
	static const char text[] = "key gw { algorithm hmac-sha256; secret \"" SECRET "\"; };\n";
	struct place *place = *state;
	struct tsig_key **keys = NULL;
	size_t count = 0;
	struct tsig_file_error error;

	write_file(place->file, text, TSIG_KEY_FILE_MAX - strlen(text));
	assert_int_equal(tsig_keys_read(place->file, &keys, &count, &error), TSIG_OK);
	assert_int_equal(count, 1);
	tsig_keys_free(&keys, count);
	write_file(place->file, text, TSIG_KEY_FILE_MAX - strlen(text) + 1);
	assert_unreadable(place->file, TSIG_BAD_FILE, "expected at most 64 KiB");
}

static void names_the_line_in_a_file(void **state)
{
	struct place *place = *state;
	struct tsig_key **keys = NULL;
	size_t count = 0;
	struct tsig_file_error error;

	write_file(place->file, "\n\nzone", 0);
	assert_int_equal(tsig_keys_read(place->file, &keys, &count, &error), TSIG_BAD_FILE);
	assert_int_equal(error.line, 3);
}

/* The test vectors of RFC 4648 section 10. */
static void gives_a_secret_back_in_base64(void **state)
{
	static const char *const rows[][2] = {{"f", "Zg=="},        {"fo", "Zm8="},        {"foo", "Zm9v"},
					      {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
	uint8_t longest[TSIG_SECRET_MAX];
	char text[TSIG_SECRET_TEXT_SIZE], again[TSIG_SECRET_TEXT_SIZE];
	struct tsig_key *key;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_int_equal(
			tsig_key_new("k", "hmac-sha256", (const uint8_t *)rows[i][0], strlen(rows[i][0]), &key),
			TSIG_OK);
		assert_ptr_equal(tsig_key_secret(key, text), text);
		assert_string_equal(text, rows[i][1]);
		tsig_key_free(&key);
	}
	for (size_t i = 0; i < sizeof longest; i++)
		longest[i] = (uint8_t)(i * 167 + 3);
	assert_int_equal(tsig_key_new("k", "hmac-sha256", longest, sizeof longest, &key), TSIG_OK);
	tsig_key_secret(key, text);
	assert_int_equal(strlen(text), sizeof text - 1);
	tsig_key_free(&key);
	assert_int_equal(tsig_key_new_base64("k", "hmac-sha256", text, &key), TSIG_OK);
	assert_string_equal(tsig_key_secret(key, again), text);
	tsig_key_free(&key);
}

static void a_missing_file_is_told_in_the_words_of_errno(void **state)
{
	struct place *place = *state;

	assert_unreadable(place->file, TSIG_IO, "cannot open: No such file or directory");
}

static void only_regular_files_are_read(void **state)
{
	struct place *place = *state;

	assert_unreadable(place->folder, TSIG_IO, "not a regular file");
	assert_int_equal(mkfifo(place->file, 0600), 0);
	assert_unreadable(place->file, TSIG_IO, "not a regular file"); /* and at once, without a writer */
}

#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

/* As `keymgr -t gw hmac-sha256` of Knot DNS writes it. */
#define KEYMGR                                                                                                         \
	"# hmac-sha256:gw:" SECRET "\n"                                                                                \
	"key:\n"                                                                                                       \
	"  - id: gw\n"                                                                                                 \
	"    algorithm: hmac-sha256\n"                                                                                 \
	"    secret: " SECRET "\n"

static void reads_what_keymgr_writes(void **state)
{
	struct tsig_key **keys = NULL;
	struct tsig_file_error error;
	size_t count = 0;

	(void)state;
	assert_one_key(KEYMGR, "gw", "hmac-sha256");
	assert_one_key("key:\r\n- secret: \"" SECRET
		       "\"  # of the gateway\r\n  id: 'gw'\r\n  algorithm: hmac-sha512\r\n",
		       "gw", "hmac-sha512");
	assert_int_equal(parse_octets(KEYMGR "  - id: other\n    secret: " SECRET "\n    algorithm: hmac-md5",
				      strlen(KEYMGR "  - id: other\n    secret: " SECRET "\n    algorithm: hmac-md5"),
				      &keys, &count, &error),
			 TSIG_OK);
	assert_int_equal(count, 2);
	assert_string_equal(tsig_key_name(keys[1]), "other");
	tsig_keys_free(&keys, count);
}

static void a_mark_before_the_text_is_nothing(void **state)
{
	(void)state;
	assert_one_key("\xef\xbb\xbf" KEYMGR, "gw", "hmac-sha256");
	assert_one_key("\xef\xbb\xbfkey gw { algorithm hmac-sha256; secret " SECRET "; };", "gw", "hmac-sha256");
	assert_refused("\xef\xbbkey gw { algorithm hmac-sha256; secret " SECRET "; };", TSIG_BAD_FILE, 1,
		       "expected a \"key\" statement");
	assert_refused("\xef\xbb\xbf", TSIG_BAD_FILE, 0, "expected at least one \"key\" statement, found none");
}

static void refuses_what_is_no_section_of_keys(void **state)
{
	(void)state;
	assert_refused("key:\n", TSIG_BAD_FILE, 0, "expected at least one \"key\" statement, found none");
	assert_refused("key:\n  id: gw\n", TSIG_BAD_FILE, 2, "expected \"- id:\" of a key");
	assert_refused("key:\n  - id: gw\n    algorithm: hmac-sha256\n", TSIG_BAD_FILE, 2,
		       "expected a \"secret\" in this key");
	assert_refused("key:\n  - algorithm: hmac-sha256\n    secret: " SECRET "\n", TSIG_BAD_FILE, 2,
		       "expected an \"id\" in this key");
	assert_refused("key:\n  - id: gw\n    id: gw\n", TSIG_BAD_FILE, 3, "this is given a second time in this key");
	assert_refused("key:\n  - id: gw\n    secret: a b\n", TSIG_BAD_FILE, 3,
		       "expected one value, in quotes or without blanks");
	assert_refused("key:\n  - id: gw\n    secret: \"open\n", TSIG_BAD_FILE, 3,
		       "expected one value, in quotes or without blanks");
	assert_refused("key:\n  - id: gw\n    secret:\n", TSIG_BAD_FILE, 3,
		       "expected one value, in quotes or without blanks");
	assert_refused("key:\n  - id: gw\nacl:\n", TSIG_BAD_FILE, 3,
		       "expected \"id:\", \"algorithm:\" or \"secret:\" of a key");
	assert_refused("key:\n  - id: gw\n    algorithm: sha256\n    secret: " SECRET "\n", TSIG_BAD_ALGORITHM, 3,
		       "expected hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384 or hmac-sha512");
	assert_refused(KEYMGR "  - id: gw\n    algorithm: hmac-md5\n    secret: " SECRET "\n", TSIG_BAD_FILE, 6,
		       "a key of this name stands on an earlier line");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_keymgr_writes),
		cmocka_unit_test(a_mark_before_the_text_is_nothing),
		cmocka_unit_test(refuses_what_is_no_section_of_keys),
		cmocka_unit_test(reads_what_tsig_keygen_writes),
		cmocka_unit_test(reads_what_people_write),
		cmocka_unit_test(reads_many_keys_in_their_order),
		cmocka_unit_test(the_secret_of_the_file_is_the_secret_of_the_key),
		cmocka_unit_test(gives_a_secret_back_in_base64),
		cmocka_unit_test(a_refusal_names_the_line_and_what_was_expected),
		cmocka_unit_test(every_beginning_of_a_file_is_refused_without_its_secret),
		cmocka_unit_test(nul_octets_do_not_end_a_token),
		WITH_PLACE(reads_a_file_of_up_to_64_kib),
		WITH_PLACE(names_the_line_in_a_file),
		WITH_PLACE(a_missing_file_is_told_in_the_words_of_errno),
		WITH_PLACE(only_regular_files_are_read),
	};

	return cmocka_run_group_tests_name("tsig key files", tests, NULL, NULL);
}
