/* SPDX-License-Identifier: BSD-3-Clause */
/* The control queue (5.1.6.5), and the receive filter that it sets. */
#include "virtio.h"

#include <string.h>

#define QUESTION_MAX (VIRTIO_NET_CTRL_HDR_SIZE + 8u + 2u * 6u * MOCK_VIRTIO_MACS)

/* After a reset a device passes everything until it is told what not to: what drivers without a control
 * queue rely on. */
void mock_virtio_filter_reset(struct sriov_model *m)
{
    memset(&m->filter, 0, sizeof(m->filter));
    m->filter.promisc = true;
    memcpy(m->filter.mac, m->args.mac, sizeof(m->filter.mac));
}

static bool is_among(const uint8_t (*list)[6], uint32_t n, const uint8_t *mac)
{
    for (uint32_t i = 0; i < n; i++) {
        if (memcmp(list[i], mac, 6) == 0) {
            return true;
        }
    }
    return false;
}

static bool vlan_passes(const struct sriov_model *m, const uint8_t *frame, size_t len)
{
    uint32_t vid;

    if (!mock_virtio_has(m, VIRTIO_NET_F_CTRL_VLAN) || len < 16 || frame[12] != 0x81 || frame[13] != 0) {
        return true;
    }
    vid = (frame[14] & 0x0fu) << 8 | frame[15];
    return (m->filter.vlan[vid / 8] & 1u << vid % 8) != 0;
}

bool mock_virtio_accepts(const struct sriov_model *m, const uint8_t *frame, size_t len)
{
    static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const struct mock_virtio_filter *f = &m->filter;

    if (!vlan_passes(m, frame, len)) {
        return false;
    }
    if (f->promisc || memcmp(frame, broadcast, 6) == 0) {
        return true;
    }
    if ((frame[0] & 1) != 0) {
        return f->allmulti || is_among(f->multicast, f->multicasts, frame);
    }
    return memcmp(frame, f->mac, 6) == 0 || is_among(f->unicast, f->unicasts, frame);
}

static bool set_rx(struct sriov_model *m, uint8_t command, const uint8_t *data, uint32_t len)
{
    if (!mock_virtio_has(m, VIRTIO_NET_F_CTRL_RX) || len != 1 || data[0] > 1 ||
        command > VIRTIO_NET_CTRL_RX_ALLMULTI) {
        return false;
    }
    *(command == VIRTIO_NET_CTRL_RX_PROMISC ? &m->filter.promisc : &m->filter.allmulti) = data[0] == 1;
    return true;
}

/* One of the two lists; returns the bytes it takes, 0: malformed. */
static uint32_t take_list(const uint8_t *data, uint32_t len, uint8_t (*list)[6], uint32_t *n)
{
    uint32_t count;

    if (len < 4) {
        return 0;
    }
    memcpy(&count, data, 4);
    if (count > MOCK_VIRTIO_MACS || (len - 4) / 6 < count) {
        return 0;
    }
    memcpy(list, data + 4, 6u * count);
    *n = count;
    return 4 + 6 * count;
}

static bool set_table(struct sriov_model *m, const uint8_t *data, uint32_t len)
{
    struct mock_virtio_filter to = m->filter;
    uint32_t first = take_list(data, len, to.unicast, &to.unicasts);
    uint32_t second = first == 0 ? 0 : take_list(data + first, len - first, to.multicast, &to.multicasts);

    if (second == 0 || first + second != len || !mock_virtio_has(m, VIRTIO_NET_F_CTRL_RX)) {
        return false;
    }
    m->filter = to;
    return true;
}

static bool set_mac(struct sriov_model *m, uint8_t command, const uint8_t *data, uint32_t len)
{
    if (command == VIRTIO_NET_CTRL_MAC_TABLE_SET) {
        return set_table(m, data, len);
    }
    if (command != VIRTIO_NET_CTRL_MAC_ADDR_SET || len != 6 ||
        !mock_virtio_has(m, VIRTIO_NET_F_CTRL_MAC_ADDR)) {
        return false;
    }
    memcpy(m->filter.mac, data, 6);
    return true;
}

static bool set_vlan(struct sriov_model *m, uint8_t command, const uint8_t *data, uint32_t len)
{
    uint16_t vid;
    uint8_t bit;

    if (len != 2 || command > VIRTIO_NET_CTRL_VLAN_DEL || !mock_virtio_has(m, VIRTIO_NET_F_CTRL_VLAN)) {
        return false;
    }
    memcpy(&vid, data, 2);
    if (vid >= 4096) {
        return false;
    }
    bit = (uint8_t)(1u << vid % 8);
    if (command == VIRTIO_NET_CTRL_VLAN_ADD) {
        m->filter.vlan[vid / 8] |= bit;
    } else {
        m->filter.vlan[vid / 8] &= (uint8_t)~bit;
    }
    return true;
}

static bool set_pairs(struct sriov_model *m, uint8_t command, const uint8_t *data, uint32_t len)
{
    uint16_t pairs;

    if (len != 2 || command != VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET || !mock_virtio_has(m, VIRTIO_NET_F_MQ)) {
        return false;
    }
    memcpy(&pairs, data, 2);
    if (pairs < 1 || pairs > m->kind->pairs) {
        return false;
    }
    m->pairs = pairs;
    return true;
}

static bool obey(struct sriov_model *m, const uint8_t *question, uint32_t len)
{
    const uint8_t *data = question + VIRTIO_NET_CTRL_HDR_SIZE;

    len -= VIRTIO_NET_CTRL_HDR_SIZE;
    switch (question[0]) {
    case VIRTIO_NET_CTRL_RX:
        return set_rx(m, question[1], data, len);
    case VIRTIO_NET_CTRL_MAC:
        return set_mac(m, question[1], data, len);
    case VIRTIO_NET_CTRL_VLAN:
        return set_vlan(m, question[1], data, len);
    case VIRTIO_NET_CTRL_MQ:
        return set_pairs(m, question[1], data, len);
    default:
        return false;
    }
}

static bool answer(struct sriov_model *m, struct mock_virtio_queue *q, const struct mock_virtio_chain *chain)
{
    struct mock_virtio_giveback words = {.id = chain->head, .len = 1, .idx = (uint16_t)(q->used_idx + 1u)};
    uint8_t question[QUESTION_MAX];
    uint64_t delay = 0;
    uint8_t ack;

    if (chain->readable < VIRTIO_NET_CTRL_HDR_SIZE || chain->readable > sizeof(question) ||
        chain->writable == 0) {
        mock_virtio_bad(m, q, SRIOV_REPORT_BAD_DESC, chain->head, "a question that cannot be one");
        return false;
    }
    if (!mock_virtio_fetch(m, q, chain, 0, question, chain->readable)) {
        return false;
    }
    ack = (uint8_t)(obey(m, question, chain->readable) ? VIRTIO_NET_OK : VIRTIO_NET_ERR);
    if (!mock_virtio_store(m, q, chain, 0, &ack, sizeof(ack))) {
        return false;
    }
    enum sriov_fault_verdict verdict = mock_virtio_bend(m, q, &words, &delay);
    mock_virtio_give(m, q, chain->head, &words, verdict, delay);
    return mock_virtio_runs(m);
}

void mock_virtio_ctrl(struct sriov_model *m, struct mock_virtio_queue *q)
{
    bool any = false;

    while (mock_virtio_peek(m, q, 0, &m->chain) && mock_virtio_own(m, q, &m->chain) &&
           answer(m, q, &m->chain)) {
        any = true;
    }
    if (any) {
        mock_virtio_tell(m, q);
    }
}
