/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Linux's VF drivers say, word by word, and what they have to hear. The words are facts of Linux
 * 6.18: drivers/net/ethernet/intel/igbvf/{vf.c,netdev.c}, ixgbevf/{vf.c,ixgbevf_main.c} and their mbx.h;
 * for the oldest ixgbevf of Linux 3.2. They are literal here, so that no header of ours can bend them.
 */
#include "pf_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MS  UINT64_C(1000000)
#define VF  2u
#define VFS 4u

/* The host's choice 02:aa:bb:cc:dd:01, and one of the guest's own 02:55:66:77:88:99. */
#define HOST_LO 0xccbbaa02u
#define HOST_HI 0x000001ddu
#define OWN_LO  0x77665502u
#define OWN_HI  0x00009988u

static const struct sriov_mac host_mac = {{0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0x01}};

struct exchange {
    const char *what;
    uint32_t n; /* words that are written */
    uint32_t words[INTEL_MBX_WORDS];
    uint32_t m; /* words that are read; 0: the header, which has to be ACK or the driver gives up */
    uint32_t reply[5];
};

static void replay(uint16_t vf, const struct exchange *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t words[INTEL_MBX_WORDS];

        memcpy(words, list[i].words, sizeof(words));
        fake_advance(10u * MS);
        const uint32_t header = fake_ask(vf, words, INTEL_MBX_WORDS);
        if (header != list[i].reply[0]) {
            fail_msg("%s: answered 0x%08x, not 0x%08x", list[i].what, header, list[i].reply[0]);
        }
        for (uint32_t w = 1; w < list[i].m; w++) {
            if (words[w] != list[i].reply[w]) {
                fail_msg("%s: word %u is 0x%08x, not 0x%08x", list[i].what, w, words[w], list[i].reply[w]);
            }
        }
    }
}

#define REPLAY(vf, list) replay(vf, list, sizeof(list) / sizeof((list)[0]))

static struct sriov_pf *open_pf(enum fake_chip chip, uint32_t max_api)
{
    const struct fake_opts opts = {.chip = chip, .vfs = VFS, .pf = {.max_api = max_api, .vf_queues = 2}};
    struct sriov_pf *pf = fake_open(&opts);

    assert_non_null(pf);
    return pf;
}

static void close_pf(void)
{
    assert_int_equal(fake_lock_faults(), 0);
    fake_close();
}

/* ---- igbvf ---- */

/* probe, then open with IPv6, VLAN 0 of 8021q and MTU 1500 (LPE counts a tag besides). */
static const struct exchange igbvf_up[] = {
    {"RESET", 1, {0x00000001}, 3, {0x80000001, HOST_LO, HOST_HI}},
    {"SET_MAC_ADDR", 3, {0x00000002, HOST_LO, HOST_HI}, 3, {0xa0000002, HOST_LO, HOST_HI}},
    {"SET_MULTICAST", 16, {0x00020003, 0x00100010, 0xdeadbeef}, 0, {0xa0020003}},
    {"SET_MAC_ADDR, clear", 3, {0x00010002, 0, 0}, 3, {0xa0010002, 0, 0}},
    {"SET_MAC_ADDR, add", 3, {0x00020002, OWN_LO, OWN_HI}, 3, {0x60020002, OWN_LO, OWN_HI}},
    {"SET_VLAN 0", 2, {0x00010004, 0}, 2, {0xa0010004, 0}},
    {"SET_LPE 1522", 2, {0x00000005, 1522}, 0, {0xa0000005}},
};

static const struct exchange igbvf_at_work[] = {
    {"SET_VLAN 5", 2, {0x00010004, 5}, 2, {0xa0010004, 5}},
    {"SET_VLAN 5, off", 2, {0x00000004, 5}, 2, {0xa0000004, 5}},
    {"SET_LPE 9022", 2, {0x00000005, 9022}, 0, {0xa0000005}},
    {"SET_MULTICAST, none", 16, {0x00000003}, 0, {0xa0000003}},
    {"SET_MAC_ADDR, another", 3, {0x00000002, OWN_LO, OWN_HI}, 3, {0x60000002, OWN_LO, OWN_HI}},
};

/* The host chose no address: NACK, none in it, and the guest's own is granted. */
static const struct exchange igbvf_without_mac[] = {
    {"RESET", 1, {0x00000001}, 3, {0x40000001, 0, 0}},
    {"SET_MAC_ADDR", 3, {0x00000002, OWN_LO, OWN_HI}, 3, {0xa0000002, OWN_LO, OWN_HI}},
    {"SET_MAC_ADDR, add", 3, {0x00020002, 0x11111102, 0x1111}, 3, {0xa0020002, 0x11111102, 0x1111}},
};

/* ---- ixgbevf ---- */

static const struct exchange ixgbevf_greeting[] = {
    {"RESET", 1, {0x00000001}, 4, {0x80000001, HOST_LO, HOST_HI, 0}},
    {"API_NEGOTIATE 1.7", 3, {0x00000008, 8, 0}, 3, {0xa0000008, 8, 0}},
    {"FEATURES_NEGOTIATE", 2, {0x00000012, 0x00000003}, 2, {0xa0000012, 0x00000002}},
};

static const struct exchange ixgbevf_of_a_pf_with_1_4[] = {
    {"RESET", 1, {0x00000001}, 4, {0x80000001, HOST_LO, HOST_HI, 0}},
    {"API_NEGOTIATE 1.7", 3, {0x00000008, 8, 0}, 3, {0x60000008, 8, 0}},
    {"API_NEGOTIATE 1.6", 3, {0x00000008, 7, 0}, 3, {0x60000008, 7, 0}},
    {"API_NEGOTIATE 1.5", 3, {0x00000008, 6, 0}, 3, {0x60000008, 6, 0}},
    {"API_NEGOTIATE 1.4", 3, {0x00000008, 5, 0}, 3, {0xa0000008, 5, 0}},
};

/* Two groups are told, but the link-local one of them is left out: the second hash is what its stack held. */
static const struct exchange ixgbevf_up[] = {
    {"GET_QUEUES", 5, {0x00000009, 0, 0, 0, 0}, 5, {0xa0000009, 2, 2, 0, 0}},
    {"SET_MAC_ADDR", 3, {0x00000002, HOST_LO, HOST_HI}, 3, {0xa0000002, HOST_LO, HOST_HI}},
    {"UPDATE_XCAST_MODE", 2, {0x0000000c, 1}, 2, {0xa000000c, 1}},
    {"SET_MULTICAST", 16, {0x00020003, 0xffff0010, 0xdeadbeef}, 0, {0xa0020003}},
    {"SET_MACVLAN, none", 3, {0x00000006, 0, 0}, 3, {0xa0000006, 0, 0}},
    {"SET_VLAN 0", 2, {0x00010004, 0}, 2, {0xa0010004, 0}},
    {"SET_LPE 1518", 2, {0x00000005, 1518}, 2, {0xa0000005, 1518}},
    {"GET_LINK_STATE", 2, {0x00000010, 0}, 2, {0xa0000010, 1}},
};

static const struct exchange ixgbevf_at_work[] = {
    {"GET_RETA", 1, {0x0000000a}, 0, {0x6000000a}},
    {"GET_RSS_KEY", 1, {0x0000000b}, 0, {0x6000000b}},
    {"UPDATE_XCAST_MODE, all", 2, {0x0000000c, 2}, 2, {0xa000000c, 1}},
    {"SET_VLAN 5", 2, {0x00010004, 5}, 2, {0xa0010004, 5}},
    {"SET_VLAN 5, off", 2, {0x00000004, 5}, 2, {0xa0000004, 5}},
    {"SET_MACVLAN 1", 3, {0x00010006, OWN_LO, OWN_HI}, 3, {0x60010006, OWN_LO, OWN_HI}},
    {"SET_LPE 9018", 2, {0x00000005, 9018}, 2, {0xa0000005, 9018}},
    {"SET_MAC_ADDR, another", 3, {0x00000002, OWN_LO, OWN_HI}, 3, {0x60000002, OWN_LO, OWN_HI}},
};

/* Of Linux 3.2: it knows no versions, and takes no jumbo frames from a PF that has them. */
static const struct exchange ixgbevf_3_2[] = {
    {"RESET", 1, {0x00000001}, 4, {0x80000001, HOST_LO, HOST_HI, 0}},
    {"SET_MAC_ADDR", 3, {0x00000002, HOST_LO, HOST_HI}, 3, {0xa0000002, HOST_LO, HOST_HI}},
    {"SET_MULTICAST", 16, {0x00010003, 0x00000010}, 0, {0xa0010003}},
    {"SET_VLAN 5", 2, {0x00010004, 5}, 0, {0xa0010004}},
    {"SET_LPE 1518", 2, {0x00000005, 1518}, 0, {0xa0000005}},
    {"SET_LPE 9018", 2, {0x00000005, 9018}, 0, {0x60000005}},
};

/* ---- after a reset of the PF ---- */

/*
 * It finds RSTD, reads a control message without CTS and takes it for lost link; the NACK without CTS
 * that follows makes it start over. What it says before that is refused, without CTS as well.
 */
static void is_told_of_the_reset(struct sriov_pf *pf)
{
    uint32_t words[INTEL_MBX_WORDS];
    uint32_t lpe[2] = {0x00000005, 1518};

    assert_int_equal(fake_ops()->reset(pf), 0);
    assert_true(fake_announced());
    assert_true(fake_take_reply(VF, words));
    assert_int_equal(words[0], 0x00000100);
    for (uint32_t i = 0; i < 2 && words[0] == 0x00000100; i++) { /* another for the link that came back */
        (void)fake_ops()->poll(pf);
        assert_true(fake_take_reply(VF, words));
    }
    assert_int_equal(words[0], 0x40000000);
    assert_int_equal(fake_ask(VF, lpe, 2), 0x40000005);
}

static void igbvf_comes_up_twice(void **state)
{
    struct sriov_pf *pf = open_pf(FAKE_82576, 0);

    (void)state;
    assert_int_equal(fake_ops()->set_vf_mac(pf, VF, &host_mac), 0);
    for (uint32_t i = 0; i < 3; i++) {
        REPLAY(VF, igbvf_up);
        REPLAY(VF, igbvf_at_work);
        is_told_of_the_reset(pf);
    }
    close_pf();
    (void)open_pf(FAKE_82576, 0);
    REPLAY(VF, igbvf_without_mac);
    close_pf();
}

static void ixgbevf_comes_up_twice(void **state)
{
    struct sriov_pf *pf = open_pf(FAKE_82599, 0);

    (void)state;
    assert_int_equal(fake_ops()->set_vf_mac(pf, VF, &host_mac), 0);
    for (uint32_t i = 0; i < 3; i++) {
        REPLAY(VF, ixgbevf_greeting);
        REPLAY(VF, ixgbevf_up);
        REPLAY(VF, ixgbevf_at_work);
        is_told_of_the_reset(pf);
    }
    close_pf();
}

static void ixgbevf_finds_an_older_pf(void **state)
{
    struct sriov_pf *pf = open_pf(FAKE_82599, 0x0104);

    (void)state;
    assert_int_equal(fake_ops()->set_vf_mac(pf, VF, &host_mac), 0);
    for (uint32_t i = 0; i < 3; i++) {
        REPLAY(VF, ixgbevf_of_a_pf_with_1_4);
        REPLAY(VF, ixgbevf_up);
        REPLAY(VF, ixgbevf_at_work);
        is_told_of_the_reset(pf);
    }
    close_pf();
}

static void an_old_ixgbevf_comes_up(void **state)
{
    struct sriov_pf *pf = open_pf(FAKE_82599, 0);

    (void)state;
    assert_int_equal(fake_ops()->set_vf_mac(pf, VF, &host_mac), 0);
    for (uint32_t i = 0; i < 3; i++) {
        REPLAY(VF, ixgbevf_3_2);
        is_told_of_the_reset(pf);
    }
    close_pf();
}

/* A guest that reboots and reloads its driver all the time is no storm to its PF. */
static void coming_up_is_no_offence(void **state)
{
    struct sriov_pf *pf = open_pf(FAKE_82599, 0x0104);
    struct sriov_pf_vf_info info = {.size = sizeof(info)};

    (void)state;
    assert_int_equal(fake_ops()->set_vf_mac(pf, VF, &host_mac), 0);
    for (uint32_t i = 0; i < 500; i++) {
        fake_vf_was_reset(VF);
        REPLAY(VF, ixgbevf_of_a_pf_with_1_4);
        REPLAY(VF, ixgbevf_up);
    }
    assert_int_equal(fake_ops()->get_vf(pf, VF, &info), 0);
    assert_false(info.limited || info.shut);
    close_pf();
}

/* ---- an answer that comes too late ---- */

/*
 * For a second Linux's drivers look for an answer; then they say nothing any more, whatever comes. Every two
 * seconds they look at the memory: with CTS in it they start over, with NACK alone as well, and with
 * anything else they wait on, for ever if it is the answer to RESET.
 */
static void one_that_gave_up_starts_over(void **state)
{
    static const enum fake_chip chips[] = {FAKE_82576, FAKE_82599};
    const uint32_t reset[1] = {0x00000001};

    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        struct sriov_pf *pf = open_pf(chips[i / 2], 0);
        uint32_t words[INTEL_MBX_WORDS];

        assert_int_equal(fake_ops()->set_vf_mac(pf, VF, &host_mac), 0);
        fake_advance(10u * MS);
        (void)fake_ops()->poll(pf);
        (void)fake_take_reply(VF, words);
        fake_ring(VF, reset, 1);
        (void)fake_ops()->poll(pf);
        /* Its next look may acknowledge the answer all the same, which says nothing. */
        if (i % 2 == 1) {
            assert_true(fake_take_reply(VF, words));
            assert_int_equal(words[0], 0x80000001);
        }
        fake_advance(1010u * MS);
        (void)fake_ops()->poll(pf);
        assert_int_equal(fake_rung(VF), i % 2 == 0);
        fake_advance(200u * MS);
        (void)fake_ops()->poll(pf);
        assert_true(fake_take_reply(VF, words));
        assert_int_equal(words[0], 0x20000100);
        fake_advance(60000u * MS);
        (void)fake_ops()->poll(pf);
        assert_false(fake_rung(VF)); /* once is enough: it stays where it is */
        close_pf();
    }
}

static void one_that_came_up_is_left_alone(void **state)
{
    struct sriov_pf *pf = open_pf(FAKE_82576, 0);

    (void)state;
    assert_int_equal(fake_ops()->set_vf_mac(pf, VF, &host_mac), 0);
    REPLAY(VF, igbvf_up);
    for (uint32_t i = 0; i < 100; i++) {
        fake_advance(100u * MS);
        (void)fake_ops()->poll(pf);
        assert_false(fake_rung(VF));
    }
    close_pf();
}

/* They wait 10 ms before they read the answer to RESET: news of the link must not take its place. */
static void the_greeting_is_not_overwritten(void **state)
{
    const uint32_t reset[1] = {0x00000001};
    struct sriov_pf *pf = open_pf(FAKE_82576, 0);
    uint32_t words[INTEL_MBX_WORDS];

    (void)state;
    assert_int_equal(fake_ops()->set_vf_mac(pf, VF, &host_mac), 0);
    fake_advance(10u * MS);
    (void)fake_ops()->poll(pf);
    (void)fake_take_reply(VF, words);
    fake_ring(VF, reset, 1);
    (void)fake_ops()->poll(pf);
    fake_reg_set(0x00008, fake_reg(0x00008) & ~UINT32_C(2)); /* STATUS.LU */
    for (uint32_t i = 0; i < 20; i++) {
        fake_advance(1u * MS);
        (void)fake_ops()->poll(pf);
    }
    assert_true(fake_take_reply(VF, words));
    assert_int_equal(words[0], 0x80000001);
    (void)fake_ops()->poll(pf);
    assert_true(fake_take_reply(VF, words));
    assert_int_equal(words[0], 0x20000100);
    close_pf();
}

/* CTRL.RST, then RESET: a PF that looks at the former first, and then at both, must not take the greeting
 * back for a reset that came before it. */
static void a_reset_goes_before_its_message(void **state)
{
    static const enum fake_chip chips[] = {FAKE_82576, FAKE_82599};

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        struct sriov_pf *pf = open_pf(chips[i], 0);
        uint32_t reset[4] = {0x00000001};
        uint32_t lpe[2] = {0x00000005, 1518};

        fake_vf_resets_late(VF);
        assert_int_equal(fake_ask(VF, reset, 4), 0x40000001);
        (void)fake_ops()->poll(pf);
        assert_int_equal(fake_ask(VF, lpe, 2), 0xa0000005);
        close_pf();
    }
}

/* ---- CVE-2025-40104, the PF's side ---- */

static bool is_mailbox(uint32_t off)
{
    return (off >= 0x13000u && off < 0x14000u) || (off >= 0x04b00u && off < 0x04c00u) ||
           (off >= 0x00700u && off < 0x00730u);
}

static uint64_t registers(void)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (uint32_t off = 0; off < 0x20000u; off += 4) {
        hash = (hash ^ (is_mailbox(off) ? 0 : fake_reg(off))) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/*
 * Versions 1.4 to 1.6 mean IPsec to some PFs and to others not, and 1.5 a locked mailbox. Ours has no
 * IPsec: it says so when asked (1.7), and refuses what comes unasked, under any version, with nothing
 * done. Its answers need no other mailbox than the one they always had.
 */
static void ipsec_is_refused_under_every_version(void **state)
{
    (void)state;
    for (uint32_t api = 0x0100; api <= 0x0107; api++) {
        uint32_t add[INTEL_MBX_WORDS] = {0x0000000d, 0x00000001, 0xc0a80001, 0,    0,    0,
                                         0x12345678, 0xaa,       0xbb,       0xcc, 0xdd, 0xee};
        uint32_t del[2] = {0x0000000e, 0};
        uint32_t features[2] = {0x00000012, 0xffffffff};
        uint32_t lpe[2] = {0x00000005, 1518};

        (void)open_pf(FAKE_82599, 0);
        fake_greet(VF, api);
        const uint64_t before = registers();
        assert_int_equal(fake_ask(VF, add, INTEL_MBX_WORDS), 0x6000000d);
        assert_int_equal(fake_ask(VF, del, 2), 0x6000000e);
        assert_int_equal(fake_ask(VF, features, 2), api == 0x0107 ? 0xa0000012 : 0x60000012);
        assert_int_equal(features[1], api == 0x0107 ? 0x00000002 : 0xffffffff);
        assert_int_equal(registers(), before);
        assert_int_equal(fake_ask(VF, lpe, 2), 0xa0000005);
        close_pf();
    }
}

/* API 2.0, of another branch, gave 0x0a to 0x0f other meanings: it is not spoken, and they keep theirs. */
static void another_branch_is_not_spoken(void **state)
{
    (void)state;
    (void)open_pf(FAKE_82599, 0);
    for (uint32_t id = 0x0au; id <= 0x0fu; id++) {
        uint32_t negotiate[3] = {0x00000008, 1, 0};
        uint32_t words[INTEL_MBX_WORDS] = {id, 1, 2, 3};

        fake_greet(VF, 0x0100);
        assert_int_equal(fake_ask(VF, negotiate, 3), 0x60000008);
        const uint64_t before = registers();
        assert_int_equal(fake_ask(VF, words, INTEL_MBX_WORDS), 0x60000000u | id);
        assert_int_equal(registers(), before);
    }
    close_pf();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(igbvf_comes_up_twice),
        cmocka_unit_test(ixgbevf_comes_up_twice),
        cmocka_unit_test(ixgbevf_finds_an_older_pf),
        cmocka_unit_test(an_old_ixgbevf_comes_up),
        cmocka_unit_test(coming_up_is_no_offence),
        cmocka_unit_test(one_that_gave_up_starts_over),
        cmocka_unit_test(one_that_came_up_is_left_alone),
        cmocka_unit_test(the_greeting_is_not_overwritten),
        cmocka_unit_test(a_reset_goes_before_its_message),
        cmocka_unit_test(ipsec_is_refused_under_every_version),
        cmocka_unit_test(another_branch_is_not_spoken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
