/*
 * rejection: what the primary rejected. The sets of a message are taken apart until the culprits are found; what is
 * wrong with one of them may take a probe.
 *
 * Where the primary itself may be at fault, halving would answer sickness with load. So a message with which it failed
 * goes once more as it was, elsewhere if there is another one; and if UPDATEs fail one after the other, and none is
 * carried out, a single set is tried before the others go on in halves: the primary has to carry one out for that.
 */
#ifndef ZONE_REJECTION_H
#define ZONE_REJECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/client.h"
#include "zone/message.h"

/* The primary rejected an UPDATE: whose fault it is, and what becomes of the others. */
void rejection_take(struct traffic *traffic, struct queue_message *message, const struct dns_result *result,
		    uint64_t now_ms);
/* The primary failed with an UPDATE (SERVFAIL): whether that is its own fault, is to be seen. */
void rejection_failed(struct traffic *traffic, struct queue_message *message, const struct dns_result *result,
		      bool has_well, uint64_t now_ms);
/* What was held back behind a sample, now that the sample's message has ended with that result. */
void rejection_sampled(struct traffic *traffic, struct queue_entry *held_back, const struct dns_result *result,
		       bool has_well, uint64_t now_ms);
/* A probe of an entry has come back: the record exists or does not; nothing was changed either way. */
void rejection_probed(struct traffic *traffic, struct queue_entry *entry, const struct dns_result *result,
		      uint64_t now_ms);

#endif
