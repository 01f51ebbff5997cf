/* SPDX-License-Identifier: BSD-3-Clause */
/* Reset, leaks, the end of a function. */
#include "conform.h"

#include <sriov/hw/pci_regs.h>

#include <errno.h>

#define MS UINT64_C(1000000)

static const char owner[] = "conformance";

static enum conform_verdict reset_keeps_config(struct conform *c, struct sriov_fn *fn)
{
    NEED(c, fn, SRIOV_CAP_RESET, "this function cannot be reset here");
    RETURNS(c, sriov_fn_reset(fn), 0);
    uint16_t vendor;
    uint16_t command;
    RETURNS(c, sriov_cfg_read16(fn, SRIOV_PCI_VENDOR_ID, &vendor), 0);
    RETURNS(c, sriov_cfg_read16(fn, SRIOV_PCI_COMMAND, &command), 0);
    CHECK(c, vendor == sriov_fn_info(fn)->vendor);
    CHECK(c, (command & SRIOV_PCI_COMMAND_MASTER) != 0);
    return CONFORM_PASS;
}

static enum conform_verdict reset_keeps_mappings(struct conform *c, struct sriov_fn *fn)
{
    NEED(c, fn, SRIOV_CAP_RESET, "this function cannot be reset here");
    struct sriov_dma dma;
    RETURNS(c, sriov_dma_alloc(fn, owner, 4096, 1, SRIOV_DMA_BOTH, &dma), 0);
    *(volatile unsigned char *)dma.va = 0x5a;
    int err = sriov_fn_reset(fn);
    bool kept = *(volatile unsigned char *)dma.va == 0x5a;
    RETURNS(c, sriov_dma_free(fn, &dma), 0);
    RETURNS(c, err, 0);
    CHECK(c, kept);
    return CONFORM_PASS;
}

static void count(void *arg, uint32_t vector)
{
    (void)vector;
    ++*(uint32_t *)arg;
}

static enum conform_verdict reset_keeps_sinks(struct conform *c, struct sriov_fn *fn)
{
    NEED(c, fn, SRIOV_CAP_RESET | SRIOV_CAP_IRQ_CALLBACK | SRIOV_CAP_IRQ_TRIGGER,
         "needs reset and triggered interrupts");
    uint32_t heard = 0;
    uint32_t got = 0;
    RETURNS(c, sriov_irq_enable(fn, 1, 1, &got), 0);
    RETURNS(c, sriov_irq_attach(fn, 0, count, &heard), 0);
    RETURNS(c, sriov_fn_reset(fn), 0);
    uint32_t before = heard;
    RETURNS(c, sriov_irq_trigger(fn, 0), 0);
    for (int i = 0; i < 1000 && heard == before; i++) { /* lost only after this many, however slow */
        (void)sriov_vmm_wait(c->vmm, 10 * MS);
    }
    CHECK(c, heard == before + 1);
    RETURNS(c, sriov_irq_disable(fn), 0);
    return CONFORM_PASS;
}

static void note_leak(void *arg, const struct sriov_leak *leak)
{
    struct sriov_leak *seen = arg;
    *seen = *leak;
}

static enum conform_verdict leak_is_named(struct conform *c, struct sriov_fn *unused)
{
    (void)unused;
    struct sriov_leak seen = {0};
    struct sriov_fn_opts opts = {.size = sizeof(opts)};
    if (c->open_opts != NULL) {
        opts = *c->open_opts;
    }
    opts.on_leak = note_leak;
    opts.arg = &seen;
    struct sriov_fn *fn = NULL;
    RETURNS(c, sriov_fn_open(c->vmm, c->device, &opts, &fn), 0);
    struct sriov_dma dma;
    int err = sriov_dma_alloc(fn, owner, 8192, 1, SRIOV_DMA_DEVICE_WRITES, &dma);
    RETURNS(c, sriov_fn_close(fn), 1);
    RETURNS(c, err, 0);
    CHECK(c, seen.owner == owner && seen.iova.raw == dma.iova.raw && seen.length == dma.length);
    CHECK(c, seen.dir == SRIOV_DMA_DEVICE_WRITES);
    return CONFORM_PASS;
}

static enum conform_verdict killed_is_dead(struct conform *c, struct sriov_fn *unused)
{
    (void)unused;
    struct sriov_fn *fn = NULL;
    RETURNS(c, conform_open(c, &fn), 0);
    struct sriov_bar bar;
    int opened = sriov_bar_open(fn, 0, 16, &bar);
    sriov_fn_kill(fn);
    sriov_fn_kill(fn);
    uint32_t id = 0;
    int cfg = sriov_cfg_read32(fn, 0, &id);
    uint32_t reg = opened == 0 ? sriov_rd32(&bar, 8) : UINT32_MAX;
    if (opened == 0) {
        sriov_wr32(&bar, 0, 0); /* vanishes */
    }
    struct sriov_dma dma;
    int alloc = sriov_dma_alloc(fn, owner, 4096, 1, SRIOV_DMA_BOTH, &dma);
    int reset = sriov_fn_reset(fn);
    enum sriov_fn_state state = sriov_fn_state(fn);
    if (opened == 0) {
        sriov_bar_close(&bar);
    }
    RETURNS(c, sriov_fn_close(fn), 0);
    CHECK(c, opened == 0 || opened == -ERANGE); /* or there is no BAR */
    RETURNS(c, cfg, -ENODEV);
    CHECK(c, id == UINT32_MAX && reg == UINT32_MAX && state == SRIOV_FN_GONE);
    RETURNS(c, alloc, -ENODEV);
    RETURNS(c, reset, -ENODEV);
    return CONFORM_PASS;
}

static enum conform_verdict killed_gives_all_back(struct conform *c, struct sriov_fn *unused)
{
    (void)unused;
    struct sriov_fn *fn = NULL;
    RETURNS(c, conform_open(c, &fn), 0);
    struct sriov_dma dma;
    int err = sriov_dma_alloc(fn, owner, 4096, 1, SRIOV_DMA_BOTH, &dma);
    uint32_t got;
    if (sriov_irq_count(fn) != 0) {
        (void)sriov_irq_enable(fn, 1, 1, &got);
    }
    sriov_fn_kill(fn);
    int freed = sriov_dma_free(fn, &dma);
    RETURNS(c, sriov_fn_close(fn), 0);
    RETURNS(c, err, 0);
    RETURNS(c, freed, 0);                /* memory can always be given back */
    RETURNS(c, conform_open(c, &fn), 0); /* the device itself was never gone */
    RETURNS(c, sriov_fn_close(fn), 0);
    return CONFORM_PASS;
}

static void ignore_event(void *arg, enum sriov_event event)
{
    (void)arg;
    (void)event;
}

static enum conform_verdict event_sink(struct conform *c, struct sriov_fn *unused)
{
    (void)unused;
    struct sriov_fn_opts opts = {.size = sizeof(opts)};
    if (c->open_opts != NULL) {
        opts = *c->open_opts;
    }
    opts.on_event = ignore_event;
    struct sriov_fn *fn = NULL;
    RETURNS(c, sriov_fn_open(c->vmm, c->device, &opts, &fn), 0);
    bool can = sriov_fn_can(fn, SRIOV_CAP_EVENTS);
    (void)sriov_vmm_wait(c->vmm, MS);
    RETURNS(c, sriov_fn_close(fn), 0);
    return can ? CONFORM_PASS : conform_cannot(c, "no events here");
}

const struct conform_case conform_life_cases[] = {
    {"reset.keeps-config", reset_keeps_config, false}, {"reset.keeps-mappings", reset_keeps_mappings, false},
    {"reset.keeps-sinks", reset_keeps_sinks, false},   {"close.names-the-leak", leak_is_named, true},
    {"kill.dead-is-dead", killed_is_dead, true},       {"kill.gives-all-back", killed_gives_all_back, true},
    {"events.sink-comes-and-goes", event_sink, true},  {NULL, NULL, false},
};
