/* t/fuzz/fuzz.h: what the targets of make fuzz have in common */
/* SPDX-License-Identifier: ISC */

/*
 * A target is one file, t/fuzz/NAME.c, that defines LLVMFuzzerTestOneInput(); its name
 * stands in FUZZ_TARGETS of Makefile.in. It may have inputs to begin with in
 * t/fuzz/corpus/NAME/, and words that matter in t/fuzz/NAME.dict. All of the filter's
 * objects but main.c's are linked to it, and FUZZ_CTL of the tool's.
 */

#ifndef AUTHRELAY_FUZZ_H
#define AUTHRELAY_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* libFuzzer's: called with each input, which is not ended by a NUL. Returns 0. */
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define FUZZ_PATH_SIZE	32	/* holds what fuzz_file() gives */

/* Ends the run where the condition does not hold; libFuzzer then keeps the input. */
static inline void
fuzz_check(int ok, const char *what, const char *text)
{
	if (ok)
		return;
	(void)fprintf(stderr, "does not hold: %s\n%s\n", what, text);
	abort();
}

/* A file in memory that has these bytes; the caller closes the descriptor. */
static inline int
fuzz_file(const void *data, size_t size, char path_r[FUZZ_PATH_SIZE])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	/* an old one: what is young is looked at twice */
	const struct timespec old[2] = { { 0, 0 }, { 0, 0 } };

	if (fd == -1 || write(fd, data, size) != (ssize_t)size || futimens(fd, old) == -1)
		abort();
	(void)snprintf(path_r, FUZZ_PATH_SIZE, "/proc/self/fd/%d", fd);
	return fd;
}

#endif
