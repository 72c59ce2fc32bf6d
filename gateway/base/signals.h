/*
 * signals: what becomes of signals while the daemon's loop cannot act on them, at its start and at its end. By default
 * most would end the process, and a SIGHUP that comes a moment too early, as from a script that has just written the
 * configuration, is no reason to.
 *
 *   signals_hold            all that the daemon acts on wait; they do so across exec(), too
 *   signals_end_at_once     while it starts: SIGTERM and SIGINT end the process, for there is nothing to drain yet
 *   signals_let_go          the loop watches: what has waited is acted on once it runs
 *   signals_hold            while all is taken apart
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
