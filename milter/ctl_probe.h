/* milter/ctl_probe.h: what the parts of authrelayctl probe share */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CTL_PROBE_H
#define AUTHRELAY_CTL_PROBE_H

#include <sys/socket.h>

#include "buf.h"
#include "ctl_probe_forms.h"
#include "netaddr.h"

/* As monitoring programs have it; the highest of these is not the worst. */
enum probe_status {
	PROBE_OK = 0,
	PROBE_WARNING = 1,	/* temporary failures, or nobody can say */
	PROBE_RELAY = 2,
	PROBE_UNKNOWN = 3	/* the tests tell nothing, or were not run */
};

enum probe_verdict {
	PROBE_REFUSED,
	PROBE_KEPT,		/* accepted, and it is the server's own */
	PROBE_RELAYED,
	PROBE_DOUBTFUL,		/* accepted, as is any user of the server */
	PROBE_TEMPORARY,
	PROBE_LOST		/* no reply */
};

struct probe_target {
	const char		*text;		/* as it was given */
	struct sockaddr_storage	 addr;
	socklen_t		 len;
	int			 is_milter;
	int			 is_starttls;
	int			 timeout_ms;
	int			 delay_ms;
	const struct netaddr	*source;	/* NULL: any */
	const char		*client;	/* of a filter: who asks, IPv4 */
	const char		*control;	/* has to be accepted: "<user@domain>" */
	struct probe_names	 names;		/* host NULL: as the server calls itself */
};

enum probe_format { PROBE_TEXT, PROBE_JSON, PROBE_NAGIOS };

struct probe_report {
	enum probe_format	 format;
	const char		*target;
	struct buf		 lines;		/* one a test */
	struct buf		 relays;	/* their names */
	unsigned		 tests, relayed, open;	/* open: neither yes nor no */
	const char		*why;		/* the tests tell nothing: why */
};

/* Plays all of them. The report is then whole, and only to be written. */
void	probe_play(const struct probe_target *, struct probe_report *);

void	probe_report_init(struct probe_report *, enum probe_format, const char *target);
void	probe_report_clear(struct probe_report *);
void	probe_report_add(struct probe_report *, const struct probe_form *,
	    const struct probe_sender *, const char *said, enum probe_verdict, int code,
	    const struct buf *reply);
/* The tests end here: they tell nothing, and why (it is not owned). */
void	probe_report_fail(struct probe_report *, const char *why);
enum probe_status	probe_report_write(const struct probe_report *);
/* All forms, one a line: the name, where it is known from, and the text. */
void	probe_list(void);

#endif
