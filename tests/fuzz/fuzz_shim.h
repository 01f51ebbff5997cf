/* SPDX-License-Identifier: BSD-3-Clause */
/* A shim with one function that is nothing but what the target says: config space and BAR shapes. */
#ifndef FUZZ_SHIM_H
#define FUZZ_SHIM_H

#include <sriov/fn.h>

#define FUZZ_CFG_BYTES 4096u

struct fuzz_shim {
    uint8_t cfg[FUZZ_CFG_BYTES];
    struct sriov_fn_info info; /* caps of what this shim can do are up to the target */
    uint64_t bar_length[6];
    uint32_t bar_flags[6];
    uint64_t now;
    uint32_t blocks; /* of host memory, not given back */
    struct sriov_vmm *vmm;
};

extern struct fuzz_shim fuzz_shim;

/* Everything zero, registered, with the log shut. */
void fuzz_shim_begin(void);
/* Everything must have been given back. */
void fuzz_shim_end(void);

#endif
