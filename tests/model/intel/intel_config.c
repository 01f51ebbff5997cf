/* SPDX-License-Identifier: BSD-3-Clause */
/* Configuration space: 82599 datasheet, chapter 9; 82576 datasheet, chapter 9; SR-IOV 1.1. */
#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>
#include <sriov/hw/pci_regs.h>

#include "rig.h"

#define SRIOV_CAP 0x160u

static const struct rig_chip *const chips[] = {&rig_82599, &rig_82576};
#define EACH(c) for (uint32_t c##_i = 0; c##_i < 2u; c##_i++)
#define CHIP(c) (chips[c##_i])

static void identity(void **state)
{
    struct rig *r;

    (void)state;
    r = rig_new(&rig_82599, NULL);
    assert_int_equal(cfg(r, 0, 0, 4), 0x10fb8086u);
    assert_int_equal(cfg(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_VF_DEVICE_ID, 2), 0x10ed);
    assert_int_equal(cfg(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_VF_OFFSET, 2), 0x80);
    assert_int_equal(cfg(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_VF_STRIDE, 2), 2);
    assert_int_equal(cfg(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_TOTAL_VFS, 2), 64);
    rig_end(r);
    r = rig_new(&rig_82576, NULL);
    assert_int_equal(cfg(r, 0, 0, 4), 0x10c98086u);
    assert_int_equal(cfg(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_VF_DEVICE_ID, 2), 0x10ca);
    assert_int_equal(cfg(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_VF_OFFSET, 2), 0x180);
    assert_int_equal(cfg(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_TOTAL_VFS, 2), 8);
    rig_end(r);
}

static void walks_capabilities(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_new(CHIP(c), NULL);
        uint32_t seen = 0, off = cfg(r, 0, SRIOV_PCI_CAP_POINTER, 1);

        for (; off != 0 && seen < 8u; off = cfg(r, 0, off + 1u, 1), seen++)
            assert_true(off >= 0x40u && cfg(r, 0, off, 1) != 0);
        assert_int_equal(seen, 3); /* PM, MSI-X, PCIe */
        seen = 0;
        for (off = 0x100; off != 0 && seen < 8u; off = SRIOV_PCI_EXT_CAP_NEXT(cfg(r, 0, off, 4)), seen++)
            assert_int_not_equal(SRIOV_PCI_EXT_CAP_ID(cfg(r, 0, off, 4)), 0);
        assert_int_equal(seen, 4); /* AER, DSN, ARI, SR-IOV */
        rig_end(r);
    }
}

static void sizes_bars(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_new(CHIP(c), NULL);
        uint32_t bar0;

        cfg_wr(r, 0, SRIOV_PCI_BAR(0u), 4, ~0u);
        bar0 = cfg(r, 0, SRIOV_PCI_BAR(0u), 4) & SRIOV_PCI_BAR_MEM_MASK;
        assert_int_equal(~bar0 + 1u, r->ops->bar_length(r->m, 0, 0));
        cfg_wr(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_VF_BAR(0u), 4, ~0u);
        bar0 = cfg(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_VF_BAR(0u), 4) & SRIOV_PCI_BAR_MEM_MASK;
        assert_int_equal(~bar0 + 1u, 0x4000);
        rig_end(r);
    }
}

static void vfs_come_and_go(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_new(CHIP(c), NULL);

        assert_int_equal(cfg(r, 1, SRIOV_PCI_CLASS_DEVICE, 2), 0xffff);
        rig_enable_vfs(r, 4);
        assert_int_equal(r->h.vfs, 4);
        assert_int_equal(cfg(r, 4, SRIOV_PCI_CLASS_DEVICE, 2), 0x0200);
        assert_int_equal(cfg(r, 5, SRIOV_PCI_CLASS_DEVICE, 2), 0xffff);
        assert_int_equal(r->ops->bar_length(r->m, 4, 0), 0x4000);
        assert_int_equal(r->ops->bar_length(r->m, 5, 0), 0);
        cfg_wr(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_CTRL, 2, 0);
        assert_int_equal(r->h.vfs, 0);
        assert_int_equal(r->h.vfs_calls, 2);
        assert_int_equal(rd(r, 1, r->c->ctrl), ~0u);
        rig_end(r);
    }
}

static void vf_header_is_bare(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 2);

        assert_int_equal(cfg(r, 1, 0, 4), ~0u);
        cfg_wr(r, 1, SRIOV_PCI_COMMAND, 2, 0xffff);
        assert_int_equal(cfg(r, 1, SRIOV_PCI_COMMAND, 2), SRIOV_PCI_COMMAND_MASTER);
        cfg_wr(r, 1, SRIOV_PCI_BAR(0u), 4, ~0u);
        assert_int_equal(cfg(r, 1, SRIOV_PCI_BAR(0u), 4), 0);
        assert_int_equal(cfg(r, 1, 0xa0 + SRIOV_PCI_EXP_DEVCAP, 4) & SRIOV_PCI_EXP_DEVCAP_FLR,
                         SRIOV_PCI_EXP_DEVCAP_FLR);
        rig_end(r);
    }
}

static void num_vfs_is_fixed_while_enabled(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 2);

        cfg_wr(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_NUM_VFS, 2, 3);
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_SEQUENCE], 1);
        assert_int_equal(cfg(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_NUM_VFS, 2), 2);
        rig_clear_reports(r);
        cfg_wr(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_CTRL, 2, 0);
        cfg_wr(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_NUM_VFS, 2, 500);
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_SEQUENCE], 1);
        assert_int_equal(cfg(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_NUM_VFS, 2), 0);
        rig_clear_reports(r);
        rig_end(r);
    }
}

static void status_shows_iov(void **state)
{
    struct rig *r;

    (void)state;
    r = rig_up(&rig_82599, NULL, 5);
    assert_int_equal((rd(r, 0, IXGBE_STATUS) & IXGBE_STATUS_NUM_VFS) >> IXGBE_STATUS_NUM_VFS_SHIFT, 5);
    assert_true(rd(r, 2, IXGBE_VFSTATUS) & IXGBE_STATUS_IOV_ACTIVE);
    rig_end(r);
    r = rig_up(&rig_82576, NULL, 5);
    assert_int_equal((rd(r, 0, IGB_STATUS) & IGB_STATUS_NUM_VFS) >> IGB_STATUS_NUM_VFS_SHIFT, 5);
    assert_true(rd(r, 2, IGBVF_VTSTATUS) & IGB_STATUS_IOV_MODE);
    rig_end(r);
}

static void memory_enable_gates_bars(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 1);

        cfg_wr(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_CTRL, 2, SRIOV_PCI_SRIOV_CTRL_VFE);
        assert_int_equal(rd(r, 1, r->c->eims), ~0u);
        cfg_wr(r, 0, SRIOV_CAP + SRIOV_PCI_SRIOV_CTRL, 2,
               SRIOV_PCI_SRIOV_CTRL_VFE | SRIOV_PCI_SRIOV_CTRL_MSE);
        assert_int_equal(rd(r, 1, r->c->eims), 0);
        cfg_wr(r, 0, SRIOV_PCI_COMMAND, 2, 0);
        assert_int_equal(rd(r, 0, 8), ~0u);
        rig_end(r);
    }
}

static void bad_creation_is_refused(void **state)
{
    struct sriov_model *m = NULL;
    struct sriov_model_host h;
    struct sriov_model_args args = {.size = sizeof(args), .host = &h, .ops = &host_ops};

    (void)state;
    args.quirks = "no such profile";
    assert_int_equal(sriov_models[0]->create(&args, &m), -22);
    assert_int_equal(sriov_models[1]->create(&args, &m), -22);
    args.quirks = NULL;
    args.total_vfs = 65;
    assert_int_equal(sriov_models[0]->create(&args, &m), -22);
    assert_null(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82599 chapter 9, 82576 chapter 9: identity and SR-IOV numbering", identity),
        CASE("82599 chapter 9, 82576 chapter 9: capability lists are whole", walks_capabilities),
        CASE("82599 chapter 9, 82576 chapter 9: BARs tell their size", sizes_bars),
        CASE("SR-IOV 1.1 3.3.3.1: VF Enable makes VFs", vfs_come_and_go),
        CASE("SR-IOV 1.1 3.4.1: a VF's header is bare", vf_header_is_bare),
        CASE("SR-IOV 1.1 3.3.7: NumVFs is fixed while VF Enable is set", num_vfs_is_fixed_while_enabled),
        CASE("82599 8.2.3.1, 82576 8.2.2: STATUS shows IOV mode", status_shows_iov),
        CASE("SR-IOV 1.1 3.3.3: VF MSE and Memory Space gate the BARs", memory_enable_gates_bars),
        CASE("82599 7.10, 82576 7.8: unknown profile or too many VFs", bad_creation_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
