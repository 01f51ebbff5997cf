/* SPDX-License-Identifier: BSD-3-Clause */
/* Option structs from another time: any size, any bytes. Pointers are the caller's word and are cut. */
#include "bed.h"
#include "fuzz.h"

#include <sriov/kvm.h>

#include <errno.h>

#define SIZE_MAX_TRIED 8192u

/* A block of exactly the size that the struct claims, as a caller has it. Sizes beyond what is tried
 * are refused before anything behind them is read. */
static void *claim(struct fuzz_input *in, uint32_t *size)
{
    uint32_t room;
    uint8_t *block;

    *size = fuzz_u32(in);
    if ((*size & 0xff000000u) != 0xff000000u) {
        *size %= 2 * SIZE_MAX_TRIED;
    }
    room = *size >= sizeof(*size) && *size <= SIZE_MAX_TRIED ? *size : (uint32_t)sizeof(*size);
    block = malloc(room);
    FUZZ_MUST(block != NULL);
    fuzz_take(in, block, room);
    memcpy(block, size, sizeof(*size));
    return block;
}

/* Zeroes what of [at, at + len) lies within the struct. */
static void cut(void *block, uint32_t size, size_t at, size_t len)
{
    if (size <= SIZE_MAX_TRIED && at < size) {
        memset((uint8_t *)block + at, 0, len < size - at ? len : size - at);
    }
}

#define CUT(block, size, type, member)                                                                       \
    cut(block, size, offsetof(type, member), sizeof(((type *)NULL)->member))

static bool is_refusal(int rc)
{
    return rc == 0 || rc == -EINVAL || rc == -E2BIG || rc == -ENOMEM || rc == -ENOSPC;
}

static void try_open(struct bed *bed, struct fuzz_input *in)
{
    uint32_t size;
    uint8_t *opts = claim(in, &size);
    struct sriov_fn *fn = NULL;
    int rc;

    CUT(opts, size, struct sriov_fn_opts, options);
    CUT(opts, size, struct sriov_fn_opts, on_leak);
    CUT(opts, size, struct sriov_fn_opts, on_event);
    rc = sriov_fn_open(bed->vmm, bed->vf[1].name, (const struct sriov_fn_opts *)(void *)opts, &fn);
    FUZZ_MUST(is_refusal(rc) && (rc == 0) == (fn != NULL));
    FUZZ_MUST(sriov_fn_close(fn) == 0);
    free(opts);
}

static void try_pool(struct bed *bed, struct fuzz_input *in)
{
    uint32_t size;
    uint8_t *opts = claim(in, &size);
    struct sriov_pool *pool = NULL;
    int rc;

    cut(opts, size, offsetof(struct sriov_pool_opts, count) + 1, 3); /* its memory is bounded */
    rc = sriov_pool_create(bed->vf[0].fn, (const struct sriov_pool_opts *)(void *)opts, &pool);
    FUZZ_MUST(is_refusal(rc) && (rc == 0) == (pool != NULL));
    FUZZ_MUST(pool == NULL || sriov_pool_destroy(pool) == 0);
    free(opts);
}

static void try_configure(struct bed *bed, struct fuzz_input *in)
{
    uint32_t size;
    uint8_t *config = claim(in, &size);
    struct bed_vf *vf = &bed->vf[0];
    int rc;

    if (size >= sizeof(struct sriov_net_config) && size <= SIZE_MAX_TRIED) {
        memcpy(config + offsetof(struct sriov_net_config, pool), &vf->pool, sizeof(vf->pool));
    }
    FUZZ_MUST(sriov_net_stop(vf->net) == 0);
    rc = sriov_net_configure(vf->net, (const struct sriov_net_config *)(void *)config);
    FUZZ_MUST(is_refusal(rc));
    rc = sriov_net_start(vf->net);
    FUZZ_MUST(is_refusal(rc) || rc == -EACCES);
    free(config);
}

static void try_results(struct bed *bed, struct fuzz_input *in)
{
    uint32_t size;
    uint8_t *out = claim(in, &size);

    (void)sriov_net_get_info(bed->vf[0].net, (struct sriov_net_info *)(void *)out);
    memcpy(out, &size, sizeof(size));
    (void)sriov_pf_get_vf(bed->pf, 0, (struct sriov_pf_vf_info *)(void *)out);
    memcpy(out, &size, sizeof(size));
    (void)sriov_dma_usage(bed->vf[0].fn, (struct sriov_dma_usage *)(void *)out);
    free(out);
}

static void try_words(struct fuzz_input *in)
{
    char word[24];

    fuzz_take(in, word, sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    (void)sriov_kvm_backend_parse(word);
}

/* Only tables that are refused: a good one would need a mock of its own behind it. */
static void try_table(struct fuzz_input *in)
{
    struct {
        struct sriov_vmm_ops ops;
        uint8_t beyond[64];
    } table;
    struct sriov_vmm *vmm = NULL;
    uint32_t size = fuzz_u32(in);

    memset(&table, 0, sizeof(table));
    memcpy(&table.ops, sriov_mock_ops(), sizeof(table.ops));
    fuzz_take(in, table.beyond, sizeof(table.beyond));
    table.ops.size = size % (uint32_t)sizeof(table);
    table.ops.now_ns = NULL;
    FUZZ_MUST(is_refusal(sriov_vmm_register(&table.ops, NULL, &vmm)) && vmm == NULL);
}

static void begin(struct bed *bed)
{
    FUZZ_MUST(bed_create(bed, "82576") == 0);
    FUZZ_MUST(bed_pf_up(bed) == 0);
    FUZZ_MUST(bed_vf_up(bed, 0, 0) == 0);
    FUZZ_MUST(bed_settle(bed, 0, 5000 * BED_MS) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bed bed;
    struct fuzz_input in = {data, size};

    begin(&bed);
    for (uint32_t i = 0; i < 16 && in.left != 0; i++) {
        switch (fuzz_u8(&in) % 6u) {
        case 0:
            try_open(&bed, &in);
            break;
        case 1:
            try_pool(&bed, &in);
            break;
        case 2:
            try_configure(&bed, &in);
            break;
        case 3:
            try_results(&bed, &in);
            break;
        case 4:
            try_table(&in);
            break;
        default:
            try_words(&in);
            break;
        }
    }
    FUZZ_MUST(bed_destroy(&bed) == 0);
    return 0;
}
