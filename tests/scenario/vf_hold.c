/* SPDX-License-Identifier: BSD-3-Clause */
/* VFs held still and let go: what they received is delivered, what they had not sent comes back. */
#include "vf_fixture.h"

#include <errno.h>
#include <string.h>

static const struct vf_setup variants[] = {
    {.model = "82599"},
    {.model = "82576"},
    {.model = "82599", .config = {.flags = SRIOV_NET_THREADED, .rx_desc = 128, .tx_desc = 64}},
    {.model = "82576", .config = {.flags = SRIOV_NET_INTERRUPTS, .rx_desc = 128, .tx_desc = 64}},
};

#define EACH_VARIANT(setup)                                                                                  \
    for (const struct vf_setup *setup = variants; setup < variants + sizeof(variants) / sizeof(variants[0]); \
         setup++)

#define LEN 200u

static void up(struct vf_world *w, const struct vf_setup *setup)
{
    vf_world_make(w, setup);
    vf_port_up(w, 0);
    vf_port_up(w, 1);
}

static void delay_tx(struct vf_world *w, uint64_t ns)
{
    assert_int_equal(sriov_mock_set_delay(w->mock, w->port[0].name, SRIOV_DELAY_TX, ns), 0);
}

static enum sriov_fn_state state_of(struct vf_world *w, uint16_t i)
{
    return sriov_fn_state(w->port[i].fn);
}

static void send_some(struct vf_world *w, uint16_t from, uint32_t first, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(vf_send(w, from, from ^ 1, LEN, first + i), 1);
    }
}

static void expect_some(struct vf_world *w, uint16_t at, uint32_t first, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        vf_expect(w, at, at ^ 1, LEN, first + i);
    }
}

/* Three segments, a tag, and the application's own mark. */
static void send_chain(struct vf_world *w, uint64_t user)
{
    struct vf_port *p = &w->port[0];
    struct sriov_buf *first = NULL;
    uint8_t bytes[100];
    for (uint32_t i = 3; i-- > 0;) {
        memset(bytes, (int)(0x10 + i), sizeof(bytes));
        if (i == 0) {
            memcpy(bytes, vf_info(w, 1)->mac.b, 6);
            memcpy(bytes + 6, vf_info(w, 0)->mac.b, 6);
        }
        struct sriov_buf *seg = sriov_buf_from(p->pool, bytes, sizeof(bytes));
        assert_non_null(seg);
        seg->next = first;
        first = seg;
    }
    first->pkt_len = 300;
    first->num_segs = 3;
    first->flags = SRIOV_TX_VLAN;
    first->vlan_tci = 5;
    first->user = user;
    assert_int_equal(sriov_tx_burst(sriov_net_txq(p->net, 0), &first, 1), 1);
}

static void check_chain(const struct sriov_buf *buf, uint64_t user)
{
    uint8_t bytes[400];
    assert_int_equal(buf->user, user);
    assert_int_equal(buf->pkt_len, 300);
    assert_int_equal(buf->num_segs, 3);
    assert_int_equal(buf->flags, SRIOV_TX_VLAN);
    assert_int_equal(buf->vlan_tci, 5);
    assert_int_equal(sriov_buf_copy_out(buf, bytes, sizeof(bytes)), 300);
    assert_int_equal(bytes[299], 0x12);
    assert_int_equal(bytes[150], 0x11);
}

static void gives_back_what_was_not_sent(void **state)
{
    (void)state;
    EACH_VARIANT(setup)
    {
        struct vf_world w;
        struct sriov_buf *bufs[8];
        uint32_t in_doubt = 0;
        uint32_t got = 0;
        up(&w, setup);
        send_some(&w, 0, 0, 10);
        vf_run(&w, VF_MS);
        delay_tx(&w, 50 * VF_MS);
        send_some(&w, 0, 10, 8);
        send_chain(&w, 77);
        send_some(&w, 0, 19, 3);
        uint64_t start = sriov_mock_now(w.mock);
        assert_int_equal(sriov_net_quiesce_tx(w.port[0].net, VF_MS), 0);
        assert_in_range(sriov_mock_now(w.mock) - start, VF_MS, 2 * VF_MS);
        assert_int_equal(sriov_net_quiesce_tx(w.port[0].net, VF_MS), 0);
        assert_int_equal(vf_send(&w, 0, 1, LEN, 99), 0);
        assert_int_equal(state_of(&w, 0), SRIOV_FN_STARTED);
        for (uint16_t n; (n = sriov_net_tx_take(w.port[0].net, 0, bufs, 8, &in_doubt)) != 0;) {
            for (uint16_t i = 0; i < n; i++, got++) {
                uint8_t want[LEN];
                uint8_t is[LEN];
                if (got == 8) {
                    check_chain(bufs[i], 77);
                } else {
                    vf_fill(want, LEN, &vf_info(&w, 1)->mac, &vf_info(&w, 0)->mac, 10 + got);
                    assert_int_equal(sriov_buf_copy_out(bufs[i], is, LEN), LEN);
                    assert_memory_equal(is, want, LEN);
                }
                sriov_buf_free(bufs[i]);
            }
        }
        assert_int_equal(got, 12);
        assert_int_equal(in_doubt, 0);
        assert_int_equal(vf_stat(&w, 0, "tx_packets"), 10);
        expect_some(&w, 1, 0, 10);
        delay_tx(&w, 0);
        send_some(&w, 1, 40, 3); /* it receives all the time */
        vf_run(&w, 300 * VF_MS);
        expect_some(&w, 0, 40, 3);
        assert_int_equal(sriov_net_resume(w.port[0].net), 0);
        vf_expect_nothing(&w, 1);
        vf_expect_traffic(&w, 0, 1);
        assert_int_equal(vf_info(&w, 0)->recoveries, 0);
        vf_world_end(&w);
    }
}

static void sends_later_what_nobody_took(void **state)
{
    (void)state;
    EACH_VARIANT(setup)
    {
        struct vf_world w;
        up(&w, setup);
        for (uint32_t round = 0; round < 3; round++) {
            delay_tx(&w, 50 * VF_MS);
            send_some(&w, 0, 0, 60);
            assert_int_equal(sriov_net_quiesce(w.port[0].net, 100000), 0);
            assert_int_equal(state_of(&w, 0), SRIOV_FN_QUIESCED);
            vf_run(&w, 100 * VF_MS);
            vf_expect_nothing(&w, 1);
            delay_tx(&w, 0);
            assert_int_equal(sriov_net_resume(w.port[0].net), 0);
            assert_int_equal(sriov_net_resume(w.port[0].net), -EINVAL);
            send_some(&w, 0, 60, 2);
            vf_run(&w, 5 * VF_MS);
            expect_some(&w, 1, 0, 62);
            vf_expect_nothing(&w, 1);
        }
        assert_int_equal(vf_stat(&w, 0, "tx_packets"), 3 * 62);
        vf_expect_traffic(&w, 0, 1);
        vf_world_end(&w);
    }
}

static void delivers_what_it_had_received(void **state)
{
    (void)state;
    EACH_VARIANT(setup)
    {
        struct vf_world w;
        up(&w, setup);
        send_some(&w, 1, 0, 30);
        vf_run(&w, VF_MS);
        assert_int_equal(sriov_net_quiesce(w.port[0].net, VF_MS), 0);
        send_some(&w, 1, 90, 5); /* nobody listens */
        vf_run(&w, VF_MS);
        expect_some(&w, 0, 0, 12);
        /* Let go with frames waiting: they stay the first ones. */
        assert_int_equal(sriov_net_resume(w.port[0].net), 0);
        send_some(&w, 1, 30, 40);
        vf_run(&w, VF_MS);
        expect_some(&w, 0, 12, 3);
        assert_int_equal(sriov_net_quiesce(w.port[0].net, VF_MS), 0);
        expect_some(&w, 0, 15, 55);
        vf_expect_nothing(&w, 0);
        assert_int_equal(vf_stat(&w, 0, "rx_packets"), 70);
        assert_int_equal(vf_stat(&w, 0, "rx_bytes"), 70 * LEN);
        assert_int_equal(sriov_net_resume(w.port[0].net), 0);
        vf_expect_traffic(&w, 0, 1);
        vf_world_end(&w);
    }
}

static void stops_and_closes_while_held(void **state)
{
    (void)state;
    EACH_VARIANT(setup)
    {
        struct vf_world w;
        up(&w, setup);
        for (uint32_t round = 0; round < 2; round++) {
            delay_tx(&w, 50 * VF_MS);
            send_some(&w, 1, 0, 20);
            send_some(&w, 0, 0, 20);
            vf_run(&w, VF_MS);
            assert_int_equal(sriov_net_quiesce(w.port[0].net, VF_MS), 0);
            if (round == 0) {
                assert_int_equal(sriov_net_stop(w.port[0].net), 0);
                delay_tx(&w, 0);
                assert_int_equal(sriov_net_start(w.port[0].net), 0);
                vf_run(&w, 300 * VF_MS);
                vf_expect_nothing(&w, 0);
                vf_expect_traffic(&w, 0, 1);
            }
        }
        vf_world_end(&w); /* finds every buffer in its pool */
    }
}

static void says_when_buffers_are_short(void **state)
{
    (void)state;
    static const struct vf_setup small = {
        .model = "82599", .pool_count = 256, .config = {.rx_desc = 64, .tx_desc = 64}};
    struct vf_world w;
    struct sriov_buf *mine[256];
    uint32_t n = 0;
    up(&w, &small);
    send_some(&w, 1, 0, 40);
    vf_run(&w, VF_MS);
    while (n < 256 && (mine[n] = sriov_buf_alloc(w.port[0].pool)) != NULL) {
        n++;
    }
    assert_int_equal(sriov_net_quiesce(w.port[0].net, VF_MS), 0);
    assert_int_equal(sriov_net_resume(w.port[0].net), -ENOMEM);
    assert_int_equal(state_of(&w, 0), SRIOV_FN_QUIESCED);
    expect_some(&w, 0, 0, 10);
    sriov_buf_free_bulk(mine, (uint16_t)n);
    assert_int_equal(sriov_net_resume(w.port[0].net), 0);
    expect_some(&w, 0, 10, 30);
    vf_expect_traffic(&w, 0, 1);
    vf_world_end(&w);
}

/* Taken from the device that died; order kept. */
static void expect_taken(struct vf_world *w, uint16_t at, uint32_t first, uint32_t n)
{
    struct sriov_buf *buf;
    uint8_t want[LEN];
    uint8_t is[LEN];
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(sriov_net_rx_take(w->port[at].net, 0, &buf, 1), 1);
        vf_fill(want, LEN, &vf_info(w, at)->mac, &vf_info(w, at ^ 1)->mac, first + i);
        assert_int_equal(sriov_buf_copy_out(buf, is, LEN), LEN);
        assert_memory_equal(is, want, LEN);
        sriov_buf_free(buf);
    }
    assert_int_equal(sriov_net_rx_take(w->port[at].net, 0, &buf, 1), 0);
}

static void gives_what_it_had_when_it_is_pulled(void **state)
{
    (void)state;
    EACH_VARIANT(setup)
    {
        struct vf_world w;
        struct sriov_buf *buf;
        uint32_t in_doubt = 0;
        up(&w, setup);
        send_some(&w, 1, 0, 20);
        vf_run(&w, VF_MS);
        send_some(&w, 0, 0, 7);
        vf_run(&w, VF_MS);
        delay_tx(&w, 50 * VF_MS);
        send_some(&w, 0, 7, 9);
        assert_int_equal(sriov_mock_remove(w.mock, w.port[0].name, false, 0), 0);
        vf_run_until(&w, 0, SRIOV_NET_EV_GONE, 10 * VF_MS);
        assert_int_equal(sriov_net_quiesce(w.port[0].net, VF_MS), -ENODEV);
        expect_taken(&w, 0, 0, 20);
        assert_int_equal(sriov_net_tx_take(w.port[0].net, 0, &buf, 1, &in_doubt), 0);
        assert_int_equal(in_doubt, 9);
        assert_int_equal(sriov_net_tx_take(w.port[0].net, 0, &buf, 1, &in_doubt), 0);
        assert_int_equal(in_doubt, 9);
        expect_some(&w, 1, 0, 7);
        vf_world_end(&w);
    }
}

static void keeps_what_it_had_over_a_pf_reset(void **state)
{
    (void)state;
    EACH_VARIANT(setup)
    {
        for (uint32_t take = 0; take < 2; take++) {
            struct vf_world w;
            struct sriov_buf *buf;
            uint32_t in_doubt = 0;
            up(&w, setup);
            send_some(&w, 1, 0, 20);
            vf_run(&w, VF_MS);
            delay_tx(&w, 50 * VF_MS);
            send_some(&w, 0, 0, 9);
            vf_pf_reset(&w);
            vf_run_until(&w, 0, SRIOV_NET_EV_RECOVERING, 100 * VF_MS);
            assert_int_equal(sriov_net_quiesce(w.port[0].net, VF_MS), -EAGAIN);
            vf_expect_nothing(&w, 0);
            assert_int_equal(sriov_net_tx_take(w.port[0].net, 0, &buf, 1, &in_doubt), 0);
            assert_int_equal(in_doubt, 9);
            if (take == 1) {
                expect_taken(&w, 0, 0, 20);
            }
            delay_tx(&w, 0);
            vf_run_until(&w, 0, SRIOV_NET_EV_RECOVERED, 3000 * VF_MS);
            vf_run(&w, 300 * VF_MS);
            if (take == 0) {
                expect_some(&w, 0, 0, 20);
            }
            vf_expect_traffic(&w, 0, 1);
            vf_world_end(&w);
        }
    }
}

/* The PF comes and goes while the VF is held; let go, it finds back by itself. */
static void is_let_go_after_a_pf_reset(void **state)
{
    (void)state;
    EACH_VARIANT(setup)
    {
        struct vf_world w;
        up(&w, setup);
        send_some(&w, 1, 0, 20);
        vf_run(&w, VF_MS);
        delay_tx(&w, 50 * VF_MS);
        send_some(&w, 0, 0, 9);
        assert_int_equal(sriov_net_quiesce(w.port[0].net, VF_MS), 0);
        delay_tx(&w, 0);
        vf_pf_reset(&w);
        vf_run(&w, 1000 * VF_MS);
        assert_int_equal(state_of(&w, 0), SRIOV_FN_QUIESCED);
        expect_some(&w, 0, 0, 10);
        assert_int_equal(sriov_net_resume(w.port[0].net), 0);
        vf_run(&w, 1000 * VF_MS);
        assert_true(vf_info(&w, 0)->link.up);
        expect_some(&w, 0, 10, 10);
        expect_some(&w, 1, 0, 9);
        vf_expect_traffic(&w, 0, 1);
        vf_world_end(&w);
    }
}

/* Without link nothing can be sent: nothing is waited for, all comes back. */
static void does_not_wait_without_link(void **state)
{
    (void)state;
    EACH_VARIANT(setup)
    {
        struct vf_world w;
        struct sriov_buf *buf;
        uint32_t in_doubt = 0;
        uint32_t got = 0;
        up(&w, setup);
        assert_int_equal(sriov_mock_carrier(w.mock, w.pf_name, false), 0);
        send_some(&w, 0, 0, 9);
        vf_run(&w, VF_MS);
        assert_false(vf_info(&w, 0)->link.up);
        uint64_t start = sriov_mock_now(w.mock);
        assert_int_equal(sriov_net_quiesce(w.port[0].net, 100 * VF_MS), 0);
        assert_true(sriov_mock_now(w.mock) - start < VF_MS);
        while (sriov_net_tx_take(w.port[0].net, 0, &buf, 1, &in_doubt) == 1) {
            sriov_buf_free(buf);
            got++;
        }
        assert_int_equal(got, 9);
        assert_int_equal(in_doubt, 0);
        assert_int_equal(sriov_mock_carrier(w.mock, w.pf_name, true), 0);
        vf_run(&w, 10 * VF_MS);
        assert_int_equal(sriov_net_resume(w.port[0].net), 0);
        vf_run(&w, 500 * VF_MS);
        vf_expect_traffic(&w, 0, 1);
        vf_world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_was_not_sent),
        cmocka_unit_test(sends_later_what_nobody_took),
        cmocka_unit_test(delivers_what_it_had_received),
        cmocka_unit_test(stops_and_closes_while_held),
        cmocka_unit_test(says_when_buffers_are_short),
        cmocka_unit_test(gives_what_it_had_when_it_is_pulled),
        cmocka_unit_test(keeps_what_it_had_over_a_pf_reset),
        cmocka_unit_test(is_let_go_after_a_pf_reset),
        cmocka_unit_test(does_not_wait_without_link),
    };
    return cmocka_run_group_tests_name("VFs held still", tests, NULL, NULL);
}
