/* milter/config/conf_warning.h: warnings about a configuration, and their families */
/* SPDX-License-Identifier: ISC */

#ifndef AUTHRELAY_CONF_WARNING_H
#define AUTHRELAY_CONF_WARNING_H

#include <stddef.h>

#include "config/conf.h"
#include "config/conf_error.h"
#include "config/conf_warn.h"

struct conf_warnings {
	const struct conf		*conf;
	const struct conf_warn_host	*host;
	const char			*mark;
	struct conf_errors		 found;
};

/* One thing to warn of, and how to know. The texts are constant. */
struct conf_sentence {
	const char	*setting;
	int		(*is_so)(const struct conf *, const struct conf_warn_host *);
	const char	*text;
};

void	conf_warn_sentences(struct conf_warnings *, const struct conf_sentence *,
	    size_t count);
/* Of one entry of a list, or of one value. The texts of the format are encoded. */
void	conf_warn_at(struct conf_warnings *, const struct conf_place *,
	    const char *setting, const char *, ...)
	    __attribute__((format(printf, 4, 5)));

/* The families: conf_warn_*.c. They return -1 where a list file cannot be read again. */
void	conf_warn_audit(struct conf_warnings *);
void	conf_warn_mx(struct conf_warnings *);
int	conf_warn_domains(struct conf_warnings *);
int	conf_warn_networks(struct conf_warnings *);

#endif
