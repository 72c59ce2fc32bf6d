/*
 * The profile:
 *
 *   home_read     has the worker look whether the session still holds, act, and read what the store knows
 *   look          asks the primary for the addresses of each host
 *   on_seen       gathers them; with the last one the page is shown
 */
#include "page/home.h"

#include "base/secret.h"
#include "page/answer.h"
#include "page/job.h"
#include "page/login.h"

/* ---- What the store knows ---- */

/* Whether the user is still there, active, and has the password with which the session was begun. */
enum status home_check_session(struct page_job *job, struct database *database)
{
	uint8_t mark[KEY_DIGEST_LEN];
	enum status status = database_password(database, session_login(&job->session), job->password_hash);

	if (status == STATUS_OK)
		status = key_digest(text_of(job->password_hash), mark);
	if (status == STATUS_OK && !secret_equal(mark, job->session.mark, sizeof mark))
		status = STATUS_NOT_FOUND;
	return status;
}

static enum status home_work(void *ctx, struct database *database)
{
	struct page_job *job = ctx;
	enum status status = home_check_session(job, database);

	if (status != STATUS_OK)
		return status;
	job->act_status = job->route->act ? job->route->act(job, database) : STATUS_OK;
	return profile_read(&job->profile, database, session_login(&job->session));
}

void home_fail(struct page_job *job, enum status status)
{
	if (status != STATUS_NOT_FOUND) {
		answer_busy(job);
		return;
	}
	sessions_end(job->page->parts.sessions, job->cookie);
	answer_cookie(job, COOKIE_SESSION, "");
	answer_redirect(job, PAGE_PATH);
}

static void on_history_read(void *ctx, enum status status)
{
	struct page_job *job = ctx;

	if (status != STATUS_OK) {
		home_fail(job, status);
	} else {
		job_show_token(job, job->cookie);
		job->route->show(job);
	}
}

void home_read(struct page_job *job)
{
	job->profile.view = job->view;
	job->profile.now_s = env_wall_s(job->page->parts.env);
	if (state_do(job->page->parts.state, home_work, on_history_read, job) != STATUS_OK)
		answer_busy(job);
}

/* ---- What the primary knows ---- */

static int http_status(enum status act_status)
{
	switch (act_status) {
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
		return 500;
	}
}

static void one_look_less(struct page_job *job)
{
	if (--job->looks_missing == 0)
		answer_show(job, http_status(job->act_status), 0, &sheet_profile);
}

static void on_seen(void *ctx, bool known, const struct addr *addrs, size_t count)
{
	struct page_look *look = ctx;
	struct view *view = view_item(look->view, "type");
	char text[ADDR_TEXT_MAX];

	view_text(view, "family", text_of(look->type == RR_A ? "IPv4" : "IPv6"));
	view_text(view, "unknown", text_of(known ? "" : "yes"));
	for (size_t i = 0; i < count; i++)
		view_text(view_item(view, "addr"), "address", text_of(addr_format(&addrs[i], text)));
	one_look_less(look->job);
}

static void home_look(struct page_job *job, const struct profile_host *host, enum rr_type type, struct page_look *look)
{
	const struct page_parts *parts = &job->page->parts;

	*look = (struct page_look){job, host->view, type};
	job->looks_missing++;
	parts->look(parts->look_ctx, &host->name, type, on_seen, look);
}

void home_show_with_addresses(struct page_job *job)
{
	/* One more than there are, so that those that are seen at once do not finish the job before all are asked. */
	job->looks_missing = 1;
	for (size_t i = 0; i < job->profile.host_count; i++) {
		home_look(job, &job->profile.hosts[i], RR_A, &job->looks[2 * i]);
		home_look(job, &job->profile.hosts[i], RR_AAAA, &job->looks[2 * i + 1]);
	}
	one_look_less(job);
}

/* ---- The page itself ---- */

void home_begin(struct page_job *job)
{
	if (job->cookie.len)
		home_read(job);
	else
		login_show(job, 200, 0, "");
}

void home_show(struct page_job *job)
{
	struct text done = job_operand(job, "done");

	if (text_equal(done, text_of("revoked")))
		view_text(job->view, "notice", text_of("The key is revoked. It opens nothing any more."));
	else if (text_equal(done, text_of("password")))
		view_text(job->view, "notice",
			  text_of("Your password is changed. Wherever else you were logged in, you "
				  "are not any more."));
	home_show_with_addresses(job);
}
