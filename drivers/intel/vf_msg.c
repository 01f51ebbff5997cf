/* SPDX-License-Identifier: BSD-3-Clause */
#include "vf_msg.h"

#include <errno.h>
#include <string.h>

/* Byte 0 of the address is the lowest byte of the first word. */
static void mac_to_words(const struct sriov_mac *mac, uint32_t *words)
{
    words[0] = (uint32_t)mac->b[0] | (uint32_t)mac->b[1] << 8 | (uint32_t)mac->b[2] << 16 |
               (uint32_t)mac->b[3] << 24;
    words[1] = (uint32_t)mac->b[4] | (uint32_t)mac->b[5] << 8;
}

static void mac_from_words(const uint32_t *words, struct sriov_mac *mac)
{
    for (uint32_t i = 0; i < SRIOV_ETH_ALEN; i++) {
        mac->b[i] = (uint8_t)(words[i / 4] >> (8 * (i % 4)));
    }
}

int sri_msg_reset(struct sri_mbx *mbx)
{
    uint32_t msg[1] = {INTEL_MBX_VF_RESET};
    return sri_mbx_post(mbx, msg, 1);
}

int sri_msg_reset_answer(struct sri_mbx *mbx, uint32_t words, struct sri_reset_reply *reply)
{
    uint32_t msg[INTEL_MBX_WORDS] = {0};
    int got = sri_mbx_take(mbx, msg, words);
    if (got <= 0) {
        return got;
    }
    int verdict = sri_mbx_verdict(INTEL_MBX_VF_RESET, msg[0]);
    if (verdict == -EPROTO) {
        mbx->malformed++;
        return -EPROTO;
    }
    memset(reply, 0, sizeof(*reply));
    if (verdict == 0) {
        mac_from_words(&msg[INTEL_MBX_RESET_MAC_WORD], &reply->mac);
    }
    if ((reply->mac.b[0] & 1) != 0) {
        memset(&reply->mac, 0, sizeof(reply->mac)); /* a group address is nobody's own */
    }
    reply->mc_type = words > INTEL_MBX_RESET_MC_TYPE_WORD ? msg[INTEL_MBX_RESET_MC_TYPE_WORD] & 3u : 0;
    return 1;
}

int sri_msg_set_mac(struct sri_mbx *mbx, const struct sriov_mac *mac, uint64_t timeout_ns)
{
    uint32_t msg[INTEL_MBX_SET_MAC_WORDS] = {INTEL_MBX_VF_SET_MAC_ADDR};
    mac_to_words(mac, &msg[1]);
    return sri_mbx_request(mbx, msg, INTEL_MBX_SET_MAC_WORDS, msg, 1, timeout_ns);
}

uint32_t sri_multicast_hash(const struct sriov_mac *mac, uint32_t mc_type)
{
    static const uint8_t up[4] = {4, 5, 6, 8};
    static const uint8_t down[4] = {4, 3, 2, 0};
    uint32_t kind = mc_type & 3u;
    uint32_t low = (uint32_t)mac->b[4] >> down[kind];
    return ((uint32_t)mac->b[5] << up[kind] | low) & INTEL_MBX_MULTICAST_HASH;
}

int sri_msg_set_multicast(struct sri_mbx *mbx, const struct sriov_mac *list, uint32_t n, uint32_t mc_type,
                          uint64_t timeout_ns)
{
    uint32_t msg[INTEL_MBX_SET_MULTICAST_WORDS] = {0};
    msg[0] = INTEL_MBX_VF_SET_MULTICAST | n << INTEL_MBX_INFO_SHIFT;
    for (uint32_t i = 0; i < n && i < INTEL_MBX_MULTICAST_MAX; i++) {
        msg[1 + i / 2] |= sri_multicast_hash(&list[i], mc_type) << (16 * (i % 2));
    }
    return sri_mbx_request(mbx, msg, INTEL_MBX_SET_MULTICAST_WORDS, msg, 1, timeout_ns);
}

int sri_msg_set_vlan(struct sri_mbx *mbx, uint16_t vid, bool on, uint64_t timeout_ns)
{
    uint32_t msg[INTEL_MBX_SET_VLAN_WORDS] = {INTEL_MBX_VF_SET_VLAN | (on ? INTEL_MBX_VLAN_ADD : 0),
                                              vid & INTEL_MBX_VLAN_ID};
    return sri_mbx_request(mbx, msg, INTEL_MBX_SET_VLAN_WORDS, msg, 1, timeout_ns);
}

int sri_msg_set_lpe(struct sri_mbx *mbx, uint32_t max_frame, uint64_t timeout_ns)
{
    uint32_t msg[INTEL_MBX_SET_LPE_WORDS] = {INTEL_MBX_VF_SET_LPE, max_frame};
    return sri_mbx_request(mbx, msg, INTEL_MBX_SET_LPE_WORDS, msg, 1, timeout_ns);
}

int sri_msg_set_promisc(struct sri_mbx *mbx, uint32_t bits, uint64_t timeout_ns)
{
    uint32_t msg[1] = {IGB_MBX_VF_SET_PROMISC | bits};
    return sri_mbx_request(mbx, msg, 1, msg, 1, timeout_ns);
}

int sri_msg_api_negotiate(struct sri_mbx *mbx, uint32_t api, uint64_t timeout_ns)
{
    uint32_t msg[IXGBE_MBX_API_NEGOTIATE_WORDS] = {IXGBE_MBX_VF_API_NEGOTIATE, api, 0};
    return sri_mbx_request(mbx, msg, IXGBE_MBX_API_NEGOTIATE_WORDS, msg, 1, timeout_ns);
}

/* What the PF says is taken for at least 1 (0: not told) and at most what the device has. */
static uint16_t bound_queues(uint32_t told)
{
    uint32_t most = 8;
    if (told == 0) {
        return 1;
    }
    return (uint16_t)(told < most ? told : most);
}

int sri_msg_get_queues(struct sri_mbx *mbx, uint16_t *pairs, uint64_t timeout_ns)
{
    uint32_t msg[IXGBE_MBX_GET_QUEUES_WORDS] = {IXGBE_MBX_VF_GET_QUEUES};
    int err =
        sri_mbx_request(mbx, msg, IXGBE_MBX_GET_QUEUES_WORDS, msg, IXGBE_MBX_GET_QUEUES_WORDS, timeout_ns);
    if (err == 0) {
        uint16_t tx = bound_queues(msg[IXGBE_MBX_QUEUES_TX_WORD]);
        uint16_t rx = bound_queues(msg[IXGBE_MBX_QUEUES_RX_WORD]);
        *pairs = tx < rx ? tx : rx;
    }
    return err;
}

int sri_msg_update_xcast(struct sri_mbx *mbx, uint32_t mode, uint64_t timeout_ns)
{
    uint32_t msg[IXGBE_MBX_UPDATE_XCAST_WORDS] = {IXGBE_MBX_VF_UPDATE_XCAST_MODE, mode};
    int err = sri_mbx_request(mbx, msg, IXGBE_MBX_UPDATE_XCAST_WORDS, msg, IXGBE_MBX_UPDATE_XCAST_WORDS,
                              timeout_ns);
    if (err == 0 && msg[1] < mode) {
        err = -EACCES;
    }
    return err;
}

int sri_msg_get_link_state(struct sri_mbx *mbx, bool *allowed, uint64_t timeout_ns)
{
    uint32_t msg[IXGBE_MBX_GET_LINK_STATE_WORDS] = {IXGBE_MBX_VF_GET_LINK_STATE, 0};
    int err = sri_mbx_request(mbx, msg, IXGBE_MBX_GET_LINK_STATE_WORDS, msg, IXGBE_MBX_GET_LINK_STATE_WORDS,
                              timeout_ns);
    if (err == 0) {
        *allowed = msg[1] != 0;
    }
    return err;
}
