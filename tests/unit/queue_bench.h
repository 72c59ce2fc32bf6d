/*
 * queue_bench: a queue on a bench, with waiters and a primary that are the test's, and a small language to say what
 * happens. All that a queue sends and answers is checked by the way: never two messages of one owner, bounds kept,
 * every waiter answered once.
 */
#ifndef TESTS_QUEUE_BENCH_H
#define TESTS_QUEUE_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/env.h"
#include "fake_env.h"
#include "records.h"
#include "zone/queue.h"

enum {
	BENCH_WAITERS_MAX = 1024,
	START_MS = 5000,
	WALL_START_MS = 1000000,
	DEADLINE_MS = 1000,
	PAUSE_MS = 100,
	PAUSE_MAX_MS = PAUSE_MS + PAUSE_MS / 2, /* with the part that is left to chance */
	ATTEMPTS_MAX = 3,
	WAITERS_MAX = 300,
	SHARE_MAX = 200,
	UPDATES_MAX = 2,
	OVERLAP_MIN = 10,
	CONFIRMS_MAX = 1,
	QUERIES_MAX = 64,
	TTL_S = 180,
	POISON_MS = 10 * 60 * 1000,
};

struct waiter {
	unsigned answers;
	bool cancelled;
	struct outcome outcome;
	uint64_t at_ms;
};

/* What a SEND asked for, until it is replied to. */
struct message {
	struct queue_message *handle;
	struct dns_request request;
	struct dns_ticket *ticket;
	const void *only_to;
	size_t count;
	struct change_set *copies; /* of its sets, to see that the queue's stay as they are */
};

struct bench {
	struct name zone;
	struct order *order;
	struct memory *memory;
	struct queue *queue;
	struct queue_limits limits;
	uint64_t now_ms;
	struct waiter waiters[BENCH_WAITERS_MAX];
	size_t waiter_count;
	struct message messages[BENCH_WAITERS_MAX]; /* in flight, in the order of sending */
	size_t message_count;
	unsigned sends[DNS_QUERY + 1]; /* ever */
	bool may_have_halves;          /* its limits allow two, or did when they were sent */
	bool connecting;               /* messages are taken but do not leave */
	bool blind;                    /* looks are not replied to by themselves */
	bool has_well;                 /* as in the events of messages that end from now on; so is `primary` */
	const void *primary;
};

extern const struct queue_limits limits_default;

#define ZONE "example.com"
#define WWW  "www.example.com"
#define FTP  "ftp.example.com"

struct bench *bench_new(const struct queue_limits *limits);
/* For TEST(): with limits_default. */
int setup(void **state);
void bench_free(struct bench *bench);
int teardown(void **state);

enum { V4 = 1, V6 = 2, MAY_CREATE = 4 };

struct addr numbered(enum addr_family family, unsigned number);
struct change_set set_of(const char *owner, unsigned what, unsigned number);
bool concerns(const struct message *message, const char *owner);
size_t in_flight(const struct bench *bench, enum dns_request_kind kind);

/* Takes one action; false if there was none. */
bool act_once(struct bench *bench);
void step(struct bench *bench, const struct queue_event *event);

/* Ends the message without taking actions. */
void end_message(struct bench *bench, struct message *message, struct dns_result result);
struct dns_result said(enum dns_rcode rcode);
struct dns_result found(size_t count, struct addr addr, uint32_t ttl_s);

enum addr_family family_asked(const struct message *message);

/* What a look finds unless the test says otherwise: something else than is wanted. */
struct dns_result found_another(const struct message *message);
void act_all(struct bench *bench);

enum status try_submit_set(struct bench *bench, struct change_set set);

/* The address ends in the number of the waiter, so that each differs. */
enum status try_submit(struct bench *bench, const char *owner, unsigned what, uint64_t account);

/* Submits without taking actions. */
struct waiter *put(struct bench *bench, const char *owner, unsigned what);
struct waiter *submit(struct bench *bench, const char *owner, unsigned what);

/* Submits a set whose addresses end in that number. */
struct waiter *submit_number(struct bench *bench, const char *owner, unsigned what, unsigned number);
const char *host(unsigned i);

/* Sets of as many owners; what they have to wait for is up to the test. */
struct waiter *submit_hosts(struct bench *bench, unsigned count);

/* The same, each of another account, whose shares are not enough for many. */
void submit_accounts_hosts(struct bench *bench, unsigned count);
void cancel(struct bench *bench, struct waiter *waiter);
bool is_in_flight(struct bench *bench, const char *owner);

/* The message with that owner, which must be in flight; of two, the first one sent. */
struct message *message_of(struct bench *bench, const char *owner);
void reply_with(struct bench *bench, const char *owner, struct dns_result result);
void reply_as(struct bench *bench, const char *owner, enum dns_verdict verdict, unsigned rcode);
void reply(struct bench *bench, const char *owner, enum dns_rcode rcode);
/* An UPDATE shows that nothing stands between, and is forgotten as a test's own. */
void see_the_way(struct bench *bench);
void tick(struct bench *bench);
void pass(struct bench *bench, uint64_t ms);

/* Lets time pass until the next thing is due. */
void pass_to_next(struct bench *bench);
void assert_kind(struct bench *bench, const char *owner, enum dns_request_kind kind);

/* The number that the address of that owner in flight ends in. */
unsigned number_in_flight(struct bench *bench, const char *owner);
void assert_outcome(const struct waiter *waiter, enum outcome_code code);
void assert_waits(const struct waiter *waiter);
void assert_no_record(const struct waiter *waiter, enum rr_type missing);
void assert_at_rest(const struct bench *bench);

/* Commits a set, so that it is remembered. */
void commit_number(struct bench *bench, const char *owner, unsigned what, unsigned number);

typedef enum dns_rcode judge_fn(const struct change_set *set);

/* Replies to all that is in flight, again and again, until nothing is. The first bad set of an UPDATE spoils it. */
void serve(struct bench *bench, judge_fn *judge);

enum dns_rcode all_is_well(const struct change_set *set);

/* What a look finds behind a delegation, and behind a DNAME. */
struct dns_result referral(void);
struct dns_result below_a_dname(void);

/* The first 16 bits become fd00::/16; `what` may have V4, too, and then the AAAA may be missing. */
struct waiter *submit_prefix(struct bench *bench, const char *owner, unsigned what);
struct waiter *submit_member(struct bench *bench, const char *owner, bool more);
void submit_request(struct bench *bench, unsigned first, unsigned count);

/*
 * The value that was expected is not there, but the look finds one; so the UPDATE goes without expecting a value, and
 * again a record is missing.
 */
void reply_missing(struct bench *bench);

enum { COMMIT_PAUSE_MS = 12 };

/* Sets of that many hosts in one message, all known from before. */
struct waiter *submit_batch(struct bench *bench, unsigned count);

/* A test that has a bench. */
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
