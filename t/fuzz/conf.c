/* t/fuzz/conf.c: any text as a configuration, and behind a NUL as an override */
/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "conf_checks.h"
#include "config/conf.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = memchr(data, '\0', size);
	size_t len = nul == NULL ? size : (size_t)(nul - data);
	char path[FUZZ_PATH_SIZE], domains[] = "no-local-domains = yes", *overrides[2] = { domains, NULL };
	int fd = fuzz_file(data, len, path);
	struct conf *conf;

	if (nul != NULL && (overrides[1] = strndup((const char *)nul + 1, size - len - 1)) == NULL)
		abort();
	if ((conf = conf_checks_read(path, overrides, 1 + (nul != NULL))) != NULL)
		conf_checks_print(conf);
	conf_unref(conf);
	free(overrides[1]);
	(void)close(fd);
	return 0;
}
