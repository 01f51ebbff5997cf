/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * txrx: what a received and a sent packet cost in a VF driver, without a device's own time.
 *
 * inline:   device and driver take turns in one thread; only the driver is timed.
 * lockstep: the device runs on a second core while the driver waits, so that descriptors and
 *           payload come from another cache.
 * icount:   inline, inside a machine whose time-stamp counter counts instructions.
 */
#include "fake_dev.h"
#include "samples.h"

#include <sriov/drivers.h>

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#define BATCH_MAX   64u
#define FRAME_BYTES 60u
#define RING        512u
#define POOL_BUFS   4096u

struct run {
    struct fake_vmm fake;
    struct fake_dev dev;
    struct sriov_vmm *vmm;
    struct sriov_fn *fn;
    struct sriov_pool *pool;
    struct sriov_net *net;
};

struct settings {
    const char *driver; /* NULL: both */
    const char *mode;
    uint32_t bursts;
    bool json;
};

static void die(const char *what, int err)
{
    fprintf(stderr, "txrx: %s: %s\n", what, strerror(-err));
    exit(1);
}

static void must(const char *what, int err)
{
    if (err != 0) {
        die(what, err);
    }
}

static void bring_up(struct run *run, const struct fake_layout *layout)
{
    memset(run, 0, sizeof(*run));
    must("fake VMM", fake_vmm_create(layout, &run->fake, &run->vmm));
    sriov_log_set_level(run->vmm, SRIOV_LOG_WARN);
    run->dev = (struct fake_dev){.fake = &run->fake, .frame_bytes = FRAME_BYTES};
    must("open", sriov_fn_open(run->vmm, "fake", NULL, &run->fn));
    struct sriov_pool_opts pool = {.size = sizeof(pool), .count = POOL_BUFS};
    must("pool", sriov_pool_create(run->fn, &pool, &run->pool));
    must("driver", sriov_net_open(run->fn, sriov_net_drivers, &run->net));
    struct sriov_net_config config = {.size = sizeof(config),
                                      .queues = 1,
                                      .rx_desc = RING,
                                      .tx_desc = RING,
                                      .mtu = 1500,
                                      .pool = run->pool};
    must("configure", sriov_net_configure(run->net, &config));
    must("start", sriov_net_start(run->net));
    for (int i = 0; i < 100; i++) {
        sriov_net_poll(run->net);
        sriov_vmm_sleep(run->vmm, 1000000);
    }
    struct sriov_net_info info = {.size = sizeof(info)};
    must("info", sriov_net_get_info(run->net, &info));
    if (!info.link.up) {
        die("the link of the fake device did not come up", -EPROTO);
    }
}

static void tear_down(struct run *run)
{
    sriov_net_close(run->net);
    must("pool still in use", sriov_pool_destroy(run->pool));
    must("leaked mappings", sriov_fn_close(run->fn));
    fake_vmm_destroy(&run->fake, run->vmm);
}

/* ---- who lets the device act ---- */

enum turn {
    TURN_DRIVER,
    TURN_DEVICE,
    TURN_STOP
};

struct lockstep {
    struct fake_dev *dev;
    int turn; /* enum turn; atomic accesses only */
    uint32_t batch;
};

static void device_turn(struct fake_dev *dev, uint32_t batch)
{
    fake_dev_transmit(dev);
    fake_dev_receive(dev, batch);
}

static void pin_to(unsigned cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    (void)sched_setaffinity(0, sizeof(set), &set); /* a hint: on one CPU the figures are still right */
}

static void *device_thread(void *arg)
{
    struct lockstep *step = arg;
    pin_to(1);
    for (;;) {
        int turn = __atomic_load_n(&step->turn, __ATOMIC_ACQUIRE);
        if (turn == TURN_STOP) {
            return NULL;
        }
        if (turn == TURN_DEVICE) {
            device_turn(step->dev, step->batch);
            __atomic_store_n(&step->turn, TURN_DRIVER, __ATOMIC_RELEASE);
        } else {
            _mm_pause();
        }
    }
}

static void let_device_act(struct run *run, struct lockstep *step, uint32_t batch)
{
    if (step == NULL) {
        device_turn(&run->dev, batch);
        return;
    }
    step->batch = batch;
    __atomic_store_n(&step->turn, TURN_DEVICE, __ATOMIC_RELEASE);
    while (__atomic_load_n(&step->turn, __ATOMIC_ACQUIRE) != TURN_DRIVER) {
        _mm_pause();
    }
}

/* ---- the measurement ---- */

static uint64_t ticks(void)
{
    unsigned aux;
    uint64_t t = __rdtscp(&aux);
    _mm_lfence();
    return t;
}

/* One burst in, the same packets out again. Returns false when the device had not enough. */
static bool one_turn(struct run *run, struct lockstep *step, uint32_t batch, uint64_t *rx, uint64_t *tx)
{
    struct sriov_buf *bufs[BATCH_MAX];
    struct sriov_rxq *rxq = sriov_net_rxq(run->net, 0);
    struct sriov_txq *txq = sriov_net_txq(run->net, 0);
    let_device_act(run, step, batch);
    uint64_t t0 = ticks();
    uint16_t got = sriov_rx_burst(rxq, bufs, (uint16_t)batch);
    uint64_t t1 = ticks();
    uint16_t sent = sriov_tx_burst(txq, bufs, got);
    uint64_t t2 = ticks();
    if (sent < got) {
        sriov_buf_free_bulk(bufs + sent, (uint16_t)(got - sent));
    }
    *rx = t1 - t0;
    *tx = t2 - t1;
    return got == batch && sent == got;
}

static void measure(struct run *run, const struct settings *set, uint32_t batch, struct samples *rx,
                    struct samples *tx)
{
    bool lockstep = strcmp(set->mode, "lockstep") == 0;
    struct lockstep step = {.dev = &run->dev, .turn = TURN_DRIVER};
    pthread_t thread;
    if (lockstep) {
        pin_to(0);
        must("thread", -pthread_create(&thread, NULL, device_thread, &step));
    }
    uint32_t warm = set->bursts / 10;
    for (uint32_t i = 0; i < warm + set->bursts; i++) {
        uint64_t r;
        uint64_t t;
        if (!one_turn(run, lockstep ? &step : NULL, batch, &r, &t)) {
            die("a burst came back short", -EPROTO);
        }
        if (i >= warm) {
            samples_add(rx, r);
            samples_add(tx, t);
        }
    }
    if (lockstep) {
        __atomic_store_n(&step.turn, TURN_STOP, __ATOMIC_RELEASE);
        pthread_join(thread, NULL);
    }
    if (run->dev.bad != 0) {
        die("the device saw malformed descriptors", -EPROTO);
    }
}

/* ---- output ---- */

/* What the machine itself takes away now and then (its timer, another process) is in the top. */
#define UNDISTURBED 0.99

/* At small batches one burst in several pays for the clean-up of all: there only the mean is
 * honest; above, the median. */
static double per_packet(const struct samples *s, uint32_t batch)
{
    double burst = batch <= 8 ? samples_mean(s, UNDISTURBED) : (double)samples_quantile(s, 0.5);
    return burst / batch;
}

static void set_figures(json_t *row, const char *way, uint32_t batch, const struct samples *s)
{
    static const char *const suffix[] = {"", "_min", "_max", "_mean"};
    double value[] = {per_packet(s, batch), (double)samples_quantile(s, 0) / batch,
                      (double)samples_quantile(s, 1) / batch, samples_mean(s, UNDISTURBED) / batch};
    for (size_t i = 0; i < sizeof(suffix) / sizeof(suffix[0]); i++) {
        char key[16];
        snprintf(key, sizeof(key), "%s%s", way, suffix[i]);
        json_object_set_new(row, key, json_real(value[i]));
    }
}

static void print_json(const char *driver, const char *mode, uint32_t batch, struct samples *rx,
                       struct samples *tx)
{
    json_t *row = json_pack("{s:s,s:s,s:i}", "driver", driver, "mode", mode, "batch", (int)batch);
    set_figures(row, "rx", batch, rx);
    set_figures(row, "tx", batch, tx);
    char *line = json_dumps(row, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
    puts(line);
    free(line);
    json_decref(row);
}

static void print_row(const char *driver, const char *mode, uint32_t batch, struct samples *rx,
                      struct samples *tx)
{
    printf("%-14s %-9s %5u  %7.1f %7.1f %9.1f  %7.1f %7.1f %9.1f  %8.1f\n", driver, mode, batch,
           (double)samples_quantile(rx, 0) / batch, per_packet(rx, batch),
           (double)samples_quantile(rx, 1) / batch, (double)samples_quantile(tx, 0) / batch,
           per_packet(tx, batch), (double)samples_quantile(tx, 1) / batch,
           per_packet(rx, batch) + per_packet(tx, batch));
}

static void run_driver(const struct fake_layout *layout, const struct settings *set)
{
    static const uint32_t batches[] = {1, 2, 4, 8, 16, 32, 64};
    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
        struct run run;
        struct samples rx = samples_new(set->bursts);
        struct samples tx = samples_new(set->bursts);
        bring_up(&run, layout);
        measure(&run, set, batches[i], &rx, &tx);
        samples_sort(&rx);
        samples_sort(&tx);
        (set->json ? print_json : print_row)(layout->driver, set->mode, batches[i], &rx, &tx);
        fflush(stdout);
        samples_free(&rx);
        samples_free(&tx);
        tear_down(&run);
    }
}

static void usage(FILE *out)
{
    fputs("usage: txrx-bench [--driver NAME] [--mode inline|lockstep|icount] [--bursts N] [--json]\n", out);
}

static bool known_mode(const char *mode)
{
    return strcmp(mode, "inline") == 0 || strcmp(mode, "lockstep") == 0 || strcmp(mode, "icount") == 0;
}

static struct settings parse(int argc, char **argv)
{
    static const struct option options[] = {
        {"driver", required_argument, NULL, 'd'}, {"mode", required_argument, NULL, 'm'},
        {"bursts", required_argument, NULL, 'b'}, {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},         {0}};
    struct settings set = {.mode = "inline", .bursts = 2000};
    int c;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'd':
            set.driver = optarg;
            break;
        case 'm':
            set.mode = optarg;
            break;
        case 'b':
            set.bursts = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'j':
            set.json = true;
            break;
        default:
            usage(c == 'h' ? stdout : stderr);
            exit(c == 'h' ? 0 : 2);
        }
    }
    if (optind != argc || !known_mode(set.mode) || set.bursts < 10 || set.bursts > 10000000) {
        usage(stderr);
        exit(2);
    }
    return set;
}

int main(int argc, char **argv)
{
    struct settings set = parse(argc, argv);
    bool found = false;
    if (!set.json) {
        printf("%-14s %-9s %5s  %7s %7s %9s  %7s %7s %9s  %8s\n", "driver", "mode", "batch", "rx min", "rx",
               "rx max", "tx min", "tx", "tx max", "rx + tx");
    }
    for (const struct fake_layout *l = fake_layouts; l->driver != NULL; l++) {
        if (set.driver == NULL || strcmp(set.driver, l->driver) == 0) {
            found = true;
            run_driver(l, &set);
        }
    }
    if (!found) {
        fprintf(stderr, "txrx: no driver \"%s\"; there are ixgbevf-like and igbvf-like\n", set.driver);
        return 2;
    }
    return 0;
}
