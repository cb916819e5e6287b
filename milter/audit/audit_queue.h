/* milter/audit/audit_queue.h: queue of audit records and the lead over their writing */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_AUDIT_QUEUE_H
#define AUTHRELAY_AUDIT_QUEUE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "audit/audit.h"
#include "audit/audit_file.h"
#include "audit/audit_loss.h"
#include "record/record.h"

/* A record under way; lives in audit_write(). */
struct audit_entry {
	pthread_cond_t		 wake;		/* is_leader or is_settled was set */
	struct audit_entry	*next;		/* in the batch */
	uint64_t		 seq;
	size_t			 end;		/* of its line in the batch */
	atomic_int		 is_leader;	/* set locked, read unlocked, too */
	atomic_int		 is_settled;
	int			 is_written;
	int			 has_file;	/* else the log's copy is the record */
	int			 to_log;	/* a copy, or that */
};

struct audit_batch {
	struct buf		 lines;
	uint64_t		 count;		/* of lines */
	uint64_t		 anchor_seq;	/* 0: no anchor after them */
	struct audit_entry	*first;		/* of those who wait */
	struct audit_entry	*last;
};

struct audit_queue_options {
	enum audit_durability	 durability;
	unsigned		 queue;		/* lines that nobody waits for */
	unsigned		 anchor_interval;	/* seconds, 0: never */
	int			 has_file;	/* else nothing is queued */
	int			 to_log;	/* also through log_audit() */
};

struct audit_queue {
	/* Only the leader uses it; it is handed over with the lead, under the lock. */
	struct audit_batch		 writing;

	/* Guards all that follows and every entry in a batch. Never held over I/O. */
	pthread_mutex_t			 lock;
	pthread_cond_t			 work;		/* for the clock's thread */
	int				 has_clock;	/* that thread */
	int				 is_ending;
	struct audit_queue_options	 options;
	uint64_t			 seq;		/* given last */
	uint64_t			 anchored;	/* number of the last anchor */
	int				 wants_anchor;	/* after the next batch */
	int64_t				 next_anchor;	/* monotonic, in ms */
	int64_t				 flush_at;	/* of what is buffered */
	int				 error;		/* why that waits; 0: none */
	int				 is_low;	/* little room on the disk */
	int64_t				 next_look;	/* at it, then */
	struct audit_batch		 pending;
	int				 has_leader;
	int				 is_reopening;	/* a thread waits to keep it */
	struct audit_loss		 loss;
};

/* What the leader does once its batch is settled. */
enum audit_lead {
	AUDIT_LEAD_KEEP,	/* keeps the lead, takes no batch */
	AUDIT_LEAD_GO_ON,	/* takes the next batch, if a thread waits for it */
	AUDIT_LEAD_HAND_OVER
};

/* -1: the system has no lock or no memory for it; nothing is to be cleared. */
int	audit_queue_init(struct audit_queue *);
void	audit_queue_clear(struct audit_queue *);
/* Before there are threads. The next record gets the number seq + 1. */
void	audit_queue_begin(struct audit_queue *, const struct audit_queue_options *,
	    uint64_t seq);

/*
 * Gives the entry its number and adds its line, whose tail is all from
 * record_json_body() to the line end. Returns 0 when the line is written or lost
 * (entry->is_written), or at once if it is buffered; or 1 if the caller has to lead:
 * then the batch is in `writing`, and the entry is settled with it. The entry must live
 * until then. The caller logs *note_r.
 */
int	audit_queue_join(struct audit_queue *, struct audit_entry *,
	    const struct record *, const struct buf *tail, struct audit_note *note_r);

/*
 * By the leader: wakes the threads that wait for the batch, each with its result. If
 * the batch failed, its `lines` have what was not written, as before sealing: buffered
 * lines are kept to be tried again. A full file asks for an anchor after the next
 * batch. Returns 1 if the next batch was taken.
 */
int	audit_queue_settle(struct audit_queue *, const struct audit_written *,
	    int is_full_file, enum audit_lead, struct audit_note *note_r);

/* Gets the lead and a batch; the lead is kept until audit_queue_release(). */
void	audit_queue_seize(struct audit_queue *, struct audit_entry *);
/*
 * By the leader, who has settled its batch: takes what came meanwhile, then an anchor.
 * What comes from now on follows the options (NULL: they stay): where the file is given
 * up, each record has its place in it or in the log.
 */
void	audit_queue_take_anchor(struct audit_queue *,
	    const struct audit_queue_options *);
/*
 * Gives the lead back. The next number is at least least_seq + 1.
 */
void	audit_queue_release(struct audit_queue *, const struct audit_queue_options *,
	    uint64_t least_seq);

/*
 * For the clock's thread: waits for buffered lines, the time of an anchor, or of a look
 * at the disk where little room is left. 1: the caller has to lead; 0:
 * audit_queue_end_clock() was called.
 */
int	audit_queue_wait(struct audit_queue *);
/* The thread has started; until then nothing is buffered. */
void	audit_queue_begin_clock(struct audit_queue *);
void	audit_queue_end_clock(struct audit_queue *);

/* Counts a record that is lost, or notes one that is not, if no file is set. */
struct audit_note	audit_queue_lose(struct audit_queue *, int error);
struct audit_note	audit_queue_gain(struct audit_queue *);
uint64_t		audit_queue_take_loss(struct audit_queue *);

#endif
