/*
 * secret: handling octets that nobody else may see: comparing them in time that does not depend on them, and
 * forgetting them.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Whether `len` octets are equal, in time that depends on len alone. */
bool secret_equal(const void *a, const void *b, size_t len);

/* Overwrites `len` octets with zeros; the compiler may not leave it out. `octets` may be NULL if len is 0. */
void secret_wipe(void *octets, size_t len);

/*
 * Wipes what functions that have returned have left on the stack below the caller's frame, as deep as our functions and
 * those of libraries get. (When a function of a library is called for the first time, ld.so saves the vector registers
 * there, and in them whatever was copied last.)
 */
void secret_wipe_stack(void);

/* Wipes and frees a heap string and sets *string to NULL; NULL and *string == NULL are allowed. */
void secret_free_string(char **string);

#endif
