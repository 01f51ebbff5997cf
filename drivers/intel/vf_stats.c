/* SPDX-License-Identifier: BSD-3-Clause */
/* Hardware counters of 32 and 36 bits, widened to 64 and carried over resets. */
#include "vf.h"

#include <string.h>

static uint64_t read_counter(const struct sri_vf *vf, const struct sri_vf_counter *counter)
{
    uint64_t value = sri_rd32_sure(&vf->bar, counter->lsb); /* first: it holds the upper half still */
    if (counter->msb != 0) {
        value |= (uint64_t)sri_rd32_sure(&vf->bar, counter->msb) << 32;
    }
    return value & ((UINT64_C(1) << counter->bits) - 1);
}

void sri_vf_stats_base(struct sri_vf *vf)
{
    for (uint32_t i = 0; vf->hw->counters[i].name != NULL; i++) {
        vf->stat_last[i] = read_counter(vf, &vf->hw->counters[i]);
    }
}

static void fold(struct sri_vf *vf, bool was_reset)
{
    if (sriov_fn_gone(vf->net->fn)) {
        return;
    }
    for (uint32_t i = 0; vf->hw->counters[i].name != NULL; i++) {
        const struct sri_vf_counter *counter = &vf->hw->counters[i];
        uint64_t value = read_counter(vf, counter);
        uint64_t delta = (value - vf->stat_last[i]) & ((UINT64_C(1) << counter->bits) - 1);
        vf->stat_total[i] += was_reset && value < vf->stat_last[i] ? value : delta;
        vf->stat_last[i] = value;
    }
}

void sri_vf_stats_fold(struct sri_vf *vf)
{
    fold(vf, false);
}

void sri_vf_stats_fold_reset(struct sri_vf *vf)
{
    fold(vf, true);
}

struct stat_list {
    struct sriov_stat *out;
    uint32_t room;
    uint32_t n;
};

static void add(struct stat_list *list, const char *name, uint64_t value)
{
    if (list->n < list->room) {
        struct sriov_stat *stat = &list->out[list->n];
        memset(stat, 0, sizeof(*stat));
        for (uint32_t i = 0; name[i] != '\0' && i + 1 < sizeof(stat->name); i++) {
            stat->name[i] = name[i];
        }
        stat->value = value;
    }
    list->n++;
}

uint32_t sri_vf_stats(struct sriov_net *net, struct sriov_stat *out, uint32_t room)
{
    struct sri_vf *vf = sri_vf_of(net);
    struct stat_list list = {out, room, 0};
    if (vf->running && sri_vf_queues_alive(vf)) {
        sri_vf_stats_fold(vf);
    }
    for (uint32_t i = 0; vf->hw->counters[i].name != NULL; i++) {
        add(&list, vf->hw->counters[i].name, vf->stat_total[i]);
    }
    add(&list, "vf_resets", vf->resets);
    add(&list, "mbx_requests", vf->mbx.requests);
    add(&list, "mbx_timeouts", vf->mbx.timeouts);
    add(&list, "mbx_malformed", vf->mbx.malformed);
    return list.n;
}
