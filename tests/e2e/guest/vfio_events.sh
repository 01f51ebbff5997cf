# SPDX-License-Identifier: BSD-3-Clause
# VFIO's request and error descriptors as events of the seam: the function is wanted back, a fatal error.
# e2e: kernels stock small
# e2e: programs vfio-services
# e2e: timeout 180

pf_up 1
vf_bind_vfio 0 || bail "VF 0 does not go to vfio-pci"
vf=$(vf_bdf 0)
backend=group
[ "$E2E_KERNEL" = small ] && backend=iommufd
told() { [ "$(tail -n 1 /tmp/hold.log)" = "$1" ]; }
ended() { ! kill -0 "$1" 2>/dev/null; }
opened() { grep -q '^open$' /tmp/hold.log; }

vfio-services hold "$vf" $backend 60 >/tmp/hold.log 2>&1 &
holder=$!
check "a process opens VF 0 ($backend)" wait_for 5 opened
check "the host unplugs the 82576" host_unplug
wait "$holder"
is "the process was asked for it, and let go" "$?:$(tail -n 1 /tmp/hold.log)" "0:remove-asked"
check "QEMU reports the 82576 removed" host event DEVICE_DELETED 30
check "the PF is gone" wait_for 10 gone "$pci/devices/$PF_BDF"
is "opening it now" "$(vfio-services open "$vf" $backend 2>&1 | grep -c 'no such PCI function')" 1

if host_plug; then
	pf_up 1
	check "plugged again, VF 0 goes to vfio-pci" vf_bind_vfio 0
	vf=$(vf_bdf 0)
	vfio-services hold "$vf" $backend 30 >/tmp/hold.log 2>&1 &
	holder=$!
	check "a process opens VF 0 again" wait_for 5 opened
	# No way to reset it from here on: the kernel would try for 72 s to reach the dead function before it
	# let it go, which shows nothing of ours.
	echo >"$pci/devices/$vf/reset_method"
	check "the host injects a fatal error" host_fatal_error
	check "the process is told" wait_for 20 told error
	begin=$(cut -d. -f1 /proc/uptime)
	check "the process comes to its end" wait_for 20 ended "$holder"
	wait "$holder"
	is "the process ends well" $? 0
	diag "closing took $(($(cut -d. -f1 /proc/uptime) - begin)) s"
else
	not_ok "the host plugs the 82576 again"
fi
done_testing
