#!/usr/bin/perl
# t/build/package.t: what contrib/ has for packages is well-formed, agrees with the Makefile, and works
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Cleanup qw(at_end);
use Authrelay::Daemon;
use Authrelay::MilterClient;
use Authrelay::Need qw(need_daemon);
use Authrelay::Records;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Tree qw(top run_in find_program cannot);
use Authrelay::Wait qw(wait_until);

need_daemon();
$ENV{PATH} .= ':/usr/sbin:/sbin';

my $CONTRIB = top() . '/contrib';
my $UNIT = "$CONTRIB/systemd/authrelay.service";
my $LOG = '/var/log/authrelay';
# One whose group has the same name, so that it stands for authrelay:authrelay.
my $USER = $> == 0 ? 'daemon' : getpwuid $>;

sub succeeds
{
	my ($name, @command) = @_;
	my ($status, $output) = run_in(top(), @command);

	is $status, 0, "$name: exit 0" or diag $output;
	return $output;
}

# A copy of a file in a folder, with some texts in it replaced; every one of them has to be there.
sub edited
{
	my ($file, $copy, @replace) = @_;
	my $text = read_file($file);

	while (my ($from, $to) = splice @replace, 0, 2) {
		$text =~ s/$from/$to/g or fail("$file has $from");
	}
	return write_file($copy, $text, (stat $file)[2] & 0755);
}

# Files that make installs, for a package, as names below the root.
sub installed
{
	my ($prefix, $sysconfdir) = @_;
	my $folder = scratch_folder();

	succeeds('make install', find_program('make'), '-s', 'install', "DESTDIR=$folder", "prefix=$prefix",
	    "sysconfdir=$sysconfdir");
	return sort map { "/$_" } Authrelay::Tree::files_below($folder);
}

# name => [value, ...] of a unit.
sub unit_settings
{
	my $text = read_file($UNIT);
	my %value;

	push @{$value{$1}}, split ' ', $2 while $text =~ /^(\w+)=(.*)$/mg;
	return %value;
}

subtest 'shell scripts' => sub {
	my @script = grep { -f && read_file($_) =~ m{\A#!(?:/bin/sh|/sbin/openrc-run)\n} }
	    glob "$CONTRIB/* $CONTRIB/*/*";

	is scalar @script, 6, 'all are found' or diag "@script";
	for my $shell (['dash'], [qw(busybox sh)]) {
		find_program($shell->[0]) or cannot("no $shell->[0]"), next;
		succeeds("@$shell -n $_", @$shell, '-n', $_) for @script;
	}
};

subtest 'versions' => sub {
	my ($version) = read_file(top() . '/configure') =~ /^version=(\S+)$/m;
	# For Debian and Fedora a tilde goes before nothing: 1.0.0~dev is older than 1.0.0.
	my $tilde = $version =~ s/-/~/r;

	like read_file("$CONTRIB/debian/changelog"), qr/\Aauthrelay \(\Q$tilde\E-1\) /, 'Debian';
	like read_file("$CONTRIB/rpm/authrelay.spec"), qr/^Version: +\Q$tilde\E$/m, 'Fedora';
	like read_file("$CONTRIB/freebsd/Makefile"), qr/^DISTVERSION=\t\Q$version\E$/m, 'FreeBSD';
};

# The tests that make would run for such a command of a package, as names below the top.
sub tests_of
{
	my ($name, @command) = @_;
	my ($tests) = succeeds("$name: make check", @command) =~ /\bprove -r +(.*)$/m;

	return split ' ', $tests // '';
}

# A package is built and tested where there is no mail server; nothing is run here.
subtest 'what is tested while a package is built' => sub {
	my $bin = scratch_folder();
	my $make = find_program('make') or return cannot('no make');
	my ($check) = read_file("$CONTRIB/rpm/authrelay.spec") =~ /^%check\n(make check .*)$/m;
	my $unit = join ' ', map { s/c$/t/r } grep { -x top() . '/' . s/c$/t/r }
	    map { substr $_, length(top()) + 1 } sort glob top() . '/t/unit/*.c';

	write_file("$bin/make", "#!/bin/sh\nexec $make -n \"\$@\"\n", 0755);
	write_file("$bin/dh_auto_test", "#!/bin/sh\nshift\nexec $make -n check \"\$@\"\n", 0755);
	my %tests = (
		Debian => [tests_of('Debian', 'env', "PATH=$bin:$ENV{PATH}", $make, '-s', '-f',
		    "$CONTRIB/debian/rules", 'override_dh_auto_test')],
		Fedora => [tests_of('Fedora', 'env', "PATH=$bin:$ENV{PATH}", 'sh', '-c', $check // 'false')],
	);
	for my $name (sort keys %tests) {
		is join(' ', sort grep { m{^t/unit/} } @{$tests{$name}}), $unit, "$name: every test in C";
		is join(' ', grep { !-f top() . "/$_" } @{$tests{$name}}), '', "$name: and each is there";
	}
	is join(' ', grep { !m{^t/unit/} } @{$tests{Debian}}),
	    't/build/sample.t t/daemon/daemon_start.t t/daemon/milter_dialogue.t',
	    'Debian: and the daemon under a client that speaks the protocol';
};

subtest 'the unit' => sub {
	my %unit = unit_settings();
	my ($socket) = succeeds('-n', Authrelay::Daemon::program(), '-n', '-c', '/dev/null',
	    '-o', 'no-local-domains = yes') =~
	    /^socket = "?unix:([^"\n]+)/m;
	my ($folder) = $socket =~ m{^/run/(.+)/[^/]+$};

	my ($program) = grep { /authrelay-milter$/ } installed('/usr', '/etc');
	is "@{$unit{ExecStart}}", "$program -f", 'starts what make installs';
	is "@{$unit{RuntimeDirectory}} @{$unit{RuntimeDirectoryMode}}", "$folder 0755",
	    'has the folder of the default socket';
	is "@{$unit{User}} @{$unit{Group}}", 'authrelay authrelay', 'has the user of sysusers.d';
	ok scalar(grep { $_ eq "-$LOG" } @{$unit{ReadWritePaths}}), 'may write records';
	is "@{$unit{RestartPreventExitStatus}}", '64 78', 'knows what a new start does not mend';

	find_program('systemd-analyze') or return cannot('no systemd-analyze');
	my $copy = edited($UNIT, scratch_folder() . '/authrelay.service', qr/^Documentation=.*\n/m => '',
	    qr/^ExecStart=\S+/m => 'ExecStart=' . Authrelay::Daemon::program());
	unlike succeeds('systemd-analyze verify', 'systemd-analyze', 'verify', $copy), qr/authrelay/,
	    'nothing is wrong with it';
	my ($exposure) = succeeds('systemd-analyze security', qw(systemd-analyze security --offline=true), $UNIT)
	    =~ /exposure level for authrelay\.service: ([\d.]+)/;
	cmp_ok $exposure // 10, '<=', 2.0, 'exposes little' or diag $exposure;
};

subtest 'user and folder' => sub {
	my $root = scratch_folder();

	$> == 0 or return cannot('needs root');
	find_program('systemd-sysusers') && find_program('systemd-tmpfiles') or
	    return cannot('no systemd-sysusers or systemd-tmpfiles');
	mkdir "$root/etc";
	write_file("$root/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
	write_file("$root/etc/group", "root:x:0:\nadm:x:4:\n");
	is succeeds('sysusers', 'systemd-sysusers', "--root=$root", "$CONTRIB/systemd/authrelay.sysusers") =~
	    s/^Creating .*\n//gmr, '', 'sysusers: nothing is wrong with it';
	my ($uid, $gid) = read_file("$root/etc/passwd") =~ m{^authrelay:x:(\d+):(\d+):.*/nologin$}m;
	ok $uid, 'the user is there';
	like read_file("$root/etc/group"), qr/^authrelay:x:$gid:$/m, 'and its group';
	is succeeds('tmpfiles', 'systemd-tmpfiles', '--create', "--root=$root",
	    "$CONTRIB/systemd/authrelay.tmpfiles"), '', 'tmpfiles: nothing is wrong with it';
	my @stat = stat "$root$LOG";
	is sprintf('%o %d %d', $stat[2] & 07777, @stat[4, 5]), "2750 $uid 4", 'the folder of the records';
};

subtest 'logrotate' => sub {
	my $folder = scratch_folder();

	find_program('logrotate') or return cannot('no logrotate');
	$> == 0 or return cannot('needs root');
	mkdir "$folder/log", 0750;
	chown 0, 4, "$folder/log";
	write_file("$folder/log/audit.json", "{}\n", 0640);
	write_file("$folder/init", "#!/bin/sh\necho \"\$1\" >>$folder/called\n", 0755);
	my $conf = edited("$CONTRIB/logrotate/authrelay", "$folder/conf", qr/\Q$LOG\E/ => "$folder/log",
	    qr/\bauthrelay adm\b/ => "root adm", qr{/run/systemd/system} => "$folder/none",
	    qr{/etc/init\.d/authrelay} => "$folder/init");
	unlike succeeds('logrotate -d', 'logrotate', '-d', $conf), qr/error:/, 'nothing is wrong with it';
	is succeeds('logrotate -f', 'logrotate', '-f', '-s', "$folder/state", $conf), '', 'it rotates';
	my @old = glob "$folder/log/audit.json-*";
	is join(' ', map { read_file($_) } @old), "{}\n", 'records are in the old file, not packed yet';
	ok !-e "$folder/log/audit.json", 'the new one is for the daemon to make';
	is read_file("$folder/called"), "status\nreopen\n", 'the daemon is told';
};

subtest 'the spec file' => sub {
	my $file = "$CONTRIB/rpm/authrelay.spec";
	my ($list) = read_file($file) =~ /^%files\n(.*?)\n\n/ms;
	my %macro = (_sbindir => '/usr/sbin', _sysconfdir => '/etc', _mandir => '/usr/share/man', _datadir => '/usr/share');
	my @file = map { m{%\{(_(?:sbindir|mandir|datadir|sysconfdir))\}(\S+?)\*?$} ? "$macro{$1}$2" : () }
	    split /\n/, $list;

	is join(' ', sort @file), join(' ', sort '/etc/logrotate.d/authrelay',
	    grep { !m{/doc/} } installed('/usr', '/etc')), 'has every file that make installs';
	like $list, qr/^%\{_docdir\}\/%\{name\}$/m, 'and the documents';
	find_program('rpmspec') or note('no rpmspec, not parsed'), return;
	succeeds('rpmspec --parse', 'rpmspec', '--parse', $file);
};

subtest 'the port' => sub {
	my $folder = scratch_folder();
	my @plist = map { s/^\@sample //r =~ s/\.gz$//r =~ s/\.sample$//r } grep { !m{rc\.d/} }
	    split /\n/, read_file("$CONTRIB/freebsd/pkg-plist");

	is join(' ', sort @plist), join(' ', map { s{^/usr/local/}{}r } grep { !m{/doc/} }
	    installed('/usr/local', '/usr/local/etc')), 'pkg-plist has every file that make installs';
	cmp_ok length((read_file("$CONTRIB/freebsd/Makefile") =~ /^COMMENT=\t(.*)$/m)[0]), '<=', 70, 'COMMENT';
	find_program('bmake') or return cannot('no bmake');
	write_file("$folder/sys.mk", '');
	write_file("$folder/bsd.port.mk", "REINPLACE_CMD = sed -i.bak\nMV = mv\nMKDIR = mkdir -p\n"
	    . "INSTALL_SCRIPT = install -m 555\nSTAGEDIR = /stage\nPREFIX = /usr/local\nWRKSRC = /src\n");
	my $output = succeeds('bmake', 'bmake', '-n', '-m', $folder, '-f', "$CONTRIB/freebsd/Makefile",
	    'post-patch', 'post-install');
	like $output, qr{^mv /stage/usr/local/etc/authrelay\.conf }m, 'the sample gets its name';
	edited(top() . '/conf/authrelay.conf', "$folder/authrelay.conf");
	my ($patch) = $output =~ /^(sed.*?conf)$/ms;
	succeeds('post-patch', 'sh', '-c', $patch =~ s{/src/conf/}{$folder/}r);
	like read_file("$folder/authrelay.conf"), qr/^mode = monitor$/m, 'which only watches';
	like read_file("$folder/authrelay.conf"), qr{^socket = "unix:/var/run/authrelay/}m, 'where FreeBSD has it';
};

# The init scripts below stand-ins for what they rest on.

my $OPENRC = <<'EOT';
#!/bin/sh
script=$1
RC_SVCNAME=authrelay
ebegin() { :; }
eend() { return "$1"; }
checkpath() { owner=${3%:*} mode=$5; mkdir -p "$6" && chown "$owner" "$6" && chmod "$mode" "$6"; }
. "$script"
case $2 in
start) start_pre && eval start-stop-daemon --start --exec "$command" --pidfile "$pidfile" -- "$command_args" ;;
stop) start-stop-daemon --signal TERM --exec "$command" --pidfile "$pidfile" ;;
*) "$2" ;;
esac
EOT

my $START_STOP_DAEMON = <<'EOT';
#!/bin/sh
[ "$1" = --start ] && what=start || { what=$2; shift; }
shift
[ "$1 $3" = "--exec --pidfile" ] || exit 64
command=$2 pidfile=$4
[ "$what" = start ] || exec kill -s "$what" "$(cat "$pidfile")"
[ "$5" = -- ] || exit 64
shift 5
exec "$command" "$@"
EOT

my $RC_SUBR = <<'EOT';
load_rc_config() { :; }
run_rc_command() {
	case $1 in
	start) "$start_precmd" && eval "$command $command_args" ;;
	stop) kill -TERM "$(cat "$pidfile")" ;;
	reload) "$reload_precmd" && kill -HUP "$(cat "$pidfile")" ;;
	*) eval "\$${1}_cmd" ;;
	esac
}
EOT

# install -d -o OWNER -g GROUP -m MODE FOLDER; the group may be one that is not known here
my $INSTALL = <<'EOT';
#!/bin/sh
[ "$1 $2 $4 $6" = "-d -o -g -m" ] || exit 64
mkdir -p "$8" && chown "$3" "$8" && chmod "$7" "$8"
EOT

sub pid_of
{
	my ($folder) = @_;

	return (read_file("$folder/run/authrelay.pid") =~ /^(\d+)$/)[0];
}

sub answers
{
	my ($socket) = @_;

	return eval { Authrelay::MilterClient->new("unix:$socket")->negotiate->quit; 1 };
}

# Runs a script through its life; the code takes what it is to do to a command.
sub test_life
{
	my ($folder, $test, $command) = @_;
	my $socket = "$folder/run/authrelay/milter.sock";
	my $run = sub { succeeds($_[0], $command->($_[0])) };
	my $records = Authrelay::Records->new("$folder/log/audit.json");
	my $write = sub { write_file("$folder/conf", "socket = \"unix:$socket\"\naudit {\n\tsyslog = no\n"
	    . "\tfile = \"$folder/log/audit.json\"\n}\nlocal-domains = local.test\n$_[0]") };

	at_end(sub { my $pid = pid_of($folder); kill 'KILL', $pid if $pid });
	mkdir "$folder/$_" for qw(run log);
	$write->('');
	$run->($test);
	$run->('start');
	my $pid = pid_of($folder) or return fail('the pid file');
	ok answers($socket), 'it serves';
	is((stat "$folder/run/authrelay")[2] & 07777, 0755, 'others pass through the folder of the socket');
	is +(stat "/proc/$pid")[4], getpwnam $USER, 'as its user' if -d '/proc/self';
	$write->("mode = monitor\n");
	$run->('reload');
	ok wait_until(20, sub { grep { $_->{event} eq 'reload' } $records->all }), 'it has read it again';
	$write->("mode = perhaps\n");
	isnt((run_in('/', $command->('reload')))[0], 0, 'a reload of what is wrong fails');
	ok answers($socket), 'and it goes on';
	$run->('stop');
	ok wait_until(20, sub { !kill 0, $pid }), 'it has gone';
	is((grep { $_->{event} ne 'anchor' } $records->all)[-1]{event}, 'stop', 'and has said so');
}

sub places
{
	my ($folder, $run) = @_;

	return (qr{/usr/(?:local/)?sbin/authrelay-milter} => Authrelay::Daemon::program(),
	    qr{/(?:usr/local/)?etc/authrelay\.conf} => "$folder/conf", qr{/var/log/authrelay} => "$folder/log",
	    qr{$run/authrelay} => "$folder/run/authrelay", qr{:=authrelay\}} => ":=$USER}");
}

subtest 'OpenRC' => sub {
	my $folder = scratch_folder();
	my $script = edited("$CONTRIB/openrc/authrelay", "$folder/authrelay", places($folder, '/run'),
	    qr/:adm\b/ => ":$USER");

	write_file("$folder/openrc-run", $OPENRC, 0755);
	write_file("$folder/start-stop-daemon", $START_STOP_DAEMON, 0755);
	test_life($folder, 'checkconfig', sub {
		return ('env', "PATH=$folder:$ENV{PATH}", "$folder/openrc-run", $script, @_);
	});
};

subtest 'rc.d' => sub {
	my $folder = scratch_folder();
	my $script = edited("$CONTRIB/rc.d/authrelay", "$folder/authrelay", places($folder, '/var/run'),
	    qr{/etc/rc\.subr} => "$folder/rc.subr");

	write_file("$folder/rc.subr", $RC_SUBR);
	write_file("$folder/install", $INSTALL, 0755);
	test_life($folder, 'configtest', sub { return ('env', "PATH=$folder:$ENV{PATH}", $script, @_) });
};

done_testing;
