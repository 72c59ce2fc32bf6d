#include "page/answer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "page/assets.h"
#include "page/guard.h"
#include "page/job.h"
#include "page/template.h"

enum { BUSY_RETRY_S = 10 };

const struct sheet sheet_login = {"login.html", "Log in"};
const struct sheet sheet_profile = {"profile.html", "Your User Profile"};
const struct sheet sheet_key = {"key.html", "Your new key"};
const struct sheet sheet_settings = {"settings.html", "Router settings"};
static const struct sheet sheet_error = {"error.html", "That did not work"};

/*
 * The browser is to load, run and send forms to nothing but what we serve ourselves, and no other page may frame ours.
 * That it must not keep a copy (no-store) is said by the HTTP server with each of its answers.
 */
static const struct http_header common_headers[] = {
	{"Content-Security-Policy",
	 "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
	 "frame-ancestors 'none'; base-uri 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{NULL, NULL},
};

/* ---- The end of a job ---- */

static void add_header(struct page_job *job, const char *name, const char *value)
{
	job->headers[job->header_count++] = (struct http_header){name, value};
}

const char *cookie_name(bool over_tls, enum page_cookie cookie)
{
	static const char *const names[][2] = {
		[COOKIE_SESSION] = {"ddnsgate_session", "__Host-ddnsgate_session"},
		[COOKIE_LOGIN] = {"ddnsgate_login", "__Host-ddnsgate_login"},
	};

	return names[cookie][over_tls];
}

void answer_cookie(struct page_job *job, enum page_cookie cookie, const char *value)
{
	char *text = job->cookies[job->cookie_count++];
	bool over_tls = job->request->over_tls;

	snprintf(text, JOB_COOKIE_TEXT_MAX, "%s=%s; Path=%s; HttpOnly; SameSite=Strict%s%s",
		 cookie_name(over_tls, cookie), value, over_tls ? "/" : PAGE_PATH, over_tls ? "; Secure" : "",
		 *value ? "" : "; Max-Age=0");
	add_header(job, "Set-Cookie", text);
}

static void answer_finish(struct page_job *job, struct http_response *response)
{
	for (const struct http_header *header = common_headers; header->name; header++)
		add_header(job, header->name, header->value);
	response->headers = job->headers;
	job->page->parts.answer(&job->exchange, response);
	job->page->jobs--;
	if (job->waits)
		job->waits->family = ADDR_NONE;
	view_free(&job->view);
	secret_wipe(job, sizeof *job);
	free(job);
}

/* What is needed in every template. */
static void show_surroundings(struct page_job *job, const struct sheet *sheet)
{
	const char *name = job->page->parts.server_name;
	struct text server = name ? text_of(name) : job->request->host;

	if (!name && !guard_is_host(server))
		server = text_of("the-gateway");
	view_text(job->view, "title", text_of(sheet->title));
	view_text(job->view, "server", server);
	view_text(job->view, "scheme", text_of(job->request->over_tls ? "https" : "http"));
	view_text(job->view, "tls", text_of(job->request->over_tls ? "yes" : ""));
	if (job->cookie.len)
		view_text(job->view, "login", session_login(&job->session));
}

void answer_show(struct page_job *job, int status, unsigned retry_after_s, const struct sheet *sheet)
{
	struct http_response response;
	struct buffer buffer = {0};

	show_surroundings(job, sheet);
	http_response_init(&response);
	if (template_render(assets_find, sheet->template, job->view, &buffer) == STATUS_OK) {
		response.status = status;
		response.retry_after_s = retry_after_s;
		response.content_type = "text/html; charset=utf-8";
		response.document = buffer.octets;
		response.document_len = buffer.len;
	} else {
		http_response_plain(&response, 503, "503 out of memory");
		response.retry_after_s = BUSY_RETRY_S;
	}
	answer_finish(job, &response);
	buffer_fini(&buffer);
}

void answer_error(struct page_job *job, int status, unsigned retry_after_s, const char *text)
{
	view_text(job->view, "error", text_of(text));
	answer_show(job, status, retry_after_s, &sheet_error);
}

void answer_busy(struct page_job *job)
{
	answer_error(job, 503, BUSY_RETRY_S, "Your account cannot be looked at right now. Please try again soon.");
}

void answer_redirect(struct page_job *job, const char *location)
{
	struct http_response response;

	http_response_init(&response);
	http_response_plain(&response, 303, "303 see the account page");
	add_header(job, "Location", location);
	answer_finish(job, &response);
}

/* ---- Without a job ---- */

void answer_plain(const struct page *page, struct http_exchange *exchange, int status, const char *text, unsigned allow)
{
	struct http_response response;

	http_response_init(&response);
	http_response_plain(&response, status, text);
	response.headers = common_headers;
	response.allow = allow;
	response.retry_after_s = status == 503 ? BUSY_RETRY_S : 0;
	page->parts.answer(&exchange, &response);
}

void answer_options(const struct page *page, struct http_exchange *exchange, unsigned allow)
{
	struct http_response response;

	http_response_init(&response);
	http_response_options(&response, allow);
	page->parts.answer(&exchange, &response);
}

void answer_see_home(const struct page *page, struct http_exchange *exchange)
{
	static const struct http_header headers[] = {{"Location", PAGE_PATH}, {NULL, NULL}};
	struct http_response response;

	http_response_init(&response);
	http_response_plain(&response, 303, "303 see " PAGE_PATH);
	response.headers = headers;
	page->parts.answer(&exchange, &response);
}

/* The media type of what may be asked for by its name; templates may not. */
static const char *content_type_of(struct text path)
{
	static const struct {
		const char *path;
		const char *type;
	} files[] = {
		{"style.css", "text/css; charset=utf-8"},
		{"page.js", "text/javascript; charset=utf-8"},
		{"icon.svg", "image/svg+xml"},
	};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		if (text_equal(path, text_of(files[i].path)))
			return files[i].type;
	}
	return NULL;
}

bool answer_has_file(struct text path)
{
	return content_type_of(path) != NULL;
}

bool answer_file(const struct page *page, struct http_exchange *exchange, struct text path)
{
	const char *type = content_type_of(path);
	struct text octets = assets_find(path);
	struct http_response response;

	if (!type)
		return false;
	http_response_init(&response);
	response.status = 200;
	response.content_type = type;
	response.headers = common_headers;
	response.document = octets.octets;
	response.document_len = octets.len;
	page->parts.answer(&exchange, &response);
	return true;
}
