/* SPDX-License-Identifier: BSD-3-Clause */
#include "vcfg_machine.h"

#include <errno.h>
#include <string.h>

static int bar_moved(void *arg, uint32_t bar, uint64_t gpa)
{
    struct machine *m = arg;

    if (gpa != SRIOV_VCFG_NOWHERE && (gpa < HOLE_FIRST || gpa - HOLE_FIRST >= HOLE_BYTES)) {
        return -EBUSY; /* memory */
    }
    m->gpa[bar] = gpa;
    return 0;
}

static void deliver(struct machine *m, uint32_t vector)
{
    assert_true(m->route[vector].address == MSI_ADDR && m->route[vector].data < 256);
    m->taken[m->route[vector].data]++;
}

static void on_irq(void *arg, uint32_t vector)
{
    struct machine *m = arg;

    assert_true(vector < VECTORS);
    if (m->routed[vector]) {
        deliver(m, vector);
    } else {
        m->waiting[vector] = true;
    }
}

static int msix_enable(void *arg, bool on)
{
    struct machine *m = arg;
    uint32_t got;
    int rc;

    if (!on) {
        return sriov_irq_disable(m->fn);
    }
    rc = sriov_irq_enable(m->fn, VECTORS, VECTORS, &got);
    for (uint32_t i = 0; rc == 0 && i < VECTORS; i++) {
        rc = sriov_irq_attach(m->fn, i, on_irq, m);
    }
    return rc;
}

static int route(void *arg, uint32_t vector, const struct sriov_vm_msi *msi)
{
    struct machine *m = arg;

    m->routed[vector] = msi != NULL;
    if (msi != NULL) {
        m->route[vector] = *msi;
        if (m->waiting[vector]) {
            m->waiting[vector] = false;
            deliver(m, vector);
        }
    }
    return 0;
}

static int pending(void *arg, uint32_t vector, uint32_t *out)
{
    *out = ((struct machine *)arg)->waiting[vector];
    return 0;
}

static int flr(void *arg)
{
    struct machine *m = arg;

    m->flrs++;
    memset(m->waiting, 0, sizeof(m->waiting));
    return sriov_fn_reset(m->fn);
}

void machine_begin(struct machine *m, const struct vcfg_chip *chip)
{
    struct vf_setup setup = {.model = chip->model, .vfs = 1};
    struct sriov_vcfg_hooks hooks = {.size = sizeof(hooks),
                                     .bar_moved = bar_moved,
                                     .msix_enable = msix_enable,
                                     .route = route,
                                     .pending = pending,
                                     .flr = flr,
                                     .arg = m};
    char name[SRIOV_NAME_MAX];

    memset(m, 0, sizeof(*m));
    m->chip = chip;
    vf_world_make(&m->world, &setup);
    assert_int_equal(sriov_mock_vf_name(m->world.mock, m->world.pf_name, 0, name), 0);
    assert_int_equal(sriov_fn_open(m->world.vmm, name, NULL, &m->fn), 0);
    assert_int_equal(sriov_vcfg_create(m->fn, &hooks, NULL, &m->vcfg), 0);
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        m->gpa[i] = SRIOV_VCFG_NOWHERE;
        if (sriov_vcfg_bar_length(m->vcfg, i) != 0) {
            assert_int_equal(sriov_bar_open(m->fn, i, sriov_vcfg_bar_length(m->vcfg, i), &m->bar[i]), 0);
        }
    }
}

void machine_end(struct machine *m)
{
    sriov_vcfg_destroy(m->vcfg);
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        sriov_bar_close(&m->bar[i]);
    }
    assert_int_equal(sriov_fn_close(m->fn), 0);
    vf_world_end(&m->world);
}

/* The BAR that decodes the address; its offset in *off. */
static uint32_t decode(const struct machine *m, uint64_t gpa, uint64_t *off)
{
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        if (m->gpa[i] != SRIOV_VCFG_NOWHERE && gpa >= m->gpa[i] &&
            gpa - m->gpa[i] < sriov_vcfg_bar_length(m->vcfg, i)) {
            *off = gpa - m->gpa[i];
            return i;
        }
    }
    fail_msg("nobody decodes 0x%llx", (unsigned long long)gpa);
    return 0;
}

uint32_t mmio_rd(struct machine *m, uint64_t gpa)
{
    uint64_t off = 0;
    uint64_t value;
    uint32_t bar = decode(m, gpa, &off);

    if (!sriov_vcfg_bar_read(m->vcfg, bar, off, 4, &value)) {
        assert_int_equal(sriov_bar_read(&m->bar[bar], off, 4, &value), 0);
    }
    return (uint32_t)value;
}

void mmio_wr(struct machine *m, uint64_t gpa, uint32_t value)
{
    uint64_t off = 0;
    uint32_t bar = decode(m, gpa, &off);

    if (!sriov_vcfg_bar_write(m->vcfg, bar, off, 4, value)) {
        assert_int_equal(sriov_bar_write(&m->bar[bar], off, 4, value), 0);
    }
}
