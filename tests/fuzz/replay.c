/*
 * Feeds files to a fuzz target, for builds without libFuzzer: `fuzz_NAME PATH...`, each a file or a folder of files.
 * A target that finds a fault aborts.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { INPUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Says why a path cannot be used; returns false for the convenience of its callers. */
static bool complain(const char *path, const char *why)
{
	fprintf(stderr, "%s: %s\n", path, why);
	return false;
}

/* The name is printed first, so that it is the last line when the target aborts. */
static bool replay_file(const char *path, size_t *count)
{
	static uint8_t buffer[INPUT_MAX];
	FILE *stream = fopen(path, "rbe");
	uint8_t *input;
	size_t len;

	if (!stream)
		return complain(path, strerror(errno));
	len = fread(buffer, 1, sizeof buffer, stream);
	fclose(stream);
	if (len == sizeof buffer)
		return complain(path, "too long");
	/* In memory of exactly its size: AddressSanitizer sees every octet read too far. */
	input = malloc(len ? len : 1);
	if (!input)
		return complain(path, "out of memory");
	memcpy(input, buffer, len);
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(input, len);
	free(input);
	(*count)++;
	return true;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool replay_folder(const char *folder, size_t *count)
{
	struct dirent **entries;
	int total = scandir(folder, &entries, is_visible, alphasort);
	bool good = true;

	if (total < 0)
		return complain(folder, strerror(errno));
	for (int i = 0; i < total; i++) {
		char path[PATH_MAX];
		int len = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);

		good = good && (len < (int)sizeof path ? replay_file(path, count) : complain(folder, "path too long"));
		free(entries[i]);
	}
	free(entries);
	return good;
}

static bool replay(const char *path, size_t *count)
{
	struct stat info;

	if (stat(path, &info) != 0)
		return complain(path, strerror(errno));
	return S_ISDIR(info.st_mode) ? replay_folder(path, count) : replay_file(path, count);
}

/* Nothing replayed is a failure, too: a corpus that got lost is not to pass. */
int main(int argc, char **argv)
{
	size_t count = 0;

	for (int i = 1; i < argc; i++) {
		if (!replay(argv[i], &count))
			return EXIT_FAILURE;
	}
	printf("%zu inputs\n", count);
	return count ? EXIT_SUCCESS : EXIT_FAILURE;
}
