/* SPDX-License-Identifier: BSD-3-Clause */
#include "vfu_host.h"

#include <sriov/drivers.h>
#include <sriov/mock.h>
#include <sriov/vfio_user.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PF_SERVICE_NS UINT64_C(10000)
/* Virtual time that passes with a message, and with a millisecond in which none came. */
#define BUSY_NS    UINT64_C(20000)
#define IDLE_NS    UINT64_C(1000000)
#define PATH_BYTES 64
/* A client that is run by nobody for long, on a loaded machine, is no client that has stopped. */
#define REMOTE_NS UINT64_C(60000000000)

struct vfu_host {
    struct sriov_mock *mock;
    struct sriov_fn *pf_fn;
    struct sriov_pf *pf;
    struct sriov_fn *vf;
    struct sriov_vfu_server *server;
    struct sriov_vfu_device *device;
    char dir[PATH_BYTES / 2];
    char path[PATH_BYTES];
    pthread_t thread;
    bool runs;
    atomic_bool stop;
};

static void serve_pf(void *arg)
{
    (void)sriov_pf_poll(arg);
}

static int make_pf(struct vfu_host *host, const char *model, const char *quirks, char *name)
{
    struct sriov_mock_pf_opts pf = {.size = sizeof(pf), .quirks = quirks};
    struct sriov_pf_opts opts = {.size = sizeof(opts)};
    int err = sriov_mock_create(NULL, &host->mock);
    err = err != 0 ? err : sriov_mock_add_pf(host->mock, model, &pf, name);
    if (err != 0) {
        return err;
    }
    sriov_log_set_level(sriov_mock_vmm(host->mock), SRIOV_LOG_ERROR);
    err = sriov_fn_open(sriov_mock_vmm(host->mock), name, NULL, &host->pf_fn);
    err = err != 0 ? err : sriov_pf_open(host->pf_fn, sriov_pf_drivers, &opts, &host->pf);
    err = err != 0 ? err : sriov_pf_enable_vfs(host->pf, 2);
    err = err < 0 ? err : sriov_mock_task(host->mock, PF_SERVICE_NS, serve_pf, host->pf);
    return err < 0 ? err : 0;
}

static int remote_map(void *arg, struct sriov_fn *fn, sriov_iova_t iova, uint64_t length,
                      enum sriov_dma_dir dir, const struct sriov_dma_remote *remote)
{
    return sriov_mock_dma_remote(arg, sriov_fn_info(fn)->name, iova, length, dir, remote);
}

static int remote_unmap(void *arg, struct sriov_fn *fn, sriov_iova_t iova, uint64_t length)
{
    return sriov_mock_dma_unremote(arg, sriov_fn_info(fn)->name, iova, length);
}

static int export_vf(struct vfu_host *host, const char *pf_name)
{
    struct sriov_vfu_device_opts opts = {.size = sizeof(opts),
                                         .path = host->path,
                                         .remote_map = remote_map,
                                         .remote_unmap = remote_unmap,
                                         .remote_arg = host->mock,
                                         .remote_timeout_ns = REMOTE_NS};
    char vf_name[SRIOV_NAME_MAX];
    int err = sriov_mock_vf_name(host->mock, pf_name, 0, vf_name);
    err = err != 0 ? err : sriov_fn_open(sriov_mock_vmm(host->mock), vf_name, NULL, &host->vf);
    err = err != 0 ? err : sriov_vfu_server_create(&host->server);
    if (err != 0) {
        return err;
    }
    snprintf(host->dir, sizeof(host->dir), "/tmp/sriov-XXXXXX");
    if (mkdtemp(host->dir) == NULL) {
        host->dir[0] = '\0';
        return -EPERM;
    }
    snprintf(host->path, sizeof(host->path), "%s/vf0.sock", host->dir);
    return sriov_vfu_device_add(host->server, host->vf, &opts, &host->device);
}

static void *run(void *arg)
{
    struct vfu_host *host = arg;
    while (!atomic_load(&host->stop)) {
        struct pollfd ready = {.fd = sriov_vfu_server_fd(host->server), .events = POLLIN};
        int n = poll(&ready, 1, 1);
        (void)sriov_vfu_server_step(host->server);
        sriov_mock_advance(host->mock, n > 0 ? BUSY_NS : IDLE_NS);
    }
    return NULL;
}

/* Signals are for those who try the client. */
static int start_thread(struct vfu_host *host)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = pthread_create(&host->thread, NULL, run, host);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    host->runs = err == 0;
    return -err;
}

struct vfu_host *vfu_host_start(const char *model, const char *quirks)
{
    char pf_name[SRIOV_NAME_MAX];
    struct vfu_host *host = calloc(1, sizeof(*host));
    if (host == NULL) {
        return NULL;
    }
    int err = make_pf(host, model, quirks, pf_name);
    err = err != 0 ? err : export_vf(host, pf_name);
    err = err != 0 ? err : start_thread(host);
    if (err != 0) {
        fprintf(stderr, "sriov-conform: a simulated VF cannot be served: %s\n", strerror(-err));
        (void)vfu_host_stop(host);
        return NULL;
    }
    return host;
}

const char *vfu_host_path(const struct vfu_host *host)
{
    return host->path;
}

uint64_t vfu_host_stop(struct vfu_host *host)
{
    uint64_t findings = 0;
    if (host->runs) {
        atomic_store(&host->stop, true);
        (void)pthread_join(host->thread, NULL);
    }
    sriov_vfu_server_destroy(host->server);
    if (host->dir[0] != '\0') {
        (void)rmdir(host->dir);
    }
    findings += host->vf != NULL ? (uint64_t)sriov_fn_close(host->vf) : 0;
    if (host->pf != NULL) {
        sriov_pf_close(host->pf);
    }
    findings += host->pf_fn != NULL ? (uint64_t)sriov_fn_close(host->pf_fn) : 0;
    if (host->mock != NULL) {
        findings += sriov_mock_violations(host->mock, 0) + sriov_mock_held(host->mock);
        sriov_mock_destroy(host->mock);
    }
    free(host);
    return findings;
}
