# SPDX-License-Identifier: BSD-3-Clause
# Of migration: a guest on a VF, moved between two QEMUs and back twenty times, a numbered stream running all the
# while. The guest tests e2e.served.migrate and e2e.served.migrate_netdev have run, and left report.txt and gap.svg.
set(none_lost "^guest to peer: sent [1-9][0-9]+ received [1-9][0-9]+ lost 0 duplicated 0 reordered 0$"
    "^peer to guest: .* lost outside the stops 0 duplicated 0 reordered 0," "^longest gap: "
    "downtime as QEMU reports it " "switch to the standby " "switch to the VF ")
foreach(standby migrate.virtio.20 migrate_netdev.netdev.4)
  string(REPLACE "." ";" parts ${standby})
  list(GET parts 0 scenario)
  list(GET parts 1 kind)
  list(GET parts 2 count)
  sriov_show_guest(mig.3.live-migration-between-two-qemus.${kind} served.${scenario}.82599 small ${here}/lines.py
                   report.txt "^migrations ${count}, all with the VF back" ${none_lost})
endforeach()
sriov_show_guest(mig.7.an-attached-vf-is-not-moved served.migrate.82599 small ${here}/lines.py refused.txt
                 "^status 2: .* VF vf0 is attached and has no failover pair: it would be dead after the move")

# On Xen a domU is saved and restored; its standby is netfront.
if(TARGET sriovxen_static)
  set(none "lost outside the stop 0 duplicated 0 reordered 0,")
  sriov_show_guest(mig.4.saved-and-restored-on-xen xen.migrate stock612 ${here}/lines.py report.txt
                   "^a save and restore, with the VF back; standby netfront$"
                   "^domU to dom0: sent [1-9][0-9]+ received [1-9][0-9]+ ${none}"
                   "^dom0 to domU: sent [1-9][0-9]+ received [1-9][0-9]+ ${none}"
                   "the guest's traffic has left its VF" " saved$" " restored$" "the domain has its VF$")
endif()
