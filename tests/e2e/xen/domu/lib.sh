# SPDX-License-Identifier: BSD-3-Clause
# What commands in a domU build on, beyond guest/lib.sh.

# The name of the network device on the VF.
domu_netdev() {
	for domu_dev in /sys/bus/pci/devices/*/net/*; do
		[ -e "$domu_dev" ] && { basename "$domu_dev"; return; }
	done
	return 1
}

# domu_netdev_up ADDRESS/LENGTH: once the kernel has found it.
domu_netdev_up() {
	wait_for 20 domu_netdev >/dev/null || return 1
	ip addr add "$1" dev "$(domu_netdev)" && ip link set "$(domu_netdev)" up &&
		wait_for 20 has_carrier "$(domu_netdev)"
}
