/* t/unit/sandbox.c: what the sandboxes refuse, and what they have to let through */
/* SPDX-License-Identifier: ISC */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "os/sandbox.h"
#include "tap.h"

#define NOT_ENTERED	200	/* no errno, and no signal's */
#define LONGEST		120	/* seconds; then the test is stuck */

static char			folder[TAP_FOLDER_SIZE];	/* and the working one */
static struct sockaddr_un	unix_addr = { .sun_family = AF_UNIX };
static const struct sockaddr_un	log_addr = { AF_UNIX, "run/log" };
static struct sockaddr_in	inet_addr_of_ours = { .sin_family = AF_INET };

static const struct sandbox_needs needs_of_daemon = {
	.written = { "audit/audit.json", "/dev/null", "" },
	.removed = { "run/pid", NULL, "run/socket" },
};

static void
must(int ok, const char *what)
{
	if (ok)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

/*
 * One thing to do: a function, which returns -1 and sets errno where it is refused, or a
 * system call, one that every architecture has.
 */
struct row {
	const char	*name;
	int		 (*call)(void);
	long		 number;
	long		 args[5];
	long		 abi;		/* of Landlock, from which on it forbids this */
};

#define TEXT(s)	((long)(intptr_t)(s))
#define AT(s)	AT_FDCWD, TEXT(s)
#define DOES(name, call)		{ name, call, 0, { 0 }, 0 }
#define CALLS(name, number, ...)	{ name, NULL, number, { __VA_ARGS__ }, 0 }

static int
call_execv(void)
{
	char *argv[] = { (char[]){ "true" }, NULL };

	return execv("/bin/true", argv);
}

static int
call_fork(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child == -1 ? -1 : 0;
}

static int
call_bind(void)
{
	const struct sockaddr_un addr = { AF_UNIX, "audit/socket" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return bind(fd, (const struct sockaddr *)&addr, sizeof(addr));
}

static int
call_map_code(void)
{
	void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);

	return code == MAP_FAILED ? -1 : 0;
}

static int
call_make_code(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -1;
	return mprotect(memory, 4096, PROT_READ | PROT_EXEC);
}

static int
call_setrlimit(void)
{
	struct rlimit limit = { 64, 64 };

	return setrlimit(RLIMIT_NOFILE, &limit);
}

static int
call_kill(void)
{
	return kill(getppid(), 0);
}

static int
call_tgkill(void)
{
	return tgkill(getppid(), getppid(), 0);
}

static int
call_write_record(void)
{
	int fd = open("audit/audit.json", O_WRONLY | O_APPEND | O_CREAT, 0640);

	return fd == -1 || write(fd, "{}\n", 3) != 3 ? -1 : close(fd);
}

static int
call_realpath(void)
{
	char *path = realpath("other/../other/file", NULL);

	free(path);
	return path == NULL ? -1 : 0;
}

static int
call_room(void)
{
	struct statvfs disk;
	int fd = open("other/file", O_RDONLY);

	return fd == -1 || fstatvfs(fd, &disk) == -1 ? -1 : close(fd);
}

/* As to the system's log. */
static int
call_log(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1 || connect(fd, (const struct sockaddr *)&log_addr, sizeof(log_addr)) == -1 ||
	    send(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1)
		return -1;
	return close(fd);
}

/* For a name that no file has the C library looks into its modules, and cannot. */
static int
call_names(void)
{
	if (getpwnam("root") == NULL || getgrgid(0) == NULL)
		return -1;
	return getpwnam("nobody-has-this-name") == NULL ? 0 : -1;
}

static int
call_interfaces(void)
{
	struct ifaddrs *list;

	if (getifaddrs(&list) == -1)
		return -1;
	freeifaddrs(list);
	return 0;
}

static int
call_resolve(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;

	if (getaddrinfo("localhost", "25", &hints, &list) != 0)
		return -1;
	freeaddrinfo(list);
	return 0;
}

static int
connected(int family, const void *addr, socklen_t len)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	if (fd == -1 || (connect(fd, addr, len) == -1 && errno != EINPROGRESS))
		return -1;
	if (poll(&ready, 1, 10000) != 1 || send(fd, "x", 1, MSG_NOSIGNAL) != 1)
		return -1;
	return close(fd);
}

static int
call_connect_unix(void)
{
	return connected(AF_UNIX, &unix_addr, sizeof(unix_addr));
}

static int
call_connect_inet(void)
{
	return connected(AF_INET, &inet_addr_of_ours, sizeof(inet_addr_of_ours));
}

static void *
run_thread(void *arg)
{
	const struct timespec pause = { 0, 1000 };
	char *memory = malloc(1000000);

	if (memory != NULL)
		memset(memory, 1, 1000000);
	free(memory);
	(void)nanosleep(&pause, NULL);
	return memory == NULL ? NULL : arg;
}

static int
call_threads(void)
{
	pthread_t threads[16];
	void *result;

	for (int i = 0; i < 16; i++) {
		errno = pthread_create(&threads[i], NULL, run_thread, folder);
		if (errno != 0)
			return -1;
	}
	for (int i = 0; i < 16; i++)
		if (pthread_join(threads[i], &result) != 0 || result != folder)
			return -1;
	return 0;
}

static int
call_sigwait(void)
{
	sigset_t set;
	int number;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (raise(SIGUSR1) != 0 || sigwait(&set, &number) != 0)
		return -1;
	return number == SIGUSR1 ? 0 : -1;
}

static int
call_abort(void)
{
	struct rlimit no_core = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &no_core);
	abort();
}

static const struct row files_refused[] = {
	{ "a program is executed", call_execv, 0, { 0 }, 1 },
	{ "a file is written in another folder",
	    NULL, SYS_openat, { AT("other/file"), O_WRONLY }, 1 },
	{ "a file is made in another folder",
	    NULL, SYS_openat, { AT("other/new"), O_WRONLY | O_CREAT, 0600 }, 1 },
	{ "a file is made where the pid file is",
	    NULL, SYS_openat, { AT("run/new"), O_WRONLY | O_CREAT, 0600 }, 1 },
	{ "a device is written", NULL, SYS_openat, { AT("/dev/zero"), O_WRONLY }, 1 },
	{ "a file is emptied", NULL, SYS_truncate, { TEXT("other/file"), 0 }, 3 },
	{ "a file is removed in another folder",
	    NULL, SYS_unlinkat, { AT("other/gone"), 0 }, 1 },
	{ "a file is removed where the records are",
	    NULL, SYS_unlinkat, { AT("audit/kept"), 0 }, 1 },
	{ "a folder is removed",
	    NULL, SYS_unlinkat, { AT("other/folder"), AT_REMOVEDIR }, 1 },
	{ "a folder is made", NULL, SYS_mkdirat, { AT("audit/folder"), 0700 }, 1 },
	{ "a symbolic link is made",
	    NULL, SYS_symlinkat, { TEXT("x"), AT("audit/link") }, 1 },
	{ "a FIFO is made",
	    NULL, SYS_mknodat, { AT("audit/fifo"), S_IFIFO | 0600, 0 }, 1 },
	{ "a socket is made", call_bind, 0, { 0 }, 1 },
	{ "a file is renamed",
	    NULL, SYS_renameat2, { AT("audit/old"), AT("audit/new"), 0 }, 1 },
};

static const struct row calls_refused[] = {
	DOES("execve", call_execv),
	DOES("fork", call_fork),
	CALLS("clone3", SYS_clone3, 0),
	CALLS("unshare", SYS_unshare, CLONE_NEWNS),
	CALLS("ptrace", SYS_ptrace, PTRACE_TRACEME),
	CALLS("setuid", SYS_setuid, 0),
	CALLS("setresuid", SYS_setresuid, 0),
	CALLS("setgroups", SYS_setgroups, 0),
	CALLS("a packet socket", SYS_socket, AF_PACKET, SOCK_RAW),
	CALLS("a raw socket", SYS_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP),
	CALLS("a netlink socket for other than routes",
	    SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_GENERIC),
	CALLS("listen", SYS_listen, 0, 1),
	DOES("new code by mmap", call_map_code),
	DOES("new code by mprotect", call_make_code),
	CALLS("mount", SYS_mount, 0, TEXT("none-such")),
	CALLS("chroot", SYS_chroot, TEXT("run")),
	CALLS("chmod", SYS_fchmodat, AT("other/file"), 0600),
	CALLS("chown", SYS_fchownat, AT("other/file"), -1, -1),
	CALLS("link", SYS_linkat, AT("other/file"), AT("other/name"), 0),
	CALLS("mkdir", SYS_mkdirat, AT("run/folder"), 0700),
	CALLS("rename", SYS_renameat2, AT("run/old"), AT("run/new"), 0),
	CALLS("truncate", SYS_truncate, TEXT("other/file"), 0),
	CALLS("memfd_create", SYS_memfd_create, TEXT("x")),
	DOES("setrlimit", call_setrlimit),
	CALLS("prctl", SYS_prctl, PR_SET_DUMPABLE, 1),
	DOES("a signal to another process", call_kill),
	DOES("a signal to another process's thread", call_tgkill),
	CALLS("an ioctl of terminals", SYS_ioctl, 0, TIOCNXCL),
	CALLS("bpf", SYS_bpf, 0),
};

static const struct row let_through[] = {
	DOES("a record is written", call_write_record),
	CALLS("the pid file is removed", SYS_unlinkat, AT("run/pid"), 0),
	CALLS("/dev/null is opened", SYS_openat, AT("/dev/null"), O_RDWR),
	CALLS("a descriptor is duplicated", SYS_dup3, 2, 100, 0),
	CALLS("any file is read", SYS_openat, AT("/etc/passwd"), O_RDONLY),
	DOES("a path is resolved", call_realpath),
	DOES("the room on a disk is looked at", call_room),
	DOES("a datagram is sent to a unix socket", call_log),
	DOES("users and groups are found", call_names),
	DOES("interfaces are listed", call_interfaces),
	DOES("a host name is resolved", call_resolve),
	DOES("a unix socket is connected to", call_connect_unix),
	DOES("a TCP socket is connected to", call_connect_inet),
	CALLS("the socket is removed", SYS_unlinkat, AT("run/socket"), 0),
	DOES("threads run", call_threads),
	DOES("a signal is waited for", call_sigwait),
	CALLS("random bytes are had", SYS_getrandom, 0),
	CALLS("limits are read", SYS_prlimit64, 0),
};

static const struct row aborts = DOES("abort() ends it", call_abort);
static const struct row writes_link = CALLS("a record goes where a link leads",
    SYS_openat, AT("other/link"), O_WRONLY);

static int
do_row(const struct row *row)
{
	const long *a = row->args;

	if (row->call != NULL)
		return row->call();
	return syscall(row->number, a[0], a[1], a[2], a[3], a[4]) == -1 ? -1 : 0;
}

/* Enters one of them; the daemon enters all. */
static void
enter(const struct sandbox *sandbox, const struct sandbox_needs *needs)
{
	struct buf names;

	buf_init(&names);
	if (sandbox == NULL)
		sandbox_enter_all(needs, &names);
	else if (sandbox->enter(needs) == -1)
		_exit(NOT_ENTERED);
	buf_clear(&names);
}

/*
 * Does it in a process of its own, outside every sandbox where needs are NULL. Returns
 * 0, the errno, or 128 and the signal that ended the process.
 */
static int
answer(const struct row *row, const struct sandbox *sandbox,
    const struct sandbox_needs *needs)
{
	pid_t child = fork();
	int status;

	must(child != -1, "fork");
	if (child == 0) {
		if (needs != NULL)
			enter(sandbox, needs);
		errno = 0;
		_exit(do_row(row) == -1 ? errno : 0);
	}
	must(waitpid(child, &status, 0) == child, "waitpid");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Whether it is there to be tested; where it is not built in there is nothing to see. */
static int
is_there(const struct sandbox *sandbox, int rows)
{
	if (sandbox->enter == NULL) {
		tap_ok(sandbox->describe == NULL, "%s is not built in", sandbox->name);
		return 0;
	}
	if (sandbox->is_available())
		return 1;
	tap_skip(rows, "this kernel has no %s", sandbox->name);
	return 0;
}

/* What is refused outside as well is no proof: it has to have another answer there. */
static void
test_refused(const struct sandbox *sandbox, const struct row *rows, int count, long abi,
    int error)
{
	if (!is_there(sandbox, 2 * count))
		return;
	for (int i = 0; i < count; i++) {
		if (rows[i].abi > abi) {
			tap_skip(2, "this kernel cannot forbid it: %s", rows[i].name);
			continue;
		}
		tap_is_int(answer(&rows[i], sandbox, &needs_of_daemon), error,
		    "%s refuses: %s", sandbox->name, rows[i].name);
		tap_ok(answer(&rows[i], NULL, NULL) != error, "outside it is not so: %s",
		    rows[i].name);
	}
}

static long
landlock_abi(void)
{
	struct buf text;
	long abi = 0;

	buf_init(&text);
	if (sandbox_landlock.enter != NULL && sandbox_landlock.is_available()) {
		sandbox_landlock.describe(&text);
		if (strncmp(text.data, "ABI ", 4) == 0)
			abi = strtol(text.data + 4, NULL, 10);
		tap_ok(abi >= 1, "Landlock has an ABI: %s", text.data);
	}
	buf_clear(&text);
	return abi;
}

static void
test_signals(long abi)
{
	const struct row row = { .call = call_kill };

	if (abi >= 6)
		tap_is_int(answer(&row, &sandbox_landlock, &needs_of_daemon), EPERM,
		    "landlock refuses: a signal to another process");
}

static void
make_file(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT, 0600);

	must(fd != -1 && write(fd, "x", 1) == 1 && close(fd) == 0, name);
}

static void
test_let_through(void)
{
	const struct sandbox_needs of_link = { .written = { "other/link" } };

	for (size_t i = 0; i < sizeof(let_through) / sizeof(let_through[0]); i++)
		tap_is_int(answer(&let_through[i], NULL, &needs_of_daemon), 0, "%s",
		    let_through[i].name);
	tap_is_int(answer(&aborts, NULL, &needs_of_daemon), 128 + SIGABRT, "%s",
	    aborts.name);
	tap_is_int(answer(&writes_link, NULL, &of_link), 0, "%s", writes_link.name);
}

static int
is_in_force(const struct sandbox *sandbox)
{
	return sandbox->enter != NULL && sandbox->is_available();
}

static const char *
names_wanted(void)
{
	if (!is_in_force(&sandbox_landlock))
		return is_in_force(&sandbox_seccomp) ? "seccomp" : "none";
	return is_in_force(&sandbox_seccomp) ? "landlock, seccomp" : "landlock";
}

static void
test_names(void)
{
	char got[64] = "";
	struct buf text;
	pid_t child;
	int fds[2];

	must(pipe(fds) == 0, "pipe");
	must((child = fork()) != -1, "fork");
	if (child == 0) {
		buf_init(&text);
		sandbox_enter_all(&needs_of_daemon, &text);
		_exit(write(fds[1], text.data, text.len) == -1);
	}
	(void)close(fds[1]);
	must(read(fds[0], got, sizeof(got) - 1) != -1, "read");
	must(waitpid(child, NULL, 0) == child, "waitpid");
	(void)close(fds[0]);
	tap_is_str(got, names_wanted(), "the names of those in force");
}

static void
test_description(void)
{
	const char *landlock = is_in_force(&sandbox_landlock) ? "ABI " : "not ";
	const char *seccomp = is_in_force(&sandbox_seccomp) ? "libseccomp 2." : "not ";
	char want[64];
	struct buf text;

	buf_init(&text);
	sandbox_describe_all(&text);
	(void)snprintf(want, sizeof(want), "landlock: %s", landlock);
	tap_ok(strncmp(text.data, want, strlen(want)) == 0, "what there is of Landlock");
	(void)snprintf(want, sizeof(want), "\nseccomp: %s", seccomp);
	tap_ok(strstr(text.data, want) != NULL, "and of seccomp");
	tap_note("%s", text.data);
	buf_clear(&text);
}

static int
listening(int family, const void *addr, socklen_t len)
{
	int fd = socket(family, SOCK_STREAM, 0);

	must(fd != -1 && bind(fd, addr, len) == 0 && listen(fd, 5) == 0, "listen");
	return fd;
}

static void
open_sockets(void)
{
	struct sockaddr_in *inet = &inet_addr_of_ours;
	socklen_t len = sizeof(*inet);
	int fd;

	(void)snprintf(unix_addr.sun_path, sizeof(unix_addr.sun_path), "run/socket");
	(void)listening(AF_UNIX, &unix_addr, sizeof(unix_addr));
	must(bind(socket(AF_UNIX, SOCK_DGRAM, 0), (const struct sockaddr *)&log_addr,
	    sizeof(log_addr)) == 0, "run/log");
	inet->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = listening(AF_INET, inet, len);
	must(getsockname(fd, (struct sockaddr *)inet, &len) == 0, "getsockname");
}

static void
make_files(void)
{
	static const char *const folders[] = { "audit", "run", "other", "other/folder",
	    "far" };
	static const char *const files[] = { "other/file", "other/gone", "audit/kept",
	    "audit/old", "run/old", "run/pid", "far/file" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		must(mkdir(folders[i], 0700) == 0, folders[i]);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		make_file(files[i]);
	must(symlink("../far/file", "other/link") == 0, "link");
}

static int
remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info;
	(void)kind;
	(void)where;
	return remove(path);
}

int
main(void)
{
	long abi;

	(void)alarm(LONGEST);
	tap_folder(folder);
	must(chdir(folder) == 0, folder);
	make_files();
	open_sockets();
	test_names();
	test_description();
	abi = landlock_abi();
	test_refused(&sandbox_seccomp, calls_refused,
	    sizeof(calls_refused) / sizeof(calls_refused[0]), 0, ENOSYS);
	test_refused(&sandbox_landlock, files_refused,
	    sizeof(files_refused) / sizeof(files_refused[0]), abi, EACCES);
	test_signals(abi);
	test_let_through();
	(void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return tap_done();
}
