/* milter/probe/milter_client.c: client side of the milter protocol */
/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "os/deadline.h"
#include "probe/milter_client.h"

#define VERSION		6
#define ACTIONS		0x1ffU
#define STEPS		0x1fffffU
#define HEAD		4	/* the length of what follows */

enum stage { CONNECT, HELO, MAIL, RCPT, STAGES = 7 };

/* libmilter/mfdef.h: SMFIP_NO*, SMFIP_NR_* */
static const struct step {
	char		command;
	unsigned	not_sent;
	unsigned	no_reply;
} steps[] = {
	{ 'C', 0x1, 0x1000 },
	{ 'H', 0x2, 0x2000 },
	{ 'M', 0x4, 0x4000 },
	{ 'R', 0x8, 0x8000 },
};

void
milter_client_init(struct milter_client *client, int timeout_ms)
{
	memset(client, 0, sizeof(*client));
	stream_init(&client->stream);
	client->timeout_ms = timeout_ms;
}

void
milter_client_clear(struct milter_client *client)
{
	stream_close(&client->stream);
	buf_clear(&client->text);
	buf_clear(&client->in);
	for (size_t i = 0; i < STAGES; i++)
		buf_clear(&client->wanted[i]);
}

static int
fail(struct milter_client *client, const char *why)
{
	client->why = why;
	stream_close(&client->stream);
	return -1;
}

static void
put32(unsigned char *bytes, uint32_t n)
{
	for (int i = 3; i >= 0; i--, n >>= 8)
		bytes[i] = (unsigned char)n;
}

static uint32_t
get32(const char *bytes)
{
	uint32_t n = 0;

	for (int i = 0; i < 4; i++)
		n = n << 8 | (unsigned char)bytes[i];
	return n;
}

static int
send_packet(struct milter_client *client, char command, const char *data, size_t len)
{
	unsigned char head[HEAD];
	struct buf out;
	int result;

	if (client->stream.fd == -1)
		return fail(client, "not connected");
	put32(head, (uint32_t)len + 1);
	buf_init(&out);
	buf_add(&out, head, sizeof(head));
	buf_putc(&out, command);
	buf_add(&out, data, len);
	result = out.failed ? fail(client, "out of memory") :
	    stream_write(&client->stream, out.data, out.len,
	    clock_monotonic_ms() + client->timeout_ms);
	if (result == -1 && !out.failed)
		(void)fail(client, client->stream.why);
	buf_clear(&out);
	return result;
}

/* Adds these bytes to what came in. */
static int
read_bytes(struct milter_client *client, size_t want, int64_t deadline)
{
	char bytes[4096];
	ssize_t n;

	while (want > 0) {
		n = stream_read(&client->stream, bytes,
		    want < sizeof(bytes) ? want : sizeof(bytes), deadline);
		if (n == 0)
			return fail(client, "the filter closed the connection");
		if (n < 0)
			return fail(client, client->stream.why);
		buf_add(&client->in, bytes, (size_t)n);
		want -= (size_t)n;
	}
	return client->in.failed ? fail(client, "out of memory") : 0;
}

/* What came is then the command and its data, without the length. */
static int
read_packet(struct milter_client *client, int64_t deadline)
{
	uint32_t len;

	buf_reset(&client->in);
	if (read_bytes(client, HEAD, deadline) == -1)
		return -1;
	len = get32(client->in.data);
	if (len == 0 || len > MILTER_PACKET_MAX)
		return fail(client, "the filter sent a packet of invalid length");
	buf_reset(&client->in);
	return read_bytes(client, len, deadline);
}

/* The macros wanted: the number of a stage and a text, as often as there are any. */
static int
read_wanted(struct milter_client *client, const char *data, size_t len)
{
	const char *end;
	uint32_t stage;

	while (len > 4 && (end = memchr(data + 4, '\0', len - 4)) != NULL) {
		if ((stage = get32(data)) >= STAGES)
			return -1;
		client->is_asked[stage] = 1;
		buf_reset(&client->wanted[stage]);
		buf_add(&client->wanted[stage], data + 4, (size_t)(end - data) - 4);
		len -= (size_t)(end + 1 - data);
		data = end + 1;
	}
	return len == 0 ? 0 : -1;
}

static int
negotiate(struct milter_client *client)
{
	unsigned char offer[12];
	const char *data;

	put32(offer, VERSION);
	put32(offer + 4, ACTIONS);
	put32(offer + 8, STEPS);
	if (send_packet(client, 'O', (const char *)offer, sizeof(offer)) == -1 ||
	    read_packet(client, clock_monotonic_ms() + client->timeout_ms) == -1)
		return -1;
	data = client->in.data;
	if (data[0] != 'O' || client->in.len < 1 + sizeof(offer) || get32(data + 1) < 2 ||
	    get32(data + 1) > VERSION || (get32(data + 9) & ~STEPS) != 0)
		return fail(client, "no valid answer to the option negotiation");
	client->steps = get32(data + 9);
	return read_wanted(client, data + 13, client->in.len - 13) == 0 ? 0 :
	    fail(client, "the filter requests macros in an unknown form");
}

int
milter_client_open(struct milter_client *client, const struct sockaddr *addr,
    socklen_t len)
{
	memset(client->is_asked, 0, sizeof(client->is_asked));
	client->why = NULL;
	if (stream_connect(&client->stream, addr, len, NULL,
	    clock_monotonic_ms() + client->timeout_ms) == -1)
		return fail(client, client->stream.why);
	return negotiate(client);
}

static int
is_separator(char c)
{
	return c == ' ' || c == '\t' || c == ',' || c == '\0';
}

static int
is_wanted(const struct milter_client *client, enum stage stage, const char *name)
{
	const struct buf *list = &client->wanted[stage];
	size_t len = strlen(name), i = 0, start;

	if (!client->is_asked[stage])
		return 1;
	while (i < list->len) {
		start = i;
		while (i < list->len && !is_separator(list->data[i]))
			i++;
		if (i - start == len && memcmp(list->data + start, name, len) == 0)
			return 1;
		i++;
	}
	return 0;
}

static int
send_macros(struct milter_client *client, enum stage stage,
    const struct milter_macro *macro)
{
	struct buf out;
	int result = 0;

	buf_init(&out);
	buf_putc(&out, steps[stage].command);
	for (; macro->name != NULL; macro++) {
		if (macro->value == NULL || !is_wanted(client, stage, macro->name))
			continue;
		buf_add(&out, macro->name, strlen(macro->name) + 1);
		buf_add(&out, macro->value, strlen(macro->value) + 1);
	}
	if (out.failed)
		result = fail(client, "out of memory");
	else if (out.len > 1)
		result = send_packet(client, 'D', out.data, out.len);
	buf_clear(&out);
	return result;
}

static int
answer(struct milter_client *client, int code, const char *text)
{
	client->code = code;
	buf_puts(&client->text, text);
	return client->text.failed ? fail(client, "out of memory") : 0;
}

/* "550 5.7.1 text", and a NUL at its end. */
static int
read_reply(struct milter_client *client)
{
	const char *text = client->in.data + 1;
	size_t len = client->in.len - 1;

	if (len > 0 && text[len - 1] == '\0')
		len--;
	if (len < 4 || (text[0] != '4' && text[0] != '5') ||
	    strspn(text, "0123456789") != 3 || (text[3] != ' ' && text[3] != '-'))
		return fail(client, "the filter sent an invalid reply");
	client->code = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
	buf_add(&client->text, text + 4, len - 4);
	return client->text.failed ? fail(client, "out of memory") : 0;
}

static int
read_answer(struct milter_client *client)
{
	int64_t deadline = clock_monotonic_ms() + client->timeout_ms;

	do {
		if (read_packet(client, deadline) == -1)
			return -1;
	} while (client->in.data[0] == 'p');	/* it is still at work */
	switch (client->in.data[0]) {
	case 'c':
	case 's':
		return answer(client, 0, "");
	case 'a':
		return answer(client, 250, "accepted, no more questions");
	case 'd':
		return answer(client, 550, "discarded");
	case 'r':
		return answer(client, 550, "5.7.1 Command rejected");
	case 't':
		return answer(client, 451, "4.7.1 Service unavailable - try again later");
	case '4':
		return answer(client, 421, "4.7.0 Server closing connection");
	case 'y':
		return read_reply(client);
	}
	return fail(client, "the filter sent an invalid answer");
}

static int
command(struct milter_client *client, enum stage stage, const char *data, size_t len,
    const struct milter_macro *macros)
{
	const struct step *step = &steps[stage];

	client->code = 0;
	buf_reset(&client->text);
	if (send_macros(client, stage, macros) == -1)
		return -1;
	if ((client->steps & step->not_sent) != 0)
		return 0;
	if (send_packet(client, step->command, data, len) == -1)
		return -1;
	return (client->steps & step->no_reply) != 0 ? 0 : read_answer(client);
}

int
milter_client_connect(struct milter_client *client, const char *name, char family,
    unsigned port, const char *addr, const struct milter_macro *macros)
{
	struct buf data;
	int result;

	buf_init(&data);
	buf_add(&data, name, strlen(name) + 1);
	buf_putc(&data, family);
	if (family != 'U') {
		buf_putc(&data, (char)(port >> 8 & 0xff));
		buf_putc(&data, (char)(port & 0xff));
		buf_add(&data, addr, strlen(addr) + 1);
	}
	result = data.failed ? fail(client, "out of memory") :
	    command(client, CONNECT, data.data, data.len, macros);
	buf_clear(&data);
	return result;
}

int
milter_client_helo(struct milter_client *client, const char *name,
    const struct milter_macro *macros)
{
	return command(client, HELO, name, strlen(name) + 1, macros);
}

int
milter_client_mail(struct milter_client *client, const char *text, size_t len,
    const struct milter_macro *macros)
{
	return command(client, MAIL, text, len, macros);
}

int
milter_client_rcpt(struct milter_client *client, const char *text, size_t len,
    const struct milter_macro *macros)
{
	return command(client, RCPT, text, len, macros);
}

int
milter_client_abort(struct milter_client *client)
{
	return send_packet(client, 'A', "", 0);
}

void
milter_client_close(struct milter_client *client)
{
	if (client->stream.fd != -1)
		(void)send_packet(client, 'Q', "", 0);
	stream_close(&client->stream);
}
