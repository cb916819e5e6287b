/* milter/record/record_cut.h: limit on the size of an audit record */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RECORD_CUT_H
#define AUTHRELAY_RECORD_CUT_H

#include "core/buf.h"
#include "record/record.h"

/* A record whose texts are no longer than they may be. */
struct record_cut {
	struct record	record;		/* as the first one, but for texts that are cut */
	struct buf	texts;		/* these */
	struct buf	body;		/* record_json_body() of it */
};

/*
 * Bounds each text by its own limit, and all of them so that the JSON line has at most
 * RECORD_JSON_MAX bytes, with its head, its chain value and the one before it: then the
 * longest are cut, all to one length. A text that is cut ends in three dots, and the key
 * cut has its name, how many bytes it had, and the first half of their SHA-256. Where
 * even short texts are too many, keys are left out, from the last one on.
 *
 * The record's texts must stay as long as this one. Returns -1 where memory ran out or
 * the library failed; either way the caller calls record_cut_clear().
 */
int	record_cut(const struct record *, struct record_cut *cut_r);
void	record_cut_clear(struct record_cut *);

/* Takes the hash of a text of which only the beginning will be kept. -1: as above. */
int	record_whole_set(struct record_whole *whole_r, const char *text, size_t length);

#endif
