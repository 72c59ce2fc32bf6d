#include "dialect/dialect.h"
#include "dialect/operands.h"

#define DIALECT_ADDRESS(name) &dialect_##name,
const struct dialect *const dialects[] = {DIALECT_LIST(DIALECT_ADDRESS) NULL};

static bool leads_to(const struct http_request *request, const struct dialect_route *route)
{
	return text_equal(operand_path(request), text_of(route->path));
}

/* Whether the dialect wants the request; the method does not matter. */
static bool wants(const struct dialect *dialect, const struct dialect_route *route, const struct http_request *request)
{
	return leads_to(request, route) && (!dialect->claims || dialect->claims(request));
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

bool dialects_speak_json(const struct http_request *request)
{
	unsigned allowed;
	const struct dialect *found = dialects_find(request, &allowed);

	for (const struct dialect *const *dialect = dialects; !found && *dialect; dialect++) {
		for (const struct dialect_route *route = (*dialect)->routes; !found && route->path; route++)
			found = wants(*dialect, route, request) ? *dialect : NULL;
	}
	return found && found->speaks_json;
}

unsigned dialects_methods(const struct http_request *request)
{
	bool is_anywhere = text_equal(request->path, text_of("*"));
	unsigned methods = 0;

	for (const struct dialect *const *dialect = dialects; *dialect; dialect++) {
		for (const struct dialect_route *route = (*dialect)->routes; route->path; route++)
			methods |= is_anywhere || leads_to(request, route) ? route->methods : 0;
	}
	return methods;
}

/*
 * Whether failures get status 200, for clients that read the words only then. A request without credentials is still
 * answered by 401, which asks for them.
 */
static bool is_softened(const struct dialect *dialect, const struct dialect_answer *answer)
{
	enum outcome_code code = answer->outcomes[0].code;

	return dialect->is_for_routers && answer->request->errors_as_200 && code != OUTCOME_MISSING_LOGIN &&
	       code != OUTCOME_MISSING_KEY;
}

void dialect_render(const struct dialect *dialect, const struct dialect_answer *answer, struct http_response *response)
{
	dialect->render(answer, response);
	if (!is_softened(dialect, answer))
		return;
	response->status = 200;
	response->challenge = false;
}
