/* SPDX-License-Identifier: BSD-3-Clause */
/* The smallest program against an installed libsriovcore: names the version, the VMM, the drivers. */
#include <sriov/drivers.h>
#include <sriov/mock.h>

#include <stdio.h>

int main(void)
{
    struct sriov_mock_opts opts = {.size = sizeof(opts)};
    struct sriov_mock *mock;

    if (sriov_mock_create(&opts, &mock) != 0) {
        return 1;
    }
    printf("consumer: %s %s %s\n", sriov_version(), sriov_vmm_name(sriov_mock_vmm(mock)),
           sriov_net_drivers[0]->name);
    sriov_mock_destroy(mock);
    return 0;
}
