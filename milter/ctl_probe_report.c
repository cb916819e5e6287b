/* milter/ctl_probe_report.c: what authrelayctl probe found, for people and monitors */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "ctl_probe.h"
#include "encode.h"

#define WORD_MAX	1000
#define REPLY_MAX	300

static const char *const verdicts[] = {
	[PROBE_REFUSED] = "refused",
	[PROBE_KEPT] = "kept",
	[PROBE_RELAYED] = "RELAY",
	[PROBE_DOUBTFUL] = "doubtful",
	[PROBE_TEMPORARY] = "temporary",
	[PROBE_LOST] = "lost"
};

void
probe_report_init(struct probe_report *report, enum probe_format format,
    const char *target)
{
	*report = (struct probe_report){ .format = format, .target = target };
	buf_init(&report->lines);
	buf_init(&report->relays);
}

void
probe_report_clear(struct probe_report *report)
{
	buf_clear(&report->lines);
	buf_clear(&report->relays);
}

void
probe_report_fail(struct probe_report *report, const char *why)
{
	report->why = why;
}

static void
add_bytes(struct buf *out, const char *key, const char *text, size_t len)
{
	buf_printf(out, "\"%s\": ", key);
	encode_json(out, text == NULL ? "" : text, len);
}

static void
add_string(struct buf *out, const char *key, const char *text)
{
	add_bytes(out, key, text, strlen(text));
}

static void
add_json(struct buf *out, const struct probe_form *form,
    const struct probe_sender *sender, const char *said, const char *verdict,
    int code, const struct buf *reply)
{
	buf_puts(out, out->len > 0 ? ",\n  {" : "\n  {");
	add_string(out, "form", form->name);
	buf_puts(out, ", ");
	add_string(out, "known_from", form->known);
	buf_puts(out, ", ");
	add_string(out, "sender", sender->name);
	buf_puts(out, ", ");
	add_string(out, "recipient", said);
	buf_printf(out, ", \"verdict\": \"%s\", \"code\": %d, ", verdict, code);
	add_bytes(out, "reply", reply->data, reply->len);
	buf_putc(out, '}');
}

static void
add_text(struct buf *out, const struct probe_form *form,
    const struct probe_sender *sender, const char *said, const char *verdict,
    int code, const struct buf *reply)
{
	buf_printf(out, "%-9s %s, from %s: ", verdict, form->name, sender->name);
	(void)encode_word(out, said, strlen(said), WORD_MAX);
	buf_printf(out, ": %03d ", code);
	if (reply->len > 0)
		(void)encode_word(out, reply->data, reply->len, REPLY_MAX);
	buf_putc(out, '\n');
}

void
probe_report_add(struct probe_report *report, const struct probe_form *form,
    const struct probe_sender *sender, const char *said, enum probe_verdict verdict,
    int code, const struct buf *reply)
{
	report->tests++;
	report->open += verdict >= PROBE_DOUBTFUL;
	if (verdict == PROBE_RELAYED) {
		/* No address: a monitor would take a | for the end of the line. */
		buf_printf(&report->relays, "%s%s (from %s)",
		    report->relayed++ > 0 ? "\n" : "", form->name, sender->name);
	}
	(report->format == PROBE_JSON ? add_json : add_text)(&report->lines, form, sender,
	    said, verdicts[verdict], code, reply);
}

static enum probe_status
status_of(const struct probe_report *report)
{
	if (report->relayed > 0)
		return PROBE_RELAY;
	if (report->why != NULL || report->lines.failed || report->tests == 0)
		return PROBE_UNKNOWN;
	return report->open > 0 ? PROBE_WARNING : PROBE_OK;
}

static void
add_summary(const struct probe_report *report, struct buf *out)
{
	if (report->why != NULL)
		buf_printf(out, "%u tests performed, then they ended: %s.", report->tests,
		    report->why);
	else
		buf_printf(out, "All %u tests performed, ", report->tests);
	if (report->relayed > 0)
		buf_printf(out, "%s%u relays accepted.", report->why != NULL ? " " : "",
		    report->relayed);
	else if (report->why == NULL)
		buf_puts(out, "no relays accepted.");
	if (report->open > 0)
		buf_printf(out, " %u without a clear answer.", report->open);
}

static void
print(const struct buf *text)
{
	if (text->len > 0)
		(void)fwrite(text->data, 1, text->len, stdout);
}

static void
write_json(const struct probe_report *report, const char *word, struct buf *out)
{
	buf_puts(out, "{");
	add_string(out, "target", report->target);
	buf_printf(out, ", \"status\": \"%s\", \"performed\": %u, \"relays\": %u, "
	    "\"unclear\": %u, ", word, report->tests, report->relayed, report->open);
	add_string(out, "why", report->why == NULL ? "" : report->why);
	buf_puts(out, ", \"tests\": [");
	print(out);
	print(&report->lines);
	(void)fputs("\n]}\n", stdout);
}

enum probe_status
probe_report_write(const struct probe_report *report)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };
	enum probe_status status = status_of(report);
	struct buf out;

	buf_init(&out);
	if (report->format == PROBE_JSON) {
		write_json(report, words[status], &out);
	} else if (report->format == PROBE_NAGIOS) {
		buf_printf(&out, "RELAY %s - ", words[status]);
		add_summary(report, &out);
		print(&out);
		(void)putchar('\n');
		print(&report->relays);
		(void)fputs(report->relayed > 0 ? "\n" : "", stdout);
	} else {
		print(&report->lines);
		add_summary(report, &out);
		print(&out);
		(void)fputs(report->relayed > 0 ? "\nRelays:\n" : "\n", stdout);
		print(&report->relays);
		(void)fputs(report->relayed > 0 ? "\n" : "", stdout);
	}
	if (report->lines.failed || report->relays.failed || out.failed)
		status = report->relayed > 0 ? PROBE_RELAY : PROBE_UNKNOWN;
	buf_clear(&out);
	return fflush(stdout) != 0 && status == PROBE_OK ? PROBE_UNKNOWN : status;
}

void
probe_list(void)
{
	for (const struct probe_form *form = probe_forms(); form->name != NULL; form++)
		(void)printf("%s\t%s\t%s\n", form->name, form->known, form->text);
}
