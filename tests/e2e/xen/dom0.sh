# SPDX-License-Identifier: BSD-3-Clause
# Our driver in a PV dom0, on VF 0, against Linux's igb on the PF: 500 echo requests each way. On kernel 6.12 by
# interrupts; 6.1 has none for programs, and the doctor says so. Then the seam's contract.
# e2e: kernels stock612 stock
# e2e: programs sriovctl sriov-conform
# e2e: timeout 300

. /e2e/xen.sh

ours=192.0.2.10
theirs=192.0.2.1
mode=interrupts
[ "$E2E_KERNEL" = stock ] && mode=poll

dom0_up
pf_up 2
vf=$(vf_bdf 0)
ip addr add "$theirs/24" dev "$PF"

# --- What this dom0 has and lacks.

sriovctl --shim xen doctor "$vf" >/out/doctor.txt
is "the doctor finds nothing bad" "$(grep -c '^bad' /out/doctor.txt)" 0
check "it warns that dom0 does not confine a VF" grep -q -i 'isolat' /out/doctor.txt
if [ "$mode" = poll ]; then
	check "it says why there are no interrupts" grep -q '^warning .*Linux 6\.1.*no interrupts' /out/doctor.txt
	check "and what has them" grep -q 'Linux 6\.6 or later' /out/doctor.txt
	refused "interrupts" 'interrupt' sriovctl --shim xen --noiommu ping "$vf" --interrupts --from $ours --to $theirs
else
	check "it says that there are interrupts" grep -q '^ok.*Linux 6\.12.*interrupts' /out/doctor.txt
fi
check "the list has both VFs" \
	sh -c "sriovctl --shim xen list >/out/list.txt && grep -q $vf /out/list.txt && grep -q $(vf_bdf 1) /out/list.txt"
refused "without --noiommu" "$vf.*noiommu" sriovctl --shim xen ping "$vf" --from $ours --to $theirs

# --- Echoes, each way.

file=/out/ping.json
check "500 echo requests from us" sh -c "sriovctl --shim xen --noiommu ping $vf --$mode --from $ours --to $theirs \
	--count 500 --size 56-1472 --interval 2ms --timeout 5s --json >$file"
all_came_back "we ask" $file 500 $mode

sriovctl --shim xen --noiommu respond "$vf" "--$mode" --address "$ours" --json >/out/respond.json 2>/tmp/respond.log &
responder=$!
check "we answer ARP" wait_for 2 ping -q -c 1 -W 1 "$ours"
kernel_asks "$ours" 100 >/out/kernel-ping.txt 2>&1
is "the kernel's ping ends well" $? 0
kill -TERM "$responder"
wait "$responder"
is "the responder ends well" $? 0
kernel_heard "we answer" /out/kernel-ping.txt 500
check "they were ours" test "$(field /out/respond.json answered_echo)" -ge 500
is "nothing is leaked" "$(field /out/respond.json leaked)" 0

# --- The contract.

subtest "contract of the xen shim" sriov-conform --shim xen --device "$vf"
sed -n "s/^# shim/# shim/p" /tmp/subtest.tap
sed -n "s/^# shim/$E2E_KERNEL dom0: shim/p" /tmp/subtest.tap >>/out/counts.txt
check "the VF is as free as before" test ! -e "$pci/devices/$vf/driver"
done_testing
