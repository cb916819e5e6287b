/* t/unit/filter.c: whole sessions, played by a test that is the engine */
/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/filter.h"
#include "os/log.h"
#include "tap.h"

/* The MTA: the macros that it has sent, as pairs of name and value that end in NULL. */
static const char *
get_macro(void *arg, const char *name)
{
	const char *const *pair = arg;

	for (; pair != NULL && pair[0] != NULL; pair += 2)
		if (strcmp(pair[0], name) == 0)
			return pair[1];
	return NULL;
}

static struct engine_macros
macros(const char *const *pairs)
{
	return (struct engine_macros){ get_macro, (void *)(uintptr_t)pairs };
}

struct bench {
	char		 folder[TAP_FOLDER_SIZE];
	char		 conf_file[TAP_FOLDER_SIZE + 8];
	char		 audit_file[TAP_FOLDER_SIZE + 8];
	struct conf	*conf;
	struct audit	*audit;
	struct filter	*filter;
};

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fputs(text, file) == EOF || fclose(file) == EOF) {
		perror(path);
		exit(1);
	}
}

static void
bench_open(struct bench *b, const char *conf_text)
{
	struct audit_options options = { .to_log = 0 };
	struct buf errors;

	tap_folder(b->folder);
	(void)snprintf(b->conf_file, sizeof(b->conf_file), "%s/conf", b->folder);
	(void)snprintf(b->audit_file, sizeof(b->audit_file), "%s/audit", b->folder);
	write_file(b->conf_file, conf_text);
	buf_init(&errors);
	b->conf = conf_read(b->conf_file, NULL, 0, &errors);
	tap_is_str(errors.data, NULL, "the configuration is read");
	buf_clear(&errors);
	options.file = b->audit_file;
	b->audit = audit_open(&options);
	b->filter = b->conf != NULL && b->audit != NULL ? filter_new(b->conf, NULL, b->audit) : NULL;
	if (b->filter == NULL)
		exit(1);
}

static void
bench_close(struct bench *b)
{
	filter_free(b->filter);
	audit_close(b->audit);
	conf_unref(b->conf);
	(void)unlink(b->conf_file);
	(void)unlink(b->audit_file);
	(void)rmdir(b->folder);
}

/* The last line of the audit file, in a buffer of its own. */
static const char *
last_record(const struct bench *b)
{
	static char line[65536];
	char next[65536];
	FILE *file = fopen(b->audit_file, "r");

	line[0] = '\0';
	if (file == NULL)
		return line;
	while (fgets(next, sizeof(next), file) != NULL)
		memcpy(line, next, sizeof(line));
	(void)fclose(file);
	return line;
}

static int
count_records(const struct bench *b, const char *needle)
{
	char line[65536];
	FILE *file = fopen(b->audit_file, "r");
	int count = 0;

	if (file == NULL)
		return -1;
	while (fgets(line, sizeof(line), file) != NULL)
		if (strstr(line, needle) != NULL)
			count++;
	(void)fclose(file);
	return count;
}

static void
record_has(const struct bench *b, const char *piece)
{
	const char *line = last_record(b);

	tap_ok(strstr(line, piece) != NULL, "  the record has %s", piece);
	if (strstr(line, piece) == NULL)
		tap_note("%s", line);
}

static void
record_lacks(const struct bench *b, const char *piece)
{
	const char *line = last_record(b);

	tap_ok(strstr(line, piece) == NULL, "  the record lacks %s", piece);
	if (strstr(line, piece) != NULL)
		tap_note("%s", line);
}

static struct session *
connect_from(const struct bench *b, const char *address, const char *const *pairs)
{
	struct engine_client client = { .name = "client.example", .port = 4321 };
	struct engine_macros m = macros(pairs);

	if (address != NULL)
		(void)netaddr_parse(address, strlen(address), &client.addr);
	else
		client = (struct engine_client){ .name = "localhost", .port = -1 };
	return filter_connect(b->filter, &client, &m);
}

static void
helo(const struct bench *b, struct session *session, const char *name, const char *const *pairs)
{
	struct engine_macros m = macros(pairs);

	filter_helo(b->filter, session, name, &m);
}

static void
mail(const struct bench *b, struct session *session, const char *param, const char *const *pairs)
{
	char word[32];
	char *params[2] = { word, NULL };
	struct engine_macros m = macros(pairs);

	(void)snprintf(word, sizeof(word), "%s", param == NULL ? "SIZE=1" : param);
	filter_mail(b->filter, session, "<sender@else.test>", params, &m);
}

static void
rcpt_is(const struct bench *b, struct session *session, const char *rcpt,
    const char *const *pairs, const char *code, const char *name)
{
	struct engine_macros m = macros(pairs);
	const struct reply *reply = filter_rcpt(b->filter, session, rcpt, &m);

	tap_is_str(reply == NULL ? "pass" : reply->code, code, "%s", name);
}

#define UNREADABLE	"\"auth_type\":\"PLAIN\",\"auth_refused\":\"unreadable\""

static const char *const nothing[] = { NULL };
static const char *const postfix[] = { "j", "mx.example.com", "v", "Postfix 3.7.11",
	"{daemon_name}", "smtpd", "{daemon_port}", "25", NULL };
static const char *const sendmail[] = { "j", "mx.example.com", "v", "8.17.1.9",
	"{daemon_name}", "MTA", NULL };
static const char *const login[] = { "{auth_type}", "PLAIN", "{auth_authen}", "alice", NULL };

static const char text[] =
	"trusted-networks = { \"10.0.0.0/8\" }\n"
	"local-domains = { example.com }\n"
	"client-certificates = { \"client one\", '/O=A/CN=client one', '/O=B', '/O=C+5C/CN=x', '/O=C+2BCN=x' }\n"
	"audit { syslog = no }\n";

#define HERE	"<user@example.com>"
#define THERE	"<user@elsewhere.test>"

static void
check_transactions(const struct bench *b)
{
	static const char *const queued[] = { "i", "4QID", "{rcpt_addr}", "user@example.com", NULL };
	struct engine_macros m = macros(queued);
	struct session *s = connect_from(b, "203.0.113.9", postfix);

	helo(b, s, "helo.example", nothing);
	mail(b, s, NULL, nothing);
	rcpt_is(b, s, THERE, nothing, "550", "a stranger to elsewhere");
	record_has(b, "\"event\":\"rcpt\",\"verdict\":\"reject\",\"reason\":\"relay-denied\",\"enforced\":true");
	record_has(b, "\"client\":\"203.0.113.9\",\"client_port\":4321,\"client_name\":\"client.example\"");
	record_has(b, "\"helo\":\"helo.example\"");
	record_has(b, "\"sender\":\"<sender@else.test>\",\"rcpt\":\"<user@elsewhere.test>\"");
	record_has(b, "\"domain\":\"elsewhere.test\"");
	record_lacks(b, "queue_id");
	rcpt_is(b, s, HERE, queued, "pass", "and to us");
	record_has(b, "\"txn\":1,\"queue_id\":\"4QID\",\"mta\":\"mx.example.com\",\"daemon\":\"smtpd\"");
	record_has(b, "\"rcpt_mta\":\"user@example.com\"");
	record_has(b, "\"matched\":\"local-domains example.com\"");
	filter_data(b->filter, s, &m);
	record_has(b, "\"event\":\"message\"");
	record_has(b, "\"queue_id\":\"4QID\"");
	filter_data(b->filter, s, &m);
	tap_is_int(count_records(b, "\"message\""), 1, "one message, however often it is said");
	filter_abort(b->filter, s);
	mail(b, s, NULL, login);
	rcpt_is(b, s, THERE, nothing, "pass", "the next transaction has a login");
	record_has(b, "\"reason\":\"authenticated\"");
	record_has(b, "\"txn\":2");
	record_has(b, "\"auth\":\"alice\",\"auth_type\":\"PLAIN\"");
	record_lacks(b, "queue_id");
	mail(b, s, NULL, nothing);
	rcpt_is(b, s, THERE, nothing, "550", "the third has none");
	record_lacks(b, "\"auth");
	helo(b, s, "again.example", nothing);
	rcpt_is(b, s, THERE, nothing, "451", "no transaction is left after HELO");
	filter_close(b->filter, s);
}

/* Sendmail does not always leave out a recipient that was refused. */
static void
check_end_of_message(const struct bench *b)
{
	static const struct {
		const char		*rcpt;
		const char *const	*mta;
		const char		*code;	/* of the recipient; then, of the message */
		const char		*end;
	} rows[] = {
		{ THERE, sendmail, "550", "pass" },
		{ "<@>,<user@elsewhere.test>", sendmail, "553", "553" },
		{ "<x\\,y@elsewhere.test>", sendmail, "553", "553" },
		{ "<\"a,b\"@elsewhere.test>", sendmail, "550", "553" },
		{ "<\"a,b\"@example.com>", sendmail, "pass", "pass" },
		{ "<@>,<user@elsewhere.test>", postfix, "553", "pass" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session *s = connect_from(b, "203.0.113.9", rows[i].mta);
		const struct reply *reply;

		mail(b, s, NULL, nothing);
		rcpt_is(b, s, rows[i].rcpt, nothing, rows[i].code, rows[i].rcpt);
		rcpt_is(b, s, HERE, nothing, "pass", "and one of ours");
		reply = filter_end_of_message(b->filter, s);
		tap_is_str(reply == NULL ? "pass" : reply->code, rows[i].end, "the message");
		filter_abort(b->filter, s);
		tap_ok(filter_end_of_message(b->filter, s) == NULL, "the next one");
		filter_close(b->filter, s);
	}
	tap_ok(filter_end_of_message(b->filter, NULL) != NULL, "without a session");
	tap_is_int(count_records(b, "\"message\",\"verdict\":\"reject\""), 3,
	    "a record for each message that was refused");
}

static void
check_mta_reject(const struct bench *b)
{
	struct session *s = connect_from(b, "203.0.113.9", postfix);
	struct engine_macros m = macros(nothing);
	const struct reply *reply;

	mail(b, s, NULL, nothing);
	reply = filter_mta_reject(b->filter, s, "<nobody@example.com>", "5.1.1", "User unknown", &m);
	tap_ok(reply == NULL, "refused by the MTA, permitted by us");
	record_has(b, "\"event\":\"mta-reject\",\"verdict\":\"reject\",\"reason\":\"mta-reject\"");
	record_has(b, "\"reply\":\"5.1.1 User unknown\"");
	record_lacks(b, "matched");
	reply = filter_mta_reject(b->filter, s, THERE, "4.7.1", "Greylisted", &m);
	tap_is_str(reply == NULL ? NULL : reply->code, "550", "were it not refused, we would refuse it");
	record_has(b, "\"verdict\":\"tempfail\",\"reason\":\"mta-reject\"");
	filter_close(b->filter, s);
}

static void
certificate_is(const struct bench *b, const char *const *mta, const char *subject, const char *verify,
    const char *code, const char *name)
{
	const char *const pairs[] = { "{cert_subject}", subject, "{cert_issuer}",
	    mta == postfix ? "ca" : "/CN=ca", "{cn_issuer}", "ca", "{tls_version}", "TLSv1.3",
	    verify != NULL ? "{verify}" : NULL, verify, NULL };
	struct session *s = connect_from(b, "203.0.113.9", mta);

	mail(b, s, NULL, pairs);
	rcpt_is(b, s, THERE, nothing, code, name);
	filter_close(b->filter, s);
}

static void
check_certificates(const struct bench *b)
{
	const char *dn = "/O=A/CN=client+20one";

	certificate_is(b, postfix, "client one", NULL, "pass", "Postfix shows only verified certificates");
	certificate_is(b, sendmail, dn, "OK", "pass", "Sendmail says that it is verified");
	certificate_is(b, sendmail, dn, "NO", "550", "Sendmail says that it is not");
	certificate_is(b, sendmail, dn, "FAIL", "550", "Sendmail says that it failed");
	certificate_is(b, sendmail, dn, NULL, "550", "Sendmail does not say");
	certificate_is(b, nothing, dn, NULL, "550", "an MTA that has not told its name");
	certificate_is(b, nothing, dn, "OK", "pass", "and says that it is verified: it is read as Sendmail");
	certificate_is(b, postfix, "/O=A/CN=client one", NULL, "550",
	    "a common name, where a distinguished name is listed");
	certificate_is(b, sendmail, "client+20one", "OK", "550", "and the other way round");
	certificate_is(b, postfix, "client+20one", NULL, "550", "of Postfix nothing is coded");
	certificate_is(b, sendmail, "/O=A/CN=client+2", "OK", "550", "a code that is none");
}

/* What Sendmail leaves out of a name is seen where it is the common name. */
static void
check_cut_names(const struct bench *b)
{
	static const struct {
		const char	*subject;
		const char	*cn_subject;
		const char	*issuer;
		const char	*cn_issuer;
		const char	*code;
	} rows[] = {
		{ "/O=B", "BadCertificateUnknown", "/O=I", "BadCertificateUnknown", "pass" },
		{ "/O=B", "", "/O=I", "", "pass" },
		{ "/O=B", "any", "/O=I", "BadCertificateUnknown", "550" },
		{ "/O=B", "BadCertificateTooLong", "/O=I", "BadCertificateUnknown", "550" },
		{ "/O=B", "BadCertificateUnknown", "/O=I", "any", "550" },
		{ "/O=A/CN=client+20one", "client+20one", "/O=I", "any", "550" },
		{ "/O=A/CN=client+20one", "client+20one", "/CN=I", "I", "pass" },
		{ "/O=C+5C/CN=x", "any", "/CN=I", "I", "550" },
		{ "/O=C+2BCN=x", "x", "/CN=I", "I", "pass" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const pairs[] = { "{verify}", "OK", "{cert_subject}", rows[i].subject,
		    "{cert_issuer}", rows[i].issuer, "{cn_subject}", rows[i].cn_subject,
		    "{cn_issuer}", rows[i].cn_issuer, NULL };
		struct session *s = connect_from(b, "203.0.113.9", sendmail);

		mail(b, s, NULL, pairs);
		rcpt_is(b, s, THERE, nothing, rows[i].code, rows[i].subject);
		record_has(b, "\"cert_subject\":\"/O=");
		filter_close(b->filter, s);
	}
}

/*
 * Sendmail codes a login, and twice that of a certificate. With a code that is none, or with
 * a control character, nobody has logged in; nor by a certificate that is in no list.
 */
static void
check_logins(const struct bench *b)
{
	static const struct {
		const char *const	*mta;
		const char		*mechanism;
		const char		*login;
		const char		*code;
		const char		*recorded;
	} rows[] = {
		{ sendmail, "PLAIN", "bob+2Bx", "pass", "\"auth\":\"bob+x\"," },
		{ sendmail, "PLAIN", "carol+20d", "pass", "\"auth\":\"carol d\"," },
		{ sendmail, "PLAIN", "dora+x", "550", "\"auth\":\"dora+x\"," UNREADABLE },
		{ sendmail, "PLAIN", "eve+00", "550", "\"auth\":\"eve+00\"," UNREADABLE },
		{ sendmail, "PLAIN", "gus+0A", "550", "\"auth\":\"gus\\n\"," UNREADABLE },
		{ postfix, "PLAIN", "fred+20g", "pass", "\"auth\":\"fred+20g\"," },
		{ postfix, "PLAIN", "hal\x1f", "550", "\"auth\":\"hal\\u001f\"," UNREADABLE },
		{ postfix, "PLAIN", "ina@mx.example.com", "pass",
		    "\"auth\":\"ina\",\"auth_realm\":\"mx.example.com\"," },
		{ sendmail, "PLAIN", "jo@MX.example.com", "pass",
		    "\"auth\":\"jo\",\"auth_realm\":\"MX.example.com\"," },
		{ sendmail, "PLAIN", "kim@x@mx.example.com", "pass",
		    "\"auth\":\"kim@x\",\"auth_realm\":\"mx.example.com\"," },
		{ postfix, "PLAIN", "lea@other.example", "pass",
		    "\"auth\":\"lea@other.example\",\"auth_type\"" },
		{ postfix, "PLAIN", "max@mx.example.comx", "pass",
		    "\"auth\":\"max@mx.example.comx\",\"auth_type\"" },
		{ postfix, "PLAIN", "@mx.example.com", "pass",
		    "\"auth\":\"@mx.example.com\",\"auth_type\"" },
		{ nothing, "PLAIN", "ned@mx.example.com", "pass",
		    "\"auth\":\"ned@mx.example.com\",\"auth_type\"" },
		{ sendmail, "EXTERNAL", "/O+3DA/CN+3Da+2B20b+2B2Bc", "550", "\"auth\":\"/O=A/CN=a b+c\","
		    "\"auth_type\":\"EXTERNAL\",\"auth_refused\":\"certificate\"" },
		{ sendmail, "external", "/CN+3Da+2Bb", "550", "\"auth\":\"/CN+3Da+2Bb\","
		    "\"auth_type\":\"external\",\"auth_refused\":\"unreadable\"" },
		{ sendmail, "EXTERNAL", "/CN+3Do/emailAddress+3Do@mx.example.com", "550",
		    "\"auth\":\"/CN=o/emailAddress=o@mx.example.com\"," },
		{ sendmail, "EXTERNAL", "pat+2B20q", "550", "\"auth\":\"pat+20q\"," },
		{ sendmail, "PLAIN", "/CN+3Dq+2B20r", "pass", "\"auth\":\"/CN=q+20r\"," },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const pairs[] = { "{auth_type}", rows[i].mechanism, "{auth_authen}",
		    rows[i].login, NULL };
		struct session *s = connect_from(b, "203.0.113.9", rows[i].mta);

		mail(b, s, NULL, pairs);
		rcpt_is(b, s, THERE, nothing, rows[i].code, rows[i].login);
		record_has(b, rows[i].recorded);
		filter_close(b->filter, s);
	}
}

static void
check_local_submission(const struct bench *b)
{
	struct session *s = connect_from(b, NULL, nothing);

	mail(b, s, NULL, nothing);
	rcpt_is(b, s, THERE, nothing, "pass", "a program on this host");
	record_has(b, "\"reason\":\"local-submission\"");
	record_lacks(b, "\"client\":");
	filter_close(b->filter, s);
	s = connect_from(b, NULL, sendmail);
	mail(b, s, NULL, nothing);
	rcpt_is(b, s, THERE, nothing, "550", "no address, but through a listener");
	filter_close(b->filter, s);
}

static void
check_utf8(const struct bench *b)
{
	struct session *s = connect_from(b, "203.0.113.9", postfix);

	mail(b, s, "smtputf8", nothing);
	rcpt_is(b, s, "<\xc3\xbc@example.com>", nothing, "pass", "8-bit, announced");
	mail(b, s, NULL, nothing);
	rcpt_is(b, s, "<\xc3\xbc@example.com>", nothing, "553", "8-bit, not announced any more");
	filter_close(b->filter, s);
}

/* What the MTA says with MAIL of who the client is. */
static void
same_client_is(const struct bench *b, const char *address, const char *said, const char *code)
{
	const char *const pairs[] = { "{client_addr}", said, NULL };
	struct session *s = connect_from(b, address, address == NULL ? nothing : postfix);

	mail(b, s, NULL, pairs);
	rcpt_is(b, s, HERE, nothing, code, said);
	filter_close(b->filter, s);
}

static void
check_same_client(const struct bench *b)
{
	same_client_is(b, "203.0.113.9", "203.0.113.9", "pass");
	same_client_is(b, "2001:db8::7", "IPv6:2001:db8::7", "pass");
	same_client_is(b, "2001:db8::7", "IPv6:2001:db8:0:0:0:0:0:7", "pass");
	same_client_is(b, "10.0.0.1", "203.0.113.9", "451");
	record_has(b, "\"reason\":\"internal\"");
	same_client_is(b, "2001:db8::7", "IPv6:2001:db8::8", "451");
	same_client_is(b, NULL, "203.0.113.9", "451");
	same_client_is(b, NULL, "0", "pass");
	same_client_is(b, NULL, "[UNIX: localhost]", "pass");
	same_client_is(b, "203.0.113.9", "", "pass");
}

static void
check_no_memory(const struct bench *b)
{
	struct session *s = connect_from(b, "10.0.0.1", postfix);

	rcpt_is(b, NULL, HERE, nothing, "451", "no session");
	mail(b, NULL, NULL, login);
	helo(b, NULL, "x", nothing);
	filter_abort(b->filter, NULL);
	filter_close(b->filter, NULL);
	mail(b, s, NULL, nothing);
	s->txn.has_failed = 1;
	rcpt_is(b, s, THERE, nothing, "451", "a transaction that lost something");
	record_has(b, "\"verdict\":\"tempfail\",\"reason\":\"internal\"");
	mail(b, s, NULL, nothing);
	rcpt_is(b, s, THERE, nothing, "pass", "the next one is whole");
	s->has_failed = 1;
	rcpt_is(b, s, THERE, nothing, "451", "a session that lost something");
	filter_close(b->filter, s);
}

static void
check_monitor(void)
{
	struct bench b;
	struct session *s;
	char monitor[512];

	(void)snprintf(monitor, sizeof(monitor), "mode = monitor\n%s", text);
	bench_open(&b, monitor);
	s = connect_from(&b, "203.0.113.9", postfix);
	mail(&b, s, NULL, nothing);
	rcpt_is(&b, s, THERE, nothing, "pass", "monitor mode lets it pass");
	record_has(&b, "\"verdict\":\"reject\",\"reason\":\"relay-denied\",\"enforced\":false");
	s->txn.has_failed = 1;
	rcpt_is(&b, s, THERE, nothing, "pass", "also what could not be decided");
	rcpt_is(&b, NULL, THERE, nothing, "pass", "also without a session");
	filter_close(b.filter, s);
	bench_close(&b);
}

/* What cannot be recorded is not let through, or is, as the administrator wants it. */
static void
on_failure_is(const char *setting, const char *here, const char *there)
{
	struct audit_options options = { .file = "/dev/full" };
	struct bench b;
	struct session *s;
	char with[512];

	(void)snprintf(with, sizeof(with), "%saudit { on-failure = %s }\n", text, setting);
	bench_open(&b, with);
	filter_free(b.filter);
	audit_close(b.audit);
	b.audit = audit_open(&options);
	b.filter = b.audit == NULL ? NULL : filter_new(b.conf, NULL, b.audit);
	if (b.filter == NULL) {
		tap_skip(2, "/dev/full cannot be opened");
		return;
	}
	s = connect_from(&b, "203.0.113.9", postfix);
	mail(&b, s, NULL, nothing);
	rcpt_is(&b, s, HERE, nothing, here, "a full disk, and a permit");
	rcpt_is(&b, s, THERE, nothing, there, "a full disk, and a refusal");
	filter_close(b.filter, s);
	bench_close(&b);
}

/* DNS, in which each domain has one mail exchanger, which has our address. */
struct world {
	int	questions;
	int	is_down;
};

static void
answer_world(void *arg, const char *name, const enum rrset_type *types, size_t count,
    int64_t deadline_us, struct rrset *rrsets)
{
	const uint8_t ours[4] = { 198, 51, 100, 25 };
	struct world *world = arg;

	(void)deadline_us;
	world->questions++;
	for (size_t i = 0; i < count; i++) {
		memset(&rrsets[i], 0, sizeof(rrsets[i]));
		rrsets[i].type = types[i];
		rrsets[i].ttl = 300;
		rrsets[i].why = "timeout";
		rrsets[i].status = world->is_down ? RRSET_FAILURE :
		    types[i] == RRSET_AAAA ? RRSET_NODATA : RRSET_FOUND;
		if (rrsets[i].status != RRSET_FOUND)
			continue;
		rrsets[i].count = 1;
		if (types[i] == RRSET_A) {
			rrsets[i].addrs = calloc(1, sizeof(*rrsets[i].addrs));
			rrsets[i].addrs[0] = netaddr_v4(ours);
			continue;
		}
		rrsets[i].mx = calloc(1, sizeof(*rrsets[i].mx));
		rrsets[i].mx->is_host = 1;
		rrsets[i].mx->preference = 10;
		(void)snprintf(rrsets[i].mx->host, sizeof(rrsets[i].mx->host), "mx.%s", name);
	}
}

static int64_t
no_clock(void *world)
{
	(void)world;
	return 0;
}

static void
ask_in_world(struct bench *b, struct world *world)
{
	const struct mx_lookup_backend functions = { answer_world, no_clock, world };
	const char *why;
	struct mx_lookup *lookup = mx_lookup_new(b->conf, NULL, &functions, &why);

	if (lookup == NULL)
		exit(1);
	filter_set_rules(b->filter, b->conf, lookup);
	mx_lookup_unref(lookup);
}

static const char mx_text[] =
	"trusted-networks = { \"10.0.0.0/8\" }\n"
	"local-domains = { example.com }\n"
	"own-addresses = { \"198.51.100.25\" }\n"
	"mx { accept = any domains = { .test } }\n"
	"audit { syslog = no }\n";

/* DNS is asked for what nothing else decides, once, and the record has what it said. */
static void
check_mx(void)
{
	static const char *const resolved[] = { "{rcpt_addr}", "u@ours.test", NULL };
	struct engine_macros m = macros(nothing);
	struct world world = { 0, 0 }, other = { 0, 0 };
	struct session *s;
	struct bench b;

	bench_open(&b, mx_text);
	ask_in_world(&b, &world);
	s = connect_from(&b, "203.0.113.9", postfix);
	mail(&b, s, NULL, nothing);
	rcpt_is(&b, s, "<u@example.com>", nothing, "pass", "ours by a list");
	rcpt_is(&b, s, "<u%x@ours.test>", nothing, "550", "with routing");
	rcpt_is(&b, s, "<u@elsewhere.example>", nothing, "550", "not in mx.domains");
	tap_is_int(world.questions, 0, "nobody was asked");
	record_has(&b, "\"mx\":\"not: ");
	tap_is_str(filter_mta_reject(b.filter, s, "<u@ours.test>", "5.1.1", "unknown",
	    &m)->code, "451", "a recipient that the mail server has refused");
	tap_is_int(world.questions, 0, "nobody was asked for it");
	record_lacks(&b, "\"mx\"");
	rcpt_is(&b, s, "<u@ours.test>", nothing, "pass", "ours by DNS");
	tap_is_int(world.questions, 2, "its exchangers, and their addresses");
	record_has(&b, "\"verdict\":\"permit\",\"reason\":\"mx\"");
	record_has(&b, "\"mx\":\"primary 10 mx.ours.test via 198.51.100.25, ad=0, ");
	record_has(&b, ", fresh\"");
	rcpt_is(&b, s, "u@ours.test", nothing, "553", "not plain, and not resolved");
	rcpt_is(&b, s, "u@ours.test", resolved, "pass", "not plain, and resolved to that");
	record_has(&b, ", cached\"");
	filter_set_rules(b.filter, b.conf, NULL);
	rcpt_is(&b, s, "<u@ours.test>", nothing, "pass", "a transaction keeps whom it asks");
	world.is_down = 1;
	rcpt_is(&b, s, "<u@down.test>", nothing, "451", "DNS is down");
	record_has(&b, "\"verdict\":\"tempfail\",\"reason\":\"dns-failure\"");
	record_has(&b, "\"reply\":\"451 4.4.3 ");
	rcpt_is(&b, s, "<u@example.com>", nothing, "pass", "which is nothing to a list");
	mail(&b, s, NULL, nothing);
	rcpt_is(&b, s, "<u@ours.test>", nothing, "451", "there is nobody to ask");
	record_has(&b, "\"reason\":\"internal\"");
	ask_in_world(&b, &other);
	mail(&b, s, NULL, nothing);
	rcpt_is(&b, s, "<u@ours.test>", nothing, "pass", "the next transaction asks another");
	tap_is_int(other.questions, 2, "which was asked");
	filter_close(b.filter, s);
	bench_close(&b);
}

#define PTR		"{client_ptr}", "client.example"
#define UNDER_TLS	"{tls_version}", "TLSv1.3", "{cipher_bits}", "256"
#define ALICE		"{auth_type}", "PLAIN", "{auth_authen}", "alice"

/* What each HELO brings, in turn, and then MAIL. */
struct tls_row {
	const char		*name;
	const char *const	*connection;
	const char *const	*helo[4];
	const char *const	*mail;
	int			 counts;	/* the login, where require-tls is yes */
};

static const char *const h_clear[] = { PTR, NULL };
static const char *const h_clear_login[] = { PTR, ALICE, NULL };
static const char *const h_tls[] = { PTR, UNDER_TLS, NULL };
static const char *const h_tls_login[] = { PTR, UNDER_TLS, ALICE, NULL };
static const char *const h_tls_half_login[] = { PTR, UNDER_TLS, "{auth_authen}", "alice", NULL };
static const char *const h_tls_by_default[] = { UNDER_TLS, NULL };
static const char *const m_clear[] = { ALICE, NULL };
static const char *const m_tls[] = { ALICE, UNDER_TLS, NULL };

static const struct tls_row tls_rows[] = {
	{ "no TLS", sendmail, { h_clear, h_clear_login }, m_clear, 0 },
	{ "STARTTLS, EHLO, AUTH", sendmail, { h_clear, h_tls }, m_tls, 1 },
	{ "STARTTLS, EHLO, AUTH, EHLO", sendmail, { h_clear, h_tls, h_tls_login }, m_tls, 1 },
	{ "smtps", sendmail, { h_tls }, m_tls, 1 },
	{ "AUTH, STARTTLS, EHLO", sendmail, { h_clear, h_tls_login }, m_tls, 0 },
	{ "AUTH, EHLO, STARTTLS, EHLO, EHLO", sendmail,
	    { h_clear, h_clear_login, h_tls_login, h_tls_login }, m_tls, 0 },
	{ "AUTH, STARTTLS, and no EHLO", sendmail, { h_clear }, m_tls, 0 },
	{ "AUTH, STARTTLS, EHLO that shows half of the login", sendmail, { h_clear, h_tls_half_login }, m_tls, 0 },
	{ "no EHLO at all", sendmail, { NULL }, m_tls, 0 },
	{ "a mail server that shows no login at EHLO", sendmail, { h_tls_by_default }, m_tls, 0 },
	{ "Postfix, which ends a login at STARTTLS", postfix, { h_clear }, m_tls, 1 },
	{ "Postfix with XCLIENT, where the login comes first", postfix, { h_tls_login }, m_tls, 1 },
	{ "Postfix without TLS", postfix, { h_clear, h_clear_login }, m_clear, 0 },
};

/* The TLS that counts is that which was there before the login. */
static void
check_login_under_tls(const char *setting, const char *why)
{
	struct bench b;
	char with[512];

	(void)snprintf(with, sizeof(with), "%sauth { %s }\n", text, setting);
	bench_open(&b, with);
	for (size_t i = 0; i < sizeof(tls_rows) / sizeof(tls_rows[0]); i++) {
		const struct tls_row *row = &tls_rows[i];
		struct session *s = connect_from(&b, "203.0.113.9", row->connection);
		char refused[64];

		for (size_t h = 0; h < 4 && row->helo[h] != NULL; h++)
			helo(&b, s, "helo.example", row->helo[h]);
		mail(&b, s, NULL, row->mail);
		rcpt_is(&b, s, THERE, nothing, row->counts ? "pass" : "550", row->name);
		(void)snprintf(refused, sizeof(refused), "\"auth_refused\":\"%s\"", why);
		(row->counts ? record_lacks : record_has)(&b, refused);
		(row->mail == m_tls ? record_has : record_lacks)(&b, "\"tls\":\"TLSv1.3\"");
		(row->mail == m_tls && !row->counts ? record_has : record_lacks)(&b, "\"auth_clear\":true");
		filter_abort(b.filter, s);
		mail(&b, s, NULL, row->mail);
		rcpt_is(&b, s, THERE, nothing, row->counts ? "pass" : "550", "  and so with the next message");
		filter_close(b.filter, s);
	}
	bench_close(&b);
}

/* Each is said once; a mail server that tells nothing, as in our own probe, is none. */
static void
check_mail_servers(void)
{
	static const struct {
		const char	*version;
		const char	*name;
		const char	*recorded;	/* NULL: nothing */
	} rows[] = {
		{ NULL, NULL, NULL },
		{ "", "", NULL },
		{ "Postfix 3.7.11", "mx.example.com", "\"event\":\"mta\",\"mta\":\"mx.example.com\","
		    "\"note\":\"Postfix 3.7.11: reports the recipients that it refuses" },
		{ "Postfix 3.7.11", "mx.example.com", NULL },
		{ "Postfix 3.7.11", "mx2.example.com", "\"mta\":\"mx2.example.com\"" },
		{ "8.17.1.9", "mx.example.com", "\"note\":\"Sendmail 8.17.1.9: does not report" },
		{ "Other\n1", "mx.example.com", "\"note\":\"Other?1, treated as Sendmail: does not report" },
		{ "8.17.1.9", NULL, "\"event\":\"mta\",\"note\":\"Sendmail 8.17.1.9: " },
		{ NULL, "mx.example.com", "\"note\":\"mail server of unknown version, treated as Sendmail: " },
		{ "8.17.1.9", "mx.example.com", NULL },
		{ "7", "mx.example.com", "Sendmail 7:" },
		{ "8", "mx.example.com", "Sendmail 8:" },
		{ "9", "mx.example.com", NULL },	/* the ninth */
		{ "Postfix 3.7.11", "mx2.example.com", NULL },
	};
	struct bench b;
	int count = 0;

	bench_open(&b, text);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const pairs[] = { "v", rows[i].version, "j", rows[i].name, NULL };
		const char *const by_name[] = { "j", rows[i].name, NULL };

		filter_close(b.filter, connect_from(&b, "203.0.113.9",
		    rows[i].version == NULL ? by_name : pairs));
		if (rows[i].recorded != NULL)
			record_has(&b, rows[i].recorded);
		count += rows[i].recorded != NULL;
		tap_is_int(count_records(&b, "\"event\":\"mta\""), count, "row %zu", i);
	}
	bench_close(&b);
}

static void
check_notes(const struct bench *b)
{
	tap_is_int(filter_note(b->filter, RECORD_START, "1.0, enforce"), 0, "start");
	record_has(b, "\"event\":\"start\",\"note\":\"1.0, enforce\"");
	tap_is_int(filter_note(b->filter, RECORD_STOP, NULL), 0, "stop");
	record_has(b, "\"event\":\"stop\"");
}

/* The sum of the counts in all summaries. */
static int
count_flood(const struct bench *b)
{
	char line[65536];
	const char *count;
	FILE *file = fopen(b->audit_file, "r");
	int sum = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strstr(line, "\"event\":\"flood\"") != NULL &&
		    (count = strstr(line, "\"count\":")) != NULL)
			sum += atoi(count + strlen("\"count\":"));
	if (file != NULL)
		(void)fclose(file);
	return sum;
}

/* So slow that none comes back while this runs. */
#define SLOW	"audit { stranger-rate = 1 stranger-burst = 1000 }\n"
#define BURST	1000
#define MORE	500

/* Sends up to the burst and beyond; returns how many got the code. */
static int
play_many(const struct bench *b, struct session *s, const char *rcpt, int count, const char *code)
{
	struct engine_macros m = macros(nothing);
	int found = 0;

	for (int i = 0; i < count; i++) {
		const struct reply *reply = filter_rcpt(b->filter, s, rcpt, &m);
		found += strcmp(reply == NULL ? "pass" : reply->code, code) == 0;
	}
	return found;
}

static void
check_flood(void)
{
	const char *const queued[] = { "i", "4QID", NULL };
	struct engine_macros m = macros(queued);
	struct bench b;
	struct session *s, *near, *other, *trusted;
	const struct reply *reply;
	char conf[1024];
	int within, extra;

	(void)snprintf(conf, sizeof(conf), "%s" SLOW, text);
	bench_open(&b, conf);
	s = connect_from(&b, "203.0.113.9", postfix);
	near = connect_from(&b, "203.0.113.77", postfix);
	other = connect_from(&b, "203.0.114.9", postfix);
	trusted = connect_from(&b, "10.0.0.1", postfix);
	mail(&b, s, NULL, nothing);
	within = play_many(&b, s, HERE, BURST, "pass");
	tap_is_int(within, BURST, "the burst of a stranger passes");
	extra = play_many(&b, s, THERE, MORE, "550");
	tap_ok(extra < MORE / 2, "few more are decided: %d", extra);
	record_has(&b, "\"event\":\"flood\",\"verdict\":\"tempfail\",\"reason\":\"too-many\","
	    "\"enforced\":true,\"reply\":\"451 4.7.1 ");
	record_has(&b, "\"client\":\"203.0.113.9\",\"client_port\":4321,\"client_name\":\"client.example\"");
	record_has(&b, "\"sender\":\"<sender@else.test>\",\"rcpt\":\"<user@elsewhere.test>\",");
	record_has(&b, "\"matched\":\"audit.stranger-rate 203.0.113.0/24\",\"count\":");
	record_lacks(&b, "elapsed_us");
	mail(&b, near, NULL, nothing);
	extra += play_many(&b, near, HERE, MORE, "pass");
	reply = filter_mta_reject(b.filter, near, THERE, "5.1.1", "User unknown", &m);
	tap_is_str(reply == NULL ? NULL : reply->code, "451", "what the mail server refuses counts, too");
	filter_data(b.filter, near, &m);
	tap_is_int(count_records(&b, "\"event\":\"mta-reject\""), 0, "and has no record");
	tap_is_int(count_records(&b, "\"event\":\"message\""), near->txn.has_record,
	    "nor has a message of which no recipient was recorded");
	filter_data(b.filter, s, &m);
	record_has(&b, "\"event\":\"message\"");
	mail(&b, other, NULL, nothing);
	rcpt_is(&b, other, HERE, nothing, "pass", "another network is not bound by that");
	mail(&b, near, NULL, login);
	tap_is_int(play_many(&b, near, THERE, 10, "pass"), 10, "nor is a login from the same");
	mail(&b, trusted, NULL, nothing);
	tap_is_int(play_many(&b, trusted, THERE, 3 * BURST, "pass"), 3 * BURST, "nor a trusted network");
	tap_is_int(count_records(&b, "\"event\":\"rcpt\""), BURST + extra + 1 + 10 + 3 * BURST,
	    "each of those that were decided has a record");
	filter_close(b.filter, s);
	filter_close(b.filter, near);
	filter_close(b.filter, other);
	filter_close(b.filter, trusted);
	tap_is_int(filter_stop(b.filter, 1000), 0, "a stop");
	record_has(&b, "\"event\":\"flood\"");
	record_lacks(&b, "session");
	record_has(&b, "\"client\":\"203.0.113.77\",\"matched\":\"audit.stranger-rate 203.0.113.0/24\"");
	tap_is_int(count_flood(&b), 2 * MORE + 1 - extra, "the summaries count all others");
	bench_close(&b);
}

static void
check_flood_in_monitor_mode(void)
{
	struct engine_macros m = macros(nothing);
	struct bench b;
	struct session *s;
	char conf[1024];
	int before;

	(void)snprintf(conf, sizeof(conf), "mode = monitor\nlocal-submission = reject\n%s" SLOW, text);
	bench_open(&b, conf);
	s = connect_from(&b, NULL, nothing);
	mail(&b, s, NULL, nothing);
	tap_is_int(play_many(&b, s, THERE, BURST + MORE, "pass"), BURST + MORE, "in monitor mode all pass");
	before = count_records(&b, "\"event\":\"rcpt\"");
	tap_ok(before < BURST + MORE / 2, "few have a record: %d", before);
	record_has(&b, "\"event\":\"flood\",\"verdict\":\"tempfail\",\"reason\":\"too-many\",\"enforced\":false");
	record_has(&b, "\"matched\":\"audit.stranger-rate unknown\"");
	filter_data(b.filter, s, &m);
	tap_is_int(count_records(&b, "\"event\":\"message\""), 1, "a message with recipients that have one");
	filter_close(b.filter, s);
	tap_is_int(filter_stop(b.filter, 1000), 0, "a stop");
	tap_is_int(count_flood(&b), BURST + MORE - before, "the summaries count the others");
	bench_close(&b);
}

/* A bound of none, and what is left over is written in its time. */
static void
check_flood_settings(void)
{
	struct bench b;
	struct session *s;
	char conf[1024];
	int refused;

	(void)snprintf(conf, sizeof(conf), "%saudit { stranger-rate = 0 stranger-burst = 1 }\n", text);
	bench_open(&b, conf);
	s = connect_from(&b, "203.0.113.9", postfix);
	mail(&b, s, NULL, nothing);
	tap_is_int(play_many(&b, s, HERE, 20000, "pass"), 20000, "no bound");
	filter_close(b.filter, s);
	bench_close(&b);
	(void)snprintf(conf, sizeof(conf), "%saudit { stranger-rate = 1 stranger-burst = 1 }\n", text);
	bench_open(&b, conf);
	s = connect_from(&b, "2001:db8::9", postfix);
	mail(&b, s, NULL, nothing);
	refused = play_many(&b, s, HERE, 10, "451");
	tap_ok(refused >= 2, "a bound of one a second");
	for (int i = 0; i < 500 && count_flood(&b) < refused; i++) {
		(void)usleep(10000);
		filter_sum_up(b.filter);
	}
	tap_is_int(count_flood(&b), refused, "the summaries count all, also where none comes after");
	record_has(&b, "\"matched\":\"audit.stranger-rate 2001:db8::/48\"");
	filter_close(b.filter, s);
	bench_close(&b);
}

/* A flood asks nothing of DNS, and the first summary is written at once. */
static void
check_flood_and_mx(void)
{
	struct world world = { 0, 0 };
	struct session *s;
	struct bench b;
	char conf[1024], rcpt[64];
	int within = 0;

	(void)snprintf(conf, sizeof(conf), "%s" SLOW, mx_text);
	bench_open(&b, conf);
	ask_in_world(&b, &world);
	s = connect_from(&b, "203.0.113.9", postfix);
	mail(&b, s, NULL, nothing);
	for (int i = 0; i < BURST + MORE; i++) {
		(void)snprintf(rcpt, sizeof(rcpt), "<u@d%d.test>", i);
		within += play_many(&b, s, rcpt, 1, "pass");
	}
	tap_ok(within >= BURST && within < BURST + MORE / 2, "few are beyond the burst: %d", within);
	tap_is_int(world.questions, 2 * within, "DNS is asked for those within alone");
	filter_close(b.filter, s);
	bench_close(&b);
}

/* What a stranger sends costs no more memory than may be recorded of it. */
static void
check_kept(const struct bench *b)
{
	struct session *s = connect_from(b, "203.0.113.9", postfix);
	struct engine_macros m = macros(nothing);
	char *params[] = { NULL };
	char longest[60001];

	memset(longest, 'x', 60000);
	longest[60000] = '\0';
	filter_helo(b->filter, s, longest, &m);
	tap_is_int((long long)strlen(s->helo), POLICY_HELO_MAX, "of a HELO name of 60,000 bytes, so many are kept");
	tap_is_int((long long)s->helo_length, 60000, "  and its length");
	tap_is_int((long long)s->helo_whole.length, 60000, "  with the length of what was hashed");
	filter_mail(b->filter, s, longest, params, &m);
	tap_is_int((long long)strlen(s->txn.sender), POLICY_SENDER_MAX, "of such a sender, so many");
	tap_is_int((long long)s->txn.sender_length, 60000, "  and its length");
	rcpt_is(b, s, HERE, nothing, "501", "too long");
	record_has(b, "\"reason\":\"oversized\"");
	filter_data(b->filter, s, &m);
	record_has(b, "\"event\":\"message\"");
	record_has(b, "\"cut\":\"helo 60000 ");
	filter_mail(b->filter, s, "<m@sender.test>", params, &m);
	tap_is_int((long long)s->txn.sender_whole.length, 0, "the next sender is whole");
	filter_helo(b->filter, s, "client.test", &m);
	tap_is_int((long long)s->helo_whole.length, 0, "and so is the next name");
	filter_close(b->filter, s);
}

int
main(void)
{
	struct bench b;

	log_init("filter_test");
	bench_open(&b, text);
	check_transactions(&b);
	check_kept(&b);
	check_end_of_message(&b);
	check_mta_reject(&b);
	check_certificates(&b);
	check_cut_names(&b);
	check_logins(&b);
	check_local_submission(&b);
	check_utf8(&b);
	check_same_client(&b);
	check_no_memory(&b);
	check_notes(&b);
	bench_close(&b);
	check_mail_servers();
	check_monitor();
	check_login_under_tls("require-tls = yes", "tls");
	check_login_under_tls("min-ssf = 128", "strength");
	check_mx();
	check_flood();
	check_flood_in_monitor_mode();
	check_flood_settings();
	check_flood_and_mx();
	on_failure_is("tempfail", "451", "451");
	on_failure_is("continue", "pass", "550");
	return tap_done();
}
