/* milter/config/kind_values.c: settings that have one value */
/* SPDX-License-Identifier: ISC */

#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "config/kinds.h"
#include "core/ascii.h"
#include "core/utf8.h"
#include "os/milter_socket.h"
#include "record/audit_durability.h"

#define SIZE_DIGITS	18

static void
keep_text(struct conf_check *check, const struct setting *setting,
    const struct conf_value *value)
{
	char **text = setting_of(check->conf, setting);

	if ((*text = strdup(value->text)) == NULL)
		check->errors->is_out_of_memory = 1;
}

/* Reads decimal digits and nothing else. */
static int
read_number(const char *s, unsigned *number)
{
	uint64_t value;

	if (ascii_number(s, strlen(s), UINT32_MAX, &value) == -1)
		return -1;
	*number = (unsigned)value;
	return 0;
}

static const char *
path_fault(const char *path)
{
	if (path[0] != '/')
		return "the path is not absolute";
	if (path[strlen(path) - 1] == '/')
		return "the path is that of a directory";
	if (ascii_has_control(path))
		return "the path contains a control character";
	return NULL;
}

/* A resolver could answer anything, so only an address is taken, or localhost. */
static const char *
host_fault(const struct milter_socket *socket)
{
	enum netaddr_family family = socket->kind == MILTER_SOCKET_INET ? NETADDR_V4 :
	    NETADDR_V6;
	const char *host = socket->host;
	struct netaddr addr;

	if (!socket->is_bracketed && strcmp(host, "localhost") == 0)
		return NULL;
	if (netaddr_parse(host, strlen(host), &addr) == 0 && addr.family == family &&
	    (strchr(host, ':') != NULL) == (family == NETADDR_V6) &&
	    (!socket->is_bracketed || family == NETADDR_V6))
		return NULL;
	return family == NETADDR_V4 ?
	    "the host is neither an IPv4 address nor localhost" :
	    "the host is neither an IPv6 address nor localhost";
}

static const char *
socket_fault(const char *text)
{
	struct milter_socket socket;
	const char *why = milter_socket_parse(text, &socket);

	if (why != NULL)
		return why;
	return socket.path != NULL ? path_fault(socket.path) : host_fault(&socket);
}

static void
check_socket(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	const struct conf_value *value = values->items[0];
	const char *why = socket_fault(value->text);

	if (why == NULL)
		keep_text(check, setting, value);
	else
		conf_check_refuse(check, setting, value, why, setting->kind->expected);
}

static void
check_mode(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	const struct conf_value *value = values->items[0];
	unsigned *mode = setting_of(check->conf, setting);
	size_t digits = strspn(value->text, "01234567");
	unsigned long number = strtoul(value->text, NULL, 8);

	if (digits < 3 || digits > 4 || value->text[digits] != '\0' || number > 0777)
		conf_check_refuse(check, setting, value, NULL, setting->kind->expected);
	else
		*mode = (unsigned)number;
}

static void
refuse_account(struct conf_check *check, const struct setting *setting,
    const struct conf_value *value)
{
	struct conf_place place = conf_check_place(check, value);
	struct conf_quoted quoted;

	conf_errors_add(check->errors, &place, "%s: no such %s %s", setting->name,
	    setting->kind->name, conf_quote(value->text, strlen(value->text), &quoted));
}

static void
check_group(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	const struct conf_value *value = values->items[0];

	if (value->text[0] != '\0' && getgrnam(value->text) == NULL)
		refuse_account(check, setting, value);
	else
		keep_text(check, setting, value);
}

static void
check_user(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	const struct conf_value *value = values->items[0];

	if (value->text[0] != '\0' && getpwnam(value->text) == NULL)
		refuse_account(check, setting, value);
	else
		keep_text(check, setting, value);
}

static void
check_file(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	const struct conf_value *value = values->items[0];
	const char *why = value->text[0] == '\0' ? NULL : path_fault(value->text);

	if (why != NULL)
		conf_check_refuse(check, setting, value, why, setting->kind->expected);
	else
		keep_text(check, setting, value);
}

static void
check_reply(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	const struct conf_value *value = values->items[0];
	const char *why = reply_parse(value->text, &check->conf->denied);

	if (why != NULL)
		conf_check_refuse(check, setting, value, why, setting->kind->expected);
	else
		keep_text(check, setting, value);
}

/* Expected are all words: "a, b or c". */
static void
refuse_word(struct conf_check *check, const struct setting *setting,
    const struct conf_value *value)
{
	struct buf words;

	buf_init(&words);
	for (const struct setting_word *word = setting->words; word->word != NULL;
	    word++)
		buf_printf(&words, "%s%s", words.len == 0 ? "" :
		    word[1].word == NULL ? " or " : ", ", word->word);
	if (words.failed)
		check->errors->is_out_of_memory = 1;
	else
		conf_check_refuse(check, setting, value, NULL, words.data);
	buf_clear(&words);
}

static void
check_word(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	const struct conf_value *value = values->items[0];
	int *number = setting_of(check->conf, setting);
	const struct setting_word *word = setting->words;

	while (word->word != NULL && strcmp(word->word, value->text) != 0)
		word++;
	if (word->word == NULL)
		refuse_word(check, setting, value);
	else
		*number = word->value;
}

static void
check_number(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	const struct conf_value *value = values->items[0];
	unsigned *number = setting_of(check->conf, setting);
	unsigned given;
	char expected[64];

	if (read_number(value->text, &given) == 0 && given >= setting->min &&
	    given <= setting->max) {
		*number = given;
		return;
	}
	(void)snprintf(expected, sizeof(expected), "%u to %u", setting->min,
	    setting->max);
	conf_check_refuse(check, setting, value, NULL, expected);
}

/* Bytes; with a suffix, units of 1024 of them or of the one before. -1: not a size. */
static int
read_size(const char *s, uint64_t *size)
{
	static const char suffixes[] = "kMG";
	size_t digits = strspn(s, "0123456789");
	const char *suffix = s[digits] == '\0' ? NULL : strchr(suffixes, s[digits]);

	if (digits == 0 || digits > SIZE_DIGITS ||
	    (s[digits] != '\0' && (suffix == NULL || s[digits + 1] != '\0')))
		return -1;
	*size = strtoull(s, NULL, 10);
	for (const char *at = suffixes; suffix != NULL && at <= suffix; at++)
		*size = *size > UINT64_MAX / 1024 ? UINT64_MAX : *size * 1024;
	return 0;
}

static void
check_size(struct conf_check *check, const struct setting *setting,
    const struct conf_values *values)
{
	const struct conf_value *value = values->items[0];
	uint64_t *size = setting_of(check->conf, setting);
	uint64_t given;
	char expected[64];

	if (setting->words != NULL && strcmp(value->text, "auto") == 0) {
		*size = AUDIT_MIN_FREE_AUTO;
		return;
	}
	if (read_size(value->text, &given) == 0 && (given == 0 ||
	    (given >= (uint64_t)setting->min * 1024 &&
	    given <= (uint64_t)setting->max * 1024))) {
		*size = given;
		return;
	}
	(void)snprintf(expected, sizeof(expected), "%s0, or a size from %uk to %uG",
	    setting->words != NULL ? "auto, " : "", setting->min,
	    setting->max / 1024 / 1024);
	conf_check_refuse(check, setting, value, NULL, expected);
}

/* Is it UTF-8 without C1 control characters, which a terminal may obey? */
static int
is_plain_utf8(const char *s)
{
	size_t len = strlen(s);

	if (utf8_span(s, len) != len)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (s[i] == '\xc2' && (unsigned char)s[i + 1] < 0xa0)
			return 0;
	return 1;
}

/* ${NAME} would be a variable, and \x takes the two digits that come. */
void
kind_write_text(FILE *fp, const char *s)
{
	int is_plain = is_plain_utf8(s);

	(void)fputc('"', fp);
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\' || c == '$')
			(void)fprintf(fp, "\\%c", c);
		else if (c == '\n')
			(void)fputs("\\n", fp);
		else if (ascii_is_control(c) || (c >= 0x80 && !is_plain))
			(void)fprintf(fp, "\\x%02x", c);
		else
			(void)fputc(c, fp);
	}
	(void)fputc('"', fp);
}

static void
write_text(FILE *fp, const struct setting *setting, const struct conf *conf)
{
	kind_write_text(fp, *(char *const *)setting_of(conf, setting));
}

static void
write_mode(FILE *fp, const struct setting *setting, const struct conf *conf)
{
	(void)fprintf(fp, "\"%04o\"", *(const unsigned *)setting_of(conf, setting));
}

static const char *
word_for(const struct setting *setting, int value)
{
	const struct setting_word *word = setting->words;

	while (word->word != NULL && word->value != value)
		word++;
	return word->word;
}

static void
write_word(FILE *fp, const struct setting *setting, const struct conf *conf)
{
	(void)fputs(word_for(setting, *(const int *)setting_of(conf, setting)), fp);
}

static void
write_number(FILE *fp, const struct setting *setting, const struct conf *conf)
{
	(void)fprintf(fp, "%u", *(const unsigned *)setting_of(conf, setting));
}

/* With the greatest suffix that leaves nothing over. */
static void
write_size(FILE *fp, const struct setting *setting, const struct conf *conf)
{
	uint64_t size = *(const uint64_t *)setting_of(conf, setting);
	static const char suffixes[] = "kMG";
	size_t i = 0;

	if (size == AUDIT_MIN_FREE_AUTO) {
		(void)fputs("auto", fp);
		return;
	}
	if (size == 0 || size % 1024 != 0) {
		(void)fprintf(fp, "%" PRIu64, size);
		return;
	}
	for (size /= 1024; i < 2 && size % 1024 == 0; i++)
		size /= 1024;
	(void)fprintf(fp, "%" PRIu64 "%c", size, suffixes[i]);
}

static int
is_equal_text(const struct setting *setting, const struct conf *a, const struct conf *b)
{
	return strcmp(*(char *const *)setting_of(a, setting),
	    *(char *const *)setting_of(b, setting)) == 0;
}

static int
is_equal_number(const struct setting *setting, const struct conf *a,
    const struct conf *b)
{
	return memcmp(setting_of(a, setting), setting_of(b, setting), sizeof(int)) == 0;
}

static int
is_equal_size(const struct setting *setting, const struct conf *a, const struct conf *b)
{
	return memcmp(setting_of(a, setting), setting_of(b, setting),
	    sizeof(uint64_t)) == 0;
}

static void
free_text(const struct setting *setting, struct conf *conf)
{
	free(*(char **)setting_of(conf, setting));
}

static void
free_nothing(const struct setting *setting, struct conf *conf)
{
	(void)setting;
	(void)conf;
}

#define TEXT	.write = write_text, .equal = is_equal_text, .free = free_text
#define NUMBER	.equal = is_equal_number, .free = free_nothing

const struct kind kind_socket = { "socket",
    "unix:/PATH, inet:PORT@ADDRESS or inet6:PORT@ADDRESS", check_socket, TEXT };
const struct kind kind_group = { "group", NULL, check_group, TEXT };
const struct kind kind_user = { "user", NULL, check_user, TEXT };
const struct kind kind_file = { "path", "/PATH, or \"\" for none", check_file, TEXT };
const struct kind kind_reply = { "reply", "a reply such as 550 5.7.1 TEXT", check_reply,
    TEXT };
const struct kind kind_mode = { "mode", "an octal mode from 0000 to 0777", check_mode,
    .write = write_mode, NUMBER };
const struct kind kind_word = { "word", NULL, check_word, .write = write_word, NUMBER };
const struct kind kind_number = { "number", NULL, check_number, .write = write_number,
    NUMBER };
const struct kind kind_size = { "size", NULL, check_size, .write = write_size,
    .equal = is_equal_size, .free = free_nothing };
