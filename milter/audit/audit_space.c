/* milter/audit/audit_space.c: free space on the file system of the audit file */
/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <inttypes.h>

#include "audit/audit.h"
#include "audit/audit_space.h"
#include "os/clock.h"
#include "os/log.h"

#define LOOK_MS		1000
#define LOOK_PART	16		/* of min_free, written: time for a look */
#define NOTE_MS		60000
#define AUTO_BYTES	(64ULL << 20)	/* AUDIT_MIN_FREE_AUTO: the lesser of this */
#define AUTO_PART	50		/* and of this part of the disk */

void
audit_space_init(struct audit_space *space, uint64_t min_free)
{
	*space = (struct audit_space){ .min_free = min_free };
}

static uint64_t
limit_of(const struct audit_space *space, uint64_t disk)
{
	if (space->min_free != AUDIT_MIN_FREE_AUTO)
		return space->min_free;
	return disk / AUTO_PART < AUTO_BYTES ? disk / AUTO_PART : AUTO_BYTES;
}

/* Sets what is free and what has to be; returns whether that is known. */
static int
measure(struct audit_space *space, int fd, uint64_t *free_r)
{
	struct stat	st;
	struct statvfs	disk;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || fstatvfs(fd, &disk) == -1 ||
	    disk.f_blocks == 0)
		return 0;
	*free_r = (uint64_t)disk.f_bavail * disk.f_frsize;
	space->limit = limit_of(space, (uint64_t)disk.f_blocks * disk.f_frsize);
	return 1;
}

static void
say(struct audit_space *space, const char *name, uint64_t is_free, int was_low)
{
	unsigned long	count;

	if (!space->is_low && was_low)
		log_info("audit %s: %" PRIu64 "k are free again, audit.min-free is "
		    "%" PRIu64 "k", name, is_free / 1024, space->limit / 1024);
	if (!space->is_low || !seldom_is_due(&space->notes, NOTE_MS, &count))
		return;
	log_error("audit %s: only %" PRIu64 "k are free on its file system, "
	    "audit.min-free is %" PRIu64 "k: recipients are not recorded until more is "
	    "free; move or remove files there, or lower audit.min-free", name,
	    is_free / 1024, space->limit / 1024);
}

static int
is_time(struct audit_space *space, uint64_t written)
{
	int64_t	now = clock_monotonic_ms();

	space->unseen += written;
	if (now < space->next_look && space->unseen < space->limit / LOOK_PART)
		return 0;
	space->next_look = now + LOOK_MS;
	space->unseen = 0;
	return 1;
}

int
audit_space_look(struct audit_space *space, int fd, const char *name, uint64_t written)
{
	uint64_t	is_free;
	int		was_low = space->is_low;

	if (space->min_free == 0 || fd == -1) {
		space->is_low = 0;
		return 0;
	}
	if (!is_time(space, written))
		return space->is_low;
	if (!measure(space, fd, &is_free)) {
		space->is_low = 0;
		return 0;
	}
	space->is_low = is_free < space->limit;
	say(space, name, is_free, was_low);
	return space->is_low;
}
