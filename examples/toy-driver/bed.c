/* SPDX-License-Identifier: BSD-3-Clause */
#include "bed.h"

#include <string.h>

#define BURST     32u
#define FRAME     60u
#define NUMBER_AT 14u
#define STEP_NS   UINT64_C(10000)

static const uint8_t peer[6] = {0x02, 0, 0, 0, 0, 0xaa};

static void on_wire(void *arg, const void *frame, size_t len)
{
    struct bed *bed = arg;
    uint32_t number;
    if (len != FRAME || memcmp(frame, peer, sizeof(peer)) != 0) {
        bed->wrong++;
        return;
    }
    memcpy(&number, (const uint8_t *)frame + NUMBER_AT, sizeof(number));
    if (number < bed->expect || number >= bed->sent) {
        bed->wrong++;
        return;
    }
    bed->expect = number + 1;
    bed->returned++;
}

int bed_make(struct bed *bed)
{
    int rc;
    memset(bed, 0, sizeof(*bed));
    rc = sriov_mock_create(NULL, &bed->mock);
    if (rc != 0) {
        return rc;
    }
    bed->vmm = sriov_mock_vmm(bed->mock);
    sriov_log_set_level(bed->vmm, SRIOV_LOG_WARN);
    rc = sriov_mock_add_model(bed->mock, &toy_nic_model, NULL, bed->name);
    return rc != 0 ? rc : sriov_mock_wire_sink(bed->mock, bed->name, on_wire, bed);
}

int bed_up(struct bed *bed)
{
    static const struct sriov_driver *const drivers[] = {&toy_driver, NULL};
    struct sriov_pool_opts pool = {.size = sizeof(pool), .count = 256, .buf_size = bed->buf_size};
    int rc = sriov_fn_open(bed->vmm, bed->name, NULL, &bed->fn);
    if (rc == 0) {
        rc = sriov_pool_create(bed->fn, &pool, &bed->pool);
    }
    if (rc == 0) {
        rc = sriov_net_open(bed->fn, drivers, &bed->net);
    }
    if (rc == 0) {
        struct sriov_net_config config = {
            .size = sizeof(config), .rx_desc = 64, .tx_desc = 64, .pool = bed->pool};
        rc = sriov_net_configure(bed->net, &config);
    }
    return rc != 0 ? rc : sriov_net_start(bed->net);
}

uint64_t bed_down(struct bed *bed)
{
    uint64_t leaks = 0;
    sriov_net_close(bed->net);
    bed->net = NULL;
    if (bed->pool != NULL) {
        leaks += sriov_pool_destroy(bed->pool) != 0;
        bed->pool = NULL;
    }
    leaks += (uint64_t)sriov_fn_close(bed->fn);
    bed->fn = NULL;
    return leaks;
}

uint64_t bed_end(struct bed *bed)
{
    uint64_t findings = sriov_mock_violations(bed->mock, 0) + sriov_mock_held(bed->mock);
    sriov_mock_destroy(bed->mock);
    return findings;
}

void bed_send(struct bed *bed)
{
    uint8_t frame[FRAME] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint32_t number = bed->sent++;
    memcpy(frame + 6, peer, sizeof(peer));
    frame[12] = 0x88; /* IEEE 802 local experimental EtherType */
    frame[13] = 0xb5;
    memcpy(frame + NUMBER_AT, &number, sizeof(number));
    (void)sriov_mock_wire_send(bed->mock, bed->name, frame, sizeof(frame));
    sriov_mock_advance(bed->mock, STEP_NS);
}

static void turn_round(struct bed *bed, struct sriov_buf *buf)
{
    struct sriov_net_info info = {.size = sizeof(info)};
    (void)sriov_net_get_info(bed->net, &info);
    memcpy(buf->data, buf->data + 6, 6);
    memcpy(buf->data + 6, info.mac.b, 6);
}

uint16_t bed_turn(struct bed *bed)
{
    struct sriov_buf *bufs[BURST];
    uint16_t n = sriov_rx_burst(sriov_net_rxq(bed->net, 0), bufs, BURST);
    uint16_t sent;
    for (uint16_t i = 0; i < n; i++) {
        turn_round(bed, bufs[i]);
    }
    sent = sriov_tx_burst(sriov_net_txq(bed->net, 0), bufs, n);
    sriov_buf_free_bulk(bufs + sent, (uint16_t)(n - sent));
    bed->events |= sriov_net_poll(bed->net);
    return n;
}
