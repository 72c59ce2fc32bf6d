#include "base/status.h"

const char *status_text(enum status status)
{
	static const char *const texts[] = {
#define X(name, text) [name] = text,
		STATUS_LIST(X)
#undef X
	};
	return (unsigned)status < sizeof texts / sizeof *texts ? texts[status] : "unknown status";
}
