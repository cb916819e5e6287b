/* milter/report/report.h: counts of a set of audit records */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_REPORT_H
#define AUTHRELAY_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/netaddr.h"
#include "core/policy.h"
#include "record/record_read.h"
#include "report/tally.h"

#define TALLY_MAX	10000	/* keys of a table */
#define REPORT_OTHER_REASON	POLICY_REASON_COUNT	/* one that we do not know */
#define REPORT_REASONS		(POLICY_REASON_COUNT + 1)
#define REPORT_VERDICTS		3	/* POLICY_PERMIT, _REJECT, _TEMPFAIL */
/* From POLICY_AUTH_INCOMPLETE on. */
#define REPORT_REFUSED_LOGINS	(POLICY_AUTH_STRENGTH - POLICY_AUTH_INCOMPLETE + 1)

/* The tallies, and what their keys are. Texts have JSON's escapes, as in the record. */
enum report_list {
	REPORT_USERS,		/* users (auth) that relayed after a login */
	REPORT_HOSTS,		/* client networks that relayed without one */
	REPORT_CLIENTS,		/* client addresses that were refused */
	REPORT_LOOKUPS,		/* domains that could not be looked up */
	REPORT_PAIRS,		/* a user, a NUL, a client network */
	REPORT_LISTS
};

/* The clock of the reader: seconds east of UTC at that time. */
typedef int32_t	report_offset(int64_t seconds);

struct report_options {
	int64_t since_us;	/* INT64_MIN: not given */
	int64_t until_us;	/* INT64_MAX: not given */
	int64_t before_us;	/* where the previous period begins; since_us: none */
	size_t tally_max;
	uint8_t hash_key[SIPHASH_KEY_SIZE];
	report_offset *offset;
};

/* Counts are of recipients, unless something else is named. */
struct report {
	struct report_options options;
	uint64_t lines;		/* all lines read */
	uint64_t bad_lines;	/* that are not records */
	uint64_t outside;	/* records of neither period */
	uint64_t passed_over;	/* records that the filters leave out */
	struct tally_count records;	/* of the two periods */
	int64_t first_us;	/* of the period; -1: there is none */
	int64_t last_us;
	struct tally_count verdicts[REPORT_VERDICTS];
	struct tally_count reasons[REPORT_REASONS][REPORT_VERDICTS];
	struct tally_count unenforced;	/* not permitted, but let through */
	struct tally_count unrecorded;	/* recipients that a flood's summary counts */
	struct tally_count messages;	/* transactions that reached DATA */
	struct tally_count starts;
	struct tally_count refused_logins[REPORT_REFUSED_LOGINS];
	struct series over_time[REPORT_VERDICTS];
	uint64_t hours[7][24][2];	/* from Monday; permitted, refused */
	struct tally_count spellings[SPELLINGS];	/* tried by refused clients */
	struct distinct spelling_clients[SPELLINGS];
	char *spelling_example[SPELLINGS];	/* owned, or NULL */
	struct tally lists[REPORT_LISTS];
	struct buf scratch;
};

/* Returns -1 without memory; clear it in any case. */
int	report_init(struct report *, const struct report_options *);
void	report_clear(struct report *);

/* Returns -1 without memory: the report is of no use then. */
int	report_add(struct report *, const struct record_view *);
/* Counts a line that is not a record. */
void	report_add_bad(struct report *);
/* Counts a record that the filters leave out. */
void	report_pass_over(struct report *);

int	report_has_before(const struct report *);

/* Of REPORT_PAIRS: the network; whether the previous period does not have the user. */
const char	*report_pair_network(const struct tally_entry *);
int	report_pair_has_new_user(const struct report *, const struct tally_entry *);

/* The client's network of 256 IPv4 addresses, or its /64: "192.0.2.0/24". */
void	report_network(const struct netaddr *, char text_r[NETADDR_TEXT_SIZE]);

/* To be called after the last record: the three series get the same steps. */
void	report_finish(struct report *);

#endif
