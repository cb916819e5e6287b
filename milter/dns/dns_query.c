/* milter/dns/dns_query.c: state machine of one DNS query */
/* SPDX-License-Identifier: ISC */

/*
 * Not by ldns: 1.8.3 takes forged answers, does not hear of a port that is closed, counts
 * a server as dead for ever, and knows no deadline. A socket that is connected gets what
 * its server sends and nothing else, and learns of a refusal.
 */

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns/dns_query.h"
#include "os/clock.h"

#define IN_SIZE		65535
#define JUNK_MAX	8		/* then somebody is guessing, and TCP is asked */
#define PAUSE_US	200000		/* a round takes no less */
#define SILENCE_US	250000		/* a server with less time need not be silent */

static void	begin_turn(struct dns_query *, int64_t now);
static void	start(struct dns_query *, int64_t now);

static size_t
index_at(const struct dns_query *query, unsigned turn)
{
	return query->order[turn % query->servers->count];
}

static const struct nameserver *
server_of(const struct dns_query *query)
{
	return &query->servers->list[index_at(query, query->turn)];
}

static unsigned
bit_at(const struct dns_query *query, unsigned turn)
{
	return 1U << index_at(query, turn);
}

static unsigned
bit_of(const struct dns_query *query)
{
	return bit_at(query, query->turn);
}

static void
close_socket(struct dns_query *query)
{
	if (query->fd != -1)
		(void)close(query->fd);
	query->fd = -1;
}

static void
finish(struct dns_query *query)
{
	close_socket(query);
	query->phase = DNS_QUERY_DONE;
	query->rrset->elapsed_us = clock_monotonic_us() - query->began;
}

static void
fail(struct dns_query *query, const char *why)
{
	query->rrset->status = RRSET_FAILURE;
	query->rrset->why = why;
	finish(query);
}

/* Of a failed call; a constant text, which that of strerror() is not. */
static const char *
socket_fault(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "connection refused";
	case ECONNRESET:
	case EPIPE:
		return "connection reset";
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return "no route to the server";
	case EMFILE:
	case ENFILE:
		return "out of file descriptors";
	default:
		return "network error";
	}
}

static void
next_server(struct dns_query *query, int64_t now, const char *why)
{
	const unsigned turns = query->servers->attempts * (unsigned)query->servers->count;

	close_socket(query);
	query->why = why;
	do
		query->turn++;
	while (query->turn < turns && (query->gave_up & bit_of(query)));
	if (query->turn < turns)
		begin_turn(query, now);
	else
		fail(query, why);
}

/* What it said it would say again. */
static void
give_up_server(struct dns_query *query, int64_t now, const char *why)
{
	query->gave_up |= bit_of(query);
	next_server(query, now, why);
}

static unsigned
turns_left_in_round(const struct dns_query *query)
{
	const unsigned count = (unsigned)query->servers->count;
	const unsigned end = (query->turn / count + 1) * count;
	unsigned left = 1;

	for (unsigned turn = query->turn + 1; turn < end; turn++)
		left += !(query->gave_up & bit_at(query, turn));
	return left;
}

/* So that in a round each server has its share of the time that is left. */
static void
set_until(struct dns_query *query, int64_t now)
{
	const int64_t share = (query->deadline - now) / turns_left_in_round(query);
	const int64_t limit = query->servers->try_us << query->round;

	query->turn_began = now;
	query->until = now + (limit < share ? limit : share);
}

static void
begin_turn(struct dns_query *query, int64_t now)
{
	const unsigned round = query->turn / (unsigned)query->servers->count;

	if (now >= query->deadline) {
		fail(query, query->why != NULL ? query->why : "no answer in time");
		return;
	}
	if (round != query->round) {
		if (now < query->round_began + PAUSE_US) {
			query->phase = DNS_QUERY_PAUSE;
			query->until = query->round_began + PAUSE_US;
			if (query->until > query->deadline)
				query->until = query->deadline;
			return;
		}
		query->round = round;
		query->round_began = now;
	}
	query->junk = 0;
	start(query, now);
}

/* Another id each time. Returns -1 if there is none. */
static int
make_query(struct dns_query *query)
{
	const struct dns_query_bytes *question = &query->question;
	const int is_plain = (query->without_edns & bit_of(query)) != 0;
	const size_t len = is_plain ? question->plain_len : question->len;
	uint8_t *bytes = query->out + 2;

	memcpy(bytes, question->bytes, len);
	if (is_plain)
		bytes[10] = bytes[11] = 0;
	query->out[0] = (uint8_t)(len >> 8);
	query->out[1] = (uint8_t)len;
	query->out_len = len;
	return getrandom(bytes, 2, 0) == 2 ? 0 : -1;
}

/* Returns 0, or -1 with errno when it is not even on its way. */
static int
open_socket(struct dns_query *query, int type)
{
	const struct nameserver *server = server_of(query);

	query->fd = socket(server->address.ss_family,
	    type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (query->fd == -1)
		return -1;
	if (connect(query->fd, (const struct sockaddr *)&server->address,
	    server->len) == -1 && errno != EINPROGRESS)
		return -1;
	return 0;
}

/* That we have no descriptor no other server can help. */
static void
cannot_open(struct dns_query *query, int64_t now, int error)
{
	if (error == EMFILE || error == ENFILE)
		fail(query, socket_fault(error));
	else
		next_server(query, now, socket_fault(error));
}

static void
start_udp(struct dns_query *query, int64_t now)
{
	close_socket(query);
	if (make_query(query) == -1) {
		fail(query, "no random number available");
		return;
	}
	query->rrset->queries++;
	if (open_socket(query, SOCK_DGRAM) == -1 ||
	    send(query->fd, query->out + 2, query->out_len, MSG_NOSIGNAL) == -1) {
		cannot_open(query, now, errno);
		return;
	}
	query->phase = DNS_QUERY_UDP;
	set_until(query, now);
}

static void
start_tcp(struct dns_query *query, int64_t now)
{
	close_socket(query);
	if (make_query(query) == -1) {
		fail(query, "no random number available");
		return;
	}
	query->rrset->queries++;
	if (open_socket(query, SOCK_STREAM) == -1) {
		cannot_open(query, now, errno);
		return;
	}
	query->phase = DNS_QUERY_CONNECT;
	query->done = 0;
	query->want = query->out_len + 2;
	set_until(query, now);
}

static void
start(struct dns_query *query, int64_t now)
{
	if (query->servers->use_tcp)
		start_tcp(query, now);
	else
		start_udp(query, now);
}

static void
found_too_much(struct dns_query *query)
{
	query->rrset->status = RRSET_FOUND;
	query->rrset->is_cut = 1;
	finish(query);
}

static void
take_answer(struct dns_query *query, const struct dns_reply *reply, int64_t now)
{
	const char *why = dns_packet_read(query->in, reply, query->rrset);

	if (why != NULL) {
		give_up_server(query, now, why);
		return;
	}
	if (!query->servers->is_ad_believed)
		query->rrset->is_secure = 0;
	finish(query);
}

static int
is_edns_refused(const struct dns_query *query, const struct dns_reply *reply)
{
	return !(query->without_edns & bit_of(query)) &&
	    (reply->rcode == 1 || reply->rcode == 4 || reply->rcode == 16);
}

/* Of a reply that is ours. */
static void
take_reply(struct dns_query *query, enum dns_reply_kind kind,
    const struct dns_reply *reply, int64_t now)
{
	memcpy(query->rrset->server, server_of(query)->text,
	    sizeof(query->rrset->server));
	dns_health_answer(query->servers->health, index_at(query, query->turn));
	switch (kind) {
	case DNS_REPLY_REFUSAL:
		if (is_edns_refused(query, reply)) {
			query->without_edns |= bit_of(query);
			start(query, now);
			return;
		}
		give_up_server(query, now, dns_reply_rcode_name(reply->rcode));
		return;
	case DNS_REPLY_TRUNCATED:
		if (query->phase == DNS_QUERY_UDP)
			start_tcp(query, now);
		else
			give_up_server(query, now, "truncated over TCP");
		return;
	case DNS_REPLY_TOO_MUCH:
		found_too_much(query);
		return;
	case DNS_REPLY_READABLE:
		take_answer(query, reply, now);
		return;
	case DNS_REPLY_FOREIGN:
	case DNS_REPLY_MALFORMED:
		break;
	}
	give_up_server(query, now, "malformed reply");
}

static int
is_passing(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static void
read_udp(struct dns_query *query, int64_t now)
{
	enum dns_reply_kind kind;
	struct dns_reply reply;

	for (;;) {
		ssize_t n = recv(query->fd, query->in, IN_SIZE, 0);

		if (n == -1 && !is_passing(errno))
			next_server(query, now, socket_fault(errno));
		if (n == -1)
			return;
		kind = dns_reply_check(query->in, (size_t)n, query->out + 2,
		    query->question.question_size, &reply);
		if (kind != DNS_REPLY_FOREIGN)
			break;
		if (++query->junk == JUNK_MAX) {
			start_tcp(query, now);
			return;
		}
	}
	take_reply(query, kind, &reply, now);
}

/* What connect() came to. */
static void
end_connect(struct dns_query *query, int64_t now)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(query->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error != 0)
		next_server(query, now, socket_fault(error));
	else
		query->phase = DNS_QUERY_SEND;
}

/* Sends or reads as much as there is. Returns 1: all is done; 0: not yet; or -1. */
static int
move_bytes(struct dns_query *query, int64_t now)
{
	while (query->done < query->want) {
		const size_t left = query->want - query->done;
		ssize_t n = query->phase == DNS_QUERY_SEND ?
		    send(query->fd, query->out + query->done, left, MSG_NOSIGNAL) :
		    recv(query->fd, query->in + query->done, left, 0);

		if (n == -1 && is_passing(errno))
			return 0;
		if (n <= 0) {
			next_server(query, now, n == 0 ? "connection closed" :
			    socket_fault(errno));
			return -1;
		}
		query->done += (size_t)n;
	}
	return 1;
}

static void
read_tcp(struct dns_query *query, int64_t now)
{
	struct dns_reply reply;
	const enum dns_reply_kind kind = dns_reply_check(query->in, query->want,
	    query->out + 2, query->question.question_size, &reply);

	if (kind == DNS_REPLY_FOREIGN)
		next_server(query, now, "reply to another query");
	else
		take_reply(query, kind, &reply, now);
}

/* One of its parts is there; from now on it waits for the next. */
static void
expect(struct dns_query *query, enum dns_query_phase phase, size_t want)
{
	query->phase = phase;
	query->done = 0;
	query->want = want;
}

static void
step_tcp(struct dns_query *query, int64_t now)
{
	if (query->phase == DNS_QUERY_CONNECT)
		end_connect(query, now);
	if (query->phase == DNS_QUERY_SEND && move_bytes(query, now) == 1)
		expect(query, DNS_QUERY_SIZE, 2);
	if (query->phase == DNS_QUERY_SIZE && move_bytes(query, now) == 1)
		expect(query, DNS_QUERY_REPLY, (size_t)query->in[0] << 8 | query->in[1]);
	if (query->phase == DNS_QUERY_REPLY && move_bytes(query, now) == 1)
		read_tcp(query, now);
}

void
dns_query_begin(struct dns_query *query, const struct dns_servers *servers,
    const char *name, enum rrset_type type, int64_t now, int64_t deadline,
    struct rrset *rrset)
{
	const char *why;
	uint16_t random = 0;

	memset(query, 0, sizeof(*query));
	memset(rrset, 0, sizeof(*rrset));
	rrset->type = type;
	query->fd = -1;
	query->servers = servers;
	query->rrset = rrset;
	query->began = query->round_began = now;
	query->deadline = deadline;
	if ((why = dns_packet_build(name, type, &query->question)) != NULL)
		fail(query, why);
	else if ((query->in = malloc(IN_SIZE)) == NULL)
		fail(query, "out of memory");
	else if (servers->rotate &&
	    getrandom(&random, sizeof(random), 0) != sizeof(random))
		fail(query, "no random number available");
	else {
		dns_health_order(servers->health, random % servers->count,
		    servers->count, now, query->order);
		begin_turn(query, now);
	}
}

struct pollfd
dns_query_poll(const struct dns_query *query)
{
	struct pollfd fd = { .fd = query->fd, .events = POLLIN };

	if (query->phase == DNS_QUERY_CONNECT || query->phase == DNS_QUERY_SEND)
		fd.events = POLLOUT;
	return fd;
}

void
dns_query_step(struct dns_query *query, short revents, int64_t now)
{
	if (query->phase == DNS_QUERY_DONE)
		return;
	if (query->phase == DNS_QUERY_PAUSE) {
		if (now >= query->until)
			begin_turn(query, now);
	} else if (revents != 0 && query->phase == DNS_QUERY_UDP)
		read_udp(query, now);
	else if (revents != 0)
		step_tcp(query, now);
	if (query->phase != DNS_QUERY_DONE && query->phase != DNS_QUERY_PAUSE &&
	    now >= query->until) {
		if (now - query->turn_began >= SILENCE_US)
			dns_health_silence(query->servers->health,
			    index_at(query, query->turn), now);
		next_server(query, now, "no answer in time");
	}
}

void
dns_query_end(struct dns_query *query)
{
	close_socket(query);
	free(query->in);
	query->in = NULL;
}
