/* milter/ctl/ctl_keygen.c: authrelayctl keygen: keys that sign anchors of audit files */
/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "os/directory.h"
#include "record/audit_key.h"

#define SUFFIX		".pub"

static int
complain(const char *file)
{
	return ctl_cannot(&ctl_keygen, file, strerror(errno), EX_CANTCREAT);
}

/* A file that is there stays as it is: a key that is lost can never be had again. */
static int
create(const struct directory *dir, const char *name, const char *file, mode_t mode,
    const struct buf *text)
{
	const int how = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(dir->fd, name, how, mode);
	int is_written, error;

	if (fd == -1)
		return complain(file);
	errno = EIO;
	is_written = fchmod(fd, mode) == 0 && write(fd, text->data, text->len) ==
	    (ssize_t)text->len && fsync(fd) == 0;
	error = errno;
	if (close(fd) == 0 && is_written)
		return 0;
	errno = is_written ? errno : error;
	(void)complain(file);
	(void)unlinkat(dir->fd, name, 0);
	return EX_CANTCREAT;
}

static int
write_pair(const char *file, const struct buf *private_key, const struct buf *public_key)
{
	struct directory dir;
	const char *public_name;
	char *public_file;
	int status;

	if (directory_open(file, &dir) == -1)
		return complain(file);
	if (asprintf(&public_file, "%s" SUFFIX, file) == -1) {
		directory_close(&dir);
		return ctl_no_memory();
	}
	public_name = public_file + (dir.name - file);
	if ((status = create(&dir, public_name, public_file, 0644, public_key)) == 0 &&
	    (status = create(&dir, dir.name, file, 0600, private_key)) != 0)
		(void)unlinkat(dir.fd, public_name, 0);
	if (status == 0)
		(void)printf("%s: the private key, for audit.key; must be owned by the "
		    "daemon's user\n%s: the public key, for authrelayctl verify "
		    "--pubkey; keep a copy on another machine\n", file, public_file);
	free(public_file);
	directory_close(&dir);
	return status;
}

static int
run(int argc, char **argv)
{
	struct audit_key *key;
	struct buf private_key, public_key;
	int status;

	if (cmdline_read(&ctl_keygen.line, NULL, &argc, &argv, &status) == -1)
		return status;
	if ((key = audit_key_generate()) == NULL)
		return ctl_no_memory();
	buf_init(&private_key);
	buf_init(&public_key);
	if (audit_key_write(key, &private_key, &public_key) == 0)
		status = write_pair(argv[0], &private_key, &public_key);
	else
		status = ctl_no_memory();
	if (private_key.data != NULL)
		explicit_bzero(private_key.data, private_key.size);
	buf_clear(&private_key);
	buf_clear(&public_key);
	audit_key_free(key);
	return status;
}

static const struct cmdline_group groups[] = { { .options = NULL } };

const struct ctl_command ctl_keygen = { { .program = CTL_PROGRAM, .command = "keygen",
    .usage = "FILE", .help = "Make the keys that sign anchors of audit files",
    .groups = groups, .operand = "FILE", .least = 1, .most = 1 }, run, NULL };
