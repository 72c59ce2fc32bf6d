/*
 * Random schedules: order, queues, driver and clients together, with primaries that drop, delay, close, restart, forge
 * and lie, and zones that others change at the same time, on a fake clock.
 *
 * Requests take various times to be looked up after their arrival, and may be abandoned at any time; the configuration
 * is read anew meanwhile. In some schedules two gateways, which know nothing of each other, serve the same zones.
 *
 * Each new change carries a value of its own in its address or prefix; others repeat a value, so that they may change
 * nothing, or remove records. Some are hosts of one request. Each record has a history, so what was said can be held
 * against what the zone went through. Checked of every schedule:
 *   - "changed": since then this change, or a later one of its host, was committed; or it was found in the zone when
 *     it had to be found out whether it had been
 *   - "unchanged": since then the zone held this change, or a later one of its host, at some time
 *   - "no record": since then the record did not exist at some time, and it had to
 *   - a new prefix leaves the host parts of the addresses that were there as they were
 *   - "refused", "unreachable" and "busy" are not committed at all
 *   - the changes of one record that come to one gateway are committed in the order in which their requests arrived,
 *     repetitions included; and none once a later one was answered as done
 *   - at the end a record holds what was asked for by the last request that was answered as done, or by a later one;
 *     of two gateways, by that of the one that committed last
 *   - "overtaken": a later change of one of its records may have been carried out, and it was not
 *   - what was abandoned before it was looked up is not committed
 *   - the hosts of a request that nothing came in the way of are committed by one UPDATE
 *   - each is answered exactly once and by its deadline, or not at all if it was cancelled before
 *   - no more wait than allowed, of one account neither, and "busy" is said only then
 *   - when all is mended, changes are committed again
 *   - all timers and connections are given back (memory: by a sanitizer), and what was spared for further ones
 *
 * The zones share their primaries, which may serve no more than so many connections, and of a connection work on no
 * more than so many messages at a time.
 *
 * Some changes are of the strings of TXT records, in the ways of httpreq, acme-dns and DuckDNS, and of all of them at
 * once; others put strings there and take them out, too, and queries may show a copy that lags behind. Of these:
 *   - each UPDATE is what one change asks for that came to that gateway, of which no later one was carried out before
 *     that makes it too late: one for the same string, or for all strings
 *   - "changed" was committed since then: none is taken for done because it is there already
 *   - what was added and answered as done is there in the end, unless somebody asked for its end, or others took it
 *   - what was taken out and answered as done is not, unless somebody asked for it anew; and after all were replaced,
 *     none of earlier requests
 *   - what goes to make room for another one is of acme-dns, and has been there before one that is newer than it
 *
 * DDNSGATE_TEST_SEED chooses the first schedule, DDNSGATE_TEST_SCHEDULES how many there are. The seed of a schedule
 * that fails is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "fake_env.h"
#include "scripted_primary.h"
#include "text_history.h"
#include "zone/zones.h"

enum {
#ifdef TESTS_SANITIZED
	SCHEDULES_DEFAULT = 150,
#else
	SCHEDULES_DEFAULT = 1200,
#endif
	STEPS = 20,
	CHANGES_MAX = 300,
	EVENTS_MAX = 400, /* of one record */
	OWNERS = 12,      /* of each zone */
	OWNER_WITHOUT_AAAA = OWNERS - 2,
	OWNER_WITHOUT_RECORDS = OWNERS - 1,
	TEXT_OWNERS = 4, /* the first ones, which have strings as well, each from clients of its own kind */
	OWNER_OF_HTTPREQ = 0,
	OWNER_OF_ACMEDNS = 1,
	OWNER_OF_DUCKDNS = 2,
	ZONES = 4,
	PRIMARIES = 2, /* of each gateway, which are at the same zones, as those of a primary with several addresses */
	GATEWAYS = 2,
	GENERATIONS_MAX = 4,
	ACCOUNTS = 4,
	HOSTS_MAX = 6, /* of one request */
	TTL_S = MODEL_TTL_S,
	LATER_MS = 120000,
	DELAY_MAX_MS = 50, /* of honest primaries */
	SECOND_LOW = 1800000000,
};

/*
 * What a record holds: the number that its address carries (for IPv6 that of its network, 0 unless a prefix was set,
 * and behind it the host's), or one of these; several addresses of network n are SEVERAL - n.
 */
enum {
	MIXED = INT_MIN, /* addresses of several networks */
	SEVERAL = -2,
	ABSENT = -1,
	HOST_BITS = 16,
	HOST_MAX = (1 << HOST_BITS) - 1,
};

enum {
	VALUE_AT_START = 0,
	VALUE_OF_WILDCARD = 1,
	FIRST_VALUE = 2,
};

static const char *const zone_names[ZONES] = {"a.example.com", "b.example.com", "c.example.com", "d.example.com"};
static const char *const primary_names[GATEWAYS][PRIMARIES] = {{"192.0.2.53", "192.0.2.54"},
							       {"192.0.2.55", "192.0.2.56"}};

struct schedule;

struct gateway {
	struct schedule *schedule;
	struct order *order;
	struct memory *memory;
	struct primary *primaries[PRIMARIES];
	struct peer peers[PRIMARIES];
	bool works_in_turn; /* its primaries, so that a message may lie there while the clock jumps */
	struct zone_setup setups[ZONES];
	struct zones *generations[GENERATIONS_MAX]; /* the last one is in force */
	size_t generation_count;
	size_t waiting[ZONES], waiting_of[ZONES][ACCOUNTS];
};

/* What a change does: to a record of addresses, or to a string or all of them. */
enum deed_kind {
	DEED_REPLACE,
	DEED_REMOVE,
	DEED_PREFIX,
	DEED_SET,
	DEED_ADD,
	DEED_DROP,
	DEED_ROTATE,
};

/* A change that was asked for. Those of one schedule stand in the order of their arrival. */
struct submitted {
	struct schedule *schedule;
	struct gateway *gateway;
	struct zones *zones;      /* of the generation in which it came */
	struct order_place place; /* of its request, whose first change it is */
	struct submitted *request_first;
	size_t request_count;
	bool looked_up;
	size_t zone;
	unsigned owner;
	unsigned account;
	unsigned families; /* bits of enum addr_family */
	struct wish {
		enum deed_kind kind;
		bool must_exist;
	} wishes[ADDR_V6 + 1];
	bool is_text; /* it is about a TXT record, and has no families */
	enum deed_kind text_kind;
	bool is_text_done; /* it was carried out, as far as can be told, or it was said so */
	int value;         /* of the addresses, or the network of the prefix; ABSENT if it only removes. Of a string */
	bool is_first;     /* nobody else waited for its host when it was submitted, at once */
	bool is_new;       /* the value: no record had it before */
	unsigned request;
	unsigned update; /* that it was committed by, see zone_model_commits(); 0: none */
	unsigned answers;
	bool submitting, cancelled;
	enum outcome_code code;
	uint64_t at_ms;
	unsigned long moment, answered_at; /* the latter a moment, too */
};

/* The addresses of an RRset. */
struct held {
	size_t count;
	struct addr addrs[RRSET_MAX];
};

struct event {
	unsigned long moment;
	int value;
	bool committed; /* by an UPDATE; else by others */
};

/* All that a record went through. */
struct record {
	size_t count;
	struct event events[EVENTS_MAX];
	struct held now;
	struct gateway *committer; /* of the last one, if that was committed */
	size_t last[GATEWAYS];     /* the last change that was committed, or answered as done */
};

struct schedule {
	uint64_t seed;
	struct fake_random random;
	struct fake_env *fake;
	struct network *network;
	struct tsig_key *key;
	struct zone_model *models[ZONES];
	struct gateway gateways[GATEWAYS];
	size_t gateway_count;
	struct gateway *asking; /* whose message a primary is carrying out */
	struct name names[ZONES];
	struct dns_client_options options;
	struct dns_budget budget;
	struct queue_limits limits;
	unsigned mischief_percent, meddling_percent;
	unsigned cancelling_percent, slow_percent, text_percent;
	bool quiet; /* nothing but time comes between a request and its answer */
	bool mended;
	uint64_t clock_jumped_ms; /* when; what was on its way then is signed for another time */
	unsigned long moment;     /* how many things have happened */
	unsigned requests;
	int next_value;
	struct record records[ZONES][OWNERS][ADDR_V6 + 1];
	struct text_history texts[ZONES][TEXT_OWNERS];
	size_t count;
	struct submitted changes[CHANGES_MAX];
};

/* What was seen in a whole run, so that a test that tests nothing is noticed. */
static unsigned long seen[OUTCOME_FAILED + 1];
static unsigned long seen_kinds[DNS_QUERY + 1], seen_together, seen_cancelled, seen_abandoned, seen_late, seen_beside;
static unsigned long seen_connections; /* messages that came while there were several */
static unsigned long seen_texts[DEED_ROTATE + 1], seen_kept, seen_kept_beside, seen_gone, seen_made_room;
static unsigned long seen_changed[DEED_PREFIX + 1], seen_whole, seen_torn,
	seen_undisturbed; /* changes by kind, requests */

static void break_rule(const struct schedule *schedule, size_t number, const char *rule)
{
	const struct submitted *change = &schedule->changes[number];

	fail_msg("DDNSGATE_TEST_SEED=%" PRIu64 " DDNSGATE_TEST_SCHEDULES=1: change %zu of host %u in zone %zu, "
		 "value %d, %s: %s",
		 schedule->seed, number, change->owner, change->zone, change->value,
		 change->answers ? outcome_text(change->code) : "unanswered", rule);
}

static unsigned draw(struct schedule *schedule, unsigned bound)
{
	return fake_random_below(&schedule->random, bound);
}

static bool chance(struct schedule *schedule, unsigned percent)
{
	return draw(schedule, 100) < percent;
}

/* ---- Values and names ---- */

static struct addr addr_of_value(enum addr_family family, int value)
{
	static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8};
	static const uint8_t v4[16] = {10};
	struct addr addr = {.family = family};
	size_t end = family == ADDR_V4 ? 4 : 16;

	memcpy(addr.octets, family == ADDR_V4 ? v4 : v6, sizeof v6);
	addr.octets[end - 2] = (uint8_t)(value >> 8);
	addr.octets[end - 1] = (uint8_t)value;
	if (family == ADDR_V6) {
		addr.octets[6] = (uint8_t)(value >> (HOST_BITS + 8));
		addr.octets[7] = (uint8_t)(value >> HOST_BITS);
	}
	return addr;
}

static int value_of(const struct addr *addr)
{
	const uint8_t *end = addr->octets + addr_len(addr);
	int network = addr->family == ADDR_V6 ? addr->octets[6] << 8 | addr->octets[7] : 0;

	return network << HOST_BITS | end[-2] << 8 | end[-1];
}

/* The network of what a record holds; -1 if it has none, or more than one. */
static int network_of(int value)
{
	if (value == MIXED || value == ABSENT)
		return -1;
	return value >= 0 ? value >> HOST_BITS : SEVERAL - value;
}

static int value_of_all(const struct held *rrset)
{
	int network;

	if (rrset->count < 2)
		return rrset->count ? value_of(&rrset->addrs[0]) : ABSENT;
	network = network_of(value_of(&rrset->addrs[0]));
	for (size_t i = 1; i < rrset->count; i++) {
		if (network_of(value_of(&rrset->addrs[i])) != network)
			return MIXED;
	}
	return SEVERAL - network;
}

static bool has_host(const struct held *rrset, int host)
{
	for (size_t i = 0; i < rrset->count; i++) {
		if ((value_of(&rrset->addrs[i]) & HOST_MAX) == host)
			return true;
	}
	return false;
}

static bool has_all_hosts_of(const struct held *a, const struct held *b)
{
	for (size_t i = 0; i < b->count; i++) {
		if (!has_host(a, value_of(&b->addrs[i]) & HOST_MAX))
			return false;
	}
	return true;
}

static const char *value_text(enum addr_family family, int value)
{
	static char text[ADDR_TEXT_MAX];
	struct addr addr = addr_of_value(family, value);

	return addr_format(&addr, text);
}

static const char *string_text(int value)
{
	static char text[16];

	snprintf(text, sizeof text, "t%d", value);
	return text;
}

static int value_of_string(const struct txt *txt)
{
	char text[16] = "";

	memcpy(text, txt->octets, txt->len < sizeof text ? txt->len : sizeof text - 1);
	return (int)strtol(text + 1, NULL, 10);
}

static const char *owner_name(size_t zone, unsigned owner)
{
	static char text[64];

	snprintf(text, sizeof text, "h%u.%s", owner, zone_names[zone]);
	return text;
}

static size_t number_of(const struct gateway *gateway)
{
	return (size_t)(gateway - gateway->schedule->gateways);
}

static bool has_family(const struct submitted *change, enum addr_family family)
{
	return change->families & 1u << family;
}

/* ---- What the zones go through ---- */

/* `committer` is NULL for others than the gateways. */
static void note(struct schedule *schedule, struct record *record, const struct held *now, struct gateway *committer)
{
	if (record->count == EVENTS_MAX)
		fail_msg("DDNSGATE_TEST_SEED=%" PRIu64 ": a record has too long a history", schedule->seed);
	record->now = *now;
	record->committer = committer;
	record->events[record->count++] = (struct event){++schedule->moment, value_of_all(now), committer != NULL};
}

static struct record *record_of(struct schedule *schedule, size_t zone, unsigned owner, enum addr_family family)
{
	return &schedule->records[zone][owner][family];
}

static int held_at(const struct record *record, unsigned long moment)
{
	int value = ABSENT;

	for (size_t i = 0; i < record->count && record->events[i].moment <= moment; i++)
		value = record->events[i].value;
	return value;
}

/* Whether the change makes that of a record. */
static bool makes(const struct submitted *change, enum addr_family family, int value)
{
	const struct wish *wish = &change->wishes[family];

	switch (wish->kind) {
	case DEED_REPLACE:
		return value == change->value;
	case DEED_REMOVE:
		return value == ABSENT;
	case DEED_PREFIX:
		/* Where nothing is there is nothing to be rewritten. */
		return value == ABSENT ? !wish->must_exist : network_of(value) == change->value;
	default:
		return false;
	}
}

/* Whether the change can make `after` of what the record holds. */
static bool can_make(const struct submitted *change, const struct record *record, enum addr_family family,
		     const struct held *after)
{
	if (!has_family(change, family) || !makes(change, family, value_of_all(after)))
		return false;
	return change->wishes[family].kind != DEED_PREFIX ||
	       (has_all_hosts_of(after, &record->now) && has_all_hosts_of(&record->now, after));
}

/* The change that was committed: the first one of the gateway from the last one on that it can be. */
static size_t whose(struct schedule *schedule, size_t zone, unsigned owner, enum addr_family family,
		    const struct held *after)
{
	const struct record *record = record_of(schedule, zone, owner, family);
	size_t number = record->last[number_of(schedule->asking)];

	while (number < schedule->count) {
		const struct submitted *change = &schedule->changes[number];

		if (change->gateway == schedule->asking && change->looked_up && change->zone == zone &&
		    change->owner == owner && can_make(change, record, family, after))
			break;
		number++;
	}
	return number;
}

static unsigned owner_of_name(const char *name, size_t *zone)
{
	unsigned owner = (unsigned)strtoul(name + 1, NULL, 10);

	*zone = 0;
	while (*zone < ZONES - 1 && strcmp(name, owner_name(*zone, owner)) != 0)
		++*zone;
	return owner;
}

static void on_commit(void *ctx, const char *name, enum addr_family family, const struct addr *addrs, size_t count)
{
	struct schedule *schedule = ctx;
	size_t zone;
	unsigned owner = owner_of_name(name, &zone);
	struct record *record = record_of(schedule, zone, owner, family);
	struct held after = {.count = count};
	size_t number;

	if (count)
		memcpy(after.addrs, addrs, count * sizeof *addrs);
	number = whose(schedule, zone, owner, family, &after);
	if (number == schedule->count)
		fail_msg("DDNSGATE_TEST_SEED=%" PRIu64 " DDNSGATE_TEST_SCHEDULES=1: %s %s was committed with %zu "
			 "addresses, which is of no change since number %zu",
			 schedule->seed, name, family == ADDR_V4 ? "A" : "AAAA", count,
			 record->last[number_of(schedule->asking)]);
	record->last[number_of(schedule->asking)] = number;
	if (schedule->changes[number].update == 0)
		schedule->changes[number].update = zone_model_commits(schedule->models[zone]);
	note(schedule, record, &after, schedule->asking);
}

/* ---- What becomes of strings ---- */

static struct text_history *texts_of(struct schedule *schedule, const struct submitted *change)
{
	return &schedule->texts[change->zone][change->owner];
}

static bool same_texts(const struct submitted *a, const struct submitted *b)
{
	return a->is_text && b->is_text && a->zone == b->zone && a->owner == b->owner;
}

/* Whether it puts a string there. */
static bool adds_text(const struct submitted *change)
{
	return change->is_text && change->text_kind != DEED_DROP && change->value != ABSENT;
}

/* Whether that is what is done to the strings by it. */
static bool makes_text(const struct submitted *change, const struct text_deed *deed)
{
	bool takes_it = deed->taken_count == 1 && deed->taken[0] == change->value;

	switch (change->text_kind) {
	case DEED_SET:
		return deed->cleared && deed->taken_count == 0 && deed->put == change->value;
	case DEED_ADD:
		return !deed->cleared && deed->taken_count == 0 && deed->put == change->value;
	case DEED_ROTATE:
		return !deed->cleared && deed->put == change->value;
	default:
		return !deed->cleared && takes_it && deed->put == TEXT_NONE;
	}
}

/* Whether the later one alone makes the other too late, once it was carried out. */
static bool makes_too_late(const struct submitted *later, const struct submitted *change)
{
	return later > change && later->gateway == change->gateway && same_texts(later, change) &&
	       (later->value == change->value || later->text_kind == DEED_SET || change->text_kind == DEED_SET);
}

typedef bool is_done_fn(const struct submitted *change);

static bool was_said_done(const struct submitted *change)
{
	return change->answers && change->code == OUTCOME_CHANGED;
}

static bool is_text_done(const struct submitted *change)
{
	return change->is_text_done;
}

/* Of acme-dns the two newest are to be there, so two newer ones make another one too late. */
static bool is_text_too_late(const struct schedule *schedule, const struct submitted *change, is_done_fn *is_done)
{
	int newer = TEXT_NONE;

	for (const struct submitted *later = change + 1; later < schedule->changes + schedule->count; later++) {
		if (!same_texts(later, change) || later->gateway != change->gateway || !is_done(later))
			continue;
		if (makes_too_late(later, change))
			return true;
		if (change->text_kind != DEED_ROTATE || !adds_text(later))
			continue;
		if (newer != TEXT_NONE && newer != later->value)
			return true;
		newer = later->value;
	}
	return false;
}

/* The change that was committed: the first one of the gateway that it can be. NULL: none. */
static struct submitted *whose_text(struct schedule *schedule, size_t zone, unsigned owner,
				    const struct text_deed *deed)
{
	for (struct submitted *change = schedule->changes; change < schedule->changes + schedule->count; change++) {
		if (change->is_text && change->gateway == schedule->asking && change->looked_up &&
		    !was_said_done(change) && change->zone == zone && change->owner == owner &&
		    makes_text(change, deed) && !is_text_too_late(schedule, change, is_text_done))
			return change;
	}
	return NULL;
}

/* Whether only it can have done what it asks for. */
static bool is_of_one_text(const struct schedule *schedule, const struct submitted *change)
{
	for (size_t i = 0; i < schedule->count; i++) {
		const struct submitted *other = &schedule->changes[i];

		if (other != change && same_texts(other, change) && other->value == change->value)
			return false;
	}
	return true;
}

/* Where more are there than can be looked at one by one, any of them may go. */
static void check_room(const struct schedule *schedule, const struct submitted *change, const struct text_deed *deed)
{
	const struct text_history *texts = &schedule->texts[change->zone][change->owner];

	for (size_t i = 0; i < deed->taken_count && change->text_kind == DEED_ROTATE; i++) {
		seen_made_room++;
		if (texts->most < RRSET_MAX && !text_history_is_old(texts, deed->taken[i], deed->by, change->value))
			break_rule(schedule, (size_t)(change - schedule->changes), "it took another one's string");
	}
}

static void on_text_commit(void *ctx, const char *name, const struct text_commit *commit)
{
	struct schedule *schedule = ctx;
	size_t zone;
	unsigned owner = owner_of_name(name, &zone);
	struct text_deed deed = {.moment = ++schedule->moment,
				 .by = (int)number_of(schedule->asking),
				 .change = TEXT_NONE,
				 .cleared = commit->cleared,
				 .taken_count = commit->taken.count,
				 .put = commit->put.count ? value_of_string(&commit->put.items[0]) : TEXT_NONE};
	struct submitted *change;

	for (size_t i = 0; i < deed.taken_count; i++)
		deed.taken[i] = value_of_string(&commit->taken.items[i]);
	change = commit->put.count < 2 ? whose_text(schedule, zone, owner, &deed) : NULL;
	if (!change) {
		fail_msg("DDNSGATE_TEST_SEED=%" PRIu64 " DDNSGATE_TEST_SCHEDULES=1: %s had strings changed%s "
			 "(%zu taken, %d put), which is of no change, or of one that is too late",
			 schedule->seed, name, deed.cleared ? ", all of them" : "", deed.taken_count, deed.put);
		return;
	}
	if (is_of_one_text(schedule, change))
		deed.change = (int)(change - schedule->changes);
	check_room(schedule, change, &deed);
	change->is_text_done = true;
	if (change->update == 0)
		change->update = zone_model_commits(schedule->models[zone]);
	text_history_note(&schedule->texts[zone][owner], &deed);
}

static bool was_text_committed(struct schedule *schedule, const struct submitted *change)
{
	const struct text_history *texts = texts_of(schedule, change);

	for (size_t i = 0; i < texts->count; i++) {
		const struct text_deed *deed = &texts->deeds[i];

		if (deed->moment > change->moment && deed->by == (int)number_of(change->gateway) &&
		    makes_text(change, deed))
			return true;
	}
	return false;
}

/* Whether it can have come after the other one, as far as anybody promises. */
static bool may_follow(const struct submitted *other, const struct submitted *change)
{
	return other->looked_up && (other->gateway != change->gateway || other > change);
}

/* How many strings, but for those two, a gateway was asked to put there; and whether it was to make room for them. */
static size_t count_rivals(const struct schedule *schedule, const struct submitted *change,
			   const struct gateway *gateway, bool *makes_room)
{
	size_t rivals = 0;

	*makes_room = false;
	for (size_t i = 0; i < schedule->count; i++) {
		const struct submitted *other = &schedule->changes[i];

		if (!same_texts(other, change) || other->gateway != gateway || !other->looked_up || !adds_text(other) ||
		    other->value == change->value)
			continue;
		rivals++;
		*makes_room = *makes_room || other->text_kind == DEED_ROTATE;
	}
	return rivals;
}

/* Whether anybody asked for what may be the end of a string that a change has put there. */
static bool may_be_gone(struct schedule *schedule, const struct submitted *change)
{
	const struct text_history *texts = texts_of(schedule, change);
	bool makes_room;

	if (texts->most >= RRSET_MAX || text_history_others_took(texts, change->value, change->moment))
		return true;
	for (size_t i = 0; i < schedule->count; i++) {
		const struct submitted *other = &schedule->changes[i];

		if (same_texts(other, change) && may_follow(other, change) &&
		    (other->text_kind == DEED_SET ? other->value != change->value
						  : other->text_kind == DEED_DROP && other->value == change->value))
			return true;
	}
	for (size_t i = 0; i < schedule->gateway_count; i++) {
		if (count_rivals(schedule, change, &schedule->gateways[i], &makes_room) >= 2 && makes_room)
			return true;
	}
	return false;
}

/* Whether anybody asked for a string, or put it there, so that it may be there although a change has taken it out. */
static bool may_be_back(struct schedule *schedule, const struct submitted *change, int string)
{
	if (text_history_others_put(texts_of(schedule, change), string, change->moment))
		return true;
	for (size_t i = 0; i < schedule->count; i++) {
		const struct submitted *other = &schedule->changes[i];

		if (same_texts(other, change) && may_follow(other, change) && adds_text(other) &&
		    other->value == string)
			return true;
	}
	return false;
}

struct remains {
	struct schedule *schedule;
	const struct submitted *change;
};

/* Of a string that is there after all were replaced. */
static void check_remains(void *ctx, int string)
{
	const struct remains *remains = ctx;

	if (string != remains->change->value && !may_be_back(remains->schedule, remains->change, string))
		break_rule(remains->schedule, (size_t)(remains->change - remains->schedule->changes),
			   "an earlier string is back");
}

/* After the end: what a change that was answered as done has left. */
static void check_text(struct schedule *schedule, const struct submitted *change)
{
	const struct text_history *texts = texts_of(schedule, change);
	struct remains remains = {schedule, change};
	size_t number = (size_t)(change - schedule->changes);

	if (adds_text(change) && !may_be_gone(schedule, change)) {
		seen_kept++;
		seen_kept_beside += schedule->gateway_count > 1;
		if (!zone_model_has_text(schedule->models[change->zone], owner_name(change->zone, change->owner),
					 string_text(change->value)))
			break_rule(schedule, number, "its string is gone");
	}
	if (change->text_kind == DEED_DROP && !may_be_back(schedule, change, change->value)) {
		seen_gone++;
		if (text_history_holds(texts, change->value))
			break_rule(schedule, number, "its string is back");
	}
	if (change->text_kind == DEED_SET)
		text_history_each(texts, check_remains, &remains);
}

/* ---- What is said of them ---- */

/* Whether change `later` may stand for change `number`, because it came after it and is for all its records. */
static bool may_stand_for(const struct submitted *later, const struct submitted *change)
{
	if (change->is_text || later->is_text)
		return later == change ||
		       (later > change && later->gateway == change->gateway && same_texts(later, change) &&
			later->looked_up && later->text_kind == DEED_SET && change->text_kind == DEED_SET);
	return later >= change && later->gateway == change->gateway && later->looked_up &&
	       later->zone == change->zone && later->owner == change->owner &&
	       (later->families & change->families) == change->families;
}

static bool was_committed_to(struct schedule *schedule, const struct submitted *change, enum addr_family family)
{
	const struct record *record = record_of(schedule, change->zone, change->owner, family);

	for (size_t i = record->count; i > 0 && record->events[i - 1].moment > change->moment; i--) {
		if (record->events[i - 1].committed && makes(change, family, record->events[i - 1].value))
			return true;
	}
	return false;
}

static bool was_committed(struct schedule *schedule, const struct submitted *change)
{
	if (change->is_text)
		return was_text_committed(schedule, change);
	for (enum addr_family family = ADDR_V4; family <= ADDR_V6; family++) {
		if (has_family(change, family) && !was_committed_to(schedule, change, family))
			return false;
	}
	return true;
}

/* Whether all the records of the change held it at that moment. */
static bool holds_at(struct schedule *schedule, const struct submitted *change, unsigned long moment)
{
	for (enum addr_family family = ADDR_V4; family <= ADDR_V6; family++) {
		const struct record *record = record_of(schedule, change->zone, change->owner, family);

		if (has_family(change, family) && !makes(change, family, held_at(record, moment)))
			return false;
	}
	return true;
}

static bool was_held(struct schedule *schedule, const struct submitted *change)
{
	bool held = holds_at(schedule, change, change->moment);

	for (enum addr_family family = ADDR_V4; family <= ADDR_V6 && !held; family++) {
		const struct record *record = record_of(schedule, change->zone, change->owner, family);

		for (size_t i = record->count; i > 0 && record->events[i - 1].moment > change->moment && !held; i--)
			held = holds_at(schedule, change, record->events[i - 1].moment);
	}
	return held;
}

static bool was_absent(struct schedule *schedule, const struct submitted *change, enum addr_family family)
{
	const struct record *record = record_of(schedule, change->zone, change->owner, family);
	bool absent = held_at(record, change->moment) == ABSENT;

	for (size_t i = record->count; i > 0 && record->events[i - 1].moment > change->moment; i--)
		absent = absent || record->events[i - 1].value == ABSENT;
	return absent;
}

static void no_longer_waits(const struct submitted *change)
{
	change->gateway->waiting[change->zone]--;
	change->gateway->waiting_of[change->zone][change->account]--;
}

typedef bool test_fn(struct schedule *schedule, const struct submitted *change);

static bool any_standing_for(struct schedule *schedule, const struct submitted *change, test_fn *test)
{
	for (const struct submitted *later = change; later < schedule->changes + schedule->count; later++) {
		if (may_stand_for(later, change) && test(schedule, later))
			return true;
	}
	return false;
}

static bool has_to_exist(const struct submitted *change, enum addr_family family)
{
	return has_family(change, family) && change->wishes[family].must_exist;
}

/*
 * Of two records the first is probed; if it exists, the second must have been missing. Unless others put back the
 * first one just then, and so the second is named.
 */
static bool was_put_back(struct schedule *schedule, const struct submitted *change, enum rr_type missing)
{
	return missing == RR_AAAA && has_to_exist(change, ADDR_V4) && was_absent(schedule, change, ADDR_V4) &&
	       held_at(record_of(schedule, change->zone, change->owner, ADDR_V4), schedule->moment) != ABSENT;
}

static void check_no_record(struct schedule *schedule, size_t number, enum rr_type missing)
{
	const struct submitted *change = &schedule->changes[number];

	if (missing == RR_NONE) {
		if (!(has_to_exist(change, ADDR_V4) && was_absent(schedule, change, ADDR_V4)) &&
		    !(has_to_exist(change, ADDR_V6) && was_absent(schedule, change, ADDR_V6)))
			break_rule(schedule, number, "neither was missing that must exist");
		return;
	}
	if (!has_to_exist(change, rr_type_family(missing)))
		break_rule(schedule, number, "the missing record is not one that must exist");
	if (!was_absent(schedule, change, rr_type_family(missing)) && !was_put_back(schedule, change, missing))
		break_rule(schedule, number, "the record was there all the time");
}

static void check_busy(const struct schedule *schedule, size_t number)
{
	const struct submitted *change = &schedule->changes[number];

	/* It does not count itself. */
	if (change->gateway->waiting[change->zone] < schedule->limits.waiters_max &&
	    change->gateway->waiting_of[change->zone][change->account] < schedule->limits.share_max)
		break_rule(schedule, number, "there is room");
}

/* Whether a change may have been carried out, as far as was told; a record may have gone again since. */
static bool may_be_done(const struct submitted *change)
{
	return change->looked_up && (change->cancelled || change->code == OUTCOME_CHANGED ||
				     change->code == OUTCOME_UNCHANGED || change->code == OUTCOME_UNKNOWN ||
				     change->code == OUTCOME_REFUSED_UNSIGNED || change->code == OUTCOME_NO_RECORD);
}

/* It is too late because of a later one of the same gateway; that may have been told of it only in a moment. */
static void check_overtaken(const struct schedule *schedule, size_t number)
{
	const struct submitted *change = &schedule->changes[number];

	if (change->is_text && is_text_too_late(schedule, change, may_be_done))
		return;
	for (const struct submitted *later = change + 1; later < schedule->changes + schedule->count; later++) {
		if (later->gateway == change->gateway && later->zone == change->zone && later->owner == change->owner &&
		    later->families & change->families && may_be_done(later))
			return;
	}
	break_rule(schedule, number, "nothing has overtaken it");
}

/* None that came earlier may be committed from here on. */
static void note_done(struct schedule *schedule, const struct submitted *change)
{
	size_t number = (size_t)(change - schedule->changes);

	for (enum addr_family family = ADDR_V4; family <= ADDR_V6; family++) {
		size_t *last =
			&record_of(schedule, change->zone, change->owner, family)->last[number_of(change->gateway)];

		if (has_family(change, family) && *last < number)
			*last = number;
	}
}

/* A client goes away while its account is looked up; or, the time being over, is told so. */
static void abandon(struct submitted *first)
{
	for (size_t i = 0; i < first->request_count; i++)
		first[i].cancelled = true;
	order_leave(first->gateway->order, &first->place);
	seen_abandoned++;
}

/* Not only clients that go away cancel, but also what an answer sets off; hence from within on_done(), too. */
static void cancel(struct schedule *schedule)
{
	size_t newest = draw(schedule, (unsigned)schedule->count);

	for (size_t i = 0; i < schedule->count; i++) {
		struct submitted *change = &schedule->changes[(newest + schedule->count - i) % schedule->count];

		if (change->answers || change->cancelled || change->submitting)
			continue;
		if (change->request_first->looked_up && !change->looked_up)
			continue; /* it is just being submitted */
		if (!change->looked_up) {
			abandon(change->request_first);
			return;
		}
		change->cancelled = true;
		no_longer_waits(change);
		seen_cancelled++;
		zones_cancel(change->zones, change->zone, change);
		return;
	}
}

static void count_kinds(const struct submitted *change)
{
	if (change->is_text)
		seen_texts[change->text_kind]++;
	for (enum addr_family family = ADDR_V4; family <= ADDR_V6; family++) {
		if (has_family(change, family))
			seen_changed[change->wishes[family].kind]++;
	}
}

static void check_changed(struct schedule *schedule, const struct submitted *change)
{
	if (!any_standing_for(schedule, change, was_committed) &&
	    (change->is_text || !any_standing_for(schedule, change, was_held)))
		break_rule(schedule, (size_t)(change - schedule->changes), "neither it nor a later one was committed");
}

static void on_done(void *ctx, const struct outcome *outcome)
{
	struct submitted *change = ctx;
	struct schedule *schedule = change->schedule;
	size_t number = (size_t)(change - schedule->changes);

	change->code = outcome->code;
	seen[outcome->code]++;
	change->answered_at = ++schedule->moment;
	if (change->cancelled)
		break_rule(schedule, number, "answered after it was cancelled");
	if (change->answers++)
		break_rule(schedule, number, "answered twice");
	no_longer_waits(change);
	if (fake_env_now_ms(schedule->fake) > change->at_ms + schedule->limits.deadline_ms)
		break_rule(schedule, number, "answered after its deadline");
	if (outcome->code == OUTCOME_CHANGED)
		count_kinds(change);
	if (outcome->code == OUTCOME_CHANGED)
		check_changed(schedule, change);
	if (change->is_text && (outcome->code == OUTCOME_UNCHANGED || outcome->code == OUTCOME_NO_RECORD))
		break_rule(schedule, number, "strings need nothing to be there, and are not taken for done");
	if (outcome->code == OUTCOME_UNCHANGED && !any_standing_for(schedule, change, was_held))
		break_rule(schedule, number, "the zone held neither it nor a later one");
	if (outcome->code == OUTCOME_NO_RECORD)
		check_no_record(schedule, number, outcome->missing);
	if (outcome->code == OUTCOME_BUSY)
		check_busy(schedule, number);
	if (outcome->code == OUTCOME_CHANGED || outcome->code == OUTCOME_UNCHANGED)
		note_done(schedule, change);
	change->is_text_done = change->is_text_done || (change->is_text && outcome->code == OUTCOME_CHANGED);
	if (chance(schedule, schedule->cancelling_percent))
		cancel(schedule);
}

/* Whether a prefix can make that value, of an address that happens to have its host part. */
static bool is_prefix_of(const struct submitted *change, int value)
{
	return has_family(change, ADDR_V6) && change->wishes[ADDR_V6].kind == DEED_PREFIX &&
	       network_of(value) == change->value;
}

/* Whether its value says that it was this change that was committed, and not one that repeats it. */
static bool is_of_one_change(const struct schedule *schedule, const struct submitted *change)
{
	if (change->is_text)
		return is_of_one_text(schedule, change);
	for (size_t i = 0; i < schedule->count; i++) {
		const struct submitted *other = &schedule->changes[i];

		if (other != change && other->zone == change->zone && other->owner == change->owner &&
		    (other->value == change->value || other->value >> HOST_BITS == change->value ||
		     is_prefix_of(other, change->value)))
			return false;
	}
	return change->is_new;
}

/* After the end, when nothing can be committed any more. */
static void check(struct schedule *schedule)
{
	for (size_t i = 0; i < schedule->count; i++) {
		const struct submitted *change = &schedule->changes[i];
		bool undone = change->code == OUTCOME_REFUSED || change->code == OUTCOME_UNREACHABLE ||
			      change->code == OUTCOME_BUSY || change->code == OUTCOME_OVERTAKEN;

		if (!change->looked_up && is_of_one_change(schedule, change) && was_committed(schedule, change))
			break_rule(schedule, i, "it was abandoned, and is in the zone all the same");
		if (change->cancelled)
			continue;
		if (change->code == OUTCOME_OVERTAKEN)
			check_overtaken(schedule, i);
		if (change->answers != 1)
			break_rule(schedule, i, "not answered");
		if (undone && is_of_one_change(schedule, change) && was_committed(schedule, change))
			break_rule(schedule, i, "it is in the zone all the same");
		if (change->is_text && change->code == OUTCOME_CHANGED)
			check_text(schedule, change);
	}
}

/* Whether it is what one of the gateway's changes of the record asks for, from the last one that was done on. */
static bool is_of_last(struct schedule *schedule, const struct gateway *gateway, const struct record *record,
		       size_t zone, unsigned owner, enum addr_family family)
{
	for (size_t i = record->last[number_of(gateway)]; i < schedule->count; i++) {
		const struct submitted *change = &schedule->changes[i];

		if (change->gateway == gateway && change->looked_up && change->zone == zone && change->owner == owner &&
		    has_family(change, family) && makes(change, family, held_at(record, schedule->moment)))
			return true;
	}
	return false;
}

/* What the zones hold, unless others have put it there. */
static void check_zones(struct schedule *schedule)
{
	for (size_t zone = 0; zone < ZONES; zone++) {
		for (unsigned owner = 0; owner < OWNERS; owner++) {
			for (enum addr_family family = ADDR_V4; family <= ADDR_V6; family++) {
				const struct record *record = record_of(schedule, zone, owner, family);

				if (record->committer &&
				    !is_of_last(schedule, record->committer, record, zone, owner, family))
					fail_msg("DDNSGATE_TEST_SEED=%" PRIu64
						 " DDNSGATE_TEST_SCHEDULES=1: %s holds %d, which "
						 "is not of change %zu nor of a later one",
						 schedule->seed, owner_name(zone, owner),
						 held_at(record, schedule->moment),
						 record->last[number_of(record->committer)]);
			}
		}
	}
}

/*
 * Whether a later change may have taken its place: it was not committed itself, or only what both make of a record; or
 * one came while it waited that asks for the same.
 */
static bool was_replaced(const struct schedule *schedule, const struct submitted *change)
{
	for (const struct submitted *later = change + 1; later < schedule->changes + schedule->count; later++) {
		if (later->zone == change->zone && later->owner == change->owner &&
		    (later->update == change->update || later->moment < change->answered_at))
			return true;
	}
	return change->update == 0;
}

/* Whether nothing came in the way of a request, so that its hosts had to go together. */
static bool was_undisturbed(const struct schedule *schedule, const struct submitted *first, size_t count)
{
	if (!schedule->quiet || first->zone != 0) /* the other zone's wildcard makes looks worthless */
		return false;
	for (const struct submitted *change = first; change < first + count; change++) {
		if (!change->is_first || (change->code == OUTCOME_CHANGED && was_replaced(schedule, change)))
			return false;
	}
	return true;
}

/* The hosts of a request that were changed were so by one UPDATE, unless they were not ready together. */
static void check_request(const struct schedule *schedule, size_t number, size_t count)
{
	const struct submitted *first = &schedule->changes[number], *one = NULL;
	size_t changed = 0, together = 0;

	for (const struct submitted *change = first; change < first + count; change++) {
		if (change->code != OUTCOME_CHANGED)
			continue;
		one = one ? one : change;
		changed++;
		together += change->update == one->update;
	}
	if (changed < 2)
		return;
	seen_whole += together == changed;
	seen_torn += together < changed;
	if (!was_undisturbed(schedule, first, count))
		return;
	seen_undisturbed++;
	if (together < changed)
		break_rule(schedule, number, "the hosts of its request did not go together");
}

static void check_requests(const struct schedule *schedule)
{
	for (size_t i = 0, end; i < schedule->count; i = end) {
		for (end = i + 1; end < schedule->count; end++) {
			if (schedule->changes[end].request != schedule->changes[i].request)
				break;
		}
		check_request(schedule, i, end - i);
	}
}

/* ---- Mischief of the primaries ---- */

static enum reply_kind wrong_reply(struct schedule *schedule)
{
	return (enum reply_kind)(REPLY_NONE + draw(schedule, REPLY_KIND_COUNT - REPLY_NONE));
}

/* An honest primary's own failures: it says so, signed, and has done nothing. */
static unsigned failure(struct schedule *schedule)
{
	static const unsigned rcodes[] = {DNS_SERVFAIL, DNS_REFUSED, DNS_NOTAUTH, DNS_FORMERR, DNS_NOTIMP};

	return rcodes[draw(schedule, sizeof rcodes / sizeof *rcodes)];
}

static void decide(void *ctx, const struct primary_request *request, struct primary_script *script)
{
	struct gateway *gateway = ctx;
	struct schedule *schedule = gateway->schedule;

	schedule->asking = gateway;
	if (request->verified != TSIG_OK &&
	    !(request->verified == TSIG_BADTIME &&
	      (gateway->works_in_turn || schedule->clock_jumped_ms == fake_env_now_ms(schedule->fake))))
		fail_msg("a request does not verify: %s", tsig_status_text(request->verified));
	seen_kinds[request->kind]++;
	for (size_t i = 0; i < PRIMARIES; i++)
		seen_connections += primary_open_connections(gateway->primaries[i]) > 1;
	seen_together += request->changes > CHANGE_SET_MAX;
	if (schedule->mended)
		return;
	if (chance(schedule, 50))
		script->delay_ms = draw(schedule, DELAY_MAX_MS);
	if (chance(schedule, 20))
		script->piece_len = 1 + draw(schedule, 80);
	if (!chance(schedule, schedule->mischief_percent))
		return;
	switch (draw(schedule, 8)) {
	case 0:
		script->rcode = failure(schedule);
		if (chance(schedule, 30))
			script->reply = REPLY_UNSIGNED;
		break;
	case 1: /* committed, and the reply is worth nothing */
		script->reply = wrong_reply(schedule);
		break;
	case 2: /* not committed, and the reply says it is */
		script->reply = wrong_reply(schedule);
		/*
		 * The clock may come to agree with a wrong time, and then nothing tells the reply from a right one.
		 */
		if (script->reply != REPLY_STALE && script->reply != REPLY_FROM_THE_FUTURE)
			script->rcode = DNS_NOERROR;
		break;
	case 3:
		script->delay_ms = draw(schedule, 3000);
		break;
	case 4:
		script->close_after = 1 + draw(schedule, 200);
		break;
	case 5:
		script->close_instead = true;
		break;
	case 6:
		script->reply = REPLY_NONE;
		break;
	case 7:
		script->lame = true;
		break;
	}
}

static void disturb(struct schedule *schedule)
{
	struct gateway *gateway = &schedule->gateways[draw(schedule, (unsigned)schedule->gateway_count)];
	struct primary *primary = gateway->primaries[draw(schedule, PRIMARIES)];

	if (!chance(schedule, schedule->mischief_percent))
		return;
	switch (draw(schedule, 5)) {
	case 0:
		primary_drop_connections(primary);
		break;
	case 4:
		primary_set_connections_max(primary, draw(schedule, 4), (enum door)draw(schedule, DOOR_FAILS + 1));
		break;
	case 1: /* a restart, or its end */
		primary_set_door(primary, (enum door)draw(schedule, DOOR_FAILS + 1));
		if (chance(schedule, 50))
			primary_drop_connections(primary);
		break;
	case 2:
		primary_set_sends_fail(primary, chance(schedule, 30));
		break;
	default: /* The wall clock jumps, for both sides. */
		fake_env_set_wall_s(schedule->fake, SECOND_LOW + draw(schedule, 1000000));
		schedule->clock_jumped_ms = fake_env_now_ms(schedule->fake);
		break;
	}
}

/* ---- What others do to the zones ---- */

static void put(struct schedule *schedule, size_t zone, unsigned owner, enum addr_family family, int value)
{
	struct held now = {.count = 1, .addrs = {addr_of_value(family, value)}};

	zone_model_put(schedule->models[zone], owner_name(zone, owner), value_text(family, value));
	note(schedule, record_of(schedule, zone, owner, family), &now, NULL);
}

static void meddle_with_record(struct schedule *schedule, size_t zone, unsigned owner, enum addr_family family)
{
	struct zone_model *model = schedule->models[zone];
	struct record *record = record_of(schedule, zone, owner, family);

	switch (draw(schedule, 5)) {
	case 0:
		zone_model_remove(model, owner_name(zone, owner), family);
		note(schedule, record, &(struct held){0}, NULL);
		break;
	case 1:
		if (held_at(record, schedule->moment) >= 0) {
			struct held now = record->now;

			now.addrs[now.count++] = addr_of_value(family, schedule->next_value);
			zone_model_add(model, owner_name(zone, owner), value_text(family, schedule->next_value++));
			note(schedule, record, &now, NULL);
		}
		break;
	case 2:
		if (held_at(record, schedule->moment) != ABSENT)
			zone_model_set_ttl(model, owner_name(zone, owner), family, draw(schedule, 2 * TTL_S));
		break;
	case 3: /* a value that it had before */
		if (record->count && record->events[draw(schedule, (unsigned)record->count)].value >= 0) {
			int value = record->events[draw(schedule, (unsigned)record->count)].value;

			put(schedule, zone, owner, family, value < 0 ? VALUE_AT_START : value);
		}
		break;
	default:
		put(schedule, zone, owner, family, schedule->next_value++);
		break;
	}
}

static void meddle_with_text(struct schedule *schedule, size_t zone, unsigned owner)
{
	struct text_history *texts = &schedule->texts[zone][owner];
	struct text_deed deed = {
		.moment = ++schedule->moment, .by = TEXT_BY_OTHERS, .change = TEXT_NONE, .put = TEXT_NONE};
	int known = schedule->next_value;

	if (texts->count)
		known = texts->deeds[draw(schedule, (unsigned)texts->count)].put;
	if (known == TEXT_NONE || chance(schedule, 50))
		known = schedule->next_value++;
	if (chance(schedule, 50)) {
		deed.put = known;
		zone_model_put_text(schedule->models[zone], owner_name(zone, owner), string_text(known));
	} else {
		deed.taken[deed.taken_count++] = known;
		zone_model_take_text(schedule->models[zone], owner_name(zone, owner), string_text(known));
	}
	text_history_note(texts, &deed);
}

static void meddle(struct schedule *schedule)
{
	static const unsigned policies[] = {DNS_REFUSED, DNS_SERVFAIL, DNS_NOTZONE, DNS_FORMERR,
					    DNS_NOERROR, DNS_NOERROR,  DNS_NOERROR};
	size_t zone = draw(schedule, ZONES);
	unsigned owner = draw(schedule, OWNERS);

	if (!chance(schedule, schedule->meddling_percent))
		return;
	if (chance(schedule, 10))
		zone_model_refuse_queries(schedule->models[zone], chance(schedule, 30));
	if (chance(schedule, 20))
		zone_model_reject(schedule->models[zone], owner_name(zone, owner),
				  policies[draw(schedule, sizeof policies / sizeof *policies)]);
	if (chance(schedule, 40))
		zone_model_show_old_texts(schedule->models[zone], chance(schedule, 70));
	if (schedule->text_percent && chance(schedule, 40))
		meddle_with_text(schedule, zone, draw(schedule, TEXT_OWNERS));
	for (unsigned i = draw(schedule, 4); i > 0; i--)
		meddle_with_record(schedule, zone, draw(schedule, OWNERS),
				   (enum addr_family)(ADDR_V4 + draw(schedule, 2)));
}

static void mend_primary(struct primary *primary)
{
	primary_set_door(primary, DOOR_OPEN);
	primary_set_connections_max(primary, 0, DOOR_OPEN);
	primary_set_sends_fail(primary, false);
	primary_drop_connections(primary); /* which may still be about to end in mid-reply */
}

static void mend(struct schedule *schedule)
{
	schedule->mended = true;
	schedule->cancelling_percent = 0;
	for (size_t i = 0; i < schedule->gateway_count * PRIMARIES; i++)
		mend_primary(schedule->gateways[i / PRIMARIES].primaries[i % PRIMARIES]);
	for (size_t zone = 0; zone < ZONES; zone++) {
		zone_model_refuse_queries(schedule->models[zone], false);
		zone_model_show_old_texts(schedule->models[zone], false);
		for (unsigned owner = 0; owner < OWNERS; owner++)
			zone_model_reject(schedule->models[zone], owner_name(zone, owner), DNS_NOERROR);
	}
}

/* ---- A schedule ---- */

/* One of its own, or one that the record has or had, so that nothing may have to be changed. */
static void choose_value(struct schedule *schedule, struct submitted *change)
{
	enum addr_family family = has_family(change, ADDR_V4) ? ADDR_V4 : ADDR_V6;
	const struct record *record = record_of(schedule, change->zone, change->owner, family);
	int value = ABSENT;

	change->value = ABSENT;
	if (change->wishes[ADDR_V6].kind == DEED_REMOVE)
		return;
	if (chance(schedule, 30))
		value = held_at(record, schedule->moment);
	else if (chance(schedule, 10) && record->count)
		value = record->events[draw(schedule, (unsigned)record->count)].value;
	else if (chance(schedule, 10))
		value = VALUE_OF_WILDCARD;
	if (change->wishes[ADDR_V6].kind == DEED_PREFIX && family == ADDR_V6)
		value = network_of(value);
	change->is_new = value < 0;
	change->value = change->is_new ? schedule->next_value++ : value;
}

/* What is to become of the records, as planning would have it. */
static void choose_wishes(struct schedule *schedule, struct submitted *change)
{
	struct wish *v4 = &change->wishes[ADDR_V4], *v6 = &change->wishes[ADDR_V6];
	bool must_exist = chance(schedule, 90);

	change->families = (1 + draw(schedule, 3)) << ADDR_V4;
	*v4 = *v6 = (struct wish){DEED_REPLACE, must_exist};
	if (chance(schedule, 5)) { /* offline */
		change->families = 1u << ADDR_V4 | 1u << ADDR_V6;
		*v4 = *v6 = (struct wish){DEED_REMOVE, false};
		return;
	}
	if (has_family(change, ADDR_V6) && chance(schedule, 30))
		*v6 = (struct wish){DEED_PREFIX, !has_family(change, ADDR_V4)};
	if (has_family(change, ADDR_V6) && has_family(change, ADDR_V4) && chance(schedule, 20)) { /* IPv4 is gone */
		*v4 = (struct wish){DEED_REMOVE, false};
		v6->must_exist = v6->kind == DEED_PREFIX;
	}
}

/* A string that this record has had, or is to have; else a new one. */
static int choose_string(struct schedule *schedule, const struct submitted *change, unsigned percent)
{
	const struct submitted *known = NULL;
	size_t from = schedule->count ? draw(schedule, (unsigned)schedule->count) : 0;

	for (size_t i = 0; i < schedule->count && !known; i++) {
		const struct submitted *other = &schedule->changes[(from + i) % schedule->count];

		if (same_texts(other, change) && adds_text(other))
			known = other;
	}
	return known && chance(schedule, percent) ? known->value : schedule->next_value++;
}

/* A change of a string, as the clients have it that are at that owner. */
static void choose_text(struct schedule *schedule, struct submitted *change)
{
	unsigned clients = draw(schedule, TEXT_OWNERS);

	change->is_text = true;
	change->owner = clients;
	if (clients > OWNER_OF_DUCKDNS)
		clients = draw(schedule, OWNER_OF_DUCKDNS + 1);
	if (clients == OWNER_OF_DUCKDNS)
		change->text_kind = DEED_SET;
	else if (clients == OWNER_OF_ACMEDNS)
		change->text_kind = DEED_ROTATE;
	else
		change->text_kind = chance(schedule, 40) ? DEED_DROP : DEED_ADD;
	if (change->text_kind == DEED_SET && chance(schedule, 30))
		change->value = ABSENT;
	else
		change->value = choose_string(schedule, change, change->text_kind == DEED_DROP ? 90 : 10);
}

static void put_text_change(const struct submitted *change, struct change_set *set)
{
	static const enum change_kind kinds[] = {[DEED_SET] = CHANGE_REPLACE,
						 [DEED_ADD] = CHANGE_ADD,
						 [DEED_DROP] = CHANGE_DROP,
						 [DEED_ROTATE] = CHANGE_ROTATE};

	set->changes[set->count++] = change_of_string(kinds[change->text_kind],
						      change->value == ABSENT ? "" : string_text(change->value), TTL_S);
}

static struct change change_of(struct schedule *schedule, const struct submitted *change, enum addr_family family)
{
	static const unsigned lens[] = {64, 65, 80, 95, 112}; /* between them there are only zeros */
	const struct wish *wish = &change->wishes[family];
	struct addr prefix;

	if (wish->kind == DEED_REMOVE)
		return change_removing(rr_type_of_family(family));
	if (wish->kind == DEED_REPLACE)
		return change_to_addr(addr_of_value(family, change->value), TTL_S, wish->must_exist);
	prefix = addr_of_value(family, change->value << HOST_BITS | (int)draw(schedule, HOST_MAX));
	return change_prefix(prefix, lens[draw(schedule, sizeof lens / sizeof *lens)], TTL_S, wish->must_exist);
}

static bool is_first(const struct schedule *schedule, const struct submitted *change)
{
	for (const struct submitted *other = schedule->changes; other < schedule->changes + schedule->count; other++) {
		if (other != change && other->looked_up && other->zone == change->zone &&
		    other->owner == change->owner && other->answers == 0)
			return false;
	}
	return change->at_ms == fake_env_now_ms(schedule->fake);
}

static void submit_change(struct schedule *schedule, struct submitted *change, bool more)
{
	struct gateway *gateway = change->gateway;
	struct change_set set = {.zone = change->zone,
				 .account = change->account * UINT64_C(0x9e3779b97f4a7c15),
				 .more = more,
				 .place = &change->request_first->place,
				 .waited_ms = fake_env_now_ms(schedule->fake) - change->at_ms};

	change->is_first = is_first(schedule, change);
	change->looked_up = true;
	assert_int_equal(name_parse(text_of(owner_name(change->zone, change->owner)), &set.owner), STATUS_OK);
	for (enum addr_family family = ADDR_V4; family <= ADDR_V6; family++) {
		if (has_family(change, family))
			set.changes[set.count++] = change_of(schedule, change, family);
	}
	if (change->is_text)
		put_text_change(change, &set);
	gateway->waiting[change->zone]++;
	gateway->waiting_of[change->zone][change->account]++;
	change->submitting = true;
	zones_submit(change->zones, &set, change);
	change->submitting = false;
	if (gateway->waiting[change->zone] > schedule->limits.waiters_max ||
	    gateway->waiting_of[change->zone][change->account] > schedule->limits.share_max)
		break_rule(schedule, (size_t)(change - schedule->changes), "more wait than allowed");
}

/* The account and its key are known: now the changes go to their queues, unless it is too late. */
static void on_looked_up(void *ctx)
{
	struct submitted *first = ctx;
	struct schedule *schedule = first->schedule;

	if (first->cancelled)
		return;
	if (fake_env_now_ms(schedule->fake) >= first->at_ms + schedule->limits.deadline_ms) {
		seen_late++;
		abandon(first);
		return;
	}
	for (size_t i = 0; i < first->request_count; i++)
		submit_change(schedule, &first[i], i + 1 < first->request_count);
	order_leave(first->gateway->order, &first->place);
}

/* A request for that many changes, which are made already, comes. */
static void arrive(struct schedule *schedule, struct submitted *first, size_t count)
{
	uint64_t now_ms = fake_env_now_ms(schedule->fake);

	for (size_t i = 0; i < count; i++) {
		first[i].schedule = schedule;
		first[i].zones = first->gateway->generations[first->gateway->generation_count - 1];
		first[i].at_ms = now_ms;
		first[i].moment = ++schedule->moment;
		first[i].request_first = first;
		first[i].request_count = count;
	}
	order_arrive(first->gateway->order, &first->place);
	if (chance(schedule, schedule->slow_percent))
		fake_env_call_at(schedule->fake, now_ms + draw(schedule, chance(schedule, 50) ? 100 : 6000),
				 on_looked_up, first);
	else
		on_looked_up(first);
}

/* A request for that many hosts of a zone, in which the same one may be named again. */
static void submit(struct schedule *schedule, unsigned hosts)
{
	struct submitted *first = &schedule->changes[schedule->count];
	struct submitted wanted = {.gateway = &schedule->gateways[draw(schedule, (unsigned)schedule->gateway_count)],
				   .zone = draw(schedule, ZONES),
				   .owner = draw(schedule, OWNERS),
				   .account = draw(schedule, ACCOUNTS),
				   .request = schedule->requests++};

	if (chance(schedule, schedule->text_percent)) {
		choose_text(schedule, &wanted);
	} else {
		choose_wishes(schedule, &wanted);
		choose_value(schedule, &wanted);
	}
	for (unsigned i = 0; i < hosts; i++) {
		struct submitted *change = &schedule->changes[schedule->count++];

		*change = wanted;
		/* Of these clients, those of DuckDNS can name several. */
		if (!wanted.is_text)
			wanted.owner = draw(schedule, OWNERS);
		else if (wanted.text_kind == DEED_SET)
			wanted.owner = OWNER_OF_DUCKDNS + draw(schedule, TEXT_OWNERS - OWNER_OF_DUCKDNS);
		else
			break;
	}
	arrive(schedule, first, (size_t)(schedule->changes + schedule->count - first));
}

static void make_zone(struct schedule *schedule, size_t zone)
{
	schedule->models[zone] = zone_model_new(zone_names[zone]);
	zone_model_watch(schedule->models[zone], on_commit, schedule);
	zone_model_watch_texts(schedule->models[zone], on_text_commit, schedule);
	for (unsigned owner = 0; owner < OWNERS; owner++) {
		if (owner != OWNER_WITHOUT_RECORDS)
			put(schedule, zone, owner, ADDR_V4, VALUE_AT_START);
		if (owner != OWNER_WITHOUT_RECORDS && owner != OWNER_WITHOUT_AAAA)
			put(schedule, zone, owner, ADDR_V6, VALUE_AT_START);
	}
	for (enum addr_family family = ADDR_V4; family <= ADDR_V6 && zone > 0; family++)
		zone_model_set_wildcard(schedule->models[zone], value_text(family, VALUE_OF_WILDCARD));
}

static void make_gateway(struct schedule *schedule, struct gateway *gateway, const char *const names[static PRIMARIES])
{
	gateway->schedule = schedule;
	/* What a primary has not read yet when its time is over may come late, of which the rules know nothing. */
	gateway->works_in_turn = schedule->quiet && chance(schedule, 50);
	for (size_t i = 0; i < PRIMARIES; i++) {
		gateway->primaries[i] = scripted_new(schedule->network, names[i], schedule->models[0], schedule->key);
		for (size_t zone = 1; zone < ZONES; zone++)
			primary_serve(gateway->primaries[i], schedule->models[zone]);
		primary_set_at_a_time(gateway->primaries[i], gateway->works_in_turn ? 1 + draw(schedule, 4) : 0);
		primary_set_decide(gateway->primaries[i], decide, gateway);
		gateway->peers[i] = *primary_peer(gateway->primaries[i]);
	}
	for (size_t i = 0; i < ZONES; i++)
		gateway->setups[i] = (struct zone_setup){
			.name = &schedule->names[i],
			.primaries = gateway->peers,
			.primary_count = 1 + draw(schedule, PRIMARIES),
			.key = schedule->key,
			.commit_pause_ms = chance(schedule, 50) ? 0 : draw(schedule, 100),
		};
}

static void make_world(struct schedule *schedule)
{
	schedule->fake = fake_env_new(fake_random_draw(&schedule->random));
	schedule->network = network_new(schedule->fake);
	schedule->next_value = FIRST_VALUE;
	assert_int_equal(tsig_key_new("gw", "hmac-sha256", (const uint8_t *)"0123456789abcdef", 16, &schedule->key),
			 TSIG_OK);
	for (size_t i = 0; i < ZONES; i++) {
		make_zone(schedule, i);
		assert_int_equal(name_parse(text_of(zone_names[i]), &schedule->names[i]), STATUS_OK);
	}
	for (size_t i = 0; i < schedule->gateway_count; i++)
		make_gateway(schedule, &schedule->gateways[i], primary_names[i]);
}

static void open_gateway(struct schedule *schedule, struct gateway *gateway)
{
	struct transport_maker maker = network_maker(schedule->network);

	assert_int_equal(order_new(fake_random_draw(&schedule->random), &gateway->order), STATUS_OK);
	assert_int_equal(memory_new(draw(schedule, 100), 1, &gateway->memory), STATUS_OK);
	assert_int_equal(zones_new(fake_env_of(schedule->fake), gateway->order, gateway->memory, &maker,
				   &schedule->options, &schedule->limits, gateway->setups, ZONES, on_done,
				   &gateway->generations[0]),
			 STATUS_OK);
	gateway->generation_count = 1;
}

static void open_zones(struct schedule *schedule)
{
	schedule->options = (struct dns_client_options){
		.connect_timeout_ms = 1 + draw(schedule, 2000),
		.reply_timeout_ms = 1 + draw(schedule, 4000),
		.fudge_s = 300,
		.connections_max = 1 + draw(schedule, 5),
		.crowded_at = 1 + draw(schedule, 4),
		.updates_max = draw(schedule, 6),
		.budget = &schedule->budget,
	};
	schedule->budget.allowed = draw(schedule, 10);

	schedule->limits = (struct queue_limits){
		.waiters_max = 1 + draw(schedule, 100),
		.share_max = 1 + draw(schedule, 60),
		.octets_max = chance(schedule, 50) ? DNS_MESSAGE_MAX : draw(schedule, 2000),
		.updates_max = 1 + draw(schedule, 4),
		.overlap_min = draw(schedule, 20),
		.half_min = 1 + draw(schedule, 10),
		.half_min_with_pause = 1 + draw(schedule, 10),
		.confirms_max = 1 + draw(schedule, 3),
		.queries_max = 1 + draw(schedule, 16),
		.attempts_max = 1 + draw(schedule, 6),
		.retry_pause_ms = draw(schedule, 300),
		.deadline_ms = 1 + draw(schedule, 12000),
		.seed = fake_random_draw(&schedule->random),
	};
	if (schedule->quiet) { /* replies keep their order, so the delays of several add up */
		schedule->options.connect_timeout_ms = schedule->options.reply_timeout_ms = 100 * DELAY_MAX_MS;
		schedule->limits.deadline_ms = LATER_MS;
		schedule->limits.octets_max = DNS_MESSAGE_MAX;
	}
	for (size_t i = 0; i < schedule->gateway_count; i++)
		open_gateway(schedule, &schedule->gateways[i]);
}

/* The configuration is read anew. */
static void reload(struct schedule *schedule)
{
	struct gateway *gateway = &schedule->gateways[draw(schedule, (unsigned)schedule->gateway_count)];
	struct zones **next = &gateway->generations[gateway->generation_count];

	if (gateway->generation_count == GENERATIONS_MAX)
		return;
	assert_int_equal(zones_succeed(next[-1], &schedule->options, &schedule->limits, gateway->setups, ZONES, next),
			 STATUS_OK);
	gateway->generation_count++;
	zones_take_over(*next);
}

/* With honest primaries again, a change of a record that is there is committed. */
static void check_recovery(struct schedule *schedule)
{
	schedule->slow_percent = 0;
	for (size_t i = 0; i < ZONES * schedule->gateway_count; i++) {
		struct submitted *change = &schedule->changes[schedule->count++];
		size_t zone = i % ZONES;

		*change = (struct submitted){.gateway = &schedule->gateways[i / ZONES],
					     .zone = zone,
					     .request = schedule->requests++,
					     .is_new = true};
		put(schedule, zone, 0, ADDR_V4, VALUE_AT_START);
		change->families = 1u << ADDR_V4;
		change->wishes[ADDR_V4] = (struct wish){DEED_REPLACE, true};
		change->value = schedule->next_value++;
		arrive(schedule, change, 1);
		fake_env_advance(schedule->fake, LATER_MS);
		if (change->code != OUTCOME_CHANGED)
			break_rule(schedule, schedule->count - 1, "all was mended");
	}
	if (fake_env_next_ms(schedule->fake) != ENV_NEVER_MS)
		break_rule(schedule, schedule->count - 1, "something still waits for time");
}

static void take_apart(struct schedule *schedule)
{
	for (size_t i = 0; i < schedule->gateway_count; i++) {
		struct gateway *gateway = &schedule->gateways[i];

		if (order_mark_count(gateway->order))
			break_rule(schedule, schedule->count - 1, "marks are left, though nobody can be too late");
		for (size_t n = 0; n < gateway->generation_count; n++)
			zones_free(&gateway->generations[n]);
		order_free(&gateway->order);
		memory_free(&gateway->memory);
	}
	if (schedule->budget.taken)
		break_rule(schedule, schedule->count - 1, "connections are still counted");
	network_free(&schedule->network);
	fake_env_free(&schedule->fake);
	for (size_t i = 0; i < ZONES; i++)
		zone_model_free(&schedule->models[i]);
	tsig_key_free(&schedule->key);
}

static void run(struct schedule *schedule)
{
	schedule->quiet = chance(schedule, 15);
	schedule->gateway_count = !schedule->quiet && chance(schedule, 30) ? GATEWAYS : 1;
	seen_beside += schedule->gateway_count == GATEWAYS;
	make_world(schedule);
	open_zones(schedule);
	schedule->mischief_percent = draw(schedule, 4) * 15;
	schedule->meddling_percent = draw(schedule, 3) * 40;
	schedule->cancelling_percent = draw(schedule, 2) * 10;
	schedule->slow_percent = draw(schedule, 3) * 30;
	schedule->text_percent = draw(schedule, 3) * 20;
	if (schedule->quiet)
		schedule->mischief_percent = schedule->meddling_percent = schedule->cancelling_percent = 0;
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned burst = chance(schedule, 20) ? draw(schedule, 60) : draw(schedule, 6);

		for (; burst > 0 && schedule->count < CHANGES_MAX - GATEWAYS * ZONES - HOSTS_MAX; burst--)
			submit(schedule, chance(schedule, 80) ? 1 : 2 + draw(schedule, HOSTS_MAX - 1));
		disturb(schedule);
		meddle(schedule);
		if (chance(schedule, 10))
			reload(schedule);
		for (unsigned i = draw(schedule, 10); i > 0 && schedule->cancelling_percent && schedule->count; i--)
			cancel(schedule);
		fake_env_advance(schedule->fake, chance(schedule, 20) ? draw(schedule, 5000) : draw(schedule, 100));
	}
	if (!schedule->quiet)
		mend(schedule);
	fake_env_advance(schedule->fake, LATER_MS);
	check_recovery(schedule);
	check(schedule);
	check_zones(schedule);
	check_requests(schedule);
	take_apart(schedule);
}

static unsigned schedules_wanted(void)
{
	const char *given = getenv("DDNSGATE_TEST_SCHEDULES");

	return given ? (unsigned)strtoul(given, NULL, 10) : SCHEDULES_DEFAULT;
}

static void drop_line(void *ctx, const char *line, size_t len)
{
	(void)ctx;
	(void)line;
	(void)len;
}

static void every_schedule_keeps_the_rules(void **state)
{
	uint64_t seed = fake_random_seed();
	unsigned wanted = schedules_wanted();

	(void)state;
	log_set_sink(drop_line, NULL);
	for (unsigned i = 0; i < wanted; i++) {
		struct schedule *schedule = calloc(1, sizeof *schedule);

		assert_non_null(schedule);
		schedule->seed = seed + i;
		schedule->random.state = schedule->seed;
		run(schedule);
		free(schedule);
	}
	log_set_sink(NULL, NULL);
}

/* The rules say nothing if nothing happens. */
static void the_schedules_see_every_outcome(void **state)
{
	static const enum outcome_code expected[] = {OUTCOME_CHANGED, OUTCOME_UNCHANGED,   OUTCOME_NO_RECORD,
						     OUTCOME_REFUSED, OUTCOME_UNREACHABLE, OUTCOME_UNKNOWN,
						     OUTCOME_BUSY,    OUTCOME_OVERTAKEN};
	static const char *const kinds[] = {"updates", "confirmations", "probes", "nothing", "queries"};
	static const char *const changes[] = {"replaced", "removed", "prefixed"};
	static const char *const texts[] = {"set", "added", "dropped", "rotated"};

	(void)state;
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		print_message("%13s %lu\n", outcome_text(expected[i]), seen[expected[i]]);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		print_message("%13s %lu\n", kinds[i], seen_kinds[i]);
	print_message("%13s %lu\n", "cancelled", seen_cancelled);
	print_message("abandoned while they were looked up %lu, of which %lu took too long\n", seen_abandoned,
		      seen_late);
	print_message("messages while there were several connections %lu\n", seen_connections);
	print_message("schedules with two gateways %lu\n", seen_beside);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
		print_message("%13s %lu\n", changes[i], seen_changed[i]);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		print_message("strings %s %lu\n", texts[i], seen_texts[DEED_SET + i]);
	print_message(
		"strings that had to be there %lu, of which beside another gateway's %lu; that had to be gone %lu; "
		"that made room %lu\n",
		seen_kept, seen_kept_beside, seen_gone, seen_made_room);
	print_message("updates of several hosts %lu\n", seen_together);
	print_message("requests of several hosts in one update %lu, in several %lu; undisturbed %lu\n", seen_whole,
		      seen_torn, seen_undisturbed);
	if (schedules_wanted() < SCHEDULES_DEFAULT)
		skip();
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		assert_true(seen[expected[i]] > 0);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		assert_true(seen_kinds[i] > 0);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
		assert_true(seen_changed[i] > 0);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_true(seen_texts[DEED_SET + i] > 0);
	assert_true(seen_kept > 0 && seen_kept_beside > 0 && seen_gone > 0 && seen_made_room > 0);
	assert_true(seen_connections > 0);
	assert_true(seen_abandoned > 0 && seen_late > 0 && seen_beside > 0);
	assert_true(seen_together > 0 && seen_cancelled > 0 && seen_whole > 0 && seen_undisturbed > 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_schedule_keeps_the_rules),
		cmocka_unit_test(the_schedules_see_every_outcome),
	};

	return cmocka_run_group_tests_name("engine, at random", tests, NULL, NULL);
}
