/*
 * Options of a TSIG key.
 */
#include "config/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/secret.h"

static bool is_private(struct reader *reader, const config_setting_t *at, const char *path)
{
	struct stat info;

	if (stat(path, &info) != 0) {
		reader_error(reader, at, "cannot read key file %s: %s", path, strerror(errno));
		return false;
	}
	if (info.st_mode & (S_IROTH | S_IWOTH)) {
		reader_error(reader, at, "key file %s is open to every user of this machine: chmod o-rwx it", path);
		return false;
	}
	return true;
}

static void read_key_file(struct reader *reader, const config_setting_t *at, struct config_tsig *tsig)
{
	struct tsig_file_error error = {0};
	enum tsig_status status = TSIG_OK;
	char *path = reader_beside(reader, tsig->file);

	if (path && is_private(reader, at, path))
		status = tsig_keys_read(path, &tsig->keys, &tsig->key_count, &error);
	if (!path || status == TSIG_NO_MEMORY)
		reader->no_memory = true;
	else if (status != TSIG_OK)
		reader_error(reader, at, error.line ? "key file %s, line %u: %s" : "key file %s%.0u: %s", path,
			     error.line, error.text);
	free(path);
}

static void make_key(struct reader *reader, const config_setting_t *at, struct config_tsig *tsig)
{
	enum tsig_status status;

	reader_note_secret(reader, at);
	tsig->keys = calloc(1, sizeof(*tsig->keys));
	if (!tsig->keys) {
		reader->no_memory = true;
		return;
	}
	status = tsig_key_new_base64(tsig->name, tsig->algorithm, tsig->secret, &tsig->keys[0]);
	if (status == TSIG_OK)
		tsig->key_count = 1;
	else if (status == TSIG_NO_MEMORY)
		reader->no_memory = true;
	else
		reader_error(reader, at, "TSIG key \"%s\": %s", tsig->name, tsig_status_text(status));
}

static void finish_tsig(struct reader *reader, const config_setting_t *at, void *into)
{
	struct config_tsig *tsig = into;
	bool by_parts = tsig->name || tsig->secret;

	if (tsig->file && by_parts)
		reader_error(reader, at, "a TSIG key comes from a `file` or from `name` and `secret`, not from both");
	else if (tsig->file)
		read_key_file(reader, config_setting_get_member(at, "file"), tsig);
	else if (!tsig->name || !tsig->secret)
		reader_error(reader, at, "a TSIG key needs a `file`, or a `name` and a `secret`");
	else
		make_key(reader, at, tsig);
	secret_free_string(&tsig->secret);
}

static void refer_to_tsig(struct reader *reader, const config_setting_t *at, void *into)
{
	const struct config_tsig *tsig = into;
	struct directory *directory = &reader->directory;

	directory->has_key_missing |= tsig->key_count == 0;
	for (size_t i = 0; i < tsig->key_count; i++) {
		const char *name = tsig_key_name(tsig->keys[i]);

		if (!reader_add_name(reader, &directory->keys, text_of(name), tsig->keys[i]))
			reader_error(reader, at, "TSIG key \"%s\" is there twice", name);
	}
}

static void release_tsig(void *into)
{
	struct config_tsig *tsig = into;

	tsig_keys_free(&tsig->keys, tsig->key_count);
	secret_free_string(&tsig->secret);
}

static const struct option tsig_options[] = {
	{.name = "file",
	 .type = OPTION_TEXT,
	 FIELD(config_tsig, file),
	 .help = "a key file as tsig-keygen writes it, beside the configuration unless absolute; not readable by others"},
	{.name = "name", .type = OPTION_TEXT, FIELD(config_tsig, name), .help = "the key's name, without a file"},
	{.name = "algorithm",
	 .type = OPTION_TEXT,
	 FIELD(config_tsig, algorithm),
	 .fallback_text = "hmac-sha256",
	 .help = "hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384 or hmac-sha512"},
	{.name = "secret",
	 .type = OPTION_TEXT,
	 FIELD(config_tsig, secret),
	 .secret = true,
	 .help = "the key's secret in base64"},
	{.name = NULL},
};

const struct option_group options_tsig = {
	.name = "tsig_keys",
	.options = tsig_options,
	.size = sizeof(struct config_tsig),
	.finish = finish_tsig,
	.refer = refer_to_tsig,
	.release = release_tsig,
};
