/* milter/record/record.h: audit records, and their writer */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RECORD_H
#define AUTHRELAY_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

#define RECORD_VERSION	1
#ifndef RECORD_LINE_MAX	/* a test has less */
#define RECORD_LINE_MAX	1023	/* bytes in the line for syslog, the NUL not counted */
#endif
#define RECORD_JSON_MAX	1536	/* bytes in a JSON line that record_cut() has bounded */
#define RECORD_HASH_SIZE	33

enum record_event {
	RECORD_RCPT,		/* the decision about a recipient */
	RECORD_MTA_REJECT,	/* a recipient that the MTA had refused already */
	RECORD_MESSAGE,		/* a transaction that reached DATA */
	RECORD_START,
	RECORD_RELOAD,
	RECORD_STOP,
	RECORD_MTA,		/* a mail server connected for the first time */
	RECORD_ANCHOR,		/* says where the chain of the file is */
	RECORD_FLOOD,		/* recipients that have no record of their own */
	RECORD_EVENTS		/* how many there are */
};

/* A text of which only the beginning is kept: what it was. */
struct record_whole {
	size_t	length;			/* bytes; 0: the text is whole */
	char	hash[RECORD_HASH_SIZE];	/* 32 hexadecimal digits: authrelay-audit(5) */
};

/*
 * A text that is not known is NULL, a number that is not known is -1. Nothing here
 * is owned.
 */
struct record {
	int64_t			 time_us;	/* since 1970-01-01 UTC */
	enum record_event	 event;
	const char		*verdict;
	const char		*reason;
	int			 enforced;	/* 1, 0, or -1: not a decision */
	const char		*reply;
	const char		*session;
	int64_t			 txn;
	const char		*queue_id;
	const char		*mta;
	const char		*daemon;
	const char		*client;
	int64_t			 client_port;
	const char		*client_name;
	const char		*helo;
	const char		*tls;
	const char		*cipher;
	const char		*cert_subject;
	const char		*auth;
	const char		*auth_realm;
	const char		*auth_type;
	int			 auth_clear;	/* 1: before TLS; -1: as `tls` says */
	const char		*auth_refused;
	const char		*sender;
	const char		*rcpt;
	const char		*rcpt_mta;
	const char		*domain;
	const char		*matched;
	const char		*mx;
	int64_t			 elapsed_us;
	const char		*note;		/* of start, reload, stop, mta */
	const char		*cut;		/* which texts are cut: record_cut.h */
	int64_t			 count;		/* of anchor and flood */
	const char		*prev;		/* chain values */
	const char		*chain;
	const char		*sig;		/* of anchor */

	struct record_whole	 helo_whole;
	struct record_whole	 sender_whole;
};

/* Makes a record of the event in which nothing is known. */
void	record_init(struct record *, enum record_event);

/*
 * A JSON line is its head, which has the sequence number (given last, under the
 * writer's lock), and its tail, which has all else and the line end. Keys are in
 * the order of authrelay-audit(5). A time outside the years 1970 to 9999 is written
 * as the nearest one inside. Without memory the buffer has its failure set, and its
 * content is not a line.
 */
void	record_json_head(struct buf *, int64_t time_us, uint64_t seq);
void	record_json_tail(struct buf *, const struct record *);
/* The tail up to its end, which is "}" and a line end, so that more keys may follow. */
void	record_json_body(struct buf *, const struct record *);

/*
 * The same as key=value for syslog, at most RECORD_LINE_MAX bytes, no line end:
 * first verdict, reason and event, then the others in their order, last v, time, seq
 * and cut. Where it would be longer, the longest values are cut as encode_word() cuts
 * them, and where that is not enough, keys are left out from the last one on. A line
 * that has not all of the record, and says nothing else in cut, ends in "cut=yes". Adds
 * nothing and sets the buffer's failure where memory ran out.
 */
void	record_line(struct buf *, const struct record *, uint64_t seq);

#endif
