/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does every frame that comes while a queue is armed bring its interrupt? Asks a neighbour by ARP, one
 * question at a time: the queue is emptied and armed before each, so that the answer has to signal the
 * queue's eventfd, however slow the machine is. An answer that lies there when a long wait ends unsignalled
 * is a lost interrupt.
 * usage: vfio-wake BDF BACKEND ROUNDS IP PEER-IP
 * Prints "rounds N answered N lost N silent N useless N"; status 0 when all are answered and none is lost.
 */
#include <sriov/drivers.h>
#include <sriov/fn.h>
#include <sriov/kvm.h>
#include <sriov/net.h>
#include <sriov/pkt.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LINK_NS   UINT64_C(20000000000)
#define ANSWER_MS 5000
#define ENOUGH    3 /* failures; each has taken ANSWER_MS */
#define BUFS      1024u
#define RING      64u
#define BURST     32u
#define ARP_LEN   60u
#define QUEUE     0 /* its vector has the same number where there are two or more */

struct wake {
    struct sriov_vmm *vmm;
    struct sriov_fn *fn;
    struct sriov_pool *pool;
    struct sriov_net *net;
    int event;
    uint8_t question[ARP_LEN];
    unsigned long answered;
    unsigned long lost;    /* answers without an interrupt */
    unsigned long silent;  /* questions without an answer */
    unsigned long useless; /* interrupts without a frame */
};

static int fail(const char *what, int err)
{
    fprintf(stderr, "vfio-wake: %s: %s\n", what, strerror(-err));
    return 2;
}

/* ---- frames ---- */

/* RFC 826 in Ethernet, padded to the shortest frame. */
static int make_question(struct wake *wake, const char *ours, const char *peer)
{
    static const uint8_t fixed[] = {0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1};
    struct sriov_net_info info = {.size = sizeof(info)};
    uint8_t *frame = wake->question;
    int rc = sriov_net_get_info(wake->net, &info);

    memset(frame, 0, ARP_LEN);
    memset(frame, 0xff, 6);
    memcpy(frame + 6, info.mac.b, 6);
    memcpy(frame + 12, fixed, sizeof(fixed));
    memcpy(frame + 22, info.mac.b, 6);
    if (inet_pton(AF_INET, ours, frame + 28) != 1 || inet_pton(AF_INET, peer, frame + 38) != 1) {
        return fail("IPv4 addresses", -22);
    }
    return rc == 0 ? 0 : fail("asking for the address", rc);
}

/* The reply of the one who was asked. */
static bool is_answer(const struct wake *wake, const struct sriov_buf *buf)
{
    uint8_t frame[ARP_LEN];
    uint32_t len = sriov_buf_copy_out(buf, frame, sizeof(frame));

    return len >= 42 && memcmp(frame + 12, wake->question + 12, 8) == 0 && frame[21] == 2 &&
           memcmp(frame + 28, wake->question + 38, 4) == 0;
}

/* All frames that are there; whether the answer was among them in *answered. */
static unsigned take(struct wake *wake, bool *answered)
{
    struct sriov_buf *bufs[BURST];
    unsigned frames = 0;
    uint16_t n;

    do {
        n = sriov_rx_burst(sriov_net_rxq(wake->net, QUEUE), bufs, BURST);
        for (uint16_t i = 0; i < n; i++) {
            *answered = *answered || is_answer(wake, bufs[i]);
            sriov_buf_free(bufs[i]);
        }
        frames += n;
    } while (n != 0);
    return frames;
}

static int ask(struct wake *wake)
{
    struct sriov_buf *buf = sriov_buf_from(wake->pool, wake->question, ARP_LEN);

    if (buf == NULL || sriov_tx_burst(sriov_net_txq(wake->net, QUEUE), &buf, 1) != 1) {
        sriov_buf_free(buf);
        return -1;
    }
    return 0;
}

/* ---- rounds ---- */

/* Empty and armed: what comes from now on has to signal. */
static int arm(struct wake *wake, bool *answered)
{
    int rc;

    do {
        (void)take(wake, answered);
        rc = sriov_net_rx_arm(wake->net, QUEUE);
    } while (rc == 1);
    return rc;
}

static bool signalled(struct wake *wake, int timeout_ms)
{
    struct pollfd event = {.fd = wake->event, .events = POLLIN};
    uint64_t count;

    return poll(&event, 1, timeout_ms) == 1 && read(wake->event, &count, sizeof(count)) == sizeof(count);
}

/* Other frames (the network's own chatter) wake, too. */
static int one_round(struct wake *wake)
{
    bool answered = false;
    int rc = arm(wake, &answered);

    if (rc != 0 || ask(wake) != 0) {
        return rc != 0 ? rc : -1;
    }
    answered = false;
    while (!answered) {
        bool woken = signalled(wake, ANSWER_MS);
        unsigned frames = take(wake, &answered);
        if (!woken) {
            wake->lost += answered;
            wake->silent += !answered;
            return 0;
        }
        wake->useless += frames == 0;
        (void)sriov_net_poll(wake->net);
        if (!answered) {
            rc = arm(wake, &answered);
        }
        if (rc != 0) {
            return rc;
        }
    }
    wake->answered++;
    return 0;
}

/* ---- opening and closing ---- */

static int wait_link(struct wake *wake)
{
    uint64_t end = sriov_vmm_now(wake->vmm) + LINK_NS;
    struct sriov_net_info info = {.size = sizeof(info)};

    while (sriov_vmm_now(wake->vmm) < end) {
        (void)sriov_net_poll(wake->net);
        if (sriov_net_get_info(wake->net, &info) == 0 && info.link.up) {
            return info.vectors >= 2 ? 0 : -95;
        }
        sriov_vmm_sleep(wake->vmm, 1000000);
    }
    return -110;
}

static int open_all(struct wake *wake, const char *bdf, const char *backend)
{
    struct sriov_kvm_opts opts = {.size = sizeof(opts),
                                  .backend = (uint32_t)sriov_kvm_backend_parse(backend)};
    struct sriov_pool_opts pool = {.size = sizeof(pool), .count = BUFS};
    struct sriov_net_config config = {
        .size = sizeof(config), .flags = SRIOV_NET_INTERRUPTS, .queues = 1, .rx_desc = RING, .tx_desc = RING};
    int rc = sriov_kvm_create(&opts, &wake->vmm);

    rc = rc != 0 ? rc : sriov_fn_open(wake->vmm, bdf, NULL, &wake->fn);
    rc = rc != 0 ? rc : sriov_pool_create(wake->fn, &pool, &wake->pool);
    rc = rc != 0 ? rc : sriov_net_open(wake->fn, sriov_net_drivers, &wake->net);
    config.pool = wake->pool;
    rc = rc != 0 ? rc : sriov_net_configure(wake->net, &config);
    wake->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    rc = rc != 0 ? rc : sriov_net_set_eventfd(wake->net, QUEUE, wake->event);
    rc = rc != 0 ? rc : sriov_net_start(wake->net);
    return rc != 0 ? rc : wait_link(wake);
}

static int close_all(struct wake *wake)
{
    sriov_net_close(wake->net);
    int rc = sriov_pool_destroy(wake->pool);
    rc = sriov_fn_close(wake->fn) != 0 ? -1 : rc;
    (void)close(wake->event);
    return sriov_kvm_destroy(wake->vmm) != 0 ? -1 : rc;
}

int main(int argc, char **argv)
{
    struct wake wake = {.event = -1};

    if (argc != 6) {
        fprintf(stderr, "usage: vfio-wake BDF BACKEND ROUNDS IP PEER-IP\n");
        return 2;
    }
    unsigned long rounds = strtoul(argv[3], NULL, 10);
    int rc = open_all(&wake, argv[1], argv[2]);
    if (rc != 0) {
        return fail("opening", rc);
    }
    if (make_question(&wake, argv[4], argv[5]) != 0) {
        return 2;
    }
    for (unsigned long i = 0; rc == 0 && i < rounds && wake.lost + wake.silent < ENOUGH; i++) {
        rc = one_round(&wake);
    }
    printf("rounds %lu answered %lu lost %lu silent %lu useless %lu\n", rounds, wake.answered, wake.lost,
           wake.silent, wake.useless);
    if (close_all(&wake) != 0) {
        return fail("closing", -5);
    }
    return rc == 0 && wake.answered == rounds && wake.lost == 0 ? 0 : 1;
}
