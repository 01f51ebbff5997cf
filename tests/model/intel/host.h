/* SPDX-License-Identifier: BSD-3-Clause */
/* A bare host for one model: flat memory, a clock, and a record of all that the model does. */
#ifndef TEST_INTEL_HOST_H
#define TEST_INTEL_HOST_H

#include <sriov/model.h>

#define HOST_MEM_BASE   UINT64_C(0x100000)
#define HOST_MEM_BYTES  (8u << 20)
#define HOST_FNS        65u
#define HOST_FRAMES_MAX 16u
#define HOST_TIMERS_MAX 32768u /* a segmentation request may set thousands */

struct host_frame {
    size_t len;
    uint8_t bytes[16384];
};

struct sriov_model_host {
    uint8_t *mem;
    uint64_t now;
    struct {
        uint64_t at, tag;
        sriov_model_timer_cb cb;
    } timer[HOST_TIMERS_MAX];
    uint32_t timers;
    uint64_t delay[4]; /* by enum sriov_delay_kind */
    struct sriov_model *model;
    uint32_t irqs[HOST_FNS][64];
    uint64_t irq_at; /* time of the last */
    struct host_frame wire[HOST_FRAMES_MAX];
    uint32_t wired;
    uint32_t taps[HOST_FNS][2];
    uint32_t carried; /* frames, by the internal switch */
    uint16_t vfs;
    uint32_t vfs_calls;
    uint32_t reports[16]; /* by enum sriov_report_kind */
    struct sriov_site last_site;
    char last_text[128];
    /* The next fault at `fault_point`. */
    enum sriov_fault_point fault_point;
    enum sriov_fault_verdict fault_verdict;
    uint64_t fault_delay;
    uint64_t dma_bad; /* an IOVA that the IOMMU refuses; 0: none */
    uint32_t dma_refused;
};

extern const struct sriov_model_host_ops host_ops;

void host_init(struct sriov_model_host *h);
void host_free(struct sriov_model_host *h);
/* Lets time pass; timers run at their own times, in order. */
void host_advance(struct sriov_model_host *h, uint64_t ns);
uint8_t *host_at(struct sriov_model_host *h, uint64_t iova);
uint32_t host_reports(const struct sriov_model_host *h);

#endif
