# SPDX-License-Identifier: BSD-3-Clause
# A machine whose IOMMU is off: refused in one line; noiommu only when asked for by name, where the
# kernel offers it.
# e2e: kernels stock small
# e2e: programs sriovctl
# e2e: append intel_iommu=off
# e2e: timeout 120

addresses="--from 192.0.2.10 --to 192.0.2.1"
mode=/sys/module/vfio/parameters/enable_unsafe_noiommu_mode

refused() {
	name=$1 pattern=$2
	shift 2
	"$@" >/tmp/out 2>/tmp/err
	is "$name: status 2" $? 2
	is "$name: one line, no more" "$(wc -l </tmp/err):$(wc -c </tmp/out)" 1:0
	check "$name: it says $pattern" grep -q -i -e "^sriovctl: .*$pattern" /tmp/err
	diag "$(cat /tmp/err)"
}

pf_up 1
vf=$(vf_bdf 0)
# vfio-pci itself refuses a function without an IOMMU group.
refused "bind" "$vf.*iommu" sriovctl bind "$vf"
refused "ping" "$vf.*\(iommu\|bind\)" sriovctl ping "$vf" $addresses
sriovctl doctor "$vf" >/tmp/doctor.txt
is "the doctor says so" "$?:$(grep -c '^bad .*iommu' /tmp/doctor.txt)" 1:1

if [ -e $mode ]; then
	echo Y >$mode
	echo 16 >/proc/sys/vm/nr_hugepages
	check "in unsafe mode vfio-pci takes it" sriovctl bind "$vf"
	refused "without being asked for" "$vf.*noiommu" sriovctl ping "$vf" $addresses
	ip addr add 192.0.2.1/24 dev "$PF"
	check "asked for by name it works" sriovctl --noiommu ping "$vf" $addresses --count 50 --interval 5ms --json
	is "and says what it is" "$(grep -c '"backend": "noiommu"' /tmp/check.log)" 1
else
	skip "this kernel has no noiommu mode" "noiommu asked for by name"
fi
done_testing
