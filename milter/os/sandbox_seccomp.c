/* milter/os/sandbox_seccomp.c: sandbox of system calls, by seccomp */
/* SPDX-License-Identifier: ISC */

/*
 * A call that is not listed is answered as by a kernel that does not have it. So nothing
 * that was forgotten ends the daemon, and a C library that tries a new call first goes
 * on with the old one.
 */

#include <sys/types.h>

#include <errno.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/log.h"
#include "os/sandbox.h"

#define REFUSED	SCMP_ACT_ERRNO(ENOSYS)

/* By name: not every architecture, and not every libseccomp, has all of them. */
static const char *const allowed[] = {
	/* what is open */
	"close", "dup", "dup2", "dup3", "fcntl", "fcntl64", "ftruncate", "ftruncate64",
	"_llseek", "lseek", "pipe", "pipe2", "pread64", "pwrite64", "read", "readv",
	"write", "writev",
	/* files; Landlock says which may be written */
	"access", "faccessat", "faccessat2", "fdatasync", "fstat", "fstat64", "fstatat64",
	"fstatfs", "fstatfs64", "fsync", "getcwd", "lstat", "lstat64", "newfstatat",
	"open", "openat", "readlink", "readlinkat", "stat", "stat64", "statx", "unlink",
	"unlinkat",
	/* sockets; socket() itself is below */
	"accept", "accept4", "bind", "connect", "getpeername", "getsockname",
	"getsockopt", "recv", "recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg",
	"send", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
	/* waiting, and the time */
	"_newselect", "clock_getres", "clock_getres_time64", "clock_gettime",
	"clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64", "gettimeofday",
	"nanosleep", "poll", "ppoll", "ppoll_time64", "pselect6", "pselect6_time64",
	"restart_syscall", "select", "time",
	/* memory; mmap() and mprotect() are below */
	"brk", "madvise", "mremap", "munmap",
	/* threads; clone() is below, clone3() has its flags behind a pointer */
	"exit", "exit_group", "futex", "futex_time64", "gettid", "rseq",
	"sched_getaffinity", "sched_yield", "set_robust_list",
	/* signals */
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait",
	"rt_sigtimedwait_time64", "sigaltstack", "sigreturn",
	/* who and where we are */
	"getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getpid",
	"getrandom", "getrlimit", "getuid", "getuid32", "sysinfo", "ugetrlimit", "uname",
};

static const char *const renaming[] = { "rename", "renameat", "renameat2" };

/* Allowed with certain arguments only: all of those in one of the rules of a call. */
struct rule {
	const char		*call;
	unsigned		 count;
	struct scmp_arg_cmp	 args[2];
};

#define ARG_EQ(n, value)	{ (n), SCMP_CMP_EQ, (value), 0 }
#define ARG_MASKED(n, mask, value) \
				{ (n), SCMP_CMP_MASKED_EQ, (mask), (value) }
#define TYPES			0xf	/* the rest: SOCK_CLOEXEC, SOCK_NONBLOCK */
#define NETLINK_ROUTE		0

static const struct rule rules[] = {
	{ "socket", 2, { ARG_EQ(0, AF_UNIX), ARG_MASKED(1, TYPES, SOCK_STREAM) } },
	{ "socket", 2, { ARG_EQ(0, AF_UNIX), ARG_MASKED(1, TYPES, SOCK_DGRAM) } },
	{ "socket", 2, { ARG_EQ(0, AF_INET), ARG_MASKED(1, TYPES, SOCK_STREAM) } },
	{ "socket", 2, { ARG_EQ(0, AF_INET), ARG_MASKED(1, TYPES, SOCK_DGRAM) } },
	{ "socket", 2, { ARG_EQ(0, AF_INET6), ARG_MASKED(1, TYPES, SOCK_STREAM) } },
	{ "socket", 2, { ARG_EQ(0, AF_INET6), ARG_MASKED(1, TYPES, SOCK_DGRAM) } },
	/* getifaddrs() and getaddrinfo() ask for the interfaces */
	{ "socket", 2, { ARG_EQ(0, AF_NETLINK), ARG_EQ(2, NETLINK_ROUTE) } },
	{ "ioctl", 1, { ARG_EQ(1, FIONREAD) } },	/* the C library's DNS client */
	{ "ioctl", 1, { ARG_EQ(1, SIOCGIFINDEX) } },	/* fe80::1%eth0 */
	/* nothing new becomes code; so no library is loaded any more */
	{ "mmap", 1, { ARG_MASKED(2, PROT_EXEC, 0) } },
	{ "mmap2", 1, { ARG_MASKED(2, PROT_EXEC, 0) } },
	{ "mprotect", 1, { ARG_MASKED(2, PROT_EXEC, 0) } },
	/* our own limits may be read */
	{ "prlimit64", 2, { ARG_EQ(0, 0), ARG_EQ(2, 0) } },
};

/* A call that this libseccomp does not know is not allowed then. */
static int
add(scmp_filter_ctx filter, const char *call, unsigned count,
    const struct scmp_arg_cmp *args)
{
	int number = seccomp_syscall_resolve_name(call);

	if (number == __NR_SCMP_ERROR)
		return 0;
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, count, args);
}

/* Threads, but no processes and no namespaces. */
static int
add_clone(scmp_filter_ctx filter)
{
	const uint64_t thread = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;
	const uint64_t spaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
	    CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
	struct scmp_arg_cmp flags = { 0, SCMP_CMP_MASKED_EQ, thread | spaces, thread };

	switch (seccomp_arch_native()) {
	case SCMP_ARCH_S390:
	case SCMP_ARCH_S390X:
		flags.arg = 1;
	}
	return add(filter, "clone", 1, &flags);
}

/* abort() and pthread_kill(). */
static int
add_own_signals(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp ourselves = { 0, SCMP_CMP_EQ, (uint64_t)getpid(), 0 };

	return add(filter, "tgkill", 1, &ourselves);
}

static int
add_names(scmp_filter_ctx filter, const char *const *names, size_t count)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < count; i++)
		status = add(filter, names[i], 0, NULL);
	return status;
}

static int
add_all(scmp_filter_ctx filter, const struct sandbox_needs *needs)
{
	int status = add_names(filter, allowed, sizeof(allowed) / sizeof(allowed[0]));

	if (status == 0 && needs->renames)
		status = add_names(filter, renaming,
		    sizeof(renaming) / sizeof(renaming[0]));
	for (size_t i = 0; status == 0 && i < sizeof(rules) / sizeof(rules[0]); i++)
		status = add(filter, rules[i].call, rules[i].count, rules[i].args);
	if (status == 0)
		status = add_clone(filter);
	if (status == 0)
		status = add_own_signals(filter);
	return status;
}

static int
is_available(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != -1;
}

static void
describe(struct buf *text_r)
{
	const struct scmp_version *version = seccomp_version();

	buf_printf(text_r, "libseccomp %u.%u.%u", version->major, version->minor,
	    version->micro);
}

static int
enter(const struct sandbox_needs *needs)
{
	scmp_filter_ctx filter = seccomp_init(REFUSED);
	int status;

	if (filter == NULL) {
		log_warn("seccomp: no memory");
		return -1;
	}
	/* a call by another architecture's numbers is refused, too, and ends nothing */
	status = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, REFUSED);
	if (status == 0)
		status = add_all(filter, needs);
	if (status == 0)
		status = seccomp_load(filter);
	if (status != 0)
		log_warn("seccomp: %s", strerror(-status));
	seccomp_release(filter);
	return status == 0 ? 0 : -1;
}

const struct sandbox sandbox_seccomp = { "seccomp", describe, is_available, enter };
