#!/usr/bin/env perl
# t/build/layers.t: the walls between rooms: what includes and calls what, and what is pure
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use File::Basename qw(basename dirname);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Tree qw(top run_in compiler find_program cannot);

# The rooms below milter/, and those that each may use besides itself.
my %MAY = (
	core => [],
	os => [qw(core)],
	record => [qw(core)],
	config => [qw(core os record)],
	dns => [qw(core os config)],
	audit => [qw(core os record)],
	daemon => [qw(core os record config dns audit)],
	report => [qw(core record)],
	probe => [qw(core os)],
	ctl => [qw(core os record config dns report probe)],
);

# Modules outside core/ that are pure, too, and what each may call besides memory, text, numbers
# and one another: locks, digests, or functions by name.
my %PURE = (
	(map { $_ => [] } qw(dns/dns_reply dns/mx_hosts dns/rrset dns/mx_backoff dns/dns_health probe/probe_forms probe/smtp_reply
	    record/record record/record_cut record/record_decision record/record_filter record/record_key
	    record/record_read record/chain_line record/anchors
	    record/verify_hash record/verify_kind report/distinct report/rank
	    report/report report/series report/spelling report/tally ctl/replay)),
	'record/verify' => ['audit_key_check'],
	'dns/mx' => ['ownaddr_is_usable'],
	(map { $_ => [] } qw(config/conf_value)),
	'config/conf_token' => ['getenv'],
	(map { $_ => ['pthread_\w+'] } qw(dns/mx_cache dns/mx_limit daemon/flood daemon/mta_seen)),
	'daemon/session' => [qw(mx_lookup_unref conf_unref)],
	'record/chain' => ['EVP_\w+', 'ERR_clear_error'],
);

# Rooms in which no module calls itself by way of others.
my @STRAIGHT = qw(config);

# Memory, text, numbers, and what compilers and sanitizers put in.
my $ALLOWED = join '|', (
	qw(malloc calloc realloc reallocarray free qsort bsearch abs),
	qw(memcpy memmove memset memcmp memchr memrchr memmem mempcpy),
	qw(strlen strnlen strcmp strncmp strcasecmp strncasecmp strchr strrchr strchrnul strstr
	    strncpy strspn strcspn strpbrk strdup strndup strtol strtoul strtoll strtoull),
	'__isoc23_strto\w+', qw(snprintf vsnprintf inet_pton inet_ntop), 'is[a-z]+', qw(tolower toupper),
	'__\w+_chk', '__ctype_\w+', '__stack_chk_\w+', qw(__assert_fail __assert abort),
	qw(_GLOBAL_OFFSET_TABLE_ __errno_location __error), 'idn2_\w+',
	'__(?:asan|ubsan|tsan|sanitizer|lsan|gcov)_\w+',
);

my $top = top();
my $scratch = scratch_folder();
my @source = glob "$top/milter/*/*.c";
my @header = glob "$top/milter/*/*.h";

# "core/path" of a file.
sub module_of { return $_[0] =~ m{([^/]+/[^/]+)\.[cho]$} ? $1 : die "$_[0]: in no room" }
sub room_of { return $_[0] =~ m{^([^/]+)/} ? $1 : die "$_[0]: in no room" }

sub may_use
{
	my ($room, $other) = @_;

	return $room eq $other || grep { $_ eq $other } @{$MAY{$room} // []};
}

sub compile
{
	my ($source, $object) = @_;
	my ($status, $output) = run_in($top, compiler(), qw(-std=c11 -D_GNU_SOURCE -O2 -c),
	    '-DAUTHRELAY_VERSION=""', '-DAUTHRELAY_CONF=""', "-I$top/milter", '-o', $object, $source);

	die "$source does not compile:\n$output" if $status != 0;
	return $object;
}

# The object that make has built, unless it is older than its source or was not wanted here.
sub object_of
{
	my ($source) = @_;
	my $object = $source =~ s/c$/o/r;

	return $object if -e $object && (stat _)[9] >= (stat $source)[9];
	return $source =~ /sandbox_|_(?:psl|none|linux)\.c$/ ? () : compile($source, "$scratch/" . basename($object));
}

# [name, kind] of each symbol that other objects see, or are asked for.
sub symbols
{
	my ($object) = @_;
	my ($status, $output) = run_in($top, 'nm', '-P', '-g', $object);

	die "nm $object: $output" if $status != 0;
	return map { /^([^\s@]+)\S* ([A-Za-z])\b/ ? [$1, $2] : () } split /\n/, $output;
}

sub asked_by { return map { $_->[1] =~ /[Uwv]/ ? $_->[0] : () } symbols(@_) }
sub defined_in { return map { $_->[1] =~ /[Uwv]/ ? () : $_->[0] } symbols(@_) }

# As the compiler sees it: without comments.
sub code_of { return read_file($_[0]) =~ s{/\*.*?\*/}{ }gsr }

# Which includes of a text, as one of a room, go where that room may not.
sub includes_through_walls
{
	my ($room, $text) = @_;

	return grep { !m{^(\w+)/[\w.]+$} || !$MAY{$1} || !may_use($room, $1) }
	    $text =~ /^\s*#\s*include\s+"([^"]+)"/mg;
}

# What an object calls that is of a room which its own may not use, given who defines what.
sub calls_through_walls
{
	my ($room, $object, $owner) = @_;

	return map { my $other = $owner->{$_}; $other && !may_use($room, room_of($other)) ? "$_() of $other" : () }
	    asked_by($object);
}

# What an object calls that a pure module may not.
sub impure_calls
{
	my ($object, $owner, @besides) = @_;
	my $may = join '|', $ALLOWED, @besides;

	return grep { !/^(?:$may)$/ && !is_pure($owner->{$_} // '') } asked_by($object);
}

# The modules that call each other in a circle, each after the one that calls it.
sub circle_of
{
	my ($module, $calls, $done, @callers) = @_;

	return (@callers, $module) if grep { $_ eq $module } @callers;
	return () if $done->{$module};
	for my $called (sort keys %{$calls->{$module}}) {
		my @circle = circle_of($called, $calls, $done, @callers, $module);
		return @circle if @circle;
	}
	$done->{$module} = 1;
	return ();
}

# Who calls whom in a room.
sub calls_in
{
	my ($room, $object, $owner) = @_;
	my %calls;

	for my $module (grep { room_of($_) eq $room } keys %$object) {
		my @called = grep { defined && room_of($_) eq $room && $_ ne $module } map { $owner->{$_} } asked_by($object->{$module});
		@{$calls{$module}}{@called} = ();
	}
	return \%calls;
}

sub is_pure { return $_[0] =~ m{^core/} || $PURE{$_[0]} }

sub test_includes
{
	cmp_ok scalar @source, '>', 100, 'the sources are there';
	is join(' ', map { basename($_) } glob "$top/milter/*.[ch]"), '', 'every source is in a room';
	is_deeply [sort keys %MAY], [map { basename($_) } grep { -d } sort glob "$top/milter/*"],
	    'every room is known';
	for my $file (@source, @header) {
		my $module = module_of($file);
		is join(' ', includes_through_walls(room_of($module), code_of($file))), '',
		    "$module" . ($file =~ /h$/ ? '.h' : '.c') . ' includes nothing through a wall';
	}
	is join(' ', includes_through_walls('core', "#include \"core/buf.h\"\n#include \"os/log.h\"\n")), 'os/log.h',
	    'an include through a wall would be found';
	is join(' ', includes_through_walls('core', "#include \"buf.h\"\n")), 'buf.h', 'and one without a room';
}

sub test_objects
{
	find_program('nm') or return cannot('no nm');

	my %object = map { my $object = object_of($_); $object ? (module_of($_) => $object) : () } @source;
	my %owner = map { my $module = $_; map { $_ => $module } defined_in($object{$module}) } sort keys %object;

	# What libmilter calls in the place of the C library has the names of the C library's own.
	delete @owner{qw(accept poll pthread_create sigwait)};
	cmp_ok scalar keys %owner, '>', 400, 'the rooms define functions';
	for my $module (sort keys %object) {
		is join(', ', calls_through_walls(room_of($module), $object{$module}, \%owner)), '',
		    "$module calls nothing through a wall";
	}
	for my $module (grep { is_pure($_) } sort keys %object) {
		is join(' ', impure_calls($object{$module}, \%owner, @{$PURE{$module} // []})), '', "$module is pure";
	}
	is join(' ', grep { !$object{$_} } sort keys %PURE), '', 'every pure module is there';
	for my $room (@STRAIGHT) {
		my $calls = calls_in($room, \%object, \%owner);
		my ($module, $called) = map { ($_, sort keys %{$calls->{$_}}) } grep { keys %{$calls->{$_}} } sort keys %$calls;
		my %done;
		is join(' ', map { circle_of($_, $calls, \%done) } sort keys %$calls), '', "$room: nothing calls in a circle";
		$calls->{$called}{$module} = 1;
		isnt join(' ', circle_of($module, $calls, {})), '', 'which would be found';
	}

	# The test can fail.
	for my $call ('time(NULL)', 'socket(1, 1, 0)', 'getenv("X") != NULL', 'puts("x")', 'log_info("x")') {
		my ($name) = $call =~ /^(\w+)/;
		write_file("$scratch/buf.c", "#include <stdio.h>\n#include <stdlib.h>\n"
		    . "#include <time.h>\n#include <sys/socket.h>\n"
		    . ($name eq 'log_info' ? "int log_info(const char *, ...);\n" : '')
		    . read_file("$top/milter/core/buf.c")
		    . "\nlong added(void);\nlong\nadded(void)\n{\n\treturn $call;\n}\n");
		my $object = compile("$scratch/buf.c", "$scratch/added.o");
		is join(' ', impure_calls($object, \%owner)), $name, "a call of $name() would be found";
		is join(' ', calls_through_walls('core', $object, \%owner)), 'log_info() of os/log',
		    'and one through a wall' if $name eq 'log_info';
	}
}

# The files whose code matches.
sub files_with
{
	my ($pattern) = @_;

	return join ' ', map { s{.*/milter/}{}r } grep { code_of($_) =~ $pattern } @source, @header;
}

sub test_sources
{
	is files_with(qr/\bsmfi_/i), 'daemon/engine_libmilter.c', 'smfi_ is in one file';
	is files_with(qr{<libmilter/}), 'daemon/engine_libmilter.c', 'and so is its header';
	is files_with(qr{\bldns_|<ldns/}), 'dns/dns_packet.c', 'ldns_ is in one file, and its header too';
	is files_with(qr{\bpsl_|<libpsl\.h>}), 'config/suffix_psl.c', 'libpsl is in one file, and its header too';
	is files_with(qr{<openssl/}), 'probe/smtp_auth.c probe/tls_client.c record/audit_key.c record/chain.c'
	    . ' record/redact.c', 'OpenSSL is in five, and in no header';
	is files_with(qr/\bclock_gettime\s*\(/), 'os/clock.c', 'the clocks are read in one file';
	is files_with(qr/[<>]=? '[09aAfFzZ]'|\b0x7f\b/), 'core/ascii.h', 'and so are classes of characters';
	is join(' ', map { basename($_) } grep { code_of($_) =~ /^\s*#\s*if/m } @source), '',
	    'no #if in a source';
	for my $header (@header) {
		my $name = module_of($header) . '.h';
		# Twice: a guard that does not guard shows.
		write_file("$scratch/alone.c", "#include \"$name\"\n#include \"$name\"\n"
		    . "extern int alone;\n");
		my ($status, $output) = run_in($scratch, compiler(), qw(-std=c11 -D_GNU_SOURCE
		    -Wall -Wextra -Werror -fsyntax-only), "-I$top/milter", 'alone.c');
		is $status, 0, "$name compiles alone" or diag $output;
	}
}

test_includes();
test_objects();
test_sources();
done_testing;
