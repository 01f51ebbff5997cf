/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A simulated machine: memory, windows, doorbells and vectors that the manager gave it, and a guest that
 * a test plays. A function in it (struct mock_dev) stays known after vm_dev_del until the machine ends,
 * so that a second one is named and a late interrupt finds no freed memory.
 */
#ifndef SRIOV_MOCK_VM_H
#define SRIOV_MOCK_VM_H

#include "internal.h"

#define MOCK_VM_SLOTS 32u
#define MOCK_VM_RING  64u

struct mock_vm;
struct mock_dev;

struct mock_vm_mem {
    struct sriov_vm_mem mem;
    uint64_t *dirty; /* a bit per page, while the log is on */
};

struct mock_window {
    struct mock_dev *dev;
    struct sriov_vm_window win;
};

struct mock_bell {
    struct mock_bell *next;
    struct mock_dev *dev;
    struct sriov_vm_doorbell spec;
    uint64_t told;   /* to the callback last */
    uint64_t latest; /* since then */
    bool rung;
};

struct mock_vm_vector {
    struct mock_dev *dev;
    uint32_t index;
    bool given; /* its sink is out */
    bool routed;
    bool pending; /* came while it had no route */
    uint64_t address;
    uint32_t data;
};

struct mock_dev {
    struct mock_dev *next;
    struct mock_vm *vm;
    char name[SRIOV_NAME_MAX];
    struct sriov_vm_dev_args args;
    uint32_t slot;
    struct mock_vm_vector *vectors;
    bool alive;
    bool plugged;
    bool asked; /* to let go */
    void (*gone)(void *arg);
    void *gone_arg;
};

/* A message that the guest took. */
struct mock_taken {
    uint64_t address;
    uint32_t data;
    uint64_t count;
};

struct mock_vm {
    struct mock_vm *next;
    struct sriov_mock *mock;
    struct sriov_vm *handle;
    char name[SRIOV_NAME_MAX];
    struct sriov_mock_vm_opts opts;
    struct mock_vm_mem *mems;
    size_t num_mems;
    size_t mems_room;
    struct mock_window *windows;
    size_t num_windows;
    size_t windows_room;
    struct mock_bell *bells;
    struct mock_dev *devs; /* the dead ones too */
    struct mock_taken *taken;
    size_t num_taken;
    size_t taken_room;
    uint32_t dirty_mode; /* 0: off */
    uint64_t *ring;      /* of guest-physical pages */
    uint32_t ring_count;
    unsigned in_callback; /* of the machine's: config, window, doorbell */
    struct sriov_mock_guest_counts counts;
    uint64_t told[MOCK_VM_SLOTS][2]; /* of one that came, of one that is to go */
    void (*on_interrupt)(void *arg, uint64_t address, uint32_t data);
    void *on_interrupt_arg;
};

/* vm.c */
bool mock_vm_can(const struct mock_vm *vm, uint64_t cap);
/* Counts an op of a function in a machine; -EINVAL, and a finding, for one that is no longer in it. */
int mock_gate_dev(struct mock_dev *dev, enum mock_op op, const char *what);
struct mock_vm *mock_vm_of(struct sriov_vm *vm);
/* Around a callback of the machine's. */
void mock_vm_enter(struct mock_vm *vm);
void mock_vm_leave(struct mock_vm *vm);

/* vm_mem.c */
/* What is at [first, last]? */
bool mock_vm_over_memory(const struct mock_vm *vm, uint64_t first, uint64_t last);
/* The piece that has gpa, or NULL. */
struct mock_vm_mem *mock_vm_find_mem(const struct mock_vm *vm, uint64_t gpa);
/* Pieces of memory and mapped windows: 0, or -ENOSPC: one more is too many. */
int mock_vm_check_room(const struct mock_vm *vm);
/* Length is no zero, its end is an address, and both are pages where `paged`. */
bool mock_vm_is_range(uint64_t gpa, uint64_t length, bool paged);
void mock_vm_mem_free(struct mock_vm *vm);

/* vm_window.c */
bool mock_vm_over_window(const struct mock_vm *vm, uint64_t first, uint64_t last);
const struct mock_window *mock_vm_find_window(const struct mock_vm *vm, uint64_t gpa);
void mock_vm_windows_drop(struct mock_dev *dev);

/* vm_bell.c */
/* True: the store rang one. */
bool mock_vm_ring(struct mock_vm *vm, uint64_t gpa, uint32_t width, uint64_t value);
uint64_t mock_vm_bell_values(const struct mock_vm *vm);
size_t mock_vm_bells(const struct mock_vm *vm);
void mock_vm_bells_drop(struct mock_dev *dev);

/* vm_irq.c */
uint64_t mock_vm_vectors(const struct mock_vm *vm); /* whose sinks are out */
void mock_vm_irq_drop(struct mock_dev *dev);

/* vm_dirty.c */
/* One more piece of memory while the log is on. */
int mock_vm_dirty_begin(const struct mock_vm *vm, struct mock_vm_mem *mem);
/* The CPU wrote len bytes at gpa, all of one piece. */
void mock_vm_dirty_mark(struct mock_vm *vm, uint64_t gpa, uint64_t len);
/* Whatever the ring has goes to the bitmaps. */
void mock_vm_dirty_collect(struct mock_vm *vm);

/* vm_dev.c */
struct mock_dev *mock_vm_dev_at(const struct mock_vm *vm, uint32_t slot); /* plugged in or not */
void mock_vm_dev_drop(struct mock_dev *dev);

#endif
