#include "dialect/dialect.h"

const struct dialect *const dialects[] = {
	&dialect_rexx,
	&dialect_checkip,
	NULL,
};

const struct dialect *dialects_find(const struct http_request *request, unsigned *allowed)
{
	*allowed = 0;
	for (const struct dialect *const *dialect = dialects; *dialect; dialect++) {
		for (const struct dialect_route *route = (*dialect)->routes; route->path; route++) {
			if (!text_equal(request->path, text_of(route->path)))
				continue;
			if (route->methods & request->method)
				return *dialect;
			*allowed |= route->methods;
		}
	}
	return NULL;
}
