/*
 * signals: what happens to signals while the daemon's loop cannot act on them, at its start and at its end. By default
 * most would end the process; but a SIGHUP that comes a moment too early, for example from a script that has just
 * written the configuration, must not end it.
 *
 *   signals_hold            all that the daemon acts on are blocked and wait, also across exec()
 *   signals_end_at_once     while it starts: SIGTERM and SIGINT end the process, for there is nothing to drain yet
 *   signals_let_go          the loop watches: signals that have waited are acted on once it runs
 *   signals_hold            while everything is taken apart
 *
 * SIGPIPE is ignored from the first moment on: a log that nobody reads any more is an error of write() like others.
 */
#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H

void signals_hold(void);
/* With exit status 0, as after any other SIGTERM. Only before there are other threads. */
void signals_end_at_once(void);
void signals_let_go(void);

#endif
