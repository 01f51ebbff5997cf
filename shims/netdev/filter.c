/* SPDX-License-Identifier: BSD-3-Clause */
/* Which frames are for us. The interface's own filter is the kernel's, and wider: others use it too. */
#include "snd_net.h"

#include <string.h>

#define VID_MASK 0x0fffu

bool snd_vid_on(const struct snd_filter *filter, uint16_t vid)
{
    return ((uint32_t)filter->vids[vid / 8] >> (vid % 8) & 1u) != 0;
}

static bool listed(const struct snd_filter *filter, const uint8_t *address)
{
    for (uint32_t i = 0; i < filter->num_mc; i++) {
        if (memcmp(filter->mc[i].b, address, SRIOV_ETH_ALEN) == 0) {
            return true;
        }
    }
    return false;
}

static bool addressed(const struct snd_net *dev, const uint8_t *address)
{
    static const uint8_t broadcast[SRIOV_ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint32_t mode = dev->filter.mode;
    if ((address[0] & 1u) == 0) {
        return memcmp(dev->net->mac.b, address, SRIOV_ETH_ALEN) == 0;
    }
    if (mode >= SRIOV_RX_ALLMULTI || memcmp(address, broadcast, SRIOV_ETH_ALEN) == 0) {
        return true;
    }
    return listed(&dev->filter, address);
}

bool snd_wanted(const struct snd_net *dev, const uint8_t *frame, bool tagged, uint16_t tci)
{
    uint16_t vid = tagged ? tci & VID_MASK : 0;
    if (dev->filter.mode == SRIOV_RX_PROMISC) {
        return true;
    }
    /* VLAN 0 is a priority alone. */
    return addressed(dev, frame) && (vid == 0 || snd_vid_on(&dev->filter, vid));
}
