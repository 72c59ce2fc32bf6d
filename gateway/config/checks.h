/*
 * checks: what several options have to do with each other, once all were read. Private to the room.
 */
#ifndef CONFIG_CHECKS_H
#define CONFIG_CHECKS_H

#include <libconfig.h>

#include "config/reader.h"

/* Tells what does not fit together, and finds the key of each zone. `file` is what the configuration was read from. */
void checks_do(struct reader *reader, const config_t *file, struct config *config);

#endif
