#include "page/passform.h"

#include <string.h>

#include "account/password.h"

static const char *why_no_password(struct text fresh, struct text again)
{
	_Static_assert(PASSWORD_MIN == 8 && PASSWORD_MAX == 511, "the sentences and profile.html say so");

	if (fresh.len < PASSWORD_MIN)
		return "A password has at least 8 characters.";
	if (fresh.len > PASSWORD_MAX || memchr(fresh.octets, '\0', fresh.len))
		return "That cannot be a password: it is too long, or holds what cannot be typed.";
	return text_equal(fresh, again) ? NULL : "The new password is not the same both times.";
}

void passform_read(const struct http_params *params, struct passform *out)
{
	out->current = http_param_value(params, "current");
	out->fresh = http_param_value(params, "password");
	out->error = why_no_password(out->fresh, http_param_value(params, "again"));
}
