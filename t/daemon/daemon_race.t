#!/usr/bin/perl
# t/daemon/daemon_race.t: root's files stay root's while the daemon's user plays with links at every start
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use POSIX ();
use Time::HiRes ();
use Authrelay::Ctl;
use Authrelay::Daemon;
use Authrelay::Need qw(need_daemon);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Tree qw(cannot);
use Authrelay::Wait qw(wait_until);

need_daemon();
plan skip_all => 'the race is one with root' if $> != 0 && !$ENV{CI};

my $STARTS = 60;
my $LONGEST = 120;	# seconds; then the attacker gives up
my ($USER, $UID, $GID) = (getpwnam 'nobody')[0, 2, 3];
my $GROUP = getgrgid 1;

# A process of the daemon's user that does this again and again until it is stopped.
sub attacker
{
	my ($code) = @_;

	return Authrelay::Process->start(code => sub {
		my $end = time + $LONGEST;

		$( = $) = "$GID $GID";
		POSIX::setuid($UID);
		$code->() while time < $end;
	});
}

# A directory that everybody may enter, and whose owner is this one.
sub directory
{
	my ($uid, $path) = @_;

	$path //= scratch_folder();
	mkdir $path;
	chmod 0755, $path;
	chown $uid, $uid == 0 ? 0 : $GID, $path;
	return $path;
}

# Starts that end by themselves as soon as the daemon has become its user: it may not write its records there.
sub starts
{
	my ($count, $socket, @argument) = @_;
	my $conf = write_file(scratch_folder() . '/authrelay.conf', <<"EOT");
socket = "unix:$socket"
socket-group = "$GROUP"
socket-mode = "0660"
user = "$USER"
local-domains = { "local.test" }
audit {
	syslog = no
	file = "/proc/no-such-directory/audit"
}
EOT
	my %said;

	for (1 .. $count) {
		my ($code, $text) = Authrelay::Process->run(Authrelay::Daemon::program(), '-f', '-c', $conf, @argument);
		$said{ $text =~ s/^.*: //r =~ s/\n.*//sr }++;
		unlink $socket;
	}
	note "$_: $said{$_}" for sort keys %said;
	return \%said;
}

sub rights { my ($file) = @_; return join ' ', map { sprintf '%o', $_ } (stat $file)[2, 4, 5] }

# A file of root's that nobody else may read.
sub precious
{
	my $file = write_file(directory(0) . '/precious', "precious\n");

	chmod 0600, $file;
	return $file;
}

subtest 'a symbolic link in the place of the socket' => sub {
	my $socket = directory($UID) . '/milter.sock';
	my $precious = precious();
	my $before = rights($precious);
	my $swapped = write_file(directory($UID) . '/swapped', '');
	chown $UID, $GID, $swapped;
	my $attacker = attacker(sub {
		symlink $precious, "$socket.link";
		Time::HiRes::usleep(1) until -S $socket || !-l "$socket.link";
		rename "$socket.link", $socket and truncate $swapped, 1 + -s $swapped;
	});
	my $said = starts($STARTS, $socket);
	$attacker->stop('KILL');
	cmp_ok(-s $swapped, '>', 0, 'the socket was exchanged at ' . (-s $swapped) . " of $STARTS starts");
	is(rights($precious), $before, 'the file that the link leads to has its owner, group and mode');
	is(read_file($precious), "precious\n", 'and what is in it');
	cmp_ok($said->{'No such file or directory'} // 0, '>', 0, 'some starts went on all the same');
};

# A directory of the user's, in the place of which there is a link now and then; and where that leads to.
sub exchanged_directory
{
	my $top = directory($UID);
	my $directory = directory($UID, "$top/run");
	my $roots = directory(0);
	my $attacker = attacker(sub {
		symlink $roots, "$top/link";
		rename $directory, "$top/kept";
		rename "$top/link", $directory;
		Time::HiRes::usleep(20);
		unlink $directory;
		rename "$top/kept", $directory;
		Time::HiRes::usleep(100);
	});

	return ($directory, $roots, $attacker);
}

subtest 'a symbolic link in the place of its directory' => sub {
	my ($directory, $roots, $attacker) = exchanged_directory();

	starts($STARTS, "$directory/milter.sock", '-o', "pid-file = \"$directory/pid\"");
	$attacker->stop('KILL');
	is(join(' ', glob "$roots/*"), '', 'nothing was made in the directory that the link leads to');
};

subtest 'in the place of the directory of a page or a key' => sub {
	my ($directory, $roots, $attacker) = exchanged_directory();
	my $ctl = Authrelay::Ctl::program();
	my $made = 0;

	for (1 .. $STARTS) {
		$made += (Authrelay::Process->run($ctl, 'report', '--html', "$directory/page", '/dev/null'))[0] == 0;
		$made += (Authrelay::Process->run($ctl, 'keygen', "$directory/key.$_"))[0] == 0;
	}
	$attacker->stop('KILL');
	cmp_ok($made, '>', 0, "$made files could be made");
	is(join(' ', glob "$roots/* $roots/.a*"), '', 'none in the directory that the link leads to');
};

# The user's file is no key: where the configuration is valid, root has read its own one for the user.
subtest 'a symbolic link in the place of a key' => sub {
	my ($directory, $roots) = (directory($UID), directory(0));
	my $key = "$directory/key";
	my $daemon = Authrelay::Daemon->new(conf => "local-domains = { \"local.test\" }\n");

	is((Authrelay::Process->run(Authrelay::Ctl::program(), 'keygen', "$roots/key"))[0], 0, 'root has a key');
	chown $UID, $GID, write_file("$directory/none", "no key\n", 0600);
	my $attacker = attacker(sub {
		symlink "$roots/key", "$directory/link";
		rename "$directory/link", $key;
		link "$directory/none", "$directory/link";
		rename "$directory/link", $key;
	});
	my @option = ('-o', "user = \"$USER\"", '-o', "audit.key = \"$key\"");
	my %code;
	$code{ (Authrelay::Process->run(Authrelay::Daemon::program(), '-t', '-c', $daemon->conf_file, @option))[0] }++
	    for 1 .. 3 * $STARTS;
	$attacker->stop('KILL');
	is(join(' ', sort keys %code), 78, 'it is never taken for the user\'s');
};

# Root makes the hard link: not every kernel refuses it to the user.
subtest 'a link in the place of the pid file' => sub {
	my $directory = directory($UID);
	my $pid_file = "$directory/pid";
	my $precious = precious();
	my @option = ('-o', "pid-file = \"$pid_file\"");

	for my $make (sub { link $precious, $pid_file }, sub { symlink $precious, $pid_file }) {
		unlink $pid_file;
		ok($make->(), 'there is a link');
		starts(1, "$directory/milter.sock", @option);
		is(read_file($precious), "precious\n", 'the file that it leads to is as it was');
	}
	my $attacker = attacker(sub {
		symlink $precious, "$directory/link";
		rename "$directory/link", $pid_file;
		unlink $pid_file;
	});
	starts($STARTS, "$directory/milter.sock", @option);
	$attacker->stop('KILL');
	is(read_file($precious), "precious\n", 'also where links come and go');
};

# What a socket that was bound has: mode, owner, group.
sub bound
{
	my ($directory, @argument) = @_;
	my $daemon = Authrelay::Daemon->new(conf => "local-domains = { \"local.test\" }\n", folder => $directory,
	    arguments => ['-o', "user = \"$USER\"", '-o', 'socket-mode = "0660"', '-o', 'audit.file = "/dev/null"', @argument]);

	my $rights = eval { $daemon->start; join ' ', map { sprintf '%o', $_ } (stat $daemon->socket_file)[2, 4, 5] };
	$daemon->stop;
	return $rights // $@;
}

# Gives every right to everybody for what is made in the directory, whatever the umask is.
sub has_default_acl
{
	my ($directory) = @_;

	return system('python3', '-c', <<'EOP', $directory) == 0;
import os, struct, sys
entries = [(tag, 7, 0xffffffff) for tag in (1, 4, 0x20)]
acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
try:
    os.setxattr(sys.argv[1], "system.posix_acl_default", acl)
except OSError:
    sys.exit(1)
EOP
}

subtest 'the rights that a socket is born with' => sub {
	my @want = (sprintf('%o', 0140660), sprintf('%o', $UID));
	my @group = ('-o', "socket-group = \"$GROUP\"");
	my ($users, $roots, $others) = (directory($UID), directory(0), directory(1, directory(0) . '/others'));

	is(bound($users, @group), "@want 1", 'in a directory of the user\'s');
	is(bound($roots, @group), "@want 1", 'in one of root\'s');
	is(bound($others, @group), "@want 1", 'in one of somebody else\'s');
	chown 0, 2, $users;
	chmod 02777, $users;
	is(bound($users), "@want 2", 'a directory gives its group, where none is asked for');
	is(bound($users, @group), "@want 1", 'but not where one is');
	my $acl = directory($UID);
	has_default_acl($acl) or return cannot('no default ACL can be set here');
	is(bound($acl, @group), "@want 1", 'a default ACL gives no more');
};

subtest 'a directory on the way that others could rename' => sub {
	my $top = directory(1);
	my $daemon = Authrelay::Daemon->new(conf => "local-domains = { \"local.test\" }\n", folder => directory(1, "$top/run"));
	my ($code, $text) = Authrelay::Process->run(Authrelay::Daemon::program(), '-f', '-c', $daemon->conf_file,
	    '-o', "user = \"$USER\"");

	is($code, 1, 'root makes no socket there') or diag $text;
	like($text, qr/make the user the owner of the directory/, 'and says what helps');
	is(join(' ', glob "$top/run/*.sock"), '', 'there is none');
};

subtest 'a socket of somebody else\'s stays' => sub {
	my $daemon = Authrelay::Daemon->new(conf => "local-domains = { \"local.test\" }\n")->start;
	my $other = Authrelay::Daemon->new(conf => "local-domains = { \"local.test\" }\n")->start;

	rename $other->socket_file, $daemon->socket_file;
	is($daemon->stop('TERM'), 0, 'it stops');
	ok(-S $daemon->socket_file, 'what has the name of its socket, and is another, is not removed');
	$other->stop;
};

done_testing;
