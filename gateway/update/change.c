#include "update/change.h"

#include <assert.h>

/* Two addresses may differ in the prefix alone; then one is left of them. */
void change_resolve(struct change *change)
{
	struct rdata at = {NULL, 0};

	if (change->kind != CHANGE_PREFIX)
		return;
	change->becomes = rrset_of_none(change->type, change->becomes.ttl_s, change->room_becomes);
	change->becomes.known = change->was.known;
	while (change->was.known && rrset_next(&change->was, &at)) {
		struct addr addr = rdata_addr(change->type, at);
		bool has_room;

		addr = addr_with_prefix(&addr, &change->prefix, change->prefix_len);
		has_room = rrset_contains(&change->becomes, rdata_of_addr(&addr)) ||
			   rrset_add(&change->becomes, rdata_of_addr(&addr), change->room_becomes,
				     rrset_room(change->type));
		assert(has_room); /* it has no more of them than `was` */
		(void)has_room;
	}
}
