/* check_live: asks all primaries of a configuration about its zones, and prints what it finds. */
#ifndef CLI_CHECK_LIVE_H
#define CLI_CHECK_LIVE_H

#include <stdbool.h>

#include "config/config.h"

/*
 * Prints a line for each finding to standard output, or, where there are more than CHECK_LIVE_ZONES_MAX zones, for each
 * that is not good, with their numbers at the end. With the name of a zone it is of that zone alone, and of what is
 * good, too. Says whether none of them is a failure. Takes a minute at most.
 */
enum { CHECK_LIVE_ZONES_MAX = 50 };
bool check_live(const struct config *config, const char *zone);

#endif
