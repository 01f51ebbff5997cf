/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Model of a virtio 1.x network device: one plain function without VFs, modern interface alone, split
 * virtqueues. Strict: it takes nothing that it was not notified of, reports what a driver may not do,
 * and where the specification lets a device stop working until a reset, it does. Section numbers are
 * those of the virtio 1.2 specification.
 */
#ifndef MOCK_VIRTIO_H
#define MOCK_VIRTIO_H

#include <sriov/hw/pci_regs.h>
#include <sriov/hw/virtio_regs.h>
#include <sriov/model.h>

#define MOCK_VIRTIO_PAIRS     4u
#define MOCK_VIRTIO_QUEUES    (2u * MOCK_VIRTIO_PAIRS + 1u)
#define MOCK_VIRTIO_VECTORS   (MOCK_VIRTIO_QUEUES + 1u)
#define MOCK_VIRTIO_RING_MAX  256u
#define MOCK_VIRTIO_FRAME_MAX 65535u
#define MOCK_VIRTIO_MACS      64u
#define MOCK_VIRTIO_MTU       9216u

/* Where things lie; as other devices have it, each structure on a page of its own. */
#define MOCK_VIRTIO_MSIX_BAR   1u
#define MOCK_VIRTIO_MSIX_BYTES 4096u
#define MOCK_VIRTIO_PBA        2048u
#define MOCK_VIRTIO_BAR        4u
#define MOCK_VIRTIO_BAR_BYTES  16384u
#define MOCK_VIRTIO_COMMON     0x0000u
#define MOCK_VIRTIO_ISR        0x1000u
#define MOCK_VIRTIO_DEVICE     0x2000u
#define MOCK_VIRTIO_NOTIFY     0x3000u

/* One kind of device: a quirk profile. */
struct mock_virtio_kind {
    const char *name;
    uint16_t device_id;
    uint16_t ring; /* entries of each queue */
    uint16_t pairs;
    uint16_t mult; /* notify_off_multiplier */
    uint64_t features;
};

struct mock_virtio_queue {
    uint16_t index;
    uint16_t size;
    uint16_t vector;
    uint16_t enabled;
    uint64_t desc, avail, used;
    uint16_t announced; /* available index at the last notification */
    uint16_t taken;     /* available entries taken, free-running */
    uint16_t used_idx;
    uint16_t shown_idx;                   /* what the driver was shown as used index */
    uint16_t owner[MOCK_VIRTIO_RING_MAX]; /* by descriptor: head + 1 of the chain that the device has; 0 */
};

/* A chain, as fetched. */
struct mock_virtio_chain {
    uint16_t head;
    uint16_t count;
    uint16_t writable_from;      /* descriptors from here on are the device's to write */
    uint32_t readable, writable; /* bytes */
    uint16_t ids[MOCK_VIRTIO_RING_MAX];
    struct virtq_desc desc[MOCK_VIRTIO_RING_MAX];
};

/* A write-back, or a frame, on its way. */
struct mock_virtio_late {
    struct mock_virtio_late *next;
    uint64_t tag;
    uint16_t queue;
    uint16_t head; /* of the chain */
    struct virtq_used_elem elem;
    uint32_t len; /* of the frame behind it */
    uint8_t frame[];
};

struct mock_virtio_filter {
    bool promisc, allmulti;
    uint8_t mac[6];
    uint32_t unicasts, multicasts;
    uint8_t unicast[MOCK_VIRTIO_MACS][6], multicast[MOCK_VIRTIO_MACS][6];
    uint8_t vlan[4096 / 8];
};

struct sriov_model {
    struct sriov_model_args args;
    const struct mock_virtio_kind *kind;
    uint8_t cfg[SRIOV_PCI_CFG_EXT_SIZE];
    uint8_t cfg_writable[SRIOV_PCI_CFG_EXT_SIZE];
    uint32_t msix_table[4 * MOCK_VIRTIO_VECTORS];
    uint32_t msix_pending;
    uint32_t device_select, driver_select;
    uint64_t driver_features;
    uint16_t config_vector;
    uint8_t status, generation, isr;
    uint16_t select;
    uint16_t pairs; /* in use */
    bool carrier;
    struct mock_virtio_queue queue[MOCK_VIRTIO_QUEUES];
    struct mock_virtio_filter filter;
    struct mock_virtio_late *late;
    uint64_t last_tag;
    uint64_t drops;
    struct mock_virtio_chain chain; /* of tx and ctrl */
    uint8_t frame[MOCK_VIRTIO_FRAME_MAX + VIRTIO_NET_HDR_SIZE];
};

extern const struct sriov_model_ops mock_model_virtio_net;

static inline bool mock_virtio_has(const struct sriov_model *m, uint64_t features)
{
    return (m->driver_features & features) == features;
}

/* DRIVER_OK, and no reset needed. */
static inline bool mock_virtio_runs(const struct sriov_model *m)
{
    return (m->status & (VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_NEEDS_RESET)) == VIRTIO_STATUS_DRIVER_OK;
}

static inline bool mock_virtio_is_ctrl(const struct sriov_model *m, uint16_t queue)
{
    return queue == VIRTIO_NET_CTRLQ(m->kind->pairs);
}

static inline bool mock_virtio_is_rx(const struct sriov_model *m, uint16_t queue)
{
    return queue % 2 == 0 && !mock_virtio_is_ctrl(m, queue);
}

/* ---- pci.c ---- */
void mock_virtio_cfg_reset(struct sriov_model *m);
uint32_t mock_virtio_cfg_read(struct sriov_model *m, uint16_t function, uint32_t off, uint32_t width);
void mock_virtio_cfg_write(struct sriov_model *m, uint16_t function, uint32_t off, uint32_t width,
                           uint32_t value);
uint32_t mock_virtio_msix_read(const struct sriov_model *m, uint32_t off);
void mock_virtio_msix_write(struct sriov_model *m, uint32_t off, uint32_t value);
void mock_virtio_interrupt(struct sriov_model *m, uint16_t vector);

/* ---- regs.c ---- */
uint64_t mock_virtio_bar_read(struct sriov_model *m, uint16_t function, uint32_t bar, uint64_t off,
                              uint32_t width);
void mock_virtio_bar_write(struct sriov_model *m, uint16_t function, uint32_t bar, uint64_t off,
                           uint32_t width, uint64_t value);
void mock_virtio_reset(struct sriov_model *m);
/* What the driver did cannot be gone on from: 2.1.2. */
void mock_virtio_needs_reset(struct sriov_model *m);
void mock_virtio_config_changed(struct sriov_model *m);
void mock_virtio_report_reg(struct sriov_model *m, enum sriov_report_kind kind, uint32_t bar, uint64_t off,
                            const char *detail);

/* ---- ring.c ---- */
/* Reads how far the driver is; false: nothing new, or the driver broke the queue. */
bool mock_virtio_announce(struct sriov_model *m, struct mock_virtio_queue *q);
/* The chain `ahead` entries behind the next one, not taken yet; false: there is none or it is bad. */
bool mock_virtio_peek(struct sriov_model *m, struct mock_virtio_queue *q, uint16_t ahead,
                      struct mock_virtio_chain *chain);
/* The chain is the device's now. False: one of its descriptors was already. */
bool mock_virtio_own(struct sriov_model *m, struct mock_virtio_queue *q,
                     const struct mock_virtio_chain *chain);
/* Bytes at `off` of the readable, or the writable, part of a chain. False: the device needs a reset. */
bool mock_virtio_fetch(struct sriov_model *m, struct mock_virtio_queue *q,
                       const struct mock_virtio_chain *chain, uint32_t off, void *out, uint32_t len);
bool mock_virtio_store(struct sriov_model *m, struct mock_virtio_queue *q,
                       const struct mock_virtio_chain *chain, uint32_t off, const void *bytes, uint32_t len);
/* What the driver reads of a chain that comes back, as a fault may bend it. */
struct mock_virtio_giveback {
    uint32_t id, len, idx, num_buffers;
};
/* What is to become of it. */
enum sriov_fault_verdict mock_virtio_bend(struct sriov_model *m, struct mock_virtio_queue *q,
                                          struct mock_virtio_giveback *words, uint64_t *delay);
void mock_virtio_give(struct sriov_model *m, struct mock_virtio_queue *q, uint16_t head,
                      const struct mock_virtio_giveback *words, enum sriov_fault_verdict verdict,
                      uint64_t delay);
/* The driver is told of what it got, if it wants to be. */
void mock_virtio_tell(struct sriov_model *m, struct mock_virtio_queue *q);
void mock_virtio_bad(struct sriov_model *m, const struct mock_virtio_queue *q, enum sriov_report_kind kind,
                     uint32_t index, const char *detail);
/* What happens later, found by its tag unless the device was reset meanwhile (NULL). NULL: no memory. */
struct mock_virtio_late *mock_virtio_put_late(struct sriov_model *m, const void *frame, uint32_t len);
struct mock_virtio_late *mock_virtio_take_late(struct sriov_model *m, uint64_t tag); /* the caller's */
void mock_virtio_drop_late(struct sriov_model *m);

/* ---- data.c ---- */
void mock_virtio_notified(struct sriov_model *m, uint16_t queue);
void mock_virtio_wire_rx(struct sriov_model *m, const void *frame, size_t len);

/* ---- ctrl.c ---- */
void mock_virtio_ctrl(struct sriov_model *m, struct mock_virtio_queue *q);
void mock_virtio_filter_reset(struct sriov_model *m);
bool mock_virtio_accepts(const struct sriov_model *m, const uint8_t *frame, size_t len);

#endif
