/*
 * late_store: an account store that answers some time after lookup() has returned, as one does that has to ask another
 * machine. What it finds is another store's.
 */
#ifndef UNIT_LATE_STORE_H
#define UNIT_LATE_STORE_H

#include "account/store.h"
#include "base/env.h"

/*
 * Each look-up takes 1 to `delay_max_ms`, by lot, so that they overtake each other. Takes the inner store. What is
 * under way when it is freed is never answered.
 */
enum status late_store_new(const struct env *env, unsigned delay_max_ms, struct account_store **inner,
			   struct account_store **out);

#endif
