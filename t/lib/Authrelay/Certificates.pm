# t/lib/Authrelay/Certificates.pm: a certificate authority of our own, and certificates that it did not sign
# SPDX-License-Identifier: ISC
package Authrelay::Certificates;
use strict;
use warnings;
use Authrelay::Process;

my @KEY = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-utf8');

# Its files are in the folder; its name as openssl(1) takes it.
sub new
{
	my ($class, $folder, $name) = @_;
	my $self = bless { folder => $folder }, $class;

	$self->self_signed('ca', $name // '/CN=Test CA');
	return $self;
}

sub file { return "$_[0]{folder}/ca.pem" }

sub _run
{
	my (@command) = @_;
	my ($code, $text) = Authrelay::Process->run('openssl', @command);

	$code == 0 or die "openssl @command: $text\n";
}

# Returns the files of a certificate, signed by the authority, and of its key.
sub issue
{
	my ($self, $name, $subject) = @_;
	my ($cert, $key, $request) = map { "$self->{folder}/$name.$_" } qw(pem key csr);

	_run('req', '-new', @KEY, '-subj', $subject, '-keyout', $key, '-out', $request);
	_run('x509', '-req', '-in', $request, '-CA', $self->file, '-CAkey', "$self->{folder}/ca.key",
	    '-CAcreateserial', '-days', 2, '-out', $cert);
	chmod 0600, $key;
	return ($cert, $key);
}

# The same, but signed by itself alone.
sub self_signed
{
	my ($self, $name, $subject) = @_;
	my ($cert, $key) = map { "$self->{folder}/$name.$_" } qw(pem key);

	_run('req', '-x509', @KEY, '-days', 2, '-subj', $subject, '-keyout', $key, '-out', $cert);
	chmod 0600, $key;
	return ($cert, $key);
}

1;
