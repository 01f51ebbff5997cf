/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Typed requests of a VF to its PF. Each is one exchange: 0, or the error of sri_mbx_request. What
 * an answer carries is bounded before it is handed over.
 */
#ifndef SRI_VF_MSG_H
#define SRI_VF_MSG_H

#include "mbx.h"

#include <sriov/net.h>

struct sri_reset_reply {
    struct sriov_mac mac; /* zero: the PF has none for us */
    uint32_t mc_type;     /* 0 to 3 */
};

/* RESET goes out alone; the answer is looked for with sri_msg_reset_answer: 1 once it is there, 0
 * not yet, -EPROTO. words: 3 (82576) or 4 (82599). */
int sri_msg_reset(struct sri_mbx *mbx);
int sri_msg_reset_answer(struct sri_mbx *mbx, uint32_t words, struct sri_reset_reply *reply);

int sri_msg_set_mac(struct sri_mbx *mbx, const struct sriov_mac *mac, uint64_t timeout_ns);
/* n at most INTEL_MBX_MULTICAST_MAX. */
int sri_msg_set_multicast(struct sri_mbx *mbx, const struct sriov_mac *list, uint32_t n, uint32_t mc_type,
                          uint64_t timeout_ns);
int sri_msg_set_vlan(struct sri_mbx *mbx, uint16_t vid, bool on, uint64_t timeout_ns);
int sri_msg_set_lpe(struct sri_mbx *mbx, uint32_t max_frame, uint64_t timeout_ns);

/* 82576 only. bits: IGB_MBX_PROMISC_*. */
int sri_msg_set_promisc(struct sri_mbx *mbx, uint32_t bits, uint64_t timeout_ns);

/* 82599 only, from the API on that intel_mbx.h names. */
int sri_msg_api_negotiate(struct sri_mbx *mbx, uint32_t api, uint64_t timeout_ns);
/* Receive and transmit queue pairs granted, 1 to 8. */
int sri_msg_get_queues(struct sri_mbx *mbx, uint16_t *pairs, uint64_t timeout_ns);
/* -EACCES too when the PF granted less than was asked for. */
int sri_msg_update_xcast(struct sri_mbx *mbx, uint32_t mode, uint64_t timeout_ns);
int sri_msg_get_link_state(struct sri_mbx *mbx, bool *allowed, uint64_t timeout_ns);

/* The 12 bits of a multicast address that the filter hashes. */
uint32_t sri_multicast_hash(const struct sriov_mac *mac, uint32_t mc_type);

#endif
