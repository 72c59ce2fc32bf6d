/*
 * Checking secrets against crypt(3) hashes: what is remembered, what waits, and who goes first.
 */
#include "support.h"

#include "account/password.h"
#include "account/throttle.h"
#include "account/verifier.h"
#include "fake_env.h"

#include <stdio.h>
#include <stdlib.h>

#define PASSWORD "correct horse"

/* By openssl-passwd(1) and crypt(3). */
#define SHA256_HASH   "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/"
#define SHA512_HASH   "$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2scFtv/uamSo5z0"
#define YESCRYPT_HASH "$y$j75$abcdefghijklmnopqrstu0$NrDLxdh8RZsWZGjPgaTyFYpgfjnLrvMdBZJ3EMKXds7"

enum { WAITING_MAX = 128 };

struct world {
	struct fake_env *fake;
	struct verifier *verifier;
	unsigned order; /* of the answers */
};

struct answer {
	struct world *world;
	struct check *check;
	unsigned calls, order;
	enum status status;
	bool matches;
};

static int setup(void **state)
{
	struct world *world = fake_env_calloc(1, sizeof *world);

	world->fake = fake_env_new(1);
	assert_int_equal(verifier_new(fake_env_of(world->fake), &world->verifier), STATUS_OK);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	verifier_free(&world->verifier);
	fake_env_settle(world->fake);
	fake_env_free(&world->fake);
	free(world);
	return 0;
}

static void on_verified(void *ctx, enum status status, bool matches)
{
	struct answer *answer = ctx;

	answer->calls++;
	answer->status = status;
	answer->matches = matches;
	answer->order = ++answer->world->order;
}

static void begin(struct world *world, const char *secret, unsigned suspicion, struct answer *answer)
{
	*answer = (struct answer){.world = world};
	verifier_check(world->verifier, SHA256_HASH, text_of(secret), suspicion, on_verified, answer, &answer->check);
}

static bool matches(const char *hash, struct text password)
{
	bool matches;

	assert_int_equal(password_check(hash, password, &matches), STATUS_OK);
	return matches;
}

static void knows_the_methods_of_the_system(void **state)
{
	static const char *const hashes[] = {SHA256_HASH, SHA512_HASH, YESCRYPT_HASH};

	(void)state;
	for (size_t i = 0; i < LENGTH(hashes); i++) {
		assert_row(hashes[i], password_is_hash(text_of(hashes[i])));
		assert_row(hashes[i], matches(hashes[i], text_of(PASSWORD)));
		assert_row(hashes[i], !matches(hashes[i], text_of("correct horsf")));
		assert_row(hashes[i], !matches(hashes[i], text_of("")));
		assert_row(hashes[i], !matches(hashes[i], (struct text){PASSWORD "\0x", sizeof PASSWORD + 1}));
	}
}

static void what_has_not_the_form_of_a_hash_is_none(void **state)
{
	static const struct text rows[] = {
		OCTETS(""),
		OCTETS("$"),
		OCTETS("$6$"),
		OCTETS("$6$saltsalt$"),
		OCTETS("$6$saltsalt$short"),
		OCTETS("$nix$saltsalt$0123456789012345678901"),
		OCTETS("6$saltsalt$012345678901234567890123456789"),
		OCTETS("abJnggxhB/yWI"), /* DES, of two characters of salt */
		OCTETS("$5$salt:alt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/"),
		OCTETS("$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNY\0n6lmWG4Mqnjx.KIRRr4/"),
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_row(rows[i].octets, !password_is_hash(rows[i]));
}

/* Each would hold up all others for minutes to years. */
static void a_hash_that_takes_too_long_to_check_is_none(void **state)
{
	static const struct {
		const char *hash;
		bool affordable;
	} rows[] = {
		{"$6$rounds=1000000$saltsalt$0123456789012345678901", true},
		{"$6$rounds=1000001$saltsalt$0123456789012345678901", false},
		{"$5$rounds=999999999$saltsalt$0123456789012345678901", false},
		{"$2b$15$0123456789012345678901u3456789012345678901234567890123", true},
		{"$2b$16$0123456789012345678901u3456789012345678901234567890123", false},
		{"$y$jFT$saltsaltsaltsaltsalts/$0123456789012345678901234567890123456789012", true},
		{"$y$jIT$saltsaltsaltsaltsalts/$0123456789012345678901234567890123456789012", false},
		{"$gy$jzT$saltsaltsaltsaltsalts/$0123456789012345678901234567890123456789012", false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_row(rows[i].hash, password_is_hash(text_of(rows[i].hash)) == rows[i].affordable);
}

static void new_hashes_are_yescrypt_and_differ(void **state)
{
	char first[PASSWORD_HASH_MAX], second[PASSWORD_HASH_MAX], longest[PASSWORD_MAX + 2];

	(void)state;
	assert_int_equal(password_hash(text_of(PASSWORD), first), STATUS_OK);
	assert_int_equal(password_hash(text_of(PASSWORD), second), STATUS_OK);
	assert_memory_equal(first, "$y$", 3);
	assert_string_not_equal(first, second);
	assert_true(password_is_hash(text_of(first)));
	assert_true(matches(first, text_of(PASSWORD)));

	assert_int_equal(password_hash(text_of(""), first), STATUS_INVALID);
	memset(longest, 'x', sizeof longest);
	assert_int_equal(password_hash((struct text){longest, PASSWORD_MAX + 1}, first), STATUS_INVALID);
	assert_int_equal(password_hash((struct text){"a\0b", 3}, first), STATUS_INVALID);
}

static void computes_once_and_remembers(void **state)
{
	struct world *world = *state;
	struct answer answer;

	for (int right = 0; right <= 1; right++) {
		const char *secret = right ? PASSWORD : "wrong horse";

		begin(world, secret, 0, &answer);
		assert_int_equal(answer.calls, 0);
		fake_env_settle(world->fake);
		assert_int_equal(answer.calls, 1);
		assert_int_equal(answer.status, STATUS_OK);
		assert_int_equal(answer.matches, right);

		begin(world, secret, 1, &answer);
		assert_int_equal(answer.calls, 1); /* at once */
		assert_int_equal(answer.matches, right);
	}
}

/* In either queue, and under way. */
static void what_is_given_up_is_not_told(void **state)
{
	struct world *world = *state;
	struct answer under_way, given_up[2], stays;

	begin(world, PASSWORD, 0, &under_way);
	for (unsigned suspicion = 0; suspicion < 2; suspicion++) {
		begin(world, "wrong horse", suspicion, &given_up[suspicion]);
		assert_non_null(given_up[suspicion].check);
	}
	begin(world, "another horse", 1, &stays);
	for (unsigned suspicion = 0; suspicion < 2; suspicion++) {
		verifier_give_up(&given_up[suspicion].check);
		assert_null(given_up[suspicion].check);
		verifier_give_up(&given_up[suspicion].check);
	}
	verifier_give_up(&under_way.check);
	fake_env_settle(world->fake);
	assert_int_equal(under_way.calls + given_up[0].calls + given_up[1].calls, 0);
	assert_int_equal(stays.calls, 1);
	assert_null(stays.check);
	begin(world, PASSWORD, 0, &under_way); /* what was under way is remembered, the others were not computed */
	assert_int_equal(under_way.calls, 1);
	assert_null(under_way.check);
	begin(world, "wrong horse", 0, &given_up[0]);
	assert_int_equal(given_up[0].calls, 0);
}

static void what_is_given_up_makes_room(void **state)
{
	static struct answer answers[WAITING_MAX + 2];
	struct world *world = *state;
	char secret[32];

	for (unsigned i = 0; i < WAITING_MAX + 1; i++) {
		snprintf(secret, sizeof secret, "horse %u", i);
		begin(world, secret, 0, &answers[i]);
		assert_int_equal(answers[i].calls, 0);
	}
	verifier_give_up(&answers[7].check);
	begin(world, "one more horse", 0, &answers[WAITING_MAX + 1]);
	assert_int_equal(answers[WAITING_MAX + 1].calls, 0);
	for (unsigned i = 0; i < WAITING_MAX + 2; i++)
		verifier_give_up(&answers[i].check);
	fake_env_settle(world->fake);
}

static void a_changed_password_is_not_remembered(void **state)
{
	struct world *world = *state;
	struct answer answer;

	begin(world, PASSWORD, 0, &answer);
	fake_env_settle(world->fake);
	assert_true(answer.matches);
	answer.calls = 0;
	verifier_check(world->verifier, YESCRYPT_HASH, text_of("another one"), 0, on_verified, &answer, NULL);
	assert_int_equal(answer.calls, 0);
	fake_env_settle(world->fake);
	assert_false(answer.matches);
}

/* Nor can a part of the secret pass for a part of the hash. */
static void hash_and_secret_are_told_apart(void **state)
{
	struct world *world = *state;
	struct answer answer;

	begin(world, PASSWORD, 0, &answer);
	fake_env_settle(world->fake);
	answer.calls = 0;
	verifier_check(world->verifier, SHA256_HASH "c", text_of("orrect horse"), 0, on_verified, &answer, NULL);
	fake_env_settle(world->fake);
	assert_int_equal(answer.calls, 1);
	assert_false(answer.matches);
}

static void a_flood_of_wrong_ones_does_not_push_out_right_ones(void **state)
{
	struct world *world = *state;
	struct answer answer;

	begin(world, PASSWORD, 0, &answer);
	fake_env_settle(world->fake);
	for (unsigned i = 0; i < 300; i++) {
		char secret[16];

		snprintf(secret, sizeof secret, "wrong %u", i);
		begin(world, secret, 1, &answer);
		fake_env_settle(world->fake);
		assert_false(answer.matches);
	}
	begin(world, PASSWORD, 0, &answer);
	assert_int_equal(answer.calls, 1);
	assert_true(answer.matches);
}

static void suspects_wait_behind_all_others(void **state)
{
	struct world *world = *state;
	struct answer first, suspects[3], honest;

	begin(world, "first", 1, &first);
	for (size_t i = 0; i < LENGTH(suspects); i++) {
		char secret[16];

		snprintf(secret, sizeof secret, "suspect %zu", i);
		begin(world, secret, 1, &suspects[i]);
	}
	begin(world, PASSWORD, 0, &honest);
	fake_env_settle(world->fake);
	assert_true(honest.matches);
	assert_int_equal(first.order, 1); /* it was being computed already */
	assert_int_equal(honest.order, 2);
	for (size_t i = 0; i < LENGTH(suspects); i++)
		assert_int_equal(suspects[i].order, i + 3);
}

static void beyond_the_bound_nothing_is_known_and_told_at_once(void **state)
{
	static struct answer answers[WAITING_MAX + 2], honest;
	struct world *world = *state;

	for (size_t i = 0; i < LENGTH(answers); i++) {
		char secret[16];

		snprintf(secret, sizeof secret, "wrong %zu", i);
		begin(world, secret, 1, &answers[i]);
	}
	/* One is being computed, and as many wait as may. */
	assert_int_equal(answers[WAITING_MAX].calls, 0);
	assert_int_equal(answers[WAITING_MAX + 1].calls, 1);
	assert_int_equal(answers[WAITING_MAX + 1].status, STATUS_FULL);
	/* The queue of the others is their own. */
	begin(world, PASSWORD, 0, &honest);
	assert_int_equal(honest.calls, 0);
	fake_env_settle(world->fake);
	assert_true(honest.matches);
}

static void the_least_suspicious_go_first_and_the_most_suspicious_give_way(void **state)
{
	static struct answer answers[WAITING_MAX + 1], honest;
	struct world *world = *state;

	for (size_t i = 0; i < LENGTH(answers); i++) {
		char secret[16];

		snprintf(secret, sizeof secret, "wrong %zu", i);
		begin(world, secret, i == 70 ? 9 : 5, &answers[i]);
	}
	begin(world, PASSWORD, 1, &honest);
	assert_int_equal(answers[70].calls, 1);
	assert_int_equal(answers[70].status, STATUS_FULL);
	fake_env_settle(world->fake);
	assert_true(honest.matches);
	assert_int_equal(honest.order, 3); /* one was being computed already, one gave way */
	assert_int_equal(answers[1].order, 4);
	assert_int_equal(answers[2].order, 5);
}

static void suspects_get_a_quarter_of_the_time(void **state)
{
	static struct answer answers[20];
	struct world *world = *state;
	unsigned answered = 0;

	fake_env_set_work_ms(world->fake, 50);
	for (size_t i = 0; i < LENGTH(answers); i++) {
		char secret[16];

		snprintf(secret, sizeof secret, "wrong %zu", i);
		begin(world, secret, 1, &answers[i]);
	}
	fake_env_advance(world->fake, 2000);
	for (size_t i = 0; i < LENGTH(answers); i++)
		answered += answers[i].calls;
	assert_int_equal(answered, 10);
	/* Others need not wait for the end of the pause. */
	fake_env_advance(world->fake, 100);
	begin(world, PASSWORD, 0, &answers[0]);
	fake_env_advance(world->fake, 50);
	assert_true(answers[0].matches);
}

/* ---- With the throttle: who guesses, and who does not ---- */

enum { GUESSERS = 60, AT_ONCE = 8, HASH_MS = 50, STEP_MS = 100, RETRY_MS = 5000, TURN_MS = 30000 };

struct guess {
	struct answer answer;
	struct addr source;
};

static unsigned suspicion_of(struct world *world, const struct throttle *throttle, const struct addr *source)
{
	return throttle_suspicion(throttle, text_of("alice"), source, fake_env_now_ms(world->fake));
}

/* What was answered is guessed anew, with another wrong key. */
static void guess_on(struct world *world, struct throttle *throttle, struct guess *guess)
{
	static unsigned number;
	char secret[16];

	if (!guess->answer.calls)
		return;
	if (guess->answer.calls && guess->answer.status == STATUS_OK)
		throttle_failed(throttle, text_of("alice"), 0, &guess->source, fake_env_now_ms(world->fake));
	snprintf(secret, sizeof secret, "guess %u", number++);
	begin(world, secret, suspicion_of(world, throttle, &guess->source), &guess->answer);
}

static void a_flood_of_guesses_from_many_sources_does_not_starve_the_right_key(void **state)
{
	static struct guess guesses[GUESSERS * AT_ONCE];
	const struct throttle_limits limits = {.failures_max = 20, .recovery_s = 900, .seed = 1};
	struct addr source = addr_of("198.51.100.1");
	struct world *world = *state;
	struct throttle *throttle;
	struct answer honest = {.calls = 1};

	assert_int_equal(throttle_new(&limits, &throttle), STATUS_OK);
	fake_env_set_work_ms(world->fake, HASH_MS);
	for (size_t i = 0; i < LENGTH(guesses); i++) {
		guesses[i].source = addr_of("192.0.2.1");
		guesses[i].source.octets[3] = (uint8_t)(i % GUESSERS);
		guesses[i].answer.calls = 1;
		guesses[i].answer.status = STATUS_FULL;
	}
	for (uint64_t ms = 0; !honest.matches; ms += STEP_MS) {
		assert_true(ms < TURN_MS);
		for (size_t i = 0; i < LENGTH(guesses); i++)
			guess_on(world, throttle, &guesses[i]);
		if (ms % RETRY_MS == 0 && honest.calls)
			begin(world, PASSWORD, suspicion_of(world, throttle, &source), &honest);
		fake_env_advance(world->fake, STEP_MS);
	}
	throttle_free(&throttle);
}

static void what_has_waited_too_long_is_given_up(void **state)
{
	static struct answer answers[3];
	struct world *world = *state;

	fake_env_set_work_ms(world->fake, 2000);
	begin(world, "first", 0, &answers[0]);
	begin(world, "second", 0, &answers[1]);
	begin(world, "third", 0, &answers[2]);
	fake_env_advance(world->fake, 10000);
	assert_int_equal(answers[0].status, STATUS_OK);
	assert_int_equal(answers[1].status, STATUS_OK);
	assert_int_equal(answers[2].calls, 1);
	assert_int_equal(answers[2].status, STATUS_FULL);
}

/* Others come all the time, who are less suspicious. */
static void nobody_waits_without_end(void **state)
{
	static struct answer others[100];
	struct world *world = *state;
	struct answer most;

	fake_env_set_work_ms(world->fake, 50);
	begin(world, "first", 1, &others[0]);
	begin(world, "of the most suspicious", 9, &most);
	for (size_t i = 1; i < LENGTH(others) && !most.calls; i++) {
		char secret[16];

		snprintf(secret, sizeof secret, "wrong %zu", i);
		begin(world, secret, i % 2, &others[i]);
		fake_env_advance(world->fake, 100);
	}
	assert_int_equal(most.calls, 1);
	assert_int_equal(most.status, STATUS_FULL);
}

static void the_same_secret_is_computed_once_for_all_who_wait(void **state)
{
	struct world *world = *state;
	struct answer answers[20];

	for (size_t i = 0; i < LENGTH(answers); i++)
		begin(world, PASSWORD, 0, &answers[i]);
	fake_env_settle(world->fake);
	for (size_t i = 0; i < LENGTH(answers); i++)
		assert_true(answers[i].calls == 1 && answers[i].matches);
}

static void those_who_wait_when_it_is_freed_are_never_told(void **state)
{
	struct world *world = *state;
	struct answer first, second;

	begin(world, "first", 0, &first);
	begin(world, "second", 0, &second);
	verifier_free(&world->verifier);
	assert_null(world->verifier);
	fake_env_settle(world->fake);
	assert_int_equal(first.calls + second.calls, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_methods_of_the_system),
		cmocka_unit_test(what_has_not_the_form_of_a_hash_is_none),
		cmocka_unit_test(a_hash_that_takes_too_long_to_check_is_none),
		cmocka_unit_test(new_hashes_are_yescrypt_and_differ),
		TEST(computes_once_and_remembers),
		TEST(what_is_given_up_is_not_told),
		TEST(what_is_given_up_makes_room),
		TEST(a_changed_password_is_not_remembered),
		TEST(hash_and_secret_are_told_apart),
		TEST(a_flood_of_wrong_ones_does_not_push_out_right_ones),
		TEST(suspects_wait_behind_all_others),
		TEST(beyond_the_bound_nothing_is_known_and_told_at_once),
		TEST(the_least_suspicious_go_first_and_the_most_suspicious_give_way),
		TEST(suspects_get_a_quarter_of_the_time),
		TEST(a_flood_of_guesses_from_many_sources_does_not_starve_the_right_key),
		TEST(what_has_waited_too_long_is_given_up),
		TEST(nobody_waits_without_end),
		TEST(the_same_secret_is_computed_once_for_all_who_wait),
		TEST(those_who_wait_when_it_is_freed_are_never_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
