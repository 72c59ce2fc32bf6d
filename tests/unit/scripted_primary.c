#include "scripted_primary.h"

#include <ctype.h>
#include <ldns/ldns.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <cmocka.h>

enum {
	FRAME_HEAD = 2,
	MESSAGE_MAX = 65535,
	OFFSET_FLAGS = 2,
	OFFSET_ANCOUNT = 6,
	OFFSET_UPCOUNT = 8,
	OFFSET_ARCOUNT = 10,
	POINTER_TO_QUESTION = 0xc000 | DNS_HEADER_LEN,
	MODELS_MAX = 32,
	MODEL_ADDRS_MAX = 8,
	FOUND_MAX = 64, /* records of one RRset that a query finds */
	REJECTED_MAX = 16,
	SHORT_MAC_LEN = 16,
	FUDGE_S = 300,
};

/* ---- The zone ---- */

struct model_rrset {
	char owner[256];
	enum addr_family family; /* ADDR_NONE: deleted */
	uint32_t ttl_s;
	size_t count;
	struct addr addrs[MODEL_ADDRS_MAX];
};

/* A TXT record. */
struct model_text {
	char owner[256];
	uint32_t ttl_s;
	struct txt txt;
};

struct model_texts {
	struct model_text *items;
	size_t count, cap;
};

struct rejected {
	char owner[256];
	unsigned rcode;
};

struct zone_model {
	char zone[256];
	struct model_rrset *rrsets;
	size_t count, cap;
	struct model_texts texts, old_texts;
	bool shows_old_texts;
	struct addr wildcards[ADDR_V6 + 1]; /* ADDR_NONE: there is none */
	struct rejected rejected[REJECTED_MAX];
	size_t rejected_count;
	bool refuses_queries;
	unsigned commits;
	uint32_t serial;
	zone_model_commit_fn *commit;
	void *commit_ctx;
	zone_model_texts_fn *commit_texts;
	void *commit_texts_ctx;
};

struct zone_model *zone_model_new(const char *zone)
{
	struct zone_model *model = fake_env_calloc(1, sizeof *model);

	snprintf(model->zone, sizeof model->zone, "%s", zone);
	return model;
}

void zone_model_free(struct zone_model **model)
{
	free((*model)->rrsets);
	free((*model)->texts.items);
	free((*model)->old_texts.items);
	free(*model);
	*model = NULL;
}

void zone_model_watch(struct zone_model *model, zone_model_commit_fn *commit, void *ctx)
{
	model->commit = commit;
	model->commit_ctx = ctx;
}

static struct model_rrset *find_rrset(const struct zone_model *model, const char *owner, enum addr_family family)
{
	for (size_t i = 0; i < model->count; i++) {
		if (model->rrsets[i].family == family && strcmp(model->rrsets[i].owner, owner) == 0)
			return &model->rrsets[i];
	}
	return NULL;
}

/* ---- Its TXT records ---- */

static void free_outside(void *memory)
{
	fake_env_outside++;
	free(memory);
	fake_env_outside--;
}

static size_t count_texts(const struct model_texts *texts, const char *owner)
{
	size_t count = 0;

	for (size_t i = 0; i < texts->count; i++)
		count += strcmp(texts->items[i].owner, owner) == 0;
	return count;
}

static bool same_txt(const struct txt *a, const struct txt *b)
{
	return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}

static struct model_text *find_text(const struct model_texts *texts, const char *owner, const struct txt *txt)
{
	for (size_t i = 0; i < texts->count; i++) {
		if (same_txt(&texts->items[i].txt, txt) && strcmp(texts->items[i].owner, owner) == 0)
			return &texts->items[i];
	}
	return NULL;
}

static void reserve_texts(struct model_texts *texts, size_t cap)
{
	struct model_text *grown;

	if (cap <= texts->cap)
		return;
	grown = fake_env_calloc(2 * cap, sizeof *grown);
	if (texts->count)
		memcpy(grown, texts->items, texts->count * sizeof *grown);
	free_outside(texts->items);
	texts->items = grown;
	texts->cap = 2 * cap;
}

/* RFC 2136 section 3.4.2.2: one that is there gets the TTL. All of these say whether they made a difference. */
static bool put_text(struct model_texts *texts, const char *owner, const struct txt *txt, uint32_t ttl_s)
{
	struct model_text *text = find_text(texts, owner, txt);
	bool differs = !text || text->ttl_s != ttl_s;

	if (!text) {
		reserve_texts(texts, texts->count + 1);
		text = &texts->items[texts->count++];
		*text = (struct model_text){.txt = *txt};
		snprintf(text->owner, sizeof text->owner, "%s", owner);
	}
	text->ttl_s = ttl_s;
	return differs;
}

/* Those behind it keep their order. */
static bool take_text(struct model_texts *texts, const char *owner, const struct txt *txt)
{
	struct model_text *text = find_text(texts, owner, txt);

	if (!text)
		return false;
	texts->count--;
	memmove(text, text + 1, (size_t)(texts->items + texts->count - text) * sizeof *text);
	return true;
}

static bool clear_texts(struct model_texts *texts, const char *owner)
{
	size_t kept = 0, before = texts->count;

	for (size_t i = 0; i < before; i++) {
		if (strcmp(texts->items[i].owner, owner) != 0)
			texts->items[kept++] = texts->items[i];
	}
	texts->count = kept;
	return kept < before;
}

static struct txt read_txt(const char *text)
{
	struct txt txt = {.len = (uint8_t)strlen(text)};

	assert_in_range(strlen(text), 1, sizeof txt.octets);
	memcpy(txt.octets, text, txt.len);
	return txt;
}

void zone_model_put_text(struct zone_model *model, const char *owner, const char *text)
{
	struct txt txt = read_txt(text);

	put_text(&model->texts, owner, &txt, MODEL_TTL_S);
}

void zone_model_take_text(struct zone_model *model, const char *owner, const char *text)
{
	struct txt txt = read_txt(text);

	take_text(&model->texts, owner, &txt);
}

bool zone_model_has_text(const struct zone_model *model, const char *owner, const char *text)
{
	struct txt txt = read_txt(text);

	return find_text(&model->texts, owner, &txt);
}

void zone_model_show_old_texts(struct zone_model *model, bool old)
{
	model->shows_old_texts = old;
	if (!old)
		return;
	reserve_texts(&model->old_texts, model->texts.count);
	model->old_texts.count = model->texts.count;
	if (model->texts.count)
		memcpy(model->old_texts.items, model->texts.items, model->texts.count * sizeof *model->texts.items);
}

void zone_model_watch_texts(struct zone_model *model, zone_model_texts_fn *commit, void *ctx)
{
	model->commit_texts = commit;
	model->commit_texts_ctx = ctx;
}

/* ---- Its addresses ---- */

static bool has_name(const struct zone_model *model, const char *owner)
{
	return find_rrset(model, owner, ADDR_V4) || find_rrset(model, owner, ADDR_V6) ||
	       count_texts(&model->texts, owner);
}

/* The RRset of that owner and type, made if it is not there. */
static struct model_rrset *need_rrset(struct zone_model *model, const char *owner, enum addr_family family)
{
	struct model_rrset *rrset = find_rrset(model, owner, family);

	if (rrset)
		return rrset;
	if (model->count == model->cap) {
		size_t cap = model->cap ? 2 * model->cap : 16;
		struct model_rrset *grown = fake_env_calloc(cap, sizeof *grown);

		if (model->count)
			memcpy(grown, model->rrsets, model->count * sizeof *grown);
		free_outside(model->rrsets);
		model->rrsets = grown;
		model->cap = cap;
	}
	rrset = &model->rrsets[model->count++];
	*rrset = (struct model_rrset){.family = family};
	snprintf(rrset->owner, sizeof rrset->owner, "%s", owner);
	return rrset;
}

/* Whether that made a difference. */
static bool put_rrset(struct zone_model *model, const char *owner, const struct addr *addr, uint32_t ttl_s)
{
	struct model_rrset *rrset = need_rrset(model, owner, addr->family);
	bool same = rrset->count == 1 && addr_equal(&rrset->addrs[0], addr) && rrset->ttl_s == ttl_s;

	rrset->count = 1;
	rrset->addrs[0] = *addr;
	rrset->ttl_s = ttl_s;
	return !same;
}

static struct addr read_addr(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(text_of(text), &addr), STATUS_OK);
	return addr;
}

void zone_model_put(struct zone_model *model, const char *owner, const char *addr)
{
	struct addr parsed = read_addr(addr);

	put_rrset(model, owner, &parsed, MODEL_TTL_S);
}

void zone_model_add(struct zone_model *model, const char *owner, const char *addr)
{
	struct addr parsed = read_addr(addr);
	struct model_rrset *rrset = need_rrset(model, owner, parsed.family);

	assert_true(rrset->count < MODEL_ADDRS_MAX);
	rrset->addrs[rrset->count++] = parsed;
}

void zone_model_set_ttl(struct zone_model *model, const char *owner, enum addr_family family, uint32_t ttl_s)
{
	struct model_rrset *rrset = find_rrset(model, owner, family);

	if (rrset)
		rrset->ttl_s = ttl_s;
	else
		fail_msg("%s has no such record", owner);
}

void zone_model_remove(struct zone_model *model, const char *owner, enum addr_family family)
{
	struct model_rrset *rrset = find_rrset(model, owner, family);

	if (rrset)
		*rrset = model->rrsets[--model->count];
}

void zone_model_set_wildcard(struct zone_model *model, const char *addr)
{
	struct addr parsed = read_addr(addr);

	model->wildcards[parsed.family] = parsed;
}

void zone_model_reject(struct zone_model *model, const char *owner, unsigned rcode)
{
	struct rejected *rejected = model->rejected, *end = model->rejected + model->rejected_count;

	while (rejected < end && strcmp(rejected->owner, owner) != 0)
		rejected++;
	if (rejected == end) {
		assert_true(model->rejected_count < REJECTED_MAX);
		model->rejected_count++;
	}
	snprintf(rejected->owner, sizeof rejected->owner, "%s", owner);
	rejected->rcode = rcode;
}

void zone_model_refuse_queries(struct zone_model *model, bool refuse)
{
	model->refuses_queries = refuse;
}

const char *zone_model_get(const struct zone_model *model, const char *owner, enum addr_family family)
{
	static char text[ADDR_TEXT_MAX];
	const struct model_rrset *rrset = find_rrset(model, owner, family);

	return rrset ? addr_format(&rrset->addrs[0], text) : "";
}

unsigned zone_model_commits(const struct zone_model *model)
{
	return model->commits;
}

uint32_t zone_model_serial(const struct zone_model *model)
{
	return model->serial;
}

/* ---- An UPDATE on the zone, RFC 2136 section 3 ---- */

/* Without a trailing dot and in lower case. */
static void owner_text(const ldns_rr *rr, char out[static 256])
{
	const uint8_t *wire = ldns_rdf_data(ldns_rr_owner(rr));
	size_t len = ldns_rdf_size(ldns_rr_owner(rr)), label_end = 0;

	assert_true(len > 0 && len <= 255);
	for (size_t i = 0; i < len; i++) {
		bool is_length = i == label_end;

		if (is_length)
			label_end = i + 1 + wire[i];
		if (i > 0)
			out[i - 1] = (char)(is_length ? '.' : tolower(wire[i]));
	}
	out[len > 1 ? len - 2 : 0] = '\0';
}

static bool lies_in(const char *owner, const char *zone)
{
	size_t owner_len = strlen(owner), zone_len = strlen(zone);

	return owner_len >= zone_len && strcmp(owner + owner_len - zone_len, zone) == 0 &&
	       (owner_len == zone_len || owner[owner_len - zone_len - 1] == '.');
}

static enum addr_family family_of(const ldns_rr *rr)
{
	switch (ldns_rr_get_type(rr)) {
	case LDNS_RR_TYPE_A:
		return ADDR_V4;
	case LDNS_RR_TYPE_AAAA:
		return ADDR_V6;
	default:
		return ADDR_NONE;
	}
}

static struct addr addr_of_rr(const ldns_rr *rr)
{
	struct addr addr = {.family = family_of(rr)};
	const ldns_rdf *rdf = ldns_rr_rdf(rr, 0);

	assert_int_equal(ldns_rdf_size(rdf), addr_len(&addr));
	memcpy(addr.octets, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
	return addr;
}

static bool is_txt(const ldns_rr *rr)
{
	return ldns_rr_get_type(rr) == LDNS_RR_TYPE_TXT;
}

/* A gateway writes records of one string. */
static struct txt txt_of_rr(const ldns_rr *rr)
{
	const ldns_rdf *rdf = ldns_rr_rdf(rr, 0);
	struct txt txt = {.len = ldns_rdf_data(rdf)[0]};

	assert_int_equal(ldns_rr_rd_count(rr), 1);
	assert_int_equal(ldns_rdf_size(rdf), 1 + txt.len);
	memcpy(txt.octets, ldns_rdf_data(rdf) + 1, txt.len);
	return txt;
}

/* How many of the prerequisites name a value of that RRset, and whether each is one that it has. */
static size_t count_values(const struct model_rrset *rrset, const ldns_rr_list *section, bool *all_there)
{
	size_t count = 0;

	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);
		struct addr wanted;
		char owner[256];
		bool there = false;

		owner_text(rr, owner);
		if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN || family_of(rr) != rrset->family ||
		    strcmp(owner, rrset->owner) != 0)
			continue;
		wanted = addr_of_rr(rr);
		for (size_t k = 0; k < rrset->count; k++)
			there |= addr_equal(&rrset->addrs[k], &wanted);
		*all_there &= there;
		count++;
	}
	return count;
}

/* Section 3.2.3: RRset exists (value dependent): the prerequisites name just the addresses that it has. */
static unsigned check_values(const struct model_rrset *rrset, const ldns_rr_list *section)
{
	bool all_there = true;

	if (!rrset)
		return DNS_NXRRSET;
	return count_values(rrset, section, &all_there) == rrset->count && all_there ? DNS_NOERROR : DNS_NXRRSET;
}

/* The same of a TXT RRset. */
static unsigned check_texts(const struct zone_model *model, const char *owner, const ldns_rr_list *section)
{
	size_t count = 0;
	bool all_there = true;

	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);
		char wanted_owner[256];
		struct txt wanted;

		owner_text(rr, wanted_owner);
		if (!is_txt(rr) || ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN || strcmp(owner, wanted_owner) != 0)
			continue;
		wanted = txt_of_rr(rr);
		all_there &= find_text(&model->texts, owner, &wanted) != NULL;
		count++;
	}
	return all_there && count == count_texts(&model->texts, owner) ? DNS_NOERROR : DNS_NXRRSET;
}

static unsigned check_txt_prerequisite(const struct zone_model *model, const char *owner, const ldns_rr_list *section,
				       ldns_rr_class class)
{
	bool exists = count_texts(&model->texts, owner) > 0;

	switch (class) {
	case LDNS_RR_CLASS_IN:
		return check_texts(model, owner, section);
	case LDNS_RR_CLASS_ANY:
		return exists ? DNS_NOERROR : DNS_NXRRSET;
	case LDNS_RR_CLASS_NONE:
		return exists ? DNS_YXRRSET : DNS_NOERROR;
	default:
		return DNS_FORMERR;
	}
}

/* Section 3.2, as far as a gateway uses it: RRset exists, value independent or dependent, or does not exist. */
static unsigned check_prerequisite(const struct zone_model *model, const ldns_rr_list *section, const ldns_rr *rr)
{
	ldns_rr_class class = ldns_rr_get_class(rr);
	const struct model_rrset *rrset;
	char owner[256];

	owner_text(rr, owner);
	if (ldns_rr_ttl(rr) != 0 || ldns_rr_rd_count(rr) != (class == LDNS_RR_CLASS_IN ? 1 : 0))
		return DNS_FORMERR;
	if (!lies_in(owner, model->zone))
		return DNS_NOTZONE;
	/* There are no aliases here, so that it is none always holds. */
	if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME && class == LDNS_RR_CLASS_NONE)
		return DNS_NOERROR;
	if (is_txt(rr))
		return check_txt_prerequisite(model, owner, section, class);
	if (family_of(rr) == ADDR_NONE)
		return DNS_FORMERR;
	rrset = find_rrset(model, owner, family_of(rr));
	switch (class) {
	case LDNS_RR_CLASS_IN:
		return check_values(rrset, section);
	case LDNS_RR_CLASS_ANY:
		return rrset ? DNS_NOERROR : DNS_NXRRSET;
	case LDNS_RR_CLASS_NONE:
		return rrset ? DNS_YXRRSET : DNS_NOERROR;
	default:
		return DNS_FORMERR;
	}
}

static unsigned check_prerequisites(const struct zone_model *model, const ldns_rr_list *section)
{
	unsigned rcode = DNS_NOERROR;

	for (size_t i = 0; i < ldns_rr_list_rr_count(section) && rcode == DNS_NOERROR; i++)
		rcode = check_prerequisite(model, section, ldns_rr_list_rr(section, i));
	return rcode;
}

static unsigned check_policy(const struct zone_model *model, const char *owner)
{
	for (size_t i = 0; i < model->rejected_count; i++) {
		if (strcmp(model->rejected[i].owner, owner) == 0)
			return model->rejected[i].rcode;
	}
	return DNS_NOERROR;
}

/* Section 3.4.1: an RRset that goes, one TXT record that goes, or a record that is added. */
static bool is_well_formed(const ldns_rr *rr)
{
	switch (ldns_rr_get_class(rr)) {
	case LDNS_RR_CLASS_ANY:
		return ldns_rr_ttl(rr) == 0 && ldns_rr_rd_count(rr) == 0;
	case LDNS_RR_CLASS_NONE:
		return is_txt(rr) && ldns_rr_ttl(rr) == 0 && ldns_rr_rd_count(rr) == 1;
	case LDNS_RR_CLASS_IN:
		return ldns_rr_rd_count(rr) == 1;
	default:
		return false;
	}
}

/* Section 3.4.1 and 3.3: the whole section is looked at before anything is done. */
static unsigned check_update(const struct zone_model *model, const ldns_rr *rr)
{
	char owner[256];

	owner_text(rr, owner);
	if (!lies_in(owner, model->zone))
		return DNS_NOTZONE;
	if ((family_of(rr) == ADDR_NONE && !is_txt(rr)) || !is_well_formed(rr))
		return DNS_FORMERR;
	return check_policy(model, owner);
}

static unsigned check_updates(const struct zone_model *model, const ldns_rr_list *section)
{
	unsigned rcode = DNS_NOERROR;

	for (size_t i = 0; i < ldns_rr_list_rr_count(section) && rcode == DNS_NOERROR; i++)
		rcode = check_update(model, ldns_rr_list_rr(section, i));
	return rcode;
}

static void add_txt(struct texts *texts, const struct txt *txt)
{
	assert_true(texts->count < RRSET_MAX);
	texts->items[texts->count++] = *txt;
}

/* Section 3.4.2, of one record about a TXT RRset; *commit is told of it. Says whether anything is not as before. */
static bool commit_text(struct zone_model *model, const char *owner, const ldns_rr *rr, struct text_commit *commit)
{
	struct txt txt;

	if (ldns_rr_get_class(rr) == LDNS_RR_CLASS_ANY) {
		commit->cleared = true;
		return clear_texts(&model->texts, owner);
	}
	txt = txt_of_rr(rr);
	if (ldns_rr_get_class(rr) == LDNS_RR_CLASS_NONE) {
		add_txt(&commit->taken, &txt);
		return take_text(&model->texts, owner, &txt);
	}
	add_txt(&commit->put, &txt);
	return put_text(&model->texts, owner, &txt, ldns_rr_ttl(rr));
}

static bool is_text_of(const ldns_rr_list *section, size_t at, char owner[static 256])
{
	const ldns_rr *rr = ldns_rr_list_rr(section, at);

	if (!rr || !is_txt(rr))
		return false;
	owner_text(rr, owner);
	return true;
}

/* Those about one owner follow each other. The watcher is told of each owner when all is done that is about it. */
static bool commit_texts(struct zone_model *model, const ldns_rr_list *section)
{
	bool differs = false;

	for (size_t i = 0, end; i < ldns_rr_list_rr_count(section); i = end) {
		struct text_commit commit = {0};
		char owner[256], other[256];

		end = i + 1;
		if (!is_text_of(section, i, owner))
			continue;
		differs |= commit_text(model, owner, ldns_rr_list_rr(section, i), &commit);
		for (; is_text_of(section, end, other) && strcmp(owner, other) == 0; end++)
			differs |= commit_text(model, owner, ldns_rr_list_rr(section, end), &commit);
		if (model->commit_texts)
			model->commit_texts(model->commit_texts_ctx, owner, &commit);
	}
	return differs;
}

/* Section 3.4.2: delete an RRset, or add an address to one. */
static void commit_update(struct zone_model *model, const ldns_rr *rr)
{
	struct model_rrset *rrset;
	struct addr addr;
	char owner[256];

	if (is_txt(rr))
		return;
	owner_text(rr, owner);
	if (ldns_rr_get_class(rr) == LDNS_RR_CLASS_ANY) {
		zone_model_remove(model, owner, family_of(rr));
		return;
	}
	addr = addr_of_rr(rr);
	rrset = need_rrset(model, owner, addr.family);
	if (rrset->count == MODEL_ADDRS_MAX)
		fail_msg("%s gets more addresses than the model has room for", owner);
	rrset->addrs[rrset->count++] = addr;
	rrset->ttl_s = ldns_rr_ttl(rr);
}

/* NULL is an RRset that is not there. Both hold their addresses in the same order, or differ. */
static bool is_same(const struct model_rrset *a, const struct model_rrset *b)
{
	if (!a || !b)
		return a == b;
	if (a->count != b->count || a->ttl_s != b->ttl_s)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!addr_equal(&a->addrs[i], &b->addrs[i]))
			return false;
	}
	return true;
}

/* Tells the watcher what has become of each RRset that the section was for; says whether anything is not as before. */
static bool tell_commits(const struct zone_model *before, const struct zone_model *model, const ldns_rr_list *section)
{
	bool differs = false;

	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(section, i);
		const struct model_rrset *rrset;
		char owner[256];

		if (is_txt(rr) || ldns_rr_get_class(rr) != LDNS_RR_CLASS_ANY)
			continue; /* what is added to an RRset follows its deletion */
		owner_text(rr, owner);
		rrset = find_rrset(model, owner, family_of(rr));
		differs |= !is_same(find_rrset(before, owner, family_of(rr)), rrset);
		if (model->commit)
			model->commit(model->commit_ctx, owner, family_of(rr), rrset ? rrset->addrs : NULL,
				      rrset ? rrset->count : 0);
	}
	return differs;
}

/* A transaction that puts there what was there already leaves the serial as it is. */
static void commit_updates(struct zone_model *model, const ldns_rr_list *section)
{
	struct zone_model before = *model;
	bool differs;

	if (ldns_rr_list_rr_count(section) == 0)
		return;
	before.rrsets = fake_env_calloc(model->count + 1, sizeof *before.rrsets);
	if (model->count)
		memcpy(before.rrsets, model->rrsets, model->count * sizeof *before.rrsets);
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++)
		commit_update(model, ldns_rr_list_rr(section, i));
	model->commits++;
	differs = tell_commits(&before, model, section);
	differs |= commit_texts(model, section);
	model->serial += differs;
	free_outside(before.rrsets);
}

static unsigned apply(struct zone_model *model, const ldns_pkt *packet)
{
	unsigned rcode = check_prerequisites(model, ldns_pkt_answer(packet));

	if (rcode == DNS_NOERROR)
		rcode = check_updates(model, ldns_pkt_authority(packet));
	if (rcode == DNS_NOERROR)
		commit_updates(model, ldns_pkt_authority(packet));
	return rcode;
}

/* ---- A query ---- */

/* The records that a query finds. */
struct found {
	size_t count;
	struct found_record {
		ldns_rr_type type;
		uint32_t ttl_s;
		size_t len;
		uint8_t rdata[256];
	} records[FOUND_MAX];
};

static void add_found(struct found *found, ldns_rr_type type, uint32_t ttl_s, const void *rdata, size_t len)
{
	struct found_record *record = &found->records[found->count];

	if (found->count == FOUND_MAX)
		return;
	found->count++;
	*record = (struct found_record){.type = type, .ttl_s = ttl_s, .len = len};
	memcpy(record->rdata, rdata, len);
}

static void add_found_addr(struct found *found, const struct addr *addr, uint32_t ttl_s)
{
	add_found(found, addr->family == ADDR_V4 ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA, ttl_s, addr->octets,
		  addr_len(addr));
}

/* What a name has of a type; ADDR_NONE: TXT. */
static void find_all(const struct zone_model *model, const char *owner, enum addr_family family, struct found *found)
{
	const struct model_texts *texts = model->shows_old_texts ? &model->old_texts : &model->texts;
	const struct model_rrset *rrset = find_rrset(model, owner, family);

	for (size_t i = 0; rrset && i < rrset->count; i++)
		add_found_addr(found, &rrset->addrs[i], rrset->ttl_s);
	for (size_t i = 0; family == ADDR_NONE && i < texts->count; i++) {
		const struct model_text *text = &texts->items[i];

		if (strcmp(text->owner, owner) == 0) /* its length stands before it */
			add_found(found, LDNS_RR_TYPE_TXT, text->ttl_s, &text->txt, 1 + (size_t)text->txt.len);
	}
}

/* RFC 1034 section 4.3.2, without what a gateway never meets here. *found is left empty if there is nothing. */
static unsigned look_up(const struct zone_model *model, const ldns_pkt *packet, struct found *found)
{
	const ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(packet), 0);
	const struct addr *wildcard = &model->wildcards[family_of(question)];
	char owner[256];

	owner_text(question, owner);
	if (model->refuses_queries)
		return DNS_REFUSED;
	find_all(model, owner, family_of(question), found);
	if (found->count || has_name(model, owner))
		return DNS_NOERROR;
	if (model->wildcards[ADDR_V4].family == ADDR_NONE && model->wildcards[ADDR_V6].family == ADDR_NONE)
		return DNS_NXDOMAIN;
	if (wildcard->family != ADDR_NONE)
		add_found_addr(found, wildcard, MODEL_TTL_S);
	return DNS_NOERROR;
}

/* ---- The network ---- */

struct transport {
	SLIST_ENTRY(transport) link;
	struct primary *primary;
	unsigned number;
	const struct transport_events *events;
	void *ctx;
	bool opened;
	bool silent;
	unsigned working; /* on so many messages */
	bool closed_by_user;
	bool closed_by_primary; /* the user is told, or will be */
	/* From the user: */
	uint8_t *in;
	size_t in_len, in_cap;
	bool arriving; /* a call that looks at them is under way */
	/* To the user: */
	uint8_t *out;
	size_t out_len, out_cap;
	size_t piece_len;
	size_t close_after; /* octets that may still be delivered; SIZE_MAX: all */
	bool delivering;
};

struct network {
	struct fake_env *fake;
	SLIST_HEAD(, transport) transports;
	SLIST_HEAD(, primary) primaries;
	SLIST_HEAD(, reply) replies;
	SLIST_HEAD(, lagging) lagging;
};

struct primary {
	SLIST_ENTRY(primary) link;
	struct network *network;
	struct peer peer;
	struct zone_model *models[MODELS_MAX];
	size_t model_count;
	const struct tsig_key *key;
	struct tsig_key *wrong_secret, *other_name, *other_algorithm;
	enum door door, door_beyond;
	size_t connections_max; /* 0: any number */
	unsigned at_a_time;     /* 0: any number */
	unsigned turn;          /* of the last connection */
	struct primary_script script;
	primary_decide_fn *decide;
	void *decide_ctx;
	int64_t clock_offset_s;
	uint64_t lag_ms;
	bool sends_fail;
	unsigned connections;
	struct primary_request *requests;
	size_t request_count, request_cap;
};

/* A reply on its way: waiting for its time, or held. Freed with the network. */
struct reply {
	SLIST_ENTRY(reply) link;
	struct transport *transport;
	struct primary_script script;
	bool held;
	size_t len;
	uint8_t octets[];
};

/* A message that lies in a buffer of the primary. Freed with the network if its time does not come. */
struct lagging {
	SLIST_ENTRY(lagging) link;
	struct transport *transport;
	size_t len;
	uint8_t wire[];
};

struct network *network_new(struct fake_env *fake)
{
	struct network *network = fake_env_calloc(1, sizeof *network);

	network->fake = fake;
	SLIST_INIT(&network->transports);
	SLIST_INIT(&network->primaries);
	SLIST_INIT(&network->replies);
	SLIST_INIT(&network->lagging);
	return network;
}

static void free_primary(struct primary *primary)
{
	tsig_key_free(&primary->wrong_secret);
	tsig_key_free(&primary->other_name);
	tsig_key_free(&primary->other_algorithm);
	free(primary->requests);
	free(primary);
}

void network_free(struct network **network_pointer)
{
	struct network *network = *network_pointer;
	size_t left = network_connections(network);

	*network_pointer = NULL;
	while (!SLIST_EMPTY(&network->transports)) {
		struct transport *transport = SLIST_FIRST(&network->transports);

		SLIST_REMOVE_HEAD(&network->transports, link);
		free(transport->in);
		free(transport->out);
		free(transport);
	}
	while (!SLIST_EMPTY(&network->replies)) {
		struct reply *reply = SLIST_FIRST(&network->replies);

		SLIST_REMOVE_HEAD(&network->replies, link);
		free(reply);
	}
	while (!SLIST_EMPTY(&network->lagging)) {
		struct lagging *lagging = SLIST_FIRST(&network->lagging);

		SLIST_REMOVE_HEAD(&network->lagging, link);
		free(lagging);
	}
	while (!SLIST_EMPTY(&network->primaries)) {
		struct primary *primary = SLIST_FIRST(&network->primaries);

		SLIST_REMOVE_HEAD(&network->primaries, link);
		free_primary(primary);
	}
	free(network);
	assert_int_equal(left, 0);
}

size_t network_connections(const struct network *network)
{
	const struct transport *transport;
	size_t count = 0;

	SLIST_FOREACH(transport, &network->transports, link)
		count += !transport->closed_by_user;
	return count;
}

static void call_at(struct primary *primary, uint64_t after_ms, env_timer_fn *fn, void *ctx)
{
	struct fake_env *fake = primary->network->fake;

	fake_env_call_at(fake, fake_env_now_ms(fake) + after_ms, fn, ctx);
}

/* ---- Events for the user, always from the loop ---- */

/* The code under test has the word. */
#define INSIDE(call)                                                                                                   \
	do {                                                                                                           \
		unsigned outside = fake_env_outside;                                                                   \
		fake_env_outside = 0;                                                                                  \
		call;                                                                                                  \
		fake_env_outside = outside;                                                                            \
	} while (0)

static void deliver_opened(void *ctx)
{
	struct transport *transport = ctx;

	if (transport->closed_by_user || transport->closed_by_primary)
		return;
	transport->opened = true;
	INSIDE(transport->events->opened(transport->ctx));
}

static void deliver_closed(void *ctx)
{
	struct transport *transport = ctx;

	if (!transport->closed_by_user)
		INSIDE(transport->events->closed(transport->ctx,
						 transport->opened ? "closed by the primary" : "connection refused"));
}

static void close_from_here(struct transport *transport)
{
	if (transport->closed_by_primary)
		return;
	transport->closed_by_primary = true;
	call_at(transport->primary, 0, deliver_closed, transport);
}

static size_t next_piece(const struct transport *transport)
{
	size_t len = transport->out_len;

	if (transport->piece_len && transport->piece_len < len)
		len = transport->piece_len;
	return transport->close_after < len ? transport->close_after : len;
}

static void deliver_received(void *ctx)
{
	struct transport *transport = ctx;
	size_t len = next_piece(transport);
	uint8_t *piece;

	transport->delivering = false;
	if (transport->closed_by_user || transport->closed_by_primary)
		return;
	/* A copy of just that length, so that a sanitizer sees who reads beyond it or keeps it. */
	piece = fake_env_calloc(len, 1);
	memcpy(piece, transport->out, len);
	memmove(transport->out, transport->out + len, transport->out_len - len);
	transport->out_len -= len;
	if (transport->close_after != SIZE_MAX)
		transport->close_after -= len;
	if (transport->close_after == 0) {
		close_from_here(transport);
	} else if (transport->out_len) {
		transport->delivering = true;
		call_at(transport->primary, 0, deliver_received, transport);
	}
	INSIDE(transport->events->received(transport->ctx, piece, len));
	free(piece);
}

static void append(uint8_t **buffer, size_t *buffer_len, size_t *cap, const uint8_t *octets, size_t len)
{
	if (*buffer_len + len > *cap) {
		uint8_t *grown = fake_env_calloc(2 * (*buffer_len + len), 1);

		if (*buffer_len)
			memcpy(grown, *buffer, *buffer_len);
		fake_env_outside++;
		free(*buffer);
		fake_env_outside--;
		*buffer = grown;
		*cap = 2 * (*buffer_len + len);
	}
	memcpy(*buffer + *buffer_len, octets, len);
	*buffer_len += len;
}

static void say(struct transport *transport, const uint8_t *octets, size_t len)
{
	append(&transport->out, &transport->out_len, &transport->out_cap, octets, len);
	if (transport->delivering)
		return;
	transport->delivering = true;
	call_at(transport->primary, 0, deliver_received, transport);
}

/* ---- Replies ---- */

static void put_u16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static unsigned get_u16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

enum { FLAG_QR = 0x8000, FLAG_AA = 0x0400, FLAG_TC = 0x0200, OPCODE_MASK = 0xf << 11, OPCODE_UPDATE = 5 << 11 };

/* Header and zone section or question of the reply, without the rest. */
static size_t begin_reply(const uint8_t *request, size_t request_len, const struct primary_script *script,
			  unsigned rcode, uint8_t *out)
{
	unsigned flags = FLAG_QR | (get_u16(request + OFFSET_FLAGS) & OPCODE_MASK) | rcode;
	size_t len = DNS_HEADER_LEN;

	while (len < request_len && request[len])
		len += 1u + request[len];
	len += 1 + 4;
	assert_true(len <= request_len);
	memcpy(out, request, len);
	memset(out + 6, 0, 6);
	if (script->reply == REPLY_TRUNCATED)
		flags |= FLAG_TC;
	if (script->reply == REPLY_IS_A_REQUEST)
		flags &= ~(unsigned)FLAG_QR;
	if (script->reply == REPLY_OTHER_OPCODE)
		flags ^= OPCODE_UPDATE; /* the one becomes the other */
	if (script->reply == REPLY_OTHER_ZONE)
		out[DNS_HEADER_LEN + 1] ^= 1;
	if (script->reply == REPLY_OTHER_ID || script->reply == REPLY_OTHER_ORIGINAL_ID)
		out[0] ^= 0x55;
	put_u16(out + OFFSET_FLAGS, flags);
	return len;
}

/* What a query found, behind the question, to which the name points. */
static size_t append_answers(const struct primary_script *script, const struct found *found, uint8_t *wire, size_t len)
{
	if (!script->lame)
		put_u16(wire + OFFSET_FLAGS, get_u16(wire + OFFSET_FLAGS) | FLAG_AA);
	put_u16(wire + OFFSET_ANCOUNT, (unsigned)found->count);
	for (size_t i = 0; i < found->count; i++) {
		const struct found_record *record = &found->records[i];

		put_u16(wire + len, POINTER_TO_QUESTION);
		put_u16(wire + len + 2, record->type);
		put_u16(wire + len + 4, LDNS_RR_CLASS_IN);
		put_u16(wire + len + 6, record->ttl_s >> 16);
		put_u16(wire + len + 8, record->ttl_s & 0xffff);
		put_u16(wire + len + 10, (unsigned)record->len);
		memcpy(wire + len + 12, record->rdata, record->len);
		len += 12 + record->len;
	}
	return len;
}

static const struct tsig_key *reply_key(const struct primary *primary, enum reply_kind kind)
{
	switch (kind) {
	case REPLY_WRONG_SECRET:
		return primary->wrong_secret;
	case REPLY_OTHER_KEY_NAME:
		return primary->other_name;
	case REPLY_OTHER_ALGORITHM:
		return primary->other_algorithm;
	default:
		return primary->key;
	}
}

static uint64_t primary_wall_s(const struct primary *primary)
{
	return (uint64_t)((int64_t)fake_env_wall_s(primary->network->fake) + primary->clock_offset_s);
}

static uint16_t signed_error(const struct primary_script *script)
{
	switch (script->reply) {
	case REPLY_UNSIGNED_BADKEY:
		return TSIG_RCODE_BADKEY;
	case REPLY_UNSIGNED_BADSIG:
		return TSIG_RCODE_BADSIG;
	case REPLY_ERROR_WITHOUT_NOTAUTH:
		return TSIG_RCODE_BADTIME;
	default:
		return script->tsig_error;
	}
}

static void sign_reply(const struct primary *primary, const struct primary_request *request,
		       const struct primary_script *script, uint8_t *wire, size_t *len)
{
	struct tsig_mac request_mac = request->mac;
	struct tsig_signing how = {
		.time_s = primary_wall_s(primary),
		.request_mac = &request_mac,
		.error = signed_error(script),
		.server_time_s = primary_wall_s(primary),
	};

	if (how.error == TSIG_RCODE_BADTIME)
		how.time_s = request->time_s;
	if (script->reply == REPLY_WITHOUT_REQUEST_MAC)
		how.request_mac = NULL;
	if (script->reply == REPLY_TO_ANOTHER_REQUEST)
		request_mac.octets[0] ^= 1;
	if (script->reply == REPLY_STALE)
		how.time_s -= FUDGE_S + 1;
	if (script->reply == REPLY_FROM_THE_FUTURE)
		how.time_s += FUDGE_S + 1;
	if (script->reply == REPLY_SHORT_MAC)
		how.mac_len = SHORT_MAC_LEN;
	assert_int_equal(tsig_sign(wire, len, MESSAGE_MAX, reply_key(primary, script->reply), &how, NULL), TSIG_OK);
}

static void append_record(uint8_t *wire, size_t *len, const uint8_t *record, size_t record_len)
{
	memcpy(wire + *len, record, record_len);
	*len += record_len;
	put_u16(wire + OFFSET_ARCOUNT, get_u16(wire + OFFSET_ARCOUNT) + 1);
}

/* What is done to a reply after it was signed. */
static void spoil_reply(enum reply_kind kind, size_t unsigned_len, uint8_t *wire, size_t *len)
{
	static const uint8_t opt[] = {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0};
	uint8_t tsig[TSIG_RECORD_MAX];
	size_t tsig_len = *len - unsigned_len;

	switch (kind) {
	case REPLY_ALTERED:
		wire[OFFSET_FLAGS] ^= 0x01; /* RD: nobody looks at it, but it is signed */
		break;
	case REPLY_OTHER_ORIGINAL_ID:
		wire[0] ^= 0x55;
		break;
	case REPLY_SIGNED_TWICE:
		memcpy(tsig, wire + unsigned_len, tsig_len);
		append_record(wire, len, tsig, tsig_len);
		break;
	case REPLY_TSIG_NOT_LAST:
		append_record(wire, len, opt, sizeof opt);
		break;
	case REPLY_CUT:
		*len -= 5;
		break;
	case REPLY_GARBAGE:
		memset(wire + DNS_HEADER_LEN, 0xff, *len - DNS_HEADER_LEN);
		break;
	case REPLY_EMPTY:
		*len = 0;
		break;
	case REPLY_SHORT:
		*len = DNS_HEADER_LEN - 1;
		break;
	case REPLY_LONGEST:
		wire[0] ^= 0x55;
		memset(wire + *len, 0, MESSAGE_MAX - *len);
		*len = MESSAGE_MAX;
		break;
	default:
		break;
	}
}

static size_t write_reply(const struct primary *primary, const uint8_t *request_wire, size_t request_len,
			  const struct primary_request *request, const struct primary_script *script,
			  const struct found *found, uint8_t *out)
{
	size_t unsigned_len = begin_reply(request_wire, request_len, script, request->rcode, out), len;

	if (request->kind == DNS_QUERY)
		unsigned_len = append_answers(script, found, out, unsigned_len);
	len = unsigned_len;
	if (script->reply != REPLY_UNSIGNED)
		sign_reply(primary, request, script, out, &len);
	spoil_reply(script->reply, unsigned_len, out, &len);
	return len;
}

static void arrive(struct transport *transport);

static void send_reply(void *ctx)
{
	struct reply *reply = ctx;
	struct transport *transport = reply->transport;

	if (transport->closed_by_user || transport->closed_by_primary)
		return;
	if (reply->script.piece_len)
		transport->piece_len = reply->script.piece_len;
	if (reply->script.close_after)
		transport->close_after = transport->out_len + reply->script.close_after;
	say(transport, reply->octets, reply->len);
	transport->working--;
	arrive(transport);
}

/* ---- Messages that arrive ---- */

static struct primary_request *add_request(struct primary *primary)
{
	if (primary->request_count == primary->request_cap) {
		size_t cap = primary->request_cap ? 2 * primary->request_cap : 16;
		struct primary_request *grown = fake_env_calloc(cap, sizeof *grown);

		if (primary->request_count)
			memcpy(grown, primary->requests, primary->request_count * sizeof *grown);
		free(primary->requests);
		primary->requests = grown;
		primary->request_cap = cap;
	}
	return &primary->requests[primary->request_count++];
}

/* The zone of that name, or that a name asked for lies in. */
static struct zone_model *model_for(const struct primary *primary, const ldns_pkt *packet, bool query)
{
	char name[256];

	if (ldns_rr_list_rr_count(ldns_pkt_question(packet)) != 1)
		return NULL;
	owner_text(ldns_rr_list_rr(ldns_pkt_question(packet), 0), name);
	for (size_t i = 0; i < primary->model_count; i++) {
		const char *zone = primary->models[i]->zone;

		if (query ? lies_in(name, zone) : strcmp(zone, name) == 0)
			return primary->models[i];
	}
	return NULL;
}

/* What kind of message it is and whose, for the test to see. */
static void describe(const ldns_pkt *packet, struct primary_request *request)
{
	const ldns_rr_list *prerequisites = ldns_pkt_answer(packet), *updates = ldns_pkt_authority(packet);
	const ldns_rr_list *first = ldns_rr_list_rr_count(prerequisites) ? prerequisites : updates;

	request->kind = first == updates && ldns_rr_list_rr_count(updates) == 0 ? DNS_NOTHING : DNS_PROBE;
	for (size_t i = 0; i < ldns_rr_list_rr_count(updates); i++)
		request->changes += ldns_rr_get_class(ldns_rr_list_rr(updates, i)) == LDNS_RR_CLASS_ANY;
	if (ldns_pkt_get_opcode(packet) == LDNS_PACKET_QUERY) {
		request->kind = DNS_QUERY;
		first = ldns_pkt_question(packet);
	} else if (ldns_rr_list_rr_count(updates)) {
		request->kind = DNS_UPDATE;
	} else if (ldns_rr_list_rr_count(prerequisites) &&
		   ldns_rr_get_class(ldns_rr_list_rr(prerequisites, 0)) != LDNS_RR_CLASS_ANY) {
		request->kind = DNS_CONFIRM;
	}
	if (ldns_rr_list_rr_count(first)) {
		owner_text(ldns_rr_list_rr(first, 0), request->owner);
		request->family = family_of(ldns_rr_list_rr(first, 0));
	}
}

/* What an honest primary makes of a request whose TSIG does not please it, RFC 8945 section 5.2. */
static void reject(struct primary_request *request, struct primary_script *script)
{
	request->rcode = DNS_NOTAUTH;
	if (script->reply != REPLY_SIGNED)
		return;
	if (request->verified == TSIG_BADTIME)
		script->tsig_error = TSIG_RCODE_BADTIME;
	else
		script->reply = request->verified == TSIG_BADKEY ? REPLY_UNSIGNED_BADKEY : REPLY_UNSIGNED_BADSIG;
}

static unsigned obey(const struct primary *primary, const ldns_pkt *packet, bool query, struct found *found)
{
	struct zone_model *model = model_for(primary, packet, query);

	if (query)
		return model ? look_up(model, packet, found) : DNS_REFUSED;
	return model ? apply(model, packet) : DNS_NOTAUTH;
}

/* *found: what a query finds. */
static void carry_out(struct primary *primary, const uint8_t *wire, size_t len, struct primary_request *request,
		      struct primary_script *script, struct found *found)
{
	ldns_pkt *packet = NULL;

	assert_int_equal(ldns_wire2pkt(&packet, wire, len), LDNS_STATUS_OK);
	assert_true(ldns_pkt_get_opcode(packet) == LDNS_PACKET_UPDATE ||
		    ldns_pkt_get_opcode(packet) == LDNS_PACKET_QUERY);
	assert_false(ldns_pkt_qr(packet));
	assert_false(ldns_pkt_rd(packet));
	describe(packet, request);
	if (primary->decide)
		primary->decide(primary->decide_ctx, request, script);
	request->rcode = script->rcode;
	if (script->rcode != PRIMARY_DECIDES)
		;
	else if (request->verified != TSIG_OK)
		reject(request, script);
	else
		request->rcode = obey(primary, packet, request->kind == DNS_QUERY, found);
	ldns_pkt_free(packet);
}

static void answer(struct transport *transport, const uint8_t *wire, size_t len, const struct primary_request *request,
		   const struct primary_script *script, const struct found *found)
{
	struct network *network = transport->primary->network;
	static uint8_t message[MESSAGE_MAX + TSIG_RECORD_MAX];
	struct reply *reply;
	size_t reply_len;

	if (script->close_instead)
		close_from_here(transport);
	if (script->close_instead || script->reply == REPLY_NONE)
		return;
	reply_len = write_reply(transport->primary, wire, len, request, script, found, message);
	reply = fake_env_calloc(1, sizeof *reply + FRAME_HEAD + reply_len);
	reply->transport = transport;
	reply->script = *script;
	reply->held = script->hold;
	reply->len = FRAME_HEAD + reply_len;
	put_u16(reply->octets, (unsigned)reply_len);
	memcpy(reply->octets + FRAME_HEAD, message, reply_len);
	SLIST_INSERT_HEAD(&network->replies, reply, link);
	if (!reply->held)
		call_at(transport->primary, script->delay_ms, send_reply, reply);
}

static void take_message(struct transport *transport, uint8_t *wire, size_t len)
{
	struct primary *primary = transport->primary;
	struct primary_script script = primary->script;
	struct primary_request *request = add_request(primary);
	struct tsig_checking how = {.now_s = primary_wall_s(primary)};
	static uint8_t unsigned_wire[MESSAGE_MAX];
	size_t unsigned_len = len;
	struct tsig_report report = {0};
	struct found found = {0};

	transport->working++;
	request->id = (uint16_t)get_u16(wire);
	request->at_ms = fake_env_now_ms(primary->network->fake);
	request->connection = transport->number;
	memcpy(unsigned_wire, wire, len);
	request->verified = tsig_verify(unsigned_wire, &unsigned_len, primary->key, &how, &report);
	request->time_s = report.time_s;
	request->mac = report.mac;
	carry_out(primary, wire, len, request, &script, &found);
	answer(transport, wire, len, request, &script, &found);
}

static void take_lagging(void *ctx)
{
	struct lagging *lagging = ctx;

	take_message(lagging->transport, lagging->wire, lagging->len);
}

static void take_at_its_time(struct transport *transport, uint8_t *wire, size_t len)
{
	struct primary *primary = transport->primary;
	bool is_update =
		(get_u16(wire + OFFSET_FLAGS) & OPCODE_MASK) == OPCODE_UPDATE && get_u16(wire + OFFSET_UPCOUNT);
	struct lagging *lagging;

	if (!primary->lag_ms || !is_update) {
		take_message(transport, wire, len);
		return;
	}
	lagging = fake_env_calloc(1, sizeof *lagging + len);
	lagging->transport = transport;
	lagging->len = len;
	memcpy(lagging->wire, wire, len);
	SLIST_INSERT_HEAD(&primary->network->lagging, lagging, link);
	call_at(primary, primary->lag_ms, take_lagging, lagging);
}

static void look_at_arrived(void *ctx)
{
	struct transport *transport = ctx;

	transport->arriving = false;
	while (!transport->closed_by_user && !transport->closed_by_primary && transport->in_len >= FRAME_HEAD) {
		size_t len = get_u16(transport->in);

		if (transport->in_len < FRAME_HEAD + len ||
		    (transport->primary->at_a_time && transport->working >= transport->primary->at_a_time))
			return;
		take_at_its_time(transport, transport->in + FRAME_HEAD, len);
		transport->in_len -= FRAME_HEAD + len;
		memmove(transport->in, transport->in + FRAME_HEAD + len, transport->in_len);
	}
}

/* What is there to be read is looked at soon. */
static void arrive(struct transport *transport)
{
	if (!transport->arriving)
		call_at(transport->primary, 0, look_at_arrived, transport);
	transport->arriving = true;
}

/* ---- The transport's functions ---- */

static struct primary *primary_at(const struct network *network, const struct peer *peer)
{
	struct primary *primary;

	SLIST_FOREACH(primary, &network->primaries, link) {
		if (peer_equal(&primary->peer, peer))
			return primary;
	}
	fail_msg("there is no such primary");
	abort(); /* not reached */
}

static enum door door_of(const struct primary *primary)
{
	return primary->connections_max && primary_open_connections(primary) >= primary->connections_max
		       ? primary->door_beyond
		       : primary->door;
}

static enum status scripted_open(void *maker, const struct peer *peer, unsigned turn,
				 const struct transport_events *events, void *ctx, struct transport **out,
				 const char **why)
{
	struct network *network = maker;
	struct primary *primary = primary_at(network, peer);
	struct transport *transport;
	enum door door = door_of(primary);

	primary->connections++;
	primary->turn = turn;
	*why = "network is unreachable";
	if (door == DOOR_FAILS)
		return STATUS_IO;
	transport = fake_env_calloc(1, sizeof *transport);
	transport->primary = primary;
	transport->number = primary->connections;
	transport->events = events;
	transport->ctx = ctx;
	transport->close_after = SIZE_MAX;
	SLIST_INSERT_HEAD(&network->transports, transport, link);
	transport->silent = door == DOOR_SILENT;
	if (door == DOOR_OPEN || door == DOOR_SILENT)
		call_at(primary, 0, deliver_opened, transport);
	else if (door == DOOR_REFUSES)
		close_from_here(transport);
	*out = transport;
	return STATUS_OK;
}

static enum status scripted_send(struct transport *transport, const uint8_t *octets, size_t len)
{
	assert_true(transport->opened && !transport->closed_by_user);
	if (transport->primary->sends_fail)
		return STATUS_IO;
	if (transport->closed_by_primary)
		return STATUS_OK; /* into the void, as TCP does */
	append(&transport->in, &transport->in_len, &transport->in_cap, octets, len);
	if (!transport->silent)
		arrive(transport);
	return STATUS_OK;
}

static void scripted_close(struct transport **transport)
{
	assert_false((*transport)->closed_by_user);
	(*transport)->closed_by_user = true;
	*transport = NULL;
}

static const struct transport_ops scripted_ops = {
	.open = scripted_open, .send = scripted_send, .close = scripted_close};

struct transport_maker network_maker(struct network *network)
{
	return (struct transport_maker){&scripted_ops, network};
}

/* ---- The test's side ---- */

static struct tsig_key *make_key(const char *name, const char *algorithm, const char *secret)
{
	struct tsig_key *key;

	assert_int_equal(tsig_key_new(name, algorithm, (const uint8_t *)secret, strlen(secret), &key), TSIG_OK);
	return key;
}

struct primary *scripted_new(struct network *network, const char *peer, struct zone_model *model,
			     const struct tsig_key *key)
{
	struct primary *primary = fake_env_calloc(1, sizeof *primary);

	fake_env_outside++;
	primary->network = network;
	assert_int_equal(peer_parse(text_of(peer), 53, &primary->peer), STATUS_OK);
	primary_serve(primary, model);
	primary->key = key;
	primary->wrong_secret = make_key(tsig_key_name(key), tsig_key_algorithm(key), "not the secret");
	primary->other_name = make_key("other", tsig_key_algorithm(key), "not the secret");
	primary->other_algorithm = make_key(tsig_key_name(key), "hmac-sha512", "not the secret");
	primary->script.rcode = PRIMARY_DECIDES;
	SLIST_INSERT_HEAD(&network->primaries, primary, link);
	fake_env_outside--;
	return primary;
}

void primary_serve(struct primary *primary, struct zone_model *model)
{
	assert_true(primary->model_count < MODELS_MAX);
	primary->models[primary->model_count++] = model;
}

const struct peer *primary_peer(const struct primary *primary)
{
	return &primary->peer;
}

void primary_set_door(struct primary *primary, enum door door)
{
	primary->door = door;
}

void primary_set_script(struct primary *primary, struct primary_script script)
{
	primary->script = script;
}

void primary_set_decide(struct primary *primary, primary_decide_fn *decide, void *ctx)
{
	primary->decide = decide;
	primary->decide_ctx = ctx;
}

void primary_set_clock_offset_s(struct primary *primary, int64_t offset_s)
{
	primary->clock_offset_s = offset_s;
}

void primary_set_lag_ms(struct primary *primary, uint64_t lag_ms)
{
	primary->lag_ms = lag_ms;
}

void primary_set_connections_max(struct primary *primary, size_t max, enum door door)
{
	primary->connections_max = max;
	primary->door_beyond = door;
}

void primary_set_at_a_time(struct primary *primary, unsigned messages)
{
	primary->at_a_time = messages;
}

size_t primary_open_connections(const struct primary *primary)
{
	const struct transport *transport;
	size_t count = 0;

	SLIST_FOREACH(transport, &primary->network->transports, link)
		count += transport->primary == primary && transport->opened && !transport->closed_by_user &&
			 !transport->closed_by_primary;
	return count;
}

void primary_set_sends_fail(struct primary *primary, bool fail)
{
	primary->sends_fail = fail;
}

/* The list of replies begins with the newest. */
static void release(struct reply *reply, const struct primary *primary, bool reversed)
{
	if (!reply)
		return;
	if (!reversed)
		release(SLIST_NEXT(reply, link), primary, reversed);
	if (reply->held && reply->transport->primary == primary) {
		reply->held = false;
		send_reply(reply);
	}
	if (reversed)
		release(SLIST_NEXT(reply, link), primary, reversed);
}

void scripted_release(struct primary *primary, bool reversed)
{
	release(SLIST_FIRST(&primary->network->replies), primary, reversed);
}

void primary_say(struct primary *primary, const uint8_t *octets, size_t len)
{
	struct transport *transport;

	SLIST_FOREACH(transport, &primary->network->transports, link) {
		if (transport->primary == primary) {
			say(transport, octets, len);
			return;
		}
	}
	fail_msg("nobody is connected");
}

void primary_drop_connections(struct primary *primary)
{
	struct transport *transport;

	SLIST_FOREACH(transport, &primary->network->transports, link) {
		if (transport->primary == primary && !transport->closed_by_user)
			close_from_here(transport);
	}
}

unsigned primary_turn(const struct primary *primary)
{
	return primary->turn;
}

unsigned primary_connections(const struct primary *primary)
{
	return primary->connections;
}

size_t primary_requests(const struct primary *primary)
{
	return primary->request_count;
}

const struct primary_request *primary_request(const struct primary *primary, size_t n)
{
	assert_true(n < primary->request_count);
	return &primary->requests[n];
}
