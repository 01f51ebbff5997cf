/* SPDX-License-Identifier: BSD-3-Clause */
/* The back end for PFs that Linux owns, against a kernel that answers well or refuses. */
#include "linux_pf_stage.h"

/* ---- reading ---- */

static void test_reads_all(void **state)
{
    struct stage *stage = *state;
    struct vf_policy policy;
    char bdf[SRIOV_NAME_MAX];

    stage->fake.vfs[2] =
        (struct fake_vf){.mac = {2, 1, 2, 3, 4, 5},
                         .vlan = {.vf = 2, .vlan = 100, .qos = 5, .vlan_proto = htons(0x88a8)},
                         .trust = 1,
                         .link = IFLA_VF_LINK_STATE_ENABLE,
                         .min_rate = 10,
                         .max_rate = 20};
    assert_int_equal(get(stage, 2, &policy), 0);
    assert_int_equal(policy.known, EVERY);
    assert_memory_equal(policy.mac.b, stage->fake.vfs[2].mac, 6);
    assert_int_equal(policy.vlan, 100);
    assert_int_equal(policy.qos, 5);
    assert_int_equal(policy.vlan_protocol, VF_POLICY_8021AD);
    assert_true(policy.trusted);
    assert_false(policy.spoof_check);
    assert_int_equal(policy.link, VF_POLICY_LINK_ON);
    assert_int_equal(policy.min_rate, 10);
    assert_int_equal(policy.max_rate, 20);
    assert_string_equal(linux_pf_interface(stage->pf), FAKE_NAME);
    assert_string_equal(linux_pf_driver(stage->pf), "brave");
    assert_int_equal(linux_pf_num_vfs(stage->pf, NULL, 0), 3);
    assert_int_equal(linux_pf_vf_bdf(stage->pf, 2, bdf), 0);
    assert_string_equal(bdf, "0000:03:10.4");
    assert_int_equal(linux_pf_vf_bdf(stage->pf, 1, bdf), -EINVAL);
}

static void test_reads_counters(void **state)
{
    struct stage *stage = *state;
    struct linux_pf_vf_stats stats;
    struct vf_policy policy;

    assert_int_equal(linux_pf_get_vf(stage->pf, 1, &policy, &stats, NULL, 0), 0);
    assert_true(stats.present);
    assert_int_equal(stats.rx_packets, 1000 + IFLA_VF_STATS_RX_PACKETS);
    assert_int_equal(stats.tx_packets, 1000 + IFLA_VF_STATS_TX_PACKETS);
    assert_int_equal(stats.rx_bytes, 1000 + IFLA_VF_STATS_RX_BYTES);
    assert_int_equal(stats.tx_bytes, 1000 + IFLA_VF_STATS_TX_BYTES);
    assert_int_equal(stats.broadcast, 1000 + IFLA_VF_STATS_BROADCAST);
    assert_int_equal(stats.multicast, 1000 + IFLA_VF_STATS_MULTICAST);
    assert_int_equal(stats.rx_dropped, 1000 + IFLA_VF_STATS_RX_DROPPED);
    assert_int_equal(stats.tx_dropped, 1000 + IFLA_VF_STATS_TX_DROPPED);
    stage->fake.no_stats = true;
    assert_int_equal(linux_pf_get_vf(stage->pf, 1, &policy, &stats, NULL, 0), 0);
    assert_false(stats.present);
}

/* A driver that knows neither: the kernel says all ones. */
static void test_what_is_not_told(void **state)
{
    struct stage *stage = *state;
    struct vf_policy policy;

    stage->fake.vfs[0].trust = UINT32_MAX;
    stage->fake.vfs[0].spoof = UINT32_MAX;
    stage->fake.vfs[0].link = 9;
    assert_int_equal(get(stage, 0, &policy), 0);
    assert_int_equal(policy.known, VF_POLICY_MAC | VF_POLICY_VLAN | VF_POLICY_RATE);
    assert_int_equal(set(stage, 0, VF_POLICY_TRUST, &other), 1);
    assert_int_equal(stage->fake.vfs[0].trust, 1);
}

/* ---- setting ---- */

static void test_sets_each_part_once(void **state)
{
    struct stage *stage = *state;
    const struct fake_vf before = stage->fake.vfs[0];
    struct vf_policy policy;
    uint32_t sets = 0;

    for (uint32_t part = 1; part < EVERY; part <<= 1) {
        assert_int_equal(get(stage, 1, &policy), 0);
        assert_false(vf_policy_same(&policy, &other, part));
        assert_int_equal(set(stage, 1, part, &other), 1);
        assert_int_equal(stage->fake.sets, ++sets);
        assert_int_equal(get(stage, 1, &policy), 0);
        assert_true(vf_policy_same(&policy, &other, part));
        assert_int_equal(set(stage, 1, part, &other), 0);
        assert_int_equal(stage->fake.sets, sets);
    }
    assert_int_equal(sets, 6);
    assert_int_equal(stage->fake.vfs[1].vlan.vlan, 4094);
    assert_int_equal(stage->fake.vfs[1].vlan.vlan_proto, htons(0x8100));
    assert_memory_equal(&stage->fake.vfs[0], &before, sizeof(before));
}

/* The same number with another tag is another VLAN. */
static void test_vlan_protocol_counts(void **state)
{
    struct stage *stage = *state;
    const struct vf_policy wanted = {.known = VF_POLICY_VLAN, .vlan = 5, .vlan_protocol = VF_POLICY_8021Q};

    stage->fake.vfs[0].vlan = (struct ifla_vf_vlan_info){.vlan = 5, .vlan_proto = htons(0x88a8)};
    assert_int_equal(set(stage, 0, VF_POLICY_VLAN, &wanted), 1);
    assert_int_equal(stage->fake.vfs[0].vlan.vlan_proto, htons(0x8100));
}

static void test_nonsense_is_not_sent(void **state)
{
    struct stage *stage = *state;
    struct vf_policy wanted = other;

    wanted.mac.b[0] = 1;
    wanted.vlan = 4095;
    wanted.link = 3;
    wanted.min_rate = 501;
    for (uint32_t part = 1; part < EVERY; part <<= 1) {
        if (part != VF_POLICY_TRUST && part != VF_POLICY_SPOOF_CHECK) {
            assert_int_equal(set(stage, 0, part, &wanted), -EINVAL);
            assert_says(stage, vf_policy_part_name(part));
        }
    }
    wanted.known = 0;
    assert_int_equal(set(stage, 0, VF_POLICY_TRUST, &wanted), -EINVAL);
    wanted = other;
    wanted.known = UINT32_MAX;
    assert_int_equal(set(stage, 0, 1u << 20, &wanted), -EINVAL);
    assert_int_equal(stage->fake.gets + stage->fake.sets, 0);
}

static void test_vf_that_is_not_enabled(void **state)
{
    struct stage *stage = *state;
    struct vf_policy policy;

    assert_int_equal(get(stage, 3, &policy), -EINVAL);
    assert_says(stage, "VF 3 is not enabled; there are 0 to 2");
    assert_int_equal(set(stage, 3, VF_POLICY_MAC, &other), -EINVAL);
    fake_sysfs_write(&stage->fake, "sriov_numvfs", "0\n");
    assert_int_equal(set(stage, 0, VF_POLICY_MAC, &other), -EINVAL);
    assert_says(stage, "no VFs enabled: sriovctl vfs");
    fake_sysfs_write(&stage->fake, "sriov_numvfs", "4\n");
    assert_int_equal(stage->fake.gets + stage->fake.sets, 0);
    assert_int_equal(get(stage, 3, &policy), -EOPNOTSUPP);
    assert_says(stage, "driver brave tells nothing of VF 3");
    fake_sysfs_remove(&stage->fake, "sriov_numvfs");
    assert_int_equal(get(stage, 0, &policy), -ENODEV);
}

/* ---- refusals ---- */

static void test_refusals(void **state)
{
    struct stage *stage = *state;
    static const struct {
        int kernel;
        int ours;
        const char *words;
    } cases[] = {
        {-EOPNOTSUPP, -EOPNOTSUPP, "driver brave cannot set the trust"},
        {-EPROTONOSUPPORT, -EOPNOTSUPP, "driver brave cannot set the trust"},
        {-EPERM, -EPERM, "run as root"},
        {-EACCES, -EPERM, "run as root"},
        {-ENODEV, -ENODEV, "is gone"},
        {-ENETDOWN, -EAGAIN, "ip link set dev eth7 up"},
        {-EBUSY, -EAGAIN, "try again"},
        {-EAGAIN, -EAGAIN, "try again"},
        {-EINVAL, -EINVAL, "driver brave refuses that trust for VF 1"},
        {-EIO, -EPROTO, "driver brave fails to set the trust of VF 1"},
        {-ENOMEM, -ENOMEM, "out of memory"},
        {-EDOM, -EPROTO, "dmesg"},
        {-4095, -EPROTO, "dmesg"},
        {-4096, -EPROTO, "makes no sense"},
        {1, -EPROTO, "makes no sense"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        stage->fake.refuse = cases[i].kernel;
        assert_int_equal(set(stage, 1, VF_POLICY_TRUST, &other), cases[i].ours);
        assert_says(stage, cases[i].words);
        assert_says(stage, FAKE_NAME);
        assert_null(strchr(stage->why, '\n'));
    }
    stage->fake.refuse = 0;
    assert_int_equal(set(stage, 1, VF_POLICY_TRUST, &other), 1);
}

/* The same number for several reasons: what can be seen from here tells them apart. */
static void test_invalid_is_explained(void **state)
{
    struct stage *stage = *state;
    struct vf_policy wanted = other;

    stage->fake.refuse = -EINVAL;
    assert_int_equal(set(stage, 0, VF_POLICY_RATE, &wanted), -EINVAL);
    assert_says(stage, "refuses minimum rate 100");
    wanted.max_rate = 1001;
    assert_int_equal(set(stage, 0, VF_POLICY_RATE, &wanted), -EINVAL);
    assert_says(stage, "above the link's 1000 Mbit/s");
    fake_sysfs_write(&stage->fake, "net/" FAKE_NAME "/speed", "-1\n");
    assert_int_equal(set(stage, 0, VF_POLICY_RATE, &wanted), -EAGAIN);
    assert_says(stage, "has no link");
    stage->fake.flags = 0;
    assert_int_equal(set(stage, 0, VF_POLICY_RATE, &wanted), -EAGAIN);
    assert_says(stage, "eth7 is down");
}

static void test_reason_in_words(void **state)
{
    struct stage *stage = *state;

    stage->fake.refuse = -EINVAL;
    stage->fake.reason = "not\tin \x1b[31mswitchdev";
    for (int repeats = 0; repeats < 2; repeats++) {
        stage->fake.repeats_request = repeats == 1;
        assert_int_equal(set(stage, 0, VF_POLICY_VLAN, &other), -EINVAL);
        assert_says(stage, "(the kernel says: not in  [31mswitchdev)");
    }
    stage->fake.reason = NULL;
    assert_int_equal(set(stage, 0, VF_POLICY_VLAN, &other), -EINVAL);
    assert_null(strstr(stage->why, "the kernel says"));
}

/* A line longer than its room is cut, and ends. */
static void test_short_room(void **state)
{
    struct stage *stage = *state;
    char why[16];

    stage->fake.refuse = -EINVAL;
    stage->fake.reason = "because";
    for (size_t room = 0; room < sizeof(why); room++) {
        memset(why, '#', sizeof(why));
        assert_int_equal(linux_pf_set_vf(stage->pf, 0, VF_POLICY_VLAN, &other, why, room), -EINVAL);
        assert_int_equal(why[room], '#');
        assert_true(room == 0 || memchr(why, '\0', room) != NULL);
    }
    assert_int_equal(linux_pf_set_vf(stage->pf, 0, VF_POLICY_VLAN, &other, NULL, 0), -EINVAL);
}

/* ---- which PF ---- */

static void refused_open(struct stage *stage, int err, const char *words)
{
    uint32_t closed = stage->fake.closed;

    assert_int_equal(open_pf(stage), err);
    assert_says(stage, words);
    assert_null(stage->pf);
    assert_int_equal(stage->fake.closed, closed + 1);
}

static void test_open_refusals(void **state)
{
    struct stage *stage = *state;
    struct linux_pf_opts opts = {.sysfs_root = stage->fake.root, .transport = &stage->fake.transport};

    assert_int_equal(linux_pf_open("0000:09:00.0", &opts, &stage->pf, stage->why, sizeof(stage->why)),
                     -ENOENT);
    assert_says(stage, "0000:09:00.0: no such PCI function");
    stage->fake.name = "other";
    refused_open(stage, -ENODEV, "renamed");
    fake_sysfs_remove(&stage->fake, "net/eth7/ifindex");
    fake_sysfs_write(&stage->fake, "net/eth9/ifindex", "x\n");
    refused_open(stage, -EOPNOTSUPP, "driver brave gives it no network interface");
    fake_sysfs_remove(&stage->fake, "driver");
    refused_open(stage, -EOPNOTSUPP, "no driver has it");
    fake_sysfs_remove(&stage->fake, "sriov_numvfs");
    refused_open(stage, -EOPNOTSUPP, "has no SR-IOV capability");
}

static void test_long_names(void **state)
{
    struct stage *stage = *state;
    char root[1000];
    struct linux_pf_opts opts = {.sysfs_root = root};

    memset(root, '/', sizeof(root) - 1);
    root[sizeof(root) - 1] = '\0';
    assert_int_equal(linux_pf_open(FAKE_BDF, &opts, &stage->pf, stage->why, sizeof(stage->why)), -EINVAL);
    opts.sysfs_root = stage->fake.root;
    assert_int_equal(linux_pf_open(root, &opts, &stage->pf, stage->why, sizeof(stage->why)), -EINVAL);
}

/* The real transport: the loopback interface is always there, and has no VFs. */
static void test_real_socket(void **state)
{
    struct stage *stage = *state;
    struct linux_pf_opts opts = {.sysfs_root = stage->fake.root};
    struct vf_policy policy;

    fake_sysfs_write(&stage->fake, "net/lo/ifindex", "1\n");
    assert_int_equal(linux_pf_open(FAKE_BDF, &opts, &stage->pf, stage->why, sizeof(stage->why)), 0);
    assert_string_equal(linux_pf_interface(stage->pf), "lo");
    assert_int_equal(get(stage, 0, &policy), -EOPNOTSUPP);
    linux_pf_close(stage->pf);
    stage->pf = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_OPEN(test_reads_all),
        ON_OPEN(test_reads_counters),
        ON_OPEN(test_what_is_not_told),
        ON_OPEN(test_sets_each_part_once),
        ON_OPEN(test_vlan_protocol_counts),
        ON_OPEN(test_nonsense_is_not_sent),
        ON_OPEN(test_vf_that_is_not_enabled),
        ON_OPEN(test_refusals),
        ON_OPEN(test_invalid_is_explained),
        ON_OPEN(test_reason_in_words),
        ON_OPEN(test_short_room),
        ON_CLOSED(test_open_refusals),
        ON_CLOSED(test_long_names),
        ON_CLOSED(test_real_socket),
    };
    return cmocka_run_group_tests_name("linux_pf", tests, NULL, NULL);
}
