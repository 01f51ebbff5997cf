/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <sriov/kvm.h>
#include <sriov/log.h>
#include <sriov/mock.h>

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* A VF whose PF is VFIO's opens only for who knows the PF's token. */
#define TOKEN    "vf-token=7e4c5a10-82b6-4f0e-9d35-0c1b2a3d4e5f"
#define QUIET_NS (20 * MS)
#define CALM_NS  (2000 * MS) /* at most */
#define LINK_NS  (20000 * MS)

static int failed(struct world *w, const char *what, int err)
{
    if (err != 0) {
        (void)snprintf(w->what, sizeof(w->what), "%s", what);
    }
    return err;
}

/* ---- the trace ---- */

static void line(void *arg, const char *text)
{
    struct world *w = arg;
    w->irqs += strncmp(text, "vf", 2) == 0 && strstr(text, " irq ") != NULL && strstr(text, " comes") != NULL;
    w->tries += strncmp(text, "vf1 bar0 write 0x0000/4", 23) == 0; /* VTCTRL */
    (void)fprintf(w->out, "%s\n", text);
}

static int put_traces(struct world *w)
{
    struct sriov_trace_opts opts = {.size = sizeof(opts), .name = "pf", .line = line, .arg = w};
    int err = sriov_trace_create(w->shim, &opts, &w->pf_trace);
    if (err == 0) {
        err = pump_create(&w->pump, w->shim);
    }
    if (err == 0) {
        opts.name = "vf";
        opts.flags = SRIOV_TRACE_MEMORY;
        err = sriov_trace_create(w->pump.vmm, &opts, &w->vf_trace);
    }
    return failed(w, "the traces", err);
}

void world_step(struct world *w, const char *name)
{
    char text[WORLD_WHAT];
    world_quiet(w);
    (void)snprintf(text, sizeof(text), "step %s", name);
    sriov_trace_note(w->vf_trace, text);
}

void world_note(struct world *w, const char *format, ...)
{
    char text[160];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    sriov_trace_note(w->vf_trace, text);
}

/* ---- time ---- */

static struct sriov_vmm *vmm_of(struct world *w)
{
    return sriov_trace_vmm(w->vf_trace);
}

uint64_t world_now(struct world *w)
{
    return sriov_vmm_now(w->shim);
}

void world_sleep(struct world *w, uint64_t ns)
{
    sriov_vmm_sleep(vmm_of(w), ns);
}

void world_quiet(struct world *w)
{
    uint64_t end = world_now(w) + CALM_NS;
    uint64_t before;
    do {
        before = w->irqs;
        uint64_t slice = world_now(w) + QUIET_NS;
        while (world_now(w) < slice) {
            int err = sriov_vmm_wait(vmm_of(w), QUIET_NS);
            if (err != 0 && err != -ETIMEDOUT) {
                world_sleep(w, MS);
            }
        }
    } while (w->irqs != before && world_now(w) < end);
}

bool world_until(struct world *w, bool (*done)(struct world *w, uint32_t vf), uint32_t vf, uint64_t ns)
{
    uint64_t end = world_now(w) + ns;
    for (;;) {
        if (vf < VFS) {
            (void)sriov_net_poll(w->vf[vf].net);
        }
        if (done(w, vf)) {
            return true;
        }
        if (world_now(w) >= end) {
            return false;
        }
        world_sleep(w, MS);
    }
}

/* ---- building ---- */

static void log_line(void *arg, uint32_t level, const char *text)
{
    (void)arg;
    (void)level;
    (void)fprintf(stderr, "vf-script: %s\n", text);
}

static int make_mock(struct world *w, const char *quirks)
{
    const struct sriov_mock_opts opts = {.size = sizeof(opts), .flags = SRIOV_MOCK_QUIET};
    const struct sriov_mock_pf_opts pf = {.size = sizeof(pf), .quirks = quirks};
    int err = sriov_mock_create(&opts, &w->mock);
    if (err == 0) {
        w->shim = sriov_mock_vmm(w->mock);
        err = sriov_mock_add_pf(w->mock, "82576", &pf, w->pf_name);
    }
    return failed(w, "the simulated 82576", err);
}

static int make_kvm(struct world *w, const char *bdf)
{
    const struct sriov_kvm_opts opts = {.size = sizeof(opts), .backend = SRIOV_KVM_GROUP};
    (void)snprintf(w->pf_name, sizeof(w->pf_name), "%s", bdf);
    return failed(w, "the kvm shim", sriov_kvm_create(&opts, &w->shim));
}

static int open_fn(struct world *w, struct sriov_vmm *vmm, const char *name, struct sriov_fn **fn)
{
    const struct sriov_fn_opts opts = {.size = sizeof(opts), .options = w->mock == NULL ? TOKEN : NULL};
    return failed(w, name, sriov_fn_open(vmm, name, &opts, fn));
}

struct search {
    const struct world *w;
    uint16_t vf;
    char *name;
};

static int is_our_vf(void *arg, const struct sriov_fn_info *info)
{
    const struct search *s = arg;
    if (info->is_vf == 0 || info->vf_index != s->vf || strcmp(info->pf_name, s->w->pf_name) != 0) {
        return 0;
    }
    memcpy(s->name, info->name, SRIOV_NAME_MAX);
    return 1;
}

static int open_vf(struct world *w, uint16_t i)
{
    char name[SRIOV_NAME_MAX];
    char why[256] = "";
    struct search search = {w, i, name};
    if (sriov_vmm_enumerate(w->shim, is_our_vf, &search) != 1) {
        return failed(w, "a VF that is not there", -ENOENT);
    }
    int err = w->mock == NULL ? sriov_kvm_bind(NULL, name, why, sizeof(why)) : 0;
    if (err != 0) {
        (void)fprintf(stderr, "vf-script: %s\n", why);
        return failed(w, "binding a VF", err);
    }
    return open_fn(w, vmm_of(w), name, &w->vf[i].fn);
}

static bool port_is_up(struct world *w, uint32_t vf)
{
    struct sriov_link link = {0};
    (void)vf;
    return sriov_pf_get_link(w->pf, &link) == 0 && link.up;
}

int world_port(struct world *w)
{
    return world_until(w, port_is_up, NO_VF, LINK_NS) ? 0 : failed(w, "the port's link", -ETIMEDOUT);
}

static int open_pf(struct world *w)
{
    int err = open_fn(w, sriov_trace_vmm(w->pf_trace), w->pf_name, &w->pf_fn);
    if (err == 0) {
        err = failed(w, "the PF driver", sriov_pf_open(w->pf_fn, sriov_pf_drivers, NULL, &w->pf));
    }
    if (err == 0) {
        w->pump.pf = w->pf;
        err = failed(w, "enabling VFs", sriov_pf_enable_vfs(w->pf, VFS));
    }
    for (uint16_t i = 0; err == 0 && i < VFS; i++) {
        w->vf[i].mac = (struct sriov_mac){{0x02, 0x53, 0x52, 0, 0, (uint8_t)(0x10 + i)}};
        err = failed(w, "a VF's address", sriov_pf_set_vf_mac(w->pf, i, &w->vf[i].mac));
    }
    return err == 0 ? world_port(w) : err;
}

int world_open(struct world *w, const char *quirks, const char *bdf, FILE *out)
{
    *w = (struct world){.out = out};
    int err = bdf == NULL ? make_mock(w, quirks) : make_kvm(w, bdf);
    if (err == 0) {
        sriov_log_set_sink(w->shim, log_line, NULL);
        err = put_traces(w);
    }
    if (err == 0) {
        sriov_log_set_sink(sriov_trace_vmm(w->pf_trace), log_line, NULL);
        sriov_log_set_sink(vmm_of(w), log_line, NULL);
        world_step(w, "pf start");
        err = open_pf(w);
    }
    if (err == 0) {
        world_step(w, "open");
    }
    for (uint16_t i = 0; err == 0 && i < VFS; i++) {
        err = open_vf(w, i);
        if (err == 0) {
            err = failed(w, "BAR 0", sriov_bar_open(w->vf[i].fn, 0, 0x4000, &w->vf[i].bar));
        }
    }
    return err;
}

/* ---- and taking down ---- */

static int close_vf(struct vf *vf)
{
    int leaks = 0;
    sriov_net_close(vf->net);
    if (vf->pool != NULL) {
        leaks += sriov_pool_destroy(vf->pool) != 0;
    }
    if (vf->fn != NULL) {
        sriov_bar_close(&vf->bar);
        leaks += sriov_fn_close(vf->fn);
    }
    *vf = (struct vf){0};
    return leaks;
}

int world_close(struct world *w)
{
    int bad = 0;
    for (uint32_t i = 0; i < VFS; i++) {
        bad += close_vf(&w->vf[i]);
    }
    w->pump.pf = NULL;
    if (w->pf != NULL) {
        sriov_pf_close(w->pf);
    }
    if (w->pf_fn != NULL) {
        bad += sriov_fn_close(w->pf_fn);
    }
    bad += sriov_trace_destroy(w->vf_trace) != 0;
    pump_destroy(&w->pump);
    bad += sriov_trace_destroy(w->pf_trace) != 0;
    if (w->mock != NULL) {
        sriov_mock_destroy(w->mock);
    } else if (w->shim != NULL) {
        bad += sriov_kvm_destroy(w->shim) != 0;
    }
    return bad;
}
