/*
 * Settings for clients, to be pasted.
 */
#include "page/settings.h"

#include "page/answer.h"
#include "page/job.h"

/* The index of the host of that name; 0 if there is none. */
static size_t find_host_setting(const struct profile *profile, struct text name)
{
	for (size_t i = 0; i < profile->host_count; i++) {
		if (text_equal(name_text(&profile->hosts[i].name), name))
			return i;
	}
	return 0;
}

void settings_fill_in(struct page_job *job, struct text host, struct text key)
{
	const struct profile *profile = &job->profile;
	size_t chosen = find_host_setting(profile, host);

	view_text(job->view, "settings_key", key);
	if (profile->host_count == 0) {
		view_text(job->view, "settings_host", text_of("host.example.com"));
		return;
	}
	view_text(job->view, "settings_host", name_text(&profile->hosts[chosen].name));
	view_text(profile->hosts[chosen].view, "current", text_of("page"));
}

void settings_show(struct page_job *job)
{
	settings_fill_in(job, job_operand(job, "host"), text_of("YOUR-KEY"));
	answer_show(job, 200, 0, &sheet_settings);
}
