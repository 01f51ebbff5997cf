/* SPDX-License-Identifier: BSD-3-Clause */
/* The table that hosts see, and the kinds of device there are. */
#include "virtio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEAST (VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM | VIRTIO_NET_F_MAC)
#define ALL                                                                                                  \
    (LEAST | VIRTIO_NET_F_MTU | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_CTRL_VQ |        \
     VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_VLAN | VIRTIO_NET_F_MQ | VIRTIO_NET_F_CTRL_MAC_ADDR |          \
     VIRTIO_NET_F_STANDBY | VIRTIO_NET_F_SPEED_DUPLEX)

/* The first is the one without a quirk. */
static const struct mock_virtio_kind kinds[] = {
    {NULL, VIRTIO_DEV_ID_NET, 256, MOCK_VIRTIO_PAIRS, 4, ALL},
    {"transitional", VIRTIO_DEV_ID_NET_TRANS, 256, MOCK_VIRTIO_PAIRS, 4, ALL},
    {"plain", VIRTIO_DEV_ID_NET, 64, 1, 0, LEAST}, /* nothing that is optional */
    {"legacy", VIRTIO_DEV_ID_NET_TRANS, 256, 1, 4, ALL & ~VIRTIO_F_VERSION_1},
    {"past-iommu", VIRTIO_DEV_ID_NET, 256, 1, 4, ALL & ~(VIRTIO_F_ACCESS_PLATFORM | VIRTIO_NET_F_MQ)},
};

static const char *const profiles[] = {"transitional", "plain", "legacy", "past-iommu", NULL};

static const struct mock_virtio_kind *find_kind(const char *quirks)
{
    for (size_t i = 1; quirks != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, quirks) == 0) {
            return &kinds[i];
        }
    }
    return quirks == NULL ? &kinds[0] : NULL;
}

static void flr(struct sriov_model *m, uint16_t function)
{
    if (function == 0) {
        mock_virtio_cfg_reset(m);
        mock_virtio_reset(m);
    }
}

static int create(const struct sriov_model_args *args, struct sriov_model **out)
{
    const struct mock_virtio_kind *kind = find_kind(args->quirks);
    struct sriov_model *m;

    if (kind == NULL || args->total_vfs != 0) {
        return -EINVAL;
    }
    m = calloc(1, sizeof(*m));
    if (m == NULL) {
        return -ENOMEM;
    }
    m->args = *args;
    m->kind = kind;
    flr(m, 0);
    *out = m;
    return 0;
}

static void destroy(struct sriov_model *m)
{
    mock_virtio_drop_late(m);
    free(m);
}

static uint64_t bar_length(struct sriov_model *m, uint16_t function, uint32_t bar)
{
    (void)m;
    if (function != 0) {
        return 0;
    }
    return bar == MOCK_VIRTIO_MSIX_BAR ? MOCK_VIRTIO_MSIX_BYTES
           : bar == MOCK_VIRTIO_BAR    ? MOCK_VIRTIO_BAR_BYTES
                                       : 0;
}

static void carrier(struct sriov_model *m, bool up)
{
    if (m->carrier != up) {
        m->carrier = up;
        mock_virtio_config_changed(m);
    }
}

static uint64_t rx_drops(struct sriov_model *m, uint16_t function)
{
    return function == 0 ? m->drops : 0;
}

const struct sriov_model_ops mock_model_virtio_net = {
    .size = sizeof(struct sriov_model_ops),
    .name = "virtio-net",
    .quirk_profiles = profiles,
    .create = create,
    .destroy = destroy,
    .cfg_read = mock_virtio_cfg_read,
    .cfg_write = mock_virtio_cfg_write,
    .bar_length = bar_length,
    .bar_read = mock_virtio_bar_read,
    .bar_write = mock_virtio_bar_write,
    .flr = flr,
    .wire_rx = mock_virtio_wire_rx,
    .carrier = carrier,
    .rx_drops = rx_drops,
};
