/* SPDX-License-Identifier: BSD-3-Clause */
/* What a VMM asks of a machine: checked, with the defaults filled in. */
#include "skvm_vm.h"

#include <errno.h>
#include <string.h>

#define SLOTS_DEFAULT 64u
#define SLOTS_MAX     4096u
#define GSI_FIRST     24u
#define GSIS_DEFAULT  256u
#define ROUTES_MAX    4096u
#define BELLS_DEFAULT 960u
#define RING_DEFAULT  4096u
#define RING_MAX      65536u
#define OPTS_SIZE_MAX 4096u
#define ALL_FLAGS                                                                                            \
    (SRIOV_KVM_VM_PORTS | SRIOV_KVM_VM_DIRTY_RING | SRIOV_KVM_VM_MANUAL_CLEAR | SRIOV_KVM_VM_IRQCHIP_ROUTES)

static int copy(struct sriov_kvm_vm_opts *own, const struct sriov_kvm_vm_opts *opts)
{
    if (opts == NULL || opts->size < offsetof(struct sriov_kvm_vm_opts, vfio_fd)) {
        return -EINVAL;
    }
    if (opts->size > OPTS_SIZE_MAX) {
        return -E2BIG;
    }
    for (size_t i = sizeof(*own); i < opts->size; i++) {
        if (((const unsigned char *)opts)[i] != 0) {
            return -E2BIG;
        }
    }
    memset(own, 0, sizeof(*own));
    memcpy(own, opts, opts->size < sizeof(*own) ? opts->size : sizeof(*own));
    return 0;
}

static uint32_t or_default(uint32_t given, uint32_t normal)
{
    return given != 0 ? given : normal;
}

static void fill(struct sriov_kvm_vm_opts *own)
{
    own->ecam_buses = own->ecam != 0 ? or_default(own->ecam_buses, 1) : 0;
    own->num_slots = or_default(own->num_slots, SLOTS_DEFAULT);
    own->first_gsi = or_default(own->first_gsi, GSI_FIRST);
    own->num_gsi = or_default(own->num_gsi, GSIS_DEFAULT);
    own->max_bells = or_default(own->max_bells, BELLS_DEFAULT);
    own->ring_entries = or_default(own->ring_entries, RING_DEFAULT);
    own->name = own->name != NULL ? own->name : "kvm";
    own->vfio_fd = own->vfio_fd != 0 ? own->vfio_fd : -1;
}

static bool numbers_good(const struct sriov_kvm_vm_opts *own)
{
    uint32_t ring = own->ring_entries;
    return own->num_slots <= SLOTS_MAX && own->first_slot <= UINT16_MAX - own->num_slots &&
           own->num_gsi <= ROUTES_MAX && own->first_gsi <= ROUTES_MAX - own->num_gsi &&
           own->num_routes <= ROUTES_MAX && own->max_bells <= UINT16_MAX && own->ecam_buses <= 256 &&
           ring <= RING_MAX && (ring & (ring - 1)) == 0;
}

int skvm_vm_opts_take(struct sriov_kvm_vm_opts *own, const struct sriov_kvm_vm_opts *opts)
{
    int err = copy(own, opts);
    if (err != 0) {
        return err;
    }
    fill(own);
    bool good = (own->flags & ~ALL_FLAGS) == 0 && own->reserved0 == 0 && own->vm_fd >= 0 &&
                own->ecam % SKVM_ECAM_BUS == 0 && numbers_good(own) &&
                (own->ecam == 0 || own->ecam <= UINT64_MAX - (own->ecam_buses * SKVM_ECAM_BUS - 1)) &&
                (own->lock == NULL) == (own->unlock == NULL) &&
                (own->num_routes == 0) == (own->routes == NULL) &&
                (own->set_routes == NULL || own->num_routes == 0);
    return good ? 0 : -EINVAL;
}
