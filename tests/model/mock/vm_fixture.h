/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine of the mock's on top of the fixture, driven through the raw table as the manager would. */
#ifndef MOCK_VM_FIXTURE_H
#define MOCK_VM_FIXTURE_H

#include "fixture.h"

#include <sriov/vm.h>

#define RAM_GPA   UINT64_C(0x40000000)
#define RAM_PAGES 8u
#define MMIO      UINT64_C(0xd0000000)
#define SLOT      5u
#define VECTORS   TOY_VECTORS

/* What callbacks were told last, and how often. */
struct heard {
    uint32_t calls;
    uint64_t off;
    uint32_t width;
    uint64_t value;
};

struct machine {
    struct fixture *f;
    struct sriov_vm *vm;
    void *ctx; /* the shim's */
    void *dev; /* NULL: none */
    unsigned char *ram;
    struct heard cfg;
    struct heard window;
    struct heard bell;
    struct heard gone;
};

/* With RAM_PAGES of memory and one function in it, not yet on its bus. */
struct machine *machine_make(struct fixture *f, const struct sriov_mock_vm_opts *opts);
/* Takes all of it away; the machine must let go. */
void machine_end(struct machine *m);
int machine_setup(void **state);
int machine_teardown(void **state);

struct sriov_vm_mem machine_mem(const struct machine *m);
struct sriov_vm_dev_args machine_args(struct machine *m, uint32_t slot);
/* A trapped one whose accesses m->window hears of; loads give 0x1122334455667788. */
struct sriov_vm_window machine_window(struct machine *m, uint64_t gpa, uint64_t length);
struct sriov_vm_doorbell machine_bell(struct machine *m, uint64_t gpa, uint32_t values);
void machine_gone(void *machine);
struct sriov_mock_guest_counts machine_counts(struct machine *m);

#define MACHINE_TEST(name) cmocka_unit_test_setup_teardown(name, machine_setup, machine_teardown)

#endif
