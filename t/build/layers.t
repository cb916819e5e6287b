#!/usr/bin/env perl
# t/build/layers.t: the core asks nothing of the world, and libmilter is behind one file
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use File::Basename qw(basename);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Tree qw(top run_in compiler find_program cannot);

my @CORE = qw(policy certset judge path netaddr netset domset reply record encode utf8 xtext buf);
# Pure too, and above the core: what each may call besides.
my %ABOVE = (dns_reply => [], rrset => [], session => ['ask_unref', 'conf_unref'], siphash => [],
	mx_hosts => [], record_read => [], distinct => [], series => [], report_form => [],
	record_filter => ['record_text_is'], replay => [qw(mx_standing_name record_is_cut record_text_add record_text_is)],
	report_table => [qw(siphash distinct_add distinct_clear)], report_top => ['report_has_before',
	    qw(report_table_find report_table_sorted)],
	report => ['siphash', qw(record_text_is record_text_add report_form_of),
	    map { ("distinct_$_", "series_$_", "report_table_$_") } qw(add clear init get span align)],
	mx => ['ownaddr_is_usable', 'mx_is_host_name', map { "mx_hosts_$_" } qw(read set_implicit is_best find)],
	mta_seen => [map { "pthread_mutex_$_" } qw(init destroy lock unlock)],
	flood => ['siphash', map { "pthread_mutex_$_" } qw(init destroy lock unlock)],
	# as pure as the hash that they call
	record_cut => [qw(chain_hash chain_format)],
	chain_line => ['chain_parse'], anchors => [qw(chain_parse chain_line_parse)], verify_kind => [],
	verify_hash => [map { "chain_$_" } qw(new free begin add end)],
	verify => [qw(anchors_at audit_key_check chain_line_parse verify_kind_verdict),
	    map { "verify_hash_$_" } qw(init clear bare reset_bare end go_on comes_from begins_file zeros)],
	# and one lock a shard
	mx_backoff => [], dns_health => [],
	mx_limit => ['siphash', (map { "mx_backoff_$_" } qw(new free holds fail answer)),
	    map { "pthread_mutex_$_" } qw(init destroy lock unlock)],
	cache => ['siphash', (map { "mx_limit_$_" } qw(new free begin end cancel count)), map { ("pthread_mutex_$_", "pthread_cond_$_", "pthread_condattr_$_") }
	    qw(init destroy lock unlock timedwait broadcast setclock)]);

# What the core may call: memory, text, numbers, and what compilers and sanitizers put in.
my @ALLOWED = (
	qw(malloc calloc realloc reallocarray free qsort bsearch abs),
	qw(memcpy memmove memset memcmp memchr memrchr memmem mempcpy),
	qw(strlen strnlen strcmp strncmp strcasecmp strncasecmp strchr strrchr strchrnul strstr
	    strncpy strspn strcspn strpbrk strdup strndup strtol strtoul strtoll strtoull),
	qw(__isoc23_strtol __isoc23_strtoul __isoc23_strtoll __isoc23_strtoull),
	qw(snprintf vsnprintf __snprintf_chk __vsnprintf_chk),
	qw(__memcpy_chk __memmove_chk __memset_chk __mempcpy_chk),
	qw(inet_pton inet_ntop),
	qw(isalnum isalpha isdigit isxdigit isspace isprint ispunct iscntrl islower isupper
	    tolower toupper __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc),
	qw(__stack_chk_fail __stack_chk_guard __assert_fail __assert abort
	    _GLOBAL_OFFSET_TABLE_ __errno_location __error),
);
my $ALLOWED = do {
	my $names = join '|', map { quotemeta } @ALLOWED;
	qr/^(?:$names|idn2_\w+|__(?:asan|ubsan|tsan|sanitizer|lsan|gcov)_\w+)$/;
};

my $top = top();
my $scratch = scratch_folder();

sub compile
{
	my ($source, $object) = @_;
	my ($status, $output) = run_in($top, compiler(), qw(-std=c11 -D_GNU_SOURCE -O2 -c),
	    "-I$top/milter", '-o', $object, $source);

	die "$source does not compile:\n$output" if $status != 0;
	return $object;
}

# The object that make has built, unless it is older than its source.
sub object_of
{
	my ($module) = @_;
	my ($source, $object) = map { "$top/milter/$module.$_" } qw(c o);

	return $object if -e $object && (stat _)[9] >= (stat $source)[9];
	return compile($source, "$scratch/$module.o");
}

# [name, kind] of each symbol that other objects see, or are asked for.
sub symbols
{
	my ($object) = @_;
	my ($status, $output) = run_in($top, 'nm', '-P', '-g', $object);

	die "nm $object: $output" if $status != 0;
	return map { /^([^\s@]+)\S* ([A-Za-z])\b/ ? [$1, $2] : () } split /\n/, $output;
}

sub asked_by
{
	return map { $_->[1] =~ /[Uwv]/ ? $_->[0] : () } symbols(@_);
}

sub defined_in
{
	return map { $_->[1] =~ /[Uwv]/ ? () : $_->[0] } symbols(@_);
}

# The names that an object asks for and may not, given those that it may besides.
sub forbidden
{
	my ($object, $own) = @_;

	return join ' ', grep { $_ !~ $ALLOWED && !$own->{$_} } asked_by($object);
}

# As the compiler sees it: without comments.
sub code_of
{
	my ($file) = @_;

	return read_file($file) =~ s{/\*.*?\*/}{ }gsr;
}

sub test_objects
{
	find_program('nm') or return cannot('no nm');

	my %object = map { $_ => object_of($_) } @CORE, keys %ABOVE;
	my %own = map { $_ => 1 } map { defined_in($object{$_}) } @CORE;

	cmp_ok scalar keys %own, '>', 20, 'the core defines functions';
	for my $module (@CORE, sort keys %ABOVE) {
		my %may = (%own, map { $_ => 1 } @{$ABOVE{$module} // []});
		is forbidden($object{$module}, \%may), '', "$module.o calls nothing outside";
	}

	# The test can fail.
	for my $call ('time(NULL)', 'socket(1, 1, 0)', 'getenv("X") != NULL', 'puts("x")') {
		my ($name) = $call =~ /^(\w+)/;
		write_file("$scratch/buf.c", "#include <stdio.h>\n#include <stdlib.h>\n"
		    . "#include <time.h>\n#include <sys/socket.h>\n"
		    . read_file("$top/milter/buf.c")
		    . "\nlong added(void);\nlong\nadded(void)\n{\n\treturn $call;\n}\n");
		is forbidden(compile("$scratch/buf.c", "$scratch/added.o"), \%own), $name,
		    "a call of $name() would be found";
	}
}

sub test_sources
{
	my @source = glob "$top/milter/*.c";
	my @header = glob "$top/milter/*.h";

	cmp_ok scalar @source, '>', 15, 'the sources are there';
	is join(' ', map { basename($_) } grep { code_of($_) =~ /\bsmfi_/i } @source, @header),
	    'engine_libmilter.c', 'smfi_ is in one file';
	is join(' ', map { basename($_) } grep { code_of($_) =~ m{<libmilter/} } @source, @header),
	    'engine_libmilter.c', 'and so is its header';
	is join(' ', map { basename($_) } grep { code_of($_) =~ m{\bldns_|<ldns/} } @source, @header),
	    'dns_packet.c', 'ldns_ is in one file, and its header too';
	is join(' ', map { basename($_) } grep { code_of($_) =~ m{\bpsl_|<libpsl\.h>} } @source, @header),
	    'suffix_psl.c', 'libpsl is in one file, and its header too';
	is join(' ', map { basename($_) } grep { code_of($_) =~ m{<openssl/} } @source, @header),
	    'audit_key.c chain.c redact.c smtp_auth.c tls_client.c', 'OpenSSL is in five, and in no header';
	is join(' ', map { basename($_) } grep { code_of($_) =~ /^\s*#\s*if/m } @source), '',
	    'no #if in a source';
	for my $header (@header) {
		my $name = basename($header);
		# Twice: a guard that does not guard shows.
		write_file("$scratch/alone.c", "#include \"$name\"\n#include \"$name\"\n"
		    . "extern int alone;\n");
		my ($status, $output) = run_in($scratch, compiler(), qw(-std=c11 -D_GNU_SOURCE
		    -Wall -Wextra -Werror -fsyntax-only), "-I$top/milter", 'alone.c');
		is $status, 0, "$name compiles alone" or diag $output;
	}
}

test_objects();
test_sources();
done_testing;
