/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DEVICE_FEATURE: one question for all features, of which a device says what it can do. A client that probes
 * those of migration on a function whose shim cannot do it learns that this device stays.
 */
#include "server.h"

#define METHODS (VFU_FEATURE_GET | VFU_FEATURE_SET)

/* One that is there runs with the request checked, and adds what it has to say to the reply. */
struct feature {
    uint16_t index;
    uint32_t methods; /* VFU_FEATURE_GET, VFU_FEATURE_SET */
    uint64_t caps;    /* that the function must have */
    int (*run)(struct sriov_vfu_device *d, struct vfus_call *call, uint32_t method);
};

static const struct feature features[] = {
    {VFU_FEATURE_MIGRATION, VFU_FEATURE_GET, SRIOV_CAP_MIGRATION, vfus_mig_get_migration},
    {VFU_FEATURE_MIG_DEVICE_STATE, METHODS, SRIOV_CAP_MIGRATION, vfus_mig_device_state},
    {VFU_FEATURE_DMA_LOGGING_START, VFU_FEATURE_SET, SRIOV_CAP_DIRTY, vfus_log_start},
    {VFU_FEATURE_DMA_LOGGING_STOP, VFU_FEATURE_SET, SRIOV_CAP_DIRTY, vfus_log_stop},
    {VFU_FEATURE_DMA_LOGGING_REPORT, VFU_FEATURE_GET, SRIOV_CAP_DIRTY, vfus_log_report},
};

static const struct feature *find(uint32_t index)
{
    for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        if (features[i].index == index) {
            return &features[i];
        }
    }
    return NULL;
}

/* To get and to set at once can only be asked about. */
static bool is_valid(const struct vfu_device_feature *ask)
{
    uint32_t methods = ask->flags & METHODS;
    bool probe = (ask->flags & VFU_FEATURE_PROBE) != 0;

    return ask->argsz >= sizeof(*ask) &&
           (ask->flags & ~(VFU_FEATURE_INDEX | METHODS | VFU_FEATURE_PROBE)) == 0 &&
           (probe || methods == VFU_FEATURE_GET || methods == VFU_FEATURE_SET);
}

/* What was set is answered as it came; what was got says how long it is, and is no longer than asked for. */
static int finish(struct vfus_call *call, struct vfu_device_feature *ask)
{
    if ((ask->flags & VFU_FEATURE_SET) != 0) {
        return 0;
    }
    if (call->length > ask->argsz) {
        return -EINVAL;
    }
    ask->argsz = call->length;
    memcpy(call->out, ask, sizeof(*ask));
    return 0;
}

int vfus_device_feature(struct sriov_vfu_device *d, struct vfus_call *call)
{
    const struct feature *feature;
    struct vfu_device_feature ask;
    int rc = vfu_rx_get(call->rx, &ask, sizeof(ask));

    if (rc != 0 || !is_valid(&ask)) {
        return -EINVAL;
    }
    feature = find(ask.flags & VFU_FEATURE_INDEX);
    if (feature == NULL || !sriov_fn_can(d->fn, feature->caps) ||
        (ask.flags & METHODS & ~feature->methods) != 0) {
        return -ENOTTY; /* as VFIO says of a feature that a device has not */
    }
    vfus_answer(call, &ask, sizeof(ask));
    if ((ask.flags & VFU_FEATURE_PROBE) != 0) {
        return 0;
    }
    rc = feature->run(d, call, ask.flags & METHODS);
    return rc == 0 ? finish(call, &ask) : rc;
}
