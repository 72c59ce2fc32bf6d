/*
 * assets: the files of gateway/page/assets, which are part of the program: templates, style, script and icon. The build
 * makes assets.c of them (cmake/embed.cmake).
 */
#ifndef PAGE_ASSETS_H
#define PAGE_ASSETS_H

#include "base/text.h"

/* The octets of the file of that name; NULL octets if there is none. */
struct text assets_find(struct text name);

#endif
