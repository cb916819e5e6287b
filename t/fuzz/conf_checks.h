/* t/fuzz/conf_checks.h: what holds for every configuration, refused or taken */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_CHECKS_H
#define AUTHRELAY_CONF_CHECKS_H

#include <string.h>

#include "config/conf.h"
#include "core/utf8.h"
#include "fuzz.h"

/* The interfaces of the machine would make each run another, and slow. */
struct ifaddrs;
int	getifaddrs(struct ifaddrs **);
void	freeifaddrs(struct ifaddrs *);

int
getifaddrs(struct ifaddrs **list_r)
{
	*list_r = NULL;
	return 0;
}

void
freeifaddrs(struct ifaddrs *list)
{
	(void)list;
}

/* Each line names a file, with a line of it where it is about one, or an override. */
static inline void
conf_checks_error_line(const char *line, size_t len)
{
	static const char file[] = "/proc/self/fd/";
	size_t digits = 0;

	for (size_t i = 0; i < len; i++)
		fuzz_check((unsigned char)line[i] >= ' ' && line[i] != 0x7f,
		    "an error has no control character", line);
	if (strncmp(line, "-o ", 3) == 0)
		return;
	/* a list file that is somewhere else */
	if (strncmp(line, file, sizeof(file) - 1) != 0) {
		fuzz_check(memmem(line, len, ": ", 2) != NULL, "a file", line);
		return;
	}
	line += sizeof(file) - 1;
	digits = strspn(line, "0123456789");
	fuzz_check(digits > 0 && line[digits] == ':', "FILE:", line);
	line += digits + 1;
	digits = strspn(line, "0123456789");
	fuzz_check(line[0] == ' ' || (digits > 0 && line[digits] == ':'), "FILE:LINE:",
	    line);
}

static inline void
conf_checks_errors(const struct buf *errors)
{
	const char *s = errors->data, *end;

	fuzz_check(errors->len > 0, "there is an error", "");
	fuzz_check(utf8_span(s, errors->len) == errors->len, "errors are UTF-8", s);
	fuzz_check(strstr(s, "out of memory\n") == NULL, "memory is no error here", s);
	for (; *s != '\0'; s = end + 1) {
		end = strchr(s, '\n');
		fuzz_check(end != NULL && end > s, "an error is a line", s);
		conf_checks_error_line(s, (size_t)(end - s));
	}
}

static inline struct conf *
conf_checks_read(const char *path, char *const *overrides, size_t count)
{
	struct buf errors;
	struct conf *conf;

	buf_init(&errors);
	conf = conf_read(path, overrides, count, &errors);
	if (conf == NULL)
		conf_checks_errors(&errors);
	else
		fuzz_check(errors.len == 0, "no error where it is taken", errors.data);
	buf_clear(&errors);
	return conf;
}

static inline void
conf_checks_write(const struct conf *conf, char **text_r, size_t *len_r)
{
	FILE *fp = open_memstream(text_r, len_r);

	if (fp == NULL)
		abort();
	conf_print(conf, fp);
	if (fclose(fp) != 0)
		abort();
}

/* What is printed reads back to the same, and prints the same. */
static inline void
conf_checks_print(const struct conf *conf)
{
	char path[FUZZ_PATH_SIZE], *text, *again_text;
	size_t len, again_len;
	struct buf names;

	conf_checks_write(conf, &text, &len);
	int fd = fuzz_file(text, len, path);
	struct conf *again = conf_checks_read(path, NULL, 0);
	fuzz_check(again != NULL, "what is printed is taken", text);
	conf_checks_write(again, &again_text, &again_len);
	fuzz_check(len == again_len && memcmp(text, again_text, len) == 0,
	    "and prints the same", text);
	buf_init(&names);
	conf_compare(conf, again, &names);
	fuzz_check(names.len == 0, "and is the same", text);
	buf_clear(&names);
	conf_unref(again);
	free(text);
	free(again_text);
	(void)close(fd);
}

#endif
