/* t/unit/dns_health.c: in which order name servers are asked, with a clock that is given */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "dns/dns_health.h"
#include "tap.h"

#define SECOND	INT64_C(1000000)
#define T0	(1000 * SECOND)

static const char *
order_of(struct dns_health *health, size_t first, size_t count, int64_t now)
{
	static char text[NAMESERVERS_MAX + 1];
	uint8_t order[NAMESERVERS_MAX];

	dns_health_order(health, first, count, now, order);
	for (size_t i = 0; i < count; i++)
		text[i] = (char)('0' + order[i]);
	text[count] = '\0';
	return text;
}

static void
silence(struct dns_health *health, size_t server, int times, int64_t now)
{
	for (int i = 0; i < times; i++)
		dns_health_silence(health, server, now);
}

static void
test_order(void)
{
	struct dns_health health;

	memset(&health, 0, sizeof(health));
	tap_is_str(order_of(&health, 0, 3, T0), "012", "as configured");
	tap_is_str(order_of(&health, 2, 3, T0), "201", "from another one on");
	silence(&health, 0, DNS_HEALTH_SILENCES - 1, T0);
	tap_is_str(order_of(&health, 0, 3, T0), "012", "two silences are none");
	dns_health_answer(&health, 0);
	silence(&health, 0, DNS_HEALTH_SILENCES - 1, T0);
	tap_is_str(order_of(&health, 0, 3, T0), "012", "nor are four with an answer between");
	silence(&health, 0, 1, T0);
	tap_is_str(order_of(&health, 0, 3, T0), "120", "three in a row, and it is last");
	tap_is_str(order_of(&health, 2, 3, T0), "210", "wherever they begin");
	silence(&health, 2, DNS_HEALTH_SILENCES, T0);
	tap_is_str(order_of(&health, 0, 3, T0), "102", "two that are silent");
	silence(&health, 1, DNS_HEALTH_SILENCES, T0);
	tap_is_str(order_of(&health, 0, 3, T0), "012", "where all are, as configured");
	dns_health_answer(&health, 2);
	tap_is_str(order_of(&health, 0, 3, T0), "201", "one has answered");
	tap_is_str(order_of(&health, 0, 1, T0), "0", "one alone is asked");
}

static void
test_pauses(void)
{
	static const int pauses[] = { 5, 10, 20, 40, 60, 60, 60 };
	struct dns_health health, copy;
	int64_t now = T0;

	memset(&health, 0, sizeof(health));
	memset(&copy, 0, sizeof(copy));
	silence(&health, 0, DNS_HEALTH_SILENCES - 1, T0);
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		silence(&health, 0, 1, now);
		tap_is_str(order_of(&health, 0, 2, now + pauses[i] * SECOND - 1), "10", "last for %d s", pauses[i]);
		now += pauses[i] * SECOND;
		tap_is_str(order_of(&health, 0, 2, now), "01", "then one tries it");
		tap_is_str(order_of(&health, 0, 2, now), "10", "and no other meanwhile");
	}
	dns_health_copy(&copy, &health);
	tap_is_str(order_of(&copy, 0, 2, now), "10", "a copy knows");
	dns_health_answer(&health, 0);
	tap_is_str(order_of(&health, 0, 2, now), "01", "an answer, and it is in its place");
}

int
main(void)
{
	test_order();
	test_pauses();
	return tap_done();
}
