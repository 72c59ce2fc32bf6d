/*
 * verifier: checks secrets against crypt(3) hashes without holding up the loop.
 *
 * What was found is remembered, right and wrong apart, in spaces of fixed size, by a hash under a key of this process
 * alone; so an honest router is checked once, and a flood of wrong passwords cannot push it out. A changed password is
 * another hash and thus not remembered. The rest waits in two bounded queues, for suspects and for the others, which go
 * first, and is worked on one by one; the former with pauses, so that they get a quarter of a core at most.
 *
 * Of suspects, those go first who are the least suspicious, and when there is no room, the most suspicious give way. So
 * whoever has the right key comes before all who have failed, however many guess at the same login: a flood holds it up
 * until each of the sources has failed once, and no more.
 */
#ifndef ACCOUNT_VERIFIER_H
#define ACCOUNT_VERIFIER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/env.h"
#include "base/status.h"
#include "base/text.h"

struct verifier;
struct check; /* one check that was asked for and is not answered yet */

/*
 * STATUS_OK: `matches` is the answer. STATUS_FULL: too much is waiting, or it has waited for too long. STATUS_CRYPTO,
 * STATUS_NO_MEMORY: it could not be checked. With these nothing is known.
 */
typedef void verified_fn(void *ctx, enum status status, bool matches);

/* The env is borrowed. STATUS_NO_MEMORY. */
MUST_USE enum status verifier_new(const struct env *env, struct verifier **out);

/*
 * Whoever still waits is not told. Work that is under way ends first, on the loop, which has to run until then. Not to
 * be called from within a verified_fn. Sets *verifier to NULL; *verifier == NULL is allowed.
 */
void verifier_free(struct verifier **verifier);

/*
 * Checks whether the secret has that hash. `verified` comes exactly once: from within the call if it is remembered or
 * there is no room, else later from the loop; never after verifier_free(). `suspicion`: what throttle_suspicion() says,
 * 0 for none. Hash and secret are borrowed until the call returns. *check is the check until `verified` is called, and
 * NULL then and after it; the pointer `check` itself may be NULL if the caller will never give up.
 */
void verifier_check(struct verifier *verifier, const char *hash, struct text secret, unsigned suspicion,
		    verified_fn *verified, void *ctx, struct check **check);

/*
 * Gives up: nobody waits for the answer any more, and `verified` is not called. The check leaves its queue, or, if it
 * is being computed, goes on to its end and is remembered. Sets *check to NULL; *check == NULL is allowed.
 */
void verifier_give_up(struct check **check);

/*
 * A lot for a login: octets that look random, stay the same as long as the process lives, and that nobody outside can
 * predict. STATUS_NO_MEMORY.
 */
enum { VERIFIER_LOT_LEN = 32 };
MUST_USE enum status verifier_lot(const struct verifier *verifier, struct text login,
				  uint8_t out[static VERIFIER_LOT_LEN]);

#endif
