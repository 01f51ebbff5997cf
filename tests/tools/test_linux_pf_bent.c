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

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_OPEN(test_cut_answers),
        ON_OPEN(test_bent_bytes),
        ON_OPEN(test_stray_messages),
        ON_OPEN(test_no_end_of_answers),
        ON_OPEN(test_interface_changed_hands),
    };
    return cmocka_run_group_tests_name("linux_pf_bent", tests, NULL, NULL);
}
