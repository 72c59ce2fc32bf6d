/*
 * Changing the login password:
 *
 *   passwd_begin     the form, a place to wait at
 *   check            on the worker: whether the session still holds; the hash of the password
 *   on_checked       the throttle; has the verifier check the current password
 *   on_verified      if it is right, has the worker go on
 *   passwd_change    on the worker: hashes the new one and keeps it
 *   passwd_show      a session under the new password, or the form again
 *
 * All other sessions of the user end because they were begun with another password. This one gets a new token, in case
 * somebody else has got hold of the old one.
 */
#include "page/passwd.h"

#include "base/secret.h"
#include "page/answer.h"
#include "page/home.h"
#include "page/job.h"
#include "page/login.h"

static void show_password_wait(struct page_job *job, unsigned wait_s)
{
	login_log_failure(job, "page-password", "throttled");
	answer_error(job, 429, wait_s, "There were too many failed attempts. Please wait some minutes.");
}

/* Whoever sits at a session that is not theirs must not guess at its password any faster than others. */
static void turn_password_away(struct page_job *job)
{
	unsigned wait_s = login_failed(job);

	if (wait_s) {
		show_password_wait(job, wait_s);
		return;
	}
	login_log_failure(job, "page-password", "refused");
	job->passform.error = "The current password is wrong.";
	home_read(job);
}

static void on_old_password_verified(void *ctx, enum status status, bool matches)
{
	struct page_job *job = ctx;

	if (status != STATUS_OK)
		answer_busy(job);
	else if (!matches)
		turn_password_away(job);
	else if (job_may_change(job)) /* not before: who does not know the password uses up nothing */
		home_read(job);
}

static enum status check_old_password(void *ctx, struct database *database)
{
	return home_check_session(ctx, database);
}

static void on_checked(void *ctx, enum status status)
{
	struct page_job *job = ctx;
	unsigned wait_s;

	if (status != STATUS_OK) {
		home_fail(job, status);
		return;
	}
	job->is_known = true;
	wait_s = login_wait_s(job);
	if (wait_s)
		show_password_wait(job, wait_s);
	else
		login_verify(job, job->passform.current, on_old_password_verified);
}

void passwd_begin(struct page_job *job)
{
	const struct page_parts *parts = &job->page->parts;

	job->login = session_login(&job->session);
	passform_read(&job->request->params, &job->passform);
	if (job->passform.error)
		home_read(job);
	else if (!login_may_wait(job, job->page->changes, CHANGES_MAX) ||
		 state_do(parts->state, check_old_password, on_checked, job) != STATUS_OK)
		answer_busy(job);
}

/*
 * The session was looked at once more, just before: its password is still the one that was verified. But hashing takes
 * a while, and another process may write meanwhile; what the administrator sets then must not be overwritten.
 */
enum status passwd_change(struct page_job *job, struct database *database)
{
	char fresh[PASSWORD_HASH_MAX];
	enum status status = job->passform.error ? STATUS_INVALID : password_hash(job->passform.fresh, fresh);

	if (status == STATUS_OK)
		status = database_user_change_password(database, job->login, text_of(job->password_hash),
						       text_of(fresh));
	if (status == STATUS_OK)
		memcpy(job->password_hash, fresh, strlen(fresh) + 1);
	secret_wipe(fresh, sizeof fresh);
	return status;
}

static void show_password_form_again(struct page_job *job)
{
	const char *error = job->passform.error;

	view_text(job->view, "error",
		  text_of(error ? error : "The password could not be changed. Please try again soon."));
	view_text(job->view, "password_open", text_of("yes"));
	home_show_with_addresses(job);
}

void passwd_show(struct page_job *job)
{
	if (job->act_status == STATUS_NOT_FOUND) { /* the password was another one by then, and the session is over */
		home_fail(job, job->act_status);
		return;
	}
	if (job->act_status != STATUS_OK) {
		show_password_form_again(job);
		return;
	}
	login_log(job, "page-password", "changed");
	sessions_end(job->page->parts.sessions, job->cookie);
	if (login_begin_session(job) == STATUS_OK)
		answer_redirect(job, PAGE_PATH "?done=password");
	else
		answer_busy(job);
}
