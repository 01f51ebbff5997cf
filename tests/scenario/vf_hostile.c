/* SPDX-License-Identifier: BSD-3-Clause */
/* A device and a PF that lie: the driver drops, counts and carries on. For the sanitizers. */
#include "vf_fixture.h"

#include <errno.h>
#include <string.h>

static const struct vf_setup both[] = {{.model = "82599"}, {.model = "82576"}};

#define EACH_MODEL(setup) for (const struct vf_setup *setup = both; setup < both + 2; setup++)

static const uint32_t lies[] = {0,          1,          2,          3,          0x00000023,
                                0xffffffff, 0x80000000, 0x7fffffff, 0x0000ffff, 0xffff0000,
                                0x00000801, 0x00002400, 0xfff00003, 0x000000ff};

static void drain(struct vf_world *w, uint16_t i)
{
    struct sriov_buf *bufs[64];
    uint8_t bytes[VF_FRAME_MAX];
    uint16_t n;
    while ((n = sriov_rx_burst(sriov_net_rxq(w->port[i].net, 0), bufs, 64)) != 0) {
        for (uint16_t b = 0; b < n; b++) {
            assert_true(bufs[b]->pkt_len > 0);
            assert_true(bufs[b]->pkt_len <= 1500 + 22);
            assert_int_equal(sriov_buf_copy_out(bufs[b], bytes, sizeof(bytes)), bufs[b]->pkt_len);
        }
        sriov_buf_free_bulk(bufs, n);
    }
}

static bool reaches(struct vf_world *w, uint16_t from, uint16_t to)
{
    uint64_t before = sriov_net_rxq(w->port[to].net, 0)->packets;
    (void)vf_send(w, from, to, 64, 0);
    vf_run(w, 2 * VF_MS);
    drain(w, to);
    return sriov_net_rxq(w->port[to].net, 0)->packets > before;
}

/* The last half frame ends, and a watchdog does its work where a write-back is missing for good. */
static void heal(struct vf_world *w)
{
    (void)sriov_mock_clear_faults(w->mock);
    uint64_t start = sriov_mock_now(w->mock);
    for (uint32_t good = 0; good < 40;) {
        good = reaches(w, 0, 1) && reaches(w, 1, 0) ? good + 1 : 0;
        if (good == 0) {
            vf_run(w, 100 * VF_MS);
        }
        assert_true(sriov_mock_now(w->mock) - start < 8000 * VF_MS);
    }
    drain(w, 0);
    drain(w, 1);
    vf_expect_traffic(w, 0, 1);
}

static void lie_about(const struct vf_setup *setup, const char *site, uint32_t word, uint32_t value)
{
    struct vf_world w;
    vf_world_make(&w, setup);
    vf_port_up(&w, 0);
    vf_port_up(&w, 1);
    vf_inject(&w, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_WB_HOSTILE,
                                            .op = site,
                                            .nth = 3,
                                            .times = 20,
                                            .index = word,
                                            .value = value});
    for (uint32_t n = 0; n < 30; n++) {
        (void)vf_send(&w, 0, 1, 64 + 40 * n, n);
        vf_run(&w, VF_MS);
        drain(&w, 1);
    }
    heal(&w);
    vf_world_end(&w);
}

static void lie_about_each_word(const struct vf_setup *setup, const char *site)
{
    for (uint32_t word = 0; word < 4; word++) {
        for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
            lie_about(setup, site, word, lies[i]);
        }
    }
}

static void survives_lying_receive_write_backs(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        lie_about_each_word(setup, "rx");
    }
}

static void survives_lying_transmit_write_backs(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        lie_about_each_word(setup, "tx");
    }
}

/* What is dropped is counted: a length beyond the buffer, none, no end, an error of the MAC. */
static void counts_what_it_drops(void **state)
{
    (void)state;
    static const struct {
        uint32_t word;
        uint32_t value;
    } bad[] = {{3, 2049}, {3, 0xffff}, {3, 0}, {2, 0xfff00003}};
    EACH_MODEL(setup)
    {
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
            struct vf_world w;
            vf_world_make(&w, setup);
            vf_port_up(&w, 0);
            vf_port_up(&w, 1);
            vf_inject(&w, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_WB_HOSTILE,
                                                    .op = "rx",
                                                    .nth = 1,
                                                    .times = 5,
                                                    .index = bad[i].word,
                                                    .value = bad[i].value});
            for (uint32_t n = 0; n < 8; n++) {
                assert_int_equal(vf_send(&w, 0, 1, 100, n), 1);
                vf_run(&w, VF_MS);
            }
            for (uint32_t n = 5; n < 8; n++) {
                vf_expect(&w, 1, 0, 100, n);
            }
            vf_expect_nothing(&w, 1);
            assert_int_equal(sriov_net_rxq(w.port[1].net, 0)->bad, 5);
            vf_world_end(&w);
        }
    }
}

/* A chain whose end never comes is cut at the longest frame there can be. */
static void cuts_endless_chains(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        vf_inject(&w, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_WB_HOSTILE,
                                                .op = "rx",
                                                .nth = 1,
                                                .times = UINT64_MAX,
                                                .index = 2,
                                                .value = 1}); /* DD, never EOP */
        for (uint32_t n = 0; n < 1500; n++) {
            (void)vf_send(&w, 0, 1, 100, n);
            vf_run(&w, VF_MS);
            vf_expect_nothing(&w, 1);
        }
        assert_int_equal(sriov_net_rxq(w.port[1].net, 0)->bad, 1);
        heal(&w);
        vf_world_end(&w);
    }
}

static void waits_for_late_and_reordered_write_backs(void **state)
{
    (void)state;
    static const enum sriov_mock_fault_kind kinds[] = {SRIOV_MOCK_FAULT_WB_LATE, SRIOV_MOCK_FAULT_WB_REORDER};
    static const char *const sites[] = {"rx", "tx"};
    EACH_MODEL(setup)
    {
        for (uint32_t c = 0; c < 4; c++) {
            struct vf_world w;
            vf_world_make(&w, setup);
            vf_port_up(&w, 0);
            vf_port_up(&w, 1);
            vf_inject(
                &w, (struct sriov_mock_fault){
                        .kind = kinds[c % 2], .op = sites[c / 2], .nth = 4, .times = 3, .value = 20 * VF_MS});
            for (uint32_t n = 0; n < 100; n++) {
                assert_int_equal(vf_send(&w, 0, 1, 100, n), 1);
            }
            vf_run(&w, 100 * VF_MS);
            for (uint32_t n = 0; n < 100; n++) {
                vf_expect(&w, 1, 0, 100, n); /* in order all the same */
            }
            assert_int_equal(vf_info(&w, 1)->recoveries, 0);
            vf_world_end(&w);
        }
    }
}

/* The IOMMU refuses one access: the queue may hang; the watchdog brings it back. */
static void comes_back_after_a_dma_fault(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        for (uint64_t nth = 1; nth <= 12; nth++) {
            struct vf_world w;
            vf_world_make(&w, setup);
            vf_port_up(&w, 0);
            vf_port_up(&w, 1);
            w.findings_expected = true;
            vf_inject(&w, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_DMA, .nth = nth, .times = 1});
            for (uint32_t n = 0; n < 40; n++) {
                (void)vf_send(&w, 0, 1, 100, n);
                vf_run(&w, 100 * VF_MS);
                drain(&w, 1);
            }
            heal(&w);
            vf_world_end(&w);
        }
    }
}

static void survives_lying_messages(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        for (uint32_t word = 0; word < 5; word++) {
            for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
                struct vf_world w;
                vf_world_make(&w, setup);
                vf_inject(&w, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_MBX_WRONG,
                                                        .op = "to-vf",
                                                        .nth = 1 + i % 4,
                                                        .times = 3,
                                                        .index = word,
                                                        .value = lies[i]});
                vf_port_attach(&w, 0);
                assert_in_range(vf_info(&w, 0)->max_queues, 1, 8);
                vf_port_start(&w, 0);
                vf_run(&w, 500 * VF_MS);
                (void)sriov_mock_clear_faults(w.mock);
                vf_pf_reset(&w); /* settings that were lied about are asked for again */
                vf_run(&w, 2000 * VF_MS);
                vf_port_up(&w, 1);
                vf_expect_traffic(&w, 0, 1);
                vf_world_end(&w);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_lying_receive_write_backs),
        cmocka_unit_test(survives_lying_transmit_write_backs),
        cmocka_unit_test(counts_what_it_drops),
        cmocka_unit_test(cuts_endless_chains),
        cmocka_unit_test(waits_for_late_and_reordered_write_backs),
        cmocka_unit_test(comes_back_after_a_dma_fault),
        cmocka_unit_test(survives_lying_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
