/*
 * include: looks at what `@include` names before libconfig does. libconfig 1.5 ends the process if that is a folder,
 * and waits for ever if it is a pipe; both must not happen to a daemon that reads its configuration anew. Private to
 * the room.
 */
#ifndef CONFIG_INCLUDE_H
#define CONFIG_INCLUDE_H

#include <stdio.h>

#include "config/options.h"

/*
 * Looks through a file, which is rewound afterwards, and those that it includes; relative paths start from the current
 * folder. Complains about the first `@include` of something that is not a file, and about circles. A file that does not
 * exist is left to libconfig.
 */
void include_check(struct reader *reader, FILE *stream);

#endif
