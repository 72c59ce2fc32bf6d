#include "update/change.h"

static bool change_contains(const struct rrset *set, const struct addr *addr)
{
	for (size_t i = 0; i < set->count; i++) {
		if (addr_equal(&set->addrs[i], addr))
			return true;
	}
	return false;
}

bool rrset_equal(const struct rrset *a, const struct rrset *b)
{
	if (!a->known || !b->known || a->count != b->count || (a->count && a->ttl_s != b->ttl_s))
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!change_contains(b, &a->addrs[i]))
			return false;
	}
	return true;
}

/* Two addresses may differ in the prefix alone; then one is left of them. */
static void add_unless_there(struct rrset *set, const struct addr *addr)
{
	if (!change_contains(set, addr))
		set->addrs[set->count++] = *addr;
}

void change_resolve(struct change *change)
{
	const struct rrset *was = &change->was;
	struct rrset *becomes = &change->becomes;

	becomes->known = !change_is_txt(change) && (change->kind != CHANGE_PREFIX || was->known);
	becomes->ttl_s = change->ttl_s;
	becomes->count = 0;
	if (change->kind == CHANGE_REPLACE)
		add_unless_there(becomes, &change->addr);
	if (change->kind != CHANGE_PREFIX || !was->known)
		return;
	for (size_t i = 0; i < was->count; i++) {
		struct addr addr = addr_with_prefix(&was->addrs[i], &change->addr, change->prefix_len);

		add_unless_there(becomes, &addr);
	}
}
