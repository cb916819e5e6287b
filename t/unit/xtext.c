/* t/unit/xtext.c: what Sendmail's coding of names stands for */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "core/xtext.h"
#include "tap.h"

static const struct {
	const char	*text;
	const char	*decoded;	/* NULL: it is none */
} rows[] = {
	{ "", "" },
	{ "alice", "alice" },
	{ "alice@mx.example.com", "alice@mx.example.com" },
	{ "bob+2Bx", "bob+x" },
	{ "a+20b", "a b" },
	{ "p+28q+29", "p(q)" },
	{ "+3C+3E", "<>" },
	{ "+C3+A9", "\xc3\xa9" },
	{ "+FF+01", "\xff\x01" },
	{ "\xc3\xa9", "\xc3\xa9" },
	{ "/O=Some+20Clients/CN=one,+20x", "/O=Some Clients/CN=one, x" },
	{ "a+2B20b", "a+20b" },		/* coded twice, decoded once */
	{ "+", NULL },
	{ "bob+", NULL },
	{ "bob+2", NULL },
	{ "bob+x", NULL },
	{ "bob+2b", NULL },
	{ "a+20b+", NULL },
	{ "+2G", NULL },
	{ "++20", NULL },
	{ "+00", NULL },
	{ "alice+00bob", NULL },
};

int
main(void)
{
	char text[64];
	size_t i;
	int status;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(text, sizeof(text), "%s", rows[i].text);
		status = xtext_decode(text);
		tap_is_int(status, rows[i].decoded == NULL ? -1 : 0, "%s",
		    rows[i].text);
		tap_is_str(text, rows[i].decoded == NULL ? rows[i].text : rows[i].decoded,
		    "what is there then");
	}
	return tap_done();
}
