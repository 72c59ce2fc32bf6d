/*
 * ceiling: how many address changes a second a primary commits when it has the machine to itself. The UPDATE messages
 * are written and signed before the clock starts and sent over one TCP connection, a fixed number of them in flight;
 * every reply has to be NOERROR under a TSIG that verifies. With one change a message and one message in flight it
 * measures the latency of a plain UPDATE on an open connection.
 *
 *      ceiling KEY-FILE PORT ZONE HOSTS CHANGES IN-FLIGHT SECONDS
 *
 * The primary is on 127.0.0.1; the zone holds host0, host1, ... hostHOSTS-1 with an A record each. CHANGES is the
 * number per message. The result is one JSON object on standard output. The messages are written by hand rather than
 * by the gateway's code, so that the bar does not move with what is measured against it.
 */
#include <arpa/inet.h>
#include <err.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tsig.h"

enum {
	MESSAGE_MAX = 65535,
	HEADER_LEN = 12,
	LENGTH_LEN = 2, /* before each message on TCP, RFC 1035 section 4.2.2 */
	LABEL_MAX = 16,
	CHANGES_MAX = 800, /* of them 64 KiB hold that many at least */
	ID_COUNT = 65536,  /* no ID is used twice, so that a reply names its message */
	TTL_S = 180,
	/* What is signed for each second; no primary on this kind of machine gets through either. */
	MESSAGES_PER_S = 10000,
	CHANGES_PER_S = 150000,

	TYPE_A = 1,
	TYPE_SOA = 6,
	CLASS_IN = 1,
	CLASS_ANY = 255,
	OPCODE_UPDATE = 5 << 11,
	POINTER_TO_ZONE = 0xc000 | HEADER_LEN,
};

struct message {
	uint8_t *wire; /* with its length before it */
	size_t len;
	struct tsig_mac mac;
	uint64_t sent_ns;
};

struct bench {
	struct tsig_key *key;
	uint16_t port;
	const char *zone;
	uint32_t *hosts; /* in random order, taken one after the other */
	size_t host_count;
	size_t next_host;
	uint32_t next_address;
	size_t changes; /* a message */
	size_t in_flight_max;
	uint64_t duration_ns;

	struct message *messages;
	size_t message_count;
	uint64_t *latency_ns; /* of each reply */
	int stream;
};

/* ---- Writing messages ---- */

static uint8_t *put16(uint8_t *at, unsigned value)
{
	*at++ = (uint8_t)(value >> 8);
	*at++ = (uint8_t)value;
	return at;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	return put16(put16(at, value >> 16), value & 0xffff);
}

static uint8_t *put_label(uint8_t *at, const char *text, size_t len)
{
	*at++ = (uint8_t)len;
	memcpy(at, text, len);
	return at + len;
}

static uint8_t *put_zone(uint8_t *at, const char *zone)
{
	while (*zone) {
		size_t len = strcspn(zone, ".");

		at = put_label(at, zone, len);
		zone += len + (zone[len] == '.');
	}
	*at++ = 0;
	return put16(put16(at, TYPE_SOA), CLASS_IN);
}

/* A record of type A without RDATA: in class ANY "RRset exists" as prerequisite and "delete an RRset" as update. */
static uint8_t *put_record(uint8_t *at, uint32_t host, unsigned class, uint32_t ttl_s, unsigned data_len)
{
	char label[LABEL_MAX];
	int len = snprintf(label, sizeof label, "host%" PRIu32, host);

	at = put16(put_label(at, label, (size_t)len), POINTER_TO_ZONE);
	at = put32(put16(put16(at, TYPE_A), class), ttl_s);
	return put16(at, data_len);
}

/* Each round through the hosts has another order, so that hosts are random and yet no message names one twice. */
static void shuffle(uint32_t *hosts, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t k = (size_t)random() % i;
		uint32_t swapped = hosts[i - 1];

		hosts[i - 1] = hosts[k];
		hosts[k] = swapped;
	}
}

static const uint32_t *take_hosts(struct bench *bench)
{
	if (bench->next_host + bench->changes > bench->host_count) {
		shuffle(bench->hosts, bench->host_count);
		bench->next_host = 0;
	}
	bench->next_host += bench->changes;
	return bench->hosts + bench->next_host - bench->changes;
}

/* Addresses count upwards in 10/8 from a random one, so that none is what the host has already. */
static uint32_t take_address(struct bench *bench)
{
	return 10u << 24 | (bench->next_address++ & 0xffffff);
}

static size_t write_update(struct bench *bench, uint16_t id, uint8_t *wire)
{
	const uint32_t *hosts = take_hosts(bench);
	uint8_t *at = put16(put16(wire, id), OPCODE_UPDATE);

	at = put16(put16(at, 1), (unsigned)bench->changes);     /* zone, prerequisites, */
	at = put16(put16(at, (unsigned)bench->changes * 2), 0); /* updates, additional */
	at = put_zone(at, bench->zone);
	for (size_t i = 0; i < bench->changes; i++)
		at = put_record(at, hosts[i], CLASS_ANY, 0, 0);
	for (size_t i = 0; i < bench->changes; i++) {
		at = put_record(at, hosts[i], CLASS_ANY, 0, 0);
		at = put_record(at, hosts[i], CLASS_IN, TTL_S, 4);
		at = put32(at, take_address(bench));
	}
	return (size_t)(at - wire);
}

static void make_message(struct bench *bench, size_t number)
{
	static uint8_t wire[MESSAGE_MAX];
	struct message *message = &bench->messages[number];
	struct tsig_signing how = {.time_s = (uint64_t)time(NULL)};
	size_t len = write_update(bench, (uint16_t)number, wire);
	enum tsig_status status = tsig_sign(wire, &len, sizeof wire, bench->key, &how, &message->mac);

	if (status != TSIG_OK)
		errx(1, "cannot sign: %s", tsig_status_text(status));
	message->len = LENGTH_LEN + len;
	message->wire = malloc(message->len);
	if (!message->wire)
		err(1, "messages");
	memcpy(put16(message->wire, (unsigned)len), wire, len);
}

/* ---- Sending them ---- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in primary = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int stream = socket(AF_INET, SOCK_STREAM, 0);

	if (stream < 0 || connect(stream, (struct sockaddr *)&primary, sizeof primary) != 0)
		err(1, "port %d", port);
	if (setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) != 0)
		err(1, "TCP_NODELAY");
	return stream;
}

static void send_message(struct bench *bench, struct message *message)
{
	message->sent_ns = now_ns();
	for (size_t sent = 0; sent < message->len;) {
		ssize_t n = send(bench->stream, message->wire + sent, message->len - sent, MSG_NOSIGNAL);

		if (n < 0)
			err(1, "send");
		sent += (size_t)n;
	}
}

static void receive(int stream, uint8_t *into, size_t len)
{
	ssize_t n = recv(stream, into, len, MSG_WAITALL);

	if (n < 0)
		err(1, "recv");
	if ((size_t)n != len)
		errx(1, "the primary closed the connection");
}

/* Replies may come in any order. */
static uint64_t receive_reply(struct bench *bench)
{
	static uint8_t wire[MESSAGE_MAX];
	uint8_t prefix[LENGTH_LEN];
	const struct message *message;
	enum tsig_status status;
	size_t len, number;

	receive(bench->stream, prefix, sizeof prefix);
	len = (size_t)(prefix[0] << 8 | prefix[1]);
	receive(bench->stream, wire, len);
	number = len < HEADER_LEN ? ID_COUNT : (size_t)(wire[0] << 8 | wire[1]);
	if (number >= bench->message_count || bench->messages[number].sent_ns == 0)
		errx(1, "a reply to no message");
	message = &bench->messages[number];
	status =
		tsig_verify(wire, &len, bench->key,
			    &(struct tsig_checking){.now_s = (uint64_t)time(NULL), .request_mac = &message->mac}, NULL);
	if (status != TSIG_OK || (wire[3] & 0xf) != 0)
		errx(1, "rcode %d, %s", wire[3] & 0xf, tsig_status_text(status));
	return now_ns() - message->sent_ns;
}

/*
 * Returns the number of replies. What is in flight at the end is waited for: its work counts, and so does its time.
 */
static size_t run(struct bench *bench, uint64_t start_ns)
{
	size_t sent = 0, replies = 0;

	for (;;) {
		while (sent < bench->message_count && sent - replies < bench->in_flight_max &&
		       now_ns() - start_ns < bench->duration_ns)
			send_message(bench, &bench->messages[sent++]);
		if (replies == sent)
			return replies;
		bench->latency_ns[replies++] = receive_reply(bench);
	}
}

/* ---- The figures ---- */

static int by_value(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static void report(struct bench *bench, size_t replies, uint64_t elapsed_ns)
{
	qsort(bench->latency_ns, replies, sizeof *bench->latency_ns, by_value);
	printf("{\"changes\": %zu, \"seconds\": %.6f, \"p50_ms\": %.3f, \"p99_ms\": %.3f}\n", replies * bench->changes,
	       (double)elapsed_ns / 1e9, (double)bench->latency_ns[replies / 2] / 1e6,
	       (double)bench->latency_ns[replies * 99 / 100] / 1e6);
}

/* ---- The command line ---- */

static size_t parse_number(const char *text, size_t max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || value < 1 || value > max)
		errx(2, "not a number from 1 to %zu: %s", max, text);
	return value;
}

static struct tsig_key *read_key(const char *path)
{
	struct tsig_file_error error;
	struct tsig_key **keys;
	size_t count;

	if (tsig_keys_read(path, &keys, &count, &error) != TSIG_OK)
		errx(1, "%s: %s", path, error.text);
	return keys[0];
}

static void prepare(struct bench *bench)
{
	size_t seconds = bench->duration_ns / 1000000000;
	size_t per_s = CHANGES_PER_S / bench->changes;

	srandom((unsigned)now_ns());
	bench->next_address = (uint32_t)random();
	bench->next_host = bench->host_count;
	bench->message_count = seconds * (per_s < MESSAGES_PER_S ? per_s : MESSAGES_PER_S);
	if (bench->message_count > ID_COUNT)
		bench->message_count = ID_COUNT;
	bench->hosts = calloc(bench->host_count, sizeof *bench->hosts);
	bench->messages = calloc(bench->message_count, sizeof *bench->messages);
	bench->latency_ns = calloc(bench->message_count, sizeof *bench->latency_ns);
	if (!bench->hosts || !bench->messages || !bench->latency_ns)
		err(1, "tables");
	for (uint32_t i = 0; i < bench->host_count; i++)
		bench->hosts[i] = i;
	for (size_t i = 0; i < bench->message_count; i++)
		make_message(bench, i);
}

/* Nothing is freed: the process ends with its measurement. */
int main(int argc, char **argv)
{
	struct bench bench = {0};
	uint64_t start_ns;
	size_t replies;

	if (argc != 8)
		errx(2, "usage: ceiling KEY-FILE PORT ZONE HOSTS CHANGES IN-FLIGHT SECONDS");
	bench.key = read_key(argv[1]);
	bench.port = (uint16_t)parse_number(argv[2], UINT16_MAX);
	bench.zone = argv[3];
	bench.host_count = parse_number(argv[4], 1000000);
	bench.changes = parse_number(argv[5], bench.host_count < CHANGES_MAX ? bench.host_count : CHANGES_MAX);
	bench.in_flight_max = parse_number(argv[6], ID_COUNT);
	bench.duration_ns = parse_number(argv[7], 3600) * 1000000000;
	prepare(&bench);

	bench.stream = connect_to(bench.port);
	start_ns = now_ns();
	replies = run(&bench, start_ns);
	report(&bench, replies, now_ns() - start_ns);
	return 0;
}
