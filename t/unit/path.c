/* t/unit/path.c: how a recipient's address is read */
/* SPDX-License-Identifier: ISC */

#include <idn2.h>
#include <string.h>

#include "core/path.h"
#include "core/utf8.h"
#include "tap.h"

#define PLAIN	PATH_PLAIN
#define LOOSE	PATH_LOOSE
#define BAD	PATH_BAD
#define ROUTED	1
#define BARE	2
#define LITERAL	4
#define UTF8	8	/* SMTPUTF8 was announced */

#define L63	"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"
#define L61	"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffg"

static const struct row {
	const char	*text;
	enum path_form	 form;
	int		 flags;
	const char	*domain;	/* of a literal: the address */
} rows[] = {
	/* RFC 5321 §4.1.2, letter by letter */
	{ "<user@example.com>",			PLAIN, 0, "example.com" },
	{ "<USER@EXAMPLE.COM>",			PLAIN, 0, "example.com" },
	{ "<a.b.c@example.com>",		PLAIN, 0, "example.com" },
	{ "<user+ext@example.com>",		PLAIN, 0, "example.com" },
	{ "<a/b=c|d@example.com>",		PLAIN, 0, "example.com" },
	{ "<us'er@example.com>",		PLAIN, 0, "example.com" },
	{ "<user@localhost>",			PLAIN, 0, "localhost" },
	{ "<user@a-b.c_d.example>",		PLAIN, 0, "a-b.c_d.example" },
	{ "<user@3com.example>",		PLAIN, 0, "3com.example" },
	{ "<user@example.1-2>",			PLAIN, 0, "example.1-2" },
	{ "<user@" L63 ".example>",		PLAIN, 0, L63 ".example" },
	{ "<user@" L63 "." L63 "." L63 "." L61 ">", PLAIN, 0, L63 "." L63 "." L63 "." L61 },
	/* quoted strings */
	{ "<\"user\"@example.com>",		PLAIN, 0, "example.com" },
	{ "<\"us er\"@example.com>",		PLAIN, 0, "example.com" },
	{ "<\"a\\\"b\"@example.com>",		PLAIN, 0, "example.com" },
	{ "<\"a>b\"@example.com>",		PLAIN, 0, "example.com" },
	{ "<\"a(b\"@example.com>",		PLAIN, 0, "example.com" },
	{ "<\"a,b;c\"@example.com>",		PLAIN, 0, "example.com" },
	{ "<\"\"@example.com>",			BAD, 0, NULL },
	{ "<\"user@example.com>",		BAD, 0, NULL },
	{ "<\"user\\\"@example.com>",		BAD, 0, NULL },
	{ "<@a\":\"b@example.com>",		BAD, 0, NULL },
	{ "<a\"b\"@example.com>",		LOOSE, 0, "example.com" },
	{ "<\"a\".b@example.com>",		LOOSE, 0, "example.com" },
	/* bare users */
	{ "<postmaster>",			PLAIN, BARE, "" },
	{ "<Postmaster>",			PLAIN, BARE, "" },
	{ "<\"user\">",				PLAIN, BARE, "" },
	{ "postmaster",				LOOSE, BARE, "" },
	/* address literals, RFC 5321 §4.1.3 */
	{ "<user@[192.0.2.1]>",			PLAIN, LITERAL, "192.0.2.1" },
	{ "<user@[::ffff:192.0.2.1]>",		BAD, 0, NULL },
	{ "<user@[IPv6:2001:db8::1]>",		PLAIN, LITERAL, "2001:db8::1" },
	{ "<user@[ipv6:2001:DB8:0::1]>",	PLAIN, LITERAL, "2001:db8::1" },
	{ "<user@[IPv6:::ffff:192.0.2.1]>",	BAD, 0, NULL },
	{ "<user@[2001:db8::1]>",		BAD, 0, NULL },
	{ "<user@[IPv6:192.0.2.1]>",		BAD, 0, NULL },
	{ "<user@[321.1.2.3]>",			BAD, 0, NULL },
	{ "<user@[1.2.3]>",			BAD, 0, NULL },
	{ "<user@[192.0.2.1>",			BAD, 0, NULL },
	{ "<user@192.0.2.1]>",			BAD, 0, NULL },
	{ "<user@[]>",				BAD, 0, NULL },
	{ "<user@[>",				BAD, 0, NULL },
	{ "<user@[example.com]>",		BAD, 0, NULL },
	{ "<user@[192.0.2.1].>",		BAD, 0, NULL },
	{ "<user@[192.0.2.1][192.0.2.2]>",	BAD, 0, NULL },
	{ "<user@[tag:x]>",			BAD, 0, NULL },
	{ "<user@[IPv6:fe80::1%eth0]>",		BAD, 0, NULL },
	/* routing in the local part */
	{ "<user%other.test@example.com>",	PLAIN, ROUTED, "example.com" },
	{ "<other.test!user@example.com>",	PLAIN, ROUTED, "example.com" },
	{ "<user%other.test>",			PLAIN, ROUTED | BARE, "" },
	{ "<other.test!user>",			PLAIN, ROUTED | BARE, "" },
	{ "<user%other.test@[192.0.2.1]>",	PLAIN, ROUTED | LITERAL, "192.0.2.1" },
	{ "<\"user@other.test\"@example.com>",	PLAIN, ROUTED, "example.com" },
	{ "<\"user\\@other.test\"@example.com>", PLAIN, ROUTED, "example.com" },
	{ "<\"user%other.test\"@example.com>",	PLAIN, ROUTED, "example.com" },
	{ "<\"user@other.test\">",		PLAIN, ROUTED | BARE, "" },
	{ "<user@other.test@example.com>",	LOOSE, ROUTED, "example.com" },
	{ "<user\\@other.test@example.com>",	LOOSE, ROUTED, "example.com" },
	{ "<user@example.com\\@other.test>",	BAD, 0, NULL },
	{ "<user%other.test%example.com@example.com>", PLAIN, ROUTED, "example.com" },
	{ "<|cat@example.com>",			PLAIN, ROUTED, "example.com" },
	{ "</etc/passwd@example.com>",		PLAIN, ROUTED, "example.com" },
	{ "<\"|cat\"@example.com>",		PLAIN, ROUTED, "example.com" },
	{ "<\":include:/etc/passwd\"@example.com>", PLAIN, ROUTED, "example.com" },
	{ "<|cat>",				PLAIN, ROUTED | BARE, "" },
	{ "<!user@example.com>",		PLAIN, ROUTED, "example.com" },
	{ "<user!@example.com>",		PLAIN, ROUTED, "example.com" },
	{ "<%user@example.com>",		PLAIN, ROUTED, "example.com" },
	/* source routes */
	{ "<@a.test:user@example.com>",		PLAIN, ROUTED, "example.com" },
	{ "<@a.test,@b.test:user@example.com>",	PLAIN, ROUTED, "example.com" },
	{ "<@a.test,b.test:user@example.com>",	LOOSE, ROUTED, "example.com" },
	{ "<@[192.0.2.1]:user@example.com>",	LOOSE, ROUTED, "example.com" },
	{ "<@:user@example.com>",		LOOSE, ROUTED, "example.com" },
	{ "<@a.test:@b.test:user@example.com>",	BAD, 0, NULL },
	{ "<@a.test:>",				BAD, 0, NULL },
	{ "<@a.test:user>",			PLAIN, ROUTED | BARE, "" },
	{ "<@b\xc3\xbc" "cher.example:user@example.com>", LOOSE, ROUTED, "example.com" },
	{ "<@b\xc3\xbc" "cher.example:user@example.com>", PLAIN, ROUTED | UTF8,
	    "example.com" },
	/* what no server takes, or each in its own way */
	{ "",					BAD, 0, NULL },
	{ "<>",					BAD, 0, NULL },
	{ "<",					BAD, 0, NULL },
	{ ">",					BAD, 0, NULL },
	{ "<@>",				BAD, 0, NULL },
	{ "<@@>",				BAD, 0, NULL },
	{ "<@example.com>",			BAD, 0, NULL },
	{ "<user@>",				BAD, 0, NULL },
	{ "<user@other.test@>",			BAD, 0, NULL },
	{ "<user%other.test@>",			BAD, 0, NULL },
	{ "<user@.>",				BAD, 0, NULL },
	{ "<user@..>",				BAD, 0, NULL },
	{ "<user@.example.com>",		BAD, 0, NULL },
	{ "<user@example..com>",		BAD, 0, NULL },
	{ "<user@example.com..>",		BAD, 0, NULL },
	{ "<user@-example.com>",		BAD, 0, NULL },
	{ "<user@example-.com>",		BAD, 0, NULL },
	{ "<user@exa/mple.com>",		BAD, 0, NULL },
	{ "<user@example.com:25>",		BAD, 0, NULL },
	{ "<user@192.0.2.1>",			BAD, 0, NULL },
	{ "<user@1.2.3>",			BAD, 0, NULL },
	{ "<user@#3405803781>",			BAD, 0, NULL },
	{ "<user@" L63 "x.example>",		BAD, 0, NULL },
	{ "<user@" L63 "." L63 "." L63 "." L63 ">", BAD, 0, NULL },
	{ "<user@example.com",			BAD, 0, NULL },
	{ "user@example.com>",			BAD, 0, NULL },
	{ "<<user@example.com>>",		BAD, 0, NULL },
	{ "<user@example.com>NOTIFY=NEVER",	BAD, 0, NULL },
	{ "<user@example.com>,<user@other.test>", BAD, 0, NULL },
	{ "<user@example.com,user@other.test>",	BAD, 0, NULL },
	{ "<user@example.com;user@other.test>",	BAD, 0, NULL },
	{ "<user@example.com><user@other.test>", BAD, 0, NULL },
	{ "Joe <user@example.com>",		BAD, 0, NULL },
	{ "\"Joe\" <user@example.com>",		BAD, 0, NULL },
	{ "<group:user@example.com;>",		BAD, 0, NULL },
	{ "<user:other@example.com>",		BAD, 0, NULL },
	{ "<:user@example.com>",		BAD, 0, NULL },
	{ "<:include:/x@example.com>",		BAD, 0, NULL },
	{ "<us\ter@example.com>",		BAD, 0, NULL },
	{ "<user@example.com\x7f>",		BAD, 0, NULL },
	{ "<user@example.com>\r\n",		BAD, 0, NULL },
	{ "<user\x1b@example.com>",		BAD, 0, NULL },
	{ "<user\\>",				BAD, 0, NULL },
	/* what some servers take: we say how we read it */
	{ "user@example.com",			LOOSE, 0, "example.com" },
	{ "< user@example.com >",		LOOSE, 0, "example.com" },
	{ "<user @ example.com>",		LOOSE, 0, "example.com" },
	{ "<user@example .com>",		LOOSE, 0, "example.com" },
	{ "<user@example.com.>",		LOOSE, 0, "example.com" },
	{ "<user@example.com(comment)>",	LOOSE, 0, "example.com" },
	{ "<u(comment)ser@example.com>",	LOOSE, 0, "example.com" },
	{ "(c)<user@example.com>",		LOOSE, 0, "example.com" },
	{ "<user@example.com((a)b)>",		LOOSE, 0, "example.com" },
	{ "<user@example.com(\\)>",		BAD, 0, NULL },
	{ "<user@example.com(>",		BAD, 0, NULL },
	{ "<user@example.com)>",		BAD, 0, NULL },
	{ "<user@example.com(>,<user@other.test)>", LOOSE, 0, "example.com" },
	{ "<us\\er@example.com>",		LOOSE, 0, "example.com" },
	{ "<\\user@example.com>",		LOOSE, 0, "example.com" },
	{ "<\\|cat@example.com>",		LOOSE, ROUTED, "example.com" },
	{ "<.user@example.com>",		LOOSE, 0, "example.com" },
	{ "<user.@example.com>",		LOOSE, 0, "example.com" },
	{ "<us..er@example.com>",		LOOSE, 0, "example.com" },
	/* RFC 6531, and IDNA2008 without mappings */
	{ "<\xc3\xbcser@example.com>",		PLAIN, UTF8, "example.com" },
	{ "<\xc3\xbcser@example.com>",		LOOSE, 0, "example.com" },
	{ "<\"\xc3\xbc\"@example.com>",		PLAIN, UTF8, "example.com" },
	{ "<\"\xc3\xbc\"@example.com>",		LOOSE, 0, "example.com" },
	{ "<user@b\xc3\xbc" "cher.example>",	PLAIN, UTF8, "xn--bcher-kva.example" },
	{ "<user@B\xc3\xbc" "cher.EXAMPLE>",	PLAIN, UTF8, "xn--bcher-kva.example" },
	{ "<user@b\xc3\xbc" "cher.example>",	LOOSE, 0, "xn--bcher-kva.example" },
	{ "<user@bu\xcc\x88" "cher.example>",	BAD, UTF8, NULL },	/* decomposed */
	{ "<user@B\xc3\x9c" "CHER.example>",	PLAIN, UTF8, "xn--bcher-kva.example" },
	{ "<user@B\xc3\x9c" "CHER.example>",	LOOSE, 0, "xn--bcher-kva.example" },
	{ "<user@BU\xcc\x88" "CHER.example>",	BAD, UTF8, NULL },	/* decomposed */
	{ "<user@\xc3\xbf\xc5\xb8.example>",	PLAIN, UTF8, "xn--wdaa.example" },	/* U+FF U+178 */
	{ "<user@\xce\xa9.example>",		PLAIN, UTF8, "xn--bya.example" },	/* Greek */
	{ "<user@\xd0\x96.example>",		PLAIN, UTF8, "xn--f1a.example" },	/* Cyrillic */
	{ "<user@\xe1\xba\xa0.example>",	PLAIN, UTF8, "xn--nkg.example" },	/* Vietnamese */
	{ "<user@\xc4\xb0.example>",		BAD, UTF8, NULL },	/* dotted capital I */
	{ "<user@\xe1\xba\x9e.example>",	BAD, UTF8, NULL },	/* capital sharp s */
	{ "<user@\xe2\x84\xa6.example>",	BAD, UTF8, NULL },	/* Ohm sign */
	{ "<user@\xe2\x84\xaa.example>",	BAD, UTF8, NULL },	/* Kelvin sign */
	{ "<user@e\xc5\xbf.example>",		BAD, UTF8, NULL },	/* long s */
	{ "<user@\xef\xbc\xa5.example>",	BAD, UTF8, NULL },	/* full-width capital E */
	{ "<user@\xce\xb2\xcf\x82.example>",	PLAIN, UTF8, "xn--nxa6a.example" },	/* final sigma */
	{ "<user@xn--bcher-kva.example>",	PLAIN, 0, "xn--bcher-kva.example" },
	{ "<user@XN--BCHER-KVA.example>",	PLAIN, 0, "xn--bcher-kva.example" },
	{ "<user@example\xe3\x80\x82" "com>",	BAD, UTF8, NULL },	/* ideographic full stop */
	{ "<user@\xef\xbd\x85xample.com>",	BAD, UTF8, NULL },	/* full-width e */
	{ "<user@ex\xc2\xad" "ample.com>",	BAD, UTF8, NULL },	/* soft hyphen */
	{ "<user@ex\xe2\x80\x8b" "ample.com>",	BAD, UTF8, NULL },	/* zero width space */
	{ "<user@\xff.example>",		BAD, UTF8, NULL },
	{ "<us\xff" "er@example.com>",		BAD, UTF8, NULL },
	{ "<us\xff" "er@example.com>",		BAD, 0, NULL },
	{ "<\"us\xc0\xa0" "er\"@example.com>",	BAD, UTF8, NULL },
	{ "<user\xef\xbc\xa0other.test@example.com>", PLAIN, UTF8, "example.com" },	/* full-width @ is a letter like any */
};

static void
check(const struct row *row)
{
	char address[NETADDR_TEXT_SIZE];
	struct path path;
	int flags;

	path_parse(row->text, (row->flags & UTF8) != 0, &path);
	tap_is_int(path.form, row->form, "form of %s%s", row->text,
	    row->flags & UTF8 ? " under SMTPUTF8" : "");
	tap_ok((path.form == PATH_PLAIN) == (path.why == NULL), "  has a reason if it is not plain");
	if (row->form == BAD || path.form == BAD)
		return;
	flags = (path.is_routed ? ROUTED : 0) | (path.is_bare ? BARE : 0) |
	    (path.is_literal ? LITERAL : 0);
	tap_is_int(flags, row->flags & ~UTF8, "  marks");
	if (path.is_literal)
		netaddr_format(&path.literal, address);
	tap_is_str(path.is_literal ? address : path.domain, row->domain, "  domain");
}

static const struct {
	const char	*text;
	enum path_form	 form;
	int		 flags;
	const char	*domain;
} resolved[] = {
	{ "user@example.com",		PLAIN, 0, "example.com" },
	{ "user@example.com.",		PLAIN, 0, "example.com" },
	{ "\"us er\"@example.com",	PLAIN, 0, "example.com" },
	{ "user",			PLAIN, BARE, "" },
	{ "user@[ipv6:::1]",		PLAIN, LITERAL, "" },
	{ "x%other.test@example.com",	PLAIN, ROUTED, "example.com" },
	{ "\"x@other.test\"@example.com", PLAIN, ROUTED, "example.com" },
	{ "\xc3\xbcser@example.com",	PLAIN, 0, "example.com" },
	{ "user.@example.com",		PLAIN, 0, "example.com" },
	{ ".user@example.com",		PLAIN, 0, "example.com" },
	{ "us..er@example.com",		PLAIN, 0, "example.com" },
	{ "\"user.\"@example.com",	PLAIN, 0, "example.com" },
	{ "us..er",			PLAIN, BARE, "" },
	{ ".us\"er\"@example.com",	BAD, 0, NULL },
	{ ".user@example.com..",	BAD, 0, NULL },
	{ ".a@b@example.com",		BAD, 0, NULL },
	{ ".x%other.test@example.com",	PLAIN, ROUTED, "example.com" },
	{ "user@b\xc3\xbc" "cher.example",	PLAIN, 0, "xn--bcher-kva.example" },
	{ "user@B\xc3\x9c" "CHER.example",	BAD, 0, NULL },
	{ "user@b\xc3" "cher.example",		BAD, 0, NULL },
	{ "\xc3\x9cser@example.com",	PLAIN, 0, "example.com" },
	{ "<user@example.com>",		BAD, 0, NULL },
	{ "user @example.com",		BAD, 0, NULL },
	{ "user@example.com (x)",	BAD, 0, NULL },
	{ "a@b@example.com",		BAD, 0, NULL },
	{ "@a.test:user@example.com",	BAD, 0, NULL },
	{ "Relay access denied",	BAD, 0, NULL },
	{ "user@example.com,",		BAD, 0, NULL },
	{ "us\\er@example.com",		BAD, 0, NULL },
	{ "",				BAD, 0, NULL },
	{ ".",				BAD, 0, NULL },
};

static void
check_resolved(size_t i)
{
	struct path path;
	int flags;

	path_parse_resolved(resolved[i].text, &path);
	tap_is_int(path.form, resolved[i].form, "form of %s as resolved", resolved[i].text);
	if (resolved[i].form == BAD || path.form == BAD)
		return;
	flags = (path.is_routed ? ROUTED : 0) | (path.is_bare ? BARE : 0) |
	    (path.is_literal ? LITERAL : 0);
	tap_is_int(flags, resolved[i].flags, "  marks");
	tap_is_str(path.domain, resolved[i].domain, "  domain");
}

/* Every length around the limit, and every byte in every place of a short address. */
static void
check_sizes(void)
{
	char text[PATH_TEXT_MAX + 8];
	struct path path;
	size_t len;

	for (len = PATH_TEXT_MAX - 2; len <= PATH_TEXT_MAX + 2; len++) {
		memset(text, 'u', len);
		memcpy(text, "<u", 2);
		memcpy(text + len - 13, "@example.com>", 14);
		path_parse(text, 0, &path);
		tap_is_int(path.form, len <= PATH_TEXT_MAX ? PLAIN : BAD, "%zu bytes", len);
	}
}

static void
check_bytes(void)
{
	const char base[] = "<user@example.com>";
	char text[sizeof(base)], domain[PATH_DOMAIN_SIZE];
	struct path path;
	int strange = 0, c;
	size_t i;

	for (i = 0; i + 1 < sizeof(base); i++)
		for (c = 1; c < 256; c++) {
			memcpy(text, base, sizeof(base));
			text[i] = (char)c;
			path_parse(text, 1, &path);
			if (path.form != BAD && !path.is_bare && !path.is_literal &&
			    path_domain(path.domain, strlen(path.domain), domain) != NULL)
				strange++;
			if (path.form == PLAIN && (c < 0x21 || c == 0x7f))
				strange++;
		}
	tap_is_int(strange, 0, "one changed byte never gives a domain that is none");
}

/* What is no domain leaves none, whatever it was that was read of it. */
static void
check_refused_domains(void)
{
	static const struct {
		const char	*text;
		size_t		 len;
	} refused[] = {
		{ "", 0 }, { "a.test\0b", 8 }, { "\0", 1 }, { "a..test", 7 }, { "192.0.2.1", 9 },
		{ "b\xef\xbc\xa0.test", 9 }, { "a\xc3", 2 },
		{ L63 "." L63 "." L63 "." L63 ".com", 259 }
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char domain[PATH_DOMAIN_SIZE] = "example.com";
		tap_ok(path_domain(refused[i].text, refused[i].len, domain) != NULL,
		    "no domain, %zu", i);
		tap_is_str(domain, "", "  and none is left");
	}
}

/*
 * Of every character: it is a domain's as UTS-46 has it, or none; and a capital letter
 * is the domain of its small one, which has as many bytes.
 */
static void
check_letters(void)
{
	char text[8], small[8], domain[PATH_DOMAIN_SIZE], other[PATH_DOMAIN_SIZE];
	int capitals = 0, beyond = 0, apart = 0;
	uint32_t c;

	for (c = 0x80; c <= 0xffff; c++) {
		size_t len;
		uint8_t *ascii = NULL;

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		len = utf8_encode(c, text);
		memcpy(text + len, ".x", 3);
		if (path_domain(text, len + 2, domain) == NULL &&
		    (idn2_lookup_u8((const uint8_t *)text, &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK ||
		    strcmp((const char *)ascii, domain) != 0))
			beyond++;
		idn2_free(ascii);
		if (utf8_small(c) == c)
			continue;
		capitals++;
		if (utf8_encode(utf8_small(c), small) != len)
			apart++;
		memcpy(small + len, ".x", 3);
		if (path_domain(text, len + 2, domain) != NULL || path_domain(small, len + 2, other) != NULL ||
		    strcmp(domain, other) != 0)
			apart++;
	}
	tap_is_int(capitals, 495, "capital letters");
	tap_is_int(apart, 0, "each is the domain of its small letter");
	tap_is_int(beyond, 0, "no character is mapped beyond UTS-46");
}

static void
check_utf8(void)
{
	static const uint32_t points[] = { 'a', 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff };
	uint32_t point = 0;
	char text[4];

	tap_is_int((long long)utf8_decode("", 0, &point), 0, "nothing begins with no character");
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		size_t len = utf8_encode(points[i], text);
		tap_is_int((long long)len, 1 + (points[i] >= 0x80) + (points[i] >= 0x800) + (points[i] >= 0x10000),
		    "U+%04X: its length", (unsigned)points[i]);
		tap_ok(utf8_decode(text, len, &point) == len && point == points[i], "  and it comes back");
		tap_is_int((long long)utf8_decode(text, len - 1, &point), 0, "  but not without its end");
	}
}

/* The path without what is after it. */
static void
check_lengths(void)
{
	static const struct {
		const char	*text;
		long long	 want;
	} texts[] = {
		{ "", 0 }, { "<>", 2 }, { "<a@b>", 5 }, { "<a@b> SIZE=1", 5 }, { "a@b SIZE=1", 10 },
		{ "<a@b>x SIZE=1", 13 }, { "<a@b>x", 6 }, { "<\"a> b\"@c> X", 10 }, { "<\"a> b", 6 },
		{ "<a\\> b@c> X", 9 }, { "<a\\", 3 }, { "<a", 2 }, { "<a>\xff", 4 }, { "x<a> y", 6 },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		tap_is_int((long long)path_length(texts[i].text), texts[i].want, "length of %s", texts[i].text);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i]);
	for (i = 0; i < sizeof(resolved) / sizeof(resolved[0]); i++)
		check_resolved(i);
	check_sizes();
	check_bytes();
	check_refused_domains();
	check_letters();
	check_utf8();
	check_lengths();
	return tap_done();
}
