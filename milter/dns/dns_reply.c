/* milter/dns/dns_reply.c: validation of the bytes of a DNS reply */
/* SPDX-License-Identifier: ISC */

/*
 * ldns 1.8.3 does not hold a record to its RDLENGTH, gives records with fewer parts than
 * their type has, lets a TXT record take gigabytes and leaks every TSIG but the last. A
 * resolver in front does not keep such replies from us, and anybody can have a domain.
 */

#include <string.h>

#include "core/ascii.h"
#include "dns/dns_reply.h"

#define FLAG_QR		0x80	/* of the third byte */
#define FLAG_OPCODE	0x78
#define FLAG_TC		0x02
#define FLAG_RA		0x80	/* of the fourth */
#define FLAG_AD		0x20
#define FLAG_RCODE	0x0f

#define RCODE_NOERROR	0
#define RCODE_FORMERR	1
#define RCODE_NXDOMAIN	3
#define RCODE_NOTIMP	4

#define TYPE_A		1
#define TYPE_NS		2
#define TYPE_CNAME	5
#define TYPE_SOA	6
#define TYPE_MX		15
#define TYPE_AAAA	28
#define TYPE_OPT	41
#define TYPE_OPAQUE	0xff00
#define CLASS_IN	1

#define ANSWERS_MAX	400	/* 256 addresses, 8 links, and room */
#define AUTHORITIES_MAX	256
#define POINTERS_MAX	16
#define NAME_MAX_BYTES	255	/* RFC 1035 §2.3.4 */

struct message {
	uint8_t	*bytes;
	size_t	 len;
	size_t	 at;
};

struct record {
	unsigned	type;
	unsigned	class;
	size_t		fixed;		/* where its type is, after the owner */
	size_t		data;
	size_t		end;
};

static unsigned
number_at(const uint8_t *bytes)
{
	return (unsigned)bytes[0] << 8 | bytes[1];
}

/*
 * The offset after the name, or 0 if it is invalid. A pointer leads to before the piece
 * that it ends, and what it leads to ends before that piece: so there are no loops, and
 * nothing is read ahead.
 */
static size_t
name_end(const uint8_t *bytes, size_t len, size_t at)
{
	size_t end = 0, total = 1, piece = at, bound = len;
	unsigned pointers = 0;

	while (at < bound && bytes[at] != 0) {
		size_t label = bytes[at];

		if ((label & 0xc0) == 0xc0) {
			if (at + 2 > bound || ++pointers > POINTERS_MAX)
				return 0;
			if (end == 0)
				end = at + 2;
			bound = piece;
			at = number_at(bytes + at) & 0x3fff;
			if (at >= piece || at < DNS_REPLY_HEADER)
				return 0;
			piece = at;
			continue;
		}
		total += 1 + label;
		if (label > 63 || total > NAME_MAX_BYTES)
			return 0;
		at += 1 + label;
	}
	if (at >= bound)
		return 0;
	return end != 0 ? end : at + 1;
}

/* Returns -1 if it does not end within the message. */
static int
next_record(struct message *message, struct record *record)
{
	const uint8_t *bytes = message->bytes;

	record->fixed = name_end(bytes, message->len, message->at);
	if (record->fixed == 0 || record->fixed + 10 > message->len)
		return -1;
	record->type = number_at(bytes + record->fixed);
	record->class = number_at(bytes + record->fixed + 2);
	record->data = record->fixed + 10;
	record->end = record->data + number_at(bytes + record->fixed + 8);
	if (record->end > message->len)
		return -1;
	message->at = record->end;
	return 0;
}

static int
is_soa(const struct message *message, const struct record *record)
{
	size_t at = name_end(message->bytes, message->len, record->data);

	if (at != 0)
		at = name_end(message->bytes, message->len, at);
	return at != 0 && at + 20 == record->end;
}

/* Whether its data is what its type says; that of another type is made opaque. */
static int
is_sound(struct message *message, const struct record *record)
{
	const size_t size = record->end - record->data;

	switch (record->type) {
	case TYPE_A:
		return size == 4;
	case TYPE_AAAA:
		return size == 16;
	case TYPE_MX:
		return size >= 3 && name_end(message->bytes, message->len,
		    record->data + 2) == record->end;
	case TYPE_CNAME:
		return name_end(message->bytes, message->len, record->data) ==
		    record->end;
	case TYPE_SOA:
		return is_soa(message, record);
	}
	message->bytes[record->fixed] = TYPE_OPAQUE >> 8;
	message->bytes[record->fixed + 1] = TYPE_OPAQUE & 0xff;
	return 1;
}

static int
check_answers(struct message *message, unsigned count)
{
	struct record record;

	for (unsigned i = 0; i < count; i++)
		if (next_record(message, &record) == -1 || !is_sound(message, &record))
			return -1;
	return 0;
}

static int
check_authorities(struct message *message, unsigned count, struct dns_reply *reply)
{
	struct record record;
	int servers = 0, soas = 0;

	for (unsigned i = 0; i < count; i++) {
		if (next_record(message, &record) == -1 || !is_sound(message, &record))
			return -1;
		servers += record.type == TYPE_NS;
		soas += record.type == TYPE_SOA && record.class == CLASS_IN;
	}
	reply->is_referral = servers > 0 && soas == 0;
	return 0;
}

/* Only EDNS is read of it: the upper bits of the rcode are in the first byte of a TTL. */
static int
check_additional(struct message *message, unsigned count, struct dns_reply *reply)
{
	struct record record;

	for (unsigned i = 0; i < count; i++) {
		if (next_record(message, &record) == -1)
			return -1;
		if (record.type == TYPE_OPT)
			reply->rcode |= (unsigned)message->bytes[record.fixed + 4] << 4;
	}
	return 0;
}

static int
is_for_query(const uint8_t *reply, size_t len, const uint8_t *query, size_t question_size)
{
	if (len < DNS_REPLY_HEADER + question_size || number_at(reply + 4) != 1)
		return 0;
	for (size_t i = DNS_REPLY_HEADER; i < DNS_REPLY_HEADER + question_size; i++)
		if (ascii_lower(reply[i]) != ascii_lower(query[i]))
			return 0;
	return 1;
}

/*
 * What servers that are older than EDNS say to it has no question. A forged one does not
 * achieve more than that we ask once again.
 */
static int
is_bare_refusal(const uint8_t *reply, size_t len, unsigned rcode)
{
	return len == DNS_REPLY_HEADER &&
	    (rcode == RCODE_FORMERR || rcode == RCODE_NOTIMP) &&
	    memcmp(reply + 4, "\0\0\0\0\0\0\0\0", 8) == 0;
}

static enum dns_reply_kind
check_sections(struct message *message, struct dns_reply *reply)
{
	const unsigned additional = number_at(message->bytes + 10);

	reply->answers = number_at(message->bytes + 6);
	reply->authorities = number_at(message->bytes + 8);
	if (reply->answers > ANSWERS_MAX && reply->rcode == RCODE_NOERROR)
		return DNS_REPLY_TOO_MUCH;
	if (reply->answers > ANSWERS_MAX || reply->authorities > AUTHORITIES_MAX ||
	    check_answers(message, reply->answers) == -1 ||
	    check_authorities(message, reply->authorities, reply) == -1)
		return DNS_REPLY_MALFORMED;
	reply->len = message->at;
	if (check_additional(message, additional, reply) == -1)
		return DNS_REPLY_MALFORMED;
	if (reply->rcode != RCODE_NOERROR && reply->rcode != RCODE_NXDOMAIN)
		return DNS_REPLY_REFUSAL;
	message->bytes[10] = message->bytes[11] = 0;
	return DNS_REPLY_READABLE;
}

enum dns_reply_kind
dns_reply_check(uint8_t *bytes, size_t len, const uint8_t *query, size_t question_size,
    struct dns_reply *reply_r)
{
	struct message message = { bytes, len, DNS_REPLY_HEADER + question_size };

	memset(reply_r, 0, sizeof(*reply_r));
	if (len < DNS_REPLY_HEADER || memcmp(bytes, query, 2) != 0 ||
	    !(bytes[2] & FLAG_QR) || (bytes[2] & FLAG_OPCODE))
		return DNS_REPLY_FOREIGN;
	reply_r->rcode = bytes[3] & FLAG_RCODE;
	reply_r->is_secure = (bytes[3] & FLAG_AD) != 0;
	reply_r->is_recursive = (bytes[3] & FLAG_RA) != 0;
	if (is_bare_refusal(bytes, len, reply_r->rcode))
		return DNS_REPLY_REFUSAL;
	if (!is_for_query(bytes, len, query, question_size))
		return DNS_REPLY_FOREIGN;
	if (reply_r->rcode != RCODE_NOERROR && reply_r->rcode != RCODE_NXDOMAIN)
		return DNS_REPLY_REFUSAL;
	if (bytes[2] & FLAG_TC)
		return DNS_REPLY_TRUNCATED;
	return check_sections(&message, reply_r);
}

const char *
dns_reply_rcode_name(unsigned rcode)
{
	static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
	    "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE" };

	if (rcode == 16)
		return "BADVERS";
	return rcode < sizeof(names) / sizeof(names[0]) ? names[rcode] :
	    "an unknown rcode";
}
