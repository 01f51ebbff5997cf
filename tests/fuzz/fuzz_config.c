/* SPDX-License-Identifier: BSD-3-Clause */
/* Config space is the input: opening, the walks over both capability lists and what they decode. */
#include "fuzz.h"
#include "fuzz_shim.h"

static int count_cap(void *arg, bool ext, uint16_t id, uint16_t off)
{
    uint32_t *count = arg;

    (void)id;
    FUZZ_MUST(off % 4 == 0 && off < FUZZ_CFG_BYTES && (ext ? off >= 256 : off < 256));
    FUZZ_MUST(++*count <= FUZZ_CFG_BYTES / 4);
    return 0;
}

static void walk(struct sriov_fn *fn)
{
    struct sriov_msix_cap msix;
    struct sriov_iov_cap iov;
    uint32_t caps = 0;
    uint32_t value;
    uint16_t off;

    (void)sriov_cfg_each_cap(fn, count_cap, &caps);
    for (uint16_t id = 0; id < 0x20; id++) {
        FUZZ_MUST(sriov_cfg_find_cap(fn, (uint8_t)id, &off) != 0 || off < 256);
        FUZZ_MUST(sriov_cfg_find_ext_cap(fn, id, &off) != 0 || (off >= 256 && off < FUZZ_CFG_BYTES));
    }
    if (sriov_cfg_msix(fn, &msix) == 0) {
        FUZZ_MUST(msix.vectors >= 1 && msix.vectors <= 2048 && msix.table_bar < 6 && msix.pba_bar < 6);
    }
    if (sriov_cfg_sriov(fn, &iov) == 0) {
        FUZZ_MUST(iov.off >= 256 && (!iov.vf_enable || iov.num_vfs <= iov.total_vfs));
    }
    for (uint32_t at = 0; at < 2 * FUZZ_CFG_BYTES; at += 251) {
        (void)sriov_cfg_read32(fn, at, &value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct sriov_fn *fn = NULL;

    fuzz_shim_begin();
    fuzz_shim.info.caps = (fuzz_u8(&in) & 1) != 0 ? SRIOV_CAP_CFG_EXTENDED : 0;
    fuzz_take(&in, fuzz_shim.cfg, sizeof(fuzz_shim.cfg));
    if (sriov_fn_open(fuzz_shim.vmm, "fuzzed", NULL, &fn) == 0) {
        walk(fn);
        FUZZ_MUST(sriov_fn_close(fn) == 0);
    }
    fuzz_shim_end();
    return 0;
}
