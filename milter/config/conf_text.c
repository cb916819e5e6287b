/* milter/config/conf_text.c: the grammar of a configuration */
/* SPDX-License-Identifier: ISC */

/*
 *	text      = *( statement | section )
 *	section   = name "{" *statement "}"
 *	statement = name ( "=" | "+=" ) ( value | list )
 *	list      = "{" [ value *( "," value ) [ "," ] ] "}"
 *
 * Names and values are words of conf_token.h. A statement is read to its end before its
 * values are handed on.
 */

#include <string.h>

#include "config/conf_text.h"
#include "config/conf_token.h"
#include "config/kinds.h"
#include "config/settings.h"
#include "core/utf8.h"

struct scan {
	struct conf_lexer		 lexer;
	const struct conf_text_options	*options;
	struct conf_errors		*errors;
	const char			*section;	/* in which we are */
	size_t				 section_len;
	unsigned			 section_line;
	unsigned			 given[SETTINGS_MAX];	/* lines */
	struct conf_values		 values;		/* of the statement */
	struct buf			 text;			/* of a value */
	int				 is_cut;	/* its end was missed */
};

static void	complain(struct scan *, unsigned, const char *, ...)
		    __attribute__((format(printf, 3, 4)));

static void
complain(struct scan *scan, unsigned line, const char *fmt, ...)
{
	struct conf_place place = *scan->options->place;
	va_list ap;

	place.line = scan->options->has_lines ? line : 0;
	place.source_line = line;
	va_start(ap, fmt);
	conf_errors_addv(scan->errors, &place, fmt, ap);
	va_end(ap);
}

static int
refuse_bad(struct scan *scan, const struct conf_token *token)
{
	struct conf_quoted q;

	if (token->len > 0)
		complain(scan, token->line, "%s: %s",
		    conf_quote(token->text, token->len, &q), token->why);
	else
		complain(scan, token->line, "%s", token->why);
	return -1;
}

/* Another token came than the statement of that name expects. */
static int
refuse_token(struct scan *scan, const struct conf_token *token,
    const struct conf_token *name, const char *expected)
{
	struct conf_quoted q, in;

	if (token->kind == TOKEN_BAD)
		return refuse_bad(scan, token);
	if (token->kind == TOKEN_END && scan->is_cut)
		return -1;
	conf_quote(name->text, name->len, &in);
	if (token->kind == TOKEN_END)
		complain(scan, name->line, "%s is incomplete; %s", in.text,
		    scan->options->has_lines ? "the file may be cut off" :
		    "expected SETTING = VALUE");
	else
		complain(scan, token->line, "unexpected %s after %s; expected %s",
		    conf_quote(token->text, token->len, &q), in.text, expected);
	return -1;
}

/* Skips what follows an opening brace, up to the one that closes it. */
static int
skip_block(struct scan *scan, const struct conf_token *name)
{
	struct conf_token token;
	int depth = 1;

	while (depth > 0) {
		token = conf_token_next(&scan->lexer);
		if (token.kind == TOKEN_BAD || token.kind == TOKEN_END)
			return refuse_token(scan, &token, name, "}");
		depth += (token.kind == TOKEN_OPEN) - (token.kind == TOKEN_CLOSE);
	}
	return 0;
}

/* Skips the value of a setting that is refused. */
static int
skip_value(struct scan *scan, const struct conf_token *name)
{
	struct conf_token token = conf_token_next(&scan->lexer);

	if (token.kind == TOKEN_OPEN)
		return skip_block(scan, name);
	if (token.kind == TOKEN_WORD)
		return 0;
	return refuse_token(scan, &token, name, "a value");
}

/* Keeps the value that was read last. */
static void
keep_value(struct scan *scan, const struct conf_token *token)
{
	buf_reset(&scan->text);
	buf_puts(&scan->text, "");
	conf_token_text(token, &scan->text);
	if (scan->text.failed || conf_values_add(&scan->values, scan->text.data,
	    scan->text.len, scan->options->place->source, scan->lexer.line) == -1)
		scan->errors->is_out_of_memory = 1;
}

static int
read_list(struct scan *scan, const struct conf_token *name)
{
	for (;;) {
		struct conf_token token = conf_token_next(&scan->lexer);
		if (token.kind == TOKEN_CLOSE)
			return 0;
		if (token.kind != TOKEN_WORD)
			return refuse_token(scan, &token, name, "a value or }");
		keep_value(scan, &token);
		token = conf_token_next(&scan->lexer);
		if (token.kind == TOKEN_CLOSE)
			return 0;
		if (token.kind != TOKEN_COMMA)
			return refuse_token(scan, &token, name, "a comma or }");
	}
}

static int
is_section(const struct scan *scan, const struct conf_token *name)
{
	return scan->section_len == 0 && settings_has_section(name->text, name->len);
}

/* The whole name, "mx.timeout", in quotation marks. */
static const char *
quote_name(const struct scan *scan, const struct conf_token *name,
    struct conf_quoted *quoted)
{
	char whole[CONF_QUOTED_MAX];
	size_t at = 0, len = name->len;

	if (scan->section_len > 0) {
		memcpy(whole, scan->section, scan->section_len);
		whole[scan->section_len] = '.';
		at = scan->section_len + 1;
	}
	if (len > sizeof(whole) - at)
		len = sizeof(whole) - at;
	memcpy(whole + at, name->text, len);
	return conf_quote(whole, at + len, quoted);
}

static void
refuse_unknown(struct scan *scan, const struct conf_token *name)
{
	struct conf_quoted q;
	const struct setting *nearest = settings_nearest(scan->section,
	    scan->section_len, name->text, name->len);

	quote_name(scan, name, &q);
	if (is_section(scan, name))
		complain(scan, name->line,
		    "%s is a section; expected %.*s { SETTING = VALUE }", q.text,
		    (int)name->len, name->text);
	else if (nearest == NULL)
		complain(scan, name->line, "unknown setting %s; see authrelay.conf(5)",
		    q.text);
	else if (strlen(nearest->name) == name->len &&
	    memchr(name->text, '.', name->len) != NULL &&
	    memcmp(nearest->name, name->text, name->len) == 0)
		complain(scan, name->line,
		    "unknown setting %s; expected %.*s { %s = VALUE }", q.text,
		    (int)setting_section(nearest), nearest->name, setting_key(nearest));
	else
		complain(scan, name->line, "unknown setting %s; did you mean \"%s\"?",
		    q.text, nearest->name);
}

/*
 * A setting is given once, and a list added to after that. Returns the first line, or
 * 0.
 */
static unsigned
note_given(struct scan *scan, const struct setting *setting,
    const struct conf_token *name, int is_append)
{
	unsigned *given = &scan->given[setting - settings];

	if (*given != 0 && !is_append)
		return *given;
	if (*given == 0)
		*given = name->line;
	return 0;
}

/* Takes the values of a statement, unless the setting is not to be given so. */
static void
take_values(struct scan *scan, const struct setting *setting,
    const struct conf_token *name, int is_append)
{
	const struct conf_text_options *options = scan->options;
	unsigned first;

	if (is_append && !setting_is_list(setting))
		complain(scan, name->line, "%s: += is for lists; expected =",
		    setting->name);
	else if ((first = note_given(scan, setting, name, is_append)) != 0)
		complain(scan, name->line, "%s: already set in line %u; %s",
		    setting->name, first,
		    setting_is_list(setting) ? "use += to add to it" : "set it once");
	else if (options->take(options->arg, setting, &scan->values, is_append) == -1)
		scan->errors->is_out_of_memory = 1;
}

/* Reads NAME = VALUE from after the sign. Returns -1: a syntax error. */
static int
read_setting(struct scan *scan, const struct conf_token *name, int is_append)
{
	const struct setting *setting =
	    settings_find(scan->section, scan->section_len, name->text, name->len);

	if (setting == NULL) {
		refuse_unknown(scan, name);
		return skip_value(scan, name);
	}
	conf_values_clear(&scan->values);
	struct conf_token token = conf_token_next(&scan->lexer);
	if (token.kind == TOKEN_OPEN && !setting_is_list(setting)) {
		complain(scan, name->line, "%s: unexpected list; expected one %s",
		    setting->name, setting->kind->name);
		return skip_block(scan, name);
	}
	if (token.kind == TOKEN_OPEN) {
		if (read_list(scan, name) == -1)
			return -1;
	} else if (token.kind == TOKEN_WORD)
		keep_value(scan, &token);
	else
		return refuse_token(scan, &token, name, "a value");
	take_values(scan, setting, name, is_append);
	return 0;
}

/* Reads NAME { from after the brace. Returns -1: a syntax error. */
static int
read_section(struct scan *scan, const struct conf_token *name)
{
	struct conf_quoted q;
	char sections[128];

	if (is_section(scan, name)) {
		scan->section = name->text;
		scan->section_len = name->len;
		scan->section_line = name->line;
		return 0;
	}
	quote_name(scan, name, &q);
	settings_section_names(sections, sizeof(sections));
	if (settings_find(scan->section, scan->section_len, name->text, name->len))
		complain(scan, name->line,
		    "%s is a setting, not a section; expected %.*s = VALUE", q.text,
		    (int)name->len, name->text);
	else
		complain(scan, name->line, "unknown section %s; expected one of %s",
		    q.text, sections);
	return skip_block(scan, name);
}

static int
read_named(struct scan *scan, const struct conf_token *name)
{
	struct conf_token sign = conf_token_next(&scan->lexer);

	switch (sign.kind) {
	case TOKEN_ASSIGN:
	case TOKEN_APPEND:
		return read_setting(scan, name, sign.kind == TOKEN_APPEND);
	case TOKEN_OPEN:
		return read_section(scan, name);
	case TOKEN_PAREN:
		if (name->len == 7 && memcmp(name->text, "include", 7) == 0) {
			complain(scan, name->line,
			    "include is not supported; put a long list in a file "
			    "of its own, file:PATH");
			return -1;
		}
		break;
	case TOKEN_BAD:
	case TOKEN_END:
	case TOKEN_WORD:
	case TOKEN_CLOSE:
	case TOKEN_COMMA:
		break;
	}
	return refuse_token(scan, &sign, name, is_section(scan, name) ? "{" : "=");
}

/* The brace that closes a section. */
static int
leave_section(struct scan *scan, const struct conf_token *brace)
{
	if (scan->section_line == 0) {
		complain(scan, brace->line, "unexpected \"}\"; no section is open");
		return -1;
	}
	scan->section_len = 0;
	scan->section_line = 0;
	return 0;
}

/* Returns -1 at the end of the text, or of what can be read. */
static int
read_statement(struct scan *scan)
{
	struct conf_token name = conf_token_next(&scan->lexer);
	struct conf_quoted q;

	switch (name.kind) {
	case TOKEN_WORD:
		return read_named(scan, &name);
	case TOKEN_CLOSE:
		return leave_section(scan, &name);
	case TOKEN_END:
		if (scan->section_line != 0 && !scan->is_cut)
			complain(scan, scan->section_line,
			    "section \"%.*s\" has no closing brace%s",
			    (int)scan->section_len, scan->section,
			    scan->options->has_lines ? "; the file may be cut off" : "");
		break;
	case TOKEN_ASSIGN:
	case TOKEN_APPEND:
	case TOKEN_OPEN:
	case TOKEN_COMMA:
	case TOKEN_PAREN:
		complain(scan, name.line,
		    "unexpected %s; expected the name of a setting or section",
		    conf_quote(name.text, name.len, &q));
		break;
	case TOKEN_BAD:
		(void)refuse_bad(scan, &name);
		break;
	}
	return -1;
}

static size_t
start_of_line(const char *text, size_t at)
{
	while (at > 0 && text[at - 1] != '\n')
		at--;
	return at;
}

static unsigned
line_of(const char *text, size_t at)
{
	unsigned line = 1;

	for (size_t i = 0; i < at; i++)
		line += text[i] == '\n';
	return line;
}

/* Refuses what is no text at all, and a last line that may have lost its end. */
static void
check_bytes(struct scan *scan)
{
	struct buf *buf = scan->lexer.buf;
	size_t span = utf8_span(buf->data, buf->len);

	if (span < buf->len)
		complain(scan, line_of(buf->data, span),
		    "invalid UTF-8; save the file as UTF-8");
	else if (buf->data[buf->len - 1] != '\n') {
		complain(scan, line_of(buf->data, buf->len),
		    "the last line has no newline; the file may be cut off");
		span = buf->len - 1;
	}
	if (span < buf->len) {
		buf_cut(buf, start_of_line(buf->data, span));
		scan->is_cut = 1;
	}
	if (buf->len >= 3 && memcmp(buf->data, "\xef\xbb\xbf", 3) == 0) {
		complain(scan, 1, "byte order mark; save the file without it");
		scan->lexer.at = 3;
	}
}

void
conf_text_read(struct buf *buf, const struct conf_text_options *options,
    struct conf_errors *errors)
{
	struct scan scan = { .lexer = { .buf = buf, .line = 1 }, .options = options,
	    .errors = errors, .section = options->section,
	    .section_len = options->section_len };

	buf_init(&scan.text);
	if (buf->len > 0) {
		check_bytes(&scan);
		while (read_statement(&scan) == 0)
			;
	}
	if (options->given != NULL)
		memcpy(options->given, scan.given, sizeof(scan.given));
	conf_values_clear(&scan.values);
	buf_clear(&scan.text);
}
