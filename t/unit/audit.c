/* t/unit/audit.c: records reach the file whole, in order, or the caller hears of it */
/* SPDX-License-Identifier: ISC */

#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "os/log.h"
#include "record/record_cut.h"
#include "tap.h"

#define THREADS		8
#define RECORDS		2000	/* by each thread */
#define TEXT_MAX	3000
#define ROUNDS		40	/* of a full disk */
#define ROUND_RECORDS	(RECORDS / ROUNDS)
#define ROUND_ROOM	3000	/* bytes that the disk has left in each */
#define NOBODY		65534
#define LONGEST		300	/* seconds; then the test is stuck */
#define ANCHOR		",\"event\":\"anchor\","

static char	folder[TAP_FOLDER_SIZE];

static const char *
path_of(const char *name)
{
	static char	path[TAP_FOLDER_SIZE + 64];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void
must(int ok, const char *what)
{
	if (ok)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct audit *
open_audit(const char *file, int to_log)
{
	struct audit_options	options = { .file = file, .to_log = to_log };

	return audit_open(&options);
}

/* Standard error goes to a pipe until it is read back. */
struct capture {
	int	saved;
	int	reader;
};

static struct capture
capture_start(void)
{
	struct capture	capture = { dup(STDERR_FILENO), -1 };
	int		ends[2];

	must(capture.saved != -1 && pipe(ends) == 0, "pipe");
	must(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0 &&
	    dup2(ends[1], STDERR_FILENO) != -1, "dup2");
	(void)close(ends[1]);
	capture.reader = ends[0];
	return capture;
}

static const char *
capture_end(struct capture capture)
{
	static char	text[65536];
	size_t		len = 0;
	ssize_t		n;

	must(dup2(capture.saved, STDERR_FILENO) != -1, "dup2");
	(void)close(capture.saved);
	while ((n = read(capture.reader, text + len, sizeof text - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	(void)close(capture.reader);
	return text;
}

/* Of the log; the anchor that ends a file is not counted. */
static size_t
count_lines(const char *text)
{
	size_t	count = 0;

	for (; *text != '\0'; text = strchr(text, '\n') + 1)
		count += strncmp(text, "event=anchor ", 13) != 0;
	return count;
}

/* Takes away what ties the records together, which t/unit/audit_chain.c looks at. */
static void
strip_chain(char *text)
{
	static const char *const	keys[] = { ",\"prev\":\"", ",\"chain\":\"" };
	char				*at, *end;

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		while ((at = strstr(text, keys[i])) != NULL) {
			end = at + strlen(keys[i]);
			end += strspn(end, "0123456789abcdef");
			end += *end == '"';
			memmove(at, end, strlen(end) + 1);
		}
}

static char *
read_file(const char *path, size_t *len_r)
{
	struct stat	st;
	FILE		*fp = fopen(path, "r");
	char		*text;

	must(fp != NULL && fstat(fileno(fp), &st) == 0, path);
	text = malloc((size_t)st.st_size + 1);
	must(text != NULL, "malloc");
	*len_r = fread(text, 1, (size_t)st.st_size, fp);
	text[*len_r] = '\0';
	(void)fclose(fp);
	return text;
}

static void
write_file(const char *path, const char *text)
{
	FILE	*fp = fopen(path, "w");

	must(fp != NULL && fputs(text, fp) >= 0 && fclose(fp) == 0, path);
}

static void
set_limit(rlim_t bytes)
{
	struct rlimit	limit;

	must(getrlimit(RLIMIT_FSIZE, &limit) == 0, "getrlimit");
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	must(setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
}

/*
 * The record number `number` of a thread: client_port and txn say which, the text's
 * length differs.
 */
struct made {
	struct record	record;
	char		text[TEXT_MAX + 1];
};

static void
make_record(struct made *made, int thread, int number)
{
	size_t	most = number % 50 == 0 ? TEXT_MAX : 90;
	size_t	len = (size_t)(number * 7919 + thread * 104729) % most;

	memset(made->text, "aB \"\n\xff@."[number % 8], len);
	made->text[len] = '\0';
	record_init(&made->record, RECORD_RCPT);
	made->record.time_us = number;
	made->record.client_port = thread;
	made->record.txn = number;
	made->record.rcpt = made->text;
}

static int
number_after(const char *line, const char *key)
{
	const char	*at = strstr(line, key);

	return at != NULL ? (int)strtol(at + strlen(key), NULL, 10) : -1;
}

/*
 * Whether a line, NUL-terminated, is that of a record of ours, byte for byte but for its
 * chain value, and whose: its number in the file, the thread, the record.
 */
static int
is_own_line(char *line, int *seq_r, int *thread_r, int *number_r)
{
	struct made		made;
	struct record_cut	cut;
	struct buf		want;
	int			ok;

	*seq_r = number_after(line, "\"seq\":");
	*number_r = number_after(line, "\"txn\":");
	*thread_r = number_after(line, "\"client_port\":");
	if (*seq_r < 1 || *number_r < 0 || *number_r >= RECORDS || *thread_r < 0 ||
	    *thread_r >= THREADS)
		return 0;
	strip_chain(line);
	make_record(&made, *thread_r, *number_r);
	buf_init(&want);
	must(record_cut(&made.record, &cut) == 0, "record_cut");
	record_json_head(&want, made.record.time_us, (uint64_t)*seq_r);
	record_json_tail(&want, &cut.record);
	buf_cut(&want, want.len - 1);
	ok = strcmp(line, want.data) == 0 && want.len < RECORD_JSON_MAX;
	record_cut_clear(&cut);
	buf_clear(&want);
	return ok;
}

struct writer {
	pthread_t	 thread;
	struct audit	*audit;
	int		 index;
	int		 first;		/* record, and how many */
	int		 count;
	char		 result[RECORDS];	/* 1 written, 0 not */
};

static void *
write_records(void *arg)
{
	struct writer	*writer = arg;
	struct made	made;

	for (int i = writer->first; i < writer->first + writer->count; i++) {
		make_record(&made, writer->index, i);
		writer->result[i] = audit_write(writer->audit, &made.record) == 0;
	}
	return NULL;
}

static void
run_writers(struct writer *writers, struct audit *audit, int first, int count)
{
	for (int i = 0; i < THREADS; i++) {
		writers[i].audit = audit;
		writers[i].index = i;
		writers[i].first = first;
		writers[i].count = count;
		must(pthread_create(&writers[i].thread, NULL, write_records, &writers[i]) == 0,
		    "pthread_create");
	}
	for (int i = 0; i < THREADS; i++)
		(void)pthread_join(writers[i].thread, NULL);
}

static int
count_written(const struct writer *writers)
{
	int	count = 0;

	for (int i = 0; i < THREADS; i++)
		for (int j = 0; j < RECORDS; j++)
			count += writers[i].result[j];
	return count;
}

/* What stands in a file of records. */
struct survey {
	int	lines;		/* records of ours */
	int	foreign;	/* other lines */
	int	disorder;	/* a number not above the one before */
	int	last_seq;
	int	unclaimed;	/* records of which audit_write() said that they are not there */
	int	torn_end;	/* the file ends inside a line */
};

static struct survey
survey_file(const char *path, const struct writer *writers)
{
	struct survey	survey = { 0 };
	size_t		len;
	char		*text = read_file(path, &len);
	char		*line = text, *end;
	int		seq, thread, number;

	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		if (strstr(line, ANCHOR) != NULL)
			continue;
		if (!is_own_line(line, &seq, &thread, &number)) {
			survey.foreign++;
			continue;
		}
		survey.lines++;
		survey.disorder += seq <= survey.last_seq;
		survey.last_seq = seq;
		survey.unclaimed += !writers[thread].result[number];
	}
	survey.torn_end = *line != '\0' && !is_own_line(line, &seq, &thread, &number);
	free(text);
	return survey;
}

static void
test_threads(const char *name, enum audit_durability durability)
{
	struct writer		*writers = calloc(THREADS, sizeof *writers);
	const char		*path = path_of("threads");
	struct audit_options	 options = { .file = path, .durability = durability,
	    .queue = THREADS * RECORDS };
	struct audit		*audit = audit_open(&options);
	struct capture		 capture = capture_start();
	struct survey		 survey;

	must(writers != NULL && audit != NULL && audit_start(audit) == 0, "threads");
	run_writers(writers, audit, 0, RECORDS);
	audit_close(audit);
	(void)capture_end(capture);
	survey = survey_file(path, writers);
	(void)unlink(path);
	tap_is_int(count_written(writers), THREADS * RECORDS, "%s: every record is said to be written",
	    name);
	tap_is_int(survey.lines, THREADS * RECORDS, "every record is there, byte for byte");
	tap_is_int(survey.foreign, 0, "nothing else is");
	tap_is_int(survey.disorder, 0, "in the order of their numbers");
	tap_is_int(survey.last_seq, THREADS * RECORDS, "without a gap");
	free(writers);
}

static int
write_one(struct audit *audit, int number)
{
	struct made	made;

	make_record(&made, 0, number);
	return audit_write(audit, &made.record);
}

/*
 * Time and again the disk has room for a few records only, and a batch ends
 * somewhere in it.
 */
static void
test_full_threads(void)
{
	struct writer	*writers = calloc(THREADS, sizeof *writers);
	const char	*path = path_of("full-threads");
	struct audit	*audit = open_audit(path, 0);
	struct survey	survey;
	struct capture	capture;
	struct stat	st;
	int		torn = 0, written;

	must(writers != NULL && audit != NULL, "full-threads");
	capture = capture_start();
	for (int i = 0; i < ROUNDS; i++) {
		must(stat(path, &st) == 0, path);
		set_limit((rlim_t)st.st_size + ROUND_ROOM);
		run_writers(writers, audit, i * ROUND_RECORDS, ROUND_RECORDS);
		set_limit(RLIM_INFINITY);
		torn += survey_file(path, writers).torn_end;
	}
	must(write_one(audit, RECORDS) == 0, path);
	audit_close(audit);
	survey = survey_file(path, writers);
	(void)capture_end(capture);
	written = count_written(writers);
	tap_ok(written > 0 && written < THREADS * RECORDS, "full disk: %d records of %d are there",
	    written, THREADS * RECORDS);
	tap_is_int(survey.unclaimed, 0, "nobody was told that a record in the file is lost");
	tap_is_int(survey.lines, written, "nor that a lost one is in the file");
	tap_is_int(survey.foreign, torn + 1, "torn lines stand alone");
	tap_is_int(survey.disorder, 0, "in the order of their numbers");
	free(writers);
}

/* A loss is logged once, and how many there were once it is over. */
static void
test_loss(void)
{
	struct audit	*audit = open_audit(path_of("loss"), 0);
	struct capture	capture = capture_start();
	const char	*log;

	must(audit != NULL, path_of("loss"));
	set_limit(0);
	for (int i = 0; i < 1000; i++)
		(void)write_one(audit, i);
	set_limit(RLIM_INFINITY);
	for (int i = 0; i < 3; i++)
		(void)write_one(audit, i);
	audit_close(audit);
	log = capture_end(capture);
	tap_is_int((long long)count_lines(log), 2, "the log has one line of loss, one of recovery");
	tap_ok(strstr(log, ": File too large; records lost: 1\n") != NULL &&
	    strstr(log, ": written again; records lost: 1000\n") != NULL,
	    "it says how many were lost");
	tap_note("%s", log);
}

/* One record, while the disk has room for so many bytes more. */
static void
write_into(struct audit *audit, const char *path, off_t room, int want)
{
	struct stat	st;
	int		result;

	must(stat(path, &st) == 0, path);
	set_limit((rlim_t)(st.st_size + room));
	result = write_one(audit, 0);
	set_limit(RLIM_INFINITY);
	tap_is_int(result, want, "a record where there is room for %d bytes", (int)room);
}

static void
test_torn(void)
{
	static const char	 line[] = "{\"v\":1,\"time\":\"1970-01-01T00:00:00.000000Z\",\"seq\":%d,"
	    "\"event\":\"rcpt\",\"txn\":0,\"client_port\":0,\"rcpt\":\"\"}\n";
	static const char	 value[] = ",\"chain\":\"0123456789abcdef0123456789abcdef\"";
	const char		*path = path_of("torn");
	struct audit		*audit = open_audit(path, 0);
	struct capture		 capture;
	char			 want[1000], *text;
	size_t			 len;
	int			 n, whole, bad;

	must(audit != NULL, path);
	capture = capture_start();
	bad = write_one(audit, 0) != 0;
	write_into(audit, path, 10, -1);	/* torn */
	write_into(audit, path, 0, -1);		/* still */
	write_into(audit, path, 1, -1);		/* one byte of the mark that closes it */
	write_into(audit, path, 0, -1);
	bad += write_one(audit, 0) != 0;
	whole = snprintf(want, sizeof want, line, 7) + (int)strlen(value);
	write_into(audit, path, whole - 2, -1);	/* its last two bytes are missing */
	write_into(audit, path, whole + 6, 0);	/* closed; the line lacks only its end */
	bad += write_one(audit, 0) != 0;
	audit_close(audit);
	(void)capture_end(capture);
	n = snprintf(want, sizeof want, line, 1);
	n += snprintf(want + n, sizeof want - (size_t)n, "{\"v\":1,\"ti<<torn>\n");
	n += snprintf(want + n, sizeof want - (size_t)n, line, 6);
	n += snprintf(want + n, sizeof want - (size_t)n, line, 7) - 2;
	n += snprintf(want + n, sizeof want - (size_t)n, "<torn>\n");
	n += snprintf(want + n, sizeof want - (size_t)n, line, 8);
	(void)snprintf(want + n, sizeof want - (size_t)n, line, 9);
	text = read_file(path, &len);
	*strstr(text, "{\"v\":1,\"time\":\"2") = '\0';	/* the anchor, of today */
	strip_chain(text);
	tap_is_int(bad, 0, "what has room is written");
	tap_is_str(text, want, "each torn line is closed once");
	free(text);
}

/*
 * A full disk that frees and fills again does not flood the log, and no loss goes
 * unsaid.
 */
static void
test_flapping(void)
{
	const char	*path = path_of("flapping");
	struct audit	*audit = open_audit(path, 0);
	struct capture	capture = capture_start();
	const char	*log;
	int		bad = 0;

	must(audit != NULL, path);
	for (int i = 0; i < 20; i++) {
		set_limit(0);
		bad += write_one(audit, i) != -1;
		set_limit(RLIM_INFINITY);
		bad += write_one(audit, i) != 0;
	}
	audit_close(audit);
	log = capture_end(capture);
	tap_is_int(bad, 0, "a disk that is full every other time");
	tap_is_int((long long)count_lines(log), 3, "three lines in the log for twenty losses");
	tap_ok(strstr(log, "File too large; records lost: 1\n") != NULL &&
	    strstr(log, "written again; records lost: 1\n") != NULL &&
	    strstr(log, ": records lost: 19\n") != NULL, "all twenty are counted there");
	tap_note("%s", log);
}

static void
test_device_full(void)
{
	struct audit	*audit = open_audit("/dev/full", 1);
	struct capture	capture = capture_start();
	const char	*log;
	int		result;

	must(audit != NULL, "/dev/full");
	result = write_one(audit, 1);
	audit_close(audit);
	log = capture_end(capture);
	tap_is_int(result, -1, "a device without room");
	tap_ok(strstr(log, "No space left on device; records lost: 1\n") != NULL, "is logged");
	tap_ok(strstr(log, "\nevent=rcpt txn=1 ") != NULL, "the record is in the log all the same");
}

static void
test_log_only(void)
{
	struct audit	*audit = open_audit("", 1);
	struct capture	capture = capture_start();
	struct record	record;
	int		bad = 0;

	must(audit != NULL, "no file");
	record_init(&record, RECORD_START);
	bad += audit_write(audit, &record) != 0;
	record_init(&record, RECORD_RCPT);
	record.rcpt = "<a b>\n";
	bad += audit_write(audit, &record) != 0;
	audit_close(audit);
	tap_is_str(capture_end(capture),
	    "event=start v=1 time=1970-01-01T00:00:00.000000Z seq=1\n"
	    "event=rcpt rcpt=\"<a b>\\x0a\" v=1 time=1970-01-01T00:00:00.000000Z seq=2\n",
	    "without a file the log has each record");
	tap_is_int(bad, 0, "and that is no failure");
	audit = open_audit("", 0);
	tap_is_int(audit != NULL ? write_one(audit, 1) : -1, 0, "neither file nor log");
	audit_close(audit);
	audit_close(NULL);
}

/*
 * Opens a file with this in it, writes one record; compares what stands before the
 * record.
 */
static void
check_open(const char *before, const char *want, int is_logged)
{
	const char	*path = path_of("open");
	struct capture	capture;
	struct audit	*audit;
	char		*text;
	size_t		len;
	const char	*log;

	write_file(path, before);
	capture = capture_start();
	audit = open_audit(path, 0);
	must(audit != NULL && write_one(audit, 0) == 0, path);
	audit_close(audit);
	log = capture_end(capture);
	text = read_file(path, &len);
	tap_ok(strncmp(text, want, strlen(want)) == 0 &&
	    strncmp(text + strlen(want), "{\"v\":1,", 7) == 0 && text[len - 1] == '\n',
	    "appended to a file of %zu bytes", strlen(before));
	tap_is_int(strstr(log, "the last line is incomplete") != NULL, is_logged, "logged or not");
	free(text);
}

static void
test_open(void)
{
	const char	*path = path_of("fresh");
	mode_t		 mask = umask(0);
	struct audit	*audit = open_audit(path, 0);
	struct stat	 st;

	(void)umask(mask);
	must(audit != NULL && stat(path, &st) == 0, path);
	tap_is_int(st.st_mode & 07777, 0640, "mode of a new file");
	tap_is_int(write_one(audit, 0), 0, "written to a new file");
	must(truncate(path, 0) == 0 && write_one(audit, 1) == 0 && stat(path, &st) == 0, path);
	tap_ok(st.st_size > 0 && st.st_size < 300, "cut by another, it has no hole");
	audit_close(audit);
	check_open("", "", 0);
	check_open("{\"v\":1}\n", "{\"v\":1}\n", 0);
	check_open("{\"v\":1}\n{\"v\":1,\"ti", "{\"v\":1}\n{\"v\":1,\"ti<torn>\n", 1);
}

static void
check_refused(const char *path, const char *why)
{
	struct capture	capture = capture_start();
	struct audit	*audit = open_audit(path, 0);
	const char	*log = capture_end(capture);

	tap_ok(audit == NULL && strstr(log, path) != NULL && strstr(log, why) != NULL,
	    "cannot be opened, and the log says: %s", why);
	audit_close(audit);
}

static void
test_refused(void)
{
	check_refused(path_of("no/such/folder"), "No such file or directory");
	check_refused(folder, "Is a directory");
	must(mkfifo(path_of("fifo"), 0600) == 0, "mkfifo");
	check_refused(path_of("fifo"), "No such device or address");
	write_file(path_of("forbidden"), "");
	must(chmod(path_of("forbidden"), 0400) == 0 && chmod(folder, 0755) == 0, "chmod");
	must(geteuid() != 0 || seteuid(NOBODY) == 0, "seteuid");
	check_refused(path_of("forbidden"), "Permission denied");
	must(getuid() != 0 || seteuid(0) == 0, "seteuid");
}

static void
remove_files(void)
{
	static const char *const names[] = {
		"threads", "full-threads", "loss", "torn", "flapping", "open", "fresh", "fifo",
		"forbidden",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)unlink(path_of(names[i]));
	must(rmdir(folder) == 0, folder);
}

int
main(void)
{
	(void)alarm(LONGEST);
	tap_folder(folder);
	must(signal(SIGXFSZ, SIG_IGN) != SIG_ERR, "signal");
	log_init("audit-test");
	test_threads("written", AUDIT_WRITTEN);
	test_threads("synced", AUDIT_SYNCED);
	test_threads("buffered", AUDIT_BUFFERED);
	test_full_threads();
	test_loss();
	test_torn();
	test_flapping();
	test_device_full();
	test_log_only();
	test_open();
	test_refused();
	remove_files();
	return tap_done();
}
