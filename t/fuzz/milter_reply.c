/* t/fuzz/milter_reply.c: any bytes as what a filter says, in the milter protocol */
/* SPDX-License-Identifier: ISC */

/* The first byte is how many of them come at once. */

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "fuzz.h"
#include "probe/milter_client.h"

static struct {
	const uint8_t	*data;
	size_t		 size, at_once;
} filter;

/* Instead of the C library's: there is no other side. */
int
connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	(void)fd;
	(void)addr;
	(void)len;
	return 0;
}

ssize_t
recv(int fd, void *bytes, size_t size, int flags)
{
	size_t n = filter.size < filter.at_once ? filter.size : filter.at_once;

	(void)fd;
	(void)flags;
	n = n < size ? n : size;
	memcpy(bytes, filter.data, n);
	filter.data += n;
	filter.size -= n;
	return (ssize_t)n;
}

/* A packet is sent whole: its length and a command. Macros are pairs. */
ssize_t
send(int fd, const void *bytes, size_t len, int flags)
{
	const uint8_t *b = bytes;
	size_t ends = 0;

	(void)fd;
	(void)flags;
	fuzz_check(len >= 5 && len - 4 == ((size_t)b[0] << 24 | (size_t)b[1] << 16 |
	    (size_t)b[2] << 8 | b[3]), "a packet", "");
	fuzz_check(strchr("OCHMRADQ", b[4]) != NULL && b[4] != '\0', "a command", "");
	for (size_t i = 6; b[4] == 'D' && i < len; i++)
		ends += b[i] == '\0';
	fuzz_check(ends % 2 == 0 && (b[4] != 'D' || (ends > 0 && b[len - 1] == '\0')),
	    "macros", "");
	return (ssize_t)len;
}

static const struct milter_macro macros[] = { { "i", "QUEUE" }, { "{rcpt_addr}", "a@b" },
    { "{rcpt_host}", NULL }, { "j", "" }, { NULL, NULL } };

/* Returns whether there is somebody to go on with. */
static int
is_answered(const struct milter_client *client, int result)
{
	int code = client->code;

	fuzz_check(result == 0 || (result == -1 && client->why != NULL &&
	    client->stream.fd == -1), "no answer, and why", "");
	fuzz_check(result == -1 || (client->why == NULL && client->stream.fd != -1),
	    "an answer", "");
	fuzz_check(result == -1 || code == 0 || code == 250 || (code >= 400 && code < 600),
	    "what a server could say", "");
	fuzz_check(client->text.len <= MILTER_PACKET_MAX &&
	    client->in.len <= MILTER_PACKET_MAX, "no more than may be", "");
	return result == 0;
}

static void
converse(struct milter_client *client)
{
	static const char rcpt[] = "<a@b>\0NOTIFY=NEVER";
	const struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "/filter" };

	if (!is_answered(client, milter_client_open(client, (const struct sockaddr *)&addr,
	    sizeof(addr))) ||
	    !is_answered(client, milter_client_connect(client, "[192.0.2.1]", '4', 25,
	    "192.0.2.1", macros)) ||
	    !is_answered(client, milter_client_helo(client, "a.test", macros)))
		return;
	/* A filter may want to hear it all and answer to nothing. */
	for (int i = 0; i < 100 && filter.size > 0; i++)
		if (!is_answered(client, milter_client_mail(client, "<>", 3, macros)) ||
		    !is_answered(client, milter_client_rcpt(client, rcpt, sizeof(rcpt),
		    macros)) || milter_client_abort(client) == -1)
			return;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct milter_client client;

	if (size == 0)
		return 0;
	filter.data = data + 1;
	filter.size = size - 1;
	filter.at_once = data[0] + 1U;
	milter_client_init(&client, 10000);
	converse(&client);
	milter_client_close(&client);
	milter_client_clear(&client);
	return 0;
}
