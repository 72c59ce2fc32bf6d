#include "http/state.h"

#include <stdlib.h>

#include "base/repeat.h"

static enum http_refused refused_of(int status)
{
	switch (status) {
#define X(name, number)                                                                                                \
	case number:                                                                                                   \
		return name;
		HTTP_REFUSED_LIST(X)
#undef X
	default:
		return HTTP_REFUSED_OTHER;
	}
}

void state_note_refusal(struct http_server *server, int status, const char *source, const char *text)
{
	server->stats.refused[refused_of(status)]++;
	LOG_REPEATED(LOG_INFO, "request-refused", log_text("source", source), log_text("text", text));
}

void state_handle_closed(struct http_server *server)
{
	if (--server->handles == 0 && server->freed) {
		table_fini(&server->sources);
		free(server);
	}
}
