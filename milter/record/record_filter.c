/* milter/record/record_filter.c: selection of records by user, client, time and so on */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "core/ascii.h"
#include "core/buf.h"
#include "core/domset.h"
#include "core/netset.h"
#include "core/path.h"
#include "core/policy.h"
#include "record/record_filter.h"
#include "record/record_read.h"

#define NAMES_MAX	32	/* in a list: a bit for each */

/* One that is in none of the lists that are not empty is not meant. */
struct record_filter {
	int64_t		 since_us;
	int64_t		 until_us;
	char		**users;
	size_t		  user_count;
	struct netset	 *clients;
	int		  has_clients;
	struct domset	 *domains;
	int		  has_domains;
	uint32_t	  reasons;	/* a bit for each name, 0: any */
	uint32_t	  verdicts;
	uint32_t	  events;
};

/* The name at a place of a list, or NULL after its end. */
typedef const char *namer(unsigned);

static const char no_memory[] = "out of memory";

static const char *
reason_at(unsigned i)
{
	return i < POLICY_REASON_COUNT ? policy_reason_name((enum policy_reason)i) : NULL;
}

static const char *
verdict_at(unsigned i)
{
	return policy_verdict_name(i < POLICY_NEED ? (enum policy_verdict)i :
	    POLICY_NEED);
}

static const char *
event_at(unsigned i)
{
	return i < RECORD_EVENTS ? record_event_name((enum record_event)i) : NULL;
}

struct record_filter *
record_filter_new(void)
{
	struct record_filter *filter = calloc(1, sizeof(*filter));

	if (filter == NULL)
		return NULL;
	filter->until_us = INT64_MAX;
	filter->clients = netset_new();
	filter->domains = domset_new();
	if (filter->clients != NULL && filter->domains != NULL)
		return filter;
	record_filter_free(filter);
	return NULL;
}

void
record_filter_free(struct record_filter *filter)
{
	if (filter == NULL)
		return;
	for (size_t i = 0; i < filter->user_count; i++)
		free(filter->users[i]);
	free(filter->users);
	netset_free(filter->clients);
	domset_free(filter->domains);
	free(filter);
}

/*
 * A name may be given as log shows it, where \\ is a backslash, \" a quotation mark and
 * \xNN a byte; any other backslash is one.
 */
static void
add_shown(struct buf *b, const char *value)
{
	while (*value != '\0') {
		int byte = -1;

		if (value[0] == '\\' && (value[1] == '\\' || value[1] == '"'))
			value++;
		else if (value[0] == '\\' && value[1] == 'x')
			byte = ascii_hex_byte(value + 2);
		buf_putc(b, byte == -1 ? *value : (char)byte);
		value += byte == -1 ? 1 : 4;
	}
}

static const char *
add_user(struct record_filter *filter, const char *value)
{
	char **users = reallocarray(filter->users, filter->user_count + 1,
	    sizeof(*users));
	struct buf user;

	if (users == NULL)
		return no_memory;
	filter->users = users;
	buf_init(&user);
	add_shown(&user, value);
	buf_putc(&user, '\0');
	if (user.failed) {
		buf_clear(&user);
		return no_memory;
	}
	users[filter->user_count++] = user.data;
	return NULL;
}

static const char *
add_client(struct record_filter *filter, const char *value)
{
	struct netset_network network;
	const char *why = netset_parse(value, strlen(value), &network);

	if (why != NULL)
		return why;
	filter->has_clients = 1;
	return netset_add(filter->clients, &network) == -1 ? no_memory : NULL;
}

static const char *
add_domain(struct record_filter *filter, const char *value)
{
	char entry[1 + PATH_DOMAIN_SIZE] = ".";
	int is_below = *value == '.';
	const char *why = path_domain(value + is_below, strlen(value + is_below),
	    entry + 1);
	const char *start = is_below ? entry : entry + 1;

	if (why != NULL)
		return why;
	filter->has_domains = 1;
	return domset_add(filter->domains, start, strlen(start)) == -1 ? no_memory : NULL;
}

static const char *
add_name(uint32_t *names, namer *name_at, const char *value, const char *why)
{
	const char *name;

	for (unsigned i = 0; (name = name_at(i)) != NULL; i++) {
		if (strcmp(name, value) != 0)
			continue;
		*names |= UINT32_C(1) << i;
		return NULL;
	}
	return why;
}

const char *
record_filter_add(struct record_filter *filter, enum record_filter_key key,
    const char *value)
{
	_Static_assert((int)POLICY_REASON_COUNT <= NAMES_MAX, "a bit for each reason");

	switch (key) {
	case RECORD_FILTER_USER:
		return add_user(filter, value);
	case RECORD_FILTER_CLIENT:
		return add_client(filter, value);
	case RECORD_FILTER_DOMAIN:
		return add_domain(filter, value);
	case RECORD_FILTER_REASON:
		return add_name(&filter->reasons, reason_at, value, "unknown reason; "
		    "allowed: a reason's name, see authrelay-audit(5)");
	case RECORD_FILTER_VERDICT:
		return add_name(&filter->verdicts, verdict_at, value, "unknown verdict; "
		    "allowed: permit, reject, tempfail");
	case RECORD_FILTER_EVENT:
		return add_name(&filter->events, event_at, value, "unknown event; "
		    "allowed: rcpt, mta-reject, message, start, reload, stop, mta, "
		    "anchor, flood");
	}
	return "no such choice";
}

void
record_filter_since(struct record_filter *filter, int64_t since_us)
{
	filter->since_us = since_us;
}

void
record_filter_until(struct record_filter *filter, int64_t until_us)
{
	filter->until_us = until_us;
}

int
record_filter_seal(struct record_filter *filter)
{
	return netset_seal(filter->clients) == -1 || domset_seal(filter->domains) == -1 ?
	    -1 : 0;
}

static int
is_name_meant(uint32_t names, namer *name_at, const struct record_text *text)
{
	const char *name;

	if (names == 0)
		return 1;
	for (unsigned i = 0; text->at != NULL && (name = name_at(i)) != NULL; i++)
		if ((names & UINT32_C(1) << i) != 0 && record_text_is(text, name))
			return 1;
	return 0;
}

static uint32_t
read_unit(const char *digits)
{
	uint32_t unit = 0;

	for (int i = 0; i < 4; i++)
		unit = unit * 16 + (uint32_t)ascii_hex_value(ascii_lower(digits[i]));
	return unit;
}

/* A character as UTF-8; returns how many bytes it has. */
static size_t
put_utf8(uint32_t point, char bytes_r[4])
{
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

	for (size_t i = length - 1; i > 0; i--, point >>= 6)
		bytes_r[i] = (char)(0x80 | (point & 0x3f));
	bytes_r[0] = (char)(leads[length] | point);
	return length;
}

/* The bytes of JSON's escape, which is valid; returns its length. */
static size_t
read_escape(const char *at, char bytes_r[4], size_t *count_r)
{
	static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
	const char *name = strchr(names, at[1]);
	uint32_t point, low;

	*count_r = 1;
	if (at[1] != 'u') {
		bytes_r[0] = name == NULL ? at[1] : values[name - names];
		return 2;
	}
	point = read_unit(at + 2);
	if (point < 0xd800 || point > 0xdbff) {
		*count_r = put_utf8(point, bytes_r);
		return 6;
	}
	low = read_unit(at + 8);
	*count_r = put_utf8(0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00), bytes_r);
	return 12;
}

static int
is_user(const char *user, const struct record_text *text)
{
	char bytes[4];
	size_t step, count;

	for (size_t i = 0; i < text->length; i += step, user += count) {
		bytes[0] = text->at[i];
		step = count = 1;
		if (bytes[0] == '\\')
			step = read_escape(text->at + i, bytes, &count);
		if (strnlen(user, count) < count || strncasecmp(user, bytes, count) != 0)
			return 0;
	}
	return *user == '\0';
}

static int
is_user_meant(const struct record_filter *filter, const struct record_text *text)
{
	if (filter->user_count == 0)
		return 1;
	for (size_t i = 0; text->at != NULL && i < filter->user_count; i++)
		if (is_user(filter->users[i], text))
			return 1;
	return 0;
}

static int
is_client_meant(const struct record_filter *filter, const struct record_text *text)
{
	struct netaddr addr;

	if (!filter->has_clients)
		return 1;
	return text->at != NULL && netaddr_parse(text->at, text->length, &addr) == 0 &&
	    netset_find(filter->clients, &addr, NULL);
}

static int
is_domain_meant(const struct record_filter *filter, const struct record_text *text)
{
	if (!filter->has_domains)
		return 1;
	return text->at != NULL &&
	    domset_find(filter->domains, text->at, text->length) != NULL;
}

int
record_filter_match(const struct record_filter *filter, const struct record_view *view)
{
	const struct record_text *value = view->value;

	return view->time_us >= filter->since_us && view->time_us < filter->until_us &&
	    is_name_meant(filter->events, event_at, &value[RECORD_KEY_EVENT]) &&
	    is_name_meant(filter->verdicts, verdict_at, &value[RECORD_KEY_VERDICT]) &&
	    is_name_meant(filter->reasons, reason_at, &value[RECORD_KEY_REASON]) &&
	    is_client_meant(filter, &value[RECORD_KEY_CLIENT]) &&
	    is_domain_meant(filter, &value[RECORD_KEY_DOMAIN]) &&
	    is_user_meant(filter, &value[RECORD_KEY_AUTH]);
}
