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
 * Reads a secret into `out`: from the terminal without showing it, after the prompt; or, if standard input is something
 * else, its next line. False at the end of input, or if the secret is longer than fits; the reason was printed. The
 * caller wipes `out`.
 */
bool terminal_read_secret(const char *prompt, char out[static TERMINAL_SECRET_MAX]);

/* The same for a new secret: on a terminal it must be typed twice, alike. */
bool terminal_read_new_secret(const char *prompt, char out[static TERMINAL_SECRET_MAX]);

/* A progress bar on standard error, if that is a terminal. It is drawn a few times a second. */
struct terminal_bar {
	uint64_t total; /* octets */
	uint64_t drawn_ms;
	uint64_t began_ms;
	bool is_terminal;
};

void terminal_bar_begin(struct terminal_bar *bar, uint64_t total);

/* `done` octets of the total have been read, with `count` things in them. */
void terminal_bar_draw(struct terminal_bar *bar, uint64_t done, uint64_t count);

/* Removes the bar; returns the milliseconds since it began. */
uint64_t terminal_bar_end(struct terminal_bar *bar);

/* Prints a text on standard output. Characters that could control a terminal are printed as `?`. */
void terminal_print(const char *octets, size_t len);

#endif
