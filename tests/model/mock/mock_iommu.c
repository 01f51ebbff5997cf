/* SPDX-License-Identifier: BSD-3-Clause */
/* What the strict IOMMU catches, and how it names it. */
#include "../../../shims/mock/internal.h"
#include "fixture.h"

#include <sriov/hw/pci_regs.h>

static void *map_one(struct fixture *f, void *fn, struct sriov_dma_mem *mem)
{
    assert_int_equal(f->ops->dma_alloc(fn, mem), 0);
    return mem->va;
}

static void data_moves_both_ways(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    struct sriov_dma_mem mem = fixture_mem(IOVA, PAGE, SRIOV_DMA_BOTH);
    uint8_t *va = map_one(f, fn, &mem);
    uint64_t word = 0;

    assert_ptr_not_equal((void *)(uintptr_t)mem.iova.raw, va);
    memcpy(va + 40, "forty-two", 9);
    assert_int_equal(fixture_dma(f, fn, IOVA + 40, 9, TOY_DMA_READ), 0);
    assert_int_equal(f->ops->bar_read(fn, TOY_BAR, TOY_BUFFER, 8, &word), 0);
    assert_memory_equal(&word, "forty-tw", 8);
    assert_int_equal(fixture_dma(f, fn, IOVA + PAGE - 9, 9, TOY_DMA_WRITE), 0);
    assert_memory_equal(va + PAGE - 9, "forty-two", 9);
    fixture_expect_none(f);
    assert_int_equal(f->ops->dma_free(fn, &mem), 0);
    f->ops->close(fn);
}

static void never_mapped(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    const struct sriov_violation *v;

    assert_int_equal(fixture_dma(f, fn, 0xdead000, 64, TOY_DMA_READ), 1);
    v = sriov_mock_last_violation(f->mock);
    assert_non_null(v);
    assert_int_equal(v->kind, SRIOV_VIOLATION_IOMMU_UNMAPPED);
    assert_int_equal(v->iova.raw, 0xdead000);
    assert_int_equal(v->length, 64);
    assert_int_equal(v->site.kind, SRIOV_SITE_TX_PAYLOAD);
    assert_string_equal(v->function, "0000:01:00.0");
    assert_string_equal(v->text, "0000:01:00.0: device reads 64 bytes at IOVA 0xdead000: never mapped "
                                 "(transmit payload, queue 1, descriptor 7)");
    fixture_expect(f, SRIOV_VIOLATION_IOMMU_UNMAPPED);
    f->ops->close(fn);
}

static void unmap_page(struct mock_domain *domain, uint64_t page)
{
    const struct mock_mapping map = {.first = page * PAGE, .last = page * PAGE + (PAGE - 1)};

    assert_int_equal(mock_iommu_map(domain, &map), 0);
    mock_iommu_unmap(domain, mock_iommu_find(domain, map.first));
}

/* A driver that maps and unmaps for ever, ever elsewhere: the history is what it covers, no list. */
static void history_grows_only_by_gaps(void **state)
{
    struct mock_domain domain = {0};
    uint64_t end = UINT64_MAX / PAGE;

    (void)state;
    for (uint64_t i = 0; i < 100; i++) {
        unmap_page(&domain, i);            /* upwards from 0 */
        unmap_page(&domain, end - i);      /* downwards from the end */
        unmap_page(&domain, 1000 + 2 * i); /* with gaps */
    }
    assert_int_equal(domain.past_count, 102);
    assert_false(mock_iommu_was_mapped(&domain, 1001 * PAGE));
    for (uint64_t i = 0; i < 100; i++) {
        unmap_page(&domain, 1000 + (2 * i + 51) % 200); /* the gaps close */
    }
    assert_int_equal(domain.past_count, 3);
    assert_true(mock_iommu_was_mapped(&domain, 1001 * PAGE));
    assert_true(mock_iommu_was_mapped(&domain, 0));
    assert_true(mock_iommu_was_mapped(&domain, UINT64_MAX));
    assert_false(mock_iommu_was_mapped(&domain, 100 * PAGE));
    assert_false(mock_iommu_was_mapped(&domain, 1200 * PAGE));
    mock_iommu_destroy(&domain);
}

/* Whoever leaves a gap each time does not make it grow for ever. */
static void history_has_an_end(void **state)
{
    struct mock_domain domain = {0};

    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        unmap_page(&domain, 2 * i);
    }
    assert_in_range(domain.past_count, 10000, 16384);
    assert_true(mock_iommu_was_mapped(&domain, 0));
    unmap_page(&domain, 1); /* what closes a gap has its place */
    assert_true(mock_iommu_was_mapped(&domain, PAGE));
    mock_iommu_destroy(&domain);
}

static void used_after_unmap(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    struct sriov_dma_mem mem = fixture_mem(IOVA, 2 * PAGE, SRIOV_DMA_BOTH);

    (void)map_one(f, fn, &mem);
    assert_int_equal(f->ops->dma_free(fn, &mem), 0);
    assert_int_equal(fixture_dma(f, fn, IOVA + PAGE + 8, 16, TOY_DMA_WRITE), 1);
    fixture_expect(f, SRIOV_VIOLATION_IOMMU_AFTER_UNMAP);
    assert_int_equal(fixture_dma(f, fn, IOVA + 2 * PAGE, 16, TOY_DMA_WRITE), 1);
    fixture_expect(f, SRIOV_VIOLATION_IOMMU_UNMAPPED);
    f->ops->close(fn);
    /* A later owner's device still remembers what the earlier one had. */
    fn = fixture_open(f, f->pf);
    assert_int_equal(fixture_dma(f, fn, IOVA, 16, TOY_DMA_WRITE), 1);
    fixture_expect(f, SRIOV_VIOLATION_IOMMU_AFTER_UNMAP);
    f->ops->close(fn);
}

static void wrong_direction(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    struct sriov_dma_mem in = fixture_mem(IOVA, PAGE, SRIOV_DMA_DEVICE_WRITES);
    struct sriov_dma_mem out = fixture_mem(IOVA + PAGE, PAGE, SRIOV_DMA_DEVICE_READS);

    (void)map_one(f, fn, &in);
    (void)map_one(f, fn, &out);
    assert_int_equal(fixture_dma(f, fn, IOVA, 16, TOY_DMA_WRITE), 0);
    assert_int_equal(fixture_dma(f, fn, IOVA + PAGE, 16, TOY_DMA_READ), 0);
    fixture_expect_none(f);
    assert_int_equal(fixture_dma(f, fn, IOVA, 16, TOY_DMA_READ), 1);
    fixture_expect(f, SRIOV_VIOLATION_IOMMU_DIRECTION);
    assert_int_equal(fixture_dma(f, fn, IOVA + PAGE, 16, TOY_DMA_WRITE), 1);
    fixture_expect(f, SRIOV_VIOLATION_IOMMU_DIRECTION);
    assert_int_equal(f->ops->dma_free(fn, &in), 0);
    assert_int_equal(f->ops->dma_free(fn, &out), 0);
    f->ops->close(fn);
}

static void out_of_bounds_even_into_a_neighbour(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    struct sriov_dma_mem a = fixture_mem(IOVA, PAGE, SRIOV_DMA_BOTH);
    struct sriov_dma_mem b = fixture_mem(IOVA + PAGE, PAGE, SRIOV_DMA_BOTH);

    (void)map_one(f, fn, &b);
    (void)map_one(f, fn, &a);
    assert_int_equal(fixture_dma(f, fn, IOVA + PAGE - 8, 9, TOY_DMA_WRITE), 1);
    fixture_expect(f, SRIOV_VIOLATION_IOMMU_BOUNDS);
    assert_int_equal(fixture_dma(f, fn, IOVA + 2 * PAGE - 8, 9, TOY_DMA_WRITE), 1);
    fixture_expect(f, SRIOV_VIOLATION_IOMMU_BOUNDS);
    /* What begins before a mapping is not inside it. */
    assert_int_equal(fixture_dma(f, fn, IOVA - 8, 16, TOY_DMA_WRITE), 1);
    fixture_expect(f, SRIOV_VIOLATION_IOMMU_UNMAPPED);
    assert_int_equal(f->ops->dma_free(fn, &a), 0);
    assert_int_equal(f->ops->dma_free(fn, &b), 0);
    f->ops->close(fn);
}

static sriov_iova_t page_at(uint64_t i)
{
    return sriov_iova(IOVA + i * PAGE);
}

/* As a machine's IOMMU maps page by page: what lies together there is one to a device. */
static void pieces_of_an_address_space_join(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    static uint8_t memory[4][PAGE] __attribute__((aligned(4096)));
    struct sriov_dma_mem mem[4];

    for (uint64_t i = 0; i < 4; i++) {
        /* Out of order; the last one is no piece. */
        mem[i] = fixture_mem(page_at(i).raw, PAGE, i == 2 ? SRIOV_DMA_DEVICE_READS : SRIOV_DMA_BOTH);
        mem[i].va = memory[(i + 2) % 4];
        mem[i].flags = i < 3 ? SRIOV_DMA_MEM_PIECE : 0;
        assert_int_equal(f->ops->dma_map(fn, &mem[i]), 0);
    }
    memcpy(memory[2] + PAGE - 4, "over", 4);
    memcpy(memory[3], "page", 4);
    assert_int_equal(fixture_dma(f, fn, IOVA + PAGE - 4, 8, TOY_DMA_READ), 0);
    assert_int_equal(fixture_dma(f, fn, IOVA + PAGE - 2, 8, TOY_DMA_WRITE), 0);
    assert_memory_equal(memory[2] + PAGE - 2, "ov", 2);
    assert_memory_equal(memory[3], "erpage", 6);
    fixture_expect_none(f);
    /* Each piece has a direction of its own, and nothing of a refused access happens. */
    memset(memory[3] + PAGE - 4, 0, 4);
    assert_int_equal(fixture_dma(f, fn, IOVA + 2 * PAGE - 4, 8, TOY_DMA_WRITE), 1);
    fixture_expect(f, SRIOV_VIOLATION_IOMMU_DIRECTION);
    assert_memory_equal(memory[3] + PAGE - 4, "\0\0\0\0", 4);
    assert_int_equal(fixture_dma(f, fn, IOVA + 3 * PAGE - 4, 8, TOY_DMA_READ), 1);
    fixture_expect(f, SRIOV_VIOLATION_IOMMU_BOUNDS);
    for (uint64_t i = 0; i < 4; i++) {
        assert_int_equal(f->ops->dma_unmap(fn, &mem[i]), 0);
    }
    f->ops->close(fn);
}

/* ---- memory elsewhere ---- */

struct elsewhere {
    uint8_t bytes[2 * PAGE];
    uint32_t calls;
    int answer;
};

static int read_elsewhere(void *arg, sriov_iova_t iova, void *out, size_t length)
{
    struct elsewhere *e = arg;

    e->calls++;
    memcpy(out, e->bytes + (iova.raw - IOVA), length);
    return e->answer;
}

static int write_elsewhere(void *arg, sriov_iova_t iova, const void *bytes, size_t length)
{
    struct elsewhere *e = arg;

    e->calls++;
    memcpy(e->bytes + (iova.raw - IOVA), bytes, length);
    return e->answer;
}

static void remote_memory_is_reached_by_calls(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    static struct elsewhere e;
    struct sriov_dma_remote remote = {
        .size = sizeof(remote), .read = read_elsewhere, .write = write_elsewhere, .arg = &e};

    assert_int_equal(sriov_mock_dma_remote(f->mock, f->pf, page_at(0), PAGE, SRIOV_DMA_DEVICE_READS, &remote),
                     0);
    assert_int_equal(sriov_mock_dma_remote(f->mock, f->pf, page_at(1), PAGE, SRIOV_DMA_BOTH, &remote), 0);
    memcpy(e.bytes + PAGE - 4, "elsewhere", 9);
    assert_int_equal(fixture_dma(f, fn, IOVA + PAGE - 4, 9, TOY_DMA_READ), 0);
    assert_int_equal(e.calls, 2);
    assert_int_equal(fixture_dma(f, fn, IOVA + PAGE + 100, 9, TOY_DMA_WRITE), 0);
    assert_memory_equal(e.bytes + PAGE + 100, "elsewhere", 9);
    /* Who does not answer is not the driver's fault. */
    e.answer = -ETIMEDOUT;
    assert_int_equal(fixture_dma(f, fn, IOVA, 4, TOY_DMA_READ), 1);
    fixture_expect_none(f);
    assert_int_equal(fixture_dma(f, fn, IOVA, 4, TOY_DMA_WRITE), 1);
    fixture_expect(f, SRIOV_VIOLATION_IOMMU_DIRECTION);
    assert_int_equal(sriov_mock_dma_unremote(f->mock, f->pf, page_at(0), 2 * PAGE), -ENOENT);
    assert_int_equal(sriov_mock_dma_unremote(f->mock, f->pf, page_at(0), PAGE), 0);
    assert_int_equal(sriov_mock_dma_unremote(f->mock, f->pf, page_at(0), PAGE), -ENOENT);
    assert_int_equal(fixture_dma(f, fn, IOVA, 4, TOY_DMA_READ), 1);
    fixture_expect(f, SRIOV_VIOLATION_IOMMU_AFTER_UNMAP);
    assert_int_equal(sriov_mock_dma_unremote(f->mock, f->pf, page_at(1), PAGE), 0);
    f->ops->close(fn);
}

static void remote_memory_is_checked(void **state)
{
    struct fixture *f = *state;
    struct elsewhere e;
    struct sriov_dma_remote remote = {
        .size = sizeof(remote), .read = read_elsewhere, .write = write_elsewhere, .arg = &e};
    struct sriov_dma_remote mute = {.size = sizeof(mute), .read = read_elsewhere};
    struct sriov_dma_mem mem = fixture_mem(IOVA, PAGE, SRIOV_DMA_BOTH);
    struct sriov_mock *mock = f->mock;
    void *fn;

    assert_int_equal(sriov_mock_dma_remote(mock, f->pf, page_at(0), PAGE, SRIOV_DMA_BOTH, &remote), -ENODEV);
    fn = fixture_open(f, f->pf);
    (void)map_one(f, fn, &mem);
    assert_int_equal(sriov_mock_dma_remote(mock, f->pf, page_at(0), PAGE, SRIOV_DMA_BOTH, &remote), -EBUSY);
    assert_int_equal(sriov_mock_dma_unremote(mock, f->pf, page_at(0), PAGE), -ENOENT);
    assert_int_equal(sriov_mock_dma_remote(mock, f->pf, page_at(1), PAGE, SRIOV_DMA_BOTH, &mute), -EINVAL);
    assert_int_equal(sriov_mock_dma_remote(mock, f->pf, page_at(1), 0, SRIOV_DMA_BOTH, &remote), -EINVAL);
    assert_int_equal(sriov_mock_dma_remote(mock, f->pf, page_at(1), 100, SRIOV_DMA_BOTH, &remote), -EINVAL);
    assert_int_equal(sriov_mock_dma_remote(mock, f->pf, sriov_iova(0), PAGE, SRIOV_DMA_BOTH, &remote),
                     -ERANGE);
    assert_int_equal(sriov_mock_dma_remote(mock, f->pf, sriov_iova(UINT64_MAX - PAGE + 1), 2 * PAGE,
                                           SRIOV_DMA_BOTH, &remote),
                     -EINVAL);
    assert_int_equal(f->ops->dma_free(fn, &mem), 0);
    f->ops->close(fn);
}

static void each_function_has_its_own_domain(void **state)
{
    struct fixture *f = *state;
    void *pf = fixture_open(f, f->pf);
    struct sriov_dma_mem mem = fixture_mem(IOVA, PAGE, SRIOV_DMA_BOTH);
    void *vf;

    fixture_vfs(f, pf, 2);
    vf = fixture_open(f, f->vf);
    (void)map_one(f, pf, &mem);
    assert_int_equal(fixture_dma(f, vf, IOVA, 16, TOY_DMA_WRITE), 1);
    assert_string_equal(sriov_mock_last_violation(f->mock)->function, f->vf);
    fixture_expect(f, SRIOV_VIOLATION_IOMMU_UNMAPPED);
    assert_int_equal(fixture_dma(f, pf, IOVA, 16, TOY_DMA_WRITE), 0);
    assert_int_equal(f->ops->dma_free(pf, &mem), 0);
    f->ops->close(vf);
    f->ops->close(pf);
}

static void no_dma_without_bus_mastering(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    struct sriov_dma_mem mem = fixture_mem(IOVA, PAGE, SRIOV_DMA_BOTH);

    (void)map_one(f, fn, &mem);
    assert_int_equal(f->ops->cfg_write(fn, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MEMORY), 0);
    assert_int_equal(fixture_dma(f, fn, IOVA, 16, TOY_DMA_WRITE), 1);
    fixture_expect(f, SRIOV_VIOLATION_BUS_MASTER);
    assert_int_equal(f->ops->dma_free(fn, &mem), 0);
    f->ops->close(fn);
}

static void history_survives_many_maps(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);

    /* Every other page, in an order that makes ranges grow, join and stand apart. */
    for (uint64_t i = 0; i < 64; i++) {
        struct sriov_dma_mem mem = fixture_mem(IOVA + (i * 37 % 64) * 2 * PAGE, PAGE, SRIOV_DMA_BOTH);

        (void)map_one(f, fn, &mem);
        assert_int_equal(f->ops->dma_free(fn, &mem), 0);
    }
    for (uint64_t i = 0; i < 128; i++) {
        (void)fixture_dma(f, fn, IOVA + i * PAGE, 8, TOY_DMA_READ);
        fixture_expect(f, i % 2 == 0 ? SRIOV_VIOLATION_IOMMU_AFTER_UNMAP : SRIOV_VIOLATION_IOMMU_UNMAPPED);
    }
    for (uint64_t i = 0; i < 4; i++) {
        struct sriov_dma_mem mem = fixture_mem(IOVA + i * 20 * PAGE, (i + 1) * 11 * PAGE, SRIOV_DMA_BOTH);

        (void)map_one(f, fn, &mem);
        assert_int_equal(f->ops->dma_free(fn, &mem), 0);
    }
    (void)fixture_dma(f, fn, IOVA + 9 * PAGE, 8, TOY_DMA_READ);
    fixture_expect(f, SRIOV_VIOLATION_IOMMU_AFTER_UNMAP);
    (void)fixture_dma(f, fn, IOVA + 11 * PAGE, 8, TOY_DMA_READ);
    fixture_expect(f, SRIOV_VIOLATION_IOMMU_UNMAPPED);
    f->ops->close(fn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MOCK_TEST(data_moves_both_ways),
        MOCK_TEST(never_mapped),
        MOCK_TEST(history_grows_only_by_gaps),
        MOCK_TEST(history_has_an_end),
        MOCK_TEST(used_after_unmap),
        MOCK_TEST(wrong_direction),
        MOCK_TEST(out_of_bounds_even_into_a_neighbour),
        MOCK_TEST(pieces_of_an_address_space_join),
        MOCK_TEST(remote_memory_is_reached_by_calls),
        MOCK_TEST(remote_memory_is_checked),
        MOCK_TEST(each_function_has_its_own_domain),
        MOCK_TEST(no_dma_without_bus_mastering),
        MOCK_TEST(history_survives_many_maps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
