# t/lib/Authrelay/Browser.pm: Chromium without a window, asked over its debugging pipe
# SPDX-License-Identifier: ISC
package Authrelay::Browser;
use strict;
use warnings;
use Fcntl ();
use IO::Handle;
use JSON::PP ();
use MIME::Base64 qw(decode_base64);
use POSIX qw(_exit dup2);
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder);
use Authrelay::Tree qw(find_program);

# The protocol: https://chromedevtools.github.io/devtools-protocol/. Messages are JSON, each with a NUL
# behind it; the browser reads them from descriptor 3 and writes to 4.

my $SECONDS = 60;	# for an answer, at most

sub program { return find_program('chromium') // find_program('chromium-browser') // find_program('chrome') }

sub start
{
	my ($class) = @_;
	my $folder = scratch_folder();
	my $self = bless { id => 0, buffer => '', events => [] }, $class;

	pipe my $in, $self->{to} or die "pipe: $!\n";
	pipe $self->{from}, my $out or die "pipe: $!\n";
	# --no-sandbox: root has to; what it shows is our own
	my @command = (program(), qw(--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage
	    --no-first-run --disable-extensions --disable-background-networking --hide-scrollbars
	    --remote-debugging-pipe), "--user-data-dir=$folder/profile", 'about:blank');
	$self->{process} = Authrelay::Process->start(output => "$folder/log", code => sub {
		my ($read, $write) = map { POSIX::dup(fileno $_) } $in, $out;
		# clear of 3 and 4, before these are taken
		($read, $write) = map { fcntl_dup($_) } $read, $write;
		dup2($read, 3);
		dup2($write, 4);
		local $ENV{HOME} = $folder;
		delete $ENV{DBUS_SESSION_BUS_ADDRESS};
		exec { $command[0] } @command or _exit(127);
	});
	$self->{to}->autoflush(1);
	my ($target) = grep { $_->{type} eq 'page' } @{ $self->call('Target.getTargets')->{targetInfos} };
	$self->{session} = $self->call('Target.attachToTarget', targetId => $target->{targetId},
	    flatten => JSON::PP::true)->{sessionId};
	$self->call("$_.enable") for qw(Page Runtime Log);
	return $self;
}

# The same descriptor under a number above 9.
sub fcntl_dup
{
	my ($fd) = @_;

	open my $fh, '+<&=', $fd or _exit(71);
	return fcntl($fh, Fcntl::F_DUPFD(), 10) || _exit(71);
}

# The next message; dies where none comes in time.
sub _read
{
	my ($self) = @_;

	my $end;

	while (($end = index $self->{buffer}, "\0") < 0) {
		vec(my $bits = '', fileno $self->{from}, 1) = 1;
		select($bits, undef, undef, $SECONDS) > 0 or die "chromium does not answer\n";
		sysread $self->{from}, $self->{buffer}, 1 << 20, length $self->{buffer} or die "chromium has ended\n";
	}
	my $message = substr $self->{buffer}, 0, $end, '';
	substr($self->{buffer}, 0, 1) = '';
	return JSON::PP::decode_json($message);
}

# A method with its parameters; returns its result. What happens meanwhile is kept.
sub call
{
	my ($self, $method, %parameter) = @_;
	my $id = ++$self->{id};
	my %message = (id => $id, method => $method, params => \%parameter);

	$message{sessionId} = $self->{session} if defined $self->{session};
	print { $self->{to} } JSON::PP::encode_json(\%message) . "\0";
	while (1) {
		my $got = $self->_read;
		push @{ $self->{events} }, $got if defined $got->{method};
		next if ($got->{id} // 0) != $id;
		die "$method: $got->{error}{message}\n" if $got->{error};
		return $got->{result};
	}
}

# Loads a page, in a window of that size; color is light or dark, media '' or print.
sub show
{
	my ($self, %page) = @_;

	$self->call('Emulation.setDeviceMetricsOverride', width => $page{width} + 0, height => $page{height} + 0,
	    deviceScaleFactor => $page{scale} // 1, mobile => $page{mobile} ? JSON::PP::true : JSON::PP::false);
	$self->call('Emulation.setEmulatedMedia', media => $page{media} // '', features => [
		{ name => 'prefers-color-scheme', value => $page{color} // 'light' }]);
	@{ $self->{events} } = ();
	$self->call('Page.navigate', url => $page{url});
	until (grep { $_->{method} eq 'Page.loadEventFired' } @{ $self->{events} }) {
		my $got = $self->_read;
		push @{ $self->{events} }, $got if defined $got->{method};
	}
}

# What the page had to complain of, and what it has asked of others.
sub complaints
{
	my ($self) = @_;

	return map { $_->{params}{entry}{text} // $_->{params}{exceptionDetails}{text} // $_->{method} }
	    grep { $_->{method} =~ /^(?:Log\.entryAdded|Runtime\.exceptionThrown|Runtime\.consoleAPICalled)$/ }
	    @{ $self->{events} };
}

# The value of an expression of JavaScript.
sub value
{
	my ($self, $expression) = @_;
	my $got = $self->call('Runtime.evaluate', expression => $expression, returnByValue => JSON::PP::true);

	die "$expression: $got->{exceptionDetails}{text}\n" if $got->{exceptionDetails};
	return $got->{result}{value};
}

# A picture of the whole page, as PNG.
sub picture
{
	my ($self) = @_;

	return decode_base64($self->call('Page.captureScreenshot', format => 'png',
	    captureBeyondViewport => JSON::PP::true)->{data});
}

sub stop
{
	my ($self) = @_;

	eval { $self->call('Browser.close') };
	return $self->{process}->stop('TERM');
}

1;
