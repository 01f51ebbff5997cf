/* SPDX-License-Identifier: BSD-3-Clause */
/* Identity, capabilities, negotiation and configuration of the virtio-net model. */
#include "virtio_rig.h"

#include <string.h>

#include <sriov/hw/pci_regs.h>

#define BASE (VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM | VIRTIO_NET_F_MAC)

static void is_a_plain_function(void **state)
{
    struct rig r;
    (void)state;
    rig_make(&r, NULL);
    const struct sriov_fn_info *info = sriov_fn_info(r.fn);
    assert_int_equal(info->vendor, 0x1af4);
    assert_int_equal(info->device, 0x1041);
    assert_int_equal(info->class_code, 0x020000);
    assert_int_equal(info->is_vf, 0);
    assert_int_equal(info->total_vfs, 0);
    assert_false(sriov_fn_can(r.fn, SRIOV_CAP_SET_VFS));
    assert_true(sriov_fn_can(r.fn, SRIOV_CAP_RESET));
    struct sriov_msix_cap msix;
    assert_int_equal(sriov_cfg_msix(r.fn, &msix), 0);
    assert_int_equal(msix.vectors, 10);
    rig_end(&r);
}

struct caps {
    struct rig *rig;
    uint32_t seen; /* by type */
};

static int on_cap(void *arg, bool ext, uint16_t id, uint16_t off)
{
    struct caps *caps = arg;
    uint8_t type;
    uint8_t bar;
    uint32_t at;
    uint32_t len;
    if (!ext && id == SRIOV_PCI_CAP_ID_VENDOR) {
        struct sriov_fn *fn = caps->rig->fn;
        assert_int_equal(sriov_cfg_read8(fn, off + VIRTIO_PCI_CAP_CFG_TYPE, &type), 0);
        assert_int_equal(sriov_cfg_read8(fn, off + VIRTIO_PCI_CAP_BAR, &bar), 0);
        assert_int_equal(sriov_cfg_read32(fn, off + VIRTIO_PCI_CAP_OFFSET, &at), 0);
        assert_int_equal(sriov_cfg_read32(fn, off + VIRTIO_PCI_CAP_LENGTH, &len), 0);
        assert_int_equal(bar, RIG_BAR);
        assert_true(at + len <= caps->rig->bar.length);
        caps->seen |= 1u << type;
    }
    return 0;
}

static void structures_are_found(void **state)
{
    struct rig r;
    (void)state;
    rig_make(&r, NULL);
    struct caps caps = {.rig = &r};
    assert_int_equal(sriov_cfg_each_cap(r.fn, on_cap, &caps), 0);
    assert_int_equal(caps.seen, 1u << VIRTIO_PCI_CAP_COMMON | 1u << VIRTIO_PCI_CAP_NOTIFY |
                                    1u << VIRTIO_PCI_CAP_ISR | 1u << VIRTIO_PCI_CAP_DEVICE);
    rig_end(&r);
}

static void features_are_judged(void **state)
{
    static const uint64_t bad[] = {
        BASE | VIRTIO_NET_F_CSUM,                                 /* not offered */
        VIRTIO_F_ACCESS_PLATFORM | VIRTIO_NET_F_MAC,              /* legacy */
        VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MAC,                    /* past the IOMMU */
        BASE | VIRTIO_NET_F_MQ,                                   /* without control queue */
        BASE | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_MAC_ADDR, /* the same */
    };
    struct rig r;
    (void)state;
    rig_make(&r, NULL);
    uint64_t offered = rig_offered(&r);
    assert_true((offered & (BASE | VIRTIO_NET_F_STANDBY)) == (BASE | VIRTIO_NET_F_STANDBY));
    assert_true(rig_negotiate(&r, BASE));
    assert_true(rig_negotiate(&r, offered));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        rig_expect_none(&r);
        assert_false(rig_negotiate(&r, bad[i]));
        rig_expect(&r, SRIOV_REPORT_BAD_SEQUENCE);
    }
    rig_end(&r);
}

static void the_sequence_is_watched(void **state)
{
    struct rig r;
    (void)state;
    rig_make(&r, NULL);
    rig_write(&r, VIRTIO_COMMON_DEVICE_STATUS, 1, VIRTIO_STATUS_FEATURES_OK); /* no driver yet */
    rig_expect(&r, SRIOV_REPORT_BAD_SEQUENCE);
    rig_write(&r, VIRTIO_COMMON_DEVICE_STATUS, 1, 3);
    rig_write(&r, VIRTIO_COMMON_DEVICE_STATUS, 1, 7); /* DRIVER_OK before FEATURES_OK */
    rig_expect(&r, SRIOV_REPORT_BAD_SEQUENCE);
    rig_write(&r, VIRTIO_COMMON_QUEUE_SIZE, 2, 8); /* a queue before FEATURES_OK */
    rig_expect(&r, SRIOV_REPORT_BAD_SEQUENCE);
    assert_true(rig_negotiate(&r, BASE));
    rig_write(&r, VIRTIO_COMMON_DRIVER_FEATURE, 4, 0); /* features after FEATURES_OK */
    rig_expect(&r, SRIOV_REPORT_BAD_SEQUENCE);
    rig_write(&r, VIRTIO_COMMON_QUEUE_ENABLE, 2, 1); /* without addresses */
    rig_expect(&r, SRIOV_REPORT_BAD_SEQUENCE);
    rig_write(&r, VIRTIO_COMMON_QUEUE_SIZE, 2, 512); /* more than it has */
    rig_expect(&r, SRIOV_REPORT_BAD_SEQUENCE);
    rig_notify(&r, 0); /* before DRIVER_OK */
    rig_expect(&r, SRIOV_REPORT_BAD_SEQUENCE);
    rig_write(&r, VIRTIO_COMMON_DEVICE_STATUS, 1, 3); /* a bit cleared */
    rig_expect(&r, SRIOV_REPORT_BAD_SEQUENCE);
    rig_run(&r, BASE);
    rig_write(&r, VIRTIO_COMMON_QUEUE_SELECT, 2, 0);
    rig_write(&r, VIRTIO_COMMON_QUEUE_DESC, 4, 4096); /* of a live queue */
    rig_expect(&r, SRIOV_REPORT_BAD_SEQUENCE);
    rig_end(&r);
}

static void fields_have_their_width(void **state)
{
    struct rig r;
    (void)state;
    rig_make(&r, NULL);
    (void)rig_read(&r, VIRTIO_COMMON_NUM_QUEUES, 4 - 2);
    rig_expect_none(&r);
    (void)rig_read(&r, VIRTIO_COMMON_DEVICE_STATUS, 4);
    rig_expect(&r, SRIOV_REPORT_BAD_WIDTH);
    rig_write(&r, VIRTIO_COMMON_QUEUE_SELECT, 1, 0);
    rig_expect(&r, SRIOV_REPORT_BAD_WIDTH);
    rig_write(&r, VIRTIO_COMMON_NUM_QUEUES, 2, 0);
    rig_expect(&r, SRIOV_REPORT_READ_ONLY);
    rig_write(&r, RIG_DEVICE, 4, 0);
    rig_expect(&r, SRIOV_REPORT_READ_ONLY);
    (void)rig_read(&r, 0x0800, 4);
    rig_expect(&r, SRIOV_REPORT_UNMODELLED);
    rig_run(&r, BASE);
    rig_write(&r, RIG_NOTIFY + 4, 4, 1); /* 16 bits it is */
    rig_expect(&r, SRIOV_REPORT_BAD_WIDTH);
    rig_write(&r, RIG_NOTIFY + 8, 2, 1); /* another queue's place */
    rig_expect(&r, SRIOV_REPORT_BAD_WIDTH);
    rig_end(&r);
}

static void a_cable_changes_the_configuration(void **state)
{
    struct rig r;
    uint32_t got = 0;
    (void)state;
    rig_make(&r, NULL);
    assert_int_equal(sriov_irq_enable(r.fn, 10, 10, &got), 0);
    rig_write(&r, VIRTIO_COMMON_CONFIG_MSIX_VECTOR, 2, 9);
    rig_run(&r, BASE | VIRTIO_NET_F_STATUS);
    rig_write(&r, VIRTIO_COMMON_CONFIG_MSIX_VECTOR, 2, 9);
    assert_int_equal(rig_read(&r, RIG_DEVICE + VIRTIO_NET_CFG_STATUS, 2), VIRTIO_NET_S_LINK_UP);
    uint32_t generation = rig_read(&r, VIRTIO_COMMON_CONFIG_GENERATION, 1);
    uint64_t before = sriov_mock_interrupts(r.mock, r.name);
    assert_int_equal(sriov_mock_carrier(r.mock, r.name, false), 0);
    assert_int_equal(rig_read(&r, RIG_DEVICE + VIRTIO_NET_CFG_STATUS, 2), 0);
    assert_int_not_equal(rig_read(&r, VIRTIO_COMMON_CONFIG_GENERATION, 1), generation);
    assert_int_equal(sriov_mock_interrupts(r.mock, r.name), before + 1);
    assert_int_equal(rig_read(&r, RIG_ISR, 1), VIRTIO_ISR_CONFIG);
    assert_int_equal(rig_read(&r, RIG_ISR, 1), 0);
    assert_int_equal(sriov_irq_disable(r.fn), 0);
    rig_end(&r);
}

static void vectors_that_are_not_there(void **state)
{
    struct rig r;
    (void)state;
    rig_make(&r, NULL);
    assert_true(rig_negotiate(&r, BASE));
    rig_write(&r, VIRTIO_COMMON_QUEUE_MSIX_VECTOR, 2, 10);
    assert_int_equal(rig_read(&r, VIRTIO_COMMON_QUEUE_MSIX_VECTOR, 2), VIRTIO_MSI_NO_VECTOR);
    rig_write(&r, VIRTIO_COMMON_QUEUE_MSIX_VECTOR, 2, 9);
    assert_int_equal(rig_read(&r, VIRTIO_COMMON_QUEUE_MSIX_VECTOR, 2), 9);
    rig_write(&r, VIRTIO_COMMON_QUEUE_SELECT, 2, 9);
    assert_int_equal(rig_read(&r, VIRTIO_COMMON_QUEUE_SIZE, 2), 0); /* no such queue */
    rig_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_a_plain_function),        cmocka_unit_test(structures_are_found),
        cmocka_unit_test(features_are_judged),        cmocka_unit_test(the_sequence_is_watched),
        cmocka_unit_test(fields_have_their_width),    cmocka_unit_test(a_cable_changes_the_configuration),
        cmocka_unit_test(vectors_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
