/* SPDX-License-Identifier: BSD-3-Clause */
/* A small VMM for the core's own tests: plain memory, a clock that moves when told, ops that fail
 * on command, and books on everything that is handed out. */
#ifndef FAKE_VMM_H
#define FAKE_VMM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sriov/driver.h>

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define FAKE_MAPS    4096
#define FAKE_VECTORS 8
#define FAKE_NAME    "0000:01:00.0"

struct fake_map {
    void *va;
    uint64_t iova;
    uint64_t length;
    int own; /* memory is ours */
};

struct fake_fail {
    const char *op; /* NULL: any op that takes a function */
    unsigned nth;   /* from 1; 0: off */
    unsigned times; /* 0: once */
    int err;
};

struct fake {
    struct sriov_vmm_ops ops; /* edit before fake_register */
    struct sriov_vmm *vmm;

    /* host */
    _Atomic uint64_t now;
    _Atomic long live_allocs;
    _Atomic long alloc_calls;
    long fail_alloc; /* this host_alloc (from 1) gives NULL; 0: none */
    unsigned relaxes;
    unsigned sleeps;
    unsigned waits;
    unsigned logs;
    char last_log[300];
    uint32_t last_level;
    void (*on_wait)(struct fake *f); /* what happens while somebody waits */
    int wait_err;                    /* what wait says instead; 0: nothing */

    /* function */
    int opened;
    int closes;
    int kills;
    int resets;
    void (*on_reset)(struct fake *f); /* what happens while it is reset */
    uint16_t vfs;
    char set_vfs_log[64]; /* "4,0,8," */
    struct sriov_fn_info info;
    uint32_t open_flags;
    char open_options[64];
    uint8_t cfg[4096];
    uint8_t *bar[6];
    uint64_t bar_length[6];
    uint32_t bar_flags[6];
    int views;
    void (*on_view)(struct fake *f); /* what happens while a view is made */
    struct sriov_event_sink sink;

    /* DMA */
    struct sriov_dma_limits limits;
    uint64_t max_alloc; /* bytes in one piece; 0: any */
    uint64_t shim_iova; /* next bus address where the shim dictates */
    struct fake_map maps[FAKE_MAPS];
    unsigned num_maps;
    uint32_t last_dir;  /* enum sriov_dma_dir of the latest mapping */
    int master_at_free; /* bus master bit when a mapping was last freed */

    /* interrupts */
    uint32_t irq_have;  /* irq_count */
    uint32_t irq_grant; /* irq_enable gives no more */
    uint32_t irq_on;
    struct sriov_irq_sink irq[FAKE_VECTORS];
    uint32_t irq_masked;
    uint32_t irq_pending;

    struct fake_fail fail;
    unsigned fail_seen; /* calls that matched so far */
    unsigned calls;     /* ops with a function, all together */
    char trace[8192];   /* their names, each with a space behind */
    int tracing;

    /* what the device wrote: the first 64 pages of its IOVAs, a bit each (fake_vm.h) */
    int log_on;
    uint64_t written;
};

/* A device with config space that is in order, BAR 0 of 16 KiB, MSI-X, SR-IOV with 8 VFs. */
void fake_init(struct fake *f);
void fake_register(struct fake *f);
/* Unregister; everything must be given back. */
void fake_finish(struct fake *f);
struct sriov_fn *fake_open(struct fake *f, const struct sriov_fn_opts *opts);
void fake_fail(struct fake *f, const char *op, unsigned nth, int err);
void fake_event(struct fake *f, uint32_t event);
void fake_irq(struct fake *f, uint32_t vector);

/* Config space, little-endian. */
void fake_put16(struct fake *f, unsigned off, uint16_t v);
void fake_put32(struct fake *f, unsigned off, uint32_t v);
uint16_t fake_get16(const struct fake *f, unsigned off);

/* cmocka setup and teardown: a registered fake as *state. */
int fake_setup(void **state);
int fake_teardown(void **state);

#endif
