/*
 * serve: the daemon from its start to its end. It puts the parts together, and is what signals and the service manager
 * talk to.
 */
#ifndef DAEMON_SERVE_H
#define DAEMON_SERVE_H

#include <stdbool.h>

/*
 * Serves by the configuration in that file until SIGTERM or SIGINT comes, and then until all requests are answered.
 * False if it could not start; the reason was told. `version` is shown in the metrics, and borrowed. main() has blocked
 * all signals before.
 */
bool serve(const char *config_path, const char *version);

#endif
