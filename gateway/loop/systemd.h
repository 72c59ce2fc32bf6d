/*
 * systemd: the little that a service manager and its service have to say to each other: readiness, reloading, a
 * watchdog (sd_notify(3)) and listening sockets (sd_listen_fds(3)). Without one, in a shell or a container, all of it
 * does nothing.
 */
#ifndef LOOP_SYSTEMD_H
#define LOOP_SYSTEMD_H

#include <stdint.h>

enum { SYSTEMD_FIRST_SOCKET = 3 };

/* How many listening sockets this process was given; their descriptors begin at SYSTEMD_FIRST_SOCKET. */
int systemd_sockets(void);

void systemd_ready(void);
/* systemd_ready() ends it, whatever came of it. */
void systemd_reloading(void);
void systemd_stopping(void);

/* How often the manager wants to hear that all is well, halved for good measure; 0: it does not. */
uint64_t systemd_watchdog_ms(void);
void systemd_alive(void);

#endif
