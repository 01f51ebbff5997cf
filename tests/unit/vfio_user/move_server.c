/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "move_server.h"

#include <sriov/drivers.h>
#include <sriov/mock.h>
#include <sriov/vfio_user.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PF_SERVICE_NS UINT64_C(10000)
/* Virtual time that passes with a message, and with a millisecond in which none came. */
#define BUSY_NS   UINT64_C(20000)
#define IDLE_NS   UINT64_C(1000000)
#define REMOTE_NS UINT64_C(60000000000)
#define FRAME_MAX 2048u
#define ADDRESS   6u
#define CANNOT    99
#define FDS_MOST  256

struct world {
    struct sriov_mock *mock;
    char pf_name[SRIOV_NAME_MAX];
    struct sriov_fn *pf_fn;
    struct sriov_pf *pf;
    struct sriov_fn *vf;
    struct sriov_vfu_server *server;
};

static void serve_pf(void *arg)
{
    (void)sriov_pf_poll(arg);
}

static void send_back(void *arg, const void *frame, size_t len)
{
    struct world *w = arg;
    uint8_t bytes[FRAME_MAX];
    const uint8_t *in = frame;

    if (len < 2 * ADDRESS || len > sizeof(bytes)) {
        return;
    }
    memcpy(bytes, in, len);
    memcpy(bytes, in + ADDRESS, ADDRESS);
    memcpy(bytes + ADDRESS, in, ADDRESS);
    (void)sriov_mock_wire_send(w->mock, w->pf_name, bytes, len);
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

static int make_pf(struct world *w, const char *model)
{
    struct sriov_mock_pf_opts pf = {.size = sizeof(pf)};
    struct sriov_pf_opts opts = {.size = sizeof(opts)};
    int err = sriov_mock_create(NULL, &w->mock);

    err = err != 0 ? err : sriov_mock_add_pf(w->mock, model, &pf, w->pf_name);
    if (err != 0) {
        return err;
    }
    sriov_log_set_level(sriov_mock_vmm(w->mock), SRIOV_LOG_ERROR);
    err = sriov_fn_open(sriov_mock_vmm(w->mock), w->pf_name, NULL, &w->pf_fn);
    err = err != 0 ? err : sriov_pf_open(w->pf_fn, sriov_pf_drivers, &opts, &w->pf);
    err = err != 0 ? err : sriov_pf_enable_vfs(w->pf, 2);
    err = err < 0 ? err : sriov_mock_task(w->mock, PF_SERVICE_NS, serve_pf, w->pf);
    return err < 0 ? err : sriov_mock_wire_sink(w->mock, w->pf_name, send_back, w);
}

static int export_vf(struct world *w, const char *path)
{
    struct sriov_vfu_device_opts opts = {.size = sizeof(opts),
                                         .path = path,
                                         .remote_map = remote_map,
                                         .remote_unmap = remote_unmap,
                                         .remote_arg = w->mock,
                                         .remote_timeout_ns = REMOTE_NS};
    struct sriov_vfu_device *device;
    char vf_name[SRIOV_NAME_MAX];
    int err = sriov_mock_vf_name(w->mock, w->pf_name, 0, vf_name);

    err = err != 0 ? err : sriov_fn_open(sriov_mock_vmm(w->mock), vf_name, NULL, &w->vf);
    err = err != 0 ? err : sriov_vfu_server_create(&w->server);
    return err != 0 ? err : sriov_vfu_device_add(w->server, w->vf, &opts, &device);
}

static uint64_t strike(struct world *w)
{
    uint64_t findings;

    sriov_vfu_server_destroy(w->server);
    findings = (uint64_t)sriov_fn_close(w->vf);
    sriov_pf_close(w->pf);
    findings += (uint64_t)sriov_fn_close(w->pf_fn);
    findings += sriov_mock_violations(w->mock, 0) + sriov_mock_held(w->mock);
    sriov_mock_destroy(w->mock);
    return findings;
}

/* Until the other end of `hold` is closed. */
static void serve(struct world *w, int hold)
{
    struct pollfd fds[2] = {{.fd = sriov_vfu_server_fd(w->server), .events = POLLIN},
                            {.fd = hold, .events = POLLIN}};

    while (fds[1].revents == 0) {
        int n = poll(fds, 2, 1);

        (void)sriov_vfu_server_step(w->server);
        sriov_mock_advance(w->mock, n > 0 ? BUSY_NS : IDLE_NS);
    }
}

static int child(const char *model, const char *path, int hold, int ready)
{
    struct world w = {0};
    uint64_t findings;

    if (make_pf(&w, model) != 0 || export_vf(&w, path) != 0 || write(ready, "1", 1) != 1) {
        return CANNOT;
    }
    serve(&w, hold);
    findings = strike(&w);
    return findings < CANNOT ? (int)findings : CANNOT - 1;
}

/* Another server's end of `hold` in this process would keep that one alive. */
static void keep_only(int a, int b)
{
    for (int fd = STDERR_FILENO + 1; fd < FDS_MOST; fd++) {
        if (fd != a && fd != b) {
            (void)close(fd);
        }
    }
}

void move_server_start(struct move_server *server, const char *model)
{
    int hold[2];
    int ready[2];
    char one;

    (void)snprintf(server->dir, sizeof(server->dir), "/tmp/sriov-XXXXXX");
    assert_non_null(mkdtemp(server->dir));
    (void)snprintf(server->path, sizeof(server->path), "%s/vf0.sock", server->dir);
    assert_int_equal(pipe(hold), 0);
    assert_int_equal(pipe(ready), 0);
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0) {
        keep_only(hold[0], ready[1]);
        _exit(child(model, server->path, hold[0], ready[1]));
    }
    close(hold[0]);
    close(ready[1]);
    server->hold = hold[1];
    assert_int_equal(read(ready[0], &one, 1), 1);
    close(ready[0]);
}

int move_server_stop(struct move_server *server)
{
    int status = 0;

    close(server->hold);
    assert_int_equal(waitpid(server->pid, &status, 0), server->pid);
    assert_true(WIFEXITED(status));
    (void)rmdir(server->dir);
    return WEXITSTATUS(status);
}
