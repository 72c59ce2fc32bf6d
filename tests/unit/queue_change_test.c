/*
 * The queue's steps. Removals, new records, and prefixes that are rewritten.
 */
#include "queue_bench.h"

/* ---- Removals, new records, rewritten prefixes ---- */

static struct rrset rrset_of(size_t count, unsigned first)
{
	struct rrset rrset = rrset_empty(RR_AAAA, TTL_S);

	for (size_t i = 0; i < count; i++) {
		struct addr addr = {ADDR_V6, {0x20, 1, [15] = (uint8_t)(first + i)}};

		rrset_put(&rrset, rdata_of_addr(&addr));
	}
	return rrset;
}

/* There are more than those. */
static struct rrset cut_short(struct rrset rrset)
{
	rrset.known = false;
	return rrset;
}

/* The first 16 bits of each address as submit_prefix() has them become. */
static struct rrset with_prefix(struct rrset was)
{
	struct rrset rrset = rrset_empty(RR_AAAA, was.ttl_s);

	for (size_t i = 0; i < was.count; i++) {
		struct addr addr = rrset_addr(&was, i);

		addr.octets[0] = 0xfd;
		addr.octets[1] = 0;
		rrset_put(&rrset, rdata_of_addr(&addr));
	}
	return rrset;
}

static struct dns_result found_rrset(struct rrset rrset)
{
	return (struct dns_result){.verdict = DNS_VERIFIED,
				   .answer = {.authoritative = true, .count = rrset.count, .rrset = rrset}};
}

static void assert_rewritten(const struct change *change, const struct rrset *was)
{
	assert_true(rrset_equal(&change->was, was));
	assert_int_equal(change->becomes.count, was->count);
	for (size_t i = 0; i < was->count; i++) {
		struct addr wanted = rrset_addr(was, i), becomes = rrset_addr(&change->becomes, i);

		wanted.octets[0] = 0xfd;
		wanted.octets[1] = 0;
		assert_true(addr_equal(&becomes, &wanted));
	}
}

static void a_prefix_rewrites_each_address_that_was_read(void **state)
{
	struct bench *bench = *state;
	struct rrset was = rrset_of(3, 7);
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit_prefix(bench, WWW, V6);
	assert_kind(bench, WWW, DNS_QUERY);
	reply_with(bench, WWW, found_rrset(was));
	assert_kind(bench, WWW, DNS_UPDATE);
	assert_rewritten(&message_of(bench, WWW)->copies[0].changes[0], &was);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_int_equal(waiter->outcome.addr_count, 1);
	assert_int_equal(waiter->outcome.addrs[0].octets[0], 0xfd);
	assert_at_rest(bench);
}

static void a_prefix_that_is_there_already_is_confirmed(void **state)
{
	struct bench *bench = *state;
	struct rrset was = rrset_of(2, 7);
	struct waiter *waiter;

	was = with_prefix(was);
	bench->blind = true;
	waiter = submit_prefix(bench, WWW, V6);
	reply_with(bench, WWW, found_rrset(was));
	assert_kind(bench, WWW, DNS_CONFIRM);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_UNCHANGED);
	assert_at_rest(bench);
}

/* Of the AAAA record that is to be rewritten. */
static void reply_probe(struct bench *bench, enum dns_rcode rcode)
{
	assert_kind(bench, WWW, DNS_PROBE);
	assert_int_equal(family_asked(message_of(bench, WWW)), ADDR_V6);
	reply(bench, WWW, rcode);
}

static void what_changed_between_reading_and_writing_is_read_again(void **state)
{
	struct bench *bench = *state;
	struct rrset first = rrset_of(1, 7), second = rrset_of(2, 100);
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit_prefix(bench, WWW, V6);
	for (unsigned i = 0; i < ATTEMPTS_MAX; i++) {
		assert_waits(waiter);
		reply_with(bench, WWW, found_rrset(first));
		reply(bench, WWW, DNS_NXRRSET);
		if (i + 1 < ATTEMPTS_MAX)
			reply_probe(bench, DNS_NOERROR);
	}
	/* After the last one nobody has looked whether that was the copy of one that was carried out. */
	assert_outcome(waiter, OUTCOME_UNKNOWN);
	bench->blind = false;
	commit_number(bench, FTP, V6, 5);
	bench->blind = true;
	waiter = submit_prefix(bench, FTP, V6);
	reply(bench, FTP, DNS_NXRRSET);
	assert_kind(bench, FTP, DNS_QUERY);
	reply_with(bench, FTP, found_rrset(second));
	assert_rewritten(&message_of(bench, FTP)->copies[0].changes[0], &second);
	reply(bench, FTP, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

/* A message with others that was rejected is halved; what is rewritten still has to be what was read. */
static void what_is_rewritten_has_its_prerequisite_in_every_part(void **state)
{
	struct bench *bench = *state;
	struct rrset was = rrset_of(2, 7), now = rrset_of(1, 100);
	struct waiter *prefix, *other;

	submit(bench, host(1), V4);
	bench->blind = true;
	prefix = submit_prefix(bench, WWW, V6);
	reply_with(bench, WWW, found_rrset(was));
	other = submit(bench, FTP, V4);
	reply_with(bench, FTP, found(1, numbered(ADDR_V4, 9), TTL_S));
	reply(bench, host(1), DNS_NOERROR);
	assert_int_equal(message_of(bench, WWW)->count, 2);
	reply(bench, WWW, DNS_NXRRSET);
	assert_int_equal(message_of(bench, WWW)->count, 1);
	assert_rewritten(&message_of(bench, WWW)->copies[0].changes[0], &was);
	reply(bench, FTP, DNS_NOERROR);
	assert_outcome(other, OUTCOME_CHANGED);
	reply(bench, WWW, DNS_NXRRSET); /* others have changed it */
	reply_probe(bench, DNS_NOERROR);
	assert_kind(bench, WWW, DNS_QUERY);
	reply_with(bench, WWW, found_rrset(now));
	assert_rewritten(&message_of(bench, WWW)->copies[0].changes[0], &now);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(prefix, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

/* Looks find it, whether it has the prefix already or not; prerequisites do not. */
static void a_prefix_does_not_rewrite_what_a_wildcard_has(void **state)
{
	struct bench *bench = *state;
	struct rrset wildcard = rrset_of(1, 7);

	bench->blind = true;
	for (unsigned i = 0; i < 2; i++) {
		struct waiter *waiter = submit_prefix(bench, WWW, V6);

		reply_with(bench, WWW, found_rrset(wildcard));
		if (i == 1) {
			assert_kind(bench, WWW, DNS_CONFIRM);
			reply(bench, WWW, DNS_NXRRSET);
			reply_with(bench, WWW, found_rrset(wildcard));
		}
		assert_kind(bench, WWW, DNS_UPDATE);
		reply(bench, WWW, DNS_NXRRSET);
		assert_waits(waiter);
		reply_probe(bench, DNS_NXRRSET);
		assert_no_record(waiter, RR_AAAA);
		assert_at_rest(bench);
		wildcard = with_prefix(wildcard);
	}
}

/* The probe is about the address that must exist; if none must, the set goes without what the wildcard has. */
static void an_ipv4_address_with_a_prefix_is_not_kept_up_by_a_wildcard(void **state)
{
	struct bench *bench = *state;
	struct rrset none = rrset_empty(RR_AAAA, 0);

	bench->blind = true;
	for (unsigned creates = 0; creates < 2; creates++) {
		struct waiter *waiter = submit_prefix(bench, WWW, V4 | V6 | (creates ? MAY_CREATE : 0));

		reply_with(bench, WWW, found(1, numbered(ADDR_V4, 9), TTL_S));
		reply_with(bench, WWW, found_rrset(rrset_of(1, 7)));
		assert_kind(bench, WWW, DNS_UPDATE);
		reply(bench, WWW, DNS_NXRRSET);
		assert_kind(bench, WWW, DNS_PROBE);
		assert_int_equal(family_asked(message_of(bench, WWW)), creates ? ADDR_V6 : ADDR_V4);
		reply(bench, WWW, DNS_NXRRSET);
		if (creates) {
			assert_kind(bench, WWW, DNS_UPDATE);
			assert_false(message_of(bench, WWW)->copies[0].changes[0].was.known);
			assert_rewritten(&message_of(bench, WWW)->copies[0].changes[1], &none);
			reply(bench, WWW, DNS_NOERROR);
			assert_outcome(waiter, OUTCOME_CHANGED);
			assert_int_equal(waiter->outcome.addr_count, 1);
		} else {
			assert_no_record(waiter, RR_A);
		}
		assert_at_rest(bench);
	}
}

/* At the deadline nothing is known of the record, but that it could not be rewritten. */
static void what_may_be_a_wildcard_s_is_no_missing_record_in_the_end(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit_prefix(bench, WWW, V6);
	reply_with(bench, WWW, found_rrset(rrset_of(1, 7)));
	reply(bench, WWW, DNS_NXRRSET);
	assert_kind(bench, WWW, DNS_PROBE);
	pass(bench, DEADLINE_MS);
	assert_outcome(waiter, OUTCOME_UNKNOWN);
	reply(bench, WWW, DNS_NOERROR);
	assert_at_rest(bench);
}

/* Otherwise what is there would be lost. */
static void what_cannot_be_read_is_not_rewritten(void **state)
{
	struct bench *bench = *state;
	struct rrset too_many = cut_short(rrset_of(RRSET_MAX, 1));
	const struct dns_result results[] = {
		{.verdict = DNS_VERIFIED, .rcode = DNS_REFUSED},
		{.verdict = DNS_VERIFIED, .rcode = DNS_NOERROR}, /* no authority */
		{.verdict = DNS_VERIFIED, .answer = {.authoritative = true, .count = RRSET_MAX + 1, .rrset = too_many}},
	};

	bench->blind = true;
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		struct waiter *waiter = submit_prefix(bench, WWW, V6);

		reply_with(bench, WWW, results[i]);
		assert_outcome(waiter, OUTCOME_REFUSED);
		assert_at_rest(bench);
	}
	assert_int_equal(bench->sends[DNS_UPDATE], 0);
}

static void a_prefix_needs_an_address_unless_it_comes_with_an_ipv4_address(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit_prefix(bench, WWW, V6);
	reply_with(bench, WWW, found_rrset(rrset_of(0, 0)));
	assert_no_record(waiter, RR_AAAA);
	waiter = submit_prefix(bench, WWW, V4 | V6);
	reply_with(bench, WWW, found(1, numbered(ADDR_V4, 9), TTL_S));
	reply_with(bench, WWW, found_rrset(rrset_of(0, 0)));
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_int_equal(waiter->outcome.addr_count, 1);
	assert_at_rest(bench);
}

/* So that a later one that keeps the host part keeps that of the earlier one. */
static void a_prefix_does_not_replace_an_address_that_waits(void **state)
{
	struct bench *bench = *state;
	struct waiter *first, *second;

	commit_number(bench, WWW, V6, 1);
	bench->blind = true;
	submit_number(bench, WWW, V6, 2);
	first = submit_number(bench, WWW, V6, 3);
	second = submit_prefix(bench, WWW, V6);
	reply(bench, WWW, DNS_NOERROR);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(first, OUTCOME_CHANGED);
	assert_waits(second);
	assert_int_equal(rrset_first(&message_of(bench, WWW)->copies[0].changes[0].becomes).octets[3], 3);
	first = submit_prefix(bench, WWW, V6);
	second = submit_prefix(bench, WWW, V6); /* which replaces the one before */
	reply(bench, WWW, DNS_NOERROR);
	while (bench->message_count)
		reply(bench, WWW, DNS_NOERROR);
	assert_outcome(first, second->outcome.code);
	assert_at_rest(bench);
}

static void a_new_record_is_made_only_if_there_is_still_none(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	bench->blind = true;
	waiter = submit_number(bench, WWW, V4 | MAY_CREATE, 1);
	reply_with(bench, WWW, found(0, (struct addr){0}, 0));
	assert_kind(bench, WWW, DNS_UPDATE);
	assert_true(message_of(bench, WWW)->copies[0].changes[0].was.known);
	assert_int_equal(message_of(bench, WWW)->copies[0].changes[0].was.count, 0);
	reply(bench, WWW, DNS_YXRRSET);
	assert_kind(bench, WWW, DNS_QUERY);
	reply_with(bench, WWW, found(1, numbered(ADDR_V4, 9), TTL_S));
	assert_kind(bench, WWW, DNS_UPDATE);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_at_rest(bench);
}

static struct waiter *submit_removal(struct bench *bench, const char *owner)
{
	struct change_set set = set_of(owner, V4 | MAY_CREATE, 0);

	set.changes[0] = change_removing(RR_A);
	assert_int_equal(try_submit_set(bench, set), STATUS_OK);
	act_all(bench);
	return &bench->waiters[bench->waiter_count - 1];
}

static void a_removal_leaves_nothing_and_is_confirmed_when_done(void **state)
{
	struct bench *bench = *state;
	struct waiter *waiter;

	commit_number(bench, WWW, V4, 1);
	bench->blind = true;
	waiter = submit_removal(bench, WWW);
	assert_kind(bench, WWW, DNS_UPDATE);
	assert_int_equal(message_of(bench, WWW)->copies[0].changes[0].becomes.count, 0);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_CHANGED);
	assert_int_equal(waiter->outcome.addr_count, 0);
	waiter = submit_removal(bench, WWW);
	reply_with(bench, WWW, found(0, (struct addr){0}, 0));
	assert_kind(bench, WWW, DNS_CONFIRM);
	reply(bench, WWW, DNS_NOERROR);
	assert_outcome(waiter, OUTCOME_UNCHANGED);
	assert_at_rest(bench);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_prefix_rewrites_each_address_that_was_read),
		TEST(a_prefix_that_is_there_already_is_confirmed),
		TEST(what_changed_between_reading_and_writing_is_read_again),
		TEST(what_is_rewritten_has_its_prerequisite_in_every_part),
		TEST(a_prefix_does_not_rewrite_what_a_wildcard_has),
		TEST(an_ipv4_address_with_a_prefix_is_not_kept_up_by_a_wildcard),
		TEST(what_may_be_a_wildcard_s_is_no_missing_record_in_the_end),
		TEST(what_cannot_be_read_is_not_rewritten),
		TEST(a_prefix_needs_an_address_unless_it_comes_with_an_ipv4_address),
		TEST(a_prefix_does_not_replace_an_address_that_waits),
		TEST(a_new_record_is_made_only_if_there_is_still_none),
		TEST(a_removal_leaves_nothing_and_is_confirmed_when_done),
	};

	return cmocka_run_group_tests_name("queue_change", tests, NULL, NULL);
}
