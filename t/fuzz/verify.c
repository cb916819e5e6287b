/* t/fuzz/verify.c: any bytes as audit files, and as the anchors that were kept of them */
/* SPDX-License-Identifier: ISC */

/* Up to the first NUL it is syslog, up to the next one a file, and so on. */

#include <string.h>

#include "fuzz.h"
#include "record/verify.h"

#define FILES_MAX	4096	/* an input has no room for more */

static const char	names[FILES_MAX];	/* each is told by where it is */

struct seen {
	const char	*name;
	uint64_t	lines;		/* of the file */
	uint64_t	good;		/* the last one that was called good */
	uint64_t	findings;
};

static void
check_range(const struct seen *seen, uint64_t from, uint64_t to)
{
	fuzz_check(from <= to && (from > 0) == (to > 0), "a range has two ends", "");
	fuzz_check(to <= seen->lines + 1, "it is in the file", "");
}

static void
report(void *arg, const struct verify_finding *finding)
{
	struct seen *seen = arg;
	uint64_t good = finding->kind == VERIFY_GOOD ? finding->from : finding->good_from;

	fuzz_check(verify_kind_name(finding->kind) != NULL, "a finding has a name", "");
	seen->findings++;
	if (finding->file != seen->name)
		return;
	check_range(seen, finding->from, finding->to);
	check_range(seen, finding->good_from, finding->good_to);
	fuzz_check(good == 0 || good > seen->good, "nothing is called good twice", "");
	if (good > 0)
		seen->good = finding->kind == VERIFY_GOOD ? finding->to : finding->good_to;
}

static void
give_line(struct verify *verify, struct seen *seen, const char *at, size_t length, int has_end)
{
	/* Alone in its memory, so that a step beside it is seen. */
	char *copy = malloc(length + 1);
	const struct record_line line = { .at = copy, .length = length, .has_end = has_end,
	    .number = ++seen->lines };

	if (copy == NULL)
		abort();
	memcpy(copy, at, length);
	verify_line(verify, &line);
	free(copy);
}

static void
give_file(struct verify *verify, struct seen *seen, const char *text, size_t size)
{
	const char *end;

	seen->lines = seen->good = 0;
	seen->name = seen->name == NULL ? names : seen->name + 1;
	verify_file(verify, seen->name);
	while ((end = memchr(text, '\n', size)) != NULL) {
		give_line(verify, seen, text, (size_t)(end - text), 1);
		size -= (size_t)(end + 1 - text);
		text = end + 1;
	}
	if (size > 0)
		give_line(verify, seen, text, size, 0);
	verify_file_end(verify, 1);
}

static void
give_anchors(struct anchors *anchors, const char *text, size_t size)
{
	const char *end;

	for (; size > 0 && (end = memchr(text, '\n', size)) != NULL; text = end + 1) {
		if (anchors_add_line(anchors, text, (size_t)(end - text)) == -1)
			abort();
		size -= (size_t)(end + 1 - text);
	}
	anchors_seal(anchors);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size, *stop;
	struct anchors anchors;
	struct verify_result result;
	struct seen seen = { 0 };
	struct verify *verify;

	if (size == 0 || size > FILES_MAX)
		return 0;
	stop = memchr(text, '\0', size);
	anchors_init(&anchors);
	give_anchors(&anchors, text, (size_t)((stop == NULL ? end : stop) - text));
	if ((verify = verify_new(&anchors, NULL, report, &seen)) == NULL)
		abort();
	for (; stop != NULL; stop = memchr(text, '\0', (size_t)(end - text))) {
		text = stop + 1;
		if (text == end)
			break;
		stop = memchr(text, '\0', (size_t)(end - text));
		give_file(verify, &seen, text, (size_t)((stop == NULL ? end : stop) - text));
		if (stop == NULL)
			break;
	}
	fuzz_check(verify_end(verify, &result) == 0, "there is a result", "");
	fuzz_check(result.verdict != VERIFY_IS_GOOD || result.vouched.file != NULL,
	    "good is what something vouches for", "");
	verify_free(verify);
	anchors_clear(&anchors);
	return 0;
}
