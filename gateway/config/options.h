/*
 * options: the tables of all options, and the reader that fills in a struct by them. Private to the room.
 */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

/* A load under way: where complaints go and whether there were any. */
struct reader {
	config_complain_fn *complain;
	void *ctx;
	const char *path;
	unsigned errors;
	bool no_memory;
	char *advised;      /* the file that was last found to hold secrets, so that each is told once; heap */
	bool advised_plain; /* that keys stand there in plain */
};

/* An error in a file (as libconfig names it; NULL: the configuration itself) and a line of it. */
__attribute__((format(printf, 4, 5))) void reader_error_at(struct reader *reader, const char *file, unsigned line,
							   const char *format, ...);
/* The same at a setting, or at none (NULL). */
__attribute__((format(printf, 3, 4))) void reader_error(struct reader *reader, const config_setting_t *at,
							const char *format, ...);
/* What is no error. */
__attribute__((format(printf, 3, 4))) void reader_advise(struct reader *reader, const config_setting_t *at,
							 const char *format, ...);

/* A secret stands there in plain: advises if others on this machine can read that file. */
void reader_note_secret(struct reader *reader, const config_setting_t *at);

/* The same of a user's key, which need not stand there in plain: advises that, once. */
void reader_note_plain_key(struct reader *reader, const config_setting_t *at);

struct option_group;

struct option {
	const char *name;
	enum option_type {
		OPTION_BOOL,   /* into a bool */
		OPTION_NUMBER, /* into an unsigned, within min and max */
		OPTION_TEXT,   /* through take(), or as a copy into a char * */
		OPTION_TEXTS,  /* a list of strings, each through take() */
		OPTION_GROUPS, /* a list of groups, each by the rows of `group` */
	} type;
	size_t offset; /* of the field in the struct that the table fills in; not used by OPTION_TEXTS */
	bool required;
	bool secret;               /* wiped after it was taken */
	long fallback, min, max;   /* OPTION_BOOL, OPTION_NUMBER */
	const char *fallback_text; /* OPTION_TEXT; NULL: stays as zeroed */
	/* Puts a text into the struct `into`; complains itself about one that it cannot take. */
	void (*take)(struct reader *reader, const config_setting_t *at, const char *text, void *into);
	const struct option_group *group; /* OPTION_GROUPS */
	size_t count_offset;              /* OPTION_GROUPS: of the size_t beside the array's pointer */
	const char *help;
};

struct option_group {
	const char *name;
	const struct option *options; /* ended by a NULL name */
	size_t size;                  /* of the struct that one group fills in */
	/* Looks at a group that was read as a whole. May be NULL. */
	void (*finish)(struct reader *reader, const config_setting_t *at, void *into);
};

extern const struct option_group options_top;

/* Fills in `into`, which is zeroed, from a group setting. */
void options_read(struct reader *reader, const struct option_group *group, config_setting_t *setting, void *into);

#endif
