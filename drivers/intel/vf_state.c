/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a VF driver takes along to another process: what the application asked of the PF, and what it counted.
 * Rings are made anew there, and its own PF is asked for the settings: the bytes name no register, so that a
 * VF of the other kind would understand them, too.
 *
 * version (u32), VLANs (u32), multicast addresses (u16), receive mode (u16), MAC (6), its use (u16), the
 * addresses (6 each, room for 30), the VLAN map (512 bytes), counters (u32, then 8 each). All little-endian.
 */
#include "vf.h"

#include <errno.h>
#include <string.h>

#define VERSION     1u
#define AT_VLANS    4u
#define AT_MULTI    8u
#define AT_MODE     10u
#define AT_MAC      12u
#define AT_RESERVED 18u
#define AT_LIST     20u
#define AT_MAP      (AT_LIST + 6u * INTEL_MBX_MULTICAST_MAX)
#define AT_COUNTERS (AT_MAP + SRI_VF_VLANS / 8u)
#define AT_TOTALS   (AT_COUNTERS + 4u)
#define BYTES       (AT_TOTALS + 8u * SRI_VF_STATS)
#define LOAD_NS     (500 * SRI_MS) /* a greeting that meets a PF at work */

static void put(uint8_t *p, uint64_t v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        p[i] = (uint8_t)(v >> (8 * i));
    }
}

static uint64_t get(const uint8_t *p, uint32_t n)
{
    uint64_t v = 0;
    for (uint32_t i = 0; i < n; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

static uint32_t counters_of(const struct sri_vf *vf)
{
    uint32_t n = 0;
    while (vf->hw->counters[n].name != NULL) {
        n++;
    }
    return n;
}

/* The address is the one in force: the frames of the other side are for it, whoever chose it. */
static void write_state(const struct sri_vf *vf, uint8_t out[BYTES])
{
    memset(out, 0, BYTES);
    put(out, VERSION, 4);
    put(out + AT_VLANS, vf->set.vlans, 4);
    put(out + AT_MULTI, vf->set.multicast, 2);
    put(out + AT_MODE, (uint64_t)vf->set.rx_mode, 2);
    memcpy(out + AT_MAC, vf->net->mac.b, SRIOV_ETH_ALEN);
    for (uint32_t i = 0; i < vf->set.multicast; i++) {
        memcpy(out + AT_LIST + 6 * i, vf->set.multicast_list[i].b, SRIOV_ETH_ALEN);
    }
    memcpy(out + AT_MAP, vf->set.vlan_map, sizeof(vf->set.vlan_map));
    put(out + AT_COUNTERS, counters_of(vf), 4);
    for (uint32_t i = 0; i < counters_of(vf); i++) {
        put(out + AT_TOTALS + 8 * i, vf->stat_total[i], 8);
    }
}

int64_t sri_vf_save(struct sriov_net *net, void *bytes, uint64_t room)
{
    struct sri_vf *vf = sri_vf_of(net);
    uint8_t state[BYTES];
    if (vf->running && sri_vf_queues_alive(vf)) {
        sri_vf_stats_fold(vf);
    }
    write_state(vf, state);
    if (room != 0) {
        memcpy(bytes, state, room < BYTES ? room : BYTES);
    }
    return BYTES;
}

static uint32_t count_vlans(const uint8_t *map)
{
    uint32_t n = 0;
    for (uint32_t vid = 0; vid < SRI_VF_VLANS; vid++) {
        n += (uint32_t)(map[vid / 8] >> (vid % 8)) & 1u;
    }
    return n;
}

/* No more than what the application could have asked for. */
static bool makes_sense(const struct sri_vf *vf, const uint8_t *b, uint64_t len)
{
    if (len != BYTES || get(b, 4) != VERSION || get(b + AT_RESERVED, 2) != 0 ||
        get(b + AT_COUNTERS, 4) != counters_of(vf) || get(b + AT_MULTI, 2) > INTEL_MBX_MULTICAST_MAX ||
        get(b + AT_MODE, 2) > SRIOV_RX_PROMISC || (b[AT_MAC] & 1) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < INTEL_MBX_MULTICAST_MAX; i++) {
        bool used = i < get(b + AT_MULTI, 2);
        if (used ? (b[AT_LIST + 6 * i] & 1) == 0 : get(b + AT_LIST + 6 * i, 6) != 0) {
            return false;
        }
    }
    for (uint32_t i = counters_of(vf); i < SRI_VF_STATS; i++) {
        if (get(b + AT_TOTALS + 8 * i, 8) != 0) {
            return false;
        }
    }
    return count_vlans(b + AT_MAP) == get(b + AT_VLANS, 4);
}

static int ask_vlans(struct sriov_net *net, const uint8_t *map)
{
    int err = 0;
    for (uint32_t vid = 0; err == 0 && vid < SRI_VF_VLANS; vid++) {
        if ((map[vid / 8] >> (vid % 8) & 1) != 0) {
            err = sri_vf_set_vlan(net, (uint16_t)vid, true);
        }
    }
    return err;
}

/* One after the other, so that the PF's first no is the answer. */
static int ask_all(struct sriov_net *net, const uint8_t *b)
{
    struct sriov_mac list[INTEL_MBX_MULTICAST_MAX];
    struct sriov_mac mac;
    uint16_t n = (uint16_t)get(b + AT_MULTI, 2);
    int err = 0;
    memcpy(mac.b, b + AT_MAC, sizeof(mac.b));
    for (uint32_t i = 0; i < n; i++) {
        memcpy(list[i].b, b + AT_LIST + 6 * i, sizeof(list[i].b));
    }
    if (!sri_mac_is_zero(&mac) && memcmp(&mac, &net->mac, sizeof(mac)) != 0) {
        err = sri_vf_set_mac(net, &mac);
    }
    if (err == 0 && n != 0) {
        err = sri_vf_set_multicast(net, list, n);
    }
    if (err == 0) {
        err = ask_vlans(net, b + AT_MAP);
    }
    if (err == 0 && get(b + AT_MODE, 2) != SRIOV_RX_MULTI) {
        err = sri_vf_set_rx_mode(net, (enum sriov_rx_mode)get(b + AT_MODE, 2));
    }
    return err;
}

/* A reset makes the PF forget everything; what it is asked for in the greeting is `set`. */
static int begin_anew(struct sri_vf *vf, const struct sri_vf_settings *set)
{
    vf->set = *set;
    sri_vf_lose(vf);
    vf->pause_ns = 0;
    vf->next_try = sriov_fn_now(vf->net->fn);
    return sri_vf_bring_up(vf, LOAD_NS);
}

int sri_vf_load(struct sriov_net *net, const void *bytes, uint64_t len)
{
    static const struct sri_vf_settings none = {.rx_mode = SRIOV_RX_MULTI};
    struct sri_vf *vf = sri_vf_of(net);
    struct sri_vf_settings before = vf->set;
    const uint8_t *b = bytes;
    if (!makes_sense(vf, b, len)) {
        return -EPROTO;
    }
    int err = begin_anew(vf, &none);
    if (err == 0) {
        err = ask_all(net, b);
    }
    if (err != 0) {
        (void)begin_anew(vf, &before);
        return err;
    }
    for (uint32_t i = 0; i < counters_of(vf); i++) {
        vf->stat_total[i] = get(b + AT_TOTALS + 8 * i, 8);
    }
    sri_vf_stats_base(vf);
    return 0;
}
