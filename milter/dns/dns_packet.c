/* milter/dns/dns_packet.c: DNS queries and answers, by ldns */
/* SPDX-License-Identifier: ISC */

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "core/ascii.h"
#include "core/path.h"
#include "dns/dns_packet.h"

#define EDNS_SIZE	1232	/* the DNS Flag Day's of 2020: is not fragmented */
#define NO_MEMORY	"out of memory"

/* An answer on its way. */
struct reading {
	const ldns_rr_list	*records;
	const ldns_rdf		*end;		/* of the CNAMEs; NULL: there is none */
	size_t			 links;
	size_t			 strangers;	/* that are not on the way to the end */
	uint32_t		 ttl;
};

static const char *
build(const char *name, enum rrset_type type, struct dns_query_bytes *query)
{
	ldns_rdf *owner = ldns_dname_new_frm_str(name);
	ldns_pkt *packet;
	ldns_buffer *buffer;
	const char *why = NO_MEMORY;

	if (owner == NULL)
		return "not a host name";
	query->question_size = ldns_rdf_size(owner) + 4;
	packet = ldns_pkt_query_new(owner, (ldns_rr_type)type, LDNS_RR_CLASS_IN,
	    LDNS_RD | LDNS_AD);
	if (packet == NULL) {
		ldns_rdf_deep_free(owner);
		return NO_MEMORY;
	}
	ldns_pkt_set_edns_udp_size(packet, EDNS_SIZE);
	buffer = ldns_buffer_new(DNS_PACKET_SIZE);
	if (buffer != NULL && ldns_pkt2buffer_wire(buffer, packet) == LDNS_STATUS_OK &&
	    ldns_buffer_position(buffer) <= DNS_PACKET_SIZE) {
		query->len = ldns_buffer_position(buffer);
		memcpy(query->bytes, ldns_buffer_begin(buffer), query->len);
		query->plain_len = DNS_REPLY_HEADER + query->question_size;
		why = NULL;
	}
	ldns_buffer_free(buffer);
	ldns_pkt_free(packet);
	return why;
}

/* ldns takes blanks and backslashes for parts of a name. */
const char *
dns_packet_build(const char *name, enum rrset_type type, struct dns_query_bytes *query_r)
{
	char domain[PATH_DOMAIN_SIZE];

	memset(query_r, 0, sizeof(*query_r));
	if (path_domain(name, strlen(name), domain) != NULL || strcmp(name, domain) != 0)
		return "not a host name";
	return build(name, type, query_r);
}

static void
use_ttl(struct reading *reading, uint32_t ttl)
{
	if (ttl > INT32_MAX)
		ttl = 0;	/* RFC 2181 §8 */
	if (ttl < reading->ttl)
		reading->ttl = ttl;
}

static int
is_in(const ldns_rr *record, ldns_rr_type type)
{
	return ldns_rr_get_type(record) == type &&
	    ldns_rr_get_class(record) == LDNS_RR_CLASS_IN;
}

/* The one link at the name; NULL also where there are several, which no zone may have. */
static const ldns_rr *
link_at(const ldns_rr_list *records, const ldns_rdf *name)
{
	const ldns_rr *found = NULL;

	for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
		const ldns_rr *record = ldns_rr_list_rr(records, i);

		if (!is_in(record, LDNS_RR_TYPE_CNAME) || ldns_rr_rd_count(record) != 1 ||
		    ldns_dname_compare(ldns_rr_owner(record), name) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = record;
	}
	return found;
}

static void
follow_links(struct reading *reading, const ldns_rdf *name)
{
	const ldns_rr *link;

	for (reading->end = name;
	    (link = link_at(reading->records, reading->end)) != NULL;
	    reading->links++) {
		if (reading->links == DNS_PACKET_LINKS_MAX) {
			reading->end = NULL;
			return;
		}
		use_ttl(reading, ldns_rr_ttl(link));
		reading->end = ldns_rr_rdf(link, 0);
	}
}

/* Of the type asked for, at the end of the links. */
static int
is_wanted(const struct reading *reading, const ldns_rr *record, enum rrset_type type)
{
	return is_in(record, (ldns_rr_type)type) &&
	    ldns_rr_rd_count(record) == (type == RRSET_MX ? 2 : 1) &&
	    ldns_dname_compare(ldns_rr_owner(record), reading->end) == 0;
}

/* Letters, digits, hyphens and underscores: dots and NULs within a label fool readers. */
static int
is_plain(const uint8_t *label, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!ascii_is_alnum(label[i]) && label[i] != '-' && label[i] != '_')
			return 0;
	return len > 0;
}

/* Returns 0 and nothing in host_r where the name is no plain one. */
static int
read_host(const ldns_rdf *name, char host[PATH_DOMAIN_SIZE])
{
	const uint8_t *wire = ldns_rdf_data(name), *end = wire + ldns_rdf_size(name);
	char text[PATH_DOMAIN_SIZE];
	size_t len = 0;

	host[0] = '\0';
	for (; wire < end && *wire != 0; wire += 1 + wire[0]) {
		const size_t label = wire[0];

		if (!is_plain(wire + 1, label) || len + label + 1 >= sizeof(text))
			return 0;
		if (len > 0)
			text[len++] = '.';
		memcpy(text + len, wire + 1, label);
		len += label;
	}
	text[len] = '\0';
	if (strchr(text, '.') == NULL || path_domain(text, len, host) != NULL) {
		host[0] = '\0';
		return 0;
	}
	return 1;
}

static void
read_mx(const ldns_rr *record, struct rrset_mx *mx)
{
	const ldns_rdf *host = ldns_rr_rdf(record, 1);

	mx->preference = ldns_rdf2native_int16(ldns_rr_rdf(record, 0));
	mx->is_null = ldns_rdf_size(host) == 1;
	mx->is_host = read_host(host, mx->host);
}

static struct netaddr
read_addr(const ldns_rr *record, enum rrset_type type)
{
	const uint8_t *bytes = ldns_rdf_data(ldns_rr_rdf(record, 0));

	return type == RRSET_A ? netaddr_v4(bytes) : netaddr_v6(bytes);
}

static int
has_room(struct rrset *rrset, size_t *max)
{
	*max = rrset->type == RRSET_MX ? DNS_PACKET_MX_MAX : DNS_PACKET_ADDRS_MAX;
	if (rrset->type == RRSET_MX)
		return (rrset->mx = calloc(*max, sizeof(*rrset->mx))) != NULL;
	return (rrset->addrs = calloc(*max, sizeof(*rrset->addrs))) != NULL;
}

static const char *
read_records(struct reading *reading, struct rrset *rrset)
{
	size_t max, links = 0;

	if (!has_room(rrset, &max))
		return NO_MEMORY;
	for (size_t i = 0; i < ldns_rr_list_rr_count(reading->records); i++) {
		const ldns_rr *record = ldns_rr_list_rr(reading->records, i);

		if (!is_wanted(reading, record, rrset->type)) {
			links += ldns_rr_get_type(record) == LDNS_RR_TYPE_CNAME;
			reading->strangers += ldns_rr_get_type(record) ==
			    (ldns_rr_type)rrset->type;
			continue;
		}
		use_ttl(reading, ldns_rr_ttl(record));
		if (rrset->count == max) {
			rrset->is_cut = 1;
			continue;
		}
		if (rrset->type == RRSET_MX)
			read_mx(record, &rrset->mx[rrset->count++]);
		else
			rrset->addrs[rrset->count++] = read_addr(record, rrset->type);
	}
	reading->strangers += links - reading->links;
	return NULL;
}

/* RFC 2308 §5; without a SOA it is not to be kept. */
static void
use_negative_ttl(struct reading *reading, const ldns_pkt *packet)
{
	const ldns_rr_list *records = ldns_pkt_authority(packet);

	for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
		const ldns_rr *record = ldns_rr_list_rr(records, i);

		if (!is_in(record, LDNS_RR_TYPE_SOA) || ldns_rr_rd_count(record) != 7)
			continue;
		use_ttl(reading, ldns_rr_ttl(record));
		use_ttl(reading, ldns_rdf2native_int32(ldns_rr_rdf(record, 6)));
		return;
	}
	use_ttl(reading, 0);
}

/* That there is nothing counts only from a server that looks everywhere. */
static const char *
read_nothing(struct reading *reading, const ldns_pkt *packet,
    const struct dns_reply *reply, struct rrset *rrset)
{
	if (reading->strangers > 0)
		return "records of another name or class";
	if (!reply->is_recursive)
		return "the server does not offer recursion";
	if (reply->is_referral && reply->rcode == LDNS_RCODE_NOERROR)
		return "referral";
	use_negative_ttl(reading, packet);
	rrset->status = reply->rcode == LDNS_RCODE_NXDOMAIN ? RRSET_NXDOMAIN :
	    RRSET_NODATA;
	return NULL;
}

static const char *
read_packet(const ldns_pkt *packet, const struct dns_reply *reply, struct rrset *rrset)
{
	struct reading reading = { .records = ldns_pkt_answer(packet), .ttl = INT32_MAX };
	const ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(packet), 0);
	const char *why = NULL;

	if (question == NULL ||
	    ldns_rr_list_rr_count(reading.records) != reply->answers ||
	    ldns_rr_list_rr_count(ldns_pkt_authority(packet)) != reply->authorities)
		return "malformed reply";
	follow_links(&reading, ldns_rr_owner(question));
	if (reading.end != NULL && (why = read_records(&reading, rrset)) != NULL)
		return why;
	rrset->status = RRSET_FOUND;
	if (reading.end == NULL)
		rrset->is_cut = 1;
	else if (rrset->count == 0)
		why = read_nothing(&reading, packet, reply, rrset);
	else if (reply->rcode == LDNS_RCODE_NXDOMAIN)
		why = "NXDOMAIN with records of the name";
	rrset->ttl = reading.ttl;
	rrset->is_secure = reply->is_secure;
	return why;
}

const char *
dns_packet_read(const uint8_t *bytes, const struct dns_reply *reply,
    struct rrset *rrset_r)
{
	struct rrset read = { .type = rrset_r->type };
	ldns_pkt *packet = NULL;
	const char *why = "malformed reply";

	if (ldns_wire2pkt(&packet, bytes, reply->len) == LDNS_STATUS_OK)
		why = read_packet(packet, reply, &read);
	ldns_pkt_free(packet);
	if (why == NULL) {
		rrset_r->status = read.status;
		rrset_r->is_secure = read.is_secure;
		rrset_r->is_cut = read.is_cut;
		rrset_r->ttl = read.ttl;
		rrset_r->count = read.count;
	}
	if (why == NULL && read.count > 0) {
		rrset_r->mx = read.mx;
		rrset_r->addrs = read.addrs;
		read.mx = NULL;
		read.addrs = NULL;
	}
	rrset_clear(&read);
	return why;
}

const char *
dns_packet_version(void)
{
	return ldns_version();
}
