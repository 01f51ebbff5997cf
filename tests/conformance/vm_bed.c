/* SPDX-License-Identifier: BSD-3-Clause */
/* Building what a case stands on, and taking it down. */
#include "vm_bed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PF_SERVICE_NS UINT64_C(50000)
/* IOVA is guest-physical address: all that a machine may have, from 0. */
#define IOVA_LAST ((UINT64_C(1) << 36) - 1)

static void note_finding(void *arg, const struct sriov_violation *violation)
{
    struct vm_bed *bed = arg;
    bed->finding = *violation;
}

static void no_line(void *arg, uint32_t level, const char *line)
{
    (void)arg;
    (void)level;
    (void)line;
}

static void serve(void *arg)
{
    (void)sriov_pf_poll(arg);
}

/* The PF behind the VFs, with our driver where it has one. */
static int pf_up(struct vm_bed *bed)
{
    int err = sriov_fn_open(bed->vmm, bed->pf_name, NULL, &bed->pf_fn);
    if (err != 0 || bed->device->model == NULL) {
        return err != 0 ? err : sriov_fn_set_vfs(bed->pf_fn, VM_BED_VFS);
    }
    struct sriov_pf_opts opts = {.size = sizeof(opts)};
    err = sriov_pf_open(bed->pf_fn, sriov_pf_drivers, &opts, &bed->pf);
    if (err == 0) {
        err = sriov_pf_enable_vfs(bed->pf, 2);
    }
    if (err == 0) {
        err = sriov_mock_task(bed->mock, PF_SERVICE_NS, serve, bed->pf);
    }
    return err < 0 ? err : 0;
}

static int make_mock(struct vm_bed *bed)
{
    struct sriov_mock_opts opts = {.size = sizeof(opts),
                                   .flags = SRIOV_MOCK_QUIET,
                                   .iova_last = IOVA_LAST,
                                   .on_violation = note_finding,
                                   .arg = bed};
    int err = sriov_mock_create(&opts, &bed->mock);
    if (err != 0) {
        return err;
    }
    bed->vmm = sriov_mock_vmm(bed->mock);
    if (bed->device->model != NULL) {
        return sriov_mock_add_pf(bed->mock, bed->device->model, NULL, bed->pf_name);
    }
    return sriov_mock_add_model(bed->mock, &toy_model, NULL, bed->pf_name);
}

int vm_bed_build(struct vm_bed *bed, struct conform *c, const struct conform_vm_stage *stage,
                 const struct vm_device *device, const struct conform_vm_opts *opts)
{
    memset(bed, 0, sizeof(*bed));
    bed->c = c;
    bed->stage = stage;
    bed->device = device;
    bed->next_mmio = CONFORM_VM_MMIO;
    int err = make_mock(bed);
    if (err == 0) {
        err = pf_up(bed);
    }
    if (err != 0) {
        (void)conform_fail(c, __LINE__, "the simulated PF", err);
        return err == -EOPNOTSUPP ? -EIO : err;
    }
    bed->guest.stage = stage;
    bed->guest.mock = bed->mock;
    err = stage->build(&bed->guest, opts);
    if (err != 0) {
        (void)conform_cannot(c, bed->guest.why);
        bed->guest.vm = NULL;
        return err;
    }
    /* Refusals are what the cases are about. */
    sriov_log_set_sink(sriov_vm_vmm(bed->guest.vm), no_line, NULL);
    return 0;
}

bool vm_bed_expects(struct vm_bed *bed, enum sriov_violation_kind kind)
{
    bool right = sriov_mock_violations(bed->mock, 0) == 1 && sriov_mock_violations(bed->mock, kind) == 1;
    sriov_mock_forget_violations(bed->mock);
    return right;
}

/* Each in its own words, so that a failure says which; the first one counts. */
static void complain(struct vm_bed *bed, int *err, const char *what, int64_t got)
{
    if (*err == 0) {
        (void)conform_fail(bed->c, __LINE__, what, got);
    }
    *err = -1;
}

static void take_all_back(struct vm_bed *bed, int *err)
{
    for (uint32_t i = bed->num_seats; i > 0; i--) {
        vm_release(&bed->seats[i - 1]);
    }
    for (uint32_t i = bed->num_pieces; i > 0; i--) {
        int rc = bed->pieces[i - 1].given ? vm_ram_take(bed, &bed->pieces[i - 1]) : 0;
        if (rc != 0) {
            complain(bed, err, "memory is given back after the case", rc);
        }
    }
    for (uint32_t i = bed->num_seats; i > 0; i--) {
        int leaks = vm_close(&bed->seats[i - 1]);
        if (leaks != 0) {
            complain(bed, err, "closing a function after the case found leaks", leaks);
        }
    }
}

static void pf_down(struct vm_bed *bed, int *err)
{
    if (bed->pf != NULL) {
        sriov_pf_close(bed->pf);
    } else if (bed->pf_fn != NULL) {
        (void)sriov_fn_set_vfs(bed->pf_fn, 0);
    }
    if (bed->pf_fn != NULL && sriov_fn_close(bed->pf_fn) != 0) {
        complain(bed, err, "closing the PF found leaks", 0);
    }
}

int vm_bed_strike(struct vm_bed *bed)
{
    int err = 0;
    take_all_back(bed, &err);
    if (bed->guest.vm != NULL && bed->stage->strike(&bed->guest) != 0) {
        complain(bed, &err, "the machine is whole after the case", 1);
    }
    pf_down(bed, &err);
    if (bed->mock != NULL) {
        uint64_t findings = sriov_mock_violations(bed->mock, 0);
        uint64_t held = sriov_mock_held(bed->mock);
        if (findings != 0 && err == 0) {
            sriov_format(bed->c->why, sizeof(bed->c->why), "the mock found: %s", bed->finding.text);
            err = -1;
        }
        if (held != 0) {
            complain(bed, &err, "the mock still holds something after the case", (int64_t)held);
        }
        sriov_mock_destroy(bed->mock);
    }
    for (uint32_t i = 0; i < bed->num_pieces; i++) {
        free(bed->pieces[i].va);
    }
    return err;
}

/* ---- memory ---- */

int vm_ram_make(struct vm_bed *bed, uint64_t at, uint64_t pages, struct vm_piece **out)
{
    if (bed->num_pieces == VM_BED_PIECES) {
        return -ENOSPC;
    }
    struct vm_piece *piece = &bed->pieces[bed->num_pieces];
    piece->gpa = CONFORM_VM_RAM + at;
    piece->length = pages * SRIOV_VM_PAGE;
    piece->va = aligned_alloc(SRIOV_VM_PAGE, piece->length);
    if (piece->va == NULL) {
        return -ENOMEM;
    }
    memset(piece->va, 0, piece->length);
    bed->num_pieces++;
    *out = piece;
    return 0;
}

struct sriov_vm_mem vm_mem_of(const struct vm_piece *piece)
{
    return (struct sriov_vm_mem){
        .size = sizeof(struct sriov_vm_mem), .gpa = piece->gpa, .length = piece->length, .va = piece->va};
}

int vm_ram_give(struct vm_bed *bed, struct vm_piece *piece)
{
    struct sriov_vm_mem mem = vm_mem_of(piece);
    int err = sriov_vm_add_memory(bed->guest.vm, &mem);
    piece->given = piece->given || err == 0;
    return err;
}

int vm_ram_take(struct vm_bed *bed, struct vm_piece *piece)
{
    int err = sriov_vm_del_memory(bed->guest.vm, piece->gpa, piece->length);
    piece->given = piece->given && err != 0;
    return err;
}

int vm_ram(struct vm_bed *bed, uint64_t at, uint64_t pages, struct vm_piece **piece)
{
    int err = vm_ram_make(bed, at, pages, piece);
    return err == 0 ? vm_ram_give(bed, *piece) : err;
}

/* ---- functions ---- */

int vm_open(struct vm_bed *bed, uint16_t vf, struct vm_seat **out)
{
    char name[SRIOV_NAME_MAX];
    int err = bed->num_seats < VM_BED_SEATS ? 0 : -ENOSPC;
    if (err == 0) {
        err = sriov_mock_vf_name(bed->mock, bed->pf_name, vf, name);
    }
    if (err != 0) {
        return err;
    }
    struct vm_seat *seat = &bed->seats[bed->num_seats];
    memset(seat, 0, sizeof(*seat));
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        seat->bar[i] = SRIOV_VCFG_NOWHERE;
    }
    err = sriov_fn_open(bed->vmm, name, NULL, &seat->fn);
    if (err == 0) {
        bed->num_seats++;
        *out = seat;
    }
    return err;
}

int vm_close(struct vm_seat *seat)
{
    int leaks = seat->fn != NULL ? sriov_fn_close(seat->fn) : 0;
    seat->fn = NULL;
    return leaks;
}

static void note_event(void *arg, struct sriov_assign *assign, enum sriov_assign_event event)
{
    struct vm_bed *bed = arg;
    (void)assign;
    bed->events[event]++;
}

struct sriov_assign_opts vm_opts(struct vm_bed *bed, uint32_t slot)
{
    return (struct sriov_assign_opts){
        .size = sizeof(struct sriov_assign_opts), .slot = slot, .on_event = note_event, .arg = bed};
}

int vm_give(struct vm_bed *bed, struct vm_seat *seat, const struct sriov_assign_opts *opts)
{
    seat->slot = opts->slot;
    return sriov_vm_assign(seat->fn, bed->guest.vm, opts, &seat->assign);
}

int vm_ready(struct vm_bed *bed, struct vm_seat **seat)
{
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    int err = vm_open(bed, 0, seat);
    if (err == 0) {
        err = vm_give(bed, *seat, &opts);
    }
    return err == 0 ? vm_boot(bed, *seat) : err;
}

void vm_release(struct vm_seat *seat)
{
    sriov_vm_release(seat->assign);
    seat->assign = NULL;
}
