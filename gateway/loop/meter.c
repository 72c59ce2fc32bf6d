#include "loop/meter.h"

static void on_next_turn(uv_prepare_t *prepare)
{
	struct meter *meter = prepare->data;
	uint64_t now_ns = uv_hrtime(), idle_ns = uv_metrics_idle_time(prepare->loop);

	turns_add(&meter->turns, (now_ns - meter->began_ns - (idle_ns - meter->idle_ns)) / 1000, uv_now(prepare->loop));
	meter->began_ns = now_ns;
	meter->idle_ns = idle_ns;
}

void meter_init(struct meter *meter, uv_loop_t *loop)
{
	turns_init(&meter->turns);
	uv_loop_configure(loop, UV_METRICS_IDLE_TIME); /* without it, all of the time would count as busy */
	uv_prepare_init(loop, &meter->prepare);
	meter->prepare.data = meter;
}

void meter_restart(struct meter *meter)
{
	meter->began_ns = uv_hrtime();
	meter->idle_ns = uv_metrics_idle_time(meter->prepare.loop);
}

void meter_start(struct meter *meter)
{
	meter_restart(meter);
	uv_prepare_start(&meter->prepare, on_next_turn);
	uv_unref((uv_handle_t *)&meter->prepare);
}

void meter_fini(struct meter *meter)
{
	uv_close((uv_handle_t *)&meter->prepare, NULL);
}
