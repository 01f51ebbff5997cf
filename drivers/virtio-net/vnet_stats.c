/* SPDX-License-Identifier: BSD-3-Clause */
/* The device has no counters; what the driver knows beyond its queues. */
#include "vnet.h"

#include <string.h>

static void put(struct sriov_stat *stat, const char *name, uint64_t value)
{
    memset(stat, 0, sizeof(*stat));
    for (uint32_t i = 0; name[i] != '\0' && i + 1 < sizeof(stat->name); i++) {
        stat->name[i] = name[i];
    }
    stat->value = value;
}

uint32_t vnet_stats(struct sriov_net *net, struct sriov_stat *out, uint32_t room)
{
    struct vnet *v = vnet_of(net);
    const char *const names[] = {"device_resets", "tx_in_doubt"};
    const uint64_t values[] = {v->resets, v->in_doubt};
    for (uint32_t i = 0; i < 2 && i < room; i++) {
        put(&out[i], names[i], values[i]);
    }
    return 2;
}
