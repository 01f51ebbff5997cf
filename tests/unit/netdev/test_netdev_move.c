/* SPDX-License-Identifier: BSD-3-Clause */
/* Held still and let go, saved and loaded; and the interface out of the kernel's own hands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bed.h"

#include <sriov/driver.h>

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SMALL 46u

static const struct sriov_mac group = {{0x01, 0x00, 0x5e, 0x01, 0x02, 0x03}};

static void held_still_it_gives_what_it_had_and_takes_no_more(void **state)
{
    struct bed *bed = *state;
    struct sriov_mac a = bed_mac(&bed->a);
    struct sriov_mac b = bed_mac(&bed->b);
    uint32_t in_doubt = 0;
    struct sriov_buf *buf;
    bed_send(&bed->a, &b, 1, SMALL);
    bed_send(&bed->b, &a, 2, SMALL);
    bed_check(bed_receive(bed, &bed->a), 2, SMALL);
    assert_int_equal(sriov_net_quiesce(bed->b.net, PATIENCE), 0);
    assert_int_equal(sriov_fn_state(bed->b.fn), SRIOV_FN_QUIESCED);
    assert_int_equal(sriov_net_tx_take(bed->b.net, 0, &buf, 1, &in_doubt), 0);
    assert_int_equal(in_doubt, 0);
    buf = bed_frame(&bed->b, &a, 3, SMALL);
    assert_int_equal(sriov_tx_burst(sriov_net_txq(bed->b.net, 0), &buf, 1), 0); /* it takes none */
    bed_send(&bed->a, &b, 4, SMALL);                                            /* lost: nobody listens */
    bed_check(bed_receive(bed, &bed->b), 1, SMALL);
    assert_int_equal(sriov_net_resume(bed->b.net), 0);
    assert_int_equal(sriov_tx_burst(sriov_net_txq(bed->b.net, 0), &buf, 1), 1);
    bed_check(bed_receive(bed, &bed->a), 3, SMALL);
    bed_nothing_came(bed, &bed->a, &bed->b);
}

static void while_only_sending_is_held_it_receives(void **state)
{
    struct bed *bed = *state;
    struct sriov_mac b = bed_mac(&bed->b);
    assert_int_equal(sriov_net_quiesce_tx(bed->b.net, PATIENCE), 0);
    bed_send(&bed->a, &b, 1, SMALL);
    bed_check(bed_receive(bed, &bed->b), 1, SMALL);
    assert_int_equal(sriov_net_resume(bed->b.net), 0);
}

static void what_was_received_can_be_taken(void **state)
{
    struct bed *bed = *state;
    struct sriov_mac b = bed_mac(&bed->b);
    struct sriov_buf *bufs[8];
    uint64_t begin = sriov_vmm_now(bed->vmm);
    bed_send(&bed->a, &b, 1, SMALL);
    bed_send(&bed->a, &b, 2, SMALL);
    /* It is there once the third came, which is the last to be let in. */
    bed_send(&bed->a, &b, 3, SMALL);
    bed_check(bed_receive(bed, &bed->b), 1, SMALL);
    assert_int_equal(sriov_net_quiesce(bed->b.net, PATIENCE), 0);
    uint16_t n = 0;
    while (n < 2) {
        n = (uint16_t)(n + sriov_net_rx_take(bed->b.net, 0, bufs + n, (uint16_t)(8 - n)));
        assert_true(sriov_vmm_now(bed->vmm) - begin < PATIENCE);
    }
    assert_int_equal(n, 2);
    bed_check(bufs[0], 2, SMALL);
    bed_check(bufs[1], 3, SMALL);
    assert_int_equal(sriov_net_resume(bed->b.net), 0);
}

static int64_t save(struct end *end, void *bytes, uint64_t room)
{
    return sriov_netdev_driver.net->save(end->net, bytes, room);
}

static int load(struct end *end, const void *bytes, uint64_t len)
{
    return sriov_netdev_driver.net->load(end->net, bytes, len);
}

static void settings_and_counts_are_carried(void **state)
{
    struct bed *bed = *state;
    uint8_t bytes[4096];
    struct sriov_mac b = bed_mac(&bed->b);
    assert_int_equal(sriov_net_set_multicast(bed->b.net, &group, 1), 0);
    assert_int_equal(sriov_net_set_vlan(bed->b.net, 7, true), 0);
    bed_send(&bed->a, &group, 1, SMALL);
    bed_check(bed_receive(bed, &bed->b), 1, SMALL);
    assert_int_equal(sriov_net_quiesce(bed->b.net, PATIENCE), 0);
    int64_t len = save(&bed->b, bytes, sizeof(bytes));
    assert_true(len > 0 && (uint64_t)len <= sizeof(bytes));
    assert_int_equal(save(&bed->b, NULL, 0), len);

    bed_close(&bed->b);
    assert_int_equal(bed_open(bed, &bed->b, VETH_B, 0, 64), 0);
    assert_int_equal(sriov_net_stop(bed->b.net), 0);
    const struct sriov_mac other = {{0x02, 0, 0, 0, 0, 0x99}};
    assert_int_equal(sriov_net_set_mac(bed->b.net, &other), 0);
    for (int64_t cut = 0; cut < len; cut++) {
        assert_int_equal(load(&bed->b, bytes, (uint64_t)cut), -EPROTO);
    }
    assert_int_equal(load(&bed->b, bytes, (uint64_t)len), 0);
    assert_int_equal(sriov_net_start(bed->b.net), 0);
    struct sriov_mac now = bed_mac(&bed->b);
    assert_memory_equal(&now, &b, sizeof(b));
    bed_await_link(bed, &bed->b, true);
    bed_send(&bed->a, &group, 2, SMALL);
    bed_check(bed_receive(bed, &bed->b), 2, SMALL);
    struct sriov_buf *buf = bed_frame(&bed->a, &b, 3, SMALL);
    buf->flags |= SRIOV_TX_VLAN;
    buf->vlan_tci = 7;
    assert_int_equal(sriov_tx_burst(sriov_net_txq(bed->a.net, 0), &buf, 1), 1);
    bed_check(bed_receive(bed, &bed->b), 3, SMALL);
}

static void what_it_does_not_know_is_refused(void **state)
{
    struct bed *bed = *state;
    uint8_t bytes[4096];
    int64_t len = save(&bed->b, bytes, sizeof(bytes));
    const uint32_t places[] = {0, 1, 4, 14}; /* version, how many counts, a reserved word */
    assert_int_equal(sriov_net_stop(bed->b.net), 0);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        bytes[places[i]] ^= 0x55;
        assert_int_equal(load(&bed->b, bytes, (uint64_t)len), -EPROTO);
        bytes[places[i]] ^= 0x55;
    }
    bytes[8] |= 1; /* a group as one's own address */
    assert_int_equal(load(&bed->b, bytes, (uint64_t)len), -EPROTO);
}

static short flags_of(const char *name)
{
    struct ifreq req = {0};
    int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
    assert_int_equal(ioctl(sock, SIOCGIFFLAGS, &req), 0);
    close(sock);
    return req.ifr_flags;
}

static void taken_from_the_kernel_and_given_back(void **state)
{
    struct bed *bed = *state;
    struct sriov_netdev_opts opts = {.size = sizeof(opts), .flags = SRIOV_NETDEV_TAKE};
    struct sriov_vmm *vmm;
    struct sriov_fn *fn;
    bed_close(&bed->b);
    assert_int_equal(sriov_netdev_create(&opts, &vmm), 0);
    sriov_log_set_level(vmm, SRIOV_LOG_ERROR);
    assert_int_equal(sriov_fn_open(vmm, VETH_B, NULL, &fn), 0);
    assert_true((flags_of(VETH_B) & IFF_NOARP) != 0);
    assert_int_equal(sriov_fn_close(fn), 0);
    assert_int_equal(flags_of(VETH_B) & IFF_NOARP, 0);
    assert_int_equal(veth_address(VETH_B, 0xc0000202), 0);
    assert_int_equal(sriov_fn_open(vmm, VETH_B, NULL, &fn), -EBUSY);
    assert_int_equal(flags_of(VETH_B) & IFF_NOARP, 0);
    assert_int_equal(veth_address(VETH_B, 0), 0);
    assert_int_equal(sriov_fn_open(vmm, VETH_B, NULL, &fn), 0);
    assert_int_equal(sriov_fn_close(fn), 0);
    assert_int_equal(sriov_netdev_destroy(vmm), 0);
    assert_int_equal(bed_open(bed, &bed->b, VETH_B, 0, 64), 0);
}

static void what_was_down_is_down_again(void **state)
{
    struct bed *bed = *state;
    bed_close(&bed->b);
    assert_int_equal(veth_up(VETH_B, false), 0);
    assert_int_equal(bed_open(bed, &bed->b, VETH_B, 0, 64), 0);
    assert_true((flags_of(VETH_B) & IFF_UP) != 0);
    bed_close(&bed->b);
    assert_int_equal(flags_of(VETH_B) & IFF_UP, 0);
    assert_int_equal(bed_open(bed, &bed->b, VETH_B, 0, 64), 0);
}

static void options_from_the_future_are_refused(void **state)
{
    struct {
        struct sriov_netdev_opts opts;
        uint32_t more;
    } opts = {.opts = {.size = sizeof(opts)}, .more = 1};
    struct sriov_vmm *vmm;
    (void)state;
    assert_int_equal(sriov_netdev_create(&opts.opts, &vmm), -E2BIG);
    opts.more = 0;
    opts.opts.flags = 2;
    assert_int_equal(sriov_netdev_create(&opts.opts, &vmm), -EINVAL);
    opts.opts.size = 4;
    assert_int_equal(sriov_netdev_create(&opts.opts, &vmm), -EINVAL);
    assert_int_equal(sriov_netdev_destroy(NULL), 0);
}

int main(void)
{
    bed_enter();
#define BED_TEST(f) cmocka_unit_test_setup_teardown(f, bed_up, bed_down)
    const struct CMUnitTest tests[] = {
        BED_TEST(held_still_it_gives_what_it_had_and_takes_no_more),
        BED_TEST(while_only_sending_is_held_it_receives),
        BED_TEST(what_was_received_can_be_taken),
        BED_TEST(settings_and_counts_are_carried),
        BED_TEST(what_it_does_not_know_is_refused),
        BED_TEST(taken_from_the_kernel_and_given_back),
        BED_TEST(what_was_down_is_down_again),
        cmocka_unit_test(options_from_the_future_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
