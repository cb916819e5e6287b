/* milter/core/reply.c: SMTP replies to recipients that are not permitted */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "core/ascii.h"
#include "core/reply.h"

static const struct reply authenticate = { "530", "5.7.0",
	"Authentication required" };
static const struct reply oversized = { "501", "5.5.2",
	"HELO name or sender address is too long" };
static const struct reply malformed = { "553", "5.1.3",
	"Ambiguous or malformed recipient address" };
static const struct reply lookup_failure = { "451", "4.4.3",
	"Recipient domain lookup failed; try again later" };
static const struct reply internal = { "451", "4.3.0",
	"Temporary internal error; try again later" };
/* RFC 3463 has no status of its own for this; Postfix says 4.7.1 for its limits, too. */
static const struct reply too_many = { "451", "4.7.1",
	"Too many recipients from your network; try again later" };

const struct reply *
reply_for(enum policy_reason reason, const struct reply *denied)
{
	switch (reason) {
	case POLICY_AUTHENTICATION_REQUIRED:
		return &authenticate;
	case POLICY_OVERSIZED:
		return &oversized;
	case POLICY_MALFORMED_ADDRESS:
		return &malformed;
	case POLICY_DNS_FAILURE:
	case POLICY_TABLE_FAILURE:
		return &lookup_failure;
	case POLICY_TOO_MANY:
		return &too_many;
	case POLICY_ROUTED_ADDRESS:
	case POLICY_DIVERGENCE:
	case POLICY_RELAY_DENIED:
		return denied;
	case POLICY_AUTHENTICATED:
	case POLICY_TRUSTED_NETWORK:
	case POLICY_LOCAL_SUBMISSION:
	case POLICY_CLIENT_CERTIFICATE:
	case POLICY_LOCAL_DOMAIN:
	case POLICY_OWN_LITERAL:
	case POLICY_RELAY_DOMAIN:
	case POLICY_MX:
	case POLICY_INTERNAL:
	case POLICY_MTA_REJECT:
	case POLICY_REASON_COUNT:
		break;
	}
	return &internal;
}

/*
 * The length of a number of at most `most` digits at s, without a needless zero in front;
 * 0: none.
 */
static size_t
number_length(const char *s, size_t most)
{
	size_t n;

	for (n = 0; ascii_is_digit(s[n]); n++)
		;
	return n > most || (n > 1 && s[0] == '0') ? 0 : n;
}

/* The length of "5.7.1" (RFC 3463 §2: class, subject, detail) at s; 0: there is none. */
static size_t
status_length(const char *s)
{
	size_t subject, detail;

	if (s[0] != '5' || s[1] != '.')
		return 0;
	if ((subject = number_length(s + 2, 3)) == 0 || s[2 + subject] != '.')
		return 0;
	if ((detail = number_length(s + 3 + subject, 3)) == 0)
		return 0;
	return 3 + subject + detail;
}

const char *
reply_parse(const char *line, struct reply *reply_r)
{
	const char *text;
	size_t i, status;

	memset(reply_r, 0, sizeof(*reply_r));
	if (line[0] != '5' || number_length(line, 3) != 3 || line[3] != ' ')
		return "it must begin with a 5xx reply code and a space";
	if (line[1] > '5')
		return "the second digit of the reply code must be 0 to 5";
	/*
	 * 521 ends the session: the MTA would close it because of one refused recipient
	 */
	if (strncmp(line, "521", 3) == 0)
		return "reply code 521 would end the session";
	if ((status = status_length(line + 4)) == 0 || line[4 + status] != ' ')
		return "an enhanced status code 5.x.x must follow the reply code";
	text = line + 5 + status;
	if (*text == '\0' || *text == ' ')
		return "text must follow the enhanced status code";
	if (strlen(text) > REPLY_TEXT_MAX)
		return "the text is longer than 480 characters";
	for (i = 0; text[i] != '\0'; i++)
		if (!ascii_is_printable(text[i]))
			return "the text may have only printable ASCII characters";
	memcpy(reply_r->code, line, 3);
	memcpy(reply_r->status, line + 4, status);
	memcpy(reply_r->text, text, strlen(text));
	return NULL;
}

void
reply_format(const struct reply *reply, char *text_r)
{
	(void)snprintf(text_r, REPLY_LINE_SIZE, "%s %s %s", reply->code, reply->status,
	    reply->text);
}
