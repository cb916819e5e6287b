/* t/lib/verify_many.c: verifies many sets of audit files in one process; for t/ctl/verify.t */
/* SPDX-License-Identifier: ISC */

/*
 * Standard input has commands, a line each, and bytes behind those that give lengths:
 *	anchors N	the lines of syslog that count from here on, N bytes
 *	key FILE	the public key that counts from here on
 *	case N...	files of so many bytes: they are verified
 * Each case is answered by a line for each finding, file (from 0 on), kind, lines from and to,
 * good lines from and to, seq from and to, and by "verdict V", good, broken or unknown.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/verify.h"

#define FILES_MAX	8

static const char	*names[FILES_MAX] = { "0", "1", "2", "3", "4", "5", "6", "7" };

static void __attribute__((noreturn))
quit(const char *why)
{
	(void)fprintf(stderr, "verify_many: %s\n", why);
	exit(1);
}

/* In memory of its own, without a NUL, so that a sanitizer sees every step beside it. */
static char *
read_bytes(size_t length)
{
	char *bytes = malloc(length == 0 ? 1 : length);

	if (bytes == NULL || fread(bytes, 1, length, stdin) != length)
		quit("the input ends too early");
	return bytes;
}

/* The next line of a text; 0 at its end. */
static int
next_line(const char *text, size_t length, struct record_line *line)
{
	uint64_t begin = line->offset + line->length + (uint64_t)line->has_end;
	const char *end;

	if (begin >= length)
		return 0;
	end = memchr(text + begin, '\n', length - begin);
	*line = (struct record_line){ .at = text + begin, .number = line->number + 1,
	    .offset = begin, .has_end = end != NULL,
	    .length = end != NULL ? (size_t)(end - text) - begin : length - begin };
	return 1;
}

static void
report(void *arg, const struct verify_finding *f)
{
	(void)arg;
	(void)printf("%s %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
	    "\n", f->file, verify_kind_name(f->kind), f->from, f->to, f->good_from, f->good_to,
	    f->seq_from, f->seq_to);
}

static void
verify_text(struct verify *verify, const char *name, size_t length)
{
	char *text = read_bytes(length);
	struct record_line line = { 0 };

	verify_file(verify, name);
	while (next_line(text, length, &line)) {
		char *copy = malloc(line.length == 0 ? 1 : line.length);
		const struct record_line alone = { .at = copy, .length = line.length,
		    .has_end = line.has_end, .number = line.number };

		if (copy == NULL)
			quit("out of memory");
		memcpy(copy, line.at, line.length);
		verify_line(verify, &alone);
		free(copy);
	}
	verify_file_end(verify, 1);
	free(text);
}

static void
run_case(char *lengths, struct anchors *anchors, const struct audit_key *key)
{
	static const char *verdicts[] = { "good", "broken", "unknown" };
	struct verify *verify = verify_new(anchors, key, report, NULL);
	struct verify_result result;
	char *rest = lengths;

	if (verify == NULL)
		quit("out of memory");
	for (size_t i = 0; i < anchors->count; i++)
		anchors->list[i].is_found = anchors->list[i].is_reported = 0;
	for (size_t i = 0; i < FILES_MAX && *rest == ' '; i++)
		verify_text(verify, names[i], strtoul(rest, &rest, 10));
	if (verify_end(verify, &result) == -1)
		quit("the library failed");
	(void)printf("verdict %s\n", verdicts[result.verdict]);
	verify_free(verify);
}

static void
set_anchors(struct anchors *anchors, size_t length)
{
	char *text = read_bytes(length);
	struct record_line line = { 0 };

	anchors_clear(anchors);
	while (next_line(text, length, &line))
		if (anchors_add_line(anchors, line.at, line.length) == -1)
			quit("out of memory");
	anchors_seal(anchors);
	free(text);
}

int
main(void)
{
	struct anchors anchors;
	struct audit_key *key = NULL;
	const char *why;
	char command[256];

	anchors_init(&anchors);
	while (fgets(command, sizeof(command), stdin) != NULL) {
		command[strcspn(command, "\n")] = '\0';
		if (strncmp(command, "anchors ", 8) == 0) {
			set_anchors(&anchors, strtoul(command + 8, NULL, 10));
		} else if (strncmp(command, "key ", 4) == 0) {
			audit_key_free(key);
			if ((key = audit_key_read_public(command + 4, &why)) == NULL)
				quit(why);
		} else if (strncmp(command, "case ", 5) == 0) {
			run_case(command + 4, &anchors, key);
		} else {
			quit("no such command");
		}
	}
	audit_key_free(key);
	anchors_clear(&anchors);
	return fflush(stdout) == EOF;
}
