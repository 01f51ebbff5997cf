/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers of the kernel that make no sense: cut, bent, stray, without end. */
#include "linux_pf_stage.h"

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

/* ---- one attribute of VF 2 ---- */

static struct nlattr *find_in(struct nlattr *nest, uint16_t type, int nth)
{
    char *at = mnl_attr_get_payload(nest);
    const char *end = at + mnl_attr_get_payload_len(nest);

    while (at < end) {
        struct nlattr *attribute = (struct nlattr *)(void *)at;
        if (mnl_attr_get_type(attribute) == type && nth-- == 0) {
            return attribute;
        }
        at += NLMSG_ALIGN((size_t)attribute->nla_len);
    }
    fail_msg("no attribute %u", type);
    return NULL;
}

static struct nlattr *info_of_vf2(struct nlmsghdr *answer)
{
    struct nlattr *name = mnl_nlmsg_get_payload_offset(answer, sizeof(struct ifinfomsg));
    struct nlattr *list = (struct nlattr *)(void *)((char *)name + NLMSG_ALIGN((size_t)name->nla_len));

    assert_int_equal(mnl_attr_get_type(list), IFLA_VFINFO_LIST);
    return find_in(list, IFLA_VF_INFO, 2);
}

/* bend_at: which; the nests inside are named by what they hold. */
static struct nlattr *victim(const struct fake_rtnl *fake, struct nlmsghdr *answer)
{
    struct nlattr *info = info_of_vf2(answer);

    if (fake->bend_at == 300 + IFLA_VF_INFO) {
        return info;
    }
    if (fake->bend_at == 100 + IFLA_VF_VLAN_INFO) {
        return find_in(find_in(info, IFLA_VF_VLAN_LIST, 0), IFLA_VF_VLAN_INFO, 0);
    }
    if (fake->bend_at == 200 + IFLA_VF_STATS_TX_BYTES) {
        return find_in(find_in(info, IFLA_VF_STATS, 0), IFLA_VF_STATS_TX_BYTES, 0);
    }
    return find_in(info, (uint16_t)fake->bend_at, 0);
}

static void bend_to_length(struct fake_rtnl *fake, struct nlmsghdr *answer, size_t *length)
{
    (void)length;
    victim(fake, answer)->nla_len = (uint16_t)fake->bend_to;
}

static void bend_to_other_vf(struct fake_rtnl *fake, struct nlmsghdr *answer, size_t *length)
{
    const uint32_t other_vf = 1;

    (void)length;
    memcpy(mnl_attr_get_payload(victim(fake, answer)), &other_vf, sizeof(other_vf));
}

/* The structure is cut, its end lies outside of its nest, or it speaks of another VF. */
static void test_bent_attributes(void **state)
{
    struct stage *stage = *state;
    static const size_t which[] = {
        IFLA_VF_MAC,        IFLA_VF_VLAN,  IFLA_VF_RATE,           IFLA_VF_SPOOFCHK,
        IFLA_VF_LINK_STATE, IFLA_VF_TRUST, 100 + IFLA_VF_VLAN_INFO};
    struct vf_policy policy;

    for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++) {
        int refusal = which[i] == IFLA_VF_MAC ? -EOPNOTSUPP : -EPROTO; /* by the address the VF is found */
        stage->fake.bend_at = which[i];
        stage->fake.bend_to = 4 + 4;
        assert_int_equal(ask_bent(stage, &policy, bend_to_length), refusal);
        stage->fake.bend_to = 0xfff0;
        assert_int_equal(ask_bent(stage, &policy, bend_to_length), refusal);
        stage->fake.bend_to = 3;
        assert_int_equal(ask_bent(stage, &policy, bend_to_length), refusal);
        assert_int_equal(ask_bent(stage, &policy, bend_to_other_vf), refusal);
    }
    stage->fake.bend_at = 300 + IFLA_VF_INFO;
    stage->fake.bend_to = 0xfff0;
    assert_int_equal(ask_bent(stage, &policy, bend_to_length), -EPROTO);
}

static void test_bent_counters(void **state)
{
    struct stage *stage = *state;
    static const uint32_t lengths[] = {3, 4 + 4, 0xfff0};
    struct linux_pf_vf_stats stats;
    struct vf_policy policy;

    stage->fake.bend_at = 200 + IFLA_VF_STATS_TX_BYTES;
    stage->fake.bend = bend_to_length;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        stage->fake.bend_to = lengths[i];
        assert_int_equal(linux_pf_get_vf(stage->pf, 2, &policy, &stats, NULL, 0), -EPROTO);
        stage->fake.head = stage->fake.tail;
    }
}

/* Something behind the message that is none: its length, bend_to, does not fit. */
static void bend_into_more(struct fake_rtnl *fake, struct nlmsghdr *answer, size_t *length)
{
    struct nlmsghdr junk = *answer;

    junk.nlmsg_len = fake->bend_to;
    memset((char *)answer + *length, 0xff, 20);
    memcpy((char *)answer + *length, &junk, sizeof(junk));
    *length += 20;
}

static void bend_own_length(struct fake_rtnl *fake, struct nlmsghdr *answer, size_t *length)
{
    (void)length;
    answer->nlmsg_len = fake->bend_to;
}

static void test_lengths_that_do_not_fit(void **state)
{
    struct stage *stage = *state;
    static const uint32_t lengths[] = {0, 15, 21, 0x7fffffff, 0x80000000, 0x80000010, 0xfffffff0, 0xffffffff};
    struct vf_policy policy;

    assert_int_equal(ask_bent(stage, &policy, bend_nothing), 0);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        stage->fake.bend_to = lengths[i];
        assert_int_equal(ask_bent(stage, &policy, bend_into_more), -EPROTO);
        stage->fake.bend_to = lengths[i] == 21 ? (uint32_t)answer_length + 1 : lengths[i];
        assert_int_equal(ask_bent(stage, &policy, bend_own_length), -EPROTO);
    }
}

/* ---- messages that nobody asked for ---- */

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
    assert_int_equal(ask_after(stage, NLMSG_ERROR, 0, FAKE_PORTID + 1, -ENODEV, whole), -EPROTO);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_OPEN(test_cut_answers),
        ON_OPEN(test_bent_bytes),
        ON_OPEN(test_bent_attributes),
        ON_OPEN(test_bent_counters),
        ON_OPEN(test_lengths_that_do_not_fit),
        ON_OPEN(test_stray_messages),
        ON_OPEN(test_no_end_of_answers),
        ON_OPEN(test_interface_changed_hands),
    };
    return cmocka_run_group_tests_name("linux_pf_bent", tests, NULL, NULL);
}
