/* milter/ctl/ctl_verify_print.c: what authrelayctl verify finds, for persons and for programs */
/* SPDX-License-Identifier: ISC */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/encode.h"
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

static void
put_follows(struct buf *out, const struct verify_finding *f)
{
	put_range(out, f->from, f->to);
	buf_puts(out, f->from == f->to ? " does not follow: " : " do not follow: ");
}

/* What the numbers say of it, which may be nothing. */
static void
put_missing(struct buf *out, const struct verify_finding *f)
{
	if (f->seq_to < f->seq_from)
		return;
	buf_puts(out, ", ");
	put_seq(out, f->seq_from, f->seq_to);
}

static void
put_broken(struct buf *out, const struct verify_finding *f)
{
	switch (f->kind) {
	case VERIFY_CHANGED:
		put_follows(out, f);
		buf_puts(out, "changed");
		break;
	case VERIFY_VALUE:
		put_follows(out, f);
		buf_puts(out, "its chain value was changed, and nothing else");
		break;
	case VERIFY_MISSING:
		put_follows(out, f);
		buf_puts(out, "missing before it");
		put_missing(out, f);
		break;
	case VERIFY_ADDED:
		put_follows(out, f);
		buf_printf(out, "added, or not in its place (seq %" PRIu64 ")", f->seq_from);
		break;
	case VERIFY_BARE:
		put_range(out, f->from, f->to);
		buf_puts(out, ": added, or without the chain value that it had");
		break;
	case VERIFY_HEADLESS:
		put_follows(out, f);
		buf_puts(out, "the beginning of the file is missing");
		break;
	case VERIFY_STRANGER:
		put_follows(out, f);
		buf_puts(out, "a file, or the end of the one before, is missing");
		put_missing(out, f);
		break;
	case VERIFY_NUMBER:
		put_range(out, f->from, f->to);
		buf_printf(out, ": number %" PRIu64 " after %" PRIu64, f->seq_from, f->seq_to);
		break;
	default:
		break;
	}
}

static void
put_denied(struct buf *out, const struct verify_finding *f)
{
	switch (f->kind) {
	case VERIFY_ANCHOR:
		if (f->from == 0)
			buf_puts(out, "no line agrees with the anchor that was kept of ");
		else {
			put_range(out, f->from, f->to);
			buf_puts(out, ": written anew; not what the anchor says that was kept of ");
		}
		put_seq(out, f->seq_from, f->seq_to);
		break;
	case VERIFY_SIGNATURE:
		put_range(out, f->from, f->to);
		buf_puts(out, ": the signature is wrong of the anchor ");
		put_seq(out, f->seq_from, f->seq_to);
		break;
	case VERIFY_CUT:
		buf_printf(out, "line %" PRIu64 " is not the last; by an anchor that was kept, "
		    "missing behind it", f->to);
		put_missing(out, f);
		buf_puts(out, ": cut, or a later file was not given");
		break;
	case VERIFY_PARTIAL:
		put_range(out, f->from, f->to);
		buf_puts(out, ": not whole; cut, torn, or not yet written to its end");
		break;
	case VERIFY_EMPTY:
		buf_puts(out, "no line has a chain value; nothing can be said of them");
		break;
	case VERIFY_UNSIGNED:
		put_range(out, f->from, f->to);
		buf_puts(out, ": an anchor without a signature; others before have one");
		break;
	case VERIFY_UNANCHORED:
		put_range(out, f->from, f->to);
		buf_puts(out, ": behind the last anchor that can be checked");
		break;
	default:
		put_broken(out, f);
		break;
	}
}

static void
put_text(struct buf *out, const struct ctl_verify_print *print, const struct verify_finding *f)
{
	switch (f->kind) {
	case VERIFY_UNREADABLE:
		buf_printf(out, "cannot be read from line %" PRIu64 " on: %s", f->from,
		    print->why);
		break;
	case VERIFY_TORN:
		put_range(out, f->from, f->to);
		buf_puts(out, ": torn, and closed by the daemon");
		break;
	case VERIFY_COVERED:
		put_range(out, f->from, f->to);
		buf_puts(out, ": no chain value; covered by that of the next line");
		break;
	case VERIFY_GAP:
		buf_printf(out, "before line %" PRIu64 ": never written, as the daemon has "
		    "logged: ", f->from);
		put_seq(out, f->seq_from, f->seq_to);
		break;
	case VERIFY_NEW_CHAIN:
		put_range(out, f->from, f->to);
		buf_printf(out, ": a new chain begins, seq %" PRIu64, f->seq_from);
		break;
	case VERIFY_EARLIER:
		put_range(out, f->from, f->to);
		buf_printf(out, ": begins with seq %" PRIu64 "; what was before is in a file "
		    "that was not given", f->seq_from);
		break;
	case VERIFY_COUNT:
		put_range(out, f->from, f->to);
		buf_printf(out, ": the anchor counts %" PRIu64 " records, there are %" PRIu64,
		    f->seq_from, f->seq_to);
		break;
	case VERIFY_GOOD:
		put_range(out, f->from, f->to);
		buf_puts(out, " good");
		break;
	default:
		put_denied(out, f);
		break;
	}
}

static void
put_line(struct buf *out, const struct ctl_verify_print *print, const struct verify_finding *f)
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
put_json_file(struct buf *out, const char *file)
{
	buf_puts(out, "\"file\":");
	if (file == NULL)
		file = "";
	encode_json(out, file, strlen(file));
}

static void
put_json_pair(struct buf *out, const char *name, uint64_t from, uint64_t to)
{
	if (from != 0 && to >= from)
		buf_printf(out, ",\"%s\":[%" PRIu64 ",%" PRIu64 "]", name, from, to);
}

static void
put_json(struct buf *out, const struct ctl_verify_print *print, const struct verify_finding *f)
{
	buf_puts(out, print->findings == 0 ? "\n{" : ",\n{");
	put_json_file(out, f->file);
	buf_printf(out, ",\"kind\":\"%s\"", verify_kind_name(f->kind));
	put_json_pair(out, "good", f->good_from, f->good_to);
	put_json_pair(out, "lines", f->from, f->to);
	if (f->kind == VERIFY_COUNT || f->kind == VERIFY_NUMBER)
		buf_printf(out, ",\"is\":%" PRIu64 ",\"%s\":%" PRIu64, f->seq_from,
		    f->kind == VERIFY_COUNT ? "should" : "before", f->seq_to);
	else
		put_json_pair(out, "seq", f->seq_from, f->seq_to);
	buf_putc(out, '}');
}

static void
print_out(struct ctl_verify_print *print, struct buf *out)
{
	if (out->failed || (out->len > 0 && fwrite(out->data, 1, out->len, stdout) != out->len))
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
		buf_puts(&out, ": there is more to say, and it is left out\n");
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
		buf_printf(out, ", %" PRIu64 " signed, %" PRIu64 " rightly", r->is_signed,
		    r->is_right);
	else if (r->is_signed > 0)
		buf_printf(out, ", %" PRIu64 " signed (not checked without --pubkey)",
		    r->is_signed);
	if (print->anchors > 0)
		buf_printf(out, "; %zu kept elsewhere, %" PRIu64 " found, %" PRIu64
		    " of other times", print->anchors, r->found, r->older);
	if (print->unreadable > 0)
		buf_printf(out, "; %" PRIu64 " not to be read", print->unreadable);
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
		buf_printf(out, ", seq %" PRIu64 " to %" PRIu64 ", %s to %s", r->first.seq,
		    r->last.seq, r->first.time, r->last.time);
	buf_putc(out, '\n');
	put_anchors(out, print, r);
	if (r->torn > 0 || r->missing > 0)
		buf_printf(out, "by the daemon: %" PRIu64 " torn lines closed, %" PRIu64
		    " records not written\n", r->torn, r->missing);
	if (r->vouched.file != NULL) {
		buf_puts(out, "vouched for: to ");
		put_place(out, &r->vouched);
		buf_printf(out, ", seq %" PRIu64 ", %s\n", r->vouched.seq, r->vouched.time);
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
	buf_printf(out, ",\"%s\":{", name);
	put_json_file(out, place->file);
	buf_printf(out, ",\"line\":%" PRIu64 ",\"seq\":%" PRIu64, place->line, place->seq);
	if (place->time[0] != '\0') {
		buf_puts(out, ",\"time\":");
		encode_json(out, place->time, strlen(place->time));
	}
	buf_putc(out, '}');
}

static void
put_json_summary(struct buf *out, const struct ctl_verify_print *print,
    const struct verify_result *r)
{
	buf_printf(out, "\n],\"files\":%" PRIu64 ",\"lines\":%" PRIu64 ",\"records\":%" PRIu64,
	    print->files, r->lines, r->records);
	if (r->records > 0) {
		put_json_place(out, "first", &r->first);
		put_json_place(out, "last", &r->last);
	}
	buf_printf(out, ",\"anchors\":{\"in_files\":%" PRIu64 ",\"signed\":%" PRIu64, r->anchors,
	    r->is_signed);
	if (print->has_key)
		buf_printf(out, ",\"signed_rightly\":%" PRIu64, r->is_right);
	buf_printf(out, ",\"kept\":%zu,\"found\":%" PRIu64 ",\"of_other_times\":%" PRIu64
	    ",\"unreadable\":%" PRIu64 "},\"torn\":%" PRIu64 ",\"not_written\":%" PRIu64,
	    print->anchors, r->found, r->older, print->unreadable, r->torn, r->missing);
	if (r->vouched.file != NULL)
		put_json_place(out, "vouched", &r->vouched);
	buf_printf(out, ",\"verdict\":\"%s\"", verdict_name(r->verdict));
	if (r->verdict != VERIFY_IS_GOOD) {
		buf_printf(out, ",\"why\":\"%s\"", verify_kind_name(r->why));
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
