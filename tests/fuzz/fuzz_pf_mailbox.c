/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest with a hostile driver: the input is what it writes into its mailbox and its registers. */
#include "bed.h"
#include "fuzz.h"

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

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

static void step(struct bed *bed, struct sriov_bar *bar, const struct layout *at, struct fuzz_input *in)
{
    uint8_t what = fuzz_u8(in);

    switch (what >> 5) {
    case 0: /* raw doorbells and locks */
        sriov_wr32(bar, at->control, fuzz_u32(in));
        break;
    case 1:
        sriov_wr32(bar, at->ctrl, IXGBE_CTRL_RST);
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
    default:
        post(bar, at, in, what & 31u);
        break;
    }
    (void)bed_turn(bed, 1, 100 * BED_US);
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

    FUZZ_MUST(bed_create(&bed, at->model) == 0);
    FUZZ_MUST(bed_pf_up(&bed) == 0);
    FUZZ_MUST(bed_vf_up(&bed, 1, 0) == 0);
    FUZZ_MUST(sriov_fn_open(bed.vmm, bed.vf[0].name, NULL, &fn) == 0);
    FUZZ_MUST(sriov_bar_open(fn, 0, IXGBE_VF_BAR_SIZE, &bar) == 0);
    for (uint32_t i = 0; i < 64 && in.left != 0; i++) {
        step(&bed, &bar, at, &in);
    }
    sriov_bar_close(&bar);
    FUZZ_MUST(sriov_fn_close(fn) == 0);
    judge(&bed);
    return 0;
}
