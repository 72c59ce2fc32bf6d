#include "dialect/dialect.h"
#include "dialect/operands.h"

#define DIALECT_ADDRESS(name) &dialect_##name,
const struct dialect *const dialects[] = {DIALECT_LIST(DIALECT_ADDRESS) NULL};

/* Whether the dialect wants the request, whatever its method. */
static bool wants(const struct dialect *dialect, const struct dialect_route *route, const struct http_request *request)
{
	return text_equal(operand_cut(request->path), text_of(route->path)) &&
	       (!dialect->claims || dialect->claims(request));
}

const struct dialect *dialects_find(const struct http_request *request, unsigned *allowed)
{
	*allowed = 0;
	for (const struct dialect *const *dialect = dialects; *dialect; dialect++) {
		for (const struct dialect_route *route = (*dialect)->routes; route->path; route++) {
			if (!wants(*dialect, route, request))
				continue;
			if (route->methods & request->method)
				return *dialect;
			*allowed |= route->methods;
		}
	}
	return NULL;
}
