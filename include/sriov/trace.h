/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trace: a decorator of any shim. What is opened through it goes on to the shim below unchanged, and each
 * op with its values becomes a line of text that repeats from run to run: time is not in it, and addresses
 * stand as "m2+0x40", offset 0x40 of the function's second piece of DMA memory. docs/tracing.md has the
 * lines.
 *
 * It offers no BAR view, since a load through a pointer would pass it by, and no VM face.
 */
#ifndef SRIOV_TRACE_H
#define SRIOV_TRACE_H

#include <sriov/vmm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sriov_trace;

struct sriov_trace_opts {
    uint32_t size;
    uint32_t flags;   /* SRIOV_TRACE_* */
    const char *name; /* the functions' label in the lines: "vf" gives vf0, vf1 in the order of opening; NULL:
                       * "fn". Copied, up to SRIOV_NAME_MAX with NUL */
    /* One line without newline; lives during the call. One call at a time, on the thread whose op it was;
     * it must not call into the trace. */
    void (*line)(void *arg, const char *line);
    void *arg;
};
/*
 * Follow DMA memory: its changes are looked for before and after each bar_write, after each relax, sleep
 * and wait and around callbacks. What changed while an op was under way was the device, the rest is said of
 * the host: a device that writes between two ops is mistaken for it. For one thread: bursts of other threads
 * write while it looks. Takes as much host memory as there is DMA memory.
 */
#define SRIOV_TRACE_MEMORY 1u

/*
 * *out: a trace over `inner`, registered (sriov_trace_vmm). `inner` outlives it, and cannot tell that
 * functions are open through the trace. Errors: -EINVAL, -E2BIG, -ENOMEM, those of sriov_vmm_register.
 */
SRIOV_API int sriov_trace_create(struct sriov_vmm *inner, const struct sriov_trace_opts *opts,
                                 struct sriov_trace **out);
/* -EBUSY while a function is open. NULL is fine. */
SRIOV_API int sriov_trace_destroy(struct sriov_trace *trace);
/* The decorated VMM; owned by the trace. Its sriov_vmm_ops and _ctx can be decorated in turn. */
SRIOV_API struct sriov_vmm *sriov_trace_vmm(struct sriov_trace *trace);
/* A line of the caller's own, "# text", behind all changes of memory so far. Any thread. */
SRIOV_API void sriov_trace_note(struct sriov_trace *trace, const char *text);
/* How many lines there were; any thread. */
SRIOV_API uint64_t sriov_trace_lines(const struct sriov_trace *trace);

#ifdef __cplusplus
}
#endif
#endif
