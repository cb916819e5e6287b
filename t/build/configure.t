#!/usr/bin/env perl
# t/build/configure.t: configure takes what packagers' tools pass, and says what is missing
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Scratch qw(scratch_folder read_file write_file);
use Authrelay::Tree qw(copy_tree run_in compiler find_program cannot);

my $tree = copy_tree(scratch_folder() . '/tree');
my $bin = scratch_folder();
my $make = find_program('make') // find_program('gmake') // find_program('bmake');

# Environment for one run, then the arguments.
sub configure
{
	my ($env, @argument) = @_;

	local @ENV{keys %$env} = values %$env;
	unlink "$tree/Makefile", "$tree/config.log";
	return run_in($tree, './configure', @argument);
}

# What make makes of a text with macros.
sub expanded
{
	my ($text, @argument) = @_;

	write_file("$tree/show.mk", "include Makefile\nshow:\n\t\@printf '%s\\n' \"$text\"\n");
	my ($status, $output) = run_in($tree, $make, '-f', 'show.mk', @argument, 'show');
	unlink "$tree/show.mk";
	$output =~ s/\s+\z//;
	return $output;
}

# A compiler that is the real one after the given lines of shell; "$*" are its arguments.
sub compiler_with
{
	my ($name, $lines) = @_;
	my $real = join ' ', compiler();

	return write_file("$bin/$name", "#!/bin/sh\n$lines\nexec $real \"\$@\"\n", 0755);
}

my @DIRS = map { "\$($_)" } qw(prefix sbindir sysconfdir mandir docdir runstatedir includedir);

sub test_shells
{
	for my $shell ([qw(dash)], [qw(bash --posix)], [qw(busybox sh)]) {
		my ($program, @argument) = @$shell;
		find_program($program) or cannot("no $program"), next;
		unlink "$tree/Makefile";
		my ($status, $output) = run_in($tree, $program, @argument, './configure',
		    '--mandir=${prefix}/share/man');
		is $status, 0, "@$shell: exit 0" or diag $output;
		unlike $output, qr/warning:|error|: not found$|configure: \d+:/m, "@$shell: nothing is wrong";
		is expanded("@DIRS"), '/usr/local /usr/local/sbin /usr/local/etc /usr/local/share/man'
		    . ' /usr/local/share/doc/authrelay /run /usr/local/include', "@$shell: folders";
		is expanded('$(CFLAGS)'), '-O2 -g', "@$shell: CFLAGS of its own";
		unlike read_file("$tree/Makefile"), qr/\@\w+\@/, "@$shell: every place is filled";
	}
	is_deeply [glob "$tree/conftest*"], [], 'nothing is left behind';
	like read_file("$tree/config.log"), qr/configure.*'--mandir=\$\{prefix\}.*smfi_main/s,
	    'config.log has the arguments and the tests';
}

# The lists of arguments, flags and folders of each.
my @PACKAGERS = (
	{
		# debhelper 13, dh_auto_configure; dpkg-buildflags
		name => 'Debian',
		env => {
			CFLAGS => '-g -O2 -ffile-prefix-map=/build/authrelay=.'
			    . ' -fstack-protector-strong -Wformat -Werror=format-security',
			CPPFLAGS => '-Wdate-time -D_FORTIFY_SOURCE=2',
			LDFLAGS => '-Wl,-z,relro',
		},
		arguments => [qw(--build=x86_64-linux-gnu --prefix=/usr
		    --includedir=${prefix}/include --mandir=${prefix}/share/man
		    --infodir=${prefix}/share/info --sysconfdir=/etc --localstatedir=/var
		    --disable-option-checking --disable-silent-rules
		    --libdir=${prefix}/lib/x86_64-linux-gnu
		    --libexecdir=${prefix}/lib/x86_64-linux-gnu --runstatedir=/run
		    --disable-maintainer-mode --disable-dependency-tracking)],
		dirs => '/usr /usr/sbin /etc /usr/share/man /usr/share/doc/authrelay /run /usr/include',
		fortify => '',
	},
	{
		# rpm's %configure, redhat-rpm-config
		name => 'Fedora',
		env => {
			CFLAGS => '-O2 -flto=auto -ffat-lto-objects -fexceptions -g -pipe -Wall'
			    . ' -Werror=format-security -Wp,-U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=3'
			    . ' -Wp,-D_GLIBCXX_ASSERTIONS -fstack-protector-strong'
			    . ' -fasynchronous-unwind-tables -fno-omit-frame-pointer',
			LDFLAGS => '-Wl,-z,relro -Wl,--as-needed -Wl,-z,now',
			LT_SYS_LIBRARY_PATH => '/usr/lib64:',
		},
		arguments => [qw(--build=x86_64-redhat-linux --host=x86_64-redhat-linux
		    --program-prefix= --disable-dependency-tracking --prefix=/usr
		    --exec-prefix=/usr --bindir=/usr/bin --sbindir=/usr/bin --sysconfdir=/etc
		    --datadir=/usr/share --includedir=/usr/include --libdir=/usr/lib64
		    --libexecdir=/usr/libexec --localstatedir=/var --runstatedir=/run
		    --sharedstatedir=/var/lib --mandir=/usr/share/man --infodir=/usr/share/info)],
		dirs => '/usr /usr/bin /etc /usr/share/man /usr/share/doc/authrelay /run /usr/include',
		fortify => '',
	},
	{
		# Mk/bsd.port.mk, GNU_CONFIGURE; what it adds depends on --help, see below
		name => 'FreeBSD',
		env => {
			CC => join(' ', compiler()),
			CFLAGS => '-O2 -pipe -fstack-protector-strong -fno-strict-aliasing',
			CPPFLAGS => '',
			LDFLAGS => '-fstack-protector-strong',
			LIBS => '',
			CONFIG_SITE => '/usr/ports/Templates/config.site',
			lt_cv_sys_max_cmd_len => 524288,
		},
		arguments => [qw(--prefix=/usr/local --localstatedir=/var
		    --mandir=/usr/local/share/man --disable-silent-rules
		    --infodir=/usr/local/share/info/ --build=amd64-portbld-freebsd14.3)],
		dirs => '/usr/local /usr/local/sbin /usr/local/etc /usr/local/share/man'
		    . ' /usr/local/share/doc/authrelay /run /usr/local/include',
		fortify => '-D_FORTIFY_SOURCE=2',
	},
	{
		# abuild's usual build()
		name => 'Alpine',
		env => {
			CFLAGS => '-Os -fstack-clash-protection -Wformat -Werror=format-security',
			LDFLAGS => '-Wl,--as-needed,-O1,--sort-common',
		},
		arguments => [qw(--build=x86_64-alpine-linux-musl --host=x86_64-alpine-linux-musl
		    --prefix=/usr --sysconfdir=/etc --mandir=/usr/share/man
		    --infodir=/usr/share/info --localstatedir=/var)],
		dirs => '/usr /usr/sbin /etc /usr/share/man /usr/share/doc/authrelay /run /usr/include',
		fortify => '-D_FORTIFY_SOURCE=2',
	},
);

sub test_packagers
{
	for my $packager (@PACKAGERS) {
		my $name = $packager->{name};
		my ($status, $output) = configure($packager->{env}, @{$packager->{arguments}});
		is $status, 0, "$name: exit 0" or diag $output;
		unlike $output, qr/warning:|error/, "$name: not a word of complaint";
		is expanded("@DIRS"), $packager->{dirs}, "$name: folders";
		for my $flags (grep { defined $packager->{env}{$_} } qw(CFLAGS CPPFLAGS LDFLAGS)) {
			is expanded("\$($flags)"), $packager->{env}{$flags}, "$name: $flags as given";
		}
		is expanded('$(FORTIFY_NOW)'), $packager->{fortify}, "$name: _FORTIFY_SOURCE once";
	}
	# The folders as they were given are in Makefile, for make to expand.
	configure({}, '--prefix=/usr', '--docdir=${datarootdir}/doc/x', '-q');
	is expanded('$(docdir)', 'prefix=/opt/y'), '/opt/y/share/doc/x', 'make may still change prefix';

	my ($status, $help) = configure({}, '--help');
	is $status, 0, '--help: exit 0';
	like $help, qr/$_/, "--help tells bsd.port.mk of $_"
	    for qw(--localstatedir --mandir --disable-silent-rules);
	($status, my $version) = configure({}, '--version');
	is $status, 0, '--version: exit 0';
	like $version, qr/\Aauthrelay \d+\.\d+\.\d+\S*\n\z/, '--version: the version';
	unlike $version, qr/autoconf.*2\.13|unrecognized option/i, 'bsd.port.mk then passes --build';
	ok !-e "$tree/Makefile" && !-e "$tree/config.log", 'neither makes anything';
}

sub test_unknown
{
	my ($status, $output) = configure({}, qw(--enable-flying --with-wings=2 --without-legs));
	is $status, 0, 'unknown --enable, --with and --without: exit 0';
	like $output, qr/warning: .*$_/, "$_: a warning" for qw(--enable-flying --with-wings --without-legs);
	for my $argument (qw(--frobnicate --frobnicate=1 --prefix --prefix= --sbindir=a"b install -x
	    CFLGAS=-O3 --srcdir=/usr/src), "--prefix=/a\n/b", 'CFLAGS=-DX=#') {
		($status, $output) = configure({}, $argument);
		is $status, 1, "$argument: exit 1";
		like $output, qr/^configure: error: /, "$argument: an error";
		ok !-e "$tree/Makefile", "$argument: no Makefile";
	}
	($status, $output) = run_in($tree, 'sh', '-c', 'cd milter && ../configure');
	is $status, 1, 'from another folder: exit 1';
}

sub test_variables
{
	my ($status, $output) = configure({ CFLAGS => '-O0', LDFLAGS => '-L/a' },
	    'CFLAGS=-Og -DFROM_ARGUMENT="1 2"', 'CPPFLAGS=-I/x', 'LIBS=-lm', 'CXXFLAGS=-O3', '--quiet');
	is $status, 0, 'variables: exit 0';
	is $output, '', '--quiet: nothing is said';
	like read_file("$tree/Makefile"), qr/^CFLAGS = -Og -DFROM_ARGUMENT="1 2"$/m,
	    'an argument goes before the environment';
	is expanded('$(CPPFLAGS)|$(LDFLAGS)|$(LIBS)'), '-I/x|-L/a|-lm', 'variables reach Makefile';
	configure({ CFLAGS => '' }, '-q');
	is expanded('$(CFLAGS)'), '', 'CFLAGS that are given as empty stay so';

	configure({}, '-q');
	unlike expanded('$(WARN_CFLAGS) $(HARDEN_CFLAGS) $(HARDEN_LDFLAGS) $(FORTIFY)'), qr/-Werror|-march/,
	    'no -Werror, no -march';
	like expanded('$(WARN_CFLAGS)'), qr/-Wall -Wextra/, 'warnings';
	like expanded('$(HARDEN_CFLAGS)$(HARDEN_LDFLAGS)'), qr/-f\w+.*-/, 'hardening';
	for my $case (
		[ '', '-O2 -g' ], [ '-D_FORTIFY_SOURCE=2', '-O2' ], [ '-D_FORTIFY_SOURCE=2', '-g -Os' ],
		[ '', '-g' ], [ '', '-g -O0' ], [ '', '-O2 -O0' ], [ '', '-O2 -D_FORTIFY_SOURCE=3' ],
		[ '', '-g -fsanitize=address,undefined' ], [ '', '-O1 -fsanitize=thread' ],
		[ '', '-fsanitize=thread -O2' ],
	    ) {
		my ($want, $cflags) = @$case;
		$want = '-D_FORTIFY_SOURCE=2' if $cflags eq '-O2 -g';
		is expanded('$(FORTIFY_NOW)', "CFLAGS=$cflags"), $want, "make CFLAGS='$cflags'";
	}
}

sub test_never_runs
{
	# Leaves in place of a program one that tells when it is run.
	my $cc = compiler_with('cc-trap', <<"EOT");
@{[join ' ', compiler()]} "\$@" || exit
out=a.out
for a; do
	case \$a in -c) exit 0 ;; esac
	[ "\$last" != -o ] || out=\$a
	last=\$a
done
printf '#!/bin/sh\\necho ran >>$bin/ran\\n' >\$out && chmod 755 \$out
exit 0
EOT
	my ($status) = configure({}, "CC=$cc", '-q');
	is $status, 0, 'a compiler whose programs cannot run will do';
	ok !-e "$bin/ran", 'nothing that was built is run';
	run_in($tree, $cc, '-o', "$bin/x", 't/unit/tap.c', '-D_GNU_SOURCE', '-Dtap_done=main');
	run_in($bin, './x');
	ok -e "$bin/ran", 'it would have been seen';
}

my %PACKAGES = (
	'libmilter' => [qw(libmilter-dev sendmail-milter-devel mail/libmilter libmilter-dev)],
	'libidn2' => [qw(libidn2-dev libidn2-devel dns/libidn2 libidn2-dev)],
	'ldns' => [qw(libldns-dev ldns-devel dns/ldns ldns-dev)],
	'OpenSSL' => ['libssl-dev', 'openssl-devel', 'in the base system', 'openssl-dev'],
	'jansson' => [qw(libjansson-dev jansson-devel devel/jansson jansson-dev)],
	'zlib' => ['zlib1g-dev', 'zlib-devel', 'in the base system', 'zlib-dev'],
);

sub test_missing
{
	my $cc = compiler_with('cc-poor',
	    'case "$*" in *-lmilter*|*-lidn2*|*-lldns*|*-lssl*|*-ljansson*|*-lz*) echo "no such library" >&2; exit 1 ;; esac');
	my ($status, $output) = configure({}, "CC=$cc");
	is $status, 1, 'no library: exit 1';
	for my $library (sort keys %PACKAGES) {
		my ($debian, $fedora, $freebsd, $alpine) = @{$PACKAGES{$library}};
		like $output, qr/^  $library .*\n +Debian: $debian +Fedora: $fedora +FreeBSD: $freebsd +Alpine: $alpine$/m,
		    "$library: the packages that have it";
	}
	ok !-e "$tree/Makefile", 'no Makefile';
	like read_file("$tree/config.log"), qr/no such library/, 'config.log has what the compiler said';

	$cc = compiler_with('cc-no-idn', 'case "$*" in *-lidn2*) exit 1 ;; esac');
	(undef, $output) = configure({}, "CC=$cc");
	like $output, qr/^  libidn2 /m, 'one library is missing';
	unlike $output, qr/^  (?!libidn2)\S/m, 'no other is said to be';

	$cc = compiler_with('cc-no-threads', 'case "$*" in *-pthread*) exit 1 ;; esac');
	(undef, $output) = configure({}, "CC=$cc");
	like $output, qr/^  POSIX threads.*\n.*Debian: libc6-dev /m, 'no threads';

	($status, $output) = configure({}, "CC=$bin/cc-none");
	is $status, 1, 'no compiler: exit 1';
	like $output, qr/^  a C11 compiler.*\n.*Debian: gcc .*Alpine: build-base/m, 'no compiler';
	unlike $output, qr/^  lib/m, 'libraries whose headers are there are not said to be missing';
}

sub test_no_pkg_config
{
	for my $none ('', "$bin/none", 'false') {
		my ($status, $output) = configure({}, "PKG_CONFIG=$none", '-q', '--without-seccomp', '--without-psl');
		is $status, 0, "PKG_CONFIG='$none': exit 0" or diag $output;
		is expanded('$(ALL_LIBS)'), '-lmilter -lidn2 -lldns -lcrypto', "PKG_CONFIG='$none': libraries";
	}
	# As on FreeBSD: one in the base system, two among the ports.
	my $cc = compiler_with('cc-ports', 'case "$*" in *-L/usr/local/lib*) ;;'
	    . ' *-lidn2*|*-lldns*|*idn2.h*) exit 1 ;; esac');
	my ($status) = configure({}, "CC=$cc", 'PKG_CONFIG=', '-q', '--without-seccomp', '--without-psl');
	is $status, 0, 'libraries in /usr/local: exit 0';
	like expanded('$(ALL_LIBS)'), qr{^-lmilter +-L/usr/local/lib -lidn2 +-L/usr/local/lib -lldns +-lcrypto$},
	    'libraries in /usr/local: where';
	like expanded('$(COMPILE)'), qr{ -I/usr/local/include }, 'and their headers';
}

# name => [what the daemon gets of it, what it gets without, what the compiler then cannot do, what is missing]
my %OPTIONAL = (
	seccomp => [qw(sandbox_seccomp.o sandbox_seccomp_none.o seccomp.h),
	    'libseccomp .*\n +Debian: libseccomp-dev +Fedora: libseccomp-devel '],
	landlock => [qw(sandbox_landlock.o sandbox_landlock_none.o linux/landlock.h),
	    'Landlock .*\n +Debian: linux-libc-dev '],
	psl => [qw(suffix_psl.o suffix_none.o libpsl.h),
	    'libpsl .*\n +Debian: libpsl-dev +Fedora: libpsl-devel +FreeBSD: dns/libpsl +Alpine: libpsl-dev'],
);

# What is built in after configure with a form of option, for all that are optional at once.
sub objects_after
{
	my ($form) = @_;

	configure({}, '-q', map { sprintf $form, $_ } $form ne '' ? sort keys %OPTIONAL : ());
	return expanded('$(SANDBOX) $(SUFFIX)');
}

sub test_optional
{
	my @there = grep { -e "/usr/include/$OPTIONAL{$_}[2]" } sort keys %OPTIONAL;

	cannot("no $OPTIONAL{$_}[2]") for grep { !-e "/usr/include/$OPTIONAL{$_}[2]" } sort keys %OPTIONAL;
	for my $form ('--without-%s', '--with-%s=no') {
		my $objects = objects_after($form);
		like $objects, qr{milter/\w+/\Q$OPTIONAL{$_}[1]\E}, "$_ is not used: $form" for sort keys %OPTIONAL;
	}
	for my $form ('', '--with-%s=auto', @there == keys %OPTIONAL ? ('--with-%s', '--with-%s=yes') : ()) {
		my $objects = objects_after($form);
		like $objects, qr{milter/\w+/\Q$OPTIONAL{$_}[0]\E}, "$_ is used: $form" for @there;
	}
	# The last thing a sanitizer does is what no filter could allow.
	for my $flags ('-g -fsanitize=address,undefined', '-fsanitize=thread') {
		like expanded('$(SANDBOX)', "CFLAGS=$flags"), qr{/sandbox_seccomp_none\.o},
		    "no seccomp in a build with $flags";
	}
	for my $name (sort keys %OPTIONAL) {
		my (undef, $without, $header, $missing) = @{$OPTIONAL{$name}};
		my $cc = compiler_with("cc-no-$name",
		    "grep -q '<$header>' conftest.*.c 2>/dev/null && exit 1");
		my ($status, $output) = configure({}, "CC=$cc");
		is $status, 0, "$name is not there: exit 0" or diag $output;
		like $output, qr/: not found; the daemon is built without/, "$name: is said";
		like expanded('$(SANDBOX) $(SUFFIX)'), qr{milter/\w+/\Q$without\E}, "$name: is not used then";
		unlike expanded('$(ALL_LIBS)'), qr/$name/, 'nor linked' if $name ne 'landlock';
		($status, $output) = configure({}, "CC=$cc", "--with-$name");
		is $status, 1, "$name is not there, --with-$name: exit 1";
		like $output, qr/^  $missing/m, "$name: the packages that have it";
		($status, $output) = configure({}, "--with-$name=/usr");
		is $status, 1, "--with-$name=/usr: exit 1";
	}
}

test_shells();
test_packagers();
test_unknown();
test_variables();
test_never_runs();
test_missing();
test_no_pkg_config();
test_optional();
done_testing;
