/* t/unit/audit_chain.c: the chain of audit files over starts, torn lines, rotations and a full disk */
/* SPDX-License-Identifier: ISC */

#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/audit_queue.h"
#include "audit/audit_resume.h"
#include "os/log.h"
#include "record/audit_key.h"
#include "record/chain_line.h"
#include "tap.h"

#define NOBODY	65534
#define LONGEST	120	/* seconds; then the test is stuck */

static char folder[TAP_FOLDER_SIZE];
static char file[TAP_FOLDER_SIZE + 8];

static void
must(int ok, const char *what)
{
	if (ok)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static const char *
numbered(unsigned number)
{
	static char name[TAP_FOLDER_SIZE + 24];

	(void)snprintf(name, sizeof(name), number == 0 ? "%s" : "%s.%u", file, number);
	return name;
}

static void
remove_files(void)
{
	for (unsigned i = 0; i < 20; i++)
		(void)unlink(numbered(i));
}

static void
write_file(const char *name, const void *text, size_t len)
{
	FILE *fp = fopen(name, "w");

	must(fp != NULL && fwrite(text, 1, len, fp) == len && fclose(fp) == 0, name);
}

static char *
read_file(const char *name, size_t *len_r)
{
	FILE *fp = fopen(name, "r");
	struct stat st;
	char *text;

	must(fp != NULL && fstat(fileno(fp), &st) == 0, name);
	text = malloc((size_t)st.st_size + 1);
	must(text != NULL, "malloc");
	*len_r = fread(text, 1, (size_t)st.st_size, fp);
	text[*len_r] = '\0';
	(void)fclose(fp);
	return text;
}

/* What is in files that follow one another. */
struct survey {
	unsigned char	value[CHAIN_SIZE];	/* the last; begin with that of the file before */
	uint64_t	seq;
	uint64_t	records;
	uint64_t	gaps;		/* numbers that are missing */
	uint64_t	anchors;
	uint64_t	others;		/* lines without a value */
	int		broken;		/* what is wrong */
};

static void
survey_line(struct survey *survey, const struct chain_line *line, struct chain *chain,
    uint64_t count)
{
	unsigned char value[CHAIN_SIZE];

	survey->broken += line->has_prev != (count == 1);
	survey->broken += line->has_prev && memcmp(line->prev, survey->value, CHAIN_SIZE) != 0;
	survey->broken += chain_end(chain, value) != 0 ||
	    memcmp(value, line->value, CHAIN_SIZE) != 0;
	survey->broken += line->seq <= survey->seq;
	survey->gaps += line->seq - survey->seq - 1;
	survey->broken += line->is_anchor && line->count != count;
	survey->anchors += (uint64_t)line->is_anchor;
	survey->seq = line->seq;
	survey->records++;
	memcpy(survey->value, line->value, CHAIN_SIZE);
}

static void
survey_file(struct survey *survey, const char *name)
{
	struct chain *chain = chain_new();
	struct chain_line line;
	size_t len;
	uint64_t count = 0;
	char *text = read_file(name, &len), *at = text, *from = text, *end;

	must(chain != NULL && chain_begin(chain, survey->value) == 0, "chain");
	for (; (end = memchr(at, '\n', len - (size_t)(at - text))) != NULL; at = end + 1) {
		if (!chain_line_parse(at, (size_t)(end - at), &line)) {
			survey->others++;
			continue;
		}
		must(chain_add(chain, from, (size_t)(at + line.value_at - from)) == 0, "chain");
		survey_line(survey, &line, chain, ++count);
		must(chain_begin(chain, survey->value) == 0, "chain");
		from = at + line.rest_at;
	}
	survey->broken += *at != '\0';
	chain_free(chain);
	free(text);
}

static struct survey
survey_all(unsigned oldest)
{
	struct survey survey = { .seq = 0 };

	for (unsigned number = oldest + 1; number-- > 0;)
		survey_file(&survey, numbered(number));
	return survey;
}

static struct audit *
open_with(struct audit_options options)
{
	struct audit *audit;

	options.file = file;
	audit = audit_open(&options);
	must(audit != NULL, file);
	return audit;
}

static int
write_some(struct audit *audit, int count)
{
	struct record record;
	int written = 0;

	record_init(&record, RECORD_RCPT);
	record.note = "a note that makes the line about as long as lines are where there is mail";
	while (count-- > 0)
		written += audit_write(audit, &record) == 0;
	return written;
}

static void
note_is(struct audit *audit, const char *want)
{
	struct buf note;

	buf_init(&note);
	audit_describe(audit, &note);
	tap_is_str(note.data, want, "what is said of it");
	buf_clear(&note);
}

/* What the daemon logs goes nowhere; returns what loud() is to bring back. */
static int
quiet(void)
{
	int saved = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY);

	must(saved != -1 && nowhere != -1 && dup2(nowhere, STDERR_FILENO) != -1, "dup2");
	(void)close(nowhere);
	return saved;
}

static void
loud(int saved)
{
	must(dup2(saved, STDERR_FILENO) != -1, "dup2");
	(void)close(saved);
}

/* Opens it, writes a record, and closes it. */
static void
run_once(const struct audit_options *options, const char *note)
{
	struct audit *audit = open_with(*options);

	if (note != NULL)
		note_is(audit, note);
	tap_is_int(write_some(audit, 1), 1, "a record");
	audit_close(audit);
}

static void
test_restart(void)
{
	const struct audit_options options = { .to_log = 0 };
	struct survey survey;

	run_once(&options, "a new chain begins");
	run_once(&options, "the chain continues after 2");
	survey = survey_all(0);
	tap_is_int((long long)survey.records, 4, "two records, two anchors");
	tap_is_int(survey.broken, 0, "one chain");
	tap_is_int((long long)survey.gaps, 0, "and no number is missing");
	must(rename(file, numbered(1)) == 0, "rename");
	run_once(&options, "the chain continues after 4");
	survey = survey_all(1);
	tap_is_int(survey.broken, 0, "the file was renamed meanwhile");
	tap_is_int((long long)survey.seq, 6, "numbers go on");
	must(rename(file, numbered(1)) == 0, "rename");
	write_file(file, "{\"v\":1,\"ti", 10);
	run_once(&options, "the chain continues after 6, a torn line was closed");
	memset(&survey, 0, sizeof(survey));
	survey.seq = 4;
	survey_file(&survey, numbered(1));	/* begins with another value */
	survey.broken = 0;
	survey_file(&survey, file);
	tap_is_int(survey.broken, 0, "the new one had but a piece of a line");
	tap_is_int((long long)survey.others, 1, "which is closed");
	remove_files();
}

/* What a version without a chain has written is covered by the first value. */
static void
test_old(void)
{
	static const char old[] = "{\"v\":1,\"time\":\"2026-11-24T06:34:42.123456Z\",\"seq\":17,"
	    "\"event\":\"stop\"}\n";
	const struct audit_options options = { .to_log = 0 };
	struct survey survey;

	write_file(file, old, strlen(old));
	run_once(&options, "a new chain begins, the file had none");
	survey = survey_all(0);
	tap_is_int(survey.broken, 0, "it is covered");
	tap_is_int((long long)survey.seq, 2, "numbers begin anew");
	tap_is_int((long long)survey.others, 1, "its line stands");
	remove_files();
}

/* Cut anywhere, as a kill does it: what is left is whole lines, and the chain goes on. */
static void
test_cuts(void)
{
	const struct audit_options options = { .to_log = 0 };
	struct audit *audit = open_with(options);
	struct survey survey;
	int broken = 0, torn = 0, lost = 0, saved = quiet();
	size_t len, whole;
	char *text;

	must(write_some(audit, 3) == 3, file);
	audit_close(audit);
	text = read_file(file, &len);
	for (size_t cut = 0; cut <= len; cut++) {
		write_file(file, text, cut);
		audit = open_with(options);
		must(write_some(audit, 1) == 1, file);
		audit_close(audit);
		survey = survey_all(0);
		whole = 0;
		for (size_t i = 0; i < len; i++)
			whole += text[i] == '\n' && i <= cut;
		broken += survey.broken;
		torn += survey.others != 0;
		lost += survey.records != whole + 2 || survey.seq != whole + 2;
	}
	loud(saved);
	tap_is_int(broken, 0, "cut at each of %zu bytes, the chain goes on", len);
	tap_is_int(lost, 0, "behind the last whole record");
	tap_ok(torn > (int)len * 9 / 10, "%d were torn", torn);
	free(text);
	remove_files();
}

static void
test_rotation(void)
{
	const struct audit_options options = { .rotate_size = 4096, .keep = 3 };
	struct audit *audit = open_with(options);
	struct survey survey, last = { .seq = 0 };
	struct stat st;
	int small = 0;

	must(write_some(audit, 45) == 45, file);
	for (unsigned i = 1; i <= 2; i++)
		small += stat(numbered(i), &st) != 0 || st.st_size < 4096 || st.st_size > 5000;
	tap_is_int(small, 0, "files of a size");
	survey = survey_all(2);
	tap_is_int(survey.broken, 0, "the chain goes on over them");
	tap_is_int((long long)survey.gaps, 0, "no number is missing");
	tap_is_int((long long)survey.anchors, 2, "each ends with an anchor");
	must(write_some(audit, 60) == 60, file);
	audit_close(audit);
	tap_ok(access(numbered(3), F_OK) == 0 && access(numbered(4), F_OK) == -1,
	    "so many are kept");
	for (unsigned number = 3; number > 0; number--) {
		survey_file(&last, numbered(number));
		if (number == 3)
			last.broken = 0;
	}
	survey_file(&last, file);
	tap_is_int(last.broken, 0, "and follow one another");
	run_once(&options, NULL);
	remove_files();
}

static unsigned
count_old(void)
{
	unsigned count = 0;

	while (access(numbered(count + 1), F_OK) == 0)
		count++;
	return count;
}

/* As if it was written to last so many days ago. */
static void
make_old(unsigned number, int days)
{
	struct timespec times[2] = { { 0, UTIME_OMIT }, { time(NULL) - days * 86400L, 0 } };

	must(utimensat(AT_FDCWD, numbered(number), times, 0) == 0, numbered(number));
}

/* Writes until the file is another one; returns how many old ones there are then. */
static int
rotate(struct audit *audit, const struct audit_options *options)
{
	struct stat before, now;

	must(audit_reopen(audit, options) == 0 && stat(file, &before) == 0, file);
	do
		must(write_some(audit, 1) == 1 && stat(file, &now) == 0, file);
	while (now.st_ino == before.st_ino);
	return (int)count_old();
}

/* Who makes many records does not push out the first ones; nor does he make thousands of files. */
static void
test_keep_days(void)
{
	const struct audit_options options = { .file = file, .rotate_size = 4096, .keep = 2,
	    .keep_days = 7 };
	struct audit *audit = open_with(options);
	struct survey survey;
	int saved = quiet();

	must(write_some(audit, 1000) == 1000, file);
	tap_is_int((long long)count_old(), 3, "keep-days: one more than keep, and then it waits");
	survey = survey_all(3);
	tap_is_int(survey.broken, 0, "one chain");
	tap_is_int((long long)(survey.records - survey.anchors), 1000, "no record has gone");
	for (int i = 4; i <= 6; i++)
		must(rotate(audit, &options) == i, "old files");
	for (unsigned number = 1; number <= 6; number++)
		make_old(number, 6);
	tap_is_int(rotate(audit, &options), 7, "six days are no seven");
	survey = survey_all(7);
	tap_is_int(survey.broken + (int)survey.gaps, 0, "no record has gone yet");
	make_old(7, -3);
	tap_is_int(rotate(audit, &options), 8, "a time to come is young");
	for (unsigned number = 1; number <= 8; number++)
		make_old(number, 7);
	tap_is_int(rotate(audit, &options), 7, "seven are: two go, and one comes");
	make_old(7, 6);
	tap_is_int(rotate(audit, &options), 8, "the oldest is looked at first");
	for (unsigned number = 1; number <= 8; number++)
		make_old(number, 7);
	must(write_some(audit, 1) == 1 && audit_reopen(audit, &options) == 0, file);
	must(write_some(audit, 1000) == 1000, file);
	audit_close(audit);
	loud(saved);
	tap_is_int((long long)count_old(), 4, "all that were old go, while four come that are young");
	survey_file(&survey, numbered(4));
	survey.broken = 0;
	for (unsigned number = 3; number > 0; number--)
		survey_file(&survey, numbered(number));
	survey_file(&survey, file);
	tap_is_int(survey.broken, 0, "which follow one another");
	remove_files();
}

/* Where there is little room, what may go does so before the next rotation. */
static void
test_expire(void)
{
	const struct audit_options options = { .file = file, .rotate_size = 4096, .keep = 1,
	    .keep_days = 7, .min_free = UINT64_MAX / 2 };
	struct audit *audit;
	struct record stop;
	int saved = quiet();

	for (unsigned number = 1; number <= 6; number++) {
		write_file(numbered(number), "x\n", 2);
		make_old(number, number > 2 ? 8 : 1);
	}
	audit = open_with(options);
	must(audit_start(audit) == 0, "thread");
	while (write_some(audit, 1) == 1)
		continue;
	tap_is_int(write_some(audit, 100), 0, "no room: no record of a recipient");
	record_init(&stop, RECORD_STOP);
	tap_is_int(audit_write(audit, &stop), 0, "but that of a stop");
	while (count_old() > 2)
		(void)usleep(1000);
	audit_close(audit);
	loud(saved);
	tap_is_int((long long)count_old(), 2, "old files go, young ones stay");
	for (unsigned number = 1; number <= 2; number++)
		must(unlink(numbered(number)) == 0, numbered(number));
	remove_files();
}

/* The folder is not ours to rename in: the old file goes on, and that is said once. */
static void
test_no_rotation(void)
{
	const struct audit_options options = { .rotate_size = 4096, .keep = 3 };
	struct audit *audit = open_with(options);
	struct survey survey;

	must(chmod(folder, 0755) == 0, folder);
	must(geteuid() != 0 || seteuid(NOBODY) == 0, "seteuid");
	must(getuid() == 0 || chmod(folder, 0555) == 0, folder);
	tap_is_int(write_some(audit, 60), 60, "a folder that cannot be written to: no record is lost");
	must(getuid() != 0 || seteuid(0) == 0, "seteuid");
	must(chmod(folder, 0755) == 0, folder);
	audit_close(audit);
	tap_ok(access(numbered(1), F_OK) == -1, "the file is not rotated");
	survey = survey_all(0);
	tap_is_int(survey.broken, 0, "and the chain holds");
	tap_is_int((long long)survey.anchors, 2, "one anchor, and one at the end");
	remove_files();
}

static void
set_limit(off_t bytes)
{
	struct rlimit limit;

	must(getrlimit(RLIMIT_FSIZE, &limit) == 0, "getrlimit");
	limit.rlim_cur = bytes == -1 ? RLIM_INFINITY : (rlim_t)bytes;
	must(setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
}

/* The disk is full after each number of bytes in turn. */
static void
test_full(void)
{
	const struct audit_options options = { .to_log = 0 };
	struct audit *audit = open_with(options);
	struct survey survey;
	struct stat st;
	int written = 0, saved = quiet();

	for (off_t room = 0; room < 400; room++) {
		must(stat(file, &st) == 0, file);
		set_limit(st.st_size + room);
		written += write_some(audit, 2);
		set_limit(-1);
		written += write_some(audit, 1);
	}
	audit_close(audit);
	loud(saved);
	survey = survey_all(0);
	tap_is_int(survey.broken, 0, "full at any byte: the chain holds");
	tap_is_int((long long)survey.records, written + 1, "each record that was said to be there is");
	tap_is_int((long long)survey.gaps, 1200 - written, "and the others are gaps in the numbers");
	tap_ok(survey.others > 200, "%d torn lines", (int)survey.others);
	remove_files();
}

static int syncs;

/* In the place of the library's. */
int
fdatasync(int fd)
{
	(void)fd;
	syncs++;
	return 0;
}

/* The disk is full at the line end: the record is there, and the disk is to have it. */
static void
test_synced(void)
{
	const struct audit_options options = { .durability = AUDIT_SYNCED };
	struct audit *audit = open_with(options);
	struct stat before, after;
	int saved = quiet();

	must(write_some(audit, 2) == 2 && stat(file, &before) == 0, file);
	must(write_some(audit, 1) == 1 && stat(file, &after) == 0, file);
	syncs = 0;
	set_limit(after.st_size + after.st_size - before.st_size - 1);
	tap_is_int(write_some(audit, 1), 1, "all is written but the line end");
	set_limit(-1);
	loud(saved);
	tap_is_int(syncs, 1, "and waited for");
	audit_close(audit);
	remove_files();
}

/* Somebody renames the file that is full: the next one is made, and goes on. */
static void
test_renamed(void)
{
	const struct audit_options options = { .rotate_size = 4096, .keep = 3 };
	struct audit *audit = open_with(options);
	struct survey survey;
	struct stat st;

	do
		must(write_some(audit, 1) == 1 && stat(file, &st) == 0, file);
	while (st.st_size < 4096);
	must(rename(file, numbered(1)) == 0, file);
	tap_is_int(write_some(audit, 1), 1, "a full file was renamed by somebody else");
	audit_close(audit);
	must(access(file, F_OK) == 0, file);
	survey = survey_all(1);
	tap_is_int(survey.broken, 0, "the chain goes on in a new one");
	remove_files();
}

/* Somebody cuts the file while it is written: that is not hidden by a chain that fits. */
static void
test_tampered(void)
{
	const struct audit_options options = { .to_log = 0 };
	struct audit *audit = open_with(options);
	struct survey survey;
	struct stat st;

	must(write_some(audit, 2) == 2 && stat(file, &st) == 0 && write_some(audit, 2) == 2 &&
	    truncate(file, st.st_size) == 0, file);
	tap_is_int(write_some(audit, 1), 1, "two records are cut off, one is added");
	audit_close(audit);
	survey = survey_all(0);
	tap_is_int(survey.broken > 0, 1, "that shows in the chain");
	remove_files();
	audit = open_with(options);
	must(write_some(audit, 2) == 2 && truncate(file, 0) == 0, file);
	tap_is_int(write_some(audit, 1), 1, "the whole file is emptied");
	audit_close(audit);
	survey = (struct survey){ .seq = 2 };
	survey_file(&survey, file);
	tap_is_int(survey.broken, 2, "its first record names what has gone");
	remove_files();
}

/* An Ed25519 key of RFC 8032, 7.1, TEST 1. */
static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

static int
count_anchors(void)
{
	struct survey survey = { .seq = 0 };

	survey_file(&survey, file);
	return (int)survey.anchors;
}

static void
test_anchors(void)
{
	struct audit_options options = { .anchor_interval = 1 };
	const struct timespec pause = { 0, 10000000 };
	struct chain_line line;
	struct audit_key *key;
	struct audit *audit;
	const char *why;
	size_t len;
	char *text, *at;

	write_file(numbered(1), pem, strlen(pem));
	must(chmod(numbered(1), 0600) == 0, "chmod");
	key = audit_key_read(numbered(1), &why);
	must(key != NULL, numbered(1));
	(void)unlink(numbered(1));
	options.key = key;
	audit = open_with(options);
	must(audit_start(audit) == 0 && write_some(audit, 1) == 1, file);
	for (int i = 0; i < 1000 && count_anchors() == 0; i++)
		(void)nanosleep(&pause, NULL);
	tap_is_int(count_anchors(), 1, "an anchor comes by itself");
	audit_close(audit);
	text = read_file(file, &len);
	at = memchr(text, '\n', len);
	must(at != NULL, file);
	*strchr(++at, '\n') = '\0';
	tap_is_int(chain_line_parse(at, strlen(at), &line) && line.is_anchor, 1, "it is one");
	tap_is_int(audit_key_check(key, line.seq, line.value, line.count, line.sig), 1,
	    "its signature is right");
	tap_is_int(count_anchors(), 1, "no other one where nothing came meanwhile");
	audit_key_free(key);
	free(text);
	remove_files();
}

/* The clock's thread sleeps for an hour where there are no anchors; a reload wakes it. */
static void
test_interval(void)
{
	const struct timespec pause = { 0, 10000000 };
	const struct audit_options options = { .anchor_interval = 0 };
	struct audit *audit = open_with(options);

	must(audit_start(audit) == 0 && write_some(audit, 1) == 1, file);
	(void)nanosleep(&pause, NULL);	/* so that it sleeps, mostly */
	must(audit_reopen(audit, &(struct audit_options){ .file = file, .anchor_interval = 1 }) == 0,
	    file);
	for (int i = 0; i < 1000 && count_anchors() == 0; i++)
		(void)nanosleep(&pause, NULL);
	tap_is_int(count_anchors(), 1, "an anchor by time, which a reload has asked for");
	audit_close(audit);
	remove_files();
}

/* The last anchor has made the file full: nobody looks at that again until a record comes. */
static void
test_full_by_anchor(void)
{
	const struct audit_queue_options options = { .has_file = 1 };
	const struct audit_written written = { .error = 0 };
	struct audit_entry entry = { .wake = PTHREAD_COND_INITIALIZER };
	struct audit_note note;
	struct audit_queue queue;

	must(audit_queue_init(&queue) == 0, "queue");
	audit_queue_begin(&queue, &options, 7);
	audit_queue_seize(&queue, &entry);
	(void)audit_queue_settle(&queue, &written, 1, AUDIT_LEAD_HAND_OVER, &note);
	tap_is_int(queue.wants_anchor, 0, "no anchor is wanted behind the last one");
	audit_queue_clear(&queue);
	pthread_cond_destroy(&entry.wake);
}

static void *
count_lines(void *arg)
{
	static char block[65536];
	int *reader = arg;
	intptr_t lines = 0;
	ssize_t n;

	while ((n = read(*reader, block, sizeof(block))) > 0)
		for (ssize_t i = 0; i < n; i++)
			lines += block[i] == '\n';
	return (void *)lines;
}

/* A pipe that nobody reads is a disk that hangs. */
static void
test_queue(void)
{
	const struct audit_options options = { .durability = AUDIT_BUFFERED, .queue = 100 };
	struct audit *audit;
	pthread_t thread;
	void *lines;
	int reader, written;

	must(mkfifo(file, 0600) == 0, file);
	must((reader = open(file, O_RDONLY | O_NONBLOCK)) != -1, file);
	audit = open_with(options);
	must(audit_start(audit) == 0, "thread");
	written = write_some(audit, 2000);
	tap_ok(written >= 100 && written < 2000, "the queue is full after %d records", written);
	must(fcntl(reader, F_SETFL, 0) == 0, "fcntl");
	must(pthread_create(&thread, NULL, count_lines, &reader) == 0, "thread");
	audit_close(audit);
	must(pthread_join(thread, &lines) == 0, "thread");
	tap_is_int((intptr_t)lines, written + 1, "what was in it is written at the end, and an anchor");
	(void)close(reader);
	remove_files();
}

/* What is buffered is flushed, whether that fails or not. */
static void
flush(struct audit *audit)
{
	must(audit_reopen(audit, &(struct audit_options){ .file = file,
	    .durability = AUDIT_BUFFERED, .queue = 1000 }) == 0, file);
}

/* No more than what was in the queue when the disk was found full has been answered for. */
static void
test_failing(void)
{
	const struct audit_options options = { .durability = AUDIT_BUFFERED, .queue = 1000 };
	struct audit *audit = open_with(options);
	struct survey survey;
	int kept, lost = 0, saved = quiet();

	must(audit_start(audit) == 0, "thread");
	set_limit(1);
	kept = write_some(audit, 50);
	flush(audit);
	tap_is_int(write_some(audit, 500), 0, "a full disk is known after a flush: nothing is taken");
	flush(audit);
	tap_is_int(write_some(audit, 500), 0, "nor after another");
	set_limit(-1);
	while (write_some(audit, 1) == 0)
		lost++;
	tap_is_int(write_some(audit, 50), 50, "once there is room it goes on by itself");
	audit_close(audit);
	loud(saved);
	survey = survey_all(0);
	tap_ok(kept > 0, "%d were taken before", kept);
	tap_is_int(survey.broken, 0, "the chain holds");
	tap_is_int((long long)survey.gaps, 1000 + 50 - kept + lost, "what was not taken is a gap in the numbers");
	tap_is_int((long long)survey.records, kept + 51 + 1, "all else is there, also from before, and an anchor");
	remove_files();
}

/* How often that is in the file, in lines that are whole. */
static int
count_text(const char *what)
{
	size_t len;
	char *text = read_file(file, &len), *line, *rest = text;
	int count = 0;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (strstr(line, "<torn>") == NULL)
			while ((line = strstr(line, what)) != NULL) {
				line++;
				count++;
			}
	free(text);
	return count;
}

/*
 * The disk is full after each number of bytes in turn: what is kept is written later, each
 * once, and stays one chain.
 */
static void
test_kept(void)
{
	const struct audit_options options = { .durability = AUDIT_BUFFERED, .queue = 1000 };
	struct survey survey;
	int bad = 0, taken, saved = quiet();

	for (off_t room = 0; room < 1000; room++) {
		struct audit *audit = open_with(options);
		must(audit_start(audit) == 0, "thread");
		set_limit(room);
		taken = write_some(audit, 4);
		flush(audit);
		bad += write_some(audit, 1) != 0 && room < 700;	/* four lines are longer */
		set_limit(-1);
		flush(audit);
		bad += write_some(audit, 1) != 1;
		audit_close(audit);
		survey = survey_all(0);
		bad += survey.broken != 0 || survey.records + survey.gaps != 7 ||
		    survey.records < (uint64_t)taken + 2 || count_text("\"prev\":") != 1;
		remove_files();
	}
	loud(saved);
	tap_is_int(bad, 0, "a disk that is full at any byte: all that was taken is there once, in one chain");
}

/* What cannot be written until the end, or until there is no file any more, is lost, and counted. */
static void
test_late_loss(const struct audit_options *then, const char *name)
{
	const struct audit_options options = { .durability = AUDIT_BUFFERED, .queue = 1000 };
	struct audit *audit = open_with(options);
	int saved, ends[2], taken;
	char text[4096], want[64];
	ssize_t n;

	must(audit_start(audit) == 0 && pipe(ends) == 0, "thread");
	saved = quiet();
	set_limit(1);
	taken = write_some(audit, 50);
	must(dup2(ends[1], STDERR_FILENO) != -1, "dup2");
	must(then == NULL || audit_reopen(audit, then) == 0, "no file");
	audit_close(audit);
	set_limit(-1);
	loud(saved);
	(void)close(ends[1]);
	n = read(ends[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	(void)close(ends[0]);
	(void)snprintf(want, sizeof(want), "records lost: %d\n", 50 + 1);	/* an anchor */
	tap_ok(taken > 0 && strstr(text, want) != NULL, "%s: the log has the count", name);
	tap_note("%s", text);
	remove_files();
}

int
main(void)
{
	const struct audit_options none = { .file = "" };

	(void)alarm(LONGEST);
	tap_folder(folder);
	(void)snprintf(file, sizeof(file), "%s/audit", folder);
	must(signal(SIGXFSZ, SIG_IGN) != SIG_ERR, "signal");
	log_init("audit-chain-test");
	test_restart();
	test_old();
	test_cuts();
	test_rotation();
	test_keep_days();
	test_expire();
	test_no_rotation();
	test_full();
	test_synced();
	test_renamed();
	test_tampered();
	test_anchors();
	test_interval();
	test_full_by_anchor();
	test_queue();
	test_failing();
	test_kept();
	test_late_loss(NULL, "a disk that is full to the end");
	test_late_loss(&none, "a disk that is full, and then no file");
	(void)rmdir(folder);
	return tap_done();
}
