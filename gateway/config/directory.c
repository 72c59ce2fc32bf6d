#include "config/directory.h"

#include <string.h>

void directory_fini(struct directory *directory)
{
	names_fini(&directory->keys);
	names_fini(&directory->zones);
	names_fini(&directory->logins);
}

/* They are there as tsig_key_name() has them: in lower case, without a dot at the end. */
const struct tsig_key *directory_find_key(const struct directory *directory, const char *wanted)
{
	char name[TSIG_NAME_TEXT_SIZE];
	size_t len = strlen(wanted);

	if (len && wanted[len - 1] == '.')
		len--;
	if (len >= sizeof name)
		return NULL;
	for (size_t i = 0; i < len; i++)
		name[i] = (char)(wanted[i] >= 'A' && wanted[i] <= 'Z' ? wanted[i] + 'a' - 'A' : wanted[i]);
	return names_find(&directory->keys, (struct text){name, len});
}

bool directory_has_zone_of(const struct directory *directory, const struct host_pattern *pattern)
{
	struct text rest = name_text(&pattern->name);

	if (directory->has_zone_without_name)
		return true;
	while (!names_find(&directory->zones, rest)) {
		const char *dot = pattern->kind == HOST_ZONE ? NULL : memchr(rest.octets, '.', rest.len);

		if (!dot)
			return false;
		rest.len -= (size_t)(dot + 1 - rest.octets);
		rest.octets = dot + 1;
	}
	return true;
}
