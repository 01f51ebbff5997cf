/* SPDX-License-Identifier: BSD-3-Clause */
/* The back end for PFs that Linux owns, against a kernel that answers well, refuses, or lies. */
#include "fake_rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct stage {
    struct fake_rtnl fake;
    struct linux_pf *pf;
    char why[256];
};

static int open_pf(struct stage *stage)
{
    struct linux_pf_opts opts = {.sysfs_root = stage->fake.root, .transport = &stage->fake.transport};

    stage->pf = NULL;
    stage->why[0] = '\0';
    return linux_pf_open(FAKE_BDF, &opts, &stage->pf, stage->why, sizeof(stage->why));
}

static int setup_closed(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    fake_rtnl_open(&stage->fake);
    *state = stage;
    return 0;
}

static int setup(void **state)
{
    (void)setup_closed(state);
    struct stage *stage = *state;
    assert_int_equal(open_pf(stage), 0);
    stage->fake.gets = 0;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;

    if (stage->pf != NULL) {
        linux_pf_close(stage->pf);
        assert_int_equal(stage->fake.closed, 1);
    }
    fake_rtnl_close(&stage->fake);
    free(stage);
    return 0;
}

static int get(struct stage *stage, uint16_t vf, struct vf_policy *policy)
{
    stage->why[0] = '\0';
    return linux_pf_get_vf(stage->pf, vf, policy, NULL, stage->why, sizeof(stage->why));
}

static int set(struct stage *stage, uint16_t vf, uint32_t part, const struct vf_policy *wanted)
{
    stage->why[0] = '\0';
    return linux_pf_set_vf(stage->pf, vf, part, wanted, stage->why, sizeof(stage->why));
}

#define assert_says(stage, words) assert_non_null(strstr((stage)->why, words))

#define EVERY                                                                                                \
    (VF_POLICY_MAC | VF_POLICY_VLAN | VF_POLICY_TRUST | VF_POLICY_SPOOF_CHECK | VF_POLICY_LINK |             \
     VF_POLICY_RATE)

static const struct vf_policy other = {.known = EVERY,
                                       .mac = {{2, 0xaa, 0xbb, 0xcc, 0xdd, 0xee}},
                                       .vlan = 4094,
                                       .qos = 7,
                                       .vlan_protocol = VF_POLICY_8021Q,
                                       .trusted = true,
                                       .spoof_check = false,
                                       .link = VF_POLICY_LINK_OFF,
                                       .max_rate = 500,
                                       .min_rate = 100};

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

/* ---- answers that make no sense ---- */

static void bend_length(struct fake_rtnl *fake, struct nlmsghdr *answer, size_t *length)
{
    (void)answer;
    *length = fake->bend_at;
}

static void bend_both_lengths(struct fake_rtnl *fake, struct nlmsghdr *answer, size_t *length)
{
    answer->nlmsg_len = (uint32_t)fake->bend_at;
    *length = fake->bend_at;
}

static void bend_byte(struct fake_rtnl *fake, struct nlmsghdr *answer, size_t *length)
{
    (void)length;
    ((uint8_t *)answer)[fake->bend_at] = (uint8_t)fake->bend_to;
}

static size_t answer_length;

static void bend_nothing(struct fake_rtnl *fake, struct nlmsghdr *answer, size_t *length)
{
    (void)fake;
    (void)answer;
    answer_length = *length;
}

/* One question with the answer bent, and what was left of it thrown away. */
static int ask_bent(struct stage *stage, struct vf_policy *policy,
                    void (*bend)(struct fake_rtnl *fake, struct nlmsghdr *answer, size_t *length))
{
    stage->fake.bend = bend;
    int rc = get(stage, 2, policy);
    stage->fake.bend = NULL;
    stage->fake.head = stage->fake.tail;
    return rc;
}

/* Cut anywhere: the datagram alone, or with a header that says so too. */
static void test_cut_answers(void **state)
{
    struct stage *stage = *state;
    struct vf_policy policy;

    assert_int_equal(ask_bent(stage, &policy, bend_nothing), 0);
    assert_in_range(answer_length, 500, FAKE_DATAGRAM);
    for (size_t n = 0; n < answer_length; n++) {
        stage->fake.bend_at = n;
        assert_int_equal(ask_bent(stage, &policy, bend_length), -EPROTO);
        if (n < sizeof(struct nlmsghdr)) {
            continue;
        }
        int rc = ask_bent(stage, &policy, bend_both_lengths);
        /* Between two attributes of the interface's own nothing seems to be missing. */
        assert_true(rc == -EPROTO || rc == -EOPNOTSUPP || (rc == 0 && policy.known == EVERY));
    }
}

/* Every byte, many values: an answer or a typed refusal, and at the end all is as before. */
static void test_bent_bytes(void **state)
{
    struct stage *stage = *state;
    static const uint8_t values[] = {0x00, 0x01, 0x03, 0x04, 0x05, 0x08, 0x2c, 0x7f, 0x80, 0xfe, 0xff};
    struct vf_policy policy;

    assert_int_equal(ask_bent(stage, &policy, bend_nothing), 0);
    for (size_t at = 0; at < answer_length; at++) {
        for (size_t i = 0; i < sizeof(values); i++) {
            stage->fake.bend_at = at;
            stage->fake.bend_to = values[i];
            int rc = ask_bent(stage, &policy, bend_byte);
            assert_true(rc == 0 || rc == -EPROTO || rc == -EOPNOTSUPP || rc == -ENODEV || rc == -ETIMEDOUT);
            assert_true(policy.link <= VF_POLICY_LINK_OFF && policy.qos <= VF_POLICY_QOS_MAX);
        }
    }
    assert_int_equal(get(stage, 2, &policy), 0);
    assert_int_equal(policy.known, EVERY);
}

static int ask_after(struct stage *stage, uint16_t type, uint32_t seq_off, uint32_t portid, int err, size_t n)
{
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
    } stray = {.header = {.nlmsg_len = (uint32_t)n, .nlmsg_type = type, .nlmsg_pid = portid}};
    static uint32_t asked = 1; /* opening asked once */
    struct vf_policy policy;

    stray.header.nlmsg_seq = ++asked + seq_off;
    stray.error.error = err;
    fake_rtnl_push(&stage->fake, &stray, n);
    int rc = get(stage, 0, &policy);
    stage->fake.head = stage->fake.tail;
    return rc;
}

static void test_stray_messages(void **state)
{
    struct stage *stage = *state;
    const size_t whole = sizeof(struct nlmsghdr) + sizeof(struct nlmsgerr);

    /* Left over from an earlier request: passed over. */
    assert_int_equal(ask_after(stage, NLMSG_ERROR, 1, FAKE_PORTID, -EIO, whole), 0);
    assert_int_equal(ask_after(stage, NLMSG_ERROR, 0, FAKE_PORTID + 1, 0, whole), -EPROTO);
    assert_int_equal(ask_after(stage, RTM_DELLINK, 0, FAKE_PORTID, 0, whole), -EPROTO);
    assert_int_equal(ask_after(stage, NLMSG_DONE, 0, FAKE_PORTID, 0, whole), -EPROTO);
    assert_int_equal(ask_after(stage, NLMSG_ERROR, 0, FAKE_PORTID, 0, whole - 4), -EPROTO);
    assert_int_equal(ask_after(stage, RTM_NEWLINK, 0, FAKE_PORTID, 0, sizeof(struct nlmsghdr) + 4), -EPROTO);
    /* An acknowledgement without an answer. */
    assert_int_equal(ask_after(stage, NLMSG_ERROR, 0, FAKE_PORTID, 0, whole), -EPROTO);
    assert_int_equal(ask_after(stage, NLMSG_ERROR, 0, FAKE_PORTID, -ENODEV, whole), -ENODEV);
}

static void bend_longer_than_room(struct fake_rtnl *fake, struct nlmsghdr *answer, size_t *length)
{
    (void)fake;
    (void)answer;
    *length = 1u << 30;
}

static void bend_into_flood(struct fake_rtnl *fake, struct nlmsghdr *answer, size_t *length)
{
    size_t n = *length;

    fake->length[fake->tail % FAKE_QUEUE] = n;
    for (uint32_t i = 1; i < 24; i++) {
        memcpy(fake->queue[(fake->tail + i) % FAKE_QUEUE], answer, n);
        fake->length[(fake->tail + i) % FAKE_QUEUE] = n;
    }
    fake->tail += 23;
}

static void test_no_end_of_answers(void **state)
{
    struct stage *stage = *state;
    struct vf_policy policy;

    assert_int_equal(ask_bent(stage, &policy, bend_longer_than_room), -EPROTO);
    assert_int_equal(ask_bent(stage, &policy, bend_into_flood), -EPROTO);
    stage->fake.no_ack = true;
    assert_int_equal(get(stage, 0, &policy), -ETIMEDOUT);
    assert_says(stage, "does not answer");
}

static void test_interface_changed_hands(void **state)
{
    struct stage *stage = *state;
    struct vf_policy policy;

    stage->fake.name = "eth77";
    assert_int_equal(get(stage, 0, &policy), -ENODEV);
    stage->fake.name = FAKE_NAME;
    stage->fake.parent = "0000:04:00.0";
    assert_int_equal(set(stage, 0, VF_POLICY_MAC, &other), -ENODEV);
    assert_says(stage, "renamed or moved");
    assert_int_equal(stage->fake.sets, 0);
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

#define ON_OPEN(test)   cmocka_unit_test_setup_teardown(test, setup, teardown)
#define ON_CLOSED(test) cmocka_unit_test_setup_teardown(test, setup_closed, teardown)

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
        ON_OPEN(test_cut_answers),
        ON_OPEN(test_bent_bytes),
        ON_OPEN(test_stray_messages),
        ON_OPEN(test_no_end_of_answers),
        ON_OPEN(test_interface_changed_hands),
        ON_CLOSED(test_open_refusals),
        ON_CLOSED(test_long_names),
        ON_CLOSED(test_real_socket),
    };
    return cmocka_run_group_tests_name("linux_pf", tests, NULL, NULL);
}
