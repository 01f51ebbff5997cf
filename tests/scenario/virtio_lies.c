/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtio-net device whose registers and capabilities lie. Whatever it says, the driver ends with an
 * error or with a device that works; nothing is left behind, and no register outside is touched.
 */
#include "virtio_stage.h"

#include <errno.h>
#include <string.h>

#include <sriov/hw/pci_regs.h>

#define REGS_BAR   4u
#define DEVICE_CFG 0x2000u
#define CAP_COMMON 0x40u
#define CAP_NOTIFY 0x50u
#define CAP_DEVICE 0x74u

/* The lie of the device under test: a hand in front of the true model. */
static struct {
    bool config; /* in config space; else in the BAR */
    uint32_t off;
    uint32_t width;
    uint64_t value;
    uint32_t after; /* so many true reads first */
    uint32_t reads;
} lie;

static const struct sriov_model_ops *truth;

static bool lies_now(bool config, uint64_t off, uint32_t width)
{
    return lie.config == config && lie.off == off && lie.width == width && lie.reads++ >= lie.after;
}

static uint32_t lying_cfg_read(struct sriov_model *m, uint16_t function, uint32_t off, uint32_t width)
{
    return lies_now(true, off, width) ? (uint32_t)lie.value : truth->cfg_read(m, function, off, width);
}

static uint64_t lying_bar_read(struct sriov_model *m, uint16_t function, uint32_t bar, uint64_t off,
                               uint32_t width)
{
    uint64_t value = truth->bar_read(m, function, bar, off, width);
    return bar == REGS_BAR && lies_now(false, off, width) ? lie.value : value;
}

static void find_truth(void)
{
    for (size_t i = 0; sriov_models[i] != NULL; i++) {
        truth = strcmp(sriov_models[i]->name, "virtio-net") == 0 ? sriov_models[i] : truth;
    }
    assert_non_null(truth);
}

static void make_liar(struct vs_world *w)
{
    static struct sriov_model_ops ops;
    static const struct sriov_mock_opts opts = {.size = sizeof(opts), .flags = SRIOV_MOCK_QUIET};
    memset(w, 0, sizeof(*w));
    find_truth();
    ops = *truth;
    ops.cfg_read = lying_cfg_read;
    ops.bar_read = lying_bar_read;
    lie.reads = 0;
    assert_int_equal(sriov_mock_create(&opts, &w->mock), 0);
    w->vmm = sriov_mock_vmm(w->mock);
    sriov_log_set_level(w->vmm, SRIOV_LOG_ERROR);
    assert_int_equal(sriov_mock_add_model(w->mock, &ops, NULL, w->name), 0);
    w->setup.config = (struct sriov_net_config){.queues = 2, .rx_desc = 64, .tx_desc = 64};
    w->setup.pool_count = 320; /* little memory: there are thousands of lives */
    w->setup.buf_size = 256;
    w->findings_expected = true;
}

/* One life with the lie; what open or start said. */
static int live(void)
{
    struct vs_world w;
    make_liar(&w);
    int err = vs_open(&w);
    if (err == 0) {
        err = vs_start(&w);
    }
    for (uint32_t n = 0; err == 0 && n < 5; n++) {
        (void)vs_send(&w, 64, n);
        vs_wire(&w, 64, n);
        sriov_buf_free(vs_recv(&w, 0));
        sriov_buf_free(vs_info(&w).queues > 1 ? vs_recv(&w, 1) : NULL);
        vs_run(&w, 3 * VS_MS);
    }
    sriov_net_close(w.net);
    assert_int_equal(sriov_pool_destroy(w.pool), 0);
    (void)sriov_fn_close(w.fn);
    assert_int_equal(sriov_mock_held(w.mock), 0);
    assert_int_equal(sriov_mock_violations(w.mock, SRIOV_VIOLATION_CONTRACT), 0);
    assert_int_equal(sriov_mock_violations(w.mock, SRIOV_VIOLATION_PAGE_RACE), 0);
    sriov_mock_destroy(w.mock);
    return err;
}

static const struct known {
    const char *what;
    bool config;
    uint32_t off;
    uint32_t width;
    uint64_t value;
    int err;
} known[] = {
    {"common structure in a BAR that cannot be", true, CAP_COMMON + VIRTIO_PCI_CAP_BAR, 1, 6, -EPROTO},
    {"in one that is not there", true, CAP_COMMON + VIRTIO_PCI_CAP_BAR, 1, 2, -EPROTO},
    {"it ends behind the BAR", true, CAP_COMMON + VIRTIO_PCI_CAP_OFFSET, 4, 16384 - 52, -EPROTO},
    {"its end wraps", true, CAP_COMMON + VIRTIO_PCI_CAP_OFFSET, 4, 0xfffffffc, -EPROTO},
    {"it is too short", true, CAP_COMMON + VIRTIO_PCI_CAP_LENGTH, 4, 55, -EPROTO},
    {"in the MSI-X table", true, CAP_COMMON + VIRTIO_PCI_CAP_BAR, 1, 1, -EPROTO},
    {"it is odd", true, CAP_COMMON + VIRTIO_PCI_CAP_OFFSET, 4, 2, -EPROTO},
    {"notifications beyond their structure", true, CAP_NOTIFY + VIRTIO_PCI_NOTIFY_MULT, 4, 0x1000, -EPROTO},
    {"notifications at odd places", true, CAP_NOTIFY + VIRTIO_PCI_NOTIFY_MULT, 4, 1, -EPROTO},
    {"no device configuration", true, CAP_DEVICE + VIRTIO_PCI_CAP_CFG_TYPE, 1, 9, -EPROTO},
    {"FEATURES_OK does not stay", false, VIRTIO_COMMON_DEVICE_STATUS, 1, 0, -EPROTO},
    {"it never resets", false, VIRTIO_COMMON_DEVICE_STATUS, 1, 0x0f, -ENODEV},
    {"no queue", false, VIRTIO_COMMON_QUEUE_SIZE, 2, 0, -EPROTO},
    {"a queue of one", false, VIRTIO_COMMON_QUEUE_SIZE, 2, 1, -EPROTO},
    {"a queue of three", false, VIRTIO_COMMON_QUEUE_SIZE, 2, 3, -EPROTO},
    {"fewer queues than it says elsewhere", false, VIRTIO_COMMON_NUM_QUEUES, 2, 3, -EPROTO},
    {"a notification place far away", false, VIRTIO_COMMON_QUEUE_NOTIFY_OFF, 2, 0xffff, -EPROTO},
    {"a vector that it does not take", false, VIRTIO_COMMON_QUEUE_MSIX_VECTOR, 2, 0, -EPROTO},
    {"an MTU below all", false, DEVICE_CFG + VIRTIO_NET_CFG_MTU, 2, 10, 0},
    {"no pair", false, DEVICE_CFG + VIRTIO_NET_CFG_MAX_PAIRS, 2, 0, -EPROTO},
    {"a multicast MAC", false, DEVICE_CFG + VIRTIO_NET_CFG_MAC, 1, 0x01, 0},
};

static void known_lies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        lie.config = known[i].config;
        lie.off = known[i].off;
        lie.width = known[i].width;
        lie.value = known[i].value;
        lie.after = 0;
        int err = live();
        if (err != known[i].err) {
            fail_msg("%s: %d, not %d", known[i].what, err, known[i].err);
        }
    }
}

static const uint64_t values[] = {0,    1,     2,      0x0f,   0x40,   0x4f,       0x7f,       0x80,
                                  0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff};
/* From the beginning, in the middle of its setting up, and once it runs. */
static const uint32_t moments[] = {0, 1, 3, 7, 20};

static uint64_t every_value_of(bool config, uint32_t off, uint32_t width)
{
    uint64_t lives = 0;
    for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
        for (size_t at = 0; at < sizeof(moments) / sizeof(moments[0]); at++) {
            lie.config = config;
            lie.off = off;
            lie.width = width;
            lie.value = values[v];
            lie.after = moments[at];
            (void)live();
            lives++;
        }
    }
    return lives;
}

static void every_register(void **state)
{
    static const uint32_t places[][2] = {{VIRTIO_COMMON_DEVICE_FEATURE, 4},
                                         {VIRTIO_COMMON_CONFIG_MSIX_VECTOR, 2},
                                         {VIRTIO_COMMON_NUM_QUEUES, 2},
                                         {VIRTIO_COMMON_DEVICE_STATUS, 1},
                                         {VIRTIO_COMMON_CONFIG_GENERATION, 1},
                                         {VIRTIO_COMMON_QUEUE_SIZE, 2},
                                         {VIRTIO_COMMON_QUEUE_MSIX_VECTOR, 2},
                                         {VIRTIO_COMMON_QUEUE_NOTIFY_OFF, 2},
                                         {DEVICE_CFG + VIRTIO_NET_CFG_MAC, 1},
                                         {DEVICE_CFG + VIRTIO_NET_CFG_STATUS, 2},
                                         {DEVICE_CFG + VIRTIO_NET_CFG_MAX_PAIRS, 2},
                                         {DEVICE_CFG + VIRTIO_NET_CFG_MTU, 2},
                                         {DEVICE_CFG + VIRTIO_NET_CFG_SPEED, 4}};
    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        assert_true(every_value_of(false, places[i][0], places[i][1]) > 50);
    }
}

static void every_capability(void **state)
{
    (void)state;
    for (uint32_t off = CAP_COMMON; off < CAP_DEVICE + VIRTIO_PCI_CAP_SIZE; off += 4) {
        (void)every_value_of(true, off, 1);
        (void)every_value_of(true, off + 3, 1);
        (void)every_value_of(true, off, 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_lies),
        cmocka_unit_test(every_register),
        cmocka_unit_test(every_capability),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
