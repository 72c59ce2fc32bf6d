#include "base/outcome.h"

const char *outcome_text(enum outcome_code code)
{
	static const char *const texts[] = {
#define X(name, text) [name] = text,
		OUTCOME_LIST(X)
#undef X
	};
	return (unsigned)code < sizeof texts / sizeof *texts ? texts[code] : "unknown";
}
