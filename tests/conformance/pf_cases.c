/* SPDX-License-Identifier: BSD-3-Clause */
/* A PF's VFs come and go. */
#include "conform.h"

#include <errno.h>
#include <string.h>

struct brood {
    const char *pf;
    uint32_t seen;
    uint64_t indices; /* bit per vf_index below 64 */
    uint32_t strange;
};

static int look(void *arg, const struct sriov_fn_info *info)
{
    struct brood *brood = arg;
    if (info->is_vf && strcmp(info->pf_name, brood->pf) == 0) {
        brood->seen++;
        brood->strange += info->vf_index >= 64 || info->total_vfs != 0;
        brood->indices |= UINT64_C(1) << info->vf_index % 64;
    }
    return 0;
}

/* Exactly n of them, numbered from 0; a shim that cannot enumerate is believed. */
static bool brood_is(struct conform *c, struct sriov_fn *fn, uint16_t n)
{
    struct brood brood = {.pf = sriov_fn_info(fn)->name};
    int err = sriov_vmm_enumerate(c->vmm, look, &brood);
    if (err == -EOPNOTSUPP) {
        return true;
    }
    return err == 0 && brood.seen == n && brood.strange == 0 && brood.indices == (UINT64_C(1) << n) - 1;
}

static bool capability_says(struct sriov_fn *fn, uint16_t n)
{
    struct sriov_iov_cap cap;
    return sriov_cfg_sriov(fn, &cap) == 0 && cap.vf_enable == (n != 0) && (n == 0 || cap.num_vfs == n) &&
           sriov_fn_info(fn)->num_vfs == n;
}

static enum conform_verdict vfs_come_and_go(struct conform *c, struct sriov_fn *fn)
{
    if (!sriov_fn_can(fn, SRIOV_CAP_SET_VFS)) {
        if (sriov_fn_info(fn)->total_vfs != 0) {
            return conform_cannot(c, "the VMM does not let us set the number of VFs");
        }
        RETURNS(c, sriov_fn_set_vfs(fn, 1), -EOPNOTSUPP); /* no PF */
        return CONFORM_PASS;
    }
    uint16_t all = sriov_fn_info(fn)->total_vfs;
    RETURNS(c, sriov_fn_set_vfs(fn, 0), 0);
    uint16_t most = all < 3 ? all : 3;
    for (uint16_t n = most; n > 0; n--) { /* each change goes through 0 */
        int err = sriov_fn_set_vfs(fn, n);
        bool good = err == 0 && capability_says(fn, n) && brood_is(c, fn, n);
        if (!good) {
            (void)sriov_fn_set_vfs(fn, 0);
            return conform_fail(c, __LINE__, "VFs enabled, counted, listed", err != 0 ? err : n);
        }
    }
    int beyond = all < UINT16_MAX ? sriov_fn_set_vfs(fn, (uint16_t)(all + 1)) : -EINVAL;
    bool left_alone = brood_is(c, fn, 1);
    RETURNS(c, sriov_fn_set_vfs(fn, 0), 0);
    RETURNS(c, beyond, -EINVAL);
    CHECK(c, left_alone && capability_says(fn, 0) && brood_is(c, fn, 0));
    return CONFORM_PASS;
}

const struct conform_case conform_pf_cases[] = {
    {"vfs.come-and-go", vfs_come_and_go, false},
    {NULL, NULL, false},
};
