/* SPDX-License-Identifier: BSD-3-Clause */
/* The IOVA allocator against a reference that tries every address. */
#include "core.h"

#include "fake_vmm.h"

#define SPACE 256u

static uint32_t rng(uint32_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 17;
    *s ^= *s << 5;
    return *s;
}

struct model {
    struct sric_span spans[SPACE];
    struct sric_iova iova;
    struct sriov_dma_range ranges[4];
    uint32_t num_ranges;
    uint8_t taken[SPACE];
};

static bool usable(const struct model *m, uint32_t a)
{
    for (uint32_t i = 0; i < m->num_ranges; i++) {
        if (a >= m->ranges[i].first && a <= m->ranges[i].last) {
            return !m->taken[a];
        }
    }
    return false;
}

static bool same_range(const struct model *m, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < m->num_ranges; i++) {
        if (a >= m->ranges[i].first && b <= m->ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* The lowest address that will do, or -1. */
static int64_t reference(const struct model *m, uint32_t length, uint32_t align)
{
    for (uint32_t a = align; a + length <= SPACE; a += align) {
        uint32_t n = 0;

        while (n < length && usable(m, a + n)) {
            n++;
        }
        if (n == length && same_range(m, a, a + length - 1)) {
            return a;
        }
    }
    return -1;
}

static void make_ranges(struct model *m, uint32_t *s)
{
    uint32_t at = rng(s) % 20;

    m->num_ranges = 0;
    while (m->num_ranges < 4 && at + 2 < SPACE) {
        uint32_t last = at + rng(s) % 100;

        m->ranges[m->num_ranges].first = at;
        m->ranges[m->num_ranges].last = last < SPACE ? last : SPACE - 1;
        m->num_ranges++;
        at = last + 1 + rng(s) % 10; /* at times directly behind: still two ranges */
    }
}

static void check_sorted(const struct model *m)
{
    for (uint32_t i = 1; i < m->iova.n; i++) {
        assert_true(m->spans[i - 1].last < m->spans[i].first);
    }
}

static void do_alloc(struct model *m, uint32_t *s)
{
    uint32_t length = 1 + rng(s) % 24;
    uint32_t align = 1u << rng(s) % 6;
    int64_t want = reference(m, length, align);
    uint64_t first = 0;
    uint32_t at = 0;
    int rc = sric_iova_find(&m->iova, m->ranges, m->num_ranges, length, align, &first, &at);

    if (want < 0) {
        assert_int_equal(rc, -ENOSPC);
        return;
    }
    assert_int_equal(rc, 0);
    assert_int_equal(first, want);
    sric_iova_insert(&m->iova, at, first, length);
    memset(m->taken + first, 1, length);
    check_sorted(m);
}

static void do_free(struct model *m, uint32_t *s)
{
    uint32_t i = rng(s) % m->iova.n;
    uint64_t first = m->spans[i].first;
    uint64_t length = m->spans[i].last - first + 1;

    if (length > 1) {
        assert_false(sric_iova_remove(&m->iova, first + 1));
    }
    assert_true(sric_iova_remove(&m->iova, first));
    assert_false(sric_iova_remove(&m->iova, first));
    memset(m->taken + first, 0, length);
    check_sorted(m);
}

static void test_against_reference(void **state)
{
    uint32_t s = 0x10a5eed;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct model m;

        memset(&m, 0, sizeof(m));
        m.iova.spans = m.spans;
        m.iova.room = SPACE;
        make_ranges(&m, &s);
        for (int step = 0; step < 60; step++) {
            if (m.iova.n != 0 && rng(&s) % 3 == 0) {
                do_free(&m, &s);
            } else {
                do_alloc(&m, &s);
            }
        }
    }
}

/* Every length and alignment over every pair of taken spans in a space of 24. */
static void test_exhaustive_small(void **state)
{
    (void)state;
    for (uint32_t mask = 0; mask < 1u << 12; mask++) {
        struct model m;

        memset(&m, 0, sizeof(m));
        m.iova.spans = m.spans;
        m.iova.room = SPACE;
        m.num_ranges = 2;
        m.ranges[0] = (struct sriov_dma_range){0, 10};
        m.ranges[1] = (struct sriov_dma_range){12, 23};
        for (uint32_t i = 0; i < 12; i++) {
            if ((mask >> i & 1) != 0) {
                sric_iova_insert(&m.iova, m.iova.n, 2 * i, 1);
                m.taken[2 * i] = 1;
            }
        }
        for (uint32_t length = 1; length <= 13; length++) {
            for (uint32_t align = 1; align <= 16; align *= 2) {
                int64_t want = reference(&m, length, align);
                uint64_t first;
                uint32_t at;
                int rc = sric_iova_find(&m.iova, m.ranges, 2, length, align, &first, &at);

                assert_int_equal(rc, want < 0 ? -ENOSPC : 0);
                assert_true(want < 0 || first == (uint64_t)want);
            }
        }
    }
}

static int find(struct model *m, uint64_t first, uint64_t last, uint64_t length, uint64_t align,
                uint64_t *out)
{
    struct sriov_dma_range range = {first, last};
    uint32_t at;

    return sric_iova_find(&m->iova, &range, 1, length, align, out, &at);
}

static void test_edges(void **state)
{
    struct model m;
    uint64_t a;

    (void)state;
    memset(&m, 0, sizeof(m));
    m.iova.spans = m.spans;
    m.iova.room = SPACE;
    /* Never address 0. */
    assert_int_equal(find(&m, 0, 4095, 4096, 4096, &a), -ENOSPC);
    assert_int_equal(find(&m, 0, 8191, 4096, 4096, &a), 0);
    assert_int_equal(a, 4096);
    /* The very top. */
    assert_int_equal(find(&m, UINT64_MAX - 4095, UINT64_MAX, 4096, 4096, &a), 0);
    assert_true(a == UINT64_MAX - 4095);
    sric_iova_insert(&m.iova, 0, a, 4096);
    assert_int_equal(find(&m, UINT64_MAX - 4095, UINT64_MAX, 4096, 4096, &a), -ENOSPC);
    assert_int_equal(find(&m, UINT64_MAX - 4094, UINT64_MAX, 1, 4096, &a), -ENOSPC);
    /* Length and alignment beyond all. */
    assert_int_equal(find(&m, 1, UINT64_MAX, UINT64_MAX, 1, &a), -ENOSPC);
    assert_int_equal(find(&m, 0, UINT64_MAX, 1, UINT64_C(1) << 63, &a), 0);
    assert_true(a == UINT64_C(1) << 63);
    assert_int_equal(find(&m, 0, (UINT64_C(1) << 63) - 1, 1, UINT64_C(1) << 63, &a), -ENOSPC);
    assert_int_equal(sric_iova_find(&m.iova, NULL, 0, 1, 1, &a, &(uint32_t){0}), -ENOSPC);
}

/* What a span at a given place meets: -ERANGE, -EBUSY, or 0 with where it belongs. Here ranges that touch
 * are one. */
static int reference_place(const struct model *m, uint32_t first, uint32_t length)
{
    bool busy = false;

    for (uint32_t a = first; a < first + length; a++) {
        if (a >= SPACE || (!usable(m, a) && !m->taken[a])) {
            return -ERANGE;
        }
        busy |= m->taken[a] != 0;
    }
    return busy ? -EBUSY : 0;
}

static void place(struct model *m, uint32_t first, uint32_t length)
{
    uint32_t at = 0;
    int want = reference_place(m, first, length);

    assert_int_equal(sric_iova_place(&m->iova, m->ranges, m->num_ranges, first, length, &at), want);
    if (want == 0) {
        sric_iova_insert(&m->iova, at, first, length);
        memset(m->taken + first, 1, length);
        check_sorted(m);
    }
}

static void test_place(void **state)
{
    uint32_t s = 0x91ace;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct model m;

        memset(&m, 0, sizeof(m));
        m.iova.spans = m.spans;
        m.iova.room = SPACE;
        make_ranges(&m, &s);
        for (int step = 0; step < 60; step++) {
            if (m.iova.n != 0 && rng(&s) % 3 == 0) {
                do_free(&m, &s);
            } else {
                uint32_t first = rng(&s) % SPACE;

                place(&m, first, 1 + rng(&s) % 40);
            }
        }
    }
}

static void test_place_at_the_edges(void **state)
{
    struct sriov_dma_range all = {0, UINT64_MAX};
    struct sric_span spans[4];
    struct sric_iova iova = {.spans = spans, .room = 4};
    uint32_t at = 7;

    (void)state;
    assert_int_equal(sric_iova_place(&iova, &all, 1, 0, 4096, &at), 0); /* 0 where it is asked for */
    assert_int_equal(at, 0);
    assert_int_equal(sric_iova_place(&iova, &all, 1, UINT64_MAX - 4095, 4096, &at), 0);
    assert_int_equal(sric_iova_place(&iova, &all, 1, UINT64_MAX - 4095, 4097, &at), -ERANGE);
    assert_int_equal(sric_iova_place(&iova, &all, 1, 1, UINT64_MAX, &at), 0);
    assert_int_equal(sric_iova_place(&iova, &all, 0, 0, 1, &at), -ERANGE);
    sric_iova_insert(&iova, 0, UINT64_MAX - 4095, 4096);
    assert_int_equal(sric_iova_place(&iova, &all, 1, UINT64_MAX, 1, &at), -EBUSY);
    assert_int_equal(sric_iova_place(&iova, &all, 1, UINT64_MAX - 4096, 1, &at), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_reference),
        cmocka_unit_test(test_exhaustive_small),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_place_at_the_edges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
