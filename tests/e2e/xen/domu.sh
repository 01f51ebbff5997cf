# SPDX-License-Identifier: BSD-3-Clause
# A PV domU on Debian's own kernel. In it our driver drives VF 0 by polling against Linux's igb on dom0's PF, 200
# echo requests each way; a bus address made of a page frame number is stopped by Xen's IOMMU; the seam's contract
# holds. Then sriovctl gives VF 1 to it, where the stock igbvf has it, and takes it back while it is in use.
# e2e: kernels stock612
# e2e: programs sriovctl sriov-conform xen-raw-pfn
# e2e: domu
# e2e: timeout 480

. /e2e/xen.sh

ours=192.0.2.10
theirs=192.0.2.1
kernels=192.0.2.2

driver_of() { basename "$(readlink "$pci/devices/$1/driver" 2>/dev/null)"; }
# inside COMMAND...: in the domU, what it prints on standard output alone; the rest goes to the console.
inside() {
	domu g1 "{ $*; } 2>/tmp/err"
	inside_status=$?
	[ $inside_status = 0 ] || domu g1 cat /tmp/err >&2
	return $inside_status
}
refused_inside() {
	name=$1 pattern=$2
	shift 2
	inside "$*" >/tmp/out
	is "$name: status 2" $? 2
	domu g1 cat /tmp/err >/tmp/err
	is "$name: one line, no more" "$(wc -l </tmp/err):$(wc -c </tmp/out)" 1:0
	check "$name: it says $pattern" grep -q -i -e "^sriovctl: .*$pattern" /tmp/err
	diag "$(cat /tmp/err)"
}
faults() { xl dmesg | grep -c "VT-D.*DMA.*$1.*fault addr"; }
has_faults() { [ "$(faults "$1")" -gt 0 ]; }

dom0_up
pf_up 2
vfs_to_xen
vf=$(vf_bdf 0)
other=$(vf_bdf 1)
ip addr add "$theirs/24" dev "$PF"
check "VF 1 is igbvf's, in dom0" vf_bind_kernel 1
echo >"$pci/devices/$other/driver_override"
check "VF 0 may be given away" xl pci-assignable-add "$vf"
domu_create g1 "pci=[\"$vf\"]" 'passthrough="enabled"' || bail "no domU"
bdf=$(domu g1 'basename /sys/bus/pci/devices/*')
diag "VF 0 is $vf in dom0, $bdf in the domU"

# --- What the domU lacks, and how it gets it.

inside sriovctl --shim xen doctor "$bdf" >/out/doctor.before.txt
is "the doctor misses privcmd" "$?:$(grep -c '^bad .*privcmd' /out/doctor.before.txt)" 1:1
refused_inside "without privcmd" 'privcmd' sriovctl --shim xen ping "$bdf" --from $ours --to $theirs
domu g1 modprobe xen-privcmd
refused_inside "with privcmd as it is" 'unrestricted=1' sriovctl --shim xen ping "$bdf" --from $ours --to $theirs
domu g1 'modprobe -r xen-privcmd; modprobe xen-privcmd unrestricted=1'
inside sriovctl --shim xen doctor "$bdf" >/out/doctor.txt
is "now it finds nothing bad" "$(grep -c '^bad' /out/doctor.txt)" 0
refused "dom0 does not touch it" "$vf.*\(domain\|pciback\)" \
	sriovctl --shim xen --noiommu ping "$vf" --from $ours --to $theirs

# --- Echoes, each way.

file=/out/ping.json
inside "sriovctl --shim xen ping $bdf --poll --from $ours --to $theirs --count 200 --size 56-1472 --interval 2ms \
	--timeout 5s --json" >$file
is "200 echo requests from the domU" $? 0
all_came_back "the domU asks" $file 200 poll

domu g1 "sriovctl --shim xen respond $bdf --poll --address $ours --json >/tmp/respond.json 2>/dev/null &
	echo \$! >/tmp/responder"
check "the domU answers ARP" wait_for 2 ping -q -c 1 -W 1 "$ours"
kernel_asks "$ours" 40 >/out/kernel-ping.txt 2>&1
is "the kernel's ping ends well" $? 0
domu g1 'kill -TERM $(cat /tmp/responder); wait_for 20 gone /proc/$(cat /tmp/responder); cat /tmp/respond.json' \
	>/out/respond.json
kernel_heard "the domU answers" /out/kernel-ping.txt 200
check "they were ours" test "$(field /out/respond.json answered_echo)" -ge 200
is "nothing is leaked" "$(field /out/respond.json leaked)" 0

# --- A bus address made of a page frame number.

is "so far Xen's IOMMU had nothing to stop" "$(faults "$vf")" 0
inside "xen-raw-pfn --shim xen ping $bdf --poll --from $ours --to $theirs --count 3 --timeout 2s" >/out/raw-pfn.txt
check "a raw frame number gets no answer" test $? -ne 0
check "Xen's IOMMU has stopped it" has_faults "$vf"
xl dmesg | grep 'VT-D.*DMAR:' >/out/faults.txt
diag "$(head -n 3 /out/faults.txt)"
inside "sriovctl --shim xen ping $bdf --poll --from $ours --to $theirs --count 20 --interval 2ms --timeout 5s" >/dev/null
is "after it the VF works as before" $? 0

# --- The contract.

inside sriov-conform --shim xen --device "$bdf" >/out/conform.tap
subtest "contract of the xen shim in a domU" cat /out/conform.tap
sed -n "s/^# shim/$E2E_KERNEL domU: shim/p" /out/conform.tap >>/out/counts.txt
check "the domU's kernel is sound" domu_is_sound g1

# --- VF 1 goes into the domU, out of it while it is in use, in again.

# stock_pings NAME: igbvf in the domU asks the PF.
stock_pings() {
	inside "domu_netdev_up $kernels/24 && ping -q -A -c 100 -W 5 $theirs" >"/out/$1.txt"
	is "$1: the domU's igbvf pings the PF" $? 0
	is "$1: 100 of 100" "$(sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\) received.*/\1:\2/p' "/out/$1.txt")" 100:100
}
no_netdev() { [ "$(domu g1 'domu_netdev || echo none')" = none ]; }

domu g1 modprobe igbvf
domu g1 "echo $bdf >/sys/bus/pci/devices/$bdf/driver/unbind"
state_before=$(driver_of "$other")
check "assign" sh -c "sriovctl --shim xen assign $other --domain g1 --json >/out/assign.json"
is "VF 1 is pciback's" "$(driver_of "$other")" pciback
stock_pings assigned
refused "assigned already" "$other.*g1" sriovctl --shim xen assign "$other" --domain g1
domu g1 "ping -A -c 100000 $theirs >/tmp/long 2>&1 &"
check "its traffic flows" wait_for 20 domu g1 'grep -q "bytes from" /tmp/long'
check "release, in the middle of its traffic" sriovctl --shim xen release "$other" --domain g1 --unbind
check "the domU has it no more" wait_for 20 no_netdev
is "it is with the driver that it had" "$(driver_of "$other")" "$state_before"
check "the domU's kernel is sound" domu_is_sound g1
check "assign again" sriovctl --shim xen assign "$other" --domain g1
stock_pings again
check "release again, to stay with pciback" sriovctl --shim xen release "$other" --domain g1
is "it does" "$(driver_of "$other")" pciback

# --- A domain that takes no device: nothing is changed.

domu_config g2
check "a domain without passthrough" xl create -p /tmp/g2.cfg
refused "it takes no VF" 'passthrough' sriovctl --shim xen assign "$other" --domain g2
is "the VF stays where it was" "$(driver_of "$other")" pciback
refused "no such domain" 'nobody' sriovctl --shim xen assign "$other" --domain nobody
check "both domains go" sh -c 'xl destroy g2 && xl destroy g1'
done_testing
