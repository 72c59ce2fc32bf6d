#include "daemon/listeners.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "loop/systemd.h"

/* ---- From the configuration ---- */

static bool has_ipv4_at(const struct config *config, unsigned port)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		if (config->listeners[i].port == port && config->listeners[i].address.family == ADDR_V4)
			return true;
	}
	return false;
}

/*
 * "::" takes IPv4 clients too, unless the configuration has an IPv4 listener of its own on that port: the two cannot
 * share it.
 */
static struct http_listen_options options_of(const struct config *config, const struct config_listener *listener)
{
	return (struct http_listen_options){
		.endpoint = {listener->address, (uint16_t)listener->port, listener->scope},
		.v6_only = !listener->path && has_ipv4_at(config, listener->port),
		.path = listener->path,
		.mode = listener->mode,
		.trusted = config_trusted(config, listener),
		.proxy_protocol = listener->proxy_protocol,
		.certificates = listener->cert_set,
		.tls_priorities = listener->tls_priorities,
		.errors_as_200 = listener->errors_as_200,
		.x_real_ip = listener->x_real_ip,
		.account_page = listener->account_page,
	};
}

static bool is_any_ipv6(const struct http_listen_options *options)
{
	static const struct addr any = {.family = ADDR_V6};

	return !options->path && addr_equal(&options->endpoint.addr, &any);
}

/* Leaves IPv6 out of a listener's options; says whether the listener is still needed. */
static bool do_without_ipv6(struct http_listen_options *options)
{
	options->endpoint.addr = (struct addr){.family = ADDR_V4};
	LOG(LOG_WARNING, "no-ipv6", log_number("port", options->endpoint.port),
	    log_text("text", options->v6_only
				     ? "this kernel has no IPv6: of this port only the IPv4 listeners are served"
				     : "this kernel has no IPv6: \"::\" is every IPv4 address"));
	return !options->v6_only;
}

enum status listeners_of(const struct config *config, struct http_listen_options **out, size_t *count)
{
	struct http_listen_options *options = calloc(config->listener_count + 1, sizeof *options);
	bool has_ipv6 = http_has_ipv6();

	if (!options)
		return STATUS_NO_MEMORY;
	*count = 0;
	for (size_t i = 0; i < config->listener_count; i++) {
		options[*count] = options_of(config, &config->listeners[i]);
		if (has_ipv6 || !is_any_ipv6(&options[*count]) || do_without_ipv6(&options[*count]))
			++*count;
	}
	*out = options;
	return STATUS_OK;
}

/* ---- From systemd ---- */

/*
 * Whether a descriptor came with the process. Those that it has opened by itself are all closed by exec() and do not
 * count. So a wrong $LISTEN_FDS cannot take the loop's own descriptors away.
 */
static bool was_given(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return flags >= 0 && !(flags & FD_CLOEXEC);
}

void listeners_inherit(struct http_listen_options *options, size_t count)
{
	for (int fd = SYSTEMD_FIRST_SOCKET; fd < SYSTEMD_FIRST_SOCKET + systemd_sockets(); fd++) {
		bool is_used = false;

		if (!was_given(fd))
			continue;
		for (size_t i = 0; i < count && !is_used; i++) {
			is_used = !options[i].inherited_fd && http_socket_is_at(fd, &options[i]);
			if (is_used)
				options[i].inherited_fd = fd;
		}
		if (is_used)
			continue;
		LOG(LOG_WARNING, "socket-unused", log_number("descriptor", fd),
		    log_text("text", "systemd gave a socket where no listener is configured"));
		close(fd);
	}
}

/* ---- In the log ---- */

void listeners_log(const struct http_listen_options *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *path = options[i].path;
		char text[ENDPOINT_TEXT_MAX];

		LOG(LOG_INFO, "listening",
		    log_text("address", path ? path : endpoint_format(&options[i].endpoint, text)),
		    log_text("scheme", options[i].certificates ? "https" : "http"));
	}
}
