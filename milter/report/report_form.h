/* milter/report/report_form.h: by which kind of spelling somebody asked for a relay */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_REPORT_FORM_H
#define AUTHRELAY_REPORT_FORM_H

#include <stddef.h>

/* The kinds into which probe_forms.c has its forms, by the same names. */
enum report_form {
	REPORT_FORM_PLAIN,
	REPORT_FORM_UNBRACKETED,
	REPORT_FORM_PERCENT,
	REPORT_FORM_QUOTED,
	REPORT_FORM_TWO_AT,
	REPORT_FORM_BANG,
	REPORT_FORM_ROUTE,
	REPORT_FORM_COLON,
	REPORT_FORM_LIST,
	REPORT_FORM_WORDS,
	REPORT_FORM_COMMENT,
	REPORT_FORM_ODD,
	REPORT_FORM_PIPE,
	REPORT_FORM_LITERAL,
	REPORT_FORM_NUMBER,
	REPORT_FORM_BARE,
	REPORT_FORM_EMPTY,
	REPORT_FORMS
};

/*
 * What stands after RCPT TO:, with its brackets. A rough sorting for people: nothing is
 * decided by it.
 */
enum report_form	report_form_of(const char *text, size_t length);
/* "percent hack" */
const char	*report_form_name(enum report_form);

#endif
