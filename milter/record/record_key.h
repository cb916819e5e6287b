/* milter/record/record_key.h: keys and events of an audit record */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_RECORD_KEY_H
#define AUTHRELAY_RECORD_KEY_H

#include <stddef.h>

#include "record/record.h"

/* In their order in a line of the file: authrelay-audit(5), audit.schema.json. */
enum record_key {
	RECORD_KEY_V,
	RECORD_KEY_TIME,
	RECORD_KEY_SEQ,
	RECORD_KEY_EVENT,
	RECORD_KEY_VERDICT,
	RECORD_KEY_REASON,
	RECORD_KEY_ENFORCED,
	RECORD_KEY_REPLY,
	RECORD_KEY_SESSION,
	RECORD_KEY_TXN,
	RECORD_KEY_QUEUE_ID,
	RECORD_KEY_MTA,
	RECORD_KEY_DAEMON,
	RECORD_KEY_CLIENT,
	RECORD_KEY_CLIENT_PORT,
	RECORD_KEY_CLIENT_NAME,
	RECORD_KEY_HELO,
	RECORD_KEY_TLS,
	RECORD_KEY_CIPHER,
	RECORD_KEY_CERT_SUBJECT,
	RECORD_KEY_AUTH,
	RECORD_KEY_AUTH_REALM,
	RECORD_KEY_AUTH_TYPE,
	RECORD_KEY_AUTH_CLEAR,
	RECORD_KEY_AUTH_REFUSED,
	RECORD_KEY_SENDER,
	RECORD_KEY_RCPT,
	RECORD_KEY_RCPT_MTA,
	RECORD_KEY_DOMAIN,
	RECORD_KEY_MATCHED,
	RECORD_KEY_MX,
	RECORD_KEY_ELAPSED_US,
	RECORD_KEY_NOTE,
	RECORD_KEY_CUT,
	RECORD_KEY_COUNT,
	RECORD_KEY_PREV,
	RECORD_KEY_CHAIN,
	RECORD_KEY_SIG,
	RECORD_KEYS		/* how many there are */
};

enum record_kind {
	RECORD_KIND_EVENT,	/* enum record_event, written as its name */
	RECORD_KIND_TEXT,	/* const char *; NULL: not known */
	RECORD_KIND_BOOL,	/* int; -1: not known */
	RECORD_KIND_NUMBER	/* int64_t; -1: not known */
};

/* One key, for the writer and the reader; v, time and seq have no member (offset 0). */
struct record_key_row {
	const char		*name;
	size_t			 length;	/* of the name */
	enum record_kind	 kind;
	size_t			 offset;	/* of its member in struct record */
	size_t			 max;		/* of a text, in JSON; 0: never cut */
	size_t			 whole_offset;	/* of a struct record_whole; 0: none */
};

/* All keys, by enum record_key; never changed. */
extern const struct record_key_row	record_keys[RECORD_KEYS];

/* The key of a name, which need not end in a NUL; RECORD_KEYS if there is none. */
enum record_key	 record_key_find(const char *name, size_t length);

/* "mta-reject"; a constant text. */
const char	*record_event_name(enum record_event);

#endif
