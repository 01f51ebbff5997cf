/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DEVICE_FEATURE: one question for all features, of which a device says what it can do. Those of migration
 * are known here and have no method as yet: a client that probes them learns that this device stays.
 */
#include "server.h"

#define METHODS (VFU_FEATURE_GET | VFU_FEATURE_SET)

/* One that is there runs with the request checked, and adds what it has to say to the reply. */
struct feature {
    uint16_t index;
    uint32_t methods; /* VFU_FEATURE_GET, VFU_FEATURE_SET */
    int (*run)(struct sriov_vfu_device *d, struct vfus_call *call, uint32_t method);
};

static const struct feature features[] = {
    {VFU_FEATURE_MIGRATION, 0, NULL},          {VFU_FEATURE_MIG_DEVICE_STATE, 0, NULL},
    {VFU_FEATURE_DMA_LOGGING_START, 0, NULL},  {VFU_FEATURE_DMA_LOGGING_STOP, 0, NULL},
    {VFU_FEATURE_DMA_LOGGING_REPORT, 0, NULL},
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

int vfus_device_feature(struct sriov_vfu_device *d, struct vfus_call *call)
{
    const struct feature *feature;
    struct vfu_device_feature ask;
    int rc = vfu_rx_get(call->rx, &ask, sizeof(ask));

    if (rc != 0 || !is_valid(&ask)) {
        return -EINVAL;
    }
    feature = find(ask.flags & VFU_FEATURE_INDEX);
    if (feature == NULL || feature->methods == 0 || (ask.flags & METHODS & ~feature->methods) != 0) {
        return -ENOTTY; /* as VFIO says of a feature that a device has not */
    }
    vfus_answer(call, &ask, sizeof(ask));
    return (ask.flags & VFU_FEATURE_PROBE) != 0 ? 0 : feature->run(d, call, ask.flags & METHODS);
}
