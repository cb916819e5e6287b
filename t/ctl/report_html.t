#!/usr/bin/perl
# t/ctl/report_html.t: the page of authrelayctl report, as a real browser shows it
# SPDX-License-Identifier: ISC
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Authrelay::Browser;
use Authrelay::Ctl qw(ctl need_ctl);
use Authrelay::Need qw(need_program);
use Authrelay::Scratch qw(scratch_folder write_file);
use Authrelay::Traffic qw(traffic record_line);

need_ctl();
need_program('chromium', 'chromium');

$ENV{TZ} = 'UTC';
my $FOLDER = scratch_folder();
my $PAGE = "$FOLDER/report.html";

# Where AUTHRELAY_PICTURES names a folder, the pictures are left there, to be looked at.
my $PICTURES = $ENV{AUTHRELAY_PICTURES};

# What is wider than the window, and not in something that scrolls by itself: names of elements.
my $OVERFLOW = <<'EOT';
[...document.querySelectorAll('body *')].filter(e => !e.closest('.wide, svg, .times')
    && e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.tagName + '.' + e.className).join(' ')
EOT

# The least contrast of text with what is behind it (WCAG 2.2, 1.4.3), and whose.
my $CONTRAST = <<'EOT';
(() => {
	const part = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
	const light = c => .2126 * part(c[0]) + .7152 * part(c[1]) + .0722 * part(c[2]);
	const rgb = s => s.match(/[\d.]+/g).map(Number);
	const behind = e => { for (; e; e = e.parentElement) {
		const c = rgb(getComputedStyle(e).backgroundColor);
		if (c.length < 4 || c[3] > 0) return c;
	} return [255, 255, 255]; };
	let worst = [99, ''];
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement;
		if (!walk.currentNode.data.trim() || e.closest('svg')) continue;
		const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
		const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
		if (ratio < worst[0]) worst = [ratio, e.outerHTML.slice(0, 80)];
	}
	return worst.join(' ');
})()
EOT

# Charts that are there and have a size: how many.
my $CHARTS = <<'EOT';
[...document.querySelectorAll('svg')].filter(e => e.getBoundingClientRect().width > 30
    && e.getBoundingClientRect().height > 3).length + ' of ' + document.querySelectorAll('svg').length
EOT

sub look
{
	my ($browser, $name, %how) = @_;

	subtest $name => sub {
		$browser->show(url => "file://$PAGE", height => 900, %how);
		is join("\n", $browser->complaints), '', 'nothing in the console';
		is $browser->value('innerWidth'), $how{width}, 'the window is as wide as it is to be';
		cmp_ok $browser->value('document.documentElement.scrollWidth'), '<=', $how{width}, 'nothing to scroll sideways';
		is $browser->value($OVERFLOW), '', 'nothing reaches out of the window';
		my ($charts, $all) = split / of /, $browser->value($CHARTS);
		cmp_ok $all, '>', 20, 'there are charts';
		is $charts, $all, 'all charts have a size';
		my ($contrast, $of) = split / /, $browser->value($CONTRAST), 2;
		cmp_ok $contrast, '>=', 4.5, 'text can be read' or diag "$contrast: $of";
		is $browser->value('[...document.querySelectorAll("svg[role=img]")].filter(e => !e.ariaLabel).length'), 0,
		    'every chart has a description';
		my $picture = $browser->picture;
		my ($width, $height) = unpack 'x16NN', $picture;
		is substr($picture, 1, 3), 'PNG', 'a picture';
		cmp_ok length $picture, '>', 30000, 'with something on it';
		cmp_ok $height, '>', 1000, 'of the whole page';
		write_file("$PICTURES/" . $name =~ tr/ /-/r . '.png', $picture) if defined $PICTURES;
	};
}

write_file("$FOLDER/audit.json", join '', map { record_line($_) } traffic(6000));
my ($code, $out, $err) = ctl('report', qw(--since 2026-11-17 --until 2026-11-24 --html), $PAGE, "$FOLDER/audit.json");
is "$code|$out|$err", '0||', 'the page is there';

my $browser = Authrelay::Browser->start;
look($browser, 'desktop light', width => 1280, color => 'light');
look($browser, 'desktop dark', width => 1280, color => 'dark');
look($browser, 'phone light', width => 360, mobile => 1, color => 'light');
look($browser, 'phone dark', width => 390, mobile => 1, color => 'dark');
look($browser, 'paper', width => 700, media => 'print');

$browser->show(url => "file://$PAGE", width => 360, height => 800);
$browser->value('document.querySelectorAll("details").forEach(e => e.open = true)');
cmp_ok $browser->value('document.documentElement.scrollWidth'), '<=', 360, 'the tables, opened on a phone, scroll by themselves';
is $browser->value('document.scripts.length + document.querySelectorAll("b,img,iframe").length'), 0,
    'no element of a stranger';

($code) = ctl('report', '--html', $PAGE, '/dev/null');
is $code, 0, 'a page without records';
$browser->show(url => "file://$PAGE", width => 360, height => 800);
is join("\n", $browser->complaints), '', 'nothing in the console';
like $browser->value('document.body.innerText'), qr/No records\./, 'it says so';
$browser->stop;
done_testing;
