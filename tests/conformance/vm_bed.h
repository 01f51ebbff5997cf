/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a case of the VM face stands on: one machine, one simulated PF with VFs to give, and the guest's
 * side of PCI. Whatever a case leaves behind is taken back afterwards, and must then be all there was.
 */
#ifndef CONFORM_VM_BED_H
#define CONFORM_VM_BED_H

#include "../model/mock/toy_model.h"
#include "conform_vm.h"

#include <sriov/drivers.h>
#include <sriov/hw/pci_regs.h>

#define VM_US UINT64_C(1000)
#define VM_MS (1000 * VM_US)

#define VM_BED_SEATS  40u
#define VM_BED_PIECES 16u
#define VM_BED_VFS    40u /* of the toy */

/* One VF, open, perhaps in the machine. */
struct vm_seat {
    struct sriov_fn *fn;
    struct sriov_assign *assign;
    uint32_t slot;
    uint64_t bar[SRIOV_PCI_BAR_COUNT]; /* where the guest put it; SRIOV_VCFG_NOWHERE */
    uint64_t length[SRIOV_PCI_BAR_COUNT];
    uint64_t table; /* guest-physical, of the MSI-X table and its pending bits, after vm_boot */
    uint64_t pba;
};

struct vm_piece {
    uint64_t gpa;
    uint64_t length;
    unsigned char *va;
    bool given;
};

/* How a kind of device is told to interrupt. */
struct vm_device {
    const char *model; /* NULL: the toy */
    uint32_t auto_clear;
    uint32_t mask;
    uint32_t raise; /* a bit per vector; the toy's: the vector */
};

struct vm_bed {
    struct conform *c;
    struct conform_guest guest;
    const struct conform_vm_stage *stage;
    const struct vm_device *device;
    struct sriov_mock *mock;
    struct sriov_vmm *vmm; /* of the functions */
    char pf_name[SRIOV_NAME_MAX];
    struct sriov_fn *pf_fn;
    struct sriov_pf *pf; /* NULL: the toy's has no driver */
    struct vm_seat seats[VM_BED_SEATS];
    uint32_t num_seats;
    struct vm_piece pieces[VM_BED_PIECES];
    uint32_t num_pieces;
    uint64_t next_mmio;
    uint32_t events[SRIOV_ASSIGN_FLR + 1]; /* of enum sriov_assign_event */
    uint64_t expected;                     /* findings that the case wanted */
    struct sriov_violation finding;        /* the last that it did not */
};

/* 0; -EOPNOTSUPP: c->why says why; else c->why says what went wrong. Strike it in any case. */
int vm_bed_build(struct vm_bed *bed, struct conform *c, const struct conform_vm_stage *stage,
                 const struct vm_device *device, const struct conform_vm_opts *opts);
/* Takes back all that is left; 0, or -1 with c->why: something was left that nobody knows of. */
int vm_bed_strike(struct vm_bed *bed);
/* Exactly one finding of this kind came since the last look. */
bool vm_bed_expects(struct vm_bed *bed, enum sriov_violation_kind kind);

/* ---- memory ---- */

/* `pages` pages of CONFORM_VM_RAM + at, given to the guest; *piece lives until the bed is struck. */
int vm_ram(struct vm_bed *bed, uint64_t at, uint64_t pages, struct vm_piece **piece);
/* The same, not given. */
int vm_ram_make(struct vm_bed *bed, uint64_t at, uint64_t pages, struct vm_piece **piece);
struct sriov_vm_mem vm_mem_of(const struct vm_piece *piece);
int vm_ram_give(struct vm_bed *bed, struct vm_piece *piece);
int vm_ram_take(struct vm_bed *bed, struct vm_piece *piece);

/* ---- functions ---- */

/* VF `vf`, open and detached. */
int vm_open(struct vm_bed *bed, uint16_t vf, struct vm_seat **seat);
int vm_close(struct vm_seat *seat);
struct sriov_assign_opts vm_opts(struct vm_bed *bed, uint32_t slot);
/* Into the machine, at opts->slot; the seat knows. */
int vm_give(struct vm_bed *bed, struct vm_seat *seat, const struct sriov_assign_opts *opts);
/* VF 0 at slot 3 with nothing special, and the guest has brought it up: all in one. */
int vm_ready(struct vm_bed *bed, struct vm_seat **seat);
void vm_release(struct vm_seat *seat);

/* ---- the guest ---- */

void vm_pass(struct vm_bed *bed, uint64_t ns);
uint32_t vm_cfg(struct vm_bed *bed, const struct vm_seat *seat, uint32_t off, uint32_t width);
void vm_cfg_put(struct vm_bed *bed, const struct vm_seat *seat, uint32_t off, uint32_t width, uint32_t value);
/* Offset of a capability, or 0. */
uint32_t vm_cap(struct vm_bed *bed, const struct vm_seat *seat, uint8_t id);
/* Sizes every BAR, as PCI code does; *is64 has a bit for each that takes two. */
void vm_size_bars(struct vm_bed *bed, struct vm_seat *seat, uint32_t *is64);
void vm_put_bar(struct vm_bed *bed, struct vm_seat *seat, uint32_t bar, uint64_t gpa);
/* Sizes BARs, places them, switches memory and bus mastering on, finds the MSI-X table. */
int vm_boot(struct vm_bed *bed, struct vm_seat *seat);
uint64_t vm_rd(struct vm_bed *bed, uint64_t gpa, uint32_t width);
void vm_wr(struct vm_bed *bed, uint64_t gpa, uint32_t width, uint64_t value);
/* A register of BAR 0. */
uint32_t vm_reg(struct vm_bed *bed, const struct vm_seat *seat, uint32_t off);
void vm_reg_put(struct vm_bed *bed, const struct vm_seat *seat, uint32_t off, uint32_t value);

/* ---- MSI-X, by the guest ---- */

/* Vector `vector` arrives as interrupt n of the guest. */
void vm_aim(struct vm_bed *bed, const struct vm_seat *seat, uint32_t vector, uint32_t n);
void vm_mask(struct vm_bed *bed, const struct vm_seat *seat, uint32_t vector, bool masked);
/* Message control: SRIOV_PCI_MSIX_CTRL_ENABLE, _MASKALL. */
void vm_msix(struct vm_bed *bed, const struct vm_seat *seat, uint32_t ctrl);
/* Vectors 0 and 1 aimed at interrupts 0 and 1, unmasked and on. */
void vm_msix_up(struct vm_bed *bed, const struct vm_seat *seat);
bool vm_is_pending(struct vm_bed *bed, const struct vm_seat *seat, uint32_t vector);
/* Makes the device signal. */
void vm_raise(struct vm_bed *bed, const struct vm_seat *seat, uint32_t vector);
/* Lets time pass until interrupt n was taken `want` times, and a moment longer; how often it was. */
uint32_t vm_taken(struct vm_bed *bed, uint32_t n, uint32_t want);

/* ---- the toy's DMA, by the guest ---- */

/* The device writes len bytes at gpa. False: it says that it could not. */
bool vm_dma_write(struct vm_bed *bed, const struct vm_seat *seat, uint64_t gpa, uint32_t len);

/* A kind of dirty log that this machine has. */
enum sriov_vm_dirty_mode vm_dirty_mode(struct vm_bed *bed);

/* Nothing on the guest's bus at `slot`. */
bool vm_is_absent(struct vm_bed *bed, uint32_t slot);
struct sriov_assign_info vm_info_of(const struct vm_seat *seat);

/* ---- cases ---- */

enum vm_device_kind {
    VM_ANY = 0, /* whatever --model says */
    VM_TOY = 1, /* a device of a few registers that does DMA when it is told */
};

struct vm_case {
    const char *name;
    enum conform_verdict (*run)(struct conform *c, struct vm_bed *bed);
    enum vm_device_kind device;
    struct conform_vm_opts opts;
};

extern const struct vm_case vm_raw_cases[];
extern const struct vm_case vm_memory_cases[];
extern const struct vm_case vm_assign_cases[];
extern const struct vm_case vm_bus_cases[];
extern const struct vm_case vm_bar_cases[];
extern const struct vm_case vm_bell_cases[];
extern const struct vm_case vm_irq_cases[];
extern const struct vm_case vm_life_cases[];
extern const struct vm_case vm_plug_cases[];
extern const struct vm_case vm_dirty_cases[];
extern const struct vm_case vm_bad_cases[];
extern const struct vm_case vm_ring_cases[];
extern const struct vm_case vm_sweep_cases[];

/* All of them. model: "82599", "82576" or "toy". The number of failed ones, or -EINVAL: no such model. */
int vm_cases_run(struct conform *c, const struct conform_vm_stage *stage, const char *model,
                 const char *only);

#endif
