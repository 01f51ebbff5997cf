/* SPDX-License-Identifier: BSD-3-Clause */
/* Guests that mean harm: malformed words, floods, locks that are never given back. Both devices. */
#include "pf_fake.h"

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ACK  (INTEL_MBX_ACK | INTEL_MBX_CTS)
#define NACK (INTEL_MBX_NACK | INTEL_MBX_CTS)

static struct sriov_pf *open_pf(enum fake_chip chip, uint16_t vfs)
{
    const struct fake_opts opts = {.chip = chip, .vfs = vfs};
    struct sriov_pf *pf = fake_open(&opts);

    assert_non_null(pf);
    return pf;
}

static int close_pf(void **state)
{
    (void)state;
    assert_int_equal(fake_lock_faults(), 0);
    fake_close();
    return 0;
}

struct bad {
    const char *name;
    uint32_t words[INTEL_MBX_WORDS];
};

static const struct bad bad_for_both[] = {
    {"mac: zero", {INTEL_MBX_VF_SET_MAC_ADDR, 0, 0}},
    {"mac: multicast", {INTEL_MBX_VF_SET_MAC_ADDR, 0x00000001, 0}},
    {"mac: broadcast", {INTEL_MBX_VF_SET_MAC_ADDR, UINT32_MAX, 0xffff}},
    {"mac: the PF's own", {INTEL_MBX_VF_SET_MAC_ADDR, 0xbb000002, 0x0100}},
    {"multicast: 31", {INTEL_MBX_VF_SET_MULTICAST | 31u << 16}},
    {"vlan: 4095", {INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD, 4095}},
    {"vlan: 4096", {INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD, 4096}},
    {"vlan: all ones", {INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD, UINT32_MAX}},
    {"vlan: info 2", {INTEL_MBX_VF_SET_VLAN | 2u << 16, 1}},
    {"lpe: 0", {INTEL_MBX_VF_SET_LPE, 0}},
    {"lpe: 9729", {INTEL_MBX_VF_SET_LPE, 9729}},
    {"lpe: 65536 + 1518", {INTEL_MBX_VF_SET_LPE, 65536 + 1518}},
    {"lpe: all ones", {INTEL_MBX_VF_SET_LPE, UINT32_MAX}},
    {"reset with an argument", {INTEL_MBX_VF_RESET | 1u << 16}},
    {"header with CTS", {INTEL_MBX_VF_SET_LPE | INTEL_MBX_CTS, 1518}},
    {"header with unknown flags", {INTEL_MBX_VF_SET_LPE | 0x1f000000u, 1518}},
    {"control message to the PF", {INTEL_MBX_PF_CONTROL_MSG}},
};

static const struct bad bad_for_82599[] = {
    {"multicast: 255", {INTEL_MBX_VF_SET_MULTICAST | 255u << 16}},
    {"mac with info", {INTEL_MBX_VF_SET_MAC_ADDR | 1u << 16, 0x11000002, 0x2211}},
    {"macvlan: multicast", {IXGBE_MBX_VF_SET_MACVLAN | 1u << 16, 0x00000001, 0}},
    {"macvlan: zero", {IXGBE_MBX_VF_SET_MACVLAN | 2u << 16, 0, 0}},
    {"xcast: 4", {IXGBE_MBX_VF_UPDATE_XCAST_MODE, 4}},
    {"xcast: all ones", {IXGBE_MBX_VF_UPDATE_XCAST_MODE, UINT32_MAX}},
};

static const struct bad bad_for_82576[] = {
    {"multicast: unknown info", {INTEL_MBX_VF_SET_MULTICAST | 0x40u << 16}},
    {"mac: filter flags 3", {INTEL_MBX_VF_SET_MAC_ADDR | 3u << 16, 0x11000002, 0x2211}},
    {"filter: zero", {INTEL_MBX_VF_SET_MAC_ADDR | IGB_MBX_MAC_FILTER_ADD, 0, 0}},
    {"promisc: unicast", {IGB_MBX_VF_SET_PROMISC | IGB_MBX_PROMISC_UNICAST}},
    {"promisc: multicast, untrusted", {IGB_MBX_VF_SET_PROMISC | IGB_MBX_PROMISC_MULTICAST}},
    {"promisc: unknown info", {IGB_MBX_VF_SET_PROMISC | 0x80u << 16}},
    {"API_NEGOTIATE, which it has not", {IXGBE_MBX_VF_API_NEGOTIATE, IXGBE_MBX_API_1_1}},
};

static void check_refused(const struct bad *b, size_t n)
{
    const uint32_t known = INTEL_MBX_TYPE | INTEL_MBX_INFO;

    for (size_t i = 0; i < n; i++) {
        uint32_t words[INTEL_MBX_WORDS];
        uint32_t header;

        memcpy(words, b[i].words, sizeof(words));
        header = fake_ask(0, words, INTEL_MBX_WORDS);
        if (header != ((b[i].words[0] & known) | NACK)) {
            fail_msg("%s: header %#x", b[i].name, header);
        }
        assert_memory_equal(&words[1], &b[i].words[1], 4 * (INTEL_MBX_WORDS - 1));
    }
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void malformed_is_refused(void **state)
{
    struct sriov_pf_vf_info info = {.size = sizeof(info)};
    struct sriov_pf *pf = open_pf(FAKE_82599, 2);

    (void)state;
    fake_greet(0, 0x0103);
    check_refused(bad_for_both, COUNT(bad_for_both));
    check_refused(bad_for_82599, COUNT(bad_for_82599));
    assert_int_equal(fake_ops()->get_vf(pf, 0, &info), 0);
    assert_int_equal(info.refused, COUNT(bad_for_both) + COUNT(bad_for_82599));
    (void)close_pf(NULL);
    (void)open_pf(FAKE_82576, 2);
    fake_greet(0, 0x0100);
    check_refused(bad_for_both, COUNT(bad_for_both));
    check_refused(bad_for_82576, COUNT(bad_for_82576));
}

/* An answer rung back is no request: nothing is said, or two such would talk for ever. */
static void echoes_are_silence(void **state)
{
    static const uint32_t flags[] = {INTEL_MBX_ACK, INTEL_MBX_NACK, INTEL_MBX_ACK | INTEL_MBX_NACK};

    (void)state;
    (void)open_pf(FAKE_82599, 1);
    fake_greet(0, 0x0103);
    for (size_t i = 0; i < COUNT(flags); i++) {
        uint32_t words[2] = {INTEL_MBX_VF_SET_LPE | flags[i], 1518};

        assert_int_equal(fake_ask(0, words, 2), 0);
        assert_false(fake_rung(0));
    }
    fake_greet(0, 0x0103); /* and it is none the worse for it */
}

/* A VF that always rings, just below what is a flood, gets one answer a poll, and so does its quiet
 * neighbour. */
static void flood_starves_nobody(void **state)
{
    struct sriov_pf *pf = open_pf(FAKE_82576, 7);
    uint32_t answered = 0;

    (void)state;
    fake_greet(0, 0x0100);
    fake_greet(6, 0x0100);
    for (uint32_t i = 0; i < 10000; i++) {
        const uint32_t noise[2] = {INTEL_MBX_VF_SET_LPE, 1518};
        uint32_t reply[INTEL_MBX_WORDS];
        uint32_t served;

        fake_advance(SRIOV_PF_GUARD_REQUEST_NS);
        fake_ring(0, noise, 2);
        if (i % 100 == 0) {
            fake_ring(6, noise, 2);
        }
        served = fake_ops()->poll(pf);
        assert_int_equal(served, i % 100 == 0 ? 2 : 1);
        assert_true(fake_take_reply(0, reply));
        answered += fake_take_reply(6, reply) ? 1 : 0;
    }
    assert_int_equal(answered, 100);
}

static void lock_held_for_ever(void **state)
{
    const uint32_t lpe[2] = {INTEL_MBX_VF_SET_LPE, 1518};
    struct sriov_pf *pf = open_pf(FAKE_82599, 4);
    uint32_t words[INTEL_MBX_WORDS] = {INTEL_MBX_VF_SET_LPE, 1518};

    (void)state;
    fake_greet(1, 0x0103);
    fake_greet(2, 0x0103);
    fake_ring(1, lpe, 2);
    fake_hold_lock(1, true);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(fake_ops()->poll(pf), 0);
        assert_false(fake_rung(1));
    }
    assert_int_equal(fake_ask(2, words, 2), INTEL_MBX_VF_SET_LPE | ACK);
    fake_hold_lock(1, false);
    assert_int_equal(fake_ops()->poll(pf), 1);
    assert_true(fake_take_reply(1, words));
    assert_int_equal(words[0], INTEL_MBX_VF_SET_LPE | ACK);
}

static uint64_t stat(struct sriov_pf *pf, const char *name)
{
    struct sriov_stat stats[32];
    const uint32_t n = fake_ops()->stats(pf, stats, COUNT(stats));

    assert_in_range(n, 1, COUNT(stats));
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(stats[i].name, name) == 0) {
            return stats[i].value;
        }
    }
    fail_msg("no statistic %s", name);
    return 0;
}

static void doorbells_of_vfs_that_are_not(void **state)
{
    struct sriov_pf *pf = open_pf(FAKE_82599, 3);
    const uint32_t reset[1] = {INTEL_MBX_VF_RESET};

    (void)state;
    for (uint16_t vf = 3; vf < 64; vf++) {
        fake_ring(vf, reset, 1);
        fake_vf_was_reset(vf);
    }
    assert_int_equal(fake_ops()->poll(pf), 0);
    for (uint16_t vf = 3; vf < 64; vf++) {
        assert_false(fake_rung(vf));
    }
    assert_int_equal(fake_reg(IXGBE_PFVFRE(0)) | fake_reg(IXGBE_PFVFRE(1)), 0);
    assert_int_equal(stat(pf, "mailbox_stray"), 2 * 61);
    assert_int_equal(fake_ops()->poll(pf), 0);
    assert_int_equal(stat(pf, "mailbox_stray"), 2 * 61); /* taken note of once */
}

static void tables_fill_up_and_empty(void **state)
{
    struct sriov_pf *pf = open_pf(FAKE_82576, 7);
    uint32_t full_mac = 0;
    uint32_t full_vlan = 0;

    (void)state;
    fake_greet(3, 0x0100);
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t vlan[2] = {INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD, 100 + i};
        uint32_t mac[3] = {INTEL_MBX_VF_SET_MAC_ADDR | IGB_MBX_MAC_FILTER_ADD, 0x02 | i << 8, 0x77};

        full_vlan += (fake_ask(3, vlan, 2) & INTEL_MBX_NACK) != 0 ? 1 : 0;
        full_mac += (fake_ask(3, mac, 3) & INTEL_MBX_NACK) != 0 ? 1 : 0;
    }
    assert_int_equal(full_vlan, 64 - IGB_VLVF_ENTRIES);
    assert_int_equal(full_mac, 64 - (IGB_RAR_ENTRIES - 1 - IGB_MAX_VFS));
    fake_vf_was_reset(3);
    (void)fake_ops()->poll(pf);
    for (uint32_t i = 0; i < IGB_VLVF_ENTRIES; i++) {
        assert_int_equal(fake_reg(IGB_VLVF(i)), 0);
    }
    for (uint32_t i = 0; i < IGB_VFTA_ENTRIES; i++) {
        assert_int_equal(fake_reg(IGB_VFTA(i)), 0);
    }
    for (uint32_t i = 1; i < IGB_RAR_ENTRIES; i++) {
        assert_int_equal(fake_reg(IGB_RAH(i)) & IGB_RAH_AV, 0);
    }
}

/* ---- random words, and what must stay true whatever they are ---- */

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 32);
}

static void random_message(uint64_t *seed, uint32_t words[INTEL_MBX_WORDS])
{
    for (uint32_t i = 0; i < INTEL_MBX_WORDS; i++) {
        const uint32_t kind = next_random(seed) % 4u;

        words[i] = kind == 0   ? next_random(seed)
                   : kind == 1 ? next_random(seed) & 0xffffu
                               : next_random(seed) % 64u;
    }
    if (next_random(seed) % 8u != 0) {
        words[0] = (next_random(seed) % 0x14u) | (next_random(seed) % 4u) << 16;
    }
}

static void check_82599(uint16_t vf)
{
    assert_int_equal(fake_reg(IXGBE_RAL(0)), 0xbb000002);
    assert_int_equal(fake_reg(IXGBE_RAH(0)), IXGBE_RAH_AV | 0x0100);
    for (uint32_t i = 1; i < IXGBE_RAR_ENTRIES; i++) {
        if ((fake_reg(IXGBE_RAH(i)) & IXGBE_RAH_AV) != 0) {
            assert_int_equal(fake_reg(IXGBE_RAL(i)) & 1u, 0);
            assert_int_equal(fake_reg(IXGBE_MPSAR_LO(i)), UINT32_C(1) << vf);
            assert_int_equal(fake_reg(IXGBE_MPSAR_HI(i)), 0);
        }
    }
    for (uint32_t i = 0; i < IXGBE_VLVF_ENTRIES; i++) {
        assert_int_equal(fake_reg(IXGBE_PFVLVFB(2 * i)) & ~(UINT32_C(1) << vf), 0);
        assert_int_equal(fake_reg(IXGBE_PFVLVFB(2 * i + 1)), 0);
        assert_int_not_equal(fake_reg(IXGBE_PFVLVF(i)) & 0xfff, 0xfff);
    }
    assert_int_equal(fake_reg(IXGBE_PFVFRE(0)) & ~(UINT32_C(1) << vf), 0);
    assert_int_equal(fake_reg(IXGBE_PFVML2FLT(vf)) & IXGBE_PFVML2FLT_MPE, 0);
    assert_int_equal(fake_reg(IXGBE_PFVFSPOOF(0)) >> vf & 1u, 1);
    assert_int_equal(fake_reg(IXGBE_MAXFRS), 9728u << 16);
}

static void random_words_of_one_vf(void **state)
{
    struct sriov_pf *pf = open_pf(FAKE_82599, 8);
    uint64_t seed = 0x82599;
    uint32_t granted = 0;

    (void)state;
    for (uint32_t i = 0; i < 50000; i++) {
        uint32_t words[INTEL_MBX_WORDS];
        uint32_t header;

        random_message(&seed, words);
        fake_advance(SRIOV_PF_GUARD_BAD_NS); /* slow enough to be heard */
        header = fake_ask(5, words, INTEL_MBX_WORDS);
        granted += (header & INTEL_MBX_ACK) != 0 ? 1 : 0;
        assert_true((header & INTEL_MBX_RESULT) != INTEL_MBX_RESULT);
        assert_int_equal(header & 0x1f000000u, 0);
        if (i % 64 == 0) {
            check_82599(5);
        }
    }
    check_82599(5);
    assert_in_range(granted, 2000, 50000); /* the words are not all nonsense */
    fake_greet(2, 0x0107);
    assert_int_equal(fake_ops()->poll(pf), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(malformed_is_refused, close_pf),
        cmocka_unit_test_teardown(echoes_are_silence, close_pf),
        cmocka_unit_test_teardown(flood_starves_nobody, close_pf),
        cmocka_unit_test_teardown(lock_held_for_ever, close_pf),
        cmocka_unit_test_teardown(doorbells_of_vfs_that_are_not, close_pf),
        cmocka_unit_test_teardown(tables_fill_up_and_empty, close_pf),
        cmocka_unit_test_teardown(random_words_of_one_vf, close_pf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
