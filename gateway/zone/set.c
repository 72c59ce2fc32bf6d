#include "zone/set.h"

bool set_is_known(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!change_expects(&set->changes[i]))
			return false;
	}
	return true;
}

bool set_expects(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (change_expects(&set->changes[i]))
			return true;
	}
	return false;
}

bool set_may_look(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->changes[i].kind == CHANGE_DROP)
			return false;
	}
	return true;
}

bool set_is_so_already(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct change *change = &set->changes[i];

		if (!change_is_remembered(change) || !rrset_equal(&change->was, &change->becomes))
			return false;
	}
	return true;
}

bool set_is_undone(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct change *change = &set->changes[i];

		if (change_is_whole(change) && !rrset_equal(&change->was, &change->becomes))
			return true;
	}
	return false;
}

bool set_rewrites(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->changes[i].kind == CHANGE_PREFIX)
			return true;
	}
	return false;
}

bool set_is_blind(const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct change *change = &set->changes[i];

		if ((change->kind == CHANGE_PREFIX || change->kind == CHANGE_ROTATE) && !change->was.known)
			return true;
	}
	return false;
}

/* Whether the one makes the other needless. */
static bool replaces_change(const struct change *later, const struct change *earlier)
{
	if (!change_is_whole(later) || !change_is_whole(earlier))
		return false;
	if (later->type != earlier->type || later->must_exist != earlier->must_exist)
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
		if (change_expects(change) ? !rrset_equal(&change->was, &becomes)
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
			return set->changes[i].type;
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
