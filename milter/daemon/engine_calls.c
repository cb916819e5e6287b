/* milter/daemon/engine_calls.c: accept(), poll() and pthread_create() for libmilter */
/* SPDX-License-Identifier: ISC */

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemon/engine_calls.h"
#include "daemon/selfcheck.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/seldom.h"

/* How libmilter's calls of poll() are told apart (libmilter.h, worker.c, engine.c). */
#define LIBMILTER_READ		(POLLIN | POLLPRI)
#define LIBMILTER_HAS_BEGUN_MS	1	/* has a packet begun? asks for POLLIN */
#define LIBMILTER_POOL_MS	10000	/* any connection of the pool */

#define SHORTEST_MS	20	/* a packet that is under way comes in this time */
#define SLICE_MS	1000	/* what is waited for the rest of a packet at the least */
#define CROWD		32	/* this many waiting threads are no coincidence */
#define PAUSE_MS	100	/* between two tries to get a descriptor or a thread */
#define LINE_MS		60000

typedef int	create_thread(pthread_t *, const pthread_attr_t *, void *(*)(void *),
		    void *);

enum role {
	ROLE_OTHER,		/* no thread that makes workers */
	ROLE_LISTENER,	/* for connections that have come just now */
	ROLE_POOL		/* for those that have said something again */
};

/* A worker that there was no thread for. */
struct launch {
	struct launch	*next;
	enum role	 role;		/* of the thread that wanted it */
	void		*(*run)(void *);
	void		*arg;
};

/*
 * These functions get no argument of the caller's choice. Set before there are threads.
 */
static int (*admits_peer)(const struct engine_peer *);
static const struct selfcheck_place *own_place;
static create_thread *create_really;	/* the C library's, or a sanitizer's */

static atomic_int was_asked;		/* accept() was called */
static atomic_int waiting;		/* threads that wait for the rest of a packet */
static struct seldom no_descriptor, no_thread, half_packet;

static pthread_mutex_t launches_lock = PTHREAD_MUTEX_INITIALIZER;
static struct launch *launches;	/* under the lock; ROLE_POOL first, then the oldest */
static atomic_int launches_count;

static _Thread_local int rest_ms = -1;	/* left for this packet; -1: it is not bounded */
static _Thread_local int packet_fd = -1;	/* from which it comes */
static _Thread_local enum role role;

int	engine_accept(int, struct sockaddr *, socklen_t *) __asm__("accept");
int	engine_poll(struct pollfd *, nfds_t, int) __asm__("poll");
create_thread	engine_create_thread __asm__("pthread_create");
int	engine_sigwait(const sigset_t *, int *) __asm__("sigwait");

void
engine_calls_start(int (*admits)(const struct engine_peer *),
    const struct selfcheck_place *own)
{
	admits_peer = admits;
	own_place = own;
}

int
engine_calls_is_asked(void)
{
	return atomic_load(&was_asked);
}

static int
find_peer(int fd, struct engine_peer *peer)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	struct ucred cred;

	memset(peer, 0, sizeof(*peer));
	memset(&from, 0, sizeof(from));
	if (getpeername(fd, (struct sockaddr *)&from, &len) == -1)
		return -1;
	peer->addr = netaddr_of((const struct sockaddr *)&from);
	if (peer->addr.family != NETADDR_NONE) {
		peer->is_own = selfcheck_is_own(
		    (int)netaddr_port((const struct sockaddr *)&from));
		return 0;
	}
	len = sizeof(cred);
	if (from.ss_family != AF_UNIX ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return -1;
	peer->uid = cred.uid;
	peer->is_own = cred.uid == geteuid();
	return 0;
}

int
engine_calls_peer(struct engine_peer *peer_r)
{
	return packet_fd == -1 ? -1 : find_peer(packet_fd, peer_r);
}

static void
rest(void)
{
	const struct timespec pause = { 0, PAUSE_MS * 1000000L };

	(void)nanosleep(&pause, NULL);
}

static void
report_shortage(int error)
{
	struct rlimit limit = { 0, 0 };
	unsigned long count;

	if (!seldom_is_due(&no_descriptor, LINE_MS, &count))
		return;
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	if (error == EMFILE)
		log_error("all %llu file descriptors are in use: mail servers have to "
		    "wait; raise LimitNOFILE= of the service, or `ulimit -n'",
		    (unsigned long long)limit.rlim_cur);
	else if (error == ENFILE)
		log_error("the system has no file descriptor left: mail servers have to "
		    "wait; raise fs.file-max");
	else
		log_error("cannot accept a connection: %s: mail servers have to wait",
		    strerror(error));
}

/* An error of no more than this moment, which libmilter passes over in silence. */
static int
fail_for_now(int fd)
{
	(void)close(fd);
	errno = EAGAIN;
	return -1;
}

int
engine_accept(int listener, struct sockaddr *addr, socklen_t *len)
{
	struct engine_peer peer;
	int fd = accept4(listener, addr, len, SOCK_CLOEXEC), error = errno;

	role = ROLE_LISTENER;
	atomic_store(&was_asked, 1);
	if (fd != -1 && admits_peer != NULL &&
	    !admits_peer(find_peer(fd, &peer) == 0 ? &peer : NULL))
		return fail_for_now(fd);
	if (fd == -1 && (error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM)) {
		report_shortage(error);
		rest();
	}
	errno = error;
	return fd;
}

static int
wait_ms(struct pollfd *fds, nfds_t count, int timeout)
{
	const struct timespec time = { timeout / 1000, timeout % 1000 * 1000000L };

	return ppoll(fds, count, timeout < 0 ? NULL : &time, NULL);
}

static int
is_crowded(void)
{
	return atomic_load(&waiting) > CROWD || atomic_load(&launches_count) > 0;
}

/* Only the time that was waited counts: a host that is suspended costs no connection. */
static int
wait_some(struct pollfd *fd, int ms)
{
	int64_t before = clock_monotonic_ms(), took;
	int n;

	if (ms > rest_ms)
		ms = rest_ms;
	n = wait_ms(fd, 1, ms);
	took = clock_monotonic_ms() - before;
	rest_ms -= took < ms ? (int)took : ms;
	return n;
}

/*
 * libmilter may have given other connections to this thread, which it counted as idle:
 * so a thread that is going to wait brings another, as in daemon.c.
 */
static int
wait_for_rest(struct pollfd *fd)
{
	unsigned long count;
	int n = wait_some(fd, SHORTEST_MS);

	if (n != 0)
		return n;
	(void)atomic_fetch_add(&waiting, 1);
	if (own_place != NULL && own_place->len > 0)
		selfcheck_wake_thread(own_place);
	do
		n = wait_some(fd, SLICE_MS);
	while (n == 0 && rest_ms > 0 && !is_crowded());
	(void)atomic_fetch_sub(&waiting, 1);
	if (n == 0 && seldom_is_due(&half_packet, LINE_MS, &count))
		log_warn("closed a connection that sent an incomplete packet or does "
		    "not read its answers (%lu since the last such message)", count);
	return n;
}

/* Returns whether every worker has its thread. */
static int
launch(void)
{
	struct launch *first;
	pthread_t thread;

	if (atomic_load(&launches_count) == 0)
		return 1;
	(void)pthread_mutex_lock(&launches_lock);
	while ((first = launches) != NULL &&
	    create_really(&thread, NULL, first->run, first->arg) == 0) {
		launches = first->next;
		(void)atomic_fetch_sub(&launches_count, 1);
		free(first);
	}
	(void)pthread_mutex_unlock(&launches_lock);
	return first == NULL;
}

int
engine_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	if (count > 0 && fds[0].events == LIBMILTER_READ &&
	    timeout == LIBMILTER_POOL_MS) {
		role = ROLE_POOL;
		return wait_ms(fds, count, launch() ? timeout : PAUSE_MS);
	}
	if (count != 1)
		return wait_ms(fds, count, timeout);
	if (fds->events == POLLIN && timeout == LIBMILTER_HAS_BEGUN_MS) {
		rest_ms = ENGINE_REST_MS;
		packet_fd = fds->fd;
	} else if (timeout == ENGINE_TIMEOUT_S * 1000) {
		packet_fd = fds->fd;
		if (rest_ms != -1)
			return wait_for_rest(fds);
	}
	return wait_ms(fds, count, timeout);
}

/* The first thread is made by the only one that there is. */
static void
find_create(void)
{
	void *symbol = dlsym(RTLD_NEXT, "pthread_create");

	if (symbol == NULL)
		fatal("pthread_create: %s", dlerror());
	/* ISO C has no conversion from an object to a function */
	memcpy(&create_really, &symbol, sizeof(create_really));
}

/* Takes the worker that could not be made: a session under way comes before a new one. */
static int
keep_launch(void *(*run)(void *), void *arg)
{
	struct launch *new = malloc(sizeof(*new)), **last;

	if (new == NULL)
		return -1;
	*new = (struct launch){ .role = role, .run = run, .arg = arg };
	(void)pthread_mutex_lock(&launches_lock);
	for (last = &launches; *last != NULL && (*last)->role >= role;
	    last = &(*last)->next)
		;
	new->next = *last;
	*last = new;
	(void)atomic_fetch_add(&launches_count, 1);
	(void)pthread_mutex_unlock(&launches_lock);
	return 0;
}

int
engine_create_thread(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
    void *arg)
{
	unsigned long count;
	int error;

	if (create_really == NULL)
		find_create();
	error = create_really(thread, attr, run, arg);
	if (error == 0 || role == ROLE_OTHER)
		return error;
	if (seldom_is_due(&no_thread, LINE_MS, &count))
		log_error("cannot create a thread for a connection: %s: mail servers "
		    "have to wait; raise TasksMax= of the service, or `ulimit -u'",
		    strerror(error));
	if (keep_launch(run, arg) == -1)
		return error;
	*thread = pthread_self();
	return 0;
}

/*
 * libmilter has a thread that waits for SIGHUP, SIGTERM and SIGINT and then stops the
 * filter. Whenever no other thread can take a signal (the main thread cannot while it
 * makes a thread), that one would take it: a reload would be the end. The daemon handles
 * these signals itself, so that the thread waits for ever.
 */
int
engine_sigwait(const sigset_t *set, int *number)
{
	(void)set;
	(void)number;
	for (;;)
		(void)wait_ms(NULL, 0, -1);
}
