/* milter/probe/probe.h: relay tester: target, results and report */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_PROBE_H
#define AUTHRELAY_PROBE_H

#include <sys/socket.h>

#include "core/buf.h"
#include "core/netaddr.h"
#include "os/progress.h"
#include "probe/probe_forms.h"
#include "probe/smtp_client.h"

/* As monitoring programs have it; the highest of these is not the worst. */
enum probe_status {
	PROBE_OK = 0,
	PROBE_WARNING = 1,	/* temporary failures, or nobody can say */
	PROBE_CRITICAL = 2,	/* a relay, or one who logs in may not relay */
	PROBE_UNKNOWN = 3	/* the tests tell nothing, or were not run */
};

enum probe_verdict {
	PROBE_REFUSED,
	PROBE_KEPT,		/* accepted, and it is the server's own */
	PROBE_SERVED,		/* accepted, from one who has logged in */
	PROBE_RELAYED,
	PROBE_FAILED,		/* one who should be served is not */
	PROBE_DOUBTFUL,		/* accepted, as is any user of the server */
	PROBE_TEMPORARY,
	PROBE_LOST		/* no reply */
};

struct probe_target {
	const char		*text;		/* as it was given */
	struct sockaddr_storage	 addr;
	socklen_t		 len;
	char			 host[256];	/* "" for a unix socket */
	char			 literal[64];	/* address as in an address literal */
	int			 is_milter;
	struct smtp_client_options smtp;	/* of a filter: the timeout */
	int			 delay_ms;
	int			 is_quick;	/* as one sender only */
	int			 is_data;	/* send mail to accepted third parties */
	const char		*user;		/* who logs in; NULL: nobody */
	const char		*password;
	int			 is_clear_allowed;	/* for the password */
	struct netaddr		 client;	/* of a filter: who asks */
	const char		*control;	/* has to be accepted: "<user@domain>" */
	struct probe_names	 names;		/* host NULL: the server's own name */
};

/*
 * Finds the address of what `text` names, "HOST:PORT" or a filter's socket, and fills in
 * the address, the host and names.address. Returns NULL, or why it is not found, or may
 * not be asked: unless the caller is sure it has to be near (ownaddr_is_near()).
 */
const char	*probe_address_find(struct probe_target *, int is_sure);

enum probe_format { PROBE_TEXT, PROBE_JSON, PROBE_NAGIOS };

/* What became of a test; nothing is owned. */
struct probe_result {
	const struct probe_form	*form;
	const char		*sender;	/* its name */
	const char		*rcpt;		/* as it was said */
	enum probe_verdict	 verdict;
	int			 code;		/* 0: there was none, and why */
	const char		*why;
	const struct buf	*reply;
	int			 is_sent;	/* a message went with it */
};

struct probe_report {
	enum probe_format	 format;
	const char		*target;
	struct progress		 progress;
	unsigned		 planned;	/* tests; 0: not known yet */
	struct buf		 lines;		/* JSON: one a test */
	struct buf		 relays;	/* their names */
	struct buf		 session;	/* how safe it is */
	unsigned		 tests, relayed, served, failed;
	unsigned		 open;		/* neither yes nor no */
	enum probe_status	 ended;		/* PROBE_OK: all were performed */
	char			 why[400];	/* or why not */
};

/* Plays all of them. The report is then whole, and only to be finished. */
void	probe_run(const struct probe_target *, struct probe_report *);

void	probe_report_init(struct probe_report *, enum probe_format, const char *target);
void	probe_report_clear(struct probe_report *);
/* Prints it at once where people read it. */
void	probe_report_session(struct probe_report *, const struct smtp_client *);
void	probe_report_add(struct probe_report *, const struct probe_result *);
/* The tests end here, and why; what it means if no relay was found before. */
void	probe_report_end(struct probe_report *, enum probe_status, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
enum probe_status	probe_report_finish(struct probe_report *);
/* All forms, one a line: the name, where it is known from, and the text. */
void	probe_list(void);

#endif
