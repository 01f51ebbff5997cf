/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines with levels and one sink per VMM. Freestanding: formats without libc. */
#ifndef SRIOV_LOG_H
#define SRIOV_LOG_H

#include <sriov/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sriov_vmm;

enum sriov_log_level {
    SRIOV_LOG_ERROR = 1, /* something asked for was not done */
    SRIOV_LOG_WARN = 2,  /* done, but look at it */
    SRIOV_LOG_INFO = 3,  /* life cycle: attached, link up, recovered */
    SRIOV_LOG_DEBUG = 4, /* each mailbox message, each map */
};

/* Longest line with its NUL; longer ones are cut and end in "...". */
#define SRIOV_LOG_LINE_MAX 256

typedef void (*sriov_log_sink)(void *arg, uint32_t level, const char *line);

/* Takes the place of the shim's own log op; NULL gives it back. Control thread. */
SRIOV_API void sriov_log_set_sink(struct sriov_vmm *vmm, sriov_log_sink sink, void *arg);
/* Lines above this level are not even formatted. Starts at SRIOV_LOG_INFO. */
SRIOV_API void sriov_log_set_level(struct sriov_vmm *vmm, enum sriov_log_level level);

/* Knows %s %c %d %i %u %x %X %p %% with width, 0 and - flags and the l, ll, z, h, hh lengths. */
SRIOV_API void sriov_log(struct sriov_vmm *vmm, enum sriov_log_level level, const char *fmt, ...)
    SRIOV_PRINTF(3, 4);
/* The same formatter for a caller's buffer. Returns the length the whole text has; always
 * terminated when room > 0. */
SRIOV_API size_t sriov_format(char *out, size_t room, const char *fmt, ...) SRIOV_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif
#endif
