/* SPDX-License-Identifier: BSD-3-Clause */
#include "hostile_vf.h"

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/intel_mbx.h>
#include <sriov/hw/ixgbe_regs.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PAGE       4096u
#define SLOTS      8u
#define DESC_BYTES 16u
#define TX_AT      0u
#define RX_AT      1024u
#define FRAME_AT   2048u
#define FRAME_LEN  64u
/* Blows between a reset, its RESET request, and queues that run: longer than the PF takes to answer. */
#define ASK_AGE   16u
#define READY_AGE 32u
#define TIRED_AGE 96u /* with malformed descriptors: its queue has stopped long ago */

struct hostile_layout {
    const char *model;
    uint32_t mailbox, memory, ctrl;
    uint32_t tx, rx, srrctl;
};

static const struct hostile_layout layouts[] = {
    {"82599", IXGBE_VFMAILBOX, IXGBE_VFMBMEM(0), IXGBE_VFCTRL, IXGBE_VFTDBAL(0), IXGBE_VFRDBAL(0),
     IXGBE_VFSRRCTL(0)},
    {"82576", IGBVF_V2PMAILBOX, IGBVF_VMBMEM(0), IGBVF_VTCTRL, IGBVF_TDBAL(0), IGBVF_RDBAL(0),
     IGBVF_SRRCTL(0)},
};

static uint32_t next_random(struct hostile *h)
{
    h->seed = h->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(h->seed >> 32);
}

static void wr(struct hostile *h, uint32_t off, uint32_t value)
{
    sriov_wr32(&h->bar, off, value);
}

void hostile_open(struct hostile *h, struct sriov_vmm *vmm, const char *model, const char *name,
                  const struct sriov_mac *victim)
{
    memset(h, 0, sizeof(*h));
    h->at = &layouts[strcmp(model, "82599") == 0 ? 0 : 1];
    h->mac = (struct sriov_mac){{0x02, 0xba, 0xd0, 0, 0, 1}};
    h->victim = *victim;
    h->seed = 0x82599;
    assert_int_equal(sriov_fn_open(vmm, name, NULL, &h->fn), 0);
    assert_int_equal(sriov_bar_open(h->fn, 0, IXGBE_VF_BAR_SIZE, &h->bar), 0);
    assert_int_equal(sriov_dma_alloc(h->fn, "a hostile guest", PAGE, PAGE, SRIOV_DMA_BOTH, &h->memory), 0);
}

void hostile_close(struct hostile *h)
{
    wr(h, h->at->ctrl, IXGBE_CTRL_RST);
    assert_int_equal(sriov_dma_free(h->fn, &h->memory), 0);
    sriov_bar_close(&h->bar);
    assert_int_equal(sriov_fn_close(h->fn), 0);
}

/* ---- mailbox ---- */

static void post(struct hostile *h, const uint32_t *words, uint32_t n)
{
    wr(h, h->at->mailbox, IXGBE_VFMAILBOX_ACK | IXGBE_VFMAILBOX_VFU);
    for (uint32_t i = 0; i < n; i++) {
        wr(h, h->at->memory + 4u * i, words[i]);
    }
    wr(h, h->at->mailbox, IXGBE_VFMAILBOX_REQ);
    h->messages++;
}

static void random_message(struct hostile *h)
{
    uint32_t words[INTEL_MBX_WORDS];

    for (uint32_t i = 0; i < INTEL_MBX_WORDS; i++) {
        words[i] = next_random(h);
    }
    if (next_random(h) % 4u != 0) {
        words[0] = next_random(h) % 0x14u | (next_random(h) % 4u) << 16;
    }
    post(h, words, INTEL_MBX_WORDS);
}

/* ---- queues ---- */

static void start_queue(struct hostile *h, uint32_t block, uint32_t at)
{
    wr(h, block + 0x00u, (uint32_t)(h->memory.iova.raw + at));
    wr(h, block + 0x04u, (uint32_t)((h->memory.iova.raw + at) >> 32));
    wr(h, block + 0x08u, SLOTS * DESC_BYTES);
    wr(h, block + 0x10u, 0);
    wr(h, block + 0x28u, IXGBE_TXDCTL_ENABLE);
}

/* It gives no buffer to receive into, and asks for frames to wait. */
static void start_queues(struct hostile *h)
{
    start_queue(h, h->at->tx, TX_AT);
    wr(h, h->at->srrctl, IXGBE_SRRCTL_DESCTYPE_ADV_ONEBUF | 2u);
    start_queue(h, h->at->rx, RX_AT);
    h->tail = 0;
}

/* Step by step, since an answer takes its time. True once it is at work. */
static bool is_up(struct hostile *h)
{
    const uint32_t reset[1] = {INTEL_MBX_VF_RESET};
    const uint32_t set_mac[3] = {INTEL_MBX_VF_SET_MAC_ADDR, 0x00d0ba02u, 0x0100u};

    switch (h->age++) {
    case 0:
        wr(h, h->at->ctrl, IXGBE_CTRL_RST);
        h->resets++;
        break;
    case ASK_AGE:
        post(h, reset, 1);
        break;
    case READY_AGE:
        post(h, set_mac, 3);
        start_queues(h);
        break;
    default:
        break;
    }
    return h->age > 2u * READY_AGE;
}

static void give(struct hostile *h, const uint32_t dw[4])
{
    memcpy((uint8_t *)h->memory.va + TX_AT + (size_t)h->tail * DESC_BYTES, dw, DESC_BYTES);
    h->tail = (h->tail + 1u) % SLOTS;
    sriov_dma_wmb();
    wr(h, h->at->tx + 0x18u, h->tail);
}

static void send_frame(struct hostile *h, const struct sriov_mac *src, bool tagged)
{
    static const uint8_t tag[6] = {0x81, 0x00, 0x00, 0x4d, 0x88, 0xb5};
    uint8_t *frame = (uint8_t *)h->memory.va + FRAME_AT;
    const uint64_t at = h->memory.iova.raw + FRAME_AT;
    const uint32_t dw[4] = {(uint32_t)at, (uint32_t)(at >> 32),
                            FRAME_LEN | IXGBE_TXD_DTYP_DATA | IXGBE_TXD_DCMD_EOP | IXGBE_TXD_DCMD_IFCS |
                                IXGBE_TXD_DCMD_RS | IXGBE_TXD_DCMD_DEXT,
                            FRAME_LEN << IXGBE_TXD_PAYLEN_SHIFT};

    memset(frame, 0xee, FRAME_LEN);
    memcpy(frame, h->victim.b, SRIOV_ETH_ALEN);
    memcpy(frame + 6, src->b, SRIOV_ETH_ALEN);
    memcpy(frame + 12, tagged ? tag : tag + 4, tagged ? 6 : 2);
    give(h, dw);
    h->frames++;
}

static void malformed_descriptor(struct hostile *h)
{
    const uint64_t at = h->memory.iova.raw + FRAME_AT;
    uint32_t dw[4] = {(uint32_t)at, (uint32_t)(at >> 32), next_random(h) | IXGBE_TXD_DCMD_DEXT,
                      next_random(h) & ~IXGBE_TXD_STAT_DD};

    if (next_random(h) % 2u != 0) {
        dw[0] = next_random(h); /* nobody's memory */
    }
    give(h, dw);
    h->descriptors++;
}

/* ---- blows ---- */

const char *hostile_way_name(enum hostile_way way)
{
    static const char *const names[HOSTILE_WAYS] = {
        "flood of requests", "random words", "spoofed MAC", "spoofed VLAN",
        "bad descriptors",   "resets",       "all of it",
    };

    return names[way];
}

static void strike(struct hostile *h, enum hostile_way way)
{
    const uint32_t lpe[2] = {INTEL_MBX_VF_SET_LPE, 1518};

    switch (way) {
    case HOSTILE_FLOOD:
        post(h, lpe, 2);
        break;
    case HOSTILE_WORDS:
        random_message(h);
        break;
    case HOSTILE_MAC:
        send_frame(h, &h->victim, false);
        break;
    case HOSTILE_VLAN:
        send_frame(h, &h->mac, true);
        break;
    case HOSTILE_DESC:
        malformed_descriptor(h);
        h->age = h->age > TIRED_AGE ? 0 : h->age;
        break;
    default:
        wr(h, h->at->ctrl, IXGBE_CTRL_RST);
        h->resets++;
        break;
    }
}

void hostile_blow(struct hostile *h, enum hostile_way way)
{
    if (!is_up(h)) {
        return;
    }
    strike(h, way == HOSTILE_ALL ? (enum hostile_way)(next_random(h) % HOSTILE_RESETS) : way);
}
