/* t/bench/decisions.c: decisions a second, beside those of a filter that does nothing */
/* SPDX-License-Identifier: ISC */

/*
 * Plays the MTA: protocol 6 on a unix socket, connections that are kept, on each one
 * transaction after the other: MAIL, RCPT, RSET, with macros, written as Postfix writes
 * them. Every second recipient is refused. Both filters run all the time, and rounds
 * alternate between them, so that what else the machine does falls on both; the figures
 * are medians. The load generator is one thread, and shares the processors with the
 * filter: ratios hold, absolute figures do not.
 */

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX	500
#define ROUNDS_MAX	15
#define PACKET_MAX	1024

struct bytes {
	size_t	len;
	char	data[PACKET_MAX];
};

struct connection {
	int		fd;
	unsigned	count;		/* transactions */
	size_t		got;
	char		in[PACKET_MAX];
};

struct filter {
	const char	*name;
	pid_t		 pid;
	char		 socket[100];
	double		 rate[ROUNDS_MAX];	/* decisions a second */
	double		 cpu_us[ROUNDS_MAX];	/* of the filter, a decision */
};

struct bench {
	char			folder[64];
	double			seconds;	/* a round */
	int			rounds;
	struct filter		filters[2];
	struct connection	connections[CONNECTIONS_MAX];
};

static const int counts[] = { 1, 50, 500 };

static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
add(struct bytes *b, const void *data, size_t len)
{
	if (b->len + len > sizeof(b->data))
		errx(1, "a packet is too long");
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

/* A NUL ends the strings of the milter protocol: `data` has them in it. */
static void
add_packet(struct bytes *b, char command, const void *data, size_t len)
{
	uint32_t size = htonl((uint32_t)len + 1);

	add(b, &size, sizeof(size));
	add(b, &command, 1);
	add(b, data, len);
}

#define ADD(b, command, text)	add_packet(b, command, text, sizeof(text) - 1)

static void
send_bytes(int fd, const struct bytes *b)
{
	if (send(fd, b->data, b->len, MSG_NOSIGNAL) != (ssize_t)b->len)
		err(1, "the filter does not read");
}

/* MAIL has no reply, so Postfix writes it and goes on; then RCPT, for which it waits. */
static void
begin_transaction(struct connection *c)
{
	struct bytes mail = { 0 }, rcpt = { 0 };

	ADD(&mail, 'D', "M{mail_addr}\0sender@sender.test\0");
	ADD(&mail, 'M', "<sender@sender.test>\0SIZE=1000\0");
	send_bytes(c->fd, &mail);
	if (c->count++ % 2 == 0) {
		ADD(&rcpt, 'D', "Ri\0" "4XyZ0123456789\0{rcpt_mailer}\0local\0"
		    "{rcpt_host}\0local.test\0{rcpt_addr}\0user@local.test\0");
		ADD(&rcpt, 'R', "<user@local.test>\0");
	} else {
		ADD(&rcpt, 'D', "Ri\0" "4XyZ0123456789\0{rcpt_mailer}\0smtp\0"
		    "{rcpt_host}\0outside.test\0{rcpt_addr}\0user@outside.test\0");
		ADD(&rcpt, 'R', "<user@outside.test>\0");
	}
	send_bytes(c->fd, &rcpt);
}

static void
end_transaction(struct connection *c)
{
	struct bytes b = { 0 };

	ADD(&b, 'A', "");
	send_bytes(c->fd, &b);
}

/* One whole packet, or 0 where some of it is still to come. */
static char
read_answer(struct connection *c)
{
	ssize_t n = recv(c->fd, c->in + c->got, sizeof(c->in) - c->got, 0);
	uint32_t size;

	if (n <= 0)
		errx(1, "the filter hangs up");
	c->got += (size_t)n;
	if (c->got < 5)
		return 0;
	memcpy(&size, c->in, sizeof(size));
	if (c->got < 4 + ntohl(size))
		return 0;
	c->got = 0;
	return c->in[4];
}

static int
connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		err(1, "socket");
	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void
open_connection(struct connection *c, const struct filter *filter)
{
	const uint32_t offer[3] = { htonl(6), htonl(0x1ff), htonl(0x1fffff) };
	struct bytes b = { 0 };
	char answer;

	memset(c, 0, sizeof(*c));
	if ((c->fd = connect_to(filter->socket)) == -1)
		err(1, "%s", filter->socket);
	add_packet(&b, 'O', offer, sizeof(offer));
	send_bytes(c->fd, &b);
	while ((answer = read_answer(c)) == 0)
		continue;
	if (answer != 'O')
		errx(1, "%s does not negotiate", filter->name);
	b.len = 0;
	ADD(&b, 'D', "Cj\0mx.example.test\0v\0Postfix 3.7.11\0{daemon_name}\0smtpd\0");
	ADD(&b, 'C', "client.test\0" "4\x9c\x40" "198.51.100.7\0");
	ADD(&b, 'H', "client.test\0");
	send_bytes(c->fd, &b);
}

/* Processor time of another process, in seconds. */
static double
cpu_of(pid_t pid)
{
	clockid_t clock;
	struct timespec ts;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) == -1)
		errx(1, "the filter has gone");
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
check_answer(const struct connection *c, const struct filter *filter, char answer)
{
	if (answer != (c->count % 2 == 1 ? 'c' : 'y'))
		errx(1, "%s answers '%c'", filter->name, answer);
}

/* Decisions in so many seconds; each connection is left with a transaction under way. */
static unsigned
play_for(struct bench *b, const struct filter *filter, int epoll, double seconds)
{
	struct epoll_event ready[64];
	double end = now() + seconds;
	unsigned decisions = 0;
	char answer;
	int i, n;

	while (now() < end) {
		n = epoll_wait(epoll, ready, 64, 10000);
		if (n == 0)
			errx(1, "%s does not answer", filter->name);
		for (i = 0; i < n; i++) {
			struct connection *c = &b->connections[ready[i].data.u32];

			if ((answer = read_answer(c)) == 0)
				continue;
			check_answer(c, filter, answer);
			decisions++;
			end_transaction(c);
			begin_transaction(c);
		}
	}
	return decisions;
}

static void
play_round(struct bench *b, struct filter *filter, int count, int round)
{
	struct epoll_event event = { .events = EPOLLIN };
	int i, epoll = epoll_create1(EPOLL_CLOEXEC);
	double start, cpu;
	unsigned decisions;

	if (epoll == -1)
		err(1, "epoll");
	for (i = 0; i < count; i++) {
		open_connection(&b->connections[i], filter);
		event.data.u32 = (uint32_t)i;
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, b->connections[i].fd, &event) == -1)
			err(1, "epoll");
		begin_transaction(&b->connections[i]);
	}
	(void)play_for(b, filter, epoll, b->seconds / 5);
	start = now();
	cpu = cpu_of(filter->pid);
	decisions = play_for(b, filter, epoll, b->seconds);
	filter->cpu_us[round] = (cpu_of(filter->pid) - cpu) * 1e6 / decisions;
	filter->rate[round] = decisions / (now() - start);
	for (i = 0; i < count; i++)
		(void)close(b->connections[i].fd);
	(void)close(epoll);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), compare);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* A round of one stands beside a round of the other: ratios are taken pair by pair. */
static void
measure(struct bench *b, int count)
{
	struct filter *ours = &b->filters[0], *noop = &b->filters[1];
	double rates[ROUNDS_MAX], cpus[ROUNDS_MAX];
	int round;

	for (round = 0; round < b->rounds; round++) {
		play_round(b, &b->filters[round % 2], count, round);
		play_round(b, &b->filters[1 - round % 2], count, round);
		rates[round] = ours->rate[round] / noop->rate[round];
		cpus[round] = noop->cpu_us[round] / ours->cpu_us[round];
	}
	(void)printf("%11d  %9.0f %9.0f  %5.2f   %9.1f %9.1f  %5.2f\n", count,
	    median(ours->rate, b->rounds), median(noop->rate, b->rounds),
	    median(rates, b->rounds),
	    median(ours->cpu_us, b->rounds), median(noop->cpu_us, b->rounds),
	    median(cpus, b->rounds));
	(void)fflush(stdout);
}

static void
start_filter(struct filter *filter, char *const *argv)
{
	int i, fd;

	if ((filter->pid = fork()) == -1)
		err(1, "fork");
	if (filter->pid == 0) {
		(void)execv(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	for (i = 0; i < 1000; i++) {
		if ((fd = connect_to(filter->socket)) != -1) {
			(void)close(fd);
			return;
		}
		(void)usleep(10000);
	}
	errx(1, "%s does not serve", argv[0]);
}

static void
write_conf(const struct bench *b, const char *file)
{
	FILE *f = fopen(file, "w");

	if (f == NULL || fprintf(f, "socket = \"unix:%s\"\nlocal-domains = { \"local.test\" }\n"
	    "audit {\n\tsyslog = no\n\tfile = \"%s/audit.jsonl\"\n"
	    "\tstranger-rate = 100000\n\tstranger-burst = 10000000\n}\n", b->filters[0].socket,
	    b->folder) < 0 || fclose(f) == EOF)
		err(1, "%s", file);
}

static void
start_both(struct bench *b, char *daemon, char *noop)
{
	char file[100], socket[120];
	char foreground[] = "-f", option[] = "-c";
	char *ours[] = { daemon, foreground, option, file, NULL };
	char *theirs[] = { noop, socket, NULL };

	(void)snprintf(file, sizeof(file), "%s/conf", b->folder);
	b->filters[0].name = "authrelay-milter";
	b->filters[1].name = "noop_filter";
	(void)snprintf(b->filters[0].socket, sizeof(b->filters[0].socket), "%s/a", b->folder);
	(void)snprintf(b->filters[1].socket, sizeof(b->filters[1].socket), "%s/n", b->folder);
	(void)snprintf(socket, sizeof(socket), "unix:%s", b->filters[1].socket);
	write_conf(b, file);
	start_filter(&b->filters[0], ours);
	start_filter(&b->filters[1], theirs);
}

static void
stop_both(struct bench *b)
{
	static const char *const names[] = { "a", "n", "conf", "audit.jsonl" };
	char file[100];
	size_t i;

	for (i = 0; i < 2; i++) {
		(void)kill(b->filters[i].pid, SIGKILL);
		(void)waitpid(b->filters[i].pid, NULL, 0);
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(file, sizeof(file), "%s/%s", b->folder, names[i]);
		(void)unlink(file);
	}
	(void)rmdir(b->folder);
}

static void
raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void
make_folder(struct bench *b)
{
	const char *parent = getenv("TMPDIR");
	int n = snprintf(b->folder, sizeof(b->folder), "%s/authrelay-bench-XXXXXX",
	    parent == NULL || *parent == '\0' ? "/tmp" : parent);

	if (n < 0 || n >= (int)sizeof(b->folder))
		errx(1, "TMPDIR is too long for a socket");
	if (mkdtemp(b->folder) == NULL)
		err(1, "%s", b->folder);
}

int
main(int argc, char **argv)
{
	static struct bench b = { .seconds = 0.7, .rounds = 7 };
	size_t i;

	if (argc < 3 || argc > 5)
		errx(64, "usage: decisions DAEMON NOOP_FILTER [SECONDS A ROUND [ROUNDS]]");
	if (argc > 3)
		b.seconds = strtod(argv[3], NULL);
	if (argc > 4)
		b.rounds = (int)strtol(argv[4], NULL, 10);
	if (!(b.seconds > 0) || b.rounds < 1 || b.rounds > ROUNDS_MAX)
		errx(64, "seconds above 0, and 1 to %d rounds", ROUNDS_MAX);
	raise_limit();
	make_folder(&b);
	start_both(&b, argv[1], argv[2]);
	(void)printf("             decisions a second            CPU us a decision\n"
	    "connections    authrelay noop  ratio   authrelay      noop  ratio\n");
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		measure(&b, counts[i]);
	stop_both(&b);
	return 0;
}
