/*
 * Sessions on a fake clock.
 */
#include "support.h"

#include <stdio.h>

#include "fake_env.h"
#include "page/session.h"

enum {
	MAX = 20,
	IDLE_S = 600,
	AGE_S = 3600,
	S = 1000, /* ms */
};

static const uint8_t mark[KEY_DIGEST_LEN] = {1, 2, 3};

struct world {
	struct fake_env *env;
	struct sessions *sessions;
};

static int set_up(void **state)
{
	static struct world world;
	struct session_limits limits = {MAX, AGE_S, IDLE_S};

	world.env = fake_env_new(1);
	assert_int_equal(sessions_new(fake_env_of(world.env), &limits, &world.sessions), STATUS_OK);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	sessions_free(&world->sessions);
	fake_env_free(&world->env);
	return 0;
}

static const char *begin(struct world *world, const char *login, char token[static SESSION_TOKEN_LEN + 1])
{
	assert_int_equal(sessions_begin(world->sessions, text_of(login), mark, token), STATUS_OK);
	return token;
}

static bool is_open(struct world *world, const char *token)
{
	return sessions_find(world->sessions, text_of(token)) != NULL;
}

static void a_token_opens_the_session_of_its_login_and_no_other(void **state)
{
	struct world *world = *state;
	char alice[SESSION_TOKEN_LEN + 1], bob[SESSION_TOKEN_LEN + 1];
	const struct session *session;

	begin(world, "alice", alice);
	begin(world, "bob", bob);
	assert_string_not_equal(alice, bob);
	assert_int_equal(strlen(alice), SESSION_TOKEN_LEN);
	session = sessions_find(world->sessions, text_of(alice));
	assert_text(session_login(session), "alice");
	assert_memory_equal(session->mark, mark, sizeof mark);
	assert_text(session_login(sessions_find(world->sessions, text_of(bob))), "bob");
	alice[0] = alice[0] == 'A' ? 'B' : 'A';
	assert_false(is_open(world, alice));
	assert_false(is_open(world, ""));
	bob[SESSION_TOKEN_LEN - 1] = '\0';
	assert_false(is_open(world, bob));
}

static void an_idle_session_ends_and_one_in_use_does_not(void **state)
{
	struct world *world = *state;
	char idle[SESSION_TOKEN_LEN + 1], used[SESSION_TOKEN_LEN + 1];

	begin(world, "alice", idle);
	begin(world, "bob", used);
	fake_env_advance(world->env, (IDLE_S - 1) * S);
	assert_true(is_open(world, used));
	fake_env_advance(world->env, 1 * S);
	assert_false(is_open(world, idle));
	assert_true(is_open(world, used));
	assert_int_equal(sessions_count(world->sessions), 1);
	fake_env_advance(world->env, IDLE_S * S);
	assert_false(is_open(world, used));
	assert_int_equal(sessions_count(world->sessions), 0);
}

static void at_a_certain_age_it_ends_whatever_happens(void **state)
{
	struct world *world = *state;
	char token[SESSION_TOKEN_LEN + 1];

	begin(world, "alice", token);
	for (unsigned at_s = 0; at_s < AGE_S; at_s += IDLE_S / 2) {
		assert_true(is_open(world, token));
		fake_env_advance(world->env, IDLE_S / 2 * S);
	}
	assert_false(is_open(world, token));
}

static void an_ended_session_stays_ended_and_others_go_on(void **state)
{
	struct world *world = *state;
	char first[SESSION_TOKEN_LEN + 1], second[SESSION_TOKEN_LEN + 1];

	begin(world, "alice", first);
	begin(world, "alice", second);
	sessions_end(world->sessions, text_of(first));
	sessions_end(world->sessions, text_of(first));
	assert_false(is_open(world, first));
	assert_true(is_open(world, second));
}

static void a_login_has_so_many_at_most_and_the_idlest_gives_way(void **state)
{
	struct world *world = *state;
	char tokens[SESSION_PER_LOGIN_MAX + 1][SESSION_TOKEN_LEN + 1], other[SESSION_TOKEN_LEN + 1];

	begin(world, "bob", other);
	for (size_t i = 0; i < SESSION_PER_LOGIN_MAX; i++)
		begin(world, "alice", tokens[i]);
	assert_true(is_open(world, tokens[0]));
	begin(world, "alice", tokens[SESSION_PER_LOGIN_MAX]);
	assert_true(is_open(world, other));
	for (size_t i = 0; i <= SESSION_PER_LOGIN_MAX; i++)
		assert_int_equal(is_open(world, tokens[i]), i != 1);
}

static void many_logins_have_so_many_together_at_most(void **state)
{
	struct world *world = *state;
	char tokens[2 * MAX][SESSION_TOKEN_LEN + 1], login[8];

	for (size_t i = 0; i < 2 * MAX; i++) {
		snprintf(login, sizeof login, "u%zu", i);
		begin(world, login, tokens[i]);
		assert_true(sessions_count(world->sessions) <= MAX);
	}
	for (size_t i = 0; i < 2 * MAX; i++)
		assert_int_equal(is_open(world, tokens[i]), i >= MAX);
}

static void a_login_that_is_too_long_gets_none(void **state)
{
	static const char login[ACCOUNT_LOGIN_MAX + 1] = {'x'};
	struct world *world = *state;
	char token[SESSION_TOKEN_LEN + 1];

	assert_int_equal(sessions_begin(world->sessions, (struct text){login, sizeof login}, mark, token),
			 STATUS_TOO_LONG);
	assert_int_equal(sessions_begin(world->sessions, (struct text){login, sizeof login - 1}, mark, token),
			 STATUS_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_token_opens_the_session_of_its_login_and_no_other),
		TEST(an_idle_session_ends_and_one_in_use_does_not),
		TEST(at_a_certain_age_it_ends_whatever_happens),
		TEST(an_ended_session_stays_ended_and_others_go_on),
		TEST(a_login_has_so_many_at_most_and_the_idlest_gives_way),
		TEST(many_logins_have_so_many_together_at_most),
		TEST(a_login_that_is_too_long_gets_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
