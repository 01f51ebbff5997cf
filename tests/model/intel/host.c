/* SPDX-License-Identifier: BSD-3-Clause */
#include "host.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void host_init(struct sriov_model_host *h)
{
    memset(h, 0, sizeof(*h));
    h->mem = calloc(1, HOST_MEM_BYTES);
    assert_non_null(h->mem);
    h->now = 1000000;
}

void host_free(struct sriov_model_host *h)
{
    free(h->mem);
}

uint8_t *host_at(struct sriov_model_host *h, uint64_t iova)
{
    assert_true(iova >= HOST_MEM_BASE && iova - HOST_MEM_BASE < HOST_MEM_BYTES);
    return h->mem + (iova - HOST_MEM_BASE);
}

uint32_t host_reports(const struct sriov_model_host *h)
{
    uint32_t n = 0;

    for (uint32_t k = 0; k < 16u; k++)
        n += h->reports[k];
    return n;
}

static uint64_t now_ns(struct sriov_model_host *h)
{
    return h->now;
}

static void timer(struct sriov_model_host *h, uint64_t at, sriov_model_timer_cb cb, uint64_t tag)
{
    assert_true(h->timers < HOST_TIMERS_MAX);
    h->timer[h->timers].at = at;
    h->timer[h->timers].cb = cb;
    h->timer[h->timers++].tag = tag;
}

static uint32_t first_due(const struct sriov_model_host *h)
{
    uint32_t first = 0;

    for (uint32_t i = 1; i < h->timers; i++)
        if (h->timer[i].at < h->timer[first].at)
            first = i;
    return first;
}

void host_advance(struct sriov_model_host *h, uint64_t ns)
{
    uint64_t end = h->now + ns;

    while (h->timers > 0) {
        uint32_t i = first_due(h);
        uint64_t tag = h->timer[i].tag;
        sriov_model_timer_cb cb = h->timer[i].cb;

        if (h->timer[i].at > end)
            break;
        h->now = h->timer[i].at > h->now ? h->timer[i].at : h->now;
        memmove(&h->timer[i], &h->timer[i + 1u], (h->timers - i - 1u) * sizeof(h->timer[0]));
        h->timers--;
        cb(h->model, tag);
    }
    h->now = end;
}

static uint64_t delay_ns(struct sriov_model_host *h, uint16_t fn, enum sriov_delay_kind kind)
{
    (void)fn;
    return h->delay[kind];
}

static int check(struct sriov_model_host *h, uint64_t iova, size_t len)
{
    bool inside =
        iova >= HOST_MEM_BASE && len <= HOST_MEM_BYTES && iova - HOST_MEM_BASE <= HOST_MEM_BYTES - len;

    if (inside && (h->dma_bad == 0 || iova != h->dma_bad))
        return 0;
    h->dma_refused++;
    return -EFAULT;
}

static int dma_read(struct sriov_model_host *h, const struct sriov_site *site, sriov_iova_t iova, void *out,
                    size_t len)
{
    assert_true(site->kind >= SRIOV_SITE_RX_DESC_FETCH && site->function < HOST_FNS);
    if (check(h, iova.raw, len) != 0)
        return -EFAULT;
    memcpy(out, h->mem + (iova.raw - HOST_MEM_BASE), len);
    return 0;
}

static int dma_write(struct sriov_model_host *h, const struct sriov_site *site, sriov_iova_t iova,
                     const void *bytes, size_t len)
{
    assert_true(site->kind >= SRIOV_SITE_RX_DESC_FETCH && site->function < HOST_FNS);
    if (check(h, iova.raw, len) != 0)
        return -EFAULT;
    memcpy(h->mem + (iova.raw - HOST_MEM_BASE), bytes, len);
    return 0;
}

static void irq(struct sriov_model_host *h, uint16_t fn, uint16_t vector)
{
    assert_true(fn < HOST_FNS && vector < 64u);
    h->irqs[fn][vector]++;
    h->irq_at = h->now;
}

static void wire_tx(struct sriov_model_host *h, const void *frame, size_t len)
{
    struct host_frame *f = &h->wire[h->wired++ % HOST_FRAMES_MAX];

    assert_true(len <= sizeof(f->bytes));
    f->len = len;
    memcpy(f->bytes, frame, len);
}

static void tap(struct sriov_model_host *h, uint16_t fn, bool to_function, const void *frame, size_t len)
{
    (void)frame;
    assert_true((fn < HOST_FNS || fn == SRIOV_TAP_SWITCH) && len >= 14u);
    if (fn == SRIOV_TAP_SWITCH)
        h->carried++;
    else
        h->taps[fn][to_function ? 1 : 0]++;
}

static void vfs_changed(struct sriov_model_host *h, uint16_t n)
{
    h->vfs = n;
    h->vfs_calls++;
}

static void report(struct sriov_model_host *h, enum sriov_report_kind kind, const struct sriov_site *site,
                   const char *text)
{
    assert_true((uint32_t)kind < 16u);
    h->reports[kind]++;
    h->last_site = *site;
    snprintf(h->last_text, sizeof(h->last_text), "%s", text);
}

static enum sriov_fault_verdict fault(struct sriov_model_host *h, enum sriov_fault_point point,
                                      const struct sriov_site *site, void *data, size_t len, uint64_t *delay)
{
    enum sriov_fault_verdict verdict = h->fault_verdict;

    (void)site;
    assert_non_null(data);
    assert_true(len > 0);
    if (point != h->fault_point)
        return SRIOV_FAULT_PASS;
    *delay = h->fault_delay;
    h->fault_point = 0;
    return verdict;
}

const struct sriov_model_host_ops host_ops = {
    .size = sizeof(host_ops),
    .now_ns = now_ns,
    .timer = timer,
    .delay_ns = delay_ns,
    .dma_read = dma_read,
    .dma_write = dma_write,
    .irq = irq,
    .wire_tx = wire_tx,
    .tap = tap,
    .vfs_changed = vfs_changed,
    .report = report,
    .fault = fault,
};
