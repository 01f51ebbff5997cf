/* SPDX-License-Identifier: BSD-3-Clause */
/* What the ring says of a frame is bounded, whatever it says: the receive path on memory of the test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "snd_net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES     4u
#define FRAME_SIZE 2048u
#define AT         96u
#define LEN        60u

struct rig {
    struct sriov_vmm *vmm;
    struct sriov_net net;
    struct snd_net dev;
    uint8_t ring[FRAMES * FRAME_SIZE] __attribute__((aligned(4096)));
};

static struct rig rig;

/* No function: frames that are refused need no buffer. */
static struct snd_rxq *set_up(void)
{
    memset(&rig, 0, sizeof(rig));
    rig.net.config.mtu = 1500;
    rig.net.priv = &rig.dev;
    rig.dev.net = &rig.net;
    rig.dev.filter.mode = SRIOV_RX_PROMISC;
    rig.dev.rxq = (struct snd_rxq){.dev = &rig.dev,
                                   .ring = rig.ring,
                                   .bytes = sizeof(rig.ring),
                                   .frames = FRAMES,
                                   .frame_size = FRAME_SIZE};
    return &rig.dev.rxq;
}

static struct tpacket2_hdr *slot(uint32_t i)
{
    return (void *)(rig.ring + (size_t)i * FRAME_SIZE);
}

static void fill(uint32_t i)
{
    *slot(i) = (struct tpacket2_hdr){
        .tp_status = TP_STATUS_USER, .tp_len = LEN, .tp_snaplen = LEN, .tp_mac = AT, .tp_net = AT + 14};
}

static uint16_t burst(void)
{
    struct sriov_buf *bufs[8];
    return snd_rx_burst(&rig.dev.rxq.q, bufs, 8);
}

static void lengths_that_lie_are_dropped(void **state)
{
    static const struct {
        uint32_t len;
        uint32_t snap;
        uint16_t mac;
    } lies[] = {
        {LEN, 13, AT},
        {LEN, FRAME_SIZE, AT},
        {LEN, UINT32_MAX, AT},
        {LEN, FRAME_SIZE - AT + 1, AT},
        {LEN, LEN, 0},
        {LEN, LEN, 61},
        {LEN, LEN, FRAME_SIZE},
        {LEN, LEN, UINT16_MAX},
        {UINT32_MAX, 14, AT + 1},
        {0, 0, AT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        struct snd_rxq *rxq = set_up();
        fill(0);
        slot(0)->tp_len = lies[i].len;
        slot(0)->tp_snaplen = lies[i].snap;
        slot(0)->tp_mac = lies[i].mac;
        assert_int_equal(burst(), 0);
        assert_int_equal(rxq->head, 1);
        assert_int_equal(slot(0)->tp_status, TP_STATUS_KERNEL);
        assert_int_equal(rxq->q.bad + rig.dev.counters[SND_RX_TOO_LONG], 1);
    }
}

static void a_checksum_outside_the_frame_is_none(void **state)
{
    static const struct virtio_net_hdr lies[] = {
        {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = LEN + 1},
        {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = LEN - 34 - 1},
        {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = UINT16_MAX, .csum_offset = UINT16_MAX},
        {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = UINT16_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        struct snd_rxq *rxq = set_up();
        fill(0);
        memcpy(rig.ring + AT - SND_VNET, &lies[i], SND_VNET);
        assert_int_equal(burst(), 0);
        assert_int_equal(rxq->q.bad, 1);
    }
}

static void a_burst_of_refused_frames_ends(void **state)
{
    struct snd_rxq *rxq = set_up();
    (void)state;
    for (uint32_t i = 0; i < FRAMES; i++) {
        fill(i);
        slot(i)->tp_snaplen = 0;
    }
    assert_int_equal(burst(), 0);
    assert_int_equal(rxq->head, FRAMES);
    assert_int_equal(rxq->q.bad, FRAMES);
    assert_int_equal(burst(), 0);
    assert_int_equal(rxq->head, FRAMES);
}

static void filters(void **state)
{
    uint8_t frame[14] = {0x02, 1, 2, 3, 4, 5};
    (void)state;
    (void)set_up();
    rig.dev.filter.mode = SRIOV_RX_NONE;
    assert_false(snd_wanted(&rig.dev, frame, false, 0));
    memcpy(rig.net.mac.b, frame, 6);
    assert_true(snd_wanted(&rig.dev, frame, false, 0));
    assert_true(snd_wanted(&rig.dev, frame, true, 0xe000)); /* a priority */
    assert_false(snd_wanted(&rig.dev, frame, true, 4095));
    rig.dev.filter.vids[4095 / 8] = 0x80;
    assert_true(snd_wanted(&rig.dev, frame, true, 4095));
    assert_false(snd_wanted(&rig.dev, frame, true, 4094));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_that_lie_are_dropped),
        cmocka_unit_test(a_checksum_outside_the_frame_is_none),
        cmocka_unit_test(a_burst_of_refused_frames_ends),
        cmocka_unit_test(filters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
