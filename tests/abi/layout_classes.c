/* SPDX-License-Identifier: BSD-3-Clause */
/* The same as layout.c for what stands on the seam: the manager, migration, pairs. */
#include "layout.h"

#include <sriov/dnis.h>
#include <sriov/migrate.h>
#include <sriov/vm.h>

#if defined(__LP64__)

/* ---- the manager ---- */

SIZE(sriov_bell, 24);
AT(sriov_bell, bar, 0);
AT(sriov_bell, width, 4);
AT(sriov_bell, off, 8);
AT(sriov_bell, values, 16);
AT(sriov_bell, reserved0, 20);

SIZE(sriov_assign_opts, 48);
AT(sriov_assign_opts, size, 0);
AT(sriov_assign_opts, flags, 4);
AT(sriov_assign_opts, slot, 8);
AT(sriov_assign_opts, num_bells, 12);
AT(sriov_assign_opts, bells, 16);
AT(sriov_assign_opts, pf, 24);
AT(sriov_assign_opts, on_event, 32);
AT(sriov_assign_opts, arg, 40);

SIZE(sriov_assign_info, 120);
AT(sriov_assign_info, size, 0);
AT(sriov_assign_info, vectors, 4);
AT(sriov_assign_info, bar_gpa, 8);
AT(sriov_assign_info, trapped, 56);
AT(sriov_assign_info, table, 64);
AT(sriov_assign_info, bell_traps, 72);
AT(sriov_assign_info, bells, 80);
AT(sriov_assign_info, vector_control, 88);
AT(sriov_assign_info, device_trips, 96);
AT(sriov_assign_info, resets, 104);
AT(sriov_assign_info, misplaced, 112);

SIZE(sriov_vcfg_hooks, 72);
AT(sriov_vcfg_hooks, size, 0);
AT(sriov_vcfg_hooks, reserved0, 4);
AT(sriov_vcfg_hooks, bar_moved, 8);
AT(sriov_vcfg_hooks, bus_master, 16);
AT(sriov_vcfg_hooks, msix_enable, 24);
AT(sriov_vcfg_hooks, route, 32);
AT(sriov_vcfg_hooks, pending, 40);
AT(sriov_vcfg_hooks, vector_control, 48);
AT(sriov_vcfg_hooks, flr, 56);
AT(sriov_vcfg_hooks, arg, 64);

SIZE(sriov_vcfg_opts, 8);
AT(sriov_vcfg_opts, size, 0);
AT(sriov_vcfg_opts, flags, 4);

SIZE(sriov_vcfg_counts, 56);
AT(sriov_vcfg_counts, size, 0);
AT(sriov_vcfg_counts, reserved0, 4);
AT(sriov_vcfg_counts, reads, 8);
AT(sriov_vcfg_counts, writes, 16);
AT(sriov_vcfg_counts, vector_control, 24);
AT(sriov_vcfg_counts, device_trips, 32);
AT(sriov_vcfg_counts, ignored, 40);
AT(sriov_vcfg_counts, refused, 48);

/* ---- migration ---- */

SIZE(sriov_mig_fault, 128);
AT(sriov_mig_fault, size, 0);
AT(sriov_mig_fault, tag, 4);
AT(sriov_mig_fault, offset, 8);
AT(sriov_mig_fault, text, 16);

SIZE(sriov_mig_blob, 32);
AT(sriov_mig_blob, bytes, 0);
AT(sriov_mig_blob, len, 8);
AT(sriov_mig_blob, room, 16);
AT(sriov_mig_blob, vmm, 24);

SIZE(sriov_mig_writer, 40);
SIZE(sriov_mig_section, 32);
AT(sriov_mig_section, tag, 0);
AT(sriov_mig_section, version, 4);
AT(sriov_mig_section, required, 8);
AT(sriov_mig_section, found, 9);
AT(sriov_mig_section, has_version, 12);
AT(sriov_mig_section, bytes, 16);
AT(sriov_mig_section, len, 24);

SIZE(sriov_mig_net_opts, 32);
AT(sriov_mig_net_opts, size, 0);
AT(sriov_mig_net_opts, timeout_ns, 8);
AT(sriov_mig_net_opts, rx, 16);
AT(sriov_mig_net_opts, arg, 24);

/* ---- a VF and its standby ---- */

SIZE(sriov_dnis_progress, 32);
AT(sriov_dnis_progress, size, 0);
AT(sriov_dnis_progress, step, 4);
AT(sriov_dnis_progress, from, 8);
AT(sriov_dnis_progress, to, 12);
AT(sriov_dnis_progress, reason, 16);
AT(sriov_dnis_progress, rc, 20);
AT(sriov_dnis_progress, time_ns, 24);

SIZE(sriov_dnis_hooks, 32);
AT(sriov_dnis_hooks, size, 0);
AT(sriov_dnis_hooks, reserved0, 4);
AT(sriov_dnis_hooks, move, 8);
AT(sriov_dnis_hooks, on_step, 16);
AT(sriov_dnis_hooks, arg, 24);

SIZE(sriov_dnis_addr, 20);
AT(sriov_dnis_addr, ip, 0);
AT(sriov_dnis_addr, is_ipv6, 16);
AT(sriov_dnis_addr, reserved0, 17);
AT(sriov_dnis_addr, vlan, 18);

SIZE(sriov_dnis_opts, 104);
AT(sriov_dnis_opts, size, 0);
AT(sriov_dnis_opts, flags, 4);
AT(sriov_dnis_opts, standby, 8);
AT(sriov_dnis_opts, hooks, 16);
AT(sriov_dnis_opts, addrs, 24);
AT(sriov_dnis_opts, addr_count, 32);
AT(sriov_dnis_opts, policy, 36);
AT(sriov_dnis_opts, queues, 40);
AT(sriov_dnis_opts, announce_rounds, 42);
AT(sriov_dnis_opts, reserved0, 44);
AT(sriov_dnis_opts, announce_ns, 48);
AT(sriov_dnis_opts, hold_down_ns, 56);
AT(sriov_dnis_opts, up_ns, 64);
AT(sriov_dnis_opts, drain_ns, 72);
AT(sriov_dnis_opts, settle_ns, 80);
AT(sriov_dnis_opts, quiet_ns, 88);
AT(sriov_dnis_opts, silence_ns, 96);

SIZE(sriov_dnis_info, 56);
AT(sriov_dnis_info, size, 0);
AT(sriov_dnis_info, active, 4);
AT(sriov_dnis_info, vf_state, 8);
AT(sriov_dnis_info, standby_state, 12);
AT(sriov_dnis_info, mac, 16);
AT(sriov_dnis_info, queues, 22);
AT(sriov_dnis_info, mtu, 24);
AT(sriov_dnis_info, reserved0, 26);
AT(sriov_dnis_info, link, 28);
AT(sriov_dnis_info, hold_down_ns, 40);
AT(sriov_dnis_info, next_step, 48);

SIZE(sriov_dnis_stats, 192);
AT(sriov_dnis_stats, size, 0);
AT(sriov_dnis_stats, reserved0, 4);
AT(sriov_dnis_stats, rx_packets, 8);
AT(sriov_dnis_stats, rx_bytes, 16);
AT(sriov_dnis_stats, tx_packets, 24);
AT(sriov_dnis_stats, tx_bytes, 32);
AT(sriov_dnis_stats, rx_inactive, 40);
AT(sriov_dnis_stats, tx_moved, 48);
AT(sriov_dnis_stats, tx_copied, 56);
AT(sriov_dnis_stats, tx_dropped, 64);
AT(sriov_dnis_stats, in_doubt, 72);
AT(sriov_dnis_stats, announced, 80);
AT(sriov_dnis_stats, switches, 88);
AT(sriov_dnis_stats, forced, 96);
AT(sriov_dnis_stats, failed, 104);
AT(sriov_dnis_stats, returned, 112);
AT(sriov_dnis_stats, last_ns, 120);
AT(sriov_dnis_stats, last_tx_gap_ns, 184);

#endif

int main(void)
{
    return 0;
}
