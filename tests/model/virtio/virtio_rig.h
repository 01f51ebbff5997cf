/* SPDX-License-Identifier: BSD-3-Clause */
/* A driver's hand on the registers and rings of the virtio-net model: it does what it is told, also
 * what no driver may do. */
#ifndef VIRTIO_RIG_H
#define VIRTIO_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sriov/dma.h>
#include <sriov/hw/virtio_regs.h>
#include <sriov/irq.h>
#include <sriov/mock.h>

#define RIG_BAR    4u
#define RIG_ISR    0x1000u
#define RIG_DEVICE 0x2000u
#define RIG_NOTIFY 0x3000u
#define RIG_RING   8u /* entries of each queue */
#define RIG_QUEUES 3u /* 0 receives, 1 sends, RIG_CTRL asks */
#define RIG_CTRL   8u /* of the device; 2 here */
#define RIG_PAGE   4096u
#define RIG_ROOM   2048u /* bytes of payload memory for each descriptor */

/* One queue as memory: descriptors, rings, payload. */
struct rig_queue {
    struct sriov_dma dma;
    struct virtq_desc *desc;
    uint16_t *avail; /* flags, idx, entries */
    uint16_t *used;  /* flags, idx */
    struct virtq_used_elem *elem;
    uint8_t *payload;
    sriov_iova_t payload_iova;
    uint16_t index; /* of the device's queues */
};

struct rig {
    struct sriov_mock *mock;
    char name[SRIOV_NAME_MAX];
    struct sriov_fn *fn;
    struct sriov_bar bar;
    struct rig_queue queue[RIG_QUEUES];
    uint32_t wire_frames;
    uint32_t wire_len;
    uint8_t wire_last[4096];
    uint32_t reports; /* findings of the model, and the last one's kind */
    uint32_t last_report;
    uint32_t iommu; /* findings of the IOMMU */
};

void rig_make(struct rig *r, const char *quirks);
/* Nothing may be held, and nothing found beyond what was expected away by rig_expect. */
void rig_end(struct rig *r);

uint32_t rig_read(struct rig *r, uint32_t off, uint32_t width);
void rig_write(struct rig *r, uint32_t off, uint32_t width, uint32_t value);
uint64_t rig_offered(struct rig *r);
void rig_accept(struct rig *r, uint64_t features);
/* Up to FEATURES_OK with these; true: the device agrees. */
bool rig_negotiate(struct rig *r, uint64_t features);
/* Queues programmed, and DRIVER_OK. */
void rig_run(struct rig *r, uint64_t features);
bool rig_needs_reset(struct rig *r);

/* Descriptor i of queue q: len bytes of its payload memory. */
void rig_desc(struct rig *r, uint32_t q, uint16_t i, uint32_t len, uint16_t flags, uint16_t next);
/* Makes a chain available, and says so. */
void rig_offer(struct rig *r, uint32_t q, uint16_t head);
void rig_notify(struct rig *r, uint32_t q);
uint16_t rig_used(const struct rig *r, uint32_t q);

/* Exactly one report of that kind since the last call. */
void rig_expect(struct rig *r, enum sriov_report_kind kind);
void rig_expect_none(struct rig *r);

#endif
