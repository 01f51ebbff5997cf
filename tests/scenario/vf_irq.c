/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupt mode: wake-ups, too few vectors, lost and doubled interrupts, the emulated 82576. */
#include "vf_fixture.h"

#include <errno.h>
#include <string.h>

static const struct vf_setup both[] = {{.model = "82599"}, {.model = "82576"}};

#define EACH_MODEL(setup) for (const struct vf_setup *setup = both; setup < both + 2; setup++)

struct sender {
    struct vf_world *w;
    uint32_t sent;
    uint32_t until;
};

static void send_one(void *arg)
{
    struct sender *s = arg;
    if (s->sent < s->until) {
        assert_int_equal(vf_send(s->w, 0, 1, 100, s->sent), 1);
        s->sent++;
    }
}

static uint32_t take_all(struct vf_world *w, uint32_t n)
{
    struct sriov_buf *buf;
    do {
        buf = NULL;
        for (uint16_t q = 0; buf == NULL && q < vf_info(w, 1)->queues; q++) {
            buf = vf_recv(w, 1, q);
        }
        n += buf != NULL ? 1 : 0;
        sriov_buf_free(buf);
    } while (buf != NULL);
    return n;
}

/* A neighbour sends each 5 ms; port 1 sleeps in between and hears each frame at once. */
static void wakes_for_each_frame(struct vf_world *w, uint32_t frames)
{
    struct sender sender = {.w = w, .until = frames};
    int task = sriov_mock_task(w->mock, 5 * VF_MS, send_one, &sender);
    assert_true(task > 0);
    uint32_t got = 0;
    uint64_t start = sriov_mock_now(w->mock);
    while (got < frames) {
        assert_true(sriov_mock_now(w->mock) - start < frames * 10 * VF_MS);
        assert_int_equal(sriov_net_rx_wait(w->port[1].net, 1000 * VF_MS), 0);
        w->port[1].events |= sriov_net_poll(w->port[1].net);
        got = take_all(w, got);
    }
    assert_int_equal(sriov_mock_task_stop(w->mock, task), 0);
    assert_int_equal(got, frames);
}

static void sleeps_and_wakes(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        for (uint32_t vectors = 1; vectors <= 3; vectors++) {
            struct vf_world w;
            struct vf_setup irq = *setup;
            irq.irq_vectors = vectors;
            irq.config.flags = SRIOV_NET_INTERRUPTS;
            vf_world_make(&w, &irq);
            vf_port_up(&w, 0);
            vf_port_up(&w, 1);
            assert_int_equal(vf_info(&w, 1)->vectors, vectors < 2 ? vectors : 2);
            wakes_for_each_frame(&w, 50);
            /* Quiet: nothing wakes but the end of the time. What is late of before may. */
            int err = 0;
            for (int i = 0; i < 5 && err == 0; i++) {
                err = sriov_net_rx_wait(w.port[1].net, 100 * VF_MS);
            }
            assert_int_equal(err, -ETIMEDOUT);
            vf_world_end(&w);
        }
    }
}

static void wakes_on_any_of_two_queues(void **state)
{
    (void)state;
    struct vf_setup setup = {
        .model = "82599", .vf_queues = 2, .config = {.queues = 2, .flags = SRIOV_NET_INTERRUPTS}};
    struct vf_world w;
    vf_world_make(&w, &setup);
    vf_port_up(&w, 0);
    vf_port_up(&w, 1);
    assert_int_equal(vf_info(&w, 1)->queues, 2);
    assert_int_equal(vf_info(&w, 1)->vectors, 3);
    wakes_for_each_frame(&w, 30);
    vf_world_end(&w);
}

/* A frame that is there before the queue is armed wakes at once, without an interrupt. */
static void does_not_sleep_over_a_frame(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        struct vf_setup irq = *setup;
        irq.config.flags = SRIOV_NET_INTERRUPTS;
        vf_world_make(&w, &irq);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        vf_inject(
            &w, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_IRQ_LOST, .nth = 1, .times = UINT64_MAX});
        assert_int_equal(vf_send(&w, 0, 1, 100, 1), 1);
        uint64_t start = sriov_mock_now(w.mock);
        assert_int_equal(sriov_net_rx_wait(w.port[1].net, 1000 * VF_MS), 0);
        assert_true(sriov_mock_now(w.mock) - start < VF_MS);
        vf_expect(&w, 1, 0, 100, 1);
        vf_world_end(&w);
    }
}

static void bears_lost_and_doubled_interrupts(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        for (uint32_t twice = 0; twice < 2; twice++) {
            struct vf_world w;
            struct vf_setup irq = *setup;
            irq.config.flags = SRIOV_NET_INTERRUPTS;
            vf_world_make(&w, &irq);
            vf_port_up(&w, 0);
            vf_port_up(&w, 1);
            vf_inject(&w, (struct sriov_mock_fault){.kind = twice != 0 ? SRIOV_MOCK_FAULT_IRQ_TWICE
                                                                       : SRIOV_MOCK_FAULT_IRQ_LOST,
                                                    .fn = w.port[1].name,
                                                    .nth = 3,
                                                    .times = twice != 0 ? 20 : 1});
            wakes_for_each_frame(&w, 30);
            vf_world_end(&w);
        }
    }
}

/* A PF reset is heard of in interrupt mode too, and recovery needs no more than wait and poll. */
static void recovers_while_it_waits(struct vf_setup setup)
{
    struct vf_world w;
    setup.config.flags = SRIOV_NET_INTERRUPTS;
    vf_world_make(&w, &setup);
    vf_port_up(&w, 0);
    vf_port_up(&w, 1);
    vf_pf_reset(&w);
    uint64_t start = sriov_mock_now(w.mock);
    for (uint16_t i = 0; i < 2; i++) {
        while ((w.port[i].events & SRIOV_NET_EV_RECOVERED) == 0 || !vf_info(&w, i)->link.up) {
            (void)sriov_net_rx_wait(w.port[i].net, 10 * VF_MS);
            w.port[i].events |= sriov_net_poll(w.port[i].net);
            assert_true(sriov_mock_now(w.mock) - start < 4000 * VF_MS);
        }
    }
    vf_run(&w, 50 * VF_MS);
    wakes_for_each_frame(&w, 30);
    vf_world_end(&w);
}

static void recovers_in_interrupt_mode(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        recovers_while_it_waits(*setup);
    }
    recovers_while_it_waits((struct vf_setup){.model = "82576", .quirks = "qemu"});
}

static void copes_with_the_emulated_82576(void **state)
{
    (void)state;
    struct vf_setup setup = {.model = "82576", .quirks = "qemu", .config = {.flags = SRIOV_NET_INTERRUPTS}};
    struct vf_world w;
    vf_world_make(&w, &setup);
    vf_port_up(&w, 0);
    vf_port_up(&w, 1);
    wakes_for_each_frame(&w, 100);
    vf_expect_traffic(&w, 0, 1);
    vf_world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sleeps_and_wakes),
        cmocka_unit_test(wakes_on_any_of_two_queues),
        cmocka_unit_test(does_not_sleep_over_a_frame),
        cmocka_unit_test(bears_lost_and_doubled_interrupts),
        cmocka_unit_test(recovers_in_interrupt_mode),
        cmocka_unit_test(copes_with_the_emulated_82576),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
