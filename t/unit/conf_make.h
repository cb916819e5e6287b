/* t/unit/conf_make.h: files of a configuration, and what is read of them */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_MAKE_H
#define AUTHRELAY_CONF_MAKE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/conf.h"

#define FILE_NAME	"t.conf"	/* as the rows have it */
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static inline void
write_bytes(const char *name, const char *text, size_t len)
{
	/* what is young is read twice, and there are many */
	const struct timespec old[2] = { { 0, 0 }, { 0, 0 } };

	/* a new file each time: to truncate one makes some file systems wait for the disk */
	(void)unlink(name);
	FILE *fp = fopen(name, "w");
	if (fp == NULL || fwrite(text, 1, len, fp) != len || fclose(fp) != 0 ||
	    utimensat(AT_FDCWD, name, old, 0) == -1) {
		perror(name);
		exit(1);
	}
}

static inline void
write_text(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text));
}

/*
 * Reads the file of that name; errors_r is to be freed. Most have no domain, which is an error
 * of its own: see test_recipients().
 */
static inline struct conf *
read_conf(const char *name, const char *override, char **errors_r)
{
	static char no_domains[] = "no-local-domains = yes";
	char *overrides[2] = { no_domains, (char *)(uintptr_t)override };
	struct buf errors;

	buf_init(&errors);
	struct conf *conf = conf_read(name, overrides, 1 + (override != NULL), &errors);
	*errors_r = errors.data;
	return conf;
}

static inline char *
printed(const struct conf *conf)
{
	char *text;
	size_t len;
	FILE *fp = open_memstream(&text, &len);

	conf_print(conf, fp);
	(void)fclose(fp);
	return text;
}

static inline int
has_domain(const struct domset *set, const char *text)
{
	return domset_find(set, text, strlen(text)) != NULL;
}

static inline void
remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(folder);
}

#endif
