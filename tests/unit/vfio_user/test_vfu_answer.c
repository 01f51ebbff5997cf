/* SPDX-License-Identifier: BSD-3-Clause */
/* What a server asks of its client: memory, and only what was mapped, as it was mapped. */
#include "peer.h"

#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define OPEN_MESSAGES 15u /* then come the two maps */
#define IOVA          UINT64_C(0x200000)
#define PAGE          UINT64_C(4096)

struct bed {
    struct peer peer;
    struct sriov_vmm *vmm;
    const struct sriov_vmm_ops *ops;
    void *fn;
    struct sriov_dma_mem both;
    struct sriov_dma_mem out; /* a page behind; the device only reads */
};

static void alloc(struct bed *bed, struct sriov_dma_mem *mem, uint64_t iova, uint32_t dir)
{
    *mem = (struct sriov_dma_mem){
        .size = sizeof(*mem), .dir = dir, .length = PAGE, .align = PAGE, .iova = sriov_iova(iova)};
    assert_int_equal(bed->ops->dma_alloc(bed->fn, mem), 0);
}

static void begin(struct bed *bed, uint32_t flags, const struct peer_ask *asks, uint32_t n, bool after)
{
    static const char *const paths[] = {"/nowhere/vf0.sock"};
    struct sriov_vfu_client_opts opts = {.size = sizeof(opts),
                                         .paths = paths,
                                         .num_paths = 1,
                                         .timeout_ns = UINT64_C(60000000000),
                                         .flags = flags};
    struct sriov_open_args args = {.size = sizeof(args), .name = "vf0.sock"};
    peer_init(&bed->peer);
    bed->peer.asks = asks;
    bed->peer.num_asks = n;
    bed->peer.ask_at = OPEN_MESSAGES + 2;
    bed->peer.ask_after = after;
    assert_int_equal(sriov_vfu_client_create(&opts, &bed->vmm), 0);
    sriov_log_set_level(bed->vmm, 0);
    struct vfuc *client = sriov_vmm_ctx(bed->vmm);
    client->dial = peer_dial;
    client->dial_arg = &bed->peer;
    bed->ops = sriov_vmm_ops(bed->vmm);
    assert_int_equal(bed->ops->open(client, &args, &bed->fn), 0);
    alloc(bed, &bed->both, IOVA, SRIOV_DMA_BOTH);
    alloc(bed, &bed->out, IOVA + PAGE, SRIOV_DMA_DEVICE_READS);
    memcpy((uint8_t *)bed->both.va + PAGE - 8, "the last", 8);
    memcpy(bed->out.va, "behind", 6);
}

static void end(struct bed *bed)
{
    assert_int_equal(bed->ops->dma_free(bed->fn, &bed->out), 0);
    assert_int_equal(bed->ops->dma_free(bed->fn, &bed->both), 0);
    bed->ops->close(bed->fn);
    peer_join(&bed->peer);
    assert_int_equal(sriov_vfu_client_destroy(bed->vmm), 0);
}

static const struct peer_ask good[] = {
    {VFU_DMA_READ, IOVA + PAGE - 8, 8, 0},
    {VFU_DMA_READ, IOVA + PAGE, 6, 0},
    {VFU_DMA_WRITE, IOVA + 100, 3, 3},
};
#define GOOD (sizeof(good) / sizeof(good[0]))

static void good_was_done(struct bed *bed)
{
    const uint8_t *wrote = (const uint8_t *)bed->both.va + 99;
    for (uint32_t i = 0; i < GOOD; i++) {
        assert_int_equal(sem_wait(&bed->peer.heard), 0);
    }
    assert_int_equal(bed->peer.told[0].length, 16 + 8);
    assert_memory_equal(bed->peer.told[0].data, "the last", 8);
    assert_memory_equal(bed->peer.told[1].data, "behind", 6);
    assert_int_equal(bed->peer.told[2].error, 0);
    assert_int_equal(bed->peer.told[2].length, 16);
    assert_memory_equal(wrote, "\0\xa5\xa5\xa5\0", 5);
    assert_int_equal(bed->peer.refusals, 0);
}

static void memory_is_there_while_a_call_waits(void **state)
{
    static struct bed bed;
    uint64_t value = 0;
    (void)state;
    begin(&bed, 0, good, GOOD, false);
    assert_int_equal(bed.ops->bar_read(bed.fn, 0, 8, 4, &value), 0);
    good_was_done(&bed);
    assert_int_equal(bed.peer.maps, 2); /* shared */
    end(&bed);
}

/* Nobody of the test's calls the shim while the server asks. */
static void unshared_memory_is_there_at_any_time(void **state)
{
    static struct bed bed;
    uint64_t value = 0;
    (void)state;
    begin(&bed, SRIOV_VFU_CLIENT_UNSHARED, good, GOOD, true);
    assert_int_equal(bed.ops->bar_read(bed.fn, 0, 8, 4, &value), 0);
    good_was_done(&bed);
    assert_int_equal(bed.peer.maps, 0); /* no descriptor came */
    assert_int_equal(bed.peer.count[VFU_DMA_MAP], 2);
    end(&bed);
}

static void all_else_is_refused(void **state)
{
    static const struct {
        struct peer_ask ask;
        uint32_t error;
    } bad[] = {
        {{VFU_DMA_READ, IOVA - 1, 2, 0}, EFAULT},
        {{VFU_DMA_READ, IOVA + PAGE - 4, 8, 0}, EFAULT}, /* from one piece into the next */
        {{VFU_DMA_READ, IOVA + 2 * PAGE, 1, 0}, EFAULT},
        {{VFU_DMA_READ, UINT64_MAX, 2, 0}, EFAULT},
        {{VFU_DMA_WRITE, IOVA + PAGE, 4, 4}, EFAULT}, /* which the device only reads */
        {{VFU_DMA_READ, IOVA, 0, 0}, EINVAL},
        {{VFU_DMA_READ, IOVA, VFU_XFER_MAX + 1, 0}, EINVAL},
        {{VFU_DMA_READ, IOVA, UINT64_MAX, 0}, EINVAL},
        {{VFU_DMA_READ, IOVA, 4, 4}, EINVAL},
        {{VFU_DMA_WRITE, IOVA, 8, 4}, EINVAL},
        {{VFU_DMA_WRITE, IOVA, 4, 8}, EINVAL},
        {{VFU_DEVICE_RESET, 0, 0, 0}, EOPNOTSUPP},
        {{VFU_DEVICE_FEATURE + 1, 0, 0, 0}, EOPNOTSUPP},
    };
    static struct bed bed;
    struct peer_ask asks[sizeof(bad) / sizeof(bad[0])];
    uint32_t n = sizeof(bad) / sizeof(bad[0]);
    uint64_t value = 0;
    (void)state;
    for (uint32_t i = 0; i < n; i++) {
        asks[i] = bad[i].ask;
    }
    begin(&bed, 0, asks, n, false);
    assert_int_equal(bed.ops->bar_read(bed.fn, 0, 8, 4, &value), 0);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(sem_wait(&bed.peer.heard), 0);
        assert_int_equal(bed.peer.told[i].error, bad[i].error);
        assert_int_equal(bed.peer.told[i].length, 0);
    }
    assert_memory_equal(bed.both.va, "ZZZZZZZZ", 8); /* as the peer left it */
    assert_memory_equal(bed.out.va, "behind", 6);
    end(&bed);
}

/* What was given back is nobody's. */
static void freed_memory_is_gone(void **state)
{
    static const struct peer_ask ask[] = {{VFU_DMA_READ, IOVA, 4, 0}};
    static struct bed bed;
    uint64_t value = 0;
    (void)state;
    begin(&bed, SRIOV_VFU_CLIENT_UNSHARED, ask, 1, false);
    bed.peer.ask_at = OPEN_MESSAGES + 3; /* the peer is not at it yet: nothing was sent since the maps */
    assert_int_equal(bed.ops->dma_free(bed.fn, &bed.both), 0);
    assert_int_equal(bed.ops->bar_read(bed.fn, 0, 8, 4, &value), 0);
    assert_int_equal(sem_wait(&bed.peer.heard), 0);
    assert_int_equal(bed.peer.told[0].error, EFAULT);
    alloc(&bed, &bed.both, IOVA, SRIOV_DMA_BOTH);
    end(&bed);
}

static void unknown_flags_are_refused(void **state)
{
    static const char *const paths[] = {"/nowhere/vf0.sock"};
    struct sriov_vfu_client_opts opts = {.size = sizeof(opts), .paths = paths, .num_paths = 1, .flags = 2};
    struct sriov_vmm *vmm;
    (void)state;
    assert_int_equal(sriov_vfu_client_create(&opts, &vmm), -EINVAL);
    opts.flags = 0;
    opts.reserved0 = 1;
    assert_int_equal(sriov_vfu_client_create(&opts, &vmm), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_there_while_a_call_waits),
        cmocka_unit_test(unshared_memory_is_there_at_any_time),
        cmocka_unit_test(all_else_is_refused),
        cmocka_unit_test(freed_memory_is_gone),
        cmocka_unit_test(unknown_flags_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
