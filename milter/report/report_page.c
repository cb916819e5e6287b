/* milter/report/report_page.c: the frame of a report's page */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "report/report_page.h"

/* Contrast of every text is at least 4.5 to 1 (WCAG 2.2 AA), in both. */
static const char	style[] =
    ":root{color-scheme:light dark;--paper:#f6f5f2;--card:#fff;--ink:#20242a;--soft:#59626c;"
    "--line:#e2e0da;--permit:#3f7d5c;--reject:#b24a3c;--tempfail:#b9842a;"
    "--warn:#855c12;--map:47 102 144;"
    "--accent:#2f6690}\n"
    "@media(prefers-color-scheme:dark){:root{--paper:#14171b;--card:#1c2026;--ink:#e4e7ea;"
    "--soft:#a0a9b3;--line:#30363e;--permit:#6db28b;--reject:#e07c6d;--tempfail:#d8ad60;"
    "--warn:#d8ad60;--map:127 178 219;--accent:#8abbe2}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,"
    "-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif;"
    "font-variant-numeric:tabular-nums}\n"
    "main,header,footer{max-width:68rem;margin:0 auto;padding:0 1rem}\n"
    "header{padding-top:2.5rem}h1{font-size:1.75rem;font-weight:650;margin:0;"
    "letter-spacing:-.01em}\n"
    "h2{font-size:1.1rem;font-weight:650;margin:0 0 .75rem}\n"
    "p{margin:.25rem 0}.soft,th,dt,figcaption,summary,footer{color:var(--soft)}\n"
    "section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;"
    "padding:1.25rem;margin:1rem 0;min-width:0}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:1rem;"
    "margin:1.5rem 0}\n"
    ".tiles div{background:var(--card);border:1px solid var(--line);border-radius:.75rem;"
    "padding:.9rem 1.1rem;border-top:3px solid var(--line)}\n"
    ".tiles .permit{border-top-color:var(--permit)}.tiles .reject{border-top-color:"
    "var(--reject)}.tiles .tempfail{border-top-color:var(--tempfail)}\n"
    "dt{font-size:.875rem}dd{margin:0;font-size:1.6rem;font-weight:600;line-height:1.25}\n"
    "dd small{display:block;font-size:.875rem;font-weight:400;color:var(--soft)}\n"
    "figure{margin:0}svg{display:block;width:100%}\n"
    "svg .permit,i.permit{fill:var(--permit);background:var(--permit)}\n"
    "svg .reject,i.reject{fill:var(--reject);background:var(--reject)}\n"
    "svg .tempfail,i.tempfail{fill:var(--tempfail);background:var(--tempfail)}\n"
    "svg .plain{fill:var(--accent)}svg .rule{fill:var(--line)}svg .hit{fill:transparent}\n"
    ".chart{display:grid;grid-template-columns:auto 1fr;gap:0 .6rem}\n"
    ".chart .scale{display:flex;flex-direction:column;justify-content:space-between;"
    "text-align:right;font-size:.8rem;line-height:1;color:var(--soft)}\n"
    ".times{grid-column:2;position:relative;height:1.2rem;overflow:hidden;"
    "font-size:.8rem;color:var(--soft);margin-top:.4rem}"
    ".times span{position:absolute;white-space:nowrap}\n"
    ".over svg{height:12rem}.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;"
    "font-size:.875rem;margin:0 0 .75rem;padding:0;list-style:none;color:var(--soft)}\n"
    ".legend i{display:inline-block;width:.75rem;height:.75rem;border-radius:.2rem;"
    "margin-right:.4rem;vertical-align:-.05rem}\n"
    ".map{display:grid;grid-template-columns:auto 1fr;gap:0 .6rem}\n"
    ".map .days{display:flex;flex-direction:column;justify-content:space-around;"
    "font-size:.8rem;line-height:1;color:var(--soft)}\n"
    ".map svg{height:13rem}\n"
    ".h0{fill:rgb(var(--map)/.07)}.h1{fill:rgb(var(--map)/.22)}.h2{fill:rgb(var(--map)/.4)}"
    ".h3{fill:rgb(var(--map)/.6)}.h4{fill:rgb(var(--map)/.8)}.h5{fill:rgb(var(--map))}\n"
    "table{border-collapse:collapse;width:100%;font-size:.925rem}\n"
    "th{font-weight:500;text-align:left;font-size:.82rem;padding:0 .75rem .4rem 0;"
    "vertical-align:bottom}\n"
    "td{border-top:1px solid var(--line);padding:.42rem .75rem .42rem 0;"
    "vertical-align:middle}th:last-child,td:last-child{padding-right:0}\n"
    "th.n,td.n{text-align:right;white-space:nowrap}td.c{color:var(--soft);"
    "text-align:right;white-space:nowrap;font-size:.85rem}\n"
    "td.k{overflow-wrap:anywhere;min-width:8rem}"
    "td small{color:var(--soft);font-weight:400}td.t{overflow-wrap:anywhere;"
    "font-size:.875rem}\n"
    "td.s{width:9rem}td.s svg{height:1.6rem}td.b{width:26%}td.b svg{height:.7rem}\n"
    "code{font:.85rem/1.4 ui-monospace,\"Cascadia Mono\",Menlo,Consolas,monospace}\n"
    ".mark{font-size:.8rem;color:var(--warn);white-space:nowrap}\n"
    ".v{white-space:nowrap}.v i{display:inline-block;width:.6rem;height:.6rem;"
    "border-radius:50%;margin-right:.5rem}\n"
    "details{margin-top:.9rem;font-size:.9rem}summary{cursor:pointer}\n"
    ".wide{overflow-x:auto;margin-top:.6rem}.wide table{font-size:.8rem}\n"
    "footer{padding-top:.5rem;padding-bottom:3rem;font-size:.875rem}\n"
    ":focus-visible{outline:2px solid var(--accent);outline-offset:2px}\n"
    /* on a phone, a row is a few lines */
    "@media screen and (max-width:46rem){section{padding:1rem}\n"
    ".rows thead{display:none}.rows,.rows tbody{display:block}"
    ".rows tr{display:flex;flex-wrap:wrap;align-items:baseline;gap:.05rem .9rem;"
    "border-top:1px solid var(--line);padding:.5rem 0}"
    ".rows tr:first-child{border-top:0;padding-top:0}\n"
    ".rows td{display:block;border:0;padding:0;width:auto;min-width:0;font-size:.85rem}"
    ".rows td:empty{display:none}"
    ".rows td[data-label]::before{content:attr(data-label) \" \";color:var(--soft)}\n"
    ".rows td.k{flex:1 0 60%;font-weight:600;font-size:.95rem}"
    ".rows td.m{font-weight:600;font-size:.95rem}.rows td.t{flex:1 0 60%}"
    ".rows td.c{order:1;min-width:3rem}"
    ".rows td.n:not(.m),.rows td.v,.rows td.t,.rows td.mark{order:2}"
    ".rows td.s,.rows td.b{order:3;flex:1 0 100%}.rows td.s::before{display:none}"
    ".rows td.s svg{height:1.4rem;margin-top:.2rem}.rows td.b svg{height:.4rem;"
    "margin-top:.25rem}\n"
    ".over svg{height:9rem}.map svg{height:10rem}.tiles{gap:.6rem;"
    "grid-template-columns:1fr 1fr}dd{font-size:1.35rem}}\n"
    "@media print{:root{color-scheme:light;--paper:#fff;--card:#fff;--ink:#000;"
    "--soft:#444;--line:#ccc;--permit:#3f7d5c;--reject:#b24a3c;--tempfail:#b9842a;--warn:#855c12;"
    "--map:47 102 144;--accent:#2f6690}\n"
    "body{font-size:10pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}\n"
    "section,.tiles div{border-radius:0;padding:.6rem;margin:.5rem 0}\n"
    "section,tr,figure{break-inside:avoid}section.long{break-inside:auto}"
    "h2{break-after:avoid}.wide{overflow:visible}.wide table{font-size:6.5pt}"
    ".wide td{padding-top:.08rem;padding-bottom:.08rem}.tiles{gap:.5rem;margin:.5rem 0;"
    "grid-template-columns:repeat(6,1fr)}dd{font-size:14pt}header{padding-top:0}\n"
    "details::details-content{content-visibility:visible;height:auto}summary{display:none}"
    "}\n";

void
page_add(const char *text, struct buf *b)
{
	for (; *text != '\0'; text++)
		switch (*text) {
		case '&':
			buf_puts(b, "&amp;");
			break;
		case '<':
			buf_puts(b, "&lt;");
			break;
		case '>':
			buf_puts(b, "&gt;");
			break;
		case '"':
			buf_puts(b, "&quot;");
			break;
		case '\'':
			buf_puts(b, "&#39;");
			break;
		default:
			buf_putc(b, *text);
		}
}

void
page_text(const char *raw, size_t length, struct buf *b)
{
	struct buf	shown;

	buf_init(&shown);
	format_text(raw, length, 1, &shown);
	if (shown.data != NULL)
		page_add(shown.data, b);
	b->failed |= shown.failed;
	buf_clear(&shown);
}

void
page_begin(const char *title, struct buf *b)
{
	buf_puts(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	    "style-src 'unsafe-inline'; img-src data:\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n"
	    "<link rel=\"icon\" href=\"data:,\">\n<title>");
	page_add(title, b);
	buf_puts(b, "</title>\n<style>\n");
	buf_puts(b, style);
	buf_puts(b, "</style>\n</head>\n<body>\n");
}

void
page_end(struct buf *b)
{
	buf_puts(b, "</body>\n</html>\n");
}

const char *
page_class(unsigned verdict)
{
	return policy_verdict_name((enum policy_verdict)verdict);
}
