#!/usr/bin/perl
# t/build/package_debian.t: the Debian package is made; a small system of its own has it come and go
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::MilterClient;
use Authrelay::Process;
use Authrelay::Records;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Tree qw(top run_in find_program files_below cannot);
use Authrelay::Wait qw(wait_until);

$ENV{PATH} .= ':/usr/sbin:/sbin';
$ENV{DEBIAN_FRONTEND} = 'noninteractive';

sub finish { cannot($_[0]); done_testing; exit }

finish('needs root') if $> != 0;
my @missing = grep { !find_program($_) } qw(dpkg-buildpackage dh lintian);
finish("no @missing") if @missing;

my $FOLDER = scratch_folder();
my $ROOT = "$FOLDER/root";
my @CONTRIB = (qw(/etc/logrotate.d/authrelay /lib/systemd/system/authrelay.service
    /usr/lib/tmpfiles.d/authrelay.conf), map { "/usr/share/doc/authrelay/examples/$_" }
    qw(fail2ban/filter.d/authrelay.conf fail2ban/filter.d/authrelay-syslog.conf fail2ban/jail.d/authrelay.conf
    rsyslog/authrelay-receive.conf rsyslog/authrelay-send.conf));
my @DEBIAN = map { "/usr/share/doc/authrelay/$_" } qw(README.Debian changelog.Debian copyright);

my $DOMAIN = 'local-domains = example.org';

sub succeeds
{
	my ($name, @command) = @_;
	my ($status, $output) = run_in($FOLDER, @command);

	is $status, 0, "$name: exit 0" or diag $output;
	return $output;
}

sub in_root { my ($name, @command) = @_; return succeeds($name, 'chroot', $ROOT, @command) }

# What it has, the copy of make's own and a version later are all in $FOLDER afterwards.
subtest 'build' => sub {
	# The tests in it are those of make check: see package.t.
	local $ENV{DEB_BUILD_OPTIONS} = 'nocheck noautodbgsym noopt parallel=2';
	delete local $ENV{CC};
	my $output = succeeds('build', top() . '/contrib/debian/build', $FOLDER);
	my ($deb) = glob "$FOLDER/authrelay_*.deb";

	is join("\n", grep { /warning:/ } split /\n/, $output), '', 'without a warning';
	succeeds('make install', 'make', '-s', '-C', 'authrelay', 'install', "DESTDIR=$FOLDER/made");
	my @made = map { m{LICENSE$} ? () : "/$_" =~ s{/zsh/site-functions/}{/zsh/vendor-completions/}r } files_below("$FOLDER/made");
	my @list = map { m{^-.* \.(/\S+?)(?:\.gz)?$} ? $1 : () }
	    split /\n/, succeeds('contents', 'dpkg', '-c', $deb);
	is join("\n", sort @list), join("\n", sort @made, @CONTRIB, @DEBIAN),
	    'it has what make installs, and what is in contrib';
	my ($changes) = glob "$FOLDER/*.changes";
	my ($status, $lint) = run_in($FOLDER, qw(lintian --allow-root --fail-on error), $changes);
	is $status, 0, 'lintian finds no error' or diag $lint;
	unlike $lint, qr/^[WE]: (?!.*initial-upload-closes-no-bugs)/m, 'nor a warning';

	rename $deb, "$FOLDER/old.deb";
	succeeds('unpack', qw(dpkg-deb -R old.deb new));
	my $control = read_file("$FOLDER/new/DEBIAN/control");
	ok $control =~ s/^(Version: .*)$/$1.1/m, 'the next version';
	write_file("$FOLDER/new/DEBIAN/control", $control);
	write_file("$FOLDER/new/etc/authrelay.conf", read_file("$FOLDER/new/etc/authrelay.conf") . "# new\n");
	succeeds('pack', qw(dpkg-deb --root-owner-group -b new new.deb));
};

# Paragraphs of dpkg's status, by package.
sub packages
{
	my %status;

	for my $paragraph (split /\n{2,}/, read_file('/var/lib/dpkg/status')) {
		my ($name) = $paragraph =~ /^Package: (\S+)$/m or next;
		$status{$name} = "$paragraph\n\n" if $paragraph =~ /^Status: \S+ ok installed$/m;
	}
	return %status;
}

# The names of those that the given ones need, by the first alternative that is installed.
sub closure
{
	my ($status, @todo) = @_;
	my (%provider, %seen);

	for my $name (keys %$status) {
		my ($provides) = $status->{$name} =~ /^Provides: (.*)$/m or next;
		$provider{$_} = $name for map { /^([^ ]+)/ } split /,\s*/, $provides;
	}
	while (defined(my $name = shift @todo)) {
		next if $seen{$name}++;
		for my $clause (map { split /,\s*/ } $status->{$name} =~ /^(?:Pre-)?Depends: (.*)$/mg) {
			my ($first) = grep { defined } map { /^([^ :(]+)/; $status->{$1} ? $1 : $provider{$1} }
			    split /\s*\|\s*/, $clause;
			push @todo, $first if defined $first;
		}
	}
	return sort keys %seen;
}

# Copies the essential packages of this system, and those that ours needs: no network, no mounts.
sub make_root
{
	my %status = packages();
	my ($needs) = succeeds('depends', qw(dpkg-deb -f old.deb Depends)) =~ /(.*)/;
	my @package = closure(\%status, grep({ $status{$_} =~ /^Essential: yes$/m } keys %status),
	    map { /^([^ ]+)/ ? $1 : () } split /,\s*/, $needs);
	my $names = '';

	mkdir $_ for $ROOT, map { "$ROOT/$_" } qw(usr etc dev proc tmp run);
	for my $link (grep { -l "/$_" } qw(bin sbin lib lib32 lib64 libx32)) {
		mkdir "$ROOT/usr/$link";
		symlink "usr/$link", "$ROOT/$link";
	}
	for my $list (map { glob "/var/lib/dpkg/info/$_.* /var/lib/dpkg/info/$_:*" } @package) {
		$names .= "$list\n";
		$names .= read_file($list) if $list =~ /\.list$/;
	}
	my %name = map { $_ => 1 } grep { (-l || -e) && !m{^/usr/share/(?:doc|man|locale|info)/}
	    && !/^\/(?:\.|bin|sbin|lib\w*)?$/ } split /\n/, $names;
	write_file("$FOLDER/names", join "\n", sort(keys %name), glob('/etc/pam.d/*'), '/bin/sh');
	succeeds('copy', 'sh', '-c', 'tar -C / --no-recursion -cf - -T names 2>/dev/null |'
	    . ' tar -C root --keep-directory-symlink -xf -');
	write_file("$ROOT/var/lib/dpkg/status", join '', map { $status{$_} } @package);
	write_file("$ROOT/etc/$_", read_file("/usr/share/base-passwd/$_.master")) for qw(passwd group);
	write_file("$ROOT/dev/null", '', 0666) if system('mknod', '-m', '666', "$ROOT/dev/null", 'c', 1, 3) != 0;
	in_root('ldconfig', 'ldconfig');
	return scalar @package;
}

sub mode_of
{
	my ($file) = @_;
	my @stat = stat "$ROOT$file";

	return @stat ? sprintf('%04o %d:%d', $stat[2] & 07777, @stat[4, 5]) : 'none';
}

sub state_of
{
	my ($status) = run_in($FOLDER, 'chroot', $ROOT, 'true');
	my ($code, $output) = run_in($FOLDER, qw(dpkg-query --admindir), "$ROOT/var/lib/dpkg", '-W', '-f',
	    '${db:Status-Abbrev}', 'authrelay');

	return $status == 0 && $code == 0 ? $output =~ s/ +$//r : 'none';
}

# As the unit does it: as the user from the beginning, with the folder made.
sub test_daemon
{
	my ($uid, $gid) = @_;
	my $socket = "$ROOT/run/authrelay/milter.sock";

	mkdir "$ROOT/run/authrelay", 0755;
	chown $uid, $gid, "$ROOT/run/authrelay";
	my $daemon = Authrelay::Process->start(output => "$FOLDER/log", command => ['chroot',
	    "--userspec=$uid:$gid", $ROOT, '/usr/sbin/authrelay-milter', '-f', '-o', $DOMAIN]);
	my $client = wait_until(20, sub { eval { Authrelay::MilterClient->new("unix:$socket")->negotiate } });
	ok $client, 'the daemon serves' or diag read_file("$FOLDER/log");
	is mode_of('/run/authrelay/milter.sock'), "0660 $uid:$gid", 'its socket is for its group';
	$client->client(addr => '198.51.100.7');
	$client->mail('<m@sender.test>');
	is $client->rcpt('<x@outside.test>'), 'continue', 'it only watches';
	$client->quit;
	is $daemon->stop('TERM'), 0, 'it ends well';
	is mode_of('/var/log/authrelay/audit.json'), "0640 $uid:4", 'records are for group adm';
	my $records = Authrelay::Records->new("$ROOT/var/log/authrelay/audit.json");
	my ($record) = grep { $_->{event} eq 'rcpt' } $records->all;
	is "$record->{verdict} $record->{enforced}", 'reject 0', 'and say what would have happened';
}

my %before;

subtest 'install' => sub {
	cmp_ok make_root(), '>', 20, 'a small system';
	%before = map { $_ => 1 } files_below($ROOT);
	rename "$FOLDER/$_.deb", "$ROOT/tmp/$_.deb" for qw(old new);
	in_root('install', qw(dpkg --force-unsafe-io -i /tmp/old.deb));
	is state_of(), 'ii', 'it is there';
	my ($uid, $gid) = read_file("$ROOT/etc/passwd") =~
	    m{^authrelay:[^:]*:(\d+):(\d+):[^:]*:/nonexistent:/usr/sbin/nologin$}m;
	ok $uid, 'with its user' or return;
	like read_file("$ROOT/etc/group"), qr/^authrelay:x:$gid:$/m, 'and group';
	is mode_of('/var/log/authrelay'), "2750 $uid:4", 'the folder of records';
	is mode_of('/etc/authrelay.conf'), '0644 0:0', 'the configuration';
	is join(' ', grep { -l } glob "$ROOT/etc/systemd/system/*/authrelay.service"), '', 'it is not enabled';
	my ($code, $said) = run_in($FOLDER, 'chroot', $ROOT, qw(authrelay-milter -t));
	is $code, 78, 'as it comes, it does not start';
	like $said, qr{\A/etc/authrelay\.conf: local-domains and relay-domains are empty, }, 'before it is said for whom';
	in_root('-t', qw(authrelay-milter -t -o), $DOMAIN);
	test_daemon($uid, $gid);
};

subtest 'upgrade' => sub {
	my $mine = "local-domains = { example.org }\n";

	write_file("$ROOT/etc/authrelay.conf", $mine);
	in_root('upgrade', qw(dpkg --force-confold --force-unsafe-io -i /tmp/new.deb));
	is state_of(), 'ii', 'it is there';
	is read_file("$ROOT/etc/authrelay.conf"), $mine, 'a changed configuration stays';
	like read_file("$ROOT/etc/authrelay.conf.dpkg-dist"), qr/# new\n\z/, 'the new one is beside it';
	ok -s "$ROOT/var/log/authrelay/audit.json", 'and records stay';
	in_root('again', qw(dpkg --force-confold --force-unsafe-io -i /tmp/new.deb));
};

subtest 'remove and purge' => sub {
	in_root('remove', qw(dpkg -r authrelay));
	is state_of(), 'rc', 'the configuration is left';
	ok -s "$ROOT/var/log/authrelay/audit.json", 'and records';
	ok !-e "$ROOT/usr/sbin/authrelay-milter", 'the daemon has gone';
	in_root('purge', qw(dpkg -P authrelay));
	like state_of(), qr/^(?:none|un)$/, 'all has gone';
	# What dpkg and adduser write for themselves
	my $theirs = qr{^(?:(?:tmp|run|var/lib/dpkg|var/cache)/|var/log/dpkg\.log$
	    |etc/(?:\.pwd\.lock|(?:passwd|group|g?shadow|sub[ug]id)-?)$)}x;
	my @left = grep { !$before{$_} && $_ !~ $theirs } files_below($ROOT);
	is "@left", '', 'no file of it is left';
	ok !-e "$ROOT/var/log/authrelay", 'nor the folder of records';
};

done_testing;
