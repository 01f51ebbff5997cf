# SPDX-License-Identifier: BSD-3-Clause
# The 82576 is unplugged while a process has VF 0 open: the kernel asks it through VFIO's
# request event, waits as long as it takes, and removes the device once it is let go.
# e2e: kernels stock small
# e2e: programs vfio-hold
# e2e: timeout 120

pf_up 2
vf_bind_vfio 0 || bail "VF 0 does not go to vfio-pci"
vfio-hold "$(vf_group 0)" "$(vf_bdf 0)" 60 >/tmp/hold.log 2>&1 &
holder=$!
opened() { grep -q '^open$' /tmp/hold.log; }
check "a process opens VF 0" wait_for 5 opened
kill -STOP "$holder"

check "the host unplugs the 82576" host_unplug
removal_waits() { dmesg | grep -q 'Relaying device request to user'; }
check "the kernel asks for VF 0" wait_for 20 removal_waits
sleep 1
check "VF 0 stays while it is held" test -e "$pci/devices/$(vf_bdf 0)"
check "the PF stays with it" test -e "$pci/devices/$PF_BDF"

kill -CONT "$holder"
wait "$holder"
is "the process saw the request" "$?:$(tail -n 1 /tmp/hold.log)" "0:request"
check "QEMU reports the 82576 removed" host event DEVICE_DELETED 20
check "the PF is gone" wait_for 5 gone "$pci/devices/$PF_BDF"
done_testing
