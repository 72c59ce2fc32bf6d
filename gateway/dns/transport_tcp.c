/*
 * A name is looked up in libuv's thread pool, because getaddrinfo() blocks; then its addresses are tried in the order
 * in which they came. Each try is a socket of its own. One that has not ended after a moment does not keep the next
 * address from being tried beside it, and the first one that connects is used (RFC 8305 section 5). The moments become
 * shorter, so that however many addresses swallow everything, all are tried within a second or so. The transport is
 * freed once it was closed and everything that it began has ended.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <uv.h>

#include "dns/transport.h"

enum {
	MOMENT_FIRST_MS = 250, /* the "Connection Attempt Delay" of RFC 8305 section 5; halved with each try */
	MOMENT_LAST_MS = 10,
	TRIES_MAX = 16, /* at a time; a name may have any number of addresses */
};

struct transport {
	uv_loop_t *loop;
	const struct transport_events *events;
	void *ctx; /* NULL after close() */
	bool closed_told;
	unsigned under_way; /* look-ups and sockets that have not ended */
	uv_getaddrinfo_t look_up;
	unsigned turn;
	struct addrinfo *found, *next; /* after the last one comes the first one again */
	size_t untried;
	uv_timer_t moment; /* until the next try */
	uint64_t moment_ms;
	TAILQ_HEAD(, socket) tries; /* sockets that are connecting, the oldest first */
	size_t try_count;
	struct socket *socket; /* the one in use, once there is a connection */
	uint8_t buffer[16 * 1024];
};

struct socket {
	TAILQ_ENTRY(socket) link; /* in `tries` */
	uv_tcp_t tcp;
	uv_connect_t connect;
	struct transport *transport;
};

/* One write that could not be done at once. */
struct pending_write {
	uv_write_t write;
	uint8_t octets[];
};

static void tcp_one_less(struct transport *transport)
{
	transport->under_way--;
	if (transport->ctx || transport->under_way)
		return;
	if (transport->found)
		uv_freeaddrinfo(transport->found);
	free(transport);
}

static void tell_closed(struct transport *transport, const char *why)
{
	if (!transport->ctx || transport->closed_told)
		return;
	transport->closed_told = true;
	transport->events->closed(transport->ctx, why);
}

static void on_socket_closed(uv_handle_t *handle)
{
	struct socket *socket = handle->data;
	struct transport *transport = socket->transport;

	free(socket);
	tcp_one_less(transport);
}

static void close_socket(struct socket *socket)
{
	uv_close((uv_handle_t *)&socket->tcp, on_socket_closed);
}

static void leave_tries(struct socket *socket)
{
	TAILQ_REMOVE(&socket->transport->tries, socket, link);
	socket->transport->try_count--;
}

static void end_try(struct socket *socket)
{
	leave_tries(socket);
	close_socket(socket);
}

static void end_tries(struct transport *transport)
{
	uv_timer_stop(&transport->moment);
	while (!TAILQ_EMPTY(&transport->tries))
		end_try(TAILQ_FIRST(&transport->tries));
}

static void on_timer_closed(uv_handle_t *handle)
{
	tcp_one_less(handle->data);
}

static void tcp_close(struct transport **transport_pointer)
{
	struct transport *transport = *transport_pointer;

	*transport_pointer = NULL;
	transport->under_way++; /* stays until the end of this function */
	transport->ctx = NULL;
	end_tries(transport);
	if (transport->socket)
		close_socket(transport->socket);
	transport->socket = NULL;
	uv_close((uv_handle_t *)&transport->moment, on_timer_closed);
	uv_cancel((uv_req_t *)&transport->look_up);
	tcp_one_less(transport);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
	struct socket *socket = handle->data;

	(void)suggested;
	*out = uv_buf_init((char *)socket->transport->buffer, sizeof socket->transport->buffer);
}

/*
 * A server that does not switch Nagle's algorithm off sends its next small reply only when we have acknowledged the
 * last one, and the kernel takes up to 40 ms for that unless it is told. It forgets, so it is told after each read.
 */
static void acknowledge(struct socket *socket)
{
	uv_os_fd_t fd;
	int on = 1;

	if (uv_fileno((uv_handle_t *)&socket->tcp, &fd) == 0)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
	struct socket *socket = stream->data;
	struct transport *transport = socket->transport;

	acknowledge(socket);
	if (count > 0 && transport->ctx)
		transport->events->received(transport->ctx, (const uint8_t *)buffer->base, (size_t)count);
	else if (count < 0)
		tell_closed(transport, count == UV_EOF ? "closed by the primary" : uv_strerror((int)count));
}

static int try_address(struct transport *transport, const struct sockaddr *address);

static const struct addrinfo *take_address(struct transport *transport)
{
	const struct addrinfo *address = transport->next;

	transport->next = address->ai_next ? address->ai_next : transport->found;
	transport->untried--;
	return address;
}

/* Goes on with the next address that the name has. If there is none, and no try is under way, the user is told. */
static void try_next_address(struct transport *transport, int error)
{
	while (transport->untried) {
		const struct addrinfo *address = take_address(transport);

		error = try_address(transport, address->ai_addr);
		if (error == 0)
			return;
	}
	if (TAILQ_EMPTY(&transport->tries))
		tell_closed(transport, uv_strerror(error));
}

static void on_moment_over(uv_timer_t *moment)
{
	struct transport *transport = moment->data;

	if (transport->try_count == TRIES_MAX)
		end_try(TAILQ_FIRST(&transport->tries));
	try_next_address(transport, UV_ETIMEDOUT);
}

static void take_into_use(struct transport *transport, struct socket *socket)
{
	leave_tries(socket);
	transport->socket = socket;
	transport->untried = 0;
	end_tries(transport);
	transport->events->opened(transport->ctx);
}

static void on_connect(uv_connect_t *connect, int status)
{
	struct socket *socket = connect->handle->data;
	struct transport *transport = socket->transport;

	if (uv_is_closing((uv_handle_t *)&socket->tcp))
		return;
	if (status == 0)
		status = uv_read_start((uv_stream_t *)&socket->tcp, on_alloc, on_read);
	if (status == 0) {
		take_into_use(transport, socket);
		return;
	}
	end_try(socket);
	try_next_address(transport, status);
}

/* While there is another address, the try has a moment for itself. */
static void begin_moment(struct transport *transport)
{
	if (transport->untried == 0) {
		uv_timer_stop(&transport->moment);
		return;
	}
	uv_timer_start(&transport->moment, on_moment_over, transport->moment_ms, 0);
	transport->moment_ms /= 2;
	if (transport->moment_ms < MOMENT_LAST_MS)
		transport->moment_ms = MOMENT_LAST_MS;
}

/* Begins to connect; 0 or libuv's error. */
static int try_address(struct transport *transport, const struct sockaddr *address)
{
	struct socket *socket = malloc(sizeof *socket);
	int error;

	if (!socket)
		return UV_ENOMEM;
	error = uv_tcp_init(transport->loop, &socket->tcp);
	if (error) {
		free(socket);
		return error;
	}
	socket->transport = transport;
	socket->tcp.data = socket;
	TAILQ_INSERT_TAIL(&transport->tries, socket, link);
	transport->try_count++;
	transport->under_way++;
	uv_tcp_nodelay(&socket->tcp, 1);
	error = uv_tcp_connect(&socket->connect, &socket->tcp, address, on_connect);
	if (error)
		end_try(socket);
	else
		begin_moment(transport);
	return error;
}

static void on_primary_looked_up(uv_getaddrinfo_t *look_up, int status, struct addrinfo *found)
{
	struct transport *transport = look_up->data;

	transport->found = found;
	transport->next = found;
	for (const struct addrinfo *address = found; address; address = address->ai_next)
		transport->untried++;
	for (unsigned i = 0; found && i < transport->turn % transport->untried; i++)
		transport->next = transport->next->ai_next;
	if (transport->ctx && status == 0)
		try_next_address(transport, UV_EAI_NODATA);
	else
		tell_closed(transport, status ? uv_strerror(status) : "cancelled");
	tcp_one_less(transport);
}

static int look_up(struct transport *transport, const struct peer *peer)
{
	static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV};
	char port[sizeof "65535"];
	int error;

	snprintf(port, sizeof port, "%u", peer->endpoint.port);
	transport->look_up.data = transport;
	error = uv_getaddrinfo(transport->loop, &transport->look_up, on_primary_looked_up, peer->host.text, port,
			       &hints);
	transport->under_way += error == 0;
	return error;
}

static enum status tcp_open(void *maker, const struct peer *peer, unsigned turn, const struct transport_events *events,
			    void *ctx, struct transport **out, const char **why)
{
	struct transport *transport = calloc(1, sizeof *transport);
	struct sockaddr_storage address;
	int error;

	*why = status_text(STATUS_NO_MEMORY);
	if (!transport)
		return STATUS_NO_MEMORY;
	transport->loop = maker;
	transport->turn = turn;
	transport->events = events;
	transport->ctx = ctx;
	uv_timer_init(maker, &transport->moment);
	transport->moment.data = transport;
	transport->moment_ms = MOMENT_FIRST_MS;
	TAILQ_INIT(&transport->tries);
	transport->under_way = 1; /* the timer */
	if (peer->endpoint.addr.family == ADDR_NONE) {
		error = look_up(transport, peer);
	} else {
		endpoint_to_sockaddr(&peer->endpoint, &address);
		error = try_address(transport, (const struct sockaddr *)&address);
	}
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
	struct socket *socket = write->handle->data;

	if (status != 0)
		tell_closed(socket->transport, uv_strerror(status));
	free(pending);
}

static enum status write_rest(struct socket *socket, const uint8_t *octets, size_t len)
{
	struct pending_write *pending = malloc(sizeof *pending + len);
	uv_buf_t buffer;

	if (!pending)
		return STATUS_NO_MEMORY;
	memcpy(pending->octets, octets, len);
	buffer = uv_buf_init((char *)pending->octets, (unsigned)len);
	if (uv_write(&pending->write, (uv_stream_t *)&socket->tcp, &buffer, 1, on_written) == 0)
		return STATUS_OK;
	free(pending);
	return STATUS_IO;
}

static enum status tcp_send(struct transport *transport, const uint8_t *octets, size_t len)
{
	struct socket *socket = transport->socket;
	uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)octets, (unsigned)len);
	int written = uv_try_write((uv_stream_t *)&socket->tcp, &buffer, 1);

	if (written < 0 && written != UV_EAGAIN)
		return STATUS_IO;
	if (written < 0)
		written = 0;
	return (size_t)written == len ? STATUS_OK : write_rest(socket, octets + written, len - (size_t)written);
}

const struct transport_ops transport_tcp = {.open = tcp_open, .send = tcp_send, .close = tcp_close};
