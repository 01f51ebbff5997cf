/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory: bus addresses that are the frames', chunks, an exhausted heap, and a caller's buffer. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB (UINT64_C(1) << 20)

struct bed {
    struct fake *fake;
    struct sriov_vmm *vmm;
    struct sriov_fn *fn;
};

static int up(void **state)
{
    struct bed *bed = calloc(1, sizeof(*bed));
    bed->fake = fake_up();
    bed->vmm = fake_vmm(bed->fake);
    bed->fn = fake_open(bed->vmm);
    *state = bed;
    return 0;
}

static int down(void **state)
{
    struct bed *bed = *state;
    if (bed->fn != NULL) {
        (void)sriov_fn_close(bed->fn);
    }
    assert_int_equal(sriov_xen_destroy(bed->vmm), 0);
    fake_down(bed->fake);
    free(bed);
    return 0;
}

/* What the CPU stores, the device finds at the bus address, and the other way round. */
static void reaches(struct fake *fake, const struct sriov_dma *dma)
{
    for (uint64_t off = 0; off < dma->length; off += SXEN_PAGE) {
        unsigned char *device = fake_memory_at(fake, dma->iova.raw + off);
        unsigned char *cpu = (unsigned char *)dma->va + off;
        cpu[1] = (unsigned char)(off >> 12);
        assert_int_equal(device[1], (unsigned char)(off >> 12));
        device[2] = 0x77;
        assert_int_equal(cpu[2], 0x77);
        munmap(device, SXEN_PAGE);
    }
}

static void test_addresses(void **state)
{
    struct bed *bed = *state;
    struct sriov_dma dma[3];
    const uint64_t lengths[3] = {100, 65536, 3 * MIB};
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(sriov_dma_alloc(bed->fn, "t", lengths[i], 4096, SRIOV_DMA_BOTH, &dma[i]), 0);
        reaches(bed->fake, &dma[i]);
    }
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(sriov_dma_free(bed->fn, &dma[i]), 0);
    }
}

/* Ten pieces and one hypercall; what is freed is zero when it comes back. */
static void test_chunks(void **state)
{
    struct bed *bed = *state;
    struct sriov_dma dma[10];
    uint32_t before = bed->fake->hypercalls;
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(sriov_dma_alloc(bed->fn, "t", 65536, 4096, SRIOV_DMA_BOTH, &dma[i]), 0);
        memset(dma[i].va, 0xa5, dma[i].length);
    }
    assert_int_equal(bed->fake->hypercalls - before, 1);
    assert_int_equal(fake_frames_used(bed->fake), MIB / SXEN_PAGE);
    assert_int_equal(sriov_dma_free(bed->fn, &dma[4]), 0);
    assert_int_equal(sriov_dma_alloc(bed->fn, "t", 65536, 65536, SRIOV_DMA_BOTH, &dma[4]), 0);
    assert_int_equal(dma[4].iova.raw & 65535, 0);
    for (uint64_t i = 0; i < dma[4].length; i++) {
        assert_int_equal(((unsigned char *)dma[4].va)[i], 0);
    }
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(sriov_dma_free(bed->fn, &dma[i]), 0);
    }
    /* One empty chunk stays for the next piece. */
    assert_int_equal(bed->fake->hypercalls - before, 1);
    assert_int_equal(sriov_fn_close(bed->fn), 0);
    bed->fn = NULL;
    assert_int_equal(fake_frames_used(bed->fake), 0);
}

/* A second empty chunk goes back, and so does all of a large piece, of which not a page too much was kept. */
static void test_back_to_xen(void **state)
{
    struct bed *bed = *state;
    struct sriov_dma dma[3];
    assert_int_equal(sriov_dma_alloc(bed->fn, "t", MIB, 4096, SRIOV_DMA_BOTH, &dma[0]), 0);
    assert_int_equal(sriov_dma_alloc(bed->fn, "t", MIB, 4096, SRIOV_DMA_BOTH, &dma[1]), 0);
    assert_int_equal(sriov_dma_alloc(bed->fn, "t", MIB + 5 * 4096, 4096, SRIOV_DMA_BOTH, &dma[2]), 0);
    assert_int_equal(fake_frames_used(bed->fake), 3 * MIB / SXEN_PAGE + 5);
    assert_int_equal(sriov_dma_free(bed->fn, &dma[2]), 0);
    assert_int_equal(fake_frames_used(bed->fake), 2 * MIB / SXEN_PAGE);
    assert_int_equal(sriov_dma_free(bed->fn, &dma[1]), 0);
    assert_int_equal(sriov_dma_free(bed->fn, &dma[0]), 0);
    assert_int_equal(fake_frames_used(bed->fake), MIB / SXEN_PAGE);
}

/* A heap in pieces of 16 KiB: small things still fit, large ones fail whole, with the remedy. */
static void test_pieces(void **state)
{
    struct bed *bed = *state;
    struct sriov_dma dma;
    bed->fake->max_order = 2;
    assert_int_equal(sriov_dma_alloc(bed->fn, "t", 16384, 4096, SRIOV_DMA_BOTH, &dma), 0);
    assert_int_equal(sriov_dma_free(bed->fn, &dma), 0);
    assert_int_equal(sriov_dma_alloc(bed->fn, "t", 32768, 4096, SRIOV_DMA_BOTH, &dma), -ENOMEM);
    assert_non_null(strstr(bed->fake->last_error, "Xen has no 32 KiB in a row"));
    assert_non_null(strstr(bed->fake->last_error, "dom0_mem="));
}

static void test_limits(void **state)
{
    struct bed *bed = *state;
    struct sriov_dma_limits limits = {.size = sizeof(limits)};
    struct sriov_dma dma;
    assert_int_equal(sriov_dma_limits(bed->fn, &limits), 0);
    assert_int_equal(limits.flags, SRIOV_DMA_SHIM_IOVA);
    assert_int_equal(limits.granule, 4096);
    assert_int_equal(limits.bytes_left, FAKE_FRAMES * SXEN_PAGE);
    assert_int_equal(sriov_dma_alloc(bed->fn, "t", 8192, 4096, SRIOV_DMA_BOTH, &dma), 0);
    assert_int_equal(sriov_dma_limits(bed->fn, &limits), 0);
    assert_int_equal(limits.bytes_left, (FAKE_FRAMES - 2) * SXEN_PAGE);
    assert_int_equal(sriov_dma_free(bed->fn, &dma), 0);
    bed->fake->heap = 0;
    struct sriov_fn *again = bed->fn;
    assert_int_equal(sriov_dma_alloc(again, "t", 2 * MIB, 4096, SRIOV_DMA_BOTH, &dma), -ENOMEM);
    bed->fake->heap = FAKE_FRAMES - MIB / SXEN_PAGE;
}

static void test_domu_remedy(void **state)
{
    (void)state;
    struct fake *fake = fake_up_domu();
    struct sriov_vmm *vmm = fake_vmm(fake);
    struct sriov_fn *fn = fake_open(vmm);
    struct sriov_dma dma;
    fake->max_order = 0;
    assert_int_equal(sriov_dma_alloc(fn, "t", 8192, 4096, SRIOV_DMA_BOTH, &dma), -ENOMEM);
    assert_non_null(strstr(fake->last_error, "xl mem-max DOMAIN"));
    assert_int_equal(sriov_fn_close(fn), 0);
    assert_int_equal(sriov_xen_destroy(vmm), 0);
    fake_down(fake);
}

/* Xen takes nothing back: said, and nobody else is told that the memory is free. */
static void test_kept_frames(void **state)
{
    struct bed *bed = *state;
    struct sriov_dma dma;
    assert_int_equal(sriov_dma_alloc(bed->fn, "t", 4096, 4096, SRIOV_DMA_BOTH, &dma), 0);
    assert_int_equal(sriov_dma_free(bed->fn, &dma), 0);
    bed->fake->keeps_frames = true;
    assert_int_equal(sriov_fn_close(bed->fn), 0);
    bed->fn = NULL;
    assert_non_null(strstr(bed->fake->last_error, "lost to this domain"));
    assert_int_equal(fake_frames_used(bed->fake), MIB / SXEN_PAGE);
}

/* Killed is not gone: the device may write until close has switched its bus mastering off. */
static void test_killed(void **state)
{
    struct bed *bed = *state;
    struct sriov_dma dma[2];
    unsigned char *own = aligned_alloc(4096, 8192);
    memset(own, 0x3c, 8192);
    assert_int_equal(sriov_dma_alloc(bed->fn, "t", 2 * MIB, 4096, SRIOV_DMA_BOTH, &dma[0]), 0);
    assert_int_equal(sriov_dma_map(bed->fn, "t", own, 8192, SRIOV_DMA_BOTH, &dma[1]), 0);
    tree_config_set(bed->fake, 4, 2, 0x6);
    sriov_fn_kill(bed->fn);
    assert_int_equal(sriov_dma_free(bed->fn, &dma[0]), 0);
    assert_int_equal(sriov_dma_unmap(bed->fn, &dma[1]), 0);
    own[4096] = 0x11; /* its own again */
    assert_int_equal(fake_frames_used(bed->fake), 2 * MIB / SXEN_PAGE + 2);
    assert_int_equal(sriov_fn_close(bed->fn), 0);
    bed->fn = NULL;
    assert_int_equal(tree_config(bed->fake, 4, 2) & 0x4, 0);
    assert_int_equal(fake_frames_used(bed->fake), 0);
    assert_int_equal(own[4096], 0x11);
    assert_int_equal(own[8191], 0x3c);
    free(own);
}

/* A device whose bus mastering does not go off keeps its memory. */
static void test_device_that_writes_on(void **state)
{
    struct bed *bed = *state;
    struct sriov_dma dma;
    assert_int_equal(sriov_dma_alloc(bed->fn, "t", 4096, 4096, SRIOV_DMA_BOTH, &dma), 0);
    assert_int_equal(sriov_dma_free(bed->fn, &dma), 0);
    bed->fake->stuck_command = true;
    (void)sriov_fn_close(bed->fn);
    bed->fn = NULL;
    assert_non_null(strstr(bed->fake->last_error, "bus mastering cannot be switched off"));
    assert_int_equal(fake_frames_used(bed->fake), MIB / SXEN_PAGE);
    bed->fake->stuck_command = false;
    bed->fn = fake_open(bed->vmm); /* the next one gives it back */
    assert_int_equal(fake_frames_used(bed->fake), 0);
}

/* ---- a caller's buffer ---- */

static void test_buffer(void **state)
{
    struct bed *bed = *state;
    unsigned char *own = aligned_alloc(4096, 5 * 4096);
    struct sriov_dma dma;
    assert_non_null(own);
    for (uint32_t i = 0; i < 5 * 4096; i++) {
        own[i] = (unsigned char)(i * 7 + i / 4096);
    }
    assert_int_equal(sriov_dma_map(bed->fn, "t", own + 4096, 3 * 4096, SRIOV_DMA_BOTH, &dma), 0);
    assert_ptr_equal(dma.va, own + 4096);
    assert_int_equal(fake_frames_used(bed->fake), 3);
    for (uint32_t i = 0; i < 5 * 4096; i++) {
        assert_int_equal(own[i], (unsigned char)(i * 7 + i / 4096));
    }
    reaches(bed->fake, &dma);
    assert_int_equal(sriov_dma_unmap(bed->fn, &dma), 0);
    assert_int_equal(fake_frames_used(bed->fake), 0);
    assert_int_equal(own[4096 + 2], 0x77);
    own[4096 + 2] = (unsigned char)((4096 + 2) * 7 + 1);
    assert_int_equal(own[3 * 4096 + 5], (unsigned char)((3 * 4096 + 5) * 7 + 3));
    free(own);
}

static void buffer_refused(struct bed *bed, void *va, const char *words)
{
    struct sriov_dma dma;
    bed->fake->last_error[0] = '\0';
    assert_int_equal(sriov_dma_map(bed->fn, "t", va, 8192, SRIOV_DMA_BOTH, &dma), -EOPNOTSUPP);
    assert_non_null(strstr(bed->fake->last_error, words));
    assert_int_equal(fake_frames_used(bed->fake), 0);
}

static void test_buffer_shared(void **state)
{
    struct bed *bed = *state;
    void *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(shared, MAP_FAILED);
    buffer_refused(bed, shared, "must be private anonymous memory");
    munmap(shared, 8192);
}

static void test_buffer_half(void **state)
{
    struct bed *bed = *state;
    unsigned char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    assert_int_equal(mprotect(pages + 4096, 4096, PROT_READ), 0);
    buffer_refused(bed, pages, "must be private anonymous memory");
    munmap(pages, 8192);
}

static void test_buffer_stuck(void **state)
{
    struct bed *bed = *state;
    unsigned char *own = aligned_alloc(4096, 8192);
    assert_non_null(own);
    memset(own, 0x3c, 8192);
    bed->fake->no_move = true;
    buffer_refused(bed, own, "cannot take the place");
    assert_int_equal(own[8191], 0x3c);
    free(own);
}

/* Forgotten by its owner: close gives the pages back with what is in them. */
static void test_buffer_forgotten(void **state)
{
    struct bed *bed = *state;
    unsigned char *own = aligned_alloc(4096, 8192);
    struct sriov_dma dma;
    assert_non_null(own);
    memset(own, 0x3c, 8192);
    assert_int_equal(sriov_dma_map(bed->fn, "t", own, 8192, SRIOV_DMA_BOTH, &dma), 0);
    own[4096] = 0x11;
    assert_int_equal(sriov_fn_close(bed->fn), 1);
    bed->fn = NULL;
    assert_int_equal(own[4096], 0x11);
    assert_int_equal(own[8191], 0x3c);
    free(own);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_addresses),        CASE(test_chunks),
        CASE(test_back_to_xen),      CASE(test_pieces),
        CASE(test_limits),           cmocka_unit_test(test_domu_remedy),
        CASE(test_kept_frames),      CASE(test_device_that_writes_on),
        CASE(test_buffer),           CASE(test_buffer_shared),
        CASE(test_buffer_half),      CASE(test_buffer_stuck),
        CASE(test_buffer_forgotten), CASE(test_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
