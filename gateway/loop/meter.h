/*
 * meter: measures each turn of a libuv loop: the time from one wait for events to the next one. What the loop waited is
 * not in it.
 */
#ifndef LOOP_METER_H
#define LOOP_METER_H

#include <uv.h>

#include "base/turns.h"

struct meter {
	struct turns turns;
	uv_prepare_t prepare;
	uint64_t began_ns, idle_ns; /* of the present turn: on libuv's clock, and what the loop had waited by then */
};

/* Makes it, at rest. To be called before the loop runs for the first time. */
void meter_init(struct meter *meter, uv_loop_t *loop);

/* The first turn begins. The meter does not keep the loop alive. */
void meter_start(struct meter *meter);

/*
 * The turn begins now, because a signal was caught: a wait that a signal ends is not among those that libuv counts, and
 * would be taken for work.
 */
void meter_restart(struct meter *meter);

/* The loop must run once more afterwards, as long as the struct is there. */
void meter_fini(struct meter *meter);

#endif
