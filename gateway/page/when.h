/*
 * when: points in time for people. Pure.
 */
#ifndef PAGE_WHEN_H
#define PAGE_WHEN_H

#include <stdint.h>

enum { WHEN_MAX = 32 }; /* room for each of these, with the NUL */

/* `2026-01-31` in UTC, into `buffer`, which is returned. */
const char *when_date(uint64_t at_s, char buffer[static WHEN_MAX]);

/* `2026-01-31 14:05 UTC`. */
const char *when_time(uint64_t at_s, char buffer[static WHEN_MAX]);

/* `just now`, `5 minutes ago`, `3 days ago`; for what lies ahead, `just now`. */
const char *when_ago(uint64_t at_s, uint64_t now_s, char buffer[static WHEN_MAX]);

#endif
