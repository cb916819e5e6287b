/* t/unit/netaddr.c: addresses and networks, read and written */
/* SPDX-License-Identifier: ISC */

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "core/netset.h"
#include "tap.h"

struct row {
	const char	*name;
	const char	*text;
	const char	*want;	/* as it is written back; NULL: no address */
};

static const struct row rows[] = {
	{ "IPv4", "192.0.2.1", "192.0.2.1" },
	{ "IPv4, all zero", "0.0.0.0", "0.0.0.0" },
	{ "IPv4, all ones", "255.255.255.255", "255.255.255.255" },
	{ "IPv6", "2001:db8::1", "2001:db8::1" },
	{ "IPv6, unspecified", "::", "::" },
	{ "IPv6, loopback", "::1", "::1" },
	{ "IPv6, link-local", "fe80::1", "fe80::1" },
	{ "IPv6, zeros at the end", "2001:db8::", "2001:db8::" },
	{ "IPv6, all ones", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "capitals become small", "2001:DB8::ABCD", "2001:db8::abcd" },
	{ "leading zeros go", "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1" },
	{ "one group of zero stays", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
	{ "the longest run is cut", "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
	{ "of equal runs the first is cut", "2001:db8:0:0:1:0:0:1",
	    "2001:db8::1:0:0:1" },
	{ "IPv4 inside IPv6", "64:ff9b::192.0.2.1", "64:ff9b::c000:201" },
	{ "v4-mapped is IPv4", "::ffff:192.0.2.1", "192.0.2.1" },
	{ "v4-mapped in hexadecimal is IPv4", "0:0:0:0:0:FFFF:C000:0201", "192.0.2.1" },
	{ "v4-mapped zero is IPv4", "::ffff:0:0", "0.0.0.0" },
	{ "almost v4-mapped is IPv6", "::fffe:c000:201", "::fffe:c000:201" },
	{ "mapped one group too early is IPv6", "::ffff:0:c000:201",
	    "::ffff:0:c000:201" },
	{ "empty", "", NULL },
	{ "three numbers", "192.0.2", NULL },
	{ "five numbers", "192.0.2.1.1", NULL },
	{ "an empty number", "192..2.1", NULL },
	{ "a dot at the end", "192.0.2.1.", NULL },
	{ "one number", "3221225985", NULL },
	{ "two numbers", "127.1", NULL },
	{ "a number over 255", "192.0.2.256", NULL },
	{ "a leading zero", "010.0.0.1", NULL },
	{ "two zeros", "10.00.0.1", NULL },
	{ "hexadecimal", "0x7f.0.0.1", NULL },
	{ "a sign", "+1.0.0.1", NULL },
	{ "a blank in front", " 192.0.2.1", NULL },
	{ "a blank behind", "192.0.2.1 ", NULL },
	{ "a line end behind", "192.0.2.1\n", NULL },
	{ "full-width digits", "\xef\xbc\x91.0.0.1", NULL },
	{ "IPv4 with a prefix length", "192.0.2.1/32", NULL },
	{ "IPv4 in brackets", "[192.0.2.1]", NULL },
	{ "IPv6 with a prefix length", "::1/128", NULL },
	{ "IPv6 in brackets", "[::1]", NULL },
	{ "IPv6 with a zone", "fe80::1%eth0", NULL },
	{ "IPv6 with a tag", "IPv6:2001:db8::1", NULL },
	{ "IPv6, a blank behind", "::1 ", NULL },
	{ "IPv6, three colons", ":::", NULL },
	{ "IPv6, two gaps", "1::2::3", NULL },
	{ "IPv6, seven groups", "1:2:3:4:5:6:7", NULL },
	{ "IPv6, nine groups", "1:2:3:4:5:6:7:8:9", NULL },
	{ "IPv6, five digits", "12345::1", NULL },
	{ "IPv6, no hexadecimal", "2001:db8::g", NULL },
	{ "IPv6, a colon in front", ":1:2:3:4:5:6:7", NULL },
	{ "IPv6, a colon behind", "1:2:3:4:5:6:7:", NULL },
	{ "v4-mapped, a number over 255", "::ffff:192.0.2.256", NULL },
	{ "v4-mapped, a leading zero", "::ffff:010.0.0.1", NULL },
	{ "longer than any address", "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
	    NULL },
	{ "a name", "example.com", NULL },
	{ "what an unknown one is written as", "unknown", NULL }
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct netaddr addr, again;
		char text[NETADDR_TEXT_SIZE];
		const char *got = NULL;

		if (netaddr_parse(row->text, strlen(row->text), &addr) == 0) {
			netaddr_format(&addr, text);
			got = text;
		}
		tap_is_str(got, row->want, "%s", row->name);
		if (row->want == NULL)
			continue;
		tap_ok(netaddr_parse(row->want, strlen(row->want), &again) == 0 &&
		    netaddr_is_equal(&addr, &again),
		    "%s: what is written reads the same",
		    row->name);
	}
}

static void
test_length(void)
{
	struct netaddr addr;
	char text[NETADDR_TEXT_SIZE];

	tap_is_int(netaddr_parse("192.0.2.1\0", 10, &addr), -1, "a NUL behind");
	tap_is_int(netaddr_parse("192.0.2.1\0.5", 12, &addr), -1, "a NUL inside");
	tap_is_int(netaddr_parse("::1\0", 4, &addr), -1, "IPv6, a NUL behind");
	tap_is_int(netaddr_parse("192.0.2.123", 9, &addr), 0, "only so much is read");
	netaddr_format(&addr, text);
	tap_is_str(text, "192.0.2.1", "and what follows is not");
}

static void
test_bytes(void)
{
	static const uint8_t v4[4] = { 192, 0, 2, 1 };
	static const uint8_t padded[16] = { 192, 0, 2, 1 };
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, [12] = 192,
	    [14] = 2, [15] = 1 };
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	struct netaddr addr = netaddr_v4(v4);

	tap_is_int(addr.family, NETADDR_V4, "four bytes are IPv4");
	tap_ok(memcmp(addr.bytes, padded, 16) == 0,
	    "they stand in front, the others are 0");
	addr = netaddr_v6(v6);
	tap_is_int(addr.family, NETADDR_V6, "sixteen bytes are IPv6");
	tap_ok(memcmp(addr.bytes, v6, 16) == 0, "they are all kept");
	addr = netaddr_v6(mapped);
	tap_is_int(addr.family, NETADDR_V4, "v4-mapped bytes are IPv4");
	tap_ok(memcmp(addr.bytes, padded, 16) == 0, "the last four of them");
}

static void
test_equal(void)
{
	static const uint8_t zero[16] = { 0 }, one[16] = { 1 }, last[16] = { [15] = 1 };
	struct netaddr none = { .family = NETADDR_NONE };
	struct netaddr v4 = netaddr_v4(one), v6 = netaddr_v6(one),
	    v6_last = netaddr_v6(last);
	struct netaddr v4_zero = netaddr_v4(zero), v6_zero = netaddr_v6(zero);
	char text[NETADDR_TEXT_SIZE];

	tap_is_int(netaddr_is_equal(&v4, &v4), 1, "an IPv4 address is equal to itself");
	tap_is_int(netaddr_is_equal(&v6, &v6), 1, "an IPv6 address is equal to itself");
	tap_is_int(netaddr_is_equal(&v4, &v4_zero), 0,
	    "another IPv4 address is not equal");
	tap_is_int(netaddr_is_equal(&v6_zero, &v6_last), 0, "the last byte counts");
	tap_is_int(netaddr_is_equal(&v4_zero, &v6_zero), 0, "0.0.0.0 is not ::");
	tap_is_int(netaddr_is_equal(&none, &none), 0, "unknown is not equal to unknown");
	tap_is_int(netaddr_is_equal(&none, &v4_zero), 0,
	    "unknown is not equal to 0.0.0.0");
	tap_is_int(netaddr_is_equal(&v4_zero, &none), 0,
	    "0.0.0.0 is not equal to unknown");
	netaddr_format(&none, text);
	tap_is_str(text, "unknown", "unknown is written so");
}

struct network_row {
	const char	*name;
	const char	*text;
	const char	*want;	/* as it is written back */
	const char	*error;
};

static const char no_address[] = "not an IPv4 or IPv6 address";
static const char no_v4[] =
    "not an IPv4 address: four numbers from 0 to 255 without leading zeros";
static const char no_v6[] = "not an IPv6 address";
static const char no_bits_v4[] = "the prefix length is not a number from 0 to 32";
static const char no_bits_v6[] = "the prefix length is not a number from 0 to 128";
static const char host_bits[] = "bits are set past the prefix length";
static const char mapped[] = "a v4-mapped IPv6 network: write it as IPv4";

static const struct network_row network_rows[] = {
	{ "IPv4", "192.0.2.0/24", "192.0.2.0/24", NULL },
	{ "IPv4, an address", "192.0.2.1", "192.0.2.1/32", NULL },
	{ "IPv4, /32", "192.0.2.1/32", "192.0.2.1/32", NULL },
	{ "IPv4, /31", "192.0.2.2/31", "192.0.2.2/31", NULL },
	{ "IPv4, /9", "10.128.0.0/9", "10.128.0.0/9", NULL },
	{ "IPv4, /1", "128.0.0.0/1", "128.0.0.0/1", NULL },
	{ "IPv4, /0", "0.0.0.0/0", "0.0.0.0/0", NULL },
	{ "IPv6", "2001:db8::/32", "2001:db8::/32", NULL },
	{ "IPv6, an address", "2001:db8::1", "2001:db8::1/128", NULL },
	{ "IPv6, /128", "::1/128", "::1/128", NULL },
	{ "IPv6, /127", "2001:db8::2/127", "2001:db8::2/127", NULL },
	{ "IPv6, /65", "2001:db8:0:0:8000::/65", "2001:db8:0:0:8000::/65", NULL },
	{ "IPv6, /64", "2001:db8:0:1::/64", "2001:db8:0:1::/64", NULL },
	{ "IPv6, /63", "2001:db8:0:2::/63", "2001:db8:0:2::/63", NULL },
	{ "IPv6, /1", "8000::/1", "8000::/1", NULL },
	{ "IPv6, /0", "::/0", "::/0", NULL },
	{ "IPv6 that holds all that is v4-mapped", "::/64", "::/64", NULL },
	{ "brackets", "[2001:db8::]/32", "2001:db8::/32", NULL },
	{ "brackets, /128", "[::1]/128", "::1/128", NULL },
	{ "brackets, an address", "[::1]", "::1/128", NULL },
	{ "empty", "", NULL, "it is empty" },
	{ "a slash", "/", NULL, "the address is missing" },
	{ "no address", "/24", NULL, "the address is missing" },
	{ "no length", "192.0.2.0/", NULL, "the prefix length is missing" },
	{ "IPv6, no length", "2001:db8::/", NULL, "the prefix length is missing" },
	{ "two slashes", "192.0.2.0/24/24", NULL, no_bits_v4 },
	{ "a netmask", "192.0.2.0/255.255.255.0", NULL, no_bits_v4 },
	{ "/33", "192.0.2.0/33", NULL, no_bits_v4 },
	{ "/128 on IPv4", "192.0.2.0/128", NULL, no_bits_v4 },
	{ "/129", "2001:db8::/129", NULL, no_bits_v6 },
	{ "/4294967320 is not /24", "192.0.2.0/4294967320", NULL, no_bits_v4 },
	{ "a length of 30 digits", "::/100000000000000000000000000000", NULL,
	    no_bits_v6 },
	{ "a length with a sign", "192.0.2.0/+24", NULL, no_bits_v4 },
	{ "a length below 0", "192.0.2.0/-1", NULL, no_bits_v4 },
	{ "a length in hexadecimal", "192.0.2.0/0x18", NULL, no_bits_v4 },
	{ "a length with a leading zero", "10.0.0.0/08", NULL,
	    "the prefix length begins with a zero" },
	{ "a length of two zeros", "0.0.0.0/00", NULL,
	    "the prefix length begins with a zero" },
	{ "something behind the length", "192.0.2.0/24x", NULL, no_bits_v4 },
	{ "host bits", "10.0.0.1/8", NULL, host_bits },
	{ "host bits, the last one", "192.0.2.1/31", NULL, host_bits },
	{ "host bits, the first one", "192.0.3.0/23", NULL, host_bits },
	{ "host bits, /0", "10.0.0.0/0", NULL, host_bits },
	{ "IPv6, host bits", "2001:db8::1/32", NULL, host_bits },
	{ "IPv6, host bits, the last one", "2001:db8::1/127", NULL, host_bits },
	{ "IPv6, host bits past 64", "2001:db8::8000:0:0:0/64", NULL, host_bits },
	{ "IPv6, host bits before 64", "2001:db8:0:1::/63", NULL, host_bits },
	{ "IPv6, host bits, /0", "::1/0", NULL, host_bits },
	{ "a leading zero", "010.0.0.1", NULL, no_v4 },
	{ "three numbers", "10.0.0/8", NULL, no_v4 },
	{ "one number", "10/8", NULL, no_v4 },
	{ "a dot at the end, as in an access table", "192.168.", NULL, no_v4 },
	{ "a number over 255", "256.0.0.0/8", NULL, no_v4 },
	{ "a name", "localhost", NULL, no_address },
	{ "a name with a length", "localhost/32", NULL, no_address },
	{ "a range", "192.0.2.1-192.0.2.9", NULL, no_address },
	{ "what is not", "!192.0.2.1", NULL, no_address },
	{ "IPv6, too long", "1:2:3:4:5:6:7:8:9/64", NULL, no_v6 },
	{ "IPv6, no hexadecimal", "2001:db8::g/64", NULL, no_v6 },
	{ "IPv6, a tag", "IPv6:2001:db8::1", NULL, no_v6 },
	{ "a zone", "fe80::1%eth0", NULL, "an address with a zone is not allowed" },
	{ "a zone with a length", "fe80::%eth0/64", NULL,
	    "an address with a zone is not allowed" },
	{ "a blank in front", " 192.0.2.0/24", NULL, "blanks are not allowed" },
	{ "a blank behind", "192.0.2.0/24 ", NULL, "blanks are not allowed" },
	{ "a blank at the slash", "192.0.2.0 /24", NULL, "blanks are not allowed" },
	{ "a tab", "192.0.2.0/\t24", NULL, "blanks are not allowed" },
	{ "only a blank", " ", NULL, "blanks are not allowed" },
	{ "a bracket not closed", "[::1", NULL, "the bracket is not closed" },
	{ "a bracket not closed before the slash", "[::1/128", NULL,
	    "the bracket is not closed" },
	{ "a bracket closed at the end", "[::1/128]", NULL,
	    "the bracket is not closed" },
	{ "a bracket alone", "[", NULL, "the bracket is not closed" },
	{ "a bracket not opened", "::1]", NULL, no_v6 },
	{ "something behind the bracket", "[::1]x/128", NULL,
	    "the bracket is not closed" },
	{ "two pairs of brackets", "[[::1]]", NULL, no_v6 },
	{ "nothing in brackets", "[]", NULL, "the address is missing" },
	{ "IPv4 in brackets", "[192.0.2.1]", NULL, "brackets are for IPv6 only" },
	{ "IPv4 in brackets, a length", "[192.0.2.0]/24", NULL,
	    "brackets are for IPv6 only" },
	{ "v4-mapped", "::ffff:10.0.0.0/104", NULL, mapped },
	{ "v4-mapped, all", "::ffff:0:0/96", NULL, mapped },
	{ "v4-mapped, an address", "::ffff:192.0.2.1", NULL, mapped },
	{ "v4-mapped in brackets", "[::ffff:192.0.2.1]", NULL, mapped },
	{ "v4-mapped, a length of IPv4", "::ffff:10.0.0.0/8", NULL, mapped }
};

static void
test_networks(void)
{
	for (size_t i = 0; i < sizeof(network_rows) / sizeof(network_rows[0]); i++) {
		const struct network_row *row = &network_rows[i];
		struct netset_network network;
		char text[NETADDR_TEXT_SIZE];
		const char *error = netset_parse(row->text, strlen(row->text), &network);

		tap_is_str(error, row->error, "network: %s", row->name);
		if (row->want == NULL)
			continue;
		if (error == NULL)
			netset_format(&network, text);
		tap_is_str(error == NULL ? text : NULL, row->want,
		    "network: %s, written", row->name);
	}
}

static void
test_network_length(void)
{
	struct netset_network network;
	uint8_t ones[16];
	char text[NETADDR_TEXT_SIZE];

	tap_is_str(netset_parse("192.0.2.0/245", 12, &network), NULL,
	    "network: only so much is read");
	netset_format(&network, text);
	tap_is_str(text, "192.0.2.0/24", "network: and what follows is not");
	tap_is_str(netset_parse("192.0.2.0/24\0", 13, &network), no_bits_v4,
	    "network: a NUL behind");
	tap_is_str(netset_parse("192.0.2.0\0/24", 13, &network), no_address,
	    "network: a NUL in the address");
	tap_is_str(netset_parse("::\0/24", 6, &network), no_v6,
	    "network: a NUL in IPv6");
	memset(ones, 0xff, sizeof(ones));
	network.addr = netaddr_v6(ones);
	network.bits = 128;
	netset_format(&network, text);
	tap_is_str(text, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
	    "the longest text");
}

/* Each range's first and last address, and those beside it. */
static const struct {
	const char	*text;
	int		 kind;		/* -1: of the Internet */
} kinds[] = {
	{ "0.0.0.0", NETADDR_UNSPECIFIED }, { "0.255.255.255", NETADDR_UNSPECIFIED },
	{ "1.0.0.0", -1 }, { "9.255.255.255", -1 },
	{ "10.0.0.0", NETADDR_PRIVATE }, { "10.255.255.255", NETADDR_PRIVATE },
	{ "11.0.0.0", -1 }, { "100.63.255.255", -1 },
	{ "100.64.0.0", NETADDR_SHARED }, { "100.127.255.255", NETADDR_SHARED },
	{ "100.128.0.0", -1 }, { "126.255.255.255", -1 },
	{ "127.0.0.0", NETADDR_LOOPBACK }, { "127.255.255.255", NETADDR_LOOPBACK },
	{ "128.0.0.0", -1 }, { "169.253.255.255", -1 },
	{ "169.254.0.0", NETADDR_LINK_LOCAL }, { "169.254.255.255", NETADDR_LINK_LOCAL },
	{ "169.255.0.0", -1 }, { "172.15.255.255", -1 },
	{ "172.16.0.0", NETADDR_PRIVATE }, { "172.31.255.255", NETADDR_PRIVATE },
	{ "172.32.0.0", -1 }, { "192.167.255.255", -1 },
	{ "192.168.0.0", NETADDR_PRIVATE }, { "192.168.255.255", NETADDR_PRIVATE },
	{ "192.169.0.0", -1 }, { "223.255.255.255", -1 },
	{ "224.0.0.0", NETADDR_MULTICAST }, { "239.255.255.255", NETADDR_MULTICAST },
	{ "240.0.0.0", NETADDR_RESERVED }, { "255.255.255.255", NETADDR_RESERVED },
	{ "::", NETADDR_UNSPECIFIED }, { "::1", NETADDR_LOOPBACK },
	{ "::2", NETADDR_V4_COMPATIBLE }, { "::192.0.2.1", NETADDR_V4_COMPATIBLE },
	{ "::ffff:127.0.0.1", NETADDR_LOOPBACK }, { "::ffff:192.0.2.1", -1 },
	{ "::1:0:0", -1 }, { "64:ff9a:ffff::", -1 }, { "64:ff9b::192.0.2.1", NETADDR_NAT64 },
	{ "64:ff9b:1::1", NETADDR_NAT64 }, { "64:ff9c::", -1 }, { "2001:db8::1", -1 },
	{ "fbff:ffff::", -1 }, { "fc00::", NETADDR_PRIVATE }, { "fdff:ffff::", NETADDR_PRIVATE },
	{ "fe00::", -1 }, { "fe7f:ffff::", -1 }, { "fe80::", NETADDR_LINK_LOCAL },
	{ "febf:ffff::", NETADDR_LINK_LOCAL }, { "fec0::", NETADDR_PRIVATE },
	{ "feff:ffff::", NETADDR_PRIVATE }, { "ff00::", NETADDR_MULTICAST },
	{ "ffff:ffff::", NETADDR_MULTICAST },
};

static void
test_kinds(void)
{
	const struct netaddr unknown = { .family = NETADDR_NONE };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct netaddr addr = unknown;
		(void)netaddr_parse(kinds[i].text, strlen(kinds[i].text), &addr);
		const struct netaddr_range *range = netaddr_range(&addr);
		tap_is_int(range == NULL ? -1 : (int)range->kind, kinds[i].kind, "kind of %s",
		    kinds[i].text);
	}
	tap_ok(netaddr_range(&unknown) == NULL, "no address is in no range");
	tap_ok(!netaddr_is_kind(&unknown, NETADDR_UNSPECIFIED), "nor of any kind");
}

static void
test_sockaddr(void)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(25) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(60000),
	    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr other = { .sa_family = AF_UNIX };
	char text[NETADDR_TEXT_SIZE];
	struct netaddr addr;

	v4.sin_addr.s_addr = htonl(0xc0000201);
	addr = netaddr_of((const struct sockaddr *)&v4);
	netaddr_format(&addr, text);
	tap_is_str(text, "192.0.2.1", "of an IPv4 socket");
	addr = netaddr_of((const struct sockaddr *)&v6);
	netaddr_format(&addr, text);
	tap_is_str(text, "::1", "of an IPv6 socket");
	tap_is_int(netaddr_port((const struct sockaddr *)&v4), 25, "its port");
	tap_is_int(netaddr_port((const struct sockaddr *)&v6), 60000, "and that of IPv6");
	tap_is_int(netaddr_port(&other), 0, "a unix socket has none");
	tap_is_int(netaddr_of(&other).family, NETADDR_NONE, "of a unix socket");
	tap_is_int(netaddr_of(NULL).family, NETADDR_NONE, "of none");
}

int
main(void)
{
	test_kinds();
	test_sockaddr();
	test_rows();
	test_length();
	test_bytes();
	test_equal();
	test_networks();
	test_network_length();
	return tap_done();
}
