# SPDX-License-Identifier: BSD-3-Clause
# DPDK on a VF behind VT-d: testpmd answers what the other guest's kernel asks.
# e2e: modules vfio-pci vfio_iommu_type1
# e2e: append intel_iommu=on iommu=pt hugepages=40 ipv6.disable=1

. /e2e/served.sh

bdf=0000:01:00.0
log=/out/testpmd.txt
dpdk=/opt/dpdk

iommu_group() { [ -e "$pci/devices/$bdf/iommu_group" ]; }
bound() { [ "$(basename "$(readlink "$pci/devices/$bdf/driver")")" = vfio-pci ]; }
said() { grep -q "$1" $log; }
# counted WORD: what testpmd's port statistics say.
counted() { sed -n "s/.*$1: *\([0-9][0-9]*\).*/\1/p" /run/stats; }

bind() {
	load_modules vfio_iommu_type1 vfio-pci
	echo vfio-pci >"$pci/devices/$bdf/driver_override"
	echo "$bdf" >"$pci/drivers_probe"
	bound
}

# EAL reads its plug-ins only from folders that nobody else may write to. Pages of 2 MiB, as DPDK is used:
# VT-d tells of each page.
prepare() {
	chmod 755 / /opt $dpdk $dpdk/lib
	mkdir /run/huge && mount -t hugetlbfs huge /run/huge && mkfifo /run/commands
}

# Commands come through descriptor 8. If it ends too early, nobody shall wait for the other guest.
run_testpmd() {
	$dpdk/ld.so --library-path $dpdk/lib $dpdk/testpmd -d $dpdk/lib/librte_mempool_ring.so \
		--huge-dir /run/huge -m 64 --iova-mode=va --lcores '(0-1)@0' --no-telemetry --no-shconf -a $bdf \
		-- --forward-mode=icmpecho --auto-start --total-num-mbufs=2048 -i </run/commands >$log 2>&1
	echo $? >/run/status
	post asked 0
}

# What it prints comes when its buffer is full or it ends: so it is asked first, and judged at its end.
judge() {
	is "testpmd ends with status" "$(cat /run/status)" 0
	check "DPDK's own VF driver has the VF" said 'Driver name: net_ixgbe_vf'
	check "its address is the PF's choice" said 'Port 0: 02:00:00:00:01:01'
	check "its link is up" said 'Link status: up'
	check "at 10 Gbit/s" said 'Link speed: 10 Gbps'
	sed -n '/NIC statistics/,$p' $log >/run/stats
	diag "$(grep -E '[RT]X-packets' /run/stats | head -n 1)"
	for way in RX TX; do
		check "it counts $asked packets $way" test "$(counted $way-packets | head -n 1)" -ge "$asked"
		is "and errors" "$(counted $way-errors)" 0
	done
}

check "the VF is behind VT-d" iommu_group
check "vfio-pci has it" bind
prepare || bail "no place for huge pages"
run_testpmd &
exec 8>/run/commands
asked=$(await asked 120) && [ "$asked" -gt 0 ] || not_ok "the other guest had its answers"
echo "show port info 0" >&8
echo "show port stats 0" >&8
echo quit >&8
wait $!
judge
[ $tap_failed = 0 ] || diag "$(tail -n 30 $log)"
done_testing
