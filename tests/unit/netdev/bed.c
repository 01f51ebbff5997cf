/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFS   256u
#define HEAD   14u
#define MARKER UINT32_C(0xfeedbed0)

void bed_enter(void)
{
    const char *step;
    int err = veth_enter(&step);
    if (err != 0) {
        printf("skipped: %s cannot be had: %s\n", step, strerror(-err));
        exit(77);
    }
}

static int open_net(struct end *end, uint32_t flags, uint32_t bufs)
{
    struct sriov_pool_opts pool = {.size = sizeof(pool), .count = bufs, .buf_size = 1024};
    int err = sriov_pool_create(end->fn, &pool, &end->pool);
    err = err != 0 ? err : sriov_net_open(end->fn, sriov_netdev_drivers, &end->net);
    if (err == 0) {
        struct sriov_net_config config = {
            .size = sizeof(config), .flags = flags, .rx_desc = 64, .tx_desc = 64, .pool = end->pool};
        err = sriov_net_configure(end->net, &config);
    }
    return err != 0 ? err : sriov_net_start(end->net);
}

int bed_open(struct bed *bed, struct end *end, const char *name, uint32_t flags, uint32_t bufs)
{
    memset(end, 0, sizeof(*end));
    int err = sriov_fn_open(bed->vmm, name, NULL, &end->fn);
    return err != 0 ? err : open_net(end, flags, bufs);
}

void bed_close(struct end *end)
{
    sriov_net_close(end->net);
    if (end->pool != NULL) {
        assert_int_equal(sriov_pool_in_use(end->pool), 0);
        assert_int_equal(sriov_pool_destroy(end->pool), 0);
    }
    if (end->fn != NULL) {
        assert_int_equal(sriov_fn_close(end->fn), 0);
    }
    memset(end, 0, sizeof(*end));
}

int bed_up(void **state)
{
    static struct bed bed;
    memset(&bed, 0, sizeof(bed));
    assert_int_equal(sriov_netdev_create(NULL, &bed.vmm), 0);
    sriov_log_set_level(bed.vmm, SRIOV_LOG_ERROR);
    assert_int_equal(bed_open(&bed, &bed.a, VETH_A, 0, BUFS), 0);
    assert_int_equal(bed_open(&bed, &bed.b, VETH_B, 0, BUFS), 0);
    bed_await_link(&bed, &bed.a, true);
    bed_await_link(&bed, &bed.b, true);
    *state = &bed;
    return 0;
}

int bed_down(void **state)
{
    struct bed *bed = *state;
    bed_close(&bed->a);
    bed_close(&bed->b);
    assert_int_equal(sriov_netdev_destroy(bed->vmm), 0);
    return 0;
}

struct sriov_mac bed_mac(struct end *end)
{
    struct sriov_net_info info = {.size = sizeof(info)};
    assert_int_equal(sriov_net_get_info(end->net, &info), 0);
    return info.mac;
}

bool bed_link(struct end *end)
{
    struct sriov_net_info info = {.size = sizeof(info)};
    assert_int_equal(sriov_net_get_info(end->net, &info), 0);
    return info.link.up;
}

static uint8_t byte_of(uint32_t number, uint32_t at)
{
    return (uint8_t)(number * 31u + at * 7u);
}

struct sriov_buf *bed_frame(struct end *end, const struct sriov_mac *to, uint32_t number, uint32_t fill)
{
    uint8_t bytes[9300];
    struct sriov_mac from = bed_mac(end);
    memcpy(bytes, to->b, 6);
    memcpy(bytes + 6, from.b, 6);
    bytes[12] = 0x88;
    bytes[13] = 0xb5;
    for (uint32_t i = 0; i < fill; i++) {
        bytes[HEAD + i] = byte_of(number, i);
    }
    memcpy(bytes + HEAD, &number, sizeof(number));
    struct sriov_buf *buf = sriov_buf_from(end->pool, bytes, HEAD + fill);
    assert_non_null(buf);
    return buf;
}

void bed_send(struct end *end, const struct sriov_mac *to, uint32_t number, uint32_t fill)
{
    struct sriov_buf *buf = bed_frame(end, to, number, fill);
    assert_int_equal(sriov_tx_burst(sriov_net_txq(end->net, 0), &buf, 1), 1);
}

struct sriov_buf *bed_receive(struct bed *bed, struct end *end)
{
    uint64_t begin = sriov_vmm_now(bed->vmm);
    struct sriov_buf *buf = NULL;
    while (sriov_rx_burst(sriov_net_rxq(end->net, 0), &buf, 1) == 0) {
        assert_true(sriov_vmm_now(bed->vmm) - begin < PATIENCE);
        sriov_vmm_sleep(bed->vmm, MS / 20);
    }
    return buf;
}

void bed_check(struct sriov_buf *buf, uint32_t number, uint32_t fill)
{
    uint8_t bytes[9300];
    uint32_t got;
    assert_int_equal(buf->pkt_len, HEAD + fill);
    assert_int_equal(sriov_buf_copy_out(buf, bytes, sizeof(bytes)), HEAD + fill);
    memcpy(&got, bytes + HEAD, sizeof(got));
    assert_int_equal(got, number);
    for (uint32_t i = sizeof(got); i < fill; i++) {
        assert_int_equal(bytes[HEAD + i], byte_of(number, i));
    }
    sriov_buf_free(buf);
}

void bed_nothing_came(struct bed *bed, struct end *from, struct end *to)
{
    struct sriov_mac mac = bed_mac(to);
    bed_send(from, &mac, MARKER, 46);
    bed_check(bed_receive(bed, to), MARKER, 46);
}

uint64_t bed_stat(struct end *end, const char *name)
{
    struct sriov_stat stats[64];
    uint32_t n = sriov_net_stats(end->net, stats, 64);
    for (uint32_t i = 0; i < n && i < 64; i++) {
        if (strcmp(stats[i].name, name) == 0) {
            return stats[i].value;
        }
    }
    fail_msg("no such count: %s", name);
    return 0;
}

static void poll_one(struct end *end)
{
    if (end->net != NULL) {
        end->events |= sriov_net_poll(end->net);
    }
}

void bed_await(struct bed *bed, struct end *end, uint32_t events)
{
    uint64_t begin = sriov_vmm_now(bed->vmm);
    while ((end->events & events) != events) {
        poll_one(&bed->a);
        poll_one(&bed->b);
        assert_true(sriov_vmm_now(bed->vmm) - begin < PATIENCE);
        sriov_vmm_sleep(bed->vmm, MS);
    }
    end->events &= ~events;
}

void bed_await_link(struct bed *bed, struct end *end, bool up)
{
    uint64_t begin = sriov_vmm_now(bed->vmm);
    while (bed_link(end) != up) {
        poll_one(&bed->a);
        poll_one(&bed->b);
        assert_true(sriov_vmm_now(bed->vmm) - begin < PATIENCE);
        sriov_vmm_sleep(bed->vmm, MS);
    }
    end->events &= ~SRIOV_NET_EV_LINK;
}
