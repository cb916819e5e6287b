/* milter/core/certset.c: set of certificates, identified by their names */
/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "core/ascii.h"
#include "core/certset.h"
#include "core/xtext.h"

#define ALLOWED	"; allowed: SUBJECT, or ISSUER|SUBJECT"

struct entry {
	enum certset_kind	 kind;
	char			*text;		/* as it was written */
	char			*names;		/* a copy; the next two point into it */
	char			*issuer;	/* NULL: any */
	char			*subject;
};

struct certset {
	struct entry	*entries;
	size_t		 count;
};

struct certset *
certset_new(void)
{
	return calloc(1, sizeof(struct certset));
}

static void
entry_clear(struct entry *entry)
{
	free(entry->text);
	free(entry->names);
}

void
certset_free(struct certset *set)
{
	size_t i;

	if (set == NULL)
		return;
	for (i = 0; i < set->count; i++)
		entry_clear(&set->entries[i]);
	free(set->entries);
	free(set);
}

static int
is_type_character(char c)
{
	return ascii_is_alnum(c) || c == '.' || c == '-';
}

enum certset_kind
certset_kind_of(const char *name)
{
	const char *type = name + 1;

	if (*name != '/')
		return CERTSET_CN;
	while (is_type_character(*type))
		type++;
	return type > name + 1 && *type == '=' ? CERTSET_DN : CERTSET_CN;
}

/* OpenSSL writes every other byte of a name as a backslash, "x" and two digits. */
static int
is_printable_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if (!ascii_is_printable(*s))
			return 0;
	return 1;
}

/* CN=a,O=b or "subject=CN = a, O = b", as openssl(1) and others print it. */
static int
is_foreign_dn(const char *name)
{
	static const char *const types[] = { "CN", "O", "OU", "C", "L", "ST", "DC", "UID",
	    "emailAddress", "serialNumber", "subject", "issuer" };
	size_t len = 0, i;

	while (is_type_character(name[len]))
		len++;
	if (name[len + strspn(name + len, " ")] != '=')
		return 0;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strlen(types[i]) == len && strncasecmp(types[i], name, len) == 0)
			return 1;
	return 0;
}

/* Decodes it, too. */
static const char *
dn_fault(char *name)
{
	if (xtext_decode(name) == -1)
		return "a + that begins no byte; allowed: + and two hexadecimal digits "
		    "in capitals, +2B for itself";
	if (!is_printable_ascii(name))
		return "a byte that no distinguished name is shown with; allowed: ASCII "
		    "without control characters, others as in \\xC3\\xBC";
	if (strlen(name) > CERTSET_DN_MAX)
		return "more than Sendmail shows of a distinguished name; allowed: "
		    "255 bytes";
	return NULL;
}

static const char *
cn_fault(const char *name)
{
	if (ascii_has_control(name))
		return "a control character in it";
	if (is_foreign_dn(name))
		return "no mail server shows a distinguished name like this; allowed: a "
		    "common name as such (Postfix), or as in /O=Example/CN=name "
		    "(Sendmail)";
	return NULL;
}

static const char *
name_fault(char *name, enum certset_kind kind)
{
	if (*name == ' ' || name[strlen(name) - 1] == ' ')
		return "a blank at an end of a name";
	return kind == CERTSET_DN ? dn_fault(name) : cn_fault(name);
}

/* Cuts the names apart, and decodes them. Returns what is wrong, or NULL. */
static const char *
entry_read(struct entry *entry)
{
	char *bar = strchr(entry->names, '|');
	const char *why;

	if (*entry->names == '\0')
		return "empty" ALLOWED;
	entry->subject = bar == NULL ? entry->names : bar + 1;
	if (strchr(entry->subject, '|') != NULL)
		return "more than one bar" ALLOWED;
	if (bar != NULL) {
		*bar = '\0';
		entry->issuer = entry->names;
		if (*entry->issuer == '\0' || *entry->subject == '\0')
			return "nothing on one side of the bar" ALLOWED;
		if (certset_kind_of(entry->issuer) != certset_kind_of(entry->subject))
			return "a common name and a distinguished name, of which a mail "
			    "server shows one; allowed: both of one kind";
	}
	entry->kind = certset_kind_of(entry->subject);
	if (entry->issuer != NULL &&
	    (why = name_fault(entry->issuer, entry->kind)) != NULL)
		return why;
	return name_fault(entry->subject, entry->kind);
}

static int
keep(struct certset *set, const struct entry *entry)
{
	struct entry *entries =
	    realloc(set->entries, (set->count + 1) * sizeof(*entries));

	if (entries == NULL)
		return -1;
	set->entries = entries;
	entries[set->count++] = *entry;
	return 0;
}

int
certset_add(struct certset *set, const char *text, const char **why_r)
{
	struct entry entry = { .text = strdup(text), .names = strdup(text) };

	*why_r = NULL;
	if (entry.text != NULL && entry.names != NULL &&
	    (*why_r = entry_read(&entry)) == NULL && keep(set, &entry) == 0)
		return 0;
	entry_clear(&entry);
	return -1;
}

static int
is_of(const struct entry *entry, enum certset_kind kind, const char *issuer,
    const char *subject)
{
	if (entry->kind != kind || strcmp(entry->subject, subject) != 0)
		return 0;
	return entry->issuer == NULL ||
	    (issuer != NULL && strcmp(entry->issuer, issuer) == 0);
}

const char *
certset_find(const struct certset *set, enum certset_kind kind, const char *issuer,
    const char *subject)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (is_of(&set->entries[i], kind, issuer, subject))
			return set->entries[i].text;
	return NULL;
}

const char *
certset_issuer_of(const struct certset *set, enum certset_kind kind, const char *subject)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		const struct entry *entry = &set->entries[i];

		if (entry->issuer != NULL && is_of(entry, kind, entry->issuer, subject))
			return entry->issuer;
	}
	return NULL;
}

size_t
certset_count(const struct certset *set)
{
	return set->count;
}
