/* milter/record/verify_kind.c: names and verdicts of the verifier's findings */
/* SPDX-License-Identifier: ISC */

/* Apart from verify.c, which would have over 600 lines with this table. */

#include "record/verify.h"

static const struct {
	const char		*name;
	enum verify_verdict	 verdict;
} kinds[] = {
	[VERIFY_CHANGED] = { "changed", VERIFY_IS_BROKEN },
	[VERIFY_VALUE] = { "chain-value", VERIFY_IS_BROKEN },
	[VERIFY_MISSING] = { "missing", VERIFY_IS_BROKEN },
	[VERIFY_ADDED] = { "added", VERIFY_IS_BROKEN },
	[VERIFY_BARE] = { "no-chain", VERIFY_IS_BROKEN },
	[VERIFY_HEADLESS] = { "no-beginning", VERIFY_IS_BROKEN },
	[VERIFY_STRANGER] = { "other-file", VERIFY_IS_BROKEN },
	[VERIFY_NUMBER] = { "number", VERIFY_IS_BROKEN },
	[VERIFY_ANCHOR] = { "anchor", VERIFY_IS_BROKEN },
	[VERIFY_SIGNATURE] = { "signature", VERIFY_IS_BROKEN },
	[VERIFY_CUT] = { "cut", VERIFY_IS_BROKEN },
	[VERIFY_UNREADABLE] = { "not-readable", VERIFY_IS_BROKEN },
	[VERIFY_PARTIAL] = { "not-whole", VERIFY_IS_UNKNOWN },
	[VERIFY_EMPTY] = { "no-records", VERIFY_IS_UNKNOWN },
	[VERIFY_UNSIGNED] = { "not-signed", VERIFY_IS_UNKNOWN },
	[VERIFY_UNANCHORED] = { "not-anchored", VERIFY_IS_UNKNOWN },
	[VERIFY_TORN] = { "torn", VERIFY_IS_GOOD },
	[VERIFY_COVERED] = { "covered", VERIFY_IS_GOOD },
	[VERIFY_GAP] = { "not-written", VERIFY_IS_GOOD },
	[VERIFY_NEW_CHAIN] = { "new-chain", VERIFY_IS_GOOD },
	[VERIFY_EARLIER] = { "earlier", VERIFY_IS_GOOD },
	[VERIFY_COUNT] = { "count", VERIFY_IS_GOOD },
	[VERIFY_GOOD] = { "good", VERIFY_IS_GOOD },
};

enum verify_verdict
verify_kind_verdict(enum verify_kind kind)
{
	return kinds[kind].verdict;
}

const char *
verify_kind_name(enum verify_kind kind)
{
	return kinds[kind].name;
}
