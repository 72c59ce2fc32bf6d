#include "zone/rest.h"

enum { DOUBLINGS_MAX = 5 };

static uint64_t duration_ms(const struct rest *rest, const struct env *env)
{
	unsigned doublings = rest->failures <= DOUBLINGS_MAX ? rest->failures - 1 : DOUBLINGS_MAX;
	uint64_t duration = (uint64_t)REST_FIRST_MS << doublings;
	uint16_t chance;

	if (duration > REST_MAX_MS)
		duration = REST_MAX_MS;
	env->random(env->ctx, &chance, sizeof chance);
	return duration + duration / 4 * chance / UINT16_MAX;
}

void rest_fail(struct rest *rest, const struct env *env)
{
	uint64_t now_ms = env_now_ms(env);

	rest->failed_at_ms = now_ms;
	if (rest_lasts(rest, now_ms))
		return;
	rest->failures++;
	rest->until_ms = now_ms + duration_ms(rest, env);
}
