# t/lib/Authrelay/SASL.pm: the client's side of SASL mechanisms
# SPDX-License-Identifier: ISC
package Authrelay::SASL;
use strict;
use warnings;
use Digest::MD5 qw(md5 md5_hex);

# Each takes (user, password, host) and returns its steps: code that gets the server's challenge and
# returns the answer, both decoded. initial: the first goes with the command (RFC 4954 §4).
our %MECHANISM = (
	PLAIN => { initial => 1, steps => \&_plain },
	LOGIN => { initial => 0, steps => \&_login },
	ANONYMOUS => { initial => 1, steps => \&_anonymous },
	EXTERNAL => { initial => 1, steps => \&_external },
	'CRAM-MD5' => { initial => 0, steps => \&_cram_md5 },
	'DIGEST-MD5' => { initial => 0, steps => \&_digest_md5 }
);

# RFC 4616
sub _plain
{
	my ($user, $password) = @_;

	return sub { "\0$user\0$password" };
}

sub _login
{
	my ($user, $password) = @_;

	return (sub { $user }, sub { $password });
}

# RFC 4505
sub _anonymous { return sub { 'trace' } }

# RFC 4422 appendix A; whoever the certificate names
sub _external { return sub { '' } }

# RFC 2195
sub _cram_md5
{
	my ($user, $password) = @_;

	return sub { $user . ' ' . _hmac_md5_hex($_[0], $password) };
}

# RFC 2104
sub _hmac_md5_hex
{
	my ($text, $key) = @_;

	$key = md5($key) if length $key > 64;
	$key .= "\0" x (64 - length $key);
	return md5_hex(($key ^ ("\x5c" x 64)) . md5(($key ^ ("\x36" x 64)) . $text));
}

# RFC 2831; the second step checks that the server knows the password, too.
sub _digest_md5
{
	my ($user, $password, $host) = @_;
	my $proof;

	return (sub {
		my %challenge = _digest_fields($_[0]);
		(my $answer, $proof) = _digest_answer($user, $password, "smtp/$host", \%challenge);
		return $answer;
	}, sub {
		$_[0] eq "rspauth=$proof" or die "the server does not know the password\n";
		return '';
	});
}

sub _digest_fields
{
	my ($text) = @_;
	my %field;

	$field{$1} = $2 // $3 while $text =~ /(\w+)=(?:"([^"]*)"|([^,]*))/g;
	return %field;
}

sub _digest_answer
{
	my ($user, $password, $uri, $challenge) = @_;
	my ($realm, $nonce) = ($challenge->{realm} // '', $challenge->{nonce});
	my ($nc, $cnonce) = ('00000001', md5_hex(rand));
	my $a1 = md5_hex(md5("$user:$realm:$password") . ":$nonce:$cnonce");
	my $between = "$nonce:$nc:$cnonce:auth";
	my $response = md5_hex("$a1:$between:" . md5_hex("AUTHENTICATE:$uri"));
	my $proof = md5_hex("$a1:$between:" . md5_hex(":$uri"));

	return (qq(charset=utf-8,username="$user",realm="$realm",nonce="$nonce",nc=$nc,)
	    . qq(cnonce="$cnonce",digest-uri="$uri",qop=auth,response=$response), $proof);
}

1;
