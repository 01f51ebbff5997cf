/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions: each figure of the report is right when the wire loses, doubles, bends or delays. */
#include "wire.h"

static int setup(void **state)
{
    *state = wire_create();
    return 0;
}

static int teardown(void **state)
{
    wire_destroy(*state);
    return 0;
}

static struct echo_plan plan_for(uint64_t count)
{
    struct echo_plan plan = {.target = B_IP,
                             .count = count,
                             .size_min = 8,
                             .size_max = 1472,
                             .interval_ns = NS_PER_MS,
                             .window = 64,
                             .ident = 77,
                             .timeout_ns = 20 * NS_PER_MS,
                             .resolve_ns = 1000 * NS_PER_MS};
    return plan;
}

static const struct echo_stats *ask(struct wire *wire, const struct echo_plan *plan, uint64_t ms)
{
    assert_int_equal(echo_session_start(wire->a, plan), 0);
    wire_run(wire, wire->now + ms * NS_PER_MS);
    return echo_session_stats(wire->a);
}

/* What was sent is accounted for. */
static void assert_balanced(const struct echo_stats *stats)
{
    assert_int_equal(stats->sent, stats->received + stats->lost + stats->corrupt);
}

static void all_come_back(void **state)
{
    struct wire *wire = *state;

    for (uint32_t protocol = ECHO_ICMP; protocol <= ECHO_UDP; protocol++) {
        struct echo_plan plan = plan_for(1000);
        plan.protocol = protocol;
        const struct echo_stats *stats = ask(wire, &plan, 1100);
        assert_int_equal(echo_session_phase(wire->a), ECHO_DONE);
        assert_int_equal(stats->sent, 1000);
        assert_int_equal(stats->received, 1000);
        assert_int_equal(stats->lost + stats->corrupt + stats->duplicates + stats->reordered, 0);
        assert_int_equal(stats->rtt.n, 1000);
        assert_int_equal(stats->rtt.min_ns, NS_PER_MS / 2);
        assert_in_range(stats->bytes, 1000 * 600, 1000 * 880);
    }
    assert_int_equal(echo_session_stats(wire->b)->answered_echo, 2000);
}

static void jumbo_and_empty_payloads(void **state)
{
    struct wire *wire = *state;
    struct echo_plan plan = plan_for(500);

    plan.size_min = 0;
    plan.size_max = FRAME_PAYLOAD_MAX;
    const struct echo_stats *stats = ask(wire, &plan, 600);
    assert_int_equal(stats->received, 500);
    assert_int_equal(stats->corrupt, 0);
}

static void numbers_wrap(void **state)
{
    struct wire *wire = *state;
    struct echo_plan plan = plan_for(150000);

    plan.interval_ns = 0;
    plan.size_max = 8;
    const struct echo_stats *stats = ask(wire, &plan, 2500);
    assert_int_equal(stats->received, 150000);
    assert_int_equal(stats->duplicates + stats->lost + stats->ignored, 0);
}

static enum fate drop_tenth(uint64_t n)
{
    return n % 10 == 3 ? DROP : DELIVER;
}

static void losses_are_counted(void **state)
{
    struct wire *wire = *state;
    struct echo_plan plan = plan_for(1000);

    wire->fate = drop_tenth;
    const struct echo_stats *stats = ask(wire, &plan, 1100);
    assert_int_equal(echo_session_phase(wire->a), ECHO_DONE);
    assert_int_equal(stats->lost, 100);
    assert_int_equal(stats->lost_in_outages, 0);
    assert_balanced(stats);
}

static enum fate double_tenth(uint64_t n)
{
    return n % 10 == 3 ? TWICE : DELIVER;
}

static void duplicates_are_counted(void **state)
{
    struct echo_plan plan = plan_for(1000);
    struct wire *wire = *state;

    wire->fate = double_tenth;
    const struct echo_stats *stats = ask(wire, &plan, 1100);
    assert_int_equal(stats->received, 1000);
    assert_int_equal(stats->duplicates, 100);
}

static enum fate overtake_tenth(uint64_t n)
{
    return n % 10 == 3 ? AFTER_NEXT : DELIVER;
}

static void reordering_is_counted(void **state)
{
    struct echo_plan plan = plan_for(1000);
    struct wire *wire = *state;

    wire->fate = overtake_tenth;
    const struct echo_stats *stats = ask(wire, &plan, 1100);
    assert_int_equal(stats->received, 1000);
    assert_int_equal(stats->reordered, 100);
    assert_int_equal(stats->duplicates, 0);
}

static enum fate flip_tenth(uint64_t n)
{
    return n % 10 == 3 ? FLIP : DELIVER;
}

static enum fate cut_tenth(uint64_t n)
{
    return n % 10 == 3 ? CUT : DELIVER;
}

static void damage_is_counted(void **state)
{
    struct wire *wire = *state;

    for (uint32_t protocol = ECHO_ICMP; protocol <= ECHO_UDP; protocol++) {
        for (int cut = 0; cut < 2; cut++) {
            struct echo_plan plan = plan_for(1000);
            plan.protocol = protocol;
            wire->answers = 0;
            wire->fate = cut != 0 ? cut_tenth : flip_tenth;
            const struct echo_stats *stats = ask(wire, &plan, 1100);
            assert_int_equal(stats->corrupt, 100);
            assert_int_equal(stats->received, 900);
            assert_balanced(stats);
        }
    }
}

static void late_is_not_received(void **state)
{
    struct wire *wire = *state;
    struct echo_plan plan = plan_for(10);
    struct frame late = {.kind = FRAME_PONG,
                         .src = mac_b,
                         .dst = mac_a,
                         .src_ip = B_IP,
                         .dst_ip = A_IP,
                         .ident = 77,
                         .seq = 4};

    wire->fate = drop_tenth;
    const struct echo_stats *stats = ask(wire, &plan, 50);
    assert_int_equal(stats->lost, 1);
    late.seq = 3;
    wire_feed(wire->a, &late);
    assert_int_equal(stats->late, 1);
    assert_int_equal(stats->received, 9);
    late.seq = 5;
    wire_feed(wire->a, &late);
    assert_int_equal(stats->duplicates, 1);
    late.seq = 10; /* never asked */
    wire_feed(wire->a, &late);
    late.seq = 0xffff;
    wire_feed(wire->a, &late);
    late.ident = 78; /* another program's */
    wire_feed(wire->a, &late);
    assert_int_equal(stats->ignored, 3);
}

static void nobody_answers_arp(void **state)
{
    struct wire *wire = *state;
    struct echo_plan plan = plan_for(10);

    plan.target = B_IP + 1;
    (void)ask(wire, &plan, 999);
    assert_int_equal(echo_session_phase(wire->a), ECHO_RESOLVING);
    wire_run(wire, wire->now + 3 * NS_PER_MS);
    assert_int_equal(echo_session_phase(wire->a), ECHO_UNRESOLVED);
    assert_true(echo_session_over(wire->a));
    assert_int_equal(wire->sent_a, 4);
    assert_int_equal(wire->sent_b, 0);
}

static enum fate drop_all(uint64_t n)
{
    (void)n;
    return DROP;
}

static void the_window_bounds(void **state)
{
    struct wire *wire = *state;
    struct echo_plan plan = plan_for(0);

    plan.window = 5;
    plan.interval_ns = 0;
    wire->fate = drop_all;
    (void)ask(wire, &plan, 15);
    assert_int_equal(wire->requests, 5);
    assert_int_equal(echo_session_pending(wire->a), 5);
    wire_run(wire, wire->now + 20 * NS_PER_MS);
    assert_int_equal(wire->requests, 10);
    echo_session_finish(wire->a);
    wire_run(wire, wire->now + 25 * NS_PER_MS);
    assert_int_equal(echo_session_phase(wire->a), ECHO_DONE);
    assert_int_equal(echo_session_stats(wire->a)->lost, 10);
}

static void a_full_queue_is_tried_again(void **state)
{
    struct wire *wire = *state;
    struct echo_plan plan = plan_for(10);

    wire->end_a.full = true;
    const struct echo_stats *stats = ask(wire, &plan, 30);
    assert_int_equal(stats->sent, 0);
    wire->end_a.full = false;
    wire_run(wire, wire->now + 100 * NS_PER_MS);
    assert_int_equal(stats->received, 10);
    assert_int_equal(stats->lost, 0);
    wire->end_b.full = true;
    (void)ask(wire, &plan, 100);
    assert_int_equal(stats->lost, 10);
    /* After three losses A asks by ARP too. */
    assert_int_equal(echo_session_stats(wire->b)->answers_dropped, 11);
}

static void an_outage_is_measured(void **state)
{
    struct wire *wire = *state;
    struct echo_plan plan = plan_for(0);
    const struct echo_stats *stats = ask(wire, &plan, 100);
    uint64_t cut_at = wire->now;

    wire->cut = true;
    wire_run(wire, wire->now + 10 * NS_PER_MS); /* asks go into nothing before the device tells */
    echo_session_trouble(wire->a);
    echo_session_hold(wire->a, true);
    wire_run(wire, wire->now + 200 * NS_PER_MS);
    echo_session_trouble(wire->a);
    wire->cut = false;
    uint64_t back_at = wire->now;
    echo_session_hold(wire->a, false);
    wire_run(wire, wire->now + 50 * NS_PER_MS);
    assert_int_equal(stats->outages, 1);
    const struct echo_outage *outage = echo_stats_outage(stats, 0);
    assert_in_range(outage->from_ns, cut_at - NS_PER_MS, cut_at);
    assert_in_range(outage->to_ns, back_at, back_at + NS_PER_MS);
    assert_in_range(outage->lost, 9, 11);
    assert_int_equal(stats->lost, outage->lost);
    assert_int_equal(stats->lost_in_outages, outage->lost);
    assert_null(echo_stats_outage(stats, 1));
    wire->fate = drop_tenth; /* an ordinary loss later is nobody's outage */
    wire_run(wire, wire->now + 100 * NS_PER_MS);
    assert_true(stats->lost > stats->lost_in_outages);
    assert_int_equal(stats->lost_in_outages, outage->lost);
}

static void many_outages_keep_the_last(void **state)
{
    struct wire *wire = *state;
    struct echo_plan plan = plan_for(0);
    const struct echo_stats *stats = ask(wire, &plan, 10);

    for (uint32_t i = 0; i < 3 * ECHO_OUTAGES_MAX + 1; i++) {
        echo_session_trouble(wire->a);
        wire_run(wire, wire->now + 5 * NS_PER_MS);
    }
    assert_int_equal(stats->outages, 3 * ECHO_OUTAGES_MAX + 1);
    for (uint32_t i = 1; i < ECHO_OUTAGES_MAX; i++) {
        assert_true(echo_stats_outage(stats, i - 1)->to_ns <= echo_stats_outage(stats, i)->from_ns);
    }
    assert_null(echo_stats_outage(stats, ECHO_OUTAGES_MAX));
}

static void a_moved_target_is_found_again(void **state)
{
    static const struct sriov_mac other = {{2, 0, 0, 0, 0, 0xbb}};
    struct wire *wire = *state;
    struct echo_plan plan = plan_for(0);
    const struct echo_stats *stats = ask(wire, &plan, 50);
    uint64_t received = stats->received;

    wire->cut = true; /* its announcement is not heard */
    echo_session_set_mac(wire->b, &other);
    assert_int_equal(wire->last_b.kind, FRAME_ARP_REQUEST);
    wire->cut = false;
    wire_run(wire, wire->now + 200 * NS_PER_MS);
    assert_true(stats->received > received + 100);
}

static void impossible_plans_are_refused(void **state)
{
    struct wire *wire = *state;
    struct echo_plan plan = plan_for(1);

    plan.size_max = FRAME_PAYLOAD_MAX + 1;
    assert_int_equal(echo_session_start(wire->a, &plan), -EINVAL);
    plan = plan_for(1);
    plan.size_min = plan.size_max + 1;
    assert_int_equal(echo_session_start(wire->a, &plan), -EINVAL);
    plan = plan_for(1);
    plan.window = ECHO_WINDOW_MAX + 1;
    assert_int_equal(echo_session_start(wire->a, &plan), -EINVAL);
    plan = plan_for(1);
    plan.protocol = ECHO_UDP;
    plan.size_min = ECHO_UDP_SIZE_MIN - 1;
    assert_int_equal(echo_session_start(wire->a, &plan), -EINVAL);
    plan.protocol = 3;
    assert_int_equal(echo_session_start(wire->a, &plan), -EINVAL);
    assert_int_equal(echo_session_phase(wire->a), ECHO_IDLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(jumbo_and_empty_payloads, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_wrap, setup, teardown),
        cmocka_unit_test_setup_teardown(losses_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(duplicates_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(reordering_is_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_is_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(late_is_not_received, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_answers_arp, setup, teardown),
        cmocka_unit_test_setup_teardown(the_window_bounds, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_queue_is_tried_again, setup, teardown),
        cmocka_unit_test_setup_teardown(an_outage_is_measured, setup, teardown),
        cmocka_unit_test_setup_teardown(many_outages_keep_the_last, setup, teardown),
        cmocka_unit_test_setup_teardown(a_moved_target_is_found_again, setup, teardown),
        cmocka_unit_test_setup_teardown(impossible_plans_are_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
