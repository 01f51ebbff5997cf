/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines: levels, one sink per VMM. */
#include "core.h"

void sriov_log_set_sink(struct sriov_vmm *vmm, sriov_log_sink sink, void *arg)
{
    vmm->sink = sink;
    vmm->sink_arg = arg;
}

void sriov_log_set_level(struct sriov_vmm *vmm, enum sriov_log_level level)
{
    atomic_store_explicit(&vmm->level, (uint32_t)level, memory_order_relaxed);
}

void sriov_log(struct sriov_vmm *vmm, enum sriov_log_level level, const char *fmt, ...)
{
    char line[SRIOV_LOG_LINE_MAX];
    va_list args;
    size_t length;

    if ((uint32_t)level > atomic_load_explicit(&vmm->level, memory_order_relaxed)) {
        return;
    }
    va_start(args, fmt);
    length = sric_vformat(line, sizeof(line), fmt, args);
    va_end(args);
    if (length >= sizeof(line)) {
        memcpy(line + sizeof(line) - 4, "...", 4);
    }
    if (vmm->sink != NULL) {
        vmm->sink(vmm->sink_arg, (uint32_t)level, line);
    } else {
        vmm->ops.log(vmm->ctx, (uint32_t)level, line);
    }
}
