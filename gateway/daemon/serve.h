/*
 * serve: the daemon from its start to its end. It puts the parts together, and is what signals and the service manager
 * talk to.
 */
#ifndef DAEMON_SERVE_H
#define DAEMON_SERVE_H

#include <stdbool.h>

/*
 * Serves as the configuration in that file says until SIGTERM or SIGINT, and then until all requests are answered.
 * False if it could not start, which was told. `version` is shown in the metrics, and borrowed. main() holds all
 * signals.
 */
bool serve(const char *config_path, const char *version);

#endif
