/* milter/daemon/mta_seen.h: set of mail servers that have connected */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_MTA_SEEN_H
#define AUTHRELAY_MTA_SEEN_H

#define MTA_SEEN_MAX	64	/* more are not told apart from those that were here */
#define MTA_SEEN_TEXT	255
#define MTA_SEEN_OF_ONE	8	/* of one peer, so that it cannot hide others */

/* Any number of threads may ask; a lock of its own, over nothing else, guards it. */
struct mta_seen;

struct mta_seen	*mta_seen_new(void);	/* NULL: no memory */
void		 mta_seen_free(struct mta_seen *);

/*
 * Whether a mail server of this version ({v}) and name ({j}) is here for the first time
 * from this peer; NULL: not told. One of which nothing is known is none. Of the texts the
 * first MTA_SEEN_TEXT bytes count. Without memory it is not the first.
 */
int		 mta_seen_first(struct mta_seen *, const char *version, const char *name,
		    const char *peer);

#endif
