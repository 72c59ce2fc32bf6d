/*
 * options: the tables of all options, by which a struct is filled in and freed. Private to the room.
 */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/reader.h"

/* For rows: where in its struct an option is put. */
#define FIELD(type, member) .offset = offsetof(struct type, member)

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
	size_t offset; /* of the field in the struct that the table fills in */
	bool required;
	bool secret;               /* wiped after it was taken */
	long fallback, min, max;   /* OPTION_BOOL, OPTION_NUMBER */
	const char *fallback_text; /* OPTION_TEXT; NULL: stays as zeroed */
	/* Puts a text into the struct `into`; complains itself about one that it cannot take. */
	void (*take)(struct reader *reader, const config_setting_t *at, const char *text, void *into);
	bool heap; /* of one with take(): the field is a pointer to heap memory, which options_release() frees */
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
	/* Frees what the table does not tell of, and zeroes it. May be NULL. */
	void (*release)(void *into);
};

extern const struct option_group options_top, options_listen, options_certificates, options_tsig, options_zones,
	options_users, options_keys;

/* Fills in `into`, which is zeroed, from a group setting. */
void options_read(struct reader *reader, const struct option_group *group, config_setting_t *setting, void *into);

/* Frees what stands in `into`, but not that. What was not filled in is zeroed. */
void options_release(const struct option_group *group, void *into);

#endif
