# SPDX-License-Identifier: BSD-3-Clause
# The VM face of the Xen shim against Xen: an HVM domain whose device model is a program of ours (dirty log, its
# exclusions, BARs), and a PV domU that the manager gives a VF, asks for it, gives it again and takes it by force.
# e2e: kernels stock612
# e2e: programs sriovctl xen-vm
# e2e: domu
# e2e: timeout 300

. /e2e/xen.sh

dom0_up
pf_up 2
vf=$(vf_bdf 1)
ip addr add 192.0.2.1/24 dev "$PF"

# --- HVM.

check "an HVM domain's log, its exclusions, BARs" sh -c "xen-vm hvm $vf >/out/hvm.txt 2>&1"
sed 's/^/# /' /out/hvm.txt
check "the VF is dom0's again" sriovctl --shim xen --noiommu ping "$vf" --from 192.0.2.10 --to 192.0.2.1 --count 5

# --- PV.

vfs_to_xen
domu_create g1 'passthrough="enabled"'
mkfifo /tmp/go
(xen-vm pv "$(xl domid g1)" "$vf" </tmp/go >/out/pv.txt 2>&1; echo "status $?" >>/out/pv.txt) &
exec 7>/tmp/go
said() { # PATTERN, in /out/pv.txt, in two minutes
	i=0
	while ! grep -q "$1\|^status" /out/pv.txt && [ $i -lt 600 ]; do
		i=$((i + 1))
		sleep 0.2
	done
	grep -q "$1" /out/pv.txt
}
check "the manager gives the VF" said '^given'
sriovctl --shim xen doctor "$vf" >/out/doctor.txt
check "the doctor names the domain that has it" grep -q 'belongs to domain' /out/doctor.txt
check "the guest has it" domu g1 'grep -q 0x10ca /sys/bus/pci/devices/*/device'
echo go >&7
check "the guest lets go, and it goes in and out again" said '^status 0'
sed 's/^/# /' /out/pv.txt
check "the VF has no driver again" test ! -e "/sys/bus/pci/devices/$vf/driver"
domu_destroy g1
done_testing
