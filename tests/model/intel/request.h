/* SPDX-License-Identifier: BSD-3-Clause */
/* Segmentation requests of VF 0's queue 0, right as they stand. */
#ifndef TEST_INTEL_REQUEST_H
#define TEST_INTEL_REQUEST_H

#include "packet.h"

#define MSS       1000u
#define TSE_ALL   (DCMD_ALL | 0x80000000u)
#define ALL_FLAGS (TCP_FIN | TCP_PSH | TCP_ACK | TCP_CWR)

/* Two VFs; the first may send. */
struct rig *request_rig(const struct rig_chip *c);
/* TCP over IPv4, about to wrap in all its numbers, with `len` bytes of payload, up to 16 KiB. */
struct packet request_packet(uint32_t len);
uint32_t request_sums(const struct packet *p);
/* Its context and its data, `first` bytes in the first buffer and up to 4096 in each other. */
void request_put(struct rig *r, const struct packet *p, uint32_t mss, uint16_t vlan, uint32_t first);
/* Headers in the first buffer, then `buffers` of `each` bytes, which become the packet's payload. Sent. */
void request_large(struct rig *r, struct packet *p, uint32_t mss, uint32_t buffers, uint32_t each);

#endif
