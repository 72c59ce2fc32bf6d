#include "live/survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/transport_tls.h"

enum {
	REFUSALS_MAX = 20,                   /* names of a zone that are told one by one */
	HALVES_MAX = 8 * sizeof(size_t) + 2, /* ranges that can wait while one is halved again and again */
	RETRIES_MAX = 2,                     /* of a message whose connection ended */
	TRIALS_MAX = 4,                      /* of a right: two names, addresses and TXT each */
	CHUNK_MAX = 500,                     /* names in a message */
	LOOKS_AT_ONCE = 32,                  /* queries for hosts that are under way */
	HOSTS_MAX = 1000,                    /* hosts of a zone that are looked at */
	ABSENT_STRING_LEN = 20,              /* octets of a string that no TXT record has */
	AGE_S = 2, /* by which messages are signed too early, to see whose clock it is that a reply is signed by */
};

/* A name to try, and the right that it stands for: its addresses, or its TXT record. */
struct trial {
	struct name owner;
	const struct right *right;
	enum right_types types;
};

struct range {
	size_t from, to;
};

typedef void judge_fn(struct survey *survey, const struct dns_result *result);

/* A host that is being looked at: first its A record, then its AAAA record. */
struct look {
	struct survey *survey;
	const struct right *host; /* NULL: at rest */
	struct change_set set;
	struct dns_request request;
	struct dns_ticket ticket;
};

struct survey {
	const struct env *env;
	struct dns_client *client;
	struct survey_options options;
	bool tls;
	const struct rights_zone *zones;
	size_t count;
	survey_found_fn *found;
	survey_done_fn *done;
	void *ctx;
	bool over;
	bool answered; /* the server has said something on this connection or an earlier one */

	/* The message that is under way. */
	struct dns_request request;
	struct dns_ticket ticket;
	judge_fn *judge;
	unsigned retries;

	/* The zone that is being looked at. */
	size_t at;
	bool reach_told, key_told, clock_told;
	bool is_there; /* as the answer to the query for its SOA record shows */
	bool has_serial;
	uint32_t serial;
	struct look looks[LOOKS_AT_ONCE];
	size_t looks_out;
	size_t next_host; /* the first that was not looked at yet */
	size_t hosts_told;
	bool no_more_looks; /* queries are refused, or fail, which the rights will tell; or enough was told */
	struct trial *trials;
	size_t trial_count;
	size_t untried; /* the first that was in no message yet */
	struct range waiting[HALVES_MAX];
	size_t waiting_count;
	struct range range; /* of the message that is under way */
	size_t refusals;
	bool a_refused;     /* of the name that is alone in its message */
	enum rr_type alone; /* the record of it that was asked about */
	struct change_set sets[CHUNK_MAX];
	uint8_t rooms[CHUNK_MAX][CHANGE_SET_MAX][2 + 1 + ABSENT_STRING_LEN];
};

static void look_at_zone(struct survey *survey);

/* ---- Telling ---- */

static void tell(struct survey *survey, struct finding finding)
{
	const struct rights_zone *zone = &survey->zones[survey->at];

	finding.zone = zone->name->text;
	finding.primary = survey->options.primary;
	finding.key = zone->key;
	finding.fudge_s = survey->options.client.fudge_s;
	finding.tls = survey->tls;
	finding.users_missing = survey->options.users_missing;
	survey->found(survey->ctx, &finding);
}

static void tell_kind(struct survey *survey, enum finding_kind kind)
{
	tell(survey, (struct finding){.kind = kind});
}

/* What every answer says, told once for each zone. */
static void tell_basics(struct survey *survey, const struct dns_result *result)
{
	if (!survey->reach_told)
		tell_kind(survey, FINDING_REACHED);
	survey->reach_told = true;
	if (result->verdict != DNS_VERIFIED)
		return;
	if (!survey->key_told)
		tell_kind(survey, FINDING_KEY);
	survey->key_told = true;
	if (!survey->clock_told && result->echoes_time)
		tell_kind(survey, FINDING_CLOCK_UNSEEN);
	else if (!survey->clock_told && result->has_clock_offset)
		tell(survey, (struct finding){.kind = FINDING_CLOCK, .number = result->clock_offset_s});
	survey->clock_told |= result->has_clock_offset;
}

/* ---- From one zone to the next ---- */

static void end(struct survey *survey)
{
	survey->over = true;
	survey->done(survey->ctx);
}

static void next_zone(struct survey *survey)
{
	free(survey->trials);
	survey->trials = NULL;
	if (++survey->at == survey->count)
		end(survey);
	else
		look_at_zone(survey);
}

/* The server is of no use for the zones that are left either. */
static void fail_all(struct survey *survey, enum finding_kind kind, const char *why)
{
	for (; survey->at < survey->count; survey->at++)
		tell(survey, (struct finding){.kind = kind, .why = why});
	end(survey);
}

static void fail_zone(struct survey *survey, const struct finding *finding)
{
	tell(survey, *finding);
	next_zone(survey);
}

/* ---- Asking ---- */

static void on_result(void *ctx, const struct dns_result *result);

static enum status send_request(struct survey *survey)
{
	survey->ticket = (struct dns_ticket){0};
	return dns_client_send(survey->client, &survey->request, survey->zones[survey->at].key, &survey->ticket,
			       on_result, survey);
}

static enum status send_new(struct survey *survey, enum dns_request_kind kind, const struct change_set *sets,
			    judge_fn *judge)
{
	survey->request = (struct dns_request){.kind = kind, .zone = survey->zones[survey->at].name, .sets = sets};
	survey->judge = judge;
	survey->retries = 0;
	return send_request(survey);
}

static void fail_for_memory(struct survey *survey)
{
	fail_all(survey, FINDING_UNREACHABLE, status_text(STATUS_NO_MEMORY));
}

static void ask(struct survey *survey, enum dns_request_kind kind, const struct change_set *sets, judge_fn *judge)
{
	if (send_new(survey, kind, sets, judge) != STATUS_OK)
		fail_for_memory(survey);
}

/* A connection that had worked and ended may just have been idle, or have carried as much as the server allows. */
static void on_result(void *ctx, const struct dns_result *result)
{
	struct survey *survey = ctx;

	if (dns_is_answered(result)) {
		survey->answered = true;
		tell_basics(survey, result);
		survey->judge(survey, result);
	} else if (result->had_worked && survey->retries++ < RETRIES_MAX) {
		if (send_request(survey) != STATUS_OK)
			fail_for_memory(survey);
	} else if (result->verdict == DNS_UNREACHABLE) {
		fail_all(survey, FINDING_UNREACHABLE, result->why ? result->why : status_text(STATUS_NO_MEMORY));
	} else if (!survey->answered) {
		fail_all(survey, FINDING_UNBELIEVABLE, result->why);
	} else {
		fail_zone(survey, &(struct finding){.kind = FINDING_UNBELIEVABLE, .why = result->why});
	}
}

/* ---- Which rights the key has ---- */

static bool is_refusal(const struct dns_result *result)
{
	/* Knot says NOTAUTH when its acl is against a name; up to 3.3 with BADKEY, later without a TSIG record. */
	return result->rcode == DNS_REFUSED ||
	       (result->rcode == DNS_NOTAUTH &&
		(result->tsig_error == TSIG_RCODE_NOERROR || result->tsig_error == TSIG_RCODE_BADKEY));
}

static void put_letters(const struct survey *survey, char *to, size_t len)
{
	survey->env->random(survey->env->ctx, to, len);
	for (size_t i = 0; i < len; i++)
		to[i] = (char)('a' + (uint8_t)to[i] % 26);
}

/* A name below, which is unlikely to exist; says if there is room for one. */
static bool name_below(const struct survey *survey, const struct name *name, struct name *out)
{
	static const char prefix[] = "ddnsgate-check-";
	enum { RANDOM = 10 };
	size_t room = name->len + 1 < NAME_TEXT_MAX ? (size_t)(NAME_TEXT_MAX - name->len - 1) : 0;
	char label[sizeof prefix + RANDOM], letters[RANDOM];
	size_t len;

	put_letters(survey, letters, RANDOM);
	len = (size_t)snprintf(label, sizeof label, "%s%.*s", prefix, RANDOM, letters);
	if (room == 0)
		return false;
	if (room < len)
		len = room;
	/* The end of the label is what is random. */
	out->len = (uint8_t)snprintf(out->text, sizeof out->text, "%s.%s", label + strlen(label) - len, name->text);
	return true;
}

/*
 * Addresses that no record has: one of 2^28 that are reserved (RFC 1112 section 4), and one of 2^64 that are discarded
 * (RFC 6666).
 */
static struct addr absent_address(const struct survey *survey, enum rr_type type)
{
	struct addr addr = {.family = rr_type_family(type)};

	if (type == RR_A) {
		survey->env->random(survey->env->ctx, addr.octets, 4);
		addr.octets[0] |= 0xf0;
	} else {
		survey->env->random(survey->env->ctx, addr.octets + 8, 8);
		addr.octets[0] = 0x01;
	}
	return addr;
}

/* Deleting that one changes nothing: it is not there. */
static void add_change(struct survey *survey, size_t index, enum rr_type type, struct rdata absent)
{
	struct change_set *set = &survey->sets[index];
	uint8_t *room = survey->rooms[index][set->count];

	set->changes[set->count++] = (struct change){.kind = CHANGE_DROP,
						     .type = type,
						     .was = rrset_of_one(type, 0, absent, room),
						     .becomes = rrset_of_none(type, 0, NULL)};
}

static void add_address_change(struct survey *survey, size_t index, enum rr_type type)
{
	struct addr absent = absent_address(survey, type);

	add_change(survey, index, type, rdata_of_addr(&absent));
}

/* A string of random letters, which no record has either. */
static void add_txt_change(struct survey *survey, size_t index)
{
	char string[1 + ABSENT_STRING_LEN] = {ABSENT_STRING_LEN};

	put_letters(survey, string + 1, ABSENT_STRING_LEN);
	add_change(survey, index, RR_TXT, (struct rdata){(const uint8_t *)string, sizeof string});
}

static void add_trial(struct survey *survey, const struct right *right, const struct name *owner)
{
	if (right->types & RIGHT_ADDRESSES)
		survey->trials[survey->trial_count++] = (struct trial){*owner, right, RIGHT_ADDRESSES};
	if (right->types & RIGHT_TXT)
		survey->trials[survey->trial_count++] = (struct trial){*owner, right, RIGHT_TXT};
}

static enum status make_trials(struct survey *survey)
{
	const struct rights_zone *zone = &survey->zones[survey->at];
	struct name owner;

	survey->trial_count = 0;
	survey->trials = calloc(zone->right_count, TRIALS_MAX * sizeof *survey->trials);
	if (!survey->trials)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < zone->right_count; i++) {
		const struct right *right = &zone->rights[i];

		if (right->kind != RIGHT_BELOW)
			add_trial(survey, right, &right->name);
		if (right->kind != RIGHT_NAME && name_below(survey, &right->name, &owner))
			add_trial(survey, right, &owner);
	}
	return STATUS_OK;
}

static void try_next(struct survey *survey);
static void judge_single(struct survey *survey, const struct dns_result *result);

/* Asks about one record of the one name in the range. */
static void try_single(struct survey *survey, enum rr_type type)
{
	survey->alone = type;
	survey->sets[0] = (struct change_set){.owner = survey->trials[survey->range.from].owner};
	add_address_change(survey, 0, type);
	ask(survey, DNS_REHEARSE, survey->sets, judge_single);
}

static void tell_refused(struct survey *survey, const char *types)
{
	survey->refusals++;
	tell(survey, (struct finding){.kind = FINDING_NO_RIGHT,
				      .right = survey->trials[survey->range.from].right,
				      .types = types});
}

/* First the A record, then the AAAA record. */
static void judge_single(struct survey *survey, const struct dns_result *result)
{
	bool refused = is_refusal(result);

	if (survey->alone == RR_A) {
		survey->a_refused = refused;
		try_single(survey, RR_AAAA);
		return;
	}
	if (refused || survey->a_refused)
		tell_refused(survey, !refused ? "A" : survey->a_refused ? "A and AAAA" : "AAAA");
	try_next(survey);
}

static void wait_for(struct survey *survey, size_t from, size_t to)
{
	survey->waiting[survey->waiting_count++] = (struct range){from, to};
}

static void judge_range(struct survey *survey, const struct dns_result *result)
{
	struct range range = survey->range;
	size_t middle = range.from + (range.to - range.from) / 2;

	if (result->verdict == DNS_VERIFIED && result->rcode == DNS_NOERROR) {
		try_next(survey);
	} else if (!is_refusal(result)) {
		fail_zone(survey, &(struct finding){.kind = FINDING_FAILED, .rcode = result->rcode});
	} else if (range.to - range.from > 1) {
		wait_for(survey, middle, range.to);
		wait_for(survey, range.from, middle);
		try_next(survey);
	} else if (survey->trials[range.from].types == RIGHT_TXT) {
		tell_refused(survey, "TXT");
		try_next(survey);
	} else {
		try_single(survey, RR_A);
	}
}

/* Puts a name of the range into the message. */
static struct change_set *put_set(struct survey *survey, size_t index, const struct trial *trial)
{
	struct change_set *set = &survey->sets[index];

	*set = (struct change_set){.owner = trial->owner};
	if (trial->types == RIGHT_TXT) {
		add_txt_change(survey, index);
	} else {
		add_address_change(survey, index, RR_A);
		add_address_change(survey, index, RR_AAAA);
	}
	if (index)
		survey->sets[index - 1].next = set;
	return set;
}

/* Asks about names from `from` on, as far as they fit into one message; returns where it stopped. */
static size_t try_range(struct survey *survey, size_t from, size_t to)
{
	const struct name *zone = survey->zones[survey->at].name;
	size_t space = dns_message_space(zone), at;

	for (at = from; at < to && at - from < CHUNK_MAX; at++) {
		space += dns_set_space(put_set(survey, at - from, &survey->trials[at]), zone);
		if (space > DNS_MESSAGE_MAX && at > from) {
			survey->sets[at - from - 1].next = NULL;
			break;
		}
	}
	survey->range = (struct range){from, at};
	ask(survey, DNS_REHEARSE, survey->sets, judge_range);
	return at;
}

static size_t count_left(const struct survey *survey)
{
	size_t left = survey->trial_count - survey->untried;

	for (size_t i = 0; i < survey->waiting_count; i++)
		left += survey->waiting[i].to - survey->waiting[i].from;
	return left;
}

/* What the rights in the zone are about. */
static const char *all_types(const struct rights_zone *zone)
{
	unsigned types = 0;

	for (size_t i = 0; i < zone->right_count; i++)
		types |= zone->rights[i].types;
	if (types == RIGHT_ADDRESSES)
		return "A and AAAA";
	return types == RIGHT_TXT ? "TXT" : "A, AAAA and TXT";
}

static void end_of_trials(struct survey *survey)
{
	size_t left = count_left(survey);

	if (left)
		tell(survey, (struct finding){.kind = FINDING_MORE, .number = (int64_t)left});
	else if (survey->refusals == 0)
		tell(survey, (struct finding){.kind = FINDING_RIGHTS,
					      .types = all_types(&survey->zones[survey->at]),
					      .is_sample = survey->zones[survey->at].is_sample,
					      .number = (int64_t)survey->zones[survey->at].right_count});
	next_zone(survey);
}

/* A half of what fitted into a message fits. */
static void try_waiting(struct survey *survey)
{
	const struct range *range = &survey->waiting[--survey->waiting_count];

	try_range(survey, range->from, range->to);
}

static void try_next(struct survey *survey)
{
	bool over = survey->refusals == REFUSALS_MAX ||
		    (survey->waiting_count == 0 && survey->untried == survey->trial_count);

	if (over)
		end_of_trials(survey);
	else if (survey->waiting_count)
		try_waiting(survey);
	else
		survey->untried = try_range(survey, survey->untried, survey->trial_count);
}

static void try_rights(struct survey *survey)
{
	if (survey->zones[survey->at].right_count == 0) {
		fail_zone(survey, &(struct finding){.kind = FINDING_NO_NAMES});
		return;
	}
	survey->untried = 0;
	survey->waiting_count = 0;
	survey->refusals = 0;
	if (make_trials(survey) != STATUS_OK)
		fail_for_memory(survey);
	else
		try_next(survey);
}

/* ---- Where the hosts are ---- */

static void look_on(struct survey *survey);
static void on_looked(void *ctx, const struct dns_result *result);

static bool send_look(struct look *look)
{
	struct survey *survey = look->survey;

	look->ticket = (struct dns_ticket){0};
	return dns_client_send(survey->client, &look->request, survey->zones[survey->at].key, &look->ticket, on_looked,
			       look) == STATUS_OK;
}

static bool look_for(struct look *look, enum rr_type type)
{
	look->set.changes[0] = (struct change){.type = type};
	look->set.count = 1;
	look->request = (struct dns_request){
		.kind = DNS_QUERY, .zone = look->survey->zones[look->survey->at].name, .sets = &look->set};
	return send_look(look);
}

/* Below a name, at a host that is unlikely to exist: whether it could be found is all that is wanted then. */
static void begin_look(struct look *look, const struct right *host)
{
	struct survey *survey = look->survey;

	look->set = (struct change_set){.owner = host->name};
	if (host->kind == RIGHT_BELOW && !name_below(survey, &host->name, &look->set.owner))
		return;
	survey->no_more_looks = !look_for(look, RR_A);
	if (survey->no_more_looks)
		return;
	look->host = host;
	survey->looks_out++;
}

static void end_look(struct look *look)
{
	look->host = NULL;
	look->survey->looks_out--;
	look_on(look->survey);
}

static void tell_host(struct look *look, enum finding_kind kind)
{
	struct survey *survey = look->survey;

	if (survey->no_more_looks)
		return;
	tell(survey, (struct finding){.kind = kind, .right = look->host});
	if (++survey->hosts_told == REFUSALS_MAX) {
		tell_kind(survey, FINDING_MORE_HOSTS);
		survey->no_more_looks = true;
	}
}

static void on_looked(void *ctx, const struct dns_result *result)
{
	struct look *look = ctx;
	bool is_empty = result->answer.count == 0, is_first = look->set.changes[0].type == RR_A;

	if (result->verdict != DNS_VERIFIED || (result->rcode != DNS_NOERROR && result->rcode != DNS_NXDOMAIN)) {
		look->survey->no_more_looks = true;
	} else if (result->answer.hidden) {
		tell_host(look, FINDING_HIDDEN);
	} else if (is_empty && look->host->must_exist && is_first && result->rcode == DNS_NOERROR) {
		if (look_for(look, RR_AAAA))
			return;
	} else if (is_empty && look->host->must_exist) {
		tell_host(look, FINDING_NO_RECORD);
	}
	end_look(look);
}

static struct look *look_at_rest(struct survey *survey)
{
	for (size_t i = 0; i < LOOKS_AT_ONCE; i++) {
		if (!survey->looks[i].host)
			return &survey->looks[i];
	}
	return NULL;
}

/* As many at once as may be; after the last one come the rights. */
static void look_on(struct survey *survey)
{
	const struct rights_zone *zone = &survey->zones[survey->at];
	size_t count = zone->host_count < HOSTS_MAX ? zone->host_count : HOSTS_MAX;
	struct look *look;

	while (!survey->no_more_looks && survey->next_host < count && (look = look_at_rest(survey)))
		begin_look(look, &zone->hosts[survey->next_host++]);
	if (survey->looks_out == 0)
		try_rights(survey);
}

static void look_at_hosts(struct survey *survey)
{
	survey->next_host = survey->hosts_told = survey->looks_out = 0;
	survey->no_more_looks = false;
	for (size_t i = 0; i < LOOKS_AT_ONCE; i++)
		survey->looks[i] = (struct look){.survey = survey};
	look_on(survey);
}

/* ---- The zone and the key ---- */

static struct finding finding_of_tsig_error(const struct dns_result *result)
{
	switch (result->tsig_error) {
	case TSIG_RCODE_BADKEY:
		return (struct finding){.kind = FINDING_KEY_UNKNOWN, .why = "BADKEY"};
	case TSIG_RCODE_BADSIG:
		return (struct finding){.kind = FINDING_KEY_WRONG};
	case TSIG_RCODE_BADTRUNC:
		return (struct finding){.kind = FINDING_KEY_TRUNCATED};
	case TSIG_RCODE_BADTIME:
		return (struct finding){.kind = FINDING_CLOCK_WRONG,
					.has_number = result->has_clock_offset,
					.number = result->clock_offset_s};
	default:
		return (struct finding){.kind = FINDING_FAILED, .rcode = result->rcode};
	}
}

static void judge_empty(struct survey *survey, const struct dns_result *result)
{
	struct finding failure = {.kind = FINDING_FAILED, .rcode = result->rcode};

	if (result->tsig_error)
		failure = finding_of_tsig_error(result);
	else if (result->rcode == DNS_NOTAUTH && result->verdict == DNS_UNSIGNED && survey->is_there)
		failure = (struct finding){.kind = FINDING_KEY_UNKNOWN, .why = "NOTAUTH"};
	else if (result->rcode == DNS_NOTAUTH)
		failure.kind = FINDING_NOT_SERVED;
	else if (result->rcode == DNS_REFUSED)
		failure.kind = result->verdict == DNS_UNSIGNED ? FINDING_UNSIGNED : FINDING_NO_UPDATES;
	else if (result->rcode == DNS_NOERROR) {
		tell(survey, (struct finding){.kind = FINDING_SERVED,
					      .has_number = survey->has_serial,
					      .number = survey->serial});
		if (result->id_was_changed)
			tell_kind(survey, FINDING_FORWARDED);
		look_at_hosts(survey);
		return;
	}
	fail_zone(survey, &failure);
}

static void end_with_serial(struct survey *survey)
{
	if (survey->has_serial)
		tell(survey, (struct finding){.kind = FINDING_SERIAL, .number = survey->serial});
	next_zone(survey);
}

/*
 * Whether the key may query the zone does not matter, so that only faults of key and clock end it here. BADKEY does
 * not: Knot says so, too, when its acl is against queries. Knot 3.4 says NOTAUTH without a TSIG record where no acl
 * fits, also because it does not know the key, and so to an UPDATE of a zone that it does not have; but there it says
 * REFUSED to the query.
 */
static void judge_soa(struct survey *survey, const struct dns_result *result)
{
	struct finding failure;

	if (result->tsig_error && result->tsig_error != TSIG_RCODE_BADKEY) {
		failure = finding_of_tsig_error(result);
		fail_zone(survey, &failure);
		return;
	}
	survey->is_there = result->answer.authoritative || (result->rcode == DNS_NOTAUTH && !result->tsig_error);
	survey->has_serial = result->verdict == DNS_VERIFIED && result->answer.authoritative && result->answer.count;
	survey->serial = result->answer.serial;
	if (!survey->options.serials_only && result->verdict == DNS_VERIFIED && result->rcode == DNS_NOERROR &&
	    !result->answer.authoritative)
		tell_kind(survey, FINDING_NO_AUTHORITY);
	if (survey->options.serials_only)
		end_with_serial(survey);
	else
		ask(survey, DNS_NOTHING, NULL, judge_empty);
}

static void look_at_zone(struct survey *survey)
{
	survey->reach_told = false;
	survey->key_told = false;
	survey->clock_told = false;
	ask(survey, DNS_SOA, NULL, judge_soa);
}

/* ---- The verbs ---- */

enum status survey_new(const struct env *env, const struct transport_maker *maker, const struct peer *server,
		       const struct survey_options *options, const struct rights_zone *zones, size_t count,
		       survey_found_fn *found, survey_done_fn *done, void *ctx, struct survey **out)
{
	struct survey *survey = calloc(1, sizeof *survey);
	enum status status;

	if (!survey)
		return STATUS_NO_MEMORY;
	survey->env = env;
	survey->options = *options;
	survey->tls = maker->ops == &transport_tls;
	survey->zones = zones;
	survey->count = count;
	survey->found = found;
	survey->done = done;
	survey->ctx = ctx;
	survey->options.client.aged_s = AGE_S;
	status = dns_client_new(env, maker, server, &survey->options.client, &survey->client);
	if (status == STATUS_OK)
		status = send_new(survey, DNS_SOA, NULL, judge_soa);
	if (status == STATUS_OK)
		*out = survey;
	else
		survey_free(&survey);
	return status;
}

void survey_give_up(struct survey *survey)
{
	if (survey->over)
		return;
	survey->over = true;
	dns_client_free(&survey->client);
	for (; survey->at < survey->count; survey->at++)
		tell_kind(survey, FINDING_LATE);
}

void survey_free(struct survey **survey_pointer)
{
	struct survey *survey = *survey_pointer;

	*survey_pointer = NULL;
	if (!survey)
		return;
	if (survey->client)
		dns_client_free(&survey->client);
	free(survey->trials);
	free(survey);
}
