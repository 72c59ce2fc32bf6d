/*
 * terminal: what the sub-commands share that talk to a person: secrets typed without being shown, and progress.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TERMINAL_SECRET_MAX = 512 };

/*
 * Reads a secret into `out`: from the terminal without showing it, after the prompt; or, if standard input is
 * something else, its next line. False, and it was said why, at the end of input, or if it is longer than fits. The
 * caller wipes it.
 */
bool terminal_read_secret(const char *prompt, char out[static TERMINAL_SECRET_MAX]);

/* The same, typed twice and compared, if it is a terminal. */
bool terminal_read_new_secret(const char *prompt, char out[static TERMINAL_SECRET_MAX]);

/* A bar on standard error, if that is a terminal, that is drawn a few times a second. */
struct terminal_bar {
	uint64_t total; /* octets */
	uint64_t drawn_ms;
	uint64_t began_ms;
	bool is_terminal;
};

void terminal_bar_begin(struct terminal_bar *bar, uint64_t total);

/* `done` octets of the total have been read, with `count` things in them. */
void terminal_bar_draw(struct terminal_bar *bar, uint64_t done, uint64_t count);

/* Takes it away again; returns the milliseconds that it took. */
uint64_t terminal_bar_end(struct terminal_bar *bar);

/* Prints a text on standard output with what could steer a terminal as `?`. */
void terminal_print(const char *octets, size_t len);

#endif
