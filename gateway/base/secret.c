#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

bool secret_equal(const void *a, const void *b, size_t len)
{
	const volatile unsigned char *left = a;
	const volatile unsigned char *right = b;
	unsigned char difference = 0;

	for (size_t i = 0; i < len; i++)
		difference = (unsigned char)(difference | (left[i] ^ right[i]));
	return difference == 0;
}

void secret_wipe(void *octets, size_t len)
{
	if (len)
		explicit_bzero(octets, len);
}

void secret_free_string(char **string)
{
	if (!string || !*string)
		return;
	secret_wipe(*string, strlen(*string));
	free(*string);
	*string = NULL;
}

enum { STACK_WIPED = 16 * 1024 };

__attribute__((noinline)) void secret_wipe_stack(void)
{
	char below[STACK_WIPED];

	secret_wipe(below, sizeof below);
}
