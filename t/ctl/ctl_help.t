#!/usr/bin/env perl
# t/ctl/ctl_help.t: --help of both programs, the manuals that agree with it, wrong command lines, completion
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Ctl qw(ctl need_ctl);
use Authrelay::Daemon;
use Authrelay::Process;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Tree qw(find_program cannot run_in);

need_ctl();
my $TOP = Authrelay::Daemon::top();
my @COMMANDS = qw(check completion explain keygen log mx probe replay report verify);

# An argument's name without its marks, as both sides have it.
sub bare { return lc($_[0] // '') =~ s/[^a-z@]//gr }

# Options with their arguments, of the lines of --help: { '-c' => 'file', ... }.
sub options_of_help
{
	my ($help) = @_;
	my %option;

	for my $line ($help =~ /^  (.*)$/mg) {
		my ($names, $arg) = $line =~ /^ *((?:-\w, )?--?[A-Za-z0-9-]+)(?:( '[^']*'|\[=\w+\]| [A-Z]\S*))?(?: {2,}.*|$)/ or next;
		$option{$_} = bare($arg) for split /, /, $names;
	}
	return \%option;
}

# The same of the .It of a manual's part.
sub options_of_manual
{
	my ($text) = @_;
	my %option;

	for my $item ($text =~ /^\.It (Fl .*)$/mg) {
		my @part = split /(?:^| , )Fl /, $item;
		my $arg = bare($item =~ /((?: Ar| Ns Op = Ns Ar) .*?)(?: , Fl|$)/ ? $1 =~ s/\b(?:Ar|Ns|Op|Li)\b//gr : '');
		$option{'-' . ($_ =~ /^(\S+)/)[0]} = $arg for grep { length } @part;
	}
	return \%option;
}

# The parts of authrelayctl(8): '' is what stands before the commands.
sub parts
{
	my ($man) = @_;
	my ($text) = $man =~ /^\.Sh DESCRIPTION\n(.*?)^\.Sh /ms;
	my ($first, %part) = split /^\.Ss (.*)\n/m, $text;

	return (%part, '' => $first);
}

subtest 'the commands' => sub {
	my $man = read_file("$TOP/milter/authrelayctl.8.in");
	my %manual = map { /^(\w+)\n(.*)\n/ ? ($1 => $2) : () } split /^\.It Cm /m, $man;

	for my $option ('--help', '-h') {
		my ($code, $out, $err) = ctl($option);
		my %help = $out =~ /^  (\w+) +(.*)$/mg;
		is "$code $err", '0 ', $option;
		is join(' ', sort keys %help), join(' ', @COMMANDS), 'every command has a line';
		is $manual{$_}, "$help{$_}.", "$_: and the same line in the manual" for @COMMANDS;
	}
};

subtest 'the options of each command' => sub {
	my %part = parts(read_file("$TOP/milter/authrelayctl.8.in"));

	for my $command (@COMMANDS) {
		my ($code, $out, $err) = ctl($command, '--help');
		my $help = options_of_help($out);
		my %manual = (%{ options_of_manual($part{$command}) }, '-h' => '', '--help' => '');

		is "$code $err", '0 ', "$command --help";
		like $out, qr/\Ausage: authrelayctl $command\b/, 'begins with the usage';
		is scalar(() = $out =~ /^ +-.*[^ \n]  +\S|^ {10,}\S/mg), scalar(() = $out =~ /^ +-/mg), 'a line of help for each';
		is join("\n", grep { length > 80 } split /\n/, $out), '', 'no line is too long';
		%manual = (%manual, %{ options_of_manual($part{''}) }) if exists $help->{'-c'};
		%manual = (%manual, %{ options_of_manual($part{'Choice of records'}) }) if exists $help->{'--since'};
		is_deeply $help, \%manual, 'the manual has these options, with their arguments, and no others';
		is_deeply [ctl($command, '-h')], [$code, $out, $err], '-h';
		is_deeply [ctl($command, 'x', '--help')], [$code, $out, $err], 'after an argument';
	}
};

subtest 'the daemon' => sub {
	my $man = read_file("$TOP/milter/authrelay-milter.8.in");
	my ($code, $out) = Authrelay::Process->run(Authrelay::Daemon::program(), '--help');

	is $code, 0, '--help';
	like $out, qr/\Ausage: authrelay-milter /, 'begins with the usage';
	is_deeply options_of_help($out), options_of_manual($man), 'the manual has these options, and no others';
	is join('', sort map { /^-([^h-])$/ } keys %{ options_of_help($out) }), 'Vcfnot', 'all of them';
	my ($letters) = $man =~ /^\.Op Fl (\w+)$/m;
	is $letters, ($out =~ /^usage: \S+ \[-(\w+)\]/)[0], 'and the usage';
};

subtest 'wrong command lines' => sub {
	my $see = sub { join ' ', 'See: authrelayctl', @_, "--help\n" };
	my @bad = (
		[[], 'a command is missing'],
		[['lgo'], 'lgo: unknown command; did you mean log?'],
		[['nothing-like-it'], 'nothing-like-it: unknown command'],
		[["\e[2J"], '"\x1b[2J": unknown command'],
		[['x' x 300], '"' . 'x' x 195 . '...": unknown command'],
		[['log', '--fild', 'seq'], '--fild: unknown option; did you mean --field?'],
		[['log', '--fild=seq'], '"--fild=seq": unknown option; did you mean --field?'],
		[['log', '--nothing-like-it'], '--nothing-like-it: unknown option'],
		[['log', "--\a"], '"--\x07": unknown option'],
		[['log', '--c', 'x'], '--c: ambiguous option'],
		[['log', '-fx'], '-x: unknown option'],
		[['log', '-fn'], '-n: LINES is missing'],
		[['log', '--field'], '--field: KEY,... is missing'],
		[['log', '--config'], '--config: FILE is missing'],
		[['report', '--json=yes'], '--json: this option takes no value'],
		[['report', '--json', '--html', 'x'], '--json and --html exclude each other'],
		[['probe', '--tls', '--no-tls'], '--tls and --no-tls exclude each other'],
		[['mx'], 'DOMAIN is missing'],
		[['mx', 'a.test', 'b c'], '"b c": unexpected argument'],
		[['completion', 'fish'], 'fish: unknown shell; allowed: bash, zsh'],
	);

	for my $row (@bad) {
		my ($argument, $want) = @$row;
		my ($command) = @$argument > 1 || "@$argument" eq 'mx' ? $argument->[0] : ();
		my ($code, $out, $err) = ctl(@$argument);
		is "$code $out", '64 ', substr "@$argument" =~ s/[^ -~]/?/gr, 0, 60;
		is $err, join(': ', 'authrelayctl', $command // (), $want) . "\n" . $see->($command // ()), 'says why, and where help is';
	}
	like((ctl('check', '--conf', '/dev/null', '-o', 'no-local-domains = yes'))[2], qr{^/dev/null: the configuration is valid$}m, 'a name may be cut short');
	is((ctl('check', '-c/dev/null', '--', '-c'))[0], 64, '-- ends the options');
};

# What bash offers for words, of which the last is not finished. Bash cuts a word at a =.
sub bash
{
	my ($folder, @word) = @_;
	my $file = write_file(scratch_folder() . '/simulate', <<'EOT');
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
$(complete -p authrelayctl | sed 's/.*-F \([^ ]*\) .*/\1/') authrelayctl
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
EOT
	my ($status, $output) = run_in($folder, 'bash', $file,
	    "$TOP/contrib/completion/authrelayctl.bash", 'authrelayctl', @word);
	is $status, 0, "bash: @word" or diag $output;
	return join ' ', sort split /\n/, $output;
}

subtest 'completion' => sub {
	my %file = (bash => 'authrelayctl.bash', zsh => '_authrelayctl');

	for my $shell (sort keys %file) {
		my ($code, $out, $err) = ctl('completion', $shell);
		is "$code $err", '0 ', "completion $shell";
		is $out, read_file("$TOP/contrib/completion/$file{$shell}"), 'contrib/ has the same: make completions';
		find_program($shell) or note("no $shell"), next;
		my ($status, $output) = run_in($TOP, $shell, '-n', "contrib/completion/$file{$shell}");
		is "$status $output", '0 ', 'is correct';
	}
	find_program('bash') or return cannot('no bash');
	my $folder = scratch_folder();
	write_file("$folder/a file.json", '');
	write_file("$folder/audit*", '');
	my $bash = sub { bash($folder, @_) };

	is $bash->(''), join(' ', sort '--help', '--version', @COMMANDS), 'the commands';
	is $bash->('re'), 'replay report', 'that begin so';
	for my $command (@COMMANDS) {
		is $bash->($command, '-'), join(' ', sort keys %{ options_of_help((ctl($command, '--help'))[1]) }), 'its options';
	}
	is $bash->('probe', '--tls'), '--tls --tls-verify', 'that begin so';
	is $bash->('log', 'a'), 'a file.json audit*', 'files';
	is $bash->('log', '--config', 'a f'), 'a file.json', 'a file of an option';
	is $bash->('log', '--config', '=', 'a f'), 'a file.json', 'after =';
	is $bash->('mx', '-c', 'a f'), 'a file.json', 'where the command takes none';
	is $bash->('log', '--field', 'a'), '', 'no file where none is wanted';
	is $bash->('completion', ''), 'bash zsh', 'words';
	is $bash->('none', ''), '', 'nothing for what is no command';
};

done_testing;
