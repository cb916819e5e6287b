/* t/unit/conf_files.c: the files of a configuration: missing, changing, pipes, too little memory */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "conf_make.h"
#include "config/conf_file.h"
#include "tap.h"

/* What is no regular file does not make a reload wait. */
static void
test_no_files(void)
{
	static const char *const names[] = { "fifo", "/dev/zero", "/dev/null" };
	char *errors, text[128], want[256];

	(void)mkfifo("fifo", 0600);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(text, sizeof(text), "relay-domains = \"file:%s\"\n", names[i]);
		(void)snprintf(want, sizeof(want), "t.conf:1: relay-domains: invalid entry \"file:%s\": not a regular file\n", names[i]);
		write_text(FILE_NAME, text);
		tap_ok(read_conf(FILE_NAME, NULL, &errors) == NULL, "a list in %s", names[i]);
		tap_is_str(errors, want, "  is an error at once");
		free(errors);
	}
	tap_ok(read_conf("/dev/zero", NULL, &errors) == NULL, "a configuration in /dev/zero");
	tap_is_str(errors, "/dev/zero: neither a regular file nor a pipe\n", "  is an error at once");
	free(errors);
	struct conf *conf = read_conf("fifo", NULL, &errors);
	tap_is_str(errors, NULL, "a FIFO that nobody writes into is empty, at once");
	free(errors);
	conf_unref(conf);
	(void)unlink("fifo");
	conf = read_conf("/dev/null", NULL, &errors);
	tap_is_str(errors, NULL, "and so is /dev/null");
	free(errors);
	conf_unref(conf);
}

/* As /dev/stdin at the end of a pipe; a part comes late. */
static void
test_pipe(void)
{
	char name[64], *errors;
	int fds[2];
	pid_t pid;

	if (pipe(fds) == -1 || (pid = fork()) == -1) {
		tap_ok(0, "a pipe: %s", strerror(errno));
		return;
	}
	if (pid == 0) {
		(void)close(fds[0]);
		(void)!write(fds[1], "relay-domains = pi", 18);
		(void)usleep(50000);
		(void)!write(fds[1], "pe.test\n", 8);
		_exit(0);
	}
	(void)close(fds[1]);
	(void)snprintf(name, sizeof(name), "/dev/fd/%d", fds[0]);
	struct conf *conf = read_conf(name, NULL, &errors);
	tap_is_str(errors, NULL, "a configuration from a pipe");
	tap_ok(conf != NULL && has_domain(conf->policy.relay_domains, "pipe.test"), "is read to its end");
	free(errors);
	conf_unref(conf);
	(void)waitpid(pid, NULL, 0);
	(void)close(fds[0]);
}

#define CHANGING	300000	/* bytes */

static double
seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct writer {
	unsigned	rounds;
	unsigned	late;		/* rounds in which it was kept from going on */
	int		is_restless;	/* it makes no pause */
};

/*
 * Rewrites a file in place, one half after the other, until the parent ends it. Counts how often
 * it was kept from that for so long that nobody could know of the next half.
 */
static void
keep_writing(volatile struct writer *writer)
{
	static char half[CHANGING / 2];
	int fd = open("changing", O_WRONLY);
	double last = seconds();

	for (char letter = 'a'; fd != -1; letter = letter == 'a' ? 'b' : 'a') {
		double start = seconds();
		memset(half, letter, sizeof(half));
		if (pwrite(fd, half, sizeof(half), 0) == -1 || usleep(1000) == -1 ||
		    pwrite(fd, half, sizeof(half), sizeof(half)) == -1)
			break;
		writer->late += seconds() - (writer->is_restless ? last : start) > 0.006;
		writer->rounds++;
		last = seconds();
		(void)usleep(letter == 'a' || writer->is_restless ? 500 : 30000);
	}
	_exit(1);
}

static int
is_mixed(const struct buf *buf)
{
	return memchr(buf->data, buf->data[0] == 'a' ? 'b' : 'a', buf->len) != NULL;
}

/* Reads it once. Returns 1: one state of it, 0: an error that says why, -1: neither. */
static int
read_changing(const volatile struct writer *writer)
{
	unsigned late = writer->late;
	struct buf buf;
	const char *why = conf_file_load("changing", &buf);
	int result = why == NULL && buf.len == CHANGING;

	if (why != NULL && strcmp(why, "it keeps changing; write a new file, and rename it to this one") != 0)
		tap_is_str(why, NULL, "an error");
	if (result == 1 && (is_mixed(&buf) || writer->is_restless)) {
		(void)usleep(300000);	/* it counts at the end of a round */
		result = writer->late == late ? -1 : 0;
	}
	buf_clear(&buf);
	return result;
}

/* Another process changes a file while it is read: what is read is one state of it, or an error. */
static void
test_changing(void)
{
	static char text[CHANGING];
	volatile struct writer *writer = mmap(NULL, sizeof(*writer), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	size_t wrong = 0, whole = 0;
	int result;
	pid_t pid;

	memset(text, 'b', sizeof(text));
	write_bytes("changing", text, sizeof(text));
	if (writer == MAP_FAILED || (pid = fork()) == -1) {
		tap_ok(0, "a process that writes: %s", strerror(errno));
		return;
	}
	if (pid == 0)
		keep_writing(writer);
	for (int i = 0; i < 100000 && writer->rounds < 60 && wrong == 0; i++) {
		result = read_changing(writer);
		whole += result == 1;
		wrong += result == -1;
	}
	tap_is_int((long long)wrong, 0, "a file that is rewritten is never read half and half");
	tap_ok(whole > 0, "and is read in its pauses: %zu times; late: %u of %u", whole, writer->late,
	    writer->rounds);
	writer->is_restless = 1;
	(void)usleep(100000);
	tap_is_int(read_changing(writer), 0, "one that is never left alone is not read at all");
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)munmap((void *)(uintptr_t)writer, sizeof(*writer));
}

/* A relative list file is looked for beside the configuration, not where we are. */
static void
test_folder(void)
{
	char *errors;

	(void)mkdir("sub", 0700);
	write_text("sub/only.txt", "only.example\n");
	write_text("sub/s.conf", "relay-domains = \"file:only.txt\"\n");
	struct conf *conf = read_conf("sub/s.conf", NULL, &errors);
	tap_is_str(errors, NULL, "a list file beside its configuration");
	tap_ok(conf != NULL && has_domain(conf->policy.relay_domains, "only.example"), "is read");
	free(errors);
	conf_unref(conf);
	(void)unlink("sub/only.txt");
	conf = read_conf("sub/s.conf", NULL, &errors);
	tap_is_str(errors, "sub/s.conf:1: relay-domains: invalid entry \"file:only.txt\": No such file or directory\n",
	    "or missed there");
	free(errors);
	conf_unref(conf);
	(void)unlink("sub/s.conf");
	(void)rmdir("sub");
}

/* A list file that is wrong from end to end does not fill the terminal, and does not hide how wrong it is. */
static void
test_many_errors(void)
{
	struct buf text;
	char *errors;
	size_t lines = 0;

	buf_init(&text);
	for (int i = 0; i < 1000; i++)
		buf_puts(&text, "-\n");
	write_text("many.txt", text.data);
	write_text(FILE_NAME, "relay-domains = \"file:many.txt\"\n");
	struct conf *conf = read_conf(FILE_NAME, NULL, &errors);
	for (const char *s = errors; s != NULL && *s != '\0'; s++)
		lines += *s == '\n';
	tap_is_int((long long)lines, 101, "a hundred lines, and one more");
	tap_ok(errors != NULL && strstr(errors, "\nmany.txt: 900 more invalid lines\n") != NULL,
	    "says how many there are");
	free(errors);
	conf_unref(conf);
	buf_clear(&text);
}

static void
test_missing(void)
{
	char *errors;

	tap_ok(read_conf("none.conf", "mode = x", &errors) == NULL, "a file that is missing");
	tap_is_str(errors, "none.conf: No such file or directory\n-o 'mode = x': mode: invalid value \"x\"; "
	    "expected enforce or monitor\n", "and what else is wrong");
	free(errors);
	tap_ok(read_conf(".", NULL, &errors) == NULL, "a folder");
	tap_is_str(errors, ".: Is a directory\n", "is no file");
	free(errors);
	write_bytes("nul.conf", "mode = \0monitor\n", 16);
	tap_ok(read_conf("nul.conf", NULL, &errors) == NULL, "a file with a NUL byte");
	tap_is_str(errors, "nul.conf: it has a NUL byte; expected a text file\n", "is no text");
	free(errors);
}

/* One of them is there with a sanitizer, whose own memory would have an end, too. */
extern void	__asan_init(void) __attribute__((weak));
extern void	__tsan_init(void) __attribute__((weak));

/* The file, or the whole, and nothing else. */
static int
says_memory(const char *errors)
{
	return errors == NULL || strcmp(errors, "out of memory\n") == 0 ||
	    strcmp(errors, FILE_NAME ": out of memory\n") == 0 ||
	    strcmp(errors, FILE_NAME ": out of memory\nout of memory\n") == 0;
}

/* Reads a configuration with so many KiB of memory and no more; does not return. */
static void
read_starved(size_t kib)
{
	static char *block[1024];
	const struct rlimit none = { 0, 0 };
	char *errors = NULL;

	for (size_t i = 0; i < kib; i++)
		if ((block[i] = malloc(1000)) == NULL)
			_exit(3);
	if (setrlimit(RLIMIT_DATA, &none) == -1)
		_exit(3);
	for (size_t size = 65536; size > 0; size /= 2)
		while (malloc(size) != NULL)
			;
	for (size_t i = 0; i < kib; i++)
		free(block[i]);
	struct conf *conf = read_conf(FILE_NAME, "mx.timeout = 5", &errors);
	if (conf != NULL)
		_exit(0);
	/* without any memory not even that can be told */
	_exit(says_memory(errors) ? 1 : 4);
}

/* A daemon that reads its configuration again must not end for want of memory. */
static void
test_starved(void)
{
	int wrong = 0, status = 0, last = 0, refused = 0, taken = 0;

	if (__asan_init != NULL || __tsan_init != NULL) {
		tap_note("not with a sanitizer: a limit to memory");
		return;
	}
	write_text(FILE_NAME, "local-domains = { a.test, \"b.test\" }\n"
	    "socket = \"unix:/run/a-path-that-is-not-too-short/socket\"\n");
	for (size_t kib = 0; kib < 400; kib += 1 + kib / 32) {
		pid_t pid = fork();
		if (pid == 0)
			read_starved(kib);
		if (pid == -1 || waitpid(pid, &status, 0) != pid)
			status = -1;
		taken += status == 0;
		if (status == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 1)) {
			refused += status != 0;
			continue;
		}
		wrong++;
		last = status;
	}
	tap_is_int(wrong, 0, "with little memory: out of memory, and nothing dies");
	tap_is_int(last, 0, "  as its status says");
	tap_ok(refused > 0 && taken > 0, "  %d times refused, and with more of it %d times read", refused, taken);
}

int
main(void)
{
	char folder[TAP_FOLDER_SIZE];

	tap_folder(folder);
	if (chdir(folder) == -1) {
		perror(folder);
		return 1;
	}
	test_no_files();
	test_pipe();
	test_changing();
	test_missing();
	test_folder();
	test_many_errors();
	test_starved();
	remove_folder(folder);
	return tap_done();
}
