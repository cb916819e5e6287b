/* milter/probe/probe_forms.c: relay tester: forms of addresses */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "core/ascii.h"
#include "probe/probe_forms.h"

/*
 * Where they are known from: nmap (smtp-open-relay), Metasploit (smtp_relay), OpenVAS
 * (smtp_relay2, after mail-abuse.org), abuse.net, MAPS, mailradar; "Postfix" are its own
 * test cases (resolve_clnt, smtpd_token), "Sendmail" its cf/README and what it was seen
 * to relay.
 */
#define ALL_TESTERS	"nmap, Metasploit, abuse.net, OpenVAS"
#define ABUSE_NET	"abuse.net"
#define POSTFIX		"Postfix"
#define SENDMAIL	"Sendmail"
#define OURS		"authrelay"

#define OWN(name, known, text)		{ name, known, text, PROBE_OWN, PROBE_ALONE }
#define FOREIGN(name, known, text)	{ name, known, text, PROBE_FOREIGN, PROBE_ALONE }
#define DISGUISED(name, known, text)	\
	{ name, known, text, PROBE_DISGUISED, PROBE_ALONE }

static const struct probe_form forms[] = {
	/* Plain */
	FOREIGN("third party", ALL_TESTERS, "<$u@$x>"),
	FOREIGN("third party without brackets", ABUSE_NET, "$u@$x"),
	FOREIGN("postmaster of a third party", POSTFIX, "<Postmaster@$x>"),
	FOREIGN("third party with a trailing dot", POSTFIX, "<$u@$x.>"),
	{ "third party after a local recipient", "Haraka", "<$u@$x>", PROBE_FOREIGN,
	    PROBE_AFTER_LOCAL },
	{ "third party after RSET", OURS, "<$u@$x>", PROBE_FOREIGN, PROBE_AFTER_RSET },
	{ "third party after a second MAIL", OURS, "<$u@$x>", PROBE_FOREIGN,
	    PROBE_AFTER_MAIL },
	FOREIGN("third party with a parameter", POSTFIX,
	    "<$u@$x> ORCPT=rfc822;$l@$d"),
	FOREIGN("third party with a glued parameter", SENDMAIL, "<$u@$x>NOTIFY=NEVER"),

	/* Percent hack */
	DISGUISED("percent hack by host name", ALL_TESTERS, "<$u%$x@$h>"),
	DISGUISED("percent hack by address literal", ALL_TESTERS, "<$u%$x@[$i]>"),
	DISGUISED("percent hack by local domain", "Postfix, Sendmail", "<$u%$x@$d>"),
	DISGUISED("percent hack by relay domain", "Postfix, Sendmail", "<$u%$x@$r>"),
	DISGUISED("percent hack without a domain", SENDMAIL, "<$u%$x>"),
	DISGUISED("percent hack, quoted whole", "nmap, abuse.net, mailradar",
	    "<\"$u%$x\">"),
	DISGUISED("percent hack, quoted local part", SENDMAIL, "<\"$u%$x\"@$d>"),
	DISGUISED("percent hack with an empty domain", ABUSE_NET, "<$u%$x@>"),
	DISGUISED("percent hack in brackets with an empty domain", ABUSE_NET,
	    "<$u%[$x]@>"),
	DISGUISED("percent hack to an address literal", POSTFIX, "<$u%[192.0.2.4]@$d>"),
	DISGUISED("percent hack, nested", POSTFIX, "<$u%$x%$h@$h>"),
	DISGUISED("percent hack, host name twice", POSTFIX, "<$u%$h%$h>"),

	/* Two at signs, quotation marks, backslashes */
	DISGUISED("quoted whole", "nmap, abuse.net, MAPS", "<\"$u@$x\">"),
	DISGUISED("quoted local part by host name", ABUSE_NET, "<\"$u@$x\"@$h>"),
	DISGUISED("quoted local part by address literal", ALL_TESTERS,
	    "<\"$u@$x\"@[$i]>"),
	DISGUISED("quoted local part by local domain", SENDMAIL, "<\"$u@$x\"@$d>"),
	DISGUISED("quoted local part by relay domain", OURS, "<\"$u@$x\"@$r>"),
	DISGUISED("quoted local part and quoted domain", OURS, "<\"$u@$x\"@\"$d\">"),
	DISGUISED("two at signs by host name", ALL_TESTERS, "<$u@$x@$h>"),
	DISGUISED("two at signs by address literal", ALL_TESTERS, "<$u@$x@[$i]>"),
	DISGUISED("two at signs by local domain", POSTFIX, "<$u@$x@$d>"),
	DISGUISED("two at signs by relay domain", POSTFIX, "<$u@$x@$r>"),
	DISGUISED("two at signs to an address literal", POSTFIX, "<$u@[192.0.2.4]@$d>"),
	DISGUISED("two at signs with an empty domain", "abuse.net, mailradar",
	    "<$u@$x@>"),
	DISGUISED("two at signs, the first domain in brackets", ABUSE_NET, "<$u@[$x]@>"),
	FOREIGN("two at signs, the local domain first", POSTFIX, "<$u@$d@$x>"),
	DISGUISED("escaped at sign by local domain", POSTFIX, "<a\\@$x@$d>"),
	FOREIGN("escaped at sign before a third party", POSTFIX, "<$u@$d\\@$x>"),

	/* Bang path */
	DISGUISED("bang path", "nmap, abuse.net", "<$x!$u>"),
	DISGUISED("bang path by host name", ALL_TESTERS, "<$x!$u@$h>"),
	DISGUISED("bang path by address literal", ALL_TESTERS, "<$x!$u@[$i]>"),
	DISGUISED("bang path by local domain", "Postfix, Sendmail", "<$x!$u@$d>"),
	DISGUISED("bang path by relay domain", "Postfix, Sendmail", "<$x!$u@$r>"),
	DISGUISED("bang path, quoted", SENDMAIL, "<\"$x!$u\"@$d>"),
	DISGUISED("bang path to an address literal", POSTFIX, "<[192.0.2.4]!$u@$d>"),
	DISGUISED("bang path by way of the host", POSTFIX, "<$h!$x!$u>"),
	DISGUISED("bang path by way of the host twice", POSTFIX, "<$h!$h!$u>"),
	DISGUISED("bang path by way of the host and the local domain", POSTFIX,
	    "<$h!$x!$u@$d>"),

	/* Source route */
	FOREIGN("source route by host name", ALL_TESTERS, "<@$h:$u@$x>"),
	FOREIGN("source route by address literal", ALL_TESTERS, "<@[$i]:$u@$x>"),
	FOREIGN("source route by local domain", SENDMAIL, "<@$d:$u@$x>"),
	FOREIGN("source route by two hosts", POSTFIX, "<@a.test,@b.test:$u@$x>"),
	DISGUISED("source route, nested", OURS, "<@$d:@$x:$u>"),
	OWN("source route to a local recipient", POSTFIX, "<@$x:$l@$d>"),
	OWN("source route by two hosts to a local recipient", POSTFIX,
	    "<@a.test,@b.test:$l@$d>"),
	FOREIGN("colon without an at sign", ABUSE_NET, "<$h:$u@$x>"),
	FOREIGN("colon after a local user", SENDMAIL, "<$l:$u@$x>"),
	OWN("colon first", POSTFIX, "<:$l@$d>"),
	FOREIGN("group", SENDMAIL, "<friends:$u@$x;>"),

	/* More than one address, comments, words around it */
	DISGUISED("list, the third party first", POSTFIX, "<$u@$x,$l@$d>"),
	FOREIGN("list, the local recipient first", POSTFIX, "<$l@$d,$u@$x>"),
	FOREIGN("list of two in brackets", SENDMAIL, "<$l@$d>,<$u@$x>"),
	DISGUISED("two in brackets, the third party last", POSTFIX, "<$l@$d><$u@$x>"),
	DISGUISED("two in brackets, the third party first", POSTFIX, "<$u@$x><$l@$d>"),
	DISGUISED("two in brackets with a blank", SENDMAIL, "<$l@$d> <$u@$x>"),
	FOREIGN("list with a semicolon", POSTFIX, "<$l@$d;$u@$x>"),
	FOREIGN("double brackets", SENDMAIL, "<<$u@$x>>"),
	FOREIGN("bracket not closed", SENDMAIL, "<$u@$x"),
	FOREIGN("name before the address", SENDMAIL, "Joe User <$u@$x>"),
	FOREIGN("quoted name before the address", SENDMAIL, "\"Joe\" <$u@$x>"),
	FOREIGN("comment before the address", SENDMAIL, "(c)<$u@$x>"),
	FOREIGN("local domain in a comment", OURS, "<$u(@$d)@$x>"),
	FOREIGN("local domain in a comment at the end", OURS, "<$u@$x(@$d)>"),
	OWN("third party in a comment", SENDMAIL, "<$l@$d(>,<$u@$x)>"),
	OWN("name before a local recipient", POSTFIX, "Joe User <$l@$d>"),
	OWN("comment after a local recipient", POSTFIX, "<$l@$d(comment)>"),

	/* Blanks and odd characters */
	FOREIGN("blanks around the at sign", POSTFIX, "<$u @ $x>"),
	FOREIGN("blank in quotation marks", POSTFIX, "<\"u v\"@$x>"),
	FOREIGN("escaped blank", POSTFIX, "<u\\ v@$x>"),
	FOREIGN("blank at the end", POSTFIX, "<$u@$x >"),
	FOREIGN("8-bit local part", SENDMAIL, "<\xc3\xbcser@$x>"),
	DISGUISED("full-width at sign", OURS, "<$u\xef\xbc\xa0$x@$d>"),
	DISGUISED("full-width percent sign", OURS, "<$u\xef\xbc\x85$x@$d>"),
	OWN("blanks around the at sign of a local recipient", POSTFIX, "<$l @ $d>"),
	OWN("blanks inside the brackets", POSTFIX, "< $l@$d >"),
	OWN("blank in the local domain", POSTFIX, "<$l@local .test>"),
	OWN("escaped letter", POSTFIX, "<us\\er@$d>"),
	OWN("pipe", POSTFIX, "<|cat@$d>"),
	OWN("pipe, quoted", POSTFIX, "<\"|cat\"@$d>"),
	OWN("file", POSTFIX, "</etc/passwd@$d>"),

	/* Domains that look like the server's own */
	OWN("subdomain of the local domain", OURS, "<$l@sub.$d>"),
	FOREIGN("domain that ends like the local one", OURS, "<$l@x$d>"),
	FOREIGN("domain that begins like the local one", OURS, "<$l@$d.$x>"),
	FOREIGN("local domain without its last letter", OURS, "<$l@$c>"),
	FOREIGN("local domain with underscores", OURS, "<$l@$_.$x>"),
	FOREIGN("host name with localdomain", POSTFIX, "<$l@$h.localdomain>"),
	FOREIGN("third party with a port", POSTFIX, "<$u@$x:25>"),
	OWN("local domain with a port", POSTFIX, "<$u@$d:25>"),
	OWN("localhost", "Sendmail", "<$l@localhost>"),
	OWN("two trailing dots", POSTFIX, "<$l@$d..>"),

	/* Address literals and numbers */
	OWN("own address literal", "Metasploit", "<$l@[$i]>"),
	OWN("loopback address literal", "Postfix, Sendmail", "<$l@[127.0.0.1]>"),
	OWN("loopback address literal, IPv6", POSTFIX, "<$l@[IPv6:::1]>"),
	OWN("v4-mapped loopback literal", OURS, "<$l@[::ffff:127.0.0.1]>"),
	FOREIGN("foreign address literal", POSTFIX, "<$l@[192.0.2.1]>"),
	FOREIGN("foreign address literal, IPv6", SENDMAIL, "<$l@[IPv6:2001:db8::9]>"),
	FOREIGN("foreign address without brackets", POSTFIX, "<$u@192.0.2.4>"),
	FOREIGN("short address without brackets", POSTFIX, "<$u@192.0.2>"),
	FOREIGN("address literal out of range", POSTFIX, "<$u@[321.0.2.4]>"),
	OWN("empty address literal", POSTFIX, "<$u@[]>"),

	/* Empty parts */
	OWN("empty route and domain", POSTFIX, "<@b@>"),
	OWN("empty host of a bang path", POSTFIX, "<!b>"),
	OWN("empty user of a bang path", POSTFIX, "<a!>"),
	OWN("empty user of a percent hack", POSTFIX, "<%b>"),
	OWN("empty domain of a percent hack", POSTFIX, "<a%>"),
	DISGUISED("bang path with an empty domain", POSTFIX, "<a!b@>"),
	OWN("at sign", POSTFIX, "<@>"),
	OWN("two at signs alone", POSTFIX, "<@@>"),
	OWN("empty", POSTFIX, "<>"),
	OWN("empty user of the local domain", POSTFIX, "<@$d>"),
	OWN("empty quoted user of the local domain", POSTFIX, "<\"\"@$d>"),
	FOREIGN("empty user of a third party", POSTFIX, "<@$x.>"),
	OWN("dots for a domain", POSTFIX, "<$u@..>"),
	OWN("dots for domains", POSTFIX, "<@.@.>"),

	/* The server's own */
	OWN("local recipient", OURS, "<$l@$d>"),
	OWN("local recipient without brackets", OURS, "$l@$d"),
	OWN("local recipient in capitals", OURS, "<$L@$D>"),
	OWN("local recipient by host name", OURS, "<$l@$h>"),
	OWN("local recipient with a detail", OURS, "<$l+detail@$d>"),
	OWN("local recipient, quoted", OURS, "<\"$l\"@$d>"),
	OWN("local recipient with a trailing dot", POSTFIX, "<$l@$d.>"),
	OWN("local recipient with a parameter", OURS, "<$l@$d> NOTIFY=NEVER"),
	OWN("recipient of a relay domain", OURS, "<$l@$r>"),
	OWN("postmaster", "Postfix, Sendmail", "<postmaster>"),
	OWN("postmaster in another case", "Postfix, Sendmail", "<Postmaster>"),
	OWN("bare local user", POSTFIX, "<$l>"),

	{ NULL, NULL, NULL, PROBE_OWN, PROBE_ALONE }
};

static const struct probe_form login_form =
    FOREIGN("authenticated client relays", OURS, "<$u@$x>");

static const struct probe_sender senders[] = {
	{ "F1", "null sender", "<>", NULL, 0 },
	{ "F2", "third party", "<$u@$x>", NULL, 1 },
	{ "F3", "host name", "<$u@$h>", NULL, 0 },
	{ "F4", "address literal", "<$u@[$i]>", NULL, 0 },
	{ "F5", "bare user", "<$u>", NULL, 0 },
	{ "F6", "localhost", "<$u@localhost>", NULL, 0 },
	{ "F7", "new subdomain of a third party", "<$u@$n.$x>", NULL, 0 },
	{ "F8", "postmaster of the host", "<postmaster@$h>", NULL, 0 },
	{ "F9", "local user", "<$l@$d>", NULL, 0 },
	{ "F10a", "third party, HELO localhost.localdomain", "<$u@$x>",
	    "localhost.localdomain", 0 },
	{ "F10b", "third party, HELO with the server's name", "<$u@$x>", "$h", 0 },
	{ NULL, NULL, NULL, NULL, 0 }
};

const struct probe_form *
probe_forms(void)
{
	return forms;
}

const struct probe_sender *
probe_senders(void)
{
	return senders;
}

const struct probe_form *
probe_login_form(void)
{
	return &login_form;
}

static const char *
name_of(char letter, const struct probe_names *names)
{
	switch (letter) {
	case 'u':
		return names->user;
	case 'x':
		return names->external;
	case 'h':
		return names->host;
	case 'i':
		return names->address;
	case 'l':
	case 'L':
		return names->local_user;
	case 'd':
	case 'D':
	case 'c':
	case '_':
		return names->local_domain;
	case 'r':
		return names->relay_domain;
	case 'n':
		return names->unique;
	}
	return NULL;
}

static char
changed(char letter, char c)
{
	if (letter == 'L' || letter == 'D')
		return ascii_upper(c);
	return letter == '_' && c == '.' ? '_' : c;
}

static void
write_name(char letter, const char *name, struct buf *out)
{
	size_t len = strlen(name);

	if (letter == 'c' && len > 0)
		len--;
	for (size_t i = 0; i < len; i++)
		buf_putc(out, changed(letter, name[i]));
}

int
probe_text_is_known(const char *text, const struct probe_names *names)
{
	while ((text = strchr(text, '$')) != NULL && text[1] != '\0') {
		if (name_of(text[1], names) == NULL)
			return 0;
		text += 2;
	}
	return 1;
}

void
probe_text_write(const char *text, const struct probe_names *names, struct buf *out)
{
	const char *name;

	for (; *text != '\0'; text++) {
		if (*text != '$' || (name = name_of(text[1], names)) == NULL) {
			buf_putc(out, *text);
			continue;
		}
		write_name(*++text, name, out);
	}
}
