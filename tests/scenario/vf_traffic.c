/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames through the VF drivers: sizes, chains, tags, full rings, refusals, several queues. */
#include "vf_fixture.h"

#include <errno.h>
#include <string.h>

static const struct vf_setup both[] = {{.model = "82599"}, {.model = "82576"}};

#define EACH_MODEL(setup) for (const struct vf_setup *setup = both; setup < both + 2; setup++)

static void passes_between_ports_and_wire(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        for (uint16_t i = 0; i < VF_PORTS; i++) {
            vf_port_up(&w, i);
        }
        vf_expect_traffic(&w, 0, 1);
        vf_expect_traffic(&w, 2, 3);
        vf_expect_traffic(&w, 3, 0);
        for (uint16_t i = 0; i < VF_PORTS; i++) {
            assert_int_equal(vf_stat(&w, i, "mbx_timeouts"), 0);
            assert_int_equal(vf_stat(&w, i, "mbx_malformed"), 0);
        }
        vf_world_end(&w);
    }
}

static void carries_jumbo_frames(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {60, 64, 1514, 1518, 2047, 2048, 2049, 4096, 4097, 6000, 8192, 9014};
    EACH_MODEL(setup)
    {
        struct vf_world w;
        struct vf_setup jumbo = *setup;
        jumbo.config.mtu = 9000;
        vf_world_make(&w, &jumbo);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        for (uint32_t round = 0; round < 60; round++) {
            uint32_t len = sizes[round % (sizeof(sizes) / sizeof(sizes[0]))];
            assert_int_equal(vf_send(&w, 0, 1, len, round), 1);
            vf_run(&w, VF_MS);
            vf_expect(&w, 1, 0, len, round);
        }
        assert_int_equal(sriov_net_rxq(w.port[1].net, 0)->bad, 0);
        vf_world_end(&w);
    }
}

static void wraps_its_rings(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        struct vf_setup small = *setup;
        small.config.rx_desc = 64;
        small.config.tx_desc = 64;
        vf_world_make(&w, &small);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        uint32_t sent = 0;
        for (uint32_t round = 0; round < 60; round++) {
            uint32_t burst = 1 + round % 31;
            for (uint32_t i = 0; i < burst; i++) {
                assert_int_equal(vf_send(&w, 0, 1, 60 + i, sent + i), 1);
            }
            vf_run(&w, VF_MS);
            for (uint32_t i = 0; i < burst; i++) {
                vf_expect(&w, 1, 0, 60 + i, sent + i);
            }
            sent += burst;
        }
        vf_expect_nothing(&w, 1);
        assert_int_equal(sriov_net_txq(w.port[0].net, 0)->packets, sent);
        assert_int_equal(sriov_net_rxq(w.port[1].net, 0)->packets, sent);
        assert_int_equal(vf_stat(&w, 0, "hw_tx_packets"), sent);
        assert_int_equal(vf_stat(&w, 1, "hw_rx_packets"), sent);
        vf_world_end(&w);
    }
}

/* One burst of many frames, each once, in order. */
static void takes_whole_bursts(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        uint8_t frame[100];
        struct sriov_buf *bufs[200];
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        struct sriov_mac a = vf_info(&w, 0)->mac;
        struct sriov_mac b = vf_info(&w, 1)->mac;
        for (uint32_t i = 0; i < 200; i++) {
            vf_fill(frame, sizeof(frame), &b, &a, i);
            bufs[i] = sriov_buf_from(w.port[0].pool, frame, sizeof(frame));
            assert_non_null(bufs[i]);
        }
        assert_int_equal(sriov_tx_burst(sriov_net_txq(w.port[0].net, 0), bufs, 200), 200);
        vf_run(&w, VF_MS);
        assert_int_equal(sriov_rx_burst(sriov_net_rxq(w.port[1].net, 0), bufs, 200), 200);
        for (uint32_t i = 0; i < 200; i++) {
            vf_fill(frame, sizeof(frame), &b, &a, i);
            assert_int_equal(bufs[i]->pkt_len, sizeof(frame));
            assert_memory_equal(bufs[i]->data, frame, sizeof(frame));
        }
        sriov_buf_free_bulk(bufs, 200);
        vf_world_end(&w);
    }
}

static void turns_away_when_full_and_goes_on(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        struct vf_setup small = *setup;
        small.config.tx_desc = 64;
        vf_world_make(&w, &small);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        assert_int_equal(sriov_mock_set_delay(w.mock, w.port[0].name, SRIOV_DELAY_TX, 10 * VF_MS), 0);
        uint32_t taken = 0;
        for (uint32_t i = 0; i < 100; i++) {
            taken += vf_send(&w, 0, 1, 60, i);
        }
        assert_in_range(taken, 40, 63); /* a slot stays free, one holds the context */
        struct sriov_txq *txq = sriov_net_txq(w.port[0].net, 0);
        assert_int_equal(txq->full, 100 - taken);
        vf_run(&w, 30 * VF_MS);
        for (uint32_t i = 0; i < taken; i++) {
            vf_expect(&w, 1, 0, 60, i);
        }
        assert_int_equal(vf_send(&w, 0, 1, 60, 7), 1);
        vf_run(&w, 30 * VF_MS);
        vf_expect(&w, 1, 0, 60, 7);
        vf_world_end(&w);
    }
}

static void refuses_what_cannot_be_sent(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        uint8_t frame[VF_FRAME_MAX] = {0};
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        struct sriov_txq *txq = sriov_net_txq(w.port[0].net, 0);
        assert_int_equal(vf_send_bytes(&w, 0, frame, 1519, 0, 0), 1);
        assert_int_equal(vf_send_bytes(&w, 0, frame, 4000, 0, 0), 1);
        assert_int_equal(vf_send_bytes(&w, 0, frame, 10, 0, 0), 1);
        struct sriov_buf *lie = sriov_buf_from(w.port[0].pool, frame, 3000);
        assert_non_null(lie);
        lie->pkt_len = 100; /* its segments say otherwise */
        assert_int_equal(sriov_tx_burst(txq, &lie, 1), 1);
        assert_int_equal(txq->refused, 4);
        assert_int_equal(txq->packets, 0);
        assert_int_equal(vf_stat(&w, 0, "hw_tx_packets"), 0);
        vf_world_end(&w);
    }
}

/* Segments of any size, more than a device takes, and of two pools. */
static void sends_chains(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        uint8_t frame[1000];
        struct sriov_pool *other;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        struct sriov_mac a = vf_info(&w, 0)->mac;
        struct sriov_mac b = vf_info(&w, 1)->mac;
        struct sriov_pool_opts opts = {.size = sizeof(opts), .count = 128, .buf_size = 512};
        assert_int_equal(sriov_pool_create(w.port[0].fn, &opts, &other), 0);
        for (uint32_t segs = 1; segs <= 45; segs++) {
            uint32_t len = segs * 20;
            struct sriov_buf *head = NULL;
            struct sriov_buf **link = &head;
            vf_fill(frame, len, &b, &a, segs);
            for (uint32_t s = 0; s < segs; s++) {
                *link = sriov_buf_from(s % 2 != 0 ? other : w.port[0].pool, frame + s * 20, 20);
                assert_non_null(*link);
                link = &(*link)->next;
            }
            head->pkt_len = len;
            head->num_segs = (uint16_t)segs;
            assert_int_equal(sriov_tx_burst(sriov_net_txq(w.port[0].net, 0), &head, 1), 1);
            vf_run(&w, VF_MS);
            if (segs <= 38) {
                vf_expect(&w, 1, 0, len, segs);
            }
        }
        vf_expect_nothing(&w, 1);
        assert_int_equal(sriov_net_txq(w.port[0].net, 0)->refused, 7);
        assert_int_equal(sriov_net_stop(w.port[0].net), 0);
        assert_int_equal(sriov_pool_destroy(other), 0);
        vf_world_end(&w);
    }
}

static void inserts_and_strips_tags(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        uint8_t frame[200];
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        assert_int_equal(sriov_net_set_vlan(w.port[0].net, 100, true), 0);
        assert_int_equal(sriov_net_set_vlan(w.port[1].net, 100, true), 0);
        assert_int_equal(sriov_net_set_vlan(w.port[0].net, 257, true), 0);
        assert_int_equal(sriov_net_set_vlan(w.port[1].net, 257, true), 0);
        struct sriov_mac a = vf_info(&w, 0)->mac;
        struct sriov_mac b = vf_info(&w, 1)->mac;
        for (uint32_t n = 0; n < 6; n++) {
            uint16_t tag = n / 2 % 2 != 0 ? 0x6000 | 257 : 100;
            vf_fill(frame, sizeof(frame), &b, &a, n);
            assert_int_equal(vf_send_bytes(&w, 0, frame, sizeof(frame), SRIOV_TX_VLAN, tag), 1);
            vf_run(&w, VF_MS);
            struct sriov_buf *buf = vf_recv(&w, 1, 0);
            assert_non_null(buf);
            if ((buf->flags & SRIOV_RX_VLAN) != 0 && buf->pkt_len == sizeof(frame)) {
                assert_int_equal(buf->vlan_tci, tag);
                assert_memory_equal(buf->data, frame, sizeof(frame));
            } else { /* the PF leaves tags in: 82576 without strip */
                assert_int_equal(buf->pkt_len, sizeof(frame) + 4);
                assert_int_equal(buf->data[12] << 8 | buf->data[13], 0x8100);
                assert_int_equal(buf->data[14] << 8 | buf->data[15], tag);
                assert_memory_equal(buf->data + 16, frame + 12, sizeof(frame) - 12);
            }
            sriov_buf_free(buf);
        }
        vf_world_end(&w);
    }
}

static void survives_an_empty_pool(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        struct sriov_buf *held[1024];
        struct vf_setup small = *setup;
        small.pool_count = 512; /* ring, stocks of both queues and what the test holds */
        small.config.rx_desc = 64;
        small.config.tx_desc = 64;
        vf_world_make(&w, &small);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        uint32_t n = 0;
        while ((held[n] = sriov_buf_alloc(w.port[1].pool)) != NULL) {
            n++;
        }
        uint32_t kept = 0;
        for (uint32_t i = 0; i < 200; i++) { /* nobody frees: sooner or later none is left */
            assert_int_equal(vf_send(&w, 0, 1, 60, i), 1);
            vf_run(&w, VF_MS);
            struct sriov_buf *buf = vf_recv(&w, 1, 0);
            if (buf != NULL) {
                held[n + kept++] = buf;
            }
        }
        assert_true(sriov_net_rxq(w.port[1].net, 0)->no_bufs > 0);
        sriov_buf_free_bulk(held, (uint16_t)(n + kept));
        struct sriov_buf *buf;
        while ((buf = vf_recv(&w, 1, 0)) != NULL) {
            sriov_buf_free(buf);
        }
        vf_expect_traffic(&w, 0, 1);
        vf_world_end(&w);
    }
}

/* Each queue pair sends; where received frames land is the PF's choice (RSS). */
static void use_two_queues(struct vf_setup setup)
{
    struct vf_world w;
    uint8_t frame[100];
    setup.config.queues = 8;
    vf_world_make(&w, &setup);
    vf_port_up(&w, 0);
    vf_port_up(&w, 1);
    assert_int_equal(vf_info(&w, 0)->max_queues, 2);
    assert_int_equal(vf_info(&w, 0)->queues, 2);
    assert_null(sriov_net_rxq(w.port[0].net, 2));
    struct sriov_mac a = vf_info(&w, 0)->mac;
    struct sriov_mac b = vf_info(&w, 1)->mac;
    for (uint16_t q = 0; q < 2; q++) {
        vf_fill(frame, sizeof(frame), &b, &a, q);
        struct sriov_buf *buf = sriov_buf_from(w.port[0].pool, frame, sizeof(frame));
        assert_int_equal(sriov_tx_burst(sriov_net_txq(w.port[0].net, q), &buf, 1), 1);
        vf_run(&w, VF_MS);
        vf_expect(&w, 1, 0, sizeof(frame), q);
        assert_int_equal(sriov_net_txq(w.port[0].net, q)->packets, 1);
    }
    vf_expect_traffic(&w, 0, 1);
    vf_world_end(&w);
}

static void uses_several_queues(void **state)
{
    (void)state;
    use_two_queues((struct vf_setup){.model = "82599", .vf_queues = 2});
    use_two_queues((struct vf_setup){.model = "82576"});
}

/* IPv4 and UDP of many flows: with RSS on by the PF more than one queue hears them. */
static void fill_udp(uint8_t *frame, const struct sriov_mac *dst, uint16_t flow)
{
    static const uint8_t head[] = {0x45, 0, 0, 50, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2};
    memset(frame, 0, 64);
    memcpy(frame, dst->b, SRIOV_ETH_ALEN);
    frame[6] = 0x02;
    frame[12] = 0x08;
    memcpy(frame + 14, head, sizeof(head));
    frame[14 + 15] = (uint8_t)flow; /* a source address each */
    frame[34] = (uint8_t)(flow >> 8);
    frame[35] = (uint8_t)flow;
    frame[39] = 30;
}

static void spreads_flows_over_queues(void **state)
{
    (void)state;
    struct vf_setup setup = {.model = "82599", .vf_queues = 2, .config = {.queues = 2}};
    struct vf_world w;
    uint8_t frame[64];
    uint32_t heard[2] = {0, 0};
    vf_world_make(&w, &setup);
    vf_port_up(&w, 0);
    struct sriov_mac dst = vf_info(&w, 0)->mac;
    for (uint16_t flow = 0; flow < 64; flow++) {
        fill_udp(frame, &dst, flow);
        assert_int_equal(sriov_mock_wire_send(w.mock, w.pf_name, frame, sizeof(frame)), 0);
        vf_run(&w, VF_MS);
        for (uint16_t q = 0; q < 2; q++) {
            struct sriov_buf *buf = vf_recv(&w, 0, q);
            if (buf != NULL) {
                heard[q]++;
                assert_int_equal(buf->queue, q);
                assert_true((buf->flags & SRIOV_RX_RSS) != 0);
                assert_true((buf->flags & SRIOV_RX_IP_CSUM_BAD) != 0); /* the header has none */
                sriov_buf_free(buf);
            }
        }
    }
    assert_int_equal(heard[0] + heard[1], 64);
    assert_true(heard[0] > 8 && heard[1] > 8);
    vf_world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_between_ports_and_wire),
        cmocka_unit_test(carries_jumbo_frames),
        cmocka_unit_test(wraps_its_rings),
        cmocka_unit_test(takes_whole_bursts),
        cmocka_unit_test(turns_away_when_full_and_goes_on),
        cmocka_unit_test(refuses_what_cannot_be_sent),
        cmocka_unit_test(sends_chains),
        cmocka_unit_test(inserts_and_strips_tags),
        cmocka_unit_test(survives_an_empty_pool),
        cmocka_unit_test(uses_several_queues),
        cmocka_unit_test(spreads_flows_over_queues),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
