/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A real device at work in a guest: a driver of a few lines resets the VF through the mailbox, gives it
 * a receive ring in guest memory, and frames come from the wire: descriptors by DMA, the tail by doorbell,
 * the interrupt by the machine, and the dirty log says which pages that was.
 */
#include "vm_bed.h"

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/intel_mbx.h>
#include <sriov/hw/ixgbe_regs.h>

#include <errno.h>
#include <string.h>

#define DESCS      8u
#define FRAME_LEN  100u
#define IVAR_VALID 0x80u
#define HEADER_256 (4u << IXGBE_SRRCTL_BSIZEHEADER_SHIFT)
#define PACKET_2K  2u

/* Pages of the guest's memory. */
#define RING_PAGE  3u
#define BUF_PAGE   10u /* a page for each descriptor */
#define GUEST_PAGE 60u

/* Offsets of one queue's registers: 82599 datasheet 8.3, 82576 datasheet 8.26. */
enum {
    RING_LOW = 0x00,
    RING_HIGH = 0x04,
    RING_LEN = 0x08,
    RING_HEAD = 0x10,
    RING_TAIL = 0x18,
    RING_CONTROL = 0x28
};

struct vf_regs {
    const char *model;
    uint32_t ctrl;
    uint32_t mailbox;
    uint32_t memory;
    uint32_t ring;
    uint32_t srrctl;
    uint32_t srrctl_set;
    uint32_t control_set;
    uint32_t ivar;
    uint32_t eiac;
    uint32_t eims;
};

static const struct vf_regs vfs[] = {
    {"82599", IXGBE_VFCTRL, IXGBE_VFMAILBOX, IXGBE_VFMBMEM(0), IXGBE_VFRDBAL(0), IXGBE_VFSRRCTL(0),
     IXGBE_SRRCTL_DESCTYPE_ADV_ONEBUF | IXGBE_SRRCTL_DROP_EN | HEADER_256 | PACKET_2K, 0, IXGBE_VTIVAR(0),
     IXGBE_VTEIAC, IXGBE_VTEIMS},
    {"82576", IGBVF_VTCTRL, IGBVF_V2PMAILBOX, IGBVF_VMBMEM(0), IGBVF_RDBAL(0), IGBVF_SRRCTL(0),
     IGB_SRRCTL_DESCTYPE_ADV_ONEBUF | IGB_SRRCTL_DROP_EN | HEADER_256 | PACKET_2K,
     16u | 8u << IGB_RXDCTL_HTHRESH_SHIFT | 1u << IGB_RXDCTL_WTHRESH_SHIFT, IGBVF_VTIVAR, IGBVF_VTEIAC,
     IGBVF_VTEIMS},
};

static const struct sriov_mac our_mac = {{0x02, 0, 0, 0, 0xaa, 0x01}};

struct nic {
    struct vm_bed *bed;
    struct vm_seat *seat;
    struct vm_piece *ram;
    const struct vf_regs *regs;
    uint32_t tail;
};

static uint32_t rd(struct nic *nic, uint32_t off)
{
    return vm_reg(nic->bed, nic->seat, off);
}

static void wr(struct nic *nic, uint32_t off, uint32_t value)
{
    vm_reg_put(nic->bed, nic->seat, off, value);
}

/* Until one of the bits shows in a register; their value, or 0: never. */
static uint32_t wait_for(struct nic *nic, uint32_t off, uint32_t bits)
{
    uint32_t seen = 0;
    for (int i = 0; i < 200 && seen == 0; i++) {
        seen = rd(nic, off) & bits;
        vm_pass(nic->bed, 100 * VM_US);
    }
    return seen;
}

/* RESET, which is how the PF comes to enable this VF's queues: intel_mbx.h. */
static int say_hello(struct nic *nic)
{
    uint32_t mailbox = nic->regs->mailbox;
    wr(nic, nic->regs->ctrl, IXGBE_CTRL_RST);
    vm_pass(nic->bed, 20 * VM_MS);
    wr(nic, mailbox, IXGBE_VFMAILBOX_VFU);
    if ((rd(nic, mailbox) & IXGBE_VFMAILBOX_VFU) == 0) {
        return -EBUSY;
    }
    wr(nic, nic->regs->memory, INTEL_MBX_VF_RESET);
    wr(nic, mailbox, IXGBE_VFMAILBOX_REQ);
    if (wait_for(nic, mailbox, IXGBE_VFMAILBOX_PFSTS) == 0) {
        return -ETIMEDOUT;
    }
    wr(nic, mailbox, IXGBE_VFMAILBOX_VFU);
    uint32_t answer = rd(nic, nic->regs->memory);
    uint32_t mac = rd(nic, nic->regs->memory + 4);
    wr(nic, mailbox, IXGBE_VFMAILBOX_ACK);
    bool right = (answer & (INTEL_MBX_ACK | INTEL_MBX_TYPE)) == (INTEL_MBX_ACK | INTEL_MBX_VF_RESET);
    return right && memcmp(&mac, our_mac.b, sizeof(mac)) == 0 ? 0 : -EPROTO;
}

static uint64_t page_of(const struct nic *nic, uint32_t page)
{
    return nic->ram->gpa + page * SRIOV_VM_PAGE;
}

/* All descriptors but one are the device's. */
static int make_ring(struct nic *nic)
{
    const struct vf_regs *regs = nic->regs;
    for (uint32_t i = 0; i < DESCS; i++) {
        vm_wr(nic->bed, page_of(nic, RING_PAGE) + 16u * i, 8, page_of(nic, BUF_PAGE + i));
        vm_wr(nic->bed, page_of(nic, RING_PAGE) + 16u * i + 8, 8, 0);
    }
    wr(nic, regs->ring + RING_CONTROL, regs->control_set);
    wr(nic, regs->ring + RING_LOW, (uint32_t)page_of(nic, RING_PAGE));
    wr(nic, regs->ring + RING_HIGH, 0);
    wr(nic, regs->ring + RING_LEN, DESCS * 16u);
    wr(nic, regs->ring + RING_HEAD, 0);
    wr(nic, regs->ring + RING_TAIL, 0);
    vm_pass(nic->bed, VM_MS); /* it is a doorbell: let it come through before the queue is on */
    wr(nic, regs->srrctl, regs->srrctl_set);
    wr(nic, regs->ring + RING_CONTROL, regs->control_set | IXGBE_RXDCTL_ENABLE);
    if (wait_for(nic, regs->ring + RING_CONTROL, IXGBE_RXDCTL_ENABLE) == 0) {
        return -ETIMEDOUT;
    }
    nic->tail = DESCS - 1;
    wr(nic, regs->ring + RING_TAIL, nic->tail);
    vm_pass(nic->bed, VM_MS);
    wr(nic, regs->ivar, IVAR_VALID);
    wr(nic, regs->eiac, 1);
    wr(nic, regs->eims, 1);
    return 0;
}

static const struct vf_regs *regs_of(const struct vm_bed *bed)
{
    for (size_t i = 0; bed->device->model != NULL && i < sizeof(vfs) / sizeof(vfs[0]); i++) {
        if (strcmp(vfs[i].model, bed->device->model) == 0) {
            return &vfs[i];
        }
    }
    return NULL;
}

static int nic_up(struct vm_bed *bed, struct nic *nic)
{
    *nic = (struct nic){.bed = bed, .regs = regs_of(bed)};
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    struct sriov_bell tail = {.bar = 0, .width = 4, .off = nic->regs->ring + RING_TAIL, .values = DESCS};
    opts.bells = &tail;
    opts.num_bells = 1;
    int err = sriov_pf_set_vf_mac(bed->pf, 0, &our_mac);
    if (err == 0) {
        err = vm_ram(bed, 0, 64, &nic->ram);
    }
    if (err == 0) {
        err = vm_open(bed, 0, &nic->seat);
    }
    if (err == 0) {
        err = vm_give(bed, nic->seat, &opts);
    }
    if (err == 0) {
        err = vm_boot(bed, nic->seat);
    }
    if (err == 0) {
        vm_msix_up(bed, nic->seat);
        err = say_hello(nic);
    }
    return err == 0 ? make_ring(nic) : err;
}

static int send_frame(struct nic *nic, unsigned char mark)
{
    unsigned char frame[FRAME_LEN];
    memset(frame, mark, sizeof(frame));
    memcpy(frame, our_mac.b, sizeof(our_mac.b));
    memcpy(frame + 6, "\x02\x00\x00\x00\xbb\x02\x88\xb5", 8); /* from a neighbour, an experimental type */
    return sriov_mock_wire_send(nic->bed->mock, nic->bed->pf_name, frame, sizeof(frame));
}

static bool is_done(struct nic *nic, uint32_t desc)
{
    uint64_t status = vm_rd(nic->bed, page_of(nic, RING_PAGE) + 16u * desc + 8, 8);
    return (status & IGB_RXD_STAT_DD) != 0 && (status >> 32 & 0xffff) == FRAME_LEN;
}

#define NEED_NIC(c, bed)                                                                                     \
    do {                                                                                                     \
        if (regs_of(bed) == NULL) {                                                                          \
            return conform_cannot((c), "the toy receives no frames");                                        \
        }                                                                                                    \
    } while (0)

static enum conform_verdict frames_arrive(struct conform *c, struct vm_bed *bed)
{
    struct nic nic;
    NEED_NIC(c, bed);
    RETURNS(c, nic_up(bed, &nic), 0);
    uint64_t bells = vm_info_of(nic.seat).bells;
    for (uint32_t i = 0; i < 40; i++) { /* five times round the ring */
        uint32_t desc = i % DESCS;
        RETURNS(c, send_frame(&nic, (unsigned char)i), 0);
        RETURNS(c, vm_taken(bed, 0, i + 1), i + 1);
        CHECK(c, is_done(&nic, desc));
        CHECK(c, nic.ram->va[(BUF_PAGE + desc) * SRIOV_VM_PAGE + FRAME_LEN - 1] == (unsigned char)i);
        vm_wr(bed, page_of(&nic, RING_PAGE) + 16u * desc, 8, page_of(&nic, BUF_PAGE + desc));
        vm_wr(bed, page_of(&nic, RING_PAGE) + 16u * desc + 8, 8, 0);
        nic.tail = (nic.tail + 1) % DESCS;
        uint64_t exits = bed->stage->exits(&bed->guest, CONFORM_EXIT_TRAPPED);
        wr(&nic, nic.regs->ring + RING_TAIL, nic.tail);
        CHECK(c, bed->stage->exits(&bed->guest, CONFORM_EXIT_TRAPPED) == exits);
        vm_pass(bed, VM_MS);
        wr(&nic, nic.regs->eims, 1);
    }
    CHECK(c, vm_info_of(nic.seat).bells == bells + 40 && vm_info_of(nic.seat).bell_traps == 0);
    return CONFORM_PASS;
}

static enum conform_verdict its_dma_is_in_the_log(struct conform *c, struct vm_bed *bed)
{
    struct nic nic;
    uint64_t pages = 0;
    struct sriov_vm *vm = bed->guest.vm;
    NEED_NIC(c, bed);
    RETURNS(c, nic_up(bed, &nic), 0);
    RETURNS(c, sriov_vm_dirty_start(vm, vm_dirty_mode(bed)), 0);
    RETURNS(c, send_frame(&nic, 1), 0);
    RETURNS(c, send_frame(&nic, 2), 0);
    CHECK(c, vm_taken(bed, 0, 1) >= 1 && is_done(&nic, 0) && is_done(&nic, 1));
    vm_wr(bed, page_of(&nic, GUEST_PAGE), 4, 1);
    RETURNS(c, sriov_vm_dirty_read(vm, nic.ram->gpa, nic.ram->length, &pages), 0);
    CHECK(c, pages == (UINT64_C(1) << RING_PAGE | UINT64_C(3) << BUF_PAGE | UINT64_C(1) << GUEST_PAGE));
    RETURNS(c, sriov_vm_dirty_read(vm, nic.ram->gpa, nic.ram->length, &pages), 0);
    CHECK(c, pages == 0);
    RETURNS(c, send_frame(&nic, 3), 0);
    vm_pass(bed, VM_MS);
    RETURNS(c, sriov_vm_dirty_read(vm, nic.ram->gpa, nic.ram->length, &pages), 0);
    CHECK(c, pages == (UINT64_C(1) << RING_PAGE | UINT64_C(1) << (BUF_PAGE + 2)));
    RETURNS(c, sriov_vm_dirty_stop(vm), 0);
    return CONFORM_PASS;
}

/* Its driver is killed with the ring armed: frames that come then reach no memory. */
static enum conform_verdict killed_while_it_receives(struct conform *c, struct vm_bed *bed)
{
    struct nic nic;
    NEED_NIC(c, bed);
    RETURNS(c, nic_up(bed, &nic), 0);
    RETURNS(c, send_frame(&nic, 1), 0);
    vm_release(nic.seat);
    unsigned char before = nic.ram->va[(BUF_PAGE + 1) * SRIOV_VM_PAGE];
    RETURNS(c, send_frame(&nic, 2), 0);
    vm_pass(bed, 10 * VM_MS);
    CHECK(c, nic.ram->va[(BUF_PAGE + 1) * SRIOV_VM_PAGE] == before);
    RETURNS(c, vm_ram_take(bed, nic.ram), 0);
    RETURNS(c, send_frame(&nic, 3), 0);
    vm_pass(bed, 10 * VM_MS);
    return CONFORM_PASS;
}

const struct vm_case vm_ring_cases[] = {
    {"nic.frames-arrive", frames_arrive, VM_ANY, {0}},
    {"nic.dma-is-in-the-log", its_dma_is_in_the_log, VM_ANY, {0}},
    {"nic.killed-while-it-receives", killed_while_it_receives, VM_ANY, {0}},
    {NULL, NULL, VM_ANY, {0}},
};
