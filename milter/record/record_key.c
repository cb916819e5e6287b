/* milter/record/record_key.c: keys and events of an audit record */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "record/record_key.h"

#define ROW(member, kind, max, whole_offset) \
	{ #member, sizeof(#member) - 1, kind, offsetof(struct record, member), max, \
	    whole_offset }
#define HEAD(name, kind)	{ name, sizeof(name) - 1, kind, 0, 0, 0 }
#define EVENT(member)		ROW(member, RECORD_KIND_EVENT, 0, 0)
#define OURS(member)		ROW(member, RECORD_KIND_TEXT, 0, 0)
#define TEXT(member, max)	ROW(member, RECORD_KIND_TEXT, max, 0)
#define KEPT(member, max) \
	ROW(member, RECORD_KIND_TEXT, max, offsetof(struct record, member##_whole))
#define BOOL(member)		ROW(member, RECORD_KIND_BOOL, 0, 0)
#define NUMBER(member)		ROW(member, RECORD_KIND_NUMBER, 0, 0)

/*
 * RFC 5321 §4.5.3.1: 255 bytes of a domain, 512 of a reply line; of a path it has 256,
 * but 64 of a local part and 255 of a domain, with an @ and two brackets, are found.
 */
#define DOMAIN_MAX	255
#define PATH_MAX_LENGTH	322
#define REPLY_MAX	512
#define NAME_MAX_LENGTH	64	/* of what the mail server or a library names */
#define WORDS_MAX	512	/* the daemon's words, with a name in them */

const struct record_key_row record_keys[RECORD_KEYS] = {
	[RECORD_KEY_V] = HEAD("v", RECORD_KIND_NUMBER),
	[RECORD_KEY_TIME] = HEAD("time", RECORD_KIND_TEXT),
	[RECORD_KEY_SEQ] = HEAD("seq", RECORD_KIND_NUMBER),
	[RECORD_KEY_EVENT] = EVENT(event),
	[RECORD_KEY_VERDICT] = OURS(verdict),
	[RECORD_KEY_REASON] = OURS(reason),
	[RECORD_KEY_ENFORCED] = BOOL(enforced),
	[RECORD_KEY_REPLY] = TEXT(reply, REPLY_MAX),
	[RECORD_KEY_SESSION] = OURS(session),
	[RECORD_KEY_TXN] = NUMBER(txn),
	[RECORD_KEY_QUEUE_ID] = TEXT(queue_id, NAME_MAX_LENGTH),
	[RECORD_KEY_MTA] = TEXT(mta, DOMAIN_MAX),
	[RECORD_KEY_DAEMON] = TEXT(daemon, NAME_MAX_LENGTH),
	[RECORD_KEY_CLIENT] = OURS(client),
	[RECORD_KEY_CLIENT_PORT] = NUMBER(client_port),
	[RECORD_KEY_CLIENT_NAME] = TEXT(client_name, DOMAIN_MAX),
	[RECORD_KEY_HELO] = KEPT(helo, DOMAIN_MAX),
	[RECORD_KEY_TLS] = TEXT(tls, NAME_MAX_LENGTH),
	[RECORD_KEY_CIPHER] = TEXT(cipher, NAME_MAX_LENGTH),
	[RECORD_KEY_CERT_SUBJECT] = TEXT(cert_subject, DOMAIN_MAX),
	[RECORD_KEY_AUTH] = TEXT(auth, DOMAIN_MAX),
	[RECORD_KEY_AUTH_REALM] = TEXT(auth_realm, DOMAIN_MAX),
	[RECORD_KEY_AUTH_TYPE] = TEXT(auth_type, NAME_MAX_LENGTH),
	[RECORD_KEY_AUTH_CLEAR] = BOOL(auth_clear),
	[RECORD_KEY_AUTH_REFUSED] = OURS(auth_refused),
	[RECORD_KEY_SENDER] = KEPT(sender, PATH_MAX_LENGTH),
	[RECORD_KEY_RCPT] = TEXT(rcpt, PATH_MAX_LENGTH),
	[RECORD_KEY_RCPT_MTA] = TEXT(rcpt_mta, PATH_MAX_LENGTH),
	[RECORD_KEY_DOMAIN] = TEXT(domain, DOMAIN_MAX),
	[RECORD_KEY_MATCHED] = TEXT(matched, WORDS_MAX),
	[RECORD_KEY_MX] = TEXT(mx, WORDS_MAX),
	[RECORD_KEY_ELAPSED_US] = NUMBER(elapsed_us),
	[RECORD_KEY_NOTE] = TEXT(note, 2 * WORDS_MAX),
	[RECORD_KEY_CUT] = OURS(cut),
	[RECORD_KEY_COUNT] = NUMBER(count),
	[RECORD_KEY_PREV] = OURS(prev),
	[RECORD_KEY_CHAIN] = OURS(chain),
	[RECORD_KEY_SIG] = OURS(sig),
};

enum record_key
record_key_find(const char *name, size_t length)
{
	size_t	i = 0;

	while (i < RECORD_KEYS && (record_keys[i].length != length ||
	    memcmp(record_keys[i].name, name, length) != 0))
		i++;
	return (enum record_key)i;
}

const char *
record_event_name(enum record_event event)
{
	static const char *const names[RECORD_EVENTS] = {
		[RECORD_RCPT] = "rcpt",
		[RECORD_MTA_REJECT] = "mta-reject",
		[RECORD_MESSAGE] = "message",
		[RECORD_START] = "start",
		[RECORD_RELOAD] = "reload",
		[RECORD_STOP] = "stop",
		[RECORD_MTA] = "mta",
		[RECORD_ANCHOR] = "anchor",
		[RECORD_FLOOD] = "flood",
	};

	return names[event];
}
