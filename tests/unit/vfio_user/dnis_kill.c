/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The process of a pair is killed at each step of a switch, there and back. Its VF and its standby are served
 * by two other processes, which find out by their sockets alone. The next process has the same two functions,
 * and its traffic goes through exactly one of them: each frame comes back once, in order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "move_server.h"

#include <sriov/dnis.h>
#include <sriov/drivers.h>
#include <sriov/log.h>
#include <sriov/vfio_user.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUST(what)                                                                                           \
    do {                                                                                                     \
        if (!(what)) {                                                                                       \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #what);                         \
            _exit(1);                                                                                        \
        }                                                                                                    \
    } while (0)
#define MS       UINT64_C(1000000)
#define PATIENCE (60000 * MS)
#define FRAMES   20u
#define HEAD     14u
#define LENGTH   100u
/* What a switch tells: UP to DONE. */
#define TOLD (SRIOV_DNIS_STEP_DONE + 1)

static const struct sriov_mac own = {{0x02, 0x4d, 0x49, 0x47, 0, 0x09}};

struct device {
    struct sriov_vmm *vmm;
    struct sriov_fn *fn;
    struct sriov_pool *pool;
    struct sriov_net *net;
};

struct process {
    struct device vf;
    struct device standby;
    struct sriov_dnis *dnis;
    bool armed;
    uint32_t kill_at; /* the step, counted from 1 on once it is armed */
    uint32_t told;
    uint32_t sent;
    uint32_t next; /* that may come */
    uint32_t from; /* these must come */
    uint32_t come;
};

static uint64_t now(const struct process *p)
{
    return sriov_vmm_now(p->vf.vmm);
}

static int on_step(void *arg, const struct sriov_dnis_progress *progress)
{
    struct process *p = arg;

    MUST(progress->step != SRIOV_DNIS_STEP_ABORT);
    p->told += p->armed ? 1 : 0;
    if (p->armed && p->told == p->kill_at) {
        (void)kill(getpid(), SIGKILL);
    }
    return 0;
}

static void dev_up(struct process *p, struct device *dev, const char *path)
{
    struct sriov_vfu_client_opts opts = {
        .size = sizeof(opts), .num_paths = 1, .paths = &path, .flags = SRIOV_VFU_CLIENT_UNSHARED};
    struct sriov_pool_opts pool = {.size = sizeof(pool), .count = 256};
    struct sriov_net_config config = {.size = sizeof(config), .rx_desc = 64, .tx_desc = 64};
    struct sriov_net_info info = {.size = sizeof(info)};

    MUST(sriov_vfu_client_create(&opts, &dev->vmm) == 0);
    sriov_log_set_level(dev->vmm, SRIOV_LOG_ERROR);
    MUST(sriov_fn_open(dev->vmm, "vf0.sock", NULL, &dev->fn) == 0);
    MUST(sriov_pool_create(dev->fn, &pool, &dev->pool) == 0);
    MUST(sriov_net_open(dev->fn, sriov_net_drivers, &dev->net) == 0);
    config.pool = dev->pool;
    MUST(sriov_net_configure(dev->net, &config) == 0);
    MUST(sriov_net_start(dev->net) == 0);
    for (uint64_t begin = now(p); !info.link.up;) {
        (void)sriov_net_poll(dev->net);
        MUST(sriov_net_get_info(dev->net, &info) == 0 && now(p) - begin < PATIENCE);
        sriov_vmm_sleep(dev->vmm, MS);
    }
    MUST(sriov_net_set_mac(dev->net, &own) == 0);
}

static void dev_down(struct device *dev)
{
    sriov_net_close(dev->net);
    MUST(sriov_pool_in_use(dev->pool) == 0 && sriov_pool_destroy(dev->pool) == 0);
    MUST(sriov_fn_close(dev->fn) == 0 && sriov_vfu_client_destroy(dev->vmm) == 0);
}

/* ---- the application ---- */

/* Announcements come back, too. */
static void take(struct process *p, const struct sriov_buf *buf)
{
    uint32_t number;

    if (buf->data[HEAD - 2] != 0x88) {
        return;
    }
    MUST(buf->pkt_len == LENGTH);
    memcpy(&number, buf->data + HEAD, sizeof(number));
    MUST(number >= p->next && number < p->sent); /* once, in order */
    p->next = number + 1;
    p->come += number >= p->from ? 1 : 0;
}

static void turn(struct process *p)
{
    struct sriov_buf *buf;

    (void)sriov_dnis_poll(p->dnis);
    while (sriov_dnis_rx_burst(p->dnis, 0, &buf, 1) == 1) {
        take(p, buf);
        sriov_buf_free(buf);
    }
    sriov_vmm_sleep(p->vf.vmm, MS / 10);
}

static void send_frames(struct process *p)
{
    uint8_t bytes[LENGTH] = {2, 0, 0, 0, 0, 0xee};

    memcpy(bytes + 6, own.b, sizeof(own.b));
    bytes[12] = 0x88;
    bytes[13] = 0xb5;
    for (uint32_t i = 0; i < FRAMES; i++) {
        struct sriov_buf *buf;

        memcpy(bytes + HEAD, &p->sent, sizeof(p->sent));
        buf = sriov_buf_from(sriov_dnis_pool(p->dnis), bytes, sizeof(bytes));
        MUST(buf != NULL && sriov_dnis_tx_burst(p->dnis, 0, &buf, 1) == 1);
        p->sent++;
    }
}

/* All of them come back. */
static void echo(struct process *p)
{
    p->from = p->sent;
    p->come = 0;
    send_frames(p);
    for (uint64_t begin = now(p); p->next != p->sent; turn(p)) {
        MUST(now(p) - begin < PATIENCE);
    }
    MUST(p->come == FRAMES);
}

static bool is_on(struct process *p, enum sriov_dnis_side side)
{
    struct sriov_dnis_info info = {.size = sizeof(info)};

    MUST(sriov_dnis_get_info(p->dnis, &info) == 0);
    return info.active == (uint32_t)side && info.vf_state != SRIOV_DNIS_SETTLING &&
           info.standby_state != SRIOV_DNIS_SETTLING;
}

static void await_on(struct process *p, enum sriov_dnis_side side)
{
    for (uint64_t begin = now(p); !is_on(p, side);) {
        turn(p);
        MUST(now(p) - begin < PATIENCE);
    }
}

/* With frames on their way; those that a busy machine brings too late count for nothing here. */
static void go(struct process *p, enum sriov_dnis_side side)
{
    send_frames(p);
    MUST(sriov_dnis_switch(p->dnis, side) == 0);
    await_on(p, side);
    echo(p);
}

static void pair_up(struct process *p)
{
    struct sriov_dnis_hooks hooks = {.size = sizeof(hooks), .on_step = on_step, .arg = p};
    struct sriov_dnis_opts opts = {.size = sizeof(opts),
                                   .standby = p->standby.net,
                                   .hooks = &hooks,
                                   .hold_down_ns = 1,
                                   .drain_ns = 1000 * MS,
                                   .settle_ns = 200 * MS,
                                   .quiet_ns = 20 * MS};

    MUST(sriov_dnis_create(p->vf.vmm, &opts, &p->dnis) == 0);
    MUST(sriov_dnis_attach(p->dnis, p->vf.net) == 0);
    await_on(p, SRIOV_DNIS_VF);
}

/* 0: it was told fewer steps than that. */
static int pair(const struct move_server servers[2], uint32_t kill_at)
{
    static struct process p;

    p.kill_at = kill_at;
    dev_up(&p, &p.vf, servers[0].path);
    dev_up(&p, &p.standby, servers[1].path);
    pair_up(&p);
    echo(&p);
    p.armed = true;
    go(&p, SRIOV_DNIS_STANDBY);
    go(&p, SRIOV_DNIS_VF);
    MUST(p.told == 2 * TOLD);
    sriov_dnis_destroy(p.dnis);
    dev_down(&p.standby);
    dev_down(&p.vf);
    return 0;
}

/* ---- the processes ---- */

/* True: it was killed there. */
static bool killed_at(const struct move_server servers[2], uint32_t kill_at)
{
    int status = 0;
    pid_t pid = fork();

    MUST(pid >= 0);
    if (pid == 0) {
        _exit(pair(servers, kill_at));
    }
    MUST(waitpid(pid, &status, 0) == pid);
    MUST((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
         (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return WIFSIGNALED(status);
}

int main(void)
{
    struct move_server servers[2];
    uint32_t kills = 0;
    int findings;

    move_server_start(&servers[0], "82599");
    move_server_start(&servers[1], "82576");
    while (killed_at(servers, kills + 1)) {
        kills++;
    }
    findings = move_server_stop(&servers[0]) + move_server_stop(&servers[1]);
    printf("%u kills, at each step of a switch there and back; each time the next process had both devices, "
           "and each of its frames came back once, in order; findings %d\n",
           kills, findings);
    return kills == 2 * TOLD && findings == 0 ? 0 : 1;
}
