/* milter/record/verify.h: verifier of audit files: chain, numbers and anchors */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_VERIFY_H
#define AUTHRELAY_VERIFY_H

#include <stdint.h>

#include "record/anchors.h"
#include "record/audit_key.h"
#include "record/chain_line.h"
#include "record/record_file.h"

enum verify_kind {
	/* Broken. */
	VERIFY_CHANGED,		/* the lines do not follow those before */
	VERIFY_VALUE,		/* of the line only the chain value is another */
	VERIFY_MISSING,		/* before the line, by the numbers */
	VERIFY_ADDED,		/* the lines are added, or not in their place */
	VERIFY_BARE,		/* the lines have no chain value; nothing covers them */
	VERIFY_HEADLESS,	/* the file's first line does not name the file before */
	VERIFY_STRANGER,	/* it names another file than the one before */
	VERIFY_NUMBER,		/* the chain holds, the number does not rise */
	VERIFY_ANCHOR,		/* the chain holds, and is not what an anchor says */
	VERIFY_SIGNATURE,	/* nor what was signed */
	VERIFY_CUT,		/* an anchor names more than there is */
	VERIFY_UNREADABLE,	/* from the line on */
	/* Cannot tell. */
	VERIFY_PARTIAL,		/* a last line that is not whole */
	VERIFY_EMPTY,		/* a file without a chain */
	VERIFY_UNSIGNED,	/* a file's last anchor, after others that are signed */
	VERIFY_UNANCHORED,	/* what follows the last anchor */
	/* Neither. */
	VERIFY_TORN,		/* lines that the daemon closed with its mark */
	VERIFY_COVERED,		/* others without a value, which the next one covers */
	VERIFY_GAP,		/* numbers that the daemon could not write */
	VERIFY_NEW_CHAIN,	/* begins at the line */
	VERIFY_EARLIER,		/* the first line names a file that was not given */
	VERIFY_COUNT,		/* an anchor counts others than there are */
	VERIFY_GOOD		/* the lines follow one another */
};

enum verify_verdict {
	VERIFY_IS_GOOD,
	VERIFY_IS_BROKEN,
	VERIFY_IS_UNKNOWN
};

/* Lines are those of the file; 0 where there is none to name. */
struct verify_finding {
	enum verify_kind	 kind;
	const char		*file;
	uint64_t		 from, to;		/* lines */
	uint64_t		 seq_from, seq_to;	/* missing, or the line's */
	uint64_t		 good_from, good_to;	/* lines before, which are good */
};

typedef void	verify_reporter(void *arg, const struct verify_finding *);

struct verify_place {
	const char	*file;		/* NULL: nowhere */
	uint64_t	 line;
	uint64_t	 seq;
	char		 time[CHAIN_LINE_TIME_SIZE];
};

struct verify_result {
	enum verify_verdict	verdict;
	enum verify_kind	why;		/* broken or unknown: first for this, */
	struct verify_place	where;		/* here */
	uint64_t		lines, records;
	struct verify_place	first, last;	/* records */
	/* The last anchor that something else vouches for. */
	struct verify_place	vouched;
	/* In the files: all, those that are signed, those that are signed rightly. */
	uint64_t		anchors, is_signed, is_right;
	/* Kept elsewhere: those that are in the files, those of before them. */
	uint64_t		found, older;
	uint64_t		torn, missing;	/* lines; records that were not written */
};

/*
 * One run over files, each line by line; memory does not grow with them. The anchors
 * (sealed) and the key may be NULL, and are the caller's. Every finding is reported once,
 * in the order of the files. NULL: no memory, or no hash in the library.
 */
struct verify	*verify_new(struct anchors *, const struct audit_key *, verify_reporter *,
    void *arg);
void	verify_free(struct verify *);

/* The next file, in the order of their making. The name has to live as long. */
void	verify_file(struct verify *, const char *name);
void	verify_line(struct verify *, const struct record_line *);
/* All of the file was given; or what could be read, and it goes on. */
void	verify_file_end(struct verify *, int is_read);
/* The file's last record, to find the file that names it: 1, or 0 where it has none. */
int	verify_last(const struct verify *, unsigned char value_r[CHAIN_SIZE]);

/*
 * The end of all. -1: the library failed on the way, and there is no result. Good is
 * what nothing speaks against and an anchor's signature or a copy of it vouches for, to
 * the last line.
 */
int	verify_end(struct verify *, struct verify_result *);

/* Whether the kind is one of the broken, or of those that cannot tell. */
enum verify_verdict	verify_kind_verdict(enum verify_kind);
/* "changed" and so on, for programs. */
const char	*verify_kind_name(enum verify_kind);

#endif
