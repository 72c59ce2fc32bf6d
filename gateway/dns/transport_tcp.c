#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "dns/transport.h"

struct transport {
	uv_tcp_t tcp; /* its data points here */
	uv_connect_t connect;
	const struct transport_events *events;
	void *ctx; /* NULL after close(): the user is gone and the handle on its way out */
	bool closed_told;
	uint8_t buffer[16 * 1024];
};

/* One write that could not be done at once. */
struct pending_write {
	uv_write_t write;
	uint8_t octets[];
};

static void tell_closed(struct transport *transport, const char *why)
{
	if (!transport->ctx || transport->closed_told)
		return;
	transport->closed_told = true;
	transport->events->closed(transport->ctx, why);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
	struct transport *transport = handle->data;

	(void)suggested;
	*out = uv_buf_init((char *)transport->buffer, sizeof transport->buffer);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
	struct transport *transport = stream->data;

	if (count > 0 && transport->ctx)
		transport->events->received(transport->ctx, (const uint8_t *)buffer->base, (size_t)count);
	else if (count < 0)
		tell_closed(transport, count == UV_EOF ? "closed by the primary" : uv_strerror((int)count));
}

static void on_connect(uv_connect_t *connect, int status)
{
	struct transport *transport = connect->handle->data;

	if (!transport->ctx)
		return;
	if (status == 0)
		status = uv_read_start((uv_stream_t *)&transport->tcp, on_alloc, on_read);
	if (status != 0)
		tell_closed(transport, uv_strerror(status));
	else
		transport->events->opened(transport->ctx);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void tcp_close(struct transport **transport_pointer)
{
	struct transport *transport = *transport_pointer;

	*transport_pointer = NULL;
	transport->ctx = NULL;
	uv_close((uv_handle_t *)&transport->tcp, on_closed);
}

static enum status tcp_open(void *maker, const struct endpoint *endpoint, const struct transport_events *events,
			    void *ctx, struct transport **out, const char **why)
{
	struct transport *transport = malloc(sizeof *transport);
	struct sockaddr_storage address;
	int error;

	*why = status_text(STATUS_NO_MEMORY);
	if (!transport)
		return STATUS_NO_MEMORY;
	transport->events = events;
	transport->ctx = ctx;
	transport->closed_told = false;
	error = uv_tcp_init(maker, &transport->tcp);
	if (error) {
		*why = uv_strerror(error);
		free(transport);
		return STATUS_IO;
	}
	transport->tcp.data = transport;
	uv_tcp_nodelay(&transport->tcp, 1);
	endpoint_to_sockaddr(endpoint, &address);
	error = uv_tcp_connect(&transport->connect, &transport->tcp, (const struct sockaddr *)&address, on_connect);
	if (error) {
		*why = uv_strerror(error);
		tcp_close(&transport);
		return STATUS_IO;
	}
	*out = transport;
	return STATUS_OK;
}

static void on_written(uv_write_t *write, int status)
{
	struct pending_write *pending = (struct pending_write *)write;
	struct transport *transport = write->handle->data;

	if (status != 0)
		tell_closed(transport, uv_strerror(status));
	free(pending);
}

static enum status write_rest(struct transport *transport, const uint8_t *octets, size_t len)
{
	struct pending_write *pending = malloc(sizeof *pending + len);
	uv_buf_t buffer;

	if (!pending)
		return STATUS_NO_MEMORY;
	memcpy(pending->octets, octets, len);
	buffer = uv_buf_init((char *)pending->octets, (unsigned)len);
	if (uv_write(&pending->write, (uv_stream_t *)&transport->tcp, &buffer, 1, on_written) == 0)
		return STATUS_OK;
	free(pending);
	return STATUS_IO;
}

static enum status tcp_send(struct transport *transport, const uint8_t *octets, size_t len)
{
	uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)octets, (unsigned)len);
	int written = uv_try_write((uv_stream_t *)&transport->tcp, &buffer, 1);

	if (written < 0 && written != UV_EAGAIN)
		return STATUS_IO;
	if (written < 0)
		written = 0;
	return (size_t)written == len ? STATUS_OK : write_rest(transport, octets + written, len - (size_t)written);
}

const struct transport_ops transport_tcp = {.open = tcp_open, .send = tcp_send, .close = tcp_close};
