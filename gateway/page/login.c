/*
 * Logging in:
 *
 *   login_begin      the form's token
 *   read_password    on the worker: the hash of the login's password
 *   on_password      the throttle; has the verifier check it
 *   on_verified      a session, or the form again
 */
#include "page/login.h"

#include <stdio.h>
#include <string.h>

#include "base/repeat.h"
#include "base/secret.h"
#include "page/answer.h"
#include "page/guard.h"
#include "page/job.h"

/* Who is not logged in has a cookie for the form's token alone. */
void login_show(struct page_job *job, int status, unsigned retry_after_s, const char *error)
{
	struct text cookie = guard_cookie(job->request->cookies, cookie_name(job->request->over_tls, COOKIE_LOGIN));
	char fresh[SESSION_TOKEN_LEN + 1];

	if (cookie.len != SESSION_TOKEN_LEN) {
		key_generate(job->page->parts.env, fresh);
		answer_cookie(job, COOKIE_LOGIN, fresh);
		cookie = text_of(fresh);
	}
	job_show_token(job, cookie);
	view_text(job->view, "error", text_of(error));
	view_text(job->view, "tried_login", job_operand(job, "login"));
	answer_show(job, status, retry_after_s, &sheet_login);
}

void login_log(const struct page_job *job, const char *event, const char *outcome)
{
	char source[ADDR_TEXT_MAX];

	LOG(LOG_INFO, event, log_text("outcome", outcome), log_text("source", job_source(job, source)),
	    log_slice("user", job->login));
}

void login_log_failure(const struct page_job *job, const char *event, const char *outcome)
{
	char source[ADDR_TEXT_MAX];

	LOG_REPEATED(LOG_INFO, event, log_text("outcome", outcome), log_text("source", job_source(job, source)),
		     log_slice("user", job->login));
}

/* ---- The throttle ---- */

/* Stands for the password, so that a lock is over when the login gets another one; 0: there is no such login. */
static uint64_t stamp_of_record(const struct page_job *job)
{
	uint8_t digest[KEY_DIGEST_LEN];
	uint64_t stamp = 0;

	if (key_digest(text_of(job->password_hash), digest) == STATUS_OK)
		memcpy(&stamp, digest, sizeof stamp);
	return job->is_known ? stamp : 0;
}

unsigned login_wait_s(const struct page_job *job)
{
	return throttle_wait_s(job->page->parts.throttle, job->login, stamp_of_record(job), &job->request->source,
			       job_now_ms(job));
}

unsigned login_failed(const struct page_job *job)
{
	return throttle_failed(job->page->parts.throttle, job->login, stamp_of_record(job), &job->request->source,
			       job_now_ms(job));
}

/* ---- How it ends ---- */

static void show_login_wait(struct page_job *job, unsigned wait_s)
{
	login_log_failure(job, "page-login", "throttled");
	login_show(job, 429, wait_s, "There were too many failed attempts. Please wait some minutes.");
}

static void turn_login_away(struct page_job *job)
{
	unsigned wait_s = login_failed(job);

	if (wait_s) {
		show_login_wait(job, wait_s);
		return;
	}
	login_log_failure(job, "page-login", "refused");
	login_show(job, 403, 0, "Login ID or password is wrong.");
}

/* The session's token is a new one, whatever the browser had before. */
enum status login_begin_session(struct page_job *job)
{
	char token[SESSION_TOKEN_LEN + 1];
	uint8_t mark[KEY_DIGEST_LEN];
	enum status status = key_digest(text_of(job->password_hash), mark);

	if (status == STATUS_OK)
		status = sessions_begin(job->page->parts.sessions, job->login, mark, token);
	if (status != STATUS_OK)
		return status;
	answer_cookie(job, COOKIE_SESSION, token);
	secret_wipe(token, sizeof token);
	return STATUS_OK;
}

static void let_in(struct page_job *job)
{
	if (login_begin_session(job) != STATUS_OK) {
		answer_busy(job);
		return;
	}
	login_log(job, "page-login", "logged-in");
	answer_cookie(job, COOKIE_LOGIN, "");
	answer_redirect(job, PAGE_PATH);
}

/* ---- On the way ---- */

static void on_login_verified(void *ctx, enum status status, bool matches)
{
	struct page_job *job = ctx;

	if (status != STATUS_OK)
		answer_busy(job);
	else if (matches && job->is_known)
		let_in(job);
	else
		turn_login_away(job);
}

/*
 * An unknown login takes as long as a wrong password: it is checked against a hash that no password has, of the method
 * and cost of another user's, drawn by lot. Each login has its own, because the verifier remembers pairs of hash and
 * password, and would answer faster to a pair that another unknown login had before.
 */
static enum status make_nobodys_record(struct page_job *job, struct database *database)
{
	uint64_t lot;
	enum status status;

	memcpy(&lot, job->lot + PASSWORD_LOT_LEN, sizeof lot);
	status = database_password_by_lot(database, lot, job->password_hash);
	if (status == STATUS_NOT_FOUND) { /* nobody can log in: as the first one will */
		strcpy(job->password_hash, "$y$j9T$abcdefghijklmnop./abc/$abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq");
		status = STATUS_OK;
	}
	password_make_nobodys(job->password_hash, job->lot);
	return status;
}

static enum status read_login_password(void *ctx, struct database *database)
{
	struct page_job *job = ctx;
	enum status status = database_password(database, job->login, job->password_hash);

	job->is_known = status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? make_nobodys_record(job, database) : status;
}

void login_verify(struct page_job *job, struct text password, verified_fn *done)
{
	const struct page_parts *parts = &job->page->parts;
	unsigned suspicion = throttle_suspicion(parts->throttle, job->login, &job->request->source, job_now_ms(job));

	verifier_check(parts->verifier, job->password_hash, password, suspicion, done, job, NULL);
}

static void on_password(void *ctx, enum status status)
{
	struct page_job *job = ctx;
	unsigned wait_s;

	if (status != STATUS_OK) {
		answer_busy(job);
		return;
	}
	wait_s = login_wait_s(job);
	if (wait_s)
		show_login_wait(job, wait_s);
	else
		login_verify(job, job->password, on_login_verified);
}

bool login_may_wait(struct page_job *job, struct addr *places, size_t count)
{
	const struct addr *source = &job->request->source;
	struct addr *place = NULL;
	size_t waiting = 0;

	for (size_t i = 0; i < count; i++) {
		waiting += text_equal(addr_customer(&places[i]), addr_customer(source));
		if (places[i].family == ADDR_NONE)
			place = &places[i];
	}
	if (!place || waiting >= WAITING_OF_A_SOURCE_MAX)
		return false;
	*place = *source;
	job->waits = place;
	return true;
}

static bool is_worth_checking(const struct page_job *job)
{
	return job->login.len > 0 && job->login.len <= ACCOUNT_LOGIN_MAX && job->password.len > 0 &&
	       job->password.len <= PASSWORD_MAX;
}

void login_begin(struct page_job *job)
{
	const struct page_parts *parts = &job->page->parts;

	if (!job_is_form_from_here(
		    job, guard_cookie(job->request->cookies, cookie_name(job->request->over_tls, COOKIE_LOGIN)))) {
		login_show(job, 403, 0, "The form was too old, or cookies are switched off. Please try again.");
		return;
	}
	job->login = job_operand(job, "login");
	job->password = job_operand(job, "password");
	if (!is_worth_checking(job))
		turn_login_away(job);
	else if (verifier_lot(parts->verifier, job->login, job->lot) != STATUS_OK ||
		 !login_may_wait(job, job->page->logins, LOGINS_MAX) ||
		 state_do(parts->state, read_login_password, on_password, job) != STATUS_OK)
		answer_busy(job);
}

void logout_begin(struct page_job *job)
{
	sessions_end(job->page->parts.sessions, job->cookie);
	answer_cookie(job, COOKIE_SESSION, "");
	job->cookie.len = 0;
	view_text(job->view, "notice", text_of("You are logged out."));
	login_show(job, 200, 0, "");
}
