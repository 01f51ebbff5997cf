/* SPDX-License-Identifier: BSD-3-Clause */
/* Traffic, filters and the ends of things, between two real interfaces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SMALL 46u

static const struct sriov_mac broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
static const struct sriov_mac group = {{0x01, 0x00, 0x5e, 0x01, 0x02, 0x03}};
static const struct sriov_mac stranger = {{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}};

struct names {
    uint32_t seen;
    uint32_t strange;
};

static int note(void *arg, const struct sriov_fn_info *info)
{
    struct names *names = arg;
    if (strcmp(info->name, VETH_A) == 0 || strcmp(info->name, VETH_B) == 0) {
        names->seen++;
        assert_string_equal(info->bound_driver, "veth");
        assert_int_equal(info->vendor, SRIOV_NETDEV_VENDOR);
    } else {
        names->strange++; /* lo is no Ethernet */
    }
    return 0;
}

static void interfaces_are_listed(void **state)
{
    struct bed *bed = *state;
    struct names names = {0, 0};
    assert_int_equal(sriov_vmm_enumerate(bed->vmm, note, &names), 0);
    assert_int_equal(names.seen, 2);
    assert_int_equal(names.strange, 0);
}

static void an_open_interface_is_busy_and_no_other_is_there(void **state)
{
    struct bed *bed = *state;
    struct sriov_fn *fn;
    assert_int_equal(sriov_fn_open(bed->vmm, VETH_A, NULL, &fn), -EBUSY);
    assert_int_equal(sriov_fn_open(bed->vmm, "sn9", NULL, &fn), -ENOENT);
    assert_int_equal(sriov_fn_open(bed->vmm, "lo", NULL, &fn), -ENOENT);
    assert_int_equal(sriov_fn_open(bed->vmm, "a-name-that-no-interface-can-have", NULL, &fn), -ENOENT);
    assert_int_equal(sriov_netdev_destroy(bed->vmm), -EBUSY);
}

static void the_socket_stands_for_it(void **state)
{
    struct bed *bed = *state;
    struct sockaddr_ll at;
    socklen_t len = sizeof(at);
    uint32_t kind;
    int32_t fd;
    assert_int_equal(sriov_fn_fd(bed->a.fn, &fd, &kind), 0);
    assert_int_equal(kind, SRIOV_FN_FD_NETDEV);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(at.sll_ifindex, if_nametoindex(VETH_A));
}

static void frames_go_both_ways_in_order(void **state)
{
    static const uint32_t fills[] = {46, 47, 100, 994, 1009, 1010, 1011, 1499, 1500};
    struct bed *bed = *state;
    struct sriov_mac a = bed_mac(&bed->a);
    struct sriov_mac b = bed_mac(&bed->b);
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t fill = fills[i % (sizeof(fills) / sizeof(fills[0]))];
        bed_send(&bed->a, &b, i, fill);
        bed_send(&bed->b, &a, ~i, fill);
        bed_check(bed_receive(bed, &bed->b), i, fill);
        bed_check(bed_receive(bed, &bed->a), ~i, fill);
    }
    assert_int_equal(bed_stat(&bed->a, "tx_packets"), 300);
    assert_int_equal(bed_stat(&bed->a, "rx_packets"), 300);
    assert_int_equal(bed_stat(&bed->a, "rx_dropped_by_kernel"), 0);
}

static void a_burst_goes_whole(void **state)
{
    struct bed *bed = *state;
    struct sriov_mac b = bed_mac(&bed->b);
    struct sriov_buf *bufs[60];
    for (uint32_t i = 0; i < 60; i++) {
        bufs[i] = bed_frame(&bed->a, &b, i, SMALL);
    }
    assert_int_equal(sriov_tx_burst(sriov_net_txq(bed->a.net, 0), bufs, 60), 60);
    assert_int_equal(sriov_pool_in_use(bed->a.pool), 0);
    for (uint32_t i = 0; i < 60; i++) {
        bed_check(bed_receive(bed, &bed->b), i, SMALL);
    }
}

static void what_cannot_be_sent_is_counted(void **state)
{
    struct bed *bed = *state;
    struct sriov_mac b = bed_mac(&bed->b);
    struct sriov_buf *bufs[4] = {bed_frame(&bed->a, &b, 0, 1505), bed_frame(&bed->a, &b, 1, SMALL),
                                 bed_frame(&bed->a, &b, 2, SMALL), bed_frame(&bed->a, &b, 3, SMALL)};
    bufs[1]->pkt_len++; /* a lie */
    bufs[2]->len = 13;
    bufs[2]->pkt_len = 13;
    assert_int_equal(sriov_tx_burst(sriov_net_txq(bed->a.net, 0), bufs, 4), 4);
    bed_check(bed_receive(bed, &bed->b), 3, SMALL);
    assert_int_equal(sriov_net_txq(bed->a.net, 0)->refused, 3);
    assert_int_equal(sriov_net_txq(bed->a.net, 0)->packets, 1);
}

static void who_sends_does_not_hear_itself(void **state)
{
    struct bed *bed = *state;
    bed_send(&bed->a, &broadcast, 1, SMALL);
    bed_check(bed_receive(bed, &bed->b), 1, SMALL);
    bed_nothing_came(bed, &bed->b, &bed->a);
}

/* As the kernel's stack does, from a socket of its own on the same interface. */
static void send_by_kernel(const char *name, const void *frame, size_t len, bool vnet)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(name)};
    int sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    int on = vnet ? 1 : 0;
    assert_true(sock >= 0);
    assert_int_equal(setsockopt(sock, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)), 0);
    assert_int_equal(sendto(sock, frame, len, 0, (const struct sockaddr *)&at, sizeof(at)), len);
    close(sock);
}

static void what_the_kernel_sends_there_is_not_received(void **state)
{
    struct bed *bed = *state;
    uint8_t frame[60] = {0};
    memset(frame, 0xff, 6);
    frame[12] = 0x88;
    frame[13] = 0xb5;
    send_by_kernel(VETH_A, frame, sizeof(frame), false);
    struct sriov_buf *buf = bed_receive(bed, &bed->b);
    assert_int_equal(buf->pkt_len, sizeof(frame));
    sriov_buf_free(buf);
    bed_nothing_came(bed, &bed->b, &bed->a);
}

static void filters_are_a_vfs(void **state)
{
    struct bed *bed = *state;
    bed_send(&bed->a, &stranger, 1, SMALL);
    bed_send(&bed->a, &group, 2, SMALL);
    bed_nothing_came(bed, &bed->a, &bed->b);
    assert_int_equal(bed_stat(&bed->b, "rx_filtered"), 2);

    assert_int_equal(sriov_net_set_multicast(bed->b.net, &group, 1), 0);
    bed_send(&bed->a, &group, 3, SMALL);
    bed_check(bed_receive(bed, &bed->b), 3, SMALL);
    assert_int_equal(sriov_net_set_multicast(bed->b.net, NULL, 0), 0);
    bed_send(&bed->a, &group, 4, SMALL);
    bed_nothing_came(bed, &bed->a, &bed->b);

    assert_int_equal(sriov_net_set_rx_mode(bed->b.net, SRIOV_RX_ALLMULTI), 0);
    bed_send(&bed->a, &group, 5, SMALL);
    bed_check(bed_receive(bed, &bed->b), 5, SMALL);
    bed_send(&bed->a, &stranger, 6, SMALL);
    bed_nothing_came(bed, &bed->a, &bed->b);

    assert_int_equal(sriov_net_set_rx_mode(bed->b.net, SRIOV_RX_PROMISC), 0);
    bed_send(&bed->a, &stranger, 7, SMALL);
    bed_check(bed_receive(bed, &bed->b), 7, SMALL);
}

static void send_tagged(struct bed *bed, uint16_t tci, uint32_t number)
{
    struct sriov_mac b = bed_mac(&bed->b);
    struct sriov_buf *buf = bed_frame(&bed->a, &b, number, SMALL);
    buf->flags |= SRIOV_TX_VLAN;
    buf->vlan_tci = tci;
    assert_int_equal(sriov_tx_burst(sriov_net_txq(bed->a.net, 0), &buf, 1), 1);
}

static void tags_are_taken_out_and_put_in(void **state)
{
    struct bed *bed = *state;
    send_tagged(bed, 0x6000 | 42, 1); /* not asked for */
    bed_nothing_came(bed, &bed->a, &bed->b);
    assert_int_equal(sriov_net_set_vlan(bed->b.net, 42, true), 0);
    send_tagged(bed, 0x6000 | 42, 2);
    struct sriov_buf *buf = bed_receive(bed, &bed->b);
    assert_true((buf->flags & SRIOV_RX_VLAN) != 0);
    assert_int_equal(buf->vlan_tci, 0x6000 | 42);
    bed_check(buf, 2, SMALL);
    send_tagged(bed, 43, 3);
    assert_int_equal(sriov_net_set_vlan(bed->b.net, 42, false), 0);
    send_tagged(bed, 42, 4);
    bed_nothing_came(bed, &bed->a, &bed->b);
    assert_int_equal(bed_stat(&bed->b, "rx_filtered"), 3);
}

static void a_full_ring_drops_and_counts(void **state)
{
    struct bed *bed = *state;
    struct sriov_mac b = bed_mac(&bed->b);
    for (uint32_t i = 0; i < 200; i++) {
        bed_send(&bed->a, &b, i, SMALL);
    }
    uint64_t begin = sriov_vmm_now(bed->vmm);
    while (bed_stat(&bed->b, "rx_dropped_by_kernel") < 200 - 64) {
        assert_true(sriov_vmm_now(bed->vmm) - begin < PATIENCE);
        sriov_vmm_sleep(bed->vmm, MS);
    }
    for (uint32_t i = 0; i < 64; i++) {
        bed_check(bed_receive(bed, &bed->b), i, SMALL);
    }
    bed_nothing_came(bed, &bed->a, &bed->b);
    assert_int_equal(bed_stat(&bed->b, "rx_dropped_by_kernel"), 200 - 64);
}

static void without_buffers_frames_wait(void **state)
{
    struct bed *bed = *state;
    struct sriov_buf *held[256];
    uint32_t n = 0;
    struct sriov_mac b = bed_mac(&bed->b);
    for (struct sriov_buf *buf = sriov_buf_alloc(bed->b.pool); buf != NULL;
         buf = sriov_buf_alloc(bed->b.pool)) {
        held[n++] = buf;
    }
    bed_send(&bed->a, &b, 1, 1500);
    uint64_t begin = sriov_vmm_now(bed->vmm);
    struct sriov_rxq *rxq = sriov_net_rxq(bed->b.net, 0);
    while (rxq->no_bufs == 0) {
        struct sriov_buf *buf;
        assert_int_equal(sriov_rx_burst(rxq, &buf, 1), 0);
        assert_true(sriov_vmm_now(bed->vmm) - begin < PATIENCE);
    }
    sriov_buf_free_bulk(held, (uint16_t)n);
    bed_check(bed_receive(bed, &bed->b), 1, 1500);
}

/* UDP over IPv4 whose sum the sender left to the hardware: the field has that of the pseudo header. */
static void checksums_are_filled_in(void **state)
{
    struct bed *bed = *state;
    struct sriov_mac b = bed_mac(&bed->b);
    struct {
        struct virtio_net_hdr vnet;
        uint8_t frame[14 + 20 + 8 + 7];
    } __attribute__((packed))
    out = {.vnet = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 6},
           .frame = {0,  0, 0, 0, 0, 0,  2,  0, 0,   0,   0,   9,   8,   0,   0x45, 0, 0,
                     35, 0, 0, 0, 0, 64, 17, 0, 0,   192, 0,   2,   1,   192, 0,    2, 2,
                     0,  7, 0, 7, 0, 15, 0,  0, 'm', 'o', 'v', 'e', 's', 'o', 'n'}};
    memcpy(out.frame, b.b, 6);
    uint32_t pseudo = (192u << 8) + (2u << 8 | 1) + (192u << 8) + (2u << 8 | 2) + 17 + 15;
    pseudo = (pseudo & 0xffff) + (pseudo >> 16);
    out.frame[40] = (uint8_t)(pseudo >> 8);
    out.frame[41] = (uint8_t)pseudo;
    send_by_kernel(VETH_A, &out, sizeof(out), true);
    struct sriov_buf *buf = bed_receive(bed, &bed->b);
    assert_true((buf->flags & SRIOV_RX_L4_CSUM_OK) != 0);
    uint32_t sum = (192u << 8) + (2u << 8 | 1) + (192u << 8) + (2u << 8 | 2) + 17 + 15;
    for (uint32_t i = 34; i < buf->pkt_len; i += 2) {
        sum += (uint32_t)buf->data[i] << 8 | (i + 1 < buf->pkt_len ? buf->data[i + 1] : 0);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    assert_int_equal(sum, 0xffff); /* right, says whoever adds it up */
    assert_int_equal(bed_stat(&bed->b, "rx_csum_filled"), 1);
    sriov_buf_free(buf);
}

static void an_uncut_frame_is_dropped(void **state)
{
    static uint8_t out[sizeof(struct virtio_net_hdr) + 14 + 20 + 20 + 4000];
    struct bed *bed = *state;
    struct sriov_mac b = bed_mac(&bed->b);
    struct virtio_net_hdr vnet = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                  .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
                                  .hdr_len = 54,
                                  .gso_size = 1000,
                                  .csum_start = 34,
                                  .csum_offset = 16};
    uint8_t *frame = out + sizeof(vnet);
    memcpy(out, &vnet, sizeof(vnet));
    memcpy(frame, b.b, 6);
    frame[12] = 8;
    frame[14] = 0x45;
    frame[16] = (uint8_t)((sizeof(out) - sizeof(vnet) - 14) >> 8);
    frame[17] = (uint8_t)(sizeof(out) - sizeof(vnet) - 14);
    frame[22] = 64;
    frame[23] = 6;
    frame[46] = 0x50;
    send_by_kernel(VETH_A, out, sizeof(out), true);
    bed_nothing_came(bed, &bed->a, &bed->b);
    assert_int_equal(bed_stat(&bed->b, "rx_too_long"), 1);
}

static void interrupts_wake_who_waits(void **state)
{
    struct bed *bed = *state;
    bed_close(&bed->b);
    assert_int_equal(bed_open(bed, &bed->b, VETH_B, SRIOV_NET_INTERRUPTS, 256), 0);
    bed_await_link(bed, &bed->b, true);
    bed_await_link(bed, &bed->a, true);
    struct sriov_mac b = bed_mac(&bed->b);
    uint32_t waits = 0;
    for (uint32_t i = 0; i < 50; i++) {
        struct sriov_buf *buf = NULL;
        bed_send(&bed->a, &b, i, SMALL);
        while (sriov_rx_burst(sriov_net_rxq(bed->b.net, 0), &buf, 1) == 0) {
            assert_int_equal(sriov_net_rx_wait(bed->b.net, PATIENCE), 0);
            waits++;
        }
        bed_check(buf, i, SMALL);
    }
    /* A wake-up for each frame at most, and what the link had to say. */
    assert_true(waits < 50 + 20);
    int rc = 0;
    for (uint32_t i = 0; i < 20 && rc == 0; i++) {
        rc = sriov_net_rx_wait(bed->b.net, 5 * MS);
    }
    assert_int_equal(rc, -ETIMEDOUT);
}

static void link_and_address_changes_are_told(void **state)
{
    struct bed *bed = *state;
    assert_true(bed_link(&bed->a));
    assert_int_equal(veth_up(VETH_B, false), 0);
    bed_await_link(bed, &bed->a, false);
    assert_false(bed_link(&bed->a));
    assert_int_equal(veth_up(VETH_B, true), 0);
    bed_await_link(bed, &bed->a, true);
    assert_true(bed_link(&bed->a));
    bed_await_link(bed, &bed->b, true);
    const struct sriov_mac own = {{0x02, 0, 0, 0, 0, 0x77}};
    assert_int_equal(sriov_net_set_mac(bed->b.net, &own), 0);
    bed_send(&bed->a, &own, 5, SMALL);
    bed_check(bed_receive(bed, &bed->b), 5, SMALL);
    assert_int_equal(bed->b.events & SRIOV_NET_EV_MAC, 0);
    assert_int_equal(sriov_net_set_mac(bed->b.net, &group), -EINVAL);
}

static void jumbo_frames(void **state)
{
    struct bed *bed = *state;
    struct sriov_mac b = bed_mac(&bed->b);
    struct end *ends[2] = {&bed->a, &bed->b};
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(sriov_net_stop(ends[i]->net), 0);
        assert_int_equal(sriov_net_set_mtu(ends[i]->net, 9000), 0);
        assert_int_equal(sriov_net_start(ends[i]->net), 0);
    }
    bed_await_link(bed, &bed->a, true);
    bed_await_link(bed, &bed->b, true);
    bed_send(&bed->a, &b, 1, 9000);
    bed_check(bed_receive(bed, &bed->b), 1, 9000);
    assert_int_equal(sriov_net_stop(bed->b.net), 0);
    assert_int_equal(sriov_net_set_mtu(bed->b.net, 1500), 0);
}

static void an_interface_that_goes_is_a_function_gone(void **state)
{
    struct bed *bed = *state;
    assert_int_equal(veth_del(), 0);
    bed_await(bed, &bed->a, SRIOV_NET_EV_GONE);
    bed_await(bed, &bed->b, SRIOV_NET_EV_GONE);
    assert_true(sriov_fn_gone(bed->a.fn));
    bed_close(&bed->a);
    bed_close(&bed->b);
    assert_int_equal(veth_add(), 0);
    assert_int_equal(bed_open(bed, &bed->a, VETH_A, 0, 64), 0);
    assert_int_equal(bed_open(bed, &bed->b, VETH_B, 0, 64), 0);
    bed_await_link(bed, &bed->a, true);
    bed_nothing_came(bed, &bed->a, &bed->b);
}

int main(void)
{
    bed_enter();
#define BED_TEST(f) cmocka_unit_test_setup_teardown(f, bed_up, bed_down)
    const struct CMUnitTest tests[] = {
        BED_TEST(interfaces_are_listed),
        BED_TEST(an_open_interface_is_busy_and_no_other_is_there),
        BED_TEST(the_socket_stands_for_it),
        BED_TEST(frames_go_both_ways_in_order),
        BED_TEST(a_burst_goes_whole),
        BED_TEST(what_cannot_be_sent_is_counted),
        BED_TEST(who_sends_does_not_hear_itself),
        BED_TEST(what_the_kernel_sends_there_is_not_received),
        BED_TEST(filters_are_a_vfs),
        BED_TEST(tags_are_taken_out_and_put_in),
        BED_TEST(a_full_ring_drops_and_counts),
        BED_TEST(without_buffers_frames_wait),
        BED_TEST(checksums_are_filled_in),
        BED_TEST(an_uncut_frame_is_dropped),
        BED_TEST(interrupts_wake_who_waits),
        BED_TEST(link_and_address_changes_are_told),
        BED_TEST(jumbo_frames),
        BED_TEST(an_interface_that_goes_is_a_function_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
