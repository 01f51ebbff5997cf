/* SPDX-License-Identifier: BSD-3-Clause */
#include "net.h"

#include "frame.h"

#include <sriov/drivers.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IN_FLIGHT  256u
#define TAG_AT     12u /* behind the two addresses (IEEE 802.1Q) */
#define TAG_BYTES  4u
#define TAG_TYPE   0x8100u
#define VID_MASK   0x0fffu
#define SPACE_LAST ((UINT64_C(1) << 39) - 1)

static const struct sriov_mac wire_mac = {{0x02, 0xee, 0, 0, 0, 1}};

struct one_frame {
    uint32_t len;
    uint8_t bytes[FRAME_MAX];
};

struct net_frames {
    uint32_t head;
    uint32_t tail;
    struct one_frame frame[IN_FLIGHT];
};

/* ---- the wire ---- */

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint32_t get16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static int send_tagged(struct net *net, const uint8_t *frame, size_t len)
{
    uint8_t tagged[FRAME_MAX + TAG_BYTES];

    if (len < TAG_AT || len > FRAME_MAX) {
        return -EINVAL;
    }
    memcpy(tagged, frame, TAG_AT);
    put16(tagged + TAG_AT, TAG_TYPE);
    put16(tagged + TAG_AT + 2, NET_VLAN);
    memcpy(tagged + TAG_AT + TAG_BYTES, frame + TAG_AT, len - TAG_AT);
    return sriov_mock_wire_send(net->mock, net->pf_name, tagged, len + TAG_BYTES);
}

/* The device is at work while this runs: the frame is kept for net_turn. */
static void frame_leaves(void *arg, const void *frame, size_t len)
{
    struct net *net = arg;
    struct net_frames *frames = net->frames;
    const uint8_t *bytes = frame;

    net->wire_frames++;
    if (len < TAG_AT + TAG_BYTES || len - TAG_BYTES > FRAME_MAX || get16(bytes + TAG_AT) != TAG_TYPE ||
        (get16(bytes + TAG_AT + 2) & VID_MASK) != NET_VLAN) {
        net->wire_alien++;
        return;
    }
    if (frames->tail - frames->head < IN_FLIGHT) {
        struct one_frame *slot = &frames->frame[frames->tail++ % IN_FLIGHT];
        slot->len = (uint32_t)len - TAG_BYTES;
        memcpy(slot->bytes, bytes, TAG_AT);
        memcpy(slot->bytes + TAG_AT, bytes + TAG_AT + TAG_BYTES, slot->len - TAG_AT);
    }
}

static int wire_send(void *arg, const uint8_t *frame, uint32_t len)
{
    return send_tagged(arg, frame, len);
}

static uint64_t wire_now(void *arg)
{
    const struct net *net = arg;

    return sriov_mock_now(net->mock);
}

static int create_wire(struct net *net)
{
    struct echo_io io = {.send = wire_send, .now = wire_now, .arg = net};
    int rc = echo_session_create(&wire_mac, NET_WIRE_IP, &io, &net->wire);

    net->frames = calloc(1, sizeof(*net->frames));
    if (rc == 0 && net->frames == NULL) {
        rc = -ENOMEM;
    }
    return rc == 0 ? sriov_mock_wire_sink(net->mock, net->pf_name, frame_leaves, net) : rc;
}

int net_send(struct net *net, uint32_t i, uint16_t type, const void *payload, size_t len)
{
    const struct sriov_mac to = NET_MAC(i);
    uint8_t frame[FRAME_MAX];

    if (len > FRAME_MAX - FRAME_ETH_HEADER) {
        return -EINVAL;
    }
    memcpy(frame, to.b, SRIOV_ETH_ALEN);
    memcpy(frame + SRIOV_ETH_ALEN, wire_mac.b, SRIOV_ETH_ALEN);
    put16(frame + TAG_AT, type);
    memcpy(frame + FRAME_ETH_HEADER, payload, len);
    return send_tagged(net, frame, FRAME_ETH_HEADER + len);
}

/* ---- the device ---- */

static int create_mock(struct net *net, const char *pcap)
{
    /* A guest's memory begins at 0, and so does what its VF may reach. */
    struct sriov_mock_opts opts = {.size = sizeof(opts), .iova_last = SPACE_LAST};
    int rc = sriov_mock_create(&opts, &net->mock);

    if (rc == 0) {
        rc = sriov_mock_add_pf(net->mock, "82599", NULL, net->pf_name);
    }
    return rc == 0 && pcap != NULL ? sriov_mock_capture(net->mock, net->pf_name, pcap) : rc;
}

static int create_pf(struct net *net, uint16_t vfs)
{
    struct sriov_pf_opts opts = {.size = sizeof(opts)};
    int rc = sriov_fn_open(sriov_mock_vmm(net->mock), net->pf_name, NULL, &net->pf_fn);

    if (rc == 0) {
        rc = sriov_pf_open(net->pf_fn, sriov_pf_drivers, &opts, &net->pf);
    }
    return rc == 0 ? sriov_pf_enable_vfs(net->pf, vfs) : rc;
}

static int set_policy(struct net *net, uint16_t vfs)
{
    int rc = 0;

    for (uint16_t i = 0; i < vfs && rc == 0; i++) {
        const struct sriov_mac mac = NET_MAC(i);
        rc = sriov_pf_set_vf_mac(net->pf, i, &mac);
        if (rc == 0) {
            rc = sriov_pf_set_vf_vlan(net->pf, i, NET_VLAN);
        }
        if (rc == 0) {
            rc = sriov_pf_set_vf_spoof_check(net->pf, i, true);
        }
    }
    return rc;
}

int net_create(struct net *net, uint16_t vfs, const char *pcap, const char **step)
{
    *net = (struct net){0};
    *step = "simulated 82599";
    int rc = create_mock(net, pcap);

    if (rc == 0) {
        *step = "PF driver";
        rc = create_pf(net, vfs);
    }
    if (rc == 0) {
        *step = "policy of the VFs";
        rc = set_policy(net, vfs);
    }
    if (rc == 0) {
        *step = "host on the wire";
        rc = create_wire(net);
    }
    return rc;
}

int net_open_vf(struct net *net, uint32_t i, struct sriov_fn **fn)
{
    char name[SRIOV_NAME_MAX];
    int rc = sriov_mock_vf_name(net->mock, net->pf_name, (uint16_t)i, name);

    return rc == 0 ? sriov_fn_open(sriov_mock_vmm(net->mock), name, NULL, fn) : rc;
}

void net_turn(struct net *net, uint64_t now_ns)
{
    struct net_frames *frames = net->frames;

    if (net->clock_ns != 0 && now_ns > net->clock_ns) {
        sriov_mock_advance(net->mock, now_ns - net->clock_ns);
    }
    net->clock_ns = now_ns;
    (void)sriov_pf_poll(net->pf);
    while (frames->head != frames->tail) {
        struct one_frame *slot = &frames->frame[frames->head++ % IN_FLIGHT];
        echo_input(net->wire, slot->bytes, slot->len);
    }
}

uint64_t net_destroy(struct net *net)
{
    uint64_t bad = 0;

    echo_session_destroy(net->wire);
    if (net->pf != NULL) {
        sriov_pf_close(net->pf);
    }
    if (net->pf_fn != NULL) {
        bad += (uint64_t)sriov_fn_close(net->pf_fn);
    }
    if (net->mock != NULL) {
        bad += sriov_mock_violations(net->mock, 0) + sriov_mock_held(net->mock);
        sriov_mock_destroy(net->mock);
    }
    free(net->frames);
    *net = (struct net){0};
    return bad;
}
