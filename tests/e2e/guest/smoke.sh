# SPDX-License-Identifier: BSD-3-Clause
# The stage itself: PF, VFs, VFIO's nodes, the kernel's own VF driver and a ping.
# e2e: kernels stock small
# e2e: timeout 90

pf_up 2
ok "PF $PF ($PF_BDF) is up with 2 VFs"
check "VF 0 ($(vf_bdf 0)) goes to vfio-pci" vf_bind_vfio 0
check "VF 1 ($(vf_bdf 1)) goes to igbvf" vf_bind_kernel 1
check "VFIO's container node is there" test -c /dev/vfio/vfio
check "VF 0's group node is there" test -c "/dev/vfio/$(vf_group 0)"
if [ "$E2E_KERNEL" = small ]; then
	check "iommufd's node is there" test -c /dev/iommu
	check "VF 0's own node is there" ls /dev/vfio/devices/vfio0
fi
is "each VF has its own IOMMU group" "$(vf_group 0 | grep -c "^$(vf_group 1)\$")" 0

ip addr add 192.0.2.1/24 dev "$PF"
check "VF 1 is up in its name space" vf_to_netns 1 peer 192.0.2.2/24
check "its address is the PF's choice" sh -c "ip -n peer link | grep -q $(vf_mac 1)"
check "5 pings from VF 1 to the PF" ip netns exec peer ping -q -c 5 -i 0.2 -W 2 192.0.2.1
is "all came back" "$(grep -c '5 received, 0% packet loss' /tmp/check.log)" 1
ip -s link show "$PF" >/out/pf.txt
done_testing
