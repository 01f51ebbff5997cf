/* SPDX-License-Identifier: BSD-3-Clause */
/* The ledger: owners, budget, leaks, refusals. The fake checks where each mapping lands. */
#include "core.h"

#include "fake_vmm.h"

#include <stdlib.h>

#define BOTH SRIOV_DMA_BOTH

static void assert_zeroed(const struct sriov_dma *dma)
{
    static const struct sriov_dma zero;

    assert_memory_equal(dma, &zero, sizeof(zero));
}

static struct sriov_dma_usage usage(struct sriov_fn *fn)
{
    struct sriov_dma_usage u = {.size = sizeof(u)};

    assert_int_equal(sriov_dma_usage(fn, &u), 0);
    assert_int_equal(u.size, sizeof(u));
    return u;
}

static void test_alloc_free(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_dma a;
    struct sriov_dma b;
    struct sriov_dma again;

    assert_int_equal(sriov_dma_alloc(fn, "a", 1, 1, SRIOV_DMA_DEVICE_READS, &a), 0);
    assert_int_equal(a.length, 4096);
    assert_int_equal(a.iova.raw, 4096); /* the lowest but never 0 */
    assert_int_equal(a.dir, SRIOV_DMA_DEVICE_READS);
    assert_int_equal(*(char *)a.va, 0);
    assert_int_equal(sriov_dma_alloc(fn, "b", 5000, 65536, BOTH, &b), 0);
    assert_int_equal(b.length, 8192);
    assert_int_equal(b.iova.raw, 65536);
    assert_int_equal(usage(fn).mappings, 2);
    assert_int_equal(usage(fn).bytes, 4096 + 8192);
    again = a;
    assert_int_equal(sriov_dma_free(fn, &a), 0);
    assert_zeroed(&a);
    assert_int_equal(sriov_dma_free(fn, &again), -EINVAL);
    assert_zeroed(&again);
    assert_int_equal(sriov_dma_free(fn, &a), -EINVAL); /* zeroed is nothing */
    assert_int_equal(sriov_dma_free(fn, &b), 0);
    assert_int_equal(usage(fn).mappings, 0);
    assert_int_equal(usage(fn).bytes, 0);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_arguments(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_dma d;
    unsigned calls = f->calls;

    assert_int_equal(sriov_dma_alloc(fn, NULL, 1, 1, BOTH, &d), -EINVAL);
    assert_int_equal(sriov_dma_alloc(fn, "x", 0, 1, BOTH, &d), -EINVAL);
    assert_int_equal(sriov_dma_alloc(fn, "x", 1, 0, BOTH, &d), -EINVAL);
    assert_int_equal(sriov_dma_alloc(fn, "x", 1, 3, BOTH, &d), -EINVAL);
    assert_int_equal(sriov_dma_alloc(fn, "x", 1, 1, (enum sriov_dma_dir)0, &d), -EINVAL);
    assert_int_equal(sriov_dma_alloc(fn, "x", 1, 1, (enum sriov_dma_dir)4, &d), -EINVAL);
    assert_int_equal(sriov_dma_alloc(fn, "x", 1, 1, BOTH, NULL), -EINVAL);
    assert_int_equal(sriov_dma_alloc(NULL, "x", 1, 1, BOTH, &d), -EINVAL);
    assert_int_equal(sriov_dma_map(fn, "x", &d, 1, BOTH, NULL), -EINVAL);
    assert_int_equal(sriov_dma_free(fn, NULL), -EINVAL);
    assert_int_equal(sriov_dma_unmap(fn, NULL), -EINVAL);
    assert_int_equal(f->calls, calls);
    assert_int_equal(sriov_dma_alloc(fn, "x", UINT64_MAX, 1, BOTH, &d), -ENOSPC);
    assert_int_equal(sriov_dma_alloc(fn, "x", UINT64_C(1) << 62, 1, BOTH, &d), -ENOSPC);
    assert_int_equal(sriov_dma_alloc(fn, "x", 1, UINT64_C(1) << 63, BOTH, &d), -ENOSPC);
    assert_zeroed(&d);
    assert_int_equal(sriov_dma_usage(fn, NULL), -EINVAL);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_map(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_dma d;
    struct sriov_dma copy;
    char *buf = aligned_alloc(4096, 8192);

    assert_non_null(buf);
    assert_int_equal(sriov_dma_map(fn, "caller", buf, 8192, BOTH, &d), 0);
    assert_ptr_equal(d.va, buf);
    copy = d;
    assert_int_equal(sriov_dma_free(fn, &copy), -EINVAL); /* not from alloc */
    assert_int_equal(sriov_dma_unmap(fn, &d), 0);
    assert_int_equal(sriov_dma_unmap(fn, &d), -EINVAL);
    assert_int_equal(sriov_dma_map(fn, "caller", buf + 1, 4096, BOTH, &d), -EINVAL);
    assert_int_equal(sriov_dma_map(fn, "caller", buf, 100, BOTH, &d), -EINVAL);
    assert_int_equal(sriov_dma_map(fn, "caller", buf, 0, BOTH, &d), -EINVAL);
    assert_int_equal(sriov_dma_map(fn, "caller", NULL, 4096, BOTH, &d), -EINVAL);
    assert_int_equal(sriov_dma_map(fn, NULL, buf, 4096, BOTH, &d), -EINVAL);
    assert_int_equal(sriov_fn_close(fn), 0);
    f->info.caps &= ~SRIOV_CAP_DMA_MAP;
    fn = fake_open(f, NULL);
    assert_int_equal(sriov_dma_map(fn, "caller", buf, 4096, BOTH, &d), -EOPNOTSUPP);
    assert_int_equal(sriov_fn_close(fn), 0);
    free(buf);
}

static void test_map_at_by_handle(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    const sriov_iova_t at = sriov_iova(f->limits.ranges[0].first + 0x10000);
    char *buf = aligned_alloc(4096, 8192);
    struct sriov_dma other;
    struct sriov_dma d;

    assert_non_null(buf);
    assert_int_equal(sriov_dma_map_at(fn, "caller", buf, 8192, BOTH, at, &d), 0);
    assert_ptr_equal(d.va, buf);
    assert_true(d.iova.raw == at.raw && d.length == 8192);
    assert_int_equal(sriov_dma_map_at(fn, "caller", buf, 4096, BOTH, sriov_iova_add(at, 4096), &other),
                     -EBUSY);
    assert_int_equal(sriov_dma_map_at(fn, "caller", buf, 4096, BOTH, at, NULL), -EINVAL);
    assert_int_equal(sriov_dma_unmap(fn, &d), 0);
    assert_int_equal(sriov_dma_map_at(fn, "caller", buf, 4096, BOTH, sriov_iova_add(at, 4096), &d), 0);
    assert_int_equal(sriov_dma_unmap(fn, &d), 0);
    assert_int_equal(sriov_fn_close(fn), 0);
    free(buf);
}

struct leaks {
    unsigned n;
    char owners[128];
    uint64_t bytes;
};

static void note(void *arg, const struct sriov_leak *leak)
{
    struct leaks *l = arg;

    l->n++;
    l->bytes += leak->length;
    strcat(l->owners, leak->owner);
    strcat(l->owners, ",");
}

static void test_leaks(void **state)
{
    static _Alignas(4096) char page[4096];
    struct fake *f = *state;
    struct leaks l = {0};
    struct leaks live = {0};
    struct sriov_fn_opts opts = {.size = sizeof(opts), .on_leak = note, .arg = &l};
    struct sriov_fn *fn = fake_open(f, &opts);
    struct sriov_dma d[3];

    assert_int_equal(sriov_dma_alloc(fn, "ring", 4096, 1, BOTH, &d[0]), 0);
    assert_int_equal(sriov_dma_alloc(fn, "mailbox", 8192, 1, BOTH, &d[1]), 0);
    assert_int_equal(sriov_dma_map(fn, "mapped", page, sizeof(page), BOTH, &d[2]), 0);
    sriov_dma_each(fn, note, &live);
    assert_string_equal(live.owners, "ring,mailbox,mapped,");
    assert_int_equal(sriov_dma_free(fn, &d[0]), 0);
    f->logs = 0;
    assert_int_equal(sriov_fn_close(fn), 2);
    assert_int_equal(l.n, 2);
    assert_string_equal(l.owners, "mailbox,mapped,");
    assert_int_equal(l.bytes, 8192 + 4096);
    assert_int_equal(f->logs, 2);
    assert_non_null(strstr(f->last_log, "mapped"));
    assert_int_equal(f->num_maps, 0);
    assert_int_equal(f->master_at_free, 0);
}

/* Gone or not, close gives the shim everything back. */
static void test_leaks_of_a_gone_function(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_dma d;

    assert_int_equal(sriov_dma_alloc(fn, "ring", 4096, 1, BOTH, &d), 0);
    sriov_fn_kill(fn);
    assert_int_equal(sriov_fn_close(fn), 1);
    assert_int_equal(f->num_maps, 0);
}

static void test_refused_free_is_kept(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_dma d;
    struct sriov_dma copy;
    struct sriov_dma next;
    uint64_t iova;

    assert_int_equal(sriov_dma_alloc(fn, "stuck", 4096, 1, BOTH, &d), 0);
    iova = d.iova.raw;
    copy = d;
    fake_fail(f, "dma_free", 1, -EBUSY);
    assert_int_equal(sriov_dma_free(fn, &d), -EBUSY);
    assert_zeroed(&d);
    assert_non_null(strstr(f->last_log, "stuck"));
    assert_int_equal(sriov_dma_free(fn, &copy), -EINVAL); /* its owner has let go */
    assert_int_equal(usage(fn).mappings, 1);
    assert_int_equal(sriov_dma_alloc(fn, "next", 4096, 1, BOTH, &next), 0);
    assert_int_not_equal(next.iova.raw, iova);
    assert_int_equal(sriov_dma_free(fn, &next), 0);
    assert_int_equal(sriov_fn_close(fn), 0); /* no leak of the owner's */
    assert_int_equal(f->num_maps, 0);
}

static void test_shim_errors(void **state)
{
    static const int errors[] = {-ENOMEM, -ENOSPC, -EFAULT, -EPERM};
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_dma d;

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        fake_fail(f, "dma_alloc", 1, errors[i]);
        assert_int_equal(sriov_dma_alloc(fn, "x", 4096, 1, BOTH, &d), errors[i]);
        assert_zeroed(&d);
    }
    fake_fail(f, "dma_limits", 1, -EIO);
    assert_int_equal(sriov_dma_alloc(fn, "x", 4096, 1, BOTH, &d), -EIO);
    assert_int_equal(usage(fn).mappings, 0);
    /* The IOVA of a failed attempt is free again. */
    assert_int_equal(sriov_dma_alloc(fn, "x", 4096, 1, BOTH, &d), 0);
    assert_int_equal(d.iova.raw, 4096);
    assert_int_equal(sriov_dma_free(fn, &d), 0);
    fake_fail(f, "dma_alloc", 1, -ENODEV);
    assert_int_equal(sriov_dma_alloc(fn, "x", 4096, 1, BOTH, &d), -ENODEV);
    assert_true(sriov_fn_gone(fn));
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_budget(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_dma d;

    f->limits.maps_left = 0;
    assert_int_equal(sriov_dma_alloc(fn, "x", 4096, 1, BOTH, &d), -ENOSPC);
    f->limits.maps_left = 1;
    f->limits.bytes_left = 4096;
    assert_int_equal(sriov_dma_alloc(fn, "x", 4097, 1, BOTH, &d), -ENOSPC);
    assert_int_equal(sriov_dma_alloc(fn, "x", 4096, 1, BOTH, &d), 0);
    assert_int_equal(sriov_dma_free(fn, &d), 0);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_hostile_limits(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_dma_limits good = f->limits;
    struct sriov_dma_limits limits;

    assert_int_equal(sriov_dma_limits(fn, &limits), 0);
    assert_int_equal(limits.granule, 4096);
    f->limits.granule = 0;
    assert_int_equal(sriov_dma_limits(fn, &limits), -EPROTO);
    f->limits.granule = 4095;
    assert_int_equal(sriov_dma_limits(fn, &limits), -EPROTO);
    f->limits = good;
    f->limits.num_ranges = SRIOV_DMA_RANGES_MAX + 1;
    assert_int_equal(sriov_dma_limits(fn, &limits), -EPROTO);
    f->limits = good;
    f->limits.ranges[0].first = f->limits.ranges[0].last + 1;
    assert_int_equal(sriov_dma_limits(fn, &limits), -EPROTO);
    f->limits = good;
    f->limits.ranges[1].first = f->limits.ranges[0].last;
    assert_int_equal(sriov_dma_limits(fn, &limits), -EPROTO);
    f->limits = good;
    f->limits.flags |= 1u << 31;
    assert_int_equal(sriov_dma_limits(fn, &limits), -EPROTO);
    f->limits = good;
    f->limits.reserved0 = 1;
    assert_int_equal(sriov_dma_limits(fn, &limits), -EPROTO);
    f->limits = good;
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_shim_chooses_iova(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_dma a;
    struct sriov_dma b;

    f->limits.flags = SRIOV_DMA_SHIM_IOVA;
    f->limits.num_ranges = 0;
    assert_int_equal(sriov_dma_alloc(fn, "a", 4096, 1, BOTH, &a), 0);
    assert_int_equal(sriov_dma_alloc(fn, "b", 4096, 1, BOTH, &b), 0);
    assert_int_equal(a.iova.raw, 0x80000000);
    assert_int_equal(b.iova.raw, 0x80001000);
    assert_int_equal(sriov_dma_free(fn, &a), 0);
    assert_int_equal(sriov_dma_free(fn, &b), 0);
    /* It must still honour the alignment, and the address must not wrap. */
    f->shim_iova = 0x80001000;
    assert_int_equal(sriov_dma_alloc(fn, "c", 4096, 65536, BOTH, &a), -EFAULT);
    f->shim_iova = UINT64_MAX - 4095;
    assert_int_equal(sriov_dma_alloc(fn, "c", 8192, 1, BOTH, &a), -EFAULT);
    assert_int_equal(f->num_maps, 0);
    assert_int_equal(sriov_fn_close(fn), 0);
}

/* Grows past its first room; holes are used again. */
static void test_many(void **state)
{
    enum {
        N = 1000
    };
    static struct sriov_dma d[N];
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);

    for (int i = 0; i < N; i++) {
        assert_int_equal(sriov_dma_alloc(fn, "many", 4096, 1, BOTH, &d[i]), 0);
    }
    for (int i = 0; i < N; i += 2) {
        assert_int_equal(sriov_dma_free(fn, &d[i]), 0);
    }
    for (int i = 0; i < N; i += 2) {
        assert_int_equal(sriov_dma_alloc(fn, "again", 4096, 1, BOTH, &d[i]), 0);
        assert_true(d[i].iova.raw <= N * 4096); /* holes are used */
    }
    assert_int_equal(usage(fn).mappings, N);
    for (int i = N - 1; i >= 0; i--) {
        assert_int_equal(sriov_dma_free(fn, &d[i]), 0);
    }
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_ledger_out_of_memory(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_dma d[40];

    for (int i = 0; i < 40; i++) {
        for (int k = 1; k <= 2; k++) {
            int rc;

            f->fail_alloc = f->alloc_calls + k;
            rc = sriov_dma_alloc(fn, "x", 4096, 1, BOTH, &d[i]);
            f->fail_alloc = 0;
            if (rc == 0) {
                break;
            }
            assert_int_equal(rc, -ENOMEM);
            assert_zeroed(&d[i]);
        }
        if (d[i].length == 0) {
            assert_int_equal(sriov_dma_alloc(fn, "x", 4096, 1, BOTH, &d[i]), 0);
        }
    }
    for (int i = 0; i < 40; i++) {
        assert_int_equal(sriov_dma_free(fn, &d[i]), 0);
    }
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_forged_handles(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_dma d;
    struct sriov_dma bad;

    assert_int_equal(sriov_dma_alloc(fn, "x", 4096, 1, BOTH, &d), 0);
    bad = d;
    bad.slot = UINT32_MAX;
    assert_int_equal(sriov_dma_free(fn, &bad), -EINVAL);
    bad = d;
    bad.slot = 5;
    assert_int_equal(sriov_dma_free(fn, &bad), -EINVAL);
    bad = d;
    bad.length += 4096;
    assert_int_equal(sriov_dma_free(fn, &bad), -EINVAL);
    bad = d;
    bad.iova.raw += 4096;
    assert_int_equal(sriov_dma_free(fn, &bad), -EINVAL);
    assert_int_equal(sriov_dma_free(fn, &d), 0);
    assert_int_equal(sriov_fn_close(fn), 0);
}

/* First fit gives the same IOVA, the buffer is the same: still the copy is of another mapping. */
static void test_stale_handle(void **state)
{
    static _Alignas(4096) unsigned char page[4096];
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_dma first;
    struct sriov_dma stale;
    struct sriov_dma second;

    assert_int_equal(sriov_dma_map(fn, "x", page, 4096, BOTH, &first), 0);
    stale = first;
    assert_int_equal(sriov_dma_unmap(fn, &first), 0);
    assert_int_equal(sriov_dma_map(fn, "y", page, 4096, BOTH, &second), 0);
    assert_int_equal(second.iova.raw, stale.iova.raw);
    assert_int_equal(sriov_dma_unmap(fn, &stale), -EINVAL);
    assert_int_equal(f->num_maps, 1);
    assert_int_equal(sriov_dma_unmap(fn, &second), 0);
    /* The generation runs round without harm. */
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(sriov_dma_map(fn, "z", page, 4096, BOTH, &second), 0);
        assert_int_equal(sriov_dma_unmap(fn, &second), 0);
    }
    assert_int_equal(sriov_fn_close(fn), 0);
}

/* At an IOVA of the caller's choice: what the manager does with a guest's memory. */
static void test_map_at(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_dma d;
    void *va;

    assert_int_equal(posix_memalign(&va, 4096, 16384), 0);
    assert_int_equal(sric_dma_map_at(fn, "vm", va, sriov_iova(0), 8192, BOTH), 0);
    assert_int_equal(sric_dma_map_at(fn, "vm", va, sriov_iova(4096), 4096, BOTH), -EBUSY);
    assert_int_equal(sric_dma_map_at(fn, "vm", va, sriov_iova(100), 4096, BOTH), -EINVAL);
    assert_int_equal(sric_dma_map_at(fn, "vm", va, sriov_iova(8192), 100, BOTH), -EINVAL);
    assert_int_equal(sric_dma_map_at(fn, "vm", (char *)va + 8, sriov_iova(8192), 4096, BOTH), -EINVAL);
    assert_int_equal(sric_dma_map_at(fn, "vm", NULL, sriov_iova(8192), 4096, BOTH), -EINVAL);
    assert_int_equal(sric_dma_map_at(fn, "vm", va, sriov_iova(8192), 0, BOTH), -EINVAL);
    assert_int_equal(sric_dma_map_at(fn, NULL, va, sriov_iova(8192), 4096, BOTH), -EINVAL);
    assert_int_equal(sric_dma_map_at(fn, "vm", va, sriov_iova(0xfedff000), 8192, BOTH), -ERANGE);
    assert_int_equal(sric_dma_map_at(fn, "vm", va, sriov_iova(UINT64_MAX - 4095), 8192, BOTH), -ERANGE);
    f->limits.flags = SRIOV_DMA_SHIM_IOVA;
    assert_int_equal(sric_dma_map_at(fn, "vm", va, sriov_iova(8192), 4096, BOTH), -EOPNOTSUPP);
    f->limits.flags = 0;
    assert_int_equal(usage(fn).mappings, 1);
    /* The allocator goes around it. */
    assert_int_equal(sriov_dma_alloc(fn, "x", 4096, 4096, BOTH, &d), 0);
    assert_int_equal(d.iova.raw, 8192);
    assert_int_equal(sriov_dma_free(fn, &d), 0);
    assert_int_equal(sric_dma_unmap_at(fn, sriov_iova(4096)), -ENOENT);
    fake_fail(f, "dma_unmap", 1, -EIO);
    assert_int_equal(sric_dma_unmap_at(fn, sriov_iova(0)), -EIO);
    assert_int_equal(sric_dma_unmap_at(fn, sriov_iova(0)), 0); /* it stayed, and goes now */
    assert_int_equal(sric_dma_unmap_at(fn, sriov_iova(0)), -ENOENT);
    assert_int_equal(usage(fn).mappings, 0);
    assert_int_equal(sric_dma_map_at(fn, "vm", va, sriov_iova(0), 8192, BOTH), 0);
    fake_fail(f, "dma_unmap", 1, -EIO);
    assert_int_equal(sric_dma_abandon_at(fn, sriov_iova(0)), -EIO);
    assert_int_equal(sric_dma_abandon_at(fn, sriov_iova(0)), -ENOENT); /* left to close */
    assert_int_equal(f->num_maps, 1);
    sriov_fn_kill(fn);
    assert_int_equal(sric_dma_map_at(fn, "vm", va, sriov_iova(8192), 4096, BOTH), -ENODEV);
    assert_int_equal(sriov_fn_close(fn), 0);
    free(va);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_alloc_free),
        T(test_arguments),
        T(test_map),
        T(test_leaks),
        T(test_leaks_of_a_gone_function),
        T(test_refused_free_is_kept),
        T(test_shim_errors),
        T(test_budget),
        T(test_hostile_limits),
        T(test_shim_chooses_iova),
        T(test_many),
        T(test_ledger_out_of_memory),
        T(test_forged_handles),
        T(test_stale_handle),
        T(test_map_at),
        T(test_map_at_by_handle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
