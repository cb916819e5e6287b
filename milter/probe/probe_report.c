/* milter/probe/probe_report.c: relay tester: output for people, monitors and programs */
/* SPDX-License-Identifier: ISC */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/encode.h"
#include "core/json_write.h"
#include "probe/probe.h"

#define WORD_MAX	1000
#define REPLY_MAX	300

static const char *const verdicts[] = {
	[PROBE_REFUSED] = "refused",
	[PROBE_KEPT] = "kept",
	[PROBE_SERVED] = "served",
	[PROBE_RELAYED] = "RELAY",
	[PROBE_FAILED] = "FAILED",
	[PROBE_DOUBTFUL] = "doubtful",
	[PROBE_TEMPORARY] = "temporary",
	[PROBE_LOST] = "lost"
};

void
probe_report_init(struct probe_report *report, enum probe_format format,
    const char *target)
{
	*report = (struct probe_report){ .format = format, .target = target };
	progress_init(&report->progress);
	buf_init(&report->lines);
	buf_init(&report->relays);
	buf_init(&report->session);
}

void
probe_report_clear(struct probe_report *report)
{
	buf_clear(&report->lines);
	buf_clear(&report->relays);
	buf_clear(&report->session);
}

void
probe_report_end(struct probe_report *report, enum probe_status status,
    const char *fmt, ...)
{
	va_list ap;

	report->ended = status;
	va_start(ap, fmt);
	(void)vsnprintf(report->why, sizeof(report->why), fmt, ap);
	va_end(ap);
}

static void
add_json(struct buf *out, const struct probe_result *result, unsigned number)
{
	json_write_line(out);
	json_write_open(out, NULL, '{');
	json_write_text(out, "form", result->form->name);
	json_write_text(out, "known_from", result->form->known);
	json_write_text(out, "sender", result->sender);
	json_write_text(out, "recipient", result->rcpt);
	json_write_text(out, "verdict", verdicts[result->verdict]);
	json_write_number(out, "code", (uint64_t)result->code);
	json_write_bytes(out, "reply", result->reply->data, result->reply->len);
	if (result->is_sent)
		json_write_number(out, "message", number);
	json_write_close(out, '}');
}

static void
add_text(struct buf *out, const struct probe_result *result, unsigned number)
{
	buf_printf(out, "%-9s %s, from %s: ", verdicts[result->verdict],
	    result->form->name, result->sender);
	(void)encode_word(out, result->rcpt, strlen(result->rcpt), WORD_MAX);
	buf_printf(out, ": %03d ", result->code);
	if (result->code == 0)
		buf_puts(out, result->why);
	else if (result->reply->len > 0)
		(void)encode_word(out, result->reply->data, result->reply->len,
		    REPLY_MAX);
	if (result->is_sent)
		buf_printf(out, " (message %u)", number);
	buf_putc(out, '\n');
}

static void
print(const struct buf *text)
{
	if (text->len > 0)
		(void)fwrite(text->data, 1, text->len, stdout);
}

/* A line as it happens. */
static void
print_line(struct probe_report *report, const struct buf *line)
{
	progress_hide(&report->progress);
	print(line);
	if (line->failed)
		probe_report_end(report, PROBE_UNKNOWN, "out of memory");
	else if (fflush(stdout) != 0 && report->ended == PROBE_OK)
		probe_report_end(report, PROBE_UNKNOWN,
		    "standard output cannot be written");
}

void
probe_report_session(struct probe_report *report, const struct smtp_client *client)
{
	struct buf line;

	buf_reset(&report->session);
	smtp_client_describe(client, &report->session);
	if (report->format != PROBE_TEXT || report->session.failed)
		return;
	buf_init(&line);
	buf_printf(&line, "%-9s %s\n", "session", report->session.data);
	print_line(report, &line);
	buf_clear(&line);
}

void
probe_report_add(struct probe_report *report, const struct probe_result *result)
{
	struct buf line;

	report->tests++;
	report->open += result->verdict >= PROBE_DOUBTFUL;
	report->served += result->verdict == PROBE_SERVED;
	report->failed += result->verdict == PROBE_FAILED;
	if (result->verdict == PROBE_RELAYED) {
		/* No address: a monitor would take a | for the end of the line. */
		buf_printf(&report->relays, "%s%s (from %s)",
		    report->relayed++ > 0 ? "\n" : "", result->form->name,
		    result->sender);
	}
	if (report->format == PROBE_JSON) {
		add_json(&report->lines, result, report->tests);
	} else if (report->format == PROBE_TEXT) {
		buf_init(&line);
		add_text(&line, result, report->tests);
		print_line(report, &line);
		buf_clear(&line);
	}
	progress_show(&report->progress, report->tests, report->planned, "%u of %u tests",
	    report->tests, report->planned);
}

static enum probe_status
status_of(const struct probe_report *report)
{
	if (report->relayed > 0 || report->failed > 0)
		return PROBE_CRITICAL;
	if (report->ended != PROBE_OK)
		return report->ended;
	if (report->tests == 0)
		return PROBE_UNKNOWN;
	return report->open > 0 ? PROBE_WARNING : PROBE_OK;
}

static void
add_summary(const struct probe_report *report, struct buf *out)
{
	if (report->ended != PROBE_OK)
		buf_printf(out, "%u tests performed, then stopped: %s.", report->tests,
		    report->why);
	else
		buf_printf(out, "All %u tests performed, ", report->tests);
	if (report->relayed > 0)
		buf_printf(out, "%s%u relays accepted.",
		    report->ended != PROBE_OK ? " " : "", report->relayed);
	else if (report->ended == PROBE_OK)
		buf_puts(out, "no relays accepted.");
	if (report->failed > 0)
		buf_puts(out, " An authenticated client cannot relay.");
	if (report->open > 0)
		buf_printf(out, " %u without a clear answer.", report->open);
}

static void
write_json(const struct probe_report *report, const char *word, struct buf *out)
{
	json_write_open(out, NULL, '{');
	json_write_text(out, "target", report->target);
	json_write_text(out, "status", word);
	json_write_number(out, "performed", report->tests);
	json_write_number(out, "relays", report->relayed);
	json_write_number(out, "failed", report->failed);
	json_write_number(out, "unclear", report->open);
	json_write_text(out, "why", report->why);
	json_write_bytes(out, "session", report->session.data, report->session.len);
	json_write_open(out, "tests", '[');
	print(out);
	print(&report->lines);
	(void)fputs("\n]}\n", stdout);
}

static void
write_text(const struct probe_report *report, const char *word, struct buf *out)
{
	int is_people = report->format == PROBE_TEXT, has_relays = report->relayed > 0;

	if (!is_people)
		buf_printf(out, "RELAY %s - ", word);
	add_summary(report, out);
	print(out);
	(void)fputs(is_people && has_relays ? "\nRelays:\n" : "\n", stdout);
	print(&report->relays);
	(void)fputs(has_relays ? "\n" : "", stdout);
}

enum probe_status
probe_report_finish(struct probe_report *report)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };
	enum probe_status status;
	struct buf out;

	progress_hide(&report->progress);
	buf_init(&out);
	if (report->lines.failed || report->relays.failed)
		probe_report_end(report, PROBE_UNKNOWN, "out of memory");
	status = status_of(report);
	(report->format == PROBE_JSON ? write_json : write_text)(report, words[status],
	    &out);
	if (out.failed && status != PROBE_CRITICAL)
		status = PROBE_UNKNOWN;
	buf_clear(&out);
	return fflush(stdout) != 0 && status != PROBE_CRITICAL ? PROBE_UNKNOWN : status;
}

static void
list(const struct probe_form *form)
{
	(void)printf("%s\t%s\t%s\n", form->name, form->known, form->text);
}

void
probe_list(void)
{
	for (const struct probe_form *form = probe_forms(); form->name != NULL; form++)
		list(form);
	list(probe_login_form());
}
