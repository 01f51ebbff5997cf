/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest with a hostile driver: the input is what it writes into its mailbox and its registers, and
 * what the host meanwhile decides about that VF.
 */
#include "bed.h"
#include "fuzz.h"

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

/* The PF is served ten thousand times in each. */
#define CALMS_MOST 2u

struct layout {
    const char *model;
    uint32_t control, memory, ctrl;
};

static const struct layout layouts[] = {{"82599", IXGBE_VFMAILBOX, IXGBE_VFMBMEM(0), IXGBE_VFCTRL},
                                        {"82576", IGBVF_V2PMAILBOX, IGBVF_VMBMEM(0), IGBVF_VTCTRL}};

static void post(struct sriov_bar *bar, const struct layout *at, struct fuzz_input *in, uint32_t words)
{
    sriov_wr32(bar, at->control, IXGBE_VFMAILBOX_VFU);
    for (uint32_t i = 0; i < words && i < 16; i++) {
        sriov_wr32(bar, at->memory + 4 * i, fuzz_u32(in));
    }
    sriov_wr32(bar, at->control, IXGBE_VFMAILBOX_REQ);
}

/* What the host and time do to a VF that is contained, so that it is heard again. */
static void relent(struct bed *bed, uint8_t how, uint32_t *calms)
{
    if (how % 3u == 0) {
        FUZZ_MUST(sriov_pf_readmit_vf(bed->pf, 0) == 0);
    } else if (how % 3u == 1u) {
        FUZZ_MUST(sriov_pf_shut_vf(bed->pf, 0) == 0);
    } else if ((*calms)++ < CALMS_MOST) {
        (void)bed_turn(bed, 1, SRIOV_PF_GUARD_CALM_NS + BED_MS);
    }
}

/* The message that is there, again and again: limits the VF, or shuts it down. */
static void flood(struct bed *bed, struct sriov_bar *bar, const struct layout *at, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        sriov_wr32(bar, at->control, IXGBE_VFMAILBOX_VFU);
        sriov_wr32(bar, at->control, IXGBE_VFMAILBOX_REQ);
        (void)sriov_pf_poll(bed->pf);
    }
}

static void set_trunk(struct bed *bed, struct fuzz_input *in)
{
    uint16_t vids[SRIOV_PF_TRUNK_MAX];
    uint16_t n = fuzz_u8(in) % (SRIOV_PF_TRUNK_MAX + 2u);

    fuzz_take(in, vids, n < SRIOV_PF_TRUNK_MAX ? 2u * n : sizeof(vids));
    if (n <= SRIOV_PF_TRUNK_MAX) {
        (void)sriov_pf_set_vf_trunk(bed->pf, 0, vids, n);
    }
}

/* Any policy but trust: with that a VF may do its neighbours harm. Most may be refused. */
static void decide(struct bed *bed, struct fuzz_input *in, uint8_t what)
{
    struct sriov_mac mac = {{0x02, 0xaa, 0, 0, 0, fuzz_u8(in)}};
    uint32_t value = fuzz_u8(in);

    switch ((what & 31u) % 9u) {
    case 0:
        (void)sriov_pf_set_vf_vlan(bed->pf, 0, (uint16_t)(value << 4));
        break;
    case 1:
        set_trunk(bed, in);
        break;
    case 2:
        (void)sriov_pf_set_vf_rate(bed->pf, 0, value * 50);
        break;
    case 3:
        (void)sriov_pf_set_vf_link(bed->pf, 0, (enum sriov_pf_vf_link)(value & 3u));
        break;
    case 4:
        (void)sriov_pf_set_vf_rx_mode(bed->pf, 0, (enum sriov_rx_mode)(value & 7u));
        break;
    case 5:
        (void)sriov_pf_set_vf_spoof_check(bed->pf, 0, (value & 1u) != 0);
        break;
    case 6:
        (void)sriov_pf_set_vf_mac(bed->pf, 0, &mac);
        break;
    case 7:
        (void)bed_turn(bed, 1, value * BED_MS / 8);
        break;
    default:
        FUZZ_MUST(sriov_pf_reset(bed->pf) == 0);
        break;
    }
}

static void look(struct bed *bed)
{
    struct sriov_pf_vf_info info = {.size = sizeof(info)};

    FUZZ_MUST(sriov_pf_get_vf(bed->pf, 0, &info) == 0);
    FUZZ_MUST(info.trunk_vids <= SRIOV_PF_TRUNK_MAX && info.owner[0] == '\0');
    FUZZ_MUST(info.refused <= info.requests && !info.trusted);
    info = (struct sriov_pf_vf_info){.size = sizeof(info)};
    FUZZ_MUST(sriov_pf_get_vf(bed->pf, 1, &info) == 0);
    FUZZ_MUST(!info.limited && !info.shut && info.refused == 0);
}

static void step(struct bed *bed, struct sriov_bar *bar, const struct layout *at, struct fuzz_input *in,
                 uint32_t *calms)
{
    uint8_t what = fuzz_u8(in);

    switch (what >> 5) {
    case 0: /* raw doorbells and locks */
        sriov_wr32(bar, at->control, fuzz_u32(in));
        break;
    case 1:
        if ((what & 0x18u) == 0x18u) {
            flood(bed, bar, at, 100u * (what & 7u));
        } else if ((what & 0x18u) == 0x10u) {
            relent(bed, what & 7u, calms);
        } else {
            sriov_wr32(bar, at->ctrl, IXGBE_CTRL_RST);
        }
        break;
    case 2: /* a proper RESET, so that what follows is let in */
        sriov_wr32(bar, at->control, IXGBE_VFMAILBOX_VFU);
        sriov_wr32(bar, at->memory, 1);
        sriov_wr32(bar, at->control, IXGBE_VFMAILBOX_REQ);
        break;
    case 3:
        (void)sriov_rd32(bar, at->control);
        sriov_wr32(bar, at->control, IXGBE_VFMAILBOX_ACK);
        break;
    case 4:
        decide(bed, in, what);
        break;
    default:
        post(bar, at, in, what & 31u);
        break;
    }
    (void)bed_turn(bed, 1, 100 * BED_US);
    look(bed);
}

/* The neighbour must not feel any of it. Reports on the hostile VF itself are the mock's right. */
static void judge(struct bed *bed)
{
    for (uint32_t i = 0; i < bed->findings; i++) {
        FUZZ_MUST(strcmp(bed->finding[i].function, bed->vf[0].name) == 0);
    }
    FUZZ_MUST(bed_settle(bed, 1, 5000 * BED_MS) == 0);
    FUZZ_MUST(bed_traffic(bed, 1, BED_TO_WIRE, 1, 100) == 0);
    FUZZ_MUST(bed_traffic(bed, 1, BED_FROM_WIRE, 1, 100) == 0);
    sriov_mock_forget_violations(bed->mock);
    FUZZ_MUST(bed_destroy(bed) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bed bed;
    struct fuzz_input in = {data, size};
    const struct layout *at = &layouts[fuzz_u8(&in) & 1u];
    struct sriov_fn *fn;
    struct sriov_bar bar;
    uint32_t calms = 0;

    FUZZ_MUST(bed_create(&bed, at->model) == 0);
    FUZZ_MUST(bed_pf_up(&bed) == 0);
    FUZZ_MUST(bed_vf_up(&bed, 1, 0) == 0);
    FUZZ_MUST(sriov_fn_open(bed.vmm, bed.vf[0].name, NULL, &fn) == 0);
    FUZZ_MUST(sriov_bar_open(fn, 0, IXGBE_VF_BAR_SIZE, &bar) == 0);
    for (uint32_t i = 0; i < 64 && in.left != 0; i++) {
        step(&bed, &bar, at, &in, &calms);
    }
    sriov_bar_close(&bar);
    FUZZ_MUST(sriov_fn_close(fn) == 0);
    judge(&bed);
    return 0;
}
