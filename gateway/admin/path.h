/*
 * path: what of a request's path may be shown in the log. Pure.
 */
#ifndef ADMIN_PATH_H
#define ADMIN_PATH_H

#include "base/text.h"

enum { PATH_SHOWN_MAX = 200 };

/*
 * Copies the decoded path into `buffer`, without what may be a secret; the text that is returned borrows from `buffer`.
 * The path ends before a query that the client has escaped too (`%3F`), and before anything else that begins operands.
 * A segment that looks like a key or like credentials, which some services put there, is shown as `*`.
 */
struct text path_show(struct text path, char buffer[static PATH_SHOWN_MAX]);

#endif
