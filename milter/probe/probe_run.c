/* milter/probe/probe_run.c: relay tester: every form from every sender */
/* SPDX-License-Identifier: ISC */

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "probe/probe.h"
#include "probe/probe_session.h"

#define LOST_MAX	3	/* tests in a row */

struct run {
	const struct probe_target *target;
	struct probe_report	*report;
	struct probe_session	 session;
	struct buf		 rcpt;
	int			 takes_any;	/* user of the server */
	unsigned		 lost_in_row;
};

static enum probe_verdict
policy_resolve(const struct run *run, int code)
{
	enum probe_kind kind = run->session.form->kind;

	if (code == -1)
		return PROBE_LOST;
	if (code / 100 == 4)
		return PROBE_TEMPORARY;
	if (run->session.is_login)
		return code / 100 == 2 ? PROBE_SERVED : PROBE_FAILED;
	if (code / 100 != 2)
		return PROBE_REFUSED;
	if (kind == PROBE_OWN)
		return PROBE_KEPT;
	return kind == PROBE_DISGUISED && run->takes_any ? PROBE_DOUBTFUL : PROBE_RELAYED;
}

static void
report_test(struct run *run, const char *sender, int code)
{
	const struct probe_session *session = &run->session;
	const struct probe_result result = { .form = session->form, .sender = sender,
	    .rcpt = run->rcpt.data, .verdict = policy_resolve(run, code),
	    .code = code <= PROBE_SESSION_NO_LOGIN ? 0 : code, .why = session->why,
	    .reply = &session->reply, .is_sent = session->is_sent };

	probe_report_add(run->report, &result);
}

static int
no_memory(struct run *run)
{
	probe_report_end(run->report, PROBE_UNKNOWN, "out of memory");
	return -1;
}

static int
write_rcpt(struct run *run, const char *text)
{
	buf_reset(&run->rcpt);
	probe_text_write(text, &run->session.names, &run->rcpt);
	return run->rcpt.failed ? no_memory(run) : 0;
}

/* Whether the server accepts any word before the @. */
static void
learn_takes_any(struct run *run)
{
	int code;

	if (run->target->is_milter || write_rcpt(run, "<$n@$d>") == -1)
		return;		/* a filter does not know the users */
	code = probe_session_ask(&run->session, run->rcpt.data, PROBE_OWN, PROBE_ALONE);
	run->takes_any = code / 100 == 2;
}

static int
wants_tls(const struct probe_session *session, int code)
{
	static const char word[] = "STARTTLS";

	return code == 530 && session->smtp.stream.tls == NULL &&
	    session->reply.len > 0 &&
	    memmem(session->reply.data, session->reply.len, word, strlen(word)) != NULL;
}

/* Whether the server answers at all. Returns the code, or -1 where that ends it. */
static int
check_control(struct run *run)
{
	static const struct probe_sender sender = { "", "", "<$u@$x>", NULL, 0 };
	struct probe_session *session = &run->session;
	int code;

	if (probe_session_set_sender(session, &sender) == -1)
		return no_memory(run);
	code = probe_session_ask(session, run->target->control, PROBE_OWN, PROBE_ALONE);
	if (code == -1)
		probe_report_end(run->report, PROBE_UNKNOWN, "%s", session->why);
	else if (code / 100 == 4)
		probe_report_end(run->report, PROBE_WARNING, session->is_shut ?
		    "the server is not available now (%d)" :
		    "the server does not accept the local recipient now (%d)", code);
	else if (!run->target->is_milter && wants_tls(session, code))
		probe_report_end(run->report, PROBE_UNKNOWN,
		    "the server requires STARTTLS");
	else if (!run->target->is_milter)
		probe_report_session(run->report, &session->smtp);
	return run->report->ended == PROBE_OK ? code : -1;
}

/* One test more: who has logged in may relay. */
static void
run_login(struct run *run)
{
	const char *user = run->target->user;
	char text[PROBE_NAME_MAX + 3] = "<$l@$d>";
	const struct probe_sender sender = { "", "the user who logs in", text, NULL, 0 };
	struct probe_session *session = &run->session;
	int code;

	if (strlen(user) <= PROBE_NAME_MAX && probe_session_is_plain(user, strlen(user)))
		(void)snprintf(text, sizeof(text), "<%s>", user);
	session->form = probe_login_form();
	session->number = run->report->tests + 1;
	if (write_rcpt(run, session->form->text) == -1)
		return;
	if (probe_session_set_sender(session, &sender) == -1) {
		(void)no_memory(run);
		return;
	}
	if ((code = probe_session_log_in(session)) == 0)
		code = probe_session_ask_once(session, run->rcpt.data,
		    session->form->kind, PROBE_ALONE);
	if (code == PROBE_SESSION_NO_WAY)
		probe_report_end(run->report, PROBE_UNKNOWN, "%s", session->why);
	else
		report_test(run, sender.name, code);
}

static int
is_wanted(const struct run *run, const struct probe_sender *sender)
{
	return !run->target->is_quick || sender->is_first;
}

static unsigned
count_tests(const struct run *run)
{
	unsigned forms = 0, total = run->target->user != NULL;

	for (const struct probe_form *form = probe_forms(); form->name != NULL; form++)
		forms += probe_text_is_known(form->text, &run->session.names) != 0;
	for (const struct probe_sender *i = probe_senders(); i->id != NULL; i++)
		total += is_wanted(run, i) ? forms : 0;
	return total;
}

/* All before the forms; it may end them. */
static void
begin_tests(struct run *run)
{
	struct probe_report *report = run->report;
	int code = check_control(run);

	if (code == -1)
		return;
	if (code / 100 == 2)
		learn_takes_any(run);
	report->planned = count_tests(run);
	if (run->target->user != NULL && report->ended == PROBE_OK)
		run_login(run);
	/*
	 * The refusals of a server that accepts nothing tell nothing; but it may accept
	 * something from those who have logged in, or say (530) that it would.
	 */
	if (code / 100 != 2 && code != 530 && report->ended == PROBE_OK &&
	    report->served == 0)
		probe_report_end(report, PROBE_UNKNOWN, "the server does not accept the "
		    "local recipient, so its refusals mean nothing");
}

static void
count_lost(struct run *run, int code)
{
	int is_lost = code == -1 || run->session.is_shut;

	run->lost_in_row = is_lost ? run->lost_in_row + 1 : 0;
	if (run->lost_in_row < LOST_MAX)
		return;
	if (code == -1)
		probe_report_end(run->report, PROBE_UNKNOWN, "%s", run->session.why);
	else
		probe_report_end(run->report, PROBE_WARNING,
		    "the server is not available any more (%d)", code);
}

static void
run_sender(struct run *run, const struct probe_sender *sender)
{
	const struct probe_form *form = probe_forms();
	struct probe_session *session = &run->session;
	int code;

	for (; form->name != NULL && run->report->ended == PROBE_OK; form++) {
		if (!probe_text_is_known(form->text, &session->names))
			continue;
		if (write_rcpt(run, form->text) == -1)
			return;
		(void)poll(NULL, 0, run->target->delay_ms);
		session->form = form;
		session->number = run->report->tests + 1;
		code = probe_session_ask(session, run->rcpt.data, form->kind, form->lead);
		report_test(run, sender->name, code);
		count_lost(run, code);
	}
}

void
probe_run(const struct probe_target *target, struct probe_report *report)
{
	const struct probe_sender *sender = probe_senders();
	struct run run = { .target = target, .report = report };

	probe_session_init(&run.session, target);
	begin_tests(&run);
	for (; sender->id != NULL && report->ended == PROBE_OK; sender++) {
		if (!is_wanted(&run, sender))
			continue;
		if (probe_session_set_sender(&run.session, sender) == -1)
			(void)no_memory(&run);
		else
			run_sender(&run, sender);
	}
	probe_session_clear(&run.session);
	buf_clear(&run.rcpt);
}
