/* t/unit/conf_syntax.c: the grammar of a configuration, form by form: values, lines, errors */
/* SPDX-License-Identifier: ISC */

#include "conf_make.h"
#include "config/conf_origin.h"
#include "config/settings.h"
#include "tap.h"

/* What a setting has in the end: "LINE:TEXT" for each value, "-:TEXT" for one without a line. */
struct row {
	const char	*text;
	const char	*override;
	const char	*setting;	/* one of those in show(); NULL: errors are wanted */
	const char	*want;
};

#define BAD_ESCAPE	"t.conf:1: unknown escape; write \\\\ for a backslash\n"

static const struct row rows[] = {
	/* comments */
	{ "# a\n// b\n/* c\n */ mode = monitor # d\n", NULL, "mode", "4:monitor" },
	{ "#\n//\n/**/mode /**/=/* x */monitor //\n", NULL, "mode", "3:monitor" },
	{ "### a\n//// b\n/* * ** / */\n/***/ mode = monitor\n", NULL, "mode", "4:monitor" },
	{ "mode = monitor /* a\nb\n*/ user = root\n", NULL, "user", "3:root" },
	{ "relay-domains = { # a\n a, // b\n /* c */ b /* d\n */ , c # e\n}\n", NULL, "relay-domains",
	  "2:a 3:b 4:c" },
	{ "mode = monitor# a\n", NULL, "mode", "1:monitor" },
	{ "user = root/* a word takes the slash */\n", NULL, NULL,
	  "t.conf:1: \"*\": unexpected character; put the value in quotation marks\n"
	  "t.conf:1: user: no such user \"root/\"\n" },
	{ "client-certificates = { \"# a\", '// b', \"/* c */\" }\n", NULL, "client-certificates",
	  "1:# a 1:// b 1:/* c */" },
	{ "/* /* */ mode = monitor\n", NULL, "mode", "1:monitor" },
	{ "# mode = enforce \\\nmode = monitor\n", NULL, "mode", "2:monitor" },
	/* bare words */
	{ "relay-domains = { a-b.test, m\xc3\xbcller.test }\n", NULL, "relay-domains",
	  "1:a-b.test 1:m\xc3\xbcller.test" },
	{ "require-auth-on = { a/b, a//b, /, a;b, [::1]:5, a|b, \\n, <x>, ~, a@b, `c`, 5% }\n", NULL,
	  "require-auth-on", "1:a/b 1:a//b 1:/ 1:a;b 1:[::1]:5 1:a|b 1:\\n 1:<x> 1:~ 1:a@b 1:`c` 1:5%" },
	{ "audit{redact-key=/k}mode=monitor\n", NULL, "audit.redact-key", "1:/k" },
	/* single quotes: two escapes */
	{ "client-certificates = { 'a b', 'a\"b', '\\'', '\\\\', '\\n', '\\x41', '${X}', 'a\\b' }\n", NULL,
	  "client-certificates", "1:a b 1:a\"b 1:' 1:\\ 1:\\n 1:\\x41 1:${X} 1:a\\b" },
	{ "client-certificates = { 'a\\\nb', c }\n", NULL, "client-certificates", "2:ab 2:c" },
	/* double quotes: those of C */
	{ "client-certificates = { \"a'b\", \"\\\"\", \"\\\\\", \"\\'\", \"\\$\", \"$\", \"a$b\", \"$$\", \"${HOME:-}x\" }\n",
	  NULL, "client-certificates", "1:a'b 1:\" 1:\\ 1:' 1:$ 1:$ 1:a$b 1:$$ 1:/homex" },
	{ "client-certificates = { \"\\x41\", \"\\x4\\x41z\", \"\\x411\", \"\\x4G\" }\n", NULL, NULL,
	  "t.conf:1: client-certificates: invalid entry \"\\x04Az\": a control character in it\n"
	  "t.conf:1: client-certificates: invalid entry \"\\x04G\": a control character in it\n" },
	{ "client-certificates = { \"\\x41\", \"\\x411\", \"\\x6a\\x6A\\x2F\" }\n", NULL, "client-certificates",
	  "1:A 1:A1 1:jj/" },
	{ "client-certificates = { \"\\101\", \"\\60z\", \"\\060z\", \"\\101x\", \"\\303\\274\" }\n", NULL,
	  "client-certificates", "1:A 1:0z 1:0z 1:Ax 1:\xc3\xbc" },
	{ "audit { redact-key = \"/\\n\\r\\b\\f\\a\\e\\t\\v\" }\n", NULL, NULL,
	  "t.conf:1: audit.redact-key: invalid value \"/\\x0a\\x0d\\x08\\x0c\\x07\\x1b\\x09\\x0b\": the path contains a control "
	  "character; expected /PATH, or \"\" for none\n" },
	{ "audit { redact-key = \"/\t\" }\n", NULL, NULL,
	  "t.conf:1: audit.redact-key: invalid value \"/\\x09\": the path contains a control character; expected /PATH, or \"\" for none\n" },
	{ "client-certificates = { \"a\\\nb\", \"c\\\n\\\nd\" }\n", NULL, "client-certificates", "2:ab 4:cd" },
	{ "user = \"\\1014\"\n", NULL, NULL, BAD_ESCAPE }, { "user = \"\\8\"\n", NULL, NULL, BAD_ESCAPE },
	{ "user = \"\\0\"\n", NULL, NULL, BAD_ESCAPE }, { "user = \"\\x\"\n", NULL, NULL, BAD_ESCAPE },
	{ "user = \"\\xg\"\n", NULL, NULL, BAD_ESCAPE }, { "user = \"\\x0\"\n", NULL, NULL, BAD_ESCAPE },
	{ "user = \"\\777\"\n", NULL, NULL, BAD_ESCAPE }, { "user = \"\\ \"\n", NULL, NULL, BAD_ESCAPE },
	{ "user = \"\\N\"\n", NULL, NULL, BAD_ESCAPE },
	/* variables of the environment */
	{ "audit { redact-key = \"${HOME}\" }\n", NULL, "audit.redact-key", "1:/home" },
	{ "audit { redact-key = \"/a${HOME}b${HOME}\" }\n", NULL, "audit.redact-key", "1:/a/homeb/home" },
	{ "audit { redact-key = \"${HOME:-/no}\" }\n", NULL, "audit.redact-key", "1:/home" },
	{ "audit { redact-key = \"${NONE:-/no}\" }\n", NULL, "audit.redact-key", "1:/no" },
	{ "audit { redact-key = \"${NONE:-}\" }\n", NULL, "audit.redact-key", "1:" },
	{ "audit { redact-key = \"${NONE:-/a:-b}\" }\n", NULL, "audit.redact-key", "1:/a:-b" },
	{ "audit { redact-key = \"${:-/a}\" }\n", NULL, "audit.redact-key", "1:/a" },
	{ "audit { redact-key = \"${EMPTY}${EMPTY:-x}\" }\n", NULL, "audit.redact-key", "1:" },
	{ "audit { redact-key = \"${QUOTE}\" }\n", NULL, "audit.redact-key", "1:/\"'\\n${HOME} # x" },
	{ "audit { redact-key = \"${NONE:-/${HOME}}\" }\n", NULL, "audit.redact-key", "1:/${HOME}" },
	{ "audit { redact-key = \"/$ {a}$\" }\n", NULL, "audit.redact-key", "1:/$ {a}$" },
	{ "audit { redact-key = \"\\${HOME}\" }\n", NULL, NULL, "t.conf:1: audit.redact-key: invalid value \"${HOME}\": the path is "
	  "not absolute; expected /PATH, or \"\" for none\n" },
	{ "user = \"${NONE:x-y}\"\n", NULL, NULL, "t.conf:1: \"${NONE:x-y}\": environment variable is not set; set it, or write ${NAME:-VALUE}\n" },
	{ "user = \"${}\"\n", NULL, NULL, "t.conf:1: \"${}\": environment variable is not set; set it, or write ${NAME:-VALUE}\n" },
	{ "user = \"${HO\\ME}\"\n", NULL, NULL,
	  "t.conf:1: ${ is not closed; write \\${ for these two characters\n" },
	/* = and +=, one value and many */
	{ "relay-domains = a\n", NULL, "relay-domains", "1:a" },
	{ "relay-domains = { }\n", NULL, "relay-domains", "" },
	{ "relay-domains={a,b}\n", NULL, "relay-domains", "1:a 1:b" },
	{ "relay-domains = { a, b, }\n", NULL, "relay-domains", "1:a 1:b" },
	{ "relay-domains = { a\n,\nb\n,\n}\n", NULL, "relay-domains", "1:a 3:b" },
	{ "relay-domains\n=\n{\na\n}\n", NULL, "relay-domains", "4:a" },
	{ "relay-domains += a\nrelay-domains += { b, c }\nrelay-domains += { }\n", NULL, "relay-domains", "1:a 2:b 2:c" },
	{ "relay-domains = { a, a }\nrelay-domains += a\n", NULL, "relay-domains", "1:a 1:a 2:a" },
	{ "trusted-networks += 192.0.2.1\n", NULL, "trusted-networks", "-:127.0.0.0/8 -:::1/128 1:192.0.2.1" },
	{ "trusted-networks = 192.0.2.1\n", NULL, "trusted-networks", "1:192.0.2.1" },
	{ "trusted-networks = { }\n", NULL, "trusted-networks", "" },
	{ "audit { redact-key = \"\" }\n", NULL, "audit.redact-key", "1:" },
	/* several statements a line, sections without a sign, sections again */
	{ "mode = monitor user = root mx { accept = any } relay-domains = { a } dns { }\n", NULL, "user", "1:root" },
	{ "mx { domains = a\n} audit { } mx {\n\n domains += b } mx { }\n", NULL, "mx.domains", "1:a 4:b" },
	{ "mx\n{\ndomains\n=\na\n}\n", NULL, "mx.domains", "5:a" },
	{ "\n\n \t\r\n\nmode = monitor\r\n\r\n", NULL, "mode", "5:monitor" },
	{ "mode = monitor\ninclude(\"x\")\n", NULL, NULL, "t.conf:2: include is not supported; put a long list in a file "
	  "of its own, file:PATH\n" },
	/* a later source replaces what it gives, and adds by += */
	{ "relay-domains = { a, b }\n", "relay-domains = c", "relay-domains", "-:c" },
	{ "relay-domains = { a,\n b }\n", "relay-domains += c", "relay-domains", "1:a 2:b -:c" },
	{ "relay-domains = { a }\n", "relay-domains = { }", "relay-domains", "" },
	{ "mx { domains = a }\n", "mx { domains += b } mx { timeout = 1 domains += c }", "mx.domains", "1:a -:b -:c" },
	{ "mx { domains = a }\n", "mx.domains += { b,\nc }", "mx.domains", "1:a -:b -:c" },
	{ "mx { domains = a timeout = 7 }\n", "mx.timeout = 8", "mx.domains", "1:a" },
	{ "", " \t\n mx.domains=a # b", "mx.domains", "-:a" },
	{ "", "mx.domains = a names = b", "mx.domains", "-:a" },
	{ "mode = monitor\n", "mode = enforce", "mode", "-:enforce" },
	/* what is refused leaves what was there, and what comes after is read */
	{ "mode = monitor\nmode = x\nuser = no-such\n", NULL, NULL,
	  "t.conf:2: mode: already set in line 1; set it once\nt.conf:3: user: no such user \"no-such\"\n" },
	{ "relay-domains = { a..b }\nrelay-domains = { c..d }\n", NULL, NULL,
	  "t.conf:1: relay-domains: invalid entry \"a..b\": a domain has an empty label; expected DOMAIN, .DOMAIN or "
	  "file:PATH\n"
	  "t.conf:2: relay-domains: already set in line 1; use += to add to it\n" },
	{ "relay-domains = { a..b }\nrelay-domains += { c..d, e f }\n", NULL, NULL,
	  "t.conf:1: relay-domains: invalid entry \"a..b\": a domain has an empty label; expected DOMAIN, .DOMAIN or "
	  "file:PATH\n"
	  "t.conf:2: unexpected \"f\" after \"relay-domains\"; expected a comma or }\n" },
	{ "mx {\n domains = a..b\n", NULL, NULL,
	  "t.conf:1: section \"mx\" has no closing brace; the file may be cut off\n"
	  "t.conf:2: mx.domains: invalid entry \"a..b\": a domain has an empty label; expected DOMAIN, .DOMAIN or "
	  "file:PATH\n" },
	{ "mode = { a, { b } } user = no-such\n", NULL, NULL, "t.conf:1: mode: unexpected list; expected one word\n"
	  "t.conf:1: user: no such user \"no-such\"\n" },
	{ "\xef\xbb\xbfuser = no-such\n", NULL, NULL, "t.conf:1: byte order mark; save the file without it\n"
	  "t.conf:1: user: no such user \"no-such\"\n" },
	{ "user = no-such\n\xff", NULL, NULL, "t.conf:1: user: no such user \"no-such\"\nt.conf:2: invalid UTF-8; save the file as UTF-8\n" },
};

static const char *
single(const struct conf *conf, const char *name)
{
	if (strcmp(name, "mode") == 0)
		return conf->mode == CONF_MONITOR ? "monitor" : "enforce";
	return strcmp(name, "user") == 0 ? conf->user : conf->audit_redact_key;
}

/* Its values with their lines. */
static void
show(const struct conf *conf, const char *name, struct buf *shown)
{
	const struct setting *setting = settings_named(name);
	const struct conf_list *list = setting_of(conf, setting);
	size_t count = setting_is_list(setting) ? list->count : 1;

	buf_puts(shown, "");
	for (size_t i = 0; i < count; i++) {
		struct conf_place place = conf_origins_place(conf->origins, setting, i);
		buf_puts(shown, i == 0 ? "" : " ");
		if (place.line == 0)
			buf_puts(shown, "-");
		else
			buf_printf(shown, "%u", place.line);
		buf_printf(shown, ":%s", setting_is_list(setting) ? list->items[i] :
		    single(conf, name));
	}
}

/* A text without its line ends, for the name of a test. */
static const char *
name_of(const struct row *row)
{
	static char name[128];

	(void)snprintf(name, sizeof(name), "%s%s%s", row->text, row->override == NULL ? "" : " -o ",
	    row->override == NULL ? "" : row->override);
	for (size_t i = 0; name[i] != '\0'; i++)
		if (name[i] < ' ' || name[i] > '~' || name[i] == '#')
			name[i] = '.';
	return name;
}

static void
test_row(const struct row *row)
{
	char *errors;
	struct buf shown;

	buf_init(&shown);
	write_text(FILE_NAME, row->text);
	struct conf *conf = read_conf(FILE_NAME, row->override, &errors);
	tap_is_str(errors, row->setting == NULL ? row->want : NULL, "%s: %s",
	    row->setting == NULL ? "refused" : "taken", name_of(row));
	if (conf != NULL && row->setting != NULL) {
		show(conf, row->setting, &shown);
		tap_is_str(shown.data, row->want, "  is %s", row->setting);
	}
	buf_clear(&shown);
	free(errors);
	conf_unref(conf);
}

/* A text and a name of a variable longer than any buffer that a reader may have. */
static void
test_long(void)
{
	enum { LONG = 100000 };
	static char path[LONG + 2], name[400];
	struct buf text;
	char *errors;

	memset(path, 'a', LONG);
	path[0] = '/';
	memset(name, 'N', sizeof(name) - 1);
	buf_init(&text);
	buf_printf(&text, "audit { redact-key = \"%s\" }\n", path);
	write_text(FILE_NAME, text.data);
	struct conf *conf = read_conf(FILE_NAME, NULL, &errors);
	tap_is_str(conf == NULL ? NULL : conf->audit_redact_key, path, "a long text");
	free(errors);
	conf_unref(conf);
	buf_reset(&text);
	buf_printf(&text, "audit { redact-key = \"${%s:-/b}\" }\n", name);
	write_text(FILE_NAME, text.data);
	conf = read_conf(FILE_NAME, NULL, &errors);
	tap_ok(errors != NULL && strncmp(errors, "t.conf:1: \"${NNNN", 17) == 0 &&
	    strstr(errors, "NN...\": the name of a variable is longer than 255 bytes\n") != NULL, "a long name: %s",
	    errors);
	free(errors);
	conf_unref(conf);
	buf_clear(&text);
}

int
main(void)
{
	char folder[TAP_FOLDER_SIZE];

	tap_folder(folder);
	if (chdir(folder) == -1) {
		perror(folder);
		return 1;
	}
	(void)setenv("HOME", "/home", 1);
	(void)setenv("EMPTY", "", 1);
	(void)setenv("QUOTE", "/\"'\\n${HOME} # x", 1);
	(void)unsetenv("NONE");
	for (size_t i = 0; i < COUNT(rows); i++)
		test_row(&rows[i]);
	test_long();
	remove_folder(folder);
	return tap_done();
}
