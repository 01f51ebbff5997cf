# SPDX-License-Identifier: BSD-3-Clause
# What the other tests on Xen stand on, without a program of ours: a dom0 with xl and the 82576's VFs, and a
# PV domU whose stock igbvf drives one of them.
# e2e: kernels stock612
# e2e: domu
# e2e: timeout 180

. /e2e/xen.sh
dom0_up
pf_up 2
vfs_to_xen
check "dom0 can give a VF away" xl pci-assignable-add "$(vf_bdf 1)"
check "a PV domU boots" domu_create g1 "pci=[\"$(vf_bdf 1)\"]" 'passthrough="enabled"'
is "its kernel is dom0's" "$(domu g1 uname -r)" "$(uname -r)"
ip addr add 192.0.2.1/24 dev "$PF"
check "igbvf has the VF there" domu g1 "modprobe igbvf; domu_netdev_up 192.0.2.2/24"
check "it pings the PF" domu g1 ping -q -A -c 20 -W 5 192.0.2.1
check "its kernel is sound" domu_is_sound g1
check "it goes" domu_destroy g1
done_testing
