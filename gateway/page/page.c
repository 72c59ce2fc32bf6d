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
#include "page/answer.h"
#include "page/guard.h"
#include "page/home.h"
#include "page/job.h"
#include "page/keys.h"
#include "page/login.h"
#include "page/passwd.h"
#include "page/settings.h"

enum { JOBS_MAX = 64 };

/* ---- Routes ---- */

static const struct page_route routes[] = {
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

static const struct page_route *find_route(struct text path)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		if (text_equal(path, text_of(routes[i].path)))
			return &routes[i];
	}
	return NULL;
}

/* ---- The beginning of a job ---- */

static struct page_job *page_job_new(struct page *page, struct http_exchange *exchange,
				     const struct http_request *request, const struct page_route *route)
{
	struct page_job *job = page->jobs < JOBS_MAX ? calloc(1, sizeof *job) : NULL;

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

static void find_session(struct page_job *job)
{
	struct text cookie = guard_cookie(job->request->cookies, cookie_name(job->request->over_tls, COOKIE_SESSION));
	const struct session *session = sessions_find(job->page->parts.sessions, cookie);

	if (!session)
		return;
	job->cookie = cookie;
	job->session = *session;
}

static void page_begin(struct page_job *job)
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
static bool is_private_page(const struct page *page, const struct http_request *request)
{
	return request->over_tls || page->parts.allow_http || addr_scope(&request->source) == ADDR_SCOPE_LOOPBACK;
}

/* What may be asked of an address; a form's also with GET, which leads to the page that has the form. */
static unsigned methods_at(struct text path)
{
	const struct page_route *route = find_route(path);

	if (route || answer_has_file(path))
		return HTTP_GET | HTTP_HEAD | (route ? route->methods : 0);
	return 0;
}

/* A form's address that is looked up like a page, after going back or reloading, leads to the page with the form. */
static void answer_without_job(const struct page *page, struct http_exchange *exchange, const struct page_route *route,
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
	const struct page_route *route = find_route(path);
	struct page_job *job;

	if (!route || !(route->methods & request->method)) {
		answer_without_job(page, exchange, route, path, request->method);
		return;
	}
	job = page_job_new(page, exchange, request, route);
	if (job)
		page_begin(job);
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
	if (!is_private_page(page, request)) {
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
