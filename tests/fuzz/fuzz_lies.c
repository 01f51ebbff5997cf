/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VF driver with traffic on a device that lies: write-backs, messages and interrupts bent as the input
 * says.
 */
#include "bed.h"
#include "fuzz.h"

static const uint32_t descriptor_kinds[] = {SRIOV_MOCK_FAULT_WB_HOSTILE, SRIOV_MOCK_FAULT_WB_HOSTILE,
                                            SRIOV_MOCK_FAULT_WB_LATE,    SRIOV_MOCK_FAULT_WB_REORDER,
                                            SRIOV_MOCK_FAULT_DMA,        SRIOV_MOCK_FAULT_IRQ_LOST,
                                            SRIOV_MOCK_FAULT_IRQ_TWICE,  SRIOV_MOCK_FAULT_WB_HOSTILE};
static const uint32_t message_kinds[] = {SRIOV_MOCK_FAULT_MBX_WRONG, SRIOV_MOCK_FAULT_MBX_WRONG,
                                         SRIOV_MOCK_FAULT_MBX_WRONG, SRIOV_MOCK_FAULT_MBX_SILENT,
                                         SRIOV_MOCK_FAULT_MBX_LATE,  SRIOV_MOCK_FAULT_MBX_WRONG,
                                         SRIOV_MOCK_FAULT_MBX_WRONG, SRIOV_MOCK_FAULT_IRQ_LOST};

enum side {
    DESCRIPTORS = 0,
    TO_VF = 1, /* messages */
    TO_PF = 2,
    ANY = 3, /* each lie by itself */
};

static enum side side_of(uint8_t mode, uint8_t how, uint8_t when)
{
    enum side side = (enum side)(mode >> 6);

    return side == ANY ? (enum side)(((uint32_t)how + when) % 3u) : side;
}

static const char *site_of(const struct sriov_mock_fault *fault, enum side side, uint8_t how)
{
    static const char *const rings[] = {"rx", "tx"};

    if (fault->kind == SRIOV_MOCK_FAULT_IRQ_LOST || fault->kind == SRIOV_MOCK_FAULT_IRQ_TWICE) {
        return NULL;
    }
    if (side == DESCRIPTORS) {
        return rings[how >> 3 & 1u];
    }
    return side == TO_VF ? "to-vf" : "to-pf";
}

static void tell_lie(struct bed *bed, struct fuzz_input *in, uint8_t mode)
{
    uint8_t how = fuzz_u8(in);
    uint8_t when = fuzz_u8(in);
    uint32_t value = fuzz_u32(in);
    enum side side = side_of(mode, how, when);
    struct sriov_mock_fault fault = {.size = sizeof(fault),
                                     .kind =
                                         (side == DESCRIPTORS ? descriptor_kinds : message_kinds)[how & 7u],
                                     .fn = bed->vf[0].name,
                                     .nth = 1u + (when & 15u),
                                     .times = 1u + (when >> 4),
                                     .index = how >> 4 & (side == DESCRIPTORS ? 3u : 15u),
                                     .value = value};

    fault.op = site_of(&fault, side, how);
    if (fault.kind == SRIOV_MOCK_FAULT_WB_LATE || fault.kind == SRIOV_MOCK_FAULT_MBX_LATE) {
        fault.value %= 400u * BED_MS;
    }
    FUZZ_MUST(sriov_mock_inject(bed->mock, &fault) == 0);
}

static void ask(struct bed *bed, struct fuzz_input *in)
{
    struct sriov_mac mac = {{0x02, 0, 0, 0, 0, fuzz_u8(in)}};
    struct sriov_mac group = {{0x01, 0, 0x5e, 0, 0, fuzz_u8(in)}};
    struct sriov_net *net = bed->vf[0].net;

    if (net != NULL) {
        (void)sriov_net_set_mac(net, &mac);
        (void)sriov_net_set_multicast(net, &group, 1);
        (void)sriov_net_set_vlan(net, fuzz_u8(in), true);
        (void)sriov_net_set_rx_mode(net, (enum sriov_rx_mode)(fuzz_u8(in) & 3u));
    }
}

static void busy(struct bed *bed, struct fuzz_input *in)
{
    for (uint32_t i = 0; i < 4 && bed->vf[0].net != NULL; i++) {
        uint32_t len = 60 + 32u * fuzz_u8(in);

        (void)bed_fire(bed, 0, false, len);
        (void)bed_fire(bed, 0, true, len);
        (void)bed_fire(bed, 1, false, len);
        (void)bed_turn(bed, 0, (1u + fuzz_u8(in)) * 20u * BED_US);
        (void)bed_drain(bed, 0);
        (void)bed_drain(bed, 1);
    }
}

/* Whatever was told: afterwards a fresh start brings traffic, and nobody broke a rule. */
static void judge(struct bed *bed)
{
    (void)sriov_mock_clear_faults(bed->mock);
    (void)bed_vf_down(bed, 0);
    FUZZ_MUST(bed_vf_up(bed, 0, 0) == 0);
    FUZZ_MUST(bed_settle(bed, 0, 5000 * BED_MS) == 0);
    FUZZ_MUST(bed_traffic(bed, 0, BED_TO_WIRE, 1, 100) == 0);
    FUZZ_MUST(bed_traffic(bed, 0, BED_FROM_WIRE, 1, 100) == 0);
    FUZZ_MUST(bed_destroy(bed) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bed bed;
    struct fuzz_input in = {data, size};
    uint8_t mode = fuzz_u8(&in);

    FUZZ_MUST(bed_create(&bed, (mode & 1u) != 0 ? "82599" : "82576") == 0);
    FUZZ_MUST(bed_pf_up(&bed) == 0);
    FUZZ_MUST(bed_vf_up(&bed, 1, 0) == 0);
    if ((mode & 2u) != 0) {
        (void)bed_vf_up(&bed, 0, SRIOV_NET_INTERRUPTS);
        (void)bed_settle(&bed, 0, 10 * BED_MS);
    }
    for (uint32_t i = 0; i < (mode >> 2 & 7u) + 1u && in.left != 0; i++) {
        tell_lie(&bed, &in, mode);
    }
    if (bed.vf[0].net == NULL) {
        (void)bed_vf_up(&bed, 0, (mode & 32u) != 0 ? SRIOV_NET_INTERRUPTS : 0);
    }
    busy(&bed, &in);
    ask(&bed, &in);
    busy(&bed, &in);
    judge(&bed);
    return 0;
}
