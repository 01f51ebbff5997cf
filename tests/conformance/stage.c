/* SPDX-License-Identifier: BSD-3-Clause */
#include "stage.h"

#ifdef CONFORM_VFIO_USER
#include "vfu_host.h"

#include <sriov/vfio_user.h>
#endif

#ifdef CONFORM_XEN
#include <sriov/xen.h>
#endif

#include <sriov/drivers.h>
#include <sriov/kvm.h>
#include <sriov/mock.h>
#ifdef CONFORM_NETDEV
#include <sriov/netdev.h>
#endif
#include <sriov/trace.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PF_SERVICE_NS UINT64_C(10000)

struct stage {
    struct sriov_vmm *vmm;     /* the shim's */
    struct sriov_trace *trace; /* over it */
    FILE *trace_file;
    struct sriov_mock *mock;   /* of shim mock */
    struct vfu_host *vfu_host; /* of shim vfio-user without a device */
    int (*destroy)(struct sriov_vmm *vmm);
    struct sriov_fn *pf_fn;
    struct sriov_pf *pf;
    struct sriov_fn_opts open_opts; /* size 0: none */
    char device[SRIOV_NAME_MAX];
    char pf_name[SRIOV_NAME_MAX];
};

struct sriov_vmm *stage_vmm(struct stage *stage)
{
    return stage->trace != NULL ? sriov_trace_vmm(stage->trace) : stage->vmm;
}

const char *stage_device(struct stage *stage)
{
    return stage->device;
}

const struct sriov_fn_opts *stage_open_opts(struct stage *stage)
{
    return stage->open_opts.size != 0 ? &stage->open_opts : NULL;
}

static struct stage *give_up(struct stage *stage, const char *what, int err)
{
    fprintf(stderr, "sriov-conform: %s: %s\n", what, strerror(-err));
    (void)stage_strike(stage);
    return NULL;
}

static void serve(void *arg)
{
    (void)sriov_pf_poll(arg);
}

/* The PF behind the VF under test: our own driver, in the same virtual time. */
static int bring_pf_up(struct stage *stage)
{
    int err = sriov_fn_open(stage->vmm, stage->pf_name, NULL, &stage->pf_fn);
    if (err == 0) {
        struct sriov_pf_opts opts = {.size = sizeof(opts)};
        err = sriov_pf_open(stage->pf_fn, sriov_pf_drivers, &opts, &stage->pf);
    }
    if (err == 0) {
        err = sriov_pf_enable_vfs(stage->pf, 2);
    }
    if (err == 0) {
        err = sriov_mock_task(stage->mock, PF_SERVICE_NS, serve, stage->pf);
    }
    return err < 0 ? err : 0;
}

static struct stage *build_mock(struct stage *stage, struct stage_opts *opts)
{
    int err = sriov_mock_create(NULL, &stage->mock);
    if (err != 0) {
        return give_up(stage, "the mock", err);
    }
    stage->vmm = sriov_mock_vmm(stage->mock);
    struct sriov_mock_pf_opts pf = {.size = sizeof(pf), .quirks = opts->quirks};
    err = sriov_mock_add_pf(stage->mock, opts->model, &pf, stage->pf_name);
    if (err != 0) {
        return give_up(stage, "no such model or quirk profile", err);
    }
    if (opts->pf) {
        memcpy(stage->device, stage->pf_name, sizeof(stage->device));
    } else {
        err = bring_pf_up(stage);
        if (err == 0) {
            err = sriov_mock_vf_name(stage->mock, stage->pf_name, 0, stage->device);
        }
    }
    opts->device = stage->device;
    return err == 0 ? stage : give_up(stage, "the simulated PF", err);
}

/* One try before the cases: a device that cannot be had is no failed contract. */
static struct stage *try_device(struct stage *stage)
{
    struct sriov_fn *fn = NULL;
    int err = sriov_fn_open(stage->vmm, stage->device, stage_open_opts(stage), &fn);
    if (err != 0) {
        return give_up(stage, stage->device, err);
    }
    (void)sriov_fn_close(fn);
    return stage;
}

static struct stage *build_kvm(struct stage *stage, const struct stage_opts *opts)
{
    if (opts->device == NULL) {
        return give_up(stage, "--shim kvm wants --device BDF, a function bound to vfio-pci", -EINVAL);
    }
    struct sriov_kvm_opts kvm = {.size = sizeof(kvm)};
    int backend = sriov_kvm_backend_parse(opts->backend);
    if (backend < 0) {
        return give_up(stage, "--backend is auto, group or iommufd", backend);
    }
    kvm.backend = (uint32_t)backend;
    int err = sriov_kvm_create(&kvm, &stage->vmm);
    if (err != 0) {
        return give_up(stage, "the kvm shim", err);
    }
    stage->destroy = sriov_kvm_destroy;
    snprintf(stage->device, sizeof(stage->device), "%s", opts->device);
    return try_device(stage);
}

#ifdef CONFORM_VFIO_USER
/* A socket that another process serves, or a simulated VF of this one. */
static struct stage *build_vfio_user(struct stage *stage, struct stage_opts *opts)
{
    if (opts->device == NULL) {
        stage->vfu_host = vfu_host_start(opts->model, opts->quirks);
        if (stage->vfu_host == NULL) {
            (void)stage_strike(stage);
            return NULL; /* it said why */
        }
        opts->device = vfu_host_path(stage->vfu_host);
    }
    struct sriov_vfu_client_opts vfu = {.size = sizeof(vfu), .paths = &opts->device, .num_paths = 1};
    vfu.flags = opts->unshared ? SRIOV_VFU_CLIENT_UNSHARED : 0;
    int err = sriov_vfu_client_create(&vfu, &stage->vmm);
    if (err != 0) {
        return give_up(stage, "the vfio-user shim: --device is the path of a socket", err);
    }
    stage->destroy = sriov_vfu_client_destroy;
    const char *slash = strrchr(opts->device, '/');
    snprintf(stage->device, sizeof(stage->device), "%s", slash != NULL ? slash + 1 : opts->device);
    return try_device(stage);
}

static uint64_t strike_vfio_user(struct stage *stage)
{
    return stage->vfu_host != NULL ? vfu_host_stop(stage->vfu_host) : 0;
}
#else
static struct stage *build_vfio_user(struct stage *stage, struct stage_opts *opts)
{
    (void)opts;
    return give_up(stage, "--shim vfio-user: built without it", -EOPNOTSUPP);
}

static uint64_t strike_vfio_user(struct stage *stage)
{
    (void)stage;
    return 0;
}
#endif

#ifdef CONFORM_XEN
/* dom0 confines nothing: whoever runs the cases there has asked for it. */
static struct stage *build_xen(struct stage *stage, const struct stage_opts *opts)
{
    if (opts->device == NULL) {
        return give_up(stage, "--shim xen wants --device BDF, a function without a driver", -EINVAL);
    }
    struct sriov_xen_opts xen = {.size = sizeof(xen), .flags = SRIOV_XEN_ALLOW_NOIOMMU};
    int err = sriov_xen_create(&xen, &stage->vmm);
    if (err != 0) {
        return give_up(stage, "the xen shim", err);
    }
    stage->destroy = sriov_xen_destroy;
    stage->open_opts = (struct sriov_fn_opts){.size = sizeof(stage->open_opts), .flags = SRIOV_OPEN_NOIOMMU};
    snprintf(stage->device, sizeof(stage->device), "%s", opts->device);
    return try_device(stage);
}
#else
static struct stage *build_xen(struct stage *stage, const struct stage_opts *opts)
{
    (void)opts;
    return give_up(stage, "--shim xen: built without it (apt-get install libxen-dev)", -EOPNOTSUPP);
}
#endif

#ifdef CONFORM_NETDEV
static struct stage *build_netdev(struct stage *stage, const struct stage_opts *opts)
{
    if (opts->device == NULL) {
        return give_up(stage, "--shim netdev wants --device, a network interface", -EINVAL);
    }
    int err = sriov_netdev_create(NULL, &stage->vmm);
    if (err != 0) {
        return give_up(stage, "the netdev shim", err);
    }
    stage->destroy = sriov_netdev_destroy;
    snprintf(stage->device, sizeof(stage->device), "%s", opts->device);
    return try_device(stage);
}

const struct sriov_driver *const *stage_drivers(const struct stage_opts *opts)
{
    return strcmp(opts->shim, "netdev") == 0 ? sriov_netdev_drivers : sriov_net_drivers;
}
#else
static struct stage *build_netdev(struct stage *stage, const struct stage_opts *opts)
{
    (void)opts;
    return give_up(stage, "--shim netdev: built without it", -EOPNOTSUPP);
}

const struct sriov_driver *const *stage_drivers(const struct stage_opts *opts)
{
    (void)opts;
    return sriov_net_drivers;
}
#endif

static struct stage *build_shim(struct stage *stage, struct stage_opts *opts)
{
    if (strcmp(opts->shim, "mock") == 0) {
        return build_mock(stage, opts);
    }
    if (strcmp(opts->shim, "kvm") == 0) {
        return build_kvm(stage, opts);
    }
    if (strcmp(opts->shim, "vfio-user") == 0) {
        return build_vfio_user(stage, opts);
    }
    if (strcmp(opts->shim, "xen") == 0) {
        return build_xen(stage, opts);
    }
    if (strcmp(opts->shim, "netdev") == 0) {
        return build_netdev(stage, opts);
    }
    return give_up(stage, "--shim is mock, kvm, xen, vfio-user or netdev", -EINVAL);
}

static void trace_line(void *arg, const char *line)
{
    fprintf(arg, "%s\n", line);
}

/* The mock is one thread, so that memory may be followed too. */
static struct stage *put_trace_over(struct stage *stage, const char *path)
{
    stage->trace_file = fopen(path, "w");
    if (stage->trace_file == NULL) {
        return give_up(stage, path, -errno);
    }
    const struct sriov_trace_opts opts = {.size = sizeof(opts),
                                          .flags = stage->mock != NULL ? SRIOV_TRACE_MEMORY : 0,
                                          .line = trace_line,
                                          .arg = stage->trace_file};
    int err = sriov_trace_create(stage->vmm, &opts, &stage->trace);
    return err == 0 ? stage : give_up(stage, "the trace", err);
}

struct stage *stage_build(struct stage_opts *opts)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    if (stage != NULL) {
        stage = build_shim(stage, opts);
    }
    return stage == NULL || opts->trace == NULL ? stage : put_trace_over(stage, opts->trace);
}

/* A trace that was asked for and says nothing, or cannot be written, is a finding. */
static uint64_t strike_trace(struct stage *stage)
{
    uint64_t findings = 0;
    if (stage->trace != NULL) {
        findings += sriov_trace_lines(stage->trace) == 0;
        findings += sriov_trace_destroy(stage->trace) != 0;
    }
    if (stage->trace_file != NULL) {
        findings += fclose(stage->trace_file) != 0;
    }
    return findings;
}

uint64_t stage_strike(struct stage *stage)
{
    uint64_t findings = strike_trace(stage);
    if (stage->pf != NULL) {
        sriov_pf_close(stage->pf);
    }
    if (stage->pf_fn != NULL) {
        findings += (uint64_t)sriov_fn_close(stage->pf_fn);
    }
    if (stage->mock != NULL) {
        findings += sriov_mock_violations(stage->mock, 0) + sriov_mock_held(stage->mock);
        sriov_mock_destroy(stage->mock);
    } else if (stage->vmm != NULL) {
        findings += stage->destroy(stage->vmm) != 0;
    }
    findings += strike_vfio_user(stage);
    free(stage);
    return findings;
}
