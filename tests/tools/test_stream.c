/* SPDX-License-Identifier: BSD-3-Clause */
/* The numbered stream without a network: its books, its frames, and two ends of it joined by a wire of the
 * test's. */
#include "stream_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)

/* ---- books ---- */

static struct stream_account *new_account(void)
{
    struct stream_account *account = calloc(1, sizeof(*account));

    assert_non_null(account);
    return account;
}

static void take(struct stream_account *account, uint64_t number)
{
    stream_account_take(account, number, 1000 + number, account->last_ns + MS);
}

static void expect(const struct stream_account *account, uint64_t received, uint64_t lost,
                   uint64_t duplicated, uint64_t reordered)
{
    assert_int_equal(account->received, received);
    assert_int_equal(account->lost, lost);
    assert_int_equal(account->duplicated, duplicated);
    assert_int_equal(account->reordered, reordered);
}

static void test_in_order(void **state)
{
    struct stream_account *account = new_account();

    (void)state;
    for (uint64_t i = 0; i < 3 * STREAM_WINDOW; i++) {
        take(account, i);
    }
    expect(account, 3 * STREAM_WINDOW, 0, 0, 0);
    assert_int_equal(account->longest_gap_ns, MS);
    stream_account_end(account, 3 * STREAM_WINDOW);
    expect(account, 3 * STREAM_WINDOW, 0, 0, 0);
    free(account);
}

static void test_lost(void **state)
{
    struct stream_account *account = new_account();

    (void)state;
    take(account, 2); /* the first ones, too */
    take(account, 3);
    take(account, 10);
    expect(account, 3, 8, 0, 0);
    assert_int_equal(account->num_losses, 2);
    assert_int_equal(account->losses[1].first, 4);
    assert_int_equal(account->losses[1].count, 6);
    assert_int_equal(account->losses[1].before_ns, 1003);
    assert_int_equal(account->losses[1].after_ns, 1010);
    stream_account_end(account, 15);
    expect(account, 3, 12, 0, 0);
    assert_int_equal(account->losses[2].after_ns, 0);
    free(account);
}

static void test_late_and_doubled(void **state)
{
    struct stream_account *account = new_account();

    (void)state;
    take(account, 0);
    take(account, 5);
    take(account, 3);
    expect(account, 3, 3, 0, 1);
    assert_int_equal(account->losses[0].count, 3);
    take(account, 3);
    take(account, 5);
    take(account, 0);
    expect(account, 6, 3, 3, 1);
    take(account, 1);
    take(account, 2);
    take(account, 4);
    expect(account, 9, 0, 3, 4);
    assert_int_equal(account->losses[0].count, 0);
    free(account);
}

/* What lies further back than the window is not known any more, and never counted as fine. */
static void test_too_late(void **state)
{
    struct stream_account *account = new_account();

    (void)state;
    take(account, 0);
    take(account, 2);
    take(account, STREAM_WINDOW + 1); /* 2 is the oldest number that is still known */
    expect(account, 3, STREAM_WINDOW - 1, 0, 0);
    take(account, 1);
    assert_int_equal(account->stale, 1);
    take(account, 2);
    expect(account, 5, STREAM_WINDOW - 1, 2, 0);
    take(account, 3);
    expect(account, 6, STREAM_WINDOW - 2, 2, 1);
    take(account, UINT64_C(1) << 60); /* far ahead: all in between are missing, at no cost of time */
    take(account, (UINT64_C(1) << 60) - 1);
    assert_int_equal(account->reordered, 2);
    take(account, UINT64_MAX);
    assert_int_equal(account->stale, 2);
    free(account);
}

static void test_more_losses_than_room(void **state)
{
    struct stream_account *account = new_account();

    (void)state;
    for (uint64_t i = 0; i <= 2 * STREAM_LOSSES_MAX + 10; i += 2) {
        take(account, i);
    }
    assert_true(account->more_losses);
    assert_int_equal(account->lost, STREAM_LOSSES_MAX + 5);
    take(account, 2 * STREAM_LOSSES_MAX + 3); /* of a run that is not in the table */
    assert_int_equal(account->lost, STREAM_LOSSES_MAX + 4);
    assert_int_equal(account->losses[STREAM_LOSSES_MAX - 1].count, 1);
    free(account);
}

static void test_gaps(void **state)
{
    struct stream_account *account = new_account();

    (void)state;
    stream_account_take(account, 0, 0, 7 * MS);
    stream_account_take(account, 1, 0, 8 * MS);
    stream_account_take(account, 2, 0, 138 * MS);
    stream_account_take(account, 3, 0, 139 * MS);
    assert_int_equal(account->longest_gap_ns, 130 * MS);
    assert_int_equal(account->longest_gap_at_ns, 138 * MS);
    assert_int_equal(account->buckets[0].frames, 2);
    assert_int_equal(account->buckets[0].gap_us, 1000);
    assert_int_equal(account->buckets[1].frames, 0);
    assert_int_equal(account->buckets[2].frames, 2);
    assert_int_equal(account->buckets[2].gap_us, 130000);
    stream_account_take(account, 4, 0, UINT64_C(1) << 62); /* past the last bucket */
    assert_int_equal(account->received, 5);
    free(account);
}

/* ---- frames ---- */

static struct stream_frame sample(uint16_t length)
{
    return (struct stream_frame){.to = {{2, 0, 0, 0, 0, 1}},
                                 .from = {{2, 0, 0, 0, 0, 2}},
                                 .kind = STREAM_DATA,
                                 .length = length,
                                 .run = 0x12345678,
                                 .rate = 1000,
                                 .number = UINT64_C(0x0102030405060708),
                                 .sent_ns = 42,
                                 .summary = {1, 2, 3, 4, 5, 6}};
}

static void test_frame(void **state)
{
    static const uint16_t lengths[] = {STREAM_FRAME_LEAST, 128, STREAM_FRAME_MOST};
    uint8_t bytes[STREAM_FRAME_MOST];
    struct stream_frame back;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct stream_frame frame = sample(lengths[i]);
        memset(&back, 0, sizeof(back));
        stream_frame_write(&frame, bytes);
        assert_true(stream_frame_read(bytes, lengths[i], &back));
        assert_memory_equal(&frame.summary, &back.summary, sizeof(frame.summary));
        assert_memory_equal(&frame.to, &back.to, 6);
        assert_memory_equal(&frame.from, &back.from, 6);
        assert_int_equal(frame.number, back.number);
        assert_int_equal(frame.run, back.run);
        assert_int_equal(frame.sent_ns, back.sent_ns);
        assert_int_equal(frame.kind, back.kind);
        assert_false(stream_frame_read(bytes, lengths[i] - 1u, &back));
    }
}

/* No byte may change unseen. */
static void test_damage(void **state)
{
    uint8_t bytes[STREAM_FRAME_MOST];
    struct stream_frame frame = sample(200);
    struct stream_frame back;

    (void)state;
    stream_frame_write(&frame, bytes);
    for (uint32_t i = 0; i < 200 * 8; i++) {
        bytes[i / 8] ^= (uint8_t)(1u << (i % 8));
        assert_false(stream_frame_read(bytes, 200, &back));
        bytes[i / 8] ^= (uint8_t)(1u << (i % 8));
    }
    frame.kind = (enum stream_kind)9;
    stream_frame_write(&frame, bytes);
    assert_false(stream_frame_read(bytes, 200, &back));
    assert_false(stream_frame_read(bytes, 0, &back));
}

/* ---- two ends ---- */

#define WIRE 64

struct bed {
    struct stream_run ends[2];
    struct {
        uint8_t bytes[STREAM_FRAME_MOST];
        uint32_t len;
    } wire[2][WIRE]; /* to that end */
    uint32_t held[2];
    uint64_t now;
    uint64_t count;
    uint64_t drop_every; /* 0: none */
    bool full;
};

struct side {
    struct bed *bed;
    uint32_t to;
};

static bool put(void *arg, const uint8_t *bytes, uint32_t len)
{
    struct side *side = arg;
    struct bed *bed = side->bed;

    if (bed->full || bed->held[side->to] == WIRE) {
        return false;
    }
    bed->count++;
    if (bed->drop_every != 0 && bed->count % bed->drop_every == 0) {
        return true;
    }
    memcpy(bed->wire[side->to][bed->held[side->to]].bytes, bytes, len);
    bed->wire[side->to][bed->held[side->to]++].len = len;
    return true;
}

static void deliver(struct bed *bed)
{
    for (uint32_t to = 0; to < 2; to++) {
        for (uint32_t i = 0; i < bed->held[to]; i++) {
            stream_run_take(&bed->ends[to], bed->wire[to][i].bytes, bed->wire[to][i].len, bed->now);
        }
        bed->held[to] = 0;
    }
}

static void go(struct bed *bed, uint64_t turns)
{
    for (uint64_t i = 0; i < turns; i++) {
        bed->now += MS;
        stream_run_turn(&bed->ends[0], bed->now);
        stream_run_turn(&bed->ends[1], bed->now);
        deliver(bed);
    }
}

static struct bed *new_bed(struct side *sides)
{
    struct bed *bed = calloc(1, sizeof(*bed));

    assert_non_null(bed);
    bed->now = 1000 * MS;
    for (uint32_t i = 0; i < 2; i++) {
        sides[i] = (struct side){bed, 1 - i};
        bed->ends[i] = (struct stream_run){.leads = i == 0,
                                           .run = i == 0 ? 77 : 0,
                                           .rate = i == 0 ? 1000 : 1,
                                           .length = 128,
                                           .own = {{2, 0, 0, 0, 0, (uint8_t)i}},
                                           .send = put,
                                           .arg = &sides[i]};
        stream_run_begin(&bed->ends[i], bed->now);
    }
    return bed;
}

static void finish(struct bed *bed)
{
    stream_run_end(&bed->ends[0], bed->now);
    go(bed, 2500);
    assert_int_equal(bed->ends[0].phase, STREAM_OVER);
    assert_int_equal(bed->ends[1].phase, STREAM_OVER);
}

static void test_both_ways(void **state)
{
    struct side sides[2];
    struct bed *bed = new_bed(sides);

    (void)state;
    go(bed, 2000);
    finish(bed);
    for (uint32_t i = 0; i < 2; i++) {
        const struct stream_run *end = &bed->ends[i];
        assert_true(end->told);
        assert_int_equal(end->account.received, bed->ends[1 - i].sent);
        /* The leader says what it has before the follower's last frames are there. */
        assert_in_range(end->theirs.received, end->sent - i, end->sent);
        assert_true(end->sent >= 1990 && end->sent <= 2600);
        expect(&end->account, end->account.received, 0, 0, 0);
    }
    free(bed);
}

static void test_losses_are_counted(void **state)
{
    struct side sides[2];
    struct bed *bed = new_bed(sides);

    (void)state;
    go(bed, 10);
    bed->drop_every = 7;
    go(bed, 1000);
    bed->drop_every = 0;
    go(bed, 10);
    finish(bed);
    for (uint32_t i = 0; i < 2; i++) {
        const struct stream_account *account = &bed->ends[i].account;
        assert_true(account->lost > 100 && account->lost < 200);
        assert_int_equal(account->received + account->lost, bed->ends[1 - i].sent);
    }
    free(bed);
}

/* No room for a while: a number that was not taken is not spent; after a long halt there is no flood. */
static void test_no_room(void **state)
{
    struct side sides[2];
    struct bed *bed = new_bed(sides);

    (void)state;
    go(bed, 100);
    bed->full = true;
    go(bed, 500);
    bed->full = false;
    uint64_t before = bed->ends[0].sent;
    go(bed, 1);
    assert_true(bed->ends[0].sent - before <= 18);
    assert_true(bed->ends[0].turned_away > 0);
    assert_true(bed->ends[0].skipped > 400);
    go(bed, 50);
    finish(bed);
    expect(&bed->ends[1].account, bed->ends[0].sent, 0, 0, 0);
    free(bed);
}

/* Another stream's frames, one's own, and rubbish are none of it. */
static void test_foreign(void **state)
{
    struct side sides[2];
    struct bed *bed = new_bed(sides);
    uint8_t bytes[STREAM_FRAME_MOST];
    struct stream_frame frame = sample(128);

    (void)state;
    go(bed, 50);
    uint64_t received = bed->ends[0].account.received;
    frame.from = bed->ends[1].own;
    stream_frame_write(&frame, bytes); /* another run */
    stream_run_take(&bed->ends[0], bytes, 128, bed->now);
    frame.run = 77;
    frame.from = bed->ends[0].own;
    stream_frame_write(&frame, bytes); /* its own, come back */
    stream_run_take(&bed->ends[0], bytes, 128, bed->now);
    frame.from.b[5] = 9;
    stream_frame_write(&frame, bytes); /* somebody else's */
    stream_run_take(&bed->ends[0], bytes, 128, bed->now);
    stream_run_take(&bed->ends[0], bytes, 3, bed->now);
    assert_int_equal(bed->ends[0].foreign, 4);
    assert_int_equal(bed->ends[0].account.received, received);
    free(bed);
}

static void test_other_is_gone(void **state)
{
    struct side sides[2];
    struct bed *bed = new_bed(sides);

    (void)state;
    go(bed, 100);
    bed->full = true;
    stream_run_end(&bed->ends[0], bed->now);
    go(bed, 11000);
    assert_int_equal(bed->ends[0].phase, STREAM_OVER);
    assert_false(bed->ends[0].told);
    stream_run_end(&bed->ends[1], bed->now); /* interrupted: a follower just ends */
    assert_int_equal(bed->ends[1].phase, STREAM_OVER);
    free(bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_late_and_doubled),
        cmocka_unit_test(test_too_late),
        cmocka_unit_test(test_more_losses_than_room),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_frame),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_losses_are_counted),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_other_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
