/*
 * Honest clients and guessers at the same gateway:
 * `guessing PORT PASSWORD USERS HOSTS ZONE HONEST-RATE GUESSES SECONDS`.
 *
 * Honest clients, 64 connections from 127.0.0.1, send HONEST-RATE updates a second in all. GUESSES wrong keys come from
 * 1,000 other addresses of the loopback, a connection each, spread over SECONDS; every other one is aimed at the login
 * user0, the rest at random ones. All send at their times whether or not there was an answer to others, so that waiting
 * shows. Latency counts from when a request should have been sent.
 *
 * The last line on standard output is one JSON object.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HONEST = 64, GUESSERS = 1000, BUFFER = 4096, LATENCIES_MAX = 1 << 20 };

static const uint64_t second_ns = 1000000000;

struct client {
	int socket;
	bool honest;
	bool waits; /* for an answer */
	uint64_t due_ns;
	size_t len;
	char answer[BUFFER];
};

static struct {
	uint16_t port;
	const char *password, *zone;
	unsigned users, hosts;
	unsigned honest_rate, guesses, seconds;
} given;

static struct client clients[HONEST + GUESSERS];
static double latencies_ms[LATENCIES_MAX];
static size_t latency_count;
static unsigned long honest_good, honest_bad, sent_guesses, told_wrong, told_to_wait, told_other;
static uint64_t random_state = 88172645463325252u;

static void fail(const char *what)
{
	fprintf(stderr, "guessing: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * second_ns + (uint64_t)now.tv_nsec;
}

/* Xorshift; nothing depends on its quality. */
static unsigned draw(unsigned bound)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state % bound);
}

static void open_client(struct client *client, unsigned n, int poll)
{
	struct sockaddr_in own = {.sin_family = AF_INET}, gateway = {.sin_family = AF_INET};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
	int on = 1;

	client->honest = n < HONEST;
	own.sin_addr.s_addr = htonl(client->honest ? 0x7f000001 : 0x7f010000 + (n - HONEST) / 250 * 256 + n % 250 + 1);
	gateway.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	gateway.sin_port = htons(given.port);
	client->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->socket < 0 || bind(client->socket, (struct sockaddr *)&own, sizeof own) != 0 ||
	    connect(client->socket, (struct sockaddr *)&gateway, sizeof gateway) != 0)
		fail("connect");
	setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (epoll_ctl(poll, EPOLL_CTL_ADD, client->socket, &event) != 0)
		fail("epoll_ctl");
}

static int write_update(char *request, size_t size)
{
	unsigned host = draw(given.hosts);

	return snprintf(request, size,
			"GET /dynamic.cgi?user=user%u&password=%s&host=host%u.%s&ip=10.%u.%u.%u HTTP/1.1\r\n"
			"Host: bench\r\n\r\n",
			host % given.users, given.password, host, given.zone, draw(256), draw(256), draw(256));
}

static int write_guess(char *request, size_t size)
{
	unsigned user = sent_guesses++ % 2 ? draw(given.users) : 0;

	return snprintf(request, size,
			"GET /dynamic.cgi?user=user%u&password=guess%u&host=host0.%s HTTP/1.1\r\nHost: bench\r\n\r\n",
			user, draw(1u << 30), given.zone);
}

static void ask(struct client *client, uint64_t due_ns)
{
	char request[512];
	int len = (client->honest ? write_update : write_guess)(request, sizeof request);

	if (send(client->socket, request, (size_t)len, MSG_NOSIGNAL) != len)
		fail("send");
	client->waits = true;
	client->due_ns = due_ns;
	client->len = 0;
}

static void count(const struct client *client)
{
	int status = atoi(client->answer + strlen("HTTP/1.1 "));

	if (client->honest) {
		if (status == 200)
			honest_good++;
		else
			honest_bad++;
		if (latency_count < LATENCIES_MAX)
			latencies_ms[latency_count++] = (double)(now_ns() - client->due_ns) / 1e6;
	} else if (status == 401) {
		told_wrong++;
	} else if (status == 429) {
		told_to_wait++;
	} else {
		told_other++;
	}
}

/* An answer is whole with its body's newline: every body of the gateway is one line. */
static void read_answer(struct client *client)
{
	ssize_t got = recv(client->socket, client->answer + client->len, sizeof client->answer - 1 - client->len, 0);
	const char *body;

	if (got <= 0)
		fail("the gateway has closed");
	client->len += (size_t)got;
	client->answer[client->len] = '\0';
	body = strstr(client->answer, "\r\n\r\n");
	if (!body || !strchr(body + 4, '\n'))
		return;
	client->waits = false;
	count(client);
}

/* A client of the kind that waits for nothing; NULL if all do. */
static struct client *idle_client(unsigned first, unsigned number, unsigned *next)
{
	for (unsigned i = 0; i < number; i++) {
		struct client *client = &clients[first + (*next)++ % number];

		if (!client->waits)
			return client;
	}
	return NULL;
}

/* Sends what is due; with no client free it stays due, and its latency grows. */
static void send_due(uint64_t now, uint64_t *due, uint64_t interval, unsigned first, unsigned number, unsigned *next)
{
	while (interval && *due <= now) {
		struct client *client = idle_client(first, number, next);

		if (!client)
			return;
		ask(client, *due);
		*due += interval;
	}
}

static void run(int poll)
{
	static struct epoll_event events[256];
	uint64_t start = now_ns(), end = start + given.seconds * second_ns, now;
	uint64_t honest_due = start, guess_due = start;
	uint64_t honest_interval = second_ns / given.honest_rate;
	uint64_t guess_interval = given.guesses ? given.seconds * second_ns / given.guesses : 0;
	unsigned next_honest = 0, next_guesser = 0;

	while ((now = now_ns()) < end) {
		int ready;

		send_due(now, &honest_due, honest_interval, 0, HONEST, &next_honest);
		send_due(now, &guess_due, guess_interval, HONEST, GUESSERS, &next_guesser);
		ready = epoll_wait(poll, events, 256, 1);
		for (int i = 0; i < ready; i++)
			read_answer(events[i].data.ptr);
	}
}

static int compare(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static double percentile(unsigned percent)
{
	return latency_count ? latencies_ms[latency_count * percent / 100] : 0;
}

int main(int argc, char **argv)
{
	int poll = epoll_create1(EPOLL_CLOEXEC);

	if (argc != 9)
		return 2;
	given.port = (uint16_t)atoi(argv[1]);
	given.password = argv[2];
	given.users = (unsigned)atoi(argv[3]);
	given.hosts = (unsigned)atoi(argv[4]);
	given.zone = argv[5];
	given.honest_rate = (unsigned)atoi(argv[6]);
	given.guesses = (unsigned)atoi(argv[7]);
	given.seconds = (unsigned)atoi(argv[8]);
	for (unsigned n = 0; n < (given.guesses ? HONEST + GUESSERS : HONEST); n++)
		open_client(&clients[n], n, poll);
	run(poll);
	qsort(latencies_ms, latency_count, sizeof *latencies_ms, compare);
	printf("{\"good\": %lu, \"bad\": %lu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"guesses\": %lu, \"told_wrong\": %lu, "
	       "\"told_to_wait\": %lu, \"told_other\": %lu}\n",
	       honest_good, honest_bad, percentile(50), percentile(99), sent_guesses, told_wrong, told_to_wait,
	       told_other);
	return 0;
}
