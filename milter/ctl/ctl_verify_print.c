/* milter/ctl/ctl_verify_print.c: output of authrelayctl verify */
/* SPDX-License-Identifier: ISC */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/encode.h"
#include "core/json_write.h"
#include "ctl/ctl_verify.h"

#define SHOWN_MAX	100	/* of a file: one that is all wrong would never end */
#define NAME_MAX_SHOWN	400

static void
put_name(struct buf *out, const char *name)
{
	if (name == NULL)
		name = "?";
	if (strcmp(name, "-") == 0)
		buf_puts(out, "standard input");
	else
		(void)encode_word(out, name, strlen(name), NAME_MAX_SHOWN);
}

static void
put_range(struct buf *out, uint64_t from, uint64_t to)
{
	if (from == to)
		buf_printf(out, "line %" PRIu64, from);
	else
		buf_printf(out, "lines %" PRIu64 "-%" PRIu64, from, to);
}

static void
put_seq(struct buf *out, uint64_t from, uint64_t to)
{
	if (from == to)
		buf_printf(out, "seq %" PRIu64, from);
	else
		buf_printf(out, "seq %" PRIu64 "-%" PRIu64, from, to);
}

/*
 * The text of a finding. $l is its lines, $d "does" or "do" for them, $n the first and
 * $N the last; $s its sequence numbers, $m the same if they are known, $a the first and
 * $b the last; $w why the file cannot be read.
 */
static const char *const texts[] = {
	[VERIFY_CHANGED] = "$l $d not follow: changed",
	[VERIFY_VALUE] = "$l $d not follow: only the chain value was changed",
	[VERIFY_MISSING] = "$l $d not follow: records are missing before it$m",
	[VERIFY_ADDED] = "$l $d not follow: added or moved (seq $a)",
	[VERIFY_BARE] = "$l: added, or its chain value was removed",
	[VERIFY_HEADLESS] = "$l $d not follow: the beginning of the file is missing",
	[VERIFY_STRANGER] = "$l $d not follow: a file, or the end of the one before, is "
	    "missing$m",
	[VERIFY_NUMBER] = "$l: number $a after $b",
	[VERIFY_ANCHOR] = "$l: written again; the anchor kept elsewhere for $s does not "
	    "agree",
	[VERIFY_SIGNATURE] = "$l: the anchor $s has an invalid signature",
	[VERIFY_CUT] = "line $N is not the last; an anchor kept elsewhere has more$m: "
	    "cut, or a later file was not given",
	[VERIFY_UNREADABLE] = "cannot be read from line $n on: $w",
	[VERIFY_PARTIAL] = "$l: incomplete: cut, torn, or still being written",
	[VERIFY_EMPTY] = "no line has a chain value; the file cannot be checked",
	[VERIFY_UNSIGNED] = "$l: an anchor without a signature, after signed ones",
	[VERIFY_UNANCHORED] = "$l: after the last anchor that can be checked",
	[VERIFY_TORN] = "$l: torn, and closed by the daemon",
	[VERIFY_COVERED] = "$l: no chain value; covered by that of the next line",
	[VERIFY_GAP] = "before line $n: never written, as the daemon has logged: $s",
	[VERIFY_NEW_CHAIN] = "$l: a new chain begins, seq $a",
	[VERIFY_EARLIER] = "$l: begins with seq $a; the file before was not given",
	[VERIFY_COUNT] = "$l: the anchor counts $a records, there are $b",
	[VERIFY_GOOD] = "$l good"
};

static void
put_value(struct buf *out, char name, const struct verify_finding *f, const char *why)
{
	switch (name) {
	case 'l':
		put_range(out, f->from, f->to);
		break;
	case 'd':
		buf_puts(out, f->from == f->to ? "does" : "do");
		break;
	case 'n':
		buf_printf(out, "%" PRIu64, f->from);
		break;
	case 'N':
		buf_printf(out, "%" PRIu64, f->to);
		break;
	case 'm':
		if (f->seq_to < f->seq_from)
			break;
		buf_puts(out, ", ");
		put_seq(out, f->seq_from, f->seq_to);
		break;
	case 's':
		put_seq(out, f->seq_from, f->seq_to);
		break;
	case 'a':
		buf_printf(out, "%" PRIu64, f->seq_from);
		break;
	case 'b':
		buf_printf(out, "%" PRIu64, f->seq_to);
		break;
	case 'w':
		buf_puts(out, why);
		break;
	}
}

static void
put_text(struct buf *out, const struct ctl_verify_print *print,
    const struct verify_finding *f)
{
	const char *text = texts[f->kind];

	if (f->kind == VERIFY_ANCHOR && f->from == 0)
		text = "no line agrees with the anchor kept elsewhere for $s";
	for (; *text != '\0'; text++)
		if (*text == '$')
			put_value(out, *++text, f, print->why);
		else
			buf_putc(out, *text);
}

static void
put_line(struct buf *out, const struct ctl_verify_print *print,
    const struct verify_finding *f)
{
	put_name(out, f->file);
	buf_puts(out, ": ");
	if (f->good_to > 0) {
		put_range(out, f->good_from, f->good_to);
		buf_puts(out, " good, ");
	}
	put_text(out, print, f);
	buf_putc(out, '\n');
}

static void
put_json_pair(struct buf *out, const char *name, uint64_t from, uint64_t to)
{
	if (from == 0 || to < from)
		return;
	json_write_open(out, name, '[');
	json_write_number(out, NULL, from);
	json_write_number(out, NULL, to);
	json_write_close(out, ']');
}

static void
put_json(struct buf *out, const struct ctl_verify_print *print,
    const struct verify_finding *f)
{
	buf_puts(out, print->findings == 0 ? "" : ",");
	json_write_line(out);
	json_write_open(out, NULL, '{');
	json_write_text(out, "file", f->file == NULL ? "" : f->file);
	json_write_text(out, "kind", verify_kind_name(f->kind));
	put_json_pair(out, "good", f->good_from, f->good_to);
	put_json_pair(out, "lines", f->from, f->to);
	if (f->kind == VERIFY_COUNT || f->kind == VERIFY_NUMBER) {
		json_write_number(out, "is", f->seq_from);
		json_write_number(out, f->kind == VERIFY_COUNT ? "should" : "before",
		    f->seq_to);
	} else
		put_json_pair(out, "seq", f->seq_from, f->seq_to);
	json_write_close(out, '}');
}

static void
print_out(struct ctl_verify_print *print, struct buf *out)
{
	if (out->failed || (out->len > 0 &&
	    fwrite(out->data, 1, out->len, stdout) != out->len))
		print->has_failed = 1;
	buf_clear(out);
}

void
ctl_verify_begin(struct ctl_verify_print *print)
{
	struct buf out;

	buf_init(&out);
	if (print->is_json)
		buf_puts(&out, "{\"findings\":[");
	print_out(print, &out);
}

void
ctl_verify_finding(void *arg, const struct verify_finding *finding)
{
	struct ctl_verify_print *print = arg;
	struct buf out;

	if (print->file != finding->file) {
		print->file = finding->file;
		print->shown = 0;
	}
	if (++print->shown > SHOWN_MAX + 1)
		return;
	buf_init(&out);
	if (print->is_json)
		put_json(&out, print, finding);
	else
		put_line(&out, print, finding);
	if (print->shown > SHOWN_MAX && !print->is_json) {
		put_name(&out, print->file);
		buf_puts(&out, ": more findings are not printed\n");
	}
	print->findings++;
	print_out(print, &out);
}

static void
put_place(struct buf *out, const struct verify_place *place)
{
	put_name(out, place->file);
	if (place->line > 0)
		buf_printf(out, " line %" PRIu64, place->line);
}

static void
put_anchors(struct buf *out, const struct ctl_verify_print *print,
    const struct verify_result *r)
{
	buf_printf(out, "anchors: %" PRIu64 " in the files", r->anchors);
	if (r->is_signed > 0 && print->has_key)
		buf_printf(out, ", %" PRIu64 " signed, %" PRIu64 " valid", r->is_signed,
		    r->is_right);
	else if (r->is_signed > 0)
		buf_printf(out, ", %" PRIu64 " signed (not checked without --pubkey)",
		    r->is_signed);
	if (print->anchors > 0)
		buf_printf(out, "; %zu kept elsewhere, %" PRIu64 " found, %" PRIu64
		    " older", print->anchors, r->found, r->older);
	if (print->unreadable > 0)
		buf_printf(out, "; %" PRIu64 " unreadable", print->unreadable);
	buf_putc(out, '\n');
}

static const char *
verdict_name(enum verify_verdict verdict)
{
	switch (verdict) {
	case VERIFY_IS_GOOD:
		return "good";
	case VERIFY_IS_BROKEN:
		return "broken";
	case VERIFY_IS_UNKNOWN:
		break;
	}
	return "unknown";
}

static void
put_summary(struct buf *out, const struct ctl_verify_print *print,
    const struct verify_result *r)
{
	buf_printf(out, "records: %" PRIu64 " in %" PRIu64 " lines of %" PRIu64 " %s",
	    r->records, r->lines, print->files, print->files == 1 ? "file" : "files");
	if (r->records > 0)
		buf_printf(out, ", seq %" PRIu64 " to %" PRIu64 ", %s to %s",
		    r->first.seq, r->last.seq, r->first.time, r->last.time);
	buf_putc(out, '\n');
	put_anchors(out, print, r);
	if (r->torn > 0 || r->missing > 0)
		buf_printf(out, "logged by the daemon: %" PRIu64 " torn lines closed, "
		    "%" PRIu64 " records not written\n", r->torn, r->missing);
	if (r->vouched.file != NULL) {
		buf_puts(out, "confirmed: to ");
		put_place(out, &r->vouched);
		buf_printf(out, ", seq %" PRIu64 ", %s\n", r->vouched.seq,
		    r->vouched.time);
	}
	buf_puts(out, "verdict: ");
	if (r->verdict == VERIFY_IS_GOOD)
		buf_puts(out, "good\n");
	else {
		buf_puts(out, r->verdict == VERIFY_IS_BROKEN ? "broken, first at " :
		    "cannot tell; ");
		put_place(out, &r->where);
		buf_printf(out, ": %s\n", verify_kind_name(r->why));
	}
}

static void
put_json_place(struct buf *out, const char *name, const struct verify_place *place)
{
	json_write_open(out, name, '{');
	json_write_text(out, "file", place->file == NULL ? "" : place->file);
	json_write_number(out, "line", place->line);
	json_write_number(out, "seq", place->seq);
	if (place->time[0] != '\0')
		json_write_text(out, "time", place->time);
	json_write_close(out, '}');
}

static void
put_json_anchors(struct buf *out, const struct ctl_verify_print *print,
    const struct verify_result *r)
{
	json_write_open(out, "anchors", '{');
	json_write_number(out, "in_files", r->anchors);
	json_write_number(out, "signed", r->is_signed);
	if (print->has_key)
		json_write_number(out, "signed_rightly", r->is_right);
	json_write_number(out, "kept", print->anchors);
	json_write_number(out, "found", r->found);
	json_write_number(out, "of_other_times", r->older);
	json_write_number(out, "unreadable", print->unreadable);
	json_write_close(out, '}');
}

static void
put_json_summary(struct buf *out, const struct ctl_verify_print *print,
    const struct verify_result *r)
{
	buf_puts(out, "\n]");		/* of the findings */
	json_write_number(out, "files", print->files);
	json_write_number(out, "lines", r->lines);
	json_write_number(out, "records", r->records);
	if (r->records > 0) {
		put_json_place(out, "first", &r->first);
		put_json_place(out, "last", &r->last);
	}
	put_json_anchors(out, print, r);
	json_write_number(out, "torn", r->torn);
	json_write_number(out, "not_written", r->missing);
	if (r->vouched.file != NULL)
		put_json_place(out, "vouched", &r->vouched);
	json_write_text(out, "verdict", verdict_name(r->verdict));
	if (r->verdict != VERIFY_IS_GOOD) {
		json_write_text(out, "why", verify_kind_name(r->why));
		put_json_place(out, "where", &r->where);
	}
	buf_puts(out, "}\n");
}

void
ctl_verify_end(struct ctl_verify_print *print, const struct verify_result *result)
{
	struct buf out;

	buf_init(&out);
	if (print->is_json)
		put_json_summary(&out, print, result);
	else
		put_summary(&out, print, result);
	print_out(print, &out);
	if (fflush(stdout) == EOF)
		print->has_failed = 1;
}
