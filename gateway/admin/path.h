/*
 * path: what of a request's path may be shown in the log. Pure.
 */
#ifndef ADMIN_PATH_H
#define ADMIN_PATH_H

#include "base/text.h"

enum { PATH_SHOWN_MAX = 200 };

/*
 * The path, as it was decoded, without what may be a secret: into `buffer`, which the text that is returned borrows.
 * It ends before a query that the client escaped with the rest (`%3F`), and before everything else that begins
 * operands; and a segment that looks like a key or like credentials, which some services have there, is a `*`.
 */
struct text path_show(struct text path, char buffer[static PATH_SHOWN_MAX]);

#endif
