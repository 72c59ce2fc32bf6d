#include "page/job.h"

#include <stdio.h>

#include "base/repeat.h"
#include "page/answer.h"
#include "page/guard.h"

struct text job_operand(const struct page_job *job, const char *name)
{
	return http_param_value(&job->request->params, name);
}

void job_show_token(struct page_job *job, struct text cookie)
{
	char token[GUARD_TOKEN_MAX];

	if (guard_token(sessions_secret(job->page->parts.sessions), cookie, token) == STATUS_OK)
		view_text(job->view, "token", text_of(token));
}

bool job_is_form_from_here(const struct page_job *job, struct text cookie)
{
	return guard_admits(sessions_secret(job->page->parts.sessions), cookie, job_operand(job, "token"));
}

uint64_t job_now_ms(const struct page_job *job)
{
	return env_now_ms(job->page->parts.env);
}

const char *job_source(const struct page_job *job, char buffer[static ADDR_TEXT_MAX])
{
	return addr_format(&job->request->source, buffer);
}

/* Seconds until the user may send this form once more; if that is now, it is counted. */
static unsigned change_wait_s(const struct page_job *job)
{
	struct throttle *throttle = job->page->parts.throttle;
	const struct addr *source = &job->request->source;
	struct text login = session_login(&job->session), form;
	uint64_t now_ms = job_now_ms(job);
	char name[ACCOUNT_LOGIN_MAX + 32];
	unsigned wait_s;

	form.len = (size_t)snprintf(name, sizeof name, "%s %.*s", job->route->path, (int)login.len, login.octets);
	form.octets = name;
	wait_s = throttle_change_wait_s(throttle, form, source, now_ms);
	if (!wait_s)
		throttle_changed(throttle, form, source, now_ms);
	return wait_s;
}

bool job_may_change(struct page_job *job)
{
	unsigned wait_s = change_wait_s(job);
	char source[ADDR_TEXT_MAX];

	if (!wait_s)
		return true;
	LOG_REPEATED(LOG_INFO, "page-throttled", log_text("form", job->route->path),
		     log_text("source", job_source(job, source)), log_slice("user", session_login(&job->session)));
	answer_error(job, 429, wait_s,
		     "That was too much within an hour, and nothing was changed. Please wait some minutes.");
	return false;
}
