#include "loop/env_uv.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/signals.h"

struct env_timer {
	uv_timer_t timer; /* its data points here */
	env_timer_fn *fn;
	void *fn_ctx;
};

static uint64_t uv_env_now_ms(void *ctx)
{
	return uv_now(ctx);
}

static uint64_t uv_env_wall_ms(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &now); /* fails for unknown clocks only */
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void uv_env_random(void *ctx, void *octets, size_t len)
{
	uint8_t *at = octets;

	(void)ctx;
	while (len) {
		ssize_t got = getrandom(at, len, 0);

		if (got > 0) {
			at += got;
			len -= (size_t)got;
		} else if (errno != EINTR) {
			abort(); /* a kernel without random octets is no place to sign anything */
		}
	}
}

static struct env_timer *uv_env_timer_new(void *ctx, env_timer_fn *fn, void *fn_ctx)
{
	struct env_timer *timer = malloc(sizeof *timer);

	if (!timer)
		return NULL;
	uv_timer_init(ctx, &timer->timer);
	timer->timer.data = timer;
	timer->fn = fn;
	timer->fn_ctx = fn_ctx;
	return timer;
}

static void on_expired(uv_timer_t *handle)
{
	struct env_timer *timer = handle->data;

	timer->fn(timer->fn_ctx);
}

static void uv_env_timer_set(struct env_timer *timer, uint64_t at_ms)
{
	uint64_t now_ms = uv_now(timer->timer.loop);

	uv_timer_start(&timer->timer, on_expired, at_ms > now_ms ? at_ms - now_ms : 0, 0);
}

static void uv_env_timer_stop(struct env_timer *timer)
{
	uv_timer_stop(&timer->timer);
}

static void on_env_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void uv_env_timer_free(struct env_timer **timer)
{
	if (*timer)
		uv_close((uv_handle_t *)&(*timer)->timer, on_env_closed);
	*timer = NULL;
}

struct env_watch {
	uv_poll_t poll; /* its data points here */
	unsigned events;
	env_watch_fn *fn;
	void *fn_ctx;
};

static enum status uv_env_watch_new(void *ctx, int fd, env_watch_fn *fn, void *fn_ctx, struct env_watch **out)
{
	struct env_watch *watch = malloc(sizeof *watch);
	int result;

	if (!watch)
		return STATUS_NO_MEMORY;
	*watch = (struct env_watch){.fn = fn, .fn_ctx = fn_ctx};
	result = uv_poll_init(ctx, &watch->poll, fd);
	if (result != 0) {
		free(watch);
		return result == UV_ENOMEM ? STATUS_NO_MEMORY : STATUS_INVALID;
	}
	watch->poll.data = watch;
	*out = watch;
	return STATUS_OK;
}

static void on_watch_event(uv_poll_t *handle, int status, int happened);

static void uv_env_watch_set(struct env_watch *watch, unsigned events)
{
	int wanted = (events & ENV_READABLE ? UV_READABLE : 0) | (events & ENV_WRITABLE ? UV_WRITABLE : 0);

	watch->events = events;
	uv_poll_start(&watch->poll, wanted, on_watch_event); /* fails for a handle that is closing only */
}

/* libuv stops what has failed; here it is told as long as the owner watches for something. */
static void on_watch_event(uv_poll_t *handle, int status, int happened)
{
	struct env_watch *watch = handle->data;
	unsigned events = (happened & UV_READABLE ? ENV_READABLE : 0) | (happened & UV_WRITABLE ? ENV_WRITABLE : 0);

	if (status < 0) {
		events = watch->events;
		uv_env_watch_set(watch, events);
	}
	watch->fn(watch->fn_ctx, events);
}

static void uv_env_watch_free(struct env_watch **watch)
{
	if (*watch)
		uv_close((uv_handle_t *)&(*watch)->poll, on_env_closed);
	*watch = NULL;
}

struct env_job {
	uv_work_t request; /* its data points here */
	env_work_fn *work, *done;
	void *job;
};

static void on_worker(uv_work_t *request)
{
	struct env_job *job = request->data;

	signals_hold(); /* of this thread: they are the loop's, and could wait here for as long as the work takes */
	job->work(job->job);
}

static void on_worked(uv_work_t *request, int status)
{
	struct env_job *job = request->data;
	env_work_fn *done = job->done;
	void *owner = job->job;

	(void)status; /* nobody cancels */
	free(job);
	done(owner);
}

static enum status uv_env_work(void *ctx, env_work_fn *work, env_work_fn *done, void *owner)
{
	struct env_job *job = malloc(sizeof *job);

	if (!job)
		return STATUS_NO_MEMORY;
	*job = (struct env_job){.work = work, .done = done, .job = owner};
	job->request.data = job;
	uv_queue_work(ctx, &job->request, on_worker, on_worked); /* fails only without a function */
	return STATUS_OK;
}

struct env env_uv(uv_loop_t *loop)
{
	return (struct env){
		.now_ms = uv_env_now_ms,
		.wall_ms = uv_env_wall_ms,
		.random = uv_env_random,
		.timer_new = uv_env_timer_new,
		.timer_set = uv_env_timer_set,
		.timer_stop = uv_env_timer_stop,
		.timer_free = uv_env_timer_free,
		.watch_new = uv_env_watch_new,
		.watch_set = uv_env_watch_set,
		.watch_free = uv_env_watch_free,
		.work = uv_env_work,
		.ctx = loop,
	};
}
