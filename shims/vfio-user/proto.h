/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vfio-user on the wire: messages of a 16-byte header and a payload over a UNIX stream socket, file
 * descriptors beside them. What <linux/vfio.h> defines (flags, indices of regions and interrupts) is
 * the protocol's too. All of it is little-endian, as the host is.
 *
 * Nothing that the peer says is believed: a message is at most VFU_MSG_MAX bytes and VFU_FDS_MAX
 * descriptors, and a receiver holds one message at a time.
 */
#ifndef VFU_PROTO_H
#define VFU_PROTO_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VFU_MAJOR 0u
#define VFU_MINOR 1u

enum vfu_cmd {
    VFU_VERSION = 1,
    VFU_DMA_MAP = 2,
    VFU_DMA_UNMAP = 3,
    VFU_DEVICE_GET_INFO = 4,
    VFU_DEVICE_GET_REGION_INFO = 5,
    VFU_DEVICE_GET_REGION_IO_FDS = 6,
    VFU_DEVICE_GET_IRQ_INFO = 7,
    VFU_DEVICE_SET_IRQS = 8,
    VFU_REGION_READ = 9,
    VFU_REGION_WRITE = 10,
    VFU_DMA_READ = 11,
    VFU_DMA_WRITE = 12,
    VFU_DEVICE_RESET = 13,
    VFU_DIRTY_PAGES = 14,
    VFU_REGION_WRITE_MULTI = 15,
    VFU_DEVICE_FEATURE = 16,
    VFU_MIG_DATA_READ = 17,
    VFU_MIG_DATA_WRITE = 18,
};

/* struct vfu_header.flags */
#define VFU_F_TYPE     0xfu
#define VFU_F_COMMAND  0u
#define VFU_F_REPLY    1u
#define VFU_F_NO_REPLY 0x10u
#define VFU_F_ERROR    0x20u

struct vfu_header {
    uint16_t id; /* the sender's; a reply echoes it */
    uint16_t cmd;
    uint32_t size; /* of the whole message */
    uint32_t flags;
    uint32_t error; /* a positive errno, in a reply with VFU_F_ERROR */
};

/* ---- payloads; data of variable length follows directly ---- */

struct vfu_version {
    uint16_t major;
    uint16_t minor; /* then JSON with its NUL, or nothing */
};

/* struct vfu_dma_map.flags: seen from the device. */
#define VFU_DMA_F_READ  1u
#define VFU_DMA_F_WRITE 2u

struct vfu_dma_map {
    uint32_t argsz;
    uint32_t flags;
    uint64_t offset; /* in the descriptor's file */
    uint64_t addr;
    uint64_t size;
};

/* struct vfu_dma_unmap.flags */
#define VFU_UNMAP_F_DIRTY 1u
#define VFU_UNMAP_F_ALL   2u

struct vfu_dma_unmap {
    uint32_t argsz;
    uint32_t flags;
    uint64_t addr;
    uint64_t size;
};

struct vfu_device_info {
    uint32_t argsz;
    uint32_t flags; /* VFIO_DEVICE_FLAGS_* */
    uint32_t num_regions;
    uint32_t num_irqs;
};

struct vfu_region_info {
    uint32_t argsz;
    uint32_t flags; /* VFIO_REGION_INFO_FLAG_* */
    uint32_t index; /* VFIO_PCI_*_REGION_INDEX */
    uint32_t cap_offset;
    uint64_t size;
    uint64_t offset; /* in the descriptor's file, where one came along: mmap there */
};

struct vfu_irq_info {
    uint32_t argsz;
    uint32_t flags; /* VFIO_IRQ_INFO_* */
    uint32_t index; /* VFIO_PCI_*_IRQ_INDEX */
    uint32_t count;
};

struct vfu_irq_set {
    uint32_t argsz;
    uint32_t flags; /* VFIO_IRQ_SET_* */
    uint32_t index;
    uint32_t start;
    uint32_t count; /* of vectors; with DATA_BOOL a byte each follows, with DATA_EVENTFD descriptors */
};

struct vfu_region_access {
    uint64_t offset;
    uint32_t region;
    uint32_t count; /* bytes; they follow in a write and in the reply to a read */
};

/* struct vfu_device_feature.flags; the feature's number is in the low half. */
#define VFU_FEATURE_INDEX 0xffffu
#define VFU_FEATURE_GET   (1u << 16)
#define VFU_FEATURE_SET   (1u << 17)
#define VFU_FEATURE_PROBE (1u << 18)

struct vfu_device_feature {
    uint32_t argsz;
    uint32_t flags; /* then data of the feature's own */
};

/* The features that the protocol has, all of migration. */
enum vfu_feature {
    VFU_FEATURE_MIGRATION = 1,
    VFU_FEATURE_MIG_DEVICE_STATE = 2,
    VFU_FEATURE_DMA_LOGGING_START = 6,
    VFU_FEATURE_DMA_LOGGING_STOP = 7,
    VFU_FEATURE_DMA_LOGGING_REPORT = 8,
};

/* Data of VFU_FEATURE_MIGRATION: VFU_MIG_* bits; what VFIO_MIGRATION_* are. */
#define VFU_MIG_STOP_COPY UINT64_C(1)
#define VFU_MIG_PRE_COPY  UINT64_C(4)

/* ... of VFU_FEATURE_MIG_DEVICE_STATE. */
struct vfu_mig_state {
    uint32_t state;  /* enum sriov_mig_state has the protocol's numbers */
    int32_t data_fd; /* unused */
};

/* ... of VFU_FEATURE_DMA_LOGGING_START; ranges follow. */
struct vfu_log_control {
    uint64_t page_size; /* in: a hint; out: what it is */
    uint32_t num_ranges;
    uint32_t reserved;
};

struct vfu_log_range {
    uint64_t iova;
    uint64_t length;
};

/* ... of VFU_FEATURE_DMA_LOGGING_REPORT; in the reply the bitmap follows, in words of 64 bits. */
struct vfu_log_report {
    uint64_t iova;
    uint64_t length;
    uint64_t page_size;
};

/* VFU_MIG_DATA_READ and _WRITE; bytes follow in a write and in the reply to a read. */
struct vfu_mig_data {
    uint32_t argsz;
    uint32_t size;
};

/* From the server, for memory that it could not map; data follows in a write and in the reply to a read. */
struct vfu_dma_access {
    uint64_t addr;
    uint64_t count; /* bytes */
};

_Static_assert(sizeof(struct vfu_device_feature) == 8, "wire format");
_Static_assert(sizeof(struct vfu_mig_state) == 8, "wire format");
_Static_assert(sizeof(struct vfu_log_control) == 16, "wire format");
_Static_assert(sizeof(struct vfu_log_range) == 16, "wire format");
_Static_assert(sizeof(struct vfu_log_report) == 24, "wire format");
_Static_assert(sizeof(struct vfu_mig_data) == 8, "wire format");
_Static_assert(sizeof(struct vfu_dma_access) == 16, "wire format");
_Static_assert(sizeof(struct vfu_header) == 16, "wire format");
_Static_assert(sizeof(struct vfu_version) == 4, "wire format");
_Static_assert(sizeof(struct vfu_dma_map) == 32, "wire format");
_Static_assert(sizeof(struct vfu_dma_unmap) == 24, "wire format");
_Static_assert(sizeof(struct vfu_device_info) == 16, "wire format");
_Static_assert(sizeof(struct vfu_region_info) == 32, "wire format");
_Static_assert(sizeof(struct vfu_irq_info) == 16, "wire format");
_Static_assert(sizeof(struct vfu_irq_set) == 20, "wire format");
_Static_assert(sizeof(struct vfu_region_access) == 16, "wire format");

/* ---- bounds of ours ---- */

#define VFU_XFER_MAX    65536u /* bytes of data in one region access */
#define VFU_PAYLOAD_MAX (VFU_XFER_MAX + 64u)
#define VFU_MSG_MAX     ((uint32_t)sizeof(struct vfu_header) + VFU_PAYLOAD_MAX)
#define VFU_FDS_MAX     16u
/* What a peer may be taken to receive that says nothing (the specification's). */
#define VFU_DEFAULT_FDS  1u
#define VFU_DEFAULT_XFER 1048576u

/* ---- receiving ---- */

/* One message on its way in. Zeroed at first, but for buf. */
struct vfu_rx {
    uint8_t *buf; /* VFU_MSG_MAX bytes, aligned to 8; the caller's */
    uint32_t have;
    uint32_t num_fds;
    int fds[VFU_FDS_MAX]; /* -1: taken */
};

/*
 * Reads what the socket has of this message, never more; does not wait. 1: the message is whole, 0:
 * not yet. -ENODEV: the peer is gone (in the middle of a message too); -EPROTO: a size or a number of
 * descriptors that no message has: the stream cannot be followed any further.
 */
int vfu_rx_step(struct vfu_rx *rx, int sock);
/* The message is done with: descriptors that nobody took are closed. Also gives all back at the end. */
void vfu_rx_next(struct vfu_rx *rx);
/* The descriptor is the caller's from now on; -1 where there is none. */
int vfu_rx_take_fd(struct vfu_rx *rx, uint32_t i);

/* Of a whole message. */
struct vfu_header vfu_rx_header(const struct vfu_rx *rx);
const uint8_t *vfu_rx_payload(const struct vfu_rx *rx);
uint32_t vfu_rx_length(const struct vfu_rx *rx); /* of the payload */
/* Copies the first `size` bytes of the payload; -EINVAL where it is shorter. */
int vfu_rx_get(const struct vfu_rx *rx, void *out, uint32_t size);

/* ---- sending ---- */

/* One message on its way out. Zeroed at first, but for buf. */
struct vfu_tx {
    uint8_t *buf; /* VFU_MSG_MAX bytes; the caller's */
    uint32_t length;
    uint32_t sent;
    uint32_t num_fds;
    int fds[VFU_FDS_MAX]; /* stay the caller's, open until all is sent */
};

/* hdr.size is filled in here. `a` then `b` is the payload; either may be NULL with length 0. -EBUSY: the
 * last message is not all sent; -E2BIG. */
int vfu_tx_put(struct vfu_tx *tx, struct vfu_header hdr, const void *a, uint32_t a_length, const void *b,
               uint32_t b_length, const int *fds, uint32_t num_fds);
/* Sends what the socket takes; does not wait, raises no signal. 1: all is sent, 0: not yet, -ENODEV. */
int vfu_tx_flush(struct vfu_tx *tx, int sock);

/* ---- VERSION ---- */

/* "capabilities" of the sender. */
struct vfu_caps {
    uint64_t max_msg_fds;
    uint64_t max_data_xfer_size;
    uint64_t max_dma_maps; /* 0: not said */
    uint64_t pgsizes;      /* bit n: pages of 2^n bytes; 0: not said */
};

/* Payload of a VERSION message, at most `room` bytes; its length, or -E2BIG, -ENOMEM. */
int vfu_version_write(const struct vfu_version *version, const struct vfu_caps *caps, uint8_t *out,
                      uint32_t room);
/* -EPROTO: no version, no NUL, no JSON, a member that is no number above 0. What is not said is filled
 * with the specification's defaults. */
int vfu_version_read(const uint8_t *payload, uint32_t length, struct vfu_version *version,
                     struct vfu_caps *caps);

#endif
