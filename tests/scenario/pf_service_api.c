/* SPDX-License-Identifier: BSD-3-Clause */
/* The 82599's mailbox: each request under each API version, granted or refused as it must be. */
#include "pf_fake.h"

#include <sriov/hw/ixgbe_regs.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ACK  (INTEL_MBX_ACK | INTEL_MBX_CTS)
#define NACK (INTEL_MBX_NACK | INTEL_MBX_CTS)

static const uint32_t apis[] = {0x0100, 0x0101, 0x0102, 0x0103, 0x0104, 0x0105, 0x0106, 0x0107};
#define N_APIS (sizeof(apis) / sizeof(apis[0]))

static struct sriov_pf *open_pf(uint16_t vfs, uint32_t max_api)
{
    const struct fake_opts opts = {.chip = FAKE_82599, .vfs = vfs, .pf = {.max_api = max_api}};
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

struct row {
    const char *name;
    uint32_t words[INTEL_MBX_WORDS];
    uint32_t n;
    uint32_t since; /* 0: never granted */
    bool trusted;
};

static const struct row rows[] = {
    {"set mac", {INTEL_MBX_VF_SET_MAC_ADDR, 0x11000002, 0x2211}, 3, 0x0100, false},
    {"set multicast", {INTEL_MBX_VF_SET_MULTICAST | 3u << 16, 0x0fff0001, 0x123}, 16, 0x0100, false},
    {"add vlan", {INTEL_MBX_VF_SET_VLAN | INTEL_MBX_VLAN_ADD, 100}, 2, 0x0100, false},
    {"drop vlan", {INTEL_MBX_VF_SET_VLAN, 100}, 2, 0x0100, false},
    {"set lpe standard", {INTEL_MBX_VF_SET_LPE, 1518}, 2, 0x0100, false},
    {"set lpe jumbo", {INTEL_MBX_VF_SET_LPE, 9018}, 2, 0x0101, false},
    {"set macvlan", {IXGBE_MBX_VF_SET_MACVLAN | 1u << 16, 0x33000002, 0x4433}, 3, 0x0100, false},
    {"get queues", {IXGBE_MBX_VF_GET_QUEUES}, 5, 0x0101, false},
    {"get reta", {IXGBE_MBX_VF_GET_RETA}, 1, 0, false},
    {"get reta, trusted", {IXGBE_MBX_VF_GET_RETA}, 1, 0x0102, true},
    {"get rss key", {IXGBE_MBX_VF_GET_RSS_KEY}, 1, 0, false},
    {"get rss key, trusted", {IXGBE_MBX_VF_GET_RSS_KEY}, 1, 0x0102, true},
    {"xcast none", {IXGBE_MBX_VF_UPDATE_XCAST_MODE, IXGBE_MBX_XCAST_NONE}, 2, 0x0102, false},
    {"xcast allmulti", {IXGBE_MBX_VF_UPDATE_XCAST_MODE, IXGBE_MBX_XCAST_ALLMULTI}, 2, 0x0102, false},
    {"xcast promisc", {IXGBE_MBX_VF_UPDATE_XCAST_MODE, IXGBE_MBX_XCAST_PROMISC}, 2, 0x0103, false},
    {"xcast promisc, trusted", {IXGBE_MBX_VF_UPDATE_XCAST_MODE, IXGBE_MBX_XCAST_PROMISC}, 2, 0, true},
    {"get link state", {IXGBE_MBX_VF_GET_LINK_STATE}, 2, 0x0102, false},
    {"ipsec add", {IXGBE_MBX_VF_IPSEC_ADD}, 16, 0, true},
    {"ipsec del", {IXGBE_MBX_VF_IPSEC_DEL, 1}, 2, 0, true},
    {"get pf link state", {IXGBE_MBX_VF_GET_PF_LINK_STATE}, 3, 0x0106, false},
    {"features", {IXGBE_MBX_VF_FEATURES_NEGOTIATE, 3}, 2, 0x0107, false},
    {"unknown 0x13", {0x13}, 1, 0, true},
    {"unknown 0", {0}, 1, 0, true},
    {"unknown 0xffff", {0xffff}, 1, 0, true},
};

static void check_row(const struct row *r, uint32_t api)
{
    uint32_t words[INTEL_MBX_WORDS];
    const bool granted = r->since != 0 && api >= r->since;
    struct sriov_pf *pf = open_pf(1, 0);
    uint32_t header;

    if (r->trusted) {
        assert_int_equal(fake_ops()->set_vf_trust(pf, 0, true), 0);
    }
    fake_greet(0, api);
    memcpy(words, r->words, sizeof(words));
    header = fake_ask(0, words, r->n);
    if (header != (r->words[0] | (granted ? ACK : NACK))) {
        fail_msg("%s with API %#x: header %#x", r->name, api, header);
    }
    (void)close_pf(NULL);
}

static void every_request_under_every_api(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t a = 0; a < N_APIS; a++) {
            check_row(&rows[i], apis[a]);
        }
    }
}

static void nothing_before_reset(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t words[INTEL_MBX_WORDS];

        (void)open_pf(1, 0);
        memcpy(words, rows[i].words, sizeof(words));
        /* No CTS in the answer: this is how a VF learns that it has to reset. */
        assert_int_equal(fake_ask(0, words, rows[i].n), rows[i].words[0] | INTEL_MBX_NACK);
        (void)close_pf(NULL);
    }
}

/* Every PF limit against every VF wish: the matrix of interoperability. */
static void negotiation(void **state)
{
    (void)state;
    for (size_t limit = 0; limit < N_APIS; limit++) {
        struct sriov_pf *pf = open_pf(1, apis[limit]);

        for (size_t a = 0; a < N_APIS; a++) {
            uint32_t words[3] = {IXGBE_MBX_VF_API_NEGOTIATE, fake_wire_api(apis[a])};
            const bool ok = apis[a] <= apis[limit];
            struct sriov_pf_vf_info info = {.size = sizeof(info)};

            fake_greet(0, 0x0100);
            assert_int_equal(fake_ask(0, words, 3), IXGBE_MBX_VF_API_NEGOTIATE | (ok ? ACK : NACK));
            assert_int_equal(fake_ops()->get_vf(pf, 0, &info), 0);
            assert_int_equal(info.mailbox_api, ok ? apis[a] : 0x0100);
        }
        (void)close_pf(NULL);
    }
}

static void negotiation_of_nonsense(void **state)
{
    static const uint32_t wires[] = {IXGBE_MBX_API_2_0, IXGBE_MBX_API_COUNT, 0x80000000u, UINT32_MAX};

    (void)state;
    (void)open_pf(1, 0);
    fake_greet(0, 0x0103);
    for (size_t i = 0; i < sizeof(wires) / sizeof(wires[0]); i++) {
        uint32_t words[3] = {IXGBE_MBX_VF_API_NEGOTIATE, wires[i]};

        assert_int_equal(fake_ask(0, words, 3), IXGBE_MBX_VF_API_NEGOTIATE | NACK);
    }
}

static void reset_falls_back_to_1_0(void **state)
{
    uint32_t queues[5] = {IXGBE_MBX_VF_GET_QUEUES};
    uint32_t reset[4] = {INTEL_MBX_VF_RESET};

    (void)state;
    (void)open_pf(1, 0);
    fake_greet(0, 0x0107);
    assert_int_equal(fake_ask(0, queues, 5), IXGBE_MBX_VF_GET_QUEUES | ACK);
    assert_int_equal(fake_ask(0, reset, 4), INTEL_MBX_VF_RESET | INTEL_MBX_NACK);
    queues[0] = IXGBE_MBX_VF_GET_QUEUES;
    assert_int_equal(fake_ask(0, queues, 5), IXGBE_MBX_VF_GET_QUEUES | NACK);
}

static void reset_answer(void **state)
{
    const struct sriov_mac mac = {{0x02, 0x10, 0x20, 0x30, 0x40, 0x50}};
    uint32_t words[4] = {INTEL_MBX_VF_RESET, 0xdead, 0xdead, 0xdead};
    struct sriov_pf *pf;

    (void)state;
    pf = open_pf(2, 0);
    /* No address set by the host: the VF is to choose one. */
    assert_int_equal(fake_ask(1, words, 4), INTEL_MBX_VF_RESET | INTEL_MBX_NACK);
    assert_int_equal(words[1] | words[2], 0);
    assert_int_equal(fake_reg(IXGBE_PFVFRE(0)), 2);
    assert_int_equal(fake_reg(IXGBE_PFVFTE(0)), 2);
    assert_int_equal(fake_ops()->set_vf_mac(pf, 1, &mac), 0);
    words[0] = INTEL_MBX_VF_RESET;
    assert_int_equal(fake_ask(1, words, 4), INTEL_MBX_VF_RESET | INTEL_MBX_ACK);
    assert_int_equal(words[1], 0x30201002);
    assert_int_equal(words[2], 0x5040);
    assert_int_equal(words[3], 0); /* filter type */
}

static void queues_by_mode(void **state)
{
    static const struct {
        uint16_t vfs, want, granted;
        uint32_t mrqe, mtqc;
    } cases[] = {
        {4, 0, 4, IXGBE_MRQC_MRQE_VMDQRSS32, IXGBE_MTQC_VT_ENA | IXGBE_MTQC_32VF},
        {31, 4, 4, IXGBE_MRQC_MRQE_VMDQRSS32, IXGBE_MTQC_VT_ENA | IXGBE_MTQC_32VF},
        {32, 4, 2, IXGBE_MRQC_MRQE_VMDQRSS64, IXGBE_MTQC_VT_ENA | IXGBE_MTQC_64VF},
        {63, 0, 2, IXGBE_MRQC_MRQE_VMDQRSS64, IXGBE_MTQC_VT_ENA | IXGBE_MTQC_64VF},
        {4, 1, 1, IXGBE_MRQC_MRQE_VMDQRSS64, IXGBE_MTQC_VT_ENA | IXGBE_MTQC_64VF},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct fake_opts opts = {
            .chip = FAKE_82599, .vfs = cases[i].vfs, .pf = {.vf_queues = cases[i].want}};
        uint32_t words[5] = {IXGBE_MBX_VF_GET_QUEUES};
        const uint16_t last = (uint16_t)(cases[i].vfs - 1u);

        assert_non_null(fake_open(&opts));
        fake_greet(last, 0x0101);
        assert_int_equal(fake_ask(last, words, 5), IXGBE_MBX_VF_GET_QUEUES | ACK);
        assert_int_equal(words[IXGBE_MBX_QUEUES_RX_WORD], cases[i].granted);
        assert_int_equal(words[IXGBE_MBX_QUEUES_TX_WORD], cases[i].granted);
        assert_int_equal(fake_reg(IXGBE_MRQC) & IXGBE_MRQC_MRQE, cases[i].mrqe);
        assert_int_equal(fake_reg(IXGBE_MTQC), cases[i].mtqc);
        (void)close_pf(NULL);
    }
}

static void reta_and_key(void **state)
{
    uint32_t reta[INTEL_MBX_WORDS] = {IXGBE_MBX_VF_GET_RETA};
    uint32_t key[INTEL_MBX_WORDS] = {IXGBE_MBX_VF_GET_RSS_KEY};
    struct sriov_pf *pf = open_pf(1, 0);

    (void)state;
    assert_int_equal(fake_ops()->set_vf_trust(pf, 0, true), 0);
    fake_greet(0, 0x0102);
    assert_int_equal(fake_ask(0, reta, 16), IXGBE_MBX_VF_GET_RETA | ACK);
    for (uint32_t i = 1; i <= 8; i++) {
        assert_int_equal(reta[i], 0xe4e4e4e4u); /* 0, 1, 2, 3 and again */
    }
    assert_int_equal(fake_reg(IXGBE_RETA(0)), 0x03020100);
    assert_int_equal(fake_ask(0, key, 16), IXGBE_MBX_VF_GET_RSS_KEY | ACK);
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(key[1 + i], fake_reg(IXGBE_RSSRK(i)));
    }
}

static void xcast_grants(void **state)
{
    uint32_t words[2] = {IXGBE_MBX_VF_UPDATE_XCAST_MODE, IXGBE_MBX_XCAST_ALLMULTI};
    struct sriov_pf *pf = open_pf(1, 0);

    (void)state;
    fake_greet(0, 0x0103);
    assert_int_equal(fake_ask(0, words, 2), IXGBE_MBX_VF_UPDATE_XCAST_MODE | ACK);
    assert_int_equal(words[1], IXGBE_MBX_XCAST_MULTI);
    assert_int_equal(fake_reg(IXGBE_PFVML2FLT(0)) & IXGBE_PFVML2FLT_MPE, 0);
    assert_int_equal(fake_ops()->set_vf_trust(pf, 0, true), 0);
    fake_greet(0, 0x0103);
    words[0] = IXGBE_MBX_VF_UPDATE_XCAST_MODE;
    words[1] = IXGBE_MBX_XCAST_ALLMULTI;
    assert_int_equal(fake_ask(0, words, 2), IXGBE_MBX_VF_UPDATE_XCAST_MODE | ACK);
    assert_int_equal(words[1], IXGBE_MBX_XCAST_ALLMULTI);
    assert_int_not_equal(fake_reg(IXGBE_PFVML2FLT(0)) & IXGBE_PFVML2FLT_MPE, 0);
    /* Trust withdrawn: gone at once, not when the VF gets around to it. */
    assert_int_equal(fake_ops()->set_vf_trust(pf, 0, false), 0);
    assert_int_equal(fake_reg(IXGBE_PFVML2FLT(0)) & IXGBE_PFVML2FLT_MPE, 0);
}

static void link_answers(void **state)
{
    uint32_t words[3] = {IXGBE_MBX_VF_GET_PF_LINK_STATE};
    uint32_t features[2] = {IXGBE_MBX_VF_FEATURES_NEGOTIATE, UINT32_MAX};

    (void)state;
    (void)open_pf(1, 0);
    fake_greet(0, 0x0107);
    assert_int_equal(fake_ask(0, words, 3), IXGBE_MBX_VF_GET_PF_LINK_STATE | ACK);
    assert_int_equal(words[1], IXGBE_MBX_SPEED_10G);
    assert_int_equal(words[2], 1);
    assert_int_equal(fake_ask(0, features, 2), IXGBE_MBX_VF_FEATURES_NEGOTIATE | ACK);
    assert_int_equal(features[1], IXGBE_MBX_FEATURE_LOCKED_MBX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_under_every_api),
        cmocka_unit_test(nothing_before_reset),
        cmocka_unit_test(negotiation),
        cmocka_unit_test_teardown(negotiation_of_nonsense, close_pf),
        cmocka_unit_test_teardown(reset_falls_back_to_1_0, close_pf),
        cmocka_unit_test_teardown(reset_answer, close_pf),
        cmocka_unit_test(queues_by_mode),
        cmocka_unit_test_teardown(reta_and_key, close_pf),
        cmocka_unit_test_teardown(xcast_grants, close_pf),
        cmocka_unit_test_teardown(link_answers, close_pf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
