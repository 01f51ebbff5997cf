# SPDX-License-Identifier: BSD-3-Clause
# Of Xen: the guest tests e2e.xen.NAME.KERNEL have run, in dom0 of a Xen in QEMU.
if(NOT TARGET sriovxen_static)
  return()
endif()
set(conform_xen ${here}/lines.py counts.txt)
foreach(kernel stock612 stock)
  sriov_show_guest(xen.1.igbvf-like-in-dom0.${kernel} xen.dom0 ${kernel})
  sriov_show_guest(xen.5.conformance-in-dom0.${kernel} xen.dom0 ${kernel} ${conform_xen}
                   "^${kernel} dom0: shim xen, device [^ ]+: [1-9][0-9]* passed, [0-9]+ unsupported, 0 failed of")
endforeach()
sriov_show_guest(xen.1.doctor-names-the-old-kernel xen.dom0 stock ${here}/lines.py doctor.txt
                 "^warning .*Linux 6\\.1.*no interrupts")
sriov_show_guest(xen.2.igbvf-like-in-a-domu xen.domu stock612)
sriov_show_guest(xen.2.raw-frame-number-stopped xen.domu stock612 ${here}/lines.py faults.txt
                 "VT-D.*DMA.*0000:01:10\\.0.*fault addr")
sriov_show_guest(xen.3.vf-given-taken-and-given-again xen.domu stock612 ${here}/lines.py assigned.txt
                 "^100 packets transmitted, 100 received, 0% packet loss")
sriov_show_guest(xen.3.vf-works-when-given-again xen.domu stock612 ${here}/lines.py again.txt
                 "^100 packets transmitted, 100 received, 0% packet loss")
sriov_show_guest(xen.5.conformance-in-a-domu xen.domu stock612 ${conform_xen}
                 "^stock612 domU: shim xen, device [^ ]+: [1-9][0-9]* passed, [0-9]+ unsupported, 0 failed of")

# Four minutes, of a CPU that is theirs alone: what the clock says depends on what else the machine does.
set(out ${PROJECT_BINARY_DIR}/tests/e2e/out)
sriov_show(xen.6.in-four-minutes ${here}/seconds.py 240 ${out}/xen.dom0.stock612 ${out}/xen.dom0.stock
           ${out}/xen.domu.stock612)
set_tests_properties(show.xen.6.in-four-minutes PROPERTIES LABELS "show;e2e"
                     FIXTURES_REQUIRED "e2e.xen.dom0.stock612;e2e.xen.dom0.stock;e2e.xen.domu.stock612")
