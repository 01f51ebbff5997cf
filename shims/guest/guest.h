/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside the guest shim. One CPU, one control thread; only irq.c runs in interrupt context. */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include <sriov/guest.h>
#include <sriov/hw/pci_regs.h>
#include <sriov/log.h>

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define GUEST_PAGE     UINT64_C(4096)
#define GUEST_NS_MS    UINT64_C(1000000)
#define GUEST_DEVS_MAX 64u
#define GUEST_BUSES    256u

static inline bool guest_is_pow2(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static inline uint64_t guest_align_up(uint64_t value, uint64_t align)
{
    return (value + (align - 1)) & ~(align - 1);
}

/* A struct that begins with its size, as far as the caller's reaches; the size stays the caller's. */
static inline void guest_answer(void *to, uint32_t room, void *from, uint32_t have)
{
    memcpy(from, &room, sizeof(room));
    memcpy(to, from, room < have ? room : have);
}

/* ---- heap.c: first fit in what the image gave; sorted free extents kept in the free memory ---- */

struct heap_extent {
    struct heap_extent *next;
    uint64_t size;
};

struct guest_heap {
    struct heap_extent *first;
    uint64_t free;
};

void guest_heap_init(struct guest_heap *heap, void *memory, uint64_t size);
/* Zeroed. align: a power of two. NULL when there is none. */
void *guest_heap_alloc(struct guest_heap *heap, uint64_t size, uint64_t align);
void guest_heap_free(struct guest_heap *heap, void *ptr, uint64_t size);

/* ---- window.c: device memory in page tables of our own ---- */

#define GUEST_SLOT       UINT64_C(0x200000) /* one entry of a page directory */
#define GUEST_SLOTS      512u
#define GUEST_SLOT_WORDS (GUEST_SLOTS / 64u)

struct guest_window {
    uint64_t *pdpt;
    uint64_t *pd;
    uint64_t taken[GUEST_SLOT_WORDS];
};

struct guest_map {
    volatile uint8_t *va; /* NULL: not mapped */
    uint64_t length;
    uint32_t slot;
    uint32_t slots;
};

struct guest;
int guest_window_open(struct guest *g);
void guest_window_close(struct guest *g);
/* Uncached. large: by 2 MiB pages, phys must be a multiple of them. -ENOMEM. */
int guest_window_map(struct guest *g, uint64_t phys, uint64_t length, bool large, struct guest_map *map);
void guest_window_unmap(struct guest *g, struct guest_map *map);
/* Every page becomes the one given. */
void guest_window_redirect(struct guest *g, const struct guest_map *map, const void *page);
/* RAM that the CPU and the device call by the same number. */
bool guest_window_is_identity(const void *va, uint64_t length);

/* ---- config space: cfg.c, acpi.c ---- */

struct guest_ecam {
    uint64_t phys;
    uint32_t first_bus;
    uint32_t last_bus;
};

/* -ENOENT: no such table, or a broken one. */
int guest_acpi_ecam(uint64_t rsdp, struct guest_ecam *ecam);

#define GUEST_RID(bus, dev, fn) ((uint16_t)((bus) << 8 | (dev) << 3 | (fn)))

int guest_cfg_open(struct guest *g, const struct sriov_guest_opts *opts);
/* off a multiple of width, inside; all-ones where nothing answers. */
uint32_t guest_cfg_read(struct guest *g, uint16_t rid, uint32_t off, uint32_t width);
void guest_cfg_write(struct guest *g, uint16_t rid, uint32_t off, uint32_t width, uint32_t value);
uint32_t guest_cfg_size(const struct guest *g);
/* 0: not there, or a list that is broken. */
uint16_t guest_cfg_cap(struct guest *g, uint16_t rid, uint8_t id);
uint16_t guest_cfg_ext_cap(struct guest *g, uint16_t rid, uint16_t id);

static inline uint16_t guest_cfg_read16(struct guest *g, uint16_t rid, uint32_t off)
{
    return (uint16_t)guest_cfg_read(g, rid, off, 2);
}

static inline uint32_t guest_cfg_read32(struct guest *g, uint16_t rid, uint32_t off)
{
    return guest_cfg_read(g, rid, off, 4);
}

/* ---- functions: scan.c finds them, sriov.c makes VFs ---- */

struct guest_bar {
    uint64_t phys;
    uint64_t length; /* 0: not implemented */
    uint32_t flags;  /* SRIOV_BAR_* */
    uint32_t reserved0;
};

struct guest_fn;

struct guest_dev {
    uint16_t rid;
    uint16_t exp; /* offsets of capabilities, 0: none */
    uint16_t msix;
    uint16_t sriov;
    uint16_t vf_index;
    uint16_t num_vfs;
    bool bridge;
    bool can_flr;
    struct guest_dev *pf;  /* of a VF */
    struct guest_dev *vfs; /* of a PF: num_vfs of them */
    struct guest_fn *fn;   /* who has it open */
    struct guest_bar bar[SRIOV_PCI_BAR_COUNT];
    struct guest_bar vf_bar[SRIOV_PCI_SRIOV_VF_BAR_COUNT]; /* of a PF: of its first VF */
};

int guest_scan(struct guest *g);
/* Reads BARs of the header or of the SR-IOV capability (`at`), whose size it learns by writing. */
void guest_bar_probe(struct guest *g, uint16_t rid, uint32_t at, struct guest_bar *bar);
void guest_bar_assign(struct guest *g, uint16_t rid, uint32_t at, struct guest_bar *bar, uint64_t phys);
void guest_dev_caps(struct guest *g, struct guest_dev *dev);
/* The bridge whose secondary bus this is; NULL: a root bus. */
struct guest_dev *guest_dev_above(struct guest *g, uint32_t bus);
struct guest_dev *guest_dev_find(struct guest *g, const char *name);
void guest_dev_name(const struct guest_dev *dev, char name[SRIOV_NAME_MAX]);
void guest_dev_info(struct guest *g, const struct guest_dev *dev, struct sriov_fn_info *info);

/* Address space for a BAR on this bus: a free place of the bridge's windows, on a root bus of the
 * image's range. -ENOSPC. */
int guest_place(struct guest *g, uint32_t bus, uint64_t length, uint64_t align, uint32_t flags,
                uint64_t *phys);

int guest_op_set_vfs(void *fn, uint16_t n);
/* Writes the SR-IOV capability as it was before a reset of the PF. */
void guest_vfs_restore(struct guest *g, struct guest_dev *pf);

/* ---- clock.c, apic.c ---- */

int guest_clock_open(struct guest *g, uint64_t tsc_hz);
uint64_t guest_now(const struct guest *g);
/* Time passes, callbacks do not run. */
void guest_pass(struct guest *g, uint64_t ns);

int guest_apic_open(struct guest *g);
void guest_apic_close(struct guest *g);
uint32_t guest_apic_read(uint32_t reg);
void guest_apic_write(uint32_t reg, uint32_t value);
void guest_apic_eoi(void);
void guest_apic_send_self(uint8_t vector);
uint32_t guest_apic_id(void);
#define GUEST_APIC_TIMER_COUNT UINT32_C(0x380)
#define GUEST_APIC_TIMER_NOW   UINT32_C(0x390)

/* ---- irq.c: IDT vectors ---- */

struct guest_vector {
    struct guest_fn *fn; /* NULL: free */
    uint32_t index;      /* MSI-X vector of fn */
    bool masked;
    struct sriov_irq_sink sink; /* kind 0: none */
};

int guest_idt_open(struct guest *g);
void guest_idt_close(struct guest *g);
/* Runs callbacks that are due; how many. */
uint32_t guest_deliver(struct guest *g);
bool guest_any_due(struct guest *g);
/* Halts until an interrupt or for ns at most; at once when something is due already and `look`. */
void guest_idle(struct guest *g, uint64_t ns, bool look);
void guest_vector_set_pending(uint32_t v);
bool guest_vector_pending(uint32_t v);
void guest_vector_forget(uint32_t v);
/* MSI-X interrupts taken since the machine began. */
uint64_t guest_irq_taken(void);
/* Called by the stubs with interrupts off. */
void guest_irq_entry(uint64_t vector);

/* ---- an open function ---- */

struct guest_fn {
    struct guest *g;
    struct guest_dev *dev;
    void *inert; /* a page of all-ones, for after kill */
    struct guest_map map[SRIOV_PCI_BAR_COUNT];
    bool dead;
    uint32_t vectors; /* on now */
    uint16_t *vector; /* of each: index into guest.vector */
    uint32_t room;    /* of that array */
};

/* Maps a memory BAR if it is not yet. -EOPNOTSUPP: ports; -ENOENT; -ENOMEM. */
int guest_bar_map(struct guest_fn *fn, uint32_t bar);
void guest_msix_restore(struct guest_fn *fn);
void guest_fn_views_end(struct guest_fn *fn);

int guest_op_enumerate(void *vmm, sriov_enum_cb cb, void *arg);
int guest_op_open(void *vmm, const struct sriov_open_args *args, void **fn);
void guest_op_close(void *fn);
int guest_op_info(void *fn, struct sriov_fn_info *info);
int guest_op_reset(void *fn);
void guest_op_kill(void *fn);
int guest_op_cfg_read(void *fn, uint32_t off, uint32_t width, uint32_t *value);
int guest_op_cfg_write(void *fn, uint32_t off, uint32_t width, uint32_t value);
int guest_op_bar_info(void *fn, uint32_t bar, struct sriov_bar_info *info);
int guest_op_bar_view(void *fn, uint32_t bar, volatile void **view);
void guest_op_bar_unview(void *fn, uint32_t bar, volatile void *view);
int guest_op_bar_read(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value);
int guest_op_bar_write(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value);
int guest_op_dma_limits(void *fn, struct sriov_dma_limits *limits);
int guest_op_dma_alloc(void *fn, struct sriov_dma_mem *mem);
int guest_op_dma_free(void *fn, const struct sriov_dma_mem *mem);
int guest_op_dma_map(void *fn, struct sriov_dma_mem *mem);
int guest_op_dma_unmap(void *fn, const struct sriov_dma_mem *mem);
int guest_op_irq_count(void *fn, uint32_t *count);
int guest_op_irq_enable(void *fn, uint32_t *n);
int guest_op_irq_disable(void *fn);
int guest_op_irq_attach(void *fn, uint32_t vector, const struct sriov_irq_sink *sink);
int guest_op_irq_detach(void *fn, uint32_t vector);
int guest_op_irq_mask(void *fn, uint32_t vector);
int guest_op_irq_unmask(void *fn, uint32_t vector);
int guest_op_irq_pending(void *fn, uint32_t vector, uint32_t *pending);
int guest_op_irq_trigger(void *fn, uint32_t vector);

/* ---- the machine ---- */

struct guest {
    struct guest_heap heap;
    struct guest_window window;
    struct guest_map ecam; /* not mapped: ports */
    uint32_t first_bus;
    uint32_t last_bus;
    uint64_t mmio;
    uint64_t mmio_size;
    uint64_t phys_last;     /* highest physical address of this CPU */
    struct guest_dev *devs; /* GUEST_DEVS_MAX */
    uint32_t num_devs;
    uint64_t tsc_base;
    uint64_t tsc_hz;
    uint64_t ns_per_tick;  /* 32.32 */
    uint64_t timer_per_ns; /* APIC timer ticks, 32.32 */
    bool apic_on;
    struct guest_map apic; /* not mapped: MSRs */
    struct guest_vector vector[SRIOV_GUEST_VECTORS];
    bool delivering;
    uint64_t halts;
    uint64_t stray;
    struct sriov_vmm *vmm;
    void (*log)(void *arg, uint32_t level, const char *line);
    void *log_arg;
};

/* For messages of the shim itself, before and after there is a struct sriov_vmm too. */
void guest_say(struct guest *g, enum sriov_log_level level, const char *line);

#endif
