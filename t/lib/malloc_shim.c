/* t/lib/malloc_shim.c: preloaded, lets an allocation fail when a test says so */
/* SPDX-License-Identifier: ISC */

/*
 * The file that MALLOC_SHIM_FILE names holds a struct order, shared with the test, which
 * reads and writes it while the program runs. Only calls count that come from the
 * objects asked for: the program itself, or libmilter, or both; a call of strdup(3) is
 * its caller's. What the C library allocates for itself never fails here. Without the
 * variable this does nothing.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RANGES	8
#define BOOT	65536

enum {
	FROM_PROGRAM = 1,
	FROM_LIBMILTER = 2
};

struct order {
	atomic_uint	fail_at;	/* the call that fails, from 1; 0: none */
	atomic_uint	keep_failing;	/* and all after it */
	atomic_uint	from;
	atomic_uint	count;		/* calls since the test made it 0 */
	atomic_uint	failed;
};

struct range {
	uintptr_t	start;
	uintptr_t	end;
	unsigned	from;
};

static struct range	 ranges[RANGES];
static struct order	*order;

static void	*(*real_malloc)(size_t);
static void	*(*real_calloc)(size_t, size_t);
static void	*(*real_realloc)(void *, size_t);
static void	 (*real_free)(void *);

/* dlsym(3) may itself ask for memory. */
static char	 boot[BOOT];
static size_t	 boot_used;

static void *
boot_alloc(size_t size)
{
	void	*p = boot + boot_used;

	size = (size + 15) & ~(size_t)15;
	if (size > BOOT - boot_used)
		abort();
	boot_used += size;
	return p;
}

static int
is_boot(const void *p)
{
	return (const char *)p >= boot && (const char *)p < boot + BOOT;
}

static int
find_real(void)
{
	static int	is_finding;

	if (real_free != NULL)
		return 1;
	if (is_finding)
		return 0;
	is_finding = 1;
	*(void **)&real_malloc = dlsym(RTLD_NEXT, "malloc");
	*(void **)&real_calloc = dlsym(RTLD_NEXT, "calloc");
	*(void **)&real_realloc = dlsym(RTLD_NEXT, "realloc");
	*(void **)&real_free = dlsym(RTLD_NEXT, "free");
	is_finding = 0;
	return real_free != NULL;
}

/* The program is the object without a name, and comes first. */
static int
note_object(struct dl_phdr_info *info, size_t size, void *count_r)
{
	int	*count = count_r, i;
	unsigned from;

	(void)size;
	if (info->dlpi_name[0] == '\0' && *count == 0)
		from = FROM_PROGRAM;
	else if (strstr(info->dlpi_name, "libmilter.so") != NULL)
		from = FROM_LIBMILTER;
	else
		return 0;
	for (i = 0; i < info->dlpi_phnum && *count < RANGES; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0)
			continue;
		ranges[*count].start = info->dlpi_addr + part->p_vaddr;
		ranges[*count].end = info->dlpi_addr + part->p_vaddr + part->p_memsz;
		ranges[(*count)++].from = from;
	}
	return 0;
}

static void __attribute__((constructor))
begin(void)
{
	const char	*file = getenv("MALLOC_SHIM_FILE");
	int		 fd, count = 0;
	void		*p;

	(void)find_real();
	if (file == NULL || (fd = open(file, O_RDWR | O_CLOEXEC)) == -1)
		return;
	(void)dl_iterate_phdr(note_object, &count);
	p = mmap(NULL, sizeof(*order), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (p != MAP_FAILED)
		order = p;
}

static int
fails(const void *caller)
{
	uintptr_t	at = (uintptr_t)caller;
	unsigned	fail_at, from, number;
	int		i;

	if (order == NULL || (from = atomic_load(&order->from)) == 0)
		return 0;
	for (i = 0; i < RANGES; i++)
		if (at >= ranges[i].start && at < ranges[i].end && (ranges[i].from & from) != 0)
			break;
	if (i == RANGES)
		return 0;
	number = atomic_fetch_add(&order->count, 1) + 1;
	fail_at = atomic_load(&order->fail_at);
	if (fail_at == 0 || number < fail_at ||
	    (number > fail_at && !atomic_load(&order->keep_failing)))
		return 0;
	(void)atomic_fetch_add(&order->failed, 1);
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t size)
{
	if (!find_real())
		return boot_alloc(size);
	return fails(__builtin_return_address(0)) ? NULL : real_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	if (!find_real())
		return boot_alloc(n * size);	/* which is zero, and never given twice */
	return fails(__builtin_return_address(0)) ? NULL : real_calloc(n, size);
}

void *
realloc(void *p, size_t size)
{
	void	*new;

	if (find_real() && !is_boot(p))
		return fails(__builtin_return_address(0)) ? NULL : real_realloc(p, size);
	if ((new = malloc(size)) != NULL && p != NULL)
		memcpy(new, p, size < (size_t)(boot + BOOT - (char *)p) ? size :
		    (size_t)(boot + BOOT - (char *)p));
	return new;
}

void
free(void *p)
{
	if (find_real() && !is_boot(p))
		real_free(p);
}

char *
strdup(const char *s)
{
	size_t	 len = strlen(s) + 1;
	char	*new;

	if (!find_real())
		new = boot_alloc(len);
	else if (fails(__builtin_return_address(0)))
		return NULL;
	else
		new = real_malloc(len);
	return new == NULL ? NULL : memcpy(new, s, len);
}
