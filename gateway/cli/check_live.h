/* check_live: asks all primaries of a configuration about its zones, and prints what it finds. */
#ifndef CLI_CHECK_LIVE_H
#define CLI_CHECK_LIVE_H

#include <stdbool.h>

#include "config/config.h"

/* Prints a line for each finding to standard output. Says whether none of them is a failure. Takes a minute at most. */
bool check_live(const struct config *config);

#endif
