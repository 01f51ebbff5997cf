# SPDX-License-Identifier: BSD-3-Clause
# A fatal PCIe error above the 82576 reaches the process that has VF 0 open, as VFIO's error event.
# e2e: kernels stock small
# e2e: programs vfio-hold
# e2e: timeout 90

pf_up 1
vf_bind_vfio 0 || bail "VF 0 does not go to vfio-pci"
vfio-hold "$(vf_group 0)" "$(vf_bdf 0)" 30 >/tmp/hold.log 2>&1 &
holder=$!
opened() { grep -q '^open$' /tmp/hold.log; }
check "a process opens VF 0" wait_for 5 opened
check "the host injects a fatal error" host_fatal_error
wait "$holder"
is "the process saw the error" "$?:$(tail -n 1 /tmp/hold.log)" "0:error"
check "the kernel logged it" sh -c 'dmesg | grep -qE "Uncorrect(ed|able) \(Fatal\)"'
done_testing
