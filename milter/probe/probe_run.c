/* milter/probe/probe_run.c: every form from every sender, to a server or to a filter */
/* SPDX-License-Identifier: ISC */

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "probe/probe.h"
#include "probe/probe_session.h"

#define LOST_MAX	3	/* tests in a row */

struct play {
	const struct probe_target *target;
	struct probe_report	*report;
	struct probe_talk	 talk;
	struct buf		 rcpt;
	int			 takes_any;	/* user of the server */
	unsigned		 lost_in_row;
};

static enum probe_verdict
judge(const struct play *play, int code)
{
	enum probe_kind kind = play->talk.form->kind;

	if (code == -1)
		return PROBE_LOST;
	if (code / 100 == 4)
		return PROBE_TEMPORARY;
	if (play->talk.is_login)
		return code / 100 == 2 ? PROBE_SERVED : PROBE_FAILED;
	if (code / 100 != 2)
		return PROBE_REFUSED;
	if (kind == PROBE_OWN)
		return PROBE_KEPT;
	return kind == PROBE_DISGUISED && play->takes_any ? PROBE_DOUBTFUL : PROBE_RELAYED;
}

static void
report_test(struct play *play, const char *sender, int code)
{
	const struct probe_talk *talk = &play->talk;
	const struct probe_result result = { .form = talk->form, .sender = sender,
	    .rcpt = play->rcpt.data, .verdict = judge(play, code),
	    .code = code <= PROBE_TALK_NO_LOGIN ? 0 : code, .why = talk->why,
	    .reply = &talk->reply, .is_sent = talk->is_sent };

	probe_report_add(play->report, &result);
}

static int
no_memory(struct play *play)
{
	probe_report_end(play->report, PROBE_UNKNOWN, "out of memory");
	return -1;
}

static int
write_rcpt(struct play *play, const char *text)
{
	buf_reset(&play->rcpt);
	probe_text_write(text, &play->talk.names, &play->rcpt);
	return play->rcpt.failed ? no_memory(play) : 0;
}

/* Whether the server accepts whatever stands before the @. */
static void
learn_takes_any(struct play *play)
{
	int code;

	if (play->target->is_milter || write_rcpt(play, "<$n@$d>") == -1)
		return;		/* a filter does not know the users */
	code = probe_talk_ask(&play->talk, play->rcpt.data, PROBE_OWN, PROBE_ALONE);
	play->takes_any = code / 100 == 2;
}

static int
wants_tls(const struct probe_talk *talk, int code)
{
	static const char word[] = "STARTTLS";

	return code == 530 && talk->smtp.stream.tls == NULL && talk->reply.len > 0 &&
	    memmem(talk->reply.data, talk->reply.len, word, strlen(word)) != NULL;
}

/* Whether the server answers at all. Returns the code, or -1 where that ends it. */
static int
check_control(struct play *play)
{
	static const struct probe_sender sender = { "", "", "<$u@$x>", NULL, 0 };
	struct probe_talk *talk = &play->talk;
	int code;

	if (probe_talk_set_sender(talk, &sender) == -1)
		return no_memory(play);
	code = probe_talk_ask(talk, play->target->control, PROBE_OWN, PROBE_ALONE);
	if (code == -1)
		probe_report_end(play->report, PROBE_UNKNOWN, "%s", talk->why);
	else if (code / 100 == 4)
		probe_report_end(play->report, PROBE_WARNING, talk->is_shut ?
		    "the server does not serve us now (%d)" :
		    "the server does not accept the local recipient now (%d)", code);
	else if (!play->target->is_milter && wants_tls(talk, code))
		probe_report_end(play->report, PROBE_UNKNOWN, "the server wants STARTTLS first");
	else if (!play->target->is_milter)
		probe_report_session(play->report, &talk->smtp);
	return play->report->ended == PROBE_OK ? code : -1;
}

/* One test more: who has logged in may relay. */
static void
play_login(struct play *play)
{
	const char *user = play->target->user;
	char text[PROBE_NAME_MAX + 3] = "<$l@$d>";
	const struct probe_sender sender = { "", "the user who logs in", text, NULL, 0 };
	struct probe_talk *talk = &play->talk;
	int code;

	if (strlen(user) <= PROBE_NAME_MAX && probe_talk_is_plain(user, strlen(user)))
		(void)snprintf(text, sizeof(text), "<%s>", user);
	talk->form = probe_login_form();
	talk->number = play->report->tests + 1;
	if (write_rcpt(play, talk->form->text) == -1)
		return;
	if (probe_talk_set_sender(talk, &sender) == -1) {
		(void)no_memory(play);
		return;
	}
	if ((code = probe_talk_log_in(talk)) == 0)
		code = probe_talk_ask_once(talk, play->rcpt.data, talk->form->kind, PROBE_ALONE);
	if (code == PROBE_TALK_NO_WAY)
		probe_report_end(play->report, PROBE_UNKNOWN, "%s", talk->why);
	else
		report_test(play, sender.name, code);
}

static int
is_played(const struct play *play, const struct probe_sender *sender)
{
	return !play->target->is_quick || sender->is_first;
}

static unsigned
count_tests(const struct play *play)
{
	unsigned forms = 0, total = play->target->user != NULL;

	for (const struct probe_form *form = probe_forms(); form->name != NULL; form++)
		forms += probe_text_is_known(form->text, &play->talk.names) != 0;
	for (const struct probe_sender *i = probe_senders(); i->id != NULL; i++)
		total += is_played(play, i) ? forms : 0;
	return total;
}

/* All before the forms; it may end them. */
static void
begin_tests(struct play *play)
{
	struct probe_report *report = play->report;
	int code = check_control(play);

	if (code == -1)
		return;
	if (code / 100 == 2)
		learn_takes_any(play);
	report->planned = count_tests(play);
	if (play->target->user != NULL && report->ended == PROBE_OK)
		play_login(play);
	/*
	 * The refusals of a server that accepts nothing tell nothing; but it may accept
	 * something from those who have logged in, or say (530) that it would.
	 */
	if (code / 100 != 2 && code != 530 && report->ended == PROBE_OK &&
	    report->served == 0)
		probe_report_end(report, PROBE_UNKNOWN, "the server does not accept the local "
		    "recipient, so its refusals tell nothing");
}

static void
count_lost(struct play *play, int code)
{
	int is_lost = code == -1 || play->talk.is_shut;

	play->lost_in_row = is_lost ? play->lost_in_row + 1 : 0;
	if (play->lost_in_row < LOST_MAX)
		return;
	if (code == -1)
		probe_report_end(play->report, PROBE_UNKNOWN, "%s", play->talk.why);
	else
		probe_report_end(play->report, PROBE_WARNING,
		    "the server does not serve us any more (%d)", code);
}

static void
play_sender(struct play *play, const struct probe_sender *sender)
{
	const struct probe_form *form = probe_forms();
	struct probe_talk *talk = &play->talk;
	int code;

	for (; form->name != NULL && play->report->ended == PROBE_OK; form++) {
		if (!probe_text_is_known(form->text, &talk->names))
			continue;
		if (write_rcpt(play, form->text) == -1)
			return;
		(void)poll(NULL, 0, play->target->delay_ms);
		talk->form = form;
		talk->number = play->report->tests + 1;
		code = probe_talk_ask(talk, play->rcpt.data, form->kind, form->lead);
		report_test(play, sender->name, code);
		count_lost(play, code);
	}
}

void
probe_play(const struct probe_target *target, struct probe_report *report)
{
	const struct probe_sender *sender = probe_senders();
	struct play play = { .target = target, .report = report };

	probe_talk_init(&play.talk, target);
	begin_tests(&play);
	for (; sender->id != NULL && report->ended == PROBE_OK; sender++) {
		if (!is_played(&play, sender))
			continue;
		if (probe_talk_set_sender(&play.talk, sender) == -1)
			(void)no_memory(&play);
		else
			play_sender(&play, sender);
	}
	probe_talk_clear(&play.talk);
	buf_clear(&play.rcpt);
}
