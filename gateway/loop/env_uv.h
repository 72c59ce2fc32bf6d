/*
 * env_uv: the daemon's env: libuv's clock, timers and watches, the kernel's random octets.
 */
#ifndef LOOP_ENV_UV_H
#define LOOP_ENV_UV_H

#include <uv.h>

#include "base/env.h"

/* An env on this loop, which must outlive it. */
struct env env_uv(uv_loop_t *loop);

#endif
