#include "zone/set.h"

bool set_is_known(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!set->changes[i].was.known)
			return false;
	}
	return true;
}

bool set_is_known_in_part(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->changes[i].was.known)
			return true;
	}
	return false;
}

bool set_adds_text(const struct change_set *set)
{
	return set_is_txt(set) && set->changes[0].kind != CHANGE_TXT_DROP && set->txt.len;
}

bool set_is_so_already(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!rrset_equal(&set->changes[i].was, &set->changes[i].becomes))
			return false;
	}
	return true;
}

bool set_rewrites(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->changes[i].kind == CHANGE_PREFIX)
			return true;
	}
	return false;
}

bool set_rewrites_unread(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->changes[i].kind == CHANGE_PREFIX && !set->changes[i].was.known)
			return true;
	}
	return false;
}

/* Whether the one makes the other needless. */
static bool replaces_change(const struct change *later, const struct change *earlier)
{
	if (change_is_txt(later) || change_is_txt(earlier))
		return later->kind == CHANGE_TXT_SET && earlier->kind == CHANGE_TXT_SET;
	if (change_type(later) != change_type(earlier) || later->must_exist != earlier->must_exist)
		return false;
	return later->kind != CHANGE_PREFIX ||
	       (earlier->kind == CHANGE_PREFIX && later->prefix_len == earlier->prefix_len);
}

bool set_replaces(const struct change_set *later, const struct change_set *earlier)
{
	if (later->count != earlier->count)
		return false;
	for (size_t i = 0; i < earlier->count; i++) {
		bool found = false;

		for (size_t k = 0; k < later->count; k++)
			found = found || replaces_change(&later->changes[k], &earlier->changes[i]);
		if (!found)
			return false;
	}
	return true;
}

bool set_ends_its_conditions(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct change *change = &set->changes[i];
		struct rrset becomes = change->becomes;

		becomes.ttl_s = change->was.ttl_s; /* which no prerequisite is about */
		if (change->was.known ? !rrset_equal(&change->was, &becomes)
				      : change->must_exist && becomes.known && becomes.count == 0)
			return true;
	}
	return false;
}

size_t set_prerequisites(const struct change_set *set)
{
	size_t count = 0;

	for (size_t i = 0; i < set->count; i++)
		count += set->changes[i].must_exist;
	return count;
}

enum rr_type set_prerequisite(const struct change_set *set, size_t number)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->changes[i].must_exist && number-- == 0)
			return change_type(&set->changes[i]);
	}
	return RR_NONE;
}

size_t set_to_probe(const struct change_set *set)
{
	size_t rewritten = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (set->changes[i].must_exist)
			return i;
		if (set->changes[i].kind == CHANGE_PREFIX)
			rewritten = i;
	}
	return rewritten;
}
