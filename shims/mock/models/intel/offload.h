/* SPDX-License-Identifier: BSD-3-Clause */
/* What the device does to a packet on its way out: checksums, VLAN tag, TCP segmentation. */
#ifndef MOCK_INTEL_OFFLOAD_H
#define MOCK_INTEL_OFFLOAD_H

#include "nic.h"

/* Room for the headers and the payload of one segmentation request: 82599 datasheet, section 7.2.4.1. */
#define MOCK_TSO_HEADER_MAX 512u
#define MOCK_TSO_ROOM       (MOCK_TSO_HEADER_MAX + 262144u)
/* Of one request, so that a small MSS cannot keep the device busy for long; 64 KiB in segments of 48 bytes
 * are 1366. */
#define MOCK_TSO_FRAMES_MAX 4096u

/* checksum.c */
/* One's complement sum of big endian words, folded; an odd last byte is a word's first. */
uint32_t mock_sum16(const uint8_t *p, size_t len, uint32_t sum);
/* IEEE 802.3, section 3.2.9. */
uint32_t mock_crc32(const uint8_t *bytes, size_t len);
/* RFC 9260, appendix A: as it stands in the header, its first byte lowest. */
uint32_t mock_sctp_crc(const uint8_t *sctp, size_t len);

/* context.c: a context descriptor taken apart. Lengths are within the fields' ranges, no more. */
struct mock_tx_context {
    uint32_t maclen, iplen, l4len, mss;
    uint16_t vlan;
    bool ipv4;
    uint32_t l4t; /* IXGBE_TXC_TUCMD_L4T_... */
};

void mock_context_take(struct sriov_model *nic, uint32_t queue, uint32_t index, const uint32_t dw[4]);
/* The one that the current packet names; false: it was never set. */
bool mock_context_of(const struct mock_tx *tx, struct mock_tx_context *out);

/* offload.c */
/* Sums into one packet that goes out as it is. NULL, or what is wrong with the request. */
const char *mock_offload_sums(uint8_t *bytes, size_t len, const struct mock_tx_context *ctx, uint32_t olinfo);
/* Tag, padding, rate and the switch: from here on the frame is what a wire carries. */
void mock_offload_emit(struct sriov_model *nic, uint32_t queue, const struct mock_tx_context *ctx,
                       uint8_t *bytes, size_t len);
/* The sum over [l4, l4 + len) and `more` goes into the header's field. */
void mock_offload_l4_sum(uint8_t *l4, size_t len, uint32_t more, bool tcp);
/* IXSM: over the field too, where software leaves an adjustment or 0. */
void mock_offload_ip_sum(uint8_t *ip, size_t len);

/* tso.c */
/* Cuts the packet of `queue` into frames and sends them. NULL, or what is wrong with the request. */
const char *mock_tso_send(struct sriov_model *nic, uint32_t queue, const struct mock_tx_context *ctx);

/* tx.c: reported at the packet's first descriptor; a device that detects malicious drivers stops the queue */
void mock_tx_malformed(struct sriov_model *nic, uint32_t queue, uint32_t index, const char *text);

static inline uint32_t mock_be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t mock_be32(const uint8_t *p)
{
    return mock_be16(p) << 16 | mock_be16(p + 2);
}

static inline void mock_put_be16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void mock_put_be32(uint8_t *p, uint32_t v)
{
    mock_put_be16(p, v >> 16);
    mock_put_be16(p + 2, v);
}

#endif
