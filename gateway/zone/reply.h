/*
 * reply: what a reply means for the sets of its message.
 */
#ifndef ZONE_REPLY_H
#define ZONE_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/client.h"
#include "zone/message.h"

/* How a message ended: what QUEUE_REPLIED brings (queue.h). */
struct reply {
	struct queue_message *message;
	const struct dns_result *result;
	bool has_well;
	const void *primary;
	uint64_t wall_ms;
};

/* A message has come to its end: what that means for its sets. */
void reply_take(struct traffic *traffic, const struct reply *reply, uint64_t now_ms);

#endif
