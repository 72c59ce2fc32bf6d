/* options: the tables of all options, and functions that fill in and free a struct by them. Private to the room. */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/reader.h"

/* For the rows: which member of the struct an option fills in. */
#define FIELD(type, member) .offset = offsetof(struct type, member)

struct option_group;

struct option {
	const char *name;
	enum option_type {
		OPTION_BOOL,   /* fills in a bool */
		OPTION_NUMBER, /* fills in an unsigned, within min and max */
		OPTION_TEXT,   /* goes through take(), or is copied into a char * */
		OPTION_TEXTS,  /* a list of strings, each goes through take() */
		OPTION_GROUPS, /* a list of groups, each read by the rows of `group` */
	} type;
	size_t offset; /* of the field in the struct that the table fills in */
	bool required;
	bool secret;               /* wiped in libconfig's memory once it was read */
	bool early;                /* read before all that are not, wherever it stands: they refer to it by name */
	long fallback, min, max;   /* OPTION_BOOL, OPTION_NUMBER */
	const char *fallback_text; /* OPTION_TEXT; NULL: the member stays zeroed */
	/* Puts a text into the struct `into`; complains by itself about a text that it cannot take. */
	void (*take)(struct reader *reader, const config_setting_t *at, const char *text, void *into);
	bool heap; /* with take(): the member points to heap memory, which options_release() frees */
	const struct option_group *group; /* OPTION_GROUPS */
	size_t count_offset;              /* OPTION_GROUPS: of the size_t with the number of elements */
	const char *help;
};

struct option_group {
	const char *name;
	const struct option *options; /* ended by a NULL name */
	size_t size;                  /* of the struct that one group fills in */
	/* Looks at a group once all of it was read, if nothing is wrong with it. May be NULL. */
	void (*finish)(struct reader *reader, const config_setting_t *at, void *into);
	/*
	 * Looks at how it and others refer to each other by name, whatever else is wrong with it. May be NULL.
	 */
	void (*refer)(struct reader *reader, const config_setting_t *at, void *into);
	/* Frees what the rows do not tell of, and zeroes it. May be NULL. */
	void (*release)(void *into);
};

extern const struct option_group options_top, options_listen, options_certificates, options_tsig, options_zones,
	options_users, options_keys;

/* Fills in `into`, which is zeroed, from a setting that is a group. */
void options_read(struct reader *reader, const struct option_group *group, config_setting_t *setting, void *into);

/*
 * Frees what the members of `into` point to, but not `into` itself. Members that were not filled in have to be zeroed.
 */
void options_release(const struct option_group *group, void *into);

#endif
