#include "http_room.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void answer(struct http_exchange *exchange, const struct addr *source)
{
	struct http_response response;
	char text[ADDR_TEXT_MAX] = "nobody";

	if (source->family != ADDR_NONE)
		addr_format(source, text);
	http_response_init(&response);
	http_response_plain(&response, 200, text);
	http_exchange_answer(&exchange, &response);
}

static void on_request(void *ctx, struct http_exchange *exchange, const struct http_request *request)
{
	struct http_room *room = ctx;
	size_t host_len = request->host.len < sizeof room->last_host ? request->host.len : sizeof room->last_host - 1;

	room->requests++;
	room->last = *request;
	room->last_cookies_len = request->cookies.len;
	if (host_len)
		memcpy(room->last_host, request->host.octets, host_len);
	room->last_host[host_len] = '\0';
	if (text_equal(request->path, text_of("/late")) && room->late_count < HTTP_ROOM_LATE_MAX)
		room->late[room->late_count++] = exchange;
	else if (!text_equal(request->path, text_of("/never")))
		answer(exchange, &request->source);
}

/* ---- Beginning and end ---- */

static int listen_somewhere(uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, SOMAXCONN), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

enum status http_room_open(struct http_room *room, const struct http_listen_options *listen)
{
	enum status status;

	memset(room, 0, sizeof *room);
	room->options = (struct http_options){
		.idle_timeout_s = 30,
		.request_timeout_s = 30,
		.exchange_timeout_ms = 30000,
		.max_connections = 1000,
		.realm = "test",
	};
	room->listen = *listen;
	assert_int_equal(uv_loop_init(&room->loop), 0);
	status = http_server_new(&room->loop, &room->options, &room->server);
	if (status == STATUS_OK) {
		http_server_hand_to(room->server, on_request, room);
		room->listen.inherited_fd = listen_somewhere(&room->port);
		room->listen.endpoint = (struct endpoint){.addr = addr_of("127.0.0.1"), .port = room->port};
		status = http_server_configure(room->server, &room->options, &room->listen, 1, room->error,
					       sizeof room->error);
	}
	if (status != STATUS_OK) {
		http_server_free(&room->server);
		uv_run(&room->loop, UV_RUN_DEFAULT);
		assert_int_equal(uv_loop_close(&room->loop), 0);
	}
	return status;
}

static void on_drained(void *ctx, size_t cut)
{
	bool *drained = ctx;

	(void)cut;
	*drained = true;
}

void http_room_close(struct http_room *room)
{
	bool drained = false;

	http_server_drain(room->server, on_drained, &drained);
	for (unsigned i = 0; i < 1000 && !drained; i++)
		http_room_turn(room, 10);
	assert_true(drained);
	http_server_free(&room->server);
	uv_run(&room->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&room->loop), 0);
}

/* ---- Meanwhile ---- */

static void on_timer(uv_timer_t *timer)
{
	(void)timer;
}

void http_room_turn(struct http_room *room, unsigned wait_ms)
{
	uv_timer_t timer;

	while (room->late_count)
		answer(room->late[--room->late_count], &room->last.source);
	uv_timer_init(&room->loop, &timer);
	uv_timer_start(&timer, on_timer, wait_ms, 0);
	uv_run(&room->loop, wait_ms ? UV_RUN_ONCE : UV_RUN_NOWAIT);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&room->loop, UV_RUN_NOWAIT);
}

int http_room_connect(struct http_room *room, uint8_t host)
{
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000U | host)};
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(room->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
	assert_true(connect(fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS);
	return fd;
}

void http_room_send(struct http_room *room, int fd, const void *octets, size_t len)
{
	const char *at = octets;

	for (unsigned i = 0; i < 1000 && len; i++) {
		ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN)
			return; /* the server has closed */
		if (sent > 0) {
			at += sent;
			len -= (size_t)sent;
		}
		if (len)
			http_room_turn(room, 1);
	}
}

size_t http_room_read(struct http_room *room, int fd, char out[static HTTP_ROOM_READ_MAX], size_t wanted,
		      unsigned patience_ms, bool *closed)
{
	uint64_t until_ms = uv_hrtime() / 1000000 + patience_ms;
	size_t len = 0;

	*closed = false;
	while (len < wanted && !*closed && uv_hrtime() / 1000000 < until_ms) {
		ssize_t got = recv(fd, out + len, HTTP_ROOM_READ_MAX - 1 - len, 0);

		if (got > 0)
			len += (size_t)got;
		*closed = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
		if (got < 0)
			http_room_turn(room, 5);
	}
	out[len] = '\0';
	return len;
}

unsigned http_room_count(const char *answers, const char *status_line)
{
	unsigned count = 0;

	for (const char *at = strstr(answers, status_line); at; at = strstr(at + 1, status_line))
		count++;
	return count;
}
