#include "config/checks.h"

static const config_setting_t *element(const config_t *file, const char *list, size_t index)
{
	return config_setting_get_elem(config_lookup(file, list), (unsigned)index);
}

/* Whoever connects to a Unix socket is trusted. */
static void check_listeners(struct reader *reader, const config_t *file, const struct config *config)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *listener = &config->listeners[i];

		if (listener->proxy_protocol && !listener->path && config_trusted(config, listener).count == 0)
			reader_error(reader, config_setting_get_member(element(file, "listen", i), "proxy_protocol"),
				     "`proxy_protocol` needs `trusted_proxies`: nobody else may send PROXY headers");
	}
}

/* The page has its users from the state store, and passwords are not to travel in the clear. */
static void check_account_page(struct reader *reader, const config_t *file, const struct config *config)
{
	for (size_t i = 0; i < config->listener_count; i++) {
		const struct config_listener *listener = &config->listeners[i];
		const config_setting_t *given = config_setting_get_member(element(file, "listen", i), "account_page");
		bool is_near = listener->path || addr_scope(&listener->address) == ADDR_SCOPE_LOOPBACK;

		if (!listener->account_page)
			continue;
		if (!config->state_dir)
			reader_error(reader, given,
				     "`account_page` needs a `state_dir`: its users are in the state store");
		if (!listener->certificate_count && !is_near && !config_trusted(config, listener).count)
			reader_advise(
				reader, given,
				config->account_page_over_http
					? "the account page is served without HTTPS: passwords travel in the clear"
					: "the account page is served here to clients on this machine only: this "
					  "listener has no `certificates`");
	}
}

void checks_do(struct reader *reader, const config_t *file, const struct config *config)
{
	check_listeners(reader, file, config);
	check_account_page(reader, file, config);
}
