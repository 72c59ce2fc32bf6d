/*
 * A request's way, top to bottom:
 *
 *   page_handle     may it be served here at all; which route is it
 *   begin           who is logged in; a form must carry the token of the page that it stood on, and come not too often
 *   route.begin     what comes first, such as login_begin()
 *   route.act       on the worker; then the profile is read, see home.c
 *   route.show      ends in an answer
 */
#include "page/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/repeat.h"
#include "page/guard.h"
#include "page/job.h"

enum { JOBS_MAX = 64 };

/* ---- What routes have in common ---- */

struct text job_operand(const struct job *job, const char *name)
{
	return http_param_value(&job->request->params, name);
}

void job_show_token(struct job *job, struct text cookie)
{
	char token[GUARD_TOKEN_MAX];

	if (guard_token(sessions_secret(job->page->parts.sessions), cookie, token) == STATUS_OK)
		view_text(job->view, "token", text_of(token));
}

bool job_is_form_from_here(const struct job *job, struct text cookie)
{
	return guard_admits(sessions_secret(job->page->parts.sessions), cookie, job_operand(job, "token"));
}

uint64_t job_now_ms(const struct job *job)
{
	return env_now_ms(job->page->parts.env);
}

const char *job_source(const struct job *job, char buffer[static ADDR_TEXT_MAX])
{
	return addr_format(&job->request->source, buffer);
}

/* Seconds until the user may send this form once more; if that is now, it is counted. */
static unsigned change_wait_s(const struct job *job)
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

bool job_may_change(struct job *job)
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

/* ---- Routes ---- */

static const struct route routes[] = {
	{.path = "", .methods = HTTP_GET | HTTP_HEAD, .begin = home_begin, .show = home_show},
	{.path = "settings",
	 .methods = HTTP_GET | HTTP_HEAD,
	 .for_users = true,
	 .begin = home_read,
	 .show = settings_show},
	{.path = "login", .methods = HTTP_POST, .begin = login_begin},
	{.path = "logout", .methods = HTTP_POST, .for_users = true, .begin = logout_begin},
	{.path = "keys",
	 .methods = HTTP_POST,
	 .for_users = true,
	 .counts = true,
	 .begin = keys_begin,
	 .act = keys_add,
	 .show = keys_show_added},
	{.path = "password",
	 .methods = HTTP_POST,
	 .for_users = true,
	 .begin = passwd_begin,
	 .act = passwd_change,
	 .show = passwd_show},
	{.path = "keys/revoke",
	 .methods = HTTP_POST,
	 .for_users = true,
	 .counts = true,
	 .begin = home_read,
	 .act = keys_revoke,
	 .show = keys_show_revoked},
};

static const struct route *find_route(struct text path)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		if (text_equal(path, text_of(routes[i].path)))
			return &routes[i];
	}
	return NULL;
}

/* ---- The beginning of a job ---- */

static struct job *job_new(struct page *page, struct http_exchange *exchange, const struct http_request *request,
			   const struct route *route)
{
	struct job *job = page->jobs < JOBS_MAX ? calloc(1, sizeof *job) : NULL;

	if (!job)
		return NULL;
	job->page = page;
	job->exchange = exchange;
	job->request = request;
	job->route = route;
	job->view = view_new();
	if (!job->view) {
		free(job);
		return NULL;
	}
	page->jobs++;
	return job;
}

static void find_session(struct job *job)
{
	struct text cookie = guard_cookie(job->request->cookies, cookie_name(job->request->over_tls, COOKIE_SESSION));
	const struct session *session = sessions_find(job->page->parts.sessions, cookie);

	if (!session)
		return;
	job->cookie = cookie;
	job->session = *session;
}

static void begin(struct job *job)
{
	find_session(job);
	if (job->route->for_users && !job->cookie.len)
		answer_redirect(job, PAGE_PATH);
	else if (job->route->for_users && job->request->method == HTTP_POST && !job_is_form_from_here(job, job->cookie))
		answer_error(job, 403, 0, "The form was too old. Please go back to your profile and try again.");
	else if (!job->route->counts || job_may_change(job))
		job->route->begin(job);
}

/* ---- What others call ---- */

bool page_serves(const struct http_request *request)
{
	static const char path[] = PAGE_PATH;
	size_t len = sizeof path - 1;

	if (request->path.len == len - 1)
		len--;
	return request->account_page && request->path.len >= len && memcmp(request->path.octets, path, len) == 0;
}

/* Passwords are not to travel in the clear. */
static bool is_private(const struct page *page, const struct http_request *request)
{
	return request->over_tls || page->parts.allow_http || addr_scope(&request->source) == ADDR_SCOPE_LOOPBACK;
}

/* Whoever looks up a form's address is led to the page with the form. */
static unsigned methods_at(struct text path)
{
	const struct route *route = find_route(path);

	if (route || answer_has_file(path))
		return HTTP_GET | HTTP_HEAD | (route ? route->methods : 0);
	return 0;
}

/* A form's address that is looked up like a page, after going back or reloading, leads to the page with the form. */
static void answer_without_job(const struct page *page, struct http_exchange *exchange, const struct route *route,
			       struct text path, enum http_method method)
{
	if (!route)
		answer_plain(page, exchange, 404, "404 no such page", 0);
	else if (method & (HTTP_GET | HTTP_HEAD))
		answer_see_home(page, exchange);
	else
		answer_plain(page, exchange, 405, "405 this method is not allowed here", methods_at(path));
}

static void serve(struct page *page, struct http_exchange *exchange, const struct http_request *request,
		  struct text path)
{
	const struct route *route = find_route(path);
	struct job *job;

	if (!route || !(route->methods & request->method)) {
		answer_without_job(page, exchange, route, path, request->method);
		return;
	}
	job = job_new(page, exchange, request, route);
	if (job)
		begin(job);
	else
		answer_plain(page, exchange, 503, "503 too busy", 0);
}

/* What is behind the page's own path; empty without the slash, too. */
static struct text path_behind(const struct http_request *request)
{
	size_t prefix_len = sizeof PAGE_PATH - 1;

	if (request->path.len < prefix_len)
		return (struct text){NULL, 0};
	return (struct text){request->path.octets + prefix_len, request->path.len - prefix_len};
}

void page_handle(void *ctx, struct http_exchange *exchange, const struct http_request *request)
{
	struct page *page = ctx;
	struct text path = path_behind(request);

	if (request->method == HTTP_OPTIONS) {
		answer_options(page, exchange, methods_at(path));
		return;
	}
	if (request->source.family == ADDR_NONE) {
		answer_plain(page, exchange, 400, "400 the proxy did not say from which address the request comes", 0);
		return;
	}
	if (!is_private(page, request)) {
		answer_plain(page, exchange, 403, "403 the account page is for HTTPS only", 0);
		return;
	}
	if (request->path.len < sizeof PAGE_PATH - 1) {
		answer_see_home(page, exchange);
		return;
	}
	if (!answer_file(page, exchange, path))
		serve(page, exchange, request, path);
}

enum status page_new(const struct page_parts *parts, struct page **out)
{
	struct page *page = calloc(1, sizeof *page);

	if (!page)
		return STATUS_NO_MEMORY;
	page->parts = *parts;
	*out = page;
	return STATUS_OK;
}

bool page_is_idle(const struct page *page)
{
	return page->jobs == 0;
}

void page_free(struct page **page)
{
	free(*page);
	*page = NULL;
}
