/* SPDX-License-Identifier: BSD-3-Clause */
/* Which driver of a list takes a function. */
#include "core.h"

static bool knows(const struct sriov_driver *driver, const struct sriov_fn_info *info)
{
    const struct sriov_id *id = driver->ids;

    if (id == NULL) {
        return false;
    }
    for (; id->vendor != 0 || id->device != 0; id++) {
        if (id->vendor == info->vendor && id->device == info->device) {
            return true;
        }
    }
    return false;
}

const struct sriov_driver *sric_driver_find(struct sriov_fn *fn, const struct sriov_driver *const *drivers,
                                            enum sriov_class cls)
{
    for (; drivers != NULL && *drivers != NULL; drivers++) {
        const struct sriov_driver *driver = *drivers;

        if (driver->size < sizeof(*driver) || driver->abi != SRIOV_DRIVER_ABI) {
            sriov_log(sriov_fn_vmm(fn), SRIOV_LOG_WARN, "a driver of another ABI was passed over");
            continue;
        }
        if (driver->class == (uint32_t)cls && knows(driver, sriov_fn_info(fn))) {
            return driver;
        }
    }
    return NULL;
}
