/* milter/daemon/filter.h: handlers of the events of a mail session */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_FILTER_H
#define AUTHRELAY_FILTER_H

#include "audit/audit.h"
#include "config/conf.h"
#include "core/reply.h"
#include "daemon/engine.h"
#include "daemon/session.h"
#include "dns/mx_lookup.h"

/*
 * What all sessions share. Every function may be called by any number of threads, each
 * with its own session.
 */
struct filter;

/*
 * Takes a reference to the configuration and to its MX lookup (NULL if mx.accept is
 * none); audit stays the caller's. NULL: no memory.
 */
struct filter	*filter_new(struct conf *, struct mx_lookup *, struct audit *);
void		 filter_free(struct filter *);

/*
 * Whether this peer (NULL: unknown) may connect, by mta-peers. One that may not
 * is logged, at most one line in ten seconds, and recorded once.
 */
int		 filter_admits(struct filter *, const struct engine_peer *);

/*
 * The session, to be given to the calls that follow and to filter_close(). NULL without
 * memory: pass it on as it is, every recipient of such a session is answered by a
 * temporary failure.
 */
struct session	*filter_connect(struct filter *, const struct engine_client *,
		    const struct engine_macros *);
void		 filter_helo(struct filter *, struct session *, const char *name,
		    const struct engine_macros *);

/* Begins a transaction; params are the ESMTP parameters, ending in NULL. */
void		 filter_mail(struct filter *, struct session *, const char *sender,
		    char *const *params, const struct engine_macros *);

/*
 * One recipient, as sent. NULL: go on. Else the reply to give to this recipient alone; it
 * is valid until the transaction ends.
 */
const struct reply *filter_rcpt(struct filter *, struct session *, const char *rcpt,
		    const struct engine_macros *);

/*
 * One recipient that the MTA says it has refused, with its status ("5.7.1") and text. The
 * answer is that of filter_rcpt() all the same: were it not refused, it would still not
 * be relayed.
 */
const struct reply *filter_mta_reject(struct filter *, struct session *, const char *rcpt,
		    const char *status, const char *text, const struct engine_macros *);

/* The message begins. May be called again for the same transaction. */
void		 filter_data(struct filter *, struct session *,
		    const struct engine_macros *);
/*
 * The message is complete. NULL: it may go on its way. Else the reply to refuse it with,
 * as a whole: the MTA cannot be relied on to leave out a recipient that was refused.
 */
const struct reply *filter_end_of_message(struct filter *, struct session *);
/* The transaction has ended, for any reason. */
void		 filter_abort(struct filter *, struct session *);
void		 filter_close(struct filter *, struct session *);

/*
 * Transactions that begin from now on are under this configuration and ask this one;
 * takes references, as filter_new() does.
 */
void		 filter_set_rules(struct filter *, struct conf *, struct mx_lookup *);

/* Writes an event of the daemon's: start, reload, stop. Returns -1 if that failed. */
int		 filter_note(struct filter *, enum record_event, const char *note);

/*
 * Writes the summaries of client networks that were over their bound and from which no
 * recipient has come since, see flood.h. To be called now and then, by one thread.
 */
void		 filter_sum_up(struct filter *);

/*
 * From now on every recipient is answered by a temporary failure and not recorded.
 * Waits until the records under way are written, at most timeout_ms milliseconds, and
 * writes the summaries that are left. Returns -1 if some records are not written.
 */
int		 filter_stop(struct filter *, int timeout_ms);

#endif
