/* SPDX-License-Identifier: BSD-3-Clause */
/* The same as layout.c for what the shims for VFIO, KVM and vfio-user take and tell. */
#include "layout.h"

#include <sriov/kvm.h>
#include <sriov/vfio_user.h>
#include <sriov/xen.h>

#if defined(__LP64__)

/* ---- Xen ---- */

SIZE(sriov_xen_opts, 40);
AT(sriov_xen_opts, size, 0);
AT(sriov_xen_opts, flags, 4);
AT(sriov_xen_opts, sysfs_root, 8);
AT(sriov_xen_opts, dev_root, 16);
AT(sriov_xen_opts, proc_root, 24);
AT(sriov_xen_opts, chunk_bytes, 32);

SIZE(sriov_xen_vm_opts, 64);
AT(sriov_xen_vm_opts, size, 0);
AT(sriov_xen_vm_opts, flags, 4);
AT(sriov_xen_vm_opts, domid, 8);
AT(sriov_xen_vm_opts, ioreq_server, 12);
AT(sriov_xen_vm_opts, timeout_ns, 16);
AT(sriov_xen_vm_opts, name, 24);
AT(sriov_xen_vm_opts, slots_taken, 32);
AT(sriov_xen_vm_opts, reserved0, 36);
AT(sriov_xen_vm_opts, plug, 40);
AT(sriov_xen_vm_opts, unplug_ask, 48);
AT(sriov_xen_vm_opts, arg, 56);

/* ---- VFIO and KVM ---- */

SIZE(sriov_kvm_opts, 48);
AT(sriov_kvm_opts, size, 0);
AT(sriov_kvm_opts, flags, 4);
AT(sriov_kvm_opts, backend, 8);
AT(sriov_kvm_opts, reserved0, 12);
AT(sriov_kvm_opts, sysfs_root, 16);
AT(sriov_kvm_opts, dev_root, 24);
AT(sriov_kvm_opts, proc_root, 32);
AT(sriov_kvm_opts, coalesce_below, 40);

SIZE(sriov_kvm_finding, 32);
AT(sriov_kvm_finding, size, 0);
AT(sriov_kvm_finding, level, 4);
AT(sriov_kvm_finding, thing, 8);
AT(sriov_kvm_finding, text, 16);
AT(sriov_kvm_finding, remedy, 24);

SIZE(sriov_kvm_vm_opts, 144);
AT(sriov_kvm_vm_opts, size, 0);
AT(sriov_kvm_vm_opts, flags, 4);
AT(sriov_kvm_vm_opts, vm_fd, 8);
AT(sriov_kvm_vm_opts, vfio_fd, 12);
AT(sriov_kvm_vm_opts, name, 16);
AT(sriov_kvm_vm_opts, ecam, 24);
AT(sriov_kvm_vm_opts, ecam_buses, 32);
AT(sriov_kvm_vm_opts, slots_taken, 36);
AT(sriov_kvm_vm_opts, first_slot, 40);
AT(sriov_kvm_vm_opts, num_slots, 44);
AT(sriov_kvm_vm_opts, first_gsi, 48);
AT(sriov_kvm_vm_opts, num_gsi, 52);
AT(sriov_kvm_vm_opts, max_bells, 56);
AT(sriov_kvm_vm_opts, ring_entries, 60);
AT(sriov_kvm_vm_opts, without, 64);
AT(sriov_kvm_vm_opts, num_routes, 72);
AT(sriov_kvm_vm_opts, reserved0, 76);
AT(sriov_kvm_vm_opts, routes, 80);
AT(sriov_kvm_vm_opts, set_routes, 88);
AT(sriov_kvm_vm_opts, lock, 96);
AT(sriov_kvm_vm_opts, unlock, 104);
AT(sriov_kvm_vm_opts, plug, 112);
AT(sriov_kvm_vm_opts, unplug_ask, 120);
AT(sriov_kvm_vm_opts, dirty_other, 128);
AT(sriov_kvm_vm_opts, arg, 136);

SIZE(sriov_kvm_vm_stats, 80);
AT(sriov_kvm_vm_stats, size, 0);
AT(sriov_kvm_vm_stats, irqfds, 4);
AT(sriov_kvm_vm_stats, exits_config, 8);
AT(sriov_kvm_vm_stats, exits_trapped, 16);
AT(sriov_kvm_vm_stats, exits_mapped, 24);
AT(sriov_kvm_vm_stats, exits_bell, 32);
AT(sriov_kvm_vm_stats, exits_other, 40);
AT(sriov_kvm_vm_stats, exits_ring, 48);
AT(sriov_kvm_vm_stats, bells, 56);
AT(sriov_kvm_vm_stats, bell_calls, 64);
AT(sriov_kvm_vm_stats, ring_pages, 72);

/* ---- vfio-user ---- */

SIZE(sriov_dma_remote, 32);
AT(sriov_dma_remote, size, 0);
AT(sriov_dma_remote, reserved0, 4);
AT(sriov_dma_remote, read, 8);
AT(sriov_dma_remote, write, 16);
AT(sriov_dma_remote, arg, 24);

SIZE(sriov_vfu_device_opts, 64);
AT(sriov_vfu_device_opts, size, 0);
AT(sriov_vfu_device_opts, flags, 4);
AT(sriov_vfu_device_opts, path, 8);
AT(sriov_vfu_device_opts, max_bytes, 16);
AT(sriov_vfu_device_opts, max_maps, 24);
AT(sriov_vfu_device_opts, reserved0, 28);
AT(sriov_vfu_device_opts, remote_map, 32);
AT(sriov_vfu_device_opts, remote_unmap, 40);
AT(sriov_vfu_device_opts, remote_arg, 48);
AT(sriov_vfu_device_opts, remote_timeout_ns, 56);

SIZE(sriov_vfu_counts, 88);
AT(sriov_vfu_counts, size, 0);
AT(sriov_vfu_counts, maps, 4);
AT(sriov_vfu_counts, bytes, 8);
AT(sriov_vfu_counts, clients, 16);
AT(sriov_vfu_counts, turned_away, 24);
AT(sriov_vfu_counts, messages, 32);
AT(sriov_vfu_counts, posted, 40);
AT(sriov_vfu_counts, refused, 48);
AT(sriov_vfu_counts, broken, 56);
AT(sriov_vfu_counts, resets, 64);
AT(sriov_vfu_counts, dma_reads, 72);
AT(sriov_vfu_counts, dma_writes, 80);

SIZE(sriov_vfu_client_opts, 56);
AT(sriov_vfu_client_opts, size, 0);
AT(sriov_vfu_client_opts, num_paths, 4);
AT(sriov_vfu_client_opts, paths, 8);
AT(sriov_vfu_client_opts, dir, 16);
AT(sriov_vfu_client_opts, timeout_ns, 24);
AT(sriov_vfu_client_opts, iova_first, 32);
AT(sriov_vfu_client_opts, iova_last, 40);
AT(sriov_vfu_client_opts, flags, 48);
AT(sriov_vfu_client_opts, reserved0, 52);

_Static_assert(SRIOV_VFU_UNSHARED == 1 && SRIOV_VFU_UNSEALED == 2, "flags of a served device");
_Static_assert(SRIOV_VFU_CLIENT_UNSHARED == 1, "flags of a client");

#endif

int main(void)
{
    return 0;
}
