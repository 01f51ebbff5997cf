/* SPDX-License-Identifier: BSD-3-Clause */
/* The device itself moves data through what the shim gave: a frame goes out and its buffer comes
 * back, which takes a descriptor fetch, a payload read and a write-back. */
#include "conform.h"

#include <errno.h>
#include <string.h>

#define MS   UINT64_C(1000000)
#define BUFS 1024u
/* An emulated machine on a busy host takes its time; a minute and no link is no link. */
#define PATIENCE (60000 * MS)

struct stage {
    struct sriov_pool *pool;
    struct sriov_net *net;
};

static void strike(struct stage *stage)
{
    if (stage->net != NULL) {
        sriov_net_close(stage->net);
    }
    if (stage->pool != NULL) {
        (void)sriov_pool_destroy(stage->pool);
    }
}

/* By its ids: a guest that was given a VF does not see that it is one. */
static bool has_driver(const struct conform *c, struct sriov_fn *fn)
{
    const struct sriov_fn_info *info = sriov_fn_info(fn);

    for (const struct sriov_driver *const *d = c->drivers; d != NULL && *d != NULL; d++) {
        for (const struct sriov_id *id = (*d)->ids; id != NULL && id->vendor != 0; id++) {
            if (id->vendor == info->vendor && id->device == info->device) {
                return true;
            }
        }
    }
    return false;
}

static int set_up(struct conform *c, struct sriov_fn *fn, uint32_t flags, struct stage *stage)
{
    memset(stage, 0, sizeof(*stage));
    struct sriov_pool_opts opts = {.size = sizeof(opts), .count = BUFS};
    int err = sriov_pool_create(fn, &opts, &stage->pool);
    if (err == 0) {
        err = sriov_net_open(fn, c->drivers, &stage->net);
    }
    if (err == 0) {
        struct sriov_net_config config = {
            .size = sizeof(config), .flags = flags, .rx_desc = 64, .tx_desc = 64, .pool = stage->pool};
        err = sriov_net_configure(stage->net, &config);
    }
    if (err == 0) {
        err = sriov_net_start(stage->net);
    }
    if (err != 0) {
        strike(stage);
    }
    return err;
}

static bool link_comes(struct conform *c, struct stage *stage)
{
    uint64_t begin = sriov_vmm_now(c->vmm);
    struct sriov_net_info info = {.size = sizeof(info)};
    while (sriov_vmm_now(c->vmm) - begin < PATIENCE) {
        (void)sriov_net_poll(stage->net);
        if (sriov_net_get_info(stage->net, &info) == 0 && info.link.up) {
            return true;
        }
        (void)sriov_vmm_sleep(c->vmm, MS);
    }
    return false;
}

static uint64_t stat_of(struct stage *stage, const char *name)
{
    static struct sriov_stat stats[128]; /* one thread */
    uint32_t n = sriov_net_stats(stage->net, stats, 128);
    for (uint32_t i = 0; i < n && i < 128; i++) {
        size_t len = 0;
        while (name[len] != '\0') {
            len++;
        }
        if (memcmp(stats[i].name, name, len + 1) == 0) {
            return stats[i].value;
        }
    }
    return UINT64_MAX;
}

/* A frame that nobody answers: IEEE 802 local experimental EtherType, to an address of nobody. */
static struct sriov_buf *frame(struct stage *stage)
{
    uint8_t bytes[60] = {0x02, 0, 0, 0, 0, 0xee};
    struct sriov_net_info info = {.size = sizeof(info)};
    (void)sriov_net_get_info(stage->net, &info);
    memcpy(bytes + 6, info.mac.b, 6);
    bytes[12] = 0x88;
    bytes[13] = 0xb5;
    return sriov_buf_from(stage->pool, bytes, sizeof(bytes));
}

/* Sends n frames one by one; true when the device has taken them all. */
static bool send_frames(struct conform *c, struct stage *stage, uint32_t n)
{
    uint64_t begin = sriov_vmm_now(c->vmm);
    uint32_t sent = 0;
    while (sent < n && sriov_vmm_now(c->vmm) - begin < PATIENCE) {
        struct sriov_buf *buf = frame(stage);
        if (buf != NULL && sriov_tx_burst(sriov_net_txq(stage->net, 0), &buf, 1) == 1) {
            sent++;
        } else {
            sriov_buf_free(buf);
            (void)sriov_vmm_sleep(c->vmm, MS);
        }
        (void)sriov_net_poll(stage->net);
    }
    return sent == n;
}

#define NEED_LINK(c, stage)                                                                                  \
    do {                                                                                                     \
        if (!link_comes((c), (stage))) {                                                                     \
            strike(stage);                                                                                   \
            return conform_cannot((c), "no link: the PF is down or has no carrier");                         \
        }                                                                                                    \
    } while (0)
#define NEED_DRIVER(c, fn)                                                                                   \
    do {                                                                                                     \
        if (!has_driver((c), (fn))) {                                                                        \
            return conform_cannot((c), "no net driver for this function");                                   \
        }                                                                                                    \
    } while (0)

/* More frames than the ring has descriptors: each must have been written back once at least. */
static enum conform_verdict device_reaches_memory(struct conform *c, struct sriov_fn *fn)
{
    NEED_DRIVER(c, fn);
    struct stage stage;
    RETURNS(c, set_up(c, fn, 0, &stage), 0);
    NEED_LINK(c, &stage);
    bool sent = send_frames(c, &stage, 300);
    uint64_t counted = stat_of(&stage, "tx_packets");
    strike(&stage);
    CHECK(c, sent);
    CHECK(c, counted == 300);
    return CONFORM_PASS;
}

static enum conform_verdict stop_gives_buffers_back(struct conform *c, struct sriov_fn *fn)
{
    NEED_DRIVER(c, fn);
    struct stage stage;
    RETURNS(c, set_up(c, fn, 0, &stage), 0);
    NEED_LINK(c, &stage);
    for (int i = 0; i < 10; i++) {
        bool sent = send_frames(c, &stage, 20);
        int stopped = sriov_net_stop(stage.net);
        int started = sriov_net_start(stage.net);
        if (!sent || stopped != 0 || started != 0 || !link_comes(c, &stage)) {
            strike(&stage);
            return conform_fail(c, __LINE__, "stop and start again", i);
        }
    }
    sriov_net_close(stage.net);
    RETURNS(c, sriov_pool_in_use(stage.pool), 0);
    RETURNS(c, sriov_pool_destroy(stage.pool), 0);
    return CONFORM_PASS;
}

/* Until nothing comes any more; how long the last wait took. */
static int quiet(struct conform *c, struct stage *stage, uint64_t *took)
{
    int waited = 0;
    for (int i = 0; i < 1000 && waited == 0; i++) {
        struct sriov_buf *bufs[32];
        uint16_t n = sriov_rx_burst(sriov_net_rxq(stage->net, 0), bufs, 32);
        sriov_buf_free_bulk(bufs, n);
        (void)sriov_net_poll(stage->net);
        uint64_t begin = sriov_vmm_now(c->vmm);
        waited = sriov_net_rx_wait(stage->net, 2 * MS);
        *took = sriov_vmm_now(c->vmm) - begin;
        if (waited == -ETIMEDOUT && sriov_fn_state(sriov_net_fn(stage->net)) == SRIOV_FN_RECOVERING) {
            waited = 0; /* it ends early then, to be polled */
        }
    }
    return waited;
}

/* A reset that only says it was done leaves the queues running, and the driver sees none. */
static enum conform_verdict reset_reaches_device(struct conform *c, struct sriov_fn *fn)
{
    NEED_DRIVER(c, fn);
    NEED(c, fn, SRIOV_CAP_RESET, "this function cannot be reset here");
    struct stage stage;
    RETURNS(c, set_up(c, fn, 0, &stage), 0);
    NEED_LINK(c, &stage);
    int reset = sriov_fn_reset(fn);
    uint64_t begin = sriov_vmm_now(c->vmm);
    struct sriov_net_info info = {.size = sizeof(info)};
    while (info.recoveries == 0 && sriov_vmm_now(c->vmm) - begin < PATIENCE) {
        (void)sriov_net_poll(stage.net);
        (void)sriov_net_get_info(stage.net, &info);
        (void)sriov_vmm_sleep(c->vmm, MS);
    }
    bool sent = link_comes(c, &stage) && send_frames(c, &stage, 20);
    strike(&stage);
    RETURNS(c, reset, 0);
    CHECK(c, info.recoveries == 1);
    CHECK(c, sent);
    return CONFORM_PASS;
}

static enum conform_verdict interrupt_mode(struct conform *c, struct sriov_fn *fn)
{
    NEED_DRIVER(c, fn);
    NEED(c, fn, SRIOV_CAP_IRQ_CALLBACK, "no interrupts here: drivers poll");
    struct stage stage;
    RETURNS(c, set_up(c, fn, SRIOV_NET_INTERRUPTS, &stage), 0);
    NEED_LINK(c, &stage);
    bool sent = send_frames(c, &stage, 100);
    uint64_t took = 0;
    int waited = quiet(c, &stage, &took);
    /* Then one interrupt, and no frame with it, must end a wait. */
    bool can = sriov_fn_can(fn, SRIOV_CAP_IRQ_TRIGGER);
    int triggered = can ? sriov_irq_trigger(fn, 0) : 0;
    int woken = can ? sriov_net_rx_wait(stage.net, PATIENCE) : 0;
    strike(&stage);
    CHECK(c, sent);
    RETURNS(c, waited, -ETIMEDOUT); /* nothing comes any more, and it says so in time */
    CHECK(c, took >= 2 * MS);
    RETURNS(c, triggered, 0);
    RETURNS(c, woken, 0);
    return CONFORM_PASS;
}

static enum conform_verdict killed_while_running(struct conform *c, struct sriov_fn *unused)
{
    (void)unused;
    struct sriov_fn *fn = NULL;
    RETURNS(c, conform_open(c, &fn), 0);
    if (!has_driver(c, fn)) {
        (void)sriov_fn_close(fn);
        return conform_cannot(c, "no net driver for this function");
    }
    struct stage stage;
    int up = set_up(c, fn, 0, &stage);
    if (up == 0) {
        (void)send_frames(c, &stage, 10);
        sriov_fn_kill(fn);
        struct sriov_buf *buf = frame(&stage);
        if (buf != NULL && sriov_tx_burst(sriov_net_txq(stage.net, 0), &buf, 1) == 0) {
            sriov_buf_free(buf);
        }
        bool told = (sriov_net_poll(stage.net) & SRIOV_NET_EV_GONE) != 0;
        strike(&stage);
        up = told ? 0 : -EPROTO;
    }
    RETURNS(c, sriov_fn_close(fn), 0);
    RETURNS(c, up, 0);
    return CONFORM_PASS;
}

const struct conform_case conform_data_cases[] = {
    {"data.device-reaches-memory", device_reaches_memory, false},
    {"data.stop-gives-buffers-back", stop_gives_buffers_back, false},
    {"data.reset-reaches-device", reset_reaches_device, false},
    {"data.interrupt-mode", interrupt_mode, false},
    {"data.killed-while-running", killed_while_running, true},
    {NULL, NULL, false},
};
