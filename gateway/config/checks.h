/*
 * checks: what options of a listener have to do with others, once all were read. Private to the room.
 */
#ifndef CONFIG_CHECKS_H
#define CONFIG_CHECKS_H

#include <libconfig.h>

#include "config/reader.h"

/* Tells what does not fit together. `file` is what the configuration was read from. */
void checks_do(struct reader *reader, const config_t *file, const struct config *config);

#endif
