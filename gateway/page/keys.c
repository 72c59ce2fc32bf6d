/*
 * Generating and revoking keys.
 */
#include "page/keys.h"

#include "base/log.h"
#include "page/answer.h"
#include "page/home.h"
#include "page/job.h"
#include "page/settings.h"

static void log_key(const struct page_job *job, const char *event)
{
	char source[ADDR_TEXT_MAX];

	LOG(LOG_INFO, event, log_slice("user", session_login(&job->session)),
	    log_slice("key", job_operand(job, "name")), log_text("source", job_source(job, source)));
}

/* ---- Generating ---- */

void keys_begin(struct page_job *job)
{
	keyform_read(&job->request->params, &job->form);
	key_generate(job->page->parts.env, job->key);
	if (key_digest(text_of(job->key), job->key_digest) == STATUS_OK)
		home_read(job);
	else
		answer_busy(job);
}

enum status keys_add(struct page_job *job, struct database *database)
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

static const char *why_no_key(const struct page_job *job)
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

/* The profile with the form as it was. */
static void show_key_form_again(struct page_job *job)
{
	view_text(job->view, "error", text_of(why_no_key(job)));
	view_text(job->view, "form_open", text_of("yes"));
	view_text(job->view, "form_name", job_operand(job, "name"));
	view_text(job->view, "form_hosts", job_operand(job, "hosts"));
	view_text(job->view, "form_sources", job_operand(job, "sources"));
	view_text(job->view, "form_expires", job_operand(job, "expires"));
	home_show_with_addresses(job);
}

void keys_show_added(struct page_job *job)
{
	if (job->act_status != STATUS_OK) {
		show_key_form_again(job);
		return;
	}
	log_key(job, "key-generated");
	view_text(job->view, "new_key", text_of(job->key));
	view_text(job->view, "new_name", job->form.name);
	settings_fill_in(job, (struct text){"", 0}, text_of(job->key));
	answer_show(job, 200, 0, &sheet_key);
}

/* ---- Revoking ---- */

enum status keys_revoke(struct page_job *job, struct database *database)
{
	return database_key_revoke(database, session_login(&job->session), job_operand(job, "name"));
}

void keys_show_revoked(struct page_job *job)
{
	if (job->act_status == STATUS_OK) {
		log_key(job, "key-revoked");
		answer_redirect(job, PAGE_PATH "?done=revoked");
		return;
	}
	view_text(job->view, "error",
		  text_of(job->act_status == STATUS_NOT_FOUND ? "You have no key of that name."
							      : "The key could not be revoked. Please try again."));
	home_show_with_addresses(job);
}
