/*
 * A request's way, top to bottom:
 *
 *   page_handle       may it be served here at all; which route is it
 *   admit_form        a form must carry the token of the page that it stood on
 *   begin_*           what the route does first
 *   work, read_done   the worker acts and reads the profile, unless the session has come to its end
 *   look, on_seen     the primary is asked for the hosts' addresses
 *   show_*            a template is filled in
 *   finish            the answer goes to the client
 *
 * And of logging in: begin_login, read_password, on_password, on_verified.
 */
#include "page/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/key.h"
#include "account/password.h"
#include "base/log.h"
#include "base/secret.h"
#include "page/assets.h"
#include "page/guard.h"
#include "page/keyform.h"
#include "page/profile.h"
#include "page/session.h"
#include "page/template.h"

#define SESSION_COOKIE "ddnsgate_session"
#define LOGIN_COOKIE   "ddnsgate_login" /* of those who are not logged in yet; no session, it only guards the form */

enum {
	JOBS_MAX = 64,
	SESSIONS_MAX = 4096,
	SESSION_AGE_S = 12 * 3600,
	HEADERS_MAX = 12,
	COOKIES_MAX = 2,
	COOKIE_TEXT_MAX = 160,
	BUSY_RETRY_S = 10,
};

struct page {
	struct page_parts parts;
	struct sessions *sessions;
	uint8_t secret[GUARD_SECRET_LEN];
	size_t jobs;
};

struct job;
struct route;

/* Somebody waits for the address of a host. */
struct look {
	struct job *job;
	struct view *view;
	enum addr_family family;
};

/* A request on its way. The request lives until the exchange is answered. */
struct job {
	struct page *page;
	struct http_exchange *exchange;
	const struct http_request *request;
	const struct route *route;
	struct view *view;

	struct text cookie;     /* of the session; empty: nobody is logged in */
	struct session session; /* a copy, because it may end meanwhile */

	struct text login; /* of an attempt to log in; both borrow from the request */
	struct text password;
	char password_hash[PASSWORD_HASH_MAX];
	bool is_known;

	struct keyform form;
	char key[KEY_TEXT_LEN + 1];
	uint8_t key_digest[KEY_DIGEST_LEN];
	enum status act_status;
	struct profile profile;
	size_t looks_missing;
	struct look looks[2 * PROFILE_HOSTS_MAX];

	struct http_header headers[HEADERS_MAX + 1];
	size_t header_count;
	char cookies[COOKIES_MAX][COOKIE_TEXT_MAX];
	size_t cookie_count;
};

struct route {
	const char *path; /* below PAGE_PATH */
	unsigned methods;
	void (*begin)(struct job *job);
	bool for_users; /* only with a session */
	/* On the worker, before the profile is read. NULL: nothing. */
	enum status (*act)(struct job *job, struct database *database);
	/* The profile is there, and `act_status` tells of act(). */
	void (*show)(struct job *job);
};

/* ---- The end: answers ---- */

/*
 * Nothing but what we serve ourselves is loaded, run or sent to, and nobody frames us. SVG in the page takes its style
 * from the style sheet, too.
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

static void add_header(struct job *job, const char *name, const char *value)
{
	job->headers[job->header_count++] = (struct http_header){name, value};
}

/* `value` empty: the cookie is taken away. */
static void set_cookie(struct job *job, const char *name, const char *value)
{
	char *text = job->cookies[job->cookie_count++];

	snprintf(text, COOKIE_TEXT_MAX, "%s=%s; Path=" PAGE_PATH "; HttpOnly; SameSite=Strict%s%s", name, value,
		 job->request->over_tls ? "; Secure" : "", *value ? "" : "; Max-Age=0");
	add_header(job, "Set-Cookie", text);
}

static void job_free(struct job *job)
{
	job->page->jobs--;
	view_free(&job->view);
	secret_wipe(job, sizeof *job);
	free(job);
}

static void finish(struct job *job, struct http_response *response)
{
	for (const struct http_header *header = common_headers; header->name; header++)
		add_header(job, header->name, header->value);
	add_header(job, NULL, NULL);
	response->headers = job->headers;
	job->page->parts.answer(&job->exchange, response);
	job_free(job);
}

/* What is needed in every template. */
static void show_surroundings(struct job *job)
{
	const char *name = job->page->parts.server_name;
	struct text server = name ? text_of(name) : job->request->host;

	if (!name && !guard_is_host(server))
		server = text_of("the-gateway");
	view_text(job->view, "server", server);
	view_text(job->view, "scheme", text_of(job->request->over_tls ? "https" : "http"));
	if (job->request->over_tls)
		view_text(job->view, "tls", text_of("yes"));
	if (job->cookie.len)
		view_text(job->view, "login", session_login(&job->session));
}

/* A template, and what the window is called that shows it. */
struct sheet {
	const char *template;
	const char *title;
};

static const struct sheet login_sheet = {"login.html", "Log in"};
static const struct sheet profile_sheet = {"profile.html", "Your User Profile"};
static const struct sheet key_sheet = {"key.html", "Your new key"};
static const struct sheet settings_sheet = {"settings.html", "Router settings"};
static const struct sheet error_sheet = {"error.html", "Error"};

static void show(struct job *job, int status, unsigned retry_after_s, const struct sheet *sheet)
{
	struct http_response response;
	struct buffer buffer = {0};

	show_surroundings(job);
	view_text(job->view, "title", text_of(sheet->title));
	http_response_init(&response);
	if (template_render(assets_find, sheet->template, job->view, &buffer) == STATUS_OK) {
		response.status = status;
		response.retry_after_s = retry_after_s;
		response.content_type = "text/html; charset=utf-8";
		response.page = buffer.octets;
		response.page_len = buffer.len;
	} else {
		buffer_fini(&buffer);
		http_response_plain(&response, 503, "503 out of memory");
		response.retry_after_s = BUSY_RETRY_S;
	}
	finish(job, &response);
}

static void show_error(struct job *job, int status, unsigned retry_after_s, const char *text)
{
	view_text(job->view, "error", text_of(text));
	show(job, status, retry_after_s, &error_sheet);
}

static void show_busy(struct job *job)
{
	show_error(job, 503, BUSY_RETRY_S, "Your account cannot be looked at right now. Please try again soon.");
}

static void redirect(struct job *job, const char *location)
{
	struct http_response response;

	http_response_init(&response);
	http_response_plain(&response, 303, "303 see the account page");
	add_header(job, "Location", location);
	finish(job, &response);
}

/* ---- Forms ---- */

static struct text operand(const struct job *job, const char *name)
{
	const struct http_param *param = http_param_find(&job->request->params, name);

	return param ? param->value : (struct text){"", 0};
}

/* Puts the token for the forms of a page into the view. */
static void show_token(struct job *job, struct text cookie)
{
	char token[GUARD_TOKEN_MAX];

	if (guard_token(job->page->secret, cookie, token) == STATUS_OK)
		view_text(job->view, "token", text_of(token));
}

static bool is_from_here(const struct job *job, struct text cookie)
{
	return guard_admits(job->page->secret, cookie, operand(job, "token"));
}

/* ---- Logging in and out ---- */

static void show_login(struct job *job, int status, unsigned retry_after_s, const char *error)
{
	struct text cookie = guard_cookie(job->request->cookies, LOGIN_COOKIE);
	char fresh[SESSION_TOKEN_LEN + 1];

	if (cookie.len != SESSION_TOKEN_LEN) {
		key_generate(job->page->parts.env, fresh);
		set_cookie(job, LOGIN_COOKIE, fresh);
		cookie = text_of(fresh);
	}
	show_token(job, cookie);
	view_text(job->view, "error", text_of(error));
	view_text(job->view, "tried_login", operand(job, "login"));
	show(job, status, retry_after_s, &login_sheet);
}

static uint64_t now_ms(const struct job *job)
{
	return env_now_ms(job->page->parts.env);
}

static void log_login(const struct job *job, const char *outcome)
{
	char source[ADDR_TEXT_MAX];

	LOG(LOG_INFO, "page-login", log_text("outcome", outcome),
	    log_text("source", addr_format(&job->request->source, source)), log_slice("user", job->login));
}

static void show_wait(struct job *job, unsigned wait_s)
{
	log_login(job, "throttled");
	show_login(job, 429, wait_s, "There were too many failed attempts. Please wait some minutes.");
}

static void refuse_login(struct job *job)
{
	unsigned wait_s = throttle_failed(job->page->parts.throttle, job->login, &job->request->source, now_ms(job));

	if (wait_s) {
		show_wait(job, wait_s);
		return;
	}
	log_login(job, "refused");
	show_login(job, 403, 0, "Login ID or password is wrong.");
}

/* The token is a new one, whatever the browser had before. */
static void accept_login(struct job *job)
{
	char token[SESSION_TOKEN_LEN + 1];
	uint8_t mark[KEY_DIGEST_LEN];

	if (key_digest(text_of(job->password_hash), mark) != STATUS_OK ||
	    sessions_begin(job->page->sessions, job->login, mark, token) != STATUS_OK) {
		show_busy(job);
		return;
	}
	log_login(job, "logged-in");
	set_cookie(job, SESSION_COOKIE, token);
	set_cookie(job, LOGIN_COOKIE, "");
	secret_wipe(token, sizeof token);
	redirect(job, PAGE_PATH);
}

static void on_verified(void *ctx, enum status status, bool matches)
{
	struct job *job = ctx;

	if (status != STATUS_OK)
		show_busy(job);
	else if (matches && job->is_known)
		accept_login(job);
	else
		refuse_login(job);
}

static enum status read_password(void *ctx, struct database *database)
{
	struct job *job = ctx;

	return database_password(database, job->login, job->password_hash);
}

/* An unknown login takes as long as a wrong password. */
static void on_password(void *ctx, enum status status)
{
	static const char nobodys[] = "$y$j9T$abcdefghijklmnop./abc/$jvFPFkWrnuRkUnxnGrxuQllaPX/h4NK4xY3b1MZJXU7";
	struct job *job = ctx;
	const struct page_parts *parts = &job->page->parts;
	bool suspect;

	if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
		show_busy(job);
		return;
	}
	job->is_known = status == STATUS_OK;
	suspect = throttle_suspects(parts->throttle, job->login, &job->request->source, now_ms(job));
	verifier_check(parts->verifier, job->is_known ? job->password_hash : nobodys, job->password, suspect,
		       on_verified, job);
}

static void begin_login(struct job *job)
{
	const struct page_parts *parts = &job->page->parts;
	unsigned wait_s;

	if (!is_from_here(job, guard_cookie(job->request->cookies, LOGIN_COOKIE))) {
		show_login(job, 403, 0, "The form was too old, or cookies are switched off. Please try again.");
		return;
	}
	job->login = operand(job, "login");
	job->password = operand(job, "password");
	wait_s = throttle_wait_s(parts->throttle, job->login, &job->request->source, now_ms(job));
	if (wait_s)
		show_wait(job, wait_s);
	else if (job->login.len == 0 || job->login.len > ACCOUNT_LOGIN_MAX || job->password.len == 0 ||
		 job->password.len > PASSWORD_MAX)
		refuse_login(job);
	else if (state_do(parts->state, read_password, on_password, job) != STATUS_OK)
		show_busy(job);
}

static void begin_logout(struct job *job)
{
	sessions_end(job->page->sessions, job->cookie);
	set_cookie(job, SESSION_COOKIE, "");
	job->cookie.len = 0;
	view_text(job->view, "notice", text_of("You are logged out."));
	show_login(job, 200, 0, "");
}

/* ---- The profile ---- */

/* Whether the user is still there, active, and has the password with which the session was begun. */
static enum status check_session(struct job *job, struct database *database)
{
	uint8_t mark[KEY_DIGEST_LEN];
	enum status status = database_password(database, session_login(&job->session), job->password_hash);

	if (status == STATUS_OK)
		status = key_digest(text_of(job->password_hash), mark);
	if (status == STATUS_OK && !secret_equal(mark, job->session.mark, sizeof mark))
		status = STATUS_NOT_FOUND;
	return status;
}

static enum status work(void *ctx, struct database *database)
{
	struct job *job = ctx;
	enum status status = check_session(job, database);

	if (status != STATUS_OK)
		return status;
	job->act_status = job->route->act ? job->route->act(job, database) : STATUS_OK;
	return profile_read(&job->profile, database, session_login(&job->session));
}

static void on_read(void *ctx, enum status status)
{
	struct job *job = ctx;

	if (status == STATUS_NOT_FOUND) {
		sessions_end(job->page->sessions, job->cookie);
		set_cookie(job, SESSION_COOKIE, "");
		redirect(job, PAGE_PATH);
	} else if (status != STATUS_OK) {
		show_busy(job);
	} else {
		show_token(job, job->cookie);
		job->route->show(job);
	}
}

static void begin_profile(struct job *job)
{
	job->profile.view = job->view;
	job->profile.now_s = env_wall_s(job->page->parts.env);
	if (state_do(job->page->parts.state, work, on_read, job) != STATUS_OK)
		show_busy(job);
}

static void begin_home(struct job *job)
{
	if (job->cookie.len)
		begin_profile(job);
	else
		show_login(job, 200, 0, "");
}

/* ---- Addresses as they are now ---- */

static int home_status(const struct job *job)
{
	switch (job->act_status) {
	case STATUS_OK:
		return 200;
	case STATUS_NOT_FOUND:
		return 404;
	case STATUS_DUPLICATE:
	case STATUS_FULL:
		return 409;
	case STATUS_INVALID:
		return 400;
	default:
		return 503;
	}
}

static void show_home(struct job *job)
{
	int status = home_status(job);

	show(job, status, status == 503 ? BUSY_RETRY_S : 0, &profile_sheet);
}

static void one_look_less(struct job *job)
{
	if (--job->looks_missing == 0)
		show_home(job);
}

static void on_seen(void *ctx, bool known, const struct addr *addrs, size_t count)
{
	struct look *look = ctx;
	struct view *view = view_item(look->view, "type");
	char text[ADDR_TEXT_MAX];

	view_text(view, "family", text_of(look->family == ADDR_V4 ? "IPv4" : "IPv6"));
	for (size_t i = 0; i < count; i++)
		view_text(view_item(view, "addr"), "address", text_of(addr_format(&addrs[i], text)));
	if (!known)
		view_text(view, "unknown", text_of("yes"));
	one_look_less(look->job);
}

static void look(struct job *job, struct profile_host *host, enum addr_family family, struct look *look)
{
	const struct page_parts *parts = &job->page->parts;

	*look = (struct look){job, host->view, family};
	job->looks_missing++;
	parts->look(parts->look_ctx, &host->name, family, on_seen, look);
}

static void show_with_addresses(struct job *job)
{
	/* One more than there are, so that those that are seen at once do not finish the job before all are asked. */
	job->looks_missing = 1;
	for (size_t i = 0; i < job->profile.host_count; i++) {
		look(job, &job->profile.hosts[i], ADDR_V4, &job->looks[2 * i]);
		look(job, &job->profile.hosts[i], ADDR_V6, &job->looks[2 * i + 1]);
	}
	one_look_less(job);
}

static void show_profile(struct job *job)
{
	if (text_equal(operand(job, "done"), text_of("revoked")))
		view_text(job->view, "notice", text_of("The key is revoked. It opens nothing any more."));
	show_with_addresses(job);
}

/* ---- Keys ---- */

static void log_key(const struct job *job, const char *event)
{
	char source[ADDR_TEXT_MAX];

	LOG(LOG_INFO, event, log_slice("user", session_login(&job->session)), log_slice("key", operand(job, "name")),
	    log_text("source", addr_format(&job->request->source, source)));
}

static enum status add_key(struct job *job, struct database *database)
{
	struct database_key key = {
		.name = job->form.name,
		.digest = job->key_digest,
		.hosts = job->form.hosts,
		.sources = job->form.sources,
		.expires_s = job->form.expires_s,
		.created_s = job->profile.now_s,
	};

	return *job->form.error ? STATUS_INVALID : database_key_add(database, session_login(&job->session), &key);
}

static const char *why_no_key(const struct job *job)
{
	switch (job->act_status) {
	case STATUS_DUPLICATE:
		return "You have a key of that name already. Choose another name.";
	case STATUS_FULL:
		return "You have as many keys as there may be. Revoke one first.";
	case STATUS_INVALID:
		return *job->form.error ? job->form.error : "That cannot be the name of a key.";
	default:
		return "The key could not be kept. Please try again soon.";
	}
}

/* What one of the settings is for: the host that was asked for, or else the first one. */
static void show_settings_host(struct job *job, struct text wanted)
{
	const struct profile *profile = &job->profile;
	size_t chosen = 0;

	for (size_t i = 0; i < profile->host_count; i++) {
		if (text_equal(name_text(&profile->hosts[i].name), wanted))
			chosen = i;
	}
	if (profile->host_count == 0) {
		view_text(job->view, "settings_host", text_of("host.example.com"));
		return;
	}
	view_text(job->view, "settings_host", name_text(&profile->hosts[chosen].name));
	view_text(profile->hosts[chosen].view, "current", text_of("page"));
}

static void show_key(struct job *job)
{
	if (job->act_status != STATUS_OK) {
		view_text(job->view, "error", text_of(why_no_key(job)));
		view_text(job->view, "form_name", operand(job, "name"));
		view_text(job->view, "form_hosts", operand(job, "hosts"));
		view_text(job->view, "form_sources", operand(job, "sources"));
		view_text(job->view, "form_expires", operand(job, "expires"));
		view_text(job->view, "form_open", text_of("yes"));
		show_with_addresses(job);
		return;
	}
	log_key(job, "key-generated");
	view_text(job->view, "new_key", text_of(job->key));
	view_text(job->view, "settings_key", text_of(job->key));
	view_text(job->view, "new_name", job->form.name);
	show_settings_host(job, text_of(""));
	show(job, 200, 0, &key_sheet);
}

static void begin_generate(struct job *job)
{
	keyform_read(&job->request->params, &job->form);
	key_generate(job->page->parts.env, job->key);
	if (key_digest(text_of(job->key), job->key_digest) == STATUS_OK)
		begin_profile(job);
	else
		show_busy(job);
}

static enum status revoke_key(struct job *job, struct database *database)
{
	return database_key_revoke(database, session_login(&job->session), operand(job, "name"));
}

static void show_revoked(struct job *job)
{
	if (job->act_status == STATUS_OK) {
		log_key(job, "key-revoked");
		redirect(job, PAGE_PATH "?done=revoked");
		return;
	}
	view_text(job->view, "error",
		  text_of(job->act_status == STATUS_NOT_FOUND ? "You have no key of that name."
							      : "The key could not be revoked. Please try again."));
	show_with_addresses(job);
}

/* ---- Settings for clients ---- */

static void show_settings(struct job *job)
{
	view_text(job->view, "settings_key", text_of("YOUR-KEY"));
	show_settings_host(job, operand(job, "host"));
	show(job, 200, 0, &settings_sheet);
}

/* ---- The beginning: routes ---- */

static const struct route routes[] = {
	{.path = "", .methods = HTTP_GET | HTTP_HEAD, .begin = begin_home, .show = show_profile},
	{.path = "settings",
	 .methods = HTTP_GET | HTTP_HEAD,
	 .begin = begin_profile,
	 .for_users = true,
	 .show = show_settings},
	{.path = "login", .methods = HTTP_POST, .begin = begin_login},
	{.path = "logout", .methods = HTTP_POST, .begin = begin_logout, .for_users = true},
	{.path = "keys",
	 .methods = HTTP_POST,
	 .begin = begin_generate,
	 .for_users = true,
	 .act = add_key,
	 .show = show_key},
	{.path = "keys/revoke",
	 .methods = HTTP_POST,
	 .begin = begin_profile,
	 .for_users = true,
	 .act = revoke_key,
	 .show = show_revoked},
};

/* What the browser loads for the page. */
static const struct {
	const char *path;
	const char *type;
} files[] = {
	{"style.css", "text/css; charset=utf-8"},
	{"page.js", "text/javascript; charset=utf-8"},
	{"icon.svg", "image/svg+xml"},
};

static void answer_plain(const struct page *page, struct http_exchange *exchange, int status, const char *text,
			 unsigned allow)
{
	struct http_response response;

	http_response_init(&response);
	http_response_plain(&response, status, text);
	response.headers = common_headers;
	response.allow = allow;
	response.retry_after_s = status == 503 ? BUSY_RETRY_S : 0;
	page->parts.answer(&exchange, &response);
}

/* Says whether it was one of the files. */
static bool answer_file(const struct page *page, struct http_exchange *exchange, struct text path)
{
	struct http_response response;
	struct text octets = assets_find(path);
	struct buffer buffer = {0};

	http_response_init(&response);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		if (text_equal(path, text_of(files[i].path)))
			response.content_type = files[i].type;
	}
	if (!response.content_type)
		return false;
	buffer_add(&buffer, octets);
	if (buffer.failed) {
		answer_plain(page, exchange, 503, "503 out of memory", 0);
		return true;
	}
	response.status = 200;
	response.headers = common_headers;
	response.page = buffer.octets;
	response.page_len = buffer.len;
	page->parts.answer(&exchange, &response);
	return true;
}

static const struct route *find_route(struct text path)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		if (text_equal(path, text_of(routes[i].path)))
			return &routes[i];
	}
	return NULL;
}

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
	struct text cookie = guard_cookie(job->request->cookies, SESSION_COOKIE);
	const struct session *session = sessions_find(job->page->sessions, cookie);

	if (!session)
		return;
	job->cookie = cookie;
	job->session = *session;
}

static void begin(struct job *job)
{
	find_session(job);
	if (job->route->for_users && !job->cookie.len)
		redirect(job, PAGE_PATH);
	else if (job->route->for_users && job->request->method == HTTP_POST && !is_from_here(job, job->cookie))
		show_error(job, 403, 0, "The form was too old. Please go back to your profile and try again.");
	else
		job->route->begin(job);
}

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

/* For paths without the slash at the end, and for those of forms that are looked up like pages. */
static void answer_see_home(const struct page *page, struct http_exchange *exchange)
{
	static const struct http_header headers[] = {{"Location", PAGE_PATH}, {NULL, NULL}};
	struct http_response response;

	http_response_init(&response);
	http_response_plain(&response, 303, "303 see " PAGE_PATH);
	response.headers = headers;
	page->parts.answer(&exchange, &response);
}

static void answer_without_job(const struct page *page, struct http_exchange *exchange, const struct route *route,
			       enum http_method method)
{
	if (!route)
		answer_plain(page, exchange, 404, "404 no such page", 0);
	else if (method & (HTTP_GET | HTTP_HEAD))
		answer_see_home(page, exchange);
	else
		answer_plain(page, exchange, 405, "405 this method is not allowed here", route->methods);
}

void page_handle(void *ctx, struct http_exchange *exchange, const struct http_request *request)
{
	struct page *page = ctx;
	size_t prefix_len = sizeof PAGE_PATH - 1;
	const struct route *route;
	struct text path;
	struct job *job;

	if (!is_private(page, request)) {
		answer_plain(page, exchange, 403, "403 the account page is for HTTPS only", 0);
		return;
	}
	if (request->path.len < prefix_len) {
		answer_see_home(page, exchange);
		return;
	}
	path = (struct text){request->path.octets + prefix_len, request->path.len - prefix_len};
	if (answer_file(page, exchange, path))
		return;
	route = find_route(path);
	if (!route || !(route->methods & request->method)) {
		answer_without_job(page, exchange, route, request->method);
		return;
	}
	job = job_new(page, exchange, request, route);
	if (!job)
		answer_plain(page, exchange, 503, "503 too busy", 0);
	else
		begin(job);
}

enum status page_new(const struct page_parts *parts, struct page **out)
{
	struct session_limits limits = {SESSIONS_MAX, parts->idle_s, SESSION_AGE_S};
	struct page *page = calloc(1, sizeof *page);

	if (!page)
		return STATUS_NO_MEMORY;
	page->parts = *parts;
	parts->env->random(parts->env->ctx, page->secret, sizeof page->secret);
	if (sessions_new(parts->env, &limits, &page->sessions) != STATUS_OK) {
		free(page);
		return STATUS_NO_MEMORY;
	}
	*out = page;
	return STATUS_OK;
}

void page_free(struct page **page_pointer)
{
	struct page *page = *page_pointer;

	*page_pointer = NULL;
	if (!page)
		return;
	sessions_free(&page->sessions);
	secret_wipe(page->secret, sizeof page->secret);
	free(page);
}
