#include "cli/terminal.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"

/* ---- Secrets ---- */

/*
 * Reads by read(2), one octet at a time: nothing of a secret may stay in a buffer of the C library, and no more of the
 * input may be taken than this line.
 */
static bool read_line(char out[static TERMINAL_SECRET_MAX])
{
	size_t len = 0;
	bool fits = true;
	char octet;
	ssize_t got;

	while ((got = read(STDIN_FILENO, &octet, 1)) == 1 && octet != '\n') {
		fits = fits && len < TERMINAL_SECRET_MAX - 1 && octet != '\0';
		if (fits)
			out[len++] = octet;
	}
	out[len] = '\0';
	if (got < 0)
		fprintf(stderr, "ddnsgate: cannot read standard input: %s\n", strerror(errno));
	else if (got == 0 && len == 0)
		fprintf(stderr, "ddnsgate: nothing on standard input\n");
	else if (!fits)
		fprintf(stderr, "ddnsgate: that is too long, or holds a NUL octet\n");
	else
		return true;
	secret_wipe(out, TERMINAL_SECRET_MAX);
	return false;
}

static bool read_silently(const char *prompt, char out[static TERMINAL_SECRET_MAX])
{
	struct termios shown, hidden;
	sigset_t blocked, before;
	bool good = false;

	if (tcgetattr(STDIN_FILENO, &shown) != 0)
		return read_line(out);
	fprintf(stderr, "%s: ", prompt);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	/*
	 * Signals from the keyboard wait until the line has ended. Otherwise they could leave the terminal without
	 * echo, or a core dump with half a password in it.
	 */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGQUIT);
	sigaddset(&blocked, SIGTSTP);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0) {
		good = read_line(out);
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	} else {
		fprintf(stderr, "this terminal would show what is typed: %s", strerror(errno));
	}
	fputc('\n', stderr);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return good;
}

bool terminal_read_secret(const char *prompt, char out[static TERMINAL_SECRET_MAX])
{
	return isatty(STDIN_FILENO) ? read_silently(prompt, out) : read_line(out);
}

bool terminal_read_new_secret(const char *prompt, char out[static TERMINAL_SECRET_MAX])
{
	char again[TERMINAL_SECRET_MAX];
	bool same;

	if (!terminal_read_secret(prompt, out))
		return false;
	if (!isatty(STDIN_FILENO))
		return true;
	same = terminal_read_secret("Once more", again) && strcmp(out, again) == 0;
	secret_wipe(again, sizeof again);
	if (same)
		return true;
	secret_wipe(out, TERMINAL_SECRET_MAX);
	fprintf(stderr, "ddnsgate: these were not the same\n");
	return false;
}

/* ---- Progress ---- */

enum { BAR_WIDTH = 30, DRAW_PAUSE_MS = 100 };

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void terminal_bar_begin(struct terminal_bar *bar, uint64_t total)
{
	*bar = (struct terminal_bar){.total = total, .began_ms = now_ms(), .is_terminal = isatty(STDERR_FILENO)};
}

void terminal_bar_draw(struct terminal_bar *bar, uint64_t done, uint64_t count)
{
	static const char full[] = "##############################";
	uint64_t at_ms;
	unsigned percent;
	int filled;

	if (!bar->is_terminal || count % 256 != 0)
		return;
	at_ms = now_ms();
	if (at_ms - bar->drawn_ms < DRAW_PAUSE_MS)
		return;
	bar->drawn_ms = at_ms;
	percent = bar->total ? (unsigned)(100 * done / bar->total) : 0;
	filled = (int)(percent < 100 ? percent : 100) * BAR_WIDTH / 100;
	fprintf(stderr, "\r[%.*s%*s] %3u%%  %" PRIu64 " users, %" PRIu64 "/s ", filled, full, BAR_WIDTH - filled, "",
		percent, count, count * 1000 / (at_ms - bar->began_ms + 1));
}

uint64_t terminal_bar_end(struct terminal_bar *bar)
{
	if (bar->is_terminal && bar->drawn_ms)
		fprintf(stderr, "\r\033[K");
	return now_ms() - bar->began_ms;
}

/* ---- Texts ---- */

/*
 * Terminals obey the C1 control characters, too, which take two octets in UTF-8: U+009B stands for ESC and `[`
 * together.
 */
static size_t control_len(const unsigned char *at, size_t left)
{
	if (*at < 0x20 || *at == 0x7f)
		return 1;
	return *at == 0xc2 && left > 1 && at[1] >= 0x80 && at[1] <= 0x9f ? 2 : 0;
}

void terminal_print(const char *octets, size_t len)
{
	const unsigned char *at = (const unsigned char *)octets;

	for (size_t i = 0; i < len; i++) {
		size_t skipped = control_len(at + i, len - i);

		putchar(skipped ? '?' : at[i]);
		i += skipped == 2;
	}
}
