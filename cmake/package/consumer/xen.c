/* SPDX-License-Identifier: BSD-3-Clause */
/* The Xen shim from outside: it is made anywhere, and says on Xen alone what there is to open. */
#include <sriov/version.h>
#include <sriov/xen.h>

#include <stdio.h>

int main(void)
{
    struct sriov_vmm *vmm = NULL;
    int err = sriov_xen_create(NULL, &vmm);
    if (err != 0) {
        return 1;
    }
    printf("xen: %s %s\n", sriov_version(), sriov_vmm_name(vmm));
    return sriov_xen_destroy(vmm) == 0 ? 0 : 1;
}
