/* milter/probe/probe_message.c: relay tester: test message */
/* SPDX-License-Identifier: ISC */

#include "core/ascii.h"
#include "probe/probe_message.h"

#define TEXT_MAX	500

/* A line of the body. None begins with a dot, so none is to be doubled. */
static void
add(struct buf *out, const char *what, const char *text)
{
	size_t start = out->len;

	buf_puts(out, what);
	for (; *text != '\0' && out->len - start < TEXT_MAX; text++)
		buf_printf(out, ascii_is_printable(*text) ? "%c" : "\\x%02x",
		    (unsigned char)*text);
	buf_puts(out, *text == '\0' ? "\r\n" : "...\r\n");
}

/* RFC 5322; strftime() would ask the locale. */
static void
add_date(struct buf *out, time_t now)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		buf_printf(out, "Date: %.3s, %d %.3s %d %02d:%02d:%02d +0000\r\n",
		    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
		    1900 + tm.tm_year, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void
probe_message_write(const struct probe_message *message, struct buf *out)
{
	add_date(out, message->now);
	buf_printf(out, "Message-ID: <%s.%u@probe.invalid>\r\n"
	    "From: authrelay relay test <relaytest@probe.invalid>\r\n"
	    "To: undisclosed-recipients:;\r\n"
	    "Subject: authrelay relay test %u: %s\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "X-Authrelay-Test: %u\r\n\r\n", message->unique, message->number,
	    message->number, message->form, message->number);
	buf_puts(out,
	    "This is a test message of `authrelayctl probe --data`; it can be deleted."
	    "\r\nThe mail server below accepted it from this sender for this recipient."
	    "\r\n\r\n");
	add(out, "server:    ", message->target);
	buf_printf(out, "test:      %u, %s\r\n", message->number, message->form);
	add(out, "sender:    ", message->sender);
	add(out, "recipient: ", message->rcpt);
	buf_putc(out, '.');
}
