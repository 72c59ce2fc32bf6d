/*
 * The queue's steps. TXT records: strings that are set, added, taken out and rotated, by one gateway and by several.
 */
#include "queue_bench.h"

#include <stdio.h>
#include <string.h>

/* ---- TXT records ---- */

static struct waiter *submit_txt(struct bench *bench, enum change_kind kind, const char *string)
{
	struct change_set set = set_of(WWW, 0, 0);

	set.count = 1;
	set.changes[0] = change_of_string(kind, string, TTL_S);
	assert_int_equal(try_submit_set(bench, set), STATUS_OK);
	act_all(bench);
	return &bench->waiters[bench->waiter_count - 1];
}

/* `second` may be NULL. */
static struct dns_result found_texts(const char *first, const char *second)
{
	const char *const strings[] = {first, second, NULL};
	struct rrset rrset = rrset_of_strings(TTL_S, strings);

	return (struct dns_result){.verdict = DNS_VERIFIED,
				   .answer = {.authoritative = true, .count = rrset.count, .rrset = rrset}};
}

static struct dns_result found_no_text(void)
{
	return (struct dns_result){.verdict = DNS_VERIFIED,
				   .answer = {.authoritative = true, .rrset = rrset_empty(RR_TXT, 0)}};
}

/* Which strings a rotation has go, separated by blanks. */
static void assert_gone(struct bench *bench, const char *strings)
{
	const struct rrset *was = &message_of(bench, WWW)->copies[0].changes[0].was;
	char gone[RRSET_MAX * 32] = "";
	struct rdata at = {NULL, 0};

	assert_kind(bench, WWW, DNS_UPDATE);
	while (rrset_next(was, &at))
		sprintf(gone + strlen(gone), "%s%.*s", *gone ? " " : "", at.octets[0], (const char *)at.octets + 1);
	assert_string_equal(gone, strings);
}

static void commit_txt(struct bench *bench, enum change_kind kind, const char *string)
{
	struct waiter *waiter = submit_txt(bench, kind, string);

	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
}

static void a_text_is_looked_at_before_it_is_set_or_a_string_is_added(void **state)
{
	static const struct {
		enum change_kind kind;
		const char *string;
		unsigned looks;
	} rows[] = {
		{CHANGE_REPLACE, "proof", 1}, {CHANGE_ADD, "proof", 2},    {CHANGE_DROP, "proof", 2},
		{CHANGE_REPLACE, "", 3},      {CHANGE_ROTATE, "proof", 4},
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		commit_txt(bench, rows[i].kind, rows[i].string);
		assert_int_equal(bench->sends[DNS_QUERY], rows[i].looks);
	}
	assert_int_equal(bench->sends[DNS_CONFIRM], 0);
	assert_at_rest(bench);
}

/* What was put there before the name was hidden may go. */
static void no_text_is_added_where_nobody_would_find_it(void **state)
{
	static const enum change_kind kinds[] = {CHANGE_REPLACE, CHANGE_ADD, CHANGE_ROTATE};
	struct bench *bench = *state;

	bench->blind = true;
	for (unsigned i = 0; i < 2 * sizeof kinds / sizeof *kinds; i++) {
		struct waiter *waiter = submit_txt(bench, kinds[i / 2], "proof");

		reply_with(bench, WWW, i % 2 ? below_a_dname() : referral());
		assert_no_record(waiter, RR_NONE);
		assert_at_rest(bench);
	}
	assert_int_equal(bench->sends[DNS_UPDATE], 0);
	commit_txt(bench, CHANGE_DROP, "proof");
	assert_at_rest(bench);
}

static void a_text_is_added_though_the_primary_does_not_tell(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit_txt(bench, CHANGE_ADD, "proof");
	reply(bench, WWW, DNS_REFUSED);
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

/*
 * The strings that are to go are those in whose place this gateway has put two newer ones. What is there comes in
 * whatever order.
 */
static void a_text_that_rotates_has_go_what_is_older_than_two_of_its_own(void **state)
{
	static const struct {
		const char *first, *second, *gone;
	} rows[] = {
		{"older", NULL, "older"},     {"last", "older", "older"},
		{"older", "last", "older"},   {"new", NULL, ""},
		{"new", "last", ""},          {"older", "new", "older"},
		{"another's", "last", ""},    {"another's", "older", "older"},
		{"another's", "another", ""},
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct waiter *waiter;

		bench->blind = false;
		commit_txt(bench, CHANGE_REPLACE, "older");
		commit_txt(bench, CHANGE_ROTATE, "last");
		bench->blind = true;
		waiter = submit_txt(bench, CHANGE_ROTATE, "new");
		assert_kind(bench, WWW, DNS_QUERY);
		reply_with(bench, WWW, found_texts(rows[i].first, rows[i].second));
		assert_gone(bench, rows[i].gone);
		reply(bench, WWW, DNS_NOERROR);
		assert_outcome(waiter, OUTCOME_CHANGED);
	}
	assert_at_rest(bench);
}

/* As after a restart: one of them may be another gateway's, and a moment old. */
static void what_nobody_knows_the_age_of_stays_unless_it_is_too_much(void **state)
{
	struct bench *bench = *state;
	struct dns_result many = found_texts("text0", "text1");

	bench->blind = true;
	submit_txt(bench, CHANGE_ROTATE, "first");
	reply_with(bench, WWW, found_texts("old", "older"));
	assert_gone(bench, "");
	reply(bench, WWW, DNS_NOERROR);
	submit_txt(bench, CHANGE_ROTATE, "second");
	reply_with(bench, WWW, found_texts("old", "first"));
	assert_gone(bench, "old");
	reply(bench, WWW, DNS_NOERROR);
	submit_txt(bench, CHANGE_DROP, "second"); /* now nothing is known */
	reply(bench, WWW, DNS_NOERROR);
	while (many.answer.count < RRSET_MAX) {
		struct txt txt = txt_of("textN");

		txt.octets[4] = (char)('0' + many.answer.count++);
		rrset_put(&many.answer.rrset, rdata_of_txt(&txt));
	}
	submit_txt(bench, CHANGE_ROTATE, "new");
	reply_with(bench, WWW, many);
	assert_int_equal(message_of(bench, WWW)->copies[0].changes[0].was.count, 1);
	reply(bench, WWW, DNS_NOERROR);
	assert_at_rest(bench);
}

static void a_string_that_is_put_again_takes_no_other_one_s_place(void **state)
{
	struct bench *bench = *state;

	commit_txt(bench, CHANGE_ROTATE, "first");
	commit_txt(bench, CHANGE_ROTATE, "second");
	bench->blind = true;
	submit_txt(bench, CHANGE_ROTATE, "second");
	reply_with(bench, WWW, found_texts("first", "second"));
	assert_gone(bench, "");
	reply(bench, WWW, DNS_NOERROR);
	assert_at_rest(bench);
}

static void a_text_that_was_taken_out_was_not_set_last(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	commit_txt(bench, CHANGE_ADD, "old");
	commit_txt(bench, CHANGE_ADD, "last");
	commit_txt(bench, CHANGE_DROP, "another");
	bench->blind = true;
	waiter = submit_txt(bench, CHANGE_ROTATE, "new");
	reply_with(bench, WWW, found_texts("old", "last"));
	assert_gone(bench, "old");
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

/* Which of the others is the newest then, nobody knows. */
static void when_the_last_string_is_taken_out_the_others_stay(void **state)
{
	struct bench *bench = *state;

	commit_txt(bench, CHANGE_ADD, "old");
	commit_txt(bench, CHANGE_ADD, "last");
	commit_txt(bench, CHANGE_DROP, "last");
	bench->blind = true;
	submit_txt(bench, CHANGE_ROTATE, "new");
	reply_with(bench, WWW, found_texts("old", "older"));
	assert_gone(bench, "");
	reply(bench, WWW, DNS_NOERROR);
	assert_at_rest(bench);
}

/* What was read is the prerequisite of what is set. If it has changed since, the text is set all the same. */
static void a_text_is_set_on_condition_of_what_was_there(void **state)
{
	static const enum dns_rcode differs[] = {DNS_NXRRSET, DNS_YXRRSET};
	struct bench *bench = *state;

	bench->blind = true;
	for (unsigned i = 0; i < 2; i++) {
		struct waiter *waiter = submit_txt(bench, CHANGE_REPLACE, i ? "" : "proof");
		const struct rrset *was;

		reply_with(bench, WWW, i ? found_no_text() : found_texts("old", "older"));
		was = &message_of(bench, WWW)->copies[0].changes[0].was;
		assert_kind(bench, WWW, DNS_UPDATE);
		assert_true(was->known);
		assert_int_equal(was->count, i ? 0 : 2);
		assert_true(i ||
			    (rdata_is_string(rrset_at(was, 0), "old") && rdata_is_string(rrset_at(was, 1), "older")));
		reply(bench, WWW, differs[i]);
		assert_kind(bench, WWW, DNS_QUERY);
		reply_with(bench, WWW, found_texts("other", NULL));
		assert_kind(bench, WWW, DNS_UPDATE);
		assert_false(message_of(bench, WWW)->copies[0].changes[0].was.known);
		reply(bench, WWW, DNS_NOERROR);
		assert_outcome(waiter, OUTCOME_CHANGED);
		assert_at_rest(bench);
	}
}

/* ---- Several gateways at one TXT record ---- */

enum { GATEWAYS = 3, ZONE_TEXTS = 512, VIEWS = 6, TEXT_STEPS = 2400 };

/* What the primary has, and what queries have seen of it: a signed copy, or a secondary, lags behind. */
struct text_zone {
	size_t count;
	unsigned texts[ZONE_TEXTS];
};

static unsigned text_number(struct rdata rdata)
{
	char string[32] = "";

	assert_true(rdata.octets[0] < sizeof string);
	memcpy(string, rdata.octets + 1, rdata.octets[0]);
	return (unsigned)strtoul(string, NULL, 10);
}

static size_t find_text(const struct text_zone *zone, unsigned number)
{
	size_t i = 0;

	while (i < zone->count && zone->texts[i] != number)
		i++;
	return i;
}

static void rotate_in_zone(struct text_zone *zone, const struct change *change)
{
	unsigned put = text_number(change_record(change));
	struct rdata gone = {NULL, 0};

	while (rrset_next(&change->was, &gone)) {
		size_t at = find_text(zone, text_number(gone));

		if (at < zone->count)
			zone->texts[at] = zone->texts[--zone->count];
	}
	assert_true(zone->count < ZONE_TEXTS);
	if (find_text(zone, put) == zone->count)
		zone->texts[zone->count++] = put;
}

static struct dns_result see_zone(const struct text_zone *zone, struct fake_random *random)
{
	struct dns_result result = found_no_text();
	size_t first = zone->count ? fake_random_below(random, (unsigned)zone->count) : 0;

	result.answer.count = zone->count;
	result.answer.rrset.known = zone->count <= RRSET_MAX;
	for (size_t i = 0; i < zone->count && i < RRSET_MAX; i++) {
		struct txt txt;
		char string[32];

		sprintf(string, "%u", zone->texts[(first + i) % zone->count]);
		txt = txt_of(string);
		rrset_put(&result.answer.rrset, rdata_of_txt(&txt));
	}
	return result;
}

/*
 * Whatever order they come in, and however old it is what they read: the two strings that were put there last are
 * there, and what is older goes.
 */
static void several_gateways_leave_each_other_the_last_two_strings(void **state)
{
	(void)state;
	for (unsigned lag = 0; lag < VIEWS; lag++) {
		struct fake_random random = {.state = 7 + lag};
		struct text_zone zone = {0}, views[VIEWS] = {0};
		struct bench *benches[GATEWAYS];
		unsigned last = 0, before = 0, rotated;
		bool ever[TEXT_STEPS] = {false};
		size_t most = 0;

		for (unsigned i = 0; i < GATEWAYS; i++) {
			benches[i] = bench_new(&limits_default);
			benches[i]->blind = true;
		}
		for (unsigned step = 0, number = 1; step < TEXT_STEPS; step++) {
			struct bench *bench = benches[fake_random_below(&random, GATEWAYS)];
			const struct message *message = bench->messages;
			char string[32];

			if (bench->message_count == 0 && queue_waiting(bench->queue)) {
				pass_to_next(bench);
				continue;
			}
			if (bench->message_count == 0) {
				sprintf(string, "%u", number++);
				submit_txt(bench, CHANGE_ROTATE, string);
				continue;
			}
			if (message->request.kind == DNS_QUERY) {
				reply_with(bench, WWW, see_zone(&views[fake_random_below(&random, lag + 1)], &random));
				continue;
			}
			/* One that is repeated, because its reply was lost, is as old as it was. */
			rotated = text_number(change_record(&message->copies[0].changes[0]));
			if (!ever[rotated]) {
				before = last;
				last = rotated;
				ever[last] = true;
			}
			rotate_in_zone(&zone, &message->copies[0].changes[0]);
			assert_true(find_text(&zone, last) < zone.count);
			assert_true(before == 0 || find_text(&zone, before) < zone.count);
			memmove(&views[1], &views[0], (VIEWS - 1) * sizeof *views);
			views[0] = zone;
			most = zone.count > most ? zone.count : most;
			reply_as(bench, WWW, fake_random_below(&random, 10) ? DNS_VERIFIED : DNS_UNKNOWN, DNS_NOERROR);
		}
		if (most > 3 * GATEWAYS * (lag + 1))
			fail_msg("%zu strings were there with a lag of %u", most, lag);
		for (unsigned i = 0; i < GATEWAYS; i++)
			bench_free(benches[i]);
	}
}

/* The other string would be lost, and with it somebody's challenge. */
static void texts_that_cannot_be_read_are_not_rotated(void **state)
{
	const struct dns_result results[] = {
		{.verdict = DNS_VERIFIED, .rcode = DNS_REFUSED},
		{.verdict = DNS_VERIFIED, .rcode = DNS_NOERROR}, /* no authority */
	};
	struct bench *bench = *state;

	bench->blind = true;
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		struct waiter *waiter = submit_txt(bench, CHANGE_ROTATE, "new");

		reply_with(bench, WWW, results[i]);
		assert_outcome(waiter, OUTCOME_REFUSED);
		assert_at_rest(bench);
	}
	assert_int_equal(bench->sends[DNS_UPDATE], 0);
}

static void what_became_of_a_rotation_is_looked_at(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit_txt(bench, CHANGE_ROTATE, "new");
	reply_with(bench, WWW, found_texts("old", NULL));
	reply_as(bench, WWW, DNS_UNKNOWN, 0);
	pass_to_next(bench);
	assert_kind(bench, WWW, DNS_QUERY);
	reply_with(bench, WWW, found_texts("new", "other"));
	assert_gone(bench, "");
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

static void no_text_is_put_beside_an_alias(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter = submit_txt(bench, CHANGE_ADD, "proof");

	reply(bench, WWW, DNS_YXRRSET);
	assert_no_record(waiter, RR_TXT);
	assert_at_rest(bench);
}

/* Added strings are all wanted; of two that are to be the only one the later counts. */
static void only_a_text_that_is_to_be_the_only_one_replaces_another(void **state)
{
	static const struct {
		enum change_kind earlier, later;
		bool together;
	} rows[] = {
		{CHANGE_REPLACE, CHANGE_REPLACE, true}, {CHANGE_ADD, CHANGE_ADD, false},
		{CHANGE_DROP, CHANGE_DROP, false},      {CHANGE_ADD, CHANGE_REPLACE, false},
		{CHANGE_REPLACE, CHANGE_ADD, false},
	};
	struct bench *bench = *state;

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct waiter *earlier, *later;

		submit_txt(bench, CHANGE_ADD, "first");
		earlier = submit_txt(bench, rows[i].earlier, "earlier");
		later = submit_txt(bench, rows[i].later, "later");
		reply(bench, WWW, DNS_NOERROR);
		reply(bench, WWW, DNS_NOERROR);
		assert_outcome(earlier, OUTCOME_CHANGED);
		if (later->answers != rows[i].together)
			fail_msg("row %u", i);
		if (!rows[i].together)
			reply(bench, WWW, DNS_NOERROR);
		assert_outcome(later, OUTCOME_CHANGED);
		assert_at_rest(bench);
	}
}

/* A text and an address of one owner are two sets, which go one after the other. */
static void a_text_and_an_address_do_not_replace_each_other(void **state)
{
	struct bench *bench = *state;
	struct waiter *text, *address;

	submit_txt(bench, CHANGE_ADD, "first");
	address = submit(bench, WWW, V4);
	text = submit_txt(bench, CHANGE_REPLACE, "proof");
	reply(bench, WWW, DNS_NOERROR);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(address, OUTCOME_CHANGED);
	assert_waits(text);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(text, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_text_is_looked_at_before_it_is_set_or_a_string_is_added),
		TEST(no_text_is_added_where_nobody_would_find_it),
		TEST(a_text_is_added_though_the_primary_does_not_tell),
		TEST(a_text_that_rotates_has_go_what_is_older_than_two_of_its_own),
		TEST(what_nobody_knows_the_age_of_stays_unless_it_is_too_much),
		TEST(a_string_that_is_put_again_takes_no_other_one_s_place),
		TEST(when_the_last_string_is_taken_out_the_others_stay),
		TEST(a_text_is_set_on_condition_of_what_was_there),
		TEST(several_gateways_leave_each_other_the_last_two_strings),
		TEST(a_text_that_was_taken_out_was_not_set_last),
		TEST(texts_that_cannot_be_read_are_not_rotated),
		TEST(what_became_of_a_rotation_is_looked_at),
		TEST(no_text_is_put_beside_an_alias),
		TEST(only_a_text_that_is_to_be_the_only_one_replaces_another),
		TEST(a_text_and_an_address_do_not_replace_each_other),
	};

	return cmocka_run_group_tests_name("queue_text", tests, NULL, NULL);
}
