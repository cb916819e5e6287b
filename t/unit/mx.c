/* t/unit/mx.c: how this server stands in a domain's MX set, over answers of DNS */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/mx.h"
#include "tap.h"

#define ASKED_SIZE	2048

/*
 * A zone has an answer a line: "NAME TYPE WORD...". A word of MX is PREFERENCE:HOST ("." is
 * null, "!" not a host name), one of A and AAAA an address; NODATA, NXDOMAIN, FAIL (by
 * the server), FAIL-LATE (by none), CUT (more than a limit lets in). @N is the TTL, else
 * 300; ~ says that it is not authenticated.
 */
struct row {
	const char	*name;
	const char	*domain;
	const char	*zone;
	const char	*want;		/* how the text begins */
	const char	*asked;
	/* "" or NULL: not given */
	const char	*listed;	/* NULL: 198.51.100.25 */
	const char	*interfaces;
	const char	*names;
	const char	*networks;
	const char	*domains;
	int		 require_dnssec;
	int		 primary_only;
	uint32_t	 ttl;		/* 0: not looked at */
};

#define ELSEWHERE	"not: this server is not a mail exchanger, ad=1, "
#define A_MX		"a.test/MX"

static const struct row rows[] = {
	/* names that can have an MX record */
	{ .name = "one label", "localhost", "", "badname: not a name that can have an MX record", "" },
	{ .name = "an address", "192.0.2.1", "", "badname: ", "" },
	{ .name = "a number last", "a.1", "", "badname: ", "" },
	{ .name = "an empty label", "a..test", "", "badname: ", "" },
	{ .name = "a dot in front", ".a.test", "", "badname: ", "" },
	{ .name = "a dot at the end", "a.test.", "", "badname: ", "" },
	{ .name = "nothing", "", "", "badname: ", "" },
	{ .name = "a backslash", "mx\\.us.test", "", "badname: ", "" },
	{ .name = "a blank", "a b.test", "", "badname: ", "" },
	{ .name = "upper case, which is not canonical", "A.test", "", "badname: ", "" },
	{ .name = "a literal", "[198.51.100.25]", "", "badname: ", "" },
	{ .name = "a label of 64", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test", "",
	    "badname: ", "" },
	{ .name = "a label of 63", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test MX NXDOMAIN",
	    "not: no such domain, ad=1, 1 query, 100 us",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test/MX" },
	{ .name = "underscores and hyphens", "_a-b.test", "_a-b.test MX NXDOMAIN", "not: no such domain",
	    "_a-b.test/MX" },

	/* standing */
	{ .name = "the only one", "a.test", "a.test MX 10:mx.us.test\nmx.us.test A 198.51.100.25",
	    "primary 10 mx.us.test via 198.51.100.25, ad=1, 2 queries, 200 us", A_MX " mx.us.test/A" },
	{ .name = "a backup", "a.test", "a.test MX 20:mx.us.test 10:mx.other.test\nmx.us.test A 198.51.100.25\n"
	    "mx.other.test A 203.0.113.1",
	    "backup 20 mx.us.test via 198.51.100.25, best 10 mx.other.test, ad=1, 3 queries, 300 us",
	    A_MX " mx.other.test/A mx.us.test/A" },
	{ .name = "one of two best", "a.test", "a.test MX 10:b.other.test 10:mx.us.test\nb.other.test A 203.0.113.1\n"
	    "mx.us.test A 203.0.113.2 198.51.100.25", "primary 10 mx.us.test via 198.51.100.25",
	    A_MX " b.other.test/A mx.us.test/A" },
	{ .name = "the first match ends it", "a.test", "a.test MX 10:a.us.test 20:b.other.test\na.us.test A "
	    "198.51.100.25", "primary 10 a.us.test", A_MX " a.us.test/A" },
	{ .name = "somebody else's", "a.test", "a.test MX 10:mx.other.test\nmx.other.test A 203.0.113.1",
	    ELSEWHERE "2 queries, 200 us", A_MX " mx.other.test/A" },
	{ .name = "a host twice counts where it is better", "a.test",
	    "a.test MX 20:mx.us.test 10:mx.us.test\nmx.us.test A 198.51.100.25", "primary 10 mx.us.test",
	    A_MX " mx.us.test/A" },
	{ .name = "a host twice is asked once", "a.test",
	    "a.test MX 20:mx.other.test 10:mx.other.test\nmx.other.test A NODATA", ELSEWHERE,
	    A_MX " mx.other.test/A" },
	{ .name = "preference 65535", "a.test", "a.test MX 65535:mx.us.test 0:mx.other.test\n"
	    "mx.us.test A 198.51.100.25\nmx.other.test A 203.0.113.1",
	    "backup 65535 mx.us.test via 198.51.100.25, best 0 mx.other.test",
	    A_MX " mx.other.test/A mx.us.test/A" },
	{ .name = "its own host", "a.test", "a.test MX 10:a.test\na.test A 198.51.100.25",
	    "primary 10 a.test via 198.51.100.25, ad", A_MX " a.test/A" },
	{ .name = "a host without addresses", "a.test", "a.test MX 10:mx.other.test\nmx.other.test A NXDOMAIN",
	    ELSEWHERE, A_MX " mx.other.test/A" },

	/* the MX records */
	{ .name = "no such domain", "a.test", "a.test MX NXDOMAIN", "not: no such domain", A_MX },
	{ .name = "null MX", "a.test", "a.test MX 0:.", "not: null MX, ad=1", A_MX },
	{ .name = "null MX beside others", "a.test", "a.test MX 10:mx.us.test 0:.",
	    "not: null MX beside other MX records", A_MX },
	{ .name = "null MX does not hide behind a name of ours", "a.test", "a.test MX 10:mx.us.test 20:.",
	    "not: null MX beside", A_MX, .names = "mx.us.test" },
	{ .name = "too many", "a.test", "a.test MX CUT", "not: more than 100 MX records", A_MX },
	{ .name = "too many, with the first of them", "a.test", "a.test MX CUT 10:mx.us.test",
	    "not: more than 100 MX records", A_MX },
	{ .name = "records of something else", "a.test", "a.test MX", "tempfail: answer without MX records", A_MX },
	{ .name = "no answer", "a.test", "a.test MX FAIL", "tempfail: a.test MX: SERVFAIL (127.0.0.1:53), ad=0, 1 query",
	    A_MX },
	{ .name = "no answer from anybody", "a.test", "a.test MX FAIL-LATE", "tempfail: a.test MX: timeout, ad=0", A_MX },
	{ .name = "implicit", "a.test", "a.test MX NODATA\na.test A 198.51.100.25",
	    "primary 0 a.test without an MX record via 198.51.100.25, ad=1, 2 queries", A_MX " a.test/A" },
	{ .name = "implicit and somebody else's", "a.test", "a.test MX NODATA\na.test A 203.0.113.1", ELSEWHERE,
	    A_MX " a.test/A" },
	{ .name = "implicit by name", "a.test", "a.test MX NODATA", "primary 0 a.test without an MX record by name",
	    A_MX, .names = "a.test" },
	{ .name = "implicit and not known", "a.test", "a.test MX NODATA\na.test A FAIL", "tempfail: a.test A: SERVFAIL",
	    A_MX " a.test/A" },

	/* targets */
	{ .name = "not a host name is not asked for", "a.test", "a.test MX 10:!", ELSEWHERE "1 query", A_MX },
	{ .name = "what looks like an address is none", "a.test", "a.test MX 10:198.51.100.25", ELSEWHERE "1 query",
	    A_MX },
	{ .name = "one label is none", "a.test", "a.test MX 10:mx", ELSEWHERE "1 query", A_MX },
	{ .name = "not a host name is still better", "a.test", "a.test MX 5:! 10:mx.us.test\nmx.us.test A "
	    "198.51.100.25", "backup 10 mx.us.test via 198.51.100.25, best 5 (not a host name)",
	    A_MX " mx.us.test/A" },

	/* names first */
	{ .name = "by name", "a.test", "a.test MX 10:mx.us.test", "primary 10 mx.us.test by name, ad=1, 1 query", A_MX,
	    .names = "mx.us.test" },
	{ .name = "by name, no match of a part", "a.test", "a.test MX 10:x.mx.us.test\nx.mx.us.test A NODATA", ELSEWHERE,
	    A_MX " x.mx.us.test/A", .names = "mx.us.test" },
	{ .name = "by name without any address", "a.test", "a.test MX 10:mx.other.test 20:mx.us.test",
	    "backup 20 mx.us.test by name, best 10 mx.other.test", A_MX, .listed = "", .names = "mx.us.test" },
	{ .name = "a backup by name, where no better one is us by address", "a.test",
	    "a.test MX 10:mx.other.test 20:c.test 30:mx.us.test\nmx.other.test A 203.0.113.1",
	    "backup 30 mx.us.test by name, best 10 mx.other.test", A_MX " mx.other.test/A", .names = "mx.us.test" },
	{ .name = "a better one is us by address", "a.test",
	    "a.test MX 10:mx.alias.test 30:mx.us.test\nmx.alias.test A 198.51.100.25",
	    "primary 10 mx.alias.test via 198.51.100.25", A_MX " mx.alias.test/A", .names = "mx.us.test" },

	/* families */
	{ .name = "IPv6 alone", "a.test", "a.test MX 10:mx.us.test\nmx.us.test AAAA 2001:db8::25",
	    "primary 10 mx.us.test via 2001:db8::25", A_MX " mx.us.test/AAAA", .listed = "2001:db8::25" },
	{ .name = "both at once", "a.test", "a.test MX 10:mx.us.test\nmx.us.test A 203.0.113.1\n"
	    "mx.us.test AAAA 2001:db8::25", "primary 10 mx.us.test via 2001:db8::25, ad=1, 3 queries, 200 us",
	    A_MX " mx.us.test/A+AAAA", .listed = "198.51.100.25 2001:db8::25" },
	{ .name = "of interfaces", "a.test", "a.test MX 10:mx.us.test\nmx.us.test A 198.51.100.99\nmx.us.test AAAA NODATA",
	    "primary 10 mx.us.test via 198.51.100.99", A_MX " mx.us.test/A+AAAA", .listed = "2001:db8::25",
	    .interfaces = "198.51.100.99" },
	{ .name = "without any of our own nobody is asked", "a.test", "a.test MX 10:mx.us.test", ELSEWHERE "1 query",
	    A_MX, .listed = "" },

	/* addresses that never count */
	{ .name = "loopback", "a.test", "a.test MX 10:mx.us.test\nmx.us.test A 127.0.0.1", ELSEWHERE,
	    A_MX " mx.us.test/A", .listed = "127.0.0.1" },
	{ .name = "unspecified", "a.test", "a.test MX 10:mx.us.test\nmx.us.test A 0.0.0.0", ELSEWHERE,
	    A_MX " mx.us.test/A", .listed = "0.0.0.0" },
	{ .name = "link-local", "a.test", "a.test MX 10:mx.us.test\nmx.us.test A 169.254.1.1", ELSEWHERE,
	    A_MX " mx.us.test/A", .listed = "169.254.1.1" },
	{ .name = "multicast", "a.test", "a.test MX 10:mx.us.test\nmx.us.test A 224.0.0.1", ELSEWHERE,
	    A_MX " mx.us.test/A", .listed = "224.0.0.1" },
	{ .name = "loopback v6", "a.test", "a.test MX 10:mx.us.test\nmx.us.test AAAA ::1", ELSEWHERE,
	    A_MX " mx.us.test/AAAA", .listed = "::1" },
	{ .name = "unspecified v6", "a.test", "a.test MX 10:mx.us.test\nmx.us.test AAAA ::", ELSEWHERE,
	    A_MX " mx.us.test/AAAA", .listed = "::" },
	{ .name = "link-local v6", "a.test", "a.test MX 10:mx.us.test\nmx.us.test AAAA fe80::1", ELSEWHERE,
	    A_MX " mx.us.test/AAAA", .listed = "fe80::1" },
	{ .name = "multicast v6", "a.test", "a.test MX 10:mx.us.test\nmx.us.test AAAA ff02::1", ELSEWHERE,
	    A_MX " mx.us.test/AAAA", .listed = "ff02::1" },
	{ .name = "v4-compatible", "a.test", "a.test MX 10:mx.us.test\nmx.us.test AAAA ::198.51.100.25", ELSEWHERE,
	    A_MX " mx.us.test/AAAA", .listed = "::198.51.100.25" },
	{ .name = "v4-mapped", "a.test", "a.test MX 10:mx.us.test\nmx.us.test A NODATA\n"
	    "mx.us.test AAAA ::ffff:198.51.100.25", ELSEWHERE, A_MX " mx.us.test/A+AAAA",
	    .listed = "198.51.100.25 2001:db8::25" },
	{ .name = "private, listed", "a.test", "a.test MX 10:mx.us.test\nmx.us.test A 10.0.0.1",
	    "primary 10 mx.us.test via 10.0.0.1", A_MX " mx.us.test/A", .listed = "10.0.0.1" },
	{ .name = "private, of an interface", "a.test", "a.test MX 10:mx.us.test\nmx.us.test A 10.0.0.1", ELSEWHERE,
	    A_MX " mx.us.test/A", .interfaces = "10.0.0.1" },
	{ .name = "private v6, of an interface", "a.test", "a.test MX 10:mx.us.test\nmx.us.test AAAA fc00::1", ELSEWHERE,
	    A_MX " mx.us.test/AAAA", .listed = "", .interfaces = "fc00::1" },

	/* what cannot be looked up */
	{ .name = "nobody matched and one is not known", "a.test",
	    "a.test MX 10:x.test 20:y.test\nx.test A FAIL\ny.test A 203.0.113.1",
	    "tempfail: x.test A: SERVFAIL (127.0.0.1:53), ad=1, 3 queries", A_MX " x.test/A y.test/A" },
	{ .name = "a backup, whatever the best one is", "a.test",
	    "a.test MX 10:x.test 20:mx.us.test\nx.test A FAIL\nmx.us.test A 198.51.100.25",
	    "backup 20 mx.us.test via 198.51.100.25, best 10 x.test", A_MX " x.test/A mx.us.test/A" },
	{ .name = "but it may be us, where only a primary will do", "a.test",
	    "a.test MX 10:x.test 20:mx.us.test\nx.test A FAIL\nmx.us.test A 198.51.100.25",
	    "tempfail: x.test A: SERVFAIL", A_MX " x.test/A mx.us.test/A", .primary_only = 1 },
	{ .name = "another best one is us", "a.test",
	    "a.test MX 10:x.test 10:y.test\nx.test A FAIL\ny.test A 198.51.100.25", "primary 10 y.test",
	    A_MX " x.test/A y.test/A", .primary_only = 1 },
	{ .name = "one family is not known", "a.test", "a.test MX 10:x.test\nx.test A 203.0.113.1\nx.test AAAA FAIL",
	    "tempfail: x.test AAAA: SERVFAIL", A_MX " x.test/A+AAAA", .listed = "198.51.100.25 2001:db8::25" },
	{ .name = "the other one is ours", "a.test", "a.test MX 10:x.test\nx.test A 198.51.100.25\nx.test AAAA FAIL",
	    "primary 10 x.test via 198.51.100.25", A_MX " x.test/A+AAAA",
	    .listed = "198.51.100.25 2001:db8::25" },
	{ .name = "more addresses than are looked at", "a.test", "a.test MX 10:x.test\nx.test A CUT 203.0.113.1",
	    "not: this server is not a mail exchanger within the limits", A_MX " x.test/A" },
	{ .name = "among those that are", "a.test", "a.test MX 10:x.test\nx.test A CUT 203.0.113.1 198.51.100.25",
	    "primary 10 x.test", A_MX " x.test/A" },
	{ .name = "aliases without an end", "a.test", "a.test MX 10:x.test\nx.test A CUT",
	    "not: this server is not a mail exchanger within the limits", A_MX " x.test/A" },

	/* at most ten hosts */
	{ .name = "the tenth is us", "a.test", "a.test MX 1:h1.test 2:h2.test 3:h3.test 4:h4.test 5:h5.test 6:h6.test "
	    "7:h7.test 8:h8.test 9:h9.test 10:h10.test 11:h11.test\nh1.test A NODATA\nh2.test A NODATA\n"
	    "h3.test A NODATA\nh4.test A NODATA\nh5.test A NODATA\nh6.test A NODATA\nh7.test A NODATA\n"
	    "h8.test A NODATA\nh9.test A NODATA\nh10.test A 198.51.100.25",
	    "backup 10 h10.test via 198.51.100.25, best 1 h1.test, ad=1, 11 queries",
	    A_MX " h1.test/A h2.test/A h3.test/A h4.test/A h5.test/A h6.test/A h7.test/A h8.test/A h9.test/A "
	    "h10.test/A" },
	{ .name = "the eleventh is not asked for", "a.test", "a.test MX 1:h1.test 2:h2.test 3:h3.test 4:h4.test 5:h5.test "
	    "6:h6.test 7:h7.test 8:h8.test 9:h9.test 10:h10.test 11:h11.test\nh1.test A NODATA\n"
	    "h2.test A NODATA\nh3.test A NODATA\nh4.test A NODATA\nh5.test A NODATA\nh6.test A NODATA\n"
	    "h7.test A NODATA\nh8.test A NODATA\nh9.test A NODATA\nh10.test A NODATA\nh11.test A 198.51.100.25",
	    "not: this server is not a mail exchanger within the limits, ad=1, 11 queries",
	    A_MX " h1.test/A h2.test/A h3.test/A h4.test/A h5.test/A h6.test/A h7.test/A h8.test/A h9.test/A "
	    "h10.test/A" },
	{ .name = "the eleventh by its name", "a.test", "a.test MX 1:! 2:h2.test 3:h3.test 4:h4.test 5:h5.test 6:h6.test "
	    "7:h7.test 8:h8.test 9:h9.test 10:h10.test 11:h11.test", "backup 11 h11.test by name, best 1 (not a host name)",
	    A_MX, .names = "h11.test" },

	/* mx.networks */
	{ .name = "the best inside", "a.test", "a.test MX 10:x.test 20:mx.us.test\nx.test A 203.0.113.1\n"
	    "mx.us.test A 198.51.100.25\nx.test AAAA NODATA",
	    "backup 20 mx.us.test via 198.51.100.25, best 10 x.test, ad=1, 4 queries",
	    A_MX " x.test/A mx.us.test/A x.test/AAAA", .networks = "203.0.113.0/24" },
	{ .name = "the best outside", "a.test", "a.test MX 10:x.test 20:mx.us.test\nx.test A 192.0.2.1",
	    "not: best 10 x.test has 192.0.2.1, outside mx.networks, ad=1, 2 queries", A_MX " x.test/A",
	    .networks = "203.0.113.0/24" },
	{ .name = "one address of the best outside", "a.test", "a.test MX 10:x.test 20:mx.us.test\n"
	    "x.test A 203.0.113.1 192.0.2.1", "not: best 10 x.test has 192.0.2.1, outside", A_MX " x.test/A",
	    .networks = "203.0.113.0/24" },
	{ .name = "outside in the family that we do not have", "a.test", "a.test MX 10:x.test 20:mx.us.test\n"
	    "x.test A 203.0.113.1\nmx.us.test A 198.51.100.25\nx.test AAAA 2001:db8::1",
	    "not: best 10 x.test has 2001:db8::1, outside mx.networks",
	    A_MX " x.test/A mx.us.test/A x.test/AAAA", .networks = "203.0.113.0/24" },
	{ .name = "one of two best outside", "a.test", "a.test MX 10:x.test 10:y.test 20:mx.us.test\n"
	    "x.test A 203.0.113.1\ny.test A 192.0.2.1", "not: best 10 y.test has 192.0.2.1",
	    A_MX " x.test/A y.test/A", .networks = "203.0.113.0/24" },
	{ .name = "a better one that is not the best may be outside", "a.test",
	    "a.test MX 10:x.test 15:y.test 20:mx.us.test\nx.test A 203.0.113.1\nx.test AAAA NODATA\n"
	    "y.test A 192.0.2.1\nmx.us.test A 198.51.100.25", "backup 20 mx.us.test",
	    A_MX " x.test/A y.test/A mx.us.test/A x.test/AAAA", .networks = "203.0.113.0/24" },
	{ .name = "the best not known", "a.test", "a.test MX 10:x.test 20:mx.us.test\nx.test A FAIL\nx.test AAAA NODATA\n"
	    "mx.us.test A 198.51.100.25", "tempfail: x.test A: SERVFAIL",
	    A_MX " x.test/A mx.us.test/A x.test/AAAA", .networks = "203.0.113.0/24" },
	{ .name = "the best not known in the other family", "a.test", "a.test MX 10:x.test 20:mx.us.test\n"
	    "x.test A 203.0.113.1\nx.test AAAA FAIL\nmx.us.test A 198.51.100.25", "tempfail: x.test AAAA: SERVFAIL",
	    A_MX " x.test/A mx.us.test/A x.test/AAAA", .networks = "203.0.113.0/24" },
	{ .name = "the best without an address", "a.test", "a.test MX 10:x.test 20:mx.us.test\nx.test A NXDOMAIN\n"
	    "x.test AAAA NXDOMAIN\nmx.us.test A 198.51.100.25", "not: best 10 x.test has no address",
	    A_MX " x.test/A mx.us.test/A x.test/AAAA", .networks = "203.0.113.0/24" },
	{ .name = "the best not a host name", "a.test", "a.test MX 10:! 20:mx.us.test\nmx.us.test A 198.51.100.25",
	    "not: best 10 (not a host name) cannot be in mx.networks", A_MX, .networks = "203.0.113.0/24" },
	{ .name = "the best with too many addresses", "a.test", "a.test MX 10:x.test 20:mx.us.test\n"
	    "x.test A CUT 203.0.113.1", "not: best 10 x.test has too many addresses", A_MX " x.test/A",
	    .networks = "203.0.113.0/24" },
	{ .name = "the best v4-mapped", "a.test", "a.test MX 10:x.test 20:mx.us.test\nx.test A NODATA\n"
	    "x.test AAAA ::ffff:203.0.113.1\nmx.us.test A 198.51.100.25", "not: best 10 x.test has 203.0.113.1",
	    A_MX " x.test/A mx.us.test/A x.test/AAAA", .networks = "203.0.113.0/24" },
	{ .name = "loopback is inside of nothing", "a.test", "a.test MX 10:x.test 20:mx.us.test\nx.test A 127.0.0.1",
	    "not: best 10 x.test has 127.0.0.1", A_MX " x.test/A", .networks = "127.0.0.0/8" },
	{ .name = "private ones are, where they are listed", "a.test", "a.test MX 10:x.test 20:mx.us.test\n"
	    "x.test A 10.0.0.1\nx.test AAAA NODATA\nmx.us.test A 198.51.100.25", "backup 20 mx.us.test",
	    A_MX " x.test/A mx.us.test/A x.test/AAAA", .networks = "10.0.0.0/8" },
	{ .name = "by name", "a.test", "a.test MX 10:x.test 20:mx.us.test\nx.test A 203.0.113.1\nx.test AAAA NODATA",
	    "backup 20 mx.us.test by name, best 10 x.test", A_MX " x.test/A+AAAA", .names = "mx.us.test",
	    .networks = "203.0.113.0/24" },
	{ .name = "no match", "a.test", "a.test MX 10:x.test\nx.test A 203.0.113.1", ELSEWHERE, A_MX " x.test/A",
	    .networks = "203.0.113.0/24" },
	{ .name = "pointed at us by anybody", "a.test", "a.test MX 10:mx.us.test\nmx.us.test A 198.51.100.25",
	    "not: best 10 mx.us.test has 198.51.100.25, outside", A_MX " mx.us.test/A",
	    .networks = "203.0.113.0/24" },
	{ .name = "a primary inside", "a.test", "a.test MX 10:mx.us.test\nmx.us.test A 198.51.100.25\n"
	    "mx.us.test AAAA NODATA", "primary 10 mx.us.test via 198.51.100.25", A_MX " mx.us.test/A mx.us.test/AAAA",
	    .networks = "198.51.100.0/24" },
	{ .name = "a list that is empty has nobody inside", "a.test", "a.test MX 10:x.test 20:mx.us.test\n"
	    "x.test A 203.0.113.1", "not: best 10 x.test has 203.0.113.1, outside", A_MX " x.test/A",
	    .networks = " " },

	/* mx.domains */
	{ .name = "a domain that is listed", "a.test", "a.test MX 10:mx.us.test\nmx.us.test A 198.51.100.25",
	    "primary 10 mx.us.test", A_MX " mx.us.test/A", .domains = "b.test a.test" },
	{ .name = "below one that is", "x.a.test", "x.a.test MX NXDOMAIN", "not: no such domain", "x.a.test/MX",
	    .domains = ".a.test" },
	{ .name = "another domain", "c.test", "", "not: not in mx.domains", "", .domains = "b.test a.test" },
	{ .name = "a list that is empty has none", "c.test", "", "not: not in mx.domains", "", .domains = " " },

	/* DNSSEC */
	{ .name = "not authenticated", "a.test", "a.test MX ~ 10:mx.us.test\nmx.us.test A 198.51.100.25",
	    "primary 10 mx.us.test via 198.51.100.25, ad=0, 2 queries", A_MX " mx.us.test/A" },
	{ .name = "the last answer not authenticated", "a.test", "a.test MX 10:mx.us.test\nmx.us.test A ~ 198.51.100.25",
	    "primary 10 mx.us.test via 198.51.100.25, ad=0", A_MX " mx.us.test/A" },
	{ .name = "required and there", "a.test", "a.test MX 10:mx.us.test\nmx.us.test A 198.51.100.25",
	    "primary 10 mx.us.test via 198.51.100.25, ad=1", A_MX " mx.us.test/A", .require_dnssec = 1 },
	{ .name = "required of the MX records", "a.test", "a.test MX ~ 10:mx.us.test",
	    "not: a.test MX is not authenticated by DNSSEC, ad=0, 1 query", A_MX, .require_dnssec = 1 },
	{ .name = "required of the address", "a.test", "a.test MX 10:mx.us.test\nmx.us.test A ~ 198.51.100.25",
	    "not: mx.us.test A is not authenticated by DNSSEC, ad=0", A_MX " mx.us.test/A", .require_dnssec = 1 },
	{ .name = "required of every reply that is used", "a.test", "a.test MX 10:x.test 20:mx.us.test\n"
	    "x.test A ~ 203.0.113.1", "not: x.test A is not authenticated", A_MX " x.test/A", .require_dnssec = 1 },
	{ .name = "required of what is not there", "a.test", "a.test MX ~ NODATA\na.test A 198.51.100.25",
	    "not: a.test MX is not authenticated", A_MX, .require_dnssec = 1 },
	{ .name = "a failure is none", "a.test", "a.test MX ~ FAIL", "tempfail: a.test MX: SERVFAIL", A_MX,
	    .require_dnssec = 1 },

	/* TTL */
	{ .name = "the least", "a.test", "a.test MX @100 10:mx.us.test\nmx.us.test A @70 198.51.100.25", "primary", NULL,
	    .ttl = 70 },
	{ .name = "the least, the other way round", "a.test", "a.test MX @70 10:mx.us.test\nmx.us.test A @100 "
	    "198.51.100.25", "primary", NULL, .ttl = 70 },
	{ .name = "of what is not there, too", "a.test", "a.test MX @70 NXDOMAIN", "not", NULL, .ttl = 70 },
	{ .name = "of what a failure leaves open", "a.test", "a.test MX 10:x.test 20:mx.us.test\nx.test A FAIL\n"
	    "mx.us.test A 198.51.100.25", "backup", NULL, .ttl = 60 },
	{ .name = "of what a failure leaves open, if it is less", "a.test", "a.test MX @20 10:x.test 20:mx.us.test\n"
	    "x.test A FAIL\nmx.us.test A 198.51.100.25", "backup", NULL, .ttl = 20 },
	{ .name = "of what it does not", "a.test", "a.test MX 10:x.test 10:y.test\nx.test A FAIL\n"
	    "y.test A @50 198.51.100.25", "primary", NULL, .ttl = 50 },
	{ .name = "of whoever was looked at", "a.test", "a.test MX 10:x.test 20:mx.us.test\nx.test A @33 203.0.113.1\n"
	    "mx.us.test A 198.51.100.25", "backup", NULL, .ttl = 33 },
};

struct run {
	struct rrset	 rrsets[2];
	char		 asked[ASKED_SIZE];
	const char	*zone;
};

static void
take_word(struct rrset *rrset, const char *word)
{
	struct rrset_mx *mx = NULL;
	char *colon;

	if (*word == '@')
		rrset->ttl = (uint32_t)strtoul(word + 1, NULL, 10);
	else if (*word == '~')
		rrset->is_secure = 0;
	else if (strcmp(word, "NODATA") == 0)
		rrset->status = RRSET_NODATA;
	else if (strcmp(word, "NXDOMAIN") == 0)
		rrset->status = RRSET_NXDOMAIN;
	else if (strcmp(word, "CUT") == 0)
		rrset->is_cut = 1;
	else if (strcmp(word, "FAIL") == 0) {
		rrset->status = RRSET_FAILURE;
		rrset->why = "SERVFAIL";
		(void)strcpy(rrset->server, "127.0.0.1:53");
	} else if (strcmp(word, "FAIL-LATE") == 0) {
		rrset->status = RRSET_FAILURE;
		rrset->why = "timeout";
	} else if (rrset->type == RRSET_MX) {
		rrset->mx = realloc(rrset->mx, (rrset->count + 1) * sizeof(*rrset->mx));
		mx = memset(&rrset->mx[rrset->count++], 0, sizeof(*mx));
		mx->preference = (unsigned)strtoul(word, &colon, 10);
		mx->is_null = strcmp(colon, ":.") == 0;
		mx->is_host = !mx->is_null && strcmp(colon, ":!") != 0;
		if (mx->is_host)
			(void)snprintf(mx->host, sizeof(mx->host), "%s", colon + 1);
	} else {
		rrset->addrs = realloc(rrset->addrs, (rrset->count + 1) * sizeof(*rrset->addrs));
		if (netaddr_parse(word, strlen(word), &rrset->addrs[rrset->count++]) == -1)
			tap_ok(0, "no address: %s", word);
	}
}

/* What the zone says; nothing is a failure that no row wants. */
static void
answer(const char *zone, const char *name, enum rrset_type type, struct rrset *rrset)
{
	char key[512], *copy = strdup(zone), *line, *word, *lines, *words;
	size_t len;

	memset(rrset, 0, sizeof(*rrset));
	rrset->type = type;
	rrset->status = RRSET_FAILURE;
	rrset->why = "not in the zone";
	rrset->queries = 1;
	rrset->elapsed_us = type == RRSET_AAAA ? 50 : 100;
	len = (size_t)snprintf(key, sizeof(key), "%s %s", name, mx_type_name(type));
	for (line = strtok_r(copy, "\n", &lines); line != NULL; line = strtok_r(NULL, "\n", &lines)) {
		if (strncmp(line, key, len) != 0 || (line[len] != ' ' && line[len] != '\0'))
			continue;
		rrset->status = RRSET_FOUND;
		rrset->is_secure = 1;
		rrset->ttl = 300;
		for (word = strtok_r(line + len, " ", &words); word != NULL; word = strtok_r(NULL, " ", &words))
			take_word(rrset, word);
	}
	free(copy);
}

static void
ask(struct run *run, const struct mx_question *question)
{
	size_t used = strlen(run->asked);

	for (size_t i = 0; i < 2; i++)
		rrset_clear(&run->rrsets[i]);
	used += (size_t)snprintf(run->asked + used, sizeof(run->asked) - used, "%s%s", used == 0 ? "" : " ",
	    question->name);
	for (size_t i = 0; i < question->count; i++) {
		used += (size_t)snprintf(run->asked + used, sizeof(run->asked) - used, "%c%s",
		    i == 0 ? '/' : '+', mx_type_name(question->types[i]));
		answer(run->zone, question->name, question->types[i], &run->rrsets[i]);
	}
}

/* Returns the number of questions. */
static int
inquire(const struct mx_rules *rules, const char *domain, struct run *run, struct mx_verdict *verdict)
{
	const struct rrset *answers = NULL;
	struct mx_question question;
	struct mx *mx;
	int count = 0;

	memset(verdict, 0, sizeof(*verdict));
	if (mx_is_plain(rules, domain, verdict))
		return 0;
	mx = mx_begin(rules, domain);
	for (; mx_next(mx, answers, &question, verdict); count++) {
		ask(run, &question);
		answers = run->rrsets;
	}
	for (size_t i = 0; i < 2; i++)
		rrset_clear(&run->rrsets[i]);
	mx_end(mx);
	return count;
}

static struct netset *
networks_of(const char *text)
{
	struct netset *set;
	struct netset_network network;
	char *copy, *word, *words;

	if (text == NULL || *text == '\0')
		return NULL;
	set = netset_new();
	copy = strdup(text);
	for (word = strtok_r(copy, " ", &words); word != NULL; word = strtok_r(NULL, " ", &words))
		if (netset_parse(word, strlen(word), &network) != NULL || netset_add(set, &network) == -1)
			tap_ok(0, "no network: %s", word);
	(void)netset_seal(set);
	free(copy);
	return set;
}

static struct domset *
domains_of(const char *text)
{
	struct domset *set;
	char *copy, *word, *words;

	if (text == NULL || *text == '\0')
		return NULL;
	set = domset_new();
	copy = strdup(text);
	for (word = strtok_r(copy, " ", &words); word != NULL; word = strtok_r(NULL, " ", &words))
		(void)domset_add(set, word, strlen(word));
	(void)domset_seal(set);
	free(copy);
	return set;
}

static enum policy_mx
standing_of(const char *text)
{
	static const enum policy_mx all[] = { POLICY_MX_NOT, POLICY_MX_PRIMARY, POLICY_MX_BACKUP,
	    POLICY_MX_TEMPFAIL, POLICY_MX_BADNAME };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const char *name = mx_standing_name(all[i]);
		if (strncmp(text, name, strlen(name)) == 0)
			return all[i];
	}
	return POLICY_MX_UNASKED;
}

static void
test_row(const struct row *row)
{
	struct netset *listed = networks_of(row->listed == NULL ? "198.51.100.25" : row->listed);
	struct netset *interfaces = networks_of(row->interfaces), *networks = networks_of(row->networks);
	struct domset *names = domains_of(row->names), *domains = domains_of(row->domains);
	const struct mx_rules rules = { .listed = listed, .interfaces = interfaces, .names = names,
	    .networks = networks, .domains = domains, .require_dnssec = row->require_dnssec,
	    .primary_only = row->primary_only };
	struct run run = { .zone = row->zone };
	struct mx_verdict verdict;

	(void)inquire(&rules, row->domain, &run, &verdict);
	tap_ok(strncmp(verdict.text, row->want, strlen(row->want)) == 0, "%s: %s", row->name, verdict.text);
	tap_is_int(verdict.standing, standing_of(verdict.text), "%s: so it is", row->name);
	if (row->asked != NULL)
		tap_is_str(run.asked, row->asked, "%s: what was asked", row->name);
	if (row->ttl != 0)
		tap_is_int(verdict.ttl, row->ttl, "%s: TTL", row->name);
	if (verdict.standing == POLICY_MX_TEMPFAIL)
		tap_is_int(verdict.ttl, 0, "%s: no TTL", row->name);
	netset_free(listed);
	netset_free(interfaces);
	netset_free(networks);
	domset_free(names);
	domset_free(domains);
}

/* A zone of the longest names, in which nothing is left out of the text. */
static void
test_longest(void)
{
	char label[64], name[300], domain[300], zone[2000];
	struct netset *listed = networks_of("198.51.100.25");
	const struct mx_rules rules = { .listed = listed };
	struct run run = { .zone = zone };
	struct mx_verdict verdict;

	memset(label, 'a', 63);
	label[63] = '\0';
	(void)snprintf(domain, sizeof(domain), "%s.%s.%s.%.61s", label, label, label, label);
	tap_is_int((long long)strlen(domain), 253, "the longest name");
	(void)snprintf(name, sizeof(name), "b%s", domain + 1);
	(void)snprintf(zone, sizeof(zone), "%s MX 65535:%s 65534:%s\n%s A NODATA\n%s A 198.51.100.25", domain,
	    name, domain, domain, name);
	(void)inquire(&rules, domain, &run, &verdict);
	tap_is_int(verdict.standing, POLICY_MX_BACKUP, "a backup");
	tap_ok(strstr(verdict.text, name) != NULL && strstr(verdict.text, domain) != NULL &&
	    strcmp(verdict.text + strlen(verdict.text) - 3, " us") == 0, "with all of its text");
	(void)snprintf(zone, sizeof(zone), "%s MX 1:%s\n%s A FAIL", domain, name, name);
	(void)inquire(&rules, domain, &run, &verdict);
	tap_ok(strstr(verdict.text, "A: SERVFAIL (127.0.0.1:53), ad=1, ") != NULL, "of a failure, too");
	(void)snprintf(domain + 253, sizeof(domain) - 253, "a");
	tap_is_int(mx_is_plain(&rules, domain, &verdict), 1, "one byte more is no name");
	netset_free(listed);
}

/* 100 MX records, all outside of the limits but for ten. */
static void
test_many(void)
{
	char zone[8000] = "a.test MX";
	struct netset *listed = networks_of("198.51.100.25 2001:db8::25");
	struct netset *networks = networks_of("203.0.113.0/24");
	struct mx_rules rules = { .listed = listed };
	struct run run = { .zone = zone };
	struct mx_verdict verdict;

	for (int i = 0; i < MX_RECORDS_MAX; i++)
		(void)snprintf(zone + strlen(zone), sizeof(zone) - strlen(zone), " 10:h%d.test", i);
	tap_is_int(inquire(&rules, "a.test", &run, &verdict), 1 + MX_HOSTS_MAX, "questions about 100 hosts");
	tap_is_int(verdict.standing, POLICY_MX_TEMPFAIL, "none of which is known");
	rules.networks = networks;
	run.asked[0] = '\0';
	tap_is_int(inquire(&rules, "a.test", &run, &verdict), 1 + MX_HOSTS_MAX, "with mx.networks, too");
	tap_is_int(verdict.standing, POLICY_MX_NOT, "where one too many is outside");
	(void)snprintf(zone + strlen(zone), sizeof(zone) - strlen(zone), " 10:one.more.test");
	tap_is_int(inquire(&rules, "a.test", &run, &verdict), 1, "one more is too many");
	tap_is_int(verdict.standing, POLICY_MX_NOT, "and not ours");
	netset_free(listed);
	netset_free(networks);
}

/* Below which name one hand makes names. */
static const struct {
	const char	*domains;	/* "": no mx.domains */
	const char	*domain;
	const char	*group;
	int		 is_listed;
} groups[] = {
	{ "", "a.test", "a.test", 0 },
	{ "", "b.a.test", "a.test", 0 },
	{ "", "c.b.a.test", "a.test", 0 },
	{ "", "customer.co.uk", "co.uk", 0 },
	{ "a.test", "a.test", "a.test", 1 },
	{ "b.a.test", "b.a.test", "b.a.test", 1 },
	{ ".a.test b.a.test", "b.a.test", "b.a.test", 1 },
	{ ".a.test", "c.b.a.test", "a.test", 0 },
	{ ".b.a.test", "d.c.b.a.test", "b.a.test", 0 },
	{ ".test", "c.b.a.test", "a.test", 0 },
	{ ".customer.co.uk", "mail.customer.co.uk", "customer.co.uk", 0 },
};

static void
test_groups(void)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		struct domset *domains = domains_of(groups[i].domains);
		const struct mx_rules rules = { .domains = domains };
		int is_listed = -1;
		tap_is_str(mx_group(&rules, groups[i].domain, &is_listed), groups[i].group, "the group of %s",
		    groups[i].domain);
		tap_is_int(is_listed, groups[i].is_listed, "listed or not with mx.domains %s", groups[i].domains);
		domset_free(domains);
	}
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_row(&rows[i]);
	test_longest();
	test_many();
	test_groups();
	tap_is_str(mx_standing_name(POLICY_MX_UNASKED), "unasked", "a standing that is none");
	mx_end(NULL);
	return tap_done();
}
