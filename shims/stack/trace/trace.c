/* SPDX-License-Identifier: BSD-3-Clause */
/* The trace itself: made over a VMM, its lines, the caller's notes. */
#include "trace.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_ROOM 256u

void trc_enter(struct sriov_trace *trace)
{
    (void)pthread_mutex_lock(&trace->lock);
}

void trc_leave(struct sriov_trace *trace)
{
    (void)pthread_mutex_unlock(&trace->lock);
}

static void emit(struct sriov_trace *trace, const char *line)
{
    atomic_fetch_add(&trace->lines, 1);
    trace->line(trace->arg, line);
}

void trc_line(struct sriov_trace *trace, const char *format, ...)
{
    char line[LINE_ROOM];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    emit(trace, line);
}

static void say(struct trc_fn *fn, int err, const char *format, va_list args)
{
    char line[LINE_ROOM];
    size_t n = (size_t)snprintf(line, sizeof(line), "%s%u ", fn->trace->name, fn->label);

    (void)vsnprintf(line + n, sizeof(line) - n, format, args);
    n = strlen(line);
    if (err < 0) {
        (void)snprintf(line + n, sizeof(line) - n, " error %d", err);
    }
    emit(fn->trace, line);
}

void trc_say(struct trc_fn *fn, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(fn, 0, format, args);
    va_end(args);
}

void trc_told(struct trc_fn *fn, int err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    trc_enter(fn->trace);
    say(fn, err, format, args);
    trc_leave(fn->trace);
    va_end(args);
}

static int take_opts(const struct sriov_trace_opts *from, struct sriov_trace_opts *opts)
{
    const uint8_t *bytes = (const uint8_t *)from;
    size_t size = from->size;

    if (size < sizeof(*opts) || size > 4096) {
        return -EINVAL;
    }
    for (size_t i = sizeof(*opts); i < size; i++) {
        if (bytes[i] != 0) {
            return -E2BIG;
        }
    }
    *opts = *from;
    return opts->line == NULL || (opts->flags & ~SRIOV_TRACE_MEMORY) != 0 ? -EINVAL : 0;
}

SRIOV_API int sriov_trace_create(struct sriov_vmm *inner, const struct sriov_trace_opts *from,
                                 struct sriov_trace **out)
{
    struct sriov_trace_opts opts;
    struct sriov_trace *trace;
    struct sriov_vmm_ops ops = trc_ops;
    int err;

    if (inner == NULL || from == NULL || out == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    err = take_opts(from, &opts);
    if (err != 0) {
        return err;
    }
    trace = calloc(1, sizeof(*trace));
    if (trace == NULL) {
        return -ENOMEM;
    }
    trace->ops = sriov_vmm_ops(inner);
    trace->ctx = sriov_vmm_ctx(inner);
    trace->line = opts.line;
    trace->arg = opts.arg;
    trace->memory = (opts.flags & SRIOV_TRACE_MEMORY) != 0;
    (void)snprintf(trace->name, sizeof(trace->name), "%s", opts.name != NULL ? opts.name : "fn");
    (void)pthread_mutex_init(&trace->lock, NULL);
    ops.name = sriov_vmm_name(inner);
    err = sriov_vmm_register(&ops, trace, &trace->vmm);
    if (err != 0) {
        (void)pthread_mutex_destroy(&trace->lock);
        free(trace);
        return err;
    }
    *out = trace;
    return 0;
}

SRIOV_API int sriov_trace_destroy(struct sriov_trace *trace)
{
    int err = trace != NULL ? sriov_vmm_unregister(trace->vmm) : 0;

    if (trace != NULL && err == 0) {
        (void)pthread_mutex_destroy(&trace->lock);
        free(trace);
    }
    return err;
}

SRIOV_API struct sriov_vmm *sriov_trace_vmm(struct sriov_trace *trace)
{
    return trace->vmm;
}

SRIOV_API void sriov_trace_note(struct sriov_trace *trace, const char *text)
{
    trc_enter(trace);
    trc_look(trace, TRC_HOST);
    trc_line(trace, "# %s", text);
    trc_leave(trace);
}

SRIOV_API uint64_t sriov_trace_lines(const struct sriov_trace *trace)
{
    return atomic_load(&trace->lines);
}
