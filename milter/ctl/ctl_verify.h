/* milter/ctl/ctl_verify.h: output of authrelayctl verify */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CTL_VERIFY_H
#define AUTHRELAY_CTL_VERIFY_H

#include "core/buf.h"
#include "record/verify.h"

struct ctl_verify_print {
	int		 is_json;
	const char	*why;		/* a file cannot be read further */
	const char	*file;		/* of the findings so far */
	unsigned	 shown;		/* of that file */
	uint64_t	 findings;	/* of all */
	uint64_t	 files;
	uint64_t	 unreadable;	/* anchors kept elsewhere */
	size_t		 anchors;
	int		 has_key;
	int		 has_failed;	/* memory, or standard output */
};

/* On standard output: the beginning, a finding, and the result at the end. */
void	ctl_verify_begin(struct ctl_verify_print *);
void	ctl_verify_finding(void *print, const struct verify_finding *);
void	ctl_verify_end(struct ctl_verify_print *, const struct verify_result *);

#endif
