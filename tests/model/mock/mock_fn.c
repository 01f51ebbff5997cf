/* SPDX-License-Identifier: BSD-3-Clause */
/* Enumerate, open, info, close; devices on the bus; VFs on and off. */
#include "fixture.h"

#include <sriov/hw/pci_regs.h>

struct seen {
    struct sriov_fn_info info[8];
    int count;
    int stop_at;
};

static int see(void *arg, const struct sriov_fn_info *info)
{
    struct seen *seen = arg;

    assert_true(seen->count < 8);
    seen->info[seen->count++] = *info;
    return seen->count == seen->stop_at ? 77 : 0;
}

static void enumerate_lists_pfs_and_enabled_vfs(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct seen half = {.stop_at = 2};
    char second[SRIOV_NAME_MAX];
    void *pf;

    assert_int_equal(sriov_mock_add_model(f->mock, &toy_plain_model, NULL, second), 0);
    pf = fixture_open(f, f->pf);
    fixture_vfs(f, pf, 2);
    assert_int_equal(f->ops->enumerate(f->vmm, see, &seen), 0);
    assert_int_equal(seen.count, 4);
    assert_string_equal(seen.info[0].name, "0000:01:00.0");
    assert_string_equal(seen.info[1].name, "0000:01:10.0");
    assert_string_equal(seen.info[2].name, "0000:01:10.2");
    assert_string_equal(seen.info[3].name, "0000:04:00.0"); /* behind the first one's VFs */
    assert_string_equal(seen.info[2].pf_name, "0000:01:00.0");
    assert_int_equal(seen.info[0].num_vfs, 2);
    assert_int_equal(seen.info[0].total_vfs, TOY_TOTAL_VFS);
    assert_int_equal(seen.info[2].vf_index, 1);
    assert_true(seen.info[1].iommu_group != seen.info[2].iommu_group);
    assert_int_equal(f->ops->enumerate(f->vmm, see, &half), 77);
    assert_int_equal(half.count, 2);
    f->ops->close(pf);
}

static void info_tells_identity_and_caps(void **state)
{
    struct fixture *f = *state;
    struct sriov_fn_info info = {.size = sizeof(info)};
    void *pf = fixture_open(f, f->pf);
    void *vf;

    assert_int_equal(f->ops->info(pf, &info), 0);
    assert_int_equal(info.vendor, TOY_VENDOR);
    assert_int_equal(info.device, TOY_DEVICE);
    assert_int_equal(info.class_code, 0x020000);
    assert_int_equal(info.revision, 7);
    assert_int_equal(info.subsystem_device, 0x1100);
    assert_true((info.caps & SRIOV_CAP_SET_VFS) != 0 && (info.caps & SRIOV_CAP_RESET) != 0);
    assert_true((info.caps & SRIOV_CAP_BAR_VIEW) == 0);
    fixture_vfs(f, pf, 1);
    vf = fixture_open(f, f->vf);
    assert_int_equal(f->ops->info(vf, &info), 0);
    assert_int_equal(info.vendor, TOY_VENDOR);
    assert_int_equal(info.device, TOY_VF_DEVICE);
    assert_int_equal(info.is_vf, 1);
    assert_true((info.caps & SRIOV_CAP_SET_VFS) == 0);
    f->ops->close(vf);
    f->ops->close(pf);
}

static void info_fills_what_there_is_room_for(void **state)
{
    struct fixture *f = *state;
    void *pf = fixture_open(f, f->pf);
    struct {
        struct sriov_fn_info info;
        uint8_t future[16];
    } wide;

    memset(&wide, 0xee, sizeof(wide));
    wide.info.size = sizeof(wide);
    assert_int_equal(f->ops->info(pf, &wide.info), 0);
    assert_int_equal(wide.info.size, sizeof(wide));
    assert_int_equal(wide.future[0], 0);
    assert_int_equal(wide.future[15], 0);
    memset(&wide, 0xee, sizeof(wide));
    wide.info.size = offsetof(struct sriov_fn_info, subsystem_vendor);
    assert_int_equal(f->ops->info(pf, &wide.info), 0);
    assert_int_equal(wide.info.vendor, TOY_VENDOR);
    assert_int_equal(wide.info.subsystem_vendor, 0xeeee);
    wide.info.size = 2;
    assert_int_equal(f->ops->info(pf, &wide.info), -EINVAL);
    f->ops->close(pf);
}

static int try_open(struct fixture *f, const char *name, const char *options, uint32_t flags)
{
    struct sriov_open_args args = {.size = sizeof(args), .flags = flags, .name = name, .options = options};
    void *fn = NULL;
    int err = f->ops->open(f->vmm, &args, &fn);

    if (err == 0) {
        f->ops->close(fn);
    }
    return err;
}

static void open_refuses(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);

    assert_int_equal(try_open(f, f->pf, NULL, 0), -EBUSY);
    assert_int_equal(try_open(f, "0000:09:00.0", NULL, 0), -ENOENT);
    assert_int_equal(try_open(f, "0000:01:10.0", NULL, 0), -ENOENT);
    fixture_expect_none(f);
    f->ops->close(fn);
    assert_int_equal(try_open(f, f->pf, "vf-token=1", 0), -EINVAL);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(try_open(f, f->pf, NULL, 1u << 30), -EINVAL);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(try_open(f, NULL, NULL, 0), -EINVAL);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(try_open(f, f->pf, "", 0), 0);
}

static void close_stops_bus_mastering(void **state)
{
    struct fixture *f = *state;
    struct sriov_open_args args = {.size = sizeof(args), .name = f->pf};
    uint32_t command = 0;
    void *fn = fixture_open(f, f->pf);

    f->ops->close(fn);
    assert_int_equal(f->ops->open(f->vmm, &args, &fn), 0);
    assert_int_equal(f->ops->cfg_read(fn, SRIOV_PCI_COMMAND, 2, &command), 0);
    assert_int_equal(command & SRIOV_PCI_COMMAND_MASTER, 0);
    f->ops->close(fn);
}

static void vfs_come_and_go(void **state)
{
    struct fixture *f = *state;
    void *pf = fixture_open(f, f->pf);
    void *vf;
    char name[SRIOV_NAME_MAX];
    uint64_t value;

    assert_int_equal(f->ops->set_vfs(pf, TOY_TOTAL_VFS + 1), -EINVAL);
    assert_int_equal(f->ops->set_vfs(pf, 0), 0);
    fixture_vfs(f, pf, TOY_TOTAL_VFS);
    assert_int_equal(sriov_mock_vf_name(f->mock, f->pf, 199, name), 0);
    assert_string_equal(name, "0000:03:01.6"); /* 0x100 + 0x80 + 2 * 199 */
    assert_int_equal(f->ops->set_vfs(pf, 3), -EBUSY);
    assert_int_equal(f->ops->set_vfs(pf, TOY_TOTAL_VFS), 0);
    vf = fixture_open(f, f->vf);
    assert_int_equal(f->ops->set_vfs(vf, 1), -EOPNOTSUPP);
    assert_int_equal(f->ops->set_vfs(pf, 0), 0);
    assert_int_equal(sriov_mock_vf_name(f->mock, f->pf, 0, name), -ENOENT);
    assert_int_equal(f->ops->bar_read(vf, TOY_BAR, TOY_SCRATCH, 4, &value), -ENODEV);
    assert_int_equal(value, UINT32_MAX);
    fixture_vfs(f, pf, 1);
    /* The old handle does not come back to life. */
    assert_int_equal(f->ops->bar_read(vf, TOY_BAR, TOY_SCRATCH, 4, &value), -ENODEV);
    f->ops->close(vf);
    vf = fixture_open(f, f->vf);
    fixture_wr(f, vf, TOY_SCRATCH, 5);
    f->ops->close(vf);
    f->ops->close(pf);
}

static void devices_choose_or_take_an_address(void **state)
{
    struct fixture *f = *state;
    struct sriov_mock_pf_opts opts = {.size = sizeof(opts), .name = "0001:3b:00.1", .total_vfs = 4};
    char name[SRIOV_NAME_MAX];

    assert_int_equal(sriov_mock_add_model(f->mock, &toy_model, &opts, name), 0);
    assert_string_equal(name, "0001:3b:00.1");
    assert_int_equal(sriov_mock_add_model(f->mock, &toy_model, &opts, name), -EBUSY);
    opts.name = "0001:3b:10.1"; /* where its VF 0 will be */
    assert_int_equal(sriov_mock_add_model(f->mock, &toy_model, &opts, name), -EBUSY);
    opts.name = "0001:3a:10.3"; /* its last VF would be there */
    opts.total_vfs = 64;
    assert_int_equal(sriov_mock_add_model(f->mock, &toy_model, &opts, name), -EBUSY);
    opts.total_vfs = 4;
    opts.name = "3b:00.1";
    assert_int_equal(sriov_mock_add_model(f->mock, &toy_model, &opts, name), -EINVAL);
    opts.name = "0000:03:00.9";
    assert_int_equal(sriov_mock_add_model(f->mock, &toy_model, &opts, name), -EINVAL);
    opts.name = NULL;
    opts.quirks = "none such";
    assert_int_equal(sriov_mock_add_model(f->mock, &toy_model, &opts, name), -EINVAL);
    assert_int_equal(sriov_mock_add_pf(f->mock, "no such model", NULL, name), -ENOENT);
    opts.quirks = NULL;
    opts.size = 4;
    assert_int_equal(sriov_mock_add_model(f->mock, &toy_model, &opts, name), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MOCK_TEST(enumerate_lists_pfs_and_enabled_vfs), MOCK_TEST(info_tells_identity_and_caps),
        MOCK_TEST(info_fills_what_there_is_room_for),   MOCK_TEST(open_refuses),
        MOCK_TEST(close_stops_bus_mastering),           MOCK_TEST(vfs_come_and_go),
        MOCK_TEST(devices_choose_or_take_an_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
