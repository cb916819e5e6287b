/* milter/record/redact.c: replacement of local parts by keyed hashes */
/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/ascii.h"
#include "record/redact.h"

/*
 * What a record goes through: sender, rcpt and rcpt_mta are addresses; each local part
 * becomes "~" and its hash, the domain stays. A sender that was cut (sender_whole) has
 * no sure domain and is hashed as a whole. The reply is text of the mail server: it is
 * split into words and texts in angle brackets, and every address, every bracket but
 * the client's own names, and every word equal to one of the three local parts is
 * replaced. If a local part might still be in it, the reply is reduced to its code. The
 * other texts are not addresses of people, or are the login, which is what a record is
 * for.
 *
 * The key does not change after redact_read(); threads share it without a lock, and the
 * count of its owners is atomic.
 */

#define KEY_MIN		16
#define KEY_MAX		1024
#define HASH_BYTES	10	/* that are shown */
#define PATHS		(REDACT_TEXTS - 1)	/* the last one is the reply */
#define BREAKS		" \t\r\n<>()[],;\""	/* between words */

struct word {
	const char	*at;
	size_t		 len;
};

struct redact {
	atomic_int	owners;
	uid_t		file_owner;
	size_t		len;
	unsigned char	key[KEY_MAX + 2];
};

/* Reads until there is no more, or no more room. */
static ssize_t
read_all(int fd, unsigned char *data, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size && (n = read(fd, data + len, size - len)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static const char *
read_key(int fd, struct redact *redact)
{
	struct stat st;
	ssize_t len;

	if (fstat(fd, &st) == -1)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return "group or others may use it; its mode must be 0600 or 0400";
	redact->file_owner = st.st_uid;
	if ((len = read_all(fd, redact->key, sizeof(redact->key))) == -1)
		return strerror(errno);
	while (len > 0 && (redact->key[len - 1] == '\n' || redact->key[len - 1] == '\r'))
		len--;
	redact->len = (size_t)len;
	if (len < KEY_MIN)
		return "the key must have at least 16 bytes";
	return len > KEY_MAX ? "the key must have at most 1024 bytes" : NULL;
}

struct redact *
redact_read(const char *file, const char **why_r)
{
	struct redact *redact = calloc(1, sizeof(*redact));
	int fd;

	*why_r = "out of memory";
	if (redact == NULL)
		return NULL;
	atomic_init(&redact->owners, 1);
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	*why_r = fd == -1 ? strerror(errno) : read_key(fd, redact);
	if (fd != -1)
		(void)close(fd);
	if (*why_r == NULL)
		return redact;
	redact_unref(redact);
	return NULL;
}

uid_t
redact_key_owner(const struct redact *redact)
{
	return redact->file_owner;
}

struct redact *
redact_ref(const struct redact *redact)
{
	struct redact *shared = (struct redact *)(uintptr_t)redact;

	if (shared != NULL)
		(void)atomic_fetch_add(&shared->owners, 1);
	return shared;
}

void
redact_unref(struct redact *redact)
{
	if (redact == NULL || atomic_fetch_sub(&redact->owners, 1) > 1)
		return;
	OPENSSL_cleanse(redact->key, sizeof(redact->key));
	free(redact);
}

/* Letters of ASCII only: a mailbox belongs to one user in both cases. */
static int
hash_address(const struct redact *redact, const char *address, size_t len,
    unsigned char hash_r[EVP_MAX_MD_SIZE])
{
	unsigned char *text = malloc(len + 1), *done;

	if (text == NULL)
		return -1;
	for (size_t i = 0; i < len; i++)
		text[i] = (unsigned char)ascii_lower(address[i]);
	done = HMAC(EVP_sha256(), redact->key, (int)redact->len, text, len, hash_r, NULL);
	free(text);
	ERR_clear_error();
	return done == NULL ? -1 : 0;
}

static int
is_of_domain(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' ||
	    (unsigned char)c >= 0x80;
}

/*
 * A domain or an address literal, and nothing else: a route may have a local part after
 * it.
 */
static int
is_domain(const char *text, size_t len)
{
	int is_literal = len > 2 && text[0] == '[' && text[len - 1] == ']';

	if (is_literal) {
		text++;
		len -= 2;
	}
	for (size_t i = 0; i < len; i++)
		if (!is_of_domain(text[i]) && !(is_literal && text[i] == ':'))
			return 0;
	return len > 0;
}

/* The length of an address's local part: all of it, if no domain follows. */
static size_t
local_length(const char *address, size_t len)
{
	const char *at = memrchr(address, '@', len);
	size_t local = at == NULL ? len : (size_t)(at - address);

	return local < len && is_domain(at + 1, len - local - 1) ? local : len;
}

static void
add_hash(const struct redact *redact, const char *text, size_t len, size_t bytes,
    struct buf *b)
{
	unsigned char hash[EVP_MAX_MD_SIZE];

	if (hash_address(redact, text, len, hash) == -1) {
		b->failed = 1;
		return;
	}
	for (size_t i = 0; i < bytes; i++)
		buf_printf(b, "%02x", hash[i]);
}

static void
add_address(const struct redact *redact, const char *address, size_t len, struct buf *b)
{
	size_t local = local_length(address, len);

	buf_putc(b, '~');
	add_hash(redact, address, len, HASH_BYTES, b);
	buf_add(b, address + local, len - local);
}

/* Without the brackets of a path, if it has them. */
static struct word
inside(const char *path)
{
	size_t len = strlen(path);
	struct word word = { path, len };

	if (len >= 2 && path[0] == '<' && path[len - 1] == '>')
		word = (struct word){ path + 1, len - 2 };
	return word;
}

/* The null path has nobody in it. */
static void
add_path(const struct redact *redact, const char *path, struct buf *b)
{
	struct word word = inside(path);
	const char *end = word.at + word.len;

	buf_add(b, path, (size_t)(word.at - path));
	if (word.len > 0)
		add_address(redact, word.at, word.len, b);
	buf_puts(b, end);
}

/*
 * Of an address whose end was not kept nothing is sure to be a domain; and the hash of
 * all of it, without a key, would tell who it is.
 */
static void
add_start(const struct redact *redact, const char *start, struct record_whole *whole,
    struct buf *b)
{
	struct buf keyed;

	buf_putc(b, '~');
	add_hash(redact, start, strlen(start), HASH_BYTES, b);
	buf_init(&keyed);
	add_hash(redact, whole->hash, strlen(whole->hash), sizeof(whole->hash) / 2,
	    &keyed);
	if (keyed.failed || keyed.data == NULL)
		b->failed = 1;
	else
		memcpy(whole->hash, keyed.data, sizeof(whole->hash));
	buf_clear(&keyed);
}

/* The addresses of the record; returns how many. */
static size_t
paths_of(const struct record *record, const char *paths_r[PATHS])
{
	const char *all[PATHS] = { record->sender, record->rcpt, record->rcpt_mta };
	size_t count = 0;

	for (size_t i = 0; i < PATHS; i++)
		if (all[i] != NULL)
			paths_r[count++] = all[i];
	return count;
}

static int
is_same(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return 0;
	return 1;
}

static int
is_text(const char *text, const struct word *word)
{
	return text != NULL && strlen(text) == word->len &&
	    is_same(text, word->at, word->len);
}

/* The address whose local part the word is, or NULL. */
static const char *
find_local(const struct record *record, const struct word *word)
{
	const char *paths[PATHS];
	size_t count = paths_of(record, paths);

	for (size_t i = 0; i < count; i++) {
		struct word path = inside(paths[i]);

		if (local_length(path.at, path.len) == word->len && word->len > 0 &&
		    is_same(path.at, word->at, word->len))
			return paths[i];
	}
	return NULL;
}

static void
add_local(const struct redact *redact, const char *path, struct buf *b)
{
	struct word word = inside(path);
	struct buf hashed;

	buf_init(&hashed);
	add_address(redact, word.at, word.len, &hashed);
	if (hashed.failed)
		b->failed = 1;
	else
		buf_add(b, hashed.data, 1 + 2 * HASH_BYTES);
	buf_clear(&hashed);
}

static void
add_word(const struct redact *redact, const struct record *record, struct word word,
    struct buf *b)
{
	const char *path;
	size_t all = word.len;

	while (word.len > 0 && strchr(".:!?'", word.at[word.len - 1]) != NULL)
		word.len--;
	if ((path = find_local(record, &word)) != NULL)
		add_local(redact, path, b);
	else if (memchr(word.at, '@', word.len) != NULL)
		add_address(redact, word.at, word.len, b);
	else
		buf_add(b, word.at, word.len);
	buf_add(b, word.at + word.len, all - word.len);
}

/* What the mail server calls the client: its name, which its address may follow. */
static int
is_client(const struct record *record, const struct word *word)
{
	size_t len = record->client_name == NULL ? 0 : strlen(record->client_name);

	return is_text(record->helo, word) || is_text(record->client_name, word) ||
	    (len > 0 && word->len > len && word->at[len] == '[' &&
	    is_same(record->client_name, word->at, len));
}

/* The text in angle brackets; a quoted local part may have such in it. */
static size_t
bracket_length(const char *text)
{
	int is_quoted = 0;

	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] == '\\' && text[i + 1] != '\0')
			i++;
		else if (text[i] == '"')
			is_quoted = !is_quoted;
		else if (text[i] == '>' && !is_quoted)
			return i;
	}
	return strlen(text);
}

static void
add_bracket(const struct redact *redact, const struct record *record, struct word word,
    struct buf *b)
{
	const char *path;

	if (word.len == 0)
		return;
	if (is_client(record, &word))
		buf_add(b, word.at, word.len);
	else if ((path = find_local(record, &word)) != NULL)
		add_local(redact, path, b);
	else
		add_address(redact, word.at, word.len, b);
}

static void
add_text(const struct redact *redact, const struct record *record, const char *text,
    struct buf *b)
{
	while (*text != '\0') {
		struct word word = { text, strcspn(text, BREAKS) };

		if (word.len > 0) {
			add_word(redact, record, word, b);
		} else if (*text == '<') {
			word = (struct word){ text + 1, bracket_length(text + 1) };
			buf_putc(b, '<');
			add_bracket(redact, record, word, b);
			word.len++;
		} else {
			buf_putc(b, *text);
			word.len = 1;
		}
		text += word.len;
	}
}

static int
has_text(const char *text, const struct word *word)
{
	for (; strlen(text) >= word->len; text++)
		if (is_same(text, word->at, word->len))
			return 1;
	return 0;
}

/*
 * A local part with a blank, a bracket or the like in it is not a word. Where one is
 * there still, or a quoted one of somebody else's, or the end of the sender was not
 * kept, nothing but the code is sure.
 */
static int
is_unsure(const struct record *record, const char *before, const char *text)
{
	const char *paths[PATHS];
	size_t count = paths_of(record, paths);

	if (strstr(before, "\"@") != NULL)
		return 1;
	if (record->sender_whole.length != 0 && record->event == RECORD_MTA_REJECT)
		return 1;
	for (size_t i = 0; i < count; i++) {
		struct word word = inside(paths[i]);
		size_t plain = strcspn(word.at, BREAKS);

		word.len = local_length(word.at, word.len);
		if (word.len > 0 && plain < word.len && has_text(text, &word))
			return 1;
	}
	return 0;
}

static void
add_reply(const struct redact *redact, const struct record *record, const char *reply,
    struct buf *b)
{
	size_t code = strspn(reply, "0123456789. ");

	buf_add(b, reply, code);
	add_text(redact, record, reply + code, b);
	if (b->failed || b->data == NULL || !is_unsure(record, reply, b->data))
		return;
	buf_cut(b, code);
	buf_puts(b, "[...]");
}

/* Takes what was added in the place of the text. */
static int
replace(const char **text, const struct buf *b)
{
	if (*text != NULL)
		*text = b->data != NULL ? b->data : "";
	return b->failed ? -1 : 0;
}

int
redact_record(const struct redact *redact, const struct record *record,
    struct redacted *redacted_r)
{
	struct record *own = &redacted_r->record;
	struct buf *texts = redacted_r->texts;
	const char *paths[PATHS] = { record->sender, record->rcpt, record->rcpt_mta };

	*redacted_r = (struct redacted){ .record = *record };
	if (redact == NULL)
		return 0;
	if (own->sender != NULL && own->sender_whole.length != 0) {
		add_start(redact, own->sender, &own->sender_whole, &texts[0]);
		paths[0] = NULL;
	}
	for (size_t i = 0; i < PATHS; i++)
		if (paths[i] != NULL)
			add_path(redact, paths[i], &texts[i]);
	if (record->reply != NULL)
		add_reply(redact, record, record->reply, &texts[PATHS]);
	return replace(&own->sender, &texts[0]) == -1 ||
	    replace(&own->rcpt, &texts[1]) == -1 ||
	    replace(&own->rcpt_mta, &texts[2]) == -1 ||
	    replace(&own->reply, &texts[PATHS]) == -1 ? -1 : 0;
}

void
redacted_clear(struct redacted *redacted)
{
	for (size_t i = 0; i < REDACT_TEXTS; i++)
		buf_clear(&redacted->texts[i]);
}
