/* SPDX-License-Identifier: BSD-3-Clause */
/* The packet pool: layout in DMA memory, exhaustion, chains, queue caches. */
#include "fake_vmm.h"

#include <stdlib.h>

struct ctx {
    struct fake *f;
    struct sriov_fn *fn;
};

static struct ctx here;

static int setup(void **state)
{
    fake_setup((void **)&here.f);
    here.fn = fake_open(here.f, NULL);
    *state = &here;
    return 0;
}

/* The pool must have given all DMA memory back. */
static int teardown(void **state)
{
    (void)state;
    assert_int_equal(sriov_fn_close(here.fn), 0);
    return fake_teardown((void **)&here.f);
}

static struct sriov_pool *make(struct ctx *c, uint32_t count, uint32_t buf_size)
{
    struct sriov_pool_opts opts = {.size = sizeof(opts), .count = count, .buf_size = buf_size};
    struct sriov_pool *pool = NULL;

    assert_int_equal(sriov_pool_create(c->fn, &opts, &pool), 0);
    assert_int_equal(sriov_pool_count(pool), count);
    assert_int_equal(sriov_pool_in_use(pool), 0);
    return pool;
}

static void test_options(void **state)
{
    static const struct sriov_pool_opts bad[] = {
        {.size = sizeof(bad[0]), .count = 0},
        {.size = sizeof(bad[0]), .count = UINT32_MAX},
        {.size = sizeof(bad[0]), .count = 1, .buf_size = 128},
        {.size = sizeof(bad[0]), .count = 1, .buf_size = 32768},
        {.size = sizeof(bad[0]), .count = 1, .buf_size = 3000},
        {.size = sizeof(bad[0]), .count = 1, .reserved0 = 1},
        {.size = 4, .count = 1},
    };
    struct ctx *c = *state;
    struct sriov_pool *pool;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(sriov_pool_create(c->fn, &bad[i], &pool), -EINVAL);
        assert_null(pool);
    }
    assert_int_equal(sriov_pool_create(c->fn, NULL, &pool), -EINVAL);
    assert_int_equal(sriov_pool_create(c->fn, &bad[0], NULL), -EINVAL);
    assert_int_equal(sriov_pool_create(NULL, &bad[0], &pool), -EINVAL);
    assert_int_equal(sriov_pool_destroy(NULL), 0);
}

static const struct fake_map *map_of(const struct fake *f, const void *va)
{
    for (unsigned i = 0; i < FAKE_MAPS; i++) {
        const struct fake_map *m = &f->maps[i];
        uint64_t off = (uint64_t)(uintptr_t)va - (uint64_t)(uintptr_t)m->va;

        if (m->length != 0 && off < m->length) {
            return m;
        }
    }
    return NULL;
}

/* Every buffer lies whole in one mapping, is not shared, and its IOVA is that of its bytes. */
static void check_layout(struct ctx *c, uint32_t count, uint32_t buf_size)
{
    struct sriov_pool *pool = make(c, count, buf_size);
    struct sriov_buf **all = calloc(count, sizeof(struct sriov_buf *));
    uint32_t bytes = buf_size != 0 ? buf_size : 2048;

    assert_non_null(all);
    for (uint32_t i = 0; i < count; i++) {
        const struct fake_map *m;
        struct sriov_buf *b = sriov_buf_alloc(pool);

        all[i] = b;
        assert_non_null(b);
        assert_int_equal(b->room, bytes);
        m = map_of(c->f, b->data);
        assert_non_null(m);
        assert_int_equal(b->iova.raw - m->iova, (uint64_t)(b->data - (uint8_t *)m->va));
        assert_true((uint64_t)(b->data - (uint8_t *)m->va) + bytes <= m->length);
        assert_int_equal(b->iova.raw % bytes, 0);
        assert_int_equal(b->data[0], 0); /* nobody wrote here yet: not shared */
        memset(b->data, 0xa5, bytes);
    }
    assert_null(sriov_buf_alloc(pool));
    assert_int_equal(sriov_pool_in_use(pool), count);
    assert_int_equal(sriov_pool_destroy(pool), -EBUSY);
    for (uint32_t i = 0; i < count; i++) {
        sriov_buf_free(all[i]);
    }
    free(all);
    assert_int_equal(sriov_pool_destroy(pool), 0);
    assert_int_equal(c->f->num_maps, 0);
}

static void test_layout_in_one_piece(void **state)
{
    struct ctx *c = *state;
    struct sriov_pool *pool = make(c, 300, 0);

    assert_int_equal(c->f->num_maps, 1);
    assert_int_equal(sriov_pool_destroy(pool), 0);
    check_layout(c, 1, 256);
    check_layout(c, 300, 0);
    check_layout(c, 65, 16384);
}

static void test_layout_in_chunks(void **state)
{
    struct ctx *c = *state;

    for (uint64_t largest = 4096; largest <= 1u << 20; largest *= 4) {
        c->f->max_alloc = largest;
        check_layout(c, 257, 2048);
        check_layout(c, 33, 256);
    }
    c->f->max_alloc = 16384;
    check_layout(c, 31, 16384);
    c->f->max_alloc = 8192;
    assert_int_equal(c->f->num_maps, 0);
    {
        struct sriov_pool_opts opts = {.size = sizeof(opts), .count = 4, .buf_size = 16384};
        struct sriov_pool *pool;

        assert_int_equal(sriov_pool_create(c->fn, &opts, &pool), -ENOMEM);
        assert_int_equal(c->f->num_maps, 0);
    }
}

static void test_create_unwinds(void **state)
{
    struct ctx *c = *state;
    struct sriov_pool_opts opts = {.size = sizeof(opts), .count = 64};
    struct sriov_pool *pool;
    long live = c->f->live_allocs;
    int rc;

    fake_fail(c->f, "dma_alloc", 1, -EFAULT);
    assert_int_equal(sriov_pool_create(c->fn, &opts, &pool), -EFAULT);
    c->f->fail.nth = 0;
    for (int k = 1; k < 40; k++) {
        c->f->fail_alloc = c->f->alloc_calls + k;
        rc = sriov_pool_create(c->fn, &opts, &pool);
        if (rc == 0) {
            assert_int_equal(sriov_pool_destroy(pool), 0);
        }
        assert_int_equal(c->f->num_maps, 0);
    }
    c->f->fail_alloc = 0;
    assert_true(c->f->live_allocs <= live + 2); /* the ledger's own growth stays */
}

static void test_fresh(void **state)
{
    struct ctx *c = *state;
    struct sriov_pool *pool = make(c, 2, 0);
    struct sriov_buf *b = sriov_buf_alloc(pool);
    uint8_t *data = b->data;
    uint64_t iova = b->iova.raw;

    b->data += 100;
    b->iova.raw += 100;
    b->len = 5;
    b->pkt_len = 5;
    b->flags = 0xffff;
    b->num_segs = 9;
    b->vlan_tci = 3;
    b->queue = 2;
    b->rss_hash = 77;
    b->user = 1234;
    sriov_buf_free(b);
    assert_ptr_equal(sriov_buf_alloc(pool), b); /* the warm one first */
    assert_ptr_equal(b->data, data);
    assert_int_equal(b->iova.raw, iova);
    assert_int_equal(b->len + b->pkt_len + b->flags + b->vlan_tci + b->queue, 0);
    assert_int_equal(b->rss_hash, 0);
    assert_int_equal(b->user, 0);
    assert_int_equal(b->num_segs, 1);
    assert_null(b->next);
    sriov_buf_free(b);
    sriov_buf_free(NULL);
    assert_int_equal(sriov_pool_destroy(pool), 0);
}

static void test_copy(void **state)
{
    static uint8_t in[20992];
    static uint8_t out[20992];
    struct ctx *c = *state;
    struct sriov_pool *pool = make(c, 40, 512);

    for (size_t i = 0; i < sizeof(in); i++) {
        in[i] = (uint8_t)(i * 7 + i / 256);
    }
    for (uint32_t len = 0; len <= 20000; len += len < 1100 ? 1 : 557) {
        struct sriov_buf *b = sriov_buf_from(pool, in, len);
        uint32_t segs = len == 0 ? 1 : (len + 511) / 512;

        assert_non_null(b);
        assert_int_equal(b->pkt_len, len);
        assert_int_equal(b->num_segs, segs);
        assert_int_equal(sriov_pool_in_use(pool), segs);
        memset(out, 0, sizeof(out));
        assert_int_equal(sriov_buf_copy_out(b, out, sizeof(out)), len);
        assert_memory_equal(in, out, len);
        if (len > 10) {
            memset(out, 0xee, sizeof(out));
            assert_int_equal(sriov_buf_copy_out(b, out, len - 3), len - 3);
            assert_int_equal(out[len - 3], 0xee);
        }
        sriov_buf_free(b);
        assert_int_equal(sriov_pool_in_use(pool), 0);
    }
    assert_null(sriov_buf_from(pool, in, 40 * 512 + 1));
    assert_null(sriov_buf_from(pool, in, UINT32_MAX));
    assert_int_equal(sriov_pool_in_use(pool), 0);
    assert_int_equal(sriov_buf_copy_out(NULL, out, 10), 0);
    assert_int_equal(sriov_pool_destroy(pool), 0);
}

/* Chains and singles of two pools, mixed: more than one bulk. */
static void test_free_bulk(void **state)
{
    static const uint8_t bytes[2000];
    struct ctx *c = *state;
    struct sriov_pool *a = make(c, 200, 256);
    struct sriov_pool *b = make(c, 10, 256);
    struct sriov_buf *bufs[40];

    for (int i = 0; i < 40; i++) {
        bufs[i] = i % 5 == 0 ? sriov_buf_alloc(b) : sriov_buf_from(a, bytes, i % 2 != 0 ? 2000 : 200);
        assert_non_null(bufs[i]);
    }
    assert_int_equal(sriov_pool_in_use(b), 8);
    assert_int_equal(sriov_pool_in_use(a), 16 * 8 + 16);
    sriov_buf_free_bulk(bufs, 0);
    sriov_buf_free_bulk(bufs, 40);
    assert_int_equal(sriov_pool_in_use(b), 0);
    assert_int_equal(sriov_pool_in_use(a), 0);
    assert_int_equal(sriov_pool_destroy(b), 0);
    assert_int_equal(sriov_pool_destroy(a), 0);
}

static void test_double_free_is_caught(void **state)
{
    struct ctx *c = *state;
    struct sriov_pool *pool = make(c, 4, 256);
    struct sriov_buf *b = sriov_buf_alloc(pool);

    sriov_buf_free(b);
    sriov_buf_free(b);
    assert_non_null(strstr(c->f->last_log, "freed twice"));
    assert_int_equal(sriov_pool_in_use(pool), 0);
    assert_int_equal(sriov_pool_destroy(pool), 0);
}

static void test_cache(void **state)
{
    struct ctx *c = *state;
    struct sriov_pool *pool = make(c, 200, 256);
    struct sriov_pool_cache cache;
    struct sriov_buf *bufs[200];

    sriov_pool_cache_init(&cache, pool);
    assert_false(sriov_pool_cache_fill(&cache, SRIOV_POOL_BULK + 1));
    assert_true(sriov_pool_cache_has(&cache, 1));
    assert_int_equal(cache.n, SRIOV_POOL_BULK);
    for (int i = 0; i < 200; i++) {
        assert_true(sriov_pool_cache_has(&cache, 1));
        bufs[i] = cache.stock[--cache.n];
        assert_non_null(bufs[i]->data);
    }
    assert_false(sriov_pool_cache_has(&cache, 1));
    assert_int_equal(sriov_pool_in_use(pool), 200);
    for (int i = 0; i < 200; i++) {
        bufs[i]->data += 3; /* rewound on its way home */
        bufs[i]->iova.raw += 3;
        bufs[i]->next = bufs[0]; /* stale: of no meaning for single buffers */
        sriov_pool_cache_put(&cache, bufs[i]);
    }
    assert_true(cache.n <= 2 * SRIOV_POOL_BULK);
    sriov_pool_cache_drain(&cache);
    sriov_pool_cache_drain(&cache);
    assert_int_equal(sriov_pool_in_use(pool), 0);
    for (int i = 0; i < 200; i++) {
        bufs[i] = sriov_buf_alloc(pool);
        assert_int_equal(bufs[i]->iova.raw % 256, 0);
        assert_null(bufs[i]->next);
    }
    sriov_buf_free_bulk(bufs, 200);
    assert_int_equal(sriov_pool_destroy(pool), 0);
}

static void test_cache_gets_what_is_left(void **state)
{
    struct ctx *c = *state;
    struct sriov_pool *pool = make(c, 10, 256);
    struct sriov_pool_cache cache;

    sriov_pool_cache_init(&cache, pool);
    assert_false(sriov_pool_cache_fill(&cache, 11));
    assert_int_equal(cache.n, 10);
    assert_true(sriov_pool_cache_has(&cache, 10));
    sriov_pool_cache_drain(&cache);
    assert_int_equal(sriov_pool_destroy(pool), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_options),
        T(test_layout_in_one_piece),
        T(test_layout_in_chunks),
        T(test_create_unwinds),
        T(test_fresh),
        T(test_copy),
        T(test_free_bulk),
        T(test_double_free_is_caught),
        T(test_cache),
        T(test_cache_gets_what_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
