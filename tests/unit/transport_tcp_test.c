/*
 * TCP under the transports' contract.
 */
#include "transport_contract.h"

#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

static struct transport_maker make(uv_loop_t *loop)
{
	return (struct transport_maker){&transport_tcp, loop};
}

static void unmake(void)
{
}

static void *accept_plain(int fd)
{
	static int connection;

	connection = fd;
	return &connection;
}

static long read_plain(void *connection, void *octets, size_t len)
{
	return read(*(int *)connection, octets, len);
}

static long write_plain(void *connection, const void *octets, size_t len)
{
	size_t done = 0;
	ssize_t step = 1;

	while (done < len && step > 0) {
		step = write(*(int *)connection, (const uint8_t *)octets + done, len - done);
		done += step > 0 ? (size_t)step : 0;
	}
	return (long)done;
}

static void end_plain(void *connection)
{
	shutdown(*(int *)connection, SHUT_WR);
}

int main(void)
{
	const struct transport_under_test tcp = {.name = "transport_tcp",
						 .make = make,
						 .unmake = unmake,
						 .accept = accept_plain,
						 .read = read_plain,
						 .write = write_plain,
						 .end = end_plain};

	signal(SIGPIPE, SIG_IGN);
	return transport_contract_run(&tcp);
}
