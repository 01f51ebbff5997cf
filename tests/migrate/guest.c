/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's program: an application over class net, and what it does with frames. */
#include "guest.h"
#include "inside.h"

#include <string.h>

#define POOL  512u
#define BURST 16u

static const struct sriov_mac group = {{0x01, 0x00, 0x5e, 0x00, 0x00, 0x77}};
static const struct sriov_mac chosen = {{0x02, 0x4d, 0x49, 0x47, 0x00, 0x01}};
static const struct sriov_mac peer = {{0x02, 0xee, 0, 0, 0, 0x01}};

void guest_boot(void)
{
    struct guest *g = guest_state();
    struct sriov_pool_opts pool = {.size = sizeof(pool), .count = POOL};
    struct sriov_net_config config = {
        .size = sizeof(config), .rx_desc = 64, .tx_desc = 64, .flags = SRIOV_NET_INTERRUPTS};
    struct sriov_net_info info = {.size = sizeof(info)};

    inside_boot(g);
    INSIDE_MUST(sriov_vmm_register(inside_ops(), g, &g->vmm) == 0);
    sriov_log_set_level(g->vmm, SRIOV_LOG_ERROR);
    INSIDE_MUST(sriov_fn_open(g->vmm, "vf", NULL, &g->fn) == 0);
    INSIDE_MUST(sriov_pool_create(g->fn, &pool, &g->pool) == 0);
    INSIDE_MUST(sriov_net_open(g->fn, sriov_net_drivers, &g->net) == 0);
    config.pool = g->pool;
    INSIDE_MUST(sriov_net_configure(g->net, &config) == 0);
    INSIDE_MUST(sriov_net_start(g->net) == 0);
    g->mac = chosen;
    INSIDE_MUST(sriov_net_set_mac(g->net, &g->mac) == 0);
    INSIDE_MUST(sriov_net_set_vlan(g->net, GUEST_VID, true) == 0);
    INSIDE_MUST(sriov_net_set_multicast(g->net, &group, 1) == 0);
    for (uint32_t i = 0; i < 20000 && !info.link.up; i++) {
        sriov_vmm_sleep(g->vmm, 200000);
        g->events |= sriov_net_poll(g->net);
        INSIDE_MUST(sriov_net_get_info(g->net, &info) == 0);
    }
    INSIDE_MUST(info.link.up);
    g->events = 0;
}

uint32_t guest_make_frame(uint8_t *out, uint32_t seq)
{
    struct guest_payload p = {GUEST_MAGIC, seq};
    uint32_t at = 12;

    memset(out, 0, GUEST_LEN);
    memcpy(out, seq % 7 == 0 ? group.b : chosen.b, 6);
    memcpy(out + 6, peer.b, 6);
    if (seq % 3 == 0) {
        out[at++] = 0x81;
        out[at++] = 0x00;
        out[at++] = 0;
        out[at++] = GUEST_VID;
    }
    out[at] = 0x88;
    out[at + 1] = 0xb5;
    memcpy(out + at + 2, &p, sizeof(p));
    return GUEST_LEN;
}

static void judge(struct guest *g, const struct sriov_buf *buf)
{
    uint8_t bytes[GUEST_LEN];
    struct guest_payload p;
    uint32_t n = sriov_buf_copy_out(buf, bytes, sizeof(bytes));
    bool tagged = n > 16 && bytes[12] == 0x81;

    if (n < 30) {
        g->strange++;
        return;
    }
    memcpy(&p, bytes + (tagged ? 18 : 14), sizeof(p));
    if (p.magic != GUEST_MAGIC) {
        g->strange++;
        return;
    }
    g->tagged += tagged || (buf->flags & SRIOV_RX_VLAN) != 0;
    g->multicast += bytes[0] & 1u;
    g->lost += p.seq > g->received ? p.seq - g->received : 0;
    g->again += p.seq < g->received;
    g->received = p.seq >= g->received ? p.seq + 1 : g->received;
}

static void take_all(struct guest *g)
{
    struct sriov_buf *bufs[BURST];
    uint16_t n;

    do {
        n = sriov_rx_burst(sriov_net_rxq(g->net, 0), bufs, BURST);
        for (uint16_t i = 0; i < n; i++) {
            judge(g, bufs[i]);
            sriov_buf_free(bufs[i]);
        }
    } while (n != 0);
}

void guest_post(uint32_t n)
{
    struct guest *g = guest_state();

    for (uint32_t i = 0; i < n; i++) {
        struct guest_payload p = {GUEST_MAGIC, g->sent};
        uint8_t frame[GUEST_LEN] = {0};
        struct sriov_buf *buf;

        memcpy(frame, peer.b, 6);
        memcpy(frame + 6, g->mac.b, 6);
        frame[12] = 0x88;
        frame[13] = 0xb5;
        memcpy(frame + 14, &p, sizeof(p));
        buf = sriov_buf_from(g->pool, frame, sizeof(frame));
        INSIDE_MUST(buf != NULL);
        if (sriov_tx_burst(sriov_net_txq(g->net, 0), &buf, 1) != 1) {
            sriov_buf_free(buf);
            return;
        }
        g->sent++;
    }
}

void guest_turn(uint32_t send)
{
    struct guest *g = guest_state();

    sriov_vmm_sleep(g->vmm, 200000);
    g->events |= sriov_net_poll(g->net);
    (void)sriov_net_rx_arm(g->net, 0);
    take_all(g);
    guest_post(send);
}
