/* t/unit/reopen.c: records go on in another file while threads write */
/* SPDX-License-Identifier: ISC */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "os/log.h"
#include "tap.h"

#define THREADS	4
#define REOPENS	500
#define MOVES	200
#define LONGEST	60	/* seconds, until the test is ended */

static char folder[TAP_FOLDER_SIZE];

struct writer {
	pthread_t	 thread;
	struct audit	*audit;
	atomic_int	*is_over;
	int		 written;
	int		 lost;
};

/* A path in the folder; the last four stay valid. */
static const char *
path_of(const char *name)
{
	static char paths[4][TAP_FOLDER_SIZE + 16];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static int
write_one(struct audit *audit)
{
	struct record record;

	record_init(&record, RECORD_STOP);
	record.note = "a note that makes the line as long as lines are";
	return audit_write(audit, &record);
}

static void *
write_records(void *arg)
{
	struct writer *writer = arg;

	while (!atomic_load(writer->is_over)) {
		if (write_one(writer->audit) == 0)
			writer->written++;
		else
			writer->lost++;
	}
	return NULL;
}

/* What is in a file: records, anchors, other lines, and whether the numbers rise by one from `seq` on. */
struct survey {
	int		lines;
	int		anchors;
	int		broken;
	unsigned long	seq;
};

static void
survey_file(const char *path, struct survey *survey)
{
	char line[1024];
	unsigned long seq;
	FILE *file = fopen(path, "r");
	char *at;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		at = strstr(line, "\"seq\":");
		seq = at == NULL ? 0 : strtoul(at + 6, NULL, 10);
		if (seq != survey->seq + 1 || strstr(line, "}\n") == NULL)
			survey->broken++;
		survey->seq = seq;
		if (strstr(line, ",\"event\":\"anchor\",") != NULL)
			survey->anchors++;
		else
			survey->lines++;
	}
	if (file != NULL)
		(void)fclose(file);
}

static void
reopen_often(struct audit *audit, const struct audit_options *options)
{
	int i, failed = 0;

	for (i = 0; i < REOPENS; i++)
		failed += audit_reopen(audit, options) == -1;
	tap_is_int(failed, 0, "the same file, %d times", REOPENS);
	tap_is_int(rename(options->file, path_of("old")), 0, "it is renamed");
	tap_is_int(audit_reopen(audit, options), 0, "and begun anew");
}

static void
begin_writers(struct writer *writers, struct audit *audit, atomic_int *is_over)
{
	for (int i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ .audit = audit, .is_over = is_over };
		if (pthread_create(&writers[i].thread, NULL, write_records, &writers[i]) != 0)
			exit(1);
	}
}

static void
test_under_load(void)
{
	struct audit_options options = { .file = path_of("records") };
	struct audit *audit = audit_open(&options);
	struct writer writers[THREADS];
	struct survey survey = { .lines = 0 };
	atomic_int is_over = 0;
	int i, written = 0, lost = 0;

	begin_writers(writers, audit, &is_over);
	tap_is_int(write_one(audit), 0, "one, though the others may not have begun");
	reopen_often(audit, &options);
	atomic_store(&is_over, 1);
	for (i = 0; i < THREADS; i++) {
		(void)pthread_join(writers[i].thread, NULL);
		written += writers[i].written;
		lost += writers[i].lost;
	}
	tap_is_int(write_one(audit), 0, "one more");
	audit_close(audit);
	survey_file(path_of("old"), &survey);
	survey_file(options.file, &survey);
	tap_is_int(lost, 0, "no record is lost");
	tap_is_int(survey.lines, written + 2, "each is in one of the two files");
	tap_is_int(survey.anchors, 2, "and an anchor at the end of each");
	tap_is_int(survey.broken, 0, "whole, and in the order of the numbers");
}

/* How many of the writers' records are in a file, be they of the record or of the log. */
static int
count_records(const char *path)
{
	char line[1024];
	FILE *fp = fopen(path, "r");
	int count = 0;

	while (fp != NULL && fgets(line, sizeof(line), fp) != NULL)
		count += strstr(line, "event=stop ") == line || strstr(line, ",\"event\":\"stop\",") != NULL;
	if (fp != NULL)
		(void)fclose(fp);
	return count;
}

/* Standard error, to which the log goes, goes to a file; returns what it was. */
static int
catch_log(const char *path)
{
	int saved = dup(STDERR_FILENO);

	if (saved == -1 || freopen(path, "a", stderr) == NULL)
		exit(1);
	return saved;
}

static void
move_often(struct audit *audit, const struct audit_options *file, const struct audit_options *logged)
{
	int failed = 0;

	for (int i = 0; i < MOVES; i++) {
		failed += audit_reopen(audit, logged) == -1;
		(void)usleep(500);
		failed += audit_reopen(audit, file) == -1;
		(void)usleep(500);
	}
	tap_is_int(failed, 0, "from the file to the log and back, %d times", MOVES);
}

/* A record that was taken is in the file or in the log, on whichever side of a reload it came. */
static void
test_moved(enum audit_durability durability)
{
	struct audit_options file = { .file = path_of("moved"), .durability = durability, .queue = 10000 };
	struct audit_options logged = { .file = "", .to_log = 1, .durability = durability, .queue = 10000 };
	struct audit *audit = audit_open(&file);
	struct writer writers[THREADS];
	atomic_int is_over = 0;
	int written = 0, saved = catch_log(path_of("log"));

	if (audit_start(audit) == -1)
		exit(1);
	begin_writers(writers, audit, &is_over);
	move_often(audit, &file, &logged);
	atomic_store(&is_over, 1);
	for (int i = 0; i < THREADS; i++) {
		(void)pthread_join(writers[i].thread, NULL);
		written += writers[i].written;
	}
	audit_close(audit);
	if (dup2(saved, STDERR_FILENO) == -1)
		exit(1);
	(void)close(saved);
	tap_is_int(count_records(path_of("moved")) + count_records(path_of("log")), written,
	    "each record that was taken is in one of the two");
	(void)unlink(path_of("moved"));
	(void)unlink(path_of("log"));
}

static void
test_change(void)
{
	struct audit_options none = { .file = "" }, some = { .file = path_of("some") };
	struct audit_options refused = { .file = path_of("no/such") };
	struct audit *audit = audit_open(&none);
	struct survey survey = { .seq = 1 };

	tap_is_int(write_one(audit), 0, "without a file");
	tap_is_int(audit_reopen(audit, &some), 0, "a file comes");
	tap_is_int(write_one(audit), 0, "and is written to");
	tap_is_int(audit_reopen(audit, &refused), -1, "one that cannot be opened");
	tap_is_int(write_one(audit), 0, "leaves the old one in use");
	tap_is_int(unlink(some.file), 0, "it is removed");
	tap_is_int(write_one(audit), 0, "and made anew");
	tap_is_int(access(some.file, F_OK), 0, "it is there");
	survey.seq = 3;
	survey_file(some.file, &survey);
	tap_is_int(survey.lines, 1, "with the last record");
	tap_is_int(survey.broken, 0, "which is whole");
	tap_is_int(audit_reopen(audit, &none), 0, "the file goes");
	tap_is_int(write_one(audit), 0, "nothing is lost by that");
	audit_close(audit);
}

int
main(void)
{
	(void)alarm(LONGEST);
	tap_folder(folder);
	log_init("reopen-test");
	test_under_load();
	test_moved(AUDIT_WRITTEN);
	test_moved(AUDIT_BUFFERED);
	test_change();
	(void)unlink(path_of("old"));
	(void)unlink(path_of("records"));
	(void)unlink(path_of("some"));
	(void)rmdir(folder);
	return tap_done();
}
