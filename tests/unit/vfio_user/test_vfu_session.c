/* SPDX-License-Identifier: BSD-3-Clause */
/* What a client finds: version, info, config space, registers, reset. */
#include "bed.h"

#include <sriov/hw/pci_regs.h>

#include <unistd.h>

/* ---- version ---- */

static void the_first_message_is_version(void **state)
{
    struct vfu_device_info info = {.argsz = sizeof(info)};
    struct bed *b = *state;

    bed_hang_up(b);
    bed_connect(b);
    bed_send(b, VFU_DEVICE_GET_INFO, 0, &info, sizeof(info), NULL, 0);
    bed_closed(b);
    assert_int_equal(bed_counts(b).broken, 1);
}

static void another_major_version_is_refused_and_cut_off(void **state)
{
    struct vfu_version version = {.major = 1};
    struct bed *b = *state;

    bed_hang_up(b);
    bed_connect(b);
    assert_int_equal(bed_ask(b, VFU_VERSION, &version, sizeof(version), NULL, 0), -EPROTONOSUPPORT);
    bed_closed(b);
}

static void text_that_is_no_json_is_refused_and_cut_off(void **state)
{
    static const uint8_t hello[] = {0, 0, 0, 0, '{', 0};
    struct bed *b = *state;

    bed_hang_up(b);
    bed_connect(b);
    assert_int_equal(bed_ask(b, VFU_VERSION, hello, sizeof(hello), NULL, 0), -EPROTO);
    bed_closed(b);
}

static void the_lower_minor_version_is_spoken(void **state)
{
    struct vfu_version version = {.major = 0, .minor = 77};
    struct bed *b = *state;
    struct vfu_caps caps;
    int n;

    assert_int_equal(bed_ask(b, VFU_VERSION, &version, sizeof(version), NULL, 0), -EINVAL); /* once only */
    bed_hang_up(b);
    bed_connect(b);
    n = bed_ask(b, VFU_VERSION, &version, sizeof(version), NULL, 0);
    assert_true(n > 0);
    assert_int_equal(vfu_version_read(vfu_rx_payload(&b->rx), (uint32_t)n, &version, &caps), 0);
    assert_int_equal(version.minor, VFU_MINOR);
    assert_int_equal(caps.max_msg_fds, VFU_FDS_MAX);
    assert_int_equal(caps.max_data_xfer_size, VFU_XFER_MAX);
    assert_int_equal(caps.max_dma_maps, SRIOV_VFU_MAPS_DEFAULT);
}

/* ---- info ---- */

static void a_pci_device_that_can_be_reset(void **state)
{
    struct vfu_device_info info = {.argsz = sizeof(info)};
    struct bed *b = *state;

    assert_int_equal(bed_ask(b, VFU_DEVICE_GET_INFO, &info, sizeof(info), &info, sizeof(info)), sizeof(info));
    assert_int_equal(info.flags, VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET);
    assert_int_equal(info.num_regions, VFIO_PCI_NUM_REGIONS);
    assert_int_equal(info.num_irqs, VFIO_PCI_NUM_IRQS);
    info.argsz = sizeof(info) - 1;
    assert_int_equal(bed_ask(b, VFU_DEVICE_GET_INFO, &info, sizeof(info), NULL, 0), -EINVAL);
    assert_int_equal(bed_ask(b, VFU_DEVICE_GET_INFO, &info, sizeof(info) - 1, NULL, 0), -EINVAL);
}

static void regions_are_the_bars_and_config_space(void **state)
{
    static const uint64_t sizes[VFIO_PCI_NUM_REGIONS] = {
        [TOY_BAR] = TOY_BAR_LENGTH, [TOY_MSIX_BAR] = TOY_BAR_LENGTH, [VFIO_PCI_CONFIG_REGION_INDEX] = 4096};
    struct bed *b = *state;

    for (uint32_t i = 0; i < VFIO_PCI_NUM_REGIONS; i++) {
        struct vfu_region_info info = {.argsz = sizeof(info), .index = i};

        assert_int_equal(bed_ask(b, VFU_DEVICE_GET_REGION_INFO, &info, sizeof(info), &info, sizeof(info)),
                         sizeof(info));
        assert_int_equal(info.index, i);
        assert_int_equal(info.size, sizes[i]);
        assert_int_equal(info.flags,
                         sizes[i] != 0 ? VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE : 0);
    }
}

static void what_is_no_region_is_refused(void **state)
{
    struct vfu_region_info info = {.argsz = sizeof(info), .index = VFIO_PCI_NUM_REGIONS};
    struct vfu_irq_info irq = {.argsz = sizeof(irq), .index = VFIO_PCI_NUM_IRQS};
    struct bed *b = *state;

    assert_int_equal(bed_ask(b, VFU_DEVICE_GET_REGION_INFO, &info, sizeof(info), NULL, 0), -EINVAL);
    info = (struct vfu_region_info){.argsz = 8};
    assert_int_equal(bed_ask(b, VFU_DEVICE_GET_REGION_INFO, &info, sizeof(info), NULL, 0), -EINVAL);
    assert_int_equal(bed_ask(b, VFU_DEVICE_GET_REGION_INFO, &info, 8, NULL, 0), -EINVAL);
    assert_int_equal(bed_ask(b, VFU_DEVICE_GET_IRQ_INFO, &irq, sizeof(irq), NULL, 0), -EINVAL);
    irq = (struct vfu_irq_info){.argsz = 15};
    assert_int_equal(bed_ask(b, VFU_DEVICE_GET_IRQ_INFO, &irq, sizeof(irq), NULL, 0), -EINVAL);
    assert_int_equal(bed_counts(b).refused, 5);
}

static void what_is_not_spoken_is_refused(void **state)
{
    static const uint32_t commands[] = {0,
                                        VFU_DEVICE_GET_REGION_IO_FDS,
                                        VFU_DMA_READ,
                                        VFU_DMA_WRITE,
                                        VFU_DIRTY_PAGES,
                                        VFU_REGION_WRITE_MULTI,
                                        VFU_MIG_DATA_READ,
                                        VFU_MIG_DATA_WRITE,
                                        0xffff};
    struct bed *b = *state;

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        assert_int_equal(bed_ask(b, commands[i], "12345678", 8, NULL, 0), -EOPNOTSUPP);
    }
    bed_silent(b);
}

/* ENOTTY is VFIO's word for a feature that a device has not. */
static void features_are_asked_for_and_absent(void **state)
{
    static const uint32_t good[] = {VFU_FEATURE_PROBE, VFU_FEATURE_PROBE | VFU_FEATURE_GET,
                                    VFU_FEATURE_PROBE | VFU_FEATURE_GET | VFU_FEATURE_SET, VFU_FEATURE_GET,
                                    VFU_FEATURE_SET};
    static const uint32_t bad[] = {0, VFU_FEATURE_GET | VFU_FEATURE_SET, VFU_FEATURE_GET | 1u << 19};
    struct vfu_device_feature ask = {.argsz = sizeof(ask)};
    struct bed *b = *state;

    for (uint32_t index = 0; index < 12; index++) {
        if (index >= VFU_FEATURE_DMA_LOGGING_START && index <= VFU_FEATURE_DMA_LOGGING_REPORT) {
            continue; /* which the toy's shim has */
        }
        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
            ask.flags = index | good[i];
            assert_int_equal(bed_ask(b, VFU_DEVICE_FEATURE, &ask, sizeof(ask), NULL, 0), -ENOTTY);
        }
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ask.flags = VFU_FEATURE_MIGRATION | bad[i];
        assert_int_equal(bed_ask(b, VFU_DEVICE_FEATURE, &ask, sizeof(ask), NULL, 0), -EINVAL);
    }
    ask = (struct vfu_device_feature){.argsz = 7, .flags = VFU_FEATURE_PROBE | VFU_FEATURE_MIGRATION};
    assert_int_equal(bed_ask(b, VFU_DEVICE_FEATURE, &ask, sizeof(ask), NULL, 0), -EINVAL);
    ask.argsz = sizeof(ask);
    assert_int_equal(bed_ask(b, VFU_DEVICE_FEATURE, &ask, 7, NULL, 0), -EINVAL);
    bed_silent(b);
}

static void a_reply_that_nobody_waits_for_is_a_breach(void **state)
{
    struct bed *b = *state;

    bed_send(b, VFU_DMA_READ, VFU_F_REPLY, NULL, 0, NULL, 0);
    bed_closed(b);
    assert_int_equal(bed_counts(b).broken, 1);
}

static void descriptors_where_none_belong_are_refused(void **state)
{
    struct vfu_device_info info = {.argsz = sizeof(info)};
    struct bed *b = *state;
    unsigned fds = bed_fds();
    int fd = b->sock;

    bed_send(b, VFU_DEVICE_GET_INFO, 0, &info, sizeof(info), &fd, 1);
    assert_int_equal(bed_reply(b, NULL, 0), -EINVAL);
    assert_int_equal(bed_fds(), fds);
}

/* ---- config space ---- */

static void config_space_is_a_whole_one(void **state)
{
    struct bed *b = *state;
    uint8_t all[4096];
    uint32_t ids = 0;
    uint32_t bar = UINT32_MAX;

    assert_int_equal(bed_read(b, VFIO_PCI_CONFIG_REGION_INDEX, 0, all, sizeof(all)), 0);
    memcpy(&ids, all, sizeof(ids));
    assert_int_equal(ids, TOY_VENDOR | TOY_VF_DEVICE << 16);
    assert_int_equal(bed_read(b, VFIO_PCI_CONFIG_REGION_INDEX, 0, &ids, 2), 0);
    assert_int_equal(ids & 0xffff, TOY_VENDOR);
    assert_int_equal(bed_write(b, VFIO_PCI_CONFIG_REGION_INDEX, SRIOV_PCI_BAR(0), &bar, 4), 0);
    assert_int_equal(bed_read(b, VFIO_PCI_CONFIG_REGION_INDEX, SRIOV_PCI_BAR(0), &bar, 4), 0);
    assert_int_equal(bar & ~0xfu, ~(TOY_BAR_LENGTH - 1));
}

static void config_space_of_the_last_client_is_forgotten(void **state)
{
    struct bed *b = *state;
    uint32_t bar = UINT32_MAX;

    assert_int_equal(bed_write(b, VFIO_PCI_CONFIG_REGION_INDEX, SRIOV_PCI_BAR(0), &bar, 4), 0);
    bed_hang_up(b);
    bed_connect(b);
    bed_hello(b);
    assert_int_equal(bed_read(b, VFIO_PCI_CONFIG_REGION_INDEX, SRIOV_PCI_BAR(0), &bar, 4), 0);
    assert_int_equal(bar & ~0xfu, 0);
}

static void flr_in_config_space_resets(void **state)
{
    struct bed *b = *state;
    uint8_t all[256];
    uint8_t cap;
    uint16_t control = SRIOV_PCI_EXP_DEVCTL_FLR;

    assert_int_equal(bed_read(b, VFIO_PCI_CONFIG_REGION_INDEX, 0, all, sizeof(all)), 0);
    for (cap = all[SRIOV_PCI_CAP_POINTER]; cap != 0 && all[cap] != SRIOV_PCI_CAP_ID_EXP;) {
        cap = all[cap + 1];
    }
    assert_true(cap != 0);
    bed_wr32(b, TOY_SCRATCH, 0x1234);
    assert_int_equal(
        bed_write(b, VFIO_PCI_CONFIG_REGION_INDEX, cap + SRIOV_PCI_EXP_DEVCTL, &control, sizeof(control)), 0);
    assert_int_equal(bed_rd32(b, TOY_SCRATCH), 0);
    assert_int_equal(bed_counts(b).resets, 1);
}

/* ---- registers ---- */

static void registers_read_and_write(void **state)
{
    struct bed *b = *state;
    uint64_t both = 0x1122334455667788;
    uint64_t back = 0;

    bed_wr32(b, TOY_SCRATCH, 0xcafe1234);
    assert_int_equal(bed_rd32(b, TOY_SCRATCH), 0xcafe1234);
    assert_int_equal(bed_write(b, TOY_BAR, TOY_BUFFER, &both, sizeof(both)), 0);
    assert_int_equal(bed_read(b, TOY_BAR, TOY_BUFFER, &back, sizeof(back)), 0);
    assert_int_equal(back, both);
}

static void any_range_is_cut_into_accesses(void **state)
{
    struct bed *b = *state;
    uint8_t in[TOY_BAR_LENGTH - TOY_BUFFER];
    uint8_t out[sizeof(in)];

    for (size_t i = 0; i < sizeof(in); i++) {
        in[i] = (uint8_t)(i * 7 + i / 256);
    }
    assert_int_equal(bed_write(b, TOY_BAR, TOY_BUFFER, in, sizeof(in)), 0);
    for (uint32_t off = 0; off < 8; off++) {
        for (uint32_t count = 1; count < 40; count++) {
            assert_int_equal(bed_read(b, TOY_BAR, TOY_BUFFER + off, out, count), 0);
            assert_memory_equal(out, in + off, count);
        }
    }
    assert_int_equal(bed_read(b, TOY_BAR, TOY_BUFFER, out, sizeof(out)), 0);
    assert_memory_equal(out, in, sizeof(in));
}

static void a_posted_write_has_no_reply(void **state)
{
    struct bed *b = *state;
    struct {
        struct vfu_region_access at;
        uint32_t value;
    } write = {{.offset = TOY_SCRATCH, .region = TOY_BAR, .count = 4}, 99};

    bed_send(b, VFU_REGION_WRITE, VFU_F_NO_REPLY, &write, sizeof(write.at) + 4, NULL, 0);
    bed_silent(b);
    write.at.offset = UINT64_MAX - 1; /* nor one with an error */
    bed_send(b, VFU_REGION_WRITE, VFU_F_NO_REPLY, &write, sizeof(write.at) + 4, NULL, 0);
    bed_silent(b);
    assert_int_equal(bed_rd32(b, TOY_SCRATCH), 99);
    assert_int_equal(bed_counts(b).posted, 2);
    assert_int_equal(bed_counts(b).refused, 1);
}

static void many_posted_writes_are_done_in_order(void **state)
{
    struct bed *b = *state;
    struct {
        struct vfu_region_access at;
        uint32_t value;
    } write = {{.offset = TOY_SCRATCH, .region = TOY_BAR, .count = 4}, 0};

    for (write.value = 1; write.value <= 100; write.value++) {
        bed_send(b, VFU_REGION_WRITE, VFU_F_NO_REPLY, &write, sizeof(write.at) + 4, NULL, 0);
    }
    assert_int_equal(bed_rd32(b, TOY_SCRATCH), 100);
}

static void accesses_outside_are_refused(void **state)
{
    static const struct vfu_region_access bad[] = {
        {TOY_BAR_LENGTH, TOY_BAR, 1},
        {TOY_BAR_LENGTH - 3, TOY_BAR, 4},
        {UINT64_MAX, TOY_BAR, 1},
        {UINT64_MAX - 3, TOY_BAR, 4},
        {0, TOY_BAR, 0},
        {0, TOY_BAR, UINT32_MAX},
        {0, TOY_BAR, VFU_XFER_MAX + 1},
        {0, 1, 4},
        {0, 6, 4},
        {4093, 7, 4},
        {4096, 7, 1},
        {0, 8, 1},
        {0, 9, 1},
        {0, UINT32_MAX, 1},
    };
    struct bed *b = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(bed_ask(b, VFU_REGION_READ, &bad[i], sizeof(bad[i]), NULL, 0), -EINVAL);
        assert_int_equal(bed_ask(b, VFU_REGION_WRITE, &bad[i], sizeof(bad[i]), NULL, 0), -EINVAL);
    }
    assert_int_equal(bed_ask(b, VFU_REGION_READ, &bad[0], 15, NULL, 0), -EINVAL);
}

static void a_write_has_as_many_bytes_as_it_says(void **state)
{
    uint8_t message[sizeof(struct vfu_region_access) + 8] = {0};
    struct vfu_region_access at = {.offset = TOY_SCRATCH, .region = TOY_BAR, .count = 4};
    struct bed *b = *state;

    memcpy(message, &at, sizeof(at));
    message[sizeof(at)] = 1;
    assert_int_equal(bed_ask(b, VFU_REGION_WRITE, message, sizeof(at) + 3, NULL, 0), -EINVAL);
    assert_int_equal(bed_ask(b, VFU_REGION_WRITE, message, sizeof(at) + 5, NULL, 0), -EINVAL);
    assert_int_equal(bed_rd32(b, TOY_SCRATCH), 0);
    assert_int_equal(bed_ask(b, VFU_REGION_WRITE, message, sizeof(at) + 4, NULL, 0), sizeof(at));
    assert_int_equal(bed_rd32(b, TOY_SCRATCH), 1);
}

static void device_reset_resets(void **state)
{
    struct bed *b = *state;

    bed_wr32(b, TOY_SCRATCH, 5);
    assert_int_equal(bed_ask(b, VFU_DEVICE_RESET, NULL, 0, NULL, 0), 0);
    assert_int_equal(bed_rd32(b, TOY_SCRATCH), 0);
    assert_int_equal(bed_counts(b).resets, 1);
}

static void a_function_that_is_gone_says_so(void **state)
{
    struct bed *b = *state;
    uint32_t value = 0;

    sriov_fn_kill(b->vf);
    assert_int_equal(bed_read(b, TOY_BAR, 0, &value, 4), -ENODEV);
    assert_int_equal(bed_write(b, TOY_BAR, 0, &value, 4), -ENODEV);
    assert_int_equal(bed_read(b, VFIO_PCI_CONFIG_REGION_INDEX, 0, &value, 4), -ENODEV);
    assert_int_equal(bed_ask(b, VFU_DEVICE_RESET, NULL, 0, NULL, 0), -ENODEV);
    bed_silent(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BED_TEST(the_first_message_is_version),
        BED_TEST(another_major_version_is_refused_and_cut_off),
        BED_TEST(text_that_is_no_json_is_refused_and_cut_off),
        BED_TEST(the_lower_minor_version_is_spoken),
        BED_TEST(a_pci_device_that_can_be_reset),
        BED_TEST(regions_are_the_bars_and_config_space),
        BED_TEST(what_is_no_region_is_refused),
        BED_TEST(what_is_not_spoken_is_refused),
        BED_TEST(features_are_asked_for_and_absent),
        BED_TEST(a_reply_that_nobody_waits_for_is_a_breach),
        BED_TEST(descriptors_where_none_belong_are_refused),
        BED_TEST(config_space_is_a_whole_one),
        BED_TEST(config_space_of_the_last_client_is_forgotten),
        BED_TEST(flr_in_config_space_resets),
        BED_TEST(registers_read_and_write),
        BED_TEST(any_range_is_cut_into_accesses),
        BED_TEST(a_posted_write_has_no_reply),
        BED_TEST(many_posted_writes_are_done_in_order),
        BED_TEST(accesses_outside_are_refused),
        BED_TEST(a_write_has_as_many_bytes_as_it_says),
        BED_TEST(device_reset_resets),
        BED_TEST(a_function_that_is_gone_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
