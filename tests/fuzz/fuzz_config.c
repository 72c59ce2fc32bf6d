/*
 * Configuration files: whatever the text, loading gives a configuration that is whole or complaints that are.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"
#include "require.h"

const char *__lsan_default_suppressions(void);

/* libconfig 1.5 leaks what it was reading when it met a syntax error. */
const char *__lsan_default_suppressions(void)
{
	return "leak:strbuf_append\nleak:libconfig_yylex\n";
}

static void on_complaint(void *ctx, bool is_error, const char *file, unsigned line, const char *text)
{
	unsigned *errors = ctx;

	(void)line;
	require(file && *file);
	require(text && *text && !strchr(text, '\n'));
	*errors += is_error;
}

/* What the rest of the gateway takes for granted. */
static void check(const struct config *config)
{
	require(config->listener_count > 0 && config->tsig_count > 0 && config->zone_count > 0);
	for (size_t i = 0; i < config->listener_count; i++)
		require((config->listeners[i].address.family != ADDR_NONE) != (config->listeners[i].path != NULL));
	for (size_t i = 0; i < config->zone_count; i++) {
		require(config->zones[i].name.len > 0 && config->zones[i].key);
		require(config->zones[i].primary_count > 0);
	}
	for (size_t i = 0; i < config->user_count; i++)
		require(config->users[i].login && *config->users[i].login);
	require(config->log_level <= LOG_DEBUG);
	require(config->connections_max > 0);
	require(config->request_timeout_ms >= config->reply_timeout_ms);
}

/* Other files are out of bounds: the text alone is to decide. */
static bool names_files(const uint8_t *data, size_t size)
{
	return memmem(data, size, "@include", strlen("@include")) || memmem(data, size, "file", strlen("file")) ||
	       memmem(data, size, "certificate", strlen("certificate"));
}

static void load(const char *path)
{
	struct config *config = NULL;
	unsigned errors = 0;
	enum status status = config_load(path, on_complaint, &errors, &config);

	require((status == STATUS_OK) == (config != NULL));
	require((status == STATUS_INVALID) == (errors > 0));
	if (config)
		check(config);
	config_release(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int memory;

	if (names_files(data, size))
		return 0;
	memory = memfd_create("ddnsgate.cfg", MFD_CLOEXEC);
	require(memory >= 0);
	require(write(memory, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
	load(path);
	close(memory);
	return 0;
}
