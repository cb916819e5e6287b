/* milter/probe/smtp_reply.c: parser of SMTP replies */
/* SPDX-License-Identifier: ISC */

#include <string.h>
#include <strings.h>

#include "core/ascii.h"
#include "probe/smtp_reply.h"

void
smtp_reply_init(struct smtp_reply *reply)
{
	memset(reply, 0, sizeof(*reply));
	buf_init(&reply->text);
	buf_init(&reply->line);
}

void
smtp_reply_clear(struct smtp_reply *reply)
{
	buf_clear(&reply->text);
	buf_clear(&reply->line);
}

void
smtp_reply_reset(struct smtp_reply *reply)
{
	reply->code = 0;
	reply->lines = 0;
	reply->why = NULL;
	buf_reset(&reply->text);
	buf_reset(&reply->line);
}

static enum smtp_reply_state
refuse(struct smtp_reply *reply, const char *why)
{
	reply->why = why;
	return SMTP_REPLY_BAD;
}

/* Returns the code that a line begins with, or 0. */
static int
read_code(const char *line, size_t len)
{
	if (len < 3 || line[0] < '2' || line[0] > '5' || !ascii_is_digit(line[1]) ||
	    !ascii_is_digit(line[2]))
		return 0;
	if (len > 3 && line[3] != ' ' && line[3] != '-')
		return 0;
	return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

static enum smtp_reply_state
end_line(struct smtp_reply *reply)
{
	const char *line = reply->line.data;
	size_t len = reply->line.len;
	int code, is_last;

	if (len > 0 && line[len - 1] == '\r')
		len--;
	if ((code = read_code(line, len)) == 0)
		return refuse(reply, "not an SMTP reply");
	if (reply->lines > 0 && code != reply->code)
		return refuse(reply, "a reply with two codes");
	if (++reply->lines > SMTP_REPLY_LINES_MAX)
		return refuse(reply, "a reply of too many lines");
	is_last = len == 3 || line[3] == ' ';
	reply->code = code;
	if (reply->lines > 1)
		buf_putc(&reply->text, '\n');
	if (len > 4)
		buf_add(&reply->text, line + 4, len - 4);
	buf_reset(&reply->line);
	if (reply->text.failed)
		return refuse(reply, "out of memory");
	return is_last ? SMTP_REPLY_DONE : SMTP_REPLY_MORE;
}

/* Takes what there is of a line, without its end. */
static enum smtp_reply_state
take(struct smtp_reply *reply, const char *bytes, size_t len)
{
	if (len > SMTP_REPLY_LINE_MAX + 1 - reply->line.len)
		return refuse(reply, "a reply with too long a line");
	buf_add(&reply->line, bytes, len);
	return reply->line.failed ? refuse(reply, "out of memory") : SMTP_REPLY_MORE;
}

enum smtp_reply_state
smtp_reply_add(struct smtp_reply *reply, const char *bytes, size_t len, size_t *used_r)
{
	enum smtp_reply_state state = SMTP_REPLY_MORE;
	const char *end;
	size_t used = 0, part;

	while (state == SMTP_REPLY_MORE && used < len) {
		end = memchr(bytes + used, '\n', len - used);
		part = end == NULL ? len - used : (size_t)(end - bytes) - used;
		state = take(reply, bytes + used, part);
		used += part;
		if (state == SMTP_REPLY_MORE && end != NULL) {
			used++;
			state = end_line(reply);
		}
	}
	*used_r = used;
	return state;
}

/* A word of the text, and where to look for the next. */
struct word {
	const char	*text;
	size_t		 len;
	const char	*next;
};

/* Returns 0 where the line has no more. */
static int
next_word(struct word *word, const char *from, const char *end)
{
	while (from < end &&
	    (*from == ' ' || *from == '\t' || *from == '=' || *from == '\r'))
		from++;
	word->text = from;
	while (from < end && *from != ' ' && *from != '\t' && *from != '=' &&
	    *from != '\n' && *from != '\r')
		from++;
	word->len = (size_t)(from - word->text);
	word->next = from;
	return word->len > 0;
}

static int
is_word(const struct word *word, const char *text)
{
	return word->len == strlen(text) && strncasecmp(word->text, text, word->len) == 0;
}

static const char *
next_line(const char *from, const char *end)
{
	const char *line = memchr(from, '\n', (size_t)(end - from));

	return line == NULL ? NULL : line + 1;
}

int
smtp_reply_has_parameter(const struct smtp_reply *reply, const char *keyword,
    const char *parameter)
{
	const char *line = reply->text.data, *end;
	struct word word;

	if (line == NULL)
		return 0;
	end = line + reply->text.len;
	while ((line = next_line(line, end)) != NULL) {
		if (!next_word(&word, line, end) || !is_word(&word, keyword))
			continue;
		if (parameter == NULL)
			return 1;
		while (next_word(&word, word.next, end))
			if (is_word(&word, parameter))
				return 1;
	}
	return 0;
}

int
smtp_reply_has_keyword(const struct smtp_reply *reply, const char *keyword)
{
	return smtp_reply_has_parameter(reply, keyword, NULL);
}
